#include "rows.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int ascending(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

double rows_quantile(double *ms, int n, double q)
{
    qsort(ms, (size_t)n, sizeof *ms, ascending);
    const double at = q * (n - 1);
    const int low = (int)at;
    return low + 1 < n ? ms[low] + (at - low) * (ms[low + 1] - ms[low]) : ms[n - 1];
}

double rows_number(const cJSON *row, const char *key)
{
    const cJSON *n = cJSON_GetObjectItemCaseSensitive(row, key);
    return cJSON_IsNumber(n) ? n->valuedouble : 0;
}

const char *rows_text(const cJSON *row, const char *key)
{
    const cJSON *s = cJSON_GetObjectItemCaseSensitive(row, key);
    return cJSON_IsString(s) ? s->valuestring : "";
}

cJSON *rows_read(const char *path)
{
    FILE *f = fopen(path, "rb");
    char *text = NULL;
    long size = 0;
    if (!f)
        return cJSON_CreateArray();
    if (!fseek(f, 0, SEEK_END) && (size = ftell(f)) >= 0 && (text = calloc(1, (size_t)size + 1))) {
        rewind(f);
        if (fread(text, 1, (size_t)size, f) != (size_t)size)
            text[0] = 0;
    }
    fclose(f);
    cJSON *rows = text ? cJSON_Parse(text) : NULL;
    free(text);
    if (cJSON_IsArray(rows))
        return rows;
    cJSON_Delete(rows);
    return NULL;
}

cJSON *rows_find(const cJSON *rows, const cJSON *like)
{
    cJSON *row;
    cJSON_ArrayForEach(row, rows)
    {
        if (!strcmp(rows_text(row, "name"), rows_text(like, "name")) &&
            !strcmp(rows_text(row, "peer"), rows_text(like, "peer")) &&
            rows_number(row, "threads") == rows_number(like, "threads"))
            return row;
    }
    return NULL;
}

void rows_put(cJSON *rows, cJSON *row)
{
    cJSON *old = rows_find(rows, row);
    if (old)
        cJSON_ReplaceItemViaPointer(rows, old, row);
    else
        cJSON_AddItemToArray(rows, row);
}

bool rows_write(const char *path, const cJSON *rows)
{
    FILE *f = fopen(path, "wb");
    bool fine = f && fputs("[", f) >= 0;
    const cJSON *row;
    const char *between = "\n";
    cJSON_ArrayForEach(row, rows)
    {
        char *text = cJSON_PrintUnformatted(row);
        fine = fine && text && fprintf(f, "%s%s", between, text) > 0;
        between = ",\n";
        cJSON_free(text);
    }
    fine = fine && fputs("\n]\n", f) >= 0;
    return f && fclose(f) == 0 && fine;
}

void rows_add(cJSON *row, const char *key, double value)
{
    char text[40];
    snprintf(text, sizeof text, "%.4g", value);
    cJSON_AddNumberToObject(row, key, strtod(text, NULL));
}

cJSON *rows_new(const char *name, const char *peer, int threads, double *ours, double *peers,
                int rounds)
{
    double *ratio = calloc((size_t)rounds, sizeof *ratio);
    for (int i = 0; ratio && i < rounds; i++)
        ratio[i] = peers[i] / ours[i];
    const double a = rows_quantile(ours, rounds, 0.5), b = rows_quantile(peers, rounds, 0.5);
    cJSON *row = cJSON_CreateObject();
    cJSON_AddStringToObject(row, "name", name);
    cJSON_AddStringToObject(row, "peer", peer);
    cJSON_AddNumberToObject(row, "threads", threads);
    rows_add(row, "ours_ms", a);
    rows_add(row, "peer_ms", b);
    rows_add(row, "ratio", b / a);
    rows_add(row, "ratio_p10", ratio ? rows_quantile(ratio, rounds, 0.1) : b / a);
    rows_add(row, "ratio_p90", ratio ? rows_quantile(ratio, rounds, 0.9) : b / a);
    cJSON_AddNumberToObject(row, "rounds", rounds);
    free(ratio);
    return row;
}
