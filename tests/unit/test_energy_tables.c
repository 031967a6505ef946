/* test_energy_tables.c - energy.table and energy.blend. */
#include "energy_test.h"

enum { N = 6 };

static double share_of(const imp_tensor *t, int64_t c)
{
    return sum_of(t, c) / total_of(t);
}

static imp_tensor *by(void **state, const char *column, const double *values, const char *params,
                      const imp_tensor *f)
{
    imp_table *t = table_of("l", column, values, N);
    imp_tensor *out = becomes(state, "energy.table", params, &t->head, &f->head, NULL);
    mini_release(&t->head);
    return out;
}

static void all_shares_are_met_and_the_total_kept(void **state)
{
    const double want[N] = {0.1, 0.4, 0.05, 0.25, 0, 0.2}, twice[N] = {0.2, 0.8, 0.1, 0.5, 0, 0.4};
    imp_tensor *f = code_of("l", N, 8, 9, 1);
    imp_tensor *out = by(state, "share", want, "", f),
               *same = by(state, "mean", twice, "column=mean", f);
    assert_near(total_of(out), total_of(f), 1e-5 * total_of(f));
    for (int c = 0; c < N; c++) {
        assert_near(share_of(out, c), want[c], 1e-6);
        assert_near(share_of(same, c), want[c], 1e-6);
    }
    free_code(f), free_code(out), free_code(same);
}

static void maps_without_a_row_keep_their_proportions(void **state)
{
    const double want[N] = {NAN, 0.5, NAN, 0.1, NAN, NAN};
    imp_tensor *f = code_of("l", N, 8, 9, 1), *out = by(state, "share", want, "", f);
    assert_near(total_of(out), total_of(f), 1e-5 * total_of(f));
    assert_near(share_of(out, 1), 0.5, 1e-6);
    assert_near(share_of(out, 3), 0.1, 1e-6);
    assert_near(sum_of(out, 0) / sum_of(out, 5), sum_of(f, 0) / sum_of(f, 5), 1e-5);
    imp_tensor *free_ = by(state, "share", want, "keep_total=no", f);
    assert_memory_equal(map_of(free_, 4), map_of(f, 4), 72 * sizeof(float));
    assert_near(sum_of(free_, 1), 0.5 * total_of(f), 1e-4 * total_of(f));
    free_code(f), free_code(out), free_code(free_);
}

static void gains_are_times_what_there_is(void **state)
{
    const double want[N] = {NAN, 3, 0, NAN, 1, 1};
    imp_tensor *f = code_of("l", N, 8, 9, 1), *out = by(state, "gain", want, "keep_total=no", f);
    assert_near(sum_of(out, 1), 3 * sum_of(f, 1), 1e-4);
    assert_near(sum_of(out, 2), 0, 0);
    assert_memory_equal(map_of(out, 3), map_of(f, 3), 72 * sizeof(float));
    imp_tensor *kept = by(state, "gain", want, "", f);
    assert_near(total_of(kept), total_of(f), 1e-5 * total_of(f));
    assert_near(sum_of(kept, 1) / sum_of(kept, 3), 3 * sum_of(f, 1) / sum_of(f, 3), 1e-4);
    free_code(f), free_code(out), free_code(kept);
}

static void its_own_shares_change_nothing(void **state)
{
    double own[N];
    imp_tensor *f = code_of("l", N, 8, 9, 1);
    memset(map_of(f, 2), 0, 72 * sizeof(float));
    for (int c = 0; c < N; c++)
        own[c] = share_of(f, c);
    imp_tensor *out = by(state, "share", own, "", f);
    for (int64_t i = 0; i < N * 72; i++)
        assert_near((double)map_of(out, 0)[i], (double)map_of(f, 0)[i], 1e-5);
    free_code(f), free_code(out);
}

static void what_a_dead_map_was_to_get_goes_to_the_others(void **state)
{
    const double want[N] = {0.5, 0.1, 0.1, 0.1, 0.1, 0.1};
    imp_tensor *f = code_of("l", N, 8, 9, 1);
    memset(map_of(f, 0), 0, 72 * sizeof(float));
    imp_tensor *out = by(state, "share", want, "", f);
    assert_near(total_of(out), total_of(f), 1e-5 * total_of(f));
    assert_near(share_of(out, 3), 0.2, 1e-6);
    free_code(f), free_code(out);
}

