/* source_symbol.c - source.symbol: a sign drawn with a pen, for classifiers to learn.
 *
 * A sign is a list of segments and arcs in -1..1 (y down). A pixel is moved back by tilt, size,
 * place and a smooth wobble of the hand into these coordinates; its ink is 1/2 + (stroke/2 -
 * distance) / pixel, cut off at 0 and 1. */
#include <impasto/kit.h>
#include <math.h>
#include "filters.h"
#include "swift.h"

enum { KIND, WIDTH, HEIGHT, SEED, STROKE, SIZE, TILT, VARY, WOBBLE, NOISE, INK, PAPER };
#define KINDS                                                                                      \
    "plus|cross|circle|target|square|diamond|triangle|star|arrow|check|heart|bolt|moon|spiral|"    \
    "wave|hash|"                                                                                   \
    "house|anchor|flag|key"

static const imp_param params[] = {
    {.key = "kind", .type = IMP_CHOICE, .choices = KINDS, .help = "Which sign."},
    {.key = "width",
     .unit = "px",
     .type = IMP_INT,
     .def = 256,
     .min = 1,
     .max = 20000,
     .help = "Width of the picture."},
    {.key = "height",
     .unit = "px",
     .type = IMP_INT,
     .def = 256,
     .min = 1,
     .max = 20000,
     .help = "Height of the picture."},
    {.key = "seed",
     .type = IMP_INT,
     .def = 1,
     .min = 0,
     .max = 1e9,
     .help = "Another number, another hand."},
    {.key = "stroke",
     .type = IMP_FLOAT,
     .def = 0.16,
     .min = 0.02,
     .max = 0.5,
     .help = "Width of the pen, of half the sign's size."},
    {.key = "size",
     .type = IMP_FLOAT,
     .def = 0.72,
     .min = 0.1,
     .max = 1,
     .help = "Size of the sign, of the shorter side."},
    {.key = "tilt",
     .unit = "deg",
     .type = IMP_FLOAT,
     .def = 0,
     .min = -180,
     .max = 180,
     .help = "Turned clockwise."},
    {.key = "vary",
     .type = IMP_FLOAT,
     .def = 0.5,
     .min = 0,
     .max = 1,
     .help = "How much seeds differ in place, size, tilt, proportions and pen: at 1 by up to 30 "
             "degrees, a third of "
             "the size, half of the pen."},
    {.key = "wobble",
     .type = IMP_FLOAT,
     .def = 0.4,
     .min = 0,
     .max = 1,
     .help = "How unsteady the hand is."},
    {.key = "noise",
     .type = IMP_FLOAT,
     .def = 0,
     .min = 0,
     .max = 0.5,
     .help = "Deviation of noise over the picture."},
    {.key = "ink",
     .type = IMP_FLOAT,
     .def = 0.12,
     .min = 0,
     .max = 1,
     .help = "Brightness of the sign."},
    {.key = "paper",
     .type = IMP_FLOAT,
     .def = 0.95,
     .min = 0,
     .max = 1,
     .help = "Brightness of the ground."},
};
static const imp_port outputs[] = {
    {.name = "out", .kind = IMP_IMAGE, .channels = 1u << 3, .help = "The picture."},
};

/* ---- the signs ---- */

/* radius 0: from a, b to c, d. Else an arc about a, b of that radius, from angle c over d degrees
 * (0 right, 90 down). */
struct mark {
    float a, b, c, d, radius;
};
enum { MARKS = 10 };
struct sign {
    uint32_t count, reserved0;
    struct mark marks[MARKS];
};

#define LINE(x0, y0, x1, y1)                                                                       \
    {                                                                                              \
        x0, y0, x1, y1, 0                                                                          \
    }
#define ARC(x, y, r, from, sweep)                                                                  \
    {                                                                                              \
        x, y, from, sweep, r                                                                       \
    }
