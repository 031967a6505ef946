/* params.c - parameter text to cell and back, by the parameter's row. */
#include "params.h"

#include <math.h>
#include <string.h>
#include "params_private.h"
#include "preset.h"

const char *params_type_name(const imp_param *row)
{
    switch (row->type) {
    case IMP_BOOL:
        return "yes or no";
    case IMP_INT:
        return "whole number";
    case IMP_FLOAT:
        return "number";
    case IMP_CHOICE:
        return "choice";
    case IMP_TEXT:
        return "text";
    case IMP_PATH:
        return "path";
    case IMP_NUMBERS:
        return "numbers";
    case IMP_NAMES:
        return "names";
    default:
        return "colour";
    }
}

static const char *bound(struct arena *a, double value)
{
    char buf[32];
    return arena_strdup(a, print_real(value, buf));
}

static bool has_range(const imp_param *row)
{
    return (row->type == IMP_INT || row->type == IMP_FLOAT) && !(row->min == row->max);
}

const char *params_range_text(struct arena *a, const imp_param *row)
{
    if (!has_range(row))
        return "";
    const char *unit = row->unit && *row->unit ? row->unit : "";
    const char *blank = *unit ? " " : "";
    if (isinf(row->min) && isinf(row->max))
        return "";
    if (isinf(row->min))
        return arena_printf(a, "at most %s%s%s", bound(a, row->max), blank, unit);
    if (isinf(row->max))
        return arena_printf(a, "at least %s%s%s", bound(a, row->min), blank, unit);
    return arena_printf(a, "%s .. %s%s%s", bound(a, row->min), bound(a, row->max), blank, unit);
}

const char *const *params_choices(struct arena *a, const imp_param *row, size_t *n)
{
    const char *text = row->choices ? row->choices : "";
    size_t count = 1;
    for (const char *p = text; *p; p++)
        count += *p == '|';
    const char **list = arena_alloc(a, count, sizeof *list);
    *n = 0;
    while (*text) {
        const size_t length = strcspn(text, "|");
        list[(*n)++] = arena_strndup(a, text, length);
        text += length + (text[length] == '|');
    }
    return list;
}

/* What is said about a value that does not do. */
struct value_faults {
    struct arena *arena;
    const imp_param *row;
    const char *text, *node;
    const struct place *at;
    struct report *report; /* NULL: a default, of which nothing is said */
};

/* The fault of the piece at `offset`; NULL when nothing is to be said. */
static struct fault *wrong(const struct value_faults *v, const char *code, size_t offset,
                           size_t length, const char *sentence)
{
    if (!v->report)
        return NULL;
    const struct place at =
        v->at ? preset_piece(v->at, v->text, offset, length) : (struct place){0};
    return report_add(v->report, SEV_ERROR, code, &at, "'%s' in node '%s' %s", v->row->key, v->node,
                      sentence);
}

/* The last line of every fault: "sigma: number, 0.1 .. 1000 px, default 2 - spread". */
static void describe(const struct value_faults *v, struct fault *f)
{
    if (!f)
        return;
    const char *range = params_range_text(v->arena, v->row), *unit = v->row->unit;
    struct text t = {0};
    text_addf(&t, "%s: %s", v->row->key, params_type_name(v->row));
    if (*range)
        text_addf(&t, ", %s", range);
    else if (unit && *unit)
        text_addf(&t, ", %s", unit);
    imp_cell cell;
    if (!(v->row->flags & IMP_PARAM_REQUIRED) && params_default(v->arena, v->row, &cell)) {
        const char *text = params_print(v->arena, v->row, &cell);
        if (*text)
            text_addf(&t, ", default %s", text);
    }
    if (v->row->help && *v->row->help)
        text_addf(&t, " - %s", v->row->help);
    fault_note(f, "%s", t.data);
    text_free(&t);
}

static bool bad_value(const struct value_faults *v, size_t offset, size_t length, const char *wants)
{
    struct arena *a = v->arena;
    const char *piece = arena_strndup(a, v->text + offset, length);
    struct fault *f = wrong(v, "E0108", offset, length,
                            *piece ? arena_printf(a, "wants %s, not '%s'", wants, piece)
                                   : arena_printf(a, "wants %s, and there is none", wants));
    double value;
    char *point = arena_strdup(a, piece);
    for (char *p = point; *p; p++)
        if (*p == ',')
            *p = '.';
    if (f && strchr(piece, ',') && parse_real(point, &value))
        fault_hint(f, "numbers have a point: %s", point);
    describe(v, f);
    return false;
}

/* The number without a suffix equal to the row's unit, blanks between allowed. */
static const char *without_unit(const struct value_faults *v)
{
    const char *unit = v->row->unit;
    size_t n = strlen(v->text);
    const size_t suffix = unit ? strlen(unit) : 0;
    if (suffix == 0 || n <= suffix || strcmp(v->text + n - suffix, unit) != 0)
        return v->text;
    n -= suffix;
    while (n > 0 && v->text[n - 1] == ' ')
        n--;
    return arena_strndup(v->arena, v->text, n);
}

