/* store.h - the memory of a run: reserved stretches of addresses of which blocks are cut, given
 * back and cut again, so that a step after the first allocates nothing. A dry store counts without
 * memory: it is how a run's peak is known beforehand, by the very code that will run. */
#ifndef IMP_RT_STORE_H
#define IMP_RT_STORE_H
#include <stdbool.h>
#include <stdint.h>

struct rt_block {
    uint64_t at, bytes;     /* from its row's base */
    int32_t before, behind; /* neighbours by address; -1: none */
    uint32_t used, row;
};
/* Blocks that stay where they are lie apart from those that come and go, which may be moved
 * together. */
enum rt_row_kind { RT_PASSING, RT_STAYING, RT_ROWS };
struct rt_row {
    char *base;
    uint64_t reserved, open; /* bytes of addresses; those of them that may be touched */
    uint64_t end, high;      /* of the last used block; the most that was since rt_store_restart */
    uint64_t most,
        touched; /* the most of high since rt_store_trim; since ever, less what went back */
    int32_t last, reserved0; /* the block at the end */
};
struct rt_store {
    struct rt_block *blocks; /* by number; what is free between used ones has numbers, too */
    uint32_t count, room;
    struct rt_row row[RT_ROWS];
    void *scratch; /* beside the blocks: what a call needs while it runs */
    uint64_t scratch_bytes;
    uint64_t bytes, limit; /* the most of rows and scratch together since trim; limit 0: none */
    uint64_t used;         /* bytes of the blocks that are in use */
    int32_t spare;         /* a list of numbers without a block */
    bool dry;
};

void rt_store_init(struct rt_store *, bool dry, uint64_t limit);
void rt_store_fini(struct rt_store *);
/* A block of that many bytes, 64-byte aligned, contents undefined: in the smallest hole that has
 * room, else at the end; without grow only as far as the store once was. Answers its number, or -1:
 * no room, no memory, over the limit. */
int32_t rt_store_get(struct rt_store *, uint64_t bytes, enum rt_row_kind, bool grow);
void rt_store_put(struct rt_store *, int32_t block); /* -1 allowed */
/* Moves passing blocks together, but for those of which fixed says yes: their addresses change. */
void rt_store_pack(struct rt_store *, bool (*fixed)(const void *user, int32_t block),
                   const void *user);
/* Scratch of at least that many bytes, contents undefined; what was there is gone. false: as above.
 */
bool rt_store_scratch(struct rt_store *, uint64_t bytes);
/* A new evaluation begins: what it takes is measured anew, so that it goes as the one before. */
void rt_store_restart(struct rt_store *);
/* Sizes change for good: memory that the last size did not take goes back to the system. */
void rt_store_trim(struct rt_store *);
static inline void *rt_store_data(const struct rt_store *s, int32_t block)
{
    if (block < 0 || s->dry)
        return 0;
    return s->row[s->blocks[block].row].base + s->blocks[block].at;
}

#endif
