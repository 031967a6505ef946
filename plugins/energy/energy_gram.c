/* energy_gram.c - the baseline: Gram matrices of a style, Gatys, Ecker and Bethge, arXiv
 * 1508.06576. */
#include "strokes.h"
#include <math.h>

enum { PARTS = EN_KEYS, STYLE_SCALE, STYLE_WEIGHTS };
enum { NET, CONTENT, START, MASK, STYLES };

static const imp_param params[] = {
    {.key = "layers",
     .type = IMP_NAMES,
     .def_text = "relu1_1 relu2_1 relu3_1",
     .help = "Layers whose matrices are matched."},
    EN_STROKES,
    {.key = "parts",
     .type = IMP_CHOICE,
     .choices = "full|diagonal|off",
     .def_text = "full",
     .help = "Of the matrices: diagonal is the maps' second-order energy, off all but that."},
    {.key = "style_scale",
     .type = IMP_FLOAT,
     .def = 1,
     .min = 0.05,
     .max = 8,
     .help = "Long side of the style against the photo's, at each size; never enlarged."},
    {.key = "style_weights",
     .type = IMP_NUMBERS,
     .def_text = "",
     .help = "One for each style, not negative. Empty: all alike."},
};
static const imp_port inputs[] = {
    EN_NET,
    EN_CONTENT_IN,
    EN_START_IN,
    EN_MASK_IN,
    {.name = "style", EN_PICTURE, .flags = IMP_PORT_MANY, .help = "One painting, or several."},
};
static const imp_port outputs[] = {EN_PAINTED};

static const char *styles_fault(const imp_cell *w, uint32_t n, char *buf, size_t size)
{
    double sum = 0;
    if (w->n.count && w->n.count != n) {
        snprintf(buf, size, "%llu style_weights for %u styles", (unsigned long long)w->n.count, n);
        return buf;
    }
    for (uint64_t i = 0; i < w->n.count; i++) {
        if (!(w->n.ptr[i] >= 0) || isinf(w->n.ptr[i]))
            return "a weight is not a number from 0";
        sum += w->n.ptr[i];
    }
    return w->n.count && !(sum > 0) ? "the weights add up to 0" : NULL;
}

static imp_status take_styles(struct en_goal *g, imp_job *job, imp_error *err)
{
    const imp_cell *w = &job->params[STYLE_WEIGHTS];
    const uint32_t n = job->input_count - STYLES;
    const imp_image **styles = job->scratch(job, n * sizeof *styles);
    double *weights = job->scratch(job, n * sizeof *weights), sum = 0;
    char why[120];
    const char *fault = styles_fault(w, n, why, sizeof why);
    if (fault) {
        if (err)
            err->param = STYLE_WEIGHTS;
        return imp_fail(err, IMP_E_PARAM, "%s", fault);
    }
    if (!styles || !weights)
        return IMP_E_MEMORY;
    for (uint32_t i = 0; i < n; i++) {
        styles[i] = imp_image_in(job, STYLES + i);
        sum += weights[i] = w->n.count ? w->n.ptr[i] : 1;
    }
    for (uint32_t i = 0; i < n; i++)
        weights[i] /= sum;
    g->styles = styles, g->style_weights = weights, g->style_count = n;
    return IMP_OK;
}

static imp_status process(void *instance, imp_job *job, imp_error *err) IMP_NX
{
    const imp_cell *p = job->params, *names = &p[EN_LAYERS];
    struct en_strokes s;
    imp_status st =
        en_strokes_open(&s, instance, job, START, MASK, names->w.ptr, names->w.count, err);
    s.goal.gram = 1, s.goal.parts = (uint32_t)p[PARTS].i, s.goal.style_scale = p[STYLE_SCALE].f;
    if (st == IMP_OK)
        st = take_styles(&s.goal, job, err);
    if (st == IMP_OK)
        st = en_goal_open(&s.goal, err);
    if (st == IMP_OK)
        st = en_strokes_paint(&s, job, err);
    en_goal_close(&s.goal);
    return st;
}

static imp_status plan(void *instance, imp_plan *plan, imp_error *err) IMP_NX
{
    const struct en_net *self = instance;
    const imp_cell *p = self->as.params;
    char why[120];
    (void)err;
    const char *fault =
        styles_fault(&p[STYLE_WEIGHTS], plan->input_count - STYLES, why, sizeof why);
    if (fault)
        plan->mistake(plan, STYLE_WEIGHTS, -1, NULL, fault, NULL);
    if (!p[EN_LAYERS].w.count)
        plan->mistake(plan, EN_LAYERS, -1, NULL, "at least one layer is wanted", NULL);
    en_strokes_plan(self, plan, &p[EN_LAYERS]);
    return IMP_OK;
}

const imp_filter en_filter_gram = {
    EN_FILTER,
    .id = "energy.gram",
    .summary = "Repaint a photo until a network's Gram matrices are those of a style.",
    .help =
        "What others call neural style transfer; here for comparison with energy.match, and for "
        "strokes that follow the painting closely. Several styles mix by style_weights.",
    .params = IMP_LIST(params),
    .inputs = IMP_LIST(inputs),
    .outputs = IMP_LIST(outputs),
    .create = en_net_create,
    .destroy = en_net_destroy,
    .process = process,
    .plan = plan,
};
