/* texture_list.c - the kinds in the order of TX_KIND_NAMES. */
#include "texture_kinds.h"

const struct tx_kind *const tx_kinds[] = {
    &tx_noise,    &tx_ridges_kind, &tx_warp,     &tx_cells, &tx_clouds, &tx_marble, &tx_granite,
    &tx_terrazzo, &tx_concrete,    &tx_rust,     &tx_brick, &tx_stone,  &tx_mosaic, &tx_plaster,
    &tx_weave,    &tx_knit,        &tx_carpet,   &tx_wood,  &tx_bark,   &tx_mud,    &tx_sand,
    &tx_gravel,   &tx_water,       &tx_grass,    &tx_fur,   &tx_leaves, &tx_scales, &tx_leather,
    &tx_strokes,  &tx_hatching,    &tx_reaction,
};
const uint32_t tx_kind_count = sizeof tx_kinds / sizeof *tx_kinds;
