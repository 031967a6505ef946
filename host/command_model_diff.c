/* command_model_diff.c - `impasto model diff`: what is not the same in two networks. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "jsonline.h"
#include "model_verb.h"

struct diff {
    struct network a, b;
    struct command *c;
    size_t found;
};

/* One difference: what it is of ("layer"), its name, what both say (NULL: it is not there). */
static void tell(struct diff *d, const char *what, const char *name, const char *a, const char *b)
{
    struct text t = {0};
    d->found++;
    if (command_has(d->c, OPT_JSON)) {
        json_begin(&t, "impasto.model/1", "difference");
        json_text(&t, "of", what);
        json_text(&t, "name", name);
        json_text(&t, "a", a);
        json_text(&t, "b", b);
        json_end(&t);
        fputs(t.data, d->c->out);
        text_free(&t);
    } else if (a && b)
        fprintf(d->c->out, "%-10s %s: %s, %s\n", what, name, a, b);
    else
        fprintf(d->c->out, "%-10s %s: only in %s\n", what, name, a ? d->a.path : d->b.path);
}

/* ---- layers ---- */

static const char *layer_text(struct diff *d, const struct network *net, const imp_nn_node *n)
{
    struct text t = {0};
    text_addf(&t, "%s %s", n->op, network_shape(d->c->arena, n->ndim, n->shape));
    for (uint32_t i = 0; i < n->input_count; i++)
        text_addf(&t, "%s%s", i ? " " : " of ", network_node(net, n->inputs[i]).name);
    const char *made = arena_strdup(d->c->arena, t.data);
    text_free(&t);
    return made;
}

static bool find(const struct network *net, const char *name, imp_nn_node *node)
{
    uint32_t i;
    if (net->of->model->find(net->of->model_self, net->model, name, &i, NULL) != IMP_OK)
        return false;
    *node = network_node(net, i);
    return !strcmp(node->name, name);
}

static void compare_layers(struct diff *d)
{
    imp_nn_node other;
    for (uint32_t i = 0; i < d->a.count; i++) {
        const imp_nn_node n = network_node(&d->a, i);
        const char *a = layer_text(d, &d->a, &n);
        const char *b = find(&d->b, n.name, &other) ? layer_text(d, &d->b, &other) : NULL;
        if (!b || strcmp(a, b) != 0)
            tell(d, "layer", n.name, a, b);
    }
    for (uint32_t i = 0; i < d->b.count; i++) {
        const imp_nn_node n = network_node(&d->b, i);
        if (!find(&d->a, n.name, &other))
            tell(d, "layer", n.name, NULL, layer_text(d, &d->b, &n));
    }
}

static void compare_meta(struct diff *d)
{
    for (size_t i = 0; network_keys[i]; i++) {
        const char *a = network_meta(&d->a, network_keys[i]), *b = network_meta(&d->b, network_keys[i]);
        if ((a || b) && (!a || !b || strcmp(a, b) != 0))
            tell(d, "meta", network_keys[i], a, b);
    }
}

/* ---- parameters ---- */

static imp_tensor param_of(const struct networks *n, imp_nn_trainer *t, uint32_t i, const char **name)
{
    imp_tensor v = {.head = {sizeof v, IMP_TENSOR}};
    imp_tensor gradient = v;
    if (n->train->param(n->train_self, t, i, name, &v, &gradient, NULL) != IMP_OK)
        v.data = NULL, *name = "";
    return v;
}

/* Number of the parameter of that name; hint: where it is when both are in the same order. */
static uint32_t find_param(const struct networks *n, imp_nn_trainer *t, uint32_t count,
                           const char *name, uint32_t hint)
{
    const char *is;
    for (uint32_t i = 0; i < count; i++) {
        const uint32_t at = (hint + i) % count;
        param_of(n, t, at, &is);
        if (!strcmp(is, name))
            return at;
    }
    return count;
}

static size_t numbers_of(const imp_tensor *t)
{
    size_t n = 1;
    for (uint32_t i = 0; i < t->ndim; i++)
        n *= (size_t)t->shape[i];
    return n;
}

static bool same_shape(const imp_tensor *a, const imp_tensor *b)
{
    return a->ndim == b->ndim && !memcmp(a->shape, b->shape, a->ndim * sizeof *a->shape);
}

