/* test_rt_onnx.c - ONNX files in and out: tensors of every type, names, data outside the file, what
 * is refused and how, and that a network written is the network that was read. */
#define _XOPEN_SOURCE 700
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <formats/formats.h>
#include <stdlib.h>
#include <unistd.h>
#include "onnx_dump.h"
#include "onnx_make.h"

struct one {
    struct bytes graph, model;
    struct dump dump;
    char text[4096];
    imp_error err;
};

static struct one *fresh(void)
{
    struct one *o = calloc(1, sizeof *o);
    assert_non_null(o);
    o->err = (imp_error){.struct_size = sizeof o->err, .text_cap = sizeof o->text, .text = o->text};
    return o;
}

/* x [1 3 H W]; the parts put before and after; y is given. */
static struct one *with_input(void)
{
    struct one *o = fresh();
    put_value(&o->graph, 11, "x", 1, "1 3 H W");
    return o;
}

static struct rt_graph *read_graph(struct one *o, int opset)
{
    struct rt_graph *g = NULL;
    o->model.size = 0;
    put_model(&o->model, &o->graph, opset);
    if (rt_onnx_read(o->model.data, o->model.size, NULL, &g, &o->err) != IMP_OK)
        fail_msg("%s", o->text);
    return g;
}

/* Frees o. */
static void refused(struct one *o, int opset, imp_status st, const char *word)
{
    struct rt_graph *g = NULL;
    o->model.size = 0;
    put_model(&o->model, &o->graph, opset);
    assert_int_equal(rt_onnx_read(o->model.data, o->model.size, NULL, &g, &o->err), st);
    assert_null(g);
    if (!strstr(o->text, word))
        fail_msg("'%s' is not in: %s", word, o->text);
    free(o);
}

/* ---- tensors ---- */

/* The floats of the initialiser w of a graph y = x + w. */
static void check_floats(struct one *o, size_t n, const float *want)
{
    put_node(&o->graph, "Add", "", "x w", "y", "");
    put_value(&o->graph, 12, "y", 1, "");
    struct rt_graph *g = read_graph(o, 13);
    const struct rt_tensor *t = g->params[0].tensor;
    assert_int_equal(t->dtype, IMP_F32);
    assert_int_equal(t->count, n);
    assert_memory_equal(t->data, want, n * sizeof *want);
    rt_graph_free(g);
    free(o);
}

static void floats_of_every_width_become_float32(void **state)
{
    (void)state;
    const float want[4] = {1.5f, -2, 0, 65504};
    const double wide[4] = {1.5, -2, 0, 65504};
    const uint16_t half[4] = {0x3e00, 0xc000, 0, 0x7bff}, brain[4] = {0x3fc0, 0xc000, 0, 0x4780};
    const float small[2] = {5.9604644775390625e-8f, 1}, rounded[4] = {1.5f, -2, 0, 65536};
    const uint16_t subnormal[2] = {1, 0x3c00};
    struct one *o = with_input();
    put_tensor(&o->graph, 5, "w", 1, "4", want, sizeof want);
    check_floats(o, 4, want);
    o = with_input();
    put_tensor(&o->graph, 5, "w", 11, "2 2", wide, sizeof wide);
    check_floats(o, 4, want);
    o = with_input();
    put_tensor(&o->graph, 5, "w", 10, "4", half, sizeof half);
    check_floats(o, 4, want);
    o = with_input();
    put_tensor(&o->graph, 5, "w", 16, "4", brain, sizeof brain);
    check_floats(o, 4, rounded);
    o = with_input();
    put_tensor(&o->graph, 5, "w", 10, "2", subnormal, sizeof subnormal);
    check_floats(o, 2, small);
}

/* A tensor with a packed list of floats or varints instead of raw bytes. */
static void put_listed(struct bytes *graph, int type, unsigned field, size_t n, const float *f,
                       const int64_t *v)
{
    struct bytes *t = calloc(2, sizeof *t);
    put_int(t, 1, (int64_t)n);
    put_int(t, 2, type);
    put_text(t, 8, "w");
    for (size_t i = 0; i < n; i++)
        if (f)
            put(&t[1], &f[i], sizeof *f);
        else
            put_varint(&t[1], (uint64_t)v[i]);
    put_message(t, field, &t[1]);
    put_message(graph, 5, t);
    free(t);
}

