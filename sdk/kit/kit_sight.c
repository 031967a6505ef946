/* kit_sight.c - a network that looks at pictures: its input, sizes, and the values of its layers.
 */
#include <impasto/kit_sight.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { AXES = 8, MOST_NAMES = 4096 };

static const imp_nn_model_1 *table_of(const kit_nn *nn)
{
    return nn->model.table;
}

static imp_tensor view(void)
{
    return (imp_tensor){.head = {sizeof(imp_tensor), IMP_TENSOR}};
}

/* ---- models ---- */

imp_nn_model *kit_sight_model(const imp_value *value)
{
    return value && value->kind == IMP_OBJECT ? ((const imp_object *)(const void *)value)->object
                                              : NULL;
}

imp_nn_model *kit_sight_planned(const imp_plan *plan, uint32_t port)
{
    const imp_shape *in = port < plan->input_count ? plan->inputs[port] : NULL;
    return in ? kit_sight_model(in->value) : NULL;
}

static imp_status node_of(const kit_nn *nn, const imp_nn_model *model, uint32_t i, imp_nn_node *n,
                          imp_error *err)
{
    *n = (imp_nn_node){.struct_size = sizeof *n};
    return table_of(nn)->node(nn->model.self, model, i, n, err);
}

/* The network's only input. */
static imp_status find_input(kit_sight *s, imp_nn_node *input, imp_error *err)
{
    uint32_t count = 0, found = 0;
    imp_status st = table_of(s->nn)->node_count(s->nn->model.self, s->model, &count, err);
    for (uint32_t i = 0; i < count && st == IMP_OK; i++) {
        imp_nn_node n;
        if ((st = node_of(s->nn, s->model, i, &n, err)) == IMP_OK && n.flags & IMP_NN_INPUT)
            s->input = i, *input = n, found++;
    }
    if (st == IMP_OK && found != 1)
        st = imp_fail(err, IMP_E_INPUT, "the network has %u inputs; one, for pictures, is wanted",
                      found);
    return st;
}

struct model_meta {
    const kit_nn *nn;
    const imp_nn_model *model;
};

static const char *meta(void *user, const char *key)
{
    const struct model_meta *m = user;
    const char *text = NULL;
    return table_of(m->nn)->meta(m->nn->model.self, m->model, key, &text, NULL) == IMP_OK ? text
                                                                                          : NULL;
}

static uint32_t side_of(int64_t n)
{
    return n > 0 && n <= INT32_MAX ? (uint32_t)n : 0;
}

imp_status kit_sight_open(kit_sight *out, const kit_nn *nn, imp_nn_model *model, imp_error *err)
{
    kit_sight s = {.nn = nn, .model = model};
    imp_nn_node input = {.name = NULL};
    if (!model)
        return imp_fail(err, IMP_E_INPUT, "there is no network");
    imp_status st = find_input(&s, &input, err);
    if (st != IMP_OK)
        return st;
    if (input.ndim && (input.ndim != 4 || input.shape[0] > 1))
        return imp_fail(
            err, IMP_E_INPUT,
            "the network's input '%s' takes no single picture (1 C H W): it has %u axes%s",
            input.name, input.ndim, input.ndim == 4 ? " and a batch of its own" : "");
    const bool known = input.ndim == 4;
    struct model_meta m = {nn, model};
    st = kit_prepare_read(meta, &m, known ? side_of(input.shape[1]) : 0,
                          known ? side_of(input.shape[3]) : 0, known ? side_of(input.shape[2]) : 0,
                          &s.prepare, err);
    if (st != IMP_OK)
        return st;
    s.channels = s.prepare.input.channels;
    s.width = s.prepare.width, s.height = s.prepare.height;
    if (known && side_of(input.shape[3]) && side_of(input.shape[2]))
        s.width = side_of(input.shape[3]), s.height = side_of(input.shape[2]);
    *out = s;
    return IMP_OK;
}

imp_status kit_sight_find(const kit_sight *s, const char *const *names, uint64_t count,
                          uint32_t *nodes, imp_error *err)
{
    imp_status st = IMP_OK;
    for (uint64_t i = 0; i < count && st == IMP_OK; i++)
        st = table_of(s->nn)->find(s->nn->model.self, s->model, names[i], &nodes[i], err);
    return st;
}

