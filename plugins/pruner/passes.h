/* passes.h - batches of a data set through a network: fed, evaluated, compared, taken back.
 * [worker] */
#ifndef IMP_PR_PASSES_H
#define IMP_PR_PASSES_H
#include "subject.h"

static inline const imp_nn_model_1 *pr_models(const struct pr_subject *s)
{
    return s->nn->model.table;
}

enum pr_seed {
    PR_SEED_NONE,
    PR_SEED_LOSS,  /* d(loss)/d(what the network gives) */
    PR_SEED_TAYLOR /* the same; PR_CODES: of sum_l <r_l, F_l> / ||F0_l||, r normal, since at the
                    * start the loss's own gradient is 0 */
};
struct pr_pass {
    struct pr_subject *s;
    const struct pr_net *net;
    const imp_dataset *data;
    imp_nn_run *run; /* of the model, or of a trainer; freed with the pass */
    kit_batch *batch;
    float *gradient;       /* of what the network gives */
    size_t room;           /* floats in it */
    bool taught;           /* PR_SEED_LOSS: by the original's answers, too, as distil says */
    uint64_t epoch, first; /* of what was read last */
    uint32_t most, n;
};
/* A run of the net's model with these flags. Closing is right after a failure too. */
imp_status pr_pass_open(struct pr_pass *, struct pr_subject *, const struct pr_net *,
                        const imp_dataset *, uint32_t flags, imp_error *);
/* Takes over a run of a trainer. */
imp_status pr_pass_with(struct pr_pass *, struct pr_subject *, const struct pr_net *,
                        const imp_dataset *, imp_nn_run *, imp_error *);
void pr_pass_close(struct pr_pass *);
/* Shape of n samples as the network takes them; answers the number of axes. */
uint32_t pr_pass_shape(const struct pr_pass *, int64_t n, int64_t shape[4]);
/* The next `most` samples from `first` on (in that order), p->n of them. */
imp_status pr_pass_read(struct pr_pass *, const uint64_t *order, uint64_t first,
                        const kit_augment *, imp_error *);
imp_status pr_pass_forward(struct pr_pass *, imp_error *);
/* Forward; the mean loss of the batch, right answers; seeds as asked. */
imp_status pr_pass_loss(struct pr_pass *, enum pr_seed, double *loss, uint32_t *right, imp_error *);
/* Back to nodes (and a trainer's parameters). */
imp_status pr_pass_back(struct pr_pass *, uint32_t count, const uint32_t *nodes, imp_error *);
/* Where a network of codes takes its pictures. */
imp_status pr_task_of_codes(const struct pr_subject *, kit_task *, imp_nn_model *, imp_error *);
/* Which unit of a group each channel of a value is, where they are not the same in number (grouped
 * convolutions: several channels go together), by the parameters that make them; -1: of none.
 * false: not known. scores.c */
bool pr_channels(const imp_nn_group *, size_t channels, int32_t *unit_of);

#endif
