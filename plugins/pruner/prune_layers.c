/* prune_layers.c - the layers of a network under pruning, and units cut out of it. */
#include "pruning.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { AXES = 8 };

static const imp_nn_edit_1 *edits(const struct pruning *p)
{
    return p->s.nn->edit.table;
}

static imp_status channels_of(const struct pruning *p, const imp_nn_model *m, uint32_t node,
                              int64_t *channels, imp_error *err)
{
    imp_nn_node n = {.struct_size = sizeof n};
    const imp_status st = pr_models(&p->s)->node(p->s.nn->model.self, m, node, &n, err);
    *channels = st == IMP_OK && n.ndim > 1 ? n.shape[1] : 0;
    return st;
}

/* A network without the first unit of a layer. */
static imp_status without_one(const struct pruning *p, const struct pr_layer *l, imp_nn_model **out,
                              imp_error *err)
{
    static const uint32_t first = 0;
    const imp_nn_cut cut = {l->group, 1, &first};
    return edits(p)->without(p->s.nn->edit.self, p->now.model, 1, &cut, out, err);
}

/* PR_CODES: would a cut change a code that is to be held? */
static imp_status changes_codes(const struct pruning *p, const imp_nn_model *cut, bool *changes,
                                imp_error *err)
{
    imp_status st = IMP_OK;
    *changes = false;
    for (uint64_t i = 0; p->o->performance == PR_CODES && i < p->o->layers->w.count && st == IMP_OK;
         i++) {
        int64_t is = 0, was = 0;
        uint32_t node;
        st = pr_models(&p->s)->find(p->s.nn->model.self, cut, p->o->layers->w.ptr[i], &node, err);
        if (st == IMP_OK)
            st = channels_of(p, cut, node, &is, err);
        if (st == IMP_OK)
            st = channels_of(p, p->now.model, p->now.codes[i], &was, err);
        *changes |= is != was;
    }
    return st;
}

/* The fewest channels by which a node is known to show the units of a group: as many, or several
 * for each; 0: there is none. */
static int64_t shown(const struct pruning *p, const imp_nn_group *g)
{
    int64_t fewest = 0;
    for (uint32_t i = 0; i < g->node_count; i++) {
        int64_t channels = 0;
        channels_of(p, p->now.model, g->nodes[i], &channels, NULL);
        int32_t *unit_of = channels > 0 ? malloc((size_t)channels * sizeof *unit_of) : NULL;
        if (channels == g->unit_count || (unit_of && pr_channels(g, (size_t)channels, unit_of)))
            fewest = !fewest || channels < fewest ? channels : fewest;
        free(unit_of);
    }
    return fewest;
}

static imp_status read_layer(struct pruning *p, struct pr_layer *l, imp_error *err)
{
    imp_nn_group g = {.struct_size = sizeof g};
    imp_nn_model *cut = NULL;
    bool changes = false;
    imp_status st = edits(p)->group(p->s.nn->edit.self, p->now.model, l->group, &g, err);
    if (st != IMP_OK)
        return st;
    l->name = g.name, l->locked = g.locked, l->units = l->original = g.unit_count;
    l->least = (uint32_t)fmax(1, ceil(p->o->floor * l->units));
    if (!l->locked && g.unit_count < 2)
        l->locked = "it has one unit";
    const int64_t channels = l->locked ? 0 : shown(p, &g);
    if (!l->locked && !channels)
        l->locked = "no value of the network shows its units";
    if (channels > g.unit_count && l->least < 2)
        l->least = 2; /* with one unit for each part, a grouped convolution has other groups */
    if (!l->locked && (st = without_one(p, l, &cut, err)) == IMP_OK) {
        st = changes_codes(p, cut, &changes, err);
        pr_models(&p->s)->release(p->s.nn->model.self, cut, NULL);
        l->locked = changes ? "its units are a code that is to be held" : NULL;
    }
    return st;
}

