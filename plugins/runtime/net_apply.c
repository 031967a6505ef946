/* net_apply.c - a network that makes a picture of a picture, on pictures of any size: in tiles where
 * that changes nothing, whole where the network's statistics are those of the whole picture. */
#include "net_tiles.h"

enum { TILE, FIT, OUTPUT };
enum { NET, PICTURE };
enum { FIT_PAD, FIT_STRETCH };

static const imp_param params[] = {
    {.key = "tile", .unit = "px", .type = IMP_INT, .def = 512, .min = 0, .max = 16384,
     .help = "Side of the pieces that pictures larger than that are worked on in: less memory, the "
             "same result. 0: always the whole picture."},
    {.key = "fit", .type = IMP_CHOICE, .choices = "pad|stretch", .def_text = "pad",
     .help = "How a picture comes to sides that the network takes: pad mirrors its border and cuts "
             "the result, stretch resamples it."},
    {.key = "output", .type = IMP_TEXT, .def_text = "",
     .help = "The layer whose value is the picture; needed when the network has several outputs."},
};
static const imp_port inputs[] = {
    NET_PORT,
    {.name = "in", NET_PICTURE, .help = "The picture; an alpha channel is kept as it is."},
};
static const imp_port outputs[] = {
    {.name = "out", .kind = IMP_IMAGE, .help = "What the network makes of it, larger or smaller as "
                                               "the network does."},
};

/* One picture on its way. */
struct apply {
    imp_nn_model *model;
    imp_job *job;
    imp_error *err;
    const imp_image *in;
    imp_image *out;
    imp_nn_run *run;
    struct net_ends ends;
    kit_prepare prepare;
    kit_frame frame;
};

/* Ends and preparation; what is missing is told. */
static imp_status look(struct apply *a, const char *output)
{
    imp_status st = net_ends_of(a->model, output, &a->ends, a->err);
    if (st == IMP_OK)
        st = net_prepare_of(a->model, &a->ends, &a->prepare, a->err);
    if (st == IMP_OK && a->prepare.output.order == KIT_UNKNOWN)
        st = imp_fail(a->err, IMP_E_MISSING,
                      "the model does not say that it gives pictures: set output = rgb (bgr, grey), "
                      "and output_range when it is not the same as range, on its net.load");
    return st;
}

/* A side of what the network gives, for a side of what it got `from` of which makes `made`. */
static uint32_t side_for(uint32_t side, uint32_t from, uint32_t made)
{
    const uint64_t n = ((uint64_t)side * made + from / 2) / from;
    return n < 1 ? 1 : n > 1 << 20 ? 1 << 20 : (uint32_t)n;
}

static imp_status no_picture(const struct apply *a, const imp_tensor *v)
{
    if (v->ndim == 4 && v->shape[0] == 1 && v->shape[1] == a->prepare.output.channels)
        return IMP_OK;
    return imp_fail(a->err, IMP_E_INPUT,
                    "the network gives %llu channels and %u axes, 'output' says %u channels: "
                    "net.encode and net.classify read what is no picture",
                    (unsigned long long)(v->ndim > 1 ? v->shape[1] : 0), v->ndim,
                    a->prepare.output.channels);
}

static imp_image *new_output(struct apply *a, uint32_t width, uint32_t height)
{
    return a->job->new_image(a->job, width, height, a->prepare.output.channels, a->in->colour);
}

/* ---- whole ---- */

/* The part of what the network gave (width x height) that is the picture, and the size that this is
 * brought to: that of the picture, times what the network scales by. */
static void result_of(const kit_frame *f, const imp_image *in, uint32_t width, uint32_t height,
                      kit_box *part, uint32_t *out_width, uint32_t *out_height)
{
    const uint32_t w = side_for(f->scaled_width, f->width, width);
    const uint32_t h = side_for(f->scaled_height, f->height, height);
    part->x = f->x < 0 ? (int64_t)side_for((uint32_t)-f->x, f->width, width) : 0;
    part->y = f->y < 0 ? (int64_t)side_for((uint32_t)-f->y, f->height, height) : 0;
    part->width = w < width - part->x ? w : width - part->x;
    part->height = h < height - part->y ? h : height - part->y;
    *out_width = side_for(in->width, f->scaled_width, (uint32_t)part->width);
    *out_height = side_for(in->height, f->scaled_height, (uint32_t)part->height);
}

