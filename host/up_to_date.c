#include "up_to_date.h"
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "record.h"

enum { MOST_FAULTS = 8 };

/* ---- keys ---- */

/* Recipes of the nodes that write the unit's files. */
static struct hash writers_recipe(const struct batch *b, const struct unit *u)
{
    struct hasher *h = hash_new();
    const struct graph *g = unit_graph(b, u);
    for (size_t k = 0; k < u->target_count; k++) {
        hash_hash(h, g->nodes[u->targets[k].node].recipe);
        hash_u64(h, u->targets[k].param);
    }
    return hash_end(h);
}

void keys_set(struct batch *b)
{
    for (size_t i = 0; i < b->unit_count; i++) {
        struct unit *u = &b->units[i];
        struct hasher *h = hash_new();
        hash_u64(h, b->o->private_);
        hash_u64(h, b->o->exact);
        hash_hash(h, u->kind == UNIT_ITEM ? unit_graph(b, u)->recipe : writers_recipe(b, u));
        u->key = hash_end(h);
    }
}

struct hash plan_gather_key(const struct batch *b, const struct unit *gather)
{
    struct hasher *h = hash_new();
    hash_u64(h, b->o->private_);
    hash_u64(h, b->o->exact);
    hash_hash(h, writers_recipe(b, gather));
    for (size_t i = 0; i < b->unit_count; i++) {
        const struct unit *u = &b->units[i];
        if (u->kind != UNIT_ITEM || (u->state != UNIT_UP_TO_DATE && u->state != UNIT_DONE))
            continue;
        hash_hash(h, u->identity);
        hash_hash(h, u->key);
        hash_hash(h, u->picture);
    }
    return hash_end(h);
}

/* ---- what was recorded against what is there ---- */

const char *made_differs(struct arena *arena, const char *out, const struct entry *e)
{
    for (size_t i = 0; i < e->made_count; i++) {
        const struct made *m = &e->made[i];
        const char *path = arena_printf(arena, "%s/%s", out, m->path);
        struct files_state st;
        struct hash h;
        if (!files_stat(path, &st))
            return arena_printf(arena, "%s is not there", m->path);
        if (st.size != m->size)
            return arena_printf(arena, "%s was changed", m->path);
        if (st.mtime != m->mtime && (!files_hash(path, &h) || !hash_equal(h, m->hash)))
            return arena_printf(arena, "%s was changed", m->path);
    }
    return NULL;
}

const char *picture_differs(const char *path, const struct entry *e, struct files_state *st)
{
    struct hash h;
    if (!files_stat(path, st))
        return "the picture is not there";
    if (st->size == e->picture_size && st->mtime == e->picture_mtime && st->inode == e->picture_inode)
        return NULL;
    if (st->size != e->picture_size || !hash_file(path, &h) || !hash_equal(h, e->picture))
        return "the picture changed";
    return NULL;
}

static bool same_files(const struct unit *u, const struct entry *e)
{
    if (u->target_count != e->made_count)
        return false;
    for (size_t i = 0; i < u->target_count; i++)
        if (strcmp(u->targets[i].path, e->made[i].path))
            return false;
    return true;
}

static bool all_there(const struct batch *b, const struct unit *u)
{
    bool there = u->target_count > 0;
    for (size_t i = 0; there && i < u->target_count; i++)
        there = !access(arena_printf(b->arena, "%s/%s", b->out, u->targets[i].path), F_OK);
    return there;
}

/* Why a unit has to run; NULL: it has not. */
static const char *why_run(struct batch *b, struct unit *u)
{
    const struct entry *e = u->before;
    if (b->o->overwrite == OVERWRITE_ALWAYS)
        return "--overwrite always";
    if (!e)
        return "new";
    if (e->failed)
        return arena_printf(b->arena, "failed before: %s", e->code);
    if (!hash_equal(e->key, u->key))
        return record_difference(b->arena, b->state, e->run, unit_graph(b, u));
    if (!same_files(u, e))
        return "its files have other names now";
    const char *why = u->item ? picture_differs(u->item->path, e, &u->file) : NULL;
    return why ? why : made_differs(b->arena, b->out, e);
}

