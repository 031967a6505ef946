/* memory.c - the pool of pixel buffers. Freed buffers wait in lists by size class (eight to an
 * octave, so at most an eighth is wasted) for the next picture; fresh pages cost more than most
 * filters. */
#define _GNU_SOURCE /* madvise */
#include "value.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum { ALIGN = 64, CLASSES = 8 * 64 };
#define KEEP_AT_LEAST ((uint64_t)64 << 20)

struct spare {
    struct spare *next;
};

struct memory {
    pthread_mutex_t lock;
    uint64_t limit, used, peak, idle;
    struct memory_source source; /* take NULL: the heap */
    struct spare *spares[CLASSES];
};

/* Rounds bytes up to its class; 0 when no size_t holds it. */
static size_t class_of(size_t bytes, unsigned *number)
{
    if (bytes < 8 * ALIGN)
        bytes = 8 * ALIGN;
    if (bytes > SIZE_MAX / 4)
        return 0;
    unsigned octave = 0;
    while (bytes >> octave >= 16)
        octave++;
    const size_t step = (size_t)1 << octave, units = (bytes + step - 1) >> octave;
    *number = octave * 8 + (unsigned)(units - 8);
    return units << octave;
}

struct memory *memory_new(uint64_t limit)
{
    struct memory *m = calloc(1, sizeof *m);
    if (m && pthread_mutex_init(&m->lock, NULL)) {
        free(m);
        return NULL;
    }
    if (m)
        m->limit = limit;
    return m;
}

struct memory *memory_from(const struct memory_source *source)
{
    struct memory *m = memory_new(0);
    if (m)
        m->source = *source;
    return m;
}

/* The one that counts. */
static const struct memory *counting(const struct memory *m)
{
    while (m && m->source.counted)
        m = m->source.counted;
    return m;
}

/* Gives back idle buffers, large ones first, until no more than `most` bytes of them are left. */
static void trim(struct memory *m, uint64_t most)
{
    for (unsigned k = CLASSES; k-- > 0 && m->idle > most;) {
        const size_t bytes = (size_t)(8 + k % 8) << (k / 8);
        while (m->spares[k] && m->idle > most) {
            struct spare *s = m->spares[k];
            m->spares[k] = s->next;
            m->idle -= bytes;
            free(s);
        }
    }
}

void memory_free(struct memory *m)
{
    if (!m)
        return;
    trim(m, 0);
    pthread_mutex_destroy(&m->lock);
    free(m);
}

void memory_renew(struct memory *m)
{
    pthread_mutex_init(&m->lock, NULL);
    m->used = m->idle = 0;
    memset(m->spares, 0, sizeof m->spares);
}

static uint64_t locked_read(const struct memory *m, const uint64_t *field)
{
    pthread_mutex_t *lock =
        (pthread_mutex_t *)(uintptr_t)&m->lock; /* the one thing that may change */
    pthread_mutex_lock(lock);
    const uint64_t value = *field;
    pthread_mutex_unlock(lock);
    return value;
}

uint64_t memory_used(const struct memory *m)
{
    m = counting(m);
    return locked_read(m, &m->used);
}

uint64_t memory_peak(const struct memory *m)
{
    m = counting(m);
    return locked_read(m, &m->peak);
}

uint64_t memory_limit(const struct memory *m)
{
    m = counting(m);
    return m ? m->limit : 0;
}

bool memory_refused(const struct memory *m, size_t bytes)
{
    unsigned k = 0;
    const size_t size = class_of(bytes, &k);
    m = counting(m);
    return m && m->limit && (!size || size > m->limit || memory_used(m) > m->limit - size);
}

/* Counts the bytes and hands out a waiting buffer. false: over the limit. */
static bool claim(struct memory *m, unsigned k, size_t size, void **waiting)
{
    if (m->limit && (size > m->limit || m->used > m->limit - size))
        return false;
    m->used += size;
    if (m->used > m->peak)
        m->peak = m->used;
    if ((*waiting = m->spares[k])) {
        m->spares[k] = m->spares[k]->next;
        m->idle -= size;
    }
    if (m->limit && m->idle > m->limit - m->used)
        trim(m, m->limit - m->used);
    return true;
}

bool memory_count(struct memory *m, size_t bytes)
{
    if (!m)
        return true;
    pthread_mutex_lock(&m->lock);
    const bool allowed = !m->limit || (bytes <= m->limit && m->used <= m->limit - bytes);
    if (allowed) {
        m->used += bytes;
        m->peak = m->used > m->peak ? m->used : m->peak;
        if (m->limit && m->idle > m->limit - m->used)
            trim(m, m->limit - m->used);
    }
    pthread_mutex_unlock(&m->lock);
    return allowed;
}

void memory_uncount(struct memory *m, size_t bytes)
{
    if (!m)
        return;
    pthread_mutex_lock(&m->lock);
    m->used -= bytes;
    pthread_mutex_unlock(&m->lock);
}

/* Large buffers sit on huge pages where the system has them: fewer faults, fewer misses of the TLB.
 */
static void *fresh(size_t size)
{
    const size_t huge = (size_t)2 << 20;
    void *p = NULL;
    if (posix_memalign(&p, size >= 2 * huge ? huge : ALIGN, size))
        return NULL;
#ifdef MADV_HUGEPAGE
    if (size >= 2 * huge)
        madvise(p, size / huge * huge, MADV_HUGEPAGE); /* advice: a refusal changes nothing */
#endif
    return p;
}

void *memory_take(struct memory *m, size_t bytes)
{
    unsigned k = 0;
    const size_t size = class_of(bytes, &k);
    if (!size)
        return NULL;
    if (!m)
        return aligned_alloc(ALIGN, (size + ALIGN - 1) / ALIGN * ALIGN);
    if (m->source.take)
        return m->source.take(m->source.user, bytes);
    void *p = NULL;
    pthread_mutex_lock(&m->lock);
    const bool allowed = claim(m, k, size, &p);
    pthread_mutex_unlock(&m->lock);
    if (!allowed || p)
        return p;
    p = fresh(size);
    if (!p) {
        pthread_mutex_lock(&m->lock);
        m->used -= size;
        pthread_mutex_unlock(&m->lock);
    }
    return p;
}

void memory_give(struct memory *m, void *p, size_t bytes)
{
    unsigned k = 0;
    const size_t size = p ? class_of(bytes, &k) : 0;
    if (!m)
        free(p);
    if (!m || !p)
        return;
    if (m->source.take) {
        m->source.give(m->source.user, p, bytes);
        return;
    }
    struct spare *s = p;
    pthread_mutex_lock(&m->lock);
    m->used -= size;
    s->next = m->spares[k];
    m->spares[k] = s;
    m->idle += size;
    const uint64_t most = m->peak > KEEP_AT_LEAST ? m->peak : KEEP_AT_LEAST;
    if (m->used + m->idle > most)
        trim(m, most > m->used ? most - m->used : 0);
    pthread_mutex_unlock(&m->lock);
}
