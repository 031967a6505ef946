/* test_net_filters.c - the net.* filters over small networks made from architecture texts. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>
#include <impasto/kit.h>
#include "minihost.h"

static char folder[] = "/tmp/impasto-net-XXXXXX";

static int open_runtime(void **state)
{
    char path[4096], why[512];
    if (!mkdtemp(folder))
        return -1;
    *state = mini_open(mini_built("runtime", path, sizeof path), why, sizeof why);
    if (!*state)
        print_message("# %s\n", why);
    return *state ? 0 : -1;
}

static int close_runtime(void **state)
{
    char command[256];
    mini_close(*state);
    snprintf(command, sizeof command, "%s/a.ini", folder), unlink(command);
    snprintf(command, sizeof command, "%s/a.txt", folder), unlink(command);
    snprintf(command, sizeof command, "%s/a.safetensors", folder), unlink(command);
    snprintf(command, sizeof command, "%s/b.safetensors", folder), unlink(command);
    return rmdir(folder);
}

/* ---- a filter in one line ---- */

static const char *file(const char *name)
{
    static char path[2][300];
    static int turn;
    turn = !turn;
    snprintf(path[turn], sizeof path[turn], "%s/%s", folder, name);
    return path[turn];
}

static void write_text(const char *name, const char *text)
{
    FILE *f = fopen(file(name), "wb");
    assert_non_null(f);
    assert_true(fputs(text, f) >= 0);
    assert_int_equal(fclose(f), 0);
}

static struct mini_node *node_of(void **state, const char *filter, const char *params)
{
    char why[512];
    struct mini_node *node = mini_node(*state, filter, params, why, sizeof why);
    if (!node)
        print_message("# %s %s: %s\n", filter, params, why);
    assert_non_null(node);
    return node;
}

static struct mini_result call(void **state, const char *filter, const char *params,
                               const imp_value *a, const imp_value *b)
{
    const imp_value *in[] = {a, b};
    struct mini_node *node = node_of(state, filter, params);
    const struct mini_call c = {.inputs = in, .input_count = b ? 2 : a ? 1 : 0, .threads = 2};
    struct mini_result r;
    mini_process(node, &c, &r);
    mini_node_free(node);
    return r;
}

static struct mini_result works(void **state, const char *filter, const char *params,
                                const imp_value *a, const imp_value *b)
{
    struct mini_result r = call(state, filter, params, a, b);
    if (r.status != IMP_OK || r.fault[0])
        print_message("# %s %s: %d %s%s\n", filter, params, (int)r.status, r.text, r.fault);
    assert_int_equal(r.status, IMP_OK);
    assert_string_equal(r.fault, "");
    return r;
}

/* Fails with that status, and its text has the part. */
static void fails(void **state, const char *filter, const char *params, const imp_value *a,
                  const imp_value *b, imp_status status, const char *part)
{
    struct mini_result r = call(state, filter, params, a, b);
    if (r.status != status || !strstr(r.text, part))
        print_message("# %s %s: %d %s\n", filter, params, (int)r.status, r.text);
    assert_int_equal(r.status, status);
    assert_non_null(strstr(r.text, part));
    mini_result_free(&r);
}

static const imp_value *first(struct mini_result *r)
{
    const imp_value *v = mini_retain(mini_output(r, 0, 0));
    mini_result_free(r);
    return v;
}

static const imp_value *build(void **state, const char *text)
{
    char params[400];
    write_text("a.ini", text);
    snprintf(params, sizeof params, "path=%s seed=3", file("a.ini"));
    struct mini_result r = works(state, "net.build", params, NULL, NULL);
    return first(&r);
}

static imp_image *apply_net(void **state, const char *params, const imp_value *net,
                            const imp_image *in)
{
    struct mini_result r = works(state, "net.apply", params, net, &in->head);
    return (imp_image *)(uintptr_t)first(&r);
}

/* What plan() says to a network and a picture of that size. */
static struct mini_planned planned(void **state, const char *filter, const char *params,
                                   const imp_value *net, uint32_t w, uint32_t h)
{
    const imp_shape in[] = {
        {.struct_size = sizeof in[0], .kind = IMP_OBJECT, .value = net},
        {.struct_size = sizeof in[0], .kind = IMP_IMAGE, .width = w, .height = h, .channels = 3,
         .colour = IMP_SRGB},
    };
    struct mini_node *node = node_of(state, filter, params);
    struct mini_planned p;
    mini_plan(node, in, w ? 2 : 1, &p);
    mini_node_free(node);
    return p;
}

