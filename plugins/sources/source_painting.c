/* source_painting.c - source.painting: any picture, or a scene from a seed, painted by hand. */
#include "painting.h"
#include "filters.h"
#include "scene.h"

enum {
    P_KIND,
    P_WIDTH,
    P_HEIGHT,
    P_SEED,
    P_BRUSH,
    P_DETAIL,
    P_VARIATION,
    P_RELIEF,
    P_SWIRL,
    P_COLOUR,
    P_GRAIN,
    P_LIGHT,
    P_MARGIN,
    P_SCENE,
    P_HOUR,
    P_CLOUDS
};
/* px, geometric mean of the study's sides; less for pictures of few px */
enum { STUDY_MIN = 160, STUDY_MAX = 512 };

static const imp_image *given(const imp_job *job)
{
    return job->input_count && job->inputs ? imp_image_in(job, 0) : NULL;
}

/* The study: the picture, shrunk or grown, or without one a scene. */
static imp_status look(struct painting *p, const imp_image *in)
{
    const imp_cell *c = p->job->params;
    if (in)
        return kit_resize(in, p->study, in->width > p->study->width ? KIT_AREA : KIT_LANCZOS,
                          p->job);
    const struct scene_wish wish = {.kind = (uint32_t)c[P_SCENE].i,
                                    .samples = 1,
                                    .seed = p->wish.seed,
                                    .hour = (float)c[P_HOUR].f,
                                    .haze = 0.3f,
                                    .clouds = (float)c[P_CLOUDS].f};
    return scene_draw(&wish, p->study, p->job);
}

static imp_status prepare(struct painting *p, const imp_image *in)
{
    const uint32_t width = p->canvas->width, height = p->canvas->height;
    const float mean = sqrtf((float)width * (float)height);
    const float study = sw_clamp(mean, sw_min(3 * mean + 8, STUDY_MIN), STUDY_MAX),
                k = study / mean;
    const uint32_t w = (uint32_t)sw_max((float)width * k + 0.5f, 1);
    const uint32_t h = (uint32_t)sw_max((float)height * k + 0.5f, 1);
    p->unit = mean / 512, p->study_unit = study / 512;
    p->scale_x = (float)width / (float)w, p->scale_y = (float)height / (float)h;
    p->paint = kit_image_new(width, height, 3, IMP_DATA);
    p->study = kit_image_new(w, h, 3, IMP_SRGB);
    p->layer = kit_image_new(w, h, 3, IMP_SRGB);
    p->seen = kit_image_new(w, h, 3, IMP_SRGB);
    p->field = kit_image_new(w, h, 5, IMP_DATA);
    p->brush = brush_new(p->seed);
    if (!p->paint || !p->study || !p->layer || !p->seen || !p->field || !p->brush)
        return IMP_E_MEMORY;
    return look(p, in);
}

static void drop(struct painting *p)
{
    kit_image_free(p->paint);
    kit_image_free(p->study);
    kit_image_free(p->layer);
    kit_image_free(p->seen);
    kit_image_free(p->field);
    brush_free(p->brush);
    strokes_free(&p->strokes);
}

static struct paint_wish wish_of(const imp_cell *c)
{
    return (struct paint_wish){.kind = (uint32_t)c[P_KIND].i,
                               .seed = (uint64_t)c[P_SEED].i,
                               .brush = (float)c[P_BRUSH].f,
                               .detail = (float)c[P_DETAIL].f,
                               .variation = (float)c[P_VARIATION].f,
                               .relief = (float)c[P_RELIEF].f,
                               .swirl = (float)c[P_SWIRL].f,
                               .saturation = (float)c[P_COLOUR].f,
                               .grain = (float)c[P_GRAIN].f,
                               .light = (float)(c[P_LIGHT].f / 360),
                               .margin = (float)(c[P_MARGIN].f * 5.12)};
}

static imp_status process(void *instance, imp_job *job, imp_error *err) IMP_NX
{
    const imp_image *in = given(job);
    (void)instance, (void)err;
    struct painting p = {.job = job, .wish = wish_of(job->params)};
    p.m = &paint_manners[p.wish.kind];
    p.seed = (uint32_t)kit_random(p.wish.seed, 1, 0);
    p.canvas = job->new_image(job, in ? in->width : (uint32_t)job->params[P_WIDTH].i,
                              in ? in->height : (uint32_t)job->params[P_HEIGHT].i, 3, IMP_SRGB);
    imp_status st = p.canvas ? prepare(&p, in) : IMP_E_MEMORY;
    if (st == IMP_OK)
        st = paint_all(&p);
    drop(&p);
    return st == IMP_OK ? job->set_output(job, 0, &p.canvas->head) : st;
}

