/* trial_filter.c - tests of one filter: small runs in many ways. The plugin is open (trial->mini).
 * A refusal with a sentence is an answer too, as long as not every picture is refused. */
#include "trial.h"
#include "heap.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

static void describe_wish(const struct shape_wish *w, char *buf, size_t size)
{
    snprintf(buf, size, "%u x %u, %u channel%s%s%s", w->width, w->height, w->channels,
             w->channels == 1 ? "" : "s", w->colour == IMP_LINEAR ? ", linear" : "",
             w->open ? ", optional inputs open" : "");
}

/* ---- it runs ---- */

/* A value can be at fault that is more than its kind and type: a table's columns, a network's
 * layers, a tensor's shape. Only the filters that make such values know. The kind of the input that
 * was named, or the first of its kind; 0: it has pictures only. */
static uint32_t wants_more(const struct trial *t, int32_t at)
{
    for (uint32_t i = 0; i < t->filter->input_count; i++) {
        const uint32_t kind = mini_input_row(t->filter, i).kind;
        if (kind != IMP_IMAGE && (at < 0 || at == (int32_t)i))
            return kind;
    }
    return 0;
}

static bool takes_more(const imp_filter *f)
{
    bool any = false;
    for (uint32_t i = 0; i < f->input_count; i++) {
        const uint32_t kind = mini_input_row(f, i).kind;
        any |= kind == IMP_TENSOR || kind == IMP_OBJECT;
    }
    return any;
}

static enum verdict run_variant(struct trial *t)
{
    struct bench b;
    struct mini_result r;
    char what[80];
    describe_wish(&bench_usual, what, sizeof what);
    enum verdict v = bench_init(t, &b, &bench_usual, NULL);
    if (v != PASSED)
        return v;
    bench_run(&b, (struct mini_call){0}, &r);
    v = bench_judge(t, &r, what);
    const uint32_t kind = wants_more(t, r.port);
    if (v == PASSED && r.status < 0 && kind)
        v = trial_skip(t, "a particular %s is wanted: %s",
                       kind == IMP_TABLE    ? "table"
                       : kind == IMP_TENSOR ? "tensor"
                                            : "object",
                       r.text);
    else if (v == PASSED && r.status != IMP_OK)
        v = trial_fail(t, "at its defaults it refuses a picture of %s: %s", what, r.text);
    mini_result_free(&r);
    bench_fini(&b);
    return v;
}

/* With the first of the driver's networks and tensors that it takes. */
static enum verdict test_runs(struct trial *t)
{
    char first[sizeof t->text];
    enum verdict v = run_variant(t), now = v;
    memcpy(first, t->text, sizeof first);
    while (now == SKIPPED && takes_more(t->filter) && ++t->variant < 4 * object_variants)
        now = run_variant(t);
    if (now != SKIPPED)
        v = now;
    else
        memcpy(t->text, first, sizeof first);
    if (v == PASSED) {
        t->text[0] = 0;
        if (t->note)
            t->note->variant = t->variant;
    }
    return v;
}

