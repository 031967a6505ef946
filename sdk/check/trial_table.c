/* trial_table.c - ids, keys, defaults, ranges, choices, ports and texts. Source: the ABI's header.
 */
#include "trial_table.h"
#include <math.h>
#include <string.h>

/* Faults are collected in t->text of the trial; every check answers true when all is well. */
struct desk {
    struct trial *t;
    const char *filter; /* at the moment, NULL = the plugin itself */
};

__attribute__((format(printf, 2, 3))) static bool bad(struct desk *d, const char *fmt, ...)
{
    va_list ap;
    char what[500];
    va_start(ap, fmt);
    vsnprintf(what, sizeof what, fmt, ap);
    va_end(ap);
    trial_fail(d->t, "%s%s%s%s", d->filter ? "filter '" : "", d->filter ? d->filter : "",
               d->filter ? "': " : "", what);
    return false;
}

static int sequence(const unsigned char *s)
{
    static const struct {
        unsigned char from, to, second_from, second_to, length;
    } forms[] = {
        {0x09, 0x0a, 0, 0, 1},       {0x20, 0x7e, 0, 0, 1},       {0xc2, 0xdf, 0x80, 0xbf, 2},
        {0xe0, 0xe0, 0xa0, 0xbf, 3}, {0xe1, 0xec, 0x80, 0xbf, 3}, {0xed, 0xed, 0x80, 0x9f, 3},
        {0xee, 0xef, 0x80, 0xbf, 3}, {0xf0, 0xf0, 0x90, 0xbf, 4}, {0xf1, 0xf3, 0x80, 0xbf, 4},
        {0xf4, 0xf4, 0x80, 0x8f, 4},
    };
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
        if (s[0] < forms[i].from || s[0] > forms[i].to)
            continue;
        bool fits =
            forms[i].length == 1 || (s[1] >= forms[i].second_from && s[1] <= forms[i].second_to);
        for (int k = 2; fits && k < forms[i].length; k++)
            fits = (s[k] & 0xc0) == 0x80;
        return fits ? forms[i].length : 0;
    }
    return 0;
}

static bool text(struct desk *d, const char *what, const char *value, bool needed)
{
    if (!value || !*value)
        return needed ? bad(d, "%s is missing: say it in one sentence", what) : true;
    for (const unsigned char *s = (const unsigned char *)value; *s; s += sequence(s))
        if (!sequence(s))
            return bad(d, "%s is not UTF-8, or has control characters", what);
    return true;
}

static bool is_key(const char *s)
{
    return s && s[0] >= 'a' && s[0] <= 'z' && strlen(s) < 50 &&
           s[strspn(s, "abcdefghijklmnopqrstuvwxyz0123456789_")] == 0;
}

static bool is_id(const char *s, size_t n)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789_-.";
    if (n == 0 || n > 100 || s[0] < 'a' || s[0] > 'z' || s[n - 1] == '.')
        return false;
    for (size_t i = 0; i < n; i++)
        if (!strchr(letters, s[i]) || (s[i] == '.' && s[i + 1] == '.'))
            return false;
    return true;
}

static bool is_service(const char *s)
{
    const char *slash = s ? strrchr(s, '/') : NULL;
    return slash && is_id(s, (size_t)(slash - s)) && slash[1] >= '1' && slash[1] <= '9' &&
           strspn(slash + 1, "0123456789") == strlen(slash + 1);
}

/* ---- parameters ---- */

/* Where a word stands in "a|b|c": -1 = nowhere. */
static int choice_index(const char *choices, const char *word, size_t n)
{
    int i = 0;
    for (const char *at = choices;; at++, i++) {
        const size_t len = strcspn(at, "|");
        if (len == n && memcmp(at, word, n) == 0)
            return i;
        at += len;
        if (!*at)
            return -1;
    }
}