static void plan_says(void **state, const char *filter, const char *params, const imp_value *net,
                      const char *part)
{
    const struct mini_planned p = planned(state, filter, params, net, 32, 24);
    if (p.mistake_count != 1 || !strstr(p.text, part))
        print_message("# %s %s: %u mistakes: %s\n", filter, params, p.mistake_count, p.text);
    assert_int_equal(p.mistake_count, 1);
    assert_non_null(strstr(p.text, part));
}

/* ---- networks ---- */

#define PICTURES "[network]\nformat = 1\ninput = rgb\nrange = 0 255\noutput = rgb\n"
#define INPUT "[x]\nop = input\nshape = N 3 H W\n"
#define CONV(name, filters, kernel, pad, stride)                                                   \
    "[" name "]\nop = conv\nfilters = " #filters "\nkernel = " #kernel "\npad = " #pad             \
    "\nstride = " #stride "\n"
static const char same[] = PICTURES INPUT "[y]\nop = identity\n";
static const char local[] = PICTURES "multiple = 4\n" INPUT CONV("c1", 6, 5, 2, 1)
    "[r1]\nop = relu\n" CONV("c2", 6, 3, 1, 2) "[r2]\nop = relu\n" CONV("c3", 8, 3, 1, 2)
    "[up]\nop = resize\nscales = 1 1 4 4\n" CONV("c4", 3, 3, 1, 1);
static const char global[] = PICTURES INPUT CONV("c1", 4, 3, 1, 1)
    "[n1]\nop = instance_norm\n" CONV("c2", 3, 3, 1, 1);
static const char larger[] = PICTURES INPUT CONV("c1", 3, 3, 1, 1)
    "[up]\nop = resize\nscales = 1 1 2 2\n";
static const char means[] = "[network]\nformat = 1\ninput = rgb\nrange = 0 10\nclasses = red|green|blue\n" INPUT
    "[pool]\nop = global_average_pool\n";

/* ---- net.build, net.save, net.load ---- */

static void saved_and_loaded_it_is_the_same(void **state)
{
    const imp_value *net = build(state, local);
    imp_image *in = mini_noise(24, 20, 3, IMP_SRGB, 1);
    char params[400];
    snprintf(params, sizeof params, "name=%s", file("a.safetensors"));
    struct mini_result r = works(state, "net.save", params, net, NULL);
    mini_result_free(&r);
    snprintf(params, sizeof params, "path=%s", file("a.safetensors"));
    r = works(state, "net.load", params, NULL, NULL);
    const imp_value *again = first(&r);
    imp_image *a = apply_net(state, NULL, net, in), *b = apply_net(state, NULL, again, in);
    assert_true(mini_same(&a->head, &b->head));
    mini_release(&a->head), mini_release(&b->head), mini_release(&in->head);
    mini_release(net), mini_release(again);
}

static void keys_of_load_go_before_the_file_s(void **state)
{
    const imp_value *net = build(state, same);
    imp_image *in = mini_noise(9, 7, 3, IMP_SRGB, 2);
    char params[400];
    snprintf(params, sizeof params, "name=%s", file("b.safetensors"));
    struct mini_result r = works(state, "net.save", params, net, NULL);
    mini_result_free(&r);
    snprintf(params, sizeof params, "path=%s output=bgr", file("b.safetensors"));
    r = works(state, "net.load", params, NULL, NULL);
    const imp_value *swapped = first(&r);
    imp_image *out = apply_net(state, NULL, swapped, in);
    for (uint32_t c = 0; c < 3; c++)
        for (uint32_t y = 0; y < 7; y++)
            for (uint32_t x = 0; x < 9; x++)
                assert_true(fabsf(imp_row(out, c, y)[x] - imp_row(in, 2 - c, y)[x]) < 1e-6f);
    mini_release(&in->head), mini_release(&out->head), mini_release(net), mini_release(swapped);
}

