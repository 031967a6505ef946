/* kinds.c - what drawings are alike. */
#include "kinds.h"
#include <impasto/kit.h>
#include <inttypes.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

enum { MAP = AV_CELLS * AV_CELLS, ROUNDS = 20 };

/* ---- measures ---- */

/* Where the running sum of n numbers passes a share of the whole, 0..1. */
static double passes(const double *sums, uint32_t n, double share)
{
    double all = 0, run = 0;
    for (uint32_t i = 0; i < n; i++)
        all += sums[i];
    for (uint32_t i = 0; i < n; i++)
        if ((run += sums[i]) >= share * all)
            return (i + 0.5) / n;
    return 1;
}

av_ink av_ink_of(const float *s, uint32_t side)
{
    enum { MOST = 1024 };
    double rows[MOST] = {0}, columns[MOST] = {0}, area = 0, edges = 0;
    const uint32_t n = side < MOST ? side : MOST;
    for (uint32_t y = 0; y < n; y++)
        for (uint32_t x = 0; x < n; x++) {
            const double v = s[(size_t)y * side + x];
            rows[y] += v, columns[x] += v, area += v;
            edges += x ? fabs(v - s[(size_t)y * side + x - 1]) : 0;
            edges += y ? fabs(v - s[(size_t)(y - 1) * side + x]) : 0;
        }
    /* A stroke of length l and width w at angle a: area l w, edges 2 l (|sin a| + |cos a|), 4/pi of
     * 2 l. */
    return (av_ink){.share = area / ((double)n * n),
                    .width = edges > 0 ? area / (edges / (8 / 3.14159265358979)) / n : 0,
                    .left = passes(columns, n, 0.01),
                    .top = passes(rows, n, 0.01),
                    .right = passes(columns, n, 0.99),
                    .bottom = passes(rows, n, 0.99)};
}

static void unit(float *map)
{
    double sum = 0;
    for (int i = 0; i < MAP; i++)
        sum += (double)map[i] * map[i];
    for (int i = 0; i < MAP && sum > 0; i++)
        map[i] = (float)(map[i] / sqrt(sum));
}

av_kind av_kind_of(const float *s, uint32_t side)
{
    av_kind k = {.ink = av_ink_of(s, side), .shown = UINT64_MAX};
    const double w = fmax(k.ink.right - k.ink.left, 1.0 / side),
                 h = fmax(k.ink.bottom - k.ink.top, 1.0 / side);
    for (uint32_t y = 0; y < side; y++)
        for (uint32_t x = 0; x < side; x++) {
            const double u = ((x + 0.5) / side - k.ink.left) / w * AV_CELLS,
                         v = ((y + 0.5) / side - k.ink.top) / h * AV_CELLS;
            if (u >= 0 && v >= 0 && u < AV_CELLS && v < AV_CELLS)
                k.map[(int)v * AV_CELLS + (int)u] += s[(size_t)y * side + x];
        }
    unit(k.map);
    return k;
}

bool av_is_outline(const av_kind *k)
{
    double middle = 0, all = 0;
    for (int y = 0; y < AV_CELLS; y++)
        for (int x = 0; x < AV_CELLS; x++) {
            const double v = k->map[y * AV_CELLS + x];
            all += v;
            middle += x > 1 && x < AV_CELLS - 2 && y > 0 && y < AV_CELLS - 2 ? v : 0;
        }
    return all > 0 && middle < 0.03 * all;
}

/* ---- groups ---- */

/* Between outlines and others there is more than any box. */
static double apart(const av_kind *one, const av_kind *other)
{
    const av_ink *a = &one->ink, *b = &other->ink;
    const double d[] = {a->left - b->left, a->top - b->top, a->right - b->right,
                        a->bottom - b->bottom};
    return d[0] * d[0] + d[1] * d[1] + d[2] * d[2] + d[3] * d[3] +
           (av_is_outline(one) != av_is_outline(other) ? 4 : 0);
}

static uint32_t nearest(const av_kind *a, const av_kinds *k, double *distance)
{
    uint32_t best = 0;
    for (uint32_t i = 1; i < k->count; i++)
        if (apart(a, &k->all[i]) < apart(a, &k->all[best]))
            best = i;
    *distance = apart(a, &k->all[best]);
    return best;
}

/* Means of the groups, and how many are in each; an empty one keeps its place. */
static void means(const av_kind *d, size_t n, av_kinds *k, size_t members[AV_KINDS])
{
    av_kinds sums = {.count = k->count};
    memset(members, 0, AV_KINDS * sizeof *members);
    for (size_t i = 0; i < n; i++) {
        double far;
        const uint32_t to = nearest(&d[i], k, &far);
        av_kind *s = &sums.all[to];
        s->ink.share += d[i].ink.share, s->ink.width += d[i].ink.width;
        s->ink.left += d[i].ink.left, s->ink.top += d[i].ink.top;
        s->ink.right += d[i].ink.right, s->ink.bottom += d[i].ink.bottom;
        for (int c = 0; c < MAP; c++)
            s->map[c] += d[i].map[c];
        members[to]++;
    }
    for (uint32_t i = 0; i < k->count; i++) {
        const double m = (double)members[i];
        av_kind *s = &sums.all[i];
        if (!members[i])
            continue;
        unit(s->map);
        s->ink = (av_ink){s->ink.share / m, s->ink.width / m, s->ink.left / m,
                          s->ink.top / m,   s->ink.right / m, s->ink.bottom / m};
        k->all[i] = *s;
    }
}

