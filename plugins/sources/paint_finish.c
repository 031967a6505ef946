/* paint_finish.c - before and after the strokes: ground and paper; light on the paint, weave of the
 * canvas, pigment in the paper's pits. */
#include "painting.h"
#include "swift.h"

/* Mean of a plane of the study, in double. */
static float mean_of(const imp_image *m, uint32_t c)
{
    double sum = 0;
    for (uint32_t y = 0; y < m->height; y++) {
        const float *row = imp_row(m, c, y);
        for (uint32_t x = 0; x < m->width; x++)
            sum += row[x];
    }
    return (float)(sum / ((double)m->width * m->height));
}

static void ground_colour(const struct painting *p, float out[3])
{
    static const float paper[3] = {0.955f, 0.94f, 0.905f}, dark[3] = {0.07f, 0.065f, 0.07f},
                       warm[3] = {0.60f, 0.44f, 0.29f};
    for (uint32_t c = 0; c < 3; c++)
        switch (p->m->ground) {
        case GROUND_PAPER:
            out[c] = paper[c];
            break;
        case GROUND_DARK:
            out[c] = dark[c];
            break;
        case GROUND_WARM:
            out[c] = warm[c];
            break;
        default:
            out[c] = 0.75f * mean_of(p->study, c) + 0.25f * warm[c];
        }
}

struct grounding {
    struct painting *p;
    float colour[3];
};

/* The surface in units: fibres and pits of two sizes, weaker where a px holds several. */
static float surface(const struct painting *p, float x, float y)
{
    const float u = x / p->unit, v = y / p->unit, fine = sw_clamp(p->unit * 0.9f, 0.25f, 1);
    const float h = 0.42f * sw_perlin(u * 0.62f, v * 0.62f, p->seed + 501) +
                    0.30f * sw_perlin(u * 0.31f + 7, v * 0.31f, p->seed + 502) +
                    0.22f * sw_perlin(u * 1.1f, v * 1.1f + 3, p->seed + 503);
    return sw_unit(0.5f + fine * h);
}

static void ground_row(void *user, uint32_t y) IMP_NX
{
    const struct grounding *g = user;
    struct painting *p = g->p;
    float *paper = imp_row_out(p->paint, 2, y);
    for (uint32_t x = 0; x < p->canvas->width; x++)
        paper[x] = surface(p, (float)x + 0.5f, (float)y + 0.5f);
    for (uint32_t c = 0; c < 3; c++) {
        float *row = imp_row_out(p->canvas, c, y);
        for (uint32_t x = 0; x < p->canvas->width; x++)
            row[x] = sw_unit(g->colour[c] + 0.03f * (paper[x] - 0.5f));
    }
}

imp_status paint_ground(struct painting *p)
{
    struct grounding g = {.p = p};
    ground_colour(p, g.colour);
    return kit_parallel(p->job, p->canvas->height, ground_row, &g);
}

/* ---- light ---- */

struct lighting {
    struct painting *p;
    float x, y, weave, relief, grain;
    float *warp, *weft; /* threads by columns, by rows: THREAD numbers each */
};
enum { THREAD = 2 };

/* A thread at each of n places: whether it lies over or under, and how far it stands out. No two
 * are of one thickness or quite in line. */
static void spin(const struct painting *p, uint32_t seed, uint32_t n, float *out)
{
    for (uint32_t i = 0; i < n; i++) {
        const float at = (float)i / p->unit * 0.36f;
        const float u = at + 0.16f * sw_noise(at * 0.7f, 0.5f, seed) +
                        0.5f * sw_noise(at * 0.045f, 0.5f, seed + 1);
        out[THREAD * i] = sw_sine(u);
        out[THREAD * i + 1] = 1 + 0.75f * sw_noise(2 * u, 0.5f, seed + 2);
    }
}

