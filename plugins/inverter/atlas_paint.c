/* atlas_paint.c - one map's texture: the picture in which it says what all maps together said, and
 * the others nothing. A texture that is done is kept, so that an atlas that was stopped goes on
 * after it. */
#include "atlas.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define MORE_NOISE 3.0 /* each further try begins with so much more of it */

imp_image *atlas_picture(const struct atlas_map *m)
{
    const struct atlas_row *r = &m->row;
    imp_image *out = kit_image_new(r->width, r->height, r->channels, IMP_SRGB);
    for (uint32_t c = 0; out && c < r->channels; c++)
        for (uint32_t y = 0; y < r->height; y++)
            for (uint32_t x = 0; x < r->width; x++)
                imp_row_out(out, c, y)[x] =
                    (float)m->pixels[((size_t)c * r->height + y) * r->width + x] / 255.0f;
    return out;
}

static size_t pixels_of(const struct atlas_row *r)
{
    return (size_t)r->width * r->height * r->channels;
}

/* ---- checkpoints, one a map: the row, then the pixels ---- */

static void name_of(const struct atlas *a, uint32_t i, char name[32])
{
    snprintf(name, 32, "map-%u", a->maps[i]);
}

static bool resume(struct atlas *a, uint32_t i)
{
    struct atlas_map *m = &a->all[i];
    char name[32];
    uint64_t size = 0;
    name_of(a, i, name);
    const char *block = a->job->kept(a->job, name, &size);
    if (!block || size < sizeof m->row)
        return false;
    memcpy(&m->row, block, sizeof m->row);
    if (m->row.map != a->maps[i] || m->row.width != a->shown_width ||
        m->row.height != a->shown_height || m->row.channels != a->sight.channels ||
        size != sizeof m->row + pixels_of(&m->row) || !(m->pixels = malloc(pixels_of(&m->row))))
        return false;
    memcpy(m->pixels, block + sizeof m->row, pixels_of(&m->row));
    return true;
}

static imp_status keep(struct atlas *a, uint32_t i, imp_error *err)
{
    const struct atlas_map *m = &a->all[i];
    const size_t pixels = pixels_of(&m->row);
    char name[32], *block = malloc(sizeof m->row + pixels);
    if (!block)
        return imp_fail(err, IMP_E_MEMORY, "no memory to keep the texture of map %u", a->maps[i]);
    memcpy(block, &m->row, sizeof m->row);
    memcpy(block + sizeof m->row, m->pixels, pixels);
    name_of(a, i, name);
    const imp_status st = a->job->keep(a->job, name, block, sizeof m->row + pixels);
    free(block);
    return st == IMP_OK ? st
                        : imp_fail(err, st, "the texture of map %u could not be kept", a->maps[i]);
}

/* ---- painting ---- */

/* The middle of what was painted, to 8 bits. */
static imp_status to_bytes(const struct atlas *a, struct atlas_map *m, const imp_image *v)
{
    struct atlas_row *r = &m->row;
    const uint32_t x0 = (v->width - a->shown_width) / 2, y0 = (v->height - a->shown_height) / 2;
    r->width = a->shown_width, r->height = a->shown_height, r->channels = v->channels;
    free(m->pixels);
    if (!(m->pixels = malloc(pixels_of(r))))
        return IMP_E_MEMORY;
    for (uint32_t c = 0; c < r->channels; c++)
        for (uint32_t y = 0; y < r->height; y++)
            for (uint32_t x = 0; x < r->width; x++)
                m->pixels[((size_t)c * r->height + y) * r->width + x] =
                    (uint8_t)(imp_row(v, c, y0 + y)[x0 + x] * 255 + 0.5f);
    return IMP_OK;
}

/* What the layer says of all that was painted; colours and edges are of what is shown. */
static imp_status judge(struct atlas *a, struct atlas_map *m, const imp_image *painted,
                        imp_error *err)
{
    const imp_nn_model_1 *models = a->self->nn.model.table;
    struct atlas_row *r = &m->row;
    imp_image *v = atlas_picture(m);
    imp_nn_run *run = NULL;
    kit_code c;
    imp_status st =
        v ? models->run_new(a->self->nn.model.self, a->sight.model, 0, &run, err) : IMP_E_MEMORY;
    if (st == IMP_OK)
        st = kit_sight_look(&a->sight, run, painted, a->width, a->height, a->job, err);
    if (st == IMP_OK)
        st = kit_sight_code(&a->sight, run, a->node, a->job, &c, err);
    if (st == IMP_OK) {
        const size_t places = (size_t)c.h * c.w;
        for (uint32_t i = 0; i < c.c; i++) {
            struct inv_map one;
            inv_map_of(c.data + i * places, places, &one);
            a->code_means[i] = one.mean;
        }
        r->mean = a->code_means[r->map];
        r->share = inv_share(a->code_means, c.c, r->map);
        r->gain = r->natural_share > 0 ? r->share / r->natural_share : NAN;
        r->rank = inv_rank(a->code_means, c.c, r->map);
        r->error = inv_code_error(c.data, a->target, places * c.c);
        r->stationarity = inv_stationarity(c.data, c.c, c.h, c.w, a->gram);
        r->silent = !(r->mean > 0);
        r->colourfulness = inv_colourfulness(v);
        r->orientations = inv_orientation_entropy(v);
    }
    if (run)
        models->run_free(a->self->nn.model.self, run, NULL);
    kit_image_free(v);
    return st;
}

