/* data_sheet.c - samples in rows, each with its class below. */
#include "info.h"
#include <math.h>
#include <string.h>

enum { GAP = 8, MOST_SIDE = 32768 };
static const float paper[3] = {0.957f, 0.953f, 0.941f}, ink[4] = {0.2f, 0.188f, 0.173f, 1};

struct sheet {
    const imp_dataset *data;
    const struct info_sheet *how;
    uint32_t count, columns;
    uint32_t width, height;   /* of a sample as it is shown */
    uint32_t cell_width, cell_height, label_height;
    double label_size;
    float *pixels;            /* of one sample, and its drawing behind */
    imp_image *out;
};

static void set_sizes(struct sheet *s)
{
    const imp_dataset *d = s->data;
    const uint32_t side = d->width > d->height ? d->width : d->height, cell = s->how->cell;
    const bool lines = d->flags & IMP_DATASET_LINES;
    const double k = side <= cell ? floor((double)cell / side) : (double)cell / side;
    uint32_t unused;
    s->count = s->how->samples < d->count ? s->how->samples : (uint32_t)d->count;
    s->width = (uint32_t)fmax(d->width * k + 0.5, 1);
    s->height = (uint32_t)fmax(d->height * k + 0.5, 1);
    s->label_size = fmin(fmax(cell / 9.0, 8), 24);
    kit_text_size("", s->label_size * 1.2, &unused, &s->label_height);
    s->cell_width = s->width * (lines ? 2 : 1) + GAP;
    s->cell_height = s->height + s->label_height + GAP;
    const double across = sqrt(s->count * 4.0 / 3 * s->cell_height / s->cell_width);
    s->columns = s->how->columns ? s->how->columns : (uint32_t)fmax(across + 0.5, 1);
    s->columns = s->columns < s->count ? s->columns : s->count;
}

/* The planes of a sample, as an image. */
static imp_image image_of(const struct sheet *s, float *samples, uint32_t channels)
{
    const imp_dataset *d = s->data;
    return (imp_image){.head = {sizeof(imp_image), IMP_IMAGE}, .width = d->width,
                       .height = d->height, .channels = channels, .colour = IMP_SRGB,
                       .row = d->width, .plane = (int64_t)d->width * d->height, .data = samples};
}

/* Into the sheet at x, y; grey into all three channels. */
static imp_status put(const struct sheet *s, const imp_image *m, uint32_t x, uint32_t y)
{
    imp_status st = IMP_OK;
    for (uint32_t c = 0; c < 3 && st == IMP_OK; c++) {
        imp_image from = *m, to = *s->out;
        from.data += (m->channels == 1 ? 0 : c) * m->plane;
        to.data += c * to.plane + y * to.row + x;
        from.channels = to.channels = 1;
        to.width = s->width, to.height = s->height;
        st = kit_resize(&from, &to, s->width > m->width ? KIT_NEAREST : KIT_AREA, NULL);
    }
    return st;
}

/* As many letters of the label as there is room for, in the middle below the sample. */
static void write_label(const struct sheet *s, const char *label, uint32_t x, uint32_t y)
{
    const uint32_t room = s->cell_width - GAP / 2;
    char text[128];
    uint32_t width, height;
    snprintf(text, sizeof text, "%s", label);
    kit_text_size(text, s->label_size, &width, &height);
    for (size_t n = strlen(text); width > room && n > 1;) {
        do
            n--;
        while (n > 1 && ((unsigned char)text[n] & 0xc0) == 0x80);
        text[n] = '\0';
        kit_text_size(text, s->label_size, &width, &height);
    }
    const double middle = ((double)s->cell_width - GAP - width) / 2;
    kit_text_draw(s->out, x + middle, y + s->height + 1, s->label_size, ink, text);
}

static imp_status add_sample(const struct sheet *s, uint32_t i, imp_error *err)
{
    const imp_dataset *d = s->data;
    const uint64_t index = s->how->first ? i : i * d->count / s->count;
    const uint32_t x = GAP + i % s->columns * s->cell_width,
                   y = GAP + i / s->columns * s->cell_height;
    float *lines = s->pixels + (size_t)d->channels * d->height * d->width;
    imp_sample sample = {.struct_size = sizeof sample, .label = UINT32_MAX, .pixels = s->pixels,
                         .lines = d->flags & IMP_DATASET_LINES ? lines : NULL};
    char number[32];
    imp_status st = d->read(d, index, &sample, err);
    if (st != IMP_OK)
        return st;
    imp_image picture = image_of(s, s->pixels, d->channels), drawing = image_of(s, lines, 1);
    st = put(s, &picture, x, y);
    if (st == IMP_OK && sample.lines)
        st = put(s, &drawing, x + s->width, y);
    snprintf(number, sizeof number, "%llu", (unsigned long long)index);
    write_label(s, sample.label < d->class_count ? d->class_names[sample.label] : number, x, y);
    return st == IMP_E_MEMORY ? imp_fail(err, st, "no memory to resize a sample") : st;
}

imp_status info_sheet(const imp_dataset *d, const struct info_sheet *how, imp_job *job,
                      imp_error *err)
{
    struct sheet s = {.data = d, .how = how};
    set_sizes(&s);
    const uint64_t rows = (s.count + s.columns - 1) / s.columns;
    const uint64_t width = (uint64_t)s.columns * s.cell_width + GAP,
                   height = rows * s.cell_height + GAP;
    if (width > MOST_SIDE || height > MOST_SIDE)
        return imp_fail(err, IMP_E_LIMIT,
                        "the sheet of %u samples would be %llu x %llu px: set fewer samples or a "
                        "smaller cell",
                        s.count, (unsigned long long)width, (unsigned long long)height);
    s.pixels = job->scratch(job, (d->channels + 1) * (uint64_t)d->height * d->width * sizeof(float));
    s.out = s.pixels ? job->new_image(job, (uint32_t)width, (uint32_t)height, 3, IMP_SRGB) : NULL;
    if (!s.out)
        return IMP_E_MEMORY;
    for (uint32_t c = 0; c < 3; c++)
        for (uint32_t y = 0; y < s.out->height; y++)
            for (uint32_t x = 0; x < s.out->width; x++)
                imp_row_out(s.out, c, y)[x] = paper[c];
    for (uint32_t i = 0; i < s.count; i++) {
        imp_status st = add_sample(&s, i, err);
        if (st == IMP_OK && i % 16 == 0)
            st = job->progress(job, -1, "laying out the sheet");
        if (st != IMP_OK)
            return st;
    }
    return job->set_output(job, 1, &s.out->head);
}
