/* test_energy_codes.c - codes to codes: the authors' rules against golden tensors, laws, refusals.
 */
#include "energy_test.h"
#include "energy_golden.h"

enum { C = GOLDEN_C, P = GOLDEN_H * GOLDEN_W };

static imp_tensor *content(void)
{
    return code_from("relu1_1", C, GOLDEN_H, GOLDEN_W, golden_content);
}

static imp_tensor *style(void)
{
    return code_from("relu1_1", C, GOLDEN_H, GOLDEN_W, golden_style);
}

/* ---- the published rules: within 1e-6 of the script's ---- */

static void fmi_is_the_rule(void **state)
{
    imp_tensor *f = content(), *out = becomes(state, "energy.fmi", "map=2", &f->head, NULL, NULL);
    assert_code(out, golden_fmi2, 1e-6);
    assert_string_equal(out->name, "relu1_1");
    free_code(f), free_code(out);
}

static void random_is_the_rule_for_given_numbers(void **state)
{
    imp_tensor *f = content();
    imp_table *r = table_of("relu1_1", "share", golden_r, C);
    imp_tensor *out = becomes(state, "energy.random", "draw=shares", &r->head, &f->head, NULL);
    assert_code(out, golden_random, 1e-6);
    free_code(f), free_code(out), mini_release(&r->head);
}

static void direct_is_the_rule(void **state)
{
    imp_tensor *f = content(), *a = style();
    imp_tensor *out = becomes(state, "energy.direct", "", NULL, &a->head, &f->head);
    assert_code(out, golden_direct, 1e-6);
    free_code(f), free_code(a), free_code(out);
}

static void moments_is_the_rule(void **state)
{
    imp_tensor *f = content(), *a = style();
    imp_tensor *out = becomes(state, "energy.moments", "", NULL, &a->head, &f->head);
    assert_code(out, golden_moments, 1e-6);
    free_code(f), free_code(a), free_code(out);
}

/* ---- laws ---- */

static void fmi_keeps_the_sum_at_each_place(void **state)
{
    imp_tensor *f = code_of("l", 37, 13, 101, 1);
    imp_tensor *out = becomes(state, "energy.fmi", "map=36", &f->head, NULL, NULL);
    for (int64_t p = 0; p < 13 * 101; p++) {
        double before = 0, after = 0;
        for (int64_t c = 0; c < 37; c++)
            before += (double)map_of(f, c)[p], after += (double)map_of(out, c)[p];
        assert_near(after, before, 1e-6 * before);
        assert_true(map_of(out, 5)[p] == 0);
    }
    free_code(f), free_code(out);
}

/* |sum T - S| <= 1e-5 sum |T|, and every map is a multiple of what it was. */
static void random_keeps_the_total_and_scales_maps(void **state)
{
    static const char *const draws[] = {"draw=lognormal sigma=2", "draw=dirichlet", "draw=fmi",
                                        "draw=dirichlet alpha=0.05"};
    imp_tensor *f = code_of("l", 64, 9, 11, 2);
    memset(map_of(f, 17), 0, 99 * sizeof(float));
    for (int k = 0; k < 4; k++) {
        imp_tensor *out = becomes(state, "energy.random", draws[k], NULL, &f->head, NULL);
        double absolute = 0, moved = 0;
        for (int64_t i = 0; i < 64 * 99; i++)
            absolute += fabs((double)map_of(out, 0)[i]);
        assert_near(total_of(out), total_of(f), 1e-5 * absolute);
        for (int64_t c = 0; c < 64; c++) {
            const double gain = c == 17 ? 0 : sum_of(out, c) / sum_of(f, c);
            for (int64_t p = 0; p < 99; p++)
                assert_near((double)map_of(out, c)[p], gain * (double)map_of(f, c)[p],
                            1e-5 * fabs(gain) * 5);
            moved += fabs(gain - 1);
        }
        assert_true(moved > 5);
        free_code(out);
    }
    free_code(f);
}

static void sigma_or_amount_0_changes_no_bit(void **state)
{
    imp_tensor *f = code_of("l", 20, 7, 5, 3), *a = code_of("l", 20, 4, 4, 4);
    imp_tensor *out[] = {
        becomes(state, "energy.random", "sigma=0", NULL, &f->head, NULL),
        becomes(state, "energy.random", "draw=fmi amount=0", NULL, &f->head, NULL),
        becomes(state, "energy.fmi", "amount=0 map=3", &f->head, NULL, NULL),
        becomes(state, "energy.direct", "amount=0", NULL, &a->head, &f->head),
        becomes(state, "energy.moments", "amount=0", NULL, &a->head, &f->head),
    };
    for (int k = 0; k < 5; k++) {
        assert_memory_equal(out[k]->data, f->data, 700 * sizeof(float));
        free_code(out[k]);
    }
    free_code(f), free_code(a);
}

