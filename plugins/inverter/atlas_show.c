/* atlas_show.c - an atlas to look at: contact sheet, page, a file for each map. */
#include "atlas.h"
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { GAP = 6, TITLE = 200 };
static const float paper[3] = {0.957f, 0.953f, 0.941f}, ink[4] = {0.2f, 0.188f, 0.173f, 1};

/* ---- the sheet ---- */

struct sheet {
    uint32_t cell, label, columns, width,
        top; /* cell: side of a picture's place; label: height below it */
    double letters;
    uint64_t height;
};

static const char *title_of(const struct atlas *a, char title[TITLE])
{
    snprintf(title, TITLE, "%s: %u of %u maps", a->layer, a->chosen, a->count);
    return title;
}

static void lay_out(const struct atlas *a, struct sheet *s)
{
    const uint32_t own = a->shown_width > a->shown_height ? a->shown_width : a->shown_height;
    uint32_t unused;
    s->cell = a->p[ATLAS_CELL].i ? (uint32_t)a->p[ATLAS_CELL].i : own;
    s->letters = s->cell < 80 ? 9 : s->cell < 160 ? 11 : 14;
    kit_text_size("", s->letters * 1.15, &unused, &s->label);
    kit_text_size("", s->letters * 2.6, &unused, &s->top);
    s->columns = 1;
    while (s->columns < a->chosen && (uint64_t)s->columns * s->columns * 3 * (s->cell + GAP) <
                                         (uint64_t)a->chosen * 4 * (s->cell + GAP + s->label))
        s->columns++;
    char title[TITLE];
    uint32_t wide;
    kit_text_size(title_of(a, title), s->letters * 1.5, &wide, &unused);
    s->width = s->columns * (s->cell + GAP) + GAP;
    s->width = s->width < wide + 2 * GAP ? wide + 2 * GAP : s->width;
    s->height = s->top +
                (uint64_t)((a->chosen + s->columns - 1) / s->columns) * (s->cell + s->label + GAP) +
                GAP;
}

static void clear(imp_image *m)
{
    for (uint32_t c = 0; c < m->channels; c++)
        for (uint32_t y = 0; y < m->height; y++)
            for (uint32_t x = 0; x < m->width; x++)
                imp_row_out(m, c, y)[x] = paper[c];
}

/* Centred below a cell, or on it where there is nothing to see. */
static void write_at(imp_image *m, double x, double y, double width, double letters,
                     const char *text)
{
    uint32_t w, h;
    kit_text_size(text, letters, &w, &h);
    kit_text_draw(m, x + (width - w) / 2, y, letters, ink, text);
}

static imp_status put(const struct atlas *a, const struct sheet *s, uint32_t i, imp_image *out)
{
    const struct atlas_row *r = &a->all[i].row;
    const uint32_t x0 = GAP + i % s->columns * (s->cell + GAP),
                   most = r->width > r->height ? r->width : r->height;
    const uint32_t y0 = s->top + i / s->columns * (s->cell + s->label + GAP);
    const uint32_t w = (uint32_t)fmax(1, (double)r->width * s->cell / most),
                   h = (uint32_t)fmax(1, (double)r->height * s->cell / most);
    char text[64];
    imp_image *v = atlas_picture(&a->all[i]), *small = kit_image_new(w, h, r->channels, IMP_SRGB);
    imp_status st = v && small ? kit_resize(v, small, w < r->width ? KIT_AREA : KIT_LANCZOS, a->job)
                               : IMP_E_MEMORY;
    for (uint32_t c = 0; c < 3 && st == IMP_OK; c++)
        for (uint32_t y = 0; y < h; y++)
            memcpy(imp_row_out(out, c, y0 + y) + x0, imp_row(small, r->channels == 3 ? c : 0, y),
                   w * sizeof(float));
    kit_image_free(v);
    kit_image_free(small);
    snprintf(text, sizeof text, "%u%s", r->map, r->silent ? " no answer" : r->dead ? " dead" : "");
    write_at(out, x0, y0 + h, s->cell, s->letters, text);
    return st;
}

imp_status atlas_sheet(struct atlas *a, imp_image **sheet, imp_error *err)
{
    struct sheet s;
    char title[TITLE];
    imp_status st = IMP_OK;
    lay_out(a, &s);
    if (s.width > 65535 || s.height > 65535)
        return kit_blame(err, ATLAS_CELL, -1,
                         imp_fail(err, IMP_E_LIMIT,
                                  "the sheet would be %u x %llu px: make cell smaller", s.width,
                                  (unsigned long long)s.height));
    imp_image *out = a->job->new_image(a->job, s.width, (uint32_t)s.height, 3, IMP_SRGB);
    if (!out)
        return IMP_E_MEMORY;
    clear(out);
    kit_text_draw(out, GAP, s.letters * 0.4, s.letters * 1.5, ink, title_of(a, title));
    for (uint32_t i = 0; i < a->chosen && st == IMP_OK; i++)
        st = i % 16                                         ? put(a, &s, i, out)
             : a->job->progress(a->job, -1, NULL) == IMP_OK ? put(a, &s, i, out)
                                                            : IMP_CANCELLED;
    *sheet = out;
    return st;
}

/* ---- files and the page ---- */

static imp_status encode(const struct atlas *a, uint32_t i, const char *ending, void **data,
                         uint64_t *size, imp_error *err)
{
    imp_image *v = atlas_picture(&a->all[i]);
    const imp_status st =
        v ? a->self->image->encode(a->self->host, v, ending, data, size, err)
          : imp_fail(err, IMP_E_MEMORY, "no memory for a picture of map %u", a->all[i].row.map);
    kit_image_free(v);
    return st;
}

