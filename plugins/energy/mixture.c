/* mixture.c - a picture's energies as a sum of textures' energies. */
#include "mixture.h"
#include <math.h>
#include <string.h>
#include <impasto/kit.h>
#include "nnls.h"

enum { LAYERS = 64, MOST = 4096 /* textures */ };
enum { PICTURE_PORT = 0, TEXTURES_PORT = 1 };

/* Layers that are compared, and where their maps begin. */
struct index {
    const char *names[LAYERS];
    uint32_t first[LAYERS], maps[LAYERS], count, numbers;
};

/* ---- layers ---- */

static imp_status add_layer(struct index *x, const char *name, const imp_table *picture,
                            imp_error *err)
{
    const uint32_t maps = en_table_maps(picture, name);
    if (x->count == LAYERS)
        return imp_fail(err, IMP_E_INPUT, "more than %d layers", LAYERS);
    x->names[x->count] = name, x->maps[x->count] = maps, x->first[x->count++] = x->numbers;
    x->numbers += maps;
    return IMP_OK;
}

static bool has(const struct index *x, const char *name)
{
    for (uint32_t i = 0; i < x->count; i++)
        if (strcmp(x->names[i], name) == 0)
            return true;
    return false;
}

static imp_status find_layers(struct index *x, const imp_table *picture, const imp_table *textures,
                              const imp_cell *layers, imp_error *err)
{
    char why[200], of_picture[200], of_textures[200];
    for (uint32_t k = 0; k < 2; k++)
        if (en_table_check(k ? textures : picture, "mean", why, sizeof why)) {
            if (err)
                err->port = (int32_t)k;
            return imp_fail(err, IMP_E_INPUT, "%s", why);
        }
    imp_status st = IMP_OK;
    for (uint64_t i = 0; i < layers->w.count && st == IMP_OK; i++)
        if (!has(x, layers->w.ptr[i]))
            st = add_layer(x, layers->w.ptr[i], picture, err);
    for (uint64_t r = 0; r < picture->row_count && !layers->w.count && st == IMP_OK; r++) {
        const char *name = en_table_layer(picture, r);
        if (!has(x, name) && en_table_maps(textures, name))
            st = add_layer(x, name, picture, err);
    }
    en_table_layers(picture, of_picture, sizeof of_picture);
    en_table_layers(textures, of_textures, sizeof of_textures);
    if (st == IMP_OK && !x->count)
        st = imp_fail(err, IMP_E_INPUT,
                      "the tables have no layer in common: the picture's has %s, the "
                      "textures' %s",
                      of_picture, of_textures);
    return st;
}

/* ---- numbers ---- */

static uint32_t texture_of(struct en_mixture *m, const char *name)
{
    if (m->textures && strcmp(m->names[m->textures - 1], name) == 0)
        return m->textures - 1;
    for (uint32_t k = 0; k < m->textures; k++)
        if (strcmp(m->names[k], name) == 0)
            return k;
    if (m->textures == MOST)
        return MOST;
    m->names[m->textures] = name;
    return m->textures++;
}

static uint32_t name_column(const imp_table *t)
{
    char word[16];
    const char *name = en_table_has(t, "texture picture name", word, sizeof word);
    const uint32_t at = name ? en_column(t, name) : UINT32_MAX;
    return at != UINT32_MAX && t->columns[at].type == IMP_TEXT ? at : UINT32_MAX;
}

static const imp_cell *cell_at(const imp_table *t, uint64_t row, uint32_t column)
{
    return &t->cells[row * t->column_count + column];
}

static double number_of(const imp_table *t, uint64_t row, uint32_t column)
{
    const imp_cell *c = cell_at(t, row, column);
    return t->columns[column].type == IMP_FLOAT ? c->f
           : t->columns[column].type == IMP_INT ? (double)c->i
                                                : NAN;
}

/* Column of the layer's map in a row of the textures; UINT32_MAX: a layer that is not compared;
 * numbers: a map that the picture lacks. */
static uint32_t place_of(const struct index *x, const imp_table *t, uint64_t row)
{
    const char *layer = en_table_layer(t, row);
    const double map = number_of(t, row, en_column(t, "map"));
    for (uint32_t i = 0; i < x->count; i++)
        if (strcmp(x->names[i], layer) == 0)
            return map >= 0 && map < x->maps[i] ? x->first[i] + (uint32_t)map : x->numbers;
    return UINT32_MAX;
}

static imp_status fill(struct en_mixture *m, const struct index *x, const imp_table *t,
                       imp_error *err)
{
    const uint32_t name_at = name_column(t), mean_at = en_column(t, "mean");
    const size_t n = (size_t)m->textures * m->numbers;
    for (size_t i = 0; i < n; i++)
        m->a[i] = NAN;
    for (uint64_t r = 0; r < t->row_count; r++) {
        const uint32_t at = place_of(x, t, r);
        const char *name = cell_at(t, r, name_at)->s.ptr;
        if (at == UINT32_MAX)
            continue;
        if (at == m->numbers)
            return imp_fail(err, IMP_E_INPUT,
                            "row %llu of the textures: the picture's table has no such map of "
                            "'%s'; both must be of one network",
                            (unsigned long long)r + 1, en_table_layer(t, r));
        double *to = &m->a[(size_t)texture_of(m, name) * m->numbers + at];
        if (!isnan(*to))
            return imp_fail(err, IMP_E_INPUT, "row %llu of the textures says a map of '%s' again",
                            (unsigned long long)r + 1, name);
        *to = number_of(t, r, mean_at);
    }
    for (size_t i = 0; i < n; i++)
        if (!isfinite(m->a[i]))
            return imp_fail(err, IMP_E_INPUT,
                            "texture '%s' lacks a number of a layer that the picture has",
                            m->names[i / m->numbers]);
    return IMP_OK;
}

