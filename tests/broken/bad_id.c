/* bad_id.c - an id with capitals and blanks. */
#define FILTER_ID "My Filter"
#include "broken.h"
