/* test_basic_match.c - match.color by the statistics of its results, and detail.transfer by laws.
 * */
#include "basic_call.h"

struct statistics { double mean[3], covariance[3][3]; };

static struct statistics measure(const imp_image *m)
{
    struct statistics s = {{0}, {{0}}};
    const double n = (double)m->width * m->height;
    for (uint32_t c = 0; c < 3; c++)
        for (uint32_t y = 0; y < m->height; y++)
            for (uint32_t x = 0; x < m->width; x++)
                s.mean[c] += (double)at(m, c, x, y) / n;
    for (uint32_t c = 0; c < 3; c++)
        for (uint32_t d = 0; d < 3; d++)
            for (uint32_t y = 0; y < m->height; y++)
                for (uint32_t x = 0; x < m->width; x++)
                    s.covariance[c][d] += ((double)at(m, c, x, y) - s.mean[c])
                                          * ((double)at(m, d, x, y) - s.mean[d]) / n;
    return s;
}

/* Noise whose channels depend on each other by a matrix. */
static imp_image *correlated(uint32_t w, uint32_t h, uint64_t seed, const double a[3][3])
{
    imp_image *noise = mini_noise(w, h, 3, IMP_SRGB, seed), *m = mini_image(w, h, 3, IMP_SRGB);
    for (uint32_t y = 0; y < h; y++)
        for (uint32_t x = 0; x < w; x++)
            for (uint32_t c = 0; c < 3; c++)
                imp_row_out(m, c, y)[x] = (float)(0.4 + a[c][0] * ((double)at(noise, 0, x, y) - 0.5)
                                                  + a[c][1] * ((double)at(noise, 1, x, y) - 0.5)
                                                  + a[c][2] * ((double)at(noise, 2, x, y) - 0.5));
    release(noise);
    return m;
}

static const double warm[3][3] = {{0.5, 0.1, 0}, {0.3, 0.3, 0.05}, {0.1, 0.1, 0.4}};
static const double cold[3][3] = {{0.3, 0, 0.1}, {0.2, 0.4, 0}, {-0.1, 0.2, 0.5}};

static void covariance_gives_mean_and_covariance_of_the_reference(void **state)
{
    imp_image *in = correlated(80, 60, 1, warm), *reference = correlated(50, 70, 2, cold);
    imp_image *out = combine(state, "match.color", "", in, reference, NULL);
    const struct statistics got = measure(out), want = measure(reference);
    for (int c = 0; c < 3; c++) {
        assert_near(got.mean[c], want.mean[c], 1e-5);
        for (int d = 0; d < 3; d++)
            assert_near(got.covariance[c][d], want.covariance[c][d], 1e-4);
    }
    release(in), release(reference), release(out);
}

/* The map of least change is symmetric: no rotation of colours. Read off from its action. */
static void covariance_map_is_symmetric_and_positive(void **state)
{
    imp_image *in = correlated(64, 64, 1, warm), *reference = correlated(64, 64, 2, cold), *out;
    double a[3][3];
    for (uint32_t c = 0; c < 3; c++) { /* four pixels that span colour, hardly any weight */
        imp_row_out(in, c, 0)[0] = 0.5f;
        for (uint32_t k = 0; k < 3; k++)
            imp_row_out(in, c, 0)[1 + k] = c == k ? 1.0f : 0.5f;
    }
    out = combine(state, "match.color", "", in, reference, NULL);
    for (uint32_t c = 0; c < 3; c++)
        for (uint32_t k = 0; k < 3; k++)
            a[c][k] = 2 * ((double)at(out, c, 1 + k, 0) - (double)at(out, c, 0, 0));
    for (int c = 0; c < 3; c++) {
        assert_true(a[c][c] > 0);
        for (int k = 0; k < 3; k++)
            assert_near(a[c][k], a[k][c], 1e-5);
    }
    release(in), release(reference), release(out);
}

static void a_picture_matched_to_itself_is_itself(void **state)
{
    const char *methods[] = {"method=covariance", "method=mean", "method=histogram", "method=luma"};
    imp_image *in = correlated(70, 50, 3, warm);
    for (int i = 0; i < 4; i++) {
        imp_image *out = combine(state, "match.color", methods[i], in, in, NULL);
        assert_true(mini_difference(in, out) < (i < 2 ? 1e-5 : 1e-3));
        release(out);
    }
    release(in);
}

static void mean_gives_means_and_spread_along_the_axes(void **state)
{
    imp_image *in = correlated(80, 60, 1, warm), *reference = correlated(50, 70, 2, cold);
    imp_image *out = combine(state, "match.color", "method=mean", in, reference, NULL);
    const struct statistics got = measure(out), want = measure(reference);
    const double axes[3][3] = {{1, 1, 1}, {1, 0, -1}, {1, -2, 1}};
    for (int e = 0; e < 3; e++) {
        double mine = 0, theirs = 0;
        assert_near(got.mean[e], want.mean[e], 1e-5);
        for (int c = 0; c < 3; c++)
            for (int d = 0; d < 3; d++) {
                mine += axes[e][c] * axes[e][d] * got.covariance[c][d];
                theirs += axes[e][c] * axes[e][d] * want.covariance[c][d];
            }
        assert_near(mine / theirs, 1, 0.002);
    }
    release(in), release(reference), release(out);
}

