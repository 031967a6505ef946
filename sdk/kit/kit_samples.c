/* kit_samples.c - samples of a data set as bytes in memory, or in a file without a name when there
 * are too many; imp_datasets that show them. */
#include <impasto/kit_data.h>
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/statvfs.h>
#include <unistd.h>

#define MOST_IN_MEMORY ((uint64_t)2 << 30)

struct owner {
    kit_samples samples;
    atomic_uint refs;
    void *room; /* pixels, then drawings */
    size_t bytes;
    bool mapped;
    char **class_names;
    imp_attribute *attributes;
};

struct view { /* one data set */
    imp_dataset as;
    kit_samples *samples;
    uint64_t *index; /* NULL: all of them */
};

/* ---- making and giving back ---- */

static uint64_t samples_of(const kit_form *f, uint32_t planes)
{
    const size_t one = kit_bytes(kit_bytes(f->width, f->height), planes);
    return f->count > SIZE_MAX ? 0 : kit_bytes(one, (size_t)f->count);
}

uint64_t kit_samples_bytes(const kit_form *f)
{
    return samples_of(f, f->channels + (f->has_lines ? 1 : 0));
}

static char *copy_text(const char *text)
{
    const size_t n = strlen(text) + 1;
    char *copy = malloc(n);
    return copy ? memcpy(copy, text, n) : NULL;
}

static bool copy_classes(struct owner *o, const kit_form *f)
{
    if (!f->class_count)
        return true;
    o->class_names = calloc(f->class_count, sizeof *o->class_names);
    bool fine = o->class_names != NULL;
    for (uint32_t i = 0; fine && i < f->class_count; i++)
        fine = (o->class_names[i] = copy_text(f->class_names[i])) != NULL;
    o->samples.form.class_names = (const char *const *)o->class_names;
    return fine;
}

static bool copy_attributes(struct owner *o, const kit_form *f)
{
    if (!f->attribute_count)
        return true;
    o->attributes = calloc(f->attribute_count, sizeof *o->attributes);
    bool fine = o->attributes != NULL;
    for (uint32_t i = 0; fine && i < f->attribute_count; i++) {
        imp_attribute *a = &o->attributes[i];
        *a = f->attributes[i];
        a->name = copy_text(f->attributes[i].name);
        a->choices = a->choices ? copy_text(f->attributes[i].choices) : NULL;
        fine = a->name && (a->choices || !f->attributes[i].choices);
        if (!fine)
            o->samples.form.attribute_count = i + 1; /* as many as are to be given back */
    }
    o->samples.form.attributes = o->attributes;
    return fine;
}

/* 0, or an errno. Where a file system cannot reserve, blocks are written: look first. */
static int reserve(int fd, size_t bytes)
{
    struct statvfs fs;
    if (!fstatvfs(fd, &fs) && (double)fs.f_bavail * (double)fs.f_frsize < (double)bytes)
        return ENOSPC;
    return posix_fallocate(fd, 0, (off_t)bytes);
}

/* A file without a name, so that nothing is left whatever happens; its blocks are there, or a full
 * disk would be a signal later. */
static imp_status nameless_file(size_t bytes, int *fd, imp_error *err)
{
    const char *folder = getenv("TMPDIR");
    char path[4096];
    const int n = snprintf(path, sizeof path, "%s/impasto-samples-XXXXXX",
                           folder && *folder ? folder : "/var/tmp");
    *fd = n > 0 && (size_t)n < sizeof path ? mkstemp(path) : -1;
    if (*fd < 0)
        return imp_fail(err, IMP_E_IO, "no file of %zu bytes can be made as %s: %s (set TMPDIR)",
                        bytes, path, strerror(errno));
    unlink(path);
    const int full = reserve(*fd, bytes);
    if (!full)
        return IMP_OK;
    close(*fd);
    return imp_fail(err, IMP_E_IO,
                    "samples of %zu bytes do not fit the folder of %s: %s (set TMPDIR, a smaller "
                    "size or a limit, or give more memory with --mem)",
                    bytes, path, strerror(full));
}

