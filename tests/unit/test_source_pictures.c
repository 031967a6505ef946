/* test_source_pictures.c - source.scene and source.painting: every kind at odd sizes and with all
 * pairs of parameters at their ends; the same bytes however the work is shared. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "minihost.h"

static int open_sources(void **state)
{
    char path[4096], why[400];
    *state = mini_open(mini_built("sources", path, sizeof path), why, sizeof why);
    return *state ? 0 : -1;
}

static int close_sources(void **state)
{
    mini_close(*state);
    return 0;
}

static imp_image *draw(void *plugin, const char *filter, const char *params, imp_image *in)
{
    char why[800] = "";
    imp_image *out = mini_apply(plugin, filter, params, in, why, sizeof why);
    if (!out)
        fail_msg("%s %s: %s", filter, params, why);
    return out;
}

/* Samples within 0..1, none NaN; answers the spread between the darkest and the brightest. */
static double spread(const imp_image *m, const char *what)
{
    double low = 2, high = -1;
    for (uint32_t c = 0; c < m->channels; c++)
        for (uint32_t y = 0; y < m->height; y++)
            for (uint32_t x = 0; x < m->width; x++) {
                const float v = imp_row(m, c, y)[x];
                if (!(v >= 0 && v <= 1))
                    fail_msg("%s: sample %u %u %u is %g", what, c, y, x, (double)v);
                low = v < low ? v : low, high = v > high ? v : high;
            }
    return high - low;
}

/* Kind k of a filter, from its table. */
static int kind_of(void *plugin, const char *filter, uint32_t k, char *name, size_t size)
{
    const char *at = mini_filter(plugin, filter)->params[0].choices;
    for (; k && at; k--)
        at = strchr(at, '|') ? strchr(at, '|') + 1 : NULL;
    if (!at)
        return 0;
    snprintf(name, size, "%.*s", (int)strcspn(at, "|"), at);
    return 1;
}

/* Two-level design of 12 runs for up to 11 factors (Plackett and Burman 1946): every pair of
 * factors meets every pair of ends. */
static int end_of(uint32_t run, uint32_t factor)
{
    static const char row[] = "11011100010";
    return run < 11 && row[(factor + 11 - run) % 11] == '1';
}

static void ends(const imp_filter *f, const char *skip, uint32_t run, char *text, size_t size)
{
    uint32_t factor = 0;
    size_t used = strlen(text);
    for (uint32_t i = 0; i < f->param_count; i++) {
        const imp_param *p = &f->params[i];
        if ((p->type != IMP_FLOAT && p->type != IMP_INT) || strstr(skip, p->key))
            continue;
        const double v = end_of(run, factor % 11) ? p->max : p->min;
        factor++;
        used += (size_t)snprintf(text + used, size - used, " %s=%.17g", p->key, v);
    }
    assert_true(factor <= 11);
}

static void scenes_stand_parameters_at_both_ends_in_all_pairs(void **state)
{
    char kind[40];
    for (uint32_t k = 0; kind_of(*state, "source.scene", k, kind, sizeof kind); k++)
        for (uint32_t run = 0; run < 12; run++) {
            char text[800];
            snprintf(text, sizeof text, "kind=%s width=20 height=15 seed=%u", kind, run);
            ends(mini_filter(*state, "source.scene"), "kind width height seed", run, text,
                 sizeof text);
            imp_image *m = draw(*state, "source.scene", text, NULL);
            if (!(spread(m, text) > 0.004))
                fail_msg("%s: one colour", text);
            mini_release(&m->head);
        }
}

static void paintings_stand_parameters_at_both_ends_in_all_pairs(void **state)
{
    char kind[40];
    imp_image *in = mini_gradient(20, 15, 3, IMP_SRGB);
    for (uint32_t k = 0; kind_of(*state, "source.painting", k, kind, sizeof kind); k++)
        for (uint32_t run = 0; run < 24; run++) { /* of a picture, then of scenes */
            char text[800];
            snprintf(text, sizeof text, "kind=%s seed=%u%s", kind, run,
                     run < 12 ? "" : " width=20 height=15");
            ends(mini_filter(*state, "source.painting"),
                 run < 12 ? "kind width height seed hour clouds" : "kind width height seed",
                 run % 12, text, sizeof text);
            imp_image *m = draw(*state, "source.painting", text, run < 12 ? in : NULL);
            if (!(spread(m, text) > 0.004))
                fail_msg("%s: one colour", text);
            mini_release(&m->head);
        }
    mini_release(&in->head);
}

