/* op.c - what operators share: static integers, cutting work. */
#include "op.h"

#include <impasto/kit.h>
#include <string.h>

static const struct rt_tensor *known_of(const struct rt_info *const *in, uint32_t input_count,
                                        int slot)
{
    if (slot < 0 || (uint32_t)slot >= input_count || !in[slot])
        return NULL;
    return in[slot]->known;
}

const int64_t *rt_static_ints(const struct rt_node *node, const struct rt_info *const *in,
                              uint32_t input_count, int attr, int slot, uint32_t *count)
{
    static const int64_t none[1];
    *count = 0;
    if (attr >= 0 && node->attrs[attr].given) {
        *count = node->attrs[attr].count;
        return *count ? node->attrs[attr].ints : none;
    }
    const struct rt_tensor *t = known_of(in, input_count, slot);
    if (!t || t->dtype != IMP_I64 || t->count > UINT32_MAX)
        return NULL;
    *count = (uint32_t)t->count;
    return rt_integers(t);
}

uint32_t rt_static_floats(const struct rt_node *node, const struct rt_info *const *in,
                          uint32_t input_count, int attr, int slot, double *to, uint32_t room)
{
    if (attr >= 0 && node->attrs[attr].given) {
        const struct rt_attr *a = &node->attrs[attr];
        const uint32_t n = a->count < room ? a->count : room;
        for (uint32_t i = 0; i < n; i++)
            to[i] = a->floats ? a->floats[i] : (double)a->ints[i];
        return n;
    }
    const struct rt_tensor *t = known_of(in, input_count, slot);
    if (!t)
        return 0;
    const uint32_t n = t->count < room ? (uint32_t)t->count : room;
    for (uint32_t i = 0; i < n; i++)
        to[i] = t->dtype == IMP_I64 ? (double)rt_integers(t)[i] : (double)rt_floats(t)[i];
    return n;
}

imp_status rt_parallel(imp_job *job, uint32_t n, void (*fn)(void *user, uint32_t i) IMP_NX,
                       void *user)
{
    if (n == 1) {
        fn(user, 0);
        return IMP_OK;
    }
    return kit_parallel(job, n, fn, user);
}

void rt_clear_fresh(const struct rt_call *c, uint32_t slot)
{
    for (; c->fresh && slot < c->input_count; slot++)
        if (c->in_grad[slot] && c->fresh[slot])
            memset(c->in_grad[slot], 0, (size_t)rt_count(&c->in_info[slot]->shape) * sizeof(float));
}

uint32_t rt_pieces(int64_t items, double cost)
{
    const double pieces = (double)items * cost / 65536.0;
    if (items < 2 || pieces < 2)
        return 1;
    const uint32_t most = items < 64 ? (uint32_t)items : 64;
    return pieces > most ? most : (uint32_t)pieces;
}

void rt_piece(int64_t items, uint32_t n, uint32_t i, int64_t *from, int64_t *to)
{
    const int64_t each = items / n, more = items % n;
    *from = each * i + (i < more ? i : more);
    *to = *from + each + (i < more ? 1 : 0);
}
