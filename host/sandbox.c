/* sandbox.c - resource limits, Landlock and seccomp. Their numbers are written out here where the
 * headers of older systems lack them: what the running kernel knows is asked of itself. Source:
 * Linux, Documentation/userspace-api/landlock.rst and seccomp_filter.rst. */
#define _GNU_SOURCE /* O_PATH, syscall */
#include "sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "sandbox_calls.h"

const char *sandbox_name(unsigned bit)
{
    switch (bit) {
    case SANDBOX_LIMITS:
        return "resource limits";
    case SANDBOX_PRIVILEGES:
        return "no new privileges";
    case SANDBOX_FILES:
        return "Landlock";
    default:
        return "seccomp";
    }
}

/* ---- limits ---- */

static bool lower(int what, rlim_t most)
{
    struct rlimit r;
    if (getrlimit(what, &r))
        return false;
    if (r.rlim_max == RLIM_INFINITY || r.rlim_max > most)
        r.rlim_max = most;
    if (r.rlim_cur == RLIM_INFINITY || r.rlim_cur > r.rlim_max)
        r.rlim_cur = r.rlim_max;
    return !setrlimit(what, &r);
}

static bool enter_limits(const struct sandbox *s)
{
    return lower(RLIMIT_CORE, 0) && lower(RLIMIT_NOFILE, 256) && lower(RLIMIT_MEMLOCK, 0) &&
           (s->write || lower(RLIMIT_FSIZE, 0));
}

/* ---- Landlock ---- */

enum { CREATE_RULESET = 444, ADD_RULE = 445, RESTRICT_SELF = 446, ASK_VERSION = 1, BENEATH = 1 };
enum { /* rights; the kernel's names are LANDLOCK_ACCESS_FS_... */
       FS_WRITE_FILE = 1 << 1,
       FS_READ_FILE = 1 << 2,
       FS_READ_DIR = 1 << 3,
       FS_REMOVE_DIR = 1 << 4,
       FS_REMOVE_FILE = 1 << 5,
       FS_MAKE_DIR = 1 << 7,
       FS_MAKE_REG = 1 << 8,
       FS_TRUNCATE = 1 << 14,
       FS_FIRST = (1 << 13) - 1 /* those of the first version */
};

struct ruleset {
    uint64_t fs, net, scoped;
};
struct beneath {
    uint64_t access;
    int32_t fd;
} __attribute__((packed));

static uint64_t known_rights(long version)
{
    uint64_t all = FS_FIRST;
    all |= version >= 2 ? 1u << 13 : 0; /* moving to other folders */
    all |= version >= 3 ? FS_TRUNCATE : 0;
    all |= version >= 5 ? 1u << 15 : 0; /* devices */
    return all;
}

static bool allow(int rules, const char *path, uint64_t rights)
{
    struct stat st;
    const int fd = open(path, O_PATH | O_CLOEXEC);
    if (fd < 0)
        return errno == ENOENT || errno == ENOTDIR;
    if (!fstat(fd, &st) && !S_ISDIR(st.st_mode))
        rights &= FS_READ_FILE | FS_WRITE_FILE | FS_TRUNCATE;
    const struct beneath rule = {rights, fd};
    const bool fine = syscall(ADD_RULE, rules, BENEATH, &rule, 0) == 0;
    close(fd);
    return fine;
}

/* version: 0 = the kernel has none. */
static bool enter_files(const struct sandbox *s, long version)
{
    const uint64_t known = known_rights(version), read = FS_READ_FILE | FS_READ_DIR;
    const uint64_t write = read | FS_WRITE_FILE | FS_REMOVE_DIR | FS_REMOVE_FILE | FS_MAKE_DIR |
                           FS_MAKE_REG | FS_TRUNCATE;
    struct ruleset set = {.fs = known, .net = version >= 4 ? 3 : 0, .scoped = version >= 6 ? 3 : 0};
    const size_t size = version >= 6 ? 24 : version >= 4 ? 16 : 8;
    const int rules = version > 0 ? (int)syscall(CREATE_RULESET, &set, size, 0) : -1;
    if (rules < 0)
        return false;
    bool fine = !s->write || allow(rules, s->write, write & known);
    for (size_t i = 0; fine && i < s->read_count; i++)
        fine = allow(rules, s->read[i], read);
    fine = fine && syscall(RESTRICT_SELF, rules, 0) == 0;
    close(rules);
    return fine;
}

/* ---- all of it ---- */

static void to_nowhere(void)
{
    const int fd = open("/dev/null", O_RDWR | O_CLOEXEC);
    for (int i = 0; i <= 2 && fd >= 0; i++)
        dup2(fd, i);
    if (fd > 2)
        close(fd);
}

unsigned sandbox_enter(const struct sandbox *s)
{
    const long version = syscall(CREATE_RULESET, NULL, 0, ASK_VERSION);
    unsigned done = 0;
    to_nowhere();
    if (enter_limits(s))
        done |= SANDBOX_LIMITS;
    if (!prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
        done |= SANDBOX_PRIVILEGES;
    if (done & SANDBOX_PRIVILEGES && enter_files(s, version))
        done |= SANDBOX_FILES;
    /* Only where Landlock keeps signals inside may it send some, to itself: abort() does. */
    if (done & SANDBOX_PRIVILEGES && sandbox_calls(version >= 6 && done & SANDBOX_FILES))
        done |= SANDBOX_CALLS;
    return done;
}
