/* broadcast.c - see broadcast.h. */
#include "broadcast.h"
#include <impasto/kit.h>

/* Size of axis `axis` of `ndim` axes, where s is aligned at the last axis. */
static int64_t aligned(const struct rt_shape *s, uint32_t ndim, uint32_t axis)
{
    const uint32_t missing = ndim - s->ndim;
    return axis < missing ? 1 : s->dim[axis - missing];
}

bool rt_broadcast(const struct rt_shape *a, const struct rt_shape *b, struct rt_shape *out)
{
    struct rt_shape s = {.ndim = a->ndim > b->ndim ? a->ndim : b->ndim};
    for (uint32_t k = 0; k < s.ndim; k++) {
        const int64_t m = aligned(a, s.ndim, k), n = aligned(b, s.ndim, k);
        if (m != n && m != 1 && n != 1)
            return false;
        s.dim[k] = m == 1 ? n : m;
    }
    *out = s;
    return true;
}

bool rt_broadcasts_to(const struct rt_shape *part, const struct rt_shape *whole)
{
    struct rt_shape both;
    return rt_broadcast(part, whole, &both) && rt_same_shape(&both, whole);
}

/* ---- the walk ---- */

/* Steps of a packed part in the axes of the whole, 0 where it is repeated. */
static void steps_of(const struct rt_shape *whole, const struct rt_shape *part, int64_t *step)
{
    int64_t size = 1;
    for (uint32_t k = whole->ndim; k-- > 0;) {
        const int64_t n = aligned(part, whole->ndim, k);
        step[k] = n == 1 ? 0 : size;
        size *= n;
    }
}

/* Can axis k of size `dim` go into the one before it, which has these steps? */
static bool joins(const struct rt_walk *w, const int64_t *a, const int64_t *b, int64_t dim,
                  uint32_t k)
{
    const uint32_t last = w->ndim - 1;
    return w->step[0][last] == a[k] * dim && w->step[1][last] == b[k] * dim;
}

void rt_walk_init(struct rt_walk *w, const struct rt_shape *whole, const struct rt_shape *part0,
                  const struct rt_shape *part1)
{
    int64_t a[RT_RANK], b[RT_RANK];
    steps_of(whole, part0, a);
    steps_of(whole, part1, b);
    *w = (struct rt_walk){0};
    for (uint32_t k = 0; k < whole->ndim; k++) {
        const int64_t dim = whole->dim[k];
        if (dim == 1)
            continue;
        if (w->ndim && joins(w, a, b, dim, k))
            w->dim[w->ndim - 1] *= dim;
        else
            w->dim[w->ndim++] = dim;
        w->step[0][w->ndim - 1] = a[k];
        w->step[1][w->ndim - 1] = b[k];
    }
    if (!w->ndim) {
        w->ndim = 1;
        w->dim[0] = w->step[0][0] = w->step[1][0] = 1;
    }
    w->length = w->dim[w->ndim - 1];
    w->rows = 1;
    for (uint32_t k = 0; k + 1 < w->ndim; k++)
        w->rows *= w->dim[k];
}

int64_t rt_walk_at(const struct rt_walk *w, uint32_t part, int64_t row)
{
    int64_t at = 0;
    for (uint32_t k = w->ndim - 1; k-- > 0 && row;) {
        at += row % w->dim[k] * w->step[part][k];
        row /= w->dim[k];
    }
    return at;
}

/* ---- folding ---- */

/* The axes that count rows, those of the part (0) and the repeated ones (1), each with its step in
 * rows and in the part. */
struct axes {
    uint32_t n, reserved0;
    int64_t count, dim[RT_RANK], rows[RT_RANK], step[RT_RANK];
};

struct fold {
    const struct rt_walk *walk;
    struct axes kept, repeated;
    int64_t units, blocks; /* a unit: up to RT_STRETCH elements of the part, `blocks` units a row */
    uint32_t pieces, spread;
    double begin;
    rt_visit_fn *visit, *finish;
    void *user;
};

