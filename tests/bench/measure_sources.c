/* measure_sources.c - pictures from nothing beside real ones: slope of the power spectrum, kurtosis of gradients,
 * spread of colours, and how much pictures of one kind differ from seed to seed.
 *     measure_sources SOURCES.so SEEDS OUT.svg [DATA]
 * DATA/images holds kodak, content_photos, skimage, style_paintings; DATA/faces/omi/dev/photo: those that are there.
 * A table goes to standard output, the mean spectra as a plot to OUT.svg. */
#include "codecs.h"
#include "make_source.h"
#include "minihost.h"
#include "picture_stats.h"
#include <dirent.h>
#include <impasto/kit_train.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MOST = 600, FACES = 60, NAMED = 100, KINDS = 40 };

struct group {
    const char *name;
    struct picture_stats *all;
    int count;
    double power[STATS_BINS]; /* geometric mean, each picture's sum made 1 */
    char kind[KINDS][64];
    int kind_count, first[KINDS + 1]; /* pictures of kind k: first[k] to before first[k + 1] */
};

static bool add_picture(struct group *g, const imp_image *m)
{
    if (!g->all)
        g->all = calloc(MOST, sizeof *g->all);
    if (!g->all || g->count == MOST || !stats_of(m, &g->all[g->count]))
        return false;
    g->count++;
    return true;
}

/* ---- real pictures ---- */

struct reader {
    struct report *report;
    struct registry *registry;
    struct codecs *codecs;
    struct memory *memory;
};

static bool open_reader(struct reader *r)
{
    const struct registry_options o = {.plugin_path = "/nonexistent", .program_path = "/nonexistent/bin/impasto"};
    r->report = report_new();
    r->registry = registry_open(&o, r->report);
    r->codecs = r->registry ? codecs_open(r->registry, NULL, true, r->report) : NULL;
    r->memory = memory_new(0);
    return r->codecs && r->memory;
}

static void add_file(struct group *g, const struct reader *r, const char *path)
{
    void *data;
    size_t size;
    struct value *v;
    const char *note;
    if (codecs_slurp(r->codecs, path, &data, &size, NULL, NULL) != IMP_OK)
        return;
    if (codecs_decode(r->codecs, r->memory, path, data, size, 0, &v, &note, NULL) == IMP_OK) {
        add_picture(g, &v->as.image);
        value_release(v);
    }
    free(data);
}

/* Files of a folder in order; words: parts of names, one of which must be in it (NULL: all), or with '!' none. */
static void add_folder(struct group *g, const struct reader *r, const char *data, const char *folder, const char *words,
                       int most)
{
    char path[4096], list[400], *rest = list;
    struct dirent **names;
    snprintf(path, sizeof path, "%s/%s", data, folder);
    const int n = scandir(path, &names, NULL, alphasort);
    for (int i = 0; i < n; i++) {
        bool wanted = !words;
        snprintf(list, sizeof list, "%s", words ? words : "");
        rest = list;
        for (char *w; (w = strtok_r(rest, " ", &rest));)
            wanted = wanted || strstr(names[i]->d_name, w);
        snprintf(path, sizeof path, "%s/%s/%s", data, folder, names[i]->d_name);
        if (wanted && most > 0 && names[i]->d_name[0] != '.' && codecs_can_read(r->codecs, path))
            add_file(g, r, path), most--;
        free(names[i]);
    }
    if (n >= 0)
        free(names);
}

/* ---- ours ---- */

struct diversity {
    double mean, least;
    int pairs;
};

static void add_diversity(struct diversity *d, const struct picture_stats *s, int n)
{
    for (int i = 0; i < n; i++)
        for (int j = i + 1; j < n; j++) {
            const double far = stats_distance(&s[i], &s[j]);
            d->least = d->pairs++ ? fmin(d->least, far) : far;
            d->mean += far;
        }
}

/* All kinds of a filter but those in `without`, SEEDS each; pairs of seeds of one kind go into d. Paintings show the
 * scenes in turn. */
