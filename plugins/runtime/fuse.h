/* fuse.h - which values need not be stored: a convolution whose only reader is BatchNorm at
 * inference, a sum with a value of the same shape, or relu, leaky relu or a clip from 0, or, where
 * there is no sum, the largest of each 2x2 (in this order, any of them left out), is computed by
 * one call that writes the last of them. A run decides each time whether it takes the chain or its
 * parts: what somebody asked for is never fused away.
 *
 * And which values may be written where a concat wants them, so that it copies nothing: its inputs
 * that nobody else reads, where they follow each other in memory. */
#ifndef IMP_RT_FUSE_H
#define IMP_RT_FUSE_H
#include "kernels/after.h"
#include "op.h"

struct rt_plan;

enum rt_part { RT_APART, RT_HEAD, RT_NORM, RT_SUM, RT_ACT, RT_HALF };
struct rt_link {
    int32_t from;      /* the node whose value it takes in on its way to memory; -1 */
    int32_t into;      /* the concat that its value may be written into; -1 */
    enum rt_part part; /* what the node is in its chain */
    int64_t fold; /* RT_NORM: where its scale and then its shift begin among the folded numbers */
    int64_t at;   /* into: from this float on */
};

/* Links of all nodes, which are set to zero, from a plan whose shapes are known. false: no memory.
 */
bool rt_fuse(const struct rt_plan *, struct rt_link *links, int64_t *folded);
/* op_concat.c */
int rt_concat_axis(const struct rt_node *, uint32_t ndim);
/* The other value of an RT_SUM, or of a node that takes nothing in: -1. */
int32_t rt_fuse_other(const struct rt_plan *, uint32_t node);

#endif
