/* energy_fmi.c - all energy of a layer goes to one map: feature-map inversion, arXiv 1608.04170. */
#include "codes.h"

enum { MAP, AMOUNT };

static const imp_param params[] = {
    {.key = "map",
     .type = IMP_INT,
     .def = 0,
     .min = 0,
     .max = 1048575,
     .help = "The map that gets all energy, from 0."},
    EN_AMOUNT,
};
static const imp_port inputs[] = {EN_CODES};
static const imp_port outputs[] = {EN_CODES_OUT};

/* T[k][p] = sum_c F[c][p], 0 elsewhere */
static imp_status rule(struct en_call *c, float *out, imp_error *err)
{
    const int64_t k = c->job->params[MAP].i;
    if (k >= c->code.maps) {
        if (err)
            err->param = MAP;
        return imp_fail(err, IMP_E_PARAM, "map %lld: '%s' has maps 0 to %u", (long long)k,
                        c->code.name, c->code.maps - 1);
    }
    const imp_status st =
        en_gather(c->code.data, c->code.maps, c->code.places, (uint32_t)k, c->amount, out, c->job);
    return st == IMP_OK ? EN_MADE : st;
}

static imp_status process(void *instance, imp_job *job, imp_error *err) IMP_NX
{
    return en_each_code(instance, job, 0, job->params[AMOUNT].f, rule, err);
}

static imp_status plan(void *instance, imp_plan *plan, imp_error *err) IMP_NX
{
    (void)instance, (void)err;
    en_plan_codes(plan, 0);
    return IMP_OK;
}

const imp_filter en_filter_fmi = {
    EN_FILTER,
    .id = "energy.fmi",
    .summary = "Give all energy of a layer to one of its maps.",
    .help =
        "At each place the chosen map gets the sum of all maps, the others get 0. Inverted "
        "(invert), the picture shows the texture that this filter of the network looks for, laid "
        "over what was in the photo.",
    .params = IMP_LIST(params),
    .inputs = IMP_LIST(inputs),
    .outputs = IMP_LIST(outputs),
    .create = en_create,
    .destroy = en_destroy,
    .process = process,
    .plan = plan,
};
