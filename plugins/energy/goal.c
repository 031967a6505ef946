/* goal.c - losses of a picture's layers: statistics, terms, seeds. */
#include "goal.h"
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* ---- memory ---- */

imp_status en_goal_open(struct en_goal *g, imp_error *err)
{
    g->cells = g->cells ? g->cells : 1;
    const size_t cells = (size_t)g->cells * g->cells;
    size_t n = 0;
    for (uint32_t i = 0; i < g->layer_count; i++) {
        const size_t c = g->layers[i].maps;
        n += cells * (6 * c + 1) + (g->gram ? 4 * c * c : 0);
    }
    double *v = calloc(n + 1, sizeof *v);
    if (!v)
        return imp_fail(err, IMP_E_MEMORY, "no memory for the statistics of layers");
    g->vectors = v;
    for (uint32_t i = 0; i < g->layer_count; i++) {
        struct en_layer *l = &g->layers[i];
        const size_t c = l->maps, all = c * cells;
        union {
            double *in;
            float *out;
        } d;
        l->first = v, l->second = v + all, l->sum = v + 2 * all, l->sum2 = v + 3 * all;
        l->a = v + 4 * all, l->b = v + 5 * all, l->whole = v + 6 * all, v += 6 * all + cells;
        if (!g->gram)
            continue;
        l->gram = v, l->matrix = v + c * c, l->products = v + 2 * c * c, d.in = v + 3 * c * c;
        l->d = d.out, v += 4 * c * c;
    }
    return IMP_OK;
}

void en_goal_free_size(struct en_goal *g)
{
    for (uint32_t i = 0; i < g->layer_count; i++)
        free(g->layers[i].mask), g->layers[i].mask = NULL;
    free(g->target), free(g->seeds), free(g->packed), free(g->weights), free(g->work),
        free(g->sums);
    g->target = g->seeds = g->packed = g->weights = NULL, g->work = NULL, g->sums = NULL;
}

void en_goal_close(struct en_goal *g)
{
    en_goal_free_size(g);
    free(g->vectors);
    g->vectors = NULL;
}

/* ---- statistics ---- */

static void clear_layer(const struct en_goal *g, struct en_layer *l)
{
    const size_t cells = (size_t)g->cells * g->cells;
    memset(l->whole, 0, cells * sizeof *l->whole);
    memset(l->sum, 0, cells * l->maps * sizeof *l->sum);
    memset(l->sum2, 0, cells * l->maps * sizeof *l->sum2);
    if (g->gram)
        memset(l->products, 0, (size_t)l->maps * l->maps * sizeof *l->products);
}

void en_goal_clear(void *user) IMP_NX
{
    struct en_goal *g = user;
    g->distance = g->content_places = 0;
    for (uint32_t i = 0; i < g->layer_count; i++)
        clear_layer(g, &g->layers[i]);
}

/* Where a part's inner lies: in what is held, and in the layer's map of the whole picture. */
struct place {
    kit_box inner;
    size_t x, y, n; /* of the inner in the whole; its places */
};

static struct place place_of(const kit_part *part, const kit_code *code, uint32_t w, uint32_t h)
{
    struct place p = {.inner = kit_part_inner(part, code->w, code->h)};
    const double left = (double)part->held.x * w / part->width,
                 top = (double)part->held.y * h / part->height;
    p.x = (size_t)(floor(left + 0.5) + (double)p.inner.x);
    p.y = (size_t)(floor(top + 0.5) + (double)p.inner.y);
    if (part->count == 1)
        p.x = p.y = 0;
    p.x = p.x + (size_t)p.inner.width > w ? w - (size_t)p.inner.width : p.x;
    p.y = p.y + (size_t)p.inner.height > h ? h - (size_t)p.inner.height : p.y;
    p.n = (size_t)(p.inner.width * p.inner.height);
    return p;
}

/* Copies a box of planes of w numbers a row: c planes of it, packed. */
static void copy_box(const float *from, size_t plane, size_t w, size_t x, size_t y,
                     const kit_box *b, uint32_t c, float *to)
{
    for (uint32_t k = 0; k < c; k++)
        for (int64_t r = 0; r < b->height; r++, to += b->width)
            memcpy(to, from + k * plane + (y + (size_t)r) * w + x, (size_t)b->width * sizeof *to);
}

/* The inner of a layer's value, packed; as it is where that is the same. */
static const float *inner_of(struct en_goal *g, const kit_code *code, const struct place *p,
                             int copy)
{
    const size_t plane = (size_t)code->h * code->w;
    if (p->n == plane && !copy)
        return code->data;
    copy_box(code->data, plane, code->w, (size_t)p->inner.x, (size_t)p->inner.y, &p->inner, code->c,
             g->packed);
    return g->packed;
}

static const float *weights_of(struct en_goal *g, const struct en_layer *l, const struct place *p)
{
    if (!l->mask)
        return NULL;
    copy_box(l->mask, 0, l->w, p->x, p->y, &p->inner, 1, g->weights);
    return g->weights;
}

