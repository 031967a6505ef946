/* miniparam.c - parameter cells from text, by the filter's own table; simple and strict. */
#include "minihost.h"
#include "minipriv.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct mini_params {
    uint32_t count;
    imp_cell *cells;
    char **memory; /* everything the cells point to */
    size_t memory_count, memory_capacity;
};

static void *keep(struct mini_params *p, void *block)
{
    if (p->memory_count == p->memory_capacity) {
        char **more = mini_alloc(p->memory_capacity = 2 * p->memory_capacity + 16, sizeof *more);
        if (p->memory)
            memcpy(more, p->memory, p->memory_count * sizeof *more);
        free(p->memory);
        p->memory = more;
    }
    return p->memory[p->memory_count++] = block;
}

#define ROW(name, type, table, stride)                                                             \
    type name(const imp_filter *f, uint32_t i)                                                     \
    {                                                                                              \
        type row;                                                                                  \
        const size_t n = f->stride < sizeof row ? f->stride : sizeof row;                          \
        memset(&row, 0, sizeof row);                                                               \
        memcpy(&row, (const char *)f->table + (size_t)i * f->stride, n);                           \
        return row;                                                                                \
    }
ROW(mini_param_row, imp_param, params, param_stride)
ROW(mini_input_row, imp_port, inputs, input_stride)
ROW(mini_output_row, imp_port, outputs, output_stride)

static bool parse_bool(const char *text, imp_cell *out)
{
    static const char *const words[] = {"no", "yes", "false", "true", "off", "on", "0", "1"};
    for (int i = 0; i < 8; i++)
        if (strcmp(text, words[i]) == 0) {
            out->i = i & 1;
            return true;
        }
    return false;
}

static bool parse_choice(const imp_param *row, const char *text, imp_cell *out)
{
    const size_t n = strlen(text);
    const char *at = row->choices ? row->choices : "";
    for (int64_t i = 0;; i++) {
        const size_t len = strcspn(at, "|");
        if (len == n && n && memcmp(at, text, n) == 0) {
            out->i = i;
            return true;
        }
        if (!at[len])
            return false;
        at += len + 1;
    }
}

static bool parse_hex(struct mini_params *p, const char *text, imp_cell *out)
{
    const size_t n = strlen(text), width = n == 3 ? 1 : 2;
    double *d = keep(p, mini_alloc(4, sizeof *d));
    if ((n != 3 && n != 6 && n != 8) || strspn(text, "0123456789abcdefABCDEF") != n)
        return false;
    for (size_t i = 0; i < n / width; i++) {
        char digits[3] = {text[i * width], text[i * width + width - 1], 0};
        d[i] = (double)strtol(digits, NULL, 16) / 255;
    }
    out->n.ptr = d;
    out->n.count = n / width;
    return true;
}

static bool parse_numbers(struct mini_params *p, const char *text, imp_cell *out)
{
    double *d = keep(p, mini_alloc(strlen(text) / 2 + 1, sizeof *d));
    out->n.ptr = d;
    out->n.count = 0;
    for (text += strspn(text, " "); *text; text += strspn(text, " ")) {
        char *end;
        d[out->n.count++] = strtod(text, &end);
        if (end == text || (*end && *end != ' '))
            return false;
        text = end;
    }
    return true;
}

static bool parse_colour(struct mini_params *p, const char *text, imp_cell *out)
{
    static const struct {
        const char *name, *hex;
    } named[] = {
        {"black", "000000"},   {"white", "ffffff"},  {"red", "ff0000"},    {"green", "008000"},
        {"blue", "0000ff"},    {"yellow", "ffff00"}, {"gray", "808080"},   {"grey", "808080"},
        {"silver", "c0c0c0"},  {"lime", "00ff00"},   {"maroon", "800000"}, {"navy", "000080"},
        {"olive", "808000"},   {"purple", "800080"}, {"teal", "008080"},   {"aqua", "00ffff"},
        {"fuchsia", "ff00ff"},
    };
    if (*text == '#')
        return parse_hex(p, text + 1, out);
    for (size_t i = 0; i < sizeof named / sizeof *named; i++)
        if (strcmp(text, named[i].name) == 0)
            return parse_hex(p, named[i].hex, out);
    return parse_numbers(p, text, out) &&
           (out->n.count == 0 || out->n.count == 3 || out->n.count == 4);
}

static bool parse_names(struct mini_params *p, const char *text, imp_cell *out)
{
    char *copy = keep(p, mini_strdup(text)), *rest = NULL;
    const char **w = mini_alloc(strlen(text) / 2 + 1, sizeof *w);
    union {
        const char **in;
        void *out;
    } block = {.in = w};
    keep(p, block.out);
    out->w.ptr = w;
    out->w.count = 0;
    for (char *word = strtok_r(copy, " ", &rest); word; word = strtok_r(NULL, " ", &rest))
        w[out->w.count++] = word;
    return true;
}

