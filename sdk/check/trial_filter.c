/* trial_filter.c - tests of one filter: small runs in many ways. The plugin is open (trial->mini).
 * A refusal with a sentence is an answer too, as long as not every picture is refused. */
#include "trial.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { LIMIT = 256 << 20 }; /* bytes of one value: what a test machine surely has */

static const struct shape_wish usual = {37, 23, 3, IMP_SRGB, false};

struct bench { /* an instance at its defaults with something to work on */
    struct mini_node *node;
    struct feed feed;
};

/* Takes params over; NULL: the defaults. */
static enum verdict bench_init(struct trial *t, struct bench *b, const struct shape_wish *wish,
                               struct mini_params *params)
{
    char why[400];
    enum verdict v = params ? PASSED : feed_params(t, &params);
    if (v != PASSED)
        return v;
    b->node = NULL;
    v = feed_init(t, &b->feed, wish);
    if (v != PASSED) {
        mini_params_free(params);
        return v;
    }
    b->node = mini_node_cells(t->mini, t->filter, params, why, sizeof why);
    if (b->node)
        return PASSED;
    feed_fini(&b->feed);
    return trial_fail(t, "create refuses: %s", why);
}

static void bench_fini(struct bench *b)
{
    mini_node_free(b->node);
    feed_fini(&b->feed);
}

static void bench_run(struct bench *b, struct mini_call call, struct mini_result *out)
{
    call.inputs = b->feed.values;
    call.input_count = b->feed.count;
    if (!call.limit)
        call.limit = LIMIT;
    mini_process(b->node, &call, out);
}

/* Is this an answer that the ABI allows? what: the circumstances, for the message. */
static enum verdict judge(struct trial *t, const struct mini_result *r, const char *what)
{
    if (r->fault[0])
        return trial_fail(t, "%s: it %s", what, r->fault);
    if (r->status < 0 && !r->refused && !r->text[0])
        return trial_fail(t, "%s: it answers %d without a sentence that says why", what,
                          (int)r->status);
    if (r->status == IMP_E_MEMORY && !r->refused)
        return trial_fail(t, "%s: it answers IMP_E_MEMORY though nothing was refused", what);
    return PASSED;
}

static void describe_wish(const struct shape_wish *w, char *buf, size_t size)
{
    snprintf(buf, size, "%u x %u, %u channel%s%s%s", w->width, w->height, w->channels,
             w->channels == 1 ? "" : "s", w->colour == IMP_LINEAR ? ", linear" : "",
             w->open ? ", optional inputs open" : "");
}

/* ---- it runs ---- */

/* Was a table at fault, whose columns only the filters that make such tables know? */
static bool wants_table(const struct trial *t, int32_t port)
{
    return port >= 0 && (uint32_t)port < t->filter->input_count &&
           mini_input_row(t->filter, (uint32_t)port).kind == IMP_TABLE;
}

static enum verdict test_runs(struct trial *t)
{
    struct bench b;
    struct mini_result r;
    char what[80];
    describe_wish(&usual, what, sizeof what);
    enum verdict v = bench_init(t, &b, &usual, NULL);
    if (v != PASSED)
        return v;
    bench_run(&b, (struct mini_call){0}, &r);
    v = judge(t, &r, what);
    if (v == PASSED && r.status == IMP_E_INPUT && wants_table(t, r.port))
        v = trial_skip(t, "a table of another filter is wanted: %s", r.text);
    else if (v == PASSED && r.status != IMP_OK)
        v = trial_fail(t, "at its defaults it refuses a picture of %s: %s", what, r.text);
    mini_result_free(&r);
    bench_fini(&b);
    return v;
}

static enum verdict run_wish(struct trial *t, const struct shape_wish *wish)
{
    struct bench b;
    struct mini_result r;
    char what[80];
    describe_wish(wish, what, sizeof what);
    enum verdict v = bench_init(t, &b, wish, NULL);
    if (v != PASSED)
        return v;
    bench_run(&b, (struct mini_call){0}, &r);
    v = judge(t, &r, what);
    mini_result_free(&r);
    bench_fini(&b);
    return v;
}

/* 1 x 1, odd and narrow pictures, each number of channels, both colours. */
static enum verdict test_sizes(struct trial *t)
{
    static const uint32_t sizes[][2] = {{1, 1}, {1, 7}, {5, 1}, {2, 2}, {3, 3}, {17, 9}, {66, 34}};
    static const uint32_t channels[] = {1, 3, 4};
    enum verdict v = PASSED;
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
        for (size_t c = 0; c < 3 && v == PASSED; c++) {
            const struct shape_wish wish = {sizes[i][0], sizes[i][1], channels[c],
                                            i % 2 ? IMP_LINEAR : IMP_SRGB, (i + c) % 2 == 0};
            if (channels[c] == 3 || feed_allows(t->filter, channels[c]))
                v = run_wish(t, &wish);
        }
    return v;
}

