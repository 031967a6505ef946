/* needs_wanted.c - takes for granted that a service is there that it only wants. */
#include <impasto/impasto.h>
static imp_status create(const imp_host *host, const imp_filter *filter, const imp_cell *params, void **instance,
                         imp_error *err) IMP_NX
{
    imp_service counter = {NULL, NULL};
    (void)filter, (void)params, (void)instance;
    host->acquire(host, "org.example.counter/1", NULL, &counter, err);
    if (((const volatile uint32_t *)counter.table)[0] < 8)
        return imp_fail(err, IMP_E_UNSUPPORTED, "too old");
    host->release(host, &counter);
    return IMP_OK;
}
static const char *const wants[] = {"org.example.counter/1", NULL};
#define CREATE create
#define WANTS wants
#include "broken.h"
