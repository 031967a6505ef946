/* onnx_attributes.c - attributes of ONNX nodes, by the tables of the operators. */
#include "onnx_file.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

int onnx_attr_index(const struct rt_op *op, const char *name, bool own)
{
    for (uint32_t i = 0; i < op->attr_count; i++)
        if (op->attrs[i].onnx && !strcmp(op->attrs[i].onnx, name))
            return (int)i;
    for (uint32_t i = 0; own && i < op->attr_count; i++)
        if (!strcmp(op->attrs[i].key, name))
            return (int)i;
    return -1;
}

const Onnx__AttributeProto *onnx_attr_find(const Onnx__NodeProto *n, const char *name)
{
    for (size_t i = 0; i < n->n_attribute; i++)
        if (n->attribute[i]->name && !strcmp(n->attribute[i]->name, name))
            return n->attribute[i];
    return NULL;
}

/* A word of the table, from ONNX's "SAME_UPPER". */
static imp_status set_choice(struct rt_node *node, const struct rt_attr_def *d,
                             const Onnx__AttributeProto *a, imp_error *err)
{
    char word[40];
    const size_t n = a->s.len < sizeof word ? a->s.len : sizeof word - 1;
    for (size_t i = 0; i < n; i++)
        word[i] = (char)tolower(a->s.data[i]);
    word[n] = '\0';
    if (rt_set_choice(node, d->key, word))
        return IMP_OK;
    return imp_fail(err, IMP_E_UNSUPPORTED, "its %s is '%s', known are %s", d->onnx, word,
                    d->choices);
}

static bool set_float_list(struct rt_node *node, const char *key, size_t n, const float *v)
{
    double *wide = calloc(n ? n : 1, sizeof *wide);
    for (size_t i = 0; wide && i < n; i++)
        wide[i] = (double)v[i];
    const bool fine = wide && rt_set_floats(node, key, (uint32_t)n, wide);
    free(wide);
    return fine;
}

/* Does the file give what the table wants? */
static bool type_fits(uint32_t type, const Onnx__AttributeProto *a)
{
    switch (type) {
    case RT_INT:
    case RT_BOOL:
        return a->has_i;
    case RT_INTS:
        return a->has_i || (!a->has_f && !a->has_s && !a->n_floats);
    case RT_FLOAT:
        return a->has_f;
    case RT_FLOATS:
        return a->has_f || (!a->has_i && !a->has_s && !a->n_ints);
    default:
        return a->has_s;
    }
}

imp_status onnx_attr_set(struct rt_node *node, int i, const Onnx__AttributeProto *a, imp_error *err)
{
    const struct rt_attr_def *d = &node->op->attrs[i];
    if (!type_fits(d->type, a))
        return imp_fail(err, IMP_E_INPUT, "its attribute %s has another type than ONNX gives it",
                        a->name);
    if (a->n_ints > UINT32_MAX || a->n_floats > UINT32_MAX)
        return imp_fail(err, IMP_E_INPUT, "its attribute %s is too long", a->name);
    if (d->type == RT_CHOICE)
        return set_choice(node, d, a, err);
    bool fine;
    if (d->type == RT_FLOAT)
        fine = rt_set_float(node, d->key, (double)a->f);
    else if (d->type == RT_FLOATS)
        fine = a->has_f ? rt_set_float(node, d->key, (double)a->f)
                        : set_float_list(node, d->key, a->n_floats, a->floats);
    else
        fine = a->has_i ? rt_set_int(node, d->key, a->i)
                        : rt_set_ints(node, d->key, (uint32_t)a->n_ints, a->ints);
    return fine ? IMP_OK : imp_fail(err, IMP_E_MEMORY, "no memory for its attribute %s", a->name);
}

/* Where one number is wanted, exactly one is there. */
static imp_status check_constant(const struct rt_attr_def *d, const struct rt_tensor *t,
                                 imp_error *err)
{
    const bool one = d->type == RT_INT || d->type == RT_BOOL || d->type == RT_FLOAT;
    const bool whole = d->type == RT_INT || d->type == RT_BOOL || d->type == RT_INTS;
    if (d->type == RT_CHOICE || (one && t->count != 1) || t->count > UINT32_MAX)
        return imp_fail(err, IMP_E_INPUT, "its %s has %lld values where one is wanted", d->key,
                        (long long)t->count);
    if (whole && t->dtype != IMP_I64)
        return imp_fail(err, IMP_E_INPUT, "its %s must be integers", d->key);
    return IMP_OK;
}

imp_status onnx_attr_set_tensor(struct rt_node *node, int i, const struct rt_tensor *t,
                                imp_error *err)
{
    const struct rt_attr_def *d = &node->op->attrs[i];
    const imp_status st = check_constant(d, t, err);
    if (st != IMP_OK)
        return st;
    bool fine;
    if (d->type == RT_INTS)
        fine = rt_set_ints(node, d->key, (uint32_t)t->count, rt_integers(t));
    else if (d->type == RT_INT || d->type == RT_BOOL)
        fine = rt_set_int(node, d->key, rt_integers(t)[0]);
    else if (d->type == RT_FLOAT)
        fine =
            rt_set_float(node, d->key,
                         t->dtype == IMP_I64 ? (double)rt_integers(t)[0] : (double)rt_floats(t)[0]);
    else if (t->dtype == IMP_F32)
        fine = set_float_list(node, d->key, (size_t)t->count, rt_floats(t));
    else
        return imp_fail(err, IMP_E_INPUT, "its %s must be floats", d->key);
    return fine ? IMP_OK : imp_fail(err, IMP_E_MEMORY, "no memory for its %s", d->key);
}

struct rt_tensor *onnx_attr_tensor(const Onnx__AttributeProto *a)
{
    if (a->has_i)
        return onnx_vector_ints(-1, &a->i);
    if (a->has_f)
        return onnx_vector_floats(-1, &a->f);
    if (a->n_floats)
        return onnx_vector_floats((int64_t)a->n_floats, a->floats);
    return onnx_vector_ints((int64_t)a->n_ints, a->ints);
}
