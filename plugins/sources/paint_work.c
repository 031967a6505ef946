/* paint_work.c - the order of work: ground, layers of strokes or lines, light. */
#include "painting.h"
#include "swift.h"

static const struct manner nib = {.opacity = 0.95f, .bristle = 0.35f, .dry = 0.35f, .swirl = 0.1f};
static const float black[3] = {0.085f, 0.08f, 0.085f}, white[3] = {0.94f, 0.925f, 0.89f};

/* The canvas as it looks from as far as strokes of their width blend. */
static imp_status see(struct painting *p, uint32_t layer)
{
    const float half = paint_half(p, layer);
    const imp_status st = kit_resize(p->canvas, p->seen, KIT_AREA, p->job);
    return st == IMP_OK ? kit_blur(p->seen, p->seen, sw_max(half, 0.4f), p->job) : st;
}

static imp_status brushwork(struct painting *p)
{
    imp_status st = IMP_OK;
    for (uint32_t k = 0; k < p->m->layers && st == IMP_OK; k++) {
        st = p->job->progress(p->job, 0.1 + 0.85 * k / p->m->layers, "painting");
        if (st == IMP_OK && k)
            st = see(p, k);
        if (st == IMP_OK)
            st = paint_layer(p, k);
        if (st == IMP_OK)
            st = paint_draw(p);
    }
    return st;
}

/* Washes of grey on paper, the lights left bare; then lines of the brush. */
static imp_status ink(struct painting *p)
{
    for (uint32_t y = 0; y < p->study->height; y++)
        for (uint32_t x = 0; x < p->study->width; x++) {
            float *c[3];
            for (uint32_t i = 0; i < 3; i++)
                c[i] = imp_row_out(p->study, i, y) + x;
            const float l = 0.2126f * *c[0] + 0.7152f * *c[1] + 0.0722f * *c[2];
            const float t = 0.16f + 0.84f * sw_step(-0.08f, 0.72f, l);
            for (uint32_t i = 0; i < 3; i++)
                *c[i] = sw_mix(black[i], 0.99f * white[i], t);
        }
    imp_status st = brushwork(p);
    struct manner lines = nib;
    p->m = &lines;
    if (st == IMP_OK)
        st = paint_contours(p, 2.1f * p->wish.brush, 0.008f + 0.02f * (1 - p->wish.detail), black);
    if (st == IMP_OK)
        st = paint_draw(p);
    p->m = &paint_manners[p->wish.kind];
    return st;
}

/* Hatching in up to four directions, then outlines. */
static imp_status pen(struct painting *p)
{
    static const struct {
        float gap, half, turn, from, to, direct;
    } pass[] = {
        {3.4f, 0.62f, 0, 0.30f, 0.80f, 0},
        {3.2f, 0.60f, 0.14f, 0.22f, 0.56f, 1},
        {2.9f, 0.66f, -0.11f, 0.08f, 0.36f, 1},
        {2.2f, 0.9f, 0.03f, -0.05f, 0.19f, 0},
    };
    imp_status st = IMP_OK;
    for (uint32_t i = 0; i < sizeof pass / sizeof *pass && st == IMP_OK; i++) {
        const struct paint_hatch h = {.gap = pass[i].gap,
                                      .half = pass[i].half,
                                      .turn = pass[i].turn,
                                      .from = pass[i].from,
                                      .to = pass[i].to,
                                      .direct = pass[i].direct,
                                      .colour = {black[0], black[1], black[2] + 0.03f}};
        st = paint_hatch(p, &h);
        if (st == IMP_OK)
            st = paint_draw(p);
    }
    if (st == IMP_OK)
        st = paint_contours(p, 0.8f * p->wish.brush, 0.006f + 0.02f * (1 - p->wish.detail), black);
    return st == IMP_OK ? paint_draw(p) : st;
}

/* Gouges let the paper's white through a black block; what is left of outlines stays black. */
static imp_status woodcut(struct painting *p)
{
    const struct paint_hatch h = {.gap = 3.9f,
                                  .half = 2.9f,
                                  .from = 0.80f,
                                  .to = 0.10f,
                                  .colour = {white[0], white[1], white[2]}};
    imp_status st = paint_hatch(p, &h);
    if (st == IMP_OK)
        st = paint_draw(p);
    if (st == IMP_OK)
        st = paint_contours(p, 1.7f * p->wish.brush, 0.008f + 0.02f * (1 - p->wish.detail), black);
    return st == IMP_OK ? paint_draw(p) : st;
}

imp_status paint_all(struct painting *p)
{
    imp_status st = paint_field(p);
    if (st == IMP_OK)
        st = paint_ground(p);
    if (st != IMP_OK)
        return st;
    switch (p->m->engine) {
    case ENGINE_INK:
        st = ink(p);
        break;
    case ENGINE_PEN:
        st = pen(p);
        break;
    case ENGINE_WOODCUT:
        st = woodcut(p);
        break;
    case ENGINE_CUTOUT:
        return paint_cutout(p);
    default:
        st = brushwork(p);
    }
    return st == IMP_OK ? paint_finish(p) : st;
}
