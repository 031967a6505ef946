/* onnx_message.c - protobuf messages of an ONNX file that is being written. */
#include "onnx_writer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "raw data of ONNX are little-endian");

struct onnx_block {
    struct onnx_block *next;
    size_t used, room;
    _Alignas(16) unsigned char data[];
};

enum { BLOCK = 64 << 10 };

void *onnx_new(struct onnx_writer *w, size_t size)
{
    size = (size + 15) & ~(size_t)15;
    struct onnx_block *b = w->blocks;
    if (!b || b->room - b->used < size) {
        const size_t room = size > BLOCK ? size : BLOCK;
        b = calloc(1, sizeof *b + room);
        if (!b)
            return NULL;
        b->room = room;
        b->next = w->blocks;
        w->blocks = b;
    }
    void *p = b->data + b->used;
    b->used += size;
    return p;
}

void onnx_arena_free(struct onnx_writer *w)
{
    while (w->blocks) {
        struct onnx_block *next = w->blocks->next;
        free(w->blocks);
        w->blocks = next;
    }
}

char *onnx_text(struct onnx_writer *w, const char *s)
{
    const size_t n = strlen(s) + 1;
    char *copy = onnx_new(w, n);
    if (copy)
        memcpy(copy, s, n);
    return copy;
}

const char *onnx_fresh(struct onnx_writer *w, const char *stem, const char *part)
{
    char name[512], buf[512];
    snprintf(name, sizeof name, "%.400s%s%.90s", stem, *part ? "." : "", part);
    const char *free_name = *part ? name : stem;
    char *copy = onnx_text(w, onnx_unique(&w->names, free_name, buf));
    return copy && rt_names_add(&w->names, copy, 0) ? copy : NULL;
}

/* Grows by doubling; what is left behind stays in the arena. */
bool onnx_append(struct onnx_writer *w, void ***list, size_t *count, void *item)
{
    const size_t n = *count;
    if (!item)
        return false;
    if (n == 0 || (n >= 4 && (n & (n - 1)) == 0)) {
        void **more = onnx_new(w, (n ? 2 * n : 4) * sizeof *more);
        if (!more)
            return false;
        if (n)
            memcpy(more, *list, n * sizeof *more);
        *list = more;
    }
    (*list)[n] = item;
    ++*count;
    return true;
}

