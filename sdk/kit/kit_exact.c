/* kit_exact.c - exp, log, pow, sin, cos, atan2, asin in double from additions, products and
 * divisions alone. A C library chooses among variants of these by processor, and their last bits
 * differ. */
#include <impasto/kit.h>
#include <math.h>
#include <stdbool.h>
#include <string.h>

/* An unevaluated sum; low is at most half a unit in the last place of high. */
struct pair {
    double high, low;
};

/* ln 2 and pi / 2 in parts; the first ones leave room for an exact product with a small whole
 * number. */
static const double ln2_high = 0x1.62e42fefa38p-1, ln2_low = 0x1.ef35793c7673p-45;
static const double quarter_1 = 0x1.921fb544p+0, quarter_2 = 0x1.0b4611a6p-34,
                    quarter_3 = 0x1.3198a2e037073p-69;
static const double pi = 0x1.921fb54442d18p+1, whole_turn = 0x1.921fb54442d18p+2;

static uint64_t bits_of(double x)
{
    uint64_t u;
    memcpy(&u, &x, sizeof u);
    return u;
}

static double double_of(uint64_t u)
{
    double x;
    memcpy(&x, &u, sizeof x);
    return x;
}

/* a + b, |a| >= |b| or a = 0 (Dekker 1971). */
static struct pair sum(double a, double b)
{
    const double s = a + b;
    return (struct pair){s, b - (s - a)};
}

/* a b: halves of 26 bits have exact products (Veltkamp 1968). */
static struct pair product(double a, double b)
{
    const double wide_a = 134217729.0 * a, wide_b = 134217729.0 * b;
    const double a1 = wide_a - (wide_a - a), a2 = a - a1, b1 = wide_b - (wide_b - b), b2 = b - b1;
    const double p = a * b;
    return (struct pair){p, ((a1 * b1 - p) + a1 * b2 + a2 * b1) + a2 * b2};
}

/* The nearest whole number, |x| < 2^51. */
static double nearest(double x)
{
    return x + 0x1.8p52 - 0x1.8p52;
}

/* c[0] + q (c[1] + q (c[2] + ...)) */
static double series(const double *c, int n, double q)
{
    double y = c[n - 1];
    for (int i = n - 1; i-- > 0;)
        y = y * q + c[i];
    return y;
}
#define SERIES(c, q) series(c, (int)(sizeof(c) / sizeof *(c)), q)

/* ---- logarithm ---- */

/* x = 2^e m, m in [sqrt(1/2), sqrt(2)): e ln 2 + 2 (s + s^3 / 3 + s^5 / 5 + ...), s = (m - 1) / (m
 * + 1); x is positive and finite. */
static struct pair log_pair(double x)
{
    static const double odd[] = {1.0 / 3,  1.0 / 5,  1.0 / 7,  1.0 / 9,  1.0 / 11,
                                 1.0 / 13, 1.0 / 15, 1.0 / 17, 1.0 / 19, 1.0 / 21,
                                 1.0 / 23, 1.0 / 25, 1.0 / 27};
    const uint64_t root = bits_of(0x1.6a09e667f3bcdp-1);
    const double lift = x < 0x1p-1022 ? 0x1p54 : 1;
    const uint64_t bits = bits_of(x * lift) - root;
    const double m = double_of((bits & 0xfffffffffffffu) + root);
    const double e = (double)((int64_t)bits >> 52) - (lift > 1 ? 54 : 0);
    const struct pair d = sum(m > 1 ? m : 1, m > 1 ? 1 : m);
    const double s = (m - 1) / d.high;
    const struct pair back = product(s, d.high);
    const double s_low = (((m - 1 - back.high) - back.low) - s * d.low) / d.high, q = s * s;
    const struct pair main = sum(e * ln2_high, 2 * s);
    return sum(main.high, main.low + (2 * (s_low + s * q * SERIES(odd, q)) + e * ln2_low));
}

static bool has_log(double x)
{
    return x > 0 && x < INFINITY;
}

double kit_log(double x)
{
    if (has_log(x))
        return log_pair(x).high;
    return x == 0 ? -INFINITY : x > 0 ? x : x != x ? x : (double)NAN;
}

double kit_log10(double x)
{
    const double high = 0x1.bcb7b1526e50ep-2, low = 0x1.95355baaafad3p-57; /* 1 / ln 10 */
    if (!has_log(x))
        return kit_log(x);
    const struct pair l = log_pair(x), p = product(l.high, high);
    return p.high + (p.low + (l.high * low + l.low * high));
}

/* ---- power ---- */

/* 2^k x in two steps, since 2^k alone may be no double. */
static double scale(double x, int k)
{
    const int half = k / 2;
    return x * double_of((uint64_t)(half + 1023) << 52) *
           double_of((uint64_t)(k - half + 1023) << 52);
}

/* e^(x.high + x.low): 2^k e^r, |r| <= ln 2 / 2. */
static double exp_pair(struct pair x)
{
    static const double inverse[] = {1.0 / 2,        1.0 / 6,         1.0 / 24,
                                     1.0 / 120,      1.0 / 720,       1.0 / 5040,
                                     1.0 / 40320,    1.0 / 362880,    1.0 / 3628800,
                                     1.0 / 39916800, 1.0 / 479001600, 1.0 / 6227020800};
    if (!(x.high < 710))
        return x.high != x.high ? x.high : INFINITY;
    if (x.high < -746)
        return 0;
    const double k = nearest(x.high * 1.4426950408889634);
    const double rest = x.high - k * ln2_high, more = x.low - k * ln2_low;
    const double r = rest + more, lost = (rest - r) + more;
    return scale(1 + (r + (lost + r * r * SERIES(inverse, r))), (int)k);
}

