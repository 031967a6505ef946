/* test_graph.c - from preset to graph: filters, wires, order, phases, recipes (graph*.c). The
 * filters are small ones of this test. */
#define _GNU_SOURCE /* mkdtemp, nftw */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <ftw.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "builtin.h"
#include "graph.h"

/* ---- filters ---- */

static imp_status process(void *instance, imp_job *job, imp_error *err) IMP_NX
{
    (void)instance;
    (void)job;
    return imp_fail(err, IMP_E_FAILED, "never run");
}

#define FILTER(name, ...)                                                                          \
    static const imp_filter name = {.struct_size = sizeof(imp_filter),                             \
                                    .flags = IMP_FILTER_DETERMINISTIC,                             \
                                    .summary = "of the test",                                      \
                                    .process = process,                                            \
                                    __VA_ARGS__}
#define PARAMS(p)  .params = p, .param_count = sizeof p / sizeof *p, .param_stride = sizeof *p
#define INPUTS(p)  .inputs = p, .input_count = sizeof p / sizeof *p, .input_stride = sizeof *p
#define OUTPUTS(p) .outputs = p, .output_count = sizeof p / sizeof *p, .output_stride = sizeof *p

static const imp_port image_in[] = {{.name = "image", .kind = IMP_IMAGE}};
static const imp_port image_out[] = {{.name = "out", .kind = IMP_IMAGE}};
static const imp_port two_in[] = {{.name = "base", .kind = IMP_IMAGE},
                                  {.name = "layer", .kind = IMP_IMAGE},
                                  {.name = "mask", .kind = IMP_IMAGE, .flags = IMP_PORT_OPTIONAL}};
static const imp_port many_in[] = {{.name = "title", .kind = IMP_TABLE, .flags = IMP_PORT_OPTIONAL},
                                   {.name = "images", .kind = IMP_IMAGE, .flags = IMP_PORT_MANY}};
static const imp_port measured[] = {{.name = "table", .kind = IMP_TABLE},
                                    {.name = "marked", .kind = IMP_IMAGE}};
static const imp_port counted[] = {{.name = "table", .kind = IMP_TABLE}};
static const imp_port model_out[] = {
    {.name = "model", .kind = IMP_OBJECT, .type = "impasto.model/1"}};
static const imp_port data_out[] = {
    {.name = "data", .kind = IMP_OBJECT, .type = "impasto.dataset/1"}};
static const imp_port style_in[] = {{.name = "net", .kind = IMP_OBJECT, .type = "impasto.model/1"},
                                    {.name = "image", .kind = IMP_IMAGE}};
static const imp_param soft_params[] = {
    {.key = "sigma", .type = IMP_FLOAT, .def = 2, .min = 0.1, .max = 1000, .unit = "px"},
    {.key = "edges", .type = IMP_CHOICE, .choices = "mirror|repeat"}};
static const imp_param scale_params[] = {
    {.key = "width", .type = IMP_INT, .min = 1, .max = 65536, .flags = IMP_PARAM_REQUIRED}};
static const imp_param model_params[] = {
    {.key = "path", .type = IMP_PATH, .flags = IMP_PARAM_REQUIRED | IMP_PARAM_MODEL}};
static const imp_param face_params[] = {
    {.key = "seed", .type = IMP_INT, .def = 1},
    {.key = "attributes", .type = IMP_TEXT, .flags = IMP_PARAM_OTHERS}};
