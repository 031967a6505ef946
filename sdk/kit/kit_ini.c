/* kit_ini.c - a strict reader of INI text in front of inih.
 *
 * inih, as packaged, cuts, joins or skips what it does not expect and answers 0; its options are
 * variables of the whole process. So every line is checked here, inih is handed only `[section]`,
 * `key=token` or an empty line, a token of a few letters standing for the value, and its handler
 * compares what comes back with what was sent: whatever inih is set to, it either says the same or
 * the text is refused.
 *
 * The text is copied once and worked on in place: names and values are terminated where they stand,
 * and the pieces of a continued value are moved together, which only ever shortens it. */
#include <impasto/kit.h>

#include <ini.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum {
    NAME_MAX_BYTES = 49, /* inih keeps 49 bytes of a key or a section */
    VALUE_MAX_BYTES = 65536,
    TEXT_FAULTS_MAX = 50 /* a file of other bytes altogether needs no more */
};

/* What an indented line would continue. */
enum above { ABOVE_NOTHING = 0, ABOVE_KEY, ABOVE_FAULT };

struct list {
    void *data;
    uint32_t count, capacity;
};
struct span {
    char *at;
    size_t n;
};
struct reader {
    char *text;
    size_t size, next; /* next: where the line after this one starts */
    uint32_t line;
    struct list sections, keys, faults;
    enum above above;
    uint32_t text_faults;
    uint32_t sent, confirmed; /* keys that inih was given, and gave back */
    bool no_memory, disagrees;
};

static void *push(struct reader *r, struct list *l, size_t size)
{
    if (l->count == l->capacity) {
        const uint32_t capacity = l->capacity ? l->capacity * 2 : 32;
        void *data = capacity > l->capacity ? realloc(l->data, capacity * size) : NULL;
        if (!data) {
            r->no_memory = true;
            return NULL;
        }
        l->data = data;
        l->capacity = capacity;
    }
    void *item = (char *)l->data + l->count * size;
    memset(item, 0, size);
    l->count++;
    return item;
}

static kit_ini_key *last_key(const struct reader *r)
{
    return (kit_ini_key *)r->keys.data + (r->keys.count - 1);
}

static kit_ini_section *last_section(const struct reader *r)
{
    return (kit_ini_section *)r->sections.data + (r->sections.count - 1);
}

static void fault_at(struct reader *r, enum kit_ini_code code, kit_place at, const char *text)
{
    kit_ini_fault *f = push(r, &r->faults, sizeof *f);
    if (f)
        *f = (kit_ini_fault){.text = text, .at = at, .code = code};
}

static kit_place place_of(const struct reader *r, const struct span *line, const char *at, size_t n)
{
    return (kit_place){
        .line = r->line, .col = (uint32_t)(at - line->at) + 1, .length = (uint32_t)n};
}

static void fault(struct reader *r, enum kit_ini_code code, const struct span *line, const char *at,
                  size_t n, const char *text)
{
    fault_at(r, code, place_of(r, line, at, n), text);
}

static bool blank(char c)
{
    return c == ' ' || c == '\t';
}

static bool key_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '_' || c == '/' || c == '-';
}

static struct span trimmed(struct span s)
{
    while (s.n && blank(s.at[0])) {
        s.at++;
        s.n--;
    }
    while (s.n && blank(s.at[s.n - 1]))
        s.n--;
    return s;
}

/* A blank and ';' begin a comment. */
static struct span without_comment(struct span s)
{
    for (size_t i = 1; i < s.n; i++)
        if (s.at[i] == ';' && blank(s.at[i - 1]))
            s.n = i - 1;
    return s;
}

/* Bytes of the UTF-8 letter at s, 0 if there is none: shortest form, no surrogates. */
static size_t utf8_letter(const char *s, size_t n)
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
    if ((u[0] == 0xe0 && u[1] < 0xa0) || (u[0] == 0xed && u[1] > 0x9f) ||
        (u[0] == 0xf0 && u[1] < 0x90) || (u[0] == 0xf4 && u[1] > 0x8f))
        return 0;
    return size;
}

