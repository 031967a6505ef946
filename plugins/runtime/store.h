/* store.h - the memory of a run: buffers that go back and are handed out again, so that a step after
 * the first allocates nothing. A dry store counts without memory: it is how a run's peak is known
 * beforehand, by the very code that will run. */
#ifndef IMP_RT_STORE_H
#define IMP_RT_STORE_H
#include <stdbool.h>
#include <stdint.h>

struct rt_block {
    void *data;
    uint64_t bytes;
    uint32_t used, reserved0;
};
struct rt_store {
    struct rt_block *blocks;
    uint32_t count, room;
    uint64_t bytes, limit; /* bytes: of all blocks; limit 0 = none */
    bool dry;
};

void rt_store_init(struct rt_store *, bool dry, uint64_t limit);
void rt_store_fini(struct rt_store *);
/* A block of at least that many bytes, 64-byte aligned, contents undefined: the smallest free one of
 * at most twice the size, or a new one. Answers its number, or -1: no memory, over the limit. */
int32_t rt_store_get(struct rt_store *, uint64_t bytes);
void rt_store_put(struct rt_store *, int32_t block); /* -1 allowed */
/* Gives free blocks back to the system: when sizes change for good. */
void rt_store_trim(struct rt_store *);
static inline void *rt_store_data(const struct rt_store *s, int32_t block)
{
    return block < 0 ? 0 : s->blocks[block].data;
}

#endif
