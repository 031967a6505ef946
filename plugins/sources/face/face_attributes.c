/* face_attributes.c - attributes: drawn by the seed, and what they mean for form and colour. */
#include "face.h"
#include <string.h>

/* ---- drawing ---- */

enum { DRAWN = 0x66616365 /* the stream of random numbers for attribute 0 */ };

int face_is_open(const imp_param *row, const imp_cell *cell)
{
    return row->type == IMP_CHOICE ? cell->i == 0 : cell->f < (row->min == -1 ? 0 : -row->max);
}

static double weighed(const double *share, int n, double u)
{
    for (int i = 0; i < n - 1; i++)
        if ((u -= share[i]) < 0)
            return i;
    return n - 1;
}

/* How likely what is in life, one attribute by itself. Complexion and hair colour: all alike. */
double face_draw(const imp_param *row, uint64_t seed, uint32_t k)
{
    static const double glasses[] = {0.64, 0.12, 0.16, 0.08}, hat[] = {0.82, 0.07, 0.06, 0.05};
    const double u = kit_uniform(seed, DRAWN + k, 0), w = kit_uniform(seed, DRAWN + k, 1);
    const double high = row->max, low = row->min == -1 ? 0 : -high;
    switch (k) {
    case AGE:
        return u < 0.12 ? 6 + 12 * w : 18 + 57 * w;
    case GLASSES:
        return weighed(glasses, 4, u);
    case HAT:
        return weighed(hat, 4, u);
    case FRECKLES:
        return u < 0.65 ? 0 : w;
    case MOUTH_OPEN:
        return u < 0.5 ? 0 : w;
    case BEARD:
    case MOUSTACHE:
        return u < 0.6 ? 0 : w;
    case FRINGE:
        return u < 0.65 ? 0 : 1;
    case YAW:
    case PITCH:
    case ROLL: /* mostly nearly straight */
        return high * 0.6 * (u + w - 1);
    case LIGHT_SIDE:
        return high * 0.8 * (2 * u - 1);
    case LIGHT_HEIGHT:
        return 10 + 45 * u;
    default:
        break;
    }
    if (row->type == IMP_CHOICE) {
        uint32_t n = 0; /* behind `any` */
        for (const char *at = row->choices; (at = strchr(at, '|')); at++)
            n++;
        return floor(u * n);
    }
    return low + u * (high - low);
}

void face_natural(double *a, uint64_t seed)
{
    const double u = kit_uniform(seed, DRAWN + 900, 0);
    if (a[HAIR_COLOR] == HAIR_GREY && a[AGE] < 45)
        a[AGE] = 48 + 27 * u;
    const int man = a[MASCULINE] > 0.5, grown = a[AGE] > 17;
    if (!man || !grown)
        a[BEARD] = a[MOUSTACHE] = 0;
    if (man || !grown)
        a[MAKEUP] = 0;
    if (!man)
        a[HAIR_LENGTH] = 0.35 + 0.65 * a[HAIR_LENGTH];
    else if (u < 0.85)
        a[HAIR_LENGTH] =
            grown && a[AGE] > 28 ? 0.45 * a[HAIR_LENGTH] : 0.12 + 0.33 * a[HAIR_LENGTH];
    if (man && a[HAIR_KIND] == TIED && a[HAIR_LENGTH] < 0.4)
        a[HAIR_KIND] = floor(4 * u);
    if (man)
        a[FRINGE] = u < 0.2;
    if (!grown && a[GLASSES] == DARK_GLASSES)
        a[GLASSES] = NO_GLASSES;
}

/* ---- colours ---- */

static struct f3 srgb(int r, int g, int b)
{
    float c[3] = {(float)r / 255, (float)g / 255, (float)b / 255};
    kit_srgb_to_linear(c, c, 3);
    return f3(c[0], c[1], c[2]);
}

static struct f3 among(const unsigned char (*table)[3], int n, float t)
{
    const float at = limit(t, 0, 1) * (float)(n - 1);
    const int i = (int)at < n - 1 ? (int)at : n - 2;
    return f3_mix(srgb(table[i][0], table[i][1], table[i][2]),
                  srgb(table[i + 1][0], table[i + 1][1], table[i + 1][2]), at - (float)i);
}

static struct f3 one_of(const unsigned char *c)
{
    return srgb(c[0], c[1], c[2]);
}

static float own(const struct face *f, uint32_t what)
{
    return (float)kit_uniform(f->seed, 77, what);
}

