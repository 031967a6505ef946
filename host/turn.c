/* Orientation, channels, colour of whole pictures. */
#include "turn.h"
#include <impasto/kit.h>
#include <string.h>

#define TILE 32 /* samples: both sides of a turned tile stay in the first cache */

/* How a sample of `in` is found for (x, y) of `out`: start + x * dx + y * dy, in samples. */
struct walk {
    int64_t start, dx, dy;
};

/* TIFF 6.0, Orientation: where row 0 and column 0 of what is stored belong. */
static struct walk walk_of(const imp_image *in, uint32_t orientation)
{
    const int64_t w = in->width - 1, h = in->height - 1, row = in->row;

    switch (orientation) {
    case 2: return (struct walk){w, -1, row};
    case 3: return (struct walk){w + h * row, -1, -row};
    case 4: return (struct walk){h * row, 1, -row};
    case 5: return (struct walk){0, row, 1};
    case 6: return (struct walk){h * row, -row, 1};
    case 7: return (struct walk){w + h * row, -row, -1};
    case 8: return (struct walk){w, row, -1};
    default: return (struct walk){0, 1, row};
    }
}

static void tile(const float *in, const struct walk *k, imp_image *out, uint32_t c, uint32_t x0, uint32_t y0)
{
    const uint32_t x1 = out->width - x0 < TILE ? out->width : x0 + TILE;
    const uint32_t y1 = out->height - y0 < TILE ? out->height : y0 + TILE;

    for (uint32_t y = y0; y < y1; y++) {
        const float *from = in + k->start + (int64_t)y * k->dy;
        float *to = imp_row_out(out, c, y);
        for (uint32_t x = x0; x < x1; x++)
            to[x] = from[(int64_t)x * k->dx];
    }
}

void turn_upright(const imp_image *in, uint32_t orientation, imp_image *out)
{
    const struct walk k = walk_of(in, orientation);

    for (uint32_t c = 0; c < out->channels; c++)
        for (uint32_t y = 0; y < out->height; y += TILE)
            for (uint32_t x = 0; x < out->width; x += TILE)
                tile(in->data + c * in->plane, &k, out, c, x, y);
}

static void fill(float *to, float v, uint32_t n)
{
    for (uint32_t x = 0; x < n; x++)
        to[x] = v;
}

static void onto_white(const float *alpha, float *row, uint32_t n)
{
    for (uint32_t x = 0; x < n; x++)
        row[x] = 1.0f + (row[x] - 1.0f) * alpha[x];
}

static void channels_of_row(const imp_image *in, imp_image *out, uint32_t y)
{
    const uint32_t n = in->width;

    for (uint32_t c = 0; c < out->channels; c++) {
        float *to = imp_row_out(out, c, y);
        if (c == 3 && in->channels < 4)
            fill(to, 1.0f, n);
        else if (out->channels == 1 && in->channels >= 3)
            kit_luma(imp_row(in, 0, y), imp_row(in, 1, y), imp_row(in, 2, y), to, n);
        else
            memcpy(to, imp_row(in, in->channels == 1 ? 0 : c, y), n * sizeof *to);
        if (in->channels == 4 && out->channels < 4)
            onto_white(imp_row(in, 3, y), to, n);
    }
}

void turn_channels(const imp_image *in, imp_image *out)
{
    for (uint32_t y = 0; y < in->height; y++)
        channels_of_row(in, out, y);
}

void turn_colour(const imp_image *in, imp_image *out)
{
    for (uint32_t c = 0; c < in->channels; c++)
        for (uint32_t y = 0; y < in->height; y++) {
            const float *from = imp_row(in, c, y);
            float *to = imp_row_out(out, c, y);
            if (c < 3 && in->colour == IMP_LINEAR && out->colour == IMP_SRGB)
                kit_linear_to_srgb(from, to, in->width);
            else if (c < 3 && in->colour == IMP_SRGB && out->colour == IMP_LINEAR)
                kit_srgb_to_linear(from, to, in->width);
            else
                memcpy(to, from, in->width * sizeof *to);
        }
}
