/* strokes.c - what energy.match and energy.gram share. */
#include "strokes.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_STEPS = 100000 };
enum { SMALL = 64 /* px of the picture that is looked at for numbers of maps */ };

/* ---- options ---- */

/* scales: room for EN_SCALES_MOST. */
static kit_paint_options options_of(const imp_cell *p, double *scales)
{
    static const uint32_t rules[] = {KIT_PAINT_LBFGS, KIT_PAINT_LBFGS, KIT_PAINT_ADAM,
                                     KIT_PAINT_SGD_FMI};
    static const uint32_t bounds[] = {KIT_PAINT_PENALTY, KIT_PAINT_FREE, KIT_PAINT_PENALTY,
                                      KIT_PAINT_PROJECT};
    const bool fmi = p[EN_COMPAT].i != 0;
    const uint32_t rule =
        fmi && p[EN_OPTIMISER].i == EN_AUTO_RULE ? KIT_PAINT_SGD_FMI : rules[p[EN_OPTIMISER].i];
    kit_paint_options o = kit_paint_defaults(rule);
    o.bounds = fmi && !p[EN_BOUNDS].i ? KIT_PAINT_FREE : bounds[p[EN_BOUNDS].i];
    o.step_list = p[EN_STEPS].n.ptr, o.step_count = (uint32_t)p[EN_STEPS].n.count;
    o.rate = p[EN_RATE].f > 0 ? p[EN_RATE].f : o.rate;
    o.decay = rule == KIT_PAINT_SGD_FMI ? 0.005 : 0; /* the program's, of a style */
    o.basis = p[EN_BASIS].i == EN_BASIS_PYRAMID || (p[EN_BASIS].i == EN_BASIS_AUTO && !fmi)
                  ? KIT_PAINT_PYRAMID
                  : KIT_PAINT_PIXELS;
    o.tv = p[EN_TV].f;
    o.jitter = (uint32_t)p[EN_JITTER].i, o.tile = (uint32_t)p[EN_TILE].i;
    o.denoise = p[EN_DENOISE].f >= 0 ? p[EN_DENOISE].f : fmi ? 0.2 : 0;
    o.truncate = fmi;
    o.roughen = fmi || !(p[EN_STRENGTH].f > 0) ? 0 : p[EN_ROUGHEN].f;
    o.seed = (uint64_t)p[EN_SEED].i;
    const imp_cell *s = &p[EN_SCALES];
    for (uint64_t i = 0; i < s->n.count && o.scale_count < EN_SCALES_MOST; i++)
        if (i + 1 == s->n.count || s->n.ptr[i] < s->n.ptr[s->n.count - 1])
            scales[o.scale_count++] = s->n.ptr[i];
    o.scales = scales;
    return o;
}

/* What is wrong with the keys; NULL: nothing. *key is whose. */
static const char *fault_of(const imp_cell *p, uint64_t layers, int32_t *key, char *buf,
                            size_t size)
{
    const imp_cell *w = &p[EN_WEIGHTS], *s = &p[EN_SCALES];
    double sum = 0, last = 0;
    *key = EN_WEIGHTS;
    if (w->n.count && layers && w->n.count != layers) {
        snprintf(buf, size, "%llu weights for %llu layers", (unsigned long long)w->n.count,
                 (unsigned long long)layers);
        return buf;
    }
    for (uint64_t i = 0; i < w->n.count; i++) {
        if (!(w->n.ptr[i] >= 0) || isinf(w->n.ptr[i]))
            return "a weight is not a number from 0";
        sum += w->n.ptr[i];
    }
    if (w->n.count && !(sum > 0))
        return "the weights add up to 0";
    *key = EN_SCALES;
    if (s->n.count > EN_SCALES_MOST)
        return "at most 16 scales";
    const double result = s->n.count ? s->n.ptr[s->n.count - 1] : 0;
    for (uint64_t i = 0; i < s->n.count; i++) {
        const double v = s->n.ptr[i];
        if (!(v >= 1) || v > 65535 || (v < result && v <= last))
            return "scales are long sides in px, from 1 to 65535, from coarse to fine";
        last = v < result ? v : last;
    }
    *key = EN_STEPS;
    const imp_cell *n = &p[EN_STEPS];
    for (uint64_t i = 0; i < n->n.count; i++)
        if (!(n->n.ptr[i] >= 1 && n->n.ptr[i] <= MOST_STEPS) || floor(n->n.ptr[i]) != n->n.ptr[i])
            return "steps are whole numbers, from 1 to 100000, one for each size";
    *key = EN_JITTER;
    double room[EN_SCALES_MOST];
    const uint32_t rule = options_of(p, room).rule;
    return p[EN_JITTER].i && rule == KIT_PAINT_LBFGS
               ? "lbfgs cannot bear a picture that moves: optimiser = adam, or jitter = 0"
               : NULL;
}

