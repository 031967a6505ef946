/* arch_mistakes.c - mistakes with their places, collected and told together; keys and their words.
 */
#include "arch.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MISTAKE_BYTES = 512 };

static struct arch_mistake *new_mistake(struct arch_reader *r)
{
    if (r->mistake_count == r->mistake_room) {
        const uint32_t room = r->mistake_room ? r->mistake_room * 2 : 16;
        struct arch_mistake *more = realloc(r->mistakes, room * sizeof *more);
        if (!more)
            return NULL;
        r->mistakes = more;
        r->mistake_room = room;
    }
    return &r->mistakes[r->mistake_count];
}

void arch_wrong(struct arch_reader *r, kit_place at, const char *fmt, ...)
{
    char text[MISTAKE_BYTES], shown[MISTAKE_BYTES];
    struct arch_mistake *m = new_mistake(r);
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    char *copy = m ? strdup(rt_shown(text, shown, sizeof shown)) : NULL;
    if (!copy) {
        r->no_memory = true;
        return;
    }
    *m = (struct arch_mistake){.line = at.line, .col = at.col, .text = copy};
    r->mistake_count++;
}

static int by_place(const void *left, const void *right)
{
    const struct arch_mistake *a = left, *b = right;
    if (a->line != b->line)
        return a->line < b->line ? -1 : 1;
    return a->col < b->col ? -1 : a->col > b->col;
}

imp_status arch_tell(struct arch_reader *r, imp_error *err)
{
    struct rt_text all = {0};
    if (r->no_memory)
        return imp_fail(err, IMP_E_MEMORY, "no memory for the network");
    if (!r->mistake_count)
        return IMP_OK;
    qsort(r->mistakes, r->mistake_count, sizeof *r->mistakes, by_place);
    for (uint32_t i = 0; i < r->mistake_count && i < ARCH_MISTAKES_SHOWN; i++)
        rt_text_print(&all, "%s%u:%u: %s", i ? "\n" : "", r->mistakes[i].line, r->mistakes[i].col,
                      r->mistakes[i].text);
    if (r->mistake_count > ARCH_MISTAKES_SHOWN)
        rt_text_print(&all, "\nand %u more", r->mistake_count - ARCH_MISTAKES_SHOWN);
    const imp_status st = imp_fail(err, IMP_E_INPUT, "%s", all.data ? all.data : "no memory");
    free(all.data);
    return st;
}

/* ---- keys ---- */

const kit_ini_key *arch_key(struct arch_reader *r, const kit_ini_section *s, const char *key)
{
    for (uint32_t i = s->first; i < s->first + s->count; i++)
        if (!strcmp(r->ini.keys[i].key, key)) {
            r->used[i] = true;
            return &r->ini.keys[i];
        }
    return NULL;
}

kit_place arch_place(const kit_ini_key *k, uint32_t at, uint32_t n)
{
    kit_place p = k->value_at;
    if (p.length != strlen(k->value)) /* it goes on in more lines */
        return p;
    p.col += at;
    p.length = n;
    return p;
}

bool arch_words(struct arch_reader *r, const kit_ini_key *k, struct rt_words *w)
{
    uint32_t at;
    const char *wrong = rt_words_read(k->value, w, &at);
    if (wrong && *wrong)
        arch_wrong(r, arch_place(k, at, 1), "%s: %s", k->key, wrong);
    else if (wrong)
        r->no_memory = true;
    return !wrong;
}
