/* paint_field.c - where strokes go: along the level lines of the picture.
 *
 * Structure tensor of lightness (Bigun and Granlund 1987) at two scales: the fine one where there
 * are edges, the coarse one carries their direction into flat parts. Its doubled angle adds a field
 * of swirls, which decides where the picture says nothing. Half angles by square roots alone. */
#include "painting.h"
#include "swift.h"

enum { XX, YY, XY };

struct tensor {
    struct painting *p;
    imp_image *light, *wide, *fine, *coarse;
};

/* Scharr's derivative of lightness. */
static void slopes(void *user, uint32_t y) IMP_NX
{
    const struct tensor *t = user;
    const imp_image *m = t->light;
    const float *a = imp_row(m, 0, y ? y - 1 : 0), *b = imp_row(m, 0, y);
    const float *c = imp_row(m, 0, y + 1 < m->height ? y + 1 : y);
    float *xx = imp_row_out(t->fine, XX, y), *yy = imp_row_out(t->fine, YY, y),
          *xy = imp_row_out(t->fine, XY, y);
    for (uint32_t x = 0; x < m->width; x++) {
        const uint32_t l = x ? x - 1 : 0, r = x + 1 < m->width ? x + 1 : x;
        const float dx = 3 * (a[r] - a[l]) + 10 * (b[r] - b[l]) + 3 * (c[r] - c[l]);
        const float dy = 3 * (c[l] - a[l]) + 10 * (c[x] - a[x]) + 3 * (c[r] - a[r]);
        xx[x] = dx * dx / 256, yy[x] = dy * dy / 256, xy[x] = dx * dy / 256;
    }
}

static void light_row(void *user, uint32_t y) IMP_NX
{
    const struct tensor *t = user;
    const imp_image *m = t->p->study;
    kit_luma(imp_row(m, 0, y), imp_row(m, 1, y), imp_row(m, 2, y), imp_row_out(t->light, 0, y),
             m->width);
}

/* Where the picture says nothing, as a doubled angle: a slow drift about one direction, or with
 * `swirl` the level lines of slow noise, which close to eddies. */
static void drift(const struct painting *p, float swirl, float x, float y, float *cos2, float *sin2)
{
    const float k = 1 / (95 * p->study_unit), e = 0.05f;
    const uint32_t s = p->seed + 77;
    x *= k, y *= k;
    const float h = sw_perlin(x, y, s), turn = 0.13f + 0.22f * sw_perlin(x + 9, y - 4, s + 1);
    const float gx = sw_perlin(x + e, y, s) - h, gy = sw_perlin(x, y + e, s) - h;
    const float n = gx * gx + gy * gy + 1e-12f; /* along the level line: (-gy, gx) */
    const float t = sw_unit(swirl);
    *cos2 = sw_mix(sw_cosine(turn), (gx * gx - gy * gy) / -n, t);
    *sin2 = sw_mix(sw_sine(turn), -2 * gx * gy / n, t);
}

static void directions(void *user, uint32_t y) IMP_NX
{
    const struct tensor *t = user;
    const struct painting *p = t->p;
    const float swirl = p->m->swirl * p->wish.swirl;
    float *fx = imp_row_out(p->field, 0, y), *fy = imp_row_out(p->field, 1, y),
          *edge = imp_row_out(p->field, 2, y), *dark = imp_row_out(p->field, 3, y);
    const float *light = imp_row(t->light, 0, y), *wide = imp_row(t->wide, 0, y);
    for (uint32_t x = 0; x < p->field->width; x++) {
        float j[3];
        for (uint32_t c = 0; c < 3; c++)
            j[c] = imp_row(t->fine, c, y)[x] + 0.15f * imp_row(t->coarse, c, y)[x];
        float c2,
            s2; /* along the edge: a quarter turn from the slope, so minus the doubled angle */
        drift(p, swirl, (float)x, (float)y, &c2, &s2);
        const float still = 1.5e-4f + 4e-4f * swirl;
        c2 = c2 * still - (j[XX] - j[YY]), s2 = s2 * still - 2 * j[XY];
        const float n = sqrtf(c2 * c2 + s2 * s2) + 1e-20f;
        const float c = sw_clamp(c2 / n, -1, 1);
        fx[x] = sqrtf(0.5f * (1 + c));
        fy[x] = s2 < 0 ? -sqrtf(0.5f * (1 - c)) : sqrtf(0.5f * (1 - c));
        edge[x] = sqrtf(imp_row(t->fine, XX, y)[x] + imp_row(t->fine, YY, y)[x]);
        dark[x] = wide[x] - light[x];
    }
}

