/* test_net_normalise.c - net.normalise: means of maps over a data set, summed here from what
 * net.encode gives. That values stay those of a double-precision pass is test_rt_rescale.c's. */
#include <unistd.h>
#include "data_test.h"
#include "minipriv.h"

enum { SIDE = 12, PLANE = SIDE * SIDE, COUNT = 5 };
static char folder[] = "/tmp/impasto-normalise-XXXXXX", file[64], saved[64];

static int open_runtime(void **state)
{
    if (!mkdtemp(folder))
        return -1;
    snprintf(file, sizeof file, "%s/a.ini", folder);
    snprintf(saved, sizeof saved, "%s/a.safetensors", folder);
    return open_plugin(state, "runtime");
}

static int close_runtime(void **state)
{
    unlink(file);
    unlink(saved);
    rmdir(folder);
    return close_plugin(state);
}

#define HEAD      "[network]" BODY_HEAD
#define BODY_HEAD "\nformat = 1\ninput = rgb\nrange = 0 1\n[picture]\nop = input\nshape = N 3 H W\n"
#define BODY                                                                                       \
    "[c1]\nop = conv\nfilters = 6\nkernel = 3\npad = 1\nbias = no\n[n1]\nop = batch_norm\n"        \
    "[r1]\nop = relu\n[p1]\nop = average_pool\nkernel = 2\nstride = 2\n"                           \
    "[c2]\nop = conv\nfilters = 4\nkernel = 3\npad = 1\n[r2]\nop = relu\n"
#define TAIL                                                                                       \
    "[mean]\nop = global_average_pool\n[flat]\nop = flatten\n[kind]\nop = gemm\nunits = 2\n"

/* reserved0 1: black pictures; 2: one that cannot be read. */
static imp_status read_own(const imp_dataset *d, uint64_t i, imp_sample *s, imp_error *err) IMP_NX
{
    if (d->reserved0 == 2 && i == 3)
        return imp_fail(err, IMP_E_IO, "record 3 is gone");
    for (uint32_t x = 0; x < 3 * PLANE; x++)
        s->pixels[x] = d->reserved0 ? 0 : (float)kit_uniform(9, i, x);
    s->label = UINT32_MAX;
    return IMP_OK;
}
static imp_dataset own = {.struct_size = sizeof own,
                          .count = COUNT,
                          .channels = 3,
                          .height = SIDE,
                          .width = SIDE,
                          .read = read_own};

static struct made build(struct data_place *p, const char *text)
{
    FILE *f = fopen(file, "wb");
    assert_non_null(f);
    fputs(text, f);
    fclose(f);
    struct made m = run_filter(p, "net.build", (struct mini_call){0}, "path=%s seed=4", file);
    assert_int_equal(m.result.status, IMP_OK);
    return m;
}

static struct made normalise(struct data_place *p, const struct made *net, imp_dataset *d,
                             const char *params, struct mini_call call)
{
    imp_object *o = mini_object(IMP_DATASET_TYPE, "test", d, NULL);
    const imp_value *in[] = {mini_output(&net->result, 0, 0), &o->head};
    call.inputs = in, call.input_count = 2;
    struct made m = run_filter(p, "net.normalise", call, "%s", params);
    mini_release(&o->head);
    return m;
}

/* Means of a layer's maps over the data set. */
static void means_of(struct data_place *p, const struct made *net, const char *layer, double *mean)
{
    float pixels[3 * PLANE];
    for (uint64_t i = 0; i < COUNT; i++) {
        imp_image *m = mini_image(SIDE, SIDE, 3, IMP_SRGB);
        read_sample(&own, i, pixels, NULL);
        for (uint32_t k = 0; k < 3 * SIDE; k++)
            memcpy(m->data + k / SIDE * m->plane + k % SIDE * m->row, pixels + k * SIDE,
                   SIDE * sizeof(float));
        const imp_value *in[] = {mini_output(&net->result, 0, 0), &m->head};
        struct made c =
            run_filter(p, "net.encode", (struct mini_call){.inputs = in, .input_count = 2},
                       "layers=%s", layer);
        assert_int_equal(c.result.status, IMP_OK);
        const imp_tensor *t = (const imp_tensor *)(const void *)mini_output(&c.result, 0, 0);
        const int64_t plane = t->shape[1] * t->shape[2];
        for (int64_t k = 0; k < t->shape[0] * plane; k++)
            mean[k / plane] += (double)((const float *)t->data)[k] / (double)plane / COUNT;
        drop_made(&c);
        mini_release(&m->head);
    }
}

