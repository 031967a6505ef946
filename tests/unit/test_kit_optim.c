/* test_kit_optim.c - steps by hand, three steps of PyTorch, states that go on to the same bytes. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <impasto/kit_train.h>

/* 0.5 sum k x^2 + x0 x1 */
static void gradient_at(const float *x, float *g)
{
    static const float k[] = {1, 0.5f, -2, 0.25f};
    for (int i = 0; i < 4; i++)
        g[i] = k[i] * x[i] + (i == 0 ? x[1] : i == 1 ? x[0] : 0);
}

static void run(const kit_optimiser *o, void *state, float *x, int steps)
{
    float g[4];
    for (int i = 0; i < steps; i++) {
        gradient_at(x, g);
        kit_optim_step(state, o, x, g);
    }
}

/* x = torch.tensor([1.0, -2.0, 0.5, 3.0], requires_grad=True); k = torch.tensor([1.0, 0.5, -2.0,
 * 0.25]) o = OPTIMISER([x], lr=0.1, weight_decay=0.01, momentum=0.9 / betas=(0.9, 0.999), eps=1e-8)
 * three times: o.zero_grad(); (0.5 * (k * x * x).sum() + x[0] * x[1]).backward(); o.step() */
static void three_steps_are_pytorchs(void **state)
{
    static const kit_optimiser rules[] = {{KIT_SGD, 0, 0.1, 0.9, 0, 0, 0.01},
                                          {KIT_ADAM, 0, 0.1, 0.9, 0.999, 1e-8, 0.01}};
    static const double want[2][4] = {
        {1.5084651708602905, -2.03525972366333, 1.1571776866912842, 2.572101593017578},
        {1.2970691919326782, -2.043830633163452, 0.8002947568893433, 2.7003815174102783}};
    (void)state;
    for (int r = 0; r < 2; r++) {
        float x[] = {1, -2, 0.5f, 3};
        void *block = malloc(kit_optim_bytes(rules[r].rule, 4));
        assert_non_null(block);
        kit_optim_start(block, rules[r].rule, 4);
        run(&rules[r], block, x, 3);
        for (int i = 0; i < 4; i++)
            assert_true(fabs((double)x[i] - want[r][i]) < 1e-6);
        free(block);
    }
}

static void plain_descent_is_a_subtraction(void **state)
{
    const kit_optimiser o = {.rule = KIT_SGD, .rate = 0.5};
    float x[] = {1, 2}, g[] = {0.5f, -4};
    unsigned char block[64];
    (void)state;
    assert_true(kit_optim_bytes(KIT_SGD, 2) <= sizeof block);
    kit_optim_start(block, KIT_SGD, 2);
    kit_optim_step(block, &o, x, g);
    assert_true(x[0] == 0.75f && x[1] == 4);
}

static void a_state_read_back_goes_on_to_the_same_bytes(void **state)
{
    static const kit_optimiser rules[] = {{KIT_SGD, 0, 0.05, 0.9, 0, 0, 0.01},
                                          {KIT_ADAM, 0, 0.05, 0.9, 0.99, 1e-6, 0.01}};
    (void)state;
    for (int r = 0; r < 2; r++) {
        const size_t size = kit_optim_bytes(rules[r].rule, 4);
        float a[] = {1, -2, 0.5f, 3}, b[4];
        void *first = malloc(size), *second = malloc(size);
        assert_true(first && second);
        kit_optim_start(first, rules[r].rule, 4);
        run(&rules[r], first, a, 7);
        memcpy(second, first, size);
        memcpy(b, a, sizeof b);
        run(&rules[r], first, a, 9);
        assert_true(kit_optim_fits(second, size, rules[r].rule, 4));
        run(&rules[r], second, b, 9);
        assert_memory_equal(a, b, sizeof a);
        assert_memory_equal(first, second, size);
        free(first);
        free(second);
    }
}

static void a_state_of_something_else_does_not_fit(void **state)
{
    unsigned char block[256];
    const size_t size = kit_optim_bytes(KIT_ADAM, 4);
    (void)state;
    assert_true(size && size <= sizeof block);
    kit_optim_start(block, KIT_ADAM, 4);
    assert_true(kit_optim_fits(block, size, KIT_ADAM, 4));
    assert_false(kit_optim_fits(block, size, KIT_SGD, 4));
    assert_false(kit_optim_fits(block, size - 4, KIT_ADAM, 4));
    assert_false(kit_optim_fits(block, size, KIT_ADAM, 3));
    assert_false(kit_optim_fits(block, 3, KIT_ADAM, 4));
    block[0] ^= 1;
    assert_false(kit_optim_fits(block, size, KIT_ADAM, 4));
    assert_int_equal(kit_optim_bytes(KIT_ADAM, SIZE_MAX / 8), 0);
}

static void products_are_summed_in_double(void **state)
{
    enum { N = 100003 };
    float *a = malloc(N * sizeof *a);
    double want = 0;
    (void)state;
    assert_non_null(a);
    for (uint32_t i = 0; i < N; i++) {
        a[i] = (float)kit_normal(1, 2, i);
        want += (double)a[i] * (double)a[i];
    }
    assert_true(fabs(kit_dot(a, a, N) - want) < 1e-12 * want);
    assert_true(kit_dot(a, a, 0) == 0);
    free(a);
}

static void a_vector_is_clipped_to_its_longest_norm(void **state)
{
    float v[] = {3, 4, 0};
    (void)state;
    assert_true(kit_clip(v, 3, 0) == 5 && v[0] == 3);
    assert_true(kit_clip(v, 3, 6) == 5 && v[1] == 4);
    assert_true(kit_clip(v, 3, 1) == 5);
    assert_true(fabs((double)v[0] - 0.6) < 1e-7 && fabs((double)v[1] - 0.8) < 1e-7);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(three_steps_are_pytorchs),
        cmocka_unit_test(plain_descent_is_a_subtraction),
        cmocka_unit_test(a_state_read_back_goes_on_to_the_same_bytes),
        cmocka_unit_test(a_state_of_something_else_does_not_fit),
        cmocka_unit_test(products_are_summed_in_double),
        cmocka_unit_test(a_vector_is_clipped_to_its_longest_norm),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
