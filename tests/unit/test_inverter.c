/* test_inverter.c - the filters invert, atlas, invert.learn and invert.fast on a small network:
 * pictures come back, stopped runs end with the same bytes, threads change nothing, and what is
 * refused. */
#include <unistd.h>
#include <impasto/data.h>
#include <impasto/nn.h>
#include "energy_test.h"
#include "minipriv.h"

struct world {
    struct mini *runtime, *inverter;
    const imp_value *net, *other;
    imp_image *photo;
    char folder[64];
};

/* Map 3 of relu2_1 is dead: its bias is far below. */
static const char network[] =
    "[network]\nformat = 1\ninput = rgb\nrange = 0 1\nmean = 0.5\nstd = 0.25\n"
    "[x]\nop = input\nshape = N 3 H W\n"
    "[conv1_1]\nop = conv\nfilters = 8\nkernel = 3\npad = 1\n[relu1_1]\nop = relu\n"
    "[pool1]\nop = average_pool\nkernel = 2\nstride = 2\n"
    "[conv2_1]\nop = conv\nfilters = 6\nkernel = 3\npad = 1\n"
    "[low]\nop = constant\nvalue = 0 0 0 -1000 0 0\nshape = 6 1 1\n"
    "[sum]\nop = add\nin = conv2_1 low\n[relu2_1]\nop = relu\n";

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
    char why[512], file[100], params[200];
    struct world *t = calloc(1, sizeof *t);
    strcpy(t->folder, "/tmp/impasto-inverter-XXXXXX");
    if (!mkdtemp(t->folder))
        return -1;
    snprintf(file, sizeof file, "%s/net.ini", t->folder);
    FILE *f = fopen(file, "w");
    fputs(network, f);
    fclose(f);
    t->runtime = open_one("runtime"), t->inverter = open_one("inverter");
    mini_offer(t->inverter, t->runtime);
    if (mini_init(t->runtime, why, sizeof why) != IMP_OK ||
        mini_init(t->inverter, why, sizeof why) != IMP_OK)
        return -1;
    void *runtime = t->runtime;
    for (int i = 0; i < 2; i++) {
        snprintf(params, sizeof params, "path=%s seed=%d", file, 4 + i);
        struct mini_result r = works(&runtime, "net.build", params, NULL, 0);
        *(i ? &t->other : &t->net) = mini_retain(mini_output(&r, 0, 0));
        mini_result_free(&r);
    }
    unlink(file);
    imp_image *noise = mini_noise(40, 36, 3, IMP_SRGB, 5);
    t->photo = mini_constant(40, 36, 3, IMP_SRGB, 0);
    kit_blur(noise, t->photo, 1.2, NULL);
    mini_release(&noise->head);
    *state = t;
    return 0;
}

static int close_world(void **state)
{
    struct world *t = *state;
    mini_release(&t->photo->head), mini_release(t->net), mini_release(t->other);
    mini_close(t->inverter), mini_close(t->runtime), rmdir(t->folder), free(t);
    return 0;
}

/* ---- calls ---- */

static struct mini_node *node_of(struct world *t, const char *filter, const char *params)
{
    char why[512];
    struct mini_node *node = mini_node(t->inverter, filter, params, why, sizeof why);
    if (!node)
        print_message("# %s %s: %s\n", filter, params, why);
    assert_non_null(node);
    return node;
}

static struct mini_result run(struct world *t, const char *filter, const char *params,
                              const imp_value *const *in, uint32_t n, struct mini_call c)
{
    struct mini_result r;
    struct mini_node *node = node_of(t, filter, params);
    c.inputs = in, c.input_count = n;
    mini_process(node, &c, &r);
    mini_node_free(node);
    assert_string_equal(r.fault, "");
    return r;
}

