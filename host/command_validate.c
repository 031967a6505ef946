/* command_validate.c - `impasto validate PLUGIN.so`: runs the conformance driver, a program of its
 * own, and shows it where services are to be had. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include "command.h"
#include "module.h"

/* The words of the driver's command line, NULL at the end. */
struct words {
    struct arena *arena;
    const char **list;
    size_t count, capacity;
};

static void add(struct words *w, const char *word)
{
    w->list = arena_grow(w->arena, w->list, w->count, &w->capacity, sizeof *w->list);
    w->list[w->count++] = word;
}

static void add_pair(struct command *c, struct words *w, const char *name, enum option_id id)
{
    if (command_text(c, id)) {
        add(w, name);
        add(w, command_text(c, id));
    }
}

/* Plugins that provide services for others; codecs are for the host alone. */
static void add_providers(struct command *c, struct words *w, const char *path)
{
    size_t n;
    struct plugin *const *plugins = registry_plugins(c->registry, &n);
    for (size_t i = 0; i < c->args->value_count; i++)
        if (c->args->values[i].id == OPT_WITH) {
            add(w, "--with");
            add(w, c->args->values[i].text);
        }
    for (size_t i = 0; i < n; i++) {
        bool services = false;
        for (uint32_t k = 0; k < plugins[i]->provides_count; k++)
            services = services || strncmp(plugins[i]->provides[k], "impasto.codec/", 14) != 0;
        if (!services || plugins[i]->refused || plugins[i]->shadowed_by ||
            !strcmp(plugins[i]->path, path))
            continue;
        add(w, "--with");
        add(w, plugins[i]->path);
    }
}

static char *const *driver_words(struct command *c, const char *program, const char *path)
{
    struct words w = {.arena = c->arena};
    static const struct {
        enum option_id id;
        const char *word;
    } switches[] = {
        {OPT_JSON, "--json"}, {OPT_JUNIT, "--junit"}, {OPT_QUIET, "--quiet"}, {OPT_FUZZ, "--fuzz"}};
    add(&w, program);
    for (size_t i = 0; i < sizeof switches / sizeof *switches; i++)
        if (command_has(c, switches[i].id))
            add(&w, switches[i].word);
    add_pair(c, &w, "--only", OPT_ONLY);
    add_pair(c, &w, "--seed", OPT_SEED);
    add_pair(c, &w, "--cases", OPT_CASES);
    add_providers(c, &w, path);
    add(&w, path);
    add(&w, NULL);
    union {
        const char **in;
        char *const *out;
    } words = {.in = w.list};
    return words.out;
}

/* What the child prints goes to `out`. */
static void pass_on(int from, FILE *out)
{
    char buf[4096];
    for (;;) {
        const ssize_t n = read(from, buf, sizeof buf);
        if (n > 0) {
            fwrite(buf, 1, (size_t)n, out);
            fflush(out); /* a line at a time, while it works */
        } else if (n == 0 || errno != EINTR) {
            return;
        }
    }
}

/* Exit status of the driver, -1 = it could not be run. */
static int run_driver(struct command *c, char *const *words)
{
    int ends[2], status = 0;
    if (pipe(ends) != 0)
        return -1;
    fflush(c->out);
    const pid_t pid = fork();
    if (pid == 0) {
        dup2(ends[1], STDOUT_FILENO);
        close(ends[0]);
        close(ends[1]);
        execv(words[0], words);
        _exit(127);
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
    if (!command_has(c, OPT_JSON) && !command_has(c, OPT_JUNIT) && !command_has(c, OPT_QUIET) &&
        c->args->operand_count > 1)
        fprintf(c->out, "%s\n", path);
    const int status = run_driver(c, driver_words(c, program, path));
    if (status == 2)
        return 2; /* it has said what it did not understand */
    if (status >= 0)
        return status == 0 ? 0 : 4;
    report_add(c->report, SEV_ERROR, "E0407", NULL,
               "the conformance driver %s cannot be run: install Impasto again", program);
    return 4;
}

static bool is_count(const char *text, size_t n)
{
    return n > 0 && n < 19 && strspn(text, "0123456789") >= n;
}

/* The driver would not understand it: told here, with where to read on. */
static bool numbers_fine(struct command *c)
{
    const char *seed = command_text(c, OPT_SEED), *cases = command_text(c, OPT_CASES);
    const size_t n = seed ? strcspn(seed, ":") : 0;
    const char *part = seed && seed[n] ? seed + n + 1 : "1";
    if (seed && (!is_count(seed, n) || !is_count(part, strlen(part)) || !strtoul(part, NULL, 10))) {
        command_usage(c, "a whole number, or number:case as a failure says it, 7:31",
                      "--seed is '%s'", seed);
        return false;
    }
    if (!cases || (is_count(cases, strlen(cases)) && strtoul(cases, NULL, 10) - 1 < 1000000))
        return true;
    command_usage(c, "a whole number of 1 to 1000000", "--cases is '%s'", cases);
    return false;
}

int command_validate(struct command *c)
{
    int worst = 0;
    const char *program =
        arena_printf(c->arena, "%s/../libexec/impasto/impasto-check",
                     c->settings->program_folder ? c->settings->program_folder : ".");
    if (command_clash(c, OPT_JSON, OPT_JUNIT))
        return 2;
    if (!command_has(c, OPT_FUZZ) && (command_has(c, OPT_SEED) || command_has(c, OPT_CASES)))
        return command_usage(c, "add --fuzz", "--seed and --cases are of --fuzz");
    if (!numbers_fine(c))
        return 2;
    if (!command_registry(c))
        return 5;
    if (command_has(c, OPT_JUNIT))
        fputs("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n", c->out);
    for (size_t i = 0; i < c->args->operand_count; i++) {
        const int status = validate(c, program, c->args->operands[i]);
        worst = status > worst ? status : worst;
    }
    if (command_has(c, OPT_JUNIT))
        fputs("</testsuites>\n", c->out);
    return worst;
}
