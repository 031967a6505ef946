/* pool.c - the worker threads. Helpers are made when there is first something for them to do.
 *
 * Two kinds of work: *tasks* (long: one thread each, they take items) and *pieces* (short: loops
 * that a filter cut up). Whoever cuts a loop works on it himself and then only waits for pieces
 * already taken by others, so waiting never goes round in circles, and nobody starts an item inside
 * another.
 *
 * Loops of a network follow each other within microseconds, and waking a thread takes tens of them
 * (40 measured on a virtual machine). So whoever waits looks for a moment before he sleeps, unless
 * the last time was long in vain.
 *
 * Linux likes to wake a thread on the processor of the one that calls it, which is busy with the
 * same loop: two threads then were slower than one, nine of ten times after a pause (measured). So
 * a sleeper is called away from there, and is free again once it is awake. */
#define _GNU_SOURCE /* affinity */
#include "pool.h"
#include "cgroup.h"
#include "crash.h"

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* How long to look before sleeping, and after what wait to look again next time. */
enum { LOOK_NS = 100000, RECENT_NS = 1000000 };

struct loop { /* one pool_parallel call, on its caller's stack */
    struct loop *next;
    void (*fn)(void *, uint32_t) IMP_NX;
    void *user;
    const atomic_int *stop;
    uint32_t n;
    _Atomic uint64_t taken; /* of n; goes beyond it */
    uint32_t front;         /* those of the caller, from 0 on */
    atomic_uint back;       /* those of helpers, from n - 1 down */
    atomic_uint helpers;    /* changed under the lock */
};

struct tasks { /* one pool_tasks call */
    void (*task)(void *, unsigned);
    void *user;
    unsigned count, taken, ended;
};

struct helper {
    struct pool *pool;
    pthread_t thread;
    bool sleeps;
    int barred; /* a processor that it could use and may not for now; -1: none */
};

struct pool {
    pthread_mutex_t lock;
    pthread_cond_t work, done;
    struct loop *loops; /* those with pieces left, newest first: inner loops before outer ones */
    struct tasks *tasks;
    unsigned threads, most, made, idle, looking; /* helpers that sleep; that will look before they do */
    unsigned processors;
    atomic_uint news; /* changes, without the lock, when there is something */
    bool ending;
    struct helper helper[];
};

struct pool *pool_new(unsigned threads)
{
    if (!threads)
        threads = 1;
    struct pool *p = calloc(1, sizeof *p + threads * sizeof(struct helper));
    if (!p)
        return NULL;
    p->threads = p->most = threads;
    p->processors = threads > 1 ? pool_processors() : 1;
    if (pthread_mutex_init(&p->lock, NULL))
        goto no_lock;
    if (pthread_cond_init(&p->work, NULL))
        goto no_work;
    if (pthread_cond_init(&p->done, NULL))
        goto no_done;
    return p;
no_done:
    pthread_cond_destroy(&p->work);
no_work:
    pthread_mutex_destroy(&p->lock);
no_lock:
    free(p);
    return NULL;
}

void pool_free(struct pool *p)
{
    if (!p)
        return;
    pthread_mutex_lock(&p->lock);
    p->ending = true;
    pthread_cond_broadcast(&p->work);
    pthread_mutex_unlock(&p->lock);
    atomic_fetch_add(&p->news, 1);
    for (unsigned i = 0; i < p->made; i++)
        pthread_join(p->helper[i].thread, NULL);
    pthread_cond_destroy(&p->done);
    pthread_cond_destroy(&p->work);
    pthread_mutex_destroy(&p->lock);
    free(p);
}

void pool_set_threads(struct pool *p, unsigned n)
{
    pthread_mutex_lock(&p->lock);
    p->threads = n < 1 ? 1 : n < p->most ? n : p->most;
    pthread_mutex_unlock(&p->lock);
}

unsigned pool_threads(const struct pool *p)
{
    return p->threads;
}

static int64_t now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * INT64_C(1000000000) + t.tv_nsec;
}

static void rest(void)
{
#if defined(__x86_64__) && defined(__GNUC__)
    __builtin_ia32_pause();
#endif
}

/* Waits a moment while *v is `same`. */
static void look(const atomic_uint *v, unsigned same)
{
    const int64_t end = now_ns() + LOOK_NS;
    do {
        for (int i = 0; i < 32; i++, rest())
            if (atomic_load_explicit(v, memory_order_acquire) != same)
                return;
    } while (now_ns() < end);
}

