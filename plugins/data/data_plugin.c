/* data_plugin.c - what this plugin holds. */
#include "sets.h"

static const imp_filter *const filters[] = {
    &set_folder.as, &set_idx.as, &set_cifar.as, &set_csv.as, &set_celeba.as, &filter_data_join,
    &filter_data_info, NULL,
};

static const imp_plugin plugin = {
    IMP_PLUGIN_HEAD,  .id = "impasto.data", .version = "0.1.0",
    .licence = "MIT", .filters = filters,
};

IMP_EXPORT const imp_plugin *imp_entry_v1(void) IMP_NX
{
    return &plugin;
}
