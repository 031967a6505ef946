/* reallocate.c - targets of feature maps. */
#include "reallocate.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- measuring ---- */

struct measure {
    const float *code;
    struct en_moments *out;
    size_t places;
};

enum { LANES = 8, RUN = 4096 }; /* sums of so many places are added to the map's */

struct run_sums {
    double sum[LANES], square[LANES], zeros;
    float high;
};

KIT_CLONES
static void sum_run(const float *f, size_t n, struct run_sums *s)
{
    uint32_t zeros[LANES] = {0};
    float high[LANES];
    size_t i = 0;
    for (int k = 0; k < LANES; k++)
        s->sum[k] = s->square[k] = 0, high[k] = f[0];
    for (; i + LANES <= n; i += LANES)
        for (size_t k = 0; k < LANES; k++) {
            const float v = f[i + k];
            s->sum[k] += (double)v, s->square[k] += (double)v * (double)v;
            zeros[k] += v == 0;
            high[k] = v > high[k] ? v : high[k];
        }
    for (; i < n; i++) {
        s->sum[0] += (double)f[i], s->square[0] += (double)f[i] * (double)f[i];
        zeros[0] += f[i] == 0;
        high[0] = f[i] > high[0] ? f[i] : high[0];
    }
    s->zeros = 0, s->high = high[0];
    for (int k = 0; k < LANES; k++)
        s->zeros += zeros[k], s->high = high[k] > s->high ? high[k] : s->high;
}

static void measure_map(void *user, uint32_t c) IMP_NX
{
    const struct measure *t = user;
    const float *f = t->code + c * t->places;
    struct en_moments m = {0, 0, (double)f[0], 0};
    for (size_t p = 0; p < t->places; p += RUN) {
        struct run_sums s;
        sum_run(f + p, t->places - p < RUN ? t->places - p : RUN, &s);
        for (int k = 0; k < LANES; k++)
            m.mean += s.sum[k], m.square += s.square[k];
        m.zeros += s.zeros;
        m.high = (double)s.high > m.high ? (double)s.high : m.high;
    }
    m.mean /= (double)t->places, m.square /= (double)t->places, m.zeros /= (double)t->places;
    t->out[c] = m;
}

imp_status en_measure(const float *code, uint32_t maps, size_t places, struct en_moments *out,
                      uint32_t *bad, imp_job *job)
{
    struct measure t = {code, out, places};
    const imp_status st = kit_parallel(job, maps, measure_map, &t);
    for (uint32_t c = 0; c < maps && st == IMP_OK; c++)
        if (!isfinite(out[c].square)) {
            *bad = c;
            return IMP_E_INPUT;
        }
    return st;
}

/* ---- making ---- */

struct remap {
    const float *code;
    float *out;
    const struct en_part *parts;
    size_t places;
    double amount;
};

KIT_CLONES
static void blend_row(const float *own, const float *from, double gain, double offset,
                      double amount, size_t n, float *out)
{
    for (size_t p = 0; p < n; p++) {
        const double f = (double)own[p], t = gain * (double)from[p] + offset;
        out[p] = (float)(f + amount * (t - f));
    }
}

KIT_CLONES
static void scale_row(const float *from, double gain, double offset, size_t n, float *out)
{
    for (size_t p = 0; p < n; p++)
        out[p] = (float)(gain * (double)from[p] + offset);
}

static void remap_map(void *user, uint32_t c) IMP_NX
{
    const struct remap *t = user;
    const struct en_part *m = &t->parts[c];
    const float *from = t->code + m->from * t->places;
    float *out = t->out + c * t->places;
    if (t->amount == 1)
        scale_row(from, m->gain, m->offset, t->places, out);
    else
        blend_row(t->code + c * t->places, from, m->gain, m->offset, t->amount, t->places, out);
}

imp_status en_remap(const float *code, uint32_t maps, size_t places, const struct en_part *parts,
                    double amount, float *out, imp_job *job)
{
    struct remap t = {code, out, parts, places, amount};
    return kit_parallel(job, maps, remap_map, &t);
}

struct gather {
    const float *code;
    float *out;
    size_t places;
    double amount;
    uint32_t maps, k;
};

enum { BLOCK = 1024 };

static void gather_block(void *user, uint32_t i) IMP_NX
{
    const struct gather *t = user;
    const size_t from = (size_t)i * BLOCK, left = t->places - from, n = left < BLOCK ? left : BLOCK;
    double sum[BLOCK] = {0};
    for (uint32_t c = 0; c < t->maps; c++) {
        const float *f = t->code + c * t->places + from;
        for (size_t p = 0; p < n; p++)
            sum[p] += (double)f[p];
    }
    for (uint32_t c = 0; c < t->maps; c++) {
        const float *f = t->code + c * t->places + from;
        float *out = t->out + c * t->places + from;
        for (size_t p = 0; p < n; p++) {
            const double own = (double)f[p], to = c == t->k ? sum[p] : 0;
            out[p] = (float)(own + t->amount * (to - own));
        }
    }
}

imp_status en_gather(const float *code, uint32_t maps, size_t places, uint32_t k, double amount,
                     float *out, imp_job *job)
{
    struct gather t = {code, out, places, amount, maps, k};
    return kit_parallel(job, (uint32_t)((places + BLOCK - 1) / BLOCK), gather_block, &t);
}

/* ---- parts ---- */

imp_status en_parts_of_shares(const struct en_moments *m, uint32_t maps, const double *w,
                              struct en_part *parts)
{
    double all = 0, wanted = 0;
    uint32_t alive = 0;
    for (uint32_t c = 0; c < maps; c++) {
        all += m[c].mean;
        wanted += m[c].mean != 0 ? w[c] : 0;
        alive += m[c].mean != 0;
    }
    for (uint32_t c = 0; c < maps; c++)
        parts[c] = (struct en_part){m[c].mean != 0 ? w[c] / wanted * all / m[c].mean : 0, 0, c, 0};
    return alive && wanted == 0 ? IMP_E_INPUT : IMP_OK;
}

/* Numbers of maps from the weakest; insertion, since a layer has few of them and ties keep their
 * order. */
static void rank(uint32_t maps, const struct en_moments *m, const double *mean, uint32_t *order)
{
    for (uint32_t c = 0; c < maps; c++) {
        const double v = m ? m[c].mean : mean[c];
        uint32_t i = c;
        for (; i && (m ? m[order[i - 1]].mean : mean[order[i - 1]]) > v; i--)
            order[i] = order[i - 1];
        order[i] = c;
    }
}

void en_parts_direct(const struct en_moments *m, uint32_t maps, const double *style_mean,
                     uint32_t *order, struct en_part *parts)
{
    uint32_t *to = order + maps;
    rank(maps, m, NULL, order);
    rank(maps, NULL, style_mean, to);
    for (uint32_t i = 0; i < maps; i++)
        parts[to[i]] = (struct en_part){1, style_mean[to[i]] - m[order[i]].mean, order[i], 0};
}

void en_parts_moments(const struct en_moments *m, uint32_t maps, const double *style_mean,
                      const double *style_square, struct en_part *parts)
{
    double whole = 0;
    for (uint32_t c = 0; c < maps; c++)
        whole += m[c].square / maps;
    for (uint32_t c = 0; c < maps; c++) {
        const double own = m[c].square - m[c].mean * m[c].mean;
        const double wanted = style_square[c] - style_mean[c] * style_mean[c];
        const double gain = own > 1e-10 * whole ? sqrt(fmax(wanted, 0) / own) : 0;
        parts[c] = (struct en_part){gain, style_mean[c] - gain * m[c].mean, c, 0};
    }
}
