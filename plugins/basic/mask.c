/* mask.c - a mask as large as a picture: a shape, a gradient, or what the picture's own samples
 * say. */
#include <math.h>
#include <stdbool.h>
#include "basic.h"

enum { SHAPE, X, Y, WIDTH, HEIGHT, ANGLE, FEATHER, FROM, TO, KEY, TOLERANCE, INVERT };
enum { ELLIPSE, RECTANGLE, LINEAR, RADIAL, LUMA, ALPHA, COLOUR };

static const imp_param params[] = {
    {.key = "shape", .type = IMP_CHOICE,
     .choices = "ellipse|rectangle|linear|radial|luma|alpha|color",
     .def_text = "ellipse",
     .help = "ellipse and rectangle: 1 inside. linear: from 0 to 1 across. radial: 1 in the "
             "centre, 0 at the rim. luma: bright parts. alpha: the picture's alpha. color: what "
             "has the key's colour."},
    {.key = "x", .unit = "%", .type = IMP_FLOAT, .def = 50, .min = -1000, .max = 1000,
     .help = "Centre, of the picture's width."},
    {.key = "y", .unit = "%", .type = IMP_FLOAT, .def = 50, .min = -1000, .max = 1000,
     .help = "Centre, of the picture's height."},
    {.key = "width", .unit = "%", .type = IMP_FLOAT, .def = 80, .min = 0, .max = 1000,
     .help = "Width of the shape, of the picture's width; the way of a linear gradient."},
    {.key = "height", .unit = "%", .type = IMP_FLOAT, .def = 80, .min = 0, .max = 1000,
     .help = "Height of the shape, of the picture's height."},
    {.key = "angle", .unit = "deg", .type = IMP_FLOAT, .def = 0, .min = -360, .max = 360,
     .help = "Turn of the shape, clockwise; 90 makes a linear gradient run downwards."},
    {.key = "feather", .unit = "%", .type = IMP_FLOAT, .def = 10, .min = 0, .max = 200,
     .help = "Width of the soft edge of ellipse and rectangle, of the picture's short side."},
    {.key = "from", .type = IMP_FLOAT, .def = 0.25, .min = 0, .max = 1,
     .help = "luma: what is darker gives 0."},
    {.key = "to", .type = IMP_FLOAT, .def = 0.75, .min = 0, .max = 1,
     .help = "luma: what is brighter gives 1. Below `from` the mask is turned round."},
    {.key = "key", .type = IMP_COLOUR, .def_text = "#00ff00", .help = "color: what is sought."},
    {.key = "tolerance", .type = IMP_FLOAT, .def = 0.2, .min = 0, .max = 1,
     .help = "color: distance from the key (1 is black to white) up to which the mask is 1; it "
             "falls to 0 at twice the distance."},
    {.key = "invert", .type = IMP_BOOL, .help = "Exchange inside and outside."},
};
static const imp_port inputs[] = {
    {.name = "in", .kind = IMP_IMAGE, .help = "Gives the size; luma, alpha and color look at it."},
};
static const imp_port outputs[] = {
    {.name = "out", .kind = IMP_IMAGE, .help = "One channel, 0..1."},
};

struct task {
    const imp_image *in;
    imp_image *out;
    int64_t shape;
    bool invert;
    float x, y, half_width, half_height, cosine, sine, soft; /* px */
    float from, to, key[3], tolerance;
    uint32_t strips;
};

static float smooth(float t)
{
    t = t > 0 ? t < 1 ? t : 1 : 0;
    return t * t * (3 - 2 * t);
}

/* Coverage by the signed distance to an edge (px, inside is negative). */
static float edge(const struct task *t, float distance)
{
    const float v = 0.5f - distance / t->soft;
    return t->soft > 1 ? smooth(v) : v > 0 ? v < 1 ? v : 1 : 0;
}

/* Distance to an ellipse, to first order: (f - 1) / |grad f| with f = |(u / a, v / b)|. */
static float ellipse_distance(const struct task *t, float u, float v)
{
    const float p = u / t->half_width, q = v / t->half_height, f = sqrtf(p * p + q * q);
    const float gp = p / t->half_width, gq = q / t->half_height, g = sqrtf(gp * gp + gq * gq);
    return g > 0 ? (f - 1) * f / g : -fminf(t->half_width, t->half_height);
}

static float rectangle_distance(const struct task *t, float u, float v)
{
    const float p = fabsf(u) - t->half_width, q = fabsf(v) - t->half_height;
    const float out_p = fmaxf(p, 0), out_q = fmaxf(q, 0);
    return sqrtf(out_p * out_p + out_q * out_q) + fminf(fmaxf(p, q), 0);
}

