/* kit_axis.c - weights of one axis, and the loops that apply them.
 *
 * Rows are combined first, over whole rows. Columns are then done for eight rows at a time, which
 * are laid side by side (lane j of column x at [8 x + j]), so that one weight serves eight samples
 * and no load is scattered. */
#include "kit_axis.h"
#include <math.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

enum { LANES = 8 };
/* Eight floats at once: gcc left alone vectorises the loop over the taps instead, which is slow. */
typedef float lanes __attribute__((vector_size(LANES * sizeof(float))));

/* ---- weights ---- */

static int64_t at_border(int64_t i, int64_t n, int mirrored)
{
    if (mirrored)
        return kit_mirror(i, n);
    return i < 0 ? 0 : i >= n ? n - 1 : i;
}

/* The window [low, high) that output i looks at, before the border is seen to. */
static void window(const struct kit_axis *a, const struct kit_axis_how *how, uint32_t i,
                   int64_t *low, int64_t *high)
{
    const double step = (double)a->from / a->to;
    if (!how->kernel) {
        *low = (int64_t)floor(i * step + 1e-9);
        *high = (int64_t)ceil((i + 1.0) * step - 1e-9);
    } else {
        const double centre = (i + 0.5) * step - 0.5, reach = how->support * fmax(step, 1);
        *low = (int64_t)floor(centre - reach) + 1;
        *high = (int64_t)ceil(centre + reach);
    }
    if (*high <= *low)
        *high = *low + 1;
}

static double weight(const struct kit_axis *a, const struct kit_axis_how *how, uint32_t i,
                     int64_t k)
{
    const double step = (double)a->from / a->to;
    if (how->kernel)
        return how->kernel(((double)k - ((i + 0.5) * step - 0.5)) / fmax(step, 1));
    const double low = fmax((double)k, i * step), high = fmin((double)k + 1, (i + 1) * step);
    return fmax(high - low, 0);
}

/* The range [*low, *high) of real samples that the window of output i falls on. */
static void landed(const struct kit_axis *a, const struct kit_axis_how *how, uint32_t i,
                   int64_t *low, int64_t *high)
{
    int64_t from, to, least = a->from, most = -1;
    window(a, how, i, &from, &to);
    if (from >= 0 && to <= (int64_t)a->from) {
        *low = from, *high = to;
        return;
    }
    for (int64_t k = from; k < to; k++) {
        const int64_t at = at_border(k, a->from, how->mirrored);
        least = at < least ? at : least;
        most = at > most ? at : most;
    }
    *low = least, *high = most + 1;
}

/* Row i of the table; sums is room for `from` doubles, zero before and after. */
static void fill(struct kit_axis *a, const struct kit_axis_how *how, uint32_t i, double *sums)
{
    int64_t from, to, low, high;
    double total = 0;
    window(a, how, i, &from, &to);
    landed(a, how, i, &low, &high);
    for (int64_t k = from; k < to; k++) {
        const double w = weight(a, how, i, k);
        sums[at_border(k, a->from, how->mirrored)] += w;
        total += w;
    }
    if (low + a->taps > a->from)
        low = (int64_t)a->from - a->taps;
    a->first[i] = (uint32_t)low;
    for (uint32_t k = 0; k < a->taps; k++) {
        a->weights[(size_t)i * a->taps + k] = (float)(sums[low + k] / total);
        sums[low + k] = 0;
    }
}

imp_status kit_axis_init(struct kit_axis *a, uint32_t from, uint32_t to, struct kit_axis_how how)
{
    *a = (struct kit_axis){.from = from, .to = to, .taps = 1};
    for (uint32_t i = 0; i < to; i++) {
        int64_t low, high;
        landed(a, &how, i, &low, &high);
        if (high - low > a->taps)
            a->taps = (uint32_t)(high - low);
    }
    double *sums = calloc(from, sizeof *sums);
    a->first = malloc(kit_bytes(to, sizeof *a->first));
    a->weights = calloc(to, kit_bytes(a->taps, sizeof *a->weights));
    if (!sums || !a->first || !a->weights) {
        free(sums);
        kit_axis_fini(a);
        return IMP_E_MEMORY;
    }
    for (uint32_t i = 0; i < to; i++)
        fill(a, &how, i, sums);
    free(sums);
    return IMP_OK;
}

void kit_axis_fini(struct kit_axis *a)
{
    free(a->first);
    free(a->weights);
    *a = (struct kit_axis){0};
}

/* ---- loops ---- */

/* out = w[0] * row 0 + ... of n samples; the rows are `stride` apart. Four at a time, so that out
 * is loaded and stored a quarter as often. */
KIT_CLONES
static void add_rows(const float *restrict in, int64_t stride, const float *w, uint32_t taps,
                     float *restrict out, uint32_t n)
{
    uint32_t k = taps % 4;
    if (k == 0)
        memset(out, 0, n * sizeof *out);
    else if (k == 1)
        for (uint32_t x = 0; x < n; x++)
            out[x] = w[0] * in[x];
    else if (k == 2)
        for (uint32_t x = 0; x < n; x++)
            out[x] = w[0] * in[x] + w[1] * in[x + stride];
    else
        for (uint32_t x = 0; x < n; x++)
            out[x] = w[0] * in[x] + w[1] * in[x + stride] + w[2] * in[x + 2 * stride];
    for (; k < taps; k += 4) {
        const float *a = in + k * stride, *b = a + stride, *c = b + stride, *d = c + stride;
        const float p = w[k], q = w[k + 1], r = w[k + 2], s = w[k + 3];
        for (uint32_t x = 0; x < n; x++)
            out[x] = out[x] + ((p * a[x] + q * b[x]) + (r * c[x] + s * d[x]));
    }
}

