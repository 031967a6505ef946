/* test_inv_goal.c - what inversions make small, against a double-precision oracle of a small
 * network; sizes by codes; mirrored decoders and what they learn. */
#include "rt_help.h"

#include <inttypes.h>
#include <impasto/kit_paint.h>
#include "atlas.h"
#include "inv_mirror.h"
#include "minihost.h"

static const kit_nn runtime = {.model = {&rt_model_table, NULL},
                               .grad = {&rt_grad_table, NULL},
                               .train = {&rt_train_table, NULL},
                               .edit = {&rt_edit_table, NULL}};

#define HEAD                                                                                       \
    "[network]\nformat = 1\ninput = bgr\nrange = 0 2\nmean = 0.3 0.5 0.8\nstd = 0.7 0.9 1.3\n"
#define CONV(name, maps) "[" name "]\nop = conv\nfilters = " #maps "\nkernel = 3\npad = 1\n"
#define POOL(name)       "[" name "]\nop = average_pool\nkernel = 2\nstride = 2\n"
static const char small[] = HEAD "[x]\nop = input\nshape = N 3 H W\n" CONV(
    "a", 4) "[ra]\nop = relu\n" CONV("b", 5) "[rb]\nop = relu\n";
static const char deep[] =
    HEAD "[x]\nop = input\nshape = N 3 H W\n[pre]\nop = conv\nfilters = 3\nkernel = 1\n" CONV(
        "a", 4) "[ra]\nop = relu\n" CONV("a2", 6) "[ra2]\nop = relu\n" POOL("p1")
        CONV("b", 8) "[rb]\nop = relu\n" POOL("p2") CONV("c", 10) "[rc]\nop = relu\n" POOL("p3");

struct sighted {
    kit_sight sight;
    imp_nn_model *model;
    imp_nn_run *run;
};

static struct sighted look_with(const char *ini)
{
    struct said said;
    struct sighted s = {.model = built(ini, 3)};
    must(kit_sight_open(&s.sight, &runtime, s.model, listen(&said)));
    must(rt_model_table.run_new(NULL, s.model, 0, &s.run, listen(&said)));
    return s;
}

static void look_away(struct sighted *s)
{
    rt_model_table.run_free(NULL, s->run, NULL);
    release(s->model);
}

/* ---- the oracle: 3x3 convolutions with zeros around, and rectifiers, in double ---- */

enum { SIDE = 7, MOST_MAPS = 8, PLACES = SIDE * SIDE };
struct layer {
    uint32_t in, out;
    double weight[MOST_MAPS * MOST_MAPS * 9], bias[MOST_MAPS];
};

static void read_layers(const imp_nn_model *m, struct layer *a, struct layer *b)
{
    struct said said;
    imp_nn_trainer *t;
    struct layer *const all[] = {a, b};
    *a = (struct layer){.in = 3, .out = 4}, *b = (struct layer){.in = 4, .out = 5};
    must(rt_train_table.trainer_new(NULL, m, 1, &t, listen(&said)));
    for (uint32_t i = 0; i < 4; i++) {
        const char *name;
        imp_tensor v = {.head = {sizeof v, IMP_TENSOR}}, g = v;
        must(rt_train_table.param(NULL, t, i, &name, &v, &g, listen(&said)));
        double *to = i % 2 ? all[i / 2]->bias : all[i / 2]->weight;
        for (int64_t k = 0; k < count_of(&v); k++)
            to[k] = (double)((const float *)v.data)[k];
    }
    rt_train_table.trainer_free(NULL, t, NULL);
}

static void run_layer(const struct layer *l, const double *x, double *y)
{
    for (uint32_t m = 0; m < l->out; m++)
        for (int i = 0; i < PLACES; i++) {
            double sum = l->bias[m];
            for (uint32_t c = 0; c < l->in; c++)
                for (int k = 0; k < 9; k++) {
                    const int yy = i / SIDE + k / 3 - 1, xx = i % SIDE + k % 3 - 1;
                    if (yy >= 0 && yy < SIDE && xx >= 0 && xx < SIDE)
                        sum += l->weight[(m * l->in + c) * 9 + (uint32_t)k] *
                               x[c * PLACES + (uint32_t)(yy * SIDE + xx)];
                }
            y[m * PLACES + (uint32_t)i] = sum > 0 ? sum : 0;
        }
}

