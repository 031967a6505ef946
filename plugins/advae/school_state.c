/* school_state.c - checkpoints: a head, the history, the state of every network that learns. The
 * host gives back only what was kept for the same inputs and parameters. */
#include "school.h"
#include <stdlib.h>
#include <string.h>

static const char name[] = "training";
static const uint64_t mark = 0x3130564441504d49u; /* "IMPADV01" */
enum { LINKS = 6 };

struct head {
    uint64_t mark, row_size, state_size[LINKS];
    struct av_now at;
};

static uint64_t padded(uint64_t size)
{
    return (size + 15) / 16 * 16;
}

imp_status av_row_room(struct av_school *s, imp_error *err)
{
    if (s->now.row_count < s->row_room)
        return IMP_OK;
    struct av_row *rows = realloc(s->rows, (s->row_room + 64) * sizeof *rows);
    if (!rows)
        return imp_fail(err, IMP_E_MEMORY, "no memory for the history");
    s->rows = rows, s->row_room += 64;
    return IMP_OK;
}

/* What a network that stands still has learnt must be kept too: its parameters, as a trainer's
 * state. */
static imp_status state_of(av_link *l, const void **data, uint64_t *size, imp_nn_trainer **made,
                           imp_error *err)
{
    const imp_nn_train_1 *trains = l->nn->train.table;
    imp_nn_trainer *t = l->trainer;
    imp_status st = IMP_OK;
    if (!t && (st = trains->trainer_new(l->nn->train.self, l->model, 0, made, err)) == IMP_OK)
        t = *made;
    return st == IMP_OK ? trains->state(l->nn->train.self, t, data, size, err) : st;
}

static void links_of(struct av_school *s, av_link *links[LINKS])
{
    av_link *const all[LINKS] = {&s->judge,     &s->encoder, &s->generator,
                                 &s->adversary, &s->synth,   &s->patches};
    for (int i = 0; i < LINKS; i++)
        links[i] = all[i]->nn && !(i == 0 && s->p->judge) ? all[i] : NULL;
}

imp_status av_keep(struct av_school *s, imp_error *err)
{
    const imp_nn_train_1 *trains = s->p->nn->train.table;
    struct head h = {.mark = mark, .row_size = sizeof(struct av_row), .at = s->now};
    const uint64_t rows = s->now.row_count * sizeof *s->rows,
                   before = padded(sizeof h) + padded(rows);
    av_link *links[LINKS];
    uint64_t used = before;
    char *block = calloc(1, (size_t)before);
    imp_status st = block ? IMP_OK : IMP_E_MEMORY;
    links_of(s, links);
    for (int i = 0; i < LINKS && st == IMP_OK; i++) {
        const void *data;
        imp_nn_trainer *made = NULL;
        if (!links[i] || (st = state_of(links[i], &data, &h.state_size[i], &made, err)) != IMP_OK)
            continue;
        char *more = realloc(block, (size_t)(used + padded(h.state_size[i])));
        if (more) {
            block = more;
            memset(block + used, 0, (size_t)padded(h.state_size[i]));
            memcpy(block + used, data, (size_t)h.state_size[i]);
            used += padded(h.state_size[i]);
        } else
            st = IMP_E_MEMORY;
        if (made)
            trains->trainer_free(s->p->nn->train.self, made, NULL);
    }
    if (st == IMP_OK) {
        memcpy(block, &h, sizeof h);
        if (rows)
            memcpy(block + padded(sizeof h), s->rows, (size_t)rows);
        st = s->job->keep(s->job, name, block, used);
    }
    free(block);
    return st == IMP_OK ? st
                        : imp_fail(err, st, "the checkpoint of the training could not be kept");
}

static bool sound(const struct head *h, uint64_t size)
{
    uint64_t used = padded(sizeof *h);
    if (h->mark != mark || h->row_size != sizeof(struct av_row) ||
        h->at.row_count > size / sizeof(struct av_row))
        return false;
    used += padded(h->at.row_count * sizeof(struct av_row));
    for (int i = 0; i < LINKS; i++) {
        if (h->state_size[i] > size)
            return false;
        used += padded(h->state_size[i]);
    }
    return used == size;
}

imp_status av_resume(struct av_school *s, imp_error *err)
{
    const imp_nn_train_1 *trains = s->p->nn->train.table;
    av_link *links[LINKS];
    uint64_t size = 0;
    struct head h;
    const char *block = s->job->kept ? s->job->kept(s->job, name, &size) : NULL;
    if (!block || size < sizeof h)
        return IMP_OK;
    memcpy(&h, block, sizeof h);
    if (!sound(&h, size))
        return IMP_OK;
    links_of(s, links);
    const uint64_t rows = h.at.row_count * sizeof *s->rows;
    uint64_t at = padded(sizeof h) + padded(rows);
    imp_status st = IMP_OK;
    for (int i = 0; i < LINKS && st == IMP_OK; i++) {
        if (links[i] && h.state_size[i])
            st = trains->set_state(s->p->nn->train.self, links[i]->trainer, block + at,
                                   h.state_size[i], err);
        at += padded(h.state_size[i]);
    }
    if (st == IMP_OK && rows) {
        s->rows = malloc((size_t)rows);
        if (!s->rows)
            return imp_fail(err, IMP_E_MEMORY, "no memory for the history");
        memcpy(s->rows, block + padded(sizeof h), (size_t)rows);
        s->row_room = h.at.row_count;
    }
    if (st == IMP_OK)
        s->now = h.at;
    return st;
}
