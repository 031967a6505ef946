/* check.c - runs every test in a process of its own, prints a line for each. */
#define _XOPEN_SOURCE 700 /* realpath */
#include "check.h"
#include <dirent.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "trial.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SANITIZED 1
#endif
#endif
#ifndef SANITIZED
#define SANITIZED 0
#endif

struct check {
    const char *path;
    const struct check_options *options;
    struct check_totals *totals;
    FILE *out;
    char ids[16384]; /* of the filters, a line each */
};

/* ---- a child for each test ---- */

static void child_limits(void)
{
    signal(SIGINT, SIG_DFL);
    if (!SANITIZED) { /* sanitizers reserve terabytes of addresses */
        const struct rlimit memory = {(rlim_t)6 << 30, (rlim_t)6 << 30};
        setrlimit(RLIMIT_AS, &memory);
    }
    const struct rlimit core = {0, 0};
    setrlimit(RLIMIT_CORE, &core);
}

/* Writes the ids of all filters; the table was checked before. */
static enum verdict list_filters(struct trial *t)
{
    t->mini = mini_load(t->path, t->text, sizeof t->text);
    if (!t->mini)
        return FAILED;
    t->text[0] = 0;
    return PASSED;
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

static void child_run(struct trial *t, const struct test *test, int to)
{
    child_limits();
    world_catch_stdout();
    enum verdict v = PASSED;
    if (t->filter_id) {
        v = trial_open(t);
        t->filter = v == PASSED ? mini_filter(t->mini, t->filter_id) : NULL;
        if (v == PASSED && !t->filter)
            v = trial_fail(t, "the filter is not there any more");
    }
    if (v == PASSED)
        v = test->run(t);
    const char letter = (char)v;
    send(to, &letter, 1);
    send(to, t->text, strlen(t->text));
    for (const imp_filter *const *f =
             test->run == list_filters && v == PASSED ? mini_entry(t->mini)->filters : NULL;
         f && *f; f++) {
        send(to, (*f)->id, strlen((*f)->id));
        send(to, "\n", 1);
    }
    _exit(0);
}

static int seconds(const struct check *c)
{
    return c->options->seconds > 0 ? c->options->seconds : SANITIZED ? 120 : 20;
}

/* Reads what the child says until it closes the pipe or the time is over; answers the bytes read,
 * -1 = over. */
static long listen_to(int from, char *buf, size_t size, int limit)
{
    struct timespec start, now;
    size_t used = 0;
    clock_gettime(CLOCK_MONOTONIC, &start);
    for (;;) {
        clock_gettime(CLOCK_MONOTONIC, &now);
        const long left = limit * 1000L - (long)(now.tv_sec - start.tv_sec) * 1000 -
                          (now.tv_nsec - start.tv_nsec) / 1000000;
        struct pollfd wait = {.fd = from, .events = POLLIN};
        if (left <= 0)
            return -1;
        if (poll(&wait, 1, (int)left) <= 0)
            continue;
        const ssize_t n = read(from, buf + used, size - 1 - used);
        if (n > 0)
            used += (size_t)n;
        if (n == 0 || (n < 0 && errno != EINTR) || used == size - 1)
            break;
    }
    buf[used] = 0;
    return (long)used;
}

/* The end of a child that said nothing, as a sentence. */
static void tell_end(int status, char *text, size_t size)
{
    if (WIFSIGNALED(status))
        snprintf(text, size, "it crashes (signal %d, %s)", WTERMSIG(status),
                 WTERMSIG(status) == SIGSEGV   ? "a wrong address"
                 : WTERMSIG(status) == SIGABRT ? "it gave up"
                                               : "see signal(7)");
    else
        snprintf(text, size, "it ends the program (exit status %d)", WEXITSTATUS(status));
}

static enum verdict run_child(struct check *c, struct trial *t, const struct test *test, char *text,
                              size_t size)
{
    int ends[2], status = 0;
    char said[16384];
    if (pipe(ends) != 0) {
        snprintf(text, size, "no pipe: %s", strerror(errno));
        return FAILED;
    }
    fflush(NULL);
    const pid_t pid = fork();
    if (pid == 0) {
        close(ends[0]);
        child_run(t, test, ends[1]);
    }
    close(ends[1]);
    const long n = pid > 0 ? listen_to(ends[0], said, sizeof said, seconds(c)) : 0;
    close(ends[0]);
    if (n < 0)
        kill(pid, SIGKILL);
    while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
        continue;
    if (n < 0)
        snprintf(text, size, "it does not come to an end within %d s", seconds(c));
    else if (pid < 0)
        snprintf(text, size, "no process: %s", strerror(errno));
    else if (n == 0)
        tell_end(status, text, size);
    else
        snprintf(text, size, "%s", said + 1);
    return n > 0 ? (enum verdict)said[0] : FAILED;
}

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

/* ---- telling ---- */

static void print_json_text(FILE *out, const char *text)
{
    fputc('"', out);
    for (const unsigned char *s = (const unsigned char *)text; *s; s++) {
        if (*s == '"' || *s == '\\')
            fprintf(out, "\\%c", *s);
        else if (*s < 0x20)
            fprintf(out, "\\u%04x", *s);
        else
            fputc(*s, out);
    }
    fputc('"', out);
}

static void tell(struct check *c, const char *subject, const char *test, enum verdict v,
                 const char *text)
{
    const char *word = v == PASSED ? "ok" : v == FAILED ? "FAILED" : "skipped";
    c->totals->passed += v == PASSED;
    c->totals->failed += v == FAILED;
    c->totals->skipped += v == SKIPPED;
    if (c->options->quiet && v != FAILED)
        return;
    if (c->options->json) {
        fputs("{\"schema\":1,\"type\":\"test\",\"subject\":", c->out);
        print_json_text(c->out, subject);
        fprintf(c->out, ",\"test\":\"%s\",\"result\":\"%s\",\"text\":", test,
                v == FAILED ? "failed" : word);
        print_json_text(c->out, text);
        fputs("}\n", c->out);
    } else {
        fprintf(c->out, "%-8s%s: %s%s%s\n", word, subject, test, v != PASSED ? ": " : "",
                v != PASSED ? text : "");
    }
}

static enum verdict run_test(struct check *c, const char *filter, const struct test *test)
{
    char folder[512] = "", text[1024] = "";
    struct trial t = {.path = c->path,
                      .with = c->options->with,
                      .with_count = c->options->with_count,
                      .filter_id = filter,
                      .folder = folder};
    if (c->options->only && strcmp(c->options->only, test->name) != 0)
        return PASSED;
    enum verdict v = FAILED;
    if (filter && !make_folder(folder, sizeof folder))
        snprintf(text, sizeof text, "no folder for temporary files: %s", strerror(errno));
    else
        v = run_child(c, &t, test, text, sizeof text);
    if (filter && folder[0])
        remove_tree(folder);
    tell(c, filter ? filter : "file", test->name, v, text);
    return v;
}

static bool run_file_tests(struct check *c)
{
    bool sound = true;
    for (const struct test *test = trial_file_tests; test->name; test++)
        if (run_test(c, NULL, test) == FAILED)
            sound = sound &&
                    strcmp(test->name, "exports") == 0; /* with more exports it can still be run */
    return sound;
}

static void run_filter_tests(struct check *c)
{
    static const struct test list = {"list", list_filters};
    struct trial t = {.path = c->path};
    if (run_child(c, &t, &list, c->ids, sizeof c->ids) != PASSED)
        return;
    char *rest = NULL;
    for (char *id = strtok_r(c->ids, "\n", &rest); id; id = strtok_r(NULL, "\n", &rest)) {
        enum verdict v = PASSED;
        for (const struct test *test = trial_filter_tests; test->name; test++) {
            v = run_test(c, id, test);
            if (test == trial_filter_tests && v != PASSED)
                break; /* what does not run at all is said once */
        }
    }
}

int check_file(const char *path, const struct check_options *options, FILE *out,
               struct check_totals *totals)
{
    struct check c = {.path = path, .options = options, .totals = totals, .out = out};
    *totals = (struct check_totals){0, 0, 0};
    char *full = realpath(path, NULL); /* dlopen would search for a bare name */
    if (full)
        c.path = full;
    if (run_file_tests(&c))
        run_filter_tests(&c);
    const bool good = totals->failed == 0 && totals->passed > 0;
    if (options->json)
        fprintf(out,
                "{\"schema\":1,\"type\":\"summary\",\"passed\":%d,\"failed\":%d,\"skipped\":%d}\n",
                totals->passed, totals->failed, totals->skipped);
    else if (!options->quiet)
        fprintf(out, "%d passed, %d failed, %d skipped\n", totals->passed, totals->failed,
                totals->skipped);
    free(full);
    return good ? 0 : 1;
}
