/* energy_direct.c - maps change places by the rank of their energy; in the program of arXiv
 * 1608.04170, not in the paper. */
#include "codes.h"

enum { AMOUNT };
enum { TABLE, STYLE, CODES };

static const imp_param params[] = {EN_AMOUNT};
static const imp_port inputs[] = {
    {.name = "energy",
     .kind = IMP_TABLE,
     .flags = IMP_PORT_OPTIONAL,
     .help = "The style's energies, of energy.measure; any number of layers."},
    {.name = "style",
     .kind = IMP_TENSOR,
     .flags = IMP_PORT_OPTIONAL,
     .help = "Or the style's code of the one layer."},
    EN_CODES,
};
static const imp_port outputs[] = {EN_CODES_OUT};
static const struct en_style style = {TABLE, STYLE};

static imp_status rule(struct en_call *c, float *out, imp_error *err)
{
    double *mean = c->numbers;
    union {
        double *in;
        uint32_t *out;
    } order = {.in = mean + c->code.maps};
    (void)out;
    const imp_status st = en_style_of(c, &style, mean, NULL, err);
    if (st == IMP_OK)
        en_parts_direct(c->moments, c->code.maps, mean, order.out, c->parts);
    return st;
}

static imp_status process(void *instance, imp_job *job, imp_error *err) IMP_NX
{
    return en_each_code(instance, job, CODES, job->params[AMOUNT].f, rule, err);
}

static imp_status plan(void *instance, imp_plan *plan, imp_error *err) IMP_NX
{
    (void)instance, (void)err;
    en_plan_style(plan, &style, "mean");
    en_plan_codes(plan, CODES);
    return IMP_OK;
}

const imp_filter en_filter_direct = {
    EN_FILTER,
    .id = "energy.direct",
    .summary = "Move maps to where the style has maps of the same rank.",
    .help =
        "The i-th weakest map of the code goes to the place of the style's i-th weakest map and "
        "gets its mean there. Colours and textures change places boldly.",
    .params = IMP_LIST(params),
    .inputs = IMP_LIST(inputs),
    .outputs = IMP_LIST(outputs),
    .create = en_create,
    .destroy = en_destroy,
    .process = process,
    .plan = plan,
};
