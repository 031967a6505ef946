/* prune_report.c - the filter prune.report: what a pruning did, on one page that needs nothing
 * else. */
#include "filters_pruner.h"
#include <errno.h>
#include <impasto/kit_train.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { PAGE, TITLE };
enum { HISTORY, WIDTHS, UNITS, ANSWERS };

static const imp_param params[] = {
    {.key = "page",
     .type = IMP_PATH,
     .flags = IMP_PARAM_WRITTEN,
     .def_text = "pruning.html",
     .help = "Where the page is written, below the output folder."},
    {.key = "title", .type = IMP_TEXT, .def_text = "Pruning", .help = "Heading of the page."},
};
static const imp_port inputs[] = {
    {.name = "history", .kind = IMP_TABLE, .help = "Of prune."},
    {.name = "widths", .kind = IMP_TABLE, .flags = IMP_PORT_OPTIONAL, .help = "Of prune."},
    {.name = "units", .kind = IMP_TABLE, .flags = IMP_PORT_OPTIONAL, .help = "Of prune."},
    {.name = "answers", .kind = IMP_TABLE, .flags = IMP_PORT_OPTIONAL, .help = "Of prune."},
};

static imp_status create(const imp_host *host, const imp_filter *self, const imp_cell *cells,
                         void **instance, imp_error *err) IMP_NX
{
    union {
        const imp_cell *in;
        void *out;
    } same = {.in = cells};
    (void)host, (void)self, (void)err;
    *instance = same.out;
    return IMP_OK;
}

/* ---- columns of a table ---- */

static const imp_table *table_at(const imp_job *job, uint32_t port)
{
    return port < job->input_count ? (const imp_table *)(const void *)job->inputs[port] : NULL;
}

/* Number of a column of that type; UINT32_MAX: none. */
static uint32_t column_of(const imp_table *t, const char *name)
{
    for (uint32_t i = 0; i < t->column_count; i++)
        if (!strcmp(t->columns[i].name, name))
            return i;
    return UINT32_MAX;
}

static double number_at(const imp_table *t, uint64_t row, uint32_t column)
{
    const imp_cell *c = &t->cells[row * t->column_count + column];
    return t->columns[column].type == IMP_FLOAT ? c->f : (double)c->i;
}

static const char *text_at(const imp_table *t, uint64_t row, uint32_t column)
{
    return t->columns[column].type == IMP_TEXT ? t->cells[row * t->column_count + column].s.ptr
                                               : "";
}

/* A column as numbers in the job's memory; NULL: not there. */
static double *numbers_of(imp_job *job, const imp_table *t, const char *name)
{
    const uint32_t c = column_of(t, name);
    double *to = c == UINT32_MAX || t->columns[c].type == IMP_TEXT
                     ? NULL
                     : job->scratch(job, (t->row_count + 1) * sizeof *to);
    for (uint64_t i = 0; to && i < t->row_count; i++)
        to[i] = number_at(t, i, c);
    return to;
}

/* The columns that the page draws; a table of other origin is told which it lacks. */
static imp_status check(const imp_table *t, const char *what, const char *const *names,
                        int32_t port, imp_error *err)
{
    for (; *names; names++) {
        if (column_of(t, *names) != UINT32_MAX)
            continue;
        if (err)
            err->port = port;
        return imp_fail(err, IMP_E_INPUT, "the table %s has no column '%s': it is not one of prune",
                        what, *names);
    }
    return IMP_OK;
}

/* ---- plots ---- */

static void add_plot(kit_page *page, const char *title, const char *y, const kit_series *series,
                     uint32_t count, uint32_t flags, const char *caption)
{
    size_t size = 0;
    char *svg = kit_plot_lines(title, "step", y, series, count, flags, &size);
    if (svg)
        kit_page_picture(page, "image/svg+xml", svg, size, 720, 420, caption);
    free(svg);
}

/* Share of what there was at first. */
static double *relative(imp_job *job, const double *v, uint64_t n)
{
    double *to = job->scratch(job, (n + 1) * sizeof *to);
    for (uint64_t i = 0; to && i < n; i++)
        to[i] = v[0] > 0 ? 100 * v[i] / v[0] : NAN;
    return to;
}

