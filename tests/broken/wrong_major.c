/* wrong_major.c - contradicts its entry. */
#define MAJOR 3
#include "broken.h"
