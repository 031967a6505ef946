/* arch_keys.c - attributes by the operator's table, and the keys that nothing knows. */
#include "arch.h"

#include <stdlib.h>
#include <string.h>

/* Keys of the text itself, for every node; those in brackets belong to some operators. */
static const char *const own[] = {"op", "in", "name", "alias", "fixed", "trained"};

/* ---- values ---- */

struct numbers {
    int64_t *ints;
    double *reals;
    uint32_t count, reserved0;
};

/* All words of a key as numbers, whole ones or not; false: told. */
static bool read_numbers(struct arch_reader *r, const struct arch_node *n, const kit_ini_key *k,
                         bool whole, struct numbers *out)
{
    struct rt_words w;
    *out = (struct numbers){0};
    bool fine = arch_words(r, k, &w);
    if (fine) {
        out->count = w.count;
        out->ints = calloc(w.count + (size_t)1, sizeof *out->ints);
        out->reals = calloc(w.count + (size_t)1, sizeof *out->reals);
        fine = out->ints && out->reals;
        r->no_memory = r->no_memory || !fine;
    }
    for (uint32_t i = 0; fine && i < w.count; i++) {
        const char *text = w.list[i].text;
        fine = !w.list[i].is_tensor &&
               (whole ? rt_parse_int(text, &out->ints[i]) : rt_parse_real(text, &out->reals[i]));
        if (!fine)
            arch_wrong(r, arch_place(k, w.list[i].at, w.list[i].length), "[%s] %s: '%s' is no %s",
                       n->section->name, k->key, text, whole ? "whole number" : "number");
    }
    rt_words_free(&w);
    return fine;
}

static void free_numbers(struct numbers *v)
{
    free(v->ints);
    free(v->reals);
}

static void read_number_attr(struct arch_reader *r, const struct arch_node *n,
                             const struct rt_attr_def *def, const kit_ini_key *k)
{
    struct rt_node *node = &r->graph->nodes[n->number];
    const bool whole = def->type == RT_INT || def->type == RT_INTS;
    const bool list = def->type == RT_INTS || def->type == RT_FLOATS;
    struct numbers v;
    if (read_numbers(r, n, k, whole, &v)) {
        if (!list && v.count != 1)
            arch_wrong(r, k->value_at, "[%s] %s: one number, not %u", n->section->name, k->key,
                       v.count);
        else if (!(whole  ? list ? rt_set_ints(node, def->key, v.count, v.ints)
                                 : rt_set_int(node, def->key, v.ints[0])
                    : list ? rt_set_floats(node, def->key, v.count, v.reals)
                          : rt_set_float(node, def->key, v.reals[0])))
            r->no_memory = true;
    }
    free_numbers(&v);
}

static void read_choice(struct arch_reader *r, const struct arch_node *n,
                        const struct rt_attr_def *def, const kit_ini_key *k)
{
    char words[200];
    size_t at = 0;
    if (rt_set_choice(&r->graph->nodes[n->number], def->key, k->value))
        return;
    for (const char *p = def->choices; *p && at + 3 < sizeof words; p++) {
        words[at++] = *p == '|' ? ',' : *p;
        if (*p == '|')
            words[at++] = ' ';
    }
    words[at] = '\0';
    arch_wrong(r, k->value_at, "[%s] %s: '%s' is none of %s", n->section->name, k->key, k->value,
               words);
}

static void read_bool(struct arch_reader *r, const struct arch_node *n,
                      const struct rt_attr_def *def, const kit_ini_key *k)
{
    const bool yes = !strcmp(k->value, "yes");
    if (!yes && strcmp(k->value, "no") != 0)
        arch_wrong(r, k->value_at, "[%s] %s: '%s' is neither yes nor no", n->section->name, k->key,
                   k->value);
    else if (!rt_set_int(&r->graph->nodes[n->number], def->key, yes))
        r->no_memory = true;
}

/* ---- an input's shape ---- */

static void read_shape(struct arch_reader *r, const struct arch_node *n)
{
    const kit_ini_key *k = arch_key(r, n->section, "shape");
    struct rt_shape *s = &r->graph->nodes[n->number].declared;
    struct rt_words w;
    if (!k) {
        arch_wrong(r, n->section->at,
                   "[%s] has no shape: write shape = N 3 H W, with numbers for "
                   "axes that are always the same",
                   n->section->name);
        return;
    }
    if (arch_words(r, k, &w) && w.count > RT_RANK)
        arch_wrong(r, k->value_at, "[%s] shape: %u axes, %d at most", n->section->name, w.count,
                   (int)RT_RANK);
    else {
        s->ndim = w.count;
        for (uint32_t i = 0; i < w.count; i++) {
            const char *word = w.list[i].text;
            const bool number = *word == '-' || *word == '+' || (*word >= '0' && *word <= '9');
            s->dim[i] = -1;
            if (number && (!rt_parse_int(word, &s->dim[i]) || s->dim[i] < 1))
                arch_wrong(r, arch_place(k, w.list[i].at, w.list[i].length),
                           "[%s] shape: '%s' is neither a size from 1 on nor a word",
                           n->section->name, word);
        }
    }
    rt_words_free(&w);
}

void arch_attrs_read(struct arch_reader *r, const struct arch_node *n)
{
    if (!strcmp(n->op->name, "input")) {
        r->graph->nodes[n->number].flags |= IMP_NN_INPUT;
        read_shape(r, n);
    }
    for (uint32_t i = 0; i < n->op->attr_count; i++) {
        const struct rt_attr_def *def = &n->op->attrs[i];
        const kit_ini_key *k =
            arch_is_own_key(n->op, def->key) ? NULL : arch_key(r, n->section, def->key);
        if (!k)
            continue;
        if (def->type == RT_CHOICE)
            read_choice(r, n, def, k);
        else if (def->type == RT_BOOL)
            read_bool(r, n, def, k);
        else
            read_number_attr(r, n, def, k);
    }
}

