/* store.c - see store.h. Best fit with neighbours joined; large pages where the kernel has them. */
#define _GNU_SOURCE
#include "store.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/asan_interface.h>
#define FORBID(p, n) ASAN_POISON_MEMORY_REGION(p, n)
#define ALLOW(p, n)  ASAN_UNPOISON_MEMORY_REGION(p, n)
enum { GAP = 64 }; /* what lies behind a block is nobody's */
#else
#define FORBID(p, n) ((void)0)
#define ALLOW(p, n)  ((void)0)
enum { GAP = 0 };
#endif

enum { HUGE_PAGE = 2 << 20 };

static uint64_t whole(uint64_t bytes, uint64_t unit)
{
    return (bytes + unit - 1) / unit * unit;
}

void rt_store_init(struct rt_store *s, bool dry, uint64_t limit)
{
    *s = (struct rt_store){.dry = dry, .limit = limit, .spare = -1};
    for (int k = 0; k < RT_ROWS; k++)
        s->row[k].last = -1;
}

void rt_store_fini(struct rt_store *s)
{
    for (int k = 0; k < RT_ROWS; k++)
        if (s->row[k].base) {
            ALLOW(s->row[k].base, s->row[k].open);
            munmap(s->row[k].base, s->row[k].reserved);
        }
    free(s->scratch);
    free(s->blocks);
    rt_store_init(s, s->dry, 0);
}

/* ---- memory ---- */

/* `bytes` of addresses that begin at a large page. */
static bool reserve(struct rt_row *row, uint64_t bytes)
{
    char *p = mmap(NULL, bytes + HUGE_PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE,
                   -1, 0);
    if (p == MAP_FAILED)
        return false;
    const uint64_t front = whole((uintptr_t)p, HUGE_PAGE) - (uintptr_t)p;
    if (front)
        munmap(p, front);
    munmap(p + front + bytes, HUGE_PAGE - front);
    row->base = p + front;
    row->reserved = bytes;
    return true;
}

/* Addresses cost nothing: as many as the machine has memory, or less where they are limited. */
static bool reserve_some(struct rt_row *row)
{
    const long pages = sysconf(_SC_PHYS_PAGES), size = sysconf(_SC_PAGESIZE);
    uint64_t bytes = pages > 0 && size > 0 ? (uint64_t)pages * (uint64_t)size : UINT64_C(1) << 36;
    for (bytes = whole(bytes, HUGE_PAGE); bytes > HUGE_PAGE; bytes = whole(bytes / 2, HUGE_PAGE))
        if (reserve(row, bytes))
            return true;
    return false;
}

/* Makes the first `bytes` of the addresses memory. */
static bool open_up_to(const struct rt_store *s, struct rt_row *row, uint64_t bytes)
{
    if (s->dry || bytes <= row->open)
        return true;
    if ((!row->base && !reserve_some(row)) || bytes > row->reserved)
        return false;
    const uint64_t open = whole(bytes, HUGE_PAGE);
    if (mprotect(row->base + row->open, open - row->open, PROT_READ | PROT_WRITE))
        return false;
    (void)madvise(row->base + row->open, open - row->open, MADV_HUGEPAGE); /* only a hint */
    FORBID(row->base + row->open, open - row->open);
    row->open = open;
    return true;
}

/* Memory from `from` on goes back; the addresses stay. */
static void give_back(const struct rt_store *s, struct rt_row *row, uint64_t from)
{
    const uint64_t at = whole(from, HUGE_PAGE), to = whole(row->touched, HUGE_PAGE);
    if (!s->dry && row->base && at < to)
        (void)madvise(row->base + at, to - at, MADV_DONTNEED);
    row->touched = from < row->touched ? from : row->touched;
}

static void count_bytes(struct rt_store *s)
{
    uint64_t bytes = s->scratch_bytes;
    for (struct rt_row *row = s->row; row < s->row + RT_ROWS; row++) {
        row->high = row->end > row->high ? row->end : row->high;
        row->most = row->high > row->most ? row->high : row->most;
        row->touched = row->most > row->touched ? row->most : row->touched;
        bytes += row->most;
    }
    s->bytes = bytes > s->bytes ? bytes : s->bytes;
}

