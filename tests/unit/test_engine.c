/* test_engine.c - items, constants, gather, kept state and every fault a filter can have, on graphs
 * put together by hand from small filters. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <dirent.h>
#include <errno.h>
#include <fenv.h>
#include <math.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "engine_private.h"
#include "files.h"

/* ---- filters ---- */

static void nap(long ms)
{
    nanosleep(&(struct timespec){.tv_nsec = ms * 1000000}, NULL);
}

static imp_status keep_params(const imp_host *h, const imp_filter *f, const imp_cell *params,
                              void **instance, imp_error *e)
{
    (void)h, (void)f, (void)e;
    *instance = (void *)(uintptr_t)params;
    return IMP_OK;
}

/* A picture of params: width, height, channels, seed. */
static imp_status make_run(void *instance, imp_job *job, imp_error *e)
{
    const imp_cell *p = job->params;
    imp_image *m =
        job->new_image(job, (uint32_t)p[0].i, (uint32_t)p[1].i, (uint32_t)p[2].i, IMP_SRGB);
    (void)instance, (void)e;
    if (!m)
        return IMP_E_MEMORY;
    for (uint32_t c = 0; c < m->channels; c++)
        for (uint32_t y = 0; y < m->height; y++)
            for (uint32_t x = 0; x < m->width; x++)
                imp_row_out(m, c, y)[x] =
                    (float)((x * 7 + y * 13 + c * 31 + (uint32_t)p[3].i * 17) % 256) / 255;
    return job->set_output(job, 0, &m->head);
}

struct rows {
    const imp_image *in;
    imp_image *out;
};

static void smear_row(void *user, uint32_t y)
{
    const struct rows *r = user;
    for (uint32_t c = 0; c < r->in->channels; c++) {
        float sum = 0;
        for (uint32_t x = 0; x < r->in->width; x++)
            imp_row_out(r->out, c, y)[x] = sum = 0.7f * sum + 0.3f * imp_row(r->in, c, y)[x];
    }
}

static imp_status smear_run(void *instance, imp_job *job, imp_error *e)
{
    const imp_image *in = imp_image_in(job, 0);
    (void)instance, (void)e;
    imp_image *out = job->new_image(job, in->width, in->height, in->channels, in->colour);
    float *scratch = job->scratch(job, 1000);
    if (!out || !scratch)
        return IMP_E_MEMORY;
    assert_int_equal((uintptr_t)scratch % 64, 0);
    memset(scratch, 0, 1000);
    struct rows r = {in, out};
    const imp_status st = job->parallel(job, in->height, smear_row, &r);
    return st ? st : job->set_output(job, 0, &out->head);
}

/* What came in, as text into the buffer that its parameter points to. */
static imp_status sink_run(void *instance, imp_job *job, imp_error *e)
{
    char *to = (char *)(uintptr_t)job->params[0].s.ptr;
    char text[33];
    (void)instance, (void)e;
    for (uint32_t i = 0; i < job->input_count; i++) {
        struct value *v = value_of(job->inputs[i]);
        to += sprintf(to, "%s%s %s", i ? "; " : "", job->labels ? job->labels[i] : "",
                      hash_print(value_hash(v), text));
        if (v->as.head.kind == IMP_IMAGE)
            to += sprintf(to, " %ux%ux%u", v->as.image.width, v->as.image.height,
                          v->as.image.channels);
    }
    return IMP_OK;
}

static imp_status nan_run(void *instance, imp_job *job, imp_error *e)
{
    const imp_status st = make_run(instance, job, e);
    imp_image *m = job->new_image(job, 8, 8, 1, IMP_DATA);
    if (st || !m)
        return IMP_E_MEMORY;
    for (uint32_t y = 0; y < 8; y++)
        for (uint32_t x = 0; x < 8; x++)
            imp_row_out(m, 0, y)[x] = x == 5 && y == 6 ? NAN : 0.5f;
    return job->set_output(job, 1, &m->head);
}

static imp_status silent_run(void *instance, imp_job *job, imp_error *e)
{
    (void)instance, (void)job, (void)e;
    return IMP_OK;
}

static imp_status strange_run(void *instance, imp_job *job, imp_error *e)
{
    (void)instance, (void)job, (void)e;
    return 77;
}

static imp_status failing_run(void *instance, imp_job *job, imp_error *e)
{
    (void)instance, (void)job;
    e->param = 1;
    return imp_fail(e, IMP_E_PARAM, "height must be odd");
}

static void up(void *user, uint32_t i)
{
    (void)user, (void)i;
    fesetround(FE_UPWARD);
}

