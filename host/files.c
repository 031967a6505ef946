#include "files.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "arena.h"

static int by_bytes(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b); /* strcmp compares unsigned bytes */
}

char **files_names(const char *folder, size_t *count)
{
    DIR *dir = opendir(folder);
    if (!dir)
        return NULL;
    size_t n = 0, capacity = 16;
    char **names = heap_alloc(capacity, sizeof *names);
    for (struct dirent *e; (errno = 0, e = readdir(dir));) {
        if (!strcmp(e->d_name, ".") || !strcmp(e->d_name, ".."))
            continue;
        if (n == capacity)
            names = heap_resize(names, capacity *= 2, sizeof *names);
        names[n++] = heap_strdup(e->d_name);
    }
    const int failed = errno;
    closedir(dir);
    if (failed) {
        files_free_names(names, n);
        errno = failed;
        return NULL;
    }
    qsort(names, n, sizeof *names, by_bytes);
    *count = n;
    return names;
}

void files_free_names(char **names, size_t count)
{
    for (size_t i = 0; names && i < count; i++)
        free(names[i]);
    free(names);
}

/* ---- folders ---- */

static bool make_one(const char *path)
{
    struct stat st;
    if (!mkdir(path, 0777))
        return true;
    if (errno != EEXIST)
        return false;
    if (stat(path, &st))
        return false;
    errno = ENOTDIR;
    return S_ISDIR(st.st_mode);
}

bool files_make_parents(const char *path)
{
    char *copy = heap_strdup(path);
    bool ok = true;
    size_t end = strlen(copy);
    while (end > 1 && copy[end - 1] == '/')
        copy[--end] = 0;
    for (char *p = copy + 1; ok && *copy && (p = strchr(p, '/')); p++) {
        *p = 0;
        ok = make_one(copy);
        *p = '/';
    }
    const int keep = errno;
    free(copy);
    errno = keep;
    return ok;
}

bool files_make_folder(const char *path)
{
    return files_make_parents(path) && make_one(path);
}

/* ---- trees ---- */

/* Calls fn for every file and, after its content, every folder below and including path. */
static bool walk(const char *path, bool (*fn)(const char *path, const struct stat *, void *),
                 void *user)
{
    struct stat st;
    if (lstat(path, &st))
        return false;
    if (S_ISDIR(st.st_mode)) {
        size_t n = 0;
        char **names = files_names(path, &n);
        bool ok = names != NULL;
        for (size_t i = 0; ok && i < n; i++) {
            char *below = heap_printf("%s/%s", path, names[i]);
            ok = walk(below, fn, user);
            free(below);
        }
        files_free_names(names, n);
        if (!ok)
            return false;
    }
    return fn(path, &st, user);
}

static bool remove_one(const char *path, const struct stat *st, void *user)
{
    (void)user;
    return !(S_ISDIR(st->st_mode) ? rmdir(path) : unlink(path));
}

bool files_remove_tree(const char *path)
{
    return walk(path, remove_one, NULL) || errno == ENOENT;
}

static bool sync_one(const char *path, const struct stat *st, void *user)
{
    (void)user;
    if (!S_ISDIR(st->st_mode) && !S_ISREG(st->st_mode))
        return true;
    const int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return false;
    const bool ok = !fsync(fd) || errno == EINVAL; /* some file systems have no fsync for folders */
    const int keep = errno;
    close(fd);
    errno = keep;
    return ok;
}

bool files_sync(const char *path)
{
    return walk(path, sync_one, NULL);
}

static int64_t mtime_of(const struct stat *st)
{
    return (int64_t)st->st_mtim.tv_sec * 1000000000 + st->st_mtim.tv_nsec;
}

static bool sum_one(const char *path, const struct stat *st, void *user)
{
    struct files_state *sum = user;
    (void)path;
    if (S_ISDIR(st->st_mode))
        return true;
    sum->size += (uint64_t)st->st_size;
    if (mtime_of(st) > sum->mtime)
        sum->mtime = mtime_of(st);
    return true;
}

bool files_stat(const char *path, struct files_state *out)
{
    struct stat st;
    if (stat(path, &st))
        return false;
    *out = (struct files_state){
        .folder = S_ISDIR(st.st_mode), .device = (uint64_t)st.st_dev, .inode = (uint64_t)st.st_ino};
    if (out->folder)
        return walk(path, sum_one, out);
    return sum_one(path, &st, out);
}

struct tree_hash {
    struct hasher *hasher;
    size_t prefix;
};

