/* report_print.c - a fault as text with the line and carets, or as JSON. */
#include "report_private.h"

#include <cJSON.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { WINDOW = 88 }; /* letters of an excerpt shown, at most */

/* Bytes of the UTF-8 letter at p (n > 0 left); 0: not UTF-8 or a control byte. */
static size_t letter(const char *p, size_t n)
{
    const unsigned char *u = (const unsigned char *)p;
    if (u[0] < 0x80)
        return u[0] >= 0x20 && u[0] != 0x7f;
    const size_t size = u[0] >= 0xf0 ? 4 : u[0] >= 0xe0 ? 3 : 2;
    if (u[0] < 0xc2 || u[0] > 0xf4 || size > n)
        return 0;
    for (size_t i = 1; i < size; i++)
        if ((u[i] & 0xc0) != 0x80)
            return 0;
    if ((u[0] == 0xe0 && u[1] < 0xa0) || (u[0] == 0xed && u[1] > 0x9f) ||
        (u[0] == 0xf0 && u[1] < 0x90) || (u[0] == 0xf4 && u[1] > 0x8f))
        return 0;
    return u[0] == 0xc2 && u[1] < 0xa0 ? 0 : size; /* C1 controls move terminals, too */
}

/* Text of others made harmless for a terminal and valid for JSON; a newline stays when `lines`. */
static void add_clean(struct text *out, const char *s, size_t n, bool lines)
{
    for (size_t i = 0; i < n;) {
        const size_t size = letter(s + i, n - i);
        if (size)
            text_addn(out, s + i, size);
        else
            text_add(out, s[i] == '\t' ? " " : lines && s[i] == '\n' ? "\n" : "\xef\xbf\xbd");
        i += size ? size : 1;
    }
}

static const char *name_of(enum severity s)
{
    return s == SEV_ERROR ? "error" : s == SEV_WARNING ? "warning" : "note";
}

struct paint {
    const char *head, *frame, *bold, *off;
};

static struct paint paint_for(enum severity s, bool colour)
{
    if (!colour)
        return (struct paint){"", "", "", ""};
    const char *head = s == SEV_ERROR     ? "\033[1;31m"
                       : s == SEV_WARNING ? "\033[1;33m"
                                          : "\033[1;36m";
    return (struct paint){head, "\033[1;34m", "\033[1m", "\033[0m"};
}

/* The part of a line that is shown: whole letters around the carets. */
struct view {
    size_t from, to;
    bool cut_left, cut_right;
};

static struct view view_of(const char *line, size_t n, size_t at)
{
    struct view v = {0, n, false, false};
    if (n <= WINDOW)
        return v;
    if (at > WINDOW / 2)
        v.from = at - WINDOW / 2;
    if (v.from + WINDOW < n)
        v.to = v.from + WINDOW;
    else
        v.from = n - WINDOW;
    while (v.from > 0 && ((unsigned char)line[v.from] & 0xc0) == 0x80)
        v.from--;
    while (v.to < n && ((unsigned char)line[v.to] & 0xc0) == 0x80)
        v.to++;
    v.cut_left = v.from > 0;
    v.cut_right = v.to < n;
    return v;
}

/* Letters (columns, but for wide ones) that add_clean makes of s[0..n). */
static int letters(const char *s, size_t n)
{
    int count = 0;
    for (size_t i = 0; i < n; count++) {
        const size_t size = letter(s + i, n - i);
        i += size ? size : 1;
    }
    return count;
}

/* "defined at oil.ini:14": the other end of a conflict. */
static void print_related(const struct fault *f, const struct related *r, struct text *out)
{
    const bool same = f->at.file && strcmp(f->at.file, r->at.file) == 0 && r->at.line == f->at.line;
    text_addf(out, "%s %s:%d", r->what, r->at.file, r->at.line);
    if (same)
        text_addf(out, ":%d", r->at.col);
}

static void add_excerpt(const struct fault *f, const struct paint *p, int width, struct text *out)
{
    const char *line = f->at.excerpt;
    const size_t n = strcspn(line, "\n");
    size_t at = f->at.col > 0 ? (size_t)f->at.col - 1 : 0;
    at = at > n ? n : at;
    const struct view v = view_of(line, n, at);
    text_addf(out, "%s%*s |%s\n", p->frame, width, "", p->off);
    text_addf(out, "%s%*d |%s %s", p->frame, width, f->at.line, p->off, v.cut_left ? "..." : "");
    add_clean(out, line + v.from, v.to - v.from, false);
    text_addf(out, "%s\n", v.cut_right ? "..." : "");
    size_t end = at + (f->at.length > 0 ? (size_t)f->at.length : 1);
    end = end > v.to ? v.to : end;
    const int indent = letters(line + v.from, at - v.from) + (v.cut_left ? 3 : 0);
    int carets = end > at ? letters(line + at, end - at) : 1;
    text_addf(out, "%s%*s |%s %*s%s", p->frame, width, "", p->off, indent, "", p->head);
    for (; carets > 0; carets--)
        text_add(out, "^");
    struct text other = {0};
    if (!f->hint && f->related_count)
        print_related(f, &f->related[0], &other);
    const char *beside = f->hint ? f->hint : other.data;
    if (beside) {
        text_add(out, " ");
        add_clean(out, beside, strlen(beside), false);
    }
    text_free(&other);
    text_addf(out, "%s\n", p->off);
}

