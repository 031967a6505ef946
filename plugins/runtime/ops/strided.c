/* strided.c - walks over two layouts at once. A walk is made simple first (axes of one element go,
 * neighbours that lie alike merge), then its longest axis is cut into pieces. */
#include "strided.h"
#include "fold.h"

#include <impasto/kit.h>
#include <string.h>

enum { KNOWN_INTEGERS = 1 << 20, TILE = 16 };

void rt_walk_steps(const struct rt_shape *s, int64_t step[RT_RANK])
{
    const bool empty = rt_count(s) <= 0; /* products of its axes may be beyond any number */
    int64_t n = 1;
    for (uint32_t i = s->ndim; i-- > 0; n *= empty ? 1 : s->dim[i])
        step[i] = empty ? 0 : n;
}

struct rt_walk rt_walk_over(const struct rt_shape *s)
{
    struct rt_walk w = {.ndim = s->ndim};
    rt_walk_steps(s, w.from);
    rt_walk_steps(s, w.to);
    memcpy(w.dim, s->dim, s->ndim * sizeof w.dim[0]);
    return w;
}

struct rt_walk rt_walk_back(struct rt_walk w)
{
    struct rt_walk b = w;
    memcpy(b.from, w.to, sizeof b.from);
    memcpy(b.to, w.from, sizeof b.to);
    b.from_at = w.to_at;
    b.to_at = w.from_at;
    return b;
}

/* The same walk with as few axes as it can have, at least one. */
static struct rt_walk simple(const struct rt_walk *w)
{
    struct rt_walk s = {.from_at = w->from_at, .to_at = w->to_at};
    for (uint32_t i = 0; i < w->ndim; i++) {
        const uint32_t last = s.ndim - 1;
        if (w->dim[i] == 1)
            continue;
        if (s.ndim && s.from[last] == w->from[i] * w->dim[i] &&
            s.to[last] == w->to[i] * w->dim[i]) {
            s.dim[last] *= w->dim[i];
            s.from[last] = w->from[i];
            s.to[last] = w->to[i];
            continue;
        }
        s.dim[s.ndim] = w->dim[i];
        s.from[s.ndim] = w->from[i];
        s.to[s.ndim++] = w->to[i];
    }
    if (!s.ndim) {
        s.ndim = 1;
        s.dim[0] = s.from[0] = s.to[0] = 1;
    }
    return s;
}

/* ---- kernels: n elements; or a tile of m by n ---- */

struct tile {
    int64_t m, n, from_n, to_m;
};

KIT_CLONES static void row_copy(const float *from, int64_t fs, float *to, int64_t ts, int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        to[i * ts] = from[i * fs];
}

KIT_CLONES static void row_add(const float *from, int64_t fs, float *to, int64_t ts, int64_t n)
{
    if (fs == 1 && ts == 1)
        for (int64_t i = 0; i < n; i++)
            to[i] += from[i];
    else
        for (int64_t i = 0; i < n; i++)
            to[i * ts] += from[i * fs];
}

/* Reads each line of memory once, as a whole: the rows of a picture often lie a power of two apart,
 * where only a few of them have room in the cache at a time. */
KIT_CLONES static void tile(const float *from, float *to, const struct tile *t, bool add)
{
    float turned[TILE][TILE];
    for (int64_t j = 0; j < t->n; j++)
        for (int64_t i = 0; i < t->m; i++)
            turned[i][j] = from[i + j * t->from_n];
    for (int64_t i = 0; i < t->m; i++)
        if (add)
            for (int64_t j = 0; j < t->n; j++)
                to[i * t->to_m + j] += turned[i][j];
        else
            for (int64_t j = 0; j < t->n; j++)
                to[i * t->to_m + j] = turned[i][j];
}

