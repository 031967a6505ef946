/* scores.c - scores of all units of a network, from its values, their gradients, and its weights.
 */
#include "passes.h"
#include <stdlib.h>
#include <string.h>

enum { DRAW = 0x7273 };

struct scoring {
    struct pr_subject *s;
    const struct pr_net *net;
    const struct pr_layer *layers;
    uint32_t count;
    double *score, *whole; /* of a unit: of a place of it, and of all its places */
};

static imp_status group_of(const struct scoring *k, uint32_t layer, imp_nn_group *g, imp_error *err)
{
    const imp_nn_edit_1 *edit = k->s->nn->edit.table;
    *g = (imp_nn_group){.struct_size = sizeof *g};
    return edit->group(k->s->nn->edit.self, k->net->model, k->layers[layer].group, g, err);
}

/* ---- from values and gradients ---- */

/* Does a parameter that makes the units have just so many channels in all its slices? */
static bool spans(const imp_nn_group *g, const imp_nn_slice *like, size_t channels)
{
    int64_t end = 0;
    for (uint32_t i = 0; i < g->slice_count; i++) {
        const imp_nn_slice *c = &g->slices[i];
        const int64_t to = c->first + c->width * g->unit_count;
        if (!c->reads && !strcmp(c->param, like->param) && to > end)
            end = to;
    }
    return (size_t)end <= channels && 2 * (size_t)end > channels;
}

bool pr_channels(const imp_nn_group *g, size_t channels, int32_t *unit_of)
{
    const imp_nn_slice *like = NULL;
    for (uint32_t i = 0; i < g->slice_count && !like; i++)
        if (!g->slices[i].reads && spans(g, &g->slices[i], channels))
            like = &g->slices[i];
    for (size_t c = 0; c < channels; c++)
        unit_of[c] = -1;
    for (uint32_t i = 0; i < g->slice_count && like; i++) {
        const imp_nn_slice *c = &g->slices[i];
        for (int64_t k = 0;
             !c->reads && !strcmp(c->param, like->param) && k < c->width * g->unit_count; k++)
            unit_of[c->first + k] = (int32_t)(k / c->width);
    }
    return like != NULL;
}

static bool is_activation(const char *op)
{
    static const char *const ops[] = {
        "relu", "leaky_relu", "prelu",    "elu",  "selu",         "celu",       "gelu", "sigmoid",
        "tanh", "softplus",   "softsign", "clip", "hard_sigmoid", "hard_swish", "mish", "silu"};
    for (size_t i = 0; i < sizeof ops / sizeof *ops; i++)
        if (!strcmp(op, ops[i]))
            return true;
    return false;
}

static imp_status node_at(const struct scoring *k, uint32_t i, imp_nn_node *n, imp_error *err)
{
    *n = (imp_nn_node){.struct_size = sizeof *n};
    return pr_models(k->s)->node(k->s->nn->model.self, k->net->model, i, n, err);
}

/* Does another node of the group read this one? */
static imp_status is_read(const struct scoring *k, const imp_nn_group *g, uint32_t node, bool *read,
                          imp_error *err)
{
    imp_status st = IMP_OK;
    *read = false;
    for (uint32_t i = 0; i < g->node_count && st == IMP_OK; i++) {
        imp_nn_node n;
        st = node_at(k, g->nodes[i], &n, err);
        for (uint32_t j = 0; st == IMP_OK && j < n.input_count; j++)
            *read |= n.inputs[j] == node;
    }
    return st;
}

/* Of the nodes that show a group's units those where they are scored: after the activations;
 * without one, at the ends. (A convolution and the relu behind it say the same of a unit: it would
 * count twice.) */
static imp_status scored_nodes(const struct scoring *k, const imp_nn_group *g, uint32_t *nodes,
                               uint32_t *count, imp_error *err)
{
    imp_status st = IMP_OK;
    *count = 0;
    for (int ends = 0; ends < 2 && !*count; ends++)
        for (uint32_t i = 0; i < g->node_count && st == IMP_OK; i++) {
            imp_nn_node n;
            bool read = false;
            st = node_at(k, g->nodes[i], &n, err);
            if (st == IMP_OK && ends)
                st = is_read(k, g, g->nodes[i], &read, err);
            if (st == IMP_OK && (ends ? !read : is_activation(n.op)))
                nodes[(*count)++] = g->nodes[i];
        }
    return st;
}

