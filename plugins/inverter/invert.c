/* invert.c - the picture whose layers say what they are asked to say: inversion of codes, single
 * maps or rearranged energies. */
#include "inverter.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    LAYERS,
    WEIGHTS,
    OPTIMISER,
    COMPAT,
    STEPS,
    RATE,
    SEED,
    NOISE,
    SIZE,
    SCALES,
    TV,
    TV_POWER,
    ALPHA,
    JITTER,
    BOUNDS,
    PENALTY,
    CODE_SCALE,
    DENOISE,
    KEEP
};
enum { NET, START, PHOTO, CODES };
enum { OUT, LOSSES };
enum { AUTO, LBFGS, ADAM, SGD_FMI };
enum { NONE, FMI };
#define RAW_MEAN 10 /* of a code: above it the weights are taken for raw VGG's */

static const imp_param params[] = {
    {.key = "layers",
     .type = IMP_NAMES,
     .def_text = "",
     .help = "Layers of the codes, in their order; empty: each code's own name says it."},
    {.key = "weights",
     .type = IMP_NUMBERS,
     .def_text = "",
     .help = "How much each code counts: one number for all, or one each; empty: 1."},
    {.key = "optimiser",
     .type = IMP_CHOICE,
     .choices = "auto|" KIT_PAINT_RULES,
     .def_text = "auto",
     .help = "lbfgs: fewest steps. adam: with jitter. sgd-fmi: the paper's program's descent. "
             "auto: lbfgs, "
             "with jitter adam, under compat = fmi sgd-fmi."},
    {.key = "compat",
     .type = IMP_CHOICE,
     .choices = "none|fmi",
     .def_text = "none",
     .help =
         "fmi: the rule of the paper's program: half the squared distance without normalisation, "
         "gradient clipped at 10, weight decay, picture truncated to 8 bits. It denoises "
         "afterwards by 0.2: "
         "denoise."},
    {.key = "steps",
     .type = IMP_INT,
     .def = 0,
     .min = 0,
     .max = 100000,
     .help = "For each size; 0: 60 of lbfgs, 200 of adam, 1000 of sgd-fmi, which stops by itself."},
    {.key = "rate",
     .type = IMP_FLOAT,
     .def = 0,
     .min = 0,
     .max = 1000,
     .help = "adam: step in units of 1/255; sgd-fmi: the first rate; 0: 10 and 0.1."},
    {.key = "seed",
     .type = IMP_INT,
     .def = 1,
     .min = 0,
     .max = 2147483647,
     .help = "Of the noise it starts from, and of jitter."},
    {.key = "noise",
     .type = IMP_FLOAT,
     .def = 0.1,
     .min = 0,
     .max = 255,
     .help =
         "Deviation (sgd-fmi: half width) of that noise around grey, of 255. More of it stays in "
         "what a layer does not see; 20 gives textures that differ by seed."},
    {.key = "size",
     .unit = "px",
     .type = IMP_NUMBERS,
     .def_text = "",
     .help = "Width and height of the picture, where a code fits several; one number for a square. "
             "Empty: the "
             "photo's or start's size where it fits, else that which halves best."},
    {.key = "scales",
     .unit = "px",
     .type = IMP_NUMBERS,
     .def_text = "",
     .help = "Long sides to begin with, rising: `64 128`; then the picture's own. Wants in.photo, "
             "whose "
             "code is taken anew at each size, changed as the given one is."},
    {.key = "tv",
     .type = IMP_FLOAT,
     .def = 0,
     .min = 0,
     .max = 1e9,
     .help = "Smoothness, whatever the size: weight of the total variation, 1 for shallow, 10 for "
             "middle, 100 for deep layers."},
    {.key = "tv_power",
     .type = IMP_FLOAT,
     .def = 2,
     .min = 1,
     .max = 4,
     .help = "2 smooths evenly, 1 keeps edges."},
    {.key = "alpha",
     .type = IMP_FLOAT,
     .def = 0,
     .min = 0,
     .max = 1e9,
     .help = "Weight of the sixth powers of the samples, which keeps them from the extremes; 8e-10 "
             "is usual."},
    {.key = "jitter",
     .unit = "px",
     .type = IMP_INT,
     .def = 0,
     .min = 0,
     .max = 64,
     .help = "Moves the picture at random by up to so much in each step; with adam and sgd-fmi."},
    {.key = "bounds",
     .type = IMP_CHOICE,
     .choices = KIT_PAINT_BOUNDS,
     .def_text = "none",
     .help = "What keeps samples within black and white while painting: nothing, a penalty, or a "
             "clip after "
             "each step. The picture handed out is always clipped."},
    {.key = "penalty",
     .type = IMP_FLOAT,
     .def = 1,
     .min = 0,
     .max = 1e9,
     .help = "Weight of bounds = penalty."},
    {.key = "code_scale",
     .type = IMP_FLOAT,
     .def = 0,
     .min = 0,
     .max = 1e6,
     .help = "compat = fmi: codes are multiplied by it. Its constants are made for raw weights; 0: "
             "1 for "
             "codes whose mean is above 10 (raw weights), else 100."},
    {.key = "denoise",
     .type = IMP_FLOAT,
     .def = 0,
     .min = 0,
     .max = 10,
     .help = "Total-variation denoising of the result; the paper's program does it by 0.2."},
    {.key = "keep",
     .unit = "s",
     .type = IMP_FLOAT,
     .def = 20,
     .min = 0,
     .max = 86400,
     .help = "A checkpoint this often, from which a run that was stopped goes on to the same "
             "bytes; 0: none."},
};
static const imp_port inputs[] = {
    INV_NET,
    {.name = "start",
     INV_PICTURE,
     .flags = IMP_PORT_OPTIONAL,
     .help = "A picture to begin with instead of noise."},
    {.name = "photo",
     INV_PICTURE,
     .flags = IMP_PORT_OPTIONAL,
     .help =
         "What the codes were made from, for scales; its size is taken where codes fit several."},
    {.name = "codes",
     .kind = IMP_TENSOR,
     .flags = IMP_PORT_MANY,
     .help = "Codes, of net.encode or energy.*, C H W."},
};
static const imp_port outputs[] = {
    {.name = "out", .kind = IMP_IMAGE, .channels = 1u << 1 | 1u << 3, .help = "The picture."},
    {.name = "losses",
     .kind = IMP_TABLE,
     .flags = IMP_PORT_OPTIONAL,
     .help =
         "scale, width, height, step, evaluations, loss and each code's part of it: a row a step."},
};