FILTER(soft, .id = "soft", PARAMS(soft_params), INPUTS(image_in), OUTPUTS(image_out));
FILTER(scale, .id = "scale", PARAMS(scale_params), INPUTS(image_in), OUTPUTS(image_out));
FILTER(mix, .id = "mix", INPUTS(two_in), OUTPUTS(image_out));
FILTER(sheets, .id = "sheets", INPUTS(many_in), OUTPUTS(image_out));
FILTER(measure, .id = "measure", INPUTS(image_in), OUTPUTS(measured));
FILTER(count, .id = "count", INPUTS(image_in), OUTPUTS(counted));
FILTER(model, .id = "model", PARAMS(model_params), OUTPUTS(model_out));
FILTER(dataset, .id = "dataset", OUTPUTS(data_out));
FILTER(style, .id = "style", INPUTS(style_in), OUTPUTS(image_out));
FILTER(face, .id = "face", PARAMS(face_params), OUTPUTS(image_out));
static const imp_filter *const filters[] = {&soft,  &scale,   &mix,   &sheets, &measure, &count,
                                            &model, &dataset, &style, &face,   NULL};

/* ---- fixture ---- */

struct fixture {
    struct arena arena;
    struct report *report;
    struct registry *registry;
    struct graph_options options;
    char folder[64];
};

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    const struct registry_options none = {.plugin_path = "",
                                          .program_path = "/nonexistent/bin/impasto"};
    arena_init(&f->arena);
    f->report = report_new();
    unsetenv("IMPASTO_PLUGIN_PATH");
    setenv("XDG_DATA_HOME", "/nonexistent", 1);
    f->registry = registry_open(&none, f->report);
    static const imp_filter *all[32];
    size_t n = 0;
    for (const imp_filter *const *p = builtin_filters(); *p; p++)
        all[n++] = *p;
    for (const imp_filter *const *p = filters; *p; p++)
        all[n++] = *p;
    all[n] = NULL;
    registry_add_builtin(f->registry, all);
    strcpy(f->folder, "/tmp/impasto-graph-XXXXXX");
    *state = f;
    return mkdtemp(f->folder) ? 0 : 1;
}

static int forget(const char *path, const struct stat *st, int kind, struct FTW *ftw)
{
    (void)st;
    (void)kind;
    (void)ftw;
    return remove(path);
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    nftw(f->folder, forget, 8, FTW_DEPTH | FTW_PHYS);
    registry_close(f->registry);
    report_free(f->report);
    arena_fini(&f->arena);
    free(f);
    return 0;
}

static const char *file(struct fixture *f, const char *name, const char *text)
{
    const char *path = arena_printf(&f->arena, "%s/%s", f->folder, name);
    FILE *out = fopen(path, "wb");
    assert_non_null(out);
    fputs(text, out);
    fclose(out);
    return path;
}

static const char *said(struct fixture *f)
{
    char *out = NULL;
    size_t n = 0;
    FILE *stream = open_memstream(&out, &n);
    report_flush(f->report, stream, false, false);
    fclose(stream);
    const char *copy = arena_strdup(&f->arena, out);
    free(out);
    return copy;
}

static struct graph *try_build(struct fixture *f, const char *text)
{
    struct preset *p = preset_parse(&f->arena, arena_printf(&f->arena, "%s/t.ini", f->folder), text,
                                    strlen(text), NULL, 0, f->report);
    return graph_build(&f->arena, p, f->registry, &f->options, f->report);
}

static struct graph *build(struct fixture *f, const char *text)
{
    struct graph *g = try_build(f, text);
    if (!g || report_count(f->report, SEV_NOTE))
        fail_msg("%s", said(f));
    return g;
}

static void assert_said(struct fixture *f, const char *text, const char *const *parts)
{
    struct graph *g = try_build(f, text);
    const bool errors = report_count(f->report, SEV_ERROR);
    const char *all = said(f);
    if (errors == (g != NULL))
        fail_msg("a graph with errors, or none without:\n%s", all);
    for (; *parts; parts++)
        if (!strstr(all, *parts))
            fail_msg("'%s' is missing in:\n%s", *parts, all);
}
#define assert_says(f, text, ...) assert_said(f, text, (const char *const[]){__VA_ARGS__, NULL})

static const struct node *node(const struct graph *g, const char *name)
{
    const uint32_t i = graph_find(g, name);
    assert_int_not_equal(i, UINT32_MAX);
    assert_int_equal(g->nodes[i].index, i);
    return &g->nodes[i];
}

