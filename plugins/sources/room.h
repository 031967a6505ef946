/* room.h - private to source.scene's interior: the room, metres, and what things in it are made of.
 */
#ifndef IMP_SOURCES_ROOM_H
#define IMP_SOURCES_ROOM_H
#include "scene_things.h"

static const float left_x = -2.3f, right_x = 2.5f, back_z = 6.0f, ceiling_y = 2.75f;
static const float win_z0 = 3.0f, win_z1 = 4.7f, win_y0 = 0.75f, win_y1 = 2.30f;

struct surface {
    struct f3 colour, n;
    float gloss;
};
/* ---- room_things.c ---- */
struct surface room_thing(const struct scene *, const struct thing_hit *);
struct surface room_floor(const struct scene *, struct f3 p);
#endif
