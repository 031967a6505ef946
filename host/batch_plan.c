#include "batch_plan.h"
#include <stdlib.h>
#include <string.h>
#include "batch_work.h"
#include "targets.h"
#include "up_to_date.h"
#include "variants.h"

enum { MOST_SIZES = 256 };

struct graph *unit_graph(const struct batch *b, const struct unit *u)
{
    return b->variants[u->variant].graph;
}

size_t plan_count(const struct batch *b, enum unit_state state)
{
    size_t n = 0;
    for (size_t i = 0; i < b->unit_count; i++)
        n += b->units[i].kind == UNIT_ITEM && b->units[i].state == state;
    return n;
}

bool plan_todo(const struct batch *b)
{
    for (size_t i = 0; i < b->unit_count; i++)
        if (b->units[i].state == UNIT_TODO)
            return true;
    return false;
}

/* ---- units ---- */

static bool writes_here(const struct batch *b, const struct unit *u, const struct node *node)
{
    static const enum phase phases[] = {[UNIT_ITEM] = PHASE_ITEM, [UNIT_ONCE] = PHASE_CONSTANT,
                                        [UNIT_GATHER] = PHASE_GATHER};
    if (!node->writes || !node->pass || node->phase != phases[u->kind])
        return false;
    return u->kind != UNIT_ONCE || u->variant == 0 || b->variants[u->variant].depends[node->index];
}

static void add_targets(struct batch *b, struct unit *u, size_t number)
{
    const struct graph *g = unit_graph(b, u);
    size_t capacity = 0;
    for (uint32_t i = 0; i < g->node_count; i++) {
        const struct node *node = &g->nodes[i];
        if (!writes_here(b, u, node))
            continue;
        for (uint32_t p = 0; p < node->filter->desc.param_count; p++) {
            if (!(node->filter->desc.params[p].flags & IMP_PARAM_WRITTEN) || !node->params[p].s.len)
                continue;
            char *path = arena_strdup(b->arena, names_expand(b->arena, node->params[p].s.ptr, g, u->item, number));
            const size_t n = strlen(path);
            const bool folder = n && path[n - 1] == '/';
            if (folder)
                path[n - 1] = 0;
            u->targets = arena_grow(b->arena, u->targets, u->target_count, &capacity, sizeof *u->targets);
            u->targets[u->target_count++] = (struct target){path, i, p, folder};
        }
    }
}

static struct hash identity_of(const char *what, const char *relative, size_t same, const char *label)
{
    struct hasher *h = hash_new();
    hash_text(h, what);
    hash_text(h, relative);
    hash_u64(h, same);
    hash_text(h, label);
    return hash_end(h);
}

static void add_item_unit(struct batch *b, const struct item *item, uint32_t variant, size_t same)
{
    const char *point = b->variants[variant].label;
    struct unit *u = &b->units[b->unit_count++];
    const char *relative = item ? item->relative : "";
    *u = (struct unit){.kind = UNIT_ITEM, .variant = variant, .item = item};
    u->identity = identity_of("item", relative, same, point);
    u->name = *relative && *point ? arena_printf(b->arena, "%s %s", relative, point)
              : *relative ? relative : point;
    u->label = item && *point ? arena_printf(b->arena, "%s %s", item->stem, point) : item ? item->stem : point;
    add_targets(b, u, item ? item->number : variant + 1);
    b->item_count++;
}

static void add_single_unit(struct batch *b, enum unit_kind kind, uint32_t variant)
{
    struct unit *u = &b->units[b->unit_count];
    const char *point = kind == UNIT_ONCE ? b->variants[variant].label : "";
    *u = (struct unit){.kind = kind, .variant = variant};
    u->identity = identity_of(kind == UNIT_ONCE ? "once" : "gather", "", 0, point);
    u->label = kind == UNIT_GATHER ? "gather" : point;
    u->name = kind == UNIT_GATHER ? "what gathers" : *point ? point : "what runs once";
    add_targets(b, u, 1);
    if (u->target_count)
        b->unit_count++;
}

struct by_relative { const char *relative; size_t index; };

static int compare_relative(const void *a, const void *b)
{
    const struct by_relative *x = a, *y = b;
    const int order = strcmp(x->relative, y->relative);
    return order ? order : (x->index > y->index) - (x->index < y->index);
}

