/* texture_cloth.c - of yarn: weave, knit, carpet. */
#include "texture_kinds.h"
#include <math.h>
#include <impasto/kit.h>

/* Does the warp lie over the weft where warp thread i and weft thread j cross? 1 plain, 2 twill of
 * two and two, 3 satin of eight, 4 basket of two by two. */
static inline float over(int variant, float i, float j)
{
    const float a = variant == 2   ? nz_wrap(i + j, 4) < 2
                    : variant == 3 ? nz_wrap(3 * i + j, 8) > 0
                    : variant == 4 ? nz_wrap(nz_floor(0.5F * i) + nz_floor(0.5F * j), 2) < 1
                                   : nz_wrap(i + j, 2) < 1;
    return a * 2 - 1;
}

/* How high thread i runs at place v along it: between crossings on a cosine. */
static inline float rise_of(int variant, bool weft, float i, float v)
{
    const float j = nz_floor(v - 0.5F), s = nz_step(0.15F, 0.85F, v - 0.5F - j);
    return weft ? -nz_lerp(over(variant, j, i), over(variant, j + 1, i), s)
                : nz_lerp(over(variant, i, j), over(variant, i, j + 1), s);
}

struct yarn { /* the thread on top */
    float height, tone, dim;
};

static inline struct yarn yarn_at(const struct tx *t, struct nz_grid g, bool weft, float along,
                                  float across, float slub, float fibre)
{
    const float i = nz_floor(across), off = 2 * (across - i) - 1;
    const uint32_t id = nz_hash(g.seed + weft, (int32_t)nz_wrap(i, weft ? g.py : g.px), 7);
    const float up = rise_of(t->variant, weft, i, along);
    const float half =
        0.98F - 0.35F * t->gap + 0.2F * t->irregular * (nz_part(id, 1) - 0.5F + slub);
    const float w = off / half, round = 1 - w * w;
    /* the ply: lines that run aslant round the yarn */
    const float ply = nz_sine(along * 2.0F + 0.45F * w + nz_part(id, 2));
    struct yarn y;
    y.height = round > 0
                   ? 0.5F * up + 0.75F * sqrtf(round) + 0.05F * ply + 0.10F * t->detail * fibre
                   : -1.2F;
    y.tone = (weft ? 0.62F : 0.40F) + 0.22F * t->irregular * (nz_part(id, 3) - 0.5F) + 0.05F * ply +
             0.16F * t->detail * fibre + 0.12F * slub * t->irregular;
    y.dim = round;
    return y;
}

KIT_CLONES
static void weave_row(const struct tx *t, struct tx_row *row)
{
    float x[TX_SPAN], y[TX_SPAN], slub_x[TX_SPAN], slub_y[TX_SPAN], fx[TX_SPAN], fy[TX_SPAN],
        tone[TX_SPAN];
    const float count = 44 / t->scale, step = t->variant == 3 ? 8 : t->variant == 1 ? 2 : 4;
    const struct nz_grid g = tx_grid_whole(t, 1, count, count, step, step);
    tx_fbm(t, 2, 5, 5, 3, row->x, row->y, x, row->n);
    tx_fbm(t, 3, 5, 5, 3, row->x, row->y, y, row->n);
    tx_fbm(t, 4, count, 5, 2, row->x, row->y, slub_x, row->n);
    tx_fbm(t, 5, 5, count, 2, row->x, row->y, slub_y, row->n);
    tx_fbm(t, 6, 260, 60, 2, row->x, row->y, fx, row->n);
    tx_fbm(t, 7, 60, 260, 2, row->x, row->y, fy, row->n);
    const float bend = 0.5F * t->irregular;
    for (size_t i = 0; i < row->n; i++) {
        const float u = row->x[i] * g.fx + bend * x[i], v = row->y[i] * g.fy + bend * y[i];
        const struct yarn a = yarn_at(t, g, false, v, u, slub_x[i], fx[i]),
                          b = yarn_at(t, g, true, u, v, slub_y[i], fy[i]);
        const bool first = a.height > b.height;
        const struct yarn top = first ? a : b;
        row->height[i] = 0.55F / count * nz_max(top.height, -0.8F);
        tone[i] = top.height < -1 ? 0.06F + 0.1F * (fx[i] + slub_x[i])
                                  : top.tone - 0.25F * (1 - nz_clamp(top.dim + 0.4F)) -
                                        0.10F * t->wear * nz_max(x[i] + y[i], 0);
        x[i] = nz_step(-0.75F, 0.1F, top.height);
    }
    tx_colour(t, 0.5F, tone, row);
    for (size_t i = 0; i < row->n; i++)
        tx_dim(row, i, 0.35F + 0.65F * x[i]);
}
const struct tx_kind tx_weave = {
    .name = "weave",
    .stop = {0x3d3426, 0x75664d, 0xa08f6f, 0xb9ab8d, 0xcfc4ab, 0xe6dfcd},
    .ground = 0x2a2419,
    .stops = 6,
    .row = weave_row,
};

