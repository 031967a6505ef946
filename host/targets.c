#include "targets.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { MOST_FAULTS = 8 };

/* ---- clashes of names ---- */

struct claim { const struct target *target; const struct unit *unit; };

static int compare_claims(const void *a, const void *b)
{
    const struct claim *x = a, *y = b;
    const int order = strcmp(x->target->path, y->target->path);
    return order ? order : (x->unit > y->unit) - (x->unit < y->unit);
}

static int compare_path(const void *path, const void *claim)
{
    return strcmp(path, ((const struct claim *)claim)->target->path);
}

static void report_clash(struct batch *b, const struct claim *x, const struct claim *y)
{
    const struct node *n = &unit_graph(b, x->unit)->nodes[x->target->node];
    const struct node *m = &unit_graph(b, y->unit)->nodes[y->target->node];
    struct fault *f = report_add(b->report, SEV_ERROR, "E0730", &n->param_at[x->target->param],
                                 strcmp(x->target->path, y->target->path)
                                     ? "two outputs clash: '%s' would be a file and a folder"
                                     : "two outputs would have the same name: '%s'", x->target->path);
    fault_note(f, "one is of %s, node '%s'", x->unit->name, n->name);
    fault_note(f, "the other of %s, node '%s'", y->unit->name, m->name);
    fault_note(f, "tell them apart in the name: {stem} {dir} {n} {ending} {%s.key}", n->name);
}

static void check_clashes(struct batch *b)
{
    size_t n = 0, found = 0;
    for (size_t i = 0; i < b->unit_count; i++)
        n += b->units[i].target_count;
    struct claim *list = arena_alloc(b->arena, n + 1, sizeof *list);
    n = 0;
    for (size_t i = 0; i < b->unit_count; i++)
        for (size_t k = 0; k < b->units[i].target_count; k++)
            list[n++] = (struct claim){&b->units[i].targets[k], &b->units[i]};
    qsort(list, n, sizeof *list, compare_claims);
    for (size_t i = 1; i < n; i++)
        if (!strcmp(list[i].target->path, list[i - 1].target->path) && found++ < MOST_FAULTS)
            report_clash(b, &list[i - 1], &list[i]);
    for (size_t i = 0; i < n; i++) {
        char *path = arena_strdup(b->arena, list[i].target->path);
        for (char *p = strchr(path, '/'); p; p = strchr(p + 1, '/')) {
            *p = 0;
            const struct claim *file = bsearch(path, list, n, sizeof *list, compare_path);
            *p = '/';
            if (file && found++ < MOST_FAULTS)
                report_clash(b, file, &list[i]);
        }
    }
    if (found > MOST_FAULTS)
        report_add(b->report, SEV_ERROR, "E0730", NULL, "and %zu more outputs that clash", found - MOST_FAULTS);
}

/* ---- the output folder ---- */

/* The deepest part of the path that is there must be a folder that we may write into. */
static bool check_out(struct batch *b)
{
    char *path = arena_strdup(b->arena, b->out);
    size_t n = strlen(path);
    while (n > 1 && path[n - 1] == '/')
        path[--n] = 0;
    while (access(path, F_OK) && errno == ENOENT) {
        char *slash = strrchr(path, '/');
        if (!slash) {
            path = arena_strdup(b->arena, ".");
            break;
        }
        slash[slash == path] = 0;
        if (slash == path && !access("/", F_OK))
            break;
    }
    const char *inside = arena_printf(b->arena, "%s/.", path); /* of a file: ENOTDIR */
    if (!access(inside, W_OK | X_OK))
        return true;
    struct fault *f = report_add(b->report, SEV_ERROR, "E0733", NULL, "cannot write into %s: %s", b->out,
                                 strerror(errno));
    fault_note(f, "give a folder that you may write into with -o");
    return false;
}

bool targets_check(struct batch *b)
{
    size_t targets = 0;
    for (size_t i = 0; i < b->unit_count; i++)
        targets += b->units[i].target_count;
    if (targets && !b->out && !b->check_only) {
        struct fault *f = report_add(b->report, SEV_ERROR, "E0733", NULL, "no folder to write into is given");
        fault_note(f, "impasto run PRESET IN... -o OUT");
        return false;
    }
    check_clashes(b);
    return b->check_only || !b->out || check_out(b);
}
