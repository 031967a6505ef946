/* blend_modes.c - how two colours mix, by the formulas of W3C "Compositing and Blending Level 1",
 * 5.8; add and subtract stop at 1 and 0. b is the base, s the picture on top. */
#include "basic.h"
#include "blend_modes.h"
#include <math.h>

#define CHANNEL(name, formula) \
    KIT_CLONES static void name(const float *base, const float *top, float *out, uint32_t n) \
    { \
        for (uint32_t i = 0; i < n; i++) { \
            const float b = base[i], s = top[i]; \
            out[i] = (formula); \
        } \
    }

CHANNEL(multiply, b * s)
CHANNEL(screen, b + s - b * s)
CHANNEL(overlay, b <= 0.5f ? 2 * b * s : 1 - 2 * (1 - b) * (1 - s))
CHANNEL(hard_light, s <= 0.5f ? 2 * b * s : 1 - 2 * (1 - b) * (1 - s))
CHANNEL(soft_light,
        s <= 0.5f ? b - (1 - 2 * s) * b * (1 - b)
                  : b + (2 * s - 1) * ((b <= 0.25f ? ((16 * b - 12) * b + 4) * b : sqrtf(b)) - b))
CHANNEL(darken, b < s ? b : s)
CHANNEL(lighten, b > s ? b : s)
CHANNEL(difference, b > s ? b - s : s - b)
CHANNEL(add, b + s < 1 ? b + s : 1)
CHANNEL(subtract, b > s ? b - s : 0)
CHANNEL(dodge, b <= 0 ? 0 : b < 1 - s ? b / (1 - s) : 1)
CHANNEL(burn, b >= 1 ? 1 : 1 - b < s ? 1 - (1 - b) / s : 0)

struct rgb { float r, g, b; };

static float lum(struct rgb c)
{
    return 0.3f * c.r + 0.59f * c.g + 0.11f * c.b;
}

static float least(struct rgb c)
{
    return fminf(c.r, fminf(c.g, c.b));
}

static float most(struct rgb c)
{
    return fmaxf(c.r, fmaxf(c.g, c.b));
}

static float sat(struct rgb c)
{
    return most(c) - least(c);
}

static struct rgb around(struct rgb c, float l, float k)
{
    return (struct rgb){l + (c.r - l) * k, l + (c.g - l) * k, l + (c.b - l) * k};
}

/* c moved to luminosity l, drawn towards grey as far as the range demands. */
static struct rgb set_lum(struct rgb c, float l)
{
    const float d = l - lum(c);
    c = (struct rgb){c.r + d, c.g + d, c.b + d};
    const float low = least(c), high = most(c);
    if (low < 0 && l > low)
        c = around(c, l, l / (l - low));
    if (high > 1 && high > l)
        c = around(c, l, (1 - l) / (high - l));
    return c;
}

/* c stretched so that its largest channel is s and its least is 0. */
static struct rgb set_sat(struct rgb c, float s)
{
    const float low = least(c), range = most(c) - low, k = range > 0 ? s / range : 0;
    return (struct rgb){(c.r - low) * k, (c.g - low) * k, (c.b - low) * k};
}

#define COLOUR(name, formula) \
    static void name(const float *base, const float *top, float *out, uint32_t n) \
    { \
        for (uint32_t i = 0; i < n; i++) { \
            const struct rgb b = {base[i], base[i + BLEND_SPAN], base[i + 2 * BLEND_SPAN]}; \
            const struct rgb s = {top[i], top[i + BLEND_SPAN], top[i + 2 * BLEND_SPAN]}; \
            const struct rgb c = (formula); \
            out[i] = c.r, out[i + BLEND_SPAN] = c.g, out[i + 2 * BLEND_SPAN] = c.b; \
        } \
    }

COLOUR(hue, set_lum(set_sat(s, sat(b)), lum(b)))
COLOUR(saturation, set_lum(set_sat(b, sat(s)), lum(b)))
COLOUR(colour, set_lum(s, lum(b)))
COLOUR(luminosity, set_lum(b, lum(s)))

const struct blend_mode blend_modes[] = {
    {NULL, NULL}, {multiply, NULL}, {screen, NULL}, {overlay, NULL}, {soft_light, NULL},
    {hard_light, NULL}, {darken, NULL}, {lighten, NULL}, {difference, NULL}, {add, NULL},
    {subtract, NULL}, {dodge, NULL}, {burn, NULL},
    {NULL, hue}, {NULL, saturation}, {NULL, colour}, {NULL, luminosity},
};
