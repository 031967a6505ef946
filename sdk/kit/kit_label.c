/* kit_label.c - text into pictures: the strokes of kit_font.h drawn with a round pen. A pixel's
 * coverage is pen radius minus distance to the stroke, plus a half, within 0..1. */
#include <impasto/kit.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include "kit_font.h"

struct pen {          /* from grid units to pixels */
    double x, y;      /* of the origin: pen position, baseline */
    double scale;     /* px a unit */
    double small;     /* px of the height of small letters, and */
    double capital;   /* of capitals: both set so that flat strokes fill rows of pixels */
    double radius;
};

struct cover {        /* coverage of one glyph */
    float *data;
    int32_t x, y, width, height; /* its place in the picture */
};

/* The code point at *text, which moves on; a byte that is no UTF-8 stands for itself as U+FFFD. */
static uint32_t next_code(const char **text)
{
    const uint8_t *s = (const uint8_t *)*text;
    const uint32_t more = s[0] < 0x80 ? 0 : s[0] < 0xc2 ? 9 : s[0] < 0xe0 ? 1 : s[0] < 0xf0 ? 2
                        : s[0] < 0xf5 ? 3 : 9;
    if (more == 0 || more == 9) {
        *text += 1;
        return more ? 0xfffd : s[0];
    }
    uint32_t code = s[0] & (0x3fu >> more);
    for (uint32_t i = 1; i <= more; i++) {
        if ((s[i] & 0xc0) != 0x80) {
            *text += 1;
            return 0xfffd;
        }
        code = code << 6 | (s[i] & 0x3fu);
    }
    *text += 1 + more;
    return code;
}

struct glyph { const char *base, *accent; double lift; };

static struct glyph glyph_of(uint32_t code)
{
    if (code >= 32 && code < 127)
        return (struct glyph){.base = font_ascii[code - 32]};
    if (code >= 0xc0 && code <= 0xff && font_latin[code - 0xc0].base) {
        const char base = font_latin[code - 0xc0].base;
        const unsigned accent = font_latin[code - 0xc0].accent;
        return (struct glyph){
            .base = base == 'i' ? font_dotless : font_ascii[base - 32],
            .accent = font_accents[accent],
            .lift = base < 'a' && accent != CEDILLA ? FONT_CAPITAL + 1 - FONT_SMALL : 0,
        };
    }
    for (size_t i = 0; i < sizeof font_more / sizeof *font_more; i++)
        if (font_more[i].code == code)
            return (struct glyph){.base = font_more[i].glyph};
    return (struct glyph){.base = font_missing};
}

static double number(const char **s)
{
    const bool negative = **s == '-';
    int n = 0;
    for (*s += negative; **s >= '0' && **s <= '9'; (*s)++)
        n = 10 * n + (**s - '0');
    *s += **s == ' ';
    return negative ? -n : n;
}

/* Rightmost x of a path, in units. */
static double extent(const char *path)
{
    double most = 0;
    while (*path) {
        const char op = *path++;
        for (int pair = op == 'C' ? 2 : 1; pair > 0; pair--) {
            const double x = number(&path);
            number(&path);
            most = x > most ? x : most;
        }
    }
    return most;
}

/* Room of a glyph in units. Digits take the same, so that columns of numbers stand still; accents
 * do not run into the next letter; small text is set a little wider. */
static double advance_of(uint32_t code, const struct glyph *g, double size)
{
    const double own = (g->base[0] - '0') + extent(g->base + 2) + (g->base[1] - '0');
    const double tracking = size < 18 ? 0.7 + (18 - size) * 0.1 : 0.7;
    return (code >= '0' && code <= '9' ? 22 : g->accent ? fmax(own, 14) : own) + tracking;
}

static double place_y(const struct pen *p, double y)
{
    if (y <= 0)
        return p->y - y * p->scale;
    if (y <= FONT_SMALL)
        return p->y - y * p->small / FONT_SMALL;
    return p->y - p->small
           - (y - FONT_SMALL) * (p->capital - p->small) / (FONT_CAPITAL - FONT_SMALL);
}

static void draw_segment(struct cover *c, const struct pen *p, double x0, double y0, double x1,
                         double y1)
{
    const double dx = x1 - x0, dy = y1 - y0, length = dx * dx + dy * dy;
    const double radius = length > 0 ? p->radius : p->radius * 1.3; /* a dot is a little wider */
    const double reach = radius + 1;
    const int32_t left = (int32_t)fmax(floor(fmin(x0, x1) - reach) - c->x, 0);
    const int32_t top = (int32_t)fmax(floor(fmin(y0, y1) - reach) - c->y, 0);
    const int32_t right = (int32_t)fmin(ceil(fmax(x0, x1) + reach) - c->x, c->width);
    const int32_t bottom = (int32_t)fmin(ceil(fmax(y0, y1) + reach) - c->y, c->height);
    for (int32_t j = top; j < bottom; j++)
        for (int32_t i = left; i < right; i++) {
            const double px = i + c->x + 0.5 - x0, py = j + c->y + 0.5 - y0;
            double t = length > 0 ? (px * dx + py * dy) / length : 0;
            t = t < 0 ? 0 : t > 1 ? 1 : t;
            const double ex = px - t * dx, ey = py - t * dy;
            const float a = (float)(radius + 0.5 - sqrt(ex * ex + ey * ey));
            float *to = &c->data[(size_t)j * (size_t)c->width + (size_t)i];
            *to = a > *to ? a : *to;
        }
}

