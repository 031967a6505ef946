/* minijob.c - instances of the mini host and one process() call with everything a job offers. */
#include "minihost.h"
#include "heap.h"
#include "minipriv.h"
#include <math.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct kept {
    struct kept *next;
    char *name;
    void *data;
    uint64_t size;
};

struct mini_node {
    struct mini *mini;
    const imp_filter *filter;
    struct mini_params *params;
    void *instance;
    struct kept *kept;
};

enum { EDGE = 64 }; /* bytes of poison before and after scratch */
struct scratch {
    struct scratch *next;
    unsigned char *base;
    size_t size; /* without the edges */
};

struct run {
    imp_job as; /* first: what the filter sees */
    struct mini_node *node;
    const struct mini_call *call;
    struct mini_result *result;
    const imp_value **made; /* new values, ours until the end */
    size_t made_count, made_capacity;
    struct scratch *scratch;
    pthread_mutex_t lock; /* of what ask() counts */
    struct timespec start, last;
    double busy; /* ms of processor time at the last question */
};

static struct run *run_of(imp_job *job)
{
    return (struct run *)(void *)job;
}

__attribute__((format(printf, 2, 3))) static void fault(struct run *r, const char *fmt, ...)
{
    va_list ap;
    if (r->result->fault[0])
        return;
    va_start(ap, fmt);
    vsnprintf(r->result->fault, sizeof r->result->fault, fmt, ap);
    va_end(ap);
}

static double between(struct timespec from, struct timespec to)
{
    return (double)(to.tv_sec - from.tv_sec) * 1e3 + (double)(to.tv_nsec - from.tv_nsec) / 1e6;
}

/* Processor time of the whole process: other programs of the machine do not count. */
static double busy_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return between((struct timespec){0, 0}, now);
}

/* Notes how long it was since the last question. */
static void tick(struct run *r)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    const double ms = between(r->last, now);
    if (ms > r->result->longest_ms)
        r->result->longest_ms = ms;
    r->last = now;
    const double busy = busy_ms(), worked = busy - r->busy < ms ? busy - r->busy : ms;
    if (worked > r->result->busiest_ms) /* several threads work more than time goes by */
        r->result->busiest_ms = worked;
    r->busy = busy;
}

/* Shall the filter stop? */
static bool ask(struct run *r)
{
    pthread_mutex_lock(&r->lock);
    tick(r);
    const bool counted = ++r->result->polls >= r->call->cancel_after && r->call->cancel_after;
    const bool stop =
        counted || (r->call->cancel_ms > 0 && between(r->start, r->last) > r->call->cancel_ms);
    r->result->told_to_stop |= stop;
    pthread_mutex_unlock(&r->lock);
    return stop;
}

static bool refused(struct run *r, double bytes)
{
    const double limit = r->call->limit ? (double)r->call->limit : 8.0 * 1024 * 1024 * 1024;
    const bool no = ++r->result->allocations == r->call->fail_at || bytes > limit;
    r->result->refused |= no;
    return no;
}

static void remember(struct run *r, const imp_value *v)
{
    if (r->made_count == r->made_capacity) {
        const imp_value **more =
            mini_alloc(r->made_capacity = 2 * r->made_capacity + 16, sizeof *more);
        if (r->made)
            memcpy(more, r->made, r->made_count * sizeof *more);
        free(r->made);
        r->made = more;
    }
    r->made[r->made_count++] = v;
}

static imp_image *job_new_image(imp_job *job, uint32_t width, uint32_t height, uint32_t channels,
                                uint32_t colour) IMP_NX
{
    struct run *r = run_of(job);
    const bool sound = width && height && (channels == 1 || channels == 3 || channels == 4) &&
                       colour >= IMP_SRGB && colour <= IMP_DATA;
    if (!sound)
        fault(r, "asks for an image of %u x %u, %u channels, colour %u", width, height, channels,
              colour);
    if (!sound ||
        refused(r, width > 65536 || height > 65536 ? INFINITY : 4.0 * width * height * channels))
        return NULL;
    imp_image *m = mini_image(width, height, channels, colour);
    remember(r, &m->head);
    return m;
}