static imp_status plan(void *instance, imp_plan *plan, imp_error *err) IMP_NX
{
    const imp_cell *p = instance;
    const imp_shape *in = plan->input_count ? plan->inputs[0] : NULL;
    (void)err;
    if (plan->outputs && plan->outputs[0]) {
        imp_shape *out = plan->outputs[0];
        out->width = in ? in->width : (uint32_t)p[P_WIDTH].i;
        out->height = in ? in->height : (uint32_t)p[P_HEIGHT].i;
        out->channels = 3;
        out->colour = IMP_SRGB;
        plan->bytes = (uint64_t)out->width * out->height * 3 * sizeof(float) + (64u << 20);
    }
    return IMP_OK;
}

static const imp_param params[] = {
    {.key = "kind", .type = IMP_CHOICE, .choices = PAINT_KINDS, .help = "The manner of painting."},
    {.key = "width",
     .type = IMP_INT,
     .unit = "px",
     .def = 1024,
     .min = 1,
     .max = 20000,
     .help = "Width of the picture, without one on the input."},
    {.key = "height",
     .type = IMP_INT,
     .unit = "px",
     .def = 768,
     .min = 1,
     .max = 20000,
     .help = "Height of the picture, without one on the input."},
    {.key = "seed",
     .type = IMP_INT,
     .def = 1,
     .min = 0,
     .max = 1e9,
     .help = "Another number, other strokes."},
    {.key = "brush",
     .type = IMP_FLOAT,
     .def = 1,
     .min = 0.3,
     .max = 4,
     .help = "Width of the strokes; 1 is the manner's own."},
    {.key = "detail",
     .type = IMP_FLOAT,
     .def = 0.6,
     .min = 0,
     .max = 1,
     .help = "How closely small strokes follow the picture."},
    {.key = "variation",
     .type = IMP_FLOAT,
     .def = 1,
     .min = 0,
     .max = 2,
     .help = "How much the colours of neighbouring strokes differ."},
    {.key = "relief",
     .type = IMP_FLOAT,
     .def = 1,
     .min = 0,
     .max = 3,
     .help = "Thickness of the paint in the light."},
    {.key = "swirl",
     .type = IMP_FLOAT,
     .def = 1,
     .min = 0,
     .max = 3,
     .help = "Eddies of the strokes where the picture gives no direction."},
    {.key = "colour", .type = IMP_FLOAT, .def = 1, .min = 0, .max = 2, .help = "Saturation."},
    {.key = "grain",
     .type = IMP_FLOAT,
     .def = 1,
     .min = 0,
     .max = 1.5,
     .help = "How much of the canvas or paper shows."},
    {.key = "light",
     .type = IMP_FLOAT,
     .unit = "deg",
     .def = 130,
     .min = 0,
     .max = 360,
     .help = "Where light falls on the paint from: 0 right, 90 above."},
    {.key = "margin",
     .type = IMP_FLOAT,
     .unit = "%",
     .def = 0,
     .min = 0,
     .max = 25,
     .help = "Ground left bare around the painting, with an uneven edge."},
    {.key = "scene",
     .type = IMP_CHOICE,
     .choices = SCENE_KINDS,
     .help = "Without a picture on the input: the scene of source.scene that is painted."},
    {.key = "hour",
     .type = IMP_FLOAT,
     .unit = "h",
     .def = 17,
     .min = 0,
     .max = 24,
     .help = "Time of day of that scene."},
    {.key = "clouds",
     .type = IMP_FLOAT,
     .def = 0.5,
     .min = 0,
     .max = 1,
     .help = "How much of that scene's sky is covered."},
};
static const imp_port in[] = {{.name = "in",
                               .kind = IMP_IMAGE,
                               .flags = IMP_PORT_OPTIONAL,
                               .channels = 1u << 3,
                               .colours = 1u << IMP_SRGB,
                               .help = "The picture to be painted; without one, a scene."}};
static const imp_port out[] = {
    {.name = "out", .kind = IMP_IMAGE, .channels = 1u << 3, .help = "The painting."}};

const imp_filter filter_source_painting = {
    .struct_size = sizeof(imp_filter),
    .flags = IMP_FILTER_DETERMINISTIC,
    .threads = IMP_PARALLEL,
    .id = "source.painting",
    .params_version = 1,
    .summary = "A painting of a picture, or of a scene from a seed.",
    .help =
        "Strokes follow the lines of the picture, in layers from coarse to fine: oil, impression, "
        "swirls, knife and points with paint that stands up in the light, wash, gouache and "
        "pastel, ink, pen, woodcut, and cut paper. The strokes are the same for any size of a "
        "picture and any number of threads.",
    .params = IMP_LIST(params),
    .inputs = IMP_LIST(in),
    .outputs = IMP_LIST(out),
    .create = sources_keep_params,
    .process = process,
    .plan = plan,
};
