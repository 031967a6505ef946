/* plugin.c - what this plugin holds. */
#include "basic.h"

static const imp_filter *const filters[] = {
    &filter_resize,
    &filter_crop,
    &filter_pad,
    &filter_flip,
    &filter_rotate,
    &filter_levels,
    &filter_gamma,
    &filter_saturate,
    &filter_tint,
    &filter_grayscale,
    &filter_negate,
    &filter_blur,
    &filter_sharpen,
    &filter_median,
    &filter_edges,
    &filter_posterize,
    &filter_noise,
    &filter_lines,
    &filter_blend,
    &filter_mask,
    &filter_match_color,
    &filter_caption,
    &filter_sheet,
    &filter_page,
    &filter_compare,
    &filter_detail_transfer,
    NULL,
};

static const imp_plugin plugin = {
    IMP_PLUGIN_HEAD,  .id = "impasto.basic", .version = "0.1.0",
    .licence = "MIT", .filters = filters,
};

IMP_EXPORT const imp_plugin *imp_entry_v1(void) IMP_NX
{
    return &plugin;
}