static void amount_is_the_way_between(void **state)
{
    imp_tensor *f = code_of("l", 6, 7, 5, 3);
    imp_tensor *all = becomes(state, "energy.fmi", "map=1", &f->head, NULL, NULL);
    imp_tensor *part = becomes(state, "energy.fmi", "map=1 amount=0.25", &f->head, NULL, NULL);
    for (int64_t i = 0; i < 210; i++) {
        const double a = (double)map_of(f, 0)[i], b = (double)map_of(all, 0)[i];
        assert_near((double)map_of(part, 0)[i], a + 0.25 * (b - a), 1e-5);
    }
    free_code(f), free_code(all), free_code(part);
}

static void draws_depend_on_seed_layer_and_map_alone(void **state)
{
    imp_tensor *f = code_of("a", 12, 5, 5, 5), *g = code_of("b", 12, 5, 5, 5);
    const imp_value *both[] = {NULL, &g->head, &f->head};
    struct mini_result r = works(state, "energy.random", "seed=7", both, 3);
    imp_tensor *alone = becomes(state, "energy.random", "seed=7", NULL, &f->head, NULL);
    imp_tensor *other = becomes(state, "energy.random", "seed=8", NULL, &f->head, NULL);
    assert_true(mini_same(mini_output(&r, 0, 1), &alone->head));
    assert_false(mini_same(&other->head, &alone->head));
    const imp_tensor *of_b = (const imp_tensor *)(const void *)mini_output(&r, 0, 0);
    assert_memory_not_equal(of_b->data, alone->data, 300 * sizeof(float));
    mini_result_free(&r);
    const imp_value *one[] = {NULL, &f->head};
    r = call(state, "energy.random", "seed=7", one, 2, 1);
    assert_true(mini_same(mini_output(&r, 0, 0), &alone->head));
    mini_result_free(&r);
    free_code(f), free_code(g), free_code(alone), free_code(other);
}

/* Of 4000 maps: the logarithms of the gains of lognormal have deviation sigma; the shares of
 * dirichlet have mean 1 / n and mean square 2 / n^2 (alpha 1). */
static void draws_have_their_distributions(void **state)
{
    enum { N = 4000 };
    const int64_t shape[] = {N, 1, 1};
    imp_tensor *f = mini_tensor(IMP_F32, 3, shape, "l");
    for (int i = 0; i < N; i++)
        ((float *)f->data)[i] = 1;
    imp_tensor *out = becomes(state, "energy.random", "sigma=0.5", NULL, &f->head, NULL);
    double mean = 0, square = 0;
    for (int i = 0; i < N; i++) {
        const double v = log((double)((float *)out->data)[i]);
        mean += v / N, square += v * v / N;
    }
    assert_near(sqrt(square - mean * mean), 0.5, 0.02);
    free_code(out);
    for (int k = 0; k < 2; k++) {
        out = becomes(state, "energy.random", k ? "draw=dirichlet alpha=0.5" : "draw=dirichlet",
                      NULL, &f->head, NULL);
        square = 0;
        for (int i = 0; i < N; i++)
            square += (double)((float *)out->data)[i] * (double)((float *)out->data)[i] / N;
        assert_near(square, k ? 3 : 2, k ? 0.4 : 0.2); /* (1 + alpha) / alpha */
        free_code(out);
    }
    free_code(f);
}

static void direct_with_the_content_as_style_changes_nothing(void **state)
{
    imp_tensor *f = code_of("l", 33, 9, 8, 6);
    imp_tensor *out = becomes(state, "energy.direct", "", NULL, &f->head, &f->head);
    double want[33 * 72];
    for (int i = 0; i < 33 * 72; i++)
        want[i] = (double)((float *)f->data)[i];
    assert_code(out, want, 1e-6);
    free_code(f), free_code(out);
}

static int rank_of(const imp_tensor *t, int64_t c)
{
    int rank = 0;
    for (int64_t d = 0; d < t->shape[0]; d++)
        rank += sum_of(t, d) < sum_of(t, c) || (sum_of(t, d) == sum_of(t, c) && d < c);
    return rank;
}

