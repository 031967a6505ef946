/* minivalue.c - values of the mini host: guarded, poisoned, reference counted. */
#define _DEFAULT_SOURCE /* MAP_ANONYMOUS */
#include "minihost.h"
#include "minipriv.h"
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include "heap.h"

enum { GUARD = 64, ROW_PAD = 5, PLANE_PAD = 7 };
static const uint32_t poison = 0x7ff5a5a5u; /* a quiet NaN that no arithmetic makes */

struct mini_value {
    union {
        imp_value head;
        imp_image image;
        imp_tensor tensor;
        imp_table table;
        imp_object object;
    } as;
    unsigned refs;
    size_t bytes;  /* of base, guards included */
    size_t mapped; /* of base's pages, when mini_protect made them; else 0 */
    unsigned char *base;
    int64_t shape[8];
    char *name;
    imp_column *columns;
    imp_cell *cells;
    size_t capacity;
    void (*drop)(void *) IMP_NX;
};

void *mini_alloc(size_t n, size_t size)
{
    heap_host(1);
    void *p = calloc(n ? n : 1, size ? size : 1);
    heap_host(-1);
    if (!p) {
        fputs("mini host: out of memory\n", stderr);
        abort();
    }
    return p;
}

char *mini_strdup(const char *text)
{
    size_t n = strlen(text) + 1;
    return memcpy(mini_alloc(n, 1), text, n);
}

static struct mini_value *value_of(const imp_value *v)
{
    union {
        const imp_value *in;
        struct mini_value *out;
    } to = {.in = v};
    return to.out;
}

static struct mini_value *value_new(uint32_t size, uint32_t kind)
{
    struct mini_value *v = mini_alloc(1, sizeof *v);
    v->as.head = (imp_value){size, kind};
    v->refs = 1;
    return v;
}

static void fill_poison(struct mini_value *v)
{
    for (size_t i = 0; i + 4 <= v->bytes; i += 4)
        memcpy(v->base + i, &poison, 4);
}

imp_image *mini_image(uint32_t width, uint32_t height, uint32_t channels, uint32_t colour)
{
    struct mini_value *v = value_new(sizeof(imp_image), IMP_IMAGE);
    imp_image *m = &v->as.image;
    m->width = width, m->height = height, m->channels = channels, m->colour = colour;
    m->row = (int64_t)width + ROW_PAD;
    m->plane = m->row * height + PLANE_PAD;
    v->bytes = ((size_t)(m->plane * channels) + 2 * GUARD) * sizeof(float);
    v->base = mini_alloc(1, v->bytes);
    fill_poison(v);
    m->data = (float *)(void *)v->base + GUARD;
    return m;
}

imp_image *mini_gradient(uint32_t width, uint32_t height, uint32_t channels, uint32_t colour)
{
    imp_image *m = mini_image(width, height, channels, colour);
    for (uint32_t c = 0; c < channels; c++)
        for (uint32_t y = 0; y < height; y++)
            for (uint32_t x = 0; x < width; x++) {
                const float u = (float)(x + 1) / (float)(width + 1),
                            w = (float)(y + 1) / (float)(height + 1);
                const float k = 0.25f + 0.15f * (float)c;
                imp_row_out(m, c, y)[x] = k * u + (1 - k) * w;
            }
    return m;
}

uint64_t mini_mix(uint64_t x)
{
    x += 0x9e3779b97f4a7c15u;
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
    return x ^ (x >> 31);
}

imp_image *mini_noise(uint32_t width, uint32_t height, uint32_t channels, uint32_t colour,
                      uint64_t seed)
{
    imp_image *m = mini_image(width, height, channels, colour);
    uint64_t i = mini_mix(seed);
    for (uint32_t c = 0; c < channels; c++)
        for (uint32_t y = 0; y < height; y++)
            for (uint32_t x = 0; x < width; x++)
                imp_row_out(m, c, y)[x] = (float)(mini_mix(i++) >> 40) / 16777216.0f;
    return m;
}

imp_image *mini_constant(uint32_t width, uint32_t height, uint32_t channels, uint32_t colour,
                         float value)
{
    imp_image *m = mini_image(width, height, channels, colour);
    for (uint32_t c = 0; c < channels; c++)
        for (uint32_t y = 0; y < height; y++)
            for (uint32_t x = 0; x < width; x++)
                imp_row_out(m, c, y)[x] = value;
    return m;
}