struct two { /* codes of both layers */
    double a[4 * PLACES], b[5 * PLACES];
};

/* x: what the network is fed. */
static double oracle(const struct layer *a, const struct layer *b, const double *x, const float *ta,
                     const float *tb, const double weights[2], bool fmi, double scale)
{
    struct two f;
    double off[2] = {0, 0}, norm[2] = {0, 0};
    run_layer(a, x, f.a);
    run_layer(b, f.a, f.b);
    for (int i = 0; i < 4 * PLACES; i++)
        off[0] += (f.a[i] - (double)ta[i]) * (f.a[i] - (double)ta[i]),
            norm[0] += (double)ta[i] * (double)ta[i];
    for (int i = 0; i < 5 * PLACES; i++)
        off[1] += (f.b[i] - (double)tb[i]) * (f.b[i] - (double)tb[i]),
            norm[1] += (double)tb[i] * (double)tb[i];
    return fmi ? 0.5 * scale * scale * (weights[0] * off[0] + weights[1] * off[1])
               : weights[0] * off[0] / norm[0] + weights[1] * off[1] / norm[1];
}

static void check_gradient(bool fmi)
{
    enum { N = 3 * PLACES };
    static const double weights[2] = {0.7, 1.9};
    struct said said;
    struct sighted s = look_with(small);
    struct layer a, b;
    double x[N];
    float fed[N], ta[4 * PLACES], tb[5 * PLACES];
    const int64_t shape[] = {1, 3, SIDE, SIDE};
    read_layers(s.model, &a, &b);
    for (uint64_t i = 0; i < N; i++)
        fed[i] = (float)(2 * kit_uniform(4, 1, i) - 0.6), x[i] = (double)fed[i];
    for (uint64_t i = 0; i < 5 * PLACES; i++) {
        tb[i] = (float)fmax(0, kit_normal(5, 1, i));
        if (i < 4 * PLACES)
            ta[i] = (float)fmax(0, kit_normal(5, 2, i));
    }
    const struct inv_term terms[] = {{.node = node_of(s.model, "ra"),
                                      .weight = weights[0],
                                      .target = {"ra", ta, 4, SIDE, SIDE, 0}},
                                     {.node = node_of(s.model, "rb"),
                                      .weight = weights[1],
                                      .target = {"rb", tb, 5, SIDE, SIDE, 0}}};
    struct inv_goal g = {.sight = &s.sight,
                         .terms = terms,
                         .count = 2,
                         .fmi = fmi,
                         .scale = 3,
                         .width = SIDE,
                         .height = SIDE};
    must(inv_goal_init(&g, listen(&said)));
    const kit_goal goal = inv_goal_as(&g);
    const kit_part whole = {.count = 1,
                            .width = SIDE,
                            .height = SIDE,
                            .held = {0, 0, SIDE, SIDE},
                            .inner = {0, 0, SIDE, SIDE}};
    const imp_tensor in = tensor_of(4, shape, fed);
    double parts[2];
    must(goal.begin(goal.user, s.run, SIDE, SIDE, NULL, listen(&said)));
    must(rt_model_table.set_input(NULL, s.run, s.sight.input, &in, listen(&said)));
    must(goal.measure(goal.user, s.run, &whole, NULL, listen(&said)));
    must(goal.judge(goal.user, parts, listen(&said)));
    const double want = oracle(&a, &b, x, ta, tb, weights, fmi, 3);
    assert_true(fabs(parts[0] + parts[1] - want) < 1e-5 * want);
    must(goal.seed(goal.user, s.run, &whole, NULL, listen(&said)));
    must(rt_grad_table.backward(NULL, s.run, 1, &s.sight.input, NULL, listen(&said)));
    imp_tensor v = {.head = {sizeof v, IMP_TENSOR}};
    must(rt_grad_table.gradient(NULL, s.run, s.sight.input, &v, listen(&said)));
    double off = 0, norm = 0;
    for (int i = 0; i < N; i++) {
        const double eps = 1e-5, keep = x[i];
        x[i] = keep + eps;
        const double up = oracle(&a, &b, x, ta, tb, weights, fmi, 3);
        x[i] = keep - eps;
        const double down = oracle(&a, &b, x, ta, tb, weights, fmi, 3);
        x[i] = keep;
        const double d = (up - down) / (2 * eps), got = (double)((const float *)v.data)[i];
        off += (d - got) * (d - got), norm += d * d;
    }
    assert_true(off < 1e-6 * norm); /* 1e-3 of the length */
    inv_goal_fini(&g);
    look_away(&s);
}

