/* data_folder.c - a folder of pictures, its subfolders the classes. */
#include "sets.h"
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { PATH, CLASSES, SHARED };
enum { BY_FOLDER, NO_CLASSES };
enum { DEPTH = 32, MOST_CLASSES = 100000 };

static const imp_param params[] = {
    {.key = "path", .type = IMP_PATH, .flags = IMP_PARAM_REQUIRED,
     .help = "The folder. Folders in it are looked into; names that begin with a dot are not."},
    {.key = "classes", .type = IMP_CHOICE, .choices = "folders|none",
     .help = "folders: each folder in `path` is a class, with all pictures below it; none: pictures "
             "without classes, wherever they are."},
    SET_SHARED("64", "Sides of the samples: one, or width and height.", "3|1"),
};
static const imp_port outputs[] = {SET_OUTPUTS};

struct walk {
    struct found *found;
    const char **classes;
    uint64_t others;  /* files that are no pictures */
    uint32_t label;   /* of what is found now */
    struct { dev_t device; ino_t inode; } above[DEPTH]; /* folders on the way, against loops */
};

static int by_bytes(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Sorted names in a folder, those with a dot in front left out. */
static const char **list(struct walk *w, const char *path, size_t *count)
{
    struct room *room = &w->found->room;
    const char **names = NULL;
    DIR *dir = opendir(path);
    *count = 0;
    errno = 0;
    for (struct dirent *e; dir && (errno = 0, e = readdir(dir));)
        if (e->d_name[0] != '.') {
            names = room_grow(room, names, *count, sizeof *names);
            if (!names)
                break;
            names[(*count)++] = room_text(room, e->d_name, strlen(e->d_name));
        }
    if (!dir || errno)
        fault_add(&w->found->faults, IMP_E_IO, PATH, "%s: the folder cannot be read: %s", path,
                  strerror(errno));
    if (dir)
        closedir(dir);
    if (room->failed)
        *count = 0;
    if (*count)
        qsort(names, *count, sizeof *names, by_bytes);
    return names;
}

static void add(struct walk *w, const char *path)
{
    struct found *f = w->found;
    const size_t n = (size_t)f->count;
    f->entries = room_grow(&f->room, f->entries, n, sizeof *f->entries);
    f->labels = room_grow(&f->room, f->labels, n, sizeof *f->labels);
    if (f->room.failed)
        return;
    f->entries[n] = (struct entry){.path = path};
    f->labels[n] = w->label;
    f->count++;
}

static void look(struct walk *w, const char *path, uint32_t depth);

/* Is the folder one of those that it lies in (by a link)? */
static bool is_above(const struct walk *w, uint32_t depth, const struct stat *st)
{
    for (uint32_t i = 0; i < depth; i++)
        if (w->above[i].device == st->st_dev && w->above[i].inode == st->st_ino)
            return true;
    return false;
}

/* A class begins with each folder of the first level. */
static void enter(struct walk *w, const char *path, const char *name, uint32_t depth)
{
    struct found *f = w->found;
    const uint64_t before = f->count;
    if (!w->classes || depth) {
        look(w, path, depth + 1);
        return;
    }
    const uint32_t k = f->form.class_count;
    if (k == MOST_CLASSES)
        fault_add(&f->faults, IMP_E_LIMIT, PATH, "%s: class %u, more than are taken", path, k + 1);
    w->classes = room_grow(&f->room, w->classes, k, sizeof *w->classes);
    if (!w->classes || k == MOST_CLASSES)
        return;
    w->classes[k] = name;
    w->label = f->form.class_count++;
    look(w, path, depth + 1);
    if (f->count == before && !f->room.failed)
        fault_add(&f->faults, IMP_E_INPUT, PATH,
                  "%s: a class without a picture; take the folder away or put some in", path);
}

static void look(struct walk *w, const char *path, uint32_t depth)
{
    struct found *f = w->found;
    struct stat st;
    size_t n;
    if (depth == DEPTH || stat(path, &st) || is_above(w, depth, &st))
        return;
    w->above[depth].device = st.st_dev, w->above[depth].inode = st.st_ino;
    const char **names = list(w, path, &n);
    for (size_t i = 0; i < n; i++) {
        const char *below = path_join(&f->room, path, names[i]);
        if (!below || stat(below, &st))
            continue;
        if (S_ISDIR(st.st_mode))
            enter(w, below, names[i], depth);
        else if (!S_ISREG(st.st_mode) || !path_is_picture(below))
            w->others++;
        else if (w->classes && !depth)
            fault_add(&f->faults, IMP_E_INPUT, PATH,
                      "%s lies beside the class folders: put it into one, or say classes = none",
                      below);
        else
            add(w, below);
    }
}

static void scan(const imp_cell *p, struct found *f)
{
    struct walk w = {.found = f, .label = UINT32_MAX};
    const char *path = p[PATH].s.ptr;
    struct stat st;
    if (p[CLASSES].i == BY_FOLDER && !(w.classes = room_grow(&f->room, NULL, 0, sizeof(char *))))
        return;
    if (stat(path, &st) || !S_ISDIR(st.st_mode)) {
        fault_add(&f->faults, IMP_E_INPUT, PATH, "%s is not a folder", path);
        return;
    }
    look(&w, path, 0);
    f->form.class_names = w.classes;
    if (!w.classes)
        f->labels = NULL;
    if (!f->count && !f->faults.total && !f->room.failed)
        fault_add(&f->faults, IMP_E_INPUT, PATH,
                  "%s: there are no pictures in it (%llu other files)%s", path,
                  (unsigned long long)w.others,
                  w.classes ? ": each folder in it is a class" : "");
}

const struct set_filter set_folder = {
    .as = {SET_FILTER, .id = "data.folder",
           .summary = "A data set from a folder of pictures.",
           .help = "Reads all pictures below a folder, sorted by name, each resized to `size`. "
                   "Folders in it are the classes, in the order of their names." SET_SHARED_HELP,
           .params = IMP_LIST(params), .outputs = IMP_LIST(outputs)},
    .scan = scan, .shared = SHARED,
};
