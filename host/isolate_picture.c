/* isolate_picture.c - pictures of strangers: the host reads their bytes and understands none of
 * them. Headers are looked at, and pictures decoded, in the process that works on them. */
#include <stdlib.h>
#include <string.h>

#include "isolate_private.h"

enum { MOST_BLOCK = 1 << 28 };

static struct ask ask_of(struct engine *e, unsigned slot, bool nursery)
{
    return (struct ask){.engine = e,
                        .slot = slot,
                        .far = nursery ? &e->isolate->nursery : &e->isolate->slots[slot]};
}

static imp_status take_status(struct mail *m, imp_error *err)
{
    const int64_t status = unpack_i64(m);
    const char *text = unpack_text(m);
    if (m->bad || status > IMP_CANCELLED || status < IMP_E_INTERNAL)
        return imp_fail(err, IMP_E_INTERNAL, "E0611 its process answered what makes no sense");
    if (status)
        imp_fail(err, (imp_status)status, "%s", text ? text : "no reason was given");
    return (imp_status)status;
}

/* ---- headers ---- */

static imp_status probe(struct ask *a, const char *path, int fd, imp_picture *out, imp_error *err)
{
    struct text body = {0};
    struct mail done = {.fd = -1};
    char why[400];
    pack_text(&body, path);
    a->pass = fd;
    imp_status st = isolate_ask(a, ASK_PROBE, &body, &done, why, sizeof why);
    if (st < 0)
        imp_fail(err, st, "%s", why);
    else if (!st && !(st = take_status(&done, err))) {
        const imp_picture p = {.struct_size = sizeof p,
                               .width = (uint32_t)unpack_u64(&done),
                               .height = (uint32_t)unpack_u64(&done),
                               .channels = (uint32_t)unpack_u64(&done),
                               .bits = (uint32_t)unpack_u64(&done),
                               .orientation = (uint32_t)unpack_u64(&done)};
        if (done.bad || p.width > 65536 || p.height > 65536 || p.channels > 4 || p.bits > 64)
            st = imp_fail(err, IMP_E_INTERNAL, "E0611 its process answered what makes no sense");
        else
            *out = p;
    }
    mail_free(&done);
    text_free(&body);
    isolate_end_ask(a, false);
    return st;
}

imp_status isolate_probe(struct engine *e, int slot, const char *path, imp_picture *out,
                         imp_error *err)
{
    struct ask a = ask_of(e, slot < 0 ? 0 : (unsigned)slot, slot < 0);
    size_t size;
    int fd;
    imp_status st = codecs_open_file(e->env.codecs, path, &fd, &size, err);
    if (st)
        return st;
    if (slot < 0) /* from several threads, and there is one nursery */
        pthread_mutex_lock(&e->isolate->probing);
    st = probe(&a, path, fd, out, err);
    if (slot < 0)
        pthread_mutex_unlock(&e->isolate->probing);
    codecs_close_file(fd);
    return st;
}

/* ---- pictures ---- */

static bool take_block(struct mail *m, struct block *b)
{
    size_t size;
    const void *data = unpack_bytes(m, &size);
    if (m->bad || size > MOST_BLOCK)
        return false;
    b->data = size ? malloc(size) : NULL;
    b->size = b->data ? size : 0;
    if (b->data)
        memcpy(b->data, data, size);
    return !size || b->data;
}

static struct value *take_picture(struct ask *a, struct mail *m)
{
    struct region *const regions[2] = {NULL, a->far->region};
    const uint64_t kind = unpack_u64(m);
    uint64_t at = UINT64_MAX;
    struct value *v = kind == FERRY_IMAGE
                          ? ferry_get_at(m, kind, regions, region_memory(a->far->region), &at)
                          : NULL;
    if (!v)
        return NULL;
    struct meta *meta = v->meta = meta_new();
    if (v->bytes > region_size_at(a->far->region, at) || !isolate_claim(a, at) || !meta) {
        v->as.image.data = NULL;
        value_release(v);
        return NULL;
    }
    const uint64_t bits = unpack_u64(m);
    const char *stem = unpack_text(m);
    meta->bits = bits <= 64 ? (unsigned)bits : 0;
    meta->stem = stem ? heap_strdup(stem) : NULL;
    if (take_block(m, &meta->exif) && take_block(m, &meta->xmp) && take_block(m, &meta->icc))
        return v;
    value_release(v);
    return NULL;
}

imp_status isolate_decode(struct engine *e, unsigned slot, bool constant, const char *path,
                          const void *data, size_t size, struct value **out, imp_error *err)
{
    struct ask a = ask_of(e, slot, constant);
    struct mail done = {.fd = -1};
    struct text body = {0};
    char why[400];
    const uint64_t at = region_take(a.far->region, size);
    if (at == UINT64_MAX)
        return imp_fail(err, IMP_E_MEMORY, "no memory for the %zu bytes of the file", size);
    memcpy(region_address(a.far->region, at), data, size);
    pack_text(&body, path);
    pack_u64(&body, at);
    pack_u64(&body, size);
    imp_status st = isolate_ask(&a, ASK_DECODE, &body, &done, why, sizeof why);
    if (st < 0)
        imp_fail(err, st, "%s", why);
    else if (!st && !(st = take_status(&done, err)) && !(*out = take_picture(&a, &done)))
        st = imp_fail(err, IMP_E_INTERNAL, "E0611 its process answered what makes no sense");
    region_give(a.far->region, at);
    mail_free(&done);
    text_free(&body);
    isolate_end_ask(&a, false);
    return st;
}
