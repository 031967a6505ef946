/* metrics.c - figures on plain arrays. */
#include "metrics.h"
#include <impasto/kit.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { WINDOW = 11, BINS = 20 };

double av_psnr(const float *x, const float *t, size_t count)
{
    double sum = 0;
    for (size_t i = 0; i < count; i++)
        sum += ((double)x[i] - t[i]) * ((double)x[i] - t[i]);
    return sum > 0 ? 10 * kit_log10(4 * (double)count / sum) : 100;
}

double av_ssim(const float *x, const float *t, uint32_t side)
{
    const double c1 = 0.02 * 0.02, c2 = 0.06 * 0.06;
    double g[WINDOW], whole = 0, sum = 0;
    for (int k = 0; k < WINDOW; k++)
        whole += g[k] = kit_exp(-(k - 5.0) * (k - 5.0) / (2 * 1.5 * 1.5));
    uint64_t places = 0;
    for (uint32_t y = 0; y + WINDOW <= side; y++)
        for (uint32_t i = 0; i + WINDOW <= side; i++, places++) {
            double mx = 0, mt = 0, xx = 0, tt = 0, xt = 0;
            for (uint32_t v = 0; v < WINDOW; v++)
                for (uint32_t u = 0; u < WINDOW; u++) {
                    const double w = g[u] * g[v] / (whole * whole), a = x[(y + v) * side + i + u],
                                 b = t[(y + v) * side + i + u];
                    mx += w * a, mt += w * b, xx += w * a * a, tt += w * b * b, xt += w * a * b;
                }
            sum += (2 * mx * mt + c1) * (2 * (xt - mx * mt) + c2) /
                   ((mx * mx + mt * mt + c1) * (xx - mx * mx + tt - mt * mt + c2));
        }
    return places ? sum / (double)places : NAN;
}

/* Where there is ink within reach. */
static void grown(const float *a, uint32_t side, uint32_t reach, uint8_t *out)
{
    const int64_t n = side, r = reach;
    memset(out, 0, (size_t)side * side);
    for (int64_t y = 0; y < n; y++)
        for (int64_t x = 0; x < n; x++)
            for (int64_t v = -r; v <= r && a[y * n + x] > 0.5f; v++)
                for (int64_t u = -r; u <= r; u++)
                    if (u * u + v * v <= r * r && x + u >= 0 && y + v >= 0 && x + u < n &&
                        y + v < n)
                        out[(y + v) * n + x + u] = 1;
}

double av_f1(const float *a, const float *b, uint32_t side, uint32_t reach, uint8_t *work)
{
    const size_t plane = (size_t)side * side;
    uint64_t inks[2] = {0}, found[2] = {0};
    grown(a, side, reach, work), grown(b, side, reach, work + plane);
    for (size_t i = 0; i < plane; i++) {
        inks[0] += a[i] > 0.5f, inks[1] += b[i] > 0.5f;
        found[0] += a[i] > 0.5f && work[plane + i], found[1] += b[i] > 0.5f && work[i];
    }
    if (!inks[0] || !inks[1])
        return inks[0] == inks[1];
    const double p = (double)found[0] / (double)inks[0], r = (double)found[1] / (double)inks[1];
    return p + r > 0 ? 2 * p * r / (p + r) : 0;
}

/* ---- disentanglement ---- */

struct table { /* counts of bins of one code against classes of one factor */
    double joint[BINS][256], bins[BINS], classes[256];
    uint32_t n, class_count;
};

