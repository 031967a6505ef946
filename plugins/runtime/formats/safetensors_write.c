/* safetensors_write.c - a graph to one safetensors file: the tensors that its nodes use, and the
 * architecture as text in the metadata. */
#include <cjson/cJSON.h>
#include "arch.h"

#include <stdlib.h>
#include <string.h>

enum { ALIGN = 64, SHOWN = 160 };

static size_t bytes_of(const struct rt_tensor *t)
{
    return (size_t)t->count * (t->dtype == IMP_I64 ? sizeof(int64_t) : sizeof(float));
}

/* By parameter: is it a tensor of the file? NULL: no memory. */
static uint8_t *find_stored(const struct rt_graph *g)
{
    uint8_t *stored = calloc(g->param_count + (size_t)1, 1);
    uint8_t *inlined = arch_inlined(g);
    for (uint32_t i = 0; stored && i < g->node_count; i++)
        for (uint32_t s = 0; s < g->nodes[i].input_count; s++)
            if (rt_is_param(g->nodes[i].inputs[s]))
                stored[rt_param_of(g->nodes[i].inputs[s])] = 1;
    for (uint32_t i = 0; stored && inlined && i < g->param_count; i++)
        stored[i] = stored[i] && !inlined[i];
    if (!inlined) {
        free(stored);
        stored = NULL;
    }
    free(inlined);
    return stored;
}

static bool add_tensor(cJSON *json, const struct rt_param *p, uint64_t *at)
{
    const struct rt_shape *s = &p->tensor->shape;
    cJSON *item = cJSON_AddObjectToObject(json, p->name);
    cJSON_AddStringToObject(item, "dtype", p->tensor->dtype == IMP_I64 ? "I64" : "F32");
    cJSON *shape = cJSON_AddArrayToObject(item, "shape");
    cJSON *offsets = cJSON_AddArrayToObject(item, "data_offsets");
    for (uint32_t a = 0; a < s->ndim; a++)
        cJSON_AddItemToArray(shape, cJSON_CreateNumber((double)s->dim[a]));
    cJSON_AddItemToArray(offsets, cJSON_CreateNumber((double)*at));
    *at += bytes_of(p->tensor);
    cJSON_AddItemToArray(offsets, cJSON_CreateNumber((double)*at));
    return item && (uint32_t)cJSON_GetArraySize(shape) == s->ndim &&
           cJSON_GetArraySize(offsets) == 2;
}

static imp_status check_name(const char *name, imp_error *err)
{
    char shown[SHOWN];
    if (!rt_is_utf8(name))
        return imp_fail(err, IMP_E_UNSUPPORTED,
                        "the name of tensor '%s' is no UTF-8, which a "
                        "safetensors header is made of",
                        rt_shown(name, shown, sizeof shown));
    if (!strcmp(name, "__metadata__"))
        return imp_fail(err, IMP_E_UNSUPPORTED,
                        "no tensor of a safetensors file can be called '__metadata__'");
    return IMP_OK;
}

/* The header's JSON, to be freed with cJSON_free; *data_size: bytes of all tensors. */
static imp_status make_header(const struct rt_graph *g, const uint8_t *stored, const char *arch,
                              char **text, uint64_t *data_size, imp_error *err)
{
    cJSON *json = cJSON_CreateObject();
    cJSON *about = cJSON_AddObjectToObject(json, "__metadata__");
    bool fine = cJSON_AddStringToObject(about, "impasto.architecture", arch) != NULL;
    imp_status st = IMP_OK;
    *data_size = 0;
    for (uint32_t i = 0; i < g->param_count && fine && st == IMP_OK; i++) {
        if (!stored[i])
            continue;
        st = check_name(g->params[i].name, err);
        if (st == IMP_OK)
            fine = add_tensor(json, &g->params[i], data_size);
    }
    *text = fine && st == IMP_OK ? cJSON_PrintUnformatted(json) : NULL;
    cJSON_Delete(json);
    if (st == IMP_OK && !*text)
        st = imp_fail(err, IMP_E_MEMORY, "no memory for the header");
    return st;
}

static uint8_t *store(uint8_t *to, uint64_t v, uint32_t bytes)
{
    for (uint32_t i = 0; i < bytes; i++)
        to[i] = (uint8_t)(v >> (8 * i));
    return to + bytes;
}

static uint8_t *store_tensor(uint8_t *to, const struct rt_tensor *t)
{
    for (int64_t i = 0; i < t->count; i++) {
        uint32_t bits;
        if (t->dtype == IMP_I64) {
            to = store(to, (uint64_t)rt_integers(t)[i], 8);
            continue;
        }
        memcpy(&bits, &rt_floats(t)[i], sizeof bits);
        to = store(to, bits, 4);
    }
    return to;
}

/* Header, blanks up to a multiple of ALIGN, data. */
static imp_status assemble(const struct rt_graph *g, const uint8_t *stored, const char *header,
                           uint64_t data_size, void **data, size_t *size, imp_error *err)
{
    const size_t n = strlen(header);
    const size_t head = (8 + n + ALIGN - 1) / ALIGN * ALIGN;
    uint8_t *file = data_size < SIZE_MAX / 2 ? malloc(head + (size_t)data_size) : NULL;
    if (!file)
        return imp_fail(err, IMP_E_MEMORY, "no memory for a file of %llu bytes",
                        (unsigned long long)(head + data_size));
    memset(store(file, head - 8, 8), ' ', head - 8);
    memcpy(file + 8, header, n);
    uint8_t *at = file + head;
    for (uint32_t i = 0; i < g->param_count; i++)
        if (stored[i])
            at = store_tensor(at, g->params[i].tensor);
    *data = file;
    *size = (size_t)(at - file);
    return IMP_OK;
}

imp_status rt_safetensors_write(const struct rt_graph *g, void **data, size_t *size, imp_error *err)
{
    char *arch = NULL, *header = NULL;
    uint64_t data_size;
    uint8_t *stored = find_stored(g);
    imp_status st = stored ? rt_arch_write(g, &arch, err)
                           : imp_fail(err, IMP_E_MEMORY, "no memory for the file");
    if (st == IMP_OK)
        st = make_header(g, stored, arch, &header, &data_size, err);
    if (st == IMP_OK)
        st = assemble(g, stored, header, data_size, data, size, err);
    cJSON_free(header);
    free(arch);
    free(stored);
    return st;
}