static const char *fed_by(const struct graph *g, const char *name, uint32_t port)
{
    const struct node *n = node(g, name);
    return n->inputs[port].count ? g->nodes[n->inputs[port].wires[0].node].name : "";
}

static bool has(const char *text, const char *part)
{
    return strstr(text, part) != NULL;
}

/* ---- wires ---- */

static void a_chain_needs_no_wires_and_is_saved(void **state)
{
    struct fixture *f = *state;
    const struct graph *g =
        build(f, "[photo]\nfilter = load\n[a]\nfilter = soft\n[b]\nfilter = soft\nsigma = 3px\n");
    assert_int_equal(g->node_count, 4);
    assert_string_equal(fed_by(g, "a", 0), "photo");
    assert_string_equal(fed_by(g, "b", 0), "a");
    assert_string_equal(fed_by(g, "save", 0), "b");
    assert_string_equal(node(g, "save")->param_text[0], "{stem}.png");
    assert_true(node(g, "b")->params[0].f == 3);
    assert_true(node(g, "a")->params[0].f == 2);
    assert_null(node(g, "a")->param_text[0]);
    assert_int_equal(g->item_node, graph_find(g, "photo"));
    assert_int_equal(node(g, "b")->phase, PHASE_ITEM);
}

static void explicit_wires_go_where_they_say(void **state)
{
    struct fixture *f = *state;
    const struct graph *g =
        build(f, "[photo]\nfilter = load\n[a]\nfilter = soft\n[m]\nfilter = mix\nin.layer = a.out\n"
                 "in.base = photo\nin.mask = a\n");
    assert_string_equal(fed_by(g, "m", 0), "photo");
    assert_string_equal(fed_by(g, "m", 1), "a");
    assert_string_equal(fed_by(g, "m", 2), "a");
    g = build(f,
              "[photo]\nfilter = load\n[a]\nfilter = soft\n[m]\nfilter = mix\nin.base = photo\n");
    assert_string_equal(fed_by(g, "m", 1), "a"); /* the required one left open */
    g = build(f, "[photo]\nfilter = load\n[a]\nfilter = soft\n[m]\nfilter = mix\nin = photo\n");
    assert_string_equal(fed_by(g, "m", 0), "photo");
    assert_string_equal(fed_by(g, "m", 1), "a");
}

static void the_output_is_chosen_by_kind(void **state)
{
    struct fixture *f = *state;
    const struct graph *g =
        build(f, "[photo]\nfilter = load\n[m]\nfilter = measure\n[a]\nfilter = soft\nin = m\n"
                 "[t]\nfilter = save.table\nin = m\nname = {stem}.csv\n[o]\nfilter = save\nin = "
                 "a\nname = {stem}.png\n");
    assert_int_equal(node(g, "a")->inputs[0].wires[0].port, 1);
    assert_int_equal(node(g, "t")->inputs[0].wires[0].port, 0);
    assert_int_equal(node(g, "m")->wanted, 3);
    g = build(f,
              "[photo]\nfilter = load\n[m]\nfilter = measure\n[a]\nfilter = soft\nin = m.marked\n");
    assert_int_equal(node(g, "m")->wanted, 2);
}

static void many_values_keep_their_order(void **state)
{
    struct fixture *f = *state;
    const struct graph *g = build(
        f, "[photo]\nfilter = load\n[a]\nfilter = soft\n[s]\nfilter = sheets\nin = a photo a\n");
    const struct input *in = &node(g, "s")->inputs[1];
    assert_int_equal(in->count, 3);
    assert_string_equal(g->nodes[in->wires[0].node].name, "a");
    assert_string_equal(g->nodes[in->wires[1].node].name, "photo");
    assert_int_equal(in->gathers, 0);
}