static const struct sign signs[] = {
    /* plus */ {2, 0, {LINE(-1, 0, 1, 0), LINE(0, -1, 0, 1)}},
    /* cross */ {2, 0, {LINE(-0.8f, -0.8f, 0.8f, 0.8f), LINE(-0.8f, 0.8f, 0.8f, -0.8f)}},
    /* circle */ {1, 0, {ARC(0, 0, 0.85f, 0, 360)}},
    /* target */ {2, 0, {ARC(0, 0, 0.9f, 0, 360), ARC(0, 0, 0.3f, 0, 360)}},
    /* square */
    {4,
     0,
     {LINE(-0.8f, -0.8f, 0.8f, -0.8f), LINE(0.8f, -0.8f, 0.8f, 0.8f), LINE(0.8f, 0.8f, -0.8f, 0.8f),
      LINE(-0.8f, 0.8f, -0.8f, -0.8f)}},
    /* diamond */
    {5,
     0,
     {LINE(0, -1, 0.7f, 0), LINE(0.7f, 0, 0, 1), LINE(0, 1, -0.7f, 0), LINE(-0.7f, 0, 0, -1),
      LINE(-0.7f, 0, 0.7f, 0)}},
    /* triangle */
    {3,
     0,
     {LINE(0, -0.9f, 0.95f, 0.8f), LINE(0.95f, 0.8f, -0.95f, 0.8f), LINE(-0.95f, 0.8f, 0, -0.9f)}},
    /* star */
    {5,
     0,
     {LINE(0, -1, 0.588f, 0.809f), LINE(0.588f, 0.809f, -0.951f, -0.309f),
      LINE(-0.951f, -0.309f, 0.951f, -0.309f), LINE(0.951f, -0.309f, -0.588f, 0.809f),
      LINE(-0.588f, 0.809f, 0, -1)}},
    /* arrow */
    {3, 0, {LINE(0, 1, 0, -0.95f), LINE(0, -0.95f, -0.6f, -0.3f), LINE(0, -0.95f, 0.6f, -0.3f)}},
    /* check */ {2, 0, {LINE(-0.9f, 0.1f, -0.3f, 0.7f), LINE(-0.3f, 0.7f, 0.9f, -0.7f)}},
    /* heart */
    {4,
     0,
     {ARC(-0.45f, -0.35f, 0.46f, 150, 205), ARC(0.45f, -0.35f, 0.46f, 185, 205),
      LINE(-0.85f, -0.12f, 0, 0.9f), LINE(0.85f, -0.12f, 0, 0.9f)}},
    /* bolt */
    {3, 0, {LINE(0.35f, -1, -0.4f, 0.1f), LINE(-0.4f, 0.1f, 0.4f, 0), LINE(0.4f, 0, -0.35f, 1)}},
    /* moon */ {2, 0, {ARC(0, 0, 0.9f, 45, 270), ARC(0.5f, 0, 0.65f, 104, 152)}},
    /* spiral */
    {4,
     0,
     {ARC(0, 0, 0.25f, 0, 180), ARC(0.15f, 0, 0.4f, 180, 180), ARC(-0.07f, 0, 0.62f, 0, 180),
      ARC(0.12f, 0, 0.81f, 180, 180)}},
    /* wave */
    {4,
     0,
     {ARC(-0.75f, 0, 0.25f, 180, 180), ARC(-0.25f, 0, 0.25f, 0, 180),
      ARC(0.25f, 0, 0.25f, 180, 180), ARC(0.75f, 0, 0.25f, 0, 180)}},
    /* hash */
    {4,
     0,
     {LINE(-0.35f, -0.9f, -0.35f, 0.9f), LINE(0.35f, -0.9f, 0.35f, 0.9f),
      LINE(-0.9f, -0.35f, 0.9f, -0.35f), LINE(-0.9f, 0.35f, 0.9f, 0.35f)}},
    /* house */
    {6,
     0,
     {LINE(-0.65f, -0.1f, -0.65f, 0.9f), LINE(0.65f, -0.1f, 0.65f, 0.9f),
      LINE(-0.65f, 0.9f, 0.65f, 0.9f), LINE(-0.95f, -0.05f, 0, -0.95f),
      LINE(0.95f, -0.05f, 0, -0.95f), LINE(0, 0.9f, 0, 0.35f)}},
    /* anchor */
    {5,
     0,
     {ARC(0, -0.72f, 0.22f, 0, 360), LINE(0, -0.5f, 0, 0.85f), LINE(-0.4f, -0.25f, 0.4f, -0.25f),
      ARC(0, 0.05f, 0.8f, 0, 180), LINE(0.8f, 0.05f, 0.55f, 0.25f)}},
    /* flag */
    {4,
     0,
     {LINE(-0.6f, -1, -0.6f, 1), LINE(-0.6f, -0.95f, 0.75f, -0.5f),
      LINE(0.75f, -0.5f, -0.6f, -0.05f), LINE(-0.6f, 1, -0.2f, 1)}},
    /* key */
    {4,
     0,
     {ARC(-0.55f, 0, 0.4f, 0, 360), LINE(-0.15f, 0, 0.95f, 0), LINE(0.9f, 0, 0.9f, 0.4f),
      LINE(0.55f, 0, 0.55f, 0.35f)}},
};

