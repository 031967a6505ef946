/* table_text.c - tables as text. */
#include "table_text.h"

#include <cJSON.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "report.h"

/* ---- reading: all cells as text first, then the types that follow ---- */

struct sheet {
    char **cells; /* heap; NULL = nothing there */
    size_t count, capacity, columns;
};

static void sheet_add(struct sheet *s, char *cell)
{
    if (s->count == s->capacity) {
        s->capacity = s->capacity ? 2 * s->capacity : 64;
        s->cells = heap_resize(s->cells, s->capacity, sizeof *s->cells);
    }
    s->cells[s->count++] = cell;
}

static void sheet_free(struct sheet *s)
{
    for (size_t i = 0; i < s->count; i++)
        free(s->cells[i]);
    free(s->cells);
    *s = (struct sheet){0};
}

static const char *cell_at(const struct sheet *s, size_t row, size_t column)
{
    const char *text = s->cells[row * s->columns + column];
    return text ? text : "";
}

static uint32_t type_of_column(const struct sheet *s, size_t column)
{
    const size_t rows = s->count / s->columns;
    bool whole = true, real = true, yes_no = true, some = false;
    for (size_t r = 1; r < rows; r++) {
        const char *text = cell_at(s, r, column);
        long long i;
        double f;
        some = some || text[0];
        yes_no = yes_no && (!strcmp(text, "true") || !strcmp(text, "false"));
        whole = whole && parse_integer(text, &i);
        real = real && (!text[0] || parse_real(text, &f));
    }
    if (!some)
        return IMP_TEXT;
    return yes_no ? IMP_BOOL : whole ? IMP_INT : real ? IMP_FLOAT : IMP_TEXT;
}

static imp_cell cell_from(const char *text, uint32_t type)
{
    imp_cell c = {0};
    long long i;
    if (type == IMP_TEXT) {
        c.s.ptr = text;
        c.s.len = strlen(text);
    } else if (type == IMP_BOOL) {
        c.i = text[0] == 't';
    } else if (type == IMP_INT) {
        c.i = parse_integer(text, &i) ? i : 0;
    } else if (!parse_real(text, &c.f)) {
        c.f = NAN;
    }
    return c;
}

static imp_status table_from_sheet(const struct sheet *s, struct value **out, imp_error *err)
{
    imp_column *columns = heap_alloc(s->columns, sizeof *columns);
    imp_cell *row = heap_alloc(s->columns, sizeof *row);
    for (size_t k = 0; k < s->columns; k++)
        columns[k] = (imp_column){.name = cell_at(s, 0, k), .type = type_of_column(s, k)};
    struct value *v = value_table((uint32_t)s->columns, columns);
    imp_status st =
        v ? IMP_OK
          : imp_fail(err, IMP_E_INPUT, "a table of %zu columns cannot be made", s->columns);
    for (size_t r = 1; !st && r < s->count / s->columns; r++) {
        for (size_t k = 0; k < s->columns; k++)
            row[k] = cell_from(cell_at(s, r, k), columns[k].type);
        st = value_add_row(v, row);
    }
    free(row);
    free(columns);
    if (st)
        value_release(v);
    else
        *out = v;
    return st;
}

/* One field from p on; NULL: an open quote. */
static const char *take_field(const char *p, const char *end, struct text *field, size_t *lines)
{
    text_free(field);
    text_add(field, "");
    if (p == end || *p != '"') {
        const char *start = p;
        while (p < end && *p != ',' && *p != '\n' && *p != '\r')
            p++;
        text_addn(field, start, (size_t)(p - start));
        return p;
    }
    for (p++; p < end; p++) {
        if (*p == '"' && (p + 1 == end || p[1] != '"'))
            return p + 1;
        if (*p == '"')
            p++;
        *lines += *p == '\n';
        text_addn(field, p, 1);
    }
    return NULL;
}

