/* kit_batch.c - samples of a data set as one input of a network: shuffled, read, augmented,
 * prepared. Samples are read on the job's threads, each into its own place. */
#include <impasto/kit_train.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

void kit_shuffle(uint64_t seed, uint64_t epoch, uint64_t n, uint64_t *order)
{
    for (uint64_t i = 0; i < n; i++) { /* Fisher and Yates, from the inside out */
        const uint64_t j = kit_random(seed, 0x6f726400u + epoch, i) % (i + 1);
        order[i] = order[j];
        order[j] = i;
    }
}

enum { FAULT_TEXT = 400 };
struct fault {
    imp_status status;
    char text[FAULT_TEXT];
};

struct kit_batch {
    const imp_dataset *data;
    kit_input input;
    uint32_t target, most, n, width; /* width: targets of a sample */
    size_t size, made;               /* floats of a sample, and of what is made of it */
    float *pixels, *work, *prepared, *targets;
    double *attributes;
    uint32_t *labels;
    struct fault *faults;
    int64_t shape[4];
};

/* What one reading of a batch needs to know. */
struct reading {
    kit_batch *batch;
    const uint64_t *order;
    uint64_t first, epoch;
    const kit_augment *augment;
};

static uint32_t target_width(const kit_batch *b)
{
    return b->target == KIT_TARGET_CLASS        ? b->data->class_count
           : b->target == KIT_TARGET_ATTRIBUTES ? b->data->attribute_count
                                                : (uint32_t)b->made;
}

static void *room(size_t count, size_t n, size_t size)
{
    const size_t bytes = kit_bytes(kit_bytes(count, n), size);
    return bytes ? calloc(1, bytes) : NULL;
}

kit_batch *kit_batch_new(const imp_dataset *data, const kit_input *input, uint32_t target,
                         uint32_t most)
{
    kit_batch *b = calloc(1, sizeof *b);
    if (!b)
        return NULL;
    const uint32_t channels = input->channels ? input->channels : data->channels;
    const size_t plane = kit_bytes(data->height, data->width);
    *b = (kit_batch){.data = data,
                     .input = *input,
                     .target = target,
                     .most = most,
                     .size = kit_bytes(plane, data->channels),
                     .made = kit_bytes(plane, channels),
                     .shape = {0, channels, data->height, data->width}};
    b->width = target_width(b);
    b->pixels = room(most, b->size, sizeof *b->pixels);
    b->work = room(most, b->size, sizeof *b->work);
    b->prepared = input->prepare ? room(most, b->made, sizeof *b->prepared) : b->pixels;
    b->targets = room(most, b->width + 1u, sizeof *b->targets);
    b->attributes = room(most, data->attribute_count + 1u, sizeof *b->attributes);
    b->labels = room(most, 1, sizeof *b->labels);
    b->faults = room(most, 1, sizeof *b->faults);
    if (b->pixels && b->work && b->prepared && b->targets && b->attributes && b->labels &&
        b->faults)
        return b;
    kit_batch_free(b);
    return NULL;
}

void kit_batch_free(kit_batch *b)
{
    if (!b)
        return;
    if (b->prepared != b->pixels)
        free(b->prepared);
    free(b->pixels);
    free(b->work);
    free(b->targets);
    free(b->attributes);
    free(b->labels);
    free(b->faults);
    free(b);
}

/* A number to 0..1 by its range; a choice, or a number without a range, as it is. */
static float scaled(const imp_attribute *a, double v)
{
    return (float)(!a->choices && a->max > a->min ? (v - a->min) / (a->max - a->min) : v);
}

static void set_targets(kit_batch *b, uint32_t i)
{
    float *to = b->targets + (size_t)i * b->width;
    const double *attributes = b->attributes + (size_t)i * b->data->attribute_count;
    if (b->target == KIT_TARGET_PICTURE)
        memcpy(to, b->prepared + i * b->made, b->made * sizeof *to);
    for (uint32_t k = 0; b->target == KIT_TARGET_CLASS && k < b->width; k++)
        to[k] = k == b->labels[i];
    for (uint32_t k = 0; b->target == KIT_TARGET_ATTRIBUTES && k < b->width; k++)
        to[k] = scaled(&b->data->attributes[k], attributes[k]);
}

/* The class has to be there and known. */
static imp_status check_class(const kit_batch *b, uint64_t index, uint32_t label, imp_error *err)
{
    if (b->target != KIT_TARGET_CLASS || label < b->data->class_count)
        return IMP_OK;
    if (label == UINT32_MAX)
        return imp_fail(err, IMP_E_INPUT, "sample %" PRIu64 " of the data set has no class", index);
    return imp_fail(err, IMP_E_INPUT,
                    "sample %" PRIu64 " of the data set says class %u, but there are %u", index,
                    label, b->data->class_count);
}

static void read_one(void *user, uint32_t i) IMP_NX
{
    const struct reading *r = user;
    kit_batch *b = r->batch;
    struct fault *f = &b->faults[i];
    const uint64_t index = r->order ? r->order[r->first + i] : r->first + i;
    imp_error err = {sizeof err, sizeof f->text, f->text, -1, -1};
    float *pixels = b->pixels + i * b->size;
    imp_sample s = {sizeof s, UINT32_MAX, pixels, NULL,
                    b->attributes + (size_t)i * b->data->attribute_count};
    snprintf(f->text, sizeof f->text,
             "sample %" PRIu64 " of the data set could not be read or prepared", index);
    f->status = b->data->read(b->data, index, &s, &err);
    if (f->status == IMP_OK)
        f->status = check_class(b, index, s.label, &err);
    if (f->status != IMP_OK)
        return;
    b->labels[i] = s.label;
    if (r->augment)
        kit_augment_sample(r->augment, b->data->channels, b->data->height, b->data->width, r->epoch,
                           index, pixels, b->work + i * b->size);
    if (b->input.prepare)
        f->status = b->input.prepare(b->input.user, pixels, b->prepared + i * b->made);
    set_targets(b, i);
}

imp_status kit_batch_read(kit_batch *b, const uint64_t *order, uint64_t first, uint32_t n,
                          const kit_augment *augment, uint64_t epoch, imp_job *job, imp_error *err)
{
    struct reading r = {b, order, first, epoch, augment};
    b->n = n;
    b->shape[0] = n;
    const imp_status st = kit_parallel(job, n, read_one, &r);
    if (st != IMP_OK)
        return st;
    for (uint32_t i = 0; i < n; i++)
        if (b->faults[i].status != IMP_OK)
            return imp_fail(err, b->faults[i].status, "%s", b->faults[i].text);
    return IMP_OK;
}

imp_tensor kit_batch_input(kit_batch *b)
{
    return (imp_tensor){.head = {sizeof(imp_tensor), IMP_TENSOR},
                        .dtype = IMP_F32,
                        .ndim = 4,
                        .shape = b->shape,
                        .data = b->prepared};
}

const uint32_t *kit_batch_labels(const kit_batch *b)
{
    return b->labels;
}

const float *kit_batch_targets(const kit_batch *b, uint32_t *width)
{
    *width = b->width;
    return b->targets;
}
