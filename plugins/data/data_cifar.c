/* data_cifar.c - CIFAR-10 and CIFAR-100, binary version. */
#include "parse_cifar.h"
#include "sets.h"
#include <string.h>
#include <sys/stat.h>

enum { PATH, KIND, FILES, TEST_FILES, NAMES, SHARED };
enum { CIFAR10, CIFAR100, CIFAR100_COARSE };

static const imp_param params[] = {
    {.key = "path", .type = IMP_PATH, .flags = IMP_PARAM_REQUIRED,
     .help = "The folder of the record files (cifar-10-batches-bin), or one file of records."},
    {.key = "kind", .type = IMP_CHOICE, .choices = "cifar10|cifar100|cifar100-coarse",
     .help = "Ten classes, a hundred, or the hundred's 20 groups."},
    {.key = "files", .type = IMP_NAMES, .def_text = "",
     .help = "Files of the folder for training, in this order. Left out: data_batch_1.bin to "
             "data_batch_5.bin, or train.bin of CIFAR-100."},
    {.key = "test_files", .type = IMP_NAMES, .def_text = "",
     .help = "Files of the folder for the output `test`. Left out: test_batch.bin or test.bin if it "
             "is there and `files` is left out too; else test_share decides."},
    {.key = "names", .type = IMP_PATH, .def_text = "",
     .help = "A text file with the names of the classes, a line each. Left out: the folder's own "
             "(batches.meta.txt, fine_label_names.txt), or 0 1 2 ..."},
    SET_SHARED("", "Sides of the samples: one, or width and height. Left out: 32.", "own|3|1"),
};
static const imp_port outputs[] = {SET_OUTPUTS};

static const struct kind {
    cifar_layout layout;
    const char *train[6], *test, *names;
} kinds[] = {
    {{1, 0, 10},
     {"data_batch_1.bin", "data_batch_2.bin", "data_batch_3.bin", "data_batch_4.bin",
      "data_batch_5.bin"},
     "test_batch.bin", "batches.meta.txt"},
    {{2, 1, 100}, {"train.bin"}, "test.bin", "fine_label_names.txt"},
    {{2, 0, 20}, {"train.bin"}, "test.bin", "coarse_label_names.txt"},
};

struct reading {
    const imp_cell *params;
    const struct kind *kind;
    struct found *found;
    bool folder;
};

static bool is_folder(const char *path)
{
    struct stat st;
    return !stat(path, &st) && S_ISDIR(st.st_mode);
}

/* Records of one file, behind those that are there. */
static void add_file(struct reading *r, const char *path, int32_t param, bool test)
{
    struct found *f = r->found;
    const cifar_layout *l = &r->kind->layout;
    struct bytes b;
    uint64_t n = 0;
    char text[256];
    imp_error err = {sizeof err, sizeof text, text, -1, -1};
    if (!path || !bytes_read(path, &f->room, &f->faults, param, &b))
        return;
    const imp_status st = cifar_parse(b.data, b.size, l, &n, &err);
    if (st != IMP_OK)
        fault_add(&f->faults, st, param, "%s: %s", path, text);
    const uint8_t *record = b.data;
    for (uint64_t i = 0; i < n && !f->room.failed; i++, record += l->labels + CIFAR_PIXELS) {
        const size_t k = (size_t)f->count;
        f->entries = room_grow(&f->room, f->entries, k, sizeof *f->entries);
        f->labels = room_grow(&f->room, f->labels, k, sizeof *f->labels);
        f->test = room_grow(&f->room, f->test, k, 1);
        if (f->room.failed)
            return;
        f->entries[k] = (struct entry){.bytes = record + l->labels};
        f->labels[k] = record[l->label];
        f->test[k] = test;
        f->count++;
    }
}

static void add_files(struct reading *r, const imp_cell *names, int32_t param, bool test)
{
    for (uint64_t i = 0; i < names->w.count; i++)
        add_file(r, path_join(&r->found->room, r->params[PATH].s.ptr, names->w.ptr[i]), param,
                 test);
}

/* The files that the published archive has; its test set if it is there and wanted. */
static bool add_usual(struct reading *r, bool wants_test)
{
    const char *folder = r->params[PATH].s.ptr;
    for (const char *const *name = r->kind->train; *name; name++)
        add_file(r, path_join(&r->found->room, folder, *name), PATH, false);
    const char *test = path_join(&r->found->room, folder, r->kind->test);
    if (!test || !wants_test || !path_is_file(test))
        return false;
    add_file(r, test, PATH, true);
    return true;
}

static void add_all(struct reading *r)
{
    const imp_cell *p = r->params;
    bool has_test = p[TEST_FILES].w.count > 0;
    if (!r->folder && (p[FILES].w.count || has_test))
        fault_add(&r->found->faults, IMP_E_PARAM, p[FILES].w.count ? FILES : TEST_FILES,
                  "files and test_files are names in a folder, and path is a file");
    else if (!r->folder)
        add_file(r, p[PATH].s.ptr, PATH, false);
    else if (p[FILES].w.count)
        add_files(r, &p[FILES], FILES, false);
    else
        has_test |= add_usual(r, !has_test);
    if (r->folder)
        add_files(r, &p[TEST_FILES], TEST_FILES, true);
    if (!has_test)
        r->found->test = NULL;
}

static bool read_names(struct reading *r, const char *path, int32_t param, const char **names)
{
    struct found *f = r->found;
    const uint32_t classes = r->kind->layout.classes;
    struct bytes b;
    if (!bytes_read(path, &f->room, &f->faults, param, &b))
        return false;
    union { uint8_t *bytes; char *text; } to = {.bytes = b.data};
    const uint32_t n = cifar_names(to.text, names, classes);
    if (n != classes)
        fault_add(&f->faults, IMP_E_INPUT, param, "%s has %u names, there are %u classes", path, n,
                  classes);
    return n == classes;
}

static void name_classes(struct reading *r)
{
    struct found *f = r->found;
    const uint32_t classes = r->kind->layout.classes;
    const char **names = room_take(&f->room, classes, sizeof *names);
    const char *own = path_join(&f->room, r->params[PATH].s.ptr, r->kind->names);
    if (!names || !own)
        return;
    f->form.class_names = names;
    f->form.class_count = classes;
    if (r->params[NAMES].s.len) {
        read_names(r, r->params[NAMES].s.ptr, NAMES, names);
    } else if (r->folder && path_is_file(own)) {
        read_names(r, own, PATH, names);
    } else {
        for (uint32_t i = 0; i < classes; i++)
            names[i] = room_print(&f->room, "%u", i);
    }
}

static void scan(const imp_cell *p, struct found *f)
{
    struct reading r = {.params = p, .kind = &kinds[p[KIND].i], .found = f,
                        .folder = is_folder(p[PATH].s.ptr)};
    f->raw_channels = 3;
    f->raw_height = f->raw_width = CIFAR_SIDE;
    name_classes(&r);
    add_all(&r);
}

const struct set_filter set_cifar = {
    .as = {SET_FILTER, .id = "data.cifar",
           .summary = "A data set from the binary files of CIFAR-10 or CIFAR-100.",
           .help = "Reads records of a label (or two) and 32 x 32 colours, and refuses files of "
                   "another length and labels out of range." SET_SHARED_HELP,
           .params = IMP_LIST(params), .outputs = IMP_LIST(outputs)},
    .scan = scan, .shared = SHARED,
};
