/* mapping.c - see mapping.h. */
#include "mapping.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/mman.h>

struct rt_mapping {
    atomic_uint refs;
    uint32_t reserved0;
    void *base;
    size_t size;
};

struct rt_mapping *rt_mapping_new(int fd, size_t size)
{
    struct rt_mapping *m = calloc(1, sizeof *m);
    void *base = m && size ? mmap(NULL, size, PROT_READ, MAP_PRIVATE, fd, 0) : MAP_FAILED;
    if (base == MAP_FAILED) {
        errno = !m ? ENOMEM : size ? errno : EINVAL;
        free(m);
        return NULL;
    }
    atomic_init(&m->refs, 1);
    m->base = base;
    m->size = size;
    return m;
}

const uint8_t *rt_mapping_bytes(const struct rt_mapping *m)
{
    return m->base;
}

struct rt_mapping *rt_mapping_retain(struct rt_mapping *m)
{
    atomic_fetch_add_explicit(&m->refs, 1, memory_order_relaxed);
    return m;
}

void rt_mapping_release(struct rt_mapping *m)
{
    if (!m || atomic_fetch_sub_explicit(&m->refs, 1, memory_order_acq_rel) != 1)
        return;
    munmap(m->base, m->size);
    free(m);
}
