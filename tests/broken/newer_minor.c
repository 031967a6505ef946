/* newer_minor.c - needs a host of the future. */
#define MINOR_REQUIRED 7
#include "broken.h"
