/* inv_lesson.c - losses of a learned inverter. */
#include "inv_mirror.h"

double inv_pixel_loss(const float *x, const float *t, size_t count, float *gradient)
{
    double sum = 0;
    const float factor = (float)(2.0 / (double)count);
    for (size_t i = 0; i < count; i++) {
        const double d = (double)x[i] - t[i];
        sum += d * d;
        gradient[i] = factor * (x[i] - t[i]);
    }
    return sum / (double)count;
}

double inv_feature_loss(const float *f, const float *t, uint32_t n, size_t size, double lambda,
                        float *gradient)
{
    double sum = 0;
    for (uint32_t k = 0; k < n; k++, f += size, t += size, gradient += size) {
        double off = 0, norm = 0;
        for (size_t i = 0; i < size; i++) {
            const double d = (double)f[i] - t[i];
            off += d * d;
            norm += (double)t[i] * t[i];
        }
        const float factor = norm > 0 ? (float)(2 * lambda / norm / n) : 0;
        for (size_t i = 0; i < size; i++)
            gradient[i] = factor * (f[i] - t[i]);
        sum += norm > 0 ? off / norm : 0;
    }
    return lambda * sum / n;
}
