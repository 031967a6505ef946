/* data_facts.c - counts, ranges, means and deviations over all samples. Sums of pieces of fixed length
 * are added in their order: the same digits for any number of threads. */
#include "info.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { PIECE = 64, BATCH = 64, PLANES = 4 /* three channels and the drawings */ };

struct sums {
    double n, sum, square, min, max;
};
struct piece {
    struct sums planes[PLANES];
    imp_status status;
    char text[240];
};
struct facts {
    const imp_dataset *data;
    struct piece *pieces; /* of a batch */
    uint64_t first;       /* sample of the batch */
    struct sums planes[PLANES];
    uint64_t *classes;    /* class_count, and those without a class */
    struct sums *attributes;
    uint64_t *choices;    /* of all attributes, one behind the other */
};

static void add_value(struct sums *s, double v)
{
    s->min = s->n && s->min < v ? s->min : v;
    s->max = s->n && s->max > v ? s->max : v;
    s->n += 1;
    s->sum += v;
    s->square += v * v;
}

static void add_sums(struct sums *to, const struct sums *s)
{
    if (!s->n)
        return;
    to->min = to->n && to->min < s->min ? to->min : s->min;
    to->max = to->n && to->max > s->max ? to->max : s->max;
    to->n += s->n;
    to->sum += s->sum;
    to->square += s->square;
}

/* ---- pixels ---- */

static void look_at_piece(void *user, uint32_t i) IMP_NX
{
    const struct facts *f = user;
    const imp_dataset *d = f->data;
    struct piece *p = &f->pieces[i];
    imp_error err = {sizeof err, sizeof p->text, p->text, -1, -1};
    const size_t plane = (size_t)d->height * d->width;
    float *pixels = malloc((d->channels + 1) * plane * sizeof *pixels);
    const uint64_t from = f->first + (uint64_t)i * PIECE;
    *p = (struct piece){.status = pixels ? IMP_OK : imp_fail(&err, IMP_E_MEMORY, "no memory")};
    for (uint64_t k = from; k < from + PIECE && k < d->count && p->status == IMP_OK; k++) {
        imp_sample s = {.struct_size = sizeof s, .pixels = pixels,
                        .lines = d->flags & IMP_DATASET_LINES ? pixels + d->channels * plane : NULL};
        p->status = d->read(d, k, &s, &err);
        for (uint32_t c = 0; c <= d->channels && p->status == IMP_OK; c++)
            for (size_t x = 0; x < plane && (c < d->channels || s.lines); x++)
                add_value(&p->planes[c < d->channels ? c : PLANES - 1],
                          (double)pixels[c * plane + x]);
    }
    free(pixels);
}

static imp_status look_at_pixels(struct facts *f, imp_job *job, imp_error *err)
{
    const uint64_t count = f->data->count;
    imp_status st = IMP_OK;
    for (f->first = 0; f->first < count && st == IMP_OK; f->first += BATCH * PIECE) {
        const uint64_t left = (count - f->first + PIECE - 1) / PIECE;
        const uint32_t pieces = left < BATCH ? (uint32_t)left : BATCH;
        st = kit_parallel(job, pieces, look_at_piece, f);
        if (st == IMP_OK)
            st = job->progress(job, (double)f->first / (double)count, "looking at samples");
        for (uint32_t i = 0; i < pieces && st == IMP_OK; i++) {
            if (f->pieces[i].status != IMP_OK)
                st = imp_fail(err, f->pieces[i].status, "%s", f->pieces[i].text);
            for (int c = 0; c < PLANES; c++)
                add_sums(&f->planes[c], &f->pieces[i].planes[c]);
        }
    }
    return st;
}

/* ---- classes and attributes ---- */

static imp_status look_at_labels(struct facts *f, imp_job *job, imp_error *err)
{
    const imp_dataset *d = f->data;
    double *values = job->scratch(job, (d->attribute_count + 1) * sizeof *values);
    imp_status st = values ? IMP_OK : IMP_E_MEMORY;
    for (uint64_t k = 0; k < d->count && st == IMP_OK; k++) {
        imp_sample s = {.struct_size = sizeof s, .label = UINT32_MAX, .attributes = values};
        st = d->read(d, k, &s, err);
        if (st == IMP_OK && k % 4096 == 0)
            st = job->progress(job, -1, NULL);
        if (st != IMP_OK)
            break;
        f->classes[s.label < d->class_count ? s.label : d->class_count]++;
        uint64_t *choices = f->choices;
        for (uint32_t a = 0; a < d->attribute_count; a++) {
            const char *names = d->attributes[a].choices;
            const uint32_t n = names ? kit_choice_count(names) : 0;
            if (!isnan(values[a]))
                add_value(&f->attributes[a], values[a]);
            if (n && values[a] >= 0 && values[a] < n)
                choices[(uint32_t)values[a]]++;
            choices += n;
        }
    }
    return st;
}

/* ---- the table ---- */

