/* data_csv.c - a table whose rows name pictures and say what is on them. */
#include "parse_csv.h"
#include "sets.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { PATH, TABLE, PICTURE, LINE, LABEL, ATTRIBUTES, SHARED };
enum { MOST_CHOICES = 64 };

static const imp_param params[] = {
    {.key = "path", .type = IMP_PATH, .flags = IMP_PARAM_REQUIRED,
     .help = "The folder that holds the table and the pictures."},
    {.key = "table", .type = IMP_TEXT, .def_text = "attributes.csv",
     .help = "The table, a file in the folder: CSV with commas, semicolons or tabs, names in its "
             "first line."},
    {.key = "picture", .type = IMP_TEXT, .def_text = "",
     .help = "Where a row's picture lies in the folder, columns in braces: photo/{id}.png. Without "
             "an ending, the first that is there is taken. Left out: photo/ and the first column."},
    {.key = "line", .type = IMP_TEXT, .def_text = "",
     .help = "Where a row's line drawing lies, in the same way: line/{id}.png. Left out: none is "
             "read (lines = yes draws them)."},
    {.key = "label", .type = IMP_TEXT, .def_text = "",
     .help = "The column with the class. Classes are its different values, sorted."},
    {.key = "attributes", .type = IMP_NAMES, .def_text = "",
     .help = "Columns that are attributes, each `age` or with what it may be: age:0..100, "
             "hair:dark|red|blond (words, or their numbers from 0). Numbers without a range have "
             "that of the table. Left out: all columns but those of the label and of names."},
    SET_SHARED("64", "Sides of the samples: one, or width and height.", "3|1"),
};
static const imp_port outputs[] = {SET_OUTPUTS};

struct reading {
    const imp_cell *params;
    struct found *found;
    const char *file; /* of the table */
    struct csv table;
    bool *used;       /* columns that name files or the class */
};

/* ---- the files of a row ---- */

/* Marks the columns that a template names; false: there is none of a name, or a brace is open. */
static bool check_template(struct reading *r, int32_t param, const char *text)
{
    struct found *f = r->found;
    bool any = false;
    for (const char *p = text; (p = strchr(p, '{')); any = true) {
        const size_t n = strcspn(++p, "}");
        const char *name = room_text(&f->room, p, n);
        const int64_t column = name && p[n] ? csv_column(&r->table, name) : -1;
        if (!p[n]) {
            fault_add(&f->faults, IMP_E_PARAM, param, "'%s': a brace is never closed", text);
            return false;
        }
        if (column < 0) {
            fault_name(&f->faults, param, name,
                       fault_words(&f->room, r->table.names, r->table.columns),
                       "%s has no column '%s'", r->file, name ? name : "");
            return false;
        }
        r->used[column] = true;
    }
    if (!any)
        fault_add(&f->faults, IMP_E_PARAM, param,
                  "'%s' is the same for all rows: a column goes in braces, as in photo/{id}.png",
                  text);
    return any;
}

/* The template with the row's cells; NULL: no memory. */
static const char *fill_template(struct reading *r, const char *text, uint64_t row)
{
    struct room *room = &r->found->room;
    char *out = room_text(room, "", 0);
    while (*text && out) {
        const size_t bare = strcspn(text, "{"), name = strcspn(text + bare, "}");
        const char *cell = "";
        if (text[bare]) {
            const char *column = room_text(room, text + bare + 1, name - 1);
            cell = column ? csv_cell(&r->table, row, (uint32_t)csv_column(&r->table, column)) : "";
        }
        out = room_print(room, "%s%.*s%s", out, (int)bare, text, cell);
        text += bare + (text[bare] ? name + 1 : 0);
    }
    return out;
}

/* The file of a row; NULL: a fault names the line. */
static const char *find_file(struct reading *r, const char *text, uint64_t row, const char *what)
{
    struct found *f = r->found;
    const char *name = fill_template(r, text, row);
    if (!name)
        return NULL;
    if (!path_is_below(name)) {
        fault_add(&f->faults, IMP_E_INPUT, PATH, "%s:%u: '%s' leads out of the folder", r->file,
                  r->table.lines[row], name);
        return NULL;
    }
    const char *path = path_join(&f->room, r->params[PATH].s.ptr, name);
    const char *found = path ? path_find_picture(&f->room, path) : NULL;
    if (path && !found)
        fault_add(&f->faults, IMP_E_MISSING, PATH, "%s:%u: the %s %s is not there", r->file,
                  r->table.lines[row], what, path);
    return found;
}

