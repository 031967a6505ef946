/* command_describe.c - `impasto describe`: a filter, a plugin, a preset or the code of a message.
 */
#include <string.h>
#include "command.h"
#include "describe.h"
#include "wrap.h"

struct code_row {
    const char *code, *title, *text, *mend;
};
static const struct code_row codes[] = {
#define CODE(c, t, x, m) {c, t, x, m},
#include "codes.def"
};
enum { CODES = sizeof codes / sizeof *codes };

enum form { FORM_TEXT, FORM_INI, FORM_MARKDOWN, FORM_JSON };

static void put_text(struct command *c, struct text *text)
{
    fputs(text->data ? text->data : "", c->out);
    text_free(text);
}

static void put_json(struct command *c, cJSON *object)
{
    char *line = cJSON_PrintUnformatted(object);
    fprintf(c->out, "%s\n", line ? line : "{}");
    cJSON_free(line);
    cJSON_Delete(object);
}

static cJSON *json_new(const char *type)
{
    cJSON *o = cJSON_CreateObject();
    cJSON_AddStringToObject(o, "schema", "impasto.describe/1");
    cJSON_AddStringToObject(o, "type", type);
    return o;
}

static int filter(struct command *c, const struct filter_info *info, enum form form)
{
    struct text text = {0};
    if (form == FORM_JSON) {
        put_json(c, describe_json(c->arena, info));
        return 0;
    }
    if (form == FORM_INI)
        describe_ini(c->arena, info, &text);
    else if (form == FORM_MARKDOWN)
        describe_markdown(c->arena, info, &text);
    else
        describe_text(c->arena, info, &text);
    put_text(c, &text);
    return 0;
}

static cJSON *plugin_json(const struct plugin *p)
{
    cJSON *o = json_new("plugin");
    cJSON_AddStringToObject(o, "path", p->path);
    if (p->refused)
        cJSON_AddStringToObject(o, "refused", p->refused);
    if (p->id)
        cJSON_AddStringToObject(o, "id", p->id);
    if (p->version)
        cJSON_AddStringToObject(o, "version", p->version);
    if (p->licence)
        cJSON_AddStringToObject(o, "licence", p->licence);
    cJSON *list = cJSON_AddArrayToObject(o, "filters");
    for (uint32_t i = 0; i < p->filter_count; i++)
        cJSON_AddItemToArray(list, cJSON_CreateString(p->filters[i]->desc.id));
    cJSON *services = cJSON_AddArrayToObject(o, "provides");
    for (uint32_t i = 0; i < p->provides_count; i++)
        cJSON_AddItemToArray(services, cJSON_CreateString(p->provides[i]));
    return o;
}

static void names_line(struct command *c, const char *title, const char *const *names)
{
    for (size_t i = 0; names && names[i]; i++)
        fprintf(c->out, "%s %s%s", i ? "" : title, names[i], names[i + 1] ? "" : "\n");
}

static int plugin(struct command *c, const struct plugin *p, enum form form)
{
    if (form == FORM_JSON) {
        put_json(c, plugin_json(p));
        return 0;
    }
    if (form == FORM_INI)
        return command_usage(c, "give one of its filters",
                             "--ini describes a filter, '%s' is a plugin", p->id);
    const bool markdown = form == FORM_MARKDOWN;
    if (markdown)
        fprintf(c->out, "# %s %s\n\nLicence: %s\n", p->id, p->version,
                p->licence ? p->licence : "not said");
    else
        fprintf(c->out, "%s %s\n%s\nlicence: %s\n", p->id, p->version, p->path,
                p->licence ? p->licence : "not said");
    names_line(c, "needs:", p->needs);
    names_line(c, "wants:", p->wants);
    for (uint32_t i = 0; i < p->provides_count; i++)
        fprintf(c->out, "provides: %s\n", p->provides[i]);
    for (uint32_t i = 0; i < p->filter_count; i++) {
        fprintf(c->out, "\n");
        if (markdown)
            filter(c, p->filters[i], form);
        else
            fprintf(c->out, "%s\n    %s\n", p->filters[i]->desc.id, p->filters[i]->desc.summary);
    }
    return 0;
}