static void wrong_keys_of_load_are_mistakes(void **state)
{
    struct mini_planned p;
    char params[400];
    write_text("a.ini", same);
    snprintf(params, sizeof params, "path=%s range=12 std=0 input=cmyk", file("a.ini"));
    struct mini_node *node = node_of(state, "net.load", params);
    mini_plan(node, NULL, 0, &p);
    mini_node_free(node);
    assert_int_equal(p.mistake_count, 3);
    assert_non_null(strstr(p.text, "range wants two different numbers"));
}

static void files_that_are_no_networks_are_refused(void **state)
{
    char params[400];
    write_text("a.txt", "no network");
    snprintf(params, sizeof params, "path=%s", file("a.txt"));
    struct mini_result r = call(state, "net.load", params, NULL, NULL);
    assert_true(r.status < 0 && r.text[0]);
    assert_int_equal(r.param, 0);
    mini_result_free(&r);
    snprintf(params, sizeof params, "path=%s", file("none.onnx"));
    fails(state, "net.build", params, NULL, NULL, IMP_E_IO, "none.onnx");
    write_text("a.ini", "[network]\nformat = 1\n[x]\nop = inptu\n");
    snprintf(params, sizeof params, "path=%s", file("a.ini"));
    r = call(state, "net.build", params, NULL, NULL);
    if (!strstr(r.text, "inptu"))
        print_message("# said: %s\n", r.text);
    assert_true(r.status < 0 && strstr(r.text, "inptu"));
    mini_result_free(&r);
}

static void save_wants_an_ending_that_says_the_format(void **state)
{
    plan_says(state, "net.save", "name=model.bin", NULL, ".safetensors or .onnx");
}

/* ---- net.apply ---- */

static void a_network_that_changes_nothing_changes_nothing(void **state)
{
    const imp_value *net = build(state, same);
    for (uint32_t channels = 1; channels <= 3; channels += 2) {
        imp_image *in = mini_noise(33, 21, channels, IMP_SRGB, 4);
        imp_image *out = apply_net(state, NULL, net, in);
        assert_int_equal(out->channels, 3);
        for (uint32_t c = 0; c < 3; c++)
            for (uint32_t y = 0; y < 21; y++)
                for (uint32_t x = 0; x < 33; x++)
                    assert_true(fabsf(imp_row(out, c, y)[x] - imp_row(in, c % channels, y)[x]) < 1e-6f);
        mini_release(&in->head), mini_release(&out->head);
    }
    mini_release(net);
}

static void tiles_leave_no_seam(void **state)
{
    static const uint32_t sizes[][2] = {{300, 200}, {129, 64}, {64, 131}, {97, 260}};
    const imp_value *net = build(state, local);
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        imp_image *in = mini_noise(sizes[i][0], sizes[i][1], 3, IMP_SRGB, 7);
        imp_image *whole = apply_net(state, "tile=0", net, in);
        imp_image *tiled = apply_net(state, "tile=64", net, in);
        if (!(mini_difference(whole, tiled) < 1e-5))
            print_message("# %u x %u: %g\n", sizes[i][0], sizes[i][1], mini_difference(whole, tiled));
        assert_true(mini_difference(whole, tiled) < 1e-5);
        assert_int_equal(tiled->width, sizes[i][0]);
        assert_int_equal(tiled->height, sizes[i][1]);
        mini_release(&in->head), mini_release(&whole->head), mini_release(&tiled->head);
    }
    mini_release(net);
}

static void tiles_smaller_than_the_reach_are_refused(void **state)
{
    const imp_value *net = build(state, local);
    imp_image *in = mini_noise(64, 64, 3, IMP_SRGB, 7);
    fails(state, "net.apply", "tile=8", net, &in->head, IMP_E_PARAM, "reaches");
    mini_release(&in->head), mini_release(net);
}

static void statistics_of_the_whole_picture_are_those_of_the_whole(void **state)
{
    const imp_value *net = build(state, global);
    imp_image *in = mini_noise(150, 90, 3, IMP_SRGB, 9);
    imp_image *whole = apply_net(state, "tile=0", net, in), *tiled = apply_net(state, "tile=48", net, in);
    assert_true(mini_same(&whole->head, &tiled->head));
    mini_release(&in->head), mini_release(&whole->head), mini_release(&tiled->head), mini_release(net);
}

