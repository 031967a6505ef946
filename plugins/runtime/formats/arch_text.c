/* arch_text.c - words and quotes of architecture texts. */
#include "arch_text.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- a growing text ---- */

static bool reserve(struct rt_text *t, size_t more)
{
    if (t->no_memory || more > SIZE_MAX / 4 - t->size) {
        t->no_memory = true;
        return false;
    }
    size_t room = t->room ? t->room : 256;
    while (room < t->size + more + 1)
        room *= 2;
    if (room == t->room)
        return true;
    char *data = realloc(t->data, room);
    if (!data) {
        t->no_memory = true;
        return false;
    }
    t->data = data;
    t->room = room;
    return true;
}

void rt_text_add(struct rt_text *t, const char *bytes, size_t n)
{
    if (!reserve(t, n))
        return;
    memcpy(t->data + t->size, bytes, n);
    t->size += n;
    t->data[t->size] = '\0';
}

void rt_text_print(struct rt_text *t, const char *fmt, ...)
{
    va_list ap, again;
    va_start(ap, fmt);
    va_copy(again, ap);
    const int n = vsnprintf(NULL, 0, fmt, ap);
    va_end(ap);
    if (n < 0)
        t->no_memory = true;
    else if (reserve(t, (size_t)n)) {
        vsnprintf(t->data + t->size, (size_t)n + 1, fmt, again);
        t->size += (size_t)n;
    }
    va_end(again);
}

/* ---- letters ---- */

size_t rt_utf8_letter(const char *s, size_t n)
{
    const unsigned char *u = (const unsigned char *)s;
    const size_t size = u[0] < 0x80   ? 1
                        : u[0] < 0xc2 ? 0
                        : u[0] < 0xe0 ? 2
                        : u[0] < 0xf0 ? 3
                        : u[0] < 0xf5 ? 4
                                      : 0;
    if (size == 0 || size > n)
        return 0;
    for (size_t i = 1; i < size; i++)
        if ((u[i] & 0xc0) != 0x80)
            return 0;
    const bool overlong = (u[0] == 0xe0 && u[1] < 0xa0) || (u[0] == 0xf0 && u[1] < 0x90);
    const bool outside = (u[0] == 0xed && u[1] > 0x9f) || (u[0] == 0xf4 && u[1] > 0x8f);
    return overlong || outside ? 0 : size;
}

static bool control(char c)
{
    return (unsigned char)c < 0x20 || c == 0x7f;
}

static bool blank(char c)
{
    return c == ' ' || c == '\t';
}

bool rt_is_utf8(const char *text)
{
    size_t n = strlen(text);
    while (n) {
        const size_t letter = rt_utf8_letter(text, n);
        if (!letter)
            return false;
        text += letter;
        n -= letter;
    }
    return true;
}

const char *rt_shown(const char *name, char *buf, size_t size)
{
    size_t left = strlen(name), used = 0;
    while (left) {
        const size_t letter = rt_utf8_letter(name, left);
        const size_t n = letter ? letter : 1;
        if (used + n + 4 > size) {
            memcpy(buf + used, "...", 3);
            used += 3;
            break;
        }
        if (letter && !control(*name))
            memcpy(buf + used, name, n);
        else
            memset(buf + used, '?', n);
        used += n;
        name += n;
        left -= n;
    }
    buf[used] = '\0';
    return buf;
}

/* ---- quotes ---- */

static void add_quoted(struct rt_text *t, const char *text)
{
    size_t left = strlen(text);
    rt_text_add(t, "\"", 1);
    while (left) {
        const size_t letter = rt_utf8_letter(text, left);
        const char c = *text;
        if (c == '"' || c == '\\')
            rt_text_print(t, "\\%c", c);
        else if (c == '\n')
            rt_text_add(t, "\\n", 2);
        else if (c == '\t')
            rt_text_add(t, "\\t", 2);
        else if (!letter || control(c) || c == ';')
            rt_text_print(t, "\\x%02x", (unsigned)(unsigned char)c);
        else
            rt_text_add(t, text, letter);
        text += letter ? letter : 1;
        left -= letter ? letter : 1;
    }
    rt_text_add(t, "\"", 1);
}

