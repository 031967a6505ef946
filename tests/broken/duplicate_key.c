/* duplicate_key.c - two parameters of one name. */
#define ONE {.key = "factor", .type = IMP_FLOAT, .def = 1, .max = 16, .help = "A factor."}
#define FACTOR ONE, ONE
#include "broken.h"
