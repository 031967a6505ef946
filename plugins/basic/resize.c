/* resize.c - a picture of another size. */
#include "basic.h"
#include <math.h>

enum { WIDTH, HEIGHT, LONG_EDGE, SHORT_EDGE, SCALE, FIT, METHOD, LINEAR, ENLARGE };
enum { INSIDE, OUTSIDE, EXACT };
enum { AUTO, AREA, LANCZOS, TENT, NEAREST };
enum { MAX_SIDE = 100000 };

struct size {
    uint32_t width, height;
};

static uint32_t side(double px)
{
    return px < 1 ? 1 : px > MAX_SIDE ? MAX_SIDE : (uint32_t)floor(px + 0.5);
}

/* The factor that keeps the proportions; 0: width and height are taken as they are. */
static double factor(const imp_cell *p, double w, double h)
{
    const double fx = (double)p[WIDTH].i / w, fy = (double)p[HEIGHT].i / h;
    if (p[SCALE].f > 0)
        return p[SCALE].f;
    if (p[LONG_EDGE].i)
        return (double)p[LONG_EDGE].i / fmax(w, h);
    if (p[SHORT_EDGE].i)
        return (double)p[SHORT_EDGE].i / fmin(w, h);
    if (!p[WIDTH].i || !p[HEIGHT].i)
        return p[WIDTH].i ? fx : fy;
    if (p[FIT].i == EXACT)
        return 0;
    return p[FIT].i == INSIDE ? fmin(fx, fy) : fmax(fx, fy);
}

static struct size target(const imp_cell *p, uint32_t width, uint32_t height)
{
    const double f = factor(p, width, height);
    struct size s = {side(f > 0 ? f * width : (double)p[WIDTH].i),
                     side(f > 0 ? f * height : (double)p[HEIGHT].i)};
    if (p[ENLARGE].i)
        return s;
    if (f > 1)
        return (struct size){width, height};
    return (struct size){s.width < width ? s.width : width, s.height < height ? s.height : height};
}

static enum kit_resample method(int64_t choice, const imp_image *src, const imp_image *dst)
{
    static const enum kit_resample of[] = {KIT_AREA, KIT_AREA, KIT_LANCZOS, KIT_LINEAR,
                                           KIT_NEAREST};
    if (choice != AUTO)
        return of[choice];
    const int halved =
        2 * (uint64_t)dst->width <= src->width && 2 * (uint64_t)dst->height <= src->height;
    return halved ? KIT_AREA : KIT_LANCZOS;
}

/* In linear light, or with alpha: by way of a copy. */
static imp_status resize_copy(imp_job *job, const imp_image *src, imp_image *dst,
                              enum kit_resample how, int linear)
{
    imp_status st = IMP_OK;
    imp_image *m = linear ? basic_linear(job, src, &st)
                          : kit_image_new(src->width, src->height, src->channels, src->colour);
    if (!m)
        return st == IMP_OK ? IMP_E_MEMORY : st;
    if (!linear)
        kit_copy(src, m);
    st = basic_premultiply(job, m);
    if (st == IMP_OK)
        st = kit_resize(m, dst, how, job);
    kit_image_free(m);
    if (st == IMP_OK)
        st = basic_unpremultiply(job, dst);
    return st == IMP_OK && linear ? basic_delinear(job, dst) : st;
}

static imp_status process(void *instance, imp_job *job, imp_error *err)
{
    const imp_cell *p = job->params;
    const imp_image *src = imp_image_in(job, 0);
    const struct size s = target(p, src->width, src->height);
    (void)instance, (void)err;
    if (s.width == src->width && s.height == src->height)
        return basic_pass(job);
    imp_image *dst = job->new_image(job, s.width, s.height, src->channels, src->colour);
    if (!dst)
        return IMP_E_MEMORY;
    const enum kit_resample how = method(p[METHOD].i, src, dst);
    const int linear = p[LINEAR].i && src->colour == IMP_SRGB && how != KIT_NEAREST;
    imp_status st;
    if (linear || (src->channels == 4 && how != KIT_NEAREST))
        st = resize_copy(job, src, dst, how, linear);
    else
        st = kit_resize(src, dst, how, job);
    return st == IMP_OK ? job->set_output(job, 0, &dst->head) : st;
}

