/* network.c - building networks, and the check that every reader ends with. */
#include "network.h"
#include "op.h"

#include <impasto/kit.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Room for one more of `size` bytes in a list of `count`. */
static bool grow(void **list, uint32_t *room, uint32_t count, size_t size)
{
    if (count < *room)
        return true;
    const uint32_t more = *room ? *room * 2 : 16;
    void *p = more > *room ? realloc(*list, more * size) : NULL;
    if (!p)
        return false;
    *list = p;
    *room = more;
    return true;
}

struct rt_graph *rt_graph_new(void)
{
    return calloc(1, sizeof(struct rt_graph));
}

static void node_fini(struct rt_node *n)
{
    for (uint32_t i = 0; n->attrs && i < n->op->attr_count; i++) {
        free(n->attrs[i].ints);
        free(n->attrs[i].floats);
    }
    free(n->attrs);
    free(n->inputs);
    free(n->name);
    free(n->value);
}

void rt_graph_free(struct rt_graph *g)
{
    if (!g)
        return;
    for (uint32_t i = 0; i < g->node_count; i++)
        node_fini(&g->nodes[i]);
    for (uint32_t i = 0; i < g->param_count; i++) {
        rt_tensor_release(g->params[i].tensor);
        free(g->params[i].name);
    }
    for (uint32_t i = 0; i < g->meta_count; i++) {
        free(g->meta[i].key);
        free(g->meta[i].text);
    }
    free(g->nodes);
    free(g->params);
    free(g->meta);
    free(g);
}

int64_t rt_graph_add_param(struct rt_graph *g, const char *name, struct rt_tensor *t,
                           uint32_t flags)
{
    char *copy = strdup(name);
    if (!copy || !grow((void **)&g->params, &g->param_room, g->param_count, sizeof *g->params)) {
        free(copy);
        return -1;
    }
    g->params[g->param_count] =
        (struct rt_param){.name = copy, .tensor = rt_tensor_retain(t), .flags = flags};
    return g->param_count++;
}

int64_t rt_graph_add_node(struct rt_graph *g, const char *name, const struct rt_op *op,
                          uint32_t input_count, const int32_t *refs)
{
    if (!grow((void **)&g->nodes, &g->node_room, g->node_count, sizeof *g->nodes))
        return -1;
    struct rt_node n = {.name = strdup(name), .op = op, .input_count = input_count};
    n.inputs = calloc(input_count ? input_count : 1, sizeof *n.inputs);
    n.attrs = calloc(op->attr_count ? op->attr_count : 1, sizeof *n.attrs);
    if (!n.name || !n.inputs || !n.attrs) {
        node_fini(&n);
        return -1;
    }
    for (uint32_t i = 0; i < input_count; i++)
        n.inputs[i] = refs[i];
    g->nodes[g->node_count] = n;
    return g->node_count++;
}

static bool copy_attr(const struct rt_attr *from, struct rt_attr *to)
{
    *to = (struct rt_attr){.count = from->count, .given = from->given};
    const size_t n = from->count ? from->count : 1;
    if (from->ints && (to->ints = calloc(n, sizeof *to->ints)))
        memcpy(to->ints, from->ints, from->count * sizeof *to->ints);
    if (from->floats && (to->floats = calloc(n, sizeof *to->floats)))
        memcpy(to->floats, from->floats, from->count * sizeof *to->floats);
    return (!from->ints || to->ints) && (!from->floats || to->floats);
}

static bool copy_node(struct rt_graph *to, const struct rt_node *n)
{
    if (rt_graph_add_node(to, n->name, n->op, n->input_count, n->inputs) < 0)
        return false;
    struct rt_node *copy = &to->nodes[to->node_count - 1];
    copy->flags = n->flags;
    copy->declared = n->declared;
    bool fine = !n->value || (copy->value = strdup(n->value));
    for (uint32_t a = 0; a < n->op->attr_count && fine; a++)
        fine = copy_attr(&n->attrs[a], &copy->attrs[a]);
    return fine;
}

struct rt_graph *rt_graph_copy(const struct rt_graph *g)
{
    struct rt_graph *to = rt_graph_new();
    bool fine = to != NULL;
    for (uint32_t i = 0; i < g->param_count && fine; i++)
        fine = rt_graph_add_param(to, g->params[i].name, g->params[i].tensor,
                                  g->params[i].flags) >= 0;
    for (uint32_t i = 0; i < g->node_count && fine; i++)
        fine = copy_node(to, &g->nodes[i]);
    for (uint32_t i = 0; i < g->meta_count && fine; i++)
        fine = rt_graph_set_meta(to, g->meta[i].key, g->meta[i].text);
    if (fine)
        return to;
    rt_graph_free(to);
    return NULL;
}

/* ---- meta ---- */

static bool add_meta(struct rt_graph *g, const char *key, const char *text)
{
    if (!grow((void **)&g->meta, &g->meta_room, g->meta_count, sizeof *g->meta))
        return false;
    struct rt_meta m = {.key = strdup(key), .text = strdup(text)};
    if (!m.key || !m.text) {
        free(m.key);
        free(m.text);
        return false;
    }
    g->meta[g->meta_count++] = m;
    return true;
}

static void drop_meta(struct rt_graph *g, uint32_t i)
{
    free(g->meta[i].key);
    free(g->meta[i].text);
    memmove(&g->meta[i], &g->meta[i + 1], (g->meta_count - i - 1) * sizeof *g->meta);
    g->meta_count--;
}