static double tensor_bytes(uint32_t ndim, const int64_t *shape)
{
    double bytes = 8;
    for (uint32_t i = 0; i < ndim; i++)
        bytes *= (double)shape[i];
    return bytes;
}

static imp_tensor *job_new_tensor(imp_job *job, uint32_t dtype, uint32_t ndim, const int64_t *shape,
                                  const char *name) IMP_NX
{
    struct run *r = run_of(job);
    imp_tensor *t =
        refused(r, tensor_bytes(ndim, shape)) ? NULL : mini_tensor_blank(dtype, ndim, shape, name);
    if (t)
        remember(r, &t->head);
    return t;
}

static imp_table *job_new_table(imp_job *job, uint32_t column_count,
                                const imp_column *columns) IMP_NX
{
    struct run *r = run_of(job);
    imp_table *t = refused(r, 0) ? NULL : mini_table(column_count, columns);
    if (t)
        remember(r, &t->head);
    return t;
}

static imp_status job_add_row(imp_job *job, imp_table *table, const imp_cell *cells) IMP_NX
{
    if (refused(run_of(job), 0))
        return IMP_E_MEMORY;
    mini_row(table, cells);
    return IMP_OK;
}

static imp_object *job_new_object(imp_job *job, const char *type, void *object,
                                  void (*drop)(void *) IMP_NX) IMP_NX
{
    struct run *r = run_of(job);
    if (refused(r, 0)) {
        if (drop)
            drop(object);
        return NULL;
    }
    imp_object *o = mini_object(type, mini_entry(r->node->mini)->id, object, drop);
    remember(r, &o->head);
    return o;
}

static bool known(const struct run *r, const imp_value *v)
{
    for (size_t i = 0; i < r->made_count; i++)
        if (r->made[i] == v)
            return true;
    for (uint32_t i = 0; i < r->as.input_count; i++)
        if (r->as.inputs[i] == v)
            return true;
    return false;
}

static imp_status job_set_output(imp_job *job, uint32_t port, const imp_value *value) IMP_NX
{
    struct run *r = run_of(job);
    struct mini_result *out = r->result;
    const imp_port row = port < r->node->filter->output_count
                             ? mini_output_row(r->node->filter, port)
                             : (imp_port){0};
    if (!row.name || !value || !known(r, value) || value->kind != row.kind) {
        fault(r, "sets output %u, %s", port,
              !row.name          ? "which it does not have"
              : !value           ? "to NULL"
              : !known(r, value) ? "to a value of neither this job's making nor its inputs"
                                 : "to another kind");
        return IMP_E_FAILED;
    }
    if (!(row.flags & IMP_PORT_MANY) && mini_output(out, port, 0)) {
        fault(r, "sets output '%s' twice", row.name);
        return IMP_E_FAILED;
    }
    imp_value **values = mini_alloc(out->output_count + 1, sizeof *values);
    uint32_t *ports = mini_alloc(out->output_count + 1, sizeof *ports);
    if (out->output_count) {
        memcpy(values, out->outputs, out->output_count * sizeof *values);
        memcpy(ports, out->ports, out->output_count * sizeof *ports);
    }
    union {
        const imp_value *in;
        imp_value *out;
    } to = {.in = mini_retain(value)};
    values[out->output_count] = to.out;
    ports[out->output_count++] = port;
    free(out->outputs);
    free(out->ports);
    out->outputs = values;
    out->ports = ports;
    return IMP_OK;
}

static imp_status job_progress(imp_job *job, double fraction, const char *phase) IMP_NX
{
    (void)phase;
    if (!(fraction <= 1.0000001))
        fault(run_of(job), "reports a progress of %g", fraction);
    return ask(run_of(job)) ? IMP_CANCELLED : IMP_OK;
}

