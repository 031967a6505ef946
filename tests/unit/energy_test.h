/* energy_test.h - what the tests of the filters from codes to codes share: the plugin, codes,
 * tables, a call. No network. */
#ifndef ENERGY_TEST_H
#define ENERGY_TEST_H
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <impasto/kit.h>
#include "minihost.h"

static inline int open_energy(void **state)
{
    char path[4096], why[512];
    *state = mini_open(mini_built("energy", path, sizeof path), why, sizeof why);
    if (!*state)
        print_message("# %s\n", why);
    return *state ? 0 : -1;
}

static inline int close_energy(void **state)
{
    mini_close(*state);
    return 0;
}

/* ---- values ---- */

/* A code as a ReLU leaves it: about half of its values 0, maps of different energy. */
static inline imp_tensor *code_of(const char *layer, int64_t c, int64_t h, int64_t w, uint64_t seed)
{
    const int64_t shape[] = {c, h, w};
    imp_tensor *t = mini_tensor(IMP_F32, 3, shape, layer);
    float *f = t->data;
    for (int64_t i = 0; i < c * h * w; i++)
        f[i] = (float)fmax(0, (1 + i / (h * w) % 5) * kit_normal(seed, 9, (uint64_t)i));
    return t;
}

static inline imp_tensor *code_from(const char *layer, int64_t c, int64_t h, int64_t w,
                                    const double *values)
{
    const int64_t shape[] = {c, h, w};
    imp_tensor *t = mini_tensor(IMP_F32, 3, shape, layer);
    for (int64_t i = 0; i < c * h * w; i++)
        ((float *)t->data)[i] = (float)values[i];
    return t;
}

static inline float *map_of(const imp_tensor *t, int64_t c)
{
    return (float *)t->data + c * t->shape[1] * t->shape[2];
}

/* A table of layer, map and one number; a NaN leaves its row out. */
static inline imp_table *table_of(const char *layer, const char *column, const double *values,
                                  uint32_t n)
{
    const imp_column columns[] = {
        {"layer", NULL, IMP_TEXT, 0}, {"map", NULL, IMP_INT, 0}, {column, NULL, IMP_FLOAT, 0}};
    imp_table *t = mini_table(3, columns);
    for (uint32_t i = 0; i < n; i++) {
        imp_cell cells[3] = {{.i = 0}, {.i = i}, {.f = values[i]}};
        cells[0].s.ptr = layer, cells[0].s.len = strlen(layer);
        if (!isnan(values[i]))
            mini_row(t, cells);
    }
    return t;
}

static inline double sum_of(const imp_tensor *t, int64_t c)
{
    double sum = 0;
    for (int64_t p = 0; p < t->shape[1] * t->shape[2]; p++)
        sum += (double)map_of(t, c)[p];
    return sum;
}

static inline double total_of(const imp_tensor *t)
{
    double sum = 0;
    for (int64_t c = 0; c < t->shape[0]; c++)
        sum += sum_of(t, c);
    return sum;
}

/* ---- calls ---- */

static inline struct mini_result call(void **state, const char *filter, const char *params,
                                      const imp_value *const *in, uint32_t n, uint32_t threads)
{
    char why[512];
    struct mini_result r;
    struct mini_node *node = mini_node(*state, filter, params, why, sizeof why);
    const struct mini_call c = {.inputs = in, .input_count = n, .threads = threads};
    if (!node)
        print_message("# %s %s: %s\n", filter, params, why);
    assert_non_null(node);
    mini_process(node, &c, &r);
    mini_node_free(node);
    assert_string_equal(r.fault, "");
    return r;
}

static inline struct mini_result works(void **state, const char *filter, const char *params,
                                       const imp_value *const *in, uint32_t n)
{
    struct mini_result r = call(state, filter, params, in, n, 2);
    if (r.status != IMP_OK)
        print_message("# %s %s: %d %s\n", filter, params, (int)r.status, r.text);
    assert_int_equal(r.status, IMP_OK);
    return r;
}

/* The first code of a call that works; the caller releases it. */
static inline imp_tensor *becomes(void **state, const char *filter, const char *params,
                                  const imp_value *a, const imp_value *b, const imp_value *c)
{
    const imp_value *in[] = {a, b, c};
    const uint32_t ports = mini_filter(*state, filter)->input_count;
    struct mini_result r = works(state, filter, params, in, ports);
    const imp_value *v = mini_retain(mini_output(&r, 0, 0));
    mini_result_free(&r);
    return (imp_tensor *)(uintptr_t)v;
}

static inline void refuses(void **state, const char *filter, const char *params, const imp_value *a,
                           const imp_value *b, const imp_value *c, const char *part)
{
    const imp_value *in[] = {a, b, c};
    struct mini_result r =
        call(state, filter, params, in, mini_filter(*state, filter)->input_count, 1);
    if (r.status >= 0 || !strstr(r.text, part))
        print_message("# %s %s: %d %s\n", filter, params, (int)r.status, r.text);
    assert_true(r.status < 0);
    assert_non_null(strstr(r.text, part));
    mini_result_free(&r);
}

static inline void free_code(const imp_tensor *t)
{
    mini_release(&t->head);
}

static inline void assert_near(double got, double want, double tolerance)
{
    if (!(fabs(got - want) <= tolerance))
        print_message("# got %.9g, want %.9g\n", got, want);
    assert_true(fabs(got - want) <= tolerance);
}

/* Relative to the largest of the wanted. */
static inline void assert_code(const imp_tensor *got, const double *want, double tolerance)
{
    const int64_t n = got->shape[0] * got->shape[1] * got->shape[2];
    double most = 0;
    for (int64_t i = 0; i < n; i++)
        most = fmax(most, fabs(want[i]));
    for (int64_t i = 0; i < n; i++)
        assert_near((double)((const float *)got->data)[i], want[i], tolerance * most);
}
#endif
