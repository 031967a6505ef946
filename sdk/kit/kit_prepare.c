/* kit_prepare.c - what a model's metadata say of pictures, and pictures into networks and back. */
#include <impasto/kit_prepare.h>
#include <stdarg.h>
#include <stdbool.h>
#include <string.h>

enum { INPUT, RANGE, MEAN, STD, MULTIPLE, SIZE, OUTPUT, OUTPUT_RANGE, OUTPUT_MEAN, OUTPUT_STD, KEYS };
enum { LARGEST_SIDE = 1 << 20 };

const char *const kit_prepare_keys[] = {"input", "range", "mean", "std", "multiple", "size", "output",
                                        "output_range", "output_mean", "output_std", NULL};
const char *const kit_prepare_help[] = {
    "channels that the network takes: rgb, bgr or grey",
    "its values of black and white: `0 1`, `0 255`, `-1 1`",
    "taken off each channel, in units of range: one number or one a channel; otherwise 0",
    "each channel is divided by it, in units of range; otherwise 1",
    "sides of pictures must be multiples of it; otherwise 1",
    "the only size that it takes: width and height, or one number for both",
    "channels of the pictures that it gives: rgb, bgr or grey; none: it gives no pictures",
    "its values of black and white in what it gives; otherwise as range",
    "added to each channel of what it gives, in units of output_range; otherwise 0",
    "each channel of what it gives is multiplied by it; otherwise 1",
    NULL};

/* ---- one key ---- */

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == ',';
}

/* Numbers with blanks or commas between; -1: something else is in the text, or more than `room`. */
static int numbers(const char *s, double *out, int room)
{
    int n = 0;
    for (;;) {
        const char *end;
        while (is_blank(*s))
            s++;
        if (!*s)
            return n;
        const double v = kit_number(s, &end);
        if (end == s || n == room || (*end && !is_blank(*end)))
            return -1;
        out[n++] = v, s = end;
    }
}

static uint32_t order_of(const char *text)
{
    static const char *const words[] = {"", "rgb", "bgr", "grey", "gray"};
    for (uint32_t i = 1; i < sizeof words / sizeof *words; i++)
        if (!strcmp(text, words[i]))
            return i > KIT_GREY ? KIT_GREY : i;
    return KIT_UNKNOWN;
}

static const char *check_range(const char *text)
{
    double v[2];
    return numbers(text, v, 2) == 2 && v[0] != v[1]
             ? NULL
             : "two different numbers, black and white: `0 1`, `0 255` or `-1 1`";
}

static const char *check_std(const char *text)
{
    double v[3];
    const int n = numbers(text, v, 3);
    for (int i = 0; i < n; i++)
        if (!(v[i] > 0))
            return "numbers above 0";
    return n == 1 || n == 3 ? NULL : "one number above 0, or three";
}

static const char *check_mean(const char *text)
{
    double v[3];
    const int n = numbers(text, v, 3);
    return n == 1 || n == 3 ? NULL : "one number, or three";
}

/* Whole sides, 1 .. LARGEST_SIDE; how many, -1: wrong. */
static int sides(const char *text, uint32_t *out, int room)
{
    double v[2];
    const int n = numbers(text, v, room);
    for (int i = 0; i < n; i++) {
        if (!(v[i] >= 1 && v[i] <= LARGEST_SIDE) || v[i] != (double)(uint32_t)v[i])
            return -1;
        out[i] = (uint32_t)v[i];
    }
    return n < 1 ? -1 : n;
}

static int key_of(const char *key)
{
    int i = 0;
    while (i < KEYS && strcmp(kit_prepare_keys[i], key) != 0)
        i++;
    return i;
}

const char *kit_prepare_check(const char *key, const char *text)
{
    uint32_t v[2];
    switch (key_of(key)) {
    case INPUT:
    case OUTPUT:
        return order_of(text) ? NULL : "rgb, bgr or grey";
    case RANGE:
    case OUTPUT_RANGE:
        return check_range(text);
    case MEAN:
    case OUTPUT_MEAN:
        return check_mean(text);
    case STD:
    case OUTPUT_STD:
        return check_std(text);
    case MULTIPLE:
        return sides(text, v, 1) == 1 ? NULL : "a whole number, 1 or more";
    case SIZE:
        return sides(text, v, 2) > 0 ? NULL : "width and height in pixels, or one number for both";
    default:
        return "no key of the preparation";
    }
}