static void *job_scratch(imp_job *job, uint64_t bytes) IMP_NX
{
    struct run *r = run_of(job);
    void *base;
    if (refused(r, (double)bytes))
        return NULL;
    heap_host(1);
    const int bad =
        posix_memalign(&base, EDGE, (size_t)(bytes + EDGE - 1) / EDGE * EDGE + 2 * EDGE);
    heap_host(-1);
    if (bad)
        return NULL;
    struct scratch *s = mini_alloc(1, sizeof *s);
    *s = (struct scratch){r->scratch, base, (size_t)bytes};
    memset(base, 0xa5, s->size + 2 * EDGE);
    r->scratch = s;
    return s->base + EDGE;
}

struct pieces {
    struct run *run;
    uint32_t n;
    atomic_uint next;
    atomic_bool stopped;
    void (*fn)(void *, uint32_t) IMP_NX;
    void *user;
};

static void *work(void *user)
{
    struct pieces *p = user;
    uint32_t i;
    heap_plugin(1);
    /* One question for each piece taken: the count is the same however the threads meet. */
    while (!atomic_load(&p->stopped) && (i = atomic_fetch_add(&p->next, 1)) < p->n)
        if (ask(p->run))
            atomic_store(&p->stopped, true);
        else
            p->fn(p->user, i);
    heap_plugin(-1);
    return NULL;
}

static imp_status job_parallel(imp_job *job, uint32_t n, void (*fn)(void *, uint32_t) IMP_NX,
                               void *user) IMP_NX
{
    enum { MOST = 16 };
    struct pieces p = {.run = run_of(job), .n = n, .fn = fn, .user = user};
    pthread_t threads[MOST];
    uint32_t started = 0;
    while (started + 1 < p.run->call->threads && started < MOST &&
           pthread_create(&threads[started], NULL, work, &p) == 0)
        started++;
    work(&p);
    while (started)
        pthread_join(threads[--started], NULL);
    return atomic_load(&p.stopped) ? IMP_CANCELLED : IMP_OK;
}

static struct kept *find_kept(const struct mini_node *node, const char *name)
{
    struct kept *k = node->kept;
    while (k && strcmp(k->name, name) != 0)
        k = k->next;
    return k;
}

static imp_status job_keep(imp_job *job, const char *name, const void *data, uint64_t size) IMP_NX
{
    struct mini_node *node = run_of(job)->node;
    struct kept *k = find_kept(node, name);
    if (!k) {
        k = mini_alloc(1, sizeof *k);
        *k = (struct kept){node->kept, mini_strdup(name), NULL, 0};
        node->kept = k;
    }
    free(k->data);
    k->data = mini_alloc((size_t)size, 1);
    k->size = size;
    if (size)
        memcpy(k->data, data, (size_t)size);
    return IMP_OK;
}

const void *mini_kept(const struct mini_node *node, const char *name, uint64_t *size)
{
    const struct kept *k = find_kept(node, name);
    if (size)
        *size = k ? k->size : 0;
    return k ? k->data : NULL;
}

static const void *job_kept(imp_job *job, const char *name, uint64_t *size) IMP_NX
{
    return mini_kept(run_of(job)->node, name, size);
}

static void forget(struct mini_node *node)
{
    for (struct kept *k = node->kept, *next; k; k = next) {
        next = k->next;
        free(k->name);
        free(k->data);
        free(k);
    }
    node->kept = NULL;
}

/* Any picture of the filter's own, not only what the job made. */
static imp_status job_preview(imp_job *job, const imp_image *picture) IMP_NX
{
    bool finite = true;
    for (uint32_t c = 0; c < picture->channels; c++)
        for (uint32_t y = 0; y < picture->height; y++)
            for (uint32_t x = 0; x < picture->width; x++)
                finite = finite && isfinite(imp_row(picture, c, y)[x]);
    if (!finite && !run_of(job)->call->any_numbers)
        fault(run_of(job), "preview: a sample is no finite number");
    run_of(job)->result->previews++;
    return IMP_OK;
}