/* seed 0: here, 1: in a piece on any thread */
static imp_status rounding_run(void *instance, imp_job *job, imp_error *e)
{
    const imp_status st = make_run(instance, job, e);
    if (job->params[3].i)
        job->parallel(job, 4, up, NULL);
    else
        fesetround(FE_UPWARD);
    return st;
}

static imp_status other_output_run(void *instance, imp_job *job, imp_error *e)
{
    static const imp_value stranger = {8, IMP_IMAGE};
    (void)instance, (void)e;
    return job->set_output(job, 0, &stranger);
}

static imp_status slow_run(void *instance, imp_job *job, imp_error *e)
{
    imp_status st = IMP_OK;
    for (int i = 0; i < 2000 && !st; i++) {
        nap(2);
        st = job->progress(job, i / 2000.0, "waiting");
    }
    return st ? st : make_run(instance, job, e);
}

static imp_status pass_run(void *instance, imp_job *job, imp_error *e)
{
    (void)instance, (void)e;
    return job->set_output(job, 0, job->inputs[0]);
}

/* Twenty steps, each kept; answers the sum. Counts the steps it really took in a file that its TEXT
 * says. */
static imp_status keeper_run(void *instance, imp_job *job, imp_error *e)
{
    struct {
        int64_t step;
        double sum;
    } s = {0, 0};
    uint64_t size = 0;
    const void *left = job->kept(job, "state", &size);
    (void)instance, (void)e;
    if (left && size == sizeof s)
        memcpy(&s, left, sizeof s);
    for (; s.step < 20;) {
        FILE *f = fopen(job->params[4].s.ptr, "a");
        fputc('.', f);
        fclose(f);
        s.sum = s.sum * 1.25 + (double)s.step++;
        if (job->keep(job, "state", &s, sizeof s))
            return IMP_E_IO;
        nap(10);
    }
    imp_tensor *t = job->new_tensor(job, IMP_F64, 1, (int64_t[]){1}, "sum");
    if (!t)
        return IMP_E_MEMORY;
    *(double *)t->data = s.sum;
    return job->set_output(job, 0, &t->head);
}

static atomic_int drops;
static void drop(void *object)
{
    free(object);
    atomic_fetch_add(&drops, 1);
}

static imp_status object_run(void *instance, imp_job *job, imp_error *e)
{
    (void)instance, (void)e;
    imp_object *o = job->new_object(job, "impasto.thing/1", malloc(4), drop);
    return o ? job->set_output(job, 0, &o->head) : IMP_E_MEMORY;
}

static atomic_int inside, most_inside;
static imp_status serial_run(void *instance, imp_job *job, imp_error *e)
{
    const int now = atomic_fetch_add(&inside, 1) + 1;
    if (now > most_inside)
        most_inside = now;
    nap(3);
    atomic_fetch_sub(&inside, 1);
    return make_run(instance, job, e);
}

static imp_status layers_plan(void *instance, imp_plan *p, imp_error *e)
{
    (void)instance, (void)e;
    p->mistake(p, 4, -1, "relu0", "no layer 'relu0' in this model", "relu1 relu2 relu3");
    return IMP_OK;
}

static const imp_param make_params[] = {{.key = "width", .type = IMP_INT},
                                        {.key = "height", .type = IMP_INT},
                                        {.key = "channels", .type = IMP_INT},
                                        {.key = "seed", .type = IMP_INT},
                                        {.key = "log", .type = IMP_TEXT}};
static const imp_param sink_params[] = {{.key = "to", .type = IMP_TEXT}};
static const imp_port image_out[] = {
    {.name = "out", .kind = IMP_IMAGE},
    {.name = "extra", .kind = IMP_IMAGE, .flags = IMP_PORT_OPTIONAL}};
static const imp_port tensor_out[] = {{.name = "out", .kind = IMP_TENSOR}};
static const imp_port object_out[] = {
    {.name = "out", .kind = IMP_OBJECT, .type = "impasto.thing/1"}};
static const imp_port image_in[] = {{.name = "in", .kind = IMP_IMAGE}};
static const imp_port colour_in[] = {{.name = "in", .kind = IMP_IMAGE, .channels = 1u << 3}};
static const imp_port grey_in[] = {{.name = "in", .kind = IMP_IMAGE, .channels = 1u << 1}};
static const imp_port linear_in[] = {
    {.name = "in", .kind = IMP_IMAGE, .colours = 1u << IMP_LINEAR}};
