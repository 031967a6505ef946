/* energy_table.c - energies as a table says: one that was measured, edited by hand, or mixed. */
#include "codes.h"
#include "shares.h"

enum { COLUMN, KEEP_TOTAL, AMOUNT };
enum { AUTO, SHARE, GAIN, MEAN };
enum { TABLE, CODES };

static const imp_param params[] = {
    {.key = "column",
     .type = IMP_CHOICE,
     .choices = "auto|share|gain|mean",
     .def_text = "auto",
     .help =
         "What the table says of a map. share: its part of the layer's energy. gain: times what "
         "it has. mean: taken as shares. auto: gain if there is one, else share."},
    {.key = "keep_total",
     .type = IMP_BOOL,
     .def = 1,
     .help =
         "yes: the layer's energy stays as it is, and maps without a row keep their proportions "
         "in what is left. no: maps without a row stay just as they are."},
    EN_AMOUNT,
};
static const imp_port inputs[] = {
    {.name = "table", .kind = IMP_TABLE, .help = "Columns layer, map and share or gain."},
    EN_CODES,
};
static const imp_port outputs[] = {EN_CODES_OUT};
static const char *const columns[] = {"gain share", "share", "gain", "mean"};

static imp_status rule(struct en_call *c, float *out, imp_error *err)
{
    const imp_table *table = (const imp_table *)(const void *)c->job->inputs[TABLE];
    double *wanted = c->numbers, *share = wanted + c->code.maps, all = 0;
    char word[16], why[200], layers[300];
    uint32_t rows = 0;
    (void)out;
    if (en_table_check(table, columns[c->job->params[COLUMN].i], why, sizeof why)) {
        if (err)
            err->port = TABLE;
        return imp_fail(err, IMP_E_INPUT, "%s", why);
    }
    const char *column = en_table_has(table, columns[c->job->params[COLUMN].i], word, sizeof word);
    imp_status st = en_positive(c, err);
    if (st == IMP_OK)
        st = en_table_read(table, TABLE, column, c->code.name, c->code.maps, wanted, &rows, err);
    if (st != IMP_OK)
        return st;
    for (uint32_t i = 0; i < c->code.maps; i++)
        all += c->moments[i].mean;
    for (uint32_t i = 0; i < c->code.maps; i++)
        share[i] = all > 0 ? c->moments[i].mean / all : 0;
    if (!rows) {
        en_table_layers(table, layers, sizeof layers);
        en_log(c->self, IMP_LOG_WARNING,
               "energy.table: the table has no rows of '%s' (it has: %s); "
               "the layer stays as it is",
               c->code.name, layers);
    }
    const char *fault =
        column[0] == 'g'
            ? en_wanted_gains(wanted, share, c->code.maps, c->job->params[KEEP_TOTAL].i != 0)
            : en_wanted_shares(wanted, share, c->code.maps, column[0] == 'm',
                               c->job->params[KEEP_TOTAL].i != 0);
    if (fault) {
        if (err)
            err->port = TABLE;
        return imp_fail(err, IMP_E_INPUT, "'%s': %s", c->code.name, fault);
    }
    for (uint32_t i = 0; i < c->code.maps; i++)
        c->parts[i] = (struct en_part){wanted[i], 0, i, 0};
    return IMP_OK;
}

/* A table that fits none of the codes does nothing, which nobody wants. */
static bool fits_any(imp_job *job)
{
    const imp_table *table = (const imp_table *)(const void *)job->inputs[TABLE];
    for (uint32_t i = CODES; i < job->input_count; i++) {
        const imp_tensor *t = (const imp_tensor *)(const void *)job->inputs[i];
        if (t->name && en_table_maps(table, t->name))
            return true;
    }
    return false;
}

static imp_status process(void *instance, imp_job *job, imp_error *err) IMP_NX
{
    const imp_table *table = (const imp_table *)(const void *)job->inputs[TABLE];
    const imp_tensor *first = (const imp_tensor *)(const void *)job->inputs[CODES];
    char why[200], layers[300];
    if (err)
        err->port = TABLE;
    if (en_table_check(table, columns[job->params[COLUMN].i], why, sizeof why))
        return imp_fail(err, IMP_E_INPUT, "%s", why);
    en_table_layers(table, layers, sizeof layers);
    if (!fits_any(job))
        return imp_fail(err, IMP_E_INPUT,
                        "no code is of a layer of the table (%s); the first is '%s'", layers,
                        first->name ? first->name : "");
    if (err)
        err->port = -1;
    return en_each_code(instance, job, CODES, job->params[AMOUNT].f, rule, err);
}

static imp_status plan(void *instance, imp_plan *plan, imp_error *err) IMP_NX
{
    (void)err;
    en_plan_table(plan, TABLE, columns[((const struct en_instance *)instance)->params[COLUMN].i]);
    en_plan_codes(plan, CODES);
    return IMP_OK;
}

const imp_filter en_filter_table = {
    EN_FILTER,
    .id = "energy.table",
    .summary = "Share the energy of layers out as a table says.",
    .help = "Measure a painting (energy.measure), save the table (save.table), edit shares in any "
            "program, load it (load.table) and put it on a folder of photos. Rows that you delete "
            "leave their maps in proportion; layers without rows stay as they are.",
    .params = IMP_LIST(params),
    .inputs = IMP_LIST(inputs),
    .outputs = IMP_LIST(outputs),
    .create = en_create,
    .destroy = en_destroy,
    .process = process,
    .plan = plan,
};
