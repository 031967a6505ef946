/* many_not_last.c - a MANY port that is not the last. */
#define INPUTS {.name = "all", .kind = IMP_IMAGE, .flags = IMP_PORT_MANY, .help = "Many."}, \
               {.name = "in", .kind = IMP_IMAGE, .help = "One."}
#include "broken.h"
