/* sound.c - nothing is wrong with this one: the shelf itself must pass. */
#include "broken.h"
