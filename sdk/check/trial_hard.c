/* trial_hard.c - tests of one filter that are hard on it: numbers that are none, inputs that nobody
 * can write, other processes, its own instances beside it, values out of range, memory that is not
 * there, services that are missing. */
#define _DEFAULT_SOURCE
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include "heap.h"
#include "trial.h"

/* ---- NaN and infinity in what comes in ---- */

static void spoil(const imp_value *v)
{
    static const float strange[] = {NAN, INFINITY, -INFINITY, 1e30f, -1e30f, 1e-40f};
    union {
        const imp_value *in;
        imp_image *image;
        imp_tensor *tensor;
    } to = {.in = v};
    for (uint32_t i = 0; v && v->kind == IMP_IMAGE && i < 6; i++)
        imp_row_out(to.image, i % to.image->channels,
                    (3 * i + 1) % to.image->height)[5 * i % to.image->width] = strange[i];
    for (uint32_t i = 0; v && v->kind == IMP_TENSOR && to.tensor->dtype == IMP_F32 && i < 6; i++)
        ((float *)to.tensor->data)[7 * i] = strange[i];
}

/* Whatever comes out of them, memory and time are kept to. */
static enum verdict test_nonfinite(struct trial *t)
{
    struct bench b;
    struct mini_result r;
    enum verdict v = bench_init(t, &b, &bench_usual, NULL);
    if (v != PASSED)
        return v;
    for (uint32_t i = 0; i < b.feed.count; i++)
        spoil(b.feed.values[i]);
    bench_run(&b, (struct mini_call){.any_numbers = 1}, &r);
    v = bench_judge(t, &r, "NaN and infinity in its input");
    mini_result_free(&r);
    bench_fini(&b);
    return v;
}

/* ---- inputs that cannot be written ---- */

static struct guarded {
    const char *from;
    size_t size;
} guarded[MINI_PORTS + 4];
static int report_to = -1;

/* A write to a guarded input ends the process, with the verdict told as the child would. */
static void caught(int number, siginfo_t *info, void *context)
{
    static const char said[] = "-it writes into an input, which is read-only";
    const char *at = info->si_addr;
    (void)context;
    for (size_t i = 0; i < sizeof guarded / sizeof *guarded; i++)
        if (guarded[i].from && at >= guarded[i].from && at < guarded[i].from + guarded[i].size) {
            if (write(report_to, said, sizeof said - 1) < 0)
                _exit(1);
            _exit(0);
        }
    signal(number, SIG_DFL); /* the instruction is done again, and ends it */
}

static enum verdict test_readonly(struct trial *t)
{
    struct bench b;
    struct mini_result r;
    struct sigaction action = {.sa_sigaction = caught, .sa_flags = SA_SIGINFO};
    enum verdict v = bench_init(t, &b, &bench_usual, NULL);
    if (v != PASSED)
        return v;
    report_to = t->report_to;
    sigaction(SIGSEGV, &action, NULL);
    for (uint32_t i = 0; i < b.feed.count; i++)
        if (b.feed.values[i] && b.feed.values[i]->kind <= IMP_TENSOR)
            guarded[i].from = mini_protect(b.feed.values[i], &guarded[i].size);
    bench_run(&b, (struct mini_call){0}, &r);
    v = bench_judge(t, &r, "with read-only inputs");
    signal(SIGSEGV, SIG_DFL);
    mini_result_free(&r);
    bench_fini(&b);
    return v;
}

/* ---- another process ---- */

static uint64_t content(const struct mini_result *r)
{
    uint64_t h = (uint64_t)(int64_t)r->status;
    for (uint32_t i = 0; i < r->output_count; i++)
        h = h * 31 + r->ports[i] + mini_content(r->outputs[i]);
    return h;
}

enum verdict trial_print(struct trial *t, FILE *out)
{
    struct bench b;
    struct mini_result r;
    enum verdict v = trial_open(t);
    t->filter = v == PASSED ? mini_filter(t->mini, t->filter_id) : NULL;
    if (!t->filter || (v = bench_init(t, &b, &bench_usual, NULL)) != PASSED)
        return FAILED;
    bench_run(&b, (struct mini_call){0}, &r);
    fprintf(out, "%016" PRIx64 "\n", content(&r));
    mini_result_free(&r);
    bench_fini(&b);
    return PASSED;
}

