/* test_source_face.c - source.face: what the attributes promise, and pictures from any of their
 * values. */
#include <stdio.h>
#include "basic_test.h"

enum { ATTRIBUTES = 46, MASKS = 11, FIRST_MASK = 4, TABLE = 1, LINES = 2, FACE = 3, OUTPUTS = 15 };

static int open_sources(void **state)
{
    char path[4096], why[512];
    *state = mini_open(mini_built("sources", path, sizeof path), why, sizeof why);
    if (!*state)
        print_message("# %s\n", why);
    return *state ? 0 : -1;
}

static struct mini_result face(void **state, const char *params, uint64_t wanted, uint32_t threads)
{
    char why[512];
    struct mini_result r;
    struct mini_node *node = mini_node(*state, "source.face", params, why, sizeof why);
    const struct mini_call call = {.threads = threads, .wanted = wanted};
    if (!node)
        print_message("# %s: %s\n", params, why);
    assert_non_null(node);
    mini_process(node, &call, &r);
    mini_node_free(node);
    if (r.status != IMP_OK || r.fault[0])
        print_message("# %s: %s%s\n", params, r.text, r.fault);
    assert_int_equal(r.status, IMP_OK);
    assert_string_equal(r.fault, "");
    return r;
}

static const imp_table *row_of(const struct mini_result *r)
{
    const imp_table *t = (const imp_table *)(const void *)mini_output(r, TABLE, 0);
    assert_int_equal(t->row_count, 1);
    assert_int_equal(t->column_count, 1 + ATTRIBUTES);
    return t;
}

static double number(const imp_table *t, const char *name)
{
    for (uint32_t k = 0; k < t->column_count; k++)
        if (!strcmp(t->columns[k].name, name))
            return t->columns[k].type == IMP_TEXT ? (double)(unsigned char)t->cells[k].s.ptr[0]
                                                  : t->cells[k].f;
    fail_msg("no column %s", name);
    return 0;
}

/* Largest difference of two pictures where the masks (a set of outputs) are 0 in both. */
static double beyond(const struct mini_result *a, const struct mini_result *b,
                     const uint32_t *masks, size_t n)
{
    const imp_image *p = mini_output_image(a, 0), *q = mini_output_image(b, 0);
    double most = 0;
    for (uint32_t y = 0; y < p->height; y++)
        for (uint32_t x = 0; x < p->width; x++) {
            float in = 0;
            for (size_t k = 0; k < n; k++)
                in += imp_row(mini_output_image(a, masks[k]), 0, y)[x] +
                      imp_row(mini_output_image(b, masks[k]), 0, y)[x];
            for (uint32_t c = 0; c < 3 && in <= 0; c++)
                most = fmax(most, fabs((double)imp_row(p, c, y)[x] - (double)imp_row(q, c, y)[x]));
        }
    return most;
}

static void same_parameters_same_bytes_for_any_threads(void **state)
{
    static const char p[] = "width=150 height=70 seed=5";
    struct mini_result a = face(state, p, 1, 1), b = face(state, p, 1, 3);
    struct mini_result c = face(state, "width=150 height=70 seed=6", 1, 1);
    double other = 0;
    for (uint32_t k = 0; k < 3; k++)
        for (uint32_t y = 0; y < 70; y++) {
            const float *one = imp_row(mini_output_image(&a, 0), k, y);
            assert_memory_equal(one, imp_row(mini_output_image(&b, 0), k, y), 150 * sizeof(float));
            for (uint32_t x = 0; x < 150; x++)
                other += fabs((double)one[x] - (double)imp_row(mini_output_image(&c, 0), k, y)[x]);
        }
    assert_true(other / (3 * 70 * 150) > 0.03);
    mini_result_free(&a), mini_result_free(&b), mini_result_free(&c);
}

