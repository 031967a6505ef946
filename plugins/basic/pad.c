/* pad.c - room around a picture. */
#include "basic.h"
#include <math.h>
#include <string.h>

enum { LEFT, RIGHT, TOP, BOTTOM, UNITS, WIDTH, HEIGHT, ASPECT, MULTIPLE, GRAVITY, BORDER, COLOUR };
enum { PX, PERCENT };
enum { FLAT, EDGE, MIRROR, WRAP };
enum { MAX_SIDE = 200000 };

/* The new size, and where the picture lies in it. */
struct frame {
    int64_t width, height, x, y;
};

struct how {
    struct frame frame;
    int64_t border;
    float colour[4];
};

static int64_t length(const imp_cell *p, double value, uint32_t whole)
{
    return (int64_t)floor((p[UNITS].i == PERCENT ? value / 100 * whole : value) + 0.5);
}

static int64_t at_least(int64_t n, int64_t least, int64_t multiple)
{
    n = n < least ? least : n;
    return (n + multiple - 1) / multiple * multiple;
}

/* The margins first; then width, height, aspect and multiple add what is missing, by gravity. */
static struct frame frame_of(const imp_cell *p, uint32_t width, uint32_t height)
{
    const double ratio = basic_ratio(p[ASPECT].s.ptr);
    const int64_t l = length(p, p[LEFT].f, width), r = length(p, p[RIGHT].f, width);
    const int64_t t = length(p, p[TOP].f, height), b = length(p, p[BOTTOM].f, height);
    const int64_t w = l + width + r, h = t + height + b, m = p[MULTIPLE].i;
    int64_t want_w = p[WIDTH].i > w ? p[WIDTH].i : w, want_h = p[HEIGHT].i > h ? p[HEIGHT].i : h;
    if (ratio > 0 && (double)want_w < ratio * (double)want_h)
        want_w = (int64_t)fmin(floor(ratio * (double)want_h + 0.5), MAX_SIDE + 1.0);
    else if (ratio > 0)
        want_h = (int64_t)fmin(floor((double)want_w / ratio + 0.5), MAX_SIDE + 1.0);
    want_w = at_least(want_w, w, m);
    want_h = at_least(want_h, h, m);
    return (struct frame){want_w, want_h, l + basic_place_x(p[GRAVITY].i, want_w, w, 0),
                          t + basic_place_y(p[GRAVITY].i, want_h, h, 0)};
}

/* Where sample i of a padded line comes from; -1: from nowhere. */
static int64_t source(int64_t i, int64_t n, int64_t border)
{
    if (i >= 0 && i < n)
        return i;
    if (border == FLAT)
        return -1;
    if (border == MIRROR)
        return kit_mirror(i, n);
    if (border == EDGE)
        return i < 0 ? 0 : n - 1;
    return (i % n + n) % n;
}

static void fill(float *d, int64_t n, float v)
{
    for (int64_t x = 0; x < n; x++)
        d[x] = v;
}

/* s: the source row; NULL where there is none (then v is all). */
static void row(const struct how *h, const float *s, float *d, int64_t from_width, float v)
{
    const int64_t left = h->frame.x, n = h->frame.width;
    if (!s) {
        fill(d, n, v);
        return;
    }
    memcpy(d + left, s, (size_t)from_width * sizeof *d);
    if (h->border == FLAT) {
        fill(d, left, v);
        fill(d + left + from_width, n - left - from_width, v);
        return;
    }
    for (int64_t x = 0; x < left; x++)
        d[x] = s[source(x - left, from_width, h->border)];
    for (int64_t x = left + from_width; x < n; x++)
        d[x] = s[source(x - left, from_width, h->border)];
}

static void rows(const void *user, const imp_image *src, imp_image *dst, uint32_t from, uint32_t to)
{
    const struct how *h = user;
    const int grey = src->channels == 1;
    for (uint32_t c = 0; c < dst->channels; c++)
        for (uint32_t y = from; y < to; y++) {
            const int64_t at = source((int64_t)y - h->frame.y, src->height, h->border);
            const uint32_t k = grey ? 0 : c;
            float *d = imp_row_out(dst, c, y);
            if (c < src->channels || (grey && c < 3)) {
                row(h, at < 0 ? NULL : imp_row(src, k, (uint32_t)at), d, src->width, h->colour[c]);
                continue;
            }
            fill(d, dst->width, h->colour[3]); /* alpha that the picture had none of */
            if (at >= 0)
                fill(d + h->frame.x, src->width, 1);
        }
}