/* In the child of ask_process. */
static void become(const struct trial *t, int to)
{
    char variant[16];
    const char *words[2 * MINI_PORTS + 10] = {t->program, "--print",   t->filter_id,
                                              t->folder,  "--variant", variant};
    int n = 6;
    union {
        const char **in;
        char *const *out;
    } arguments = {.in = words};
    snprintf(variant, sizeof variant, "%u", t->variant);
    for (int i = 0; i < t->with_count && i < MINI_PORTS; i++) {
        words[n++] = "--with";
        words[n++] = t->with[i];
    }
    words[n++] = t->path;
    dup2(to, STDOUT_FILENO);
    execv(t->program, arguments.out);
    _exit(127);
}

/* The line that a driver of its own prints; false: it did not. */
static bool ask_process(const struct trial *t, char *line, size_t size)
{
    int ends[2], status = -1;
    size_t used = 0;
    if (pipe(ends) != 0)
        return false;
    const pid_t pid = fork();
    if (pid == 0)
        become(t, ends[1]);
    close(ends[1]);
    for (ssize_t n; used < size - 1 && (n = read(ends[0], line + used, size - 1 - used)) != 0;)
        if (n > 0)
            used += (size_t)n;
        else if (errno != EINTR)
            break;
    close(ends[0]);
    line[used] = 0;
    while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
        continue;
    return status == 0 && used > 0;
}

static enum verdict test_processes(struct trial *t)
{
    char one[64], two[64];
    if (!(t->filter->flags & IMP_FILTER_DETERMINISTIC))
        return trial_skip(t, "it is not IMP_FILTER_DETERMINISTIC");
    if (!t->program)
        return trial_skip(t, "the driver does not know where its program is");
    if (!ask_process(t, one, sizeof one) || !ask_process(t, two, sizeof two))
        return trial_fail(t, "in a process of its own it does not run to the end");
    return strcmp(one, two) == 0
               ? PASSED
               : trial_fail(t, "two processes get different bytes for the same input: something "
                               "of an address, the clock or the process goes into the result");
}

/* ---- several instances at once ---- */

enum { AT_ONCE = 3 };
struct worker {
    struct bench bench;
    struct mini_result alone, together;
    pthread_t thread;
};

static void *work(void *user)
{
    struct worker *w = user;
    bench_run(&w->bench, (struct mini_call){0}, &w->together);
    return NULL;
}

/* What an instance of its own makes of it, with nobody beside. */
static enum verdict run_alone(struct trial *t, const struct shape_wish *wish,
                              struct mini_result *out)
{
    struct bench b;
    const enum verdict v = bench_init(t, &b, wish, NULL);
    if (v != PASSED)
        return v;
    bench_run(&b, (struct mini_call){0}, out);
    bench_fini(&b);
    return PASSED;
}

static enum verdict worker_init(struct trial *t, struct worker *w, int i)
{
    const struct shape_wish wish = {61, 40 + 7 * (uint32_t)i, 3, IMP_SRGB, false};
    enum verdict v = bench_init(t, &w->bench, &wish, NULL);
    if (v == PASSED && (v = run_alone(t, &wish, &w->alone)) != PASSED)
        bench_fini(&w->bench);
    return v;
}

static enum verdict compare_workers(struct trial *t, struct worker *workers, int n)
{
    enum verdict v = PASSED;
    for (int i = 0; i < n; i++) {
        if (v == PASSED)
            v = bench_judge(t, &workers[i].together, "three instances at once");
        if (v == PASSED && !bench_same(&workers[i].alone, &workers[i].together))
            v = trial_fail(
                t, "three instances at once give other bytes than one after the other: they "
                   "share something that changes; or say IMP_SERIAL");
        mini_result_free(&workers[i].together);
    }
    return v;
}

static enum verdict test_instances(struct trial *t)
{
    struct worker workers[AT_ONCE];
    int made = 0, started = 0;
    enum verdict v = PASSED;
    if (t->filter->threads != IMP_PARALLEL || !(t->filter->flags & IMP_FILTER_DETERMINISTIC))
        return trial_skip(t, "it is not IMP_PARALLEL and IMP_FILTER_DETERMINISTIC");
    while (made < AT_ONCE && (v = worker_init(t, &workers[made], made)) == PASSED)
        made++;
    while (v == PASSED && started < made &&
           pthread_create(&workers[started].thread, NULL, work, &workers[started]) == 0)
        started++;
    for (int i = 0; i < started; i++)
        pthread_join(workers[i].thread, NULL);
    if (v == PASSED)
        v = compare_workers(t, workers, started);
    while (made-- > 0) {
        mini_result_free(&workers[made].alone);
        bench_fini(&workers[made].bench);
    }
    return v;
}