static int code(struct command *c, const struct code_row *row, enum form form)
{
    struct text text = {0};
    if (form == FORM_JSON) {
        cJSON *o = json_new("error");
        cJSON_AddStringToObject(o, "code", row->code);
        cJSON_AddStringToObject(o, "title", row->title);
        cJSON_AddStringToObject(o, "text", row->text);
        cJSON_AddStringToObject(o, "mend", row->mend);
        put_json(c, o);
        return 0;
    }
    if (form == FORM_INI)
        return command_usage(c, NULL, "--ini describes a filter, '%s' is a message", row->code);
    text_addf(&text, form == FORM_MARKDOWN ? "## %s: %s\n\n" : "%s: %s\n\n", row->code, row->title);
    wrap_add(&text, 0, 0, "", row->text);
    text_add(&text, "\n");
    wrap_add(&text, 0, 0, "", row->mend);
    put_text(c, &text);
    return 0;
}

/* ---- presets ---- */

static cJSON *preset_json(const struct graph *graph)
{
    const struct preset *p = graph->preset;
    cJSON *o = json_new("preset"), *vars, *nodes;
    cJSON_AddStringToObject(o, "path", p->path);
    cJSON_AddStringToObject(o, "title", p->title ? p->title : "");
    vars = cJSON_AddObjectToObject(o, "vars");
    for (size_t i = 0; i < p->var_count; i++)
        cJSON_AddStringToObject(vars, p->vars[i].key, p->vars[i].value);
    nodes = cJSON_AddArrayToObject(o, "nodes");
    for (uint32_t i = 0; i < graph->node_count; i++) {
        cJSON *n = cJSON_CreateObject();
        cJSON_AddStringToObject(n, "name", graph->nodes[i].name);
        cJSON_AddStringToObject(n, "filter", graph->nodes[i].filter->desc.id);
        cJSON_AddItemToArray(nodes, n);
    }
    return o;
}

static void preset_text(struct command *c, const struct graph *graph, bool markdown)
{
    const struct preset *p = graph->preset;
    fprintf(c->out, "%s%s\n%s\n", markdown ? "# " : "",
            p->title ? p->title : "(a preset without a title)", p->path);
    if (p->author)
        fprintf(c->out, "by %s\n", p->author);
    if (p->license)
        fprintf(c->out, "licence: %s\n", p->license);
    if (p->var_count)
        fprintf(c->out, "\nvariables, for --set vars.NAME=VALUE:\n");
    for (size_t i = 0; i < p->var_count; i++)
        fprintf(c->out, "  %-16s %s\n", p->vars[i].key, p->vars[i].value);
    fprintf(c->out, "\nnodes:\n");
    for (uint32_t i = 0; i < graph->node_count; i++)
        fprintf(c->out, "  %-16s %-16s %s\n", graph->nodes[i].name, graph->nodes[i].filter->desc.id,
                graph->nodes[i].filter->desc.summary);
    fprintf(c->out, "\nall keys: impasto list params %s\n", p->path);
}

static int preset(struct command *c, const char *name, enum form form)
{
    struct preset *p;
    int status;
    if (form == FORM_INI)
        return command_usage(c, "impasto check PRESET --resolved prints one",
                             "--ini describes a filter, '%s' is a preset", name);
    const struct graph *graph = command_graph(c, name, &p, &status);
    if (!graph)
        return status;
    if (form == FORM_JSON)
        put_json(c, preset_json(graph));
    else
        preset_text(c, graph, form == FORM_MARKDOWN);
    return 0;
}

static bool is_preset(struct command *c, const char *name)
{
    const size_t n = strlen(name);
    const char *const *names, *const *files;
    if (strchr(name, '/') || (n > 4 && !strcmp(name + n - 4, ".ini")))
        return true;
    const size_t count = preset_list(c->arena, c->settings->preset_search,
                                     c->settings->preset_search_count, &names, &files);
    for (size_t i = 0; i < count; i++)
        if (!strcmp(names[i], name))
            return true;
    return false;
}

/* ---- which of them ---- */

