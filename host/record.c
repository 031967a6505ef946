#include "record.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#ifndef IMPASTO_VERSION
#error "the Makefile says which version this is"
#endif

/* ---- writing ---- */

static bool is_read_path(const imp_param *row, const imp_cell *cell)
{
    return row->type == IMP_PATH && !(row->flags & IMP_PARAM_WRITTEN) && cell->s.len;
}

static void add_plugins(struct text *t, const struct graph *g)
{
    char hash[33];
    for (uint32_t i = 0; i < g->node_count; i++) {
        const struct plugin *p = g->nodes[i].filter->plugin;
        bool told = !p;
        for (uint32_t k = 0; k < i && !told; k++)
            told = g->nodes[k].filter->plugin == p;
        if (!told)
            text_addf(t, "; plugin: %s %s %s\n", p->id, p->version, hash_print(p->content, hash));
    }
}

static void add_files(struct text *t, const struct graph *g)
{
    char hash[33];
    for (uint32_t i = 0; i < g->node_count; i++) {
        const imp_filter *d = &g->nodes[i].filter->desc;
        for (uint32_t p = 0; p < d->param_count; p++) {
            struct hash h;
            if (is_read_path(&d->params[p], &g->nodes[i].params[p]) &&
                files_hash(g->nodes[i].params[p].s.ptr, &h))
                text_addf(t, "; file: %s %s\n", hash_print(h, hash), g->nodes[i].params[p].s.ptr);
        }
    }
}

/* Comments that --again reads back are "; word: value". */
static void make_text(const struct batch *b, const struct graph *g, struct text *t)
{
    text_add(t, "; made by impasto " IMPASTO_VERSION "\n");
    text_addf(t, "; preset: %s\n", g->preset->path);
    if (b->o->private_)
        text_add(t, "; option: private\n");
    if (b->o->exact)
        text_add(t, "; option: exact\n");
    add_plugins(t, g);
    graph_resolved(g, true, t);
}

static struct hash record_id(const struct graph *g, const struct text *t)
{
    struct hasher *h = hash_new();
    hash_hash(h, g->recipe);
    hash_add(h, t->data, t->size);
    return hash_end(h);
}

bool record_write(const struct batch *b, const struct graph *g, struct hash *id)
{
    char hash[33];
    struct text t = {0}, all = {0};
    make_text(b, g, &t);
    *id = record_id(g, &t);
    char *path = heap_printf("%s/runs/%s.ini", b->state, hash_print(*id, hash));
    bool ok = !access(path, F_OK);
    if (!ok) {
        add_files(&all, g);
        text_addn(&all, t.data, t.size);
        ok = files_make_parents(path) && files_replace(path, all.data, all.size);
    }
    const int keep = errno;
    text_free(&all);
    text_free(&t);
    free(path);
    errno = keep;
    return ok;
}

/* ---- comparing ---- */

struct setting { const char *section, *key, *value; };
struct settings_list { struct setting *list; size_t count, capacity; };

/* "key = value ; comment" lines of a resolved preset, cut in place; defaults stand as "; key = value". */
static struct settings_list read_settings(struct arena *arena, char *text)
{
    struct settings_list out = {0};
    const char *section = "";
    for (char *line = text, *next; line; line = next) {
        if ((next = strchr(line, '\n')))
            *next++ = 0;
        char *end = *line == '[' ? strchr(line, ']') : NULL;
        if (end) {
            *end = 0;
            section = line + 1;
            continue;
        }
        char *equals = strchr(line, '=');
        if (!equals || *line == ';')
            continue;
        char *key_end = equals, *value = equals + 1, *comment = strstr(value, " ;");
        while (key_end > line && key_end[-1] == ' ')
            key_end--;
        *key_end = 0;
        value += strspn(value, " ");
        if (comment)
            *comment = 0;
        for (size_t n = strlen(value); n && value[n - 1] == ' '; n--)
            value[n - 1] = 0;
        out.list = arena_grow(arena, out.list, out.count, &out.capacity, sizeof *out.list);
        out.list[out.count++] = (struct setting){section, line, value};
    }
    return out;
}

static const struct setting *find_setting(const struct settings_list *s, const struct setting *like)
{
    for (size_t i = 0; i < s->count; i++)
        if (!strcmp(s->list[i].section, like->section) && !strcmp(s->list[i].key, like->key))
            return &s->list[i];
    return NULL;
}

static const char *compare(struct arena *arena, const struct settings_list *old, const struct settings_list *new)
{
    for (size_t i = 0; i < new->count; i++) {
        const struct setting *is = &new->list[i], *was = find_setting(old, is);
        if (!was)
            return arena_printf(arena, "%s.%s is new: %s", is->section, is->key, is->value);
        if (strcmp(was->value, is->value))
            return arena_printf(arena, "%s.%s was %s, is %s", is->section, is->key, was->value, is->value);
    }
    for (size_t i = 0; i < old->count; i++)
        if (!find_setting(new, &old->list[i]))
            return arena_printf(arena, "%s.%s is gone", old->list[i].section, old->list[i].key);
    return NULL;
}

static char *read_record(const char *state, struct hash id)
{
    char hash[33];
    size_t size;
    char *path = heap_printf("%s/runs/%s.ini", state, hash_print(id, hash));
    char *text = files_read(path, &size);
    free(path);
    return text;
}

const char *record_difference(struct arena *arena, const char *state, struct hash earlier, const struct graph *g)
{
    const char *why = NULL;
    char *old = read_record(state, earlier);
    struct text now = {0};
    graph_resolved(g, true, &now);
    if (old && now.data) {
        const struct settings_list a = read_settings(arena, old), b = read_settings(arena, now.data);
        why = compare(arena, &a, &b);
    }
    free(old);
    text_free(&now);
    return why ? why : "a plugin, a file that it reads, or an option changed";
}