static struct mini_result runs(struct world *t, const char *filter, const char *params,
                               const imp_value *const *in, uint32_t n)
{
    struct mini_result r = run(t, filter, params, in, n, (struct mini_call){.threads = 2});
    if (r.status != IMP_OK)
        print_message("# %s %s: %d %s\n", filter, params, (int)r.status, r.text);
    assert_int_equal(r.status, IMP_OK);
    return r;
}

static void fails(struct world *t, const char *filter, const char *params,
                  const imp_value *const *in, uint32_t n, const char *part)
{
    struct mini_result r = run(t, filter, params, in, n, (struct mini_call){.threads = 1});
    if (r.status >= 0 || !strstr(r.text, part))
        print_message("# %s %s: %d %s\n", filter, params, (int)r.status, r.text);
    assert_true(r.status < 0);
    assert_non_null(strstr(r.text, part));
    mini_result_free(&r);
}

/* Codes of a picture, by net.encode; the caller frees the result. */
static struct mini_result encode(struct world *t, const imp_image *picture, const char *layers)
{
    void *runtime = t->runtime;
    const imp_value *in[] = {t->net, &picture->head};
    char params[200];
    snprintf(params, sizeof params, "layers='%s'", layers);
    return works(&runtime, "net.encode", params, in, 2);
}

static double psnr(const imp_image *a, const imp_image *b)
{
    double sum = 0, n = (double)a->width * a->height * a->channels;
    assert_true(a->width == b->width && a->height == b->height && a->channels == b->channels);
    for (uint32_t c = 0; c < a->channels; c++)
        for (uint32_t y = 0; y < a->height; y++)
            for (uint32_t x = 0; x < a->width; x++)
                sum += pow((double)imp_row(a, c, y)[x] - (double)imp_row(b, c, y)[x], 2);
    return -10 * log10(sum / n);
}

/* Stopped again and again after ever more polls, the same instance ends as one that was left alone.
 */
static void resumes(struct world *t, const char *filter, const char *params,
                    const imp_value *const *in, uint32_t n, uint32_t more, uint32_t outputs)
{
    struct mini_result whole = runs(t, filter, params, in, n), part;
    struct mini_node *node = node_of(t, filter, params);
    uint32_t stops = 0, after = more;
    for (;; after += more, stops++) {
        const struct mini_call c = {
            .inputs = in, .input_count = n, .threads = 1, .cancel_after = after};
        mini_process(node, &c, &part);
        if (part.status != IMP_CANCELLED)
            break;
        mini_result_free(&part);
    }
    assert_int_equal(part.status, IMP_OK);
    assert_true(stops >= 2);
    for (uint32_t i = 0; i < outputs; i++)
        assert_true(mini_same(mini_output(&whole, i, 0), mini_output(&part, i, 0)));
    mini_node_free(node);
    mini_result_free(&whole), mini_result_free(&part);
}

/* ---- invert ---- */

static void a_picture_comes_back_from_its_codes(void **state)
{
    struct world *t = *state;
    struct mini_result codes = encode(t, t->photo, "relu1_1 relu2_1");
    const imp_value *in[] = {t->net, NULL, NULL, mini_output(&codes, 0, 0),
                             mini_output(&codes, 0, 1)};
    struct mini_result r = runs(t, "invert", "steps=150", in, 5);
    const imp_table *losses = (const imp_table *)(const void *)mini_output(&r, 1, 0);
    assert_true(psnr(t->photo, mini_output_image(&r, 0)) > 35);
    assert_int_equal(losses->column_count, 8);
    assert_string_equal(losses->columns[6].name, "relu1_1");
    assert_string_equal(losses->columns[7].name, "relu2_1");
    const imp_cell *last = losses->cells + (losses->row_count - 1) * 8;
    assert_true(last[5].f < 1e-3 && last[6].f + last[7].f <= last[5].f * (1 + 1e-9));
    mini_result_free(&r), mini_result_free(&codes);
}

