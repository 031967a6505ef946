/* command_list.c - `impasto list`: what is there, from where, what was refused. */
#include "command.h"
#include "jsonline.h"
#include "params.h"
#include <string.h>

/* One row of a listing, as a line for people, a bare name or a JSON object. */
struct lister {
    struct command *c;
    const char *type; /* of JSON objects: "filter" */
    size_t count;
    bool names, json;
};

/* fields: key, value, key, value ... NULL, after the name. */
static void row_json(struct lister *l, const char *name, const char *const *fields)
{
    struct text text = {0};
    json_begin(&text, "impasto.list/1", l->type);
    json_text(&text, "name", name);
    for (; *fields; fields += 2)
        json_text(&text, fields[0], fields[1]);
    json_end(&text);
    fputs(text.data, l->c->out);
    text_free(&text);
}

static void row(struct lister *l, const char *name, const char *line, const char *const *fields)
{
    l->count++;
    if (l->json)
        row_json(l, name, fields);
    else
        fprintf(l->c->out, "%s\n", l->names ? name : line);
}

#define FIELDS(...)                                                                                \
    (const char *const[])                                                                          \
    {                                                                                              \
        __VA_ARGS__, NULL                                                                          \
    }
/* A line of the arena, printf-like. */
#define LINE(l, ...) arena_printf((l)->c->arena, __VA_ARGS__)

static void list_filter(struct lister *l, const struct filter_info *f)
{
    const char *summary = f->desc.summary ? f->desc.summary : "";
    row(l, f->desc.id, LINE(l, "  %-18s %s", f->desc.id, summary),
        FIELDS("summary", summary, "plugin", f->plugin ? f->plugin->id : "host"));
}

/* Those of one plugin (NULL: the host), under its name. */
static void list_filters_of(struct lister *l, const struct plugin *plugin)
{
    size_t n;
    struct filter_info *const *filters = registry_filters(l->c->registry, &n);
    bool titled = l->json || l->names;
    for (size_t i = 0; i < n; i++) {
        if (filters[i]->plugin != plugin)
            continue;
        if (!titled)
            fprintf(l->c->out, "%s%s\n", l->count ? "\n" : "",
                    plugin ? plugin->id : "impasto itself");
        titled = true;
        list_filter(l, filters[i]);
    }
}

static int list_filters(struct lister *l)
{
    size_t n;
    struct plugin *const *plugins = registry_plugins(l->c->registry, &n);
    list_filters_of(l, NULL);
    for (size_t i = 0; i < n; i++)
        list_filters_of(l, plugins[i]);
    return 0;
}

static int list_plugins(struct lister *l)
{
    size_t n;
    struct plugin *const *plugins = registry_plugins(l->c->registry, &n);
    for (size_t i = 0; i < n; i++) {
        const struct plugin *p = plugins[i];
        const char *name = p->id ? p->id : p->path;
        if (p->refused)
            row(l, name, LINE(l, "refused  %s\n         %s", p->path, p->refused),
                FIELDS("path", p->path, "refused", p->refused));
        else if (p->shadowed_by)
            row(l, name,
                LINE(l, "shadowed %s\n         %s is taken from %s", p->path, name, p->shadowed_by),
                FIELDS("path", p->path, "shadowed_by", p->shadowed_by));
        else
            row(l, name,
                LINE(l, "%-16s %-8s %3u filters  %s%s%s", name, p->version,
                     (unsigned)p->filter_count, p->path, p->warning ? "\n         warning: " : "",
                     p->warning ? p->warning : ""),
                FIELDS("version", p->version, "licence", p->licence ? p->licence : "", "path",
                       p->path));
    }
    return 0;
}

static int list_services(struct lister *l)
{
    size_t n;
    struct plugin *const *plugins = registry_plugins(l->c->registry, &n);
    for (size_t i = 0; i < n; i++)
        for (uint32_t k = 0; !plugins[i]->refused && k < plugins[i]->provides_count; k++)
            row(l, plugins[i]->provides[k],
                LINE(l, "%-24s %s", plugins[i]->provides[k], plugins[i]->id),
                FIELDS("plugin", plugins[i]->id));
    return 0;
}

/* Title, or the first sentence of the preset's opening comment; "" without either. */
static const char *preset_title(struct lister *l, const char *path)
{
    struct arena *arena = l->c->arena;
    struct report *quiet = report_new();
    struct preset *preset = quiet ? preset_load(arena, path, NULL, 0, NULL, 0, quiet) : NULL;
    report_free(quiet);
    return preset && preset->title ? preset->title : "";
}

static int list_presets(struct lister *l)
{
    const struct settings *s = l->c->settings;
    const char *const *names, *const *files;
    const size_t n =
        preset_list(l->c->arena, s->preset_search, s->preset_search_count, &names, &files);
    for (size_t i = 0; i < n; i++) {
        const char *title = l->names ? "" : preset_title(l, files[i]);
        row(l, names[i], LINE(l, "%-20s %s", names[i], *title ? title : files[i]),
            FIELDS("title", title, "path", files[i]));
    }
    return 0;
}

static void list_folder(struct lister *l, const char *kind, const char *path)
{
    row(l, path, LINE(l, "%-8s %s", kind, path), FIELDS("kind", kind));
}

