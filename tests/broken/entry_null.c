/* entry_null.c - answers no descriptor. */
#define ENTRY IMP_EXPORT const imp_plugin *imp_entry_v1(void) { return plugin.id ? NULL : &plugin; }
#include "broken.h"
