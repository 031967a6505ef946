/* face_hair.c - hair: a hull behind the head and one before it, which leaves the face free. A
 * strand is a line of constant `across`; noise across, stretched along, makes locks and strands of
 * it, and the light runs over them as over cylinders (Kajiya and Kay 1989). */
#include "face.h"

struct strand {
    float across, along; /* about one lock per unit across */
    float dx, dy;        /* direction in the picture, towards the tip */
    float x, y;          /* place, head units */
    float root;          /* 1 at the scalp or the parting .. 0 */
    float rate;          /* how fast `across` grows, per head unit */
    struct f3 normal;    /* of the hull */
};

static struct f3 hull_normal(const struct face *f, float x, float y, float half)
{
    const float nx = limit(x / most(half, 0.05f), -1, 1),
                ny = limit((y - 0.10f) / (f->hair_top - 0.10f), 0, 1);
    return f3_unit(f3(nx * 0.95f, ny * 0.90f, root(1 - 0.9f * nx * nx - 0.55f * ny * ny) + 0.12f));
}

/* Combed out from a point above the forehead, turning a little with the parting. */
static void radial(const struct face *f, float x, float y, struct strand *k)
{
    const float px = x - 0.5f * f->hair_shift, py = y - 0.18f;
    const float r = sqrtf(px * px + py * py) + 1e-4f, turn = 2.2f * (f->a[PARTING] - 0.5f);
    const float cx = px / r, cy = py / r;
    /* an angle without a jump in the upper half */
    const float angle = cy > -0.99f ? cx / (1 + cy) : (cx < 0 ? -7.0f : 7.0f);
    k->across = 9 * limit(angle, -4, 4) + turn * 5 * (r - 0.4f);
    k->rate = most(4.5f * (1 + sq(limit(angle, -4, 4))) / r, 5 * fabsf(turn));
    k->along = r * 4;
    k->dx = cx + turn * 0.5f * cy, k->dy = cy - turn * 0.5f * cx;
    k->root = ramp(0.62f, 0.30f, r);
}

static int fringed(const struct face *f)
{
    return f->a[FRINGE] > 0.5f && f->a[HAIR_KIND] != TIED;
}

/* Falling from the parting, between the face and the outline. */
static void falling(const struct face *f, const struct face_row *r, float x, float y,
                    struct strand *k)
{
    const float side = x < 0 ? -1.0f : 1.0f,
                from = fringed(f) ? 0.16f * ramp(0.25f, -0.3f, y) : 0.30f * ramp(0.50f, 0.0f, y);
    const float wide = most(r->hair - from, 0.05f),
                t = limit((fabsf(x) - from) / wide, -0.6f, 1.2f);
    k->across = (t * 9 + 3) * side;
    k->rate = 9 / wide;
    k->along = (f->hair_top - y) * 3.2f + 1.1f * t;
    k->dx =
        side * mixf(0.05f, 0.25f + 0.9f * ramp(0.1f, 0.8f, y) * (0.3f + t), ramp(-0.1f, 0.35f, y)),
    k->dy = -1;
    k->root = ramp(0.45f, 0.85f, y) * ramp(0.6f, 0.0f, t);
}

static struct strand strand_at(const struct face *f, const struct face_row *r, float x, float y)
{
    struct strand k;
    const int kind = (int)f->a[HAIR_KIND];
    const float shifted = x - f->hair_shift * ramp(0.0f, 0.55f, y) * (kind != TIED);
    if (kind == TIED || f->hair_end > 0 || kind == COILY)
        radial(f, x, y, &k);
    else
        falling(f, r, shifted, y, &k);
    k.x = x, k.y = y;
    k.normal = hull_normal(f, x, y, r->hair);
    if (kind == WAVY) {
        const float lock = noise_of(f->seed + 100, k.across * 0.22f, k.along * 0.15f);
        const float wave = k.along * (f->hair_end > 0 ? 5.5f : 3.6f) + 2.2f * lock;
        k.across += 0.62f * (float)kit_sin(wave) * ramp(0.4f, 2.2f, k.along);
        k.rate += f->hair_end > 0 ? 12 : 6;
        k.dx += 0.60f * (float)kit_cos(wave), k.dy += 0.3f * (float)kit_sin(wave);
    } else if (kind == CURLY || kind == COILY) {
        const float fine = kind == CURLY ? 11 : 19;
        const float a = noise_of(f->seed + 101, x * fine, y * fine),
                    b = noise_of(f->seed + 102, x * fine, y * fine);
        k.dx = 0.4f * k.dx + 1.5f * b, k.dy = 0.4f * k.dy + 1.5f * a;
        k.normal = f3_unit(f3(k.normal.x + 0.45f * a, k.normal.y + 0.45f * b, k.normal.z));
    }
    return k;
}

