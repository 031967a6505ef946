/* energy_explain.c - what a picture is made of: its energies as a sum of textures' energies; claim
 * 3 of arXiv 1608.04170. */
#include "codes.h"
#include "mixture.h"
#include <math.h>
#include <string.h>

enum { LAYERS, TOP, CELL };
enum { ENERGY, TEXTURES, TILES };

static const imp_param params[] = {
    {.key = "layers",
     .type = IMP_NAMES,
     .def_text = "",
     .help = "Layers to compare. Empty: all that both tables have; each counts alike."},
    {.key = "top",
     .type = IMP_INT,
     .def = 12,
     .min = 1,
     .max = 4096,
     .help = "Rows of the table and pictures on the sheet, at most: the largest shares."},
    {.key = "cell",
     .unit = "px",
     .type = IMP_INT,
     .def = 192,
     .min = 48,
     .max = 1024,
     .help = "Side of a picture on the sheet."},
};
static const imp_port inputs[] = {
    {.name = "energy", .kind = IMP_TABLE, .help = "The picture's energies, of energy.measure."},
    {.name = "textures",
     .kind = IMP_TABLE,
     .help = "Textures' energies of the same network: energy.measure with each = yes, over the "
             "pictures of "
             "an atlas for instance."},
    {.name = "tiles",
     .kind = IMP_IMAGE,
     .flags = IMP_PORT_OPTIONAL | IMP_PORT_MANY,
     .channels = 1u << 1 | 1u << 3,
     .colours = 1u << IMP_SRGB | 1u << IMP_DATA,
     .help = "The textures' pictures, found by their names, for the sheet."},
};
static const imp_port outputs[] = {
    {.name = "table",
     .kind = IMP_TABLE,
     .help = "texture, weight, share (adding up to 1 over all textures) and error: how far the "
             "rows down to "
             "this one are from the picture's energies, 0 = not at all."},
    {.name = "sheet",
     .kind = IMP_IMAGE,
     .flags = IMP_PORT_OPTIONAL,
     .help = "The same as pictures with their shares; wants tiles."},
};

/* Textures by their shares, the largest first; answers how many are above 0, `most` at the most. */
static uint32_t rank(const struct en_mixture *m, const double *shares, uint32_t *order,
                     uint32_t most)
{
    uint32_t count = 0;
    for (uint32_t k = 0; k < m->textures; k++) {
        uint32_t i = count;
        if (!(shares[k] > 0))
            continue;
        for (; i && shares[order[i - 1]] < shares[k]; i--)
            order[i] = order[i - 1];
        order[i] = k, count++;
    }
    return count < most ? count : most;
}

static imp_status give_table(const struct en_mixture *m, const double *shares,
                             const uint32_t *order, uint32_t count, imp_job *job)
{
    static const imp_column columns[] = {{"texture", NULL, IMP_TEXT, 0},
                                         {"weight", NULL, IMP_FLOAT, 0},
                                         {"share", NULL, IMP_FLOAT, 0},
                                         {"error", NULL, IMP_FLOAT, 0}};
    imp_table *t = job->new_table(job, 4, columns);
    double *room = job->scratch(job, (uint64_t)m->numbers * sizeof *room);
    imp_status st = t && room ? IMP_OK : IMP_E_MEMORY;
    for (uint32_t i = 0; i < count && st == IMP_OK; i++) {
        const uint32_t k = order[i];
        imp_cell cells[4] = {{.i = 0},
                             {.f = m->weights[k]},
                             {.f = shares[k]},
                             {.f = en_mixture_error(m, order, i + 1, room)}};
        cells[0].s.ptr = m->names[k], cells[0].s.len = strlen(m->names[k]);
        st = job->add_row(job, t, cells);
    }
    return st == IMP_OK ? job->set_output(job, 0, &t->head) : st;
}

/* ---- the sheet ---- */

enum { GAP = 12, LINE = 22 };

static const imp_image *tile_of(const imp_job *job, const char *name)
{
    char label[300];
    for (uint32_t i = TILES; i < job->input_count; i++)
        if (job->inputs[i] && strcmp(en_label(job, TILES, i, label, sizeof label), name) == 0)
            return imp_image_in(job, i);
    return NULL;
}

/* The tile inside its cell, in proportion. */
static imp_status put_tile(imp_image *sheet, const imp_image *tile, uint32_t x, uint32_t y,
                           uint32_t cell, imp_job *job)
{
    const double by = fmin((double)cell / tile->width, (double)cell / tile->height);
    const uint32_t w = (uint32_t)fmax(1, floor(tile->width * by)),
                   h = (uint32_t)fmax(1, floor(tile->height * by));
    imp_image *small = kit_image_new(w, h, tile->channels, tile->colour);
    const imp_status st = small ? kit_resize(tile, small, KIT_AREA, job) : IMP_E_MEMORY;
    for (uint32_t c = 0; c < 3 && st == IMP_OK; c++)
        for (uint32_t r = 0; r < h; r++)
            memcpy(imp_row_out(sheet, c, y + (cell - h) / 2 + r) + x + (cell - w) / 2,
                   imp_row(small, small->channels < 3 ? 0 : c, r), w * sizeof(float));
    kit_image_free(small);
    return st;
}

