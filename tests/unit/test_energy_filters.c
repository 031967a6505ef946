/* test_energy_filters.c - the filters that look through a network, and energy.explain: measured
 * against codes, short paintings, refusals. */
#include <unistd.h>
#include "energy_test.h"

struct world {
    struct mini *runtime, *energy;
    const imp_value *net;
    imp_image *photo, *style;
};

static const char network[] =
    "[network]\nformat = 1\ninput = rgb\nrange = 0 1\nmean = 0.5\n[x]\nop = input\nshape = N 3 H "
    "W\n"
    "[conv1_1]\nop = conv\nfilters = 6\nkernel = 3\npad = 1\n[relu1_1]\nop = relu\n"
    "[pool1]\nop = average_pool\nkernel = 2\nstride = 2\n"
    "[conv2_1]\nop = conv\nfilters = 8\nkernel = 3\npad = 1\n[relu2_1]\nop = relu\n"
    "[conv2_2]\nop = conv\nfilters = 8\nkernel = 3\npad = 1\n[relu2_2]\nop = relu\n"
    "[conv3_1]\nop = conv\nfilters = 8\nkernel = 9\npad = 4\n[relu3_1]\nop = relu\n";

static struct mini *open_one(const char *name)
{
    char path[4096], why[512];
    struct mini *m = mini_load(mini_built(name, path, sizeof path), why, sizeof why);
    if (!m)
        print_message("# %s\n", why);
    return m;
}

static int open_world(void **state)
{
    char why[512], folder[] = "/tmp/impasto-filters-XXXXXX", file[64], params[200];
    struct world *t = calloc(1, sizeof *t);
    if (!mkdtemp(folder))
        return -1;
    snprintf(file, sizeof file, "%s/net.ini", folder);
    FILE *f = fopen(file, "w");
    fputs(network, f);
    fclose(f);
    t->runtime = open_one("runtime"), t->energy = open_one("energy");
    mini_offer(t->energy, t->runtime);
    if (mini_init(t->runtime, why, sizeof why) != IMP_OK ||
        mini_init(t->energy, why, sizeof why) != IMP_OK)
        return -1;
    snprintf(params, sizeof params, "path=%s seed=4", file);
    void *runtime = t->runtime;
    struct mini_result r = works(&runtime, "net.build", params, NULL, 0);
    t->net = mini_retain(mini_output(&r, 0, 0));
    mini_result_free(&r), unlink(file), rmdir(folder);
    t->photo = mini_gradient(48, 40, 3, IMP_SRGB), t->style = mini_noise(64, 36, 3, IMP_SRGB, 5);
    *state = t;
    return 0;
}

static int close_world(void **state)
{
    struct world *t = *state;
    mini_release(&t->photo->head), mini_release(&t->style->head), mini_release(t->net);
    mini_close(t->energy), mini_close(t->runtime), free(t);
    return 0;
}

static struct mini_result run(struct world *t, const char *filter, const char *params,
                              const imp_value *const *in, uint32_t n, struct mini_call c)
{
    char why[512];
    struct mini_result r;
    struct mini_node *node = mini_node(t->energy, filter, params, why, sizeof why);
    if (!node)
        print_message("# %s %s: %s\n", filter, params, why);
    assert_non_null(node);
    c.inputs = in, c.input_count = n;
    mini_process(node, &c, &r);
    mini_node_free(node);
    assert_string_equal(r.fault, "");
    return r;
}

static const imp_table *table_in(const struct mini_result *r, uint32_t port)
{
    return (const imp_table *)(const void *)mini_output(r, port, 0);
}

static double cell_of(const imp_table *t, uint64_t row, const char *column)
{
    for (uint32_t i = 0; i < t->column_count; i++)
        if (strcmp(t->columns[i].name, column) == 0)
            return t->columns[i].type == IMP_FLOAT ? t->cells[row * t->column_count + i].f
                                                   : (double)t->cells[row * t->column_count + i].i;
    fail();
    return 0;
}

/* ---- measure ---- */

