/* test_source_things.c - rays against fruit and vessels beside a walk in tiny steps, and noise in
 * lanes beside noise point by point. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include <impasto/kit.h>
#include "../../plugins/sources/scene_things.h"
#include "../../plugins/sources/swift.h"
#include "../../plugins/sources/swift_rows.h"

enum { RAYS = 400 };

static void assert_near(double got, double want, double tolerance)
{
    if (!(fabs(got - want) <= tolerance))
        fail_msg("%.9g where %.9g was expected, within %g", got, want, tolerance);
}

/* How deep p lies in the thing, by the tables of its form; negative: outside. */
static double depth(const struct thing *g, struct f3 p)
{
    const struct f3 q = f3_sub(p, g->at);
    const double size = sqrt((double)f3_dot(q, q)) + 1e-9, tall = (double)g->half.y;
    const double place =
        g->shape == THING_FRUIT ? ((double)f3_dot(q, g->axis) / size + 1) / 2 : (double)q.y / tall;
    const double u = fmin(fmax(place, 0), 0.99999) * THINGS_RADII;
    const int i = (int)u;
    const double radius = (double)g->half.x * ((double)g->radius[i] * (1 - (u - i)) +
                                               (double)g->radius[i + 1] * (u - i));
    if (g->shape == THING_FRUIT)
        return radius - size;
    const double out = radius - sqrt((double)(q.x * q.x + q.z * q.z));
    const int hollow = (g->form == 2 || g->form == 4) && (double)q.y >= 0.12 * tall;
    const double wall = hollow ? fmin(out, 0.06 * (double)g->half.x - out) : out;
    return fmin(wall, fmin((double)q.y, tall - (double)q.y));
}

static struct f3 anywhere(uint64_t id, float wide)
{
    return f3(wide * ((float)kit_uniform(4, id, 0) - 0.5f),
              wide * ((float)kit_uniform(4, id, 1) - 0.5f),
              wide * ((float)kit_uniform(4, id, 2) - 0.5f));
}

/* One ray from 3 m away towards the thing's surroundings: what is met is met by a walk, too. */
static void one_ray(const struct things *w, uint64_t id, uint32_t *hits)
{
    const struct thing *g = &w->all[0];
    struct f3 from = f3_scale(f3_unit(anywhere(2 * id, 1)), 3);
    from.y = fabsf(from.y); /* a table is below */
    const struct f3 d = f3_unit(f3_sub(anywhere(2 * id + 1, 2.4f), from));
    const struct thing_hit h = things_trace(w, from, d, 50);
    double first = -1, deepest = -1;
    for (double t = 1; t < 5 && first < 0; t += 0.0005) {
        const double in = depth(g, f3_along(from, d, (float)t));
        deepest = fmax(deepest, in);
        if (in > 0)
            first = t;
    }
    for (double t = first; first > 0 && t < first + 0.3; t += 0.0005)
        deepest = fmax(deepest, depth(g, f3_along(from, d, (float)t)));
    const int near_miss = fabs(deepest) < 0.004; /* either is right */
    if (!near_miss && ((h.t > 0) != (first > 0) || things_block(w, from, d, 50) != (first > 0) ||
                       (h.t > 0 && ((double)h.t < first - 0.01 || depth(g, h.p) > 0.01))))
        fail_msg("shape %d form %u ray %d: met at %g, walked to %g, %g deep", (int)g->shape,
                 g->form, (int)id, (double)h.t, first, deepest);
    if (h.t > 0)
        assert_near((double)f3_dot(h.n, h.n), 1, 1e-4);
    *hits += h.t > 0;
}

static void rays_meet_fruit_and_vessels_where_a_walk_does(void **state)
{
    static struct things w;
    (void)state;
    for (uint32_t k = 0; k < 10; k++) {
        uint32_t hits = 0;
        w.count = 0;
        static const struct f3 vessel[5] = {{0.42f, 1.35f, 0},
                                            {0.26f, 1.6f, 0},
                                            {0.55f, 0.42f, 0},
                                            {0.44f, 1.05f, 0},
                                            {0.4f, 0.5f, 0}};
        const struct f3 size = k < 5 ? f3(0.5f, 0.5f, 0.5f) : vessel[k - 5];
        struct thing *g = things_add(&w, k < 5 ? THING_FRUIT : THING_VESSEL, 0,
                                     f3(0, k < 5 ? 0 : -0.5f * size.y, 0), size);
        g->form = k % 5;
        if (k < 5)
            g->axis = f3_unit(f3(0.4f, 0.8f, -0.3f));
        things_ready(&w);
        for (uint64_t i = 0; i < RAYS; i++)
            one_ray(&w, 1000 * k + i, &hits);
        assert_in_range(hits, RAYS / 20, RAYS - RAYS / 20);
    }
}

