/* scan.c - finds plugin files on the search path and describes them, from the catalogue where it
 * can. */
#define _GNU_SOURCE /* secure_getenv */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "apart.h"
#include "catalogue.h"
#include "descriptor.h"
#include "files.h"
#include "module.h"
#include "registry_private.h"

struct scan {
    struct registry *registry;
    const struct registry_options *options;
    struct catalogue *catalogue;
    struct report *report;
};

/* ---- where to look ---- */

static void add_place(struct registry *r, const char *path)
{
    for (size_t i = 0; i < r->place_count; i++)
        if (strcmp(r->places[i], path) == 0)
            return;
    r->places =
        arena_grow(&r->arena, r->places, r->place_count, &r->place_capacity, sizeof *r->places);
    r->places[r->place_count++] = path;
}

/* Folders of a list with colons that somebody gave: one that is not there is most likely a slip of
 * the keyboard. An empty piece would mean the current folder, so it is left out. */
static void add_list(struct scan *s, const char *list)
{
    struct arena *a = &s->registry->arena;
    char full[PATH_MAX];
    for (const char *at = list; at && *at;) {
        const size_t n = strcspn(at, ":");
        const char *piece = arena_strndup(a, at, n);
        if (n && realpath(piece, full))
            add_place(s->registry, arena_strdup(a, full));
        else if (n && s->report)
            report_add(s->report, SEV_WARNING, "W0405", NULL,
                       "the plugin folder '%s' cannot be read: %s", piece, strerror(errno));
        at += n + (at[n] == ':');
    }
}

static const char *program_folder(struct arena *a, const char *program)
{
    char path[PATH_MAX];
    const ssize_t n =
        program ? (ssize_t)strlen(program) : readlink("/proc/self/exe", path, sizeof path - 1);
    if (n <= 0 || n >= (ssize_t)sizeof path)
        return NULL;
    if (program)
        memcpy(path, program, (size_t)n);
    path[n] = 0;
    char *slash = strrchr(path, '/');
    if (!slash)
        return NULL;
    *slash = 0;
    return arena_strdup(a, path);
}

static void find_places(struct scan *s)
{
    struct registry *r = s->registry;
    const char *data = secure_getenv("XDG_DATA_HOME"), *home = secure_getenv("HOME");
    add_list(s, s->options->plugin_path);
    add_list(s, secure_getenv("IMPASTO_PLUGIN_PATH"));
    if (data && data[0] == '/')
        add_place(r, arena_printf(&r->arena, "%s/impasto/plugins-%d", data, IMP_ABI_MAJOR));
    else if (home && home[0] == '/')
        add_place(
            r, arena_printf(&r->arena, "%s/.local/share/impasto/plugins-%d", home, IMP_ABI_MAJOR));
    const char *bin = program_folder(&r->arena, s->options->program_path);
    char *end = bin ? strrchr(bin, '/') : NULL;
    if (end)
        add_place(r, arena_printf(&r->arena, "%.*s/lib/impasto/plugins-%d", (int)(end - bin), bin,
                                  IMP_ABI_MAJOR));
}

/* ---- one file ---- */

static const char *warn_fp(struct arena *a, const struct plugin *p)
{
    return arena_printf(
        a,
        "%s: %s changes the floating-point mode when it is loaded (-ffast-math?); put right: link "
        "it without -ffast-math",
        module_base(p->path), p->id ? p->id : "the plugin");
}

/* In a child: a letter, then what the file says of itself. */
enum { SAYS_FOR_GOOD = '+', SAYS_TODAY = '-' /* what it needs may come */ };
static void look(void *user, struct text *said)
{
    struct plugin *p = user;
    struct arena arena;
    const imp_plugin *entry;
    bool changed_fp = false, loads = false;
    arena_init(&arena);
    p->refused = module_open(&arena, p->path, &entry, &loads, &changed_fp);
    if (!p->refused)
        p->refused = descriptor_copy(&arena, p->path, entry, p);
    if (changed_fp)
        p->warning = warn_fp(&arena, p);
    text_addf(said, "%c", loads ? SAYS_FOR_GOOD : SAYS_TODAY);
    catalogue_encode(p, said);
}

/* What the file says of itself, asked in a process of its own: a plugin that crashes or hangs while
 * it is loaded is refused like any other. true: it stays so as long as the file does. */
static bool describe(struct registry *r, struct plugin *p)
{
    struct text said = {0};
    struct plugin asked = *p;
    const bool told = apart_do(look, &asked, module_base(p->path), &said);
    const bool lasts = told && said.data[0] == SAYS_FOR_GOOD;
    if (!told)
        p->refused = arena_strdup(&r->arena, said.data);
    else if (!catalogue_decode(&r->arena, said.data + 1, said.size - 1, p)) {
        p->refused = arena_printf(&r->arena, "%s: says of itself what makes no sense",
                                  module_base(p->path));
        p->filter_count = 0;
    }
    text_free(&said);
    if (!hash_file(p->path, &p->content) && !p->refused)
        p->refused = arena_printf(&r->arena, "%s: cannot be read: %s", module_base(p->path),
                                  strerror(errno));
    return lasts;
}

