/* command_validate.c - `impasto validate PLUGIN.so`: runs the conformance driver, a program of its
 * own. */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include "command.h"
#include "module.h"

/* In the child. */
static void become(const char *program, const char *path, bool json, bool quiet, int to)
{
    char *arguments[6] = {NULL};
    int n = 0;
    union {
        const char *in;
        char *out;
    } text[4] = {{program}, {json ? "--json" : NULL}, {quiet ? "--quiet" : NULL}, {path}};
    for (int i = 0; i < 4; i++)
        if (text[i].in)
            arguments[n++] = text[i].out;
    dup2(to, STDOUT_FILENO);
    execv(program, arguments);
    _exit(127);
}

/* What the child prints goes to `out`. */
static void pass_on(int from, FILE *out)
{
    char buf[4096];
    for (;;) {
        const ssize_t n = read(from, buf, sizeof buf);
        if (n > 0)
            fwrite(buf, 1, (size_t)n, out);
        else if (n == 0 || errno != EINTR)
            return;
    }
}

/* Exit status of the driver, -1 = it could not be run. */
static int run_driver(struct command *c, const char *program, const char *path)
{
    int ends[2], status = 0;
    if (pipe(ends) != 0)
        return -1;
    fflush(c->out);
    const pid_t pid = fork();
    if (pid == 0) {
        close(ends[0]);
        become(program, path, command_has(c, OPT_JSON), command_has(c, OPT_QUIET), ends[1]);
    }
    close(ends[1]);
    if (pid > 0)
        pass_on(ends[0], c->out);
    close(ends[0]);
    while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
        continue;
    return pid > 0 && WIFEXITED(status) && WEXITSTATUS(status) != 127 ? WEXITSTATUS(status) : -1;
}

static int validate(struct command *c, const char *program, const char *path)
{
    struct stat st;
    if (stat(path, &st) != 0)
        return command_usage(c, "give the path of a plugin file, ./gain.so", "cannot read %s: %s",
                             path, strerror(errno));
    const char *distrust =
        command_has(c, OPT_INSECURE_PLUGINS) ? NULL : module_distrust(c->arena, path, &st);
    if (distrust) {
        report_add(c->report, SEV_ERROR, "E0401", NULL, "%s", distrust);
        return 4;
    }
    if (!command_has(c, OPT_JSON) && !command_has(c, OPT_QUIET) && c->args->operand_count > 1)
        fprintf(c->out, "%s\n", path);
    const int status = run_driver(c, program, path);
    if (status >= 0)
        return status == 0 ? 0 : 4;
    report_add(c->report, SEV_ERROR, "E0407", NULL,
               "the conformance driver %s cannot be run: install Impasto again", program);
    return 4;
}

int command_validate(struct command *c)
{
    int worst = 0;
    const char *program =
        arena_printf(c->arena, "%s/../libexec/impasto/impasto-check",
                     c->settings->program_folder ? c->settings->program_folder : ".");
    for (size_t i = 0; i < c->args->operand_count; i++) {
        const int status = validate(c, program, c->args->operands[i]);
        worst = status > worst ? status : worst;
    }
    return worst;
}