static struct mini_result measured(struct world *t, const char *params, const imp_image *a,
                                   const imp_image *b)
{
    const imp_value *in[] = {t->net, &a->head, b ? &b->head : NULL};
    struct mini_result r =
        run(t, "energy.measure", params, in, b ? 3 : 2, (struct mini_call){.threads = 2});
    if (r.status != IMP_OK)
        print_message("# %s\n", r.text);
    assert_int_equal(r.status, IMP_OK);
    return r;
}

static void energies_are_those_of_codes(void **state)
{
    struct world *t = *state;
    void *runtime = t->runtime;
    const imp_value *in[] = {t->net, &t->style->head};
    struct mini_result r =
        measured(t, "layers='relu2_1 relu1_1' long_edge=0 margin=0", t->style, NULL);
    struct mini_result codes = works(&runtime, "net.encode", "layers='relu2_1 relu1_1'", in, 2);
    const imp_table *got = table_in(&r, 0);
    assert_int_equal(got->row_count, 14);
    for (uint32_t k = 0, row = 0; k < 2; k++) {
        const imp_tensor *code = (const imp_tensor *)(const void *)mini_output(&codes, 0, k);
        const int64_t n = code->shape[1] * code->shape[2];
        const double total = total_of(code);
        for (int64_t c = 0; c < code->shape[0]; c++, row++) {
            double square = 0, zeros = 0, most = 0;
            for (int64_t p = 0; p < n; p++) {
                const double v = (double)map_of(code, c)[p];
                square += v * v / (double)n, zeros += v == 0, most = fmax(most, v);
            }
            assert_near(cell_of(got, row, "map"), (double)c, 0);
            assert_near(cell_of(got, row, "mean"), sum_of(code, c) / (double)n, 1e-9);
            assert_near(cell_of(got, row, "rms"), sqrt(square), 1e-9);
            assert_near(cell_of(got, row, "share"), sum_of(code, c) / total, 1e-9);
            assert_near(cell_of(got, row, "zeros"), zeros / (double)n, 1e-12);
            assert_near(cell_of(got, row, "max"), most, 1e-9);
            assert_near(cell_of(got, row, "dead"), most == 0, 0);
        }
    }
    mini_result_free(&r), mini_result_free(&codes);
}

static void pictures_are_averaged_or_told_apart(void **state)
{
    struct world *t = *state;
    struct mini_result both = measured(t, "layers=relu2_1", t->photo, t->style);
    struct mini_result each = measured(t, "layers=relu2_1 each=yes", t->photo, t->style);
    const imp_table *a = table_in(&both, 0), *b = table_in(&each, 0);
    assert_int_equal(a->row_count, 8);
    assert_int_equal(b->row_count, 16);
    assert_string_equal(b->columns[0].name, "picture");
    for (uint64_t c = 0; c < 8; c++) {
        assert_near(cell_of(a, c, "mean"), (cell_of(b, c, "mean") + cell_of(b, c + 8, "mean")) / 2,
                    1e-12);
        assert_near(pow(cell_of(a, c, "rms"), 2),
                    (pow(cell_of(b, c, "rms"), 2) + pow(cell_of(b, c + 8, "rms"), 2)) / 2, 1e-9);
    }
    mini_result_free(&both), mini_result_free(&each);
}

static void any_size_can_be_measured(void **state)
{
    static const uint32_t sizes[][3] = {{1, 1, 3}, {1, 1, 1}, {3000, 2, 3}, {33, 70, 1}};
    struct world *t = *state;
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        imp_image *m = mini_noise(sizes[i][0], sizes[i][1], sizes[i][2], IMP_SRGB, 3);
        struct mini_result r = measured(t, "layers='relu1_1 relu2_1'", m, NULL);
        assert_int_equal(table_in(&r, 0)->row_count, 14);
        mini_result_free(&r), mini_release(&m->head);
    }
}

/* ---- painting ---- */

static double energy_distance(struct world *t, const imp_image *m, const imp_table *wanted)
{
    struct mini_result r = measured(t, "layers='relu1_1 relu2_1 relu3_1' long_edge=0", m, NULL);
    double apart = 0, all = 0;
    for (uint64_t i = 0; i < wanted->row_count; i++) {
        apart += pow(cell_of(table_in(&r, 0), i, "mean") - cell_of(wanted, i, "mean"), 2);
        all += pow(cell_of(wanted, i, "mean"), 2);
    }
    mini_result_free(&r);
    return sqrt(apart / all);
}

