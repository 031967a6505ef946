/* kit_denoise.c - total-variation denoising of planes.
 *
 * Chambolle's dual iteration (2004), with the step, the divisor and the stop of scikit-image >=
 * 0.12: d = -(px + py) + px[y][x-1] + py[y-1][x]      u = f + d g = forward differences of u n =
 * |g| E = (sum d^2 + w sum n) / pixels              p = (p - g / 4) / (1 + n / (4 w)) until
 * |E_before - E| < 2e-4 E_first, 200 rounds at most; the result is u. */
#include <impasto/kit_paint.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { ROUNDS = 200 };
#define TAU    0.25
#define ENOUGH 2e-4

struct plane {
    float *f, *u, *px, *py; /* f: the image's rows; the others packed */
    int64_t row;
    uint32_t w, h;
    double weight;
};

/* u = f + d for row y; answers the sum of d^2. */
static double restore_row(const struct plane *p, uint32_t y)
{
    const float *f = p->f + y * p->row, *px = p->px + (size_t)y * p->w,
                *py = p->py + (size_t)y * p->w;
    const float *above = y ? py - p->w : NULL;
    float *u = p->u + (size_t)y * p->w;
    double sum = 0;
    for (uint32_t x = 0; x < p->w; x++) {
        const float left = x ? px[x - 1] : 0, up = above ? above[x] : 0;
        const float d = -(px[x] + py[x]) + left + up;
        u[x] = f[x] + d;
        sum += (double)d * (double)d;
    }
    return sum;
}

/* Moves the dual variables of row y; answers the sum of the gradient's lengths. */
static double dual_row(const struct plane *p, uint32_t y)
{
    const float *u = p->u + (size_t)y * p->w, *below = y + 1 < p->h ? u + p->w : NULL;
    float *px = p->px + (size_t)y * p->w, *py = p->py + (size_t)y * p->w;
    const float tau = (float)TAU, by = (float)(TAU / p->weight);
    double sum = 0;
    for (uint32_t x = 0; x < p->w; x++) {
        const float gx = x + 1 < p->w ? u[x + 1] - u[x] : 0, gy = below ? below[x] - u[x] : 0;
        const float n = sqrtf(gx * gx + gy * gy), divisor = 1 + n * by;
        px[x] = (px[x] - tau * gx) / divisor;
        py[x] = (py[x] - tau * gy) / divisor;
        sum += (double)n;
    }
    return sum;
}

static void denoise(const struct plane *p)
{
    double first = 0, before = 0;
    for (int round = 0; round < ROUNDS; round++) {
        double energy = 0, lengths = 0;
        for (uint32_t y = 0; y < p->h; y++)
            energy += restore_row(p, y);
        for (uint32_t y = 0; y < p->h; y++)
            lengths += dual_row(p, y);
        energy = (energy + p->weight * lengths) / ((double)p->w * p->h);
        if (!round)
            first = energy;
        else if (fabs(before - energy) < ENOUGH * first)
            break;
        before = energy;
    }
}

struct work {
    imp_image *image;
    double weight;
    float *memory; /* 3 packed planes for each channel */
};

static void channel(void *user, uint32_t c) IMP_NX
{
    const struct work *k = user;
    const size_t n = (size_t)k->image->width * k->image->height;
    float *u = k->memory + 3 * n * c;
    const struct plane p = {k->image->data + c * k->image->plane,
                            u,
                            u + n,
                            u + 2 * n,
                            k->image->row,
                            k->image->width,
                            k->image->height,
                            k->weight};
    denoise(&p);
    for (uint32_t y = 0; y < p.h; y++)
        memcpy(imp_row_out(k->image, c, y), u + (size_t)y * p.w, p.w * sizeof *u);
}

imp_status kit_denoise_tv(imp_image *image, double weight, imp_job *job)
{
    struct work k = {image, weight, NULL};
    const size_t n = kit_bytes((size_t)image->width * image->height, 3 * (size_t)image->channels);
    if (!(weight > 0))
        return IMP_OK;
    if (!(k.memory = calloc(n, sizeof *k.memory)))
        return IMP_E_MEMORY;
    const imp_status st = kit_parallel(job, image->channels, channel, &k);
    free(k.memory);
    return st;
}