static void the_papers_rule_comes_near_it_too(void **state)
{
    struct world *t = *state;
    struct mini_result codes = encode(t, t->photo, "relu1_1");
    const imp_value *in[] = {t->net, NULL, NULL, mini_output(&codes, 0, 0)};
    struct mini_result r = runs(t, "invert", "compat=fmi code_scale=30", in, 4);
    const imp_image *m = mini_output_image(&r, 0);
    assert_true(psnr(t->photo, m) > 20);
    for (uint32_t x = 0; x < m->width; x++) { /* 8 bits */
        const float v = imp_row(m, 1, 3)[x] * 255;
        assert_true(fabsf(v - roundf(v)) < 1e-3f);
    }
    mini_result_free(&r), mini_result_free(&codes);
}

static void coarse_to_fine_needs_the_photo_and_takes_its_size(void **state)
{
    struct world *t = *state;
    imp_image *odd =
        mini_constant(67, 65, 3, IMP_SRGB, 0); /* 33 x 32 places after pooling: 66 or 67 px */
    kit_resize(t->photo, odd, KIT_LANCZOS, NULL);
    struct mini_result codes = encode(t, odd, "relu2_1");
    const imp_value *in[] = {t->net, NULL, &odd->head, mini_output(&codes, 0, 0)};
    struct mini_result r = runs(t, "invert", "scales='33 48' steps=30", in, 4);
    const imp_image *m = mini_output_image(&r, 0);
    const imp_table *losses = (const imp_table *)(const void *)mini_output(&r, 1, 0);
    assert_true(m->width == 67 && m->height == 65);
    assert_int_equal(losses->cells[(losses->row_count - 1) * losses->column_count].i, 3);
    assert_int_equal(losses->cells[1].i, 33);
    mini_result_free(&r);
    in[2] = NULL;
    r = runs(t, "invert", "steps=2 noise=20", in, 4); /* that which halves best */
    m = mini_output_image(&r, 0);
    assert_true(m->width == 66 && m->height == 64);
    mini_result_free(&r);
    fails(t, "invert", "scales='33 48'", in, 4, "in.photo");
    fails(t, "invert", "size='66 70'", in, 4, "66 to 67 x 64 to 65");
    mini_result_free(&codes), mini_release(&odd->head);
}

static void stopped_inversions_end_with_the_same_bytes(void **state)
{
    struct world *t = *state;
    struct mini_result codes = encode(t, t->photo, "relu2_1");
    const imp_value *in[] = {t->net, NULL, NULL, mini_output(&codes, 0, 0)};
    resumes(t, "invert", "steps=12 noise=20 keep=0.000001", in, 4, 40, 2);
    resumes(t, "invert", "steps=12 noise=20 optimiser=adam jitter=2 keep=0.000001", in, 4, 40, 2);
    struct mini_result a = run(t, "invert", "steps=5 noise=20", in, 4,
                               (struct mini_call){.threads = 1}),
                       b = run(t, "invert", "steps=5 noise=20", in, 4,
                               (struct mini_call){.threads = 4}),
                       c = run(t, "invert", "steps=5 noise=20 seed=2", in, 4,
                               (struct mini_call){.threads = 1});
    assert_true(mini_same(mini_output(&a, 0, 0), mini_output(&b, 0, 0)));
    assert_false(mini_same(mini_output(&a, 0, 0), mini_output(&c, 0, 0)));
    mini_result_free(&a), mini_result_free(&b), mini_result_free(&c), mini_result_free(&codes);
}