static void push_axis(struct axes *a, int64_t dim, int64_t rows, int64_t step)
{
    a->dim[a->n] = dim;
    a->rows[a->n] = rows;
    a->step[a->n++] = step;
    a->count *= dim;
}

/* Row number (and element of the part) of combination i; axes were pushed last one first. */
static int64_t row_of(const struct axes *a, int64_t i, int64_t *element)
{
    int64_t row = 0;
    for (uint32_t k = 0; k < a->n && i; k++) {
        const int64_t at = i % a->dim[k];
        row += at * a->rows[k];
        *element += at * a->step[k];
        i /= a->dim[k];
    }
    return row;
}

static void fold_unit(const struct fold *f, int64_t unit)
{
    double sum[RT_STRETCH];
    struct rt_stretch s = {.spread = f->spread, .sum = sum};
    const int64_t length = f->walk->length, begin = unit % f->blocks * RT_STRETCH;
    const int64_t end = f->spread && length - begin > RT_STRETCH ? begin + RT_STRETCH : length;
    const int64_t base = row_of(&f->kept, unit / f->blocks, &s.first);
    const int64_t elements = f->spread ? end - begin : 1;
    int64_t none = 0;
    s.first += f->spread ? begin : 0;
    for (int64_t i = 0; i < elements; i++)
        sum[i] = f->begin;
    for (int64_t r = 0; r < f->repeated.count; r++) {
        s.row = base + row_of(&f->repeated, r, &none);
        for (s.column = begin; s.column < end; s.column += s.n) {
            s.n = end - s.column < RT_STRETCH ? end - s.column : RT_STRETCH;
            f->visit(f->user, &s);
        }
    }
    s.n = elements;
    f->finish(f->user, &s);
}

static void fold_piece(void *user, uint32_t i)
{
    const struct fold *f = user;
    int64_t from, to;
    rt_piece(f->units, f->pieces, i, &from, &to);
    for (; from < to; from++)
        fold_unit(f, from);
}

imp_status rt_walk_fold(imp_job *job, const struct rt_walk *w, uint32_t part, double begin,
                        double cost, rt_visit_fn *visit, rt_visit_fn *finish, void *user)
{
    const uint32_t last = w->ndim - 1;
    struct fold f = {.walk = w,
                     .kept.count = 1,
                     .repeated.count = 1,
                     .begin = begin,
                     .visit = visit,
                     .finish = finish,
                     .user = user,
                     .spread = w->step[part][last] != 0};
    int64_t rows = 1;
    for (uint32_t k = last; k-- > 0; rows *= w->dim[k])
        push_axis(w->step[part][k] ? &f.kept : &f.repeated, w->dim[k], rows, w->step[part][k]);
    f.blocks = f.spread ? (w->length + RT_STRETCH - 1) / RT_STRETCH : 1;
    f.units = f.kept.count * f.blocks;
    if (!f.units)
        return IMP_OK;
    const double all = (double)w->rows * (double)w->length * cost;
    f.pieces = rt_pieces(f.units, all / (double)f.units);
    return rt_parallel(job, f.pieces, fold_piece, &f);
}

KIT_CLONES
static void add_each(double *restrict sum, const float *restrict v, int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        sum[i] += (double)v[i];
}

/* Eight sums side by side, so that one addition need not wait for the other. */
KIT_CLONES
static double add_all(const float *v, int64_t n)
{
    double s[8] = {0};
    int64_t i = 0;
    for (; i + 8 <= n; i += 8)
        for (int64_t j = 0; j < 8; j++)
            s[j] += (double)v[i + j];
    for (int64_t j = 0; i + j < n; j++)
        s[j] += (double)v[i + j];
    return ((s[0] + s[4]) + (s[2] + s[6])) + ((s[1] + s[5]) + (s[3] + s[7]));
}

void rt_stretch_add(const struct rt_stretch *s, const float *values)
{
    if (s->spread)
        add_each(s->sum, values, s->n);
    else
        *s->sum += add_all(values, s->n);
}