bool rt_graph_set_meta(struct rt_graph *g, const char *key, const char *text)
{
    for (uint32_t i = 0; i < g->meta_count; i++) {
        if (strcmp(g->meta[i].key, key))
            continue;
        char *copy = text ? strdup(text) : NULL;
        if (text && !copy)
            return false;
        if (!text)
            drop_meta(g, i);
        else {
            free(g->meta[i].text);
            g->meta[i].text = copy;
        }
        return true;
    }
    return !text || add_meta(g, key, text);
}

const char *rt_graph_meta(const struct rt_graph *g, const char *key)
{
    for (uint32_t i = 0; i < g->meta_count; i++)
        if (!strcmp(g->meta[i].key, key))
            return g->meta[i].text;
    return NULL;
}

/* ---- finding ---- */

int64_t rt_graph_find_node(const struct rt_graph *g, const char *name)
{
    for (uint32_t i = 0; i < g->node_count; i++)
        if (!strcmp(g->nodes[i].name, name))
            return i;
    for (uint32_t i = 0; i < g->node_count; i++)
        if (g->nodes[i].value && !strcmp(g->nodes[i].value, name))
            return i;
    return -1;
}

int64_t rt_graph_find_param(const struct rt_graph *g, const char *name)
{
    for (uint32_t i = 0; i < g->param_count; i++)
        if (!strcmp(g->params[i].name, name))
            return i;
    return -1;
}

/* ---- the check at the end ---- */

static int by_name(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The names, `stride` bytes apart, are all different. */
static imp_status check_unique(char *const *first, size_t stride, uint32_t n, const char *what,
                               imp_error *err)
{
    const char **names = calloc(n ? n : 1, sizeof *names);
    if (!names)
        return imp_fail(err, IMP_E_MEMORY, "no memory to check %u names", n);
    for (uint32_t i = 0; i < n; i++)
        names[i] = *(char *const *)(const void *)((const char *)first + i * stride);
    qsort(names, n, sizeof *names, by_name);
    imp_status st = IMP_OK;
    for (uint32_t i = 1; i < n && st == IMP_OK; i++)
        if (!strcmp(names[i - 1], names[i]))
            st = imp_fail(err, IMP_E_INPUT, "two %s are called '%s'", what, names[i]);
    free(names);
    return st;
}

static imp_status check_wires(const struct rt_graph *g, uint32_t index, imp_error *err)
{
    const struct rt_node *n = &g->nodes[index];
    const struct rt_op *op = n->op;
    const bool many = op->slot_count && (op->slots[op->slot_count - 1].flags & RT_SLOT_MANY);
    if (n->input_count > op->slot_count && !many)
        return imp_fail(err, IMP_E_INPUT, "node '%s': %s takes %u inputs, %u are wired", n->name,
                        op->name, op->slot_count, n->input_count);
    for (uint32_t s = 0; s < n->input_count || s < op->slot_count; s++) {
        const struct rt_slot *slot = &op->slots[s < op->slot_count ? s : op->slot_count - 1];
        const int32_t ref = s < n->input_count ? n->inputs[s] : RT_ABSENT;
        if (ref == RT_ABSENT && !(slot->flags & RT_SLOT_OPTIONAL))
            return imp_fail(err, IMP_E_INPUT, "node '%s': its input '%s' (%s) is not wired",
                            n->name, slot->name, op->name);
        if (ref != RT_ABSENT && ref >= 0 && (uint32_t)ref >= index)
            return imp_fail(err, IMP_E_INPUT, "node '%s' needs '%s', which is not before it: a cycle",
                            n->name, (uint32_t)ref < g->node_count ? g->nodes[ref].name : "?");
        if (rt_is_param(ref) && rt_param_of(ref) >= g->param_count)
            return imp_fail(err, IMP_E_INTERNAL, "node '%s': parameter %u of %u", n->name,
                            rt_param_of(ref), g->param_count);
    }
    return IMP_OK;
}

static imp_status check_finite(const struct rt_param *p, imp_error *err)
{
    if (p->tensor->dtype != IMP_F32)
        return IMP_OK;
    const float *v = rt_floats(p->tensor);
    int64_t bad = 0, first = -1;
    if (p->tensor->finite || kit_all_finite(v, (size_t)p->tensor->count))
        return IMP_OK;
    /* a constant may be infinite, as masks are; what was learnt may not */
    const bool constant = (p->flags & RT_FIXED) != 0;
    for (int64_t i = 0; i < p->tensor->count; i++)
        if (constant ? isnan(v[i]) : !isfinite(v[i])) {
            first = first < 0 ? i : first;
            bad++;
        }
    if (!bad)
        return IMP_OK;
    return imp_fail(err, IMP_E_INPUT,
                    "tensor '%s': %lld of %lld values are NaN or infinite, the first is number %lld: "
                    "the file is damaged, or its training diverged",
                    p->name, (long long)bad, (long long)p->tensor->count, (long long)first);
}

imp_status rt_graph_finish(struct rt_graph *g, imp_error *err)
{
    if (!g->node_count)
        return imp_fail(err, IMP_E_INPUT, "the network has no nodes");
    imp_status st = check_unique(&g->nodes[0].name, sizeof *g->nodes, g->node_count, "nodes", err);
    if (st == IMP_OK && g->param_count)
        st = check_unique(&g->params[0].name, sizeof *g->params, g->param_count, "tensors", err);
    bool output = false;
    for (uint32_t i = 0; i < g->node_count && st == IMP_OK; i++) {
        st = check_wires(g, i, err);
        output = output || (g->nodes[i].flags & IMP_NN_OUTPUT);
    }
    for (uint32_t i = 0; i < g->param_count && st == IMP_OK; i++)
        st = check_finite(&g->params[i], err);
    if (st == IMP_OK && !output)
        g->nodes[g->node_count - 1].flags |= IMP_NN_OUTPUT;
    return st;
}
