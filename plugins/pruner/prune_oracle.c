/* prune_oracle.c - the truth that criteria guess at: what the loss changes by without one unit,
 * each tried on its own. Source: Molchanov et al. 1611.06440, section 2.1 (oracle-abs). */
#include "passes.h"
#include <math.h>
#include <stdlib.h>

struct trial {
    struct pr_subject *s;
    uint64_t *order, samples;
};

/* Mean loss of a network over the samples; PR_CODES: mean relative error of batches. */
static imp_status loss_of(const struct trial *t, const struct pr_net *net, double *loss,
                          imp_error *err)
{
    struct pr_subject *s = t->s;
    struct pr_pass p;
    double sum = 0;
    imp_status st =
        pr_pass_open(&p, s, net, s->train, s->o->performance == PR_CODES ? 0 : IMP_NN_LEAN, err);
    for (uint64_t first = 0; first < t->samples && st == IMP_OK; first += p.n) {
        double of_batch = 0;
        uint32_t right = 0;
        p.most = t->samples - first < s->o->batch ? (uint32_t)(t->samples - first) : s->o->batch;
        st = pr_pass_read(&p, t->order, first, NULL, err);
        if (st == IMP_OK)
            st = pr_pass_loss(&p, PR_SEED_NONE, &of_batch, &right, err);
        sum += of_batch * p.n;
        if (st == IMP_OK)
            st = pr_tell(s, "trying units");
    }
    pr_pass_close(&p);
    *loss = sum / (double)t->samples;
    return st;
}

static imp_status loss_without(const struct trial *t, const struct pr_net *net, uint32_t group,
                               uint32_t unit, double *loss, imp_error *err)
{
    const imp_nn_edit_1 *edit = t->s->nn->edit.table;
    const imp_nn_cut cut = {group, 1, &unit};
    imp_nn_model *model = NULL;
    struct pr_net thin = {.model = NULL};
    imp_status st = edit->without(t->s->nn->edit.self, net->model, 1, &cut, &model, err);
    if (st == IMP_OK)
        st = pr_net_open(t->s, &thin, model, err);
    if (st == IMP_OK)
        st = loss_of(t, &thin, loss, err);
    pr_net_close(t->s, &thin);
    return st;
}

imp_status pr_scores_tried(struct pr_subject *s, const struct pr_net *net,
                           const struct pr_layer *layers, uint32_t count, double *score,
                           imp_error *err)
{
    const uint64_t all = s->train->count;
    struct trial t = {s, calloc((size_t)all, sizeof *t.order),
                      s->o->samples < all ? s->o->samples : all};
    double whole = 0;
    imp_status st = t.order ? IMP_OK : imp_fail(err, IMP_E_MEMORY, "no memory for an order");
    if (st == IMP_OK) {
        kit_shuffle(s->o->seed, PR_SAMPLES, all, t.order);
        st = loss_of(&t, net, &whole, err);
    }
    for (uint32_t l = 0; l < count; l++)
        for (uint32_t u = 0; u < layers[l].units && st == IMP_OK; u++) {
            double loss = whole;
            if (!layers[l].locked && layers[l].units > 1)
                st = loss_without(&t, net, layers[l].group, u, &loss, err);
            score[layers[l].first + u] = fabs(loss - whole);
        }
    free(t.order);
    return st;
}
