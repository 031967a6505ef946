/* inv_fast.c - the filter invert.fast: a code through a learned decoder, and some steps of painting
 * after it where they are asked for. */
#include "inv_encoder.h"
#include <stdlib.h>
#include <string.h>

enum { REFINE, LAYER };
enum { DECODER, NET, CODE };

static const imp_param params[] = {
    {.key = "refine",
     .unit = "steps",
     .type = IMP_INT,
     .def = 0,
     .min = 0,
     .max = 100000,
     .help = "Steps of L-BFGS after the decoder, towards the code itself; wants in.net."},
    {.key = "layer",
     .type = IMP_NAMES,
     .def_text = "",
     .help =
         "The code's layer in in.net; empty: the code's name, or what the decoder says of itself."},
};
static const imp_port inputs[] = {
    {.name = "decoder",
     .kind = IMP_OBJECT,
     .type = IMP_NN_MODEL_TYPE,
     .help = "A network from codes to pictures, of invert.learn."},
    {.name = "net",
     .kind = IMP_OBJECT,
     .type = IMP_NN_MODEL_TYPE,
     .flags = IMP_PORT_OPTIONAL,
     .help = "The network that the code is of: for refine, and so that a decoder of another one is "
             "noticed."},
    {.name = "code", .kind = IMP_TENSOR, .help = "The code, C H W, of net.encode or energy.*."},
};
static const imp_port outputs[] = {
    {.name = "out", .kind = IMP_IMAGE, .channels = 1u << 1 | 1u << 3, .help = "The picture."},
};

struct fast {
    const struct inv_self *self;
    imp_job *job;
    imp_nn_model *decoder;
    kit_side samples; /* of its pictures */
    uint32_t input, output;
    kit_code code;
    float *copy;
    imp_image *picture;
};

/* ---- the decoder ---- */

static const char *meta_of(const struct inv_self *self, const imp_nn_model *model, const char *key)
{
    const imp_nn_model_1 *models = self->nn.model.table;
    const char *text = NULL;
    return models->meta(self->nn.model.self, model, key, &text, NULL) == IMP_OK ? text : NULL;
}

/* What the decoder gives: its `output` keys read as an input's. */
static const char *output_meta(void *user, const char *key)
{
    static const char *const instead[][2] = {{"input", "output"},
                                             {"range", "output_range"},
                                             {"mean", "output_mean"},
                                             {"std", "output_std"}};
    const struct fast *f = user;
    for (size_t i = 0; i < sizeof instead / sizeof *instead; i++)
        if (!strcmp(key, instead[i][0]))
            return meta_of(f->self, f->decoder, instead[i][1]);
    return NULL;
}

static imp_status find_ends(struct fast *f, imp_error *err)
{
    const imp_nn_model_1 *models = f->self->nn.model.table;
    void *self = f->self->nn.model.self;
    uint32_t count = 0, ins = 0, outs = 0;
    imp_status st = models->node_count(self, f->decoder, &count, err);
    for (uint32_t i = 0; i < count && st == IMP_OK; i++) {
        imp_nn_node n = {.struct_size = sizeof n};
        st = models->node(self, f->decoder, i, &n, err);
        if (n.flags & IMP_NN_INPUT)
            f->input = i, ins++;
        if (n.flags & IMP_NN_OUTPUT)
            f->output = i, outs++;
    }
    if (st == IMP_OK && (ins != 1 || outs != 1))
        st = imp_fail(err, IMP_E_INPUT,
                      "the decoder has %u inputs and %u outputs, one of each is wanted", ins, outs);
    return st;
}

static imp_status look(struct fast *f, imp_error *err)
{
    kit_prepare p;
    imp_status st = find_ends(f, err);
    if (st != IMP_OK)
        return st;
    st = kit_prepare_read(output_meta, f, 0, 0, 0, &p, err);
    f->samples = p.input;
    return st == IMP_E_MISSING
               ? imp_fail(err, st,
                          "the model does not say what pictures it gives, so it is no decoder: set "
                          "output = rgb and output_range = 0 1 on its net.load if it is")
               : st;
}

/* Copies a view's planes where they are not packed. */
static imp_status picture_of(struct fast *f, const imp_tensor *v, imp_error *err)
{
    if (v->ndim != 4 || v->shape[0] != 1 || v->shape[1] != f->samples.channels || v->strides ||
        v->shape[2] < 1 || v->shape[3] < 1 || v->shape[2] > INT32_MAX || v->shape[3] > INT32_MAX)
        return imp_fail(err, IMP_E_INPUT, "the decoder gives no picture of %u channels",
                        f->samples.channels);
    const uint32_t w = (uint32_t)v->shape[3], h = (uint32_t)v->shape[2];
    const kit_box all = {0, 0, w, h};
    if (!(f->picture = kit_image_new(w, h, f->samples.channels, IMP_SRGB)))
        return imp_fail(err, IMP_E_MEMORY, "no memory for a picture of %u x %u", w, h);
    return kit_from_network(&f->samples, v->data, w, h, &all, f->picture, 0, 0, f->job);
}

