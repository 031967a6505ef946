/* arch_number.c - numbers of architecture texts, whatever the locale. */
#include "arch_text.h"

#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool rt_parse_int(const char *text, int64_t *out)
{
    const bool negative = *text == '-';
    const char *p = text + (*text == '-' || *text == '+');
    const uint64_t limit = (uint64_t)INT64_MAX + negative;
    uint64_t v = 0;
    if (!*p)
        return false;
    for (; *p; p++) {
        const uint64_t digit = (uint64_t)(unsigned char)*p - '0';
        if (digit > 9 || v > (limit - digit) / 10)
            return false;
        v = v * 10 + digit;
    }
    *out = negative ? (int64_t)(0 - v) : (int64_t)v;
    return true;
}

/* Of the thread; glibc answers its static "C" locale, so nothing is allocated. */
static locale_t c_locale(void)
{
    return uselocale(newlocale(LC_ALL_MASK, "C", (locale_t)0));
}

bool rt_parse_real(const char *text, double *out)
{
    const char *p = text + (*text == '-' || *text == '+');
    const double sign = *text == '-' ? -1 : 1;
    if (!strcmp(p, "inf")) {
        *out = sign * (double)INFINITY;
        return true;
    }
    if (!strcmp(text, "nan")) {
        *out = (double)NAN;
        return true;
    }
    if (p[strspn(p, "0123456789.eE+-")] || !((*p >= '0' && *p <= '9') || *p == '.'))
        return false;
    char *end;
    const locale_t before = c_locale();
    const double v = strtod(text, &end);
    uselocale(before);
    if (*end || end == text || !isfinite(v))
        return false;
    *out = v;
    return true;
}

static const char *print(double v, bool is_float, char *buf)
{
    if (isnan(v))
        return strcpy(buf, "nan");
    if (isinf(v))
        return strcpy(buf, v < 0 ? "-inf" : "inf");
    const locale_t before = c_locale();
    char text[32];
    if (fabs(v) < 1e7 && v == floor(v) && !(v == 0 && signbit(v))) {
        snprintf(text, sizeof text, "%.0f", v);
    } else {
        for (int digits = 1; digits <= 17; digits++) {
            snprintf(text, sizeof text, "%.*g", digits, v);
            const double back = strtod(text, NULL);
            if (is_float ? (float)back == (float)v : back == v)
                break;
        }
    }
    uselocale(before);
    return strcpy(buf, text);
}

const char *rt_print_real(double v, char *buf)
{
    return print(v, false, buf);
}

const char *rt_print_float(float v, char *buf)
{
    return print((double)v, true, buf);
}
