/* value.c - reference-counted images, tensors, tables and objects. Files of them: value_file.c. */
#include "value.h"

#include <impasto/kit.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum { ROW_UNIT = 16, MOST_SIDE = 65536, MOST_RANK = 64, MOST_COLUMNS = 65536 };

/* ---- metadata ---- */

struct meta *meta_new(void)
{
    struct meta *m = calloc(1, sizeof *m);
    if (m)
        atomic_init(&m->refs, 1);
    return m;
}

struct meta *meta_retain(struct meta *m)
{
    if (m)
        atomic_fetch_add_explicit(&m->refs, 1, memory_order_relaxed);
    return m;
}

void meta_release(struct meta *m)
{
    if (!m || atomic_fetch_sub_explicit(&m->refs, 1, memory_order_acq_rel) > 1)
        return;
    free(m->stem);
    free(m->exif.data);
    free(m->xmp.data);
    free(m->icc.data);
    free(m);
}

/* ---- any value ---- */

static struct value *value_new(struct memory *memory, uint32_t kind, size_t head)
{
    struct value *v = calloc(1, sizeof *v);
    if (!v)
        return NULL;
    v->as.head = (imp_value){(uint32_t)head, kind};
    v->memory = memory;
    atomic_init(&v->refs, 1);
    return v;
}

struct value *value_of(const imp_value *head)
{
    return (struct value *)(uintptr_t)head; /* `as` is the first member */
}

struct value *value_retain(struct value *v)
{
    if (v)
        atomic_fetch_add_explicit(&v->refs, 1, memory_order_relaxed);
    return v;
}

static void free_table(void *extra);

static void destroy(struct value *v)
{
    switch (v->as.head.kind) {
    case IMP_IMAGE:
        if (v->extra)
            munmap(v->extra, v->bytes);
        else if (!v->owner)
            memory_give(v->memory, v->as.image.data, v->bytes);
        break;
    case IMP_TENSOR:
        memory_give(v->memory, v->as.tensor.data, v->bytes);
        free(v->extra);
        break;
    case IMP_TABLE:
        free_table(v->extra);
        break;
    case IMP_OBJECT:
        if (v->drop && v->as.object.object)
            v->drop(v->as.object.object);
        free(v->extra);
        break;
    }
    meta_release(v->meta);
    free(v);
}

void value_release(struct value *v)
{
    while (v && atomic_fetch_sub_explicit(&v->refs, 1, memory_order_acq_rel) == 1) {
        struct value *owner = v->owner;
        destroy(v);
        v = owner;
    }
}

/* ---- images ---- */

/* All but the samples. */
static struct value *image_frame(struct memory *memory, uint32_t width, uint32_t height,
                                 uint32_t channels, uint32_t colour)
{
    if (!width || !height || width > MOST_SIDE || height > MOST_SIDE ||
        (channels != 1 && channels != 3 && channels != 4) || colour < IMP_SRGB || colour > IMP_DATA)
        return NULL;
    struct value *v = value_new(memory, IMP_IMAGE, sizeof v->as.image);
    if (!v)
        return NULL;
    imp_image *m = &v->as.image;
    m->width = width;
    m->height = height;
    m->channels = channels;
    m->colour = colour;
    m->row = ((int64_t)width + ROW_UNIT - 1) / ROW_UNIT * ROW_UNIT;
    m->plane = m->row * height; /* at most 2^32 */
    v->bytes = (size_t)m->plane * channels * sizeof(float);
    return v;
}

struct value *value_image(struct memory *memory, uint32_t width, uint32_t height, uint32_t channels,
                          uint32_t colour)
{
    struct value *v = image_frame(memory, width, height, channels, colour);
    if (v && !(v->as.image.data = memory_take(memory, v->bytes))) {
        free(v);
        return NULL;
    }
    return v;
}

struct value *value_mapped(uint32_t width, uint32_t height, uint32_t channels, uint32_t colour,
                           void *map, size_t bytes, float *data)
{
    struct value *v = image_frame(NULL, width, height, channels, colour);
    if (v) {
        v->as.image.data = data;
        v->extra = map;
        v->bytes = bytes;
    }
    return v;
}

struct value *value_image_at(struct memory *memory, const imp_image *image, size_t bytes)
{
    struct value *v =
        image_frame(memory, image->width, image->height, image->channels, image->colour);
    if (v) {
        v->as.image = *image;
        v->as.head = (imp_value){(uint32_t)sizeof v->as.image, IMP_IMAGE};
        v->bytes = bytes;
    }
    return v;
}

