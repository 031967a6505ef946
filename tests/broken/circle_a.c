/* circle_a.c - needs circle_b, which needs this. */
#include <impasto/impasto.h>
static const char *const needs[] = {"org.example.b/1", NULL};
static const uint32_t table[2] = {sizeof table, 0};
static const imp_service_def service = {.struct_size = sizeof service, .id = "org.example.a/1", .table = table};
static const imp_service_def *const provides[] = {&service, NULL};
#define NEEDS needs
#define PROVIDES provides
#define PLUGIN_ID "org.example.circle_a"
#define FILTER_ID "org.example.circle_a"
#include "broken.h"
