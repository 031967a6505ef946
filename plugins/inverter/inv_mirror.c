/* inv_mirror.c - an encoder's way to a layer, and the decoder that goes it back. */
#include "inv_mirror.h"
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

enum { AXES = 8, PROBE = 256 /* px: sides that the way is looked at with */ };

/* ---- the way ---- */

static imp_status maps_at(const kit_sight *s, uint32_t node, uint32_t *c, uint32_t *side,
                          imp_error *err)
{
    const imp_nn_edit_1 *edit = s->nn->edit.table;
    const int64_t input[] = {1, s->channels, s->height ? s->height : PROBE,
                             s->width ? s->width : PROBE};
    int64_t shape[AXES] = {0};
    imp_nn_cost cost = {.struct_size = sizeof cost, .ndim = AXES, .shape = shape};
    const imp_status st = edit->node_cost(s->nn->edit.self, s->model, node, 4, input, &cost, err);
    if (st != IMP_OK)
        return st;
    if (cost.ndim != 4)
        return imp_fail(err, IMP_E_INPUT, "layer '%s' has no maps: it cannot be mirrored",
                        kit_sight_name(s, node));
    *c = (uint32_t)shape[1], *side = (uint32_t)shape[3];
    return IMP_OK;
}

/* How often `from` is halved to `to`; -1: it is not. */
static int halvings(uint32_t from, uint32_t to)
{
    int n = 0;
    for (; from > to && from % 2 == 0; from /= 2)
        n++;
    return from == to ? n : -1;
}

/* Nodes from the input to this one along first inputs; *count of at most `room`. */
static imp_status chain_of(const kit_sight *s, uint32_t node, uint32_t *chain, uint32_t room,
                           uint32_t *count, imp_error *err)
{
    const imp_nn_model_1 *models = s->nn->model.table;
    uint32_t n = 0;
    for (imp_nn_node at;;) {
        at = (imp_nn_node){.struct_size = sizeof at};
        const imp_status st = models->node(s->nn->model.self, s->model, node, &at, err);
        if (st != IMP_OK)
            return st;
        if (n == room)
            return imp_fail(err, IMP_E_INPUT, "more than %u nodes lie between picture and layer",
                            room);
        chain[n++] = node;
        if (!at.input_count)
            break;
        node = at.inputs[0];
    }
    for (uint32_t i = 0; i < n / 2; i++) {
        const uint32_t swap = chain[i];
        chain[i] = chain[n - 1 - i], chain[n - 1 - i] = swap;
    }
    *count = n;
    return IMP_OK;
}

static bool is_conv(const kit_sight *s, uint32_t node)
{
    const imp_nn_model_1 *models = s->nn->model.table;
    imp_nn_node n = {.struct_size = sizeof n};
    return models->node(s->nn->model.self, s->model, node, &n, NULL) == IMP_OK &&
           !strcmp(n.op, "conv");
}

/* One node more: halvings are counted, a convolution becomes a step. */
static imp_status go(const kit_sight *s, struct inv_path *p, uint32_t node, uint32_t *c,
                     uint32_t *side, imp_error *err)
{
    uint32_t maps, now;
    const imp_status st = maps_at(s, node, &maps, &now, err);
    if (st != IMP_OK)
        return st;
    const int halves = halvings(*side, now);
    if (halves < 0)
        return imp_fail(
            err, IMP_E_INPUT,
            "'%s' makes sides of %u from %u: only networks whose layers keep or halve sides can "
            "be mirrored",
            kit_sight_name(s, node), now, *side);
    const bool prepares = !p->count && maps == *c && !halves; /* a 1x1 for the colours */
    if (is_conv(s, node) && !prepares) {
        if (p->count == INV_DEEPEST)
            return imp_fail(err, IMP_E_INPUT, "more than %u convolutions lie before the layer",
                            INV_DEEPEST);
        p->steps[p->count++] = (struct inv_step){*c, maps, (uint32_t)halves, p->after};
        p->after = 0;
    } else {
        p->after += (uint32_t)halves;
    }
    p->halves += (uint32_t)halves;
    *c = maps, *side = now;
    return IMP_OK;
}

