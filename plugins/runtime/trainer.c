/* trainer.c - see trainer.h. */
#include "trainer.h"

#include <stdlib.h>
#include <string.h>

static uint64_t bytes_of(const struct imp_nn_trainer *t, uint32_t p)
{
    return (uint64_t)t->model->graph->params[p].tensor->count * sizeof(float);
}

void rt_trainer_free(struct imp_nn_trainer *t)
{
    if (!t)
        return;
    const uint32_t n = t->model ? t->model->graph->param_count : 0;
    for (uint32_t p = 0; p < n; p++) {
        if (t->values)
            free(t->values[p]);
        if (t->grads)
            free(t->grads[p]);
        if (t->first)
            free(t->first[p]);
        if (t->second)
            free(t->second[p]);
    }
    rt_model_release(t->model);
    free(t->numbers);
    free(t->values);
    free(t->grads);
    free(t->first);
    free(t->second);
    free(t->state);
    free(t);
}

static float *zeros(uint64_t bytes)
{
    void *p = NULL;
    if (posix_memalign(&p, 64, bytes ? (size_t)bytes : 64))
        return NULL;
    memset(p, 0, bytes ? (size_t)bytes : 64);
    return p;
}

/* Running statistics and constants have values but learn nothing. */
static void mark_fixed(const struct rt_graph *g, uint8_t *fixed)
{
    for (uint32_t p = 0; p < g->param_count; p++)
        fixed[p] = (g->params[p].flags & RT_FIXED) != 0;
    for (uint32_t i = 0; i < g->node_count; i++)
        for (uint32_t s = 0; s < g->nodes[i].input_count && s < g->nodes[i].op->slot_count; s++) {
            const uint32_t flags = g->nodes[i].op->slots[s].flags;
            if (rt_is_param(g->nodes[i].inputs[s]) && (flags & (RT_SLOT_STATISTIC | RT_SLOT_STATIC)))
                fixed[rt_param_of(g->nodes[i].inputs[s])] = 1;
        }
}

static bool take_param(struct imp_nn_trainer *t, uint32_t p, bool fixed)
{
    const struct rt_tensor *from = t->model->graph->params[p].tensor;
    if (from->dtype != IMP_F32)
        return true;
    t->numbers[t->count++] = p;
    if (!(t->values[p] = zeros(bytes_of(t, p))))
        return false;
    memcpy(t->values[p], from->data, (size_t)bytes_of(t, p));
    if (fixed)
        return true;
    t->grads[p] = zeros(bytes_of(t, p));
    t->first[p] = zeros(bytes_of(t, p));
    t->second[p] = zeros(bytes_of(t, p));
    return t->grads[p] && t->first[p] && t->second[p];
}

imp_status rt_trainer_new(const struct imp_nn_model *m, uint64_t seed, struct imp_nn_trainer **out,
                          imp_error *err)
{
    const uint32_t n = m->graph->param_count ? m->graph->param_count : 1;
    uint8_t *fixed = calloc(n, 1);
    struct imp_nn_trainer *t = calloc(1, sizeof *t);
    bool fine = t && fixed;
    if (t) {
        t->model = rt_model_retain(m);
        t->seed = seed;
        t->numbers = calloc(n, sizeof *t->numbers);
        t->values = calloc(n, sizeof *t->values);
        t->grads = calloc(n, sizeof *t->grads);
        t->first = calloc(n, sizeof *t->first);
        t->second = calloc(n, sizeof *t->second);
        fine = fine && t->numbers && t->values && t->grads && t->first && t->second;
    }
    if (fine)
        mark_fixed(m->graph, fixed);
    for (uint32_t p = 0; p < m->graph->param_count && fine; p++)
        fine = take_param(t, p, fixed[p]);
    free(fixed);
    if (!fine) {
        rt_trainer_free(t);
        return imp_fail(err, IMP_E_MEMORY, "no memory for a trainer of %u parameters",
                        m->graph->param_count);
    }
    *out = t;
    return IMP_OK;
}

void rt_trainer_zero(struct imp_nn_trainer *t)
{
    for (uint32_t i = 0; i < t->count; i++)
        if (t->grads[t->numbers[i]])
            memset(t->grads[t->numbers[i]], 0, (size_t)bytes_of(t, t->numbers[i]));
}

