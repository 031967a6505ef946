/* parse_cifar.c - the length and the labels of a file of records. */
#include "parse_cifar.h"
#include <string.h>

static imp_status cut(size_t size, const cifar_layout *l, imp_error *err)
{
    const size_t one = l->labels + (size_t)CIFAR_PIXELS, other = l->labels == 1 ? 2 : 1;
    const char *hint = size % (other + CIFAR_PIXELS) ? ": is it cut short?"
                       : other == 2                  ? ": it has the length of kind = cifar100"
                                                     : ": it has the length of kind = cifar10";
    return imp_fail(err, IMP_E_INPUT,
                    "%zu bytes are %zu records of %zu bytes and %zu bytes of one more (from byte "
                    "%zu on)%s",
                    size, size / one, one, size % one, size / one * one, hint);
}

imp_status cifar_parse(const uint8_t *file, size_t size, const cifar_layout *l, uint64_t *count,
                       imp_error *err)
{
    const size_t one = l->labels + (size_t)CIFAR_PIXELS;
    if (size % one)
        return cut(size, l, err);
    for (size_t i = 0; i < size / one; i++) {
        const uint8_t label = file[i * one + l->label];
        if (label >= l->classes)
            return imp_fail(err, IMP_E_INPUT,
                            "record %zu (byte %zu) has the label %u; there are 0 to %u: is kind "
                            "right, is it the binary version?",
                            i, i * one + l->label, label, l->classes - 1);
    }
    *count = size / one;
    return IMP_OK;
}

uint32_t cifar_names(char *text, const char **names, uint32_t most)
{
    uint32_t n = 0;
    for (char *line = text, *next; line; line = next) {
        if ((next = strchr(line, '\n')))
            *next++ = '\0';
        size_t length = strlen(line);
        while (length && strchr(" \t\r", line[length - 1]))
            line[--length] = '\0';
        if (length && n < most)
            names[n] = line;
        n += length != 0;
    }
    return n;
}
