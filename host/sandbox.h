/* sandbox.h - what a process that works on pictures of strangers may still do: compute, read the
 * files named for it, and write below one folder at most. Enforced by the kernel, as far as it can;
 * nothing is taken back later. */
#ifndef IMP_SANDBOX_H
#define IMP_SANDBOX_H
#include <stdbool.h>
#include <stddef.h>

enum {
    SANDBOX_LIMITS = 1, /* no core files, few open files, no file grows where none may be written */
    SANDBOX_PRIVILEGES = 2, /* no program gives it more rights */
    SANDBOX_FILES = 4,      /* Landlock */
    SANDBOX_CALLS = 8, /* seccomp: no sockets, no programs, nobody else's memory or processes */
    SANDBOX_ALL = 15
};
struct sandbox {
    const char *const
        *read; /* files, and folders with all below; those that are not there are left out */
    size_t read_count;
    const char *write; /* folder; NULL = none */
};
/* For this process and what it forks; standard input and output lead nowhere afterwards, messages
 * neither. One thread only. Answers what could be applied. */
unsigned sandbox_enter(const struct sandbox *);
/* This thread, and those that it makes, fork no more. */
bool sandbox_no_fork(void);
/* "Landlock", "seccomp" ... of one bit. */
const char *sandbox_name(unsigned bit);

#endif