static void match_comes_closer_to_the_energies(void **state)
{
    static const char *const params[] = {"steps=12",
                                         "steps=30 optimiser=adam rate=4",
                                         "steps=10 order=2 strength=0.8 scales='32 48'",
                                         "steps=15 start=noise bounds=project content_weight=0",
                                         "steps=10 tile=32 scales=",
                                         "steps=8 tv=1 jitter=2 optimiser=adam weights='1 2 0'"};
    struct world *t = *state;
    struct mini_result wanted = measured(t, "long_edge=0", t->style, NULL);
    const imp_table *table = table_in(&wanted, 0);
    const double before = energy_distance(t, t->photo, table);
    for (size_t i = 0; i < sizeof params / sizeof *params; i++) {
        const imp_value *in[] = {t->net, &t->photo->head, &table->head};
        struct mini_result r =
            run(t, "energy.match", params[i], in, 3, (struct mini_call){.threads = 2});
        if (r.status != IMP_OK)
            print_message("# %s: %s\n", params[i], r.text);
        assert_int_equal(r.status, IMP_OK);
        const imp_image *out = mini_output_image(&r, 0);
        assert_int_equal(out->width, 48);
        assert_int_equal(out->height, 40);
        const double after = energy_distance(t, out, table);
        if (!(after < 0.9 * before))
            print_message("# %s: %g of %g\n", params[i], after, before);
        assert_true(after < 0.9 * before);
        assert_true(table_in(&r, 1)->row_count > 4);
        mini_result_free(&r);
    }
    mini_result_free(&wanted);
}

/* ---- tiles ---- */

enum { GRID = 32, FRAME = 16 /* px: what tiles lie on, and what is painted around the picture */ };

/* A step across a line between two columns or rows goes into what borders of tiles can be, or not.
 */
struct steps {
    double sum, count;
};

static void add_step(struct steps apart[2], uint32_t at, float a, float b)
{
    struct steps *s = &apart[(at + FRAME) % GRID == 0];
    s->sum += fabs((double)a - (double)b), s->count++;
}

/* Mean difference of neighbours across lines on which borders can lie, over that across all others.
 */
static double seams(const imp_image *m)
{
    struct steps apart[2] = {{0, 0}, {0, 0}};
    for (uint32_t c = 0; c < m->channels; c++)
        for (uint32_t y = 0; y < m->height; y++)
            for (uint32_t x = 0; x < m->width; x++) {
                const float *row = imp_row(m, c, y);
                if (x)
                    add_step(apart, x, row[x], row[x - 1]);
                if (y)
                    add_step(apart, y, row[x], imp_row(m, c, y - 1)[x]);
            }
    return apart[1].sum / apart[1].count / (apart[0].sum / apart[0].count);
}

/* A picture painted by tiles has no more of a step at their borders than anywhere else, nor than
 * the same painted at once has there by chance. */
static void tiles_leave_no_seams(void **state)
{
    static const char *const params[] = {"scales= steps=6", "scales= steps=6 order=2",
                                         "scales= steps=25 optimiser=adam rate=4",
                                         "scales= steps=6 parts=full"};
    struct world *t = *state;
    imp_image *photo = mini_gradient(192, 160, 3, IMP_SRGB);
    struct mini_result wanted = measured(t, "long_edge=0", t->style, NULL);
    const imp_value *match[] = {t->net, &photo->head, mini_output(&wanted, 0, 0)};
    const imp_value *gram[] = {t->net, &photo->head, NULL, NULL, &t->style->head};
    for (size_t i = 0; i < sizeof params / sizeof *params; i++) {
        double ratio[2];
        for (int tiles = 0; tiles < 2; tiles++) {
            char text[128];
            const int is_gram = i == 3;
            snprintf(text, sizeof text, "%s%s", params[i], tiles ? " tile=64" : "");
            struct mini_result r =
                run(t, is_gram ? "energy.gram" : "energy.match", text, is_gram ? gram : match,
                    is_gram ? 5 : 3, (struct mini_call){.threads = 2});
            assert_int_equal(r.status, IMP_OK);
            ratio[tiles] = seams(mini_output_image(&r, 0));
            mini_result_free(&r);
        }
        if (ratio[1] > 1.05 || fabs(ratio[1] / ratio[0] - 1) >= 0.005)
            print_message("# %s: %.4f, at once %.4f\n", params[i], ratio[1], ratio[0]);
        assert_true(ratio[1] <= 1.05 && fabs(ratio[1] / ratio[0] - 1) < 0.005);
    }
    mini_result_free(&wanted), mini_release(&photo->head);
}