/* Stocking stitch: columns of V. A leg is a strand that runs from the side of its column down to
 * the middle; the next row's comes out of it. How high and which way: in the strand's own measures.
 */
struct leg {
    float height, along, across, stitch;
};

static inline struct leg leg_at(float in, float v)
{
    struct leg best = {-0.7F, 0, 0, 0};
    const float side = in < 0.5F ? -1 : 1, u = nz_abs(in - 0.5F);
    for (int k = -1; k <= 2; k++) {
        const float j = nz_floor(v) + (float)k, down = v - j;
        /* centre line: from u = 0.40 at the top to 0.12 at the foot, bent at both ends */
        const float s = down * 0.62F, centre = 0.12F + 0.27F * (1 - nz_step(-0.15F, 1.1F, s));
        const float across = (u - centre + 0.02F) / 0.185F, end = 2 * s - 0.95F;
        const float round = 1 - across * across - 0.85F * end * end * end * end;
        const float h = round > 0 ? sqrtf(round) + 0.55F * (0.5F - s) : -0.7F;
        const bool above = h > best.height;
        best.height = above ? h : best.height;
        best.along = above ? s : best.along;
        best.across = above ? across * side : best.across;
        best.stitch = above ? j : best.stitch;
    }
    return best;
}

static inline float pattern_of(int variant, float column, float stitch)
{
    if (variant == 2) /* rhombs */
        return nz_abs(nz_wrap(column, 8) - 3.5F) + nz_abs(nz_wrap(stitch, 8) - 3.5F) < 3.6F ? 0.42F
                                                                                            : 0;
    if (variant == 3) /* stripes */
        return nz_wrap(stitch, 8) < 3 ? 0.42F : 0;
    if (variant == 4) /* dots */
        return nz_wrap(column, 4) < 1 && nz_wrap(stitch, 4) < 1 ? 0.42F : 0;
    return 0;
}

