/* short_stride.c - rows shorter than those of ABI 1.0. */
#define PARAM_STRIDE 40
#include "broken.h"
