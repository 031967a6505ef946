/* blur.c - Gaussian blur. */
#include "basic.h"

enum { SIGMA, UNITS, LINEAR };
#define LEAST 0.1 /* px; below it the neighbours' weights are nothing */
#define MOST  1000.0

static double sigma_of(const imp_cell *p, uint32_t width, uint32_t height)
{
    const double edge = width > height ? width : height;
    const double px = p[UNITS].i ? p[SIGMA].f / 100 * edge : p[SIGMA].f;
    return px > MOST ? MOST : px;
}

static imp_status blur_linear(imp_job *job, const imp_image *src, imp_image *dst, double sigma)
{
    imp_status st;
    imp_image *m = basic_linear(job, src, &st);
    if (m)
        st = kit_blur(m, dst, sigma, job);
    kit_image_free(m);
    return st == IMP_OK ? basic_delinear(job, dst) : st;
}

static imp_status process(void *instance, imp_job *job, imp_error *err)
{
    const imp_image *src = imp_image_in(job, 0);
    const double sigma = sigma_of(job->params, src->width, src->height);
    (void)instance, (void)err;
    if (sigma < LEAST)
        return basic_pass(job);
    imp_image *dst = job->new_image(job, src->width, src->height, src->channels, src->colour);
    if (!dst)
        return IMP_E_MEMORY;
    const int linear = job->params[LINEAR].i && src->colour == IMP_SRGB;
    const imp_status st =
        linear ? blur_linear(job, src, dst, sigma) : kit_blur(src, dst, sigma, job);
    return st == IMP_OK ? job->set_output(job, 0, &dst->head) : st;
}

static imp_status plan(void *instance, imp_plan *pl, imp_error *err)
{
    const imp_cell *p = ((const basic_instance *)instance)->params;
    const imp_shape *in = pl->inputs[0];
    if (in && in->width && in->height) {
        const uint64_t samples =
            (uint64_t)in->width * in->height * (in->channels ? in->channels : 3);
        pl->bytes = samples * sizeof(float) * (p[LINEAR].i ? 2 : 1);
        pl->least_bytes = pl->bytes;
        pl->macs = (double)samples * 40;
    }
    return basic_plan_same(instance, pl, err);
}

static const imp_param params[] = {
    [SIGMA] = {.key = "sigma",
               .unit = "px or %",
               .type = IMP_FLOAT,
               .def = 2,
               .max = MOST,
               .help = "Deviation of the Gaussian; below 0.1 px the picture stays as it is."},
    [UNITS] = {.key = "units",
               .type = IMP_CHOICE,
               .choices = "px|percent",
               .def_text = "px",
               .help = "percent is of the longer side, so that pictures of any size look alike."},
    [LINEAR] = {.key = "linear",
                .type = IMP_BOOL,
                .max = 1,
                .help = "Blurs light, not sRGB values: highlights spread as in a lens."},
};

const imp_filter filter_blur = {
    BASIC_FILTER,
    .id = "blur",
    .summary = "Gaussian blur.",
    .help = "Borders mirror. The time does not grow with sigma.",
    .params = IMP_LIST(params),
    .inputs = IMP_LIST(basic_colour_in),
    .outputs = IMP_LIST(basic_out),
    .create = basic_create,
    .destroy = basic_destroy,
    .process = process,
    .plan = plan,
};