struct mini_node *mini_node_cells(struct mini *m, const imp_filter *f, struct mini_params *params,
                                  char *why, size_t size)
{
    struct mini_node *node = mini_alloc(1, sizeof *node);
    imp_error err = {sizeof err, (uint32_t)size, why, -1, -1};
    *node = (struct mini_node){.mini = m, .filter = f, .params = params};
    if (size)
        why[0] = 0;
    heap_plugin(1);
    const imp_status st =
        f->create ? f->create(mini_host(m), f, mini_params_cells(params), &node->instance, &err)
                  : IMP_OK;
    heap_plugin(-1);
    if (st == IMP_OK)
        return node;
    if (size && !why[0])
        snprintf(why, size, "create answers %d without a text", (int)st);
    mini_params_free(params);
    free(node);
    return NULL;
}

struct mini_node *mini_node(struct mini *m, const char *filter, const char *text, char *why,
                            size_t size)
{
    const imp_filter *f = mini_filter(m, filter);
    if (!f) {
        snprintf(why, size, "the plugin '%s' has no filter '%s'", mini_entry(m)->id, filter);
        return NULL;
    }
    struct mini_params *params = mini_params_new(f, text, why, size);
    return params ? mini_node_cells(m, f, params, why, size) : NULL;
}

void mini_node_free(struct mini_node *node)
{
    if (!node)
        return;
    if (node->filter->destroy)
        node->filter->destroy(node->instance);
    mini_params_free(node->params);
    forget(node);
    free(node);
}

/* ---- one call ---- */

struct arguments { /* the arrays that job->inputs and job->labels point to */
    const imp_value **inputs;
    const char **labels;
    char (*numbers)[12];
    uint64_t *prints;
    uint32_t count;
};

static void arguments_init(struct arguments *a, const imp_filter *f, const struct mini_call *call)
{
    a->count = call->input_count > f->input_count ? call->input_count : f->input_count;
    a->inputs = mini_alloc(a->count, sizeof *a->inputs);
    a->labels = mini_alloc(a->count, sizeof *a->labels);
    a->numbers = mini_alloc(a->count, sizeof *a->numbers);
    a->prints = mini_alloc(a->count, sizeof *a->prints);
    for (uint32_t i = 0; i < a->count; i++) {
        a->inputs[i] = i < call->input_count ? call->inputs[i] : NULL;
        a->prints[i] = a->inputs[i] ? mini_fingerprint(a->inputs[i]) : 0;
        snprintf(a->numbers[i], sizeof a->numbers[i], "%u", i + 1);
        a->labels[i] = call->labels && i < call->input_count ? call->labels[i] : a->numbers[i];
    }
}

static void arguments_fini(struct arguments *a)
{
    union {
        const void *in;
        void *out;
    } inputs = {.in = a->inputs}, labels = {.in = a->labels};
    free(inputs.out);
    free(labels.out);
    free(a->numbers);
    free(a->prints);
}

static bool takes_many(const imp_filter *f)
{
    return f->input_count && (mini_input_row(f, f->input_count - 1).flags & IMP_PORT_MANY);
}

static bool is_input(const struct run *r, const imp_value *v)
{
    bool found = false;
    for (uint32_t i = 0; i < r->as.input_count; i++)
        found |= r->as.inputs[i] == v;
    return found;
}

static void check_outputs(struct run *r)
{
    char why[256];
    const imp_filter *f = r->node->filter;
    const struct mini_result *out = r->result;
    for (uint32_t i = 0; i < f->output_count; i++) {
        const imp_port row = mini_output_row(f, i);
        const bool wanted = i >= 64 || (r->as.wanted >> i & 1); /* as the host sees it */
        if (wanted && !(row.flags & IMP_PORT_OPTIONAL) && !mini_output(out, i, 0))
            fault(r, "answers IMP_OK, but output '%s' was not set", row.name);
    }
    for (uint32_t i = 0; i < out->output_count; i++)
        if (!is_input(r, out->outputs[i]) &&
            mini_damage(out->outputs[i], !r->call->any_numbers, why, sizeof why))
            fault(r, "output '%s': %s", mini_output_row(f, out->ports[i]).name, why);
}