enum { FACT, NAME, COUNT, MIN, MAX, MEAN, DEVIATION, COLUMNS };
static const imp_column columns[COLUMNS] = {
    {"fact", NULL, IMP_TEXT, 0}, {"name", NULL, IMP_TEXT, 0},   {"count", NULL, IMP_INT, 0},
    {"min", NULL, IMP_FLOAT, 0}, {"max", NULL, IMP_FLOAT, 0},   {"mean", NULL, IMP_FLOAT, 0},
    {"deviation", NULL, IMP_FLOAT, 0},
};

struct writer {
    imp_job *job;
    imp_table *table;
    imp_status status;
};

static void row(struct writer *w, const char *fact, const char *name, double count,
                const struct sums *s, double mean)
{
    imp_cell c[COLUMNS] = {[FACT].s = {fact, strlen(fact)}, [NAME].s = {name, strlen(name)},
                           [COUNT].i = (int64_t)count, [MIN].f = NAN, [MAX].f = NAN,
                           [MEAN].f = mean, [DEVIATION].f = NAN};
    if (s && s->n > 0) {
        c[MIN].f = s->min, c[MAX].f = s->max;
        c[MEAN].f = s->sum / s->n;
        c[DEVIATION].f = sqrt(fmax(s->square / s->n - c[MEAN].f * c[MEAN].f, 0));
    }
    if (w->status == IMP_OK)
        w->status = w->job->add_row(w->job, w->table, c);
}

static void write_attributes(struct writer *w, const struct facts *f)
{
    const imp_dataset *d = f->data;
    const uint64_t *counts = f->choices;
    char name[300];
    for (uint32_t a = 0; a < d->attribute_count; a++) {
        const imp_attribute *at = &d->attributes[a];
        const char *word;
        size_t n;
        row(w, "attribute", at->name, f->attributes[a].n, at->choices ? NULL : &f->attributes[a],
            NAN);
        for (uint32_t i = 0; at->choices && (word = kit_choice_at(at->choices, i, &n)); i++) {
            snprintf(name, sizeof name, "%s = %.*s", at->name, (int)n, word);
            row(w, "choice", name, (double)*counts, NULL,
                f->attributes[a].n > 0 ? (double)*counts / f->attributes[a].n : NAN);
            counts++;
        }
    }
}

static imp_status write_table(const struct facts *f, imp_job *job)
{
    static const char *const channels[] = {"red", "green", "blue"};
    const imp_dataset *d = f->data;
    struct writer w = {job, job->new_table(job, COLUMNS, columns), IMP_OK};
    char shape[64];
    if (!w.table)
        return IMP_E_MEMORY;
    snprintf(shape, sizeof shape, "%u x %u, %s", d->width, d->height,
             d->channels == 1 ? "grey" : "colour");
    row(&w, "samples", shape, (double)d->count, NULL, NAN);
    for (uint32_t i = 0; i < d->class_count; i++)
        row(&w, "class", d->class_names[i], (double)f->classes[i], NULL,
            (double)f->classes[i] / (double)d->count);
    if (d->class_count && f->classes[d->class_count])
        row(&w, "class", "(none)", (double)f->classes[d->class_count], NULL,
            (double)f->classes[d->class_count] / (double)d->count);
    write_attributes(&w, f);
    for (uint32_t c = 0; c < d->channels; c++)
        row(&w, "channel", d->channels == 1 ? "grey" : channels[c], f->planes[c].n, &f->planes[c],
            NAN);
    if (d->flags & IMP_DATASET_LINES)
        row(&w, "lines", "1 = paper", f->planes[PLANES - 1].n, &f->planes[PLANES - 1], NAN);
    return w.status == IMP_OK ? job->set_output(job, 0, &w.table->head) : w.status;
}

static void *zeroed(imp_job *job, uint64_t n, size_t size)
{
    void *p = job->scratch(job, (n + 1) * size);
    return p ? memset(p, 0, (size_t)(n + 1) * size) : NULL;
}

imp_status info_facts(const imp_dataset *d, imp_job *job, imp_error *err)
{
    struct facts f = {.data = d};
    uint64_t choices = 0;
    for (uint32_t a = 0; a < d->attribute_count; a++)
        choices += d->attributes[a].choices ? kit_choice_count(d->attributes[a].choices) : 0;
    f.pieces = job->scratch(job, BATCH * sizeof *f.pieces);
    f.classes = f.pieces ? zeroed(job, d->class_count, sizeof *f.classes) : NULL;
    f.attributes = f.classes ? zeroed(job, d->attribute_count, sizeof *f.attributes) : NULL;
    f.choices = f.attributes ? zeroed(job, choices, sizeof *f.choices) : NULL;
    if (!f.choices)
        return IMP_E_MEMORY;
    imp_status st = look_at_pixels(&f, job, err);
    if (st == IMP_OK)
        st = look_at_labels(&f, job, err);
    return st == IMP_OK ? write_table(&f, job) : st;
}
