/* kit_train_state.c - checkpoints of a training: a head, the history, the trainer's state, and its
 * state at the best row. The host gives back only what was kept for the same inputs and parameters,
 * and checks its bytes; lengths are checked here all the same. */
#include "kit_train_loop.h"
#include <stdlib.h>
#include <string.h>

static const char name[] = "training";
static const uint64_t mark = 0x3130544b54504d49u; /* "IMPTKT01" */

struct head {
    uint64_t mark, row_size;
    struct kit_position at;
    uint64_t state_size, best_size; /* each padded to 16 bytes */
};

static uint64_t padded(uint64_t size)
{
    return (size + 15) / 16 * 16;
}

static uint64_t rows_bytes(const struct head *h)
{
    return padded(h->at.row_count * sizeof(kit_row));
}

imp_status kit_loop_keep(struct kit_loop *l, imp_error *err)
{
    const imp_nn_train_1 *trains = l->task.nn->train.table;
    struct head h = {
        .mark = mark, .row_size = sizeof(kit_row), .at = l->now, .best_size = l->best_size};
    const void *state;
    const imp_status st =
        trains->state(l->task.nn->train.self, l->trainer, &state, &h.state_size, err);
    if (st != IMP_OK)
        return st;
    const uint64_t head = padded(sizeof h), rows = rows_bytes(&h), trained = padded(h.state_size);
    const uint64_t size = head + rows + trained + padded(h.best_size);
    char *block = calloc(1, (size_t)size);
    if (!block)
        return imp_fail(err, IMP_E_MEMORY, "no memory for a checkpoint of the training");
    memcpy(block, &h, sizeof h);
    if (h.at.row_count)
        memcpy(block + head, l->rows, (size_t)h.at.row_count * sizeof *l->rows);
    memcpy(block + head + rows, state, (size_t)h.state_size);
    if (h.best_size)
        memcpy(block + head + rows + trained, l->best_state, (size_t)h.best_size);
    const imp_status kept = l->job->keep(l->job, name, block, size);
    free(block);
    clock_gettime(CLOCK_MONOTONIC, &l->kept);
    l->kept_step = l->now.step;
    return kept == IMP_OK ? IMP_OK
                          : imp_fail(err, kept, "the checkpoint of the training could not be kept");
}

/* Is a block of that size what this training may have kept? */
static bool sound(const struct kit_loop *l, const struct head *h, uint64_t size)
{
    const uint64_t most = size / sizeof(kit_row);
    return h->mark == mark && h->row_size == sizeof(kit_row) && h->at.row_count <= most &&
           h->state_size <= size && h->best_size <= size && h->at.step <= l->last_step &&
           h->at.epoch <= l->t->epochs && h->at.at < l->train->count &&
           (h->at.best < h->at.row_count || !h->at.row_count) &&
           size == padded(sizeof *h) + rows_bytes(h) + padded(h->state_size) + padded(h->best_size);
}

static imp_status take_rows(struct kit_loop *l, const struct head *h, const char *rows,
                            imp_error *err)
{
    l->now = h->at;
    const imp_status st = kit_loop_room(l, err);
    if (st == IMP_OK && h->at.row_count)
        memcpy(l->rows, rows, (size_t)h->at.row_count * sizeof *l->rows);
    return st;
}

static imp_status take_best(struct kit_loop *l, const void *state, uint64_t size, imp_error *err)
{
    if (!size)
        return IMP_OK;
    if (!(l->best_state = malloc((size_t)size)))
        return imp_fail(err, IMP_E_MEMORY, "no memory for the best state of the training");
    memcpy(l->best_state, state, (size_t)size);
    l->best_size = size;
    return IMP_OK;
}

imp_status kit_loop_resume(struct kit_loop *l, imp_error *err)
{
    const imp_nn_train_1 *trains = l->task.nn->train.table;
    struct head h;
    uint64_t size = 0;
    const char *block = l->job ? l->job->kept(l->job, name, &size) : NULL;
    if (!block || size < padded(sizeof h))
        return IMP_OK;
    memcpy(&h, block, sizeof h);
    if (!sound(l, &h, size))
        return IMP_OK; /* of another version of this code: begin anew */
    const char *rows = block + padded(sizeof h), *state = rows + rows_bytes(&h);
    imp_status st = take_rows(l, &h, rows, err);
    if (st == IMP_OK)
        st = take_best(l, state + padded(h.state_size), h.best_size, err);
    if (st == IMP_OK)
        st = trains->set_state(l->task.nn->train.self, l->trainer, state, h.state_size, err);
    l->first_step = l->kept_step = l->now.step;
    return st;
}