static void listed_numbers_are_as_good_as_raw_ones(void **state)
{
    (void)state;
    const float want[3] = {0.5f, -1, 3}, halves[2] = {1.5f, -2};
    const int64_t half_bits[2] = {0x3e00, 0xc000};
    struct one *o = with_input();
    put_listed(&o->graph, 1, 4, 3, want, NULL);
    check_floats(o, 3, want);
    o = with_input();
    put_listed(&o->graph, 10, 5, 2, NULL, half_bits);
    check_floats(o, 2, halves);
}

static void integers_of_every_width_become_int64(void **state)
{
    (void)state;
    const int64_t wide[2] = {1, -1};
    const int32_t narrow[2] = {1, -1};
    const int8_t tiny[2] = {1, -1};
    const struct {
        int type;
        const void *raw;
        size_t size;
    } cases[] = {{7, wide, sizeof wide}, {6, narrow, sizeof narrow}, {3, tiny, sizeof tiny}};
    for (size_t i = 0; i < RT_COUNT(cases); i++) {
        struct one *o = with_input();
        put_tensor(&o->graph, 5, "s", cases[i].type, "2", cases[i].raw, cases[i].size);
        put_node(&o->graph, "Reshape", "", "x s", "y", "");
        put_value(&o->graph, 12, "y", 1, "");
        struct rt_graph *g = read_graph(o, 13);
        assert_string_equal(dump_graph(g, &o->dump), "y=reshape(x) shape=1,-1");
        rt_graph_free(g);
        free(o);
    }
}

static void constants_come_as_nodes_in_every_form(void **state)
{
    (void)state;
    struct one *o = with_input();
    put_node(&o->graph, "Constant", "", "", "two", "value_float:f=2");
    put_node(&o->graph, "Constant", "", "", "list", "value_floats:F=1 2 3");
    put_node(&o->graph, "Constant", "", "", "axes", "value_ints:I=2 3");
    put_node(&o->graph, "Mul", "", "x two", "m", "");
    put_node(&o->graph, "ReduceSum", "", "m axes", "y", "");
    put_value(&o->graph, 12, "y", 1, "");
    struct rt_graph *g = read_graph(o, 13);
    assert_string_equal(dump_graph(g, &o->dump), "m=mul(x,two); y=reduce_sum(m) axes=2,3");
    assert_int_equal(g->param_count, 1);
    assert_int_equal(g->params[0].flags, RT_FIXED);
    assert_int_equal(g->params[0].tensor->shape.ndim, 0);
    rt_graph_free(g);
    free(o);
}

static void weights_in_constant_nodes_are_trained(void **state)
{
    (void)state;
    struct one *o = with_input();
    put_node(&o->graph, "Constant", "", "", "slope", "value_floats:F=0.25");
    put_node(&o->graph, "PRelu", "", "x slope", "y", "");
    put_value(&o->graph, 12, "y", 1, "");
    struct rt_graph *g = read_graph(o, 13);
    assert_int_equal(g->params[0].flags, 0);
    rt_graph_free(g);
    free(o);
}

/* ---- graphs ---- */

static void constants_listed_as_inputs_are_constants(void **state)
{
    (void)state;
    const float v[1] = {2};
    struct one *o = with_input();
    put_value(&o->graph, 11, "w", 1, "1");
    put_floats(&o->graph, "w", "1", 1, v);
    put_node(&o->graph, "Mul", "", "x w", "y", "");
    put_value(&o->graph, 12, "y", 1, "");
    struct rt_graph *g = read_graph(o, 13);
    assert_int_equal(g->node_count, 2);
    assert_int_equal(g->nodes[0].declared.dim[1], 3);
    assert_int_equal(g->nodes[0].declared.dim[2], -1);
    rt_graph_free(g);
    free(o);
}

static void names_are_those_that_people_type(void **state)
{
    (void)state;
    static const struct {
        const char *node, *value, *want, *other;
    } cases[] = {
        {"", "relu1_1", "relu1_1", NULL},
        {"Relu_12", "relu1_1", "relu1_1", "Relu_12"},
        {"17", "relu1_1", "relu1_1", "17"},
        {"relu1_1", "42", "relu1_1", "42"},
        {"/features/relu", "/features/relu_output_0", "/features/relu", "/features/relu_output_0"},
        {"layer/relu", "layer/relu:0", "layer/relu", "layer/relu:0"},
        {"a", "b", "a", "b"}};
    for (size_t i = 0; i < RT_COUNT(cases); i++) {
        struct one *o = with_input();
        put_node(&o->graph, "Relu", cases[i].node, "x", cases[i].value, "");
        put_node(&o->graph, "Abs", "last", cases[i].value, "y", "");
        put_value(&o->graph, 12, "y", 1, "");
        struct rt_graph *g = read_graph(o, 13);
        assert_string_equal(g->nodes[1].name, cases[i].want);
        if (cases[i].other)
            assert_string_equal(g->nodes[1].value, cases[i].other);
        else
            assert_null(g->nodes[1].value);
        assert_string_equal(g->nodes[2].name, "y"); /* an output keeps its name */
        rt_graph_free(g);
        free(o);
    }
}

