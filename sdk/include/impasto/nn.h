/* nn.h - neural networks as services, one table for each capability. A "view" is a tensor whose
 * head the caller presets and whose memory stays the provider's. job may be NULL. Calls overlap on
 * different handles, and on one model; never on one run or trainer. */
#ifndef IMP_NN_H
#define IMP_NN_H
#include <impasto/impasto.h>
#ifdef __cplusplus
extern "C" {
#endif
#define IMP_NN_MODEL_TYPE "impasto.model/1"   /* imp_object.type of a model on an edge */
/* imp_plugin.extension of a provider: a text, what does its arithmetic here ("Zen"). */
#define IMP_NN_KERNELS_1 "impasto.nn.kernels/1"
#define IMP_NN_ALL UINT32_MAX
typedef struct imp_nn_model imp_nn_model;     /* read-only, shared, reference counted */
typedef struct imp_nn_run imp_nn_run;         /* values of one evaluation; one thread at a time */
typedef struct imp_nn_trainer imp_nn_trainer; /* own parameters, optimiser; one thread at a time */

#define IMP_NN_MODEL_1 "impasto.nn.model/1"
enum imp_nn_node_flags { IMP_NN_INPUT = 1, IMP_NN_OUTPUT = 2 };
enum imp_nn_run_flags {
    IMP_NN_LEAN = 1, /* inner values may go after their last use; no backward */
    IMP_NN_TIMED = 2 /* keeps how long each node took */
};
typedef struct imp_nn_node { /* EXTENSIBLE; pointers live as long as the model */
    uint32_t struct_size, flags;
    const char *name, *op;  /* "relu2_1", "relu" */
    const uint32_t *inputs; /* node numbers */
    const int64_t *shape;   /* N C H W, N C or other; -1 = unknown before the input is set */
    uint32_t input_count, ndim;
} imp_nn_node;
typedef struct imp_nn_model_1 {
    uint32_t struct_size, reserved0;
    /* [control] Same content and options ("pool=average" or NULL): same model, one reference more. */
    IMP_FN(open, const char *path, const char *options, imp_nn_model **);
    IMP_FN(retain, imp_nn_model *);  /* [any] */
    IMP_FN(release, imp_nn_model *); /* [any] */
    /* [any] Nodes are numbered in order of execution. find: the error lists the nearest names. */
    IMP_FN(node_count, const imp_nn_model *, uint32_t *count);
    IMP_FN(node, const imp_nn_model *, uint32_t node, imp_nn_node *);
    IMP_FN(find, const imp_nn_model *, const char *name, uint32_t *node);
    IMP_FN(meta, const imp_nn_model *, const char *key, const char **text); /* of the file */
    IMP_FN(op, uint32_t i, const char **name, const char **limits); /* all it runs, to E_MISSING */
    /* Peak of a run up to node (flags as run_new), and the least by computing values again. */
    IMP_FN(memory, const imp_nn_model *, uint32_t node, uint32_t ndim, const int64_t *input,
           uint32_t flags, uint64_t *bytes, uint64_t *least);
    /* [worker] set_input copies and forgets all values. forward computes what node needs and is not
     * there yet (IMP_NN_ALL: every output). value: a view until set_input or run_free. */
    IMP_FN(run_new, imp_nn_model *, uint32_t flags, imp_nn_run **);
    IMP_FN(run_free, imp_nn_run *);
    IMP_FN(set_input, imp_nn_run *, uint32_t node, const imp_tensor *);
    IMP_FN(forward, imp_nn_run *, uint32_t node, imp_job *);
    IMP_FN(value, imp_nn_run *, uint32_t node, imp_tensor *view);
    /* [worker] Of a run made with IMP_NN_TIMED: ms that the work of each node (room for `count`) took
     * since set_input, forward (again too, for backward) and backward; NULL = not wanted. What is computed
     * together, as a relu with its convolution, counts for one of them. Ask IMP_HAS and for NULL first. */
    IMP_FN(times, imp_nn_run *, uint32_t count, double *forward, double *backward);
    /* [worker] A value of the job's that holds the model, for set_output; takes one reference over, also
     * when it fails. Ask IMP_HAS and for NULL first. */
    IMP_FN(object, imp_nn_model *, imp_job *, imp_object **);
} imp_nn_model_1;

#define IMP_NN_GRAD_1 "impasto.nn.grad/1"
typedef struct imp_nn_grad_1 { /* [worker] */
    uint32_t struct_size, reserved0;
    /* After forward: adds d(loss)/d(value of node), for any number of nodes; NULL forgets all. */
    IMP_FN(seed, imp_nn_run *, uint32_t node, const imp_tensor *);
    /* From the seeds, used up, to each node of wrt; a trainer's run adds to its parameters' too. */
    IMP_FN(backward, imp_nn_run *, uint32_t wrt_count, const uint32_t *wrt, imp_job *);
    IMP_FN(gradient, imp_nn_run *, uint32_t node, imp_tensor *view); /* of a node in wrt */
} imp_nn_grad_1;

#define IMP_NN_TRAIN_1 "impasto.nn.train/1"
enum imp_nn_rule { IMP_NN_SGD = 1, IMP_NN_ADAM };
typedef struct imp_nn_optimiser { /* EXTENSIBLE; momentum is Adam's beta1; clip_norm 0 = none */
    uint32_t struct_size, rule;
    double rate, momentum, beta2, epsilon, weight_decay, clip_norm;
} imp_nn_optimiser;
typedef struct imp_nn_train_1 { /* [worker] */
    uint32_t struct_size, reserved0;
    IMP_FN(build, const char *ini, uint64_t seed, imp_nn_model **); /* from an architecture text */
    IMP_FN(trainer_new, const imp_nn_model *, uint64_t seed, imp_nn_trainer **); /* copies it */
    IMP_FN(trainer_free, imp_nn_trainer *); /* after its runs */
    IMP_FN(run_new, imp_nn_trainer *, imp_nn_run **);
    IMP_FN(set_training, imp_nn_trainer *, uint32_t on); /* dropout, batch norm; off at first */
    /* Views until trainer_free; value may be written between steps. No gradient: data is NULL. */
    IMP_FN(param_count, const imp_nn_trainer *, uint32_t *count);
    IMP_FN(param, imp_nn_trainer *, uint32_t i, const char **name, imp_tensor *value,
           imp_tensor *gradient);
    IMP_FN(zero_gradients, imp_nn_trainer *);
    IMP_FN(step, imp_nn_trainer *, const imp_nn_optimiser *);
    /* Parameters, moments, running statistics, generator: set_state goes on to the same bytes. */
    IMP_FN(state, imp_nn_trainer *, const void **data, uint64_t *size); /* until its next call */
    IMP_FN(set_state, imp_nn_trainer *, const void *data, uint64_t size);
    IMP_FN(snapshot, const imp_nn_trainer *, imp_nn_model **); /* a new model */
    /* New models: parts side by side, nodes "name.node"; one more line of meta (NULL: one less). */
    IMP_FN(join, uint32_t count, const imp_nn_model *const *parts, const char *const *names,
           imp_nn_model **);
    IMP_FN(with_meta, const imp_nn_model *, const char *key, const char *text, imp_nn_model **);
    IMP_FN(save, const imp_nn_model *, const char *path);      /* format by ending */
} imp_nn_train_1;

#define IMP_NN_EDIT_1 "impasto.nn.edit/1"
typedef struct imp_nn_slice { /* FROZEN; unit u owns [first + u * width, + width) of an axis */
    const char *param;
    int64_t first, width;
    uint32_t axis, reads;  /* reads: 0 = makes the unit, 1 = consumes it */
} imp_nn_slice;
typedef struct imp_nn_group { /* EXTENSIBLE; units that can only go together, in all layers they tie */
    uint32_t struct_size, unit_count;
    const char *name;
    const char *locked;    /* NULL, or why it cannot be cut: "network output" */
    const uint32_t *nodes; /* where units are seen: axis 1 of these values; more channels than units: the
                            * slices that make them say which belong together */
    const imp_nn_slice *slices;
    uint32_t node_count, slice_count;
} imp_nn_group;
typedef struct imp_nn_cost { /* EXTENSIBLE; of one node, for an input of a given size */
    uint32_t struct_size;
    uint32_t ndim;         /* in: axes that shape has room for; out: axes of the value */
    int64_t *shape;        /* the caller's; NULL = not wanted */
    uint64_t params, macs; /* params: those that no earlier node reads */
    uint64_t bytes;        /* of its value */
} imp_nn_cost;
typedef struct imp_nn_cut { uint32_t group, unit_count; const uint32_t *units; } imp_nn_cut; /* FROZEN */
typedef struct imp_nn_edit_1 {
    uint32_t struct_size, reserved0;
    IMP_FN(group_count, const imp_nn_model *, uint32_t *count);      /* [any] */
    IMP_FN(group, const imp_nn_model *, uint32_t i, imp_nn_group *); /* [any] */
    IMP_FN(cost, const imp_nn_model *, uint32_t ndim, const int64_t *input, uint64_t *params,
           uint64_t *macs);
    /* [worker] A new model with the units gone from every slice; the old one is untouched. */
    IMP_FN(without, const imp_nn_model *, uint32_t cut_count, const imp_nn_cut *, imp_nn_model **);
    /* [any] What one node costs; ask IMP_HAS and for NULL first. */
    IMP_FN(node_cost, const imp_nn_model *, uint32_t node, uint32_t ndim, const int64_t *input,
           imp_nn_cost *);
    /* [worker] A new model in which the biases behind a node hold what those of its channels (axis 1)
     * give that are the same for every input: value[c], NaN: channel c is not. Weights that read them
     * become 0, wherever that is exact (no zero padding); settled: pairs of a reader and a channel.
     * Ask IMP_HAS and for NULL first. */
    IMP_FN(settle, const imp_nn_model *, uint32_t node, uint32_t count, const float *value,
           uint32_t *settled, imp_nn_model **);
} imp_nn_edit_1;
#ifdef __cplusplus
}
#endif
#endif
