/* test_net_train.c - the filter net.train: from an architecture and a data set to a network that
 * another filter takes, its history, what it says while planning, and stopped runs that go on. */
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
#include <impasto/data.h>
#include <impasto/kit.h>
#include <impasto/nn.h>
#include "minihost.h"
#include "minipriv.h"

static char folder[] = "/tmp/impasto-train-XXXXXX";

static const char architecture[] =
    "[network]\nformat = 1\ninput = rgb\nrange = 0 255\nmean = 128\nstd = 64\n"
    "[x]\nop = input\nshape = N 3 6 6\n"
    "[conv1]\nop = conv\nfilters = 4\nkernel = 3\npad = 1\n[bn1]\nop = batch_norm\n[relu1]\nop = "
    "relu\n"
    "[flat]\nop = flatten\n[fc]\nop = gemm\nunits = 3\ntrans_b = yes\n";

/* The same, and the picture from its maps. */
static const char restoring[] =
    "[again]\nop = conv\nin = relu1\nfilters = 3\nkernel = 3\npad = 1\n";

static const char *file(void)
{
    static char path[300];
    snprintf(path, sizeof path, "%s/a.ini", folder);
    return path;
}

static int open_runtime(void **state)
{
    char path[4096], why[512];
    FILE *f = mkdtemp(folder) ? fopen(file(), "wb") : NULL;
    if (!f || fputs(architecture, f) < 0 || fclose(f))
        return -1;
    *state = mini_open(mini_built("runtime", path, sizeof path), why, sizeof why);
    if (!*state)
        print_message("# %s\n", why);
    return *state ? 0 : -1;
}

static int close_runtime(void **state)
{
    mini_close(*state);
    unlink(file());
    return rmdir(folder);
}

/* ---- a data set: grey or coloured squares, brightest at the top, in the middle, below ---- */

static imp_status thirds_read(const imp_dataset *data, uint64_t index, imp_sample *s,
                              imp_error *err) IMP_NX
{
    const uint32_t kind = (uint32_t)(index % 3), size = data->channels * 36;
    (void)err;
    for (uint32_t i = 0; i < size; i++)
        s->pixels[i] = (float)((i % 36 / 12 == kind ? 0.7 : 0.4) + 0.1 * kit_normal(1, index, i));
    s->label = kind;
    return IMP_OK;
}

static imp_dataset thirds(uint64_t count)
{
    static const char *const names[] = {"top", "middle", "bottom"};
    return (imp_dataset){.struct_size = sizeof(imp_dataset),
                         .count = count,
                         .channels = 3,
                         .height = 6,
                         .width = 6,
                         .class_count = 3,
                         .class_names = names,
                         .read = thirds_read};
}

static imp_object *object_of(imp_dataset *data)
{
    return mini_object(IMP_DATASET_TYPE, "test", data, NULL);
}

/* ---- calls ---- */

static struct mini_node *node_of(void **state, const char *filter, const char *params)
{
    char why[512];
    struct mini_node *node = mini_node(*state, filter, params, why, sizeof why);
    if (!node)
        print_message("# %s %s: %s\n", filter, params, why);
    assert_non_null(node);
    return node;
}

static void run(struct mini_node *node, const imp_value *const *in, uint32_t count,
                uint32_t cancel_after, struct mini_result *r)
{
    const struct mini_call c = {
        .inputs = in, .input_count = count, .threads = 2, .cancel_after = cancel_after};
    mini_process(node, &c, r);
    if (r->fault[0] || r->status < 0)
        print_message("# %d %s%s\n", (int)r->status, r->text, r->fault);
    assert_string_equal(r->fault, "");
}

static struct mini_result built(void **state)
{
    char params[400];
    struct mini_result r;
    snprintf(params, sizeof params, "path=%s seed=2", file());
    struct mini_node *node = node_of(state, "net.build", params);
    run(node, NULL, 0, 0, &r);
    mini_node_free(node);
    assert_int_equal(r.status, IMP_OK);
    return r;
}

