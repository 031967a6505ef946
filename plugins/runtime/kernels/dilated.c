/* dilated.c - see dilated.h. */
#include "dilated.h"
#include "lanes.h"

#include <impasto/kit.h>

/* Bytes of phases, at most. */
enum { MOST_BYTES = 64 << 20 };

bool rt_dilated_set(struct rt_dilated *d, const struct rt_conv *v, bool back)
{
    *d = (struct rt_dilated){.v = v, .back = back, .phases = *v};
    bool dilated = false;
    if (v->window.axes != 2 || v->groups != 1)
        return false;
    for (uint32_t i = 0; i < 2; i++) {
        const struct rt_axis_window *from = &v->window.axis[i];
        struct rt_axis_window *to = &d->phases.window.axis[i];
        const int64_t step = from->dilation;
        if (from->stride != 1 || from->pad % step)
            return false;
        dilated = dilated || step > 1;
        to->in = rt_up(from->in, step);
        to->out = rt_up(from->out, step);
        to->pad = from->pad / step;
        to->pad_end = to->out - to->in - to->pad + to->kernel - 1;
        to->dilation = 1;
        d->phases.n *= step;
    }
    if (!dilated)
        return false;
    rt_conv_set(&d->phases);
    const struct rt_conv *p = &d->phases;
    d->x_bytes = rt_lines((uint64_t)(p->n * p->c * p->in_size) * sizeof(float));
    d->y_bytes = rt_lines((uint64_t)(p->n * p->m * p->out_size) * sizeof(float));
    return d->x_bytes + d->y_bytes <= MOST_BYTES && rt_wino_set(&d->g, p, back);
}

uint64_t rt_dilated_bytes(const struct rt_dilated *d)
{
    return d->x_bytes + d->y_bytes + rt_wino_bytes(&d->g);
}

/* One side of the convolution: whole[n][channels][h][w], apart[n][dy][dx][channels][ph][pw]. */
struct side {
    int64_t channels, h, w, ph, pw, dy, dx;
    const float *from, *gate;
    const struct rt_after *after;
    float *to;
};

static struct side side_of(const struct rt_dilated *d, bool x)
{
    const struct rt_axis_window *a = d->v->window.axis, *p = d->phases.window.axis;
    return (struct side){.channels = x ? d->v->c : d->v->m,
                         .h = x ? a[0].in : a[0].out,
                         .w = x ? a[1].in : a[1].out,
                         .ph = x ? p[0].in : p[0].out,
                         .pw = x ? p[1].in : p[1].out,
                         .dy = a[0].dilation,
                         .dx = a[1].dilation};
}

/* Where row y, phase px of plane (n * channels + channel) is among the phases. */
static int64_t apart_at(const struct side *s, int64_t plane, int64_t y, int64_t px)
{
    const int64_t n = plane / s->channels, phase = (n * s->dy + y % s->dy) * s->dx + px;
    return ((phase * s->channels + plane % s->channels) * s->ph + y / s->dy) * s->pw;
}

/* A plane to its phases; what they have more is zero. */
KIT_CLONES
static void take_apart(const void *user, int64_t plane, void *scratch)
{
    const struct side *s = user;
    (void)scratch;
    for (int64_t y = 0; y < s->ph * s->dy; y++)
        for (int64_t px = 0; px < s->dx; px++) {
            float *to = s->to + apart_at(s, plane, y, px);
            const int64_t at = (plane * s->h + y) * s->w + px;
            const int64_t n = y < s->h && px < s->w ? rt_up(s->w - px, s->dx) : 0;
            for (int64_t i = 0; i < n; i++)
                to[i] = s->gate && !(s->gate[at + i * s->dx] > 0) ? 0 : s->from[at + i * s->dx];
            for (int64_t i = n; i < s->pw; i++)
                to[i] = 0;
        }
}

/* And back, with what comes after. */
KIT_CLONES
static void put_together(const void *user, int64_t plane, void *scratch)
{
    const struct side *s = user;
    const struct rt_after *a = s->after;
    const int64_t channel = plane % s->channels;
    const float scale = a->scale ? a->scale[channel] : 1, shift = a->shift ? a->shift[channel] : 0;
    (void)scratch;
    for (int64_t y = 0; y < s->h; y++)
        for (int64_t px = 0; px < s->dx && px < s->w; px++) {
            const float *from = s->from + apart_at(s, plane, y, px);
            const int64_t at = (plane * s->h + y) * s->w + px, n = rt_up(s->w - px, s->dx);
            for (int64_t i = 0; i < n; i++) {
                const float more = a->add ? a->add[at + i * s->dx] : 0;
                s->to[at + i * s->dx] = rt_act(scale * from[i] + shift + more, a->slope, a->top);
            }
        }
}

static imp_status planes(const struct side *s, int64_t n, imp_job *job,
                         void (*fn)(const void *user, int64_t plane, void *scratch))
{
    struct rt_lanes l = {.items = n * s->channels, .cost = (double)(s->h * s->w) * 4};
    rt_lanes_set(&l);
    return rt_lanes_run(&l, job, NULL, fn, s);
}

imp_status rt_dilated_run(const struct rt_dilated *d, const float *from, const float *gate,
                          const float *w, const struct rt_after *after, float *to, void *scratch,
                          imp_job *job)
{
    const struct rt_after none = RT_AFTER_NONE;
    float *xs = scratch, *ys = (float *)(void *)((char *)scratch + d->x_bytes);
    float *read = d->back ? ys : xs, *written = d->back ? xs : ys;
    struct side in = side_of(d, !d->back), out = side_of(d, d->back);
    in.from = from;
    in.gate = gate;
    in.to = read;
    imp_status st = planes(&in, d->v->n, job, take_apart);
    if (st == IMP_OK)
        st = rt_wino_run(&d->g, read, NULL, w, NULL, &none, written,
                         (char *)scratch + d->x_bytes + d->y_bytes, job);
    out.from = written;
    out.after = after;
    out.to = to;
    return st != IMP_OK ? st : planes(&out, d->v->n, job, put_together);
}
