/* graph_params.c - a node's filter and parameters: found, parsed, defaults filled in, files looked
 * up. */
#include "graph_private.h"

#include <dirent.h>
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include "builtin.h"
#include "params.h"
#include "preset_private.h"

static struct preset_section *section_of(const struct builder *b, const struct draft *d)
{
    return &b->preset->sections[d->section];
}

const struct preset_key *section_key(const struct preset_section *s, const char *key)
{
    for (size_t i = 0; i < s->key_count; i++)
        if (strcmp(s->keys[i].key, key) == 0)
            return &s->keys[i];
    return NULL;
}

static struct preset_key *take_key(struct preset_section *s, const char *key)
{
    for (size_t i = 0; i < s->key_count; i++) {
        if (strcmp(s->keys[i].key, key) == 0) {
            s->keys[i].used = true;
            return &s->keys[i];
        }
    }
    return NULL;
}

/* ---- the filter ---- */

static void no_filter_key(struct builder *b, struct draft *d)
{
    static const char *const filter[] = {"filter"}, *const special[] = {"vars", "preset"};
    const struct preset_section *s = section_of(b, d);
    const struct place *at = &s->at;
    const char *hint = NULL;
    for (size_t i = 0; i < s->key_count && !hint; i++) {
        if (nearest_name(s->keys[i].key, filter, 1)) {
            at = &s->keys[i].key_at;
            hint = "did you mean 'filter'?";
        }
    }
    const char *near = hint ? NULL : nearest_name(s->name, special, 2);
    struct fault *f =
        report_add(b->report, SEV_ERROR, "E0118", at, "node '%s' has no filter", s->name);
    if (hint)
        fault_hint(f, "%s", hint);
    else if (near)
        fault_hint(f, "did you mean [%s]?", near);
    else
        fault_hint(f, "add a line  filter = ...");
    fault_note(f, "all filters: impasto list filters");
}

static void no_such_filter(struct builder *b, const struct preset_key *key)
{
    size_t n, refused = 0;
    const char *const *ids = registry_filter_ids(b->registry, &n);
    struct fault *f =
        report_add(b->report, SEV_ERROR, "E0201", &key->value_at, "no filter '%s'", key->value);
    const char *near = nearest_name(key->value, ids, n);
    if (near)
        fault_hint(f, "did you mean '%s'?", near);
    struct plugin *const *plugins = registry_plugins(b->registry, &n);
    for (size_t i = 0; i < n; i++)
        refused += plugins[i]->refused != NULL;
    if (refused)
        fault_note(f, "%zu plugin%s refused: impasto list plugins", refused,
                   refused == 1 ? " was" : "s were");
    fault_note(f, "all filters: impasto list filters");
}

static void check_provider(struct builder *b, struct draft *d, const struct preset_key *key)
{
    size_t n;
    struct plugin *const *plugins = registry_plugins(b->registry, &n);
    const char **ids = arena_alloc(b->arena, n, sizeof *ids);
    size_t count = 0;
    for (size_t i = 0; i < n; i++) {
        if (!plugins[i]->id)
            continue;
        ids[count++] = plugins[i]->id;
        if (strcmp(plugins[i]->id, key->value) == 0) {
            d->node.provider = key->value;
            return;
        }
    }
    struct fault *f = report_add(b->report, SEV_ERROR, "E0227", &key->value_at,
                                 "no plugin '%s' to provide for '%s'", key->value, d->node.name);
    const char *near = nearest_name(key->value, ids, count);
    if (near)
        fault_hint(f, "did you mean '%s'?", near);
    fault_note(f, "all plugins: impasto list plugins");
}

static void check_isolate(struct builder *b, struct draft *d, const struct preset_key *key)
{
    static const char *const ways[] = {"process", "no"};
    d->node.isolate = strcmp(key->value, ways[0]) == 0;
    if (d->node.isolate || strcmp(key->value, ways[1]) == 0 || key->broken)
        return;
    struct fault *f = report_add(b->report, SEV_ERROR, "E0110", &key->value_at,
                                 "'isolate' of '%s' cannot be '%s'", d->node.name, key->value);
    const char *near = nearest_name(key->value, ways, 2);
    if (near)
        fault_hint(f, "did you mean '%s'?", near);
    fault_note(f, "isolate = process: this filter runs in a process of its own; no: where --isolate says");
}

