/* onnx_tensor.c - tensors of ONNX files: every number type to float32 or int64. */
#include "onnx_file.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TYPE(name) ONNX__TENSOR_PROTO__DATA_TYPE__##name

static const struct kind {
    const char *name;
    uint32_t width, becomes; /* bytes of an element; IMP_F32, IMP_I64, 0: not read */
} kinds[] = {[TYPE(UNDEFINED)] = {"undefined", 0, 0},    [TYPE(FLOAT)] = {"float", 4, IMP_F32},
             [TYPE(UINT8)] = {"uint8", 1, IMP_I64},      [TYPE(INT8)] = {"int8", 1, IMP_I64},
             [TYPE(UINT16)] = {"uint16", 2, IMP_I64},    [TYPE(INT16)] = {"int16", 2, IMP_I64},
             [TYPE(INT32)] = {"int32", 4, IMP_I64},      [TYPE(INT64)] = {"int64", 8, IMP_I64},
             [TYPE(STRING)] = {"string", 0, 0},          [TYPE(BOOL)] = {"bool", 1, IMP_I64},
             [TYPE(FLOAT16)] = {"float16", 2, IMP_F32},  [TYPE(DOUBLE)] = {"double", 8, IMP_F32},
             [TYPE(UINT32)] = {"uint32", 4, IMP_I64},    [TYPE(UINT64)] = {"uint64", 8, IMP_I64},
             [TYPE(COMPLEX64)] = {"complex64", 0, 0},    [TYPE(COMPLEX128)] = {"complex128", 0, 0},
             [TYPE(BFLOAT16)] = {"bfloat16", 2, IMP_F32}};

static const struct kind *kind_of(int32_t type)
{
    return type >= 0 && (uint32_t)type < RT_COUNT(kinds) ? &kinds[type] : &kinds[0];
}

const char *onnx_type_name(int32_t type, char buf[24])
{
    snprintf(buf, 24, "type %d", (int)type);
    return type >= 0 && (uint32_t)type < RT_COUNT(kinds) ? kinds[type].name : buf;
}

uint32_t onnx_type_becomes(int32_t type)
{
    return kind_of(type)->becomes;
}

/* ---- where the numbers are ---- */

/* Elements in one of the typed lists, by the type that uses it. */
static size_t typed_count(const Onnx__TensorProto *t)
{
    switch (t->data_type) {
    case TYPE(FLOAT):
        return t->n_float_data;
    case TYPE(DOUBLE):
        return t->n_double_data;
    case TYPE(INT64):
        return t->n_int64_data;
    case TYPE(UINT32):
    case TYPE(UINT64):
        return t->n_uint64_data;
    default:
        return t->n_int32_data;
    }
}

static double half_value(uint16_t h)
{
    const double sign = h & 0x8000 ? -1 : 1;
    const int exponent = h >> 10 & 31, fraction = h & 1023;
    if (exponent == 31)
        return fraction ? (double)NAN : sign * (double)INFINITY;
    return sign * (exponent ? ldexp(1024 + fraction, exponent - 25) : ldexp(fraction, -24));
}

static float bits_float(uint32_t bits)
{
    float f;
    memcpy(&f, &bits, sizeof f);
    return f;
}

static uint64_t little_endian(const uint8_t *p, uint32_t width)
{
    uint64_t v = 0;
    for (uint32_t i = 0; i < width; i++)
        v |= (uint64_t)p[i] << (8 * i);
    return v;
}

/* Element i as the bits of its type, from wherever they are. */
static uint64_t bits_at(const Onnx__TensorProto *t, const uint8_t *raw, uint32_t width, int64_t i)
{
    uint32_t bits;
    uint64_t wide;
    if (raw)
        return little_endian(raw + (size_t)i * width, width);
    switch (t->data_type) {
    case TYPE(FLOAT):
        memcpy(&bits, &t->float_data[i], sizeof bits);
        return bits;
    case TYPE(DOUBLE):
        memcpy(&wide, &t->double_data[i], sizeof wide);
        return wide;
    case TYPE(INT64):
        return (uint64_t)t->int64_data[i];
    case TYPE(UINT32):
    case TYPE(UINT64):
        return t->uint64_data[i];
    default:
        return (uint64_t)(int64_t)t->int32_data[i];
    }
}