/* ---- state: a head, then value and moments of each parameter in order ---- */

struct head { /* no padding: it is written as it stands */
    char magic[8];
    uint64_t size, seed, draws, steps, count;
};
static const char magic[8] = {'I', 'M', 'P', 'T', 'R', 'A', 'I', '1'};

static uint64_t state_size(const struct imp_nn_trainer *t)
{
    uint64_t size = sizeof(struct head);
    for (uint32_t i = 0; i < t->count; i++)
        size += bytes_of(t, t->numbers[i]) * (t->grads[t->numbers[i]] ? 3 : 1);
    return size;
}

/* Copies all contents out of (to) or into the trainer, in the order of the state. */
static void move_all(struct imp_nn_trainer *t, char *at, bool out)
{
    for (uint32_t i = 0; i < t->count; i++) {
        const uint32_t p = t->numbers[i];
        float *const parts[] = {t->values[p], t->first[p], t->second[p]};
        for (uint32_t k = 0; k < (t->grads[p] ? 3u : 1u); k++, at += bytes_of(t, p)) {
            if (out)
                memcpy(at, parts[k], (size_t)bytes_of(t, p));
            else
                memcpy(parts[k], at, (size_t)bytes_of(t, p));
        }
    }
}

imp_status rt_trainer_state(struct imp_nn_trainer *t, const void **data, uint64_t *size,
                            imp_error *err)
{
    struct head head = {.size = state_size(t), .seed = t->seed, .draws = t->draws,
                        .steps = t->steps, .count = t->count};
    memcpy(head.magic, magic, sizeof magic);
    if (!t->state && !(t->state = malloc((size_t)head.size)))
        return imp_fail(err, IMP_E_MEMORY, "no memory for a state of %llu bytes",
                        (unsigned long long)head.size);
    memcpy(t->state, &head, sizeof head);
    move_all(t, (char *)t->state + sizeof head, true);
    *data = t->state;
    *size = head.size;
    return IMP_OK;
}

imp_status rt_trainer_set_state(struct imp_nn_trainer *t, const void *data, uint64_t size,
                                imp_error *err)
{
    struct head head;
    if (size < sizeof head)
        return imp_fail(err, IMP_E_INPUT, "a trainer's state of %llu bytes is cut off",
                        (unsigned long long)size);
    memcpy(&head, data, sizeof head);
    if (memcmp(head.magic, magic, sizeof magic) || head.count != t->count)
        return imp_fail(err, IMP_E_INPUT, "this is no state of a trainer of this network");
    if (head.size != size || size != state_size(t))
        return imp_fail(err, IMP_E_INPUT,
                        "the state has %llu bytes, this network's has %llu: it is another network's",
                        (unsigned long long)size, (unsigned long long)state_size(t));
    t->seed = head.seed;
    t->draws = head.draws;
    t->steps = head.steps;
    union { const void *from; char *to; } in = {.from = data};
    move_all(t, in.to + sizeof head, false); /* read only */
    return IMP_OK;
}

imp_status rt_trainer_snapshot(const struct imp_nn_trainer *t, struct imp_nn_model **out,
                               imp_error *err)
{
    struct rt_graph *g = rt_graph_copy(t->model->graph);
    bool fine = g != NULL;
    for (uint32_t i = 0; i < t->count && fine; i++) {
        struct rt_param *p = &g->params[t->numbers[i]];
        struct rt_tensor *own = rt_tensor_new(IMP_F32, &p->tensor->shape);
        if (!(fine = own != NULL))
            break;
        memcpy(own->data, t->values[t->numbers[i]], (size_t)bytes_of(t, t->numbers[i]));
        rt_tensor_release(p->tensor);
        p->tensor = own;
    }
    if (!fine) {
        rt_graph_free(g);
        return imp_fail(err, IMP_E_MEMORY, "no memory for a copy of the network");
    }
    const imp_status st = rt_graph_finish(g, err);
    if (st != IMP_OK) {
        rt_graph_free(g);
        return st;
    }
    return rt_model_new(g, out, err);
}
