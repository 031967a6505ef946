/* blend.c - one picture over another, through a mode, an opacity, its own alpha and a mask.
 *
 *     a = opacity * alpha of top * mask;   r = a + alpha of base (1 - a)
 *     out = (a (1 - ab) S + a ab B(C, S) + (1 - a) ab C) / r                       W3C
 * Compositing, 5.1 */
#include <stdbool.h>
#include <string.h>
#include "basic.h"
#include "blend_modes.h"

enum { MODE, OPACITY, FIT };
enum { BASE, TOP, MASK };
enum { EXACT, SCALE, CENTER, TILE };

static const imp_param params[] = {
    {.key = "mode", .type = IMP_CHOICE, .choices = BLEND_NAMES, .def_text = "normal",
     .help = "How colours mix. All but normal work on colours cut to 0..1."},
    {.key = "opacity", .type = IMP_FLOAT, .def = 1, .max = 1,
     .help = "Strength of the top picture."},
    {.key = "fit", .type = IMP_CHOICE, .choices = "exact|scale|center|tile", .def_text = "exact",
     .help = "When sizes differ: exact refuses, scale stretches top (and mask) to the base, "
             "center lays top in its middle, tile repeats it."},
};
static const imp_port inputs[] = {
    {.name = "base", .kind = IMP_IMAGE, .help = "The picture below; gives the size of the result.",
     .colours = 1u << IMP_SRGB | 1u << IMP_DATA},
    {.name = "top", .kind = IMP_IMAGE, .help = "The picture on top; its alpha counts.",
     .colours = 1u << IMP_SRGB | 1u << IMP_DATA},
    {.name = "mask", .kind = IMP_IMAGE, .flags = IMP_PORT_OPTIONAL, .channels = 1u << 1 | 1u << 3,
     .help = "Where top shows: 1 fully, 0 not at all (luma if coloured). Stretched to the base."},
};
static const imp_port outputs[] = {
    {.name = "out", .kind = IMP_IMAGE,
     .help = "As large as base; in colour or with alpha if either is coloured or base has alpha."},
};

struct task {
    const imp_image *base, *top, *mask;
    imp_image *out;
    const struct blend_mode *mode;
    float opacity;
    int32_t fit, shift_x, shift_y; /* of top in base */
    uint32_t strips;
};

struct span { /* rows of up to BLEND_SPAN pixels */
    float base[3][BLEND_SPAN], top[3][BLEND_SPAN], cut_base[3][BLEND_SPAN], cut_top[3][BLEND_SPAN];
    float mixed[3][BLEND_SPAN], base_alpha[BLEND_SPAN], alpha[BLEND_SPAN];
};

static bool has_alpha(const imp_image *m)
{
    return m->channels == 4;
}

static void fill(float *to, uint32_t n, float value)
{
    for (uint32_t i = 0; i < n; i++)
        to[i] = value;
}

static void load_base(const struct task *t, struct span *s, uint32_t x, uint32_t y, uint32_t n)
{
    for (uint32_t c = 0; c < 3; c++)
        memcpy(s->base[c], imp_row(t->base, t->base->channels < 3 ? 0 : c, y) + x,
               n * sizeof(float));
    if (has_alpha(t->base))
        memcpy(s->base_alpha, imp_row(t->base, 3, y) + x, n * sizeof(float));
    else
        fill(s->base_alpha, n, 1);
}

/* Samples of a row of top by the place in base; outside of top alpha is 0. */
static void load_top(const struct task *t, struct span *s, uint32_t x, uint32_t y, uint32_t n)
{
    const imp_image *m = t->top;
    const int64_t w = m->width, h = m->height;
    int64_t ty = (int64_t)y - t->shift_y;
    fill(s->alpha, n, 0);
    for (uint32_t c = 0; c < 3; c++)
        fill(s->top[c], n, 0);
    if (t->fit == TILE)
        ty %= h;
    if (ty < 0 || ty >= h)
        return;
    for (uint32_t i = 0; i < n; i++) {
        int64_t tx = (int64_t)x + i - t->shift_x;
        if (t->fit == TILE)
            tx %= w;
        if (tx < 0 || tx >= w)
            continue;
        const uint32_t run = (uint32_t)(w - tx < n - i ? w - tx : n - i);
        for (uint32_t c = 0; c < 3; c++)
            memcpy(&s->top[c][i], imp_row(m, m->channels < 3 ? 0 : c, (uint32_t)ty) + tx,
                   run * sizeof(float));
        if (has_alpha(m))
            memcpy(&s->alpha[i], imp_row(m, 3, (uint32_t)ty) + tx, run * sizeof(float));
        else
            fill(&s->alpha[i], run, 1);
        i += run - 1;
    }
}

