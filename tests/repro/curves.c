/* curves.c - a line plot from lines "SERIES X Y" on stdin, to stdout as SVG:
 *     curves TITLE X-NAME Y-NAME [log]
 * A series is a word; `_` in it becomes a blank. At most 12 series of 400 points. */
#include <impasto/kit_train.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SERIES = 12, POINTS = 400, NAME = 60 };
struct line {
    char name[NAME];
    double x[POINTS], y[POINTS];
    uint64_t count;
};

static struct line *line_of(struct line *all, uint32_t *count, const char *name)
{
    for (uint32_t i = 0; i < *count; i++)
        if (!strcmp(all[i].name, name))
            return &all[i];
    if (*count == SERIES)
        return NULL;
    snprintf(all[*count].name, NAME, "%s", name);
    return &all[(*count)++];
}

int main(int argc, char **argv)
{
    static struct line all[SERIES];
    kit_series series[SERIES];
    char name[NAME];
    double x, y;
    uint32_t count = 0;
    if (argc < 4)
        return fprintf(stderr, "curves TITLE X-NAME Y-NAME [log]\n"), 2;
    while (scanf("%59s %lf %lf", name, &x, &y) == 3) {
        struct line *l = line_of(all, &count, name);
        if (!l || l->count == POINTS)
            return fprintf(stderr, "curves: too many series or points\n"), 1;
        l->x[l->count] = x, l->y[l->count++] = y;
    }
    for (uint32_t i = 0; i < count; i++) {
        for (char *c = all[i].name; *c; c++)
            *c = *c == '_' ? ' ' : *c;
        series[i] = (kit_series){all[i].name, all[i].x, all[i].y, all[i].count};
    }
    size_t size = 0;
    char *svg = kit_plot_lines(argv[1], argv[2], argv[3], series, count,
                               argc > 4 ? KIT_PLOT_LOG : 0, &size);
    const int failed = !svg || fwrite(svg, 1, size, stdout) != size;
    free(svg);
    return failed;
}