static imp_status check_maps(const struct fast *f, imp_error *err)
{
    const imp_nn_model_1 *models = f->self->nn.model.table;
    const char *layer = meta_of(f->self, f->decoder, "layer");
    imp_nn_node n = {.struct_size = sizeof n};
    const imp_status st = models->node(f->self->nn.model.self, f->decoder, f->input, &n, err);
    if (st == IMP_OK && n.ndim == 4 && n.shape[1] > 0 && n.shape[1] != f->code.c)
        return imp_fail(err, IMP_E_INPUT,
                        "the code%s%s has %u maps, the decoder takes the %lld of %s",
                        f->code.layer ? " of " : "", f->code.layer ? f->code.layer : "", f->code.c,
                        (long long)n.shape[1], layer ? layer : "another layer");
    if (st == IMP_OK && layer && f->code.layer && strcmp(layer, f->code.layer))
        return imp_fail(err, IMP_E_INPUT, "the code is of layer '%s', the decoder of '%s'",
                        f->code.layer, layer);
    return st;
}

/* Is the network the one that the decoder was learnt for? A pruned or newly trained one answers
 * otherwise; a decoder that does not say is taken as it is. Planning (no job) also warns. */
static imp_status check_encoder(const struct fast *f, imp_nn_model *net, imp_error *err)
{
    const char *layer = meta_of(f->self, f->decoder, "layer");
    const char *then = meta_of(f->self, f->decoder, INV_ENCODER_KEY);
    double distance = 0;
    uint32_t node;
    kit_sight sight;
    if (!layer || !then)
        return IMP_OK;
    imp_status st = kit_sight_open(&sight, &f->self->nn, net, err);
    if (st == IMP_OK)
        st = kit_sight_find(&sight, &layer, 1, &node, err);
    if (st == IMP_OK)
        st = inv_encoder_distance(&sight, node, then, f->job, &distance, err);
    if (st != IMP_OK || distance <= INV_ENCODER_NEAR)
        return st;
    if (distance > INV_ENCODER_FAR)
        return imp_fail(
            err, IMP_E_INPUT,
            "the decoder was learnt for another network: to a test picture its %s answered "
            "otherwise (relative distance %.2g); take that network, or learn a decoder for this "
            "one (invert.learn)",
            layer, distance);
    char said[300];
    snprintf(said, sizeof said,
             "the decoder was learnt for a network whose %s answers a test picture otherwise "
             "(relative distance "
             "%.2g): pictures suffer; invert.learn with in.start adapts it",
             layer, distance);
    if (!f->job) /* once for all pictures of a size */
        f->self->host->log(f->self->host, IMP_LOG_WARNING, said);
    return IMP_OK;
}

static imp_status decode(struct fast *f, imp_error *err)
{
    const imp_nn_model_1 *models = f->self->nn.model.table;
    void *self = f->self->nn.model.self;
    const int64_t shape[] = {1, f->code.c, f->code.h, f->code.w};
    union {
        const float *in;
        void *out;
    } data = {.in = f->code.data};
    const imp_tensor t = {.head = {sizeof t, IMP_TENSOR},
                          .dtype = IMP_F32,
                          .ndim = 4,
                          .shape = shape,
                          .data = data.out};
    imp_tensor v = {.head = {sizeof v, IMP_TENSOR}};
    imp_nn_run *run = NULL;
    imp_status st = models->run_new(self, f->decoder, IMP_NN_LEAN, &run, err);
    if (st != IMP_OK)
        return st;
    st = models->set_input(self, run, f->input, &t, err);
    if (st == IMP_OK)
        st = models->forward(self, run, f->output, f->job, err);
    if (st == IMP_OK)
        st = models->value(self, run, f->output, &v, err);
    if (st == IMP_OK)
        st = picture_of(f, &v, err);
    models->run_free(self, run, NULL);
    return st;
}

/* ---- refining ---- */

