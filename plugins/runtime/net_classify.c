/* net_classify.c - what is on a picture: the best classes of a network, as a table. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "net.h"

enum { TOP, LABELS, FIT, SCORE };
enum { NET, PICTURE };
enum { AUTO, SOFTMAX, RAW };
enum { LARGEST = 16 << 20 /* bytes of a file of labels */ };

static const imp_param params[] = {
    {.key = "top", .type = IMP_INT, .def = 5, .min = 1, .max = 1000,
     .help = "How many classes are told, the best first."},
    {.key = "labels", .type = IMP_PATH, .flags = IMP_PARAM_MODEL,
     .help = "A text file with the name of each class on a line; otherwise those in the model, or "
             "numbers."},
    {.key = "fit", .type = IMP_CHOICE, .choices = KIT_FIT_CHOICES, .def_text = "crop",
     .help = "How a picture comes to the size of the network: crop covers it and cuts the rest, pad "
             "shows all of it with mirrored borders, stretch changes its proportions."},
    {.key = "score", .type = IMP_CHOICE, .choices = "auto|softmax|raw", .def_text = "auto",
     .help = "auto: probabilities, by a softmax unless the network ends with one."},
};
static const imp_port inputs[] = {
    NET_PORT,
    {.name = "in", NET_PICTURE, .help = "The picture."},
};
static const imp_port outputs[] = {
    {.name = "table", .kind = IMP_TABLE,
     .help = "A row for each of the best classes; save.table with `all` joins those of a folder."},
};

/* ---- labels ---- */

struct labels {
    char *text;         /* lines, each terminated */
    const char **lines; /* into text */
    uint64_t count;
};

static void free_labels(struct labels *l)
{
    free(l->text);
    free(l->lines);
}

/* Cuts the text at line ends (or at `|`), without blanks around and without an empty last line. */
static imp_status split(struct labels *l, char end, imp_error *err)
{
    uint64_t room = 1;
    for (const char *p = l->text; *p; p++)
        room += *p == end;
    if (!(l->lines = malloc(room * sizeof *l->lines)))
        return imp_fail(err, IMP_E_MEMORY, "no memory for labels");
    for (char *p = l->text, *next; p; p = next) {
        if ((next = strchr(p, end)))
            *next++ = 0;
        size_t n = strlen(p);
        while (n && strchr(" \t\r", p[n - 1]))
            p[--n] = 0;
        if (n || next)
            l->lines[l->count++] = p + strspn(p, " \t");
    }
    return IMP_OK;
}

static imp_status read_labels(const char *path, struct labels *l, imp_error *err)
{
    FILE *f = fopen(path, "rb");
    l->text = f ? malloc(LARGEST + 1) : NULL;
    const size_t size = l->text ? fread(l->text, 1, LARGEST + 1, f) : 0;
    const bool failed = !l->text || ferror(f);
    const int reason = errno;
    if (f)
        fclose(f);
    if (err)
        err->param = LABELS;
    if (failed)
        return imp_fail(err, IMP_E_IO, "%s: cannot be read: %s", path, strerror(reason));
    if (size > LARGEST || memchr(l->text, 0, size))
        return imp_fail(err, IMP_E_PARAM, "%s: not a list of labels: %s", path,
                        size > LARGEST ? "larger than 16 MiB" : "it holds a zero byte");
    l->text[size] = 0;
    return split(l, '\n', err);
}

/* Of the file, else those that the model was trained with; none is fine. */
static imp_status find_labels(const imp_nn_model *model, const char *path, struct labels *l,
                              imp_error *err)
{
    const char *classes = NULL;
    if (path && *path)
        return read_labels(path, l, err);
    if (rt_model_table.meta(NULL, model, "classes", &classes, NULL) != IMP_OK || !classes)
        return IMP_OK;
    if (!(l->text = malloc(strlen(classes) + 1)))
        return imp_fail(err, IMP_E_MEMORY, "no memory for labels");
    strcpy(l->text, classes);
    return split(l, '|', err);
}

/* A list of another length is another network's; its beginning may be meant, but only people know. */
static imp_status wrong_labels(const struct labels *l, uint64_t classes, imp_error *err)
{
    if (!l->count || l->count == classes)
        return IMP_OK;
    if (err)
        err->param = LABELS;
    return imp_fail(err, IMP_E_PARAM, "there are %llu labels, the network has %llu classes%s",
                    (unsigned long long)l->count, (unsigned long long)classes,
                    l->count > classes ? ": where the first of them are meant, put them into a file "
                                         "of their own"
                                       : "");
}

