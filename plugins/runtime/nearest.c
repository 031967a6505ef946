/* nearest.c - see nearest.h. */
#include "nearest.h"

#include <stdio.h>
#include <string.h>

enum { LONGEST = 64, NEAREST_MAX = 8 };

static uint32_t least(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

uint32_t rt_name_distance(const char *a, const char *b)
{
    uint32_t row[3][LONGEST + 1];
    const size_t n = strnlen(a, LONGEST), m = strnlen(b, LONGEST);
    for (size_t j = 0; j <= m; j++)
        row[0][j] = (uint32_t)j;
    for (size_t i = 1; i <= n; i++) {
        uint32_t *now = row[i % 3];
        const uint32_t *last = row[(i + 2) % 3], *before = row[(i + 1) % 3];
        now[0] = (uint32_t)i;
        for (size_t j = 1; j <= m; j++) {
            now[j] = least(least(last[j], now[j - 1]) + 1, last[j - 1] + (a[i - 1] != b[j - 1]));
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                now[j] = least(now[j], before[j - 2] + 1);
        }
    }
    return row[n % 3][m];
}

struct near {
    const char *name;
    uint32_t distance, reserved0;
};

static void insert(struct near *list, uint32_t *count, uint32_t most, struct near new)
{
    uint32_t at = *count < most ? *count : most - 1;
    if (*count == most && list[at].distance <= new.distance)
        return;
    *count = *count < most ? *count + 1 : most;
    for (; at > 0 && list[at - 1].distance > new.distance; at--)
        list[at] = list[at - 1];
    list[at] = new;
}

void rt_nearest(const char *wanted, uint32_t n, const char *(*name_at)(const void *of, uint32_t i),
                const void *of, uint32_t most, char *buf, size_t size)
{
    struct near list[NEAREST_MAX];
    uint32_t count = 0;
    size_t used = 0;
    for (uint32_t i = 0; i < n; i++) {
        const struct near new = {.name = name_at(of, i), .distance = rt_name_distance(wanted, name_at(of, i))};
        insert(list, &count, most < NEAREST_MAX ? most : NEAREST_MAX, new);
    }
    if (size)
        buf[0] = 0;
    for (uint32_t i = 0; i < count && used < size; i++) {
        if (i && list[i].distance * 2 > strlen(wanted))
            break;
        const int k = snprintf(buf + used, size - used, "%s%s", i ? " " : "", list[i].name);
        used += k > 0 ? (size_t)k : 0;
    }
}
