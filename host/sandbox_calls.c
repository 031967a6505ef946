/* sandbox_calls.c - the list of system calls that computing needs, as a seccomp program: a row of
 * comparisons. Paths are Landlock's to judge; here nothing is let through that reaches other
 * processes, the network, or rights. */
#define _GNU_SOURCE
#include "sandbox_calls.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include "sandbox.h"

#if defined(__x86_64__)
#define OWN_ARCH AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define OWN_ARCH AUDIT_ARCH_AARCH64
#endif

#ifdef OWN_ARCH
static const int allowed[] = {
    /* what is open, and files by path */
    SYS_read, SYS_write, SYS_readv, SYS_writev, SYS_pread64, SYS_pwrite64, SYS_close, SYS_fstat,
    SYS_lseek, SYS_newfstatat, SYS_statx, SYS_openat, SYS_faccessat, SYS_faccessat2, SYS_readlinkat,
    SYS_getdents64, SYS_getcwd, SYS_dup, SYS_dup3, SYS_fcntl, SYS_ftruncate, SYS_fallocate,
    SYS_fsync, SYS_fdatasync, SYS_renameat2, SYS_unlinkat, SYS_mkdirat, SYS_ppoll, SYS_recvmsg,
    SYS_sendmsg, SYS_fadvise64,
#ifdef SYS_open
    SYS_open, SYS_stat, SYS_lstat, SYS_access, SYS_readlink, SYS_dup2, SYS_rename, SYS_renameat,
    SYS_unlink, SYS_mkdir, SYS_rmdir, SYS_poll, SYS_arch_prctl, SYS_time,
#endif
    /* memory */
    SYS_mmap, SYS_mprotect, SYS_munmap, SYS_mremap, SYS_madvise, SYS_brk, SYS_membarrier,
    /* threads of its own; clone is judged below */
    SYS_futex, SYS_set_robust_list, SYS_get_robust_list, SYS_rseq, SYS_set_tid_address,
    SYS_sched_yield, SYS_sched_getaffinity, SYS_sched_setaffinity, SYS_getcpu, SYS_exit,
    SYS_exit_group, SYS_wait4, SYS_gettid, SYS_getpid, SYS_getppid, SYS_prctl, SYS_seccomp,
    /* signals that it meets */
    SYS_rt_sigaction, SYS_rt_sigprocmask, SYS_rt_sigreturn, SYS_sigaltstack, SYS_restart_syscall,
    /* time, chance, what it is */
    SYS_nanosleep, SYS_clock_nanosleep, SYS_clock_gettime, SYS_clock_getres, SYS_gettimeofday,
    SYS_getrandom, SYS_getuid, SYS_geteuid, SYS_getgid, SYS_getegid, SYS_uname, SYS_sysinfo,
    SYS_getrusage, SYS_times};

enum { ALLOWED = sizeof allowed / sizeof *allowed, MOST = ALLOWED * 2 + 64 };

struct program {
    struct sock_filter code[MOST];
    unsigned short n;
};

static void add(struct program *p, uint16_t op, uint32_t k, uint8_t yes, uint8_t no)
{
    p->code[p->n++] = (struct sock_filter){op, yes, no, k};
}

static void load(struct program *p, size_t at)
{
    add(p, BPF_LD | BPF_W | BPF_ABS, (uint32_t)at, 0, 0);
}

static void answer(struct program *p, uint32_t what)
{
    add(p, BPF_RET | BPF_K, what, 0, 0);
}

/* That call: this answer. */
static void when(struct program *p, int call, uint32_t what)
{
    add(p, BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)call, 0, 1);
    answer(p, what);
}

/* Programs of another kind of processor have other numbers. */
static void begin(struct program *p)
{
    load(p, offsetof(struct seccomp_data, arch));
    add(p, BPF_JMP | BPF_JEQ | BPF_K, OWN_ARCH, 1, 0);
    answer(p, SECCOMP_RET_ERRNO | EPERM);
    load(p, offsetof(struct seccomp_data, nr));
}

/* Low half of argument 0; both are little-endian. Leaves the number of the call loaded. */
static void when_argument(struct program *p, int call, uint16_t test, uint32_t k, uint32_t yes,
                          uint32_t no)
{
    add(p, BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)call, 0, 4);
    load(p, offsetof(struct seccomp_data, args));
    add(p, (uint16_t)(BPF_JMP | test | BPF_K), k, 0, 1);
    answer(p, yes);
    answer(p, no);
}

static bool install(const struct program *p)
{
    const struct sock_fprog f = {p->n, (struct sock_filter *)(uintptr_t)p->code};
    return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &f, 0, 0) == 0;
}

bool sandbox_calls(bool signals)
{
    const uint32_t refuse = SECCOMP_RET_ERRNO | EPERM;
    struct program p = {.n = 0};
    begin(&p);
    when(&p, SYS_clone3,
         SECCOMP_RET_ERRNO | ENOSYS); /* its arguments cannot be seen: clone is used then */
    when(&p, SYS_clone, SECCOMP_RET_ALLOW);
    when_argument(&p, SYS_prlimit64, BPF_JEQ, 0, SECCOMP_RET_ALLOW, refuse); /* its own */
    if (signals)
        when(&p, SYS_tgkill, SECCOMP_RET_ALLOW);
    for (int i = 0; i < ALLOWED; i++)
        when(&p, allowed[i], SECCOMP_RET_ALLOW);
    answer(&p, refuse);
    return install(&p);
}

bool sandbox_no_fork(void)
{
    struct program p = {.n = 0};
    begin(&p);
    when_argument(&p, SYS_clone, BPF_JSET, CLONE_THREAD, SECCOMP_RET_ALLOW,
                  SECCOMP_RET_ERRNO | EPERM);
    answer(&p, SECCOMP_RET_ALLOW);
    return install(&p);
}
#else
bool sandbox_calls(bool signals)
{
    (void)signals;
    return false;
}

bool sandbox_no_fork(void)
{
    return false;
}
#endif
