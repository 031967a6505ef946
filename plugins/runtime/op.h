/* op.h - what an operator is. One operator (or one family, like the unary ones) is one file in ops/:
 * shape rule, forward, backward, channel coupling, and a row in ops/ops.c. Beside each, a test
 * against a double-precision oracle.
 *
 * Values are packed float32, row-major, any rank up to RT_RANK. Integers (shapes, axes, indices)
 * are known before anything runs: they are `known` contents while planning, never computed by
 * forward. Rules that follow: infer() sees shapes without unknown axes. */
#ifndef IMP_RT_OP_H
#define IMP_RT_OP_H
#include "network.h"

/* ---- what the table of an operator says ---- */

enum rt_attr_type { RT_INT = 1, RT_BOOL, RT_INTS, RT_FLOAT, RT_FLOATS, RT_CHOICE };
struct rt_attr_def {
    const char *key;     /* in architecture texts: "stride" */
    const char *onnx;    /* ONNX's name of the same thing with the same meaning; NULL: ours only */
    const char *choices; /* RT_CHOICE: "constant|reflect|edge"; ONNX's strings, lower case here */
    uint32_t type, reserved0;
    double def;          /* INT, BOOL, FLOAT, CHOICE (an index) */
};

enum rt_slot_flags {
    RT_SLOT_OPTIONAL = 1,
    RT_SLOT_PARAM = 2,     /* usually a parameter: "<node>.<slot>" in architecture texts */
    RT_SLOT_STATISTIC = 4, /* a parameter without gradient that training updates itself */
    RT_SLOT_STATIC = 8,    /* must be known while planning: integers, or Resize's scales */
    RT_SLOT_MANY = 16      /* the last: one or more */
};
struct rt_slot {
    const char *name; /* "x", "weight" */
    uint32_t flags, reserved0;
};

enum rt_op_flags {
    RT_VIEW = 1,      /* the value is in[0]'s memory under another shape */
    RT_INPLACE = 2,   /* forward may be given out == in[0] when nobody needs in[0] later */
    RT_NEEDS_IN = 4,  /* backward reads in[] */
    RT_NEEDS_OUT = 8, /* backward reads out */
    RT_RANDOM = 16,   /* uses call->random when training */
    RT_AFTER = 32,    /* forward takes call->after; slots x, weight, and bias or nothing */
    RT_GATES = 64,    /* backward takes call->gate */
    RT_STORES = 128,  /* backward takes call->fresh */
    RT_BACK_INPLACE = 256 /* may be given a fresh in_grad[0] == out_grad, unless reads() says yes */
};

/* ---- planning ---- */

/* What planning knows of one value. */
struct rt_info {
    struct rt_shape shape;
    uint32_t dtype, reserved0;       /* IMP_F32 or IMP_I64 */
    const struct rt_tensor *known;   /* contents when they depend on nothing but shapes; else NULL */
};

struct rt_infer {
    const struct rt_node *node;
    const struct rt_info *const *in; /* by slot; NULL = left open */
    uint32_t input_count, reserved0;
    /* Preset: dtype of in[0], no shape, not known. infer() sets shape; dtype where it differs; and
     * known (rt_tensor_new, one reference handed over) where it can: always for I64. */
    struct rt_info out;
    struct rt_tensor *known;
};

/* ---- running ---- */

struct rt_after;
struct rt_keeper;
struct rt_call {
    const struct rt_node *node;
    const struct rt_info *const *in_info;
    const struct rt_info *out_info;
    uint32_t input_count;
    uint32_t training;        /* dropout drops, batch norm normalises by the batch */
    uint32_t lean, reserved0; /* forward of a run without gradients: a few units more in the last place
                               * turn no gradient, faster sums may have them */
    uint64_t random;          /* changes with trainer, node and step; for kit_random */
    imp_job *job;             /* for rt_parallel only; NULL = serial */
    const float *const *in;   /* by slot; NULL = left open, or I64 (then in_info->known has it) */
    float *out;               /* forward: every element is written */
    const float *out_grad;    /* backward only */
    float *const *in_grad;    /* backward only: ADD to it; NULL = not wanted */
    const uint8_t *fresh;     /* backward, by slot: in_grad holds nothing yet, STORE to it; NULL = add */
    const struct rt_after *after; /* forward: what to do with the sums, bias and all; NULL = nothing */
    const struct rt_keeper *keeper; /* forward: of what parameters become (lasting.h); NULL = nothing stays */
    const float *gate;        /* backward: as out; out_grad counts where gate > 0. NULL = everywhere */
    float *const *statistic;  /* training, forward: where to update slot i (SLOT_STATISTIC); or NULL */
    void *saved;              /* need.saved bytes that forward leaves to backward */
    void *scratch;            /* need.scratch bytes, need.scratch_backward in backward; 64-byte aligned */
};
/* Bytes that a call needs beside its values; asked once with shapes set and no data. */
struct rt_need {
    uint64_t saved, scratch, scratch_backward;
    double macs; /* multiply-accumulates of one forward */
};

