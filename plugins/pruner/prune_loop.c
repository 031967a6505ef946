/* prune_loop.c - score, choose over all layers, cut, fine-tune, measure; until the given
 * performance or another limit is reached. */
#include "pruning.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static imp_status add_row(struct pruning *p, struct pr_row row, imp_error *err)
{
    const size_t n = p->row_count + 1u;
    struct pr_row *rows = realloc(p->rows, n * sizeof *rows);
    p->rows = rows ? rows : p->rows;
    uint32_t *widths = rows ? realloc(p->widths, n * p->layer_count * sizeof *widths) : NULL;
    if (!widths)
        return imp_fail(err, IMP_E_MEMORY, "no memory for a row of the history");
    p->widths = widths;
    for (uint32_t i = 0; i < p->layer_count; i++) {
        widths[p->row_count * p->layer_count + i] = p->layers[i].units;
        row.units += p->layers[i].locked ? 0 : p->layers[i].units;
    }
    row.step = p->row_count;
    rows[p->row_count++] = row;
    return IMP_OK;
}

/* How far the limits are, the nearest: 0..1. */
static void advance(struct pruning *p)
{
    const struct pr_row *first = p->rows, *last = first + p->row_count - 1;
    double done =
        p->o->steps ? (double)last->step / p->o->steps : 1 - last->units / (double)first->units;
    if (p->o->keep_params > 0)
        done = fmax(done, (1 - last->params / first->params) / (1 - p->o->keep_params));
    if (p->o->keep_macs > 0)
        done = fmax(done, (1 - last->macs / first->macs) / (1 - p->o->keep_macs));
    done = 0.95 * fmin(1, done);
    p->s.fraction = done > p->s.fraction ? done : p->s.fraction;
    snprintf(p->s.phase, sizeof p->s.phase,
             "step %u, %.3g %% of parameters, error %.4g (%.4g at first)", last->step,
             100 * last->params / first->params, last->after, first->after);
}

/* ---- choosing ---- */

/* Units that can go, as they are or as they came. Of layers of which nothing is said (those behind
 * the codes that are to hold) none can. */
static uint32_t free_units(const struct pruning *p, bool original)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < p->layer_count; i++)
        if (!p->layers[i].locked && !p->layers[i].silent)
            n += original ? p->layers[i].original : p->layers[i].units;
    return n;
}

/* How many go in this step. */
static uint32_t wanted(const struct pruning *p)
{
    const uint32_t units = free_units(p, false);
    const double n = (double)p->o->steps, t = (double)p->row_count;
    if (!p->o->cubic)
        return (uint32_t)fmax(1, floor(p->o->step * units + 0.5));
    const double all = free_units(p, true), left = 1 - t / n;
    const double to = all * (1 - p->o->step * (1 - left * left * left));
    return units > to ? (uint32_t)fmax(1, floor(units - to + 0.5)) : 1;
}

static imp_status score(struct pruning *p, imp_error *err)
{
    imp_status st =
        pr_scores(&p->s, &p->now, p->layers, p->layer_count, p->row_count, p->raw, p->score, err);
    if (st == IMP_OK)
        st = pr_layers_cost(p, err);
    if (p->o->unbias != PR_PLACES)
        memcpy(p->score, p->raw, p->unit_count * sizeof *p->raw);
    for (uint32_t i = 0; i < p->layer_count && st == IMP_OK; i++) {
        struct pr_layer *l = &p->layers[i];
        l->silent = !l->locked && !pr_unbias(p->o->unbias, p->score + l->first, l->units);
        for (uint32_t u = 0; u < l->units; u++)
            p->score[l->first + u] /= p->unit_cost[i];
    }
    if (st == IMP_OK && p->row_count == 1)
        for (uint32_t u = 0; u < p->unit_count; u++)
            p->first_raw[u] = p->raw[u], p->first_score[u] = p->score[u];
    return st;
}

