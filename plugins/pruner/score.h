/* score.h - how much each unit of a layer matters, and which go: criteria, bias removal, choice; on
 * plain arrays, tested without a network. All [any]. Sources: Molchanov et al. 1611.06440 (taylor),
 * Hu et al. 1607.03250 (apoz), Li et al. 1608.08710 (l1); arXiv 1703.09916 (global choice, bias
 * removal). */
#ifndef IMP_PR_SCORE_H
#define IMP_PR_SCORE_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum pr_criterion {
    PR_TAYLOR = 0,  /* mean over images of |mean over places of a dL/da| */
    PR_TAYLOR_MEAN, /* | mean over images and places of a dL/da | */
    PR_ACT,         /* mean |a| */
    PR_APOZ,        /* share of places that are not 0 */
    PR_L1,          /* sum |W| of the weights that make the unit */
    PR_L1_FANIN,    /* the same, their mean */
    PR_CONTRIB,     /* act times the sum of |W| of the weights that read it */
    PR_RANDOM,      /* uniform by (seed, step, layer, unit): the floor of comparisons */
    PR_ORACLE       /* | what the loss changes by without the unit |, tried (Molchanov et al.) */
};
#define PR_CRITERIA "taylor|taylor_mean|act|apoz|l1|l1_fanin|contrib|random|oracle"
static inline bool pr_needs_gradient(uint32_t c)
{
    return c == PR_TAYLOR || c == PR_TAYLOR_MEAN;
}
static inline bool pr_needs_values(uint32_t c)
{
    return c <= PR_APOZ || c == PR_CONTRIB;
}
static inline bool pr_needs_weights(uint32_t c)
{
    return c == PR_L1 || c == PR_L1_FANIN || c == PR_CONTRIB;
}

/* Adds a batch of a value (n images x channels x places, packed) and its gradient (NULL where the
 * criterion needs none; of the loss's mean over the batch, so it is taken n times) to the sums of
 * units. unit_of: the unit of each channel, -1: of none; NULL: channel u is unit u. */
void pr_score_add(uint32_t criterion, const float *a, const float *g, size_t n, size_t channels,
                  size_t places, const int32_t *unit_of, size_t units, double *sum);
/* Sums over `images` images become scores. */
void pr_score_end(uint32_t criterion, uint64_t images, size_t units, double *sum);
/* Adds |w| of the entries that belong to each unit, index [first + u width, + width) of an axis,
 * and their number to count (of one unit). w: packed, of that shape. */
void pr_score_weights(const float *w, uint32_t ndim, const int64_t *shape, uint32_t axis,
                      int64_t first, int64_t width, size_t units, double *sum, double *count);

enum pr_unbias {
    PR_MEAN = 0, /* s / mean */
    PR_L2,       /* s / (||s|| + 1e-8) */
    PR_MAX,      /* s / max */
    PR_Z,        /* (s - mean) / deviation */
    PR_NONE,
    PR_PLACES /* s times the places of the values: what the whole unit matters, not a place of it;
               * no use of the layer's other units. Scores of values only; others as they are */
};
#define PR_UNBIAS "mean|l2|max|z|none|places"
/* Brings the scores of one layer to a measure that layers share. false: all are 0 (or equal, for
 * z), nothing can be said, and they are left. */
bool pr_unbias(uint32_t rule, double *s, size_t n);

struct pr_layer {       /* units that are scored together: a group of the network */
    const char *name;   /* lives as long as the pruning */
    const char *locked; /* NULL, or why it is left alone */
    uint32_t group;     /* its number in the network */
    uint32_t first;     /* of its units, among all */
    uint32_t units, original;
    uint32_t least;  /* units that stay */
    uint32_t silent; /* 1: the criterion says 0 of all its units */
    uint32_t held;   /* units that would have gone, but for `least`, in the last choice */
    uint32_t taken;  /* units that go by the last choice */
};
/* Marks the k units of lowest score among all layers that are free: gone[unit]. Ties by layer, then
 * unit. Layers never fall below `least`. Answers how many were found; UINT32_MAX: no memory. */
uint32_t pr_choose(struct pr_layer *, uint32_t layers, const double *score, uint32_t k,
                   uint8_t *gone);

#endif
