/* test_data_generated.c - data.generated: the pictures that its source draws, whole and in parts. */
#include "data_test.h"

static int open_sources(void **state)
{
    return open_plugin(state, "sources");
}

static void kinds_take_turns_and_both_parts_have_all(void **state)
{
    struct made m = MAKE_BOTH(*state, "data.generated",
                              "count=20 size='6 5' samples=1 kinds='dunes night' test_share=0.2%s", "");
    uint32_t of_kind[2] = {0};
    assert_int_equal(m.train->count, 16);
    assert_int_equal(m.test->count, 4);
    assert_int_equal(m.train->width, 6);
    assert_int_equal(m.train->height, 5);
    assert_int_equal(m.train->class_count, 2);
    assert_string_equal(m.train->class_names[1], "night");
    for (uint64_t i = 0; i < 4; i++)
        of_kind[read_sample(m.test, i, NULL, NULL)]++;
    assert_int_equal(of_kind[0], 2);
    drop_made(&m);
}

static void a_picture_is_what_the_source_draws_with_its_factors(void **state)
{
    struct data_place *p = *state;
    float pixels[3 * 64];
    double v[2];
    char params[400], why[300];
    struct made m = MAKE(p, "data.generated",
                         "count=4 size=8 samples=1 grain=0 kinds=coast test_share=0 "
                         "vary='hour:6..18 haze'%s", "");
    assert_string_equal(m.train->attributes[0].name, "hour");
    assert_number(m.train->attributes[0].min, 6);
    assert_number(m.train->attributes[1].max, 1);
    for (uint64_t i = 0; i < 4; i++) {
        read_sample(m.train, i, pixels, v);
        assert_true(v[0] >= 6 && v[0] < 18 && v[1] >= 0 && v[1] < 1);
        snprintf(params, sizeof params,
                 "kind=coast width=8 height=8 samples=1 grain=0 hour=%.17g haze=%.17g seed=%llu",
                 v[0], v[1], (unsigned long long)(kit_random(1, 0, i) % 1000000000));
        imp_image *one = mini_apply(p->data, "source.scene", params, NULL, why, sizeof why);
        assert_non_null(one);
        for (uint32_t c = 0; c < 3; c++)
            for (uint32_t y = 0; y < 8; y++)
                for (uint32_t x = 0; x < 8; x++)
                    assert_true(fabsf(imp_row(one, c, y)[x] - pixels[c * 64 + y * 8 + x]) <
                                0.501f / 255);
        mini_release(&one->head);
    }
    drop_made(&m);
}

static void threads_and_the_way_of_cutting_change_nothing(void **state)
{
    struct data_place *p = *state;
    float a[3 * 40 * 40], b[3 * 40 * 40];
    static const char params[] = "count=3 size=%d samples=1 test_share=0 kinds=still";
    for (int size = 10; size <= 40; size += 30) { /* by pictures, by pieces of one */
        char text[200];
        snprintf(text, sizeof text, params, size);
        struct made m = MAKE(p, "data.generated", "%s", text);
        struct made n = run_fine(p, run_filter(p, "data.generated",
                                               (struct mini_call){.wanted = 1, .threads = 3}, "%s",
                                               text));
        for (uint64_t i = 0; i < 3; i++) {
            read_sample(m.train, i, a, NULL);
            read_sample(n.train, i, b, NULL);
            assert_memory_equal(a, b, (size_t)(3 * size * size) * sizeof(float));
        }
        drop_made(&m), drop_made(&n);
    }
}

/* Attributes that a face's seed may draw vary over their own ranges, without the values for `drawn`. */
static void faces_vary_over_what_may_be_given(void **state)
{
    struct data_place *p = *state;
    double v[4];
    int seen = 0;
    struct made m = MAKE(p, "data.generated",
                         "source=face count=40 size=1 test_share=0 vary='age glasses yaw hat'%s", "");
    assert_int_equal(m.train->class_count, 0);
    assert_number(m.train->attributes[0].max, 80);
    assert_number(m.train->attributes[2].min, -20);
    for (uint64_t i = 0; i < 40; i++) {
        read_sample(m.train, i, NULL, v);
        assert_true(v[0] >= 0 && v[0] < 80 && v[1] >= 0 && v[1] <= 3 && v[2] >= -20 && v[2] < 20 && v[3] <= 3);
        seen |= 1 << (int)v[1] | (v[2] < 0 ? 32 : 64);
    }
    assert_int_equal(seen, 1 + 2 + 4 + 8 + 32 + 64);
    assert_string_equal(m.train->attributes[1].choices, "none|round|square|dark");
    drop_made(&m);
}

