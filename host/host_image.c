/* The host's codecs as plugins see them. Pictures come from a memory of their own: they are the
 * plugin's to keep, so no limit of an item's counts them. */
#include "host_image.h"
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include "turn.h"

/* Encoded files that are out; drop tells them from pictures by their address. */
struct lent {
    struct lent *next;
    void *data;
};
struct host_image {
    const struct codecs *codecs;
    struct memory *memory;
    pthread_mutex_t lock;
    struct lent *lent;
};

static struct host_image *owner_of(const imp_host *host)
{
    return registry_interface_user(host, IMP_HOST_IMAGE_1);
}

static imp_status to_srgb(struct memory *memory, struct value **v, imp_error *err)
{
    const imp_image *in = &(*v)->as.image;
    struct value *out;

    if (in->colour != IMP_LINEAR)
        return IMP_OK;
    out = value_image(memory, in->width, in->height, in->channels, IMP_SRGB);
    if (!out)
        return imp_fail(err, IMP_E_MEMORY, "no memory for %u x %u pixels", in->width, in->height);
    turn_colour(in, &out->as.image);
    value_release(*v);
    *v = out;
    return IMP_OK;
}

static imp_status read_picture(const imp_host *host, const char *path, uint32_t channels, imp_image **out,
                               imp_error *err)
{
    struct host_image *h = owner_of(host);
    struct value *v = NULL;
    void *data;
    size_t size;
    imp_status st;

    if (channels != 0 && channels != 1 && channels != 3 && channels != 4)
        return imp_fail(err, IMP_E_PARAM, "%u channels asked for; there are 0 (the file's), 1, 3, 4", channels);
    st = codecs_slurp(h->codecs, path, &data, &size, NULL, err);
    if (st != IMP_OK)
        return st;
    st = codecs_decode(h->codecs, h->memory, path, data, size, channels, &v, NULL, err);
    free(data);
    if (st == IMP_OK)
        st = to_srgb(h->memory, &v, err);
    if (st != IMP_OK) {
        value_release(v);
        return st;
    }
    *out = &v->as.image;
    return IMP_OK;
}

static imp_status encode(const imp_host *host, const imp_image *image, const char *ending, void **data,
                         uint64_t *size, imp_error *err)
{
    static const struct encode_options options = {.quality = 0, .metadata = false};
    struct host_image *h = owner_of(host);
    struct lent *l = malloc(sizeof *l);
    size_t n;
    imp_status st;

    if (!l)
        return imp_fail(err, IMP_E_MEMORY, "no memory to encode a picture");
    st = codecs_encode_image(h->codecs, image, NULL, ending, &options, &l->data, &n, err);
    if (st != IMP_OK) {
        free(l);
        return st;
    }
    *data = l->data;
    *size = n;
    pthread_mutex_lock(&h->lock);
    l->next = h->lent;
    h->lent = l;
    pthread_mutex_unlock(&h->lock);
    return IMP_OK;
}

static struct lent *take_back(struct host_image *h, const void *data)
{
    struct lent **at = &h->lent, *found;

    pthread_mutex_lock(&h->lock);
    while (*at && (*at)->data != data)
        at = &(*at)->next;
    found = *at;
    if (found)
        *at = found->next;
    pthread_mutex_unlock(&h->lock);
    return found;
}

static void drop(const imp_host *host, void *what)
{
    struct lent *l = what ? take_back(owner_of(host), what) : NULL;

    if (l) {
        free(l->data);
        free(l);
    } else if (what) {
        value_release(value_of(what));
    }
}

static const imp_host_image_1 table = {
    .struct_size = sizeof table,
    .read = read_picture,
    .encode = encode,
    .drop = drop,
};

struct host_image *host_image_open(struct registry *registry, const struct codecs *codecs)
{
    struct host_image *h = calloc(1, sizeof *h);

    if (!h)
        return NULL;
    h->codecs = codecs;
    h->memory = memory_new(0);
    if (!h->memory || pthread_mutex_init(&h->lock, NULL) != 0) {
        if (h->memory)
            memory_free(h->memory);
        free(h);
        return NULL;
    }
    registry_set_interface(registry, IMP_HOST_IMAGE_1, &table, h);
    return h;
}

void host_image_close(struct host_image *h)
{
    if (!h)
        return;
    while (h->lent) { /* what plugins forgot */
        struct lent *next = h->lent->next;
        free(h->lent->data);
        free(h->lent);
        h->lent = next;
    }
    pthread_mutex_destroy(&h->lock);
    memory_free(h->memory);
    free(h);
}