static imp_status take_whole(struct apply *a, const float *planes, uint32_t width, uint32_t height)
{
    uint32_t out_width, out_height;
    kit_box part;
    imp_image *m = NULL;
    result_of(&a->frame, a->in, width, height, &part, &out_width, &out_height);
    const bool same = out_width == part.width && out_height == part.height;
    if (!(a->out = new_output(a, out_width, out_height)))
        return IMP_E_MEMORY;
    if (same)
        return kit_from_network(&a->prepare.output, planes, width, height, &part, a->out, 0, 0,
                                a->job);
    m = kit_image_new((uint32_t)part.width, (uint32_t)part.height, a->out->channels, a->out->colour);
    imp_status st = m ? kit_from_network(&a->prepare.output, planes, width, height, &part, m, 0, 0,
                                         a->job)
                      : IMP_E_MEMORY;
    if (st == IMP_OK)
        st = kit_resize(m, a->out, KIT_LANCZOS, a->job);
    kit_image_free(m);
    return st;
}

static imp_status run_whole(struct apply *a)
{
    const uint32_t channels = a->prepare.input.channels;
    const uint64_t samples = (uint64_t)channels * a->frame.width * a->frame.height;
    imp_tensor v = net_view();
    float *data = a->job->scratch(a->job, samples * sizeof *data);
    if (!data)
        return IMP_E_MEMORY;
    imp_status st = kit_prepare_picture(&a->prepare.input, &a->frame, a->in, data, a->job);
    if (st == IMP_OK)
        st = net_evaluate(a->run, &a->ends, a->ends.output, channels, a->frame.width,
                          a->frame.height, data, a->job, &v, a->err);
    if (st == IMP_OK)
        st = no_picture(a, &v);
    const float *planes = st == IMP_OK ? net_packed(a->job, &v) : NULL;
    if (st != IMP_OK || !planes)
        return st == IMP_OK ? IMP_E_MEMORY : st;
    return take_whole(a, planes, (uint32_t)v.shape[3], (uint32_t)v.shape[2]);
}

/* ---- tiles ---- */

struct tiles {
    struct net_cuts x, y;
    float *data; /* of one tile */
};

/* What lies within the picture of [from, to) of an axis, from the tile's beginning, in what the network
 * made of it. */
static void take_axis(const struct net_cuts *c, uint32_t i, uint32_t made, uint32_t side,
                      int64_t *first, int64_t *length, uint32_t *at)
{
    uint32_t start, from, to;
    net_tile(c, i, &start, &from, &to);
    const uint64_t end = (uint64_t)to * made / c->tile;
    *at = (uint32_t)((uint64_t)from * made / c->tile);
    *first = (int64_t)*at - (int64_t)((uint64_t)start * made / c->tile);
    *length = (int64_t)(end < side ? end : side) - *at;
}

static imp_status take_tile(struct apply *a, const struct tiles *t, uint32_t ix, uint32_t iy,
                            const imp_tensor *v)
{
    const uint32_t width = (uint32_t)v->shape[3], height = (uint32_t)v->shape[2];
    const uint32_t full_width = side_for(a->in->width, t->x.tile, width);
    const uint32_t full_height = side_for(a->in->height, t->y.tile, height);
    const float *planes = net_packed(a->job, v);
    kit_box part;
    uint32_t x, y;
    if (!planes || (!a->out && !(a->out = new_output(a, full_width, full_height))))
        return IMP_E_MEMORY;
    take_axis(&t->x, ix, width, full_width, &part.x, &part.width, &x);
    take_axis(&t->y, iy, height, full_height, &part.y, &part.height, &y);
    if (part.width < 1 || part.height < 1) /* all of it lies in the padding */
        return IMP_OK;
    return kit_from_network(&a->prepare.output, planes, width, height, &part, a->out, x, y, a->job);
}

