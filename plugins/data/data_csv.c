/* data_csv.c - a table whose rows name pictures and say what is on them. */
#include "csv_columns.h"
#include <stdlib.h>
#include <string.h>

enum { PATH, TABLE, PICTURE, LINE, LABEL, ATTRIBUTES, SHARED };

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

/* ---- the files of a row ---- */

/* Marks the columns that a template names; false: there is none of a name, or a brace is open. */
static bool check_template(struct csv_set *r, int32_t param, const char *text)
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
static const char *fill_template(struct csv_set *r, const char *text, uint64_t row)
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
static const char *find_file(struct csv_set *r, const char *text, uint64_t row, const char *what)
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

struct place {
    const char *path; /* NULL: not found, and told */
    uint64_t row;
};

static int by_path(const void *a, const void *b)
{
    const struct place *p = a, *q = b;
    const int order = strcmp(p->path ? p->path : "", q->path ? q->path : "");
    return order ? order : p->row < q->row ? -1 : 1;
}

/* A picture in two lines would count twice, perhaps with attributes that contradict each other, or be learnt from and
 * tested on. */
static void find_twins(struct csv_set *r)
{
    struct found *f = r->found;
    struct place *all = room_take(&f->room, (size_t)r->table.rows, sizeof *all);
    for (uint64_t i = 0; all && i < r->table.rows; i++)
        all[i] = (struct place){f->entries[i].path, i};
    if (all)
        qsort(all, (size_t)r->table.rows, sizeof *all, by_path);
    for (uint64_t i = 1; all && i < r->table.rows; i++)
        if (all[i].path && all[i - 1].path && !strcmp(all[i].path, all[i - 1].path))
            fault_add(&f->faults, IMP_E_INPUT, PATH, "%s:%u: the picture %s again, as in line %u", r->file,
                      r->table.lines[all[i].row], all[i].path, r->table.lines[all[i - 1].row]);
}

static void find_files(struct csv_set *r)
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
    if (!f->room.failed)
        find_twins(r);
    f->count = r->table.rows;
}

static void scan(const imp_cell *p, struct found *f)
{
    struct csv_set r = {.params = p, .found = f, .label_param = LABEL,
                        .attributes_param = ATTRIBUTES};
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
    csv_labels(&r);
    csv_attributes(&r);
}

const struct set_filter set_csv = {
    .as = {SET_FILTER, .id = "data.csv",
           .summary = "A data set from a table that names pictures and says what is on them.",
           .help = "Reads a CSV table with a picture in each row, its class in a column if one is "
                   "named, and attributes in others: numbers with a range, or choices. Empty cells, "
                   "?, NA and NaN are unknown. All bad lines are listed at once, also those of a "
                   "picture that was named before." SET_SHARED_HELP,
           .params = IMP_LIST(params), .outputs = IMP_LIST(outputs)},
    .scan = scan, .shared = SHARED,
};
