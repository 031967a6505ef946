/* Which codec reads or writes what, caps, decoding. Type is told from content, never from the name
 * alone; a picture over the caps is refused from its header, before anything is allocated for it. */
#include "codecs_private.h"
#include "crash.h"
#include "host_image.h"
#include "turn.h"
#include <stdlib.h>
#include <string.h>
#include "codec_own.h"

static const imp_codec_1 *const built_in[] = {&codec_png, &codec_stb, &codec_pnm, &codec_hdr};
#define N_BUILT_IN (sizeof built_in / sizeof built_in[0])

/* ---- opening ---- */

static const char *fault_of(const imp_codec_1 *t)
{
    if (!t || t->struct_size < sizeof *t)
        return "its table is too small";
    if (!t->reads || !t->writes)
        return "it does not say what it reads and writes";
    if (*t->reads && (!t->probe || !t->decode))
        return "it lacks probe or decode";
    return *t->writes && !t->encode ? "it lacks encode" : NULL;
}

static bool add(struct codecs *c, const imp_codec_1 *table, void *self, const char *plugin)
{
    struct codec *list = realloc(c->list, (c->count + 1) * sizeof *list);

    if (!list)
        return false;
    c->list = list;
    c->list[c->count++] = (struct codec){table, self, plugin};
    return true;
}

static bool add_plugins(struct codecs *c, struct registry *registry, struct report *report)
{
    const char *plugin = NULL;
    imp_service s;

    for (size_t i = 0; registry_service(registry, IMP_CODEC_1, i, &s, &plugin); i++) {
        const char *fault = fault_of(s.table);
        if (!fault && !add(c, s.table, s.self, plugin))
            return false;
        if (fault && report)
            report_add(report, SEV_WARNING, "W0708", NULL, "the picture codec of plugin %s is not used: %s",
                       plugin, fault);
    }
    return true;
}

/* All words of all codecs, each once. */
static char *words(const struct codecs *c, bool writes)
{
    struct text out = {0};

    for (size_t i = 0; i < c->count; i++) {
        const char *list = writes ? c->list[i].table->writes : c->list[i].table->reads;
        while (*list) {
            char word[16];
            const size_t n = strcspn(list, " ");
            if (n > 0 && n < sizeof word) {
                memcpy(word, list, n);
                word[n] = '\0';
                if (!has_word(out.data ? out.data : "", word))
                    text_addf(&out, "%s%s", out.size ? " " : "", word);
            }
            list += n + strspn(list + n, " ");
        }
    }
    return out.data;
}

struct codecs *codecs_open(struct registry *registry, const struct codec_caps *caps, bool plain,
                           struct report *report)
{
    struct codecs *c = calloc(1, sizeof *c);
    bool ok = c != NULL;

    if (ok && registry && !plain)
        ok = add_plugins(c, registry, report);
    for (size_t i = 0; ok && i < N_BUILT_IN; i++)
        ok = add(c, built_in[i], NULL, NULL);
    if (!ok) {
        codecs_close(c);
        return NULL;
    }
    c->caps = caps ? *caps : (struct codec_caps){0};
    c->caps.max_pixels = c->caps.max_pixels ? c->caps.max_pixels : 1u << 28;
    c->caps.max_side = c->caps.max_side ? c->caps.max_side : 65535;
    c->caps.max_file = c->caps.max_file ? c->caps.max_file : 1ull << 32;
    c->readable = words(c, false);
    c->writable = words(c, true);
    if (registry && !(c->lent = host_image_open(registry, c))) {
        codecs_close(c);
        return NULL;
    }
    return c;
}

void codecs_close(struct codecs *c)
{
    if (!c)
        return;
    host_image_close(c->lent);
    free(c->readable);
    free(c->writable);
    free(c->list);
    free(c);
}

/* ---- choosing ---- */

const char *codecs_readable(const struct codecs *c)
{
    return c->readable;
}

const char *codecs_writable(const struct codecs *c)
{
    return c->writable;
}

bool codecs_can_read(const struct codecs *c, const char *path)
{
    return has_word(c->readable, path_ending(path));
}

bool codecs_can_write(const struct codecs *c, const char *path)
{
    return has_word(c->writable, path_ending(path));
}

const char *codecs_conversion_hint(const char *path)
{
    const struct kind *k = kind_of_path(path);
    return k ? k->convert : NULL;
}

const struct codec *codecs_next(const struct codecs *c, size_t *i, const char *ending, bool writes)
{
    while (*i < c->count) {
        const struct codec *one = &c->list[(*i)++];
        if (has_word(writes ? one->table->writes : one->table->reads, ending))
            return one;
    }
    return NULL;
}