static void nodes_run_in_order_of_sections_where_wires_allow(void **state)
{
    struct fixture *f = *state;
    const struct graph *g = build(
        f, "[late]\nfilter = soft\nin = early\n[photo]\nfilter = load\n[early]\nfilter = soft\n"
           "[end]\nfilter = mix\nin.base = late\nin.layer = early\n");
    assert_int_equal(graph_find(g, "photo"), 0);
    assert_int_equal(graph_find(g, "early"), 1);
    assert_int_equal(graph_find(g, "late"), 2);
    assert_int_equal(graph_find(g, "end"), 3);
}

static void wrong_wires_are_placed_and_mended(void **state)
{
    struct fixture *f = *state;
    assert_says(f, "[photo]\nfilter = load\n[a]\nfilter = soft\nin = foto\n", "E0202", ":5:6",
                "did you mean 'photo'?");
    assert_says(f, "[photo]\nfilter = load\n[a]\nfilter = soft\nin.imge = photo\n", "E0204", ":5:1",
                "did you mean 'in.image'?");
    assert_says(f, "[photo]\nfilter = load\n[a]\nfilter = soft\nin = photo.uot\n", "E0205", ":5:6",
                "did you mean 'photo.out'?");
    assert_says(f, "[photo]\nfilter = load\nin = photo\n", "E0204", "takes no input");
    assert_says(f, "[photo]\nfilter = load\n[a]\nfilter = soft\nin =\n", "E0202", "names no node");
    assert_says(f, "[photo]\nfilter = load\n[a]\nfilter = soft\nin = photo photo\n", "E0209");
    assert_says(f, "[photo]\nfilter = load\n[a]\nfilter = soft\nin.image = photo photo\n", "E0209",
                "takes one value, here are 2");
    assert_says(f, "[photo]\nfilter = load\n[a]\nfilter = soft\nin.image = photo\nin = photo\n",
                "E0209", ":6:1");
    assert_says(f, "[photo]\nfilter = load\n[a]\nfilter = soft\nall = photo\n", "E0223");
    assert_says(f, "[photo]\nfilter = load\n[a]\nfilter = soft\nall.image = photo\n", "E0223");
    assert_says(
        f, "[photo]\nfilter = load\n[s]\nfilter = sheets\nin.images = photo\nall.images = photo\n",
        "E0209", "wired twice");
}

static void kinds_must_match_and_the_way_between_is_shown(void **state)
{
    struct fixture *f = *state;
    assert_says(
        f, "[photo]\nfilter = load\n[s]\nfilter = sheets\nin.title = photo\nin.images = photo\n",
        "E0203", "'s.title' wants a table, 'photo' gives an image", ":5:12",
        "filter load, defined at", ":1", "measure");
    assert_says(f,
                "[photo]\nfilter = load\n[d]\nfilter = dataset\n[s]\nfilter = style\nin.net = "
                "d\nin.image = photo\n",
                "E0203", "wants an object impasto.model/1, 'd' gives an object impasto.dataset/1");
    assert_says(
        f, "[photo]\nfilter = load\n[o]\nfilter = save\nname = x.png\n[a]\nfilter = soft\nin = o\n",
        "E0203", "gives nothing");
    assert_says(f,
                "[photo]\nfilter = load\n[m]\nfilter = measure\n[a]\nfilter = soft\nin = m.table\n",
                "E0203", "'m.table' gives a table");
}

static void an_open_input_says_what_could_be_wired(void **state)
{
    struct fixture *f = *state;
    assert_says(f, "[photo]\nfilter = load\n[m]\nfilter = mix\n", "E0207",
                "'m.layer' needs an image", ":3:2", "in.layer = NODE");
    assert_says(f, "[a]\nfilter = soft\n", "E0207", "'a.image'");
    assert_says(f, "[photo]\nfilter = load\n[s]\nfilter = style\n",
                "'s.net' needs an object impasto.model/1");
}

