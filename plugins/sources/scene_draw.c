/* scene_draw.c - from a wish to a developed picture: place, light, rendering, then the camera's
 * exposure, tone curve, vignette and sensor noise. */
#include "land.h"
#include "scene_things.h"
#include "sky.h"
#include "trees.h"

enum { ROWS = 4, ACROSS = 128 /* px of a piece of work */ };
typedef struct f3 light_fn(const struct scene *, struct f3 from, struct f3 d, uint32_t ray);

struct rays {
    const struct scene *s;
    imp_image *out;
    light_fn *light;
};

/* A number of the px whose neighbours have quite others, times 16 (Jimenez 2014). */
static uint32_t dither(uint32_t x, uint32_t y)
{
    const float a = 0.06711056f * (float)x + 0.00583715f * (float)y,
                b = 52.9829189f * (a - (float)sw_floor(a));
    return (uint32_t)((b - (float)sw_floor(b)) * 16777216.0f) << 4;
}

static void ray_piece(void *user, uint32_t k) IMP_NX
{
    const struct rays *r = user;
    const struct scene *s = r->s;
    const float half = 0.5f * (float)r->out->height, n = (float)s->samples;
    const uint32_t across = (r->out->width + ACROSS - 1) / ACROSS, x0 = k % across * ACROSS,
                   y0 = k / across * ROWS;
    const uint32_t x1 = x0 + ACROSS < r->out->width ? x0 + ACROSS : r->out->width;
    const uint32_t y1 = y0 + ROWS < r->out->height ? y0 + ROWS : r->out->height;
    for (uint32_t y = y0; y < y1; y++)
        for (uint32_t x = x0; x < x1; x++) {
            struct f3 sum = {0, 0, 0};
            for (uint32_t i = 0; i < s->samples * s->samples; i++) {
                const float u = ((float)x + ((float)(i % s->samples) + 0.5f) / n -
                                 0.5f * (float)r->out->width) /
                                half;
                const float v =
                    (half - (float)y - ((float)(i / s->samples) + 0.5f) / n) / half + s->shift;
                const struct f3 d = f3_unit(f3(u, v, s->zoom));
                const uint32_t ray =
                    s->kind == SCENE_STILL ? dither(x, y) + i : sw_hash(x, y, s->seed + i);
                sum = f3_add(sum, r->light(s, f3(0, s->eye, 0), d, ray));
            }
            sum = f3_scale(sum, 1 / (n * n));
            imp_row_out(r->out, 0, y)[x] = sum.x;
            imp_row_out(r->out, 1, y)[x] = sum.y;
            imp_row_out(r->out, 2, y)[x] = sum.z;
        }
}

static imp_status by_rays(const struct scene *s, imp_image *out, light_fn *light, imp_job *job)
{
    struct rays r = {s, out, light};
    return kit_parallel(job,
                        ((out->height + ROWS - 1) / ROWS) * ((out->width + ACROSS - 1) / ACROSS),
                        ray_piece, &r);
}

/* ---- development ---- */

struct developing {
    const struct scene_wish *wish;
    imp_image *out;
    float gain, grain;
    uint64_t seed;
};

/* Geometric mean of light in the middle of the picture, against the grey that it should become. */
static float metered(const struct scene *s, const imp_image *m)
{
    double sum = 0, count = 0, bright = 0;
    const uint32_t step_y = m->height / 128 + 1, step_x = m->width / 128 + 1;
    for (uint32_t y = 0; y < m->height; y += step_y)
        for (uint32_t x = 0; x < m->width; x += step_x) {
            const float l = 0.2126f * imp_row(m, 0, y)[x] + 0.7152f * imp_row(m, 1, y)[x] +
                            0.0722f * imp_row(m, 2, y)[x];
            sum += sw_log2(sw_max(l, 1e-5f) + 1e-4f), bright += sw_min(l, 4), count += 1;
        }
    const float mean = sw_exp2((float)(sum / count)), top = (float)(bright / count);
    const float key = s->night                    ? 0.076f
                      : s->kind == SCENE_INTERIOR ? 0.19f
                      : s->kind == SCENE_SNOW     ? 0.26f
                                                  : 0.155f + 0.02f * (1 - s->low);
    return key / sw_mix(mean, top, 0.35f);
}

/* A film-like curve: toe, straight, shoulder (after Narkowicz 2015's fit to ACES). */
static float tone(float x)
{
    x = sw_max(x, 0) * 0.95f;
    return sw_unit(x * (2.51f * x + 0.03f) / (x * (2.43f * x + 0.59f) + 0.14f));
}