/* A note of several lines is indented as one block. */
static void add_note(const char *note, const struct paint *p, int width, struct text *out)
{
    for (bool first = true; *note; first = false) {
        const size_t n = strcspn(note, "\n");
        text_addf(out, "%s%*s %s%s ", p->frame, width, "", first ? "=" : " ", p->off);
        add_clean(out, note, n, false);
        text_add(out, "\n");
        note += n + (note[n] == '\n');
    }
}

void fault_text(const struct fault *f, bool colour, bool gap, struct text *out)
{
    const struct paint p = paint_for(f->severity, colour);
    const bool placed = f->at.file && f->at.line > 0;
    int width = placed ? snprintf(NULL, 0, "%d", f->at.line) : 2;
    width = width < 2 ? 2 : width;
    if (gap)
        text_add(out, "\n");
    text_addf(out, "%s%s[%s]%s%s: ", p.head, name_of(f->severity), f->code, p.off, p.bold);
    add_clean(out, f->message, strlen(f->message), true);
    text_addf(out, "%s\n", p.off);
    if (f->at.file) {
        text_addf(out, "%s%*s-->%s ", p.frame, width, "", p.off);
        add_clean(out, f->at.file, strlen(f->at.file), false);
        if (placed)
            text_addf(out, f->at.col > 0 ? ":%d:%d" : ":%d", f->at.line, f->at.col);
        text_add(out, "\n");
    }
    if (placed && f->at.excerpt)
        add_excerpt(f, &p, width, out);
    else if (f->hint)
        add_note(f->hint, &p, width, out);
    /* The first stands beside the carets unless a hint does. */
    const bool beside = placed && f->at.excerpt && !f->hint;
    for (size_t i = beside ? 1 : 0; i < f->related_count; i++) {
        struct text note = {0};
        print_related(f, &f->related[i], &note);
        add_note(note.data, &p, width, out);
        text_free(&note);
    }
    for (size_t i = 0; i < f->note_count; i++)
        add_note(f->notes[i], &p, width, out);
}

static void json_text(cJSON *o, const char *key, const char *value)
{
    if (!value)
        return;
    struct text clean = {0};
    text_add(&clean, "");
    add_clean(&clean, value, strlen(value), true);
    cJSON_AddStringToObject(o, key, clean.data);
    text_free(&clean);
}

static void json_place(cJSON *o, const struct place *at)
{
    if (!at->file)
        return;
    json_text(o, "file", at->file);
    cJSON_AddNumberToObject(o, "line", at->line);
    cJSON_AddNumberToObject(o, "col", at->col);
}

void fault_json(const struct fault *f, struct text *out)
{
    cJSON *o = cJSON_CreateObject();
    cJSON_AddStringToObject(o, "schema", "impasto.fault/1");
    cJSON_AddStringToObject(o, "type", "fault");
    cJSON_AddStringToObject(o, "code", f->code);
    cJSON_AddStringToObject(o, "severity", name_of(f->severity));
    json_text(o, "message", f->message);
    json_place(o, &f->at);
    json_text(o, "hint", f->hint);
    cJSON *notes = f->note_count ? cJSON_AddArrayToObject(o, "notes") : NULL;
    for (size_t i = 0; i < f->note_count; i++) {
        struct text clean = {0};
        text_add(&clean, "");
        add_clean(&clean, f->notes[i], strlen(f->notes[i]), true);
        cJSON_AddItemToArray(notes, cJSON_CreateString(clean.data));
        text_free(&clean);
    }
    cJSON *related = f->related_count ? cJSON_AddArrayToObject(o, "related") : NULL;
    for (size_t i = 0; i < f->related_count; i++) {
        cJSON *r = cJSON_CreateObject();
        json_place(r, &f->related[i].at);
        json_text(r, "what", f->related[i].what);
        cJSON_AddItemToArray(related, r);
    }
    char *line = cJSON_PrintUnformatted(o);
    if (line) {
        text_add(out, line);
        text_add(out, "\n");
    }
    cJSON_free(line);
    cJSON_Delete(o);
}

bool report_wants_colour(FILE *stream)
{
    const char *no = getenv("NO_COLOR"), *force = getenv("CLICOLOR_FORCE"), *term = getenv("TERM");
    if (no && *no)
        return false;
    if (force && *force && strcmp(force, "0") != 0)
        return true;
    return term && *term && strcmp(term, "dumb") != 0 && isatty(fileno(stream));
}