static void shown_by_half(const av_kind *d, size_t n, av_kinds *k, const size_t members[AV_KINDS])
{
    size_t counts[AV_KINDS][64] = {{0}};
    for (size_t i = 0; i < n; i++) {
        double far;
        const uint32_t to = nearest(&d[i], k, &far);
        for (uint32_t b = 0; b < 64; b++)
            counts[to][b] += d[i].shown >> b & 1;
    }
    for (uint32_t i = 0; i < k->count; i++) {
        k->all[i].shown = 0;
        for (uint32_t b = 0; b < 64; b++)
            k->all[i].shown |= (uint64_t)(2 * counts[i][b] >= members[i]) << b;
    }
}

void av_kinds_find(const av_kind *d, size_t n, av_kinds *out)
{
    size_t members[AV_KINDS];
    *out = (av_kinds){.count = 1, .all = {d[0]}};
    while (out->count < AV_KINDS) {
        size_t far = 0;
        double most = 0, distance;
        for (size_t i = 0; i < n; i++) {
            nearest(&d[i], out, &distance);
            if (distance > most)
                most = distance, far = i;
        }
        if (most < 1e-4)
            break;
        out->all[out->count++] = d[far];
    }
    for (int round = 0; round < ROUNDS; round++)
        means(d, n, out, members);
    shown_by_half(d, n, out, members);
    uint32_t kept = 0;
    for (uint32_t i = 0; i < out->count; i++)
        if (members[i] * 20 >= n)
            out->all[kept++] = out->all[i];
    out->count = kept;
}

const av_kind *av_kinds_like(const av_kinds *k, const av_kind *d)
{
    const av_kind *best = k->all;
    double most = -1;
    for (uint32_t i = 0; i < k->count; i++) {
        double like = 0;
        for (int c = 0; c < MAP; c++)
            like += (double)k->all[i].map[c] * d->map[c];
        if (like > most)
            most = like, best = &k->all[i];
    }
    return best;
}

const av_kind *av_kinds_face(const av_kinds *k)
{
    const av_kind *outline = NULL, *best = NULL;
    double least = 1e9;
    for (uint32_t i = 0; i < k->count && !outline; i++)
        outline = av_is_outline(&k->all[i]) ? &k->all[i] : NULL;
    for (uint32_t i = 0; i < k->count && outline; i++) {
        const av_ink *a = &k->all[i].ink, *b = &outline->ink;
        const double far = fabs(a->left - b->left) + fabs(a->top - b->top) +
                           fabs(a->right - b->right) + fabs(a->bottom - b->bottom);
        if (!av_is_outline(&k->all[i]) && far < least)
            least = far, best = &k->all[i];
    }
    return best;
}

/* ---- text: "left top right bottom 64 digits shown", with "; " between ---- */

void av_kinds_write(const av_kinds *k, char *text)
{
    size_t used = 0;
    for (uint32_t i = 0; i < k->count; i++) {
        const av_kind *a = &k->all[i];
        float most = 1e-9f;
        for (int c = 0; c < MAP; c++)
            most = a->map[c] > most ? a->map[c] : most;
        used +=
            (size_t)snprintf(text + used, AV_KINDS_TEXT - used, "%s%.4f %.4f %.4f %.4f ",
                             i ? "; " : "", a->ink.left, a->ink.top, a->ink.right, a->ink.bottom);
        for (int c = 0; c < MAP; c++)
            text[used++] = (char)('0' + (int)(9 * a->map[c] / most + 0.5f));
        used += (size_t)snprintf(text + used, AV_KINDS_TEXT - used, " %" PRIu64, a->shown);
    }
    kit_points(text);
}

static const char *read_one(const char *text, av_kind *k)
{
    double *const to[] = {&k->ink.left, &k->ink.top, &k->ink.right, &k->ink.bottom};
    for (size_t i = 0; i < sizeof to / sizeof *to; i++) {
        const char *end;
        *to[i] = kit_number(text, &end);
        if (end == text || !(*to[i] >= 0 && *to[i] <= 1))
            return NULL;
        text = end + strspn(end, " ");
    }
    for (int c = 0; c < MAP; c++, text++) {
        if (*text < '0' || *text > '9')
            return NULL;
        k->map[c] = (float)(*text - '0');
    }
    unit(k->map);
    text += strspn(text, " ");
    k->shown = *text >= '0' && *text <= '9' ? 0 : UINT64_MAX;
    for (; *text >= '0' && *text <= '9'; text++)
        k->shown = 10 * k->shown + (uint64_t)(*text - '0');
    return k->ink.right > k->ink.left && k->ink.bottom > k->ink.top ? text : NULL;
}

void av_kinds_read(const char *text, const av_ink *usual, av_kinds *out)
{
    *out = (av_kinds){.count = 0};
    while (text && *text && out->count < AV_KINDS) {
        av_kind *k = &out->all[out->count];
        k->ink = *usual;
        if (!(text = read_one(text, k)))
            break;
        out->count++;
        text += strspn(text, "; ");
    }
    if (!text || !out->count)
        *out = (av_kinds){.count = 1, .all = {{.ink = *usual, .shown = UINT64_MAX}}};
}
