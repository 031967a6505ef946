/* main.c - impasto-check FILE.so: the conformance driver as a program; `impasto validate` runs it.
 */
#include <string.h>
#include "check.h"

static const char usage[] =
    "usage: impasto-check [--json] [--quiet] [--only TEST] [--with OTHER.so]... FILE.so\n"
    "\n"
    "Tests a plugin: its symbols, head and tables, and small runs of every filter.\n"
    "\n"
    "  impasto-check gain.so                     all tests\n"
    "  impasto-check --only threads gain.so      the test of that name alone\n"
    "  impasto-check --with runtime.so mine.so   runtime.so provides what mine.so needs\n"
    "\n"
    "Exit status: 0 nothing failed, 1 something failed, 2 wrong use.\n";

enum { MOST_WITH = 16 };

int main(int argc, char **argv)
{
    const char *with[MOST_WITH], *path = NULL;
    struct check_options options = {.with = with};
    struct check_totals totals;
    for (int i = 1; i < argc; i++) {
        const bool more = i + 1 < argc;
        if (strcmp(argv[i], "-h") == 0 || strcmp(argv[i], "--help") == 0) {
            fputs(usage, stdout);
            return 0;
        }
        if (strcmp(argv[i], "--json") == 0)
            options.json = true;
        else if (strcmp(argv[i], "--quiet") == 0)
            options.quiet = true;
        else if (strcmp(argv[i], "--only") == 0 && more)
            options.only = argv[++i];
        else if (strcmp(argv[i], "--with") == 0 && more && options.with_count < MOST_WITH)
            with[options.with_count++] = argv[++i];
        else if (argv[i][0] != '-' && !path)
            path = argv[i];
        else {
            fprintf(stderr, "impasto-check: '%s' is not understood\n\n%s", argv[i], usage);
            return 2;
        }
    }
    if (!path) {
        fputs(usage, stderr);
        return 2;
    }
    FILE *file = fopen(path, "rb");
    if (!file) {
        fprintf(stderr, "impasto-check: '%s' cannot be read: does the file exist?\n", path);
        return 2;
    }
    fclose(file);
    return check_file(path, &options, stdout, &totals);
}
