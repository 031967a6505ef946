#define _GNU_SOURCE /* RTLD_DEFAULT */
/* trial_file.c - tests of a plugin file as a whole: symbols, loading, head, entry, tables, init. */
#include "trial.h"
#include <dlfcn.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include "exports.h"
#include "heap.h"
#include "trial_table.h"

enum verdict trial_fail(struct trial *t, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(t->text, sizeof t->text, fmt, ap);
    va_end(ap);
    return FAILED;
}

enum verdict trial_skip(struct trial *t, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(t->text, sizeof t->text, fmt, ap);
    va_end(ap);
    return SKIPPED;
}

void trial_note(struct trial *t, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    if (t->note)
        vsnprintf(t->note->what, sizeof t->note->what, fmt, ap);
    va_end(ap);
}

/* ---- symbols ---- */

struct names {
    int entries, others;
    char list[400];
};

static void note_name(void *user, const char *name)
{
    struct names *n = user;
    const size_t used = strlen(n->list);
    if (strncmp(name, "imp_entry_v", 11) == 0) {
        n->entries += strcmp(name, "imp_entry_v1") == 0;
        return;
    }
    n->others++;
    snprintf(n->list + used, sizeof n->list - used, "%s%.60s", used ? ", " : "", name);
}

static enum verdict test_exports(struct trial *t)
{
    struct names n = {0};
    char why[400];
    if (exports_read(t->path, note_name, &n, why, sizeof why))
        return trial_fail(t, "%s", why);
    if (n.entries == 0)
        return trial_fail(t, "it does not export imp_entry_v1: mark it IMP_EXPORT");
    if (n.others)
        return trial_fail(t,
                          "it exports %d more symbol%s than imp_entry_v1: %s: compile with "
                          "-fvisibility=hidden, or make "
                          "them static",
                          n.others, n.others == 1 ? "" : "s", n.list);
    return PASSED;
}

/* ---- loading ---- */

static void *open_file(struct trial *t)
{
    void *so = dlopen(t->path, RTLD_NOW | RTLD_LOCAL);
    if (!so) {
        const char *said = dlerror();
        trial_fail(t,
                   "it cannot be loaded: %s: link it with -Wl,-z,defs and the libraries it needs",
                   said ? said : "?");
    }
    return so;
}

static enum verdict test_loads(struct trial *t)
{
    struct world before, after;
    world_look(&before);
    if (!open_file(t))
        return FAILED;
    world_look(&after);
    after.files = before.files; /* a library may keep one open */
    char why[300];
    return world_changed(&before, &after, why, sizeof why)
               ? trial_fail(t, "when it is loaded it %s", why)
               : PASSED;
}

typedef const imp_plugin *(*entry_fn)(void)IMP_NX;

static entry_fn find_entry(struct trial *t)
{
    void *so = open_file(t);
    union {
        void *object;
        entry_fn call;
    } symbol = {.object = so ? dlsym(so, "imp_entry_v1") : NULL};
    if (so && !symbol.object)
        trial_fail(t, "it does not export imp_entry_v1");
    return symbol.call;
}

/* ---- what it takes from others ---- */

struct imports {
    void *so;
    int strange;
    char list[300];
};

/* A name is the host's when the program has it, but none of the libraries that the plugin names
 * itself. */
static void note_import(void *user, const char *name)
{
    struct imports *n = user;
    const size_t used = strlen(n->list);
    if (dlsym(n->so, name) || !dlsym(RTLD_DEFAULT, name))
        return;
    n->strange++;
    snprintf(n->list + used, sizeof n->list - used, "%s%.60s", used ? ", " : "", name);
}

static enum verdict test_imports(struct trial *t)
{
    char why[400];
    struct imports n = {.so = open_file(t)};
    if (!n.so)
        return FAILED;
    if (!heap_seen())
        return trial_skip(t, "a sanitized plugin takes symbols from its program");
    if (imports_read(t->path, note_import, &n, why, sizeof why))
        return trial_fail(t, "%s", why);
    return n.strange
               ? trial_fail(t,
                            "it takes %s from the program that loads it, where another host has "
                            "nothing of that name: link it with the library",
                            n.list)
               : PASSED;
}

/* ---- head and entry ---- */

static enum verdict check_head(struct trial *t, const imp_plugin *p)
{
    if (!p)
        return trial_fail(t, "imp_entry_v1 answers NULL");
    if (p->magic != IMP_MAGIC)
        return trial_fail(
            t, "its magic is 0x%08x, not IMP_MAGIC: begin imp_plugin with IMP_PLUGIN_HEAD",
            (unsigned)p->magic);
    if (p->struct_size < sizeof *p || p->struct_size > 65536 || p->struct_size % 8)
        return trial_fail(
            t, "its imp_plugin says %u bytes, ABI 1.0 has %zu: begin it with IMP_PLUGIN_HEAD",
            (unsigned)p->struct_size, sizeof *p);
    if (p->abi_major != IMP_ABI_MAJOR)
        return trial_fail(t, "it says ABI %u in imp_entry_v%d", (unsigned)p->abi_major,
                          IMP_ABI_MAJOR);
    if (p->abi_minor_required > IMP_ABI_MINOR)
        return trial_fail(t, "it needs ABI 1.%u, this host has 1.%d",
                          (unsigned)p->abi_minor_required, IMP_ABI_MINOR);
    return PASSED;
}