static void odd_sizes_are_drawn(void **state)
{
    static const struct {
        uint32_t w, h;
    } size[] = {{1, 1}, {2, 1}, {1, 90}, {20000, 3}, {65, 63}};
    char kind[40], text[200];
    for (uint32_t i = 0; i < sizeof size / sizeof *size; i++) {
        for (uint32_t k = 0; kind_of(*state, "source.scene", k, kind, sizeof kind); k++) {
            snprintf(text, sizeof text, "kind=%s width=%u height=%u samples=1", kind, size[i].w,
                     size[i].h);
            imp_image *m = draw(*state, "source.scene", text, NULL);
            assert_true(m->width == size[i].w && m->height == size[i].h);
            assert_true(spread(m, text) > 0 || size[i].w * size[i].h == 1);
            mini_release(&m->head);
        }
        imp_image *in = mini_noise(size[i].w, size[i].h, 3, IMP_SRGB, 1);
        for (uint32_t k = 0; kind_of(*state, "source.painting", k, kind, sizeof kind); k++) {
            snprintf(text, sizeof text, "kind=%s", kind);
            imp_image *m = draw(*state, "source.painting", text, in);
            assert_true(m->width == size[i].w && m->height == size[i].h);
            assert_true(spread(m, text) > 0 || size[i].w * size[i].h == 1);
            mini_release(&m->head);
        }
        mini_release(&in->head);
    }
}

static void seeds_and_kinds_differ(void **state)
{
    char kind[40], text[200];
    for (uint32_t k = 0; kind_of(*state, "source.scene", k, kind, sizeof kind); k++) {
        snprintf(text, sizeof text, "kind=%s width=32 height=24 samples=1 grain=0 seed=3", kind);
        imp_image *a = draw(*state, "source.scene", text, NULL),
                  *again = draw(*state, "source.scene", text, NULL);
        text[strlen(text) - 1] = '4';
        imp_image *b = draw(*state, "source.scene", text, NULL);
        assert_true(mini_same(&a->head, &again->head));
        if (!(mini_difference(a, b) > 0.05))
            fail_msg("%s: seeds 3 and 4 look alike", kind);
        mini_release(&a->head), mini_release(&again->head), mini_release(&b->head);
    }
}

static double mean_difference(const imp_image *a, const imp_image *b)
{
    double sum = 0;
    for (uint32_t c = 0; c < 3; c++)
        for (uint32_t y = 0; y < a->height; y++)
            for (uint32_t x = 0; x < a->width; x++)
                sum += fabs((double)imp_row(a, c, y)[x] - (double)imp_row(b, c, y)[x]);
    return sum / (3.0 * a->width * a->height);
}

/* Manners in colour keep the picture: nearer to it than to the picture upside down. */
static void paintings_resemble_their_picture(void **state)
{
    static const char *const kinds[] = {"oil",  "impression", "swirls", "knife", "points",
                                        "wash", "gouache",    "pastel", "cutout"};
    imp_image *in =
        draw(*state, "source.scene", "kind=coast width=96 height=72 samples=1 grain=0", NULL);
    for (uint32_t k = 0; k < sizeof kinds / sizeof *kinds; k++) {
        char text[100];
        snprintf(text, sizeof text, "kind=%s", kinds[k]);
        imp_image *m = draw(*state, "source.painting", text, in),
                  *turned = mini_image(96, 72, 3, IMP_SRGB);
        for (uint32_t c = 0; c < 3; c++)
            for (uint32_t y = 0; y < 72; y++)
                memcpy(imp_row_out(turned, c, y), imp_row(in, c, 71 - y), 96 * sizeof(float));
        const double near = mean_difference(m, in), far = mean_difference(m, turned);
        if (!(near < 0.16 && near < 0.75 * far))
            fail_msg("%s: %g from its picture, %g from it upside down", kinds[k], near, far);
        mini_release(&m->head), mini_release(&turned->head);
    }
    mini_release(&in->head);
}