static imp_status write_file(const char *path, const void *data, size_t size, imp_error *err)
{
    FILE *f = fopen(path, "wb");
    const bool written = f && fwrite(data, 1, size, f) == size;
    int reason = errno;
    if (f && fclose(f) != 0 && written)
        reason = errno;
    else if (written)
        return IMP_OK;
    return imp_fail(err, IMP_E_IO, "%zu bytes cannot be written: %s", size, strerror(reason));
}

imp_status atlas_files(struct atlas *a, imp_error *err)
{
    const imp_cell *folder = &a->p[ATLAS_PICTURES];
    imp_status st = IMP_OK;
    char *path = folder->s.len ? malloc(folder->s.len + 64) : NULL;
    if (folder->s.len && !path)
        return imp_fail(err, IMP_E_MEMORY, "no memory for a name");
    for (uint32_t i = 0; path && i < a->chosen && st == IMP_OK; i++) {
        void *data = NULL;
        uint64_t size = 0;
        snprintf(path, folder->s.len + 64, "%s/map-%04u.png", folder->s.ptr, a->all[i].row.map);
        st = encode(a, i, "png", &data, &size, err);
        if (st == IMP_OK)
            st = kit_blame(err, ATLAS_PICTURES, -1, write_file(path, data, size, err));
        if (data)
            a->self->image->drop(a->self->host, data);
        if (st == IMP_OK)
            st = a->job->progress(a->job, -1, NULL);
    }
    free(path);
    return st;
}

static imp_status add_tile(struct atlas *a, kit_page *page, uint32_t i, imp_error *err)
{
    const struct atlas_row *r = &a->all[i].row;
    char caption[120];
    void *data = NULL;
    uint64_t size = 0;
    if (r->silent)
        snprintf(caption, sizeof caption, "%u: no answer", r->map);
    else if (r->dead)
        snprintf(caption, sizeof caption, "%u: dead in the pictures", r->map);
    else
        snprintf(caption, sizeof caption, "%u \302\267 gain %.3g", r->map, r->gain);
    const imp_status st = encode(a, i, "jpg", &data, &size, err);
    if (st == IMP_OK)
        kit_page_picture(page, "image/jpeg", data, size, r->width, r->height, caption);
    if (data)
        a->self->image->drop(a->self->host, data);
    return st;
}

/* How many are dead, and which did not answer. */
static void add_words(const struct atlas *a, kit_page *page)
{
    char text[700];
    uint32_t dead = 0, silent = 0;
    size_t used = 0;
    for (uint32_t i = 0; i < a->chosen; i++)
        dead += a->all[i].row.dead, silent += a->all[i].row.silent;
    kit_page_text(
        page,
        "Each picture makes one map of the layer as strong as all maps together were in the "
        "pictures given, "
        "and asks the others to be silent: the texture that this filter looks for. Gain: how many "
        "times its natural share of the energy it got. A click enlarges.");
    if (!dead && !silent)
        return;
    used += (size_t)snprintf(text, sizeof text,
                             "%u of %u maps said nothing of the pictures given (dead). ", dead,
                             a->chosen);
    if (silent)
        used += (size_t)snprintf(text + used, sizeof text - used,
                                 "%u gave no answer to any picture tried:", silent);
    for (uint32_t i = 0; i < a->chosen && silent && used + 16 < sizeof text; i++)
        if (a->all[i].row.silent)
            used += (size_t)snprintf(text + used, sizeof text - used, " %u", a->all[i].row.map);
    kit_page_text(page, text);
}

imp_status atlas_page(struct atlas *a, const imp_table *table, imp_error *err)
{
    const imp_cell *p = a->p;
    char title[200], subtitle[300];
    size_t size = 0;
    imp_status st = IMP_OK;
    if (!p[ATLAS_PAGE].s.len)
        return IMP_OK;
    snprintf(title, sizeof title, "Atlas of %s", a->layer);
    snprintf(subtitle, sizeof subtitle, "%u of %u maps, %u x %u px each", a->chosen, a->count,
             a->shown_width, a->shown_height);
    kit_page *page = kit_page_new(p[ATLAS_TITLE].s.len ? p[ATLAS_TITLE].s.ptr : title, subtitle);
    if (!page)
        return imp_fail(err, IMP_E_MEMORY, "no memory for a page");
    add_words(a, page);
    kit_page_tiles(page);
    for (uint32_t i = 0; i < a->chosen && st == IMP_OK; i++)
        st = i % 16 || a->job->progress(a->job, -1, NULL) == IMP_OK ? add_tile(a, page, i, err)
                                                                    : IMP_CANCELLED;
    kit_page_heading(page, "In numbers");
    kit_page_text(page, "mean to dead: in the pictures given. Then of the map's own texture: its "
                        "part of the energies, gain over "
                        "the natural share, rank among the maps, distance to what was asked for, "
                        "colourfulness (Hasler and "
                        "Suesstrunk), how many directions its edges have (0 one, 1 all), and how "
                        "much the texture changes "
                        "over the picture (0: not at all).");
    kit_page_table(page, table, "");
    char *text = kit_page_finish(page, &size);
    if (st == IMP_OK && !text)
        st = imp_fail(err, IMP_E_MEMORY, "no memory for a page of %u maps", a->chosen);
    if (st == IMP_OK)
        st = kit_blame(err, ATLAS_PAGE, -1, write_file(p[ATLAS_PAGE].s.ptr, text, size, err));
    free(text);
    return st;
}
