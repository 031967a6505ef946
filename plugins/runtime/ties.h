/* ties.h - which channels live and die together: operators tell, edit.c collects.
 *
 * Every value of two or more axes has channels: the indices of its axis 1. An operator ties channels
 * of its inputs to channels of its output (a sum: channel c to channel c), and says which slices of
 * its parameters make a channel (rows of a convolution's weight) or read it (its columns). What is
 * tied, over the whole graph, can only be cut together: one unit of a group of imp_nn_edit_1. */
#ifndef IMP_RT_TIES_H
#define IMP_RT_TIES_H
#include "op.h"

enum { RT_OUT = -1 }; /* an end: the node's output; else the number of an input slot */

/* Channel i of end a and channel j of end b are one. */
void rt_tie(struct rt_ties *, int a, int64_t i, int b, int64_t j);
/* Channel c of end a and channel c of end b, for all c. */
void rt_tie_all(struct rt_ties *, int a, int b);
/* Of the parameter in `slot`, [first, first + width) along `axis` makes (reads 0) or consumes (1)
 * channel i of end a. A slot wired to a node instead of a parameter locks that channel. */
void rt_tie_param(struct rt_ties *, int a, int64_t i, int slot, uint32_t axis, int64_t first,
                  int64_t width, uint32_t reads);
/* Channel i of end a (-1: every channel) cannot be cut, because `why` (static text). */
void rt_tie_lock(struct rt_ties *, int a, int64_t i, const char *why);
/* For operators that work element by element: all slots of the shape broadcast to the output's tie
 * to it channel by channel; parameters among them as slices; what is broadcast along channels is free. */
void rt_tie_elementwise(struct rt_ties *, const struct rt_call *);

#endif
