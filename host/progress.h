/* progress.h - what a run shows while it works: a bar on a terminal, plain lines elsewhere, nothing when quiet,
 * objects with --json. A thread of its own draws; every call is [any] thread and quick. */
#ifndef IMP_PROGRESS_H
#define IMP_PROGRESS_H
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct progress_options {
    FILE *to;                /* stderr */
    FILE *objects;           /* --json: a line now and then; NULL */
    bool terminal, colour, quiet;
    const atomic_int *poke;  /* each change prints a line; NULL */
    unsigned slots;
};
struct progress;
struct progress *progress_new(const struct progress_options *);
/* Ends the thread and clears the bar. */
void progress_free(struct progress *);

/* So many items of so many pixels together; shows begin here. */
void progress_total(struct progress *, size_t items, uint64_t pixels);
/* "once" and "gather" have no items: what the bar says instead; NULL = items again. */
void progress_stage(struct progress *, const char *what);
void progress_begin(struct progress *, unsigned slot, const char *name);
void progress_node(struct progress *, unsigned slot, const char *node, double fraction, const char *phase);
void progress_rest(struct progress *, unsigned slot); /* the item has left the slot */
/* An item is done for good: written, or failed. */
void progress_count(struct progress *, uint64_t pixels, bool failed);
/* A finished line among the drawing, never in the middle of it. */
__attribute__((format(printf, 2, 3))) void progress_message(struct progress *, const char *fmt, ...);

/* The line itself (tests): what is done of it at `seconds` after the start; width columns, 0 = plain. */
struct progress_state {
    size_t done, failed, total;
    uint64_t pixels_done, pixels_total;
    double seconds;
    const char *stage, *name, *node, *phase; /* name: of the item in work when there is one only */
    double fraction;                         /* of that node, < 0 = unknown */
};
void progress_line(const struct progress_state *, unsigned width, char *buf, size_t size);

#endif
