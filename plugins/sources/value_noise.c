/* value_noise.c - value noise with quintic fade (Perlin 2002's curve); octaves turned by an irrational
 * angle so that the lattice does not show. */
#include "sources.h"
#include <math.h>
#include <impasto/kit.h>

struct vec v_unit(struct vec a)
{
    const double n = sqrt(v_dot(a, a));
    return n > 0 ? v_scale(a, 1 / n) : vec(0, 1, 0);
}

struct vec v_cross(struct vec a, struct vec b)
{
    return vec(a.y * b.z - a.z * b.y, a.z * b.x - a.x * b.z, a.x * b.y - a.y * b.x);
}

double clamp01(double x)
{
    return x < 0 ? 0 : x > 1 ? 1 : x;
}

double smooth(double a, double b, double x)
{
    const double t = clamp01((x - a) / (b - a));
    return t * t * (3 - 2 * t);
}

/* Two multiply-xorshift rounds over the cell's coordinates. */
static uint64_t mix(uint64_t seed, int64_t x, int64_t y, int64_t z)
{
    uint64_t h = seed ^ ((uint64_t)x * 0x9e3779b97f4a7c15u) ^ ((uint64_t)y * 0xc2b2ae3d27d4eb4fu) ^
                 ((uint64_t)z * 0x165667b19e3779f9u);
    h = (h ^ (h >> 30)) * 0xbf58476d1ce4e5b9u;
    h = (h ^ (h >> 27)) * 0x94d049bb133111ebu;
    return h ^ (h >> 31);
}

static double lattice(uint64_t seed, int64_t x, int64_t y, int64_t z)
{
    return (double)(mix(seed, x, y, z) >> 11) * 0x1p-52 - 1;
}

double cell2(uint64_t seed, int64_t x, int64_t y, uint32_t which)
{
    return (double)(mix(seed, x, y, (int64_t)which + 7919) >> 11) * 0x1p-53;
}

static double fade(double t)
{
    return t * t * t * (t * (t * 6 - 15) + 10);
}

static double lerp(double a, double b, double t)
{
    return a + t * (b - a);
}

double noise2(uint64_t seed, double x, double y)
{
    const double fx = floor(x), fy = floor(y);
    const int64_t i = (int64_t)fx, j = (int64_t)fy;
    const double u = fade(x - fx), v = fade(y - fy);
    return lerp(lerp(lattice(seed, i, j, 0), lattice(seed, i + 1, j, 0), u),
                lerp(lattice(seed, i, j + 1, 0), lattice(seed, i + 1, j + 1, 0), u), v);
}

double noise3(uint64_t seed, struct vec p)
{
    const double fz = floor(p.z);
    const int64_t k = (int64_t)fz;
    const uint64_t low = seed + (uint64_t)k * 0xd6e8feb86659fd93u;
    const uint64_t high = seed + (uint64_t)(k + 1) * 0xd6e8feb86659fd93u;
    return lerp(noise2(low, p.x, p.y), noise2(high, p.x, p.y), fade(p.z - fz));
}

static void turn(double *x, double *y)
{
    const double a = *x * 1.6 - *y * 1.2,
                 b = *x * 1.2 + *y * 1.6; /* twice as fine, turned 36.9 degrees */
    *x = a + 17.3;
    *y = b - 9.1;
}

double fbm2(uint64_t seed, double x, double y, int octaves)
{
    double sum = 0, height = 0.5;
    for (int o = 0; o < octaves; o++, height *= 0.5) {
        sum += height * noise2(seed + (uint64_t)o, x, y);
        turn(&x, &y);
    }
    return sum;
}

double fbm3(uint64_t seed, struct vec p, int octaves)
{
    double sum = 0, height = 0.5;
    for (int o = 0; o < octaves; o++, height *= 0.5) {
        sum += height * noise3(seed + (uint64_t)o, p);
        turn(&p.x, &p.y);
        p.z = p.z * 2 + 3.7;
    }
    return sum;
}

double ridge2(uint64_t seed, double x, double y, int octaves)
{
    double sum = 0, height = 0.5, weight = 1;
    for (int o = 0; o < octaves; o++, height *= 0.5) {
        const double fold = 1 - fabs(noise2(seed + (uint64_t)o, x, y));
        const double crest = fold * fold * weight;
        sum += height * crest;
        weight = clamp01(crest * 1.6);
        turn(&x, &y);
    }
    return sum;
}
