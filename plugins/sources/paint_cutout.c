/* paint_cutout.c - pieces of coloured paper: the picture's colours in clusters, each a sheet with
 * smooth outlines, small sheets above large ones, each with the shadow of those above. */
#include "painting.h"
#include <stdlib.h>
#include "swift.h"

enum { MOST = 14, ROUNDS = 16 };

struct sheets {
    struct painting *p;
    uint32_t count;
    float colour[MOST][3];
    imp_image *member; /* of the study's size, a plane a sheet, in order from below */
    float share[MOST];
    float shadow_x, shadow_y; /* px of the canvas towards the light */
};

/* Hue counts most, that dull pictures keep theirs. */
static float apart(const float a[3], const float b[3])
{
    const float r = a[0] - b[0], g = a[1] - b[1], u = a[2] - b[2];
    const float light = 0.3f * r + 0.6f * g + 0.1f * u, red = r - g, blue = u - 0.5f * (r + g);
    return light * light + 1.5f * red * red + 1.2f * blue * blue;
}

static uint32_t nearest(const struct sheets *s, const float c[3])
{
    uint32_t best = 0;
    for (uint32_t k = 1; k < s->count; k++)
        if (apart(c, s->colour[k]) < apart(c, s->colour[best]))
            best = k;
    return best;
}

static void sample(const imp_image *m, uint32_t x, uint32_t y, float c[3])
{
    for (uint32_t i = 0; i < 3; i++)
        c[i] = imp_row(m, i, y)[x];
}

/* One colour more: that of the place that is worst represented, among a fixed grid. */
static void seed_colours(struct sheets *s, uint32_t want)
{
    const imp_image *m = s->p->layer;
    sample(m, m->width / 2, m->height / 2, s->colour[0]);
    for (s->count = 1; s->count < want; s->count++) {
        float worst = -1, c[3];
        for (uint32_t i = 0; i < 48 * 48; i++) {
            sample(m, (i % 48 * 2 + 1) * m->width / 96, (i / 48 * 2 + 1) * m->height / 96, c);
            const float d = apart(c, s->colour[nearest(s, c)]);
            if (d > worst) {
                worst = d;
                memcpy(s->colour[s->count], c, sizeof c);
            }
        }
    }
}

/* Lloyd's rounds on a grid of 96 x 96 samples, sums in double. */
static void settle_colours(struct sheets *s)
{
    const imp_image *m = s->p->layer;
    for (uint32_t round = 0; round < ROUNDS; round++) {
        double sum[MOST][4] = {{0}};
        for (uint32_t i = 0; i < 96 * 96; i++) {
            float c[3];
            sample(m, (i % 96 * 2 + 1) * m->width / 192, (i / 96 * 2 + 1) * m->height / 192, c);
            double *t = sum[nearest(s, c)];
            t[0] += c[0], t[1] += c[1], t[2] += c[2], t[3] += 1;
        }
        for (uint32_t k = 0; k < s->count; k++)
            for (uint32_t c = 0; c < 3; c++) {
                if (sum[k][3] > 0)
                    s->colour[k][c] = (float)(sum[k][c] / sum[k][3]);
                s->share[k] = (float)sum[k][3];
            }
    }
}

/* Large sheets lie below. */
static void stack(struct sheets *s)
{
    for (uint32_t i = 1; i < s->count; i++)
        for (uint32_t k = i; k && s->share[k] > s->share[k - 1]; k--) {
            float t[3], share = s->share[k];
            memcpy(t, s->colour[k], sizeof t);
            memcpy(s->colour[k], s->colour[k - 1], sizeof t);
            memcpy(s->colour[k - 1], t, sizeof t);
            s->share[k] = s->share[k - 1], s->share[k - 1] = share;
        }
}

static void member_row(void *user, uint32_t y) IMP_NX
{
    const struct sheets *s = user;
    const imp_image *m = s->p->layer;
    for (uint32_t x = 0; x < m->width; x++) {
        float c[3];
        sample(m, x, y, c);
        imp_row_out(s->member, nearest(s, c), y)[x] = 1;
    }
}

/* Colours of paper: clear, a little off by chance. */
static void dye(struct sheets *s)
{
    const struct painting *p = s->p;
    for (uint32_t k = 0; k < s->count; k++) {
        float *c = s->colour[k];
        const float grey = 0.3f * c[0] + 0.59f * c[1] + 0.11f * c[2];
        const float much = p->m->saturation * p->wish.saturation;
        const float lit = sw_mix(grey, sw_step(0.02f, 0.9f, grey), 0.7f); /* paper knows no dusk */
        for (uint32_t i = 0; i < 3; i++)
            c[i] = sw_unit(lit + much * (c[i] - grey) +
                           p->m->hue * p->wish.variation * (sw_random(k, i, p->seed + 3) - 0.5f));
    }
}

