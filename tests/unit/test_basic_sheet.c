/* test_basic_sheet.c - sheet, caption, mask, lines and page: places, sizes, files. */
#include <stdio.h>
#include <unistd.h>
#include "basic_call.h"

enum { MOST = 40 };

struct size { uint32_t width, height; };

/* n pictures of those sizes, each a grey of its own, into one filter with a MANY port. */
static struct mini_result lay_out(void **state, const char *params, const struct size *sizes,
                                  uint32_t n, const char *label)
{
    const imp_value *in[MOST];
    const char *labels[MOST];
    for (uint32_t i = 0; i < n; i++) {
        const float grey = (float)(i + 1) / MOST;
        in[i] = &mini_constant(sizes[i].width, sizes[i].height, 3, IMP_SRGB, grey)->head;
        labels[i] = label;
    }
    struct mini_result r = call_labelled(state, "sheet", params, in, labels, n);
    for (uint32_t i = 0; i < n; i++)
        mini_release(in[i]);
    return r;
}

static void a_sheet_has_cells_in_rows(void **state)
{
    const struct size sizes[] = {{100, 50}, {50, 100}, {30, 20}, {200, 200}, {10, 10}};
    struct mini_result r =
        lay_out(state, "columns=2 cell=40 gap=5 labels=no background=#000000", sizes, 5, "x");
    const imp_image *m = mini_output_image(&r, 0);
    /* 40x20 20x40 / 30x20 40x40 / 10x10: cells 40 wide, rows 40, 40, 10 high */
    assert_size(m, 5 + 45 + 45, 5 + 45 + 45 + 15, 3);
    const struct { int64_t x, y; uint32_t i; } inside[] = {
        {5, 25, 1}, {44, 44, 1}, {60, 5, 2}, {79, 44, 2}, {10, 70, 3}, {39, 89, 3}, {50, 50, 4},
        {89, 89, 4},
        {20, 95, 5}, {29, 104, 5}, {4, 30, 0}, {5, 24, 0}, {59, 20, 0}, {80, 20, 0}, {9, 80, 0},
        {40, 80, 0},
        {19, 99, 0}, {30, 99, 0}, {20, 105, 0},
    };
    for (size_t k = 0; k < sizeof inside / sizeof *inside; k++)
        assert_near(at(m, 1, inside[k].x, inside[k].y), inside[k].i / (double)MOST, 1e-6);
    mini_result_free(&r);
}

static void columns_make_the_sheet_about_4_to_3(void **state)
{
    struct size sizes[MOST];
    for (uint32_t n = 6; n <= MOST; n += 7)
        for (int wide = 0; wide < 2; wide++) {
            for (uint32_t i = 0; i < n; i++)
                sizes[i].width = wide ? 60 : 20, sizes[i].height = wide ? 20 : 60;
            struct mini_result r = lay_out(state, "cell=40 gap=2 labels=no", sizes, n, "x");
            const imp_image *m = mini_output_image(&r, 0);
            assert_true(fabs(log(m->width / (double)m->height / (4 / 3.0))) < 0.65);
            mini_result_free(&r);
        }
}

static void labels_stay_below_their_pictures(void **state)
{
    const struct size sizes[] = {{64, 64}, {64, 64}};
    const char *label = "a very long name of a picture, much longer than there is room for.jpg";
    struct mini_result r =
        lay_out(state, "columns=2 cell=64 gap=8 background=#ffffff color=#000000", sizes, 2, label);
    const imp_image *m = mini_output_image(&r, 0);
    uint32_t dark = 0;
    assert_int_equal(m->width, 8 + 72 + 72);
    assert_true(m->height > 80 && m->height < 110);
    for (uint32_t y = 72; y < m->height; y++)
        for (uint32_t x = 0; x < m->width; x++)
            dark += at(m, 0, x, y) < 0.5f;
    assert_in_range(dark, 50, 800);
    for (uint32_t y = 72; y < m->height; y++) /* nothing in the middle of the gap, nor at the rim */
        assert_true(at(m, 0, 76, y) > 0.9f && at(m, 0, 0, y) > 0.9f
                    && at(m, 0, m->width - 1, y) > 0.9f);
    mini_result_free(&r);
}

