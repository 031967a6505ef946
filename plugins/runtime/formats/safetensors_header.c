/* safetensors_header.c - the header of a safetensors file: every claim is checked against the bytes
 * that are there before anything is made of it. */
#include "safetensors.h"
#include "arch_text.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    HEADER_MOST = 100000000, /* the format's own limit */
    DEPTH_MOST = 8,          /* object, tensor, shape: 3 */
    SHOWN = 160
};

/* ---- types of numbers ---- */

enum st_kind { ST_FLOAT, ST_HALF, ST_BFLOAT, ST_DOUBLE, ST_SIGNED, ST_UNSIGNED };
struct st_dtype {
    const char *name;
    uint32_t bytes;
    enum st_kind kind;
};
static const struct st_dtype dtypes[] = {
    {"F32", 4, ST_FLOAT},    {"F16", 2, ST_HALF},     {"BF16", 2, ST_BFLOAT},
    {"F64", 8, ST_DOUBLE},   {"I64", 8, ST_SIGNED},   {"I32", 4, ST_SIGNED},
    {"I16", 2, ST_SIGNED},   {"I8", 1, ST_SIGNED},    {"U8", 1, ST_UNSIGNED},
    {"U16", 2, ST_UNSIGNED}, {"U32", 4, ST_UNSIGNED}, {"BOOL", 1, ST_UNSIGNED},
};

static const struct st_dtype *dtype_of(const char *name)
{
    for (uint32_t i = 0; i < sizeof dtypes / sizeof *dtypes; i++)
        if (!strcmp(dtypes[i].name, name))
            return &dtypes[i];
    return NULL;
}

/* ---- the text ---- */

/* Nesting, and escapes that a C string cannot hold: checked before the JSON reader allocates. */
static const char *check_json(const char *text, size_t n)
{
    uint32_t depth = 0;
    bool quoted = false;
    for (size_t i = 0; i < n; i++) {
        const char c = text[i];
        if (c == '\0')
            return "a NUL byte stands in it";
        if (quoted && c == '\\') {
            if (i + 5 < n && !memcmp(text + i, "\\u0000", 6))
                return "a name or text with a NUL in it";
            i++;
        } else if (c == '"')
            quoted = !quoted;
        else if (!quoted && (c == '{' || c == '[')) {
            if (++depth > DEPTH_MOST)
                return "it is nested deeper than any header of tensors";
        } else if (!quoted && (c == '}' || c == ']'))
            depth -= depth > 0;
    }
    return NULL;
}

static imp_status read_length(const struct rt_input *in, uint64_t *length, imp_error *err)
{
    *length = 0;
    if (in->size < 8)
        return imp_fail(err, IMP_E_INPUT,
                        "the file ends at %llu, a safetensors file begins with 8 "
                        "bytes of length",
                        (unsigned long long)in->size);
    for (uint32_t i = 0; i < 8; i++)
        *length |= (uint64_t)in->head[i] << (8 * i);
    if (*length > HEADER_MOST)
        return imp_fail(err, IMP_E_INPUT,
                        "its header claims %llu bytes, %d are the most that the "
                        "format allows: this is no safetensors file, or its start is damaged",
                        (unsigned long long)*length, (int)HEADER_MOST);
    if (*length > in->size - 8)
        return imp_fail(err, IMP_E_INPUT, "the header needs bytes 8..%llu, the file ends at %llu",
                        (unsigned long long)*length + 8, (unsigned long long)in->size);
    return IMP_OK;
}

static imp_status parse(const char *text, uint64_t length, struct st_header *h, imp_error *err)
{
    const char *wrong = length < 2 || text[0] != '{' ? "it does not begin with '{'"
                                                     : check_json(text, (size_t)length);
    if (wrong)
        return imp_fail(err, IMP_E_INPUT, "the header (bytes 8..%llu): %s",
                        (unsigned long long)length + 8, wrong);
    const char *end = NULL;
    h->json = cJSON_ParseWithLengthOpts(text, (size_t)length, &end, 0);
    h->data_at = 8 + length;
    h->data_size = h->in->size - 8 - length;
    if (!h->json)
        return imp_fail(err, IMP_E_INPUT, "the header is no JSON: byte %llu",
                        end ? (unsigned long long)(end - text) + 8 : 8ull);
    while (end < text + length && strchr(" \t\r\n", *end))
        end++;
    if (end < text + length)
        return imp_fail(err, IMP_E_INPUT, "the header goes on after its end: byte %llu",
                        (unsigned long long)(end - text) + 8);
    return IMP_OK;
}

