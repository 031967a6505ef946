/* room.c - memory of one scan: taken piece by piece, given back all at once. */
#include "sets.h"
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

enum { PIECE = 64 << 10, UNIT = 16 };
struct room_piece {
    struct room_piece *next;
    size_t used, size;
    _Alignas(16) char data[];
};

void *room_take(struct room *r, size_t n, size_t size)
{
    const size_t bytes = kit_bytes(n, size), need = (bytes + UNIT) / UNIT * UNIT;
    struct room_piece *p = r->pieces;
    if ((n && size && !bytes) || bytes > SIZE_MAX / 4) {
        r->failed = true;
        return NULL;
    }
    if (!p || p->size - p->used < need) {
        const size_t fresh = need > PIECE ? need : PIECE;
        if (!(p = malloc(sizeof *p + fresh))) {
            r->failed = true;
            return NULL;
        }
        *p = (struct room_piece){.next = r->pieces, .size = fresh};
        r->pieces = p;
    }
    void *at = p->data + p->used;
    p->used += need;
    return memset(at, 0, need);
}

char *room_text(struct room *r, const char *text, size_t length)
{
    char *copy = room_take(r, length + 1, 1);
    if (copy && length)
        memcpy(copy, text, length);
    return copy;
}

char *room_print(struct room *r, const char *fmt, ...)
{
    va_list ap, again;
    va_start(ap, fmt);
    va_copy(again, ap);
    const int n = vsnprintf(NULL, 0, fmt, ap);
    char *text = room_take(r, n < 0 ? 1 : (size_t)n + 1, 1);
    if (text && n > 0)
        vsnprintf(text, (size_t)n + 1, fmt, again);
    va_end(again);
    va_end(ap);
    return text;
}

/* A list of 16, 32, 64 ... elements is full. */
void *room_grow(struct room *r, void *list, size_t count, size_t size)
{
    if (count && (count < 16 || (count & (count - 1))))
        return list;
    void *more = room_take(r, count ? 2 * count : 16, size);
    if (more && count)
        memcpy(more, list, count * size);
    return more;
}

void room_free(struct room *r)
{
    for (struct room_piece *p = r->pieces, *next; p; p = next) {
        next = p->next;
        free(p);
    }
    *r = (struct room){0};
}
