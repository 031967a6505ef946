/* params.h - parameter text <-> imp_cell by the parameter's table row. */
#ifndef IMP_PARAMS_H
#define IMP_PARAMS_H
#include <impasto/impasto.h>
#include "arena.h"
#include "report.h"

/* Parses text for one parameter into *out (memory: the arena). false: one fault was added (E0108 bad
 * value, E0109 out of range, E0110 no such choice), with type, range, unit, choices and the nearest
 * choice, the carets under the piece of the text that is wrong. key and node are for the message.
 * PATH: taken as it is (preset.h has resolved it). Values: BOOL yes no true false on off 1 0;
 * INT, FLOAT whole text, an optional suffix equal to the row's unit ("12px", "50%" where the unit is %);
 * NUMBERS, NAMES separated by blanks; NAMES also "0-63" as it is; COLOUR "#rgb", "#rrggbb", "#rrggbbaa",
 * a CSS basic colour name, or 3 or 4 numbers. */
bool params_parse(struct arena *, const imp_param *row, const char *text, const struct place *at,
                  const char *node, struct report *, imp_cell *out);
/* The default of a row. false: the descriptor is faulty (the loader checked: never for loaded plugins). */
bool params_default(struct arena *, const imp_param *row, imp_cell *out);
/* Canonical text that parses to the same cell. */
const char *params_print(struct arena *, const imp_param *row, const imp_cell *);
/* "number", "whole number", "yes or no" ...; and "0.1 .. 100 px", or "" without a range. */
const char *params_type_name(const imp_param *);
const char *params_range_text(struct arena *, const imp_param *);
/* Choice names of a CHOICE row: n of them, in the arena. */
const char *const *params_choices(struct arena *, const imp_param *, size_t *n);

#endif
