/* test_inv_stats.c - figures of an atlas against obvious loops in double and against pictures whose
 * figures are known. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <impasto/kit.h>
#include "inv_stats.h"
#include "minihost.h"

static const double pi = 3.14159265358979323846;

/* mean and variance over the picture of a r + b g + c b, of 255 */
static void moments(const imp_image *m, double a, double b, double c, double *mean,
                    double *variance)
{
    const double n = (double)m->width * m->height;
    *mean = *variance = 0;
    for (uint32_t y = 0; y < m->height; y++)
        for (uint32_t x = 0; x < m->width; x++)
            *mean += 255 *
                     (a * (double)imp_row(m, 0, y)[x] + b * (double)imp_row(m, 1, y)[x] +
                      c * (double)imp_row(m, 2, y)[x]) /
                     n;
    for (uint32_t y = 0; y < m->height; y++)
        for (uint32_t x = 0; x < m->width; x++) {
            const double v =
                255 * (a * (double)imp_row(m, 0, y)[x] + b * (double)imp_row(m, 1, y)[x] +
                       c * (double)imp_row(m, 2, y)[x]) -
                *mean;
            *variance += v * v / n;
        }
}

static void colourfulness_is_that_of_hasler_and_suesstrunk(void **state)
{
    imp_image *noise = mini_noise(31, 17, 3, IMP_SRGB, 4), *grey = mini_noise(9, 9, 1, IMP_SRGB, 4);
    double rg, yb, v_rg, v_yb;
    (void)state;
    moments(noise, 1, -1, 0, &rg, &v_rg);
    moments(noise, 0.5, 0.5, -1, &yb, &v_yb);
    const double want = sqrt(v_rg + v_yb) + 0.3 * sqrt(rg * rg + yb * yb);
    assert_true(fabs(inv_colourfulness(noise) - want) < 1e-6 * want);
    assert_true(want > 50); /* and not by chance a small number */
    assert_true(inv_colourfulness(grey) == 0);
    mini_release(&noise->head);
    /* half pure red, half pure green: rg = +-255, yb = 127.5 */
    imp_image *two = mini_constant(8, 8, 3, IMP_SRGB, 0);
    for (uint32_t y = 0; y < 8; y++)
        for (uint32_t x = 0; x < 8; x++)
            imp_row_out(two, x < 4 ? 0 : 1, y)[x] = 1;
    assert_true(fabs(inv_colourfulness(two) - (255 + 0.3 * 127.5)) < 1e-9);
    mini_release(&two->head);
    mini_release(&grey->head);
}

static imp_image *waves(double degrees)
{
    imp_image *m = mini_constant(64, 64, 1, IMP_SRGB, 0);
    for (uint32_t y = 0; y < 64; y++)
        for (uint32_t x = 0; x < 64; x++)
            imp_row_out(m, 0, y)[x] = (float)(0.5 + 0.4 * sin(0.3 * (x * cos(degrees * pi / 180) +
                                                                     y * sin(degrees * pi / 180))));
    return m;
}

/* The histogram by brute force: each edge's distance to each bin. */
static double entropy_oracle(const imp_image *m)
{
    double bins[INV_ORIENTATIONS] = {0}, total = 0, e = 0;
    for (uint32_t y = 1; y + 1 < m->height; y++)
        for (uint32_t x = 1; x + 1 < m->width; x++) {
            double l[4];
            for (int k = 0; k < 4; k++) {
                const uint32_t px = k == 0 ? x + 1 : k == 1 ? x - 1 : x;
                const uint32_t py = k == 2 ? y + 1 : k == 3 ? y - 1 : y;
                l[k] = m->channels == 1 ? (double)imp_row(m, 0, py)[px]
                                        : 0.2126 * (double)imp_row(m, 0, py)[px] +
                                              0.7152 * (double)imp_row(m, 1, py)[px] +
                                              0.0722 * (double)imp_row(m, 2, py)[px];
            }
            const double length = hypot(l[0] - l[1], l[2] - l[3]);
            const double angle =
                fmod(atan2(l[2] - l[3], l[0] - l[1]) + 2 * pi, pi) * INV_ORIENTATIONS / pi;
            for (int b = 0; b < INV_ORIENTATIONS && length > 0; b++) {
                double off = fabs(angle - b);
                off = fmin(off, INV_ORIENTATIONS - off);
                bins[b] += length * fmax(0, 1 - off);
            }
        }
    for (int b = 0; b < INV_ORIENTATIONS; b++)
        total += bins[b];
    for (int b = 0; b < INV_ORIENTATIONS; b++)
        e -= bins[b] > 0 ? bins[b] / total * log(bins[b] / total) : 0;
    return e / log(INV_ORIENTATIONS);
}