/* ---- scores ---- */

static bool ends_in_probabilities(const imp_nn_model *model, uint32_t node)
{
    imp_nn_node n = {.struct_size = sizeof n};
    for (int steps = 0; steps < 8; steps++) { /* shapes may change after it */
        if (rt_model_table.node(NULL, model, node, &n, NULL) != IMP_OK)
            return false;
        if (!strcmp(n.op, "softmax") || !strcmp(n.op, "sigmoid"))
            return true;
        if (n.input_count != 1 || (strcmp(n.op, "flatten") && strcmp(n.op, "reshape") &&
                                   strcmp(n.op, "squeeze") && strcmp(n.op, "identity")))
            return false;
        node = n.inputs[0];
    }
    return false;
}

/* exp(v - max) / sum, summed in order in double. */
static void softmax(float *v, uint64_t n)
{
    float most = v[0];
    double sum = 0;
    for (uint64_t i = 1; i < n; i++)
        most = v[i] > most ? v[i] : most;
    for (uint64_t i = 0; i < n; i++)
        sum += kit_exp((double)v[i] - (double)most);
    for (uint64_t i = 0; i < n; i++)
        v[i] = (float)(kit_exp((double)v[i] - (double)most) / sum);
}

/* The k-th best of n without those that were told: equal ones by number. */
static uint64_t next_best(const float *v, uint64_t n, const uint64_t *told, uint64_t k)
{
    uint64_t best = n;
    for (uint64_t i = 0; i < n; i++) {
        const bool after = !k || v[i] < v[told[k - 1]] || (v[i] == v[told[k - 1]] && i > told[k - 1]);
        if (after && (best == n || v[i] > v[best]))
            best = i;
    }
    return best;
}

static imp_status tell(imp_job *job, const float *v, uint64_t n, const struct labels *l)
{
    static const imp_column columns[] = {
        {"rank", NULL, IMP_INT, 0}, {"class", NULL, IMP_INT, 0}, {"label", NULL, IMP_TEXT, 0},
        {"score", NULL, IMP_FLOAT, 0},
    };
    const uint64_t top = (uint64_t)job->params[TOP].i < n ? (uint64_t)job->params[TOP].i : n;
    imp_table *t = job->new_table(job, sizeof columns / sizeof *columns, columns);
    uint64_t *told = job->scratch(job, top * sizeof *told);
    imp_status st = t && told ? IMP_OK : IMP_E_MEMORY;
    for (uint64_t k = 0; k < top && st == IMP_OK; k++) {
        char number[24];
        told[k] = next_best(v, n, told, k);
        snprintf(number, sizeof number, "%llu", (unsigned long long)told[k]);
        const char *label = l->count ? l->lines[told[k]] : number;
        const imp_cell row[] = {{.i = (int64_t)k + 1}, {.i = (int64_t)told[k]},
                                {.s = {label, strlen(label)}}, {.f = (double)v[told[k]]}};
        st = job->add_row(job, t, row);
    }
    return st == IMP_OK ? job->set_output(job, 0, &t->head) : st;
}

/* ---- one picture ---- */

struct classify {
    imp_nn_model *model;
    imp_nn_run *run;
    struct net_ends ends;
    kit_prepare prepare;
};

/* The frame; a network that takes any size gets the picture's. */
static imp_status evaluate(const struct classify *c, imp_job *job, imp_tensor *v, imp_error *err)
{
    const imp_image *in = imp_image_in(job, PICTURE);
    const uint32_t channels = c->prepare.input.channels;
    kit_frame f;
    imp_status st = kit_frame_of(&c->prepare, in->width, in->height,
                                 (enum kit_fit)job->params[FIT].i, &f, err);
    if (st != IMP_OK)
        return st;
    float *data = job->scratch(job, (uint64_t)channels * f.width * f.height * sizeof *data);
    if (!data)
        return IMP_E_MEMORY;
    st = kit_prepare_picture(&c->prepare.input, &f, in, data, job);
    return st == IMP_OK ? net_evaluate(c->run, &c->ends, c->ends.output, channels, f.width, f.height,
                                       data, job, v, err)
                        : st;
}

