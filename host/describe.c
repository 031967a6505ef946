/* describe.c - one filter for people and for programs, from its descriptor alone. */
#include "describe.h"
#include <math.h>
#include <string.h>
#include "params.h"
#include "wrap.h"

enum {
    CHANNELS = 1u << 1 | 1u << 3 | 1u << 4,
    COLOURS = 1u << IMP_SRGB | 1u << IMP_LINEAR | 1u << IMP_DATA
};

static const char *or_empty(const char *s)
{
    return s ? s : "";
}

static const char *const kind_names[] = {"?", "image", "tensor", "table", "object"};

static const char *kind_name(uint32_t kind)
{
    return kind < sizeof kind_names / sizeof *kind_names ? kind_names[kind] : "?";
}

/* The names of the bits of a mask: "1, 3 or 4". */
static void add_mask(struct text *t, uint32_t mask, const char *const *names)
{
    for (uint32_t i = 0; i < 5; i++) {
        if (!(mask & 1u << i))
            continue;
        const uint32_t before = mask & ((1u << i) - 1), after = mask >> (i + 1);
        text_addf(t, "%s%s", !before ? "" : after ? ", " : " or ", names[i]);
    }
}

const char *describe_port(struct arena *arena, const imp_port *p)
{
    static const char *const counts[] = {"0", "1", "2", "3", "4"};
    static const char *const colours[] = {"?", "sRGB", "linear", "data", "?"};
    struct text t = {0};
    text_add(&t, kind_name(p->kind));
    if (p->kind == IMP_OBJECT)
        text_addf(&t, " %s", or_empty(p->type));
    if (p->kind == IMP_IMAGE && p->channels & CHANNELS) {
        text_add(&t, " of ");
        add_mask(&t, p->channels & CHANNELS, counts);
        text_add(&t, (p->channels & CHANNELS) == 1u << 1 ? " channel" : " channels");
    }
    if (p->kind == IMP_IMAGE && p->colours & COLOURS) {
        text_add(&t, ", ");
        add_mask(&t, p->colours & COLOURS, colours);
    }
    if (p->flags & IMP_PORT_MANY)
        text_add(&t, ", one or more");
    if (p->flags & IMP_PORT_OPTIONAL)
        text_add(&t, ", optional");
    const char *result = arena_strdup(arena, t.data);
    text_free(&t);
    return result;
}

static const char *default_text(struct arena *arena, const imp_param *p)
{
    imp_cell cell;
    if ((p->flags & IMP_PARAM_REQUIRED) || !params_default(arena, p, &cell))
        return "";
    return params_print(arena, p, &cell);
}

/* "0.1 .. 100 px", "area|lanczos", "yes or no": what may be written. */
static const char *range_text(struct arena *arena, const imp_param *p)
{
    if (p->type == IMP_CHOICE)
        return or_empty(p->choices);
    const char *range = params_range_text(arena, p);
    if (*range)
        return range;
    return p->unit && *p->unit ? arena_printf(arena, "%s, %s", params_type_name(p), p->unit)
                               : params_type_name(p);
}

/* ---- text ---- */

static void text_ports(struct arena *arena, const char *title, const imp_port *ports, uint32_t n,
                       struct text *out)
{
    if (n)
        text_addf(out, "\n%s:\n", title);
    for (uint32_t i = 0; i < n; i++) {
        text_addf(out, "  %-14s %s\n", ports[i].name, describe_port(arena, &ports[i]));
        if (ports[i].help && *ports[i].help) {
            text_addf(out, "%17s", "");
            wrap_add(out, 17, 17, "", ports[i].help);
        }
    }
}

static void text_params(struct arena *arena, const imp_filter *f, struct text *out)
{
    if (f->param_count)
        text_add(out, "\nkeys:\n");
    for (uint32_t i = 0; i < f->param_count; i++) {
        const imp_param *p = &f->params[i];
        const char *def = default_text(arena, p);
        text_addf(out, "  %-14s ", p->flags & IMP_PARAM_OTHERS ? "..." : p->key);
        const char *state = p->flags & IMP_PARAM_REQUIRED ? "required"
                            : *def                        ? arena_printf(arena, "default %s", def)
                                                          : "optional";
        wrap_add(out, 17, 17, "", arena_printf(arena, "%s (%s)", range_text(arena, p), state));
        if (p->help && *p->help) {
            text_addf(out, "%17s", "");
            wrap_add(out, 17, 17, "", p->help);
        }
    }
}