static const float *target_of(struct en_goal *g, const struct place *p)
{
    const size_t plane = (size_t)g->target_w * g->target_h;
    if (p->n == plane)
        return g->target;
    copy_box(g->target, plane, g->target_w, p->x, p->y, &p->inner, g->target_c, g->seeds);
    return g->seeds;
}

static struct en_cells cells_of(const struct en_goal *g, const struct en_layer *l,
                                const struct place *p)
{
    return (struct en_cells){.w = l->w,
                             .h = l->h,
                             .x = p->x,
                             .y = p->y,
                             .iw = (size_t)p->inner.width,
                             .ih = (size_t)p->inner.height,
                             .side = g->cells};
}

/* Adds those of a part's places to the layer's. f of a gram is changed by its weights. */
static imp_status add_places(struct en_goal *g, struct en_layer *l, float *f, const struct place *p,
                             const float *w, imp_job *job)
{
    double *square = g->order == 2 ? l->sum2 : NULL;
    const struct en_cells cells = cells_of(g, l, p);
    if (!g->gram && g->cells > 1)
        return en_cells_add(f, l->maps, &cells, w, l->sum, square, l->whole, job);
    for (size_t i = 0; w && i < p->n; i++)
        *l->whole += (double)w[i];
    *l->whole += w ? 0 : (double)p->n;
    if (!g->gram)
        return en_sums_add(f, l->maps, p->n, w, l->sum, square, job);
    for (uint32_t c = 0; w && c < l->maps; c++)
        for (size_t i = 0; i < p->n; i++)
            f[c * p->n + i] *= sqrtf(w[i]);
    return en_gram_add(f, l->maps, p->n, l->products, g->work, job);
}

static imp_status measure_layer(struct en_goal *g, struct en_layer *l, imp_nn_run *run,
                                const kit_part *part, imp_job *job, imp_error *err)
{
    kit_code code;
    union {
        const float *in;
        float *out;
    } f;
    const imp_status st = kit_sight_code(g->sight, run, l->node, job, &code, err);
    if (st != IMP_OK)
        return st;
    const struct place p = place_of(part, &code, l->w, l->h);
    f.in = inner_of(g, &code, &p, g->gram && l->mask);
    return add_places(g, l, f.out, &p, weights_of(g, l, &p), job);
}

struct apart {
    const float *f, *p;
    double *sums;
    size_t n;
};

static void apart_map(void *user, uint32_t c) IMP_NX
{
    const struct apart *t = user;
    t->sums[c] = en_distance(t->f + c * t->n, t->p + c * t->n, t->n);
}

static imp_status measure_content(struct en_goal *g, imp_nn_run *run, const kit_part *part,
                                  imp_job *job, imp_error *err)
{
    kit_code code;
    imp_status st = kit_sight_code(g->sight, run, g->content_node, job, &code, err);
    if (st != IMP_OK)
        return st;
    const struct place p = place_of(part, &code, g->target_w, g->target_h);
    struct apart t = {inner_of(g, &code, &p, 0), target_of(g, &p), g->sums, p.n};
    st = kit_parallel(job, code.c, apart_map, &t);
    for (uint32_t c = 0; c < code.c && st == IMP_OK; c++)
        g->distance += g->sums[c];
    g->content_places += (double)p.n;
    return st;
}

imp_status en_goal_measure(void *user, imp_nn_run *run, const kit_part *part, imp_job *job,
                           imp_error *err) IMP_NX
{
    struct en_goal *g = user;
    imp_status st = IMP_OK;
    for (uint32_t i = 0; i < g->layer_count && st == IMP_OK; i++)
        st = measure_layer(g, &g->layers[i], run, part, job, err);
    if (st == IMP_OK && g->content_weight > 0)
        st = measure_content(g, run, part, job, err);
    return st;
}

/* ---- the terms ---- */

/* The content's loss is k |F - P|^2. */
static double content_factor(const struct en_goal *g)
{
    const double s = g->code_scale * g->code_scale, a = g->content_weight;
    if (!g->compat)
        return g->content_norm > 0 ? a / g->content_norm : a;
    return g->gram ? a * s / 2 : a * s / (2 * g->content_places);
}

/* Energies of every cell against those wanted there; a cell counts by its places. */
static double judge_cells(struct en_goal *g, struct en_layer *l, double all)
{
    double loss = 0;
    for (size_t k = 0; k < (size_t)g->cells * g->cells; k++) {
        const size_t at = k * l->maps;
        const bool second = g->order == 2;
        const struct en_match m = {l->first + at,
                                   second ? l->second + at : NULL,
                                   g->cells > 1 ? l->weight * (l->whole[k] / all) : l->weight,
                                   g->code_scale,
                                   l->maps,
                                   g->compat};
        if (l->whole[k] > 0)
            loss += en_match_judge(&m, l->sum + at, second ? l->sum2 + at : NULL, l->whole[k],
                                   l->a + at, l->b + at);
        else
            memset(l->a + at, 0, l->maps * sizeof *l->a),
                memset(l->b + at, 0, l->maps * sizeof *l->b);
    }
    return loss;
}

