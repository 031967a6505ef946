/* ratios.c - the committed table of ratios of this type of processor.
 *     ratios name                          zen4, emerald-rapids, ... by CPUID
 *     ratios compare TABLE RESULTS...      says which rows got slower, or take more memory, than
 * the table has ratios record TABLE RESULTS...       their rows take the place of the table's
 * Slower: the ratio is less than 0.9 of the table's, and the spreads (p10 to p90) do not touch.
 * Exit 0 whatever is slower: a machine has neighbours. */
#include "rows.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#if defined(__x86_64__)
#include <cpuid.h>
#endif

#if defined(__x86_64__)
struct kind {
    unsigned family, first, last; /* models */
    const char *name;
};
static const struct kind amd[] = {{25, 0x10, 0x1f, "zen4"}, {25, 0x60, 0x7f, "zen4"},
                                  {25, 0xa0, 0xaf, "zen4"}, {25, 0x00, 0xff, "zen3"},
                                  {26, 0x00, 0xff, "zen5"}, {23, 0x30, 0xff, "zen2"}};
static const struct kind intel[] = {{6, 207, 207, "emerald-rapids"},
                                    {6, 143, 143, "sapphire-rapids"},
                                    {6, 173, 174, "granite-rapids"},
                                    {6, 106, 108, "ice-lake-server"},
                                    {6, 85, 85, "skylake-server"}};

static const char *name_of(const struct kind *k, size_t n, unsigned family, unsigned model)
{
    for (size_t i = 0; i < n; i++)
        if (k[i].family == family && model >= k[i].first && model <= k[i].last)
            return k[i].name;
    return NULL;
}
#endif

static void print_name(void)
{
#if defined(__x86_64__)
    unsigned a, b, c, d;
    char vendor[13] = "";
    if (__get_cpuid(0, &a, &b, &c, &d)) {
        memcpy(vendor, &b, 4), memcpy(vendor + 4, &d, 4), memcpy(vendor + 8, &c, 4);
        __get_cpuid(1, &a, &b, &c, &d);
        const unsigned base = a >> 8 & 15, family = base == 15 ? base + (a >> 20 & 255) : base;
        const unsigned model = (a >> 4 & 15) | (a >> 12 & 0xf0);
        const bool is_amd = !strcmp(vendor, "AuthenticAMD");
        const char *name = is_amd ? name_of(amd, sizeof amd / sizeof amd[0], family, model)
                                  : name_of(intel, sizeof intel / sizeof intel[0], family, model);
        if (name && (is_amd || !strcmp(vendor, "GenuineIntel")))
            puts(name);
        else
            printf("%s-%u-%u\n", vendor, family, model);
        return;
    }
#endif
    puts("other");
}

static bool compare_row(const cJSON *row, const cJSON *old)
{
    const double ratio = rows_number(row, "ratio"), before = rows_number(old, "ratio");
    const double rss = rows_number(row, "ours_rss"), rss_before = rows_number(old, "ours_rss");
    const bool slower =
        ratio < 0.9 * before && rows_number(row, "ratio_p90") < rows_number(old, "ratio_p10");
    const bool larger = rss_before > 0 && rss > 1.1 * rss_before;
    if (slower)
        printf("slower: %s beside %s, %g threads: %.2f (%.2f-%.2f) times as fast, it was %.2f "
               "(%.2f-%.2f)\n",
               rows_text(row, "name"), rows_text(row, "peer"), rows_number(row, "threads"), ratio,
               rows_number(row, "ratio_p10"), rows_number(row, "ratio_p90"), before,
               rows_number(old, "ratio_p10"), rows_number(old, "ratio_p90"));
    if (larger)
        printf("more memory: %s beside %s, %g threads: %.0f MiB, it was %.0f\n",
               rows_text(row, "name"), rows_text(row, "peer"), rows_number(row, "threads"),
               rss / 1048576, rss_before / 1048576);
    return slower || larger;
}

/* Compares, or records, the rows of one file. */
static void go_through(cJSON *table, const cJSON *rows, bool record, int *compared, int *worse)
{
    const cJSON *row;
    cJSON_ArrayForEach(row, rows)
    {
        const cJSON *old = rows_find(table, row);
        if (record)
            rows_put(table, cJSON_Duplicate(row, 1));
        else if (old) {
            *worse += compare_row(row, old);
            ++*compared;
        }
    }
}

int main(int argc, char **argv)
{
    const bool record = argc > 3 && !strcmp(argv[1], "record");
    int compared = 0, worse = 0;
    if (argc == 2 && !strcmp(argv[1], "name"))
        return print_name(), 0;
    if (!record && !(argc > 3 && !strcmp(argv[1], "compare")))
        return fprintf(stderr,
                       "usage: ratios name | compare TABLE RESULTS... | record TABLE RESULTS...\n"),
               2;
    cJSON *table = rows_read(argv[2]);
    if (!table)
        return fprintf(stderr, "ratios: %s is no table\n", argv[2]), 1;
    for (int i = 3; i < argc; i++) {
        cJSON *rows = rows_read(argv[i]);
        go_through(table, rows, record, &compared, &worse);
        cJSON_Delete(rows);
    }
    const bool written = !record || rows_write(argv[2], table);
    if (record)
        printf("%d rows are in %s\n", cJSON_GetArraySize(table), argv[2]);
    else if (!cJSON_GetArraySize(table))
        printf("no ratios of this type of processor are kept yet (%s): make bench-record keeps "
               "these\n",
               argv[2]);
    else
        printf("%d rows compared with %s: %d slower or larger\n", compared, argv[2], worse);
    cJSON_Delete(table);
    return written ? 0 : 1;
}
