/* test_kit_loss.c - losses against PyTorch and against differences of obvious loops in double. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <impasto/kit_train.h>

/* import torch
 * z = torch.tensor([[1.5, -0.25, 0.5], [-2.0, 3.0, 0.125]], requires_grad=True)
 * l = torch.nn.functional.cross_entropy(z, torch.tensor([2, 1]), label_smoothing=S); l.backward()
 * print(l.item(), z.grad.flatten().tolist())          # S = 0, then 0.1 */
static void cross_entropy_and_its_gradient_are_pytorchs(void **state)
{
    static const float z[] = {1.5f, -0.25f, 0.5f, -2, 3, 0.125f};
    static const uint32_t y[] = {2, 1};
    static const double loss[2] = {0.7470477819442749, 0.8741311430931091};
    static const double grad[2][6] = {
        {0.32432711124420166, 0.05635959282517433, -0.3806867301464081, 0.0031688474118709564,
         -0.029701292514801025, 0.02653243951499462},
        {0.30766043066978455, 0.03969292342662811, -0.34735339879989624, -0.013497820124030113,
         0.0036320388317108154, 0.009865771979093552}};
    (void)state;
    for (int s = 0; s < 2; s++) {
        float g[6];
        uint32_t right = 5;
        assert_true(fabs(kit_cross_entropy(z, y, 2, 3, 0.1 * s, g, &right) - loss[s]) < 1e-6);
        assert_int_equal(right, 6);
        for (int i = 0; i < 6; i++)
            assert_true(fabs((double)g[i] - grad[s][i]) < 1e-7);
    }
}

/* -sum_j t_j log softmax(z)_j */
static double oracle(const double *z, const uint32_t *y, int n, int classes, double smoothing)
{
    double loss = 0;
    for (int i = 0; i < n; i++) {
        double sum = 0;
        for (int j = 0; j < classes; j++)
            sum += exp(z[i * classes + j]);
        for (int j = 0; j < classes; j++) {
            const double t = smoothing / classes + ((uint32_t)j == y[i] ? 1 - smoothing : 0);
            loss -= t * (z[i * classes + j] - log(sum));
        }
    }
    return loss / n;
}

static void the_gradient_of_cross_entropy_is_the_oracles_difference(void **state)
{
    enum { N = 4, CLASSES = 7 };
    double z[N * CLASSES];
    float f[N * CLASSES], g[N * CLASSES];
    const uint32_t y[N] = {0, 6, 3, 3};
    (void)state;
    for (uint32_t i = 0; i < N * CLASSES; i++)
        z[i] = f[i] = (float)(3 * kit_normal(5, 0, i));
    for (double s = 0; s < 0.5; s += 0.2) {
        assert_true(fabs(kit_cross_entropy(f, y, N, CLASSES, s, g, NULL) -
                         oracle(z, y, N, CLASSES, s)) < 1e-12);
        for (int i = 0; i < N * CLASSES; i++) {
            const double at = z[i], eps = 1e-5;
            z[i] = at + eps;
            const double up = oracle(z, y, N, CLASSES, s);
            z[i] = at - eps;
            const double down = oracle(z, y, N, CLASSES, s);
            z[i] = at;
            assert_true(fabs((up - down) / (2 * eps) - (double)g[i]) < 1e-7);
        }
    }
}

static void logits_of_any_size_are_safe(void **state)
{
    const float z[] = {1e30f, -1e30f, 0, -3e38f, -3e38f, -3e38f};
    const uint32_t y[] = {0, 1};
    float g[6];
    (void)state;
    assert_true(fabs(kit_cross_entropy(z, y, 2, 3, 0, g, NULL) - log(3) / 2) < 1e-12);
    for (int i = 0; i < 6; i++)
        assert_true(isfinite(g[i]));
}

static void a_logit_that_is_no_number_makes_a_loss_that_is_none(void **state)
{
    const float z[] = {1, NAN, 2};
    const uint32_t y[] = {0};
    float g[3];
    (void)state;
    assert_true(isnan(kit_cross_entropy(z, y, 1, 3, 0, g, NULL)));
}

static void mean_squares_leave_out_what_is_unknown(void **state)
{
    const float x[] = {1, 2, 3, 4}, t[] = {0, NAN, 5, 4};
    float g[4];
    (void)state;
    assert_true(fabs(kit_mse(x, t, 4, g) - 5.0 / 3) < 1e-12);
    assert_true(fabs((double)g[0] - 2.0 / 3) < 1e-7 && fabs((double)g[2] + 4.0 / 3) < 1e-7);
    assert_true(g[1] == 0 && g[3] == 0);
    assert_true(kit_mse(x, t + 1, 1, g) == 0 && g[0] == 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cross_entropy_and_its_gradient_are_pytorchs),
        cmocka_unit_test(the_gradient_of_cross_entropy_is_the_oracles_difference),
        cmocka_unit_test(logits_of_any_size_are_safe),
        cmocka_unit_test(a_logit_that_is_no_number_makes_a_loss_that_is_none),
        cmocka_unit_test(mean_squares_leave_out_what_is_unknown),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