/* Curls: crests of noise whose place is itself disturbed, so that they wind; -1..1. */
static float curls(const struct face *f, const struct sample *s, const struct strand *k,
                   float *lock)
{
    const float fine = f->a[HAIR_KIND] == CURLY ? 27.0f : 54.0f;
    const float x = k->x * fine, y = k->y * fine;
    const float wx = noise_of(f->seed + 105, 0.5f * x, 0.5f * y),
                wy = noise_of(f->seed + 106, 0.5f * x, 0.5f * y);
    const float one = fabsf(noise_of(f->seed + 107, x + 1.4f * wx, 0.7f * y + 1.4f * wy));
    const float two = fabsf(noise_of(f->seed + 108, 2.1f * x - 1.2f * wy, 1.7f * y + 1.2f * wx));
    const float hair =
        noise_of(f->seed + 109, 3.5f * x + 9 * wx, 1.5f * y + 9 * wy) * kept(0.3f / fine, s->px);
    *lock = 0.7f * wx;
    return limit(0.42f - 1.00f * one - 0.60f * two * kept(0.6f / fine, s->px) + 0.42f * hair, -0.7f,
                 0.8f);
}

/* Locks, strands and hairs: -1..1, finer ones as far as the sampling shows them. */
static float strands(const struct face *f, const struct sample *s, const struct strand *k,
                     float *lock)
{
    if (f->a[HAIR_KIND] == CURLY || f->a[HAIR_KIND] == COILY)
        return curls(f, s, k, lock);
    *lock = noise_of(f->seed + 110, k->across * 1.3f, k->along * 0.22f);
    /* no two hairs run quite the same way */
    const float across = k->across + 0.22f * noise_of(f->seed + 114, k->across * 1.7f, k->along) +
                         0.05f * noise_of(f->seed + 115, k->across * 6, k->along * 2.5f);
    static const float fine[] = {4.6f, 13, 31, 70, 150},
                       high[] = {0.34f, 0.36f, 0.40f, 0.36f, 0.3f};
    float sum = 0.30f * *lock;
    for (int i = 0; i < 5; i++) {
        const float seen = kept(1.8f / (fine[i] * k->rate), s->px);
        if (seen <= 0)
            break;
        sum += high[i] * seen *
               noise_of(f->seed + 111 + (uint32_t)i * 7, across * fine[i],
                        k->along * (0.3f + 0.12f * (float)i));
    }
    return limit(sum, -1, 1);
}

static struct f3 hair_colour(const struct face *f, const struct sample *s, const struct strand *k,
                             float shut)
{
    float lock;
    const float rough = strands(f, s, k, &lock) * (0.50f + 0.55f * f->a[STRANDS]);
    struct f3 c = f3_mix(f->hair, f->hair_tip,
                         limit(0.45f + 0.55f * rough + 0.25f * lock - 0.45f * k->root, 0, 1));
    if (f->a[HAIR_COLOR] == HAIR_GREY)
        c = f3_mix(c, f3(0.56f, 0.55f, 0.54f),
                   (f->a[HAIR_KIND] == CURLY || f->a[HAIR_KIND] == COILY ? 0.4f : 0.8f) *
                       ramp(0.15f, 0.8f, rough));
    c = f3_scale(c, 1 + 0.45f * rough);
    struct f3 n = k->normal;
    n.x += 0.35f * rough * k->dy + 0.3f * lock, n.y -= 0.35f * rough * k->dx;
    n = f3_unit(n);
    /* the strand's direction within the hull */
    const float across = n.x * k->dx + n.y * k->dy;
    const struct f3 t = f3_unit(f3(k->dx - across * n.x, k->dy - across * n.y, -across * n.z));
    const float th = f3_dot(t, f->half_way), tl = f3_dot(t, f->light);
    float shine = most(1 - sq(th + 0.10f * lock + 0.16f * rough), 0);
    shine = sq(sq(sq(shine))), shine *= shine; /* to the 16th */
    const float facing = ramp(-0.35f, 0.65f, f3_dot(n, f->light));
    const float deep = 1 - 0.55f * ramp(0.1f, -0.7f, rough);
    const struct f3 body = f3_add(
        f3_scale(f->key, 0.80f * facing * root(1 - tl * tl) * shut),
        f3_scale(f3_mix(f->ground, f->sky, 0.5f + 0.5f * n.y), 0.80f * (0.45f + 0.55f * shut)));
    c = f3_scale(f3_mul(c, body), deep);
    const int kind = (int)f->a[HAIR_KIND];
    const float gloss = (kind == STRAIGHT || kind == TIED ? 1.0f
                         : kind == WAVY                   ? 0.7f
                         : kind == CURLY                  ? 0.4f
                                                          : 0.16f);
    const struct f3 tint = f3_mix(f3_scale(f->hair_tip, 1.2f), f3(0.30f, 0.30f, 0.30f), 0.42f);
    return f3_add(c, f3_scale(f3_mul(tint, f->key),
                              gloss * shine * facing * shut * (0.60f + 0.75f * rough) * 0.70f));
}