/* Nodes where units of free layers are scored, each once; free() them. */
static imp_status nodes_of(const struct scoring *k, uint32_t **nodes, uint32_t *count,
                           imp_error *err)
{
    imp_status st = IMP_OK;
    *nodes = NULL, *count = 0;
    for (uint32_t l = 0; l < k->count && st == IMP_OK; l++) {
        imp_nn_group g;
        uint32_t found = 0;
        if (k->layers[l].locked || (st = group_of(k, l, &g, err)) != IMP_OK)
            continue;
        uint32_t *more = realloc(*nodes, (*count + g.node_count + 1) * sizeof *more);
        if (!more)
            return imp_fail(err, IMP_E_MEMORY, "no memory for the nodes of %u layers", k->count);
        *nodes = more;
        st = scored_nodes(k, &g, more + *count, &found, err); /* no node belongs to two groups */
        *count += found;
    }
    return st;
}

static imp_status add_node(const struct scoring *k, const struct pr_pass *p,
                           const struct pr_layer *l, const imp_nn_group *group, uint32_t node,
                           imp_error *err)
{
    const uint32_t criterion = k->s->o->criterion;
    const imp_nn_grad_1 *grad = k->s->nn->grad.table;
    imp_tensor a = {.head = {sizeof a, IMP_TENSOR}}, g = a;
    imp_status st = pr_models(k->s)->forward(k->s->nn->model.self, p->run, node, k->s->job, err);
    if (st == IMP_OK)
        st = pr_models(k->s)->value(k->s->nn->model.self, p->run, node, &a, err);
    if (st == IMP_OK && pr_needs_gradient(criterion))
        st = grad->gradient(k->s->nn->grad.self, p->run, node, &g, err);
    if (st != IMP_OK)
        return st;
    if (a.ndim < 2 || a.strides || g.strides)
        return imp_fail(err, IMP_E_UNSUPPORTED, "the values of '%s' are not packed", l->name);
    size_t places = 1;
    for (uint32_t i = 2; i < a.ndim; i++)
        places *= (size_t)a.shape[i];
    const size_t channels = (size_t)a.shape[1];
    int32_t *unit_of = channels == l->units ? NULL : calloc(channels, sizeof *unit_of);
    double *sum = calloc(l->units, sizeof *sum);
    if ((channels != l->units && !unit_of) || !sum)
        st = imp_fail(err, IMP_E_MEMORY, "no memory for the channels of '%s'", l->name);
    else if (!unit_of ||
             pr_channels(group, channels, unit_of)) /* else its units are seen elsewhere */
        if (g.data ||
            !pr_needs_gradient(criterion)) /* no gradient: nothing there matters to the loss */
            pr_score_add(criterion == PR_CONTRIB ? PR_ACT : criterion, a.data, g.data, p->n,
                         channels, places, unit_of, l->units, sum);
    for (uint32_t u = 0; u < l->units && st == IMP_OK; u++) {
        k->score[l->first + u] += sum[u];
        k->whole[l->first + u] += (double)places * sum[u];
    }
    free(unit_of), free(sum);
    return st;
}

static imp_status add_batch(const struct scoring *k, struct pr_pass *p, uint32_t count,
                            const uint32_t *nodes, imp_error *err)
{
    double loss = 0;
    uint32_t right = 0;
    imp_status st = pr_needs_gradient(k->s->o->criterion)
                        ? pr_pass_loss(p, PR_SEED_TAYLOR, &loss, &right, err)
                        : pr_pass_forward(p, err);
    if (st == IMP_OK && pr_needs_gradient(k->s->o->criterion))
        st = pr_pass_back(p, count, nodes, err);
    for (uint32_t l = 0; l < k->count && st == IMP_OK; l++) {
        imp_nn_group g;
        uint32_t found = 0;
        if (k->layers[l].locked || (st = group_of(k, l, &g, err)) != IMP_OK)
            continue;
        uint32_t *mine = malloc((g.node_count + 1) * sizeof *mine);
        st = mine ? scored_nodes(k, &g, mine, &found, err)
                  : imp_fail(err, IMP_E_MEMORY, "no memory for nodes");
        for (uint32_t i = 0; i < found && st == IMP_OK; i++)
            st = add_node(k, p, &k->layers[l], &g, mine[i], err);
        free(mine);
    }
    return st;
}

static imp_status from_values(const struct scoring *k, imp_error *err)
{
    const uint64_t all = k->s->train->count,
                   samples = k->s->o->samples < all ? k->s->o->samples : all;
    uint64_t *order = calloc((size_t)all, sizeof *order);
    uint32_t *nodes = NULL, count = 0;
    struct pr_pass p = {.s = k->s};
    imp_status st = order ? nodes_of(k, &nodes, &count, err)
                          : imp_fail(err, IMP_E_MEMORY, "no memory for an order");
    if (st == IMP_OK)
        st = pr_pass_open(&p, k->s, k->net, k->s->train, 0, err);
    if (st == IMP_OK)
        kit_shuffle(k->s->o->seed, PR_SAMPLES, all, order);
    for (uint64_t first = 0; first < samples && st == IMP_OK; first += p.n) {
        p.most = samples - first < k->s->o->batch ? (uint32_t)(samples - first) : k->s->o->batch;
        st = pr_pass_read(&p, order, first, NULL, err);
        if (st == IMP_OK)
            st = add_batch(k, &p, count, nodes, err);
        if (st == IMP_OK)
            st = pr_tell(k->s, "scoring");
    }
    for (uint32_t l = 0; l < k->count; l++)
        for (int whole = 0; whole < 2; whole++)
            pr_score_end(k->s->o->criterion, samples, k->layers[l].units,
                         (whole ? k->whole : k->score) + k->layers[l].first);
    pr_pass_close(&p);
    free(order), free(nodes);
    return st;
}