static void add_source(struct group *g, struct mini *mini, const char *filter, const char *size, const char *without, int seeds,
                       struct diversity *d)
{
    const char *kinds = source_choices(mini, filter, "kind"), *scenes = source_choices(mini, filter, "scene");
    char word[64], scene[64], params[300];
    for (int k = 0; mini_filter(mini, filter) && (k == 0 || kinds); k++) {
        const int before = g->count;
        if (kinds && !source_word(kinds, k, word, sizeof word))
            break;
        if (kinds && strstr(without, word))
            continue;
        for (int seed = 1; seed <= (kinds ? seeds : 8 * seeds); seed++) {
            const int n = snprintf(params, sizeof params, "%s seed=%d%s%s", size, seed, kinds ? " kind=" : "", kinds ? word : "");
            if (scenes && (source_word(scenes, (k + 3 * seed) % 9, scene, sizeof scene) || source_word(scenes, 0, scene, sizeof scene)))
                snprintf(params + n, sizeof params - (size_t)n, " scene=%s", scene);
            imp_image *m = source_make(mini, filter, params, NULL);
            if (m)
                add_picture(g, m), mini_release(&m->head);
        }
        add_diversity(d, g->all + before, g->count - before);
        if (kinds && g->kind_count < KINDS) {
            memcpy(g->kind[g->kind_count], word, sizeof word);
            g->first[g->kind_count++] = before, g->first[g->kind_count] = g->count;
        }
    }
}

/* ---- the report ---- */

struct range {
    double least, low, middle, high, most; /* 0, 10, 50, 90, 100 % */
};