bool arch_is_own_key(const struct rt_op *op, const char *key)
{
    for (uint32_t i = 0; i < op->slot_count; i++)
        if (op->slots[i].flags & RT_SLOT_PARAM && !strcmp(op->slots[i].name, key))
            return true;
    for (const char *const *k = arch_extra_keys(op); *k; k++)
        if (!strcmp(*k, key))
            return true;
    return false;
}

/* ---- what nothing knows ---- */

static void try_keys(const struct rt_op *op, void (*each)(void *, const char *), void *user)
{
    for (uint32_t i = 0; i < RT_COUNT(own); i++)
        each(user, own[i]);
    for (uint32_t i = 0; i < op->attr_count; i++)
        each(user, op->attrs[i].key);
    for (uint32_t i = 0; i < op->slot_count; i++)
        if (op->slots[i].flags & RT_SLOT_PARAM)
            each(user, op->slots[i].name);
    for (const char *const *k = arch_extra_keys(op); *k; k++)
        each(user, *k);
}

struct search {
    const char *key;
    bool found;
    struct rt_nearest near;
    struct rt_text all;
};

static void look(void *user, const char *key)
{
    struct search *s = user;
    s->found = s->found || !strcmp(s->key, key);
    rt_nearest_try(&s->near, key);
    rt_text_print(&s->all, " %s", key);
}

void arch_left_over(struct arch_reader *r, const struct arch_node *n)
{
    char near[200];
    for (uint32_t i = n->section->first; i < n->section->first + n->section->count; i++) {
        const kit_ini_key *k = &r->ini.keys[i];
        if (r->used[i])
            continue;
        struct search s = {.key = k->key, .near = rt_nearest_to(k->key)};
        try_keys(n->op, look, &s);
        rt_nearest_text(&s.near, near, sizeof near);
        if (!s.found)
            arch_wrong(r, k->key_at, "[%s] %s has no key '%s'%s%s", n->section->name, n->op->name,
                       k->key, *near ? near : "; it has",
                       *near        ? ""
                       : s.all.data ? s.all.data
                                    : "");
        free(s.all.data);
    }
}

const char *const *arch_extra_keys(const struct rt_op *op)
{
    static const struct {
        const char *op, *keys[4];
    } table[] = {{"input", {"shape"}},
                 {"constant", {"value", "type", "shape"}},
                 {"conv", {"filters"}},
                 {"conv_transpose", {"filters"}},
                 {"gemm", {"units"}}};
    static const char *const none[1];
    for (uint32_t i = 0; i < RT_COUNT(table); i++)
        if (!strcmp(table[i].op, op->name))
            return table[i].keys;
    return none;
}

bool arch_size_key(struct arch_reader *r, const struct arch_node *n, const char *key, int64_t *v)
{
    const kit_ini_key *k = arch_key(r, n->section, key);
    *v = -1;
    if (!k)
        return true;
    if (rt_parse_int(k->value, v) && *v > 0)
        return true;
    *v = -1;
    arch_wrong(r, k->value_at, "[%s] %s: '%s' is no whole number from 1 on", n->section->name, key,
               k->value);
    return false;
}

/* ---- constants ---- */

/* The shape of `value`: as `shape` says, or one axis, or none for a single number. */
static bool constant_shape(struct arch_reader *r, const struct arch_node *n, uint32_t count,
                           struct rt_shape *out)
{
    const kit_ini_key *k = arch_key(r, n->section, "shape");
    *out = (struct rt_shape){.ndim = count == 1 ? 0 : 1, .dim = {count}};
    if (!k)
        return true;
    struct numbers v;
    bool fine = read_numbers(r, n, k, true, &v);
    if (fine && v.count > RT_RANK) {
        arch_wrong(r, k->value_at, "[%s] shape: %u axes, %d at most", n->section->name, v.count,
                   (int)RT_RANK);
        fine = false;
    }
    if (fine)
        *out = rt_shape_of(v.count, v.ints);
    if (fine && rt_count(out) != count) {
        arch_wrong(r, k->value_at, "[%s] shape: it holds %lld values, `value` has %u",
                   n->section->name, (long long)rt_count(out), count);
        fine = false;
    }
    free_numbers(&v);
    return fine;
}

bool arch_has_numbers(struct arch_reader *r, const struct arch_node *n)
{
    const bool constant = !strcmp(n->op->name, "constant");
    const kit_ini_key *k = constant ? arch_key(r, n->section, "value") : NULL;
    return k && *k->value != '@';
}

struct rt_tensor *arch_constant(struct arch_reader *r, const struct arch_node *n)
{
    const kit_ini_key *value = arch_key(r, n->section, "value");
    const kit_ini_key *type = arch_key(r, n->section, "type");
    const bool whole = type && !strcmp(type->value, "i64");
    struct rt_shape shape;
    struct numbers v;
    struct rt_tensor *t = NULL;
    if (type && !whole && strcmp(type->value, "f32") != 0)
        arch_wrong(r, type->value_at, "[%s] type: '%s' is neither f32 nor i64", n->section->name,
                   type->value);
    if (read_numbers(r, n, value, whole, &v) && constant_shape(r, n, v.count, &shape)) {
        t = rt_tensor_new(whole ? IMP_I64 : IMP_F32, &shape);
        r->no_memory = r->no_memory || !t;
        for (uint32_t i = 0; t && i < v.count; i++) {
            if (whole)
                rt_integers(t)[i] = v.ints[i];
            else
                rt_floats(t)[i] = (float)v.reals[i];
        }
    }
    free_numbers(&v);
    return t;
}
