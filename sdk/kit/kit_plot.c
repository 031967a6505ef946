/* kit_plot.c - a line plot as an SVG picture that stands alone: axes with round numbers, a line for
 * each series, its name at the right. */
#include <impasto/kit_train.h>
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

enum { WIDTH = 720, HEIGHT = 420, LEFT = 70, RIGHT = 130, TOP = 40, BOTTOM = 50, COLOURS = 8 };

static const char *const colours[COLOURS] = {"#1b6ca8", "#d1495b", "#2e8b57", "#e08e0b",
                                             "#6a4c93", "#00798c", "#8d5524", "#555555"};

/* ---- growing text ---- */

struct text {
    char *data;
    size_t used, room;
    bool failed;
};

__attribute__((format(printf, 2, 3))) static void add(struct text *t, const char *fmt, ...)
{
    va_list ap;
    if (t->failed)
        return;
    if (t->room - t->used < 512) {
        char *more = realloc(t->data, 2 * t->room + 4096);
        if (!more) {
            t->failed = true;
            return;
        }
        t->data = more;
        t->room = 2 * t->room + 4096;
    }
    va_start(ap, fmt);
    const int n = vsnprintf(t->data + t->used, t->room - t->used, fmt, ap);
    va_end(ap);
    if (n > 0 && (size_t)n < t->room - t->used)
        t->used += (size_t)n;
    else
        t->failed = true;
}

/* At most 100 bytes of a text, cut at a character, with what means something in XML escaped. */
static void add_name(struct text *t, const char *s)
{
    size_t n = strlen(s);
    if (n > 100)
        for (n = 100; n && ((unsigned char)s[n] & 0xc0) == 0x80;)
            n--;
    for (size_t i = 0; i < n; i++) {
        const char *entity = s[i] == '&'   ? "&amp;"
                             : s[i] == '<' ? "&lt;"
                             : s[i] == '>' ? "&gt;"
                                           : NULL;
        const bool shown = (unsigned char)s[i] >= 0x20;
        if (entity)
            add(t, "%s", entity);
        else
            add(t, "%c", shown ? s[i] : ' ');
    }
}

/* ---- axes ---- */

struct axis {
    double low, high, step; /* in decades when logarithmic */
    bool log;
};

static bool shown(const struct axis *a, double v)
{
    return fabs(v) < 1e300 && (!a->log || v > 1e-300); /* NaN: neither */
}

/* 1, 2 or 5 times a power of ten, so that there are 4 to 10 of it in the span. */
static double round_step(double span)
{
    const double power = kit_pow(10, floor(kit_log10(span / 4)));
    const double times = span / 4 / power;
    return power * (times >= 5 ? 5 : times >= 2 ? 2 : 1);
}

static void widen(struct axis *a, double v)
{
    if (!shown(a, v))
        return;
    v = a->log ? kit_log10(v) : v;
    a->low = fmin(a->low, v);
    a->high = fmax(a->high, v);
}

/* Ends at round numbers; an axis without any span gets one. */
static void finish(struct axis *a)
{
    if (!(a->low <= a->high))
        a->low = 0, a->high = 1;
    if (!(a->high - a->low > 1e-12 * (fabs(a->high) + fabs(a->low)) && a->high - a->low > 1e-300)) {
        const double more = a->high != 0 && !a->log ? 0.5 * fabs(a->high) : 0.5;
        a->low -= more, a->high += more;
    }
    a->step = round_step(a->high - a->low);
    if (a->log && a->step < 1)
        a->step = 1;
    a->low = a->step * floor(a->low / a->step + 1e-9);
    a->high = a->step * ceil(a->high / a->step - 1e-9);
}

static double x_at(const struct axis *a, double v)
{
    return LEFT + (WIDTH - LEFT - RIGHT) * ((v - a->low) / (a->high - a->low));
}

/* v: its logarithm, when the axis has decades. */
static double y_at(const struct axis *a, double v)
{
    return HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * ((v - a->low) / (a->high - a->low));
}

