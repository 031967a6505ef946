/* trial_world.c - the state of the process that a plugin must leave alone. */
#define _DEFAULT_SOURCE
#include "trial.h"
#include <dirent.h>
#include <fenv.h>
#include <locale.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

extern char **environ;

static unsigned fp_mode(void)
{
#if defined(__x86_64__)
    return __builtin_ia32_stmxcsr() & ~0x3fu; /* without the flags of what happened */
#else
    return (unsigned)fegetround();
#endif
}

static unsigned long long add(unsigned long long h, const void *data, size_t size)
{
    for (const unsigned char *p = data, *end = p + size; p < end; p++)
        h = (h ^ *p) * 0x100000001b3u;
    return h;
}

static int count_entries(const char *folder)
{
    int n = 0;
    DIR *d = opendir(folder);
    while (d && readdir(d))
        n++;
    if (d)
        closedir(d);
    return n;
}

static unsigned long long handlers(void)
{
    static const int signals[] = {SIGINT,  SIGTERM, SIGSEGV, SIGFPE,  SIGBUS,
                                  SIGPIPE, SIGCHLD, SIGUSR1, SIGALRM, SIGABRT};
    unsigned long long h = 1;
    for (size_t i = 0; i < sizeof signals / sizeof *signals; i++) {
        struct sigaction now;
        if (sigaction(signals[i], NULL, &now) == 0)
            h = add(h, &now.sa_handler, sizeof now.sa_handler);
    }
    sigset_t blocked;
    sigemptyset(&blocked);
    sigprocmask(SIG_BLOCK, NULL, &blocked);
    for (int s = 1; s < 32; s++)
        h = h * 3 + (unsigned)sigismember(&blocked, s);
    return h;
}

void world_look(struct world *w)
{
    memset(w, 0, sizeof *w);
    w->fp_mode = fp_mode();
    if (!getcwd(w->folder, sizeof w->folder))
        w->folder[0] = 0;
    snprintf(w->locale, sizeof w->locale, "%s", setlocale(LC_ALL, NULL));
    w->mask = umask(0);
    umask(w->mask);
    for (char **e = environ; *e; e++)
        w->environment = add(w->environment, *e, strlen(*e) + 1);
    w->handlers = handlers();
    w->threads = count_entries("/proc/self/task");
    w->files = count_entries("/proc/self/fd");
    fflush(stdout);
    w->printed = (long)lseek(STDOUT_FILENO, 0, SEEK_END);
}

void world_catch_stdout(void)
{
    FILE *file = tmpfile();
    fflush(stdout);
    if (file) {
        dup2(fileno(file), STDOUT_FILENO);
        fclose(file);
    }
}

const char *world_changed(const struct world *a, const struct world *b, char *buf, size_t size)
{
    const char *what = NULL;
    if (a->fp_mode != b->fp_mode)
        what = "changes the floating-point mode (rounding, flushing or trapping); put it back, "
               "link without -ffast-math";
    else if (strcmp(a->folder, b->folder) != 0)
        what = "changes the current folder";
    else if (strcmp(a->locale, b->locale) != 0)
        what = "changes the locale";
    else if (a->mask != b->mask)
        what = "changes the umask";
    else if (a->environment != b->environment)
        what = "changes the environment";
    else if (a->handlers != b->handlers)
        what = "changes signal handlers or the signal mask";
    else if (a->threads != b->threads)
        what = "leaves a thread running";
    else if (a->files != b->files)
        what = "leaves a file open, or closes one of the host's";
    else if (a->printed != b->printed)
        what = "prints to stdout, which belongs to the host's data; use host->log";
    if (!what)
        return NULL;
    snprintf(buf, size, "%s", what);
    return buf;
}