/* ---- the preset's keys ---- */

static uint32_t rule_of(const imp_cell *p)
{
    if (p[OPTIMISER].i != AUTO)
        return (uint32_t)(p[OPTIMISER].i - LBFGS) + KIT_PAINT_LBFGS;
    return p[COMPAT].i == FMI ? KIT_PAINT_SGD_FMI : p[JITTER].i ? KIT_PAINT_ADAM : KIT_PAINT_LBFGS;
}

/* scales: room for the given ones and the picture's own. */
static kit_paint_options options_of(const imp_cell *p, double *scales)
{
    const uint32_t rule = rule_of(p);
    kit_paint_options o = kit_paint_defaults(rule);
    o.bounds = (uint32_t)p[BOUNDS].i;
    o.penalty = p[PENALTY].f;
    o.steps = p[STEPS].i ? (uint32_t)p[STEPS].i : o.steps;
    o.rate = p[RATE].f > 0 ? p[RATE].f : o.rate;
    o.noise = p[NOISE].f;
    o.tv = p[TV].f, o.tv_power = p[TV_POWER].f, o.alpha = p[ALPHA].f;
    o.jitter = rule == KIT_PAINT_LBFGS ? 0 : (uint32_t)p[JITTER].i;
    o.denoise = p[DENOISE].f;
    o.keep_seconds = p[KEEP].f;
    o.seed = (uint64_t)p[SEED].i;
    o.truncate = p[COMPAT].i == FMI;
    o.scales = scales;
    o.scale_count = 0;
    return o;
}

/* Those of the preset that are below the picture's own size, and that. */
static void scales_of(const imp_cell *p, uint32_t width, uint32_t height, double *scales,
                      kit_paint_options *o)
{
    const double own = width > height ? width : height;
    for (uint64_t i = 0; i < p[SCALES].n.count; i++)
        if (p[SCALES].n.ptr[i] < own)
            scales[o->scale_count++] = p[SCALES].n.ptr[i];
    scales[o->scale_count++] = own;
}

