/* still.h - private to source.scene's still life: what its things are made of. */
#ifndef IMP_SOURCES_STILL_H
#define IMP_SOURCES_STILL_H
#include "scene_things.h"

enum stuff {
    ORANGE,
    APPLE,
    PEAR,
    LEMON,
    PLUM,
    GLAZE,
    GLASS,
    CLAY,
    METAL,
    GRAPE,
    LEAF,
    PETAL,
    STALK
};

struct finish {
    struct f3 colour, n;
    float gloss, metal, thin; /* thin: 0..1, light of its back shines through */
};
/* Bumps and their slopes. */
struct bumps {
    float h, dx, dy;
};

/* ---- still_things.c ---- */
/* least: width of a sample there. */
struct finish still_thing(const struct scene *, const struct thing *, struct f3 p, struct f3 n,
                          float least);
/* ---- still_ground.c ---- */
struct finish still_table(const struct scene *, struct f3 p, float least);
struct finish still_wall(const struct scene *, struct f3 p, float least);
/* Octaves of gradient noise, the first of that wave and 1 high, down to what a sample shows. */
struct bumps still_bumps(float x, float y, uint32_t seed, float wave, float gain, float least);
/* ---- still_plants.c ---- */
/* A bunch of grapes that lies at (x, z). */
void still_grapes(const struct scene *, struct things *, float x, float z);
/* Stalks and leaves of the fruit there is, twigs and flowers in the vessel in front. Nothing solid
 * may come later. */
void still_plants(const struct scene *, struct things *);
#endif