/* Share of units that matter less than half of what its layer's do on the average. */
static double redundancy(const struct pruning *p, const struct pr_layer *l)
{
    double sum = 0;
    uint32_t weak = 0;
    for (uint32_t u = 0; u < l->units; u++)
        sum += p->raw[l->first + u];
    for (uint32_t u = 0; u < l->units; u++)
        weak += p->raw[l->first + u] < 0.5 * sum / l->units;
    return (double)weak / l->units;
}

/* PR_REDUNDANT: layers by falling redundancy, as it is before the first step. */
static void sort_layers(struct pruning *p)
{
    for (uint32_t i = 1; i < p->layer_count; i++)
        for (uint32_t j = i; j > 0; j--) {
            uint32_t *a = &p->sequence[j - 1], *b = &p->sequence[j], keep = *a;
            if (redundancy(p, &p->layers[*b]) <= redundancy(p, &p->layers[*a]))
                break;
            *a = *b, *b = keep;
        }
}

/* PR_FORWARD, PR_REDUNDANT: units that a layer keeps for good. */
static uint32_t kept_of(const struct pruning *p, const struct pr_layer *l)
{
    const uint32_t share = (uint32_t)ceil((1 - p->o->layer_share) * l->original);
    return share > l->least ? share : l->least;
}

static bool spent(const struct pruning *p, const struct pr_layer *l)
{
    return l->locked || l->silent || l->units <= kept_of(p, l);
}

static uint32_t choose(struct pruning *p)
{
    const uint32_t k = wanted(p);
    uint32_t found = 0;
    if (p->o->order == PR_GLOBAL)
        return pr_choose(p->layers, p->layer_count, p->score, k, p->gone);
    for (uint32_t i = 0; i < p->layer_count; i++)
        p->layers[i].taken = 0;
    if (p->o->order == PR_UNIFORM) {
        for (uint32_t i = 0; i < p->layer_count; i++) {
            struct pr_layer *l = &p->layers[i];
            if (!l->locked)
                found += pr_choose(l, 1, p->score,
                                   (uint32_t)fmax(1, floor(p->o->step * l->units + 0.5)), p->gone);
        }
        return found;
    }
    if (p->o->order == PR_REDUNDANT && p->row_count == 1)
        sort_layers(p);
    while (p->layer_at < p->layer_count && spent(p, &p->layers[p->sequence[p->layer_at]]))
        p->layer_at++;
    if (p->layer_at == p->layer_count)
        return 0;
    struct pr_layer *l = &p->layers[p->sequence[p->layer_at]];
    const uint32_t may = l->units - kept_of(p, l);
    return pr_choose(l, 1, p->score, k < may ? k : may, p->gone);
}

/* ---- a step ---- */

static bool good(const struct pruning *p, double error)
{
    return error <= p->rows[0].after + p->o->tolerance;
}

/* Fine-tunes and measures; a failure to stay finite is no number. */
static imp_status recover(struct pruning *p, uint32_t epochs, double rate, double last,
                          double *error, imp_error *err)
{
    imp_status st = pr_tune(&p->s, &p->now, epochs, rate, last, err);
    if (st == IMP_OK)
        st = pr_measure(&p->s, &p->now, error, err);
    if (st == IMP_E_FAILED) {
        *error = NAN;
        snprintf(p->why, sizeof p->why, "step %u: %.150s; the step before is the result",
                 p->row_count, err && err->text ? err->text : "no number");
        return IMP_OK;
    }
    return st;
}

static imp_status take_best(struct pruning *p, imp_error *err)
{
    struct pr_net best;
    const imp_status st = pr_net_again(&p->s, &best, &p->now, err);
    if (st != IMP_OK)
        return st;
    pr_net_close(&p->s, &p->best);
    p->best = best;
    p->best_row = p->row_count - 1;
    return IMP_OK;
}