/* ---- all keys ---- */

struct reading {
    const char *text[KEYS];
    char said[900]; /* mistakes, with "; " between */
    size_t size;
};

__attribute__((format(printf, 2, 3))) static void mistake(struct reading *r, const char *fmt, ...)
{
    va_list ap;
    if (r->size && r->size + 2 < sizeof r->said)
        r->size += (size_t)snprintf(r->said + r->size, sizeof r->said - r->size, "; ");
    va_start(ap, fmt);
    const int n = vsnprintf(r->said + r->size, sizeof r->said - r->size, fmt, ap);
    va_end(ap);
    r->size = n > 0 && r->size + (size_t)n < sizeof r->said ? r->size + (size_t)n
                                                            : sizeof r->said - 1;
}

/* A well-formed text of that key, or NULL. */
static const char *sound(struct reading *r, int key)
{
    const char *text = r->text[key];
    const char *wants = text ? kit_prepare_check(kit_prepare_keys[key], text) : NULL;
    if (wants)
        mistake(r, "'%s' is '%s', it wants %s", kit_prepare_keys[key], text, wants);
    return wants ? NULL : text;
}

/* One number a channel from one or three; without a text: `otherwise`. */
static void spread(struct reading *r, int key, const kit_side *s, double otherwise, double out[3])
{
    double v[3];
    const char *text = sound(r, key);
    const int n = text ? numbers(text, v, 3) : 0;
    if (n == 3 && s->channels == 1)
        mistake(r, "'%s' has three numbers, grey is one channel", kit_prepare_keys[key]);
    for (int c = 0; c < 3; c++)
        out[c] = n == 3 ? v[c] : n == 1 ? v[0] : otherwise;
}

/* The keys of one side; first: INPUT's or OUTPUT's place, the range's, and so on. */
static void read_side(struct reading *r, kit_side *s, int order, int range, int mean, int std)
{
    double v[2];
    const char *text = sound(r, order);
    s->order = text ? order_of(text) : KIT_UNKNOWN;
    s->channels = s->order == KIT_UNKNOWN ? 0 : s->order == KIT_GREY ? 1 : 3;
    if ((text = sound(r, range)) && numbers(text, v, 2) == 2)
        s->black = v[0], s->white = v[1];
    spread(r, mean, s, 0, s->mean);
    spread(r, std, s, 1, s->std);
}

static void read_sizes(struct reading *r, uint32_t width, uint32_t height, kit_prepare *p)
{
    uint32_t v[2];
    const char *text = sound(r, MULTIPLE);
    p->multiple = text && sides(text, v, 1) == 1 ? v[0] : 1;
    p->width = width, p->height = height;
    if (!(text = sound(r, SIZE)))
        return;
    const int n = sides(text, v, 2);
    p->width = v[0], p->height = v[n - 1];
    if ((width && width != p->width) || (height && height != p->height))
        mistake(r, "'size' is %u x %u, the network takes %u x %u", p->width, p->height, width,
                height);
}

static const char *name_of(uint32_t order)
{
    static const char *const names[] = {"", "rgb", "bgr", "grey"};
    return names[order];
}

static imp_status missing(const struct reading *r, imp_error *err)
{
    return imp_fail(err, IMP_E_MISSING,
                    "the model does not say how pictures go into it: set %s%s%s (and mean, std, "
                    "multiple where its authors name them) on its net.load",
                    r->text[INPUT] ? "" : "input = rgb (bgr, grey)",
                    r->text[INPUT] || r->text[RANGE] ? "" : " and ",
                    r->text[RANGE] ? "" : "range = 0 1 (0 255, -1 1)");
}

imp_status kit_prepare_read(kit_meta *meta, void *user, uint32_t channels, uint32_t width,
                            uint32_t height, kit_prepare *p, imp_error *err)
{
    struct reading r = {.size = 0};
    *p = (kit_prepare){.multiple = 1};
    for (int i = 0; i < KEYS; i++)
        r.text[i] = meta(user, kit_prepare_keys[i]);
    read_side(&r, &p->input, INPUT, RANGE, MEAN, STD);
    if (!r.text[OUTPUT_RANGE])
        p->output.black = p->input.black, p->output.white = p->input.white;
    read_side(&r, &p->output, OUTPUT, OUTPUT_RANGE, OUTPUT_MEAN, OUTPUT_STD);
    read_sizes(&r, width, height, p);
    if (channels && p->input.channels && p->input.channels != channels)
        mistake(&r, "'input' is %s, the network takes %u channel%s", name_of(p->input.order),
                channels, channels == 1 ? "" : "s");
    if (!r.text[OUTPUT] && (r.text[OUTPUT_RANGE] || r.text[OUTPUT_MEAN] || r.text[OUTPUT_STD]))
        mistake(&r, "the range of pictures that it gives is said, 'output' is not: rgb, bgr or grey");
    if (r.size)
        return imp_fail(err, IMP_E_PARAM, "the model's preparation: %s", r.said);
    return r.text[INPUT] && r.text[RANGE] ? IMP_OK : missing(&r, err);
}

