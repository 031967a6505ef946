/* arena.c - see arena.h. Blocks of at least 16 KiB; what is larger gets a block of its own. */
#include "arena.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { BLOCK = 16384, ALIGN = 16 };

struct arena_block {
    struct arena_block *next;
    size_t used, size; /* of what follows the header */
    size_t reserved0;
};
_Static_assert(sizeof(struct arena_block) % ALIGN == 0, "what follows a header is aligned");

/* _exit: other threads may be at work, and nothing that atexit would do matters now. */
static _Noreturn void out_of_memory(void)
{
    static const char message[] = "error[E0501]: out of memory while planning\n"
                                  "   = close other programs, or give this one more memory\n";
    ssize_t written = write(STDERR_FILENO, message, sizeof message - 1);
    (void)written;
    _exit(5);
}

static size_t product(size_t n, size_t size)
{
    if (size && n > (SIZE_MAX / 2) / size)
        out_of_memory();
    return n * size;
}

void arena_init(struct arena *a)
{
    a->blocks = NULL;
}

void arena_fini(struct arena *a)
{
    for (struct arena_block *b = a->blocks, *next; b; b = next) {
        next = b->next;
        free(b);
    }
    a->blocks = NULL;
}

static struct arena_block *new_block(struct arena *a, size_t bytes)
{
    const size_t size = bytes > BLOCK ? bytes : BLOCK;
    struct arena_block *b = calloc(1, sizeof *b + size);
    if (!b)
        out_of_memory();
    b->size = size;
    /* A large request must not hide the half-empty block in use. */
    if (a->blocks && bytes > BLOCK / 4 && a->blocks->size - a->blocks->used > BLOCK / 4) {
        b->next = a->blocks->next;
        a->blocks->next = b;
    } else {
        b->next = a->blocks;
        a->blocks = b;
    }
    return b;
}

void *arena_alloc(struct arena *a, size_t n, size_t size)
{
    size_t bytes = product(n, size);
    bytes = (bytes + ALIGN - 1) / ALIGN * ALIGN;
    if (bytes == 0)
        bytes = ALIGN;
    struct arena_block *b = a->blocks;
    if (!b || b->size - b->used < bytes)
        b = new_block(a, bytes);
    void *at = (char *)(b + 1) + b->used;
    b->used += bytes;
    return at;
}

char *arena_strndup(struct arena *a, const char *text, size_t n)
{
    char *copy = arena_alloc(a, n + 1, 1);
    if (n)
        memcpy(copy, text, n);
    return copy;
}

char *arena_strdup(struct arena *a, const char *text)
{
    return arena_strndup(a, text, strlen(text));
}

char *arena_vprintf(struct arena *a, const char *fmt, va_list ap)
{
    va_list again;
    va_copy(again, ap);
    const int n = vsnprintf(NULL, 0, fmt, ap);
    char *text = arena_alloc(a, n < 0 ? 1 : (size_t)n + 1, 1);
    if (n > 0)
        vsnprintf(text, (size_t)n + 1, fmt, again);
    va_end(again);
    return text;
}

char *arena_printf(struct arena *a, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    char *text = arena_vprintf(a, fmt, ap);
    va_end(ap);
    return text;
}

void *arena_grow(struct arena *a, void *array, size_t count, size_t *capacity, size_t size)
{
    if (count < *capacity)
        return array;
    const size_t larger = *capacity ? product(*capacity, 2) : 8;
    void *copy = arena_alloc(a, larger, size);
    if (count)
        memcpy(copy, array, count * size);
    *capacity = larger;
    return copy;
}

void *heap_alloc(size_t n, size_t size)
{
    const size_t bytes = product(n, size);
    void *p = calloc(1, bytes ? bytes : 1);
    if (!p)
        out_of_memory();
    return p;
}

void *heap_resize(void *old, size_t n, size_t size)
{
    const size_t bytes = product(n, size);
    void *p = realloc(old, bytes ? bytes : 1);
    if (!p)
        out_of_memory();
    return p;
}

char *heap_strdup(const char *text)
{
    const size_t n = strlen(text) + 1;
    return memcpy(heap_alloc(n, 1), text, n);
}

char *heap_printf(const char *fmt, ...)
{
    va_list ap, again;
    va_start(ap, fmt);
    va_copy(again, ap);
    const int n = vsnprintf(NULL, 0, fmt, ap);
    char *text = heap_alloc(n < 0 ? 1 : (size_t)n + 1, 1);
    if (n > 0)
        vsnprintf(text, (size_t)n + 1, fmt, again);
    va_end(again);
    va_end(ap);
    return text;
}

static void text_reserve(struct text *t, size_t more)
{
    if (more > SIZE_MAX / 4 - t->size)
        out_of_memory();
    if (t->data && t->size + more < t->capacity)
        return;
    const size_t need = t->size + more + 1;
    t->capacity = need < 64 ? 64 : need * 2;
    t->data = heap_resize(t->data, t->capacity, 1);
}

void text_addn(struct text *t, const char *data, size_t n)
{
    text_reserve(t, n);
    if (n)
        memcpy(t->data + t->size, data, n);
    t->size += n;
    t->data[t->size] = '\0';
}

void text_add(struct text *t, const char *data)
{
    text_addn(t, data, strlen(data));
}

void text_addf(struct text *t, const char *fmt, ...)
{
    va_list ap, again;
    va_start(ap, fmt);
    va_copy(again, ap);
    const int n = vsnprintf(NULL, 0, fmt, ap);
    text_reserve(t, n < 0 ? 0 : (size_t)n);
    t->data[t->size] = '\0';
    if (n > 0)
        vsnprintf(t->data + t->size, (size_t)n + 1, fmt, again);
    t->size += n < 0 ? 0 : (size_t)n;
    va_end(again);
    va_end(ap);
}

void text_free(struct text *t)
{
    free(t->data);
    *t = (struct text){0};
}