static bool parse(struct mini_params *p, const imp_param *row, const char *text, imp_cell *out)
{
    char *end;
    errno = 0;
    switch (row->type) {
    case IMP_BOOL:
        return parse_bool(text, out);
    case IMP_INT:
        out->i = strtoll(text, &end, 10);
        return end != text && !*end && !errno;
    case IMP_FLOAT:
        out->f = strtod(text, &end);
        return end != text && !*end;
    case IMP_CHOICE:
        return parse_choice(row, text, out);
    case IMP_TEXT:
    case IMP_PATH:
        out->s.ptr = keep(p, mini_strdup(text));
        out->s.len = strlen(text);
        return true;
    case IMP_NUMBERS:
        return parse_numbers(p, text, out);
    case IMP_COLOUR:
        return parse_colour(p, text, out);
    case IMP_NAMES:
        return parse_names(p, text, out);
    default:
        return false;
    }
}

static bool set_default(struct mini_params *p, const imp_param *row, imp_cell *out)
{
    if (row->type == IMP_FLOAT)
        out->f = row->def;
    else if (row->type == IMP_INT || row->type == IMP_BOOL)
        out->i = (int64_t)row->def;
    else if (row->type == IMP_CHOICE && !row->def_text)
        out->i = 0;
    else
        return parse(p, row, row->def_text ? row->def_text : "", out);
    return true;
}

/* Copies the next "key=value" into buf (quotes taken off) and answers what follows; NULL: no more.
 */
static const char *next_pair(const char *at, char *buf)
{
    char quote = 0;
    at += strspn(at, " \n");
    if (!*at)
        return NULL;
    for (; *at && (quote || !strchr(" \n", *at)); at++) {
        if (quote ? *at == quote : *at == '\'' || *at == '"')
            quote = quote ? 0 : *at;
        else
            *buf++ = *at;
    }
    *buf = 0;
    return at;
}

/* A key that no row has: a line of OTHERS, if the filter takes them. */
static bool add_other(struct mini_params *p, const imp_filter *f, const char *pair)
{
    const uint32_t last = p->count - 1;
    if (p->count == 0 || !(mini_param_row(f, last).flags & IMP_PARAM_OTHERS))
        return false;
    imp_cell *c = &p->cells[last];
    const size_t n = c->s.len + strlen(pair) + 2;
    char *lines = keep(p, mini_alloc(n, 1));
    snprintf(lines, n, "%.*s%s%s", (int)c->s.len, c->s.ptr ? c->s.ptr : "", c->s.len ? "\n" : "",
             pair);
    c->s.ptr = lines;
    c->s.len = strlen(lines);
    return true;
}

static bool set_pair(struct mini_params *p, const imp_filter *f, char *pair, char *why, size_t size)
{
    char *eq = strchr(pair, '=');
    const size_t n = eq ? (size_t)(eq - pair) : 0;
    for (uint32_t i = 0; eq && i < p->count; i++) {
        const imp_param row = mini_param_row(f, i);
        if (strlen(row.key) != n || memcmp(row.key, pair, n) != 0)
            continue;
        if (!parse(p, &row, eq + 1, &p->cells[i])) {
            snprintf(why, size, "%s: '%s' is no value of '%s'", f->id, eq + 1, row.key);
            return false;
        }
        return true;
    }
    if (eq && add_other(p, f, pair))
        return true;
    snprintf(why, size, "%s: no parameter for '%s'", f->id, pair);
    return false;
}

struct mini_params *mini_params_new(const imp_filter *f, const char *text, char *why, size_t size)
{
    struct mini_params *p = mini_alloc(1, sizeof *p);
    p->count = f->param_count;
    p->cells = mini_alloc(p->count, sizeof *p->cells);
    for (uint32_t i = 0; i < p->count; i++) {
        const imp_param row = mini_param_row(f, i);
        if (!set_default(p, &row, &p->cells[i])) {
            snprintf(why, size, "%s: the default of '%s' cannot be read", f->id, row.key);
            mini_params_free(p);
            return NULL;
        }
    }
    char *pair = keep(p, mini_alloc(text ? strlen(text) + 1 : 1, 1));
    for (const char *at = text; at && (at = next_pair(at, pair));)
        if (!set_pair(p, f, pair, why, size)) {
            mini_params_free(p);
            return NULL;
        }
    return p;
}

void mini_params_free(struct mini_params *p)
{
    if (!p)
        return;
    for (size_t i = 0; i < p->memory_count; i++)
        free(p->memory[i]);
    free(p->memory);
    free(p->cells);
    free(p);
}

const imp_cell *mini_params_cells(const struct mini_params *p)
{
    return p->cells;
}

imp_cell *mini_params_cell(struct mini_params *p, uint32_t i)
{
    return &p->cells[i];
}
