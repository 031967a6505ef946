/* lines.c - a line drawing of a picture: extended difference of Gaussians, kit_lines.c. */
#include <math.h>
#include "basic.h"

enum { SIGMA, AT, RATIO, SHARPNESS, SLOPE, THRESHOLD, SOFT, SPECK, INVERT };

static const imp_param params[] = {
    {.key = "sigma", .unit = "px", .type = IMP_FLOAT, .def = 1.4, .min = 0.3, .max = 50,
     .help = "Width of the lines: deviation of the inner Gaussian. Larger leaves fewer, broader "
             "lines."},
    {.key = "at", .unit = "px", .type = IMP_INT, .def = 1024, .min = 0, .max = 65536,
     .help = "Long side of the picture that sigma and speck are meant for: they grow with larger "
             "and shrink with smaller pictures, so that drawings look alike. 0: pixels of this "
             "picture."},
    {.key = "ratio", .type = IMP_FLOAT, .def = 1.6, .min = 1.1, .max = 10,
     .help = "Deviation of the outer Gaussian to that of the inner."},
    {.key = "sharpness", .type = IMP_FLOAT, .def = 0.98, .min = 0, .max = 1,
     .help = "Weight of the outer Gaussian: near 1 only edges are drawn, less fills dark areas "
             "with ink."},
    {.key = "slope", .type = IMP_FLOAT, .def = 100, .min = 1, .max = 10000,
     .help = "Steepness of the step from paper to ink: 20 is a soft pencil, 200 a pen."},
    {.key = "threshold", .type = IMP_FLOAT, .def = 0, .min = -1, .max = 1,
     .help = "Where ink begins: below 0 only strong edges are drawn, above 0 more and darker "
             "ones."},
    {.key = "soft", .type = IMP_FLOAT, .def = 1, .min = 0, .max = 1,
     .help = "1 keeps the soft edges of lines, 0 makes them black and white."},
    {.key = "speck", .unit = "px", .type = IMP_INT, .def = 24, .min = 0, .max = 1000000,
     .help = "Strokes of fewer pixels than this vanish (counted at the size `at`). 0 keeps all."},
    {.key = "invert", .type = IMP_BOOL, .help = "White lines on black instead of black on white."},
};
static const imp_port inputs[] = {
    {.name = "in", .kind = IMP_IMAGE, .help = "The picture.", .channels = 1u << 1 | 1u << 3,
     .colours = 1u << IMP_SRGB},
};
static const imp_port outputs[] = {
    {.name = "out", .kind = IMP_IMAGE,
     .help = "The drawing: one channel, 1 is paper and 0 is ink."},
};

struct flip { imp_image *image; uint32_t strips; };

static void flip_strip(void *user, uint32_t i)
{
    const struct flip *f = user;
    uint32_t y, end;
    for (kit_strip(f->image->height, f->strips, i, &y, &end); y < end; y++)
        for (uint32_t x = 0; x < f->image->width; x++)
            imp_row_out(f->image, 0, y)[x] = 1 - imp_row_out(f->image, 0, y)[x];
}

static imp_status process(void *instance, imp_job *job, imp_error *err)
{
    const imp_image *src = imp_image_in(job, 0);
    const imp_cell *p = job->params;
    imp_image *dst = job->new_image(job, src->width, src->height, 1, IMP_SRGB);
    (void)instance;
    if (!dst)
        return IMP_E_MEMORY;
    const double side = src->width > src->height ? src->width : src->height;
    const double scale = p[AT].i ? side / (double)p[AT].i : 1;
    const kit_lines_options options = {
        .sigma = fmin(fmax(p[SIGMA].f * scale, 0.3), 1000 / p[RATIO].f),
        .ratio = p[RATIO].f, .sharpness = p[SHARPNESS].f, .slope = p[SLOPE].f,
        .threshold = p[THRESHOLD].f, .soft = p[SOFT].f,
        .speck = (uint32_t)fmin((double)p[SPECK].i * scale * scale + 0.5, UINT32_MAX),
    };
    imp_status st = kit_lines(src, dst, &options, job);
    if (st == IMP_OK && p[INVERT].i) {
        struct flip flip = {dst, kit_strips(dst->width, dst->height)};
        st = kit_parallel(job, flip.strips, flip_strip, &flip);
    }
    if (st == IMP_E_MEMORY)
        return imp_fail(err, st, "no memory for two intermediate planes of %u x %u", src->width,
                        src->height);
    return st == IMP_OK ? job->set_output(job, 0, &dst->head) : st;
}

static imp_status plan(void *instance, imp_plan *p, imp_error *err)
{
    const imp_shape *in = p->inputs[0];
    (void)instance, (void)err;
    basic_plan_out(p, in->width, in->height, 1);
    p->outputs[0]->colour = IMP_SRGB;
    p->bytes = (uint64_t)in->width * in->height * 12;
    p->macs = (double)in->width * in->height * 60;
    return IMP_OK;
}

const imp_filter filter_lines = {
    BASIC_FILTER,
    .id = "lines", .summary = "Line drawing of a picture, as with a pen.",
    .help = "Draws the edges of a picture as dark lines on white paper (extended difference of "
            "Gaussians, Winnemoeller, Kyprianidis and Olsen 2012) and leaves out small specks.",
    .params = IMP_LIST(params), .inputs = IMP_LIST(inputs), .outputs = IMP_LIST(outputs),
    .process = process, .plan = plan,
};