static float cut(float v)
{
    return v > 0 ? v < 1 ? v : 1 : 0;
}

static void weigh(const struct task *t, struct span *s, uint32_t x, uint32_t y, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++) {
        s->alpha[i] = t->opacity * cut(s->alpha[i]);
        s->base_alpha[i] = cut(s->base_alpha[i]);
    }
    if (!t->mask)
        return;
    const uint32_t colour = t->mask->channels >= 3;
    float mask[BLEND_SPAN];
    kit_luma(imp_row(t->mask, 0, y) + x, colour ? imp_row(t->mask, 1, y) + x : NULL,
             colour ? imp_row(t->mask, 2, y) + x : NULL, mask, n);
    for (uint32_t i = 0; i < n; i++)
        s->alpha[i] *= cut(mask[i]);
}

static void mix(const struct task *t, struct span *s, uint32_t n)
{
    if (!t->mode->channel && !t->mode->colour) {
        memcpy(s->mixed, s->top, sizeof s->mixed);
        return;
    }
    for (uint32_t c = 0; c < 3; c++)
        for (uint32_t i = 0; i < n; i++) {
            s->cut_base[c][i] = cut(s->base[c][i]);
            s->cut_top[c][i] = cut(s->top[c][i]);
        }
    if (t->mode->colour)
        t->mode->colour(s->cut_base[0], s->cut_top[0], s->mixed[0], n);
    else
        for (uint32_t c = 0; c < 3; c++)
            t->mode->channel(s->cut_base[c], s->cut_top[c], s->mixed[c], n);
}

KIT_CLONES
static void over_opaque(const float *base, const float *mixed, const float *alpha, float *out,
                        uint32_t n)
{
    for (uint32_t i = 0; i < n; i++)
        out[i] = base[i] + alpha[i] * (mixed[i] - base[i]);
}

static void over(const struct span *s, uint32_t c, float *out, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++) {
        const float a = s->alpha[i], ab = s->base_alpha[i], r = a + ab * (1 - a);
        const float sum =
            a * (1 - ab) * s->top[c][i] + a * ab * s->mixed[c][i] + (1 - a) * ab * s->base[c][i];
        out[i] = r > 0 ? sum / r : s->base[c][i];
    }
}

static void blend_span(const struct task *t, struct span *s, uint32_t x, uint32_t y, uint32_t n)
{
    load_base(t, s, x, y, n);
    load_top(t, s, x, y, n);
    weigh(t, s, x, y, n);
    mix(t, s, n);
    for (uint32_t c = 0; c < (t->out->channels < 3 ? 1 : 3); c++)
        if (has_alpha(t->base))
            over(s, c, imp_row_out(t->out, c, y) + x, n);
        else
            over_opaque(s->base[c], s->mixed[c], s->alpha, imp_row_out(t->out, c, y) + x, n);
    for (uint32_t i = 0; i < n && has_alpha(t->out); i++)
        imp_row_out(t->out, 3, y)[x + i] = s->alpha[i] + s->base_alpha[i] * (1 - s->alpha[i]);
}

static void blend_strip(void *user, uint32_t i)
{
    const struct task *t = user;
    struct span s;
    uint32_t y, end;
    for (kit_strip(t->out->height, t->strips, i, &y, &end); y < end; y++)
        for (uint32_t x = 0; x < t->out->width; x += BLEND_SPAN) {
            const uint32_t left = t->out->width - x;
            blend_span(t, &s, x, y, left < BLEND_SPAN ? left : BLEND_SPAN);
        }
}

static uint32_t result_channels(uint32_t base, uint32_t top)
{
    return base == 4 ? 4 : base == 1 && top == 1 ? 1 : 3;
}