static imp_status read_csv(const char *p, const char *end, struct sheet *s, struct text *field,
                           imp_error *err)
{
    size_t line = 1, in_row = 0;
    while (p < end) {
        const size_t start = line;
        p = take_field(p, end, field, &line);
        if (!p)
            return imp_fail(err, IMP_E_INPUT, "line %zu: a quote is never closed", start);
        sheet_add(s, heap_strdup(field->data));
        in_row++;
        if (p < end && *p == ',') {
            if (++p == end) {
                sheet_add(s, NULL);
                in_row++;
            } else {
                continue;
            }
        }
        if (p + 1 < end && p[0] == '\r' && p[1] == '\n')
            p++;
        if (p < end && *p != '\n')
            return imp_fail(err, IMP_E_INPUT, "line %zu: text after a closing quote", line);
        p += p < end;
        if (!s->columns)
            s->columns = in_row;
        if (in_row != s->columns)
            return imp_fail(err, IMP_E_INPUT, "line %zu has %zu cells, the first line has %zu",
                            start, in_row, s->columns);
        line++;
        in_row = 0;
    }
    if (!s->columns)
        return imp_fail(err, IMP_E_INPUT,
                        "the file is empty: its first line must name the columns");
    return IMP_OK;
}

imp_status table_from_csv(const char *text, size_t size, struct value **out, imp_error *err)
{
    struct sheet s = {0};
    struct text field = {0};
    if (size >= 3 && !memcmp(text, "\xef\xbb\xbf", 3)) {
        text += 3;
        size -= 3;
    }
    imp_status st = read_csv(text, text + size, &s, &field, err);
    if (!st)
        st = table_from_sheet(&s, out, err);
    text_free(&field);
    sheet_free(&s);
    return st;
}

/* ---- JSON ---- */

static char *json_text(const cJSON *item)
{
    char number[32];
    if (cJSON_IsString(item))
        return heap_strdup(item->valuestring);
    if (cJSON_IsBool(item))
        return heap_strdup(cJSON_IsTrue(item) ? "true" : "false");
    if (cJSON_IsNumber(item))
        return heap_strdup(print_real(item->valuedouble, number));
    return NULL;
}

static bool has_column(const struct sheet *s, const char *name)
{
    for (size_t i = 0; i < s->count; i++)
        if (!strcmp(s->cells[i], name))
            return true;
    return false;
}

static imp_status read_json(const cJSON *root, struct sheet *s, imp_error *err)
{
    const cJSON *row, *cell;
    size_t number = 0;
    if (!cJSON_IsArray(root))
        return imp_fail(err, IMP_E_INPUT, "it must be an array of objects: [{\"name\": 1}, ...]");
    cJSON_ArrayForEach(row, root)
    {
        number++;
        if (!cJSON_IsObject(row))
            return imp_fail(err, IMP_E_INPUT, "element %zu is no object", number);
        cJSON_ArrayForEach(cell, row)
        {
            if (cJSON_IsArray(cell) || cJSON_IsObject(cell))
                return imp_fail(
                    err, IMP_E_INPUT,
                    "element %zu, '%s': a cell is a number, a text, true, false or null", number,
                    cell->string);
            if (!has_column(s, cell->string))
                sheet_add(s, heap_strdup(cell->string));
        }
    }
    s->columns = s->count;
    if (!s->columns)
        return imp_fail(err, IMP_E_INPUT, "it has no columns");
    cJSON_ArrayForEach(row, root) for (size_t k = 0; k < s->columns; k++)
        sheet_add(s, json_text(cJSON_GetObjectItemCaseSensitive(row, s->cells[k])));
    return IMP_OK;
}

imp_status table_from_json(const char *text, size_t size, struct value **out, imp_error *err)
{
    struct sheet s = {0};
    const char *end = NULL;
    cJSON *root = cJSON_ParseWithLengthOpts(text, size, &end, 0);
    imp_status st;
    if (!root) {
        size_t line = 1;
        for (const char *p = text; end && p < end; p++)
            line += *p == '\n';
        return imp_fail(err, IMP_E_INPUT, "line %zu: not JSON", line);
    }
    st = read_json(root, &s, err);
    if (!st)
        st = table_from_sheet(&s, out, err);
    cJSON_Delete(root);
    sheet_free(&s);
    return st;
}

