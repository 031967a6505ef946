/* test_rt_goldens.c - published networks against what ONNX Runtime and their own frameworks gave,
 * inner values too; and the same through a file that we wrote. Needs DATA, the folder of the data;
 * skips without. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <formats/formats.h>
#include <math.h>
#include <run.h>
#include "npy.h"

enum { WRITTEN = 1 }; /* through our own ONNX file */

static const char *place(const char *name, char path[1024])
{
    snprintf(path, 1024, "%s/weights/%s", getenv("DATA") ? getenv("DATA") : "", name);
    return path;
}

static void need_data(void)
{
    char path[1024];
    size_t size;
    uint8_t *data = slurp(place("resnet_cifar10_akamaster/resnet20.onnx", path), &size);
    free(data);
    if (!data)
        skip();
}

static struct imp_nn_run *open_run(const char *file, int how)
{
    char path[1024], text[1024] = "";
    imp_error err = {.struct_size = sizeof err, .text_cap = sizeof text, .text = text};
    struct rt_graph *g = NULL;
    struct imp_nn_model *m = NULL;
    struct imp_nn_run *run = NULL;
    size_t size;
    void *data = slurp(place(file, path), &size), *again;
    imp_status st = rt_onnx_read(data, size, path, &g, &err);
    free(data);
    if (st == IMP_OK && how == WRITTEN) {
        st = rt_onnx_write(g, &again, &size, &err);
        rt_graph_free(g);
        if (st == IMP_OK)
            st = rt_onnx_read(again, size, NULL, &g, &err);
        free(again);
    }
    if (st == IMP_OK)
        st = rt_model_new(g, &m, &err);
    if (st == IMP_OK)
        st = rt_run_new(m, NULL, 0, &run, &err);
    rt_model_release(m);
    if (st != IMP_OK)
        fail_msg("%s", text);
    return run;
}

static void feed(struct imp_nn_run *run, const struct rt_tensor *x)
{
    char text[1024] = "";
    imp_error err = {.struct_size = sizeof err, .text_cap = sizeof text, .text = text};
    const imp_tensor t = {.head = {.struct_size = sizeof t, .kind = IMP_TENSOR},
                          .dtype = IMP_F32,
                          .ndim = x->shape.ndim,
                          .shape = x->shape.dim,
                          .data = x->data};
    if (rt_run_set_input(run, run->inputs[0], &t, &err) != IMP_OK ||
        rt_run_forward(run, IMP_NN_ALL, NULL, &err) != IMP_OK)
        fail_msg("%s", text);
}

static imp_tensor value_of(struct imp_nn_run *run, const char *node)
{
    imp_tensor view = {.head = {.struct_size = sizeof view, .kind = IMP_TENSOR}};
    const int64_t n = rt_graph_find_node(run->model->graph, node);
    if (n < 0 || rt_run_value(run, (uint32_t)n, &view, NULL) != IMP_OK)
        fail_msg("no value %s", node);
    return view;
}

/* Largest difference over largest value; the golden has every step-th row and column. */
static void compare(const imp_tensor *got, const struct rt_tensor *want, int64_t step, double bound)
{
    const int64_t gw = got->shape[got->ndim - 1],
                  gh = got->ndim > 3 ? got->shape[got->ndim - 2] : 1;
    const int64_t w = (gw + step - 1) / step, h = (gh + step - 1) / step;
    const float *a = got->data, *b = rt_floats(want);
    double worst = 0, largest = 0, shifted = 0;
    assert_true(want->count % (w * h) == 0);
    for (int64_t i = 0; i < want->count; i++) {
        const int64_t x = i % w, y = i / w % h, c = i / w / h;
        const double d = fabs((double)a[(c * gh + y * step) * gw + x * step] - (double)b[i]);
        worst = d > worst || isnan(d) ? d : worst;
        largest = fmax(largest, fabs((double)b[i]));
        shifted = fmax(shifted, fabs((double)b[i] - (double)b[i ? i - 1 : 0]));
    }
    print_message("# %.2g of the largest value, %.2g allowed\n", worst / largest, bound);
    assert_true(worst <= bound * largest);
    assert_true(shifted > 10 * bound * largest); /* the bound would see a neighbour's value */
}

static void golden(struct imp_nn_run *run, const char *node, const char *file, int64_t step)
{
    char path[1024];
    struct rt_tensor *want = npy_read(place(file, path));
    const imp_tensor got = value_of(run, node);
    assert_non_null(want);
    compare(&got, want, step, 1e-4);
    rt_tensor_release(want);
}

static struct rt_tensor *picture(const char *file)
{
    char path[1024];
    struct rt_tensor *t = picture_read(place(file, path));
    assert_non_null(t);
    return t;
}

/* ---- the networks ---- */

#define VGG  "vgg19_normalised_conv1_1-3_1/"
#define THIN "vgg19_distilled16x/"

