/* prune_constants.c - units that say the same of every sample say nothing: the biases behind them
 * take over what they give (nn.edit's settle, where that is exact), and cutting them out changes
 * nothing. Values are constant over the samples of scores; units that are 0 give nothing and need
 * none of it. */
#include "pruning.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

struct watched { /* a node that weights read */
    uint32_t node;
    size_t channels;
    float *value; /* by channel; NAN: it varies; NULL: not seen yet */
};
struct watch {
    struct pruning *p;
    struct watched *nodes;
    uint32_t count, live; /* live: nodes with a channel that is constant and not 0 */
};

/* ---- the nodes ---- */

/* Marks the nodes that show units of free layers. */
static imp_status mark_shown(const struct pruning *p, uint8_t *shown, imp_error *err)
{
    const imp_nn_edit_1 *edit = p->s.nn->edit.table;
    imp_status st = IMP_OK;
    for (uint32_t i = 0; i < p->layer_count && st == IMP_OK; i++) {
        imp_nn_group g = {.struct_size = sizeof g};
        if (p->layers[i].locked)
            continue;
        st = edit->group(p->s.nn->edit.self, p->now.model, p->layers[i].group, &g, err);
        for (uint32_t k = 0; k < g.node_count && st == IMP_OK; k++)
            shown[g.nodes[k]] = 1;
    }
    return st;
}

static bool is_one_of(const char *op, const char *const *names)
{
    while (*names && strcmp(op, *names) != 0)
        names++;
    return *names != NULL;
}

/* What weights read, where these are values of units, or such values in another shape. */
static imp_status find_read(struct watch *w, const uint8_t *shown, uint32_t count, imp_error *err)
{
    static const char *const readers[] = {"conv", "gemm", NULL};
    static const char *const shapes[] = {"flatten", "reshape", "squeeze", "identity", NULL};
    const imp_nn_model_1 *models = pr_models(&w->p->s);
    imp_status st = IMP_OK;
    for (uint32_t i = 0; i < count && st == IMP_OK; i++) {
        imp_nn_node n = {.struct_size = sizeof n};
        st = models->node(w->p->s.nn->model.self, w->p->now.model, i, &n, err);
        if (st != IMP_OK || !is_one_of(n.op, readers) || !n.input_count)
            continue;
        const uint32_t read = n.inputs[0];
        uint32_t from = read;
        st = models->node(w->p->s.nn->model.self, w->p->now.model, from, &n, err);
        while (st == IMP_OK && !shown[from] && is_one_of(n.op, shapes) && n.input_count) {
            from = n.inputs[0];
            st = models->node(w->p->s.nn->model.self, w->p->now.model, from, &n, err);
        }
        bool again = false;
        for (uint32_t k = 0; k < w->count; k++)
            again |= w->nodes[k].node == read;
        if (shown[from] && !again)
            w->nodes[w->count++] = (struct watched){.node = read};
    }
    return st;
}

static imp_status find_nodes(struct watch *w, imp_error *err)
{
    const struct pruning *p = w->p;
    uint32_t count = 0;
    imp_status st = pr_models(&p->s)->node_count(p->s.nn->model.self, p->now.model, &count, err);
    uint8_t *shown = calloc(count + 1u, 1);
    w->nodes = calloc(count + 1u, sizeof *w->nodes);
    if (st == IMP_OK && (!shown || !w->nodes))
        st = imp_fail(err, IMP_E_MEMORY, "no memory for %u nodes", count);
    if (st == IMP_OK)
        st = mark_shown(p, shown, err);
    if (st == IMP_OK)
        st = find_read(w, shown, count, err);
    free(shown);
    return st;
}

/* ---- watching ---- */

/* Channels that are not what they were, or vary in this batch, are struck out. *live: some are
 * left. */
static imp_status look(struct watched *n, const imp_tensor *v, size_t samples, bool *live,
                       imp_error *err)
{
    size_t places = 1;
    for (uint32_t i = 2; i < v->ndim; i++)
        places *= (size_t)v->shape[i];
    n->channels = (size_t)v->shape[1];
    const float *x = v->data;
    if (!n->value) {
        if (!(n->value = malloc(n->channels * sizeof *n->value)))
            return imp_fail(err, IMP_E_MEMORY, "no memory for %zu channels", n->channels);
        for (size_t c = 0; c < n->channels; c++)
            n->value[c] = x[c * places];
    }
    *live = false;
    for (size_t c = 0; c < n->channels; c++) {
        for (size_t s = 0; s < samples && !isnan(n->value[c]); s++)
            for (size_t i = 0; i < places && !isnan(n->value[c]); i++)
                if (x[(s * n->channels + c) * places + i] != n->value[c])
                    n->value[c] = NAN;
        *live |= isfinite(n->value[c]) && n->value[c] != 0;
    }
    return IMP_OK;
}