static void circles_are_named_node_by_node(void **state)
{
    struct fixture *f = *state;
    assert_says(
        f, "[a]\nfilter = soft\nin = c\n[b]\nfilter = soft\nin = a\n[c]\nfilter = soft\nin = b\n",
        "E0206", "a -> b -> c -> a");
    assert_says(f, "[photo]\nfilter = load\n[a]\nfilter = soft\nin = a\n", "E0206", "a -> a");
}

/* ---- keys and filters ---- */

static void unknown_keys_and_filters_have_their_nearest(void **state)
{
    struct fixture *f = *state;
    assert_says(f, "[photo]\nfilter = load\n[a]\nfilter = soft\nsigam = 2\n", "E0107", ":5:1",
                "did you mean 'sigma'?", "soft has: sigma, edges");
    assert_says(f, "[photo]\nfilter = laod\n", "E0201", ":2:10", "did you mean 'load'?");
    assert_says(f, "[photo]\nfliter = load\n", "E0118", ":2:1", "did you mean 'filter'?");
    assert_says(f, "[photo]\npath = x\n", "E0118", ":1:2");
    assert_says(f, "[var]\na = x\n", "E0118", "did you mean [vars]?");
    assert_says(f, "[photo]\nfilter = load\n[m]\nfilter = measure\nimage = photo\n", "E0107",
                "write in.image = photo");
    assert_says(f, "[photo]\nfilter = load\n[a]\nfilter = soft\nprovider = nobody\n", "E0227",
                ":5:12");
    build(f, "[photo]\nfilter = load\nx-note = anything at all\n");
}

static void values_are_checked_with_their_places(void **state)
{
    struct fixture *f = *state;
    assert_says(f, "[photo]\nfilter = load\n[a]\nfilter = soft\nsigma = 2000\nedges = miror\n",
                "E0109", ":5:9", "E0110", ":6:9", "did you mean 'mirror'?");
    assert_says(f, "[photo]\nfilter = load\n[a]\nfilter = scale\n", "E0119", "needs 'width'",
                ":3:2", "add a line  width = ...");
}

static void all_mistakes_come_in_one_go(void **state)
{
    struct fixture *f = *state;
    assert_says(f,
                "junk\n[preset]\ntitel = x\n[photo]\nfilter = laod\n[a]\nfilter = soft\nsigma = "
                "x\nsgima = 1\nin = foto\n[b]\n",
                "E0102", "E0107", "'titel'", "E0201", "E0108", "'sgima'", "E0202", "E0118");
}

static void an_unknown_filter_draws_no_further_complaints(void **state)
{
    struct fixture *f = *state;
    try_build(f, "[photo]\nfilter = laod\nwhatever = 1\n[a]\nfilter = soft\n[b]\nfilter = soft\n");
    assert_int_equal(report_count(f->report, SEV_ERROR), 1);
}

static void files_that_are_read_must_be_there(void **state)
{
    struct fixture *f = *state;
    file(f, "waves.png", "x");
    const struct graph *g = build(f, "[style]\nfilter = load\npath = waves.png\n");
    assert_string_equal(node(g, "style")->params[0].s.ptr,
                        arena_printf(&f->arena, "%s/waves.png", f->folder));
    assert_false(node(g, "style")->takes_item);
    assert_says(f, "[style]\nfilter = load\npath = wvaes.png\n", "E0120", ":3:8",
                "did you mean 'waves.png'?");
    assert_says(f, "[style]\nfilter = load\npath = .\n", "E0120", "it is a folder");
}

static void models_are_sought_on_the_model_path_and_all_places_are_told(void **state)
{
    struct fixture *f = *state;
    const char *models = arena_printf(&f->arena, "%s/models", f->folder);
    const char *const path[] = {"/nonexistent/models", models};
    mkdir(models, 0700);
    file(f, "models/vgg.safetensors", "x");
    f->options.model_path = path;
    f->options.model_path_count = 2;
    static const char text[] = "[net]\nfilter = model\npath = vgg.safetensors\n[photo]\nfilter = "
                               "load\n[s]\nfilter = style\nin.net = net\n";
    const struct graph *g = build(f, text);
    assert_string_equal(node(g, "net")->params[0].s.ptr,
                        arena_printf(&f->arena, "%s/vgg.safetensors", models));
    assert_says(f, "[net]\nfilter = model\npath = no.onnx\n", "E0120",
                "sought as /nonexistent/models/no.onnx",
                arena_printf(&f->arena, "sought as %s/no.onnx", f->folder));
}