static void masks_add_up_and_the_face_is_made_of_them(void **state)
{
    for (int seed = 1; seed <= 6; seed++) {
        char p[100];
        snprintf(p, sizeof p, "width=48 height=48 seed=%d glasses=dark beard=0.9 hat=cap", seed);
        struct mini_result r = face(state, p, (1u << OUTPUTS) - 1, 2);
        double share[MASKS] = {0};
        for (uint32_t y = 0; y < 48; y++)
            for (uint32_t x = 0; x < 48; x++) {
                double sum = 0, of_face = 0;
                for (uint32_t k = 0; k < MASKS; k++) {
                    const double v =
                        (double)imp_row(mini_output_image(&r, FIRST_MASK + k), 0, y)[x];
                    assert_true(v >= 0 && v <= 1);
                    sum += v, share[k] += v;
                    of_face +=
                        (k >= 3 && k <= 6) || k == 8 ? v : 0; /* skin eyes brows lips, beard */
                }
                assert_near(sum, 1, 1e-5);
                assert_near((double)imp_row(mini_output_image(&r, FACE), 0, y)[x], of_face, 1e-5);
            }
        assert_true(share[0] > 200 && share[3] > 100 && share[9] > 30 && share[10] > 100);
        mini_result_free(&r);
    }
}

static void a_given_attribute_leaves_the_others(void **state)
{
    struct mini_result a = face(state, "width=8 height=8 seed=3", 3, 1);
    struct mini_result b = face(state, "width=8 height=8 seed=3 smile=0.25 hair_color=red", 3, 1);
    const imp_table *t = row_of(&a), *u = row_of(&b);
    assert_near(number(u, "smile"), 0.25, 0);
    assert_near(number(u, "hair_color"), 'r', 0);
    for (uint32_t k = 1; k < t->column_count; k++)
        if (strcmp(t->columns[k].name, "smile") && strcmp(t->columns[k].name, "hair_color"))
            assert_near(number(u, t->columns[k].name), number(t, t->columns[k].name), 0);
    mini_result_free(&a), mini_result_free(&b);
}

/* One attribute alters what its masks cover and nothing else. */
static void an_attribute_alters_only_its_own_masks(void **state)
{
    enum {
        BACKGROUND = 4,
        CLOTHES = 5,
        EYES = 8,
        BROWS = 9,
        LIPS = 10,
        HAIR = 11,
        BEARD = 12,
        SKIN = 7,
        NECK = 6
    };
    static const struct {
        const char *one, *two;
        uint32_t masks[6];
        size_t n;
    } cases[] = {{"hair_color=black", "hair_color=blond", {HAIR, BROWS, BEARD}, 3},
                 {"eye_color=brown", "eye_color=blue", {EYES}, 1},
                 {"background=wall", "background=foliage", {BACKGROUND}, 1},
                 {"clothes_color=0.1", "clothes_color=0.9", {CLOTHES}, 1},
                 {"freckles=0", "freckles=1", {SKIN}, 1},
                 {"look=-10", "look=10", {EYES}, 1},
                 {"complexion=0", "complexion=1 ", {SKIN, NECK, LIPS, EYES, BEARD, BROWS}, 6},
                 {"hair=straight hair_length=0.7 strands=0",
                  "hair=straight hair_length=0.7 strands=1",
                  {HAIR},
                  1}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char p[2][200];
        struct mini_result r[2];
        for (int k = 0; k < 2; k++) {
            snprintf(p[k], sizeof p[k],
                     "width=64 height=64 grain=0 seed=%d glasses=none hat=none %s", (int)i + 11,
                     k ? cases[i].two : cases[i].one);
            r[k] = face(state, p[k], (1u << OUTPUTS) - 1, 2);
        }
        const double most = beyond(&r[0], &r[1], cases[i].masks, cases[i].n);
        if (most > 1e-6)
            print_message("# %s: %g elsewhere\n", cases[i].one, most);
        assert_true(most <= 1e-6);
        const double all = beyond(&r[0], &r[1], NULL, 0);
        if (all <= 0.02)
            print_message("# %s: %g anywhere\n", cases[i].one, all);
        assert_true(all > 0.02);
        mini_result_free(&r[0]), mini_result_free(&r[1]);
    }
}

