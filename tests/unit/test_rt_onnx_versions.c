/* test_rt_onnx_versions.c - the same operator in the words of several operator sets is the same
 * node. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <formats/formats.h>
#include "onnx_dump.h"
#include "onnx_make.h"

struct one {
    struct bytes graph, model;
    struct dump dump;
    char text[4096];
};

/* A network of x [1 3 H W] and one node, with constants that were put into the graph before. */
static imp_status read_one(struct one *o, int opset, const char *op, const char *in,
                           const char *out, const char *attrs, struct rt_graph **g)
{
    imp_error err = {.struct_size = sizeof err, .text_cap = sizeof o->text, .text = o->text};
    put_value(&o->graph, 11, "x", 1, "1 3 H W");
    put_node(&o->graph, op, "", in, out, attrs);
    const size_t first = strcspn(out, " ");
    char name[32] = "";
    memcpy(name, out, first);
    put_value(&o->graph, 12, name, 1, "");
    put_model(&o->model, &o->graph, opset);
    return rt_onnx_read(o->model.data, o->model.size, NULL, g, &err);
}

static struct one *fresh(void)
{
    struct one *o = calloc(1, sizeof *o);
    assert_non_null(o);
    return o;
}

/* Frees o. */
static void is(struct one *o, int opset, const char *op, const char *in, const char *out,
               const char *attrs, const char *want)
{
    struct rt_graph *g = NULL;
    if (read_one(o, opset, op, in, out, attrs, &g) != IMP_OK)
        fail_msg("%s %d: %s", op, opset, o->text);
    assert_string_equal(dump_graph(g, &o->dump), want);
    rt_graph_free(g);
    free(o);
}

/* Frees o. */
static void is_refused(struct one *o, int opset, const char *op, const char *in, const char *out,
                       const char *attrs, const char *word)
{
    struct rt_graph *g = NULL;
    assert_int_not_equal(read_one(o, opset, op, in, out, attrs, &g), IMP_OK);
    if (!strstr(o->text, word))
        fail_msg("'%s' is not in: %s", word, o->text);
    free(o);
}

static struct one *with_floats(const char *name, const char *dims, size_t n, const float *v)
{
    struct one *o = fresh();
    put_floats(&o->graph, name, dims, n, v);
    return o;
}

static struct one *with_integers(const char *name, size_t n, const int64_t *v)
{
    struct one *o = fresh();
    char dims[16];
    snprintf(dims, sizeof dims, "%zu", n);
    put_integers(&o->graph, name, dims, n, v);
    return o;
}

static void clip_from_attributes_and_from_inputs(void **state)
{
    (void)state;
    const float six[1] = {6};
    is(fresh(), 7, "Clip", "x", "y", "min:f=0;max:f=6", "y=clip(x) min=0 max=6");
    is(with_floats("six", "", 1, six), 11, "Clip", "x - six", "y", "", "y=clip(x) max=6");
    is(with_floats("six", "", 1, six), 13, "Clip", "x six six", "y", "", "y=clip(x) min=6 max=6");
}

static void dropout_from_an_attribute_and_from_an_input(void **state)
{
    (void)state;
    const float ratio[1] = {0.25f};
    is(fresh(), 7, "Dropout", "x", "y", "ratio:f=0.25", "y=dropout(x) ratio=0.25");
    is(fresh(), 10, "Dropout", "x", "y mask", "ratio:f=0.25", "y=dropout(x) ratio=0.25");
    is(with_floats("r", "", 1, ratio), 12, "Dropout", "x r", "y mask", "",
       "y=dropout(x) ratio=0.25");
}

static void pad_from_attributes_and_from_inputs(void **state)
{
    (void)state;
    const int64_t pads[8] = {0, 0, 1, 2, 0, 0, 3, 4}, few[4] = {1, 2, 3, 4}, axes[2] = {2, 3};
    const float value[1] = {0.5f};
    is(fresh(), 7, "Pad", "x", "y", "mode:s=reflect;pads:I=0 0 1 2 0 0 3 4",
       "y=pad(x) mode=reflect pads=0,0,1,2,0,0,3,4");
    is(with_integers("p", 8, pads), 11, "Pad", "x p", "y", "mode:s=reflect",
       "y=pad(x) mode=reflect pads=0,0,1,2,0,0,3,4");
    struct one *o = with_integers("p", 8, pads);
    put_floats(&o->graph, "v", "", 1, value);
    is(o, 13, "Pad", "x p v", "y", "", "y=pad(x) pads=0,0,1,2,0,0,3,4 value=0.5");
    o = with_integers("p", 4, few);
    put_integers(&o->graph, "a", "2", 2, axes);
    is(o, 18, "Pad", "x p - a", "y", "", "y=pad(x) pads=1,2,3,4 axes=2,3");
}