/* Among many things the nearest is met, whatever the tree of boxes is like. */
static void the_nearest_of_many_is_met(void **state)
{
    static struct things w, one;
    uint32_t hits = 0;
    (void)state;
    w.count = 0;
    for (uint32_t k = 0; k < 40; k++) {
        struct thing *g = things_add(&w, k % 3 ? THING_FRUIT : THING_VESSEL, 0,
                                     anywhere(500 + k, 6), f3(0.3f, 0.6f, 0.3f));
        g->form = k % 5;
    }
    things_ready(&w);
    for (uint64_t i = 0; i < RAYS; i++) {
        const struct f3 from = f3_scale(f3_unit(anywhere(9000 + 2 * i, 1)), 9),
                        d = f3_unit(f3_sub(anywhere(9001 + 2 * i, 5), from));
        const struct thing_hit h = things_trace(&w, from, d, 50);
        float least = 50;
        for (uint32_t k = 0; k < w.count; k++) {
            one.count = 1, one.all[0] = w.all[k];
            things_ready(&one);
            const struct thing_hit alone = things_trace(&one, from, d, 50);
            least = alone.t > 0 && alone.t < least ? alone.t : least;
        }
        assert_int_equal(h.t > 0, least < 50);
        assert_int_equal(things_block(&w, from, d, 50), least < 50);
        if (h.t > 0)
            assert_near((double)h.t, (double)least, 2e-3);
        hits += h.t > 0;
    }
    assert_in_range(hits, RAYS / 10, RAYS - RAYS / 10);
}

/* Things multiply what they leave open, and the one asked about counts for nothing. */
static void what_is_near_hides_a_share_of_the_sky(void **state)
{
    static struct things w;
    (void)state;
    w.count = 0;
    for (uint32_t k = 0; k < 13; k++)
        things_add(&w, THING_FRUIT, 0, anywhere(700 + k, 3), f3(0.3f, 0.3f, 0.3f));
    things_add(&w, THING_LEAF, 0, f3(0, 0.1f, 0), f3(5, 5, 5))->face = f3(0, 0, 1);
    things_ready(&w);
    for (uint64_t i = 0; i < 50; i++) {
        const struct f3 p = anywhere(800 + i, 3), up = f3_unit(anywhere(900 + i, 1));
        double open = 1, without = 1;
        for (uint32_t k = 0; k < 13; k++) {
            struct f3 to = f3_sub(w.all[k].at, p);
            to.y = to.y < -0.06f ? -0.06f : to.y > 0.42f ? 0.42f : to.y;
            const double far = sqrt((double)f3_dot(to, to)) + 1e-6;
            const double facing = 0.25 + 0.75 * (double)f3_dot(up, to) / far;
            const double share = 1 - 0.75 * fmin(0.09 / (far * far), 1) * fmin(fmax(facing, 0), 1);
            open *= share, without *= k == 5 ? 1 : share;
        }
        assert_near((double)things_near(&w, p, up, 99), open, 1e-5);
        assert_near((double)things_near(&w, p, up, 5), without, 1e-5);
    }
}

static void noise_in_lanes_has_the_bits_of_single_points(void **state)
{
    (void)state;
    for (uint64_t i = 0; i < 200; i++) {
        struct lanes l;
        const struct f3 p = anywhere(i, 300);
        const float all = lanes_octaves(p.x, p.y, 7, 5, 0.6f),
                    one = sw_octaves(p.x, p.y, 7, 5, 0.6f);
        assert_memory_equal(&all, &one, sizeof all);
        for (uint32_t k = 0; k < LANES; k++)
            l.x[k] = p.x + 3.7f * (float)k, l.y[k] = p.y - 1.3f * (float)k, l.seed[k] = 11 * k;
        lanes_slopes(&l);
        for (uint32_t k = 0; k < LANES; k++) {
            const float h = 1.25f * l.h[k], point = sw_perlin(l.x[k], l.y[k], l.seed[k]), e = 1e-2f;
            assert_memory_equal(&h, &point, sizeof h);
            const float by_x = (sw_perlin(l.x[k] + e, l.y[k], l.seed[k]) -
                                sw_perlin(l.x[k] - e, l.y[k], l.seed[k])) /
                               (2 * e);
            assert_near((double)by_x, 1.25 * (double)l.dx[k], 0.02);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rays_meet_fruit_and_vessels_where_a_walk_does),
        cmocka_unit_test(the_nearest_of_many_is_met),
        cmocka_unit_test(what_is_near_hides_a_share_of_the_sky),
        cmocka_unit_test(noise_in_lanes_has_the_bits_of_single_points),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
