/* picture_stats.c - power by a two-dimensional FFT under a Hann window; moments in double. */
#include "picture_stats.h"
#include <impasto/kit.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { N = STATS_SIDE };
static const double pi = 3.14159265358979324;

double stats_frequency(int i)
{
    return 2 * pow(64, (i + 0.5) / STATS_BINS);
}

/* Shorter side to `side`, the middle square of it. */
static imp_image *square_of(const imp_image *in, uint32_t side)
{
    const double scale = (double)side / (in->width < in->height ? in->width : in->height);
    const uint32_t w = (uint32_t)fmax(side, floor(in->width * scale + 0.5)),
                   h = (uint32_t)fmax(side, floor(in->height * scale + 0.5));
    imp_image *whole = kit_image_new(w, h, in->channels, in->colour),
              *square = kit_image_new(side, side, in->channels, in->colour);
    if (whole && square && kit_resize(in, whole, KIT_AREA, NULL) == IMP_OK)
        for (uint32_t c = 0; c < in->channels; c++)
            for (uint32_t y = 0; y < side; y++)
                memcpy(imp_row_out(square, c, y), imp_row(whole, c, y + (h - side) / 2) + (w - side) / 2,
                       side * sizeof(float));
    kit_image_free(whole);
    return square;
}

static float sample(const imp_image *m, uint32_t c, uint32_t x, uint32_t y)
{
    return imp_row(m, m->channels >= 3 ? c : 0, y)[x];
}

/* In place, N numbers `step` apart, radix 2. */
static void transform(double *re, double *im, size_t step)
{
    for (size_t i = 1, j = 0; i < N; i++) {
        size_t bit = N >> 1;
        for (; j & bit; bit >>= 1)
            j ^= bit;
        j ^= bit;
        if (i < j) {
            const double r = re[i * step], m = im[i * step];
            re[i * step] = re[j * step], im[i * step] = im[j * step];
            re[j * step] = r, im[j * step] = m;
        }
    }
    for (size_t len = 2; len <= N; len <<= 1)
        for (size_t i = 0; i < N; i += len)
            for (size_t k = 0; k < len / 2; k++) {
                const double a = -2 * pi * (double)k / (double)len, c = cos(a), s = sin(a);
                double *r0 = re + (i + k) * step, *m0 = im + (i + k) * step, *r1 = r0 + len / 2 * step,
                       *m1 = m0 + len / 2 * step;
                const double r = *r1 * c - *m1 * s, m = *r1 * s + *m1 * c;
                *r1 = *r0 - r, *m1 = *m0 - m, *r0 += r, *m0 += m;
            }
}

static void measure_power(const double *luma, double mean, double *re, double *im, struct picture_stats *s)
{
    double weight[STATS_BINS] = {0};
    for (size_t i = 0; i < N * N; i++) {
        const double wx = 0.5 - 0.5 * cos(2 * pi * (double)(i % N) / N), wy = 0.5 - 0.5 * cos(2 * pi * (double)(i / N) / N);
        re[i] = (luma[i] - mean) * wx * wy, im[i] = 0;
    }
    for (size_t i = 0; i < N; i++)
        transform(re + i * N, im + i * N, 1);
    for (size_t i = 0; i < N; i++)
        transform(re + i, im + i, N);
    memset(s->power, 0, sizeof s->power);
    for (int y = 0; y < N; y++)
        for (int x = 0; x < N; x++) {
            const double u = x < N / 2 ? x : x - N, v = y < N / 2 ? y : y - N, f = sqrt(u * u + v * v);
            const int bin = f >= 2 ? (int)(log(f / 2) / log(64) * STATS_BINS) : -1;
            const size_t i = (size_t)y * N + (size_t)x;
            if (bin >= 0 && bin < STATS_BINS)
                s->power[bin] += re[i] * re[i] + im[i] * im[i], weight[bin]++;
        }
    for (int i = 0; i < STATS_BINS; i++)
        s->power[i] = weight[i] > 0 ? s->power[i] / weight[i] : NAN;
}

/* Least squares over the bins within 4..100 cycles. */
static double slope_of(const double *power)
{
    double n = 0, x = 0, y = 0, xx = 0, xy = 0;
    for (int i = 0; i < STATS_BINS; i++) {
        const double f = stats_frequency(i);
        if (f < 4 || f > 100 || !(power[i] > 0))
            continue;
        const double a = log(f), b = log(power[i]);
        n++, x += a, y += b, xx += a * a, xy += a * b;
    }
    return n > 2 ? (n * xy - x * y) / (n * xx - x * x) : NAN;
}

static double kurtosis_of(const double *luma)
{
    double n = 0, two = 0, four = 0;
    for (size_t y = 0; y + 1 < N; y++)
        for (size_t x = 0; x + 1 < N; x++) {
            const double a = luma[y * N + x + 1] - luma[y * N + x], b = luma[(y + 1) * N + x] - luma[y * N + x];
            n += 2, two += a * a + b * b, four += a * a * a * a + b * b * b * b;
        }
    return two > 0 ? four / n / (two / n * two / n) : NAN;
}

static double spread_of(const imp_image *m)
{
    double a = 0, b = 0, aa = 0, bb = 0;
    const double n = (double)N * N;
    for (uint32_t y = 0; y < N; y++)
        for (uint32_t x = 0; x < N; x++) {
            const double r = 255 * (double)sample(m, 0, x, y), g = 255 * (double)sample(m, 1, x, y),
                         u = r - g, v = (r + g) / 2 - 255 * (double)sample(m, 2, x, y);
            a += u, b += v, aa += u * u, bb += v * v;
        }
    a /= n, b /= n;
    return sqrt(fmax(aa / n - a * a + bb / n - b * b, 0)) + 0.3 * sqrt(a * a + b * b);
}

bool stats_of(const imp_image *in, struct picture_stats *s)
{
    imp_image *m = square_of(in, N), *thumb = m ? square_of(m, STATS_THUMB) : NULL;
    double *all = malloc(3 * N * N * sizeof *all), mean = 0;
    const bool fine = m && thumb && all;
    for (uint32_t i = 0; fine && i < N * N; i++) {
        all[i] = 0.2126 * (double)sample(m, 0, i % N, i / N) + 0.7152 * (double)sample(m, 1, i % N, i / N) +
                 0.0722 * (double)sample(m, 2, i % N, i / N);
        mean += all[i] / (N * N);
    }
    if (fine) {
        measure_power(all, mean, all + N * N, all + 2 * N * N, s);
        s->slope = slope_of(s->power), s->kurtosis = kurtosis_of(all), s->spread = spread_of(m);
        for (uint32_t c = 0; c < 3; c++)
            for (uint32_t i = 0; i < STATS_THUMB * STATS_THUMB; i++)
                s->thumb[c * STATS_THUMB * STATS_THUMB + i] = sample(thumb, c, i % STATS_THUMB, i / STATS_THUMB);
    }
    free(all);
    kit_image_free(m), kit_image_free(thumb);
    return fine;
}

double stats_distance(const struct picture_stats *a, const struct picture_stats *b)
{
    const size_t n = sizeof a->thumb / sizeof *a->thumb;
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += (double)(a->thumb[i] - b->thumb[i]) * (double)(a->thumb[i] - b->thumb[i]);
    return sqrt(sum / (double)n);
}
