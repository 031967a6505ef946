/* still.h - private to source.scene's still life: what its things are made of. */
#ifndef IMP_SOURCES_STILL_H
#define IMP_SOURCES_STILL_H
#include "scene_things.h"

enum stuff { ORANGE, APPLE, PEAR, LEMON, PLUM, GLAZE, GLASS, CLAY, METAL };

struct finish {
    struct f3 colour, n;
    float gloss, metal;
};
/* ---- still_things.c ---- */
struct finish still_thing(const struct scene *, const struct thing *, struct f3 p, struct f3 n);
struct finish still_table(const struct scene *, struct f3 p);
struct finish still_wall(const struct scene *, struct f3 p);
#endif
