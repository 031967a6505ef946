/* generated.c - which pictures: kinds in turn, a seed for each, factors drawn over their ranges. */
#include "generated.h"
#include <assert.h>
#include <math.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include "filters.h"

/* A source draws from job->params alone (its process is called without an instance), has the
 * parameters width, height and seed, perhaps kind, and beside names (which stay as they are) none
 * but numbers, choices and yes or no. */
static const imp_filter *const sources[] = {&filter_source_scene, &filter_source_face,
                                            &filter_source_texture, &filter_source_painting,
                                            &filter_source_symbol};

/* Streams of random numbers: a seed for each drawing, its factors, where each sample is cut. */
enum { SEEDS = 0, FACTORS = 1, LEFT = FACTORS + GENERATED_PARAMS, TOP };

struct reading {
    struct generated *g;
    const struct generated_wish *wish;
    imp_plan *plan;
    imp_error *err;
    uint32_t mistakes;
    char *names; /* of the source's parameters */
};

__attribute__((format(printf, 5, 6))) static void mistake(struct reading *r, int32_t param,
                                                          const char *piece, const char *names,
                                                          const char *fmt, ...)
{
    char text[300];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    if (r->plan)
        r->plan->mistake(r->plan, param, -1, piece, text, names);
    else if (!r->mistakes)
        imp_fail(r->err, IMP_E_PARAM, "%s", text);
    if (!r->plan && !r->mistakes && r->err)
        r->err->param = param;
    r->mistakes++;
}

static int64_t find_param(const imp_filter *f, const char *key, size_t n)
{
    for (uint32_t i = 0; i < f->param_count; i++)
        if (strlen(f->params[i].key) == n && !memcmp(f->params[i].key, key, n))
            return i;
    return -1;
}

/* One that this filter sets itself, or leaves alone. */
static bool is_ours(const imp_filter *f, const char *key, size_t n)
{
    const int64_t k = find_param(f, key, n);
    if (k >= 0 && f->params[k].type == IMP_NAMES)
        return true;
    static const char *const ours[] = {"kind", "width", "height", "seed"};
    for (size_t i = 0; i < sizeof ours / sizeof *ours; i++)
        if (strlen(ours[i]) == n && !memcmp(ours[i], key, n))
            return true;
    return false;
}

/* ---- memory: one block, cut up ---- */

static size_t padded(size_t n)
{
    return (n + 15) / 16 * 16;
}

static void *cut(char **at, size_t bytes)
{
    void *p = *at;
    *at += padded(bytes);
    return p;
}

static imp_status take_memory(struct reading *r, const imp_param *kind, char **texts)
{
    struct generated *g = r->g;
    const imp_cell *vary = r->wish->vary, *kinds = r->wish->kinds;
    const size_t most = kinds->w.count ? (size_t)kinds->w.count
                        : kind         ? kit_choice_count(kind->choices)
                                       : 0;
    size_t letters = kind ? strlen(kind->choices) + 1 : 1, names = 16;
    for (uint64_t i = 0; i < vary->w.count; i++)
        letters += strlen(vary->w.ptr[i]) + 1;
    for (uint32_t i = 0; i < g->source->param_count; i++)
        names += strlen(g->source->params[i].key) + 1;
    const size_t n = (size_t)vary->w.count;
    char *at = g->memory =
        calloc(1, padded(most * sizeof *g->kinds) + padded(most * sizeof *g->kind_names) +
                      padded(n * sizeof *g->attributes) + padded(n * sizeof *g->factors) +
                      padded(letters) + padded(names));
    if (!at)
        return imp_fail(r->err, IMP_E_MEMORY, "no memory for a data set");
    g->kinds = cut(&at, most * sizeof *g->kinds);
    g->kind_names = cut(&at, most * sizeof *g->kind_names);
    g->attributes = cut(&at, n * sizeof *g->attributes);
    g->factors = cut(&at, n * sizeof *g->factors);
    r->names = cut(&at, names);
    *texts = at;
    for (uint32_t i = 0; i < g->source->param_count; i++)
        if (!is_ours(g->source, g->source->params[i].key, strlen(g->source->params[i].key)))
            strcat(strcat(r->names, *r->names ? " " : ""), g->source->params[i].key);
    return IMP_OK;
}

