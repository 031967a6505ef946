/* extra_export.c - exports a helper. */
int helper_of_mine(int);
__attribute__((visibility("default"))) int helper_of_mine(int x)
{
    return x + 1;
}
#include "broken.h"
