/* data_idx.c - MNIST and what is stored like it. */
#include "parse_idx.h"
#include "sets.h"
#include <string.h>

enum { IMAGES, LABELS, TEST_IMAGES, TEST_LABELS, NAMES, SHARED };

static const imp_param params[] = {
    {.key = "images", .type = IMP_PATH, .flags = IMP_PARAM_REQUIRED,
     .help = "Pictures as an IDX file, gzipped or not: train-images-idx3-ubyte.gz."},
    {.key = "labels", .type = IMP_PATH, .def_text = "",
     .help = "Their classes: train-labels-idx1-ubyte.gz. Left out: no classes."},
    {.key = "test_images", .type = IMP_PATH, .def_text = "",
     .help = "Pictures of the test set, if it has files of its own; test_share has no say then."},
    {.key = "test_labels", .type = IMP_PATH, .def_text = "", .help = "Their classes."},
    {.key = "names", .type = IMP_NAMES, .def_text = "",
     .help = "Names of the classes from 0 on. Left out: 0 1 2 ..."},
    SET_SHARED("", "Sides of the samples: one, or width and height. Left out: as in the file.",
               "own|3|1"),
};
static const imp_port outputs[] = {SET_OUTPUTS};

struct pair { /* pictures and their labels */
    idx_file images, labels;
    bool has_labels;
};

static bool read_idx(const imp_cell *params_, int32_t which, uint32_t axes, struct found *f,
                     idx_file *out)
{
    const char *path = params_[which].s.ptr;
    char text[256];
    struct bytes b;
    imp_error err = {sizeof err, sizeof text, text, -1, -1};
    if (!bytes_read(path, &f->room, &f->faults, which, &b))
        return false;
    const imp_status st = idx_parse(b.data, b.size, axes, out, &err);
    if (st != IMP_OK)
        fault_add(&f->faults, st, which, "%s: %s", path, text);
    return st == IMP_OK;
}

static bool read_pair(const imp_cell *p, int32_t images, struct found *f, struct pair *out)
{
    const int32_t labels = images + 1;
    out->has_labels = p[labels].s.len != 0;
    const bool fine = read_idx(p, images, 3, f, &out->images);
    if (!out->has_labels)
        return fine;
    if (!read_idx(p, labels, 1, f, &out->labels) || !fine)
        return false;
    if (out->labels.shape[0] == out->images.shape[0])
        return true;
    fault_add(&f->faults, IMP_E_INPUT, labels,
              "%s has %u labels, %s has %u pictures: they do not belong together",
              p[labels].s.ptr, out->labels.shape[0], p[images].s.ptr, out->images.shape[0]);
    return false;
}

/* Raises *classes above the largest label; a label that has no name is a fault. */
static void check_labels(const imp_cell *p, int32_t which, const idx_file *labels, struct found *f,
                         uint32_t *classes)
{
    const uint32_t names = (uint32_t)p[NAMES].w.count;
    for (uint32_t i = 0; i < labels->shape[0]; i++) {
        if (names && labels->data[i] >= names)
            fault_add(&f->faults, IMP_E_INPUT, which,
                      "%s: record %u (byte %u) has the label %u; names has %u, for 0 to %u",
                      p[which].s.ptr, i, i + 8, labels->data[i], names, names - 1);
        if (labels->data[i] >= *classes)
            *classes = labels->data[i] + 1u;
    }
}

static void name_classes(const imp_cell *p, uint32_t classes, struct found *f)
{
    const char **names = room_take(&f->room, classes + 1u, sizeof *names);
    if (p[NAMES].w.count)
        classes = (uint32_t)p[NAMES].w.count;
    for (uint32_t i = 0; names && i < classes; i++)
        if (!p[NAMES].w.count)
            names[i] = room_print(&f->room, "%u", i);
    f->form.class_names = p[NAMES].w.count ? p[NAMES].w.ptr : names;
    f->form.class_count = classes;
}

static void add_pair(const struct pair *pair, uint64_t first, bool test, struct found *f)
{
    const size_t one = (size_t)pair->images.shape[1] * pair->images.shape[2];
    for (uint32_t i = 0; i < pair->images.shape[0]; i++) {
        f->entries[first + i].bytes = pair->images.data + i * one;
        if (f->labels)
            f->labels[first + i] = pair->labels.data[i];
        if (f->test)
            f->test[first + i] = test;
    }
}

static void add_all(const struct pair *train, const struct pair *test, struct found *f)
{
    f->count = (uint64_t)train->images.shape[0] + test->images.shape[0];
    f->raw_channels = 1;
    f->raw_height = train->images.shape[1], f->raw_width = train->images.shape[2];
    const size_t n = (size_t)f->count;
    f->entries = room_take(&f->room, n, sizeof *f->entries);
    f->labels = train->has_labels ? room_take(&f->room, n, sizeof *f->labels) : NULL;
    f->test = test->images.axes ? room_take(&f->room, n, 1) : NULL;
    if (f->room.failed)
        return;
    add_pair(train, 0, false, f);
    add_pair(test, train->images.shape[0], true, f);
}

static void scan(const imp_cell *p, struct found *f)
{
    struct pair train = {0}, test = {0};
    uint32_t classes = 0;
    bool fine = read_pair(p, IMAGES, f, &train);
    if (p[TEST_IMAGES].s.len)
        fine &= read_pair(p, TEST_IMAGES, f, &test);
    else if (p[TEST_LABELS].s.len)
        fault_add(&f->faults, IMP_E_PARAM, TEST_LABELS, "test_labels without test_images");
    if (!fine)
        return;
    if (test.images.axes && test.has_labels != train.has_labels)
        fault_add(&f->faults, IMP_E_PARAM, TEST_IMAGES,
                  "only one of the training and the test pictures has labels");
    if (test.images.axes && (test.images.shape[1] != train.images.shape[1] ||
                             test.images.shape[2] != train.images.shape[2]))
        fault_add(&f->faults, IMP_E_INPUT, TEST_IMAGES, "%s has pictures of %u x %u, %s of %u x %u",
                  p[TEST_IMAGES].s.ptr, test.images.shape[2], test.images.shape[1],
                  p[IMAGES].s.ptr, train.images.shape[2], train.images.shape[1]);
    if (train.has_labels)
        check_labels(p, LABELS, &train.labels, f, &classes);
    if (test.has_labels)
        check_labels(p, TEST_LABELS, &test.labels, f, &classes);
    if (classes)
        name_classes(p, classes, f);
    if (!f->faults.total)
        add_all(&train, &test, f);
}

const struct set_filter set_idx = {
    .as = {SET_FILTER, .id = "data.idx",
           .summary = "A data set from IDX files, as MNIST has them.",
           .help = "Reads pictures and labels of MNIST, Fashion-MNIST and others in IDX format, "
                   "gzipped or not, and refuses files that are cut short or do not belong together." SET_SHARED_HELP,
           .params = IMP_LIST(params), .outputs = IMP_LIST(outputs)},
    .scan = scan, .shared = SHARED,
};
