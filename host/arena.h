/* arena.h - memory of the planning side: many small things that live and die together. Owner: whoever
 * called arena_init. Not for pixels (value.h) and not shared between threads.
 *
 * Running out of memory for a few kilobytes of plan ends the program (message, exit 5): nothing is
 * half-written at any moment (batch.h), so this is no worse than a kill, and every caller stays
 * readable. Sizes that come from files and pictures never get here unchecked. */
#ifndef IMP_ARENA_H
#define IMP_ARENA_H
#include <stdarg.h>
#include <stddef.h>

struct arena {
    struct arena_block *blocks;
};

void arena_init(struct arena *);
void arena_fini(struct arena *); /* frees everything at once */
/* Zeroed, aligned to 16; n * size is checked. Never NULL. */
void *arena_alloc(struct arena *, size_t n, size_t size);
char *arena_strdup(struct arena *, const char *text);
char *arena_strndup(struct arena *, const char *text, size_t n);
__attribute__((format(printf, 2, 3))) char *arena_printf(struct arena *, const char *fmt, ...);
__attribute__((format(printf, 2, 0))) char *arena_vprintf(struct arena *, const char *fmt, va_list);
/* Doubles an array kept as (pointer, count, capacity) when it is full; returns the array. */
void *arena_grow(struct arena *, void *array, size_t count, size_t *capacity, size_t size);

/* The same policy for the heap. Never NULL. */
void *heap_alloc(size_t n, size_t size);
void *heap_resize(void *, size_t n, size_t size);
char *heap_strdup(const char *);
__attribute__((format(printf, 1, 2))) char *heap_printf(const char *fmt, ...);

/* A growing text on the heap; text is always terminated. text_free leaves it empty and usable. */
struct text {
    char *data; /* NULL while empty */
    size_t size, capacity;
};
void text_add(struct text *, const char *);
void text_addn(struct text *, const char *, size_t n);
__attribute__((format(printf, 2, 3))) void text_addf(struct text *, const char *fmt, ...);
void text_free(struct text *);

#endif
