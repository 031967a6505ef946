/* texture_canvas.c - lattices, colours and things in place; rows of the canvas filled by a kind. */
#include "texture.h"
#include <math.h>
#include <impasto/kit.h>

static float whole(float cells, float step)
{
    const float n = nz_floor(cells / step + 0.5F) * step;
    return n < step ? step : n;
}

struct nz_grid tx_grid_whole(const struct tx *t, uint32_t stream, float fx, float fy, float step_x,
                             float step_y)
{
    struct nz_grid g = {fx, fy, 0, 0, nz_seed(t->seed, stream)};
    if (t->tile) {
        g.px = whole(fx * t->width, step_x);
        g.py = whole(fy * t->height, step_y);
        g.fx = g.px / t->width;
        g.fy = g.py / t->height;
    }
    return g;
}

struct nz_grid tx_grid(const struct tx *t, uint32_t stream, float fx, float fy)
{
    return tx_grid_whole(t, stream, fx / t->scale, fy / t->scale, 1, 1);
}

static struct nz_fbm sum_of(const struct tx *t, uint32_t stream, float fx, float fy, int octaves)
{
    return (struct nz_fbm){.grid = tx_grid(t, stream, fx, fy),
                           .octaves = octaves,
                           .gain = 0.35F + 0.3F * t->detail,
                           .limit = 0.5F * t->pixels};
}

void tx_fbm(const struct tx *t, uint32_t stream, float fx, float fy, int octaves, const float *x,
            const float *y, float *out, size_t n)
{
    const struct nz_fbm f = sum_of(t, stream, fx, fy, octaves);
    nz_fbm(&f, x, y, out, n);
}

void tx_ridges(const struct tx *t, uint32_t stream, float fx, float fy, int octaves, const float *x,
               const float *y, float *out, size_t n)
{
    const struct nz_fbm f = sum_of(t, stream, fx, fy, octaves);
    nz_ridges(&f, x, y, out, n);
}

/* Away from the middle by the contrast; the last 6 % at both ends on shoulders that never end, so
 * that what differs stays different. */
static inline float spread(const struct tx *t, float mid, float tone)
{
    const float v = mid + (tone - mid) * t->contrast, end = 0.06F, top = 1 - end;
    const float low = end * end / (2 * end - nz_min(v, end)),
                high = 1 - end * end / (nz_max(v, top) - top + end);
    return v < end ? low : v > top ? high : v;
}

KIT_CLONES
static void spread_row(const struct tx *t, float mid, const float *restrict tone,
                       float *restrict out, size_t n)
{
    for (size_t i = 0; i < n; i++)
        out[i] = spread(t, mid, tone[i]);
}

void tx_colour(const struct tx *t, float mid, const float *tone, struct tx_row *row)
{
    float place[TX_SPAN];
    spread_row(t, mid, tone, place, row->n);
    palette_row(&t->palette, place, row->r, row->g, row->b, row->n);
}

void tx_colour_at(const struct tx *t, float mid, float tone, float rgb[3])
{
    palette_at(&t->palette, spread(t, mid, tone), rgb);
}

/* ---- things in place ---- */

static struct nz_grid cells_of(const struct tx *t, const struct tx_scatter *s, int layer)
{
    return tx_grid(t, 900 + (uint32_t)layer, s->cells_x, s->cells_y);
}

struct block { /* of cells: those of the picture and those around it that things reach in from */
    int left, right, top, low;
};

static struct block block_of(const struct tx *t, const struct tx_scatter *s, struct nz_grid g)
{
    const float reach = s->reach * t->scale + 0.031F + 4 * t->px;
    const int across = (int)(g.fx * t->width + 0.999F), down = (int)(g.fy * t->height + 0.999F),
              beyond_x = (int)(reach * g.fx) + 2, beyond_y = (int)(reach * g.fy) + 2;
    return (struct block){-beyond_x, across + beyond_x, -beyond_y, down + beyond_y};
}

uint32_t tx_item_room(const struct tx *t, const struct tx_scatter *s)
{
    const struct block b = block_of(t, s, cells_of(t, s, 0));
    return (uint32_t)((b.right - b.left) * (b.low - b.top) * s->layers);
}

