/* parse_cifar.h - records of CIFAR's binary version: labels, then 3 x 32 x 32 bytes, planes R G B. */
#ifndef IMP_PARSE_CIFAR_H
#define IMP_PARSE_CIFAR_H
#include <stddef.h>
#include <stdint.h>
#include <impasto/impasto.h>

enum { CIFAR_SIDE = 32, CIFAR_PIXELS = 3 * CIFAR_SIDE * CIFAR_SIDE };
typedef struct cifar_layout {
    uint32_t labels;   /* bytes before the picture */
    uint32_t label;    /* which of them counts */
    uint32_t classes;
} cifar_layout;
/* How many records a file has; all labels are below layout->classes. [any] */
imp_status cifar_parse(const uint8_t *file, size_t size, const cifar_layout *, uint64_t *count,
                       imp_error *);
/* Splits a text of names, a line each, in place; most of them: `most`. Empty lines are none. */
uint32_t cifar_names(char *text, const char **names, uint32_t most);
#endif
