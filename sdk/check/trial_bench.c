/* trial_bench.c - an instance at work: made, fed, run, judged. A refusal with a sentence is an
 * answer too. */
#include "trial.h"
#include <time.h>

const struct shape_wish bench_usual = {37, 23, 3, IMP_SRGB, false};

static double read_clock(clockid_t which)
{
    struct timespec now;
    clock_gettime(which, &now);
    return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

double bench_ms(void)
{
    return read_clock(CLOCK_MONOTONIC);
}

double bench_busy_ms(void)
{
    return read_clock(CLOCK_PROCESS_CPUTIME_ID);
}

enum verdict bench_init(struct trial *t, struct bench *b, const struct shape_wish *wish,
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

void bench_fini(struct bench *b)
{
    mini_node_free(b->node);
    feed_fini(&b->feed);
}

void bench_run(struct bench *b, struct mini_call call, struct mini_result *out)
{
    call.inputs = b->feed.values;
    call.input_count = b->feed.count;
    if (!call.limit)
        call.limit = BENCH_LIMIT;
    mini_process(b->node, &call, out);
}

enum verdict bench_judge(struct trial *t, const struct mini_result *r, const char *what)
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

bool bench_same(const struct mini_result *a, const struct mini_result *b)
{
    bool same = a->status == b->status && a->output_count == b->output_count;
    for (uint32_t i = 0; same && i < a->output_count; i++)
        same = a->ports[i] == b->ports[i] &&
               (a->outputs[i]->kind == IMP_OBJECT || mini_same(a->outputs[i], b->outputs[i]));
    return same;
}
