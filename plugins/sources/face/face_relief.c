/* face_relief.c - bumps upon the head: nose, lips, folds, sockets, cheeks; and the light on them,
 * which is baked into a grid once a face. */
#include "face.h"

static float nose(const struct face *f, float u, float a, float v)
{
    const float tip = f->nose_base + 0.050f, bridge = f->a[NOSE_BRIDGE] - 0.5f, half = f->nose_half;
    const float t = limit((0.06f - v) / (0.06f - tip), 0, 1);
    const float high = mixf(0.046f + 0.055f * bridge, 0.128f + 0.04f * bridge,
                            t * t * (0.4f + 0.6f * t) + 0.35f * t * (1 - t)) *
                       (1 - 0.2f * f->child);
    const float wide = mixf(0.088f, 0.40f * half + 0.056f, t);
    const float along =
        ramp(0.16f, 0.02f, v) * ramp(f->nose_base - 0.040f, f->nose_base + 0.072f, v);
    return high * bell(sq(u / wide)) * along +
           (0.052f + 0.014f * bridge) * bump(u / 0.070f, (v - tip + 0.002f) / 0.056f) +
           0.054f * bump((a - 0.68f * half) / 0.052f, (v - f->nose_base - 0.032f) / 0.040f) -
           0.014f * bump((a - 1.12f * half) / 0.030f, (v - f->nose_base - 0.045f) / 0.05f);
}

static float mouth(const struct face *f, float u, float a, float v)
{
    const float half = f->mouth_half, at = f->mouth, smile = f->a[SMILE];
    const float corner = at + 0.046f * smile, open = f->gap;
    return 0.050f * bump(u / 0.24f, (v - at) / 0.16f) -
           0.012f * bump(u / 0.020f, (v - at - 0.105f) / 0.045f) +
           0.005f * bump((a - 0.034f) / 0.016f, (v - at - 0.1f) / 0.045f) +
           0.026f * bump(u / half, (v - at - 0.5f * f->lip_up) / (0.75f * f->lip_up)) +
           0.036f * bump(u / (0.8f * half),
                         (v - at + open + 0.55f * f->lip_low) / (0.75f * f->lip_low)) -
           0.024f * bump((a - half - 0.012f) / 0.026f, (v - corner) / 0.028f) -
           0.030f * bump(u / 0.13f, (v - at + open + f->lip_low + 0.045f) / 0.036f) +
           0.048f * bump(u / 0.125f, (v - f->chin - 0.105f) / 0.085f);
}

/* Folds from the wings of the nose to beside the mouth, and below it. */
static float folds(const struct face *f, float a, float v)
{
    const float top = f->nose_base + 0.05f, low = f->mouth - 0.02f;
    const float t = (top - v) / (top - low);
    const float line = f->nose_half + 0.012f +
                       (f->mouth_half + 0.055f - f->nose_half) * root(limit(t, 0, 1)) * 0.95f;
    const float deep = 0.002f + 0.009f * f->old + 0.008f * f->a[SMILE];
    const float within = ramp(0.0f, 0.35f, t) * ramp(1.30f, 0.75f, t);
    return within * deep *
           (1.1f * bell(sq((a - line - 0.034f) / 0.040f)) - bell(sq((a - line) / 0.020f)));
}

static float eyes(const struct face *f, float a, float v)
{
    const float d = a - f->eye_x;
    return 0.052f * bump(d / 0.088f, (v + 0.002f) / 0.055f) -
           0.062f * bump(d / 0.135f, (v - 0.012f) / 0.085f) -
           0.036f * bump((a - 0.105f) / 0.045f, (v - 0.022f) / 0.052f) -
           (0.006f + 0.016f * f->old) * bump((d + 0.02f) / 0.085f, (v + 0.088f) / 0.020f) +
           (0.006f * f->a[SMILE] + 0.008f * f->old) *
               bump((d + 0.01f) / 0.085f, (v + 0.062f) / 0.020f);
}

static float relief(const struct face *f, float u, float v)
{
    const float *w = f->a, m = w[MASCULINE];
    const float a = fabsf(u);
    float h = nose(f, u, a, v) + mouth(f, u, a, v) + folds(f, a, v) + eyes(f, a, v);
    h += 0.022f * bump(u / 0.32f, (v - 0.38f) / 0.20f);
    h += (0.010f + 0.026f * m - 0.010f * f->child) *
         bump((a - 0.20f) / 0.17f, (v - f->brow + 0.02f) / 0.05f);
    h += 0.014f * bump(u / 0.07f, (v - 0.10f) / 0.06f);
    h += (0.026f - 0.010f * f->child) * bump((a - 0.30f) / 0.13f, (v + 0.13f) / 0.10f);
    h += (0.034f * w[SMILE] + 0.012f * f->child) * bump((a - 0.245f) / 0.11f, (v + 0.20f) / 0.09f);
    h += (0.10f * (w[CHEEKS] - 0.45f) - 0.03f * f->old) *
         bump((a - 0.31f) / 0.13f, (v + 0.40f) / 0.15f);
    h -= 0.025f * bump((a - 0.43f) / 0.08f, (v - 0.12f) / 0.12f);
    h += 0.010f * f->old * bump((a - 0.30f) / 0.08f, (v - f->chin - 0.12f) / 0.08f);
    return h;
}