static size_t element_size(uint32_t dtype)
{
    switch (dtype) {
    case IMP_F32:
    case IMP_I32:
        return 4;
    case IMP_F64:
    case IMP_I64:
        return 8;
    case IMP_U8:
        return 1;
    default:
        return 0;
    }
}

imp_tensor *mini_tensor_blank(uint32_t dtype, uint32_t ndim, const int64_t *shape, const char *name)
{
    size_t n = element_size(dtype);
    if (n == 0 || ndim > 8)
        return NULL;
    for (uint32_t i = 0; i < ndim; i++) {
        if (shape[i] < 0 || (shape[i] > 0 && n > ((size_t)1 << 40) / (size_t)shape[i]))
            return NULL;
        n *= (size_t)shape[i];
    }
    struct mini_value *v = value_new(sizeof(imp_tensor), IMP_TENSOR);
    for (uint32_t i = 0; i < ndim; i++)
        v->shape[i] = shape[i];
    v->bytes = (n + 3) / 4 * 4 + 2 * GUARD * sizeof(float);
    v->base = mini_alloc(1, v->bytes);
    fill_poison(v);
    v->name = name ? mini_strdup(name) : NULL;
    v->as.tensor.dtype = dtype, v->as.tensor.ndim = ndim;
    v->as.tensor.shape = v->shape, v->as.tensor.name = v->name;
    v->as.tensor.data = v->base + GUARD * sizeof(float);
    return &v->as.tensor;
}

static size_t tensor_count(const imp_tensor *t)
{
    size_t n = 1;
    for (uint32_t i = 0; i < t->ndim; i++)
        n *= (size_t)t->shape[i];
    return n;
}

imp_tensor *mini_tensor(uint32_t dtype, uint32_t ndim, const int64_t *shape, const char *name)
{
    imp_tensor *t = mini_tensor_blank(dtype, ndim, shape, name);
    if (!t)
        return NULL;
    for (size_t i = 0, n = tensor_count(t); i < n; i++) {
        const uint64_t r = mini_mix(i);
        switch (dtype) {
        case IMP_F32:
            ((float *)t->data)[i] = (float)(r >> 40) / 16777216.0f;
            break;
        case IMP_F64:
            ((double *)t->data)[i] = (double)(r >> 11) / 9007199254740992.0;
            break;
        case IMP_I32:
            ((int32_t *)t->data)[i] = (int32_t)(r & 255);
            break;
        case IMP_I64:
            ((int64_t *)t->data)[i] = (int64_t)(r & 255);
            break;
        default:
            ((uint8_t *)t->data)[i] = (uint8_t)r;
            break;
        }
    }
    return t;
}

imp_table *mini_table(uint32_t column_count, const imp_column *columns)
{
    struct mini_value *v = value_new(sizeof(imp_table), IMP_TABLE);
    v->columns = mini_alloc(column_count, sizeof *columns);
    for (uint32_t i = 0; i < column_count; i++) {
        v->columns[i] = columns[i];
        v->columns[i].name = mini_strdup(columns[i].name);
        v->columns[i].unit = columns[i].unit ? mini_strdup(columns[i].unit) : NULL;
    }
    v->as.table.column_count = column_count;
    v->as.table.columns = v->columns;
    return &v->as.table;
}

/* Copies what a cell points to; blocks are freed one by one in cell_free. */
static imp_cell cell_copy(imp_cell c, uint32_t type)
{
    if (type == IMP_TEXT || type == IMP_PATH) {
        char *s = mini_alloc(c.s.len + 1, 1);
        if (c.s.len)
            memcpy(s, c.s.ptr, c.s.len);
        c.s.ptr = s;
    } else if (type == IMP_NUMBERS || type == IMP_COLOUR) {
        double *d = mini_alloc(c.n.count, sizeof *d);
        if (c.n.count)
            memcpy(d, c.n.ptr, c.n.count * sizeof *d);
        c.n.ptr = d;
    } else if (type == IMP_NAMES) {
        const char **w = mini_alloc(c.w.count, sizeof *w);
        for (uint64_t i = 0; i < c.w.count; i++)
            w[i] = mini_strdup(c.w.ptr[i]);
        c.w.ptr = w;
    }
    return c;
}

static void free_const(const void *p)
{
    union {
        const void *in;
        void *out;
    } to = {.in = p};
    free(to.out);
}

