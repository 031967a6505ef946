/* test_advae_loss.c - losses of the AD-VAE against obvious sums and differences; KL against Monte
 * Carlo. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include <impasto/kit.h>
#include "../../plugins/advae/loss.h"

enum { N = 3, Z = 4 };

/* hair of three, complexion a number, glasses of two. */
static struct av_traits faces(void)
{
    struct av_traits t;
    char why[200];
    imp_error err = {sizeof err, sizeof why, why, -1, -1};
    assert_int_equal(
        av_traits_read("hair:black|blond|red complexion:0..1 glasses:no|yes", &t, &err), IMP_OK);
    assert_int_equal(t.width, 6), assert_int_equal(t.bins, 8);
    return t;
}

static void draw(uint64_t what, float *v, size_t n, double scale)
{
    for (size_t i = 0; i < n; i++)
        v[i] = (float)(scale * kit_normal(5, what, i));
}

static void near(double a, double b, double tolerance)
{
    if (!(fabs(a - b) <= tolerance * (1 + fabs(b))))
        fail_msg("%.9g, not %.9g", a, b);
}

static void kl_is_what_samples_say(void **state)
{
    const float mu[] = {0.7f}, lv[] = {-1.2f}, eps[] = {0}, dz[] = {0};
    float dmu[1], dlv[1];
    double sum = 0;
    enum { SAMPLES = 400000 };
    (void)state;
    for (uint32_t i = 0; i < SAMPLES; i++) { /* mean of log q - log p */
        const double e = kit_normal(3, 9, i), z = mu[0] + kit_exp(0.5 * lv[0]) * e;
        sum += -0.5 * e * e - 0.5 * lv[0] + 0.5 * z * z;
    }
    near(av_kl(mu, lv, eps, dz, 1, 1, 1, dmu, dlv), sum / SAMPLES, 0.01);
    near(av_kl(mu, lv, eps, dz, 1, 1, 2.5, dmu, dlv), 2.5 * sum / SAMPLES, 0.01);
}

/* Loss of mu and lv through z = sample(mu, lv), with a square as what follows: by differences. */
static double through(const float *mu, const float *lv, const float *eps, float *dmu, float *dlv)
{
    float z[N * Z], dz[N * Z], unused[N * Z];
    double after = 0;
    av_sample(mu, lv, eps, N * Z, z);
    for (uint32_t i = 0; i < N * Z; i++)
        after += 0.5 * z[i] * z[i] * (i + 1) * 0.1, dz[i] = (float)(z[i] * (i + 1) * 0.1);
    return after + av_kl(mu, lv, eps, dz, N, Z, 0.7, dmu ? dmu : unused, dlv ? dlv : unused);
}
static void code_gradients_are_differences(void **state)
{
    float mu[N * Z], lv[N * Z], eps[N * Z], dmu[N * Z], dlv[N * Z];
    const float h = 1e-2f;
    (void)state;
    draw(1, mu, N * Z, 1), draw(2, lv, N * Z, 0.5), draw(3, eps, N * Z, 1);
    (void)through(mu, lv, eps, dmu, dlv);
    for (uint32_t i = 0; i < 2 * N * Z; i++) {
        float *v = i < N * Z ? &mu[i] : &lv[i - N * Z];
        const float at = *v;
        *v = at + h;
        const double high = through(mu, lv, eps, NULL, NULL);
        *v = at - h;
        const double low = through(mu, lv, eps, NULL, NULL);
        *v = at;
        near(i < N * Z ? dmu[i] : dlv[i - N * Z], (high - low) / (2 * h), 2e-3);
    }
}

/* ---- losses of answers ---- */