static imp_status history_plots(kit_page *page, imp_job *job, const imp_table *t)
{
    const uint64_t n = t->row_count;
    double *x = numbers_of(job, t, "step"), *before = numbers_of(job, t, "error_before"),
           *after = numbers_of(job, t, "error");
    double *columns[] = {numbers_of(job, t, "parameters"), numbers_of(job, t, "macs"),
                         numbers_of(job, t, "ms"), numbers_of(job, t, "units")};
    static const char *const names[] = {"parameters", "multiply-accumulates", "measured time",
                                        "units"};
    kit_series shares[4];
    if (!x || !before || !after)
        return IMP_E_MEMORY;
    for (uint32_t i = 0; i < 4; i++) {
        const double *y = columns[i] ? relative(job, columns[i], n) : NULL;
        if (!y)
            return IMP_E_MEMORY;
        shares[i] = (kit_series){names[i], x, y, n};
    }
    const kit_series errors[] = {{"after fine-tuning", x, after, n},
                                 {"right after the cut", x, before, n}};
    add_plot(page, "What is left", "% of the network as it came", shares, 4, 0,
             "Units, parameters, work and measured time of a forward pass, step by step.");
    add_plot(page, "Error", "error", errors, 2, 0,
             "1 - accuracy, the loss, or the relative error of codes, as performance = says.");
    return IMP_OK;
}

/* Scores of each layer, sorted, as they come and unbiased: what a global choice compares. */
static imp_status unit_plots(kit_page *page, imp_job *job, const imp_table *t, const char *column,
                             const char *title, const char *caption)
{
    enum { MOST = 8 };
    const uint32_t layer = column_of(t, "layer"), value = column_of(t, column);
    kit_series series[MOST];
    uint32_t count = 0;
    for (uint64_t i = 0; i < t->row_count && count < MOST; count++) {
        const char *name = text_at(t, i, layer);
        uint64_t n = 0;
        while (i + n < t->row_count && !strcmp(text_at(t, i + n, layer), name))
            n++;
        double *x = job->scratch(job, n * sizeof *x), *y = job->scratch(job, n * sizeof *y);
        if (!x || !y)
            return IMP_E_MEMORY;
        for (uint64_t k = 0; k < n; k++) {
            const double v = number_at(t, i + k, value);
            uint64_t at = k;
            for (; at > 0 && y[at - 1] > v; at--) /* sorted by insertion: a few hundred units */
                y[at] = y[at - 1];
            y[at] = v;
        }
        for (uint64_t k = 0; k < n; k++)
            x[k] = n > 1 ? 100 * (double)k / (double)(n - 1) : 0;
        series[count] = (kit_series){name, x, y, n};
        i += n;
    }
    size_t size = 0;
    char *svg = kit_plot_lines(title, "units of the layer, % (weakest first)", column, series,
                               count, KIT_PLOT_LOG, &size);
    if (svg)
        kit_page_picture(page, "image/svg+xml", svg, size, 720, 420, caption);
    free(svg);
    return IMP_OK;
}

/* ---- the page ---- */

static void summary(kit_page *page, const imp_table *t)
{
    char text[400];
    uint64_t best = 0;
    const uint32_t good = column_of(t, "good"), params_ = column_of(t, "parameters"),
                   macs = column_of(t, "macs"), error = column_of(t, "error"),
                   ms = column_of(t, "ms");
    for (uint64_t i = 0; i < t->row_count; i++)
        best = number_at(t, i, good) != 0 ? i : best;
    snprintf(text, sizeof text,
             "After %llu steps: %.4g times fewer parameters (%.0f of %.0f), %.4g times fewer "
             "multiply-accumulates, "
             "%.3g of %.3g ms; error %.4g, %.4g at first. A multiply-accumulate counts once.",
             (unsigned long long)best, number_at(t, 0, params_) / number_at(t, best, params_),
             number_at(t, best, params_), number_at(t, 0, params_),
             number_at(t, 0, macs) / number_at(t, best, macs), number_at(t, best, ms),
             number_at(t, 0, ms), number_at(t, best, error), number_at(t, 0, error));
    kit_page_text(page, text);
}

/* Accuracy of samples that decided nothing, before and after; 95 % interval of the paired
 * difference. */
