/* isolate_paths.c - what processes that work on pictures of strangers may read: the plugins, the
 * system's libraries, and the files that the presets name. */
#include <stdlib.h>
#include <string.h>

#include "files.h"
#include "isolate_private.h"

enum { MOST_BESIDE = 64 };

static void add(struct isolate *s, char *path)
{
    s->read = heap_resize(s->read, s->read_count + 1, sizeof *s->read);
    s->read[s->read_count++] = path;
}

/* net.onnx brings net.onnx.data and net.ini: what has its name with another ending. */
static void add_beside(struct isolate *s, const char *path)
{
    const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path,
               *dot = strrchr(name, '.');
    const size_t stem = dot && dot > name ? (size_t)(dot - name) : strlen(name);
    char *folder = slash ? heap_printf("%.*s", (int)(slash - path + 1), path) : heap_strdup("./");
    size_t n = 0, added = 0;
    char **names = files_names(folder, &n);
    for (size_t i = 0; names && i < n && added < MOST_BESIDE; i++)
        if (!strncmp(names[i], name, stem) && names[i][stem] == '.' &&
            strcmp(names[i], name) != 0) {
            add(s, heap_printf("%s%s", folder, names[i]));
            added++;
        }
    if (names)
        files_free_names(names, n);
    free(folder);
}

static void add_node(struct isolate *s, const struct node *n)
{
    for (uint32_t i = 0; i < n->filter->desc.param_count; i++) {
        const imp_param *row = &n->filter->desc.params[i];
        const char *path = row->type == IMP_PATH ? n->params[i].s.ptr : NULL;
        if (!path || !path[0] || row->flags & IMP_PARAM_WRITTEN)
            continue;
        add(s, heap_strdup(path));
        add_beside(s, path);
    }
}

void isolate_find_paths(struct engine *e)
{
    static const char *const system[] = {"/lib",          "/lib64",         "/usr/lib",
                                         "/usr/lib64",    "/usr/local/lib", "/etc/ld.so.cache",
                                         "/proc/cpuinfo", "/dev/null",      "/dev/urandom"};
    struct isolate *s = e->isolate;
    size_t n = 0;
    for (size_t i = 0; i < sizeof system / sizeof *system; i++)
        add(s, heap_strdup(system[i]));
    struct plugin *const *plugins = e->env.registry ? registry_plugins(e->env.registry, &n) : NULL;
    for (size_t i = 0; i < n; i++)
        add(s, heap_strdup(plugins[i]->path));
    for (uint32_t v = 0; v < e->variant_count; v++)
        for (uint32_t k = 0; k < e->variants[v]->graph->node_count; k++)
            add_node(s, &e->variants[v]->graph->nodes[k]);
}

void isolate_free_paths(struct isolate *s)
{
    for (size_t i = 0; i < s->read_count; i++)
        free(s->read[i]);
    free(s->read);
    s->read = NULL;
    s->read_count = 0;
}
