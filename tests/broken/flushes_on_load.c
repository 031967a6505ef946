/* flushes_on_load.c - switches the FP unit when it is loaded, as -ffast-math does. */
#include <impasto/impasto.h>
#include <fenv.h>
__attribute__((constructor)) static void construct(void)
{
    fesetround(FE_TOWARDZERO);
}
#include "broken.h"