/* Bits of a float type. */
static double float_of(int32_t type, uint64_t bits)
{
    double d;
    switch (type) {
    case TYPE(FLOAT):
        return (double)bits_float((uint32_t)bits);
    case TYPE(BFLOAT16):
        return (double)bits_float((uint32_t)bits << 16);
    case TYPE(FLOAT16):
        return half_value((uint16_t)bits);
    default:
        memcpy(&d, &bits, sizeof d);
        return d;
    }
}

static int64_t int_of(int32_t type, uint64_t bits)
{
    switch (type) {
    case TYPE(INT8):
        return (int8_t)bits;
    case TYPE(INT16):
        return (int16_t)bits;
    case TYPE(INT32):
        return (int32_t)bits;
    case TYPE(UINT8):
        return (uint8_t)bits;
    case TYPE(UINT16):
        return (uint16_t)bits;
    case TYPE(UINT32):
        return (uint32_t)bits;
    case TYPE(BOOL):
        return (bits & 0xff) != 0;
    default:
        return (int64_t)bits;
    }
}

/* ---- reading ---- */

static imp_status read_shape(const Onnx__TensorProto *t, const char *name, struct rt_shape *s,
                             int64_t *count, imp_error *err)
{
    if (t->n_dims > RT_RANK)
        return imp_fail(err, IMP_E_UNSUPPORTED, "tensor '%s' has %zu axes, at most %d are read",
                        name, t->n_dims, RT_RANK);
    *s = rt_shape_of((uint32_t)t->n_dims, t->dims);
    for (uint32_t i = 0; i < s->ndim; i++)
        if (s->dim[i] < 0)
            return imp_fail(err, IMP_E_INPUT, "tensor '%s': axis %u has %lld elements", name, i,
                            (long long)s->dim[i]);
    *count = rt_count(s);
    if (*count < 0 || *count > INT64_MAX / 16)
        return imp_fail(err, IMP_E_INPUT, "tensor '%s' claims more elements than any memory has",
                        name);
    return IMP_OK;
}

/* As many bytes or elements as the shape takes are there; otherwise it says how many. */
static imp_status check_there(const Onnx__TensorProto *t, const char *name,
                              const struct rt_shape *s, int64_t count, imp_error *err)
{
    char shape[160], type[24];
    const struct kind *k = kind_of(t->data_type);
    const size_t listed = typed_count(t);
    const uint64_t there = t->has_raw_data ? t->raw_data.len : listed;
    const uint64_t wanted = (uint64_t)count * (t->has_raw_data ? k->width : 1);
    if (t->segment)
        return imp_fail(err, IMP_E_UNSUPPORTED, "tensor '%s' is stored in segments", name);
    if (t->has_raw_data && t->raw_data.len && listed)
        return imp_fail(err, IMP_E_INPUT, "tensor '%s' has both raw and listed data", name);
    if (there == wanted)
        return IMP_OK;
    return imp_fail(err, IMP_E_INPUT, "tensor '%s': %s of %s takes %llu %s, the file has %llu",
                    name, rt_shape_text(s, shape, sizeof shape), onnx_type_name(t->data_type, type),
                    (unsigned long long)wanted, t->has_raw_data ? "bytes" : "numbers",
                    (unsigned long long)there);
}

static imp_status fill_floats(const Onnx__TensorProto *t, const uint8_t *raw, const char *name,
                              struct rt_tensor *to, imp_error *err)
{
    const uint32_t width = kind_of(t->data_type)->width;
    float *f = rt_floats(to);
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    if (raw && t->data_type == TYPE(FLOAT)) {
        memcpy(f, raw, (size_t)to->count * sizeof *f);
        return IMP_OK;
    }
#endif
    for (int64_t i = 0; i < to->count; i++) {
        const double v = float_of(t->data_type, bits_at(t, raw, width, i));
        f[i] = (float)v;
        if (isinf(f[i]) && isfinite(v))
            return imp_fail(err, IMP_E_INPUT,
                            "tensor '%s': number %lld is %g, too large for float32", name,
                            (long long)i, v);
    }
    return IMP_OK;
}

