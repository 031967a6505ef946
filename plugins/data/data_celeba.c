/* data_celeba.c - CelebA as it is published: aligned pictures, a list of attributes, a list of parts. */
#include "parse_celeba.h"
#include "sets.h"
#include <math.h>
#include <string.h>

enum { PATH, PICTURES, LIST, PARTS, TEST_PART, LABEL, ATTRIBUTES, CROP, SHARED };
enum { PART_TEST, PART_VALIDATION, PART_BOTH, PART_NONE };

static const imp_param params[] = {
    {.key = "path", .type = IMP_PATH, .flags = IMP_PARAM_REQUIRED,
     .help = "The folder that holds the pictures' folder and the lists."},
    {.key = "pictures", .type = IMP_TEXT, .def_text = "img_align_celeba",
     .help = "Folder of the pictures in it."},
    {.key = "list", .type = IMP_TEXT, .def_text = "list_attr_celeba.txt",
     .help = "List of the attributes: count, names, then -1 or 1 for each picture."},
    {.key = "parts", .type = IMP_TEXT, .def_text = "list_eval_partition.txt",
     .help = "List that says which pictures are for training (0), validation (1) and test (2); "
             "without it test_share decides."},
    {.key = "test_part", .type = IMP_CHOICE, .choices = "test|validation|both|none",
     .help = "Which of them go to the output `test`; those of the other part are left out. none: the "
             "list of parts is not looked at."},
    {.key = "label", .type = IMP_TEXT, .def_text = "",
     .help = "An attribute that is the class: no or yes."},
    {.key = "attributes", .type = IMP_NAMES, .def_text = "",
     .help = "Attributes to take, -1 or 1 each. Left out: all of the list."},
    {.key = "crop", .unit = "px", .type = IMP_NUMBERS, .def_text = "0 20 178 178",
     .help = "The part of each picture that is used: left, top, width, height. Empty: all of it."},
    SET_SHARED("64", "Sides of the samples: one, or width and height.", "3|1"),
};
static const imp_port outputs[] = {SET_OUTPUTS};

struct reading {
    const imp_cell *params;
    struct found *found;
    struct celeba_list list;
    uint32_t *columns; /* of the attributes taken */
};

/* A text file of the folder; NULL: a fault, or not there though it may be missing. */
static char *read_list(struct reading *r, int32_t which, bool may_miss, const char **path)
{
    struct found *f = r->found;
    const char *name = r->params[which].s.ptr;
    struct bytes b;
    *path = path_join(&f->room, r->params[PATH].s.ptr, name);
    if (!path_is_below(name) || !*name) {
        fault_add(&f->faults, IMP_E_PARAM, which, "'%s' is not the name of a file in the folder",
                  name);
        return NULL;
    }
    if (!*path || (may_miss && !path_is_file(*path)) ||
        !bytes_read(*path, &f->room, &f->faults, which, &b))
        return NULL;
    if (memchr(b.data, 0, b.size)) {
        fault_add(&f->faults, IMP_E_INPUT, which, "%s: no text: it has zero bytes", *path);
        return NULL;
    }
    union { uint8_t *bytes; char *text; } to = {.bytes = b.data};
    return to.text;
}

static int64_t find_name(const struct celeba_list *l, const char *name)
{
    for (uint32_t i = 0; i < l->columns; i++)
        if (!strcmp(l->names[i], name))
            return i;
    return -1;
}

/* The column of an attribute that the preset names; -1: a fault. */
static int64_t column_of(struct reading *r, int32_t param, const char *name)
{
    struct found *f = r->found;
    const int64_t k = find_name(&r->list, name);
    if (k < 0)
        fault_name(&f->faults, param, name, fault_words(&f->room, r->list.names, r->list.columns),
                   "there is no attribute '%s' in %s", name, r->params[LIST].s.ptr);
    return k;
}

static void set_attributes(struct reading *r)
{
    struct found *f = r->found;
    const imp_cell *given = &r->params[ATTRIBUTES];
    const size_t most = given->w.count ? (size_t)given->w.count : r->list.columns;
    imp_attribute *a = room_take(&f->room, most, sizeof *a);
    r->columns = room_take(&f->room, most, sizeof *r->columns);
    uint32_t n = 0;
    for (size_t i = 0; a && r->columns && i < most; i++) {
        const char *name = given->w.count ? given->w.ptr[i] : r->list.names[i];
        const int64_t k = column_of(r, ATTRIBUTES, name);
        r->columns[n] = (uint32_t)k;
        a[n] = (imp_attribute){name, NULL, -1, 1};
        n += k >= 0;
    }
    f->form.attributes = a;
    f->form.attribute_count = n;
}

