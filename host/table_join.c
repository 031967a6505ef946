/* table_join.c - tables of many pictures as one: the statistics of a folder. */
#include "table_text.h"
#include <string.h>

static imp_status same_columns(const imp_table *a, const imp_table *b, const char *label,
                               imp_error *err)
{
    if (a->column_count != b->column_count)
        return imp_fail(err, IMP_E_INPUT,
                        "the table of '%s' has %u columns, the first one %u: they cannot be joined",
                        label, b->column_count, a->column_count);
    for (uint32_t i = 0; i < a->column_count; i++)
        if (strcmp(a->columns[i].name, b->columns[i].name) ||
            a->columns[i].type != b->columns[i].type)
            return imp_fail(
                err, IMP_E_INPUT,
                "column %u of '%s' is '%s', of the first table '%s': they cannot be joined", i + 1,
                label, b->columns[i].name, a->columns[i].name);
    return IMP_OK;
}

static struct value *empty_table(struct arena *arena, const imp_table *like)
{
    imp_column *columns = arena_alloc(arena, like->column_count + 1, sizeof *columns);
    columns[0] = (imp_column){.name = "picture", .type = IMP_TEXT};
    memcpy(columns + 1, like->columns, like->column_count * sizeof *columns);
    return value_table(like->column_count + 1, columns);
}

static imp_status add_rows(struct arena *arena, struct value *out, const imp_table *t,
                           const char *label)
{
    imp_cell *row = arena_alloc(arena, t->column_count + 1, sizeof *row);
    row[0].s.ptr = label;
    row[0].s.len = strlen(label);
    for (uint64_t r = 0; r < t->row_count; r++) {
        memcpy(row + 1, t->cells + r * t->column_count, t->column_count * sizeof *row);
        const imp_status st = value_add_row(out, row);
        if (st != IMP_OK)
            return st;
    }
    return IMP_OK;
}

imp_status table_join(const imp_table *const *tables, const char *const *labels, uint32_t n,
                      struct value **out, imp_error *err)
{
    struct arena arena;
    imp_status st = IMP_OK;
    arena_init(&arena);
    struct value *v = empty_table(&arena, tables[0]);
    if (!v)
        st = IMP_E_MEMORY;
    for (uint32_t i = 0; i < n && st == IMP_OK; i++) {
        st = same_columns(tables[0], tables[i], labels[i], err);
        if (st == IMP_OK)
            st = add_rows(&arena, v, tables[i], labels[i]);
    }
    arena_fini(&arena);
    if (st == IMP_OK)
        *out = v;
    else
        value_release(v);
    return st;
}
