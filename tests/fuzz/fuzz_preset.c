/* fuzz_preset.c - any bytes as a preset: read, built, resolved; no crash, no leak, no hang; what is
 * valid resolves to a text that is valid again. Includes and files outside are not opened: paths
 * that exist are few and the text cannot write. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <impasto/kit.h>
#include "builtin.h"
#include "graph.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static imp_status process(void *instance, imp_job *job, imp_error *err) IMP_NX
{
    (void)instance;
    (void)job;
    return imp_fail(err, IMP_E_FAILED, "never run");
}

static const imp_param params[] = {
    {.key = "amount", .type = IMP_FLOAT, .def = 2, .min = 0.1, .max = 1000, .unit = "px"},
    {.key = "count", .type = IMP_INT, .def = 1, .min = 1, .max = 9},
    {.key = "mode", .type = IMP_CHOICE, .choices = "mirror|repeat"},
    {.key = "layers", .type = IMP_NAMES, .def_text = "a b"},
    {.key = "weights", .type = IMP_NUMBERS},
    {.key = "colour", .type = IMP_COLOUR, .def_text = "red"},
    {.key = "on", .type = IMP_BOOL},
    {.key = "page", .type = IMP_PATH, .flags = IMP_PARAM_WRITTEN},
    {.key = "others", .type = IMP_TEXT, .flags = IMP_PARAM_OTHERS},
};
static const imp_port inputs[] = {
    {.name = "base", .kind = IMP_IMAGE},
    {.name = "table", .kind = IMP_TABLE, .flags = IMP_PORT_OPTIONAL},
    {.name = "many", .kind = IMP_IMAGE, .flags = IMP_PORT_OPTIONAL | IMP_PORT_MANY}};
static const imp_port outputs[] = {{.name = "out", .kind = IMP_IMAGE},
                                   {.name = "table", .kind = IMP_TABLE}};
static const imp_filter any = {.struct_size = sizeof any,
                               .id = "any",
                               .summary = "of the fuzzer",
                               .params = params,
                               .param_count = 9,
                               .param_stride = sizeof *params,
                               .inputs = inputs,
                               .input_count = 3,
                               .input_stride = sizeof *inputs,
                               .outputs = outputs,
                               .output_count = 2,
                               .output_stride = sizeof *outputs,
                               .process = process};

static struct registry *open_registry(struct report *report)
{
    const struct registry_options none = {.plugin_path = "",
                                          .program_path = "/nonexistent/bin/impasto"};
    const imp_filter *all[16] = {0};
    size_t n = 0;
    struct registry *r = registry_open(&none, report);
    if (!r)
        abort();
    for (const imp_filter *const *p = builtin_filters(); *p && n < 14; p++)
        all[n++] = *p;
    all[n] = &any;
    registry_add_builtin(r, all);
    return r;
}

/* What the graph resolves to must build again, with the same recipe. */
static void check_resolved(struct arena *a, struct graph *g, struct registry *registry,
                           struct report *report)
{
    const struct graph_options options = {0};
    struct text text = {0};
    if (!graph_hash(g, report))
        return; /* a file that cannot be read */
    graph_resolved(g, true, &text);
    struct preset *p = preset_parse(a, "/resolved.ini", text.data, text.size, NULL, 0, report);
    struct graph *again = graph_build(a, p, registry, &options, report);
    if (!again || !graph_hash(again, report) || !hash_equal(again->recipe, g->recipe)) {
        fwrite(text.data, 1, text.size, stderr);
        report_flush(report, stderr, false, false);
        abort();
    }
    text_free(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct graph_options options = {0};
    /* The last line, if it starts with "--set ", is one. */
    const char *text = (const char *)data;
    struct arena a;
    struct preset_set set = {NULL, FROM_SET};
    arena_init(&a);
    size_t at = size;
    while (at > 0 && text[at - 1] != '\n')
        at--;
    if (size - at > 6 && memcmp(text + at, "--set ", 6) == 0) {
        set.text = arena_strndup(&a, text + at + 6, size - at - 6);
        size = at;
    }
    struct report *report = report_new();
    struct registry *registry = open_registry(report);
    struct preset *p = preset_parse(&a, "/fuzz.ini", text, size, &set, set.text != NULL, report);
    struct graph *g = graph_build(&a, p, registry, &options, report);
    if ((g == NULL) != (report_count(report, SEV_ERROR) > 0))
        abort();
    if (g)
        check_resolved(&a, g, registry, report);
    FILE *sink = fopen("/dev/null", "w");
    if (sink) {
        report_flush(report, sink, true, size % 2);
        fclose(sink);
    }
    registry_close(registry);
    report_free(report);
    arena_fini(&a);
    return 0;
}