static const imp_table *table_of(const struct made *m)
{
    return (const imp_table *)(const void *)mini_output(&m->result, 1, 0);
}

static void every_map_has_the_mean_one(void **state)
{
    struct data_place *p = *state;
    double before[10] = {0}, after[10] = {0};
    struct made net = build(p, HEAD BODY TAIL);
    struct made n = normalise(p, &net, &own, "active=0", (struct mini_call){.threads = 3});
    assert_int_equal(n.result.status, IMP_OK);
    means_of(p, &net, "r1", before), means_of(p, &net, "r2", before + 6);
    means_of(p, &n, "r1", after), means_of(p, &n, "r2", after + 6);
    const imp_table *t = table_of(&n);
    assert_int_equal(t->row_count, 10);
    for (int i = 0; i < 10; i++) {
        const imp_cell *row = t->cells + 5 * i;
        assert_string_equal(row[0].s.ptr, i < 6 ? "r1" : "r2");
        assert_int_equal(row[1].i, i < 6 ? i : i - 6);
        assert_true(fabs(row[2].f - before[i]) < 1e-6 * before[i] + 1e-12);
        assert_true(row[3].f >= 0 && row[3].f <= 1 && (row[3].f > 0) == (before[i] > 0));
        if (before[i] > 0)
            assert_number(row[4].f, 1 / row[2].f);
        assert_true(fabs(after[i] - (before[i] > 0)) < 1e-5);
    }
    assert_true(fabs(before[1] - 1) > 0.01);
    drop_made(&n), drop_made(&net);
}

/* Does the network's file name classes? */
static bool has_classes(struct data_place *p, const struct made *net)
{
    char head[4096] = "";
    const imp_value *in[] = {mini_output(&net->result, 0, 0)};
    struct made m = run_filter(p, "net.save", (struct mini_call){.inputs = in, .input_count = 1},
                               "name=%s", saved);
    assert_int_equal(m.result.status, IMP_OK);
    drop_made(&m);
    FILE *f = fopen(saved, "rb");
    assert_non_null(f);
    assert_true(fseek(f, 8, SEEK_SET) == 0 && fread(head, 1, sizeof head - 1, f) > 100);
    fclose(f);
    return strstr(head, "\"classes\"") != NULL || strstr(head, "classes = ") != NULL;
}

static void the_last_layer_ends_the_network(void **state)
{
    struct data_place *p = *state;
    struct made net = build(p, "[network]\nclasses = cat|dog" BODY_HEAD BODY TAIL);
    struct made n = normalise(p, &net, &own, "last=r1", (struct mini_call){0});
    assert_int_equal(n.result.status, IMP_OK);
    assert_int_equal(table_of(&n)->row_count, 6);
    assert_false(has_classes(p, &n));
    assert_true(has_classes(p, &net));
    drop_made(&n);
    n = normalise(p, &net, &own, "last=kind", (struct mini_call){0});
    assert_int_equal(n.result.status, IMP_OK);
    assert_true(has_classes(p, &n));
    drop_made(&n);
    n = normalise(p, &net, &own, "last=r7", (struct mini_call){0});
    assert_int_equal(n.result.status, IMP_E_MISSING);
    assert_part(n.result.text, "r1");
    assert_int_equal(n.result.param, 0);
    drop_made(&n), drop_made(&net);
}

