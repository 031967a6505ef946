/* texture.h - what the kinds of source.texture share. A kind fills rows with the height of the
 * stuff, its colour and its gloss; some then stamp things (pebbles, blades) over that. Light and
 * shading come afterwards, from the heights alone (texture_light.c).
 *
 * Lengths are units: the longer side of the picture is 1, x to the right, y down. Colours are
 * linear. Every place is computed alone, so a kind wraps when its lattices do (tx_grid). */
#ifndef IMP_SOURCES_TEXTURE_H
#define IMP_SOURCES_TEXTURE_H
#include <stdbool.h>
#include <impasto/impasto.h>
#include "noise.h"
#include "palette.h"

enum { TX_SPAN = 256 /* most points of a row at a time */ };

/* What a picture is to be. Read by all threads, changed by none. */
struct tx {
    const struct tx_kind *kind;
    uint64_t seed;
    float width, height; /* units; one of them is 1 */
    float pixels;        /* per unit, on the canvas */
    float px;            /* 1 / pixels */
    bool tile;
    int variant; /* 1..4 */
    float scale; /* size of what is shown, 1 as it looks natural */
    float irregular, detail, gap, wear, contrast, relief, gloss;
    struct palette palette;
    const struct tx_item *items;
    uint32_t item_count;
    const float *field; /* of kinds that prepare one */
};

/* n points of one row: in places, out heights, colours, gloss 0..1. */
struct tx_row {
    size_t n;
    const float *x, *y;
    float *height, *r, *g, *b, *gloss;
};

/* A thing that is stamped: only numbers; what they mean is the kind's. */
struct tx_item {
    float x, y;                  /* centre */
    float left, right, top, low; /* where it may be, from the centre */
    float z, turn_x, turn_y, size;
    float a, b, c, d;
    uint32_t hash;
};

/* n points of a row of the canvas, from x0 on, at height y; what is there is kept or covered. */
struct tx_span {
    int n;
    float x0, y;
    float *height, *r, *g, *b, *gloss;
};

/* Rows [top, low) of the canvas that an item may touch. */
struct tx_patch {
    const struct tx_canvas *canvas;
    int top, low;
};

/* Called for each cell of a scatter: makes an item; false: none here. */
typedef bool tx_place(const struct tx *, float x, float y, uint32_t hash, struct tx_item *);
/* Layers of scattered things, one over the other. */
struct tx_scatter {
    float cells_x, cells_y; /* per unit, before `scale` */
    float reach;            /* how far a thing may extend from its place, units before `scale` */
    float jitter;
    int layers;
    tx_place *place;
};

struct tx_kind {
    const char *name;
    uint32_t stop[6], ground; /* its own palette, sRGB */
    int stops;
    float gloss; /* shininess where gloss is 1 */
    void (*row)(const struct tx *, struct tx_row *);
    const struct tx_scatter *scatter;
    void (*stamp)(const struct tx *, const struct tx_item *, const struct tx_patch *);
    /* A field of side TX_FIELD prepared before the rows, with scratch three times as large. */
    void (*prepare)(const struct tx *, float *field, float *scratch);
};
enum { TX_FIELD = 160 };

extern const struct tx_kind *const tx_kinds[];
extern const uint32_t tx_kind_count;
#define TX_KIND_NAMES                                                                              \
    "noise|ridges|warp|cells|clouds|marble|granite|terrazzo|concrete|rust|brick|"                  \
    "stone|mosaic|plaster|weave|knit|carpet|wood|bark|mud|sand|gravel|water|grass|"                \
    "fur|leaves|scales|leather|strokes|hatching|reaction"

/* ---- texture_canvas.c ---- */

/* Five planes with a margin, some rows of the picture. */
struct tx_canvas {
    int width, rows, margin, first; /* first: row of the picture at margin rows down */
    size_t pitch;
    float *height, *r, *g, *b, *gloss; /* at the upper left corner of the margin */
};
/* Lattice of fx, fy cells per unit (made coarser by scale), whole numbers of them when tiled. */
struct nz_grid tx_grid(const struct tx *, uint32_t stream, float fx, float fy);
/* The same without regard for scale, and in steps of `step` cells when tiled. */
struct nz_grid tx_grid_whole(const struct tx *, uint32_t stream, float fx, float fy, float step_x,
                             float step_y);
/* Rows of noise on such lattices; coordinates of the row, or others. */
void tx_fbm(const struct tx *, uint32_t stream, float fx, float fy, int octaves, const float *x,
            const float *y, float *out, size_t n);
void tx_ridges(const struct tx *, uint32_t stream, float fx, float fy, int octaves, const float *x,
               const float *y, float *out, size_t n);
/* Colours of tones 0..1, spread about `mid` by the contrast wished for. */
void tx_colour(const struct tx *, float mid, const float *tone, struct tx_row *);
void tx_colour_at(const struct tx *, float mid, float tone, float rgb[3]);
uint32_t tx_item_room(const struct tx *, const struct tx_scatter *);
uint32_t tx_items(const struct tx *, const struct tx_scatter *, struct tx_item *);
/* Rows [from, to) of the canvas: the kind's, then its items. */
void tx_fill(const struct tx *, const struct tx_canvas *, int from, int to);

/* The part of row y of the canvas between x from and to (units); false: none of it. */
bool tx_span_of(const struct tx *, const struct tx_canvas *, int y, float from, float to,
                struct tx_span *);
/* The place of the row's points, units. */
static inline float tx_row_y(const struct tx *t, const struct tx_canvas *c, int y)
{
    return ((float)(y + c->first - c->margin) + 0.5F) * t->px;
}
/* Makes [from, to] smaller: there |k x + at| <= most. */
static inline void tx_within(float k, float at, float most, float *from, float *to)
{
    if (nz_abs(k) < 1e-4F)
        return;
    const float a = (-most - at) / k, b = (most - at) / k;
    *from = nz_max(*from, nz_min(a, b)), *to = nz_min(*to, nz_max(a, b));
}

/* ---- texture_light.c ---- */

struct tx_light {
    float x, y, z; /* towards the light, unit length, z to the eye */
    float relief;
};
/* Row y of the picture part (0..rows-1): lit colours, linear, width samples each. */
void tx_light_row(const struct tx *, const struct tx_light *, const struct tx_canvas *, int y,
                  float *r, float *g, float *b);

/* ---- texture_blade.c: curved strokes that taper: hair, grass, brush marks ---- */

/* An item as a blade: centre = root, turn = direction there, size = length, a = half width,
 * b = bend (turns over its length), c = tone, d = how much lighter the tip is, z = height of the
 * root; `rise` higher at the tip. round: its cross-section is a dome of half width times round. */
struct tx_blade {
    float rise, round, taper, gloss;
};
void tx_blade_bounds(struct tx_item *);
void tx_blade_stamp(const struct tx *, const struct tx_item *, const struct tx_patch *,
                    const struct tx_blade *);
#endif