/* ---- sizes ---- */

static uint32_t clamp_side(double v)
{
    return v < 1 ? 1 : v > LARGEST_SIDE ? LARGEST_SIDE : (uint32_t)(v + 0.5);
}

static void frame_fixed(const kit_prepare *p, uint32_t width, uint32_t height, enum kit_fit fit,
                        kit_frame *f)
{
    const double kx = (double)p->width / width, ky = (double)p->height / height;
    const double k = fit == KIT_PAD ? (kx < ky ? kx : ky) : kx > ky ? kx : ky;
    f->width = p->width, f->height = p->height;
    f->scaled_width = fit == KIT_STRETCH ? p->width : clamp_side(width * k);
    f->scaled_height = fit == KIT_STRETCH ? p->height : clamp_side(height * k);
    f->x = ((int64_t)f->scaled_width - f->width) / 2;
    f->y = ((int64_t)f->scaled_height - f->height) / 2;
}

static uint32_t to_multiple(uint32_t side, uint32_t m, enum kit_fit fit)
{
    const uint64_t down = side / m, rest = side % m;
    const uint64_t n = !rest             ? down
                     : fit == KIT_PAD    ? down + 1
                     : fit == KIT_CROP   ? down
                     : rest * 2 >= m || !down ? down + 1
                                              : down;
    return n * m > UINT32_MAX ? (uint32_t)(down * m) : (uint32_t)(n * m);
}

imp_status kit_frame_of(const kit_prepare *p, uint32_t width, uint32_t height, enum kit_fit fit,
                        kit_frame *f, imp_error *err)
{
    kit_prepare one = *p;
    if (p->width || p->height) {
        one.width = p->width ? p->width : to_multiple(width, p->multiple, KIT_STRETCH);
        one.height = p->height ? p->height : to_multiple(height, p->multiple, KIT_STRETCH);
        frame_fixed(&one, width, height, fit, f);
        return IMP_OK;
    }
    f->width = to_multiple(width, p->multiple, fit);
    f->height = to_multiple(height, p->multiple, fit);
    if (!f->width || !f->height)
        return imp_fail(err, IMP_E_INPUT,
                        "the picture is %u x %u, the network's sides are multiples of %u: resize it, "
                        "or set fit = pad",
                        width, height, p->multiple);
    f->scaled_width = fit == KIT_STRETCH ? f->width : width;
    f->scaled_height = fit == KIT_STRETCH ? f->height : height;
    f->x = fit == KIT_CROP ? (width - f->width) / 2 : 0;
    f->y = fit == KIT_CROP ? (height - f->height) / 2 : 0;
    return IMP_OK;
}

imp_status kit_prepare_picture(const kit_side *s, const kit_frame *f, const imp_image *in,
                               float *out, imp_job *job)
{
    const kit_box part = {f->x, f->y, f->width, f->height};
    if (f->scaled_width == in->width && f->scaled_height == in->height)
        return kit_to_network(s, in, &part, out, job);
    imp_image *scaled = kit_image_new(f->scaled_width, f->scaled_height, in->channels, in->colour);
    imp_status st = scaled ? kit_resize(in, scaled, KIT_AREA, job) : IMP_E_MEMORY;
    if (st == IMP_OK)
        st = kit_to_network(s, scaled, &part, out, job);
    kit_image_free(scaled);
    return st;
}

/* ---- samples ---- */

/* network = v * gain + offset, per channel of the network */
static double gain_of(const kit_side *s, uint32_t c)
{
    return (s->white - s->black) / s->std[c];
}
static double offset_of(const kit_side *s, uint32_t c)
{
    return (s->black - s->mean[c]) / s->std[c];
}