struct answers {
    struct av_traits t;
    float y[N * 6], known[N * 3];
    enum av_removal how;
};
static double judged(struct answers *a, const float *x, float *g)
{
    return av_judge_loss(&a->t, x, a->y, a->known, N, 1.5, g);
}
static double guessed(struct answers *a, const float *x, float *g)
{
    return av_adversary_loss(&a->t, x, a->y, a->known, N, a->how, 0.8, g);
}
static struct answers asked(void)
{
    struct answers a = {.t = faces()};
    for (uint32_t i = 0; i < N; i++)
        av_traits_draw(&a.t, 4, i, a.y + i * 6);
    for (uint32_t i = 0; i < N * 3; i++)
        a.known[i] = i != 4; /* one is unknown */
    return a;
}
static void differences(struct answers *a, double (*loss)(struct answers *, const float *, float *),
                        uint32_t n)
{
    float x[N * 8], g[N * 8], unused[N * 8];
    const float h = 1e-2f;
    draw(8, x, n, 1.5);
    (void)loss(a, x, g);
    for (uint32_t i = 0; i < n; i++) {
        const float at = x[i];
        x[i] = at + h;
        const double high = loss(a, x, unused);
        x[i] = at - h;
        const double low = loss(a, x, unused);
        x[i] = at;
        near(g[i], (high - low) / (2 * h), 2e-3);
    }
}
static void answers_by_differences(void **state)
{
    struct answers a = asked();
    (void)state;
    differences(&a, judged, N * 6);
    for (uint32_t how = AV_LEARN; how <= AV_FLIP; how++)
        a.how = how, differences(&a, guessed, N * 8);
}
static void what_is_unknown_counts_nothing(void **state)
{
    struct answers a = asked();
    float x[N * 8], y[N * 8], g[N * 8];
    (void)state;
    draw(8, x, N * 6, 1);
    memcpy(y, x, sizeof y);
    y[6 + 3] += 5; /* sample 1, complexion: known[4] is 0 */
    assert_true(judged(&a, x, g) == judged(&a, y, g));
    assert_true(g[6 + 3] == 0);
    y[6 + 4] += 5;
    assert_false(judged(&a, x, g) == judged(&a, y, g));
}
static void losses_have_their_obvious_values(void **state)
{
    struct answers a = asked();
    float x[N * 8] = {0}, g[N * 8];
    (void)state;
    for (uint32_t i = 0; i < N * 3; i++)
        a.known[i] = 1;
    a.how = AV_LEARN; /* all logits alike: log 3 + log 3 bins + log 2 */
    near(guessed(&a, x, g), 0.8 * (2 * log(3) + log(2)), 1e-6);
    a.how = AV_ENTROPY; /* and no gradient where all are alike already */
    near(guessed(&a, x, g), 0.8 * (2 * log(3) + log(2)), 1e-6);
    for (uint32_t i = 0; i < N * 8; i++)
        near(g[i], 0, 1e-7);
}

static void pixels_by_differences(void **state)
{
    float x[24], t[24], g[24], unused[24];
    const float h = 1e-3f;
    (void)state;
    draw(1, x, 24, 0.5), draw(2, t, 24, 0.5);
    const float mask[8] = {1, 0.5f, 0, 0.25f, 1, 0, 1, 1};
    for (uint32_t which = 0; which < 4; which++) {
#define LOSS(g)                                                                                    \
    (which == 0   ? av_square(x, t, 3, 8, g)                                                       \
     : which == 1 ? av_absolute(x, t, 24, 2, g)                                                    \
     : which == 2 ? av_absolute_where(x, t, mask, 3, 8, 2, g)                                      \
                  : av_relative(x, t, 24, 3, g))
        (void)LOSS(g);
        for (uint32_t i = 0; i < 24; i++) {
            const float at = x[i];
            x[i] = at + h;
            const double high = LOSS(unused);
            x[i] = at - h;
            const double low = LOSS(unused);
            x[i] = at;
            near(g[i], (high - low) / (2 * h), 3e-3);
        }
    }
    double sum = 0;
    for (uint32_t i = 0; i < 24; i++)
        sum += 0.5 * ((double)x[i] - t[i]) * ((double)x[i] - t[i]) / 3;
    near(av_square(x, t, 3, 8, g), sum, 1e-9);
    (void)av_absolute_where(x, t, mask, 3, 8, 2, g);
    for (uint32_t c = 0; c < 3; c++)
        assert_true(g[8 * c + 2] == 0 && g[8 * c + 5] == 0 && g[8 * c] != 0);
}

/* 1 - correlation, as it is written down, in double. */
static double formless(const double *f, const float *t, const float *where, size_t planes,
                       size_t plane, double weight)
{
    double sum = 0;
    for (size_t k = 0; k < planes; k++) {
        double all = 0, mf = 0, mt = 0, ff = 0, tt = 0, ft = 0;
        for (size_t i = 0; i < plane; i++)
            all += where[i], mf += where[i] * f[k * plane + i],
                mt += (double)where[i] * t[k * plane + i];
        for (size_t i = 0; i < plane; i++) {
            const double a = f[k * plane + i] - mf / all, b = t[k * plane + i] - mt / all;
            ff += where[i] * a * a / all, tt += where[i] * b * b / all,
                ft += where[i] * a * b / all;
        }
        sum += 1 - ft / sqrt((ff + 1e-4) * (tt + 1e-4));
    }
    return weight * sum / (double)planes;
}

