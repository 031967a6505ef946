/* parse_celeba.c - lines of words with runs of blanks between. The text is cut up in place. */
#include "parse_celeba.h"
#include <string.h>

enum { MOST_ATTRIBUTES = 1000 };

struct lines {
    const char *file;
    char *rest;
    uint32_t line;
    struct room *room;
    struct faults *faults;
    int32_t param;
};

/* The next line that is not empty; NULL: there is none. */
static char *next_line(struct lines *l)
{
    while (l->rest) {
        char *line = l->rest, *end = strchr(line, '\n');
        if (end)
            *end = '\0';
        l->rest = end ? end + 1 : NULL;
        l->line++;
        if (line[strspn(line, " \t\r")])
            return line;
    }
    return NULL;
}

static char *next_word(char **at)
{
    char *word = *at + strspn(*at, " \t\r");
    const size_t n = strcspn(word, " \t\r");
    *at = word[n] ? word + n + 1 : word + n;
    word[n] = '\0';
    return n ? word : NULL;
}

/* Whole numbers of one or two letters are all that stands in these lists. */
static bool small_number(const char *word, int8_t *value)
{
    const bool minus = *word == '-';
    const char *digit = word + minus;
    if (*digit < '0' || *digit > '9' || digit[1])
        return false;
    *value = (int8_t)(minus ? '0' - *digit : *digit - '0');
    return true;
}

static bool fits(int8_t v, bool parts)
{
    return parts ? v >= 0 && v <= 2 : v == -1 || v == 1;
}

/* The values of a line; answers how many there are, or -1 after a fault. */
static int64_t read_values(struct lines *l, char *at, const struct celeba_list *out, int8_t *values)
{
    const bool parts = !out->names;
    int64_t n = 0;
    for (char *word; (word = next_word(&at)); n++) {
        int8_t v = 0;
        if (!small_number(word, &v) || !fits(v, parts)) {
            fault_add(l->faults, IMP_E_INPUT, l->param, "%s:%u: '%.40s' where there may be %s",
                      l->file, l->line, word, parts ? "0, 1 or 2" : "-1 or 1");
            return -1;
        }
        if (n < out->columns)
            values[n] = v;
    }
    return n;
}

static void read_rows(struct lines *l, struct celeba_list *out)
{
    int8_t *values = room_take(l->room, out->columns, 1);
    for (char *line; values && !l->room->failed && (line = next_line(l));) {
        char *at = line;
        const char *file = next_word(&at);
        const int64_t n = read_values(l, at, out, values);
        if (n < 0)
            continue;
        if (n != out->columns) {
            fault_add(l->faults, IMP_E_INPUT, l->param, "%s:%u: %lld values behind %.60s, not %u",
                      l->file, l->line, (long long)n, file, out->columns);
            continue;
        }
        const size_t k = (size_t)out->rows;
        out->files = room_grow(l->room, out->files, k, sizeof *out->files);
        out->values = room_grow(l->room, out->values, k, out->columns);
        if (l->room->failed)
            return;
        out->files[k] = file;
        memcpy(out->values + k * out->columns, values, out->columns);
        out->rows++;
    }
}

static bool attribute_names(struct lines *l, char *line, struct celeba_list *out)
{
    for (char *name; (name = next_word(&line)) && out->columns < MOST_ATTRIBUTES;) {
        out->names = room_grow(l->room, out->names, out->columns, sizeof *out->names);
        if (!out->names)
            return false;
        for (uint32_t i = 0; i < out->columns; i++)
            if (!strcmp(out->names[i], name))
                fault_add(l->faults, IMP_E_INPUT, l->param, "%s:%u: the attribute '%.60s' twice",
                          l->file, l->line, name);
        out->names[out->columns++] = name;
    }
    return out->columns > 0;
}

/* "202599"; -1: no number. */
static int64_t read_count(char *line)
{
    const char *word = next_word(&line), *end;
    const double v = word ? kit_number(word, &end) : -1;
    return word && end != word && !*end && v >= 0 && v < 1e9 && v == (double)(int64_t)v
               ? (int64_t)v
               : -1;
}

bool celeba_attributes(const char *file, char *text, struct room *room, struct faults *faults,
                       int32_t param, struct celeba_list *out)
{
    struct lines l = {.file = file, .rest = text, .room = room, .faults = faults, .param = param};
    char *head = next_line(&l);
    const int64_t count = head ? read_count(head) : -1;
    *out = (struct celeba_list){0};
    if (count < 0) {
        fault_add(faults, IMP_E_INPUT, param,
                  "%s:1: the first line says how many pictures there are; this is no list of "
                  "attributes",
                  file);
        return false;
    }
    char *names = next_line(&l);
    if (!names || !attribute_names(&l, names, out)) {
        fault_add(faults, IMP_E_INPUT, param, "%s:2: the names of the attributes are not there",
                  file);
        return false;
    }
    const uint64_t before = faults->total;
    read_rows(&l, out);
    if (out->rows != (uint64_t)count && faults->total == before && !room->failed)
        fault_add(faults, IMP_E_INPUT, param,
                  "%s: its first line says %lld pictures, it has lines for %llu: is it cut short?",
                  file, (long long)count, (unsigned long long)out->rows);
    return !room->failed;
}

bool celeba_parts(const char *file, char *text, struct room *room, struct faults *faults,
                  int32_t param, struct celeba_list *out)
{
    struct lines l = {.file = file, .rest = text, .room = room, .faults = faults, .param = param};
    *out = (struct celeba_list){.columns = 1};
    read_rows(&l, out);
    return !room->failed;
}
