/* test_rt_arch.c - architecture texts: what they say, all mistakes at once, drawn weights, and that every graph
 * comes back as it was. */
#include <formats/arch_text.h>
#include <formats/formats.h>
#include <impasto/kit.h>
#include <locale.h>
#include <math.h>

#include "rt_same_graph.h"

enum { ROOM = 8192 };

struct outcome {
    struct rt_graph *graph;
    imp_status status;
    char text[ROOM];
};

static struct outcome read_with(const char *text, rt_tensor_source *source, void *user, uint64_t seed)
{
    struct outcome o = {0};
    imp_error err = {.struct_size = sizeof err, .text_cap = ROOM, .text = o.text};
    o.status = rt_arch_read(text, strlen(text), source, user, seed, &o.graph, &err);
    return o;
}

static struct rt_graph *drawn(const char *text, uint64_t seed)
{
    struct outcome o = read_with(text, NULL, NULL, seed);
    if (o.status != IMP_OK)
        fail_msg("%s", o.text);
    return o.graph;
}

static const struct rt_param *param_of(const struct rt_graph *g, const char *name)
{
    const int64_t i = rt_graph_find_param(g, name);
    if (i < 0)
        fail_msg("no parameter '%s'", name);
    return &g->params[i];
}

static const struct rt_node *node_named(const struct rt_graph *g, const char *name)
{
    const int64_t i = rt_graph_find_node(g, name);
    if (i < 0)
        fail_msg("no node '%s'", name);
    return &g->nodes[i];
}

static void expect_shape(const struct rt_graph *g, const char *name, const char *shape)
{
    char text[200];
    assert_string_equal(rt_shape_text(&param_of(g, name)->tensor->shape, text, sizeof text), shape);
}

#define HEAD "[network]\nformat = 1\n"
#define PICTURE HEAD "[picture]\nop = input\nshape = N 3 H W\n"

/* ---- what a text says ---- */

static void a_chain_needs_no_wires(void **state)
{
    (void)state;
    struct rt_graph *g = drawn(PICTURE "[conv1]\nop = conv\nfilters = 5\nkernel = 3\npad = 1\n"
                                       "[relu1]\nop = relu\n", 1);
    assert_int_equal(g->node_count, 3);
    assert_int_equal(g->nodes[0].flags, IMP_NN_INPUT);
    assert_int_equal(g->nodes[0].declared.ndim, 4);
    assert_int_equal(g->nodes[0].declared.dim[0], -1);
    assert_int_equal(g->nodes[0].declared.dim[1], 3);
    assert_int_equal(g->nodes[1].inputs[0], 0);
    assert_int_equal(g->nodes[2].inputs[0], 1);
    assert_int_equal(g->nodes[2].flags, IMP_NN_OUTPUT);
    expect_shape(g, "conv1.weight", "5 x 3 x 3 x 3");
    expect_shape(g, "conv1.bias", "5");
    rt_graph_free(g);
}

static void wires_outputs_meta_and_names_are_read(void **state)
{
    (void)state;
    struct rt_graph *g = drawn("[network]\nformat = 1\ntitle = Two ways ; a comment\noutputs = b sum\n"
                               "meta.1 = \"odd key\" \"two\\nlines\"\nnote = \" kept \"\n"
                               "[picture]\nop = input\nshape = 1 4 8 8\n"
                               "[a]\nop = relu\nalias = 17\n[b]\nop = sigmoid\nin = picture\nname = \"b \\x3b b\"\n"
                               "[sum]\nop = add\nin = a b\n", 1);
    assert_string_equal(rt_graph_meta(g, "title"), "Two ways");
    assert_string_equal(rt_graph_meta(g, "odd key"), "two\nlines");
    assert_string_equal(rt_graph_meta(g, "note"), " kept ");
    assert_null(rt_graph_meta(g, "format"));
    assert_int_equal(node_named(g, "b ; b")->flags, IMP_NN_OUTPUT);
    assert_int_equal(rt_graph_find_node(g, "17"), 1);
    assert_int_equal(g->nodes[3].inputs[0], 1);
    assert_int_equal(g->nodes[3].inputs[1], 2);
    assert_int_equal(g->nodes[1].flags, 0);
    rt_graph_free(g);
}