static void both_goals_and_their_gradients_are_the_oracles(void **state)
{
    (void)state;
    check_gradient(false);
    check_gradient(true);
}

static void a_target_of_zeros_or_of_another_size_is_refused(void **state)
{
    struct said said;
    struct sighted s = look_with(small);
    float zero[4 * PLACES] = {0};
    struct inv_term term = {
        .node = node_of(s.model, "ra"), .weight = 1, .target = {"ra", zero, 4, SIDE, SIDE, 0}};
    struct inv_goal g = {
        .sight = &s.sight, .terms = &term, .count = 1, .scale = 1, .width = 5, .height = 5};
    (void)state;
    assert_int_equal(inv_goal_init(&g, listen(&said)), IMP_E_INPUT);
    assert_non_null(strstr(said.text, "0 everywhere"));
    inv_goal_fini(&g);
    zero[3] = 1;
    g = (struct inv_goal){
        .sight = &s.sight, .terms = &term, .count = 1, .scale = 1, .width = 5, .height = 5};
    must(inv_goal_init(&g, listen(&said)));
    const kit_goal goal = inv_goal_as(&g);
    const kit_part whole = {
        .count = 1, .width = 5, .height = 5, .held = {0, 0, 5, 5}, .inner = {0, 0, 5, 5}};
    static const int64_t shape[] = {1, 3, 5, 5};
    float fed[75] = {0};
    const imp_tensor in = tensor_of(4, shape, fed);
    must(rt_model_table.set_input(NULL, s.run, s.sight.input, &in, listen(&said)));
    assert_int_equal(goal.measure(goal.user, s.run, &whole, NULL, listen(&said)), IMP_E_INPUT);
    assert_non_null(strstr(said.text, "4 x 5 x 5"));
    assert_non_null(strstr(said.text, "4 x 7 x 7"));
    inv_goal_fini(&g);
    look_away(&s);
}

static void lines_fit_what_is_a_line(void **state)
{
    float f[50], t[50];
    double line[2];
    (void)state;
    for (uint64_t i = 0; i < 50; i++)
        f[i] = (float)kit_normal(1, 1, i), t[i] = 2.5f * f[i] - 0.75f;
    inv_line(f, t, 50, line);
    assert_true(fabs(line[0] - 2.5) < 1e-5 && fabs(line[1] + 0.75) < 1e-5);
    for (int i = 0; i < 50; i++)
        f[i] = 3, t[i] = i < 25 ? 0 : 4; /* nothing to tell apart by: the mean */
    inv_line(f, t, 50, line);
    assert_true(line[0] == 0 && fabs(line[1] - 2) < 1e-9);
}

/* ---- sizes ---- */

static void a_code_tells_which_pictures_it_may_be_of(void **state)
{
    struct said said;
    struct sighted s = look_with(deep);
    struct inv_sizes z, other;
    uint32_t w = 0, h = 0;
    const float none = 0;
    kit_code code = {"rc", &none, 10, 12, 20, 0};
    (void)state;
    must(inv_sizes_of(&s.sight, node_of(s.model, "rc"), &code, &z, listen(&said)));
    assert_int_equal(z.w_from, 80);
    assert_int_equal(z.w_to, 83);
    assert_int_equal(z.h_from, 48);
    assert_int_equal(z.h_to, 51);
    inv_sizes_choose(&s.sight, &z, &w, &h);
    assert_true(w == 80 && h == 48);
    w = 83, h = 49; /* a hint that fits is taken, one that does not is not */
    inv_sizes_choose(&s.sight, &z, &w, &h);
    assert_true(w == 83 && h == 49);
    w = 84, h = 49;
    inv_sizes_choose(&s.sight, &z, &w, &h);
    assert_true(w == 80 && h == 48);
    kit_code shallow = {"ra", &none, 4, 50, 82, 0};
    must(inv_sizes_of(&s.sight, node_of(s.model, "ra"), &shallow, &other, listen(&said)));
    assert_true(inv_sizes_meet(&z, &other) && z.w_from == 82 && z.w_to == 82 && z.h_from == 50 &&
                z.h_to == 50);
    shallow.w = 90;
    must(inv_sizes_of(&s.sight, node_of(s.model, "ra"), &shallow, &other, listen(&said)));
    assert_false(inv_sizes_meet(&z, &other));
    code.c = 11;
    assert_int_equal(inv_sizes_of(&s.sight, node_of(s.model, "rc"), &code, &z, listen(&said)),
                     IMP_E_INPUT);
    assert_non_null(strstr(said.text, "11 maps"));
    look_away(&s);
}

