/* source_texture.c - source.texture: stuff seen from above, from a seed. */
#include "filters.h"
#include "palette.h"
#include "texture.h"
#include "texture_render.h"

static imp_status plan(void *instance, imp_plan *plan, imp_error *err)
{
    const imp_cell *p = instance;
    uint32_t v;
    (void)err;
    if (plan->mistake && p[P_COLOURS].w.count > PALETTE_MOST)
        plan->mistake(plan, P_COLOURS, -1, p[P_COLOURS].w.ptr[PALETTE_MOST],
                      "a ramp has at most 8 colours", NULL);
    for (uint64_t i = 0; plan->mistake && i < p[P_COLOURS].w.count; i++)
        if (!tx_colour_word(p[P_COLOURS].w.ptr[i], &v))
            plan->mistake(plan, P_COLOURS, -1, p[P_COLOURS].w.ptr[i], "colours are written #rrggbb",
                          NULL);
    if (plan->outputs && plan->outputs[0]) {
        plan->outputs[0]->width = (uint32_t)p[P_WIDTH].i;
        plan->outputs[0]->height = (uint32_t)p[P_HEIGHT].i;
        plan->outputs[0]->channels = 3;
        plan->outputs[0]->colour = IMP_SRGB;
    }
    return IMP_OK;
}

static const imp_param params[] = {
    {.key = "kind", .type = IMP_CHOICE, .choices = TX_KIND_NAMES, .help = "What it is of."},
    {.key = "width",
     .type = IMP_INT,
     .unit = "px",
     .def = 512,
     .min = 1,
     .max = 20000,
     .help = "Width of the picture."},
    {.key = "height",
     .type = IMP_INT,
     .unit = "px",
     .def = 512,
     .min = 1,
     .max = 20000,
     .help = "Height of the picture."},
    {.key = "seed",
     .type = IMP_INT,
     .def = 1,
     .min = 0,
     .max = 1e9,
     .help = "Another number, another piece of the same stuff."},
    {.key = "tile",
     .type = IMP_BOOL,
     .def = 0,
     .help = "Wraps: copies side by side show no seam. Counts of features become whole."},
    {.key = "palette",
     .type = IMP_CHOICE,
     .choices = PALETTE_NAMES,
     .help = "Colours from dark to light; own: those of the stuff."},
    {.key = "colours",
     .type = IMP_NAMES,
     .def_text = "",
     .help = "Up to 8 colours #rrggbb in place of a palette; the first lies in the gaps too."},
    {.key = "scale",
     .type = IMP_FLOAT,
     .def = 1,
     .min = 0.25,
     .max = 4,
     .help = "Size of bricks, pebbles, waves: 2 is twice as large."},
    {.key = "variant",
     .type = IMP_INT,
     .def = 1,
     .min = 1,
     .max = 4,
     .help = "Another make of the same: bond of bricks, weave, planks or a log ..."},
    {.key = "irregular",
     .type = IMP_FLOAT,
     .def = 0.5,
     .min = 0,
     .max = 1,
     .help = "Disorder of places, sizes and shapes."},
    {.key = "detail",
     .type = IMP_FLOAT,
     .def = 0.5,
     .min = 0,
     .max = 1,
     .help = "Roughness: how much of what is small."},
    {.key = "gap",
     .type = IMP_FLOAT,
     .def = 0.5,
     .min = 0,
     .max = 1,
     .help = "Width of joints, cracks, bare ground."},
    {.key = "wear",
     .type = IMP_FLOAT,
     .def = 0.5,
     .min = 0,
     .max = 1,
     .help = "Age: stains, chips, dirt, dry and withered parts."},
    {.key = "contrast",
     .type = IMP_FLOAT,
     .def = 1,
     .min = 0.1,
     .max = 2,
     .help = "Spread of the colours."},
    {.key = "relief",
     .type = IMP_FLOAT,
     .def = 1,
     .min = 0,
     .max = 3,
     .help = "Height: 0 is flat, as a print of it."},
    {.key = "gloss",
     .type = IMP_FLOAT,
     .def = 1,
     .min = 0,
     .max = 2,
     .help = "Shininess, 1 as the stuff has it."},
    {.key = "light",
     .type = IMP_FLOAT,
     .unit = "deg",
     .def = 125,
     .min = 0,
     .max = 360,
     .help = "Where the light comes from: 0 right, 90 above."},
    {.key = "elevation",
     .type = IMP_FLOAT,
     .unit = "deg",
     .def = 42,
     .min = 5,
     .max = 85,
     .help = "Height of the light over the surface."},
    {.key = "samples",
     .type = IMP_INT,
     .def = 0,
     .min = 0,
     .max = 4,
     .help = "Samples per side of a pixel; 0: as many as the size needs."},
};
static const imp_port out[] = {
    {.name = "out", .kind = IMP_IMAGE, .channels = 1u << 3, .help = "The picture."}};

const imp_filter filter_source_texture = {
    .struct_size = sizeof(imp_filter),
    .flags = IMP_FILTER_DETERMINISTIC,
    .threads = IMP_PARALLEL,
    .id = "source.texture",
    .summary = "A surface from a seed: cloth, walls, wood, stone, ground, skin, water, paint.",
    .help =
        "Heights, colours and gloss of a stuff, lit from one side. The longer side of the picture "
        "shows the same piece at any size. The same parameters give the same picture for any "
        "number of threads.",
    .params = IMP_LIST(params),
    .outputs = IMP_LIST(out),
    .create = sources_keep_params,
    .process = tx_process,
    .plan = plan,
};