static void gram_comes_closer_too(void **state)
{
    static const char *const params[] = {"steps=12", "steps=10 parts=diagonal",
                                         "steps=10 parts=off",
                                         "steps=12 style_scale=0.5 style_weights='1 0'",
                                         "compat=fmi weights='1e4 1e4 1e4' steps=40 denoise=0"};
    struct world *t = *state;
    const imp_value *in[] = {t->net, &t->photo->head, NULL, NULL, &t->style->head, &t->photo->head};
    for (size_t i = 0; i < sizeof params / sizeof *params; i++) {
        struct mini_result r =
            run(t, "energy.gram", params[i], in, i == 3 ? 6 : 5, (struct mini_call){.threads = 2});
        if (r.status != IMP_OK)
            print_message("# %s: %s\n", params[i], r.text);
        assert_int_equal(r.status, IMP_OK);
        const imp_table *losses = table_in(&r, 1);
        const double first = cell_of(losses, 0, "loss"),
                     last = cell_of(losses, losses->row_count - 1, "loss");
        assert_true(last < first);
        mini_result_free(&r);
    }
}

/* From noise, with the program's optimiser, the loss falls. */
static void the_authors_way_runs(void **state)
{
    struct world *t = *state;
    struct mini_result wanted = measured(t, "long_edge=0", t->style, NULL);
    const imp_value *in[] = {t->net, &t->photo->head, mini_output(&wanted, 0, 0)};
    struct mini_result r =
        run(t, "energy.match", "compat=fmi steps=40", in, 3, (struct mini_call){0});
    assert_int_equal(r.status, IMP_OK);
    const imp_table *losses = table_in(&r, 1);
    assert_true(cell_of(losses, losses->row_count - 1, "loss") < cell_of(losses, 0, "loss"));
    mini_result_free(&r), mini_result_free(&wanted);
}

static void a_mask_leaves_the_rest_of_the_photo(void **state)
{
    struct world *t = *state;
    struct mini_result wanted = measured(t, "long_edge=0", t->style, NULL);
    imp_image *mask = mini_constant(48, 40, 1, IMP_DATA, 0);
    for (uint32_t y = 0; y < 40; y++)
        for (uint32_t x = 0; x < 20; x++)
            imp_row_out(mask, 0, y)[x] = 1;
    const imp_value *in[] = {t->net, &t->photo->head, mini_output(&wanted, 0, 0), NULL,
                             &mask->head};
    struct mini_result r =
        run(t, "energy.match", "steps=12 scales=", in, 5, (struct mini_call){.threads = 2});
    assert_int_equal(r.status, IMP_OK);
    const imp_image *out = mini_output_image(&r, 0);
    double left = 0, right = 0;
    for (uint32_t y = 0; y < 40; y++)
        for (uint32_t x = 0; x < 48; x++) {
            const double d =
                fabs((double)imp_row(out, 1, y)[x] - (double)imp_row(t->photo, 1, y)[x]);
            *(x < 20 ? &left : &right) += x < 20 || x >= 36 ? d : 0;
        }
    assert_true(left > 20 * right);
    mini_result_free(&r), mini_result_free(&wanted), mini_release(&mask->head);
}

static void threads_change_no_byte(void **state)
{
    struct world *t = *state;
    struct mini_result wanted = measured(t, "", t->style, NULL);
    const imp_value *in[] = {t->net, &t->photo->head, mini_output(&wanted, 0, 0)};
    const imp_value *gram[] = {t->net, &t->photo->head, NULL, NULL, &t->style->head};
    for (int k = 0; k < 2; k++) {
        const char *filter = k ? "energy.gram" : "energy.match";
        struct mini_result a =
            run(t, filter, "steps=5", k ? gram : in, k ? 5 : 3, (struct mini_call){.threads = 1});
        struct mini_result b =
            run(t, filter, "steps=5", k ? gram : in, k ? 5 : 3, (struct mini_call){.threads = 3});
        assert_true(mini_same(mini_output(&a, 0, 0), mini_output(&b, 0, 0)));
        mini_result_free(&a), mini_result_free(&b);
    }
    mini_result_free(&wanted);
}