/* How often net.apply asks whether to stop tells how much it evaluates. */
static uint32_t polls(void **state, const char *params, const imp_value *net, const imp_value *in)
{
    struct mini_result r = works(state, "net.apply", params, net, in);
    const uint32_t n = r.polls;
    mini_result_free(&r);
    return n;
}

static void statistics_of_the_whole_picture_are_known_without_measuring(void **state)
{
    static const char *const texts[] = {
        PICTURES INPUT "[n]\nop = instance_norm\n",
        PICTURES INPUT "[p]\nop = global_average_pool\n[y]\nop = mul\nin = x p\n",
        PICTURES INPUT "[p]\nop = reduce_mean\naxes = 2 3\nkeepdims = yes\n[y]\nop = sub\nin = x p\n"};
    imp_image *in = mini_noise(150, 90, 3, IMP_SRGB, 9);
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        const imp_value *net = build(state, texts[i]);
        assert_int_equal(polls(state, "tile=48", net, &in->head), polls(state, "tile=0", net, &in->head));
        mini_release(net);
    }
    const imp_value *net = build(state, PICTURES INPUT "[n]\nop = instance_norm\n[y]\nop = neg\nin = x\n"
                                        "[z]\nop = identity\nin = n\n");
    assert_true(polls(state, "tile=48 output=y", net, &in->head) > /* y has no part in it */
                polls(state, "tile=0 output=y", net, &in->head));
    mini_release(&in->head), mini_release(net);
}

static void a_picture_is_painted_whatever_came_before_it(void **state)
{
    const imp_value *net = build(state, local);
    imp_image *in[] = {mini_noise(64, 48, 3, IMP_SRGB, 1), mini_noise(40, 56, 3, IMP_SRGB, 2)};
    imp_image *want[] = {apply_net(state, "tile=0", net, in[0]), apply_net(state, "tile=0", net, in[1])};
    struct mini_node *node = node_of(state, "net.apply", "tile=0");
    for (int i = 0; i < 6; i++) {
        const imp_value *inputs[] = {net, &in[i % 3 == 1]->head};
        const struct mini_call c = {.inputs = inputs, .input_count = 2, .cancel_after = i == 3 ? 2 : 0,
                                    .max_bytes = i == 4 ? 1u << 30 : 0};
        struct mini_result r;
        mini_process(node, &c, &r);
        assert_int_equal(r.status, i == 3 ? IMP_CANCELLED : IMP_OK);
        assert_string_equal(r.fault, "");
        assert_true(i == 3 || mini_same(&want[i % 3 == 1]->head, mini_output(&r, 0, 0)));
        mini_result_free(&r);
    }
    mini_node_free(node);
    for (int i = 0; i < 2; i++)
        mini_release(&in[i]->head), mini_release(&want[i]->head);
    mini_release(net);
}

static void what_a_network_enlarges_is_larger(void **state)
{
    const imp_value *net = build(state, larger);
    imp_image *in = mini_noise(75, 50, 3, IMP_SRGB, 3);
    imp_image *whole = apply_net(state, "tile=0", net, in), *tiled = apply_net(state, "tile=32", net, in);
    assert_int_equal(whole->width, 150);
    assert_int_equal(whole->height, 100);
    assert_true(mini_difference(whole, tiled) < 1e-5);
    const struct mini_planned p = planned(state, "net.apply", NULL, net, 75, 50);
    assert_int_equal(p.outputs[0].width, 150);
    assert_int_equal(p.outputs[0].height, 100);
    assert_true(p.bytes > 75 * 50 * 12 && p.macs > 75 * 50 * 81 - 1);
    mini_release(&in->head), mini_release(&whole->head), mini_release(&tiled->head), mini_release(net);
}

static void sides_come_back_as_they_were(void **state)
{
    static const char *const fits[] = {"fit=pad", "fit=stretch"};
    const imp_value *net = build(state, local);
    for (size_t i = 0; i < 2; i++)
        for (uint32_t side = 13; side < 17; side++) {
            imp_image *in = mini_noise(side, 30 - side, 3, IMP_SRGB, side);
            imp_image *out = apply_net(state, fits[i], net, in);
            assert_int_equal(out->width, side);
            assert_int_equal(out->height, 30 - side);
            mini_release(&in->head), mini_release(&out->head);
        }
    mini_release(net);
}

