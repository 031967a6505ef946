#include "shard.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>
#include "arena.h"
#include "files.h"

enum { MOST_SHARDS = 1000000 };

static bool bad(struct report *report, const char *text, const char *why)
{
    struct fault *f = report_add(report, SEV_ERROR, "E0815", NULL, "--shard %s: %s", text, why);
    fault_note(f, "--shard 2/4 is part 2 of 4; --shard auto in a Slurm array; --shard auto/4 in a Kubernetes"
                  " indexed job or a PBS array");
    return false;
}

/* A whole number of the environment. false: E0816. */
static bool variable(const char *name, long long *out, struct report *report)
{
    const char *text = getenv(name);
    if (text && parse_integer(text, out))
        return true;
    report_add(report, SEV_ERROR, "E0816", NULL, text ? "--shard auto: %s is '%s', not a number"
                                                      : "--shard auto: %s is not set%s",
               name, text ? text : "; is this a task of a job array?");
    return false;
}

static bool take(const char *text, long long index, long long count, struct shard *out, struct report *report)
{
    if (count < 1 || count > MOST_SHARDS)
        return bad(report, text, "the number of parts is 1 .. 1000000");
    if (index < 1 || index > count)
        return bad(report, text, "the part is 1 .. the number of parts");
    *out = (struct shard){(unsigned)index, (unsigned)count};
    return true;
}

static bool parse_slurm(const char *text, struct shard *out, struct report *report)
{
    long long id = 0, least = 0, count = 0;
    return variable("SLURM_ARRAY_TASK_ID", &id, report) && variable("SLURM_ARRAY_TASK_MIN", &least, report) &&
           variable("SLURM_ARRAY_TASK_COUNT", &count, report) &&
           take(text, id - least + 1, count, out, report);
}

static bool parse_indexed(const char *text, struct shard *out, struct report *report)
{
    long long index = 0, count = 0;
    if (!parse_integer(text + strlen("auto/"), &count))
        return bad(report, text, "not a number of parts");
    if (getenv("JOB_COMPLETION_INDEX")) {
        if (!variable("JOB_COMPLETION_INDEX", &index, report))
            return false;
        index++;
    } else if (getenv("PBS_ARRAY_INDEX")) {
        if (!variable("PBS_ARRAY_INDEX", &index, report))
            return false;
    } else {
        report_add(report, SEV_ERROR, "E0816", NULL,
                   "--shard %s: neither JOB_COMPLETION_INDEX nor PBS_ARRAY_INDEX is set", text);
        return false;
    }
    return take(text, index, count, out, report);
}

bool shard_parse(const char *text, struct shard *out, struct report *report)
{
    *out = (struct shard){0, 0};
    if (!text)
        return true;
    if (!strcmp(text, "auto"))
        return parse_slurm(text, out, report);
    if (!strncmp(text, "auto/", 5))
        return parse_indexed(text, out, report);
    const char *slash = strchr(text, '/');
    char left[24];
    long long index = 0, count = 0;
    if (!slash || (size_t)(slash - text) >= sizeof left)
        return bad(report, text, "not of the form i/n");
    snprintf(left, sizeof left, "%.*s", (int)(slash - text), text);
    if (!parse_integer(left, &index) || !parse_integer(slash + 1, &count))
        return bad(report, text, "not two whole numbers");
    return take(text, index, count, out, report);
}

/* One in n: pictures of a folder that belong together in size are spread over all parts. */
bool shard_has(const struct shard *s, size_t k)
{
    return !s->count || k % s->count == s->index - 1;
}

const char *shard_suffix(const struct shard *s, char *buf)
{
    *buf = 0;
    if (s->count)
        snprintf(buf, 32, "-%u-of-%u", s->index, s->count);
    return buf;
}

/* ---- locks ---- */

static int lock_file(const char *folder, const char *name, int how)
{
    char *path = heap_printf("%s/%s", folder, name);
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    if (fd >= 0 && flock(fd, how | LOCK_NB)) {
        const int keep = errno;
        close(fd);
        errno = keep;
        fd = -1;
    }
    const int keep = errno;
    free(path);
    errno = keep;
    return fd;
}