/* Threads over and under, and each its own ridge. */
static inline float weave_at(const struct lighting *l, uint32_t x, uint32_t y)
{
    const float *a = l->warp + (size_t)THREAD * x, *b = l->weft + (size_t)THREAD * y;
    const float over = a[0] * b[0] * sw_min(a[1], b[1]),
                ridge = a[1] * (1 - a[0] * a[0]) + b[1] * (1 - b[0] * b[0]);
    return 0.55f * over + 0.45f * ridge;
}

static float height_at(const struct lighting *l, int64_t x, int64_t y)
{
    const imp_image *m = l->p->paint;
    const uint32_t i = (uint32_t)(x < 0 ? 0 : x >= m->width ? m->width - 1 : x);
    const uint32_t j = (uint32_t)(y < 0 ? 0 : y >= m->height ? m->height - 1 : y);
    const float high = imp_row(m, 0, j)[i];
    if (l->weave <= 0)
        return l->relief * high;
    const float worn = 0.35f + 1.3f * imp_row(m, 2, j)[i];
    return l->relief * high + l->weave * worn * weave_at(l, i, j) / (1 + 3 * high);
}

/* Diffuse light at 40 degrees over the canvas, and a narrow gloss. */
static void light_row(void *user, uint32_t row) IMP_NX
{
    const struct lighting *l = user;
    struct painting *p = l->p;
    float *to[3];
    const float *paper = imp_row(p->paint, 2, row), *cover = imp_row(p->paint, 1, row);
    for (uint32_t c = 0; c < 3; c++)
        to[c] = imp_row_out(p->canvas, c, row);
    for (uint32_t x = 0; x < p->canvas->width; x++) {
        const int64_t i = x, j = row;
        float shade = 1, gloss = 0;
        if (l->relief + l->weave > 0) {
            const float sx = 0.5f * p->unit * (height_at(l, i + 1, j) - height_at(l, i - 1, j));
            const float sy = 0.5f * p->unit * (height_at(l, i, j + 1) - height_at(l, i, j - 1));
            const float facing =
                (0.643f - sx * l->x * 0.766f - sy * l->y * 0.766f) / sqrtf(1 + sx * sx + sy * sy);
            shade = sw_clamp(0.30f + 0.70f * facing / 0.643f, 0.35f, 1.6f);
            const float shine = sw_unit((facing - 0.80f) * 5);
            gloss = 0.16f * shine * shine * sw_unit(l->relief);
        }
        const float pit = 1 + l->grain * (paper[x] - 0.5f) * (0.35f + 0.65f * cover[x]);
        for (uint32_t c = 0; c < 3; c++) {
            const float v = to[c][x];
            const float dry = l->grain > 0 ? 1 - sw_unit((1 - v) * pit) : v;
            to[c][x] = sw_unit(dry * shade + gloss);
        }
    }
}

/* ---- washes ---- */

/* Lightness of the canvas, for the edges of washes. */
static void look_row(void *user, uint32_t y) IMP_NX
{
    const struct lighting *l = user;
    const imp_image *m = l->p->canvas;
    kit_luma(imp_row(m, 0, y), imp_row(m, 1, y), imp_row(m, 2, y), imp_row_out(l->p->paint, 0, y),
             m->width);
}

/* Pigment dries darker at edges, gathers in the paper's pits and drifts (Bousseau and others 2006:
 * density d takes c to c (1 - (1 - c) (d - 1))); the lightest tones are bare paper. */
