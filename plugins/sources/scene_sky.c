/* scene_sky.c - the sky: single scattering in an atmosphere of one layer; sun, stars and moon. */
#include "sky.h"

/* Optical depth straight up: molecules, and haze, which hardly knows colours. */
static struct f3 air_up(const struct scene *s)
{
    const float haze = 0.03f + 0.20f * s->haze * s->haze;
    return f3(0.046f + haze, 0.108f + 0.97f * haze, 0.265f + 0.93f * haze);
}

/* Air in the way, in heights of the atmosphere: 1 straight up, 28 at the horizon. */
static float air_mass(float up)
{
    const float y = sw_max(up, 0);
    return 1 / (y + 0.035f + 0.08f * sw_exp(-12 * y) * (1 - y));
}

static struct f3 through(struct f3 depth, float mass)
{
    return f3_exp(f3_scale(depth, -mass));
}

/* Of the air itself, and low in one direction of towns beyond the mountains. */
static struct f3 night_glow(const struct scene *s, struct f3 d)
{
    const float off = d.x - 1.3f * (s->chance[5] - 0.5f), up = sw_max(d.y, 0);
    const float town = sw_exp(-11 * up - 2.5f * off * off) * (0.3f + 0.7f * s->chance[6]);
    return f3_add(f3(0.0009f, 0.0014f, 0.0024f), f3_scale(f3(0.0250f, 0.0115f, 0.0030f), town));
}

struct f3 sky_clear(const struct scene *s, struct f3 d)
{
    const float mass = air_mass(d.y), cosine = f3_dot(d, s->sun);
    const struct f3 up = air_up(s);
    const struct f3 seen = through(up, mass);
    const float haze = up.x - 0.046f, g = 0.72f;
    const float rayleigh = 0.75f * (1 + cosine * cosine);
    const float k = 1 + g * g - 2 * g * cosine,
                mie = 0.35f + (0.13f + 0.25f * s->low) * (1 - g * g) / (k * sqrtf(k));
    /* Light that has come further is redder: low, and towards the sun. Ozone keeps dusk from green.
     */
    const float flat = 1 - sw_unit(d.y), near = 0.5f + 0.5f * cosine, mass_sun = air_mass(s->sun.y);
    const float way =
        (0.10f + 0.45f * flat * flat * flat * near) * (1 + 0.9f * s->low) * mass_sun + 0.1f;
    const struct f3 sunlight =
        through(f3_add(up, f3_scale(f3(0.012f, 0.040f, 0.002f), s->low)), way);
    const float power = s->night ? 0.02f : 2.3f * sw_step(-0.22f, 0.16f, s->sun.y) + 0.01f;
    struct f3 sum;
    sum.x = (0.046f * rayleigh + haze * mie) / up.x * (1 - seen.x);
    sum.y = (0.108f * rayleigh + haze * mie) / up.y * (1 - seen.y);
    sum.z = (0.265f * rayleigh + haze * mie) / up.z * (1 - seen.z);
    sum = f3_scale(f3_mul(sum, sunlight), power * 1.2f);
    const struct f3 grey = f3_scale(f3(0.50f, 0.53f, 0.58f), s->night ? 0.004f : power * 0.34f);
    const float over = sw_step(0.72f, 1, s->clouds); /* a closed sky has no blue */
    sum = f3_mix(sum, f3_scale(grey, 0.75f + 0.25f * sw_unit(d.y)), over * 0.9f);
    return s->night ? f3_add(f3_mul(sum, f3(0.16f, 0.20f, 0.27f)), night_glow(s, d)) : sum;
}

static void place_sun(struct scene *s)
{
    const float turn = (s->hour - 12) / 24, side = s->chance[0];
    const float x = sw_sine(turn) * 0.95f, y = sw_cosine(turn) * 0.80f + 0.10f;
    float z = -0.55f + 1.0f * side;
    if (s->kind == SCENE_COAST)
        z = 0.25f + 0.6f * side;
    if (s->kind == SCENE_DUNES) /* from the side: sand lives by its shadows */
        z = -0.15f + 0.65f * side;
    s->sun = f3_unit(f3(x, y, z));
    s->night = s->kind == SCENE_NIGHT || s->sun.y < -0.20f;
    if (s->night)
        s->sun = f3_unit(f3(-0.7f + 1.4f * s->chance[1], 0.35f + 0.3f * s->chance[2],
                            0.3f - 0.5f * s->chance[4]));
}

void sky_init(struct scene *s)
{
    place_sun(s);
    s->low = 1 - sw_step(0, 0.42f, s->sun.y);
    const struct f3 reach = through(air_up(s), (0.42f + 0.36f * s->low) * air_mass(s->sun.y));
    const float veil = 1 - 0.93f * sw_step(0.55f, 0.98f, s->clouds);
    const float power =
        s->night ? 0.055f : (2.9f + 2.6f * s->low) * sw_step(-0.05f, 0.05f, s->sun.y);
    s->sun_light = f3_scale(reach, power * veil);
    if (s->night)
        s->sun_light = f3_mul(s->sun_light, f3(0.58f, 0.75f, 1.0f));
    struct f3 sum = {0, 0, 0};
    for (int i = 0; i < 24; i++) { /* cosine weighted */
        const float y = sqrtf(((float)i + 0.5f) / 24), r = sqrtf(1 - y * y),
                    a = 0.381966f * (float)i;
        sum = f3_add(sum, sky_clear(s, f3(r * sw_cosine(a), y, r * sw_sine(a))));
    }
    const float lit =
        1 + 0.7f * s->clouds * (1 - sw_step(0.7f, 1, s->clouds)); /* white clouds shine */
    s->ambient = f3_scale(sum, lit / 24);
    s->air = sky_clear(s, f3_unit(f3(0, 0.02f, 1)));
    s->thick = (0.000012f + 0.00060f * s->haze * s->haze * s->haze + 0.00002f * s->haze);
    if (s->kind == SCENE_DUNES) /* dust */
        s->thick = 1.5f * s->thick + 0.00005f * s->haze;
}