static enum verdict test_head(struct trial *t)
{
    const entry_fn entry = find_entry(t);
    return entry ? check_head(t, entry()) : FAILED;
}

static enum verdict test_entry(struct trial *t)
{
    struct world before, after;
    imp_plugin first;
    char why[300];
    const entry_fn entry = find_entry(t);
    if (!entry)
        return FAILED;
    world_look(&before);
    const uint64_t calls = heap_calls();
    const imp_plugin *p = entry();
    const bool allocates = heap_calls() != calls;
    world_look(&after);
    if (check_head(t, p) != PASSED)
        return FAILED;
    if (allocates)
        return trial_fail(
            t, "imp_entry_v1 allocates memory; it must answer static data and do nothing");
    if (world_changed(&before, &after, why, sizeof why))
        return trial_fail(t, "imp_entry_v1 %s", why);
    first = *p;
    if (entry() != p || memcmp(&first, p, sizeof first) != 0)
        return trial_fail(t, "imp_entry_v1 answers something else when it is called again");
    return PASSED;
}

/* ---- tables and init ---- */

static enum verdict test_descriptor(struct trial *t)
{
    const entry_fn entry = find_entry(t);
    const imp_plugin *p = entry ? entry() : NULL;
    if (!entry || check_head(t, p) != PASSED)
        return FAILED;
    return table_check_plugin(t, p);
}

bool trial_leans(const imp_plugin *p)
{
    bool objects = (p->needs && p->needs[0]) || (p->wants && p->wants[0]);
    for (const imp_filter *const *f = p->filters; f && *f && !objects; f++)
        for (uint32_t i = 0; i < (*f)->input_count; i++)
            objects = objects || mini_input_row(*f, i).kind == IMP_OBJECT;
    return objects;
}

static enum verdict open_beside(struct trial *t)
{
    char why[400] = "";
    for (int i = 0; i < t->with_count && t->beside_count < MINI_PORTS; i++) {
        if (strcmp(t->with[i], t->path) == 0)
            continue;
        struct mini *other = mini_load(t->with[i], why, sizeof why);
        for (int k = 0; other && k < t->beside_count;
             k++) /* those before may provide what it needs */
            mini_offer(other, t->beside[k]);
        if (!other || mini_init(other, why, sizeof why) != IMP_OK)
            return trial_fail(t, "the plugin beside it cannot be used: %s: %s", t->with[i], why);
        mini_quiet(other);
        mini_offer(t->mini, other);
        t->beside[t->beside_count++] = other;
    }
    return PASSED;
}

enum verdict trial_open(struct trial *t)
{
    char why[400] = "";
    t->mini = mini_load(t->path, t->text, sizeof t->text);
    if (!t->mini)
        return FAILED;
    mini_quiet(t->mini);
    if (trial_leans(mini_entry(t->mini)) && open_beside(t) != PASSED)
        return FAILED;
    if (t->hidden)
        mini_hide(t->mini, t->hidden);
    const imp_status st = mini_init(t->mini, why, sizeof why);
    if (st == IMP_OK)
        return PASSED;
    const char *need = mini_entry(t->mini)->needs ? mini_entry(t->mini)->needs[0] : NULL;
    if (st == IMP_E_MISSING && need && t->with_count == 0)
        return trial_skip(
            t, "it needs the service '%s': give the plugin that provides it with --with", need);
    return trial_fail(t, "its init answers %d: %s", (int)st, why[0] ? why : "without a text");
}

static enum verdict test_init(struct trial *t)
{
    struct world before, after;
    char why[300];
    world_look(&before);
    const enum verdict v = trial_open(t);
    if (v != PASSED)
        return v;
    if (mini_entry(t->mini)->deinit)
        mini_entry(t->mini)->deinit();
    if (mini_services_open(t->mini))
        return trial_fail(t, "%d of the services it acquired in init were not given back in deinit",
                          mini_services_open(t->mini));
    world_look(&after);
    if (world_changed(&before, &after, why, sizeof why))
        return trial_fail(t, "between init and deinit it %s", why);
    return PASSED;
}

const struct test trial_file_tests[] = {
    {"exports", test_exports}, {"loads", test_loads}, {"head", test_head},
    {"imports", test_imports}, {"entry", test_entry}, {"descriptor", test_descriptor},
    {"init", test_init},       {NULL, NULL},
};