static void vgg_19_gives_the_maps_of_its_origin(void **state)
{
    (void)state;
    static const char *const layers[] = {"relu1_1", "relu1_2", "relu2_1", "relu2_2", "relu3_1"};
    need_data();
    struct rt_tensor *x = picture(VGG "golden_input_256x192.png");
    for (int how = 0; how <= WRITTEN; how++) {
        struct imp_nn_run *run = open_run(VGG "vgg19_norm_enc3_reflectpad.onnx", how);
        feed(run, x);
        for (size_t i = 0; i < sizeof layers / sizeof *layers; i++) {
            char file[128];
            snprintf(file, sizeof file, VGG "golden_reflect/%s.npy", layers[i]);
            golden(run, layers[i], file, 4);
        }
        rt_run_free(run);
    }
    rt_tensor_release(x);
}

/* A picture of 8 bits holds what a decoder gives to within a step, where it is not cut off. */
static void compare_picture(const imp_tensor *got, const char *file)
{
    struct rt_tensor *want = picture(file);
    const float *a = got->data, *b = rt_floats(want);
    double sum = 0;
    for (int64_t i = 0; i < want->count; i++)
        sum += fabs(fmin(fmax((double)a[i], 0), 1) - (double)b[i]) * 255;
    assert_true(sum / (double)want->count < 0.51);
    rt_tensor_release(want);
}

static void vgg_19_is_inverted_as_its_decoders_did(void **state)
{
    (void)state;
    need_data();
    struct rt_tensor *x = picture(VGG "golden_input_256x192.png");
    struct imp_nn_run *encoder = open_run(VGG "vgg19_norm_enc3_reflectpad.onnx", 0);
    feed(encoder, x);
    for (int level = 1; level <= 3; level++) {
        char layer[16], file[128], want[128];
        snprintf(layer, sizeof layer, "relu%d_1", level);
        snprintf(file, sizeof file, VGG "feature_invertor_conv%d_1.onnx", level);
        snprintf(want, sizeof want, VGG "golden_inversion_conv%d_1.png", level);
        const imp_tensor code = value_of(encoder, layer);
        const struct rt_tensor feature = {.shape = rt_shape_of(code.ndim, code.shape),
                                          .data = code.data};
        struct imp_nn_run *decoder = open_run(file, 0);
        feed(decoder, &feature);
        const struct rt_graph *g = decoder->model->graph;
        const imp_tensor out = value_of(decoder, g->nodes[g->node_count - 1].name);
        compare_picture(&out, want);
        rt_run_free(decoder);
    }
    rt_run_free(encoder);
    rt_tensor_release(x);
}

static void the_distilled_network_codes_and_decodes(void **state)
{
    (void)state;
    need_data();
    struct rt_tensor *x = picture(VGG "golden_input_256x192.png");
    for (int level = 1; level <= 3; level++) {
        char encoder[64], decoder[64], layer[16], code[64], picture_file[64], path[1024];
        snprintf(encoder, sizeof encoder, THIN "enc16x_%d.onnx", level);
        snprintf(decoder, sizeof decoder, THIN "dec16x_%d.onnx", level);
        snprintf(layer, sizeof layer, "relu%d_1", level);
        snprintf(code, sizeof code, THIN "golden_%d/code.npy", level);
        snprintf(picture_file, sizeof picture_file, THIN "golden_%d/recon.npy", level);
        struct imp_nn_run *run = open_run(encoder, level & 1);
        feed(run, x);
        golden(run, layer, code, 1);
        rt_run_free(run);
        struct rt_tensor *feature = npy_read(place(code, path));
        run = open_run(decoder, level & 1);
        feed(run, feature);
        golden(run, "dec_conv11_r", picture_file, 1);
        rt_run_free(run);
        rt_tensor_release(feature);
    }
    rt_tensor_release(x);
}

static void a_style_network_paints_as_its_origin(void **state)
{
    (void)state;
    need_data();
    struct rt_tensor *x = picture("faststyle_ml5_wave/golden_input.png");
    for (int64_t i = 0; i < x->count; i++)
        rt_floats(x)[i] = roundf(rt_floats(x)[i] * 255);
    struct imp_nn_run *run = open_run("faststyle_ml5_wave/faststyle_wave.onnx", WRITTEN);
    feed(run, x);
    golden(run, "out_rgb255", "faststyle_ml5_wave/golden_output.npy", 1);
    rt_run_free(run);
    rt_tensor_release(x);
}

