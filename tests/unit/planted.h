/* planted.h - redundancy with known truth: a trained network made wider by units that are copies,
 * that are dead, or that hardly do anything, and by a nearly idle branch. The wide network computes
 * what the narrow one does (but for the tiny units and the branch, nearly). */
#ifndef PLANTED_H
#define PLANTED_H
#include <impasto/kit_train.h>
#include <services.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum plant_kind { PLANT_REAL, PLANT_DEAD, PLANT_TINY };
struct plant {         /* a layer of both networks, parameters NAME.weight and NAME.bias */
    const char *name;  /* NULL ends a list */
    const char *reads; /* the layer whose units it reads; NULL: the input */
    uint32_t units;    /* of the narrow network */
    uint32_t copies;   /* of each of them, in the wide one */
    uint32_t dead, tiny;
    uint32_t *unit; /* of the wide one's units: which of the narrow one's; by plant_deal */
    uint32_t *kind;
};

static inline uint32_t plant_width(const struct plant *l)
{
    return l->units * l->copies + l->dead + l->tiny;
}

/* Which unit is what, spread by chance. */
static inline void plant_deal(struct plant *l, uint64_t seed)
{
    const uint32_t n = plant_width(l), real = l->units * l->copies;
    uint64_t *order = calloc(n, sizeof *order);
    l->unit = calloc(n, sizeof *l->unit), l->kind = calloc(n, sizeof *l->kind);
    kit_shuffle(seed, 1, n, order);
    for (uint32_t i = 0; i < n; i++) {
        l->kind[order[i]] = i < real ? PLANT_REAL : i < real + l->dead ? PLANT_DEAD : PLANT_TINY;
        l->unit[order[i]] = i < real ? i % l->units : 0;
    }
    free(order);
}

static inline struct plant *plant_of(struct plant *all, const char *name, size_t n)
{
    for (; name && all->name; all++)
        if (strlen(all->name) == n && !strncmp(all->name, name, n))
            return all;
    return NULL;
}

struct plant_weights {
    const float *from; /* narrow: units x channels x places */
    float *to;         /* wide */
    size_t from_inputs, to_inputs;
};

/* One row of the wide weights: unit u of l. An input is a channel of `read` times its places. */
static inline void plant_row(const struct plant_weights *w, const struct plant *l,
                             const struct plant *read, uint32_t u)
{
    const size_t channels = read ? plant_width(read) : w->to_inputs,
                 places = w->to_inputs / channels;
    float *to = w->to + u * w->to_inputs;
    double size = 0;
    for (size_t i = 0; i < w->from_inputs; i++)
        size += (double)(w->from[l->unit[u] * w->from_inputs + i] *
                         w->from[l->unit[u] * w->from_inputs + i]);
    size = sqrt(size / (double)w->from_inputs);
    for (size_t c = 0; c < channels; c++)
        for (size_t p = 0; p < places; p++) {
            const double chance = size * kit_normal(9, u, c * places + p);
            const bool known = l->kind[u] == PLANT_REAL && (!read || read->kind[c] == PLANT_REAL);
            const size_t at = (read ? read->unit[c] : c) * places + p;
            to[c * places + p] =
                known ? w->from[l->unit[u] * w->from_inputs + at] / (float)(read ? read->copies : 1)
                      : (float)(chance * (l->kind[u] == PLANT_TINY ? 0.01 : 1));
        }
}

static inline imp_status plant_param(imp_nn_trainer *t, const char *name, imp_tensor *v)
{
    uint32_t count = 0;
    rt_train_table.param_count(NULL, t, &count, NULL);
    for (uint32_t i = 0; i < count; i++) {
        const char *is = NULL;
        imp_tensor g = {.head = {.struct_size = sizeof g}};
        *v = g;
        if (rt_train_table.param(NULL, t, i, &is, v, &g, NULL) == IMP_OK && !strcmp(is, name))
            return IMP_OK;
    }
    return IMP_E_INPUT;
}

static inline size_t plant_count(const imp_tensor *t)
{
    size_t n = 1;
    for (uint32_t i = 0; i < t->ndim; i++)
        n *= (size_t)t->shape[i];
    return n;
}

/* A parameter of the wide network from the narrow one's; of layers that are not planted it stays as
 * drawn, times `idle`. */
static inline void plant_fill(struct plant *all, const char *name, const imp_tensor *to,
                              imp_nn_trainer *narrow, float idle)
{
    const char *dot = strrchr(name, '.');
    struct plant *l = plant_of(all, name, dot ? (size_t)(dot - name) : 0);
    const struct plant *read = l && l->reads ? plant_of(all, l->reads, strlen(l->reads)) : NULL;
    imp_tensor from;
    float *w = to->data;
    if (!l || plant_param(narrow, name, &from) != IMP_OK) {
        for (size_t i = 0; i < plant_count(to); i++)
            w[i] *= idle;
        return;
    }
    const uint32_t width = plant_width(l);
    const struct plant_weights weights = {from.data, w, plant_count(&from) / l->units,
                                          plant_count(to) / width};
    for (uint32_t u = 0; u < width; u++)
        if (to->ndim > 1)
            plant_row(&weights, l, read, u);
        else
            w[u] = l->kind[u] == PLANT_REAL   ? ((const float *)from.data)[l->unit[u]]
                   : l->kind[u] == PLANT_DEAD ? -1000
                                              : 0;
}

/* The wide network, of an architecture with layers of the same names; `silent`: a layer that is not
 * planted and whose units are in a sum with those of `beside`: rows beside dead units are 0. NULL:
 * see err. */
static inline imp_nn_model *plant_wide(struct plant *all, imp_nn_model *narrow,
                                       const char *architecture, const char *silent,
                                       const char *beside, imp_error *err)
{
    imp_nn_model *drawn = NULL, *wide = NULL;
    imp_nn_trainer *from = NULL, *to = NULL;
    uint32_t count = 0;
    imp_status st = rt_train_table.build(NULL, architecture, 1, &drawn, err);
    if (st == IMP_OK)
        st = rt_train_table.trainer_new(NULL, narrow, 1, &from, err);
    if (st == IMP_OK)
        st = rt_train_table.trainer_new(NULL, drawn, 1, &to, err);
    if (st == IMP_OK)
        st = rt_train_table.param_count(NULL, to, &count, err);
    for (uint32_t i = 0; i < count && st == IMP_OK; i++) {
        const char *name = NULL;
        imp_tensor v = {.head = {.struct_size = sizeof v}}, g = v;
        st = rt_train_table.param(NULL, to, i, &name, &v, &g, err);
        if (st != IMP_OK)
            break;
        const bool branch = silent && !strncmp(name, silent, strlen(silent));
        const struct plant *sum = branch ? plant_of(all, beside, strlen(beside)) : NULL;
        plant_fill(all, name, &v, from, branch ? 0.01f : 1);
        for (uint32_t u = 0; sum && u < plant_width(sum); u++)
            for (size_t k = 0, each = plant_count(&v) / plant_width(sum);
                 sum->kind[u] != PLANT_REAL && k < each; k++)
                ((float *)v.data)[u * each + k] = 0;
    }
    if (st == IMP_OK)
        rt_train_table.snapshot(NULL, to, &wide, err);
    if (from)
        rt_train_table.trainer_free(NULL, from, NULL);
    if (to)
        rt_train_table.trainer_free(NULL, to, NULL);
    if (drawn)
        rt_model_table.release(NULL, drawn, NULL);
    return wide;
}

static inline void plant_end(struct plant *all)
{
    for (; all->name; all++)
        free(all->unit), free(all->kind);
}

#endif