/* ---- which maps ---- */

static void maps_are_chosen_by_words_and_ranges(void **state)
{
    static const double natural[] = {1, 5, 2, 5, 0, 3};
    static const struct {
        const char *text, *maps;
    } good[] = {{"all", "012345"},    {"top 2", "13"},   {"top 4", "1235"},
                {"top 99", "012345"}, {"0-2 4", "0124"}, {" 5, 1-1 ", "15"}};
    static const char *const bad[] = {"",   " ",  "some", "top", "top 0", "top x", "3-1",
                                      "1-", "-1", "1 x",  "6",   "0-6",   "2x"};
    uint32_t maps[6], n;
    char why[160];
    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        if (atlas_maps(good[i].text, natural, 6, maps, &n, why, sizeof why))
            fail_msg("%s: %s", good[i].text, why);
        assert_int_equal(n, strlen(good[i].maps));
        for (uint32_t k = 0; k < n; k++)
            assert_int_equal(maps[k], good[i].maps[k] - '0');
    }
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        if (!atlas_maps(bad[i], natural, 6, maps, &n, why, sizeof why))
            fail_msg("'%s' was taken", bad[i]);
    assert_non_null(strstr(atlas_maps("4-7", natural, 6, maps, &n, why, sizeof why),
                           "no map 7: the layer has 6"));
}

/* ---- decoders ---- */

static void a_mirror_gives_pictures_of_the_size_they_had(void **state)
{
    static const char *const layers[] = {"ra", "ra2", "rb", "rc", "p3"};
    static const uint32_t halves[] = {0, 0, 1, 2, 3}, maps[] = {4, 6, 8, 10, 10};
    struct said said;
    struct sighted s = look_with(deep);
    (void)state;
    for (int i = 0; i < 5; i++) {
        struct inv_path p;
        must(inv_path_of(&s.sight, node_of(s.model, layers[i]), &p, listen(&said)));
        assert_int_equal(p.halves, halves[i]);
        assert_int_equal(p.channels, maps[i]);
        char *text = inv_mirror_text(&p, layers[i], 3, 1, 0.25);
        assert_non_null(text);
        imp_nn_model *m = built(text, 1);
        imp_nn_run *run;
        const int64_t shape[] = {2, maps[i], 6, 4};
        uint32_t count;
        must(rt_model_table.run_new(NULL, m, 0, &run, listen(&said)));
        set_noise(run, m, "code", 4, shape, 3);
        must(rt_model_table.node_count(NULL, m, &count, listen(&said)));
        must(rt_model_table.forward(NULL, run, count - 1, NULL, listen(&said)));
        const imp_tensor v = value_of(run, count - 1);
        assert_true(v.shape[0] == 2 && v.shape[1] == 3 && v.shape[2] == 6 << halves[i] &&
                    v.shape[3] == 4 << halves[i]);
        rt_model_table.run_free(NULL, run, NULL);
        release(m);
        free(text);
    }
    look_away(&s);
    struct sighted odd = look_with(
        HEAD "[x]\nop = input\nshape = N 3 H W\n[a]\nop = conv\nfilters = 4\nkernel = 3\n");
    struct inv_path p;
    assert_int_equal(inv_path_of(&odd.sight, node_of(odd.model, "a"), &p, listen(&said)),
                     IMP_E_INPUT);
    assert_non_null(strstr(said.text, "keep or halve sides"));
    look_away(&odd);
}