struct f3 sky_faded(const struct scene *s, struct f3 light, struct f3 d, float far)
{
    const float t = s->thick * far;
    const struct f3 left = f3_exp(f3(-0.75f * t, -t, -1.45f * t));
    struct f3 air;
    d.y = sw_max(d.y, 0.02f);
    if (!s->sky || !sky_map_air(s->sky, d, &air))
        air = sky_clear(s, f3_unit(d));
    return f3_add(f3_mul(light, left), f3_mul(air, f3(1 - left.x, 1 - left.y, 1 - left.z)));
}

/* ---- sun, moon, stars ---- */

float sky_milk(const struct scene *s, struct f3 d)
{
    const float along = d.x * 0.8f + d.z * 0.1f + 0.15f,
                across =
                    d.y * 0.75f - d.z * 0.35f + d.x * 0.5f - 0.22f + 0.3f * (s->chance[4] - 0.5f);
    const float cloud = sw_octaves(along * 4, across * 4, s->seed + 950, 5, 0.6f);
    const float lane = sw_octaves(along * 7 + 5, across * 9, s->seed + 951, 4, 0.6f);
    return sw_exp(-across * across * 22) * (0.55f + 0.6f * cloud) *
           (1 - 0.75f * sw_step(0.05f, 0.5f, lane));
}

static struct f3 starry(const struct scene *s, struct f3 d, float band)
{
    struct f3 sum = f3_scale(f3(0.0100f, 0.0094f, 0.0100f), sw_max(band, 0));
    const float wide = sw_clamp(s->pitch * 1900, 1, 2.5f),
                sharp = 1 / (wide * wide); /* none between samples */
    for (uint32_t layer = 0; layer < 3;
         layer++) { /* on a cylinder about the zenith: no poles in view */
        const float k = layer == 0 ? 80.0f : layer == 1 ? 200.0f : 400.0f;
        const float u = d.x / (d.z + 1.6f) * k, v = d.y / (d.z + 1.6f) * k;
        const int32_t i = sw_floor(u), j = sw_floor(v);
        const uint32_t a = (uint32_t)i, b = (uint32_t)j, seed = s->seed + 960 + layer;
        const float ex = u - (float)i - 0.15f - 0.7f * sw_random(a, b, seed),
                    ey = v - (float)j - 0.15f - 0.7f * sw_random(a, b, seed + 10);
        const float pick = sw_random(a, b, seed + 20),
                    there = layer ? 0.35f + 0.8f * sw_max(band, 0) : 0.07f;
        if (pick > there)
            continue;
        const float bright = sw_power(sw_random(a, b, seed + 30), 7) + 0.025f, size = 80.0f / k;
        const float far = (ex * ex + ey * ey) * size * size;
        const float warm = sw_random(a, b, seed + 40) - 0.5f;
        const float light = (layer ? 0.16f : 1.0f) * bright * sw_exp(-far * 2600 * sharp);
        sum = f3_add(sum, f3_scale(f3(1 + 0.5f * warm, 1, 1 - 0.5f * warm), light * 0.38f * sharp));
    }
    return f3_scale(sum, sw_step(0.0f, 0.25f, d.y) * (1 - 0.6f * s->haze));
}

static struct f3 discs(const struct scene *s, struct f3 d)
{
    const float c = f3_dot(d, s->sun), off = 2 * (1 - c); /* squared angle */
    if (!s->night) {
        const float disc = sw_step(0.000036f, 0.000018f, off);
        const float halo = 0.35f * sw_exp(-off * 900) + 0.10f * sw_exp(-off * 60);
        return f3_scale(s->sun_light, 14 * disc + halo);
    }
    const float disc = sw_step(0.000060f, 0.000050f, off),
                halo = 0.06f * sw_exp(-off * 700) + 0.012f * sw_exp(-off * 60);
    const float seas = 0.72f + 0.28f * sw_octaves(d.x * 130, d.y * 130, s->seed + 970, 3, 0.5f);
    return f3_add(f3_scale(f3(0.9f, 0.88f, 0.82f), 0.5f * disc * seas),
                  f3_scale(f3(0.5f, 0.6f, 0.8f), halo));
}

struct f3 sky_all(const struct scene *s, struct f3 d, float jitter)
{
    struct sky_part p;
    if (!s->sky || !sky_map_at(s->sky, d, &p))
        sky_parts(s, &d, &jitter, &p, 1);
    struct f3 far = discs(s, d);
    if (s->night)
        far = f3_add(far, starry(s, d, p.milk));
    return f3_add(p.near, f3_scale(far, p.left));
}