static void the_drawing_knows_the_form_alone(void **state)
{
    static const char *const same = "width=96 height=96 seed=4 %s";
    static const char *const kinds[] = {"drawing=contour", "drawing=face", "drawing=all"};
    double ink[3] = {0};
    for (int k = 0; k < 3; k++) {
        char p[200], q[300];
        snprintf(p, sizeof p, same, kinds[k]);
        snprintf(
            q, sizeof q,
            "%s hair_color=blond complexion=0.9 background=lights light_side=60 eye_color=blue", p);
        struct mini_result a = face(state, p, 1u << LINES | 1, 1),
                           b = face(state, q, 1u << LINES | 1, 2);
        for (uint32_t y = 0; y < 96; y++) {
            const float *line = imp_row(mini_output_image(&a, LINES), 0, y);
            assert_memory_equal(line, imp_row(mini_output_image(&b, LINES), 0, y),
                                96 * sizeof(float));
            for (uint32_t x = 0; x < 96; x++)
                ink[k] += 1 - (double)line[x];
        }
        mini_result_free(&a), mini_result_free(&b);
    }
    assert_true(ink[0] > 60 && ink[1] > ink[0] + 50 && ink[2] > ink[1] + 50 &&
                ink[2] < 0.2 * 96 * 96);
}

static void complexion_and_hair_are_drawn_alike_and_apart(void **state)
{
    enum { N = 300 };
    for (int mix = 0; mix < 2; mix++) {
        double of[128] = {0}, deep[128] = {0}, sum = 0, beards[2] = {0};
        for (int seed = 0; seed < N; seed++) {
            char p[100];
            snprintf(p, sizeof p, "width=1 height=1 seed=%d mix=%s", seed,
                     mix ? "independent" : "natural");
            struct mini_result r = face(state, p, 3, 1);
            const imp_table *t = row_of(&r);
            const int hair = (int)number(t, "hair_color");
            /* the words begin with b b b r g: take the second letter's place for the b's */
            of[hair]++, deep[hair] += number(t, "complexion"), sum += number(t, "complexion");
            beards[number(t, "masculine") > 0.5] += number(t, "beard") > 0;
            mini_result_free(&r);
        }
        assert_true(fabs(sum / N - 0.5) < 0.06);
        assert_true(fabs(of['b'] / N - 0.6) < 0.09 && fabs(of['r'] / N - 0.2) < 0.07 &&
                    fabs(of['g'] / N - 0.2) < 0.07);
        assert_true(fabs(deep['r'] / of['r'] - deep['b'] / of['b']) < 0.15);
        assert_true(mix ? beards[0] > 30 && beards[1] > 30 : beards[0] == 0 && beards[1] > 30);
    }
}

