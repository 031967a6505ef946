/* land.h - private to source.scene's open country. Heights and places in metres; `least` is the
 * size of the finest thing that a sample can show there. Places come in rows, so that noise is made
 * in vector registers (swift_rows.h). */
#ifndef IMP_SOURCES_LAND_H
#define IMP_SOURCES_LAND_H
#include <stdatomic.h>
#include "scene.h"
#include "swift_rows.h"

struct land_row { /* places */
    uint32_t n;
    float x[ROWS_MOST], z[ROWS_MOST], least[ROWS_MOST];
};
struct land_spots { /* places on the ground, with its slope */
    struct land_row at;
    float y[ROWS_MOST];
    struct f3 normal[ROWS_MOST];
};
struct ground { /* what a place is made of */
    struct f3 colour;
    float shine;        /* of wet ground */
    float trees;        /* 0..1: leaves, whose shade is softer */
    struct f3 normal;   /* of the leaves, where trees is 1 */
    float tip_x, tip_z; /* what is too fine for the heights adds to the slopes of the ground */
};
struct land_trees {                          /* the nearest tree of each place */
    float high[ROWS_MOST], share[ROWS_MOST]; /* its height; 0 at the middle .. 1 at its rim */
    float dx[ROWS_MOST], dz[ROWS_MOST];      /* from its middle, in radii */
    float reach[ROWS_MOST];                  /* how high its cone stands above the place */
    uint32_t id[ROWS_MOST];
};

/* ---- land_heights.c: heights of each place ---- */
/* Puts the eye where nothing close hides the view. */
void land_init(struct scene *);
float land_sea(const struct scene *); /* height of the water, or far below */
void land_heights(const struct scene *, const struct land_row *, float *height);
/* Without trees; and of one place. */
void land_bare(const struct scene *, const struct land_row *, float *height);
float land_bare_at(const struct scene *, float x, float z, float least);
/* Few octaves, for shadows. */
void land_broad(const struct scene *, struct land_row *, float *height);

/* ---- land_woods.c ---- */
/* Where woods stand, 0..1; y: heights of the bare ground. */
void land_woods(const struct scene *, const struct land_row *, const float *y, float slope,
                float *there);
float land_woods_at(const struct scene *, float x, float z, float y, float slope);
void land_trees_of(const struct scene *, const struct land_row *, struct land_trees *);
/* Does the tree of place i stand, where woods are that dense? */
int land_tree_stands(const struct land_trees *, uint32_t i, float there);
/* Height of the tree above the ground. */
void land_crowns(const struct scene *, const struct land_row *, const struct land_trees *,
                 float *height);

/* ---- land_ground.c ---- */
void land_ground(const struct scene *, const struct land_spots *, struct ground *);
/* Normals of the water. */
void land_waves(const struct scene *, const struct land_row *, struct f3 *normal);

/* ---- land_light.c: what samples of a column show ---- */
struct land { /* the whole picture */
    const struct scene *s;
    imp_image *out;
    uint32_t deep, rows;        /* steps along the way; samples of a column */
    uint32_t block;             /* px across of a piece of work: fewer of tall pictures */
    uint32_t beside;            /* how many columns aside waves may mirror */
    float near_z, ratio, pitch; /* pitch: columns, in slope; also rows */
    float *way;                 /* z of each step */
    atomic_int no_memory;
};
/* Steps between neighbours of the grid of shadows, across and along; steps whose highest is kept.
 */
enum { LAND_COARSE = 8, LAND_DEEPER = 4, LAND_RANGE = 16 };
struct land_block { /* columns, with one more and `beside` ones on both sides */
    const struct land *l;
    uint32_t columns, beside;
    float left;   /* slope x / z of column 0 */
    float *high;  /* [column][step] */
    float *sunny; /* [column / LAND_COARSE][step / LAND_DEEPER] 0..1 */
    uint32_t sunny_deep;
    /* [column][step / LAND_RANGE] of those steps, and of the columns that waves may show there */
    float *highest;
    uint32_t ranges;
};
struct land_sample { /* meets land or water at p, seen along d from far away */
    uint32_t row, column;
    float at, far, jitter, part; /* at: steps along the way; part: of the px */
    struct f3 p, d;
};
struct land_batch { /* of one column */
    uint32_t n;
    struct land_sample of[ROWS_MOST];
};
/* x over z of a column; a picture wider than any lens repeats its last one. */
static inline float land_slope(const struct land_block *b, uint32_t i)
{
    return sw_clamp(b->left + (float)i * b->l->pitch, -60, 60);
}
void land_light(const struct land_block *, const struct land_batch *, struct f3 *);
void land_water(const struct land_block *, const struct land_batch *, struct f3 *);
#endif