static void other_keys_go_to_a_parameter_that_collects_them(void **state)
{
    struct fixture *f = *state;
    const struct graph *g =
        build(f, "[face]\nfilter = face\nhair = blond 0.7\nseed = 4\nx-note = no\nsmile = 1\n");
    const struct node *n = node(g, "face");
    assert_string_equal(n->params[1].s.ptr, "hair=blond 0.7\nsmile=1\n");
    assert_int_equal(n->other_count, 2);
    assert_int_equal(n->other_at[1].line, 6);
    assert_int_equal(n->params[0].i, 4);
}

/* ---- phases ---- */

static void what_depends_on_no_picture_is_constant(void **state)
{
    struct fixture *f = *state;
    const struct graph *g = build(f, "[face]\nfilter = face\n[a]\nfilter = soft\n[photo]\nfilter = "
                                     "load\n[m]\nfilter = mix\nin.base = a\n");
    assert_int_equal(node(g, "a")->phase, PHASE_CONSTANT);
    assert_int_equal(node(g, "m")->phase, PHASE_ITEM);
}

static void gathering_makes_a_phase_of_its_own(void **state)
{
    struct fixture *f = *state;
    const struct graph *g = build(f, "[photo]\nfilter = load\n[a]\nfilter = soft\n[sheet]\nfilter "
                                     "= sheets\nall = a\n[small]\nfilter = scale\nwidth = 9\n");
    assert_true(g->has_gather);
    assert_true(node(g, "sheet")->inputs[1].gathers);
    assert_int_equal(node(g, "sheet")->phase, PHASE_GATHER);
    assert_int_equal(node(g, "small")->phase, PHASE_GATHER);
    assert_int_equal(node(g, "a")->phase, PHASE_ITEM);
}

static void no_picture_depends_on_what_gathers(void **state)
{
    struct fixture *f = *state;
    assert_says(f,
                "[photo]\nfilter = load\n[sheet]\nfilter = sheets\nall = photo\n[m]\nfilter = "
                "mix\nin.base = photo\nin.layer = sheet\n",
                "E0208", "'m' is made once", ":8:11");
    assert_says(f,
                "[photo]\nfilter = load\n[sheet]\nfilter = sheets\nall = photo\n[again]\nfilter = "
                "sheets\nall = sheet\n",
                "E0208", "write in instead of all");
}

static void pictures_and_presets_must_agree(void **state)
{
    struct fixture *f = *state;
    f->options.have_pictures = true;
    assert_says(f, "[face]\nfilter = face\n", "E0210", "takes none");
    build(f, "[photo]\nfilter = load\n");
}

/* ---- what runs ---- */

static void what_feeds_nothing_is_left_out_with_a_warning(void **state)
{
    struct fixture *f = *state;
    static const char text[] = "[photo]\nfilter = load\n[side]\nfilter = soft\n[a]\nfilter = "
                               "soft\nin = photo\n[out]\nfilter = save\nname = x-{stem}.png\n";
    const struct graph *g = try_build(f, text);
    assert_non_null(g);
    assert_false(node(g, "side")->pass);
    assert_true(node(g, "a")->pass && node(g, "out")->writes);
    const char *text_said = said(f);
    assert_true(has(text_said, "warning[W0224]") && has(text_said, ":3:2") &&
                has(text_said, "'side'"));
}

