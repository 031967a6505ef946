/* preset_find.c - preset files: where they are, their bytes, their paths. */
#define _GNU_SOURCE /* realpath */
#include "preset_private.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool ends_in_ini(const char *name)
{
    const size_t n = strlen(name);
    return n > 4 && strcmp(name + n - 4, ".ini") == 0;
}

const char *preset_identity(struct arena *a, const char *path)
{
    char *real = realpath(path, NULL);
    const char *identity = arena_strdup(a, real ? real : path);
    free(real);
    return identity;
}

const char *preset_folder(struct arena *a, const char *path)
{
    const char *slash = strrchr(path, '/');
    if (!slash)
        return ".";
    return slash == path ? "/" : arena_strndup(a, path, (size_t)(slash - path));
}

const char *preset_join(struct arena *a, const char *folder, const char *path)
{
    if (strncmp(path, "~/", 2) == 0) {
        const char *home = getenv("HOME");
        return home && *home == '/' ? arena_printf(a, "%s/%s", home, path + 2) : path;
    }
    if (*path == '/' || *path == '\0' || strcmp(folder, ".") == 0)
        return path;
    return arena_printf(a, "%s%s%s", folder, strcmp(folder, "/") == 0 ? "" : "/", path);
}

const char *preset_path(struct arena *a, const struct preset_key *key)
{
    return preset_join(a, key->folder ? key->folder : ".", key->value);
}

const char *preset_names(struct arena *a, const char *const *names, size_t n, size_t most)
{
    struct text t = {0};
    text_add(&t, "");
    for (size_t i = 0; i < n && i < most; i++)
        text_addf(&t, "%s%s", i ? ", " : "", names[i]);
    if (n > most)
        text_addf(&t, ", ... (%zu in all)", n);
    const char *text = arena_strdup(a, t.data);
    text_free(&t);
    return text;
}

static bool read_all(struct arena *a, int fd, char **data, size_t *size, const char **why)
{
    struct text t = {0};
    char buffer[16384];
    for (;;) {
        const ssize_t n = read(fd, buffer, sizeof buffer);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0) {
            *why = n < 0 ? strerror(errno) : NULL;
            break;
        }
        text_addn(&t, buffer, (size_t)n);
        if (t.size > PRESET_BYTES) {
            *why = "it is larger than 1 MiB: no preset is";
            break;
        }
    }
    if (!*why) {
        *data = arena_strndup(a, t.data ? t.data : "", t.size);
        *size = t.size;
    }
    text_free(&t);
    return !*why;
}

bool preset_slurp(struct arena *a, const char *path, char **data, size_t *size, const char **why)
{
    struct stat st;
    *why = NULL;
    if (strcmp(path, "-") == 0)
        return read_all(a, STDIN_FILENO, data, size, why);
    /* O_NONBLOCK: a pipe of that name must not hold us up before it is refused. */
    const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0 || fstat(fd, &st) < 0)
        *why = strerror(errno);
    else if (S_ISDIR(st.st_mode))
        *why = "it is a folder";
    else if (!S_ISREG(st.st_mode))
        *why = "it is not a regular file";
    else
        read_all(a, fd, data, size, why);
    if (fd >= 0)
        close(fd);
    return !*why;
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

struct names {
    const char **list;
    size_t count, capacity;
};

/* Names of the .ini files in a folder, sorted; with `ending` as they are, else without it. */
static struct names names_in(struct arena *a, const char *folder, bool ending)
{
    struct names names = {0};
    DIR *dir = opendir(folder);
    if (!dir)
        return names;
    for (const struct dirent *e; (e = readdir(dir));) {
        if (e->d_name[0] == '.' || !ends_in_ini(e->d_name))
            continue;
        names.list = arena_grow(a, names.list, names.count, &names.capacity, sizeof *names.list);
        names.list[names.count++] =
            arena_strndup(a, e->d_name, strlen(e->d_name) - (ending ? 0 : 4));
    }
    closedir(dir);
    if (names.count)
        qsort(names.list, names.count, sizeof *names.list, by_text);
    return names;
}

size_t preset_list(struct arena *a, const char *const *search, size_t n, const char *const **names,
                   const char *const **files)
{
    struct names all = {0};
    for (size_t i = 0; i < n; i++) {
        const struct names here = names_in(a, search[i], false);
        for (size_t k = 0; k < here.count; k++) {
            all.list = arena_grow(a, all.list, all.count, &all.capacity, sizeof *all.list);
            all.list[all.count++] = here.list[k];
        }
    }
    if (all.count)
        qsort(all.list, all.count, sizeof *all.list, by_text);
    size_t kept = 0;
    for (size_t i = 0; i < all.count; i++)
        if (!kept || strcmp(all.list[kept - 1], all.list[i]) != 0)
            all.list[kept++] = all.list[i];
    const char **paths = arena_alloc(a, kept ? kept : 1, sizeof *paths);
    for (size_t i = 0; i < kept; i++) {
        for (size_t k = 0; k < n && !paths[i]; k++) {
            const char *path = arena_printf(a, "%s/%s.ini", search[k], all.list[i]);
            if (access(path, F_OK) == 0)
                paths[i] = path;
        }
        if (!paths[i])
            paths[i] = ""; /* gone since */
    }
    *names = all.list;
    *files = paths;
    return kept;
}

static void missing_file(struct arena *a, const char *path, struct report *report)
{
    struct fault *f =
        report_add(report, SEV_ERROR, "E0101", NULL, "no preset '%s': %s", path, strerror(errno));
    const char *slash = strrchr(path, '/');
    const struct names names = names_in(a, preset_folder(a, path), true);
    const char *near = nearest_name(slash ? slash + 1 : path, names.list, names.count);
    if (near)
        fault_hint(f, "did you mean '%.*s%s'?", slash ? (int)(slash + 1 - path) : 0, path, near);
    fault_note(f, "a preset is a file that ends in .ini or a name: impasto list presets");
}

const char *preset_find(struct arena *a, const char *name, const char *const *search, size_t n,
                        struct report *report)
{
    if (strcmp(name, "-") == 0)
        return name;
    if (strchr(name, '/') || ends_in_ini(name)) {
        if (access(name, F_OK) == 0)
            return name;
        missing_file(a, name, report);
        return NULL;
    }
    for (size_t i = 0; i < n && *name; i++) {
        const char *path = arena_printf(a, "%s/%s.ini", search[i], name);
        if (access(path, F_OK) == 0)
            return path;
    }
    struct fault *f = report_add(report, SEV_ERROR, "E0101", NULL, "no preset '%s'", name);
    const char *const *names, *const *files;
    const size_t count = preset_list(a, search, n, &names, &files);
    const char *near = nearest_name(name, names, count);
    if (near)
        fault_hint(f, "did you mean '%s'?", near);
    else if (access(name, F_OK) == 0)
        fault_hint(f, "for the file of that name write ./%s", name);
    for (size_t i = 0; i < n; i++)
        fault_note(f, "sought as %s/%s.ini", search[i], name);
    fault_note(f, "all there are: impasto list presets");
    return NULL;
}