/* Distance within the hair's outline, frayed by strands. */
static float outline(const struct face *f, const struct face_row *r, float x, float y, float fray)
{
    const float side = r->hair - fabsf(x), up = f->hair_top - y;
    return least(side, up * 0.9f + 0.2f * most(side, 0)) + fray;
}

static int has_hair(const struct face *f)
{
    return f->a[HAIR_LENGTH] > 0.02f;
}

void face_hair_back(const struct face *f, struct sample *s)
{
    if (!has_hair(f) || f->hair_end > 0)
        return;
    const float x = s->hx - 0.05f * f->sin_yaw, y = s->hy;
    const struct face_row r = face_row_at(f, y);
    float half = r.hair;
    if (y < FORM_LOW + 0.01f)
        half = 0;
    if (fabsf(x) > half + 0.1f)
        return;
    const struct strand k = {.across = x * 11,
                             .rate = 11,
                             .x = x,
                             .y = y,
                             .along = -y * 3,
                             .dx = 0.1f,
                             .dy = -1,
                             .normal = f3_unit(f3(0.5f * x, 0.1f, 0.8f))};
    face_put(s, hair_colour(f, s, &k, 0.25f),
             cover_of(s, half - 0.03f - fabsf(x) + 0.02f * noise_of(f->seed + 119, x * 14, y * 14)),
             IN_HAIR);
}

/* A knot on the crown of tied hair. */
static void knot(const struct face *f, struct sample *s)
{
    const float x = s->hx - 0.03f, y = s->hy - f->hair_top - 0.06f,
                r = sqrtf(sq(x / 0.19f) + sq(y / 0.15f));
    if (r > 1.2f)
        return;
    const float turn = x * 0.8f + y * 1.3f;
    const struct strand k = {.across = 9 * r + 3 * turn,
                             .rate = 60,
                             .x = x,
                             .y = y,
                             .along = 9 * (x - y),
                             .dx = -y,
                             .dy = x + 0.3f,
                             .normal =
                                 f3_unit(f3(x / 0.19f, y / 0.15f, root(1.05f - r * r) + 0.1f))};
    const float in = (1 - r) * 0.16f + 0.012f * noise_of(f->seed + 120, x * 60, y * 60);
    face_put(s, hair_colour(f, s, &k, 0.9f), cover_of(s, in), IN_HAIR);
    face_stroke(s, in, 1, STROKE_REST);
}

/* Cropped hair: the scalp shows. */
static float density(const struct face *f, const struct sample *s)
{
    const float length = f->a[HAIR_LENGTH];
    const float speck = noise_of(f->seed + 121, s->u * 150, s->v * 150) * kept(0.012f, s->px);
    return limit(ramp(0.0f, 0.20f, length) * 1.25f + 0.25f * speck * ramp(0.15f, 0.08f, length), 0,
                 1);
}

/* Does it part? */
static int falls_from(const struct face *f)
{
    return f->hair_end < 0 && f->a[FRINGE] < 0.5f && f->a[HAIR_KIND] <= WAVY;
}