/* How many items before each have the same relative name (two folders given, for instance). */
static size_t *same_names(struct batch *b)
{
    const size_t n = b->items.count;
    struct by_relative *list = arena_alloc(b->arena, n + 1, sizeof *list);
    size_t *same = arena_alloc(b->arena, n + 1, sizeof *same);
    for (size_t i = 0; i < n; i++)
        list[i] = (struct by_relative){b->items.list[i].relative, i};
    qsort(list, n, sizeof *list, compare_relative);
    for (size_t i = 1; i < n; i++)
        if (!strcmp(list[i].relative, list[i - 1].relative))
            same[list[i].index] = same[list[i - 1].index] + 1;
    return same;
}

static void make_units(struct batch *b)
{
    const size_t points = b->variant_count;
    const size_t *same = same_names(b);
    b->units = arena_alloc(b->arena, (b->items.count + 2) * points + 1, sizeof *b->units);
    for (uint32_t v = 0; v < points; v++)
        add_single_unit(b, UNIT_ONCE, v);
    for (size_t i = 0; b->pictures && i < b->items.count; i++)
        for (uint32_t v = 0; v < points; v++)
            add_item_unit(b, &b->items.list[i], v, same[i]);
    if (!b->pictures && b->sweep.axis_count)
        for (uint32_t v = 0; v < points; v++)
            add_item_unit(b, NULL, v, 0);
    if (!b->items.failed_list)
        add_single_unit(b, UNIT_GATHER, 0);
}

/* ---- what the pictures are ---- */

struct probing { struct batch *b; struct unit **list; imp_picture *pictures; bool *known; };

static void probe_one(void *user, uint32_t i)
{
    struct probing *p = user;
    p->pictures[i].struct_size = sizeof p->pictures[i];
    p->known[i] = engine_probe(p->b->engine, p->list[i]->item->path, &p->pictures[i], NULL) == IMP_OK;
}

static int compare_pictures(const void *a, const void *b)
{
    const imp_picture *x = a, *y = b;
    const uint64_t n = (uint64_t)x->width * x->height, m = (uint64_t)y->width * y->height;
    if (n != m)
        return n < m ? 1 : -1;
    if (x->width != y->width)
        return x->width < y->width ? 1 : -1;
    if (x->channels != y->channels)
        return x->channels < y->channels ? 1 : -1;
    return (x->bits < y->bits) - (x->bits > y->bits);
}

/* Distinct sizes, the largest first. Of very many, those spread over the whole range are enough: what is wrong
 * with another one fails as an item. */
static size_t distinct(imp_picture *list, size_t n)
{
    size_t kept = 0;
    qsort(list, n, sizeof *list, compare_pictures);
    for (size_t i = 0; i < n; i++)
        if (!kept || compare_pictures(&list[kept - 1], &list[i]))
            list[kept++] = list[i];
    if (kept <= MOST_SIZES)
        return kept;
    for (size_t i = 0; i < MOST_SIZES; i++)
        list[i] = list[i * (kept - 1) / (MOST_SIZES - 1)];
    return MOST_SIZES;
}

/* Headers of the pictures that are to be worked on; fills in their pixels. */
static imp_picture *probe(struct batch *b, size_t *count)
{
    struct unit **list = arena_alloc(b->arena, b->unit_count + 1, sizeof *list);
    size_t n = 0, known = 0;
    for (size_t i = 0; i < b->unit_count; i++) {
        struct unit *u = &b->units[i];
        if (u->kind == UNIT_ITEM && u->item && (u->state == UNIT_TODO || b->check_only))
            list[n++] = u;
    }
    struct probing p = {b, list, arena_alloc(b->arena, n + 1, sizeof(imp_picture)),
                        arena_alloc(b->arena, n + 1, sizeof(bool))};
    pool_parallel(engine_pool(b->engine), (uint32_t)n, probe_one, &p, b->o->stop);
    for (size_t i = 0; i < n; i++) {
        if (!p.known[i])
            continue;
        list[i]->pixels = (uint64_t)p.pictures[i].width * p.pictures[i].height;
        p.pictures[known++] = p.pictures[i];
    }
    *count = distinct(p.pictures, known);
    return p.pictures;
}

/* ---- what the filters say ---- */

static void worst(struct estimate *all, const struct estimate *one, bool first)
{
    if (first) {
        *all = *one;
        return;
    }
    if (one->item_bytes > all->item_bytes)
        all->item_bytes = one->item_bytes;
    if (one->constant_bytes > all->constant_bytes)
        all->constant_bytes = one->constant_bytes;
    if (one->once_bytes > all->once_bytes)
        all->once_bytes = one->once_bytes;
    if (one->macs > all->macs)
        all->macs = one->macs;
    if (one->jobs_that_fit < all->jobs_that_fit)
        all->jobs_that_fit = one->jobs_that_fit;
}

