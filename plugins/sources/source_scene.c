/* source_scene.c - source.scene: a photo-like picture from a seed. */
#include "sources.h"
#include <math.h>
#include <impasto/kit.h>
#include "filters.h"

#define BAND  8  /* rows between two reports of progress */
#define PIECE 32 /* samples of a row that one thread takes at a time */
#define SCENE_KINDS "mountains|dunes|coast|still|night"
enum { P_KIND, P_WIDTH, P_HEIGHT, P_SEED, P_HOUR, P_HAZE, P_CLOUDS, P_GRAIN, P_SAMPLES };

static void place_sun(struct scene *s)
{
    const double turn = (s->hour - 12) / 12 * 3.14159265358979;
    s->sun = v_unit(
        vec(kit_sin(turn) * 0.92, kit_cos(turn) * 0.78 + 0.06, s->kind == SCENE_COAST ? 0.75 : -0.30));
    const double low = 1 - smooth(0.0, 0.45, s->sun.y);
    s->sun_colour = v_mix(vec(1.0, 0.95, 0.86), vec(1.0, 0.50, 0.20), low);
    if (s->sun.y < -0.05)
        s->sun_colour = vec(0.05, 0.06, 0.09);
}

void scene_init(struct scene *s)
{
    s->zoom = 1.55;
    place_sun(s);
    if (s->kind == SCENE_STILL)
        still_init(s);
    else
        terrain_init(s);
    s->right = v_unit(v_cross(vec(0, 1, 0), s->forward));
    s->up = v_cross(s->forward, s->right);
}

struct vec scene_light(const struct scene *s, struct vec d)
{
    return s->kind == SCENE_STILL ? still_light(s, d) : terrain_light(s, d);
}

struct frame {
    struct scene scene;
    imp_image *out;
    double grain;
    uint32_t samples; /* per side of a pixel */
    uint32_t from;    /* first row of the band at work */
};

/* Exposure on an exponential shoulder, then a gentle S for contrast. */
static double tone(double x)
{
    const double y = 1 - kit_exp(-1.30 * fmax(x, 0));
    return y + 0.22 * y * (1 - y) * (2 * y - 0.55);
}

/* Colours a little away from grey, as cameras develop them. */
static struct vec developed(struct vec c)
{
    const double grey = 0.2126 * c.x + 0.7152 * c.y + 0.0722 * c.z;
    const struct vec rich =
        v_add(vec(grey, grey, grey), v_scale(v_sub(c, vec(grey, grey, grey)), 1.22));
    return vec(clamp01(rich.x), clamp01(rich.y), clamp01(rich.z));
}

static struct vec pixel(const struct frame *f, uint32_t x, uint32_t y)
{
    const struct scene *s = &f->scene;
    const double half = f->out->height / 2.0, n = f->samples;
    struct vec sum = vec(0, 0, 0);
    for (uint32_t i = 0; i < f->samples * f->samples; i++) {
        const double u = (x + (i % f->samples + 0.5) / n - f->out->width / 2.0) / half;
        const double v = (half - y - (i / f->samples + 0.5) / n) / half;
        const struct vec d = v_unit(
            v_add(v_scale(s->forward, s->zoom), v_add(v_scale(s->right, u), v_scale(s->up, v))));
        const struct vec c = scene_light(s, d);
        /* Developed before averaging: bright edges stay smooth. */
        sum = v_add(sum, developed(vec(tone(c.x), tone(c.y), tone(c.z))));
    }
    const double u = (x - f->out->width / 2.0) / half, v = (y - half) / half;
    return v_scale(sum, (1 - 0.055 * (u * u + v * v)) / (n * n));
}

