/* init_fails.c - cannot start. */
#include <impasto/impasto.h>
static imp_status start(const imp_host *host, imp_error *err) IMP_NX
{
    (void)host;
    return imp_fail(err, IMP_E_IO, "the table of stars is not there");
}
#define INIT start
#include "broken.h"
