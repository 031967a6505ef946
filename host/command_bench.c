/* command_bench.c - `impasto bench`: each picture once to warm up, then measured runs, one at a
 * time, through the engine alone: no names, journal or fsync in the figures. Files go to a folder
 * that is thrown away. */
#define _GNU_SOURCE /* ru_maxrss's documentation: getrusage */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include "batch.h"
#include "command.h"
#include "files.h"
#include "jsonline.h"

struct series {
    double *ms;
    size_t count;
    uint64_t bytes;
    bool once;
};
struct bench {
    struct command *c;
    struct graph *graph;
    struct engine *engine;
    struct codecs *codecs;
    struct items items;
    struct series *nodes, total; /* by node; of whole items */
    struct node_time *times;
    struct written *written;
    size_t written_count, runs;
    const char *folder;
    unsigned threads;
};

static double now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static int by_value(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* The value that a part q of the sorted series lies below (nearest rank). */
static double quantile(const struct series *s, double q)
{
    if (!s->count)
        return 0;
    size_t rank = (size_t)(q * (double)s->count + 0.999999);
    rank = rank < 1 ? 1 : rank > s->count ? s->count : rank;
    return s->ms[rank - 1];
}

/* ---- where nodes write to ---- */

static const char *ending_of(const char *template)
{
    const char *slash = strrchr(template, '/'), *dot = strrchr(template, '.');
    if (slash && !slash[1])
        return "/";
    return dot && (!slash || dot > slash) ? dot : "";
}

/* Temporary names for what the nodes of one phase write, in a fresh folder. */
static bool choose_files(struct bench *b, bool (*wanted)(const struct node *))
{
    b->written_count = 0;
    if (!files_remove_tree(b->folder) && errno != ENOENT)
        return false;
    if (!files_make_folder(b->folder))
        return false;
    for (uint32_t i = 0; i < b->graph->node_count; i++) {
        const struct node *n = &b->graph->nodes[i];
        for (uint32_t p = 0; n->pass && n->writes && wanted(n) && p < n->filter->desc.param_count;
             p++) {
            if (!(n->filter->desc.params[p].flags & IMP_PARAM_WRITTEN) || !n->params[p].s.len)
                continue;
            const char *temp = arena_printf(b->c->arena, "%s/%u-%u%s", b->folder, i, p,
                                            ending_of(n->params[p].s.ptr));
            if (temp[strlen(temp) - 1] == '/' && !files_make_folder(temp))
                return false;
            b->written[b->written_count++] = (struct written){.node = i, .param = p, .temp = temp};
        }
    }
    return true;
}

static bool is_constant(const struct node *n)
{
    return n->phase == PHASE_CONSTANT;
}
static bool is_item(const struct node *n)
{
    return n->phase == PHASE_ITEM;
}
static bool is_gather(const struct node *n)
{
    return n->phase == PHASE_GATHER;
}

/* ---- measuring ---- */

static void take_times(struct bench *b, bool (*wanted)(const struct node *))
{
    for (uint32_t i = 0; i < b->graph->node_count; i++) {
        struct series *s = &b->nodes[i];
        if (!wanted(&b->graph->nodes[i]) || !b->times[i].ran)
            continue;
        s->ms[s->count++] = b->times[i].ms;
        s->bytes = b->times[i].bytes > s->bytes ? b->times[i].bytes : s->bytes;
        s->once = !is_item(&b->graph->nodes[i]);
    }
}

static int failed(struct bench *b, const struct outcome *o, const char *path)
{
    if (o->status == IMP_CANCELLED)
        return 130;
    struct fault *f =
        report_add(b->c->report, SEV_ERROR, o->code[0] ? o->code : "E0601", NULL, "%s", o->text);
    if (path)
        fault_note(f, "picture: %s", path);
    return 1;
}

static struct hash identity_of(size_t item)
{
    struct hasher *h = hash_new();
    hash_text(h, "bench");
    hash_u64(h, item);
    return hash_end(h);
}

static int run_item(struct bench *b, size_t i, bool measured)
{
    const struct item *item = b->items.count ? &b->items.list[i] : NULL;
    struct outcome o = {.times = b->times, .node = UINT32_MAX};
    if (!choose_files(b, is_item))
        return 5;
    memset(b->times, 0, b->graph->node_count * sizeof *b->times);
    const struct item_call call = {.path = item ? item->path : NULL,
                                   .stem = item ? item->stem : "bench",
                                   .label = item ? item->stem : "bench",
                                   .identity = identity_of(i),
                                   .written = b->written,
                                   .written_count = b->written_count};
    const double start = now_ms();
    if (engine_item(b->engine, 0, &call, &o) != IMP_OK)
        return failed(b, &o, item ? item->path : NULL);
    if (measured) {
        b->total.ms[b->total.count++] = now_ms() - start;
        take_times(b, is_item);
    }
    return 0;
}

static int run_items(struct bench *b)
{
    const size_t n = b->items.count ? b->items.count : 1;
    for (size_t run = 0; run <= b->runs; run++)
        for (size_t i = 0; i < n; i++) {
            const int status = run_item(b, i, run > 0);
            if (status)
                return status;
        }
    return 0;
}

static int run_once(struct bench *b)
{
    struct outcome o = {.times = b->times, .node = UINT32_MAX};
    memset(b->times, 0, b->graph->node_count * sizeof *b->times);
    if (!choose_files(b, is_constant))
        return 5;
    if (engine_constants(b->engine, b->written, b->written_count, &o) != IMP_OK)
        return failed(b, &o, NULL);
    take_times(b, is_constant);
    return 0;
}

static int run_gather(struct bench *b)
{
    const size_t n = b->items.count ? b->items.count : 1;
    struct outcome o = {.times = b->times, .node = UINT32_MAX};
    struct hash *identities = arena_alloc(b->c->arena, n, sizeof *identities);
    const char **labels = arena_alloc(b->c->arena, n, sizeof *labels);
    if (!b->graph->has_gather)
        return 0;
    for (size_t i = 0; i < n; i++) {
        identities[i] = identity_of(i);
        labels[i] = b->items.count ? b->items.list[i].stem : "bench";
    }
    memset(b->times, 0, b->graph->node_count * sizeof *b->times);
    if (!choose_files(b, is_gather))
        return 5;
    if (engine_gather(b->engine, identities, labels, n, b->written, b->written_count, &o) != IMP_OK)
        return failed(b, &o, NULL);
    take_times(b, is_gather);
    return 0;
}

/* ---- telling ---- */

static uint64_t peak_rss(void)
{
    struct rusage usage;
    return getrusage(RUSAGE_SELF, &usage) ? 0 : (uint64_t)usage.ru_maxrss * 1024;
}

static void print_table(struct bench *b)
{
    FILE *out = b->c->out;
    char text[32];
    const double total = quantile(&b->total, 0.5);
    fprintf(out, "%-16s %-16s %10s %10s %6s %10s\n", "node", "filter", "median ms", "p90 ms",
            "share", "memory");
    for (uint32_t i = 0; i < b->graph->node_count; i++) {
        const struct series *s = &b->nodes[i];
        const double median = quantile(s, 0.5);
        if (!s->count)
            continue;
        fprintf(out, "%-16s %-16s %10.2f %10.2f ", b->graph->nodes[i].name,
                b->graph->nodes[i].filter->desc.id, median, quantile(s, 0.9));
        if (s->once)
            fprintf(out, "%6s", "once");
        else
            fprintf(out, "%4.0f %%", total > 0 ? 100 * median / total : 0);
        fprintf(out, " %10s\n", print_bytes(s->bytes, text));
    }
    fprintf(out, "%-33s %10.2f %10.2f\n", "a whole picture", total, quantile(&b->total, 0.9));
    fprintf(out, "\n%zu measured runs, %u threads, values in memory at most %s, ", b->total.count,
            b->threads, print_bytes(memory_peak(engine_memory(b->engine)), text));
    fprintf(out, "the process %s\n", print_bytes(peak_rss(), text));
}

static void print_json(struct bench *b)
{
    struct text t = {0};
    for (uint32_t i = 0; i < b->graph->node_count; i++) {
        const struct series *s = &b->nodes[i];
        if (!s->count)
            continue;
        json_begin(&t, "impasto.bench/1", "node");
        json_text(&t, "node", b->graph->nodes[i].name);
        json_text(&t, "filter", b->graph->nodes[i].filter->desc.id);
        json_number(&t, "median_ms", quantile(s, 0.5));
        json_number(&t, "p90_ms", quantile(s, 0.9));
        json_count(&t, "bytes", s->bytes);
        json_bool(&t, "once", s->once);
        json_count(&t, "runs", s->count);
        json_end(&t);
    }
    json_begin(&t, "impasto.bench/1", "summary");
    json_number(&t, "median_ms", quantile(&b->total, 0.5));
    json_number(&t, "p90_ms", quantile(&b->total, 0.9));
    json_count(&t, "runs", b->total.count);
    json_count(&t, "threads", b->threads);
    json_count(&t, "memory_peak", memory_peak(engine_memory(b->engine)));
    json_count(&t, "rss_peak", peak_rss());
    json_end(&t);
    fputs(t.data, b->c->out);
    text_free(&t);
}

/* ---- putting it together ---- */

static bool prepare_series(struct bench *b)
{
    const size_t items = b->items.count ? b->items.count : 1;
    struct arena *arena = b->c->arena;
    b->nodes = arena_alloc(arena, b->graph->node_count, sizeof *b->nodes);
    b->times = arena_alloc(arena, b->graph->node_count, sizeof *b->times);
    size_t written = 0;
    for (uint32_t i = 0; i < b->graph->node_count; i++) {
        b->nodes[i].ms = arena_alloc(arena, items * b->runs, sizeof(double));
        written += b->graph->nodes[i].filter->desc.param_count;
    }
    b->total.ms = arena_alloc(arena, items * b->runs, sizeof(double));
    b->written = arena_alloc(arena, written + 1, sizeof *b->written);
    const char *tmp = getenv("TMPDIR");
    char *folder = arena_printf(arena, "%s/impasto-bench-XXXXXX", tmp && *tmp ? tmp : "/tmp");
    if (!mkdtemp(folder)) {
        report_add(b->c->report, SEV_ERROR, "E0505", NULL, "no temporary folder %s: %s", folder,
                   strerror(errno));
        return false;
    }
    b->folder = arena_printf(arena, "%s/files", folder);
    return true;
}

static int plan(struct bench *b)
{
    const size_t n = b->items.count;
    imp_picture *sizes = arena_alloc(b->c->arena, n + 1, sizeof *sizes);
    struct estimate estimate;
    char text[160];
    for (size_t i = 0; i < n; i++) {
        imp_error error = {sizeof error, sizeof text, text, -1, -1};
        sizes[i].struct_size = sizeof *sizes;
        if (engine_probe(b->engine, b->items.list[i].path, &sizes[i], &error) != IMP_OK) {
            report_add(b->c->report, SEV_ERROR, "E0702", NULL, "%s: %s", b->items.list[i].path,
                       text);
            return 1;
        }
    }
    engine_plan(b->engine, 0, sizes, n, &estimate, b->c->report);
    return report_exit_status(b->c->report);
}

static int measure(struct bench *b)
{
    struct command *c = b->c;
    const struct settings *s = c->settings;
    b->threads = s->threads ? s->threads : pool_processors();
    char *state = arena_strndup(c->arena, b->folder, strlen(b->folder) - strlen("/files"));
    const struct engine_options options = {.threads = b->threads,
                                           .isolate = c->settings->isolate,
                                           .untrusted = c->settings->untrusted,
                                           .silence = c->settings->silence,
                                           .jobs = 1,
                                           .mem = s->mem,
                                           .state = state,
                                           .metadata = !s->private_,
                                           .stop = c->stop};
    b->engine = engine_new(c->registry, b->codecs, &options, c->report);
    if (!b->engine)
        return 5;
    engine_add(b->engine, b->graph);
    engine_begin(b->engine);
    int status = plan(b);
    if (!status)
        status = run_once(b);
    if (!status)
        status = run_items(b);
    if (!status)
        status = run_gather(b);
    for (uint32_t i = 0; i < b->graph->node_count; i++)
        qsort(b->nodes[i].ms, b->nodes[i].count, sizeof(double), by_value);
    qsort(b->total.ms, b->total.count, sizeof(double), by_value);
    if (!status && command_has(c, OPT_JSON))
        print_json(b);
    else if (!status)
        print_table(b);
    engine_free(b->engine);
    files_remove_tree(state);
    return status;
}

static bool read_runs(struct bench *b)
{
    const char *text = command_text(b->c, OPT_RUNS);
    long long n = 7;
    if (text && (!parse_integer(text, &n) || n < 1 || n > 10000)) {
        command_usage(b->c, "a whole number, 1 .. 10000", "--runs: '%s' is no number of runs",
                      text);
        return false;
    }
    b->runs = (size_t)n;
    return true;
}

int command_bench(struct command *c)
{
    struct bench b = {.c = c};
    struct batch_options options;
    struct preset *preset;
    int status = 5;
    if (!read_runs(&b))
        return 2;
    command_batch_options(c, &options);
    if (!(b.graph = command_graph(c, options.preset, &preset, &status)))
        return status;
    if (!(b.codecs = codecs_open(c->registry, NULL, c->settings->exact, c->report)))
        return 5;
    const bool takes =
        b.graph->item_node != UINT32_MAX && b.graph->nodes[b.graph->item_node].takes_item;
    if (takes != (options.input_count > 0))
        status = command_usage(c, NULL,
                               takes ? "this preset needs a picture to be measured with"
                                     : "this preset takes no picture, but '%s' is given",
                               takes ? "" : options.inputs[0]);
    else if (takes && !items_collect(c->arena, &options, b.codecs, &b.items, c->report))
        status = 2;
    else if (prepare_series(&b))
        status = measure(&b);
    codecs_close(b.codecs);
    return status;
}
