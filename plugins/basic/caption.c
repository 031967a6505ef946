/* caption.c - text on a picture or on a band above or below it, in the kit's font. */
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include "basic.h"

enum { TEXT, POSITION, ALIGN, SIZE, SIZE_PX, COLOUR, BAND, PADDING, WRAP };
enum { BELOW, ABOVE, BOTTOM, TOP, MIDDLE };
enum { LEFT, CENTER, RIGHT };
#define LEADING 1.06 /* distance of lines to their height */

static const imp_param params[] = {
    {.key = "text", .type = IMP_TEXT, .flags = IMP_PARAM_REQUIRED,
     .help = "What to write. \\n begins a new line, \\\\ is a backslash."},
    {.key = "position", .type = IMP_CHOICE, .choices = "below|above|bottom|top|middle",
     .def_text = "below",
     .help = "below, above: on a band of its own, the picture grows. bottom, top, middle: over "
             "the picture."},
    {.key = "align", .type = IMP_CHOICE, .choices = "left|center|right", .def_text = "center",
     .help = "Where lines begin or end."},
    {.key = "size", .unit = "%", .type = IMP_FLOAT, .def = 5, .min = 0.5, .max = 100,
     .help = "Size of the letters, of the picture's short side; never below 9 px."},
    {.key = "size_px", .unit = "px", .type = IMP_FLOAT, .def = 0, .min = 0, .max = 2000,
     .help = "Size of the letters in pixels, instead of `size`. 0: `size` counts."},
    {.key = "color", .type = IMP_COLOUR, .def_text = "#ffffff", .help = "Colour of the letters."},
    {.key = "band", .type = IMP_COLOUR, .def_text = "#181818b0",
     .help = "Colour of the band behind the text; its fourth number is how much it covers (below "
             "and above: always fully, unless it is 0 and the picture has alpha)."},
    {.key = "padding", .unit = "%", .type = IMP_FLOAT, .def = 45, .min = 0, .max = 1000,
     .help = "Space around the text, of the size of the letters."},
    {.key = "wrap", .type = IMP_BOOL, .def = 1,
     .help = "Break lines that are wider than the picture."},
};
static const imp_port inputs[] = {
    {.name = "in", .kind = IMP_IMAGE, .channels = BASIC_ANY, .help = "The picture."},
};
static const imp_port outputs[] = {
    {.name = "out", .kind = IMP_IMAGE, .help = "As wide as in; higher with a band below or above."},
};

/* The text cut into lines, each a string of its own. */
struct lines { char *text, **line; uint32_t count, cap; };

static void lines_free(struct lines *l)
{
    free(l->text);
    free(l->line);
}

static bool add_line(struct lines *l, char *line)
{
    if (l->count == l->cap) {
        const uint32_t cap = l->cap ? 2 * l->cap : 8;
        char **grown = realloc(l->line, cap * sizeof *grown);
        if (!grown)
            return false;
        l->line = grown, l->cap = cap;
    }
    l->line[l->count++] = line;
    return true;
}

/* Undoes \n and \\ in place. */
static void unescape(char *s)
{
    char *to = s;
    for (; *s; s++) {
        if (s[0] == '\\' && (s[1] == 'n' || s[1] == '\\'))
            *to++ = *++s == 'n' ? '\n' : '\\';
        else
            *to++ = *s == '\t' || *s == '\r' ? ' ' : *s;
    }
    *to = 0;
}

static bool too_wide(const char *line, double size, double room)
{
    uint32_t w, h;
    kit_text_size(line, size, &w, &h);
    return w > room;
}

/* Adds a paragraph, broken at the last blank that fits; a word that is too wide stays whole. */
static bool add_wrapped(struct lines *l, char *line, double size, double room)
{
    for (;;) {
        char *last = NULL;
        if (too_wide(line, size, room))
            for (char *s = strchr(line, ' '); s; s = strchr(s + 1, ' ')) {
                *s = 0;
                const bool wide = too_wide(line, size, room);
                *s = ' ';
                if (wide && last)
                    break;
                last = s;
                if (wide)
                    break;
            }
        if (last)
            *last = 0;
        if (!add_line(l, line))
            return false;
        if (!last)
            return true;
        line = last + 1;
    }
}

static bool lines_make(struct lines *l, const char *text, bool wrap, double size, double room)
{
    *l = (struct lines){.text = strdup(text)};
    if (!l->text)
        return false;
    unescape(l->text);
    for (char *line = l->text, *next; line; line = next) {
        next = strchr(line, '\n');
        if (next)
            *next++ = 0;
        if (!(wrap ? add_wrapped(l, line, size, room) : add_line(l, line)))
            return false;
    }
    return true;
}

/* Size of letters and padding, in px, for a picture of that size. */
static double letters(const imp_cell *p, uint32_t width, uint32_t height)
{
    const double side = width < height ? width : height;
    return p[SIZE_PX].f > 0 ? fmax(p[SIZE_PX].f, 7) : fmin(fmax(p[SIZE].f / 100 * side, 9), 2000);
}

static uint32_t band_height(const imp_cell *p, uint32_t lines, double size)
{
    uint32_t width, height;
    kit_text_size("", size, &width, &height);
    return (uint32_t)ceil(height * (1 + LEADING * (lines - 1)) + 2 * size * p[PADDING].f / 100);
}

struct task {
    const imp_image *in;
    uint32_t shift, band_top, band_end; /* rows of the result: where in begins, the band */
    float band[4], cover;
    bool apart;                         /* the band is beside the picture */
};