static imp_status judge(void *user, double *terms, imp_error *err) IMP_NX
{
    struct en_goal *g = user;
    for (uint32_t i = 0; i < g->layer_count; i++) {
        struct en_layer *l = &g->layers[i];
        const struct en_gram q = {l->matrix, l->weight, g->code_scale, l->maps, g->compat,
                                  g->parts,  0};
        double all = 0;
        for (size_t k = 0; k < (size_t)g->cells * g->cells; k++)
            all += l->whole[k];
        if (!(all > 0))
            return imp_fail(err, IMP_E_PARAM, "the mask is 0 everywhere at layer '%s'", l->name);
        terms[i] = g->gram ? en_gram_judge(&q, l->products, all, l->d) : judge_cells(g, l, all);
    }
    if (g->content_weight > 0)
        terms[g->layer_count] = content_factor(g) * g->distance;
    return IMP_OK;
}

/* ---- seeds ---- */

/* Gives a node its gradient: `inner` packed over the part's inner, 0 around it. */
static imp_status give_seed(struct en_goal *g, imp_nn_run *run, uint32_t node, const kit_code *code,
                            const struct place *p, float *inner, float *room, imp_error *err)
{
    const imp_nn_grad_1 *grad = g->self->nn.grad.table;
    const size_t plane = (size_t)code->h * code->w;
    const int64_t shape[] = {1, code->c, code->h, code->w};
    imp_tensor seed = {.head = {sizeof seed, IMP_TENSOR},
                       .dtype = IMP_F32,
                       .ndim = 4,
                       .shape = shape,
                       .data = inner};
    if (p->n != plane) {
        memset(room, 0, plane * code->c * sizeof *room);
        for (uint32_t c = 0; c < code->c; c++)
            for (int64_t r = 0; r < p->inner.height; r++, inner += p->inner.width)
                memcpy(room + c * plane + (size_t)((p->inner.y + r) * code->w + p->inner.x), inner,
                       (size_t)p->inner.width * sizeof *room);
        seed.data = room;
    }
    return grad->seed(g->self->nn.grad.self, run, node, &seed, err);
}

static imp_status seed_layer(struct en_goal *g, struct en_layer *l, imp_nn_run *run,
                             const kit_part *part, imp_job *job, imp_error *err)
{
    kit_code code;
    imp_status st = kit_sight_code(g->sight, run, l->node, job, &code, err);
    if (st != IMP_OK)
        return st;
    const struct place p = place_of(part, &code, l->w, l->h);
    const float *f = inner_of(g, &code, &p, 0), *w = weights_of(g, l, &p);
    const double *b = g->order == 2 ? l->b : NULL;
    const struct en_cells cells = cells_of(g, l, &p);
    st = g->gram        ? en_gram_seed(f, l->maps, p.n, l->d, g->seeds, job)
         : g->cells > 1 ? en_cells_seed(f, l->maps, &cells, w, l->a, b, g->seeds, job)
                        : en_match_seed(f, l->maps, p.n, w, l->a, b, g->seeds, job);
    for (uint32_t c = 0; st == IMP_OK && g->gram && w && c < l->maps; c++)
        for (size_t i = 0; i < p.n; i++)
            g->seeds[c * p.n + i] *= w[i];
    return st == IMP_OK ? give_seed(g, run, l->node, &code, &p, g->seeds, g->packed, err) : st;
}

static imp_status seed_content(struct en_goal *g, imp_nn_run *run, const kit_part *part,
                               imp_job *job, imp_error *err)
{
    kit_code code;
    imp_status st = kit_sight_code(g->sight, run, g->content_node, job, &code, err);
    if (st != IMP_OK)
        return st;
    const struct place p = place_of(part, &code, g->target_w, g->target_h);
    const float *f = inner_of(g, &code, &p, 0), *target = target_of(g, &p);
    en_distance_seed(f, target, p.n * code.c, 2 * content_factor(g), g->seeds);
    return give_seed(g, run, g->content_node, &code, &p, g->seeds, g->packed, err);
}

static imp_status seed(void *user, imp_nn_run *run, const kit_part *part, imp_job *job,
                       imp_error *err) IMP_NX
{
    struct en_goal *g = user;
    imp_status st = IMP_OK;
    for (uint32_t i = 0; i < g->layer_count && st == IMP_OK; i++)
        st = seed_layer(g, &g->layers[i], run, part, job, err);
    if (st == IMP_OK && g->content_weight > 0)
        st = seed_content(g, run, part, job, err);
    return st;
}

kit_goal en_goal_of(struct en_goal *g)
{
    for (uint32_t i = 0; i < g->layer_count; i++)
        g->names[i] = g->layers[i].name;
    g->names[g->layer_count] = "content";
    return (kit_goal){.user = g,
                      .names = g->names,
                      .term_count = g->layer_count + (g->content_weight > 0),
                      .begin = en_goal_begin,
                      .clear = en_goal_clear,
                      .measure = en_goal_measure,
                      .judge = judge,
                      .seed = seed};
}