/* ---- opening ---- */

/* Numbers of maps, and how large activations are: the content looked at, small. */
static imp_status look(struct en_strokes *s, const struct en_net *self, imp_job *job, double *mean,
                       imp_error *err)
{
    const imp_nn_model_1 *model = self->nn.model.table;
    struct en_goal *g = &s->goal;
    imp_nn_run *run = NULL;
    uint32_t w, h;
    kit_sight_size(&s->sight, SMALL, SMALL, &w, &h);
    imp_status st = model->run_new(self->nn.model.self, s->sight.model, 0, &run, err);
    if (st != IMP_OK)
        return st;
    st = kit_sight_look(&s->sight, run, g->content, w, h, job, err);
    *mean = 0;
    for (uint32_t i = 0; i < g->layer_count && st == IMP_OK; i++) {
        kit_code code;
        double sum = 0;
        st = kit_sight_code(&s->sight, run, g->layers[i].node, job, &code, err);
        const size_t n = st == IMP_OK ? (size_t)code.c * code.h * code.w : 0;
        for (size_t k = 0; k < n; k++)
            sum += fabs((double)code.data[k]);
        g->layers[i].maps = st == IMP_OK ? code.c : 0;
        *mean += n ? sum / (double)n / g->layer_count : 0;
    }
    model->run_free(self->nn.model.self, run, NULL);
    return st;
}

static imp_status find_layers(struct en_strokes *s, imp_job *job, const char *const *names,
                              uint64_t count, imp_error *err)
{
    struct en_goal *g = &s->goal;
    const imp_cell *p = job->params, *w = &p[EN_WEIGHTS];
    double sum = 0;
    g->layers = job->scratch(job, count * sizeof *g->layers);
    g->names = job->scratch(job, (count + 1) * sizeof *g->names);
    if (!g->layers || !g->names)
        return IMP_E_MEMORY;
    memset(g->layers, 0, count * sizeof *g->layers);
    g->layer_count = (uint32_t)count;
    imp_status st = IMP_OK;
    for (uint64_t i = 0; i < count && st == IMP_OK; i++) {
        g->layers[i].name = names[i];
        g->layers[i].weight = w->n.count ? w->n.ptr[i] : 1;
        sum += g->layers[i].weight;
        st = kit_sight_find(&s->sight, &names[i], 1, &g->layers[i].node, err);
    }
    for (uint64_t i = 0; i < count && !g->compat; i++)
        g->layers[i].weight /= sum;
    if (st == IMP_OK && g->content_weight > 0) {
        g->content_layer = p[EN_CONTENT_LAYER].s.ptr;
        st = kit_sight_find(&s->sight, &g->content_layer, 1, &g->content_node, err);
        if (err && st != IMP_OK)
            err->param = EN_CONTENT_LAYER;
    }
    return st;
}