static void orientations_are_counted_as_they_lie(void **state)
{
    imp_image *one = waves(30), *noise = mini_noise(40, 30, 3, IMP_SRGB, 2),
              *flat = mini_constant(9, 9, 3, IMP_SRGB, 0.3f),
              *small = mini_noise(2, 9, 3, IMP_SRGB, 1);
    (void)state;
    assert_true(fabs(inv_orientation_entropy(noise) - entropy_oracle(noise)) < 1e-9);
    assert_true(fabs(inv_orientation_entropy(one) - entropy_oracle(one)) < 1e-9);
    assert_true(inv_orientation_entropy(noise) > 0.97);
    assert_true(inv_orientation_entropy(one) < 0.3);
    assert_true(inv_orientation_entropy(flat) == 0 && inv_orientation_entropy(small) == 0);
    for (int d = 0; d < 180;
         d += 45) { /* turned waves have one orientation, too, across the seam */
        imp_image *turned = waves(d);
        assert_true(inv_orientation_entropy(turned) < 0.3);
        mini_release(&turned->head);
    }
    mini_release(&one->head);
    mini_release(&noise->head);
    mini_release(&flat->head);
    mini_release(&small->head);
}

/* All sixteen Gram matrices at once, then their spread. */
static double stationarity_oracle(const float *code, uint32_t c, uint32_t h, uint32_t w)
{
    double *g = calloc((size_t)17 * c * c, sizeof *g), *mean = g + (size_t)16 * c * c, off = 0,
           norm = 0;
    assert_non_null(g);
    for (uint32_t t = 0; t < 16; t++)
        for (uint32_t a = 0; a < c; a++)
            for (uint32_t b = 0; b < c; b++) {
                double sum = 0, n = 0;
                for (uint32_t y = t / 4 * h / 4; y < (t / 4 + 1) * h / 4; y++)
                    for (uint32_t x = t % 4 * w / 4; x < (t % 4 + 1) * w / 4; x++, n++)
                        sum +=
                            (double)code[(a * h + y) * w + x] * (double)code[(b * h + y) * w + x];
                g[(t * c + a) * c + b] = sum / n;
                mean[a * c + b] += sum / n / 16;
            }
    for (uint32_t i = 0; i < c * c; i++) {
        norm += mean[i] * mean[i];
        for (uint32_t t = 0; t < 16; t++)
            off += pow(g[t * c * c + i] - mean[i], 2) / 16;
    }
    free(g);
    return off / norm;
}

static void stationarity_is_the_spread_of_gram_matrices(void **state)
{
    enum { C = 5, H = 13, W = 18 };
    float code[C * H * W];
    double gram[2 * C * C + C];
    (void)state;
    for (int i = 0; i < C * H * W; i++)
        code[i] = (float)fmax(0, kit_normal(3, 1, (uint64_t)i) + (i % W > 9 ? 1 : 0));
    const double want = stationarity_oracle(code, C, H, W),
                 got = inv_stationarity(code, C, H, W, gram);
    assert_true(fabs(got - want) < 1e-6 * want);
    assert_true(want > 0.1);
    for (int i = 0; i < C * H * W; i++)
        code[i] = (float)(i / (H * W)); /* the same everywhere */
    assert_true(inv_stationarity(code, C, H, W, gram) < 1e-9);
    assert_true(isnan(inv_stationarity(code, C, 3, W, gram)));
    memset(code, 0, sizeof code);
    assert_true(isnan(inv_stationarity(code, C, H, W, gram)));
}

static void maps_are_summed_over_their_places(void **state)
{
    static const float map[] = {0, 3, 0, 1, 0, 0, 2, 0};
    static const double means[] = {1, 4, 0, 4, 3};
    struct inv_map m;
    (void)state;
    inv_map_of(map, 8, &m);
    assert_true(m.mean == 0.75 && fabs(m.rms - sqrt(14 / 8.0)) < 1e-12 && m.zeros == 5 / 8.0 &&
                m.max == 3);
    assert_true(fabs(inv_share(means, 5, 1) - 1 / 3.0) < 1e-12);
    assert_int_equal(inv_rank(means, 5, 1), 1); /* equals share a rank */
    assert_int_equal(inv_rank(means, 5, 3), 1);
    assert_int_equal(inv_rank(means, 5, 4), 3);
    assert_int_equal(inv_rank(means, 5, 2), 5);
    static const double nothing[] = {0, 0};
    assert_true(inv_share(nothing, 2, 0) == 0);
}

static void code_error_is_relative_to_the_target(void **state)
{
    static const float f[] = {1, 2, 3}, t[] = {1, 0, 5}, zero[] = {0, 0, 0};
    (void)state;
    assert_true(fabs(inv_code_error(f, t, 3) - 8 / 26.0) < 1e-12);
    assert_true(inv_code_error(t, t, 3) == 0 && inv_code_error(zero, zero, 3) == 0);
    assert_true(isinf(inv_code_error(f, zero, 3)));
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(colourfulness_is_that_of_hasler_and_suesstrunk),
        cmocka_unit_test(orientations_are_counted_as_they_lie),
        cmocka_unit_test(stationarity_is_the_spread_of_gram_matrices),
        cmocka_unit_test(maps_are_summed_over_their_places),
        cmocka_unit_test(code_error_is_relative_to_the_target),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