static imp_status run_tile(struct apply *a, const struct tiles *t, uint32_t ix, uint32_t iy)
{
    const kit_side *s = &a->prepare.input;
    uint32_t x, y, from, to;
    imp_tensor v = net_view();
    net_tile(&t->x, ix, &x, &from, &to);
    net_tile(&t->y, iy, &y, &from, &to);
    const kit_box box = {x, y, t->x.tile, t->y.tile};
    imp_status st = kit_to_network(s, a->in, &box, t->data, a->job);
    if (st == IMP_OK)
        st = net_evaluate(a->run, &a->ends, a->ends.output, s->channels, t->x.tile, t->y.tile,
                          t->data, a->job, &v, a->err);
    if (st == IMP_OK)
        st = no_picture(a, &v);
    return st == IMP_OK ? take_tile(a, t, ix, iy, &v) : st;
}

static imp_status run_tiles(struct apply *a, struct tiles *t)
{
    const uint32_t n = t->x.count * t->y.count;
    const uint64_t samples = (uint64_t)a->prepare.input.channels * t->x.tile * t->y.tile;
    imp_status st = IMP_OK;
    if (!(t->data = a->job->scratch(a->job, samples * sizeof *t->data)))
        return IMP_E_MEMORY;
    for (uint32_t i = 0; i < n && st == IMP_OK; i++) {
        st = run_tile(a, t, i % t->x.count, i / t->x.count);
        if (st == IMP_OK)
            st = a->job->progress(a->job, (i + 1.0) / n, NULL);
    }
    return st;
}

/* ---- which of the two ---- */

static imp_status measure(struct apply *a, struct net_instance *self, struct net_tiling *t)
{
    if (self->measured != a->model) {
        const imp_status st = net_measure(a->model, &a->ends, &a->prepare, a->job, t, a->err);
        if (st != IMP_OK)
            return st;
        if (self->measured)
            net_drop(self->measured);
        self->measured = rt_model_table.retain(NULL, a->model, NULL) == IMP_OK ? a->model : NULL;
        self->whole = t->whole, self->reach = t->reach, self->align = t->align;
    }
    *t = (struct net_tiling){self->whole != 0, self->reach, self->align};
    return IMP_OK;
}

static uint32_t round_up(uint32_t n, uint32_t m)
{
    return (n + m - 1) / m * m;
}

/* Sides of the tile: what the graph fixes, else the parameter, to a multiple of the network's. */
static void tile_sides(const struct apply *a, int64_t tile, uint32_t *width, uint32_t *height)
{
    *width = a->prepare.width ? a->prepare.width : (uint32_t)tile;
    *height = a->prepare.height ? a->prepare.height : (uint32_t)tile;
}

static bool larger(const struct apply *a, int64_t tile)
{
    uint32_t width, height;
    tile_sides(a, tile, &width, &height);
    return width && height && (a->in->width > width || a->in->height > height);
}

static imp_status too_small(struct apply *a, uint32_t tile, const struct net_tiling *t)
{
    if (a->err)
        a->err->param = TILE;
    return imp_fail(a->err, IMP_E_PARAM,
                    "tiles of %u px are too small: the network reaches %u px far, so %u px are the "
                    "least; 0 works on the whole picture",
                    tile, t->reach, 2 * t->reach + t->align);
}

/* The axis of `side` px cut into tiles; a side that the graph fixes is the tile's. */
static bool cut_axis(uint32_t side, uint32_t fixed, int64_t tile, const struct net_tiling *t,
                     struct net_cuts *c)
{
    const uint32_t length = fixed && side < fixed ? fixed : round_up(side, t->align);
    return net_cut(length, fixed ? fixed : round_up((uint32_t)tile, t->align), t, c);
}

static imp_status run(struct apply *a, struct net_instance *self)
{
    const int64_t tile = a->job->params[TILE].i;
    const kit_prepare *p = &a->prepare;
    struct net_tiling t = {.whole = true};
    struct tiles tiles = {.data = NULL};
    imp_status st = IMP_OK;
    if (larger(a, tile) && a->job->params[FIT].i == FIT_PAD)
        st = measure(a, self, &t);
    if (st != IMP_OK || t.whole)
        return st == IMP_OK ? run_whole(a) : st;
    if (cut_axis(a->in->width, p->width, tile, &t, &tiles.x) &&
        cut_axis(a->in->height, p->height, tile, &t, &tiles.y))
        return run_tiles(a, &tiles);
    return p->width || p->height ? run_whole(a) : too_small(a, (uint32_t)tile, &t);
}