static void losses_of_decoders_have_the_gradients_of_differences(void **state)
{
    enum { N = 3, SIZE = 8, ALL = N * SIZE };
    float x[ALL], t[ALL], g[2][ALL], unused[ALL];
    (void)state;
    for (uint64_t i = 0; i < ALL; i++)
        x[i] = (float)kit_normal(1, 1, i), t[i] = i < SIZE ? 0 : (float)kit_normal(1, 2, i);
    const double pixels = inv_pixel_loss(x, t, ALL, g[0]),
                 features = inv_feature_loss(x, t, N, SIZE, 0.3, g[1]);
    double want[2] = {0, 0};
    for (int k = 0; k < N; k++) {
        double off = 0, norm = 0;
        for (int i = k * SIZE; i < (k + 1) * SIZE; i++)
            off += pow((double)x[i] - (double)t[i], 2), norm += pow((double)t[i], 2);
        want[0] += off / ALL;
        want[1] += k ? 0.3 / N * off / norm : 0; /* the first target is 0: it counts nothing */
    }
    assert_true(fabs(pixels - want[0]) < 1e-6 && fabs(features - want[1]) < 1e-6);
    for (int i = 0; i < ALL; i++) {
        const float eps = 0.125f, keep = x[i];
        double side[2][2];
        for (int k = 0; k < 2; k++) { /* both are squares: differences are exact */
            x[i] = keep + (k ? eps : -eps);
            side[0][k] = inv_pixel_loss(x, t, ALL, unused),
            side[1][k] = inv_feature_loss(x, t, N, SIZE, 0.3, unused);
        }
        x[i] = keep;
        for (int k = 0; k < 2; k++)
            assert_true(fabs((side[k][1] - side[k][0]) / (2 * (double)eps) - (double)g[k][i]) <
                        1e-5);
    }
}

static void pictures_go_into_the_network_as_the_kit_prepares_them(void **state)
{
    enum { W = 5, H = 4, PLANE = W * H };
    struct said said;
    struct sighted s = look_with(small); /* blue first, its own mean and deviation */
    imp_image *m = mini_noise(W, H, 3, IMP_SRGB, 7);
    const kit_box all = {0, 0, W, H};
    float packed[3 * PLANE], want[3 * PLANE], got[3 * PLANE], way[3 * PLANE], back[3 * PLANE] = {0};
    (void)state;
    for (uint32_t c = 0; c < 3; c++)
        for (uint32_t i = 0; i < PLANE; i++)
            packed[c * PLANE + i] = imp_row(m, c, i / W)[i % W];
    must(kit_to_network(&s.sight.prepare.input, m, &all, want, NULL));
    (void)said;
    kit_planes_in(&s.sight.prepare.input, 0, 1, 1, PLANE, packed, got);
    double forth = 0, again = 0;
    for (uint32_t i = 0; i < 3 * PLANE; i++) {
        assert_true(fabsf(got[i] - want[i]) < 1e-5f);
        way[i] = (float)kit_normal(2, 2, i);
    }
    /* the way back is the transpose: <J p, w> = <p, J^T w> */
    float zero[3 * PLANE] = {0}, offset[3 * PLANE];
    kit_planes_in(&s.sight.prepare.input, 0, 1, 1, PLANE, zero, offset);
    kit_planes_back(&s.sight.prepare.input, 0, 1, 1, PLANE, way, back);
    for (uint32_t i = 0; i < 3 * PLANE; i++) {
        forth += ((double)got[i] - (double)offset[i]) * (double)way[i];
        again += (double)packed[i] * (double)back[i];
    }
    assert_true(fabs(forth - again) < 1e-4 && fabs(forth) > 0.1);
    mini_release(&m->head);
    look_away(&s);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_goals_and_their_gradients_are_the_oracles),
        cmocka_unit_test(a_target_of_zeros_or_of_another_size_is_refused),
        cmocka_unit_test(lines_fit_what_is_a_line),
        cmocka_unit_test(a_code_tells_which_pictures_it_may_be_of),
        cmocka_unit_test(maps_are_chosen_by_words_and_ranges),
        cmocka_unit_test(a_mirror_gives_pictures_of_the_size_they_had),
        cmocka_unit_test(losses_of_decoders_have_the_gradients_of_differences),
        cmocka_unit_test(pictures_go_into_the_network_as_the_kit_prepares_them),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
