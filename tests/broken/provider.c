/* provider.c - sound: provides a service, and notes when what is called. */
#include "note.h"

static const imp_host *host_of_init;
static int opened;

static imp_status open_counter(const imp_host *host, void **self, imp_error *err) IMP_NX
{
    (void)err;
    note(host, "open");
    *self = &opened;
    opened++;
    return IMP_OK;
}

static void close_counter(void *self) IMP_NX
{
    (void)self;
    note(host_of_init, "close");
}

static imp_status start(const imp_host *host, imp_error *err) IMP_NX
{
    (void)err;
    host_of_init = host;
    note(host, "provider+");
    return IMP_OK;
}

static void stop(void) IMP_NX
{
    note(host_of_init, "provider-");
}

static const uint32_t table[2] = {sizeof table, 0};
static const imp_service_def counter = {.struct_size = sizeof counter, .id = "org.example.counter/1", .table = table,
                                        .open = open_counter, .close = close_counter};
static const imp_service_def *const provides[] = {&counter, NULL};
static const imp_plugin plugin = {
    IMP_PLUGIN_HEAD, .id = "org.example.provider", .version = "1", .licence = "MIT", .provides = provides,
    .init = start, .deinit = stop,
};

IMP_EXPORT const imp_plugin *imp_entry_v1(void) IMP_NX
{
    return &plugin;
}