static void verdict(kit_page *page, const imp_table *t)
{
    char text[400];
    const uint32_t label = column_of(t, "class"), before = column_of(t, "before"),
                   after = column_of(t, "after");
    double was = 0, is = 0, moved = 0;
    const double n = (double)t->row_count;
    for (uint64_t i = 0; i < t->row_count; i++) {
        const double b = number_at(t, i, before) == number_at(t, i, label),
                     a = number_at(t, i, after) == number_at(t, i, label);
        was += b, is += a, moved += (a - b) * (a - b);
    }
    if (!t->row_count)
        return;
    const double mean = (is - was) / n, spread = sqrt(fmax(0, moved / n - mean * mean) / n);
    snprintf(
        text, sizeof text,
        "%.0f samples that decided nothing: accuracy %.2f %% before, %.2f %% after; difference "
        "%+.2f points, 95 %% interval %+.2f to %+.2f.",
        n, 100 * was / n, 100 * is / n, 100 * mean, 100 * (mean - 1.96 * spread),
        100 * (mean + 1.96 * spread));
    kit_page_text(page, text);
}

static imp_status write_whole(const char *path, const char *text, size_t size, imp_error *err)
{
    FILE *f = fopen(path, "wb");
    const bool fine = f && fwrite(text, 1, size, f) == size;
    const bool closed = f && fclose(f) == 0;
    return fine && closed ? IMP_OK
                          : imp_fail(err, IMP_E_IO, "cannot write the page: %s", strerror(errno));
}

static imp_status process(void *instance, imp_job *job, imp_error *err) IMP_NX
{
    static const char *const of_history[] = {"step",         "units", "parameters", "macs", "ms",
                                             "error_before", "error", "good",       NULL};
    static const char *const of_units[] = {"layer", "score", "unbiased", NULL};
    static const char *const of_answers[] = {"class", "before", "after", NULL};
    const imp_table *history = table_at(job, HISTORY), *widths = table_at(job, WIDTHS),
                    *units = table_at(job, UNITS), *answers = table_at(job, ANSWERS);
    (void)instance;
    imp_status st = check(history, "history", of_history, HISTORY, err);
    if (st == IMP_OK && units)
        st = check(units, "units", of_units, UNITS, err);
    if (st == IMP_OK && answers)
        st = check(answers, "answers", of_answers, ANSWERS, err);
    if (st == IMP_OK && !history->row_count)
        st = imp_fail(err, IMP_E_INPUT, "the history has no row");
    if (st != IMP_OK)
        return st;
    kit_page *page = kit_page_new(job->params[TITLE].s.ptr, "Gradual global pruning, step by step");
    if (!page)
        return IMP_E_MEMORY;
    summary(page, history);
    if (answers)
        verdict(page, answers);
    st = history_plots(page, job, history);
    if (st == IMP_OK && widths) {
        kit_page_heading(page, "Layers");
        kit_page_table(page, widths,
                       "Units of each layer before and after, and why a layer was left alone.");
    }
    if (st == IMP_OK && units) {
        kit_page_heading(page, "Scores at the first step");
        st = unit_plots(page, job, units, "score", "Scores as they come",
                        "Layers cannot be compared by them.");
        if (st == IMP_OK)
            st = unit_plots(page, job, units, "unbiased", "Scores, bias removed",
                            "The weakest of all layers go.");
    }
    kit_page_heading(page, "Steps");
    kit_page_table(page, history, "The history.");
    size_t size = 0;
    char *text = kit_page_finish(page, &size);
    if (st == IMP_OK)
        st = text ? write_whole(job->params[PAGE].s.ptr, text, size, err) : IMP_E_MEMORY;
    free(text);
    return st;
}

const imp_filter pr_filter_report = {
    .struct_size = sizeof(imp_filter),
    .flags = IMP_FILTER_DETERMINISTIC,
    .threads = IMP_PARALLEL,
    .params_version = 1,
    .id = "prune.report",
    .summary = "Tell on one page what a pruning did.",
    .help = "Plots of parameters, work, measured time and error by step; widths before and after; "
            "scores of layers before "
            "and after bias removal. The tables of prune are saved as CSV or JSON by save.table.",
    .params = IMP_LIST(params),
    .inputs = IMP_LIST(inputs),
    .create = create,
    .process = process,
};