static void set_state(struct batch *b, struct unit *u)
{
    u->before = journal_find(b->journal, u->identity);
    if (u->item && !u->file.inode)
        files_stat(u->item->path, &u->file);
    u->why = b->out ? why_run(b, u) : "new";
    if (u->why && b->o->overwrite == OVERWRITE_NEVER && b->out && all_there(b, u))
        u->why = NULL;
    u->state = u->why ? UNIT_TODO : UNIT_UP_TO_DATE;
    if (u->before && !u->why) {
        u->picture = u->before->picture;
        u->us = u->before->us;
    }
}

/* ---- gathering ---- */

static struct unit *gather_unit(struct batch *b)
{
    struct unit *last = b->unit_count ? &b->units[b->unit_count - 1] : NULL;
    return last && last->kind == UNIT_GATHER ? last : NULL;
}

static void gather_state(struct batch *b, struct unit *g)
{
    const bool items = plan_count(b, UNIT_TODO) == 0;
    g->key = plan_gather_key(b, g);
    set_state(b, g);
    if (!items && g->state == UNIT_UP_TO_DATE && b->o->overwrite != OVERWRITE_NEVER) {
        g->state = UNIT_TODO;
        g->why = "its pictures change";
    }
    if (g->state != UNIT_TODO)
        return;
    for (size_t i = 0; i < b->unit_count; i++) {
        struct unit *u = &b->units[i];
        if (u->kind == UNIT_ITEM && u->state == UNIT_UP_TO_DATE && !engine_spooled(b->engine, u->identity)) {
            u->state = UNIT_TODO;
            u->why = "its values are gathered again";
        }
    }
}

/* What is made again takes the place of what the record tells, under the same names. */
static void take_record(struct batch *b, struct unit *u)
{
    hash_parse(b->o->again_item, &u->identity);
    u->before = journal_find(b->journal, u->identity);
    u->state = UNIT_TODO;
    if (!u->before || u->before->made_count != u->target_count)
        return;
    u->key = u->before->key;
    u->label = u->before->label;
    b->variants[u->variant].run = u->before->run;
    for (size_t i = 0; i < u->target_count; i++)
        u->targets[i].path = u->before->made[i].path;
}

/* --again: one unit only, by the identity of the record that is made again. */
static void only_again(struct batch *b)
{
    const bool item = b->items.count > 0;
    for (size_t i = 0; i < b->unit_count; i++) {
        struct unit *u = &b->units[i];
        if (u->kind == (item ? UNIT_ITEM : UNIT_ONCE))
            take_record(b, u);
        else
            u->state = UNIT_ELSEWHERE;
    }
}

void plan_states(struct batch *b)
{
    struct unit *gather = gather_unit(b);
    size_t k = 0;
    for (size_t i = 0; i < b->unit_count; i++)
        if (&b->units[i] != gather)
            set_state(b, &b->units[i]);
    if (gather)
        gather_state(b, gather);
    for (size_t i = 0; i < b->unit_count; i++) {
        struct unit *u = &b->units[i];
        const bool ours = u->kind == UNIT_ITEM ? shard_has(&b->shard, k++) : !b->shard.count;
        if (!ours)
            u->state = UNIT_ELSEWHERE;
    }
    if (b->o->again_item)
        only_again(b);
}

/* ---- files in the way ---- */

struct inputs { struct files_state *list; const char **names; size_t count, capacity, names_capacity; };

static void add_input(struct batch *b, struct inputs *in, const char *path, const struct files_state *known)
{
    struct files_state st;
    if (known)
        st = *known;
    else if (!files_stat(path, &st) || st.folder)
        return;
    in->list = arena_grow(b->arena, in->list, in->count, &in->capacity, sizeof *in->list);
    in->list[in->count++] = st;
}

