/* consumer.c - sound: needs what provider.c provides, acquires it in init. */
#include "note.h"

static const imp_host *host_of_init;
static imp_service counter;

static imp_status start(const imp_host *host, imp_error *err) IMP_NX
{
    imp_service other;
    host_of_init = host;
    if (host->acquire(host, "org.example.unlisted/1", NULL, &other, err) != IMP_E_MISSING)
        return imp_fail(err, IMP_E_INTERNAL, "a service that is not listed was handed out");
    const imp_status st = host->acquire(host, "org.example.counter/1", NULL, &counter, err);
    note(host, "consumer+");
    return st;
}

static void stop(void) IMP_NX
{
    note(host_of_init, "consumer-");
    host_of_init->release(host_of_init, &counter);
}

static const char *const needs[] = {"org.example.counter/1", NULL};
#define NEEDS needs
#define INIT start
#define DEINIT stop
#define PLUGIN_ID "org.example.consumer"
#define FILTER_ID "org.example.consumer"
#include "broken.h"