static void strength_0_is_the_photo(void **state)
{
    struct world *t = *state;
    struct mini_result wanted = measured(t, "", t->style, NULL);
    const imp_value *in[] = {t->net, &t->photo->head, mini_output(&wanted, 0, 0)};
    struct mini_result r = run(t, "energy.match", "steps=5 strength=0 scales=", in, 3,
                               (struct mini_call){.threads = 1});
    assert_int_equal(r.status, IMP_OK);
    assert_true(mini_difference(mini_output_image(&r, 0), t->photo) < 2e-3);
    mini_result_free(&r), mini_result_free(&wanted);
}

static void it_stops_when_asked(void **state)
{
    struct world *t = *state;
    struct mini_result wanted = measured(t, "", t->style, NULL);
    const imp_value *in[] = {t->net, &t->photo->head, mini_output(&wanted, 0, 0)};
    struct mini_result r =
        run(t, "energy.match", "steps=1000", in, 3, (struct mini_call){.cancel_after = 40});
    assert_int_equal(r.status, IMP_CANCELLED);
    mini_result_free(&r), mini_result_free(&wanted);
}

/* Stopped at its k-th question, k = 1, 2, ... until it needs no more: it always says that it was
 * stopped. */
static void stops_everywhere(struct world *t, const char *filter, const char *params,
                             const imp_value *const *in, uint32_t n)
{
    uint32_t k = 0;
    for (imp_status st = IMP_CANCELLED; st == IMP_CANCELLED;) {
        struct mini_result r =
            run(t, filter, params, in, n, (struct mini_call){.threads = 1, .cancel_after = ++k});
        if (r.status != IMP_OK && r.status != IMP_CANCELLED)
            print_message("# %s stopped at question %u: %d %s\n", filter, k, (int)r.status, r.text);
        assert_true(r.status == IMP_CANCELLED || (r.status == IMP_OK && !r.told_to_stop));
        st = r.status;
        mini_result_free(&r);
    }
    assert_true(k > 3);
}

static void a_stop_is_a_stop_at_every_question(void **state)
{
    struct world *t = *state;
    imp_image *mask = mini_noise(48, 40, 1, IMP_DATA, 6);
    struct mini_result wanted = measured(t, "", t->style, NULL);
    const imp_value *match[] = {t->net, &t->photo->head, mini_output(&wanted, 0, 0),
                                &t->style->head, &mask->head},
                    *gram[] = {t->net, &t->photo->head, &t->style->head, &mask->head,
                               &t->style->head},
                    *look[] = {t->net, &t->photo->head, &mask->head};
    stops_everywhere(t, "energy.match", "steps=1 scales=12 layers=relu2_1", match, 5);
    stops_everywhere(t, "energy.gram", "steps=1 scales=12 layers=relu2_1", gram, 5);
    stops_everywhere(t, "energy.measure", "", look, 3);
    mini_release(&mask->head);
    mini_result_free(&wanted);
}

/* ---- refusals ---- */

static void says(struct world *t, const char *filter, const char *params,
                 const imp_value *const *in, uint32_t n, const char *part)
{
    struct mini_result r = run(t, filter, params, in, n, (struct mini_call){.threads = 1});
    if (r.status >= 0 || !strstr(r.text, part))
        print_message("# %s %s: %d %s\n", filter, params, (int)r.status, r.text);
    assert_true(r.status < 0);
    assert_non_null(strstr(r.text, part));
    mini_result_free(&r);
}