void rt_store_restart(struct rt_store *s)
{
    for (int k = 0; k < RT_ROWS; k++)
        s->row[k].high = s->row[k].end;
}

void rt_store_trim(struct rt_store *s)
{
    for (struct rt_row *row = s->row; row < s->row + RT_ROWS; row++) {
        give_back(s, row, row->most);
        row->high = row->most = row->end;
    }
    s->bytes = 0;
    count_bytes(s);
}

/* Is there room for `more` bytes in row k and scratch of `scratch`? What no block lies on any more
 * goes back if that helps. */
static bool allowed(struct rt_store *s, int k, uint64_t more, uint64_t scratch)
{
    uint64_t ends = scratch + more, most = scratch;
    for (int i = 0; i < RT_ROWS; i++) {
        const uint64_t end = s->row[i].end + (i == k ? more : 0);
        ends += s->row[i].end;
        most += end > s->row[i].touched ? end : s->row[i].touched;
    }
    if (!s->limit || most <= s->limit)
        return true;
    if (ends > s->limit)
        return false;
    for (int i = 0; i < RT_ROWS; i++) {
        give_back(s, &s->row[i], s->row[i].end);
        s->row[i].high = s->row[i].most = s->row[i].end;
    }
    return true;
}

bool rt_store_scratch(struct rt_store *s, uint64_t bytes)
{
    if (bytes <= s->scratch_bytes)
        return true;
    bytes = whole(bytes, 64);
    if (bytes > UINT64_MAX / 4 || !allowed(s, RT_PASSING, 0, bytes))
        return false;
    const bool large = bytes >= HUGE_PAGE;
    void *p = NULL;
    free(s->scratch);
    s->scratch = NULL;
    s->scratch_bytes = 0;
    if (!s->dry && posix_memalign(&p, large ? HUGE_PAGE : 64, (size_t)bytes))
        return false;
    if (p && large)
        (void)madvise(p, (size_t)bytes, MADV_HUGEPAGE);
    s->scratch = p;
    s->scratch_bytes = bytes;
    count_bytes(s);
    return true;
}

/* ---- blocks ---- */

/* A number for a block; -1: no memory. */
static int32_t number(struct rt_store *s)
{
    if (s->spare >= 0) {
        const int32_t at = s->spare;
        s->spare = s->blocks[at].behind;
        return at;
    }
    if (s->count == s->room) {
        const uint32_t room = s->room ? s->room * 2 : 64;
        struct rt_block *more = realloc(s->blocks, room * sizeof *more);
        if (!more)
            return -1;
        s->blocks = more;
        s->room = room;
    }
    return (int32_t)s->count++;
}

/* Takes block i out of the row; its bytes are its neighbour's or beyond the end. */
static void unlink_block(struct rt_store *s, int32_t i)
{
    const struct rt_block *b = &s->blocks[i];
    if (b->before >= 0)
        s->blocks[b->before].behind = b->behind;
    if (b->behind >= 0)
        s->blocks[b->behind].before = b->before;
    else
        s->row[b->row].last = b->before;
    s->blocks[i] = (struct rt_block){.before = -1, .behind = s->spare};
    s->spare = i;
}

static int32_t best_hole(const struct rt_store *s, const struct rt_row *row, uint64_t bytes)
{
    int32_t best = -1;
    for (int32_t i = row->last; i >= 0; i = s->blocks[i].before) {
        const struct rt_block *b = &s->blocks[i];
        if (!b->used && b->bytes >= bytes && (best < 0 || b->bytes < s->blocks[best].bytes))
            best = i;
    }
    return best;
}

/* Of hole i the first `bytes` are used, the rest becomes a hole of its own. */
static bool cut(struct rt_store *s, int32_t i, uint64_t bytes)
{
    if (s->blocks[i].bytes > bytes) {
        const int32_t rest = number(s);
        if (rest < 0)
            return false;
        struct rt_block *b = &s->blocks[i];
        s->blocks[rest] = (struct rt_block){.at = b->at + bytes,
                                            .bytes = b->bytes - bytes,
                                            .before = i,
                                            .behind = b->behind,
                                            .row = b->row};
        s->blocks[b->behind].before = rest; /* the last block is never a hole */
        b->behind = rest;
        b->bytes = bytes;
    }
    s->blocks[i].used = 1;
    return true;
}

