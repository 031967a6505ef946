/* bad_type.c - a type that nobody knows. */
#define FACTOR {.key = "factor", .type = 77, .help = "A factor."}
#include "broken.h"
