/* test_advae_metrics.c - figures on codes and pictures whose answer is known. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include <impasto/kit.h>
#include "../../plugins/advae/drawing.h"
#include "../../plugins/advae/metrics.h"

static void psnr_and_ssim_of_known_pictures(void **state)
{
    enum { S = 32 };
    static float x[S * S], t[S * S];
    (void)state;
    for (uint32_t i = 0; i < S * S; i++)
        x[i] = (float)(0.5 + 0.3 * kit_sin(0.3 * i)), t[i] = x[i] + 0.2f;
    assert_true(fabs(av_psnr(x, t, S * S) - 20) < 1e-3); /* 10 log10(4 / 0.04) */
    assert_true(av_psnr(x, x, S * S) >= 100);
    assert_true(fabs(av_ssim(x, x, S) - 1) < 1e-9);
    const double moved = av_ssim(x, t, S);
    assert_true(moved < 1 && moved > 0.5);
    for (uint32_t i = 0; i < S * S; i++)
        t[i] = (float)kit_normal(1, 2, i);
    assert_true(av_ssim(x, t, S) < 0.2);
    for (uint32_t i = 0; i < S * S; i++) /* of two constants: the term of the means alone */
        x[i] = 0.5f, t[i] = -0.5f;
    assert_true(fabs(av_ssim(x, t, S) - (-0.5 + 0.0004) / (0.5 + 0.0004)) < 1e-3);
}

static void strokes_are_found_within_reach(void **state)
{
    enum { S = 16 };
    static float a[S * S], b[S * S];
    static uint8_t work[2 * S * S];
    (void)state;
    for (uint32_t y = 2; y < 14; y++)
        a[y * S + 5] = 1, b[y * S + 7] = 1;
    assert_true(fabs(av_f1(a, b, S, 2, work) - 1) < 1e-9);
    assert_true(av_f1(a, b, S, 1, work) < 1e-9);
    for (uint32_t y = 2; y < 14; y++) /* the half of b is elsewhere: precision 1, recall 1/2 */
        b[y * S + 13] = 1;
    assert_true(fabs(av_f1(a, b, S, 2, work) - 2.0 / 3) < 1e-9);
    memset(b, 0, sizeof b);
    assert_true(av_f1(a, b, S, 2, work) < 1e-9);
    memset(a, 0, sizeof a);
    assert_true(av_f1(a, b, S, 2, work) == 1);
}

static void a_perfect_code_is_disentangled_and_noise_is_not(void **state)
{
    enum { N = 4000, F = 3 };
    static float perfect[N * F], noise[N * F];
    static uint32_t factors[N * F];
    const uint32_t classes[F] = {4, 4, 4};
    av_disentangled d;
    (void)state;
    for (uint32_t i = 0; i < N; i++)
        for (uint32_t k = 0; k < F; k++) {
            factors[i * F + k] = (uint32_t)(kit_random(1, k, i) % 4);
            perfect[i * F + k] = (float)factors[i * F + k];
            noise[i * F + k] = (float)kit_normal(2, k, i);
        }
    assert_true(av_disentangle(perfect, N, F, factors, F, classes, &d));
    assert_true(d.mig > 0.98 && d.dci > 0.98);
    assert_true(fabs(d.sap - 0.75) < 0.05); /* 1 - majority rate */
    assert_true(av_disentangle(noise, N, F, factors, F, classes, &d));
    assert_true(d.mig < 0.05 && d.sap < 0.05);
    for (uint32_t i = 0; i < N; i++) /* the first two in both codes: mixed */
        perfect[i * F] = perfect[i * F + 1] = (float)(factors[i * F] + 4 * factors[i * F + 1]);
    assert_true(av_disentangle(perfect, N, F, factors, F, classes, &d));
    assert_true(d.mig < 0.5);
}

static double apart(const float *x, const float *y, uint32_t n, uint32_t w)
{
    double distance;
    assert_int_equal(av_frechet(x, y, n, n, w, NULL, &distance), IMP_OK);
    return distance;
}

/* Clouds whose distance is known: moved, and stretched along axes that are turned. */
static void frechet_of_known_clouds(void **state)
{
    enum { N = 20000, W = 3 };
    static float x[N * W], y[N * W], flat[N * W];
    const double c = kit_cos(0.7), s = kit_sin(0.7);
    (void)state;
    for (uint32_t i = 0; i < N; i++) {
        const double g[W] = {2 * kit_normal(1, 1, i), kit_normal(1, 2, i),
                             0.5 * kit_normal(1, 3, i)};
        x[i * W] = (float)(c * g[0] - s * g[1]), x[i * W + 1] = (float)(s * g[0] + c * g[1]);
        x[i * W + 2] = (float)g[2];
        y[i * W] =
            (float)(3 * c * g[0] - s * g[1] + 1); /* three times as long, moved by (1, 2, 0) */
        y[i * W + 1] = (float)(3 * s * g[0] + c * g[1] + 2);
        y[i * W + 2] = (float)g[2];
        flat[i * W] = x[i * W], flat[i * W + 1] = x[i * W + 1], flat[i * W + 2] = 0;
    }
    assert_true(fabs(apart(x, x, N, W)) < 1e-6);
    assert_true(fabs(apart(x, y, N, W) - (5 + 16)) < 0.7); /* (6 - 2)^2 along the axis */
    assert_true(fabs(apart(x, flat, N, W) - 0.25) < 0.02); /* a covariance of rank 2 */
    assert_true(fabs(apart(x, y, N, W) - apart(y, x, N, W)) < 1e-6);
}

