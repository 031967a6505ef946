/* numbers.c - numbers and names as text (declared in report.h): whole text or failure, whatever the
 * locale. */
#define _GNU_SOURCE /* strtod_l */
#include "report.h"

#include <ctype.h>
#include <locale.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* glibc answers its static "C" locale: nothing is allocated. */
static locale_t c_locale(void)
{
    return newlocale(LC_ALL_MASK, "C", (locale_t)0);
}

static const char *skip_digits(const char *p)
{
    while (*p >= '0' && *p <= '9')
        p++;
    return p;
}

/* [+-] digits [. digits] [e [+-] digits], a digit before or after the point: what strtod takes but
 * for hexadecimal, infinities, NaN and blanks. */
static bool is_real(const char *p)
{
    if (*p == '+' || *p == '-')
        p++;
    const char *whole = p;
    p = skip_digits(p);
    size_t digits = (size_t)(p - whole);
    if (*p == '.') {
        const char *fraction = ++p;
        p = skip_digits(p);
        digits += (size_t)(p - fraction);
    }
    if (!digits)
        return false;
    if (*p == 'e' || *p == 'E') {
        p++;
        if (*p == '+' || *p == '-')
            p++;
        const char *exponent = p;
        p = skip_digits(p);
        if (p == exponent)
            return false;
    }
    return *p == '\0';
}

bool parse_real(const char *text, double *out)
{
    if (!is_real(text))
        return false;
    const double value = strtod_l(text, NULL, c_locale());
    if (!isfinite(value))
        return false;
    *out = value;
    return true;
}

bool parse_integer(const char *text, long long *out)
{
    const char *p = text + (*text == '+' || *text == '-');
    if (!*p || *skip_digits(p))
        return false;
    const bool negative = *text == '-';
    unsigned long long value = 0;
    const unsigned long long limit = negative ? (unsigned long long)INT64_MAX + 1 : INT64_MAX;
    for (; *p; p++) {
        const unsigned digit = (unsigned)(*p - '0');
        if (value > (limit - digit) / 10)
            return false;
        value = value * 10 + digit;
    }
    *out = negative ? (long long)(0 - value) : (long long)value;
    return true;
}

/* The power of 1024 that a suffix stands for; -1: none. */
static int power_of(const char *suffix)
{
    if (*suffix == '\0' || strcmp(suffix, "B") == 0)
        return 0;
    static const char letters[] = "KMGTP";
    const char *at = strchr(letters, toupper((unsigned char)*suffix));
    const char *rest = suffix + 1;
    if (!at || (*rest && strcmp(rest, "B") != 0 && strcmp(rest, "iB") != 0))
        return -1;
    return (int)(at - letters) + 1;
}

bool parse_bytes(const char *text, unsigned long long *out)
{
    char number[40];
    const size_t n = strspn(text, "0123456789.");
    const char *suffix = text + n;
    suffix += *suffix == ' ' && suffix[1];
    const int power = power_of(suffix);
    double value;
    if (n == 0 || n >= sizeof number || power < 0)
        return false;
    memcpy(number, text, n);
    number[n] = '\0';
    long long whole;
    if (power == 0) {
        if (!parse_integer(number, &whole))
            return false;
        *out = (unsigned long long)whole;
        return true;
    }
    if (!parse_real(number, &value))
        return false;
    value = ldexp(value, 10 * power);
    if (value >= 9.2e18)
        return false;
    *out = (unsigned long long)value;
    return true;
}

const char *print_real(double value, char *buf)
{
    const locale_t before = uselocale(c_locale()); /* of this thread */
    if (fabs(value) < 1e15 && value == floor(value)) {
        snprintf(buf, 32, "%.0f", value);
    } else {
        for (int digits = 1; digits <= 17; digits++) {
            snprintf(buf, 32, "%.*g", digits, value);
            if (strtod(buf, NULL) == value)
                break;
        }
    }
    uselocale(before);
    return buf;
}

