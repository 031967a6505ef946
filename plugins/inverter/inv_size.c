/* inv_size.c - which pictures have a code of that many places. Shapes come from nn.edit's costs; a
 * layer's side never falls when the picture's grows, so both ends are found by halving. */
#include "inverter.h"
#include <string.h>

enum { AXES = 8, USUAL = 224 };

/* The layer's value for a square picture: c, h, w; 0 where the network takes no such picture. */
static void shape_at(const kit_sight *s, uint32_t node, uint32_t side, uint32_t chw[3])
{
    const imp_nn_edit_1 *edit = s->nn->edit.table;
    const int64_t input[] = {1, s->channels, s->height ? s->height : side,
                             s->width ? s->width : side};
    int64_t shape[AXES] = {0};
    imp_nn_cost cost = {.struct_size = sizeof cost, .ndim = AXES, .shape = shape};
    memset(chw, 0, 3 * sizeof *chw);
    if (edit->node_cost(s->nn->edit.self, s->model, node, 4, input, &cost, NULL) != IMP_OK)
        return;
    for (uint32_t i = 0; i < 3; i++)
        chw[i] = i + 1 < cost.ndim ? (uint32_t)shape[i + 1] : i ? 1 : 0;
}

/* The smallest side, a multiple, whose layer has at least so many places on that axis (1 h, 2 w).
 */
static uint32_t first_with(const kit_sight *s, uint32_t node, uint32_t axis, uint32_t places)
{
    const uint32_t step = s->prepare.multiple ? s->prepare.multiple : 1;
    uint32_t low = 0, high = INV_LARGEST / step + 1, chw[3]; /* low: too few, high: enough */
    while (high - low > 1) {
        const uint32_t mid = low + (high - low) / 2;
        shape_at(s, node, mid * step, chw);
        *(chw[axis] >= places && chw[0] ? &high : &low) = mid;
    }
    return high * step;
}

static imp_status none(const kit_sight *s, uint32_t node, const kit_code *code, imp_error *err)
{
    return imp_fail(err, IMP_E_INPUT,
                    "no picture has a code of %u x %u places (w x h) at layer '%s'%s", code->w,
                    code->h, kit_sight_name(s, node),
                    s->width ? ": the network takes pictures of one size only" : "");
}

imp_status inv_sizes_of(const kit_sight *s, uint32_t node, const kit_code *code,
                        struct inv_sizes *z, imp_error *err)
{
    const imp_nn_edit_1 *edit = s->nn->edit.table;
    uint32_t chw[3];
    if (!edit || !IMP_HAS(imp_nn_edit_1, edit->struct_size, node_cost) || !edit->node_cost)
        return imp_fail(
            err, IMP_E_UNSUPPORTED,
            "the networks' provider cannot tell which pictures have such a code (%s): set "
            "size",
            IMP_NN_EDIT_1);
    if (s->width) {
        *z = (struct inv_sizes){s->width, s->width, s->height, s->height};
        shape_at(s, node, 0, chw);
    } else {
        z->w_from = first_with(s, node, 2, code->w);
        z->h_from = first_with(s, node, 1, code->h);
        z->w_to = first_with(s, node, 2, code->w + 1) - 1;
        z->h_to = first_with(s, node, 1, code->h + 1) - 1;
        shape_at(s, node, z->w_from > z->h_from ? z->w_from : z->h_from, chw);
    }
    if (chw[0] && chw[0] != code->c)
        return imp_fail(err, IMP_E_INPUT, "the code has %u maps, layer '%s' of this network has %u",
                        code->c, kit_sight_name(s, node), chw[0]);
    const bool fits = s->width ? chw[1] == code->h && chw[2] == code->w
                               : z->w_from <= z->w_to && z->h_from <= z->h_to &&
                                     z->w_from <= INV_LARGEST && z->h_from <= INV_LARGEST;
    return fits ? IMP_OK : none(s, node, code, err);
}

bool inv_sizes_meet(struct inv_sizes *z, const struct inv_sizes *with)
{
    z->w_from = z->w_from > with->w_from ? z->w_from : with->w_from;
    z->h_from = z->h_from > with->h_from ? z->h_from : with->h_from;
    z->w_to = z->w_to < with->w_to ? z->w_to : with->w_to;
    z->h_to = z->h_to < with->h_to ? z->h_to : with->h_to;
    return z->w_from <= z->w_to && z->h_from <= z->h_to;
}

/* Sides are halved by a network, so that with the most halves in it is what one would have given.
 */
static uint32_t roundest(uint32_t from, uint32_t to, uint32_t multiple)
{
    uint32_t by = multiple;
    while ((to / (2 * by)) * (2 * by) >= from && to / (2 * by))
        by *= 2;
    const uint32_t first = (from + by - 1) / by * by;
    return first <= to ? first : from;
}

static uint32_t side_of(const kit_sight *s, uint32_t from, uint32_t to, uint32_t wanted)
{
    const uint32_t m = s->prepare.multiple ? s->prepare.multiple : 1;
    if (wanted)
        return wanted < from ? from : wanted > to ? to : wanted;
    return to >= INV_LARGEST && from < USUAL ? (USUAL + m - 1) / m * m : roundest(from, to, m);
}

void inv_sizes_choose(const kit_sight *s, const struct inv_sizes *z, uint32_t *w, uint32_t *h)
{
    const bool fits = *w >= z->w_from && *w <= z->w_to && *h >= z->h_from && *h <= z->h_to;
    *w = side_of(s, z->w_from, z->w_to, fits ? *w : 0);
    *h = side_of(s, z->h_from, z->h_to, fits ? *h : 0);
}
