/* main.c - impasto-check FILE.so: the conformance driver as a program; `impasto validate` runs it.
 */
#define _POSIX_C_SOURCE 200809L
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "check.h"

static const char usage[] =
    "usage: impasto-check [--json|--junit] [--quiet] [--only TEST] [--with OTHER.so]... FILE.so\n"
    "       impasto-check --fuzz [--seed S[:CASE]] [--cases N] FILE.so\n"
    "\n"
    "Tests a plugin: its symbols, head and tables, and small runs of every filter.\n"
    "\n"
    "  impasto-check gain.so                     all tests\n"
    "  impasto-check --only threads gain.so      the test of that name alone\n"
    "  impasto-check --with runtime.so mine.so   runtime.so provides what mine.so needs\n"
    "  impasto-check --fuzz --seed 7 gain.so     random parameters, sizes, life-cycles\n"
    "  impasto-check --fuzz --seed 7:31 gain.so  case 31 of them alone\n"
    "\n"
    "Exit status: 0 nothing failed, 1 something failed, 2 wrong use.\n";

enum { MOST_WITH = 64 };
struct words {
    const char *with[MOST_WITH], *path, *filter, *folder;
    uint32_t variant;
    struct check_options options;
};

static bool number(const char *text, char stop, uint64_t *out, const char **rest)
{
    char *end;
    errno = 0;
    *out = strtoull(text, &end, 10);
    *rest = end;
    return end != text && !errno && text[0] >= '0' && text[0] <= '9' &&
           (!*end || (stop && *end == stop));
}

static bool take_seed(struct words *w, const char *text)
{
    const char *rest;
    return number(text, ':', &w->options.seed, &rest) &&
           (!*rest ||
            (number(rest + 1, 0, &w->options.only_case, &rest) && w->options.only_case > 0));
}

static bool take_cases(struct words *w, const char *text)
{
    uint64_t n;
    const char *rest;
    if (!number(text, 0, &n, &rest) || n == 0 || n > 1000000)
        return false;
    w->options.cases = (uint32_t)n;
    return true;
}

/* An option with a value; false: it is none, or its value is wrong. */
static bool take_pair(struct words *w, const char *name, const char *value)
{
    if (strcmp(name, "--only") == 0)
        return w->options.only = value, true;
    if (strcmp(name, "--seed") == 0)
        return take_seed(w, value);
    if (strcmp(name, "--variant") == 0)
        return w->variant = (uint32_t)(value[0] - '0'), true;
    if (strcmp(name, "--cases") == 0)
        return take_cases(w, value);
    if (strcmp(name, "--with") == 0 && w->options.with_count < MOST_WITH)
        return w->with[w->options.with_count++] = value, true;
    return false;
}

static bool take_switch(struct words *w, const char *name)
{
    if (strcmp(name, "--json") == 0)
        w->options.form = CHECK_JSON;
    else if (strcmp(name, "--junit") == 0)
        w->options.form = CHECK_JUNIT;
    else if (strcmp(name, "--quiet") == 0)
        w->options.quiet = true;
    else if (strcmp(name, "--fuzz") == 0)
        w->options.fuzz = true;
    else
        return false;
    return true;
}

/* The number of words taken, 0 = not understood. */
static int take(struct words *w, int left, char **argv)
{
    if (strcmp(argv[0], "--print") == 0 && left > 3) { /* for the driver itself: FILTER FOLDER */
        w->filter = argv[1];
        w->folder = argv[2];
        return 3;
    }
    if (take_switch(w, argv[0]))
        return 1;
    if (left > 1 && take_pair(w, argv[0], argv[1]))
        return 2;
    if (argv[0][0] == '-' || w->path)
        return 0;
    w->path = argv[0];
    return 1;
}

int main(int argc, char **argv)
{
    struct words w = {.path = NULL};
    struct check_totals totals;
    w.options.with = w.with;
    w.options.program = "/proc/self/exe";
    for (int i = 1, n; i < argc; i += n) {
        if (strcmp(argv[i], "-h") == 0 || strcmp(argv[i], "--help") == 0) {
            fputs(usage, stdout);
            return 0;
        }
        n = take(&w, argc - i, argv + i);
        if (n == 0) {
            fprintf(stderr, "impasto-check: '%s' is not understood\n\n%s", argv[i], usage);
            return 2;
        }
    }
    if (!w.path) {
        fputs(usage, stderr);
        return 2;
    }
    if (w.options.only && !check_names(w.options.only, NULL)) {
        fprintf(stderr, "impasto-check: no test is called '%s'; there are:", w.options.only);
        check_names(NULL, stderr);
        fputc('\n', stderr);
        return 2;
    }
    FILE *file = fopen(w.path, "rb");
    if (!file) {
        fprintf(stderr, "impasto-check: '%s' cannot be read: does the file exist?\n", w.path);
        return 2;
    }
    fclose(file);
    /* as the host: libraries of plugins start no threads of their own */
    setenv("OPENBLAS_NUM_THREADS", "1", 0);
    if (w.filter)
        check_print(w.path, &w.options, w.filter, w.folder, w.variant, stdout);
    return check_file(w.path, &w.options, stdout, &totals);
}