static void transparent_pictures_show_the_sheet(void **state)
{
    imp_image *in = mini_constant(10, 10, 4, IMP_SRGB, 0.5f);
    const imp_value *list[] = {&in->head};
    struct mini_result r =
        call_labelled(state, "sheet", "cell=10 gap=0 labels=no background=#ffffff", list, NULL, 1);
    const imp_image *m = mini_output_image(&r, 0);
    assert_size(m, 10, 10, 3);
    assert_near(at(m, 0, 5, 5), 0.75, 1e-6);
    mini_result_free(&r), release(in);
}

static void a_sheet_too_high_is_refused_with_its_size(void **state)
{
    const uint32_t n = 30;
    char why[256];
    struct mini_result r;
    imp_image *in = mini_constant(8000, 3, 1, IMP_SRGB, 1);
    const imp_value *list[MOST];
    for (uint32_t i = 0; i < n; i++)
        list[i] = &in->head;
    struct mini_node *node = mini_node(*state, "sheet", "columns=30 cell=8000", why, sizeof why);
    mini_process(node, &(struct mini_call){.inputs = list, .input_count = n}, &r);
    assert_int_equal(r.status, IMP_E_LIMIT);
    assert_non_null(strstr(r.text, "make cell smaller"));
    mini_result_free(&r), mini_node_free(node), release(in);
}

/* ---- caption ---- */

static void a_caption_below_leaves_the_picture_alone(void **state)
{
    imp_image *in = mini_noise(120, 80, 3, IMP_SRGB, 1);
    const char *params[] = {"text=Hello size_px=20 position=below",
                            "text=Hello size_px=20 position=above"};
    for (int i = 0; i < 2; i++) {
        imp_image *out = apply(state, "caption", params[i], in);
        assert_int_equal(out->width, 120);
        assert_in_range(out->height, 100, 140);
        const uint32_t shift = i ? out->height - 80 : 0;
        for (uint32_t y = 0; y < 80; y++)
            assert_memory_equal(imp_row(out, 1, y + shift), imp_row(in, 1, y), 120 * sizeof(float));
        assert_int_equal(planned(state, "caption", params[i], 120, 80, 3).outputs[0].height,
                         out->height);
        release(out);
    }
    release(in);
}

static void lines_break_at_n_and_at_words(void **state)
{
    imp_image *in = mini_constant(200, 100, 1, IMP_SRGB, 0.5f);
    imp_image *one = apply(state, "caption", "text=one size_px=16", in);
    imp_image *two = apply(state, "caption", "text='one\\ntwo' size_px=16", in);
    imp_image *slash = apply(state, "caption", "text='one\\\\ntwo' size_px=16", in);
    imp_image *words =
        apply(state, "caption", "text='many words that need more than one line' size_px=16", in);
    imp_image *cut = apply(state, "caption",
                           "text='many words that need more than one line' size_px=16 wrap=no", in);
    const uint32_t line = two->height - one->height;
    assert_in_range(line, 16, 24);
    assert_int_equal(slash->height, one->height);
    assert_int_equal(words->height, one->height + line);
    assert_int_equal(cut->height, one->height);
    release(in), release(one), release(two), release(slash), release(words), release(cut);
}

static void colour_letters_colour_a_grey_picture(void **state)
{
    imp_image *in = mini_constant(60, 40, 1, IMP_SRGB, 0.5f), *over = NULL;
    imp_image *grey = apply(state, "caption", "text=x", in),
              *red = apply(state, "caption", "text=x color=#ff0000", in);
    over = apply(state, "caption", "text=' ' position=bottom band=#ff000080", in);
    assert_int_equal(grey->channels, 1);
    assert_int_equal(red->channels, 3);
    assert_size(over, 60, 40, 3);
    assert_near(at(over, 0, 30, 39), 0.5 + 128 / 255.0 * 0.5, 1e-5);
    assert_near(at(over, 1, 30, 39), 0.5 - 128 / 255.0 * 0.5, 1e-5);
    assert_near(at(over, 1, 30, 2), 0.5, 0);
    release(in), release(grey), release(red), release(over);
}

/* ---- mask ---- */

