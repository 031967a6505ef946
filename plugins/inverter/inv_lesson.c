/* inv_lesson.c - losses of a learned inverter, and pictures into the encoder's input and back. */
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

/* The picture's plane that feeds the network's channel. */
static uint32_t plane_of(const kit_side *s, uint32_t channel)
{
    return s->order == KIT_BGR ? s->channels - 1 - channel : channel;
}

void inv_to_input(const kit_side *s, uint32_t n, size_t plane, const float *pixels, float *input)
{
    for (uint32_t k = 0; k < n; k++)
        for (uint32_t c = 0; c < s->channels; c++) {
            const float *from = pixels + ((size_t)k * s->channels + plane_of(s, c)) * plane;
            float *to = input + ((size_t)k * s->channels + c) * plane;
            const float slope = (float)((s->white - s->black) / s->std[c]),
                        offset = (float)((s->black - s->mean[c]) / s->std[c]);
            for (size_t i = 0; i < plane; i++)
                to[i] = offset + slope * from[i];
        }
}

void inv_from_input(const kit_side *s, uint32_t n, size_t plane, const float *input_gradient,
                    float *pixel_gradient)
{
    for (uint32_t k = 0; k < n; k++)
        for (uint32_t c = 0; c < s->channels; c++) {
            const float *from = input_gradient + ((size_t)k * s->channels + c) * plane;
            float *to = pixel_gradient + ((size_t)k * s->channels + plane_of(s, c)) * plane;
            const float slope = (float)((s->white - s->black) / s->std[c]);
            for (size_t i = 0; i < plane; i++)
                to[i] += slope * from[i];
        }
}