/* ---- what the preset says ---- */

static bool is_side(double v)
{
    return v >= 1 && v <= 4096 && v == floor(v);
}

/* One side or two into width and height; false: told. */
static bool read_sides(struct reading *r, const imp_cell *c, const char *key, int32_t param,
                       uint32_t *width, uint32_t *height)
{
    const double *v = c->n.ptr;
    if (c->n.count < 1 || c->n.count > 2 || !is_side(v[0]) || !is_side(v[c->n.count - 1])) {
        mistake(r, param, NULL, NULL,
                "%s wants a side, or width and height: whole numbers of 1 to 4096 px", key);
        return false;
    }
    *width = (uint32_t)v[0], *height = (uint32_t)v[c->n.count - 1];
    return true;
}

static void read_size(struct reading *r)
{
    struct generated *g = r->g;
    const struct generated_wish *w = r->wish;
    const bool fine = read_sides(r, w->size, "size", w->size_param, &g->width, &g->height);
    g->drawn_width = g->width, g->drawn_height = g->height;
    if (w->drawn->n.count &&
        read_sides(r, w->drawn, "drawn", w->drawn_param, &g->drawn_width, &g->drawn_height) &&
        fine && (g->drawn_width < g->width || g->drawn_height < g->height))
        mistake(r, w->drawn_param, NULL, NULL,
                "pictures of %u x %u px cannot be cut from drawings of %u x %u: size, or drawn",
                g->width, g->height, g->drawn_width, g->drawn_height);
}

/* texts: room for all names of the choices. */
static void read_kinds(struct reading *r, const imp_param *kind, char **texts)
{
    struct generated *g = r->g;
    const imp_cell *given = r->wish->kinds;
    size_t n;
    const char *at;
    for (uint32_t i = 0; kind && !given->w.count && (at = kit_choice_at(kind->choices, i, &n));
         i++) {
        g->kinds[i] = i;
        g->kind_names[i] = memcpy(*texts, at, n);
        *texts += n + 1;
        g->kind_count++;
    }
    for (uint64_t i = 0; i < given->w.count; i++) {
        const char *word = given->w.ptr[i];
        const int64_t k = kind ? kit_choice_find(kind->choices, word) : -1;
        for (uint32_t j = 0; j < g->kind_count; j++)
            if (g->kinds[j] == k)
                mistake(r, r->wish->kinds_param, word, NULL, "the kind '%s' twice", word);
        if (k < 0) {
            mistake(r, r->wish->kinds_param, word, NULL, "%s has no kind '%s'; there is %s",
                    g->source->id, word, kind ? kind->choices : "none");
            continue;
        }
        g->kinds[g->kind_count] = k;
        g->kind_names[g->kind_count++] = word;
    }
}

/* A number whose default lies at its least, below 0, is drawn by the source's seed there: -1 below
 * a range from 0, less where it may be negative; a choice is drawn at its first word, `any`. */
static bool seed_draws(const imp_param *row)
{
    if (row->type == IMP_CHOICE)
        return !strncmp(row->choices, "any|", 4);
    return row->type == IMP_FLOAT && row->min < 0 && row->def == row->min;
}

static double least_of(const imp_param *row)
{
    if (!seed_draws(row))
        return row->min;
    return row->min == -1 ? 0 : -row->max;
}

/* A whole range, where the preset gives none. */
static bool range_of(const imp_param *row, const kit_attribute *spec, struct generated_factor *f)
{
    const bool number = row->type == IMP_INT || row->type == IMP_FLOAT;
    f->type = row->type;
    f->min = !number && seed_draws(row);
    f->max = row->type == IMP_CHOICE ? kit_choice_count(row->choices) : 2;
    if (!number)
        return !spec->choices && spec->min == spec->max;
    f->min = spec->min < spec->max ? spec->min : least_of(row);
    f->max = spec->min < spec->max ? spec->max : row->max;
    return !spec->choices && f->min >= least_of(row) && f->max <= row->max && f->min < f->max;
}

