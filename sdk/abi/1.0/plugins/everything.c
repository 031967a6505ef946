/* everything.c - a plugin that uses every function that a host of ABI 1.0 has, every type of
 * parameters and every kind of values, and writes down what it got. Built with the headers of 1.0,
 * it must load and say the same in every later 1.x. */
#include <impasto/data.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { P_YES, P_COUNT, P_SHARE, P_MODE, P_TEXT, P_NUMBERS, P_NAMES, P_COLOUR, P_OTHERS };
static const imp_param params[] = {
    {.key = "yes", .type = IMP_BOOL, .def = 1, .help = "A switch."},
    {.key = "count", .type = IMP_INT, .def = 3, .min = 1, .max = 9, .help = "A whole number."},
    {.key = "share", .type = IMP_FLOAT, .def = 0.25, .min = 0, .max = 1, .help = "A number."},
    {.key = "mode",
     .type = IMP_CHOICE,
     .choices = "dark|light",
     .def_text = "light",
     .help = "A choice."},
    {.key = "text", .type = IMP_TEXT, .def_text = "some words", .help = "A text."},
    {.key = "numbers", .type = IMP_NUMBERS, .def_text = "1 2.5 -3", .help = "Numbers."},
    {.key = "names", .type = IMP_NAMES, .def_text = "one two", .help = "Names."},
    {.key = "colour", .type = IMP_COLOUR, .def_text = "#ff8000", .help = "A colour."},
    {.key = "others", .type = IMP_TEXT, .flags = IMP_PARAM_OTHERS, .help = "Any other key."},
};
static const imp_port inputs[] = {
    {.name = "in",
     .kind = IMP_IMAGE,
     .channels = 1u << 3,
     .colours = 1u << IMP_SRGB,
     .help = "A picture."},
    {.name = "more",
     .kind = IMP_IMAGE,
     .flags = IMP_PORT_OPTIONAL | IMP_PORT_MANY,
     .help = "More pictures."},
};
static const imp_port outputs[] = {
    {.name = "out", .kind = IMP_IMAGE, .help = "The picture, brighter by `share`."},
    {.name = "table", .kind = IMP_TABLE, .help = "What the plugin got."},
    {.name = "tensor", .kind = IMP_TENSOR, .flags = IMP_PORT_OPTIONAL, .help = "0, 1, 2 ..."},
    {.name = "set",
     .kind = IMP_OBJECT,
     .type = IMP_DATASET_TYPE,
     .flags = IMP_PORT_OPTIONAL,
     .help = "A data set of one."},
};

/* ---- life: init, create, destroy, deinit ---- */

static const imp_host *started;

static imp_status init(const imp_host *host, imp_error *err) IMP_NX
{
    if (host->abi_major != 1 || host->struct_size < sizeof *host || !host->version)
        return imp_fail(err, IMP_E_UNSUPPORTED, "this is no host of ABI 1");
    started = host;
    host->log(host, IMP_LOG_DEBUG, "everything: init");
    return IMP_OK;
}

static void deinit(void) IMP_NX
{
    started->log(started, IMP_LOG_DEBUG, "everything: deinit");
}

struct life {
    const imp_host *host;
    imp_service nowhere;
    int64_t count;
};

static imp_status create(const imp_host *host, const imp_filter *filter, const imp_cell *cells,
                         void **instance, imp_error *err) IMP_NX
{
    struct life *l = calloc(1, sizeof *l);
    if (!l)
        return imp_fail(err, IMP_E_MEMORY, "no memory for an instance");
    l->host = host;
    l->count = cells[P_COUNT].i;
    if (host->acquire(host, "org.example.nowhere/1", NULL, &l->nowhere, NULL) == IMP_OK ||
        strcmp(filter->id, "org.example.everything") != 0 || cells[P_COUNT].i < 1 ||
        cells[P_COUNT].i > 9) {
        free(l);
        return imp_fail(err, IMP_E_FAILED,
                        "a service of nobody, another filter, or a number out of its range");
    }
    *instance = l;
    return IMP_OK;
}

static void destroy(void *instance) IMP_NX
{
    free(instance);
}

