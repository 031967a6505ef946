/* lasting.c - see lasting.h. Of two runs that make the same at once one's is taken. */
#define _GNU_SOURCE /* madvise */
#include "lasting.h"

#include <stdbool.h>
#include <stdlib.h>
#include <sys/mman.h>

enum { HEAD = 64, PAGE = 2 << 20 }; /* HEAD: bytes before the data; PAGE: a huge one */

struct rt_kept_block {
    uint64_t bytes;
};

static float *data_of(struct rt_kept_block *b)
{
    return (float *)(void *)((char *)b + HEAD);
}

static struct rt_kept_block *block_new(uint64_t bytes)
{
    const uint64_t align = bytes >= 2 * (uint64_t)PAGE ? PAGE : HEAD;
    const uint64_t all = (bytes + HEAD + align - 1) / align * align;
    struct rt_kept_block *b = aligned_alloc(align, all);
    if (b && align == PAGE)
        madvise(b, all, MADV_HUGEPAGE); /* a wish: fewer misses of the page tables */
    if (b)
        b->bytes = bytes;
    return b;
}

static bool take_room(const struct rt_keeper *k, uint64_t bytes)
{
    uint64_t had = atomic_load(k->total);
    do {
        if (bytes > k->room || had > k->room - bytes)
            return false;
    } while (!atomic_compare_exchange_weak(k->total, &had, had + bytes));
    return true;
}

const float *rt_kept_get(const struct rt_keeper *k, uint64_t bytes,
                         imp_status (*fill)(const void *user, float *to), const void *user)
{
    if (!k || !bytes)
        return NULL;
    struct rt_kept_block *b = atomic_load(&k->kept->block), *none = NULL;
    if (b)
        return b->bytes == bytes ? data_of(b) : NULL;
    if (atomic_exchange(&k->kept->asked, 1) == 0 || !take_room(k, bytes))
        return NULL;
    b = block_new(bytes);
    if (b && fill(user, data_of(b)) == IMP_OK) {
        if (atomic_compare_exchange_strong(&k->kept->block, &none, b))
            return data_of(b);
        atomic_fetch_sub(k->total, bytes);
        free(b);
        return none->bytes == bytes ? data_of(none) : NULL;
    }
    atomic_fetch_sub(k->total, bytes);
    free(b);
    return NULL;
}

void rt_kept_free(struct rt_kept *k)
{
    free(atomic_load(&k->block));
}
