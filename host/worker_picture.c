/* worker_picture.c - headers and pictures of strangers, read in a worker. */
#include <string.h>

#include "worker_private.h"

static void pack_status(struct text *out, imp_status st, char *text, size_t cap)
{
    text[cap - 1] = '\0';
    pack_i64(out, st);
    pack_text(out, text);
}

void worker_probe(struct worker *w, struct mail *m)
{
    char text[400] = "";
    imp_error err = error_in(text, sizeof text);
    imp_picture p = {.struct_size = sizeof p};
    struct text body = {0};
    const char *path = unpack_text(m);
    if (!path || m->fd < 0)
        worker_nonsense();
    const imp_status st = codecs_probe_open(w->engine->env.codecs, path, m->fd, &p, &err);
    pack_status(&body, st, text, sizeof text);
    pack_u64(&body, p.width);
    pack_u64(&body, p.height);
    pack_u64(&body, p.channels);
    pack_u64(&body, p.bits);
    pack_u64(&body, p.orientation);
    worker_done(w, &body);
}

void worker_decode(struct worker *w, struct mail *m)
{
    char text[400] = "";
    imp_error err = error_in(text, sizeof text);
    struct text body = {0};
    struct value *v = NULL;
    uint64_t region, at;
    const char *path = unpack_text(m);
    const uint64_t place = unpack_u64(m), size = unpack_u64(m);
    const void *data = m->bad ? NULL : region_address(w->regions[1], place);
    if (!path || !data || size > region_room(w->regions[1], place))
        worker_nonsense();
    const imp_status st = codecs_decode(w->engine->env.codecs, w->engine->env.memory, path, data,
                                        (size_t)size, 0, &v, NULL, &err);
    pack_status(&body, st, text, sizeof text);
    if (!st) {
        const struct meta *meta = v->meta;
        if (!ferry_place(v, w->regions, &region, &at))
            worker_nonsense();
        ferry_put_at(&body, v, region, at);
        pack_u64(&body, meta ? meta->bits : 0);
        pack_text(&body, meta ? meta->stem : NULL);
        pack_bytes(&body, meta ? meta->exif.data : NULL, meta ? meta->exif.size : 0);
        pack_bytes(&body, meta ? meta->xmp.data : NULL, meta ? meta->xmp.size : 0);
        pack_bytes(&body, meta ? meta->icc.data : NULL, meta ? meta->icc.size : 0);
    }
    value_release(v);
    worker_done(w, &body);
}
