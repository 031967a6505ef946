/* kit_split.c - some of many samples, drawn by seed, evenly from classes: each class gives its share
 * rounded down, then those with the largest remainders one more (Hamilton's method). */
#include <impasto/kit_data.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { STREAM = 0x5b1 }; /* of the random numbers */

struct lot {
    uint64_t number; /* drawn */
    uint32_t label, index;
};
struct group { /* of lots of one label */
    uint64_t rest;
    uint32_t first, count, taken, order;
};

static int by_label(const void *a, const void *b)
{
    const struct lot *x = a, *y = b;
    if (x->label != y->label)
        return x->label < y->label ? -1 : 1;
    if (x->number != y->number)
        return x->number < y->number ? -1 : 1;
    return x->index < y->index ? -1 : x->index > y->index;
}

static int by_rest(const void *a, const void *b)
{
    const struct group *x = a, *y = b;
    if (x->rest != y->rest)
        return x->rest > y->rest ? -1 : 1;
    return x->order < y->order ? -1 : x->order > y->order;
}

static uint32_t find_groups(const struct lot *lots, uint32_t n, struct group *groups)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < n; i++) {
        if (!i || lots[i].label != lots[i - 1].label) {
            groups[count] = (struct group){.first = i, .order = count};
            count++;
        }
        groups[count - 1].count++;
    }
    return count;
}

static void take_shares(struct group *groups, uint32_t count, uint64_t n, uint64_t picks)
{
    uint64_t left = picks;
    for (uint32_t g = 0; g < count; g++) {
        const uint64_t part = picks * groups[g].count; /* both below 2^31 */
        groups[g].taken = (uint32_t)(part / n);
        groups[g].rest = part % n;
        left -= groups[g].taken;
    }
    qsort(groups, count, sizeof *groups, by_rest);
    for (uint32_t g = 0; g < left; g++)
        groups[g].taken++;
}

uint64_t kit_share(uint64_t n, double share)
{
    uint64_t picks = (uint64_t)((double)n * share + 0.5);
    if (share > 0 && !picks)
        picks = 1;
    return picks < n ? picks : n - 1; /* both sides get some, whatever the rounding */
}

imp_status kit_pick(uint64_t seed, const uint32_t *labels, uint64_t n, uint64_t picks,
                    uint8_t *picked)
{
    if (n)
        memset(picked, picks >= n, (size_t)n);
    if (!n || !picks || picks >= n)
        return IMP_OK;
    if (n > INT32_MAX)
        return IMP_E_LIMIT;
    struct lot *lots = malloc((size_t)n * sizeof *lots);
    struct group *groups = malloc((size_t)n * sizeof *groups);
    for (uint32_t i = 0; lots && i < n; i++)
        lots[i] = (struct lot){kit_random(seed, STREAM, i), labels ? labels[i] : 0, i};
    const bool fine = lots && groups;
    if (fine) {
        qsort(lots, (size_t)n, sizeof *lots, by_label);
        const uint32_t count = find_groups(lots, (uint32_t)n, groups);
        take_shares(groups, count, n, picks);
        for (uint32_t g = 0; g < count; g++)
            for (uint32_t k = 0; k < groups[g].taken; k++)
                picked[lots[groups[g].first + k].index] = 1;
    }
    free(groups);
    free(lots);
    return fine ? IMP_OK : IMP_E_MEMORY;
}
