/* energies.c - tables of energies. */
#include "energies.h"
#include <math.h>
#include <string.h>

static const imp_column columns[] = {
    {"picture", NULL, IMP_TEXT, 0}, {"layer", NULL, IMP_TEXT, 0}, {"map", NULL, IMP_INT, 0},
    {"mean", NULL, IMP_FLOAT, 0},   {"rms", NULL, IMP_FLOAT, 0},  {"share", NULL, IMP_FLOAT, 0},
    {"zeros", NULL, IMP_FLOAT, 0},  {"max", NULL, IMP_FLOAT, 0},  {"dead", NULL, IMP_BOOL, 0},
};
enum { COLUMNS = sizeof columns / sizeof *columns };

imp_table *en_table_new(imp_job *job, bool pictures)
{
    return job->new_table(job, COLUMNS - !pictures, columns + !pictures);
}

static imp_cell text_cell(const char *text)
{
    imp_cell cell;
    cell.s.ptr = text, cell.s.len = strlen(text);
    return cell;
}

imp_status en_table_add(imp_job *job, imp_table *table, const char *picture, const char *layer,
                        uint32_t maps, struct en_energy *e)
{
    imp_status st = IMP_OK;
    double all = 0;
    for (uint32_t c = 0; c < maps; c++)
        all += e[c].mean;
    for (uint32_t c = 0; c < maps && st == IMP_OK; c++) {
        e[c].share = all > 0 ? e[c].mean / all : 0;
        const imp_cell cells[COLUMNS] = {
            text_cell(picture ? picture : ""),
            text_cell(layer),
            {.i = c},
            {.f = e[c].mean},
            {.f = e[c].rms},
            {.f = e[c].share},
            {.f = e[c].zeros},
            {.f = e[c].max},
            {.i = !(e[c].rms > 0)},
        };
        st = job->add_row(job, table, cells + !picture);
    }
    return st;
}

/* ---- reading ---- */

uint32_t en_column(const imp_table *t, const char *name)
{
    for (uint32_t i = 0; i < t->column_count; i++)
        if (strcmp(t->columns[i].name, name) == 0)
            return i;
    return UINT32_MAX;
}

static const imp_cell *cell_at(const imp_table *t, uint64_t row, uint32_t column)
{
    return &t->cells[row * t->column_count + column];
}

/* NaN for an empty cell; infinite: it is no number. */
static double number_at(const imp_table *t, uint64_t row, uint32_t column)
{
    const imp_cell *cell = cell_at(t, row, column);
    switch (t->columns[column].type) {
    case IMP_FLOAT:
        return cell->f;
    case IMP_INT:
    case IMP_BOOL:
        return (double)cell->i;
    default:
        return INFINITY;
    }
}

const char *en_table_has(const imp_table *t, const char *words, char *buf, size_t size)
{
    while (words && *words) {
        const size_t n = strcspn(words, " ");
        snprintf(buf, size, "%.*s", (int)n, words);
        if (en_column(t, buf) != UINT32_MAX)
            return buf;
        words += n + (words[n] == ' ');
    }
    return NULL;
}

const char *en_table_check(const imp_table *t, const char *words, char *buf, size_t size)
{
    static const char made[] = "energy.measure makes such tables";
    char found[64];
    if (en_column(t, "layer") == UINT32_MAX || en_column(t, "map") == UINT32_MAX)
        snprintf(buf, size, "the table has no columns 'layer' and 'map': %s", made);
    else if (words && !en_table_has(t, words, found, sizeof found))
        snprintf(buf, size, "the table has no column '%s': %s", words, made);
    else if (t->columns[en_column(t, "layer")].type != IMP_TEXT && t->row_count)
        snprintf(buf, size, "the table's column 'layer' holds numbers, not names of layers");
    else if (!t->row_count)
        snprintf(buf, size, "the table has no rows");
    else
        return NULL;
    return buf;
}

const char *en_table_layer(const imp_table *t, uint64_t row)
{
    const uint32_t i = en_column(t, "layer");
    return i != UINT32_MAX && t->columns[i].type == IMP_TEXT ? cell_at(t, row, i)->s.ptr : NULL;
}

static bool is_layer(const imp_table *t, uint64_t row, const char *layer)
{
    const char *name = en_table_layer(t, row);
    return name && strcmp(name, layer) == 0;
}

void en_table_layers(const imp_table *t, char *buf, size_t size)
{
    const char *last = "";
    size_t used = 0;
    buf[0] = '\0';
    for (uint64_t r = 0; r < t->row_count && used < size; r++) {
        const char *name = en_table_layer(t, r);
        if (!name || strcmp(name, last) == 0)
            continue;
        used += (size_t)snprintf(buf + used, size - used, "%s%s", used ? " " : "", name);
        last = name;
    }
}

uint32_t en_table_maps(const imp_table *t, const char *layer)
{
    const uint32_t map_at = en_column(t, "map");
    double most = -1;
    for (uint64_t r = 0; r < t->row_count && map_at != UINT32_MAX; r++) {
        const double map = is_layer(t, r, layer) ? number_at(t, r, map_at) : -1;
        most = map > most && map < 1e6 ? map : most;
    }
    return (uint32_t)(most + 1);
}

imp_status en_table_read(const imp_table *t, int32_t port, const char *column, const char *layer,
                         uint32_t maps, double *out, uint32_t *rows, imp_error *err)
{
    char why[200];
    const uint32_t map_at = en_column(t, "map"), at = en_column(t, column);
    if (err)
        err->port = port;
    if (en_table_check(t, column, why, sizeof why))
        return imp_fail(err, IMP_E_INPUT, "%s", why);
    for (uint32_t c = 0; c < maps; c++)
        out[c] = NAN;
    *rows = 0;
    for (uint64_t r = 0; r < t->row_count; r++) {
        if (!is_layer(t, r, layer))
            continue;
        const double map = number_at(t, r, map_at), v = number_at(t, r, at);
        const unsigned long long line = (unsigned long long)r + 1;
        if (!(map >= 0 && map < maps) || map != floor(map))
            return imp_fail(err, IMP_E_INPUT,
                            "row %llu of the table says map %g of '%s', which has maps 0 to %u",
                            line, map, layer, maps - 1);
        if (isinf(v))
            return imp_fail(err, IMP_E_INPUT, "row %llu of the table: '%s' is no finite number",
                            line, column);
        if (!isnan(out[(uint32_t)map]))
            return imp_fail(err, IMP_E_INPUT, "row %llu of the table says map %.0f of '%s' again",
                            line, map, layer);
        out[(uint32_t)map] = v;
        ++*rows;
    }
    if (err)
        err->port = -1;
    return IMP_OK;
}

imp_status en_table_all(const imp_table *t, int32_t port, const char *column, const char *layer,
                        uint32_t maps, double *out, imp_error *err)
{
    char layers[300];
    uint32_t rows = 0;
    const imp_status st = en_table_read(t, port, column, layer, maps, out, &rows, err);
    if (st != IMP_OK)
        return st;
    if (err)
        err->port = port;
    en_table_layers(t, layers, sizeof layers);
    if (!rows)
        return imp_fail(err, IMP_E_INPUT, "the table has no rows of layer '%s', it has: %s", layer,
                        layers);
    for (uint32_t c = 0; c < maps; c++)
        if (isnan(out[c]))
            return imp_fail(
                err, IMP_E_INPUT,
                "the table says nothing of map %u of '%s' (column %s): all %u are wanted", c, layer,
                column, maps);
    if (err)
        err->port = -1;
    return IMP_OK;
}