static bool is_varied(const struct generated *g, int64_t param)
{
    for (uint32_t i = 0; i < g->vary_count; i++)
        if (g->factors[i].param == param)
            return true;
    return false;
}

static void read_vary(struct reading *r, char **texts)
{
    struct generated *g = r->g;
    const imp_cell *given = r->wish->vary;
    for (uint64_t i = 0; i < given->w.count; i++) {
        char why[256];
        imp_error err = {sizeof err, sizeof why, why, -1, -1};
        kit_attribute spec;
        const char *word = given->w.ptr[i];
        if (kit_attribute_read(word, *texts, &spec, &err) != IMP_OK) {
            mistake(r, r->wish->vary_param, word, NULL, "%s", why);
            continue;
        }
        *texts += strlen(word) + 1;
        const int64_t k = find_param(g->source, spec.name, strlen(spec.name));
        if (k < 0 || is_ours(g->source, spec.name, strlen(spec.name))) {
            mistake(r, r->wish->vary_param, spec.name, r->names, "%s has no parameter '%s' to vary",
                    g->source->id, spec.name);
            continue;
        }
        if (is_varied(g, k)) {
            mistake(r, r->wish->vary_param, word, NULL, "'%s' varies twice", spec.name);
            continue;
        }
        const imp_param *row = &g->source->params[k];
        struct generated_factor *f = &g->factors[g->vary_count];
        f->param = (uint32_t)k;
        if (!range_of(row, &spec, f)) {
            mistake(r, r->wish->vary_param, word, NULL, "'%s': %s of %s goes from %g to %g", word,
                    row->key, g->source->id, row->min, row->max);
            continue;
        }
        const char *choices = row->type == IMP_CHOICE ? row->choices + (seed_draws(row) ? strlen("any|") : 0)
                              : row->type == IMP_BOOL ? "no|yes"
                                                      : NULL;
        g->attributes[g->vary_count++] =
            (imp_attribute){row->key, choices, choices ? 0 : f->min, choices ? 0 : f->max};
    }
}

static bool parse(const imp_param *row, const char *text, imp_cell *out)
{
    const char *end;
    const double v = kit_number(text, &end);
    const bool number =
        end != text && !*end && (row->min == row->max || (v >= row->min && v <= row->max));
    if (row->type == IMP_FLOAT)
        out->f = v;
    else if (row->type == IMP_INT)
        out->i = (int64_t)v;
    else
        out->i = kit_choice_find(row->type == IMP_CHOICE ? row->choices : "no|yes", text);
    if (row->type == IMP_INT)
        return number && v == floor(v);
    return row->type == IMP_FLOAT ? number : out->i >= 0;
}

static void read_others(struct reading *r)
{
    struct generated *g = r->g;
    const char *at = r->wish->others ? r->wish->others : "";
    char value[128], name[64];
    for (int32_t line = 0; *at; line++) {
        const size_t n = strcspn(at, "\n"), key = strcspn(at, "=\n");
        const size_t length = key < n ? n - key - 1 : 0;
        const int64_t k = is_ours(g->source, at, key) ? -1 : find_param(g->source, at, key);
        const int32_t param = r->wish->others_param + line;
        snprintf(value, sizeof value, "%.*s", (int)length, at + (key < n ? key + 1 : n));
        snprintf(name, sizeof name, "%.*s", (int)key, at);
        if (k < 0)
            mistake(r, param, name, r->names, "%s has no parameter '%s' to set", g->source->id,
                    name);
        else if (length >= sizeof value || !parse(&g->source->params[k], value, &g->fixed[k]))
            mistake(r, param, NULL, NULL, "'%s' is no value of %s of %s", value,
                    g->source->params[k].key, g->source->id);
        at += n + (at[n] == '\n');
    }
}

