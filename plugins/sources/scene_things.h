/* scene_things.h - private to source.scene: boxes, roofs, fruit and vessels, and rays against them.
 */
#ifndef IMP_SOURCES_SCENE_THINGS_H
#define IMP_SOURCES_SCENE_THINGS_H
#include "scene.h"

enum thing_shape {
    THING_BOX,
    THING_ROOF /* ridge along z */,
    THING_FRUIT,
    THING_VESSEL,
    THING_LEAF
};
enum { THINGS_MOST = 256 };
enum {
    THINGS_FORMS = 5,
    THINGS_RADII = 256 /* steps of a table */,
    THINGS_BELTS = 64 /* of equal width, from one end of a table to the other */,
    THINGS_SPANS = 7
};

struct thing {
    enum thing_shape shape;
    uint32_t stuff, seed; /* what it is made of, to its scene */
    uint32_t form; /* FRUIT: 0 round, 1 apple, 2 pear, 3 lemon, 4 ball; VESSEL: of the profiles */
    /* Middle, half sizes. FRUIT: x radius; VESSEL: at its foot, x widest, y tall; LEAF: x along, z
     * across. */
    struct f3 at, half;
    struct f3 axis;      /* up, for fruit that lies; from a leaf's foot to its tip */
    struct f3 face;      /* LEAF: normal, square to the axis */
    const float *radius; /* FRUIT: at cosines from -1 to 1; VESSEL: from foot to rim; of its size */
    /* FRUIT, VESSEL: greatest radius over 2^span belts from one on. */
    float (*belt)[THINGS_BELTS];
};
/* A box about some of them: two more lie within, the first next in the list, or `count` things. */
struct things_box {
    struct f3 low, high;
    uint32_t first, count, next; /* first: of the order; next: box after all within */
};
struct things {
    struct thing all[THINGS_MOST];
    uint32_t count, boxes;
    uint32_t order[THINGS_MOST];
    struct things_box box[2 * THINGS_MOST];
    float radius[2][THINGS_FORMS][THINGS_RADII + 1]; /* fruit, vessels */
    float belt[2][THINGS_FORMS][THINGS_SPANS][THINGS_BELTS];
    /* Of what hides the sky, all but leaves: middle, size, how far its parts lie below and above,
     * and the square of how far it counts. */
    uint32_t solids;
    float x[THINGS_MOST], y[THINGS_MOST], z[THINGS_MOST], size[THINGS_MOST], low[THINGS_MOST],
        high[THINGS_MOST], reach[THINGS_MOST];
};
struct thing_hit {
    float t; /* < 0: none */
    uint32_t which;
    struct f3 p, n;
};

/* Once all are added and have their last sizes. */
void things_ready(struct things *);
/* The nearest thing along the ray up to `far`. */
struct thing_hit things_trace(const struct things *, struct f3 from, struct f3 d, float far);
/* Is anything in the way? */
int things_block(const struct things *, struct f3 from, struct f3 d, float far);
/* Share of the sky hidden by things near p, smooth, without rays; leaves come last in the list and
 * hide none. */
float things_near(const struct things *, struct f3 p, struct f3 n, uint32_t but);
struct thing *things_add(struct things *, enum thing_shape, uint32_t stuff, struct f3 at,
                         struct f3 half);

void still_init(struct scene *, struct things *);
void street_init(struct scene *, struct things *);
void room_init(struct scene *, struct things *);
/* Half the width of the street between the houses, and how far its middle is to the right, m. */
float street_wide(const struct scene *);
float street_off(const struct scene *);
/* Is there a plant in the corner, whose pot stands there? */
int room_has_plant(const struct scene *);
static const float room_plant_x = 2.02f, room_plant_z = 5.45f;
#endif