static void slots_are_named_shared_or_left_open(void **state)
{
    (void)state;
    struct rt_graph *g = drawn("[network]\nformat = 1\n[x]\nop = input\nshape = N 4 H W\n"
                               "[a]\nop = conv\nfilters = 4\nkernel = 3\nbias = no\n"
                               "[b]\nop = conv\nfilters = 4\nkernel = 3\nweight = a.weight\nbias = \"shared bias\"\n"
                               "[c]\nop = conv\nfilters = 4\nkernel = 3\nin = b @a.weight @\"shared bias\"\n"
                               "fixed = \n", 1);
    assert_int_equal(g->param_count, 2);
    assert_int_equal(g->nodes[1].input_count, 2);
    assert_int_equal(g->nodes[2].inputs[1], g->nodes[1].inputs[1]);
    assert_int_equal(g->nodes[3].inputs[1], g->nodes[1].inputs[1]);
    assert_int_equal(g->nodes[3].inputs[2], g->nodes[2].inputs[2]);
    expect_shape(g, "shared bias", "4");
    rt_graph_free(g);
}

static void constants_stand_in_the_text(void **state)
{
    (void)state;
    struct rt_graph *g = drawn(HEAD "[x]\nop = input\nshape = 2 6\n"
                               "[shape]\nop = constant\nvalue = 3 -1\ntype = i64\n"
                               "[half]\nop = constant\nvalue = 0.5\n"
                               "[grid]\nop = constant\nvalue = 1 2 3 4\nshape = 2 2\n"
                               "[again]\nop = reshape\nin = x shape\n[y]\nop = mul\nin = again half\n", 1);
    const struct rt_param *shape = param_of(g, "shape.value"), *half = param_of(g, "half.value");
    assert_int_equal(shape->tensor->dtype, IMP_I64);
    assert_int_equal(rt_integers(shape->tensor)[1], -1);
    assert_int_equal(shape->flags, RT_FIXED);
    assert_int_equal(half->tensor->shape.ndim, 0);
    assert_true(rt_floats(half->tensor)[0] == 0.5f);
    expect_shape(g, "grid.value", "2 x 2");
    rt_graph_free(g);
}

static void shapes_of_weights_follow_from_the_graph(void **state)
{
    (void)state;
    struct rt_graph *g = drawn(HEAD "[x]\nop = input\nshape = N 6 16 12\n"
                               "[c]\nop = conv\nfilters = 8\nkernel = 3 1\ngroups = 2\n[n]\nop = batch_norm\n"
                               "[t]\nop = conv_transpose\nfilters = 4\nkernel = 2\nstride = 2\ngroups = 2\n"
                               "[p]\nop = prelu\n[i]\nop = instance_norm\n[f]\nop = flatten\n"
                               "[g]\nop = gemm\nunits = 7\n[h]\nop = gemm\nunits = 5\ntrans_b = yes\n"
                               "[l]\nop = layer_norm\n", 1);
    expect_shape(g, "c.weight", "8 x 3 x 3 x 1");
    expect_shape(g, "n.running_var", "8");
    expect_shape(g, "t.weight", "8 x 2 x 2 x 2");
    expect_shape(g, "t.bias", "4");
    expect_shape(g, "p.weight", "4 x 1 x 1");
    expect_shape(g, "i.weight", "4");
    expect_shape(g, "g.weight", "2688 x 7");
    expect_shape(g, "h.weight", "5 x 7");
    expect_shape(g, "h.bias", "5");
    expect_shape(g, "l.weight", "5");
    assert_int_equal(param_of(g, "n.running_mean")->flags, RT_FIXED);
    assert_int_equal(param_of(g, "n.weight")->flags, 0);
    rt_graph_free(g);
}

/* ---- drawing ---- */

static double deviation(const struct rt_tensor *t)
{
    double sum = 0, square = 0;
    for (int64_t i = 0; i < t->count; i++) {
        sum += (double)rt_floats(t)[i];
        square += (double)rt_floats(t)[i] * (double)rt_floats(t)[i];
    }
    sum /= (double)t->count;
    return sqrt(square / (double)t->count - sum * sum);
}

#define NET "[c]\nop = conv\nfilters = 64\nkernel = 3\n[n]\nop = batch_norm\n[r]\nop = relu\n" \
            "[d]\nop = conv\nfilters = 64\nkernel = 3\n[s]\nop = sigmoid\n"