static const char *text_fault_at(const struct span *line, size_t i)
{
    const unsigned char c = (unsigned char)line->at[i];
    if (c == 0)
        return "a NUL byte: this is no text, or it is UTF-16; save it as UTF-8";
    if (c == '\r')
        return "a carriage return without a line feed: save the file with line ends LF or CR LF";
    if ((c < 0x20 && c != '\t') || c == 0x7f)
        return "a control byte: only tabs and line ends may stand in a preset";
    if (utf8_letter(line->at + i, line->n - i) == 0)
        return "not UTF-8: save the file as UTF-8";
    return NULL;
}

/* Reports the first byte that is no text and turns all such bytes of the line to '?', so that the
 * rest of the line is still checked. */
static bool check_text(struct reader *r, struct span *line)
{
    bool fine = true;
    for (size_t i = 0; i < line->n;) {
        const char *what = text_fault_at(line, i);
        if (what) {
            if (fine && r->text_faults < TEXT_FAULTS_MAX) {
                fault(r, KIT_INI_TEXT, line, line->at + i, 1, what);
                r->text_faults++;
            }
            fine = false;
            line->at[i] = '?';
        }
        i += what ? 1 : utf8_letter(line->at + i, line->n - i);
    }
    return fine;
}

static bool next_line(struct reader *r, struct span *line)
{
    if (r->next >= r->size)
        return false;
    char *start = r->text + r->next;
    const size_t left = r->size - r->next;
    const char *end = memchr(start, '\n', left);
    line->at = start;
    line->n = end ? (size_t)(end - start) : left;
    r->next += line->n + 1;
    r->line++;
    if (end && line->n && start[line->n - 1] == '\r')
        line->n--;
    return true;
}

/* `[name] ; comment`. */
static void read_section(struct reader *r, const struct span *line, char *out, size_t cap)
{
    struct span s = trimmed(without_comment(*line));
    const char *close = memchr(s.at, ']', s.n);
    r->above = ABOVE_NOTHING;
    /* Its keys belong nowhere then, and are not reported one by one. */
    kit_ini_section *section = push(r, &r->sections, sizeof *section);
    if (!section)
        return;
    section->first = r->keys.count;
    section->name = "";
    if (!close) {
        fault(r, KIT_INI_SYNTAX, line, s.at, s.n, "a section without its ']'");
        return;
    }
    char *name = s.at + 1;
    const size_t n = (size_t)(close - name);
    const size_t rest = s.n - n - 2;
    section->at = place_of(r, line, name, n);
    if (rest) {
        fault(r, KIT_INI_SYNTAX, line, close + 1, rest,
              "nothing but a comment (a blank, then ';') may follow the ']' of a section");
        return;
    }
    if (n == 0 || blank(name[0]) || blank(name[n - 1])) {
        fault(r, KIT_INI_NAME, line, n ? name : s.at, n ? n : s.n,
              n ? "blanks around the name of a section: write [name]" : "a section without a name");
        return;
    }
    if (n > NAME_MAX_BYTES) {
        fault(r, KIT_INI_LONG, line, name, n, "the name of a section has 49 bytes at most");
        return;
    }
    for (size_t i = 0; i < n; i++) {
        if (name[i] < 0x20 || name[i] > 0x7e) {
            fault(r, KIT_INI_NAME, line, name + i, 1,
                  "only ASCII letters may stand in the name of a section");
            return;
        }
    }
    name[n] = '\0';
    section->name = name;
    if (n + 4 > cap) {
        r->disagrees = true;
        return;
    }
    out[0] = '[';
    memcpy(out + 1, name, n);
    memcpy(out + 1 + n, "]\n", 3);
}

