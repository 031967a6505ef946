/* name_index.c - open addressing, doubled at two thirds. */
#include "name_index.h"
#include "nearest.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NEAREST = 3 };

uint64_t rt_name_hash(const char *name)
{
    uint64_t h = 0xcbf29ce484222325u;
    for (const unsigned char *p = (const unsigned char *)name; *p; p++)
        h = (h ^ *p) * 0x100000001b3u;
    return h;
}

static struct rt_name_slot *slot_of(const struct rt_names *t, const char *name)
{
    uint32_t i = (uint32_t)(rt_name_hash(name) >> 7) & (t->room - 1);
    while (t->slots[i].taken && strcmp(t->slots[i].name, name) != 0)
        i = (i + 1) & (t->room - 1);
    return &t->slots[i];
}

static bool grow(struct rt_names *t)
{
    struct rt_names more = {.room = t->room ? t->room * 2 : 64, .count = t->count};
    if (more.room < t->room || !(more.slots = calloc(more.room, sizeof *more.slots)))
        return false;
    for (uint32_t i = 0; i < t->room; i++)
        if (t->slots[i].taken)
            *slot_of(&more, t->slots[i].name) = t->slots[i];
    free(t->slots);
    *t = more;
    return true;
}

bool rt_names_add(struct rt_names *t, const char *name, uint32_t value)
{
    if (t->count >= t->room / 3 * 2 && !grow(t))
        return false;
    struct rt_name_slot *s = slot_of(t, name);
    if (!s->taken) {
        *s = (struct rt_name_slot){.name = name, .value = value, .taken = 1};
        t->count++;
    }
    return true;
}

int64_t rt_names_find(const struct rt_names *t, const char *name)
{
    const struct rt_name_slot *s = t->room ? slot_of(t, name) : NULL;
    return s && s->taken ? (int64_t)s->value : -1;
}

void rt_names_free(struct rt_names *t)
{
    free(t->slots);
    *t = (struct rt_names){0};
}

struct rt_nearest rt_nearest_to(const char *word)
{
    return (struct rt_nearest){.word = word, .distance = {UINT32_MAX, UINT32_MAX, UINT32_MAX}};
}

/* A name that ends in the word, or the other way round, is near: exporters put prefixes in front.
 */
static bool ends_in(const char *a, size_t n, const char *b, size_t m)
{
    return m > 3 && n > m && strcmp(a + n - m, b) == 0;
}

void rt_nearest_try(struct rt_nearest *near, const char *name)
{
    const size_t n = strlen(near->word), m = strlen(name);
    if (n == 0 || m == 0)
        return;
    const unsigned most = n <= 3 ? 1 : n < 9 ? 2 : 3;
    unsigned d = most + 1;
    if (ends_in(name, m, near->word, n) || ends_in(near->word, n, name, m))
        d = most;
    else if ((n > m ? n - m : m - n) <= most)
        d = rt_name_distance(near->word, name);
    if (d > most || d >= m) /* "in" is no slip of "x" */
        return;
    for (uint32_t i = 0; i < NEAREST; i++)
        if (near->name[i] && !strcmp(near->name[i], name))
            return;
    uint32_t at = NEAREST;
    while (at > 0 && d < near->distance[at - 1])
        at--;
    for (uint32_t i = NEAREST - 1; i > at; i--) {
        near->name[i] = near->name[i - 1];
        near->distance[i] = near->distance[i - 1];
    }
    if (at < NEAREST) {
        near->name[at] = name;
        near->distance[at] = d;
    }
}

const char *rt_nearest_text(const struct rt_nearest *near, char *buf, size_t size)
{
    const char *const *n = near->name;
    buf[0] = '\0';
    if (n[2])
        snprintf(buf, size, "; did you mean '%s', '%s' or '%s'?", n[0], n[1], n[2]);
    else if (n[1])
        snprintf(buf, size, "; did you mean '%s' or '%s'?", n[0], n[1]);
    else if (n[0])
        snprintf(buf, size, "; did you mean '%s'?", n[0]);
    return buf;
}