static int rising(const void *a, const void *b)
{
    const float x = *(const float *)a, y = *(const float *)b;
    return (x > y) - (x < y);
}

/* Of equal sizes: the sorted samples must be those of the reference. */
static void histogram_gives_the_sorted_values_of_the_reference(void **state)
{
    enum { W = 60, H = 50 };
    static float got[W * H], want[W * H];
    imp_image *in = correlated(W, H, 1, warm), *reference = correlated(W, H, 2, cold);
    imp_image *out = combine(state, "match.color", "method=histogram", in, reference, NULL);
    for (uint32_t c = 0; c < 3; c++) {
        for (uint32_t i = 0; i < W * H; i++)
            got[i] = at(out, c, i % W, i / W), want[i] = at(reference, c, i % W, i / W);
        qsort(got, W * H, sizeof *got, rising);
        qsort(want, W * H, sizeof *want, rising);
        for (uint32_t i = 0; i < W * H; i++)
            assert_near(got[i], want[i], 0.006);
    }
    for (uint32_t i = 1; i < W * H; i++) { /* monotone */
        const double a = at(in, 0, 0, 0) - at(in, 0, i % W, i / W),
                     b = at(out, 0, 0, 0) - at(out, 0, i % W, i / W);
        assert_true(a * b >= -1e-7);
    }
    release(in), release(reference), release(out);
}

static void luma_keeps_differences_between_channels(void **state)
{
    imp_image *in = correlated(60, 50, 1, warm), *reference = correlated(40, 50, 2, cold);
    imp_image *out = combine(state, "match.color", "method=luma", in, reference, NULL);
    for (uint32_t i = 0; i < 60; i++)
        assert_near(at(out, 0, i, 7) - at(out, 2, i, 7), at(in, 0, i, 7) - at(in, 2, i, 7), 1e-6);
    release(in), release(reference), release(out);
}

static void strength_is_between(void **state)
{
    imp_image *in = correlated(40, 30, 1, warm), *reference = correlated(40, 30, 2, cold);
    const char *methods[] = {"covariance", "mean", "histogram", "luma"};
    for (int i = 0; i < 4; i++) {
        char params[3][64];
        for (int k = 0; k < 3; k++)
            snprintf(params[k], sizeof params[k], "method=%s strength=%g", methods[i], k / 2.0);
        imp_image *none = combine(state, "match.color", params[0], in, reference, NULL);
        imp_image *half = combine(state, "match.color", params[1], in, reference, NULL);
        imp_image *full = combine(state, "match.color", params[2], in, reference, NULL);
        assert_true(mini_difference(none, in) < 1e-6);
        for (uint32_t x = 0; x < 40; x++)
            assert_near(at(half, 1, x, 3), (at(in, 1, x, 3) + at(full, 1, x, 3)) / 2, 1e-5);
        release(none), release(half), release(full);
    }
    release(in), release(reference);
}

static void flat_pictures_take_the_mean_and_stay_finite(void **state)
{
    const char *methods[] = {"method=covariance", "method=mean", "method=histogram", "method=luma"};
    imp_image *flat = mini_constant(9, 7, 3, IMP_SRGB, 0.3f), *one = pixel_of(0.1f, 0.9f, 0.5f);
    imp_image *grey = mini_gradient(31, 20, 3, IMP_SRGB), *noise = correlated(50, 50, 2, cold);
    for (uint32_t y = 0; y < 20; y++) /* a line in colour: rank 1 */
        for (uint32_t c = 1; c < 3; c++)
            memcpy(imp_row_out(grey, c, y), imp_row(grey, 0, y), 31 * sizeof(float));
    imp_image *all[] = {flat, one, grey, noise};
    for (int i = 0; i < 4; i++)
        for (int a = 0; a < 4; a++)
            for (int b = 0; b < 4; b++) {
                char why[256];
                imp_image *out = combine(state, "match.color", methods[i], all[a], all[b], NULL);
                assert_null(mini_damage(&out->head, true, why, sizeof why));
                if (i < 2)
                    assert_near(measure(out).mean[1], measure(all[b]).mean[1], 1e-4);
                release(out);
            }
    for (int i = 0; i < 4; i++)
        release(all[i]);
}

/* ---- detail.transfer ---- */

/* Blobs with sharp edges and some noise. */
static imp_image *scene(uint32_t w, uint32_t h)
{
    imp_image *m = mini_noise(w, h, 3, IMP_SRGB, 4);
    for (uint32_t c = 0; c < 3; c++)
        for (uint32_t y = 0; y < h; y++)
            for (uint32_t x = 0; x < w; x++) {
                const double d = hypot(x - w * 0.4, y - h * 0.5),
                             b = d < h * 0.3 ? 0.7 - 0.2 * c : 0.2 + 0.15 * c;
                imp_row_out(m, c, y)[x] = (float)(b + 0.08 * ((double)imp_row(m, c, y)[x] - 0.5));
            }
    return m;
}