static imp_status look_at_batch(struct watch *w, struct pr_pass *pass, imp_error *err)
{
    const imp_nn_model_1 *models = pr_models(&w->p->s);
    imp_status st = pr_pass_forward(pass, err);
    w->live = 0;
    for (uint32_t i = 0; i < w->count && st == IMP_OK; i++) {
        imp_tensor v = {.head = {sizeof v, IMP_TENSOR}};
        bool live = false;
        st = models->forward(w->p->s.nn->model.self, pass->run, w->nodes[i].node, w->p->s.job, err);
        if (st == IMP_OK)
            st = models->value(w->p->s.nn->model.self, pass->run, w->nodes[i].node, &v, err);
        if (st == IMP_OK && v.ndim >= 2 && !v.strides && v.dtype == IMP_F32)
            st = look(&w->nodes[i], &v, pass->n, &live, err);
        w->live += live;
    }
    return st;
}

/* All samples of scores; over after the first batch where nothing is constant. */
static imp_status watch(struct watch *w, imp_error *err)
{
    struct pr_subject *s = &w->p->s;
    const uint64_t all = s->train->count, samples = s->o->samples < all ? s->o->samples : all;
    uint64_t *order = calloc((size_t)all, sizeof *order);
    struct pr_pass pass = {.s = s};
    imp_status st = order ? pr_pass_open(&pass, s, &w->p->now, s->train, 0, err)
                          : imp_fail(err, IMP_E_MEMORY, "no memory for an order");
    if (st == IMP_OK)
        kit_shuffle(s->o->seed, PR_SAMPLES, all, order);
    w->live = 1;
    for (uint64_t first = 0; first < samples && st == IMP_OK && w->live; first += pass.n) {
        pass.most = samples - first < s->o->batch ? (uint32_t)(samples - first) : s->o->batch;
        st = pr_pass_read(&pass, order, first, NULL, err);
        if (st == IMP_OK)
            st = look_at_batch(w, &pass, err);
        if (st == IMP_OK)
            st = pr_tell(s, "looking for constant units");
    }
    pr_pass_close(&pass);
    free(order);
    return st;
}

/* ---- taking over ---- */

static imp_status settle(struct watch *w, const struct watched *n, imp_error *err)
{
    const imp_nn_edit_1 *edit = w->p->s.nn->edit.table;
    struct pr_net *now = &w->p->now, next;
    imp_nn_model *model = NULL;
    uint32_t settled = 0;
    imp_status st = edit->settle(w->p->s.nn->edit.self, now->model, n->node, (uint32_t)n->channels,
                                 n->value, &settled, &model, err);
    if (st != IMP_OK)
        return st;
    if (!settled) {
        pr_models(&w->p->s)->release(w->p->s.nn->model.self, model, NULL);
        return IMP_OK;
    }
    st = pr_net_open(&w->p->s, &next, model, err);
    if (st != IMP_OK)
        return st;
    next.moments = now->moments;
    now->moments = NULL;
    pr_net_close(&w->p->s, now);
    *now = next;
    return IMP_OK;
}

imp_status pr_settle(struct pruning *p, imp_error *err)
{
    const imp_nn_edit_1 *edit = p->s.nn->edit.table;
    struct watch w = {.p = p};
    if (!IMP_HAS(imp_nn_edit_1, edit->struct_size, settle) || !edit->settle)
        return IMP_OK;
    imp_status st = find_nodes(&w, err);
    if (st == IMP_OK)
        st = watch(&w, err);
    for (uint32_t i = 0; i < w.count && st == IMP_OK && w.live; i++)
        if (w.nodes[i].value)
            st = settle(&w, &w.nodes[i], err);
    for (uint32_t i = 0; i < w.count; i++)
        free(w.nodes[i].value);
    free(w.nodes);
    return st;
}
