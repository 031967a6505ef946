/* net_worker.c - our side of a network row: opens the runtime as a host does and runs steps of one
 * network on a pool of threads when it is told to, through the services of nn.h alone. net_worker
 * RUNTIME.so MODE NET THREADS NxCxHxW INPUT [NODE...] MODE: forward, backward (from squared errors
 * at the nodes to the picture), train, load, first (load and the first forward), layers. NET: path
 * without ending. INPUT: floats, two pictures. It answers "ready" and then, line by line, go one
 * step: its milliseconds check FILE  what the last step computed goes into the file: "ok" layers
 * name, milliseconds, multiply-accumulates of every convolution, then "ok" so that steps of ours
 * and of a peer can alternate. "wrong" and a reason: it cannot go on. */
#include "net_worker.h"
#include "minihost.h"
#include "pool.h"
#include "processor.h"
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct job {
    imp_job api;
    struct pool *pool;
    imp_object model; /* as net.load gave it last */
};

static imp_status parallel(imp_job *j, uint32_t n, void (*fn)(void *, uint32_t) IMP_NX,
                           void *user) IMP_NX
{
    return pool_parallel(((struct job *)(void *)j)->pool, n, fn, user, NULL);
}

static imp_status progress(imp_job *j, double fraction, const char *phase) IMP_NX
{
    (void)j, (void)fraction, (void)phase;
    return IMP_OK;
}

static imp_object *new_object(imp_job *j, const char *type, void *object,
                              void (*drop)(void *) IMP_NX) IMP_NX
{
    struct job *job = (void *)j;
    (void)type, (void)drop;
    job->model = (imp_object){.head = {.struct_size = sizeof job->model, .kind = IMP_OBJECT},
                              .object = object};
    return &job->model;
}

static imp_status set_output(imp_job *j, uint32_t port, const imp_value *value) IMP_NX
{
    (void)j, (void)port, (void)value;
    return IMP_OK;
}

/* A node `net.load` of the network, whose parameters the job has from now on. NULL: why. */
static bool prepare_loader(struct worker *w, struct mini *runtime, char *why, size_t size)
{
    char text[4200];
    snprintf(text, sizeof text, "path='%s.safetensors'", w->path);
    w->loader = mini_filter(runtime, "net.load");
    struct mini_params *p = w->loader ? mini_params_new(w->loader, text, why, size) : NULL;
    if (!p)
        return false;
    w->job->params = mini_params_cells(p); /* they live as long as the process */
    return w->loader->create(mini_host(runtime), w->loader, w->job->params, &w->loading, &w->err) ==
           IMP_OK;
}

imp_status worker_load(struct worker *w)
{
    const imp_status st = w->loader->process(w->loading, w->job, &w->err);
    if (st == IMP_OK)
        w->model = ((struct job *)(void *)w->job)->model.object;
    return st;
}

double bench_now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static const void *service(const struct mini *m, const char *id)
{
    for (const imp_service_def *const *s = mini_entry(m)->provides; s && *s; s++)
        if (!strcmp((*s)->id, id))
            return (*s)->table;
    return NULL;
}

static int wrong(const char *why)
{
    printf("wrong %s\n", why);
    return 1;
}

static bool read_mode(const char *text, enum mode *mode)
{
    static const char *const names[] = {"forward", "backward", "train", "load", "first", "layers"};
    for (unsigned i = 0; i < sizeof names / sizeof names[0]; i++)
        if (!strcmp(text, names[i])) {
            *mode = (enum mode)i;
            return true;
        }
    return false;
}

/* "1x3x256x256" */
static bool read_shape(const char *text, struct worker *w)
{
    char *end;
    w->pixels = 1;
    for (int i = 0; i < AXES; i++) {
        w->shape[i] = strtol(text, &end, 10);
        if (w->shape[i] < 1 || *end != (i < AXES - 1 ? 'x' : '\0'))
            return false;
        w->pixels *= (uint64_t)w->shape[i];
        text = end + 1;
    }
    return true;
}

static bool read_pictures(const char *path, struct worker *w)
{
    FILE *f = fopen(path, "rb");
    w->pictures = malloc(2 * w->pixels * sizeof *w->pictures);
    const bool read =
        f && w->pictures && fread(w->pictures, sizeof(float), 2 * w->pixels, f) == 2 * w->pixels;
    if (f)
        fclose(f);
    return read;
}

static bool timed_step(struct worker *w)
{
    const double start = bench_now_ms();
    if (steps_run(w) != IMP_OK)
        return false;
    printf("%.4f\n", bench_now_ms() - start);
    return true;
}

static bool dump_to(struct worker *w, const char *path)
{
    FILE *f = fopen(path, "wb");
    bool fine = f && steps_dump(w, f) == IMP_OK;
    if (f && fclose(f))
        fine = false;
    if (fine)
        puts("ok");
    return fine;
}

static int serve(struct worker *w)
{
    char line[4096];
    puts("ready");
    fflush(stdout);
    while (fgets(line, sizeof line, stdin)) {
        bool fine = false;
        line[strcspn(line, "\n")] = 0;
        if (!strcmp(line, "go"))
            fine = timed_step(w);
        else if (!strncmp(line, "check ", 6))
            fine = dump_to(w, line + 6);
        else if (!strcmp(line, "layers"))
            fine = steps_layers(w, stdout) == IMP_OK && puts("ok") >= 0;
        if (!fine)
            return wrong(w->err.text[0] ? w->err.text : line);
        fflush(stdout);
    }
    return 0;
}

int main(int argc, char **argv)
{
    static char text[1024], why[512];
    struct worker w = {.err = {.struct_size = sizeof w.err, .text_cap = sizeof text, .text = text}};
    if (argc < 7 || !read_mode(argv[2], &w.mode) || !read_shape(argv[5], &w))
        return wrong("net_worker RUNTIME.so MODE NET THREADS NxCxHxW INPUT [NODE...]");
    const int threads = atoi(argv[4]);
    struct pool *pool = pool_new(threads > 0 ? (unsigned)threads : 1);
    if (!pool || !read_pictures(argv[6], &w))
        return wrong("no memory, or the input file is too short");
    processor_prepare(getenv("IMPASTO_SIMD"), false);
    struct mini *runtime = mini_open(argv[1], why, sizeof why);
    if (!runtime)
        return wrong(why);
    struct job job = {.api = {.struct_size = sizeof job.api,
                              .max_threads = pool_threads(pool),
                              .wanted = 1,
                              .progress = progress,
                              .new_object = new_object,
                              .set_output = set_output,
                              .parallel = parallel},
                      .pool = pool};
    w.job = &job.api;
    w.path = argv[3];
    w.nn = service(runtime, IMP_NN_MODEL_1);
    w.grad = service(runtime, IMP_NN_GRAD_1);
    w.train = service(runtime, IMP_NN_TRAIN_1);
    w.edit = service(runtime, IMP_NN_EDIT_1);
    if (!prepare_loader(&w, runtime, why, sizeof why))
        return wrong(*why ? why : text);
    if (steps_prepare(&w, argv + 7, (uint32_t)(argc - 7)) != IMP_OK)
        return wrong(text);
    const int status = serve(&w);
    steps_close(&w);
    w.loader->destroy(w.loading);
    mini_close(runtime);
    pool_free(pool);
    free(w.pictures);
    return status;
}
