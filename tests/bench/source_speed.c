/* source_speed.c - how long pictures from nothing take on two threads, kind by kind, and whether that is
 * within the goal.
 *     source_speed SOURCES.so ROUNDS [PART]   PART: of a filter's or a kind's name
 * A row: median, least and most of the rounds, in ms. */
#include "make_source.h"
#include "minihost.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ROUNDS_MAX = 51 };

static const struct {
    const char *filter, *size;
    double goal_ms;
} cases[] = {
    {"source.texture", "width=512 height=512", 50},
    {"source.scene", "", 1500},
    {"source.painting", "", 2000},
    {"source.face", "width=128 height=128", 40},
};

static int by_size(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void row(struct mini *mini, const char *filter, const char *params, const char *name, double goal, int rounds)
{
    double ms[ROUNDS_MAX];
    for (int i = -1; i < rounds; i++) { /* -1: a warm-up */
        double one;
        imp_image *m = source_make(mini, filter, params, &one);
        if (!m)
            return;
        if (i >= 0)
            ms[i] = one;
        mini_release(&m->head);
    }
    qsort(ms, (size_t)rounds, sizeof *ms, by_size);
    printf("%-16s %-12s %8.1f %8.1f-%-8.1f %6.0f  %s\n", filter, name, ms[rounds / 2], ms[0], ms[rounds - 1], goal,
           ms[rounds / 2] <= goal ? "" : "not reached");
    fflush(stdout);
}

static void filter_rows(struct mini *mini, size_t k, int rounds, const char *part)
{
    const char *kinds = source_choices(mini, cases[k].filter, "kind");
    char name[64], params[200];
    if (!mini_filter(mini, cases[k].filter))
        return;
    for (int i = 0; i == 0 || kinds; i++) {
        if (kinds && !source_word(kinds, i, name, sizeof name))
            return;
        snprintf(params, sizeof params, "%s%s%s", cases[k].size, kinds ? " kind=" : "", kinds ? name : "");
        if (!part || strstr(cases[k].filter, part) || (kinds && strstr(name, part)))
            row(mini, cases[k].filter, params, kinds ? name : "", cases[k].goal_ms, rounds);
    }
}

int main(int argc, char **argv)
{
    char why[512];
    const int rounds = argc > 2 ? atoi(argv[2]) : 0;
    if (rounds < 1 || rounds > ROUNDS_MAX)
        return 2;
    struct mini *mini = mini_open(argv[1], why, sizeof why);
    if (!mini)
        return fprintf(stderr, "source_speed: %s\n", why), 1;
    printf("\n%-16s %-12s %8s %17s %6s\n", "source", "kind", "ms", "least-most", "goal");
    for (size_t k = 0; k < sizeof cases / sizeof *cases; k++)
        filter_rows(mini, k, rounds, argc > 3 && *argv[3] ? argv[3] : NULL);
    mini_close(mini);
    return 0;
}