/* Every variant; the mistakes of one point are enough when all points make them. */
static bool ask_filters(struct batch *b, const imp_picture *sizes, size_t n)
{
    const int before = report_count(b->report, SEV_ERROR);
    for (unsigned v = 0; v < b->variant_count; v++) {
        struct estimate e = {0};
        struct report *scratch = v ? report_new() : b->report;
        imp_status st = engine_plan(b->engine, v, sizes, n, &e, scratch);
        if (v && report_count(scratch, SEV_ERROR))
            st = engine_plan(b->engine, v, sizes, n, &e, b->report);
        if (v)
            report_free(scratch);
        if (st == IMP_CANCELLED || report_count(b->report, SEV_ERROR) > before)
            return false;
        if (st != IMP_OK) {
            report_add(b->report, SEV_ERROR, "E0300", NULL, "planning the run failed");
            return false;
        }
        worst(&b->estimate, &e, v == 0);
    }
    return true;
}

static bool check_memory(struct batch *b)
{
    const struct estimate *e = &b->estimate;
    char need[32], budget[32];
    if (!b->o->mem)
        return true;
    if (!e->jobs_that_fit) {
        const uint64_t item = e->constant_bytes + e->item_bytes;
        const bool once = e->once_bytes > item;
        const uint64_t least = once ? e->once_bytes : item;
        struct fault *f = report_add(b->report, SEV_ERROR, "E0510", NULL,
                                     "this run needs about %s, the budget is %s (--mem)",
                                     print_bytes(least, need), print_bytes(b->o->mem, budget));
        if (once)
            fault_note(f, "that is for what runs once, before any picture");
        else
            fault_note(f, "that is for one picture at a time: %s for the largest, %s for what all share",
                       print_bytes(e->item_bytes, need), print_bytes(e->constant_bytes, budget));
        if (b->o->mem_of_group)
            fault_note(f, "the budget is nine tenths of what the control group of this process may take");
        fault_note(f, "fits with: --mem %lluM", (unsigned long long)(least / (1u << 20) + 1));
        return false;
    }
    if (b->jobs > e->jobs_that_fit) {
        if (b->o->jobs)
            report_add(b->report, SEV_WARNING, "W0511", NULL,
                       "%u pictures at once fit into %s (--mem), not the %u of --jobs", e->jobs_that_fit,
                       print_bytes(b->o->mem, budget), b->jobs);
        b->jobs = e->jobs_that_fit;
    }
    return true;
}

/* ---- identity of the whole plan ---- */

/* What the parts of a sharded run must agree on: items in order, their recipes and names. */
static struct hash plan_identity(const struct batch *b)
{
    struct hasher *h = hash_new();
    for (size_t i = 0; i < b->unit_count; i++) {
        const struct unit *u = &b->units[i];
        if (u->kind != UNIT_ITEM)
            continue;
        hash_hash(h, u->identity);
        hash_hash(h, u->key);
        for (size_t k = 0; k < u->target_count; k++)
            hash_text(h, u->targets[k].path);
    }
    return hash_end(h);
}

static bool check_pictures(struct batch *b)
{
    if (b->check_only || !b->pictures || b->items.count)
        return true;
    struct fault *f;
    if (b->o->input_count || b->o->files_from)
        f = report_add(b->report, SEV_ERROR, "E0725", NULL, "there are no pictures to work on");
    else
        f = report_add(b->report, SEV_ERROR, "E0726", NULL, "this preset works on pictures, and none are given");
    fault_note(f, "impasto run %s PICTURE_OR_FOLDER... -o OUT", b->o->preset);
    return false;
}

static void choose_jobs(struct batch *b)
{
    b->threads = b->o->threads ? b->o->threads : pool_processors();
    b->jobs = b->o->jobs ? b->o->jobs : b->threads;
    if (b->jobs > b->threads)
        b->jobs = b->threads;
}

bool batch_plan(struct batch *b)
{
    size_t n = 0;
    choose_jobs(b);
    shard_parse(b->o->shard, &b->shard, b->report);
    items_collect(b->arena, b->o, b->codecs, &b->items, b->report);
    const bool built = variants_build(b);
    if (!built || !check_pictures(b) || report_count(b->report, SEV_ERROR))
        return false;
    make_units(b);
    if (!targets_check(b) || !variants_hash(b) || report_count(b->report, SEV_ERROR))
        return false;
    if (!batch_engine(b))
        return false;
    keys_set(b);
    b->plan = plan_identity(b);
    b->journal = journal_load(b->state);
    if (!b->check_only)
        plan_states(b);
    plan_refuse(b);
    const imp_picture *sizes = probe(b, &n);
    if (!ask_filters(b, sizes, n) || report_count(b->report, SEV_ERROR))
        return false;
    return check_memory(b);
}