static void what_cannot_be_inverted_is_told(void **state)
{
    struct world *t = *state;
    imp_tensor *wrong = code_of("relu2_1", 7, 18, 20, 1),
               *unknown = code_of("relu9_9", 6, 18, 20, 1), *unnamed = code_of(NULL, 6, 18, 20, 1),
               *huge = code_of("relu2_1", 6, 18, 20, 1),
               *nothing = code_of("relu2_1", 6, 18, 20, 1),
               *other = code_of("relu1_1", 8, 20, 90, 1);
    const imp_value *in[] = {t->net, NULL, NULL, &wrong->head, &other->head};
    fails(t, "invert", "", in, 4, "7 maps, layer 'relu2_1' of this network has 6");
    in[3] = &unknown->head;
    fails(t, "invert", "", in, 4, "relu");
    in[3] = &unnamed->head;
    fails(t, "invert", "", in, 4, "layers =");
    in[3] = &huge->head;
    fails(t, "invert", "", in, 5, "no picture has all these codes");
    fails(t, "invert", "weights='1 2 3'", in, 4, "weights");
    fails(t, "invert", "layers='relu1_1 relu2_1'", in, 4, "as many layers as codes");
    fails(t, "invert", "jitter=3 optimiser=lbfgs", in, 4, "optimiser = adam");
    memset(nothing->data, 0, 6 * 18 * 20 * sizeof(float));
    in[3] = &nothing->head;
    fails(t, "invert", "", in, 4, "0 everywhere");
    ((float *)huge->data)[7] = INFINITY;
    in[3] = &huge->head;
    fails(t, "invert", "", in, 4, "not all finite");
    imp_tensor *tiny = code_of("relu2_1", 6, 10, 10, 1);
    in[3] = &tiny->head;
    fails(t, "invert", "", in, 4, "from 32 px a side on");
    free_code(tiny);
    free_code(wrong), free_code(unknown), free_code(unnamed), free_code(huge), free_code(nothing),
        free_code(other);
}

/* ---- atlas ---- */

static void remove_files(const struct world *t, const char *page, uint32_t maps)
{
    char path[200];
    unlink(page);
    for (uint32_t i = 0; i < maps; i++) {
        snprintf(path, sizeof path, "%s/map-%04u.png", t->folder, i);
        unlink(path);
    }
}

static const imp_cell *cell(const imp_table *t, uint64_t row, const char *column)
{
    for (uint32_t i = 0; i < t->column_count; i++)
        if (!strcmp(t->columns[i].name, column))
            return &t->cells[row * t->column_count + i];
    fail_msg("no column %s", column);
    return NULL;
}

static void an_atlas_shows_every_map_and_names_the_dead(void **state)
{
    struct world *t = *state;
    const imp_value *in[] = {t->net, &t->photo->head};
    char page[100], params[300], text[2000] = "", path[200];
    snprintf(page, sizeof page, "%s/atlas.html", t->folder);
    snprintf(params, sizeof params,
             "layer=relu2_1 size=32 margin=2 steps=15 tv=0 page=%s pictures=%s", page, t->folder);
    struct mini_result r = runs(t, "atlas", params, in, 2);
    const imp_table *table = (const imp_table *)(const void *)mini_output(&r, 1, 0);
    assert_int_equal(table->row_count, 6);
    double shares = 0;
    for (uint64_t i = 0; i < 6; i++) {
        const bool dead = i == 3;
        assert_int_equal(cell(table, i, "map")->i, i);
        assert_int_equal(cell(table, i, "dead")->i, dead);
        assert_int_equal(cell(table, i, "answers")->i, !dead);
        shares += cell(table, i, "share")->f;
        if (!dead) {
            assert_true(cell(table, i, "gain")->f > 1);
            assert_true(fabs(cell(table, i, "gain")->f * cell(table, i, "share")->f -
                             cell(table, i, "own_share")->f) < 1e-9);
        }
        snprintf(path, sizeof path, "%s/map-%04u.png", t->folder, (unsigned)i);
        assert_int_equal(access(path, R_OK), 0);
        assert_true(mini_output(&r, 2, (uint32_t)i)->kind == IMP_IMAGE);
    }
    assert_true(fabs(shares - 1) < 1e-9);
    FILE *f = fopen(page, "rb");
    assert_non_null(f);
    size_t size = 0;
    for (size_t n; (n = fread(text, 1, sizeof text - 1, f)) > 0; size += n) {
        text[n] = 0;
        assert_null(strstr(text, "://"));
    }
    fclose(f);
    assert_true(size > 10000);
    assert_int_equal(mini_output_image(&r, 0)->channels, 3);
    mini_result_free(&r);
    remove_files(t, page, 6);
}