static bool hash_one(const char *path, const struct stat *st, void *user)
{
    struct tree_hash *t = user;
    struct hash h = {0, 0};
    hash_text(t->hasher, path + t->prefix);
    if (S_ISREG(st->st_mode) && !hash_file(path, &h))
        return false;
    hash_hash(t->hasher, h);
    return true;
}

bool files_hash(const char *path, struct hash *out)
{
    struct stat st;
    if (stat(path, &st))
        return false;
    if (!S_ISDIR(st.st_mode))
        return hash_file(path, out);
    size_t length = strlen(path);
    while (length > 1 && path[length - 1] == '/')
        length--;
    char *trimmed = heap_printf("%.*s", (int)length, path);
    struct tree_hash t = {hash_new(), length};
    const bool ok = walk(trimmed, hash_one, &t);
    const struct hash h = hash_end(t.hasher);
    if (ok)
        *out = h;
    free(trimmed);
    return ok;
}

bool files_hash_family(const char *path, struct hash *out)
{
    struct stat st;
    const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
    const char *dot = strrchr(name, '.');
    if (stat(path, &st))
        return false;
    if (!S_ISREG(st.st_mode) || !dot || dot == name)
        return files_hash(path, out);
    const size_t stem = (size_t)(dot - name) + 1; /* the dot too */
    char *folder = slash ? heap_printf("%.*s", (int)(slash - path) + 1, path) : heap_strdup("./");
    size_t count = 0;
    char **names = files_names(folder, &count);
    struct hasher *h = hash_new();
    bool ok = names != NULL;
    for (size_t i = 0; ok && i < count; i++) {
        struct hash content = {0, 0};
        char *one = strncmp(names[i], name, stem) ? NULL : heap_printf("%s%s", folder, names[i]);
        if (one && !stat(one, &st) && S_ISREG(st.st_mode)) {
            ok = hash_file(one, &content);
            hash_text(h, names[i]);
            hash_hash(h, content);
        }
        free(one);
    }
    const struct hash all = hash_end(h);
    if (ok)
        *out = all;
    files_free_names(names, count);
    free(folder);
    return ok;
}

/* ---- whole files ---- */

char *files_read(const char *path, size_t *size)
{
    FILE *f = fopen(path, "rbe");
    if (!f)
        return NULL;
    struct text t = {0};
    char piece[16384];
    for (size_t n; t.size < (size_t)1 << 30 && (n = fread(piece, 1, sizeof piece, f)) > 0;)
        text_addn(&t, piece, n);
    const bool ok = !ferror(f) && t.size < (size_t)1 << 30;
    const int keep = ok ? 0 : errno ? errno : EFBIG;
    fclose(f);
    if (!ok) {
        text_free(&t);
        errno = keep;
        return NULL;
    }
    *size = t.size;
    return t.data ? t.data : heap_strdup("");
}

bool files_write_all(int fd, const void *data, size_t size)
{
    const char *p = data;
    while (size) {
        const ssize_t n = write(fd, p, size);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return false;
        p += n;
        size -= (size_t)n;
    }
    return true;
}

bool files_read_all(int fd, void *data, size_t size)
{
    for (char *p = data; size;) {
        const ssize_t n = read(fd, p, size);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return false;
        p += n;
        size -= (size_t)n;
    }
    return true;
}

/* "NAME.PID~", as files_replace calls it. */
static bool is_beside(const char *name)
{
    const char *dot = strrchr(name, '.');
    const size_t digits = dot ? strspn(dot + 1, "0123456789") : 0;
    return digits > 0 && !strcmp(dot + 1 + digits, "~");
}

void files_sweep_beside(const char *folder)
{
    DIR *dir = opendir(folder);
    for (struct dirent *e; dir && (e = readdir(dir));)
        if (is_beside(e->d_name))
            unlinkat(dirfd(dir), e->d_name, 0);
    if (dir)
        closedir(dir);
}

bool files_replace(const char *path, const void *data, size_t size)
{
    char *beside = heap_printf("%s.%ld~", path, (long)getpid());
    const int fd = open(beside, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    bool ok = fd >= 0 && files_write_all(fd, data, size) && !fsync(fd);
    if (fd >= 0 && close(fd))
        ok = false;
    ok = ok && !rename(beside, path);
    const int keep = errno;
    if (!ok && fd >= 0)
        unlink(beside);
    free(beside);
    errno = keep;
    return ok;
}