static imp_status read_text(const struct rt_input *in, struct st_header *h, imp_error *err)
{
    uint64_t length;
    imp_status st = read_length(in, &length, err);
    if (st != IMP_OK)
        return st;
    if (in->bytes)
        return parse((const char *)in->bytes + 8, length, h, err);
    char *text = malloc((size_t)length + 1);
    if (!text)
        return imp_fail(err, IMP_E_MEMORY, "no memory for the header");
    st = rt_input_read(in, 8, text, length, err);
    if (st == IMP_OK)
        st = parse(text, length, h, err);
    free(text);
    return st;
}

/* ---- one tensor ---- */

/* A whole number from 0 to 2^53; false: it is none. */
static bool whole(const cJSON *item, uint64_t *out)
{
    if (!cJSON_IsNumber(item) || !(item->valuedouble >= 0) || item->valuedouble > 0x1p53 ||
        item->valuedouble != floor(item->valuedouble))
        return false;
    *out = (uint64_t)item->valuedouble;
    return true;
}

static const char *read_shape(const cJSON *item, struct rt_shape *s)
{
    const cJSON *axis;
    *s = (struct rt_shape){0};
    if (!cJSON_IsArray(item))
        return "its shape is no list";
    cJSON_ArrayForEach(axis, item)
    {
        uint64_t v;
        if (s->ndim == RT_RANK)
            return "it has more than 16 axes";
        if (!whole(axis, &v))
            return "its shape holds something else than sizes";
        s->dim[s->ndim++] = (int64_t)v;
    }
    return rt_count(s) < 0 ? "its shape is larger than any memory" : NULL;
}

static const char *read_offsets(const cJSON *item, struct st_entry *e)
{
    if (!cJSON_IsArray(item) || cJSON_GetArraySize(item) != 2 ||
        !whole(cJSON_GetArrayItem(item, 0), &e->begin) ||
        !whole(cJSON_GetArrayItem(item, 1), &e->end))
        return "its data_offsets are not two whole numbers";
    return e->begin > e->end ? "its data_offsets run backwards" : NULL;
}

/* The only item of that key; NULL: none, or several. */
static const cJSON *only(const cJSON *object, const char *key)
{
    const cJSON *item, *found = NULL;
    cJSON_ArrayForEach(item, object)
    {
        if (strcmp(item->string, key) != 0)
            continue;
        if (found)
            return NULL;
        found = item;
    }
    return found;
}

static const char *read_fields(const cJSON *item, struct st_entry *e)
{
    const cJSON *dtype = cJSON_IsObject(item) ? only(item, "dtype") : NULL;
    if (!cJSON_IsString(dtype))
        return "it needs one each of dtype, shape and data_offsets";
    e->dtype_name = dtype->valuestring;
    e->dtype = dtype_of(dtype->valuestring);
    const char *wrong = read_shape(only(item, "shape"), &e->shape);
    return wrong ? wrong : read_offsets(only(item, "data_offsets"), e);
}

static imp_status read_entry(struct st_header *h, const cJSON *item, struct st_entry *e,
                             imp_error *err)
{
    char name[SHOWN], shape[SHOWN];
    *e = (struct st_entry){.name = item->string};
    const char *wrong = read_fields(item, e);
    rt_shown(item->string, name, sizeof name);
    if (wrong)
        return imp_fail(err, IMP_E_INPUT, "'%s': %s", name, wrong);
    if (e->end > h->data_size)
        return imp_fail(err, IMP_E_INPUT, "'%s' needs bytes %llu..%llu, the file ends at %llu",
                        name, (unsigned long long)(h->data_at + e->begin),
                        (unsigned long long)(h->data_at + e->end),
                        (unsigned long long)(h->data_at + h->data_size));
    const uint64_t count = (uint64_t)rt_count(&e->shape);
    const uint64_t bytes = e->end - e->begin;
    if (e->dtype && (bytes % e->dtype->bytes || bytes / e->dtype->bytes != count))
        return imp_fail(err, IMP_E_INPUT,
                        "'%s' is %s of %s, which is not the %llu bytes that its "
                        "data_offsets give it",
                        name, rt_shape_text(&e->shape, shape, sizeof shape), e->dtype->name,
                        (unsigned long long)bytes);
    if (rt_names_find(&h->names, e->name) >= 0)
        return imp_fail(err, IMP_E_INPUT, "two tensors are called '%s'", name);
    if (!rt_names_add(&h->names, e->name, h->count))
        return imp_fail(err, IMP_E_MEMORY, "no memory for the header");
    h->count++;
    return IMP_OK;
}

