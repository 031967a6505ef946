/* preset.c - a preset from a file, a name or a text: read, changed by --set, variables replaced. */
#include "preset_private.h"

#include <string.h>

static struct preset *parse(struct arena *a, const char *path, const char *folder, const char *text,
                            size_t size, const struct preset_set *sets, size_t n,
                            struct report *report)
{
    struct preset *p = arena_alloc(a, 1, sizeof *p);
    p->path = arena_strdup(a, path);
    struct loader l = {.arena = a, .report = report, .preset = p, .depth = 1};
    l.open[0] = preset_identity(a, path);
    preset_read_text(&l, p->path, folder, text, size, FROM_FILE);
    preset_apply_sets(&l, sets, n);
    preset_expand(&l);
    preset_check_sets(&l);
    return p;
}

struct preset *preset_parse(struct arena *a, const char *path, const char *text, size_t size,
                            const struct preset_set *sets, size_t n, struct report *report)
{
    return parse(a, path, preset_folder(a, path), text, size, sets, n, report);
}

struct preset *preset_load(struct arena *a, const char *name, const char *const *search,
                           size_t n_search, const struct preset_set *sets, size_t n,
                           struct report *report)
{
    const char *path = preset_find(a, name, search, n_search, report), *why;
    char *text;
    size_t size;
    if (!path)
        return NULL;
    if (!preset_slurp(a, path, &text, &size, &why)) {
        const struct place at = {.file = path};
        report_add(report, SEV_ERROR, "E0122", &at, "cannot read this preset: %s", why);
        return NULL;
    }
    const bool from_stdin = strcmp(path, "-") == 0;
    return parse(a, from_stdin ? "<stdin>" : path, from_stdin ? "." : preset_folder(a, path), text,
                 size, sets, n, report);
}

/* Where piece number `k` (from 0) of n bytes starts, at or after `from`; NULL: not there. */
static const char *occurrence(const char *from, const char *piece, size_t n, size_t k)
{
    for (const char *at = from; *at; at++)
        if (strncmp(at, piece, n) == 0 && k-- == 0)
            return at;
    return NULL;
}

struct place preset_piece(const struct place *at, const char *value, size_t offset, size_t length)
{
    struct place place = *at;
    if (!at->excerpt || at->col < 1 || length == 0 || strlen(at->excerpt) < (size_t)at->col)
        return place;
    size_t before = 0; /* the same bytes stand in the value earlier, so often */
    for (size_t i = 0; i < offset; i++)
        before += strncmp(value + i, value + offset, length) == 0;
    const char *start = at->excerpt + at->col - 1;
    const char *found = occurrence(start, value + offset, length, before);
    if (!found)
        return place;
    place.col += (int)(found - start);
    place.length = (int)length;
    for (const char *end; (end = memchr(start, '\n', (size_t)(found - start)));) {
        start = end + 1;
        place.line++;
        place.excerpt = start;
        place.col = (int)(found - start) + 1;
    }
    return place;
}
