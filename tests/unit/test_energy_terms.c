/* test_energy_terms.c - losses of energies and Gram matrices: golden numbers, an obvious oracle in
 * double, gradients against central differences of that oracle. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "terms.h"
#include "energy_golden.h"

static void assert_near(double got, double want, double tolerance)
{
    if (!(fabs(got - want) <= tolerance))
        print_message("# got %.12g, want %.12g\n", got, want);
    assert_true(fabs(got - want) <= tolerance);
}

/* ---- the oracle: what terms.h says, index by index ---- */

struct problem {
    uint32_t maps;
    size_t places;
    double *f, *w; /* w NULL: 1 */
    double *mean, *square, *gram;
    double weight, scale;
    int compat, order, parts;
};

static double weight_at(const struct problem *t, size_t p)
{
    return t->w ? t->w[p] : 1;
}

static double oracle_match(const struct problem *t)
{
    double whole = 0, loss = 0, mu2 = 0, nu2 = 0, own = 0, own2 = 0;
    for (size_t p = 0; p < t->places; p++)
        whole += weight_at(t, p);
    for (uint32_t c = 0; c < t->maps; c++) {
        double m = 0, q = 0;
        for (size_t p = 0; p < t->places; p++) {
            m += weight_at(t, p) * t->f[c * t->places + p] / whole;
            q += weight_at(t, p) * pow(t->f[c * t->places + p], 2) / whole;
        }
        mu2 += pow(t->mean[c], 2), nu2 += pow(t->square[c], 2);
        own += pow(m - t->mean[c], 2), own2 += pow(q - t->square[c], 2);
        loss += pow(t->scale * whole * (m - t->mean[c]), 2) / (2 * t->maps * whole) * t->weight;
    }
    return t->compat ? loss : t->weight * (own / mu2 + (t->order == 2 ? own2 / nu2 : 0));
}

static double oracle_gram(const struct problem *t)
{
    double whole = 0, loss = 0, a2 = 0;
    for (size_t p = 0; p < t->places; p++)
        whole += weight_at(t, p);
    for (uint32_t c = 0; c < t->maps; c++)
        for (uint32_t d = 0; d < t->maps; d++) {
            double g = 0;
            for (size_t p = 0; p < t->places; p++)
                g += weight_at(t, p) * t->f[c * t->places + p] * t->f[d * t->places + p] / whole;
            if ((t->parts == EN_DIAGONAL && c != d) || (t->parts == EN_OFF && c == d))
                continue;
            a2 += pow(t->gram[c * t->maps + d], 2);
            loss += pow(g - t->gram[c * t->maps + d], 2);
        }
    return t->compat ? t->weight * pow(t->scale, 4) * loss * whole / (4.0 * t->maps * t->maps)
                     : t->weight * loss / a2;
}

static void fill(struct problem *t, uint32_t maps, size_t places, int weighted)
{
    *t = (struct problem){.maps = maps, .places = places, .weight = 0.7, .scale = 1, .order = 1};
    t->f = calloc(maps * places, sizeof(double));
    t->w = weighted ? calloc(places, sizeof(double)) : NULL;
    t->mean = calloc(maps, sizeof(double)), t->square = calloc(maps, sizeof(double));
    t->gram = calloc((size_t)maps * maps, sizeof(double));
    for (size_t i = 0; i < maps * places; i++)
        t->f[i] = (double)(float)fmax(0, kit_normal(3, 1, i));
    for (size_t p = 0; weighted && p < places; p++)
        t->w[p] = p % 5 ? (double)(float)kit_uniform(3, 2, p) : 0;
    for (uint32_t c = 0; c < maps; c++) {
        t->mean[c] = kit_uniform(3, 3, c), t->square[c] = 2 * kit_uniform(3, 4, c);
        for (uint32_t d = 0; d <= c; d++)
            t->gram[c * maps + d] = t->gram[d * maps + c] = kit_uniform(3, 5, c * maps + d);
    }
}

static void clear(struct problem *t)
{
    free(t->f), free(t->w), free(t->mean), free(t->square), free(t->gram);
}

static float *floats(const double *x, size_t n)
{
    float *out = calloc(n, sizeof *out);
    for (size_t i = 0; x && i < n; i++)
        out[i] = (float)x[i];
    return out;
}

/* ---- ours: loss and gradient of a problem ---- */

static double ours_match(const struct problem *t, float *gradient)
{
    float *f = floats(t->f, t->maps * t->places), *w = t->w ? floats(t->w, t->places) : NULL;
    double *sum = calloc(4 * t->maps, sizeof *sum), *square = sum + t->maps, *a = square + t->maps,
           *b = a + t->maps, whole = 0;
    const struct en_match m = {t->mean,   t->order == 2 ? t->square : NULL,
                               t->weight, t->scale,
                               t->maps,   (uint32_t)t->compat};
    for (size_t p = 0; p < t->places; p++)
        whole += weight_at(t, p);
    assert_int_equal(en_sums_add(f, t->maps, t->places, w, sum, square, NULL), IMP_OK);
    const double loss = en_match_judge(&m, sum, square, whole, a, b);
    assert_int_equal(en_match_seed(f, t->maps, t->places, w, a, b, gradient, NULL), IMP_OK);
    free(f), free(w), free(sum);
    return loss;
}