static int list_paths(struct lister *l)
{
    const struct settings *s = l->c->settings;
    size_t n;
    const char *const *places = registry_places(l->c->registry, &n);
    for (size_t i = 0; i < n; i++)
        list_folder(l, "plugins", places[i]);
    for (size_t i = 0; i < s->preset_search_count; i++)
        list_folder(l, "presets", s->preset_search[i]);
    for (size_t i = 0; i < s->model_search_count; i++)
        list_folder(l, "models", s->model_search[i]);
    if (s->config)
        list_folder(l, "config", s->config);
    if (s->cache)
        list_folder(l, "cache", s->cache);
    return 0;
}

static int list_errors(struct lister *l)
{
#define CODE(code, title, ...) row(l, code, code "  " title, FIELDS("title", title));
#include "codes.def"
    return 0;
}

/* ---- of one preset ---- */

static int list_nodes(struct lister *l, const struct graph *graph)
{
    static const char *const phases[] = {"once", "per picture", "gathers"};
    for (uint32_t i = 0; i < graph->node_count; i++) {
        const struct node *n = &graph->nodes[i];
        row(l, n->name, LINE(l, "%-16s %-16s %s", n->name, n->filter->desc.id, phases[n->phase]),
            FIELDS("filter", n->filter->desc.id, "phase", phases[n->phase]));
    }
    return 0;
}

static void list_params_of(struct lister *l, const struct node *n)
{
    for (uint32_t k = 0; k < n->filter->desc.param_count; k++) {
        const imp_param *p = &n->filter->desc.params[k];
        if (p->flags & IMP_PARAM_OTHERS)
            continue;
        const char *name = LINE(l, "%s.%s", n->name, p->key);
        const char *value =
            n->param_text[k] ? n->param_text[k] : params_print(l->c->arena, p, &n->params[k]);
        row(l, name, LINE(l, "%-24s %-16s %s", name, value, p->help ? p->help : ""),
            FIELDS("value", value, "help", p->help ? p->help : ""));
    }
}

static int list_params(struct lister *l, const struct graph *graph)
{
    const struct preset *preset = graph->preset;
    for (size_t i = 0; i < preset->var_count; i++) {
        const char *name = LINE(l, "vars.%s", preset->vars[i].key);
        row(l, name, LINE(l, "%-24s %s", name, preset->vars[i].value),
            FIELDS("value", preset->vars[i].value));
    }
    for (uint32_t i = 0; i < graph->node_count; i++)
        list_params_of(l, &graph->nodes[i]);
    return 0;
}

/* ---- what is asked for ---- */

static const struct kind {
    const char *name, *type;
    int (*list)(struct lister *);
    int (*of_graph)(struct lister *, const struct graph *);
} kinds[] = {
    {"filters", "filter", list_filters, NULL}, {"plugins", "plugin", list_plugins, NULL},
    {"presets", "preset", list_presets, NULL}, {"services", "service", list_services, NULL},
    {"paths", "path", list_paths, NULL},       {"errors", "error", list_errors, NULL},
    {"nodes", "node", NULL, list_nodes},       {"params", "param", NULL, list_params},
};
enum { KINDS = sizeof kinds / sizeof *kinds };

static const struct kind *find_kind(struct command *c, const char *word)
{
    const char *names[KINDS];
    for (size_t i = 0; i < KINDS; i++)
        if (!strcmp(names[i] = kinds[i].name, word))
            return &kinds[i];
    const char *near = nearest_name(word, names, KINDS);
    command_usage(c, near ? arena_printf(c->arena, "did you mean '%s'?", near) : NULL,
                  "there is no list of '%s'", word);
    return NULL;
}

static int list_of_preset(struct lister *l, const struct kind *kind)
{
    struct command *c = l->c;
    struct preset *preset;
    int status;
    if (c->args->operand_count < 2)
        return command_usage(c, NULL, "impasto list %s needs a preset", kind->name);
    const struct graph *graph = command_graph(c, c->args->operands[1], &preset, &status);
    return graph ? kind->of_graph(l, graph) : status;
}

static void print_summary(struct lister *l)
{
    struct text text = {0};
    json_begin(&text, "impasto.list/1", "summary");
    json_count(&text, "count", l->count);
    json_end(&text);
    fputs(text.data, l->c->out);
    text_free(&text);
}

int command_list(struct command *c)
{
    const struct arguments *a = c->args;
    struct lister l = {
        .c = c, .names = command_has(c, OPT_NAMES), .json = command_has(c, OPT_JSON)};
    const struct kind *kind = find_kind(c, a->operand_count ? a->operands[0] : "filters");
    if (!kind || command_clash(c, OPT_NAMES, OPT_JSON))
        return 2;
    if (kind->list && a->operand_count > 1)
        return command_usage(c, NULL, "impasto list %s has nothing to do with '%s'", kind->name,
                             a->operands[1]);
    if (!command_registry(c))
        return 5;
    l.type = kind->type;
    const int status = kind->list ? kind->list(&l) : list_of_preset(&l, kind);
    if (!status && l.json)
        print_summary(&l);
    return status;
}
