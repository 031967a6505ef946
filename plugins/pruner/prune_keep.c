/* prune_keep.c - a pruning as bytes: the cuts so far and the parameters of two networks; the
 * networks themselves are the original with the cuts made again. */
#include "pruning.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PATH_ROOM = 4300 };
static const uint32_t mark = 0x32525049u; /* "IPR2" */

struct head {
    uint32_t mark, layers, units, rows, best_row, cuts, ints, layer_at;
    uint32_t epoch, more;
    uint64_t now, now_moments, best, best_moments; /* bytes of their states; 0: at rest */
};

/* ---- writing ---- */

struct bytes {
    char *data;
    size_t size, room;
    bool failed;
};

static void put(struct bytes *b, const void *data, size_t size)
{
    if (b->failed || !size)
        return;
    if (b->size + size > b->room) {
        const size_t room = 2 * b->room + size;
        char *more = realloc(b->data, room);
        if (!more) {
            b->failed = true;
            return;
        }
        b->data = more, b->room = room;
    }
    memcpy(b->data + b->size, data, size);
    b->size += size;
}

/* Appends the parameters of a network (or moments, NULL: none); answers how many bytes. */
static uint64_t put_net(struct bytes *b, const struct pruning *p, const imp_nn_model *model)
{
    const imp_nn_train_1 *train = p->s.nn->train.table;
    imp_nn_trainer *t = NULL;
    const void *state;
    uint64_t size = 0;
    if (!model)
        return 0;
    if (train->trainer_new(p->s.nn->train.self, model, p->o->seed, &t, NULL) != IMP_OK ||
        train->state(p->s.nn->train.self, t, &state, &size, NULL) != IMP_OK)
        b->failed = true;
    else
        put(b, state, (size_t)size);
    if (t)
        train->trainer_free(p->s.nn->train.self, t, NULL);
    return size;
}

void pr_keep(struct pruning *p)
{
    struct head h = {.mark = mark,
                     .layers = p->layer_count,
                     .units = p->unit_count,
                     .rows = p->row_count,
                     .best_row = p->best_row,
                     .cuts = p->cut_count,
                     .ints = p->int_count,
                     .layer_at = p->layer_at,
                     .epoch = p->s.epoch};
    struct bytes b = {.data = NULL};
    if (!p->s.job || !p->s.job->keep)
        return;
    put(&b, &h, sizeof h);
    put(&b, p->why, sizeof p->why);
    put(&b, p->rows, p->row_count * sizeof *p->rows);
    put(&b, p->widths, (size_t)p->row_count * p->layer_count * sizeof *p->widths);
    put(&b, p->cuts, p->cut_count * sizeof *p->cuts);
    put(&b, p->ints, p->int_count * sizeof *p->ints);
    put(&b, p->sequence, p->layer_count * sizeof *p->sequence);
    for (uint32_t i = 0; i < p->layer_count; i++)
        put(&b, &p->layers[i].silent, sizeof(uint32_t)),
            put(&b, &p->layers[i].held, sizeof(uint32_t));
    put(&b, p->first_raw, p->unit_count * sizeof *p->first_raw);
    put(&b, p->first_score, p->unit_count * sizeof *p->first_score);
    h.now = put_net(&b, p, p->now.model);
    h.now_moments = put_net(&b, p, p->now.moments);
    h.best = put_net(&b, p, p->best.model);
    h.best_moments = put_net(&b, p, p->best.moments);
    if (!b.failed) {
        memcpy(b.data, &h, sizeof h);
        p->s.job->keep(p->s.job, "pruning", b.data,
                       b.size); /* a failure costs a step when it is killed */
    }
    free(b.data);
}

/* ---- reading ---- */

struct reader {
    const char *at, *end;
    bool failed;
};

static void get(struct reader *r, void *to, size_t size)
{
    if (r->failed || size > (size_t)(r->end - r->at)) {
        r->failed = true;
        return;
    }
    if (size)
        memcpy(to, r->at, size);
    r->at += size;
}