static imp_status no_classes(const imp_tensor *v, const struct labels *l, imp_error *err)
{
    const uint64_t n = net_count(v), classes = v->ndim > 1 ? (uint64_t)v->shape[1] : n;
    if (n != classes || !n)
        return imp_fail(err, IMP_E_INPUT,
                        "the network gives %llu numbers in %u axes, no list of classes",
                        (unsigned long long)n, v->ndim);
    return wrong_labels(l, n, err);
}

static imp_status classify(const struct classify *c, imp_job *job, const struct labels *l,
                           imp_error *err)
{
    const int64_t how = job->params[SCORE].i;
    imp_tensor v = net_view();
    imp_status st = evaluate(c, job, &v, err);
    if (st == IMP_OK)
        st = no_classes(&v, l, err);
    if (st != IMP_OK)
        return st;
    float *scores = job->scratch(job, net_count(&v) * sizeof *scores);
    if (!scores)
        return IMP_E_MEMORY;
    net_unpack(&v, scores);
    if (how == SOFTMAX || (how == AUTO && !ends_in_probabilities(c->model, c->ends.output)))
        softmax(scores, net_count(&v));
    return tell(job, scores, net_count(&v), l);
}

static imp_status process(void *instance, imp_job *job, imp_error *err) IMP_NX
{
    struct classify c = {.model = net_model(job->inputs[NET])};
    struct labels labels = {.count = 0};
    imp_status st = net_ends_of(c.model, NULL, &c.ends, err);
    if (st == IMP_OK)
        st = net_prepare_of(c.model, &c.ends, &c.prepare, err);
    if (st == IMP_OK)
        st = find_labels(c.model, job->params[LABELS].s.ptr, &labels, err);
    if (st == IMP_OK)
        st = net_run_begin(instance, c.model, IMP_NN_LEAN, &c.run, err);
    if (st == IMP_OK)
        st = classify(&c, job, &labels, err);
    net_run_end(instance, job, c.run, st);
    free_labels(&labels);
    return st;
}

/* Labels are read, and compared with the classes when these are known. */
static void plan_labels(imp_plan *plan, const imp_nn_model *model, const struct net_ends *ends,
                        const char *path)
{
    struct labels labels = {.count = 0};
    int64_t input[NET_AXES], shape[NET_AXES];
    kit_error e;
    imp_status st = find_labels(model, path, &labels, kit_error_init(&e));
    if (st == IMP_OK && !net_input_shape(model, ends, 0, 0, input)) {
        const uint32_t ndim = net_shape(model, ends->output, ends->node.ndim, input, shape);
        if (ndim > 1 && shape[1] > 0)
            st = wrong_labels(&labels, (uint64_t)shape[1], &e.as);
    }
    if (st != IMP_OK)
        net_mistake(plan, LABELS, -1, &e);
    free_labels(&labels);
}

static imp_status plan(void *instance, imp_plan *plan, imp_error *err) IMP_NX
{
    const imp_cell *cells = ((const struct net_instance *)instance)->params;
    const imp_shape *in = plan->inputs[PICTURE];
    const imp_nn_model *model = net_planned(plan, NET);
    kit_error e;
    struct net_ends ends;
    kit_prepare p;
    kit_frame f;
    (void)err;
    if (!model)
        return IMP_OK;
    if (net_ends_of(model, NULL, &ends, kit_error_init(&e)) != IMP_OK ||
        net_prepare_of(model, &ends, &p, &e.as) != IMP_OK)
        net_mistake(plan, -1, NET, &e);
    else
        plan_labels(plan, model, &ends, cells[LABELS].s.ptr);
    if (!e.text[0] && in && in->width && in->height) {
        if (kit_frame_of(&p, in->width, in->height, (enum kit_fit)cells[FIT].i, &f, &e.as) != IMP_OK)
            net_mistake(plan, -1, PICTURE, &e);
        else
            net_plan_cost(plan, model, ends.output, 4,
                          (const int64_t[]){1, p.input.channels, f.height, f.width}, IMP_NN_LEAN);
    }
    return IMP_OK;
}

const imp_filter rt_net_classify = {
    NET_FILTER,
    .id = "net.classify",
    .summary = "What a network sees on a picture: its best classes and their scores.",
    .help = "For a folder: `impasto run classify.ini photos/ -o out/` with a save.table whose "
            "wire is `all = classes` writes one table of all pictures.",
    .params = IMP_LIST(params),
    .inputs = IMP_LIST(inputs),
    .outputs = IMP_LIST(outputs),
    .create = net_create,
    .destroy = net_destroy,
    .process = process,
    .plan = plan,
};