void draft_filter(struct builder *b, struct draft *d)
{
    struct preset_section *s = section_of(b, d);
    d->node.name = s->name;
    d->node.at = s->at;
    const struct preset_key *key = take_key(s, "filter");
    const struct preset_key *provider = take_key(s, "provider"), *isolate = take_key(s, "isolate");
    if (!key) {
        no_filter_key(b, d);
        return;
    }
    d->node.filter_at = key->value_at;
    d->node.filter = key->broken ? NULL : registry_find(b->registry, key->value);
    if (key->broken)
        return;
    if (!d->node.filter) {
        no_such_filter(b, key);
        return;
    }
    const imp_filter *desc = &d->node.filter->desc;
    d->node.inputs = arena_alloc(b->arena, desc->input_count, sizeof *d->node.inputs);
    d->input_at = arena_alloc(b->arena, desc->input_count, sizeof *d->input_at);
    if (provider)
        check_provider(b, d, provider);
    if (isolate)
        check_isolate(b, d, isolate);
    registry_use(b->registry, d->node.filter, &d->node.filter_at, b->report);
}

/* ---- files ---- */

/* The nearest name in the folder of a path that is not there. */
static const char *near_file(struct builder *b, const char *path)
{
    const char *folder = preset_folder(b->arena, path), *slash = strrchr(path, '/');
    const char *name = slash ? slash + 1 : path;
    const char **names = NULL;
    size_t n = 0, capacity = 0;
    DIR *dir = opendir(folder);
    for (const struct dirent *e; dir && n < 10000 && (e = readdir(dir));) {
        if (e->d_name[0] == '.')
            continue;
        names = arena_grow(b->arena, names, n, &capacity, sizeof *names);
        names[n++] = arena_strdup(b->arena, e->d_name);
    }
    if (dir)
        closedir(dir);
    return nearest_name(name, names, n);
}

static void no_file(struct builder *b, const struct draft *d, const imp_param *row,
                    const struct preset_key *key, const char *path, const char *why)
{
    struct fault *f =
        report_add(b->report, SEV_ERROR, "E0120", &key->value_at, "'%s' of node '%s': %s: %s",
                   row->key, d->node.name, *path ? path : "no path", why);
    const char *near = *path ? near_file(b, path) : NULL;
    if (near)
        fault_hint(f, "did you mean '%s'?", near);
    if (!(row->flags & IMP_PARAM_MODEL) || *key->value == '/' || *key->value == '~') {
        if (*path && *path != '/')
            fault_note(f, "paths are relative to %s",
                       key->origin >= FROM_SET ? "the current folder when set on the command line"
                                               : "the folder of their preset");
        return;
    }
    fault_note(f, "sought as %s", path);
    for (size_t i = 0; i < b->options->model_path_count; i++)
        fault_note(f, "sought as %s/%s", b->options->model_path[i], key->value);
}

/* The path of a file that is read, or NULL after a report. */
static const char *find_file(struct builder *b, const struct draft *d, const imp_param *row,
                             const struct preset_key *key)
{
    const char *path = preset_path(b->arena, key);
    struct stat st;
    if (*path == '\0') {
        no_file(b, d, row, key, path, "write the path of a file");
        return NULL;
    }
    bool found = stat(path, &st) == 0;
    const char *why = found ? NULL : strerror(errno);
    if (!found && row->flags & IMP_PARAM_MODEL && *key->value != '/' && *key->value != '~') {
        for (size_t i = 0; i < b->options->model_path_count && !found; i++) {
            const char *there =
                arena_printf(b->arena, "%s/%s", b->options->model_path[i], key->value);
            found = stat(there, &st) == 0;
            path = found ? there : path;
        }
    }
    if (found && S_ISDIR(st.st_mode) && builtin_is_load(&d->node.filter->desc)) {
        found = false;
        why = "it is a folder; give the folder to 'impasto run', and leave the path out";
    }
    if (found)
        return path;
    no_file(b, d, row, key, path, why);
    return NULL;
}

/* ---- parameters ---- */

static void no_such_key(struct builder *b, const struct draft *d, const struct preset_key *key)
{
    const imp_filter *desc = &d->node.filter->desc;
    const char **names = arena_alloc(b->arena, desc->param_count + 5, sizeof *names);
    uint32_t shown = 0;
    for (uint32_t i = 0; i < desc->param_count; i++)
        if (!(desc->params[i].flags & IMP_PARAM_OTHERS))
            names[shown++] = desc->params[i].key;
    const char *listed = preset_names(b->arena, names, shown, 40);
    names[shown] = "filter";
    names[shown + 1] = "in";
    names[shown + 2] = "all";
    names[shown + 3] = "provider";
    names[shown + 4] = "isolate";
    struct fault *f = report_add(b->report, SEV_ERROR, "E0107", &key->key_at,
                                 "unknown key '%s' in node '%s'", key->key, d->node.name);
    const char *near = nearest_name(key->key, names, shown + 5);
    for (uint32_t i = 0; i < desc->input_count && !near; i++) {
        if (strcmp(desc->inputs[i].name, key->key) == 0) {
            fault_hint(f, "for a wire write in.%s = %s", key->key, key->value);
            break;
        }
    }
    if (near)
        fault_hint(f, "did you mean '%s'?", near);
    fault_note(f, shown ? "%s has: %s" : "%s has no parameters", desc->id, listed);
}