/* What can be seen after the call, whatever its status. */
static void check_memory(struct run *r, const struct arguments *a)
{
    char why[256];
    for (uint32_t i = 0; i < a->count; i++)
        if (a->inputs[i] && mini_fingerprint(a->inputs[i]) != a->prints[i])
            fault(r, "wrote into its input %u", i);
    for (size_t i = 0; i < r->made_count; i++)
        if (mini_overrun(r->made[i], why, sizeof why))
            fault(r, "%s", why);
    for (const struct scratch *s = r->scratch; s; s = s->next)
        for (size_t i = 0; i < EDGE; i++)
            if (s->base[i] != 0xa5 || s->base[EDGE + s->size + i] != 0xa5)
                fault(r, "memory %s scratch of %zu bytes was written",
                      s->base[i] != 0xa5 ? "before" : "after", s->size);
}

static void run_fini(struct run *r)
{
    for (size_t i = 0; i < r->made_count; i++)
        mini_release(r->made[i]);
    for (struct scratch *s = r->scratch, *next; s; s = next) {
        next = s->next;
        free(s->base);
        free(s);
    }
    union {
        const void *in;
        void *out;
    } made = {.in = r->made};
    free(made.out);
    pthread_mutex_destroy(&r->lock);
}

static const imp_job callbacks = {
    .struct_size = sizeof callbacks,
    .new_image = job_new_image,
    .new_tensor = job_new_tensor,
    .new_table = job_new_table,
    .add_row = job_add_row,
    .new_object = job_new_object,
    .set_output = job_set_output,
    .progress = job_progress,
    .scratch = job_scratch,
    .parallel = job_parallel,
    .keep = job_keep,
    .kept = job_kept,
    .preview = job_preview,
};

static void drop_outputs(struct mini_result *out)
{
    for (uint32_t i = 0; i < out->output_count; i++)
        mini_release(out->outputs[i]);
    out->output_count = 0;
}

static void check_status(struct run *r)
{
    struct mini_result *out = r->result;
    if (out->status == IMP_OK)
        check_outputs(r);
    if (out->status > IMP_CANCELLED || out->status < IMP_E_INTERNAL)
        fault(r, "answers the unknown status %d", (int)out->status);
    if (out->status == IMP_OK && out->told_to_stop)
        fault(r, "was told to stop and answers IMP_OK");
    if (out->status == IMP_CANCELLED && !out->told_to_stop)
        fault(r, "answers IMP_CANCELLED though nobody asked it to stop");
}

void mini_process(struct mini_node *node, const struct mini_call *call, struct mini_result *out)
{
    struct arguments a;
    struct run r = {.as = callbacks, .node = node, .call = call, .result = out};
    imp_error err = {sizeof err, sizeof out->text, out->text, -1, -1};
    *out = (struct mini_result){.param = -1, .port = -1};
    arguments_init(&a, node->filter, call);
    pthread_mutex_init(&r.lock, NULL);
    r.as.input_count = a.count;
    r.as.output_count = node->filter->output_count;
    r.as.max_threads = call->threads ? call->threads : 1;
    r.as.max_bytes = call->max_bytes;
    r.as.wanted = call->wanted ? call->wanted : UINT64_MAX;
    r.as.params = mini_params_cells(node->params);
    r.as.inputs = a.inputs;
    r.as.labels = takes_many(node->filter) ? a.labels : NULL;
    clock_gettime(CLOCK_MONOTONIC, &r.start);
    r.last = r.start;
    r.busy = busy_ms();
    heap_plugin(1);
    out->status = node->filter->process(node->instance, &r.as, &err);
    heap_plugin(-1);
    tick(&r);
    out->param = err.param;
    out->port = err.port;
    check_memory(&r, &a);
    check_status(&r);
    if (out->status == IMP_OK)
        forget(node);
    else
        drop_outputs(out);
    run_fini(&r);
    arguments_fini(&a);
}