/* Faces come with a drawing of as many strokes as `drawing` says, at the same place as the picture; others have none. */
static void faces_have_drawings(void **state)
{
    struct data_place *p = *state;
    enum { S = 48 };
    static float lines[2][S * S];
    double ink[2] = {0};
    for (int k = 0; k < 2; k++) {
        struct made m = MAKE(p, "data.generated", "source=face count=2 size=48 test_share=0 hat=none drawing=%s",
                             k ? "contour" : "all");
        imp_sample s = {sizeof s, 0, NULL, lines[k], NULL};
        assert_true(m.train->flags & IMP_DATASET_LINES);
        assert_int_equal(m.train->read(m.train, 0, &s, NULL), IMP_OK);
        for (int i = 0; i < S * S; i++)
            ink[k] += 1 - (double)lines[k][i];
        drop_made(&m);
    }
    assert_true(ink[1] > 20 && ink[0] > 1.5 * ink[1] && ink[0] < 0.3 * S * S);
    double shared = 0;
    for (int i = 0; i < S * S; i++)
        shared += (1 - (double)lines[0][i]) * (1 - (double)lines[1][i]);
    assert_true(shared > 0.3 * ink[1]); /* the contour is a part of all strokes */
    struct made m = MAKE(p, "data.generated", "source=texture count=2 size=8 test_share=0%s", "");
    assert_false(m.train->flags & IMP_DATASET_LINES);
    drop_made(&m);
}

static void grey_and_another_seed(void **state)
{
    struct data_place *p = *state;
    float a[36], b[36];
    struct made m = MAKE(p, "data.generated", "count=2 size=6 samples=1 channels=1 test_share=0%s", "");
    struct made n = MAKE(p, "data.generated", "count=2 size=6 samples=1 channels=1 test_share=0 seed=2%s", "");
    assert_int_equal(m.train->channels, 1);
    assert_int_equal(m.train->class_count, 9);
    read_sample(m.train, 0, a, NULL);
    read_sample(n.train, 0, b, NULL);
    assert_memory_not_equal(a, b, sizeof a);
    drop_made(&m), drop_made(&n);
}

/* Is the sample a part of the drawing, and where? */
static bool is_part(const float *pixels, int size, const imp_image *drawing, int *x, int *y)
{
    for (*y = 0; *y + size <= (int)drawing->height; ++*y)
        for (*x = 0; *x + size <= (int)drawing->width; ++*x) {
            bool same = true;
            for (int i = 0; i < 3 * size * size && same; i++) {
                const float *row = imp_row(drawing, (uint32_t)(i / size / size), (uint32_t)(*y + i / size % size));
                same = fabsf(row[*x + i % size] - pixels[i]) < 0.501f / 255;
            }
            if (same)
                return true;
        }
    return false;
}

static void cuts_are_parts_of_drawings_of_textures_and_paintings(void **state)
{
    static const struct { const char *source, *kinds[2], *fixed; } of[] = {
        {"texture", {"brick", "water"}, "relief=0.5"}, {"painting", {"oil", "pen"}, "brush=2"}};
    struct data_place *p = *state;
    float pixels[3 * 64];
    char params[400], why[300];
    for (int s = 0; s < 2; s++) {
        int x = 0, y = 0, places = 0;
        struct made m = MAKE(p, "data.generated",
                             "source=%s count=7 size=8 drawn='30 24' cuts=3 kinds='%s %s' test_share=0 %s",
                             of[s].source, of[s].kinds[0], of[s].kinds[1], of[s].fixed);
        assert_int_equal(m.train->count, 7);
        for (uint64_t i = 0; i < 7; i++) {
            const uint64_t drawing = i / 3;
            assert_int_equal(read_sample(m.train, i, pixels, NULL), drawing % 2);
            snprintf(params, sizeof params, "kind=%s width=30 height=24 %s seed=%llu",
                     of[s].kinds[drawing % 2], of[s].fixed,
                     (unsigned long long)(kit_random(1, 0, drawing) % 1000000000));
            char source[40];
            snprintf(source, sizeof source, "source.%s", of[s].source);
            imp_image *whole = mini_apply(p->data, source, params, NULL, why, sizeof why);
            assert_non_null(whole);
            assert_true(is_part(pixels, 8, whole, &x, &y));
            places |= 1 << x;
            mini_release(&whole->head);
        }
        assert_true(places & (places - 1)); /* not all at one place */
        drop_made(&m);
    }
}

static void cuts_of_a_drawing_are_all_for_training_or_all_for_the_test(void **state)
{
    struct made m = MAKE_BOTH(*state, "data.generated",
                              "source=texture count=60 size=2 drawn=4 cuts=5 kinds='brick water' "
                              "vary=scale test_share=0.34%s", "");
    double a, b;
    assert_int_equal(m.test->count, 20);
    assert_int_equal(m.train->count, 40);
    for (uint64_t i = 0; i < 20; i++) {
        read_sample(m.test, i, NULL, &a);
        read_sample(m.test, i / 5 * 5, NULL, &b);
        assert_true(a == b);
        for (uint64_t k = 0; k < 40; k++) {
            read_sample(m.train, k, NULL, &b);
            assert_true(a != b);
        }
    }
    drop_made(&m);
}

