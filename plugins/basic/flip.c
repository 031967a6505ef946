/* flip.c - mirrors a picture. */
#include "basic.h"
#include <string.h>

enum { AXIS };
enum { HORIZONTAL, VERTICAL, BOTH };

KIT_CLONES
static void reverse(const float *restrict in, float *restrict out, uint32_t n)
{
    for (uint32_t x = 0; x < n; x++)
        out[x] = in[n - 1 - x];
}

static void rows(const void *user, const imp_image *src, imp_image *dst, uint32_t from, uint32_t to)
{
    const int64_t axis = *(const int64_t *)user;
    for (uint32_t c = 0; c < dst->channels; c++)
        for (uint32_t y = from; y < to; y++) {
            const float *s = imp_row(src, c, axis == HORIZONTAL ? y : src->height - 1 - y);
            float *d = imp_row_out(dst, c, y);
            if (axis == VERTICAL)
                memcpy(d, s, dst->width * sizeof *d);
            else
                reverse(s, d, dst->width);
        }
}

static imp_status process(void *instance, imp_job *job, imp_error *err)
{
    (void)instance, (void)err;
    return basic_map(job, rows, &job->params[AXIS].i, 0);
}

static const imp_param params[] = {
    [AXIS] = {.key = "axis",
              .type = IMP_CHOICE,
              .choices = "horizontal|vertical|both",
              .def_text = "horizontal",
              .help = "horizontal swaps left and right, vertical top and bottom."},
};

const imp_filter filter_flip = {
    BASIC_FILTER,
    .id = "flip",
    .summary = "Mirror a picture.",
    .help = "Swaps left and right, top and bottom, or both (a half turn). Exact.",
    .params = IMP_LIST(params),
    .inputs = IMP_LIST(basic_any_in),
    .outputs = IMP_LIST(basic_out),
    .process = process,
    .plan = basic_plan_same,
};