struct value *value_planes(struct value *image, uint32_t first, uint32_t channels)
{
    const imp_image *m = &image->as.image;
    if (image->as.head.kind != IMP_IMAGE || !channels || first >= m->channels ||
        channels > m->channels - first)
        return NULL;
    struct value *v = value_new(NULL, IMP_IMAGE, sizeof v->as.image);
    if (!v)
        return NULL;
    v->as.image = *m;
    v->as.image.channels = channels;
    v->as.image.data = m->data + (int64_t)first * m->plane;
    v->owner = value_retain(image);
    v->meta = meta_retain(image->meta);
    v->sealed = true;
    return v;
}

/* ---- tensors ---- */

static size_t item_size(uint32_t dtype)
{
    static const unsigned char size[] = {0, 4, 8, 4, 8, 1};
    return dtype >= IMP_F32 && dtype <= IMP_U8 ? size[dtype] : 0;
}

static bool tensor_bytes(uint32_t dtype, uint32_t ndim, const int64_t *shape, size_t *bytes)
{
    size_t n = item_size(dtype);
    if (!n || ndim > MOST_RANK || (ndim && !shape))
        return false;
    for (uint32_t i = 0; i < ndim; i++) {
        if (shape[i] < 0 || (shape[i] && n > (SIZE_MAX >> 2) / (size_t)shape[i]))
            return false;
        n *= (size_t)shape[i];
    }
    *bytes = n;
    return true;
}

struct value *value_tensor_at(struct memory *memory, uint32_t dtype, uint32_t ndim,
                              const int64_t *shape, const char *name, void *data)
{
    size_t bytes;
    if (!tensor_bytes(dtype, ndim, shape, &bytes))
        return NULL;
    struct value *v = value_new(memory, IMP_TENSOR, sizeof v->as.tensor);
    if (!v)
        return NULL;
    const size_t axes = ndim * sizeof *shape, letters = name ? strlen(name) + 1 : 0;
    v->bytes = bytes;
    v->extra = malloc(axes + letters + 1);
    v->as.tensor.data = data || !v->extra ? data : memory_take(memory, bytes);
    if (!v->extra || !v->as.tensor.data) {
        free(v->extra);
        free(v);
        return NULL;
    }
    if (axes)
        memcpy(v->extra, shape, axes);
    if (name)
        memcpy((char *)v->extra + axes, name, letters);
    v->as.tensor.dtype = dtype;
    v->as.tensor.ndim = ndim;
    v->as.tensor.shape = v->extra;
    v->as.tensor.name = name ? (char *)v->extra + axes : NULL;
    return v;
}

struct value *value_tensor(struct memory *memory, uint32_t dtype, uint32_t ndim,
                           const int64_t *shape, const char *name)
{
    return value_tensor_at(memory, dtype, ndim, shape, name, NULL);
}

/* ---- tables: everything a row points to is copied into chunks that live as long as the table ----
 */

struct chunk {
    struct chunk *next;
    size_t used, size;
    _Alignas(16) char data[];
};
struct rows {
    struct chunk *chunks;
    imp_cell *cells;
    uint64_t capacity; /* rows */
};

static void free_table(void *extra)
{
    struct rows *t = extra;
    for (struct chunk *c = t ? t->chunks : NULL; c;) {
        struct chunk *next = c->next;
        free(c);
        c = next;
    }
    if (t)
        free(t->cells);
    free(t);
}

static void *room(struct rows *t, size_t size)
{
    const size_t need = (size + 15) / 16 * 16;
    if (size > SIZE_MAX / 4)
        return NULL;
    if (!t->chunks || t->chunks->size - t->chunks->used < need) {
        const size_t fresh = need > 4096 ? need : 4096;
        struct chunk *c = malloc(sizeof *c + fresh);
        if (!c)
            return NULL;
        *c = (struct chunk){.next = t->chunks, .size = fresh};
        t->chunks = c;
    }
    void *p = t->chunks->data + t->chunks->used;
    t->chunks->used += need;
    return p;
}

static void *keep(struct rows *t, const void *data, size_t size)
{
    void *p = room(t, size);
    if (p && size)
        memcpy(p, data, size);
    return p;
}

static char *keep_text(struct rows *t, const char *text, uint64_t size)
{
    char *p = size < SIZE_MAX / 4 ? room(t, (size_t)size + 1) : NULL;
    if (p && size)
        memcpy(p, text, (size_t)size);
    if (p)
        p[size] = '\0';
    return p;
}

