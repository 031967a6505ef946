/* source_scene.c - source.scene: a photo-like picture from a seed. */
#include "scene.h"
#include "filters.h"

enum {
    P_KIND,
    P_WIDTH,
    P_HEIGHT,
    P_SEED,
    P_HOUR,
    P_HAZE,
    P_CLOUDS,
    P_LENS,
    P_TILT,
    P_EXPOSURE,
    P_GRAIN,
    P_VIGNETTE,
    P_SAMPLES
};

static imp_status process(void *instance, imp_job *job, imp_error *err) IMP_NX
{
    const imp_cell *p = job->params;
    (void)instance, (void)err;
    const struct scene_wish wish = {.kind = (uint32_t)p[P_KIND].i,
                                    .samples = (uint32_t)p[P_SAMPLES].i,
                                    .seed = (uint64_t)p[P_SEED].i,
                                    .hour = (float)p[P_HOUR].f,
                                    .haze = (float)p[P_HAZE].f,
                                    .clouds = (float)p[P_CLOUDS].f,
                                    .lens = (float)p[P_LENS].f,
                                    .tilt = (float)p[P_TILT].f,
                                    .exposure = (float)p[P_EXPOSURE].f,
                                    .grain = (float)p[P_GRAIN].f,
                                    .vignette = (float)p[P_VIGNETTE].f};
    imp_image *out =
        job->new_image(job, (uint32_t)p[P_WIDTH].i, (uint32_t)p[P_HEIGHT].i, 3, IMP_SRGB);
    if (!out)
        return IMP_E_MEMORY;
    imp_status st = job->progress(job, 0, "rendering");
    if (st == IMP_OK)
        st = scene_draw(&wish, out, job);
    return st == IMP_OK ? job->set_output(job, 0, &out->head) : st;
}

/* The size is known, so a run can be estimated. */
static imp_status plan(void *instance, imp_plan *plan, imp_error *err) IMP_NX
{
    const imp_cell *p = instance;
    (void)err;
    if (plan->outputs && plan->outputs[0]) {
        plan->outputs[0]->width = (uint32_t)p[P_WIDTH].i;
        plan->outputs[0]->height = (uint32_t)p[P_HEIGHT].i;
        plan->outputs[0]->channels = 3;
        plan->outputs[0]->colour = IMP_SRGB;
    }
    return IMP_OK;
}

static const imp_param params[] = {
    {.key = "kind", .type = IMP_CHOICE, .choices = SCENE_KINDS, .help = "What the scene shows."},
    {.key = "width",
     .type = IMP_INT,
     .unit = "px",
     .def = 1024,
     .min = 1,
     .max = 20000,
     .help = "Width of the picture."},
    {.key = "height",
     .type = IMP_INT,
     .unit = "px",
     .def = 768,
     .min = 1,
     .max = 20000,
     .help = "Height of the picture."},
    {.key = "seed",
     .type = IMP_INT,
     .def = 1,
     .min = 0,
     .max = 1e9,
     .help = "Another number, another place."},
    {.key = "hour",
     .type = IMP_FLOAT,
     .unit = "h",
     .def = 16,
     .min = 0,
     .max = 24,
     .help = "Time of day; night has its own."},
    {.key = "haze",
     .type = IMP_FLOAT,
     .def = 0.4,
     .min = 0,
     .max = 1,
     .help = "How soon distance fades; 1 is fog."},
    {.key = "clouds",
     .type = IMP_FLOAT,
     .def = 0.5,
     .min = 0,
     .max = 1,
     .help = "How much of the sky is covered; 1 has no sun."},
    {.key = "lens",
     .type = IMP_FLOAT,
     .unit = "mm",
     .def = 0,
     .min = 0,
     .max = 200,
     .help = "Focal length for a sensor 24 mm high, 12 at least. 0: what suits the kind."},
    {.key = "tilt",
     .type = IMP_FLOAT,
     .unit = "deg",
     .def = 0,
     .min = -25,
     .max = 25,
     .help = "How much higher the camera looks; upright lines stay upright."},
    {.key = "exposure",
     .type = IMP_FLOAT,
     .unit = "stops",
     .def = 0,
     .min = -3,
     .max = 3,
     .help = "Brighter or darker than the camera would choose."},
    {.key = "grain", .type = IMP_FLOAT, .def = 0.3, .min = 0, .max = 4, .help = "Sensor noise."},
    {.key = "vignette",
     .type = IMP_FLOAT,
     .def = 0.5,
     .min = 0,
     .max = 2,
     .help = "How much darker the corners are."},
    {.key = "samples",
     .type = IMP_INT,
     .def = 2,
     .min = 1,
     .max = 4,
     .help = "Rays per side of a pixel: 2 means four rays."},
};
static const imp_port out[] = {
    {.name = "out", .kind = IMP_IMAGE, .channels = 1u << 3, .help = "The picture."}};

const imp_filter filter_source_scene = {
    .struct_size = sizeof(imp_filter),
    .flags = IMP_FILTER_DETERMINISTIC,
    .threads = IMP_PARALLEL,
    .params_version = 1,
    .id = "source.scene",
    .summary = "A photo-like scene from a seed.",
    .help =
        "Mountains by a lake, dunes, a coast, a still life, a night sky, a forest's edge, snow, a "
        "street or a room, with sun, clouds and haze. The same parameters give the same picture "
        "for any number of threads.",
    .params = IMP_LIST(params),
    .outputs = IMP_LIST(out),
    .create = sources_keep_params,
    .process = process,
    .plan = plan,
};