void face_hair(const struct face *f, struct sample *s)
{
    if (!has_hair(f))
        return;
    const int kind = (int)f->a[HAIR_KIND], free_standing = kind == CURLY || kind == COILY;
    if (kind == TIED)
        knot(f, s);
    const float x = s->hx - 0.05f * f->sin_yaw, y = s->hy;
    const struct face_row r = face_row_at(f, y),
                          on = face_row_at(f, limit(s->v, FORM_LOW, FORM_HIGH));
    if (fabsf(x) > r.hair + 0.15f || y > f->hair_top + 0.15f)
        return;
    const float free = on.opening - fabsf(s->u - f->hair_shift * ramp(0.05f, 0.55f, s->v));
    if (s->head > 0.1f && free > 0.16f && s->v < 0.02f)
        return; /* well within the face */
    const struct strand k = strand_at(f, &r, x, y);
    const float lock = noise_of(f->seed + 110, k.across * 1.3f, k.along * 0.22f);
    const float strand = noise_of(f->seed + 111, k.across * 4.6f, k.along * 0.30f) *
                         kept(1.8f / (4.6f * k.rate), s->px);
    const float wisp =
        noise_of(f->seed + 112, k.across * 13, k.along * 0.40f) * kept(1.8f / (13 * k.rate), s->px);
    const float thin =
        noise_of(f->seed + 124, k.across * 31, k.along * 0.55f) * kept(1.8f / (31 * k.rate), s->px);
    const struct face_row tip = face_row_at(f, y - (y < 0 ? 0.05f * strand : 0)); /* ends differ */
    const float puff = free_standing ? noise_of(f->seed + 122, x * 9, y * 9) +
                                           0.6f * noise_of(f->seed + 123, x * 22, y * 22)
                                     : 0;
    const float fray =
        0.006f * strand + 0.006f * wisp + 0.008f * thin + (kind == COILY ? 0.022f : 0.028f) * puff;
    const float steep =
        y < 0 ? limit((face_row_at(f, y + 0.012f).hair - r.hair) / 0.012f, -6, 6) : 0;
    float in = outline(f, &tip, x, y, least(fray, 0.2f * f->a[HAIR_LENGTH]));
    if (f->a[HAIR_LENGTH] < 0.3f && kind != TIED) /* cropped: as the head goes */
        in =
            mixf(s->head + 0.05f * f->a[HAIR_LENGTH] + 0.3f * least(fray, 0.2f * f->a[HAIR_LENGTH]),
                 in, ramp(0.12f, 0.30f, f->a[HAIR_LENGTH]));
    /* the opening lies on the head's surface, the curtains beside the face hang in front of it */
    const float ox = (s->head > 0 ? s->u : x) - f->hair_shift * ramp(0.05f, 0.55f, s->v) *
                                                    (f->a[FRINGE] < 0.5f && f->hair_end < 0);
    const float jag = (f->a[FRINGE] > 0.5f ? 0.030f : 0.013f) *
                          (0.6f * strand + 0.7f * wisp + 0.9f * thin + 0.8f * lock) +
                      0.016f * puff;
    const float slope =
        (face_row_at(f, limit(s->v + 0.012f, FORM_LOW, FORM_HIGH)).opening - on.opening) / 0.012f;
    /* the curve's top is flat: from outside, a point beside it is not near because its height is */
    float over = fabsf(ox) - on.opening;
    over /= sqrtf(1 + least(slope * slope, over > 0 ? 4 : 900));
    const float apex = fringed(f) ? 0.205f : f->hair_apex;
    if (s->v > apex)
        over = sqrtf(sq(s->v - apex) + sq(most(fabsf(ox) - 0.03f, 0)));
    const float smooth_edge = over;
    over += jag;
    const float part = falls_from(f) * bell(sq(ox / 0.008f)) *
                       ramp(apex - 0.02f, apex + 0.02f, s->v) *
                       ramp(f->hair_top - 0.02f, apex, s->v);
    const float soft_edge = f->a[FRINGE] > 0.5f || falls_from(f) ? 0.02f : 0.034f;
    float cover = least(limit(0.5f + in / ((s->px + 0.014f) * sqrtf(1 + steep * steep)), 0, 1),
                        limit(0.5f + over / (s->px + soft_edge), 0, 1)) *
                  (1 - 0.45f * part);
    if (s->head < -s->px && y < 0 && f->hair_end > 0)
        cover = 0;
    const float shut = ramp(-0.02f, 0.10f, over) * 0.35f + 0.65f;
    const float soft = density(f, s);
    if (cover > 0)
        face_put(s, hair_colour(f, s, &k, shut), cover * soft, IN_HAIR);
    const float drawn = ramp(0.05f, 0.2f, f->a[HAIR_LENGTH]), edge = outline(f, &r, x, y, 0);
    face_stroke(s, edge, drawn * (smooth_edge > 0), STROKE_REST);
    if (edge > 0)
        face_stroke(s, smooth_edge, drawn, STROKE_REST);
}
