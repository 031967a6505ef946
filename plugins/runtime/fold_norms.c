/* fold_norms.c - see rescale.h. */
#include "rescale.h"
#include <stdlib.h>
#include <string.h>

enum { X, WEIGHT, BIAS, SLOTS }; /* of a convolution */

extern const struct rt_op rt_op_conv;

struct folding {
    struct rt_graph *from; /* a copy, whose attributes move */
    struct rt_graph *to;
    struct rt_plan *plan; /* of the model's own graph */
    bool *needed;
    int32_t *reader;
    uint32_t *uses;    /* by parameter: slots that read it */
    int32_t *at;       /* by node: its number in `to`; -1: not there yet */
    int64_t *param_at; /* by parameter */
};

void rt_sole_readers(const struct rt_graph *g, const bool *needed, int32_t *reader)
{
    for (uint32_t i = 0; i < g->node_count; i++)
        reader[i] = g->nodes[i].flags & (IMP_NN_INPUT | IMP_NN_OUTPUT) ? RT_SEVERAL : RT_NOBODY;
    for (uint32_t i = 0; i < g->node_count; i++)
        for (uint32_t s = 0; s < g->nodes[i].input_count && (!needed || needed[i]); s++) {
            const int32_t ref = g->nodes[i].inputs[s];
            if (ref != RT_ABSENT && !rt_is_param(ref))
                reader[ref] = reader[ref] == RT_NOBODY ? (int32_t)i : RT_SEVERAL;
        }
}

/* ---- what stays ---- */

static void find_needed(struct folding *f, uint32_t last)
{
    const struct rt_graph *g = f->from;
    for (uint32_t i = g->node_count; i-- > 0;) {
        if (last == IMP_NN_ALL || i == last)
            f->needed[i] = true;
        for (uint32_t s = 0; s < g->nodes[i].input_count && f->needed[i]; s++)
            if (g->nodes[i].inputs[s] >= 0)
                f->needed[g->nodes[i].inputs[s]] = true;
    }
    for (uint32_t i = 0; i < g->node_count && last != IMP_NN_ALL; i++)
        g->nodes[i].flags &= ~(uint32_t)IMP_NN_OUTPUT;
    if (last != IMP_NN_ALL)
        g->nodes[last].flags |= IMP_NN_OUTPUT;
    for (uint32_t i = 0; i < g->node_count; i++)
        for (uint32_t s = 0; s < g->nodes[i].input_count && f->needed[i]; s++)
            if (rt_is_param(g->nodes[i].inputs[s]))
                f->uses[rt_param_of(g->nodes[i].inputs[s])]++;
}

/* ---- scale and shift of a chain of norms ---- */

static const struct rt_tensor *tensor_of(const struct rt_graph *g, const struct rt_node *n,
                                         uint32_t slot)
{
    const int32_t ref = slot < n->input_count ? n->inputs[slot] : RT_ABSENT;
    return rt_is_param(ref) ? g->params[rt_param_of(ref)].tensor : NULL;
}

/* Node i as y = scale x + shift by channel, of x = sums + bias; scale NULL: only asks. */
static bool norm_of(const struct folding *f, uint32_t i, const float *bias, float *scale,
                    float *shift)
{
    const struct rt_node *n = &f->from->nodes[i];
    struct rt_call call = rt_plan_call(f->plan, i);
    const float *in[8] = {NULL};
    if (!n->op->fold || n->input_count > sizeof in / sizeof *in || !f->needed[i])
        return false;
    for (uint32_t s = 0; s < n->input_count; s++) {
        const struct rt_tensor *t = tensor_of(f->from, n, s);
        if (s && !t && n->inputs[s] != RT_ABSENT)
            return false;
        in[s] = t ? t->data : NULL;
    }
    call.in = in;
    return n->op->fold(&call, bias, scale, shift);
}