static uint32_t top_sheet(const struct sheets *s, float x, float y, float *lead, uint32_t *second)
{
    const struct painting *p = s->p;
    const float u = x / p->scale_x, v = y / p->scale_y;
    float best = -1, next = -1;
    uint32_t at = 0;
    *second = 0;
    for (uint32_t k = 0; k < s->count; k++) {
        const float m = paint_at(s->member, k, u, v);
        if (m > best)
            next = best, *second = at, best = m, at = k;
        else if (m > next)
            next = m, *second = k;
    }
    *lead = best - next;
    return at;
}

static void cut_row(void *user, uint32_t y) IMP_NX
{
    const struct sheets *s = user;
    float *label = imp_row_out(s->p->paint, 0, y), *edge = imp_row_out(s->p->paint, 1, y);
    for (uint32_t x = 0; x < s->p->canvas->width; x++) {
        uint32_t second;
        float lead;
        const uint32_t k = top_sheet(s, (float)x + 0.5f, (float)y + 0.5f, &lead, &second);
        label[x] = (float)k + (float)second / 32;
        edge[x] = lead;
    }
}

/* Share of the way to the light that lies under a higher sheet. */
static float shadow(const struct sheets *s, uint32_t x, uint32_t y, float mine)
{
    const imp_image *m = s->p->paint;
    float sum = 0;
    for (uint32_t i = 1; i <= 6; i++) {
        const float t = (float)i / 6;
        const float px = sw_clamp((float)x + s->shadow_x * t, 0, (float)m->width - 1);
        const float py = sw_clamp((float)y + s->shadow_y * t, 0, (float)m->height - 1);
        sum += (float)(uint32_t)imp_row(m, 0, (uint32_t)py)[(uint32_t)px] > mine ? 1.0f : 0;
    }
    return sum / 6;
}

static void colour_row(void *user, uint32_t y) IMP_NX
{
    const struct sheets *s = user;
    const struct painting *p = s->p;
    const float *label = imp_row(p->paint, 0, y), *lead = imp_row(p->paint, 1, y),
                *paper = imp_row(p->paint, 2, y);
    const float sharp = 5 * p->scale_x * p->study_unit; /* of the lead across a px */
    for (uint32_t x = 0; x < p->canvas->width; x++) {
        const uint32_t k = (uint32_t)label[x];
        const uint32_t other = (uint32_t)((label[x] - (float)k) * 32 + 0.5f);
        const float mine = 0.5f + 0.5f * sw_unit(lead[x] * sharp);
        const float dark = 1 - 0.42f * sw_unit(p->wish.relief) * shadow(s, x, y, (float)k);
        const float sheet = 1 + 0.10f * p->wish.grain * (paper[x] - 0.5f);
        for (uint32_t c = 0; c < 3; c++)
            imp_row_out(p->canvas, c, y)[x] =
                sw_unit(sw_mix(s->colour[other][c], s->colour[k][c], mine) * dark * sheet);
    }
}

static imp_status cut(struct sheets *s)
{
    struct painting *p = s->p;
    const float u = p->study_unit * p->wish.brush;
    imp_status st =
        kit_blur(p->study, p->layer, sw_max(2.2f * u * (1.6f - p->wish.detail), 0.3f), p->job);
    if (st != IMP_OK)
        return st;
    seed_colours(s, 6 + (uint32_t)(p->wish.detail * 7.99f));
    settle_colours(s);
    stack(s);
    if (!(s->member = kit_image_new(p->study->width, p->study->height, s->count, IMP_DATA)))
        return IMP_E_MEMORY;
    st = kit_parallel(p->job, p->study->height, member_row, s);
    if (st == IMP_OK)
        st = kit_blur(s->member, s->member, sw_max(4.4f * u * (1.5f - p->wish.detail), 0.6f),
                      p->job);
    dye(s);
    if (st == IMP_OK)
        st = kit_parallel(p->job, p->canvas->height, cut_row, s);
    return st == IMP_OK ? kit_parallel(p->job, p->canvas->height, colour_row, s) : st;
}

imp_status paint_cutout(struct painting *p)
{
    const float far = 5.5f * p->unit * p->wish.relief;
    struct sheets s = {.p = p,
                       .shadow_x = far * sw_cosine(p->wish.light),
                       .shadow_y = -far * sw_sine(p->wish.light)};
    const imp_status st = cut(&s);
    kit_image_free(s.member);
    return st;
}
