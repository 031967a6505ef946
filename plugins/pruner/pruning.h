/* pruning.h - gradual global pruning: the loop, its state, and what is told of it. arXiv
 * 1703.09916, of which only the abstract is known: each step drops a small share of units over all
 * layers. [worker] */
#ifndef IMP_PR_PRUNING_H
#define IMP_PR_PRUNING_H
#include "passes.h"

enum pr_order { PR_GLOBAL = 0, PR_UNIFORM, PR_FORWARD, PR_REDUNDANT };
#define PR_ORDERS "global|uniform|forward|redundant"
enum pr_per { PR_PER_UNIT = 0, PR_PER_PARAM, PR_PER_MAC, PR_PER_MS };
#define PR_PERS "unit|param|mac|ms"

struct pr_row {                             /* a step; row 0 is the network as it came */
    uint32_t step, units, good, reserved0;  /* good: the performance was kept */
    double params, macs, ms, before, after; /* errors (pr_measure) before and after fine-tuning */
};
struct pr_cut {
    uint32_t row, group, count, first;
}; /* units of a group that went: ints[first ..) */

struct pruning {
    struct pr_subject s;
    const struct pr_options *o;
    struct pr_layer *layers;
    uint32_t layer_count, unit_count; /* units: of all layers, as they came */
    double *score, *raw;              /* of units as they are now, by layer's `first` */
    double *first_raw, *first_score;  /* of the first step, by original unit */
    double *unit_cost;                /* by layer: what `per` divides by */
    uint8_t *gone;
    uint32_t *origin;  /* original unit of a unit as they are now */
    uint32_t *gone_at; /* by original unit: the step, 0: it stayed */
    struct pr_net now, best;
    struct pr_row *rows;
    uint32_t *widths; /* layer_count for each row */
    uint32_t row_count, best_row;
    struct pr_cut *cuts;
    uint32_t cut_count, int_count, layer_at; /* layer_at: of PR_FORWARD, PR_REDUNDANT */
    uint32_t *ints, *sequence; /* sequence: layers in the order of PR_FORWARD, PR_REDUNDANT */
    const imp_dataset *held;   /* samples that decide nothing; NULL: none */
    uint32_t *answers;         /* to them: of the network as it came, then of the result */
    const char *folder;        /* of steps, ends in /; NULL: none */
    char why[200];             /* why it ended */
    double final;              /* error after the last fine-tuning; NAN before */
};

/* Prunes; the result is p->best. Checkpoints under the name "pruning", after each step. Closing is
 * right after a failure too. prune_loop.c */
imp_status pr_prune(struct pruning *, imp_nn_model *, imp_error *);
void pr_pruning_close(struct pruning *);

/* ---- layers: prune_layers.c ---- */

/* The groups of the network, which are left alone and why, and what a unit of each costs. */
imp_status pr_layers_open(struct pruning *, imp_error *);
/* After a cut: the units that are left, renumbered. */
void pr_layers_renumber(struct pruning *, uint32_t step);
/* What `per` divides by, for the network as it is now. */
imp_status pr_layers_cost(struct pruning *, imp_error *);
/* The network at work, and its moments, without the units that are marked; cuts of one row are
 * applied at once. */
imp_status pr_cut_marked(struct pruning *, struct pr_net *thin, imp_error *);
imp_status pr_cut_again(const struct pruning *, uint32_t row, const imp_nn_model *from,
                        imp_nn_model **, imp_error *);

/* ---- checkpoints: prune_keep.c ---- */

void pr_keep(struct pruning *);
/* Goes on from a checkpoint of the same pruning; *found. */
imp_status pr_resume(struct pruning *, bool *found, imp_error *);
/* Writes the network of the last row into the folder, where one is asked for: step-007.safetensors.
 */
imp_status pr_save_step(struct pruning *, imp_error *);

/* Units that are constant over the samples of scores, and not 0, become units of no use, by
 * nn.edit's settle. prune_constants.c */
imp_status pr_settle(struct pruning *, imp_error *);

/* ---- samples that decide nothing: prune_answers.c ---- */

imp_status pr_answer(struct pruning *, imp_error *);
imp_table *pr_answers_table(imp_job *, const struct pruning *);

/* ---- tables: prune_tables.c ---- */

imp_table *pr_history_table(imp_job *, const struct pruning *);
imp_table *pr_layers_table(imp_job *, const struct pruning *);
imp_table *pr_units_table(imp_job *, const struct pruning *);

#endif
