/* arch_param.c - the tensors of a node: found by name, checked against the shape that the graph
 * asks for, or made to be drawn. */
#include "arch.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

uint32_t arch_default_flags(const struct rt_node *node, uint32_t slot, const struct rt_tensor *t)
{
    const bool statistic = arch_slot(node->op, slot)->flags & (RT_SLOT_STATISTIC | RT_SLOT_STATIC);
    return statistic || t->dtype != IMP_F32 || !strcmp(node->op->name, "constant") ? RT_FIXED : 0;
}

static bool same_wanted(const struct arch_want *w)
{
    return rt_same_shape(&w->shape[0], &w->shape[1]);
}

/* Are the axes of a those of b from the last to the first? */
static bool is_turned(const struct rt_shape *a, const struct rt_shape *b)
{
    bool turned = a->ndim == b->ndim && a->ndim > 1;
    for (uint32_t i = 0; turned && i < a->ndim; i++)
        turned = a->dim[i] == b->dim[a->ndim - 1 - i];
    return turned;
}

/* What filters or units say against what the weight makes, where its whole shape cannot be told. */
static void check_size(struct arch_reader *r, const struct arch_node *n, uint32_t slot,
                       const char *name, kit_place at, const struct rt_tensor *t)
{
    const char *key = *arch_extra_keys(n->op);
    const int64_t makes = slot == 1 ? arch_size_of(&r->graph->nodes[n->number], &t->shape) : -1;
    int64_t said;
    char has[120];
    if (makes > 0 && arch_size_key(r, n, key, &said) && said > 0 && said != makes)
        arch_wrong(r, at, "[%s] %s = %lld, but '%s' is %s and makes %lld", n->section->name, key,
                   (long long)said, name, rt_shape_text(&t->shape, has, sizeof has),
                   (long long)makes);
}

static void check_found(struct arch_reader *r, const struct arch_node *n, uint32_t slot,
                        const char *name, kit_place at, const struct rt_tensor *t)
{
    struct arch_want want;
    char has[120], asked[120];
    if (t->dtype != IMP_F32 && arch_has_flag(n->op, slot, RT_SLOT_PARAM) &&
        strcmp(n->op->name, "constant") != 0) {
        arch_wrong(r, at, "[%s] '%s' holds whole numbers, %s wants weights", n->section->name, name,
                   n->op->name);
        return;
    }
    if (arch_shape(r, n, slot, &want) != ARCH_TOLD || !same_wanted(&want)) {
        check_size(r, n, slot, name, at, t);
        return;
    }
    if (rt_same_shape(&t->shape, &want.shape[0]))
        return;
    if (want.fill == ARCH_QUARTER) /* slopes spread in several ways; infer knows */
        return;
    const bool turned = is_turned(&t->shape, &want.shape[0]);
    const bool gemm = turned && !strcmp(n->op->name, "gemm");
    arch_wrong(r, at, "[%s] '%s' is %s, the network wants %s%s", n->section->name, name,
               rt_shape_text(&t->shape, has, sizeof has),
               rt_shape_text(&want.shape[0], asked, sizeof asked),
               gemm     ? ": turned; write trans_b = yes, or no if it says yes"
               : turned ? ": its axes stand the other way round"
                        : "");
}

/* A tensor from whoever has the weights; NULL: told. */
static struct rt_tensor *find(struct arch_reader *r, const struct arch_node *n, uint32_t slot,
                              const char *name, kit_place at)
{
    struct rt_tensor *t = NULL;
    char hint[300] = "", shown[160];
    imp_error err = {.struct_size = sizeof err, .text_cap = sizeof hint, .text = hint};
    const imp_status st = r->source(r->user, name, &t, &err);
    if (st == IMP_E_MEMORY) {
        r->no_memory = true;
        return NULL;
    }
    if (st != IMP_OK) {
        arch_wrong(r, at, "[%s] %s", n->section->name, hint);
        return NULL;
    }
    if (t)
        return t;
    const bool optional = arch_has_flag(n->op, slot, RT_SLOT_OPTIONAL);
    arch_wrong(r, at, "[%s] there is no tensor '%s'%s%s%s%s", n->section->name,
               rt_shown(name, shown, sizeof shown), hint, optional ? "; write " : "",
               optional ? arch_slot(n->op, slot)->name : "",
               optional ? " = no where the layer has none" : "");
    return NULL;
}