static imp_status room_for_samples(struct owner *o, uint64_t most, imp_error *err)
{
    if (o->bytes <= (most ? most : MOST_IN_MEMORY)) {
        o->room = malloc(o->bytes);
    } else {
        int fd;
        const imp_status st = nameless_file(o->bytes, &fd, err);
        if (st != IMP_OK)
            return st;
        o->room = mmap(NULL, o->bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
        close(fd);
        o->mapped = o->room != MAP_FAILED;
        o->room = o->mapped ? o->room : NULL;
    }
    return o->room ? IMP_OK
                   : imp_fail(err, IMP_E_MEMORY,
                              "no memory for samples of %zu bytes: set a smaller size or a limit",
                              o->bytes);
}

static imp_status fill_owner(struct owner *o, const kit_form *f, uint64_t most, imp_error *err)
{
    kit_samples *s = &o->samples;
    const size_t n = (size_t)f->count, numbers = kit_bytes(n, f->attribute_count);
    s->labels = malloc(kit_bytes(n, sizeof *s->labels));
    s->attributes = f->attribute_count ? malloc(kit_bytes(numbers, sizeof *s->attributes)) : NULL;
    if (!copy_classes(o, f) || !copy_attributes(o, f) || !s->labels ||
        (f->attribute_count && (!s->attributes || !numbers)))
        return imp_fail(err, IMP_E_MEMORY, "no memory for the labels of %zu samples", n);
    const imp_status st = room_for_samples(o, most, err);
    if (st != IMP_OK)
        return st;
    memset(s->labels, 0xff, n * sizeof *s->labels);
    for (size_t i = 0; i < numbers; i++)
        s->attributes[i] = NAN;
    s->pixels = o->room;
    s->lines = f->has_lines ? s->pixels + samples_of(f, f->channels) : NULL;
    return IMP_OK;
}

imp_status kit_samples_new(const kit_form *f, uint64_t most, kit_samples **out, imp_error *err)
{
    const uint64_t bytes = kit_samples_bytes(f);
    if (!bytes || bytes > SIZE_MAX / 4)
        return imp_fail(err, IMP_E_LIMIT,
                        "%llu samples of %u x %u with %u channels: more than can be counted",
                        (unsigned long long)f->count, f->width, f->height, f->channels);
    struct owner *o = calloc(1, sizeof *o);
    if (!o)
        return imp_fail(err, IMP_E_MEMORY, "no memory for a data set");
    o->samples.form = *f;
    o->samples.owner = o;
    o->bytes = (size_t)bytes;
    atomic_init(&o->refs, 1);
    const imp_status st = fill_owner(o, f, most, err);
    if (st == IMP_OK)
        *out = &o->samples;
    else
        kit_samples_release(&o->samples);
    return st;
}

void kit_samples_release(kit_samples *s)
{
    struct owner *o = s ? s->owner : NULL;
    if (!o || atomic_fetch_sub_explicit(&o->refs, 1, memory_order_acq_rel) > 1)
        return;
    for (uint32_t i = 0; o->class_names && i < s->form.class_count; i++)
        free(o->class_names[i]);
    for (uint32_t i = 0; o->attributes && i < s->form.attribute_count; i++) {
        union { const char *in; char *out; } name = {o->attributes[i].name},
                                             choices = {o->attributes[i].choices};
        free(name.out);
        free(choices.out);
    }
    free(o->class_names);
    free(o->attributes);
    free(s->labels);
    free(s->attributes);
    if (o->mapped)
        munmap(o->room, o->bytes);
    else
        free(o->room);
    free(o);
}

/* ---- filling ---- */

KIT_CLONES static void to_bytes(const float *restrict in, uint8_t *restrict out, uint32_t n)
{
    for (uint32_t x = 0; x < n; x++) {
        float v = in[x] > 0.0f ? in[x] : 0.0f; /* NaN too */
        v = v < 1.0f ? v : 1.0f;
        out[x] = (uint8_t)(int32_t)(v * 255.0f + 0.5f);
    }
}

static void put_planes(const imp_image *m, uint8_t *out, uint32_t planes)
{
    for (uint32_t c = 0; c < planes; c++)
        for (uint32_t y = 0; y < m->height; y++, out += m->width)
            to_bytes(imp_row(m, c, y), out, m->width);
}

void kit_samples_put(kit_samples *s, uint64_t i, const imp_image *m)
{
    const size_t one = (size_t)s->form.channels * s->form.height * s->form.width;
    put_planes(m, s->pixels + i * one, s->form.channels);
}

void kit_samples_put_lines(kit_samples *s, uint64_t i, const imp_image *m)
{
    put_planes(m, s->lines + i * s->form.height * s->form.width, 1);
}

/* ---- reading ---- */

/* Divisions: correctly rounded, the floats that the picture readers give. */
KIT_CLONES static void to_floats(const uint8_t *restrict in, float *restrict out, size_t n)
{
    for (size_t i = 0; i < n; i++)
        out[i] = (float)in[i] / 255.0f;
}

static imp_status read_sample(const imp_dataset *set, uint64_t index, imp_sample *out,
                              imp_error *err) IMP_NX
{
    const struct view *v = (const struct view *)(const void *)set;
    const kit_samples *s = v->samples;
    if (index >= set->count)
        return imp_fail(err, IMP_E_INPUT, "sample %llu was asked for; there are %llu, from 0",
                        (unsigned long long)index, (unsigned long long)set->count);
    const uint64_t i = v->index ? v->index[index] : index;
    const size_t plane = (size_t)set->height * set->width, numbers = set->attribute_count;
    if (out->pixels)
        to_floats(s->pixels + i * plane * set->channels, out->pixels, plane * set->channels);
    if (out->lines && s->lines)
        to_floats(s->lines + i * plane, out->lines, plane);
    if (out->attributes && numbers)
        memcpy(out->attributes, s->attributes + i * numbers, numbers * sizeof(double));
    out->label = s->labels[i];
    return IMP_OK;
}

static void drop_view(void *object) IMP_NX
{
    struct view *v = object;
    kit_samples_release(v->samples);
    free(v->index);
    free(v);
}

imp_object *kit_samples_object(imp_job *job, kit_samples *s, const uint64_t *index, uint64_t count)
{
    struct owner *o = s->owner;
    const kit_form *f = &s->form;
    struct view *v = calloc(1, sizeof *v);
    uint64_t *own = v && index ? malloc(kit_bytes((size_t)count, sizeof *own)) : NULL;
    if (!v || (index && !own)) {
        free(v);
        return NULL;
    }
    if (own)
        memcpy(own, index, (size_t)count * sizeof *own);
    atomic_fetch_add_explicit(&o->refs, 1, memory_order_relaxed);
    *v = (struct view){
        .as = {.struct_size = sizeof v->as, .flags = f->has_lines ? IMP_DATASET_LINES : 0,
               .count = index ? count : f->count, .channels = f->channels, .height = f->height,
               .width = f->width, .class_count = f->class_count,
               .attribute_count = f->attribute_count, .class_names = f->class_names,
               .attributes = f->attributes, .read = read_sample},
        .samples = s, .index = own,
    };
    return job->new_object(job, IMP_DATASET_TYPE, v, drop_view);
}

/* ---- train and test ---- */

static imp_status set_part(imp_job *job, kit_samples *s, uint32_t port, const uint8_t *test,
                           uint64_t *index, int32_t param, imp_error *err)
{
    static const char *const names[] = {"train", "test"};
    uint64_t n = 0;
    for (uint64_t i = 0; i < s->form.count; i++)
        if ((test[i] != 0) == (port == 1))
            index[n++] = i;
    if (!n && !(job->wanted >> port & 1))
        return IMP_OK;
    if (!n) {
        if (err)
            err->param = param;
        return imp_fail(err, IMP_E_PARAM,
                        "'%s' is wanted, but none of the %llu samples goes there: set test_share "
                        "between 0 and 1",
                        names[port], (unsigned long long)s->form.count);
    }
    imp_object *o = kit_samples_object(job, s, n == s->form.count ? NULL : index, n);
    if (!o)
        return IMP_E_MEMORY;
    return job->set_output(job, port, &o->head);
}

imp_status kit_samples_split(imp_job *job, kit_samples *s, const uint8_t *test, double share,
                             uint64_t seed, int32_t param, imp_error *err)
{
    const uint64_t n = s->form.count;
    uint64_t *index = job->scratch(job, n * sizeof *index);
    uint8_t *picked = index ? job->scratch(job, n) : NULL;
    if (!picked)
        return IMP_E_MEMORY;
    imp_status st = test ? IMP_OK : kit_pick(seed, s->labels, n, kit_share(n, share), picked);
    for (uint32_t port = 0; port < 2 && st == IMP_OK; port++)
        st = set_part(job, s, port, test ? test : picked, index, param, err);
    return st;
}
