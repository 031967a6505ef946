/* parse_csv.c - rows and cells; every bad line is named. */
#include "parse_csv.h"
#include <string.h>

enum { MOST_COLUMNS = 4096 };

struct reader {
    const char *file, *at, *end;
    char separator;
    uint32_t line;
    struct room *room;
    struct faults *faults;
    int32_t param;
    const char **row; /* cells of the row at hand */
    uint32_t cells;
};

/* What parts the cells of the first line: the one of , ; tab that is there most often. */
static char find_separator(const char *at, const char *end)
{
    static const char marks[] = {',', ';', '\t'};
    uint32_t seen[3] = {0};
    bool quoted = false;
    for (; at < end && (quoted || (*at != '\n' && *at != '\r')); at++) {
        quoted ^= *at == '"';
        for (int i = 0; i < 3; i++)
            seen[i] += !quoted && *at == marks[i];
    }
    const int best = seen[1] > seen[0] ? 1 : 0;
    return marks[seen[2] > seen[best] ? 2 : best];
}

static bool ends_cell(const struct reader *r, const char *p)
{
    return p == r->end || *p == r->separator || *p == '\n' || *p == '\r';
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

static const char *bare_cell(struct reader *r)
{
    const char *from = r->at;
    while (!ends_cell(r, r->at))
        r->at++;
    const char *to = r->at;
    while (from < to && is_blank(*from))
        from++;
    while (to > from && is_blank(to[-1]))
        to--;
    return room_text(r->room, from, (size_t)(to - from));
}

/* From a quote on; two quotes are one, line ends are letters. NULL: a fault, the rest of the text is
 * lost (an open quote) or the line is. */
static const char *quoted_cell(struct reader *r)
{
    const uint32_t line = r->line;
    const char *p = r->at + 1;
    while (p < r->end && (*p != '"' || (p + 1 < r->end && p[1] == '"')))
        p += *p == '"' ? 2 : 1;
    if (p == r->end) {
        fault_add(r->faults, IMP_E_INPUT, r->param, "%s:%u: a quote is never closed", r->file,
                  line);
        r->at = r->end;
        return NULL;
    }
    char *cell = room_take(r->room, (size_t)(p - r->at), 1), *to = cell;
    for (const char *q = r->at + 1; cell && q < p; q++) {
        *to++ = *q;
        r->line += *q == '\n';
        q += *q == '"';
    }
    for (r->at = p + 1; !ends_cell(r, r->at) && is_blank(*r->at);)
        r->at++;
    if (ends_cell(r, r->at))
        return cell;
    fault_add(r->faults, IMP_E_INPUT, r->param, "%s:%u: there is text behind a closing quote",
              r->file, r->line);
    return NULL;
}

static void skip_line(struct reader *r)
{
    while (r->at < r->end && *r->at != '\n')
        r->at++;
}

/* The cells of one line; false: it has a mistake, which is noted. */
static bool read_row(struct reader *r)
{
    for (r->cells = 0; r->cells < MOST_COLUMNS; r->at++) {
        r->row = room_grow(r->room, r->row, r->cells, sizeof *r->row);
        const char *cell = r->at < r->end && *r->at == '"' ? quoted_cell(r) : bare_cell(r);
        if (!cell || !r->row) {
            skip_line(r);
            return false;
        }
        r->row[r->cells++] = cell;
        if (r->at == r->end || *r->at != r->separator)
            return true;
    }
    fault_add(r->faults, IMP_E_LIMIT, r->param, "%s:%u: more than %d columns", r->file, r->line,
              MOST_COLUMNS);
    skip_line(r);
    return false;
}

/* Over the end of a line: LF, CR LF or CR. */
static void end_line(struct reader *r)
{
    if (r->at < r->end && *r->at == '\r')
        r->at++;
    if (r->at < r->end && *r->at == '\n')
        r->at++;
    r->line++;
}

static bool read_header(struct reader *r, struct csv *t)
{
    const uint64_t before = r->faults->total;
    if (!read_row(r))
        return false;
    t->names = room_take(r->room, r->cells, sizeof *t->names);
    if (!t->names)
        return false;
    memcpy(t->names, r->row, r->cells * sizeof *t->names);
    t->columns = r->cells;
    for (uint32_t i = 0; i < t->columns; i++) {
        if (!*t->names[i])
            fault_add(r->faults, IMP_E_INPUT, r->param,
                      "%s:1: column %u has no name; the first line names the columns", r->file,
                      i + 1);
        else if (csv_column(t, t->names[i]) < i)
            fault_add(r->faults, IMP_E_INPUT, r->param, "%s:1: two columns are called '%s'",
                      r->file, t->names[i]);
    }
    return r->faults->total == before;
}

static void keep_row(struct reader *r, struct csv *t, uint32_t line)
{
    if (r->cells == 1 && !*r->row[0] && t->columns > 1) /* an empty line */
        return;
    if (r->cells != t->columns) {
        fault_add(r->faults, IMP_E_INPUT, r->param, "%s:%u: %u cell%s, there are %u columns",
                  r->file, line, r->cells, r->cells == 1 ? "" : "s", t->columns);
        return;
    }
    const size_t n = (size_t)t->rows;
    t->cells = room_grow(r->room, t->cells, n, t->columns * sizeof *t->cells);
    t->lines = room_grow(r->room, t->lines, n, sizeof *t->lines);
    if (r->room->failed)
        return;
    memcpy(t->cells + n * t->columns, r->row, t->columns * sizeof *r->row);
    t->lines[n] = line;
    t->rows++;
}

bool csv_parse(const char *file, const char *text, size_t size, struct room *room,
               struct faults *faults, int32_t param, struct csv *out)
{
    struct reader r = {.file = file, .at = text, .end = text + size, .line = 1, .room = room,
                       .faults = faults, .param = param};
    const char *nul = size ? memchr(text, 0, size) : NULL;
    *out = (struct csv){0};
    if (nul) {
        fault_add(faults, IMP_E_INPUT, param, "%s: no text: a zero byte at %zu", file,
                  (size_t)(nul - text));
        return false;
    }
    if (size >= 3 && !memcmp(text, "\xef\xbb\xbf", 3))
        r.at += 3;
    if (r.at == r.end) {
        fault_add(faults, IMP_E_INPUT, param, "%s is empty: its first line names the columns",
                  file);
        return false;
    }
    r.separator = find_separator(r.at, r.end);
    if (!read_header(&r, out))
        return false;
    for (end_line(&r); r.at < r.end && !room->failed; end_line(&r)) {
        const uint32_t line = r.line;
        if (read_row(&r))
            keep_row(&r, out, line);
    }
    return !room->failed;
}

int64_t csv_column(const struct csv *t, const char *name)
{
    for (uint32_t i = 0; i < t->columns; i++)
        if (!strcmp(t->names[i], name))
            return i;
    return -1;
}
