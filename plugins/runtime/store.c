/* store.c - see store.h. Large blocks lie on huge pages where the kernel has them. */
#define _GNU_SOURCE
#include "store.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum { HUGE_PAGE = 2 << 20 };

void rt_store_init(struct rt_store *s, bool dry, uint64_t limit)
{
    *s = (struct rt_store){.dry = dry, .limit = limit};
}

void rt_store_fini(struct rt_store *s)
{
    for (uint32_t i = 0; i < s->count; i++)
        free(s->blocks[i].data);
    free(s->blocks);
    *s = (struct rt_store){.dry = s->dry};
}

static int32_t best_free(const struct rt_store *s, uint64_t bytes)
{
    int32_t best = -1;
    for (uint32_t i = 0; i < s->count; i++) {
        const struct rt_block *b = &s->blocks[i];
        if (b->used || b->bytes < bytes || b->bytes / 2 > bytes)
            continue;
        if (best < 0 || b->bytes < s->blocks[best].bytes)
            best = (int32_t)i;
    }
    return best;
}

static void *allocate(uint64_t bytes)
{
    const bool large = bytes >= HUGE_PAGE;
    void *p = NULL;
    if (bytes > SIZE_MAX / 2 || posix_memalign(&p, large ? HUGE_PAGE : 64, (size_t)bytes))
        return NULL;
    if (large)
        (void)madvise(p, (size_t)bytes, MADV_HUGEPAGE); /* only a hint */
    return p;
}

void rt_store_trim(struct rt_store *s)
{
    for (uint32_t i = 0; i < s->count; i++) {
        struct rt_block *b = &s->blocks[i];
        if (b->used)
            continue;
        free(b->data);
        s->bytes -= b->bytes;
        *b = (struct rt_block){0};
    }
}

/* The place of a block that was trimmed, or a new one; -1: no memory. */
static int32_t place_of_one(struct rt_store *s)
{
    for (uint32_t i = 0; i < s->count; i++)
        if (!s->blocks[i].bytes)
            return (int32_t)i;
    if (s->count < s->room)
        return (int32_t)s->count++;
    const uint32_t room = s->room ? s->room * 2 : 64;
    struct rt_block *more = realloc(s->blocks, room * sizeof *more);
    if (!more)
        return -1;
    s->blocks = more;
    s->room = room;
    return (int32_t)s->count++;
}

int32_t rt_store_get(struct rt_store *s, uint64_t bytes)
{
    bytes = bytes ? (bytes + 63) & ~UINT64_C(63) : 64;
    const int32_t found = best_free(s, bytes);
    if (found >= 0) {
        s->blocks[found].used = 1;
        return found;
    }
    if (bytes > UINT64_MAX - s->bytes || (s->limit && s->bytes + bytes > s->limit))
        return -1;
    void *data = NULL;
    if (!s->dry && !(data = allocate(bytes)))
        return -1;
    const int32_t at = place_of_one(s);
    if (at < 0) {
        free(data);
        return -1;
    }
    s->blocks[at] = (struct rt_block){.data = data, .bytes = bytes, .used = 1};
    s->bytes += bytes;
    return at;
}

void rt_store_put(struct rt_store *s, int32_t block)
{
    if (block >= 0)
        s->blocks[block].used = 0;
}