static void check(const imp_cell *p, imp_plan *plan)
{
    const int by_sides = p[WIDTH].i || p[HEIGHT].i;
    const int ways = by_sides + !!p[LONG_EDGE].i + !!p[SHORT_EDGE].i + (p[SCALE].f > 0);
    if (!ways)
        plan->mistake(plan, WIDTH, -1, NULL,
                      "no size given: set width, height, long_edge, short_edge or scale", NULL);
    if (ways > 1)
        plan->mistake(plan,
                      p[SCALE].f > 0   ? SCALE
                      : p[LONG_EDGE].i ? LONG_EDGE
                                       : SHORT_EDGE,
                      -1, NULL,
                      "the size is given twice: keep either width and height, or one of "
                      "long_edge, short_edge, scale",
                      NULL);
}

static imp_status plan(void *instance, imp_plan *pl, imp_error *err)
{
    const imp_cell *p = ((const basic_instance *)instance)->params;
    const imp_shape *in = pl->inputs[0];
    (void)err;
    check(p, pl);
    if (!in || !in->width || !in->height)
        return IMP_OK;
    const struct size s = target(p, in->width, in->height);
    const uint64_t channels = in->channels ? in->channels : 4;
    basic_plan_out(pl, s.width, s.height, 0);
    if ((p[LINEAR].i || channels == 4) && p[METHOD].i != NEAREST)
        pl->bytes = (uint64_t)in->width * in->height * channels * sizeof(float);
    if (s.height > in->height) /* the picture between both axes */
        pl->bytes += (uint64_t)s.width * in->height * channels * sizeof(float);
    pl->least_bytes = pl->bytes;
    pl->macs = (double)in->width * in->height * 3 + (double)s.width * s.height * 18;
    return IMP_OK;
}

static const imp_param params[] = {
    [WIDTH] = {.key = "width",
               .unit = "px",
               .type = IMP_INT,
               .max = MAX_SIDE,
               .help = "New width; 0: what keeps the proportions."},
    [HEIGHT] = {.key = "height",
                .unit = "px",
                .type = IMP_INT,
                .max = MAX_SIDE,
                .help = "New height; 0: what keeps the proportions."},
    [LONG_EDGE] = {.key = "long_edge",
                   .unit = "px",
                   .type = IMP_INT,
                   .max = MAX_SIDE,
                   .help = "Length of the longer side; 0: not used."},
    [SHORT_EDGE] = {.key = "short_edge",
                    .unit = "px",
                    .type = IMP_INT,
                    .max = MAX_SIDE,
                    .help = "Length of the shorter side; 0: not used."},
    [SCALE] = {.key = "scale",
               .type = IMP_FLOAT,
               .max = 64,
               .help = "Factor for both sides: 0.5 halves them; 0: not used."},
    [FIT] = {.key = "fit",
             .type = IMP_CHOICE,
             .choices = "inside|outside|exact",
             .def_text = "inside",
             .help = "With width and height: the largest picture inside them, the smallest that "
                     "covers them (then crop), or exactly them (may distort)."},
    [METHOD] =
        {.key = "method",
         .type = IMP_CHOICE,
         .choices = "auto|area|lanczos|linear|nearest",
         .def_text = "auto",
         .help = "auto: area when both sides shrink to half or less, else lanczos. area averages "
                 "what a pixel covers, lanczos is sharpest, linear soft, nearest keeps pixels."},
    [LINEAR] = {.key = "linear",
                .type = IMP_BOOL,
                .max = 1,
                .help =
                    "Averages light, not sRGB values: fine bright detail keeps its brightness."},
    [ENLARGE] = {.key = "enlarge",
                 .type = IMP_BOOL,
                 .def = 1,
                 .max = 1,
                 .help = "no: a picture that is smaller already stays as it is."},
};

const imp_filter filter_resize = {
    BASIC_FILTER,
    .id = "resize",
    .summary = "Change the size of a picture.",
    .help = "Give width, height or both (see fit), or long_edge, short_edge or scale. Colour under "
            "transparent pixels does not bleed into the others.",
    .params = IMP_LIST(params),
    .inputs = IMP_LIST(basic_any_in),
    .outputs = IMP_LIST(basic_out),
    .create = basic_create,
    .destroy = basic_destroy,
    .process = process,
    .plan = plan,
};