static imp_image *shrunk(const imp_image *m)
{
    imp_image *s = mini_image(m->width / 4, m->height / 4, 3, IMP_SRGB);
    assert_int_equal(kit_resize(m, s, KIT_AREA, NULL), IMP_OK);
    return s;
}

static void no_change_transfers_as_no_change(void **state)
{
    imp_image *in = scene(120, 80), *small = shrunk(in);
    imp_image *a = combine(state, "detail.transfer", "", in, small, NULL);
    imp_image *b = combine(state, "detail.transfer", "method=difference", in, small, NULL);
    assert_true(mini_difference(in, a) < 2e-4);
    assert_true(mini_difference(in, b) < 1e-5);
    release(in), release(small), release(a), release(b);
}

static void a_linear_change_of_colour_is_carried_without_halos(void **state)
{
    imp_image *in = scene(120, 80), *small = shrunk(in), *want = mini_image(120, 80, 3, IMP_SRGB);
    imp_image *changed = mini_image(30, 20, 3, IMP_SRGB),
              *pair[2][2] = {{small, changed}, {in, want}};
    for (int k = 0; k < 2; k++)
        for (uint32_t y = 0; y < pair[k][0]->height; y++)
            for (uint32_t x = 0; x < pair[k][0]->width; x++) {
                const float r = at(pair[k][0], 0, x, y), g = at(pair[k][0], 1, x, y),
                            b = at(pair[k][0], 2, x, y);
                imp_row_out(pair[k][1], 0, y)[x] = 0.2f + 0.5f * g + 0.3f * b;
                imp_row_out(pair[k][1], 1, y)[x] = 0.9f - 0.8f * r;
                imp_row_out(pair[k][1], 2, y)[x] = 0.1f + 1.3f * b - 0.2f * r;
            }
    imp_image *out = combine(state, "detail.transfer", "", in, changed, NULL);
    imp_image *smooth = combine(state, "detail.transfer", "method=difference", in, changed, NULL);
    assert_true(mini_difference(out, want)
                < 0.03); /* the noise's own colours are hardly seen there */
    assert_true(mini_difference(smooth, want) > 0.1); /* what the simple way loses at the edge */
    release(in), release(small), release(want), release(changed), release(out), release(smooth);
}

static void new_texture_of_the_copy_comes_along(void **state)
{
    imp_image *in = mini_constant(120, 80, 3, IMP_SRGB, 0.5f),
              *changed = mini_noise(30, 20, 3, IMP_SRGB, 8);
    assert_int_equal(kit_blur(changed, changed, 1, NULL),
                     IMP_OK); /* finer than a pixel cannot survive */
    imp_image *out = combine(state, "detail.transfer", "", in, changed, NULL), *back = shrunk(out);
    double apart = 0;
    for (uint32_t y = 0; y < 20; y++)
        for (uint32_t x = 0; x < 30; x++)
            apart += fabs((double)at(back, 1, x, y) - (double)at(changed, 1, x, y)) / 600;
    assert_true(apart < 0.01); /* 0.07 if nothing came along */
    release(in), release(changed), release(out), release(back);
}

static void copies_of_another_shape_are_refused(void **state)
{
    imp_image *in = scene(120, 80), *tall = mini_constant(20, 30, 3, IMP_SRGB, 0);
    imp_image *large = mini_constant(240, 160, 3, IMP_SRGB, 0),
              *odd = mini_constant(7, 5, 3, IMP_SRGB, 0.5f);
    refused(state, "detail.transfer", "", in, tall, IMP_E_INPUT,
            "small is 20 x 30, in is 120 x 80");
    refused(state, "detail.transfer", "", in, large, IMP_E_INPUT, "must not be larger");
    release(combine(state, "detail.transfer", "", in, odd, NULL)); /* rounded sizes are fine */
    assert_int_equal(planned_two(state, "detail.transfer", "", 120, 80, 20, 30).mistake_count, 1);
    assert_int_equal(planned_two(state, "detail.transfer", "", 120, 80, 30, 20).mistake_count, 0);
    release(in), release(tall), release(large), release(odd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(covariance_gives_mean_and_covariance_of_the_reference),
        cmocka_unit_test(covariance_map_is_symmetric_and_positive),
        cmocka_unit_test(a_picture_matched_to_itself_is_itself),
        cmocka_unit_test(mean_gives_means_and_spread_along_the_axes),
        cmocka_unit_test(histogram_gives_the_sorted_values_of_the_reference),
        cmocka_unit_test(luma_keeps_differences_between_channels),
        cmocka_unit_test(strength_is_between),
        cmocka_unit_test(flat_pictures_take_the_mean_and_stay_finite),
        cmocka_unit_test(no_change_transfers_as_no_change),
        cmocka_unit_test(a_linear_change_of_colour_is_carried_without_halos),
        cmocka_unit_test(new_texture_of_the_copy_comes_along),
        cmocka_unit_test(copies_of_another_shape_are_refused),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, open_basic, close_basic) != 0;
}
