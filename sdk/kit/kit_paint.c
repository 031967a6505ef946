/* kit_paint.c - painting from coarse to fine: sizes, steps, checkpoints, what is told meanwhile. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "kit_paint_work.h"

enum { FIXED = KIT_PAINT_FIXED };
#define PREVIEW_SECONDS 2.0
#define FIRST_SECONDS   0.5               /* until the first one */
static const uint32_t mark = 0x3150504bu; /* "KPP1" */

struct easel {
    const kit_sight *sight;
    const kit_paint_options *o;
    const kit_goal *goal;
    imp_job *job;
    imp_error *err;
    uint32_t width, height; /* of the picture that is asked for */
    kit_painting out;
    uint32_t room;      /* for rows */
    imp_image *picture; /* what the last size gave, v, not clamped */
    double kept, shown; /* seconds, when last */
};

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static imp_status no_memory(const struct easel *e, const struct paint *p)
{
    return imp_fail(e->err, IMP_E_MEMORY, "no memory to paint at %u x %u", p->w, p->h);
}

/* Seconds of work that are worth a checkpoint when the job is told to stop: writing one takes a
 * while, too. */
#define WORTH_S 1.0

/* ---- sizes ---- */

/* Steps of all sizes, weighed by their pixels; those before `scale` into *before. */
static double work_of(const struct easel *e, uint32_t scale, double *before)
{
    double all = 0;
    *before = 0;
    for (uint32_t i = 0; i < kit_paint_sizes(e->o); i++) {
        uint32_t w, h;
        if (!kit_paint_size_at(e->sight, e->o, i, e->width, e->height, &w, &h))
            continue;
        const double work =
            (double)w * h * kit_paint_steps_at(e->sight, e->o, i, e->width, e->height);
        *before += i < scale ? work : 0;
        all += work;
    }
    return all;
}

/* A picture at this size, in the painting's channels. NULL: no memory, or cancelled. */
static imp_image *framed(const struct easel *e, const struct paint *p, const imp_image *v)
{
    imp_image *coloured = kit_paint_channels(v, p->c);
    imp_image *sized = coloured ? kit_sight_frame(e->sight, coloured, p->w, p->h, e->job) : NULL;
    kit_image_free(coloured);
    return sized;
}

/* v += what the photo shows at this size and did not at w x h. IMP_E_MEMORY also when cancelled. */
static imp_status add_detail(const struct easel *e, const struct paint *p, uint32_t w, uint32_t h,
                             imp_image *v)
{
    imp_image *small = kit_image_new(w, h, e->o->detail->channels, e->o->detail->colour);
    if (small && kit_resize(e->o->detail, small, KIT_AREA, e->job) != IMP_OK)
        kit_image_free(small), small = NULL;
    imp_image *low = small ? framed(e, p, small) : NULL;
    imp_image *high = low ? framed(e, p, e->o->detail) : NULL;
    for (size_t i = 0; high && i < p->n; i++)
        v->data[i] += high->data[i] - low->data[i];
    const imp_status st = high ? IMP_OK : IMP_E_MEMORY;
    kit_image_free(small);
    kit_image_free(low);
    kit_image_free(high);
    return st;
}

static imp_status start_from(const struct easel *e, struct paint *p, const imp_image *from)
{
    imp_image *sized = framed(e, p, from);
    imp_status st = sized ? IMP_OK : no_memory(e, p);
    if (st == IMP_OK && e->o->detail && from == e->picture &&
        add_detail(e, p, from->width, from->height, sized) != IMP_OK)
        st = no_memory(e, p);
    if (st == IMP_OK)
        kit_paint_from_picture(p, sized);
    if (st == IMP_OK)
        st = kit_paint_ask(p);
    if (st == IMP_OK && (st = kit_paint_roughen(p)) == IMP_E_MEMORY)
        st = no_memory(e, p);
    if (st != IMP_OK && e->job && e->job->progress(e->job, -1, NULL) == IMP_CANCELLED)
        st = IMP_CANCELLED;
    kit_image_free(sized);
    return st;
}

/* ---- checkpoints: head, rows, u, the optimiser's state ---- */

struct head {
    uint32_t mark, scale, step, w, h, rows, columns, reserved0;
    double factor;
};