static void missing(struct builder *b, const struct draft *d, const imp_param *row)
{
    const char *range = params_range_text(b->arena, row);
    struct fault *f = report_add(b->report, SEV_ERROR, "E0119", &d->node.at, "node '%s' needs '%s'",
                                 d->node.name, row->key);
    fault_hint(f, "add a line  %s = ...", row->key);
    fault_note(f, "%s: %s%s%s%s%s", row->key, params_type_name(row), *range ? ", " : "", range,
               row->help && *row->help ? " - " : "", row->help ? row->help : "");
}

static void set_param(struct builder *b, struct draft *d, uint32_t i, struct preset_key *key)
{
    const imp_param *row = &d->node.filter->desc.params[i];
    imp_cell *cell = &d->node.params[i];
    const bool given =
        key && !(key->value[0] == '\0' && !(row->flags & IMP_PARAM_REQUIRED) &&
                 (row->type == IMP_PATH || row->type == IMP_TEXT || row->type == IMP_NAMES ||
                  row->type == IMP_NUMBERS || row->type == IMP_COLOUR));
    params_default(b->arena, row, cell);
    if (!key) {
        if (row->flags & IMP_PARAM_REQUIRED)
            missing(b, d, row);
        return;
    }
    d->node.param_at[i] = key->value_at;
    d->node.param_text[i] = key->value;
    d->node.param_origin[i] = key->origin;
    if (key->broken)
        return;
    if (!given) { /* `page =` turns it off, whatever its default */
        const imp_param none = {.key = row->key, .type = row->type, .def_text = ""};
        params_default(b->arena, &none, cell);
        return;
    }
    const char *text = key->value;
    if (row->type == IMP_PATH && !(row->flags & IMP_PARAM_WRITTEN))
        text = find_file(b, d, row, key);
    if (text && *text == '\0' && row->flags & IMP_PARAM_REQUIRED) {
        missing(b, d, row);
        return;
    }
    if (text)
        params_parse(b->arena, row, text, &key->value_at, d->node.name, b->report, cell);
}

/* The section's other keys as "key=value" lines. */
static void set_others(struct builder *b, struct draft *d, uint32_t i)
{
    struct preset_section *s = section_of(b, d);
    struct node *n = &d->node;
    struct text t = {0};
    size_t capacity = 0;
    text_add(&t, "");
    for (size_t k = 0; k < s->key_count; k++) {
        struct preset_key *key = &s->keys[k];
        if (key->used || is_wire_key(key->key) || strncmp(key->key, "x-", 2) == 0)
            continue;
        key->used = true;
        n->other_at =
            arena_grow(b->arena, n->other_at, n->other_count, &capacity, sizeof *n->other_at);
        n->other_at[n->other_count++] = key->value_at;
        text_addf(&t, "%s=%s\n", key->key, key->value);
        if (n->other_count == 1) {
            n->param_at[i] = key->key_at;
            n->param_origin[i] = key->origin;
        }
    }
    n->params[i].s.ptr = arena_strdup(b->arena, t.data);
    n->params[i].s.len = t.size;
    if (t.size)
        n->param_text[i] = n->params[i].s.ptr;
    text_free(&t);
}

static bool is_written(const struct node *n, uint32_t i)
{
    return n->filter->desc.params[i].flags & IMP_PARAM_WRITTEN && n->params[i].s.len > 0;
}

void draft_params(struct builder *b, struct draft *d)
{
    struct preset_section *s = section_of(b, d);
    struct node *n = &d->node;
    if (!n->filter)
        return;
    const imp_filter *desc = &n->filter->desc;
    const uint32_t count = desc->param_count;
    n->params = arena_alloc(b->arena, count, sizeof *n->params);
    n->param_at = arena_alloc(b->arena, count, sizeof *n->param_at);
    n->param_text = arena_alloc(b->arena, count, sizeof *n->param_text);
    n->param_origin = arena_alloc(b->arena, count, sizeof *n->param_origin);
    bool others = false, own_picture = builtin_is_load(desc);
    for (uint32_t i = 0; i < count; i++) {
        if (desc->params[i].flags & IMP_PARAM_OTHERS) {
            set_others(b, d, i);
            others = true;
            continue;
        }
        set_param(b, d, i, take_key(s, desc->params[i].key));
        n->writes |= is_written(n, i);
        if (desc->params[i].type == IMP_PATH && n->param_text[i])
            own_picture = false;
    }
    n->takes_item = own_picture;
    for (size_t k = 0; k < s->key_count && !others; k++)
        if (!s->keys[k].used && !is_wire_key(s->keys[k].key) &&
            strncmp(s->keys[k].key, "x-", 2) != 0)
            no_such_key(b, d, &s->keys[k]);
}