static void stuff_colours(struct face *f)
{
    static const unsigned char skins[][3] = {{240, 206, 190}, {231, 193, 172}, {219, 177, 150},
                                             {197, 152, 123}, {162, 117, 90},  {122, 84, 62},
                                             {84, 57, 44}};
    static const unsigned char hairs[][2][3] = {{{20, 17, 17}, {42, 34, 31}},
                                                {{58, 36, 24}, {112, 74, 47}},
                                                {{150, 113, 68}, {214, 180, 125}},
                                                {{104, 44, 20}, {172, 84, 40}},
                                                {{118, 115, 113}, {188, 186, 183}}};
    static const unsigned char irises[][3] = {
        {52, 31, 19}, {84, 58, 31}, {70, 84, 56}, {66, 92, 120}, {92, 101, 108}};
    static const unsigned char cloths[][3] = {{30, 34, 48},    {236, 234, 230}, {150, 32, 40},
                                              {36, 74, 130},   {52, 88, 60},    {90, 90, 94},
                                              {214, 176, 92},  {120, 66, 110},  {28, 28, 30},
                                              {166, 140, 116}, {70, 130, 150},  {226, 170, 160}};
    const float *a = f->a;
    f->skin = among(skins, 7, a[COMPLEXION]);
    f->skin = f3_mul(f->skin, f3(1 + 0.10f * (a[ROSY] - 0.5f), 1 - 0.10f * (a[ROSY] - 0.5f),
                                 1 - 0.02f * (a[ROSY] - 0.5f)));
    f->skin = f3_scale(f->skin, face_lift(f));
    f->lip = f3_mul(f3_mix(f->skin, f3(0.32f, 0.06f, 0.06f), 0.30f + 0.12f * a[ROSY]),
                    f3(1.0f, 0.72f, 0.74f));
    const struct f3 paint = own(f, 1) < 0.5f ? f3(0.40f, 0.03f, 0.05f) : f3(0.42f, 0.12f, 0.13f);
    f->lip = f3_mix(f->lip, paint, 0.75f * a[MAKEUP] * a[MAKEUP]);
    const int h = (int)a[HAIR_COLOR];
    const float shade = own(f, 2);
    f->hair = among(hairs[h], 2, 0.6f * shade);
    f->hair_tip = among(hairs[h], 2, 0.35f + 0.65f * shade);
    f->iris_colour = one_of(irises[(int)a[EYE_COLOR]]);
    const float place = a[CLOTHES_COLOR] * 11.999f;
    f->cloth = one_of(cloths[(int)place]);
    f->cloth_more = one_of(cloths[((int)place * 5 + 3) % 12]);
}

static void light_colours(struct face *f)
{
    static const unsigned char backs[][3] = {{200, 202, 204}, {64, 68, 74},    {150, 160, 170},
                                             {120, 104, 92},  {224, 222, 216}, {86, 100, 116}};
    const float *a = f->a, warm = a[LIGHT_WARMTH] - 0.5f, hard = a[LIGHT_STRENGTH];
    const float side = a[LIGHT_SIDE] * 0.0174533f, up = a[LIGHT_HEIGHT] * 0.0174533f;
    f->light = f3((float)kit_sin(side) * (float)kit_cos(up), (float)kit_sin(up),
                  (float)kit_cos(side) * (float)kit_cos(up));
    f->half_way = f3_unit(f3_add(f->light, f3(0, 0, 1)));
    f->back = one_of(backs[(int)(own(f, 3) * 5.999f)]);
    f->back_more = one_of(backs[(int)(own(f, 4) * 5.999f)]);
    const float key = 0.62f + 0.75f * hard, fill = 0.62f - 0.34f * hard;
    f->key = f3_scale(f3(1 + 0.30f * warm, 1, 1 - 0.42f * warm), key);
    f->sky = f3_scale(f3(1 - 0.10f * warm, 1, 1 + 0.14f * warm), fill);
    f->ground = f3_scale(f3(0.62f, 0.56f, 0.52f), fill);
}

/* ---- form ---- */

