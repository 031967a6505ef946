#include "work.h"
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "batch_show.h"
#include "commit.h"
#include "preview.h"
#include "progress.h"
#include "record.h"

enum { COMMIT_THREADS = 3, COMMIT_QUEUE = 32 };

bool work_stopped(const struct work *w)
{
    return (w->b->o->stop && atomic_load(w->b->o->stop)) || atomic_load(&w->end);
}

void work_end_with(struct work *w, enum work_end why)
{
    int none = WORK_DONE;
    atomic_compare_exchange_strong(&w->end, &none, (int)why);
}

uint64_t work_clock(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

/* ---- items ---- */

static void keep_times(struct work *w, const struct node_time *times, uint32_t n)
{
    pthread_mutex_lock(&w->lock);
    for (uint32_t i = 0; i < n; i++) {
        if (!times[i].ran)
            continue;
        const size_t k = w->ms_count[i]++;
        if ((k & (k - 1)) == 0) /* full at every power of two */
            w->ms[i] = heap_resize(w->ms[i], k ? 2 * k : 1, sizeof **w->ms);
        w->ms[i][k] = times[i].ms;
    }
    pthread_mutex_unlock(&w->lock);
}

static void run_item(struct work *w, unsigned slot, struct unit *u)
{
    struct batch *b = w->b;
    const uint32_t nodes = unit_graph(b, u)->node_count;
    struct written *written = heap_alloc(u->target_count + 1, sizeof *written);
    struct commit_job *job = work_prepare(w, u, written);
    struct node_time *times = heap_alloc(nodes + 1, sizeof *times);
    struct outcome o = {.node = UINT32_MAX, .times = times};
    const struct item_call call = {
        .variant = u->variant, .path = u->item ? u->item->path : NULL,
        .stem = u->item ? u->item->stem : u->label, .label = u->label, .identity = u->identity,
        .written = written, .written_count = u->target_count};
    const uint64_t start = work_clock();
    progress_begin(b->progress, slot, u->name);
    engine_item(b->engine, slot, &call, &o);
    u->us = work_clock() - start;
    u->picture = o.picture;
    progress_rest(b->progress, slot);
    if (o.status == IMP_OK && u->variant == 0)
        keep_times(w, times, nodes);
    free(times);
    work_free_written(written, u->target_count);
    work_settle(w, u, job, &o);
}

static void work_slot(void *user, unsigned slot)
{
    struct work *w = user;
    for (size_t i; !work_stopped(w) && (i = atomic_fetch_add(&w->next, 1)) < w->todo_count;)
        run_item(w, slot, w->todo[i]);
}

static void run_items(struct work *w)
{
    uint64_t pixels = 0;
    struct batch *b = w->b;
    for (size_t i = 0; i < b->unit_count; i++)
        if (b->units[i].kind == UNIT_ITEM && b->units[i].state == UNIT_TODO) {
            w->todo[w->todo_count++] = &b->units[i];
            pixels += b->units[i].pixels;
        }
    if (!w->todo_count)
        return;
    progress_total(b->progress, w->todo_count, pixels);
    engine_slots(b->engine, b->jobs < w->todo_count ? b->jobs : (unsigned)w->todo_count);
    pool_tasks(engine_pool(b->engine), b->jobs < w->todo_count ? b->jobs : (unsigned)w->todo_count, work_slot, w);
    commit_drain(w->committer);
}

static struct unit *find_unit(struct batch *b, enum unit_kind kind, enum unit_state state)
{
    for (size_t i = 0; i < b->unit_count; i++)
        if (b->units[i].kind == kind && b->units[i].state == state)
            return &b->units[i];
    return NULL;
}

/* ---- before and after ---- */

static bool cannot_write(struct batch *b, const char *path)
{
    const int full = errno == ENOSPC || errno == EDQUOT;
    report_add(b->report, SEV_ERROR, full ? "E0520" : "E0733", NULL, "cannot write %s: %s", path,
               strerror(errno));
    return false;
}

/* All names that this run may write are ours from here on, whatever happens. */
static bool claim_all(struct batch *b)
{
    size_t n = 0;
    for (size_t i = 0; i < b->unit_count; i++)
        n += b->units[i].target_count;
    const char **paths = heap_alloc(n + 1, sizeof *paths);
    n = 0;
    for (size_t i = 0; i < b->unit_count; i++)
        for (size_t k = 0; b->units[i].state == UNIT_TODO && k < b->units[i].target_count; k++)
            if (!journal_owns(b->journal, b->units[i].targets[k].path))
                paths[n++] = b->units[i].targets[k].path;
    const bool ok = journal_claim(b->journal, paths, n) && journal_sync(b->journal);
    free(paths);
    return ok;
}

/* Another run may have ended between the plan and the lock. */
static void look_again(struct batch *b)
{
    struct journal *fresh = journal_load(b->state);
    if (journal_bytes(fresh) == journal_bytes(b->journal)) {
        journal_free(fresh);
        return;
    }
    journal_free(b->journal);
    b->journal = fresh;
    plan_states(b);
}

/* What a killed run was writing beside; a shard leaves it to the whole run, which is alone in OUT. */
static void sweep_beside(const struct batch *b)
{
    if (b->shard.count)
        return;
    char *runs = heap_printf("%s/runs", b->state);
    files_sweep_beside(b->state);
    files_sweep_beside(runs);
    free(runs);
}

static bool open_out(struct work *w)
{
    struct batch *b = w->b;
    char suffix[32], name[64];
    shard_suffix(&b->shard, suffix);
    snprintf(name, sizeof name, "journal%s", suffix);
    look_again(b);
    sweep_beside(b);
    w->temp = heap_printf("%s/tmp%s", b->state, suffix);
    if (!files_remove_tree(w->temp) || !files_make_folder(w->temp))
        return cannot_write(b, w->temp);
    engine_writes_below(b->engine, w->temp);
    if (!journal_open(b->journal, name, !b->shard.count) || !claim_all(b))
        return cannot_write(b, b->state);
    if (journal_damaged(b->journal))
        report_add(b->report, SEV_WARNING, "W0736", NULL,
                   "%zu damaged lines of the journal are left out; what they told is made again",
                   journal_damaged(b->journal));
    for (size_t v = 0; v < b->variant_count && !b->o->again_item; v++)
        if (!record_write(b, b->variants[v].graph, &b->variants[v].run))
            return cannot_write(b, b->state);
    w->committer = commit_new(b->out, COMMIT_THREADS, COMMIT_QUEUE, work_committed, w);
    return w->committer || cannot_write(b, b->out);
}

static void work_all(struct work *w)
{
    struct batch *b = w->b;
    if (!work_once(w) || work_stopped(w))
        return;
    run_items(w);
    struct unit *gather = find_unit(b, UNIT_GATHER, UNIT_TODO);
    if (gather && !work_stopped(w))
        work_gather(w, gather);
}

static void close_work(struct work *w)
{
    const uint32_t nodes = w->b->variants[0].graph->node_count;
    commit_free(w->committer);
    journal_sync(w->b->journal);
    if (w->temp)
        files_remove_tree(w->temp);
    show_times(w->b, w->b->variants[0].graph, w->ms, w->ms_count);
    for (uint32_t i = 0; i < nodes; i++)
        free(w->ms[i]);
    free(w->ms);
    free(w->ms_count);
    free(w->todo);
    free(w->temp);
    pthread_mutex_destroy(&w->lock);
}

enum work_end batch_work(struct batch *b)
{
    struct work w = {.b = b};
    struct shard_lock lock = {-1, -1};
    const uint32_t nodes = b->variants[0].graph->node_count;
    if (!files_make_folder(b->state)) {
        cannot_write(b, b->state);
        return WORK_REFUSED;
    }
    if (!shard_lock(b->state, &b->shard, &lock, b->report))
        return WORK_REFUSED;
    if (!shard_plan(b->state, &b->shard, b->plan, b->item_count, b->report)) {
        shard_unlock(&lock);
        return WORK_REFUSED;
    }
    pthread_mutex_init(&w.lock, NULL);
    w.todo = heap_alloc(b->unit_count + 1, sizeof *w.todo);
    w.ms = heap_alloc(nodes + 1, sizeof *w.ms);
    w.ms_count = heap_alloc(nodes + 1, sizeof *w.ms_count);
    const bool opened = open_out(&w);
    if (opened)
        work_all(&w);
    close_work(&w);
    const bool cancelled = b->o->stop && atomic_load(b->o->stop);
    const enum work_end end = !opened ? WORK_REFUSED : cancelled ? WORK_INTERRUPTED : atomic_load(&w.end);
    if (end == WORK_DONE && !b->shard.count && !plan_count(b, UNIT_FAILED))
        shard_drop_plan(b->state);
    if (opened)
        show_lists(b);
    shard_unlock(&lock);
    return end;
}

/* A run that was killed at its very end leaves nothing to do, but things to put away. */
void batch_tidy(struct batch *b)
{
    struct shard_lock lock;
    struct report *scratch = report_new();
    char suffix[32];
    if (!access(b->state, F_OK) && shard_lock(b->state, &b->shard, &lock, scratch)) {
        char *temp = heap_printf("%s/tmp%s", b->state, shard_suffix(&b->shard, suffix));
        files_remove_tree(temp);
        free(temp);
        sweep_beside(b);
        if (!b->shard.count && shard_plan(b->state, &b->shard, b->plan, b->item_count, scratch))
            shard_drop_plan(b->state);
        if (find_unit(b, UNIT_GATHER, UNIT_UP_TO_DATE))
            engine_drop_spool(b->engine);
        show_failed(b);
        shard_unlock(&lock);
    }
    report_free(scratch);
}

/* ---- the engine ---- */

static void watch_progress(void *user, unsigned slot, const struct node *node, double fraction,
                           const char *phase)
{
    const struct batch *b = user;
    progress_node(b->progress, slot, node->name, fraction, phase);
}

static void watch_preview(void *user, unsigned slot, const struct node *node, const imp_image *image)
{
    preview_save(user, slot, node, image);
}

bool batch_engine(struct batch *b)
{
    const struct engine_options options = {
        .threads = b->threads, .jobs = b->jobs, .mem = b->o->mem, .state = b->check_only ? NULL : b->state,
        .cache = b->o->cache, .isolate = b->o->isolate,
        .untrusted = b->o->untrusted,
        .silence = b->o->silence, .metadata = !b->o->private_, .stop = b->o->stop,
        .watch = {b, watch_progress, b->o->preview ? watch_preview : NULL}};
    b->engine = engine_new(b->registry, b->codecs, &options, b->report);
    if (!b->engine) {
        report_add(b->report, SEV_ERROR, "E0502", NULL, "no memory or no threads for the engine");
        return false;
    }
    for (size_t v = 0; v < b->variant_count; v++)
        engine_add(b->engine, b->variants[v].graph);
    engine_begin(b->engine);
    return true;
}
