/* side.h - a worker process that runs steps when told to: ours or a peer's. The protocol:
 * net_worker.c. */
#ifndef IMP_BENCH_SIDE_H
#define IMP_BENCH_SIDE_H
#include <stdbool.h>
#include <stdio.h>
#include <sys/types.h>

enum { MAX_ROUNDS = 101, SIDE_WORDS = 24 };
enum side_state { SIDE_NONE, SIDE_READY, SIDE_MISSING, SIDE_WRONG };

struct side {
    const char *name;       /* "ours", "PyTorch" */
    char *argv[SIDE_WORDS]; /* ends with NULL; borrowed */
    enum side_state state;
    char told[400]; /* what came after ready, missing, wrong */
    char variant[64];
    pid_t pid;
    FILE *to, *from;
    int count;
    double ms[MAX_ROUNDS];
    double difference; /* of what it computed from ours, relative; -1 not compared */
    long peak_kib;     /* of its memory */
    double idle;       /* part of a processor it took while it waited */
};

/* Starts argv and waits for "ready". threads: for OpenMP. */
bool side_start(struct side *, int threads);
/* A line to it; its answer into told. false: it is wrong now. */
bool side_ask(struct side *, const char *line);
/* One more line of its answer, into told. */
bool side_line(struct side *);
/* One timed step; < 0: it failed. */
double side_go(struct side *);
/* Fills in peak_kib; idle, measured over 50 ms. */
void side_look(struct side *);
void side_stop(struct side *);
/* How two dumps differ: of each block the difference that nine of ten values stay below, as a part
 * of the block's mean size (of a thousandth of the largest block's, where that is more: some
 * gradients are zero but for rounding); the worst block counts. Not the mean: a ReLU flips where
 * its input is 1e-7 from zero, and few gradients change by much, between two layouts of PyTorch as
 * well. -1: the blocks do not fit each other. */
double side_difference(const char *ours, const char *theirs);
void side_sleep_ms(long ms);
/* Two pictures of that shape ("1x3x256x256") for workers: floats in 0..1, the same on every machine. */
bool side_input(const char *path, const char *shape);
#endif
