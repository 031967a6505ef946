/* street.h - private to source.scene's street: houses and what their fronts and roofs show. */
#ifndef IMP_SOURCES_STREET_H
#define IMP_SOURCES_STREET_H
#include "scene_things.h"

struct surface {
    struct f3 colour, n;
    float mirror, light; /* share of the sky in glass; extra light from inside */
    float shade;         /* 0: in the shadow of its own recess */
};
/* ---- street_fronts.c ---- */
/* d: of the ray, which goes on behind the wall where there are windows. */
void street_front(const struct scene *, const struct thing *, struct f3 p, struct f3 d,
                  struct surface *);
void street_gable(const struct scene *, const struct thing *, struct f3 p, struct surface *);
void street_roof(const struct scene *, const struct thing *, struct f3 p, struct f3 n,
                 struct surface *);
#endif