static imp_status process(void *instance, imp_job *job, imp_error *err)
{
    const imp_cell *p = job->params;
    const imp_image *src = imp_image_in(job, 0);
    struct how h = {.frame = frame_of(p, src->width, src->height), .border = p[BORDER].i};
    const uint32_t channels =
        h.border == FLAT ? basic_channels_for(&p[COLOUR], src->channels) : src->channels;
    (void)instance;
    if (h.frame.width == src->width && h.frame.height == src->height)
        return basic_pass(job);
    if (h.frame.width > MAX_SIDE || h.frame.height > MAX_SIDE)
        return imp_fail(err, IMP_E_LIMIT, "a side would be longer than %d px", MAX_SIDE);
    basic_colour_of(&p[COLOUR], channels, h.colour);
    imp_image *dst = job->new_image(job, (uint32_t)h.frame.width, (uint32_t)h.frame.height,
                                    channels, src->colour);
    if (!dst)
        return IMP_E_MEMORY;
    const imp_status st = basic_each(job, rows, &h, src, dst);
    return st == IMP_OK ? job->set_output(job, 0, &dst->head) : st;
}

static imp_status plan(void *instance, imp_plan *pl, imp_error *err)
{
    const imp_cell *p = ((const basic_instance *)instance)->params;
    const imp_shape *in = pl->inputs[0];
    (void)err;
    if (basic_ratio(p[ASPECT].s.ptr) < 0) {
        pl->mistake(pl, ASPECT, -1, NULL, "not a ratio: write it as 3:2, 16/9 or 1.85", NULL);
        return IMP_OK;
    }
    if (!in || !in->width || !in->height)
        return IMP_OK;
    const struct frame f = frame_of(p, in->width, in->height);
    if (f.width > MAX_SIDE || f.height > MAX_SIDE)
        pl->mistake(pl, -1, 0, NULL, "a side would be longer than 200000 px: make it smaller",
                    NULL);
    else
        basic_plan_out(
            pl, (uint32_t)f.width, (uint32_t)f.height,
            p[BORDER].i == FLAT && in->channels ? basic_channels_for(&p[COLOUR], in->channels) : 0);
    return IMP_OK;
}

#define MARGIN(name, which)                                                                        \
    {                                                                                              \
        .key = name, .unit = "px or %", .type = IMP_FLOAT, .max = 50000,                           \
        .help = "Room " which "; percent is of that side of the picture."                          \
    }

static const imp_param params[] = {
    [LEFT] = MARGIN("left", "on the left"),
    [RIGHT] = MARGIN("right", "on the right"),
    [TOP] = MARGIN("top", "above"),
    [BOTTOM] = MARGIN("bottom", "below"),
    [UNITS] = {.key = "units",
               .type = IMP_CHOICE,
               .choices = "px|percent",
               .def_text = "px",
               .help = "What left, right, top and bottom are measured in."},
    [WIDTH] = {.key = "width",
               .unit = "px",
               .type = IMP_INT,
               .max = 100000,
               .help = "Width that the result has at least."},
    [HEIGHT] = {.key = "height",
                .unit = "px",
                .type = IMP_INT,
                .max = 100000,
                .help = "Height that the result has at least."},
    [ASPECT] = {.key = "aspect",
                .type = IMP_TEXT,
                .def_text = "",
                .help = "Width by height of the result, as 1:1 or 3:2: the shorter side grows."},
    [MULTIPLE] = {.key = "multiple",
                  .unit = "px",
                  .type = IMP_INT,
                  .def = 1,
                  .min = 1,
                  .max = 4096,
                  .help = "Both sides become multiples of this, as some networks want."},
    [GRAVITY] = {.key = "gravity",
                 .type = IMP_CHOICE,
                 .choices = BASIC_GRAVITY,
                 .def_text = "center",
                 .help =
                     "Where the picture lies in room added by width, height, aspect, multiple."},
    [BORDER] = {.key = "border",
                .type = IMP_CHOICE,
                .choices = "color|edge|mirror|wrap",
                .def_text = "color",
                .help =
                    "What fills the room: one colour, the edge drawn out, the picture mirrored or "
                    "repeated."},
    [COLOUR] = {.key = "color",
                .type = IMP_COLOUR,
                .def_text = "#ffffff",
                .help =
                    "Fills the room. A fourth number below 1 makes it transparent. Grey pictures "
                    "take its luma."},
};

const imp_filter filter_pad = {
    BASIC_FILTER,
    .id = "pad",
    .summary = "Add room around a picture.",
    .help = "By margins, up to a size or to a ratio of sides: aspect = 1:1 makes a square.",
    .params = IMP_LIST(params),
    .inputs = IMP_LIST(basic_any_in),
    .outputs = IMP_LIST(basic_out),
    .create = basic_create,
    .destroy = basic_destroy,
    .process = process,
    .plan = plan,
};
