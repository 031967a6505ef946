/* gamma.c - brightens or darkens the middle tones. */
#include "basic.h"

enum { GAMMA, RED, GREEN, BLUE };

static void samples(const void *user, uint32_t c, const float *in, float *out, uint32_t n)
{
    const float *exponents = user;
    kit_power(in, out, n, exponents[c]);
}

static imp_status process(void *instance, imp_job *job, imp_error *err)
{
    const imp_cell *p = job->params;
    const int grey = imp_image_in(job, 0)->channels == 1;
    float exponents[3];
    (void)instance, (void)err;
    for (int c = 0; c < 3; c++)
        exponents[c] = (float)(1 / (p[GAMMA].f * (grey ? 1 : p[RED + c].f)));
    if (exponents[0] == 1 && exponents[1] == 1 && exponents[2] == 1)
        return basic_pass(job);
    return basic_map_samples(job, samples, exponents);
}

static const imp_param params[] = {
    [GAMMA] = {.key = "gamma",
               .type = IMP_FLOAT,
               .def = 1,
               .min = 0.05,
               .max = 20,
               .help = "Above 1 brightens the middle tones, below 1 darkens them: v^(1/gamma)."},
    [RED] = {.key = "red",
             .type = IMP_FLOAT,
             .def = 1,
             .min = 0.1,
             .max = 10,
             .help = "Times gamma, for red alone."},
    [GREEN] = {.key = "green",
               .type = IMP_FLOAT,
               .def = 1,
               .min = 0.1,
               .max = 10,
               .help = "Times gamma, for green alone."},
    [BLUE] = {.key = "blue",
              .type = IMP_FLOAT,
              .def = 1,
              .min = 0.1,
              .max = 10,
              .help = "Times gamma, for blue alone."},
};

const imp_filter filter_gamma = {
    BASIC_FILTER,
    .id = "gamma",
    .summary = "Brighten or darken the middle tones.",
    .help = "Black and white stay. Samples below 0 keep their sign.",
    .params = IMP_LIST(params),
    .inputs = IMP_LIST(basic_colour_in),
    .outputs = IMP_LIST(basic_out),
    .process = process,
    .plan = basic_plan_same,
};