imp_status en_strokes_open(struct en_strokes *s, const struct en_net *self, imp_job *job,
                           uint32_t start, uint32_t mask, const char *const *names, uint64_t count,
                           imp_error *err)
{
    const imp_cell *p = job->params;
    struct en_goal *g = &s->goal;
    int32_t key = -1;
    char why[160];
    double mean = 0;
    memset(s, 0, sizeof *s);
    s->options = options_of(p, s->scales);
    const char *fault = count ? fault_of(p, count, &key, why, sizeof why) : "there are no layers";
    if (fault) {
        if (err)
            err->param = count ? key : EN_LAYERS;
        return imp_fail(err, IMP_E_PARAM, "%s", fault);
    }
    g->self = self, g->sight = &s->sight;
    g->content = imp_image_in(job, EN_CONTENT_PORT), g->mask = imp_image_in(job, mask);
    s->options.rough_where = g->mask;
    g->compat = p[EN_COMPAT].i != 0, g->strength = p[EN_STRENGTH].f, g->order = 1,
    g->style_scale = 1;
    g->content_weight = p[EN_CONTENT_WEIGHT].f >= 0 ? p[EN_CONTENT_WEIGHT].f
                        : g->compat                 ? 10
                                                    : 0.03;
    s->start = imp_image_in(job, start);
    if (!s->start && p[EN_START].i != EN_START_NOISE &&
        !(g->compat && p[EN_START].i == EN_START_AUTO))
        s->start = g->content;
    if (s->start && !g->compat)
        s->options.detail = g->content;
    imp_status st =
        kit_sight_open(&s->sight, &self->nn, kit_sight_model(job->inputs[EN_NET_PORT]), err);
    s->sight.margin = g->compat ? 0 : EN_MARGIN;
    if (st == IMP_OK)
        st = find_layers(s, job, names, count, err);
    if (st == IMP_OK)
        st = look(s, self, job, &mean, err);
    g->code_scale = !g->compat               ? 1
                    : p[EN_CODE_SCALE].f > 0 ? p[EN_CODE_SCALE].f
                    : mean < 10              ? 100
                                             : 1;
    return st;
}

/* ---- painting ---- */

static imp_status give_picture(imp_job *job, const imp_image *picture)
{
    imp_image *out =
        job->new_image(job, picture->width, picture->height, picture->channels, picture->colour);
    if (!out)
        return IMP_E_MEMORY;
    kit_copy(picture, out);
    return job->set_output(job, 0, &out->head);
}

imp_status en_strokes_paint(struct en_strokes *s, imp_job *job, imp_error *err)
{
    kit_painting painting = {.picture = NULL};
    const imp_image *in = s->goal.content;
    const kit_goal goal = en_goal_of(&s->goal);
    imp_status st = kit_paint(&s->sight, &s->options, &goal, s->start, in->width, in->height, job,
                              &painting, err);
    if (st == IMP_OK)
        st = give_picture(job, painting.picture);
    if (st == IMP_OK && job->wanted & 2) {
        imp_table *losses = kit_paint_table(job, &goal, &painting);
        st = losses ? job->set_output(job, 1, &losses->head) : IMP_E_MEMORY;
    }
    kit_painting_free(&painting);
    return st;
}

/* ---- before the run ---- */

void en_strokes_plan(const struct en_net *self, imp_plan *plan, const imp_cell *names)
{
    const imp_cell *p = self->as.params;
    const imp_shape *in = plan->inputs[EN_CONTENT_PORT];
    double room[EN_SCALES_MOST];
    const kit_paint_options o = options_of(p, room);
    const double weight = p[EN_CONTENT_WEIGHT].f;
    kit_sight sight;
    char why[160];
    int32_t key;
    const char *fault = fault_of(p, names->w.count, &key, why, sizeof why);
    if (fault)
        plan->mistake(plan, key, -1, NULL, fault, NULL);
    const kit_sight *s = en_plan_sight(plan, self, EN_LAYERS, names, &sight);
    imp_cell content;
    content.w.ptr = &p[EN_CONTENT_LAYER].s.ptr, content.w.count = weight != 0;
    if (s && !kit_sight_check(plan, &self->nn, s->model, EN_CONTENT_LAYER, &content))
        s = NULL;
    if (!s || fault || !in || !in->width || !in->height)
        return;
    const uint32_t style = en_deepest(s, names), own = en_deepest(s, &content);
    kit_paint_cost(plan, s, &o, style > own ? style : own, in->width, in->height);
    kit_paint_size(&o, in->width, in->height, &plan->outputs[0]->width, &plan->outputs[0]->height);
    plan->outputs[0]->channels = s->channels, plan->outputs[0]->colour = IMP_SRGB;
}