static void find_files(struct reading *r)
{
    struct found *f = r->found;
    const imp_cell *p = r->params;
    const char *picture = p[PICTURE].s.len
                              ? p[PICTURE].s.ptr
                              : room_print(&f->room, "photo/{%s}", r->table.names[0]);
    const char *line = p[LINE].s.ptr;
    f->entries = room_take(&f->room, (size_t)r->table.rows, sizeof *f->entries);
    if (!picture || !f->entries || !check_template(r, PICTURE, picture) ||
        (*line && !check_template(r, LINE, line)))
        return;
    f->form.has_lines = *line != '\0';
    for (uint64_t i = 0; i < r->table.rows && !f->room.failed; i++) {
        f->entries[i].path = find_file(r, picture, i, "picture");
        if (*line)
            f->entries[i].lines = find_file(r, line, i, "drawing");
    }
    f->count = r->table.rows;
}

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
static const char **different(struct reading *r, uint32_t column, uint32_t *count)
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

static void set_labels(struct reading *r)
{
    struct found *f = r->found;
    const char *name = r->params[LABEL].s.ptr;
    const int64_t column = csv_column(&r->table, name);
    if (!*name)
        return;
    if (column < 0) {
        fault_name(&f->faults, LABEL, name,
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
            fault_add(&f->faults, IMP_E_INPUT, LABEL, "%s:%u: no class in the column '%s'", r->file,
                      r->table.lines[i], name);
    }
}

/* ---- attributes ---- */

struct column { /* an attribute's */
    kit_attribute spec;
    uint32_t column;
};

/* What the preset says of attributes, or every column that is not in use. */
static struct column *choose(struct reading *r, uint32_t *count)
{
    struct found *f = r->found;
    const imp_cell *given = &r->params[ATTRIBUTES];
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
            fault_name(&f->faults, ATTRIBUTES, given->w.ptr[i], NULL, "%s", why);
            continue;
        }
        const int64_t column = csv_column(&r->table, c->spec.name);
        if (column < 0)
            fault_name(&f->faults, ATTRIBUTES, c->spec.name,
                       fault_words(&f->room, r->table.names, r->table.columns),
                       "%s has no column '%s'", r->file, c->spec.name);
        c->column = (uint32_t)column;
        *count += column >= 0;
    }
    return list;
}

/* Are all known cells numbers, and some known? Finds their range. */
static bool is_numeric(const struct reading *r, uint32_t column, double *min, double *max)
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
static const char *own_choices(struct reading *r, const struct column *c)
{
    struct room *room = &r->found->room;
    uint32_t n;
    const char **words = different(r, c->column, &n);
    if (!words || !n || n > MOST_CHOICES) {
        fault_add(&r->found->faults, IMP_E_INPUT, ATTRIBUTES,
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

static void bad_cell(struct reading *r, const struct column *c, uint64_t row, const char *wants)
{
    fault_add(&r->found->faults, IMP_E_INPUT, ATTRIBUTES, "%s:%u: '%s' in the column '%s'; %s",
              r->file, r->table.lines[row], csv_cell(&r->table, row, c->column), c->spec.name,
              wants);
}

static void read_numbers(struct reading *r, const struct column *c, const imp_attribute *a,
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

static void read_choices(struct reading *r, const struct column *c, const imp_attribute *a,
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

static void set_attributes(struct reading *r)
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

static void scan(const imp_cell *p, struct found *f)
{
    struct reading r = {.params = p, .found = f};
    struct bytes b;
    if (!path_is_below(p[TABLE].s.ptr) || !p[TABLE].s.len) {
        fault_add(&f->faults, IMP_E_PARAM, TABLE, "'%s' is not the name of a file in the folder",
                  p[TABLE].s.ptr);
        return;
    }
    r.file = path_join(&f->room, p[PATH].s.ptr, p[TABLE].s.ptr);
    if (!r.file || !bytes_read(r.file, &f->room, &f->faults, PATH, &b) ||
        !csv_parse(r.file, (const char *)b.data, b.size, &f->room, &f->faults, PATH, &r.table) ||
        !r.table.rows)
        return;
    if (!(r.used = room_take(&f->room, r.table.columns, sizeof *r.used)))
        return;
    find_files(&r);
    set_labels(&r);
    set_attributes(&r);
}

const struct set_filter set_csv = {
    .as = {SET_FILTER, .id = "data.csv",
           .summary = "A data set from a table that names pictures and says what is on them.",
           .help = "Reads a CSV table with a picture in each row, its class in a column if one is "
                   "named, and attributes in others: numbers with a range, or choices. Empty cells, "
                   "?, NA and NaN are unknown. All bad lines are listed at once." SET_SHARED_HELP,
           .params = IMP_LIST(params), .outputs = IMP_LIST(outputs)},
    .scan = scan, .shared = SHARED,
};
