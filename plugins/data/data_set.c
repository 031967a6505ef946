/* data_set.c - the life of every filter that makes data sets: scan, limit, load, split. */
#include "sets.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

struct set { /* an instance */
    const struct set_filter *filter;
    const imp_cell *params;
    const imp_host *host;
    const imp_host_image_1 *image; /* NULL: none */
};

imp_status set_create(const imp_host *host, const imp_filter *filter, const imp_cell *params,
                      void **instance, imp_error *err) IMP_NX
{
    struct set *self = calloc(1, sizeof *self);
    if (!self)
        return imp_fail(err, IMP_E_MEMORY, "no memory for an instance");
    *self = (struct set){.filter = (const struct set_filter *)(const void *)filter,
                         .params = params, .host = host,
                         .image = host->get_interface
                                      ? host->get_interface(host, IMP_HOST_IMAGE_1)
                                      : NULL};
    if (self->image && !IMP_HAS(imp_host_image_1, self->image->struct_size, drop))
        self->image = NULL;
    *instance = self;
    return IMP_OK;
}

void set_destroy(void *instance) IMP_NX
{
    free(instance);
}

/* ---- the form of the samples ---- */

static bool is_side(double v)
{
    return v >= 1 && v <= 4096 && v == floor(v);
}

static void set_size(const struct set *self, const imp_cell *size, struct found *f)
{
    const int32_t param = self->filter->shared + SIZE;
    const double *v = size->n.ptr;
    const bool raw = self->filter->as.params[param].def_text[0] == '\0';
    if (!size->n.count && raw) { /* nothing is known when the file is refused */
        f->form.width = f->raw_width, f->form.height = f->raw_height;
    } else if (size->n.count < 1 || size->n.count > 2 || !is_side(v[0]) ||
               !is_side(v[size->n.count - 1])) {
        fault_add(&f->faults, IMP_E_PARAM, param,
                  "size wants a side, or width and height: whole numbers of 1 to 4096 px");
    } else {
        f->form.width = (uint32_t)v[0], f->form.height = (uint32_t)v[size->n.count - 1];
    }
}

/* "3", "1", or a word: as the source has them. */
static uint32_t channels_of(const struct set *self, const imp_cell *shared, const struct found *f)
{
    size_t n;
    const imp_param *row = &self->filter->as.params[self->filter->shared + CHANNELS];
    const char *word = kit_choice_at(row->choices, (uint32_t)shared[CHANNELS].i, &n);
    return *word == '1' ? 1 : *word == '3' ? 3 : f->raw_channels;
}

static void scan(const struct set *self, struct found *f)
{
    const imp_cell *shared = self->params + self->filter->shared;
    *f = (struct found){0};
    f->faults.room = &f->room;
    self->filter->scan(self->params, f);
    set_size(self, &shared[SIZE], f);
    f->form.channels = channels_of(self, shared, f);
    f->form.has_lines |= shared[LINES].i != 0;
    if (!f->count && !f->faults.total && !f->room.failed)
        fault_add(&f->faults, IMP_E_INPUT, 0, "%s: there are no samples in it",
                  self->params[0].s.ptr);
    if (f->count > INT32_MAX && !f->faults.total)
        fault_add(&f->faults, IMP_E_LIMIT, 0, "%llu samples: up to 2147483647 are taken",
                  (unsigned long long)f->count);
    if (f->count && !f->faults.total && f->entries[0].path && !self->image)
        fault_add(&f->faults, IMP_E_UNSUPPORTED, 0,
                  "this host offers no picture codecs to filters (%s)", IMP_HOST_IMAGE_1);
}

/* ---- limit ---- */

/* Marks in `keep` what is used of one part (of the test set, or not). */
static imp_status keep_part(struct found *f, bool test, uint64_t limit, uint64_t seed,
                            uint8_t *keep)
{
    uint32_t *labels = room_take(&f->room, (size_t)f->count, sizeof *labels);
    uint32_t *index = room_take(&f->room, (size_t)f->count, sizeof *index);
    uint8_t *picked = room_take(&f->room, (size_t)f->count, 1);
    uint32_t n = 0;
    if (!labels || !index || !picked)
        return IMP_E_MEMORY;
    for (uint32_t i = 0; i < f->count; i++)
        if ((f->test && f->test[i]) == test) {
            labels[n] = f->labels ? f->labels[i] : 0;
            index[n++] = i;
        }
    const imp_status st = kit_pick(seed, labels, n, limit, picked);
    for (uint32_t i = 0; i < n; i++)
        keep[index[i]] = picked[i];
    return st;
}