static imp_status process(void *instance, imp_job *job, imp_error *err) IMP_NX
{
    struct apply a = {.model = net_model(job->inputs[NET]), .job = job, .err = err,
                      .in = imp_image_in(job, PICTURE)};
    const enum kit_fit fit = job->params[FIT].i == FIT_STRETCH ? KIT_STRETCH : KIT_PAD;
    imp_status st = look(&a, job->params[OUTPUT].s.ptr);
    if (st == IMP_OK)
        st = kit_frame_of(&a.prepare, a.in->width, a.in->height, fit, &a.frame, err);
    if (st == IMP_OK)
        st = net_run_begin(instance, a.model, IMP_NN_LEAN, &a.run, err);
    if (st != IMP_OK)
        return st;
    st = run(&a, instance);
    net_run_end(instance, job, a.run, st);
    return st == IMP_OK ? job->set_output(job, 0, &a.out->head) : st;
}

/* ---- before the run ---- */

static void plan_size(imp_plan *plan, const struct apply *a, int64_t tile)
{
    int64_t shape[NET_AXES];
    int64_t input[] = {1, a->prepare.input.channels, a->frame.height, a->frame.width};
    if (net_shape(a->model, a->ends.output, 4, input, shape) == 4) {
        imp_shape *out = plan->outputs[0];
        kit_box part;
        result_of(&a->frame, a->in, (uint32_t)shape[3], (uint32_t)shape[2], &part, &out->width,
                  &out->height);
        out->channels = a->prepare.output.channels, out->colour = IMP_SRGB;
        out->bytes = (uint64_t)out->width * out->height * out->channels * sizeof(float);
    }
    const uint64_t parts = tile && !a->prepare.width && larger(a, tile)
                             ? (uint64_t)input[2] * (uint64_t)input[3] / ((uint64_t)tile * (uint64_t)tile) + 1
                             : 1;
    if (parts > 1)
        input[2] = input[3] = round_up((uint32_t)tile, a->prepare.multiple);
    net_plan_cost(plan, a->model, a->ends.output, 4, input, IMP_NN_LEAN);
    plan->macs *= (double)parts;
}

static imp_status plan(void *instance, imp_plan *plan, imp_error *err) IMP_NX
{
    const imp_cell *cells = ((const struct net_instance *)instance)->params;
    const imp_shape *in = plan->inputs[PICTURE];
    kit_error e;
    struct apply a = {.model = net_planned(plan, NET), .err = kit_error_init(&e)};
    const enum kit_fit fit = cells[FIT].i == FIT_STRETCH ? KIT_STRETCH : KIT_PAD;
    uint32_t node;
    (void)err;
    if (!a.model)
        return IMP_OK;
    if (cells[OUTPUT].s.len && rt_model_table.find(NULL, a.model, cells[OUTPUT].s.ptr, &node, NULL)) {
        const char *name = cells[OUTPUT].s.ptr;
        const imp_cell names = {.w = {&name, 1}};
        net_check_layers(plan, a.model, OUTPUT, &names);
    } else if (look(&a, cells[OUTPUT].s.ptr) != IMP_OK)
        net_mistake(plan, -1, NET, &e);
    else if (in && in->width && in->height) {
        const imp_image size = {.width = in->width, .height = in->height};
        a.in = &size;
        if (kit_frame_of(&a.prepare, in->width, in->height, fit, &a.frame, a.err) != IMP_OK)
            net_mistake(plan, -1, PICTURE, &e);
        else
            plan_size(plan, &a, cells[TILE].i);
    }
    return IMP_OK;
}

const imp_filter rt_net_apply = {
    NET_FILTER,
    .id = "net.apply",
    .summary = "A network that makes a picture of a picture: style, super-resolution, denoising.",
    .help = "Pictures of any size: large ones are worked on in tiles that overlap as far as the "
            "network reaches, which is measured once, so that no seam is left. A network with "
            "statistics of the whole picture, such as instance normalisation, always gets it "
            "whole. Colours and range go in and come out as the model's preparation says.",
    .params = IMP_LIST(params),
    .inputs = IMP_LIST(inputs),
    .outputs = IMP_LIST(outputs),
    .create = net_create,
    .destroy = net_destroy,
    .process = process,
    .plan = plan,
};