/* m is packed in `from`, n in `to`. */
static void tiles(const float *from, float *to, const struct tile *all, bool add)
{
    for (int64_t i = 0; i < all->m; i += TILE)
        for (int64_t j = 0; j < all->n; j += TILE) {
            struct tile t = *all;
            t.m = all->m - i < TILE ? all->m - i : TILE;
            t.n = all->n - j < TILE ? all->n - j : TILE;
            tile(from + i + j * t.from_n, to + i * t.to_m + j, &t, add);
        }
}

/* ---- the walk ---- */

struct work {
    struct rt_walk walk;
    const float *from;
    float *to;
    uint32_t cut, pieces; /* the axis that is cut, into how many */
    bool add;
};

/* The axis besides the last that makes a turned square with it, or -1: rows do. */
static int turned_axis(const struct rt_walk *w)
{
    const uint32_t last = w->ndim - 1;
    if (w->from[last] == w->to[last])
        return -1;
    for (uint32_t i = 0; i < last; i++)
        if ((w->to[last] == 1 && w->from[i] == 1) || (w->from[last] == 1 && w->to[i] == 1))
            return (int)i;
    return -1;
}

/* Steps index over the axes but the last and `skip`. false: all were visited. */
static bool next(const struct rt_walk *w, int skip, int64_t index[RT_RANK], int64_t *from,
                 int64_t *to)
{
    for (uint32_t i = w->ndim - 1; i-- > 0;) {
        if ((int)i == skip)
            continue;
        *from += w->from[i];
        *to += w->to[i];
        if (++index[i] < w->dim[i])
            return true;
        *from -= w->from[i] * w->dim[i];
        *to -= w->to[i] * w->dim[i];
        index[i] = 0;
    }
    return false;
}

/* The tile that the last axis and axis `turned` make. */
static struct tile tile_of(const struct rt_walk *w, uint32_t turned)
{
    const uint32_t last = w->ndim - 1;
    if (w->to[last] == 1)
        return (struct tile){w->dim[turned], w->dim[last], w->from[last], w->to[turned]};
    return (struct tile){w->dim[last], w->dim[turned], w->from[turned], w->to[last]};
}

static void walk_piece(const struct work *k, const struct rt_walk *w)
{
    const uint32_t last = w->ndim - 1;
    const int turned = turned_axis(w);
    const int64_t n = w->dim[last], from_step = w->from[last], to_step = w->to[last];
    const struct tile t = turned < 0 ? (struct tile){0} : tile_of(w, (uint32_t)turned);
    int64_t index[RT_RANK] = {0}, from = w->from_at, to = w->to_at;
    do {
        if (turned >= 0)
            tiles(k->from + from, k->to + to, &t, k->add);
        else if (k->add)
            row_add(k->from + from, from_step, k->to + to, to_step, n);
        else if (from_step == 1 && to_step == 1)
            memcpy(k->to + to, k->from + from, (size_t)n * sizeof(float));
        else
            row_copy(k->from + from, from_step, k->to + to, to_step, n);
    } while (next(w, turned, index, &from, &to));
}

static void piece(void *user, uint32_t i)
{
    const struct work *k = user;
    struct rt_walk w = k->walk;
    int64_t first, end;
    rt_piece(w.dim[k->cut], k->pieces, i, &first, &end);
    w.dim[k->cut] = end - first;
    w.from_at += first * w.from[k->cut];
    w.to_at += first * w.to[k->cut];
    walk_piece(k, &w);
}

static imp_status run(const struct rt_walk *w, const float *from, float *to, bool add, imp_job *job)
{
    struct work k = {.walk = simple(w), .from = from, .to = to, .add = add};
    int64_t all = 1;
    for (uint32_t i = 0; i < k.walk.ndim; i++) {
        all *= k.walk.dim[i];
        if (k.walk.dim[i] > k.walk.dim[k.cut])
            k.cut = i;
    }
    if (!all)
        return IMP_OK;
    k.pieces = rt_pieces(k.walk.dim[k.cut], (double)all / (double)k.walk.dim[k.cut]);
    return rt_parallel(job, k.pieces, piece, &k);
}