static void weights_are_he_normal_and_the_rest_begins_neutral(void **state)
{
    (void)state;
    struct rt_graph *g = drawn(HEAD "[x]\nop = input\nshape = N 32 H W\n" NET, 3);
    const double before_relu = deviation(param_of(g, "c.weight")->tensor);
    const double before_sigmoid = deviation(param_of(g, "d.weight")->tensor);
    assert_true(fabs(before_relu / sqrt(2.0 / (32 * 9)) - 1) < 0.03);
    assert_true(fabs(before_sigmoid / sqrt(1.0 / (64 * 9)) - 1) < 0.03);
    for (int64_t i = 0; i < 64; i++) {
        assert_true(rt_floats(param_of(g, "c.bias")->tensor)[i] == 0);
        assert_true(rt_floats(param_of(g, "n.weight")->tensor)[i] == 1);
        assert_true(rt_floats(param_of(g, "n.bias")->tensor)[i] == 0);
        assert_true(rt_floats(param_of(g, "n.running_mean")->tensor)[i] == 0);
        assert_true(rt_floats(param_of(g, "n.running_var")->tensor)[i] == 1);
    }
    rt_graph_free(g);
}

static void numbers_depend_on_seed_and_name_alone(void **state)
{
    (void)state;
    struct rt_graph *a = drawn(HEAD "[x]\nop = input\nshape = N 32 H W\n" NET, 3);
    struct rt_graph *b = drawn(HEAD "[x]\nop = input\nshape = N 32 H W\n[first]\nop = conv\nfilters = 32\n"
                                    "kernel = 1\n" NET, 3);
    struct rt_graph *c = drawn(HEAD "[x]\nop = input\nshape = N 32 H W\n" NET, 4);
    same_tensor(param_of(a, "c.weight")->tensor, param_of(b, "c.weight")->tensor, "c.weight");
    const struct rt_tensor *t = param_of(a, "c.weight")->tensor, *u = param_of(c, "c.weight")->tensor;
    assert_true(memcmp(t->data, u->data, 100) != 0);
    assert_true(memcmp(t->data, param_of(a, "d.weight")->tensor->data, 100) != 0);
    rt_graph_free(a);
    rt_graph_free(b);
    rt_graph_free(c);
}

/* ---- the networks that come with Impasto ---- */

/* Parameters that are trained, as torchvision's and timm's documents count them. */
static const struct {
    const char *file;
    int64_t params;
} shipped[] = {
    {"lenet5", 61706},
    {"resnet20-cifar", 269722},
    {"resnet18", 11689512},
    {"resnet34", 21797672},
    {"resnet50", 25557032},
    {"squeezenet1_0", 1248424},
    {"squeezenet1_1", 1235496},
    {"mobilenet_v2", 3504872},
    {"mobilenet_v2-timm", 3504872},
    {"vgg16-features", 14714688},
    {"vgg19-features", 20024384},
};

static char *read_text(const char *path)
{
    FILE *f = fopen(path, "rb");
    char *text = calloc(1, 1 << 20);
    assert_non_null(f);
    assert_non_null(text);
    assert_true(fread(text, 1, (1 << 20) - 1, f) > 0);
    fclose(f);
    return text;
}

static void shipped_architectures_have_as_many_parameters_as_published(void **state)
{
    (void)state;
    char path[80];
    for (size_t i = 0; i < sizeof shipped / sizeof *shipped; i++) {
        snprintf(path, sizeof path, "presets/networks/%s.ini", shipped[i].file);
        char *text = read_text(path);
        struct rt_graph *g = drawn(text, 1);
        int64_t count = 0;
        for (uint32_t k = 0; k < g->param_count; k++)
            count += g->params[k].flags & RT_FIXED ? 0 : g->params[k].tensor->count;
        if (count != shipped[i].params)
            fail_msg("%s: %lld parameters", path, (long long)count);
        assert_non_null(rt_graph_meta(g, "input"));
        assert_non_null(rt_graph_meta(g, "range"));
        rt_graph_free(g);
        free(text);
    }
}

/* ---- mistakes ---- */