static void stopped_atlases_and_parts_give_the_same_bytes(void **state)
{
    struct world *t = *state;
    static const char params[] = "layer=relu2_1 size=32 steps=6 maps='0 2 4' page='' pictures=''";
    const imp_value *in[] = {t->net, &t->photo->head};
    resumes(t, "atlas", params, in, 2, 60, 2);
    struct mini_result whole = runs(t, "atlas", params, in, 2),
                       part =
                           runs(t, "atlas",
                                "layer=relu2_1 size=32 steps=6 maps=4 page='' pictures=''", in, 2);
    assert_true(mini_same(mini_output(&whole, 2, 2), mini_output(&part, 2, 0)));
    mini_result_free(&whole), mini_result_free(&part);
    fails(t, "atlas", "layer=relu2_1 maps=6 page='' pictures=''", in, 2,
          "no map 6: the layer has 6, 0 to 5");
    fails(t, "atlas", "layer=relu2_1 maps=some page='' pictures=''", in, 2, "`top 16`");
    fails(t, "atlas", "layer=rleu2_1 page='' pictures=''", in, 2, "relu2_1");
}

static void pictures_are_compared_by_their_gram_matrices(void **state)
{
    struct world *t = *state;
    imp_image *other = mini_noise(40, 36, 3, IMP_SRGB, 8),
              *again = mini_constant(40, 36, 3, IMP_SRGB, 0);
    kit_copy(t->photo, again);
    const imp_value *in[] = {t->net, &t->photo->head, &other->head, &again->head};
    struct mini_result r = runs(t, "atlas.compare", "layer=relu1_1", in, 4),
                       codes[2] = {encode(t, t->photo, "relu1_1"), encode(t, other, "relu1_1")};
    const imp_table *table = (const imp_table *)(const void *)mini_output(&r, 0, 0);
    double off = 0, norm = 0;
    for (int64_t a = 0; a < 8; a++)
        for (int64_t b = 0; b < 8; b++) {
            double g[2] = {0, 0};
            for (int k = 0; k < 2; k++) {
                const imp_tensor *f =
                    (const imp_tensor *)(const void *)mini_output(&codes[k], 0, 0);
                for (int64_t p = 0; p < 40 * 36; p++)
                    g[k] += (double)map_of(f, a)[p] * (double)map_of(f, b)[p];
            }
            off += (g[0] - g[1]) * (g[0] - g[1]), norm += g[1] * g[1];
        }
    assert_int_equal(table->row_count, 6);
    assert_int_equal(cell(table, 0, "a")->i, 0);
    assert_int_equal(cell(table, 0, "b")->i, 1);
    assert_true(fabs(cell(table, 0, "distance")->f - sqrt(off / norm)) < 1e-5);
    assert_true(cell(table, 0, "distance")->f > 0.01);
    assert_int_equal(cell(table, 1, "b")->i, 2);
    assert_true(cell(table, 1, "distance")->f < 1e-6);
    mini_result_free(&r), mini_result_free(&codes[0]), mini_result_free(&codes[1]);
    fails(t, "atlas.compare", "layer=relu1_1", in, 2, "two pictures or more");
    mini_release(&other->head), mini_release(&again->head);
}

/* ---- learning ---- */

static imp_status blots_read(const imp_dataset *data, uint64_t index, imp_sample *s,
                             imp_error *err) IMP_NX
{
    (void)err;
    for (uint32_t c = 0; c < 3; c++)
        for (uint32_t i = 0; i < 32 * 32; i++) {
            const double x = (i % 32) / 32.0, y = (double)(i / 32) / 32;
            s->pixels[c * 1024 + i] =
                (float)(0.5 + 0.4 * sin(3 * (double)index + c + 5 * x * ((double)(index % 3) + 1)) *
                                  cos((double)index + 4 * y));
        }
    s->label = UINT32_MAX;
    (void)data;
    return IMP_OK;
}