static void equal_names_of_nodes_are_told_apart(void **state)
{
    (void)state;
    struct one *o = with_input();
    put_node(&o->graph, "Relu", "act", "x", "a", "");
    put_node(&o->graph, "Abs", "act", "a", "b", "");
    put_node(&o->graph, "Neg", "y", "b", "c", ""); /* not its name: the output's */
    put_node(&o->graph, "Exp", "e", "c", "y", "");
    put_value(&o->graph, 12, "y", 1, "");
    struct rt_graph *g = read_graph(o, 13);
    assert_string_equal(dump_graph(g, &o->dump),
                        "act=relu(x); act_2=abs(act); c=neg(act_2); y=exp(c)");
    rt_graph_free(g);
    free(o);
}

static void metadata_are_kept_and_the_producer_is_told(void **state)
{
    (void)state;
    struct rt_graph *g = NULL;
    struct one *o = with_input();
    put_node(&o->graph, "Relu", "", "x", "y", "");
    put_value(&o->graph, 12, "y", 1, "");
    struct bytes *entry = calloc(1, sizeof *entry);
    put_text(entry, 1, "impasto.range");
    put_text(entry, 2, "0 255");
    put_model(&o->model, &o->graph, 13);
    put_message(&o->model, 14, entry);
    assert_int_equal(rt_onnx_read(o->model.data, o->model.size, NULL, &g, &o->err), IMP_OK);
    assert_string_equal(rt_graph_meta(g, "impasto.range"), "0 255");
    assert_string_equal(rt_graph_meta(g, "onnx.producer"), "by hand");
    assert_string_equal(rt_graph_meta(g, "onnx.opset"), "13");
    rt_graph_free(g);
    free(entry);
    free(o);
}

/* ---- refusals ---- */

static void all_that_is_not_supported_is_named_at_once(void **state)
{
    (void)state;
    struct one *o = with_input();
    put_node(&o->graph, "Erf", "first", "x", "a", "");
    put_node(&o->graph, "Erf", "second", "a", "b", "");
    put_node(&o->graph, "Sinh", "third", "b", "c", "");
    put_node(&o->graph, "Cast", "fourth", "c", "y", "to:i=8");
    put_tensor(&o->graph, 5, "words", 8, "0", "", 0);
    put_value(&o->graph, 12, "y", 1, "");
    refused(
        o, 13, IMP_E_UNSUPPORTED,
        "not supported: Erf (2, first 'first'), Sinh (1, first 'third'), a Cast to "
        "a value of type string (1, first 'fourth'), a tensor of type string (1, first 'words')");
}

static void operator_sets_out_of_range_are_refused(void **state)
{
    (void)state;
    refused(with_input(), 6, IMP_E_UNSUPPORTED, "operator set 6; 7 to 22 are read");
    refused(with_input(), 23, IMP_E_UNSUPPORTED, "operator set 23; 7 to 22 are read");
}

static void wires_that_lead_nowhere_are_refused(void **state)
{
    (void)state;
    struct one *o = with_input();
    put_node(&o->graph, "Add", "loop", "x late", "early", "");
    put_node(&o->graph, "Relu", "", "early", "late", "");
    refused(o, 13, IMP_E_INPUT,
            "node 'loop' (Add): it reads 'late', which node 1 makes only later");
    o = with_input();
    put_node(&o->graph, "Relu", "", "nobody", "y", "");
    refused(o, 13, IMP_E_INPUT,
            "node 'y' (Relu): it reads 'nobody', which nothing in the file makes");
    o = with_input();
    put_node(&o->graph, "Relu", "", "x", "y", "");
    put_value(&o->graph, 12, "z", 1, "");
    refused(o, 13, IMP_E_INPUT, "output 'z' is made by no node");
}