static imp_image *grey_painted(void **state, const char *params)
{
    imp_image *in = mini_image(256, 256, 3, IMP_SRGB);
    for (uint32_t c = 0; c < 3; c++)
        for (uint32_t y = 0; y < 256; y++)
            for (uint32_t x = 0; x < 256; x++)
                imp_row_out(in, c, y)[x] = 0.5f;
    imp_image *m = draw(*state, "source.painting", params, in);
    mini_release(&in->head);
    return m;
}

/* How far red and blue differ, about their mean difference. */
static double unmixed(const imp_image *m)
{
    double sum = 0, squares = 0;
    for (uint32_t y = 0; y < m->height; y++)
        for (uint32_t x = 0; x < m->width; x++) {
            const double d = (double)imp_row(m, 0, y)[x] - (double)imp_row(m, 2, y)[x];
            sum += d, squares += d * d;
        }
    const double n = (double)m->width * m->height;
    return sqrt(squares / n - sum * sum / n / n);
}

/* Two paints on one brush, where paint is thick; a wash is one paint. */
static void a_brush_of_oil_carries_two_paints(void **state)
{
    imp_image *oil = grey_painted(state, "kind=oil variation=0 grain=0"),
              *wash = grey_painted(state, "kind=wash variation=0 grain=0");
    const double thick = unmixed(oil), thin = unmixed(wash);
    assert_true(thick > 0.02 && thin < 0.02);
    mini_release(&oil->head), mini_release(&wash->head);
}

/* Shifted by some threads a canvas is another canvas: no two threads are alike. */
static void a_canvas_is_not_a_pattern(void **state)
{
    imp_image *m = grey_painted(state, "kind=points variation=0 relief=0 grain=4 seed=3");
    double most = -1;
    for (uint32_t lag = 20; lag < 80; lag++) {
        double aa = 0, bb = 0, ab = 0;
        for (uint32_t y = 1; y < 255; y++)
            for (uint32_t x = 1; x + lag + 1 < 256; x++) { /* differences: the threads alone */
                const float *row = imp_row(m, 1, y);
                const double a = (double)(row[x + 1] - row[x]),
                             b = (double)(row[x + lag + 1] - row[x + lag]);
                aa += a * a, bb += b * b, ab += a * b;
            }
        most = fmax(most, ab / sqrt(aa * bb));
    }
    assert_true(most < 0.5);
    mini_release(&m->head);
}

static void without_a_picture_a_scene_is_painted(void **state)
{
    imp_image *a = draw(*state, "source.painting", "kind=oil width=90 height=60 scene=still", NULL);
    imp_image *b = draw(*state, "source.painting", "kind=oil width=90 height=60 scene=coast", NULL);
    assert_true(a->width == 90 && a->height == 60);
    assert_true(spread(a, "still") > 0.3 && mean_difference(a, b) > 0.05);
    mini_release(&a->head), mini_release(&b->head);
}

/* Correlation of a with the middle of b, which is wider; moved: columns off the middle. */
static double middle_likeness(const imp_image *a, const imp_image *b, uint32_t moved)
{
    double sa = 0, sb = 0, aa = 0, bb = 0, ab = 0, n = 0;
    for (uint32_t y = 0; y < a->height; y++)
        for (uint32_t x = 0; x < a->width; x++, n++) {
            const double p = imp_row(a, 1, y)[x],
                         q = imp_row(b, 1, y)[x + (b->width - a->width) / 2 + moved];
            sa += p, sb += q, aa += p * p, bb += q * q, ab += p * q;
        }
    return (ab - sa * sb / n) / sqrt((aa - sa * sa / n) * (bb - sb * sb / n));
}

/* Waves throw aside what they mirror: the reflection of a cliff's edge is not one straight line. */
static void reflections_have_no_straight_edges(void **state)
{
    imp_image *m =
        draw(*state, "source.scene", "kind=coast seed=2 width=512 height=384 grain=0", NULL);
    uint32_t most = 0;
    for (uint32_t x = 1; x < 512; x++) {
        uint32_t rows = 0;
        for (uint32_t y = 230; y < 320; y++)
            rows += imp_row(m, 1, y)[x - 1] - imp_row(m, 1, y)[x] > 0.06f;
        most = rows > most ? rows : most;
    }
    assert_true(most < 26);
    mini_release(&m->head);
}

