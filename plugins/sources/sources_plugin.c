/* sources_plugin.c - entry of plugins/sources: pictures from nothing, seeded. */
#include "filters.h"

static const imp_filter *const filters[] = {&filter_source_scene,    &filter_source_texture,
                                            &filter_source_painting, &filter_source_face,
                                            &filter_data_generated,  NULL};
static const imp_plugin plugin = {
    IMP_PLUGIN_HEAD,  .id = "impasto.sources", .version = "0.1.0",
    .licence = "MIT", .filters = filters,
};

IMP_EXPORT const imp_plugin *imp_entry_v1(void) IMP_NX
{
    return &plugin;
}