const char *scan_load(struct registry *r, struct unit *u)
{
    const imp_plugin *entry;
    bool changed_fp = false, loads;
    struct plugin fresh = {.path = u->as.path, .refused = NULL, .warning = u->as.warning};
    const char *why = module_open(&r->arena, u->as.path, &entry, &loads, &changed_fp);
    if (!why)
        why = descriptor_copy(&r->arena, u->as.path, entry, &fresh);
    if (why)
        return why;
    struct text known = {0}, now = {0};
    catalogue_encode(&u->as, &known);
    catalogue_encode(&fresh, &now);
    const bool same = known.size == now.size && memcmp(known.data, now.data, now.size) == 0;
    text_free(&known);
    text_free(&now);
    if (!same)
        return arena_printf(&r->arena, "%s: %s was replaced while it was looked at: run again",
                            module_base(u->as.path), u->as.id);
    for (uint32_t i = 0; i < fresh.filter_count; i++) {
        struct filter_info *f = u->as.filters[i];
        const imp_filter *d = &fresh.filters[i]->desc;
        f->real = fresh.filters[i]->real;
        f->desc.create = d->create, f->desc.destroy = d->destroy, f->desc.process = d->process,
        f->desc.plan = d->plan;
    }
    if (changed_fp && !u->as.warning)
        u->as.warning = warn_fp(&r->arena, &u->as);
    u->as.entry = entry;
    return NULL;
}

static struct plugin *new_plugin(struct registry *r, const char *path)
{
    static const char *const none[] = {NULL};
    struct unit *u = arena_alloc(&r->arena, 1, sizeof *u);
    u->as.path = arena_strdup(&r->arena, path);
    u->as.needs = u->as.wants = none;
    r->plugins =
        arena_grow(&r->arena, r->plugins, r->plugin_count, &r->plugin_capacity, sizeof *r->plugins);
    return r->plugins[r->plugin_count++] = &u->as;
}

/* The id and every filter of it must be new; an id met before shadows the whole file. */
static void check_new(struct registry *r, struct plugin *p)
{
    for (size_t i = 0; i + 1 < r->plugin_count; i++) {
        const struct plugin *other = r->plugins[i];
        if (unit_usable(other) && strcmp(other->id, p->id) == 0) {
            p->shadowed_by = other->path;
            return;
        }
    }
    for (size_t i = 0; i + 1 < r->plugin_count; i++) {
        const struct plugin *other = r->plugins[i];
        for (uint32_t k = 0; unit_usable(other) && k < other->filter_count; k++)
            for (uint32_t n = 0; n < p->filter_count; n++)
                if (strcmp(other->filters[k]->desc.id, p->filters[n]->desc.id) == 0) {
                    p->refused = arena_printf(
                        &r->arena,
                        "%s: %s: its filter '%s' is already in %s (%s): remove one of the "
                        "two plugins",
                        module_base(p->path), p->id, p->filters[n]->desc.id,
                        module_base(other->path), other->id);
                    p->filter_count = 0;
                    return;
                }
    }
}

static void scan_file(struct scan *s, const char *path)
{
    struct registry *r = s->registry;
    struct plugin *p = new_plugin(r, path);
    struct stat st;
    if (stat(path, &st) != 0) {
        p->refused =
            arena_printf(&r->arena, "%s: cannot be read: %s", module_base(path), strerror(errno));
        return;
    }
    p->refused = S_ISREG(st.st_mode)
                     ? NULL
                     : arena_printf(&r->arena, "%s: is not a file", module_base(path));
    if (!p->refused && !s->options->insecure)
        p->refused = module_distrust(&r->arena, p->path, &st);
    if (p->refused)
        return;
    if (!catalogue_find(s->catalogue, path, &st, p)) {
        struct unit *u = unit_of(p);
        *p = (struct plugin){.path = p->path, .needs = p->needs, .wants = p->wants};
        if (describe(r, p))
            catalogue_add(s->catalogue, path, &st, &u->as);
    }
    if (!p->refused)
        check_new(r, p);
}

static bool is_candidate(const char *name)
{
    const size_t n = strlen(name);
    return n > 3 && name[0] != '.' && name[0] != '@' && strcmp(name + n - 3, ".so") == 0;
}

/* Why nothing in the folder can be trusted, NULL = it can; its files are then listed as refused. */
static const char *folder_refusal(struct scan *s, const char *place)
{
    struct stat st;
    if (s->options->insecure || stat(place, &st) != 0)
        return NULL;
    return module_distrust(&s->registry->arena, place, &st);
}

static void scan_place(struct scan *s, const char *place)
{
    size_t n = 0;
    char **names = files_names(place, &n);
    const char *why = folder_refusal(s, place);
    for (size_t i = 0; names && i < n; i++) {
        if (!is_candidate(names[i]))
            continue;
        const char *path = arena_printf(&s->registry->arena, "%s/%s", place, names[i]);
        if (why)
            new_plugin(s->registry, path)->refused = why;
        else
            scan_file(s, path);
    }
    if (names)
        files_free_names(names, n);
}

void scan_all(struct registry *r, const struct registry_options *options, const char *first,
              struct report *report)
{
    struct scan s = {r, options, catalogue_read(&r->arena, options->cache_file), report};
    find_places(&s);
    if (first)
        scan_file(&s, first);
    for (size_t i = 0; i < r->place_count; i++)
        scan_place(&s, r->places[i]);
    catalogue_write(s.catalogue, options->cache_file);
}
