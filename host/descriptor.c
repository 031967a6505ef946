/* descriptor.c - checks and copies what a plugin says of itself. */
#include "descriptor.h"
#include <inttypes.h>
#include <math.h>
#include <string.h>
#include "module.h"
#include "params.h"

enum {
    MOST_FILTERS = 4096,
    MOST_PARAMS = 512,
    MOST_PORTS = 64,
    MOST_IDS = 256,
    MOST_STRIDE = 4096
};

/* One plugin under examination; what is wrong is said once, in `refusal`. */
struct exam {
    struct arena *arena;
    const char *base, *id; /* file, plugin */
    const char *filter;    /* at the moment; NULL */
    const char *refusal;
};

__attribute__((format(printf, 2, 3))) static bool refuse(struct exam *e, const char *fmt, ...)
{
    va_list ap;
    if (e->refusal)
        return false;
    va_start(ap, fmt);
    const char *what = arena_vprintf(e->arena, fmt, ap);
    va_end(ap);
    e->refusal = e->filter ? arena_printf(e->arena, "%s: %s: filter '%s': %s", e->base, e->id,
                                          e->filter, what)
                           : arena_printf(e->arena, "%s: %s: %s", e->base, e->id, what);
    return false;
}

/* ---- words ---- */

/* Length of the UTF-8 sequence at s, 0 when it is none (overlong, surrogate, beyond U+10FFFF). */
static int utf8_length(const unsigned char *s)
{
    if (s[0] < 0x80)
        return 1;
    const int n = s[0] >= 0xf0 ? 4 : s[0] >= 0xe0 ? 3 : 2;
    if (s[0] < 0xc2 || s[0] > 0xf4)
        return 0;
    for (int i = 1; i < n; i++)
        if ((s[i] & 0xc0) != 0x80)
            return 0;
    if ((s[0] == 0xe0 && s[1] < 0xa0) || (s[0] == 0xed && s[1] > 0x9f) ||
        (s[0] == 0xf0 && s[1] < 0x90) || (s[0] == 0xf4 && s[1] > 0x8f))
        return 0;
    return n;
}

bool descriptor_utf8(const char *text)
{
    const unsigned char *s = (const unsigned char *)text;
    for (int n; *s; s += n) {
        n = utf8_length(s);
        if (!n || (*s < 0x20 && *s != '\t' && *s != '\n') || *s == 0x7f)
            return false;
    }
    return true;
}

static const char lower[] = "abcdefghijklmnopqrstuvwxyz",
                  word[] = "abcdefghijklmnopqrstuvwxyz0123456789_-";

bool descriptor_key(const char *text)
{
    const size_t n = strlen(text);
    return n > 0 && n < 50 && strchr(lower, text[0]) && strspn(text, word) == n &&
           !strchr(text, '-');
}

bool descriptor_id(const char *text)
{
    const size_t n = strlen(text);
    if (n == 0 || n > 100 || !strchr(lower, text[0]))
        return false;
    for (const char *at = text;; at++) {
        const size_t len = strspn(at, word);
        at += len;
        if (len == 0 || (*at && *at != '.'))
            return false;
        if (!*at)
            return true;
    }
}

bool descriptor_service_id(const char *text)
{
    const char *slash = strrchr(text, '/');
    char head[104];
    if (!slash || slash - text > 100 || strlen(slash) > 6)
        return false;
    snprintf(head, sizeof head, "%.*s", (int)(slash - text), text);
    return descriptor_id(head) && slash[1] >= '1' && slash[1] <= '9' &&
           strspn(slash + 1, "0123456789") == strlen(slash + 1);
}

/* A text that may be left out; *out is a copy. */
static bool take_text(struct exam *e, const char *what, const char *text, const char **out)
{
    *out = NULL;
    if (!text)
        return true;
    if (!descriptor_utf8(text))
        return refuse(e, "%s is not UTF-8 text: save the source as UTF-8", what);
    *out = arena_strdup(e->arena, text);
    return true;
}

/* ---- parameters ---- */

static const char *const type_names[] = {"?",    "BOOL", "INT",     "FLOAT", "CHOICE",
                                         "TEXT", "PATH", "NUMBERS", "NAMES", "COLOUR"};

static bool check_choices(struct exam *e, const imp_param *p)
{
    if (!p->choices || !*p->choices)
        return refuse(e, "parameter '%s' is a CHOICE without choices: list them as \"one|two\"",
                      p->key);
    for (const char *at = p->choices;; at++) {
        const size_t n = strcspn(at, "|");
        if (n == 0 || strcspn(at, " \t\n") < n)
            return refuse(e, "parameter '%s' has an empty choice or one with a blank: \"%s\"",
                          p->key, p->choices);
        for (const char *other = p->choices; other < at; other += strcspn(other, "|") + 1)
            if (strcspn(other, "|") == n && memcmp(other, at, n) == 0)
                return refuse(e, "parameter '%s' has the choice '%.*s' twice", p->key, (int)n, at);
        at += n;
        if (!*at)
            return true;
    }
}