static const imp_port many_in[] = {
    {.name = "in", .kind = IMP_IMAGE, .flags = IMP_PORT_MANY | IMP_PORT_OPTIONAL}};
static const imp_port tensor_in[] = {{.name = "in", .kind = IMP_TENSOR}};

static imp_filter maker(imp_status (*run)(void *, imp_job *, imp_error *))
{
    return (imp_filter){.struct_size = sizeof(imp_filter),
                        .id = "test.make",
                        .threads = IMP_PARALLEL,
                        .params = make_params,
                        .param_count = 5,
                        .outputs = image_out,
                        .output_count = 2,
                        .create = keep_params,
                        .process = run};
}

static imp_filter changer(imp_status (*run)(void *, imp_job *, imp_error *), const imp_port *in)
{
    return (imp_filter){.struct_size = sizeof(imp_filter),
                        .id = "test.change",
                        .threads = IMP_PARALLEL,
                        .inputs = in,
                        .input_count = 1,
                        .outputs = image_out,
                        .output_count = 1,
                        .process = run};
}

static imp_filter sinker(const imp_port *in)
{
    return (imp_filter){.struct_size = sizeof(imp_filter),
                        .id = "test.sink",
                        .threads = IMP_PARALLEL,
                        .params = sink_params,
                        .param_count = 1,
                        .inputs = in,
                        .input_count = 1,
                        .process = sink_run};
}

/* ---- a graph by hand ---- */

enum { MOST = 8 };
struct rig {
    struct filter_info info[MOST];
    struct node nodes[MOST];
    imp_cell params[MOST][5];
    struct input inputs[MOST];
    struct wire wires[MOST][2];
    struct graph graph;
    struct plugin plugin;
    char sink[4096];
    char folder[64];
    atomic_int stop;
    struct engine *engine;
};

static struct node *add(struct rig *r, const char *name, imp_filter desc, enum phase phase)
{
    const uint32_t k = r->graph.node_count++;
    r->info[k].desc = desc;
    r->info[k].plugin = &r->plugin;
    struct node *n = &r->nodes[k];
    *n = (struct node){.name = name,
                       .filter = &r->info[k],
                       .params = r->params[k],
                       .inputs = &r->inputs[k],
                       .phase = phase,
                       .index = k,
                       .pass = true,
                       .wanted = 1};
    n->at = (struct place){.file = "a.ini", .line = (int)k + 1};
    n->recipe = hash_bytes(name, strlen(name));
    if (desc.params == make_params) {
        const imp_cell p[] = {{.i = 50}, {.i = 40}, {.i = 3}, {.i = 0}};
        memcpy(r->params[k], p, sizeof p);
        r->params[k][4].s.ptr = "";
    } else if (desc.params == sink_params) {
        r->params[k][0].s.ptr = r->sink;
    }
    return n;
}

static void wire(struct rig *r, const struct node *to, const struct node *from, uint32_t port)
{
    struct input *in = &r->inputs[to->index];
    in->wires = r->wires[to->index];
    in->wires[in->count++] =
        (struct wire){.node = from->index, .port = port, .at = {.file = "a.ini", .line = 90}};
}

static int begin(void **state)
{
    struct rig *r = calloc(1, sizeof *r);
    r->graph.nodes = r->nodes;
    r->plugin.id = "org.example.test";
    strcpy(r->folder, "/tmp/impasto-engine-XXXXXX");
    *state = r;
    return mkdtemp(r->folder) ? 0 : 1;
}

static int end(void **state)
{
    struct rig *r = *state;
    engine_free(r->engine);
    files_remove_tree(r->folder);
    free(r);
    return 0;
}

static void start(struct rig *r, unsigned threads, unsigned jobs, uint64_t mem, bool with_state)
{
    engine_free(r->engine);
    const struct engine_options o = {.threads = threads,
                                     .jobs = jobs,
                                     .mem = mem,
                                     .stop = &r->stop,
                                     .state = with_state ? r->folder : NULL};
    r->engine = engine_new(NULL, NULL, &o, NULL);
    assert_non_null(r->engine);
    engine_add(r->engine, &r->graph);
}

static imp_status run_item(struct rig *r, unsigned slot, const char *name, struct outcome *o)
{
    const struct item_call call = {
        .stem = name, .label = name, .identity = hash_bytes(name, strlen(name))};
    o->times = NULL;
    return engine_item(r->engine, slot, &call, o);
}