static void names_given_twice_are_refused(void **state)
{
    (void)state;
    const float v[1] = {1};
    struct one *o = with_input();
    put_floats(&o->graph, "w", "1", 1, v);
    put_floats(&o->graph, "w", "1", 1, v);
    put_node(&o->graph, "Relu", "", "x", "y", "");
    refused(o, 13, IMP_E_INPUT, "two values are called 'w'");
    o = with_input();
    put_node(&o->graph, "Relu", "", "x", "y", "");
    put_node(&o->graph, "Abs", "", "x", "y", "");
    refused(o, 13, IMP_E_INPUT, "two values are called 'y'");
    o = with_input();
    put_node(&o->graph, "Elu", "", "x", "y", "alpha:f=1;alpha:f=2");
    refused(o, 13, IMP_E_INPUT, "its attribute alpha is there twice");
}

static void tensors_that_claim_what_is_not_there_are_refused(void **state)
{
    (void)state;
    const float v[2] = {1, 2};
    static const struct {
        const char *dims, *word;
    } cases[] = {
        {"3", "tensor 'w': 3 of float takes 12 bytes, the file has 8"},
        {"-2", "tensor 'w': axis 0 has -2 elements"},
        {"536870912", "takes 2147483648 bytes, the file has 8"},
        {"4294967296 4294967296", "tensor 'w' claims more elements than any memory has"},
        {"1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 2", "tensor 'w' has 17 axes, at most 16 are read"},
    };
    for (size_t i = 0; i < RT_COUNT(cases); i++) {
        struct one *o = with_input();
        put_floats(&o->graph, "w", cases[i].dims, 2, v);
        put_node(&o->graph, "Add", "", "x w", "y", "");
        refused(o, 13, i == 4 ? IMP_E_UNSUPPORTED : IMP_E_INPUT, cases[i].word);
    }
}

static void doubles_too_large_and_numbers_that_are_none_are_refused(void **state)
{
    (void)state;
    const double large[2] = {1, 1e300};
    const uint16_t none[2] = {0x3c00, 0x7e00};
    struct one *o = with_input();
    put_tensor(&o->graph, 5, "w", 11, "2", large, sizeof large);
    put_node(&o->graph, "Add", "", "x w", "y", "");
    refused(o, 13, IMP_E_INPUT, "tensor 'w': number 1 is 1e+300, too large for float32");
    o = with_input();
    put_tensor(&o->graph, 5, "w", 10, "2", none, sizeof none);
    put_node(&o->graph, "Add", "", "x w", "y", "");
    refused(o, 13, IMP_E_INPUT, "tensor 'w': 1 of 2 values are NaN or infinite");
}

static void inputs_that_are_no_pictures_are_refused(void **state)
{
    (void)state;
    struct one *o = fresh();
    put_value(&o->graph, 11, "x", 7, "1");
    put_node(&o->graph, "Relu", "", "x", "y", "");
    refused(o, 13, IMP_E_UNSUPPORTED, "input 'x' is of type int64");
    o = with_input();
    put_value(&o->graph, 11, "scales", 1, "4");
    put_node(&o->graph, "Resize", "", "x - scales", "y", "");
    refused(o, 13, IMP_E_UNSUPPORTED,
            "its scales must be known before it runs, and 'scales' is an");
    o = fresh();
    put_value(&o->graph, 11, "x", 1, "1 -3");
    put_node(&o->graph, "Relu", "", "x", "y", "");
    refused(o, 13, IMP_E_INPUT, "input 'x': axis 1 has -3 elements");
}

static void attributes_that_mean_something_else_are_refused(void **state)
{
    (void)state;
    static const struct {
        const char *op, *attrs, *word;
    } cases[] = {
        {"Elu", "alpha:i=1", "(Elu): its attribute alpha has another type"},
        {"Elu", "beta:f=1", "(Elu): its attribute beta, with this value, is not supported"},
        {"MaxPool", "kernel_shape:I=2 2;auto_pad:s=SAME",
         "its auto_pad is 'same', known are notset|"},
    };
    for (size_t i = 0; i < RT_COUNT(cases); i++) {
        struct one *o = with_input();
        put_node(&o->graph, cases[i].op, "", "x", "y", cases[i].attrs);
        struct rt_graph *g = NULL;
        put_model(&o->model, &o->graph, 13);
        assert_int_not_equal(rt_onnx_read(o->model.data, o->model.size, NULL, &g, &o->err), IMP_OK);
        if (!strstr(o->text, cases[i].word))
            fail_msg("'%s' is not in: %s", cases[i].word, o->text);
        free(o);
    }
}

