/* test_source_texture.c - every kind of source.texture: finite and never one colour whatever the
 * parameters, wraps when asked, shows the same at any size, same bytes in one thread and two. */
#include "basic_test.h"

enum { MOST_KINDS = 64 };
struct kinds {
    char text[1024];
    const char *name[MOST_KINDS];
    uint32_t count;
};

static int open_sources(void **state)
{
    char path[4096], why[512];
    *state = mini_open(mini_built("sources", path, sizeof path), why, sizeof why);
    return *state ? 0 : -1;
}

static struct kinds kinds_of(void **state)
{
    static struct kinds k;
    const imp_param p = mini_param_row(mini_filter(*state, "source.texture"), 0);
    k.count = 0;
    snprintf(k.text, sizeof k.text, "%s", p.choices);
    for (char *rest = k.text, *name; (name = strtok_r(rest, "|", &rest));)
        k.name[k.count++] = name;
    return k;
}

__attribute__((format(printf, 2, 3)))
static imp_image *texture(void **state, const char *fmt, ...)
{
    char params[512];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(params, sizeof params, fmt, ap);
    va_end(ap);
    return apply(state, "source.texture", params, NULL);
}

/* Finite is checked by the mini host; here: within 0..1, and not one colour. */
static void assert_picture(const imp_image *m, bool one_pixel, const char *what, const char *kind)
{
    float least = 2, most = -1;
    for (uint32_t c = 0; c < 3; c++)
        for (uint32_t y = 0; y < m->height; y++)
            for (uint32_t x = 0; x < m->width; x++)
                least = fminf(least, at(m, c, x, y)), most = fmaxf(most, at(m, c, x, y));
    bool differs = one_pixel;
    for (uint32_t c = 0; c < 3 && !differs; c++)
        for (uint32_t i = 1; i < m->width * m->height && !differs; i++)
            differs = at(m, c, i % m->width, i / m->width) != at(m, c, 0, 0);
    if (!(least >= 0 && most <= 1 && differs))
        print_message("# %s %s: %g..%g\n", kind, what, (double)least, (double)most);
    assert_true(least >= 0 && most <= 1 && differs);
}

static void there_are_24_kinds_or_more(void **state)
{
    assert_true(kinds_of(state).count >= 24);
}

/* Light and gloss are the same code for all kinds. */
static bool counts(const imp_param *p, bool with_light)
{
    const bool light = !strcmp(p->key, "light") || !strcmp(p->key, "elevation") || !strcmp(p->key, "gloss");
    return !strcmp(p->key, "tile") || !strcmp(p->key, "variant") || (p->type == IMP_FLOAT && (with_light || !light));
}

static int corner_text(char *out, size_t size, const imp_param *p, bool most)
{
    if (p->type == IMP_BOOL)
        return snprintf(out, size, "%s=%s ", p->key, most ? "yes" : "no");
    return snprintf(out, size, "%s=%g ", p->key, most ? p->max : p->min);
}

/* Corner values of all pairs of parameters that are numbers or yes and no. */
static void corners_in_pairs(void **state, const char *kind, bool with_light)
{
    const imp_filter *f = mini_filter(*state, "source.texture");
    for (uint32_t a = 0; a < f->param_count; a++)
        for (uint32_t b = a + 1; b < f->param_count; b++) {
            const imp_param p = mini_param_row(f, a), q = mini_param_row(f, b);
            for (int k = 0; k < 4 && counts(&p, with_light) && counts(&q, with_light); k++) {
                char what[200];
                const int n = corner_text(what, sizeof what, &p, k & 1);
                corner_text(what + n, sizeof what - (size_t)n, &q, k & 2);
                imp_image *m = texture(state, "kind=%s width=11 height=8 samples=1 %s", kind, what);
                assert_picture(m, false, what, kind);
                release(m);
            }
        }
}

static void corner_values_in_all_pairs_give_a_picture(void **state)
{
    const struct kinds k = kinds_of(state);
    for (uint32_t i = 0; i < k.count; i++)
        corners_in_pairs(state, k.name[i], i == 0);
}

static void any_size_gives_a_picture(void **state)
{
    static const char *const sizes[] = {"width=1 height=1", "width=20000 height=3", "width=2 height=300",
                                        "width=1 height=1 tile=yes", "width=900 height=2 tile=yes"};
    const struct kinds k = kinds_of(state);
    for (uint32_t i = 0; i < k.count; i++)
        for (uint32_t s = 0; s < 5; s++) {
            imp_image *m = texture(state, "kind=%s %s", k.name[i], sizes[s]);
            assert_picture(m, m->width == 1, sizes[s], k.name[i]);
            release(m);
        }
}

/* Mean difference of column x and the next one (around the border), or of rows. */
static double step_at(const imp_image *m, uint32_t i, bool rows)
{
    const uint32_t n = rows ? m->height : m->width, across = rows ? m->width : m->height, next = (i + 1) % n;
    double sum = 0;
    for (uint32_t c = 0; c < 3; c++)
        for (uint32_t k = 0; k < across; k++)
            sum += fabs((double)(rows ? at(m, c, k, i) - at(m, c, k, next) : at(m, c, i, k) - at(m, c, next, k)));
    return sum / across;
}