/* One node, one item: the outcome of its fault. */
static struct outcome fault_of(struct rig *r, imp_filter desc, int64_t seed)
{
    struct outcome o = {0};
    struct node *n = add(r, "culprit", desc, PHASE_ITEM);
    n->wanted = 3;
    r->params[n->index][3].i = seed;
    start(r, 2, 1, 0, false);
    const int mode = fegetround();
    run_item(r, 0, "x", &o);
    assert_int_equal(fegetround(), mode);
    return o;
}

/* ---- items ---- */

static void same_bytes_for_any_number_of_threads(void **state)
{
    struct rig *r = *state;
    const unsigned threads[] = {1, 2, 8};
    char first[4096] = "";
    struct outcome o;
    struct node *make = add(r, "make", maker(make_run), PHASE_ITEM);
    struct node *smear = add(r, "smear", changer(smear_run, image_in), PHASE_ITEM);
    wire(r, smear, make, 0);
    wire(r, add(r, "sink", sinker(image_in), PHASE_ITEM), smear, 0);
    for (int k = 0; k < 3; k++) {
        start(r, threads[k], 1, 0, false);
        assert_int_equal(run_item(r, 0, "x", &o), IMP_OK);
        assert_int_equal(memory_used(engine_memory(r->engine)), 0);
        if (!k)
            strcpy(first, r->sink);
        assert_string_equal(first, r->sink);
    }
    assert_non_null(strstr(first, "50x40x3"));
}

static void values_go_at_their_last_use(void **state)
{
    struct rig *r = *state;
    struct outcome o;
    struct node *last = add(r, "make", maker(make_run), PHASE_ITEM);
    for (int i = 0; i < 6; i++) {
        struct node *next = add(r, "smear", changer(smear_run, image_in), PHASE_ITEM);
        wire(r, next, last, 0);
        last = next;
    }
    start(r, 2, 1, 0, false);
    assert_int_equal(run_item(r, 0, "x", &o), IMP_OK);
    const uint64_t one = 64 * 40 * 3 * 4; /* rows padded to 64 */
    assert_in_range(memory_peak(engine_memory(r->engine)), 2 * one, 2 * one + one / 2);
}

static void an_input_passed_on_is_not_copied(void **state)
{
    struct rig *r = *state;
    struct outcome o;
    struct node *make = add(r, "make", maker(make_run), PHASE_ITEM);
    struct node *pass = add(r, "pass", changer(pass_run, image_in), PHASE_ITEM);
    wire(r, pass, make, 0);
    start(r, 1, 1, 0, false);
    assert_int_equal(run_item(r, 0, "x", &o), IMP_OK);
    assert_true(memory_peak(engine_memory(r->engine)) < 64 * 40 * 3 * 4 * 3 / 2);
}

static void constants_run_once_and_objects_are_dropped_once(void **state)
{
    struct rig *r = *state;
    struct outcome o = {0};
    imp_filter desc = maker(object_run);
    desc.outputs = object_out;
    desc.output_count = 1;
    atomic_store(&drops, 0);
    struct node *object = add(r, "object", desc, PHASE_CONSTANT);
    static const imp_port object_in[] = {{.name = "in", .kind = IMP_OBJECT}};
    wire(r, add(r, "sink", sinker(object_in), PHASE_ITEM), object, 0);
    start(r, 2, 2, 0, false);
    assert_int_equal(engine_constants(r->engine, NULL, 0, &o), IMP_OK);
    for (int i = 0; i < 3; i++)
        assert_int_equal(run_item(r, 0, "x", &o), IMP_OK);
    assert_int_equal(drops, 0);
    engine_free(r->engine);
    r->engine = NULL;
    assert_int_equal(drops, 1);
}

/* ---- faults ---- */

static void assert_fault(const struct outcome *o, const char *code, const char *part)
{
    assert_int_not_equal(o->status, IMP_OK);
    assert_string_equal(o->code, code);
    assert_non_null(strstr(o->text, "culprit"));
    assert_non_null(strstr(o->text, "a.ini:1"));
    if (!strstr(o->text, part))
        fail_msg("'%s' is not in: %s", part, o->text);
    assert_int_equal(o->node, 0);
}

static void nan_in_an_output_names_the_node(void **state)
{
    const struct outcome o = fault_of(*state, maker(nan_run), 0);
    assert_fault(&o, "E0604", "NaN");
}

static void a_missing_output_is_a_fault_of_the_plugin(void **state)
{
    const struct outcome o = fault_of(*state, maker(silent_run), 0);
    assert_fault(&o, "E0602", "without setting output 'out'");
}