static void a_decoder_learns_and_gives_pictures_back_at_once(void **state)
{
    struct world *t = *state;
    imp_dataset data = {.struct_size = sizeof data,
                        .count = 40,
                        .channels = 3,
                        .height = 32,
                        .width = 32,
                        .read = blots_read};
    imp_object *object = mini_object(IMP_DATASET_TYPE, "test", &data, NULL);
    const imp_value *in[] = {t->net, &object->head, &object->head};
    struct mini_result r =
        runs(t, "invert.learn", "layer=relu1_1 steps=300 batch=4 every=50 lr=0.01", in, 3);
    const imp_table *history = (const imp_table *)(const void *)mini_output(&r, 1, 0);
    assert_int_equal(history->row_count, 6);
    assert_true(cell(history, 5, "loss")->f < 0.3 * cell(history, 0, "loss")->f);
    assert_true(cell(history, 5, "test_psnr")->f > 19);
    const imp_value *more[] = {t->net, &object->head, &object->head,
                               mini_output(&r, 0, 0)}; /* and goes on from there */
    struct mini_result on =
        runs(t, "invert.learn", "layer=relu1_1 steps=5 batch=4 lr=0.0001", more, 4);
    assert_true(cell((const imp_table *)(const void *)mini_output(&on, 1, 0), 0, "test_psnr")->f >
                19);
    fails(t, "invert.learn", "layer=relu2_1 steps=5", more, 4,
          "takes 8 maps, layer 'relu2_1' has 6");
    mini_result_free(&on);
    /* what it learnt is what invert.fast does */
    imp_image *picture = mini_constant(64, 32, 3, IMP_SRGB, 0);
    imp_sample s = {.struct_size = sizeof s, .pixels = malloc(3 * 1024 * sizeof(float))};
    for (uint32_t k = 0; k < 2; k++) {
        blots_read(&data, k, &s, NULL);
        for (uint32_t i = 0; i < 3 * 1024; i++)
            imp_row_out(picture, i / 1024, i % 1024 / 32)[k * 32 + i % 32] = s.pixels[i];
    }
    free(s.pixels);
    struct mini_result codes = encode(t, picture, "relu1_1 relu2_1");
    const imp_value *fast[] = {mini_output(&r, 0, 0), t->net, mini_output(&codes, 0, 0)};
    struct mini_result quick = runs(t, "invert.fast", "", fast, 3),
                       fine = runs(t, "invert.fast", "refine=20", fast, 3);
    const double first = psnr(picture, mini_output_image(&quick, 0)),
                 then = psnr(picture, mini_output_image(&fine, 0));
    assert_true(first > 15 && then > first);
    mini_result_free(&quick), mini_result_free(&fine);
    fast[1] = t->other; /* same shape, same names, weights of another seed */
    fails(t, "invert.fast", "", fast, 3,
          "learnt for another network: to a test picture its relu1_1");
    fast[1] = t->net, fast[2] = mini_output(&codes, 0, 1);
    fails(t, "invert.fast", "", fast, 3, "relu1_1");
    fast[0] = t->net;
    fails(t, "invert.fast", "", fast, 3, "no decoder");
    fast[1] = NULL;
    fails(t, "invert.fast", "refine=3", fast, 3, "in.net");
    mini_result_free(&codes), mini_result_free(&r), mini_release(&picture->head),
        mini_release(&object->head);
}

