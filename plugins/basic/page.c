/* page.c - pictures and a table on one HTML page that needs nothing else: kit_page.c. */
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include "basic.h"

enum { PAGE, TITLE, SUBTITLE, TEXT, NAMES, CAPTION, MAX_WIDTH, FORMAT };
enum { TABLE, PICTURES };
enum { AUTO, JPEG, PNG };

static const imp_param params[] = {
    {.key = "page", .type = IMP_PATH, .flags = IMP_PARAM_WRITTEN, .def_text = "index.html",
     .help = "Where the page is written, below the output folder."},
    {.key = "title", .type = IMP_TEXT, .def_text = "Pictures", .help = "Heading of the page."},
    {.key = "subtitle", .type = IMP_TEXT, .def_text = "", .help = "A line below the heading."},
    {.key = "text", .type = IMP_TEXT, .def_text = "",
     .help = "Paragraphs before the pictures; \\n parts them."},
    {.key = "names", .type = IMP_NAMES, .def_text = "",
     .help = "Captions of pictures that belong together (that have one name): `original painted`."},
    {.key = "caption", .type = IMP_TEXT, .def_text = "", .help = "Caption of the table."},
    {.key = "max_width", .unit = "px", .type = IMP_INT, .def = 960, .min = 16, .max = 8192,
     .help = "Pictures wider than this are shrunk before they are put into the page."},
    {.key = "format", .type = IMP_CHOICE, .choices = "auto|jpeg|png", .def_text = "auto",
     .help = "How pictures are stored. auto: PNG with alpha and for grey pictures, else JPEG."},
};
static const imp_port inputs[] = {
    {.name = "table", .kind = IMP_TABLE, .flags = IMP_PORT_OPTIONAL,
     .help = "A table below the pictures."},
    {.name = "pictures", .kind = IMP_IMAGE, .flags = IMP_PORT_MANY, .channels = BASIC_ANY,
     .colours = 1u << IMP_SRGB | 1u << IMP_DATA,
     .help = "Pictures; those of one name stand together: `all.pictures = photo painted`."},
};

struct self {
    const imp_host *host;
    const imp_host_image_1 *image;
};

struct coded {              /* a picture as bytes of a file */
    const imp_image *in;
    const char *name, *mime;
    void *data;
    uint64_t size;
    uint32_t width, height;
    imp_status status;
    bool shown;
    char why[256];
};

struct pictures {
    const struct self *self;
    struct coded *coded;
    uint32_t count, max_width;
    int64_t format;
};

static imp_status create(const imp_host *host, const imp_filter *filter, const imp_cell *cells,
                         void **instance, imp_error *err) IMP_NX
{
    struct self *self = calloc(1, sizeof *self);
    (void)filter, (void)cells;
    if (!self)
        return imp_fail(err, IMP_E_MEMORY, "no memory for an instance");
    self->host = host;
    self->image = host->get_interface ? host->get_interface(host, IMP_HOST_IMAGE_1) : NULL;
    if (!self->image || !IMP_HAS(imp_host_image_1, self->image->struct_size, drop)) {
        free(self);
        return imp_fail(err, IMP_E_UNSUPPORTED,
                        "this host offers no picture codecs to filters (%s)", IMP_HOST_IMAGE_1);
    }
    *instance = self;
    return IMP_OK;
}

static void destroy(void *instance) IMP_NX
{
    free(instance);
}

/* ---- pictures, several at a time ---- */

static imp_status encode(const struct pictures *p, struct coded *c, const imp_image *m)
{
    imp_error err = {.struct_size = sizeof err,
                     .text_cap = sizeof c->why,
                     .text = c->why,
                     .param = -1,
                     .port = -1};
    const bool png = p->format == PNG || (p->format == AUTO && m->channels != 3);
    c->mime = png ? "image/png" : "image/jpeg";
    c->width = m->width, c->height = m->height;
    return p->self->image->encode(p->self->host, m, png ? "png" : "jpg", &c->data, &c->size, &err);
}

static void encode_picture(void *user, uint32_t i) IMP_NX
{
    const struct pictures *p = user;
    struct coded *c = &p->coded[i];
    const imp_image *in = c->in;
    if (in->width <= p->max_width) {
        c->status = encode(p, c, in);
        return;
    }
    const uint64_t height = ((uint64_t)in->height * p->max_width + in->width / 2) / in->width;
    imp_image *small =
        kit_image_new(p->max_width, height ? (uint32_t)height : 1, in->channels, in->colour);
    c->status = small ? kit_resize(in, small, KIT_AREA, NULL) : IMP_E_MEMORY;
    if (c->status == IMP_OK)
        c->status = encode(p, c, small);
    kit_image_free(small);
}