static void an_unknown_status_is_a_fault_of_the_plugin(void **state)
{
    const struct outcome o = fault_of(*state, maker(strange_run), 0);
    assert_fault(&o, "E0602", "77");
}

static void the_words_of_a_filter_reach_the_outcome(void **state)
{
    const struct outcome o = fault_of(*state, maker(failing_run), 0);
    assert_fault(&o, "E0601", "height must be odd");
    assert_int_equal(o.status, IMP_E_PARAM);
}

static void a_changed_rounding_mode_is_named_and_put_back(void **state)
{
    const struct outcome o = fault_of(*state, maker(rounding_run), 0);
    assert_fault(&o, "E0602", "floating-point mode");
}

static void a_rounding_mode_changed_in_a_piece_is_named_too(void **state)
{
    const struct outcome o = fault_of(*state, maker(rounding_run), 1);
    assert_fault(&o, "E0602", "floating-point mode");
}

static void an_output_from_nowhere_is_a_fault_of_the_plugin(void **state)
{
    const struct outcome o = fault_of(*state, maker(other_output_run), 0);
    assert_fault(&o, "E0602", "neither new nor an input");
}

static void the_memory_limit_is_kept_and_told(void **state)
{
    struct rig *r = *state;
    struct outcome o;
    struct node *make = add(r, "culprit", maker(make_run), PHASE_ITEM);
    start(r, 1, 1, 10000, false);
    run_item(r, 0, "x", &o);
    assert_fault(&o, "E0502", "--mem");
    assert_int_equal(o.status, IMP_E_LIMIT);
    r->params[make->index][0].i = r->params[make->index][1].i =
        10; /* the instance takes the next item */
    assert_int_equal(run_item(r, 0, "y", &o), IMP_OK);
}

struct two {
    struct rig *rig;
    imp_status status[2];
};

static void two_items(void *user, unsigned slot)
{
    struct two *t = user;
    struct outcome o;
    for (int i = 0; i < 10; i++)
        if (run_item(t->rig, slot, "x", &o))
            t->status[slot] = o.status;
}

static void items_wait_for_memory_rather_than_fail(void **state)
{
    struct rig *r = *state;
    struct two t = {.rig = r};
    struct node *make = add(r, "make", maker(slow_run), PHASE_ITEM);
    r->info[0].desc.process = make_run;
    struct node *smear = add(r, "smear", changer(smear_run, image_in), PHASE_ITEM);
    wire(r, smear, make, 0);
    start(r, 2, 2, 64 * 40 * 3 * 4 * 5 / 2, false);
    pool_tasks(engine_pool(r->engine), 2, two_items, &t);
    assert_int_equal(t.status[0], IMP_OK);
    assert_int_equal(t.status[1], IMP_OK);
}

static void a_serial_filter_is_called_once_at_a_time(void **state)
{
    struct rig *r = *state;
    struct two t = {.rig = r};
    imp_filter desc = maker(serial_run);
    desc.threads = IMP_SERIAL;
    add(r, "serial", desc, PHASE_ITEM);
    atomic_store(&most_inside, 0);
    start(r, 2, 2, 0, false);
    pool_tasks(engine_pool(r->engine), 2, two_items, &t);
    assert_int_equal(t.status[0] | t.status[1], IMP_OK);
    assert_int_equal(most_inside, 1);
}

static void *stop_later(void *user)
{
    nap(50);
    atomic_store(&((struct rig *)user)->stop, 1);
    return NULL;
}

static void a_cancel_is_heard_within_100_ms(void **state)
{
    struct rig *r = *state;
    struct outcome o;
    pthread_t thread;
    add(r, "slow", maker(slow_run), PHASE_ITEM);
    start(r, 2, 1, 0, false);
    const double before = clock_seconds();
    pthread_create(&thread, NULL, stop_later, r);
    assert_int_equal(run_item(r, 0, "x", &o), IMP_CANCELLED);
    assert_true(clock_seconds() - before < 0.15);
    pthread_join(thread, NULL);
    atomic_store(&r->stop, 0);
    r->info[0].desc.process = make_run;
    assert_int_equal(run_item(r, 0, "x", &o), IMP_OK);
}

/* ---- conversions ---- */

static const char *converted(struct rig *r, int64_t channels, const imp_port *in, imp_status want)
{
    struct outcome o;
    r->graph.node_count = 0;
    memset(r->inputs, 0, sizeof r->inputs);
    struct node *make = add(r, "make", maker(make_run), PHASE_ITEM);
    r->params[make->index][2].i = channels;
    struct node *smear = add(r, "smear", changer(smear_run, in), PHASE_ITEM);
    wire(r, smear, make, 0);
    wire(r, add(r, "sink", sinker(image_in), PHASE_ITEM), smear, 0);
    start(r, 2, 1, 0, false);
    assert_int_equal(run_item(r, 0, "x", &o), want);
    return r->sink;
}