static void tables_that_do_not_fit_are_refused(void **state)
{
    const double much[N] = {0.9, 0.9, NAN, NAN, NAN, NAN}, below[N] = {-1, 1, 1, 1, 1, 1},
                 none[N] = {0, 0, 0, 0, 0, 0}, far[N + 1] = {1, 1, 1, 1, 1, 1, 1};
    imp_tensor *f = code_of("l", N, 4, 4, 1);
    const struct {
        const char *layer, *column;
        const double *values;
        uint32_t n;
        const char *part;
    } bad[] = {
        {"l", "share", much, N, "more than 1"},
        {"l", "share", below, N, "negative"},
        {"l", "gain", below, N, "negative"},
        {"l", "gain", none, N, "none in this picture"},
        {"l", "share", far, N + 1, "map 6"},
        {"k", "share", far, N, "no code is of a layer of the table (k)"},
        {"l", "size", far, N, "no column 'gain share'"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        imp_table *t = table_of(bad[i].layer, bad[i].column, bad[i].values, bad[i].n);
        refuses(state, "energy.table", "", &t->head, &f->head, NULL, bad[i].part);
        mini_release(&t->head);
    }
    free_code(f);
}

static void layers_without_rows_stay_as_they_are(void **state)
{
    const double want[N] = {1, 0, 0, 0, 0, 0};
    imp_tensor *f = code_of("l", N, 4, 4, 1), *g = code_of("m", 3, 2, 2, 1);
    imp_table *t = table_of("l", "share", want, N);
    const imp_value *in[] = {&t->head, &f->head, &g->head};
    struct mini_result r = works(state, "energy.table", "", in, 3);
    assert_true(mini_same(mini_output(&r, 0, 1), &g->head));
    assert_false(mini_same(mini_output(&r, 0, 0), &f->head));
    mini_result_free(&r), mini_release(&t->head), free_code(f), free_code(g);
}

/* ---- blend ---- */

static imp_table *energies(const char *layer, const double *mean, const double *rms, uint32_t n)
{
    const imp_column columns[] = {{"layer", NULL, IMP_TEXT, 0},
                                  {"map", NULL, IMP_INT, 0},
                                  {"mean", NULL, IMP_FLOAT, 0},
                                  {"rms", NULL, IMP_FLOAT, 0}};
    imp_table *t = mini_table(4, columns);
    for (uint32_t c = 0; c < n; c++) {
        imp_cell cells[] = {{.i = 0}, {.i = c}, {.f = mean[c]}, {.f = rms[c]}};
        cells[0].s.ptr = layer, cells[0].s.len = strlen(layer);
        mini_row(t, cells);
    }
    return t;
}

static double cell_of(const imp_table *t, uint64_t row, const char *column)
{
    for (uint32_t i = 0; i < t->column_count; i++)
        if (strcmp(t->columns[i].name, column) == 0)
            return t->columns[i].type == IMP_FLOAT ? t->cells[row * t->column_count + i].f
                                                   : (double)t->cells[row * t->column_count + i].i;
    fail();
    return 0;
}

static void tables_mix_by_weights(void **state)
{
    const double a[] = {1, 4, 0}, ar[] = {2, 4, 0}, b[] = {3, 1, 2}, br[] = {4, 2, 3};
    imp_table *x = energies("l", a, ar, 3), *y = energies("l", b, br, 3);
    const imp_value *in[] = {&x->head, &y->head};
    struct mini_result r = works(state, "energy.blend", "weights='3 1'", in, 2);
    const imp_table *t = (const imp_table *)(const void *)mini_output(&r, 0, 0);
    assert_int_equal(t->row_count, 3);
    assert_near(cell_of(t, 0, "mean"), 1.5, 1e-12);
    assert_near(cell_of(t, 0, "rms"), sqrt(0.75 * 4 + 0.25 * 16), 1e-12);
    assert_near(cell_of(t, 2, "mean"), 0.5, 1e-12);
    assert_near(cell_of(t, 1, "share"), 3.25 / 5.25, 1e-12);
    mini_result_free(&r);
    r = works(state, "energy.blend", "mean=log", in, 2);
    t = (const imp_table *)(const void *)mini_output(&r, 0, 0);
    assert_near(cell_of(t, 0, "mean"), sqrt(3), 1e-12);
    assert_near(cell_of(t, 1, "rms"), sqrt(8), 1e-12);
    assert_near(cell_of(t, 2, "mean"), 0, 0);
    assert_near(cell_of(t, 2, "dead"), 1, 0);
    mini_result_free(&r);
    r = works(state, "energy.blend", "mean=log weights='0 1'", in, 2);
    t = (const imp_table *)(const void *)mini_output(&r, 0, 0);
    assert_near(cell_of(t, 2, "mean"), 2, 1e-12);
    mini_result_free(&r);
    mini_release(&x->head), mini_release(&y->head);
}

static void tables_that_do_not_go_together_are_refused(void **state)
{
    const double a[] = {1, 4, 1}, r[] = {2, 4, 2};
    imp_table *x = energies("l", a, r, 3), *y = energies("l", a, r, 2), *z = energies("k", a, r, 3);
    const struct {
        const imp_table *with;
        const char *params, *part;
    } bad[] = {
        {y, "", "nothing of map 2 of 'l'"},
        {z, "", "no rows of layer 'l', it has: k"},
        {x, "weights='1 2 3'", "3 weights for 2 tables"},
        {x, "weights='0 0'", "add up to 0"},
        {x, "weights='-1 2'", "not a number from 0"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        const imp_value *in[] = {&x->head, &bad[i].with->head};
        struct mini_result got = call(state, "energy.blend", bad[i].params, in, 2, 1);
        if (!strstr(got.text, bad[i].part))
            print_message("# %s\n", got.text);
        assert_true(got.status < 0);
        assert_non_null(strstr(got.text, bad[i].part));
        mini_result_free(&got);
    }
    mini_release(&x->head), mini_release(&y->head), mini_release(&z->head);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_shares_are_met_and_the_total_kept),
        cmocka_unit_test(maps_without_a_row_keep_their_proportions),
        cmocka_unit_test(gains_are_times_what_there_is),
        cmocka_unit_test(its_own_shares_change_nothing),
        cmocka_unit_test(what_a_dead_map_was_to_get_goes_to_the_others),
        cmocka_unit_test(tables_that_do_not_fit_are_refused),
        cmocka_unit_test(layers_without_rows_stay_as_they_are),
        cmocka_unit_test(tables_mix_by_weights),
        cmocka_unit_test(tables_that_do_not_go_together_are_refused),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, open_energy, close_energy) != 0;
}
