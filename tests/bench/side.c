#include "side.h"
#include "rows.h"
#include <errno.h>
#include <math.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { PATIENCE_MS = 180000, SAMPLE = 1 << 18 };

void side_sleep_ms(long ms)
{
    const struct timespec t = {ms / 1000, ms % 1000 * 1000000};
    nanosleep(&t, NULL);
}

static void child(struct side *s, const int in[2], const int out[2], int threads)
{
    char number[16];
    snprintf(number, sizeof number, "%d", threads);
    setenv("OMP_NUM_THREADS", number, 1);
    if (dup2(in[0], 0) < 0 || dup2(out[1], 1) < 0)
        _exit(127);
    close(in[0]), close(in[1]), close(out[0]), close(out[1]);
    execvp(s->argv[0], s->argv);
    _exit(127);
}

static bool fails(struct side *s, const char *why) /* NULL: told already */
{
    s->state = SIDE_WRONG;
    if (why)
        snprintf(s->told, sizeof s->told, "%s", why);
    return false;
}

bool side_line(struct side *s)
{
    struct pollfd ready = {.fd = fileno(s->from), .events = POLLIN};
    char line[sizeof s->told];
    if (poll(&ready, 1, PATIENCE_MS) <= 0)
        return fails(s, "no answer for minutes");
    if (!fgets(line, sizeof line, s->from))
        return fails(s, "it ended");
    line[strcspn(line, "\n")] = 0;
    snprintf(s->told, sizeof s->told, "%s", line);
    return strncmp(line, "wrong", 5) ? true : fails(s, line + 5 + (line[5] == ' '));
}

bool side_start(struct side *s, int threads)
{
    int in[2], out[2];
    s->state = SIDE_NONE, s->count = 0, s->difference = -1;
    if (pipe(in) || pipe(out))
        return fails(s, strerror(errno));
    s->pid = fork();
    if (s->pid == 0)
        child(s, in, out, threads);
    close(in[0]), close(out[1]);
    s->to = fdopen(in[1], "w"), s->from = fdopen(out[0], "r");
    if (s->pid < 0 || !s->to || !s->from || setvbuf(s->from, NULL, _IONBF, 0) || /* poll sees no buffers */
        !side_line(s))
        return fails(s, NULL);
    if (!strncmp(s->told, "missing", 7)) {
        s->state = SIDE_MISSING;
        return false;
    }
    if (strncmp(s->told, "ready", 5))
        return fails(s, NULL);
    s->state = SIDE_READY;
    snprintf(s->variant, sizeof s->variant, "%.60s", s->told[5] ? s->told + 6 : "");
    return true;
}

bool side_ask(struct side *s, const char *line)
{
    if (s->state != SIDE_READY)
        return false;
    if (fprintf(s->to, "%s\n", line) < 0 || fflush(s->to))
        return fails(s, "it ended");
    return side_line(s);
}

double side_go(struct side *s)
{
    return side_ask(s, "go") ? strtod(s->told, NULL) : -1;
}

/* Seconds of processor that the process has used. */
static double used(const struct side *s)
{
    char path[64], text[1024] = "";
    unsigned long user = 0, system = 0;
    snprintf(path, sizeof path, "/proc/%ld/stat", (long)s->pid);
    FILE *f = fopen(path, "r");
    if (f && fgets(text, sizeof text, f)) {
        const char *rest = strrchr(text, ')'); /* the name may hold blanks */
        if (rest)
            sscanf(rest + 1, " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user,
                   &system);
    }
    if (f)
        fclose(f);
    return (double)(user + system) / (double)sysconf(_SC_CLK_TCK);
}

void side_look(struct side *s)
{
    char path[64], line[256];
    snprintf(path, sizeof path, "/proc/%ld/status", (long)s->pid);
    FILE *f = fopen(path, "r");
    while (f && fgets(line, sizeof line, f))
        if (!strncmp(line, "VmHWM:", 6))
            s->peak_kib = strtol(line + 6, NULL, 10);
    if (f)
        fclose(f);
    const double before = used(s);
    side_sleep_ms(200);
    s->idle = (used(s) - before) / 0.2;
}

void side_stop(struct side *s)
{
    if (s->to)
        fclose(s->to);
    if (s->from)
        fclose(s->from);
    s->to = s->from = NULL;
    if (s->pid <= 0)
        return;
    for (int i = 0; i < 100; i++) {
        if (waitpid(s->pid, NULL, WNOHANG) != 0) {
            s->pid = 0;
            return;
        }
        side_sleep_ms(20);
    }
    kill(s->pid, SIGKILL);
    waitpid(s->pid, NULL, 0);
    s->pid = 0;
}

/* ---- what goes in, and what two sides computed ---- */

bool side_input(const char *path, const char *shape)
{
    uint64_t count = 2, state = 88172645463325252u;
    for (const char *p = shape; p; p = strchr(p, 'x'), p += p != NULL)
        count *= strtoul(p, NULL, 10);
    FILE *f = fopen(path, "wb");
    bool fine = f != NULL;
    for (uint64_t i = 0; i < count && fine; i++) {
        state ^= state << 13, state ^= state >> 7, state ^= state << 17; /* Marsaglia 2003 */
        const float v = (float)(state >> 40) / (1 << 24);
        fine = fwrite(&v, sizeof v, 1, f) == 1;
    }
    return f && fclose(f) == 0 && fine;
}

struct blocks {
    FILE *file;
    float *data;
    uint32_t count;
};

static bool next(struct blocks *b)
{
    if (!b->file || fread(&b->count, sizeof b->count, 1, b->file) != 1)
        return false;
    float *more = realloc(b->data, (size_t)b->count * sizeof *more + 1);
    if (!more)
        return false;
    b->data = more;
    return fread(b->data, sizeof *b->data, b->count, b->file) == b->count;
}

static double mean_size(const struct blocks *b)
{
    double sum = 0;
    for (uint32_t i = 0; i < b->count; i++)
        sum += fabs((double)b->data[i]);
    return b->count ? sum / b->count : 0;
}

/* Nine of ten differences are below; of a sample of large blocks. NaN where there is one. */
static double ninth_difference(const struct blocks *a, const struct blocks *b)
{
    static double sample[SAMPLE];
    const uint32_t step = b->count / SAMPLE + 1;
    int n = 0;
    for (uint32_t i = 0; i < b->count; i += step) {
        sample[n] = fabs((double)a->data[i] - (double)b->data[i]);
        if (!isfinite(sample[n++]))
            return (double)NAN;
    }
    return n ? rows_quantile(sample, n, 0.9) : 0;
}

double side_difference(const char *ours, const char *theirs)
{
    struct blocks a = {.file = fopen(ours, "rb")}, b = {.file = fopen(theirs, "rb")};
    double worst = 0, largest = 0;
    int count = 0;
    while (next(&b))
        largest = fmax(largest, mean_size(&b));
    if (b.file)
        rewind(b.file);
    bool fit = a.file && b.file;
    while (fit && next(&b)) {
        fit = next(&a) && a.count == b.count;
        const double d = fit ? ninth_difference(&a, &b) / fmax(mean_size(&b), 1e-3 * largest) : 0;
        worst = d > worst || isnan(d) ? d : worst;
        count++;
    }
    fit = fit && count > 0 && !next(&a);
    free(a.data), free(b.data);
    if (a.file)
        fclose(a.file);
    if (b.file)
        fclose(b.file);
    return fit ? worst : -1;
}