#define APPEND(w, owner, list, item)                                                               \
    onnx_append(w, (void ***)(void *)&(owner)->list, &(owner)->n_##list, item)

Onnx__NodeProto *onnx_add_node(struct onnx_writer *w, const char *op, const char *name)
{
    Onnx__NodeProto *n = onnx_new(w, sizeof *n);
    if (!n)
        return NULL;
    *n = (Onnx__NodeProto)ONNX__NODE_PROTO__INIT;
    n->name = onnx_text(w, name);
    n->op_type = onnx_text(w, op);
    return n->name && n->op_type && APPEND(w, w->model->graph, node, n) ? n : NULL;
}

bool onnx_set_input(struct onnx_writer *w, Onnx__NodeProto *n, uint32_t i, const char *value)
{
    while (n->n_input <= i)
        if (!APPEND(w, n, input, onnx_text(w, "")))
            return false;
    n->input[i] = onnx_text(w, value);
    return n->input[i] != NULL;
}

bool onnx_set_output(struct onnx_writer *w, Onnx__NodeProto *n, uint32_t i, const char *value)
{
    while (n->n_output <= i)
        if (!APPEND(w, n, output, onnx_text(w, "")))
            return false;
    n->output[i] = onnx_text(w, value);
    return n->output[i] != NULL;
}

/* ---- attributes ---- */

static Onnx__AttributeProto *add_attr(struct onnx_writer *w, Onnx__NodeProto *n, const char *key,
                                      Onnx__AttributeProto__AttributeType type)
{
    Onnx__AttributeProto *a = onnx_new(w, sizeof *a);
    if (!a)
        return NULL;
    *a = (Onnx__AttributeProto)ONNX__ATTRIBUTE_PROTO__INIT;
    a->name = onnx_text(w, key);
    a->has_type = 1;
    a->type = type;
    return a->name && APPEND(w, n, attribute, a) ? a : NULL;
}

bool onnx_add_int(struct onnx_writer *w, Onnx__NodeProto *n, const char *key, int64_t v)
{
    Onnx__AttributeProto *a = add_attr(w, n, key, ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__INT);
    if (!a)
        return false;
    a->has_i = 1;
    a->i = v;
    return true;
}

bool onnx_add_ints(struct onnx_writer *w, Onnx__NodeProto *n, const char *key, size_t count,
                   const int64_t *v)
{
    Onnx__AttributeProto *a = add_attr(w, n, key, ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__INTS);
    if (!a || !(a->ints = onnx_new(w, count * sizeof *v + 1)))
        return false;
    for (size_t i = 0; i < count; i++)
        a->ints[i] = v[i];
    a->n_ints = count;
    return true;
}

bool onnx_add_float(struct onnx_writer *w, Onnx__NodeProto *n, const char *key, double v)
{
    Onnx__AttributeProto *a = add_attr(w, n, key, ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__FLOAT);
    if (!a)
        return false;
    a->has_f = 1;
    a->f = (float)v;
    return true;
}

bool onnx_add_word(struct onnx_writer *w, Onnx__NodeProto *n, const char *key, const char *word)
{
    Onnx__AttributeProto *a = add_attr(w, n, key, ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__STRING);
    char *copy = a ? onnx_text(w, word) : NULL;
    if (!copy)
        return false;
    a->has_s = 1;
    a->s = (ProtobufCBinaryData){.len = strlen(copy), .data = (uint8_t *)copy};
    return true;
}

bool onnx_add_tensor(struct onnx_writer *w, Onnx__NodeProto *n, const char *key,
                     Onnx__TensorProto *t)
{
    Onnx__AttributeProto *a =
        t ? add_attr(w, n, key, ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__TENSOR) : NULL;
    if (!a)
        return false;
    a->t = t;
    return true;
}

/* ---- tensors and what is said of values ---- */

Onnx__TensorProto *onnx_new_tensor(struct onnx_writer *w, const char *name, uint32_t dtype,
                                   const struct rt_shape *shape, void *data)
{
    const bool whole = dtype == IMP_I64;
    const int64_t count = rt_count(shape);
    Onnx__TensorProto *t = count < 0 ? NULL : onnx_new(w, sizeof *t);
    if (!t)
        return NULL;
    *t = (Onnx__TensorProto)ONNX__TENSOR_PROTO__INIT;
    t->name = onnx_text(w, name);
    t->dims = onnx_new(w, (shape->ndim + 1) * sizeof *t->dims);
    if (!t->name || !t->dims)
        return NULL;
    for (uint32_t i = 0; i < shape->ndim; i++)
        t->dims[i] = shape->dim[i];
    t->n_dims = shape->ndim;
    t->has_data_type = t->has_raw_data = 1;
    t->data_type =
        whole ? ONNX__TENSOR_PROTO__DATA_TYPE__INT64 : ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT;
    t->raw_data.len = (size_t)count * (whole ? sizeof(int64_t) : sizeof(float));
    t->raw_data.data = data;
    return t;
}

bool onnx_add_initialiser(struct onnx_writer *w, Onnx__TensorProto *t)
{
    return APPEND(w, w->model->graph, initializer, t);
}

/* Unknown axes by name: N, H, W of an input; of other values a name of their own, since nothing
 * says which are equal. */
static bool name_axis(struct onnx_writer *w, Onnx__TensorShapeProto__Dimension *d, const char *name,
                      bool output, uint32_t axis, uint32_t ndim)
{
    static const char *const letters[] = {"N", "C", "D", "H", "W"};
    char text[512];
    if (!output && rt_inputs(w->graph, NULL) == 1 && ndim <= 5)
        snprintf(text, sizeof text, "%s", letters[axis < 2 ? axis : axis + 5 - ndim]);
    else
        snprintf(text, sizeof text, "%.480s_%u", name, axis);
    d->value_case = ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE_DIM_PARAM;
    d->dim_param = onnx_text(w, text);
    return d->dim_param != NULL;
}

static bool add_axis(struct onnx_writer *w, Onnx__TensorShapeProto *shape, const char *name,
                     bool output, uint32_t axis, const struct rt_shape *s)
{
    Onnx__TensorShapeProto__Dimension *d = onnx_new(w, sizeof *d);
    if (!d)
        return false;
    *d = (Onnx__TensorShapeProto__Dimension)ONNX__TENSOR_SHAPE_PROTO__DIMENSION__INIT;
    d->value_case = ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE_DIM_VALUE;
    d->dim_value = s->dim[axis];
    return (s->dim[axis] >= 0 || name_axis(w, d, name, output, axis, s->ndim)) &&
           APPEND(w, shape, dim, d);
}

bool onnx_add_info(struct onnx_writer *w, bool output, const char *name, int32_t type,
                   const struct rt_shape *s)
{
    Onnx__ValueInfoProto *info = onnx_new(w, sizeof *info);
    Onnx__TypeProto *of = onnx_new(w, sizeof *of);
    Onnx__TypeProto__Tensor *tensor = onnx_new(w, sizeof *tensor);
    Onnx__TensorShapeProto *shape = onnx_new(w, sizeof *shape);
    if (!info || !of || !tensor || !shape)
        return false;
    *info = (Onnx__ValueInfoProto)ONNX__VALUE_INFO_PROTO__INIT;
    *of = (Onnx__TypeProto)ONNX__TYPE_PROTO__INIT;
    *tensor = (Onnx__TypeProto__Tensor)ONNX__TYPE_PROTO__TENSOR__INIT;
    *shape = (Onnx__TensorShapeProto)ONNX__TENSOR_SHAPE_PROTO__INIT;
    info->name = onnx_text(w, name);
    info->type = of;
    of->value_case = ONNX__TYPE_PROTO__VALUE_TENSOR_TYPE;
    of->tensor_type = tensor;
    tensor->has_elem_type = 1;
    tensor->elem_type = type;
    tensor->shape = s ? shape : NULL;
    for (uint32_t i = 0; s && i < s->ndim; i++)
        if (!add_axis(w, shape, name, output, i, s))
            return false;
    return info->name && (output ? APPEND(w, w->model->graph, output, info)
                                 : APPEND(w, w->model->graph, input, info));
}