/* Layers count alike: all numbers of one divided by the picture's length there. */
static void level(struct en_mixture *m, const struct index *x)
{
    for (uint32_t i = 0; i < x->count; i++) {
        double sum = 0;
        for (uint32_t c = x->first[i]; c < x->first[i] + x->maps[i]; c++)
            sum += m->b[c] * m->b[c];
        const double by = sum > 0 ? 1 / sqrt(sum) : 0;
        for (uint32_t c = x->first[i]; c < x->first[i] + x->maps[i]; c++) {
            m->b[c] *= by;
            for (uint32_t k = 0; k < m->textures; k++)
                m->a[(size_t)k * m->numbers + c] *= by;
        }
    }
}

static imp_status count_textures(struct en_mixture *m, const imp_table *t, imp_error *err)
{
    const uint32_t at = name_column(t);
    if (err)
        err->port = TEXTURES_PORT;
    if (at == UINT32_MAX)
        return imp_fail(err, IMP_E_INPUT,
                        "the table of textures has no column that says which is which: "
                        "energy.measure makes it with each = yes");
    for (uint64_t r = 0; r < t->row_count; r++)
        if (texture_of(m, cell_at(t, r, at)->s.ptr) == MOST)
            return imp_fail(err, IMP_E_INPUT, "more than %d textures", MOST);
    return IMP_OK;
}

imp_status en_mixture_read(struct en_mixture *m, const imp_table *picture,
                           const imp_table *textures, const imp_cell *layers, imp_job *job,
                           imp_error *err)
{
    struct index x = {.count = 0};
    *m = (struct en_mixture){.names = job->scratch(job, MOST * sizeof *m->names)};
    if (!m->names)
        return IMP_E_MEMORY;
    imp_status st = find_layers(&x, picture, textures, layers, err);
    if (st == IMP_OK)
        st = count_textures(m, textures, err);
    if (st != IMP_OK)
        return st;
    m->numbers = x.numbers;
    m->a = job->scratch(job, (uint64_t)m->textures * m->numbers * sizeof *m->a);
    m->b = job->scratch(job, (uint64_t)m->numbers * sizeof *m->b + 1);
    m->weights = job->scratch(job, (uint64_t)m->textures * sizeof *m->weights);
    if (!m->a || !m->b || !m->weights)
        return IMP_E_MEMORY;
    for (uint32_t i = 0; i < x.count && st == IMP_OK; i++)
        st = en_table_all(picture, PICTURE_PORT, "mean", x.names[i], x.maps[i], m->b + x.first[i],
                          err);
    if (st == IMP_OK && err)
        err->port = TEXTURES_PORT;
    if (st == IMP_OK)
        st = fill(m, &x, textures, err);
    if (st != IMP_OK)
        return st;
    if (err)
        err->port = -1;
    level(m, &x);
    return IMP_OK;
}

/* ---- solving ---- */

struct products {
    const struct en_mixture *m;
    double *ata, *atb;
};

static double dot(const double *x, const double *y, uint32_t n)
{
    double sum = 0;
    for (uint32_t i = 0; i < n; i++)
        sum += x[i] * y[i];
    return sum;
}

static void products_of(void *user, uint32_t k) IMP_NX
{
    const struct products *t = user;
    const struct en_mixture *m = t->m;
    const double *own = m->a + (size_t)k * m->numbers;
    t->atb[k] = dot(own, m->b, m->numbers);
    for (uint32_t j = 0; j < m->textures; j++)
        t->ata[(size_t)k * m->textures + j] = dot(own, m->a + (size_t)j * m->numbers, m->numbers);
}

imp_status en_mixture_solve(struct en_mixture *m, imp_job *job, imp_error *err)
{
    const size_t n = m->textures;
    struct products t = {m, job->scratch(job, n * n * sizeof(double)),
                         job->scratch(job, n * sizeof(double))};
    void *work = job->scratch(job, en_nnls_bytes(m->textures));
    if (!t.ata || !t.atb || !work)
        return IMP_E_MEMORY;
    imp_status st = kit_parallel(job, m->textures, products_of, &t);
    if (st == IMP_OK)
        st = en_nnls(t.ata, t.atb, m->textures, m->weights, work, job);
    return st == IMP_E_FAILED
               ? imp_fail(err, st, "the least squares of %u textures come to no end", m->textures)
               : st;
}

void en_mixture_shares(const struct en_mixture *m, double *shares)
{
    double all = 0;
    for (uint32_t k = 0; k < m->textures; k++) {
        shares[k] = 0;
        for (uint32_t i = 0; i < m->numbers; i++)
            shares[k] += m->weights[k] * m->a[(size_t)k * m->numbers + i];
        all += shares[k];
    }
    for (uint32_t k = 0; k < m->textures && all > 0; k++)
        shares[k] /= all;
}

double en_mixture_error(const struct en_mixture *m, const uint32_t *order, uint32_t count,
                        double *room)
{
    memcpy(room, m->b, m->numbers * sizeof *room);
    for (uint32_t k = 0; k < count; k++)
        for (uint32_t i = 0; i < m->numbers; i++)
            room[i] -= m->weights[order[k]] * m->a[(size_t)order[k] * m->numbers + i];
    const double whole = dot(m->b, m->b, m->numbers);
    return whole > 0 ? sqrt(dot(room, room, m->numbers) / whole) : 0;
}
