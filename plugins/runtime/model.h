/* model.h - the handles of <impasto/nn.h>, from inside. */
#ifndef IMP_RT_MODEL_H
#define IMP_RT_MODEL_H
#include "lasting.h"
#include "sizing.h"

#include <pthread.h>

struct imp_nn_model { /* read-only but for refs and what is kept */
    atomic_uint refs;
    uint32_t reserved0;
    struct rt_graph *graph;
    struct rt_shape *shapes;  /* by node, unknown axes -1 */
    uint32_t **node_inputs;   /* by node: the nodes among its inputs, for imp_nn_node */
    uint32_t *node_input_count;
    struct rt_kept *kept;     /* by node */
    _Atomic uint64_t kept_bytes;
    char *options;            /* what it was opened with; NULL: not from a file */
    uint64_t content[4];      /* which file it was, at which time */
    pthread_mutex_t lock;     /* of groups, made when first asked for (cut.c) */
    struct rt_groups *groups;
    char why[256];            /* why shapes are unknown, or "" */
};

/* A model of a finished graph, which it takes over, also when it fails. */
imp_status rt_model_new(struct rt_graph *, struct imp_nn_model **, imp_error *);
struct imp_nn_model *rt_model_retain(const struct imp_nn_model *);
void rt_model_release(struct imp_nn_model *); /* NULL allowed */

/* opened.c: the same file with the same options is the same model, as long as it is open. [control] */
imp_status rt_model_open(const char *path, const char *options, imp_job *, struct imp_nn_model **,
                         imp_error *); /* job: whose threads read, or NULL */
/* Takes a model without references off the list. [any] */
void rt_model_forget(const struct imp_nn_model *);

#endif