imp_status inv_path_of(const kit_sight *s, uint32_t node, struct inv_path *p, imp_error *err)
{
    enum { ROOM = 512 };
    const imp_nn_edit_1 *edit = s->nn->edit.table;
    uint32_t chain[ROOM], count = 0, c, side;
    *p = (struct inv_path){.count = 0};
    if (!edit || !IMP_HAS(imp_nn_edit_1, edit->struct_size, node_cost) || !edit->node_cost)
        return imp_fail(err, IMP_E_UNSUPPORTED, "the networks' provider cannot tell shapes (%s)",
                        IMP_NN_EDIT_1);
    imp_status st = chain_of(s, node, chain, ROOM, &count, err);
    if (st == IMP_OK)
        st = maps_at(s, chain[0], &c, &side, err);
    for (uint32_t i = 1; i < count && st == IMP_OK; i++)
        st = go(s, p, chain[i], &c, &side, err);
    if (st == IMP_OK && !p->count)
        st = imp_fail(err, IMP_E_INPUT, "no convolution lies before layer '%s'",
                      kit_sight_name(s, node));
    p->channels = st == IMP_OK ? c : 0;
    return st;
}

/* ---- the mirror ---- */

struct text {
    char *s;
    size_t used, room;
    bool failed;
};

__attribute__((format(printf, 2, 3))) static void add(struct text *t, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    const int n = t->failed ? -1 : vsnprintf(t->s + t->used, t->room - t->used, fmt, ap);
    va_end(ap);
    if (n < 0 || (size_t)n >= t->room - t->used)
        t->failed = true;
    else
        t->used += (size_t)n;
}

/* A number with a point, whatever the locale. */
static void add_number(struct text *t, double v)
{
    const size_t from = t->used;
    add(t, "%.9g", v);
    kit_points(t->s + from);
}

static void enlarge(struct text *t, uint32_t times, uint32_t *number)
{
    for (; times; times--)
        add(t, "[up%u]\nop = resize\nscales = 1 1 2 2\n\n", ++*number);
}

static uint32_t inside(uint32_t maps, double width)
{
    const double n = floor(maps * width + 0.5);
    return n < 4 ? 4 : (uint32_t)n;
}

char *inv_mirror_text(const struct inv_path *p, const char *layer, uint32_t channels, double width,
                      double gain)
{
    struct text t = {.room = 4096 + p->count * 400 + strlen(layer)};
    uint32_t ups = 0;
    if (!(t.s = malloc(t.room)))
        return NULL;
    add(&t,
        "[network]\nformat = 1\ntitle = Decoder of %s\nlayer = %s\noutput = %s\noutput_range = 0 "
        "1\n\n"
        "[code]\nop = input\nshape = N %u H W\n\n[gain]\nop = constant\nvalue = ",
        layer, layer, channels == 1 ? "grey" : "rgb", p->channels);
    add_number(&t, gain);
    add(&t, "\n\n[scaled]\nop = mul\nin = code gain\n\n");
    enlarge(&t, p->after, &ups);
    for (uint32_t i = p->count; i-- > 0;) {
        const struct inv_step *s = &p->steps[i];
        enlarge(&t, s->halves, &ups);
        add(&t,
            "[pad%u]\nop = pad\nmode = reflect\npads = 0 0 1 1 0 0 1 1\n\n"
            "[conv%u]\nop = conv\nfilters = %u\nkernel = 3\n\n",
            i + 1, i + 1, i ? inside(s->in, width) : channels);
        if (i)
            add(&t, "[relu%u]\nop = relu\n\n", i + 1);
        enlarge(&t, s->shrunk, &ups);
    }
    if (t.failed)
        free(t.s);
    return t.failed ? NULL : t.s;
}