/* ---- values that the table allows and that mean nothing ---- */

/* Where a range is open, where words and numbers are free: what a host lets through, a plugin
 * meets. It refuses with a sentence, or makes something of it. */
static enum verdict run_odd(struct trial *t, uint32_t i, const imp_param *p, const imp_cell *value,
                            const char *what)
{
    struct mini_params *params;
    struct mini_result r;
    struct bench b;
    char why[400], all[160];
    enum verdict v = feed_params(t, &params);
    if (v != PASSED)
        return v;
    *mini_params_cell(params, i) = *value;
    snprintf(all, sizeof all, "%s = %s", p->key, what);
    trial_note(t, "%s", all);
    v = feed_init(t, &b.feed, &bench_usual);
    if (v != PASSED) {
        mini_params_free(params);
        return v;
    }
    b.node = mini_node_cells(t->mini, t->filter, params, why, sizeof why);
    if (b.node) {
        bench_run(&b, (struct mini_call){.cancel_ms = 400}, &r);
        v = bench_judge(t, &r, all);
        mini_result_free(&r);
        mini_node_free(b.node);
    } else if (!why[0]) {
        v = trial_fail(t, "%s: create refuses without a sentence", all);
    }
    feed_fini(&b.feed);
    return v;
}

static enum verdict odd_number(struct trial *t, uint32_t i, const imp_param *p)
{
    static const double far[] = {-1e12, 1e12};
    enum verdict v = PASSED;
    for (int k = 0; k < 2 && v == PASSED; k++) {
        const bool open = p->min == p->max || (k ? isinf(p->max) : isinf(p->min));
        const imp_cell value =
            p->type == IMP_INT ? (imp_cell){.i = (int64_t)far[k]} : (imp_cell){.f = far[k]};
        if (open)
            v = run_odd(t, i, p, &value, k ? "1e12" : "-1e12");
    }
    return v;
}

static enum verdict odd_words(struct trial *t, uint32_t i, const imp_param *p)
{
    static const char word[] = "no such thing \xc3\xa4\xe2\x82\xac %s %n ../..";
    static const char *const words[] = {"no_such_thing", "\xc3\xa4", "%s", "\"", "no_such_thing"};
    static const double numbers[] = {-1e12, 0, 1e12, 0.5, -1, 7, 1e-300, 65536, 3};
    static char longest[5001];
    enum verdict v = PASSED;
    memset(longest, 'x', sizeof longest - 1);
    if (p->type == IMP_TEXT) {
        v = run_odd(t, i, p, &(imp_cell){.s = {"", 0}}, "nothing");
        if (v == PASSED)
            v = run_odd(t, i, p, &(imp_cell){.s = {word, sizeof word - 1}},
                        "a text that means nothing");
        if (v == PASSED)
            v = run_odd(t, i, p, &(imp_cell){.s = {longest, sizeof longest - 1}}, "5000 letters");
    } else if (p->type == IMP_NAMES) {
        v = run_odd(t, i, p, &(imp_cell){.w = {words, 5}}, "five words that mean nothing");
    } else if (p->type == IMP_NUMBERS) {
        v = run_odd(t, i, p, &(imp_cell){.n = {numbers, 9}}, "nine odd numbers");
        if (v == PASSED && !(p->flags & IMP_PARAM_REQUIRED))
            v = run_odd(t, i, p, &(imp_cell){.n = {numbers, 0}}, "no numbers");
    } else if (p->type == IMP_COLOUR) {
        v = run_odd(t, i, p, &(imp_cell){.n = {numbers + 3, 4}}, "a colour of 0.5 -1 7 0");
    }
    return v;
}

static enum verdict test_outside(struct trial *t)
{
    enum verdict v = PASSED;
    const double start = bench_busy_ms();
    for (uint32_t i = 0;
         i < t->filter->param_count && v == PASSED && bench_busy_ms() - start < 3000; i++) {
        const imp_param p = mini_param_row(t->filter, i);
        v = p.type == IMP_INT || p.type == IMP_FLOAT ? odd_number(t, i, &p) : odd_words(t, i, &p);
    }
    return v;
}

/* ---- memory of its own that is not there ---- */