/* ---- the same bytes ---- */

static bool same_outputs(const struct mini_result *a, const struct mini_result *b)
{
    bool same = a->status == b->status && a->output_count == b->output_count;
    for (uint32_t i = 0; same && i < a->output_count; i++)
        same = a->ports[i] == b->ports[i] &&
               (a->outputs[i]->kind == IMP_OBJECT || mini_same(a->outputs[i], b->outputs[i]));
    return same;
}

/* Runs twice, each time as said, and compares. fresh: the second on an instance of its own. */
static enum verdict compare(struct trial *t, struct mini_call one, struct mini_call two, bool fresh,
                            const char *complaint)
{
    struct bench a, b;
    struct mini_result x, y;
    const struct shape_wish wish = {97, 301, 3, IMP_SRGB, false};
    if (!(t->filter->flags & IMP_FILTER_DETERMINISTIC))
        return trial_skip(t, "it is not IMP_FILTER_DETERMINISTIC");
    enum verdict v = bench_init(t, &a, &wish, NULL);
    if (v != PASSED)
        return v;
    v = fresh ? bench_init(t, &b, &wish, NULL) : PASSED;
    if (v == PASSED) {
        bench_run(&a, one, &x);
        bench_run(fresh ? &b : &a, two, &y);
        v = judge(t, &y, "the second time");
        if (v == PASSED && !same_outputs(&x, &y))
            v = trial_fail(t, "%s", complaint);
        mini_result_free(&x);
        mini_result_free(&y);
        if (fresh)
            bench_fini(&b);
    }
    bench_fini(&a);
    return v;
}

static enum verdict test_repeats(struct trial *t)
{
    const struct mini_call plain = {0};
    const enum verdict v = compare(
        t, plain, plain, false,
        "an instance gives other bytes the second time: it keeps something of the first item");
    return v != PASSED ? v
                       : compare(t, plain, plain, true,
                                 "two instances give different bytes for the same input");
}

static enum verdict test_threads(struct trial *t)
{
    return compare(
        t, (struct mini_call){.threads = 1}, (struct mini_call){.threads = 4}, true,
        "4 threads give other bytes than 1: cut the work by shape, not by the number of threads");
}

/* ---- parameters at their ends ---- */

static enum verdict run_cell(struct trial *t, uint32_t i, imp_cell value, const char *what)
{
    struct bench b;
    struct mini_result r;
    struct mini_params *params;
    char why[400];
    enum verdict v = feed_params(t, &params);
    if (v != PASSED)
        return v;
    *mini_params_cell(params, i) = value;
    v = feed_init(t, &b.feed, &usual);
    if (v != PASSED) {
        mini_params_free(params);
        return v;
    }
    b.node = mini_node_cells(t->mini, t->filter, params, why, sizeof why);
    if (!b.node) {
        feed_fini(&b.feed);
        return why[0] ? PASSED : trial_fail(t, "%s: create refuses without a sentence", what);
    }
    bench_run(&b, (struct mini_call){.cancel_ms = 1500}, &r);
    v = judge(t, &r, what);
    mini_result_free(&r);
    bench_fini(&b);
    return v;
}

static int64_t count_choices(const char *choices)
{
    int64_t n = choices && *choices;
    for (const char *p = choices; p && *p; p++)
        n += *p == '|';
    return n;
}

static enum verdict run_whole(struct trial *t, uint32_t i, const imp_param *p)
{
    char what[120];
    const int64_t n = p->type == IMP_CHOICE ? count_choices(p->choices) : 2;
    enum verdict v = PASSED;
    for (int64_t k = 0; k < n && k < 32 && v == PASSED; k++) {
        snprintf(what, sizeof what, "%s = %s%lld", p->key, p->type == IMP_CHOICE ? "choice " : "",
                 (long long)k);
        v = run_cell(t, i, (imp_cell){.i = k}, what);
    }
    return v;
}

static enum verdict run_ends(struct trial *t, uint32_t i, const imp_param *p)
{
    const double ends[2] = {p->min, p->max};
    char what[120];
    enum verdict v = PASSED;
    for (int k = 0; k < 2 && v == PASSED && p->min != p->max; k++) {
        if (!isfinite(ends[k]))
            continue;
        snprintf(what, sizeof what, "%s = %g", p->key, ends[k]);
        v = run_cell(
            t, i, p->type == IMP_INT ? (imp_cell){.i = (int64_t)ends[k]} : (imp_cell){.f = ends[k]},
            what);
    }
    return v;
}