void describe_text(struct arena *arena, const struct filter_info *info, struct text *out)
{
    const imp_filter *f = &info->desc;
    text_addf(out, "%s: ", f->id);
    wrap_add(out, strlen(f->id) + 2, 0, "", or_empty(f->summary));
    if (f->help && *f->help) {
        text_add(out, "\n");
        wrap_add(out, 0, 0, "", f->help);
    }
    text_ports(arena, "takes", f->inputs, f->input_count, out);
    text_ports(arena, "gives", f->outputs, f->output_count, out);
    text_params(arena, f, out);
    text_addf(out, "\nfrom %s\n", info->plugin ? info->plugin->path : "impasto itself");
}

/* ---- a section to paste ---- */

static void ini_wires(struct arena *arena, const imp_filter *f, struct text *out)
{
    for (uint32_t i = 0; i < f->input_count; i++) {
        const imp_port *p = &f->inputs[i];
        const char *wire = i ? arena_printf(arena, "in.%s", p->name) : "in";
        text_addf(out, "; %-10s = node%*s ; %s\n", wire, 8, "", describe_port(arena, p));
    }
}

void describe_ini(struct arena *arena, const struct filter_info *info, struct text *out)
{
    const imp_filter *f = &info->desc;
    struct text name = {0};
    text_add(&name, f->id);
    for (char *s = name.data; *s; s++)
        *s = *s == '.' ? '-' : *s;
    text_add(out, "; ");
    wrap_add(out, 2, 2, ";", or_empty(f->summary));
    text_addf(out, "[%s]\nfilter = %s\n", name.data, f->id);
    text_free(&name);
    ini_wires(arena, f, out);
    for (uint32_t i = 0; i < f->param_count; i++) {
        const imp_param *p = &f->params[i];
        if (p->flags & IMP_PARAM_OTHERS)
            continue;
        const char *def = default_text(arena, p);
        const bool required = p->flags & IMP_PARAM_REQUIRED;
        text_add(out, "; ");
        wrap_add(out, 2, 2, ";",
                 arena_printf(arena, "%s%s%s%s", or_empty(p->help), p->help && *p->help ? " " : "",
                              range_text(arena, p), required ? ", required" : ""));
        text_addf(out, "%s%s =%s%s\n", required || *def ? "" : "; ", p->key, *def ? " " : "", def);
    }
}

/* ---- Markdown ---- */

static void markdown_cell(struct text *out, const char *s)
{
    for (; *s; s++)
        text_addf(out, "%s%c", *s == '|' ? "\\" : "", *s == '\n' ? ' ' : *s);
}

static void markdown_ports(struct arena *arena, const char *title, const imp_port *ports,
                           uint32_t n, struct text *out)
{
    if (n)
        text_addf(out, "\n| %s | what | |\n|---|---|---|\n", title);
    for (uint32_t i = 0; i < n; i++) {
        text_addf(out, "| `%s` | %s | ", ports[i].name, describe_port(arena, &ports[i]));
        markdown_cell(out, or_empty(ports[i].help));
        text_add(out, " |\n");
    }
}

const char *describe_anchor(struct arena *arena, const char *id)
{
    struct text t = {0};
    for (; *id; id++)
        if (*id != '.') /* letters, digits, _ and - stay */
            text_addn(&t, id, 1);
    const char *anchor = arena_strdup(arena, t.data ? t.data : "");
    text_free(&t);
    return anchor;
}

void describe_markdown(struct arena *arena, const struct filter_info *info, struct text *out)
{
    const imp_filter *f = &info->desc;
    text_addf(out, "## %s\n\n%s\n", f->id, or_empty(f->summary));
    if (f->help && *f->help)
        text_addf(out, "\n%s\n", f->help);
    markdown_ports(arena, "takes", f->inputs, f->input_count, out);
    markdown_ports(arena, "gives", f->outputs, f->output_count, out);
    if (f->param_count)
        text_add(out, "\n| key | values | default | |\n|---|---|---|---|\n");
    for (uint32_t i = 0; i < f->param_count; i++) {
        const imp_param *p = &f->params[i];
        text_addf(out, "| `%s` | ", p->key);
        markdown_cell(out, range_text(arena, p));
        text_add(out, " | ");
        markdown_cell(out, p->flags & IMP_PARAM_REQUIRED ? "required" : default_text(arena, p));
        text_add(out, " | ");
        markdown_cell(out, or_empty(p->help));
        text_add(out, " |\n");
    }
}

/* ---- JSON ---- */