static void wash_row(void *user, uint32_t row) IMP_NX
{
    const struct lighting *l = user;
    struct painting *p = l->p;
    const int64_t far = (int64_t)sw_max(1.2f * p->unit + 0.5f, 1), j = row;
    const float *paper = imp_row(p->paint, 2, row), *light = imp_row(p->paint, 0, row);
    const float u = 1 / (70 * p->unit);
    for (uint32_t x = 0; x < p->canvas->width; x++) {
        const int64_t i = x;
        const float gx = height_at(l, i + far, j) - height_at(l, i - far, j);
        const float gy = height_at(l, i, j + far) - height_at(l, i, j - far);
        const float edge = sw_unit(2.2f * sqrtf(gx * gx + gy * gy) - 0.05f);
        const float pool = sw_octaves((float)x * u, (float)row * u, p->seed + 600, 4, 0.55f);
        const float d = 0.55f * edge + 0.34f * pool + 1.0f * p->wish.grain * (paper[x] - 0.5f);
        const float bare = sw_step(0.72f, 0.95f, light[x] + 0.12f * pool);
        static const float sheet[3] = {0.965f, 0.955f, 0.93f};
        for (uint32_t c = 0; c < 3; c++) {
            float *v = imp_row_out(p->canvas, c, row) + x;
            const float lifted = 1 - 0.90f * (1 - *v);
            const float grown = lifted * (1 - (1 - lifted) * d);
            *v = sw_unit(sw_mix(grown, sheet[c] * (1 + 0.05f * (paper[x] - 0.5f)), 0.8f * bare));
        }
    }
}

/* ---- the margin ---- */

static void margin_row(void *user, uint32_t y) IMP_NX
{
    const struct grounding *g = user;
    struct painting *p = g->p;
    const imp_image *m = p->canvas;
    const float u = 1 / p->unit, v = ((float)y + 0.5f) * u, *paper = imp_row(p->paint, 2, y);
    const float down = sw_min(v, (float)m->height * u - v);
    for (uint32_t x = 0; x < m->width; x++) {
        const float w = ((float)x + 0.5f) * u, across = sw_min(w, (float)m->width * u - w);
        const float uneven = 2.6f * sw_octaves(w * 0.03f, v * 0.03f, p->seed + 700, 4, 0.5f) +
                             2.0f * (paper[x] - 0.5f);
        const float in = sw_min(down, across) + uneven - p->wish.margin;
        const float painted = sw_unit(in / sw_max(u, 0.3f) + 0.5f);
        for (uint32_t c = 0; c < 3; c++) {
            float *to = imp_row_out(p->canvas, c, y) + x;
            *to = sw_mix(sw_unit(g->colour[c] + 0.03f * (paper[x] - 0.5f)), *to, painted);
        }
    }
}

static imp_status margin(struct painting *p)
{
    struct grounding g = {.p = p};
    ground_colour(p, g.colour);
    return p->wish.margin > 0 ? kit_parallel(p->job, p->canvas->height, margin_row, &g) : IMP_OK;
}

imp_status paint_finish(struct painting *p)
{
    const uint32_t h = p->canvas->height;
    const int oil = p->m->relief > 0, wash = p->m->wet > 0 && p->m->engine == ENGINE_BRUSH;
    struct lighting l = {.p = p,
                         .relief = oil    ? p->wish.relief
                                   : wash ? 1.0f
                                          : 0,
                         .x = sw_cosine(p->wish.light),
                         .y = -sw_sine(p->wish.light),
                         .weave = oil ? 0.085f * p->wish.grain * sw_clamp(p->unit, 0.5f, 1) : 0,
                         .grain = oil ? 0 : 0.42f * p->wish.grain};
    imp_status st = IMP_OK;
    if (l.weave > 0) {
        const size_t w = p->canvas->width;
        l.warp = p->job->scratch(p->job, THREAD * (w + h) * sizeof(float));
        if (!l.warp)
            return IMP_E_MEMORY;
        l.weft = l.warp + THREAD * w;
        spin(p, p->seed + 510, (uint32_t)w, l.warp), spin(p, p->seed + 520, h, l.weft);
    }
    if (wash)
        st = kit_parallel(p->job, h, look_row, &l);
    if (st == IMP_OK)
        st = kit_parallel(p->job, h, wash ? wash_row : light_row, &l);
    return st == IMP_OK ? margin(p) : st;
}
