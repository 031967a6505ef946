/* texture_kinds.h - the kinds of source.texture, and small things their rows are made of. */
#ifndef IMP_SOURCES_TEXTURE_KINDS_H
#define IMP_SOURCES_TEXTURE_KINDS_H
#include "texture.h"

extern const struct tx_kind tx_noise, tx_ridges_kind, tx_warp, tx_cells, tx_clouds, tx_marble,
    tx_granite, tx_terrazzo, tx_concrete, tx_rust, tx_brick, tx_stone, tx_mosaic, tx_plaster,
    tx_weave, tx_knit, tx_carpet, tx_wood, tx_bark, tx_mud, tx_sand, tx_gravel, tx_water, tx_grass,
    tx_fur, tx_leaves, tx_scales, tx_leather, tx_strokes, tx_hatching, tx_reaction;

/* Point i a share w of the way to a colour. */
static inline void tx_mix(struct tx_row *row, size_t i, const float to[3], float w)
{
    row->r[i] += w * (to[0] - row->r[i]);
    row->g[i] += w * (to[1] - row->g[i]);
    row->b[i] += w * (to[2] - row->b[i]);
}
static inline void tx_dim(struct tx_row *row, size_t i, float by)
{
    row->r[i] *= by, row->g[i] *= by, row->b[i] *= by;
}
#endif
