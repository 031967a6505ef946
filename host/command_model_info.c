/* command_model_info.c - `impasto model info`: layers, shapes, parameters, MACs, memory. */
#include <impasto/kit_prepare.h>
#include <string.h>
#include "jsonline.h"
#include "model_verb.h"

enum { SIDE = 224 /* of a network that takes any size */ };

struct layer {
    imp_nn_node node;
    const char *shape, *inputs;
    uint64_t params, macs, bytes;
    bool costed;
};
struct info {
    const struct network *net;
    struct layer *layers;
    int64_t input[MODEL_AXES];
    uint32_t ndim; /* of the input; 0: several inputs, or none */
    uint64_t params, macs, lean, all;
    bool costed;
};

/* ---- the size that it is for ---- */

static uint32_t input_of(const struct network *net, imp_nn_node *found)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < net->count; i++) {
        const imp_nn_node node = network_node(net, i);
        if (node.flags & IMP_NN_INPUT && !n++)
            *found = node;
    }
    return n;
}

/* "640x480", "224": false: reported. */
static bool read_size(struct command *c, uint32_t *width, uint32_t *height)
{
    const char *text = command_text(c, OPT_SIZE);
    long long w, h;
    if (!text)
        return true;
    const char *x = strchr(text, 'x');
    const bool fine = x ? parse_integer(arena_strndup(c->arena, text, (size_t)(x - text)), &w) &&
                              parse_integer(x + 1, &h)
                        : parse_integer(text, &w);
    if (!x)
        h = w;
    if (!fine || w < 1 || h < 1 || w > 65536 || h > 65536) {
        command_usage(c, "--size 640x480", "--size: '%s' is no width and height", text);
        return false;
    }
    *width = (uint32_t)w, *height = (uint32_t)h;
    return true;
}

static const char *meta_of(void *user, const char *key)
{
    return network_meta(user, key);
}

uint32_t network_input(const struct network *net, int64_t shape[MODEL_AXES])
{
    struct command *c = net->of->c;
    imp_nn_node node = {.ndim = 0};
    uint32_t width = 0, height = 0;
    struct network copy = *net;
    kit_prepare p;
    if (!read_size(c, &width, &height) || !input_of(net, &node) || node.ndim > MODEL_AXES)
        return 0;
    const bool picture = node.ndim == 4;
    const bool known = picture && kit_prepare_read(meta_of, &copy, 0, 0, 0, &p, NULL) == IMP_OK;
    const uint32_t m = known ? p.multiple : 1, usual = (SIDE + m - 1) / m * m;
    for (uint32_t i = 0; i < node.ndim; i++)
        shape[i] = node.shape[i] > 0 ? node.shape[i] : 1;
    if (!picture)
        return node.ndim;
    if ((width && node.shape[3] > 0 && node.shape[3] != width) ||
        (height && node.shape[2] > 0 && node.shape[2] != height)) {
        command_usage(c, NULL, "--size: %s takes %lld x %lld only", net->path,
                      (long long)node.shape[3], (long long)node.shape[2]);
        return 0;
    }
    if (node.shape[1] < 0)
        shape[1] = known ? p.input.channels : 3;
    if (node.shape[2] < 0)
        shape[2] = height ? height : known && p.height ? p.height : usual;
    if (node.shape[3] < 0)
        shape[3] = width ? width : known && p.width ? p.width : usual;
    return node.ndim;
}

/* ---- gathering ---- */

static const char *names_of(const struct network *net, const imp_nn_node *node)
{
    struct text t = {0};
    for (uint32_t i = 0; i < node->input_count; i++)
        text_addf(&t, "%s%s", i ? " " : "", network_node(net, node->inputs[i]).name);
    const char *made = arena_strdup(net->of->c->arena, t.data ? t.data : "");
    text_free(&t);
    return made;
}

static void cost_layer(const struct info *in, uint32_t i, struct layer *l)
{
    const struct networks *n = in->net->of;
    int64_t shape[MODEL_AXES];
    imp_nn_cost cost = {.struct_size = sizeof cost, .ndim = MODEL_AXES, .shape = shape};
    if (!in->ndim || !n->edit || !IMP_HAS(imp_nn_edit_1, n->edit->struct_size, node_cost) ||
        !n->edit->node_cost ||
        n->edit->node_cost(n->edit_self, in->net->model, i, in->ndim, in->input, &cost, NULL) != IMP_OK ||
        cost.ndim > MODEL_AXES)
        return;
    l->shape = network_shape(n->c->arena, cost.ndim, shape);
    l->params = cost.params, l->macs = cost.macs, l->bytes = cost.bytes;
    l->costed = true;
}

static void gather(struct info *in)
{
    const struct network *net = in->net;
    const struct networks *n = net->of;
    uint64_t least;
    in->layers = arena_alloc(n->c->arena, net->count + 1, sizeof *in->layers);
    for (uint32_t i = 0; i < net->count; i++) {
        struct layer *l = &in->layers[i];
        l->node = network_node(net, i);
        l->inputs = names_of(net, &l->node);
        l->shape = network_shape(n->c->arena, l->node.ndim, l->node.shape);
        cost_layer(in, i, l);
    }
    in->costed = in->ndim && n->edit &&
                 n->edit->cost(n->edit_self, net->model, in->ndim, in->input, &in->params, &in->macs,
                               NULL) == IMP_OK &&
                 n->model->memory(n->model_self, net->model, IMP_NN_ALL, in->ndim, in->input,
                                  IMP_NN_LEAN, &in->lean, &least, NULL) == IMP_OK &&
                 n->model->memory(n->model_self, net->model, IMP_NN_ALL, in->ndim, in->input, 0,
                                  &in->all, &least, NULL) == IMP_OK;
}