static void each_drawing_may_be_a_class(void **state)
{
    struct made m = MAKE_BOTH(*state, "data.generated",
                              "source=texture count=12 size=2 drawn=8 cuts=3 kinds='brick water' seed=5 "
                              "classes=drawings test_share=0.34%s", "");
    uint32_t of_class[4] = {0};
    assert_int_equal(m.train->class_count, 4);
    assert_string_equal(m.train->class_names[0], "texture-5-brick-0");
    assert_string_equal(m.train->class_names[3], "texture-5-water-3");
    assert_int_equal(m.test->count, 4);
    for (uint64_t i = 0; i < 4; i++)
        of_class[read_sample(m.test, i, NULL, NULL)]++;
    for (uint32_t k = 0; k < 4; k++)
        assert_int_equal(of_class[k], 1);
    drop_made(&m);
    m = MAKE(*state, "data.generated", "source=face count=2 size=2 classes=drawings test_share=0%s", "");
    assert_string_equal(m.train->class_names[1], "face-1-1");
    drop_made(&m);
}

static void palettes_and_other_choices_vary(void **state)
{
    bool seen[2] = {false};
    double v;
    struct made m = MAKE(*state, "data.generated",
                         "source=texture count=80 size=1 test_share=0 vary=palette%s", "");
    assert_int_equal(m.train->class_count, 31);
    for (uint64_t i = 0; i < 80; i++) {
        read_sample(m.train, i, NULL, &v);
        assert_true(v >= 0 && v < 18);
        seen[v > 8] = true;
    }
    assert_true(seen[0] && seen[1]);
    drop_made(&m);
}

static void wrong_wishes_are_refused_all_at_once(void **state)
{
    struct data_place *p = *state;
    struct mini_planned plan =
        plan_filter(p, "data.generated",
                    "count=5 size=0 kinds='dunes dunes swamp' vary='haze:0..3 fog width a:b' "
                    "hours=3 samples=9 seed=3%s", "");
    const char *parts[] = {"size wants a side", "the kind 'dunes' twice",
                           "source.scene has no kind 'swamp'", "haze of source.scene goes from 0 to 1",
                           "no parameter 'fog' to vary", "no parameter 'width' to vary",
                           "behind the colon", "no parameter 'hours' to set [hour haze clouds lens tilt exposure grain vignette samples]",
                           "'9' is no value of samples"};
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        assert_part(plan.text, parts[i]);
    assert_int_equal(plan.mistake_count, 9);
    plan = plan_filter(p, "data.generated",
                       "source=texture count=5 size=8 drawn='12 7' vary='colours wear wear' colours=red%s", "");
    const char *more[] = {"pictures of 8 x 8 px cannot be cut from drawings of 12 x 7",
                          "no parameter 'colours' to vary", "'wear' varies twice", "no parameter 'colours' to set"};
    for (size_t i = 0; i < sizeof more / sizeof *more; i++)
        assert_part(plan.text, more[i]);
    assert_int_equal(plan.mistake_count, 4);
    struct made m = run_filter(p, "data.generated", (struct mini_call){.wanted = 1}, "count=5 vary=fog%s", "");
    assert_int_equal(m.result.status, IMP_E_PARAM);
    assert_part(m.result.text, "no parameter 'fog' to vary");
    drop_made(&m);
}

static void drawing_stops_when_asked(void **state)
{
    for (int size = 16; size <= 64; size += 48) {
        struct made m = run_filter(*state, "data.generated",
                                   (struct mini_call){.wanted = 1, .cancel_after = 5},
                                   "count=1000 size=%d", size);
        assert_int_equal(m.result.status, IMP_CANCELLED);
        drop_made(&m);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(kinds_take_turns_and_both_parts_have_all),
        cmocka_unit_test(a_picture_is_what_the_source_draws_with_its_factors),
        cmocka_unit_test(threads_and_the_way_of_cutting_change_nothing),
        cmocka_unit_test(faces_vary_over_what_may_be_given),
        cmocka_unit_test(faces_have_drawings),
        cmocka_unit_test(grey_and_another_seed),
        cmocka_unit_test(cuts_are_parts_of_drawings_of_textures_and_paintings),
        cmocka_unit_test(cuts_of_a_drawing_are_all_for_training_or_all_for_the_test),
        cmocka_unit_test(each_drawing_may_be_a_class),
        cmocka_unit_test(palettes_and_other_choices_vary),
        cmocka_unit_test(wrong_wishes_are_refused_all_at_once),
        cmocka_unit_test(drawing_stops_when_asked),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, open_sources, close_plugin) != 0;
}
