/* inverter.c - the plugin's entry, and what its filters share. Method C, first half: pictures from
 * codes (arXiv 1608.04170 and the program its authors published). */
#include "inverter.h"
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

imp_status inv_create(const imp_host *host, const imp_filter *filter, const imp_cell *params,
                      void **instance, imp_error *err) IMP_NX
{
    struct inv_self *self = calloc(1, sizeof *self);
    (void)filter;
    if (!self)
        return imp_fail(err, IMP_E_MEMORY, "no memory for an instance");
    self->host = host, self->params = params;
    self->image = host->get_interface ? host->get_interface(host, IMP_HOST_IMAGE_1) : NULL;
    if (self->image && !IMP_HAS(imp_host_image_1, self->image->struct_size, drop))
        self->image = NULL;
    const imp_status st =
        kit_nn_open(&self->nn, host, KIT_NN_MODEL | KIT_NN_GRAD | KIT_NN_TRAIN, KIT_NN_EDIT, err);
    if (st == IMP_OK)
        *instance = self;
    else
        free(self);
    return st;
}

void inv_destroy(void *instance) IMP_NX
{
    struct inv_self *self = instance;
    if (self)
        kit_nn_close(&self->nn, self->host);
    free(self);
}

void inv_say(const struct inv_self *self, const char *fmt, ...)
{
    char text[400];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    self->host->log(self->host, IMP_LOG_INFO, text);
}

void inv_release(const struct inv_self *self, imp_nn_model *model)
{
    const imp_nn_model_1 *models = self->nn.model.table;
    if (model)
        models->release(self->nn.model.self, model, NULL);
}

static bool is_flat(const imp_image *m)
{
    for (uint32_t c = 0; c < m->channels; c++) {
        const float first = *imp_row(m, c, 0);
        for (uint32_t y = 0; y < m->height; y++)
            for (uint32_t x = 0; x < m->width; x++)
                if (imp_row(m, c, y)[x] - first > 0.002f || first - imp_row(m, c, y)[x] > 0.002f)
                    return false;
    }
    return m->width > 1 || m->height > 1;
}

imp_status inv_hand_out(imp_job *job, uint32_t port, const imp_image *m, imp_error *err)
{
    if (is_flat(m))
        return imp_fail(
            err, IMP_E_FAILED,
            "the picture of %u x %u is one colour everywhere: the layer does not see it, or "
            "the steps were too few or too large (steps, rate)",
            m->width, m->height);
    imp_image *out = job->new_image(job, m->width, m->height, m->channels, IMP_SRGB);
    if (!out)
        return IMP_E_MEMORY;
    kit_copy(m, out);
    return job->set_output(job, port, &out->head);
}

static const imp_filter *const filters[] = {&inv_invert, &inv_atlas, &inv_compare,
                                            &inv_learn,  &inv_fast,  NULL};
static const char *const needs[] = {IMP_NN_MODEL_1, IMP_NN_GRAD_1, IMP_NN_TRAIN_1, NULL};
static const char *const wants[] = {IMP_NN_EDIT_1, NULL};

static const imp_plugin plugin = {
    IMP_PLUGIN_HEAD,    .id = "impasto.inverter", .version = "0.1.0", .licence = "MIT",
    .filters = filters, .needs = needs,           .wants = wants,
};

IMP_EXPORT const imp_plugin *imp_entry_v1(void) IMP_NX
{
    return &plugin;
}
