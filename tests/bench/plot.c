/* plot.c - pictures of the results.
 *     plot RESULTS.json FOLDER
 * ratios.svg: a bar for each row and peer, on a scale of factors, with the spread. NAME-time.svg,
 * NAME-memory.svg: rows whose names end in a picture's side, by that side. */
#include "rows.h"
#include <impasto/kit_train.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ROW = 20, LEFT = 420, WIDTH = 980, RIGHT = 60, TOP = 60, SIDES = 16, PEERS = 6 };
static const double least = 0.2, most = 20; /* ends of the scale */
static const char *const colours[] = {"#1b6ca8", "#d1495b", "#2e8b57",
                                      "#e08e0b", "#6a4c93", "#00798c"};

/* ---- bars ---- */

static double at(double ratio)
{
    const double x = fmin(fmax(ratio, least), most);
    return LEFT + (WIDTH - LEFT - RIGHT) * log(x / least) / log(most / least);
}

/* Peers keep their colours whatever the rows. */
static const char *colour_of(const char *peer)
{
    static const char *const names[] = {"PyTorch",     "ONNX Runtime", "OpenCV dnn",
                                        "oneDNN, sum", "ncnn",         "FMA peak"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (!strcmp(peer, names[i]))
            return colours[i];
    return "#555555";
}

static bool is_peak(const cJSON *row)
{
    return !strncmp(rows_text(row, "peer"), "FMA", 3);
}

static void bar(FILE *f, const cJSON *row, int y)
{
    const double ratio = rows_number(row, "ratio"), from = at(1), to = at(ratio);
    const double low = at(rows_number(row, "ratio_p10")), high = at(rows_number(row, "ratio_p90"));
    fprintf(f, "<text x='%d' y='%d' text-anchor='end'>%s, %g %s, beside %s</text>\n", LEFT - 8,
            y + 14, rows_text(row, "name"), rows_number(row, "threads"),
            rows_number(row, "threads") > 1 ? "threads" : "thread", rows_text(row, "peer"));
    fprintf(f, "<rect x='%.1f' y='%d' width='%.1f' height='12' fill='%s'%s/>\n", fmin(from, to),
            y + 4, fabs(to - from), colour_of(rows_text(row, "peer")),
            ratio < 1 ? " fill-opacity='0.45'" : "");
    fprintf(f, "<path d='M%.1f %d H%.1f' stroke='black'/>\n", low, y + 10, high);
    fprintf(f, "<text x='%.1f' y='%d'>%.2f</text>\n", fmax(fmax(to, high), from) + 5, y + 14,
            ratio);
}

static bool bars(const char *path, const cJSON *rows)
{
    static const double ticks[] = {0.2, 0.5, 1, 2, 5, 10, 20};
    int count = 0, y = TOP;
    const cJSON *row;
    cJSON_ArrayForEach(row, rows) count += !is_peak(row);
    FILE *f = fopen(path, "wb");
    if (!f)
        return false;
    fprintf(f,
            "<svg xmlns='http://www.w3.org/2000/svg' width='%d' height='%d' "
            "font-family='sans-serif' font-size='12'>\n"
            "<rect width='100%%' height='100%%' fill='white'/>\n"
            "<text x='16' y='24' font-size='16'>How many times as fast as each peer (to the right "
            "of 1: faster)</text>\n",
            WIDTH, TOP + count * ROW + 20);
    for (size_t i = 0; i < sizeof ticks / sizeof ticks[0]; i++)
        fprintf(f,
                "<path d='M%.1f %d V%d' stroke='%s'/><text x='%.1f' y='%d' "
                "text-anchor='middle'>%g</text>\n",
                at(ticks[i]), TOP - 6, TOP + count * ROW,
                ticks[i] > 0.99 && ticks[i] < 1.01 ? "black" : "#cccccc", at(ticks[i]), TOP - 12,
                ticks[i]);
    cJSON_ArrayForEach(row, rows)
    {
        if (is_peak(row))
            continue;
        bar(f, row, y);
        y += ROW;
    }
    fprintf(f, "</svg>\n");
    return fclose(f) == 0;
}

/* ---- growth ---- */

struct curve {
    const char *name;
    double x[SIDES], y[SIDES];
    int count;
};

static void add_point(struct curve *curves, int *n, const char *name, double x, double y)
{
    int i = 0;
    while (i < *n && strcmp(curves[i].name, name) != 0)
        i++;
    if (i == PEERS || y <= 0)
        return;
    if (i == *n)
        curves[(*n)++] = (struct curve){.name = name};
    struct curve *c = &curves[i];
    int k = c->count;
    if (k == SIDES)
        return;
    for (int j = 0; j < c->count; j++)
        if (c->x[j] >= x && c->x[j] <= x)
            return; /* ours, from the row of another peer */
    for (; k && c->x[k - 1] > x; k--)
        c->x[k] = c->x[k - 1], c->y[k] = c->y[k - 1];
    c->x[k] = x, c->y[k] = y, c->count++;
}

static char *growth(const cJSON *rows, const char *stem, const char *ours, const char *theirs,
                    double unit, const char *title, const char *y_name, size_t *size)
{
    struct curve curves[PEERS];
    kit_series series[PEERS];
    const size_t length = strlen(stem);
    const cJSON *row;
    int n = 0;
    cJSON_ArrayForEach(row, rows)
    {
        const char *name = rows_text(row, "name");
        char *end = NULL;
        const double side = !strncmp(name, stem, length) ? strtod(name + length, &end) : 0;
        if (side < 1 || !end || *end || rows_number(row, "threads") < 2 || is_peak(row))
            continue;
        add_point(curves, &n, "Impasto", side, rows_number(row, ours) / unit);
        if (strncmp(rows_text(row, "peer"), "oneDNN", 6) != 0)
            add_point(curves, &n, rows_text(row, "peer"), side, rows_number(row, theirs) / unit);
    }
    for (int i = 0; i < n; i++)
        series[i] =
            (kit_series){curves[i].name, curves[i].x, curves[i].y, (uint64_t)curves[i].count};
    return n ? kit_plot_lines(title, "side of the picture, px", y_name, series, (uint32_t)n,
                              KIT_PLOT_LOG, size)
             : NULL;
}

/* ---- putting it together ---- */

static bool write_file(const char *folder, const char *name, const char *text, size_t size)
{
    char path[1024];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *f = fopen(path, "wb");
    const bool written = f && fwrite(text, 1, size, f) == size;
    return f && fclose(f) == 0 && written;
}

static const struct {
    const char *stem, *ours, *theirs, *title, *y_name, *file;
    double unit;
} plots[] = {
    {"VGG-19 forward ", "ours_ms", "peer_ms", "VGG-19 forward, 2 threads", "ms", "forward-time.svg",
     1},
    {"VGG-19 forward ", "ours_rss", "peer_rss", "VGG-19 forward, peak memory", "MiB",
     "forward-memory.svg", 1048576},
    {"VGG-19 style step ", "ours_ms", "peer_ms", "VGG-19 style step, 2 threads", "ms",
     "style-time.svg", 1},
    {"VGG-19 style step ", "ours_rss", "peer_rss", "VGG-19 style step, peak memory", "MiB",
     "style-memory.svg", 1048576},
};

int main(int argc, char **argv)
{
    char path[1024];
    cJSON *rows = argc > 2 ? rows_read(argv[1]) : NULL;
    if (!rows)
        return fprintf(stderr, "usage: plot RESULTS.json FOLDER\n"), 2;
    snprintf(path, sizeof path, "%s/ratios.svg", argv[2]);
    bool fine = bars(path, rows);
    for (size_t i = 0; i < sizeof plots / sizeof plots[0]; i++) {
        size_t size = 0;
        char *svg = growth(rows, plots[i].stem, plots[i].ours, plots[i].theirs, plots[i].unit,
                           plots[i].title, plots[i].y_name, &size);
        if (svg)
            fine = write_file(argv[2], plots[i].file, svg, size) && fine;
        free(svg);
    }
    cJSON_Delete(rows);
    return fine ? 0 : 1;
}