/* ---- all tensors ---- */

static int by_begin(const void *left, const void *right)
{
    const struct st_entry *a = *(const struct st_entry *const *)left;
    const struct st_entry *b = *(const struct st_entry *const *)right;
    if (a->begin != b->begin)
        return a->begin < b->begin ? -1 : 1;
    return a->end < b->end ? -1 : a->end > b->end;
}

/* Tensors lie side by side from the first byte to the last: no overlap, no holes. */
static imp_status check_layout(const struct st_header *h, imp_error *err)
{
    const struct st_entry **sorted = calloc(h->count + (size_t)1, sizeof *sorted);
    char name[SHOWN];
    uint64_t at = 0;
    imp_status st = IMP_OK;
    if (!sorted)
        return imp_fail(err, IMP_E_MEMORY, "no memory for the header");
    for (uint32_t i = 0; i < h->count; i++)
        sorted[i] = &h->entries[i];
    qsort(sorted, h->count, sizeof *sorted, by_begin);
    for (uint32_t i = 0; i < h->count && st == IMP_OK; i++) {
        if (sorted[i]->begin != at)
            st = imp_fail(err, IMP_E_INPUT, "'%s' begins at byte %llu, %s %llu",
                          rt_shown(sorted[i]->name, name, sizeof name),
                          (unsigned long long)(h->data_at + sorted[i]->begin),
                          sorted[i]->begin < at ? "inside the tensor that ends at"
                                                : "and nothing owns the bytes from",
                          (unsigned long long)(h->data_at + at));
        at = sorted[i]->end;
    }
    free(sorted);
    if (st == IMP_OK && at != h->data_size)
        st = imp_fail(err, IMP_E_INPUT, "the last tensor ends at byte %llu, the file at %llu",
                      (unsigned long long)(h->data_at + at),
                      (unsigned long long)(h->data_at + h->data_size));
    return st;
}

static imp_status check_metadata(const cJSON *item, imp_error *err)
{
    const cJSON *line;
    bool fine = cJSON_IsObject(item);
    cJSON_ArrayForEach(line, item) fine = fine && cJSON_IsString(line);
    return fine ? IMP_OK
                : imp_fail(err, IMP_E_INPUT, "__metadata__ holds something else than texts");
}

imp_status st_header_read(const struct rt_input *in, struct st_header *h, imp_error *err)
{
    const cJSON *item;
    uint32_t metadata = 0;
    *h = (struct st_header){.in = in};
    imp_status st = read_text(in, h, err);
    if (st != IMP_OK)
        return st;
    const int count = cJSON_GetArraySize(h->json);
    h->entries = calloc((size_t)count + 1, sizeof *h->entries);
    if (!h->entries)
        return imp_fail(err, IMP_E_MEMORY, "no memory for the header");
    cJSON_ArrayForEach(item, h->json)
    {
        const bool about = !strcmp(item->string, "__metadata__");
        if (about && metadata++)
            return imp_fail(err, IMP_E_INPUT, "__metadata__ stands there twice");
        st = about ? check_metadata(item, err) : read_entry(h, item, &h->entries[h->count], err);
        if (st != IMP_OK)
            return st;
    }
    return check_layout(h, err);
}

void st_header_free(struct st_header *h)
{
    rt_names_free(&h->names);
    cJSON_Delete(h->json);
    free(h->entries);
    *h = (struct st_header){0};
}

const char *st_metadata(const struct st_header *h, const char *key)
{
    const cJSON *all = cJSON_GetObjectItemCaseSensitive(h->json, "__metadata__");
    const cJSON *line = cJSON_GetObjectItemCaseSensitive(all, key);
    return cJSON_IsString(line) ? line->valuestring : NULL;
}

bool st_is_ours(const struct rt_input *in)
{
    struct st_header h;
    const bool ours = st_header_read(in, &h, NULL) == IMP_OK &&
                      st_metadata(&h, "impasto.architecture") != NULL;
    st_header_free(&h);
    return ours;
}

/* ---- numbers ---- */

static uint64_t load(const uint8_t *p, uint32_t bytes)
{
    uint64_t v = 0;
    for (uint32_t i = 0; i < bytes; i++)
        v |= (uint64_t)p[i] << (8 * i);
    return v;
}

static float bits_float(uint32_t bits)
{
    float f;
    memcpy(&f, &bits, sizeof f);
    return f;
}

