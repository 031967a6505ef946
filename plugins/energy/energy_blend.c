/* energy_blend.c - several tables of energies as one: mixtures of styles. */
#include "codes.h"
#include "shares.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { WEIGHTS, MEAN };
enum { MOST = 64 /* tables */ };

static const imp_param params[] = {
    {.key = "weights",
     .type = IMP_NUMBERS,
     .def_text = "",
     .help =
         "One for each table, not negative: `2 1` is two parts of the first. Empty: all alike."},
    {.key = "mean",
     .type = IMP_CHOICE,
     .choices = "arithmetic|log",
     .def_text = "arithmetic",
     .help = "arithmetic: sums. log: products of powers, so a map that one style lacks stays out."},
};
static const imp_port inputs[] = {
    {.name = "tables",
     .kind = IMP_TABLE,
     .flags = IMP_PORT_MANY,
     .help = "Tables of energy.measure, of the same network and layers."},
};
static const imp_port outputs[] = {
    {.name = "table", .kind = IMP_TABLE, .help = "The mixture, with the same rows."},
};

/* What is wrong with n tables' weights; NULL: nothing. */
static const char *weights_fault(const imp_cell *cell, uint32_t n, char *buf, size_t size)
{
    double sum = 0;
    if (n > MOST)
        snprintf(buf, size, "%u tables, at most %d are mixed", n, MOST);
    else if (cell->n.count && cell->n.count != n)
        snprintf(buf, size, "%llu weights for %u tables", (unsigned long long)cell->n.count, n);
    else {
        for (uint64_t i = 0; i < cell->n.count; i++) {
            if (!(cell->n.ptr[i] >= 0) || isinf(cell->n.ptr[i]))
                return "a weight is not a number from 0";
            sum += cell->n.ptr[i];
        }
        return cell->n.count && !(sum > 0) ? "the weights add up to 0" : NULL;
    }
    return buf;
}

struct mix {
    imp_job *job;
    imp_table *out;
    double weights[MOST];
    uint32_t n;
    bool logarithm;
};

static const imp_table *table_at(const struct mix *m, uint32_t i)
{
    return (const imp_table *)(const void *)m->job->inputs[i];
}

/* Mixes one column of a layer: out[map]; squares are mixed for a root of squares. */
static imp_status mix_column(const struct mix *m, const char *column, const char *layer,
                             uint32_t maps, bool needed, double *room, double *out, imp_error *err)
{
    double x[MOST];
    for (uint32_t i = 0; i < m->n; i++) {
        if (!needed && en_column(table_at(m, i), column) == UINT32_MAX) {
            for (uint32_t c = 0; c < maps; c++)
                out[c] = 0;
            return IMP_OK;
        }
        const imp_status st =
            en_table_all(table_at(m, i), 0, column, layer, maps, room + (size_t)i * maps, err);
        if (st != IMP_OK) {
            char *text = err && err->text && err->text_cap ? err->text : NULL;
            const size_t used = text ? strlen(text) : 0;
            if (text)
                snprintf(text + used, err->text_cap - used, " (table %s)",
                         m->job->labels ? m->job->labels[i] : "");
            return st;
        }
    }
    const bool root = strcmp(column, "rms") == 0;
    for (uint32_t c = 0; c < maps; c++) {
        for (uint32_t i = 0; i < m->n; i++)
            x[i] = root ? room[(size_t)i * maps + c] * room[(size_t)i * maps + c]
                        : room[(size_t)i * maps + c];
        const double v = en_mix(x, m->weights, m->n, m->logarithm);
        out[c] = root ? sqrt(v) : v;
    }
    return IMP_OK;
}

static imp_status mix_layer(const struct mix *m, const char *layer, imp_error *err)
{
    static const char *const names[] = {"mean", "rms", "zeros", "max"};
    const uint32_t maps = en_table_maps(table_at(m, 0), layer);
    double *room = m->job->scratch(m->job, (uint64_t)maps * (m->n + 4) * sizeof *room);
    struct en_energy *e = m->job->scratch(m->job, (uint64_t)maps * sizeof *e);
    if (!room || !e)
        return IMP_E_MEMORY;
    double *mixed = room + (size_t)m->n * maps;
    for (uint32_t k = 0; k < 4; k++) {
        const imp_status st =
            mix_column(m, names[k], layer, maps, k < 2, room, mixed + (size_t)k * maps, err);
        if (st != IMP_OK)
            return st;
    }
    for (uint32_t c = 0; c < maps; c++)
        e[c] = (struct en_energy){mixed[c], mixed[maps + c], 0, mixed[2 * maps + c],
                                  mixed[3 * maps + c]};
    return en_table_add(m->job, m->out, NULL, layer, maps, e);
}

/* Is this the first row of its layer? Layers come in the order of the first table. */
static bool is_first(const imp_table *t, uint64_t row)
{
    const char *name = en_table_layer(t, row);
    for (uint64_t r = 0; r < row; r++)
        if (strcmp(en_table_layer(t, r), name) == 0)
            return false;
    return true;
}

static imp_status process(void *instance, imp_job *job, imp_error *err) IMP_NX
{
    const imp_cell *w = &job->params[WEIGHTS];
    struct mix m = {.job = job, .n = job->input_count, .logarithm = job->params[MEAN].i != 0};
    char why[200];
    double sum = 0;
    (void)instance;
    const char *fault = weights_fault(w, m.n, why, sizeof why);
    if (err && fault)
        err->param = WEIGHTS;
    for (uint32_t i = 0; i < m.n && !fault; i++)
        sum += m.weights[i] = w->n.count ? w->n.ptr[i] : 1;
    for (uint32_t i = 0; i < m.n && !fault; i++)
        m.weights[i] /= sum, fault = en_table_check(table_at(&m, i), "mean", why, sizeof why);
    if (fault)
        return imp_fail(err, IMP_E_INPUT, "%s", fault);
    if (!(m.out = en_table_new(job, false)))
        return IMP_E_MEMORY;
    const imp_table *t = table_at(&m, 0);
    const char *last = "";
    for (uint64_t r = 0; r < t->row_count; r++) {
        const char *layer = en_table_layer(t, r);
        imp_status st = job->progress(job, (double)r / (double)t->row_count, NULL);
        if (st == IMP_OK && strcmp(layer, last) != 0 && is_first(t, r))
            st = mix_layer(&m, layer, err);
        if (st != IMP_OK)
            return st;
        last = layer;
    }
    return job->set_output(job, 0, &m.out->head);
}

static imp_status plan(void *instance, imp_plan *plan, imp_error *err) IMP_NX
{
    const imp_cell *params_of = ((const struct en_instance *)instance)->params;
    char why[200];
    (void)err;
    const char *fault = weights_fault(&params_of[WEIGHTS], plan->input_count, why, sizeof why);
    if (fault)
        plan->mistake(plan, WEIGHTS, -1, NULL, fault, NULL);
    for (uint32_t i = 0; i < plan->input_count; i++)
        en_plan_table(plan, i, "mean");
    return IMP_OK;
}

const imp_filter en_filter_blend = {
    EN_FILTER,
    .id = "energy.blend",
    .summary = "Mix tables of energies: several styles as one.",
    .help =
        "The table goes where one of energy.measure goes, so that every filter here mixes styles.",
    .params = IMP_LIST(params),
    .inputs = IMP_LIST(inputs),
    .outputs = IMP_LIST(outputs),
    .create = en_create,
    .destroy = en_destroy,
    .process = process,
    .plan = plan,
};