static imp_status fill_ints(const Onnx__TensorProto *t, const uint8_t *raw, const char *name,
                            struct rt_tensor *to, imp_error *err)
{
    const uint32_t width = kind_of(t->data_type)->width;
    int64_t *v = rt_integers(to);
    for (int64_t i = 0; i < to->count; i++) {
        v[i] = int_of(t->data_type, bits_at(t, raw, width, i));
        if (t->data_type == TYPE(UINT64) && v[i] < 0)
            return imp_fail(err, IMP_E_INPUT, "tensor '%s': number %lld is too large for int64",
                            name, (long long)i);
    }
    return IMP_OK;
}

/* Where the bytes are: raw NULL = in the lists. *owned is to be freed. */
static imp_status find_bytes(const Onnx__TensorProto *t, const char *name, const char *path,
                             const struct rt_shape *s, int64_t count, const uint8_t **raw,
                             uint8_t **owned, imp_error *err)
{
    *raw = *owned = NULL;
    if (t->has_data_location && t->data_location == ONNX__TENSOR_PROTO__DATA_LOCATION__EXTERNAL) {
        const uint64_t bytes = (uint64_t)count * kind_of(t->data_type)->width;
        const imp_status st = onnx_external_read(t, name, path, bytes, owned, err);
        *raw = *owned;
        return st;
    }
    if (t->has_raw_data)
        *raw = t->raw_data.data ? t->raw_data.data : (const uint8_t *)"";
    return check_there(t, name, s, count, err);
}

imp_status onnx_tensor_read(struct onnx_room *room, Onnx__TensorProto *t, const char *name,
                            const char *path, struct rt_tensor **out, imp_error *err)
{
    char type[24];
    struct rt_shape s;
    int64_t count = 0;
    const uint8_t *raw;
    uint8_t *owned = NULL;
    const uint32_t becomes = onnx_type_becomes(t->data_type);
    if (!becomes)
        return imp_fail(err, IMP_E_UNSUPPORTED, "tensor '%s' holds %s", name,
                        onnx_type_name(t->data_type, type));
    imp_status st = read_shape(t, name, &s, &count, err);
    if (st == IMP_OK)
        st = find_bytes(t, name, path, &s, count, &raw, &owned, err);
    if (st != IMP_OK)
        return st;
    struct rt_tensor *to = rt_tensor_new(becomes, &s);
    if (!to)
        st = imp_fail(err, IMP_E_MEMORY, "tensor '%s': no memory for %lld numbers", name,
                      (long long)count);
    else
        st = becomes == IMP_F32 ? fill_floats(t, raw, name, to, err)
                                : fill_ints(t, raw, name, to, err);
    free(owned);
    if (st != IMP_OK) {
        rt_tensor_release(to);
        return st;
    }
    if (room && t->has_raw_data && t->raw_data.data) {
        room->allocator.free(room->allocator.allocator_data, t->raw_data.data);
        t->raw_data = (ProtobufCBinaryData){0};
        t->has_raw_data = 0;
    }
    *out = to;
    return IMP_OK;
}

static struct rt_tensor *vector(uint32_t dtype, int64_t n)
{
    const struct rt_shape s = rt_shape_of(n < 0 ? 0 : 1, &n);
    return rt_tensor_new(dtype, &s);
}

struct rt_tensor *onnx_vector_ints(int64_t n, const int64_t *v)
{
    struct rt_tensor *t = vector(IMP_I64, n);
    for (int64_t i = 0; t && i < t->count; i++)
        rt_integers(t)[i] = v[i];
    return t;
}

struct rt_tensor *onnx_vector_floats(int64_t n, const float *v)
{
    struct rt_tensor *t = vector(IMP_F32, n);
    for (int64_t i = 0; t && i < t->count; i++)
        rt_floats(t)[i] = v[i];
    return t;
}