/* Room to note how parameter p is drawn. */
static struct arch_param *note(struct arch_reader *r, uint32_t p)
{
    if (p >= r->param_room) {
        const uint32_t room = p * 2 + 16;
        struct arch_param *more = realloc(r->param_list, room * sizeof *more);
        if (!more)
            return NULL;
        memset(more + r->param_room, 0, (room - r->param_room) * sizeof *more);
        r->param_list = more;
        r->param_room = room;
    }
    return &r->param_list[p];
}

static struct rt_tensor *make(struct arch_reader *r, const struct arch_node *n, uint32_t slot,
                              const char *name, kit_place at)
{
    struct arch_want want;
    char shown[160], shape[120];
    const enum arch_told told = arch_shape(r, n, slot, &want);
    rt_shown(name, shown, sizeof shown);
    if (told == ARCH_NO_RULE)
        arch_wrong(
            r, at,
            "[%s] '%s' cannot be drawn: %s says nothing of its shape; write its numbers as a "
            "constant",
            n->section->name, shown, n->op->name);
    else if (told == ARCH_UNTOLD && (*want.why || !r->mistake_count))
        arch_wrong(r, at, "[%s] the shape of '%s' cannot be told: %s", n->section->name, shown,
                   *want.why ? want.why : "nothing is known of its input");
    if (told != ARCH_TOLD)
        return NULL;
    const int64_t count = rt_count(&want.shape[0]);
    if (!same_wanted(&want))
        arch_wrong(r, at,
                   "[%s] '%s' depends on the size of the picture: write the sizes into the "
                   "input's shape",
                   n->section->name, shown);
    else if (count < 1 || count > ARCH_DRAWN_MOST - r->drawn)
        arch_wrong(r, at,
                   "[%s] '%s' would be %s: all drawn weights together have %d values at most",
                   n->section->name, shown, rt_shape_text(&want.shape[0], shape, sizeof shape),
                   (int)ARCH_DRAWN_MOST);
    else {
        struct rt_tensor *t = rt_tensor_new(IMP_F32, &want.shape[0]);
        struct arch_param *p = note(r, r->graph->param_count);
        r->drawn += count;
        r->no_memory = r->no_memory || !t || !p;
        if (p)
            *p = (struct arch_param){.node = n->number, .fill = want.fill, .fan_in = want.fan_in};
        return t;
    }
    return NULL;
}

int32_t arch_param(struct arch_reader *r, const struct arch_node *n, uint32_t slot,
                   const char *name, kit_place at)
{
    const int64_t known = rt_names_find(&r->params, name);
    if (r->no_memory)
        return RT_ABSENT;
    if (known >= 0) {
        check_found(r, n, slot, name, at, r->graph->params[known].tensor);
        return rt_ref_param((uint32_t)known);
    }
    struct rt_tensor *t = r->source ? find(r, n, slot, name, at) : make(r, n, slot, name, at);
    if (!t)
        return RT_ABSENT;
    if (r->source)
        check_found(r, n, slot, name, at, t);
    const uint32_t flags = arch_default_flags(&r->graph->nodes[n->number], slot, t);
    const int64_t p = rt_graph_add_param(r->graph, name, t, flags);
    rt_tensor_release(t);
    if (p < 0 || !rt_names_add(&r->params, r->graph->params[p].name, (uint32_t)p)) {
        r->no_memory = true;
        return RT_ABSENT;
    }
    return rt_ref_param((uint32_t)p);
}

/* ---- fixed = a b, trained = c ---- */

static void read_flags(struct arch_reader *r, const struct arch_node *n, const char *key,
                       uint32_t flags, uint32_t first)
{
    const kit_ini_key *k = arch_key(r, n->section, key);
    struct rt_words w;
    if (!k)
        return;
    if (arch_words(r, k, &w))
        for (uint32_t i = 0; i < w.count; i++) {
            const int64_t p = rt_names_find(&r->params, w.list[i].text);
            if (p >= first)
                r->graph->params[p].flags = flags;
            else if (p >= 0 || r->mistake_count == n->prior)
                arch_wrong(r, arch_place(k, w.list[i].at, w.list[i].length),
                           "[%s] %s: '%s' is no tensor that this section is the first to use",
                           n->section->name, key, w.list[i].text);
        }
    rt_words_free(&w);
}

void arch_fixed_read(struct arch_reader *r, const struct arch_node *n, uint32_t first_param)
{
    read_flags(r, n, "fixed", RT_FIXED, first_param);
    read_flags(r, n, "trained", 0, first_param);
}
