/* cgroup.c - limits of control groups. */
#include "cgroup.h"
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PATH_ROOM = 4352, LINE_ROOM = 4200 };

/* The first two numbers of a file ("max 100000": the first is -1); one alone: the second is 0. */
static bool two_numbers(const char *path, double out[2])
{
    char text[64] = "";
    FILE *f = fopen(path, "re");
    if (!f)
        return false;
    const size_t n = fread(text, 1, sizeof text - 1, f);
    fclose(f);
    text[n] = '\0';
    char *end = text;
    out[0] = strncmp(text, "max", 3) ? (double)strtoll(text, &end, 10) : -1;
    out[1] = out[0] < 0 ? 0 : (double)strtoll(end, NULL, 10);
    return out[0] < 0 || end != text;
}

/* What one group allows; 0: all. */
typedef double limit_of(const char *folder, bool v2);

static double processors_of(const char *folder, bool v2)
{
    char path[PATH_ROOM];
    double pair[2] = {0, 0}, period[2] = {0, 0};
    snprintf(path, sizeof path, "%s/%s", folder, v2 ? "cpu.max" : "cpu.cfs_quota_us");
    if (!two_numbers(path, pair))
        return 0;
    snprintf(path, sizeof path, "%s/cpu.cfs_period_us", folder);
    if (!v2 && two_numbers(path, period))
        pair[1] = period[0];
    return pair[0] > 0 && pair[1] > 0 ? pair[0] / pair[1] : 0;
}

static double memory_of(const char *folder, bool v2)
{
    char path[PATH_ROOM];
    double pair[2];
    snprintf(path, sizeof path, "%s/%s", folder, v2 ? "memory.max" : "memory.limit_in_bytes");
    const double most = 1ll << 60; /* version 1 writes a huge number for none */
    return two_numbers(path, pair) && pair[0] > 0 && pair[0] < most ? pair[0] : 0;
}

static double smaller(double best, double other)
{
    return other > 0 && (best <= 0 || other < best) ? other : best;
}

/* The least of a group and of all above it; group is cut shorter on the way. */
static double least_of(const char *mount, char *group, bool v2, limit_of *limit)
{
    char folder[PATH_ROOM];
    for (double best = 0;;) {
        snprintf(folder, sizeof folder, "%s%s", mount, group);
        best = smaller(best, limit(folder, v2));
        char *slash = strrchr(group, '/');
        if (!slash)
            return best;
        *slash = '\0';
    }
}

/* controller: its name in lines of version 1, and its mount's. */
static double least(const char *root, const char *controller, limit_of *limit)
{
    char line[LINE_ROOM], path[LINE_ROOM], mount[LINE_ROOM];
    double best = 0;
    snprintf(path, sizeof path, "%s/proc/self/cgroup", root);
    FILE *f = fopen(path, "re");
    while (f && fgets(line, sizeof line, f)) {
        line[strcspn(line, "\n")] = '\0';
        char *names = strchr(line, ':'), *group = names ? strchr(names + 1, ':') : NULL;
        if (!group)
            continue;
        *group++ = '\0';
        const bool v2 = names[1] == '\0';
        const size_t n = strlen(controller);
        const bool ours = !strncmp(names + 1, controller, n) && (names[1 + n] == ',' || !names[1 + n]);
        snprintf(mount, sizeof mount, "%s/sys/fs/cgroup%s%s", root, v2 ? "" : "/", v2 ? "" : controller);
        if (v2 || ours)
            best = smaller(best, least_of(mount, group, v2, limit));
    }
    if (f)
        fclose(f);
    return best;
}

double cgroup_processors(const char *root)
{
    return least(root, "cpu", processors_of);
}

uint64_t cgroup_memory(const char *root)
{
    return (uint64_t)least(root, "memory", memory_of);
}
