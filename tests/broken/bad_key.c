/* bad_key.c - a key that no preset could write. */
#define FACTOR {.key = "Factor 1", .type = IMP_FLOAT, .def = 1, .max = 16, .help = "A factor."}
#include "broken.h"
