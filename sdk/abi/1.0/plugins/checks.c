/* checks.c - a source: a picture from nothing, squares of two colours. */
#include <impasto/impasto.h>

enum { P_WIDTH, P_HEIGHT, P_CELL, P_DARK, P_LIGHT };
static const imp_param params[] = {
    {.key = "width",
     .type = IMP_INT,
     .def = 256,
     .min = 1,
     .max = 16384,
     .unit = "px",
     .help = "Width."},
    {.key = "height",
     .type = IMP_INT,
     .def = 256,
     .min = 1,
     .max = 16384,
     .unit = "px",
     .help = "Height."},
    {.key = "cell",
     .type = IMP_INT,
     .def = 32,
     .min = 1,
     .max = 4096,
     .unit = "px",
     .help = "Side of a square."},
    {.key = "dark",
     .type = IMP_COLOUR,
     .def_text = "#202020",
     .help = "Colour of the square in the corner."},
    {.key = "light",
     .type = IMP_COLOUR,
     .def_text = "#e0e0e0",
     .help = "Colour of its neighbours."},
};
static const imp_port outputs[] = {{.name = "out", .kind = IMP_IMAGE, .help = "The squares, RGB."}};

struct work {
    imp_image *out;
    uint32_t cell;
    const double *colours[2]; /* sRGB, three numbers or four; the fourth is not used */
};

static void draw_row(void *user, uint32_t y) IMP_NX
{
    const struct work *w = user;
    for (uint32_t c = 0; c < 3; c++)
        for (uint32_t x = 0; x < w->out->width; x++)
            imp_row_out(w->out, c, y)[x] = (float)w->colours[(x / w->cell + y / w->cell) % 2][c];
}

/* Before anything runs: the size of what will come, and mistakes that no range can tell. */
static imp_status plan(void *instance, imp_plan *p, imp_error *err) IMP_NX
{
    (void)instance, (void)err;
    p->outputs[0]->channels = 3;
    p->outputs[0]->colour = IMP_SRGB;
    return IMP_OK;
}

static imp_status process(void *instance, imp_job *job, imp_error *err) IMP_NX
{
    (void)instance, (void)err;
    const imp_cell *p = job->params;
    struct work w = {.cell = (uint32_t)p[P_CELL].i, .colours = {p[P_DARK].n.ptr, p[P_LIGHT].n.ptr}};
    w.out = job->new_image(job, (uint32_t)p[P_WIDTH].i, (uint32_t)p[P_HEIGHT].i, 3, IMP_SRGB);
    if (!w.out)
        return IMP_E_MEMORY;
    const imp_status st = job->parallel(job, w.out->height, draw_row, &w);
    return st == IMP_OK ? job->set_output(job, 0, &w.out->head) : st;
}

static const imp_filter checks = {
    .struct_size = sizeof checks,
    .flags = IMP_FILTER_DETERMINISTIC,
    .threads = IMP_PARALLEL,
    .id = "org.example.checks",
    .summary = "Squares of two colours.",
    .params = IMP_LIST(params),
    .outputs = IMP_LIST(outputs),
    .process = process,
    .plan = plan,
};
static const imp_filter *const filters[] = {&checks, NULL};
static const imp_plugin plugin = {
    IMP_PLUGIN_HEAD,  .id = "org.example.checks", .version = "1.0.0",
    .licence = "MIT", .filters = filters,
};

IMP_EXPORT const imp_plugin *imp_entry_v1(void) IMP_NX
{
    return &plugin;
}