/* Others hold the lock for less than it takes to sleep. */
static void lock(struct pool *p)
{
    for (int i = 0; i < 200 && p->processors > 1; i++, rest())
        if (!pthread_mutex_trylock(&p->lock))
            return;
    pthread_mutex_lock(&p->lock);
}

/* Works on a loop until no piece is left or it is stopped. true: all were handed out. Loop after loop
 * the caller is at the same end of the data, so that more of it is in its own caches. */
static bool work_on(struct loop *l, bool caller)
{
    for (;;) {
        if (l->stop && atomic_load_explicit(l->stop, memory_order_relaxed))
            return atomic_load(&l->taken) >= l->n;
        if (atomic_fetch_add(&l->taken, 1) >= l->n)
            return true;
        l->fn(l->user, caller ? l->front++ : l->n - 1 - atomic_fetch_add(&l->back, 1));
    }
}

static void unlink_loop(struct pool *p, const struct loop *l)
{
    for (struct loop **at = &p->loops; *at; at = &(*at)->next)
        if (*at == l) {
            *at = l->next;
            return;
        }
}

/* Under the lock: helps with the newest loop. */
static void help(struct pool *p)
{
    struct loop *l = p->loops;
    atomic_fetch_add(&l->helpers, 1);
    pthread_mutex_unlock(&p->lock);
    work_on(l, false);
    lock(p);
    unlink_loop(p, l);
    if (atomic_fetch_sub(&l->helpers, 1) == 1) /* the loop may be gone from here on */
        pthread_cond_broadcast(&p->done);
}

/* Under the lock: runs one task to its end. */
static void run_task(struct pool *p, struct tasks *t)
{
    const unsigned slot = t->taken++;
    pthread_mutex_unlock(&p->lock);
    t->task(t->user, slot);
    pthread_mutex_lock(&p->lock);
    if (++t->ended == t->count)
        pthread_cond_broadcast(&p->done);
    pthread_cond_broadcast(&p->work); /* its caller may be waiting to help */
}

/* May the helper run on this processor, or may it not? Not, only if it has another one. */
static bool let_run_on(const struct helper *h, int processor, bool may)
{
    cpu_set_t set;
    if (pthread_getaffinity_np(h->thread, sizeof set, &set))
        return false;
    if (may)
        CPU_SET((size_t)processor, &set);
    else if (!CPU_ISSET((size_t)processor, &set) || CPU_COUNT(&set) < 2)
        return false;
    else
        CPU_CLR((size_t)processor, &set);
    return !pthread_setaffinity_np(h->thread, sizeof set, &set);
}

/* Under the lock: waits for something to do. */
static void wait_for_work(struct pool *p, struct helper *h, bool look_first)
{
    if (look_first) {
        const unsigned seen = atomic_load(&p->news);
        p->looking++;
        pthread_mutex_unlock(&p->lock);
        look(&p->news, seen);
        lock(p);
        p->looking--;
        if (p->loops || p->ending || (p->tasks && p->tasks->taken < p->tasks->count))
            return;
    }
    p->idle++;
    h->sleeps = true;
    pthread_cond_wait(&p->work, &p->lock);
    h->sleeps = false;
    p->idle--;
    if (h->barred >= 0)
        let_run_on(h, h->barred, true);
    h->barred = -1;
}

static void *helper_main(void *user)
{
    struct helper *h = user;
    struct pool *p = h->pool;
    int64_t waited = 0; /* the last time */
    crash_prepare_thread();
    pthread_mutex_lock(&p->lock);
    while (!p->ending) {
        if (p->tasks && p->tasks->taken < p->tasks->count) {
            run_task(p, p->tasks);
        } else if (p->loops) {
            help(p);
        } else {
            const int64_t start = now_ns();
            wait_for_work(p, h, waited < RECENT_NS && p->looking + 1 < p->processors);
            waited = now_ns() - start;
        }
    }
    pthread_mutex_unlock(&p->lock);
    return NULL;
}

/* Under the lock: n sleepers are to wake where the caller is not. */
static void call_away(struct pool *p, unsigned n)
{
    const int here = p->processors > 1 ? sched_getcpu() : -1;
    for (unsigned i = 0; i < p->made && n && here >= 0; i++) {
        struct helper *h = &p->helper[i];
        if (!h->sleeps)
            continue;
        n--;
        if (h->barred < 0 && let_run_on(h, here, false))
            h->barred = here;
    }
}