static imp_status make_room(struct pruning *p, imp_error *err)
{
    const size_t n = p->unit_count + 1;
    p->score = calloc(n, sizeof *p->score), p->raw = calloc(n, sizeof *p->raw);
    p->first_raw = calloc(n, sizeof *p->first_raw),
    p->first_score = calloc(n, sizeof *p->first_score);
    p->gone = calloc(n, sizeof *p->gone), p->origin = calloc(n, sizeof *p->origin);
    p->gone_at = calloc(n, sizeof *p->gone_at), p->ints = calloc(n, sizeof *p->ints);
    p->unit_cost = calloc(p->layer_count + 1u, sizeof *p->unit_cost);
    p->sequence = calloc(p->layer_count + 1u, sizeof *p->sequence);
    if (!p->score || !p->raw || !p->first_raw || !p->first_score || !p->gone || !p->origin ||
        !p->gone_at || !p->ints || !p->unit_cost || !p->sequence)
        return imp_fail(err, IMP_E_MEMORY, "no memory for %u units", p->unit_count);
    for (uint32_t i = 0; i < p->unit_count; i++)
        p->origin[i] = i;
    for (uint32_t i = 0; i < p->layer_count; i++)
        p->sequence[i] = i;
    return IMP_OK;
}

static imp_status none_is_free(const struct pruning *p, imp_error *err)
{
    char text[400] = "";
    for (uint32_t i = 0; i < p->layer_count && i < 4; i++) {
        const size_t used = strlen(text);
        snprintf(text + used, sizeof text - used, "%s '%s' is left alone (%s)", i ? "," : ":",
                 p->layers[i].name, p->layers[i].locked);
    }
    return imp_fail(err, IMP_E_INPUT, "the network has no layer that could lose a unit%s%s", text,
                    p->layer_count > 4 ? ", and so on" : "");
}

imp_status pr_layers_open(struct pruning *p, imp_error *err)
{
    uint32_t count = 0, open = 0;
    imp_status st = edits(p)->group_count(p->s.nn->edit.self, p->now.model, &count, err);
    if (st == IMP_OK && !(p->layers = calloc(count + 1u, sizeof *p->layers)))
        st = imp_fail(err, IMP_E_MEMORY, "no memory for %u layers", count);
    for (uint32_t i = 0; i < count && st == IMP_OK; i++) {
        struct pr_layer *l = &p->layers[i];
        *l = (struct pr_layer){.group = i, .first = p->unit_count};
        st = read_layer(p, l, err);
        p->unit_count += l->units;
        open += !l->locked;
        p->layer_count++;
    }
    if (st == IMP_OK && !open)
        st = none_is_free(p, err);
    return st == IMP_OK ? make_room(p, err) : st;
}

void pr_layers_renumber(struct pruning *p, uint32_t step)
{
    for (uint32_t i = 0; i < p->layer_count; i++) {
        struct pr_layer *l = &p->layers[i];
        uint32_t kept = 0;
        for (uint32_t u = 0; u < l->units; u++) {
            const uint32_t at = l->first + u;
            if (p->gone[at])
                p->gone_at[p->origin[at]] = step;
            else
                p->origin[l->first + kept++] = p->origin[at];
            p->gone[at] = 0;
        }
        l->units = kept;
    }
}

/* ---- what a unit costs ---- */

/* Time of each node of the network in ms, median not needed: relative shares of one run; NULL where
 * untold. */
static imp_status node_times(struct pruning *p, double **ms, uint32_t *count, imp_error *err)
{
    const imp_nn_model_1 *m = pr_models(&p->s);
    struct pr_pass pass;
    double *sum;
    imp_status st = m->node_count(p->s.nn->model.self, p->now.model, count, err);
    *ms = calloc(2 * (size_t)*count + 1, sizeof **ms);
    sum = *ms;
    if (st == IMP_OK && (!*ms || !IMP_HAS(imp_nn_model_1, m->struct_size, times) || !m->times))
        st = imp_fail(err, IMP_E_MISSING,
                      "this runtime does not tell the time of layers: per = mac");
    if (st != IMP_OK)
        return st;
    st = pr_pass_open(&pass, &p->s, &p->now, p->s.test, IMP_NN_LEAN | IMP_NN_TIMED, err);
    for (int i = 0; i < 5 && st == IMP_OK; i++) {
        pass.most = 1;
        st = pr_pass_read(&pass, NULL, 0, NULL, err);
        if (st == IMP_OK)
            st = pr_pass_forward(&pass, err);
        if (st == IMP_OK)
            st = m->times(p->s.nn->model.self, pass.run, *count, sum + *count, NULL, err);
        for (uint32_t n = 0; n < *count && i; n++)
            sum[n] += sum[*count + n];
    }
    pr_pass_close(&pass);
    return st;
}

static uint64_t macs_of(const struct pruning *p, const imp_nn_model *m, uint32_t node,
                        uint32_t rank, const int64_t *shape)
{
    imp_nn_cost c = {.struct_size = sizeof c};
    return edits(p)->node_cost(p->s.nn->edit.self, m, node, rank, shape, &c, NULL) == IMP_OK
               ? c.macs
               : 0;
}

