/* default_out_of_range.c - a default that no preset could write. */
#define FACTOR {.key = "factor", .type = IMP_FLOAT, .def = 99, .max = 16, .help = "A factor."}
#include "broken.h"