static void grey_becomes_colour_where_grey_is_not_taken(void **state)
{
    assert_non_null(strstr(converted(*state, 1, colour_in, IMP_OK), "50x40x3"));
}

static void alpha_is_split_off_and_put_back(void **state)
{
    assert_non_null(strstr(converted(*state, 4, colour_in, IMP_OK), "50x40x4"));
}

static void colour_is_never_dropped(void **state)
{
    converted(*state, 3, grey_in, IMP_E_INPUT);
    converted(*state, 4, grey_in, IMP_E_INPUT);
}

static void srgb_becomes_linear_light(void **state)
{
    struct rig *r = *state;
    char plain[4096];
    strcpy(plain, converted(r, 3, image_in, IMP_OK));
    assert_string_not_equal(plain, converted(r, 3, linear_in, IMP_OK));
}

/* ---- gather ---- */

static void gather_all(struct rig *r, bool with_state)
{
    const char *const names[] = {"harbour", "forest", "town"};
    struct hash ids[3];
    struct outcome o;
    start(r, 2, 1, 0, with_state);
    memset(r->sink, 0, sizeof r->sink);
    for (int i = 0; i < 3; i++) {
        ids[i] = hash_bytes(names[i], strlen(names[i]));
        assert_false(engine_spooled(r->engine, ids[i]));
        r->params[0][3].i = i; /* another picture each time */
        assert_int_equal(run_item(r, 0, names[i], &o), IMP_OK);
        if (with_state)
            assert_true(engine_spooled(r->engine, ids[i]));
    }
    if (with_state) /* another process goes on */
        start(r, 1, 1, 0, true);
    o.times = NULL;
    assert_int_equal(engine_gather(r->engine, ids, names, 3, NULL, 0, &o), IMP_OK);
}

static void gathered_from_the_spool_is_gathered_from_memory(void **state)
{
    struct rig *r = *state;
    char from_memory[4096];
    struct node *make = add(r, "make", maker(make_run), PHASE_ITEM);
    struct node *sink = add(r, "sink", sinker(many_in), PHASE_GATHER);
    wire(r, sink, make, 0);
    r->inputs[sink->index].gathers = true;
    r->graph.has_gather = true;
    gather_all(r, false);
    strcpy(from_memory, r->sink);
    gather_all(r, true);
    assert_string_equal(from_memory, r->sink);
    const char *h = strstr(r->sink, "harbour"), *f = strstr(r->sink, "forest"),
               *t = strstr(r->sink, "town");
    assert_true(h && f && t && h < f && f < t);
    engine_drop_spool(r->engine);
    assert_false(engine_spooled(r->engine, hash_bytes("town", 4)));
}

static void a_lost_spool_file_is_told_with_the_picture(void **state)
{
    struct rig *r = *state;
    struct outcome o = {0};
    const struct hash id = hash_bytes("gone", 4);
    struct node *make = add(r, "make", maker(make_run), PHASE_ITEM);
    struct node *sink = add(r, "sink", sinker(many_in), PHASE_GATHER);
    wire(r, sink, make, 0);
    r->inputs[sink->index].gathers = true;
    start(r, 1, 1, 0, true);
    assert_int_not_equal(
        engine_gather(r->engine, &id, (const char *const[]){"gone"}, 1, NULL, 0, &o), IMP_OK);
    assert_non_null(strstr(o.text, "'gone'"));
    assert_non_null(strstr(o.text, "--overwrite"));
}

static void a_many_port_gets_its_wires_in_order_with_names(void **state)
{
    struct rig *r = *state;
    struct outcome o;
    struct node *a = add(r, "first", maker(make_run), PHASE_ITEM),
                *b = add(r, "second", maker(make_run), PHASE_ITEM);
    struct node *sink = add(r, "sink", sinker(many_in), PHASE_ITEM);
    wire(r, sink, b, 0);
    wire(r, sink, a, 0);
    start(r, 1, 1, 0, false);
    assert_int_equal(run_item(r, 0, "x", &o), IMP_OK);
    assert_true(strncmp(r->sink, "second ", 7) == 0 && strstr(r->sink, "; first "));
}

/* ---- kept state ---- */