static const struct {
    const char *text, *says; /* pieces that the message must hold, "|" between */
} wrong[] = {
    {"", "1:1: an architecture begins with [network]"},
    {"[conv]\nop = conv\n", "1:1: an architecture begins with [network]"},
    {HEAD, "the network has no nodes"},
    {"[network]\n[x]\nop = input\nshape = 1\n", "1:2: [network] has no format"},
    {"[network]\nformat = 2\n[x]\nop = input\nshape = 1\n", "2:10: format 2 is none"},
    {PICTURE "[a]\nkernel = 3\n", "6:2: [a] has no op"},
    {PICTURE "[a]\nop = cnov\n", "7:6: [a] there is no operator 'cnov'; did you mean 'conv'?"},
    {PICTURE "[a]\nop = conv\nkernal = 3\nfilters = 4\nkernel = 3\n", "8:1: [a] conv has no key 'kernal'; did you mean 'kernel'?"},
    {PICTURE "[a]\nop = relu\nzzzzzzzz = 3\n", "8:1: [a] relu has no key 'zzzzzzzz'; it has op in name"},
    {PICTURE "[a]\nop = relu\nin = pictur\n", "8:6: [a] there is no section [pictur]; did you mean 'picture'?"},
    {PICTURE "[a]\nop = add\nin = picture b\n[b]\nop = relu\nin = picture\n", "8:14: [a] needs 'b', which stands later"},
    {PICTURE "[a]\nop = add\n", "6:2: [a] add needs an input 'b'"},
    {PICTURE "[a]\nop = add\nin = picture -\n", "8:6: [a] add needs an input 'b'"},
    {PICTURE "[a]\nop = concat\nin = picture - picture\naxis = 1\n", "8:6: [a] concat needs an input"},
    {PICTURE "[a]\nop = relu\nin = picture picture\n", "8:6: [a] relu takes 1 inputs at most, in has 2"},
    {HEAD "[a]\nop = relu\n", "3:2: [a] relu needs an input, and no section stands before it"},
    {PICTURE "[a]\nop = relu\nname = picture\n", "8:8: two nodes are called 'picture'"},
    {PICTURE "[a]\nop = conv\nfilters = 0\nkernel = 3\n", "8:11: [a] filters: '0' is no whole number from 1 on"},
    {PICTURE "[a]\nop = conv\nkernel = 3\n", "the shape of 'a.weight' cannot be told: write filters = 64"},
    {PICTURE "[a]\nop = conv\nfilters = 8\n", "cannot be told: write kernel = 3"},
    {PICTURE "[a]\nop = conv\nfilters = 8\nkernel = 3 3 3\n", "kernel has one number, or one for each side"},
    {PICTURE "[a]\nop = conv\nfilters = 8\nkernel = 3\nstride = 2 x\n", "10:12: [a] stride: 'x' is no whole number"},
    {PICTURE "[a]\nop = conv\nfilters = 8\nkernel = 3\nweight = no\n", "10:10: [a] conv does not work without 'weight'"},
    {PICTURE "[a]\nop = conv\nfilters = 8\nkernel = 3\ngroups = 2\n", "groups must part channels"},
    {PICTURE "[a]\nop = conv\nfilters = 8\nkernel = 3\nauto_pad = same\n", "10:12: [a] auto_pad: 'same' is none of notset, same_upper, same_lower, valid"},
    {PICTURE "[a]\nop = conv\nfilters = 1000000000\nkernel = 3\n", "values at most"},
    {PICTURE "[a]\nop = leaky_relu\nalpha = 0,1\n", "8:9: [a] alpha: '0,1' is no number"},
    {PICTURE "[a]\nop = leaky_relu\nalpha = 1 2\n", "8:9: [a] alpha: one number, not 2"},
    {PICTURE "[a]\nop = max_pool\nkernel = 2\nceil = maybe\n", "9:8: [a] ceil: 'maybe' is neither yes nor no"},
    {PICTURE "[f]\nop = flatten\n[a]\nop = gemm\nunits = 3\n", "[a] 'a.weight' depends on the size of the picture"},
    {PICTURE "[a]\nop = gemm\nunits = 3\n", "its input has not two axes"},
    {HEAD "[x]\nop = input\n", "3:2: [x] has no shape"},
    {HEAD "[x]\nop = input\nshape = N 0\n", "5:11: [x] shape: '0' is neither a size"},
    {HEAD "[x]\nop = input\nshape = 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1\n", "5:9: [x] shape: 17 axes, 16 at most"},
    {HEAD "[x]\nop = input\nshape = 1 2\n[a]\nop = add\nin = x @w\n", "8:8: [a] 'w' cannot be drawn"},
    {HEAD "[x]\nop = input\nshape = 2 3\n[c]\nop = constant\nvalue = 1 2\nshape = 3\n", "9:9: [c] shape: it holds 3 values, `value` has 2"},
    {HEAD "[x]\nop = input\nshape = 2 3\n[c]\nop = constant\nvalue = 1.5\ntype = i64\n", "8:9: [c] value: '1.5' is no whole number"},
    {HEAD "[x]\nop = input\nshape = 2 3\n[c]\nop = constant\nvalue = 1\ntype = f16\n", "9:8: [c] type: 'f16' is neither f32 nor i64"},
    {HEAD "[x]\nop = input\nshape = 2 3\n[c]\nop = constant\nvalue = 1 2\n[y]\nop = add\nin = x c\n", "9:2: [y] add:"},
    {"[network]\nformat = 1\noutputs = prob\n[x]\nop = input\nshape = 1\n[prop]\nop = relu\n", "3:11: outputs: there is no section [prob]; did you mean 'prop'?"},
    {"[network]\nformat = 1\noutputs =\n[x]\nop = input\nshape = 1\n", "outputs: name a section"},
    {"[network]\nformat = 1\ninput = rbg\n[x]\nop = input\nshape = 1\n", "3:9: input: not 'rbg', but rgb, bgr or grey"},
    {"[network]\nformat = 1\ntitle = \"open\n[x]\nop = input\nshape = 1\n", "3:9: title: a quote that does not end"},
    {"[network]\nformat = 1\nmeta.1 = \"only a key\"\n[x]\nop = input\nshape = 1\n", "3:10: meta.1: a key and its text"},
    {PICTURE "[a]\nop = relu\nfixed = w\n", "8:9: [a] fixed: 'w' is no tensor that this section is the first to use"},
    /* all at once, in order of place; what follows from a mistake is not told */
    {PICTURE "[a]\nop = cnov\n[b]\nop = relu\n[c]\nop = add\nin = b nix\nx y\n[d]\nop = conv\nin = c\nbais = no\n",
     "7:6: [a] there is no operator|\n12:8: [c] there is no section [nix]|\n13:1: neither a [section] nor a key|"
     "\n17:1: [d] conv has no key 'bais'; did you mean 'bias'?"},
};

