/* net_tiles.c - how far a network reaches, and a picture cut so that no seam can be seen. */
#include "net_tiles.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { FIRST = 256, LARGEST = 1024 /* px along the axis that is measured */ };
#define LEAST 1e-5 /* of the range of what the network gives: a change below it counts as none */

/* ---- one evaluation on noise ---- */

struct probe {
    imp_nn_model *model;
    const struct net_ends *ends;
    const kit_prepare *prepare;
    imp_job *job;
    uint32_t width, height;
    bool down; /* the vertical axis is measured */
};
struct plane { float *data; uint32_t channels, width, height; };

/* Noise that differs with `other` in the first quarter of the axis. */
static void fill(const struct probe *p, bool other, float *to)
{
    const kit_side *s = &p->prepare->input;
    const uint32_t quarter = (p->down ? p->height : p->width) / 4;
    size_t i = 0;
    for (uint32_t c = 0; c < s->channels; c++)
        for (uint32_t y = 0; y < p->height; y++)
            for (uint32_t x = 0; x < p->width; x++, i++) {
                const bool changed = other && (p->down ? y : x) < quarter;
                const double v = kit_uniform(changed ? 2 : 1, c, (uint64_t)y * p->width + x);
                to[i] = (float)((s->black + v * (s->white - s->black) - s->mean[c]) / s->std[c]);
            }
}

static uint32_t gcd(uint32_t a, uint32_t b)
{
    return b ? gcd(b, a % b) : a;
}

/* Least common multiple, or 0 when it is beyond what a tile could ever be. */
static uint32_t lcm(uint32_t a, uint32_t b)
{
    const uint64_t m = a && b ? (uint64_t)a / gcd(a, b) * b : 0;
    return m > LARGEST ? 0 : (uint32_t)m;
}

/* Steps of the grids that inner values lie on, in px of the input. */
static uint32_t grid_of(const struct probe *p, imp_nn_run *run)
{
    uint32_t count = 0, grid = p->prepare->multiple;
    rt_model_table.node_count(NULL, p->model, &count, NULL);
    for (uint32_t i = 0; i < count && grid; i++) {
        imp_tensor v = net_view();
        if (rt_model_table.value(NULL, run, i, &v, NULL) != IMP_OK || v.ndim != 4)
            continue;
        for (uint32_t axis = 2; axis < 4; axis++) {
            const uint32_t side = axis == 2 ? p->height : p->width;
            const int64_t n = v.shape[axis], step = n > 1 ? (side + n / 2) / n : 1;
            grid = lcm(grid, step > 1 ? (uint32_t)step : 1);
        }
    }
    return grid;
}

/* What the network gives for the noise; grid (NULL: not wanted) as above. */
static imp_status evaluate(const struct probe *p, bool other, struct plane *out, uint32_t *grid,
                           imp_error *err)
{
    imp_nn_run *run = NULL;
    imp_tensor v = net_view();
    const uint32_t channels = p->prepare->input.channels;
    float *data = malloc((size_t)channels * p->width * p->height * sizeof *data);
    if (!data)
        return imp_fail(err, IMP_E_MEMORY, "no memory to measure the network's reach");
    fill(p, other, data);
    imp_status st = rt_model_table.run_new(NULL, p->model, grid ? 0 : IMP_NN_LEAN, &run, err);
    if (st == IMP_OK)
        st = net_evaluate(run, p->ends, p->ends->output, channels, p->width, p->height, data, p->job,
                          &v, err);
    free(data);
    if (st == IMP_OK && v.ndim == 4) {
        out->channels = (uint32_t)v.shape[1];
        out->height = (uint32_t)v.shape[2], out->width = (uint32_t)v.shape[3];
        out->data = malloc(net_count(&v) * sizeof(float));
        if (out->data)
            net_unpack(&v, out->data);
        st = out->data ? IMP_OK : IMP_E_MEMORY;
    }
    if (st == IMP_OK && grid)
        *grid = grid_of(p, run);
    if (run)
        rt_model_table.run_free(NULL, run, NULL);
    return st;
}

/* ---- differences ---- */

/* Behind the last line of the axis at which two results differ. */
static uint32_t last_change(const struct plane *a, const struct plane *b, bool down)
{
    const size_t n = (size_t)a->channels * a->width * a->height;
    float low = INFINITY, high = -INFINITY;
    uint32_t last = 0;
    for (size_t i = 0; i < n; i++)
        low = fminf(low, a->data[i]), high = fmaxf(high, a->data[i]);
    const float least = (float)(LEAST * (double)(high - low));
    for (size_t i = 0; i < n; i++) {
        const uint32_t at = (uint32_t)(down ? i / a->width % a->height : i % a->width);
        if (fabsf(a->data[i] - b->data[i]) > least && at >= last)
            last = at + 1;
    }
    return last;
}

enum found { FOUND, FARTHER, NEVER };

/* Whether the sizes of input and output stand in a ratio that tiles can keep; adds its denominator. */
static bool scales(const struct probe *p, const struct plane *out, uint32_t *align)
{
    const uint32_t qx = p->width / gcd(p->width, out->width);
    const uint32_t qy = p->height / gcd(p->height, out->height);
    *align = lcm(lcm(*align, qx), qy);
    return *align != 0;
}