static imp_status take(struct atlas *a, struct atlas_map *m, const imp_image *painted,
                       imp_error *err)
{
    const imp_status st = to_bytes(a, m, painted);
    return st == IMP_OK ? judge(a, m, painted, err) : st;
}

static imp_status paint_once(struct atlas *a, struct atlas_map *m, imp_error *err)
{
    const double done = (double)(m - a->all);
    char what[80];
    struct inv_term term = {
        .node = a->node,
        .weight = 1,
        .target = {.layer = a->layer, .data = a->target, .c = a->count, .h = a->h, .w = a->w}};
    struct inv_goal goal = {.sight = &a->sight,
                            .terms = &term,
                            .count = 1,
                            .scale = 1,
                            .width = a->width,
                            .height = a->height};
    const double own = a->width > a->height ? a->width : a->height;
    kit_paint_options o = kit_paint_defaults(KIT_PAINT_LBFGS);
    kit_painting painting;
    o.steps = (uint32_t)a->p[ATLAS_STEPS].i;
    o.bounds = (uint32_t)a->p[ATLAS_BOUNDS].i;
    o.tv = a->p[ATLAS_TV].f;
    o.seed = kit_random((uint64_t)a->p[ATLAS_SEED].i, 0x6d6170u + m->row.tries, m->row.map);
    o.noise = a->p[ATLAS_NOISE].f * kit_pow(MORE_NOISE, m->row.tries);
    o.scales = &own, o.scale_count = 1;
    o.keep_seconds = 0;
    snprintf(what, sizeof what, "map %u (%.0f of %u), ", m->row.map, done + 1, a->chosen);
    o.from = done / a->chosen, o.to = (done + 1) / a->chosen, o.what = what;
    uint32_t before;
    imp_image *start = NULL;
    imp_status st = inv_goal_init(&goal, err);
    const kit_goal as = inv_goal_as(&goal);
    const uint32_t waking = (uint32_t)a->p[ATLAS_WAKE].i;
    if (st == IMP_OK && waking && atlas_before(a, &before)) {
        kit_paint_options first = o;
        first.steps = waking;
        o.from = first.to = first.from + (first.to - first.from) * waking / (waking + o.steps);
        st = atlas_wake(a, before, m->row.map, &first, &start, err);
    }
    if (st == IMP_OK)
        st = kit_paint(&a->sight, &o, &as, start, a->width, a->height, a->job, &painting, err);
    inv_goal_fini(&goal);
    m->row.tries++;
    if (st == IMP_OK) {
        st = take(a, m, painting.picture, err);
        kit_painting_free(&painting);
    }
    if (st == IMP_OK && m->row.silent && start) /* to say nothing was easier than to be alone */
        st = take(a, m, start, err);
    kit_image_free(start);
    return st;
}

imp_status atlas_paint(struct atlas *a, uint32_t i, imp_error *err)
{
    struct atlas_map *m = &a->all[i];
    const size_t places = (size_t)a->h * a->w;
    imp_status st = IMP_OK;
    if (resume(a, i))
        return IMP_OK;
    m->row = (struct atlas_row){.map = a->maps[i], .natural = a->natural[a->maps[i]], .silent = 1};
    m->row.natural_share = inv_share(a->means, a->count, m->row.map);
    m->row.dead = !(m->row.natural.max > 0);
    memcpy(a->target + m->row.map * places, a->level, places * sizeof *a->level);
    while (st == IMP_OK && m->row.silent && m->row.tries < (uint32_t)a->p[ATLAS_TRIES].i)
        st = paint_once(a, m, err);
    memset(a->target + m->row.map * places, 0, places * sizeof *a->level);
    return st == IMP_OK ? keep(a, i, err) : st;
}
