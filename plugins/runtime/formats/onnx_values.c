/* onnx_values.c - the names that nodes of an ONNX file read: results of nodes, inputs, constants. A
 * constant is read when somebody wants it, and becomes a parameter only when it is wired. */
#include "onnx_file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

imp_status onnx_value_add(struct onnx_reader *r, const struct onnx_value *v)
{
    if (rt_names_find(&r->names, v->name) >= 0)
        return imp_fail(r->err, IMP_E_INPUT, "two values are called '%s'", v->name);
    if (r->value_count == r->value_room) {
        const uint32_t room = r->value_room ? r->value_room * 2 : 64;
        void *p = room > r->value_room ? realloc(r->values, room * sizeof *r->values) : NULL;
        if (!p)
            return imp_fail(r->err, IMP_E_MEMORY, "no memory for value '%s'", v->name);
        r->values = p;
        r->value_room = room;
    }
    if (!rt_names_add(&r->names, v->name, r->value_count))
        return imp_fail(r->err, IMP_E_MEMORY, "no memory for value '%s'", v->name);
    r->values[r->value_count++] = *v;
    return IMP_OK;
}

int64_t onnx_value_find(const struct onnx_reader *r, const char *name)
{
    return rt_names_find(&r->names, name);
}

imp_status onnx_value_tensor(struct onnx_reader *r, uint32_t value, const struct rt_tensor **out)
{
    struct onnx_value *v = &r->values[value];
    imp_status st = IMP_OK;
    if (!v->tensor)
        st = onnx_tensor_read(&r->room, v->proto, v->name, r->path, &v->tensor, r->err);
    if (st == IMP_OK)
        *out = v->tensor;
    return st;
}

imp_status onnx_value_wire(struct onnx_reader *r, uint32_t value, enum onnx_use use, int32_t *ref)
{
    struct onnx_value *v = &r->values[value];
    const struct rt_tensor *t;
    imp_status st = IMP_OK;
    if (v->ref == RT_ABSENT) {
        st = onnx_value_tensor(r, value, &t);
        if (st == IMP_OK)
            st = onnx_param_add(
                r, v->name, rt_tensor_retain(v->tensor),
                (v->fixed && use != ONNX_WEIGHT) || t->dtype == IMP_I64 ? RT_FIXED : 0, &v->ref);
    }
    if (st != IMP_OK)
        return st;
    if (use == ONNX_SETTING && rt_is_param(v->ref))
        r->graph->params[rt_param_of(v->ref)].flags |= RT_FIXED;
    *ref = v->ref;
    return IMP_OK;
}

/* A few small numbers, then one that is free at once: many equal names must not take long. */
const char *onnx_unique(const struct rt_names *names, const char *name, char buf[512])
{
    if (rt_names_find(names, name) < 0)
        return name;
    for (uint32_t i = 2; i; i = i < 9 ? i + 1 : i + names->count) {
        snprintf(buf, 512, "%.490s_%u", name, i);
        if (rt_names_find(names, buf) < 0)
            break;
    }
    return buf;
}

imp_status onnx_param_add(struct onnx_reader *r, const char *name, struct rt_tensor *t,
                          uint32_t flags, int32_t *ref)
{
    char buf[512];
    const char *unique = onnx_unique(&r->param_names, name, buf);
    const int64_t p = t ? rt_graph_add_param(r->graph, unique, t, flags) : -1;
    rt_tensor_release(t);
    if (p < 0 || !rt_names_add(&r->param_names, r->graph->params[p].name, (uint32_t)p))
        return imp_fail(r->err, IMP_E_MEMORY, "no memory for tensor '%s'", name);
    *ref = rt_ref_param((uint32_t)p);
    return IMP_OK;
}

void onnx_values_free(struct onnx_reader *r)
{
    for (uint32_t i = 0; i < r->value_count; i++)
        rt_tensor_release(r->values[i].tensor);
    free(r->values);
    rt_names_free(&r->names);
    rt_names_free(&r->node_names);
    rt_names_free(&r->param_names);
    rt_names_free(&r->reads);
}
