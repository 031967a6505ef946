/* faults.c - preloaded into the program: makes memory, disk and calls fail. FAULT says what, FAULT_AT at which call (from
 * 1), FAULT_COUNT a file that the number of calls is written to at the end.
 *   memory      that allocation alone answers NULL
 *   full        from that write to a file on there is no space
 *   write sync rename open    that one call alone fails with EIO
 *   short       every read and write of a file handles 7 bytes at most
 *   interrupt   every third read, write, open, poll, sendmsg and recvmsg is interrupted */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

void *__libc_malloc(size_t);
void *__libc_calloc(size_t, size_t);
void *__libc_realloc(void *, size_t);
void *__libc_memalign(size_t, size_t);

static char kind; /* first letter; 0 = before main, or none */
static long at;
static atomic_long calls;
static pid_t first;

__attribute__((constructor)) static void begin(void)
{
    const char *what = getenv("FAULT"), *when = getenv("FAULT_AT");
    at = when ? strtol(when, NULL, 10) : 0;
    first = getpid();
    kind = !what ? 0 : !strcmp(what, "short") ? 'h' : !strcmp(what, "sync") ? 'y' : what[0];
}
__attribute__((destructor)) static void end(void)
{
    const char *path = getenv("FAULT_COUNT");
    kind = 0;
    FILE *f = path && getpid() == first ? fopen(path, "w") : NULL;
    if (f) {
        fprintf(f, "%ld\n", atomic_load(&calls));
        fclose(f);
    }
}
static int now(char of)
{
    return kind == of && atomic_fetch_add(&calls, 1) + 1 == at;
}

/* ---- memory ---- */
static int no_memory(void)
{
    if (!now('m'))
        return 0;
    errno = ENOMEM;
    return 1;
}
void *malloc(size_t n)
{
    return no_memory() ? NULL : __libc_malloc(n);
}
void *calloc(size_t n, size_t size)
{
    return no_memory() ? NULL : __libc_calloc(n, size);
}
void *realloc(void *p, size_t n)
{
    return no_memory() ? NULL : __libc_realloc(p, n);
}
void *aligned_alloc(size_t align, size_t n)
{
    return no_memory() ? NULL : __libc_memalign(align, n);
}
int posix_memalign(void **out, size_t align, size_t n)
{
    void *p = no_memory() ? NULL : __libc_memalign(align, n);
    if (!p)
        return ENOMEM;
    *out = p;
    return 0;
}

/* ---- calls ---- */
#define REAL(type, name, ...)                   \
    static type (*real)(__VA_ARGS__);           \
    if (!real)                                  \
        *(void **)&real = dlsym(RTLD_NEXT, name)
static int is_file(int fd)
{
    struct stat st;
    return fd > 2 && !fstat(fd, &st) && S_ISREG(st.st_mode);
}
static int interrupted(void)
{
    if (kind != 'i' || atomic_fetch_add(&calls, 1) % 3 != 2)
        return 0;
    errno = EINTR;
    return 1;
}
static int fails(int of)
{
    if (!now((char)of))
        return 0;
    errno = EIO;
    return 1;
}
static int full(int fd)
{
    if (kind != 'f' || !is_file(fd) || atomic_fetch_add(&calls, 1) + 1 < at || !at)
        return 0;
    errno = ENOSPC;
    return 1;
}
ssize_t write(int fd, const void *data, size_t n)
{
    REAL(ssize_t, "write", int, const void *, size_t);
    if (interrupted() || full(fd) || (kind == 'w' && is_file(fd) && fails('w')))
        return -1;
    return real(fd, data, kind == 'h' && n > 7 && is_file(fd) ? 7 : n);
}
ssize_t read(int fd, void *data, size_t n)
{
    REAL(ssize_t, "read", int, void *, size_t);
    return interrupted() ? -1 : real(fd, data, kind == 'h' && n > 7 && is_file(fd) ? 7 : n);
}
ssize_t pread(int fd, void *data, size_t n, off_t where)
{
    REAL(ssize_t, "pread", int, void *, size_t, off_t);
    return interrupted() ? -1 : real(fd, data, kind == 'h' && n > 7 ? 7 : n, where);
}
ssize_t recvmsg(int fd, struct msghdr *m, int flags)
{
    REAL(ssize_t, "recvmsg", int, struct msghdr *, int);
    return interrupted() ? -1 : real(fd, m, flags);
}
ssize_t sendmsg(int fd, const struct msghdr *m, int flags)
{
    REAL(ssize_t, "sendmsg", int, const struct msghdr *, int);
    return interrupted() ? -1 : real(fd, m, flags);
}
int poll(struct pollfd *p, nfds_t n, int ms)
{
    REAL(int, "poll", struct pollfd *, nfds_t, int);
    return interrupted() ? -1 : real(p, n, ms);
}
int fsync(int fd)
{
    REAL(int, "fsync", int);
    return fails('y') ? -1 : real(fd);
}
int rename(const char *from, const char *to)
{
    REAL(int, "rename", const char *, const char *);
    return fails('r') ? -1 : real(from, to);
}
int open(const char *path, int flags, ...)
{
    REAL(int, "open", const char *, int, ...);
    va_list ap;
    va_start(ap, flags);
    const mode_t mode = flags & O_CREAT ? va_arg(ap, mode_t) : 0;
    va_end(ap);
    if (kind == 'o' && (flags & O_ACCMODE) != O_RDONLY && fails('o'))
        return -1;
    return real(path, flags, mode);
}