static bool whole(double v)
{
    return isinf(v) || (v == floor(v) && fabs(v) <= 9007199254740992.0);
}

static bool check_numbers(struct exam *e, const imp_param *p)
{
    if (isnan(p->def) || isnan(p->min) || isnan(p->max) || isinf(p->def))
        return refuse(e, "parameter '%s' has a default or a range that is not a number", p->key);
    if (p->min > p->max)
        return refuse(e, "parameter '%s': its least value %g is above its greatest %g", p->key,
                      p->min, p->max);
    if (p->type == IMP_INT && !(whole(p->def) && whole(p->min) && whole(p->max)))
        return refuse(e, "parameter '%s' is an INT, its default and range must be whole numbers",
                      p->key);
    if (p->type == IMP_BOOL && p->def != 0 && p->def != 1)
        return refuse(e, "parameter '%s' is a BOOL, its default must be 0 or 1", p->key);
    const bool ranged = p->type != IMP_BOOL && p->min != p->max;
    if (ranged && !(p->flags & IMP_PARAM_REQUIRED) && (p->def < p->min || p->def > p->max))
        return refuse(e, "parameter '%s': its default %g is out of its range %g .. %g", p->key,
                      p->def, p->min, p->max);
    return true;
}

static bool check_flags(struct exam *e, const imp_param *p, bool last)
{
    if ((p->flags & (IMP_PARAM_WRITTEN | IMP_PARAM_MODEL)) && p->type != IMP_PATH)
        return refuse(e, "parameter '%s' is WRITTEN or MODEL, so it must be a PATH", p->key);
    if ((p->flags & IMP_PARAM_OTHERS) && (p->type != IMP_TEXT || !last))
        return refuse(e, "parameter '%s' takes OTHERS, so it must be a TEXT and the last", p->key);
    return true;
}

static bool check_param(struct exam *e, const imp_param *p, bool last)
{
    static const char *const taken[] = {"filter", "provider", "isolate", "in", "all"};
    imp_cell cell;
    for (size_t i = 0; i < sizeof taken / sizeof *taken; i++)
        if (strcmp(p->key, taken[i]) == 0)
            return refuse(e, "a parameter cannot be called '%s', presets use that key themselves",
                          p->key);
    if (p->type < IMP_BOOL || p->type > IMP_COLOUR)
        return refuse(e, "parameter '%s' has the unknown type %u", p->key, (unsigned)p->type);
    if (p->type == IMP_CHOICE && !check_choices(e, p))
        return false;
    if (p->type <= IMP_FLOAT && !check_numbers(e, p))
        return false;
    if (!check_flags(e, p, last))
        return false;
    if (!(p->flags & IMP_PARAM_REQUIRED) && !params_default(e->arena, p, &cell))
        return refuse(e, "parameter '%s': its default \"%s\" is no %s", p->key,
                      p->def_text ? p->def_text : "", type_names[p->type]);
    return true;
}

static bool copy_param(struct exam *e, imp_param *p)
{
    if (!p->key || !descriptor_key(p->key))
        return refuse(e, "'%s' is no key of a parameter: use a-z, 0-9 and _",
                      p->key && descriptor_utf8(p->key) ? p->key : "?");
    p->key = arena_strdup(e->arena, p->key);
    const char *what = arena_printf(e->arena, "a text of parameter '%s'", p->key);
    return take_text(e, what, p->unit, &p->unit) && take_text(e, what, p->help, &p->help) &&
           take_text(e, what, p->choices, &p->choices) &&
           take_text(e, what, p->def_text, &p->def_text);
}

/* Copies n rows of a table with its own stride into rows of `size` bytes, absent members zero. */
static void *copy_rows(struct exam *e, const char *what, const void *from, uint32_t n,
                       uint32_t stride, size_t size, uint32_t most)
{
    if (n > most || (n && !from) || (n && (stride < size || stride > MOST_STRIDE || stride % 8))) {
        if (n > most)
            refuse(e, "it has %u %s, %u are the most", (unsigned)n, what, (unsigned)most);
        else
            refuse(e, "the table of its %s has %u rows of %u bytes at %s: fill it in with IMP_LIST",
                   what, (unsigned)n, (unsigned)stride, from ? "an address" : "NULL");
        return NULL;
    }
    char *to = arena_alloc(e->arena, n ? n : 1, size);
    for (uint32_t i = 0; i < n; i++)
        memcpy(to + i * size, (const char *)from + (size_t)i * stride, size);
    return to;
}

