/* kit_planes.c - whole batches of packed planes into a network's input and their gradients back,
 * for trainings that look through networks. */
#include <impasto/kit_prepare.h>

static uint32_t plane_of(const kit_side *s, uint32_t channel)
{
    return s->order == KIT_BGR ? s->channels - 1 - channel : channel;
}

/* input = slope v + offset for v from low to high. */
static void line_of(const kit_side *s, double low, double high, uint32_t c, float *slope,
                    float *offset)
{
    const double step = (s->white - s->black) / (high - low);
    *slope = (float)(step / s->std[c]);
    *offset = (float)((s->black - low * step - s->mean[c]) / s->std[c]);
}

void kit_planes_in(const kit_side *s, double low, double high, uint32_t n, size_t plane,
                   const float *pixels, float *input)
{
    for (uint32_t k = 0; k < n; k++)
        for (uint32_t c = 0; c < s->channels; c++) {
            const float *from = pixels + ((size_t)k * s->channels + plane_of(s, c)) * plane;
            float *to = input + ((size_t)k * s->channels + c) * plane, slope, offset;
            line_of(s, low, high, c, &slope, &offset);
            for (size_t i = 0; i < plane; i++)
                to[i] = offset + slope * from[i];
        }
}

void kit_planes_back(const kit_side *s, double low, double high, uint32_t n, size_t plane,
                     const float *input_gradient, float *pixel_gradient)
{
    for (uint32_t k = 0; k < n; k++)
        for (uint32_t c = 0; c < s->channels; c++) {
            const float *from = input_gradient + ((size_t)k * s->channels + c) * plane;
            float *to = pixel_gradient + ((size_t)k * s->channels + plane_of(s, c)) * plane, slope,
                  offset;
            line_of(s, low, high, c, &slope, &offset);
            for (size_t i = 0; i < plane; i++)
                to[i] += slope * from[i];
        }
}