/* Fails with a text that holds the word. */
static void bytes_refused(const struct bytes *b, const char *word)
{
    char text[1024] = "";
    imp_error err = {.struct_size = sizeof err, .text_cap = sizeof text, .text = text};
    struct rt_graph *g = NULL;
    assert_int_not_equal(rt_onnx_read(b->data, b->size, "a/file.onnx", &g, &err), IMP_OK);
    if (!strstr(text, word) || strstr(text, "a/file.onnx")) /* the caller names the file, once */
        fail_msg("'%s' is not in: %s", word, text);
}

static void bytes_are_checked_before_anything_is_unpacked(void **state)
{
    (void)state;
    struct bytes *b = calloc(2, sizeof *b), *deep = &b[1];
    bytes_refused(b, "the file is empty");
    put_varint(b, 7 << 3 | 2);
    put_varint(b, INT64_C(2) << 30);
    put(b, "x", 1);
    bytes_refused(b, "byte 1: graph of a ModelProto claims 2147483648 bytes, 1 are left");
    b->size = 0;
    put_int(b, 7, 1);
    bytes_refused(b, "byte 0: graph of a ModelProto has another type in the schema");
    b->size = 0;
    put_text(b, 2, "\xc3(");
    bytes_refused(b, "byte 2: the text producer_name of a ModelProto is not UTF-8");
    b->size = 0;
    put_block(b, 7, "", 0);
    put_block(b, 7, "", 0);
    bytes_refused(b, "byte 2: a second graph in one ModelProto");
    b->size = 0;
    put(b, "\x07", 1);
    bytes_refused(b, "byte 0: no field of a ModelProto begins here");
    b->size = 0;
    for (int i = 0; i < 40; i++) { /* a graph in an attribute in a node in a graph ... */
        const unsigned fields[3] = {6, 5, 1};
        for (int k = 0; k < 3; k++) {
            deep->size = 0;
            put_message(deep, fields[k], b);
            *b = *deep;
        }
    }
    deep->size = 0;
    put_message(deep, 7, b);
    bytes_refused(deep, "graphs nested deeper than 48 messages");
    free(b);
}

/* A file with something of everything. */
static struct one *rich(void)
{
    const float w[9] = {1, 2, 3, 4, 5, 6, 7, 8, 9}, up[4] = {1, 1, 2, 2};
    const int64_t pads[8] = {0, 0, 1, 1, 0, 0, 1, 1};
    struct one *o = with_input();
    put_floats(&o->graph, "w", "3 3 1 1", 9, w);
    put_floats(&o->graph, "b", "3", 3, w);
    put_floats(&o->graph, "up", "4", 4, up);
    put_integers(&o->graph, "pads", "8", 8, pads);
    put_node(&o->graph, "Conv", "conv", "x w b", "c", "kernel_shape:I=1 1;auto_pad:s=VALID");
    put_node(&o->graph, "Clip", "", "c", "r6", "");
    put_node(&o->graph, "Pad", "", "r6 pads", "p", "mode:s=edge");
    put_node(&o->graph, "Resize", "", "p - up", "u", "mode:s=linear");
    put_node(&o->graph, "Split", "", "u", "s0 s1 s2", "axis:i=1");
    put_node(&o->graph, "Concat", "", "s2 s0", "cat", "axis:i=1");
    put_node(&o->graph, "Constant", "", "", "half", "value_float:f=0.5");
    put_node(&o->graph, "Mul", "", "cat half", "m", "");
    put_node(&o->graph, "Softmax", "", "m", "y", "axis:i=1");
    put_value(&o->graph, 12, "y", 1, "1 2 H W");
    put_value(&o->graph, 12, "u", 1, "1 3 H W");
    put_model(&o->model, &o->graph, 13);
    return o;
}

static void every_cut_of_a_file_is_refused_or_whole(void **state)
{
    (void)state;
    struct one *o = rich();
    unsigned whole = 0;
    for (size_t n = 0; n <= o->model.size; n++) {
        struct rt_graph *g = NULL;
        uint8_t *copy = malloc(n ? n : 1);
        memcpy(copy, o->model.data, n);
        if (rt_onnx_read(copy, n, NULL, &g, &o->err) == IMP_OK)
            whole++;
        else
            assert_null(g);
        rt_graph_free(g);
        free(copy);
    }
    assert_int_equal(whole, 1);
    free(o);
}