static enum verdict test_parameters(struct trial *t)
{
    enum verdict v = PASSED;
    for (uint32_t i = 0; i < t->filter->param_count && v == PASSED; i++) {
        const imp_param p = mini_param_row(t->filter, i);
        if (p.type == IMP_BOOL || p.type == IMP_CHOICE)
            v = run_whole(t, i, &p);
        else if (p.type == IMP_INT || p.type == IMP_FLOAT)
            v = run_ends(t, i, &p);
    }
    return v;
}

/* ---- stopping ---- */

enum { PATIENCE_MS = 1500 }; /* 100 ms is the rule; a busy machine and sanitizers are slow */

static enum verdict stop_at(struct trial *t, struct bench *b, uint32_t poll,
                            const struct mini_result *whole)
{
    struct mini_result r, again;
    char what[80];
    snprintf(what, sizeof what, "asked to stop the %s time it asks", poll == 1 ? "first" : "last");
    bench_run(b, (struct mini_call){.cancel_after = poll}, &r);
    enum verdict v = judge(t, &r, what);
    mini_result_free(&r);
    if (v != PASSED)
        return v;
    bench_run(b, (struct mini_call){0}, &again);
    v = judge(t, &again, "the next item after a stop");
    if (v == PASSED && (t->filter->flags & IMP_FILTER_DETERMINISTIC) &&
        !same_outputs(whole, &again))
        v = trial_fail(t, "after a stop, the next item comes out with other bytes");
    mini_result_free(&again);
    return v;
}

static enum verdict test_stops(struct trial *t)
{
    struct bench b;
    struct mini_result whole;
    const struct shape_wish wish = {512, 512, 3, IMP_SRGB, false};
    enum verdict v = bench_init(t, &b, &wish, NULL);
    if (v != PASSED)
        return v;
    bench_run(&b, (struct mini_call){0}, &whole);
    v = judge(t, &whole, "512 x 512");
    const bool ran = whole.status == IMP_OK;
    if (v == PASSED && ran && whole.longest_ms > PATIENCE_MS)
        v = trial_fail(t,
                       "it works for %.0f ms on 512 x 512 without asking whether to stop: call "
                       "job->progress or "
                       "job->parallel every 100 ms",
                       whole.longest_ms);
    if (v == PASSED && ran && whole.polls)
        v = stop_at(t, &b, 1, &whole);
    if (v == PASSED && ran && whole.polls > 1)
        v = stop_at(t, &b, whole.polls, &whole);
    mini_result_free(&whole);
    bench_fini(&b);
    return v;
}

/* ---- memory that is refused ---- */

static enum verdict refuse_at(struct trial *t, struct bench *b, uint32_t k,
                              const struct mini_result *whole)
{
    struct mini_result r;
    char what[80];
    snprintf(what, sizeof what, "refused its %u%s value or scratch", k,
             k == 1   ? "st"
             : k == 2 ? "nd"
             : k == 3 ? "rd"
                      : "th");
    bench_run(b, (struct mini_call){.fail_at = k}, &r);
    enum verdict v = judge(t, &r, what);
    if (v == PASSED && r.refused && r.status == IMP_OK &&
        (t->filter->flags & IMP_FILTER_DETERMINISTIC) && !same_outputs(&r, whole))
        v = trial_fail(t, "%s, it answers IMP_OK with other bytes", what);
    mini_result_free(&r);
    return v;
}

static enum verdict test_memory(struct trial *t)
{
    struct bench b;
    struct mini_result whole, after;
    enum verdict v = bench_init(t, &b, &usual, NULL);
    if (v != PASSED)
        return v;
    bench_run(&b, (struct mini_call){0}, &whole);
    for (uint32_t k = 1; k <= whole.allocations && k <= 24 && v == PASSED; k++)
        v = refuse_at(t, &b, k, &whole);
    bench_run(&b, (struct mini_call){0}, &after);
    if (v == PASSED)
        v = judge(t, &after, "the next item after a refusal");
    if (v == PASSED && after.status != whole.status)
        v = trial_fail(t, "after memory was refused once, the next item fails: %s", after.text);
    mini_result_free(&after);
    mini_result_free(&whole);
    bench_fini(&b);
    return v;
}

/* ---- what it leaves behind ---- */

static enum verdict one_life(struct trial *t, uint32_t threads, const char **changed, char *why,
                             size_t size)
{
    struct bench b;
    struct world before, after;
    struct mini_result r;
    world_look(&before);
    const enum verdict v = bench_init(t, &b, &usual, NULL);
    if (v != PASSED)
        return v;
    bench_run(&b, (struct mini_call){.threads = threads}, &r);
    mini_result_free(&r);
    bench_fini(&b);
    world_look(&after);
    if (changed)
        *changed = world_changed(&before, &after, why, size);
    return PASSED;
}