/* Lays `count` rows of n samples side by side. */
static void to_lanes(const float *const rows[LANES], uint32_t n, float *restrict out)
{
    const float *a = rows[0], *b = rows[1], *c = rows[2], *d = rows[3];
    const float *e = rows[4], *f = rows[5], *g = rows[6], *h = rows[7];
    for (uint32_t x = 0; x < n; x++, out += LANES) {
        out[0] = a[x], out[1] = b[x], out[2] = c[x], out[3] = d[x];
        out[4] = e[x], out[5] = f[x], out[6] = g[x], out[7] = h[x];
    }
}

/* The columns of eight rows; out is laid out in lanes again. */
KIT_CLONES
static void add_columns(const struct kit_axis *a, const float *restrict all, float *restrict out)
{
    for (uint32_t i = 0; i < a->to; i++, out += LANES) {
        const float *w = a->weights + (size_t)i * a->taps;
        const float *in = all + (size_t)a->first[i] * LANES;
        lanes sum = {0}, v;
        for (uint32_t k = 0; k < a->taps; k++, in += LANES) {
            memcpy(&v, in, sizeof v);
            sum += w[k] * v;
        }
        memcpy(out, &sum, sizeof sum);
    }
}

static void from_lanes(const float *restrict in, uint32_t n, uint32_t count,
                       float *const rows[LANES])
{
    if (count < LANES) {
        for (uint32_t j = 0; j < count; j++)
            for (uint32_t x = 0; x < n; x++)
                rows[j][x] = in[(size_t)x * LANES + j];
        return;
    }
    float *a = rows[0], *b = rows[1], *c = rows[2], *d = rows[3];
    float *e = rows[4], *f = rows[5], *g = rows[6], *h = rows[7];
    for (uint32_t x = 0; x < n; x++, in += LANES) {
        a[x] = in[0], b[x] = in[1], c[x] = in[2], d[x] = in[3];
        e[x] = in[4], f[x] = in[5], g[x] = in[6], h[x] = in[7];
    }
}

/* ---- strips ---- */

struct resample {
    const imp_image *src;
    imp_image *dst;
    const struct kit_axis *rows, *columns;
    uint32_t strips; /* of each plane */
    atomic_int no_memory;
};

static void combine(const struct resample *r, uint32_t c, uint32_t y, float *out)
{
    const struct kit_axis *a = r->rows;
    add_rows(imp_row(r->src, c, a->first[y]), r->src->row, a->weights + (size_t)y * a->taps,
             a->taps, out, r->src->width);
}

/* Up to eight rows of the result, from y on. room: 8 rows, their lanes, and the lanes of the
 * result. */
static void block(const struct resample *r, uint32_t c, uint32_t y, uint32_t count, float *room)
{
    const uint32_t from = r->src->width, to = r->dst->width;
    const float *rows[LANES];
    float *results[LANES], *side_by_side = room + (size_t)from * LANES;
    for (uint32_t j = 0; j < LANES; j++) {
        const uint32_t k = j < count ? j : count - 1; /* the last one again where none is left */
        results[j] = imp_row_out(r->dst, c, y + k);
        rows[j] = r->rows ? room + (size_t)from * k : imp_row(r->src, c, y + k);
        if (r->rows && j < count)
            combine(r, c, y + j, room + (size_t)from * j);
    }
    to_lanes(rows, from, side_by_side);
    add_columns(r->columns, side_by_side, side_by_side + (size_t)from * LANES);
    from_lanes(side_by_side + (size_t)from * LANES, to, count, results);
}

static void strip(void *user, uint32_t i)
{
    struct resample *r = user;
    const uint32_t c = i / r->strips;
    uint32_t from, to;
    kit_strip(r->dst->height, r->strips, i % r->strips, &from, &to);
    if (!r->columns) {
        for (uint32_t y = from; y < to; y++)
            combine(r, c, y, imp_row_out(r->dst, c, y));
        return;
    }
    const size_t width = 2 * (size_t)r->src->width + r->dst->width;
    float *room = malloc(kit_bytes(width, LANES * sizeof *room));
    if (!room) {
        atomic_store(&r->no_memory, 1);
        return;
    }
    for (uint32_t y = from; y < to; y += LANES)
        block(r, c, y, to - y < LANES ? to - y : LANES, room);
    free(room);
}

imp_status kit_resample(const imp_image *src, imp_image *dst, const struct kit_axis *rows,
                        const struct kit_axis *columns, imp_job *job)
{
    struct resample r = {.src = src, .dst = dst, .rows = rows, .columns = columns};
    const uint32_t in = kit_strips(src->width, src->height),
                   out = kit_strips(dst->width, dst->height);
    const uint32_t most = (dst->height + LANES - 1) / LANES;
    if (!rows && !columns) {
        kit_copy(src, dst);
        return IMP_OK;
    }
    r.strips = in > out ? in : out;
    r.strips = r.strips > most ? most : r.strips;
    const imp_status st = kit_parallel(job, r.strips * src->channels, strip, &r);
    return st == IMP_OK && atomic_load(&r.no_memory) ? IMP_E_MEMORY : st;
}