static imp_status plan(void *instance, imp_plan *p, imp_error *err) IMP_NX
{
    const struct life *l = instance;
    (void)err;
    if (l->count == 7)
        p->mistake(p, P_COUNT, -1, "7", "sevens bring bad luck", "6 8");
    p->outputs[0]->width = p->inputs[0] ? p->inputs[0]->width : 0;
    p->outputs[0]->height = p->inputs[0] ? p->inputs[0]->height : 0;
    p->bytes = p->least_bytes = 4096;
    p->macs = 1;
    return IMP_OK;
}

/* ---- the table ---- */

struct notes {
    imp_job *job;
    imp_table *table;
    imp_status status;
};

static void note(struct notes *n, const char *what, double value, const char *text)
{
    const imp_cell cells[] = {
        {.s = {what, strlen(what)}}, {.f = value}, {.s = {text, strlen(text)}}};
    if (n->status == IMP_OK)
        n->status = n->job->add_row(n->job, n->table, cells);
}

static void note_params(struct notes *n)
{
    const imp_cell *p = n->job->params;
    double sum = 0;
    note(n, "yes", (double)p[P_YES].i, "");
    note(n, "count", (double)p[P_COUNT].i, "");
    note(n, "share", p[P_SHARE].f, "");
    note(n, "mode", (double)p[P_MODE].i, "");
    note(n, "text", (double)p[P_TEXT].s.len, p[P_TEXT].s.ptr);
    for (uint64_t i = 0; i < p[P_NUMBERS].n.count; i++)
        sum += p[P_NUMBERS].n.ptr[i];
    note(n, "numbers", sum, "");
    for (uint64_t i = 0; i < p[P_NAMES].w.count; i++)
        note(n, "name", (double)i, p[P_NAMES].w.ptr[i]);
    note(n, "colour", p[P_COLOUR].n.ptr[1], "");
    note(n, "others", (double)p[P_OTHERS].s.len, p[P_OTHERS].s.len ? p[P_OTHERS].s.ptr : "");
}

/* The host's codecs, kept state, previews: what they answer. */
static void note_host(struct notes *n, const struct life *l, const imp_image *out)
{
    const imp_host_image_1 *pictures = l->host->get_interface(l->host, IMP_HOST_IMAGE_1);
    void *png = NULL;
    uint64_t size = 0, kept = 0;
    const imp_status st =
        pictures ? pictures->encode(l->host, out, "png", &png, &size, NULL) : IMP_E_MISSING;
    note(n, "png", st == IMP_OK && size > 8 && memcmp(png, "\211PNG", 4) == 0, "");
    if (st == IMP_OK)
        pictures->drop(l->host, png);
    note(n, "unknown interface", l->host->get_interface(l->host, "org.example.nowhere/1") != NULL,
         "");
    n->job->keep(n->job, "state", "12345", 5);
    const void *state = n->job->kept(n->job, "other", &kept);
    note(n, "kept by nobody", state != NULL, "");
    n->job->preview(n->job, out);
    l->host->log(l->host, IMP_LOG_INFO, "everything: one picture");
}

/* ---- values ---- */

struct brighter {
    const imp_image *in;
    imp_image *out;
    float share;
};

static void brighten_row(void *user, uint32_t y) IMP_NX
{
    const struct brighter *b = user;
    for (uint32_t c = 0; c < b->in->channels; c++)
        for (uint32_t x = 0; x < b->in->width; x++) {
            const float v = imp_row(b->in, c, y)[x];
            imp_row_out(b->out, c, y)[x] = v + b->share * (1 - v);
        }
}

static imp_status read_one(const imp_dataset *set, uint64_t index, imp_sample *out,
                           imp_error *err) IMP_NX
{
    if (index >= set->count)
        return imp_fail(err, IMP_E_PARAM, "there is one sample only");
    for (uint32_t i = 0; out->pixels && i < 3; i++)
        out->pixels[i] = 0.5f;
    out->label = 0;
    return IMP_OK;
}

static void drop_set(void *object) IMP_NX
{
    free(object);
}

