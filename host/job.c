/* job.c - what a filter asks of the host while process() runs. */
#include "job.h"
#include "worker.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static struct job *job_of(imp_job *j)
{
    return (struct job *)j;
}

struct run_env *job_env(imp_job *j)
{
    return job_of(j)->call->env;
}

struct value *job_input(imp_job *j, uint32_t i)
{
    return job_of(j)->inputs[i];
}

const struct call *job_call(imp_job *j)
{
    return job_of(j)->call;
}

double clock_seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

bool fp_restore(const fenv_t *before)
{
    fenv_t now;
    fegetenv(&now);
#if defined(__x86_64__) && defined(__GLIBC__)
    /* Not the sticky exception flags, which any arithmetic raises. */
    const bool same = now.__control_word == before->__control_word &&
                      (now.__mxcsr & ~0x3fu) == (before->__mxcsr & ~0x3fu);
#else
    const int mode = fegetround();
    fesetenv(before);
    const bool same = mode == fegetround();
#endif
    if (!same)
        fesetenv(before);
    return !same;
}

/* ---- refusals ---- */

__attribute__((format(printf, 3, 4))) static void refuse(struct job *j, imp_status st,
                                                         const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    j->refusal = st;
    vsnprintf(j->reason, sizeof j->reason, fmt, ap);
    va_end(ap);
}

static void refuse_bytes(struct job *j, uint64_t bytes, const char *what)
{
    struct memory *memory = j->call->env->memory;
    char need[32], limit[32];
    print_bytes(bytes, need);
    if (bytes > SIZE_MAX / 4 || memory_refused(memory, (size_t)bytes))
        refuse(j, IMP_E_LIMIT,
               "%s needs %s more than is left of the memory budget (%s, --mem): give it more, "
               "or use --jobs 1",
               what, need, print_bytes(memory_limit(memory), limit));
    else
        refuse(j, IMP_E_MEMORY, "no memory left for %s (%s): use --jobs 1 or smaller pictures",
               what, need);
}

/* Keeps a new value for set_output; NULL (with a reason) when there is none. */
static struct value *made(struct job *j, struct value *v)
{
    if (v && !values_add(&j->made, v)) {
        refuse(j, IMP_E_MEMORY, "no memory left");
        return NULL;
    }
    return v;
}

/* ---- new values ---- */

static bool gets_alpha(const struct job *j, uint32_t width, uint32_t height, uint32_t channels,
                       uint32_t colour)
{
    return j->alpha && channels == 3 && colour != IMP_DATA && j->alpha->as.image.width == width &&
           j->alpha->as.image.height == height;
}

/* An image that will get the alpha of its input back has room for it from the start. */
static imp_image *new_image(imp_job *api, uint32_t width, uint32_t height, uint32_t channels,
                            uint32_t colour) IMP_NX
{
    struct job *j = job_of(api);
    const bool alpha = gets_alpha(j, width, height, channels, colour);
    struct value *v =
        value_image(j->call->env->memory, width, height, alpha ? 4 : channels, colour);
    if (!v) {
        if (!width || !height || width > 65536 || height > 65536 ||
            (channels != 1 && channels != 3 && channels != 4) || colour < IMP_SRGB ||
            colour > IMP_DATA)
            refuse(j, IMP_E_INTERNAL,
                   "it asked for a picture of %u x %u with %u channels, colour %u: sides are 1 to "
                   "65536, channels 1, 3 or 4",
                   width, height, channels, colour);
        else
            refuse_bytes(j, (uint64_t)(width + 15) / 16 * 64 * height * (alpha ? 4 : channels),
                         "a picture");
        return NULL;
    }
    v->as.image.channels = channels;
    return made(j, v) ? &v->as.image : NULL;
}

static imp_tensor *new_tensor(imp_job *api, uint32_t dtype, uint32_t ndim, const int64_t *shape,
                              const char *name) IMP_NX
{
    struct job *j = job_of(api);
    struct value *v = value_tensor(j->call->env->memory, dtype, ndim, shape, name);
    if (!v) {
        double bytes = 8;
        bool sound = dtype >= IMP_F32 && dtype <= IMP_U8 && ndim <= 64 && (shape || !ndim);
        for (uint32_t i = 0; sound && i < ndim; i++) {
            sound = shape[i] >= 0;
            bytes *= (double)shape[i];
        }
        if (sound)
            refuse_bytes(j, bytes < 1e18 ? (uint64_t)bytes : UINT64_MAX, "a tensor");
        else
            refuse(j, IMP_E_INTERNAL,
                   "it asked for a tensor of type %u with %u axes, or a negative one", dtype, ndim);
        return NULL;
    }
    return made(j, v) ? &v->as.tensor : NULL;
}

