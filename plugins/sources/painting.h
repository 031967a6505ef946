/* painting.h - private to source.painting: a picture becomes strokes, strokes become a painting.
 *
 * Everything is decided on a copy of the picture of fixed size (the study, 256 to 512 px in
 * geometric mean), so that a painting of any size has the same strokes. Lengths of manners are in
 * units of 1/512 of the geometric mean of width and height. Strokes are drawn by tiles: each tile
 * draws, in order, all strokes that touch it, so the order of work does not matter. */
#ifndef IMP_SOURCES_PAINTING_H
#define IMP_SOURCES_PAINTING_H
#include <impasto/kit.h>

enum paint_ground { GROUND_TONED, GROUND_PAPER, GROUND_DARK, GROUND_WARM };
enum paint_engine { ENGINE_BRUSH, ENGINE_INK, ENGINE_PEN, ENGINE_WOODCUT, ENGINE_CUTOUT };

struct manner { /* how a kind of painting is made; the user's parameters multiply some of it */
    const char *name;
    enum paint_engine engine;
    enum paint_ground ground;
    uint32_t layers;
    float coarse, fine;   /* half the width of strokes of the first and the last layer, units */
    float spacing;        /* between strokes, half widths */
    float longest, least; /* length of a stroke, half widths */
    float follow;         /* 0 straight .. 1 along the picture's flow */
    float stop, refine;   /* distance of colours that ends a stroke; that asks for a finer one */
    float opacity, soft;  /* soft: share of the half width over which the edge fades */
    float bristle, dry;   /* streaks of the brush; how soon its paint runs out */
    float round, ragged;  /* shape of the tips: half widths */
    float taper;          /* how much thinner both ends are */
    float wet;            /* pigment gathered at the rim */
    float wobble;         /* of the rim: share of the half width */
    float grain;          /* paper that shows through, 0..1 */
    float streak;         /* lightness of single bristles, +- */
    float relief;         /* thickness of paint */
    float saturation, value, hue; /* factor; jitter of lightness, of hue */
    float swirl; /* of the flow field where the picture has no direction of its own */
};

struct paint_wish { /* the user's parameters */
    uint32_t kind;
    uint64_t seed;
    float brush, detail, variation, relief, swirl, saturation, grain, light,
        margin; /* light: turns; margin: units */
};

struct knot { /* a place on a stroke: px of the canvas; half its width; way from the beginning */
    float x, y, half, along;
};
struct stroke {
    float colour[3], alpha;
    float length, half;    /* px; half: the widest */
    float box[4];          /* px: left, top, right, bottom */
    uint32_t first, count; /* its knots */
    uint32_t key, seed;    /* key: order */
};
struct strokes {
    struct stroke *at;
    struct knot *knots;
    uint32_t count, knot_count, stroke_room, knot_room;
};

struct brush; /* paint_brush.c: what bristles leave */

struct painting {
    imp_job *job;
    const struct manner *m;
    struct paint_wish wish;
    uint32_t seed;
    float unit, study_unit;  /* px of the canvas, of the study, per unit */
    float scale_x, scale_y;  /* px of the canvas per px of the study */
    imp_image *canvas;       /* the result, sRGB */
    imp_image *paint;        /* 3 planes of its size: height of the paint, coverage, paper 0..1 */
    imp_image *study;        /* the picture */
    imp_image *layer, *seen; /* of the study's size: blurred for a layer; the canvas so far */
    imp_image *field;        /* 5 planes: direction x, y of the flow (unit); strength of edges; dark
                              * lines, difference of two blurs of lightness; tone 0..1 */
    struct brush *brush;
    struct strokes strokes;
};

/* ---- paint_field.c ---- */
/* The flow of the study: smoothed structure tensor over two scales, swirls where it has none. */
imp_status paint_field(struct painting *);
/* A plane between samples; beyond the border as at it. */
float paint_at(const imp_image *, uint32_t plane, float x, float y);

/* ---- paint_place.c ---- */
/* Half the width of a layer's strokes, px of the study. */
float paint_half(const struct painting *, uint32_t layer);
imp_status paint_layer(struct painting *, uint32_t layer);
/* ---- paint_lines.c: strokes of even distance along the flow, and lines along edges ---- */
imp_status paint_contours(struct painting *, float half, float least, const float colour[3]);
struct paint_hatch {
    float gap, half, turn; /* units; turn against the flow, in turns */
    float from, to;        /* tone where lines are thickest and where they end */
    float colour[3];
    float direct; /* 0: along the flow; 1: one direction for all, `turn` from the x axis */
};
imp_status paint_hatch(struct painting *, const struct paint_hatch *);

/* ---- paint_strokes.c ---- */
/* Room for more; IMP_E_MEMORY. */
imp_status strokes_reserve(struct strokes *, uint32_t strokes, uint32_t knots);
void strokes_free(struct strokes *);
/* Measures lengths and boxes of strokes from `first` on, and sorts them by key. */
imp_status strokes_finish(struct strokes *, uint32_t first);

/* ---- paint_draw.c ---- */
/* Draws all strokes on the canvas and forgets them. */
imp_status paint_draw(struct painting *);

/* ---- paint_brush.c ---- */
struct brush *brush_new(uint32_t seed); /* NULL: no memory */
void brush_free(struct brush *);
/* What a stroke's brush leaves, as tables: height of bristles, 0..1, BRISTLE_ROWS rows of across +
 * 1 samples along the stroke; the ragged line of its two ends, 0..1, BRISTLE_TIP + 1 samples. */
enum { BRISTLE_ROWS = 256, BRISTLE_TIP = 64 };
struct bristles {
    const float *at, *tip[2];
    uint32_t across;
    float shift;
};
/* half: px, for the detail. */
struct bristles brush_bristles(const struct brush *, float half, uint32_t seed);

/* ---- paint_finish.c ---- */
imp_status paint_ground(struct painting *);
imp_status paint_finish(struct painting *);

/* ---- paint_cutout.c ---- */
imp_status paint_cutout(struct painting *);

/* ---- paint_manner.c ---- */
#define PAINT_KINDS "oil|impression|swirls|knife|points|wash|gouache|pastel|ink|pen|woodcut|cutout"
extern const struct manner paint_manners[];

/* ---- paint_work.c ---- */
imp_status paint_all(struct painting *);

#endif
