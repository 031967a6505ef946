/* advae_plugin.c - the plugin's entry, and what its filters share. Method B: faces from line
 * drawings with attributes under control. */
#include "advae.h"
#include <stdlib.h>
#include <string.h>

imp_status av_create(const imp_host *host, const imp_filter *filter, const imp_cell *params,
                     void **instance, imp_error *err) IMP_NX
{
    struct av_self *self = calloc(1, sizeof *self);
    (void)filter;
    if (!self)
        return imp_fail(err, IMP_E_MEMORY, "no memory for an instance");
    self->host = host, self->params = params;
    const imp_status st =
        kit_nn_open(&self->nn, host, KIT_NN_MODEL | KIT_NN_GRAD | KIT_NN_TRAIN, 0, err);
    if (st == IMP_OK)
        *instance = self;
    else
        free(self);
    return st;
}

void av_destroy(void *instance) IMP_NX
{
    struct av_self *self = instance;
    if (self)
        kit_nn_close(&self->nn, self->host);
    free(self);
}

void av_release(const struct av_self *self, imp_nn_model *model)
{
    const imp_nn_model_1 *models = self->nn.model.table;
    if (model)
        models->release(self->nn.model.self, model, NULL);
}

static const imp_filter *const filters[] = {&av_filter_train, &av_filter_synth, &av_filter_measure,
                                            NULL};
static const char *const needs[] = {IMP_NN_MODEL_1, IMP_NN_GRAD_1, IMP_NN_TRAIN_1, NULL};

static const imp_plugin plugin = {
    IMP_PLUGIN_HEAD,  .id = "impasto.advae", .version = "0.1.0",
    .licence = "MIT", .filters = filters,    .needs = needs,
};

IMP_EXPORT const imp_plugin *imp_entry_v1(void) IMP_NX
{
    return &plugin;
}
