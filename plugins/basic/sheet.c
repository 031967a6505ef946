/* sheet.c - a labelled contact sheet. Memory: the sheet; pictures are shrunk straight into small
 * ones. */
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include "basic.h"

enum { COLUMNS, CELL, GAP, BACKGROUND, COLOUR, LABELS, LABEL_SIZE, TITLE };
#define SHAPE (4 / 3.0) /* of the sheet, when columns are ours to choose */

static const imp_param params[] = {
    {.key = "columns", .type = IMP_INT, .def = 0, .min = 0, .max = 1000,
     .help = "Pictures in a row. 0: as many as make the sheet about 4 to 3."},
    {.key = "cell", .unit = "px", .type = IMP_INT, .def = 256, .min = 8, .max = 8192,
     .help = "Long side of a picture on the sheet; smaller pictures are not enlarged."},
    {.key = "gap", .unit = "px", .type = IMP_INT, .def = 16, .min = 0, .max = 1000,
     .help = "Space between pictures and around the sheet."},
    {.key = "background", .type = IMP_COLOUR, .def_text = "#f4f3f0",
     .help = "Colour of the sheet."},
    {.key = "color", .type = IMP_COLOUR, .def_text = "#33302c",
     .help = "Colour of title and labels."},
    {.key = "labels", .type = IMP_BOOL, .def = 1, .help = "Write each picture's name below it."},
    {.key = "label_size", .unit = "px", .type = IMP_FLOAT, .def = 0, .min = 0, .max = 500,
     .help = "Size of the labels' letters. 0: a fitting one for the cell."},
    {.key = "title", .type = IMP_TEXT, .def_text = "", .help = "A line above the pictures."},
};
static const imp_port inputs[] = {
    {.name = "pictures", .kind = IMP_IMAGE, .flags = IMP_PORT_MANY, .channels = BASIC_ANY,
     .colours = 1u << IMP_SRGB | 1u << IMP_DATA,
     .help = "The pictures, in order; `all = node` takes those of the whole run."},
};
static const imp_port outputs[] = {
    {.name = "out", .kind = IMP_IMAGE, .help = "The sheet."},
};

struct box { uint32_t x, y, width, height; int32_t status; };

struct sheet {
    const imp_value *const *pictures;
    const char *const *labels;
    imp_image *out;
    struct box *boxes;
    double label_size, title_size;
    float background[4], colour[4];
    uint32_t count, columns, cell_width, label_height, title_height, gap, width;
    uint64_t height;
};

static const imp_image *picture(const struct sheet *s, uint32_t i)
{
    return (const imp_image *)(const void *)s->pictures[i];
}

/* Size of each picture in its cell. */
static void fit_all(struct sheet *s, uint32_t cell)
{
    s->cell_width = 1;
    for (uint32_t i = 0; i < s->count; i++) {
        const imp_image *m = picture(s, i);
        const double k = fmin(1, (double)cell / (m->width > m->height ? m->width : m->height));
        s->boxes[i].width = (uint32_t)fmax(floor(m->width * k + 0.5), 1);
        s->boxes[i].height = (uint32_t)fmax(floor(m->height * k + 0.5), 1);
        s->cell_width = s->boxes[i].width > s->cell_width ? s->boxes[i].width : s->cell_width;
    }
}

/* Places of the pictures for that many columns: rows are as high as their highest picture, pictures
 * stand on the bottom of their row. */
static void place_all(struct sheet *s, uint32_t columns)
{
    uint64_t y = s->gap + s->title_height;
    s->columns = columns;
    s->width = columns * (s->cell_width + s->gap) + s->gap;
    for (uint32_t first = 0; first < s->count; first += columns) {
        const uint32_t end = first + columns < s->count ? first + columns : s->count;
        uint32_t most = 0;
        for (uint32_t i = first; i < end; i++)
            most = s->boxes[i].height > most ? s->boxes[i].height : most;
        for (uint32_t i = first; i < end; i++) {
            s->boxes[i].x = s->gap + (i - first) * (s->cell_width + s->gap)
                          + (s->cell_width - s->boxes[i].width) / 2;
            s->boxes[i].y = (uint32_t)(y + most - s->boxes[i].height);
        }
        y += (uint64_t)most + s->label_height + s->gap;
    }
    s->height = y;
}

/* The number of columns whose sheet is nearest to 4:3. */
static void choose_columns(struct sheet *s)
{
    const uint32_t most = s->count < 1000 ? s->count : 1000;
    uint32_t best = 1;
    double least = INFINITY;
    for (uint32_t columns = 1; columns <= most && s->count; columns++) {
        place_all(s, columns);
        const double off = fabs(kit_log(s->width / (double)s->height / SHAPE));
        if (off < least)
            least = off, best = columns;
        if (s->width > 4 * s->height)
            break;
    }
    place_all(s, best);
}

static float over(float v, float a, float under)
{
    a = a > 0 ? a < 1 ? a : 1 : 0;
    return under + a * (v - under);
}

/* Writes a picture of the box's size into the sheet. */
static void put(const struct sheet *s, const struct box *b, const imp_image *m)
{
    for (uint32_t c = 0; c < s->out->channels; c++)
        for (uint32_t y = 0; y < b->height; y++) {
            const float *from = imp_row(m, m->channels < 3 ? 0 : c, y);
            const float *alpha = m->channels == 4 ? imp_row(m, 3, y) : NULL;
            float *to = imp_row_out(s->out, c, b->y + y) + b->x;
            for (uint32_t x = 0; x < b->width; x++)
                to[x] = alpha ? over(from[x], alpha[x], s->background[c]) : from[x];
        }
}