static int compare_inode(const void *a, const void *b)
{
    const struct files_state *x = a, *y = b;
    if (x->device != y->device)
        return x->device < y->device ? -1 : 1;
    return (x->inode > y->inode) - (x->inode < y->inode);
}

/* All that is read: pictures, and files that parameters name. */
static struct inputs all_inputs(struct batch *b)
{
    struct inputs in = {0};
    for (size_t i = 0; i < b->unit_count; i++)
        if (b->units[i].item && b->units[i].file.inode)
            add_input(b, &in, NULL, &b->units[i].file);
    for (size_t v = 0; v < b->variant_count; v++)
        for (uint32_t i = 0; i < b->variants[v].graph->node_count; i++) {
            const struct node *node = &b->variants[v].graph->nodes[i];
            for (uint32_t p = 0; p < node->filter->desc.param_count; p++) {
                const imp_param *row = &node->filter->desc.params[p];
                if (row->type == IMP_PATH && !(row->flags & IMP_PARAM_WRITTEN) && node->params[p].s.len)
                    add_input(b, &in, node->params[p].s.ptr, NULL);
            }
        }
    qsort(in.list, in.count, sizeof *in.list, compare_inode);
    return in;
}

static void refuse_input(struct batch *b, const struct unit *u, const struct target *t)
{
    struct fault *f = report_add(b->report, SEV_ERROR, "E0731", NULL,
                                 "'%s' of %s would replace a file that this run reads", t->path, u->name);
    fault_note(f, "originals are never written over: give another folder with -o, or another name");
}

static void refuse_foreign(struct batch *b, const struct unit *u, const struct target *t)
{
    const struct entry *maker = journal_maker(b->journal, t->path);
    struct fault *f = report_add(b->report, SEV_ERROR, "E0732", NULL,
                                 maker ? "%s/%s is there already, made of another picture: %s"
                                       : "%s/%s is there already, and no run into this folder made it%s",
                                 b->out, t->path, maker ? maker->relative : "");
    (void)u;
    fault_note(f, "give another folder with -o; or --overwrite always replaces it, --overwrite never keeps it");
}

/* A numbered name of a part of the pictures may stand for another picture of the whole. */
static bool made_by_another(const struct batch *b, const struct unit *u, const struct target *t)
{
    const struct entry *maker = b->items.failed_list ? journal_maker(b->journal, t->path) : NULL;
    return maker && !maker->failed && !hash_equal(maker->identity, u->identity);
}

void plan_refuse(struct batch *b)
{
    size_t inputs = 0, foreign = 0;
    const struct inputs in = all_inputs(b);
    for (size_t i = 0; b->out && i < b->unit_count; i++) {
        const struct unit *u = &b->units[i];
        for (size_t k = 0; u->state == UNIT_TODO && k < u->target_count; k++) {
            const struct target *t = &u->targets[k];
            struct files_state st;
            if (!files_stat(arena_printf(b->arena, "%s/%s", b->out, t->path), &st))
                continue;
            if (in.count && bsearch(&st, in.list, in.count, sizeof *in.list, compare_inode)) {
                if (inputs++ < MOST_FAULTS)
                    refuse_input(b, u, t);
            } else if (b->o->overwrite == OVERWRITE_CHANGED && !b->o->again_item && !b->check_only &&
                       (!journal_owns(b->journal, t->path) || made_by_another(b, u, t))) {
                if (foreign++ < MOST_FAULTS)
                    refuse_foreign(b, u, t);
            }
        }
    }
    if (inputs > MOST_FAULTS)
        report_add(b->report, SEV_ERROR, "E0731", NULL, "and %zu more like it", inputs - MOST_FAULTS);
    if (foreign > MOST_FAULTS)
        report_add(b->report, SEV_ERROR, "E0732", NULL, "and %zu more files like it", foreign - MOST_FAULTS);
}
