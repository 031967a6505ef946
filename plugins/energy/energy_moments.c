/* energy_moments.c - mean and deviation of each map as the style has them: Huang and Belongie,
 * arXiv 1703.06868. */
#include "codes.h"

enum { AMOUNT };
enum { TABLE, STYLE, CODES };

static const imp_param params[] = {EN_AMOUNT};
static const imp_port inputs[] = {
    {.name = "energy",
     .kind = IMP_TABLE,
     .flags = IMP_PORT_OPTIONAL,
     .help =
         "The style's energies, of energy.measure (columns mean and rms); any number of layers."},
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
    double *mean = c->numbers, *square = mean + c->code.maps;
    (void)out;
    const imp_status st = en_style_of(c, &style, mean, square, err);
    if (st == IMP_OK)
        en_parts_moments(c->moments, c->code.maps, mean, square, c->parts);
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
    en_plan_style(plan, &style, "rms");
    en_plan_codes(plan, CODES);
    return IMP_OK;
}

const imp_filter en_filter_moments = {
    EN_FILTER,
    .id = "energy.moments",
    .summary = "Give each map the mean and the deviation that the style has.",
    .help =
        "The quickest way to a style that is meant: net.encode, energy.moments, invert.fast. A map "
        "that is constant keeps the style's mean alone.",
    .params = IMP_LIST(params),
    .inputs = IMP_LIST(inputs),
    .outputs = IMP_LIST(outputs),
    .create = en_create,
    .destroy = en_destroy,
    .process = process,
    .plan = plan,
};