static void what_cannot_be_is_refused(void **state)
{
    struct world *t = *state;
    const double one[] = {1, 1, 1, 1, 1, 1, 1, 1, 1}, none[] = {0, 0, 0, 0, 0, 0};
    imp_table *few = table_of("relu1_1", "mean", one, 5),
              *many = table_of("relu1_1", "mean", one, 7),
              *other = table_of("relu9_9", "mean", one, 6),
              *zero = table_of("relu1_1", "mean", none, 6),
              *fine = table_of("relu1_1", "mean", one, 6),
              *bare = table_of("relu1_1", "share", one, 6);
    const imp_value *m[] = {t->net, &t->style->head}, *p[] = {t->net, &t->photo->head, &fine->head};
    says(t, "energy.measure", "layers=relu7_1", m, 2, "relu2_1");
    says(t, "energy.match", "layers=relu1_2", p, 3, "relu1_1");
    says(t, "energy.match", "content_layer=relu4_2", p, 3, "relu4_2");
    says(t, "energy.match", "scales='256 128 512'", p, 3, "from coarse to fine");
    says(t, "energy.match", "weights='1 2'", p, 3, "2 weights for 1 layers");
    says(t, "energy.match", "jitter=3", p, 3, "optimiser = adam");
    says(t, "energy.match", "order=2", p, 3, "no column 'rms'");
    p[2] = &few->head, says(t, "energy.match", "", p, 3, "nothing of map 5");
    p[2] = &many->head,
    says(t, "energy.match", "", p, 3, "map 6 of 'relu1_1', which has maps 0 to 5");
    p[2] = &other->head, says(t, "energy.match", "", p, 3, "relu9_9");
    p[2] = &zero->head, says(t, "energy.match", "", p, 3, "all energies of 'relu1_1'");
    p[2] = &bare->head, says(t, "energy.match", "", p, 3, "no column 'mean'");
    imp_image *black = mini_constant(48, 40, 1, IMP_DATA, 0);
    const imp_value *masked[] = {t->net, &t->photo->head, &fine->head, NULL, &black->head};
    says(t, "energy.match", "", masked, 5, "the mask is 0 everywhere");
    const imp_value *gram[] = {t->net, &t->photo->head, NULL, NULL, &t->style->head};
    says(t, "energy.gram", "style_weights='1 2'", gram, 5, "2 style_weights for 1");
    mini_release(&few->head), mini_release(&many->head), mini_release(&other->head),
        mini_release(&zero->head);
    mini_release(&fine->head), mini_release(&bare->head), mini_release(&black->head);
}

static void planning_names_the_nearest_layers(void **state)
{
    struct world *t = *state;
    const double one[] = {1, 1, 1, 1, 1, 1};
    imp_table *table = table_of("relu1_7", "mean", one, 6);
    const imp_shape in[] = {
        {.struct_size = sizeof in[0], .kind = IMP_OBJECT, .value = t->net},
        {.struct_size = sizeof in[0],
         .kind = IMP_IMAGE,
         .width = 40,
         .height = 30,
         .channels = 3,
         .colour = IMP_SRGB},
        {.struct_size = sizeof in[0], .kind = IMP_TABLE, .value = &table->head},
    };
    char why[300];
    struct mini_planned p;
    struct mini_node *node =
        mini_node(t->energy, "energy.match", "content_layer=relu2_5", why, sizeof why);
    mini_plan(node, in, 3, &p);
    mini_node_free(node);
    assert_int_equal(p.mistake_count, 1);
    assert_non_null(strstr(p.text, "relu1_7"));
    node = mini_node(t->energy, "energy.match", "layers=relu1_1 content_layer=relu2_5", why,
                     sizeof why);
    mini_plan(node, in, 3, &p);
    mini_node_free(node);
    assert_int_equal(p.mistake_count, 1);
    assert_non_null(strstr(p.text, "relu2_2"));
    node = mini_node(t->energy, "energy.match", "layers=relu1_1 scales='16 32'", why, sizeof why);
    mini_plan(node, in, 3, &p);
    mini_node_free(node);
    assert_int_equal(p.mistake_count, 0);
    assert_int_equal(p.outputs[0].width, 32);
    assert_int_equal(p.outputs[0].height, 24);
    assert_true(p.bytes > 0 && p.macs > 0);
    mini_release(&table->head);
}

/* ---- explain ---- */