static struct node *add_keeper(struct rig *r, const char *log)
{
    imp_filter desc = maker(keeper_run);
    desc.outputs = tensor_out;
    desc.output_count = 1;
    struct node *keeper = add(r, "keeper", desc, PHASE_ITEM);
    r->params[keeper->index][4].s.ptr = log;
    wire(r, add(r, "sink", sinker(tensor_in), PHASE_ITEM), keeper, 0);
    return keeper;
}

static size_t size_of(const char *path)
{
    struct stat s;
    return stat(path, &s) ? 0 : (size_t)s.st_size;
}

static size_t kept_files(const struct rig *r)
{
    char path[128];
    snprintf(path, sizeof path, "%s/kept", r->folder);
    DIR *d = opendir(path);
    size_t n = 0;
    for (struct dirent *e; d && (e = readdir(d));)
        n += e->d_name[0] != '.';
    if (d)
        closedir(d);
    return n;
}

static void a_filter_killed_half_way_goes_on_to_the_same_bytes(void **state)
{
    struct rig *r = *state;
    struct outcome o;
    char log[128], whole[4096];
    snprintf(log, sizeof log, "%s/log", r->folder);
    add_keeper(r, log);
    start(r, 1, 1, 0, true);
    assert_int_equal(run_item(r, 0, "other", &o), IMP_OK);
    assert_int_equal(size_of(log), 20);
    assert_int_equal(kept_files(r), 0);
    strcpy(whole, r->sink);
    unlink(log);
    memset(r->sink, 0, sizeof r->sink);

    const pid_t child = fork();
    if (child == 0) {
        start(r, 1, 1, 0, true);
        run_item(r, 0, "x", &o);
        _exit(0);
    }
    while (size_of(log) < 7)
        nap(1);
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    assert_int_equal(kept_files(r), 1);
    const size_t before = size_of(log);
    assert_true(before < 20);
    assert_int_equal(run_item(r, 0, "x", &o), IMP_OK);
    assert_in_range(size_of(log), 20, 21); /* a step counted but not yet kept is taken again */
    assert_string_equal(r->sink, whole);
    assert_int_equal(kept_files(r), 0);
}

static void spoilt_state_is_not_taken(void **state)
{
    struct rig *r = *state;
    const struct hash key = hash_bytes("k", 1), other = hash_bytes("o", 1);
    uint64_t size = 0;
    char path[200], text[33];
    struct kept *k = kept_open(r->folder, key);
    assert_int_equal(kept_save(k, "a/b", "x", 1), IMP_E_PARAM);
    assert_int_equal(kept_save(k, "state", "abcdef", 6), IMP_OK);
    assert_int_equal(kept_save(k, "state", "ABCDEF", 6), IMP_OK);
    assert_null(kept_load(k, "nothing", &size));
    kept_close(k, false);
    snprintf(path, sizeof path, "%s/kept/%s/state", r->folder, hash_print(key, text));
    const size_t whole = size_of(path);
    for (size_t cut = 0; cut < 3; cut++) {
        k = kept_open(r->folder, key);
        const void *data = kept_load(k, "state", &size);
        if (cut == 0) {
            assert_non_null(data);
            assert_memory_equal(data, "ABCDEF", 6);
        } else {
            assert_null(data);
        }
        kept_close(k, false);
        assert_int_equal(truncate(path, (off_t)(whole - 1 - cut)), 0);
    }
    k = kept_open(r->folder, other);
    assert_null(kept_load(k, "state", &size));
    kept_close(k, true);
    assert_null(kept_open(NULL, key));
}

/* ---- the disk cache ---- */

static void a_costly_constant_comes_from_the_cache_next_time(void **state)
{
    struct rig *r = *state;
    struct node_time times[MOST] = {{0}};
    struct outcome o = {.times = times};
    char first[4096];
    struct node *make = add(r, "make", maker(make_run), PHASE_CONSTANT);
    wire(r, add(r, "sink", sinker(image_in), PHASE_ITEM), make, 0);
    for (int k = 0; k < 2; k++) {
        const struct engine_options options = {
            .threads = 1, .jobs = 1, .cache = r->folder, .cache_seconds = 1e-9};
        engine_free(r->engine);
        r->engine = engine_new(NULL, NULL, &options, NULL);
        engine_add(r->engine, &r->graph);
        memset(times, 0, sizeof times);
        o.times = times;
        assert_int_equal(engine_constants(r->engine, NULL, 0, &o), IMP_OK);
        assert_int_equal(times[0].ran, k == 0);
        assert_int_equal(times[0].cached, k == 1);
        assert_int_equal(run_item(r, 0, "x", &o), IMP_OK);
        if (!k)
            strcpy(first, r->sink);
        assert_string_equal(first, r->sink);
    }
    char tag[128];
    snprintf(tag, sizeof tag, "%s/CACHEDIR.TAG", r->folder);
    assert_true(size_of(tag) > 40);
    struct text lines = {0};
    engine_explain(r->engine, &lines);
    assert_non_null(strstr(lines.data, "make: taken from the cache"));
    text_free(&lines);
}