static int by_size(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double stat_of(const struct picture_stats *s, int which)
{
    return which == 0 ? s->slope : which == 1 ? s->kurtosis : s->spread;
}

static struct range range_of(const struct group *g, int which)
{
    double v[MOST];
    for (int i = 0; i < g->count; i++)
        v[i] = stat_of(&g->all[i], which);
    qsort(v, (size_t)g->count, sizeof *v, by_size);
    const int n = g->count - 1;
    return (struct range){v[0], v[n / 10], v[n / 2], v[n - n / 10], v[n]};
}

/* Part of g's pictures within the range of the real ones, percent. */
static double within(const struct group *g, const struct group *real, int which)
{
    const struct range r = range_of(real, which);
    int in = 0;
    for (int i = 0; i < g->count; i++)
        in += stat_of(&g->all[i], which) >= r.least && stat_of(&g->all[i], which) <= r.most;
    return 100.0 * in / g->count;
}

static void print_group(const struct group *g, const struct group *real)
{
    static const char *const names[] = {"slope", "kurtosis", "colours"};
    for (int k = 0; k < 3 && g->count; k++) {
        const struct range r = range_of(g, k);
        printf("%-18s %4d  %-9s %8.2f %8.2f %8.2f %8.2f %8.2f", k ? "" : g->name, g->count, names[k], r.least, r.low, r.middle,
               r.high, r.most);
        if (real && real->count)
            printf("   %3.0f %% of %s", within(g, real, k), real->name);
        printf("\n");
    }
}

/* Each kind's least and most, and how many are outside of the real ones' range. */
static void print_kinds(const struct group *g, const struct group *real)
{
    static const char *const names[] = {"slope", "kurtosis", "colours"};
    if (!g->kind_count || !real->count)
        return;
    printf("\n%-18s  slope                kurtosis             colours\n", g->name);
    for (int k = 0; k < g->kind_count; k++) {
        printf("%-18s", g->kind[k]);
        for (int which = 0; which < 3; which++) {
            const struct group part = {.name = names[which], .all = g->all + g->first[k], .count = g->first[k + 1] - g->first[k]};
            const struct range r = range_of(&part, which);
            const int out = part.count - (int)(within(&part, real, which) * part.count / 100 + 0.5);
            printf("  %6.2f..%6.2f%s", r.least, r.most, out == 0 ? "     " : out == part.count ? " all " : " some");
        }
        printf("\n");
    }
}

static void mean_power(struct group *g)
{
    for (int b = 0; b < STATS_BINS; b++) {
        double sum = 0, n = 0;
        for (int i = 0; i < g->count; i++) {
            double whole = 0;
            for (int k = 0; k < STATS_BINS; k++)
                whole += g->all[i].power[k] > 0 ? g->all[i].power[k] : 0;
            if (g->all[i].power[b] > 0 && whole > 0)
                sum += log(g->all[i].power[b] / whole), n++;
        }
        g->power[b] = n > 0 ? exp(sum / n) : NAN;
    }
}

static bool plot(struct group *groups, uint32_t count, const char *path)
{
    double x[STATS_BINS];
    kit_series series[8];
    uint32_t n = 0;
    size_t size;
    for (int i = 0; i < STATS_BINS; i++)
        x[i] = log2(stats_frequency(i));
    for (uint32_t i = 0; i < count; i++) {
        mean_power(&groups[i]);
        if (groups[i].count)
            series[n++] = (kit_series){groups[i].name, x, groups[i].power, STATS_BINS};
    }
    char *svg = kit_plot_lines("Power spectra, means of each group", "log2 of cycles per picture", "power, parts of the whole", series,
                               n, KIT_PLOT_LOG, &size);
    FILE *f = svg ? fopen(path, "w") : NULL;
    const bool fine = f && fwrite(svg, 1, size, f) == size;
    free(svg);
    return f && fclose(f) == 0 && fine;
}

enum { PHOTOS, SCENES, PAINTINGS, PAINTED, TEXTURES, TEXTURED, FACES_REAL, FACES_MADE, GROUPS };

int main(int argc, char **argv)
{
    struct group g[GROUPS] = {{.name = "photographs"}, {.name = "source.scene"}, {.name = "paintings"}, {.name = "source.painting"},
                              {.name = "textures"}, {.name = "source.texture"}, {.name = "faces"}, {.name = "source.face"}};
    struct diversity d[GROUPS] = {{0}};
    struct reader reader;
    char why[512];
    const int seeds = argc > 3 ? atoi(argv[2]) : 0;
    if (seeds < 1 || seeds > 8)
        return 2;
    struct mini *mini = mini_open(argv[1], why, sizeof why);
    if (!mini || !open_reader(&reader))
        return fprintf(stderr, "measure_sources: %s\n", mini ? "no memory" : why), 1;
    if (argc > 4 && *argv[4]) {
        add_folder(&g[PHOTOS], &reader, argv[4], "images/kodak", NULL, NAMED);
        add_folder(&g[PHOTOS], &reader, argv[4], "images/content_photos", NULL, NAMED);
        add_folder(&g[PHOTOS], &reader, argv[4], "images/skimage", "astronaut chelsea coffee rocket", NAMED);
        add_folder(&g[PAINTINGS], &reader, argv[4], "images/style_paintings", NULL, NAMED);
        add_folder(&g[TEXTURES], &reader, argv[4], "images/skimage", "brick grass gravel", NAMED);
        add_folder(&g[FACES_REAL], &reader, argv[4], "faces/omi/dev/photo", NULL, FACES);
        for (int i = 0; i < GROUPS; i += 2)
            add_diversity(&d[i], g[i].all, g[i].count);
    }
    add_source(&g[SCENES], mini, "source.scene", "width=384 height=288", "", seeds, &d[SCENES]);
    /* as large as the files of the real ones: strokes drawn at 288 px are softer than those made smaller */
    add_source(&g[PAINTED], mini, "source.painting", "width=1024 height=768", "ink pen woodcut cutout", seeds, &d[PAINTED]);
    add_source(&g[TEXTURED], mini, "source.texture", "width=512 height=512", "", seeds, &d[TEXTURED]);
    add_source(&g[FACES_MADE], mini, "source.face", "width=256 height=256", "", seeds, &d[FACES_MADE]);
    printf("%-18s %4s  %-9s %8s %8s %8s %8s %8s   %s\n", "pictures", "n", "measure", "least", "10 %", "median", "90 %", "most", "within the range");
    for (int i = 0; i < GROUPS; i++)
        print_group(&g[i], i % 2 ? &g[i - 1] : NULL);
    printf("\nKinds; some, all: outside of the range of the real ones\n");
    print_kinds(&g[SCENES], &g[PHOTOS]);
    print_kinds(&g[PAINTED], &g[PAINTINGS]);
    printf("\nDifference of pairs (root mean square of %d x %d thumbs; of one kind, where there are kinds)\n", STATS_THUMB, STATS_THUMB);
    for (int i = 0; i < GROUPS; i++)
        if (d[i].pairs)
            printf("%-18s %5d pairs   mean %.3f   least %.3f\n", g[i].name, d[i].pairs, d[i].mean / d[i].pairs, d[i].least);
    const bool written = plot(g, GROUPS, argv[3]);
    for (int i = 0; i < GROUPS; i++)
        free(g[i].all);
    mini_close(mini);
    printf("\nThe spectra are in %s\n", argv[3]);
    return written ? 0 : 1;
}