const char *kit_sight_name(const kit_sight *s, uint32_t node)
{
    imp_nn_node n;
    return node_of(s->nn, s->model, node, &n, NULL) == IMP_OK ? n.name : "?";
}

/* All names of nodes with blanks between, on the heap; NULL: none. */
static char *all_names(const kit_nn *nn, const imp_nn_model *model)
{
    uint32_t count = 0;
    size_t used = 0, room = 1;
    char *text = NULL;
    if (table_of(nn)->node_count(nn->model.self, model, &count, NULL) != IMP_OK)
        return NULL;
    for (int pass = 0; pass < 2; pass++) {
        for (uint32_t i = 0; i < count && i < MOST_NAMES; i++) {
            imp_nn_node n;
            if (node_of(nn, model, i, &n, NULL) != IMP_OK || strchr(n.name, ' '))
                continue;
            if (pass)
                used += (size_t)snprintf(text + used, room - used, "%s%s", used ? " " : "", n.name);
            else
                room += strlen(n.name) + 1;
        }
        if (!pass && !(text = calloc(room, 1)))
            return NULL;
    }
    return text;
}

bool kit_sight_check(imp_plan *plan, const kit_nn *nn, const imp_nn_model *model, int32_t param,
                     const imp_cell *names)
{
    char *all = NULL;
    bool fine = true;
    for (uint64_t i = 0; i < names->w.count; i++) {
        const char *name = names->w.ptr[i];
        uint32_t node;
        char text[200];
        if (table_of(nn)->find(nn->model.self, model, name, &node, NULL) == IMP_OK)
            continue;
        if (!all)
            all = all_names(nn, model);
        snprintf(text, sizeof text, "no layer '%.120s' in the network", name);
        plan->mistake(plan, param, -1, name, text, all);
        fine = false;
    }
    free(all);
    return fine;
}

/* ---- sizes ---- */

void kit_sight_shrink(uint32_t width, uint32_t height, uint32_t longest, uint32_t *w, uint32_t *h)
{
    const uint32_t most = width > height ? width : height;
    *w = width, *h = height;
    if (!longest || most <= longest)
        return;
    const double by = (double)longest / most;
    *w = (uint32_t)fmax(1, floor(width * by + 0.5));
    *h = (uint32_t)fmax(1, floor(height * by + 0.5));
}

/* The multiple nearest to a side with its margins. */
static uint32_t rounded(uint32_t side, uint32_t more, uint32_t multiple)
{
    const uint32_t m = multiple ? multiple : 1;
    const uint32_t wanted = (side > KIT_SIGHT_LEAST ? side : KIT_SIGHT_LEAST) + more;
    const uint32_t near = (uint32_t)(((uint64_t)wanted + m / 2) / m * m);
    return near >= KIT_SIGHT_LEAST + more ? near : near + m;
}

void kit_sight_size(const kit_sight *s, uint32_t width, uint32_t height, uint32_t *w, uint32_t *h)
{
    const uint32_t more = s->width || s->height ? 0 : 2 * s->margin;
    *w = s->width ? s->width : rounded(width, more, s->prepare.multiple);
    *h = s->height ? s->height : rounded(height, more, s->prepare.multiple);
}

uint64_t kit_sight_bytes(const kit_sight *s, uint32_t node, uint32_t w, uint32_t h, uint32_t flags)
{
    const int64_t shape[] = {1, s->channels, h, w};
    uint64_t bytes = 0, least = 0;
    const imp_status st = table_of(s->nn)->memory(s->nn->model.self, s->model, node, 4, shape,
                                                  flags, &bytes, &least, NULL);
    return st == IMP_OK ? bytes : 0;
}

double kit_sight_macs(const kit_sight *s, uint32_t w, uint32_t h)
{
    const imp_nn_edit_1 *edit = s->nn->edit.table;
    const int64_t shape[] = {1, s->channels, h, w};
    uint64_t params = 0, macs = 0;
    return edit && edit->cost(s->nn->edit.self, s->model, 4, shape, &params, &macs, NULL) == IMP_OK
               ? (double)macs
               : 0;
}

/* ---- looking ---- */

uint32_t kit_sight_margin(const kit_sight *s, uint32_t w, uint32_t h)
{
    return s->margin && !s->width && !s->height && w > 2 * s->margin && h > 2 * s->margin
               ? s->margin
               : 0;
}