static float to_line(const struct mark *m, float x, float y)
{
    const float dx = m->c - m->a, dy = m->d - m->b;
    const float t = sw_unit(((x - m->a) * dx + (y - m->b) * dy) / (dx * dx + dy * dy));
    const float ex = x - m->a - t * dx, ey = y - m->b - t * dy;
    return sqrtf(ex * ex + ey * ey);
}

/* cos and sin of the arc's ends, made once for a picture. */
struct ends {
    float x0, y0, x1, y1, mid_x, mid_y, half;
};

static float to_arc(const struct mark *m, const struct ends *e, float x, float y)
{
    const float dx = x - m->a, dy = y - m->b, r = sqrtf(dx * dx + dy * dy);
    if (m->d >= 360 ||
        dx * e->mid_x + dy * e->mid_y >= e->half * r) /* within the angle of the arc */
        return fabsf(r - m->radius);
    const float ax = dx - e->x0, ay = dy - e->y0, bx = dx - e->x1, by = dy - e->y1;
    return sqrtf(sw_min(ax * ax + ay * ay, bx * bx + by * by));
}

static struct ends ends_of(const struct mark *m)
{
    const double rad = 3.14159265358979323846 / 180, from = (double)m->c * rad,
                 sweep = (double)m->d * rad, r = (double)m->radius;
    return (struct ends){(float)(r * kit_cos(from)),         (float)(r * kit_sin(from)),
                         (float)(r * kit_cos(from + sweep)), (float)(r * kit_sin(from + sweep)),
                         (float)kit_cos(from + sweep / 2),   (float)kit_sin(from + sweep / 2),
                         (float)kit_cos(sweep / 2)};
}

/* ---- the hand ---- */

struct hand {
    const struct sign *sign;
    struct ends ends[MARKS];
    float cx, cy, xx, xy, yx, yy; /* pixel to sign: x' = xx (x - cx) + xy (y - cy) ... */
    float half, soft;             /* of the pen, of a pixel; in the sign's units */
    float wave[4][3];             /* wobble: amplitude, frequency, phase; two for x, two for y */
    float ink, paper, noise;
    uint64_t seed;
    imp_image *out;
};

/* -1..1 by seed, a number for each purpose. */
static double vary(const imp_cell *p, uint64_t what)
{
    return p[VARY].f * (2 * kit_uniform((uint64_t)p[SEED].i, 0x73796d, what) - 1);
}

static struct hand hand_of(const imp_cell *p, imp_image *out)
{
    const double side = out->width < out->height ? out->width : out->height;
    const double scale = side / 2 * p[SIZE].f * (1 + 0.33 * vary(p, 0)),
                 aspect = 1 + 0.2 * vary(p, 1);
    const double turn = (p[TILT].f + 30 * vary(p, 2)) * 3.14159265358979323846 / 180;
    const double c = kit_cos(turn), s = kit_sin(turn),
                 room = side / 2 - 0.9 * scale > 0 ? side / 2 - 0.9 * scale : 0;
    struct hand h = {.sign = &signs[p[KIND].i],
                     .out = out,
                     .seed = (uint64_t)p[SEED].i,
                     .noise = (float)p[NOISE].f,
                     .ink = (float)p[INK].f,
                     .paper = (float)p[PAPER].f,
                     .cx = (float)(out->width / 2.0 + 0.9 * room * vary(p, 3)),
                     .cy = (float)(out->height / 2.0 + 0.9 * room * vary(p, 4)),
                     .xx = (float)(c / scale * aspect),
                     .xy = (float)(s / scale * aspect),
                     .yx = (float)(-s / scale / aspect),
                     .yy = (float)(c / scale / aspect),
                     .half = (float)(p[STROKE].f / 2 * (1 + 0.5 * vary(p, 5))),
                     .soft = (float)(1 / scale)};
    h.half = sw_max(h.half, 0.6f * h.soft);
    for (uint32_t i = 0; i < h.sign->count; i++)
        h.ends[i] = ends_of(&h.sign->marks[i]);
    for (uint32_t i = 0; i < 4; i++) {
        h.wave[i][0] =
            (float)(p[WOBBLE].f * 0.09 * (i % 2 ? 0.5 : 1) * kit_uniform(h.seed, 0x776f, i));
        h.wave[i][1] = (float)((i % 2 ? 4.5 : 2) + kit_uniform(h.seed, 0x776f, 10 + i));
        h.wave[i][2] = (float)(6.283185307 * kit_uniform(h.seed, 0x776f, 20 + i));
    }
    return h;
}