/* IEEE half: 1 sign, 5 exponent (bias 15), 10 mantissa. */
static float half(uint32_t h)
{
    const uint32_t sign = (h & 0x8000) << 16, exponent = (h >> 10) & 31, mantissa = h & 0x3ff;
    if (exponent == 31)
        return bits_float(sign | 0x7f800000 | mantissa << 13);
    if (exponent)
        return bits_float(sign | (exponent + 112) << 23 | mantissa << 13);
    const float small = (float)mantissa * 0x1p-24f;
    return sign ? -small : small;
}

static void read_floats(const struct st_dtype *d, const uint8_t *p, int64_t n, float *out)
{
    for (int64_t i = 0; i < n; i++, p += d->bytes) {
        const uint64_t v = load(p, d->bytes);
        double wide;
        memcpy(&wide, &v, sizeof wide);
        out[i] = d->kind == ST_FLOAT    ? bits_float((uint32_t)v)
                 : d->kind == ST_HALF   ? half((uint32_t)v)
                 : d->kind == ST_BFLOAT ? bits_float((uint32_t)v << 16)
                                        : (float)wide;
    }
}

static void read_integers(const struct st_dtype *d, const uint8_t *p, int64_t n, int64_t *out)
{
    const uint32_t unused = 64 - 8 * d->bytes;
    for (int64_t i = 0; i < n; i++, p += d->bytes) {
        const uint64_t v = load(p, d->bytes) << unused;
        int64_t turned;
        memcpy(&turned, &v, sizeof turned);
        out[i] = d->kind == ST_SIGNED ? turned >> unused : (int64_t)(v >> unused);
    }
}

/* Other types than float32 come in parts, to be turned. */
static imp_status read_turned(const struct rt_input *in, uint64_t at, const struct st_dtype *d,
                              struct rt_tensor *t, imp_error *err)
{
    uint8_t part[8192];
    const int64_t most = (int64_t)(sizeof part / d->bytes);
    imp_status st = IMP_OK;
    for (int64_t i = 0; i < t->count && st == IMP_OK; i += most) {
        const int64_t n = t->count - i < most ? t->count - i : most;
        st = rt_input_read(in, at + (uint64_t)i * d->bytes, part, (uint64_t)n * d->bytes, err);
        if (st == IMP_OK && d->kind <= ST_DOUBLE)
            read_floats(d, part, n, rt_floats(t) + i);
        else if (st == IMP_OK)
            read_integers(d, part, n, rt_integers(t) + i);
    }
    return st;
}

static bool is_as_in_memory(const struct st_dtype *d)
{
    return d->kind == ST_FLOAT && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__;
}

static struct rt_tensor *mapped(const struct st_header *h, const struct st_entry *e)
{
    const uint8_t *data = h->in->mapping ? h->in->bytes + h->data_at + e->begin : NULL;
    if (!data || !is_as_in_memory(e->dtype) || (uintptr_t)data % sizeof(float))
        return NULL;
    return rt_tensor_mapped(IMP_F32, &e->shape, h->in->mapping, data);
}

struct rt_tensor *st_tensor(const struct st_header *h, const struct st_entry *e, imp_status *st,
                            imp_error *err)
{
    char name[SHOWN], dtype[32];
    *st = IMP_E_UNSUPPORTED;
    if (!e->dtype) {
        imp_fail(err, *st,
                 "'%s' is stored as %s; what is read: F32 F16 BF16 F64 I64 I32 I16 I8 U8 "
                 "U16 U32 BOOL",
                 rt_shown(e->name, name, sizeof name),
                 rt_shown(e->dtype_name, dtype, sizeof dtype));
        return NULL;
    }
    const bool floats = e->dtype->kind <= ST_DOUBLE;
    struct rt_tensor *t = mapped(h, e);
    *st = IMP_OK;
    if (t)
        return t;
    t = rt_tensor_raw(floats ? IMP_F32 : IMP_I64, &e->shape);
    *st = t ? IMP_OK : IMP_E_MEMORY;
    if (!t) {
        imp_fail(err, *st, "no memory for '%s'", rt_shown(e->name, name, sizeof name));
        return NULL;
    }
    *st = is_as_in_memory(e->dtype)
              ? rt_input_floats(h->in, h->data_at + e->begin, t->data, (uint64_t)t->count, &t->finite, err)
              : read_turned(h->in, h->data_at + e->begin, e->dtype, t, err);
    if (*st == IMP_OK)
        return t;
    rt_tensor_release(t);
    return NULL;
}