static void keep(struct easel *e, const struct paint *p, const void *state)
{
    const struct head h = {.mark = mark,
                           .scale = p->scale,
                           .step = p->step,
                           .w = p->w,
                           .h = p->h,
                           .rows = e->out.row_count,
                           .columns = FIXED + e->goal->term_count,
                           .factor = p->factor};
    const size_t rows = (size_t)h.rows * h.columns * sizeof(double), u = p->n * sizeof(float);
    const size_t own = kit_paint_state_bytes(e->o, p->n), size = sizeof h + rows + u + own;
    char *block = malloc(size);
    if (!block)
        return; /* the next one may fit */
    memcpy(block, &h, sizeof h);
    if (rows)
        memcpy(block + sizeof h, e->out.rows, rows);
    memcpy(block + sizeof h + rows, p->u, u);
    memcpy(block + sizeof h + rows + u, state, own);
    e->job->keep(e->job, "painting", block, size);
    free(block);
    e->kept = now();
}

/* What an interrupted run kept, when it is of this painting. */
static const char *kept(const struct easel *e, struct head *h, uint64_t *size)
{
    const char *block = e->job ? e->job->kept(e->job, "painting", size) : NULL;
    uint32_t w, hh;
    if (!block || *size < sizeof *h)
        return NULL;
    memcpy(h, block, sizeof *h);
    if (h->mark != mark || h->scale >= kit_paint_sizes(e->o) ||
        h->columns != FIXED + e->goal->term_count)
        return NULL;
    kit_paint_size_at(e->sight, e->o, h->scale, e->width, e->height, &w, &hh);
    const size_t n = (size_t)e->sight->channels * w * hh;
    const size_t rows = (size_t)h->rows * h->columns * sizeof(double);
    const size_t wanted = sizeof *h + rows + n * sizeof(float) + kit_paint_state_bytes(e->o, n);
    return w == h->w && hh == h->h && *size == wanted ? block : NULL;
}

static double *row_room(struct easel *e)
{
    const size_t columns = FIXED + e->goal->term_count;
    if (e->out.row_count == e->room) {
        double *more = realloc(e->out.rows, kit_bytes((e->room * 2u + 64) * columns, sizeof *more));
        if (!more)
            return NULL;
        e->out.rows = more;
        e->room = e->room * 2 + 64;
    }
    return e->out.rows + e->out.row_count++ * columns;
}

/* Takes u, rows and state from the checkpoint. */
static imp_status resume(struct easel *e, struct paint *p, void *state, const struct head *h,
                         const char *block)
{
    const size_t row = h->columns * sizeof(double);
    block += sizeof *h;
    for (uint32_t i = 0; i < h->rows; i++, block += row) {
        double *to = row_room(e);
        if (!to)
            return no_memory(e, p);
        memcpy(to, block, row);
    }
    memcpy(p->u, block, p->n * sizeof(float));
    memcpy(state, block + p->n * sizeof(float), kit_paint_state_bytes(e->o, p->n));
    p->step = h->step;
    p->factor = h->factor;
    return IMP_OK;
}

/* ---- steps ---- */

static imp_status add_row(struct easel *e, const struct paint *p)
{
    double *row = row_room(e);
    if (!row)
        return no_memory(e, p);
    const uint32_t margins = 2 * kit_sight_margin(e->sight, p->w, p->h);
    const double fixed[FIXED] = {p->scale + 1.0, p->w - margins, p->h - margins,
                                 p->step,        p->evaluations, p->low};
    memcpy(row, fixed, sizeof fixed);
    memcpy(row + FIXED, p->low_terms, e->goal->term_count * sizeof *row);
    return IMP_OK;
}

static void preview(struct easel *e, const struct paint *p)
{
    imp_image *v = now() - e->shown > PREVIEW_SECONDS ? kit_paint_to_picture(p) : NULL;
    if (!v)
        return;
    const size_t n = (size_t)v->channels * v->width * v->height;
    for (size_t i = 0; i < n; i++)
        v->data[i] = v->data[i] < 0 ? 0 : v->data[i] > 1 ? 1 : v->data[i];
    e->job->preview(e->job, v);
    kit_image_free(v);
    e->shown = now();
}