static bool copy_params(struct exam *e, imp_filter *f)
{
    imp_param *rows = copy_rows(e, "parameters", f->params, f->param_count, f->param_stride,
                                sizeof *rows, MOST_PARAMS);
    if (!rows)
        return false;
    f->params = rows;
    f->param_stride = sizeof *rows;
    for (uint32_t i = 0; i < f->param_count; i++) {
        if (!copy_param(e, &rows[i]))
            return false;
        for (uint32_t k = 0; k < i; k++)
            if (strcmp(rows[i].key, rows[k].key) == 0)
                return refuse(e, "it has two parameters '%s'", rows[i].key);
        if (!check_param(e, &rows[i], i + 1 == f->param_count))
            return false;
    }
    return true;
}

/* ---- ports ---- */

static bool check_port(struct exam *e, const char *side, const imp_port *p, bool last)
{
    const uint32_t counts = 1u << 1 | 1u << 3 | 1u << 4,
                   colours = 1u << IMP_SRGB | 1u << IMP_LINEAR | 1u << IMP_DATA;
    if (p->kind < IMP_IMAGE || p->kind > IMP_OBJECT)
        return refuse(e, "%s '%s' has the unknown kind %u", side, p->name, (unsigned)p->kind);
    if (p->kind == IMP_OBJECT && (!p->type || !descriptor_service_id(p->type)))
        return refuse(e, "%s '%s' is an OBJECT, so it needs a type such as \"impasto.model/1\"",
                      side, p->name);
    if ((p->flags & IMP_PORT_MANY) && !last)
        return refuse(e, "%s '%s' takes MANY values, so it must be the last", side, p->name);
    if (p->kind == IMP_IMAGE && ((p->channels & ~counts) || (p->colours & ~colours)))
        return refuse(e,
                      "%s '%s': channels is a mask of 1u << 1, 1u << 3, 1u << 4, colours of 1u << "
                      "IMP_SRGB ...",
                      side, p->name);
    return true;
}

static bool copy_ports(struct exam *e, const char *side, const imp_port **ports, uint32_t n,
                       uint32_t *stride)
{
    imp_port *rows = copy_rows(e, side, *ports, n, *stride, sizeof *rows, MOST_PORTS);
    if (!rows)
        return false;
    *ports = rows;
    *stride = sizeof *rows;
    for (uint32_t i = 0; i < n; i++) {
        if (!rows[i].name || !descriptor_key(rows[i].name))
            return refuse(e, "%s %u: its name must be of a-z, 0-9 and _", side, (unsigned)i);
        rows[i].name = arena_strdup(e->arena, rows[i].name);
        for (uint32_t k = 0; k < i; k++)
            if (strcmp(rows[i].name, rows[k].name) == 0)
                return refuse(e, "it has two %s '%s'", side, rows[i].name);
        if (!take_text(e, "the help of a port", rows[i].help, &rows[i].help) ||
            !take_text(e, "the type of a port", rows[i].type, &rows[i].type) ||
            !check_port(e, side, &rows[i], i + 1 == n))
            return false;
    }
    return true;
}

/* ---- filters ---- */

static bool check_filter(struct exam *e, const imp_filter *f)
{
    if (!f->process)
        return refuse(e, "its process is NULL: a filter must have one");
    for (uint32_t i = 0; i < f->param_count; i++)
        if ((f->params[i].flags & IMP_PARAM_WRITTEN) && (f->flags & IMP_FILTER_EARLY))
            return refuse(e, "it is EARLY, so it may write nothing, yet '%s' is WRITTEN",
                          f->params[i].key);
    if (f->output_count == 0 && f->input_count == 0)
        return refuse(e, "it has neither inputs nor outputs");
    return true;
}

static bool copy_filter(struct exam *e, const imp_filter *real, struct filter_info *info)
{
    if (real->struct_size < sizeof *real)
        return refuse(e,
                      "an imp_filter has %u bytes, ABI 1.0 has %zu: set struct_size = sizeof of it",
                      (unsigned)real->struct_size, sizeof *real);
    if (!real->id || !descriptor_id(real->id))
        return refuse(e,
                      "'%s' is no id of a filter: use a-z, 0-9, _ and - with dots between, "
                      "\"org.example.gain\"",
                      real->id && descriptor_utf8(real->id) ? real->id : "?");
    imp_filter *f = &info->desc;
    *f = *real;
    f->struct_size = sizeof *f;
    f->id = e->filter = arena_strdup(e->arena, real->id);
    if (f->threads > IMP_PARALLEL)
        f->threads = IMP_SERIAL; /* a class of a later minor: the safest */
    info->real = real;
    const bool sound = take_text(e, "its summary", f->summary, &f->summary) &&
                       take_text(e, "its help", f->help, &f->help) && copy_params(e, f) &&
                       copy_ports(e, "input", &f->inputs, f->input_count, &f->input_stride) &&
                       copy_ports(e, "output", &f->outputs, f->output_count, &f->output_stride) &&
                       check_filter(e, f);
    e->filter = NULL;
    return sound;
}