static bool choices(struct desk *d, const imp_param *p)
{
    int i = 0;
    if (!p->choices || !*p->choices)
        return bad(d, "parameter '%s' is a CHOICE without choices", p->key);
    for (const char *at = p->choices;; at++, i++) {
        const size_t n = strcspn(at, "|");
        if (n == 0 || choice_index(p->choices, at, n) != i)
            return bad(d, "parameter '%s': a choice is empty or there twice: \"%s\"", p->key,
                       p->choices);
        at += n;
        if (!*at)
            break;
    }
    if (p->def_text && choice_index(p->choices, p->def_text, strlen(p->def_text)) < 0)
        return bad(d, "parameter '%s': its default '%s' is none of its choices %s", p->key,
                   p->def_text, p->choices);
    return true;
}

static bool is_whole(double v)
{
    return isinf(v) || v == floor(v);
}

static bool numbers(struct desk *d, const imp_param *p)
{
    if (!isfinite(p->def) || isnan(p->min) || isnan(p->max) || p->min > p->max)
        return bad(d, "parameter '%s': default %g, range %g .. %g: not a range of numbers", p->key,
                   p->def, p->min, p->max);
    if (p->type == IMP_BOOL && p->def != 0 && p->def != 1)
        return bad(d, "parameter '%s' is a BOOL with the default %g", p->key, p->def);
    if (p->type == IMP_INT && !(is_whole(p->def) && is_whole(p->min) && is_whole(p->max)))
        return bad(d, "parameter '%s' is an INT, its default and range must be whole", p->key);
    if (p->type != IMP_BOOL && p->min != p->max && !(p->flags & IMP_PARAM_REQUIRED) &&
        (p->def < p->min || p->def > p->max))
        return bad(d, "parameter '%s': its default %g is out of its range %g .. %g", p->key, p->def,
                   p->min, p->max);
    return true;
}

static bool param(struct desk *d, const imp_filter *f, uint32_t i)
{
    const imp_param p = mini_param_row(f, i);
    char what[100];
    if (!is_key(p.key))
        return bad(d, "parameter %u: its key must be of a-z, 0-9 and _", (unsigned)i);
    for (uint32_t k = 0; k < i; k++)
        if (strcmp(mini_param_row(f, k).key, p.key) == 0)
            return bad(d, "it has two parameters '%s'", p.key);
    if (strcmp(p.key, "filter") == 0 || strcmp(p.key, "provider") == 0 ||
        strcmp(p.key, "in") == 0 || strcmp(p.key, "all") == 0)
        return bad(d, "presets use the key '%s' themselves", p.key);
    if (p.type < IMP_BOOL || p.type > IMP_COLOUR)
        return bad(d, "parameter '%s' has the unknown type %u", p.key, (unsigned)p.type);
    snprintf(what, sizeof what, "the help of parameter '%s'", p.key);
    if (!text(d, what, p.help, true) || !text(d, "a unit", p.unit, false) ||
        !text(d, "a list of choices", p.choices, false) || !text(d, "a default", p.def_text, false))
        return false;
    if (p.type == IMP_CHOICE ? !choices(d, &p) : p.type <= IMP_FLOAT && !numbers(d, &p))
        return false;
    if ((p.flags & (IMP_PARAM_WRITTEN | IMP_PARAM_MODEL)) && p.type != IMP_PATH)
        return bad(d, "parameter '%s' is WRITTEN or MODEL, but no PATH", p.key);
    if ((p.flags & IMP_PARAM_OTHERS) && (p.type != IMP_TEXT || i + 1 != f->param_count))
        return bad(d, "parameter '%s' takes OTHERS, but is not a TEXT or not the last", p.key);
    return true;
}

/* ---- ports and filters ---- */

static bool port(struct desk *d, const char *side, const imp_port *p, bool last)
{
    char what[100];
    if (!is_key(p->name))
        return bad(d, "an %s has no name of a-z, 0-9 and _", side);
    snprintf(what, sizeof what, "the help of %s '%s'", side, p->name);
    if (!text(d, what, p->help, true))
        return false;
    if (p->kind < IMP_IMAGE || p->kind > IMP_OBJECT)
        return bad(d, "%s '%s' has the unknown kind %u", side, p->name, (unsigned)p->kind);
    if (p->kind == IMP_OBJECT && !is_service(p->type))
        return bad(d, "%s '%s' is an OBJECT without a type such as \"impasto.model/1\"", side,
                   p->name);
    if ((p->flags & IMP_PORT_MANY) && !last)
        return bad(d, "%s '%s' takes MANY values, but is not the last", side, p->name);
    if (p->kind == IMP_IMAGE && ((p->channels & ~26u) || (p->colours & ~14u)))
        return bad(d, "%s '%s': its masks of channels and colours allow what images do not have",
                   side, p->name);
    return true;
}