/* ---- writing ---- */

/* A cell as plain text, numbers and words of a list with blanks between. */
static void cell_text(uint32_t type, const imp_cell *c, struct text *out)
{
    char number[32];
    switch (type) {
    case IMP_TEXT:
    case IMP_PATH:
        text_addn(out, c->s.ptr, (size_t)c->s.len);
        break;
    case IMP_NUMBERS:
    case IMP_COLOUR:
        for (uint64_t i = 0; i < c->n.count; i++)
            text_addf(out, "%s%s", i ? " " : "", print_real(c->n.ptr[i], number));
        break;
    case IMP_NAMES:
        for (uint64_t i = 0; i < c->w.count; i++)
            text_addf(out, "%s%s", i ? " " : "", c->w.ptr[i]);
        break;
    case IMP_FLOAT:
        if (!isnan(c->f))
            text_add(out, print_real(c->f, number));
        break;
    case IMP_BOOL:
        text_add(out, c->i ? "true" : "false");
        break;
    default:
        text_addf(out, "%lld", (long long)c->i);
    }
}

static void csv_field(const char *text, struct text *out)
{
    if (!text[strcspn(text, ",\"\r\n")]) {
        text_add(out, text);
        return;
    }
    text_add(out, "\"");
    for (const char *p = text; *p; p++)
        text_addn(out, *p == '"' ? "\"\"" : p, *p == '"' ? 2 : 1);
    text_add(out, "\"");
}

void table_to_csv(const imp_table *t, struct text *out)
{
    struct text cell = {0};
    for (uint32_t k = 0; k < t->column_count; k++) {
        text_add(out, k ? "," : "");
        csv_field(t->columns[k].name, out);
    }
    text_add(out, "\n");
    for (uint64_t r = 0; r < t->row_count; r++) {
        for (uint32_t k = 0; k < t->column_count; k++) {
            text_add(out, k ? "," : "");
            cell_text(t->columns[k].type, &t->cells[r * t->column_count + k], &cell);
            if (cell.data)
                csv_field(cell.data, out);
            text_free(&cell);
        }
        text_add(out, "\n");
    }
}

static void json_string(const char *text, struct text *out)
{
    text_add(out, "\"");
    for (const char *p = text; *p; p++) {
        if (*p == '"' || *p == '\\')
            text_addf(out, "\\%c", *p);
        else if ((unsigned char)*p < 0x20)
            text_addf(out, "\\u%04x", (unsigned)*p);
        else
            text_addn(out, p, 1);
    }
    text_add(out, "\"");
}

static void json_cell(uint32_t type, const imp_cell *c, struct text *out)
{
    struct text plain = {0};
    cell_text(type, c, &plain);
    const char *text = plain.data ? plain.data : "";
    if (type == IMP_FLOAT && !isfinite(c->f))
        text_add(out, "null");
    else if (type == IMP_BOOL || type == IMP_INT || type == IMP_FLOAT || type == IMP_CHOICE)
        text_add(out, text);
    else
        json_string(text, out);
    text_free(&plain);
}

void table_to_json(const imp_table *t, struct text *out)
{
    text_add(out, "[");
    for (uint64_t r = 0; r < t->row_count; r++) {
        text_add(out, r ? ",\n  {" : "\n  {");
        for (uint32_t k = 0; k < t->column_count; k++) {
            text_add(out, k ? ", " : "");
            json_string(t->columns[k].name, out);
            text_add(out, ": ");
            json_cell(t->columns[k].type, &t->cells[r * t->column_count + k], out);
        }
        text_add(out, "}");
    }
    text_add(out, t->row_count ? "\n]\n" : "]\n");
}
