/* colour.c - colours as people write them. Names: CSS Color Module, the basic sixteen and orange.
 */
#include "params_private.h"

#include <string.h>
#include <strings.h>
#include "report.h"

static const char *const names[] = {"black",  "silver",  "gray",  "white", "maroon", "red",
                                    "purple", "fuchsia", "green", "lime",  "olive",  "yellow",
                                    "navy",   "blue",    "teal",  "aqua",  "orange", "grey"};
static const unsigned values[] = {0x000000, 0xc0c0c0, 0x808080, 0xffffff, 0x800000, 0xff0000,
                                  0x800080, 0xff00ff, 0x008000, 0x00ff00, 0x808000, 0xffff00,
                                  0x000080, 0x0000ff, 0x008080, 0x00ffff, 0xffa500, 0x808080};
enum { NAMES = sizeof names / sizeof *names };
_Static_assert(NAMES == sizeof values / sizeof *values, "a value for each name");

const char *const *colour_names(size_t *n)
{
    *n = NAMES;
    return names;
}

static int digit(char c)
{
    static const char digits[] = "0123456789abcdef";
    const char *at = c ? strchr(digits, c >= 'A' && c <= 'F' ? c + 32 : c) : NULL;
    return at ? (int)(at - digits) : -1;
}

static size_t parse_hex(const char *text, double out[4])
{
    const size_t n = strlen(text);
    const size_t samples = n == 3 || n == 6 ? 3 : n == 4 || n == 8 ? 4 : 0;
    for (size_t i = 0; i < n; i++)
        if (digit(text[i]) < 0)
            return 0;
    for (size_t i = 0; i < samples; i++) {
        const int value =
            n < 6 ? digit(text[i]) * 17 : digit(text[2 * i]) * 16 + digit(text[2 * i + 1]);
        out[i] = value / 255.0;
    }
    return samples;
}

static size_t parse_list(const char *text, double out[4])
{
    size_t n = 0;
    for (;;) {
        char word[64];
        text += strspn(text, " \t");
        const size_t length = strcspn(text, " \t");
        if (length == 0)
            return n == 3 || n == 4 ? n : 0;
        if (n == 4 || length >= sizeof word)
            return 0;
        memcpy(word, text, length);
        word[length] = '\0';
        if (!parse_real(word, &out[n]) || out[n] < 0 || out[n] > 1)
            return 0;
        n++;
        text += length;
    }
}

size_t colour_parse(const char *text, double out[4])
{
    if (*text == '#')
        return parse_hex(text + 1, out);
    for (size_t i = 0; i < NAMES; i++) {
        if (strcasecmp(text, names[i]) != 0)
            continue;
        for (unsigned k = 0; k < 3; k++)
            out[k] = (values[i] >> (16 - 8 * k) & 255) / 255.0;
        return 3;
    }
    return parse_list(text, out);
}