static void cell_free(imp_cell c, uint32_t type)
{
    if (type == IMP_TEXT || type == IMP_PATH)
        free_const(c.s.ptr);
    else if (type == IMP_NUMBERS || type == IMP_COLOUR)
        free_const(c.n.ptr);
    else if (type == IMP_NAMES) {
        for (uint64_t i = 0; i < c.w.count; i++)
            free_const(c.w.ptr[i]);
        free_const(c.w.ptr);
    }
}

void mini_row(imp_table *t, const imp_cell *cells)
{
    struct mini_value *v = value_of(&t->head);
    const size_t used = (size_t)t->row_count * t->column_count;
    if (used + t->column_count > v->capacity) {
        imp_cell *more =
            mini_alloc(v->capacity = 2 * used + 16 * (size_t)t->column_count, sizeof *more);
        if (used)
            memcpy(more, v->cells, used * sizeof *more);
        free(v->cells);
        v->cells = more;
    }
    for (uint32_t i = 0; i < t->column_count; i++)
        v->cells[used + i] = cell_copy(cells[i], v->columns[i].type);
    t->cells = v->cells;
    t->row_count++;
}

imp_object *mini_object(const char *type, const char *provider, void *object,
                        void (*drop)(void *) IMP_NX)
{
    struct mini_value *v = value_new(sizeof(imp_object), IMP_OBJECT);
    v->name = mini_strdup(type);
    v->as.object.type = v->name;
    v->as.object.provider = provider;
    v->as.object.object = object;
    v->drop = drop;
    return &v->as.object;
}

const imp_value *mini_retain(const imp_value *value)
{
    if (value)
        value_of(value)->refs++;
    return value;
}

static void table_fini(struct mini_value *v)
{
    for (uint64_t r = 0; r < v->as.table.row_count; r++)
        for (uint32_t i = 0; i < v->as.table.column_count; i++)
            cell_free(v->cells[r * v->as.table.column_count + i], v->columns[i].type);
    for (uint32_t i = 0; i < v->as.table.column_count; i++) {
        free_const(v->columns[i].name);
        free_const(v->columns[i].unit);
    }
    free(v->columns);
    free(v->cells);
}

void mini_release(const imp_value *value)
{
    struct mini_value *v = value ? value_of(value) : NULL;
    if (!v || --v->refs)
        return;
    if (value->kind == IMP_TABLE)
        table_fini(v);
    if (value->kind == IMP_OBJECT && v->drop)
        v->drop(v->as.object.object);
    if (v->mapped)
        munmap(v->base, v->mapped);
    else
        free(v->base);
    free(v->name);
    free(v);
}

