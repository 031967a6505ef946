/* check.c - which tests there are for a plugin, in which order, and what they say. */
#define _XOPEN_SOURCE 700 /* realpath */
#include "check.h"
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "heap.h"
#include "jobs.h"
#include "minipriv.h"

struct check {
    const struct check_options *options;
    struct trial like; /* what all trials have in common */
    struct teller teller;
    struct job *jobs;
    size_t count, capacity, told;
    char *names; /* of list_plugin */
    bool silent; /* what is done is told later, or never */
};

static struct job *add(struct check *c, const char *filter, const struct test *test)
{
    const char *only = c->options->only;
    if (only && strcmp(only, test->name) != 0)
        return NULL;
    if (c->count == c->capacity) {
        struct job *more = mini_alloc(c->capacity = 2 * c->capacity + 32, sizeof *more);
        if (c->count)
            memcpy(more, c->jobs, c->count * sizeof *more);
        free(c->jobs);
        c->jobs = more;
    }
    c->jobs[c->count] = (struct job){.test = test, .filter = filter};
    return &c->jobs[c->count++];
}

/* Tells what is done, up to the first that is not. JUnit's head has counts, so it waits for the
 * end. */
static void tell_done(void *user)
{
    struct check *c = user;
    if (c->options->form == CHECK_JUNIT || c->silent)
        return;
    for (; c->told < c->count && c->jobs[c->told].state >= JOB_DONE; c->told++)
        if (c->jobs[c->told].state == JOB_DONE)
            tell_job(&c->teller, &c->jobs[c->told]);
}

static int at_once(const struct check *c)
{
    const long processors = sysconf(_SC_NPROCESSORS_ONLN);
    if (c->options->jobs > 0)
        return c->options->jobs;
    return processors < 1 ? 1 : processors > 4 ? 4 : (int)processors;
}

static void run(struct check *c, size_t first, size_t count)
{
    const int seconds = c->options->seconds > 0 ? c->options->seconds : heap_seen() ? 20 : 120;
    jobs_run(c->jobs + first, count, &c->like, at_once(c), seconds, tell_done, c);
}

/* ---- what the plugin has ---- */

/* Ids of its filters, each after an F, and of the services that it wants, each after a W. The table
 * was checked. */
static enum verdict list_plugin(struct trial *t)
{
    struct mini *m = mini_load(t->path, t->text, sizeof t->text);
    if (!m)
        return FAILED;
    const imp_plugin *p = mini_entry(m);
    char line[300];
    for (const imp_filter *const *f = p->filters; f && *f; f++) {
        const int n = snprintf(line, sizeof line, "F%s\n", (*f)->id);
        if (write(t->report_to, f == p->filters ? "+" : "", f == p->filters) < 0 ||
            write(t->report_to, line, (size_t)n) < 0)
            return FAILED;
    }
    for (const char *const *id = p->wants; id && *id; id++) {
        const int n = snprintf(line, sizeof line, "W%s\n", *id);
        if (p->filters && *p->filters && write(t->report_to, line, (size_t)n) < 0)
            return FAILED;
    }
    _exit(0);
}

static bool list(struct check *c)
{
    static const struct test names = {"names", list_plugin};
    struct job *job = mini_alloc(1, sizeof *job);
    *job = (struct job){.test = &names};
    jobs_run(job, 1, &c->like, 1, 20, tell_done, c);
    const bool any = job->verdict == PASSED && job->text;
    c->names = job->text;
    free(job);
    return any;
}

/* The next line that begins with the letter, from *at on; NULL: none. The lines were ended by \n.
 */
static const char *next(char **at, char letter)
{
    while (*at && **at) {
        char *line = *at, *stop = strchr(line, '\n');
        if (!stop)
            return NULL;
        *at = stop + 1;
        if (*line == letter) {
            *stop = 0;
            return line + 1;
        }
    }
    return NULL;
}

/* ---- all of it ---- */

/* Runs the next test of the file; did it fail? */
static bool next_fails(struct check *c, const struct test *test)
{
    struct job *job = add(c, NULL, test);
    if (job)
        run(c, c->count - 1, 1);
    return job && c->jobs[c->count - 1].verdict == FAILED;
}

/* What cannot be loaded, or has no sound head, is told once: nothing more is asked of it. Names
 * that it gives or takes too many are no reason to stop. */
static bool run_file_tests(struct check *c)
{
    enum { EXPORTS, LOADS, HEAD, IMPORTS };
    const struct test *tests = trial_file_tests;
    const bool named = next_fails(c, &tests[EXPORTS]);
    if (next_fails(c, &tests[LOADS]))
        return false;
    struct job *head = add(c, NULL, &tests[HEAD]);
    c->silent = named; /* without an entry it cannot be asked, and that has been said */
    if (head)
        run(c, c->count - 1, 1);
    c->silent = false;
    if (head && c->jobs[c->count - 1].verdict == FAILED) {
        if (named)
            c->jobs[c->count - 1].state = JOB_DROPPED;
        return false;
    }
    bool sound = true;
    for (const struct test *test = tests + IMPORTS; test->name; test++)
        sound = !(next_fails(c, test) && test != tests + IMPORTS) && sound;
    return sound;
}