static bool refused(const char *folder, const struct shard *s, struct report *report)
{
    if (errno != EWOULDBLOCK) {
        report_add(report, SEV_ERROR, "E0733", NULL, "cannot lock %s: %s", folder, strerror(errno));
        return false;
    }
    struct fault *f;
    if (s->count)
        f = report_add(report, SEV_ERROR, "E0734", NULL,
                       "another run is writing into this folder (part %u of %u, or all of it): %s", s->index,
                       s->count, folder);
    else
        f = report_add(report, SEV_ERROR, "E0734", NULL, "another run is writing into this folder: %s", folder);
    fault_note(f, "wait for it to end, or give another folder with -o");
    return false;
}

bool shard_lock(const char *folder, const struct shard *s, struct shard_lock *out, struct report *report)
{
    char suffix[32], name[48];
    *out = (struct shard_lock){-1, -1};
    out->all = lock_file(folder, "lock", s->count ? LOCK_SH : LOCK_EX);
    if (out->all < 0)
        return refused(folder, s, report);
    if (!s->count)
        return true;
    snprintf(name, sizeof name, "lock%s", shard_suffix(s, suffix));
    out->own = lock_file(folder, name, LOCK_EX);
    if (out->own >= 0)
        return true;
    refused(folder, s, report);
    shard_unlock(out);
    return false;
}

void shard_unlock(struct shard_lock *l)
{
    if (l->own >= 0)
        close(l->own);
    if (l->all >= 0)
        close(l->all);
    *l = (struct shard_lock){-1, -1};
}

/* ---- frozen plan ---- */

struct frozen { struct hash plan; unsigned parts; size_t items; };

static bool read_plan(const char *path, struct frozen *out)
{
    size_t size = 0;
    char *text = files_read(path, &size), hash[33];
    const bool ok = text && sscanf(text, "%32s %u %zu", hash, &out->parts, &out->items) == 3 &&
                    hash_parse(hash, &out->plan);
    free(text);
    return ok;
}

/* Whole under its name or not there: written beside, then linked, which fails if another part was first. */
static bool create_plan(const char *path, const struct frozen *plan)
{
    char line[96], hash[33];
    char *beside = heap_printf("%s.%ld~", path, (long)getpid());
    snprintf(line, sizeof line, "%s %u %zu\n", hash_print(plan->plan, hash), plan->parts, plan->items);
    bool ok = files_replace(beside, line, strlen(line));
    if (ok && link(beside, path))
        ok = errno == EEXIST;
    const int keep = errno;
    unlink(beside);
    free(beside);
    errno = keep;
    return ok;
}

static bool same_plan(const struct frozen *mine, const struct frozen *there, const struct shard *s,
                      const char *path, struct report *report)
{
    if (hash_equal(mine->plan, there->plan) && (!s->count || mine->parts == there->parts))
        return true;
    struct fault *f = report_add(report, SEV_ERROR, "E0735", NULL,
                                 "parts of another run were written into this folder, and this is not the same"
                                 " plan");
    if (!hash_equal(mine->plan, there->plan))
        fault_note(f, there->items != mine->items ? "it had %zu items, this run has %zu"
                                                  : "it had other settings or pictures (%zu items, as now: %zu)",
                   there->items, mine->items);
    else
        fault_note(f, "it had %u parts, this run has %u", there->parts, mine->parts);
    fault_note(f, "run the same command as its parts, without --shard, to finish it; or forget it: rm %s", path);
    return false;
}

bool shard_plan(const char *folder, const struct shard *s, struct hash plan, size_t items,
                struct report *report)
{
    const struct frozen mine = {plan, s->count, items};
    struct frozen there;
    char *path = heap_printf("%s/plan", folder);
    bool ok = true;
    if (s->count && access(path, F_OK) && !create_plan(path, &mine)) {
        report_add(report, SEV_ERROR, "E0733", NULL, "cannot write %s: %s", path, strerror(errno));
        ok = false;
    } else if (!access(path, F_OK)) {
        if (!read_plan(path, &there)) {
            struct fault *f = report_add(report, SEV_ERROR, "E0735", NULL, "cannot read the frozen plan %s",
                                         path);
            fault_note(f, "it is written by the parts of a run; forget it: rm %s", path);
            ok = false;
        } else {
            ok = same_plan(&mine, &there, s, path, report);
        }
    }
    free(path);
    return ok;
}

void shard_drop_plan(const char *folder)
{
    char *path = heap_printf("%s/plan", folder);
    unlink(path);
    free(path);
}