static bool copy_filters(struct exam *e, const imp_filter *const *filters, struct plugin *out)
{
    uint32_t n = 0;
    while (filters && filters[n] && n <= MOST_FILTERS)
        n++;
    if (n > MOST_FILTERS)
        return refuse(e, "its list of filters does not end: close it with NULL");
    struct filter_info **list = arena_alloc(e->arena, n ? n : 1, sizeof *list);
    for (uint32_t i = 0; i < n; i++) {
        list[i] = arena_alloc(e->arena, 1, sizeof **list);
        list[i]->plugin = out;
        if (!copy_filter(e, filters[i], list[i]))
            return false;
        for (uint32_t k = 0; k < i; k++)
            if (strcmp(list[k]->desc.id, list[i]->desc.id) == 0)
                return refuse(e, "it has two filters '%s'", list[i]->desc.id);
    }
    out->filters = list;
    out->filter_count = n;
    return true;
}

/* ---- services ---- */

static bool copy_provides(struct exam *e, const imp_service_def *const *defs, struct plugin *out)
{
    uint32_t n = 0;
    while (defs && defs[n] && n <= MOST_IDS)
        n++;
    if (n > MOST_IDS)
        return refuse(e, "its list of services does not end: close it with NULL");
    const char **ids = arena_alloc(e->arena, n ? n : 1, sizeof *ids);
    for (uint32_t i = 0; i < n; i++) {
        const imp_service_def *s = defs[i];
        if (s->struct_size < sizeof *s || !s->table)
            return refuse(e, "service %u has no table, or a struct_size below that of ABI 1.0",
                          (unsigned)i);
        if (!s->id || !descriptor_service_id(s->id))
            return refuse(e,
                          "service %u: its id must end in a revision, as \"org.example.thing/1\"",
                          (unsigned)i);
        ids[i] = arena_strdup(e->arena, s->id);
        for (uint32_t k = 0; k < i; k++)
            if (strcmp(ids[k], ids[i]) == 0)
                return refuse(e, "it provides the service '%s' twice", ids[i]);
    }
    out->provides = ids;
    out->provides_count = n;
    return true;
}

static bool copy_ids(struct exam *e, const char *what, const char *const *ids,
                     const char *const **out)
{
    uint32_t n = 0;
    while (ids && ids[n] && n <= MOST_IDS)
        n++;
    if (n > MOST_IDS)
        return refuse(e, "its list of %s does not end: close it with NULL", what);
    const char **list = arena_alloc(e->arena, n + 1, sizeof *list);
    for (uint32_t i = 0; i < n; i++) {
        if (!descriptor_service_id(ids[i]))
            return refuse(e, "an id in its %s is no service id: \"org.example.thing/1\"", what);
        list[i] = arena_strdup(e->arena, ids[i]);
    }
    *out = list;
    return true;
}

const imp_service_def *descriptor_service(const imp_plugin *p, const char *id)
{
    for (const imp_service_def *const *s = p->provides; s && *s; s++)
        if (strcmp((*s)->id, id) == 0)
            return *s;
    return NULL;
}

static bool copy_plugin(struct exam *e, const imp_plugin *p, struct plugin *out)
{
    if (!take_text(e, "its version", p->version, &out->version) ||
        !take_text(e, "its licence", p->licence, &out->licence))
        return false;
    if (!out->version || !out->licence)
        return refuse(e, "it has no version or no licence: fill in both");
    if (!copy_filters(e, p->filters, out) || !copy_provides(e, p->provides, out) ||
        !copy_ids(e, "needs", p->needs, &out->needs) ||
        !copy_ids(e, "wants", p->wants, &out->wants))
        return false;
    if (out->filter_count == 0 && out->provides_count == 0)
        return refuse(e, "it offers neither filters nor services");
    return true;
}

const char *descriptor_copy(struct arena *a, const char *path, const imp_plugin *p,
                            struct plugin *out)
{
    static const char *const none[] = {NULL};
    struct exam e = {.arena = a, .base = module_base(path), .id = "?"};
    out->needs = out->wants = none;
    if (!p->id || !descriptor_id(p->id)) {
        refuse(
            &e,
            "the plugin's id must be of a-z, 0-9, _ and - with dots between, \"org.example.gain\"");
        return e.refusal;
    }
    e.id = out->id = arena_strdup(a, p->id);
    if (!copy_plugin(&e, p, out)) {
        out->filter_count = out->provides_count = 0;
        out->needs = out->wants = none;
    }
    return e.refusal;
}