static void count_pair(const float *codes, uint32_t n, uint32_t width, uint32_t code,
                       const uint32_t *factors, uint32_t count, uint32_t factor, uint32_t classes,
                       struct table *t)
{
    float low = INFINITY, high = -INFINITY;
    *t = (struct table){.n = n, .class_count = classes};
    for (uint32_t i = 0; i < n; i++) {
        const float v = codes[(size_t)i * width + code];
        low = v < low ? v : low, high = v > high ? v : high;
    }
    for (uint32_t i = 0; i < n; i++) {
        const double at =
            high > low ? (codes[(size_t)i * width + code] - low) / ((double)high - low) : 0;
        const uint32_t b = at < 1 ? (uint32_t)(at * BINS) : BINS - 1,
                       c = factors[(size_t)i * count + factor];
        t->joint[b][c]++, t->bins[b]++, t->classes[c]++;
    }
}

static double entropy(const double *counts, uint32_t n, double all)
{
    double h = 0;
    for (uint32_t i = 0; i < n; i++)
        if (counts[i] > 0)
            h -= counts[i] / all * kit_log(counts[i] / all);
    return h;
}

static double information(const struct table *t)
{
    double sum = 0;
    for (uint32_t b = 0; b < BINS; b++)
        for (uint32_t c = 0; c < t->class_count; c++)
            if (t->joint[b][c] > 0)
                sum += t->joint[b][c] / t->n *
                       kit_log(t->joint[b][c] * t->n / (t->bins[b] * t->classes[c]));
    return sum > 0 ? sum : 0;
}

/* Share of samples whose code lies nearest to the mean code of their class. */
static double nearest_mean(const float *codes, uint32_t n, uint32_t width, uint32_t code,
                           const uint32_t *factors, uint32_t count, uint32_t factor,
                           uint32_t classes)
{
    double mean[256] = {0}, seen[256] = {0};
    uint64_t right = 0;
    for (uint32_t i = 0; i < n; i++) {
        const uint32_t c = factors[(size_t)i * count + factor];
        mean[c] += codes[(size_t)i * width + code], seen[c]++;
    }
    for (uint32_t i = 0; i < n; i++) {
        const double v = codes[(size_t)i * width + code];
        uint32_t best = 0;
        double off = INFINITY;
        for (uint32_t c = 0; c < classes; c++)
            if (seen[c] > 0 && fabs(mean[c] / seen[c] - v) < off)
                off = fabs(mean[c] / seen[c] - v), best = c;
        right += best == factors[(size_t)i * count + factor];
    }
    return (double)right / n;
}

static void two_best(double v, double best[2])
{
    if (v > best[0])
        best[1] = best[0], best[0] = v;
    else if (v > best[1])
        best[1] = v;
}

int av_disentangle(const float *codes, uint32_t n, uint32_t width, const uint32_t *factors,
                   uint32_t count, const uint32_t *classes, av_disentangled *out)
{
    struct table *t = malloc(sizeof *t);
    double *importance = calloc((size_t)width * count, sizeof *importance), all = 0;
    *out = (av_disentangled){0, 0, 0};
    for (uint32_t k = 0; t && importance && k < count; k++) {
        double info[2] = {0}, right[2] = {0}, h = 0;
        for (uint32_t j = 0; j < width; j++) {
            count_pair(codes, n, width, j, factors, count, k, classes[k], t);
            h = entropy(t->classes, classes[k], n);
            importance[(size_t)j * count + k] = information(t);
            two_best(importance[(size_t)j * count + k], info);
            two_best(nearest_mean(codes, n, width, j, factors, count, k, classes[k]), right);
        }
        out->mig += h > 0 ? (info[0] - info[1]) / h / count : 0;
        out->sap += (right[0] - right[1]) / count;
    }
    for (uint32_t j = 0; t && importance && j < width; j++) {
        const double *row = importance + (size_t)j * count;
        double sum = 0;
        for (uint32_t k = 0; k < count; k++)
            sum += row[k];
        all += sum;
        out->dci +=
            sum > 0 && count > 1 ? sum * (1 - entropy(row, count, sum) / kit_log(count)) : sum;
    }
    out->dci = all > 0 ? out->dci / all : 0;
    const int fine = t && importance;
    free(t), free(importance);
    return fine;
}
