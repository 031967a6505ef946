/* heap.c - malloc and its like, in front of glibc's. */
#include "heap.h"
#include <errno.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdlib.h>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define OURS 0
#elif defined(__has_feature)
#define OURS (!__has_feature(address_sanitizer) && !__has_feature(thread_sanitizer))
#elif defined(__GLIBC__)
#define OURS 1
#else
#define OURS 0
#endif

static atomic_llong blocks;
static atomic_ullong calls, asked, fail_at;
static atomic_bool failed;
static _Thread_local int in_plugin, in_host;

bool heap_seen(void)
{
    return OURS;
}

int64_t heap_blocks(void)
{
    return atomic_load(&blocks);
}

uint64_t heap_calls(void)
{
    return atomic_load(&calls);
}

void heap_plugin(int step)
{
    in_plugin += step;
}

void heap_host(int step)
{
    in_host += step;
}

uint64_t heap_asked(void)
{
    return atomic_load(&asked);
}

void heap_fail_at(uint64_t k)
{
    atomic_store(&failed, false);
    atomic_store(&fail_at, k ? atomic_load(&asked) + k : 0);
}

bool heap_failed(void)
{
    return atomic_load(&failed);
}

#if OURS
#define SHOWN __attribute__((visibility("default")))
void *__libc_malloc(size_t);
void *__libc_calloc(size_t, size_t);
void *__libc_realloc(void *, size_t);
void *__libc_memalign(size_t, size_t);
void __libc_free(void *);
SHOWN void *memalign(size_t, size_t);

/* Counts one more question; true: it is to be refused. */
static bool refuses(void)
{
    atomic_fetch_add_explicit(&calls, 1, memory_order_relaxed);
    if (!in_plugin || in_host)
        return false;
    const unsigned long long k = atomic_fetch_add(&asked, 1) + 1;
    if (k != atomic_load(&fail_at))
        return false;
    atomic_store(&failed, true);
    errno = ENOMEM;
    return true;
}

static void *alive(void *block)
{
    if (block)
        atomic_fetch_add_explicit(&blocks, 1, memory_order_relaxed);
    return block;
}

SHOWN void *malloc(size_t size)
{
    return refuses() ? NULL : alive(__libc_malloc(size));
}

SHOWN void *calloc(size_t n, size_t size)
{
    return refuses() ? NULL : alive(__libc_calloc(n, size));
}

SHOWN void free(void *block)
{
    if (block)
        atomic_fetch_sub_explicit(&blocks, 1, memory_order_relaxed);
    __libc_free(block);
}

SHOWN void *realloc(void *block, size_t size)
{
    if (refuses())
        return NULL;
    void *moved = __libc_realloc(block, size);
    if (!block)
        return alive(moved);
    if (!moved && !size) /* glibc frees the block then */
        atomic_fetch_sub_explicit(&blocks, 1, memory_order_relaxed);
    return moved;
}

SHOWN void *memalign(size_t alignment, size_t size)
{
    return refuses() ? NULL : alive(__libc_memalign(alignment, size));
}

SHOWN void *aligned_alloc(size_t alignment, size_t size)
{
    return memalign(alignment, size);
}

SHOWN int posix_memalign(void **out, size_t alignment, size_t size)
{
    if (alignment < sizeof(void *) || (alignment & (alignment - 1)))
        return EINVAL;
    void *block = memalign(alignment, size);
    if (!block)
        return ENOMEM;
    *out = block;
    return 0;
}
#endif
