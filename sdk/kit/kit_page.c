/* kit_page.c - an HTML page in one file: nothing in it points elsewhere, all text is escaped. */
#include <impasto/kit.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include "kit_page_text.h"

enum part { PLAIN, GRID, TILES, SETS }; /* what is open */

struct kit_page {
    char *text;
    size_t length, cap;
    char *group;      /* name of the open group */
    enum part part;
    bool failed;
};

/* ---- growing text ---- */

static char *room(kit_page *p, size_t more)
{
    if (p->failed || more > SIZE_MAX / 4 - p->length) {
        p->failed = true;
        return NULL;
    }
    if (p->length + more + 1 > p->cap) {
        const size_t cap = 2 * (p->length + more) + 4096;
        char *grown = realloc(p->text, cap);
        if (!grown) {
            p->failed = true;
            return NULL;
        }
        p->text = grown, p->cap = cap;
    }
    return p->text + p->length;
}

static void add_bytes(kit_page *p, const char *s, size_t n)
{
    char *to = room(p, n);
    if (!to)
        return;
    memcpy(to, s, n);
    p->length += n;
}

static void add(kit_page *p, const char *s)
{
    add_bytes(p, s, strlen(s));
}

static void add_all(kit_page *p, const char *const *parts)
{
    for (; *parts; parts++)
        add(p, *parts);
}

/* Bytes of the UTF-8 character at s, within n; 0: none there. */
static size_t character(const unsigned char *s, size_t n)
{
    const size_t length = s[0] < 0x80 ? 1 : s[0] < 0xc2 ? 0 : s[0] < 0xe0 ? 2 : s[0] < 0xf0 ? 3
                        : s[0] < 0xf5 ? 4 : 0;
    if (length > n)
        return 0;
    for (size_t i = 1; i < length; i++)
        if ((s[i] & 0xc0) != 0x80)
            return 0;
    /* overlong forms, surrogates, beyond U+10FFFF */
    if ((s[0] == 0xe0 && s[1] < 0xa0) || (s[0] == 0xed && s[1] > 0x9f)
        || (s[0] == 0xf0 && s[1] < 0x90) || (s[0] == 0xf4 && s[1] > 0x8f))
        return 0;
    return length;
}

static const char *entity(unsigned char c)
{
    switch (c) {
    case '&': return "&amp;";
    case '<': return "&lt;";
    case '>': return "&gt;";
    case '"': return "&quot;";
    case '\'': return "&#39;";
    default:
        return c < 32 && c != '\n' && c != '\t' ? "\xef\xbf\xbd" : c == 127 ? "\xef\xbf\xbd" : NULL;
    }
}

/* Text as text, whatever it is: no byte of it is markup, what is no UTF-8 becomes U+FFFD. */
static void escape_bytes(kit_page *p, const char *s, size_t n)
{
    while (n) {
        const size_t length = character((const unsigned char *)s, n);
        const char *other = length == 1 ? entity((unsigned char)*s)
                            : length    ? NULL
                                        : "\xef\xbf\xbd";
        if (other)
            add(p, other);
        else
            add_bytes(p, s, length);
        s += length ? length : 1;
        n -= length ? length : 1;
    }
}

static void escape(kit_page *p, const char *s)
{
    escape_bytes(p, s, strlen(s));
}

/* A number with a point, whatever the locale. */
static void add_number(kit_page *p, double v, int digits)
{
    char text[64];
    snprintf(text, sizeof text, "%.*g", digits, v);
    for (char *s = text; *s; s++)
        if (!strchr("0123456789+-einfa.", *s))
            *s = '.';
    add(p, text);
}

static void add_int(kit_page *p, long long v)
{
    char text[32];
    snprintf(text, sizeof text, "%lld", v);
    add(p, text);
}

