/* kit_train_loop.h - what the loop and its checkpoints share. Private to the kit. */
#ifndef KIT_TRAIN_LOOP_H
#define KIT_TRAIN_LOOP_H
#include <impasto/kit_train.h>
#include <time.h>

/* Where a training stands: all that a checkpoint has beside the trainer's state and the rows. */
struct kit_position {
    uint64_t step, epoch, at;      /* steps done; the epoch and samples of it already seen */
    uint64_t seen, right;          /* samples since the last row */
    double loss_sum, restored_sum; /* over them */
    uint64_t row_count, best;      /* best: number of a row */
};

struct kit_loop {
    const kit_training *t;
    kit_task task;
    const imp_dataset *train, *test; /* test: NULL = none */
    imp_job *job;                    /* NULL = none */
    imp_nn_trainer *trainer;
    imp_nn_run *run;
    kit_batch *batch;
    uint64_t *order; /* of epoch order_of */
    uint64_t order_of, epoch_steps, last_step;
    float *gradient;
    struct kit_position now;
    kit_row *rows;
    uint64_t row_room;
    void *best_state; /* of the best row, when it is wanted */
    uint64_t best_size;
    struct timespec started, kept;
    uint64_t first_step, kept_step; /* where this call began; of the last checkpoint */
    uint32_t between_steps, stop;   /* between_steps: the trainer's state and the rows fit `now` */
};

static inline double kit_seconds_since(const struct timespec *from)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)(t.tv_sec - from->tv_sec) + 1e-9 * (double)(t.tv_nsec - from->tv_nsec);
}

static inline const imp_nn_train_1 *kit_loop_trains(const struct kit_loop *l)
{
    return l->task.nn->train.table;
}

static inline void *kit_loop_self(const struct kit_loop *l)
{
    return l->task.nn->train.self;
}

/* The rate of a step. kit_train_rows.c */
double kit_loop_rate(const struct kit_loop *, uint64_t step);
/* Ends a row: looks at the weights, evaluates, remembers the best. kit_train_rows.c */
imp_status kit_loop_row(struct kit_loop *, imp_error *);
/* Room for one more row. kit_train_rows.c */
imp_status kit_loop_room(struct kit_loop *, imp_error *);
/* Gives the job a checkpoint. kit_train_state.c */
imp_status kit_loop_keep(struct kit_loop *, imp_error *);
/* Goes on from the job's checkpoint, if there is one. */
imp_status kit_loop_resume(struct kit_loop *, imp_error *);

#endif
