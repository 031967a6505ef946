/* runtime.c - the plugin's entry: networks as four services and as filters. */
#include "net_filters.h"
#include "kernels/gemm.h"
#include "services.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Kernels for any processor were asked for (IMPASTO_SIMD, --exact): slow is no surprise. */
static bool is_portable(void)
{
    const char *simd = getenv("IMPASTO_SIMD");
    return simd && !strcmp(simd, "portable");
}

static imp_status init(const imp_host *host, imp_error *err)
{
    char text[320];
    const char *forced = getenv("OPENBLAS_CORETYPE");
    (void)err;
    if (!rt_gemm_is_slow() || is_portable())
        return IMP_OK;
    snprintf(text, sizeof text,
             "OpenBLAS runs its '%s' kernels, which leave most of this processor unused: networks will be "
             "several times slower (%s%.40s%sset it to Haswell, or SkylakeX with AVX-512)",
             rt_gemm_core(), forced ? "OPENBLAS_CORETYPE is " : "", forced ? forced : "OPENBLAS_CORETYPE: ",
             forced ? ": unset it, or " : "");
    host->log(host, IMP_LOG_WARNING, text);
    return IMP_OK;
}

static const void *extension(const char *id)
{
    return strcmp(id, IMP_NN_KERNELS_1) == 0 ? rt_gemm_core() : NULL;
}

static const imp_filter *const filters[] = {
    &rt_net_load, &rt_net_build, &rt_net_save, &rt_net_train, &rt_net_normalise, &rt_net_apply,
    &rt_net_classify, &rt_net_encode, &rt_net_decode, &rt_net_inspect, &rt_net_bench, NULL,
};

static const imp_service_def model = {.struct_size = sizeof model, .id = IMP_NN_MODEL_1,
                                      .table = &rt_model_table};
static const imp_service_def grad = {.struct_size = sizeof grad, .id = IMP_NN_GRAD_1,
                                     .table = &rt_grad_table};
static const imp_service_def train = {.struct_size = sizeof train, .id = IMP_NN_TRAIN_1,
                                      .table = &rt_train_table};
static const imp_service_def edit = {.struct_size = sizeof edit, .id = IMP_NN_EDIT_1,
                                     .table = &rt_edit_table};
static const imp_service_def *const services[] = {&model, &grad, &train, &edit, NULL};

static const imp_plugin plugin = {
    IMP_PLUGIN_HEAD,
    .id = "impasto.runtime",
    .version = "0.1.0",
    .licence = "MIT",
    .filters = filters,
    .provides = services,
    .init = init,
    .extension = extension,
};

IMP_EXPORT const imp_plugin *imp_entry_v1(void)
{
    return &plugin;
}