static void *get_new(struct reader *r, size_t count, size_t size)
{
    const size_t bytes = kit_bytes(count, size);
    void *to = (bytes || !count) && bytes <= (size_t)(r->end - r->at) ? malloc(bytes + 1) : NULL;
    if (to)
        get(r, to, bytes);
    else
        r->failed = true;
    return to;
}

/* The original with the cuts of rows 1 .. row, and parameters from bytes. */
static imp_status rebuild(const struct pruning *p, uint32_t row, const void *state, uint64_t size,
                          imp_nn_model **out, imp_error *err)
{
    const imp_nn_model_1 *models = pr_models(&p->s);
    const imp_nn_train_1 *train = p->s.nn->train.table;
    void *self = p->s.nn->model.self;
    imp_nn_model *thin = p->s.original.model, *next = NULL;
    imp_nn_trainer *t = NULL;
    imp_status st = models->retain(self, thin, err);
    for (uint32_t r = 1; r <= row && st == IMP_OK; r++) {
        st = pr_cut_again(p, r, thin, &next, err);
        if (st == IMP_OK) {
            models->release(self, thin, NULL);
            thin = next;
        }
    }
    if (st == IMP_OK)
        st = train->trainer_new(p->s.nn->train.self, thin, p->o->seed, &t, err);
    if (st == IMP_OK)
        st = train->set_state(p->s.nn->train.self, t, state, size, err);
    if (st == IMP_OK)
        st = train->snapshot(p->s.nn->train.self, t, out, err);
    if (t)
        train->trainer_free(p->s.nn->train.self, t, NULL);
    models->release(self, thin, NULL);
    return st;
}

static imp_status rebuild_net(const struct pruning *p, uint32_t row, struct reader *r,
                              uint64_t size, uint64_t more, struct pr_net *net, imp_error *err)
{
    imp_nn_model *model = NULL, *moments = NULL;
    const uint64_t left = (uint64_t)(r->end - r->at);
    if (size > left || more > left - size)
        return imp_fail(err, IMP_E_FAILED, "the checkpoint is cut");
    imp_status st = rebuild(p, row, r->at, size, &model, err);
    if (st == IMP_OK && more)
        st = rebuild(p, row, r->at + size, more, &moments, err);
    r->at += size + more;
    if (st == IMP_OK) {
        pr_net_close(&p->s, net);
        st = pr_net_open(&p->s, net, model, err);
        model = NULL;
    }
    if (st == IMP_OK)
        net->moments = moments;
    else if (moments)
        pr_models(&p->s)->release(p->s.nn->model.self, moments, NULL);
    if (model)
        pr_models(&p->s)->release(p->s.nn->model.self, model, NULL);
    return st;
}

/* Units as they are after all cuts of the checkpoint. */
static void replay(struct pruning *p)
{
    for (uint32_t row = 1; row < p->row_count; row++) {
        for (uint32_t i = 0; i < p->cut_count; i++) {
            const struct pr_cut *c = &p->cuts[i];
            for (uint32_t k = 0; c->row == row && k < c->count; k++)
                p->gone[p->layers[c->group].first + p->ints[c->first + k]] = 1;
        }
        pr_layers_renumber(p, row);
    }
}

static bool sound(const struct pruning *p)
{
    for (uint32_t i = 0; i < p->cut_count; i++) {
        const struct pr_cut *c = &p->cuts[i];
        if (c->group >= p->layer_count || !c->row || c->row >= p->row_count ||
            c->first > p->int_count || c->count > p->int_count - c->first)
            return false;
        for (uint32_t k = 0; k < c->count; k++)
            if (p->ints[c->first + k] >= p->layers[c->group].original)
                return false;
    }
    return p->best_row < p->row_count;
}

/* Steps of an earlier run into the folder. */
static imp_status save_again(struct pruning *p, imp_error *err);