static void squeezenet_names_what_is_in_the_picture(void **state)
{
    (void)state;
    static const char *const names[] = {"chelsea", "coffee", "kodim23", "kodim05", "rocket"};
    static const float mean[3] = {104, 117, 123};
    char path[1024], file[128];
    need_data();
    struct rt_tensor *want =
        npy_read(place("squeezenet1.1_openvino_fp16/golden/outputs_float32.npy", path));
    struct imp_nn_run *run =
        open_run("squeezenet1.1_openvino_fp16/squeezenet1.1_fp32.onnx", WRITTEN);
    assert_non_null(want);
    for (int i = 0; i < 5; i++) {
        snprintf(file, sizeof file, "squeezenet1.1_openvino_fp16/golden/%s_227.png", names[i]);
        struct rt_tensor *rgb = picture(file);
        struct rt_tensor *bgr = rt_tensor_new(IMP_F32, &rgb->shape);
        const int64_t plane = rgb->count / 3;
        for (int64_t k = 0; k < rgb->count; k++)
            rt_floats(bgr)[k] =
                roundf(rt_floats(rgb)[(2 - k / plane) * plane + k % plane] * 255) - mean[k / plane];
        feed(run, bgr);
        const imp_tensor got = value_of(run, "prob");
        struct rt_tensor row = {.shape = rt_shape_of(1, (const int64_t[]){1000}),
                                .count = 1000,
                                .data = rt_floats(want) + 1000 * i};
        const imp_tensor flat = {.ndim = 1, .shape = row.shape.dim, .data = got.data};
        compare(&flat, &row, 1, 1e-4);
        rt_tensor_release(bgr);
        rt_tensor_release(rgb);
    }
    rt_run_free(run);
    rt_tensor_release(want);
}

/* The golden file is of the first pictures of test_2k.bin (ONNX Runtime gives it for those). */
static void resnet_20_gives_the_logits_of_its_origin(void **state)
{
    (void)state;
    enum { COUNT = 100, SIDE = 32, RECORD = 1 + 3 * SIDE * SIDE };
    static const double mean[3] = {0.485, 0.456, 0.406}, deviation[3] = {0.229, 0.224, 0.225};
    char path[1024];
    size_t size;
    need_data();
    snprintf(path, sizeof path, "%s/classification/cifar10/test_2k.bin", getenv("DATA"));
    uint8_t *records = slurp(path, &size);
    assert_non_null(records);
    assert_true(size >= COUNT * RECORD);
    struct rt_tensor *x =
        rt_tensor_new(IMP_F32, &(struct rt_shape){.ndim = 4, .dim = {COUNT, 3, SIDE, SIDE}});
    for (int64_t i = 0; i < x->count; i++) {
        const int64_t c = i / (SIDE * SIDE) % 3, n = i / (3 * SIDE * SIDE);
        const double v = records[n * RECORD + 1 + i % (3 * SIDE * SIDE)];
        rt_floats(x)[i] = (float)((v / 255 - mean[c]) / deviation[c]);
    }
    struct imp_nn_run *run = open_run("resnet_cifar10_akamaster/resnet20.onnx", WRITTEN);
    feed(run, x);
    golden(run, "logits", "resnet_cifar10_akamaster/resnet20_golden_logits_first100.npy", 1);
    rt_run_free(run);
    rt_tensor_release(x);
    free(records);
}

static void networks_without_goldens_give_finite_values(void **state)
{
    (void)state;
    static const struct {
        const char *file;
        int64_t shape[4];
    } nets[] = {{"darknet_tiny_ml5/tiny_darknet.onnx", {1, 3, 224, 224}},
                {VGG "vgg19_norm_enc3_zeropad.onnx", {1, 3, 33, 47}},
                {THIN "enc16x_4.onnx", {1, 3, 64, 48}},
                {THIN "enc16x_5.onnx", {1, 3, 64, 48}},
                {THIN "dec16x_4.onnx", {1, 128, 4, 3}},
                {THIN "dec16x_5.onnx", {1, 128, 4, 3}}};
    need_data();
    for (size_t i = 0; i < sizeof nets / sizeof *nets; i++) {
        struct imp_nn_run *run = open_run(nets[i].file, WRITTEN);
        const struct rt_shape s = rt_shape_of(4, nets[i].shape);
        struct rt_tensor *x = rt_tensor_new(IMP_F32, &s);
        for (int64_t k = 0; k < x->count; k++)
            rt_floats(x)[k] = (float)kit_uniform(1, 2, (uint64_t)k);
        feed(run, x);
        const struct rt_graph *g = run->model->graph;
        const imp_tensor out = value_of(run, g->nodes[g->node_count - 1].name);
        const struct rt_shape shape = rt_shape_of(out.ndim, out.shape);
        for (int64_t k = 0; k < rt_count(&shape); k++)
            assert_true(isfinite(((const float *)out.data)[k]));
        rt_tensor_release(x);
        rt_run_free(run);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(vgg_19_gives_the_maps_of_its_origin),
        cmocka_unit_test(vgg_19_is_inverted_as_its_decoders_did),
        cmocka_unit_test(the_distilled_network_codes_and_decodes),
        cmocka_unit_test(a_style_network_paints_as_its_origin),
        cmocka_unit_test(squeezenet_names_what_is_in_the_picture),
        cmocka_unit_test(resnet_20_gives_the_logits_of_its_origin),
        cmocka_unit_test(networks_without_goldens_give_finite_values),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