static uint32_t layer_items(const struct tx *t, const struct tx_scatter *s, int layer,
                            struct tx_item *out)
{
    const struct nz_grid g = cells_of(t, s, layer);
    const struct block b = block_of(t, s, g);
    uint32_t n = 0;
    for (int j = b.top; j < b.low; j++)
        for (int i = b.left; i < b.right; i++) {
            const uint32_t h =
                nz_hash(g.seed, (int32_t)nz_wrap((float)i, g.px), (int32_t)nz_wrap((float)j, g.py));
            const float x = (float)i + 0.5F + s->jitter * (nz_part(h, 1) - 0.5F),
                        y = (float)j + 0.5F + s->jitter * (nz_part(h, 2) - 0.5F);
            out[n] = (struct tx_item){.x = x / g.fx, .y = y / g.fy, .hash = h};
            n += s->place(t, out[n].x, out[n].y, h, &out[n]);
        }
    return n;
}

uint32_t tx_items(const struct tx *t, const struct tx_scatter *s, struct tx_item *out)
{
    uint32_t n = 0;
    for (int layer = 0; layer < s->layers; layer++)
        n += layer_items(t, s, layer, out + n);
    return n;
}

/* ---- rows ---- */

static void fill_row(const struct tx *t, const struct tx_canvas *c, int y)
{
    const size_t whole_width = (size_t)(c->width + 2 * c->margin);
    float xs[TX_SPAN], ys[TX_SPAN];
    for (size_t x0 = 0; x0 < whole_width; x0 += TX_SPAN) {
        const size_t n = whole_width - x0 < TX_SPAN ? whole_width - x0 : TX_SPAN;
        const size_t at = (size_t)y * c->pitch + x0;
        for (size_t i = 0; i < n; i++) {
            xs[i] = ((float)((int)(x0 + i) - c->margin) + 0.5F) * t->px;
            ys[i] = ((float)(y + c->first - c->margin) + 0.5F) * t->px;
        }
        for (size_t i = 0; i < n; i++)
            c->height[at + i] = 0, c->gloss[at + i] = 0;
        struct tx_row row = {.n = n,
                             .x = xs,
                             .y = ys,
                             .height = c->height + at,
                             .r = c->r + at,
                             .g = c->g + at,
                             .b = c->b + at,
                             .gloss = c->gloss + at};
        t->kind->row(t, &row);
    }
}

bool tx_span_of(const struct tx *t, const struct tx_canvas *c, int y, float from, float to,
                struct tx_span *s)
{
    const int whole_width = c->width + 2 * c->margin;
    int first = (int)nz_floor(from * t->pixels) + c->margin,
        last = (int)nz_floor(to * t->pixels) + c->margin + 1;
    first = first < 0 ? 0 : first;
    last = last > whole_width ? whole_width : last;
    if (first >= last)
        return false;
    const size_t at = (size_t)y * c->pitch + (size_t)first;
    *s = (struct tx_span){.n = last - first,
                          .x0 = ((float)(first - c->margin) + 0.5F) * t->px,
                          .y = tx_row_y(t, c, y),
                          .height = c->height + at,
                          .r = c->r + at,
                          .g = c->g + at,
                          .b = c->b + at,
                          .gloss = c->gloss + at};
    return true;
}

void tx_fill(const struct tx *t, const struct tx_canvas *c, int from, int to)
{
    for (int y = from; y < to; y++)
        fill_row(t, c, y);
    const int shift = c->margin - c->first;
    const float above = (float)(from - shift) * t->px, below = (float)(to - shift) * t->px;
    for (uint32_t i = 0; i < t->item_count; i++) {
        const struct tx_item *item = &t->items[i];
        if (item->y + item->low < above || item->y + item->top > below)
            continue;
        const int top = (int)nz_floor((item->y + item->top) * t->pixels) + shift,
                  low = (int)nz_floor((item->y + item->low) * t->pixels) + shift + 2;
        t->kind->stamp(t, item,
                       &(struct tx_patch){c, top < from ? from : top, low > to ? to : low});
    }
}