static void slice_from_attributes_and_from_inputs(void **state)
{
    (void)state;
    const int64_t one[1] = {1}, many[1] = {INT64_MAX}, two[1] = {2};
    is(fresh(), 9, "Slice", "x", "y", "starts:I=1;ends:I=5;axes:I=2",
       "y=slice(x) starts=1 ends=5 axes=2");
    struct one *o = with_integers("one", 1, one);
    put_integers(&o->graph, "many", "1", 1, many);
    put_integers(&o->graph, "two", "1", 1, two);
    is(o, 10, "Slice", "x one many two two", "y", "",
       "y=slice(x) starts=1 ends=9223372036854775807 axes=2 steps=2");
}

static void axes_from_attributes_and_from_inputs(void **state)
{
    (void)state;
    const int64_t axes[2] = {2, 3}, zero[1] = {0};
    is(fresh(), 11, "Squeeze", "x", "y", "axes:I=0", "y=squeeze(x) axes=0");
    is(with_integers("a", 1, zero), 13, "Squeeze", "x a", "y", "", "y=squeeze(x) axes=0");
    is(fresh(), 13, "Squeeze", "x", "y", "", "y=squeeze(x)");
    is(fresh(), 7, "Unsqueeze", "x", "y", "axes:I=0", "y=unsqueeze(x) axes=0");
    is(with_integers("a", 1, zero), 13, "Unsqueeze", "x a", "y", "", "y=unsqueeze(x) axes=0");
    is(fresh(), 11, "ReduceSum", "x", "y", "axes:I=2 3;keepdims:i=0",
       "y=reduce_sum(x) axes=2,3 keepdims=0");
    is(with_integers("a", 2, axes), 13, "ReduceSum", "x a", "y", "keepdims:i=0",
       "y=reduce_sum(x) axes=2,3 keepdims=0");
    is(fresh(), 13, "ReduceMean", "x", "y", "axes:I=2 3", "y=reduce_mean(x) axes=2,3");
    is(with_integers("a", 2, axes), 18, "ReduceMean", "x a", "y", "", "y=reduce_mean(x) axes=2,3");
    is(with_integers("a", 2, axes), 20, "ReduceMax", "x a", "y", "", "y=reduce_max(x) axes=2,3");
}

static void every_part_of_a_split_is_a_node(void **state)
{
    (void)state;
    const int64_t sizes[2] = {1, 2};
    struct one *o = fresh();
    put_node(&o->graph, "Split", "", "x", "a b", "axis:i=1;split:I=1 2");
    is(o, 11, "Relu", "b", "y", "", "b=split(x) axis=1 sizes=1,2 index=1; y=relu(b)");
    o = with_integers("s", 2, sizes);
    put_node(&o->graph, "Split", "s", "x s", "a b", "axis:i=1");
    is(o, 13, "Add", "a b", "y", "",
       "s=split(x) axis=1 sizes=1,2 index=0; b=split(x) axis=1 sizes=1,2 index=1; y=add(s,b)");
    o = fresh();
    put_node(&o->graph, "Split", "", "x", "a b c", "axis:i=1");
    is(o, 13, "Relu", "c", "y", "", "c=split(x) axis=1 index=2 parts=3; y=relu(c)");
    o = fresh();
    put_node(&o->graph, "Split", "", "x", "a b", "axis:i=1;num_outputs:i=2");
    is(o, 18, "Relu", "a", "y", "", "a=split(x) axis=1 index=0 parts=2; y=relu(a)");
}

static void upsample_and_the_first_resize_sample_from_the_corner(void **state)
{
    (void)state;
    const float up[4] = {1, 1, 2, 2}, down[4] = {1, 1, 0.5f, 0.5f}, mixed[4] = {1, 1, 0.5f, 2};
    is(fresh(), 7, "Upsample", "x", "y", "mode:s=nearest;scales:F=1 1 2 2",
       "y=resize(x) mode=nearest coordinates=asymmetric rounding=floor scales=1,1,2,2");
    is(with_floats("s", "4", 4, up), 9, "Upsample", "x s", "y", "mode:s=linear",
       "y=resize(x) mode=linear coordinates=asymmetric rounding=floor scales=1,1,2,2");
    is(with_floats("s", "4", 4, up), 10, "Resize", "x s", "y", "",
       "y=resize(x) coordinates=asymmetric rounding=floor scales=1,1,2,2");
    is(with_floats("s", "4", 4, down), 10, "Resize", "x s", "y", "",
       "y=resize(x) coordinates=asymmetric rounding=ceil scales=1,1,0.5,0.5");
    is_refused(with_floats("s", "4", 4, mixed), 10, "Resize", "x s", "y", "",
               "node 'y' (Resize): it enlarges along one axis and shrinks along another");
}