static void expect_pieces(const char *text, const char *pieces)
{
    char piece[300];
    for (const char *p = pieces; *p;) {
        const size_t n = strcspn(p, "|");
        snprintf(piece, sizeof piece, "%.*s", (int)n, p);
        if (!strstr(text, piece))
            fail_msg("does not say \"%s\":\n%s", piece, text);
        p += n + (p[n] == '|');
    }
}

static void every_mistake_has_its_place_and_its_mending(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        struct outcome o = read_with(wrong[i].text, NULL, NULL, 1);
        if (o.status != IMP_E_INPUT)
            fail_msg("case %zu (%s): status %d", i, wrong[i].says, o.status);
        expect_pieces(o.text, wrong[i].says);
    }
}

static void many_mistakes_are_counted(void **state)
{
    (void)state;
    char *text = malloc(64 * 100 + 64);
    char *at = text + sprintf(text, PICTURE);
    for (int i = 0; i < 100; i++)
        at += sprintf(at, "[n%d]\nop = nothing\n", i);
    struct outcome o = read_with(text, NULL, NULL, 1);
    expect_pieces(o.text, "7:6: [n0]|\nand 60 more");
    free(text);
}

/* ---- tensors of others ---- */

struct given {
    const char *name;
    struct rt_shape shape;
};

static imp_status give(void *user, const char *name, struct rt_tensor **out, imp_error *err)
{
    for (const struct given *g = user; g->name; g++)
        if (!strcmp(g->name, name)) {
            *out = rt_tensor_new(IMP_F32, &g->shape);
            return *out ? IMP_OK : IMP_E_MEMORY;
        }
    return imp_fail(err, IMP_OK, "; hint");
}

static void tensors_that_do_not_fit_are_told_with_both_shapes(void **state)
{
    (void)state;
    const struct given list[] = {{"a.weight", {.ndim = 4, .dim = {8, 3, 3, 3}}},
                                 {"a.bias", {.ndim = 1, .dim = {9}}},
                                 {"g.weight", {.ndim = 2, .dim = {10, 8}}},
                                 {NULL, {0}}};
    struct outcome o = read_with(PICTURE "[a]\nop = conv\nfilters = 8\nkernel = 3\n"
                                 "[b]\nop = conv\nfilters = 8\nkernel = 3\n"
                                 "[p]\nop = global_average_pool\n[f]\nop = flatten\n[g]\nop = gemm\nunits = 10\n",
                                 give, (void *)(uintptr_t)list, 0);
    assert_int_equal(o.status, IMP_E_INPUT);
    expect_pieces(o.text, "[a] 'a.bias' is 9, the network wants 8|"
                          "[b] there is no tensor 'b.weight'; hint|"
                          "[b] there is no tensor 'b.bias'; hint; write bias = no");
    const struct given turned[] = {{"g.weight", {.ndim = 2, .dim = {10, 3}}},
                                   {"g.bias", {.ndim = 1, .dim = {10}}}, {NULL, {0}}};
    o = read_with(PICTURE "[p]\nop = global_average_pool\n[f]\nop = flatten\n[g]\nop = gemm\nunits = 10\n",
                  give, (void *)(uintptr_t)turned, 0);
    expect_pieces(o.text, "[g] 'g.weight' is 10 x 3, the network wants 3 x 10: turned; write trans_b = yes");
}

