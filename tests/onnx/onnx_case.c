/* onnx_case.c - runs one folder of ONNX's backend tests. */
#include "onnx_case.h"
#include "onnx_scope.h"

#include <formats/onnx_bound.h>
#include <formats/onnx_file.h>
#include <run.h>

#include <dirent.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST = 32 }; /* inputs, outputs */

/* One data set: the tensors of its files, and which values they belong to. */
struct set {
    struct onnx_case *c;
    const Onnx__GraphProto *graph;
    const char *model_path;
    const void *model;
    size_t model_size;
    struct rt_onnx_bound inputs[MOST];
    struct rt_tensor *outputs[MOST];
    uint32_t input_count, output_count;
};

__attribute__((format(printf, 2, 3))) static bool fail(struct onnx_case *c, const char *format, ...)
{
    va_list ap;
    va_start(ap, format);
    vsnprintf(c->why, sizeof c->why, format, ap);
    va_end(ap);
    c->verdict = ONNX_FAILED;
    return false;
}

/* The bytes of a file; NULL: it is not there. */
static void *read_file(const char *path, size_t *size)
{
    FILE *f = fopen(path, "rb");
    if (!f)
        return NULL;
    uint8_t *data = NULL;
    size_t room = 0;
    *size = 0;
    do {
        room = room ? room * 2 : 1 << 16;
        uint8_t *more = realloc(data, room);
        if (!more)
            break;
        data = more;
        *size += fread(data + *size, 1, room - *size, f);
    } while (*size == room);
    fclose(f);
    return data;
}

/* ---- values of the files ---- */

static bool read_tensor(struct onnx_case *c, const char *path, struct rt_tensor **out)
{
    char text[512] = "";
    imp_error err = {.struct_size = sizeof err, .text_cap = sizeof text, .text = text};
    size_t size;
    void *data = read_file(path, &size);
    if (!data)
        return false;
    const imp_status st = rt_onnx_read_tensor(data, size, out, &err);
    free(data);
    return st == IMP_OK || fail(c, "%s: %s", path, text);
}

/* input_0.pb, input_1.pb ... in the order of the graph's inputs. */
static bool read_set(struct set *s, const char *folder)
{
    char path[4096];
    for (uint32_t i = 0; i < MOST && i < s->graph->n_input; i++) {
        struct rt_onnx_bound *b = &s->inputs[s->input_count];
        snprintf(path, sizeof path, "%.4000s/input_%u.pb", folder, i);
        if (!read_tensor(s->c, path, &b->tensor))
            break;
        b->name = s->graph->input[i]->name;
        s->input_count++;
    }
    for (uint32_t i = 0; i < MOST && i < s->graph->n_output && s->c->verdict == ONNX_PASSED; i++) {
        snprintf(path, sizeof path, "%.4000s/output_%u.pb", folder, i);
        if (!read_tensor(s->c, path, &s->outputs[i]))
            break;
        s->output_count++;
    }
    if (s->c->verdict != ONNX_PASSED)
        return false;
    return s->output_count || fail(s->c, "%s: no output_0.pb", folder);
}

static void free_set(struct set *s)
{
    for (uint32_t i = 0; i < s->input_count; i++)
        rt_tensor_release(s->inputs[i].tensor);
    for (uint32_t i = 0; i < s->output_count; i++)
        rt_tensor_release(s->outputs[i]);
}

/* ---- comparing ---- */

static double element(uint32_t dtype, const void *data, int64_t i)
{
    return dtype == IMP_I64 ? (double)((const int64_t *)data)[i] : (double)((const float *)data)[i];
}

/* Within 1e-4 of the value, and 1e-6 of the largest. */
static bool is_near(double got, double want, double largest)
{
    if (isnan(want) || isinf(want))
        return isnan(want) ? isnan(got) : got == want;
    return fabs(got - want) <= 1e-4 * fabs(want) + 1e-6 * largest + 1e-7;
}

static bool compare(const struct set *s, const char *name, uint32_t dtype,
                    const struct rt_shape *shape, const void *got, const struct rt_tensor *want)
{
    char a[160], b[160];
    double largest = 0;
    if (!rt_same_shape(shape, &want->shape))
        return fail(s->c, "%s is %s, should be %s", name, rt_shape_text(shape, a, sizeof a),
                    rt_shape_text(&want->shape, b, sizeof b));
    for (int64_t i = 0; i < want->count; i++) {
        const double v = fabs(element(want->dtype, want->data, i));
        largest = isfinite(v) && v > largest ? v : largest;
    }
    for (int64_t i = 0; i < want->count; i++) {
        const double x = element(dtype, got, i), y = element(want->dtype, want->data, i);
        if (!is_near(x, y, largest))
            return fail(s->c, "%s (%s): number %lld is %.8g, should be %.8g", name,
                        rt_shape_text(shape, a, sizeof a), (long long)i, x, y);
    }
    return true;
}

/* ---- running ---- */

static bool set_inputs(const struct set *s, struct imp_nn_run *run, imp_error *err)
{
    for (uint32_t i = 0; i < s->input_count; i++) {
        const struct rt_onnx_bound *b = &s->inputs[i];
        const int64_t node = rt_graph_find_node(run->model->graph, b->name);
        if (b->used)
            continue;
        if (node < 0)
            return fail(s->c, "input %s is not in the network", b->name);
        const imp_tensor t = {.head = {.struct_size = sizeof t, .kind = IMP_TENSOR},
                              .dtype = b->tensor->dtype,
                              .ndim = b->tensor->shape.ndim,
                              .shape = b->tensor->shape.dim,
                              .data = b->tensor->data};
        if (rt_run_set_input(run, (uint32_t)node, &t, err) != IMP_OK)
            return fail(s->c, "%s", err->text);
    }
    return true;
}