/* `limit` samples of the training and of the test set each; without a test set yet, of all. */
static imp_status apply_limit(struct found *f, uint64_t limit, uint64_t seed)
{
    const uint32_t a = f->form.attribute_count;
    uint8_t *keep = room_take(&f->room, (size_t)f->count, 1);
    uint64_t n = 0;
    imp_status st = keep ? keep_part(f, false, limit, seed, keep) : IMP_E_MEMORY;
    if (st == IMP_OK && f->test)
        st = keep_part(f, true, limit, seed, keep);
    for (uint64_t i = 0; st == IMP_OK && i < f->count; i++) {
        if (!keep[i])
            continue;
        f->entries[n] = f->entries[i];
        if (f->labels)
            f->labels[n] = f->labels[i];
        if (f->test)
            f->test[n] = f->test[i];
        if (a)
            memmove(f->attributes + n * a, f->attributes + i * a, a * sizeof(double));
        n++;
    }
    if (st == IMP_OK)
        f->count = n;
    return st;
}

/* ---- process ---- */

static imp_status make(const struct set *self, struct found *f, imp_job *job, imp_error *err)
{
    const imp_cell *shared = self->params + self->filter->shared;
    const struct pictures pictures = {.host = self->host, .image = self->image,
                                      .fit = shared[FIT].i, .fill = (float)shared[FILL].f};
    f->form.count = f->count;
    kit_samples *s;
    imp_status st = kit_samples_new(&f->form, job->max_bytes / 2, &s, err);
    if (st != IMP_OK)
        return st;
    if (f->labels)
        memcpy(s->labels, f->labels, (size_t)f->count * sizeof *f->labels);
    if (f->form.attribute_count)
        memcpy(s->attributes, f->attributes,
               (size_t)f->count * f->form.attribute_count * sizeof *f->attributes);
    st = load_all(&pictures, f, s, 0, job);
    if (st == IMP_OK)
        st = faults_tell(&f->faults, err);
    if (st == IMP_OK)
        st = kit_samples_split(job, s, f->test, shared[TEST_SHARE].f, (uint64_t)shared[SEED].i,
                               self->filter->shared + TEST_SHARE, err);
    kit_samples_release(s);
    return st;
}

imp_status set_process(void *instance, imp_job *job, imp_error *err) IMP_NX
{
    const struct set *self = instance;
    const imp_cell *shared = self->params + self->filter->shared;
    struct found f;
    imp_status st = job->progress(job, 0, "reading the lists");
    if (st != IMP_OK)
        return st;
    scan(self, &f);
    st = faults_tell(&f.faults, err);
    if (st == IMP_OK && shared[LIMIT].i)
        st = apply_limit(&f, (uint64_t)shared[LIMIT].i, (uint64_t)shared[SEED].i);
    if (st == IMP_OK)
        st = make(self, &f, job, err);
    room_free(&f.room);
    return st;
}

/* ---- plan ---- */

imp_status set_plan(void *instance, imp_plan *plan, imp_error *err) IMP_NX
{
    const struct set *self = instance;
    const imp_cell *shared = self->params + self->filter->shared;
    struct found f;
    scan(self, &f);
    imp_status st = f.faults.total ? faults_plan(&f.faults, plan) : faults_tell(&f.faults, err);
    if (st == IMP_OK && !f.faults.total) { /* no bytes: what is too much for --mem lies in a file */
        const uint64_t limit = (uint64_t)shared[LIMIT].i * (f.test ? 2 : 1);
        const uint64_t count = limit && limit < f.count ? limit : f.count;
        plan->macs = (double)count * f.form.width * f.form.height * 100;
    }
    room_free(&f.room);
    return st;
}
