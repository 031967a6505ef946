/* missing_service.c - needs what nobody provides. */
#include <impasto/impasto.h>
static const char *const needs[] = {"org.example.nowhere/1", NULL};
#define NEEDS needs
#include "broken.h"
