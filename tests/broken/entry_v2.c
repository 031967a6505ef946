/* entry_v2.c - knows the next ABI only. */
#define ENTRY IMP_EXPORT const imp_plugin *imp_entry_v2(void); const imp_plugin *imp_entry_v2(void) { return &plugin; }
#include "broken.h"
