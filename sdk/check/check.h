/* check.h - the conformance driver: what `impasto validate FILE.so` runs. Every test runs in a
 * process of its own with a time limit, so a plugin that crashes, hangs or exits fails one test and
 * no more. */
#ifndef IMP_CHECK_H
#define IMP_CHECK_H
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

enum check_form { CHECK_TEXT = 0, CHECK_JSON, CHECK_JUNIT };

struct check_options {
    const char *const *with; /* other plugins whose services this one may use */
    int with_count;
    enum check_form form;
    bool quiet;          /* only what failed, no summary */
    bool fuzz;           /* random cases instead of the tests */
    uint64_t seed;       /* of fuzzing */
    uint64_t only_case;  /* 0 = `cases` of them */
    uint32_t cases;      /* 0 = 60 of each filter */
    const char *only;    /* run tests of this name alone; NULL = all */
    const char *program; /* the driver as a program, for tests that need other processes; NULL: they
                          * are skipped */
    int seconds;         /* limit of one test; 0 = 20, more in sanitized builds */
    int jobs;            /* tests at the same time; 0 = one for each processor, 4 at most */
};
struct check_totals {
    int passed, failed, skipped;
};
/* Runs all tests of one plugin file, prints a line for each and a summary. Answers the exit status:
 * 0 when nothing failed and something ran, else 1. */
int check_file(const char *path, const struct check_options *, FILE *out, struct check_totals *);
/* Is there a test of that name? Prints the names of all, a blank before each, unless out is NULL. */
bool check_names(const char *wanted, FILE *out);
/* Prints what a filter makes of a small input, as a fingerprint, and ends the process; folder: for
 * files that it writes. */
_Noreturn void check_print(const char *path, const struct check_options *, const char *filter,
                           const char *folder, uint32_t variant, FILE *out);

#endif