/* What is wrong with the keys, whatever the network: the parameter, or -1. */
static int32_t wrong_key(const imp_cell *p, uint64_t codes, const char **why)
{
    const double *s = p[SCALES].n.ptr;
    for (uint64_t i = 0; i < p[SCALES].n.count; i++)
        if (!(s[i] >= KIT_SIGHT_LEAST && s[i] <= INV_LARGEST) || (i && s[i] <= s[i - 1])) {
            *why = "scales are long sides of 32 to 16384 px, rising: `64 128`";
            return SCALES;
        }
    for (uint64_t i = 0; i < p[SIZE].n.count; i++)
        if (p[SIZE].n.count > 2 || !(p[SIZE].n.ptr[i] >= 1 && p[SIZE].n.ptr[i] <= INV_LARGEST)) {
            *why = "size is a width and a height, 1 to 16384 px, or one number for both";
            return SIZE;
        }
    for (uint64_t i = 0; i < p[WEIGHTS].n.count; i++)
        if (!(p[WEIGHTS].n.ptr[i] >= 0) || isinf(p[WEIGHTS].n.ptr[i]) ||
            (codes && p[WEIGHTS].n.count != 1 && p[WEIGHTS].n.count != codes)) {
            *why = "weights are numbers from 0 on: one for all codes, or one for each";
            return WEIGHTS;
        }
    if (codes && p[LAYERS].w.count && p[LAYERS].w.count != codes) {
        *why = "there are not as many layers as codes: one name each, or none";
        return LAYERS;
    }
    if (p[JITTER].i && rule_of(p) == KIT_PAINT_LBFGS) {
        *why = "L-BFGS needs an objective that does not move: optimiser = adam with jitter";
        return JITTER;
    }
    return -1;
}

/* ---- codes ---- */

struct invert {
    const struct inv_self *self;
    imp_job *job;
    const imp_cell *p;
    kit_sight sight;
    struct inv_goal goal;
    struct inv_term *terms;
    float **copies;
    uint32_t count, width, height;
};

static const imp_image *image_of(const struct invert *v, uint32_t port)
{
    return v->job->inputs[port] ? imp_image_in(v->job, port) : NULL;
}

static imp_status find_layer(struct invert *v, uint32_t i, imp_error *err)
{
    const imp_cell *names = &v->p[LAYERS];
    const char *name = names->w.count ? names->w.ptr[i] : v->terms[i].target.layer;
    if (!name || !*name)
        return kit_blame(
            err, LAYERS, -1,
            imp_fail(err, IMP_E_INPUT, "code %u has no name: say its layer with layers =", i + 1));
    const imp_status st = kit_sight_find(&v->sight, &name, 1, &v->terms[i].node, err);
    if (st == IMP_OK)
        v->terms[i].target.layer = kit_sight_name(&v->sight, v->terms[i].node);
    return st == IMP_OK ? st : kit_blame(err, names->w.count ? LAYERS : -1, -1, st);
}

static imp_status read_codes(struct invert *v, imp_error *err)
{
    imp_status st = IMP_OK;
    for (uint32_t i = 0; i < v->count && st == IMP_OK; i++) {
        struct inv_term *t = &v->terms[i];
        const imp_cell *weights = &v->p[WEIGHTS];
        st = kit_code_of((const imp_tensor *)(const void *)v->job->inputs[CODES + i], &t->target,
                         &v->copies[i], err);
        if (st == IMP_OK)
            st = find_layer(v, i, err);
        t->weight = !weights->n.count ? 1 : weights->n.ptr[weights->n.count > 1 ? i : 0];
    }
    return st;
}

