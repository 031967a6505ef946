/* kit_number.c - decimal numbers, locale-free. */
#include <impasto/kit.h>
#include <math.h>
#include <stdbool.h>

enum { MOST_DIGITS = 17, MOST_EXPONENT = 9999 };

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Digits and a point: the first MOST_DIGITS significant ones as an integer, the rest only counted. */
struct digits {
    double value;
    int count, exponent;
    bool any;
};

static const char *read_digits(const char *s, struct digits *d)
{
    bool point = false;
    for (; is_digit(*s) || (*s == '.' && !point); s++) {
        if (*s == '.') {
            point = true;
            continue;
        }
        d->any = true;
        if (d->count < MOST_DIGITS) {
            d->value = d->value * 10 + (*s - '0');
            d->count += d->value > 0;
            d->exponent -= point;
        } else if (!point)
            d->exponent++;
    }
    return s;
}

/* "e-3": the exponent, and *s behind it; anything else is none. */
static int read_exponent(const char **s)
{
    const char *p = *s;
    int e = 0;
    if (*p != 'e' && *p != 'E')
        return 0;
    const bool negative = p[1] == '-';
    p += p[1] == '-' || p[1] == '+' ? 2 : 1;
    if (!is_digit(*p))
        return 0;
    for (; is_digit(*p); p++)
        e = e < MOST_EXPONENT ? e * 10 + (*p - '0') : e;
    *s = p;
    return negative ? -e : e;
}

static double power_of_ten(int e)
{
    double p = 1, base = 10;
    for (; e; e >>= 1, base *= base)
        if (e & 1)
            p *= base;
    return p;
}

/* Division by a power that is exact rounds once; multiplying by its inverse would round twice. */
static double scaled(double v, int e)
{
    if (v == 0 || e == 0)
        return v;
    if (e > 0)
        return e > 400 ? INFINITY : v * power_of_ten(e);
    if (e < -300) /* in two steps: the power itself must stay finite */
        return e < -700 ? 0 : v / power_of_ten(300) / power_of_ten(-e - 300 < 300 ? -e - 300 : 300);
    return v / power_of_ten(-e);
}

double kit_number(const char *text, const char **end)
{
    struct digits d = {0};
    const bool negative = *text == '-';
    const char *s = read_digits(text + (*text == '-' || *text == '+'), &d);
    *end = text;
    if (!d.any)
        return 0;
    const int e = read_exponent(&s);
    const double v = scaled(d.value, e + d.exponent);
    if (!isfinite(v))
        return 0;
    *end = s;
    return negative ? -v : v;
}

void kit_points(char *numbers)
{
    for (char *at = numbers; *at; at++)
        if (*at == ',')
            *at = '.';
}
