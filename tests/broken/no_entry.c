/* no_entry.c - exports nothing. */
#define ENTRY const imp_plugin *hidden_entry(void); const imp_plugin *hidden_entry(void) { return &plugin; }
#include "broken.h"