static void landmarks(struct face *f)
{
    const float *a = f->a, m = a[MASCULINE] - 0.5f, c = f->child;
    f->top = 0.705f;
    f->nose_base = -0.315f - 0.085f * (a[NOSE_LENGTH] - 0.5f) - 0.012f * m + 0.050f * c;
    f->mouth = f->nose_base - 0.155f - 0.02f * m + 0.012f * c;
    f->chin = f->mouth - 0.325f - 0.11f * (a[CHIN] - 0.5f) - 0.05f * m + 0.055f * c -
              0.05f * a[MOUTH_OPEN];
    f->brow = 0.150f + 0.055f * (a[BROW_HEIGHT] - 0.5f) - 0.028f * m;
    f->nose_half = 0.122f + 0.070f * (a[NOSE_WIDTH] - 0.5f) + 0.012f * m - 0.012f * c;
    f->mouth_half =
        0.178f + 0.075f * (a[MOUTH_WIDTH] - 0.5f) + 0.008f * m - 0.018f * c + 0.044f * a[SMILE];
    const float full = 0.55f + 0.95f * a[LIPS] - 0.12f * f->old - 0.14f * m;
    f->lip_up = 0.056f * full * (1 - 0.25f * a[SMILE]);
    f->lip_low = 0.070f * full * (1 - 0.15f * a[SMILE]);
    f->gap = 0.012f * a[SMILE] * (a[MOUTH_OPEN] > 0) + 0.105f * a[MOUTH_OPEN];
    f->eye_x = 0.226f + 0.042f * (a[EYE_GAP] - 0.5f);
    const float size = 0.92f + 0.30f * a[EYE_SIZE] + 0.13f * c - 0.05f * m;
    f->eye_half = 0.108f * size;
    f->eye_up = 0.0485f * size * (0.66f + 0.40f * a[LIDS]) * (1 - 0.20f * a[SMILE] * a[SMILE]) *
                (1 - 0.16f * f->old);
    f->eye_low = 0.030f * size * (1 - 0.22f * a[SMILE]);
    f->iris = 0.0475f * (0.98f + 0.06f * c);
    f->ear_x = 0.486f + 0.085f * (a[FACE_WIDTH] - 0.5f);
    f->neck_half = 0.330f + 0.12f * m - 0.060f * c + 0.06f * (a[CHEEKS] - 0.5f);
}

static void hair_outline(struct face *f)
{
    const float *a = f->a, length = a[HAIR_LENGTH], volume = a[HAIR_VOLUME];
    const int kind = (int)a[HAIR_KIND];
    const float grown = ramp(0.05f, 0.35f, length);
    float thick = grown * (0.035f + 0.075f * volume);
    if (kind == CURLY)
        thick += grown * (0.03f + 0.05f * length);
    if (kind == COILY)
        thick += grown * (0.03f + 0.22f * length * (0.5f + volume));
    if (kind == TIED)
        thick = 0.02f + 0.02f * volume;
    f->hair_top = f->top + 0.012f + thick * 1.25f;
    f->hair_side = f->ear_x - 0.005f + thick * 0.85f;
    /* where it ends: at the ears, at the jaw, below the picture */
    f->hair_end =
        kind == TIED || length < 0.36f ? 0.02f : mixf(-0.35f, -1.75f, sq((length - 0.36f) / 0.64f));
    f->hair_apex = 0.490f - 0.03f * f->child + 0.045f * f->old * a[MASCULINE] + 0.03f * own(f, 5);
    f->hair_shift = (a[PARTING] - 0.5f) * 0.36f;
}

void face_init(struct face *f)
{
    const float *a = f->a, turn = 0.0174533f;
    f->child = 1 - ramp(5, 18, a[AGE]);
    f->old = ramp(32, 78, a[AGE]);
    f->cos_yaw = (float)kit_cos(a[YAW] * turn), f->sin_yaw = (float)kit_sin(a[YAW] * turn);
    f->cos_pitch = (float)kit_cos(a[PITCH] * turn), f->sin_pitch = (float)kit_sin(a[PITCH] * turn);
    f->cos_roll = (float)kit_cos(a[ROLL] * turn), f->sin_roll = (float)kit_sin(a[ROLL] * turn);
    f->scale = 1 / 1.12f;
    f->centre_y = 0.085f;
    landmarks(f);
    hair_outline(f);
    light_colours(f);
    stuff_colours(f);
    const struct f3 l = f->light; /* the inverse of roll, pitch and yaw */
    const struct f3 p =
        f3(l.x * f->cos_roll + l.y * f->sin_roll, l.y * f->cos_roll - l.x * f->sin_roll, l.z);
    const struct f3 q =
        f3(p.x, p.y * f->cos_pitch - p.z * f->sin_pitch, p.z * f->cos_pitch + p.y * f->sin_pitch);
    f->light_head =
        f3(q.x * f->cos_yaw - q.z * f->sin_yaw, q.y, q.z * f->cos_yaw + q.x * f->sin_yaw);
    face_tables(f);
}
