/* work_results.c - temporary files, and what becomes of a unit: committed and journalled, or failed and told. */
#include "work.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <time.h>
#include <unistd.h>
#include "batch_show.h"
#include "progress.h"

/* What is on its way to its names. */
struct pending { struct work *work; struct unit *unit; };

static int64_t now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
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
        work_end_with(w, WORK_HALTED);
}

/* In a commit thread: the files are under their names, or one could not be. */
void work_committed(void *user, struct commit_job *job, const struct made *made, int failed,
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
            work_end_with(w, WORK_FULL);
        unit_failed(w, u, full ? "E0520" : "E0737", NULL, text);
        return;
    }
    pthread_mutex_lock(&w->lock);
    u->state = UNIT_DONE;
    pthread_mutex_unlock(&w->lock);
    if (!journal_unit(w->b, u, made, job->count))
        work_end_with(w, WORK_FULL);
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

void work_drop(struct commit_job *job)
{
    for (size_t i = 0; i < job->count; i++)
        files_remove_tree(job->files[i].temp);
    free(job->user);
    commit_job_free(job);
}

struct commit_job *work_prepare(struct work *w, struct unit *u, struct written *written)
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

void work_free_written(struct written *written, size_t n)
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
void work_settle(struct work *w, struct unit *u, struct commit_job *job, const struct outcome *o)
{
    if (o->status == IMP_OK) {
        if (o->constant_picture)
            progress_message(w->b->progress, "warning[W0606]: %s: the picture written has one colour only",
                             u->name);
        commit_push(w->committer, job);
        return;
    }
    work_drop(job);
    if (o->status == IMP_CANCELLED)
        return;
    const bool full = o->status == IMP_E_IO && disk_full(w);
    if (full)
        work_end_with(w, WORK_FULL);
    unit_failed(w, u, full ? "E0520" : *o->code ? o->code : "E0601", node_name(w->b, u, o),
                *o->text ? o->text : "no reason was given");
}