static void until_runs_what_its_node_needs_and_saves_it(void **state)
{
    struct fixture *f = *state;
    static const char text[] = "[photo]\nfilter = load\n[a]\nfilter = soft\n[b]\nfilter = "
                               "soft\n[out]\nfilter = save\nname = {stem}.jpg\n";
    f->options.until = "a";
    const struct graph *g = build(f, text);
    assert_true(node(g, "a")->pass && node(g, "save")->pass);
    assert_false(node(g, "b")->pass || node(g, "out")->pass);
    assert_string_equal(fed_by(g, "save", 0), "a");
    f->options.until = "out";
    g = build(f, text);
    assert_true(node(g, "out")->pass);
    assert_int_equal(graph_find(g, "save"), UINT32_MAX);
    f->options.until = "ot";
    assert_says(f, text, "E0220", "did you mean 'out'?");
}

static void a_name_that_is_taken_is_not_taken_again(void **state)
{
    struct fixture *f = *state;
    const struct graph *g = build(f, "[photo]\nfilter = load\n[save]\nfilter = soft\n");
    assert_string_equal(fed_by(g, "save-2", 0), "save");
}

static void a_last_table_is_saved_as_csv_and_a_model_is_not_saved(void **state)
{
    struct fixture *f = *state;
    const struct graph *g = build(f, "[photo]\nfilter = load\n[m]\nfilter = measure\n");
    assert_string_equal(node(g, "save")->param_text[0], "{stem}.png"); /* an image first */
    g = build(f, "[photo]\nfilter = load\n[c]\nfilter = count\n");
    assert_string_equal(node(g, "save")->param_text[0], "{stem}.csv");
    assert_says(f, "[d]\nfilter = dataset\n", "E0221");
    assert_says(f, "", "E0221", "no nodes");
}

static void names_are_checked_as_templates(void **state)
{
    struct fixture *f = *state;
    assert_says(f, "[photo]\nfilter = load\n[out]\nfilter = save\nname = {stme}.png\n", "E021",
                ":5:");
    build(f, "[photo]\nfilter = load\n[a]\nfilter = soft\n[out]\nfilter = save\nname = "
             "{stem}-{a.sigma}.png\n");
}

/* ---- recipes, resolved text ---- */

static struct hash recipe(struct fixture *f, const char *text, const char *name)
{
    struct graph *g = build(f, text);
    assert_true(graph_hash(g, f->report));
    assert_true(hash_known(g->recipe));
    return node(g, name)->recipe;
}

static void recipes_change_with_what_a_value_follows_from(void **state)
{
    struct fixture *f = *state;
    static const char base[] =
        "[photo]\nfilter = load\n[a]\nfilter = soft\nsigma = 3\n[b]\nfilter = soft\n";
    const struct hash a = recipe(f, base, "a"), b = recipe(f, base, "b");
    assert_true(hash_equal(a, recipe(f,
                                     "; note\n[photo]\nfilter = load\n\n[a]\nfilter = soft\nsigma "
                                     "= 3.0px\nx-y = 1\n[b]\nfilter = soft\n",
                                     "a")));
    static const char other[] =
        "[photo]\nfilter = load\n[a]\nfilter = soft\nsigma = 4\n[b]\nfilter = soft\n";
    assert_false(hash_equal(a, recipe(f, other, "a")));
    assert_false(hash_equal(b, recipe(f, other, "b"))); /* downstream */
    static const char down[] = "[photo]\nfilter = load\n[a]\nfilter = soft\nsigma = 3\n[b]\nfilter "
                               "= soft\nedges = repeat\n";
    assert_true(hash_equal(a, recipe(f, down, "a")));
    assert_false(hash_equal(b, recipe(f, down, "b")));
    struct graph *g = build(f, base);
    g->exact = true; /* kernels that give other last bits */
    assert_true(graph_hash(g, f->report));
    assert_false(hash_equal(a, g->nodes[graph_find(g, "a")].recipe));
}