static bool may_fold(const struct folding *f, uint32_t i)
{
    const struct rt_node *n = &f->from->nodes[i];
    const struct rt_tensor *w = tensor_of(f->from, n, WEIGHT), *b = tensor_of(f->from, n, BIAS);
    const bool open = n->input_count <= BIAS || n->inputs[BIAS] == RT_ABSENT;
    const int32_t next = f->reader[i];
    return n->op == &rt_op_conv && w && f->uses[rt_param_of(n->inputs[WEIGHT])] == 1 &&
           (open || (b && f->uses[rt_param_of(n->inputs[BIAS])] == 1)) && next >= 0 &&
           f->from->nodes[next].inputs[X] == (int32_t)i &&
           norm_of(f, (uint32_t)next, NULL, NULL, NULL);
}

/* All norms behind convolution i; their nodes get its number, which is that of the next node. */
static void chain_of(struct folding *f, uint32_t i, float *total, float *shift, float *work)
{
    const struct rt_node *n = &f->from->nodes[i];
    const struct rt_tensor *b = tensor_of(f->from, n, BIAS);
    const int64_t channels = f->plan->info[i].shape.dim[1];
    float *scale = work, *add = work + channels;
    norm_of(f, (uint32_t)f->reader[i], b ? rt_floats(b) : NULL, total, shift);
    uint32_t at = (uint32_t)f->reader[i];
    f->at[at] = (int32_t)f->to->node_count;
    for (int32_t next; (next = f->reader[at]) >= 0; at = (uint32_t)next) {
        if (f->from->nodes[next].inputs[X] != (int32_t)at ||
            !norm_of(f, (uint32_t)next, NULL, scale, add))
            return;
        for (int64_t c = 0; c < channels; c++) {
            total[c] *= scale[c];
            shift[c] = shift[c] * scale[c] + add[c];
        }
        f->at[next] = (int32_t)f->to->node_count;
    }
}

/* ---- the new graph ---- */

static int64_t add_tensor(struct folding *f, const char *name, struct rt_tensor *t)
{
    const int64_t p = t ? rt_graph_add_param(f->to, name, t, 0) : -1;
    rt_tensor_release(t);
    return p;
}

/* The convolution's own weights times scale, and the shift as its bias. */
static bool fold_weights(struct folding *f, const struct rt_node *n, const float *scale,
                         const float *shift, int32_t refs[SLOTS])
{
    const struct rt_tensor *w = tensor_of(f->from, n, WEIGHT);
    const struct rt_shape line = rt_shape_of(1, w->shape.dim);
    const int64_t outputs = w->shape.dim[0], row = w->count / outputs;
    struct rt_tensor *weight = rt_tensor_new(IMP_F32, &w->shape),
                     *bias = rt_tensor_new(IMP_F32, &line);
    const bool has_bias = tensor_of(f->from, n, BIAS) != NULL;
    const size_t room = strlen(n->name) + sizeof ".bias";
    char *name = malloc(room);
    for (int64_t i = 0; weight && i < w->count; i++)
        rt_floats(weight)[i] = rt_floats(w)[i] * scale[i / row];
    if (bias)
        memcpy(bias->data, shift, (size_t)outputs * sizeof *shift);
    if (name)
        snprintf(name, room, "%s.bias", n->name);
    const char *bias_name = has_bias ? f->from->params[rt_param_of(n->inputs[BIAS])].name : name;
    const int64_t p = add_tensor(f, f->from->params[rt_param_of(n->inputs[WEIGHT])].name, weight);
    const int64_t b = bias_name ? add_tensor(f, bias_name, bias) : -1;
    free(name);
    refs[WEIGHT] = rt_ref_param((uint32_t)p);
    refs[BIAS] = rt_ref_param((uint32_t)b);
    return p >= 0 && b >= 0;
}

static bool move_node(struct folding *f, uint32_t i, uint32_t count, const int32_t *refs)
{
    struct rt_node *n = &f->from->nodes[i];
    const int64_t k = rt_graph_add_node(f->to, n->name, n->op, count, refs);
    if (k < 0)
        return false;
    struct rt_node *new = &f->to->nodes[k];
    free(new->attrs);
    new->attrs = n->attrs;
    new->value = n->value;
    new->flags = n->flags;
    new->declared = n->declared;
    n->attrs = NULL;
    n->value = NULL;
    f->at[i] = (int32_t)k;
    return true;
}