static bool plain(const char *text)
{
    for (const char *p = text; *p; p++)
        if (control(*p) || *p == ';')
            return false;
    return rt_is_utf8(text);
}

void rt_text_line(struct rt_text *t, const char *text)
{
    const size_t n = strlen(text);
    if (n == 0 || (plain(text) && text[0] != '"' && text[0] != ' ' && text[n - 1] != ' '))
        rt_text_add(t, text, n);
    else
        add_quoted(t, text);
}

void rt_text_word(struct rt_text *t, const char *text)
{
    if (text[0] && plain(text) && !strchr(text, ' ') && text[0] != '"' && text[0] != '@' &&
        strcmp(text, "-") != 0)
        rt_text_add(t, text, strlen(text));
    else
        add_quoted(t, text);
}

static int hex(char c)
{
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
}

/* The letter that an escape stands for, its end behind it; false: none. */
static bool escape(const char **p, char *out)
{
    const char c = *(*p)++;
    *out = c == 'n' ? '\n' : c == 't' ? '\t' : c;
    if (c == '"' || c == '\\' || c == 'n' || c == 't')
        return true;
    if (c != 'x' || hex((*p)[0]) < 0 || hex((*p)[1]) < 0)
        return false;
    *out = (char)(hex((*p)[0]) * 16 + hex((*p)[1]));
    *p += 2;
    return *out != '\0';
}

/* Unquotes what starts behind the opening quote; *p ends behind the closing one. */
static const char *unquote(const char **p, char **to)
{
    for (;;) {
        const char c = *(*p)++;
        if (c == '"')
            break;
        if (c == '\0') {
            (*p)--;
            return "a quote that does not end: write \"...\", and \\\" for a quote inside";
        }
        char letter = c;
        if (c == '\\' && !escape(p, &letter))
            return "not one of \\\" \\\\ \\n \\t \\xHH (but \\x00)";
        *(*to)++ = letter;
    }
    *(*to)++ = '\0';
    return NULL;
}

/* ---- words ---- */

static bool start(const char *value, size_t most, struct rt_words *out)
{
    *out = (struct rt_words){.memory = malloc(strlen(value) + most + 1)};
    out->list = calloc(most ? most : 1, sizeof *out->list);
    return out->memory && out->list;
}

static size_t blanks_parted(const char *value)
{
    size_t n = 0;
    for (const char *p = value; *p; p++)
        n += !blank(*p) && (p == value || blank(p[-1]));
    return n;
}

const char *rt_words_read(const char *value, struct rt_words *out, uint32_t *at)
{
    *at = 0;
    if (!start(value, blanks_parted(value), out))
        return "";
    char *to = out->memory;
    const char *p = value;
    while (blank(*p))
        p++;
    while (*p) {
        struct rt_word *w = &out->list[out->count];
        w->at = *at = (uint32_t)(p - value);
        w->is_tensor = *p == '@';
        p += w->is_tensor;
        w->quoted = *p == '"';
        w->text = to;
        if (w->quoted) {
            p++;
            const char *wrong = unquote(&p, &to);
            if (wrong)
                return wrong;
            if (*p && !blank(*p))
                return "a blank must follow the closing quote";
        } else {
            while (*p && !blank(*p))
                *to++ = *p++;
            *to++ = '\0';
        }
        w->length = (uint32_t)(p - value) - w->at;
        out->count++;
        while (blank(*p))
            p++;
    }
    return NULL;
}

const char *rt_line_read(const char *value, struct rt_words *out, uint32_t *at)
{
    *at = 0;
    if (!start(value, 1, out))
        return "";
    struct rt_word *w = &out->list[0];
    *w = (struct rt_word){
        .text = out->memory, .length = (uint32_t)strlen(value), .quoted = *value == '"'};
    out->count = 1;
    if (!w->quoted) {
        memcpy(out->memory, value, w->length + (size_t)1);
        return NULL;
    }
    const char *p = value + 1;
    char *to = out->memory;
    const char *wrong = unquote(&p, &to);
    return wrong ? wrong : *p ? "nothing may follow the closing quote" : NULL;
}

void rt_words_free(struct rt_words *w)
{
    free(w->list);
    free(w->memory);
    *w = (struct rt_words){0};
}