/* One piece: PIECE samples of a row, so that a stop never waits long. */
static void piece(void *user, uint32_t i) IMP_NX
{
    struct frame *f = user;
    const uint32_t across = (f->out->width + PIECE - 1) / PIECE, y = f->from + i / across;
    const uint32_t x0 = i % across * PIECE,
                   n = f->out->width - x0 < PIECE ? f->out->width - x0 : PIECE;
    float *line[3];
    for (uint32_t c = 0; c < 3; c++)
        line[c] = imp_row_out(f->out, c, y) + x0;
    for (uint32_t x = 0; x < n; x++) {
        const struct vec c = pixel(f, x0 + x, y);
        line[0][x] = (float)c.x, line[1][x] = (float)c.y, line[2][x] = (float)c.z;
    }
    for (uint32_t c = 0; c < 3; c++)
        kit_linear_to_srgb(line[c], line[c], n);
    for (uint32_t x = 0; x < n; x++) {
        const uint64_t at = (uint64_t)y * 65536 + x0 + x;
        for (uint32_t c = 0; c < 3; c++) {
            const double g =
                0.7 * kit_normal(f->scene.seed, 1, at) + 0.5 * kit_normal(f->scene.seed, 2 + c, at);
            line[c][x] = (float)clamp01(line[c][x] + f->grain * 0.02 * g);
        }
    }
}

static imp_status process(void *instance, imp_job *job, imp_error *err)
{
    const imp_cell *p = job->params;
    (void)instance, (void)err;
    struct frame f = {
        .scene = {.kind = (uint32_t)p[P_KIND].i,
                  .seed = (uint64_t)p[P_SEED].i * 1000003,
                  .hour = p[P_HOUR].f,
                  .haze = p[P_HAZE].f,
                  .clouds = p[P_CLOUDS].f},
        .grain = p[P_GRAIN].f,
        .samples = (uint32_t)p[P_SAMPLES].i,
    };
    if (f.scene.kind == SCENE_NIGHT)
        f.scene.hour = 0;
    if (!(f.out =
              job->new_image(job, (uint32_t)p[P_WIDTH].i, (uint32_t)p[P_HEIGHT].i, 3, IMP_SRGB)))
        return IMP_E_MEMORY;
    scene_init(&f.scene);
    while (f.from < f.out->height) { /* bands, so that progress and a stop come through */
        const uint32_t left = f.out->height - f.from, n = left < BAND ? left : BAND;
        imp_status st = kit_parallel(job, n * ((f.out->width + PIECE - 1) / PIECE), piece, &f);
        f.from += n;
        if (st == IMP_OK)
            st = job->progress(job, (double)f.from / f.out->height, "rendering");
        if (st != IMP_OK)
            return st;
    }
    return job->set_output(job, 0, &f.out->head);
}

/* The size is known, so a run can be estimated. */
static imp_status plan(void *instance, imp_plan *plan, imp_error *err)
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

/* The instance is the parameters themselves: they stay valid until destroy. */
static imp_status create(const imp_host *host, const imp_filter *self, const imp_cell *params,
                         void **instance, imp_error *err)
{
    union {
        const imp_cell *in;
        void *out;
    } same = {.in = params};
    (void)host, (void)self, (void)err;
    *instance = same.out;
    return IMP_OK;
}

static const imp_param params[] = {
    {.key = "kind", .type = IMP_CHOICE, .choices = SCENE_KINDS, .help = "What the scene shows."},
    {.key = "width",
     .type = IMP_INT,
     .unit = "px",
     .def = 1024,
     .min = 1,
     .max = 4096,
     .help = "Width of the picture."},
    {.key = "height",
     .type = IMP_INT,
     .unit = "px",
     .def = 768,
     .min = 1,
     .max = 4096,
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
     .help = "How soon distance fades."},
    {.key = "clouds",
     .type = IMP_FLOAT,
     .def = 0.5,
     .min = 0,
     .max = 1,
     .help = "How much of the sky is covered."},
    {.key = "grain", .type = IMP_FLOAT, .def = 0.3, .min = 0, .max = 4, .help = "Sensor noise."},
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
    .id = "source.scene",
    .summary = "A photo-like scene from a seed.",
    .help = "Mountains by a lake, dunes, a coast, a still life or a night sky, by ray marching. "
            "The same "
            "parameters give the same picture for any number of threads.",
    .params = IMP_LIST(params),
    .outputs = IMP_LIST(out),
    .create = create,
    .process = process,
    .plan = plan,
};
