/* run.h - one evaluation of a network (run.c): values forward (forward.c), gradients back (grad.c). */
#ifndef IMP_RT_RUN_H
#define IMP_RT_RUN_H
#include "model.h"
#include "store.h"

/* Where a node's value lies: in a block of the store that it may share with views of it, in a
 * parameter, or in what planning knows. */
struct rt_value {
    const float *data;    /* NULL: not computed (or I64) */
    uint64_t at;          /* bytes from the beginning of its block */
    int32_t block;        /* of the store; -1: not there */
    uint32_t uses;        /* lean: readers still to come */
    int32_t saved;        /* block of what forward left to backward; -1 */
    int32_t grad;         /* block of its gradient; -1 */
    uint32_t done;        /* its value is there */
    uint32_t wanted;      /* forward: must be computed */
    int32_t head;         /* the convolution whose call writes it (fuse.h); -1: it has its own */
    uint32_t had;         /* it was computed since inputs were set: if not done, it can be again */
    uint32_t kept;        /* a caller asked for it: it stays */
    uint32_t asked;       /* forward: it is what the caller asks for now */
    uint32_t locked;      /* a call is about to read it */
    uint32_t seen;        /* r->now when a search was here */
};

struct imp_nn_run {
    struct imp_nn_model *model; /* a reference of its own; of a trainer's run too */
    struct imp_nn_trainer *trainer; /* NULL: a plain run */
    uint32_t flags;             /* imp_nn_run_flags */
    uint32_t input_count;
    uint32_t *inputs;           /* node numbers */
    struct rt_shape *given;     /* shapes of the inputs that were set; ndim UINT32_MAX = not yet */
    struct rt_plan *plan;       /* for the shapes given; NULL until all are set */
    struct rt_value *values;    /* by node */
    uint32_t *shares;           /* by block: how many values lie in it */
    uint32_t shares_room, reserved0;
    uint64_t draw;              /* number of this evaluation among its trainer's */
    struct rt_store store;
    uint32_t at;                /* the node whose gradient goes back now; UINT32_MAX: none */
    uint32_t now, way_count;    /* of a search (keep.c) */
    uint32_t *way;
    double work, again;         /* that forward did, and did again */
    uint8_t *wants_grad;        /* by node, during backward */
    uint8_t *is_wrt;            /* by node: keeps its gradient after backward */
    float *folded;              /* plan->folded numbers */
    uint8_t *is_folded;         /* by node: they are there */
    double *clocks;             /* by node, forward and then backward, ms; NULL: not timed */
    uint8_t *slot_fresh;
    const float **slot_in;      /* as long as the longest list of inputs */
    float **slot_grad, **slot_statistic;
};

imp_status rt_run_new(const struct imp_nn_model *, struct imp_nn_trainer *, uint32_t flags,
                      struct imp_nn_run **, imp_error *);
void rt_run_free(struct imp_nn_run *);
/* A packed or strided f32 tensor (f64, i32, i64, u8 are converted); copies it, forgets all values. */
imp_status rt_run_set_input(struct imp_nn_run *, uint32_t node, const imp_tensor *, imp_error *);
/* IMP_NN_ALL: every output. */
imp_status rt_run_forward(struct imp_nn_run *, uint32_t node, imp_job *, imp_error *);
imp_status rt_run_value(struct imp_nn_run *, uint32_t node, imp_tensor *view, imp_error *);
/* Only shapes: plans for these input sizes, in order of the inputs, and counts memory with a dry store:
 * forward up to node and, unless lean, backward to the inputs. least (NULL: not wanted): the smallest
 * limit that a run does with, where it computes values again at most twice over. */
imp_status rt_run_peak(const struct imp_nn_model *, uint32_t node, uint32_t input_count,
                       const struct rt_shape *inputs, uint32_t flags, uint64_t *bytes,
                       uint64_t *least, imp_error *);

imp_status rt_run_seed(struct imp_nn_run *, uint32_t node, const imp_tensor *, imp_error *);
imp_status rt_run_backward(struct imp_nn_run *, uint32_t wrt_count, const uint32_t *wrt, imp_job *,
                           imp_error *);
imp_status rt_run_gradient(struct imp_nn_run *, uint32_t node, imp_tensor *view, imp_error *);

/* ---- between run.c, forward.c and grad.c ---- */
/* A block for a value that others may share; made and dropped values count who lies in it. */
/* fn for each value that the call for a node reads. */
void rt_run_each_input(struct imp_nn_run *, uint32_t node,
                       void (*fn)(struct imp_nn_run *, uint32_t));
imp_status rt_run_get_block(struct imp_nn_run *, uint64_t bytes, enum rt_row_kind, int32_t *block,
                            imp_error *);
imp_status rt_run_make_value(struct imp_nn_run *, uint32_t node, imp_error *);
/* Where the value is or will be; NULL: it has no block, or the run is dry. */
float *rt_run_place(const struct imp_nn_run *, uint32_t node);
void rt_run_drop_value(struct imp_nn_run *, uint32_t node);
uint64_t rt_run_bytes_of(const struct rt_info *);
/* Plans when every input has a shape. */
imp_status rt_run_plan(struct imp_nn_run *, imp_error *);
/* Is there such a node, and a plan? */
imp_status rt_run_ready(struct imp_nn_run *, uint32_t node, imp_error *);
/* The blocks that backward from node (IMP_NN_ALL: the outputs) to the inputs takes, in a dry run. */
imp_status rt_run_dry_backward(struct imp_nn_run *, uint32_t node, imp_error *);
void rt_run_drop_grad(struct imp_nn_run *, uint32_t node);
/* Computes a value that was there once, and what it needs, unless it is there. */
imp_status rt_run_again(struct imp_nn_run *, uint32_t node, imp_job *, imp_error *);
bool rt_run_is_training(const struct imp_nn_run *);
/* The call of a node with data: inputs, output, scratch. */
imp_status rt_run_call(struct imp_nn_run *, uint32_t node, imp_job *, bool backward,
                       struct rt_call *, imp_error *);
const float *rt_run_param(const struct imp_nn_run *, uint32_t param); /* contents, f32 */
imp_status rt_run_no_memory(const struct imp_nn_run *, uint64_t more, imp_error *);
/* Any dtype and strides to packed float. */
void rt_copy_tensor(const imp_tensor *from, float *to);
/* Fills a caller's tensor; its shape points into *shape. Packed. */
void rt_fill_view(imp_tensor *view, uint32_t dtype, const struct rt_shape *shape, const void *data,
                  const char *name);

#endif
