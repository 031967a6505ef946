/* texture_render.h - from the rows of source.texture's table to a picture; private to it. */
#ifndef IMP_SOURCES_TEXTURE_RENDER_H
#define IMP_SOURCES_TEXTURE_RENDER_H
#include <stdbool.h>
#include <impasto/impasto.h>

/* Rows of the table in source_texture.c, in its order. */
enum {
    P_KIND,
    P_WIDTH,
    P_HEIGHT,
    P_SEED,
    P_TILE,
    P_PALETTE,
    P_COLOURS,
    P_SCALE,
    P_VARIANT,
    P_IRREGULAR,
    P_DETAIL,
    P_GAP,
    P_WEAR,
    P_CONTRAST,
    P_RELIEF,
    P_GLOSS,
    P_LIGHT,
    P_ELEVATION,
    P_SAMPLES
};

/* A word "#rrggbb" or "rrggbb"; false: it is none. */
bool tx_colour_word(const char *text, uint32_t *out);
/* The filter's process. */
imp_status tx_process(void *instance, imp_job *, imp_error *);
#endif