KIT_CLONES
static void knit_row(const struct tx *t, struct tx_row *row)
{
    float x[TX_SPAN], y[TX_SPAN], fuzz[TX_SPAN], fine[TX_SPAN], tone[TX_SPAN], slub[TX_SPAN];
    const float count = 17 / t->scale, high = 1.3F, step = t->variant == 1 ? 1 : 8;
    const struct nz_grid g = tx_grid_whole(t, 1, count, count * high, step, step);
    tx_fbm(t, 2, 5, 5, 3, row->x, row->y, x, row->n);
    tx_fbm(t, 3, 5, 5, 3, row->x, row->y, y, row->n);
    tx_fbm(t, 4, 90, 90, 3, row->x, row->y, fuzz, row->n);
    tx_fbm(t, 5, 300, 300, 2, row->x, row->y, fine, row->n);
    tx_fbm(t, 6, 20, 20, 2, row->x, row->y, slub, row->n);
    const float bend = 0.55F * t->irregular;
    for (size_t i = 0; i < row->n; i++) {
        const float u = row->x[i] * g.fx + bend * x[i] + 0.05F * t->detail * fuzz[i],
                    v = row->y[i] * g.fy + bend * y[i] + 0.05F * t->detail * fine[i];
        const float column = nz_floor(u);
        const struct leg l = leg_at(u - column, v);
        const float ply = nz_sine(2.6F * l.along + 0.42F * l.across);
        row->height[i] =
            0.36F / count *
            (l.height + 0.07F * ply + 0.10F * t->detail * fuzz[i] + 0.08F * t->detail * fine[i]);
        tone[i] = 0.34F + pattern_of(t->variant, column, l.stitch) + 0.05F * ply +
                  0.20F * t->detail * fuzz[i] + 0.12F * t->detail * fine[i] +
                  0.14F * t->irregular * slub[i];
        x[i] = nz_step(-0.7F, 0.55F, l.height);
    }
    tx_colour(t, 0.4F, tone, row);
    for (size_t i = 0; i < row->n; i++)
        tx_dim(row, i, 0.22F + 0.78F * x[i]);
}
const struct tx_kind tx_knit = {
    .name = "knit",
    .stop = {0x2a1215, 0x6d2227, 0x9c3a3c, 0xbc5a55, 0xe0c9b4, 0xf6ebdc},
    .ground = 0x1c0c0e,
    .stops = 6,
    .row = knit_row,
};

/* Tufts: cut ends of yarn in loose rows, every one a little tuft of fibres. */
KIT_CLONES
static void carpet_row(const struct tx *t, struct tx_row *row)
{
    float near[TX_SPAN], dx[TX_SPAN], dy[TX_SPAN], x[TX_SPAN], y[TX_SPAN], fibre[TX_SPAN],
        field[TX_SPAN], tone[TX_SPAN];
    uint32_t id[TX_SPAN];
    tx_fbm(t, 2, 70, 70, 3, row->x, row->y, x, row->n);
    tx_fbm(t, 3, 70, 70, 3, row->x, row->y, y, row->n);
    tx_fbm(t, 4, 300, 300, 3, row->x, row->y, fibre, row->n);
    tx_fbm(t, 5, 2, 2, 4, row->x, row->y, field, row->n);
    for (size_t i = 0; i < row->n; i++)
        x[i] = row->x[i] + 0.008F * t->scale * x[i], y[i] = row->y[i] + 0.008F * t->scale * y[i];
    nz_voronoi(tx_grid(t, 1, 62, 62), 0.4F + 0.6F * t->irregular, x, y,
               &(struct nz_cells){.near = near, .dx = dx, .dy = dy, .id = id}, row->n);
    for (size_t i = 0; i < row->n; i++) {
        const float spin = nz_part(id[i], 1), lump = 1 - near[i] * near[i] * (1 + t->gap);
        const float ply = nz_sine(3 * (dx[i] * nz_cosine(spin) + dy[i] * nz_sine(spin)));
        row->height[i] =
            0.012F * t->scale *
            (lump + 0.22F * fibre[i] + 0.10F * ply + 0.3F * t->irregular * nz_part(id[i], 2));
        tone[i] = 0.5F + 0.36F * (nz_part(id[i], 3) - 0.5F) + 0.30F * t->detail * fibre[i] +
                  0.06F * ply + 0.35F * t->wear * field[i] -
                  0.22F * nz_clamp(near[i] * 1.4F - 0.3F);
    }
    tx_colour(t, 0.5F, tone, row);
}
const struct tx_kind tx_carpet = {
    .name = "carpet",
    .stop = {0x2b2622, 0x594d42, 0x857463, 0xa89884, 0xc9bba7, 0xe6dccb},
    .ground = 0x221e1a,
    .stops = 6,
    .row = carpet_row,
};