static imp_status tell(struct easel *e, const struct paint *p, double seconds, uint32_t first)
{
    char text[240];
    double before;
    const double from = e->o->from, to = e->o->to > from ? e->o->to : 1;
    const double all = work_of(e, p->scale, &before), here = (double)p->w * p->h * p->step;
    if (!e->job)
        return IMP_OK;
    snprintf(text, sizeof text, "%.80s%u x %u, step %u of %u, loss %.3g, %.2g s a step",
             e->o->what ? e->o->what : "", p->w, p->h, p->step, p->steps, p->low,
             seconds / (p->step - first));
    preview(e, p);
    return e->job->progress(e->job, from + (to - from) * fmin(1, (before + here) / all), text);
}

static imp_status steps(struct easel *e, struct paint *p, void *state, float *work)
{
    imp_status st = IMP_OK;
    bool done = false;
    const uint32_t first = p->step;
    const double start = now();
    e->kept = start;
    while (p->step < p->steps && !done && st == IMP_OK) {
        st = kit_paint_step(p, state, work, &done);
        if (st == IMP_OK)
            st = add_row(e, p);
        if (st == IMP_OK)
            st = tell(e, p, now() - start, first);
        if (st == IMP_OK && e->job && e->o->keep_seconds > 0 &&
            now() - e->kept > e->o->keep_seconds)
            keep(e, p, state);
    }
    return st;
}

/* ---- sizes ---- */

static void close_paint(struct paint *p)
{
    free(p->u), free(p->gradient), free(p->fed), free(p->part), free(p->pyramid), free(p->terms);
}

static imp_status open_paint(const struct easel *e, struct paint *p, uint32_t scale)
{
    *p = (struct paint){.sight = e->sight,
                        .o = e->o,
                        .goal = e->goal,
                        .job = e->job,
                        .err = e->err,
                        .c = e->sight->channels,
                        .scale = scale,
                        .unit = 1};
    kit_paint_size_at(e->sight, e->o, scale, e->width, e->height, &p->w, &p->h);
    p->steps = kit_paint_steps_at(e->sight, e->o, scale, e->width, e->height);
    p->n = (size_t)p->c * p->w * p->h;
    const size_t bytes = kit_bytes(p->n, sizeof(float));
    p->factor = e->o->rule == KIT_PAINT_LBFGS ? 0 : 1;
    if (e->o->rule == KIT_PAINT_LBFGS)
        p->unit = sqrt((double)p->n);
    p->u = malloc(bytes), p->gradient = malloc(bytes), p->fed = malloc(bytes);
    p->part = e->o->tile ? malloc(bytes) : NULL;
    const bool pyramid = e->o->rule == KIT_PAINT_LBFGS && e->o->basis == KIT_PAINT_PYRAMID;
    p->pyramid = pyramid ? malloc(kit_paint_metric_floats(p->c, p->w, p->h) * sizeof(float)) : NULL;
    p->terms = calloc(2 * (size_t)e->goal->term_count + 1, sizeof *p->terms);
    p->low_terms = p->terms + e->goal->term_count;
    const bool room = (p->part || !e->o->tile) && (p->pyramid || !pyramid);
    return p->u && p->gradient && p->fed && room && p->terms ? IMP_OK : no_memory(e, p);
}

/* One size: from the checkpoint, what the size before gave, the start, or noise. */
static imp_status paint_size(struct easel *e, struct paint *p, const imp_image *from,
                             const struct head *h, const char *block)
{
    const size_t bytes = kit_paint_state_bytes(e->o, p->n);
    void *state = bytes ? malloc(bytes) : NULL;
    imp_status st = state ? IMP_OK : no_memory(e, p);
    const imp_nn_model_1 *model = e->sight->nn->model.table;
    if (st == IMP_OK)
        st = model->run_new(e->sight->nn->model.self, e->sight->model, 0, &p->run, e->err);
    if (st == IMP_OK) {
        kit_paint_state_start(e->o, state, p->n);
        if (block)
            st = resume(e, p, state, h, block);
        else if (from)
            st = start_from(e, p, from);
        else
            kit_paint_from_noise(p);
    }
    const bool begun = st == IMP_OK;
    if (st == IMP_OK && e->goal->begin)
        st = e->goal->begin(e->goal->user, p->run, p->w, p->h, e->job, e->err);
    if (st == IMP_OK)
        st = steps(e, p, state, p->gradient);
    const double worth = e->o->keep_seconds < WORTH_S ? e->o->keep_seconds : WORTH_S;
    if (begun && st == IMP_CANCELLED && e->job && e->o->keep_seconds > 0 && now() - e->kept > worth)
        keep(e, p, state);
    if (p->run)
        model->run_free(e->sight->nn->model.self, p->run, NULL);
    free(state);
    return st;
}