static void form_is_what_light_and_colour_leave(void **state)
{
    enum { PLANES = 3, PLANE = 12, ALL = PLANES * PLANE };
    float f[ALL], t[ALL], g[ALL], where[PLANE], none[PLANE] = {0};
    double at[ALL];
    (void)state;
    for (uint32_t i = 0; i < ALL; i++)
        at[i] = f[i] = (float)kit_normal(1, 2, i), t[i] = (float)kit_normal(1, 3, i);
    for (uint32_t i = 0; i < PLANE; i++)
        where[i] = i % 4 == 3 ? 0 : (float)(1 + i % 3) / 3;
    near(av_form(f, t, where, PLANES, PLANE, 3, g), formless(at, t, where, PLANES, PLANE, 3), 1e-6);
    for (uint32_t i = 0; i < ALL; i++) {
        const double h = 1e-5, here = at[i];
        at[i] = here + h;
        const double high = formless(at, t, where, PLANES, PLANE, 3);
        at[i] = here - h;
        const double low = formless(at, t, where, PLANES, PLANE, 3);
        at[i] = here;
        near(g[i], (high - low) / (2 * h), 1e-5);
    }
    for (uint32_t i = 0; i < ALL; i++) /* another light */
        f[i] = 2 * t[i] + (float)(i / PLANE);
    assert_true(av_form(f, t, where, PLANES, PLANE, 1, g) < 1e-3);
    assert_true(av_form(f, t, none, PLANES, PLANE, 1, g) == 0);
    for (uint32_t i = 0; i < ALL; i++)
        assert_true(g[i] == 0);
    memset(f, 0, sizeof f); /* a flat plane has none */
    near(av_form(f, t, where, PLANES, PLANE, 1, g), 1, 1e-9);
    for (uint32_t i = 0; i < ALL; i++)
        assert_true(isfinite(g[i]));
}

/* sum_k w_k y_k(v): by differences */
static void shares_and_their_gradients(void **state)
{
    const struct av_traits t = faces();
    float v[6], y[6], w[6], dv[6] = {0};
    const float h = 1e-2f;
    (void)state;
    draw(1, v, 6, 1), draw(2, w, 6, 1);
    av_shares(&t, v, y);
    near(y[0] + y[1] + y[2], 1, 1e-6), near(y[3], v[3], 1e-6), near(y[4] + y[5], 1, 1e-6);
    av_shares_back(&t, y, w, dv);
    for (uint32_t i = 0; i < 6; i++) {
        double ends[2] = {0};
        for (int side = 0; side < 2; side++) {
            float moved[6], out[6];
            memcpy(moved, v, sizeof v);
            moved[i] += side ? h : -h;
            av_shares(&t, moved, out);
            for (uint32_t k = 0; k < 6; k++)
                ends[side] += (double)w[k] * out[k];
        }
        near(dv[i], (ends[1] - ends[0]) / (2 * h), 2e-3);
    }
}
static void hits_are_counted(void **state)
{
    struct answers a = asked();
    float guess[N * 8] = {0};
    uint64_t hits[3] = {0}, seen[3] = {0};
    (void)state;
    for (uint32_t i = 0; i < N; i++)
        for (uint32_t j = 0; j < 3; j++)
            guess[i * 8 + a.t.all[j].bins_at + av_trait_bin(&a.t.all[j], a.y + i * 6)] = 1;
    av_adversary_hits(&a.t, guess, a.y, a.known, N, hits, seen);
    assert_int_equal(seen[0] + seen[1] + seen[2], N * 3 - 1);
    for (uint32_t j = 0; j < 3; j++)
        assert_int_equal(hits[j], seen[j]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(kl_is_what_samples_say),
        cmocka_unit_test(code_gradients_are_differences),
        cmocka_unit_test(answers_by_differences),
        cmocka_unit_test(what_is_unknown_counts_nothing),
        cmocka_unit_test(losses_have_their_obvious_values),
        cmocka_unit_test(pixels_by_differences),
        cmocka_unit_test(form_is_what_light_and_colour_leave),
        cmocka_unit_test(shares_and_their_gradients),
        cmocka_unit_test(hits_are_counted),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