void codecs_no_text(imp_error *err)
{
    if (err && err->text && err->text_cap)
        err->text[0] = '\0';
}

imp_status codecs_some_text(imp_status st, const struct codec *codec, imp_error *err)
{
    if (st == IMP_OK || (err && err->text && err->text_cap && err->text[0]))
        return st;
    return imp_fail(err, st, "the codec %s failed (status %d) and gave no reason",
                    codec->plugin ? codec->plugin : "built in", (int)st);
}

/* First word of a list. */
static const char *first_word(const char *list, char *buf, size_t cap)
{
    size_t n = strcspn(list, " ");

    n = n < cap ? n : cap - 1;
    memcpy(buf, list, n);
    buf[n] = '\0';
    return buf;
}

/* By which ending codecs are asked: the content's kind, else the name's. NULL: nothing that we read. */
static const char *ending_for(const struct codecs *c, const char *path, const void *data, size_t size,
                              char buf[16], imp_error *err)
{
    const struct kind *content = kind_of_content(data, size), *name = kind_of_path(path_ending(path));
    const uint8_t *p = data;
    size_t i = 0;

    if (size == 0) {
        imp_fail(err, IMP_E_INPUT, "the file is empty (0 bytes)");
        return NULL;
    }
    first_word(content ? content->endings : path_ending(path), buf, 16);
    if (content && codecs_next(c, &i, buf, false))
        return buf;
    if (content)
        imp_fail(err, IMP_E_UNSUPPORTED, "%s pictures cannot be read; convert it first: %s", content->name,
                 content->convert ? content->convert : "magick x x.png");
    else if (codecs_next(c, &i, buf, false) && (!name || name->convert || has_word(name->endings, "tga")))
        return buf; /* a kind without a magic, or one that only a plugin knows */
    else
        imp_fail(err, IMP_E_INPUT, "not a picture of any known kind: it starts with the bytes %02x %02x %02x "
                 "%02x; is it what the ending says, and whole?", p[0], size > 1 ? p[1] : 0,
                 size > 2 ? p[2] : 0, size > 3 ? p[3] : 0);
    return NULL;
}

/* ---- probing ---- */

imp_status codecs_look(const struct codecs *c, const char *path, const void *data, size_t size,
                       imp_picture *out, imp_error *err)
{
    char buf[16];
    const char *ending = ending_for(c, path, data, size, buf, err);
    imp_status st = IMP_E_UNSUPPORTED;
    const struct codec *codec;

    if (!ending)
        return size ? IMP_E_UNSUPPORTED : IMP_E_INPUT;
    for (size_t i = 0; st == IMP_E_UNSUPPORTED && (codec = codecs_next(c, &i, ending, false));) {
        imp_picture p = {.struct_size = sizeof p, .orientation = 1};
        codecs_no_text(err);
        st = codecs_some_text(codec->table->probe(codec->self, data, size, &p, err), codec, err);
        if (st == IMP_OK)
            *out = p;
    }
    if (st == IMP_OK && has_word("jpg png", ending))
        out->orientation = metadata_orientation(data, size);
    return st;
}

imp_status codecs_accept(const struct codecs *c, imp_picture *p, imp_error *err)
{
    const uint64_t pixels = (uint64_t)p->width * p->height;

    if (!p->width || !p->height || (p->channels != 1 && p->channels != 3 && p->channels != 4))
        return imp_fail(err, IMP_E_INPUT, "the picture says it has %u x %u pixels of %u channels", p->width,
                        p->height, p->channels);
    if (p->width > c->caps.max_side || p->height > c->caps.max_side)
        return imp_fail(err, IMP_E_LIMIT, "%u x %u pixels: sides may be up to %u. Make it smaller first: "
                        "magick x -resize 50%% y.png", p->width, p->height, c->caps.max_side);
    if (pixels > c->caps.max_pixels)
        return imp_fail(err, IMP_E_LIMIT, "%u x %u = %llu pixels: up to %llu are read. Make it smaller first: "
                        "magick x -resize 50%% y.png", p->width, p->height, (unsigned long long)pixels,
                        (unsigned long long)c->caps.max_pixels);
    if (p->orientation < 1 || p->orientation > 8)
        p->orientation = 1;
    return IMP_OK;
}

static void upright(imp_picture *p)
{
    if (turn_swaps(p->orientation)) {
        const uint32_t w = p->width;
        p->width = p->height;
        p->height = w;
    }
}

imp_status codecs_probe(const struct codecs *c, const char *path, const void *data, size_t size,
                        imp_picture *out, imp_error *err)
{
    imp_picture p;
    imp_status st = codecs_look(c, path, data, size, &p, err);

    if (st == IMP_OK)
        st = codecs_accept(c, &p, err);
    if (st == IMP_OK) {
        upright(&p);
        *out = p;
    }
    return st;
}

