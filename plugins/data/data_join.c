/* data_join.c - data.join: several data sets as one. Classes and attributes of equal name are one.
 */
#include "sets.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { STEP = 64 /* samples between two questions whether to stop */ };

static const imp_port inputs[] = {
    {.name = "sets",
     .kind = IMP_OBJECT,
     .type = IMP_DATASET_TYPE,
     .flags = IMP_PORT_MANY,
     .help = "The data sets: their samples follow each other in this order."},
};
static const imp_port outputs[] = {
    {.name = "data", .kind = IMP_OBJECT, .type = IMP_DATASET_TYPE, .help = "All their samples."},
};

struct join {
    imp_job *job;
    imp_error *err;
    struct room room;
    kit_form form;
    const char **names;        /* of all classes */
    imp_attribute *attributes; /* of all sets */
};

static const imp_dataset *set_at(const imp_job *job, uint32_t i)
{
    return ((const imp_object *)(const void *)job->inputs[i])->object;
}

static const char *label_at(const imp_job *job, uint32_t i)
{
    return job->labels && job->labels[i] ? job->labels[i] : "?";
}

/* ---- what they have in common ---- */

static uint32_t class_of(const struct join *j, const char *name)
{
    uint32_t k = 0;
    while (k < j->form.class_count && strcmp(j->names[k], name))
        k++;
    return k;
}

static uint32_t attribute_of(const struct join *j, const char *name)
{
    uint32_t k = 0;
    while (k < j->form.attribute_count && strcmp(j->attributes[k].name, name))
        k++;
    return k;
}

static bool same_text(const char *a, const char *b)
{
    return a == b || (a && b && !strcmp(a, b));
}

/* Of two ranges the one that holds both; without a range: none. */
static void widen(imp_attribute *known, const imp_attribute *a)
{
    const bool ranged = known->min < known->max && a->min < a->max;
    known->min = !ranged ? 0 : fmin(known->min, a->min);
    known->max = !ranged ? 0 : fmax(known->max, a->max);
}

static imp_status add_attribute(struct join *j, uint32_t set, const imp_attribute *a)
{
    const uint32_t k = attribute_of(j, a->name);
    imp_attribute *known = &j->attributes[k];
    if (k == j->form.attribute_count)
        j->attributes[j->form.attribute_count++] = *a;
    else if (same_text(known->choices, a->choices))
        widen(known, a);
    else
        return imp_fail(j->err, IMP_E_INPUT,
                        "the attribute '%s' of '%s' (%s) is not that of a set before it (%s): give "
                        "them the same choices, or other names",
                        a->name, label_at(j->job, set), a->choices ? a->choices : "a number",
                        known->choices ? known->choices : "a number");
    return IMP_OK;
}

static imp_status add_set(struct join *j, uint32_t set)
{
    const imp_dataset *d = set_at(j->job, set), *first = set_at(j->job, 0);
    imp_status st = IMP_OK;
    if (d->channels != first->channels || d->width != first->width || d->height != first->height)
        return imp_fail(j->err, IMP_E_INPUT,
                        "samples of '%s' are %u x %u with %u channels, those of '%s' %u x %u with "
                        "%u: give them one size and channels",
                        label_at(j->job, set), d->width, d->height, d->channels,
                        label_at(j->job, 0), first->width, first->height, first->channels);
    for (uint32_t i = 0; d->class_names && i < d->class_count; i++) {
        const uint32_t k = class_of(j, d->class_names[i]);
        j->names[k] = d->class_names[i];
        j->form.class_count += k == j->form.class_count;
    }
    for (uint32_t i = 0; i < d->attribute_count && st == IMP_OK; i++)
        st = add_attribute(j, set, &d->attributes[i]);
    j->form.count += d->count;
    j->form.has_lines &= (d->flags & IMP_DATASET_LINES) != 0;
    return st;
}

static imp_status find_form(struct join *j)
{
    const imp_dataset *first = set_at(j->job, 0);
    size_t classes = 1, attributes = 1;
    for (uint32_t i = 0; i < j->job->input_count; i++) {
        classes += set_at(j->job, i)->class_count;
        attributes += set_at(j->job, i)->attribute_count;
    }
    j->form = (kit_form){.channels = first->channels,
                         .width = first->width,
                         .height = first->height,
                         .has_lines = 1};
    j->names = room_take(&j->room, classes, sizeof *j->names);
    j->attributes = room_take(&j->room, attributes, sizeof *j->attributes);
    imp_status st = j->names && j->attributes ? IMP_OK : IMP_E_MEMORY;
    for (uint32_t i = 0; i < j->job->input_count && st == IMP_OK; i++)
        st = add_set(j, i);
    j->form.class_names = j->names, j->form.attributes = j->attributes;
    return st;
}

/* ---- samples ---- */