static void add_grid(struct text *t, const struct axis *x, const struct axis *y)
{
    const int across = (int)((x->high - x->low) / x->step + 0.5),
              up = (int)((y->high - y->low) / y->step + 0.5);
    for (int i = 0; i <= across; i++) {
        const double v = x->low + i * x->step;
        add(t,
            "<path class=\"g\" d=\"M%.1f %dV%d\"/><text class=\"m\" x=\"%.1f\" "
            "y=\"%d\">%g</text>\n",
            x_at(x, v), TOP, HEIGHT - BOTTOM, x_at(x, v), HEIGHT - BOTTOM + 18,
            fabs(v) < 1e-9 * x->step ? 0 : v);
    }
    for (int i = 0; i <= up; i++) {
        const double v = y->low + i * y->step, at = y_at(y, v);
        add(t,
            "<path class=\"g\" d=\"M%d %.1fH%d\"/><text class=\"e\" x=\"%d\" "
            "y=\"%.1f\">%.6g</text>\n",
            LEFT, at, WIDTH - RIGHT, LEFT - 8, at + 4,
            y->log                     ? kit_pow(10, v)
            : fabs(v) < 1e-9 * y->step ? 0
                                       : v);
    }
}

static void add_series(struct text *t, const kit_series *s, uint32_t i, const struct axis *x,
                       const struct axis *y)
{
    const char *colour = colours[i < COLOURS ? i : COLOURS - 1];
    bool down = false; /* the pen */
    add(t, "<path class=\"l\" stroke=\"%s\" d=\"", colour);
    for (uint64_t k = 0; k < s->count; k++) {
        const bool fine = shown(x, s->x[k]) && shown(y, s->y[k]);
        if (fine)
            add(t, "%c%.1f %.1f", down ? 'L' : 'M', x_at(x, s->x[k]),
                y_at(y, y->log ? kit_log10(s->y[k]) : s->y[k]));
        down = fine;
    }
    add(t, "\"/>\n<text x=\"%d\" y=\"%d\" fill=\"%s\">", WIDTH - RIGHT + 10, TOP + 12 + 18 * (int)i,
        colour);
    add_name(t, s->name);
    add(t, "</text>\n");
}

char *kit_plot_lines(const char *title, const char *x_name, const char *y_name,
                     const kit_series *series, uint32_t count, uint32_t flags, size_t *size)
{
    struct text t = {.data = NULL};
    struct axis x = {INFINITY, -INFINITY, 0, false},
                y = {INFINITY, -INFINITY, 0, flags & KIT_PLOT_LOG};
    for (uint32_t i = 0; i < count; i++)
        for (uint64_t k = 0; k < series[i].count; k++)
            if (shown(&x, series[i].x[k]) && shown(&y, series[i].y[k])) {
                widen(&x, series[i].x[k]);
                widen(&y, series[i].y[k]);
            }
    finish(&x);
    finish(&y);
    add(&t,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" width=\"%d\" "
        "height=\"%d\">\n"
        "<style>text{font:12px "
        "sans-serif}.t{font-size:15px}.m{text-anchor:middle}.e{text-anchor:end}"
        ".g{stroke:#ddd}.l{fill:none;stroke-width:1.8;stroke-linejoin:round}</style>\n"
        "<rect width=\"%d\" height=\"%d\" fill=\"#fff\"/>\n",
        WIDTH, HEIGHT, WIDTH, HEIGHT, WIDTH, HEIGHT);
    add(&t, "<text class=\"t\" x=\"%d\" y=\"24\">", LEFT);
    add_name(&t, title);
    add(&t, "</text>\n");
    add_grid(&t, &x, &y);
    add(&t, "<text class=\"m\" x=\"%d\" y=\"%d\">", (LEFT + WIDTH - RIGHT) / 2, HEIGHT - 12);
    add_name(&t, x_name);
    add(&t, "</text>\n<text class=\"m\" transform=\"translate(18 %d)rotate(-90)\">",
        (TOP + HEIGHT - BOTTOM) / 2);
    add_name(&t, y_name);
    add(&t, "</text>\n");
    for (uint32_t i = 0; i < count; i++)
        add_series(&t, &series[i], i, &x, &y);
    add(&t, "</svg>\n");
    if (t.failed) {
        free(t.data);
        return NULL;
    }
    *size = t.used;
    return t.data;
}
