/* ops.c - the table of operators, by name and by ONNX's name. */
#include "op.h"

#include <string.h>

#define RT_OP(name) extern const struct rt_op rt_op_##name;
#include "ops.def"
#undef RT_OP

static const struct rt_op *const table[] = {
#define RT_OP(name) &rt_op_##name,
#include "ops.def"
#undef RT_OP
};

const struct rt_op *rt_op_at(uint32_t i)
{
    return i < RT_COUNT(table) ? table[i] : NULL;
}

const struct rt_op *rt_op_find(const char *name)
{
    for (uint32_t i = 0; i < RT_COUNT(table); i++)
        if (!strcmp(table[i]->name, name))
            return table[i];
    return NULL;
}

const struct rt_op *rt_op_find_onnx(const char *onnx)
{
    for (uint32_t i = 0; i < RT_COUNT(table); i++)
        if (table[i]->onnx && !strcmp(table[i]->onnx, onnx))
            return table[i];
    return NULL;
}
