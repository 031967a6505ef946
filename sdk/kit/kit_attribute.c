/* kit_attribute.c - "age:0..100", "hair:black|blond": attributes as presets write them. */
#include <impasto/kit_data.h>
#include <stdbool.h>
#include <string.h>

uint32_t kit_choice_count(const char *choices)
{
    uint32_t n = 1;
    for (const char *p = choices; *p; p++)
        n += *p == '|';
    return n;
}

const char *kit_choice_at(const char *choices, uint32_t i, size_t *length)
{
    for (;; i--) {
        *length = strcspn(choices, "|");
        if (!i)
            return choices;
        if (!choices[*length])
            return NULL;
        choices += *length + 1;
    }
}

int64_t kit_choice_find(const char *choices, const char *word)
{
    const size_t n = strlen(word);
    size_t length;
    const char *at;
    for (uint32_t i = 0; (at = kit_choice_at(choices, i, &length)); i++)
        if (length == n && !memcmp(at, word, n))
            return i;
    return -1;
}

/* Every choice has letters, no two are the same. */
static imp_status check_choices(const char *text, const char *choices, imp_error *err)
{
    size_t n, k;
    const char *a, *b;
    for (uint32_t i = 0; (a = kit_choice_at(choices, i, &n)); i++) {
        if (!n)
            return imp_fail(err, IMP_E_PARAM, "'%s' has an empty choice", text);
        for (uint32_t j = 0; j < i && (b = kit_choice_at(choices, j, &k)); j++)
            if (n == k && !memcmp(a, b, n))
                return imp_fail(err, IMP_E_PARAM, "'%s' has the choice '%.*s' twice", text, (int)n,
                                a);
    }
    return IMP_OK;
}

static bool whole_number(const char *text, double *out)
{
    const char *end;
    *out = kit_number(text, &end);
    return end != text && !*end;
}

/* "0..100"; the dots become the end of the first number. */
static imp_status read_range(const char *text, char *range, kit_attribute *out, imp_error *err)
{
    char *dots = strstr(range, "..");
    if (dots)
        *dots = '\0';
    if (!dots || !whole_number(range, &out->min) || !whole_number(dots + 2, &out->max))
        return imp_fail(err, IMP_E_PARAM,
                        "'%s': behind the colon stands a range as in age:0..100, or choices as in "
                        "hair:black|blond",
                        text);
    if (!(out->min < out->max))
        return imp_fail(err, IMP_E_PARAM, "'%s': the range's end is not above its beginning", text);
    return IMP_OK;
}

imp_status kit_attribute_read(const char *text, char *buf, kit_attribute *out, imp_error *err)
{
    memcpy(buf, text, strlen(text) + 1);
    *out = (kit_attribute){.name = buf};
    char *colon = strchr(buf, ':');
    if (colon == buf || !*buf)
        return imp_fail(err, IMP_E_PARAM, "'%s' has no name before the colon", text);
    if (!colon)
        return IMP_OK;
    *colon = '\0';
    if (!strchr(colon + 1, '|'))
        return read_range(text, colon + 1, out, err);
    out->choices = colon + 1;
    return check_choices(text, colon + 1, err);
}
