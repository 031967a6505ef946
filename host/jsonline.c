#include "jsonline.h"
#include <math.h>
#include <string.h>
#include "report.h"

/* Length of the UTF-8 sequence at s, 0 if it is none (overlong and surrogate forms are none). */
static size_t utf8_length(const unsigned char *s)
{
    if (s[0] < 0x80)
        return 1;
    const size_t n = s[0] >= 0xf0 && s[0] < 0xf5 ? 4 : s[0] >= 0xe0 && s[0] < 0xf0 ? 3
                   : s[0] >= 0xc2 && s[0] < 0xe0 ? 2 : 0;
    for (size_t i = 1; i < n; i++)
        if ((s[i] & 0xc0) != 0x80)
            return 0;
    if ((s[0] == 0xe0 && s[1] < 0xa0) || (s[0] == 0xed && s[1] > 0x9f) || (s[0] == 0xf0 && s[1] < 0x90) ||
        (s[0] == 0xf4 && s[1] > 0x8f))
        return 0;
    return n;
}

void json_string(struct text *t, const char *value)
{
    text_add(t, "\"");
    for (const unsigned char *s = (const unsigned char *)value; *s;) {
        const size_t n = utf8_length(s);
        if (!n)
            text_add(t, "\\ufffd");
        else if (*s == '"' || *s == '\\')
            text_addf(t, "\\%c", *s);
        else if (*s < 0x20 || *s == 0x7f)
            text_addf(t, "\\u%04x", *s);
        else
            text_addn(t, (const char *)s, n);
        s += n ? n : 1;
    }
    text_add(t, "\"");
}

void json_key(struct text *t, const char *key)
{
    if (t->size && !strchr("{[", t->data[t->size - 1]))
        text_add(t, ",");
    json_string(t, key);
    text_add(t, ":");
}

void json_begin(struct text *t, const char *schema, const char *type)
{
    text_add(t, "{");
    json_text(t, "schema", schema);
    json_text(t, "type", type);
}

void json_text(struct text *t, const char *key, const char *value)
{
    json_key(t, key);
    if (value)
        json_string(t, value);
    else
        text_add(t, "null");
}

void json_number(struct text *t, const char *key, double value)
{
    char buf[32];
    json_key(t, key);
    text_add(t, isfinite(value) ? print_real(value, buf) : "null");
}

void json_count(struct text *t, const char *key, uint64_t value)
{
    json_key(t, key);
    text_addf(t, "%llu", (unsigned long long)value);
}

void json_bool(struct text *t, const char *key, bool value)
{
    json_key(t, key);
    text_add(t, value ? "true" : "false");
}

void json_end(struct text *t)
{
    text_add(t, "}\n");
}
