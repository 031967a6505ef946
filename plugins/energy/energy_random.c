/* energy_random.c - energies of maps drawn at random: diverse styles, arXiv 1608.04170. */
#include "codes.h"
#include "energy_draw.h"
#include <math.h>

enum { DRAW, SEED, SIGMA, ALPHA, AMOUNT };
enum { LOGNORMAL, DIRICHLET, FMI, SHARES };
enum { TABLE, CODES };

static const imp_param params[] = {
    {.key = "draw",
     .type = IMP_CHOICE,
     .choices = "lognormal|dirichlet|fmi|shares",
     .def_text = "lognormal",
     .help = "lognormal: each share times e^(sigma z). dirichlet: shares that know nothing of the "
             "picture's. fmi: the paper's program, r / sum r of normal(3, 1000), half of them "
             "negative. shares: no draw, the table's."},
    {.key = "seed",
     .type = IMP_INT,
     .def = 1,
     .min = 0,
     .max = 9007199254740992.0,
     .help = "Another seed, another style."},
    {.key = "sigma",
     .type = IMP_FLOAT,
     .def = 1,
     .min = 0,
     .max = 20,
     .help = "lognormal: how far shares move; 0 leaves them."},
    {.key = "alpha",
     .type = IMP_FLOAT,
     .def = 1,
     .min = 0.01,
     .max = 1000,
     .help = "dirichlet: small gives a few maps all, large gives all the same."},
    EN_AMOUNT,
};
static const imp_port inputs[] = {
    {.name = "shares",
     .kind = IMP_TABLE,
     .flags = IMP_PORT_OPTIONAL,
     .help =
         "draw = shares: layer, map, share. They are divided by their sum; maps without a row get "
         "none."},
    EN_CODES,
};
static const imp_port outputs[] = {EN_CODES_OUT};

static imp_status table_shares(struct en_call *c, double *w, imp_error *err)
{
    const imp_table *table = (const imp_table *)(const void *)c->job->inputs[TABLE];
    uint32_t rows = 0;
    double sum = 0;
    char layers[300];
    if (!table)
        return imp_fail(err, IMP_E_INPUT, "draw = shares wants a table (in.shares)");
    const imp_status st =
        en_table_read(table, TABLE, "share", c->code.name, c->code.maps, w, &rows, err);
    if (st != IMP_OK)
        return st;
    en_table_layers(table, layers, sizeof layers);
    for (uint32_t i = 0; i < c->code.maps; i++)
        sum += w[i] = isnan(w[i]) ? 0 : w[i];
    if (err && !(rows && sum != 0))
        err->port = TABLE;
    if (!rows)
        return imp_fail(err, IMP_E_INPUT, "the table has no rows of layer '%s', it has: %s",
                        c->code.name, layers);
    if (sum == 0)
        return imp_fail(err, IMP_E_INPUT, "the shares of '%s' add up to 0", c->code.name);
    for (uint32_t i = 0; i < c->code.maps; i++)
        w[i] /= sum;
    return IMP_OK;
}

static imp_status rule(struct en_call *c, float *out, imp_error *err)
{
    const imp_cell *p = c->job->params;
    const uint64_t seed = (uint64_t)p[SEED].i, stream = en_stream(c->code.name);
    double *w = c->numbers, *share = w + c->code.maps, all = 0;
    imp_status st = p[DRAW].i == FMI ? IMP_OK : en_positive(c, err);
    (void)out;
    for (uint32_t i = 0; i < c->code.maps; i++)
        all += c->moments[i].mean;
    for (uint32_t i = 0; i < c->code.maps; i++)
        share[i] = all > 0 ? c->moments[i].mean / all : 0;
    if (st == IMP_OK && p[DRAW].i == SHARES)
        st = table_shares(c, w, err);
    if (p[DRAW].i == LOGNORMAL)
        en_draw_lognormal(seed, stream, share, c->code.maps, p[SIGMA].f, w);
    else if (p[DRAW].i == DIRICHLET)
        en_draw_dirichlet(seed, stream, share, c->code.maps, p[ALPHA].f, w);
    else if (p[DRAW].i == FMI)
        en_draw_fmi(seed, stream, c->code.maps, w);
    if (st == IMP_OK && en_parts_of_shares(c->moments, c->code.maps, w, c->parts) != IMP_OK) {
        if (err && p[DRAW].i == SHARES)
            err->port = TABLE;
        return imp_fail(err, IMP_E_INPUT,
                        "the maps of '%s' that are to get energy have none in this picture",
                        c->code.name);
    }
    return st;
}

static imp_status process(void *instance, imp_job *job, imp_error *err) IMP_NX
{
    return en_each_code(instance, job, CODES, job->params[AMOUNT].f, rule, err);
}

static imp_status plan(void *instance, imp_plan *plan, imp_error *err) IMP_NX
{
    const int64_t draw = ((const struct en_instance *)instance)->params[DRAW].i;
    (void)err;
    if (draw == SHARES && !plan->inputs[TABLE])
        plan->mistake(plan, DRAW, -1, "shares", "draw = shares wants a table (in.shares)", NULL);
    else if (draw == SHARES)
        en_plan_table(plan, TABLE, "share");
    en_plan_codes(plan, CODES);
    return IMP_OK;
}

const imp_filter en_filter_random = {
    EN_FILTER,
    .id = "energy.random",
    .summary = "Share the energy of a layer out over its maps at random.",
    .help =
        "Each map is scaled, so that it has the drawn share of the layer's energy and the sum of "
        "all stays. Maps without energy stay 0; IMPASTO_LOG=info names them. Numbers depend on "
        "seed, layer and map only.",
    .params = IMP_LIST(params),
    .inputs = IMP_LIST(inputs),
    .outputs = IMP_LIST(outputs),
    .create = en_create,
    .destroy = en_destroy,
    .process = process,
    .plan = plan,
};