static void develop_row(void *user, uint32_t y) IMP_NX
{
    const struct developing *d = user;
    const float w = (float)d->out->width, h = (float)d->out->height;
    const float v = (2 * (float)y + 1 - h) / sqrtf(w * w + h * h);
    float *c[3];
    for (uint32_t i = 0; i < 3; i++)
        c[i] = imp_row_out(d->out, i, y);
    for (uint32_t x = 0; x < d->out->width; x++) {
        const float u = (2 * (float)x + 1 - w) / sqrtf(w * w + h * h), r = u * u + v * v;
        const float gain = d->gain / (1 + d->wish->vignette * 0.55f * r * (1 + r));
        float p[3], grey;
        for (uint32_t i = 0; i < 3; i++)
            p[i] = c[i][x] * gain;
        grey = 0.2126f * p[0] + 0.7152f * p[1] + 0.0722f * p[2];
        for (uint32_t i = 0; i < 3; i++)
            c[i][x] = tone(grey + 1.12f * (p[i] - grey));
    }
    for (uint32_t i = 0; i < 3; i++)
        kit_linear_to_srgb(c[i], c[i], d->out->width);
    if (d->wish->grain <= 0)
        return;
    float noise[4][64];
    for (uint32_t x = 0; x < d->out->width;
         x += 64) { /* of the sensor: more in the dark, some colour */
        const uint32_t n = d->out->width - x < 64 ? d->out->width - x : 64;
        for (uint32_t i = 0; i < 4; i++)
            kit_normals(d->seed, 40 + i, ((uint64_t)y << 20) + x, n, noise[i]);
        for (uint32_t i = 0; i < 3; i++)
            for (uint32_t j = 0; j < n; j++) {
                const float g = 0.8f * noise[3][j] + 0.45f * noise[i][j];
                c[i][x + j] =
                    sw_unit(c[i][x + j] + d->grain * 0.019f * g * (1.15f - 0.7f * c[i][x + j]));
            }
    }
}

/* ---- the scene ---- */

static void set_up(struct scene *s, struct things *things, const struct scene_wish *w)
{
    static const float lens[] = {26, 28, 26, 42, 22, 32, 28, 25, 24}; /* mm, by kind */
    static const float range[] = {1.5f, 1.2f, 1.3f, 0.4f, 0.5f,
                                  1.3f, 1.3f, 0.6f, 0.3f};             /* octaves */
    static const float rise[] = {6, 0, 0.5f, -10, 15, 4, 4, 7, -1.5f}; /* degrees */
    static const float sway[] = {10, 10, 13, 3, 6,
                                 11, 10, 4,  2}; /* degrees about it, of that lens */
    *s = (struct scene){.kind = (enum scene_kind)w->kind,
                        .seed = (uint32_t)kit_random(w->seed, w->kind, 0),
                        .samples = w->samples,
                        .hour = w->hour,
                        .haze = w->haze,
                        .clouds = w->clouds};
    for (uint32_t i = 0; i < 8; i++)
        s->chance[i] = sw_random(i, w->kind, s->seed);
    const float own =
        lens[w->kind] * sw_exp2(range[w->kind] * (sw_random(8, w->kind, s->seed) - 0.4f));
    s->zoom = (w->lens > 0 ? sw_max(w->lens, 12) : own) / 12;
    const float up = rise[w->kind] + sway[w->kind] * (sw_random(9, w->kind, s->seed) - 0.5f);
    const float turn = (w->tilt + up * lens[w->kind] / (12 * s->zoom)) / 360;
    s->shift = s->zoom * sw_sine(turn) / sw_cosine(turn);
    if (w->kind == SCENE_NIGHT)
        s->hour = 0;
    sky_init(s);
    things->count = 0;
    s->things = things;
    switch (s->kind) {
    case SCENE_STILL:
        still_init(s, things);
        break;
    case SCENE_STREET:
        street_init(s, things);
        break;
    case SCENE_INTERIOR:
        room_init(s, things);
        break;
    default:
        land_init(s);
    }
    things_ready(things);
}

static imp_status render(const struct scene *s, imp_image *out, imp_job *job)
{
    imp_status st;
    switch (s->kind) {
    case SCENE_STILL:
        return by_rays(s, out, still_light, job);
    case SCENE_STREET:
        st = by_rays(s, out, street_light, job);
        break;
    case SCENE_INTERIOR:
        st = by_rays(s, out, room_light, job);
        break;
    default:
        st = land_render(s, out, job);
    }
    return st == IMP_OK ? trees_render(s, out, job) : st;
}

/* Scenes out of doors have their sky at hand; water mirrors what lies outside of the picture too.
 */
static imp_status render_with_sky(struct scene *s, imp_image *out, imp_job *job)
{
    struct sky_map sky = {.at = NULL};
    if (s->kind == SCENE_STILL || s->kind == SCENE_INTERIOR)
        return render(s, out, job);
    const int water = s->kind != SCENE_STREET && land_sea(s) > -1e5f;
    const float top = (1 + s->shift) / s->zoom, low = (1 - s->shift) / s->zoom + 0.25f;
    imp_status st = sky_map_make(&sky, s, out, water ? 0.25f : 0.02f,
                                 water ? sw_max(top, low) : top + 0.02f, job);
    s->sky = &sky;
    if (st == IMP_OK)
        st = render(s, out, job);
    s->sky = NULL;
    sky_map_free(&sky);
    return st;
}

imp_status scene_draw(const struct scene_wish *w, imp_image *out, imp_job *job)
{
    struct scene s;
    struct things things;
    set_up(&s, &things, w);
    s.pitch = 2 / ((float)out->height * s.zoom * (float)s.samples);
    for (uint32_t c = 0; c < 3; c++)
        for (uint32_t y = 0; y < out->height; y++)
            memset(imp_row_out(out, c, y), 0, out->width * sizeof(float));
    imp_status st = render_with_sky(&s, out, job);
    if (st != IMP_OK)
        return st;
    struct developing d = {.wish = w,
                           .out = out,
                           .seed = w->seed,
                           .gain = metered(&s, out) * sw_exp2(w->exposure),
                           .grain = w->grain * (s.night ? 2.4f : 1)};
    return kit_parallel(job, out->height, develop_row, &d);
}
