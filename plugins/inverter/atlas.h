/* atlas.h - what the files of the filter atlas share: rows, pictures, sheet and page. Private to
 * atlas*.c. */
#ifndef IMP_INV_ATLAS_H
#define IMP_INV_ATLAS_H
#include "inv_stats.h"
#include "inverter.h"

/* Which maps: "all", "top 16" (of the most energy in the pictures given), or numbers and ranges
 * from 0, "0-63 70". Numbers in rising order into maps (room for `count`), how many into *chosen.
 * natural: means by map. NULL: fine, else what is wrong with the text, in buf. [any] */
const char *atlas_maps(const char *text, const double *natural, uint32_t count, uint32_t *maps,
                       uint32_t *chosen, char *buf, size_t size);
/* The same without a network: is it well formed? */
const char *atlas_maps_check(const char *text, char *buf, size_t size);

struct atlas_row { /* written into checkpoints: a map's texture; its picture follows */
    uint32_t map, width, height, channels;
    struct inv_map natural; /* in the pictures given: means over them */
    double natural_share;
    double mean, share, gain, error; /* of its texture; gain: share / natural */
    double colourfulness, orientations, stationarity;
    uint32_t rank, dead, silent,
        tries; /* dead: nothing but 0 in the pictures; silent: in its texture, too */
};
struct atlas_map {
    struct atlas_row row;
    uint8_t *pixels; /* planes; owned */
};

struct atlas {
    const struct inv_self *self;
    imp_job *job;
    const imp_cell *p;
    kit_sight sight;
    uint32_t node, count;               /* count: maps of the layer */
    uint32_t shown_width, shown_height; /* of textures */
    uint32_t width, height, h, w; /* as they are painted, with a margin; of that size's codes */
    struct inv_map *natural;      /* by map */
    double *means, *code_means;
    float *target; /* of one map's code: the others are 0 */
    double *gram;
    float *level; /* h x w: what the chosen map is to say at each place */
    uint32_t *maps, chosen;
    struct atlas_map *all; /* by number in maps */
    const char *layer;
};
enum {
    ATLAS_LAYER,
    ATLAS_MAPS,
    ATLAS_SIZE,
    ATLAS_MARGIN,
    ATLAS_TARGET,
    ATLAS_STEPS,
    ATLAS_WAKE,
    ATLAS_TRIES,
    ATLAS_NOISE,
    ATLAS_BOUNDS,
    ATLAS_TV,
    ATLAS_SEED,
    ATLAS_LOOK,
    ATLAS_CELL,
    ATLAS_TITLE,
    ATLAS_PAGE,
    ATLAS_PICTURES
};

/* What the layer says of the pictures, and the level; atlas_measure.c */
imp_status atlas_measure(struct atlas *, const imp_value *const *pictures, uint32_t count,
                         imp_error *);
/* The texture of chosen map i, from a checkpoint or painted; atlas_paint.c */
imp_status atlas_paint(struct atlas *, uint32_t i, imp_error *);
/* The node before the layer's rectifier; false: the layer is none. atlas_wake.c */
bool atlas_before(const struct atlas *, uint32_t *node);
/* A picture in which that node's map says the level, others whatever they like; kit_image_free it.
 */
imp_status atlas_wake(struct atlas *, uint32_t node, uint32_t map, const kit_paint_options *,
                      imp_image **, imp_error *);
/* Sheet, page and files; atlas_show.c */
imp_status atlas_sheet(struct atlas *, imp_image **, imp_error *);
imp_status atlas_page(struct atlas *, const imp_table *, imp_error *);
imp_status atlas_files(struct atlas *, imp_error *);
/* The picture of a map, on the heap; NULL: no memory. */
imp_image *atlas_picture(const struct atlas_map *);

#endif
