/* apart.c - fork, a pipe, an alarm. */
#include "apart.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* What is printed in between is nobody's data. */
static void silence_stdout(void)
{
    const int nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);
    if (nowhere >= 0)
        dup2(nowhere, STDOUT_FILENO);
}

_Noreturn static void child(void (*what)(void *user, struct text *said), void *user, int to)
{
    static const int plain[] = {SIGALRM, SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGTERM};
    struct text said = {0};
    for (size_t i = 0; i < sizeof plain / sizeof *plain; i++)
        signal(plain[i], SIG_DFL);
    silence_stdout();
    alarm(APART_SECONDS);
    what(user, &said);
    for (size_t done = 0; done < said.size;) {
        const ssize_t n = write(to, said.data + done, said.size - done);
        if (n <= 0)
            _exit(1);
        done += (size_t)n;
    }
    _exit(0);
}

static void drain(int from, struct text *out)
{
    char buf[4096];
    for (;;) {
        const ssize_t n = read(from, buf, sizeof buf);
        if (n > 0)
            text_addn(out, buf, (size_t)n);
        else if (n == 0 || errno != EINTR)
            return;
    }
}

static void tell_end(const char *base, int status, struct text *out)
{
    if (WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM)
        text_addf(out, "%s: does not come to an end within %d s when it is loaded", base,
                  APART_SECONDS);
    else if (WIFSIGNALED(status))
        text_addf(out, "%s: crashes when it is loaded (signal %d)", base, WTERMSIG(status));
    else
        text_addf(out, "%s: ends the program when it is loaded (exit status %d)", base,
                  WEXITSTATUS(status));
}

bool apart_do(void (*what)(void *user, struct text *said), void *user, const char *base,
              struct text *said)
{
    int ends[2], status = 0;
    if (pipe(ends) != 0) {
        text_addf(said, "%s: cannot be examined: %s", base, strerror(errno));
        return false;
    }
    const pid_t pid = fork();
    if (pid == 0) {
        close(ends[0]);
        child(what, user, ends[1]);
    }
    const int error = errno;
    close(ends[1]);
    if (pid > 0)
        drain(ends[0], said);
    close(ends[0]);
    while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
        continue;
    if (pid > 0 && !status && said->size)
        return true;
    text_free(said);
    if (pid > 0)
        tell_end(base, status, said);
    else
        text_addf(said, "%s: cannot be examined: %s", base, strerror(error));
    return false;
}
