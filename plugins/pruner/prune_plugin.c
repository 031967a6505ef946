/* prune_plugin.c - what this plugin holds. */
#include "filters_pruner.h"
#include <impasto/nn.h>

static const imp_filter *const filters[] = {&pr_filter_prune, &pr_filter_report, NULL};
static const char *const needs[] = {IMP_NN_MODEL_1, IMP_NN_GRAD_1, IMP_NN_TRAIN_1, IMP_NN_EDIT_1,
                                    NULL};

static const imp_plugin plugin = {
    IMP_PLUGIN_HEAD,  .id = "impasto.pruner", .version = "0.1.0",
    .licence = "MIT", .filters = filters,     .needs = needs,
};

IMP_EXPORT const imp_plugin *imp_entry_v1(void) IMP_NX
{
    return &plugin;
}
