/* energies.h - tables of energies: what energy.measure writes, energy.blend mixes and people edit.
 * A row is a map of a layer. Columns: layer (text), map (from 0), then numbers; others are let be.
 *
 *   mean    over the places of the map       rms    root of the mean square
 *   share   of the layer's sum of means      zeros  share of places that are 0
 *   max     largest value                    dead   yes: nothing but 0
 *
 * All [any]. */
#ifndef IMP_EN_ENERGIES_H
#define IMP_EN_ENERGIES_H
#include <stdbool.h>
#include <impasto/impasto.h>

/* One map's row, to be written. */
struct en_energy {
    double mean, rms, share, zeros, max;
};
/* A new table with those columns; first a column `picture` when asked. NULL: no memory. */
imp_table *en_table_new(imp_job *, bool pictures);
/* A layer's rows; share is computed here. picture NULL: no such column. */
imp_status en_table_add(imp_job *, imp_table *, const char *picture, const char *layer,
                        uint32_t maps, struct en_energy *);

/* Number of a column; UINT32_MAX: none. */
uint32_t en_column(const imp_table *, const char *name);
/* What is wrong with a table that is to have `layer`, `map` and one of `columns` (words, NULL: none
 * more): NULL, or a sentence in buf. */
const char *en_table_check(const imp_table *, const char *columns, char *buf, size_t size);
/* The first of `columns` that the table has; NULL: none. buf holds it. */
const char *en_table_has(const imp_table *, const char *columns, char *buf, size_t size);

/* The numbers of a column for a layer: out[map], NaN where there is no row or an empty cell. rows:
 * how many there were. IMP_E_INPUT, with port: no such column, a map that the layer lacks or that
 * comes twice, a cell that is no finite number. A layer without rows is no mistake here. */
imp_status en_table_read(const imp_table *, int32_t port, const char *column, const char *layer,
                         uint32_t maps, double *out, uint32_t *rows, imp_error *);
/* The same where every map of the layer must have its row; the layers that there are are named. */
imp_status en_table_all(const imp_table *, int32_t port, const char *column, const char *layer,
                        uint32_t maps, double *out, imp_error *);
/* Layer of a row; NULL: its cell is not text. */
const char *en_table_layer(const imp_table *, uint64_t row);
/* Names of all layers of a table, with blanks between, in the order of the rows. */
void en_table_layers(const imp_table *, char *buf, size_t size);
/* Maps that a table has of a layer: its largest number of a map and one. */
uint32_t en_table_maps(const imp_table *, const char *layer);

#endif
