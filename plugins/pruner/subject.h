/* subject.h - the network that is pruned, its data and what is expected of it: performance, scores
 * of its units, fine-tuning. Networks are seen through the services of nn.h alone. [worker] */
#ifndef IMP_PR_SUBJECT_H
#define IMP_PR_SUBJECT_H
#include <impasto/kit_sight.h>
#include "score.h"

enum pr_performance { PR_ACCURACY = 0, PR_LOSS = 1, PR_CODES = 2 };
#define PR_PERFORMANCE "accuracy|loss|codes"

struct pr_options {
    uint32_t performance, criterion, unbias, per, order;
    double step, floor, tolerance, least;
    uint32_t steps, samples, batch, epochs, rescue, finish, cubic;
    double keep_params, keep_macs, keep_ms, layer_share;
    double rate, momentum, weight_decay, clip, finish_rate, distil;
    uint64_t seed;
    kit_augment augment;
    const imp_cell *layers; /* PR_CODES: names */
    uint32_t loss, target;  /* PR_LOSS: as net.train */
};

/* A network under pruning. Several exist at a time: the original, the one at work, the best. */
struct pr_net {
    imp_nn_model *model;   /* a reference */
    imp_nn_model *moments; /* the same graph, its parameters are their moments: what is cut out of
                            * one is cut out of the other; NULL: all at rest */
    kit_task task;
    uint32_t *codes; /* PR_CODES: nodes of the layers; free() */
};
struct pr_subject {
    const kit_nn *nn;
    const struct pr_options *o;
    const imp_dataset *train, *test; /* test: the performance is of it; may be train */
    const imp_host *host;
    imp_job *job;
    kit_sight_samples samples;
    kit_input input;
    struct pr_net original; /* PR_CODES: the codes to hold; its model is borrowed */
    imp_nn_run *teacher;    /* PR_CODES, distil: a run of it */
    uint32_t epoch;         /* epochs of fine-tuning so far: the next order of samples */
    double fraction;        /* of the work, told so far */
    char phase[120];        /* told beside it */
};

imp_status pr_subject_open(struct pr_subject *, imp_nn_model *, imp_error *);
void pr_subject_close(struct pr_subject *);
/* Takes a reference of the model over, also when it fails; moments at rest. */
imp_status pr_net_open(const struct pr_subject *, struct pr_net *, imp_nn_model *, imp_error *);
/* One more of the same, moments too. */
imp_status pr_net_again(const struct pr_subject *, struct pr_net *, const struct pr_net *,
                        imp_error *);
void pr_net_close(const struct pr_subject *, struct pr_net *);

/* What is measured of a network, as an error: PR_ACCURACY 1 - accuracy; PR_LOSS the loss; PR_CODES
 * the mean over layers and batches of ||F - F0||^2 / ||F0||^2. 0 is perfect. */
imp_status pr_measure(struct pr_subject *, const struct pr_net *, double *error, imp_error *);
struct pr_size {
    uint64_t params, macs;
    double ms;
}; /* macs, ms: of one sample; ms: median of 7 */
imp_status pr_size_of(struct pr_subject *, const struct pr_net *, struct pr_size *, imp_error *);
/* Scores of all units of the layers, not yet unbiased; whole: times the places of their values (of
 * values alone; others as they are); step: PR_RANDOM's. */
imp_status pr_scores(struct pr_subject *, const struct pr_net *, const struct pr_layer *,
                     uint32_t count, uint32_t step, double *score, double *whole, imp_error *);
/* PR_ORACLE: each unit is cut out, one at a time, and the loss over the samples measured.
 * prune_oracle.c */
enum { PR_SAMPLES = 0x636c /* the shuffle from which the samples of scores are taken */ };
imp_status pr_scores_tried(struct pr_subject *, const struct pr_net *, const struct pr_layer *,
                           uint32_t count, double *score, imp_error *);
/* A copy that has learnt for so many epochs, at a rate that falls along half a wave to `last` of
 * it, its moments going on from the net's. Takes the old one's place in *net. IMP_E_FAILED: the
 * loss became no number; the net is as it was. prune_tune.c */
imp_status pr_tune(struct pr_subject *, struct pr_net *, uint32_t epochs, double rate, double last,
                   imp_error *);

/* Asks the job whether to stop, and tells it how far the work is. */
imp_status pr_tell(struct pr_subject *, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
#endif