/* Copies what a cell of that type points to. */
static bool keep_cell(struct rows *t, uint32_t type, imp_cell *cell)
{
    switch (type) {
    case IMP_TEXT:
    case IMP_PATH:
        if (!cell->s.ptr)
            cell->s.len = 0;
        cell->s.ptr = keep_text(t, cell->s.ptr, cell->s.len);
        return cell->s.ptr != NULL;
    case IMP_NUMBERS:
    case IMP_COLOUR:
        if (cell->n.count > SIZE_MAX / 64)
            return false;
        cell->n.ptr = keep(t, cell->n.ptr, (size_t)cell->n.count * sizeof(double));
        return cell->n.ptr != NULL;
    case IMP_NAMES: {
        const uint64_t count = cell->w.count;
        const char **words =
            count < SIZE_MAX / 64 ? malloc((size_t)(count + 1) * sizeof *words) : NULL;
        bool fine = words != NULL;
        for (uint64_t i = 0; fine && i < count; i++)
            fine = (words[i] = keep_text(t, cell->w.ptr[i], strlen(cell->w.ptr[i]))) != NULL;
        cell->w.ptr = fine ? keep(t, words, (size_t)count * sizeof *words) : NULL;
        free(words);
        return cell->w.ptr != NULL;
    }
    default:
        return true;
    }
}

static bool keep_columns(struct rows *t, imp_table *table, uint32_t count,
                         const imp_column *columns)
{
    imp_column *own = keep(t, columns, count * sizeof *columns);
    for (uint32_t i = 0; own && i < count; i++) {
        if (columns[i].type < IMP_BOOL || columns[i].type > IMP_COLOUR || !columns[i].name)
            return false;
        own[i].name = keep_text(t, columns[i].name, strlen(columns[i].name));
        own[i].unit =
            columns[i].unit ? keep_text(t, columns[i].unit, strlen(columns[i].unit)) : NULL;
        if (!own[i].name || (columns[i].unit && !own[i].unit))
            return false;
    }
    table->columns = own;
    return own != NULL;
}

struct value *value_table(uint32_t column_count, const imp_column *columns)
{
    if (!column_count || column_count > MOST_COLUMNS || !columns)
        return NULL;
    struct value *v = value_new(NULL, IMP_TABLE, sizeof v->as.table);
    if (!v)
        return NULL;
    v->as.table.column_count = column_count;
    v->extra = calloc(1, sizeof(struct rows));
    if (v->extra && keep_columns(v->extra, &v->as.table, column_count, columns))
        return v;
    value_release(v);
    return NULL;
}

imp_status value_add_row(struct value *v, const imp_cell *cells)
{
    imp_table *table = &v->as.table;
    struct rows *t = v->extra;
    const size_t n = table->column_count;
    if (v->as.head.kind != IMP_TABLE || v->sealed)
        return IMP_E_INTERNAL;
    if (table->row_count == t->capacity) {
        const uint64_t room = t->capacity ? 2 * t->capacity : 16;
        if (room > SIZE_MAX / sizeof(imp_cell) / n / 2)
            return IMP_E_MEMORY;
        imp_cell *more = realloc(t->cells, (size_t)room * n * sizeof *more);
        if (!more)
            return IMP_E_MEMORY;
        t->cells = more;
        t->capacity = room;
        table->cells = more;
    }
    imp_cell *row = t->cells + table->row_count * n;
    memcpy(row, cells, n * sizeof *row);
    for (size_t i = 0; i < n; i++)
        if (!keep_cell(t, table->columns[i].type, &row[i]))
            return IMP_E_MEMORY;
    table->row_count++;
    return IMP_OK;
}

/* ---- objects ---- */

struct value *value_object(const char *type, const char *provider, void *object,
                           void (*drop)(void *) IMP_NX)
{
    struct value *v = value_new(NULL, IMP_OBJECT, sizeof v->as.object);
    if (!v)
        return NULL;
    const size_t a = strlen(type) + 1, b = strlen(provider) + 1;
    char *text = malloc(a + b);
    if (!text) {
        free(v);
        return NULL;
    }
    v->extra = text;
    v->as.object.type = memcpy(text, type, a);
    v->as.object.provider = memcpy(text + a, provider, b);
    v->as.object.object = object;
    v->drop = drop;
    return v;
}

/* ---- looking at samples ---- */

/* The exponent of NaN and infinity is all ones: adding one to it carries into the sign bit. Integer
 * arithmetic, so that the loop is vector code and no floating-point flag is raised. */