/* Where the key of a line ends, and its '='; false and a fault if it has neither. */
static bool read_key(struct reader *r, const struct span *line, struct span *key, char **equals)
{
    const struct span s = trimmed(without_comment(*line));
    size_t n = 0;
    while (n < s.n && key_letter(s.at[n]))
        n++;
    size_t at = n;
    while (at < s.n && blank(s.at[at]))
        at++;
    *key = (struct span){s.at, n};
    *equals = s.at + at;
    if (at < s.n && s.at[at] == '=' && n > NAME_MAX_BYTES) {
        fault(r, KIT_INI_LONG, line, s.at, n, "a key has 49 bytes at most");
        return false;
    }
    if (at < s.n && s.at[at] == '=' && n > 0)
        return true;
    const char *sign = memchr(s.at, '=', s.n);
    if (n == 0 && sign == s.at)
        fault(r, KIT_INI_NAME, line, s.at, 1, "a value without a key");
    else if (at < s.n && s.at[at] == ':')
        fault(r, KIT_INI_NAME, line, s.at + at, 1, "':' cannot stand in a key: write key = value");
    else if (sign)
        fault(r, KIT_INI_NAME, line, s.at + n, utf8_letter(s.at + n, s.n - n),
              "a key is made of letters a-z A-Z, digits and . _ / - only");
    else
        fault(r, KIT_INI_SYNTAX, line, s.at, s.n, "neither a [section] nor a key = value");
    return false;
}

static void read_value(struct reader *r, const struct span *line, struct span key, char *equals,
                       char *out, size_t cap)
{
    const struct span whole = {equals + 1, (size_t)(line->at + line->n - equals - 1)};
    const struct span value = trimmed(without_comment(whole));
    r->above = ABOVE_FAULT;
    if (value.n > VALUE_MAX_BYTES) {
        fault(r, KIT_INI_LONG, line, key.at, key.n, "a value has 65536 bytes at most");
        return;
    }
    kit_ini_key *k = push(r, &r->keys, sizeof *k);
    if (!k)
        return;
    k->key_at = place_of(r, line, key.at, key.n);
    k->value_at = place_of(r, line, value.n ? value.at : equals + 1, value.n);
    k->section = r->sections.count - 1;
    last_section(r)->count++;
    /* The value first: an empty one may end where the line does. */
    value.at[value.n] = '\0';
    key.at[key.n] = '\0';
    k->key = key.at;
    k->value = value.at;
    r->above = ABOVE_KEY;
    if (!last_section(r)->name[0]) /* a faulty one, which inih was not told of */
        return;
    r->sent++;
    if ((size_t)snprintf(out, cap, "%s=v%u\n", k->key, (unsigned)r->keys.count) >= cap)
        r->disagrees = true;
}

static bool looks_like_key(struct span s)
{
    size_t n = 0;
    while (n < s.n && key_letter(s.at[n]))
        n++;
    const bool named = n > 0;
    while (n < s.n && blank(s.at[n]))
        n++;
    return named && n < s.n && s.at[n] == '=';
}

/* An indented line goes on with the value above it. */
static void read_continuation(struct reader *r, const struct span *line)
{
    const struct span s = trimmed(without_comment(*line));
    const enum above above = r->above;
    if (s.n == 0 || above == ABOVE_FAULT)
        return;
    const char *wrong = NULL;
    if (s.at[0] == '[')
        wrong = "an indented section: sections start at the beginning of their line";
    else if (looks_like_key(s))
        wrong = "an indented key: keys start at the beginning of their line, and only a long value "
                "goes on "
                "in indented lines";
    else if (s.at[0] == '#')
        wrong = "an indented '#': comments with '#' start at the beginning of their line, with ';' "
                "anywhere";
    else if (above == ABOVE_NOTHING)
        wrong = "an indented line goes on with the value right above it, and there is none";
    if (wrong) {
        fault(r, KIT_INI_CONTINUATION, line, s.at, s.n, wrong);
        return;
    }
    kit_ini_key *k = last_key(r);
    /* Moved towards the front: between the value and this piece there is a line end at the least.
     */
    char *value = r->text + (k->value - r->text);
    const size_t n = strlen(value);
    if (n + 1 + s.n > VALUE_MAX_BYTES) {
        fault_at(r, KIT_INI_LONG, k->key_at, "a value has 65536 bytes at most");
        r->above = ABOVE_FAULT;
        return;
    }
    if (n == 0)
        k->value_at = place_of(r, line, s.at, s.n);
    else
        value[n] = ' ';
    memmove(value + n + (n > 0), s.at, s.n);
    value[n + (n > 0) + s.n] = '\0';
}