static void put_label(imp_image *sheet, uint32_t x, uint32_t y, uint32_t cell, double share,
                      const char *name)
{
    static const float ink[4] = {0.15f, 0.15f, 0.15f, 1};
    const int tenths = (int)floor(share * 1000 + 0.5);
    char text[200];
    uint32_t w, h;
    size_t n =
        (size_t)snprintf(text, sizeof text, "%d.%d %% %.150s", tenths / 10, tenths % 10, name);
    for (kit_text_size(text, 14, &w, &h); w > cell && n > 8; kit_text_size(text, 14, &w, &h))
        text[--n] = '\0';
    kit_text_draw(sheet, x, y, 14, ink, text);
}

static imp_status give_sheet(const struct en_mixture *m, const double *shares,
                             const uint32_t *order, uint32_t count, imp_job *job)
{
    const uint32_t cell = (uint32_t)job->params[CELL].i;
    const uint32_t columns = (uint32_t)fmax(1, fmin(count, ceil(sqrt(count * 4.0 / 3))));
    const uint32_t rows = count ? (count + columns - 1) / columns : 1;
    imp_image *sheet = job->new_image(job, columns * (cell + GAP) + GAP,
                                      rows * (cell + LINE + GAP) + GAP, 3, IMP_SRGB);
    if (!sheet)
        return IMP_E_MEMORY;
    for (uint32_t c = 0; c < 3; c++)
        for (uint32_t y = 0; y < sheet->height; y++)
            for (uint32_t x = 0; x < sheet->width; x++)
                imp_row_out(sheet, c, y)[x] = 0.96f;
    imp_status st = IMP_OK;
    for (uint32_t i = 0; i < count && st == IMP_OK; i++) {
        const uint32_t x = GAP + i % columns * (cell + GAP),
                       y = GAP + i / columns * (cell + LINE + GAP);
        const imp_image *tile = tile_of(job, m->names[order[i]]);
        st = tile ? put_tile(sheet, tile, x, y, cell, job) : IMP_OK;
        put_label(sheet, x, y + cell + 4, cell, shares[order[i]], m->names[order[i]]);
    }
    return st == IMP_OK ? job->set_output(job, 1, &sheet->head) : st;
}

static imp_status process(void *instance, imp_job *job, imp_error *err) IMP_NX
{
    const imp_table *picture = (const imp_table *)(const void *)job->inputs[ENERGY];
    const imp_table *textures = (const imp_table *)(const void *)job->inputs[TEXTURES];
    struct en_mixture m;
    (void)instance;
    imp_status st = en_mixture_read(&m, picture, textures, &job->params[LAYERS], job, err);
    if (st == IMP_OK)
        st = en_mixture_solve(&m, job, err);
    if (st != IMP_OK)
        return st;
    double *shares = job->scratch(job, m.textures * sizeof *shares);
    uint32_t *order = job->scratch(job, m.textures * sizeof *order);
    if (!shares || !order)
        return IMP_E_MEMORY;
    en_mixture_shares(&m, shares);
    const uint32_t count = rank(&m, shares, order, (uint32_t)job->params[TOP].i);
    if (!count)
        return imp_fail(err, IMP_E_INPUT, "none of the %u textures has anything of the picture",
                        m.textures);
    st = give_table(&m, shares, order, count, job);
    return st == IMP_OK && job->wanted & 2 ? give_sheet(&m, shares, order, count, job) : st;
}

static imp_status plan(void *instance, imp_plan *plan, imp_error *err) IMP_NX
{
    (void)instance, (void)err;
    en_plan_table(plan, ENERGY, "mean");
    en_plan_table(plan, TEXTURES, "mean");
    return IMP_OK;
}

const imp_filter en_filter_explain = {
    EN_FILTER,
    .id = "energy.explain",
    .summary = "What a picture is made of: its energies as a sum of textures'.",
    .help = "Least squares with weights from 0 (Lawson and Hanson). A share says how much of the "
            "sum a texture "
            "gives; textures that look alike stand in for each other. With an atlas' pictures as "
            "textures, "
            "the answer is in the network's own primitives.",
    .params = IMP_LIST(params),
    .inputs = IMP_LIST(inputs),
    .outputs = IMP_LIST(outputs),
    .create = en_create,
    .destroy = en_destroy,
    .process = process,
    .plan = plan,
};