static void flipped_bits_do_no_harm(void **state)
{
    (void)state;
    struct one *o = rich();
    for (size_t i = 0; i < o->model.size * 8; i++) {
        struct rt_graph *g = NULL;
        void *again = NULL;
        size_t size;
        o->model.data[i / 8] ^= (uint8_t)(1u << i % 8);
        if (rt_onnx_read(o->model.data, o->model.size, NULL, &g, &o->err) == IMP_OK &&
            rt_onnx_write(g, &again, &size, &o->err) == IMP_OK)
            free(again);
        rt_graph_free(g);
        o->model.data[i / 8] ^= (uint8_t)(1u << i % 8);
    }
    free(o);
}

/* ---- data outside the file ---- */

static void put_external(struct bytes *graph, const char *location, const char *offset,
                         const char *length)
{
    struct bytes *t = calloc(1, sizeof *t);
    const char *entries[] = {"location", location, "offset", offset, "length", length};
    put_int(t, 1, 3);
    put_int(t, 2, 1);
    put_text(t, 8, "w");
    for (int i = 0; i < 6; i += 2) {
        struct bytes *e = calloc(1, sizeof *e);
        put_text(e, 1, entries[i]);
        put_text(e, 2, entries[i + 1]);
        if (*entries[i + 1])
            put_message(t, 13, e);
        free(e);
    }
    put_int(t, 14, 1);
    put_message(graph, 5, t);
    free(t);
}

static void external(const char *folder, const char *location, const char *offset,
                     const char *length, const char *word)
{
    char path[512];
    struct rt_graph *g = NULL;
    struct one *o = with_input();
    snprintf(path, sizeof path, "%s/in/model.onnx", folder);
    put_external(&o->graph, location, offset, length);
    put_node(&o->graph, "Add", "", "x w", "y", "");
    put_model(&o->model, &o->graph, 13);
    const imp_status st = rt_onnx_read(o->model.data, o->model.size, path, &g, &o->err);
    if ((st == IMP_OK) != (word == NULL) || (word && !strstr(o->text, word)))
        fail_msg("%s at %s: %s", location, offset, o->text);
    if (st == IMP_OK)
        assert_float_equal(rt_floats(g->params[0].tensor)[2], 4, 0);
    rt_graph_free(g);
    free(o);
}

static void data_beside_the_file_are_read_and_no_others(void **state)
{
    (void)state;
    const float v[5] = {1, 2, 3, 4, 5};
    char folder[] = "/tmp/impasto-onnx-XXXXXX", command[256], path[256];
    assert_non_null(mkdtemp(folder));
    snprintf(command, sizeof command, "mkdir -p %s/in/sub && ln -s ../above %s/in/link", folder,
             folder);
    assert_int_equal(system(command), 0);
    static const char *const names[] = {"in/beside", "in/sub/below", "above"};
    for (size_t i = 0; i < RT_COUNT(names); i++) {
        snprintf(path, sizeof path, "%s/%s", folder, names[i]);
        FILE *f = fopen(path, "wb");
        assert_non_null(f);
        assert_int_equal(fwrite(v, sizeof v, 1, f), 1);
        fclose(f);
    }
    external(folder, "beside", "4", "12", NULL);
    external(folder, "beside", "4", "", NULL);
    external(folder, "sub/below", "4", "12", NULL);
    external(folder, "beside", "9", "12", "tensor 'w': bytes 9 to 21 of 'beside', which has 20");
    external(folder, "beside", "18446744073709551615", "12",
             "is '18446744073709551615', not a number");
    external(folder, "beside", "4", "8", "its shape takes 12 bytes, its external length is 8");
    external(folder, "../above", "4", "12", "only files beside the model are read");
    external(folder, "sub/../../above", "4", "12", "only files beside the model are read");
    external(folder, "/etc/passwd", "0", "12", "only files beside the model are read");
    external(folder, "link", "4", "12", "is a link out of the model's folder");
    external(folder, "sub", "0", "12", "is no plain file");
    external(folder, "nothing", "0", "12", "which is not beside the model");
    snprintf(command, sizeof command, "rm -r %s", folder);
    assert_int_equal(system(command), 0);
}

/* ---- writing ---- */