static void read_line(struct reader *r, struct span *line, char *out, size_t cap)
{
    const bool fine = check_text(r, line);
    const uint32_t before = r->faults.count;
    const char first = line->n ? line->at[0] : '\0';
    struct span key;
    char *equals;
    if (trimmed(*line).n == 0) {
        r->above = ABOVE_NOTHING;
    } else if (first == ';' || first == '#') {
        /* a comment, between the lines of a value too */
    } else if (blank(first)) {
        if (trimmed(*line).at[0] != ';')
            read_continuation(r, line);
    } else if (first == '[') {
        read_section(r, line, out, cap);
    } else if (!read_key(r, line, &key, &equals)) {
        r->above = ABOVE_FAULT;
    } else if (r->sections.count == 0) {
        fault(r, KIT_INI_OUTSIDE, line, key.at, key.n, "a key before any [section]");
        r->above = ABOVE_FAULT;
    } else {
        read_value(r, line, key, equals, out, cap);
    }
    if (!fine && r->faults.count > before)
        r->faults.count = before; /* the bytes were reported: what follows from them is not */
}

/* What inih calls for a line: one of the text checked, as inih cannot misread it. */
static char *hand_on(char *str, int num, void *stream)
{
    struct reader *r = stream;
    struct span line;
    if (num < 4 || r->confirmed != r->sent)
        r->disagrees = true;
    if (r->disagrees || r->no_memory || !next_line(r, &line))
        return NULL;
    char out[128] = "\n";
    read_line(r, &line, out, sizeof out);
    if (strlen(out) >= (size_t)num) {
        r->disagrees = true;
        return NULL;
    }
    return strcpy(str, out);
}

static int compare(void *user, const char *section, const char *name, const char *value)
{
    struct reader *r = user;
    if (!name) /* a build of inih that tells of sections, too */
        return 1;
    char token[16];
    snprintf(token, sizeof token, "v%u", (unsigned)r->keys.count);
    if (r->sent != r->confirmed + 1 || !section || !value ||
        strcmp(section, last_section(r)->name) != 0 || strcmp(name, last_key(r)->key) != 0 ||
        strcmp(value, token) != 0)
        r->disagrees = true;
    r->confirmed = r->sent;
    return 1;
}

static int by_key(const void *left, const void *right)
{
    const kit_ini_key *a = *(const kit_ini_key *const *)left,
                      *b = *(const kit_ini_key *const *)right;
    if (a->section != b->section)
        return a->section < b->section ? -1 : 1;
    const int order = strcmp(a->key, b->key);
    return order ? order : a < b ? -1 : a > b;
}

static int by_name(const void *left, const void *right)
{
    const kit_ini_section *a = *(const kit_ini_section *const *)left;
    const kit_ini_section *b = *(const kit_ini_section *const *)right;
    const int order = strcmp(a->name, b->name);
    return order ? order : a < b ? -1 : a > b;
}

static void repeated(struct reader *r, enum kit_ini_code code, kit_place at, uint32_t first,
                     const char *text)
{
    kit_ini_fault *f = push(r, &r->faults, sizeof *f);
    if (f)
        *f = (kit_ini_fault){.text = text, .at = at, .code = code, .related_line = first};
}

/* Pointers to all items of a list, sorted. */
static void *sorted(struct reader *r, const struct list *l, size_t size,
                    int (*order)(const void *, const void *))
{
    void **items = l->count ? malloc(l->count * sizeof *items) : NULL;
    if (!items) {
        r->no_memory |= l->count > 0;
        return NULL;
    }
    for (uint32_t i = 0; i < l->count; i++)
        items[i] = (char *)l->data + i * size;
    qsort(items, l->count, sizeof *items, order);
    return items;
}