/* ---- from weights ---- */

/* The parameter of that name; its data stay the trainer's. */
static imp_status param_of(const struct scoring *k, imp_nn_trainer *t, const char *name,
                           imp_tensor *v, imp_error *err)
{
    const imp_nn_train_1 *train = k->s->nn->train.table;
    uint32_t count = 0;
    imp_status st = train->param_count(k->s->nn->train.self, t, &count, err);
    for (uint32_t i = 0; i < count && st == IMP_OK; i++) {
        imp_tensor g = {.head = {sizeof g, IMP_TENSOR}};
        const char *is = NULL;
        *v = g;
        st = train->param(k->s->nn->train.self, t, i, &is, v, &g, err);
        if (st == IMP_OK && is && !strcmp(is, name))
            return IMP_OK;
    }
    *v = (imp_tensor){.ndim = 0};
    return st;
}

/* |W| of the weights that make (or, for PR_CONTRIB, read) each unit of a layer. */
static imp_status add_weights(const struct scoring *k, imp_nn_trainer *t, uint32_t layer,
                              imp_error *err)
{
    const struct pr_layer *l = &k->layers[layer];
    const uint32_t criterion = k->s->o->criterion, reads = criterion == PR_CONTRIB;
    double *sum = calloc(l->units, sizeof *sum), count = 0;
    imp_nn_group g;
    imp_status st =
        sum ? group_of(k, layer, &g, err) : imp_fail(err, IMP_E_MEMORY, "no memory for scores");
    for (uint32_t i = 0; st == IMP_OK && i < g.slice_count; i++) {
        const imp_nn_slice *c = &g.slices[i];
        imp_tensor w;
        if (c->reads != reads || (st = param_of(k, t, c->param, &w, err)) != IMP_OK || w.ndim < 2)
            continue; /* vectors (bias, normalisation) are no weights */
        pr_score_weights(w.data, w.ndim, w.shape, c->axis, c->first, c->width, l->units, sum,
                         &count);
    }
    for (uint32_t u = 0; st == IMP_OK && u < l->units; u++) {
        double *to = &k->score[l->first + u], *whole = &k->whole[l->first + u];
        const double w = sum[u] / (criterion == PR_L1_FANIN && count > 0 ? count : 1);
        *to = criterion == PR_CONTRIB ? *to * w : w;
        *whole = criterion == PR_CONTRIB ? *whole * w : w;
    }
    free(sum);
    return st;
}

static imp_status from_weights(const struct scoring *k, imp_error *err)
{
    const imp_nn_train_1 *train = k->s->nn->train.table;
    imp_nn_trainer *t = NULL;
    imp_status st = train->trainer_new(k->s->nn->train.self, k->net->model, k->s->o->seed, &t, err);
    for (uint32_t l = 0; l < k->count && st == IMP_OK; l++)
        if (!k->layers[l].locked)
            st = add_weights(k, t, l, err);
    if (t)
        train->trainer_free(k->s->nn->train.self, t, NULL);
    return st;
}

imp_status pr_scores(struct pr_subject *s, const struct pr_net *net, const struct pr_layer *layers,
                     uint32_t count, uint32_t step, double *score, double *whole, imp_error *err)
{
    const struct scoring k = {s, net, layers, count, score, whole};
    const uint32_t criterion = s->o->criterion;
    imp_status st = IMP_OK;
    for (uint32_t l = 0; l < count; l++)
        for (uint32_t u = layers[l].first; u < layers[l].first + layers[l].units; u++)
            score[u] = whole[u] = criterion == PR_RANDOM
                                      ? kit_uniform(s->o->seed, DRAW + l,
                                                    ((uint64_t)step << 32) + u - layers[l].first) +
                                            1e-9
                                      : 0;
    if (pr_needs_values(criterion))
        st = from_values(&k, err);
    if (st == IMP_OK && pr_needs_weights(criterion))
        st = from_weights(&k, err);
    if (st == IMP_OK && criterion == PR_ORACLE) {
        st = pr_scores_tried(s, net, layers, count, score, err);
        for (uint32_t l = 0; l < count && st == IMP_OK; l++)
            memcpy(whole + layers[l].first, score + layers[l].first,
                   layers[l].units * sizeof *whole);
    }
    return st;
}