static double ours_gram(const struct problem *t, float *gradient)
{
    const size_t n = t->maps;
    float *f = floats(t->f, n * t->places), *d = calloc(n * n, sizeof *d);
    double *gram = calloc(n * n, sizeof *gram), whole = 0;
    void *work = malloc(en_gram_bytes(t->maps, t->places));
    const struct en_gram g = {
        t->gram, t->weight, t->scale, t->maps, (uint32_t)t->compat, (uint32_t)t->parts, 0};
    for (size_t i = 0; i < n * t->places; i++)
        f[i] *= t->w ? sqrtf((float)t->w[i % t->places]) : 1;
    for (size_t p = 0; p < t->places; p++)
        whole += weight_at(t, p);
    assert_int_equal(en_gram_add(f, t->maps, t->places, gram, work, NULL), IMP_OK);
    const double loss = en_gram_judge(&g, gram, whole, d);
    assert_int_equal(en_gram_seed(f, t->maps, t->places, d, gradient, NULL), IMP_OK);
    for (size_t i = 0; i < n * t->places; i++)
        gradient[i] *= t->w ? sqrtf((float)t->w[i % t->places]) : 1;
    free(f), free(d), free(gram), free(work);
    return loss;
}

/* The gradient at some of the places, relative to the largest there: 1e-4 holds floats, 1e-3 is
 * asked. */
static void agree(struct problem *t, double (*ours)(const struct problem *, float *),
                  double (*oracle)(const struct problem *))
{
    const size_t n = t->maps * t->places, stride = n > 400 ? n / 97 : 1;
    float *gradient = calloc(n, sizeof *gradient);
    const double want = oracle(t), eps = 1e-4;
    double most = 0;
    assert_near(ours(t, gradient), want, 1e-5 * fabs(want));
    for (size_t i = 0; i < n; i++)
        most = fmax(most, fabs((double)gradient[i]));
    for (size_t i = 0; i < n; i += stride) {
        const double was = t->f[i];
        t->f[i] = was + eps;
        const double up = oracle(t);
        t->f[i] = was - eps;
        const double slope = (up - oracle(t)) / (2 * eps);
        t->f[i] = was;
        assert_near((double)gradient[i], slope, 1e-4 * most);
    }
    free(gradient);
}

static void gradients_of_match_are_those_of_the_oracle(void **state)
{
    (void)state;
    for (int k = 0; k < 8; k++) {
        struct problem t;
        fill(&t, 5 + (uint32_t)k, 23, k & 1);
        t.order = k & 2 ? 2 : 1, t.compat = (k & 4) != 0, t.scale = t.compat ? 10 : 1;
        if (t.compat)
            t.order = 1;
        agree(&t, ours_match, oracle_match);
        clear(&t);
    }
}

static void gradients_of_gram_are_those_of_the_oracle(void **state)
{
    (void)state;
    for (int k = 0; k < 12; k++) {
        struct problem t;
        fill(&t, k % 4 ? 3 + (uint32_t)k : 8, 37, k & 1);
        t.parts = k % 3, t.compat = k >= 9 && k % 3 == 0, t.scale = t.compat ? 3 : 1;
        agree(&t, ours_gram, oracle_gram);
        clear(&t);
    }
}

/* Several blocks of maps, several pieces of places, and what is left over of each. */
static void large_gram_matrices_are_plain_sums(void **state)
{
    enum { MAPS = 70, PLACES = 16384 + 523 };
    float *f = calloc((size_t)MAPS * PLACES, sizeof *f),
          *out = calloc((size_t)MAPS * PLACES, sizeof *out);
    float d[MAPS * MAPS];
    double *gram = calloc(MAPS * MAPS, sizeof *gram);
    void *work = malloc(en_gram_bytes(MAPS, PLACES));
    (void)state;
    kit_normals(1, 2, 0, (size_t)MAPS * PLACES, f);
    kit_normals(1, 3, 0, MAPS * MAPS, d);
    assert_int_equal(en_gram_add(f, MAPS, PLACES, gram, work, NULL), IMP_OK);
    assert_int_equal(en_gram_seed(f, MAPS, PLACES, d, out, NULL), IMP_OK);
    for (int i = 0; i < MAPS; i += 3)
        for (int j = 0; j < MAPS; j++) {
            double sum = 0;
            for (int p = 0; p < PLACES; p++)
                sum += (double)f[(size_t)i * PLACES + p] * (double)f[(size_t)j * PLACES + p];
            assert_near(gram[i * MAPS + j], sum, 1e-3);
        }
    for (int i = 0; i < MAPS; i++)
        for (int p = PLACES - 40; p < PLACES; p++) {
            double sum = 0;
            for (int j = 0; j < MAPS; j++)
                sum += (double)d[i * MAPS + j] * (double)f[(size_t)j * PLACES + p];
            assert_near((double)out[(size_t)i * PLACES + p], sum, 1e-4);
        }
    free(f), free(out), free(gram), free(work);
}