/* ---- telling ---- */

/* 1 234 567 with blanks between thousands. buf >= 32. */
static const char *print_count(uint64_t v, char *buf)
{
    char digits[24];
    const int n = snprintf(digits, sizeof digits, "%llu", (unsigned long long)v);
    char *to = buf;
    for (int i = 0; i < n; i++) {
        if (i && (n - i) % 3 == 0)
            *to++ = ' ';
        *to++ = digits[i];
    }
    *to = 0;
    return buf;
}

static void print_layer(FILE *out, const struct layer *l, int name, int op, int shape)
{
    char params[32] = "", macs[32] = "", bytes[32] = "";
    if (l->costed) {
        print_bytes(l->bytes, bytes);
        if (l->params)
            print_count(l->params, params);
        if (l->macs)
            print_count(l->macs, macs);
    }
    fprintf(out, "%-*s  %-*s  %-*s  %11s  %15s  %9s%s\n", name, l->node.name, op, l->node.op, shape,
            l->shape, params, macs, bytes,
            l->node.flags & IMP_NN_OUTPUT  ? "  output"
            : l->node.flags & IMP_NN_INPUT ? "  input"
                                           : "");
}

static void print_layers(const struct info *in, FILE *out)
{
    int name = 5, op = 2, shape = 5;
    for (uint32_t i = 0; i < in->net->count; i++) {
        const struct layer *l = &in->layers[i];
        const int widths[] = {(int)strlen(l->node.name), (int)strlen(l->node.op), (int)strlen(l->shape)};
        name = widths[0] > name ? widths[0] : name;
        op = widths[1] > op ? widths[1] : op;
        shape = widths[2] > shape ? widths[2] : shape;
    }
    fprintf(out, "%-*s  %-*s  %-*s  %11s  %15s  %9s\n", name, "layer", op, "op", shape, "shape",
            "parameters", "MACs", "memory");
    for (uint32_t i = 0; i < in->net->count; i++)
        print_layer(out, &in->layers[i], name, op, shape);
}

static void print_totals(const struct info *in, FILE *out)
{
    char a[32], b[32];
    struct arena *arena = in->net->of->c->arena;
    if (!in->costed) {
        fprintf(out, "%u layers; it has more than one input, or none, so no costs\n", in->net->count);
        return;
    }
    fprintf(out, "%u layers, for an input of %s\n", in->net->count,
            network_shape(arena, in->ndim, in->input));
    fprintf(out, "parameters   %s, %s\n", print_count(in->params, a),
            print_bytes(in->params * sizeof(float), b));
    fprintf(out, "MACs         %s (multiply-accumulates of one forward pass)\n", print_count(in->macs, a));
    fprintf(out, "memory       %s forward, %s with all values kept for gradients\n",
            print_bytes(in->lean, a), print_bytes(in->all, b));
}

static void print_meta(const struct network *net, FILE *out)
{
    for (size_t i = 0; network_keys[i]; i++) {
        const char *text = network_meta(net, network_keys[i]);
        if (text)
            fprintf(out, "%-12s %s\n", network_keys[i], text);
    }
    if (!network_meta(net, "input") || !network_meta(net, "range"))
        fprintf(out, "preparation  not in the file: net.load wants input and range for it\n");
}

static void print_text(const struct info *in)
{
    FILE *out = in->net->of->c->out;
    fprintf(out, "%s\n\n", in->net->path);
    print_layers(in, out);
    fprintf(out, "\n");
    print_totals(in, out);
    print_meta(in->net, out);
}

static void print_json(const struct info *in)
{
    struct text t = {0};
    for (uint32_t i = 0; i < in->net->count; i++) {
        const struct layer *l = &in->layers[i];
        json_begin(&t, "impasto.model/1", "layer");
        json_text(&t, "name", l->node.name);
        json_text(&t, "op", l->node.op);
        json_text(&t, "inputs", l->inputs);
        json_text(&t, "shape", l->shape);
        json_bool(&t, "output", l->node.flags & IMP_NN_OUTPUT);
        if (l->costed) {
            json_count(&t, "params", l->params);
            json_count(&t, "macs", l->macs);
            json_count(&t, "bytes", l->bytes);
        }
        json_end(&t);
    }
    json_begin(&t, "impasto.model/1", "summary");
    json_text(&t, "path", in->net->path);
    json_count(&t, "layers", in->net->count);
    if (in->costed) {
        json_text(&t, "input_shape", network_shape(in->net->of->c->arena, in->ndim, in->input));
        json_count(&t, "params", in->params);
        json_count(&t, "macs", in->macs);
        json_count(&t, "memory_forward", in->lean);
        json_count(&t, "memory_gradient", in->all);
    }
    for (size_t i = 0; network_keys[i]; i++)
        if (network_meta(in->net, network_keys[i]))
            json_text(&t, network_keys[i], network_meta(in->net, network_keys[i]));
    json_end(&t);
    fputs(t.data, in->net->of->c->out);
    text_free(&t);
}

int model_info(struct networks *n, const char *const *files, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct network net;
        struct info in = {.net = &net};
        if (!network_open(n, files[i], &net))
            return n->status;
        in.ndim = network_input(&net, in.input);
        if (report_count(n->c->report, SEV_ERROR)) {
            network_close(&net);
            return 2;
        }
        gather(&in);
        if (command_has(n->c, OPT_JSON))
            print_json(&in);
        else {
            fputs(i ? "\n" : "", n->c->out);
            print_text(&in);
        }
        network_close(&net);
    }
    return 0;
}