/* Largest |a - b|, and largest |a|, of packed floats. */
static double difference(const imp_tensor *a, const imp_tensor *b, double *size)
{
    const float *x = a->data, *y = b->data;
    double most = 0;
    *size = 0;
    for (size_t i = 0; i < numbers_of(a); i++) {
        most = fmax(most, fabs((double)x[i] - (double)y[i]));
        *size = fmax(*size, fabs((double)x[i]));
    }
    return most;
}

static void compare_param(struct diff *d, const char *name, const imp_tensor *a, const imp_tensor *b)
{
    struct arena *arena = d->c->arena;
    char x[32], y[32];
    double size;
    if (!same_shape(a, b)) {
        tell(d, "parameter", name, network_shape(arena, a->ndim, a->shape),
             network_shape(arena, b->ndim, b->shape));
        return;
    }
    if (!a->data || !b->data || a->strides || b->strides)
        return;
    const double most = difference(a, b, &size);
    if (most > 0)
        tell(d, "parameter", name, arena_printf(arena, "at most %s apart", print_real(most, x)),
             arena_printf(arena, "%s of the largest",
                          size > 0 ? print_real(most / size, y) : "infinitely more than all"));
}

static void compare_trainers(struct diff *d, imp_nn_trainer *a, imp_nn_trainer *b)
{
    const struct networks *n = d->a.of;
    uint32_t na = 0, nb = 0;
    n->train->param_count(n->train_self, a, &na, NULL);
    n->train->param_count(n->train_self, b, &nb, NULL);
    for (uint32_t i = 0; i < na; i++) {
        const char *name, *other;
        const imp_tensor x = param_of(n, a, i, &name);
        const uint32_t at = nb ? find_param(n, b, nb, name, i % nb) : nb;
        const imp_tensor y = at < nb ? param_of(n, b, at, &other) : x;
        if (at == nb)
            tell(d, "parameter", name, network_shape(d->c->arena, x.ndim, x.shape), NULL);
        else
            compare_param(d, name, &x, &y);
    }
    for (uint32_t i = 0; i < nb; i++) {
        const char *name;
        const imp_tensor y = param_of(n, b, i, &name);
        if (!na || find_param(n, a, na, name, i % na) == na)
            tell(d, "parameter", name, NULL, network_shape(d->c->arena, y.ndim, y.shape));
    }
}

/* false: reported. */
static bool compare_params(struct diff *d)
{
    const struct networks *n = d->a.of;
    char text[600] = "";
    imp_error err = {sizeof err, sizeof text, text, -1, -1};
    imp_nn_trainer *a = NULL, *b = NULL;
    if (!n->train)
        return true;
    imp_status st = n->train->trainer_new(n->train_self, d->a.model, 0, &a, &err);
    if (st == IMP_OK)
        st = n->train->trainer_new(n->train_self, d->b.model, 0, &b, &err);
    if (st == IMP_OK)
        compare_trainers(d, a, b);
    else
        report_add(d->c->report, SEV_ERROR, "E0409", NULL, "parameters cannot be read: %s", text);
    if (a)
        n->train->trainer_free(n->train_self, a, NULL);
    if (b)
        n->train->trainer_free(n->train_self, b, NULL);
    return st == IMP_OK;
}

int model_diff(struct networks *n, const char *a, const char *b)
{
    struct diff d = {.c = n->c};
    struct text t = {0};
    if (!network_open(n, a, &d.a))
        return n->status;
    if (!network_open(n, b, &d.b)) {
        network_close(&d.a);
        return n->status;
    }
    compare_layers(&d);
    compare_meta(&d);
    const bool fine = compare_params(&d);
    if (fine && command_has(n->c, OPT_JSON)) {
        json_begin(&t, "impasto.model/1", "summary");
        json_count(&t, "differences", d.found);
        json_end(&t);
        fputs(t.data, n->c->out);
        text_free(&t);
    } else if (fine && !d.found)
        fprintf(n->c->out, "the same layers, shapes, meta and parameters\n");
    network_close(&d.a), network_close(&d.b);
    return !fine ? 4 : d.found ? 1 : 0;
}
