/* probe.c - a function for every public struct and enum, so that the debug information of this file
 * describes the whole ABI: abidiff compares it, built with two versions of the headers. */
#include <impasto/codec.h>
#include <impasto/data.h>
#include <impasto/nn.h>

#define PROBE(type, name)                                                                          \
    __attribute__((visibility("default"))) void probe_##name(type *);                              \
    void probe_##name(type *p)                                                                     \
    {                                                                                              \
        (void)p;                                                                                   \
    }
PROBE(imp_error, imp_error)
PROBE(imp_cell, imp_cell)
PROBE(imp_param, imp_param)
PROBE(imp_value, imp_value)
PROBE(imp_image, imp_image)
PROBE(imp_tensor, imp_tensor)
PROBE(imp_column, imp_column)
PROBE(imp_table, imp_table)
PROBE(imp_object, imp_object)
PROBE(imp_port, imp_port)
PROBE(imp_service, imp_service)
PROBE(imp_host, imp_host)
PROBE(imp_host_image_1, imp_host_image_1)
PROBE(imp_job, imp_job)
PROBE(imp_shape, imp_shape)
PROBE(imp_plan, imp_plan)
PROBE(imp_filter, imp_filter)
PROBE(imp_service_def, imp_service_def)
PROBE(imp_plugin, imp_plugin)
PROBE(imp_nn_node, imp_nn_node)
PROBE(imp_nn_model_1, imp_nn_model_1)
PROBE(imp_nn_grad_1, imp_nn_grad_1)
PROBE(imp_nn_optimiser, imp_nn_optimiser)
PROBE(imp_nn_train_1, imp_nn_train_1)
PROBE(imp_nn_slice, imp_nn_slice)
PROBE(imp_nn_group, imp_nn_group)
PROBE(imp_nn_cost, imp_nn_cost)
PROBE(imp_nn_cut, imp_nn_cut)
PROBE(imp_nn_edit_1, imp_nn_edit_1)
PROBE(imp_attribute, imp_attribute)
PROBE(imp_sample, imp_sample)
PROBE(imp_dataset, imp_dataset)
PROBE(imp_picture, imp_picture)
PROBE(imp_codec_1, imp_codec_1)
PROBE(enum imp_status_code, imp_status_code)
PROBE(enum imp_type, imp_type)
PROBE(enum imp_param_flags, imp_param_flags)
PROBE(enum imp_kind, imp_kind)
PROBE(enum imp_colour, imp_colour)
PROBE(enum imp_dtype, imp_dtype)
PROBE(enum imp_port_flags, imp_port_flags)
PROBE(enum imp_log, imp_log)
PROBE(enum imp_threads, imp_threads)
PROBE(enum imp_filter_flags, imp_filter_flags)
PROBE(enum imp_nn_node_flags, imp_nn_node_flags)
PROBE(enum imp_nn_run_flags, imp_nn_run_flags)
PROBE(enum imp_nn_rule, imp_nn_rule)
PROBE(enum imp_dataset_flags, imp_dataset_flags)
