/* trial_fuzz.c - random parameters, sizes, life-cycles of a filter. A case is drawn from the seed,
 * the filter's id and its number alone, so it is the same by itself. */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "heap.h"
#include "minipriv.h"
#include "trial.h"

struct dice {
    uint64_t key, count;
};

static uint64_t roll(struct dice *d)
{
    return mini_mix(d->key ^ mini_mix(d->count++));
}

static uint32_t below(struct dice *d, uint32_t n) /* 0 .. n - 1 */
{
    return n ? (uint32_t)(roll(d) % n) : 0;
}

static double unit(struct dice *d)
{
    return (double)(roll(d) >> 11) / 9007199254740992.0;
}

/* ---- parameters ---- */

static uint32_t choices_of(const char *choices)
{
    uint32_t n = choices && *choices;
    for (const char *p = choices; p && *p; p++)
        n += *p == '|';
    return n;
}

/* A number of a range, its ends among them; beyond a range that is open to one side a few powers of
 * two. */
static double number(struct dice *d, const imp_param *p)
{
    const double low = isfinite(p->min) ? p->min : p->def - ldexp(1, (int)below(d, 12)),
                 high = isfinite(p->max) ? p->max : p->def + ldexp(1, (int)below(d, 12));
    if (p->min == p->max) /* no range */
        return p->def + (unit(d) - 0.5) * ldexp(1, (int)below(d, 12));
    switch (below(d, 5)) {
    case 0:
        return low;
    case 1:
        return high;
    case 2:
        return low + (high - low) * unit(d) * unit(d) * unit(d); /* small ones */
    default:
        return low + (high - low) * unit(d);
    }
}

/* Is it how much there is to do? Large ones only take long. */
static bool is_amount(const imp_param *p)
{
    return p->type == IMP_INT && isfinite(p->max) && p->max > 64 &&
           (!isfinite(p->min) || p->min >= 0) && !strstr(p->key, "seed");
}

static void draw_cell(struct dice *d, const imp_param *p, imp_cell *cell)
{
    if (p->type == IMP_BOOL)
        cell->i = below(d, 2);
    else if (p->type == IMP_CHOICE)
        cell->i = below(d, choices_of(p->choices));
    else if (p->type == IMP_FLOAT)
        cell->f = number(d, p);
    else if (p->type == IMP_INT) {
        const double v = rint(number(d, p)), most = p->min + 64;
        cell->i = (int64_t)(is_amount(p) && v > most ? most : v);
    }
}

static void draw_params(struct trial *t, struct dice *d, struct mini_params *params)
{
    const uint32_t share = below(d, 4); /* of parameters that keep their default, of 4 */
    for (uint32_t i = 0; i < t->filter->param_count; i++) {
        const imp_param p = mini_param_row(t->filter, i);
        if (below(d, 4) >= share)
            draw_cell(d, &p, mini_params_cell(params, i));
    }
}

/* ---- one life ---- */

enum { STEPS = 4 };

static struct mini_call draw_call(struct dice *d)
{
    struct mini_call call = {.threads = 1 + below(d, 3), .cancel_ms = 2000};
    switch (below(d, 5)) {
    case 0:
        call.cancel_after = 1 + below(d, 20);
        break;
    case 1:
        call.fail_at = 1 + below(d, 6);
        break;
    default:
        break;
    }
    return call;
}

static enum verdict step(struct trial *t, struct dice *d, struct bench *b, const char *what)
{
    struct mini_result r;
    struct mini_call call = draw_call(d);
    const bool starve = below(d, 4) == 0;
    if (starve) {
        call.threads = 1; /* so that the k-th is the same each time */
        heap_fail_at(1 + below(d, below(d, 2) ? 3 : 30)); /* mostly the first ones */
    }
    bench_run(b, call, &r);
    r.refused |= starve && heap_failed();
    heap_fail_at(0);
    const enum verdict v = bench_judge(t, &r, what);
    mini_result_free(&r);
    return v;
}

static void draw_wish(struct dice *d, struct shape_wish *wish)
{
    static const uint32_t channels[] = {1, 3, 3, 4},
                          colours[] = {IMP_SRGB, IMP_SRGB, IMP_LINEAR, IMP_DATA};
    const uint32_t most = below(d, 3) ? 24 : 90;
    *wish = (struct shape_wish){1 + below(d, most), 1 + below(d, most), channels[below(d, 4)],
                                colours[below(d, 4)], below(d, 3) == 0};
}

static enum verdict one_case(struct trial *t, uint64_t number)
{
    struct dice d = {.key = mini_mix(t->seed) ^ mini_mix(number)};
    struct mini_params *params;
    struct shape_wish wish;
    struct bench b = {0};
    char why[400], what[160];
    for (const char *c = t->filter_id; *c; c++)
        d.key = mini_mix(d.key ^ (unsigned char)*c);
    draw_wish(&d, &wish);
    snprintf(what, sizeof what,
             "case %" PRIu64 " (%u x %u, %u channels; again: --seed %" PRIu64 ":%" PRIu64 ")",
             number, wish.width, wish.height, wish.channels, t->seed, number);
    trial_note(t, "%s", what);
    enum verdict v = feed_params(t, &params);
    if (v != PASSED)
        return v;
    draw_params(t, &d, params);
    v = feed_init(t, &b.feed, &wish);
    if (v != PASSED) {
        mini_params_free(params);
        return v;
    }
    b.node = mini_node_cells(t->mini, t->filter, params, why, sizeof why);
    if (!b.node && !why[0])
        v = trial_fail(t, "%s: create refuses without a sentence", what);
    for (uint32_t i = 0, n = below(&d, STEPS + 1); b.node && i < n && v == PASSED; i++)
        v = step(t, &d, &b, what);
    mini_node_free(b.node);
    feed_fini(&b.feed);
    return v;
}

static enum verdict run_fuzz(struct trial *t)
{
    enum verdict v = PASSED;
    const double start = bench_busy_ms(), began = bench_ms();
    const uint64_t first = t->only_case ? t->only_case : 1,
                   last = t->only_case ? t->only_case : t->cases;
    for (uint64_t i = first; i <= last && v == PASSED; i++) {
        v = one_case(t, i);
        /* a case may take STEPS times 2 s more, of the 20 that a test has */
        if ((bench_busy_ms() - start > 8000 || bench_ms() - began > 11000) && i < last) {
            snprintf(t->text, sizeof t->text, "%" PRIu64 " of %" PRIu64 " cases in %.0f s", i, last,
                     (bench_ms() - began) / 1e3);
            break;
        }
    }
    return v;
}

const struct test trial_fuzz_test = {"fuzz", run_fuzz};
