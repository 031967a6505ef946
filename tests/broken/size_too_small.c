/* size_too_small.c - says that its descriptor ends early. */
#define SIZE 64
#include "broken.h"