static void recipes_follow_the_content_of_files(void **state)
{
    struct fixture *f = *state;
    static const char text[] = "[style]\nfilter = load\npath = s.png\n";
    file(f, "s.png", "one");
    const struct hash one = recipe(f, text, "style");
    file(f, "s.png", "two");
    const struct hash two = recipe(f, text, "style");
    file(f, "s.png", "one");
    assert_false(hash_equal(one, two));
    assert_true(hash_equal(one, recipe(f, text, "style")));
    struct graph *g = build(f, text);
    unlink(arena_printf(&f->arena, "%s/s.png", f->folder));
    assert_false(graph_hash(g, f->report));
    assert_true(has(said(f), "E0120"));
}

static void the_resolved_text_makes_the_same_graph(void **state)
{
    struct fixture *f = *state;
    file(f, "s.png", "one");
    static const char text[] = "[preset]\ntitle = T\n[vars]\ns = 3\n[style]\nfilter = load\npath = "
                               "s.png\n[photo]\nfilter = load\n[a]\nfilter = soft\n"
                               "sigma = ${s}\n[face]\nfilter = face\nhair = blond\nseed = "
                               "2\n[m]\nfilter = mix\nin.base = a\nin.mask = style\n"
                               "[s]\nfilter = sheets\nall = m\n[one]\nfilter = sheets\nin = style "
                               "face\n[o]\nfilter = save\nin = s\nname = all.png\n"
                               "[p]\nfilter = save\nin = one\nname = o.png\n";
    struct graph *g = build(f, text);
    assert_true(graph_hash(g, f->report));
    for (int origins = 0; origins < 2; origins++) {
        struct text out = {0};
        graph_resolved(g, origins, &out);
        struct preset *p =
            preset_parse(&f->arena, "/elsewhere/r.ini", out.data, out.size, NULL, 0, f->report);
        struct graph *again = graph_build(&f->arena, p, f->registry, &f->options, f->report);
        if (!again)
            fail_msg("%s\n%s", out.data, said(f));
        assert_true(graph_hash(again, f->report));
        assert_int_equal(again->node_count, g->node_count);
        assert_true(hash_equal(again->recipe, g->recipe));
        for (uint32_t i = 0; i < g->node_count; i++)
            assert_true(hash_equal(node(again, g->nodes[i].name)->recipe, g->nodes[i].recipe));
        assert_int_equal(has(out.data, "; edges = mirror ; default"), origins);
        assert_true(has(out.data, "title = T"));
        text_free(&out);
    }
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(a_chain_needs_no_wires_and_is_saved),
        CASE(explicit_wires_go_where_they_say),
        CASE(the_output_is_chosen_by_kind),
        CASE(many_values_keep_their_order),
        CASE(nodes_run_in_order_of_sections_where_wires_allow),
        CASE(wrong_wires_are_placed_and_mended),
        CASE(kinds_must_match_and_the_way_between_is_shown),
        CASE(an_open_input_says_what_could_be_wired),
        CASE(circles_are_named_node_by_node),
        CASE(unknown_keys_and_filters_have_their_nearest),
        CASE(values_are_checked_with_their_places),
        CASE(all_mistakes_come_in_one_go),
        CASE(an_unknown_filter_draws_no_further_complaints),
        CASE(files_that_are_read_must_be_there),
        CASE(models_are_sought_on_the_model_path_and_all_places_are_told),
        CASE(other_keys_go_to_a_parameter_that_collects_them),
        CASE(what_depends_on_no_picture_is_constant),
        CASE(gathering_makes_a_phase_of_its_own),
        CASE(no_picture_depends_on_what_gathers),
        CASE(pictures_and_presets_must_agree),
        CASE(what_feeds_nothing_is_left_out_with_a_warning),
        CASE(until_runs_what_its_node_needs_and_saves_it),
        CASE(a_name_that_is_taken_is_not_taken_again),
        CASE(a_last_table_is_saved_as_csv_and_a_model_is_not_saved),
        CASE(names_are_checked_as_templates),
        CASE(recipes_change_with_what_a_value_follows_from),
        CASE(recipes_follow_the_content_of_files),
        CASE(the_resolved_text_makes_the_same_graph),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
