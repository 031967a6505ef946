/* op_check.h - an operator against its double-precision oracle: shape rule, forward, and backward
 * against central differences of the oracle.
 *
 *     static void oracle(const struct op_case *c, const double *const *in, double *out) { obvious loops }
 *     static const struct op_case cases[] = {
 *         {.name = "3x3, stride 2", .op = "conv", .ints = "kernel=3 3;stride=2 2;pad=1 1 1 1",
 *          .shapes = "2 3 7 5 | 4 3 3 3 | 4", .out = "2 4 4 3", .oracle = oracle},
 *     };
 *     op_check(&cases[i]);     (fails the cmocka case with the op, the case and the number)
 */
#ifndef OP_CHECK_H
#define OP_CHECK_H
#include <op.h>

struct op_case {
    const char *name, *op;
    const char *attrs;  /* "key=1 2 3;key2=0.5;key3=word": by the op's table; NULL = none */
    const char *shapes; /* of the inputs, "|" between; "-" leaves a slot open; "i:2 -1" are integers
                           that are known (a shape, axes), "i:" followed by nothing an empty list */
    const char *out;    /* the shape that infer must give */
    void (*oracle)(const struct op_case *, const double *const *in, double *out);
    double low, high;   /* inputs are drawn from this range; 0, 0 = -1..1 */
    double kink;        /* inputs keep 0.01 away from this and no two are equal; NAN-free; 0 is a kink too
                           when kink_at_zero */
    uint32_t kink_at_zero, distinct; /* distinct: no ties (max pooling) */
    uint32_t training;  /* call->training */
    uint32_t no_gradient; /* mask of slots without one */
    double tolerance;   /* largest NMSE of forward; 0 = 1e-12 */
    /* filled by op_check, for the oracle */
    const struct rt_shape *in_shape; /* by slot */
    const struct rt_shape *out_shape;
    const struct rt_node *node;
    uint32_t in_count, reserved0;
};

/* NMSE of forward < tolerance, of every gradient against the oracle's central differences (eps 1e-4,
 * loss = random projection) < 1e-10; forward and backward with poisoned outputs, gradients ADDED to
 * what is there, equal bytes through 1 and 2 threads. */
void op_check(const struct op_case *);
/* What infer says of shapes that do not fit: must fail with a text that holds `word`. */
void op_check_refusal(const struct op_case *, const char *word);
#endif
