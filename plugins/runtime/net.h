/* net.h - what the net.* filters share. They see networks through the tables of services.h alone, as
 * any other plugin does. */
#ifndef IMP_RT_NET_H
#define IMP_RT_NET_H
#include <impasto/kit_sight.h>
#include <stdbool.h>
#include "net_filters.h"
#include "services.h"

enum { NET_AXES = 8 };

#define NET_FILTER                                                                                 \
    .struct_size = sizeof(imp_filter), .flags = IMP_FILTER_DETERMINISTIC,                          \
    .threads = IMP_PARALLEL, .params_version = 1
#define NET_PORT                                                                                   \
    {                                                                                              \
        .name = "net", .kind = IMP_OBJECT, .type = IMP_NN_MODEL_TYPE,                              \
        .help = "The network, of net.load for instance."                                           \
    }
/* Pictures for networks: grey or colour, as they are seen. */
#define NET_PICTURE                                                                                \
    .kind = IMP_IMAGE, .channels = 1u << 1 | 1u << 3, .colours = 1u << IMP_SRGB | 1u << IMP_DATA


/* create and destroy of filters that look at their parameters while planning; *instance is this. */
struct net_instance {
    const imp_cell *params;
    imp_nn_model *measured; /* a reference: the model that what follows is of; NULL */
    uint32_t whole, reach, align; /* net_tiles.h */
    uint32_t run_flags;           /* of what follows */
    imp_nn_run *run;              /* kept from the last picture (net_run_end); NULL */
    imp_nn_model *run_model;      /* which that run holds */
};
imp_status net_create(const imp_host *, const imp_filter *, const imp_cell *params, void **instance,
                      imp_error *) IMP_NX;
void net_destroy(void *instance) IMP_NX;

/* ---- models ---- */

/* The model in an object, NULL without one; while planning, when an EARLY node made it. */
imp_nn_model *net_model(const imp_value *);
imp_nn_model *net_planned(const imp_plan *, uint32_t port);
/* For new_object. */
void net_drop(void *model) IMP_NX;

/* What a filter that takes pictures (or codes) must know of a network. */
struct net_ends {
    uint32_t input;   /* number of its only input */
    imp_nn_node node; /* that input */
    uint32_t channels, width, height; /* that its graph fixes; 0: free, or no spatial input */
    uint32_t output;  /* number of the chosen output */
};
/* output: a node's name; "" or NULL: the only output. Says what does not fit. */
imp_status net_ends_of(const imp_nn_model *, const char *output, struct net_ends *, imp_error *);
/* The same for who does not mind several outputs: the last of them. */
imp_status net_any_ends(const imp_nn_model *, struct net_ends *, imp_error *);
/* Preparation of its pictures, read and checked against the graph. */
imp_status net_prepare_of(const imp_nn_model *, const struct net_ends *, kit_prepare *, imp_error *);
/* Every name that is no node is a mistake of that parameter. true: all are there. */
bool net_check_layers(imp_plan *, const imp_nn_model *, int32_t param, const imp_cell *names);
/* Puts an error that planning found at a parameter or port. */
void net_mistake(imp_plan *, int32_t param, int32_t port, const kit_error *);

/* ---- sizes ---- */

/* Shape of a node's value for an input, 1 for the batch. Answers the number of axes, 0: not known. */
uint32_t net_shape(const imp_nn_model *, uint32_t node, uint32_t ndim, const int64_t *input,
                   int64_t shape[NET_AXES]);
/* Memory of a run up to a node (flags as run_new) and multiply-accumulates of a whole one, into the
 * plan. */
void net_plan_cost(imp_plan *, const imp_nn_model *, uint32_t node, uint32_t ndim,
                   const int64_t *input, uint32_t flags);
/* A shape for the input: what the graph leaves free is `width` and `height` (0: 224, to the
 * preparation's multiple), one for the batch. NULL: fine, else what is wrong with the size. */
const char *net_input_shape(const imp_nn_model *, const struct net_ends *, uint32_t width,
                            uint32_t height, int64_t shape[NET_AXES]);

/* ---- runs ---- */

/* A run of the model: the one that the instance kept where it is of this model and flags, whose memory
 * is mapped already; else a new one. */
imp_status net_run_begin(struct net_instance *, imp_nn_model *, uint32_t flags, imp_nn_run **,
                         imp_error *);
/* Keeps the run for the next picture, unless it failed or there is a budget (--mem), in which what a
 * filter keeps between pictures would not be counted. NULL allowed. */
void net_run_end(struct net_instance *, const imp_job *, imp_nn_run *, imp_status);
imp_tensor net_view(void); /* a head for views */
/* Numbers of a view, all or part of them, packed into `to`. */
void net_unpack(const imp_tensor *view, float *to);
uint64_t net_count(const imp_tensor *);
/* Its numbers packed: where they are, or in the job's memory. NULL: none. */
const float *net_packed(imp_job *, const imp_tensor *view);
/* Feeds packed floats 1 x channels x height x width and evaluates up to a node. */
imp_status net_evaluate(imp_nn_run *, const struct net_ends *, uint32_t node, uint32_t channels,
                        uint32_t width, uint32_t height, float *data, imp_job *, imp_tensor *view,
                        imp_error *);

#endif