const void *mini_protect(const imp_value *value, size_t *size)
{
    struct mini_value *v = value_of(value);
    if (!v->base || v->mapped)
        return NULL;
    unsigned char *pages =
        mmap(NULL, v->bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (pages == MAP_FAILED)
        return NULL;
    memcpy(pages, v->base, v->bytes);
    if (value->kind == IMP_IMAGE)
        v->as.image.data = (float *)(void *)pages + GUARD;
    else
        v->as.tensor.data = pages + GUARD * sizeof(float);
    free(v->base);
    v->base = pages;
    *size = v->mapped = v->bytes;
    mprotect(pages, v->bytes, PROT_READ);
    return pages;
}

static bool same_cell(imp_cell a, imp_cell b, uint32_t type)
{
    if (type == IMP_TEXT || type == IMP_PATH)
        return a.s.len == b.s.len && memcmp(a.s.ptr, b.s.ptr, a.s.len) == 0;
    if (type == IMP_NUMBERS || type == IMP_COLOUR)
        return a.n.count == b.n.count && memcmp(a.n.ptr, b.n.ptr, a.n.count * sizeof(double)) == 0;
    if (type == IMP_NAMES) {
        bool same = a.w.count == b.w.count;
        for (uint64_t i = 0; same && i < a.w.count; i++)
            same = strcmp(a.w.ptr[i], b.w.ptr[i]) == 0;
        return same;
    }
    return a.i == b.i;
}

/* Does the column hold measured times? They differ from run to run, and that is no fault. */
static bool is_time(const imp_column *c)
{
    return c->unit && (strcmp(c->unit, "ms") == 0 || strcmp(c->unit, "s") == 0);
}

static bool same_table(const imp_table *a, const imp_table *b)
{
    if (a->column_count != b->column_count || a->row_count != b->row_count)
        return false;
    for (uint32_t i = 0; i < a->column_count; i++)
        if (strcmp(a->columns[i].name, b->columns[i].name) != 0 ||
            a->columns[i].type != b->columns[i].type)
            return false;
    for (uint64_t i = 0; i < a->row_count * a->column_count; i++)
        if (!is_time(&a->columns[i % a->column_count]) &&
            !same_cell(a->cells[i], b->cells[i], a->columns[i % a->column_count].type))
            return false;
    return true;
}

static bool same_image(const imp_image *a, const imp_image *b)
{
    if (a->width != b->width || a->height != b->height || a->channels != b->channels ||
        a->colour != b->colour)
        return false;
    for (uint32_t c = 0; c < a->channels; c++)
        for (uint32_t y = 0; y < a->height; y++)
            if (memcmp(imp_row(a, c, y), imp_row(b, c, y), a->width * sizeof(float)) != 0)
                return false;
    return true;
}

static bool same_tensor(const imp_tensor *a, const imp_tensor *b)
{
    if (a->dtype != b->dtype || a->ndim != b->ndim ||
        memcmp(a->shape, b->shape, a->ndim * sizeof *a->shape) != 0)
        return false;
    return memcmp(a->data, b->data, tensor_count(a) * element_size(a->dtype)) == 0;
}

bool mini_same(const imp_value *a, const imp_value *b)
{
    const struct mini_value *x = value_of(a), *y = value_of(b);
    if (a->kind != b->kind)
        return false;
    switch (a->kind) {
    case IMP_IMAGE:
        return same_image(&x->as.image, &y->as.image);
    case IMP_TENSOR:
        return same_tensor(&x->as.tensor, &y->as.tensor);
    case IMP_TABLE:
        return same_table(&x->as.table, &y->as.table);
    default:
        return a == b;
    }
}

double mini_difference(const imp_image *a, const imp_image *b)
{
    double most = 0;
    if (a->width != b->width || a->height != b->height || a->channels != b->channels)
        return INFINITY;
    for (uint32_t c = 0; c < a->channels; c++)
        for (uint32_t y = 0; y < a->height; y++)
            for (uint32_t x = 0; x < a->width; x++) {
                const double d = fabs((double)imp_row(a, c, y)[x] - (double)imp_row(b, c, y)[x]);
                if (!(d <= most))
                    most = isnan(d) ? INFINITY : d;
            }
    return most;
}

uint64_t mini_fingerprint(const imp_value *value)
{
    const struct mini_value *v = value_of(value);
    uint64_t h = 0xcbf29ce484222325u ^ value->kind;
    for (size_t i = 0; i + 4 <= v->bytes; i += 4) {
        uint32_t word;
        memcpy(&word, v->base + i, 4);
        h = (h ^ word) * 0x100000001b3u;
    }
    for (size_t i = 0; v->cells && i < v->as.table.row_count * v->as.table.column_count; i++)
        h = (h ^ (uint64_t)v->cells[i].i) * 0x100000001b3u;
    return h;
}

static uint64_t hash_bytes(uint64_t h, const void *data, size_t size)
{
    for (const unsigned char *p = data, *end = p + size; p < end; p++)
        h = (h ^ *p) * 0x100000001b3u;
    return h;
}

static uint64_t hash_cell(uint64_t h, imp_cell c, uint32_t type)
{
    if (type == IMP_TEXT || type == IMP_PATH)
        return hash_bytes(h, c.s.ptr, (size_t)c.s.len);
    if (type == IMP_NUMBERS || type == IMP_COLOUR)
        return hash_bytes(h, c.n.ptr, (size_t)c.n.count * sizeof *c.n.ptr);
    if (type != IMP_NAMES)
        return hash_bytes(h, &c.i, sizeof c.i);
    for (uint64_t i = 0; i < c.w.count; i++)
        h = hash_bytes(h, c.w.ptr[i], strlen(c.w.ptr[i]) + 1);
    return h;
}

uint64_t mini_content(const imp_value *value)
{
    const struct mini_value *v = value_of(value);
    const imp_image *m = &v->as.image;
    const imp_table *t = &v->as.table;
    uint64_t h = 0xcbf29ce484222325u ^ value->kind;
    if (value->kind == IMP_IMAGE)
        for (uint32_t i = 0; i < m->channels * m->height; i++)
            h = hash_bytes(h, imp_row(m, i / m->height, i % m->height), m->width * sizeof(float));
    if (value->kind == IMP_TENSOR)
        h = hash_bytes(h, v->as.tensor.data,
                       tensor_count(&v->as.tensor) * element_size(v->as.tensor.dtype));
    for (uint64_t i = 0; value->kind == IMP_TABLE && i < t->row_count * t->column_count; i++)
        if (!is_time(&t->columns[i % t->column_count]))
            h = hash_cell(h, t->cells[i], t->columns[i % t->column_count].type);
    return h;
}

static bool is_poison(const float *p)
{
    return memcmp(p, &poison, sizeof *p) == 0;
}

static const char *sample_damage(const imp_image *m, bool finite, char *buf, size_t size)
{
    for (uint32_t c = 0; c < m->channels; c++)
        for (uint32_t y = 0; y < m->height; y++)
            for (uint32_t x = 0; x < m->width; x++) {
                const float *p = imp_row(m, c, y) + x;
                const char *what = is_poison(p)
                                       ? "was never written, or is made of the padding of a row"
                                   : isnan(*p) ? "is NaN"
                                               : "is infinite";
                if (is_poison(p) || (finite && !isfinite(*p))) {
                    snprintf(buf, size,
                             "sample (channel %" PRIu32 ", y %" PRIu32 ", x %" PRIu32
                             ") of %" PRIu32 " x %" PRIu32 " %s",
                             c, y, x, m->width, m->height, what);
                    return buf;
                }
            }
    return NULL;
}

/* The first float of [from, to) that is not poison, or NULL. */
static const float *first_written(const float *from, const float *to)
{
    while (from < to && is_poison(from))
        from++;
    return from < to ? from : NULL;
}

static const char *image_overrun(const struct mini_value *v, char *buf, size_t size)
{
    const imp_image *m = &v->as.image;
    const float *base = (const float *)(const void *)v->base, *end = base + v->bytes / sizeof *base;
    const float *found = NULL, *free_from = base; /* all before free_from has been looked at */
    for (uint32_t c = 0; c < m->channels && !found; c++)
        for (uint32_t y = 0; y < m->height && !found; y++) {
            found = first_written(free_from, imp_row(m, c, y));
            free_from = imp_row(m, c, y) + m->width;
        }
    if (!found)
        found = first_written(free_from, end);
    if (!found)
        return NULL;
    const int64_t i = found - m->data;
    snprintf(buf, size,
             "memory beside the samples was written: %" PRId64 " floats %s the first sample%s",
             i < 0 ? -i : i, i < 0 ? "before" : "after",
             i < 0 ? "" : " (padding of a row, or the end)");
    return buf;
}

static const char *tensor_overrun(const struct mini_value *v, char *buf, size_t size)
{
    const imp_tensor *t = &v->as.tensor;
    const size_t used = tensor_count(t) * element_size(t->dtype);
    const unsigned char *after = (const unsigned char *)t->data + (used + 3) / 4 * 4;
    for (size_t i = 0; i < GUARD; i++)
        if (!is_poison((const float *)(const void *)v->base + i) ||
            memcmp(after + 4 * i, &poison, 4) != 0) {
            snprintf(buf, size, "memory beside the tensor was written");
            return buf;
        }
    return NULL;
}

static const char *tensor_damage(const imp_tensor *t, bool finite, char *buf, size_t size)
{
    for (size_t i = 0, n = tensor_count(t); t->dtype == IMP_F32 && i < n; i++) {
        const float *p = (const float *)t->data + i;
        if (is_poison(p) || (finite && !isfinite(*p))) {
            snprintf(buf, size, "element %zu of the tensor %s", i,
                     is_poison(p) ? "was never written" : "is not finite");
            return buf;
        }
    }
    return NULL;
}

const char *mini_overrun(const imp_value *value, char *buf, size_t size)
{
    if (value->kind == IMP_IMAGE)
        return image_overrun(value_of(value), buf, size);
    if (value->kind == IMP_TENSOR)
        return tensor_overrun(value_of(value), buf, size);
    return NULL;
}

const char *mini_damage(const imp_value *value, bool finite, char *buf, size_t size)
{
    const struct mini_value *v = value_of(value);
    if (mini_overrun(value, buf, size))
        return buf;
    if (value->kind == IMP_IMAGE)
        return sample_damage(&v->as.image, finite, buf, size);
    if (value->kind == IMP_TENSOR)
        return tensor_damage(&v->as.tensor, finite, buf, size);
    return NULL;
}