static bool add_folded(struct folding *f, uint32_t i)
{
    const struct rt_node *n = &f->from->nodes[i];
    const size_t channels = (size_t)f->plan->info[i].shape.dim[1];
    float *numbers = calloc(4 * channels, sizeof *numbers);
    int32_t refs[SLOTS] = {n->inputs[X] >= 0 ? f->at[n->inputs[X]] : n->inputs[X]};
    bool fine = numbers != NULL;
    if (fine) {
        chain_of(f, i, numbers, numbers + channels, numbers + 2 * channels);
        fine =
            fold_weights(f, n, numbers, numbers + channels, refs) && move_node(f, i, SLOTS, refs);
    }
    free(numbers);
    return fine;
}

/* Dropout and identity hand on what they get: their readers read that. */
static bool does_nothing(const struct folding *f, uint32_t i)
{
    const struct rt_node *n = &f->from->nodes[i];
    return (!strcmp(n->op->name, "dropout") || !strcmp(n->op->name, "identity")) &&
           !(n->flags & IMP_NN_OUTPUT) && n->inputs[X] >= 0;
}

static bool add_node(struct folding *f, uint32_t i)
{
    const struct rt_node *n = &f->from->nodes[i];
    if (may_fold(f, i))
        return add_folded(f, i);
    if (does_nothing(f, i)) {
        f->at[i] = f->at[n->inputs[X]];
        return true;
    }
    int32_t *refs = calloc(n->input_count + 1, sizeof *refs);
    bool fine = refs != NULL;
    for (uint32_t s = 0; s < n->input_count && fine; s++) {
        refs[s] = n->inputs[s];
        if (refs[s] >= 0) {
            refs[s] = f->at[refs[s]];
        } else if (rt_is_param(refs[s])) {
            const uint32_t p = rt_param_of(refs[s]);
            const struct rt_param *from = &f->from->params[p];
            if (f->param_at[p] < 0)
                f->param_at[p] = rt_graph_add_param(f->to, from->name, from->tensor, from->flags);
            fine = f->param_at[p] >= 0;
            refs[s] = rt_ref_param((uint32_t)f->param_at[p]);
        }
    }
    fine = fine && move_node(f, i, n->input_count, refs);
    free(refs);
    return fine;
}

static bool fill(struct folding *f, uint32_t last)
{
    for (uint32_t i = 0; i < f->from->node_count; i++)
        f->at[i] = -1;
    for (uint32_t p = 0; p < f->from->param_count; p++)
        f->param_at[p] = -1;
    find_needed(f, last);
    rt_sole_readers(f->from, f->needed, f->reader);
    for (uint32_t i = 0; i < f->from->node_count; i++)
        if (f->needed[i] && f->at[i] < 0 && !add_node(f, i))
            return false;
    for (uint32_t i = 0; i < f->from->meta_count; i++)
        if (!rt_graph_set_meta(f->to, f->from->meta[i].key, f->from->meta[i].text))
            return false;
    return true;
}

imp_status rt_fold_norms(const imp_nn_model *m, uint32_t last, imp_nn_model **out, imp_error *err)
{
    const size_t nodes = m->graph->node_count, params = m->graph->param_count + 1u;
    struct folding f = {.from = rt_graph_copy(m->graph),
                        .to = rt_graph_new(),
                        .needed = calloc(nodes, sizeof *f.needed),
                        .reader = calloc(nodes, sizeof *f.reader),
                        .uses = calloc(params, sizeof *f.uses),
                        .at = calloc(nodes, sizeof *f.at),
                        .param_at = calloc(params, sizeof *f.param_at)};
    imp_status st = f.from && f.to && f.needed && f.reader && f.uses && f.at && f.param_at
                        ? rt_probe_plan(m->graph, &f.plan, err)
                        : IMP_E_MEMORY;
    if (st == IMP_OK)
        st = fill(&f, last) ? rt_graph_finish(f.to, err) : IMP_E_MEMORY;
    if (st == IMP_E_MEMORY)
        imp_fail(err, st, "no memory to fold a network");
    if (st == IMP_OK) {
        st = rt_model_new(f.to, out, err);
        f.to = NULL;
    }
    rt_plan_free(f.plan);
    rt_graph_free(f.from);
    rt_graph_free(f.to);
    free(f.needed);
    free(f.reader);
    free(f.uses);
    free(f.at);
    free(f.param_at);
    return st;
}
