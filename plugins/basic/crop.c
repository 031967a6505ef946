/* crop.c - a rectangle out of a picture. */
#include "basic.h"
#include <math.h>
#include <string.h>

enum { WIDTH, HEIGHT, X, Y, UNITS, ASPECT, GRAVITY, OUTSIDE };
enum { PX, PERCENT };
enum { REFUSE, CLIP };

struct box {
    int64_t x, y, width, height;
};

static int64_t length(const imp_cell *p, double value, uint32_t whole)
{
    return (int64_t)floor((p[UNITS].i == PERCENT ? value / 100 * whole : value) + 0.5);
}

/* The rectangle asked for, which may stick out. */
static struct box wanted(const imp_cell *p, uint32_t width, uint32_t height)
{
    const double ratio = basic_ratio(p[ASPECT].s.ptr);
    const int64_t dx = length(p, p[X].f, width), dy = length(p, p[Y].f, height);
    const int centred_x = p[GRAVITY].i == 0 || p[GRAVITY].i == 2 || p[GRAVITY].i == 7;
    const int centred_y = p[GRAVITY].i == 0 || p[GRAVITY].i == 4 || p[GRAVITY].i == 5;
    struct box b = {
        0, 0, p[WIDTH].f > 0 ? length(p, p[WIDTH].f, width) : width - (centred_x ? 0 : dx),
        p[HEIGHT].f > 0 ? length(p, p[HEIGHT].f, height) : height - (centred_y ? 0 : dy)};
    if (ratio > 0 && (double)b.width > ratio * (double)b.height)
        b.width = (int64_t)floor(ratio * (double)b.height + 0.5);
    else if (ratio > 0)
        b.height = (int64_t)floor((double)b.width / ratio + 0.5);
    b.width = b.width < 1 && p[WIDTH].f > 0 ? 1 : b.width;
    b.height = b.height < 1 && p[HEIGHT].f > 0 ? 1 : b.height;
    b.x = basic_place_x(p[GRAVITY].i, width, b.width, dx);
    b.y = basic_place_y(p[GRAVITY].i, height, b.height, dy);
    return b;
}

static struct box clipped(struct box b, uint32_t width, uint32_t height)
{
    const int64_t right = b.x + b.width < width ? b.x + b.width : width;
    const int64_t bottom = b.y + b.height < height ? b.y + b.height : height;
    b.x = b.x > 0 ? b.x : 0;
    b.y = b.y > 0 ? b.y : 0;
    b.width = right - b.x;
    b.height = bottom - b.y;
    return b;
}

/* What is cut out. 0: nothing that can be, and text says why. */
static int region(const imp_cell *p, uint32_t width, uint32_t height, struct box *out,
                  char text[200])
{
    const struct box b = wanted(p, width, height), in = clipped(b, width, height);
    *out = in;
    if (in.width < 1 || in.height < 1) {
        snprintf(text, 200,
                 "nothing is left of the picture of %u x %u px: the part lies outside it", width,
                 height);
        return 0;
    }
    if (p[OUTSIDE].i == CLIP || (in.width == b.width && in.height == b.height))
        return 1;
    snprintf(text, 200,
             "the part of %lld x %lld px at %lld, %lld sticks out of the picture of %u x %u px: "
             "make it smaller, or set outside = clip",
             (long long)b.width, (long long)b.height, (long long)b.x, (long long)b.y, width,
             height);
    return 0;
}

static void rows(const void *user, const imp_image *src, imp_image *dst, uint32_t from, uint32_t to)
{
    const struct box *b = user;
    for (uint32_t c = 0; c < dst->channels; c++)
        for (uint32_t y = from; y < to; y++)
            memcpy(imp_row_out(dst, c, y), imp_row(src, c, (uint32_t)b->y + y) + b->x,
                   dst->width * sizeof(float));
}

static imp_status process(void *instance, imp_job *job, imp_error *err)
{
    const imp_image *src = imp_image_in(job, 0);
    struct box b;
    char text[200];
    (void)instance;
    if (!region(job->params, src->width, src->height, &b, text)) {
        if (err)
            err->port = 0;
        return imp_fail(err, IMP_E_INPUT, "%s", text);
    }
    if (b.width == src->width && b.height == src->height)
        return basic_pass(job);
    imp_image *dst =
        job->new_image(job, (uint32_t)b.width, (uint32_t)b.height, src->channels, src->colour);
    if (!dst)
        return IMP_E_MEMORY;
    const imp_status st = basic_each(job, rows, &b, src, dst);
    return st == IMP_OK ? job->set_output(job, 0, &dst->head) : st;
}

static imp_status plan(void *instance, imp_plan *pl, imp_error *err)
{
    const imp_cell *p = ((const basic_instance *)instance)->params;
    const imp_shape *in = pl->inputs[0];
    struct box b;
    char text[200];
    (void)err;
    if (basic_ratio(p[ASPECT].s.ptr) < 0) {
        pl->mistake(pl, ASPECT, -1, NULL, "not a ratio: write it as 3:2, 16/9 or 1.85", NULL);
        return IMP_OK;
    }
    if (!in || !in->width || !in->height)
        return IMP_OK;
    if (region(p, in->width, in->height, &b, text))
        basic_plan_out(pl, (uint32_t)b.width, (uint32_t)b.height, 0);
    else
        pl->mistake(pl, -1, 0, NULL, text, NULL);
    return IMP_OK;
}

static const imp_param params[] = {
    [WIDTH] = {.key = "width",
               .unit = "px or %",
               .type = IMP_FLOAT,
               .max = 100000,
               .help = "Width of the part; 0: all there is."},
    [HEIGHT] = {.key = "height",
                .unit = "px or %",
                .type = IMP_FLOAT,
                .max = 100000,
                .help = "Height of the part; 0: all there is."},
    [X] =
        {.key = "x",
         .unit = "px or %",
         .type = IMP_FLOAT,
         .min = -100000,
         .max = 100000,
         .help =
             "Distance from the side that gravity names, inwards; from the middle: to the right."},
    [Y] = {.key = "y",
           .unit = "px or %",
           .type = IMP_FLOAT,
           .min = -100000,
           .max = 100000,
           .help =
               "Distance from the side that gravity names, inwards; from the middle: downwards."},
    [UNITS] = {.key = "units",
               .type = IMP_CHOICE,
               .choices = "px|percent",
               .def_text = "px",
               .help = "What width, height, x and y are measured in; percent is of that side."},
    [ASPECT] = {.key = "aspect",
                .type = IMP_TEXT,
                .def_text = "",
                .help = "Width by height, as 3:2, 1:1 or 1.85: the part shrinks until it has it."},
    [GRAVITY] = {.key = "gravity",
                 .type = IMP_CHOICE,
                 .choices = BASIC_GRAVITY,
                 .def_text = "center",
                 .help = "Where the part lies."},
    [OUTSIDE] = {.key = "outside",
                 .type = IMP_CHOICE,
                 .choices = "refuse|clip",
                 .def_text = "refuse",
                 .help =
                     "A part that sticks out of the picture is an error, or is cut at its border."},
};

const imp_filter filter_crop = {
    BASIC_FILTER,
    .id = "crop",
    .summary = "Cut a rectangle out of a picture.",
    .help =
        "width = 512, height = 512 takes the middle; gravity = top_left with x and y counts from "
        "the corner; aspect = 1:1 alone takes the largest square.",
    .params = IMP_LIST(params),
    .inputs = IMP_LIST(basic_any_in),
    .outputs = IMP_LIST(basic_out),
    .create = basic_create,
    .destroy = basic_destroy,
    .process = process,
    .plan = plan,
};