imp_status pr_resume(struct pruning *p, bool *found, imp_error *err)
{
    uint64_t size = 0;
    const char *data =
        p->s.job && p->s.job->kept ? p->s.job->kept(p->s.job, "pruning", &size) : NULL;
    struct reader r = {data, data + size, !data};
    struct head h = {.mark = 0};
    *found = false;
    get(&r, &h, sizeof h);
    if (r.failed || h.mark != mark || h.layers != p->layer_count || h.units != p->unit_count ||
        !h.rows || h.ints > p->unit_count)
        return IMP_OK;
    get(&r, p->why, sizeof p->why);
    p->row_count = h.rows, p->best_row = h.best_row, p->cut_count = h.cuts, p->int_count = h.ints;
    p->layer_at = h.layer_at, p->s.epoch = h.epoch;
    p->rows = get_new(&r, h.rows, sizeof *p->rows);
    p->widths = get_new(&r, (size_t)h.rows * h.layers, sizeof *p->widths);
    p->cuts = get_new(&r, h.cuts, sizeof *p->cuts);
    get(&r, p->ints, h.ints * sizeof *p->ints);
    get(&r, p->sequence, h.layers * sizeof *p->sequence);
    for (uint32_t i = 0; i < p->layer_count; i++)
        get(&r, &p->layers[i].silent, sizeof(uint32_t)),
            get(&r, &p->layers[i].held, sizeof(uint32_t));
    get(&r, p->first_raw, h.units * sizeof *p->first_raw);
    get(&r, p->first_score, h.units * sizeof *p->first_score);
    if (r.failed || !sound(p))
        return imp_fail(err, IMP_E_FAILED,
                        "the checkpoint of this pruning is damaged: give another output folder, or "
                        "remove its .impasto");
    imp_status st = rebuild_net(p, h.rows - 1, &r, h.now, h.now_moments, &p->now, err);
    if (st == IMP_OK)
        st = rebuild_net(p, h.best_row, &r, h.best, h.best_moments, &p->best, err);
    if (st == IMP_OK) {
        replay(p);
        *found = true;
        st = save_again(p, err);
    }
    return st;
}

/* ---- steps as files ---- */

static imp_status save(const struct pruning *p, uint32_t step, const imp_nn_model *model,
                       imp_error *err)
{
    const imp_nn_train_1 *train = p->s.nn->train.table;
    char path[PATH_ROOM];
    const int n = snprintf(path, sizeof path, "%sstep-%03u.safetensors", p->folder, step);
    if (n < 0 || (size_t)n >= sizeof path)
        return imp_fail(err, IMP_E_IO, "the name of the folder of steps is too long");
    return train->save(p->s.nn->train.self, model, path, err);
}

imp_status pr_save_step(struct pruning *p, imp_error *err)
{
    char name[32];
    struct bytes b = {.data = NULL};
    if (!p->folder)
        return IMP_OK;
    snprintf(name, sizeof name, "step-%u", p->row_count - 1);
    put_net(&b, p, p->now.model);
    if (!b.failed && p->s.job && p->s.job->keep)
        p->s.job->keep(p->s.job, name, b.data, b.size);
    free(b.data);
    return save(p, p->row_count - 1, p->now.model, err);
}

static imp_status save_again(struct pruning *p, imp_error *err)
{
    imp_status st = IMP_OK;
    for (uint32_t row = 1; p->folder && row < p->row_count && st == IMP_OK; row++) {
        char name[32];
        uint64_t size = 0;
        imp_nn_model *model = NULL;
        snprintf(name, sizeof name, "step-%u", row);
        const void *state = p->s.job->kept(p->s.job, name, &size);
        if (!state)
            continue;
        st = rebuild(p, row, state, size, &model, err);
        if (st == IMP_OK) {
            st = save(p, row, model, err);
            pr_models(&p->s)->release(p->s.nn->model.self, model, NULL);
        }
    }
    return st;
}
