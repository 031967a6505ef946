/* work_once.c - what runs once: constants before the items, gathering nodes after them. */
#include "work.h"
#include <stdlib.h>
#include "progress.h"

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

bool work_once(struct work *w)
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
        jobs[count++] = work_prepare(w, u, all + n);
        n += u->target_count;
    }
    const uint64_t start = work_clock();
    engine_constants(b->engine, all, n, &o);
    for (size_t i = 0; i < count; i++) {
        units[i]->us = work_clock() - start;
        if (units[i]->state == UNIT_TODO)
            work_settle(w, units[i], jobs[i], &o);
        else
            work_drop(jobs[i]);
    }
    commit_drain(w->committer);
    progress_stage(b->progress, NULL);
    if (o.status < 0) {
        struct fault *f = report_add(b->report, SEV_ERROR, *o.code ? o.code : "E0601", NULL, "%s", o.text);
        fault_note(f, "this runs once and all pictures need it, so none was made");
        work_end_with(w, WORK_HALTED);
    }
    work_free_written(all, n);
    free(units);
    free(jobs);
    return o.status == IMP_OK;
}

/* ---- gathering ---- */

void work_gather(struct work *w, struct unit *g)
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
        struct commit_job *job = work_prepare(w, g, written);
        struct outcome o = {.node = UINT32_MAX};
        const uint64_t start = work_clock();
        g->key = plan_gather_key(b, g);
        progress_stage(b->progress, "gathering");
        engine_gather(b->engine, identities, labels, n, written, g->target_count, &o);
        g->us = work_clock() - start;
        work_free_written(written, g->target_count);
        work_settle(w, g, job, &o);
        commit_drain(w->committer);
        progress_stage(b->progress, NULL);
        if (g->state == UNIT_DONE && plan_count(b, UNIT_FAILED) == 0)
            engine_drop_spool(b->engine);
    }
    free(identities);
    free(labels);
}