/* m itself, or a copy in *made as large as base. */
static imp_status fitted(const imp_image *base, const imp_image **m, imp_image **made, imp_job *job)
{
    if ((*m)->width == base->width && (*m)->height == base->height)
        return IMP_OK;
    const imp_image *src = *m;
    imp_image *copy =
        has_alpha(src) ? kit_image_new(src->width, src->height, 4, src->colour) : NULL;
    imp_status st = has_alpha(src) && !copy ? IMP_E_MEMORY : IMP_OK;
    if (!(*made = kit_image_new(base->width, base->height, src->channels, src->colour)))
        st = IMP_E_MEMORY;
    if (st == IMP_OK && copy) { /* transparent pixels must not lend their colour */
        kit_copy(src, copy);
        st = basic_premultiply(job, copy);
    }
    if (st == IMP_OK)
        st = kit_resize(copy ? copy : src, *made, KIT_AREA, job);
    if (st == IMP_OK)
        st = basic_unpremultiply(job, *made);
    kit_image_free(copy);
    *m = *made;
    return st;
}

static imp_status blend(struct task *t, imp_job *job)
{
    imp_image *scaled_top = NULL, *scaled_mask = NULL;
    imp_status st = IMP_OK;
    if (t->fit == SCALE)
        st = fitted(t->base, &t->top, &scaled_top, job);
    if (st == IMP_OK && t->mask)
        st = fitted(t->base, &t->mask, &scaled_mask, job);
    if (t->fit == CENTER) {
        t->shift_x = (int32_t)(((int64_t)t->base->width - t->top->width) / 2);
        t->shift_y = (int32_t)(((int64_t)t->base->height - t->top->height) / 2);
    }
    if (st == IMP_OK)
        st = kit_parallel(job, t->strips, blend_strip, t);
    kit_image_free(scaled_mask);
    kit_image_free(scaled_top);
    return st;
}

static imp_status process(void *instance, imp_job *job, imp_error *err)
{
    const imp_image *base = imp_image_in(job, BASE), *top = imp_image_in(job, TOP);
    const int32_t fit = (int32_t)job->params[FIT].i;
    (void)instance;
    if (fit == EXACT && (base->width != top->width || base->height != top->height)) {
        if (err)
            err->port = TOP;
        return imp_fail(err, IMP_E_INPUT,
                        "top is %u x %u, base is %u x %u: set fit = scale, center or tile",
                        top->width, top->height, base->width, base->height);
    }
    struct task t = {
        .base = base, .top = top, .mask = job->input_count > MASK ? imp_image_in(job, MASK) : NULL,
        .out = job->new_image(job, base->width, base->height,
                              result_channels(base->channels, top->channels), base->colour),
        .mode = &blend_modes[job->params[MODE].i], .opacity = (float)job->params[OPACITY].f,
        .fit = fit,
        .strips = kit_strips(base->width, base->height),
    };
    if (!t.out)
        return IMP_E_MEMORY;
    imp_image *out = t.out;
    const imp_status st = blend(&t, job);
    return st == IMP_OK ? job->set_output(job, 0, &out->head) : st;
}

static imp_status plan(void *instance, imp_plan *p, imp_error *err)
{
    const int64_t fit = ((const basic_instance *)instance)->params[FIT].i;
    const imp_shape *base = p->inputs[BASE], *top = p->inputs[TOP];
    char text[160];
    (void)err;
    if (fit == EXACT && base->width && top->width
        && (base->width != top->width || base->height != top->height)) {
        snprintf(text, sizeof text,
                 "top is %u x %u, base is %u x %u: set fit = scale, center or tile", top->width,
                 top->height, base->width, base->height);
        p->mistake(p, -1, TOP, NULL, text, NULL);
    }
    if (base->channels && top->channels)
        basic_plan_out(p, base->width, base->height,
                       result_channels(base->channels, top->channels));
    if (fit == SCALE)
        p->bytes = (uint64_t)base->width * base->height * 20;
    return IMP_OK;
}

const imp_filter filter_blend = {
    BASIC_FILTER,
    .id = "blend", .summary = "Lay one picture over another.",
    .help = "Mixes top into base by one of the usual blend modes, weighted by opacity, by the "
            "alpha of top and by a mask.",
    .params = IMP_LIST(params), .inputs = IMP_LIST(inputs), .outputs = IMP_LIST(outputs),
    .create = basic_create, .destroy = basic_destroy, .process = process, .plan = plan,
};