static void filters_that_the_weight_does_not_make_are_told_where_groups_do_not_fit_too(void **state)
{
    (void)state;
    const struct given list[] = {{"a.weight", {.ndim = 4, .dim = {4, 3, 3, 3}}}, {NULL, {0}}};
    const struct outcome o = read_with(PICTURE "[a]\nop = conv_transpose\nfilters = 2\nkernel = 3\ngroups = 3\nbias = no\n",
                                       give, (void *)(uintptr_t)list, 0);
    assert_int_equal(o.status, IMP_E_INPUT);
    expect_pieces(o.text, "[a] filters = 2, but 'a.weight' is 4 x 3 x 3 x 3 and makes 9");
}

/* ---- there and back ---- */

static imp_status from_graph(void *user, const char *name, struct rt_tensor **out, imp_error *err)
{
    const struct rt_graph *g = user;
    const int64_t i = rt_graph_find_param(g, name);
    (void)err;
    if (i >= 0)
        *out = rt_tensor_retain(g->params[i].tensor);
    return IMP_OK;
}

static void comes_back(const struct rt_graph *g)
{
    struct outcome o;
    char *text = NULL, *again = NULL;
    imp_error err = {.struct_size = sizeof err, .text_cap = ROOM, .text = o.text};
    if (rt_arch_write(g, &text, &err) != IMP_OK)
        fail_msg("not written: %s", o.text);
    o = read_with(text, from_graph, (void *)(uintptr_t)g, 0);
    if (o.status != IMP_OK)
        fail_msg("not read: %s\n%s", o.text, text);
    same_graph(g, o.graph);
    assert_int_equal(rt_arch_write(o.graph, &again, NULL), IMP_OK);
    assert_string_equal(text, again);
    rt_graph_free(o.graph);
    free(text);
    free(again);
}

static uint32_t add_tensor(struct rt_graph *g, const char *name, uint32_t dtype, uint32_t ndim,
                           const int64_t *dim, uint32_t flags)
{
    const struct rt_shape s = rt_shape_of(ndim, dim);
    struct rt_tensor *t = rt_tensor_new(dtype, &s);
    for (int64_t i = 0; i < t->count; i++) {
        if (dtype == IMP_I64)
            rt_integers(t)[i] = INT64_MAX / (i + 1);
        else
            rt_floats(t)[i] = (float)(i + 1) / 3;
    }
    const int64_t p = rt_graph_add_param(g, name, t, flags);
    rt_tensor_release(t);
    return (uint32_t)p;
}

/* A value of each type, in every spelling that a text must keep. */
static void set_attr(struct rt_node *n, const struct rt_attr_def *def, uint32_t turn)
{
    static const int64_t ints[] = {INT64_MIN, -1, 0, INT64_MAX};
    static const double reals[] = {1.0 / 3, -0.0, 1e-300, 1.7976931348623157e308, -INFINITY, 9.99999974737875e-06};
    char word[40];
    switch (def->type) {
    case RT_INT:
        assert_true(rt_set_int(n, def->key, strcmp(def->key, "groups") ? ints[turn % 4] : 1));
        break;
    case RT_BOOL:
        assert_true(rt_set_int(n, def->key, turn & 1));
        break;
    case RT_INTS:
        assert_true(rt_set_ints(n, def->key, turn % 5, ints));
        break;
    case RT_FLOAT:
        assert_true(rt_set_float(n, def->key, reals[turn % 6]));
        break;
    case RT_FLOATS:
        assert_true(rt_set_floats(n, def->key, turn % 7, reals));
        break;
    default:
        snprintf(word, sizeof word, "%.*s", (int)strcspn(def->choices, "|"), def->choices);
        assert_true(rt_set_choice(n, def->key, word));
    }
}