static void put_picture(void *user, uint32_t i)
{
    const struct sheet *s = user;
    struct box *b = &s->boxes[i];
    const imp_image *m = picture(s, i);
    imp_image *small = kit_image_new(b->width, b->height, m->channels, m->colour);
    b->status = small ? kit_resize(m, small, KIT_AREA, NULL) : IMP_E_MEMORY;
    if (b->status == IMP_OK)
        put(s, b, small);
    kit_image_free(small);
}

static void clear(const void *user, const imp_image *src, imp_image *out, uint32_t from,
                  uint32_t to)
{
    const struct sheet *s = user;
    (void)src;
    for (uint32_t c = 0; c < out->channels; c++)
        for (uint32_t y = from; y < to; y++)
            for (uint32_t x = 0; x < out->width; x++)
                imp_row_out(out, c, y)[x] = s->background[c];
}

/* As much of the label as there is room for, with dots in place of the middle, so that both the
 * beginning and what tells sweeps apart stay. buf: strlen(label) + 4 bytes. */
static void shorten(const char *label, double size, uint32_t room, char *buf)
{
    const size_t length = strlen(label);
    uint32_t width, height;
    memcpy(buf, label, length + 1);
    kit_text_size(buf, size, &width, &height);
    for (size_t kept = length; width > room && kept > 2; kept--) {
        size_t head = kept / 2, tail = length - (kept - kept / 2);
        while (head && (label[head] & 0xc0) == 0x80)
            head--;
        while (tail < length && (label[tail] & 0xc0) == 0x80)
            tail++;
        memcpy(buf, label, head);
        memcpy(buf + head, "\xe2\x80\xa6", 3);
        memcpy(buf + head + 3, label + tail, length - tail + 1);
        kit_text_size(buf, size, &width, &height);
    }
}

static imp_status write_labels(const struct sheet *s, imp_job *job)
{
    for (uint32_t i = 0; i < s->count && s->label_height; i++) {
        const struct box *b = &s->boxes[i];
        const char *label = s->labels && s->labels[i] ? s->labels[i] : "";
        char *text = malloc(strlen(label) + 4);
        uint32_t width, height;
        if (!text)
            return IMP_E_MEMORY;
        shorten(label, s->label_size, s->cell_width + s->gap / 2, text);
        kit_text_size(text, s->label_size, &width, &height);
        kit_text_draw(s->out, b->x + ((double)b->width - width) / 2,
                      b->y + b->height + s->label_size * 0.15, s->label_size, s->colour, text);
        free(text);
        const imp_status st = i % 16 ? IMP_OK : job->progress(job, -1, NULL);
        if (st != IMP_OK)
            return st;
    }
    return IMP_OK;
}

static imp_status compose(struct sheet *s, imp_job *job, const char *title)
{
    imp_status st = basic_each(job, clear, s, s->out, s->out);
    if (st == IMP_OK)
        st = kit_parallel(job, s->count, put_picture, s);
    for (uint32_t i = 0; i < s->count && st == IMP_OK; i++)
        st = s->boxes[i].status;
    if (st == IMP_OK && s->title_height)
        kit_text_draw(s->out, s->gap, s->gap * 0.7, s->title_size, s->colour, title);
    if (st == IMP_OK)
        st = write_labels(s, job);
    return st == IMP_OK ? job->set_output(job, 0, &s->out->head) : st;
}

static double label_size(const imp_cell *p)
{
    const double cell = (double)p[CELL].i;
    return p[LABEL_SIZE].f > 0 ? fmax(p[LABEL_SIZE].f, 7) : fmin(fmax(cell / 21, 10), 40);
}

static void set_sizes(struct sheet *s, const imp_cell *p)
{
    uint32_t unused;
    s->gap = (uint32_t)p[GAP].i;
    s->label_size = label_size(p);
    s->title_size = s->label_size * 1.8;
    if (p[LABELS].i)
        kit_text_size("", s->label_size * 1.1, &unused, &s->label_height);
    if (p[TITLE].s.len)
        kit_text_size("", s->title_size * 1.25, &unused, &s->title_height);
    basic_colour_of(&p[BACKGROUND], 3, s->background);
    basic_colour_of(&p[COLOUR], 3, s->colour);
}

static imp_status process(void *instance, imp_job *job, imp_error *err) IMP_NX
{
    const imp_cell *p = job->params;
    struct sheet s = {.pictures = job->inputs, .labels = job->labels, .count = job->input_count};
    (void)instance;
    set_sizes(&s, p);
    if (!s.count)
        return imp_fail(err, IMP_E_INPUT, "no picture to put on the sheet");
    if (!(s.boxes = job->scratch(job, s.count * sizeof *s.boxes)))
        return IMP_E_MEMORY;
    fit_all(&s, (uint32_t)p[CELL].i);
    if (p[COLUMNS].i)
        place_all(&s, (uint32_t)(p[COLUMNS].i < s.count ? p[COLUMNS].i : s.count));
    else
        choose_columns(&s);
    if (s.height > 65535 || s.width > 65535)
        return imp_fail(err, IMP_E_LIMIT,
                        "the sheet of %u pictures would be %u x %llu: make cell smaller or "
                        "change columns",
                        s.count, s.width, (unsigned long long)s.height);
    if (!(s.out = job->new_image(job, s.width, (uint32_t)s.height, 3, IMP_SRGB)))
        return IMP_E_MEMORY;
    return compose(&s, job, p[TITLE].s.ptr);
}

const imp_filter filter_sheet = {
    BASIC_FILTER, .id = "sheet", .summary = "Contact sheet of many pictures, with their names.",
    .help = "Lays pictures out in rows, shrunk into cells, each with its name below.",
    .params = IMP_LIST(params), .inputs = IMP_LIST(inputs), .outputs = IMP_LIST(outputs),
    .process = process,
};
