/* codecs_private.h - what codecs*.c share. */
#ifndef IMP_CODECS_PRIVATE_H
#define IMP_CODECS_PRIVATE_H
#include "codecs.h"
#include "container.h"

struct codec {
    const imp_codec_1 *table;
    void *self;
    const char *plugin; /* id; NULL = built in */
};
struct codecs {
    struct codec *list; /* those of plugins first */
    size_t count;
    char *readable, *writable;
    struct codec_caps caps; /* none is 0 */
    struct host_image *lent; /* what plugins see of them; NULL without a registry */
};

/* The first codec from number *i on that reads (writes) the ending; *i becomes the one after it. */
const struct codec *codecs_next(const struct codecs *, size_t *i, const char *ending, bool writes);
/* Empties the text, so that a codec that gives no reason can be found out; and gives it one. */
void codecs_no_text(imp_error *);
imp_status codecs_some_text(imp_status, const struct codec *, imp_error *);
/* codecs_probe without the caps, telling whether orientation was found. */
imp_status codecs_look(const struct codecs *, const char *path, const void *data, size_t size,
                       imp_picture *, imp_error *);
/* Applies caps; swaps sides where the picture lies on its side. */
imp_status codecs_accept(const struct codecs *, imp_picture *, imp_error *);

#endif
