/* worker.c - the life of a process that filters run in. It is a copy of the host, forked while that
 * planned, with the same graphs and plugins; what it must not touch is closed. It ends, without a
 * word, when its line does. */
#define _GNU_SOURCE /* syscall, RLIMIT_DATA */
#include "sandbox.h"
#include "worker_private.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { LINE = 3, READER = 4 };

void worker_leave(void)
{
    _exit(0);
}

/* It dies with whoever forked it, who may be dead already. */
static void follow(pid_t parent)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent)
        worker_leave();
}

/* Ctrl-C is the host's to answer. A crash ends the process and is told by the host. */
static void plain_signals(void)
{
    static const int plain[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGTERM};
    sigset_t set;
    for (size_t i = 0; i < sizeof plain / sizeof *plain; i++)
        signal(plain[i], SIG_DFL);
    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGUSR1);
    pthread_sigmask(SIG_BLOCK, &set, NULL);
}

/* Keeps the standard streams, the line, and what the nursery's region is read by. */
static void close_others(int line, int reader)
{
    const int high = fcntl(reader, F_DUPFD_CLOEXEC, READER + 1); /* -1 stays -1 */
    if (line != LINE)
        dup2(line, LINE);
    if (high < 0 || dup2(high, READER) < 0)
        close(READER);
    if (syscall(SYS_close_range, READER + 1u, ~0u, 0u) == 0)
        return;
    const long most = sysconf(_SC_OPEN_MAX);
    for (int fd = READER + 1; fd < (most > 0 && most < 65536 ? most : 65536); fd++)
        close(fd);
}

/* Other threads of the host may have held its locks, and its memory, when this process was forked.
 */
static void fresh_locks(struct engine *e)
{
    memory_renew(e->env.memory);
    pthread_mutex_init(&e->env.control, NULL);
    for (size_t i = 0; i < e->locked_count; i++)
        pthread_mutex_init(e->locked[i]->serial_lock, NULL);
}

static void fresh_pool(struct worker *w)
{
    struct engine *e = w->engine;
    e->env.pool =
        pool_new(e->env.threads); /* the threads of the one before were not forked with it */
    if (!e->env.pool)
        _exit(5);
}

/* ---- workers from the nursery ---- */

static void become_worker(struct worker *w, int fd, unsigned slot, pid_t parent)
{
    struct isolate *s = w->engine->isolate;
    follow(parent);
    channel_close(&w->line);
    if (!channel_open(&w->line, fd))
        _exit(5);
    w->nursery = false;
    w->slot = slot;
    w->regions[1] = s->slots[slot].region;
    w->pulse = s->slots[slot].pulse;
    region_protect(w->regions[0], READER);
    close(READER);
    for (unsigned i = 0; i < s->jobs; i++) {
        if (i == slot)
            continue;
        region_leave(s->slots[i].region);
        munmap(s->slots[i].pulse, (size_t)sysconf(_SC_PAGESIZE));
    }
    w->engine->env.stop = &w->pulse->stop;
    if (s->untrusted)
        sandbox_no_fork();
    fresh_pool(w);
}

static void answer_i64(struct worker *w, int64_t n)
{
    struct text body = {0};
    pack_i64(&body, n);
    if (!channel_send(&w->line, ANSWER, &body, NULL, 0, -1))
        worker_leave();
    text_free(&body);
}

static void spawn(struct worker *w, struct mail *m)
{
    const uint64_t slot = unpack_u64(m);
    const pid_t self = getpid(), pid = w->nursery && !m->bad && m->fd >= 0 ? fork() : -1;
    if (pid == 0) {
        const int fd = m->fd;
        m->fd = -1;
        become_worker(w, fd, (unsigned)slot, self);
        return;
    }
    answer_i64(w, pid > 0 ? pid : -(int64_t)(errno ? errno : EINVAL));
}

static void reap(struct worker *w, struct mail *m)
{
    const pid_t pid = (pid_t)unpack_i64(m);
    int status = SIGKILL;
    while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
        continue;
    answer_i64(w, status);
}

/* ---- its life ---- */

static void enter_sandbox(struct worker *w)
{
    const struct isolate *s = w->engine->isolate;
    const struct sandbox box = {(const char *const *)s->read, s->read_count, s->write};
    answer_i64(w, sandbox_enter(&box));
}

static void work(struct worker *w, struct mail *m)
{
    switch (m->type) {
    case ASK_CREATE:
        worker_create(w, m);
        break;
    case ASK_PLAN:
        worker_plan(w, m);
        break;
    case ASK_CALL:
        worker_call(w, m);
        break;
    case ASK_PROBE:
        worker_probe(w, m);
        break;
    case ASK_DECODE:
        worker_decode(w, m);
        break;
    }
}

struct task {
    struct worker *worker;
    struct mail *mail;
};

static void *guarded_work(void *user)
{
    struct task *t = user;
    crash_prepare_thread();
    sandbox_no_fork();
    work(t->worker, t->mail);
    return NULL;
}

/* The nursery must fork workers, so in a sandbox what is asked of it runs in a thread that cannot.
 */
static void work_guarded(struct worker *w, struct mail *m)
{
    struct task t = {w, m};
    pthread_t thread;
    if (!w->nursery || !w->engine->isolate->untrusted)
        work(w, m);
    else if (pthread_create(&thread, NULL, guarded_work, &t) || pthread_join(thread, NULL))
        _exit(5);
}

static void serve(struct worker *w)
{
    struct mail m;
    while (channel_receive(&w->line, -1, UINT64_MAX / 2, &m) >= 0) {
        if (m.type == ASK_SPAWN)
            spawn(w, &m);
        else if (m.type == ASK_REAP)
            reap(w, &m);
        else
            work_guarded(w, &m);
        mail_free(&m);
    }
    while (w->nursery && wait(NULL) > 0) /* nobody else would bury its workers */
        continue;
    worker_leave();
}

/* What counts against that limit already, bytes. */
static uint64_t data_now(void)
{
    long long pages = 0;
    FILE *f = fopen("/proc/self/statm", "re");
    if (!f || fscanf(f, "%*d %*d %*d %*d %*d %lld", &pages) != 1)
        pages = 0;
    if (f)
        fclose(f);
    return (uint64_t)pages * (uint64_t)sysconf(_SC_PAGESIZE);
}

/* So that a filter that takes memory without end gets none: the host, which looks now and then,
 * might come late. */
static void limit_memory(const struct isolate *s)
{
    struct rlimit r;
    const uint64_t most = s->limit + s->limit / 4 + ((uint64_t)1 << 28) + data_now();
    if (most > s->limit && !getrlimit(RLIMIT_DATA, &r) &&
        (r.rlim_cur == RLIM_INFINITY || r.rlim_cur > most)) {
        r.rlim_cur = (rlim_t)most;
        setrlimit(RLIMIT_DATA, &r);
    }
}

void worker_live(struct engine *e, int fd)
{
    struct worker w = {.engine = e, .nursery = true, .pulse = e->isolate->nursery.pulse};
    const pid_t parent = getppid();
    follow(parent);
    plain_signals();
    close_others(fd, region_reader(e->isolate->nursery.region));
    limit_memory(e->isolate);
    prctl(PR_SET_NAME, "impasto-worker");
    fresh_locks(e);
    w.regions[0] = w.regions[1] = e->isolate->nursery.region;
    if (!channel_open(&w.line, LINE) || !worker_connect(&w))
        _exit(5);
    if (e->isolate->untrusted)
        enter_sandbox(&w);
    fresh_pool(&w);
    serve(&w);
    worker_leave();
}
