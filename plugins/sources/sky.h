/* sky.h - private to source.scene's sky: what does not differ from px to px is made once, on a grid
 * of directions, for the sky itself, for air in front of things and for what water mirrors. */
#ifndef IMP_SOURCES_SKY_H
#define IMP_SOURCES_SKY_H
#include "scene.h"
#include "swift_rows.h"

struct sky_part {
    struct f3 near;   /* light of air and clouds */
    float left, milk; /* share of what is beyond that shows through; band of the Milky Way */
};
/* Grids over x / z and y / z of directions. */
struct sky_grid {
    uint32_t across, down;
    float left, low, step_x, step_y;
};
struct sky_map {
    struct sky_grid fine, coarse;
    struct sky_part *at;
    struct f3 *air; /* the clear sky */
};

/* ---- sky_map.c ---- */
/* Made for a picture of that size, with `beside`, in x / z, of what lies outside of it, and up to
 * `above` in y / z. */
imp_status sky_map_make(struct sky_map *, const struct scene *, const imp_image *, float beside,
                        float above, imp_job *);
void sky_map_free(struct sky_map *);
/* 0: the map does not reach there. */
int sky_map_at(const struct sky_map *, struct f3 d, struct sky_part *);
int sky_map_air(const struct sky_map *, struct f3 d, struct f3 *);

/* ---- sky_clouds.c ---- */
/* Of n <= ROWS_MOST directions; jitter 0..1 spreads the steps through clouds. */
void sky_parts(const struct scene *, const struct f3 *d, const float *jitter, struct sky_part *,
               uint32_t n);
/* ---- scene_sky.c ---- */
float sky_milk(const struct scene *, struct f3 d);
#endif