static void a_graph_of_one_size_takes_pictures_of_any(void **state)
{
    const imp_value *tiles = build(state, PICTURES "[x]\nop = input\nshape = 1 3 32 40\n"
                                          CONV("c1", 3, 3, 1, 1));
    const imp_value *any = build(state, PICTURES INPUT CONV("c1", 3, 3, 1, 1));
    const uint32_t sizes[][2] = {{100, 70}, {40, 32}, {90, 20}};
    for (size_t i = 0; i < 3; i++) {
        imp_image *in = mini_noise(sizes[i][0], sizes[i][1], 3, IMP_SRGB, 6);
        imp_image *a = apply_net(state, NULL, tiles, in), *b = apply_net(state, "tile=0", any, in);
        assert_int_equal(a->width, sizes[i][0]);
        assert_int_equal(a->height, sizes[i][1]);
        if (sizes[i][1] >= 32) /* lower than the network is mirrored, which its border shows */
            assert_true(mini_difference(a, b) < 1e-5);
        mini_release(&in->head), mini_release(&a->head), mini_release(&b->head);
    }
    mini_release(tiles), mini_release(any);
}

static void an_unknown_preparation_is_refused_before_the_run(void **state)
{
    const imp_value *none = build(state, "[network]\nformat = 1\n" INPUT "[y]\nop = identity\n");
    const imp_value *half =
        build(state, "[network]\nformat = 1\ninput = rgb\nrange = 0 1\n" INPUT "[y]\nop = identity\n");
    imp_image *in = mini_noise(8, 8, 3, IMP_SRGB, 1);
    plan_says(state, "net.apply", NULL, none, "set input = rgb (bgr, grey) and range = 0 1");
    plan_says(state, "net.apply", NULL, half, "set output = rgb");
    plan_says(state, "net.classify", NULL, none, "set input = rgb");
    plan_says(state, "net.encode", "layers=y", none, "set input = rgb");
    fails(state, "net.apply", NULL, none, &in->head, IMP_E_MISSING, "set input");
    fails(state, "net.apply", NULL, half, &in->head, IMP_E_MISSING, "set output");
    mini_release(&in->head), mini_release(none), mini_release(half);
}

static void what_is_no_picture_is_refused(void **state)
{
    const imp_value *net = build(state, PICTURES INPUT CONV("c1", 5, 1, 0, 1));
    imp_image *in = mini_noise(8, 8, 3, IMP_SRGB, 1);
    fails(state, "net.apply", NULL, net, &in->head, IMP_E_INPUT, "5 channels");
    fails(state, "net.apply", "output=zz", net, &in->head, IMP_E_MISSING, "zz");
    plan_says(state, "net.apply", "output=c2", net, "no layer 'c2'");
    mini_release(&in->head), mini_release(net);
}

static void a_cancel_between_tiles_stops(void **state)
{
    const imp_value *net = build(state, local);
    imp_image *in = mini_noise(300, 200, 3, IMP_SRGB, 7);
    const imp_value *inputs[] = {net, &in->head};
    struct mini_node *node = node_of(state, "net.apply", "tile=64");
    const struct mini_call stop = {.inputs = inputs, .input_count = 2, .cancel_after = 30};
    const struct mini_call go = {.inputs = inputs, .input_count = 2};
    struct mini_result r;
    mini_process(node, &stop, &r);
    assert_int_equal(r.status, IMP_CANCELLED);
    mini_result_free(&r);
    mini_process(node, &go, &r);
    assert_int_equal(r.status, IMP_OK);
    mini_result_free(&r);
    mini_node_free(node);
    mini_release(&in->head), mini_release(net);
}

/* ---- net.encode, net.decode ---- */