static int unknown(struct command *c, const char *name)
{
    const struct settings *s = c->settings;
    const char *const *names, *const *files;
    size_t n;
    const char *const *ids = registry_filter_ids(c->registry, &n);
    const char *near = nearest_name(name, ids, n);
    if (!near) {
        n = preset_list(c->arena, s->preset_search, s->preset_search_count, &names, &files);
        near = nearest_name(name, names, n);
    }
    usage_fault(c->report, "E0817", c->verb,
                near ? arena_printf(c->arena, "did you mean '%s'?", near)
                     : "see: impasto list filters, plugins, presets, errors",
                "there is no filter, plugin, preset or message '%s'", name);
    return 2;
}

static int describe_one(struct command *c, const char *name, enum form form)
{
    size_t n;
    const struct filter_info *info = registry_find(c->registry, name);
    if (info)
        return filter(c, info, form);
    struct plugin *const *plugins = registry_plugins(c->registry, &n);
    for (size_t i = 0; i < n; i++)
        if (plugins[i]->id && !plugins[i]->refused && !strcmp(plugins[i]->id, name))
            return plugin(c, plugins[i], form);
    for (size_t i = 0; i < CODES; i++)
        if (!strcmp(codes[i].code, name))
            return code(c, &codes[i], form);
    return is_preset(c, name) ? preset(c, name, form) : unknown(c, name);
}

static const char *plugin_of(const struct filter_info *info)
{
    return info->plugin && info->plugin->id ? info->plugin->id : "impasto itself";
}

/* The contents of the page: a list for each plugin, the program's own first. */
static void contents(struct command *c, struct filter_info *const *filters, size_t n)
{
    fputs("# Filters\n\nWritten by `impasto describe --markdown`.\n", c->out);
    for (const char *last = NULL;;) {
        const char *next = NULL; /* the least id after the last */
        for (size_t i = 0; i < n; i++) {
            const char *id = filters[i]->plugin ? plugin_of(filters[i]) : "";
            if ((!last || strcmp(id, last) > 0) && (!next || strcmp(id, next) < 0))
                next = id;
        }
        if (!next)
            break;
        fprintf(c->out, "\n**%s**\n\n", *next ? next : "impasto itself");
        for (size_t i = 0; i < n; i++)
            if (!strcmp(filters[i]->plugin ? plugin_of(filters[i]) : "", next))
                fprintf(c->out, "- [%s](#%s): %s\n", filters[i]->desc.id,
                        describe_anchor(c->arena, filters[i]->desc.id), filters[i]->desc.summary);
        last = next;
    }
    fputs("\n", c->out);
}

static int describe_all(struct command *c, enum form form)
{
    size_t n_plugins, n;
    struct plugin *const *plugins = registry_plugins(c->registry, &n_plugins);
    struct filter_info *const *filters = registry_filters(c->registry, &n);
    if (form != FORM_JSON && form != FORM_MARKDOWN)
        return command_usage(c, "or --json, --markdown for all", "impasto describe needs a name");
    if (form == FORM_MARKDOWN)
        contents(c, filters, n);
    for (size_t i = 0; i < n_plugins && form == FORM_JSON; i++)
        put_json(c, plugin_json(plugins[i]));
    for (size_t i = 0; i < n; i++) {
        if (i && form == FORM_MARKDOWN)
            fputs("\n", c->out);
        filter(c, filters[i], form);
    }
    for (size_t i = 0; i < CODES && form == FORM_JSON; i++)
        code(c, &codes[i], form);
    if (form != FORM_JSON)
        return 0;
    cJSON *o = json_new("summary");
    cJSON_AddNumberToObject(o, "plugins", (double)n_plugins);
    cJSON_AddNumberToObject(o, "filters", (double)n);
    cJSON_AddNumberToObject(o, "errors", CODES);
    put_json(c, o);
    return 0;
}

int command_describe(struct command *c)
{
    const enum form form = command_has(c, OPT_INI)        ? FORM_INI
                           : command_has(c, OPT_MARKDOWN) ? FORM_MARKDOWN
                           : command_has(c, OPT_JSON)     ? FORM_JSON
                                                          : FORM_TEXT;
    if (command_clash(c, OPT_INI, OPT_MARKDOWN) || command_clash(c, OPT_INI, OPT_JSON) ||
        command_clash(c, OPT_MARKDOWN, OPT_JSON))
        return 2;
    if (!command_registry(c))
        return 5;
    return c->args->operand_count ? describe_one(c, c->args->operands[0], form)
                                  : describe_all(c, form);
}
