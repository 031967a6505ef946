#include "preview.h"
#include <stdlib.h>
#include <string.h>

/* A copy that is the host's own: the plugin's image may be anything until the call is over. */
static struct value *copy(struct memory *memory, const imp_image *in)
{
    struct value *v = value_image(memory, in->width, in->height, in->channels, in->colour);
    if (!v)
        return NULL;
    for (uint32_t c = 0; c < in->channels; c++)
        for (uint32_t y = 0; y < in->height; y++)
            memcpy(imp_row_out(&v->as.image, c, y), imp_row(in, c, y), in->width * sizeof(float));
    v->sealed = true;
    return v;
}

void preview_save(const struct batch *b, unsigned slot, const struct node *node, const imp_image *image)
{
    struct value *v = copy(engine_memory(b->engine), image);
    const struct encode_options options = {.quality = 0, .metadata = false};
    char *folder = heap_printf("%s/preview", b->state);
    char *path = heap_printf("%s/%s-%u.png", folder, node->name, slot);
    void *data = NULL;
    size_t size = 0;
    if (v && files_make_folder(folder) && codecs_encode(b->codecs, v, path, &options, &data, &size, NULL) == IMP_OK)
        files_replace(path, data, size);
    free(data);
    value_release(v);
    free(path);
    free(folder);
}