/* What is read of a network that was written dumps like the network. */
static void check_again(struct one *o, const struct rt_graph *g)
{
    char first[8192];
    void *data;
    size_t size;
    struct rt_graph *again = NULL;
    snprintf(first, sizeof first, "%s", dump_graph(g, &o->dump));
    if (rt_onnx_write(g, &data, &size, &o->err) != IMP_OK ||
        rt_onnx_read(data, size, NULL, &again, &o->err) != IMP_OK)
        fail_msg("%s", o->text);
    assert_string_equal(dump_graph(again, &o->dump), first);
    assert_int_equal(again->param_count, g->param_count);
    for (uint32_t i = 0; i < g->param_count; i++) {
        const int64_t p = rt_graph_find_param(again, g->params[i].name);
        assert_true(p >= 0);
        assert_int_equal(again->params[p].flags, g->params[i].flags);
        assert_int_equal(again->params[p].tensor->count, g->params[i].tensor->count);
    }
    for (uint32_t i = 0; i < g->node_count; i++)
        assert_int_equal(again->nodes[i].flags, g->nodes[i].flags);
    assert_memory_equal(&again->nodes[0].declared, &g->nodes[0].declared,
                        sizeof g->nodes[0].declared);
    rt_graph_free(again);
    free(data);
}

static void a_network_written_is_the_network_read(void **state)
{
    (void)state;
    struct one *o = rich();
    struct rt_graph *g = read_graph(o, 13);
    assert_true(rt_graph_set_meta(g, "impasto.input", "bgr"));
    check_again(o, g);
    rt_graph_free(g);
    free(o);
}

static void every_operator_is_written_and_read(void **state)
{
    (void)state;
    static const struct {
        const char *op, *in, *out, *attrs;
        int opset;
    } cases[] = {
        {"ConvTranspose", "x w", "y", "strides:I=2 2;output_padding:I=1 1", 13},
        {"MatMul", "x m", "y", "", 13},
        {"Gemm", "rows m v", "y", "alpha:f=0.5;transB:i=1", 13},
        {"LeakyRelu", "x", "y", "alpha:f=0.2", 13},
        {"PRelu", "x s", "y", "", 13},
        {"Elu", "x", "y", "alpha:f=2", 13},
        {"HardSwish", "x", "y", "", 14},
        {"Gelu", "x", "y", "approximate:s=tanh", 20},
        {"LogSoftmax", "x", "y", "axis:i=1", 13},
        {"Clip", "x", "y", "", 13},
        {"MaxPool", "x", "y", "kernel_shape:I=2 3;strides:I=2 1;pads:I=1 0 1 0;ceil_mode:i=1", 13},
        {"AveragePool", "x", "y", "kernel_shape:I=3 3;auto_pad:s=SAME_UPPER;count_include_pad:i=1",
         13},
        {"BatchNormalization", "x v v v v", "y", "epsilon:f=0.125;momentum:f=0.5", 13},
        {"InstanceNormalization", "x v v", "y", "epsilon:f=0.125", 13},
        {"LayerNormalization", "x m", "y", "axis:i=-2", 17},
        {"LRN", "x", "y", "size:i=3;alpha:f=0.5", 13},
        {"Dropout", "x r", "y", "", 13},
        {"Div", "x v1", "y", "", 13},
        {"Slice", "x one two", "y", "", 13},
        {"Flatten", "x", "y", "axis:i=2", 13},
        {"Reshape", "x shape", "y", "", 13},
        {"Transpose", "x", "y", "perm:I=0 2 3 1", 13},
        {"Squeeze", "x zero", "y", "", 13},
        {"Unsqueeze", "x zero", "y", "", 13},
        {"Resize", "x - - sizes", "y", "mode:s=cubic;cubic_coeff_a:f=-0.5", 13},
        {"ReduceMean", "x", "y", "axes:I=1;keepdims:i=0", 13},
        {"ReduceMax", "x one", "y", "", 18},
        {"Cast", "x", "y", "to:i=1", 13},
        {"Gather", "x one", "y", "axis:i=1", 13},
    };
    for (size_t i = 0; i < RT_COUNT(cases); i++) {
        const float f[9] = {1, 2, 3, 4, 5, 6, 7, 8, 0.25f};
        const int64_t n[4] = {0, 1, 2, 0}, shape[2] = {1, -1}, sizes[4] = {1, 3, 8, 8};
        struct one *o = fresh();
        put_value(&o->graph, 11, "x", 1, "1 3 4 3");
        put_node(&o->graph, "Reshape", "", "x rs", "rows", "");
        put_integers(&o->graph, "rs", "2", 2, (const int64_t[2]){-1, 3});
        put_floats(&o->graph, "w", "3 3 1 1", 9, f);
        put_floats(&o->graph, "m", "3 3", 9, f);
        put_floats(&o->graph, "v", "3", 3, f);
        put_floats(&o->graph, "v1", "3 1 1", 3, f);
        put_floats(&o->graph, "s", "3 1 1", 3, f);
        put_floats(&o->graph, "r", "", 1, f + 8);
        put_integers(&o->graph, "zero", "1", 1, n);
        put_integers(&o->graph, "one", "1", 1, n + 1);
        put_integers(&o->graph, "two", "1", 1, n + 2);
        put_integers(&o->graph, "shape", "2", 2, shape);
        put_integers(&o->graph, "sizes", "4", 4, sizes);
        put_node(&o->graph, cases[i].op, "", cases[i].in, cases[i].out, cases[i].attrs);
        put_value(&o->graph, 12, "y", 1, "");
        struct rt_graph *g = read_graph(o, cases[i].opset);
        check_again(o, g);
        rt_graph_free(g);
        free(o);
    }
}