/* Every pair of attributes at every pair of their ends, many pairs in one picture. */
static void any_values_give_a_picture(void **state)
{
    static const struct {
        const char *key, *ends[2];
    } keys[] = {
        {"age", {"6", "80"}},
        {"masculine", {"0", "1"}},
        {"face_width", {"0", "1"}},
        {"jaw", {"0", "1"}},
        {"cheeks", {"0", "1"}},
        {"chin", {"0", "1"}},
        {"eye_size", {"0", "1"}},
        {"eye_tilt", {"0", "1"}},
        {"eye_gap", {"0", "1"}},
        {"lids", {"0", "1"}},
        {"brows", {"0", "1"}},
        {"brow_height", {"0", "1"}},
        {"nose_length", {"0", "1"}},
        {"nose_width", {"0", "1"}},
        {"nose_bridge", {"0", "1"}},
        {"mouth_width", {"0", "1"}},
        {"lips", {"0", "1"}},
        {"complexion", {"0", "1"}},
        {"rosy", {"0", "1"}},
        {"freckles", {"0", "1"}},
        {"look", {"-12", "12"}},
        {"smile", {"0", "1"}},
        {"mouth_open", {"0", "1"}},
        {"makeup", {"0", "1"}},
        {"hair", {"coily", "tied"}},
        {"hair_length", {"0", "1"}},
        {"hair_volume", {"0", "1"}},
        {"strands", {"0", "1"}},
        {"fringe", {"no", "yes"}},
        {"parting", {"0", "1"}},
        {"beard", {"0", "1"}},
        {"moustache", {"0", "1"}},
        {"glasses", {"none", "dark"}},
        {"hat", {"beanie", "brim"}},
        {"clothes", {"tshirt", "jacket"}},
        {"clothes_color", {"0", "1"}},
        {"background", {"studio", "lights"}},
        {"light_side", {"-75", "75"}},
        {"light_height", {"-75", "75"}},
        {"light_strength", {"0", "1"}},
        {"light_warmth", {"0", "1"}},
        {"yaw", {"-20", "20"}},
        {"pitch", {"-12", "12"}},
        {"roll", {"-15", "15"}},
        {"grain", {"0", "4"}},
        {"mix", {"natural", "independent"}},
    };
    enum { KEYS = sizeof keys / sizeof *keys, PICTURES = 48 };
    static uint8_t seen[KEYS][KEYS][4];
    memset(seen, 0, sizeof seen);
    for (uint64_t i = 0; i < PICTURES; i++) {
        char p[2000] = "", *at = p;
        int end[KEYS];
        at += snprintf(at, 100, "width=%d height=%d", i % 3 ? 24 : 9, i % 2 ? 20 : 31);
        for (uint32_t k = 0; k < KEYS; k++) {
            end[k] = (int)(kit_random(99, k, i) >> 40 & 1);
            at += snprintf(at, 60, " %s=%s", keys[k].key, keys[k].ends[end[k]]);
        }
        for (uint32_t a = 0; a < KEYS; a++)
            for (uint32_t b = 0; b < KEYS; b++)
                seen[a][b][2 * end[a] + end[b]] = 1;
        struct mini_result r = face(state, p, 1, 1);
        const imp_image *m = mini_output_image(&r, 0);
        float low = 2, high = -1;
        for (uint32_t c = 0; c < 3; c++)
            for (uint32_t y = 0; y < m->height; y++)
                for (uint32_t x = 0; x < m->width; x++) {
                    const float v = imp_row(m, c, y)[x];
                    assert_true(v >= 0 && v <= 1);
                    low = v < low ? v : low, high = v > high ? v : high;
                }
        assert_true(high - low > 0.1f);
        mini_result_free(&r);
    }
    for (uint32_t a = 0; a < KEYS; a++)
        for (uint32_t b = 0; b < a; b++)
            for (uint32_t e = 0; e < 4; e++)
                assert_true(seen[a][b][e]);
}

static void any_size_gives_a_picture(void **state)
{
    static const uint32_t sizes[][2] = {{1, 1}, {2, 1}, {3, 3000}, {20000, 3}, {129, 17}};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        char p[100];
        float low = 2, high = -1;
        snprintf(p, sizeof p, "width=%u height=%u seed=8", sizes[i][0], sizes[i][1]);
        struct mini_result r = face(state, p, 1, 2);
        const imp_image *m = mini_output_image(&r, 0);
        assert_size(m, sizes[i][0], sizes[i][1], 3);
        for (uint32_t y = 0; y < m->height; y++)
            for (uint32_t x = 0; x < m->width; x++) {
                const float v = imp_row(m, 1, y)[x];
                assert_true(v >= 0 && v <= 1);
                low = v < low ? v : low, high = v > high ? v : high;
            }
        assert_true(high > low || sizes[i][0] * sizes[i][1] == 1);
        mini_result_free(&r);
    }
}

static void a_small_picture_is_the_large_one_smaller(void **state)
{
    for (int seed = 1; seed <= 4; seed++) {
        char p[2][80];
        struct mini_result r[2];
        double sum = 0;
        for (int k = 0; k < 2; k++) {
            snprintf(p[k], sizeof p[k], "width=%d height=%d grain=0 seed=%d", k ? 512 : 64,
                     k ? 512 : 64, seed);
            r[k] = face(state, p[k], 1, 2);
        }
        imp_image *small = kit_image_new(64, 64, 3, IMP_SRGB);
        assert_int_equal(kit_resize(mini_output_image(&r[1], 0), small, KIT_AREA, NULL), IMP_OK);
        for (uint32_t y = 0; y < 64; y++)
            for (uint32_t x = 0; x < 64; x++)
                sum += fabs((double)imp_row(small, 1, y)[x] -
                            (double)imp_row(mini_output_image(&r[0], 0), 1, y)[x]);
        if (sum / 4096 > 0.02)
            print_message("# seed %d: %g\n", seed, sum / 4096);
        assert_true(sum / 4096 < 0.02);
        kit_image_free(small);
        mini_result_free(&r[0]), mini_result_free(&r[1]);
    }
}