static imp_status refine(struct fast *f, imp_error *err)
{
    const imp_cell *p = f->job->params;
    const char *name = p[LAYER].w.count ? p[LAYER].w.ptr[0]
                       : f->code.layer  ? f->code.layer
                                        : meta_of(f->self, f->decoder, "layer");
    kit_sight sight;
    struct inv_term term = {.target = f->code, .weight = 1};
    imp_status st = kit_sight_open(&sight, &f->self->nn, kit_sight_model(f->job->inputs[NET]), err);
    if (st == IMP_OK && !name)
        st = kit_blame(err, LAYER, -1,
                       imp_fail(err, IMP_E_PARAM, "the code has no name: say its layer"));
    if (st == IMP_OK)
        st = kit_sight_find(&sight, &name, 1, &term.node, err);
    if (st != IMP_OK)
        return st;
    term.target.layer = kit_sight_name(&sight, term.node);
    struct inv_goal goal = {.sight = &sight,
                            .terms = &term,
                            .count = 1,
                            .scale = 1,
                            .width = f->picture->width,
                            .height = f->picture->height};
    const double own = goal.width > goal.height ? goal.width : goal.height;
    kit_paint_options o = kit_paint_defaults(KIT_PAINT_LBFGS);
    kit_painting painting;
    o.steps = (uint32_t)p[REFINE].i;
    o.scales = &own, o.scale_count = 1;
    st = inv_goal_init(&goal, err);
    const kit_goal as = inv_goal_as(&goal);
    if (st == IMP_OK)
        st =
            kit_paint(&sight, &o, &as, f->picture, goal.width, goal.height, f->job, &painting, err);
    if (st == IMP_OK) {
        kit_image_free(f->picture);
        f->picture = painting.picture;
        painting.picture = NULL;
        kit_painting_free(&painting);
    }
    inv_goal_fini(&goal);
    return st;
}

static imp_status process(void *instance, imp_job *job, imp_error *err) IMP_NX
{
    struct fast f = {
        .self = instance, .job = job, .decoder = kit_sight_model(job->inputs[DECODER])};
    if (job->params[REFINE].i && !job->inputs[NET])
        return kit_blame(
            err, REFINE, -1,
            imp_fail(err, IMP_E_PARAM, "refine wants the network that the code is of: in.net ="));
    imp_status st = look(&f, err);
    if (st != IMP_OK)
        return kit_blame(err, -1, DECODER, st);
    st = kit_code_of((const imp_tensor *)(const void *)job->inputs[CODE], &f.code, &f.copy, err);
    if (st == IMP_OK)
        st = check_maps(&f, err);
    if (st != IMP_OK)
        kit_blame(err, -1, CODE, st);
    if (st == IMP_OK && job->inputs[NET])
        st = kit_blame(err, -1, NET, check_encoder(&f, kit_sight_model(job->inputs[NET]), err));
    if (st == IMP_OK)
        st = decode(&f, err);
    if (st == IMP_OK && job->params[REFINE].i)
        st = refine(&f, err);
    if (st == IMP_OK)
        st = inv_hand_out(job, 0, f.picture, err);
    kit_image_free(f.picture);
    free(f.copy);
    return st;
}

static imp_status plan(void *instance, imp_plan *plan, imp_error *err) IMP_NX
{
    struct fast f = {.self = instance, .decoder = kit_sight_planned(plan, DECODER)};
    imp_nn_model *net = kit_sight_planned(plan, NET);
    const imp_cell *p = f.self->params;
    kit_error e;
    (void)err;
    if (p[REFINE].i && !(plan->input_count > NET && plan->inputs[NET]))
        plan->mistake(plan, REFINE, -1, NULL,
                      "refine wants the network that the code is of: in.net =", NULL);
    if (net)
        kit_sight_check(plan, &f.self->nn, net, LAYER, &p[LAYER]);
    if (!f.decoder)
        return IMP_OK;
    if (look(&f, kit_error_init(&e)) != IMP_OK)
        plan->mistake(plan, -1, DECODER, NULL, e.text, NULL);
    else
        plan->outputs[0]->channels = f.samples.channels, plan->outputs[0]->colour = IMP_SRGB;
    if (net && check_encoder(&f, net, kit_error_init(&e)) != IMP_OK)
        plan->mistake(plan, -1, NET, NULL, e.text, NULL);
    return IMP_OK;
}

const imp_filter inv_fast = {
    INV_FILTER,
    .id = "invert.fast",
    .summary = "A picture from a layer's code at once, by a decoder that invert.learn trained.",
    .help = "One pass through the decoder: `net.encode -> energy.moments -> invert.fast` stylises "
            "a photo in a "
            "fraction of a second. refine paints on from there, as invert does, where codes are "
            "unlike those that "
            "the decoder has learnt from.",
    .params = IMP_LIST(params),
    .inputs = IMP_LIST(inputs),
    .outputs = IMP_LIST(outputs),
    .process = process,
    .plan = plan,
};