/* 0, 1, 2 for each picture of the list of attributes, or NULL: there is no list of parts. */
static const int8_t *read_parts(struct reading *r)
{
    struct found *f = r->found;
    struct celeba_list parts;
    const char *path;
    char *text = r->params[TEST_PART].i == PART_NONE ? NULL : read_list(r, PARTS, true, &path);
    if (!text || !celeba_parts(path, text, &f->room, &f->faults, PARTS, &parts))
        return NULL;
    if (parts.rows != r->list.rows && !f->faults.total)
        fault_add(&f->faults, IMP_E_INPUT, PARTS, "%s has %llu pictures, %s has %llu", path,
                  (unsigned long long)parts.rows, r->params[LIST].s.ptr,
                  (unsigned long long)r->list.rows);
    for (uint64_t i = 0; i < parts.rows && i < r->list.rows && !f->faults.total; i++)
        if (strcmp(parts.files[i], r->list.files[i]))
            fault_add(&f->faults, IMP_E_INPUT, PARTS, "%s: picture %llu is %s, in %s it is %s",
                      path, (unsigned long long)i + 1, parts.files[i], r->params[LIST].s.ptr,
                      r->list.files[i]);
    return f->faults.total ? NULL : parts.values;
}

static bool is_test(const struct reading *r, int8_t part)
{
    const int64_t what = r->params[TEST_PART].i;
    return (part == 2 && what != PART_VALIDATION) || (part == 1 && what != PART_TEST);
}

static void add(struct reading *r, uint64_t row, int64_t label)
{
    struct found *f = r->found;
    const char *name = r->list.files[row];
    const char *folder = path_join(&f->room, r->params[PATH].s.ptr, r->params[PICTURES].s.ptr);
    const char *path = folder ? path_join(&f->room, folder, name) : NULL;
    const size_t k = (size_t)f->count, n = f->form.attribute_count;
    if (!path)
        return;
    if (!path_is_below(name) || !path_is_file(path)) {
        fault_add(&f->faults, IMP_E_MISSING, LIST, "%s: picture %llu, %s, is not there",
                  r->params[LIST].s.ptr, (unsigned long long)row + 1, path);
        return;
    }
    const int8_t *values = r->list.values + row * r->list.columns;
    f->entries[k].path = path;
    for (size_t i = 0; i < n; i++)
        f->attributes[k * n + i] = values[r->columns[i]];
    if (f->labels)
        f->labels[k] = values[label] > 0;
    f->count++;
}

static void add_all(struct reading *r, const int8_t *parts, int64_t label)
{
    struct found *f = r->found;
    const size_t rows = (size_t)r->list.rows;
    f->entries = room_take(&f->room, rows, sizeof *f->entries);
    f->attributes = room_take(&f->room, rows * f->form.attribute_count, sizeof *f->attributes);
    f->labels = label >= 0 ? room_take(&f->room, rows, sizeof *f->labels) : NULL;
    f->test = parts ? room_take(&f->room, rows, 1) : NULL;
    for (uint64_t i = 0; i < rows && !f->room.failed; i++) {
        if (parts && parts[i] && !is_test(r, parts[i]))
            continue;
        if (parts)
            f->test[f->count] = parts[i] != 0;
        add(r, i, label);
    }
}

static void set_crop(struct reading *r)
{
    const imp_cell *c = &r->params[CROP];
    bool fine = c->n.count == 4;
    for (uint64_t i = 0; i < c->n.count && fine; i++) {
        fine = c->n.ptr[i] >= (i > 1) && c->n.ptr[i] <= 65536 && c->n.ptr[i] == floor(c->n.ptr[i]);
        r->found->crop[i] = fine ? (uint32_t)c->n.ptr[i] : 0;
    }
    if (c->n.count && !fine)
        fault_add(&r->found->faults, IMP_E_PARAM, CROP,
                  "crop wants left, top, width and height in whole pixels: 0 20 178 178");
}

static void scan(const imp_cell *p, struct found *f)
{
    struct reading r = {.params = p, .found = f};
    const char *path;
    set_crop(&r);
    char *text = read_list(&r, LIST, false, &path);
    if (!text || !celeba_attributes(path, text, &f->room, &f->faults, LIST, &r.list))
        return;
    const int64_t label = p[LABEL].s.len ? column_of(&r, LABEL, p[LABEL].s.ptr) : -1;
    static const char *const no_yes[] = {"no", "yes"};
    f->form.class_names = label >= 0 ? no_yes : NULL;
    f->form.class_count = label >= 0 ? 2 : 0;
    set_attributes(&r);
    const int8_t *parts = read_parts(&r);
    if (!f->faults.total)
        add_all(&r, parts, label);
}

const struct set_filter set_celeba = {
    .as = {SET_FILTER, .id = "data.celeba",
           .summary = "A data set from CelebA's aligned pictures and their 40 attributes.",
           .help = "Reads the layout in which CelebA is published, or any smaller one of the same "
                   "kind; names of attributes come from the list." SET_SHARED_HELP,
           .params = IMP_LIST(params), .outputs = IMP_LIST(outputs)},
    .scan = scan, .shared = SHARED,
};