static enum verdict run_wish(struct trial *t, const struct shape_wish *wish)
{
    struct bench b;
    struct mini_result r;
    char what[80];
    describe_wish(wish, what, sizeof what);
    trial_note(t, "%s", what);
    enum verdict v = bench_init(t, &b, wish, NULL);
    if (v != PASSED)
        return v;
    bench_run(&b, (struct mini_call){0}, &r);
    v = bench_judge(t, &r, what);
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

/* Does it take its time even over the usual picture? */
static bool is_slow(struct trial *t)
{
    struct bench b;
    struct mini_result r;
    if (bench_init(t, &b, &bench_usual, NULL) != PASSED)
        return false; /* what is wrong is found again, and told */
    const double start = bench_busy_ms();
    bench_run(&b, (struct mini_call){0}, &r);
    const bool slow = bench_busy_ms() - start > 60;
    mini_result_free(&r);
    bench_fini(&b);
    return slow;
}

/* Runs twice, each time as said, and compares. fresh: the second on an instance of its own. */
static enum verdict compare(struct trial *t, struct mini_call one, struct mini_call two, bool fresh,
                            const char *complaint)
{
    struct bench a, b;
    struct mini_result x, y;
    const struct shape_wish large = {97, 301, 3, IMP_SRGB, false},
                            wish = is_slow(t) ? bench_usual : large;
    if (!(t->filter->flags & IMP_FILTER_DETERMINISTIC))
        return trial_skip(t, "it is not IMP_FILTER_DETERMINISTIC");
    enum verdict v = bench_init(t, &a, &wish, NULL);
    if (v != PASSED)
        return v;
    v = fresh ? bench_init(t, &b, &wish, NULL) : PASSED;
    if (v == PASSED) {
        bench_run(&a, one, &x);
        bench_run(fresh ? &b : &a, two, &y);
        v = bench_judge(t, &y, "the second time");
        if (v == PASSED && !bench_same(&x, &y))
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
    static const struct shape_wish small = {19, 13, 3, IMP_SRGB, false};
    struct bench b;
    struct mini_result r;
    struct mini_params *params;
    char why[400];
    enum verdict v = feed_params(t, &params);
    if (v != PASSED)
        return v;
    trial_note(t, "%s", what);
    *mini_params_cell(params, i) = value;
    v = feed_init(t, &b.feed, t->slow ? &small : &bench_usual);
    if (v != PASSED) {
        mini_params_free(params);
        return v;
    }
    b.node = mini_node_cells(t->mini, t->filter, params, why, sizeof why);
    if (!b.node) {
        feed_fini(&b.feed);
        return why[0] ? PASSED : trial_fail(t, "%s: create refuses without a sentence", what);
    }
    bench_run(&b, (struct mini_call){.cancel_ms = 500}, &r);
    v = bench_judge(t, &r, what);
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
    t->slow = is_slow(t);
    const double start = bench_busy_ms();
    for (uint32_t i = 0; i < t->filter->param_count && v == PASSED; i++) {
        const imp_param p = mini_param_row(t->filter, i);
        if (bench_busy_ms() - start > 3000) {
            snprintf(t->text, sizeof t->text, "after 3 s, from '%s' on no more were tried", p.key);
            break;
        }
        if (p.type == IMP_BOOL || p.type == IMP_CHOICE)
            v = run_whole(t, i, &p);
        else if (p.type == IMP_INT || p.type == IMP_FLOAT)
            v = run_ends(t, i, &p);
    }
    return v;
}

/* ---- stopping ---- */

/* The rule, in processor time; who sleeps meanwhile is given more, for the sake of busy machines.
 * The least of a few runs counts. */
enum { RULE_MS = 100, ASLEEP = 10, TRIES = 4 };

static enum verdict stop_at(struct trial *t, struct bench *b, uint32_t poll,
                            const struct mini_result *whole)
{
    struct mini_result r, again;
    char what[80];
    snprintf(what, sizeof what, "asked to stop the %s time it asks", poll == 1 ? "first" : "last");
    bench_run(b, (struct mini_call){.cancel_after = poll}, &r);
    enum verdict v = bench_judge(t, &r, what);
    mini_result_free(&r);
    if (v != PASSED)
        return v;
    bench_run(b, (struct mini_call){0}, &again);
    v = bench_judge(t, &again, "the next item after a stop");
    if (v == PASSED && (t->filter->flags & IMP_FILTER_DETERMINISTIC) && !bench_same(whole, &again))
        v = trial_fail(t, "after a stop, the next item comes out with other bytes");
    mini_result_free(&again);
    return v;
}

/* On a large picture, asked to stop after some time: the longest it goes without a question, or
 * with an answer that comes late. The least of some runs, until it is short enough; 0 = it is. */
static enum verdict longest_silence(struct trial *t, struct bench *b, double after, double *silence)
{
    const double allowed = RULE_MS, slow = heap_seen() ? 1 : 20; /* sanitizers are */
    enum verdict v = PASSED;
    *silence = INFINITY;
    for (int i = 0; i<TRIES && * silence> allowed && v == PASSED; i++) {
        struct mini_result r;
        bench_run(b, (struct mini_call){.cancel_ms = after}, &r);
        v = bench_judge(t, &r, "512 x 512");
        const double worked = r.busiest_ms / slow, waited = r.longest_ms / ASLEEP,
                     busy = worked > waited ? worked : waited;
        *silence = busy < *silence ? busy : *silence;
        mini_result_free(&r);
    }
    *silence = *silence > allowed ? *silence : 0;
    return v;
}

static enum verdict stop_large(struct trial *t)
{
    struct bench b;
    const struct shape_wish wish = {512, 512, 3, IMP_SRGB, false};
    double silence = 0;
    enum verdict v = bench_init(t, &b, &wish, NULL);
    if (v != PASSED)
        return v;
    for (int i = 0; i < 2 && v == PASSED && silence == 0; i++)
        v = longest_silence(t, &b, i ? 900 : 250, &silence);
    bench_fini(&b);
    return v != PASSED || silence == 0
               ? v
               : trial_fail(
                     t,
                     "it works for %.0f ms on 512 x 512 without asking whether to stop: call "
                     "job->progress or job->parallel every 100 ms",
                     silence);
}

/* Stopped at its other questions, at all of them or as many as there is time for, from all parts of
 * the work. */
static enum verdict stop_between(struct trial *t, struct bench *b, uint32_t polls)
{
    enum { MOST = 64, MS = 1500 };
    const double start = bench_busy_ms();
    const uint32_t n = polls - 2 < MOST ? polls - 2 : MOST;
    enum verdict v = PASSED;
    for (uint32_t i = 0; i < n && v == PASSED && bench_busy_ms() - start < MS; i++) {
        const uint32_t turn = (uint32_t)((uint64_t)i * 37 % MOST), /* near ones late */
            k = n < MOST ? i : (uint32_t)((uint64_t)turn * (polls - 2) / MOST);
        struct mini_result r;
        char what[80];
        snprintf(what, sizeof what, "asked to stop at question %u of %u", k + 2, polls);
        bench_run(b, (struct mini_call){.cancel_after = k + 2}, &r);
        v = bench_judge(t, &r, what);
        mini_result_free(&r);
    }
    return v;
}

static enum verdict test_stops(struct trial *t)
{
    struct bench b;
    struct mini_result whole;
    enum verdict v = bench_init(t, &b, &bench_usual, NULL);
    if (v != PASSED)
        return v;
    bench_run(&b, (struct mini_call){0}, &whole);
    v = bench_judge(t, &whole, "the usual picture");
    const bool ran = whole.status == IMP_OK;
    if (v == PASSED && ran && whole.polls)
        v = stop_at(t, &b, 1, &whole);
    if (v == PASSED && ran && whole.polls > 1)
        v = stop_at(t, &b, whole.polls, &whole);
    if (v == PASSED && ran && whole.polls > 2)
        v = stop_between(t, &b, whole.polls);
    mini_result_free(&whole);
    bench_fini(&b);
    return v == PASSED ? stop_large(t) : v;
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
    enum verdict v = bench_judge(t, &r, what);
    if (v == PASSED && r.refused && r.status == IMP_OK &&
        (t->filter->flags & IMP_FILTER_DETERMINISTIC) && !bench_same(&r, whole))
        v = trial_fail(t, "%s, it answers IMP_OK with other bytes", what);
    mini_result_free(&r);
    return v;
}

static enum verdict test_memory(struct trial *t)
{
    struct bench b;
    struct mini_result whole, after;
    enum verdict v = bench_init(t, &b, &bench_usual, NULL);
    if (v != PASSED)
        return v;
    bench_run(&b, (struct mini_call){0}, &whole);
    for (uint32_t k = 1; k <= whole.allocations && k <= 24 && v == PASSED; k++)
        v = refuse_at(t, &b, k, &whole);
    bench_run(&b, (struct mini_call){0}, &after);
    if (v == PASSED)
        v = bench_judge(t, &after, "the next item after a refusal");
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
    const enum verdict v = bench_init(t, &b, &bench_usual, NULL);
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

/* The heap has a block more after most of the lives: something is lost each time. Caches grow at
 * times, and end. */
static enum verdict test_leaks(struct trial *t)
{
    enum { SETTLE = 3, MOST = 20, LEAST = 6 };
    int lives = 0, grown = 0;
    const double start = bench_busy_ms();
    enum verdict v = heap_seen() ? PASSED : trial_skip(t, "this build does not see the heap");
    for (; lives < MOST + SETTLE && v == PASSED; lives++) {
        const int64_t before = heap_blocks();
        v = one_life(t, 1, NULL, NULL, 0);
        grown += lives >= SETTLE && heap_blocks() > before;
        if (lives >= LEAST + SETTLE && bench_busy_ms() - start > 1500)
            break;
    }
    if (v == PASSED && 2 * grown > lives - SETTLE)
        v = trial_fail(t,
                       "create, process, destroy leave a block of the heap behind, %d of %d times: "
                       "something is not freed",
                       grown, lives - SETTLE);
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
        if (v && v->kind == IMP_OBJECT)
            shapes[i].value = v; /* as if an EARLY node had made it */
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
    enum verdict v = bench_init(t, &b, &bench_usual, NULL);
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
