/* isolate.c - which nodes run in workers, and the life of these: forked, ended, forked again. */
#define _GNU_SOURCE /* MAP_ANONYMOUS */
#include "isolate_private.h"
#include "sandbox.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { SILENCE = 120, QUIT_S = 2 };

/* ---- which nodes ---- */

static bool gives_object(const struct node *n, uint32_t port)
{
    return n->filter->desc.outputs[port].kind == IMP_OBJECT;
}

/* One of two nodes that share an object is isolated: then both are. */
static bool spread(const struct variant *v, bool *marks)
{
    bool changed = false;
    for (uint32_t k = 0; k < v->graph->node_count; k++) {
        const struct node *n = &v->graph->nodes[k];
        for (uint32_t i = 0; i < n->filter->desc.input_count; i++)
            for (uint32_t w = 0; w < n->inputs[i].count; w++) {
                const struct wire *wire = &n->inputs[i].wires[w];
                if (!gives_object(&v->graph->nodes[wire->node], wire->port) ||
                    marks[k] == marks[wire->node] || !n->filter->plugin)
                    continue;
                marks[k] = marks[wire->node] = changed = true;
            }
    }
    return changed;
}

static bool open_far(struct far *f, struct memory *counted)
{
    void *page = mmap(NULL, (size_t)sysconf(_SC_PAGESIZE), PROT_READ | PROT_WRITE,
                      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    f->line.fd = -1;
    f->region = page == MAP_FAILED ? NULL : region_new(counted);
    f->pulse = page == MAP_FAILED ? NULL : page;
    return f->region != NULL;
}

static uint64_t memory_limit_of(const struct engine *e)
{
    const long pages = sysconf(_SC_PHYS_PAGES), page = sysconf(_SC_PAGESIZE);
    if (e->options.mem)
        return e->options.mem;
    return pages > 0 && page > 0 ? (uint64_t)pages * (uint64_t)page / 4 * 3 : UINT64_MAX;
}

static bool open_isolate(struct engine *e)
{
    struct isolate *s = heap_alloc(1, sizeof *s);
    bool fine = !pthread_mutex_init(&s->lock, NULL);
    s->jobs = s->used = e->env.jobs;
    s->silence = e->options.silence > 0 ? e->options.silence : e->options.silence < 0 ? 0 : SILENCE;
    s->limit = memory_limit_of(e);
    s->slots = heap_alloc(s->jobs, sizeof *s->slots);
    fine = !pthread_mutex_init(&s->probing, NULL) && fine;
    s->untrusted = e->options.untrusted;
    fine = open_far(&s->nursery, e->env.memory) && fine;
    for (unsigned i = 0; i < s->jobs; i++)
        fine = open_far(&s->slots[i], e->env.memory) && fine;
    e->isolate = s;
    return fine;
}

bool isolate_mark(struct engine *e, struct variant *v)
{
    const struct graph *g = v->graph;
    bool any = false;
    v->isolated = heap_alloc(g->node_count + (size_t)1, sizeof *v->isolated);
    for (uint32_t k = 0; k < g->node_count; k++) {
        v->isolated[k] = g->nodes[k].filter->plugin &&
                         (e->options.isolate || e->options.untrusted || g->nodes[k].isolate);
        any = any || v->isolated[k];
    }
    while (any && spread(v, v->isolated))
        continue;
    return e->isolate || (!any && !e->options.untrusted) || open_isolate(e);
}

/* ---- the life of a process ---- */

/* Its first words: how much of the sandbox there is. */
static void hear_sandbox(struct isolate *s, struct far *f)
{
    struct mail m;
    s->applied = 0;
    if (channel_receive(&f->line, -1, 4096, &m) <= 0)
        return;
    s->applied = m.type == ANSWER ? (unsigned)unpack_i64(&m) & SANDBOX_ALL : 0;
    mail_free(&m);
}

static void start_nursery(struct engine *e, struct far *f, char *why, size_t cap)
{
    int fd = -1;
    if (!channel_pair(&f->line, &fd)) {
        snprintf(why, cap, "E0501 no process can be started: %s", strerror(errno));
        return;
    }
    f->pid = fork();
    if (f->pid == 0)
        worker_live(e, fd);
    const int error = errno;
    close(fd);
    if (f->pid > 0) {
        if (e->isolate->untrusted)
            hear_sandbox(e->isolate, f);
        return;
    }
    channel_close(&f->line);
    snprintf(why, cap, "E0501 no process can be started: %s", strerror(error));
}

/* The nursery is idle while pictures are worked on, so it answers at once. */
static bool ask_nursery(struct isolate *s, enum message what, const struct text *body, int fd,
                        int64_t *answer)
{
    struct mail m;
    bool fine = channel_send(&s->nursery.line, what, body, NULL, 0, fd) &&
                channel_receive(&s->nursery.line, -1, 4096, &m) > 0;
    if (fine) {
        *answer = unpack_i64(&m);
        fine = m.type == ANSWER && !m.bad;
        mail_free(&m);
    }
    return fine;
}

bool isolate_is_child(int64_t pid, pid_t parent)
{
    char path[40], text[512];
    long long its = 0;
    if (pid <= 1 || pid > INT32_MAX)
        return false;
    snprintf(path, sizeof path, "/proc/%ld/stat", (long)pid);
    FILE *f = fopen(path, "re");
    const size_t n = f ? fread(text, 1, sizeof text - 1, f) : 0;
    if (f)
        fclose(f);
    text[n] = '\0';
    const char *name_end = strrchr(text, ')'); /* a name may hold anything */
    return name_end && sscanf(name_end + 1, " %*c %lld", &its) == 1 && its == parent;
}

/* What the nursery says is not believed: a plugin may have taken it over, and the number is one
 * that is killed. */
static void spawn(struct isolate *s, struct far *f, unsigned slot, char *why, size_t cap)
{
    struct text body = {0};
    int64_t pid = 0;
    int fd = -1;
    pack_u64(&body, slot);
    pthread_mutex_lock(&s->lock);
    bool fine = channel_pair(&f->line, &fd);
    if (fine &&
        (!ask_nursery(s, ASK_SPAWN, &body, fd, &pid) || !isolate_is_child(pid, s->nursery.pid))) {
        channel_close(&f->line);
        fine = false;
    }
    f->pid = fine ? (pid_t)pid : 0;
    f->parent = s->nursery.pid;
    f->epoch = s->epoch;
    f->base = 0;
    pthread_mutex_unlock(&s->lock);
    if (fd >= 0)
        close(fd);
    text_free(&body);
    if (!fine)
        snprintf(why, cap, "E0501 no process can be started for it: %s",
                 pid < 0 && pid > -4096 ? strerror((int)-pid) : "the one that starts them is gone");
}

/* Did it end by itself, or was it killed? Its status stays for isolate_end. */
static bool nursery_ended(const struct isolate *s)
{
    siginfo_t info = {.si_pid = 0};
    return s->nursery.line.fd >= 0 &&
           !waitid(P_PID, (id_t)s->nursery.pid, &info, WEXITED | WNOHANG | WNOWAIT) &&
           info.si_pid == s->nursery.pid;
}

/* A nursery, with all that the one before it had made for the pictures. */
static void start_again(struct engine *e, char *why, size_t cap)
{
    struct isolate *s = e->isolate;
    atomic_store(&s->nursery.pulse->stop, 0);
    if (s->lost)
        snprintf(why, cap, "E0611 the process that shared things are made in is gone");
    else
        start_nursery(e, &s->nursery, why, cap);
    if (why[0])
        return;
    s->nurseries++;
    s->lost = !isolate_make_again(e, why, cap);
}

/* Workers die with their nursery. true: this slot's has nothing to do with the one there is now. */
static bool look_after_nursery(struct engine *e, const struct far *f, char *why, size_t cap)
{
    struct isolate *s = e->isolate;
    pthread_mutex_lock(&s->lock);
    if (nursery_ended(s))
        isolate_end(e, &s->nursery);
    if (s->nursery.line.fd < 0)
        start_again(e, why, cap);
    const bool stale = f->line.fd >= 0 && (f->epoch != s->epoch || f->parent != s->nursery.pid);
    pthread_mutex_unlock(&s->lock);
    return stale;
}

bool isolate_ready(struct engine *e, struct far *f, unsigned slot, char *why, size_t cap)
{
    why[0] = '\0';
    if (f == &e->isolate->nursery) {
        if (f->line.fd < 0)
            start_again(e, why, cap);
        return !why[0];
    }
    if (look_after_nursery(e, f, why, cap))
        isolate_end(e, f);
    if (why[0] || f->line.fd >= 0)
        return !why[0];
    atomic_store(&f->pulse->stop, 0);
    spawn(e->isolate, f, slot, why, cap);
    return !why[0];
}

/* What the nursery answers of its worker, whose number is no child's of another one. */
static int bury(struct isolate *s, struct far *f)
{
    int64_t status = -1;
    struct text body = {0};
    pack_i64(&body, f->pid);
    pthread_mutex_lock(&s->lock);
    if (f->parent != s->nursery.pid || s->nursery.line.fd < 0 ||
        !ask_nursery(s, ASK_REAP, &body, -1, &status))
        status = -1;
    pthread_mutex_unlock(&s->lock);
    text_free(&body);
    f->restarts++;
    return (int)status;
}

int isolate_end(struct engine *e, struct far *f)
{
    struct isolate *s = e->isolate;
    int status = 0;
    if (f->line.fd < 0)
        return 0;
    if (f == &s->nursery || isolate_is_child(f->pid, f->parent))
        kill(f->pid, SIGKILL); /* dead already or not: its status stays what it was */
    if (f != &s->nursery)
        status = bury(s, f);
    while (f == &s->nursery && waitpid(f->pid, &status, 0) < 0 && errno == EINTR)
        continue;
    channel_close(&f->line);
    return status;
}

static void close_far(struct far *f)
{
    channel_close(&f->line);
    region_free(f->region);
    if (f->pulse)
        munmap(f->pulse, (size_t)sysconf(_SC_PAGESIZE));
}

/* The nursery has nothing to do but to wait for its workers; if that takes long, it goes with all
 * of them. */
static void wait_for(pid_t pid)
{
    const double until = clock_seconds() + QUIT_S;
    pid_t gone;
    while ((gone = waitpid(pid, NULL, WNOHANG)) == 0 && clock_seconds() < until)
        nanosleep(&(struct timespec){.tv_nsec = 500000}, NULL);
    if (gone)
        return;
    kill(pid, SIGKILL);
    while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
        continue;
}

void isolate_free(struct engine *e)
{
    struct isolate *s = e->isolate;
    if (!s)
        return;
    const bool alive = s->nursery.line.fd >= 0;
    isolate_forget(s); /* values: before their regions */
    for (unsigned i = 0; i < s->jobs; i++)
        close_far(&s->slots[i]); /* they end when their line does */
    close_far(&s->nursery);
    if (alive)
        wait_for(s->nursery.pid);
    pthread_mutex_destroy(&s->lock);
    pthread_mutex_destroy(&s->probing);
    isolate_free_paths(s);
    free(s->write);
    free(s->slots);
    free(s);
    e->isolate = NULL;
}

/* ---- the sandbox ---- */

static char *gaps(const struct isolate *s)
{
    struct text t = {0};
    for (unsigned bit = 1; bit <= SANDBOX_ALL; bit <<= 1)
        if (!(s->applied & bit))
            text_addf(&t, "%s%s", t.size ? ", " : "", sandbox_name(bit));
    return t.data;
}

void isolate_begin(struct engine *e)
{
    struct isolate *s = e->isolate;
    char why[400];
    if (!s || !s->untrusted)
        return;
    isolate_find_paths(e);
    if (!isolate_ready(e, &s->nursery, 0, why, sizeof why)) {
        report_add(e->report, SEV_ERROR, "E0501", NULL, "--untrusted: %s",
                   why + strcspn(why, " ") + 1);
        return;
    }
    char *missing = gaps(s);
    if (missing) {
        struct fault *f = report_add(
            e->report, SEV_WARNING, "W0614", NULL,
            "--untrusted: this system has no %s; the rest of the sandbox is there", missing);
        fault_note(f, "impasto describe W0614 says what that means");
    }
    free(missing);
}

static bool writes_elsewhere(const struct engine *e)
{
    for (uint32_t i = 0; i < e->variant_count; i++)
        for (uint32_t k = 0; k < e->variants[i]->graph->node_count; k++)
            if (e->variants[i]->isolated[k] && e->variants[i]->graph->nodes[k].writes)
                return true;
    return false;
}

/* A sandbox is never widened: those there are end, and others are made when they are needed. */
void isolate_allow_writing(struct engine *e, const char *folder)
{
    struct isolate *s = e->isolate;
    if (!s || !s->untrusted || s->write || !writes_elsewhere(e))
        return;
    s->write = heap_strdup(folder);
    for (unsigned i = 0; i < s->jobs; i++)
        isolate_end(e, &s->slots[i]);
    isolate_end(e, &s->nursery);
    s->lost = false;
    isolate_forget(s);
    constants_forget_objects(e);
}

/* ---- small questions ---- */

struct memory *isolate_memory(struct engine *e, unsigned slot)
{
    return e->isolate ? region_memory(e->isolate->slots[slot].region) : e->env.memory;
}

void isolate_slots(struct engine *e, unsigned n)
{
    if (e->isolate)
        e->isolate->used = n < 1 ? 1 : n < e->isolate->jobs ? n : e->isolate->jobs;
}

void isolate_begin_item(struct engine *e, unsigned slot)
{
    if (e->isolate)
        e->isolate->slots[slot].item++;
}

void isolate_explain(const struct engine *e, struct text *out)
{
    const struct isolate *s = e->isolate;
    unsigned restarts = 0;
    for (unsigned i = 0; s && i < s->jobs; i++)
        restarts += s->slots[i].restarts;
    if (!s)
        return;
    text_add(out, "isolated, in processes of their own:");
    const struct variant *v = e->variants[0];
    for (uint32_t k = 0; k < v->graph->node_count; k++)
        if (v->isolated[k])
            text_addf(out, " %s", v->graph->nodes[k].name);
    text_addf(out, "\n");
    if (s->untrusted) {
        char *missing = gaps(s);
        text_addf(
            out, "sandbox: files that may be read: %zu%s%s; %s%s\n", s->read_count,
            s->write ? ", written below: " : ", none may be written", s->write ? s->write : "",
            missing ? "this system has no " : "all of it is enforced", missing ? missing : "");
        free(missing);
    }
    if (restarts)
        text_addf(out, "processes started again: %u\n", restarts);
    if (s->nurseries > 1 + (s->write != NULL))
        text_addf(out, "what pictures share was made again: %u times\n",
                  s->nurseries - 1 - (s->write != NULL));
}