static imp_table *new_table(imp_job *api, uint32_t column_count, const imp_column *columns) IMP_NX
{
    struct job *j = job_of(api);
    struct value *v = value_table(column_count, columns);
    if (!v)
        refuse(
            j, IMP_E_INTERNAL,
            "it asked for a table without columns, or with a column that has no name or no type");
    return v && made(j, v) ? &v->as.table : NULL;
}

static bool is_made(const struct job *j, const void *head)
{
    for (uint32_t i = 0; i < j->made.count; i++)
        if (head == &j->made.list[i]->as)
            return true;
    return false;
}

static imp_status add_row(imp_job *api, imp_table *table, const imp_cell *cells) IMP_NX
{
    struct job *j = job_of(api);
    if (!table || !cells || !is_made(j, table)) {
        refuse(j, IMP_E_INTERNAL, "it added a row to a table that is not its own");
        return IMP_E_INTERNAL;
    }
    const imp_status st = value_add_row(value_of(&table->head), cells);
    if (st == IMP_E_INTERNAL)
        refuse(j, st, "it added a row to a table after setting it as an output");
    else if (st)
        refuse(j, st, "no memory left for a row of a table");
    return st;
}

static imp_object *new_object(imp_job *api, const char *type, void *object,
                              void (*drop)(void *) IMP_NX) IMP_NX
{
    struct job *j = job_of(api);
    const struct plugin *plugin = j->call->node->filter->plugin;
    struct value *v = NULL;
    if (type && object)
        v = value_object(type, plugin ? plugin->id : "impasto", object, drop);
    if (v && values_add(&j->made, v))
        return &v->as.object;
    if (!v && drop && object)
        drop(object);
    refuse(j, IMP_E_INTERNAL, "it made an object without a type, or there is no memory left");
    return NULL;
}

const imp_value *job_adopt(imp_job *api, struct value *v)
{
    return made(job_of(api), v) ? &v->as.head : NULL;
}

/* ---- outputs ---- */

/* The value that the pointer stands for. An input whose alpha was split off is passed on with it.
 */
static struct value *known_value(struct job *j, const imp_value *head)
{
    if (is_made(j, head))
        return value_of(head);
    for (uint32_t i = 0; i < j->api.input_count; i++)
        if (j->inputs[i] && head == &j->inputs[i]->as.head) {
            struct value *v = j->inputs[i];
            return v->owner && v->owner == j->alpha ? v->owner : v;
        }
    return NULL;
}

static const char *misfit(const imp_port *port, const struct value *v, const imp_value *head)
{
    const imp_image *m = (const imp_image *)(const void *)head;
    if (v->as.head.kind != port->kind)
        return "of another kind than the port's";
    if (port->kind == IMP_IMAGE && port->channels && !(port->channels & 1u << m->channels))
        return "with a number of channels that the port does not have";
    if (port->kind == IMP_IMAGE && port->colours && !(port->colours & 1u << m->colour))
        return "of a colour that the port does not have";
    if (port->kind == IMP_OBJECT && port->type && strcmp(port->type, v->as.object.type) != 0)
        return "of another object type than the port's";
    return NULL;
}

static imp_status set_output(imp_job *api, uint32_t port, const imp_value *head) IMP_NX
{
    struct job *j = job_of(api);
    const imp_filter *desc = &j->call->node->filter->desc;
    struct value *v = head ? known_value(j, head) : NULL;
    if (port >= desc->output_count || !v) {
        refuse(j, IMP_E_INTERNAL,
               v ? "it set output %u, which it does not have"
                 : "it set output %u to something that is neither new nor an input",
               port);
        return IMP_E_INTERNAL;
    }
    const imp_port *row = &desc->outputs[port];
    const char *wrong = misfit(row, v, head);
    if (!wrong && j->outputs[port].count && !(row->flags & IMP_PORT_MANY))
        wrong = "a second time";
    if (wrong) {
        refuse(j, IMP_E_INTERNAL, "it set output '%s' %s%s", row->name,
               wrong[0] == 'a' ? "" : "to a value ", wrong);
        return IMP_E_INTERNAL;
    }
    v->sealed = true;
    if (values_add(&j->outputs[port], value_retain(v)))
        return IMP_OK;
    refuse(j, IMP_E_MEMORY, "no memory left");
    return IMP_E_MEMORY;
}

/* ---- progress, memory, threads ---- */

static bool stopped(const struct job *j)
{
    const atomic_int *stop = j->call->env->stop;
    return stop && atomic_load_explicit(stop, memory_order_relaxed);
}