static void paint(const void *user, const imp_image *src, imp_image *out, uint32_t from,
                  uint32_t to)
{
    const struct task *t = user;
    for (uint32_t c = 0; c < out->channels; c++)
        for (uint32_t y = from; y < to; y++) {
            float *d = imp_row_out(out, c, y);
            const bool inside = y >= t->shift && y - t->shift < src->height;
            const bool band = y >= t->band_top && y < t->band_end;
            const float *s =
                inside ? imp_row(src, src->channels < 3 && c < 3 ? 0 : c, y - t->shift) : NULL;
            for (uint32_t x = 0; x < out->width; x++) {
                const float under = s ? s[x] : t->band[c];
                d[x] = !s ? t->band[c] : band ? under + t->cover * (t->band[c] - under) : under;
            }
        }
}

static void write_lines(imp_image *out, const struct task *t, const struct lines *l,
                        const imp_cell *p, double size, const float colour[4])
{
    const double pad = size * p[PADDING].f / 100;
    uint32_t width, height;
    for (uint32_t i = 0; i < l->count; i++) {
        kit_text_size(l->line[i], size, &width, &height);
        const double y = t->band_top + pad + i * LEADING * height,
                     room = (double)out->width - width;
        const double x = p[ALIGN].i == LEFT ? pad : p[ALIGN].i == CENTER ? room / 2 : room - pad;
        kit_text_draw(out, x, y, size, colour, l->line[i]);
    }
}

static void colours_of(const imp_cell *cell, const imp_image *in, uint32_t channels, float out[4])
{
    basic_colour_of(cell, channels, out);
    if (in->colour == IMP_LINEAR)
        kit_srgb_to_linear(out, out, channels < 3 ? channels : 3);
}

static bool grey(const imp_cell *cell)
{
    const double *c = cell->n.ptr;
    return c[0] == c[1] && c[1] == c[2];
}

/* Colour letters or band make a grey picture a coloured one. */
static uint32_t channels_of(const imp_cell *p, uint32_t channels)
{
    return channels == 1 && !(grey(&p[COLOUR]) && grey(&p[BAND])) ? 3 : channels;
}

static struct task layout(const imp_cell *p, const imp_image *in, uint32_t height)
{
    const bool apart = p[POSITION].i == BELOW || p[POSITION].i == ABOVE;
    const uint32_t rest = in->height > height ? in->height - height : 0;
    struct task t = {.in = in, .apart = apart, .shift = p[POSITION].i == ABOVE ? height : 0};
    t.band_top = p[POSITION].i == BELOW ? in->height : p[POSITION].i == BOTTOM ? rest
               : p[POSITION].i == MIDDLE ? rest / 2 : 0;
    t.band_end = t.band_top + height;
    t.cover = p[BAND].n.count > 3 ? (float)p[BAND].n.ptr[3] : 1;
    return t;
}

static imp_status caption(imp_job *job, const struct lines *l, double size)
{
    const imp_image *in = imp_image_in(job, 0);
    const imp_cell *p = job->params;
    struct task t = layout(p, in, band_height(p, l->count, size));
    const uint64_t height = in->height + (uint64_t)(t.apart ? t.band_end - t.band_top : 0);
    imp_image *out = height <= UINT32_MAX ? job->new_image(job, in->width, (uint32_t)height,
                                                           channels_of(p, in->channels), in->colour)
                                          : NULL;
    float colour[4];
    if (!out)
        return IMP_E_MEMORY;
    colours_of(&p[COLOUR], in, out->channels, colour);
    colours_of(&p[BAND], in, out->channels, t.band);
    colour[3] = 1;
    t.band[3] = t.apart && t.cover <= 0 ? 0 : 1;
    const imp_status st = basic_each(job, paint, &t, in, out);
    if (st != IMP_OK)
        return st;
    write_lines(out, &t, l, p, size, colour);
    return job->set_output(job, 0, &out->head);
}

static imp_status process(void *instance, imp_job *job, imp_error *err) IMP_NX
{
    const imp_image *in = imp_image_in(job, 0);
    const imp_cell *p = job->params;
    const double size = letters(p, in->width, in->height);
    struct lines l;
    (void)instance;
    imp_status st = IMP_E_MEMORY;
    if (lines_make(&l, p[TEXT].s.ptr, p[WRAP].i, size, in->width - 2 * size * p[PADDING].f / 100))
        st = caption(job, &l, size);
    else
        imp_fail(err, st, "no memory for the lines of the text");
    lines_free(&l);
    return st;
}

static imp_status plan(void *instance, imp_plan *plan, imp_error *err) IMP_NX
{
    const imp_cell *p = ((const basic_instance *)instance)->params;
    const imp_shape *in = plan->inputs[0];
    const double size = letters(p, in->width, in->height);
    struct lines l;
    if (!in->width || !in->height)
        return IMP_OK;
    imp_status st = IMP_OK;
    if (!lines_make(&l, p[TEXT].s.ptr, p[WRAP].i, size, in->width - 2 * size * p[PADDING].f / 100))
        st = imp_fail(err, IMP_E_MEMORY, "no memory for the lines of the text");
    else
        basic_plan_out(plan, in->width,
                       in->height
                           + (p[POSITION].i == BELOW || p[POSITION].i == ABOVE
                                  ? band_height(p, l.count, size)
                                  : 0),
                       in->channels ? channels_of(p, in->channels) : 0);
    lines_free(&l);
    return st;
}

const imp_filter filter_caption = {
    BASIC_FILTER, .id = "caption", .summary = "Write text on, under or over a picture.",
    .help = "Letters come from a small font of Impasto's own: ASCII, the letters of Western "
            "Europe and a few signs. Others are shown as boxes.",
    .params = IMP_LIST(params), .inputs = IMP_LIST(inputs), .outputs = IMP_LIST(outputs),
    .create = basic_create, .destroy = basic_destroy, .process = process, .plan = plan,
};