/* Means are the style's, variances those of the map of the same rank. */
static void direct_moves_maps_by_rank(void **state)
{
    imp_tensor *f = code_of("l", 15, 9, 8, 7), *a = code_of("l", 15, 5, 6, 8);
    imp_tensor *out = becomes(state, "energy.direct", "", NULL, &a->head, &f->head);
    for (int64_t c = 0; c < 15; c++) {
        int64_t from = 0;
        while (rank_of(f, from) != rank_of(a, c))
            from++;
        const double mean = sum_of(a, c) / 30, own = sum_of(f, from) / 72;
        for (int64_t p = 0; p < 72; p++)
            assert_near((double)map_of(out, c)[p], (double)map_of(f, from)[p] - own + mean, 1e-5);
    }
    free_code(f), free_code(a), free_code(out);
}

/* Of equal maps the one of the lower number is the weaker. */
static void equal_maps_keep_their_order(void **state)
{
    const double content_values[] = {1, 3, 3, 1, 2, 2, 9, 9},
                 style_values[] = {4, 4, 5, 5, 5, 5, 1, 1};
    imp_tensor *f = code_from("l", 4, 1, 2, content_values),
               *a = code_from("l", 4, 1, 2, style_values);
    /* content by rank: 0 1 2 3, all of 0..2 equal; style by rank: 3 0 1 2 */
    imp_tensor *out = becomes(state, "energy.direct", "", NULL, &a->head, &f->head);
    const double want[] = {5, 3, 5, 5, 5, 5, 0, 2};
    assert_code(out, want, 1e-6);
    free_code(f), free_code(a), free_code(out);
}

static void a_table_says_of_a_style_what_its_code_says(void **state)
{
    imp_tensor *f = code_of("l", 9, 9, 8, 7), *a = code_of("l", 9, 5, 6, 8);
    const imp_column columns[] = {{"layer", NULL, IMP_TEXT, 0},
                                  {"map", NULL, IMP_INT, 0},
                                  {"mean", NULL, IMP_FLOAT, 0},
                                  {"rms", NULL, IMP_FLOAT, 0}};
    imp_table *t = mini_table(4, columns);
    for (int64_t c = 9; c-- > 0;) { /* in any order */
        double mean = 0, square = 0;
        for (int p = 0; p < 30; p++)
            mean += (double)map_of(a, c)[p] / 30, square += pow((double)map_of(a, c)[p], 2) / 30;
        imp_cell cells[] = {{.s = {"l", 1}}, {.i = c}, {.f = mean}, {.f = sqrt(square)}};
        mini_row(t, cells);
    }
    for (int k = 0; k < 2; k++) {
        const char *filter = k ? "energy.moments" : "energy.direct";
        imp_tensor *x = becomes(state, filter, "", NULL, &a->head, &f->head);
        imp_tensor *y = becomes(state, filter, "", &t->head, NULL, &f->head);
        for (int i = 0; i < 9 * 72; i++)
            assert_near((double)((float *)x->data)[i], (double)((float *)y->data)[i], 1e-5);
        free_code(x), free_code(y);
    }
    free_code(f), free_code(a), mini_release(&t->head);
}

static void dead_maps_stay_0_and_dead_layers_pass(void **state)
{
    imp_tensor *f = code_of("l", 5, 4, 4, 1);
    memset(f->data, 0, 80 * sizeof(float));
    imp_tensor *out[] = {
        becomes(state, "energy.random", "", NULL, &f->head, NULL),
        becomes(state, "energy.random", "draw=dirichlet", NULL, &f->head, NULL),
        becomes(state, "energy.random", "draw=fmi", NULL, &f->head, NULL),
        becomes(state, "energy.fmi", "map=1", &f->head, NULL, NULL),
    };
    for (int k = 0; k < 4; k++) {
        assert_memory_equal(out[k]->data, f->data, 80 * sizeof(float));
        free_code(out[k]);
    }
    free_code(f);
}

static void a_constant_map_gets_the_style_s_mean_alone(void **state)
{
    imp_tensor *f = code_of("l", 3, 4, 4, 1), *a = code_of("l", 3, 4, 4, 2);
    for (int p = 0; p < 16; p++)
        map_of(f, 1)[p] = 0.7f;
    imp_tensor *out = becomes(state, "energy.moments", "", NULL, &a->head, &f->head);
    for (int p = 0; p < 16; p++)
        assert_near((double)map_of(out, 1)[p], sum_of(a, 1) / 16, 1e-5);
    free_code(f), free_code(a), free_code(out);
}

/* ---- shapes ---- */

