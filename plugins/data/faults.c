/* faults.c - mistakes in a source are collected, so that a table with ten bad lines is mended once. */
#include "sets.h"
#include <stdarg.h>
#include <string.h>

__attribute__((format(printf, 4, 0))) static struct fault *next(struct faults *f, imp_status st,
                                                                int32_t param, const char *fmt,
                                                                va_list ap)
{
    char text[400];
    if (f->total++ >= MOST_FAULTS)
        return NULL;
    struct fault *new = &f->list[f->total - 1];
    vsnprintf(text, sizeof text, fmt, ap);
    const char *kept = room_text(f->room, text, strlen(text));
    *new = (struct fault){.status = st, .param = param, .text = kept ? kept : "no memory"};
    return new;
}

void fault_add(struct faults *f, imp_status st, int32_t param, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    next(f, st, param, fmt, ap);
    va_end(ap);
}

void fault_name(struct faults *f, int32_t param, const char *piece, const char *names,
                const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    struct fault *new = next(f, IMP_E_PARAM, param, fmt, ap);
    va_end(ap);
    if (new)
        new->piece = piece, new->names = names;
}

const char *fault_words(struct room *r, const char *const *words, size_t count)
{
    size_t n = 1;
    for (size_t i = 0; i < count; i++)
        n += strlen(words[i]) + 1;
    char *all = room_take(r, n, 1), *at = all;
    for (size_t i = 0; all && i < count; i++) {
        const size_t length = strlen(words[i]);
        if (i)
            *at++ = ' ';
        memcpy(at, words[i], length);
        at += length;
    }
    return all;
}

imp_status faults_tell(const struct faults *f, imp_error *err)
{
    const struct fault *first = &f->list[0];
    if (!f->total)
        return f->room->failed ? imp_fail(err, IMP_E_MEMORY, "no memory for the lists of samples")
                               : IMP_OK;
    if (err)
        err->param = first->param;
    if (f->total == 1)
        return imp_fail(err, first->status, "%s", first->text);
    if (f->total == 2)
        return imp_fail(err, first->status, "%s; %s", first->text, f->list[1].text);
    return imp_fail(err, first->status, "%s; %s; and %llu more like these", first->text,
                    f->list[1].text, (unsigned long long)f->total - 2);
}

imp_status faults_plan(const struct faults *f, imp_plan *plan)
{
    const uint64_t kept = f->total < MOST_FAULTS ? f->total : MOST_FAULTS;
    for (uint64_t i = 0; i < kept; i++)
        plan->mistake(plan, f->list[i].param, -1, f->list[i].piece, f->list[i].text,
                      f->list[i].names);
    if (f->total > kept) {
        char text[80];
        snprintf(text, sizeof text, "and %llu more mistakes like these",
                 (unsigned long long)(f->total - kept));
        plan->mistake(plan, f->list[0].param, -1, NULL, text, NULL);
    }
    return IMP_OK;
}
