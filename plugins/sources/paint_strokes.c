/* paint_strokes.c - the list of strokes that wait to be drawn. */
#include "painting.h"
#include <stdlib.h>
#include "swift.h"

static imp_status grow(void **at, uint32_t *room, uint64_t want, size_t size)
{
    uint64_t n = *room ? *room : 1024;
    if (want <= *room)
        return IMP_OK;
    while (n < want)
        n *= 2;
    void *bigger = n < UINT32_MAX ? realloc(*at, n * size) : NULL;
    if (!bigger)
        return IMP_E_MEMORY;
    *at = bigger;
    *room = (uint32_t)n;
    return IMP_OK;
}

imp_status strokes_reserve(struct strokes *s, uint32_t strokes, uint32_t knots)
{
    void *at = s->at, *places = s->knots;
    imp_status st = grow(&at, &s->stroke_room, (uint64_t)s->count + strokes, sizeof *s->at);
    s->at = at;
    if (st == IMP_OK)
        st = grow(&places, &s->knot_room, (uint64_t)s->knot_count + knots, sizeof *s->knots);
    s->knots = places;
    return st;
}

void strokes_free(struct strokes *s)
{
    free(s->at);
    free(s->knots);
    *s = (struct strokes){0};
}

/* Lengths along, and the box that holds all that it can touch: half a width beyond its ends. */
static void measure(struct stroke *s, struct knot *k)
{
    float along = 0, half = 0;
    s->box[0] = s->box[1] = 1e30f, s->box[2] = s->box[3] = -1e30f;
    for (uint32_t i = 0; i < s->count; i++) {
        if (i) {
            const float dx = k[i].x - k[i - 1].x, dy = k[i].y - k[i - 1].y;
            along += sqrtf(dx * dx + dy * dy);
        }
        k[i].along = along;
        half = sw_max(half, k[i].half);
        s->box[0] = sw_min(s->box[0], k[i].x), s->box[1] = sw_min(s->box[1], k[i].y);
        s->box[2] = sw_max(s->box[2], k[i].x), s->box[3] = sw_max(s->box[3], k[i].y);
    }
    s->length = along, s->half = half;
    s->box[0] -= half + 1, s->box[1] -= half + 1, s->box[2] += half + 1, s->box[3] += half + 1;
}

static int by_key(const void *a, const void *b)
{
    const struct stroke *s = a, *t = b;
    if (s->key != t->key)
        return s->key < t->key ? -1 : 1;
    return s->first < t->first ? -1 : s->first > t->first;
}

imp_status strokes_finish(struct strokes *s, uint32_t first)
{
    for (uint32_t i = first; i < s->count; i++)
        measure(&s->at[i], s->knots + s->at[i].first);
    if (s->count > first)
        qsort(s->at + first, s->count - first, sizeof *s->at, by_key);
    return IMP_OK;
}