static void stopped_learning_ends_with_the_same_history(void **state)
{
    struct world *t = *state;
    imp_dataset data = {.struct_size = sizeof data,
                        .count = 10,
                        .channels = 3,
                        .height = 32,
                        .width = 32,
                        .read = blots_read};
    imp_object *object = mini_object(IMP_DATASET_TYPE, "test", &data, NULL);
    const imp_value *in[] = {t->net, &object->head, NULL};
    struct mini_node *node =
        node_of(t, "invert.learn", "layer=relu2_1 steps=12 batch=4 every=5 keep=0.000001");
    struct mini_result whole = runs(t, "invert.learn",
                                    "layer=relu2_1 steps=12 batch=4 every=5 keep=0.000001", in, 3),
                       part;
    uint32_t stops = 0, after = 300;
    for (;; after += 200, stops++) {
        const struct mini_call c = {
            .inputs = in, .input_count = 3, .threads = 1, .cancel_after = after};
        mini_process(node, &c, &part);
        if (part.status != IMP_CANCELLED)
            break;
        mini_result_free(&part);
    }
    assert_int_equal(part.status, IMP_OK);
    assert_true(stops >= 1);
    const imp_table *a = (const imp_table *)(const void *)mini_output(&whole, 1, 0),
                    *b = (const imp_table *)(const void *)mini_output(&part, 1, 0);
    assert_true(a->row_count == 3 && b->row_count == 3);
    for (uint64_t i = 0; i < 3; i++)
        assert_true(cell(a, i, "loss")->f == cell(b, i, "loss")->f);
    mini_node_free(node), mini_result_free(&whole), mini_result_free(&part);
    data.width = 33;
    fails(t, "invert.learn", "layer=relu2_1 steps=1", in, 3, "multiples of 2");
    data.width = 32, data.channels = 1;
    fails(t, "invert.learn", "layer=relu2_1 steps=1", in, 3, "1 channels");
    mini_release(&object->head);
}

/* ---- planning ---- */

static void unknown_layers_and_keys_that_clash_are_told_while_planning(void **state)
{
    struct world *t = *state;
    struct mini_planned plan;
    imp_shape shapes[4] = {{sizeof(imp_shape), IMP_OBJECT, 0, 0, 0, 0, 0, t->net}};
    struct mini_node *node =
        node_of(t, "invert", "layers=relu0_1 scales='64 32' jitter=1 optimiser=lbfgs");
    mini_plan(node, shapes, 4, &plan);
    assert_true(plan.mistake_count >= 2);
    assert_non_null(strstr(plan.text, "no layer 'relu0_1'"));
    assert_non_null(strstr(plan.text, "rising"));
    mini_node_free(node);
    node = node_of(t, "atlas", "layer=relu2_1 maps=9");
    shapes[1] =
        (imp_shape){.struct_size = sizeof(imp_shape), .kind = IMP_IMAGE, .width = 64, .height = 64};
    mini_plan(node, shapes, 2, &plan);
    assert_int_equal(plan.mistake_count, 1);
    assert_non_null(strstr(plan.text, "no map 9"));
    mini_node_free(node);
    node = node_of(t, "atlas", "layer=relu2_1");
    mini_plan(node, shapes, 2, &plan);
    assert_int_equal(plan.mistake_count, 0);
    assert_true(plan.bytes > 0 && plan.macs > 0);
    mini_node_free(node);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_picture_comes_back_from_its_codes),
        cmocka_unit_test(the_papers_rule_comes_near_it_too),
        cmocka_unit_test(coarse_to_fine_needs_the_photo_and_takes_its_size),
        cmocka_unit_test(stopped_inversions_end_with_the_same_bytes),
        cmocka_unit_test(what_cannot_be_inverted_is_told),
        cmocka_unit_test(an_atlas_shows_every_map_and_names_the_dead),
        cmocka_unit_test(stopped_atlases_and_parts_give_the_same_bytes),
        cmocka_unit_test(pictures_are_compared_by_their_gram_matrices),
        cmocka_unit_test(a_decoder_learns_and_gives_pictures_back_at_once),
        cmocka_unit_test(stopped_learning_ends_with_the_same_history),
        cmocka_unit_test(unknown_layers_and_keys_that_clash_are_told_while_planning),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, open_world, close_world);
}
