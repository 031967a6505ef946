/* taken_key.c - a key that presets use themselves. */
#define FACTOR {.key = "filter", .type = IMP_FLOAT, .def = 1, .max = 16, .help = "A factor."}
#include "broken.h"