/* The picture's size by all codes. */
static imp_status find_size(struct invert *v, imp_error *err)
{
    const imp_cell *size = &v->p[SIZE];
    const imp_image *hint = image_of(v, PHOTO) ? image_of(v, PHOTO) : image_of(v, START);
    struct inv_sizes all = {1, INV_LARGEST, 1, INV_LARGEST}, one;
    if (size->n.count) {
        v->width = (uint32_t)size->n.ptr[0];
        v->height = (uint32_t)size->n.ptr[size->n.count - 1];
    } else if (hint) {
        kit_sight_size(&v->sight, hint->width, hint->height, &v->width, &v->height);
    }
    if (size->n.count && !v->self->nn.edit.table)
        return IMP_OK;
    for (uint32_t i = 0; i < v->count; i++) {
        const imp_status st =
            inv_sizes_of(&v->sight, v->terms[i].node, &v->terms[i].target, &one, err);
        if (st != IMP_OK)
            return kit_blame(err, -1, CODES, st);
        if (!inv_sizes_meet(&all, &one))
            return kit_blame(
                err, -1, CODES,
                imp_fail(err, IMP_E_INPUT,
                         "no picture has all these codes: that of '%s' wants %u to %u x %u to "
                         "%u px, those before it another size",
                         v->terms[i].target.layer, one.w_from, one.w_to, one.h_from, one.h_to));
    }
    const uint32_t w = v->width, h = v->height;
    inv_sizes_choose(&v->sight, &all, &v->width, &v->height);
    if (size->n.count && (v->width != w || v->height != h))
        return kit_blame(err, SIZE, -1,
                         imp_fail(err, IMP_E_PARAM,
                                  "no picture of %u x %u has these codes: %u to %u x %u to %u do",
                                  w, h, all.w_from, all.w_to, all.h_from, all.h_to));
    if (!size->n.count && (v->width != w || v->height != h) &&
        (all.w_from != all.w_to || all.h_from != all.h_to))
        inv_say(v->self,
                "pictures of %u to %u x %u to %u px have such codes: %u x %u was taken (key size)",
                all.w_from, all.w_to, all.h_from, all.h_to, v->width, v->height);
    return IMP_OK;
}

static double code_scale(const struct invert *v)
{
    double sum = 0, n = 0;
    if (v->p[CODE_SCALE].f > 0)
        return v->p[CODE_SCALE].f;
    for (uint32_t i = 0; i < v->count; i++) {
        const kit_code *t = &v->terms[i].target;
        for (size_t k = 0; k < (size_t)t->c * t->h * t->w; k++)
            sum += t->data[k];
        n += (double)t->c * t->h * t->w;
    }
    return sum / n > RAW_MEAN ? 1 : 100;
}

/* ---- painting ---- */

static imp_status paint(struct invert *v, imp_error *err)
{
    double *scales = v->job->scratch(v->job, (v->p[SCALES].n.count + 1) * sizeof *scales);
    kit_paint_options o = options_of(v->p, scales);
    kit_painting painting;
    if (!scales)
        return IMP_E_MEMORY;
    scales_of(v->p, v->width, v->height, scales, &o);
    v->goal = (struct inv_goal){.sight = &v->sight,
                                .terms = v->terms,
                                .count = v->count,
                                .fmi = v->p[COMPAT].i == FMI,
                                .scale = code_scale(v),
                                .photo = image_of(v, PHOTO),
                                .width = v->width,
                                .height = v->height};
    imp_status st = inv_goal_init(&v->goal, err);
    if (st == IMP_OK && o.scale_count > 1)
        st = inv_goal_fit(&v->goal, v->terms, v->job, err);
    const kit_goal goal = inv_goal_as(&v->goal);
    if (st == IMP_OK)
        st = kit_paint(&v->sight, &o, &goal, image_of(v, START), v->width, v->height, v->job,
                       &painting, err);
    if (st != IMP_OK)
        return st;
    st = inv_hand_out(v->job, OUT, painting.picture, err);
    imp_table *losses = st == IMP_OK ? kit_paint_table(v->job, &goal, &painting) : NULL;
    if (st == IMP_OK)
        st = losses ? v->job->set_output(v->job, LOSSES, &losses->head) : IMP_E_MEMORY;
    kit_painting_free(&painting);
    return st;
}

/* Is it a size that is painted? */
static imp_status check_size(const struct invert *v, imp_error *err)
{
    uint32_t w, h;
    kit_sight_size(&v->sight, v->width, v->height, &w, &h);
    if (w == v->width && h == v->height)
        return IMP_OK;
    return imp_fail(
        err, IMP_E_INPUT,
        "codes of a picture of %u x %u cannot be inverted: pictures are painted from %u px a "
        "side on, in multiples of %u; resize the photo before it is encoded",
        v->width, v->height, (uint32_t)KIT_SIGHT_LEAST,
        v->sight.prepare.multiple ? v->sight.prepare.multiple : 1);
}