static void resize_with_what_must_be_there_and_is_empty(void **state)
{
    (void)state;
    const float up[4] = {1, 1, 2, 2};
    const int64_t sizes[4] = {1, 3, 9, 9};
    struct one *o = with_floats("s", "4", 4, up);
    put_floats(&o->graph, "roi", "0", 0, up);
    is(o, 11, "Resize", "x roi s", "y", "coordinate_transformation_mode:s=align_corners",
       "y=resize(x) coordinates=align_corners scales=1,1,2,2");
    o = with_integers("z", 4, sizes);
    put_floats(&o->graph, "none", "0", 0, up);
    is(o, 11, "Resize", "x none none z", "y", "mode:s=cubic",
       "y=resize(x) mode=cubic sizes=1,3,9,9");
    is(with_integers("z", 4, sizes), 13, "Resize", "x - - z", "y", "", "y=resize(x) sizes=1,3,9,9");
}

static void softmax_until_12_takes_all_that_follows_as_one_axis(void **state)
{
    (void)state;
    is(fresh(), 12, "Softmax", "x", "y", "", "y=softmax(x) axis=1 flat=1");
    is(fresh(), 7, "LogSoftmax", "x", "y", "axis:i=2", "y=log_softmax(x) axis=2 flat=1");
    is(fresh(), 13, "Softmax", "x", "y", "", "y=softmax(x)");
    is(fresh(), 13, "Softmax", "x", "y", "axis:i=1", "y=softmax(x) axis=1");
}

static void batch_normalisation_of_each_version(void **state)
{
    (void)state;
    const float v[3] = {1, 1, 1};
    is(with_floats("v", "3", 3, v), 7, "BatchNormalization", "x v v v v", "y",
       "epsilon:f=0.5;spatial:i=1", "y=batch_norm(x,v,v,v,v) epsilon=0.5 spatial=1");
    is(with_floats("v", "3", 3, v), 9, "BatchNormalization", "x v v v v", "y m n o p", "",
       "y=batch_norm(x,v,v,v,v)");
    is(with_floats("v", "3", 3, v), 15, "BatchNormalization", "x v v v v", "y", "training_mode:i=0",
       "y=batch_norm(x,v,v,v,v) training_mode=0");
}

static void further_outputs_are_results_or_refused(void **state)
{
    (void)state;
    const float v[2] = {1, 1};
    struct one *o = with_floats("v", "2", 2, v);
    put_node(&o->graph, "LayerNormalization", "", "x v", "n mean", "");
    is(o, 17, "Relu", "mean", "y", "", "mean=layer_norm(x,v) result=1; y=relu(mean)");
    o = fresh();
    put_node(&o->graph, "MaxPool", "pool", "x", "m at", "kernel_shape:I=2 2");
    is_refused(o, 12, "Relu", "at", "y", "", "(MaxPool): its output 1 ('at') is read");
}

static void a_constant_of_shape_takes_its_type_from_its_value(void **state)
{
    (void)state;
    const int64_t shape[2] = {2, 2};
    is(with_integers("s", 2, shape), 9, "ConstantOfShape", "s", "y", "",
       "y=constant_of_shape() shape=2,2");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(clip_from_attributes_and_from_inputs),
        cmocka_unit_test(dropout_from_an_attribute_and_from_an_input),
        cmocka_unit_test(pad_from_attributes_and_from_inputs),
        cmocka_unit_test(slice_from_attributes_and_from_inputs),
        cmocka_unit_test(axes_from_attributes_and_from_inputs),
        cmocka_unit_test(every_part_of_a_split_is_a_node),
        cmocka_unit_test(upsample_and_the_first_resize_sample_from_the_corner),
        cmocka_unit_test(resize_with_what_must_be_there_and_is_empty),
        cmocka_unit_test(softmax_until_12_takes_all_that_follows_as_one_axis),
        cmocka_unit_test(batch_normalisation_of_each_version),
        cmocka_unit_test(further_outputs_are_results_or_refused),
        cmocka_unit_test(a_constant_of_shape_takes_its_type_from_its_value),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