static void codes_are_the_values_of_layers(void **state)
{
    const imp_value *net = build(state, PICTURES INPUT "[low]\nop = neg\n[high]\nop = relu\nin = x\n");
    imp_image *in = mini_noise(6, 5, 3, IMP_SRGB, 1);
    struct mini_result r = works(state, "net.encode", "layers='high low'", net, &in->head);
    assert_int_equal(r.output_count, 2);
    for (uint32_t k = 0; k < 2; k++) {
        const imp_tensor *t = (const imp_tensor *)(const void *)mini_output(&r, 0, k);
        assert_string_equal(t->name, k ? "low" : "high");
        assert_int_equal(t->ndim, 3);
        assert_true(t->shape[0] == 3 && t->shape[1] == 5 && t->shape[2] == 6);
        for (uint32_t c = 0; c < 3; c++)
            for (uint32_t y = 0; y < 5; y++)
                for (uint32_t x = 0; x < 6; x++) {
                    const float v = ((const float *)t->data)[(c * 5 + y) * 6 + x];
                    assert_true(fabsf((k ? -v : v) - 255 * imp_row(in, c, y)[x]) < 1e-3f);
                }
    }
    mini_result_free(&r);
    mini_release(&in->head), mini_release(net);
}

static void layers_that_are_not_there_are_mistakes(void **state)
{
    const imp_value *net = build(state, local);
    plan_says(state, "net.encode", "layers='r1 r7'", net, "no layer 'r7'");
    const struct mini_planned p = planned(state, "net.encode", "layers='r5 r7 c1'", net, 32, 24);
    assert_int_equal(p.mistake_count, 2);
    assert_non_null(strstr(p.text, "r1"));
    mini_release(net);
}

static void a_code_is_decoded(void **state)
{
    const imp_value *net = build(state, same);
    const imp_value *blind = build(state, "[network]\nformat = 1\n" INPUT "[y]\nop = identity\n");
    imp_image *in = mini_noise(11, 6, 3, IMP_SRGB, 5);
    struct mini_result r = works(state, "net.encode", "layers=y", net, &in->head);
    const imp_value *code = first(&r);
    fails(state, "net.decode", NULL, blind, code, IMP_E_MISSING, "output_range");
    plan_says(state, "net.decode", NULL, blind, "set output = rgb");
    const imp_value *decoder = build(state, "[network]\nformat = 1\noutput = rgb\noutput_range = 0 255\n" INPUT
                                            "[y]\nop = identity\n");
    r = works(state, "net.decode", NULL, decoder, code);
    const imp_image *out = mini_output_image(&r, 0);
    assert_true(mini_difference(in, out) < 1e-6);
    mini_result_free(&r);
    mini_release(code), mini_release(net), mini_release(blind), mini_release(decoder);
    mini_release(&in->head);
}

/* ---- net.classify ---- */

static imp_image *plain(float red, float green, float blue)
{
    imp_image *m = mini_constant(12, 9, 3, IMP_SRGB, 0);
    const float v[] = {red, green, blue};
    for (uint32_t c = 0; c < 3; c++)
        for (uint32_t y = 0; y < 9; y++)
            for (uint32_t x = 0; x < 12; x++)
                imp_row_out(m, c, y)[x] = v[c];
    return m;
}

static imp_cell cell(const struct mini_result *r, uint64_t row, uint32_t column)
{
    const imp_table *t = (const imp_table *)(const void *)mini_output(r, 0, 0);
    assert_true(row < t->row_count && column < t->column_count);
    return t->cells[row * t->column_count + column];
}

static void classes_come_best_first_as_probabilities(void **state)
{
    const imp_value *net = build(state, means);
    imp_image *in = plain(0.1f, 0.2f, 0.4f);
    struct mini_result r = works(state, "net.classify", "top=9", net, &in->head);
    const double sum = exp(1) + exp(2) + exp(4);
    const char *const names[] = {"blue", "green", "red"};
    const double scores[] = {exp(4) / sum, exp(2) / sum, exp(1) / sum};
    assert_int_equal(((const imp_table *)(const void *)mini_output(&r, 0, 0))->row_count, 3);
    for (uint64_t i = 0; i < 3; i++) {
        assert_int_equal(cell(&r, i, 0).i, i + 1);
        assert_int_equal(cell(&r, i, 1).i, 2 - i);
        assert_string_equal(cell(&r, i, 2).s.ptr, names[i]);
        assert_true(fabs(cell(&r, i, 3).f - scores[i]) < 1e-5);
    }
    mini_result_free(&r);
    r = works(state, "net.classify", "top=1 score=raw", net, &in->head);
    assert_true(fabs(cell(&r, 0, 3).f - 4) < 1e-4);
    mini_result_free(&r);
    mini_release(&in->head), mini_release(net);
}

