/* same_filter.c - another plugin with a filter that sound.c has already. */
#define PLUGIN_ID "org.example.same_filter"
#include "broken.h"