double kit_exp(double x)
{
    return exp_pair((struct pair){x, 0});
}

/* x^n by squaring. */
static double whole_power(double x, unsigned n)
{
    double y = 1;
    for (; n; n >>= 1, x *= x)
        y = n & 1 ? y * x : y;
    return y;
}

/* a^y, a > 0 */
static double power(double a, double y)
{
    if (a == 1)
        return 1;
    if (!has_log(a) || fabs(y) == INFINITY)
        return (a > 1) == (y > 0) ? INFINITY : 0;
    if (fabs(y) <= 32 && y == floor(y)) { /* powers of ten and the like to the last digit */
        const double whole = whole_power(a, (unsigned)fabs(y));
        if (whole > 0x1p-1000 && whole < 0x1p1000)
            return y < 0 ? 1 / whole : whole;
    }
    const struct pair l = log_pair(a);
    if (fabs(l.high * y) > 800)
        return l.high * y > 0 ? INFINITY : 0;
    const struct pair p = product(l.high, y);
    return exp_pair(sum(p.high, p.low + l.low * y));
}

double kit_pow(double x, double y)
{
    if (y == 0 || x == 1)
        return 1;
    if (x != x || y != y)
        return x + y;
    const bool whole = fabs(y) >= 0x1p53 || y == floor(y);
    const bool odd = whole && fabs(y) < 0x1p53 && ((int64_t)y & 1);
    if (x < 0 && !whole && x > -INFINITY && fabs(y) < INFINITY)
        return (double)NAN;
    const double v = power(fabs(x), y);
    return odd && signbit(x) ? -v : v;
}

/* ---- angles ---- */

/* x less a whole number of quarter turns, and that number modulo 4. */
static struct pair reduce(double x, int *quarters)
{
    if (fabs(x) > 1e6)
        x = fmod(x, whole_turn);
    const double k = nearest(x * (2 / pi));
    const double first = x - k * quarter_1, second = k * quarter_2;
    const double r = first - second, low = ((first - r) - second) - k * quarter_3;
    *quarters = (int)k & 3;
    return sum(r, low);
}

/* |r| <= pi / 4 */
static double sine(struct pair r)
{
    static const double c[] = {
        -1.0 / 6,        1.0 / 120,        -1.0 / 5040,          1.0 / 362880,
        -1.0 / 39916800, 1.0 / 6227020800, -1.0 / 1307674368000, 1.0 / 355687428096000};
    const double q = r.high * r.high;
    return r.high + (r.low * (1 - q / 2) + r.high * q * SERIES(c, q));
}

static double cosine(struct pair r)
{
    static const double c[] = {
        1.0 / 24,        -1.0 / 720,         1.0 / 40320,         -1.0 / 3628800,
        1.0 / 479001600, -1.0 / 87178291200, 1.0 / 20922789888000};
    const double q = r.high * r.high, half = q / 2, near = 1 - half;
    return near + (((1 - near) - half) + (q * q * SERIES(c, q) - r.high * r.low));
}

static double turned(double x, int by)
{
    int quarters;
    if (!(fabs(x) < INFINITY))
        return (double)NAN;
    const struct pair r = reduce(x, &quarters);
    quarters = (quarters + by) & 3;
    const double v = quarters & 1 ? cosine(r) : sine(r);
    return quarters & 2 ? -v : v;
}

double kit_sin(double x)
{
    return x == 0 ? x : turned(x, 0);
}

double kit_cos(double x)
{
    return turned(x, 1);
}

/* t in 0..1; above tan(pi / 8) it is pi / 4 + atan((t - 1) / (t + 1)). */
static double arc(double t)
{
    static const double c[] = {-1.0 / 3,  1.0 / 5,   -1.0 / 7,  1.0 / 9,   -1.0 / 11,
                               1.0 / 13,  -1.0 / 15, 1.0 / 17,  -1.0 / 19, 1.0 / 21,
                               -1.0 / 23, 1.0 / 25,  -1.0 / 27, 1.0 / 29,  -1.0 / 31,
                               1.0 / 33,  -1.0 / 35, 1.0 / 37,  -1.0 / 39, 1.0 / 41};
    const bool far = t > 0.41421356237309503;
    const double u = far ? (t - 1) / (t + 1) : t, q = u * u;
    const double small = u + u * q * SERIES(c, q);
    return far ? pi / 4 + small : small;
}

double kit_atan2(double y, double x)
{
    const double a = fabs(x), b = fabs(y);
    if (x != x || y != y)
        return x + y;
    const double t = a == b ? (a > 0 ? 1 : 0) : a > b ? b / a : a / b;
    double angle = b > a ? pi / 2 - arc(t) : arc(t);
    angle = signbit(x) ? pi - angle : angle;
    return copysign(angle, y);
}

double kit_asin(double x)
{
    return fabs(x) <= 1 ? kit_atan2(x, sqrt((1 - x) * (1 + x))) : (double)NAN;
}
