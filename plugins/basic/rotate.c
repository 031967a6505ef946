/* rotate.c - turns a picture: exactly by quarter turns, by interpolation between them. */
#include "basic.h"
#include "rotate_any.h"
#include <math.h>

enum { ANGLE, SIZE, METHOD, BORDER, COLOUR };
enum { GROW, SAME, CROP };
enum { BLOCK = 16, MAX_SIDE = 100000 };

/* ---- quarter turns ---- */

struct quarter {
    int turns;
};

/* Clockwise by one or three quarters: columns become rows. A block is copied to a small table
 * first, as rows of a large picture fall on the same lines of the cache. */
static void turn_block(const imp_image *src, imp_image *dst, uint32_t c, int turns, uint32_t x0,
                       uint32_t x1, uint32_t y0, uint32_t y1)
{
    const uint32_t w = src->width, h = src->height, nx = x1 - x0, ny = y1 - y0;
    float table[BLOCK][BLOCK + 1];
    for (uint32_t j = 0; j < nx; j++) { /* source row j becomes column j of the block */
        const float *s = imp_row(src, c, turns == 1 ? h - 1 - (x0 + j) : x0 + j);
        const float *from = s + (turns == 1 ? y0 : w - y1);
        for (uint32_t i = 0; i < ny; i++)
            table[j][i] = from[i];
    }
    for (uint32_t i = 0; i < ny; i++) {
        float *d = imp_row_out(dst, c, y0 + i) + x0;
        const uint32_t k = turns == 1 ? i : ny - 1 - i;
        for (uint32_t j = 0; j < nx; j++)
            d[j] = table[j][k];
    }
}

static void quarter_rows(const void *user, const imp_image *src, imp_image *dst, uint32_t from,
                         uint32_t to)
{
    const int turns = ((const struct quarter *)user)->turns;
    for (uint32_t c = 0; c < dst->channels; c++)
        for (uint32_t y = from; y < to; y += BLOCK)
            for (uint32_t x = 0; x < dst->width; x += BLOCK)
                turn_block(src, dst, c, turns, x, x + BLOCK < dst->width ? x + BLOCK : dst->width,
                           y, y + BLOCK < to ? y + BLOCK : to);
}

static void half_rows(const void *user, const imp_image *src, imp_image *dst, uint32_t from,
                      uint32_t to)
{
    const uint32_t w = dst->width;
    (void)user;
    for (uint32_t c = 0; c < dst->channels; c++)
        for (uint32_t y = from; y < to; y++) {
            const float *s = imp_row(src, c, src->height - 1 - y);
            float *d = imp_row_out(dst, c, y);
            for (uint32_t x = 0; x < w; x++)
                d[x] = s[w - 1 - x];
        }
}

static imp_status quarters(imp_job *job, const imp_image *src, int turns)
{
    const struct quarter q = {turns};
    if (!turns)
        return basic_pass(job);
    imp_image *dst =
        job->new_image(job, turns == 2 ? src->width : src->height,
                       turns == 2 ? src->height : src->width, src->channels, src->colour);
    if (!dst)
        return IMP_E_MEMORY;
    const imp_status st = basic_each(job, turns == 2 ? half_rows : quarter_rows, &q, src, dst);
    return st == IMP_OK ? job->set_output(job, 0, &dst->head) : st;
}

/* ---- sizes ---- */

struct size {
    uint32_t width, height;
};

/* Quarter turns of an angle that is one (within a ten-thousandth of a degree), else -1. */
static int turns_of(double degrees)
{
    const double quarter = floor(degrees / 90 + 0.5);
    if (fabs(degrees - 90 * quarter) > 1e-4)
        return -1;
    return (int)(quarter - 4 * floor(quarter / 4));
}

static uint32_t side(double px)
{
    return px < 1 ? 1 : px > MAX_SIDE ? MAX_SIDE + 1 : (uint32_t)px;
}

/* The largest upright rectangle within the turned picture: its corners touch the longer sides (a
 * picture longer than that is wide across), or all four sides. */
static struct size largest_within(double w, double h, double sine, double cosine)
{
    const double longer = fmax(w, h), shorter = fmin(w, h);
    if (shorter <= 2 * sine * cosine * longer || fabs(sine - cosine) < 1e-10) {
        const double half = shorter / 2;
        const double a = half / sine, b = half / cosine;
        return w >= h ? (struct size){side(a), side(b)} : (struct size){side(b), side(a)};
    }
    const double k = cosine * cosine - sine * sine;
    return (struct size){side((w * cosine - h * sine) / k), side((h * cosine - w * sine) / k)};
}