static void shapes_have_their_areas(void **state)
{
    const struct { const char *params; double share; } shapes[] = {
        {"shape=ellipse width=80 height=60", 3.14159265 / 4 * 0.8 * 0.6},
        {"shape=rectangle width=50 height=40", 0.2},
        {"shape=ellipse width=80 height=60 feather=0", 3.14159265 / 4 * 0.8 * 0.6},
        {"shape=rectangle width=50 height=40 feather=0 angle=30", 0.2},
        {"shape=rectangle width=50 height=40 invert=yes feather=0", 0.8}, {"shape=linear", 0.5},
        {"shape=linear angle=90 width=100", 0.5},
        {"shape=radial width=100 height=100", 3.14159265 / 4 * 0.3},
    };
    imp_image *in = mini_constant(201, 160, 3, IMP_SRGB, 0);
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
        imp_image *m = apply(state, "mask", shapes[i].params, in);
        double sum = 0;
        for (uint32_t y = 0; y < 160; y++)
            for (uint32_t x = 0; x < 201; x++) {
                sum += (double)at(m, 0, x, y);
                assert_true(at(m, 0, x, y) >= 0 && at(m, 0, x, y) <= 1);
            }
        assert_near(sum / (201 * 160), shapes[i].share, 0.01);
        release(m);
    }
    release(in);
}

static void gradients_rise_from_0_to_1(void **state)
{
    imp_image *in = mini_constant(101, 51, 3, IMP_SRGB, 0);
    imp_image *right = apply(state, "mask", "shape=linear width=100", in);
    imp_image *down = apply(state, "mask", "shape=linear width=100 angle=90", in);
    for (uint32_t x = 1; x < 101; x++)
        assert_true(at(right, 0, x, 20) > at(right, 0, x - 1, 20));
    for (uint32_t y = 1; y < 51; y++)
        assert_true(at(down, 0, 40, y) > at(down, 0, 40, y - 1));
    assert_true(at(right, 0, 0, 0) < 0.01f && at(right, 0, 100, 0) > 0.99f
                && at(down, 0, 0, 50) > 0.99f);
    release(in), release(right), release(down);
}

static void content_masks_look_at_the_picture(void **state)
{
    imp_image *in = mini_gradient(64, 32, 4, IMP_SRGB),
              *green = mini_constant(4, 4, 3, IMP_SRGB, 0);
    imp_image *alpha = apply(state, "mask", "shape=alpha", in),
              *luma = apply(state, "mask", "shape=luma", in);
    imp_image *turned = apply(state, "mask", "shape=luma from=0.75 to=0.25", in);
    for (uint32_t x = 0; x < 4; x++)
        imp_row_out(green, 1, 2)[x] = 1;
    imp_image *key = apply(state, "mask", "shape=color key=#00ff00", green);
    for (uint32_t x = 0; x < 64; x++) {
        assert_near(at(alpha, 0, x, 9), at(in, 3, x, 9), 1e-6);
        assert_near(at(luma, 0, x, 9) + at(turned, 0, x, 9), 1, 1e-5);
    }
    assert_near(at(key, 0, 1, 2), 1, 0);
    assert_near(at(key, 0, 1, 1), 0, 0);
    release(in), release(green), release(alpha), release(luma), release(turned), release(key);
}

/* ---- lines ---- */

static void drawings_of_a_picture_at_two_sizes_look_alike(void **state)
{
    imp_image *small = mini_image(256, 256, 1, IMP_SRGB),
              *large = mini_image(512, 512, 1, IMP_SRGB);
    imp_image *both[] = {small, large}, *drawn[2];
    double ink[2] = {0, 0};
    for (int i = 0; i < 2; i++) {
        const double w = both[i]->width;
        for (uint32_t y = 0; y < both[i]->height; y++)
            for (uint32_t x = 0; x < both[i]->width; x++)
                imp_row_out(both[i], 0, y)[x] = hypot(x / w - 0.5, y / w - 0.5) < 0.3 ? 0.2f : 0.8f;
        drawn[i] = apply(state, "lines", "sigma=8", both[i]);
        assert_size(drawn[i], both[i]->width, both[i]->height, 1);
        for (uint32_t y = 0; y < both[i]->height; y++)
            for (uint32_t x = 0; x < both[i]->width; x++)
                ink[i] += (1 - (double)at(drawn[i], 0, x, y)) / (w * w);
        release(both[i]);
    }
    assert_true(ink[0] > 0.005);
    assert_near(ink[0] / ink[1], 1, 0.05);
    release(drawn[0]), release(drawn[1]);
}

static void inverted_lines_are_white_on_black(void **state)
{
    imp_image *in = mini_noise(50, 40, 3, IMP_SRGB, 2);
    imp_image *a = apply(state, "lines", "at=0", in),
              *b = apply(state, "lines", "at=0 invert=yes", in);
    for (uint32_t y = 0; y < 40; y++)
        for (uint32_t x = 0; x < 50; x++)
            assert_near(at(a, 0, x, y) + at(b, 0, x, y), 1, 1e-6);
    release(in), release(a), release(b);
}

/* ---- page ---- */

