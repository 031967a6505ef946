/* layout.c - prints how the public headers lay out everything that crosses the ABI: sizes, offsets, constants, ids.
 * The lines of a frozen version never change. guard.sh compares, and looks whether a name of the headers is missing
 * here. */
#include <inttypes.h>
#include <stdio.h>
#include <impasto/codec.h>
#include <impasto/data.h>
#include <impasto/nn.h>

/* Members without a gap between them prove that none was forgotten. */
static size_t end;
static int gaps;

static void type(const char *name, size_t size)
{
    printf("%s %zu\n", name, size);
    end = 0;
}
static void member(const char *name, size_t offset, size_t size)
{
    printf("    %s %zu +%zu\n", name, offset, size);
    gaps += offset != end;
    end = offset + size;
}
static void whole(const char *name, size_t size)
{
    if (end != size)
        printf("    ? %s ends at %zu, its members at %zu\n", name, size, end);
    gaps += end != size;
}
#define TYPE(t) type(#t, sizeof(t));
#define MEMBER(t, m) member(#m, offsetof(t, m), sizeof(((t *)0)->m));
#define WHOLE(t) whole(#t, sizeof(t));
#define CHOICE(m) /* of a union: its parts lie over each other */ \
    printf("    %s %zu +%zu\n", #m, offsetof(imp_cell, m), sizeof(((imp_cell *)0)->m));
#define NUMBER(n) printf("%s %" PRId64 "\n", #n, (int64_t)(n));
#define ID(n) printf("%s \"%s\"\n", #n, n);

/* clang-format off: rows, a function a part of the headers */
static void values(void)
{
    TYPE(imp_error)
    MEMBER(imp_error, struct_size) MEMBER(imp_error, text_cap) MEMBER(imp_error, text) MEMBER(imp_error, param)
    MEMBER(imp_error, port)
    WHOLE(imp_error)
    TYPE(imp_cell)
    CHOICE(i)
    CHOICE(f)
    CHOICE(s.ptr)
    CHOICE(s.len)
    CHOICE(n.ptr)
    CHOICE(n.count)
    CHOICE(w.ptr)
    CHOICE(w.count)
    TYPE(imp_param)
    MEMBER(imp_param, key) MEMBER(imp_param, unit) MEMBER(imp_param, help) MEMBER(imp_param, choices)
    MEMBER(imp_param, def_text) MEMBER(imp_param, type) MEMBER(imp_param, flags) MEMBER(imp_param, def)
    MEMBER(imp_param, min) MEMBER(imp_param, max)
    WHOLE(imp_param)
    TYPE(imp_value)
    MEMBER(imp_value, struct_size) MEMBER(imp_value, kind)
    WHOLE(imp_value)
    TYPE(imp_image)
    MEMBER(imp_image, head) MEMBER(imp_image, width) MEMBER(imp_image, height) MEMBER(imp_image, channels)
    MEMBER(imp_image, colour) MEMBER(imp_image, row) MEMBER(imp_image, plane) MEMBER(imp_image, data)
    WHOLE(imp_image)
    TYPE(imp_tensor)
    MEMBER(imp_tensor, head) MEMBER(imp_tensor, dtype) MEMBER(imp_tensor, ndim) MEMBER(imp_tensor, shape)
    MEMBER(imp_tensor, strides) MEMBER(imp_tensor, data) MEMBER(imp_tensor, name)
    WHOLE(imp_tensor)
    TYPE(imp_column)
    MEMBER(imp_column, name) MEMBER(imp_column, unit) MEMBER(imp_column, type) MEMBER(imp_column, reserved0)
    WHOLE(imp_column)
    TYPE(imp_table)
    MEMBER(imp_table, head) MEMBER(imp_table, column_count) MEMBER(imp_table, reserved0) MEMBER(imp_table, row_count)
    MEMBER(imp_table, columns) MEMBER(imp_table, cells)
    WHOLE(imp_table)
    TYPE(imp_object)
    MEMBER(imp_object, head) MEMBER(imp_object, type) MEMBER(imp_object, provider) MEMBER(imp_object, object)
    WHOLE(imp_object)
    TYPE(imp_port)
    MEMBER(imp_port, name) MEMBER(imp_port, help) MEMBER(imp_port, type) MEMBER(imp_port, kind)
    MEMBER(imp_port, flags) MEMBER(imp_port, channels) MEMBER(imp_port, colours)
    WHOLE(imp_port)
    TYPE(imp_service)
    MEMBER(imp_service, table) MEMBER(imp_service, self)
    WHOLE(imp_service)
}

static void jobs(void)
{
    TYPE(imp_host)
    MEMBER(imp_host, struct_size) MEMBER(imp_host, abi_major) MEMBER(imp_host, abi_minor) MEMBER(imp_host, version)
    MEMBER(imp_host, log) MEMBER(imp_host, get_interface) MEMBER(imp_host, acquire) MEMBER(imp_host, release)
    WHOLE(imp_host)
    TYPE(imp_host_image_1)
    MEMBER(imp_host_image_1, struct_size) MEMBER(imp_host_image_1, reserved0) MEMBER(imp_host_image_1, read)
    MEMBER(imp_host_image_1, encode) MEMBER(imp_host_image_1, drop)
    WHOLE(imp_host_image_1)
    TYPE(imp_job)
    MEMBER(imp_job, struct_size) MEMBER(imp_job, input_count) MEMBER(imp_job, output_count)
    MEMBER(imp_job, max_threads) MEMBER(imp_job, max_bytes) MEMBER(imp_job, wanted) MEMBER(imp_job, params)
    MEMBER(imp_job, inputs) MEMBER(imp_job, labels) MEMBER(imp_job, new_image) MEMBER(imp_job, new_tensor)
    MEMBER(imp_job, new_table) MEMBER(imp_job, add_row) MEMBER(imp_job, new_object) MEMBER(imp_job, set_output)
    MEMBER(imp_job, progress) MEMBER(imp_job, scratch) MEMBER(imp_job, parallel) MEMBER(imp_job, keep)
    MEMBER(imp_job, kept) MEMBER(imp_job, preview)
    WHOLE(imp_job)
    TYPE(imp_shape)
    MEMBER(imp_shape, struct_size) MEMBER(imp_shape, kind) MEMBER(imp_shape, width) MEMBER(imp_shape, height)
    MEMBER(imp_shape, channels) MEMBER(imp_shape, colour) MEMBER(imp_shape, bytes) MEMBER(imp_shape, value)
    WHOLE(imp_shape)
    TYPE(imp_plan)
    MEMBER(imp_plan, struct_size) MEMBER(imp_plan, input_count) MEMBER(imp_plan, inputs) MEMBER(imp_plan, outputs)
    MEMBER(imp_plan, bytes) MEMBER(imp_plan, least_bytes) MEMBER(imp_plan, macs) MEMBER(imp_plan, mistake)
    WHOLE(imp_plan)
    TYPE(imp_filter)
    MEMBER(imp_filter, struct_size) MEMBER(imp_filter, flags) MEMBER(imp_filter, threads)
    MEMBER(imp_filter, params_version) MEMBER(imp_filter, id) MEMBER(imp_filter, summary) MEMBER(imp_filter, help)
    MEMBER(imp_filter, params) MEMBER(imp_filter, param_count) MEMBER(imp_filter, param_stride)
    MEMBER(imp_filter, inputs) MEMBER(imp_filter, input_count) MEMBER(imp_filter, input_stride)
    MEMBER(imp_filter, outputs) MEMBER(imp_filter, output_count) MEMBER(imp_filter, output_stride)
    MEMBER(imp_filter, create) MEMBER(imp_filter, destroy) MEMBER(imp_filter, process) MEMBER(imp_filter, plan)
    WHOLE(imp_filter)
    TYPE(imp_service_def)
    MEMBER(imp_service_def, struct_size) MEMBER(imp_service_def, reserved0) MEMBER(imp_service_def, id)
    MEMBER(imp_service_def, table) MEMBER(imp_service_def, open) MEMBER(imp_service_def, close)
    WHOLE(imp_service_def)
    TYPE(imp_plugin)
    MEMBER(imp_plugin, magic) MEMBER(imp_plugin, struct_size) MEMBER(imp_plugin, abi_major)
    MEMBER(imp_plugin, abi_minor) MEMBER(imp_plugin, abi_minor_required) MEMBER(imp_plugin, id)
    MEMBER(imp_plugin, version) MEMBER(imp_plugin, licence) MEMBER(imp_plugin, filters) MEMBER(imp_plugin, provides)
    MEMBER(imp_plugin, needs) MEMBER(imp_plugin, wants) MEMBER(imp_plugin, init) MEMBER(imp_plugin, deinit)
    MEMBER(imp_plugin, extension)
    WHOLE(imp_plugin)
}

static void networks(void)
{
    TYPE(imp_nn_node)
    MEMBER(imp_nn_node, struct_size) MEMBER(imp_nn_node, flags) MEMBER(imp_nn_node, name) MEMBER(imp_nn_node, op)
    MEMBER(imp_nn_node, inputs) MEMBER(imp_nn_node, shape) MEMBER(imp_nn_node, input_count) MEMBER(imp_nn_node, ndim)
    WHOLE(imp_nn_node)
    TYPE(imp_nn_model_1)
    MEMBER(imp_nn_model_1, struct_size) MEMBER(imp_nn_model_1, reserved0) MEMBER(imp_nn_model_1, open)
    MEMBER(imp_nn_model_1, retain) MEMBER(imp_nn_model_1, release) MEMBER(imp_nn_model_1, node_count)
    MEMBER(imp_nn_model_1, node) MEMBER(imp_nn_model_1, find) MEMBER(imp_nn_model_1, meta) MEMBER(imp_nn_model_1, op)
    MEMBER(imp_nn_model_1, memory) MEMBER(imp_nn_model_1, run_new) MEMBER(imp_nn_model_1, run_free)
    MEMBER(imp_nn_model_1, set_input) MEMBER(imp_nn_model_1, forward) MEMBER(imp_nn_model_1, value)
    MEMBER(imp_nn_model_1, times) MEMBER(imp_nn_model_1, object)
    WHOLE(imp_nn_model_1)
    TYPE(imp_nn_grad_1)
    MEMBER(imp_nn_grad_1, struct_size) MEMBER(imp_nn_grad_1, reserved0) MEMBER(imp_nn_grad_1, seed)
    MEMBER(imp_nn_grad_1, backward) MEMBER(imp_nn_grad_1, gradient)
    WHOLE(imp_nn_grad_1)
    TYPE(imp_nn_optimiser)
    MEMBER(imp_nn_optimiser, struct_size) MEMBER(imp_nn_optimiser, rule) MEMBER(imp_nn_optimiser, rate)
    MEMBER(imp_nn_optimiser, momentum) MEMBER(imp_nn_optimiser, beta2) MEMBER(imp_nn_optimiser, epsilon)
    MEMBER(imp_nn_optimiser, weight_decay) MEMBER(imp_nn_optimiser, clip_norm)
    WHOLE(imp_nn_optimiser)
    TYPE(imp_nn_train_1)
    MEMBER(imp_nn_train_1, struct_size) MEMBER(imp_nn_train_1, reserved0) MEMBER(imp_nn_train_1, build)
    MEMBER(imp_nn_train_1, trainer_new) MEMBER(imp_nn_train_1, trainer_free) MEMBER(imp_nn_train_1, run_new)
    MEMBER(imp_nn_train_1, set_training) MEMBER(imp_nn_train_1, param_count) MEMBER(imp_nn_train_1, param)
    MEMBER(imp_nn_train_1, zero_gradients) MEMBER(imp_nn_train_1, step) MEMBER(imp_nn_train_1, state)
    MEMBER(imp_nn_train_1, set_state) MEMBER(imp_nn_train_1, snapshot) MEMBER(imp_nn_train_1, join)
    MEMBER(imp_nn_train_1, with_meta) MEMBER(imp_nn_train_1, save)
    WHOLE(imp_nn_train_1)
    TYPE(imp_nn_slice)
    MEMBER(imp_nn_slice, param) MEMBER(imp_nn_slice, first) MEMBER(imp_nn_slice, width) MEMBER(imp_nn_slice, axis)
    MEMBER(imp_nn_slice, reads)
    WHOLE(imp_nn_slice)
    TYPE(imp_nn_group)
    MEMBER(imp_nn_group, struct_size) MEMBER(imp_nn_group, unit_count) MEMBER(imp_nn_group, name)
    MEMBER(imp_nn_group, locked) MEMBER(imp_nn_group, nodes) MEMBER(imp_nn_group, slices)
    MEMBER(imp_nn_group, node_count) MEMBER(imp_nn_group, slice_count)
    WHOLE(imp_nn_group)
    TYPE(imp_nn_cost)
    MEMBER(imp_nn_cost, struct_size) MEMBER(imp_nn_cost, ndim) MEMBER(imp_nn_cost, shape) MEMBER(imp_nn_cost, params)
    MEMBER(imp_nn_cost, macs) MEMBER(imp_nn_cost, bytes)
    WHOLE(imp_nn_cost)
    TYPE(imp_nn_cut)
    MEMBER(imp_nn_cut, group) MEMBER(imp_nn_cut, unit_count) MEMBER(imp_nn_cut, units)
    WHOLE(imp_nn_cut)
    TYPE(imp_nn_edit_1)
    MEMBER(imp_nn_edit_1, struct_size) MEMBER(imp_nn_edit_1, reserved0) MEMBER(imp_nn_edit_1, group_count)
    MEMBER(imp_nn_edit_1, group) MEMBER(imp_nn_edit_1, cost) MEMBER(imp_nn_edit_1, without)
    MEMBER(imp_nn_edit_1, node_cost) MEMBER(imp_nn_edit_1, settle)
    WHOLE(imp_nn_edit_1)
}

static void data(void)
{
    TYPE(imp_attribute)
    MEMBER(imp_attribute, name) MEMBER(imp_attribute, choices) MEMBER(imp_attribute, min) MEMBER(imp_attribute, max)
    WHOLE(imp_attribute)
    TYPE(imp_sample)
    MEMBER(imp_sample, struct_size) MEMBER(imp_sample, label) MEMBER(imp_sample, pixels) MEMBER(imp_sample, lines)
    MEMBER(imp_sample, attributes)
    WHOLE(imp_sample)
    TYPE(imp_dataset)
    MEMBER(imp_dataset, struct_size) MEMBER(imp_dataset, flags) MEMBER(imp_dataset, count)
    MEMBER(imp_dataset, channels) MEMBER(imp_dataset, height) MEMBER(imp_dataset, width)
    MEMBER(imp_dataset, class_count) MEMBER(imp_dataset, attribute_count) MEMBER(imp_dataset, reserved0)
    MEMBER(imp_dataset, class_names) MEMBER(imp_dataset, attributes) MEMBER(imp_dataset, read)
    WHOLE(imp_dataset)
    TYPE(imp_picture)
    MEMBER(imp_picture, struct_size) MEMBER(imp_picture, width) MEMBER(imp_picture, height)
    MEMBER(imp_picture, channels) MEMBER(imp_picture, bits) MEMBER(imp_picture, orientation)
    WHOLE(imp_picture)
    TYPE(imp_codec_1)
    MEMBER(imp_codec_1, struct_size) MEMBER(imp_codec_1, reserved0) MEMBER(imp_codec_1, reads)
    MEMBER(imp_codec_1, writes) MEMBER(imp_codec_1, probe) MEMBER(imp_codec_1, decode) MEMBER(imp_codec_1, encode)
    WHOLE(imp_codec_1)
}

static void numbers(void)
{
    puts("enum imp_status_code"); NUMBER(IMP_OK) NUMBER(IMP_CANCELLED) NUMBER(IMP_E_FAILED) NUMBER(IMP_E_PARAM)
    NUMBER(IMP_E_INPUT) NUMBER(IMP_E_MEMORY) NUMBER(IMP_E_IO) NUMBER(IMP_E_UNSUPPORTED) NUMBER(IMP_E_MISSING)
    NUMBER(IMP_E_LIMIT) NUMBER(IMP_E_INTERNAL)
    puts("enum imp_type"); NUMBER(IMP_BOOL) NUMBER(IMP_INT) NUMBER(IMP_FLOAT) NUMBER(IMP_CHOICE) NUMBER(IMP_TEXT)
    NUMBER(IMP_PATH) NUMBER(IMP_NUMBERS) NUMBER(IMP_NAMES) NUMBER(IMP_COLOUR)
    puts("enum imp_param_flags"); NUMBER(IMP_PARAM_REQUIRED) NUMBER(IMP_PARAM_WRITTEN) NUMBER(IMP_PARAM_MODEL)
    NUMBER(IMP_PARAM_OTHERS)
    puts("enum imp_kind"); NUMBER(IMP_IMAGE) NUMBER(IMP_TENSOR) NUMBER(IMP_TABLE) NUMBER(IMP_OBJECT)
    puts("enum imp_colour"); NUMBER(IMP_SRGB) NUMBER(IMP_LINEAR) NUMBER(IMP_DATA)
    puts("enum imp_dtype"); NUMBER(IMP_F32) NUMBER(IMP_F64) NUMBER(IMP_I32) NUMBER(IMP_I64) NUMBER(IMP_U8)
    puts("enum imp_port_flags"); NUMBER(IMP_PORT_OPTIONAL) NUMBER(IMP_PORT_MANY)
    puts("enum imp_log"); NUMBER(IMP_LOG_DEBUG) NUMBER(IMP_LOG_INFO) NUMBER(IMP_LOG_WARNING) NUMBER(IMP_LOG_ERROR)
    puts("enum imp_threads"); NUMBER(IMP_SERIAL) NUMBER(IMP_PARALLEL)
    puts("enum imp_filter_flags"); NUMBER(IMP_FILTER_DETERMINISTIC) NUMBER(IMP_FILTER_EARLY)
    puts("enum imp_nn_node_flags"); NUMBER(IMP_NN_INPUT) NUMBER(IMP_NN_OUTPUT)
    puts("enum imp_nn_run_flags"); NUMBER(IMP_NN_LEAN) NUMBER(IMP_NN_TIMED)
    puts("enum imp_nn_rule"); NUMBER(IMP_NN_SGD) NUMBER(IMP_NN_ADAM)
    puts("enum imp_dataset_flags"); NUMBER(IMP_DATASET_LINES)
    NUMBER(IMP_ABI_MAJOR)
    ID(IMP_HOST_IMAGE_1)
    NUMBER(IMP_MAGIC)
    ID(IMP_NN_MODEL_TYPE)
    ID(IMP_NN_KERNELS_1)
    NUMBER(IMP_NN_ALL)
    ID(IMP_NN_MODEL_1)
    ID(IMP_NN_GRAD_1)
    ID(IMP_NN_TRAIN_1)
    ID(IMP_NN_EDIT_1)
    ID(IMP_DATASET_TYPE)
    ID(IMP_CODEC_1)
}

int main(void)
{
    values();
    jobs();
    networks();
    data();
    numbers();
    return gaps > 0;
}