static void dead_maps_are_told_and_stay(void **state)
{
    struct data_place *p = *state;
    imp_dataset black = own;
    black.reserved0 = 1;
    double before[10] = {0}, after[10] = {0};
    struct made net = build(p, HEAD BODY);
    struct made n = normalise(p, &net, &black, "", (struct mini_call){0});
    assert_int_equal(n.result.status, IMP_OK);
    for (int i = 0; i < 10; i++)
        assert_true(table_of(&n)->cells[5 * i + 3].f == 0 && table_of(&n)->cells[5 * i + 4].f == 1);
    means_of(p, &net, "r2", before), means_of(p, &n, "r2", after);
    for (int i = 0; i < 4; i++)
        assert_true(fabs(before[i] - after[i]) < 1e-5 * (1 + before[i]));
    drop_made(&n), drop_made(&net);
}

/* Those above 0 at few places have the factor of the middle one of the others. */
static void rare_maps_get_the_factor_of_the_middle_one(void **state)
{
    struct data_place *p = *state;
    struct made net = build(p, HEAD BODY);
    struct made n = normalise(p, &net, &own, "active=0.5", (struct mini_call){0});
    const imp_table *t = table_of(&n);
    double common[6];
    int rare = 0, k = 0;
    for (int i = 0; i < 6; i++)
        if (t->cells[5 * i + 3].f >= 0.5)
            common[k++] = t->cells[5 * i + 2].f;
    assert_true(k > 0 && k < 6);
    for (int i = 0; i < 6; i++) {
        if (t->cells[5 * i + 3].f >= 0.5) {
            assert_number(t->cells[5 * i + 4].f, 1 / t->cells[5 * i + 2].f);
            continue;
        }
        int above = 0;
        for (int j = 0; j < k; j++)
            above += common[j] > 1 / t->cells[5 * i + 4].f * (1 + 1e-9);
        assert_int_equal(above, k - 1 - k / 2);
        rare++;
    }
    assert_int_equal(rare + k, 6);
    drop_made(&n), drop_made(&net);
}

static void refused(struct data_place *p, const char *text, imp_dataset *d, const char *part)
{
    struct made net = build(p, text);
    struct made n = normalise(p, &net, d, "", (struct mini_call){0});
    assert_true(n.result.status < 0);
    assert_part(n.result.text, part);
    drop_made(&n), drop_made(&net);
}

static void what_cannot_be_normalised_is_named(void **state)
{
    imp_dataset gone = own;
    gone.reserved0 = 2;
    refused(*state, HEAD "[c1]\nop = conv\nfilters = 6\nkernel = 3\n", &own, "has no relu");
    refused(*state, "[network]\nformat = 1\n[picture]\nop = input\nshape = N 3 H W\n" BODY, &own,
            "input");
    refused(*state, HEAD BODY "[s]\nop = sigmoid\n[k]\nop = conv\nfilters = 1\nkernel = 1\n", &own,
            "between 'r2'");
    refused(*state, HEAD BODY, &gone, "record 3 is gone");
}

static void it_stops_when_asked_and_without_memory(void **state)
{
    struct data_place *p = *state;
    struct made net = build(p, HEAD BODY);
    struct made n = normalise(p, &net, &own, "", (struct mini_call){.cancel_after = 4});
    assert_int_equal(n.result.status, IMP_CANCELLED);
    drop_made(&n);
    for (uint32_t k = 1; k < 8; k++) {
        n = normalise(p, &net, &own, "", (struct mini_call){.fail_at = k});
        assert_true(n.result.status == IMP_E_MEMORY || !n.result.refused);
        drop_made(&n);
    }
    drop_made(&net);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_map_has_the_mean_one),
        cmocka_unit_test(the_last_layer_ends_the_network),
        cmocka_unit_test(dead_maps_are_told_and_stay),
        cmocka_unit_test(rare_maps_get_the_factor_of_the_middle_one),
        cmocka_unit_test(what_cannot_be_normalised_is_named),
        cmocka_unit_test(it_stops_when_asked_and_without_memory),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, open_runtime, close_runtime) != 0;
}