/* Of the time of each node, the part whose work goes with one unit. */
static double time_saved(const struct pruning *p, const imp_nn_model *cut, const double *ms,
                         uint32_t nodes, uint32_t rank, const int64_t *shape)
{
    double saved = 0;
    for (uint32_t n = 0; n < nodes; n++) {
        const double was = (double)macs_of(p, p->now.model, n, rank, shape);
        if (was > 0)
            saved += ms[n] * (was - (double)macs_of(p, cut, n, rank, shape)) / was;
    }
    return saved;
}

imp_status pr_layers_cost(struct pruning *p, imp_error *err)
{
    int64_t shape[4];
    const struct pr_pass like = {.s = &p->s, .net = &p->now};
    const uint32_t rank = pr_pass_shape(&like, 1, shape);
    uint64_t params = 0, macs = 0, less_params, less_macs;
    uint32_t nodes = 0;
    double *ms = NULL;
    imp_status st =
        edits(p)->cost(p->s.nn->edit.self, p->now.model, rank, shape, &params, &macs, err);
    if (st == IMP_OK && p->o->per == PR_PER_MS)
        st = node_times(p, &ms, &nodes, err);
    for (uint32_t i = 0; i < p->layer_count && st == IMP_OK; i++) {
        imp_nn_model *cut = NULL;
        p->unit_cost[i] = 1;
        if (p->layers[i].locked || p->o->per == PR_PER_UNIT || p->layers[i].units < 2)
            continue;
        st = without_one(p, &p->layers[i], &cut, err);
        if (st == IMP_OK)
            st =
                edits(p)->cost(p->s.nn->edit.self, cut, rank, shape, &less_params, &less_macs, err);
        if (st == IMP_OK)
            p->unit_cost[i] = p->o->per == PR_PER_PARAM ? (double)(params - less_params)
                              : p->o->per == PR_PER_MAC
                                  ? (double)(macs - less_macs)
                                  : time_saved(p, cut, ms, nodes, rank, shape);
        p->unit_cost[i] = p->unit_cost[i] > 0 ? p->unit_cost[i] : 1;
        if (cut)
            pr_models(&p->s)->release(p->s.nn->model.self, cut, NULL);
    }
    free(ms);
    return st;
}

/* ---- cutting ---- */

static imp_status remember(struct pruning *p, const struct pr_layer *l)
{
    struct pr_cut *more = realloc(p->cuts, (p->cut_count + 1u) * sizeof *more);
    if (!more)
        return IMP_E_MEMORY;
    p->cuts = more;
    more[p->cut_count++] = (struct pr_cut){p->row_count, l->group, l->taken, p->int_count};
    for (uint32_t u = 0; u < l->units; u++)
        if (p->gone[l->first + u])
            p->ints[p->int_count++] = u;
    return IMP_OK;
}

imp_status pr_cut_again(const struct pruning *p, uint32_t row, const imp_nn_model *from,
                        imp_nn_model **out, imp_error *err)
{
    uint32_t count = 0;
    imp_nn_cut *cuts = calloc(p->cut_count + 1u, sizeof *cuts);
    if (!cuts)
        return imp_fail(err, IMP_E_MEMORY, "no memory for a cut");
    for (uint32_t i = 0; i < p->cut_count; i++)
        if (p->cuts[i].row == row)
            cuts[count++] =
                (imp_nn_cut){p->cuts[i].group, p->cuts[i].count, p->ints + p->cuts[i].first};
    const imp_status st = edits(p)->without(p->s.nn->edit.self, from, count, cuts, out, err);
    free(cuts);
    return st;
}

imp_status pr_cut_marked(struct pruning *p, struct pr_net *thin, imp_error *err)
{
    imp_nn_model *model = NULL, *moments = NULL;
    for (uint32_t i = 0; i < p->layer_count; i++)
        if (p->layers[i].taken && remember(p, &p->layers[i]) != IMP_OK)
            return imp_fail(err, IMP_E_MEMORY, "no memory for a cut");
    imp_status st = pr_cut_again(p, p->row_count, p->now.model, &model, err);
    if (st == IMP_OK)
        st = pr_net_open(&p->s, thin, model, err);
    if (st != IMP_OK || !p->now.moments)
        return st;
    st = pr_cut_again(p, p->row_count, p->now.moments, &moments, err);
    thin->moments = moments;
    if (st != IMP_OK)
        pr_net_close(&p->s, thin);
    return st;
}
