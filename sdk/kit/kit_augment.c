/* kit_augment.c - samples changed a little, differently in each epoch: mirrored, cropped, shifted.
 */
#include <impasto/kit_train.h>
#include <math.h>
#include <string.h>

enum { FLIP, CROP_X, CROP_Y, SHIFT_X, SHIFT_Y }; /* numbers drawn for a sample */

/* What is drawn: the stream is the epoch's, eight numbers are the sample's. */
struct draw {
    const kit_augment *as;
    uint64_t epoch, sample;
};

static double uniform(const struct draw *d, uint64_t what)
{
    return kit_uniform(d->as->seed, 0x61756700u + d->epoch, 8 * d->sample + what);
}

static void mirror(uint32_t rows, uint32_t w, float *v)
{
    for (uint32_t y = 0; y < rows; y++, v += w)
        for (uint32_t x = 0; x < w / 2; x++) {
            const float left = v[x];
            v[x] = v[w - 1 - x];
            v[w - 1 - x] = left;
        }
}

/* out(y, x) = in(y + dy, x + dx), `fill` outside. */
static void move(const float *in, uint32_t h, uint32_t w, int64_t dy, int64_t dx, float fill,
                 float *out)
{
    for (int64_t y = 0; y < h; y++)
        for (int64_t x = 0; x < w; x++) {
            const bool inside = y + dy >= 0 && y + dy < h && x + dx >= 0 && x + dx < w;
            out[y * w + x] = inside ? in[(y + dy) * w + x + dx] : fill;
        }
}

static int64_t clamp(int64_t i, int64_t n)
{
    return i < 0 ? 0 : i < n ? i : n - 1;
}

/* out(y, x) = in(y + dy, x + dx), linear between samples, the border repeated. */
static void slide(const float *in, uint32_t h, uint32_t w, double dy, double dx, float *out)
{
    const int64_t iy = (int64_t)floor(dy), ix = (int64_t)floor(dx);
    const float v = (float)(dy - floor(dy)), u = (float)(dx - floor(dx));
    for (int64_t y = 0; y < h; y++) {
        const float *top = in + clamp(y + iy, h) * w, *low = in + clamp(y + iy + 1, h) * w;
        for (int64_t x = 0; x < w; x++) {
            const int64_t a = clamp(x + ix, w), b = clamp(x + ix + 1, w);
            const float p = top[a] + u * (top[b] - top[a]), q = low[a] + u * (low[b] - low[a]);
            out[y * w + x] = p + v * (q - p);
        }
    }
}

void kit_augment_sample(const kit_augment *a, uint32_t c, uint32_t h, uint32_t w, uint64_t epoch,
                        uint64_t sample, float *pixels, float *work)
{
    const struct draw d = {a, epoch, sample};
    const size_t plane = (size_t)h * w;
    if (a->flip && uniform(&d, FLIP) < 0.5)
        mirror(c * h, w, pixels);
    if (a->crop) {
        const int64_t dx = (int64_t)(uniform(&d, CROP_X) * (2.0 * a->crop + 1)) - a->crop;
        const int64_t dy = (int64_t)(uniform(&d, CROP_Y) * (2.0 * a->crop + 1)) - a->crop;
        memcpy(work, pixels, c * plane * sizeof *work);
        for (uint32_t i = 0; i < c; i++)
            move(work + i * plane, h, w, dy, dx, a->fill, pixels + i * plane);
    }
    if (a->shift > 0) {
        const double dx = a->shift * (2 * uniform(&d, SHIFT_X) - 1);
        const double dy = a->shift * (2 * uniform(&d, SHIFT_Y) - 1);
        memcpy(work, pixels, c * plane * sizeof *work);
        for (uint32_t i = 0; i < c; i++)
            slide(work + i * plane, h, w, dy, dx, pixels + i * plane);
    }
}