/* Values that planning knows, integers among them, never reach the run's memory. */
static bool check_output(const struct set *s, struct imp_nn_run *run, uint32_t i, imp_error *err)
{
    imp_tensor view = {.head = {.struct_size = sizeof view, .kind = IMP_TENSOR}};
    const char *name = s->graph->output[i]->name;
    const int64_t node = rt_graph_find_node(run->model->graph, name);
    if (node < 0)
        return fail(s->c, "output %s is not in the network", name);
    const struct rt_info *info = &run->plan->info[node];
    if (info->known)
        return compare(s, name, info->known->dtype, &info->known->shape, info->known->data,
                       s->outputs[i]);
    if (rt_run_value(run, (uint32_t)node, &view, err) != IMP_OK)
        return fail(s->c, "%s", err->text);
    const struct rt_shape shape = rt_shape_of(view.ndim, view.shape);
    return compare(s, name, view.dtype, &shape, view.data, s->outputs[i]);
}

static bool run_model(const struct set *s, struct imp_nn_model *model, imp_error *err)
{
    struct imp_nn_run *run;
    if (rt_run_new(model, NULL, 0, &run, err) != IMP_OK)
        return fail(s->c, "%s", err->text);
    bool fine = set_inputs(s, run, err);
    if (fine && rt_run_forward(run, IMP_NN_ALL, NULL, err) != IMP_OK)
        fine = fail(s->c, "%s", err->text);
    for (uint32_t i = 0; i < s->output_count && fine; i++)
        fine = check_output(s, run, i, err);
    rt_run_free(run);
    return fine;
}

/* Takes the graph over. */
static bool run_graph(const struct set *s, struct rt_graph *g, imp_error *err)
{
    struct imp_nn_model *model;
    if (rt_model_new(g, &model, err) != IMP_OK)
        return fail(s->c, "%s", err->text);
    const bool fine = run_model(s, model, err);
    rt_model_release(model);
    return fine;
}

/* The same numbers from the network as we write it. */
static bool run_written(const struct set *s, const struct rt_graph *g, imp_error *err)
{
    char why[CASE_TEXT];
    struct rt_graph *again = NULL;
    void *data;
    size_t size;
    if (rt_onnx_write(g, &data, &size, err) != IMP_OK)
        return fail(s->c, "writing: %s", err->text);
    const imp_status st = rt_onnx_read(data, size, NULL, &again, err);
    free(data);
    if (st != IMP_OK)
        return fail(s->c, "written, and not read: %s", err->text);
    if (run_graph(s, again, err))
        return true;
    snprintf(why, sizeof why, "%s", s->c->why);
    return fail(s->c, "written and read: %.900s", why);
}

static bool run_set(struct set *s)
{
    char text[1024] = "";
    imp_error err = {.struct_size = sizeof err, .text_cap = sizeof text, .text = text};
    struct rt_graph *g = NULL;
    if (rt_onnx_read_bound(s->model, s->model_size, s->model_path, s->input_count, s->inputs, &g,
                           &err) != IMP_OK)
        return fail(s->c, "%s", text);
    struct rt_graph *copy = rt_graph_copy(g);
    bool fine = copy ? run_graph(s, g, &err) : fail(s->c, "no memory");
    fine = fine && run_written(s, copy, &err);
    rt_graph_free(copy);
    return fine;
}

static int is_set(const struct dirent *entry)
{
    return !strncmp(entry->d_name, "test_data_set_", 14);
}

/* All data sets; false: one failed, or there is none. */
static void run_sets(struct set *s, const char *folder)
{
    char path[4096];
    struct dirent **entries;
    const int n = scandir(folder, &entries, is_set, alphasort);
    if (n <= 0)
        s->c->verdict = ONNX_NO_CASE;
    for (int i = 0; i < n; i++) {
        snprintf(path, sizeof path, "%.3800s/%.200s", folder, entries[i]->d_name);
        s->input_count = s->output_count = 0;
        memset(s->inputs, 0, sizeof s->inputs);
        if (s->c->verdict == ONNX_PASSED && read_set(s, path))
            run_set(s);
        free_set(s);
        free(entries[i]);
    }
    if (n >= 0)
        free(entries);
}

void onnx_case_run(const char *folder, struct onnx_case *c)
{
    char path[4100], text[512] = "";
    imp_error err = {.struct_size = sizeof err, .text_cap = sizeof text, .text = text};
    struct set s = {.c = c, .model_path = path};
    struct onnx_room room;
    ProtobufCMessage *message = NULL;
    *c = (struct onnx_case){.verdict = ONNX_PASSED};
    snprintf(path, sizeof path, "%.4000s/model.onnx", folder);
    void *model = read_file(path, &s.model_size);
    s.model = model;
    if (!model)
        c->verdict = ONNX_NO_CASE;
    else if (onnx_unpack(&onnx__model_proto__descriptor, model, s.model_size, &room, &message,
                         &err) != IMP_OK)
        fail(c, "%s: %s", path, text);
    const Onnx__ModelProto *m = (const Onnx__ModelProto *)(const void *)message;
    s.graph = m ? m->graph : NULL;
    if (m && !m->graph)
        fail(c, "%s: no graph", path);
    if (s.graph && onnx_scope_check(m, c))
        run_sets(&s, folder);
    onnx_release(&room, message);
    free(model);
}