static void a_flat_softmax_is_written_as_what_it_means(void **state)
{
    (void)state;
    void *data;
    size_t size;
    struct rt_graph *again = NULL;
    struct one *o = with_input();
    put_node(&o->graph, "Softmax", "", "x", "y", "");
    put_value(&o->graph, 12, "y", 1, "");
    struct rt_graph *g = read_graph(o, 12);
    assert_int_equal(rt_onnx_write(g, &data, &size, &o->err), IMP_OK);
    assert_int_equal(rt_onnx_read(data, size, NULL, &again, &o->err), IMP_OK);
    assert_string_equal(
        dump_graph(again, &o->dump),
        "y.shape=shape(x); y.flat=flatten(x) axis=1; y.rows=softmax(y.flat) axis=1; "
        "y=reshape(y.rows,y.shape)");
    free(data);
    rt_graph_free(again);
    rt_graph_free(g);
    free(o);
}

static void one_number_of_a_text_is_written_for_every_axis(void **state)
{
    (void)state;
    void *data;
    size_t size;
    struct rt_graph *again = NULL;
    struct one *o = with_input();
    put_node(&o->graph, "MaxPool", "", "x", "y", "kernel_shape:I=3");
    put_value(&o->graph, 12, "y", 1, "");
    struct rt_graph *g = read_graph(o, 13);
    assert_true(rt_set_int(&g->nodes[1], "pad", 1));
    assert_int_equal(rt_onnx_write(g, &data, &size, &o->err), IMP_OK);
    assert_int_equal(rt_onnx_read(data, size, NULL, &again, &o->err), IMP_OK);
    assert_string_equal(dump_graph(again, &o->dump), "y=max_pool(x) kernel=3,3 pad=1,1,1,1");
    free(data);
    rt_graph_free(again);
    rt_graph_free(g);
    free(o);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(floats_of_every_width_become_float32),
        cmocka_unit_test(listed_numbers_are_as_good_as_raw_ones),
        cmocka_unit_test(integers_of_every_width_become_int64),
        cmocka_unit_test(constants_come_as_nodes_in_every_form),
        cmocka_unit_test(weights_in_constant_nodes_are_trained),
        cmocka_unit_test(constants_listed_as_inputs_are_constants),
        cmocka_unit_test(names_are_those_that_people_type),
        cmocka_unit_test(equal_names_of_nodes_are_told_apart),
        cmocka_unit_test(metadata_are_kept_and_the_producer_is_told),
        cmocka_unit_test(all_that_is_not_supported_is_named_at_once),
        cmocka_unit_test(operator_sets_out_of_range_are_refused),
        cmocka_unit_test(wires_that_lead_nowhere_are_refused),
        cmocka_unit_test(names_given_twice_are_refused),
        cmocka_unit_test(tensors_that_claim_what_is_not_there_are_refused),
        cmocka_unit_test(doubles_too_large_and_numbers_that_are_none_are_refused),
        cmocka_unit_test(inputs_that_are_no_pictures_are_refused),
        cmocka_unit_test(attributes_that_mean_something_else_are_refused),
        cmocka_unit_test(bytes_are_checked_before_anything_is_unpacked),
        cmocka_unit_test(every_cut_of_a_file_is_refused_or_whole),
        cmocka_unit_test(flipped_bits_do_no_harm),
        cmocka_unit_test(data_beside_the_file_are_read_and_no_others),
        cmocka_unit_test(a_network_written_is_the_network_read),
        cmocka_unit_test(every_operator_is_written_and_read),
        cmocka_unit_test(a_flat_softmax_is_written_as_what_it_means),
        cmocka_unit_test(one_number_of_a_text_is_written_for_every_axis),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