static imp_status progress(imp_job *api, double fraction, const char *phase) IMP_NX
{
    struct job *j = job_of(api);
    const struct engine_watch *watch = &j->call->env->watch;
    if (j->call->env->worker)
        worker_beat(j->call->env->worker);
    if (stopped(j))
        return IMP_CANCELLED;
    const bool tells = watch->progress && (fraction >= 0 || phase); /* else it only asks */
    const double now = tells ? clock_seconds() : 0;
    if (tells && now - j->told >= 0.1) {
        j->told = now;
        watch->progress(watch->user, j->call->slot, j->call->node,
                        fraction >= 0 && fraction <= 1 ? fraction : -1, phase);
    }
    return IMP_OK;
}

static void *scratch(imp_job *api, uint64_t bytes) IMP_NX
{
    struct job *j = job_of(api);
    const int64_t shape = bytes < INT64_MAX ? (int64_t)bytes : INT64_MAX;
    struct value *v = value_tensor(j->call->env->memory, IMP_U8, 1, &shape, NULL);
    if (!v)
        refuse_bytes(j, bytes, "scratch memory");
    return v && values_add(&j->scratch, v) ? v->as.tensor.data : NULL;
}

struct pieces {
    struct job *job;
    void (*fn)(void *, uint32_t) IMP_NX;
    void *user;
};

/* A piece runs on any thread: what it does to the floating-point mode there is seen there. */
static void run_piece(void *user, uint32_t i) IMP_NX
{
    const struct pieces *p = user;
    const struct doing *was = crash_doing(&p->job->doing);
    fenv_t before;
    fegetenv(&before);
    p->fn(p->user, i);
    crash_doing(was);
    if (p->job->call->env->worker)
        worker_beat(p->job->call->env->worker);
    if (fp_restore(&before))
        atomic_store(&p->job->fp_changed, 1);
}

static imp_status parallel(imp_job *api, uint32_t n, void (*fn)(void *, uint32_t) IMP_NX,
                           void *user) IMP_NX
{
    struct job *j = job_of(api);
    struct pieces p = {j, fn, user};
    const imp_status st = pool_parallel(j->call->env->pool, n, run_piece, &p, j->call->env->stop);
    return !st && stopped(j) ? IMP_CANCELLED : st;
}

/* ---- state of long work ---- */

static imp_status keep(imp_job *api, const char *name, const void *data, uint64_t size) IMP_NX
{
    struct job *j = job_of(api);
    struct worker *worker = j->call->env->worker;
    const imp_status st = worker ? worker_keep(worker, name, data, size)
                          : j->kept ? kept_save(j->kept, name, data, size)
                                    : IMP_OK;
    if (st == IMP_E_PARAM)
        refuse(j, st, "it keeps state under a bad name: letters, digits and ._- are fine");
    else if (st)
        refuse(
            j, st,
            "its state could not be kept in the folder .impasto of the output: is the disk full?");
    return st;
}

static const void *kept(imp_job *api, const char *name, uint64_t *size) IMP_NX
{
    struct job *j = job_of(api);
    if (j->call->env->worker)
        return worker_kept(j->call->env->worker, name, size);
    return j->kept ? kept_load(j->kept, name, size) : NULL;
}

static imp_status preview(imp_job *api, const imp_image *image) IMP_NX
{
    struct job *j = job_of(api);
    const struct engine_watch *watch = &j->call->env->watch;
    if (watch->preview && image)
        watch->preview(watch->user, j->call->slot, j->call->node, image);
    return stopped(j) ? IMP_CANCELLED : IMP_OK;
}

void job_init(struct job *j, const struct call *call)
{
    const struct run_env *env = call->env;
    const uint64_t limit = memory_limit(env->memory);
    j->call = call;
    j->told = env->watch.progress ? clock_seconds() : 0;
    atomic_init(&j->fp_changed, 0);
    j->kept = kept_open(env->state, call->key);
    j->api = (imp_job){
        .struct_size = sizeof j->api,
        .input_count = call->input_count,
        .output_count = call->node->filter->desc.output_count,
        .max_threads = env->jobs < env->threads ? env->threads / env->jobs : 1,
        .max_bytes = limit / (env->jobs ? env->jobs : 1),
        .wanted = call->node->wanted,
        .labels = call->labels,
        .new_image = new_image,
        .new_tensor = new_tensor,
        .new_table = new_table,
        .add_row = add_row,
        .new_object = new_object,
        .set_output = set_output,
        .progress = progress,
        .scratch = scratch,
        .parallel = parallel,
        .keep = keep,
        .kept = kept,
        .preview = preview,
    };
}

void job_fini(struct job *j, bool done)
{
    kept_close(j->kept, done);
    values_release(&j->scratch);
    values_release(&j->made);
}
