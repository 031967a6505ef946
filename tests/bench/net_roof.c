/* net_roof.c - which part of the processor's peak each convolution of a network reaches, counted as
 * a direct convolution: two operations for each multiply-accumulate, so a method that saves
 * multiplications may exceed it. net_roof RUNTIME.so WORKER NET SIDE ROUNDS RESULTS.json Each round
 * measures the peak anew. Rows (rows.h): peer "FMA peak", peer_ms what the layer would take at the
 * peak; ratio is the share. A layer is a convolution and what stands before the next. Its value is
 * asked for, so layers that would be fused with the next are not. */
#include "peak.h"
#include "rows.h"
#include "side.h"
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { MAX_LAYERS = 128 };
struct layer {
    char name[96];
    double gflop, ours[MAX_ROUNDS], peak[MAX_ROUNDS];
};
struct roof {
    struct layer *layers;
    int count, rounds;
};

/* One pass: "name ms macs" for each layer, then "ok". */
static bool pass(struct side *s, struct roof *r, int round, double peak)
{
    int n = 0;
    for (bool told = side_ask(s, "layers"); told; told = side_line(s)) {
        double ms, macs;
        char name[64];
        if (!strcmp(s->told, "ok"))
            break;
        if (n == MAX_LAYERS || sscanf(s->told, "%63s %lf %lf", name, &ms, &macs) != 3)
            return false;
        struct layer *l = &r->layers[n++];
        snprintf(l->name, sizeof l->name, "%s", name);
        l->gflop = 2 * macs / 1e9;
        if (round >= 0)
            l->ours[round] = ms, l->peak[round] = 1e3 * l->gflop / peak;
    }
    r->count = n;
    return s->state == SIDE_READY && n > 0;
}

static void tell(const struct roof *r, cJSON *rows, const char *title, int threads)
{
    for (int i = 0; i < r->count; i++) {
        struct layer *l = &r->layers[i];
        char name[200];
        snprintf(name, sizeof name, "%s %s", title, l->name);
        cJSON *row = rows_new(name, "FMA peak", threads, l->ours, l->peak, r->rounds);
        rows_add(row, "gflops", 1e3 * l->gflop / rows_number(row, "ours_ms"));
        printf("%-36s %d %9.2f ms %8.1f GFLOP/s %5.0f %% of the peak\n", name, threads,
               rows_number(row, "ours_ms"), rows_number(row, "gflops"),
               100 * rows_number(row, "ratio"));
        rows_put(rows, row);
    }
}

static bool measure(struct roof *r, char **argv, int threads, cJSON *rows)
{
    char count[12], shape[64], input[] = "build/bench/net/input", title[64];
    struct side s = {.name = "ours"};
    double peak = 0, peaks[MAX_ROUNDS];
    snprintf(count, sizeof count, "%d", threads);
    snprintf(shape, sizeof shape, "1x3x%sx%s", argv[4], argv[4]);
    snprintf(title, sizeof title, "VGG-19 %s", argv[4]);
    char *words[] = {argv[2], argv[1], (char[]){"layers"}, argv[3], count, shape, input, NULL};
    memcpy(s.argv, words, sizeof words);
    bool fine = side_input(input, shape) && side_start(&s, threads);
    for (int i = -2; i < r->rounds && fine; i++) {
        peak = peak_gflops(threads);
        fine = peak > 0 && pass(&s, r, i, peak);
        if (i >= 0)
            peaks[i] = peak;
    }
    if (!fine)
        fprintf(stderr, "net_roof: %s\n", peak > 0 ? s.told : "no fused multiply-add here");
    side_stop(&s);
    unlink(input);
    if (fine)
        printf("\nfp32 peak, %d threads: %.1f GFLOP/s\n", threads,
               rows_quantile(peaks, r->rounds, 0.5)),
            tell(r, rows, title, threads);
    return fine;
}

int main(int argc, char **argv)
{
    static struct layer layers[MAX_LAYERS];
    struct roof r = {.layers = layers, .rounds = argc > 6 ? (int)strtol(argv[5], NULL, 10) : 0};
    if (r.rounds < 1 || r.rounds > MAX_ROUNDS)
        return fprintf(stderr, "usage: net_roof RUNTIME.so WORKER NET SIDE ROUNDS RESULTS.json\n"),
               2;
    cJSON *rows = rows_read(argv[6]);
    if (!rows)
        rows = cJSON_CreateArray();
    bool fine = measure(&r, argv, 2, rows) && measure(&r, argv, 1, rows);
    fine = rows_write(argv[6], rows) && fine;
    cJSON_Delete(rows);
    return fine ? 0 : 1;
}