/* All sizes; what the last gave is e->picture. */
static imp_status paint_all(struct easel *e, const imp_image *start)
{
    struct head h = {.scale = 0};
    uint64_t size = 0;
    const char *block = kept(e, &h, &size);
    imp_status st = IMP_OK;
    for (uint32_t i = block ? h.scale : 0; i < kit_paint_sizes(e->o) && st == IMP_OK; i++) {
        struct paint p;
        uint32_t w, hh;
        if (!block && !kit_paint_size_at(e->sight, e->o, i, e->width, e->height, &w, &hh))
            continue;
        st = open_paint(e, &p, i);
        if (st == IMP_OK)
            st = paint_size(e, &p, e->picture ? e->picture : start, &h, block);
        imp_image *v = st == IMP_OK ? kit_paint_to_picture(&p) : NULL;
        if (st == IMP_OK && !v)
            st = no_memory(e, &p);
        kit_image_free(e->picture);
        e->picture = v;
        close_paint(&p);
        block = NULL;
    }
    return st;
}

/* ---- the result ---- */

/* Clamped, to 8 bit where asked for; false: a sample was no number. */
static bool clamp_all(imp_image *v, bool truncate)
{
    const size_t n = (size_t)v->channels * v->width * v->height;
    const bool finite = kit_all_finite(v->data, n);
    for (size_t i = 0; i < n; i++) {
        const float s = v->data[i], clamped = s < 0 ? 0 : s > 1 ? 1 : s;
        v->data[i] = truncate ? floorf(clamped * 255) / 255 : clamped;
    }
    return finite;
}

static imp_status finish(struct easel *e)
{
    imp_image *v = e->picture;
    uint32_t w, h;
    kit_paint_size(e->o, e->width, e->height, &w, &h);
    if (!clamp_all(v, e->o->truncate))
        return imp_fail(
            e->err, IMP_E_FAILED,
            "the last step made a picture that is no numbers; a smaller `rate` may help");
    imp_status st = kit_denoise_tv(v, e->o->denoise, e->job);
    if (st != IMP_OK || (v->width == w && v->height == h))
        return st;
    imp_image *sized = kit_image_new(w, h, v->channels, IMP_SRGB);
    if (!sized)
        return imp_fail(e->err, IMP_E_MEMORY, "no memory for a picture of %u x %u", w, h);
    st = kit_resize(v, sized, KIT_AREA, e->job);
    kit_image_free(v);
    e->picture = sized;
    return st;
}

imp_status kit_paint(const kit_sight *sight, const kit_paint_options *options, const kit_goal *goal,
                     const imp_image *start, uint32_t width, uint32_t height, imp_job *job,
                     kit_painting *out, imp_error *err)
{
    struct easel e = {.sight = sight,
                      .o = options,
                      .goal = goal,
                      .job = job,
                      .err = err,
                      .width = width,
                      .height = height,
                      .shown = now() - PREVIEW_SECONDS + FIRST_SECONDS,
                      .out = {.term_count = goal->term_count}};
    imp_status st = options->rule == KIT_PAINT_LBFGS && options->jitter
                        ? imp_fail(err, IMP_E_PARAM,
                                   "jitter moves the goal in each step, which lbfgs cannot "
                                   "bear: optimiser = adam, or jitter = 0")
                        : paint_all(&e, start);
    if (st == IMP_OK)
        st = finish(&e);
    e.out.picture = e.picture;
    if (st != IMP_OK)
        kit_painting_free(&e.out);
    *out = e.out;
    return st;
}

void kit_painting_free(kit_painting *p)
{
    kit_image_free(p->picture);
    free(p->rows);
    *p = (kit_painting){.picture = NULL};
}
