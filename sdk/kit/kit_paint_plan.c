/* kit_paint_plan.c - paintings before and after: options, sizes, memory and work; the table of
 * losses. */
#include <math.h>
#include <string.h>
#include "kit_paint_work.h"

/* ---- options and sizes ---- */

kit_paint_options kit_paint_defaults(uint32_t rule)
{
    kit_paint_options o = {.rule = rule,
                           .steps = 60,
                           .history = 10,
                           .penalty = 1,
                           .tv_power = 2,
                           .noise = 20,
                           .keep_seconds = 20};
    if (rule == KIT_PAINT_ADAM)
        o.steps = 200, o.rate = 10;
    if (rule == KIT_PAINT_SGD_FMI)
        o.steps = 1000, o.rate = 0.1, o.decay = 0.0005, o.stop = 0.005, o.noise = 0.1,
        o.truncate = 1;
    return o;
}

uint32_t kit_paint_sizes(const kit_paint_options *o)
{
    return o->scale_count ? o->scale_count : 1;
}

static void size_at(const kit_paint_options *o, uint32_t i, uint32_t width, uint32_t height,
                    uint32_t *w, uint32_t *h)
{
    const uint32_t longest = o->scale_count ? (uint32_t)(o->scales[i] + 0.5) : 0;
    kit_sight_shrink(width, height, longest, w, h);
}

void kit_paint_size(const kit_paint_options *o, uint32_t width, uint32_t height, uint32_t *w,
                    uint32_t *h)
{
    size_at(o, kit_paint_sizes(o) - 1, width, height, w, h);
}

bool kit_paint_size_at(const kit_sight *s, const kit_paint_options *o, uint32_t i, uint32_t width,
                       uint32_t height, uint32_t *w, uint32_t *h)
{
    uint32_t next_w = 0, next_h = 0;
    size_at(o, i, width, height, w, h);
    kit_sight_size(s, *w, *h, w, h);
    if (i + 1 < kit_paint_sizes(o)) {
        size_at(o, i + 1, width, height, &next_w, &next_h);
        kit_sight_size(s, next_w, next_h, &next_w, &next_h);
    }
    return *w != next_w || *h != next_h;
}

uint32_t kit_paint_steps_at(const kit_sight *s, const kit_paint_options *o, uint32_t i,
                            uint32_t width, uint32_t height)
{
    uint32_t before = 0, w, h;
    for (uint32_t k = 0; k < i; k++)
        before += kit_paint_size_at(s, o, k, width, height, &w, &h);
    if (!o->step_count)
        return o->steps;
    return (uint32_t)o->step_list[before < o->step_count ? before : o->step_count - 1];
}

void kit_paint_cost(imp_plan *plan, const kit_sight *s, const kit_paint_options *o,
                    uint32_t deepest, uint32_t width, uint32_t height)
{
    uint32_t w, h;
    if (!width || !height)
        return;
    kit_paint_size_at(s, o, kit_paint_sizes(o) - 1, width, height, &w, &h);
    const bool tiled = o->tile && (w > o->tile || h > o->tile);
    const uint32_t side = o->tile + 224; /* with its margins and the grid's rounding */
    const uint64_t run =
        kit_sight_bytes(s, deepest, tiled && w > side ? side : w, tiled && h > side ? side : h, 0);
    const size_t n = (size_t)s->channels * w * h;
    const bool pyramid = o->rule == KIT_PAINT_LBFGS && o->basis == KIT_PAINT_PYRAMID;
    const size_t own = 6 * n + (pyramid ? kit_paint_metric_floats(s->channels, w, h) : 0);
    const uint64_t bytes = run + own * sizeof(float) + kit_paint_state_bytes(o, n);
    plan->bytes = bytes > plan->bytes ? bytes : plan->bytes;
    plan->least_bytes = plan->bytes;
    for (uint32_t i = 0; i < kit_paint_sizes(o); i++)
        if (kit_paint_size_at(s, o, i, width, height, &w, &h))
            plan->macs +=
                2.5 * (double)kit_paint_steps_at(s, o, i, width, height) * kit_sight_macs(s, w, h);
}

/* ---- the table ---- */

imp_table *kit_paint_table(imp_job *job, const kit_goal *goal, const kit_painting *p)
{
    static const imp_column fixed[KIT_PAINT_FIXED] = {
        {"scale", NULL, IMP_INT, 0},       {"width", "px", IMP_INT, 0},
        {"height", "px", IMP_INT, 0},      {"step", NULL, IMP_INT, 0},
        {"evaluations", NULL, IMP_INT, 0}, {"loss", NULL, IMP_FLOAT, 0}};
    const uint32_t n = KIT_PAINT_FIXED + p->term_count;
    imp_column *columns = job->scratch(job, n * sizeof *columns);
    imp_cell *cells = job->scratch(job, n * sizeof *cells);
    if (!columns || !cells)
        return NULL;
    memcpy(columns, fixed, sizeof fixed);
    for (uint32_t i = KIT_PAINT_FIXED; i < n; i++)
        columns[i] = (imp_column){goal->names[i - KIT_PAINT_FIXED], NULL, IMP_FLOAT, 0};
    imp_table *t = job->new_table(job, n, columns);
    for (uint32_t r = 0; t && r < p->row_count; r++) {
        for (uint32_t i = 0; i < n; i++)
            if (columns[i].type == IMP_INT)
                cells[i].i = (int64_t)p->rows[r * n + i];
            else
                cells[i].f = p->rows[r * n + i];
        if (job->add_row(job, t, cells) != IMP_OK)
            return NULL;
    }
    return t;
}
