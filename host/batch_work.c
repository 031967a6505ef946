#include "batch_work.h"
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <time.h>
#include <unistd.h>
#include "batch_show.h"
#include "commit.h"
#include "preview.h"
#include "progress.h"
#include "record.h"

enum { COMMIT_THREADS = 3, COMMIT_QUEUE = 32 };

struct work {
    struct batch *b;
    struct committer *committer;
    char *temp;                /* OUT/.impasto/tmp... */
    struct unit **todo;        /* items */
    size_t todo_count;
    atomic_size_t next, serial;
    atomic_int end;            /* enum work_end: non-zero stops handing out */
    pthread_mutex_t lock;      /* units' results, times */
    double **ms;               /* by node of variant 0 */
    size_t *ms_count;
};

/* What is on its way to its names. */
struct pending { struct work *work; struct unit *unit; };

static bool stopped(const struct work *w)
{
    return (w->b->o->stop && atomic_load(w->b->o->stop)) || atomic_load(&w->end);
}

static void end_work(struct work *w, enum work_end why)
{
    int none = WORK_DONE;
    atomic_compare_exchange_strong(&w->end, &none, (int)why);
}

static int64_t now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static uint64_t clock_us(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

static bool disk_full(const struct work *w)
{
    struct statvfs v;
    return !statvfs(w->b->state, &v) && (uint64_t)v.f_bavail * v.f_frsize < 65536;
}

/* ---- results ---- */

/* The path that leads to the same picture and the same name again, from anywhere. */
static char *absolute_source(const struct batch *b, const struct unit *u)
{
    if (!u->item || b->o->private_)
        return heap_strdup("");
    if (u->item->source[0] == '/')
        return heap_strdup(u->item->source);
    char folder[4096];
    return getcwd(folder, sizeof folder) ? heap_printf("%s/%s", folder, u->item->source)
                                         : heap_strdup(u->item->source);
}

static bool journal_unit(const struct batch *b, const struct unit *u, const struct made *made, size_t n)
{
    char *source = absolute_source(b, u);
    struct entry e = {
        .failed = u->state == UNIT_FAILED, .identity = u->identity, .key = u->key,
        .run = b->variants[u->variant].run, .picture = u->picture, .picture_size = u->file.size,
        .picture_inode = u->file.inode, .picture_mtime = u->file.mtime, .when = now_ns(), .us = u->us,
        .relative = u->item ? u->item->relative : "", .source = source, .label = u->label,
        .made = (struct made *)(uintptr_t)made, .made_count = n, .code = u->code, .node = u->node,
        .text = u->text};
    const bool ok = journal_write(b->journal, &e);
    free(source);
    return ok;
}

/* Names in the failed list and in messages are one line. */
static char *one_line(const char *text)
{
    char *s = heap_strdup(text);
    for (char *p = s; *p; p++)
        if ((unsigned char)*p < 0x20)
            *p = ' ';
    return s;
}

static void unit_failed(struct work *w, struct unit *u, const char *code, const char *node, const char *text)
{
    pthread_mutex_lock(&w->lock);
    u->state = UNIT_FAILED;
    memset(u->code, 0, sizeof u->code);
    memcpy(u->code, code, strnlen(code, sizeof u->code - 1));
    free(u->text);
    u->text = one_line(text);
    u->node = node;
    pthread_mutex_unlock(&w->lock);
    journal_unit(w->b, u, NULL, 0);
    if (u->kind == UNIT_ITEM)
        progress_count(w->b->progress, u->pixels, true);
    if (w->b->o->verbose && !w->b->o->json)
        progress_message(w->b->progress, "failed  %s  %s  %s", u->name, u->code, u->text);
    show_item(w->b, u, NULL, 0);
    if (w->b->o->fail_fast)
        end_work(w, WORK_HALTED);
}

/* In a commit thread: the files are under their names, or one could not be. */
static void committed(void *user, struct commit_job *job, const struct made *made, int failed,
                      const char *failed_path)
{
    struct pending *p = job->user;
    struct work *w = user;
    struct unit *u = p->unit;
    char text[512];
    free(p);
    if (failed) {
        const bool full = failed == ENOSPC || failed == EDQUOT;
        snprintf(text, sizeof text, "cannot write %s/%s: %s", w->b->out, failed_path, strerror(failed));
        if (full)
            end_work(w, WORK_FULL);
        unit_failed(w, u, full ? "E0520" : "E0737", NULL, text);
        return;
    }
    pthread_mutex_lock(&w->lock);
    u->state = UNIT_DONE;
    pthread_mutex_unlock(&w->lock);
    if (!journal_unit(w->b, u, made, job->count))
        end_work(w, WORK_FULL);
    if (u->kind == UNIT_ITEM)
        progress_count(w->b->progress, u->pixels, false);
    if (w->b->o->verbose && !w->b->o->json)
        progress_message(w->b->progress, "written %s (%s)", u->name, u->why ? u->why : "new");
    show_item(w->b, u, made, job->count);
}

/* ---- temporary files ---- */

static const char *ending_of(const char *path)
{
    const char *slash = strrchr(path, '/'), *dot = strrchr(slash ? slash + 1 : path, '.');
    return dot ? dot : "";
}

static void drop_job(struct commit_job *job)
{
    for (size_t i = 0; i < job->count; i++)
        files_remove_tree(job->files[i].temp);
    free(job->user);
    commit_job_free(job);
}

/* A temporary name with the right ending for every file of the unit. *written points into the job. */
static struct commit_job *prepare(struct work *w, struct unit *u, struct written *written)
{
    const size_t serial = atomic_fetch_add(&w->serial, 1);
    struct commit_job *job = heap_alloc(1, sizeof *job);
    struct pending *p = heap_alloc(1, sizeof *p);
    *p = (struct pending){w, u};
    job->user = p;
    job->count = u->target_count;
    job->files = heap_alloc(u->target_count + 1, sizeof *job->files);
    for (size_t i = 0; i < u->target_count; i++) {
        const struct target *t = &u->targets[i];
        struct commit_file *f = &job->files[i];
        *f = (struct commit_file){.folder = t->folder, .path = heap_strdup(t->path),
                                  .keep = w->b->o->overwrite == OVERWRITE_NEVER};
        char *temp = heap_printf("%s/%zu-%zu%s", w->temp, serial, i, t->folder ? "/" : ending_of(t->path));
        if (t->folder)
            files_make_folder(temp);
        written[i] = (struct written){.node = t->node, .param = t->param, .temp = temp,
                                      .variant = u->kind == UNIT_ONCE ? u->variant : 0};
        f->temp = t->folder ? heap_printf("%.*s", (int)strlen(temp) - 1, temp) : heap_strdup(temp);
    }
    return job;
}

static void free_written(struct written *written, size_t n)
{
    for (size_t i = 0; i < n; i++)
        free((char *)(uintptr_t)written[i].temp);
    free(written);
}

static const char *node_name(const struct batch *b, const struct unit *u, const struct outcome *o)
{
    const struct graph *g = unit_graph(b, u);
    return o->node < g->node_count ? g->nodes[o->node].name : NULL;
}

/* Takes job over. */
static void settle(struct work *w, struct unit *u, struct commit_job *job, const struct outcome *o)
{
    if (o->status == IMP_OK) {
        if (o->constant_picture)
            progress_message(w->b->progress, "warning[W0606]: %s: the picture written has one colour only",
                             u->name);
        commit_push(w->committer, job);
        return;
    }
    drop_job(job);
    if (o->status == IMP_CANCELLED)
        return;
    const bool full = o->status == IMP_E_IO && disk_full(w);
    if (full)
        end_work(w, WORK_FULL);
    unit_failed(w, u, full ? "E0520" : *o->code ? o->code : "E0601", node_name(w->b, u, o),
                *o->text ? o->text : "no reason was given");
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
    struct commit_job *job = prepare(w, u, written);
    struct node_time *times = heap_alloc(nodes + 1, sizeof *times);
    struct outcome o = {.node = UINT32_MAX, .times = times};
    const struct item_call call = {
        .variant = u->variant, .path = u->item ? u->item->path : NULL,
        .stem = u->item ? u->item->stem : u->label, .label = u->label, .identity = u->identity,
        .written = written, .written_count = u->target_count};
    const uint64_t start = clock_us();
    progress_begin(b->progress, slot, u->name);
    engine_item(b->engine, slot, &call, &o);
    u->us = clock_us() - start;
    u->picture = o.picture;
    progress_rest(b->progress, slot);
    if (o.status == IMP_OK && u->variant == 0)
        keep_times(w, times, nodes);
    free(times);
    free_written(written, u->target_count);
    settle(w, u, job, &o);
}

static void work_slot(void *user, unsigned slot)
{
    struct work *w = user;
    for (size_t i; !stopped(w) && (i = atomic_fetch_add(&w->next, 1)) < w->todo_count;)
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
    pool_tasks(engine_pool(b->engine), b->jobs < w->todo_count ? b->jobs : (unsigned)w->todo_count, work_slot, w);
    commit_drain(w->committer);
}

/* ---- what runs once ---- */

/* A writer whose outputs others take runs with them, so it needs a name to write to then. */
static bool feeds(const struct batch *b, const struct unit *u)
{
    const struct graph *g = unit_graph(b, u);
    for (size_t i = 0; i < u->target_count; i++)
        if (g->nodes[u->targets[i].node].wanted)
            return true;
    return false;
}

static bool run_once(struct work *w)
{
    struct batch *b = w->b;
    struct written *all = NULL;
    struct commit_job **jobs = heap_alloc(b->variant_count + 1, sizeof *jobs);
    struct unit **units = heap_alloc(b->variant_count + 1, sizeof *units);
    size_t n = 0, count = 0;
    struct outcome o = {.node = UINT32_MAX};
    progress_stage(b->progress, "preparing what all pictures share");
    for (size_t i = 0; i < b->unit_count; i++) {
        struct unit *u = &b->units[i];
        if (u->kind != UNIT_ONCE || (u->state != UNIT_TODO && !feeds(b, u)))
            continue;
        all = heap_resize(all, n + u->target_count, sizeof *all);
        units[count] = u;
        jobs[count++] = prepare(w, u, all + n);
        n += u->target_count;
    }
    const uint64_t start = clock_us();
    engine_constants(b->engine, all, n, &o);
    for (size_t i = 0; i < count; i++) {
        units[i]->us = clock_us() - start;
        if (units[i]->state == UNIT_TODO)
            settle(w, units[i], jobs[i], &o);
        else
            drop_job(jobs[i]);
    }
    commit_drain(w->committer);
    progress_stage(b->progress, NULL);
    if (o.status < 0) {
        struct fault *f = report_add(b->report, SEV_ERROR, *o.code ? o.code : "E0601", NULL, "%s", o.text);
        fault_note(f, "this runs once and all pictures need it, so none was made");
        end_work(w, WORK_HALTED);
    }
    free_written(all, n);
    free(units);
    free(jobs);
    return o.status == IMP_OK;
}

/* ---- gathering ---- */

static void run_gather(struct work *w, struct unit *g)
{
    struct batch *b = w->b;
    size_t n = 0;
    struct hash *identities = heap_alloc(b->item_count + 1, sizeof *identities);
    const char **labels = heap_alloc(b->item_count + 1, sizeof *labels);
    for (size_t i = 0; i < b->unit_count; i++) {
        const struct unit *u = &b->units[i];
        if (u->kind == UNIT_ITEM && (u->state == UNIT_DONE || u->state == UNIT_UP_TO_DATE)) {
            labels[n] = u->label;
            identities[n++] = u->identity;
        }
    }
    if (n || !b->item_count) {
        struct written *written = heap_alloc(g->target_count + 1, sizeof *written);
        struct commit_job *job = prepare(w, g, written);
        struct outcome o = {.node = UINT32_MAX};
        const uint64_t start = clock_us();
        g->key = plan_gather_key(b, g);
        progress_stage(b->progress, "gathering");
        engine_gather(b->engine, identities, labels, n, written, g->target_count, &o);
        g->us = clock_us() - start;
        free_written(written, g->target_count);
        settle(w, g, job, &o);
        commit_drain(w->committer);
        progress_stage(b->progress, NULL);
        if (g->state == UNIT_DONE && plan_count(b, UNIT_FAILED) == 0)
            engine_drop_spool(b->engine);
    }
    free(identities);
    free(labels);
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

static bool open_out(struct work *w)
{
    struct batch *b = w->b;
    char suffix[32], name[64];
    shard_suffix(&b->shard, suffix);
    snprintf(name, sizeof name, "journal%s", suffix);
    look_again(b);
    w->temp = heap_printf("%s/tmp%s", b->state, suffix);
    if (!files_remove_tree(w->temp) || !files_make_folder(w->temp))
        return cannot_write(b, w->temp);
    if (!journal_open(b->journal, name, !b->shard.count) || !claim_all(b))
        return cannot_write(b, b->state);
    if (journal_damaged(b->journal))
        report_add(b->report, SEV_WARNING, "W0736", NULL,
                   "%zu damaged lines of the journal are left out; what they told is made again",
                   journal_damaged(b->journal));
    for (size_t v = 0; v < b->variant_count && !b->o->again_item; v++)
        if (!record_write(b, b->variants[v].graph, &b->variants[v].run))
            return cannot_write(b, b->state);
    w->committer = commit_new(b->out, COMMIT_THREADS, COMMIT_QUEUE, committed, w);
    return w->committer || cannot_write(b, b->out);
}

static void work_all(struct work *w)
{
    struct batch *b = w->b;
    if (!run_once(w) || stopped(w))
        return;
    run_items(w);
    struct unit *gather = find_unit(b, UNIT_GATHER, UNIT_TODO);
    if (gather && !stopped(w))
        run_gather(w, gather);
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
        .cache = b->o->cache, .metadata = !b->o->private_, .stop = b->o->stop,
        .watch = {b, watch_progress, b->o->preview ? watch_preview : NULL}};
    b->engine = engine_new(b->registry, b->codecs, &options, b->report);
    if (!b->engine) {
        report_add(b->report, SEV_ERROR, "E0502", NULL, "no memory or no threads for the engine");
        return false;
    }
    for (size_t v = 0; v < b->variant_count; v++)
        engine_add(b->engine, b->variants[v].graph);
    return true;
}
