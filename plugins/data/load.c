/* load.c - entries into samples, many at a time. */
#include "sets.h"
#include <math.h>
#include <string.h>

enum { BATCH = 256 /* pieces between two reports */, RAW_PIECE = 64 /* samples without a file */ };
#define LINES_AT 128.0 /* px; side of a sample that the lines' widths are meant for */

struct why {
    imp_status status;
    char text[300];
};
struct loading {
    const struct pictures *pictures;
    const struct found *found;
    kit_samples *samples;
    struct why *why; /* by piece of the batch */
    uint64_t first;  /* sample of the batch */
    uint32_t each;   /* samples a piece */
};

static imp_error error_of(struct why *w)
{
    return (imp_error){sizeof(imp_error), sizeof w->text, w->text, -1, -1};
}

/* ---- lines ---- */

static imp_status draw_lines(const imp_image *m, imp_image *out)
{
    const double k = (m->width > m->height ? m->width : m->height) / LINES_AT;
    const kit_lines_options options = {
        .sigma = fmax(1.0 * k, 0.4), .ratio = 1.6, .sharpness = 0.98, .slope = 200,
        .threshold = 0, .soft = 1, .speck = (uint32_t)(12 * k * k),
    };
    return kit_lines(m, out, &options, NULL);
}

static imp_status read_lines(const struct loading *l, const char *path, imp_image *out,
                             struct why *w)
{
    const struct pictures *p = l->pictures;
    imp_error err = error_of(w);
    imp_image *m = NULL;
    imp_status st = p->image->read(p->host, path, 1, &m, &err);
    if (st == IMP_OK) {
        st = fit_image(m, out, p->fit, 1);
        p->image->drop(p->host, m);
    }
    return st;
}

static imp_status add_lines(const struct loading *l, uint64_t i, const imp_image *m, struct why *w)
{
    const char *path = l->found->entries[i].lines;
    if (!l->samples->lines)
        return IMP_OK;
    imp_image *lines = kit_image_new(m->width, m->height, 1, IMP_SRGB);
    imp_status st = !lines ? IMP_E_MEMORY : path ? read_lines(l, path, lines, w)
                                                 : draw_lines(m, lines);
    if (st == IMP_OK)
        kit_samples_put_lines(l->samples, i, lines);
    kit_image_free(lines);
    return st;
}

/* ---- pictures ---- */

static imp_status add_image(const struct loading *l, uint64_t i, const imp_image *m, struct why *w)
{
    const kit_form *f = &l->samples->form;
    imp_image *fitted = kit_image_new(f->width, f->height, f->channels, IMP_SRGB);
    imp_status st =
        fitted ? fit_image(m, fitted, l->pictures->fit, l->pictures->fill) : IMP_E_MEMORY;
    if (st == IMP_OK)
        st = add_lines(l, i, fitted, w);
    if (st == IMP_OK)
        kit_samples_put(l->samples, i, fitted);
    kit_image_free(fitted);
    return st;
}

static imp_status load_picture(const struct loading *l, uint64_t i, struct why *w)
{
    const struct pictures *p = l->pictures;
    imp_error err = error_of(w);
    imp_image *m = NULL;
    imp_status st = p->image->read(p->host, l->found->entries[i].path,
                                   l->samples->form.channels, &m, &err);
    if (st != IMP_OK)
        return st;
    const uint32_t *crop = l->found->crop;
    imp_image used;
    if (crop_image(m, crop, &used))
        st = add_image(l, i, &used, w);
    else
        st = imp_fail(&err, IMP_E_INPUT, "has %u x %u px; crop = %u %u %u %u leads out of it",
                      m->width, m->height, crop[0], crop[1], crop[2], crop[3]);
    p->image->drop(p->host, m);
    return st;
}

/* The samples as an image of the form's channels. */
static imp_image *image_of_bytes(const struct found *f, const uint8_t *bytes, uint32_t channels)
{
    const uint32_t raw = f->raw_channels;
    imp_image *m = kit_image_new(f->raw_width, f->raw_height, channels > raw ? channels : raw,
                                 IMP_SRGB);
    const size_t plane = (size_t)f->raw_width * f->raw_height;
    for (uint32_t c = 0; m && c < m->channels; c++)
        for (size_t i = 0; i < plane; i++)
            m->data[c * plane + i] = (float)bytes[(c < raw ? c : 0) * plane + i] / 255.0f;
    if (m && channels < raw) {
        kit_luma(m->data, m->data + plane, m->data + 2 * plane, m->data, plane);
        m->channels = 1;
    }
    return m;
}

static imp_status load_bytes(const struct loading *l, uint64_t i, struct why *w)
{
    const struct found *f = l->found;
    const kit_form *form = &l->samples->form;
    const size_t one = (size_t)form->channels * form->height * form->width;
    if (!l->samples->lines && form->channels == f->raw_channels && form->width == f->raw_width &&
        form->height == f->raw_height) {
        memcpy(l->samples->pixels + i * one, f->entries[i].bytes, one);
        return IMP_OK;
    }
    imp_image *m = image_of_bytes(f, f->entries[i].bytes, form->channels);
    const imp_status st = m ? add_image(l, i, m, w) : IMP_E_MEMORY;
    kit_image_free(m);
    return st;
}

static void load_piece(void *user, uint32_t piece) IMP_NX
{
    const struct loading *l = user;
    struct why *w = &l->why[piece];
    const uint64_t from = l->first + (uint64_t)piece * l->each, count = l->found->count;
    w->status = IMP_OK;
    for (uint64_t i = from; i < from + l->each && i < count && w->status == IMP_OK; i++) {
        w->text[0] = '\0';
        w->status = l->found->entries[i].path ? load_picture(l, i, w) : load_bytes(l, i, w);
    }
}

/* What went wrong in a batch, in the order of the samples. */
static void note(const struct loading *l, struct found *f, uint32_t pieces, int32_t param)
{
    for (uint32_t i = 0; i < pieces; i++) {
        const struct why *w = &l->why[i];
        const struct entry *e = &f->entries[l->first + i];
        if (w->status != IMP_OK)
            fault_add(&f->faults, w->status, param, "%s: %s", e->path ? e->path : "a sample",
                      w->text[0] ? w->text : "no memory");
    }
}

imp_status load_all(const struct pictures *p, struct found *f, kit_samples *s, int32_t param,
                    imp_job *job)
{
    struct loading l = {.pictures = p, .found = f, .samples = s,
                        .each = f->count && f->entries[0].path ? 1 : RAW_PIECE,
                        .why = job->scratch(job, BATCH * sizeof *l.why)};
    if (!l.why)
        return IMP_E_MEMORY;
    while (l.first < f->count && f->faults.total < MOST_FAULTS) {
        const uint64_t left = (f->count - l.first + l.each - 1) / l.each;
        const uint32_t pieces = left < BATCH ? (uint32_t)left : BATCH;
        imp_status st = kit_parallel(job, pieces, load_piece, &l);
        if (st == IMP_OK)
            st = job->progress(job, (double)l.first / (double)f->count, "loading");
        if (st != IMP_OK)
            return st;
        note(&l, f, pieces, param);
        l.first += (uint64_t)pieces * l.each;
    }
    return IMP_OK;
}