static bool in_range(const struct value_faults *v, double value)
{
    if (!has_range(v->row) || (value >= v->row->min && value <= v->row->max))
        return true;
    struct fault *f = wrong(v, "E0109", 0, strlen(v->text),
                            arena_printf(v->arena, "is %s, which is %s", v->text,
                                         value < v->row->min ? "too little" : "too much"));
    if (f)
        fault_hint(f, "%s", params_range_text(v->arena, v->row));
    describe(v, f);
    return false;
}

static bool parse_whole(const struct value_faults *v, imp_cell *out)
{
    long long value;
    unsigned long long bytes;
    const char *text = without_unit(v);
    if (v->row->unit && strcmp(v->row->unit, "bytes") == 0 && parse_bytes(v->text, &bytes) &&
        bytes <= INT64_MAX) {
        value = (long long)bytes;
    } else if (!parse_integer(text, &value)) {
        return bad_value(v, 0, strlen(v->text), "a whole number");
    }
    if (!in_range(v, (double)value))
        return false;
    out->i = value;
    return true;
}

static bool parse_float(const struct value_faults *v, imp_cell *out)
{
    double value;
    if (!parse_real(without_unit(v), &value))
        return bad_value(v, 0, strlen(v->text), "a number");
    if (!in_range(v, value))
        return false;
    out->f = value;
    return true;
}

static bool parse_bool(const struct value_faults *v, imp_cell *out)
{
    static const char *const words[] = {"yes", "no", "true", "false", "on", "off", "1", "0"};
    for (int i = 0; i < 8; i++) {
        if (strcmp(v->text, words[i]) == 0) {
            out->i = i % 2 == 0;
            return true;
        }
    }
    struct fault *f = wrong(v, "E0108", 0, strlen(v->text),
                            arena_printf(v->arena, "wants yes or no, not '%s'", v->text));
    const char *near = f ? nearest_name(v->text, words, 6) : NULL;
    if (near)
        fault_hint(f, "did you mean '%s'?", near);
    describe(v, f);
    return false;
}

static bool parse_choice(const struct value_faults *v, imp_cell *out)
{
    size_t n;
    const char *const *choices = params_choices(v->arena, v->row, &n);
    for (size_t i = 0; i < n; i++) {
        if (strcmp(v->text, choices[i]) == 0) {
            out->i = (int64_t)i;
            return true;
        }
    }
    struct fault *f = wrong(v, "E0110", 0, strlen(v->text),
                            arena_printf(v->arena, "has no choice '%s'", v->text));
    if (!f)
        return false;
    const char *near = nearest_name(v->text, choices, n);
    if (near)
        fault_hint(f, "did you mean '%s'?", near);
    struct text t = {0};
    for (size_t i = 0; i < n; i++)
        text_addf(&t, "%s%s", i ? ", " : "", choices[i]);
    fault_note(f, "choices: %s", t.data ? t.data : "none");
    text_free(&t);
    return false;
}

/* The next word of a list: false at the end. */
static bool next_word(const char *text, size_t *at, size_t *length)
{
    *at += *length;
    *at += strspn(text + *at, " \t");
    *length = strcspn(text + *at, " \t");
    return *length > 0;
}

static size_t words_in(const char *text)
{
    size_t at = 0, length = 0, n = 0;
    while (next_word(text, &at, &length))
        n++;
    return n;
}

static bool parse_numbers(const struct value_faults *v, imp_cell *out)
{
    const size_t count = words_in(v->text);
    double *list = arena_alloc(v->arena, count, sizeof *list);
    size_t at = 0, length = 0, n = 0;
    while (next_word(v->text, &at, &length))
        if (!parse_real(arena_strndup(v->arena, v->text + at, length), &list[n++]))
            return bad_value(v, at, length, "numbers with blanks between");
    out->n.ptr = list;
    out->n.count = count;
    return true;
}

static bool parse_names(const struct value_faults *v, imp_cell *out)
{
    const size_t count = words_in(v->text);
    const char **list = arena_alloc(v->arena, count, sizeof *list);
    size_t at = 0, length = 0, n = 0;
    while (next_word(v->text, &at, &length))
        list[n++] = arena_strndup(v->arena, v->text + at, length);
    out->w.ptr = list;
    out->w.count = count;
    return true;
}

