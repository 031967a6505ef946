/* test_kit_prepare.c - a model's preparation: keys, sizes, samples in and out. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <impasto/kit_prepare.h>
#include "minihost.h"

/* "key value", ends with NULL */
static const char *meta(void *user, const char *key)
{
    const char *const *lines = user;
    const size_t n = strlen(key);
    for (; *lines; lines++)
        if (!strncmp(*lines, key, n) && (*lines)[n] == '=')
            return *lines + n + 1;
    return NULL;
}

static char said[1200];

static imp_status read_lines(const char *const *lines, uint32_t channels, uint32_t width,
                             uint32_t height, kit_prepare *p)
{
    imp_error err = {sizeof err, sizeof said, said, -1, -1};
    union { const char *const *in; void *out; } to = {.in = lines};
    said[0] = 0;
    return kit_prepare_read(meta, to.out, channels, width, height, p, &err);
}
#define LINES(...) ((const char *const[]){__VA_ARGS__, NULL})

static kit_prepare sound(const char *const *lines, uint32_t channels)
{
    kit_prepare p;
    const imp_status st = read_lines(lines, channels, 0, 0, &p);
    if (st != IMP_OK)
        print_message("# %s\n", said);
    assert_int_equal(st, IMP_OK);
    return p;
}

/* ---- keys ---- */

static void all_keys_are_read(void **state)
{
    (void)state;
    const kit_prepare p =
        sound(LINES("input=bgr", "range=0 255", "mean=104, 117 123", "std=2", "multiple=8",
                    "size=224 160", "output=rgb", "output_range=-1 1", "output_mean=0.5"),
              3);
    assert_int_equal(p.input.order, KIT_BGR);
    assert_int_equal(p.input.channels, 3);
    assert_true(p.input.black == 0 && p.input.white == 255);
    assert_true(p.input.mean[0] == 104 && p.input.mean[1] == 117 && p.input.mean[2] == 123);
    assert_true(p.input.std[0] == 2 && p.input.std[2] == 2);
    assert_int_equal(p.multiple, 8);
    assert_true(p.width == 224 && p.height == 160);
    assert_int_equal(p.output.order, KIT_RGB);
    assert_true(p.output.black == -1 && p.output.white == 1);
    assert_true(p.output.mean[1] == 0.5 && p.output.std[1] == 1);
}

static void what_is_left_out_has_its_default(void **state)
{
    (void)state;
    const kit_prepare p = sound(LINES("input=grey", "range=0 1", "output=grey"), 1);
    assert_int_equal(p.input.channels, 1);
    assert_true(p.input.mean[0] == 0 && p.input.std[0] == 1);
    assert_int_equal(p.multiple, 1);
    assert_int_equal(p.width, 0);
    assert_true(p.output.black == 0 && p.output.white == 1);
    assert_int_equal(sound(LINES("input=rgb", "range=0 1"), 0).output.order, KIT_UNKNOWN);
}

static void an_unknown_preparation_is_refused_with_the_keys_to_set(void **state)
{
    kit_prepare p;
    (void)state;
    assert_int_equal(read_lines(LINES("mean=1"), 3, 0, 0, &p), IMP_E_MISSING);
    assert_non_null(strstr(said, "input = rgb"));
    assert_non_null(strstr(said, "range = 0 1"));
    assert_int_equal(read_lines(LINES("input=rgb"), 3, 0, 0, &p), IMP_E_MISSING);
    assert_null(strstr(said, "input ="));
    assert_non_null(strstr(said, "set range = 0 1"));
    assert_int_equal(read_lines(LINES("range=0 1"), 3, 0, 0, &p), IMP_E_MISSING);
    assert_null(strstr(said, "range ="));
}

static void all_mistakes_are_told_at_once(void **state)
{
    static const char *const parts[] = {"'input' is 'cmyk'", "'range' is '0'", "'std' is '0'",
                                        "'multiple' is '2.5'", "'output_mean' is 'a b c'"};
    kit_prepare p;
    (void)state;
    assert_int_equal(read_lines(LINES("input=cmyk", "range=0", "std=0", "multiple=2.5", "output=rgb",
                                      "output_mean=a b c"), 3, 0, 0, &p),
                     IMP_E_PARAM);
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        if (!strstr(said, parts[i]))
            print_message("# %s is not in: %s\n", parts[i], said);
        assert_non_null(strstr(said, parts[i]));
    }
}

