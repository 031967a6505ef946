/* test_basic_blend.c - blend against the formulas written anew, alpha, masks, sizes. */
#include "basic_call.h"

/* Values at which modes differ; B(base, top) worked out by hand. */
struct example { const char *mode; float base, top; double want; };

static void modes_give_what_their_formulas_say(void **state)
{
    static const struct example examples[] = {
        {"normal", 0.25f, 0.75f, 0.75}, {"multiply", 0.5f, 0.25f, 0.125},
        {"screen", 0.5f, 0.25f, 0.625},
        {"overlay", 0.25f, 0.5f, 0.25}, {"overlay", 0.75f, 0.75f, 0.875},
        {"hard-light", 0.5f, 0.25f, 0.25},
        {"hard-light", 0.75f, 0.75f, 0.875}, {"soft-light", 0.5f, 0.25f, 0.375},
        {"soft-light", 0.25f, 0.75f, 0.375}, {"soft-light", 0.81f, 1, 0.9},
        {"darken", 0.5f, 0.25f, 0.25},
        {"lighten", 0.5f, 0.25f, 0.5}, {"difference", 0.25f, 1, 0.75}, {"add", 0.5f, 0.25f, 0.75},
        {"add", 0.75f, 0.75f, 1}, {"subtract", 0.5f, 0.125f, 0.375}, {"subtract", 0.25f, 0.5f, 0},
        {"colour-dodge", 0.25f, 0.5f, 0.5}, {"colour-dodge", 0, 1, 0}, {"colour-dodge", 0.5f, 1, 1},
        {"colour-burn", 0.75f, 0.5f, 0.5}, {"colour-burn", 1, 0, 1}, {"colour-burn", 0.5f, 0, 0},
    };
    for (size_t i = 0; i < sizeof examples / sizeof *examples; i++) {
        const struct example *e = &examples[i];
        char params[64];
        snprintf(params, sizeof params, "mode=%s", e->mode);
        imp_image *base = mini_constant(5, 3, 1, IMP_SRGB, e->base),
                  *top = mini_constant(5, 3, 1, IMP_SRGB, e->top);
        imp_image *out = combine(state, "blend", params, base, top, NULL);
        assert_size(out, 5, 3, 1);
        assert_near(at(out, 0, 4, 2), e->want, 1e-6);
        release(base), release(top), release(out);
    }
}

static double lum(const double c[3])
{
    return 0.3 * c[0] + 0.59 * c[1] + 0.11 * c[2];
}

static double spread(const double c[3])
{
    return fmax(c[0], fmax(c[1], c[2])) - fmin(c[0], fmin(c[1], c[2]));
}

static void colour_modes_take_what_their_names_say(void **state)
{
    imp_image *base = mini_noise(60, 40, 3, IMP_SRGB, 1), *top = mini_noise(60, 40, 3, IMP_SRGB, 2);
    imp_image *luminosity = combine(state, "blend", "mode=luminosity", base, top, NULL);
    imp_image *color = combine(state, "blend", "mode=color", base, top, NULL);
    imp_image *saturation = combine(state, "blend", "mode=saturation", base, top, NULL);
    imp_image *hue = combine(state, "blend", "mode=hue", base, top, NULL);
    imp_image *same = combine(state, "blend", "mode=color", base, base, NULL);
    for (uint32_t y = 0; y < 40; y++)
        for (uint32_t x = 0; x < 60; x++) {
            double b[3], s[3], l[3], c[3], t[3], h[3];
            for (uint32_t k = 0; k < 3; k++) {
                b[k] = at(base, k, x, y), s[k] = at(top, k, x, y), l[k] = at(luminosity, k, x, y);
                c[k] = at(color, k, x, y), t[k] = at(saturation, k, x, y), h[k] = at(hue, k, x, y);
                assert_true(l[k] > -1e-5 && l[k] < 1 + 1e-5 && c[k] > -1e-5 && c[k] < 1 + 1e-5);
            }
            assert_near(lum(l), lum(s), 1e-5);
            assert_near(lum(c), lum(b), 1e-5);
            assert_near(lum(t), lum(b), 1e-5);
            assert_near(lum(h), lum(b), 1e-5);
            assert_true(spread(h) <= spread(b) + 1e-5); /* equal, unless the range cut it */
            for (int i = 0; i < 3; i++) /* hue keeps the order of top's channels */
                for (int j = 0; j < 3; j++)
                    assert_true(s[i] <= s[j] || h[i] >= h[j] - 1e-5);
        }
    assert_true(mini_difference(same, base) < 1e-5);
    release(base), release(top), release(luminosity), release(color), release(saturation),
        release(hue), release(same);
}