static void labels_are_read_and_counted(void **state)
{
    const imp_value *net = build(state, means);
    imp_image *in = plain(0.9f, 0.2f, 0.4f);
    char params[400];
    snprintf(params, sizeof params, "labels=%s", file("a.txt"));
    write_text("a.txt", "rot \r\n gruen\r\nblau\n");
    struct mini_result r = works(state, "net.classify", params, net, &in->head);
    assert_string_equal(cell(&r, 0, 2).s.ptr, "rot");
    assert_string_equal(cell(&r, 2, 2).s.ptr, "gruen");
    mini_result_free(&r);
    write_text("a.txt", "rot\ngruen\n");
    plan_says(state, "net.classify", params, net, "2 labels, the network has 3 classes");
    fails(state, "net.classify", params, net, &in->head, IMP_E_PARAM, "2 labels");
    mini_release(&in->head), mini_release(net);
}

static void a_network_that_ends_in_a_softmax_gets_no_other(void **state)
{
    char text[600];
    snprintf(text, sizeof text, "%s[p]\nop = softmax\naxis = 1\n[f]\nop = flatten\n", means);
    const imp_value *net = build(state, text);
    imp_image *in = plain(0.1f, 0.2f, 0.4f);
    struct mini_result r = works(state, "net.classify", "top=1", net, &in->head);
    assert_true(fabs(cell(&r, 0, 3).f - exp(4) / (exp(1) + exp(2) + exp(4))) < 1e-5);
    mini_result_free(&r);
    mini_release(&in->head), mini_release(net);
}

static void maps_are_no_classes(void **state)
{
    const imp_value *net = build(state, same);
    imp_image *in = mini_noise(5, 5, 3, IMP_SRGB, 1);
    fails(state, "net.classify", NULL, net, &in->head, IMP_E_INPUT, "no list of classes");
    mini_release(&in->head), mini_release(net);
}

/* ---- net.inspect, net.bench ---- */

static void inspect_counts_what_a_network_costs(void **state)
{
    const imp_value *net = build(state, local);
    struct mini_result r = works(state, "net.inspect", "size='16 8'", net, NULL);
    const imp_table *t = (const imp_table *)(const void *)mini_output(&r, 0, 0);
    assert_int_equal(t->row_count, 8);
    assert_string_equal(cell(&r, 1, 0).s.ptr, "c1");
    assert_string_equal(cell(&r, 1, 1).s.ptr, "conv");
    assert_string_equal(cell(&r, 1, 2).s.ptr, "x");
    assert_string_equal(cell(&r, 1, 3).s.ptr, "1 6 8 16");
    assert_int_equal(cell(&r, 1, 4).i, 6 * 3 * 25 + 6);
    assert_int_equal(cell(&r, 1, 5).i, 6 * 3 * 25 * 8 * 16);
    assert_int_equal(cell(&r, 1, 6).i, 6 * 8 * 16 * 4);
    assert_string_equal(cell(&r, 6, 3).s.ptr, "1 8 8 16");
    const imp_table *totals = (const imp_table *)(const void *)mini_output(&r, 1, 0);
    assert_int_equal(totals->row_count, 1);
    assert_string_equal(totals->cells[0].s.ptr, "1 3 8 16");
    int64_t params = 0;
    for (uint64_t i = 0; i < t->row_count; i++)
        params += cell(&r, i, 4).i;
    assert_int_equal(totals->cells[2].i, params);
    assert_true(totals->cells[5].i > 0 && totals->cells[6].i >= totals->cells[5].i);
    mini_result_free(&r);
    mini_release(net);
}

static void sizes_that_cannot_be_are_refused(void **state)
{
    const imp_value *net = build(state, PICTURES "[x]\nop = input\nshape = 1 3 32 40\n" CONV("c1", 3, 3, 1, 1));
    plan_says(state, "net.inspect", "size='1 2 3'", net, "width and height");
    fails(state, "net.inspect", "size='16 16'", net, NULL, IMP_E_PARAM, "fixes another size");
    fails(state, "net.bench", "size='16 16'", net, NULL, IMP_E_PARAM, "fixes another size");
    mini_release(net);
}

