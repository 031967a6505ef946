/* clock.h - how long the nodes of a run took, for runs made with IMP_NN_TIMED; others keep nothing. */
#ifndef IMP_RT_CLOCK_H
#define IMP_RT_CLOCK_H
#include "run.h"

enum rt_clock_of { RT_CLOCK_FORWARD, RT_CLOCK_BACKWARD, RT_CLOCKS };
/* Now, in milliseconds; 0 of a run that is not timed. */
double rt_clock_start(const struct imp_nn_run *);
/* Adds what has gone by to the node's time. What is fused to it is in that. */
void rt_clock_stop(struct imp_nn_run *, const struct rt_node *, enum rt_clock_of, double start);
void rt_clock_reset(struct imp_nn_run *);

#endif
