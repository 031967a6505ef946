/* kept.c - what long work keeps for the case that it is killed: a folder for each (recipe,
 * picture), a file for each name. Written beside and renamed, checked when read; gone once the work
 * is done. */
#include "instance.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "files.h"

static const char magic[8] = {'I', 'M', 'P', 'K', '0', '0', '0', '1'};
enum { MOST_NAME = 100 };
#define MOST_STATE ((uint64_t)1 << 40)

struct head {
    char magic[8];
    uint64_t size;
    struct hash key, content;
};

struct piece { /* a state read back: lent until process returns */
    struct piece *next;
    char name[MOST_NAME + 1];
    void *data;
    uint64_t size;
};

struct kept {
    char *folder;
    struct hash key;
    struct piece *pieces;
};

struct kept *kept_open(const char *state, struct hash key)
{
    char text[33];
    if (!state || !hash_known(key))
        return NULL;
    struct kept *k = heap_alloc(1, sizeof *k);
    k->key = key;
    k->folder = heap_printf("%s/kept/%s", state, hash_print(key, text));
    return k;
}

static bool good_name(const char *name)
{
    const size_t n = name ? strlen(name) : 0;
    return n && n <= MOST_NAME && name[0] != '.' &&
           strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-") == n;
}

static imp_status write_file(const char *path, const struct head *head, const void *data)
{
    const int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0666);
    if (fd < 0)
        return IMP_E_IO;
    const bool fine =
        files_write_all(fd, head, sizeof *head) && files_write_all(fd, data, head->size);
    const bool closed = close(fd) == 0;
    return fine && closed ? IMP_OK : IMP_E_IO;
}

imp_status kept_save(struct kept *k, const char *name, const void *data, uint64_t size)
{
    if (!good_name(name) || (!data && size) || size > MOST_STATE)
        return IMP_E_PARAM;
    struct head head = {.size = size, .key = k->key, .content = hash_bytes(data, (size_t)size)};
    memcpy(head.magic, magic, sizeof magic);
    char *path = heap_printf("%s/%s", k->folder, name);
    char *beside = heap_printf("%s/.%s.%ld", k->folder, name, (long)getpid());
    imp_status st = files_make_folder(k->folder) ? write_file(beside, &head, data) : IMP_E_IO;
    if (!st && rename(beside, path))
        st = IMP_E_IO;
    const int why = errno;
    if (st)
        unlink(beside);
    free(beside);
    free(path);
    errno = why;
    return st;
}

/* The content of a state file, if it is whole and of this work. */
static void *read_file(int fd, struct hash key, uint64_t *size)
{
    struct head head;
    struct stat file;
    if (fstat(fd, &file) || !files_read_all(fd, &head, sizeof head) ||
        memcmp(head.magic, magic, sizeof magic) != 0 || !hash_equal(head.key, key) ||
        (uint64_t)file.st_size != sizeof head + head.size)
        return NULL;
    void *data = malloc((size_t)head.size + 1);
    if (data && files_read_all(fd, data, head.size) &&
        hash_equal(hash_bytes(data, (size_t)head.size), head.content)) {
        *size = head.size;
        return data;
    }
    free(data);
    return NULL;
}

const void *kept_load(struct kept *k, const char *name, uint64_t *size)
{
    if (!good_name(name))
        return NULL;
    struct piece *p = k->pieces;
    while (p && strcmp(p->name, name) != 0)
        p = p->next;
    if (!p) {
        char *path = heap_printf("%s/%s", k->folder, name);
        const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
        free(path);
        uint64_t n = 0;
        void *data = fd >= 0 ? read_file(fd, k->key, &n) : NULL;
        if (fd >= 0)
            close(fd);
        if (!data)
            return NULL;
        p = heap_alloc(1, sizeof *p);
        *p = (struct piece){.next = k->pieces, .data = data, .size = n};
        memcpy(p->name, name, strlen(name) + 1);
        k->pieces = p;
    }
    if (size)
        *size = p->size;
    return p->data;
}

void kept_close(struct kept *k, bool done)
{
    if (!k)
        return;
    struct stat file;
    if (done && stat(k->folder, &file) == 0)
        files_remove_tree(k->folder);
    while (k->pieces) {
        struct piece *next = k->pieces->next;
        free(k->pieces->data);
        free(k->pieces);
        k->pieces = next;
    }
    free(k->folder);
    free(k);
}