static imp_table *textures(uint32_t n, uint32_t maps)
{
    const imp_column columns[] = {{"picture", NULL, IMP_TEXT, 0},
                                  {"layer", NULL, IMP_TEXT, 0},
                                  {"map", NULL, IMP_INT, 0},
                                  {"mean", NULL, IMP_FLOAT, 0}};
    static char names[16][8];
    imp_table *t = mini_table(4, columns);
    for (uint32_t k = 0; k < n; k++)
        for (uint32_t i = 0; i < 2 * maps; i++) {
            snprintf(names[k], sizeof names[k], "t%u", k);
            imp_cell cells[] = {{.s = {names[k], strlen(names[k])}},
                                {.s = {i < maps ? "a" : "b", 1}},
                                {.i = i % maps},
                                {.f = kit_uniform(8, k, i) * (i < maps ? 1 : 30)}};
            mini_row(t, cells);
        }
    return t;
}

static void a_mixture_is_explained(void **state)
{
    enum { K = 9, MAPS = 20 };
    struct world *t = *state;
    const double weight[K] = {0, 0.7, 0, 0, 0.2, 0, 0, 0.4, 0};
    imp_table *parts = textures(K, MAPS);
    const imp_column columns[] = {
        {"layer", NULL, IMP_TEXT, 0}, {"map", NULL, IMP_INT, 0}, {"mean", NULL, IMP_FLOAT, 0}};
    imp_table *whole = mini_table(3, columns);
    for (uint32_t i = 0; i < 2 * MAPS; i++) {
        double mean = 0;
        for (uint32_t k = 0; k < K; k++)
            mean += weight[k] * kit_uniform(8, k, i) * (i < MAPS ? 1 : 30);
        imp_cell cells[] = {{.s = {i < MAPS ? "a" : "b", 1}}, {.i = i % MAPS}, {.f = mean}};
        mini_row(whole, cells);
    }
    imp_image *tile = mini_noise(30, 20, 3, IMP_SRGB, 1);
    const imp_value *in[] = {&whole->head, &parts->head, &tile->head};
    const char *labels[] = {NULL, NULL, "t4"};
    struct mini_result r =
        run(t, "energy.explain", "", in, 3, (struct mini_call){.labels = labels});
    assert_int_equal(r.status, IMP_OK);
    const imp_table *got = table_in(&r, 0);
    assert_int_equal(got->row_count, 3);
    assert_string_equal(got->cells[0].s.ptr, "t1");
    assert_near(cell_of(got, 0, "weight"), 0.7, 1e-6);
    assert_near(cell_of(got, 1, "weight"), 0.4, 1e-6);
    assert_near(cell_of(got, 2, "weight"), 0.2, 1e-6);
    assert_near(cell_of(got, 0, "share") + cell_of(got, 1, "share") + cell_of(got, 2, "share"), 1,
                1e-9);
    assert_true(cell_of(got, 0, "error") > cell_of(got, 1, "error"));
    assert_near(cell_of(got, 2, "error"), 0, 1e-6);
    assert_true(mini_output_image(&r, 1)->width > 192);
    mini_result_free(&r);
    in[1] = &whole->head;
    says(t, "energy.explain", "", in, 2, "each = yes");
    in[1] = &parts->head;
    says(t, "energy.explain", "layers='a c'", in, 2, "'c'");
    mini_release(&parts->head), mini_release(&whole->head), mini_release(&tile->head);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(energies_are_those_of_codes),
        cmocka_unit_test(pictures_are_averaged_or_told_apart),
        cmocka_unit_test(any_size_can_be_measured),
        cmocka_unit_test(match_comes_closer_to_the_energies),
        cmocka_unit_test(tiles_leave_no_seams),
        cmocka_unit_test(gram_comes_closer_too),
        cmocka_unit_test(the_authors_way_runs),
        cmocka_unit_test(a_mask_leaves_the_rest_of_the_photo),
        cmocka_unit_test(threads_change_no_byte),
        cmocka_unit_test(strength_0_is_the_photo),
        cmocka_unit_test(it_stops_when_asked),
        cmocka_unit_test(a_stop_is_a_stop_at_every_question),
        cmocka_unit_test(what_cannot_be_is_refused),
        cmocka_unit_test(planning_names_the_nearest_layers),
        cmocka_unit_test(a_mixture_is_explained),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, open_world, close_world) != 0;
}