static void bench_tells_forward_and_backward(void **state)
{
    const imp_value *net = build(state, local);
    struct mini_result r = works(state, "net.bench", "size=64 runs=3", net, NULL);
    const imp_table *t = (const imp_table *)(const void *)mini_output(&r, 0, 0);
    assert_int_equal(t->row_count, 2);
    assert_string_equal(cell(&r, 0, 0).s.ptr, "forward");
    assert_string_equal(cell(&r, 1, 0).s.ptr, "backward");
    for (uint64_t i = 0; i < 2; i++) {
        assert_string_equal(cell(&r, i, 1).s.ptr, "64x64");
        assert_true(cell(&r, i, 2).f > 0 && cell(&r, i, 3).f >= cell(&r, i, 2).f);
        assert_true(cell(&r, i, 4).f > 0 && cell(&r, i, 5).i > 0);
        assert_true(cell(&r, i, 6).i > 1 << 20 && *cell(&r, i, 7).s.ptr);
    }
    mini_result_free(&r);
    mini_release(net);
}

static void bench_tells_the_parts_of_a_pass(void **state)
{
    static const char *const by[] = {"size=64 runs=3", "size=64 runs=3 by=layer"};
    const imp_value *net = build(state, local);
    for (int k = 0; k < 2; k++) {
        struct mini_result r = works(state, "net.bench", by[k], net, NULL);
        const imp_table *t = (const imp_table *)(const void *)mini_output(&r, 1, 0);
        double share[2] = {0}, last = INFINITY;
        int64_t layers[2] = {0};
        for (uint64_t i = 0; i < t->row_count; i++) {
            const imp_cell *row = t->cells + i * t->column_count;
            const bool back = !strcmp(row[0].s.ptr, "backward");
            last = i && back && !share[1] ? INFINITY : last;
            assert_true(row[4].f <= last && (k == 0 || row[3].i == 1));
            assert_true(strcmp(row[2].s.ptr, "conv") != 0 || (row[4].f > 0 && row[6].f > 0));
            last = row[4].f;
            share[back] += row[5].f, layers[back] += row[3].i;
        }
        assert_true(fabs(share[0] - 100) < 1e-6 && fabs(share[1] - 100) < 1e-6);
        assert_true(layers[0] > 1 && layers[0] == layers[1]);
        mini_result_free(&r);
    }
    mini_release(net);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(saved_and_loaded_it_is_the_same),
        cmocka_unit_test(keys_of_load_go_before_the_file_s),
        cmocka_unit_test(wrong_keys_of_load_are_mistakes),
        cmocka_unit_test(files_that_are_no_networks_are_refused),
        cmocka_unit_test(save_wants_an_ending_that_says_the_format),
        cmocka_unit_test(a_network_that_changes_nothing_changes_nothing),
        cmocka_unit_test(tiles_leave_no_seam),
        cmocka_unit_test(tiles_smaller_than_the_reach_are_refused),
        cmocka_unit_test(statistics_of_the_whole_picture_are_those_of_the_whole),
        cmocka_unit_test(statistics_of_the_whole_picture_are_known_without_measuring),
        cmocka_unit_test(a_picture_is_painted_whatever_came_before_it),
        cmocka_unit_test(what_a_network_enlarges_is_larger),
        cmocka_unit_test(sides_come_back_as_they_were),
        cmocka_unit_test(a_graph_of_one_size_takes_pictures_of_any),
        cmocka_unit_test(an_unknown_preparation_is_refused_before_the_run),
        cmocka_unit_test(what_is_no_picture_is_refused),
        cmocka_unit_test(a_cancel_between_tiles_stops),
        cmocka_unit_test(codes_are_the_values_of_layers),
        cmocka_unit_test(layers_that_are_not_there_are_mistakes),
        cmocka_unit_test(a_code_is_decoded),
        cmocka_unit_test(classes_come_best_first_as_probabilities),
        cmocka_unit_test(labels_are_read_and_counted),
        cmocka_unit_test(a_network_that_ends_in_a_softmax_gets_no_other),
        cmocka_unit_test(maps_are_no_classes),
        cmocka_unit_test(inspect_counts_what_a_network_costs),
        cmocka_unit_test(sizes_that_cannot_be_are_refused),
        cmocka_unit_test(bench_tells_forward_and_backward),
        cmocka_unit_test(bench_tells_the_parts_of_a_pass),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, open_runtime, close_runtime);
}