/* Trees stand on the ground, not in the picture. */
static void a_wider_picture_has_the_same_trees(void **state)
{
    static const char *const kinds[] = {"forest", "snow", "street"};
    for (uint32_t k = 0; k < 3; k++) {
        char text[200];
        snprintf(text, sizeof text,
                 "kind=%s seed=6 grain=0 vignette=0 samples=1 height=96 width=96", kinds[k]);
        imp_image *a = draw(*state, "source.scene", text, NULL);
        memcpy(text + strlen(text) - 2, "224", 4);
        imp_image *b = draw(*state, "source.scene", text, NULL);
        const double same = middle_likeness(a, b, 0), moved = middle_likeness(a, b, 3);
        if (!(same > 0.99 && moved < 0.95))
            fail_msg("%s: %g with the middle, %g with what lies 3 px beside it", kinds[k], same,
                     moved);
        mini_release(&a->head), mini_release(&b->head);
    }
}

static double warmth(const imp_image *m)
{
    double red = 0, blue = 0;
    for (uint32_t y = 0; y < m->height; y++)
        for (uint32_t x = 0; x < m->width; x++)
            red += (double)imp_row(m, 0, y)[x], blue += (double)imp_row(m, 2, y)[x];
    return red / blue;
}

static void evenings_are_golden(void **state)
{
    static const char *const kinds[] = {"coast", "forest", "snow"};
    for (uint32_t k = 0; k < 3; k++) {
        char text[200];
        snprintf(text, sizeof text,
                 "kind=%s seed=5 clouds=0.2 width=80 height=60 samples=1 hour=18.0", kinds[k]);
        imp_image *evening = draw(*state, "source.scene", text, NULL);
        memcpy(text + strlen(text) - 4, "12.0", 4);
        imp_image *noon = draw(*state, "source.scene", text, NULL);
        const double late = warmth(evening), high = warmth(noon);
        if (!(late > 1.15 * high))
            fail_msg("%s: red over blue %g in the evening, %g at noon", kinds[k], late, high);
        mini_release(&evening->head), mini_release(&noon->head);
    }
}

/* The same bytes, whether pieces run in order on one thread or on four. */
static void threads_change_nothing(void **state)
{
    static const struct {
        const char *filter, *params;
    } one[] = {
        {"source.scene", "kind=coast width=150 height=90 samples=2"},
        {"source.scene", "kind=street width=150 height=90 samples=1"},
        {"source.scene", "kind=forest width=150 height=90 samples=1"},
        {"source.scene", "kind=snow width=150 height=90 samples=2"},
        {"source.painting", "kind=oil width=200 height=150 scene=still"},
        {"source.painting", "kind=wash width=200 height=150 margin=4"},
        {"source.painting", "kind=woodcut width=200 height=150"},
        {"source.painting", "kind=cutout width=200 height=150 scene=coast"},
    };
    for (uint32_t i = 0; i < sizeof one / sizeof *one; i++) {
        char why[800] = "";
        struct mini_result r[2];
        struct mini_node *node = mini_node(*state, one[i].filter, one[i].params, why, sizeof why);
        if (!node)
            fail_msg("%s", why);
        for (uint32_t k = 0; k < 2; k++) {
            mini_process(node, &(struct mini_call){.threads = k ? 4 : 1}, &r[k]);
            if (r[k].status != IMP_OK || r[k].fault[0])
                fail_msg("%s: %s %s", one[i].params, r[k].text, r[k].fault);
        }
        if (!mini_same(mini_output(&r[0], 0, 0), mini_output(&r[1], 0, 0)))
            fail_msg("%s: other bytes on four threads", one[i].params);
        mini_result_free(&r[0]), mini_result_free(&r[1]);
        mini_node_free(node);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(scenes_stand_parameters_at_both_ends_in_all_pairs),
        cmocka_unit_test(paintings_stand_parameters_at_both_ends_in_all_pairs),
        cmocka_unit_test(odd_sizes_are_drawn),
        cmocka_unit_test(seeds_and_kinds_differ),
        cmocka_unit_test(paintings_resemble_their_picture),
        cmocka_unit_test(a_brush_of_oil_carries_two_paints),
        cmocka_unit_test(a_canvas_is_not_a_pattern),
        cmocka_unit_test(without_a_picture_a_scene_is_painted),
        cmocka_unit_test(reflections_have_no_straight_edges),
        cmocka_unit_test(a_wider_picture_has_the_same_trees),
        cmocka_unit_test(evenings_are_golden),
        cmocka_unit_test(threads_change_nothing),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("source_pictures", tests, open_sources, close_sources);
}