imp_status rt_walk_copy(const struct rt_walk *w, const float *from, float *to, imp_job *job)
{
    return run(w, from, to, false, job);
}

imp_status rt_walk_add(const struct rt_walk *w, const float *from, float *to, imp_job *job)
{
    return run(w, from, to, true, job);
}

/* ---- known contents ---- */

imp_status rt_static_check(const struct rt_infer *in, imp_error *err)
{
    const struct rt_op *op = in->node->op;
    for (uint32_t i = 0; i < op->slot_count && i < in->input_count; i++)
        if ((op->slots[i].flags & RT_SLOT_STATIC) && in->in[i] && !in->in[i]->known)
            return imp_fail(err, IMP_E_INPUT,
                            "%s depends on what the network computes: it must be a constant, or "
                            "follow from shapes alone",
                            op->slots[i].name);
    return IMP_OK;
}

imp_status rt_known_new(uint32_t dtype, const struct rt_shape *shape, struct rt_tensor **out,
                        imp_error *err)
{
    char text[128];
    const int64_t count = rt_count(shape);
    *out = NULL;
    if (dtype != IMP_I64 && (count < 0 || count > RT_FOLD_FLOATS))
        return IMP_OK;
    if (count < 0 || count > KNOWN_INTEGERS)
        return imp_fail(err, IMP_E_LIMIT, "%s integers are more than a network's shapes need",
                        rt_shape_text(shape, text, sizeof text));
    *out = rt_tensor_new(dtype, shape);
    return *out ? IMP_OK : imp_fail(err, IMP_E_MEMORY, "no memory for what is known of shapes");
}

void rt_known_move(const struct rt_walk *w, const struct rt_tensor *from, struct rt_tensor *to)
{
    if (from->dtype != IMP_I64) {
        (void)run(w, rt_floats(from), rt_floats(to), false, NULL);
        return;
    }
    struct rt_walk s = simple(w);
    const uint32_t last = s.ndim - 1;
    int64_t index[RT_RANK] = {0};
    for (uint32_t i = 0; i < s.ndim; i++)
        if (!s.dim[i])
            return;
    do
        for (int64_t i = 0; i < s.dim[last]; i++)
            rt_integers(to)[s.to_at + i * s.to[last]] =
                rt_integers(from)[s.from_at + i * s.from[last]];
    while (next(&s, -1, index, &s.from_at, &s.to_at));
}

imp_status rt_known_walk(struct rt_infer *in, const struct rt_walk *w, imp_error *err)
{
    const struct rt_info *x = in->in[0];
    if (!x->known)
        return x->dtype != IMP_I64
                   ? IMP_OK
                   : imp_fail(err, IMP_E_INPUT,
                              "its integers depend on what the network computes; only those that "
                              "follow from constants and shapes can be used");
    const imp_status st = rt_known_new(x->dtype, &in->out.shape, &in->known, err);
    if (st == IMP_OK && in->known)
        rt_known_move(w, x->known, in->known);
    return st;
}

bool rt_tie_of_param(struct rt_ties *t, const struct rt_call *c)
{
    if (!rt_is_param(c->node->inputs[0]))
        return false;
    rt_tie_lock(t, RT_OUT, -1, "its elements are a parameter's, moved");
    return true;
}

/* ---- views ---- */

imp_status rt_view_forward(const struct rt_call *c)
{
    const struct rt_walk w = rt_walk_over(&c->out_info->shape);
    const float *from = c->in[0] ? c->in[0] : rt_floats(c->out_info->known); /* of integers */
    return c->out == from ? IMP_OK : rt_walk_copy(&w, from, c->out, c->job);
}

imp_status rt_view_backward(const struct rt_call *c)
{
    const struct rt_walk w = rt_walk_over(&c->out_info->shape);
    if (!c->in_grad[0] || c->in_grad[0] == c->out_grad)
        return IMP_OK;
    return rt_walk_add(&w, c->out_grad, c->in_grad[0], c->job);
}