/* ---- the published rules ---- */

enum { C = GOLDEN_C, P = GOLDEN_H * GOLDEN_W };

static void compat_is_the_script_s(void **state)
{
    struct problem t = {.maps = C, .places = P, .weight = 1, .scale = 1, .compat = 1};
    double content[C * P], mean[C] = {0}, gram[C * C] = {0};
    float head[C * P];
    (void)state;
    memcpy(content, golden_content, sizeof content);
    for (int c = 0; c < C; c++)
        for (int p = 0; p < P; p++) {
            mean[c] += golden_style[c * P + p] / P;
            for (int d = 0; d < C; d++)
                gram[c * C + d] += golden_style[c * P + p] * golden_style[d * P + p] / P;
        }
    t.f = content, t.mean = mean, t.square = mean, t.gram = gram;
    assert_near(ours_match(&t, head), golden_match_energy[0], 1e-6 * golden_match_energy[0]);
    for (int i = 0; i < C * P; i++)
        assert_near((double)head[i], golden_match_head[i], 1e-6);
    assert_near(ours_gram(&t, head), golden_gram_energy[0], 1e-6 * golden_gram_energy[0]);
    for (int i = 0; i < C * P; i++)
        assert_near((double)head[i], golden_gram_head[i], 1e-6);
}

/* ---- laws ---- */

static void heads_of_match_are_the_same_at_every_place(void **state)
{
    struct problem t;
    (void)state;
    fill(&t, 7, 50, 0);
    float *head = calloc(350, sizeof *head);
    ours_match(&t, head);
    for (int c = 0; c < 7; c++)
        for (int p = 1; p < 50; p++)
            assert_true(head[c * 50 + p] == head[c * 50]);
    free(head), clear(&t);
}

static void places_may_change_places(void **state)
{
    struct problem t;
    float head[350];
    (void)state;
    fill(&t, 7, 50, 0);
    t.order = 2;
    const double match = ours_match(&t, head), gram = ours_gram(&t, head);
    for (int p = 0; p < 50; p++) { /* p -> 7 p mod 50 would do; here: turned round */
        if (p < 25)
            for (int c = 0; c < 7; c++) {
                const double v = t.f[c * 50 + p];
                t.f[c * 50 + p] = t.f[c * 50 + 49 - p], t.f[c * 50 + 49 - p] = v;
            }
    }
    assert_near(ours_match(&t, head), match, 1e-9 * match);
    assert_near(ours_gram(&t, head), gram, 1e-6 * gram);
    clear(&t);
}

/* Neither the scale of a network nor the size of a picture counts in ours. */
static void losses_are_relative(void **state)
{
    struct problem t, twice;
    float head[700];
    (void)state;
    fill(&t, 7, 50, 0);
    const double match = ours_match(&t, head), gram = ours_gram(&t, head);
    fill(&twice, 7, 100, 0);
    for (int c = 0; c < 7; c++) {
        for (int p = 0; p < 100; p++)
            twice.f[c * 100 + p] = 8 * t.f[c * 50 + p % 50];
        twice.mean[c] *= 8;
    }
    for (int i = 0; i < 49; i++)
        twice.gram[i] *= 64;
    assert_near(ours_match(&twice, head), match, 1e-6 * match);
    assert_near(ours_gram(&twice, head), gram, 1e-6 * gram);
    clear(&t), clear(&twice);
}

static void content_is_the_sum_of_squares(void **state)
{
    float f[1003], p[1003], out[1003];
    double sum = 0;
    (void)state;
    kit_normals(1, 1, 0, 1003, f), kit_normals(1, 2, 0, 1003, p);
    for (int i = 0; i < 1003; i++)
        sum += pow((double)f[i] - (double)p[i], 2);
    assert_near(en_distance(f, p, 1003), sum, 1e-9 * sum);
    en_distance_seed(f, p, 1003, 0.25, out);
    for (int i = 0; i < 1003; i++)
        assert_near((double)out[i], 0.25 * ((double)f[i] - (double)p[i]), 1e-6);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gradients_of_match_are_those_of_the_oracle),
        cmocka_unit_test(gradients_of_gram_are_those_of_the_oracle),
        cmocka_unit_test(large_gram_matrices_are_plain_sums),
        cmocka_unit_test(compat_is_the_script_s),
        cmocka_unit_test(heads_of_match_are_the_same_at_every_place),
        cmocka_unit_test(places_may_change_places),
        cmocka_unit_test(losses_are_relative),
        cmocka_unit_test(content_is_the_sum_of_squares),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