struct copy { /* of one set into the samples from `at` on */
    const imp_dataset *set;
    kit_samples *to;
    uint64_t at;
    float *pixels, *lines;
    double *values;
    uint32_t *classes, *attributes; /* their numbers in the whole */
};

static imp_status copy_one(const struct copy *c, uint64_t i, imp_error *err)
{
    const kit_form *f = &c->to->form;
    imp_sample s = {.struct_size = sizeof s,
                    .pixels = c->pixels,
                    .attributes = c->values,
                    .lines = f->has_lines ? c->lines : NULL};
    const imp_status st = c->set->read(c->set, i, &s, err);
    if (st != IMP_OK)
        return st;
    const imp_image picture = {.head = {sizeof picture, IMP_IMAGE},
                               .width = f->width,
                               .height = f->height,
                               .channels = f->channels,
                               .row = f->width,
                               .plane = (int64_t)f->width * f->height,
                               .data = c->pixels};
    imp_image lines = picture;
    lines.channels = 1, lines.data = c->lines;
    kit_samples_put(c->to, c->at + i, &picture);
    if (f->has_lines)
        kit_samples_put_lines(c->to, c->at + i, &lines);
    c->to->labels[c->at + i] = s.label < c->set->class_count ? c->classes[s.label] : UINT32_MAX;
    for (uint32_t k = 0; k < c->set->attribute_count; k++)
        c->to->attributes[(c->at + i) * f->attribute_count + c->attributes[k]] = c->values[k];
    return IMP_OK;
}

static imp_status copy_set(struct join *j, uint32_t set, uint64_t at, kit_samples *to)
{
    const imp_dataset *d = set_at(j->job, set);
    const size_t plane = (size_t)d->width * d->height;
    struct copy c = {.set = d, .to = to, .at = at};
    c.pixels = room_take(&j->room, plane, d->channels * sizeof(float));
    c.lines = room_take(&j->room, plane, sizeof(float));
    c.values = room_take(&j->room, d->attribute_count + 1, sizeof(double));
    c.classes = room_take(&j->room, d->class_count + 1, sizeof(uint32_t));
    c.attributes = room_take(&j->room, d->attribute_count + 1, sizeof(uint32_t));
    imp_status st = j->room.failed ? IMP_E_MEMORY : IMP_OK;
    for (uint32_t i = 0; st == IMP_OK && d->class_names && i < d->class_count; i++)
        c.classes[i] = class_of(j, d->class_names[i]);
    for (uint32_t i = 0; st == IMP_OK && i < d->attribute_count; i++)
        c.attributes[i] = attribute_of(j, d->attributes[i].name);
    for (uint64_t i = 0; st == IMP_OK && i < d->count; i++) {
        if (i % STEP == 0)
            st = j->job->progress(j->job, (double)(at + i) / (double)to->form.count, "joining");
        if (st == IMP_OK)
            st = copy_one(&c, i, j->err);
    }
    return st;
}

static imp_status copy_all(struct join *j)
{
    kit_samples *samples;
    imp_status st = kit_samples_new(&j->form, j->job->max_bytes / 2, &samples, j->err);
    if (st != IMP_OK)
        return st;
    uint64_t at = 0;
    for (uint32_t i = 0; i < j->job->input_count && st == IMP_OK; i++) {
        st = copy_set(j, i, at, samples);
        at += set_at(j->job, i)->count;
    }
    imp_object *all = st == IMP_OK ? kit_samples_object(j->job, samples, NULL, 0) : NULL;
    if (st == IMP_OK)
        st = all ? j->job->set_output(j->job, 0, &all->head) : IMP_E_MEMORY;
    kit_samples_release(samples);
    return st;
}

static imp_status process(void *instance, imp_job *job, imp_error *err) IMP_NX
{
    struct join j = {.job = job, .err = err};
    (void)instance;
    imp_status st = find_form(&j);
    if (st == IMP_OK)
        st = copy_all(&j);
    room_free(&j.room);
    return st;
}

const imp_filter filter_data_join = {
    .struct_size = sizeof(imp_filter),
    .flags = IMP_FILTER_DETERMINISTIC,
    .threads = IMP_PARALLEL,
    .params_version = 1,
    .id = "data.join",
    .summary = "Several data sets as one.",
    .help =
        "Samples one set after the other, with 8 bits; they are of one size. Classes of equal "
        "name are one class, the others follow each other in the order of the sets; so are "
        "attributes, unknown where a set lacks them, over the range of all sets. Drawings stay "
        "when all sets have them. "
        "What was for training and what for the test stays apart when each is joined by itself: "
        "`in = a b`, and in another section `in = a.test b.test`.",
    .inputs = IMP_LIST(inputs),
    .outputs = IMP_LIST(outputs),
    .process = process,
};
