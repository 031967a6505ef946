/* bad_utf8.c - a help in Latin-1. */
#define FACTOR {.key = "factor", .type = IMP_FLOAT, .def = 1, .max = 16, .help = "St\xe4rke."}
#include "broken.h"