static imp_status encode_all(struct pictures *p, imp_job *job, imp_error *err)
{
    for (uint32_t i = 0; i < p->count; i++) {
        struct coded *c = &p->coded[i];
        *c = (struct coded){
            .in = imp_image_in(job, PICTURES + i),
            .status = IMP_CANCELLED,
            .name = job->labels && job->labels[PICTURES + i] ? job->labels[PICTURES + i] : ""};
    }
    const imp_status st = kit_parallel(job, p->count, encode_picture, p);
    for (uint32_t i = 0; i < p->count && st == IMP_OK; i++)
        if (p->coded[i].status != IMP_OK)
            return imp_fail(err, p->coded[i].status, "picture '%s' cannot be put into the page: %s",
                            p->coded[i].name, p->coded[i].why[0] ? p->coded[i].why : "no memory");
    return st;
}

static void drop_all(struct pictures *p)
{
    for (uint32_t i = 0; i < p->count; i++)
        if (p->coded[i].data)
            p->self->image->drop(p->self->host, p->coded[i].data);
}

/* ---- the page ---- */

static void put(kit_page *page, struct coded *c, const char *caption)
{
    c->shown = true;
    kit_page_picture(page, c->mime, c->data, (size_t)c->size, c->width, c->height, caption);
}

/* Picture i and all later ones of its name. */
static void put_group(kit_page *page, struct pictures *p, uint32_t i, const imp_cell *names)
{
    uint64_t k = 0;
    kit_page_group(page, p->coded[i].name);
    for (uint32_t j = i; j < p->count; j++)
        if (!p->coded[j].shown && !strcmp(p->coded[j].name, p->coded[i].name)) {
            put(page, &p->coded[j], k < names->w.count ? names->w.ptr[k] : "");
            k++;
        }
    kit_page_group_end(page);
}

static bool has_fellow(const struct pictures *p, uint32_t i)
{
    for (uint32_t j = i + 1; j < p->count; j++)
        if (!strcmp(p->coded[j].name, p->coded[i].name))
            return true;
    return false;
}

/* buf: a copy of the text, of the job's memory. */
static void put_paragraphs(kit_page *page, char *buf)
{
    for (char *s = buf, *next; s; s = next) {
        if ((next = strstr(s, "\\n"))) {
            *next = 0;
            next += 2;
        }
        if (*s)
            kit_page_text(page, s);
    }
}

static char *compose(struct pictures *p, imp_job *job, size_t *size)
{
    const imp_cell *cells = job->params;
    const imp_value *table = job->inputs[TABLE];
    char *paragraphs = job->scratch(job, cells[TEXT].s.len + 1);
    kit_page *page = paragraphs ? kit_page_new(cells[TITLE].s.ptr, cells[SUBTITLE].s.ptr) : NULL;
    if (!page)
        return NULL;
    memcpy(paragraphs, cells[TEXT].s.ptr, cells[TEXT].s.len + 1);
    put_paragraphs(page, paragraphs);
    for (uint32_t i = 0; i < p->count; i++)
        if (!p->coded[i].shown && *p->coded[i].name && has_fellow(p, i))
            put_group(page, p, i, &cells[NAMES]);
        else if (!p->coded[i].shown)
            put(page, &p->coded[i], p->coded[i].name);
    if (table)
        kit_page_table(page, (const imp_table *)(const void *)table, cells[CAPTION].s.ptr);
    return kit_page_finish(page, size);
}

static imp_status write_page(const char *path, const char *text, size_t size, imp_error *err)
{
    FILE *f = fopen(path, "wb");
    const bool written = f && fwrite(text, 1, size, f) == size;
    int reason = errno;
    if (f && fclose(f) != 0 && written)
        reason = errno;
    else if (written)
        return IMP_OK;
    if (err)
        err->param = PAGE;
    return imp_fail(err, IMP_E_IO, "the page of %zu bytes cannot be written: %s", size,
                    strerror(reason));
}

static imp_status process(void *instance, imp_job *job, imp_error *err) IMP_NX
{
    struct pictures p = {
        .self = instance, .max_width = (uint32_t)job->params[MAX_WIDTH].i,
        .format = job->params[FORMAT].i,
        .count = job->input_count > PICTURES ? job->input_count - PICTURES : 0,
    };
    size_t size = 0;
    char *text = NULL;
    if (!(p.coded = job->scratch(job, (p.count + 1) * sizeof *p.coded)))
        return IMP_E_MEMORY;
    imp_status st = encode_all(&p, job, err);
    if (st == IMP_OK && !(text = compose(&p, job, &size)))
        st = imp_fail(err, IMP_E_MEMORY,
                      "no memory for a page of %u pictures: make max_width smaller", p.count);
    drop_all(&p);
    if (st == IMP_OK)
        st = write_page(job->params[PAGE].s.ptr, text, size, err);
    free(text);
    return st;
}

const imp_filter filter_page = {
    BASIC_FILTER,
    .id = "page",
    .summary = "Pictures and a table on one HTML page that works offline.",
    .help = "Writes a page with everything in it: pictures to click on, those of one name side by "
            "side, and a table with columns to sort by. It adapts to narrow screens and to dark "
            "mode.",
    .params = IMP_LIST(params),
    .inputs = IMP_LIST(inputs),
    .create = create,
    .destroy = destroy,
    .process = process,
};
