/* land.h - private to source.scene's open country. Heights and places in metres; `least` is the
 * size of the finest thing that a sample can show there. */
#ifndef IMP_SOURCES_LAND_H
#define IMP_SOURCES_LAND_H
#include "scene.h"

struct ground { /* what a place is made of */
    struct f3 colour;
    float shine;      /* of wet ground */
    float trees;      /* 0..1: leaves, whose shade is softer */
    struct f3 normal; /* of the leaves, where trees is 1 */
};
struct tree {
    float high, share; /* of the nearest tree: its height; 0 at the middle .. 1 at its rim */
    float dx, dz;      /* from its middle, in radii */
    uint32_t id;
};

/* ---- land_heights.c ---- */
/* Puts the eye where nothing close hides the view. */
void land_init(struct scene *);
float land_sea(const struct scene *); /* height of the water, or far below */
float land_height(const struct scene *, float x, float z, float least);
float land_bare(const struct scene *, float x, float z, float least); /* without trees */
float land_broad(const struct scene *, float x, float z);             /* few octaves, for shadows */
/* Where woods stand, 0..1; y: height of the bare ground. */
float land_woods(const struct scene *, float x, float z, float y, float slope);
struct tree land_tree(const struct scene *, float x, float z);
/* Is it one of those that stand where woods are that dense? */
int land_tree_stands(const struct tree *, float there);
/* Octaves of noise, the first of that wave and height, down to `least`. */
float land_bumps(float x, float z, uint32_t seed, float wave, float high, float gain, float least);

/* ---- land_ground.c ---- */
struct ground land_ground(const struct scene *, struct f3 p, struct f3 n, float least);
/* Normal of the water. */
struct f3 land_wave(const struct scene *, float x, float z, float least);
#endif