void mini_result_free(struct mini_result *out)
{
    drop_outputs(out);
    free(out->outputs);
    free(out->ports);
    out->outputs = NULL;
    out->ports = NULL;
}

const imp_value *mini_output(const struct mini_result *out, uint32_t port, uint32_t n)
{
    for (uint32_t i = 0; i < out->output_count; i++)
        if (out->ports[i] == port && n-- == 0)
            return out->outputs[i];
    return NULL;
}

const imp_image *mini_output_image(const struct mini_result *out, uint32_t port)
{
    const imp_value *v = mini_output(out, port, 0);
    return v && v->kind == IMP_IMAGE ? (const imp_image *)(const void *)v : NULL;
}

imp_image *mini_apply(struct mini *m, const char *filter, const char *params, const imp_image *in,
                      char *why, size_t size)
{
    struct mini_node *node = mini_node(m, filter, params, why, size);
    const imp_value *inputs[1] = {in ? &in->head : NULL};
    const struct mini_call call = {.inputs = inputs, .input_count = in ? 1 : 0};
    struct mini_result out;
    union {
        const imp_value *in;
        imp_image *out;
    } first = {NULL};
    if (!node)
        return NULL;
    mini_process(node, &call, &out);
    snprintf(why, size, "%s: status %d: %s", filter, (int)out.status,
             out.fault[0] ? out.fault : out.text);
    if (out.status == IMP_OK && !out.fault[0] && mini_output_image(&out, 0))
        first.in = mini_retain(mini_output(&out, 0, 0));
    mini_result_free(&out);
    mini_node_free(node);
    return first.out;
}

/* ---- plan ---- */

struct planning {
    imp_plan as;
    struct mini_planned *out;
};

static void plan_mistake(imp_plan *plan, int32_t param, int32_t port, const char *piece,
                         const char *text, const char *names) IMP_NX
{
    struct mini_planned *out = ((struct planning *)(void *)plan)->out;
    const size_t used = strlen(out->text);
    out->mistake_count++;
    snprintf(out->text + used, sizeof out->text - used, "%s %d: %s: %s [%s]\n",
             port >= 0 ? "port" : "param", (int)(port >= 0 ? port : param), piece ? piece : "",
             text ? text : "", names ? names : "");
}

void mini_plan(struct mini_node *node, const imp_shape *inputs, uint32_t count,
               struct mini_planned *out)
{
    const imp_filter *f = node->filter;
    const imp_shape *in[MINI_PORTS] = {NULL};
    imp_shape *shapes[MINI_PORTS];
    struct planning p = {.as = {.struct_size = sizeof p.as,
                                .inputs = in,
                                .outputs = shapes,
                                .mistake = plan_mistake},
                         .out = out};
    imp_error err = {sizeof err, sizeof out->text, out->text, -1, -1};
    *out = (struct mini_planned){.output_count =
                                     f->output_count < MINI_PORTS ? f->output_count : MINI_PORTS};
    p.as.input_count = count > f->input_count ? count : f->input_count;
    if (p.as.input_count > MINI_PORTS)
        p.as.input_count = MINI_PORTS;
    for (uint32_t i = 0; i < p.as.input_count; i++)
        in[i] = i < count && inputs[i].kind ? &inputs[i] : NULL;
    for (uint32_t i = 0; i < out->output_count; i++) {
        out->outputs[i] =
            (imp_shape){.struct_size = sizeof(imp_shape), .kind = mini_output_row(f, i).kind};
        shapes[i] = &out->outputs[i];
    }
    out->status = IMP_HAS(imp_filter, f->struct_size, plan) && f->plan
                      ? f->plan(node->instance, &p.as, &err)
                      : IMP_OK;
    out->bytes = p.as.bytes;
    out->least_bytes = p.as.least_bytes;
    out->macs = p.as.macs;
}
