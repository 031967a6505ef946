/* params_private.h - colours as text: colour.c for params.c. */
#ifndef IMP_PARAMS_PRIVATE_H
#define IMP_PARAMS_PRIVATE_H
#include <stddef.h>

/* "#rgb", "#rrggbb", "#rrggbbaa", a name or 3 or 4 numbers 0..1: how many samples (3, 4); 0: no
 * colour. */
size_t colour_parse(const char *text, double out[4]);
const char *const *colour_names(size_t *n);

#endif
