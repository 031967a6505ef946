/* hangs.c - waits for something that never comes. */
#include <impasto/impasto.h>
static volatile int never;
static imp_status process(void *instance, imp_job *job, imp_error *err) IMP_NX
{
    (void)instance, (void)job, (void)err;
    while (!never)
        continue;
    return IMP_E_FAILED;
}
#define PROCESS process
#include "broken.h"
