/* network.h - a network: nodes in order of execution, each with one value; parameters; lines of meta.
 * Readers of files build one, nothing changes it after rt_graph_finish, models share it. */
#ifndef IMP_RT_NETWORK_H
#define IMP_RT_NETWORK_H
#include "tensor.h"
#include <impasto/nn.h>

struct rt_op;

/* What an input slot of a node is wired to: a node's value (>= 0), a parameter (RT_PARAM(p), < 0),
 * or nothing (an optional slot left open). */
enum { RT_ABSENT = INT32_MIN };
static inline int32_t rt_ref_param(uint32_t p) { return ~(int32_t)p; }
static inline bool rt_is_param(int32_t ref) { return ref < 0 && ref != RT_ABSENT; }
static inline uint32_t rt_param_of(int32_t ref) { return (uint32_t)~ref; }

/* Values of one attribute of a node; ops/op.h says what there are. count 0 = not given. */
struct rt_attr {
    uint32_t count, given; /* given: an empty list can be given, too */
    int64_t *ints;         /* INT, INTS, BOOL; CHOICE: its index */
    double *floats;        /* FLOAT, FLOATS */
};

struct rt_node {
    char *name;  /* unique; what people type: "relu2_1" */
    char *value; /* the name of its value in the file it came from, where it differs; else NULL */
    const struct rt_op *op;
    int32_t *inputs; /* one for each slot of the op, in order; the last slot may repeat (MANY) */
    uint32_t input_count, flags; /* imp_nn_node_flags */
    struct rt_attr *attrs;       /* op->attr_count */
    struct rt_shape declared;    /* of an input node: axes of -1 are set by the caller */
};

enum rt_param_flags { RT_FIXED = 1 /* no gradient: running statistics, constants */ };
struct rt_param {
    char *name; /* unique: "conv1_1.weight" */
    struct rt_tensor *tensor;
    uint32_t flags, reserved0;
};

struct rt_meta {
    char *key, *text;
};

struct rt_graph {
    struct rt_node *nodes;
    struct rt_param *params;
    struct rt_meta *meta;
    uint32_t node_count, param_count, meta_count, reserved0;
    uint32_t node_room, param_room, meta_room, reserved1;
};

struct rt_graph *rt_graph_new(void); /* NULL: no memory */
void rt_graph_free(struct rt_graph *);
/* A copy that shares the tensors. */
struct rt_graph *rt_graph_copy(const struct rt_graph *);

/* Adds a parameter; takes a reference of its own on the tensor. Answers its number, or -1: no memory. */
int64_t rt_graph_add_param(struct rt_graph *, const char *name, struct rt_tensor *, uint32_t flags);
/* Adds a node with open slots replaced by refs; attributes not given. -1: no memory. Pointers to
 * nodes are good until the next one is added. */
int64_t rt_graph_add_node(struct rt_graph *, const char *name, const struct rt_op *,
                          uint32_t input_count, const int32_t *refs);
/* Sets or (text NULL) takes away a line of meta. false: no memory. */
bool rt_graph_set_meta(struct rt_graph *, const char *key, const char *text);
const char *rt_graph_meta(const struct rt_graph *, const char *key); /* NULL: none */
/* A number, or -1. Names of values are found too. */
int64_t rt_graph_find_node(const struct rt_graph *, const char *name);
int64_t rt_graph_find_param(const struct rt_graph *, const char *name);
/* Set when everything is in: checks that every node's inputs stand before it and fit its slots,
 * names are unique, something is an output (the last node, if none was marked), no weight is NaN or
 * infinite (named with its first place). Every reader ends with it. */
imp_status rt_graph_finish(struct rt_graph *, imp_error *);

/* Attributes by key. false: no memory, or the op has no such attribute of that type. */
bool rt_set_int(struct rt_node *, const char *key, int64_t v);
bool rt_set_ints(struct rt_node *, const char *key, uint32_t n, const int64_t *v);
bool rt_set_float(struct rt_node *, const char *key, double v);
bool rt_set_floats(struct rt_node *, const char *key, uint32_t n, const double *v);
bool rt_set_choice(struct rt_node *, const char *key, const char *word);
/* Attribute i of the op's table, or its default when not given. */
int64_t rt_int(const struct rt_node *, uint32_t i);
double rt_float(const struct rt_node *, uint32_t i);
const int64_t *rt_ints(const struct rt_node *, uint32_t i, uint32_t *count);   /* NULL, 0: not given */
const double *rt_float_list(const struct rt_node *, uint32_t i, uint32_t *count);

#endif
