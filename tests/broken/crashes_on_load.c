/* crashes_on_load.c - dies in a constructor. */
#include <impasto/impasto.h>
#include <stdlib.h>
__attribute__((constructor)) static void construct(void)
{
    abort();
}
#include "broken.h"