/* The groups of a thinner network are those of the old one, in their order. */
static imp_status check_groups(const struct pruning *p, imp_error *err)
{
    const imp_nn_edit_1 *edit = p->s.nn->edit.table;
    imp_status st = IMP_OK;
    for (uint32_t i = 0; i < p->layer_count && st == IMP_OK; i++) {
        imp_nn_group g = {.struct_size = sizeof g};
        st = edit->group(p->s.nn->edit.self, p->now.model, i, &g, err);
        if (st == IMP_OK &&
            (g.unit_count != p->layers[i].units || strcmp(g.name, p->layers[i].name) != 0))
            st = imp_fail(err, IMP_E_INTERNAL,
                          "group %u is '%s' of %u units after the cut, not '%s' of %u", i, g.name,
                          g.unit_count, p->layers[i].name, p->layers[i].units);
    }
    return st;
}

static imp_status cut(struct pruning *p, imp_error *err)
{
    struct pr_net net;
    const imp_status st = pr_cut_marked(p, &net, err);
    if (st != IMP_OK)
        return st;
    pr_net_close(&p->s, &p->now);
    p->now = net;
    pr_layers_renumber(p, p->row_count);
    return check_groups(p, err);
}

/* Did learning harm? An error of codes says so by itself; accuracy comes and goes by a few samples,
 * so there it counts when the performance held before and does not now. */
static bool harmed(const struct pruning *p, const struct pr_row *row)
{
    if (isnan(row->after))
        return false;
    return p->o->performance == PR_ACCURACY ? good(p, row->before) && !good(p, row->after)
                                            : row->after > row->before;
}

/* Fine-tunes after the cut, with a rescue where it is needed; what harmed is undone. */
static imp_status learn_again(struct pruning *p, struct pr_row *row, imp_error *err)
{
    struct pr_net cut;
    imp_status st = pr_net_again(&p->s, &cut, &p->now, err);
    if (st != IMP_OK)
        return st;
    st = recover(p, p->o->epochs, p->o->rate, 1, &row->after, err);
    if (st == IMP_OK && !good(p, row->after) && !good(p, row->before) && !isnan(row->after) &&
        p->o->rescue)
        st = recover(p, p->o->rescue, p->o->rate, 0.1, &row->after, err);
    if (st == IMP_OK && harmed(p, row)) {
        pr_net_close(&p->s, &p->now);
        p->now = cut;
        row->after = row->before;
        return IMP_OK;
    }
    pr_net_close(&p->s, &cut);
    return st;
}

/* *more: the next step may be tried. */
static imp_status one_step(struct pruning *p, bool *more, imp_error *err)
{
    struct pr_row row = {.good = 0};
    struct pr_size size = {.ms = 0};
    imp_status st = pr_settle(p, err);
    if (st == IMP_OK)
        st = score(p, err);
    const uint32_t found = st == IMP_OK ? choose(p) : 0;
    *more = false;
    if (st != IMP_OK || found == UINT32_MAX)
        return st != IMP_OK ? st : imp_fail(err, IMP_E_MEMORY, "no memory to choose units");
    if (!found) {
        snprintf(p->why, sizeof p->why, "no unit is left that may go");
        return IMP_OK;
    }
    st = cut(p, err);
    if (st == IMP_OK)
        st = pr_size_of(&p->s, &p->now, &size, err);
    if (st == IMP_OK)
        st = pr_measure(&p->s, &p->now, &row.before, err);
    if (st == IMP_OK)
        st = learn_again(p, &row, err);
    row.good = good(p, row.after);
    row.params = (double)size.params, row.macs = (double)size.macs, row.ms = size.ms;
    if (st == IMP_OK)
        st = add_row(p, row, err);
    if (st == IMP_OK && row.good)
        st = take_best(p, err);
    *more = row.good;
    if (!row.good && !isnan(row.after))
        snprintf(p->why, sizeof p->why, "step %u: the error is %.4g, more than %.4g + %.4g",
                 p->row_count - 1, row.after, p->rows[0].after, p->o->tolerance);
    return st;
}