KIT_CLONES static bool finite_f32(const float *p, size_t n)
{
    uint32_t seen = 0;
    for (size_t i = 0; i < n; i++) {
        uint32_t bits;
        memcpy(&bits, p + i, sizeof bits);
        seen |= (bits & 0x7f800000u) + 0x00800000u;
    }
    return !(seen >> 31);
}

KIT_CLONES static bool finite_f64(const double *p, size_t n)
{
    uint64_t seen = 0;
    for (size_t i = 0; i < n; i++) {
        uint64_t bits;
        memcpy(&bits, p + i, sizeof bits);
        seen |= (bits & 0x7ff0000000000000u) + 0x0010000000000000u;
    }
    return !(seen >> 63);
}

bool value_finite(const struct value *v)
{
    if (v->as.head.kind == IMP_TENSOR) {
        const imp_tensor *t = &v->as.tensor;
        if (t->dtype == IMP_F32)
            return finite_f32(t->data, v->bytes / sizeof(float));
        return t->dtype != IMP_F64 || finite_f64(t->data, v->bytes / sizeof(double));
    }
    const imp_image *m = &v->as.image;
    if (v->as.head.kind == IMP_IMAGE)
        for (uint32_t c = 0; c < m->channels; c++)
            for (uint32_t y = 0; y < m->height; y++)
                if (!finite_f32(imp_row(m, c, y), m->width))
                    return false;
    return true;
}

bool value_constant_picture(const struct value *v)
{
    const imp_image *m = &v->as.image;
    if (v->as.head.kind != IMP_IMAGE)
        return false;
    for (uint32_t c = 0; c < m->channels; c++) {
        const float first = *imp_row(m, c, 0);
        for (uint32_t y = 0; y < m->height; y++) {
            const float *row = imp_row(m, c, y);
            for (uint32_t x = 0; x < m->width; x++)
                if (row[x] < first || row[x] > first)
                    return false;
        }
    }
    return true;
}

/* ---- identity ---- */

static void hash_cell(struct hasher *h, uint32_t type, const imp_cell *cell)
{
    switch (type) {
    case IMP_TEXT:
    case IMP_PATH:
        hash_u64(h, cell->s.len);
        hash_add(h, cell->s.ptr, (size_t)cell->s.len);
        break;
    case IMP_NUMBERS:
    case IMP_COLOUR:
        hash_u64(h, cell->n.count);
        hash_add(h, cell->n.ptr, (size_t)cell->n.count * sizeof(double));
        break;
    case IMP_NAMES:
        hash_u64(h, cell->w.count);
        for (uint64_t i = 0; i < cell->w.count; i++)
            hash_text(h, cell->w.ptr[i]);
        break;
    default:
        hash_add(h, &cell->i, sizeof cell->i);
    }
}

static void hash_table(struct hasher *h, const imp_table *t)
{
    hash_u64(h, t->column_count);
    hash_u64(h, t->row_count);
    for (uint32_t i = 0; i < t->column_count; i++) {
        hash_text(h, t->columns[i].name);
        hash_text(h, t->columns[i].unit);
        hash_u64(h, t->columns[i].type);
    }
    for (uint64_t r = 0; r < t->row_count; r++)
        for (uint32_t i = 0; i < t->column_count; i++)
            hash_cell(h, t->columns[i].type, &t->cells[r * t->column_count + i]);
}

static void hash_image(struct hasher *h, const imp_image *m)
{
    const uint32_t head[] = {m->width, m->height, m->channels, m->colour};
    hash_add(h, head, sizeof head);
    for (uint32_t c = 0; c < m->channels; c++)
        for (uint32_t y = 0; y < m->height; y++)
            hash_add(h, imp_row(m, c, y), m->width * sizeof(float));
}

struct hash value_hash(const struct value *v)
{
    struct hasher *h = v->as.head.kind == IMP_OBJECT ? NULL : hash_new();
    hash_u64(h, v->as.head.kind);
    switch (v->as.head.kind) {
    case IMP_IMAGE:
        hash_image(h, &v->as.image);
        break;
    case IMP_TENSOR:
        hash_u64(h, v->as.tensor.dtype);
        hash_u64(h, v->as.tensor.ndim);
        hash_add(h, v->as.tensor.shape, v->as.tensor.ndim * sizeof *v->as.tensor.shape);
        hash_text(h, v->as.tensor.name);
        hash_add(h, v->as.tensor.data, v->bytes);
        break;
    case IMP_TABLE:
        hash_table(h, &v->as.table);
        break;
    }
    return hash_end(h);
}
