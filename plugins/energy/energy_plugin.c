/* energy_plugin.c - what this plugin holds. */
#include "energy_filters.h"
#include <impasto/nn.h>

static const imp_filter *const filters[] = {
    &en_filter_fmi,
    &en_filter_random,
    &en_filter_direct,
    &en_filter_moments,
    &en_filter_table,
    &en_filter_blend,
    &en_filter_measure,
    &en_filter_match,
    &en_filter_gram,
    &en_filter_explain,
    NULL,
};
static const char *const needs[] = {IMP_NN_MODEL_1, IMP_NN_GRAD_1, NULL};
static const char *const wants[] = {IMP_NN_EDIT_1, NULL};

static const imp_plugin plugin = {
    IMP_PLUGIN_HEAD,    .id = "impasto.energy", .version = "0.1.0", .licence = "MIT",
    .filters = filters, .needs = needs,         .wants = wants,
};

IMP_EXPORT const imp_plugin *imp_entry_v1(void) IMP_NX
{
    return &plugin;
}