/* The score of the best class of a picture, and its name. */
static void look(void **state, const imp_value *net, const imp_image *picture, const char *label)
{
    const imp_value *in[] = {net, &picture->head};
    struct mini_node *node = node_of(state, "net.classify", "top=1");
    struct mini_result r;
    run(node, in, 2, 0, &r);
    const imp_table *t = (const imp_table *)(const void *)mini_output(&r, 0, 0);
    assert_string_equal(t->cells[2].s.ptr, label);
    mini_result_free(&r);
    mini_node_free(node);
}

static void it_trains_a_network_that_tells_classes_by_name(void **state)
{
    imp_dataset train = thirds(300), test = thirds(60);
    imp_object *objects[] = {object_of(&train), object_of(&test)};
    struct mini_result net = built(state), r;
    const imp_value *in[] = {mini_output(&net, 0, 0), &objects[0]->head, &objects[1]->head};
    struct mini_node *node =
        node_of(state, "net.train", "epochs=3 batch=30 rate=0.05 every=5 schedule=step drops=2");
    run(node, in, 3, 0, &r);
    assert_int_equal(r.status, IMP_OK);
    const imp_table *history = (const imp_table *)(const void *)mini_output(&r, 1, 0);
    assert_int_equal(history->row_count, 6);
    assert_int_equal(history->column_count, 7);
    assert_string_equal(history->columns[6].name, "test_accuracy");
    assert_int_equal(history->cells[5 * 7].i, 30);
    assert_true(history->cells[5 * 7 + 6].f > 0.95);
    assert_true(fabs(history->cells[3 * 7 + 2].f - 0.05) < 1e-12 &&
                fabs(history->cells[5 * 7 + 2].f - 0.005) < 1e-12);
    imp_image *picture = mini_constant(6, 6, 3, IMP_SRGB, 0.4f);
    for (uint32_t c = 0; c < 3; c++)
        for (uint32_t y = 4; y < 6; y++)
            for (uint32_t x = 0; x < 6; x++)
                imp_row_out(picture, c, y)[x] = 0.7f;
    look(state, mini_output(&r, 0, 0), picture, "bottom");
    mini_release(&picture->head);
    mini_node_free(node);
    mini_result_free(&r);
    mini_result_free(&net);
    mini_release(&objects[0]->head);
    mini_release(&objects[1]->head);
}

/* Stopped again and again, the same instance goes on from what it kept. */
static void a_run_that_was_stopped_ends_with_the_same_history(void **state)
{
    static const char params[] =
        "epochs=2 batch=20 every=3 keep=0.000001 flip=yes shift=0.5 optimiser=adam rate=0.002";
    imp_dataset train = thirds(200);
    imp_object *data = object_of(&train);
    struct mini_result net = built(state), whole, part;
    const imp_value *in[] = {mini_output(&net, 0, 0), &data->head};
    struct mini_node *first = node_of(state, "net.train", params),
                     *second = node_of(state, "net.train", params);
    uint64_t size = 0;
    int calls = 0;
    run(first, in, 2, 0, &whole);
    assert_int_equal(whole.status, IMP_OK);
    for (uint32_t after = 60; run(second, in, 2, after, &part), part.status == IMP_CANCELLED;
         calls++, after += 30)
        mini_result_free(&part);
    assert_int_equal(part.status, IMP_OK);
    assert_true(calls > 1);
    assert_null(mini_kept(second, "training", &size)); /* gone with the end */
    assert_true(mini_same(mini_output(&whole, 1, 0), mini_output(&part, 1, 0)));
    mini_node_free(first);
    mini_node_free(second);
    mini_result_free(&whole);
    mini_result_free(&part);
    mini_result_free(&net);
    mini_release(&data->head);
}

static void refused(void **state, imp_dataset *data, const char *params, const char *text)
{
    imp_object *object = object_of(data);
    struct mini_result net = built(state);
    imp_shape shapes[2] = {{sizeof(imp_shape), IMP_OBJECT, 0, 0, 0, 0, 0, mini_output(&net, 0, 0)},
                           {sizeof(imp_shape), IMP_OBJECT, 0, 0, 0, 0, 0, &object->head}};
    struct mini_node *node = node_of(state, "net.train", params);
    struct mini_planned plan;
    mini_plan(node, shapes, 2, &plan);
    if (!strstr(plan.text, text))
        print_message("# %s\n", plan.text);
    assert_int_equal(plan.mistake_count, *text != 0);
    assert_non_null(strstr(plan.text, text));
    assert_true(*text || (plan.bytes > 0 && plan.macs > 0));
    mini_node_free(node);
    mini_result_free(&net);
    mini_release(&object->head);
}