/* ---- decoding ---- */

static imp_status no_room(const imp_picture *p, imp_error *err)
{
    return imp_fail(err, IMP_E_MEMORY, "no memory for %u x %u pixels of %u channels; fewer --jobs need less",
                    p->width, p->height, p->channels);
}

/* The stored picture, as the first codec that can makes it. */
static imp_status stored(const struct codecs *c, struct memory *memory, const char *ending, const void *data,
                         size_t size, imp_picture *p, struct value **out, imp_error *err)
{
    imp_status st = IMP_E_UNSUPPORTED;
    const struct codec *codec;

    for (size_t i = 0; st == IMP_E_UNSUPPORTED && (codec = codecs_next(c, &i, ending, false));) {
        struct value *v;
        *p = (imp_picture){.struct_size = sizeof *p, .orientation = 1};
        codecs_no_text(err);
        st = codecs_some_text(codec->table->probe(codec->self, data, size, p, err), codec, err);
        if (st == IMP_OK)
            st = codecs_accept(c, p, err);
        if (st != IMP_OK)
            continue;
        v = value_image(memory, p->width, p->height, p->channels, IMP_SRGB);
        if (!v)
            return no_room(p, err);
        codecs_no_text(err);
        struct doing d = crash_now();
        d.plugin = codec->plugin ? codec->plugin : "of the host itself";
        const struct doing *before = crash_doing(&d);
        st = codecs_some_text(codec->table->decode(codec->self, data, size, &v->as.image, err), codec, err);
        crash_doing(before);
        if (st == IMP_OK)
            *out = v;
        else
            value_release(v);
    }
    return st;
}

/* Replaces *v by what it is turned upright, or of other channels. */
static imp_status remade(struct memory *memory, struct value **v, uint32_t orientation, uint32_t channels,
                         imp_error *err)
{
    const imp_image *in = &(*v)->as.image;
    imp_picture p = {sizeof p, in->width, in->height, channels, 0, orientation};
    struct value *out;

    upright(&p);
    out = value_image(memory, p.width, p.height, p.channels, in->colour);
    if (!out)
        return no_room(&p, err);
    if (orientation > 1)
        turn_upright(in, orientation, &out->as.image);
    else
        turn_channels(in, &out->as.image);
    value_release(*v);
    *v = out;
    return IMP_OK;
}

static char *stem_of(const char *path)
{
    const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
    const char *dot = strrchr(name, '.');
    const size_t n = dot && dot > name ? (size_t)(dot - name) : strlen(name);
    char *stem = malloc(n + 1);

    if (stem) {
        memcpy(stem, name, n);
        stem[n] = '\0';
    }
    return stem;
}

static struct meta *meta_of(const char *path, const void *data, size_t size, imp_picture *p)
{
    struct meta *m = meta_new();

    if (!m)
        return NULL;
    m->stem = stem_of(path);
    m->bits = p->bits;
    if (has_word("PNG JPEG", kind_of_content(data, size) ? kind_of_content(data, size)->name : ""))
        metadata_read(data, size, m, &p->orientation);
    return m;
}

static const char *note_of(const char *path, const void *data, size_t size)
{
    const struct kind *content = kind_of_content(data, size), *name = kind_of_path(path_ending(path));
    return content && name && content != name ? content->note : NULL;
}

imp_status codecs_decode(const struct codecs *c, struct memory *memory, const char *path, const void *data,
                         size_t size, uint32_t channels, struct value **out, const char **note,
                         imp_error *err)
{
    char buf[16];
    const char *ending = ending_for(c, path, data, size, buf, err);
    struct value *v = NULL;
    imp_picture p;
    imp_status st;

    if (!ending)
        return size ? IMP_E_UNSUPPORTED : IMP_E_INPUT;
    st = stored(c, memory, ending, data, size, &p, &v, err);
    if (st != IMP_OK)
        return st;
    struct meta *meta = meta_of(path, data, size, &p);
    if (!meta)
        st = imp_fail(err, IMP_E_MEMORY, "no memory for the metadata");
    if (st == IMP_OK && p.orientation > 1)
        st = remade(memory, &v, p.orientation, v->as.image.channels, err);
    if (st == IMP_OK && channels && channels != v->as.image.channels)
        st = remade(memory, &v, 1, channels, err);
    if (st != IMP_OK) {
        meta_release(meta);
        value_release(v);
        return st;
    }
    v->meta = meta;
    *out = v;
    if (note)
        *note = note_of(path, data, size);
    return IMP_OK;
}
