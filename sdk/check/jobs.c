/* jobs.c - a child for each test: limits, a pipe for its verdict, an end that is put into words. */
#define _DEFAULT_SOURCE
#include "jobs.h"
#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include "heap.h"
#include "minipriv.h"

enum { MOST = 16 };

/* ---- a folder for what filters write ---- */

static void remove_tree(const char *path)
{
    DIR *d = opendir(path);
    for (const struct dirent *e; d && (e = readdir(d));) {
        char name[4096];
        struct stat st;
        if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
            continue;
        snprintf(name, sizeof name, "%s/%s", path, e->d_name);
        if (lstat(name, &st) == 0 && S_ISDIR(st.st_mode))
            remove_tree(name);
        else
            unlink(name);
    }
    if (d)
        closedir(d);
    rmdir(path);
}

static bool make_folder(char *buf, size_t size)
{
    const char *tmp = getenv("TMPDIR");
    snprintf(buf, size, "%s/impasto-check-XXXXXX", tmp && tmp[0] == '/' ? tmp : "/tmp");
    return mkdtemp(buf) != NULL;
}

/* ---- in the child ---- */

static void child_limits(void)
{
    static const int own[] = {SIGINT, SIGSEGV, SIGBUS,
                              SIGFPE, SIGILL,  SIGABRT}; /* whoever runs the driver had them */
    for (size_t i = 0; i < sizeof own / sizeof *own; i++)
        signal(own[i], SIG_DFL);
    if (heap_seen()) { /* of data, not of addresses: sanitizers, and plugins, may reserve those
                          freely */
        const struct rlimit memory = {(rlim_t)6 << 30, (rlim_t)6 << 30};
        setrlimit(RLIMIT_DATA, &memory);
    }
    const struct rlimit core = {0, 0};
    setrlimit(RLIMIT_CORE, &core);
}

static void send(int to, const void *data, size_t size)
{
    for (const char *at = data; size;) {
        const ssize_t n = write(to, at, size);
        if (n <= 0 && errno != EINTR)
            return;
        if (n > 0)
            at += n, size -= (size_t)n;
    }
}

static void child_run(const struct trial *like, const struct job *job, int to)
{
    struct trial t = *like;
    enum verdict v = PASSED;
    child_limits();
    world_catch_stdout();
    t.filter_id = job->filter, t.hidden = job->hidden, t.folder = job->folder;
    t.note = job->note, t.report_to = to, t.variant = job->variant;
    if (t.filter_id) {
        v = trial_open(&t);
        t.filter = v == PASSED ? mini_filter(t.mini, t.filter_id) : NULL;
        if (v == PASSED && !t.filter)
            v = trial_fail(&t, "the filter is not there any more");
    }
    if (v == PASSED)
        v = job->test->run(&t);
    const char letter = (char)v;
    send(to, &letter, 1);
    send(to, t.text, strlen(t.text));
    _exit(0);
}

/* ---- in the parent ---- */

__attribute__((format(printf, 3, 4))) static void end(struct job *job, enum verdict v,
                                                      const char *fmt, ...)
{
    char text[sizeof job->said];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    job->text = mini_strdup(text);
    job->verdict = v;
    job->state = JOB_DONE;
}