static void what_does_not_fit_is_said_while_planning(void **state)
{
    imp_dataset data = thirds(10);
    refused(state, &data, "", "");
    refused(state, &data, "target=picture", "cross-entropy is for classes");
    refused(state, &data, "target=attributes loss=mse", "has no attributes to learn");
    refused(state, &data, "restore=again", "no output 'again' that could restore the picture");
    data.class_count = 5;
    refused(state, &data, "", "gives 3 numbers, the data set has 5 classes");
    data = thirds(10);
    data.width = 7;
    refused(state, &data, "", "the data set has 3 x 6 x 7");
    data = thirds(10);
    data.channels = 2;
    refused(state, &data, "", "2 channels: 1 or 3");
    data = thirds(0);
    refused(state, &data, "", "the data set is empty");
}

static struct mini_result built_restoring(void **state)
{
    char text[1000];
    const char *behind = strchr(architecture, '\n') + 1;
    FILE *f = fopen(file(), "wb");
    assert_non_null(f);
    snprintf(text, sizeof text, "[network]\noutputs = fc again\n%s%s", behind, restoring);
    assert_true(fputs(text, f) >= 0 && !fclose(f));
    const struct mini_result r = built(state);
    f = fopen(file(), "wb");
    assert_true(f && fputs(architecture, f) >= 0 && !fclose(f));
    return r;
}

static void what_is_restored_stands_in_the_history(void **state)
{
    imp_dataset train = thirds(300), test = thirds(60);
    imp_object *objects[] = {object_of(&train), object_of(&test)};
    struct mini_result net = built_restoring(state), r;
    const imp_value *in[] = {mini_output(&net, 0, 0), &objects[0]->head, &objects[1]->head};
    struct mini_node *node =
        node_of(state, "net.train",
                "epochs=4 batch=10 rate=0.02 restore=again restore_weight=2 decays=weights");
    run(node, in, 3, 0, &r);
    assert_int_equal(r.status, IMP_OK);
    const imp_table *history = (const imp_table *)(const void *)mini_output(&r, 1, 0);
    const imp_cell *last = history->cells + 3 * 9;
    assert_int_equal(history->row_count, 4);
    assert_int_equal(history->column_count, 9);
    assert_string_equal(history->columns[7].name, "restored");
    assert_string_equal(history->columns[8].name, "test_restored");
    assert_true(last[7].f > 0 && last[7].f < 0.5 * history->cells[7].f &&
                last[8].f < history->cells[7].f);
    assert_true(last[3].f > 2 * last[7].f && last[6].f > 0.9);
    mini_node_free(node);
    mini_result_free(&r);
    mini_result_free(&net);
    mini_release(&objects[0]->head);
    mini_release(&objects[1]->head);
}

static void grey_samples_feed_a_network_for_colours(void **state)
{
    imp_dataset data = thirds(60);
    data.channels = 1;
    imp_object *object = object_of(&data);
    struct mini_result net = built(state), r;
    const imp_value *in[] = {mini_output(&net, 0, 0), &object->head};
    struct mini_node *node = node_of(state, "net.train", "epochs=1 batch=20");
    run(node, in, 2, 0, &r);
    assert_int_equal(r.status, IMP_OK);
    mini_node_free(node);
    mini_result_free(&r);
    mini_result_free(&net);
    mini_release(&object->head);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_trains_a_network_that_tells_classes_by_name),
        cmocka_unit_test(a_run_that_was_stopped_ends_with_the_same_history),
        cmocka_unit_test(what_does_not_fit_is_said_while_planning),
        cmocka_unit_test(what_is_restored_stands_in_the_history),
        cmocka_unit_test(grey_samples_feed_a_network_for_colours),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, open_runtime, close_runtime);
}