static void add_base64(kit_page *p, const unsigned char *s, size_t n)
{
    static const char sign[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    char *to = n <= SIZE_MAX / 8 ? room(p, (n + 2) / 3 * 4) : NULL;
    if (!to) {
        p->failed = true;
        return;
    }
    p->length += (n + 2) / 3 * 4;
    for (size_t i = 0; i < n; i += 3, to += 4) {
        const uint32_t v = (uint32_t)s[i] << 16 | (i + 1 < n ? (uint32_t)s[i + 1] << 8 : 0)
                         | (i + 2 < n ? s[i + 2] : 0);
        to[0] = sign[v >> 18], to[1] = sign[v >> 12 & 63];
        to[2] = i + 1 < n ? sign[v >> 6 & 63] : '=';
        to[3] = i + 2 < n ? sign[v & 63] : '=';
    }
}

/* ---- parts of the page ---- */

static void enter(kit_page *p, enum part part)
{
    if (p->part == part)
        return;
    if (p->part != PLAIN)
        add(p, "</div>\n");
    if (part != PLAIN)
        add(p, part == GRID    ? "<div class=\"grid\">\n"
               : part == TILES ? "<div class=\"grid tiles\">\n"
                               : "<div class=\"sets\">\n");
    p->part = part;
}

kit_page *kit_page_new(const char *title, const char *subtitle)
{
    kit_page *p = calloc(1, sizeof *p);
    if (!p)
        return NULL;
    add_all(p, page_head);
    add(p, "<title>");
    escape(p, title);
    add(p, "</title>\n");
    add_all(p, page_style);
    add(p, "</head>\n<body>\n<main>\n<header>\n<h1>");
    escape(p, title);
    add(p, "</h1>\n");
    if (subtitle && *subtitle) {
        add(p, "<p class=\"subtitle\">");
        escape(p, subtitle);
        add(p, "</p>\n");
    }
    add(p, "</header>\n");
    return p;
}

static void element(kit_page *p, const char *tag, const char *text)
{
    kit_page_group_end(p);
    enter(p, PLAIN);
    add(p, "<");
    add(p, tag);
    add(p, ">");
    escape(p, text);
    add(p, "</");
    add(p, tag);
    add(p, ">\n");
}

void kit_page_heading(kit_page *p, const char *text)
{
    element(p, "h2", text);
}

void kit_page_text(kit_page *p, const char *text)
{
    element(p, "p", text);
}

void kit_page_tiles(kit_page *p)
{
    kit_page_group_end(p);
    enter(p, TILES);
}

void kit_page_group(kit_page *p, const char *name)
{
    kit_page_group_end(p);
    enter(p, SETS);
    if (!(p->group = strdup(name)))
        p->failed = true;
    add(p, "<section class=\"set\"><h3>");
    escape(p, name);
    add(p, "</h3>\n<div class=\"row\">\n");
}

void kit_page_group_end(kit_page *p)
{
    if (!p->group)
        return;
    free(p->group);
    p->group = NULL;
    add(p, "</div></section>\n");
}

/* What stands below the picture when it is looked at alone. */
static void add_description(kit_page *p, const char *caption)
{
    if (p->group) {
        escape(p, p->group);
        if (*caption)
            add(p, ", ");
    }
    escape(p, caption);
}

void kit_page_picture(kit_page *p, const char *mime, const void *data, size_t size, uint32_t width,
                      uint32_t height, const char *caption)
{
    if (!p->group && p->part != TILES)
        enter(p, GRID);
    add(p, "<figure><button type=\"button\"><img width=\"");
    add_int(p, width);
    add(p, "\" height=\"");
    add_int(p, height);
    add(p, "\" alt=\"");
    add_description(p, caption);
    add(p, "\" src=\"data:");
    escape(p, mime);
    add(p, ";base64,");
    add_base64(p, data, size);
    add(p, "\"></button>");
    if (*caption) {
        add(p, "<figcaption>");
        escape(p, caption);
        add(p, "</figcaption>");
    }
    add(p, "</figure>\n");
}

/* ---- tables ---- */

static bool is_number(uint32_t type)
{
    return type == IMP_INT || type == IMP_FLOAT;
}

static void add_list(kit_page *p, uint32_t type, const imp_cell *cell)
{
    if (type == IMP_NAMES)
        for (uint64_t i = 0; i < cell->w.count; i++) {
            add(p, i ? " " : "");
            escape(p, cell->w.ptr[i]);
        }
    else
        for (uint64_t i = 0; i < cell->n.count; i++) {
            add(p, i ? " " : "");
            add_number(p, cell->n.ptr[i], 5);
        }
}

static void add_cell(kit_page *p, uint32_t type, const imp_cell *cell)
{
    switch (type) {
    case IMP_BOOL:
        add(p, cell->i ? "<td>yes" : "<td>no");
        break;
    case IMP_INT:
    case IMP_CHOICE:
        add(p, "<td class=\"n\">");
        add_int(p, cell->i);
        break;
    case IMP_FLOAT: /* five digits to read, all of them to sort by */
        add(p, "<td class=\"n\" data-v=\"");
        add_number(p, cell->f, 17);
        add(p, "\">");
        add_number(p, cell->f, 5);
        break;
    case IMP_TEXT:
    case IMP_PATH:
        add(p, "<td class=\"t\">");
        escape_bytes(p, cell->s.ptr ? cell->s.ptr : "", cell->s.ptr ? cell->s.len : 0);
        break;
    default:
        add(p, "<td class=\"t\">");
        add_list(p, type, cell);
    }
    add(p, "</td>");
}

static void add_columns(kit_page *p, const imp_table *t)
{
    add(p, "<thead><tr>");
    for (uint32_t c = 0; c < t->column_count; c++) {
        add(p, is_number(t->columns[c].type) ? "<th class=\"n\">" : "<th>");
        add(p, "<button type=\"button\">");
        escape(p, t->columns[c].name);
        if (t->columns[c].unit && *t->columns[c].unit) {
            add(p, " <span class=\"unit\">");
            escape(p, t->columns[c].unit);
            add(p, "</span>");
        }
        add(p, "</button></th>");
    }
    add(p, "</tr></thead>\n");
}

void kit_page_table(kit_page *p, const imp_table *t, const char *caption)
{
    kit_page_group_end(p);
    enter(p, PLAIN);
    add(p, "<div class=\"scroll\" tabindex=\"0\"><table>\n");
    if (caption && *caption) {
        add(p, "<caption>");
        escape(p, caption);
        add(p, "</caption>\n");
    }
    add_columns(p, t);
    add(p, "<tbody>\n");
    for (uint64_t r = 0; r < t->row_count; r++) {
        add(p, "<tr>");
        for (uint32_t c = 0; c < t->column_count; c++)
            add_cell(p, t->columns[c].type, &t->cells[r * t->column_count + c]);
        add(p, "</tr>\n");
    }
    add(p, "</tbody></table></div>\n");
}

char *kit_page_finish(kit_page *p, size_t *size)
{
    kit_page_group_end(p);
    enter(p, PLAIN);
    add(p, "<footer>Made with Impasto. This page is one file and needs no "
           "network.</footer>\n</main>\n");
    add_all(p, page_script);
    add(p, "</body>\n</html>\n");
    char *text = p->failed ? NULL : p->text;
    if (text) {
        text[p->length] = 0;
        *size = p->length;
    } else {
        free(p->text);
    }
    free(p->group);
    free(p);
    return text;
}