/* Keys that the text has for itself are no attributes in it. */
static bool is_own(const struct rt_op *op, const char *key)
{
    bool own = !strcmp(key, "filters") || !strcmp(key, "units");
    for (uint32_t s = 0; s < op->slot_count; s++)
        own = own || (op->slots[s].flags & RT_SLOT_PARAM && !strcmp(op->slots[s].name, key));
    return own;
}

/* One node of the operator: first slot wired to node 0, parameters where they belong. */
static void add_any(struct rt_graph *g, const struct rt_op *op, uint32_t turn, const char *name)
{
    int32_t refs[16];
    char tensor[80];
    const int64_t dim[] = {1, 1, 1, 1};
    const bool is_conv = !strncmp(op->name, "conv", 4);
    for (uint32_t s = 0; s < op->slot_count; s++) {
        const uint32_t flags = op->slots[s].flags;
        refs[s] = 0;
        if (flags & RT_SLOT_PARAM) {
            snprintf(tensor, sizeof tensor, turn & 1 ? "%s.%s" : "odd \"%s\" %s", name, op->slots[s].name);
            refs[s] = rt_ref_param(add_tensor(g, tensor, IMP_F32, s == 1 && is_conv ? 4 : 1, dim,
                                              turn % 3 == 0 ? 0 : (uint32_t)RT_FIXED));
        } else if (flags & RT_SLOT_OPTIONAL && turn & 2)
            refs[s] = RT_ABSENT;
    }
    const int64_t i = rt_graph_add_node(g, name, op, op->slot_count, refs);
    for (uint32_t a = 0; a < op->attr_count && turn; a++)
        if (!is_own(op, op->attrs[a].key))
            set_attr(&g->nodes[i], &op->attrs[a], turn + a);
    if (!strcmp(op->name, "input")) {
        g->nodes[i].flags |= IMP_NN_INPUT;
        g->nodes[i].declared = (struct rt_shape){.ndim = 2, .dim = {-1, -1}};
    }
}

static void every_operator_and_attribute_comes_back(void **state)
{
    (void)state;
    char name[80];
    for (uint32_t turn = 0; turn < 8; turn++) {
        struct rt_graph *g = rt_graph_new();
        add_any(g, rt_op_find("input"), 0, "x");
        for (uint32_t i = 0; rt_op_at(i); i++) {
            snprintf(name, sizeof name, "%s %u", rt_op_at(i)->name, turn);
            add_any(g, rt_op_at(i), turn, name);
        }
        assert_int_equal(rt_graph_finish(g, NULL), IMP_OK);
        comes_back(g);
        rt_graph_free(g);
    }
}

static void odd_names_come_back(void **state)
{
    (void)state;
    static const char *const names[] = {
        "network", "-", "@at", "a b", "", "semi ;colon", "]", "[x]", "\"quoted\"", "tab\there", "new\nline",
        "caf\xc3\xa9", "bad\xff\xfe", "a name that is far longer than the forty-nine bytes of a section",
        "a name that is far longer than the forty-nine bytes of a Section", "#hash", " blank ", "/conv/1", "no",
        "yes", "x~1", "_~4", "back\\slash", "=", "op", "in"};
    struct rt_graph *g = rt_graph_new();
    char tensor[120];
    const int64_t dim[] = {2, 2, 1, 1};
    add_any(g, rt_op_find("input"), 0, "x");
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (!*names[i])
            continue;
        snprintf(tensor, sizeof tensor, i & 1 ? "%s" : "%s.weight", names[i]);
        const uint32_t w = add_tensor(g, tensor, IMP_F32, 4, dim, 0);
        const int32_t refs[] = {(int32_t)g->node_count - 1, rt_ref_param(w), RT_ABSENT};
        const int64_t n = rt_graph_add_node(g, names[i], rt_op_find("conv"), 3, refs);
        g->nodes[n].value = strdup(names[(i + 5) % 4]);
        g->nodes[n].flags |= i % 3 == 0 ? IMP_NN_OUTPUT : 0;
        assert_true(rt_graph_set_meta(g, names[i], names[(i * 7) % 20]));
    }
    assert_true(rt_graph_set_meta(g, "format", "\xff"));
    assert_true(rt_graph_set_meta(g, "meta.1", ""));
    assert_int_equal(rt_graph_finish(g, NULL), IMP_OK);
    comes_back(g);
    rt_graph_free(g);
}