static double box_mean(const imp_image *m, uint32_t x, uint32_t y, uint32_t half)
{
    double sum = 0;
    for (uint32_t j = y - half; j <= y + half; j++)
        for (uint32_t i = x - half; i <= x + half; i++)
            sum += (double)imp_row(m, 1, j)[i];
    return sum / ((2 * half + 1) * (2 * half + 1));
}

/* A large portrait: the skin of a young face is not blotched, and its neck is darkest under the
 * chin. */
static void a_large_face_has_even_skin_and_a_shadow_below(void **state)
{
    enum { SKIN = 7, NECK = 6 };
    for (int seed = 1; seed <= 4; seed++) {
        char p[240];
        snprintf(p, sizeof p,
                 "width=512 height=512 grain=0 seed=%d age=25 masculine=0.2 freckles=0 beard=0 "
                 "moustache=0 glasses=none hat=none hair=tied light_strength=0.5 light_height=30 "
                 "light_side=10 clothes=tshirt yaw=0 pitch=0 roll=0 complexion=0.3",
                 seed);
        struct mini_result r = face(state, p, 1u | 1u << SKIN | 1u << NECK, 2);
        const imp_image *m = mini_output_image(&r, 0), *skin = mini_output_image(&r, SKIN),
                        *neck = mini_output_image(&r, NECK);
        double blotch = 0, tone = 0, high = 0, low = 0;
        uint32_t first = 0, last = 0;
        for (uint32_t y = 115; y < 165; y += 3) /* the forehead */
            for (uint32_t x = 190; x < 320; x += 3) {
                const double around = box_mean(m, x, y, 9);
                assert_true(imp_row(skin, 0, y)[x] > 0.9f);
                blotch += fabs(box_mean(m, x, y, 2) - around), tone += around;
            }
        for (uint32_t y = 0; y < 512; y++)
            if (imp_row(neck, 0, y)[256] >= 1)
                first = first ? first : y, last = y;
        high = (double)imp_row(m, 1, first + 2)[256], low = (double)imp_row(m, 1, last - 2)[256];
        if (blotch >= 0.0075 * tone || high >= 0.53 * low)
            print_message("# seed %d: blotches %g of the tone, neck %g..%g\n", seed, blotch / tone,
                          high, low);
        assert_true(last > first + 10);
        assert_true(blotch < 0.0075 * tone && high < 0.53 * low);
        mini_result_free(&r);
    }
}

static void words_that_are_none_are_refused(void **state)
{
    char why[512];
    assert_null(mini_node(*state, "source.face", "glasses=square hat=crown", why, sizeof why));
    assert_null(mini_node(*state, "source.face", "hair=long", why, sizeof why));
    assert_null(mini_node(*state, "source.face", "mood=good", why, sizeof why));
}

static void painting_stops_when_asked(void **state)
{
    char why[512];
    struct mini_result r;
    struct mini_node *node =
        mini_node(*state, "source.face", "width=600 height=600", why, sizeof why);
    const struct mini_call call = {.threads = 2, .wanted = 1, .cancel_after = 3};
    assert_non_null(node);
    mini_process(node, &call, &r);
    assert_int_equal(r.status, IMP_CANCELLED);
    mini_result_free(&r), mini_node_free(node);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(same_parameters_same_bytes_for_any_threads),
        cmocka_unit_test(masks_add_up_and_the_face_is_made_of_them),
        cmocka_unit_test(a_given_attribute_leaves_the_others),
        cmocka_unit_test(an_attribute_alters_only_its_own_masks),
        cmocka_unit_test(the_drawing_knows_the_form_alone),
        cmocka_unit_test(complexion_and_hair_are_drawn_alike_and_apart),
        cmocka_unit_test(any_values_give_a_picture),
        cmocka_unit_test(any_size_gives_a_picture),
        cmocka_unit_test(a_small_picture_is_the_large_one_smaller),
        cmocka_unit_test(a_large_face_has_even_skin_and_a_shadow_below),
        cmocka_unit_test(words_that_are_none_are_refused),
        cmocka_unit_test(painting_stops_when_asked),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, open_sources, close_basic) != 0;
}