/* Under the lock: sees to it that up to n helpers come. Without more threads the callers do it all.
 */
static void call_helpers(struct pool *p, unsigned n)
{
    static const int crashes[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT};
    sigset_t all, before;
    n -= p->looking < n ? p->looking : n;
    const unsigned waiting = p->idle < n ? p->idle : n;
    call_away(p, waiting);
    for (unsigned i = 0; i < waiting; i++)
        pthread_cond_signal(&p->work);
    if (waiting == n || p->made + 1 >= p->threads)
        return;
    sigfillset(&all); /* signals are for the main thread, but those of a crash */
    for (size_t i = 0; i < sizeof crashes / sizeof *crashes; i++)
        sigdelset(&all, crashes[i]);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    for (n -= waiting; n && p->made + 1 < p->threads; n--, p->made++) {
        struct helper *h = &p->helper[p->made];
        *h = (struct helper){.pool = p, .barred = -1};
        if (pthread_create(&h->thread, NULL, helper_main, h))
            break;
    }
    pthread_sigmask(SIG_SETMASK, &before, NULL);
}

/* Until no helper works on a loop that no other will find any more. */
static void wait_for_helpers(struct pool *p, struct loop *l)
{
    const int64_t end = now_ns() + (p->processors > 1 ? LOOK_NS : 0);
    unsigned left;
    while ((left = atomic_load_explicit(&l->helpers, memory_order_acquire)) && now_ns() < end)
        look(&l->helpers, left);
    if (!left)
        return;
    pthread_mutex_lock(&p->lock);
    while (atomic_load(&l->helpers))
        pthread_cond_wait(&p->done, &p->lock);
    pthread_mutex_unlock(&p->lock);
}

imp_status pool_parallel(struct pool *p, uint32_t n, void (*fn)(void *, uint32_t) IMP_NX,
                         void *user, const atomic_int *stop)
{
    struct loop l = {.fn = fn, .user = user, .stop = stop, .n = n};
    if (n < 2 || p->threads == 1)
        return work_on(&l, true) ? IMP_OK : IMP_CANCELLED;
    lock(p);
    l.next = p->loops;
    p->loops = &l;
    call_helpers(p, n - 1 < p->threads - 1 ? n - 1 : p->threads - 1);
    pthread_mutex_unlock(&p->lock);
    atomic_fetch_add(&p->news, 1);
    work_on(&l, true);
    lock(p);
    unlink_loop(p, &l);
    pthread_mutex_unlock(&p->lock);
    wait_for_helpers(p, &l);
    return atomic_load(&l.taken) >= n ? IMP_OK : IMP_CANCELLED;
}

imp_status pool_tasks(struct pool *p, unsigned jobs, void (*task)(void *, unsigned), void *user)
{
    struct tasks t = {.task = task, .user = user, .count = jobs ? jobs : 1};
    if (t.count > p->threads)
        t.count = p->threads;
    pthread_mutex_lock(&p->lock);
    if (p->tasks) { /* one set at a time: items do not hold items */
        pthread_mutex_unlock(&p->lock);
        return IMP_E_INTERNAL;
    }
    p->tasks = &t;
    t.taken = 1; /* slot 0 is the caller's */
    call_helpers(p, t.count - 1);
    pthread_mutex_unlock(&p->lock);
    atomic_fetch_add(&p->news, 1);
    task(user, 0);
    pthread_mutex_lock(&p->lock);
    t.ended++;
    while (t.ended < t.count) {
        if (t.taken < t.count)
            run_task(p, &t);
        else if (p->loops)
            help(p);
        else
            pthread_cond_wait(&p->work, &p->lock);
    }
    p->tasks = NULL;
    pthread_mutex_unlock(&p->lock);
    return IMP_OK;
}

/* ---- how many processors there are for us ---- */

unsigned pool_processors(void)
{
    cpu_set_t set;
    unsigned n = 1;
    if (!sched_getaffinity(0, sizeof set, &set))
        n = (unsigned)CPU_COUNT(&set);
    const double quota = cgroup_processors("");
    if (quota > 0 && quota < n)
        n = (unsigned)(quota + 0.999);
    return n ? n : 1;
}