/* ---- drawings ---- */

static const av_ink usual = {
    .share = 0.05, .width = 0.012, .left = 0.2, .top = 0.1, .right = 0.8, .bottom = 0.9};

/* A ring of that radius, width and middle (shares of the side), as a picture of w x h. */
static imp_image *ring(uint32_t w, uint32_t h, double r, double width, double x, double y,
                       float paper, float ink)
{
    imp_image *m = kit_image_new(w, h, 1, IMP_SRGB);
    const double s = w < h ? w : h;
    for (uint32_t j = 0; j < h; j++)
        for (uint32_t i = 0; i < w; i++) {
            const double dx = (i + 0.5 - x * w) / s, dy = (j + 0.5 - y * h) / s,
                         off = fabs(sqrt(dx * dx + dy * dy) - r);
            imp_row_out(m, 0, j)[i] = off < 0.5 * width ? ink : paper;
        }
    return m;
}
static imp_status ready(const imp_image *m, enum av_place how, float *out, uint32_t *what)
{
    static char why[300];
    imp_error err = {sizeof err, sizeof why, why, -1, -1};
    const av_kinds kinds = {.count = 1, .all = {{.ink = usual}}};
    const av_kind *kind;
    return av_drawing(m, 64, &kinds, how, out, what, &kind, NULL, &err);
}

static void drawings_come_out_alike(void **state)
{
    static const struct {
        uint32_t w, h;
        double r, width, x, y;
        float paper, ink;
        uint32_t what;
    } all[] = {
        {256, 256, 0.4, 0.012, 0.5, 0.5, 1, 0, 0},
        {256, 256, 0.4, 0.012, 0.5, 0.5, 0.1f, 0.8f, AV_TURNED},
        {300, 200, 0.4, 0.05, 0.5, 0.5, 0.9f, 0.3f, AV_REDRAWN},
        {640, 640, 0.2, 0.01, 0.3, 0.35, 1, 0, AV_MOVED},
    };
    (void)state;
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        static float out[64 * 64];
        uint32_t what;
        imp_image *m = ring(all[i].w, all[i].h, all[i].r, all[i].width, all[i].x, all[i].y,
                            all[i].paper, all[i].ink);
        assert_int_equal(ready(m, AV_AUTO, out, &what), IMP_OK);
        kit_image_free(m);
        const av_ink ink = av_ink_of(out, 64);
        if ((what & all[i].what) != all[i].what)
            fail_msg("case %zu: %x", i, what);
        assert_true(fabs(0.5 * (ink.left + ink.right) - 0.5) < 0.05);
        assert_true(ink.bottom - ink.top > 0.45 && ink.bottom - ink.top < 0.9);
        assert_true(ink.width > 0.006 && ink.width < 0.03);
    }
}
static void as_it_is_means_so(void **state)
{
    static float out[64 * 64];
    uint32_t what;
    imp_image *m = ring(256, 256, 0.1, 0.012, 0.3, 0.3, 1, 0);
    (void)state;
    assert_int_equal(ready(m, AV_AS_IS, out, &what), IMP_OK);
    assert_false(what & AV_MOVED);
    const av_ink ink = av_ink_of(out, 64);
    assert_true(fabs(0.5 * (ink.left + ink.right) - 0.3) < 0.03);
    kit_image_free(m);
}
static void what_is_no_drawing_is_said(void **state)
{
    static float out[64 * 64];
    uint32_t what;
    (void)state;
    for (int k = 0; k < 2; k++) { /* blank, all ink */
        imp_image *m = ring(64, 64, 9, 0.1, 0.5, 0.5, (float)!k, 0.5f);
        assert_int_equal(ready(m, AV_AUTO, out, &what), IMP_E_INPUT);
        kit_image_free(m);
    }
    imp_image *photo = kit_image_new(64, 64, 3, IMP_SRGB);
    for (uint32_t c = 0; c < 3; c++)
        for (uint32_t y = 0; y < 64; y++)
            for (uint32_t x = 0; x < 64; x++)
                imp_row_out(photo, c, y)[x] =
                    (float)(0.5 + 0.4 * kit_sin(0.11 * x) * kit_cos(0.07 * y));
    assert_int_equal(ready(photo, AV_AUTO, out, &what), IMP_OK);
    assert_true(what & AV_PHOTO);
    kit_image_free(photo);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(psnr_and_ssim_of_known_pictures),
        cmocka_unit_test(strokes_are_found_within_reach),
        cmocka_unit_test(frechet_of_known_clouds),
        cmocka_unit_test(a_perfect_code_is_disentangled_and_noise_is_not),
        cmocka_unit_test(drawings_come_out_alike),
        cmocka_unit_test(as_it_is_means_so),
        cmocka_unit_test(what_is_no_drawing_is_said),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
