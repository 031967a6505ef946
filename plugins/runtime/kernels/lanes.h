/* lanes.h - many items of work over few scratch buffers. Items are cut by shape and independent of
 * each other, so neither lanes nor threads change a byte. */
#ifndef IMP_RT_LANES_H
#define IMP_RT_LANES_H
#include "op.h"

struct rt_lanes {
    int64_t items;
    double cost;        /* multiply-accumulates of one item */
    uint64_t bytes;     /* scratch that one item needs; lanes get that each, 64-byte aligned; 0: none */
    uint32_t lanes, reserved0;
};

/* Sets lanes from the rest. */
void rt_lanes_set(struct rt_lanes *);
/* Bytes of scratch for all lanes. */
uint64_t rt_lanes_bytes(const struct rt_lanes *);
/* fn(user, item, the lane's scratch) for every item, in rounds of a few milliseconds, or one item,
 * between which a cancel is heard. */
imp_status rt_lanes_run(const struct rt_lanes *, imp_job *, void *scratch,
                        void (*fn)(const void *user, int64_t item, void *scratch), const void *user);

#endif
