/* spool.c - files of several values: what gather wires wait for, and constants that were costly. */
#include "instance.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "files.h"

static const char magic[8] = {'I', 'M', 'P', 'L', '0', '0', '0', '1'};
enum { MOST_VALUES = 1 << 20 };

struct head { /* followed by a count for each port, then the values */
    char magic[8];
    uint64_t size; /* of the whole file */
    struct hash recipe;
    uint64_t ports;
};

void values_release(struct values *v)
{
    for (uint32_t i = 0; i < v->count; i++)
        value_release(v->list[i]);
    free(v->list);
    *v = (struct values){0};
}

bool values_add(struct values *v, struct value *value)
{
    struct value **more = realloc(v->list, (v->count + (size_t)1) * sizeof *more);
    if (!more) {
        value_release(value);
        return false;
    }
    v->list = more;
    v->list[v->count++] = value;
    return true;
}

static imp_status write_values(int fd, struct head *head, const struct values *ports)
{
    bool fine = files_write_all(fd, head, sizeof *head);
    for (uint64_t i = 0; fine && i < head->ports; i++)
        fine = files_write_all(fd, &(uint64_t){ports[i].count}, sizeof(uint64_t));
    imp_status st = fine ? IMP_OK : IMP_E_IO;
    for (uint64_t i = 0; i < head->ports; i++)
        for (uint32_t k = 0; !st && k < ports[i].count; k++)
            st = value_write(ports[i].list[k], fd);
    const off_t size = lseek(fd, 0, SEEK_END);
    if (st || size < 0)
        return st ? st : IMP_E_IO;
    head->size = (uint64_t)size;
    return lseek(fd, 0, SEEK_SET) == 0 && files_write_all(fd, head, sizeof *head) ? IMP_OK : IMP_E_IO;
}

imp_status spool_write(const char *path, struct hash recipe, const struct values *ports, uint32_t n)
{
    struct head head = {.recipe = recipe, .ports = n};
    memcpy(head.magic, magic, sizeof magic);
    /* Two shards, or two programs, may fill the same cache. */
    char *beside = heap_printf("%s.%ld", path, (long)getpid());
    int fd = open(beside, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0666);
    if (fd < 0 && errno == ENOENT && files_make_parents(beside))
        fd = open(beside, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0666);
    imp_status st = fd < 0 ? IMP_E_IO : write_values(fd, &head, ports);
    int why = errno;
    if (fd >= 0 && close(fd) && !st) {
        st = IMP_E_IO;
        why = errno;
    }
    if (!st && rename(beside, path)) {
        st = IMP_E_IO;
        why = errno;
    }
    if (st && fd >= 0)
        unlink(beside);
    free(beside);
    errno = why;
    return st;
}

/* The descriptor of a file that is what it says, behind its head; -1: not there or not whole. */
static int open_whole(const char *path, struct hash recipe, struct head *head)
{
    struct stat file;
    const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0)
        return -1;
    if (files_read_all(fd, head, sizeof *head) && !fstat(fd, &file) &&
        memcmp(head->magic, magic, sizeof magic) == 0 && head->size == (uint64_t)file.st_size &&
        hash_equal(head->recipe, recipe))
        return fd;
    close(fd);
    return -1;
}

bool spool_whole(const char *path, struct hash recipe)
{
    struct head head;
    const int fd = open_whole(path, recipe, &head);
    if (fd >= 0)
        close(fd);
    return fd >= 0;
}

static imp_status read_values(struct memory *memory, int fd, struct values *ports, uint32_t n,
                              uint64_t size)
{
    uint64_t *count = calloc(n + (size_t)1, sizeof *count);
    imp_status st = count ? IMP_OK : IMP_E_MEMORY;
    if (!st && !files_read_all(fd, count, n * sizeof *count))
        st = IMP_E_IO;
    for (uint32_t i = 0; i < n; i++)
        for (uint64_t k = 0; !st && k < count[i]; k++) {
            struct value *v = NULL;
            st = k < MOST_VALUES ? value_read_next(memory, fd, &v) : IMP_E_IO;
            if (!st && !values_add(&ports[i], v))
                st = IMP_E_MEMORY;
        }
    if (!st && lseek(fd, 0, SEEK_CUR) != (off_t)size)
        st = IMP_E_IO;
    free(count);
    return st;
}

imp_status spool_read(struct memory *memory, const char *path, struct hash recipe,
                      struct values *ports, uint32_t n)
{
    struct head head;
    const int fd = open_whole(path, recipe, &head);
    if (fd < 0)
        return IMP_E_MISSING;
    const imp_status st = head.ports == n ? read_values(memory, fd, ports, n, head.size) : IMP_E_IO;
    close(fd);
    for (uint32_t i = 0; st && i < n; i++)
        values_release(&ports[i]);
    return st;
}