/* ---- plan ---- */

static void a_mistake_is_shown_at_its_word_once(void **state)
{
    struct rig *r = *state;
    imp_filter desc = maker(make_run);
    desc.plan = layers_plan;
    struct node *make = add(r, "make", desc, PHASE_ITEM);
    static struct place at[5];
    at[4] = (struct place){
        .file = "a.ini", .excerpt = "log = relu01 relu0 relu3", .line = 9, .col = 7, .length = 18};
    make->param_at = at;
    struct report *report = report_new();
    struct estimate est;
    const imp_picture sizes[] = {{sizeof sizes[0], 40, 30, 3, 8, 1},
                                 {sizeof sizes[0], 80, 60, 3, 8, 1}};
    start(r, 1, 1, 0, false);
    assert_int_equal(engine_plan(r->engine, 0, sizes, 2, &est, report), IMP_OK);
    assert_int_equal(report_count(report, SEV_ERROR), 1);
    char *text = NULL;
    size_t size = 0;
    FILE *f = open_memstream(&text, &size);
    report_flush(report, f, false, false);
    fclose(f);
    if (!strstr(text, "a.ini:9:14") || !strstr(text, "did you mean 'relu1'?") ||
        !strstr(text, "E0312"))
        fail_msg("%s", text);
    free(text);
    report_free(report);
}

static void a_port_for_grey_that_is_fed_colour_is_refused_before_the_run(void **state)
{
    struct rig *r = *state;
    imp_filter desc = maker(make_run);
    static const imp_port colour_out[] = {{.name = "out", .kind = IMP_IMAGE, .channels = 1u << 3}};
    desc.outputs = colour_out;
    desc.output_count = 1;
    struct node *make = add(r, "make", desc, PHASE_ITEM);
    wire(r, add(r, "smear", changer(smear_run, grey_in), PHASE_ITEM), make, 0);
    struct report *report = report_new();
    struct estimate est;
    start(r, 1, 1, 0, false);
    assert_int_equal(engine_plan(r->engine, 0, NULL, 0, &est, report), IMP_OK);
    char *text = NULL;
    size_t size = 0;
    FILE *f = open_memstream(&text, &size);
    report_flush(report, f, false, false);
    fclose(f);
    if (!strstr(text, "E0305") || !strstr(text, "grayscale") || !strstr(text, "a.ini:90"))
        fail_msg("%s", text);
    free(text);
    report_free(report);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, begin, end)
    const struct CMUnitTest tests[] = {
        T(same_bytes_for_any_number_of_threads),
        T(values_go_at_their_last_use),
        T(an_input_passed_on_is_not_copied),
        T(constants_run_once_and_objects_are_dropped_once),
        T(nan_in_an_output_names_the_node),
        T(a_missing_output_is_a_fault_of_the_plugin),
        T(an_unknown_status_is_a_fault_of_the_plugin),
        T(the_words_of_a_filter_reach_the_outcome),
        T(a_changed_rounding_mode_is_named_and_put_back),
        T(a_rounding_mode_changed_in_a_piece_is_named_too),
        T(an_output_from_nowhere_is_a_fault_of_the_plugin),
        T(the_memory_limit_is_kept_and_told),
        T(items_wait_for_memory_rather_than_fail),
        T(a_serial_filter_is_called_once_at_a_time),
        T(a_cancel_is_heard_within_100_ms),
        T(grey_becomes_colour_where_grey_is_not_taken),
        T(alpha_is_split_off_and_put_back),
        T(colour_is_never_dropped),
        T(srgb_becomes_linear_light),
        T(gathered_from_the_spool_is_gathered_from_memory),
        T(a_lost_spool_file_is_told_with_the_picture),
        T(a_many_port_gets_its_wires_in_order_with_names),
        T(a_filter_killed_half_way_goes_on_to_the_same_bytes),
        T(spoilt_state_is_not_taken),
        T(a_costly_constant_comes_from_the_cache_next_time),
        T(a_mistake_is_shown_at_its_word_once),
        T(a_port_for_grey_that_is_fed_colour_is_refused_before_the_run),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