/* A quarter of an ellipse as a rational quadratic curve: weight sqrt(1/2) at the corner. */
static void draw_quarter(struct cover *c, const struct pen *p, const double from[2],
                         const double corner[2], const double to[2])
{
    const double bend = fabs(corner[0] - from[0]) + fabs(corner[1] - from[1])
                        + fabs(to[0] - corner[0]) + fabs(to[1] - corner[1]);
    const int n = 3 + (int)fmin(sqrt(bend) * 1.5, 60);
    double x = from[0], y = from[1];
    for (int k = 1; k <= n; k++) {
        const double t = (double)k / n, a = (1 - t) * (1 - t),
                     b = 2 * t * (1 - t) * 0.70710678118654752;
        const double sum = a + b + t * t;
        const double u = (a * from[0] + b * corner[0] + t * t * to[0]) / sum;
        const double v = (a * from[1] + b * corner[1] + t * t * to[1]) / sum;
        draw_segment(c, p, x, y, u, v);
        x = u, y = v;
    }
}

static void draw_path(struct cover *c, const struct pen *p, const char *path, double shift,
                      double lift)
{
    double at[2] = {0, 0};
    while (*path) {
        const char op = *path++;
        double pair[2][2];
        for (int k = 0; k < (op == 'C' ? 2 : 1); k++) {
            const double x = number(&path), y = number(&path);
            pair[k][0] = p->x + (x + shift) * p->scale;
            pair[k][1] = place_y(p, y + lift);
        }
        const double *end = pair[op == 'C'];
        if (op == 'L')
            draw_segment(c, p, at[0], at[1], end[0], end[1]);
        else if (op == 'C')
            draw_quarter(c, p, at, pair[0], end);
        at[0] = end[0], at[1] = end[1];
    }
}

static void blend_cover(imp_image *m, const struct cover *c, const float colour[4])
{
    for (int32_t j = 0; j < c->height; j++)
        for (int32_t i = 0; i < c->width; i++) {
            float a = c->data[(size_t)j * (size_t)c->width + (size_t)i];
            a = a < 0 ? 0 : a > 1 ? 1 : a;
            for (uint32_t k = 0; k < m->channels && a > 0; k++) {
                float *to = imp_row_out(m, k, (uint32_t)(j + c->y)) + i + c->x;
                *to += a * (colour[k] - *to);
            }
        }
}

/* Coverage of the part of the glyph's box that lies in the picture; false: nothing does. */
static bool clip(const imp_image *m, const struct pen *p, double units, struct cover *c)
{
    const double left = floor(p->x - 4 * p->scale - p->radius - 1);
    const double right = ceil(p->x + (units + 4) * p->scale + p->radius + 1);
    const double top = floor(p->y - (FONT_ASCENT + 4) * p->scale - 1);
    const double bottom = ceil(p->y + (FONT_DESCENT + 2) * p->scale + 1);
    c->x = (int32_t)fmin(fmax(left, 0), m->width);
    c->y = (int32_t)fmin(fmax(top, 0), m->height);
    c->width = (int32_t)fmin(fmax(right, 0), m->width) - c->x;
    c->height = (int32_t)fmin(fmax(bottom, 0), m->height) - c->y;
    return c->width > 0 && c->height > 0;
}

/* Tile by tile, on the stack: letters of any size need no memory. */
static void draw_glyph(imp_image *m, const struct pen *p, const struct glyph *g, double units,
                       const float colour[4])
{
    enum { SIDE = 64 };
    float tile[SIDE * SIDE];
    struct cover all;
    if (!g->base[2] || !clip(m, p, units, &all))
        return;
    const double width = extent(g->base + 2);
    const double shift = g->accent ? (units - width) / 2 : g->base[0] - '0';
    for (int32_t y = 0; y < all.height; y += SIDE)
        for (int32_t x = 0; x < all.width; x += SIDE) {
            struct cover c = {.data = tile, .x = all.x + x, .y = all.y + y};
            c.width = all.width - x < SIDE ? all.width - x : SIDE;
            c.height = all.height - y < SIDE ? all.height - y : SIDE;
            memset(tile, 0, (size_t)c.width * (size_t)c.height * sizeof *tile);
            draw_path(&c, p, g->base + 2, shift, 0);
            if (g->accent)
                draw_path(&c, p, g->accent, shift + width / 2, g->lift);
            blend_cover(m, &c, colour);
        }
}

static double sane(double size)
{
    return size >= 7 ? fmin(size, 4096) : 7; /* NaN: 7 */
}

void kit_text_size(const char *text, double size, uint32_t *width, uint32_t *height)
{
    double units = 0;
    size = sane(size);
    while (*text) {
        const uint32_t code = next_code(&text);
        const struct glyph g = glyph_of(code);
        units += advance_of(code, &g, size);
    }
    const double px = size / FONT_EM;
    *width = (uint32_t)fmin(ceil(units * px), INT32_MAX);
    *height = (uint32_t)ceil((FONT_ASCENT + FONT_DESCENT) * px);
}

void kit_text_draw(imp_image *m, double x, double y, double size, const float colour[4],
                   const char *text)
{
    size = sane(size);
    const double scale = size / FONT_EM;
    struct pen p = {.x = x, .scale = scale, .radius = fmax(size * 0.085, 1.15) / 2};
    /* centre lines of flat strokes lie in the middle of a row (thin pen) or between two (thick
     * one) */
    const double half = fmod(floor(2 * p.radius + 0.5), 2) ? 0.5 : 0;
    p.y = floor(y + FONT_ASCENT * scale) + half;
    p.small = fmax(floor(FONT_SMALL * scale + 0.5), 1);
    p.capital = fmax(floor(FONT_CAPITAL * scale + 0.5), p.small + 1);
    while (*text) {
        const uint32_t code = next_code(&text);
        const struct glyph g = glyph_of(code);
        const double units = advance_of(code, &g, size);
        if (p.x < m->width && p.x + (units + 8) * scale > 0)
            draw_glyph(m, &p, &g, units, colour);
        p.x += units * scale;
    }
}