static float shape_at(const struct task *t, float x, float y)
{
    const float dx = x + 0.5f - t->x, dy = y + 0.5f - t->y;
    const float u = dx * t->cosine + dy * t->sine, v = dy * t->cosine - dx * t->sine;
    const float p = u / t->half_width, q = v / t->half_height;
    switch (t->shape) {
    case ELLIPSE:
        return edge(t, ellipse_distance(t, u, v));
    case RECTANGLE:
        return edge(t, rectangle_distance(t, u, v));
    case LINEAR:
        return smooth(0.5f + 0.5f * p);
    default:
        return smooth(1 - sqrtf(p * p + q * q));
    }
}

static float sample(const imp_image *m, uint32_t c, uint32_t x, uint32_t y)
{
    return imp_row(m, m->channels < 3 ? 0 : c, y)[x];
}

static float content_at(const struct task *t, uint32_t x, uint32_t y)
{
    const float r = sample(t->in, 0, x, y), g = sample(t->in, 1, x, y), b = sample(t->in, 2, x, y);
    if (t->shape == ALPHA)
        return t->in->channels == 4 ? fminf(fmaxf(imp_row(t->in, 3, y)[x], 0), 1) : 1;
    if (t->shape == LUMA) {
        const float luma = 0.2126f * r + 0.7152f * g + 0.0722f * b, range = t->to - t->from;
        return fabsf(range) > 1e-6f ? smooth((luma - t->from) / range) : luma >= t->to;
    }
    const float dr = r - t->key[0], dg = g - t->key[1], db = b - t->key[2];
    const float distance = sqrtf((dr * dr + dg * dg + db * db) / 3);
    return smooth(2 - distance / fmaxf(t->tolerance, 1 / 512.0f));
}

static void mask_strip(void *user, uint32_t i)
{
    const struct task *t = user;
    uint32_t y, end;
    for (kit_strip(t->out->height, t->strips, i, &y, &end); y < end; y++) {
        float *row = imp_row_out(t->out, 0, y);
        for (uint32_t x = 0; x < t->out->width; x++) {
            const float v =
                t->shape >= LUMA ? content_at(t, x, y) : shape_at(t, (float)x, (float)y);
            row[x] = t->invert ? 1 - v : v;
        }
    }
}

static imp_status process(void *instance, imp_job *job, imp_error *err)
{
    const imp_image *in = imp_image_in(job, 0);
    const imp_cell *p = job->params;
    const float w = (float)in->width, h = (float)in->height;
    const double turn = p[ANGLE].f * 3.14159265358979323846 / 180;
    (void)instance, (void)err;
    struct task t = {
        .in = in, .out = job->new_image(job, in->width, in->height, 1, IMP_DATA),
        .shape = p[SHAPE].i, .invert = p[INVERT].i != 0,
        .x = (float)p[X].f / 100 * w, .y = (float)p[Y].f / 100 * h,
        .half_width = fmaxf((float)p[WIDTH].f / 200 * w, 0.01f),
        .half_height = fmaxf((float)p[HEIGHT].f / 200 * h, 0.01f),
        .cosine = (float)kit_cos(turn), .sine = (float)kit_sin(turn),
        .soft = fmaxf((float)p[FEATHER].f / 100 * fminf(w, h), 1),
        .from = (float)p[FROM].f, .to = (float)p[TO].f, .tolerance = (float)p[TOLERANCE].f,
        .strips = kit_strips(in->width, in->height),
    };
    imp_image *out = t.out;
    if (!out)
        return IMP_E_MEMORY;
    for (int c = 0; c < 3; c++)
        t.key[c] = (float)p[KEY].n.ptr[c];
    /* an upright linear gradient runs its way in the direction it points to */
    if (t.shape == LINEAR)
        t.half_width =
            fmaxf((float)p[WIDTH].f / 200 * (fabsf(t.cosine) * w + fabsf(t.sine) * h), 0.01f);
    const imp_status st = kit_parallel(job, t.strips, mask_strip, &t);
    return st == IMP_OK ? job->set_output(job, 0, &out->head) : st;
}

static imp_status plan(void *instance, imp_plan *p, imp_error *err)
{
    const imp_shape *in = p->inputs[0];
    (void)instance, (void)err;
    basic_plan_out(p, in->width, in->height, 1);
    p->outputs[0]->colour = IMP_DATA;
    return IMP_OK;
}

const imp_filter filter_mask = {
    BASIC_FILTER,
    .id = "mask", .summary = "A mask: shape, gradient, brightness, alpha or colour key.",
    .help = "Makes a one-channel picture as large as the input, for the mask port of blend.",
    .params = IMP_LIST(params), .inputs = IMP_LIST(inputs), .outputs = IMP_LIST(outputs),
    .process = process, .plan = plan,
};