static void find_repeated_sections(struct reader *r)
{
    kit_ini_section **list = sorted(r, &r->sections, sizeof(kit_ini_section), by_name);
    for (uint32_t i = 1, first = 0; list && i < r->sections.count; i++) {
        if (strcmp(list[i]->name, list[first]->name) != 0)
            first = i;
        else if (list[i]->name[0])
            repeated(r, KIT_INI_DUPLICATE_SECTION, list[i]->at, list[first]->at.line,
                     "this section is there already");
    }
    free(list);
}

/* Takes out the keys that were marked (key NULL). */
static void squeeze(struct reader *r)
{
    kit_ini_key *keys = r->keys.data;
    kit_ini_section *sections = r->sections.data;
    uint32_t kept = 0;
    for (uint32_t s = 0, k = 0; s < r->sections.count; s++) {
        const uint32_t end = k + sections[s].count;
        sections[s].first = kept;
        for (; k < end; k++)
            if (keys[k].key)
                keys[kept++] = keys[k];
        sections[s].count = kept - sections[s].first;
    }
    r->keys.count = kept;
}

static void find_repeated_keys(struct reader *r)
{
    kit_ini_key **list = sorted(r, &r->keys, sizeof(kit_ini_key), by_key);
    bool any = false;
    for (uint32_t i = 1, first = 0; list && i < r->keys.count; i++) {
        if (list[i]->section != list[first]->section ||
            strcmp(list[i]->key, list[first]->key) != 0) {
            first = i;
            continue;
        }
        repeated(r, KIT_INI_DUPLICATE_KEY, list[i]->key_at, list[first]->key_at.line,
                 "this key is in the section already");
        list[i]->key = NULL;
        any = true;
    }
    free(list);
    if (any)
        squeeze(r);
}

static int by_place(const void *left, const void *right)
{
    const kit_ini_fault *a = left, *b = right;
    if (a->at.line != b->at.line)
        return a->at.line < b->at.line ? -1 : 1;
    return a->at.col < b->at.col ? -1 : a->at.col > b->at.col;
}

static void free_lists(struct reader *r)
{
    free(r->sections.data);
    free(r->keys.data);
    free(r->faults.data);
    free(r->text);
    free(r);
}

imp_status kit_ini_read(const char *text, size_t size, kit_ini *out)
{
    *out = (kit_ini){0};
    if (size >= UINT32_MAX)
        return IMP_E_LIMIT;
    struct reader *r = calloc(1, sizeof *r);
    if (!r || !(r->text = malloc(size + 1))) {
        free(r);
        return IMP_E_MEMORY;
    }
    if (size >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0) {
        text += 3;
        size -= 3;
    }
    if (size)
        memcpy(r->text, text, size);
    r->text[size] = '\0';
    r->size = size;
    const int verdict = ini_parse_stream(hand_on, r, compare, r);
    if (verdict != 0 || r->confirmed != r->sent || r->next < r->size)
        r->disagrees = true;
    if (!r->disagrees && !r->no_memory) {
        find_repeated_sections(r);
        find_repeated_keys(r);
    }
    if (r->disagrees || r->no_memory) {
        const imp_status st = r->no_memory ? IMP_E_MEMORY : IMP_E_INTERNAL;
        free_lists(r);
        return st;
    }
    if (r->faults.count)
        qsort(r->faults.data, r->faults.count, sizeof(kit_ini_fault), by_place);
    *out = (kit_ini){.sections = r->sections.data,
                     .keys = r->keys.data,
                     .faults = r->faults.data,
                     .section_count = r->sections.count,
                     .key_count = r->keys.count,
                     .fault_count = r->faults.count,
                     .memory = r};
    return IMP_OK;
}

void kit_ini_free(kit_ini *ini)
{
    if (ini->memory)
        free_lists(ini->memory);
    *ini = (kit_ini){0};
}