static void strides_batches_of_one_and_vectors_are_codes(void **state)
{
    const int64_t four[] = {1, 4, 3, 5}, one[] = {6}, strides[] = {0, 1, 20, 4};
    imp_tensor *f = mini_tensor(IMP_F32, 4, four, "l"),
               *turned = mini_tensor(IMP_F32, 4, four, "l");
    for (int c = 0; c < 4; c++)
        for (int p = 0; p < 15; p++)
            ((float *)turned->data)[p * 4 + c] = ((float *)f->data)[c * 15 + p];
    turned->strides = strides;
    imp_tensor *a = becomes(state, "energy.random", "", NULL, &f->head, NULL);
    imp_tensor *b = becomes(state, "energy.random", "", NULL, &turned->head, NULL);
    assert_int_equal(a->ndim, 4);
    assert_memory_equal(a->data, b->data, 60 * sizeof(float));
    turned->strides = NULL;
    imp_tensor *v = mini_tensor(IMP_F32, 1, one, "fc");
    imp_tensor *w = becomes(state, "energy.random", "", NULL, &v->head, NULL);
    assert_int_equal(w->ndim, 1);
    free_code(f), free_code(turned), free_code(a), free_code(b), free_code(v), free_code(w);
}

static void what_cannot_be_is_refused(void **state)
{
    const int64_t batch[] = {2, 4, 3, 5};
    imp_tensor *f = code_of("l", 5, 4, 4, 1), *g = code_of("l", 6, 4, 4, 1),
               *h = code_of("k", 5, 4, 4, 1);
    imp_tensor *many = mini_tensor(IMP_F32, 4, batch, "l");
    const double none[] = {0, 0, 0, 0, 0, 1};
    imp_table *zero = table_of("l", "share", none, 5), *far = table_of("l", "share", none, 6),
              *others = table_of("k", "share", none, 5), *bare = table_of("l", "gain", none, 5);
    refuses(state, "energy.fmi", "map=5", &f->head, NULL, NULL, "maps 0 to 4");
    refuses(state, "energy.fmi", "", &many->head, NULL, NULL, "batch of 2");
    refuses(state, "energy.direct", "", NULL, NULL, &f->head, "no style");
    refuses(state, "energy.direct", "", NULL, &g->head, &f->head, "has 6 maps");
    refuses(state, "energy.moments", "", NULL, &h->head, &f->head, "of layer 'k'");
    refuses(state, "energy.random", "draw=shares", NULL, &f->head, NULL, "wants a table");
    refuses(state, "energy.random", "draw=shares", &zero->head, &f->head, NULL, "add up to 0");
    refuses(state, "energy.random", "draw=shares", &far->head, &f->head, NULL, "map 5 of 'l'");
    refuses(state, "energy.random", "draw=shares", &others->head, &f->head, NULL, "it has: k");
    refuses(state, "energy.random", "draw=shares", &bare->head, &f->head, NULL,
            "no column 'share'");
    refuses(state, "energy.direct", "", &bare->head, NULL, &f->head, "no column 'mean'");
    map_of(f, 3)[2] = NAN;
    refuses(state, "energy.random", "", NULL, &f->head, NULL,
            "map 3 of 'l' has a value that is not finite");
    map_of(f, 3)[2] = -1000;
    refuses(state, "energy.random", "", NULL, &f->head, NULL, "map 3 of 'l' has a negative energy");
    free_code(f), free_code(g), free_code(h), free_code(many);
    mini_release(&zero->head), mini_release(&far->head), mini_release(&others->head),
        mini_release(&bare->head);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fmi_is_the_rule),
        cmocka_unit_test(random_is_the_rule_for_given_numbers),
        cmocka_unit_test(direct_is_the_rule),
        cmocka_unit_test(moments_is_the_rule),
        cmocka_unit_test(fmi_keeps_the_sum_at_each_place),
        cmocka_unit_test(random_keeps_the_total_and_scales_maps),
        cmocka_unit_test(sigma_or_amount_0_changes_no_bit),
        cmocka_unit_test(amount_is_the_way_between),
        cmocka_unit_test(draws_depend_on_seed_layer_and_map_alone),
        cmocka_unit_test(draws_have_their_distributions),
        cmocka_unit_test(direct_with_the_content_as_style_changes_nothing),
        cmocka_unit_test(direct_moves_maps_by_rank),
        cmocka_unit_test(equal_maps_keep_their_order),
        cmocka_unit_test(a_table_says_of_a_style_what_its_code_says),
        cmocka_unit_test(dead_maps_stay_0_and_dead_layers_pass),
        cmocka_unit_test(a_constant_map_gets_the_style_s_mean_alone),
        cmocka_unit_test(strides_batches_of_one_and_vectors_are_codes),
        cmocka_unit_test(what_cannot_be_is_refused),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, open_energy, close_energy) != 0;
}
