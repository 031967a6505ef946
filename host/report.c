/* report.c - collects faults. Printing is in report_print.c, numbers in numbers.c. A fault belongs
 * to the thread that added it until the report is flushed; adding locks. */
#include "report_private.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

struct report {
    pthread_mutex_t lock;
    struct arena arena;
    struct fault **faults;
    size_t count, capacity;
};

struct report *report_new(void)
{
    struct report *r = heap_alloc(1, sizeof *r);
    pthread_mutex_init(&r->lock, NULL);
    arena_init(&r->arena);
    return r;
}

void report_free(struct report *r)
{
    if (!r)
        return;
    arena_fini(&r->arena);
    pthread_mutex_destroy(&r->lock);
    free(r);
}

static struct place copy_place(struct arena *a, const struct place *at)
{
    struct place copy = {0};
    if (!at || !at->file)
        return copy;
    copy = *at;
    copy.file = arena_strdup(a, at->file);
    copy.excerpt = at->excerpt ? arena_strdup(a, at->excerpt) : NULL;
    return copy;
}

struct fault *report_add(struct report *r, enum severity severity, const char *code,
                         const struct place *at, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    pthread_mutex_lock(&r->lock);
    struct fault *f = arena_alloc(&r->arena, 1, sizeof *f);
    f->report = r;
    f->severity = severity;
    f->number = r->count;
    f->code = arena_strdup(&r->arena, code);
    f->at = copy_place(&r->arena, at);
    f->message = arena_vprintf(&r->arena, fmt, ap);
    r->faults = arena_grow(&r->arena, r->faults, r->count, &r->capacity, sizeof *r->faults);
    r->faults[r->count++] = f;
    pthread_mutex_unlock(&r->lock);
    va_end(ap);
    return f;
}

void fault_hint(struct fault *f, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    pthread_mutex_lock(&f->report->lock);
    f->hint = arena_vprintf(&f->report->arena, fmt, ap);
    pthread_mutex_unlock(&f->report->lock);
    va_end(ap);
}

void fault_note(struct fault *f, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    pthread_mutex_lock(&f->report->lock);
    struct arena *a = &f->report->arena;
    f->notes = arena_grow(a, f->notes, f->note_count, &f->note_capacity, sizeof *f->notes);
    f->notes[f->note_count++] = arena_vprintf(a, fmt, ap);
    pthread_mutex_unlock(&f->report->lock);
    va_end(ap);
}

void fault_related(struct fault *f, const struct place *at, const char *what)
{
    if (!at || !at->file)
        return;
    pthread_mutex_lock(&f->report->lock);
    struct arena *a = &f->report->arena;
    f->related =
        arena_grow(a, f->related, f->related_count, &f->related_capacity, sizeof *f->related);
    f->related[f->related_count++] =
        (struct related){.at = copy_place(a, at), .what = arena_strdup(a, what)};
    pthread_mutex_unlock(&f->report->lock);
}

int report_count(const struct report *r, enum severity least)
{
    int n = 0;
    for (size_t i = 0; i < r->count; i++)
        n += r->faults[i]->severity >= least;
    return n;
}

/* A mistake of the user's (2) is told before a plugin that does not load (4), that before a budget
 * (5). */
int report_exit_status(const struct report *r)
{
    bool broken = false, budget = false;
    for (size_t i = 0; i < r->count; i++) {
        const struct fault *f = r->faults[i];
        if (f->severity < SEV_ERROR)
            continue;
        if (strncmp(f->code, "E04", 3) == 0)
            broken = true;
        else if (strncmp(f->code, "E05", 3) == 0)
            budget = true;
        else
            return 2;
    }
    return broken ? 4 : budget ? 5 : 0;
}

/* The number of the first fault in that file: files keep the order in which they were met. */
static size_t first_of_file(struct fault *const *faults, size_t n, const char *file)
{
    for (size_t i = 0; i < n; i++)
        if (faults[i]->at.file && strcmp(faults[i]->at.file, file) == 0)
            return i;
    return n;
}

static int in_order(const void *left, const void *right)
{
    const struct fault *a = *(struct fault *const *)left, *b = *(struct fault *const *)right;
    if (a->file_order != b->file_order)
        return a->file_order < b->file_order ? -1 : 1;
    if (a->at.line != b->at.line)
        return a->at.line < b->at.line ? -1 : 1;
    if (a->at.col != b->at.col)
        return a->at.col < b->at.col ? -1 : 1;
    return a->number < b->number ? -1 : a->number > b->number;
}

void report_flush(struct report *r, FILE *out, bool colour, bool json)
{
    pthread_mutex_lock(&r->lock);
    for (size_t i = 0; i < r->count; i++) {
        struct fault *f = r->faults[i];
        f->file_order = f->at.file ? first_of_file(r->faults, r->count, f->at.file) : r->count;
    }
    if (r->count)
        qsort(r->faults, r->count, sizeof(struct fault *), in_order);
    struct text text = {0};
    for (size_t i = 0; i < r->count; i++) {
        if (json)
            fault_json(r->faults[i], &text);
        else
            fault_text(r->faults[i], colour, i > 0, &text);
    }
    if (text.size)
        fwrite(text.data, 1, text.size, out);
    fflush(out);
    text_free(&text);
    arena_fini(&r->arena);
    r->faults = NULL;
    r->count = r->capacity = 0;
    pthread_mutex_unlock(&r->lock);
}
