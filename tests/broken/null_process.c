/* null_process.c - a filter without process. */
#define PROCESS NULL
#include "broken.h"