/* One life whose k-th allocation is answered NULL (0: none). */
static enum verdict life_without(struct trial *t, uint64_t k, uint64_t *asked,
                                 struct mini_result *r, bool *ran)
{
    struct mini_params *params;
    struct bench b;
    char why[400];
    enum verdict v = feed_params(t, &params);
    *ran = false;
    if (v != PASSED)
        return v;
    v = feed_init(t, &b.feed, &bench_usual);
    if (v != PASSED) {
        mini_params_free(params);
        return v;
    }
    const uint64_t before = heap_asked();
    trial_note(t, "its malloc number %" PRIu64 " is refused", k);
    heap_fail_at(k);
    b.node = mini_node_cells(t->mini, t->filter, params, why, sizeof why);
    if (b.node) {
        bench_run(&b, (struct mini_call){0}, r);
        *ran = true;
    } else if (!heap_failed()) {
        v = trial_fail(t, "create refuses: %s", why);
    }
    *asked = heap_asked() - before;
    heap_fail_at(0);
    mini_node_free(b.node);
    feed_fini(&b.feed);
    return v;
}

static enum verdict judge_without(struct trial *t, uint64_t k, struct mini_result *r,
                                  const struct mini_result *whole)
{
    char what[80];
    snprintf(what, sizeof what, "its malloc number %" PRIu64 " is refused", k);
    r->refused = true; /* IMP_E_MEMORY without a text will do */
    enum verdict v = bench_judge(t, r, what);
    if (v == PASSED && r->status == IMP_OK && (t->filter->flags & IMP_FILTER_DETERMINISTIC) &&
        !bench_same(r, whole))
        v = trial_fail(t, "%s, and it answers IMP_OK with other bytes", what);
    return v;
}

static enum verdict test_allocation(struct trial *t)
{
    struct mini_result whole, r;
    uint64_t asked = 0, other;
    bool ran, again;
    if (!heap_seen())
        return trial_skip(t, "this build does not see the heap");
    enum verdict v = life_without(t, 0, &asked, &whole, &ran); /* what is made once is made now */
    if (v != PASSED || !ran)
        return v;
    mini_result_free(&whole);
    v = life_without(t, 0, &asked, &whole, &ran);
    const double start = bench_busy_ms();
    const uint64_t step = asked / 40 + 1; /* the first ones all, later ones by leaps */
    for (uint64_t k = 1; k <= asked && v == PASSED && bench_busy_ms() - start < 2500;
         k += k < 20 ? 1 : step) {
        v = life_without(t, k, &other, &r, &again);
        if (again) {
            if (v == PASSED)
                v = judge_without(t, k, &r, &whole);
            mini_result_free(&r);
        }
    }
    if (v == PASSED && ran) {
        v = life_without(t, 0, &other, &r, &again);
        if (again && v == PASSED && (t->filter->flags & IMP_FILTER_DETERMINISTIC) &&
            !bench_same(&r, &whole))
            v = trial_fail(t, "after memory was missing once, the next instance gives other bytes");
        if (again)
            mini_result_free(&r);
    }
    if (ran)
        mini_result_free(&whole);
    return v;
}

/* ---- a service that it wants is not there ---- */

static enum verdict run_wanted(struct trial *t)
{
    struct bench b;
    struct mini_result r;
    char what[200], why[400];
    struct mini_params *params;
    enum verdict v = feed_params(t, &params);
    if (v != PASSED)
        return v;
    snprintf(what, sizeof what, "without the service '%s', which it only wants", t->hidden);
    v = feed_init(t, &b.feed, &bench_usual);
    if (v != PASSED) {
        mini_params_free(params);
        return v;
    }
    b.node = mini_node_cells(t->mini, t->filter, params, why, sizeof why);
    if (b.node) {
        bench_run(&b, (struct mini_call){0}, &r);
        v = bench_judge(t, &r, what);
        mini_result_free(&r);
        mini_node_free(b.node);
    } else if (!why[0]) {
        v = trial_fail(t, "%s: create refuses without a sentence", what);
    }
    feed_fini(&b.feed);
    return v;
}

const struct test trial_hard_tests[] = {
    {"nonfinite", test_nonfinite},
    {"readonly", test_readonly},
    {"processes", test_processes},
    {"instances", test_instances},
    {"outside", test_outside},
    {"allocation", test_allocation},
    {NULL, NULL},
};
const struct test trial_wanted_test = {"wants", run_wanted};