static float ink_at(const struct hand *h, float px, float py)
{
    const float dx = px - h->cx, dy = py - h->cy;
    const float x0 = h->xx * dx + h->xy * dy, y0 = h->yx * dx + h->yy * dy;
    const float x = x0 +
                    h->wave[0][0] * (float)kit_sin((double)(h->wave[0][1] * y0 + h->wave[0][2])) +
                    h->wave[1][0] * (float)kit_sin((double)(h->wave[1][1] * x0 + h->wave[1][2]));
    const float y = y0 +
                    h->wave[2][0] * (float)kit_sin((double)(h->wave[2][1] * x0 + h->wave[2][2])) +
                    h->wave[3][0] * (float)kit_sin((double)(h->wave[3][1] * y0 + h->wave[3][2]));
    float nearest = 10;
    for (uint32_t i = 0; i < h->sign->count; i++) {
        const struct mark *m = &h->sign->marks[i];
        nearest = sw_min(nearest, m->radius > 0 ? to_arc(m, &h->ends[i], x, y) : to_line(m, x, y));
    }
    return sw_unit(0.5f + (h->half - nearest) / h->soft);
}

static void strip(void *user, uint32_t i) IMP_NX
{
    const struct hand *h = user;
    imp_image *out = h->out;
    uint32_t y, end;
    for (kit_strip(out->height, kit_strips(out->width, out->height), i, &y, &end); y < end; y++)
        for (uint32_t x = 0; x < out->width; x++) {
            const float ink = ink_at(h, (float)x + 0.5f, (float)y + 0.5f);
            const float grain =
                h->noise > 0
                    ? h->noise * (float)kit_normal(h->seed, 0x6e, (uint64_t)y * out->width + x)
                    : 0;
            for (uint32_t c = 0; c < 3; c++)
                imp_row_out(out, c, y)[x] = sw_unit(sw_mix(h->paper, h->ink, ink) + grain);
        }
}

static imp_status process(void *instance, imp_job *job, imp_error *err) IMP_NX
{
    const imp_cell *p = job->params;
    imp_image *out = job->new_image(job, (uint32_t)p[WIDTH].i, (uint32_t)p[HEIGHT].i, 3, IMP_SRGB);
    (void)instance, (void)err;
    if (!out)
        return IMP_E_MEMORY;
    struct hand h = hand_of(p, out);
    const imp_status st = kit_parallel(job, kit_strips(out->width, out->height), strip, &h);
    return st == IMP_OK ? job->set_output(job, 0, &out->head) : st;
}

static imp_status plan(void *instance, imp_plan *plan, imp_error *err) IMP_NX
{
    const imp_cell *p = instance;
    (void)err;
    if (plan->outputs && plan->outputs[0]) {
        plan->outputs[0]->width = (uint32_t)p[WIDTH].i,
        plan->outputs[0]->height = (uint32_t)p[HEIGHT].i;
        plan->outputs[0]->channels = 3, plan->outputs[0]->colour = IMP_SRGB;
    }
    return IMP_OK;
}

const imp_filter filter_source_symbol = {
    .struct_size = sizeof(imp_filter),
    .flags = IMP_FILTER_DETERMINISTIC,
    .threads = IMP_PARALLEL,
    .params_version = 1,
    .id = "source.symbol",
    .summary = "A sign drawn by hand: arrow, anchor, star, key ...",
    .help = "Twenty signs of a few strokes, each seed by another hand: what the network `glyph` "
            "learnt to tell apart. As a "
            "data set: data.generated with source = symbol.",
    .params = IMP_LIST(params),
    .outputs = IMP_LIST(outputs),
    .create = sources_keep_params,
    .process = process,
    .plan = plan,
};
_Static_assert(sizeof signs / sizeof *signs == 20, "a sign for each kind");
