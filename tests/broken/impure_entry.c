/* impure_entry.c - allocates in its entry. */
#include <stdlib.h>
#define ENTRY void *kept_block; IMP_EXPORT const imp_plugin *imp_entry_v1(void) { kept_block = malloc(100000); return &plugin; }
#include "broken.h"