static void wrong_values_of_a_key_are_told_what_would_do(void **state)
{
    static const char *const wrong[][2] = {
        {"input", ""}, {"input", "RGB"}, {"input", "rgb bgr"}, {"range", "1 1"}, {"range", "0 1 2"},
        {"range", "0 x"}, {"mean", "1 2"}, {"mean", "1 2 3 4"}, {"mean", ""}, {"std", "-1"},
        {"std", "1 0 1"}, {"multiple", "0"}, {"multiple", "-4"}, {"multiple", "4 4"}, {"size", "0"},
        {"size", "1e12"}, {"size", "8 8 8"}, {"output", "yuv"}, {"output_std", "nan"}, {"colour", "1"},
    };
    static const char *const right[][2] = {
        {"input", "gray"}, {"range", "-1 1"}, {"range", "255 0"}, {"mean", "0.5"}, {"std", "1 2 3"},
        {"multiple", "16"}, {"size", "227"}, {"size", "32 64"}, {"output_range", "0, 255"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        if (!kit_prepare_check(wrong[i][0], wrong[i][1]))
            print_message("# taken: %s = %s\n", wrong[i][0], wrong[i][1]);
        assert_non_null(kit_prepare_check(wrong[i][0], wrong[i][1]));
    }
    for (size_t i = 0; i < sizeof right / sizeof *right; i++)
        assert_null(kit_prepare_check(right[i][0], right[i][1]));
}

static void keys_that_contradict_the_network_are_mistakes(void **state)
{
    kit_prepare p;
    (void)state;
    assert_int_equal(read_lines(LINES("input=rgb", "range=0 1"), 1, 0, 0, &p), IMP_E_PARAM);
    assert_non_null(strstr(said, "takes 1 channel"));
    assert_int_equal(read_lines(LINES("input=rgb", "range=0 1", "size=32"), 3, 28, 28, &p),
                     IMP_E_PARAM);
    assert_non_null(strstr(said, "28 x 28"));
    assert_int_equal(read_lines(LINES("input=grey", "range=0 1", "mean=1 2 3"), 1, 0, 0, &p),
                     IMP_E_PARAM);
    assert_int_equal(read_lines(LINES("input=rgb", "range=0 1", "output_range=0 1"), 3, 0, 0, &p),
                     IMP_E_PARAM);
}

static void every_key_has_a_line_of_help(void **state)
{
    size_t i = 0;
    (void)state;
    for (; kit_prepare_keys[i]; i++)
        assert_true(kit_prepare_help[i] && *kit_prepare_help[i]);
    assert_null(kit_prepare_help[i]);
}

/* ---- sizes ---- */

static kit_frame frame(uint32_t multiple, uint32_t side, uint32_t w, uint32_t h, enum kit_fit fit)
{
    const kit_prepare p = {.multiple = multiple, .width = side, .height = side};
    kit_frame f;
    assert_int_equal(kit_frame_of(&p, w, h, fit, &f, NULL), IMP_OK);
    return f;
}

static void assert_frame(kit_frame f, uint32_t w, uint32_t h, uint32_t sw, uint32_t sh, int64_t x,
                         int64_t y)
{
    assert_int_equal(f.width, w);
    assert_int_equal(f.height, h);
    assert_int_equal(f.scaled_width, sw);
    assert_int_equal(f.scaled_height, sh);
    assert_int_equal(f.x, x);
    assert_int_equal(f.y, y);
}

static void sides_come_to_a_multiple(void **state)
{
    (void)state;
    assert_frame(frame(8, 0, 21, 16, KIT_PAD), 24, 16, 21, 16, 0, 0);
    assert_frame(frame(8, 0, 21, 16, KIT_CROP), 16, 16, 21, 16, 2, 0);
    assert_frame(frame(8, 0, 21, 17, KIT_STRETCH), 24, 16, 24, 16, 0, 0);
    assert_frame(frame(8, 0, 3, 2, KIT_STRETCH), 8, 8, 8, 8, 0, 0);
    assert_frame(frame(1, 0, 21, 17, KIT_CROP), 21, 17, 21, 17, 0, 0);
}

static void a_size_that_is_fixed_is_met(void **state)
{
    (void)state;
    assert_frame(frame(1, 10, 40, 20, KIT_PAD), 10, 10, 10, 5, 0, -2);
    assert_frame(frame(1, 10, 40, 20, KIT_CROP), 10, 10, 20, 10, 5, 0);
    assert_frame(frame(1, 10, 40, 20, KIT_STRETCH), 10, 10, 10, 10, 0, 0);
    assert_frame(frame(1, 10, 5, 5, KIT_CROP), 10, 10, 10, 10, 0, 0);
    assert_frame(frame(1, 10, 100000, 1, KIT_PAD), 10, 10, 10, 1, 0, -4);
}

static void cropping_below_one_multiple_is_refused(void **state)
{
    const kit_prepare p = {.multiple = 32};
    imp_error err = {sizeof err, sizeof said, said, -1, -1};
    kit_frame f;
    (void)state;
    assert_int_equal(kit_frame_of(&p, 31, 64, KIT_CROP, &f, &err), IMP_E_INPUT);
    assert_non_null(strstr(said, "31 x 64"));
}

/* ---- samples ---- */

static const char *const kinds[][5] = {
    {"input=rgb", "range=0 1", "output=rgb", NULL},
    {"input=bgr", "range=0 255", "mean=104 117 123", "output=bgr", NULL},
    {"input=rgb", "range=-1 1", "std=0.229 0.224 0.225", "output=rgb", NULL},
};

/* The formula, channel by channel, in double. */
static double number(const kit_side *s, double v, uint32_t c)
{
    return (s->black + v * (s->white - s->black) - s->mean[c]) / s->std[c];
}

static void samples_follow_the_formula_mirrored_beyond_the_border(void **state)
{
    imp_image *in = mini_noise(13, 9, 3, IMP_SRGB, 5);
    const kit_box part = {-4, -3, 22, 17};
    float *out = malloc(sizeof(float) * 3 * 22 * 17);
    (void)state;
    for (size_t k = 0; k < 3; k++) {
        const kit_prepare p = sound(kinds[k], 3);
        assert_int_equal(kit_to_network(&p.input, in, &part, out, NULL), IMP_OK);
        for (uint32_t c = 0; c < 3; c++)
            for (int64_t y = 0; y < 17; y++)
                for (int64_t x = 0; x < 22; x++) {
                    const uint32_t from = p.input.order == KIT_BGR ? 2 - c : c;
                    const float v = imp_row(in, from, (uint32_t)kit_mirror(y - 3, 9))
                        [kit_mirror(x - 4, 13)];
                    const double want = number(&p.input, (double)v, c);
                    assert_true(fabs((double)out[(c * 17 + y) * 22 + x] - want) <=
                                4e-7 * (300 + fabs(want)));
                }
    }
    free(out);
    mini_release(&in->head);
}

static void pictures_come_back_as_they_went_in(void **state)
{
    imp_image *in = mini_noise(31, 22, 3, IMP_SRGB, 8);
    const kit_box all = {0, 0, 31, 22};
    float *net = malloc(sizeof(float) * 3 * 31 * 22);
    (void)state;
    for (size_t k = 0; k < 3; k++) {
        const kit_prepare p = sound(kinds[k], 3);
        kit_side back = p.input; /* what comes out is what went in */
        imp_image *out = mini_image(31, 22, 3, IMP_SRGB);
        assert_int_equal(kit_to_network(&p.input, in, &all, net, NULL), IMP_OK);
        assert_int_equal(kit_from_network(&back, net, 31, 22, &all, out, 0, 0, NULL), IMP_OK);
        assert_true(mini_difference(in, out) < 1e-6);
        mini_release(&out->head);
    }
    free(net);
    mini_release(&in->head);
}

static void grey_feeds_all_channels_and_colour_gives_its_luma(void **state)
{
    imp_image *grey = mini_noise(5, 4, 1, IMP_SRGB, 3), *colour = mini_noise(5, 4, 3, IMP_SRGB, 4);
    const kit_prepare rgb = sound(LINES("input=rgb", "range=0 1"), 3);
    const kit_prepare one = sound(LINES("input=grey", "range=0 255"), 1);
    const kit_box part = {-1, 0, 7, 4};
    float out[3 * 7 * 4];
    (void)state;
    assert_int_equal(kit_to_network(&rgb.input, grey, &part, out, NULL), IMP_OK);
    assert_memory_equal(out, out + 28, sizeof(float) * 28);
    assert_memory_equal(out, out + 56, sizeof(float) * 28);
    assert_int_equal(kit_to_network(&one.input, colour, &part, out, NULL), IMP_OK);
    for (uint32_t y = 0; y < 4; y++)
        for (int64_t x = 0; x < 7; x++) {
            const int64_t from = kit_mirror(x - 1, 5);
            const double v = 0.2126 * imp_row(colour, 0, y)[from]
                           + 0.7152 * imp_row(colour, 1, y)[from]
                           + 0.0722 * imp_row(colour, 2, y)[from];
            assert_true(fabs((double)out[y * 7 + x] - 255 * v) < 1e-3);
        }
    mini_release(&grey->head), mini_release(&colour->head);
}

static void a_part_lands_where_it_is_put_and_is_clamped(void **state)
{
    const kit_side s = {.order = KIT_GREY, .channels = 1, .white = 2, .std = {1, 1, 1}};
    const float planes[] = {-1, 0, 1, 2, 5, 6, 0.5f, 1.5f, 7};
    const kit_box part = {1, 1, 2, 2};
    imp_image *out = mini_constant(4, 3, 1, IMP_SRGB, 0.125f);
    (void)state;
    assert_int_equal(kit_from_network(&s, planes, 3, 3, &part, out, 2, 1, NULL), IMP_OK);
    assert_true(imp_row(out, 0, 1)[2] == 1 && imp_row(out, 0, 1)[3] == 1);
    assert_true(imp_row(out, 0, 2)[2] == 0.75f && imp_row(out, 0, 2)[3] == 1);
    assert_true(imp_row(out, 0, 0)[2] == 0.125f && imp_row(out, 0, 1)[1] == 0.125f);
    mini_release(&out->head);
}

static void a_frame_that_scales_resamples_first(void **state)
{
    const kit_prepare p = {.input = {.order = KIT_GREY, .channels = 1, .white = 1, .std = {1, 1, 1}},
                           .multiple = 1, .width = 4, .height = 4};
    imp_image *in = mini_constant(9, 5, 1, IMP_SRGB, 0.25f);
    float out[16];
    (void)state;
    for (int fit = KIT_PAD; fit <= KIT_STRETCH; fit++) {
        kit_frame f;
        memset(out, 0, sizeof out);
        assert_int_equal(kit_frame_of(&p, 9, 5, (enum kit_fit)fit, &f, NULL), IMP_OK);
        assert_int_equal(kit_prepare_picture(&p.input, &f, in, out, NULL), IMP_OK);
        for (int i = 0; i < 16; i++)
            assert_true(fabsf(out[i] - 0.25f) < 1e-6f);
    }
    mini_release(&in->head);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_keys_are_read),
        cmocka_unit_test(what_is_left_out_has_its_default),
        cmocka_unit_test(an_unknown_preparation_is_refused_with_the_keys_to_set),
        cmocka_unit_test(all_mistakes_are_told_at_once),
        cmocka_unit_test(wrong_values_of_a_key_are_told_what_would_do),
        cmocka_unit_test(keys_that_contradict_the_network_are_mistakes),
        cmocka_unit_test(every_key_has_a_line_of_help),
        cmocka_unit_test(sides_come_to_a_multiple),
        cmocka_unit_test(a_size_that_is_fixed_is_met),
        cmocka_unit_test(cropping_below_one_multiple_is_refused),
        cmocka_unit_test(samples_follow_the_formula_mirrored_beyond_the_border),
        cmocka_unit_test(pictures_come_back_as_they_went_in),
        cmocka_unit_test(grey_feeds_all_channels_and_colour_gives_its_luma),
        cmocka_unit_test(a_part_lands_where_it_is_put_and_is_clamped),
        cmocka_unit_test(a_frame_that_scales_resamples_first),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