static float grid_u(uint32_t x)
{
    return FORM_SIDE * (2 * (float)x / (FORM_GRID_U - 1) - 1);
}

static float grid_v(uint32_t y)
{
    return FORM_LOW + (FORM_HIGH - FORM_LOW) * (float)y / (FORM_GRID_V - 1);
}

void face_grid_row(struct face *f, uint32_t y)
{
    /* no face is quite the same on both sides */
    const float tilt = 0.010f * ((float)kit_uniform(f->seed, 78, 0) - 0.5f);
    const float v = grid_v(y);
    const struct face_row r = face_row_at(f, v);
    for (uint32_t x = 0; x < FORM_GRID_U; x++) {
        const float u = grid_u(x), t = u / most(r.width, 1e-3f);
        struct face_texel p = {.z = -1};
        if (t > -1.1f && t < 1.1f && v > f->chin - 0.02f)
            p.relief = relief(f, u + tilt * (v + 0.3f), v + tilt * u);
        if (t > -1 && t < 1 && v > f->chin)
            p.z = r.depth * sqrtf(1 - t * t) + p.relief;
        *face_texel_at(f, x, y) = p;
    }
}

void face_slope_row(struct face *f, uint32_t y)
{
    const uint32_t down = y ? y - 1 : 0, up = y + 1 < FORM_GRID_V ? y + 1 : y;
    const float du = 2 * FORM_SIDE / (FORM_GRID_U - 1),
                dv = (FORM_HIGH - FORM_LOW) / (FORM_GRID_V - 1);
    for (uint32_t x = 0; x < FORM_GRID_U; x++) {
        const uint32_t left = x ? x - 1 : 0, right = x + 1 < FORM_GRID_U ? x + 1 : x;
        face_texel_at(f, x, y)->by_u =
            (face_texel_at(f, right, y)->relief - face_texel_at(f, left, y)->relief) /
            (du * (float)(right - left));
        face_texel_at(f, x, y)->by_v =
            (face_texel_at(f, x, up)->relief - face_texel_at(f, x, down)->relief) /
            (dv * (float)(up - down));
    }
}

/* ---- light on the form ---- */

static float depth_at(const struct face *f, float u, float v)
{
    const int x =
        (int)limit((u / FORM_SIDE + 1) * 0.5f * (FORM_GRID_U - 1) + 0.5f, 0, FORM_GRID_U - 1);
    const int y = (int)limit((v - FORM_LOW) / (FORM_HIGH - FORM_LOW) * (FORM_GRID_V - 1) + 0.5f, 0,
                             FORM_GRID_V - 1);
    return face_texel_at(f, (uint32_t)x, (uint32_t)y)->z;
}

/* Share of the key light: the height over the surface along the way, against a widening cone. */
static float key_share(const struct face *f, float u, float v, float z)
{
    const struct f3 l = f->light_head;
    float share = 1, far = 0.022f;
    for (int i = 0; i < 9; i++, far *= 1.38f) {
        const float over = z + far * l.z - depth_at(f, u + far * l.x, v + far * l.y);
        share = least(share, 0.5f + over / (0.24f * far + 0.016f));
        if (share <= 0)
            return 0;
    }
    return share;
}

/* Share of the surroundings: how far the neighbours rise, in three rings. */
static float open_share(const struct face *f, uint32_t x, uint32_t y)
{
    static const signed char ring[8][2] = {{4, 0},  {3, 3},   {0, 4},  {-3, 3},
                                           {-4, 0}, {-3, -3}, {0, -4}, {3, -3}};
    const float here = face_texel_at(f, x, y)->relief;
    float shut = 0;
    for (int k = 1; k <= 4; k *= 2)
        for (int i = 0; i < 8; i++) {
            const int nx = (int)x + ring[i][0] * k / 2, ny = (int)y + ring[i][1] * k / 2;
            const uint32_t cx = (uint32_t)limit((float)nx, 0, FORM_GRID_U - 1);
            const uint32_t cy = (uint32_t)limit((float)ny, 0, FORM_GRID_V - 1);
            const float rise = (face_texel_at(f, cx, cy)->relief - here) / (0.014f * (float)k);
            shut += limit(rise, -0.4f, 1.2f);
        }
    return limit(1 - 0.75f * shut / 24, 0.25f, 1.08f);
}

void face_light_row(struct face *f, uint32_t y)
{
    const float v = grid_v(y);
    const struct face_row r = face_row_at(f, v);
    for (uint32_t x = 0; x < FORM_GRID_U; x++) {
        struct face_texel *p = face_texel_at(f, x, y);
        const float u = grid_u(x), t = limit(u / most(r.width, 1e-3f), -0.999f, 0.999f);
        if (fabsf(u) > r.width + 0.03f) {
            p->lit = p->open = 1;
            continue;
        }
        p->lit = key_share(f, u, v, r.depth * sqrtf(1 - t * t) + p->relief + 0.004f);
        p->open = open_share(f, x, y);
    }
}