static void opacity_mask_and_alpha_of_top_multiply(void **state)
{
    imp_image *base = mini_noise(700, 5, 3, IMP_SRGB, 1), *top = mini_noise(700, 5, 4, IMP_SRGB, 2);
    imp_image *mask = mini_gradient(700, 5, 1, IMP_DATA);
    imp_image *out = combine(state, "blend", "opacity=0.5", base, top, mask);
    assert_size(out, 700, 5, 3);
    for (uint32_t c = 0; c < 3; c++)
        for (uint32_t x = 0; x < 700; x++) {
            const double a = 0.5 * at(top, 3, x, 2) * at(mask, 0, x, 2), b = at(base, c, x, 2);
            assert_near(at(out, c, x, 2), b + a * (at(top, c, x, 2) - b), 1e-6);
        }
    release(base), release(top), release(mask), release(out);
}

static void two_transparent_pictures_follow_source_over(void **state)
{
    imp_image *base = mini_noise(40, 9, 4, IMP_SRGB, 3), *top = mini_noise(40, 9, 4, IMP_SRGB, 4);
    imp_image *out = combine(state, "blend", "mode=multiply opacity=0.8", base, top, NULL);
    for (uint32_t y = 0; y < 9; y++)
        for (uint32_t x = 0; x < 40; x++) {
            const double a = 0.8 * at(top, 3, x, y), ab = at(base, 3, x, y), r = a + ab - a * ab;
            assert_near(at(out, 3, x, y), r, 1e-6);
            for (uint32_t c = 0; c < 3; c++) {
                const double b = at(base, c, x, y), s = at(top, c, x, y);
                assert_near(at(out, c, x, y) * r,
                            a * (1 - ab) * s + a * ab * b * s + (1 - a) * ab * b, 1e-5);
            }
        }
    release(base), release(top), release(out);
}

static void opacity_0_changes_nothing_and_normal_replaces(void **state)
{
    imp_image *base = mini_noise(33, 17, 3, IMP_SRGB, 5), *top = mini_noise(33, 17, 3, IMP_SRGB, 6);
    imp_image *none = combine(state, "blend", "opacity=0 mode=difference", base, top, NULL);
    imp_image *all = combine(state, "blend", "", base, top, NULL);
    assert_true(mini_same(&none->head, &base->head));
    assert_true(mini_difference(all, top) < 1e-6);
    release(base), release(top), release(none), release(all);
}

static void grey_and_colour_mix_to_colour(void **state)
{
    imp_image *grey = mini_constant(4, 4, 1, IMP_SRGB, 0.5f),
              *colour = mini_gradient(4, 4, 3, IMP_SRGB);
    imp_image *a = combine(state, "blend", "mode=multiply", grey, colour, NULL);
    imp_image *b = combine(state, "blend", "mode=multiply", colour, grey, NULL);
    assert_size(a, 4, 4, 3);
    assert_true(mini_difference(a, b) < 1e-6);
    release(grey), release(colour), release(a), release(b);
}