static void start(struct job *job, const struct trial *like)
{
    int ends[2];
    job->ms = bench_ms();
    job->used = 0;
    if (job->filter && !make_folder(job->folder, sizeof job->folder)) {
        end(job, FAILED, "no folder for temporary files: %s", strerror(errno));
        return;
    }
    void *page =
        mmap(NULL, sizeof *job->note, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    job->note = page == MAP_FAILED ? NULL : page;
    if (pipe(ends) != 0) {
        end(job, FAILED, "no pipe: %s", strerror(errno));
        return;
    }
    fflush(NULL);
    job->pid = fork();
    if (job->pid == 0) {
        close(ends[0]);
        child_run(like, job, ends[1]);
    }
    close(ends[1]);
    job->from = ends[0];
    job->state = JOB_RUNS;
}

/* The end of a child that said nothing. */
static void tell_crash(struct job *job, int status)
{
    char when[300] = "";
    if (job->note && job->note->what[0])
        snprintf(when, sizeof when, ": %.239s", job->note->what);
    if (WIFSIGNALED(status))
        end(job, FAILED, "it crashes (signal %d, %s)%s", WTERMSIG(status),
            WTERMSIG(status) == SIGSEGV   ? "a wrong address"
            : WTERMSIG(status) == SIGABRT ? "it gave up"
                                          : "see signal(7)",
            when);
    else
        end(job, FAILED, "it ends the program (exit status %d)%s", WEXITSTATUS(status), when);
}

static void finish(struct job *job, bool late, int seconds)
{
    int status = 0;
    close(job->from);
    if (late)
        kill(job->pid, SIGKILL);
    while (job->pid > 0 && waitpid(job->pid, &status, 0) < 0 && errno == EINTR)
        continue;
    job->said[job->used] = 0;
    if (job->pid < 0)
        end(job, FAILED, "no process could be made");
    else if (late)
        end(job, FAILED, "it does not come to an end within %d s%s%.239s", seconds,
            job->note && job->note->what[0] ? ": " : "", job->note ? job->note->what : "");
    else if (job->used == 0)
        tell_crash(job, status);
    else
        end(job, (enum verdict)job->said[0], "%s", job->said + 1);
    job->ms = bench_ms() - job->ms;
    if (job->note) {
        job->variant = (uint32_t)job->note->variant;
        munmap(job->note, sizeof *job->note);
        job->note = NULL;
    }
    if (job->folder[0])
        remove_tree(job->folder);
}

/* Reads what is there; true: the child has closed its end. */
static bool hear(struct job *job)
{
    const ssize_t n = read(job->from, job->said + job->used, sizeof job->said - 1 - job->used);
    if (n > 0)
        job->used += (size_t)n;
    return n == 0 || (n < 0 && errno != EINTR) || job->used == sizeof job->said - 1;
}

/* Processor time of a child in s, from /proc/PID/stat: fields 14 and 15, after a name in
 * parentheses. */
static double busy_seconds(pid_t pid)
{
    char path[40], text[600];
    unsigned long long user = 0, system = 0;
    snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
    FILE *f = fopen(path, "r");
    const size_t n = f ? fread(text, 1, sizeof text - 1, f) : 0;
    if (f)
        fclose(f);
    text[n] = 0;
    const char *after = strrchr(text, ')');
    if (!after || sscanf(after + 1, " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %llu %llu", &user,
                         &system) != 2)
        return 1e9;
    return (double)(user + system) / (double)sysconf(_SC_CLK_TCK);
}

/* Is its time over? A busy machine gives some more to those that had little of it. */
static bool is_late(const struct job *job, int seconds)
{
    const double waited = (bench_ms() - job->ms) / 1e3;
    return waited > seconds && (waited > 6 * seconds || busy_seconds(job->pid) > seconds / 2.0);
}

/* Waits for one of those that run to say something or to be late; true: some have ended. */
static bool listen_to(struct job *const *running, unsigned count, int seconds)
{
    struct pollfd wait[MOST];
    double left = seconds * 1e3;
    bool ended = false;
    for (unsigned i = 0; i < count; i++) {
        const double mine = running[i]->ms + seconds * 1e3 - bench_ms(), again = 500;
        wait[i] = (struct pollfd){.fd = running[i]->from, .events = POLLIN};
        left = mine > 0 ? (mine < left ? mine : left) : again < left ? again : left;
    }
    const int ready = poll(wait, count, left > 0 ? (int)left + 1 : 0);
    for (unsigned i = 0; i < count; i++) {
        const bool closed = ready > 0 && wait[i].revents && hear(running[i]);
        const bool late = !closed && is_late(running[i], seconds);
        if (closed || late)
            finish(running[i], late, seconds);
        ended = ended || closed || late;
    }
    return ended;
}

void jobs_run(struct job *jobs, size_t count, const struct trial *like, int at_once, int seconds,
              void (*done)(void *user), void *user)
{
    size_t next = 0;
    at_once = at_once < 1 ? 1 : at_once > MOST ? MOST : at_once;
    for (;;) {
        struct job *running[MOST];
        unsigned n = 0;
        for (size_t i = 0; i < next; i++)
            if (jobs[i].state == JOB_RUNS)
                running[n++] = &jobs[i];
        for (; next < count && n < (unsigned)at_once; next++) {
            if (jobs[next].state == JOB_WAITS)
                start(&jobs[next], like);
            if (jobs[next].state == JOB_RUNS)
                running[n++] = &jobs[next];
        }
        if (n == 0)
            break;
        if (listen_to(running, n, seconds))
            done(user);
    }
    done(user);
}
