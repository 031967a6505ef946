/* rt_same_graph.h - are two graphs one and the same? For tests of readers and writers. */
#ifndef RT_SAME_GRAPH_H
#define RT_SAME_GRAPH_H
#include <op.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static inline const char *text_or_none(const char *text)
{
    return text ? text : "(none)";
}

static inline void same_tensor(const struct rt_tensor *a, const struct rt_tensor *b, const char *name)
{
    if (a->dtype != b->dtype || !rt_same_shape(&a->shape, &b->shape))
        fail_msg("tensor '%s' has another type or shape", name);
    if (memcmp(a->data, b->data, (size_t)a->count * (a->dtype == IMP_I64 ? 8 : 4)))
        fail_msg("tensor '%s' holds other numbers", name);
}

static inline int32_t slot_of(const struct rt_node *n, uint32_t s)
{
    return s < n->input_count ? n->inputs[s] : (int32_t)RT_ABSENT;
}

/* Slots left open at the end are as good as none. */
static inline void same_wires(const struct rt_graph *a, const struct rt_graph *b, uint32_t i)
{
    const struct rt_node *m = &a->nodes[i], *n = &b->nodes[i];
    for (uint32_t s = 0; s < m->input_count || s < n->input_count; s++) {
        const int32_t p = slot_of(m, s), q = slot_of(n, s);
        if (rt_is_param(p) != rt_is_param(q) || (!rt_is_param(p) && p != q))
            fail_msg("node '%s': slot %u is wired to %d and %d", m->name, s, p, q);
        if (!rt_is_param(p))
            continue;
        const struct rt_param *v = &a->params[rt_param_of(p)], *w = &b->params[rt_param_of(q)];
        assert_string_equal(v->name, w->name);
        if (v->flags != w->flags)
            fail_msg("tensor '%s' has flags %u and %u", v->name, v->flags, w->flags);
        same_tensor(v->tensor, w->tensor, v->name);
    }
}

static inline void same_attrs(const struct rt_node *m, const struct rt_node *n)
{
    for (uint32_t i = 0; i < m->op->attr_count; i++) {
        const struct rt_attr *a = &m->attrs[i], *b = &n->attrs[i];
        bool same = a->given == b->given && a->count == b->count && !a->ints == !b->ints;
        for (uint32_t k = 0; same && k < a->count; k++)
            same = a->ints ? a->ints[k] == b->ints[k]
                           : !memcmp(&a->floats[k], &b->floats[k], sizeof a->floats[k]);
        if (!same)
            fail_msg("node '%s': attribute '%s' is another", m->name, m->op->attrs[i].key);
    }
}

static inline void same_graph(const struct rt_graph *a, const struct rt_graph *b)
{
    assert_int_equal(a->node_count, b->node_count);
    assert_int_equal(a->meta_count, b->meta_count);
    for (uint32_t i = 0; i < a->meta_count; i++) {
        assert_string_equal(a->meta[i].key, b->meta[i].key);
        assert_string_equal(a->meta[i].text, b->meta[i].text);
    }
    for (uint32_t i = 0; i < a->node_count; i++) {
        const struct rt_node *m = &a->nodes[i], *n = &b->nodes[i];
        assert_string_equal(m->name, n->name);
        assert_string_equal(text_or_none(m->value), text_or_none(n->value));
        assert_string_equal(m->op->name, n->op->name);
        assert_int_equal(m->flags, n->flags);
        if (!rt_same_shape(&m->declared, &n->declared))
            fail_msg("node '%s' is declared with another shape", m->name);
        same_wires(a, b, i);
        same_attrs(m, n);
    }
}

#endif