static void tiles_repeat_from_the_corner_and_center_leaves_a_rim(void **state)
{
    imp_image *base = mini_constant(23, 14, 3, IMP_SRGB, 0),
              *top = mini_noise(5, 4, 3, IMP_SRGB, 7);
    imp_image *tile = combine(state, "blend", "fit=tile", base, top, NULL);
    imp_image *center = combine(state, "blend", "fit=center", base, top, NULL);
    imp_image *large = combine(state, "blend", "fit=center", top, base, NULL);
    for (uint32_t y = 0; y < 14; y++)
        for (uint32_t x = 0; x < 23; x++) {
            assert_near(at(tile, 1, x, y), at(top, 1, x % 5, y % 4), 1e-7);
            const int inside = x >= 9 && x < 14 && y >= 5 && y < 9;
            assert_near(at(center, 2, x, y), inside ? at(top, 2, x - 9, y - 5) : 0, 1e-7);
        }
    assert_size(large, 5, 4, 3);
    assert_near(at(large, 0, 4, 3), 0, 0);
    release(base), release(top), release(tile), release(center), release(large);
}

static void scaling_does_not_draw_colour_from_transparent_pixels(void **state)
{
    imp_image *base = mini_constant(4, 4, 3, IMP_SRGB, 0),
              *top = mini_constant(8, 8, 4, IMP_SRGB, 1);
    for (uint32_t y = 0; y < 8; y++) /* every second column is transparent and black */
        for (uint32_t x = 0; x < 8; x += 2)
            for (uint32_t c = 0; c < 4; c++)
                imp_row_out(top, c, y)[x] = 0;
    imp_image *out = combine(state, "blend", "fit=scale", base, top, NULL);
    assert_near(at(out, 0, 1, 1), 0.5, 1e-5); /* white at half alpha, not grey */
    release(base), release(top), release(out);
}

static void other_sizes_are_refused_with_both_sizes(void **state)
{
    imp_image *a = mini_constant(4, 4, 3, IMP_SRGB, 0), *b = mini_constant(5, 4, 3, IMP_SRGB, 0);
    refused(state, "blend", "", a, b, IMP_E_INPUT, "top is 5 x 4, base is 4 x 4");
    struct mini_planned p = planned_two(state, "blend", "", 4, 4, 5, 4);
    assert_int_equal(p.mistake_count, 1);
    assert_non_null(strstr(p.text, "fit = scale"));
    p = planned_two(state, "blend", "fit=tile", 4, 4, 5, 4);
    assert_int_equal(p.mistake_count, 0);
    assert_int_equal(p.outputs[0].width, 4);
    release(a), release(b);
}

static void huge_samples_stay_finite(void **state)
{
    imp_image *a = mini_constant(3, 3, 3, IMP_SRGB, 1e30f),
              *b = mini_constant(3, 3, 3, IMP_SRGB, -1e30f);
    const char *modes[] = {"multiply", "soft-light", "colour-dodge", "colour-burn",
                           "add",      "difference", "hue",          "saturation",
                           "color",    "luminosity", "overlay"};
    for (size_t i = 0; i < sizeof modes / sizeof *modes; i++) {
        char params[64], why[256];
        snprintf(params, sizeof params, "mode=%s", modes[i]);
        imp_image *x = combine(state, "blend", params, a, b, NULL),
                  *y = combine(state, "blend", params, b, a, NULL);
        assert_null(mini_damage(&x->head, true, why, sizeof why));
        assert_null(mini_damage(&y->head, true, why, sizeof why));
        release(x), release(y);
    }
    release(a), release(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(modes_give_what_their_formulas_say),
        cmocka_unit_test(colour_modes_take_what_their_names_say),
        cmocka_unit_test(opacity_mask_and_alpha_of_top_multiply),
        cmocka_unit_test(two_transparent_pictures_follow_source_over),
        cmocka_unit_test(opacity_0_changes_nothing_and_normal_replaces),
        cmocka_unit_test(grey_and_colour_mix_to_colour),
        cmocka_unit_test(tiles_repeat_from_the_corner_and_center_leaves_a_rim),
        cmocka_unit_test(scaling_does_not_draw_colour_from_transparent_pixels),
        cmocka_unit_test(other_sizes_are_refused_with_both_sizes),
        cmocka_unit_test(huge_samples_stay_finite),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, open_basic, close_basic) != 0;
}
