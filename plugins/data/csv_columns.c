/* csv_columns.c - classes, numbers and choices from the texts of a table. */
#include "csv_columns.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_CHOICES = 64 };

/* ---- words that are classes or choices ---- */

static bool number_of(const char *text, double *value)
{
    const char *end;
    *value = kit_number(text, &end);
    return end != text && !*end;
}

/* Numbers by size, before words; words by their bytes. */
static int compare_words(const void *a, const void *b)
{
    const char *x = *(const char *const *)a, *y = *(const char *const *)b;
    double u, v;
    const bool first = number_of(x, &u), second = number_of(y, &v);
    if (first != second)
        return first ? -1 : 1;
    if (first && u != v)
        return u < v ? -1 : 1;
    return strcmp(x, y);
}

static bool is_unknown(const char *cell)
{
    static const char *const words[] = {"", "?", "NA", "NaN", "nan", "null", "-"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (!strcmp(cell, words[i]))
            return true;
    return false;
}

/* The different known values of a column, sorted. */
static const char **different(struct csv_set *r, uint32_t column, uint32_t *count)
{
    const char **all = room_take(&r->found->room, (size_t)r->table.rows, sizeof *all);
    uint64_t n = 0;
    *count = 0;
    for (uint64_t i = 0; all && i < r->table.rows; i++)
        if (!is_unknown(csv_cell(&r->table, i, column)))
            all[n++] = csv_cell(&r->table, i, column);
    if (n)
        qsort(all, (size_t)n, sizeof *all, compare_words);
    for (uint64_t i = 0; i < n; i++)
        if (!*count || strcmp(all[*count - 1], all[i]))
            all[(*count)++] = all[i];
    return all;
}

void csv_labels(struct csv_set *r)
{
    struct found *f = r->found;
    const char *name = r->params[r->label_param].s.ptr;
    const int64_t column = csv_column(&r->table, name);
    if (!*name)
        return;
    if (column < 0) {
        fault_name(&f->faults, r->label_param, name,
                   fault_words(&f->room, r->table.names, r->table.columns), "%s has no column '%s'",
                   r->file, name);
        return;
    }
    r->used[column] = true;
    f->form.class_names = different(r, (uint32_t)column, &f->form.class_count);
    f->labels = room_take(&f->room, (size_t)r->table.rows, sizeof *f->labels);
    for (uint64_t i = 0; f->labels && f->form.class_names && i < r->table.rows; i++) {
        const char *cell = csv_cell(&r->table, i, (uint32_t)column);
        const char *const *at = is_unknown(cell)
                                    ? NULL
                                    : bsearch(&cell, f->form.class_names, f->form.class_count,
                                              sizeof(char *), compare_words);
        f->labels[i] = at ? (uint32_t)(at - f->form.class_names) : UINT32_MAX;
        if (!at)
            fault_add(&f->faults, IMP_E_INPUT, r->label_param, "%s:%u: no class in the column '%s'", r->file,
                      r->table.lines[i], name);
    }
}

/* ---- attributes ---- */

struct column { /* an attribute's */
    kit_attribute spec;
    uint32_t column;
};

/* What the preset says of attributes, or every column that is not in use. */
static struct column *choose(struct csv_set *r, uint32_t *count)
{
    struct found *f = r->found;
    const imp_cell *given = &r->params[r->attributes_param];
    const size_t most = given->w.count ? (size_t)given->w.count : r->table.columns;
    struct column *list = room_take(&f->room, most, sizeof *list);
    *count = 0;
    for (uint32_t i = 0; list && !given->w.count && i < r->table.columns; i++)
        if (!r->used[i])
            list[(*count)++] = (struct column){.spec.name = r->table.names[i], .column = i};
    for (uint64_t i = 0; list && i < given->w.count; i++) {
        struct column *c = &list[*count];
        char why[256];
        imp_error err = {sizeof err, sizeof why, why, -1, -1};
        char *buf = room_text(&f->room, given->w.ptr[i], strlen(given->w.ptr[i]));
        if (!buf)
            break;
        if (kit_attribute_read(given->w.ptr[i], buf, &c->spec, &err) != IMP_OK) {
            fault_name(&f->faults, r->attributes_param, given->w.ptr[i], NULL, "%s", why);
            continue;
        }
        const int64_t column = csv_column(&r->table, c->spec.name);
        if (column < 0)
            fault_name(&f->faults, r->attributes_param, c->spec.name,
                       fault_words(&f->room, r->table.names, r->table.columns),
                       "%s has no column '%s'", r->file, c->spec.name);
        c->column = (uint32_t)column;
        *count += column >= 0;
    }
    return list;
}

/* Are all known cells numbers, and some known? Finds their range. */
static bool is_numeric(const struct csv_set *r, uint32_t column, double *min, double *max)
{
    bool any = false;
    double v;
    for (uint64_t i = 0; i < r->table.rows; i++) {
        const char *cell = csv_cell(&r->table, i, column);
        if (is_unknown(cell))
            continue;
        if (!number_of(cell, &v))
            return false;
        *min = !any || v < *min ? v : *min;
        *max = !any || v > *max ? v : *max;
        any = true;
    }
    return any;
}

/* A column of words that the preset does not list: its different words. */
static const char *own_choices(struct csv_set *r, const struct column *c)
{
    struct room *room = &r->found->room;
    uint32_t n;
    const char **words = different(r, c->column, &n);
    if (!words || !n || n > MOST_CHOICES) {
        fault_add(&r->found->faults, IMP_E_INPUT, r->attributes_param,
                  "%s: the column '%s' has %u different texts: an attribute is a number or one of "
                  "2 to %d choices; name the columns that are attributes",
                  r->file, c->spec.name, words ? n : 0, MOST_CHOICES);
        return NULL;
    }
    char *choices = room_text(room, words[0], strlen(words[0]));
    for (uint32_t i = 1; choices && i < n; i++)
        choices = room_print(room, "%s|%s", choices, words[i]);
    return choices;
}

static void bad_cell(struct csv_set *r, const struct column *c, uint64_t row, const char *wants)
{
    fault_add(&r->found->faults, IMP_E_INPUT, r->attributes_param, "%s:%u: '%s' in the column '%s'; %s",
              r->file, r->table.lines[row], csv_cell(&r->table, row, c->column), c->spec.name,
              wants);
}

static void read_numbers(struct csv_set *r, const struct column *c, const imp_attribute *a,
                         double *out, uint32_t stride)
{
    char wants[96];
    snprintf(wants, sizeof wants, "it takes numbers of %g to %g", a->min, a->max);
    for (uint64_t i = 0; i < r->table.rows; i++) {
        const char *cell = csv_cell(&r->table, i, c->column);
        out[i * stride] = NAN;
        if (is_unknown(cell))
            continue;
        if (!number_of(cell, &out[i * stride]) || out[i * stride] < a->min ||
            out[i * stride] > a->max)
            bad_cell(r, c, i, wants);
    }
}

static void read_choices(struct csv_set *r, const struct column *c, const imp_attribute *a,
                         double *out, uint32_t stride)
{
    const uint32_t n = kit_choice_count(a->choices);
    const char *wants = room_print(&r->found->room, "it takes %s", a->choices);
    for (uint64_t i = 0; i < r->table.rows; i++) {
        const char *cell = csv_cell(&r->table, i, c->column);
        const int64_t k = kit_choice_find(a->choices, cell);
        double v;
        out[i * stride] = NAN;
        if (k >= 0)
            out[i * stride] = (double)k;
        else if (number_of(cell, &v) && v >= 0 && v < n && v == floor(v))
            out[i * stride] = v;
        else if (!is_unknown(cell))
            bad_cell(r, c, i, wants ? wants : "");
    }
}

void csv_attributes(struct csv_set *r)
{
    struct found *f = r->found;
    uint32_t n;
    const struct column *list = choose(r, &n);
    imp_attribute *a = room_take(&f->room, n, sizeof *a);
    f->attributes = room_take(&f->room, (size_t)r->table.rows * n, sizeof *f->attributes);
    f->form.attributes = a;
    for (uint32_t k = 0; list && a && f->attributes && k < n && !f->room.failed; k++) {
        const struct column *c = &list[k];
        double *out = f->attributes + k;
        a[k] = (imp_attribute){c->spec.name, c->spec.choices, c->spec.min, c->spec.max};
        const bool ranged = c->spec.min < c->spec.max;
        double min = 0, max = 0;
        if (!ranged && !a[k].choices) {
            if (is_numeric(r, c->column, &min, &max))
                a[k].min = min, a[k].max = max;
            else if (!(a[k].choices = own_choices(r, c)))
                continue;
        }
        if (a[k].choices)
            read_choices(r, c, &a[k], out, n);
        else
            read_numbers(r, c, &a[k], out, n);
    }
    f->form.attribute_count = n;
}
