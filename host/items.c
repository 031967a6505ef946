#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "batch.h"
#include "files.h"

enum { MAX_KINDS = 16, MAX_DEPTH = 256 };

struct ancestor { dev_t dev; ino_t ino; const struct ancestor *above; unsigned depth; };

struct collector {
    struct arena *arena;
    const struct codecs *codecs;
    struct report *report;
    struct items *out;
    size_t capacity;
    bool out_known;          /* the OUT folder is there */
    dev_t out_dev;
    ino_t out_ino;
    struct { const char *ending, *example; size_t count; } skipped[MAX_KINDS]; /* known, not read */
    size_t skipped_count;
};

static const char *last_part(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

static void add_item(struct collector *c, const char *path, const char *relative, const char *source,
                     size_t number)
{
    struct items *out = c->out;
    out->list = arena_grow(c->arena, out->list, out->count, &c->capacity, sizeof *out->list);
    struct item *it = &out->list[out->count++];
    const char *name = last_part(relative);
    const char *dot = strrchr(name, '.');
    if (!dot || dot == name)
        dot = name + strlen(name);
    *it = (struct item){.path = path, .relative = relative, .source = source,
                        .dir = name == relative ? "" : arena_strndup(c->arena, relative,
                                                                     (size_t)(name - relative) - 1),
                        .stem = arena_strndup(c->arena, name, (size_t)(dot - name)),
                        .ending = *dot ? dot + 1 : dot, .number = number ? number : out->count};
}

/* A kind of picture that we know and do not read, met in a folder: counted, for one warning. */
static void skip_known(struct collector *c, const char *path)
{
    const char *dot = strrchr(last_part(path), '.');
    for (size_t i = 0; i < c->skipped_count; i++)
        if (!strcmp(c->skipped[i].ending, dot + 1)) {
            c->skipped[i].count++;
            return;
        }
    if (c->skipped_count == MAX_KINDS)
        return;
    c->skipped[c->skipped_count].ending = dot + 1;
    c->skipped[c->skipped_count].example = path;
    c->skipped[c->skipped_count++].count = 1;
}

static void report_skipped(struct collector *c)
{
    for (size_t i = 0; i < c->skipped_count; i++) {
        const char *hint = codecs_conversion_hint(c->skipped[i].example);
        struct fault *f = report_add(c->report, SEV_WARNING, "W0723", NULL,
                                     "%zu file%s of the kind '.%s' left out, which is not read: %s%s",
                                     c->skipped[i].count, c->skipped[i].count == 1 ? "" : "s",
                                     c->skipped[i].ending, c->skipped[i].example,
                                     c->skipped[i].count == 1 ? "" : " ...");
        if (hint)
            fault_note(f, "convert first: %s", hint);
    }
}

static void take_folder(struct collector *, const char *path, const char *relative, const char *root,
                        const struct ancestor *);

static void take_entry(struct collector *c, const char *folder, const char *below, const char *root,
                       const char *name, const struct ancestor *above)
{
    struct stat st;
    const bool slash = *folder && folder[strlen(folder) - 1] == '/';
    const char *path = arena_printf(c->arena, "%s%s%s", folder, slash ? "" : "/", name);
    const char *relative = *below ? arena_printf(c->arena, "%s/%s", below, name)
                                  : arena_strdup(c->arena, name);
    if (stat(path, &st)) {
        if (codecs_can_read(c->codecs, path)) /* a dangling link, or gone meanwhile: fails as an item */
            add_item(c, path, relative, arena_printf(c->arena, "%s/./%s", root, relative), 0);
        return;
    }
    if (S_ISDIR(st.st_mode)) {
        take_folder(c, path, relative, root, above);
        return;
    }
    if (!S_ISREG(st.st_mode))
        return;
    if (codecs_can_read(c->codecs, path))
        add_item(c, path, relative, arena_printf(c->arena, "%s/./%s", root, relative), 0);
    else if (codecs_conversion_hint(path))
        skip_known(c, path);
}

/* A link back to a folder that we are in is followed no further, so loops end. */
static bool seen_above(const struct ancestor *a, const struct stat *st)
{
    for (; a; a = a->above)
        if (a->dev == st->st_dev && a->ino == st->st_ino)
            return true;
    return false;
}

static void take_folder(struct collector *c, const char *path, const char *relative, const char *root,
                        const struct ancestor *above)
{
    struct stat st;
    size_t n = 0;
    if (stat(path, &st) || seen_above(above, &st) || (above && above->depth >= MAX_DEPTH))
        return;
    if (above && c->out_known && st.st_dev == c->out_dev && st.st_ino == c->out_ino)
        return;
    char **names = files_names(path, &n);
    if (!names) {
        report_add(c->report, above ? SEV_WARNING : SEV_ERROR, above ? "W0721" : "E0721", NULL,
                   "cannot read the folder %s: %s", path, strerror(errno));
        return;
    }
    const struct ancestor here = {st.st_dev, st.st_ino, above, above ? above->depth + 1 : 0};
    for (size_t i = 0; i < n; i++)
        if (names[i][0] != '.')
            take_entry(c, path, relative, root, names[i], &here);
    files_free_names(names, n);
}

static void take_root_folder(struct collector *c, const char *path, const struct stat *st)
{
    if (c->out_known && st->st_dev == c->out_dev && st->st_ino == c->out_ino) {
        struct fault *f = report_add(c->report, SEV_ERROR, "E0724", NULL,
                                     "%s is both the folder of the pictures and the one to write into", path);
        fault_note(f, "give another folder with -o: a second run would take its own files for pictures");
        return;
    }
    size_t length = strlen(path);
    while (length > 1 && path[length - 1] == '/')
        length--;
    const size_t before = c->out->count;
    const size_t skipped = c->skipped_count;
    take_folder(c, path, "", arena_strndup(c->arena, path, length), NULL);
    if (c->out->count == before && c->skipped_count == skipped)
        report_add(c->report, SEV_WARNING, "W0725", NULL, "no pictures in %s (read are: %s)", path,
                   codecs_readable(c->codecs));
}

/* What stands behind "/./", else the name alone. */
static const char *relative_of(const char *path)
{
    const char *mark = NULL;
    for (const char *p = path; (p = strstr(p, "/./")); p++)
        mark = p + 3;
    while (mark && *mark == '/')
        mark++;
    return mark && *mark && !strstr(mark, "../") ? mark : last_part(path);
}

static void take_file(struct collector *c, const char *path, size_t number)
{
    if (codecs_can_read(c->codecs, path)) {
        add_item(c, path, relative_of(path), path, number);
        return;
    }
    const char *hint = codecs_conversion_hint(path);
    struct fault *f = report_add(c->report, SEV_ERROR, hint ? "E0723" : "E0722", NULL,
                                 hint ? "pictures of this kind are not read: %s"
                                      : "not a picture by its ending: %s", path);
    if (hint)
        fault_note(f, "convert first: %s", hint);
    fault_note(f, "read are: %s", codecs_readable(c->codecs));
}

static void take_input(struct collector *c, const char *path, size_t number)
{
    struct stat st;
    if (!strcmp(path, "-")) {
        struct fault *f = report_add(c->report, SEV_ERROR, "E0720", NULL,
                                     "pictures are not read from the standard input");
        fault_note(f, "a list of their paths is: --files-from -");
    } else if (stat(path, &st)) {
        struct fault *f = report_add(c->report, SEV_ERROR, "E0720", NULL, "cannot find %s: %s", path,
                                     strerror(errno));
        if (errno == ENOENT)
            fault_note(f, "paths are relative to the current folder");
    } else if (S_ISDIR(st.st_mode)) {
        take_root_folder(c, path, &st);
    } else {
        take_file(c, path, number);
    }
}

/* ---- lists ---- */

/* \\ \t \n back to what they stand for, in place. */
static void unescape(char *s)
{
    char *to = s;
    for (; *s; s++) {
        if (*s == '\\' && s[1]) {
            s++;
            *to++ = *s == 't' ? '\t' : *s == 'n' ? '\n' : *s;
        } else {
            *to++ = *s;
        }
    }
    *to = 0;
}

/* A picture of a list may be gone: that fails as an item, as in a folder. A folder is walked. */
static void take_listed(struct collector *c, const char *path, size_t number)
{
    struct stat st;
    if (stat(path, &st) && (errno == ENOENT || errno == ENOTDIR) && codecs_can_read(c->codecs, path))
        take_file(c, path, number);
    else
        take_input(c, path, number);
}

static void take_failed_line(struct collector *c, char *line)
{
    char *column[4] = {line, NULL, NULL, NULL};
    for (int i = 1; i < 4; i++)
        if (column[i - 1] && (column[i] = strchr(column[i - 1], '\t')))
            *column[i]++ = 0;
    long long number = 0;
    if (column[3] && (!parse_integer(column[3], &number) || number < 0))
        number = 0;
    unescape(line);
    take_listed(c, arena_strdup(c->arena, line), (size_t)number);
}

static void take_list(struct collector *c, char *text)
{
    for (char *line = text, *next; line; line = next) {
        if ((next = strchr(line, '\n')))
            *next++ = 0;
        const size_t n = strlen(line);
        if (n && line[n - 1] == '\r')
            line[n - 1] = 0;
        if (!strcmp(line, FAILED_HEADER))
            c->out->failed_list = true;
        else if (*line && c->out->failed_list)
            take_failed_line(c, line);
        else if (*line)
            take_listed(c, arena_strdup(c->arena, line), 0);
    }
}

static void take_files_from(struct collector *c, const char *list)
{
    size_t size = 0;
    char *text = files_read(strcmp(list, "-") ? list : "/dev/stdin", &size);
    if (!text) {
        report_add(c->report, SEV_ERROR, "E0721", NULL, "cannot read the list %s: %s", list,
                   strerror(errno));
        return;
    }
    if (memchr(text, 0, size)) {
        struct fault *f = report_add(c->report, SEV_ERROR, "E0721", NULL,
                                     "%s is not a list of paths: it holds a zero byte", list);
        fault_note(f, "one path a line; `find -print`, not `-print0`");
    } else {
        take_list(c, text);
    }
    free(text);
}

bool items_collect(struct arena *arena, const struct batch_options *o, const struct codecs *codecs,
                   struct items *out, struct report *report)
{
    struct collector c = {.arena = arena, .codecs = codecs, .report = report, .out = out};
    struct stat st;
    const int errors = report_count(report, SEV_ERROR);
    *out = (struct items){0};
    if (o->out && !stat(o->out, &st)) {
        c.out_known = true;
        c.out_dev = st.st_dev;
        c.out_ino = st.st_ino;
    }
    for (size_t i = 0; i < o->input_count; i++)
        take_input(&c, o->inputs[i], 0);
    if (o->files_from)
        take_files_from(&c, o->files_from);
    report_skipped(&c);
    return report_count(report, SEV_ERROR) == errors;
}
