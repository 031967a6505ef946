/* bad_choice.c - a default that is no choice. */
#define FACTOR {.key = "mode", .type = IMP_CHOICE, .choices = "dark|light", .def_text = "grey", .help = "A mode."}
#include "broken.h"
