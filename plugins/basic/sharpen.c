/* sharpen.c - unsharp mask. */
#include "basic.h"

enum { AMOUNT, RADIUS, THRESHOLD, CHANNELS, HALO };
enum { LUMA, RGB };

struct how {
    float amount, threshold, halo;
};
struct user {
    struct how how;
    const imp_image *base, *soft;
};

/* The change that is added: amount (v - soft), less the threshold, no larger than halo either way.
 */
static inline float change(float v, float soft, const struct how *h)
{
    const float d = v - soft, t = h->threshold;
    const float kept = d > t ? d - t : d < -t ? d + t : 0;
    const float a = h->amount * kept;
    return a > h->halo ? h->halo : a < -h->halo ? -h->halo : a;
}

KIT_CLONES
static void add_change(const float *in, const float *base, const float *soft, float *restrict out,
                       uint32_t n, const struct how *how)
{
    const struct how h = *how;
    for (uint32_t x = 0; x < n; x++)
        out[x] = in[x] + change(base[x], soft[x], &h);
}

static void rows(const void *user, const imp_image *src, imp_image *dst, uint32_t from, uint32_t to)
{
    const struct user *u = user;
    for (uint32_t c = 0; c < dst->channels; c++)
        for (uint32_t y = from; y < to; y++) {
            const uint32_t k = c < u->base->channels ? c : 0;
            add_change(imp_row(src, c, y), imp_row(u->base, k, y), imp_row(u->soft, k, y),
                       imp_row_out(dst, c, y), dst->width, &u->how);
        }
}

static void luma_rows(const void *user, const imp_image *src, imp_image *dst, uint32_t from,
                      uint32_t to)
{
    (void)user;
    for (uint32_t y = from; y < to; y++)
        kit_luma(imp_row(src, 0, y), imp_row(src, 1, y), imp_row(src, 2, y), imp_row_out(dst, 0, y),
                 dst->width);
}

/* soft = blurred base; base is the luma of src, which is made here, or src itself. */
static imp_status sharpen(imp_job *job, const imp_image *src, imp_image *dst, int luma)
{
    const imp_cell *p = job->params;
    struct user u = {{(float)p[AMOUNT].f, (float)p[THRESHOLD].f, (float)p[HALO].f}, src, NULL};
    imp_image *base = luma ? kit_image_new(src->width, src->height, 1, src->colour) : NULL;
    imp_image *soft = kit_image_new(src->width, src->height, luma ? 1 : src->channels, src->colour);
    imp_status st = soft && (base || !luma) ? IMP_OK : IMP_E_MEMORY;
    if (st == IMP_OK && luma) {
        st = basic_each(job, luma_rows, NULL, src, base);
        u.base = base;
    }
    if (st == IMP_OK)
        st = kit_blur(u.base, soft, p[RADIUS].f, job);
    u.soft = soft;
    if (st == IMP_OK)
        st = basic_each(job, rows, &u, src, dst);
    kit_image_free(base);
    kit_image_free(soft);
    return st;
}

static imp_status process(void *instance, imp_job *job, imp_error *err)
{
    const imp_image *src = imp_image_in(job, 0);
    (void)instance, (void)err;
    if (job->params[AMOUNT].f == 0)
        return basic_pass(job);
    imp_image *dst = job->new_image(job, src->width, src->height, src->channels, src->colour);
    if (!dst)
        return IMP_E_MEMORY;
    const int luma = job->params[CHANNELS].i == LUMA && src->channels == 3;
    const imp_status st = sharpen(job, src, dst, luma);
    return st == IMP_OK ? job->set_output(job, 0, &dst->head) : st;
}

static imp_status plan(void *instance, imp_plan *pl, imp_error *err)
{
    const imp_shape *in = pl->inputs[0];
    if (in && in->width && in->height) {
        pl->bytes = (uint64_t)in->width * in->height * 4 * sizeof(float);
        pl->least_bytes = pl->bytes;
    }
    return basic_plan_same(instance, pl, err);
}

static const imp_param params[] = {
    [AMOUNT] = {.key = "amount",
                .type = IMP_FLOAT,
                .def = 0.7,
                .min = -1,
                .max = 20,
                .help = "How much of the detail is added: 0.5 is mild, 2 strong; below 0 softens."},
    [RADIUS] = {.key = "radius",
                .unit = "px",
                .type = IMP_FLOAT,
                .def = 1,
                .min = 0.1,
                .max = 200,
                .help =
                    "Size of the detail: deviation of the Gaussian. 30 and a small amount is local "
                    "contrast."},
    [THRESHOLD] = {.key = "threshold",
                   .type = IMP_FLOAT,
                   .def = 0.004,
                   .max = 1,
                   .help = "Detail weaker than this (1 = black to white) is left alone: noise."},
    [CHANNELS] = {.key = "channels",
                  .type = IMP_CHOICE,
                  .choices = "luma|rgb",
                  .def_text = "luma",
                  .help = "luma changes brightness only, no coloured fringes; rgb each channel."},
    [HALO] = {.key = "halo",
              .type = IMP_FLOAT,
              .def = 0.25,
              .max = 100,
              .help = "The most that a sample may change: keeps halos along hard edges thin."},
};

const imp_filter filter_sharpen = {
    BASIC_FILTER,
    .id = "sharpen",
    .summary = "Sharpen by an unsharp mask.",
    .help = "Adds the difference between the picture and a blurred copy.",
    .params = IMP_LIST(params),
    .inputs = IMP_LIST(basic_colour_in),
    .outputs = IMP_LIST(basic_out),
    .process = process,
    .plan = plan,
};
