/* test_kit_denoise.c - total-variation denoising against the rule written out in double. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <impasto/kit_paint.h>

enum { W = 29, H = 23, N = W * H };

/* The rounds of the header's rule. p, g: [axis][y][x]. */
static void oracle(const double *f, double weight, double *u)
{
    static double p[2][H][W], g[2][H][W];
    double first = 0, before = 0;
    memset(p, 0, sizeof p);
    for (int round = 0; round < 200; round++) {
        double energy = 0;
        for (int y = 0; y < H; y++)
            for (int x = 0; x < W; x++) {
                const double d = -(p[0][y][x] + p[1][y][x]) + (x ? p[0][y][x - 1] : 0) +
                                 (y ? p[1][y - 1][x] : 0);
                u[y * W + x] = f[y * W + x] + d;
                energy += d * d;
            }
        for (int y = 0; y < H; y++)
            for (int x = 0; x < W; x++) {
                g[0][y][x] = x + 1 < W ? u[y * W + x + 1] - u[y * W + x] : 0;
                g[1][y][x] = y + 1 < H ? u[(y + 1) * W + x] - u[y * W + x] : 0;
                const double n = hypot(g[0][y][x], g[1][y][x]);
                energy += weight * n;
                for (int k = 0; k < 2; k++)
                    p[k][y][x] = (p[k][y][x] - 0.25 * g[k][y][x]) / (1 + n * 0.25 / weight);
            }
        energy /= N;
        if (!round)
            first = energy;
        else if (fabs(before - energy) < 2e-4 * first)
            return;
        before = energy;
    }
}

static imp_image *noisy(uint32_t channels)
{
    imp_image *m = kit_image_new(W, H, channels, IMP_SRGB);
    assert_non_null(m);
    for (size_t i = 0; i < (size_t)channels * N; i++)
        m->data[i] = (float)(0.5 + 0.2 * (i % W > 12) + 0.1 * kit_normal(4, 0, i));
    return m;
}

static void planes_match_the_rule_in_double(void **state)
{
    static const double weights[] = {0.02, 0.1, 0.2, 1};
    static double f[N], u[N];
    (void)state;
    for (size_t k = 0; k < 4; k++) {
        imp_image *m = noisy(3), *old = noisy(3);
        assert_int_equal(kit_denoise_tv(m, weights[k], NULL), IMP_OK);
        for (uint32_t c = 0; c < 3; c++) {
            double mean[2] = {0, 0};
            for (int i = 0; i < N; i++)
                f[i] = (double)old->data[c * N + (uint32_t)i];
            oracle(f, weights[k], u);
            for (int i = 0; i < N; i++) {
                const double v = (double)m->data[c * N + (uint32_t)i];
                assert_true(fabs(v - u[i]) < 1e-5);
                mean[0] += f[i], mean[1] += v;
            }
            assert_true(fabs(mean[0] - mean[1]) < 1e-3); /* the mean is kept */
        }
        kit_image_free(m), kit_image_free(old);
    }
}

static double variation(const imp_image *m)
{
    double sum = 0;
    for (uint32_t y = 0; y < H; y++)
        for (uint32_t x = 0; x + 1 < W; x++)
            sum += fabs((double)imp_row(m, 0, y)[x + 1] - (double)imp_row(m, 0, y)[x]);
    return sum;
}

static void more_weight_is_smoother_and_none_is_identity(void **state)
{
    imp_image *a = noisy(1), *b = noisy(1), *c = noisy(1), *old = noisy(1);
    (void)state;
    assert_int_equal(kit_denoise_tv(a, 0, NULL), IMP_OK);
    assert_memory_equal(a->data, old->data, N * sizeof(float));
    assert_int_equal(kit_denoise_tv(a, 1e-7, NULL), IMP_OK);
    for (int i = 0; i < N; i++)
        assert_true(fabsf(a->data[i] - old->data[i]) < 1e-5f);
    assert_int_equal(kit_denoise_tv(b, 0.05, NULL), IMP_OK);
    assert_int_equal(kit_denoise_tv(c, 0.5, NULL), IMP_OK);
    assert_true(variation(b) < 0.8 * variation(old));
    assert_true(variation(c) < 0.8 * variation(b));
    kit_image_free(a), kit_image_free(b), kit_image_free(c), kit_image_free(old);
}

static void constants_stay(void **state)
{
    imp_image *m = kit_image_new(1, 1, 1, IMP_SRGB), *n = kit_image_new(7, 1, 3, IMP_SRGB);
    (void)state;
    m->data[0] = 0.3f;
    for (int i = 0; i < 21; i++)
        n->data[i] = 0.7f;
    assert_int_equal(kit_denoise_tv(m, 0.2, NULL), IMP_OK);
    assert_int_equal(kit_denoise_tv(n, 0.2, NULL), IMP_OK);
    assert_true(m->data[0] == 0.3f);
    for (int i = 0; i < 21; i++)
        assert_true(n->data[i] == 0.7f);
    kit_image_free(m), kit_image_free(n);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(planes_match_the_rule_in_double),
        cmocka_unit_test(more_weight_is_smoother_and_none_is_identity),
        cmocka_unit_test(constants_stay),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
