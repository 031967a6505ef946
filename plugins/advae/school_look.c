/* school_look.c - losses that other networks see: features of layers, and what patches tell from
 * real ones. Both look at one crop of half the side, at a place by seed and step, the same for a
 * batch. */
#include "school.h"
#include <stdlib.h>
#include <string.h>

struct crop {
    uint32_t side, size, x, y, n;
};

static struct crop crop_of(const struct av_school *s, uint32_t n, uint64_t what)
{
    const uint32_t size = s->side / 2, room = s->side - size;
    return (struct crop){
        s->side, size, (uint32_t)(kit_random(s->p->seed, what, 2 * s->now.step) % (room + 1)),
        (uint32_t)(kit_random(s->p->seed, what, 2 * s->now.step + 1) % (room + 1)), n};
}

/* Planes of the crop: plane `c` of n pictures of `in` channels to plane `to` of pictures of `out`
 * channels. */
static void cut(const struct crop *p, const float *x, uint32_t in, uint32_t c, float *to,
                uint32_t out, uint32_t at)
{
    for (uint32_t i = 0; i < p->n; i++)
        for (uint32_t j = 0; j < p->size; j++)
            memcpy(to + (((size_t)i * out + at) * p->size + j) * p->size,
                   x + (((size_t)i * in + c) * p->side + p->y + j) * p->side + p->x,
                   p->size * sizeof *x);
}

/* Adds the crop's gradient: its plane `c` of `in` to the same plane of pictures. */
static void paste(const struct crop *p, const float *from, uint32_t in, uint32_t c, float *to)
{
    for (uint32_t i = 0; i < p->n; i++)
        for (uint32_t j = 0; j < p->size; j++) {
            const float *a = from + (((size_t)i * in + c) * p->size + j) * p->size;
            float *b = to + (((size_t)i * 3 + c) * p->side + p->y + j) * p->side + p->x;
            for (uint32_t k = 0; k < p->size; k++)
                b[k] += a[k];
        }
}

/* ---- features ---- */

/* The crop of pictures -1..1 becomes the network's input. */
static imp_status show(struct av_school *s, const struct crop *p, const float *x, imp_error *err)
{
    const kit_sight *sight = s->p->sight;
    for (uint32_t c = 0; c < 3; c++)
        cut(p, x, 3, c, s->crop_gradient, 3, c);
    kit_planes_in(&sight->prepare.input, -1, 1, p->n, (size_t)p->size * p->size, s->crop_gradient,
                  s->crop);
    return av_put(&s->features, kit_sight_name(sight, sight->input),
                  (av_size){p->n, 3, p->size, p->size}, s->crop, err);
}

static imp_status layer(struct av_school *s, uint32_t k, const float **data, av_size *size,
                        imp_error *err)
{
    const imp_nn_model_1 *models = s->p->nn->model.table;
    void *self = s->p->nn->model.self;
    imp_tensor v = {.head = {sizeof v, IMP_TENSOR}};
    imp_status st = models->forward(self, s->features.run, s->p->layers[k], s->job, err);
    if (st == IMP_OK)
        st = models->value(self, s->features.run, s->p->layers[k], &v, err);
    if (st != IMP_OK)
        return st;
    if (v.ndim != 4 || v.strides)
        return imp_fail(err, IMP_E_INPUT, "layer '%s' has no maps",
                        kit_sight_name(s->p->sight, s->p->layers[k]));
    *size = (av_size){(uint32_t)v.shape[0], (uint32_t)v.shape[1], (uint32_t)v.shape[2],
                      (uint32_t)v.shape[3]};
    *data = v.data;
    return IMP_OK;
}

static size_t numbers(const av_size *z)
{
    return (size_t)z->n * z->c * z->h * z->w;
}

static imp_status map_room(struct av_school *s, size_t count, imp_error *err)
{
    if (count <= s->map_room)
        return IMP_OK;
    float *more = realloc(s->maps, count * sizeof *more);
    if (!more)
        return imp_fail(err, IMP_E_MEMORY, "no memory for the features of a batch");
    s->maps = more, s->map_room = count;
    return IMP_OK;
}

/* Keeps the layers of the truth in s->maps, one after the other; behind them there is room for the
 * largest. */
static imp_status keep_layers(struct av_school *s, imp_error *err)
{
    size_t used = 0, most = 0;
    imp_status st = IMP_OK;
    for (uint32_t k = 0; k < s->p->layer_count && st == IMP_OK; k++) {
        const float *data;
        av_size size;
        if ((st = layer(s, k, &data, &size, err)) != IMP_OK)
            break;
        const size_t count = numbers(&size);
        most = count > most ? count : most;
        if ((st = map_room(s, used + count, err)) == IMP_OK)
            memcpy(s->maps + used, data, count * sizeof *data);
        used += count;
    }
    return st == IMP_OK ? map_room(s, used + most, err) : st;
}

/* Where attributes reach, in the crop, at a layer's size: into s->crop_gradient, which show() has
 * no more use for. */