/* Resampled to w x h less the margins; NULL: no memory, or cancelled. */
static imp_image *shrunk(const imp_image *picture, uint32_t w, uint32_t h, uint32_t margin,
                         imp_job *job)
{
    const uint32_t iw = w - 2 * margin, ih = h - 2 * margin;
    const bool smaller = (uint64_t)picture->width * picture->height > (uint64_t)iw * ih;
    imp_image *sized = kit_image_new(iw, ih, picture->channels, picture->colour);
    if (sized && kit_resize(picture, sized, smaller ? KIT_AREA : KIT_LINEAR, job) == IMP_OK)
        return sized;
    kit_image_free(sized);
    return NULL;
}

imp_image *kit_sight_frame(const kit_sight *s, const imp_image *picture, uint32_t w, uint32_t h,
                           imp_job *job)
{
    const uint32_t m = kit_sight_margin(s, w, h);
    imp_image *sized = shrunk(picture, w, h, m, job);
    imp_image *framed = sized && m ? kit_image_new(w, h, picture->channels, picture->colour) : NULL;
    if (!sized || !m)
        return sized;
    for (uint32_t c = 0; framed && c < framed->channels; c++)
        for (uint32_t y = 0; y < h; y++) {
            const float *from =
                imp_row(sized, c, (uint32_t)kit_mirror((int64_t)y - m, sized->height));
            float *to = imp_row_out(framed, c, y);
            for (uint32_t x = 0; x < w; x++)
                to[x] = from[kit_mirror((int64_t)x - m, sized->width)];
        }
    kit_image_free(sized);
    return framed;
}

imp_status kit_sight_look(const kit_sight *s, imp_nn_run *run, const imp_image *picture, uint32_t w,
                          uint32_t h, imp_job *job, imp_error *err)
{
    const uint32_t m = kit_sight_margin(s, w, h);
    const bool same = picture->width + 2 * m == w && picture->height + 2 * m == h;
    const kit_box all = {-(int64_t)m, -(int64_t)m, w, h};
    const int64_t shape[] = {1, s->channels, h, w};
    float *fed = malloc((size_t)s->channels * w * h * sizeof *fed);
    imp_image *sized = same || !fed ? NULL : shrunk(picture, w, h, m, job);
    imp_status st = fed && (same || sized) ? IMP_OK : IMP_E_MEMORY;
    if (st == IMP_OK)
        st = kit_to_network(&s->prepare.input, sized ? sized : picture, &all, fed, job);
    else if (fed && job && job->progress(job, -1, NULL) == IMP_CANCELLED)
        st = IMP_CANCELLED;
    const imp_tensor in = {
        .head = {sizeof in, IMP_TENSOR}, .dtype = IMP_F32, .ndim = 4, .shape = shape, .data = fed};
    if (st == IMP_OK)
        st = table_of(s->nn)->set_input(s->nn->model.self, run, s->input, &in, err);
    else if (st == IMP_E_MEMORY)
        imp_fail(err, st, "no memory for a picture of %u x %u", w, h);
    kit_image_free(sized);
    free(fed);
    return st;
}

/* A tensor as maps; first: the axis of channels. */
static imp_status maps_of(const imp_tensor *t, uint32_t first, kit_code *c, imp_error *err)
{
    const uint32_t rank = t->ndim - first;
    bool sound = t->dtype == IMP_F32 && (rank == 3 || rank == 1);
    for (uint32_t i = 0; i < t->ndim; i++)
        sound = sound && t->shape[i] > 0 && t->shape[i] <= INT32_MAX;
    if (!sound)
        return imp_fail(err, IMP_E_INPUT,
                        "'%s' is no code of maps: C H W floats, all at least 1, are wanted",
                        c->layer ? c->layer : "a tensor");
    c->data = t->data;
    c->c = (uint32_t)t->shape[first];
    c->h = rank == 3 ? (uint32_t)t->shape[first + 1] : 1;
    c->w = rank == 3 ? (uint32_t)t->shape[first + 2] : 1;
    if (!kit_all_finite(c->data, (size_t)c->c * c->h * c->w))
        return imp_fail(err, IMP_E_INPUT, "the values of '%s' are not all finite",
                        c->layer ? c->layer : "a tensor");
    return IMP_OK;
}

