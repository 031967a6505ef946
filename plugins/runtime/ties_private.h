/* ties_private.h - what operators told, for groups.c alone. */
#ifndef IMP_RT_TIES_PRIVATE_H
#define IMP_RT_TIES_PRIVATE_H
#include "sizing.h"
#include "ties.h"

/* A slice that makes or reads one element. */
struct rt_claim {
    uint32_t element, param, axis, reads, node, reserved0;
    int64_t first, width;
};

/* An element is one channel of one node's value; elements that are tied have one root. */
struct rt_ties {
    const struct rt_plan *plan;
    uint32_t node;           /* the one that is speaking */
    uint32_t element_count;
    uint32_t *base;          /* by node: its first element */
    uint32_t *channels;      /* by node: how many; 0 where it has no axis 1 */
    uint32_t *parent;        /* by element */
    const char **lock;       /* by element; NULL = free */
    struct rt_claim *claims;
    uint32_t claim_count, claim_room;
    bool no_memory;
};

bool rt_ties_init(struct rt_ties *, const struct rt_plan *); /* lets every operator speak */
void rt_ties_fini(struct rt_ties *);
uint32_t rt_ties_root(struct rt_ties *, uint32_t element);

#endif