static imp_status invert(struct invert *v, imp_error *err)
{
    const char *why = NULL;
    const int32_t wrong = wrong_key(v->p, v->count, &why);
    if (wrong >= 0)
        return kit_blame(err, wrong, -1, imp_fail(err, IMP_E_PARAM, "%s", why));
    imp_status st =
        kit_sight_open(&v->sight, &v->self->nn, kit_sight_model(v->job->inputs[NET]), err);
    if (st == IMP_OK)
        st = read_codes(v, err);
    if (st == IMP_OK)
        st = find_size(v, err);
    if (st == IMP_OK)
        st = check_size(v, err);
    if (st == IMP_OK && v->p[SCALES].n.count && !image_of(v, PHOTO))
        return kit_blame(
            err, SCALES, -1,
            imp_fail(err, IMP_E_INPUT, "scales take the photo's code at each size: in.photo ="));
    return st == IMP_OK ? paint(v, err) : st;
}

static imp_status process(void *instance, imp_job *job, imp_error *err) IMP_NX
{
    struct invert v = {.self = instance,
                       .job = job,
                       .p = job->params,
                       .count = job->input_count > CODES ? job->input_count - CODES : 0};
    v.terms = calloc(v.count + 1u, sizeof *v.terms);
    v.copies = calloc(v.count + 1u, sizeof *v.copies);
    imp_status st = v.terms && v.copies ? IMP_OK : IMP_E_MEMORY;
    if (st == IMP_OK)
        st =
            v.count ? invert(&v, err) : imp_fail(err, IMP_E_INPUT, "no code to invert: in.codes =");
    inv_goal_fini(&v.goal);
    for (uint32_t i = 0; i < v.count; i++) {
        free(v.terms ? v.terms[i].line : NULL);
        free(v.copies ? v.copies[i] : NULL);
    }
    free(v.terms);
    free(v.copies);
    return st;
}

/* ---- planning ---- */

static imp_status plan(void *instance, imp_plan *plan, imp_error *err) IMP_NX
{
    const struct inv_self *self = instance;
    const imp_cell *p = self->params;
    imp_nn_model *model = kit_sight_planned(plan, NET);
    const imp_shape *photo = plan->input_count > PHOTO ? plan->inputs[PHOTO] : NULL;
    const char *why = NULL;
    const int32_t wrong =
        wrong_key(p, plan->input_count > CODES ? plan->input_count - CODES : 0, &why);
    kit_error e;
    kit_sight sight;
    (void)err;
    if (wrong >= 0)
        plan->mistake(plan, wrong, -1, NULL, why, NULL);
    if (p[SCALES].n.count && !photo)
        plan->mistake(plan, SCALES, -1, NULL,
                      "scales take the photo's code at each size: in.photo =", NULL);
    if (!model)
        return IMP_OK;
    if (kit_sight_open(&sight, &self->nn, model, kit_error_init(&e)) != IMP_OK) {
        plan->mistake(plan, -1, NET, NULL, e.text, NULL);
        return IMP_OK;
    }
    plan->outputs[OUT]->channels = sight.channels, plan->outputs[OUT]->colour = IMP_SRGB;
    if (!kit_sight_check(plan, &self->nn, model, LAYERS, &p[LAYERS]) || !photo || !photo->width ||
        wrong >= 0)
        return IMP_OK;
    uint32_t w, h, deepest = 0, node;
    for (uint64_t i = 0; i < p[LAYERS].w.count; i++)
        if (kit_sight_find(&sight, &p[LAYERS].w.ptr[i], 1, &node, NULL) == IMP_OK && node > deepest)
            deepest = node;
    double *scales = calloc(p[SCALES].n.count + 1, sizeof *scales);
    if (!scales)
        return IMP_OK;
    kit_paint_options o = options_of(p, scales);
    kit_sight_size(&sight, photo->width, photo->height, &w, &h);
    scales_of(p, w, h, scales, &o);
    if (deepest)
        kit_paint_cost(plan, &sight, &o, deepest, w, h);
    free(scales);
    return IMP_OK;
}

const imp_filter inv_invert = {
    INV_FILTER,
    .id = "invert",
    .summary = "The picture whose layers say what the given codes say.",
    .help = "Begins with noise (or in.start) and changes the picture until the network's layers "
            "give the "
            "codes: of net.encode, to see what a layer knows of a photo; of energy.fmi, to see one "
            "map's "
            "texture; of energy.random or energy.direct, for a picture with its energies "
            "rearranged. The "
            "distance of each code is relative to the code, so layers and sizes weigh alike.",
    .params = IMP_LIST(params),
    .inputs = IMP_LIST(inputs),
    .outputs = IMP_LIST(outputs),
    .process = process,
    .plan = plan,
};