static const char *type_word(uint32_t type)
{
    static const char *const names[] = {"?",    "bool", "int",     "float", "choice",
                                        "text", "path", "numbers", "names", "colour"};
    return type < sizeof names / sizeof *names ? names[type] : "?";
}

static void json_range(cJSON *o, const imp_param *p)
{
    if (p->min >= p->max)
        return;
    if (isfinite(p->min))
        cJSON_AddNumberToObject(o, "min", p->min);
    if (isfinite(p->max))
        cJSON_AddNumberToObject(o, "max", p->max);
}

static cJSON *json_param(struct arena *arena, const imp_param *p)
{
    cJSON *o = cJSON_CreateObject();
    cJSON_AddStringToObject(o, "key", p->key);
    cJSON_AddStringToObject(o, "type", type_word(p->type));
    cJSON_AddStringToObject(o, "help", or_empty(p->help));
    if (p->unit && *p->unit)
        cJSON_AddStringToObject(o, "unit", p->unit);
    if (!(p->flags & IMP_PARAM_REQUIRED))
        cJSON_AddStringToObject(o, "default", default_text(arena, p));
    json_range(o, p);
    if (p->type == IMP_CHOICE) {
        size_t n;
        const char *const *choices = params_choices(arena, p, &n);
        cJSON *list = cJSON_AddArrayToObject(o, "choices");
        for (size_t i = 0; i < n; i++)
            cJSON_AddItemToArray(list, cJSON_CreateString(choices[i]));
    }
    cJSON_AddBoolToObject(o, "required", (p->flags & IMP_PARAM_REQUIRED) != 0);
    cJSON_AddBoolToObject(o, "written", (p->flags & IMP_PARAM_WRITTEN) != 0);
    cJSON_AddBoolToObject(o, "model", (p->flags & IMP_PARAM_MODEL) != 0);
    cJSON_AddBoolToObject(o, "others", (p->flags & IMP_PARAM_OTHERS) != 0);
    return o;
}

static void json_ports(cJSON *o, const char *key, const imp_port *ports, uint32_t n)
{
    cJSON *list = cJSON_AddArrayToObject(o, key);
    for (uint32_t i = 0; i < n; i++) {
        cJSON *p = cJSON_CreateObject(), *counts = NULL;
        cJSON_AddStringToObject(p, "name", ports[i].name);
        cJSON_AddStringToObject(p, "kind", kind_name(ports[i].kind));
        if (ports[i].kind == IMP_OBJECT)
            cJSON_AddStringToObject(p, "type", or_empty(ports[i].type));
        cJSON_AddStringToObject(p, "help", or_empty(ports[i].help));
        if (ports[i].channels)
            counts = cJSON_AddArrayToObject(p, "channels");
        for (int k = 1; counts && k <= 4; k++)
            if (ports[i].channels & 1u << k)
                cJSON_AddItemToArray(counts, cJSON_CreateNumber(k));
        cJSON_AddBoolToObject(p, "optional", (ports[i].flags & IMP_PORT_OPTIONAL) != 0);
        cJSON_AddBoolToObject(p, "many", (ports[i].flags & IMP_PORT_MANY) != 0);
        cJSON_AddItemToArray(list, p);
    }
}

cJSON *describe_json(struct arena *arena, const struct filter_info *info)
{
    const imp_filter *f = &info->desc;
    cJSON *o = cJSON_CreateObject();
    cJSON_AddStringToObject(o, "schema", "impasto.describe/1");
    cJSON_AddStringToObject(o, "type", "filter");
    cJSON_AddStringToObject(o, "id", f->id);
    cJSON_AddStringToObject(o, "plugin", info->plugin ? info->plugin->id : "host");
    cJSON_AddStringToObject(o, "summary", or_empty(f->summary));
    cJSON_AddStringToObject(o, "help", or_empty(f->help));
    cJSON_AddBoolToObject(o, "deterministic", (f->flags & IMP_FILTER_DETERMINISTIC) != 0);
    cJSON_AddBoolToObject(o, "early", (f->flags & IMP_FILTER_EARLY) != 0);
    cJSON_AddStringToObject(o, "threads", f->threads == IMP_PARALLEL ? "parallel" : "serial");
    json_ports(o, "inputs", f->inputs, f->input_count);
    json_ports(o, "outputs", f->outputs, f->output_count);
    cJSON *params = cJSON_AddArrayToObject(o, "params");
    for (uint32_t i = 0; i < f->param_count; i++)
        cJSON_AddItemToArray(params, json_param(arena, &f->params[i]));
    return o;
}