/* What lines and gouges go by: lightness with more contrast to its surroundings, stretched so that
 * a twentieth of the picture is black and a twentieth white. */
static void tone(struct tensor *t)
{
    imp_image *field = t->p->field;
    uint32_t count[257] = {0}, sum = 0, low = 0, high = 256;
    const uint32_t all = field->width * field->height;
    for (uint32_t y = 0; y < field->height; y++) {
        const float *light = imp_row(t->light, 0, y), *wide = imp_row(t->wide, 0, y);
        float *out = imp_row_out(field, 4, y);
        for (uint32_t x = 0; x < field->width; x++) {
            out[x] = light[x] + 0.5f * (light[x] - wide[x]);
            count[(uint32_t)(256 * sw_unit(out[x]))]++;
        }
    }
    for (; low < 256 && (sum += count[low]) < all / 20; low++)
        ;
    for (sum = 0; high > 0 && (sum += count[high]) < all / 20; high--)
        ;
    const float from = (float)low / 256, span = sw_max((float)high / 256 - from, 0.1f);
    for (uint32_t y = 0; y < field->height; y++)
        for (uint32_t x = 0; x < field->width; x++) {
            float *v = imp_row_out(field, 4, y) + x;
            *v = sw_unit((*v - from) / span);
        }
}

static imp_status solve(struct tensor *t)
{
    struct painting *p = t->p;
    imp_job *job = p->job;
    const uint32_t h = p->study->height;
    const float u = p->study_unit;
    imp_status st = kit_parallel(job, h, light_row, t);
    if (st == IMP_OK)
        st = kit_blur(t->light, t->light, sw_max(1.1f * u, 0.5f), job);
    if (st == IMP_OK)
        st = kit_blur(t->light, t->wide, 2.0f * u, job);
    if (st == IMP_OK)
        st = kit_parallel(job, h, slopes, t);
    if (st == IMP_OK)
        st = kit_blur(t->fine, t->coarse, 16 * u, job);
    if (st == IMP_OK)
        st = kit_blur(t->fine, t->fine, 2.6f * u, job);
    if (st == IMP_OK)
        st = kit_parallel(job, h, directions, t);
    if (st == IMP_OK)
        st = kit_blur(t->light, t->wide, 26 * u, job);
    if (st == IMP_OK)
        tone(t);
    return st;
}

imp_status paint_field(struct painting *p)
{
    const uint32_t w = p->study->width, h = p->study->height;
    struct tensor t = {.p = p,
                       .light = kit_image_new(w, h, 1, IMP_DATA),
                       .wide = kit_image_new(w, h, 1, IMP_DATA),
                       .fine = kit_image_new(w, h, 3, IMP_DATA),
                       .coarse = kit_image_new(w, h, 3, IMP_DATA)};
    const imp_status st = t.light && t.wide && t.fine && t.coarse ? solve(&t) : IMP_E_MEMORY;
    kit_image_free(t.light);
    kit_image_free(t.wide);
    kit_image_free(t.fine);
    kit_image_free(t.coarse);
    return st;
}

float paint_at(const imp_image *m, uint32_t plane, float x, float y)
{
    const float fx = sw_clamp(x - 0.5f, 0, (float)(m->width - 1));
    const float fy = sw_clamp(y - 0.5f, 0, (float)(m->height - 1));
    const uint32_t i = (uint32_t)fx, j = (uint32_t)fy;
    const uint32_t r = i + 1 < m->width ? i + 1 : i;
    const float *a = imp_row(m, plane, j), *b = imp_row(m, plane, j + 1 < m->height ? j + 1 : j);
    const float u = fx - (float)i, v = fy - (float)j;
    return sw_mix(sw_mix(a[i], a[r], u), sw_mix(b[i], b[r], u), v);
}