imp_status kit_sight_code(const kit_sight *s, imp_nn_run *run, uint32_t node, imp_job *job,
                          kit_code *out, imp_error *err)
{
    imp_tensor t = view();
    kit_code c = {.layer = kit_sight_name(s, node)};
    imp_status st = table_of(s->nn)->forward(s->nn->model.self, run, node, job, err);
    if (st == IMP_OK)
        st = table_of(s->nn)->value(s->nn->model.self, run, node, &t, err);
    if (st == IMP_OK && t.strides)
        st = imp_fail(err, IMP_E_UNSUPPORTED, "the values of '%s' are not packed", c.layer);
    if (st == IMP_OK && (!t.ndim || (t.ndim != 1 && t.shape[0] != 1)))
        st = imp_fail(err, IMP_E_INPUT, "'%s' is not of one picture", c.layer);
    if (st == IMP_OK)
        st = maps_of(&t, t.ndim == 2 || t.ndim == 4, &c, err);
    if (st == IMP_OK)
        *out = c;
    return st;
}

/* Its numbers in order, on the heap. */
static float *packed_copy(const imp_tensor *t)
{
    size_t n = 1;
    for (uint32_t i = 0; i < t->ndim; i++)
        n *= (size_t)t->shape[i];
    float *to = malloc(n * sizeof *to);
    const float *from = t->data;
    for (size_t i = 0; to && i < n; i++) {
        size_t rest = i;
        int64_t at = 0;
        for (uint32_t axis = t->ndim; axis-- > 0; rest /= (size_t)t->shape[axis])
            at += (int64_t)(rest % (size_t)t->shape[axis]) * t->strides[axis];
        to[i] = from[at];
    }
    return to;
}

imp_status kit_code_of(const imp_tensor *t, kit_code *out, float **copy, imp_error *err)
{
    kit_code c = {.layer = t->name};
    imp_tensor packed = *t;
    *copy = NULL;
    if (t->ndim > AXES)
        return imp_fail(err, IMP_E_INPUT, "'%s' has %u axes, a code has C H W",
                        t->name ? t->name : "a tensor", t->ndim);
    if (t->strides) {
        for (uint32_t i = 0; i < t->ndim; i++)
            if (t->shape[i] <= 0)
                return maps_of(t, 0, &c, err);
        if (!(*copy = packed_copy(t)))
            return imp_fail(err, IMP_E_MEMORY, "no memory for a copy of '%s'",
                            t->name ? t->name : "a tensor");
        packed.data = *copy, packed.strides = NULL;
    }
    const imp_status st = maps_of(&packed, 0, &c, err);
    if (st != IMP_OK)
        free(*copy), *copy = NULL;
    else
        *out = c;
    return st;
}

/* ---- samples of a data set ---- */

static imp_status prepare_sample(const void *user, const float *pixels, float *input) IMP_NX
{
    const kit_sight_samples *s = user;
    const kit_box all = {0, 0, s->width, s->height};
    union {
        const float *in;
        float *out;
    } data = {.in = pixels};
    const imp_image picture = {.head = {sizeof picture, IMP_IMAGE},
                               .width = s->width,
                               .height = s->height,
                               .channels = s->channels,
                               .colour = IMP_SRGB,
                               .row = s->width,
                               .plane = (int64_t)s->width * s->height,
                               .data = data.out};
    return kit_to_network(&s->prepare.input, &picture, &all, input, NULL);
}

imp_status kit_sight_input(const kit_nn *nn, imp_nn_model *model, const imp_dataset *data,
                           kit_sight_samples *s, kit_input *input, imp_error *err)
{
    kit_sight sight = {.nn = nn, .model = model};
    imp_nn_node node = {.name = NULL};
    if (data->channels != 1 && data->channels != 3)
        return imp_fail(err, IMP_E_INPUT, "the data set has %u channels: 1 or 3 can be prepared",
                        data->channels);
    imp_status st = find_input(&sight, &node, err);
    *input = (kit_input){NULL, NULL, 0, 0};
    if (st != IMP_OK || node.ndim == 2)
        return st;
    if ((st = kit_sight_open(&sight, nn, model, err)) != IMP_OK)
        return st;
    *s = (kit_sight_samples){sight.prepare, data->channels, data->width, data->height, 0};
    *input = (kit_input){prepare_sample, s, sight.channels, 0};
    return IMP_OK;
}
