/* clock.c - see clock.h. */
#include "clock.h"

#include <string.h>
#include <time.h>

double rt_clock_start(const struct imp_nn_run *r)
{
    struct timespec t = {0};
    if (r->clocks)
        clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

void rt_clock_stop(struct imp_nn_run *r, const struct rt_node *node, enum rt_clock_of what,
                   double start)
{
    const struct rt_graph *g = r->model->graph;
    if (r->clocks)
        r->clocks[what * g->node_count + (size_t)(node - g->nodes)] += rt_clock_start(r) - start;
}

void rt_clock_reset(struct imp_nn_run *r)
{
    if (r->clocks)
        memset(r->clocks, 0, RT_CLOCKS * (size_t)r->model->graph->node_count * sizeof *r->clocks);
}