const char *print_bytes(unsigned long long bytes, char *buf)
{
    static const char *const units[] = {"bytes", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
    int unit = 0;
    unsigned long long rest = 0;
    while (bytes >= 1024 && unit < 6) {
        rest = bytes % 1024;
        bytes /= 1024;
        unit++;
    }
    unsigned long long tenth = (rest * 10 + 512) / 1024;
    if (tenth == 10) {
        bytes++;
        tenth = 0;
    }
    if (tenth && bytes < 100)
        snprintf(buf, 32, "%llu.%llu %s", bytes, tenth, units[unit]);
    else
        snprintf(buf, 32, "%llu %s", bytes, units[unit]);
    return buf;
}

const char *print_seconds(double seconds, char *buf)
{
    if (!(seconds > 0))
        seconds = 0;
    if (seconds > 1e9)
        seconds = 1e9;
    if (seconds < 0.9995) {
        snprintf(buf, 32, "%d ms", (int)(seconds * 1000 + 0.5));
        return buf;
    }
    const long s = (long)(seconds + 0.5), tenths = (long)(seconds * 10 + 0.5);
    if (tenths < 100)
        snprintf(buf, 32, "%ld.%ld s", tenths / 10, tenths % 10);
    else if (s < 60)
        snprintf(buf, 32, "%ld s", s);
    else if (s < 3600)
        snprintf(buf, 32, s % 60 ? "%ld min %ld s" : "%ld min", s / 60, s % 60);
    else if (s < 86400)
        snprintf(buf, 32, s % 3600 / 60 ? "%ld h %ld min" : "%ld h", s / 3600, s % 3600 / 60);
    else
        snprintf(buf, 32, s % 86400 / 3600 ? "%ld d %ld h" : "%ld d", s / 86400, s % 86400 / 3600);
    return buf;
}

enum { WORD = 127 };

/* Edits that make b of a (insert, delete, replace, swap neighbours), letters' case aside; more than
 * `most`: some number above it. Optimal string alignment on three rows. */
static unsigned distance(const char *a, size_t n, const char *b, size_t m, unsigned most)
{
    unsigned char rows[3][WORD + 1];
    if ((n > m ? n - m : m - n) > most)
        return most + 1;
    for (size_t j = 0; j <= m; j++)
        rows[0][j] = (unsigned char)j;
    for (size_t i = 1; i <= n; i++) {
        unsigned char *now = rows[i % 3], *last = rows[(i + 2) % 3], *older = rows[(i + 1) % 3];
        now[0] = (unsigned char)i;
        for (size_t j = 1; j <= m; j++) {
            const int x = tolower((unsigned char)a[i - 1]), y = tolower((unsigned char)b[j - 1]);
            unsigned best = last[j - 1] + (x != y);
            best = now[j - 1] + 1u < best ? now[j - 1] + 1u : best;
            best = last[j] + 1u < best ? last[j] + 1u : best;
            if (i > 1 && j > 1 && x == tolower((unsigned char)b[j - 2]) &&
                y == tolower((unsigned char)a[i - 2]) && older[j - 2] + 1u < best)
                best = older[j - 2] + 1u;
            now[j] = (unsigned char)best;
        }
    }
    return rows[n % 3][m];
}

const char *nearest_name(const char *word, const char *const *names, size_t n)
{
    const size_t size = strlen(word);
    if (size == 0 || size > WORD)
        return NULL;
    const unsigned most = size <= 3 ? 1 : size < 9 ? 2 : 3;
    unsigned best = most + 1;
    const char *nearest = NULL;
    for (size_t i = 0; i < n; i++) {
        const size_t length = names[i] ? strlen(names[i]) : 0;
        if (length == 0 || length > WORD)
            continue;
        const unsigned d = distance(word, size, names[i], length, most);
        /* Within reach only by becoming another word altogether: "in" is no typo of "x". */
        if (d < best && d < length) {
            best = d;
            nearest = names[i];
        }
    }
    return nearest;
}
