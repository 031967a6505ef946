/* test_kit_augment.c - laws of augmentation: what must stay, what must move, by how much. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <impasto/kit_train.h>

enum { C = 2, H = 7, W = 9, SIZE = C * H * W };

/* A picture in which no two samples are equal. */
static void picture(float *v)
{
    for (int i = 0; i < SIZE; i++)
        v[i] = 0.25f + (float)i / 256;
}

static void augment(const kit_augment *a, uint64_t epoch, uint64_t sample, float *v)
{
    float work[SIZE];
    picture(v);
    kit_augment_sample(a, C, H, W, epoch, sample, v, work);
}

static void without_options_nothing_changes(void **state)
{
    const kit_augment a = {.seed = 1, .fill = 9};
    float v[SIZE], same[SIZE];
    (void)state;
    picture(same);
    augment(&a, 3, 4, v);
    assert_memory_equal(v, same, sizeof v);
}

static void a_flip_mirrors_half_of_the_samples_twice_is_nothing(void **state)
{
    const kit_augment a = {.seed = 1, .flip = 1};
    float v[SIZE], same[SIZE], work[SIZE];
    int flipped = 0;
    (void)state;
    picture(same);
    for (uint64_t i = 0; i < 1000; i++) {
        augment(&a, 0, i, v);
        const bool is = memcmp(v, same, sizeof v) != 0;
        flipped += is;
        for (int k = 0; k < SIZE; k++)
            assert_true(v[k] == same[is ? k / W * W + W - 1 - k % W : k]);
        kit_augment_sample(&a, C, H, W, 0, i, v, work);
        assert_memory_equal(v, same, sizeof v);
    }
    assert_in_range(flipped, 440, 560);
}

/* Each sample moved by whole pixels within the padding, `fill` where nothing came from. */
static void a_crop_moves_by_whole_pixels_and_fills(void **state)
{
    const kit_augment a = {.seed = 7, .crop = 2, .fill = -1};
    float v[SIZE], same[SIZE];
    int seen[5][5] = {{0}};
    (void)state;
    picture(same);
    for (uint64_t i = 0; i < 2500; i++) {
        augment(&a, 1, i, v);
        const int centre = (int)lround(((double)v[H / 2 * W + W / 2] - 0.25) * 256);
        const int dy = centre / W - H / 2, dx = centre % W - W / 2;
        assert_true(abs(dy) <= 2 && abs(dx) <= 2);
        seen[dy + 2][dx + 2]++;
        for (int c = 0; c < C; c++)
            for (int y = 0; y < H; y++)
                for (int x = 0; x < W; x++) {
                    const bool inside = y + dy >= 0 && y + dy < H && x + dx >= 0 && x + dx < W;
                    assert_true(v[(c * H + y) * W + x] ==
                                (inside ? same[(c * H + y + dy) * W + x + dx] : -1));
                }
    }
    for (int i = 0; i < 25; i++)
        assert_in_range(seen[i / 5][i % 5], 50, 150); /* 100 each on average */
}

static void a_shift_keeps_constants_and_moves_slopes_alike(void **state)
{
    const kit_augment a = {.seed = 3, .shift = 1.5};
    double lowest = 9, highest = -9;
    (void)state;
    for (uint64_t i = 0; i < 500; i++) {
        float v[SIZE], work[SIZE];
        for (int k = 0; k < SIZE; k++)
            v[k] = k < H * W ? 0.5f : (float)(k % W); /* a constant, a slope along x */
        kit_augment_sample(&a, C, H, W, 0, i, v, work);
        for (int k = 0; k < H * W; k++)
            assert_true(v[k] == 0.5f);
        const double d = (double)v[H * W + 4] - 4;
        for (int x = 2; x < W - 2; x++)
            assert_true(fabs((double)v[H * W + x] - x - d) < 1e-5);
        lowest = fmin(lowest, d), highest = fmax(highest, d);
    }
    assert_true(lowest > -1.5 && lowest < -1.3 && highest < 1.5 && highest > 1.3);
}

static void the_same_seed_epoch_and_sample_give_the_same_picture(void **state)
{
    const kit_augment a = {.seed = 3, .shift = 1, .flip = 1, .crop = 1},
                      b = {.seed = 4, .shift = 1, .flip = 1, .crop = 1};
    float v[SIZE], w[SIZE];
    (void)state;
    augment(&a, 5, 6, v);
    augment(&a, 5, 6, w);
    assert_memory_equal(v, w, sizeof v);
    augment(&a, 6, 6, w);
    assert_memory_not_equal(v, w, sizeof v);
    augment(&a, 5, 7, w);
    assert_memory_not_equal(v, w, sizeof v);
    augment(&b, 5, 6, w);
    assert_memory_not_equal(v, w, sizeof v);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_options_nothing_changes),
        cmocka_unit_test(a_flip_mirrors_half_of_the_samples_twice_is_nothing),
        cmocka_unit_test(a_crop_moves_by_whole_pixels_and_fills),
        cmocka_unit_test(a_shift_keeps_constants_and_moves_slopes_alike),
        cmocka_unit_test(the_same_seed_epoch_and_sample_give_the_same_picture),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
