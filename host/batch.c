/* batch.c - a run from the preset to the exit status; the plan is batch_plan.c, the work batch_work.c. */
#include "batch.h"
#include <errno.h>
#include <string.h>
#include <time.h>
#include "batch_plan.h"
#include "batch_show.h"
#include "batch_work.h"
#include "progress.h"
#include <stdlib.h>

static void show_messages(struct batch *b)
{
    report_flush(b->report, b->o->json ? stdout : stderr, b->o->colour, b->o->json);
    if (b->o->json)
        fflush(stdout);
}

static double seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* Plugins' lines go between the drawing, never into it. */
static void plugin_log(void *user, uint32_t level, const char *who, const char *text)
{
    const struct batch *b = user;
    static const char *const names[] = {"", "debug", "info", "warning", "error"};
    if (level < IMP_LOG_WARNING && !b->o->verbose)
        return;
    if (b->progress)
        progress_message(b->progress, "%s: %s: %s", names[level <= IMP_LOG_ERROR ? level : 0], who, text);
    else
        fprintf(stderr, "%s: %s: %s\n", names[level <= IMP_LOG_ERROR ? level : 0], who, text);
}

static void close_batch(struct batch *b)
{
    engine_free(b->engine);
    journal_free(b->journal);
    codecs_close(b->codecs);
    for (size_t i = 0; i < b->unit_count; i++)
        free(b->units[i].text);
    arena_fini(b->arena);
}

static bool open_batch(struct batch *b, struct arena *arena)
{
    arena_init(arena);
    b->arena = arena;
    b->out = b->o->out;
    if (b->out)
        b->state = arena_printf(arena, "%s/.impasto", b->out);
    registry_set_log(b->registry, plugin_log, b);
    b->codecs = codecs_open(b->registry, NULL, b->o->exact, b->report);
    if (!b->codecs)
        report_add(b->report, SEV_ERROR, "E0502", NULL, "no memory for the codecs");
    return b->codecs != NULL;
}

static void start_progress(struct batch *b)
{
    const struct batch_options *o = b->o;
    const struct progress_options p = {.to = stderr, .objects = o->json ? stdout : NULL, .terminal = o->terminal,
                                       .colour = o->colour, .quiet = o->quiet, .poke = o->poke,
                                       .slots = b->jobs ? b->jobs : 1};
    b->progress = progress_new(&p);
}

static bool interrupted(const struct batch *b)
{
    return b->o->stop && atomic_load(b->o->stop);
}

/* Nothing was lost that a part of the pictures can be said to be: 3 some failed, 1 nothing succeeded. */
static int failures_status(const struct batch *b)
{
    size_t failed = 0, good = 0;
    for (size_t i = 0; i < b->unit_count; i++) {
        failed += b->units[i].state == UNIT_FAILED;
        good += b->units[i].state == UNIT_DONE || b->units[i].state == UNIT_UP_TO_DATE;
    }
    return !failed ? 0 : good ? 3 : 1;
}

static int status_of(const struct batch *b, enum work_end end)
{
    const int told = report_exit_status(b->report);
    switch (end) {
    case WORK_INTERRUPTED: return 130;
    case WORK_FULL: return 5;
    case WORK_REFUSED: return told ? told : 2;
    default: break;
    }
    const int failures = failures_status(b);
    return failures ? failures : end == WORK_HALTED ? 1 : 0;
}

/* One picture per thread needs no cutting and no waiting, at the cost of memory. Measured with a feed-forward style
 * network on eight pictures of 256 to 1024 px: from 1 % slower to 6 % faster than all threads on one. */
static void explain_jobs(const struct batch *b, struct text *t)
{
    const char *why = b->o->jobs && b->jobs == b->o->jobs ? "as --jobs says"
                      : b->jobs < b->threads              ? "as many as fit into --mem"
                                                          : "one per thread, the fastest where memory allows it";
    text_addf(t, "jobs: %u pictures at once on %u threads, %s\n", b->jobs, b->threads, why);
}

static void explain(const struct batch *b)
{
    struct text t = {0};
    explain_jobs(b, &t);
    engine_explain(b->engine, &t);
    for (size_t i = 0; i < b->unit_count; i++) {
        const struct unit *u = &b->units[i];
        if (u->state != UNIT_ELSEWHERE)
            text_addf(&t, "%s: %s\n", u->name, u->why ? u->why : "up to date");
    }
    if (t.data)
        fputs(t.data, stderr);
    text_free(&t);
}

static int work(struct batch *b)
{
    const double start = seconds();
    enum work_end end = WORK_DONE;
    show_messages(b); /* warnings of the plan, before the drawing starts */
    if (plan_todo(b)) {
        start_progress(b);
        end = batch_work(b);
        progress_free(b->progress);
        b->progress = NULL;
    } else if (b->state && !b->items.failed_list && !b->o->files_from) {
        batch_tidy(b);
    }
    if (b->o->explain)
        explain(b);
    const int status = status_of(b, end);
    if (end == WORK_FULL) {
        struct fault *f = report_add(b->report, SEV_ERROR, "E0520", NULL, "no space left below %s", b->out);
        fault_note(f, "what is written is whole; make room, and the same command goes on from there");
    }
    if (end != WORK_REFUSED)
        show_summary(b, status, seconds() - start);
    show_messages(b);
    return status;
}

int batch_run(const struct batch_options *o, struct registry *registry, struct report *report)
{
    struct arena arena;
    struct batch b = {.o = o, .registry = registry, .report = report};
    int status;
    if (!open_batch(&b, &arena) || !batch_plan(&b)) {
        status = interrupted(&b) ? 130 : report_exit_status(report);
        status = status ? status : 2;
        show_messages(&b);
    } else if (o->plan_only) {
        show_messages(&b);
        show_plan(&b);
        status = 0;
    } else {
        status = work(&b);
    }
    registry_set_log(registry, NULL, NULL);
    close_batch(&b);
    return status;
}

int batch_check(const struct batch_options *o, struct registry *registry, struct report *report)
{
    struct arena arena;
    struct batch b = {.o = o, .registry = registry, .report = report, .check_only = true};
    const bool good = open_batch(&b, &arena) && batch_plan(&b);
    const int status = interrupted(&b) ? 130 : report_exit_status(report);
    show_messages(&b);
    registry_set_log(registry, NULL, NULL);
    close_batch(&b);
    return good || status ? status : 2;
}
