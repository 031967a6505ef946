/* fuzz_advae_inside.c - any text as the drawings that a model keeps (a line of its metadata): what is taken lies within its
 * room, and comes back when it is written. */
#include "../../plugins/advae/inside.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { SIDE = 8, WIDTH = 3 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void look_at(const av_inside *a)
{
    for (uint32_t i = 0; i < a->count * SIDE * SIDE; i++)
        if (a->parts[i] > AV_INK)
            abort();
    for (uint32_t i = 0; i < a->count * WIDTH; i++)
        if (!(fabsf(a->y[i]) <= 1))
            abort();
}

static void write_and_read(const av_inside *a)
{
    av_inside again;
    char *text = malloc(av_inside_room(a));
    if (!text)
        return;
    av_inside_write(a, text);
    if (av_inside_read(text, SIDE, WIDTH, &again, NULL) == IMP_OK) {
        if (again.count != a->count || again.shown != a->shown ||
            (a->count && memcmp(again.parts, a->parts, (size_t)a->count * SIDE * SIDE)))
            abort();
        av_inside_free(&again);
    }
    free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    av_inside a;
    char *text = malloc(size + 1);
    if (!text)
        return 0;
    memcpy(text, data, size);
    text[size] = '\0';
    if (av_inside_read(text, SIDE, WIDTH, &a, NULL) == IMP_OK) {
        look_at(&a);
        write_and_read(&a);
        av_inside_free(&a);
    }
    free(text);
    return 0;
}