static imp_status give_set(imp_job *job)
{
    static const char *const names[] = {"only"};
    imp_dataset *set = malloc(sizeof *set);
    if (!set)
        return IMP_E_MEMORY;
    *set = (imp_dataset){.struct_size = sizeof *set,
                         .count = 1,
                         .channels = 3,
                         .height = 1,
                         .width = 1,
                         .class_count = 1,
                         .class_names = names,
                         .read = read_one};
    imp_object *o = job->new_object(job, IMP_DATASET_TYPE, set, drop_set);
    return o ? job->set_output(job, 3, &o->head) : IMP_E_MEMORY;
}

static imp_status give_tensor(imp_job *job)
{
    const int64_t shape[] = {2, 3};
    imp_tensor *t = job->new_tensor(job, IMP_I32, 2, shape, "numbers");
    if (!t)
        return IMP_E_MEMORY;
    for (int32_t i = 0; i < 6; i++)
        ((int32_t *)t->data)[i] = i;
    return job->set_output(job, 2, &t->head);
}

static imp_status give_picture(imp_job *job, struct brighter *b)
{
    b->in = imp_image_in(job, 0);
    b->share = (float)job->params[P_SHARE].f;
    b->out = job->new_image(job, b->in->width, b->in->height, b->in->channels, b->in->colour);
    if (!b->out)
        return IMP_E_MEMORY;
    const imp_status st = job->parallel(job, b->in->height, brighten_row, b);
    return st == IMP_OK ? job->set_output(job, 0, &b->out->head) : st;
}

static imp_status process(void *instance, imp_job *job, imp_error *err) IMP_NX
{
    static const imp_column columns[] = {{.name = "what", .type = IMP_TEXT},
                                         {.name = "value", .unit = "px", .type = IMP_FLOAT},
                                         {.name = "text", .type = IMP_TEXT}};
    struct brighter b = {.in = NULL};
    struct notes n = {.job = job, .status = IMP_OK};
    unsigned char *scratch = job->scratch(job, 1000);
    imp_status st = job->progress(job, 0.5, "half");
    (void)err;
    if (st != IMP_OK)
        return st;
    n.table = job->new_table(job, 3, columns);
    if (!scratch || !n.table)
        return IMP_E_MEMORY;
    memset(scratch, 1, 1000);
    if ((st = give_picture(job, &b)) != IMP_OK)
        return st;
    note_params(&n);
    for (uint32_t i = 1; i < job->input_count; i++)
        note(&n, "more", job->inputs[i] != NULL,
             job->inputs[i] && job->labels && job->labels[i] ? job->labels[i] : "");
    note_host(&n, instance, b.out);
    note(&n, "scratch", (double)((uintptr_t)scratch % 64), "");
    if (n.status != IMP_OK)
        return n.status;
    if ((st = job->set_output(job, 1, &n.table->head)) != IMP_OK ||
        (st = give_tensor(job)) != IMP_OK)
        return st;
    return give_set(job);
}

/* ---- the plugin ---- */

static const void *extension(const char *id) IMP_NX
{
    return strcmp(id, "org.example.words/1") == 0 ? "words" : NULL;
}

static const imp_filter everything = {
    .struct_size = sizeof everything,
    .flags = IMP_FILTER_DETERMINISTIC,
    .threads = IMP_SERIAL,
    .id = "org.example.everything",
    .summary = "Use all there is, and write it down.",
    .params = IMP_LIST(params),
    .inputs = IMP_LIST(inputs),
    .outputs = IMP_LIST(outputs),
    .create = create,
    .destroy = destroy,
    .process = process,
    .plan = plan,
};
static const imp_filter *const filters[] = {&everything, NULL};
static const char *const wants[] = {"org.example.nowhere/1", NULL};
static const imp_plugin plugin = {
    IMP_PLUGIN_HEAD,        .id = "org.example.everything",
    .version = "1.0.0",     .licence = "MIT",
    .filters = filters,     .wants = wants,
    .init = init,           .deinit = deinit,
    .extension = extension,
};

IMP_EXPORT const imp_plugin *imp_entry_v1(void) IMP_NX
{
    return &plugin;
}