static void constants_come_back_small_and_large(void **state)
{
    (void)state;
    struct rt_graph *g = rt_graph_new();
    const struct rt_op *constant = rt_op_find("constant");
    const int64_t dims[][3] = {{1, 1, 1}, {2, 2, 1}, {20, 1, 1}, {3, 1, 1}};
    char name[40];
    add_any(g, rt_op_find("input"), 0, "x");
    for (uint32_t i = 0; i < 16; i++) {
        snprintf(name, sizeof name, i < 12 ? "c%u.value" : "tensor %u", i);
        const uint32_t p = add_tensor(g, name, i & 1 ? IMP_I64 : IMP_F32, i % 4, dims[i / 4 % 4],
                                      i == 3 ? 0 : (uint32_t)RT_FIXED);
        const int32_t ref = rt_ref_param(p);
        snprintf(name, sizeof name, "c%u", i);
        rt_graph_add_node(g, name, constant, 1, &ref);
        if (i == 7) /* used twice: no number of one constant alone */
            rt_graph_add_node(g, "twice", constant, 1, &ref);
    }
    const int32_t empty = rt_ref_param(add_tensor(g, "none.value", IMP_F32, 1, (int64_t[]){0}, RT_FIXED));
    rt_graph_add_node(g, "none", constant, 1, &empty);
    assert_int_equal(rt_graph_finish(g, NULL), IMP_OK);
    comes_back(g);
    rt_graph_free(g);
}

static void what_no_text_can_hold_is_refused(void **state)
{
    (void)state;
    struct rt_graph *g = rt_graph_new();
    char *text = NULL, *long_text = malloc(70000), said[300];
    imp_error err = {.struct_size = sizeof err, .text_cap = sizeof said, .text = said};
    add_any(g, rt_op_find("input"), 0, "x");
    memset(long_text, 'a', 69999);
    long_text[69999] = '\0';
    assert_true(rt_graph_set_meta(g, "story", long_text));
    assert_int_equal(rt_arch_write(g, &text, &err), IMP_E_LIMIT);
    expect_pieces(said, "the value of 'story' is longer than the 65536 bytes");
    free(long_text);
    rt_graph_free(g);
}

/* ---- numbers ---- */

static void numbers_are_whole_and_of_no_locale(void **state)
{
    (void)state;
    static const double reals[] = {0, -0.0, 1, 0.1, 1.0 / 3, 1e22, 5e-324, 123456789, -1.5e-7, 2e300};
    static const char *const bad[] = {"", "1x", "0x10", "1,5", " 1", "1 ", "e5", "--1", "1e", "1e999", "nano"};
    char buf[32];
    double back;
    int64_t whole;
    setlocale(LC_NUMERIC, "de_DE.UTF-8");
    for (size_t i = 0; i < sizeof reals / sizeof *reals; i++) {
        assert_true(rt_parse_real(rt_print_real(reals[i], buf), &back));
        assert_memory_equal(&back, &reals[i], sizeof back);
    }
    assert_string_equal(rt_print_real(0.1, buf), "0.1");
    assert_string_equal(rt_print_float(0.1f, buf), "0.1");
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_false(rt_parse_real(bad[i], &back));
        assert_false(rt_parse_int(bad[i], &whole));
    }
    assert_true(rt_parse_int("-9223372036854775808", &whole) && whole == INT64_MIN);
    assert_false(rt_parse_int("9223372036854775808", &whole));
    setlocale(LC_NUMERIC, "C");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_chain_needs_no_wires),
        cmocka_unit_test(wires_outputs_meta_and_names_are_read),
        cmocka_unit_test(slots_are_named_shared_or_left_open),
        cmocka_unit_test(constants_stand_in_the_text),
        cmocka_unit_test(shapes_of_weights_follow_from_the_graph),
        cmocka_unit_test(weights_are_he_normal_and_the_rest_begins_neutral),
        cmocka_unit_test(numbers_depend_on_seed_and_name_alone),
        cmocka_unit_test(shipped_architectures_have_as_many_parameters_as_published),
        cmocka_unit_test(every_mistake_has_its_place_and_its_mending),
        cmocka_unit_test(many_mistakes_are_counted),
        cmocka_unit_test(tensors_that_do_not_fit_are_told_with_both_shapes),
        cmocka_unit_test(filters_that_the_weight_does_not_make_are_told_where_groups_do_not_fit_too),
        cmocka_unit_test(every_operator_and_attribute_comes_back),
        cmocka_unit_test(odd_names_come_back),
        cmocka_unit_test(constants_come_back_small_and_large),
        cmocka_unit_test(what_no_text_can_hold_is_refused),
        cmocka_unit_test(numbers_are_whole_and_of_no_locale),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