static void reached(const struct av_school *s, const struct crop *p, const av_size *size)
{
    for (uint32_t j = 0; j < size->h; j++)
        for (uint32_t i = 0; i < size->w; i++) {
            const uint32_t y = p->y + j * p->size / size->h, x = p->x + i * p->size / size->w;
            s->crop_gradient[(size_t)j * size->w + i] = 1 - s->apart[(size_t)y * s->side + x];
        }
}

static double differ(const struct av_school *s, const struct crop *p, enum av_likeness how,
                     const av_size *size, const float *f, const float *t, double weight,
                     float *gradient)
{
    if (how == AV_THE_SAME)
        return av_relative(f, t, numbers(size), weight, gradient);
    reached(s, p, size);
    return av_form(f, t, s->crop_gradient, (size_t)size->n * size->c, (size_t)size->h * size->w,
                   weight, gradient);
}

imp_status av_feature_loss(struct av_school *s, const float *x, const float *t, uint32_t n,
                           enum av_likeness how, double weight, float *gradient, double *loss,
                           imp_error *err)
{
    const struct crop p = crop_of(s, n, 0x666561);
    const kit_sight *sight = s->p->sight;
    const float *data, *back;
    size_t used = 0;
    imp_status st = show(s, &p, t, err);
    if (st == IMP_OK)
        st = keep_layers(s, err);
    if (st == IMP_OK)
        st = show(s, &p, x, err);
    *loss = 0;
    for (uint32_t k = 0; k < s->p->layer_count && st == IMP_OK; k++) {
        av_size size;
        if ((st = layer(s, k, &data, &size, err)) != IMP_OK)
            break;
        const size_t count = numbers(&size);
        float *g = s->maps + s->map_room - count; /* behind all that is kept */
        *loss += differ(s, &p, how, &size, data, s->maps + used, weight / s->p->layer_count, g);
        used += count;
        st = av_seed(&s->features, kit_sight_name(s->p->sight, s->p->layers[k]), size, g, err);
    }
    const size_t count = (size_t)n * 3 * p.size * p.size;
    if (st == IMP_OK)
        st = av_back(&s->features, kit_sight_name(sight, sight->input), count, s->job, &back, err);
    if (st != IMP_OK)
        return st;
    memset(s->crop_gradient, 0, count * sizeof *s->crop_gradient);
    kit_planes_back(&sight->prepare.input, -1, 1, n, (size_t)p.size * p.size, back,
                    s->crop_gradient);
    for (uint32_t c = 0; c < 3; c++)
        paste(&p, s->crop_gradient, 3, c, gradient);
    return IMP_OK;
}

/* ---- patches ---- */

/* Photo and drawing of the crop through the network; 1/2 mean (real - goal)^2 goes back. */
static imp_status judge_patches(struct av_school *s, const struct crop *p, const float *x,
                                const float *lines, double goal, double weight, const float **back,
                                double *loss, imp_error *err)
{
    const uint32_t n = p->n, places = (p->size / 8) * (p->size / 8);
    const av_size pair = {n, 4, p->size, p->size}, real = {n, 1, p->size / 8, p->size / 8};
    const size_t count = (size_t)n * places;
    const float *r;
    for (uint32_t c = 0; c < 3; c++)
        cut(p, x, 3, c, s->crop, 4, c);
    cut(p, lines, 1, 0, s->crop, 4, 3);
    imp_status st = av_put(&s->patches, "pair", pair, s->crop, err);
    if (st == IMP_OK)
        st = av_get(&s->patches, "real", count, s->job, &r, err);
    if (st != IMP_OK)
        return st;
    double sum = 0;
    for (size_t i = 0; i < count; i++) {
        const double d = r[i] - goal;
        sum += 0.5 * d * d;
        s->crop_gradient[i] = (float)(weight * d / (double)count);
    }
    *loss += sum / (double)count;
    st = av_seed(&s->patches, "real", real, s->crop_gradient, err);
    return st == IMP_OK
               ? av_back(&s->patches, "pair", (size_t)n * 4 * p->size * p->size, s->job, back, err)
               : st;
}

imp_status av_patch_loss(struct av_school *s, const float *x, const float *t, const float *lines,
                         uint32_t n, double weight, float *gradient, double *loss, imp_error *err)
{
    const struct crop p = crop_of(s, n, 0x706174);
    const float *back;
    double ignored = 0;
    *loss = 0;
    imp_status st = av_forget(&s->patches, err);
    if (st == IMP_OK) /* least squares: 1 for real, 0 for made (1611.04076) */
        st = judge_patches(s, &p, t, lines, 1, 1, &back, &ignored, err);
    if (st == IMP_OK)
        st = judge_patches(s, &p, x, lines, 0, 1, &back, &ignored, err);
    if (st == IMP_OK)
        st = av_step(&s->patches, av_rate_of(s->p, s->now.step), 5, err);
    if (st == IMP_OK)
        st = av_forget(&s->patches, err);
    if (st == IMP_OK)
        st = judge_patches(s, &p, x, lines, 1, weight, &back, loss, err);
    for (uint32_t c = 0; c < 3 && st == IMP_OK; c++)
        paste(&p, back, 4, c, gradient);
    return st;
}