static enum verdict test_leaves(struct trial *t)
{
    const char *changed = NULL;
    char why[300];
    enum verdict v = one_life(t, 2, &changed, why, sizeof why);
    if (v == PASSED && changed)
        v = trial_fail(t, "it %s", changed);
    if (v == PASSED && mini_services_open(t->mini) > 0 && !(mini_entry(t->mini)->init))
        v = trial_fail(t, "a service acquired in create was not given back in destroy");
    return v;
}

/* Up to `most` lives, fewer (but two) when they are slow; *lived counts them. */
static enum verdict some_lives(struct trial *t, int most, int *lived)
{
    struct timespec start, now;
    enum verdict v = PASSED;
    clock_gettime(CLOCK_MONOTONIC, &start);
    for (*lived = 0; *lived < most && v == PASSED; ++*lived) {
        clock_gettime(CLOCK_MONOTONIC, &now);
        if (*lived >= 2 && now.tv_sec - start.tv_sec >= 3)
            break;
        v = one_life(t, 1, NULL, NULL, 0);
    }
    return v;
}

/* Twenty lives after ten must not take more memory than a few stray bytes. */
static enum verdict test_leaks(struct trial *t)
{
    int lived;
    enum verdict v = some_lives(t, 10, &lived);
    const size_t early = world_heap();
    if (v == PASSED)
        v = some_lives(t, 20, &lived);
    /* malloc counts small blocks that it caches; the first lives of a filter fill the cache */
    const size_t late = world_heap(), slack = lived < 20 ? 8192 : 160;
    if (v == PASSED && late > early + slack)
        v = trial_fail(t,
                       "%d times create, process, destroy leave %zu bytes of the heap in use: "
                       "something is not freed",
                       lived, late - early);
    return v;
}

/* ---- plan ---- */

static void shapes_of(const struct feed *feed, imp_shape *shapes)
{
    for (uint32_t i = 0; i < feed->count && i < MINI_PORTS; i++) {
        const imp_value *v = feed->values[i];
        shapes[i] = (imp_shape){.struct_size = sizeof *shapes, .kind = v ? v->kind : 0};
        if (v && v->kind == IMP_IMAGE) {
            const imp_image *m = (const imp_image *)(const void *)v;
            shapes[i].width = m->width, shapes[i].height = m->height;
            shapes[i].channels = m->channels, shapes[i].colour = m->colour;
        }
    }
}

static bool foretold(uint32_t said, uint32_t is)
{
    return said == 0 || said == is;
}

static enum verdict compare_shapes(struct trial *t, const struct mini_planned *p,
                                   const struct mini_result *r)
{
    for (uint32_t i = 0; i < p->output_count; i++) {
        const imp_image *m = mini_output_image(r, i);
        const imp_shape *s = &p->outputs[i];
        if (m && !(foretold(s->width, m->width) && foretold(s->height, m->height) &&
                   foretold(s->channels, m->channels) && foretold(s->colour, m->colour)))
            return trial_fail(t,
                              "plan says output %u will be %u x %u, %u channels, colour %u; "
                              "process makes %u x %u, %u, %u",
                              i, s->width, s->height, s->channels, s->colour, m->width, m->height,
                              m->channels, m->colour);
    }
    return PASSED;
}

static enum verdict test_plan(struct trial *t)
{
    struct bench b;
    struct mini_result r;
    struct mini_planned known, unknown;
    imp_shape shapes[MINI_PORTS] = {{0}};
    enum verdict v = bench_init(t, &b, &usual, NULL);
    if (v != PASSED)
        return v;
    shapes_of(&b.feed, shapes);
    mini_plan(b.node, shapes, b.feed.count, &known);
    for (uint32_t i = 0; i < b.feed.count && i < MINI_PORTS; i++)
        shapes[i] = (imp_shape){.struct_size = sizeof *shapes, .kind = shapes[i].kind};
    mini_plan(b.node, shapes, b.feed.count, &unknown);
    bench_run(&b, (struct mini_call){0}, &r);
    if (known.status < 0 && !known.text[0])
        v = trial_fail(t, "plan answers %d without a sentence", (int)known.status);
    else if (unknown.mistake_count > known.mistake_count)
        v = trial_fail(t, "plan finds a mistake when the inputs' sizes are not known yet: %s",
                       unknown.text);
    else
        v = compare_shapes(t, &known, &r);
    mini_result_free(&r);
    bench_fini(&b);
    return v;
}

const struct test trial_filter_tests[] = {
    {"runs", test_runs},
    {"sizes", test_sizes},
    {"repeats", test_repeats},
    {"threads", test_threads},
    {"parameters", test_parameters},
    {"stops", test_stops},
    {"memory", test_memory},
    {"leaves", test_leaves},
    {"leaks", test_leaks},
    {"plan", test_plan},
    {NULL, NULL},
};