static void set_defaults(struct generated *g)
{
    for (uint32_t i = 0; i < g->source->param_count; i++) {
        const imp_param *row = &g->source->params[i];
        if (row->type == IMP_FLOAT)
            g->fixed[i].f = row->def;
        else if (row->type == IMP_CHOICE)
            g->fixed[i].i = row->def_text ? kit_choice_find(row->choices, row->def_text) : 0;
        else if (row->type != IMP_NAMES)
            g->fixed[i].i = (int64_t)row->def;
    }
}

imp_status generated_open(struct generated *g, const struct generated_wish *wish, imp_plan *plan,
                          imp_error *err)
{
    struct reading r = {.g = g, .wish = wish, .plan = plan, .err = err};
    char *texts = NULL;
    *g = (struct generated){.source = sources[wish->source],
                            .seed = wish->seed,
                            .cuts = wish->cuts,
                            .by_drawing = wish->by_drawing};
    assert(g->source->param_count <= GENERATED_PARAMS);
    const int64_t k = find_param(g->source, "kind", 4);
    const imp_param *kind = k < 0 ? NULL : &g->source->params[k];
    const imp_status st = take_memory(&r, kind, &texts);
    if (st != IMP_OK)
        return st;
    set_defaults(g);
    read_size(&r);
    read_kinds(&r, kind, &texts);
    read_vary(&r, &texts);
    read_others(&r);
    return r.mistakes ? IMP_E_PARAM : IMP_OK;
}

void generated_close(struct generated *g)
{
    free(g->memory);
    g->memory = NULL;
}

/* ---- drawing i, sample k ---- */

uint64_t generated_drawings(const struct generated *g, int64_t samples)
{
    return ((uint64_t)samples + g->cuts - 1) / g->cuts;
}

uint32_t generated_label(const struct generated *g, uint64_t i)
{
    if (g->by_drawing)
        return (uint32_t)i;
    return g->kind_count ? (uint32_t)(i % g->kind_count) : UINT32_MAX;
}

imp_image generated_cut(const struct generated *g, uint64_t k, const imp_image *drawing)
{
    imp_image part = *drawing;
    const double x = kit_uniform(g->seed, LEFT, k) * (drawing->width - g->width + 1),
                 y = kit_uniform(g->seed, TOP, k) * (drawing->height - g->height + 1);
    part.width = g->width, part.height = g->height;
    part.data += (int64_t)y * drawing->row + (int64_t)x;
    return part;
}

static void set_by_key(const struct generated *g, const char *key, int64_t value, imp_cell *cells)
{
    const int64_t k = find_param(g->source, key, strlen(key));
    if (k >= 0)
        cells[k].i = value;
}

void generated_cells(const struct generated *g, uint64_t i, imp_cell *cells, double *attributes)
{
    memcpy(cells, g->fixed, sizeof g->fixed);
    set_by_key(g, "width", g->drawn_width, cells);
    set_by_key(g, "height", g->drawn_height, cells);
    set_by_key(g, "seed", (int64_t)(kit_random(g->seed, SEEDS, i) % 1000000000), cells);
    if (g->kind_count)
        set_by_key(g, "kind", g->kinds[i % g->kind_count], cells);
    for (uint32_t k = 0; k < g->vary_count; k++) {
        const struct generated_factor *f = &g->factors[k];
        const double u = kit_uniform(g->seed, FACTORS + f->param, i);
        double v = f->min + u * (f->max - f->min);
        if (f->type == IMP_INT)
            v = floor(f->min + u * (f->max - f->min + 1));
        if (f->type == IMP_CHOICE || f->type == IMP_BOOL)
            v = floor(v);
        if (f->type == IMP_FLOAT)
            cells[f->param].f = v;
        else
            cells[f->param].i = (int64_t)v;
        /* `any` is no choice of what was drawn */
        attributes[k] = f->type == IMP_CHOICE && seed_draws(&g->source->params[f->param]) ? v - 1 : v;
    }
}
