/* registry.c - the plugins and filters there are, and opening them when a graph first uses one. */
#include "registry.h"
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include "apart.h"
#include "module.h"
#include "registry_private.h"

/* ---- filters by id ---- */

static int by_id(const void *a, const void *b)
{
    const struct filter_info *const *x = a, *const *y = b;
    return strcmp((*x)->desc.id, (*y)->desc.id);
}

static void add_filter(struct registry *r, struct filter_info *f)
{
    r->filters = arena_grow(&r->arena, r->filters, r->filter_count, &r->filter_capacity, sizeof *r->filters);
    r->filters[r->filter_count++] = f;
}

static void sort_filters(struct registry *r)
{
    if (r->filter_count)
        qsort(r->filters, r->filter_count, sizeof *r->filters, by_id);
    r->filter_ids = arena_alloc(&r->arena, r->filter_count + 1, sizeof *r->filter_ids);
    for (size_t i = 0; i < r->filter_count; i++)
        r->filter_ids[i] = r->filters[i]->desc.id;
}

/* Filters of plugins refused for a missing service too: using one says why it cannot be. */
static void collect_filters(struct registry *r)
{
    for (size_t k = 0; k < r->plugin_count; k++) {
        const struct plugin *p = r->plugins[k];
        for (uint32_t i = 0; !p->shadowed_by && i < p->filter_count; i++)
            add_filter(r, p->filters[i]);
    }
    sort_filters(r);
}

/* ---- public ---- */

static struct registry *open_with(const struct registry_options *options, const char *first, struct report *report)
{
    struct registry *r = heap_alloc(1, sizeof *r);
    arena_init(&r->arena);
    scan_all(r, options, first, report);
    service_resolve(r);
    collect_filters(r);
    return r;
}

struct registry *registry_open(const struct registry_options *options, struct report *report)
{
    return open_with(options, NULL, report);
}

void registry_close(struct registry *r)
{
    if (!r)
        return;
    service_close_all(r);
    arena_fini(&r->arena);
    free(r);
}

struct plugin *const *registry_plugins(const struct registry *r, size_t *n)
{
    *n = r->plugin_count;
    return r->plugins;
}

struct filter_info *const *registry_filters(const struct registry *r, size_t *n)
{
    *n = r->filter_count;
    return r->filters;
}

const char *const *registry_places(const struct registry *r, size_t *n)
{
    *n = r->place_count;
    return r->places;
}

const char *const *registry_filter_ids(const struct registry *r, size_t *n)
{
    *n = r->filter_count;
    return r->filter_ids;
}

struct filter_info *registry_find(const struct registry *r, const char *id)
{
    size_t from = 0, to = r->filter_count;
    while (from < to) {
        const size_t mid = from + (to - from) / 2;
        const int order = strcmp(id, r->filters[mid]->desc.id);
        if (order == 0)
            return r->filters[mid];
        if (order < 0)
            to = mid;
        else
            from = mid + 1;
    }
    return NULL;
}

/* The host's own come first: a plugin's filter of the same id gives way. */
void registry_add_builtin(struct registry *r, const imp_filter *const *filters)
{
    for (; *filters; filters++) {
        struct filter_info *f = arena_alloc(&r->arena, 1, sizeof *f);
        f->desc = **filters;
        f->real = *filters;
        struct filter_info *known = registry_find(r, f->desc.id);
        for (size_t i = 0; known && i < r->filter_count; i++)
            if (r->filters[i] == known)
                r->filters[i] = f;
        if (!known)
            add_filter(r, f);
    }
    sort_filters(r);
}

bool registry_use(struct registry *r, struct filter_info *f, const struct place *at, struct report *report)
{
    const char *why = f->plugin ? service_open(r, unit_of(f->plugin)) : NULL;
    if (why) {
        struct fault *fault = report_add(report, SEV_ERROR, "E0401", at, "the plugin of filter '%s' cannot be used",
                                         f->desc.id);
        fault_note(fault, "%s", why);
        fault_note(fault, "file: %s", f->plugin->path);
        return false;
    }
    if (f->plugin && f->plugin->warning) {
        report_add(report, SEV_WARNING, "W0406", NULL, "%s", f->plugin->warning);
        f->plugin->warning = NULL; /* once */
    }
    return true;
}

/* ---- one file, looked at from a safe distance ---- */

/* In the child: a letter, then what is to say of the file. */
enum { VERDICT_FINE = '+', VERDICT_REFUSED = '-' };
static bool same_file(const char *a, const char *b)
{
    struct stat x, y;
    return !stat(a, &x) && !stat(b, &y) && x.st_dev == y.st_dev && x.st_ino == y.st_ino;
}

static void examine(const struct registry_options *options, const char *path, struct text *out)
{
    const struct registry_options quiet = {options->plugin_path, options->program_path, NULL, options->insecure};
    struct registry *r = open_with(&quiet, path, NULL);
    struct plugin *p = r->plugins[0];
    const char *why = p->refused ? p->refused : service_open(r, unit_of(p));
    text_addf(out, "%c%s", why ? VERDICT_REFUSED : VERDICT_FINE, why ? why : p->warning ? p->warning : "");
    for (size_t i = 1; !why && i < r->plugin_count; i++)
        if (r->plugins[i]->shadowed_by && strcmp(r->plugins[i]->shadowed_by, p->path) == 0 &&
            !same_file(r->plugins[i]->path, p->path))
            text_addf(out, "%s%s has the same id: the first on the plugin path is used", out->size > 1 ? "\n" : "",
                      r->plugins[i]->path);
    registry_close(r);
}

struct examined {
    const struct registry_options *options;
    const char *path;
};

static void examine_it(void *user, struct text *said)
{
    const struct examined *x = user;
    examine(x->options, x->path, said);
}

int registry_explain_file(const struct registry_options *options, const char *path, struct text *out)
{
    struct examined x = {options, path};
    struct text said = {0};
    const bool ended = apart_do(examine_it, &x, module_base(path), &said);
    const bool fine = ended && said.data[0] == VERDICT_FINE;
    text_addf(out, "%s", said.data + ended);
    text_free(&said);
    return !fine;
}
