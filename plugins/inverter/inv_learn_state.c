/* inv_learn_state.c - checkpoints of a decoder's training: a head, the history, the trainer's
 * state. The host gives back only what was kept for the same inputs and parameters. */
#include "inv_learn.h"
#include <stdlib.h>
#include <string.h>

static const char name[] = "learning";
static const uint64_t mark = 0x3130524c50504d49u; /* "IMPPLR01" */

struct head {
    uint64_t mark, row_size, state_size;
    struct inv_place at;
};

static uint64_t padded(uint64_t size)
{
    return (size + 15) / 16 * 16;
}

imp_status inv_school_room(struct inv_school *s, imp_error *err)
{
    if (s->now.row_count < s->row_room)
        return IMP_OK;
    const uint64_t more = s->now.row_count + 64;
    struct inv_row *rows = realloc(s->rows, more * sizeof *rows);
    if (!rows)
        return imp_fail(err, IMP_E_MEMORY, "no memory for the history");
    s->rows = rows, s->row_room = more;
    return IMP_OK;
}

imp_status inv_school_keep(struct inv_school *s, imp_error *err)
{
    const kit_nn *nn = s->l->sight->nn;
    const imp_nn_train_1 *trains = nn->train.table;
    struct head h = {.mark = mark, .row_size = sizeof(struct inv_row), .at = s->now};
    const void *state;
    imp_status st = trains->state(nn->train.self, s->trainer, &state, &h.state_size, err);
    if (st != IMP_OK)
        return st;
    const uint64_t rows = s->now.row_count * sizeof *s->rows,
                   before = padded(sizeof h) + padded(rows);
    char *block = calloc(1, (size_t)(before + h.state_size));
    if (!block)
        return imp_fail(err, IMP_E_MEMORY, "no memory for a checkpoint of the training");
    memcpy(block, &h, sizeof h);
    if (rows)
        memcpy(block + padded(sizeof h), s->rows, (size_t)rows);
    memcpy(block + before, state, (size_t)h.state_size);
    st = s->job->keep(s->job, name, block, before + h.state_size);
    free(block);
    return st == IMP_OK ? st
                        : imp_fail(err, st, "the checkpoint of the training could not be kept");
}

static bool sound(const struct inv_school *s, const struct head *h, uint64_t size)
{
    return h->mark == mark && h->row_size == sizeof(struct inv_row) && h->at.step <= s->l->steps &&
           h->at.at < s->l->train->count && h->at.row_count <= size / sizeof(struct inv_row) &&
           h->state_size <= size &&
           size ==
               padded(sizeof *h) + padded(h->at.row_count * sizeof(struct inv_row)) + h->state_size;
}

imp_status inv_school_resume(struct inv_school *s, imp_error *err)
{
    const kit_nn *nn = s->l->sight->nn;
    const imp_nn_train_1 *trains = nn->train.table;
    uint64_t size = 0;
    struct head h;
    const char *block = s->job ? s->job->kept(s->job, name, &size) : NULL;
    if (!block || size < sizeof h)
        return IMP_OK;
    memcpy(&h, block, sizeof h);
    if (!sound(s, &h, size))
        return IMP_OK;
    const uint64_t rows = h.at.row_count * sizeof(struct inv_row);
    s->now = h.at;
    imp_status st = inv_school_room(s, err);
    if (st == IMP_OK && rows)
        memcpy(s->rows, block + padded(sizeof h), (size_t)rows);
    return st == IMP_OK
               ? trains->set_state(nn->train.self, s->trainer,
                                   block + padded(sizeof h) + padded(rows), h.state_size, err)
               : st;
}
