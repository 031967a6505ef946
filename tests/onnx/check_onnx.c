/* check_onnx.c - ONNX's backend tests through the runtime: check_onnx DIR. Every folder below DIR
 * that holds model.onnx and test_data_set_*; a line for each failure, a table by operator, and "N
 * passed, N failed, N out of scope". Exit 0 only when nothing failed and something ran. */
#include "onnx_case.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { MOST = 600, DEEPEST = 12 };

struct row {
    char name[64];
    unsigned count[3]; /* by verdict */
};
struct table {
    struct row rows[MOST];
    size_t row_count;
};
struct tally {
    struct table ops, outside; /* by operator; by what is out of scope */
    unsigned count[3];
};

static void add(struct table *t, const char *name, enum onnx_verdict v)
{
    size_t i = 0;
    while (i < t->row_count && strcmp(t->rows[i].name, name))
        i++;
    if (i == MOST)
        return;
    if (i == t->row_count)
        snprintf(t->rows[t->row_count++].name, sizeof t->rows[i].name, "%.60s", name);
    t->rows[i].count[v]++;
}

static void run_folder(struct tally *t, const char *folder)
{
    struct onnx_case *c = malloc(sizeof *c);
    if (!c)
        return;
    onnx_case_run(folder, c);
    if (c->verdict != ONNX_NO_CASE)
        t->count[c->verdict]++;
    for (size_t i = 0; i < c->op_count && c->verdict < ONNX_OUT_OF_SCOPE; i++)
        add(&t->ops, c->ops[i], c->verdict);
    if (c->verdict == ONNX_OUT_OF_SCOPE)
        add(&t->outside, c->why, c->verdict);
    if (c->verdict == ONNX_FAILED)
        printf("failed: %s: %s\n", folder, c->why);
    fflush(stdout);
    free(c);
}

/* ---- folders ---- */

static int is_visible(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

/* Tests in this folder, and below it; false: it cannot be read. */
static int walk(struct tally *t, const char *folder, int depth)
{
    char path[4096];
    struct stat s;
    struct dirent **entries;
    const int n = depth < DEEPEST ? scandir(folder, &entries, is_visible, alphasort) : 0;
    if (n < 0)
        return 0;
    snprintf(path, sizeof path, "%.4000s/model.onnx", folder);
    if (!stat(path, &s))
        run_folder(t, folder);
    for (int i = 0; i < n; i++) {
        const int length = snprintf(path, sizeof path, "%s/%s", folder, entries[i]->d_name);
        if (length > 0 && length < 4000 && !lstat(path, &s) && S_ISDIR(s.st_mode) &&
            strncmp(entries[i]->d_name, "test_data_set_", 14))
            walk(t, path, depth + 1);
        free(entries[i]);
    }
    if (depth < DEEPEST)
        free(entries);
    return 1;
}

/* ---- tables ---- */

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct row *)a)->name, ((const struct row *)b)->name);
}

static void print_tables(struct tally *t)
{
    qsort(t->ops.rows, t->ops.row_count, sizeof t->ops.rows[0], by_name);
    qsort(t->outside.rows, t->outside.row_count, sizeof t->outside.rows[0], by_name);
    printf("\n%-32s %6s %6s\n", "operator", "passed", "failed");
    for (size_t i = 0; i < t->ops.row_count; i++)
        printf("%-32s %6u %6u\n", t->ops.rows[i].name, t->ops.rows[i].count[ONNX_PASSED],
               t->ops.rows[i].count[ONNX_FAILED]);
    printf("\n%-46s %6s\n", "out of scope", "tests");
    for (size_t i = 0; i < t->outside.row_count; i++)
        printf("%-46s %6u\n", t->outside.rows[i].name, t->outside.rows[i].count[ONNX_OUT_OF_SCOPE]);
}

int main(int argc, char **argv)
{
    static struct tally t; /* too large for a stack */
    if (argc != 2) {
        fprintf(stderr, "usage: check_onnx DIR\n");
        return 2;
    }
    if (!walk(&t, argv[1], 0)) {
        fprintf(stderr, "%s cannot be read\n", argv[1]);
        return 2;
    }
    print_tables(&t);
    printf("\n%u passed, %u failed, %u out of scope\n", t.count[ONNX_PASSED], t.count[ONNX_FAILED],
           t.count[ONNX_OUT_OF_SCOPE]);
    return t.count[ONNX_FAILED] == 0 && t.count[ONNX_PASSED] > 0 ? 0 : 1;
}