static char *read_text(const char *path)
{
    static char text[1 << 20];
    FILE *f = fopen(path, "rb");
    assert_non_null(f);
    text[fread(text, 1, sizeof text - 1, f)] = 0;
    fclose(f);
    return text;
}

static void a_page_groups_pictures_of_one_name(void **state)
{
    char folder[] = "/tmp/impasto-page-XXXXXX", path[64], params[256];
    const imp_column column = {"psnr", "dB", IMP_FLOAT, 0};
    imp_table *t = mini_table(1, &column);
    imp_image *a = mini_noise(40, 30, 3, IMP_SRGB, 1), *b = mini_noise(20, 30, 4, IMP_SRGB, 2);
    const imp_value *in[] = {&t->head, &a->head, &a->head, &b->head, &b->head, &a->head};
    const char *labels[] = {"t", "harbour", "lake <1>", "harbour", "lake <1>", "alone"};
    mini_row(t, &(imp_cell){.f = 31.5});
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/index.html", folder);
    snprintf(params, sizeof params,
             "page=%s title='Two lakes' names='before after' max_width=16 text='One.\\nTwo.'",
             path);
    struct mini_result r = call_labelled(state, "page", params, in, labels, 6);
    const char *text = read_text(path);
    const char *parts[] = {"<h1>Two lakes</h1>",
                           "<p>One.</p>\n<p>Two.</p>",
                           "<h3>harbour</h3>",
                           "<h3>lake &lt;1&gt;</h3>",
                           "alt=\"harbour, after\"",
                           "<figcaption>before</figcaption>",
                           "alt=\"alone\"",
                           "width=\"16\" height=\"12\"",
                           "width=\"16\" height=\"24\"",
                           "data-v=\"31.5\"",
                           "image/jpeg",
                           "image/png",
                           "</html>"};
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        if (!strstr(text, parts[i]))
            print_message("# not there: %s\n", parts[i]);
        assert_non_null(strstr(text, parts[i]));
    }
    unlink(path), rmdir(folder);
    mini_result_free(&r), release(a), release(b), mini_release(&t->head);
}

static void a_page_that_cannot_be_written_says_so(void **state)
{
    char why[256];
    struct mini_result r;
    imp_image *a = mini_noise(4, 3, 3, IMP_SRGB, 1);
    const imp_value *in[] = {NULL, &a->head};
    struct mini_node *node =
        mini_node(*state, "page", "page=/tmp/no-such-folder-here/x.html", why, sizeof why);
    mini_process(node, &(struct mini_call){.inputs = in, .input_count = 2}, &r);
    assert_int_equal(r.status, IMP_E_IO);
    assert_non_null(strstr(r.text, "cannot be written: No such file"));
    assert_int_equal(r.param, 0);
    mini_result_free(&r), mini_node_free(node), release(a);
}

static void a_host_without_codecs_is_told_what_is_missing(void **state)
{
    char path[4096], why[256];
    struct mini *bare = mini_open(mini_built("basic", path, sizeof path), why, sizeof why);
    (void)state;
    assert_non_null(bare);
    mini_interface(bare, IMP_HOST_IMAGE_1, NULL);
    assert_null(mini_node(bare, "page", "", why, sizeof why));
    assert_non_null(strstr(why, "no picture codecs"));
    mini_close(bare);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_sheet_has_cells_in_rows),
        cmocka_unit_test(columns_make_the_sheet_about_4_to_3),
        cmocka_unit_test(labels_stay_below_their_pictures),
        cmocka_unit_test(transparent_pictures_show_the_sheet),
        cmocka_unit_test(a_sheet_too_high_is_refused_with_its_size),
        cmocka_unit_test(a_caption_below_leaves_the_picture_alone),
        cmocka_unit_test(lines_break_at_n_and_at_words),
        cmocka_unit_test(colour_letters_colour_a_grey_picture),
        cmocka_unit_test(shapes_have_their_areas),
        cmocka_unit_test(gradients_rise_from_0_to_1),
        cmocka_unit_test(content_masks_look_at_the_picture),
        cmocka_unit_test(drawings_of_a_picture_at_two_sizes_look_alike),
        cmocka_unit_test(inverted_lines_are_white_on_black),
        cmocka_unit_test(a_page_groups_pictures_of_one_name),
        cmocka_unit_test(a_page_that_cannot_be_written_says_so),
        cmocka_unit_test(a_host_without_codecs_is_told_what_is_missing),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, open_basic, close_basic) != 0;
}
