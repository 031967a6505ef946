/* basic_test.h - what the tests of plugins/basic share: one open plugin, a filter in one line. */
#ifndef BASIC_TEST_H
#define BASIC_TEST_H
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

static inline int open_basic(void **state)
{
    char path[4096], why[512];
    *state = mini_open(mini_built("basic", path, sizeof path), why, sizeof why);
    if (!*state)
        print_message("# %s\n", why);
    return *state ? 0 : -1;
}

static int close_basic(void **state)
{
    mini_close(*state);
    return 0;
}

/* The result of a filter; anything wrong, by the rules of the ABI too, fails the test. */
static inline imp_image *apply(void **state, const char *filter, const char *params,
                               const imp_image *in)
{
    char why[512];
    imp_image *out = mini_apply(*state, filter, params, in, why, sizeof why);
    if (!out)
        print_message("# %s %s: %s\n", filter, params, why);
    assert_non_null(out);
    return out;
}

static inline void release(imp_image *m)
{
    mini_release(&m->head);
}

static inline float at(const imp_image *m, uint32_t c, int64_t x, int64_t y)
{
    return imp_row(m, c, (uint32_t)kit_mirror(y, m->height))[kit_mirror(x, m->width)];
}

static inline imp_image *grey_of(uint32_t width, uint32_t height, const float *samples)
{
    imp_image *m = mini_image(width, height, 1, IMP_SRGB);
    for (uint32_t y = 0; y < height; y++)
        memcpy(imp_row_out(m, 0, y), samples + (size_t)y * width, width * sizeof *samples);
    return m;
}

static inline imp_image *pixel_of(float r, float g, float b)
{
    imp_image *m = mini_image(1, 1, 3, IMP_SRGB);
    *imp_row_out(m, 0, 0) = r, *imp_row_out(m, 1, 0) = g, *imp_row_out(m, 2, 0) = b;
    return m;
}

static inline void assert_size(const imp_image *m, uint32_t width, uint32_t height,
                               uint32_t channels)
{
    assert_int_equal(m->width, width);
    assert_int_equal(m->height, height);
    assert_int_equal(m->channels, channels);
}

static inline void assert_near(double got, double want, double tolerance)
{
    if (!(fabs(got - want) <= tolerance))
        print_message("# got %.9g, want %.9g\n", got, want);
    assert_true(fabs(got - want) <= tolerance);
}

/* All that plan() has to say about an input of that size, "" when nothing; the shape of its output.
 */
static inline struct mini_planned planned(void **state, const char *filter, const char *params,
                                          uint32_t width, uint32_t height, uint32_t channels)
{
    char why[512];
    struct mini_planned p;
    const imp_shape in = {.struct_size = sizeof in,
                          .kind = IMP_IMAGE,
                          .width = width,
                          .height = height,
                          .channels = channels,
                          .colour = IMP_SRGB};
    struct mini_node *node = mini_node(*state, filter, params, why, sizeof why);
    if (!node)
        print_message("# %s %s: %s\n", filter, params, why);
    assert_non_null(node);
    mini_plan(node, &in, 1, &p);
    mini_node_free(node);
    return p;
}

static inline void assert_mistake(void **state, const char *filter, const char *params,
                                  const char *part)
{
    const struct mini_planned p = planned(state, filter, params, 40, 30, 3);
    if (p.mistake_count != 1 || !strstr(p.text, part))
        print_message("# %s %s: %u mistakes: %s\n", filter, params, p.mistake_count, p.text);
    assert_int_equal(p.mistake_count, 1);
    assert_non_null(strstr(p.text, part));
}
#endif