static int32_t append(struct rt_store *s, enum rt_row_kind k, uint64_t bytes, bool grow)
{
    struct rt_row *row = &s->row[k];
    if (bytes > UINT64_MAX / 4 - row->end || (!grow && row->end + bytes > row->high) ||
        !allowed(s, (int)k, bytes, s->scratch_bytes))
        return -1;
    const int32_t i = open_up_to(s, row, row->end + bytes) ? number(s) : -1;
    if (i < 0)
        return -1;
    s->blocks[i] = (struct rt_block){
        .at = row->end, .bytes = bytes, .before = row->last, .behind = -1, .used = 1, .row = k};
    if (row->last >= 0)
        s->blocks[row->last].behind = i;
    row->last = i;
    row->end += bytes;
    count_bytes(s);
    return i;
}

int32_t rt_store_get(struct rt_store *s, uint64_t bytes, enum rt_row_kind k, bool grow)
{
    if (bytes > UINT64_MAX / 8)
        return -1;
    const uint64_t size = whole(bytes ? bytes : 1, 64) + GAP;
    int32_t i = best_hole(s, &s->row[k], size);
    if (i < 0)
        i = append(s, k, size, grow);
    else if (!cut(s, i, size))
        return -1;
    if (i < 0)
        return -1;
    s->used += size;
    if (!s->dry)
        ALLOW(s->row[k].base + s->blocks[i].at, size - GAP);
    return i;
}

/* Bytes of the blocks before i that nobody uses are its neighbour's. */
static int32_t join(struct rt_store *s, int32_t i)
{
    const int32_t before = s->blocks[i].before, behind = s->blocks[i].behind;
    if (behind >= 0 && !s->blocks[behind].used) {
        s->blocks[i].bytes += s->blocks[behind].bytes;
        unlink_block(s, behind);
    }
    if (before < 0 || s->blocks[before].used)
        return i;
    s->blocks[before].bytes += s->blocks[i].bytes;
    unlink_block(s, i);
    return before;
}

void rt_store_put(struct rt_store *s, int32_t i)
{
    if (i < 0)
        return;
    struct rt_row *row = &s->row[s->blocks[i].row];
    if (!s->dry)
        FORBID(row->base + s->blocks[i].at, s->blocks[i].bytes);
    s->blocks[i].used = 0;
    s->used -= s->blocks[i].bytes;
    i = join(s, i);
    if (row->last == i) { /* a hole at the end is no hole */
        row->end = s->blocks[i].at;
        unlink_block(s, i);
    }
}

/* Swaps hole i with the block behind it. */
static void move_down(struct rt_store *s, int32_t i)
{
    struct rt_block *hole = &s->blocks[i], *b = &s->blocks[hole->behind];
    char *base = s->row[b->row].base;
    const int32_t other = hole->behind, last = b->behind;
    if (!s->dry) {
        ALLOW(base + hole->at, hole->bytes + b->bytes);
        memmove(base + hole->at, base + b->at, b->bytes - GAP);
        FORBID(base + hole->at + b->bytes - GAP, hole->bytes + GAP);
    }
    b->at = hole->at;
    hole->at = b->at + b->bytes;
    b->before = hole->before;
    b->behind = i;
    hole->before = other;
    hole->behind = last;
    if (b->before >= 0)
        s->blocks[b->before].behind = other;
    if (last >= 0)
        s->blocks[last].before = i;
    else
        s->row[b->row].last = i;
}

void rt_store_pack(struct rt_store *s, bool (*fixed)(const void *user, int32_t block),
                   const void *user)
{
    struct rt_row *row = &s->row[RT_PASSING];
    int32_t i = row->last;
    while (i >= 0 && s->blocks[i].before >= 0)
        i = s->blocks[i].before;
    while (i >= 0) {
        if (s->blocks[i].used) {
            i = s->blocks[i].behind;
            continue;
        }
        if (i == row->last) {
            row->end = s->blocks[i].at;
            unlink_block(s, i);
            return;
        }
        if (fixed(user, s->blocks[i].behind)) {
            i = s->blocks[i].behind;
            continue;
        }
        move_down(s, i);
        i = join(s, i);
    }
}