/* The step over the border, as a part of the largest one inside. */
static double seam_of(const imp_image *m, bool rows)
{
    const uint32_t n = rows ? m->height : m->width;
    double most = 0;
    for (uint32_t i = 0; i + 1 < n; i++)
        most = fmax(most, step_at(m, i, rows));
    return step_at(m, n - 1, rows) / most;
}

static void tiles_wrap_without_a_seam(void **state)
{
    const struct kinds k = kinds_of(state);
    uint32_t seams = 0;
    for (uint32_t i = 0; i < k.count; i++)
        for (int variant = 1; variant <= 4; variant++) {
            imp_image *m = texture(state, "kind=%s width=150 height=110 tile=yes samples=1 seed=%d variant=%d",
                                   k.name[i], variant, variant),
                      *n = texture(state, "kind=%s width=150 height=110 samples=1 seed=%d variant=%d", k.name[i],
                                   variant, variant);
            for (int rows = 0; rows < 2; rows++) {
                const double seam = seam_of(m, rows);
                if (seam > 1.15)
                    print_message("# %s variant %d, %s: seam %.2f\n", k.name[i], variant, rows ? "rows" : "columns", seam);
                assert_true(seam <= 1.15);
                seams += seam_of(n, rows) > 1.15;
            }
            release(m), release(n);
        }
    /* The tolerance bites: most pictures that are not to wrap show a seam. */
    print_message("# %u of %u show a seam where none was to be avoided\n", seams, 8 * k.count);
    assert_true(seams > 4 * k.count);
}

/* Correlation of the small picture with means of the large one's squares of n x n. */
static double likeness(const imp_image *small, const imp_image *large, uint32_t n)
{
    double a = 0, b = 0, aa = 0, bb = 0, ab = 0, count = 0;
    for (uint32_t c = 0; c < 3; c++)
        for (uint32_t y = 0; y < small->height; y++)
            for (uint32_t x = 0; x < small->width; x++, count++) {
                double mean = 0;
                const double s = (double)at(small, c, x, y);
                for (uint32_t k = 0; k < n * n; k++)
                    mean += (double)at(large, c, x * n + k % n, y * n + k / n) / (n * n);
                a += s, b += mean, aa += s * s, bb += mean * mean, ab += s * mean;
            }
    return (ab - a * b / count) / sqrt((aa - a * a / count) * (bb - b * b / count));
}

static void a_small_picture_is_the_large_one_smaller(void **state)
{
    const struct kinds k = kinds_of(state);
    for (uint32_t i = 0; i < k.count; i++) {
        imp_image *small = texture(state, "kind=%s width=120 height=90", k.name[i]),
                  *large = texture(state, "kind=%s width=480 height=360", k.name[i]),
                  *other = texture(state, "kind=%s width=480 height=360 seed=2", k.name[i]);
        const double same = likeness(small, large, 4), wrong = likeness(small, other, 4);
        if (!(same > 0.80 && same > wrong + 0.02))
            print_message("# %s: %.2f with itself, %.2f with another\n", k.name[i], same, wrong);
        assert_true(same > 0.80 && same > wrong + 0.02);
        release(small), release(large), release(other);
    }
}

static void threads_change_no_byte(void **state)
{
    const struct kinds k = kinds_of(state);
    for (uint32_t i = 0; i < k.count; i++) {
        char params[200], why[512];
        struct mini_result r[2];
        snprintf(params, sizeof params, "kind=%s width=70 height=90", k.name[i]);
        struct mini_node *node = mini_node(*state, "source.texture", params, why, sizeof why);
        for (uint32_t n = 0; n < 2; n++)
            mini_process(node, &(struct mini_call){.threads = n + 1}, &r[n]);
        assert_true(mini_same(mini_output(&r[0], 0, 0), mini_output(&r[1], 0, 0)));
        mini_result_free(&r[0]), mini_result_free(&r[1]);
        mini_node_free(node);
    }
}

static void colours_are_taken_and_checked(void **state)
{
    imp_image *m = texture(state, "kind=cells width=64 height=64 relief=0 gap=0 gloss=0 colours='#ff0000 #ff0000'");
    double green = 0, red = 0;
    for (uint32_t i = 0; i < 64 * 64; i++)
        red += (double)at(m, 0, i % 64, i / 64), green += (double)at(m, 1, i % 64, i / 64);
    assert_true(red > 0.8 * 64 * 64 && green < 0.05 * 64 * 64);
    release(m);
    assert_mistake(state, "source.texture", "colours='#ff0000 reddish'", "#rrggbb");
    assert_mistake(state, "source.texture",
                   "colours='#111111 #111111 #111111 #111111 #111111 #111111 #111111 #111111 #111111'", "at most 8");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(there_are_24_kinds_or_more),
        cmocka_unit_test(corner_values_in_all_pairs_give_a_picture),
        cmocka_unit_test(any_size_gives_a_picture),
        cmocka_unit_test(tiles_wrap_without_a_seam),
        cmocka_unit_test(a_small_picture_is_the_large_one_smaller),
        cmocka_unit_test(threads_change_no_byte),
        cmocka_unit_test(colours_are_taken_and_checked),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, open_sources, close_basic);
}