/* The picture's channel that the network's channel c is. */
static uint32_t channel_of(const kit_side *s, uint32_t c)
{
    return s->order == KIT_BGR ? 2 - c : c;
}

struct feeding {
    const kit_side *s;
    const imp_image *in;
    kit_box part;
    float *out;
    uint32_t strips;
};

/* Luma of n samples of a row from x on, times gain plus offset. */
static void feed_luma(const imp_image *in, uint32_t row, int64_t x, int64_t n, float gain,
                      float offset, float *to)
{
    kit_luma(imp_row(in, 0, row) + x, imp_row(in, 1, row) + x, imp_row(in, 2, row) + x, to,
             (size_t)n);
    for (int64_t i = 0; i < n; i++)
        to[i] = to[i] * gain + offset;
}

static void feed_span(const struct feeding *f, uint32_t c, uint32_t row, int64_t x, int64_t n,
                      float *to)
{
    const bool colour = f->in->channels >= 3;
    const float gain = (float)gain_of(f->s, c), offset = (float)offset_of(f->s, c);
    const float *from = imp_row(f->in, colour ? channel_of(f->s, c) : 0, row) + x;
    if (colour && f->s->channels == 1)
        feed_luma(f->in, row, x, n, gain, offset, to);
    else
        for (int64_t i = 0; i < n; i++)
            to[i] = from[i] * gain + offset;
}

/* One row of the part, mirrored at both ends. */
static void feed_row(const struct feeding *f, uint32_t c, int64_t y, float *to)
{
    const uint32_t row = (uint32_t)kit_mirror(f->part.y + y, f->in->height);
    const int64_t width = f->in->width, n = f->part.width, x = f->part.x;
    int64_t first = x < 0 ? -x : 0, end = width - x < n ? width - x : n;
    first = first < n ? first : n;
    end = end > first ? end : first;
    if (end > first)
        feed_span(f, c, row, x + first, end - first, to + first);
    for (int64_t i = 0; i < first; i++)
        feed_span(f, c, row, kit_mirror(x + i, width), 1, to + i);
    for (int64_t i = end; i < n; i++)
        feed_span(f, c, row, kit_mirror(x + i, width), 1, to + i);
}

static void feed_strip(void *user, uint32_t i) IMP_NX
{
    const struct feeding *f = user;
    uint32_t from, to;
    kit_strip((uint32_t)f->part.height, f->strips, i, &from, &to);
    for (uint32_t c = 0; c < f->s->channels; c++)
        for (uint32_t y = from; y < to; y++)
            feed_row(f, c, y,
                     f->out + ((size_t)c * (size_t)f->part.height + y) * (size_t)f->part.width);
}

imp_status kit_to_network(const kit_side *s, const imp_image *in, const kit_box *part, float *out,
                          imp_job *job)
{
    struct feeding f = {s, in, *part, out,
                        kit_strips((uint32_t)part->width, (uint32_t)part->height)};
    return kit_parallel(job, f.strips, feed_strip, &f);
}

struct taking {
    const kit_side *s;
    const float *planes;
    imp_image *out;
    kit_box part;
    size_t row, plane;
    uint32_t x, y, strips;
};

static void take_strip(void *user, uint32_t i) IMP_NX
{
    const struct taking *t = user;
    uint32_t from, to;
    kit_strip((uint32_t)t->part.height, t->strips, i, &from, &to);
    for (uint32_t c = 0; c < t->s->channels; c++) {
        const float gain = (float)(1 / gain_of(t->s, c)), offset = (float)offset_of(t->s, c);
        for (uint32_t y = from; y < to; y++) {
            const float *in = t->planes + c * t->plane + ((size_t)t->part.y + y) * t->row + t->part.x;
            float *out = imp_row_out(t->out, channel_of(t->s, c), t->y + y) + t->x;
            for (int64_t x = 0; x < t->part.width; x++) {
                const float v = (in[x] - offset) * gain;
                out[x] = v < 0 ? 0 : v > 1 ? 1 : v; /* NaN stays, to be seen */
            }
        }
    }
}

imp_status kit_from_network(const kit_side *s, const float *planes, uint32_t width,
                            uint32_t height, const kit_box *part, imp_image *out, uint32_t x,
                            uint32_t y, imp_job *job)
{
    struct taking t = {s, planes, out, *part, width, (size_t)width * height, x, y,
                       kit_strips((uint32_t)part->width, (uint32_t)part->height)};
    return kit_parallel(job, t.strips, take_strip, &t);
}