static bool parse_colour(const struct value_faults *v, imp_cell *out)
{
    if (v->text[0] == '\0' && !v->report) { /* a default of none */
        out->n.ptr = arena_alloc(v->arena, 1, sizeof *out->n.ptr);
        out->n.count = 0;
        return true;
    }
    double list[4];
    const size_t n = colour_parse(v->text, list);
    if (n) {
        double *copy = arena_alloc(v->arena, n, sizeof *copy);
        memcpy(copy, list, n * sizeof *copy);
        out->n.ptr = copy;
        out->n.count = n;
        return true;
    }
    struct fault *f = wrong(v, "E0108", 0, strlen(v->text),
                            arena_printf(v->arena, "wants a colour, not '%s'", v->text));
    size_t names;
    const char *const *all = f ? colour_names(&names) : NULL;
    const char *near = all ? nearest_name(v->text, all, names) : NULL;
    if (near)
        fault_hint(f, "did you mean '%s'?", near);
    if (f)
        fault_note(f, "a colour is #rgb, #rrggbb, #rrggbbaa, a name (red, navy ...), or 3 or 4 "
                      "numbers 0 .. 1");
    describe(v, f);
    return false;
}

static bool parse_cell(const struct value_faults *v, imp_cell *out)
{
    switch (v->row->type) {
    case IMP_BOOL:
        return parse_bool(v, out);
    case IMP_INT:
        return parse_whole(v, out);
    case IMP_FLOAT:
        return parse_float(v, out);
    case IMP_CHOICE:
        return parse_choice(v, out);
    case IMP_NUMBERS:
        return parse_numbers(v, out);
    case IMP_NAMES:
        return parse_names(v, out);
    case IMP_COLOUR:
        return parse_colour(v, out);
    default:
        out->s.ptr = arena_strdup(v->arena, v->text);
        out->s.len = strlen(v->text);
        return true;
    }
}

bool params_parse(struct arena *a, const imp_param *row, const char *text, const struct place *at,
                  const char *node, struct report *report, imp_cell *out)
{
    const struct value_faults v = {a, row, text, node, at, report};
    imp_cell cell = {0};
    if (!parse_cell(&v, &cell))
        return false;
    *out = cell;
    return true;
}

bool params_default(struct arena *a, const imp_param *row, imp_cell *out)
{
    imp_cell cell = {0};
    if (row->type == IMP_FLOAT) {
        cell.f = row->def;
    } else if (row->type == IMP_INT || row->type == IMP_BOOL) {
        if (!(row->def >= -9.2e18 && row->def <= 9.2e18))
            return false;
        cell.i = (int64_t)row->def;
    } else {
        const char *text = row->def_text ? row->def_text : "";
        if (row->type == IMP_CHOICE && !*text) { /* the first */
            *out = cell;
            return row->choices && *row->choices;
        }
        return params_parse(a, row, text, NULL, "", NULL, out);
    }
    *out = cell;
    return true;
}

static const char *print_numbers(struct arena *a, const imp_cell *cell)
{
    struct text t = {0};
    char buf[32];
    text_add(&t, "");
    for (uint64_t i = 0; i < cell->n.count; i++)
        text_addf(&t, "%s%s", i ? " " : "", print_real(cell->n.ptr[i], buf));
    const char *text = arena_strdup(a, t.data);
    text_free(&t);
    return text;
}

/* #rrggbb or #rrggbbaa where that is exact, else numbers. */
static const char *print_colour(struct arena *a, const imp_cell *cell)
{
    char text[16] = "#";
    if (cell->n.count != 3 && cell->n.count != 4)
        return print_numbers(a, cell);
    for (uint64_t i = 0; i < cell->n.count; i++) {
        const double value = cell->n.ptr[i];
        const int byte = value >= 0 && value <= 1 ? (int)(value * 255 + 0.5) : 0;
        if (byte / 255.0 != value)
            return print_numbers(a, cell);
        snprintf(text + 1 + 2 * i, 3, "%02x", (unsigned)byte & 255u);
    }
    return arena_strdup(a, text);
}

static const char *print_names(struct arena *a, const imp_cell *cell)
{
    struct text t = {0};
    text_add(&t, "");
    for (uint64_t i = 0; i < cell->w.count; i++)
        text_addf(&t, "%s%s", i ? " " : "", cell->w.ptr[i]);
    const char *text = arena_strdup(a, t.data);
    text_free(&t);
    return text;
}

const char *params_print(struct arena *a, const imp_param *row, const imp_cell *cell)
{
    size_t n;
    const char *const *choices;
    switch (row->type) {
    case IMP_BOOL:
        return cell->i ? "yes" : "no";
    case IMP_INT:
        return arena_printf(a, "%lld", (long long)cell->i);
    case IMP_FLOAT:
        return bound(a, cell->f);
    case IMP_CHOICE:
        choices = params_choices(a, row, &n);
        return cell->i >= 0 && (size_t)cell->i < n ? choices[cell->i] : "";
    case IMP_NUMBERS:
        return print_numbers(a, cell);
    case IMP_COLOUR:
        return print_colour(a, cell);
    case IMP_NAMES:
        return print_names(a, cell);
    default:
        return cell->s.ptr ? cell->s.ptr : "";
    }
}
