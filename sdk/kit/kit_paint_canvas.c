/* kit_paint_canvas.c - pictures to what an optimiser moves, x = unit u = 255 v - m, and back. */
#include <stdlib.h>
#include <string.h>
#include "kit_paint_work.h"

enum { NOISE = 0x6e6f, ROUGH = 0x726f };

void kit_paint_from_picture(const struct paint *p, const imp_image *v)
{
    float *u = p->u;
    for (uint32_t c = 0; c < p->c; c++) {
        const double m = kit_paint_mean(p->c, c);
        for (uint32_t y = 0; y < p->h; y++) {
            const float *row = imp_row(v, c, y);
            for (uint32_t x = 0; x < p->w; x++)
                *u++ = (float)((255 * (double)row[x] - m) / p->unit);
        }
    }
}

imp_image *kit_paint_to_picture(const struct paint *p)
{
    const uint32_t border = kit_sight_margin(p->sight, p->w, p->h);
    imp_image *v = kit_image_new(p->w - 2 * border, p->h - 2 * border, p->c, IMP_SRGB);
    for (uint32_t c = 0; v && c < p->c; c++) {
        const double m = kit_paint_mean(p->c, c);
        for (uint32_t y = 0; y < v->height; y++) {
            const float *u = p->u + ((size_t)c * p->h + y + border) * p->w + border;
            float *row = imp_row_out(v, c, y);
            for (uint32_t x = 0; x < v->width; x++)
                row[x] = (float)((p->unit * (double)u[x] + m) / 255);
        }
    }
    return v;
}

void kit_paint_from_noise(const struct paint *p)
{
    kit_normals(p->o->seed, NOISE, 0, p->n, p->u);
    for (size_t i = 0; i < p->n; i++)
        p->u[i] =
            (float)(p->o->noise / p->unit *
                    (p->o->rule == KIT_PAINT_SGD_FMI ? 2 * kit_uniform(p->o->seed, NOISE, i) - 1
                                                     : (double)p->u[i]));
}

imp_image *kit_paint_channels(const imp_image *from, uint32_t channels)
{
    imp_image *to = kit_image_new(from->width, from->height, channels, IMP_SRGB);
    for (uint32_t y = 0; to && y < from->height; y++)
        for (uint32_t c = 0; c < channels; c++) {
            float *row = imp_row_out(to, c, y);
            if (channels == 1 && from->channels >= 3)
                kit_luma(imp_row(from, 0, y), imp_row(from, 1, y), imp_row(from, 2, y), row,
                         from->width);
            else
                memcpy(row, imp_row(from, from->channels >= 3 ? c : 0, y),
                       from->width * sizeof *row);
        }
    return to;
}

imp_status kit_paint_roughen(struct paint *p)
{
    if (!(p->o->roughen > 0))
        return IMP_OK;
    enum { PIECE = 1 << 16 };
    const imp_image *at = p->o->rough_where;
    imp_image *where = at ? kit_sight_frame(p->sight, at, p->w, p->h, p->job) : NULL;
    float *noise = malloc(PIECE * sizeof *noise);
    imp_status st = !noise || (at && !where) ? IMP_E_MEMORY : IMP_OK;
    for (size_t from = 0; from < p->n && st == IMP_OK; from += PIECE) {
        const size_t count = p->n - from < PIECE ? p->n - from : PIECE;
        kit_normals(p->o->seed, ROUGH + p->scale, from, count, noise);
        for (size_t i = 0; i < count; i++) {
            const size_t place = (from + i) % ((size_t)p->w * p->h);
            const float much =
                where ? imp_row(where, 0, (uint32_t)(place / p->w))[place % p->w] : 1;
            p->u[from + i] += (float)(p->o->roughen / p->unit * (double)(noise[i] * much));
        }
        st = kit_paint_ask(p);
    }
    kit_image_free(where);
    free(noise);
    return st;
}