/* Reach along one axis at one size. */
static imp_status reach_at(const struct probe *p, struct net_tiling *t, enum found *found,
                           imp_error *err)
{
    struct plane a = {NULL, 0, 0, 0}, b = a;
    uint32_t grid = 0;
    const uint32_t side = p->down ? p->height : p->width;
    *found = NEVER;
    imp_status st = evaluate(p, false, &a, &grid, err);
    if (st == IMP_OK && a.data && (t->align = lcm(t->align, grid)) && scales(p, &a, &t->align)) {
        st = evaluate(p, true, &b, NULL, err);
        if (st == IMP_OK && b.data) {
            const uint64_t lines = p->down ? a.height : a.width;
            const uint64_t end = ((uint64_t)last_change(&a, &b, p->down) * side + lines - 1) / lines;
            const uint32_t reach = end > side / 4 ? (uint32_t)end - side / 4 : 0;
            t->reach = reach > t->reach ? reach : t->reach;
            *found = end < side - side / 8 ? FOUND : FARTHER;
        }
    }
    free(a.data), free(b.data);
    return st;
}

/* One axis, larger and larger until the change ends within the picture. */
static imp_status measure_axis(struct probe *p, struct net_tiling *t, imp_error *err)
{
    const kit_prepare *q = p->prepare;
    const bool fixed = q->width || q->height;
    const uint32_t m = q->multiple;
    enum found found = FARTHER;
    imp_status st = IMP_OK;
    for (uint32_t side = FIRST; found == FARTHER && side <= LARGEST && st == IMP_OK; side *= 2) {
        const uint32_t longer = (side + m - 1) / m * m, shorter = (side / 2 + m - 1) / m * m;
        p->width = q->width ? q->width : p->down ? shorter : longer;
        p->height = q->height ? q->height : p->down ? longer : shorter;
        st = reach_at(p, t, &found, err);
        if (st == IMP_E_INPUT) /* other sizes than the picture's may not suit it */
            st = IMP_OK, found = NEVER;
        if (fixed)
            break;
    }
    t->whole = t->whole || found != FOUND;
    return st;
}

/* ---- what needs no measuring ---- */

static bool is_one_number(const imp_nn_node *n)
{
    return n->ndim == 4 && n->shape[2] == 1 && n->shape[3] == 1;
}

/* Statistics of whole planes: instance_norm, or maps that become one number each whatever their size
 * (global pools, means). */
static bool takes_statistics(const imp_nn_model *model, const imp_nn_node *n)
{
    imp_nn_node from = {.struct_size = sizeof from};
    if (!strcmp(n->op, "instance_norm"))
        return true;
    return is_one_number(n) && n->input_count &&
           rt_model_table.node(NULL, model, n->inputs[0], &from, NULL) == IMP_OK &&
           from.ndim == 4 && !is_one_number(&from);
}

/* Whether what the output depends on takes statistics of the whole picture. */
static bool sees_all(const imp_nn_model *model, uint32_t output)
{
    bool seen = false;
    uint8_t *wanted = calloc((size_t)output + 1, 1);
    if (wanted)
        wanted[output] = 1;
    for (uint32_t i = output + 1; wanted && !seen && i-- > 0;) {
        imp_nn_node n = {.struct_size = sizeof n};
        if (!wanted[i] || rt_model_table.node(NULL, model, i, &n, NULL) != IMP_OK)
            continue;
        seen = takes_statistics(model, &n);
        for (uint32_t k = 0; k < n.input_count; k++)
            wanted[n.inputs[k]] = 1;
    }
    free(wanted);
    return seen;
}

imp_status net_measure(imp_nn_model *model, const struct net_ends *ends, const kit_prepare *prepare,
                       imp_job *job, struct net_tiling *t, imp_error *err)
{
    struct probe p = {model, ends, prepare, job, 0, 0, false};
    *t = (struct net_tiling){.align = prepare->multiple};
    t->whole = sees_all(model, ends->output);
    if (t->whole)
        return IMP_OK;
    imp_status st = measure_axis(&p, t, err);
    p.down = true;
    if (st == IMP_OK && !t->whole)
        st = measure_axis(&p, t, err);
    if (st == IMP_OK && !t->whole)
        t->reach = (t->reach + t->align - 1) / t->align * t->align;
    return st;
}

/* ---- cutting ---- */

bool net_cut(uint32_t length, uint32_t tile, const struct net_tiling *t, struct net_cuts *c)
{
    *c = (struct net_cuts){1, length, length, 0, t->reach};
    if (length <= tile)
        return true;
    if (tile % t->align || tile < 2 * t->reach + t->align)
        return false;
    c->tile = tile, c->step = tile - 2 * t->reach;
    c->count = 1 + (length - tile + c->step - 1) / c->step;
    return true;
}

static uint32_t start_of(const struct net_cuts *c, uint32_t i)
{
    const uint64_t start = (uint64_t)i * c->step, last = c->length - c->tile;
    return (uint32_t)(start < last ? start : last);
}

void net_tile(const struct net_cuts *c, uint32_t i, uint32_t *start, uint32_t *from, uint32_t *to)
{
    *start = start_of(c, i);
    *from = i ? *start + c->reach : 0;
    *to = i + 1 < c->count ? start_of(c, i + 1) + c->reach : c->length;
}
