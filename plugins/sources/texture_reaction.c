/* texture_reaction.c - reaction and diffusion: an activator that spreads little and an inhibitor
 * that spreads far (Turing 1952), as repeated differences of box blurs pushed apart by a soft step;
 * it settles to labyrinths, spots or holes. Solved on a small torus, drawn by cubic interpolation.
 */
#include "texture_kinds.h"
#include <math.h>
#include <impasto/kit.h>

enum { SIDE = TX_FIELD, STEPS = 22 };

/* Mean of 2 r + 1 columns of every row, around the torus; the answer lies transposed, so that twice
 * of it blurs both ways. */
static void blur_turned(const float *restrict in, float *restrict out, int r)
{
    const float share = 1 / (float)(2 * r + 1);
    for (int y = 0; y < SIDE; y++) {
        const float *row = in + y * SIDE;
        double sum = 0;
        for (int k = -r; k <= r; k++)
            sum += (double)row[(k + SIDE) % SIDE];
        for (int x = 0; x < SIDE; x++) {
            out[x * SIDE + y] = (float)sum * share;
            const int next = x + r + 1, last = x - r;
            sum += (double)row[next >= SIDE ? next - SIDE : next] -
                   (double)row[last < 0 ? last + SIDE : last];
        }
    }
}

static void reaction_prepare(const struct tx *t, float *field, float *scratch)
{
    float *turned = scratch, *near = scratch + SIDE * SIDE, *far = scratch + 2 * SIDE * SIDE;
    const float lean = t->variant == 1   ? 0
                       : t->variant == 2 ? 0.16F
                       : t->variant == 3 ? -0.16F
                                         : 0.07F;
    kit_normals(t->seed, 77, 0, SIDE * SIDE, field);
    for (int step = 0; step < STEPS; step++) {
        blur_turned(field, turned, 1), blur_turned(turned, near, 1);
        blur_turned(near, turned, 1), blur_turned(turned, near, 1);
        blur_turned(near, turned, 3), blur_turned(turned, far, 3);
        blur_turned(far, turned, 2), blur_turned(turned, far, 2);
        for (int i = 0; i < SIDE * SIDE; i++) {
            const float push = 3.5F * (near[i] - far[i]) * (step ? 1 : 3) - lean;
            const float v = 0.35F * field[i] + 2.2F * push;
            field[i] = v / sqrtf(1 + v * v);
        }
    }
    blur_turned(field, turned, 1), blur_turned(turned, field, 1);
}

/* Catmull and Rom's cubic through four numbers. */
static inline float cubic(float a, float b, float c, float d, float u)
{
    return b + 0.5F * u * (c - a + u * (2 * a - 5 * b + 4 * c - d + u * (3 * (b - c) + d - a)));
}

static float field_at(const float *field, float x, float y)
{
    const float fx = nz_floor(x), fy = nz_floor(y);
    const int i = (int)nz_wrap(fx - 1, SIDE), j = (int)nz_wrap(fy - 1, SIDE);
    float line[4];
    for (int k = 0; k < 4; k++) {
        const float *row = field + (j + k) % SIDE * SIDE;
        line[k] =
            cubic(row[i], row[(i + 1) % SIDE], row[(i + 2) % SIDE], row[(i + 3) % SIDE], x - fx);
    }
    return cubic(line[0], line[1], line[2], line[3], y - fy);
}

KIT_CLONES
static void reaction_row(const struct tx *t, struct tx_row *row)
{
    float x[TX_SPAN], y[TX_SPAN], mid[TX_SPAN], fine[TX_SPAN], tone[TX_SPAN];
    tx_fbm(t, 1, 3, 3, 3, row->x, row->y, x, row->n);
    tx_fbm(t, 2, 3, 3, 3, row->x, row->y, y, row->n);
    tx_fbm(t, 3, 5, 5, 5, row->x, row->y, mid, row->n);
    tx_fbm(t, 4, 150, 150, 3, row->x, row->y, fine, row->n);
    const struct nz_grid once = tx_grid(t, 5, 1, 1); /* fields per unit */
    const float bend = 0.06F * t->irregular * t->scale;
    for (size_t i = 0; i < row->n; i++) {
        const float v = field_at(t->field, (row->x[i] + bend * x[i]) * once.fx * SIDE,
                                 (row->y[i] + bend * y[i]) * once.fy * SIDE);
        const float level = 0.5F * (t->gap - 0.5F), in = nz_step(level - 0.35F, level + 0.35F, v);
        row->height[i] =
            t->scale * (0.010F * in + 0.002F * t->detail * mid[i]) + 0.0004F * t->detail * fine[i];
        tone[i] = 0.12F + 0.68F * in + 0.12F * v * (0.5F + t->wear) + 0.16F * t->wear * mid[i] +
                  0.06F * t->detail * fine[i];
        row->gloss[i] = 0.4F + 0.4F * in;
    }
    tx_colour(t, 0.5F, tone, row);
}
const struct tx_kind tx_reaction = {
    .name = "reaction",
    .stop = {0x1a1f3a, 0x27406b, 0x3f7f8c, 0xd7c48d, 0xf0dfb4, 0xfbf3df},
    .ground = 0x1a1f3a,
    .stops = 6,
    .gloss = 0.5F,
    .row = reaction_row,
    .prepare = reaction_prepare,
};
