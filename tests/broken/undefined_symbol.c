/* undefined_symbol.c - calls a function that nobody has. */
#include <impasto/impasto.h>
double function_of_nobody(double);
static imp_status start(const imp_host *host, imp_error *err) IMP_NX
{
    (void)err;
    return function_of_nobody(host->struct_size) > 0 ? IMP_OK : IMP_E_FAILED;
}
#define INIT start
#include "broken.h"