static void add_filter(struct check *c, const char *id, const char *const *wants)
{
    if (c->options->fuzz) {
        add(c, id, trial_filter_tests);
        add(c, id, &trial_fuzz_test);
        return;
    }
    for (const struct test *test = trial_filter_tests; test->name; test++)
        add(c, id, test);
    for (const struct test *test = trial_hard_tests; test->name; test++)
        add(c, id, test);
    for (; *wants; wants++) {
        struct job *job = add(c, id, &trial_wanted_test);
        if (job)
            job->hidden = *wants;
    }
}

/* First what every filter does at its defaults; of those that do not run no more is asked. */
static void run_filter_tests(struct check *c)
{
    const char *ids[512], *wants[33];
    size_t n = 0, n_wants = 0;
    const size_t first = c->count;
    if (!list(c))
        return;
    char *again = mini_strdup(c->names), *at = c->names;
    for (const char *id; n < 512 && (id = next(&at, 'F'));)
        ids[n++] = id;
    at = again;
    for (const char *id; n_wants < 32 && (id = next(&at, 'W'));)
        wants[n_wants++] = id;
    wants[n_wants] = NULL;
    for (size_t i = 0; i < n; i++)
        add_filter(c, ids[i], wants);
    for (size_t i = first; i < c->count; i++)
        if (c->jobs[i].test != trial_filter_tests)
            c->jobs[i].state = JOB_LATER;
    if (!c->options->only)
        run(c, first, c->count - first);
    for (size_t i = first; i < c->count; i++) {
        const struct job *runs = &c->jobs[i];
        for (size_t k = i; k > first && runs->test != trial_filter_tests;)
            runs = &c->jobs[--k];
        if (runs->test == trial_filter_tests)
            c->jobs[i].variant = runs->variant;
        if (c->jobs[i].state == JOB_LATER)
            c->jobs[i].state = runs->test != trial_filter_tests || runs->verdict == PASSED
                                   ? JOB_WAITS
                                   : JOB_DROPPED;
    }
    run(c, first, c->count - first);
    free(again);
}

/* ---- their names ---- */

static bool name_one(const struct test *test, const char *wanted, FILE *out)
{
    if (out)
        fprintf(out, " %s", test->name);
    return wanted && !strcmp(test->name, wanted);
}

bool check_names(const char *wanted, FILE *out)
{
    const struct test *const groups[] = {trial_file_tests, trial_filter_tests, trial_hard_tests};
    bool found = name_one(&trial_wanted_test, wanted, out);
    for (size_t i = 0; i < sizeof groups / sizeof *groups; i++)
        for (const struct test *test = groups[i]; test->name; test++)
            found = name_one(test, wanted, out) || found;
    return name_one(&trial_fuzz_test, wanted, out) || found;
}

static void check_fini(struct check *c)
{
    for (size_t i = 0; i < c->count; i++)
        free(c->jobs[i].text);
    free(c->jobs);
    free(c->names);
}

static void check_init(struct check *c, const char *path, const struct check_options *o)
{
    c->options = o;
    c->like = (struct trial){.path = path,
                             .with = o->with,
                             .with_count = o->with_count,
                             .program = o->program,
                             .seed = o->seed,
                             .only_case = o->only_case,
                             .cases = o->cases ? o->cases : 60};
}

int check_file(const char *path, const struct check_options *options, FILE *out,
               struct check_totals *totals)
{
    char *full = realpath(path, NULL); /* dlopen would search for a bare name */
    struct check c = {.teller = {out, options, path, totals}};
    *totals = (struct check_totals){0, 0, 0};
    check_init(&c, full ? full : path, options);
    if (run_file_tests(&c))
        run_filter_tests(&c);
    if (options->form == CHECK_JUNIT) {
        tell_start(&c.teller, c.jobs, c.count);
        for (size_t i = 0; i < c.count; i++)
            if (c.jobs[i].state == JOB_DONE)
                tell_job(&c.teller, &c.jobs[i]);
    }
    tell_end(&c.teller);
    check_fini(&c);
    free(full);
    return totals->failed == 0 && totals->passed > 0 ? 0 : 1;
}

void check_print(const char *path, const struct check_options *options, const char *filter,
                 const char *folder, uint32_t variant, FILE *out)
{
    struct check c = {.options = NULL};
    check_init(&c, path, options);
    c.like.filter_id = filter;
    c.like.folder = folder;
    c.like.variant = variant;
    const enum verdict v = trial_print(&c.like, out);
    fflush(out);
    _exit(v == PASSED ? 0 : 1); /* the plugin is not closed: nobody looks for what it holds */
}