static bool ports(struct desk *d, const imp_filter *f, bool inputs)
{
    const uint32_t n = inputs ? f->input_count : f->output_count;
    for (uint32_t i = 0; i < n; i++) {
        const imp_port p = inputs ? mini_input_row(f, i) : mini_output_row(f, i);
        if (!port(d, inputs ? "input" : "output", &p, i + 1 == n))
            return false;
        for (uint32_t k = 0; k < i; k++)
            if (strcmp((inputs ? mini_input_row(f, k) : mini_output_row(f, k)).name, p.name) == 0)
                return bad(d, "it has two ports '%s' on one side", p.name);
    }
    return true;
}

static bool table(struct desk *d, const char *what, const void *rows, uint32_t n, uint32_t stride,
                  size_t least, uint32_t most)
{
    if (n > most || (n && (!rows || stride < least || stride % 8 || stride > 4096)))
        return bad(d, "its table of %s (%u rows of %u bytes) cannot be right: use IMP_LIST", what,
                   (unsigned)n, (unsigned)stride);
    return true;
}

static bool filter(struct desk *d, const imp_filter *f)
{
    if (f->struct_size < sizeof *f)
        return bad(d, "an imp_filter says %u bytes, ABI 1.0 has %zu", (unsigned)f->struct_size,
                   sizeof *f);
    if (!f->id || !is_id(f->id, strlen(f->id)))
        return bad(
            d,
            "a filter's id must be of a-z, 0-9, _ and - with dots between: \"org.example.gain\"");
    d->filter = f->id;
    if (!f->process)
        return bad(d, "its process is NULL");
    if (!text(d, "its summary", f->summary, true) || !text(d, "its help", f->help, false))
        return false;
    if (!table(d, "parameters", f->params, f->param_count, f->param_stride, sizeof(imp_param),
               512) ||
        !table(d, "inputs", f->inputs, f->input_count, f->input_stride, sizeof(imp_port),
               MINI_PORTS) ||
        !table(d, "outputs", f->outputs, f->output_count, f->output_stride, sizeof(imp_port),
               MINI_PORTS))
        return false;
    for (uint32_t i = 0; i < f->param_count; i++)
        if (!param(d, f, i))
            return false;
    return ports(d, f, true) && ports(d, f, false);
}

static bool services(struct desk *d, const imp_plugin *p)
{
    for (const imp_service_def *const *s = p->provides; s && *s; s++)
        if ((*s)->struct_size < sizeof **s || !is_service((*s)->id) || !(*s)->table)
            return bad(d, "a service it provides has no table, or no id with a revision: "
                          "\"org.example.thing/1\"");
    for (int which = 0; which < 2; which++)
        for (const char *const *id = which ? p->wants : p->needs; id && *id; id++)
            if (!is_service(*id))
                return bad(d, "'%s' in its %s is no service id", *id, which ? "wants" : "needs");
    return true;
}

static bool plugin(struct desk *d, const imp_plugin *p)
{
    if (!p->id || !is_id(p->id, strlen(p->id)))
        return bad(d, "its id must be of a-z, 0-9, _ and - with dots between");
    if (!text(d, "its version", p->version, true) || !text(d, "its licence", p->licence, true))
        return false;
    for (const imp_filter *const *f = p->filters; f && *f; f++) {
        if (!filter(d, *f))
            return false;
        for (const imp_filter *const *g = p->filters; g < f; g++)
            if (strcmp((*f)->id, (*g)->id) == 0)
                return bad(d, "it has two filters of this id");
        d->filter = NULL;
    }
    if (!(p->filters && *p->filters) && !(p->provides && *p->provides))
        return bad(d, "it offers neither filters nor services");
    return services(d, p);
}

enum verdict table_check_plugin(struct trial *t, const imp_plugin *p)
{
    struct desk d = {t, NULL};
    return plugin(&d, p) ? PASSED : FAILED;
}
