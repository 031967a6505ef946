/* net_worker.h - our side of a network row: what net_worker.c opens and net_steps.c runs. */
#ifndef IMP_BENCH_NET_WORKER_H
#define IMP_BENCH_NET_WORKER_H
#include <impasto/nn.h>
#include <stdbool.h>
#include <stdio.h>

enum mode { MODE_FORWARD, MODE_BACKWARD, MODE_TRAIN, MODE_LOAD, MODE_FIRST, MODE_LAYERS };
enum { AXES = 4, LOSSES = 8 };

struct loss {
    uint32_t node;
    uint64_t count;
    float *target, *seed; /* squared error, divided by the mean square of the target */
    double target_power;
};
struct worker {
    const imp_nn_model_1 *nn;
    const imp_nn_grad_1 *grad;
    const imp_nn_train_1 *train;
    const imp_nn_edit_1 *edit;
    imp_job *job;
    const imp_filter *loader; /* net.load */
    void *loading;            /* its instance */
    imp_error err;
    enum mode mode;
    const char *path;    /* of the network */
    int64_t shape[AXES]; /* of the picture: N C H W */
    uint64_t pixels;     /* samples in it */
    float *pictures;     /* two of them: what goes in, and where targets come from */
    imp_nn_model *model;
    imp_nn_run *run;
    imp_nn_trainer *trainer;
    uint32_t input, output, loss_count;
    struct loss losses[LOSSES];
};

/* The network into model, as net.load reads it for a graph: with the threads of the job. */
imp_status worker_load(struct worker *);
/* Everything before the first step. nodes: names of those with a loss (MODE_BACKWARD). */
imp_status steps_prepare(struct worker *, char *const *nodes, uint32_t node_count);
/* One step, as it is timed. */
imp_status steps_run(struct worker *);
/* What the last step computed, as blocks: a count of 32 bits, then as many floats. */
imp_status steps_dump(struct worker *, FILE *);
/* Of each convolution and what follows it up to the next a line: name, milliseconds, multiply-accumulates. */
imp_status steps_layers(struct worker *, FILE *);
void steps_close(struct worker *);
imp_tensor steps_tensor(uint32_t ndim, const int64_t *shape, float *data);

/* net_train.c: a step of training; VAE or classifier, as the network has an input `noise` or not.
 */
imp_status train_prepare(struct worker *);
imp_status train_step(struct worker *);
imp_status train_dump(struct worker *, FILE *);
bool dump_block(FILE *, const float *data, uint64_t count);
double bench_now_ms(void);
#endif