struct rt_ties;

struct rt_op {
    const char *name, *onnx; /* "conv", "Conv"; onnx NULL: ours only */
    const char *limits;      /* what it does not do, for `impasto model ops`; "" = nothing */
    const struct rt_attr_def *attrs;
    const struct rt_slot *slots;
    uint32_t attr_count, slot_count, flags, reserved0;
    /* Sets in->out, or says what does not fit: imp_fail(err, IMP_E_INPUT, "...") without the node's
     * name, which the caller puts in front. */
    imp_status (*infer)(struct rt_infer *in, imp_error *err);
    /* Optional: no scratch, nothing saved, no MACs. */
    void (*need)(const struct rt_call *, struct rt_need *);
    imp_status (*forward)(const struct rt_call *);  /* IMP_OK, IMP_CANCELLED */
    imp_status (*backward)(const struct rt_call *); /* adds to every in_grad that is not NULL */
    /* Says which channels (axis 1) of the inputs and the output, and which slices of parameters, live
     * and die together (ties.h). NULL: the channels of all its inputs and its output are locked. */
    void (*couple)(struct rt_ties *, const struct rt_call *);
    /* Optional: after a cut, puts attributes right that name channels (groups, sizes, ranges).
     * keep_in[slot][c], keep_out[c]: 1 = stays; NULL = that value lost nothing. before: shapes. */
    bool (*adjust)(struct rt_node *copy, const struct rt_call *before,
                   const uint8_t *const *keep_in, const uint8_t *keep_out);
    /* Optional, of RT_NEEDS_IN: does backward read in[0]? others: a gradient of another slot is wanted. */
    bool (*reads)(const struct rt_node *, bool training, bool others);
    /* Optional: the node is y = act(x) as after.h has it; sets slope and top. false: not this node. */
    bool (*act)(const struct rt_call *, float *slope, float *top);
    /* Optional: outside training the node is y = scale x + shift by channel, all else parameters. Writes
     * both for x = sums + bias (NULL: none); scale NULL: only asks. false: not this node. */
    bool (*fold)(const struct rt_call *, const float *bias, float *scale, float *shift);
    /* Optional: the node is the largest of each 2x2 values, side by side; of RT_AFTER: a lean forward may
     * be told to store these alone. */
    bool (*halves)(const struct rt_call *);
};

/* ---- for operators: op.c ---- */

/* Integers given as attribute `attr`, or in slot `slot` (known; slot < 0: no such slot). *count 0 and
 * NULL: neither. For planning and running alike. */
const int64_t *rt_static_ints(const struct rt_node *, const struct rt_info *const *in,
                              uint32_t input_count, int attr, int slot, uint32_t *count);
/* The same for numbers of either type; count at most `room`. Answers how many. */
uint32_t rt_static_floats(const struct rt_node *, const struct rt_info *const *in,
                          uint32_t input_count, int attr, int slot, double *to, uint32_t room);
/* Runs fn(user, 0..n-1); the job may be NULL. Cut by shape only. */
imp_status rt_parallel(imp_job *job, uint32_t n, void (*fn)(void *user, uint32_t i) IMP_NX,
                       void *user);
/* Zeros in fresh gradients of slots from `slot` on, for an operator that only adds to those. */
void rt_clear_fresh(const struct rt_call *, uint32_t slot);
/* Into how many pieces to cut `items` of `cost` scalar operations each: about 64 K operations a
 * piece, at most 64 pieces, never dependent on threads. Piece i is [*from, *to). */
uint32_t rt_pieces(int64_t items, double cost);
void rt_piece(int64_t items, uint32_t n, uint32_t i, int64_t *from, int64_t *to);

/* ---- finding: ops/ops.c ---- */
const struct rt_op *rt_op_find(const char *name);      /* NULL: none */
const struct rt_op *rt_op_find_onnx(const char *onnx); /* NULL: none */
const struct rt_op *rt_op_at(uint32_t i);              /* NULL: past the end */

/* Initialises attrs, attr_count / slots, slot_count out of order: .attrs = a, .attr_count = RT_COUNT(a) */
#define RT_COUNT(a) ((uint32_t)(sizeof(a) / sizeof((a)[0])))

#endif
