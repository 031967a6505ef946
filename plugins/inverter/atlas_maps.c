/* atlas_maps.c - which maps of a layer: the key `maps`. */
#include "atlas.h"
#include <stdlib.h>
#include <string.h>

enum { MOST = 1 << 20 };

static bool is_blank(char c)
{
    return c == ' ' || c == ',' || c == '\t';
}

/* A whole number at *s, which moves behind it; -1: none. */
static int64_t whole(const char **s)
{
    int64_t n = 0;
    if (**s < '0' || **s > '9')
        return -1;
    for (; **s >= '0' && **s <= '9'; ++*s)
        if ((n = n * 10 + (**s - '0')) > MOST)
            return -1;
    return n;
}

/* The next range of "0-63 70"; false at the end or when it is none (*s stays). */
static bool range(const char **s, int64_t *from, int64_t *to)
{
    const char *at = *s;
    while (is_blank(*at))
        at++;
    if ((*from = *to = whole(&at)) < 0)
        return false;
    if (*at == '-') {
        at++;
        if ((*to = whole(&at)) < *from)
            return false;
    }
    if (*at && !is_blank(*at))
        return false;
    *s = at;
    return true;
}

/* "top N": N, else -1. */
static int64_t top(const char *text)
{
    if (strncmp(text, "top", 3) != 0 || !is_blank(text[3]))
        return -1;
    for (text += 3; is_blank(*text); text++)
        ;
    const int64_t n = whole(&text);
    return *text ? -1 : n;
}

const char *atlas_maps_check(const char *text, char *buf, size_t size)
{
    int64_t from, to;
    uint32_t ranges = 0;
    const char *s = text;
    if (!strcmp(text, "all") || top(text) > 0)
        return NULL;
    while (range(&s, &from, &to))
        ranges++;
    while (is_blank(*s))
        s++;
    if (ranges && !*s)
        return NULL;
    snprintf(buf, size,
             "'%.40s' says no maps: `all`, `top 16`, or numbers from 0 such as `0-63 70`", text);
    return buf;
}

static void take_top(const double *natural, uint32_t count, uint32_t wanted, uint8_t *taken)
{
    for (uint32_t n = 0; n < wanted && n < count; n++) {
        uint32_t best = count;
        for (uint32_t i = 0; i < count; i++)
            if (!taken[i] && (best == count || natural[i] > natural[best]))
                best = i;
        taken[best] = 1;
    }
}

const char *atlas_maps(const char *text, const double *natural, uint32_t count, uint32_t *maps,
                       uint32_t *chosen, char *buf, size_t size)
{
    const char *why = atlas_maps_check(text, buf, size), *s = text;
    int64_t from, to;
    uint8_t *taken = why ? NULL : calloc(count, 1);
    *chosen = 0;
    if (why)
        return why;
    if (!taken) {
        snprintf(buf, size, "no memory for a list of %u maps", count);
        return buf;
    }
    if (!strcmp(text, "all"))
        memset(taken, 1, count);
    else if (top(text) > 0)
        take_top(natural, count, (uint32_t)top(text), taken);
    while (!why && top(text) < 0 && strcmp(text, "all") != 0 && range(&s, &from, &to)) {
        for (int64_t i = from; i <= to && i < count; i++)
            taken[i] = 1;
        if (to >= count) {
            snprintf(buf, size, "there is no map %lld: the layer has %u, 0 to %u", (long long)to,
                     count, count - 1);
            why = buf;
        }
    }
    for (uint32_t i = 0; i < count && !why; i++)
        if (taken[i])
            maps[(*chosen)++] = i;
    free(taken);
    return why;
}
