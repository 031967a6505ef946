/* check.h - the conformance driver: what `impasto validate FILE.so` runs. Every test runs in a
 * process of its own with a time limit, so a plugin that crashes, hangs or exits fails one test and
 * no more. */
#ifndef IMP_CHECK_H
#define IMP_CHECK_H
#include <stdbool.h>
#include <stdio.h>

struct check_options {
    const char *const *with; /* other plugins whose services this one may use */
    int with_count;
    bool json, quiet; /* quiet: only what failed, no summary */
    const char *only; /* run tests of this name alone; NULL = all */
    int seconds;      /* limit of one test; 0 = 20, more in sanitized builds */
};
struct check_totals {
    int passed, failed, skipped;
};
/* Runs all tests of one plugin file, prints a line for each and a summary. Answers the exit status:
 * 0 when nothing failed and something ran, else 1. */
int check_file(const char *path, const struct check_options *, FILE *out, struct check_totals *);

#endif