/* A limit that was asked for is reached. */
static bool reached(struct pruning *p)
{
    const struct pr_row *first = p->rows, *last = first + p->row_count - 1;
    const struct pr_options *o = p->o;
    const char *what = o->steps && last->step >= o->steps ? "steps"
                       : o->keep_params > 0 && last->params <= o->keep_params * first->params
                           ? "parameters"
                       : o->keep_macs > 0 && last->macs <= o->keep_macs * first->macs ? "macs"
                       : o->keep_ms > 0 && last->ms <= o->keep_ms * first->ms         ? "ms"
                                                                                      : NULL;
    if (what)
        snprintf(p->why, sizeof p->why, "the limit of %s is reached", what);
    return what != NULL;
}

/* ---- the whole ---- */

static imp_status begin(struct pruning *p, imp_error *err)
{
    struct pr_row row = {.good = 1};
    struct pr_size size;
    imp_status st = pr_measure(&p->s, &p->now, &row.after, err);
    if (st == IMP_OK && p->o->least > 0 && 1 - row.after < p->o->least)
        return imp_fail(err, IMP_E_INPUT,
                        "the network as it is reaches %.2f %%, `least` asks for %.2f %%: train it "
                        "further, or lower `least`",
                        100 * (1 - row.after), 100 * p->o->least);
    if (st == IMP_OK)
        st = pr_size_of(&p->s, &p->now, &size, err);
    row.before = row.after;
    if (st == IMP_OK) {
        row.params = (double)size.params, row.macs = (double)size.macs, row.ms = size.ms;
        st = add_row(p, row, err);
    }
    return st == IMP_OK ? take_best(p, err) : st;
}

/* The best network learns on; what it learnt is taken unless it is worse. */
static imp_status finish(struct pruning *p, imp_error *err)
{
    double error = p->rows[p->best_row].after;
    struct pr_net tuned;
    imp_status st = pr_net_again(&p->s, &tuned, &p->best, err);
    p->final = error;
    p->s.fraction = 0.95;
    if (st != IMP_OK || !p->o->finish)
        return st == IMP_OK ? pr_net_close(&p->s, &tuned), IMP_OK : st;
    st = pr_tune(&p->s, &tuned, p->o->finish, p->o->finish_rate, 0, err);
    if (st == IMP_OK)
        st = pr_measure(&p->s, &tuned, &error, err);
    if (st == IMP_OK && error <= p->final) {
        pr_net_close(&p->s, &p->best);
        p->best = tuned;
        p->final = error;
        return IMP_OK;
    }
    pr_net_close(&p->s, &tuned);
    return st == IMP_E_FAILED ? IMP_OK : st;
}

imp_status pr_prune(struct pruning *p, imp_nn_model *model, imp_error *err)
{
    bool found = false, more = true;
    imp_status st = pr_subject_open(&p->s, model, err);
    p->final = NAN;
    if (st == IMP_OK)
        st = pr_models(&p->s)->retain(p->s.nn->model.self, model, err);
    if (st == IMP_OK)
        st = pr_net_open(&p->s, &p->now, model, err);
    if (st == IMP_OK)
        st = pr_layers_open(p, err);
    if (st == IMP_OK)
        st = pr_resume(p, &found, err);
    if (st == IMP_OK && !found)
        st = begin(p, err);
    if (st == IMP_OK)
        more = p->rows[p->row_count - 1].good;
    while (st == IMP_OK && more && !reached(p)) {
        advance(p);
        const uint32_t rows = p->row_count;
        st = one_step(p, &more, err);
        if (st == IMP_OK && p->row_count > rows)
            st = pr_save_step(p, err);
        if (st == IMP_OK)
            pr_keep(p);
    }
    if (st == IMP_OK)
        st = finish(p, err);
    return st == IMP_OK ? pr_answer(p, err) : st;
}

void pr_pruning_close(struct pruning *p)
{
    pr_net_close(&p->s, &p->now);
    pr_net_close(&p->s, &p->best);
    pr_subject_close(&p->s);
    free(p->layers), free(p->score), free(p->raw), free(p->first_raw), free(p->first_score);
    free(p->unit_cost), free(p->gone), free(p->origin), free(p->gone_at), free(p->rows),
        free(p->widths);
    free(p->cuts), free(p->ints), free(p->sequence), free(p->answers);
}
