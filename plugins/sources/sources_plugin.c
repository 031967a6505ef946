/* sources_plugin.c - entry of plugins/sources: pictures from nothing, seeded. */
#include "filters.h"

imp_status sources_keep_params(const imp_host *host, const imp_filter *self,
                               const imp_cell *params, void **instance, imp_error *err)
{
    union {
        const imp_cell *in;
        void *out;
    } same = {.in = params};
    (void)host, (void)self, (void)err;
    *instance = same.out;
    return IMP_OK;
}

static const imp_filter *const filters[] = {&filter_source_scene,    &filter_source_texture,
                                            &filter_source_painting, &filter_source_face,
                                            &filter_source_symbol,   &filter_data_generated,
                                            NULL};
static const imp_plugin plugin = {
    IMP_PLUGIN_HEAD,  .id = "impasto.sources", .version = "0.1.0",
    .licence = "MIT", .filters = filters,
};

IMP_EXPORT const imp_plugin *imp_entry_v1(void) IMP_NX
{
    return &plugin;
}