static struct size size_of(const imp_cell *p, uint32_t width, uint32_t height)
{
    const double a = p[ANGLE].f * (3.14159265358979323846 / 180);
    const double s = fabs(kit_sin(a)), c = fabs(kit_cos(a));
    const int turns = turns_of(p[ANGLE].f);
    if (turns >= 0)
        return turns % 2 ? (struct size){height, width} : (struct size){width, height};
    if (p[SIZE].i == SAME)
        return (struct size){width, height};
    if (p[SIZE].i == CROP)
        return largest_within(width, height, s, c);
    return (struct size){side(ceil(width * c + height * s - 1e-6)),
                         side(ceil(width * s + height * c - 1e-6))};
}

/* ---- the filter ---- */

static uint32_t channels_of(const imp_cell *p, uint32_t channels)
{
    const int flat = p[BORDER].i == ROTATE_FLAT && p[SIZE].i != CROP;
    return flat && turns_of(p[ANGLE].f) < 0 ? basic_channels_for(&p[COLOUR], channels) : channels;
}

static imp_status process(void *instance, imp_job *job, imp_error *err)
{
    const imp_cell *p = job->params;
    const imp_image *src = imp_image_in(job, 0);
    const int turns = turns_of(p[ANGLE].f);
    const struct size s = size_of(p, src->width, src->height);
    const int64_t border = p[SIZE].i == CROP ? ROTATE_EDGE : p[BORDER].i;
    struct rotate_any how = {.degrees = p[ANGLE].f, .method = p[METHOD].i, .border = border};
    (void)instance;
    if (turns >= 0)
        return quarters(job, src, turns);
    if (s.width > MAX_SIDE || s.height > MAX_SIDE)
        return imp_fail(err, IMP_E_LIMIT, "a side would be longer than %d px", MAX_SIDE);
    const uint32_t channels = channels_of(p, src->channels);
    basic_colour_of(&p[COLOUR], channels, how.colour);
    imp_image *dst = job->new_image(job, s.width, s.height, channels, src->colour);
    if (!dst)
        return IMP_E_MEMORY;
    const imp_status st = rotate_any(job, &how, src, dst);
    return st == IMP_OK ? job->set_output(job, 0, &dst->head) : st;
}

static imp_status plan(void *instance, imp_plan *pl, imp_error *err)
{
    const imp_cell *p = ((const basic_instance *)instance)->params;
    const imp_shape *in = pl->inputs[0];
    (void)err;
    if (!in || !in->width || !in->height)
        return IMP_OK;
    const struct size s = size_of(p, in->width, in->height);
    const uint32_t channels = in->channels ? channels_of(p, in->channels) : 0;
    if (s.width > MAX_SIDE || s.height > MAX_SIDE)
        pl->mistake(pl, ANGLE, 0, NULL, "a side would be longer than 100000 px: resize first",
                    NULL);
    else
        basic_plan_out(pl, s.width, s.height, channels);
    if (channels == 4)
        pl->bytes = (uint64_t)in->width * in->height * 4 * sizeof(float);
    pl->least_bytes = pl->bytes;
    return IMP_OK;
}

static const imp_param params[] = {
    [ANGLE] = {.key = "angle",
               .unit = "degrees",
               .type = IMP_FLOAT,
               .def = 90,
               .min = -3600,
               .max = 3600,
               .help = "Clockwise. Multiples of 90 are exact."},
    [SIZE] =
        {.key = "size",
         .type = IMP_CHOICE,
         .choices = "grow|same|crop",
         .def_text = "grow",
         .help =
             "grow shows all of the picture, same keeps its size, crop is the largest rectangle "
             "without a border (straightening a horizon). Quarter turns take all."},
    [METHOD] = {.key = "method",
                .type = IMP_CHOICE,
                .choices = "cubic|linear|nearest",
                .def_text = "cubic",
                .help = "cubic is sharpest, linear quicker, nearest keeps values."},
    [BORDER] = {.key = "border",
                .type = IMP_CHOICE,
                .choices = "color|edge|mirror",
                .def_text = "color",
                .help =
                    "What fills the corners: a colour, the edge drawn out, the picture mirrored."},
    [COLOUR] = {.key = "color",
                .type = IMP_COLOUR,
                .def_text = "#ffffff",
                .help = "Of the corners. A fourth number below 1 makes them transparent."},
};

const imp_filter filter_rotate = {
    BASIC_FILTER,
    .id = "rotate",
    .summary = "Turn a picture by any angle.",
    .help = "angle = 90 turns it to the right. Small angles with size = crop straighten a horizon.",
    .params = IMP_LIST(params),
    .inputs = IMP_LIST(basic_any_in),
    .outputs = IMP_LIST(basic_out),
    .create = basic_create,
    .destroy = basic_destroy,
    .process = process,
    .plan = plan,
};
