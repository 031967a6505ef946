/* wino.h - convolutions at stride 1 by Winograd's F(s x s, 3 x 3), s = 4 or 6: a tile of s x s
 * outputs takes (s + 2)^2 multiplications a channel instead of 9 s^2.
 *
 *     Y = A' [ sum over c of (G w G') . (B' d B) ] A        d: (s + 2)^2 inputs, Y: s^2 outputs
 *
 * Lavin and Gray, arXiv 1509.09308. Points 0, +-1/sqrt 2, +-sqrt 2, infinity for s = 4 (relative
 * error 9e-7 RMS), 0, +-1, +-2, +-1/2, infinity for s = 6 (3e-6). The gradient by the input is the
 * same with filters turned round. A filter of another size is 3x3 ones side by side, zeros where
 * there is nothing left of it, each on x shifted by so many threes: *parts*, whose sums are those
 * of more channels (5x5: four parts, 9 multiplications an output instead of 25).
 *
 * Vectors run over neighbouring tiles, so pictures stay [n][c][h][w]. A *group* is as many tiles as
 * a vector has lanes, a *panel* up to three groups: what a product of matrices works on at a time.
 */
#ifndef IMP_RT_WINO_H
#define IMP_RT_WINO_H
#include "after.h"
#include "simd.h"
#include "strips.h"

enum { RT_WINO_ROWS = 8, RT_WINO_GROUPS = 3, RT_WINO_SIDE = 8, RT_WINO_MOST_LANES = 16 };

/* One pass: y [n][m][oh][ow] from x [n][c][h][w]. */
struct rt_wino {
    int64_t n, c, m, h, w, oh, ow, pad_top, pad_left;
    int64_t planes, parts_x; /* channels of x: c = planes * parts; parts side by side */
    int64_t kernel_y, kernel_x;
    int64_t s, points; /* points = (s + 2)^2 */
    int64_t tiles_y, tiles_x, tiles, groups, panels, lanes;
    int64_t row_step, k_step; /* of the filters: where output row and input channel are; */
    uint32_t flipped;         /* and whether taps are turned round */
    uint32_t halved;          /* of y, the largest of each 2x2 are stored (rt_wino_run sets it) */
    enum rt_simd simd;
};

/* Neighbouring tiles of one row of tiles, in some lanes of a group. Element f of a row of the group
 * is column f - lane * s + tx * s - pad_left of x; bit f % lanes of in[f / lanes]: it is inside.
 * out: the same of a row as it is stored, of s or of s / 2 columns a tile. */
struct rt_wino_run {
    int64_t n, ty, tx;
    uint32_t lane, count;
    uint16_t in[RT_WINO_SIDE - 1], out[RT_WINO_SIDE - 2];
    uint16_t lanes_of;
    uint8_t whole_in, whole_out; /* nothing is outside: but for in[s], which may be */
};
struct rt_wino_group {
    uint32_t count, reserved0;
    struct rt_wino_run run[RT_WINO_MOST_LANES];
};
/* Group `index` of the tiles of a pass. */
void rt_wino_group_set(const struct rt_wino *, int64_t index, struct rt_wino_group *);
struct rt_wino_panel {
    int64_t groups, width; /* width = groups * lanes */
    struct rt_wino_group group[RT_WINO_GROUPS];
};

/* What differs by processor. Layouts: u [rows / 8][points][c, even][8], v [points][c][width],
 * sums [points][panels][8][width]; each point one cache line further than it need be, or all would
 * fall on the same sets of a cache. */
enum { RT_WINO_APART = 16 };
static inline int64_t rt_wino_u_step(const struct rt_wino *g)
{
    return (g->c + 1) / 2 * 16 + RT_WINO_APART;
}
static inline int64_t rt_wino_v_step(const struct rt_wino *g, int64_t width)
{
    return g->c * width + RT_WINO_APART;
}
static inline int64_t rt_wino_sum_step(int64_t panels, int64_t width)
{
    return panels * 8 * width + RT_WINO_APART;
}
struct rt_wino_kernels {
    int64_t lanes;
    /* Filters of rows [8 p0, 8 p1) of the result to u, the first at u. */
    void (*filters)(const struct rt_wino *, const float *w, int64_t p0, int64_t p1, float *u);
    /* Channels [c0, c1) of a panel to v; gate as in conv.h. */
    void (*inputs)(const struct rt_wino *, const struct rt_wino_panel *, const float *x,
                   const float *gate, int64_t c0, int64_t c1, float *v);
    /* sums of rows [8 p0, 8 p1), the first at u; the memory of y that they are for is called for */
    void (*products)(const struct rt_wino *, const struct rt_wino_panel *, const float *u,
                     const float *v, int64_t p0, int64_t p1, float *sums, float *y);
    void (*outputs)(const struct rt_wino *, const struct rt_wino_panel *, const float *sums,
                    const struct rt_after *, int64_t p0, int64_t p1, float *y);
};
RT_DECLARE(struct rt_wino_kernels, rt_wino_kernels);

/* Is the filter one 3x3, as it lies there? */
static inline bool rt_wino_is_whole(const struct rt_wino *g)
{
    return g->kernel_y == 3 && g->kernel_x == 3;
}
/* Can forward (back false) or the gradient by x be done so? Sets the pass, for s = 4. */
bool rt_wino_fits(struct rt_wino *, const struct rt_conv *, bool back);
/* Takes tiles of s, 4 or 6. */
void rt_wino_use(struct rt_wino *, int64_t s);
/* Is it the fastest way, too? With the s that is; 6 only forward where v->rough: its errors turn a
 * choice of a maximum often enough to show in gradients. By shape and variant alone. */
bool rt_wino_set(struct rt_wino *, const struct rt_conv *, bool back);
uint64_t rt_wino_bytes(const struct rt_wino *);
/* Filters, transformed: bytes, 0 where it is as fast to transform them again, which depends on the
 * pass. */
uint64_t rt_wino_kept_bytes(const struct rt_wino *);
imp_status rt_wino_keep(const struct rt_wino *, const float *w, float *kept, imp_job *);
/* y = after(w * x). kept: w as rt_wino_keep left it, or NULL. IMP_OK, IMP_CANCELLED. */
imp_status rt_wino_run(const struct rt_wino *, const float *x, const float *gate, const float *w,
                       const float *kept, const struct rt_after *, float *y, void *scratch,
                       imp_job *);

#endif
