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
    imp_image *v = kit_image_new(p->w, p->h, p->c, IMP_SRGB);
    const float *u = p->u;
    for (uint32_t c = 0; v && c < p->c; c++) {
        const double m = kit_paint_mean(p->c, c);
        for (uint32_t y = 0; y < p->h; y++) {
            float *row = imp_row_out(v, c, y);
            for (uint32_t x = 0; x < p->w; x++)
                row[x] = (float)((p->unit * (double)*u++ + m) / 255);
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

imp_status kit_paint_roughen(const struct paint *p)
{
    float *noise = p->o->roughen > 0 ? malloc(p->n * sizeof *noise) : NULL;
    if (!noise)
        return p->o->roughen > 0 ? IMP_E_MEMORY : IMP_OK;
    kit_normals(p->o->seed, ROUGH + p->scale, 0, p->n, noise);
    for (size_t i = 0; i < p->n; i++)
        p->u[i] = (float)((double)p->u[i] + p->o->roughen / p->unit * (double)noise[i]);
    free(noise);
    return IMP_OK;
}
