/* preset_read.c - one text of a preset: its lines checked by the kit's reader, [preset] obeyed,
 * [vars] and nodes laid over those of the files it includes. */
#include "preset_private.h"

#include <impasto/kit.h>
#include <string.h>

struct source {
    struct loader *loader;
    const char *path, *folder;
    const char **lines; /* as they stand in the file, without their ends */
    size_t line_count;
    enum origin origin;
};

const char *preset_fault_code(unsigned kit_code)
{
    switch (kit_code) {
    case KIT_INI_NAME:
        return "E0111";
    case KIT_INI_DUPLICATE_KEY:
    case KIT_INI_DUPLICATE_SECTION:
        return "E0104";
    case KIT_INI_TEXT:
        return "E0103";
    case KIT_INI_CONTINUATION:
        return "E0105";
    case KIT_INI_LONG:
        return "E0106";
    case KIT_INI_OUTSIDE:
        return "E0112";
    default:
        return "E0102";
    }
}

/* NUL bytes are shown as some other control byte, so that excerpts do not end there. */
static void split_lines(struct source *s, const char *text, size_t size)
{
    struct arena *a = s->loader->arena;
    size_t capacity = 0;
    if (size >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0) {
        text += 3;
        size -= 3;
    }
    for (size_t i = 0; i < size;) {
        const char *end = memchr(text + i, '\n', size - i);
        size_t n = end ? (size_t)(end - (text + i)) : size - i;
        s->lines = arena_grow(a, s->lines, s->line_count, &capacity, sizeof *s->lines);
        char *line = arena_strndup(a, text + i, n);
        i += n + 1;
        for (size_t k = 0; k < n; k++)
            if (line[k] == '\0')
                line[k] = '\1';
        if (end && n && line[n - 1] == '\r')
            line[n - 1] = '\0';
        s->lines[s->line_count++] = line;
    }
}

static struct place place_in(const struct source *s, kit_place at)
{
    return (struct place){
        .file = s->path,
        .excerpt = at.line >= 1 && at.line <= s->line_count ? s->lines[at.line - 1] : NULL,
        .line = (int)at.line,
        .col = (int)at.col,
        .length = (int)at.length};
}

static bool goes_on(const char *line)
{
    return *line == ' ' || *line == '\t' || *line == ';' || *line == '#';
}

/* A value's place: with the lines that it goes on in. */
static struct place value_place(const struct source *s, kit_place at)
{
    struct place place = place_in(s, at);
    size_t end = at.line;
    while (end < s->line_count && goes_on(s->lines[end]))
        end++;
    if (end == at.line || !place.excerpt)
        return place;
    struct text t = {0};
    for (size_t i = at.line - 1; i < end; i++)
        text_addf(&t, "%s%s", i >= at.line ? "\n" : "", s->lines[i]);
    place.excerpt = arena_strdup(s->loader->arena, t.data);
    text_free(&t);
    return place;
}

static void report_faults(const struct source *s, const kit_ini *ini)
{
    for (uint32_t i = 0; i < ini->fault_count; i++) {
        const kit_ini_fault *k = &ini->faults[i];
        const struct place at = place_in(s, k->at);
        struct fault *f = report_add(s->loader->report, SEV_ERROR, preset_fault_code(k->code), &at,
                                     "%s", k->text);
        if (k->related_line) {
            const struct place other = place_in(s, (kit_place){.line = k->related_line, .col = 1});
            fault_related(f, &other, "first at");
            fault_note(f, "write it once: the last does not win");
        }
    }
}

static struct preset_key key_of(const struct source *s, const kit_ini_key *k)
{
    struct arena *a = s->loader->arena;
    return (struct preset_key){.key = arena_strdup(a, k->key),
                               .value = arena_strdup(a, k->value),
                               .folder = s->folder,
                               .key_at = place_in(s, k->key_at),
                               .value_at = value_place(s, k->value_at),
                               .origin = s->origin};
}

static struct preset_key *find_key(struct preset_key *keys, size_t n, const char *key)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(keys[i].key, key) == 0)
            return &keys[i];
    return NULL;
}

struct preset_section *preset_section_find(struct preset *p, const char *name)
{
    for (size_t i = 0; i < p->section_count; i++)
        if (strcmp(p->sections[i].name, name) == 0)
            return &p->sections[i];
    return NULL;
}

void preset_put(struct arena *a, struct preset_section *s, const struct preset_key *key)
{
    struct preset_key *old = find_key(s->keys, s->key_count, key->key);
    if (old) {
        *old = *key;
        return;
    }
    s->keys = arena_grow(a, s->keys, s->key_count, &s->key_capacity, sizeof *s->keys);
    s->keys[s->key_count++] = *key;
}

struct preset_section *preset_add_section(struct arena *a, struct preset *p, const char *name)
{
    p->sections =
        arena_grow(a, p->sections, p->section_count, &p->section_capacity, sizeof *p->sections);
    struct preset_section *s = &p->sections[p->section_count++];
    *s = (struct preset_section){.name = arena_strdup(a, name)};
    return s;
}

void preset_add_key(struct arena *a, struct preset_section *s, const char *key, const char *value)
{
    const struct preset_key k = {
        .key = arena_strdup(a, key), .value = arena_strdup(a, value), .folder = "."};
    preset_put(a, s, &k);
}

static bool letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* A letter, then letters, digits, _ and -. */
static bool well_named(const char *name)
{
    if (!letter(*name))
        return false;
    for (; *name; name++)
        if (!letter(*name) && !(*name >= '0' && *name <= '9') && *name != '_' && *name != '-')
            return false;
    return true;
}

static bool is_free(const char *key)
{
    return strncmp(key, "x-", 2) == 0;
}

static void include(struct loader *l, const struct source *s, const struct preset_key *key)
{
    struct arena *a = l->arena;
    const char *path = preset_join(a, s->folder, key->value), *why;
    if (strstr(key->value, "${")) {
        report_add(l->report, SEV_ERROR, "E0115", &key->value_at,
                   "'include' comes before the variables: it cannot use them");
        return;
    }
    const char *identity = preset_identity(a, path);
    for (unsigned i = 0; i < l->depth; i++) {
        if (strcmp(l->open[i], identity) == 0) {
            struct fault *f = report_add(l->report, SEV_ERROR, "E0114", &key->value_at,
                                         "'%s' includes itself", path);
            fault_note(f, "%s", preset_names(a, l->open + i, l->depth - i, PRESET_DEPTH));
            return;
        }
    }
    if (l->depth > PRESET_DEPTH - 1) {
        report_add(l->report, SEV_ERROR, "E0114", &key->value_at,
                   "more than %d files within each other", PRESET_DEPTH);
        return;
    }
    char *text;
    size_t size;
    if (!preset_slurp(a, path, &text, &size, &why)) {
        struct fault *f = report_add(l->report, SEV_ERROR, "E0113", &key->value_at,
                                     "cannot include '%s': %s", path, why);
        fault_note(f, "the path is relative to the folder of %s", s->path);
        return;
    }
    l->open[l->depth++] = identity;
    preset_read_text(l, path, preset_folder(a, path), text, size, FROM_INCLUDE);
    l->depth--;
}

/* false: a later format, of which we cannot judge the rest. */
static bool check_format(const struct source *s, const struct preset_key *key)
{
    long long format;
    if (!parse_integer(key->value, &format) || format < 1) {
        struct fault *f = report_add(s->loader->report, SEV_ERROR, "E0116", &key->value_at,
                                     "'format' wants a whole number, not '%s'", key->value);
        fault_hint(f, "write format = %d", PRESET_FORMAT);
        return true;
    }
    if (format <= PRESET_FORMAT)
        return true;
    struct fault *f = report_add(s->loader->report, SEV_ERROR, "E0116", &key->value_at,
                                 "this preset is of format %lld, this Impasto reads up to %d",
                                 format, PRESET_FORMAT);
    fault_hint(f, "update Impasto");
    return false;
}

static bool read_head(const struct source *s, const kit_ini *ini, const kit_ini_section *head)
{
    static const char *const known[] = {"title", "author", "license", "format", "include"};
    struct preset *p = s->loader->preset;
    const char **texts[] = {&p->title, &p->author, &p->license};
    struct preset_key included = {0};
    bool readable = true;
    for (uint32_t i = head->first; i < head->first + head->count; i++) {
        const struct preset_key key = key_of(s, &ini->keys[i]);
        size_t which = 0;
        while (which < 5 && strcmp(known[which], key.key) != 0)
            which++;
        if (which < 3) {
            if (s->origin == FROM_FILE || !*texts[which])
                *texts[which] = key.value;
        } else if (which == 3) {
            readable &= check_format(s, &key);
        } else if (which == 4) {
            included = key;
        } else if (!is_free(key.key)) {
            struct fault *f = report_add(s->loader->report, SEV_ERROR, "E0107", &key.key_at,
                                         "unknown key '%s' in [preset]", key.key);
            const char *near = nearest_name(key.key, known, 5);
            if (near)
                fault_hint(f, "did you mean '%s'?", near);
            fault_note(f, "[preset] has: title, author, license, format, include; x-... is free");
        }
    }
    if (readable && included.key)
        include(s->loader, s, &included);
    return readable;
}

static void read_vars(const struct source *s, const kit_ini *ini, const kit_ini_section *section)
{
    struct preset *p = s->loader->preset;
    for (uint32_t i = section->first; i < section->first + section->count; i++) {
        const struct preset_key key = key_of(s, &ini->keys[i]);
        if (!well_named(key.key)) {
            report_add(s->loader->report, SEV_ERROR, "E0111", &key.key_at,
                       "'%s' cannot name a variable: a letter first, then letters, digits, _ and -",
                       key.key);
            continue;
        }
        struct preset_key *old = find_key(p->vars, p->var_count, key.key);
        if (old) {
            *old = key;
            continue;
        }
        p->vars =
            arena_grow(s->loader->arena, p->vars, p->var_count, &p->var_capacity, sizeof *p->vars);
        p->vars[p->var_count++] = key;
    }
}

/* Nodes of included files (the first `before`) get the keys written here; others are new. */
static void read_node(const struct source *s, const kit_ini *ini, const kit_ini_section *section,
                      size_t before)
{
    struct loader *l = s->loader;
    struct preset_section *node = NULL;
    for (size_t i = 0; i < before && !node; i++)
        if (strcmp(l->preset->sections[i].name, section->name) == 0)
            node = &l->preset->sections[i];
    const struct place at = place_in(s, section->at);
    if (!node) {
        if (!well_named(section->name))
            report_add(l->report, SEV_ERROR, "E0111", &at,
                       "'%s' cannot name a node: a letter first, then letters, digits, _ and -",
                       section->name);
        node = preset_add_section(l->arena, l->preset, section->name);
        node->at = at;
    }
    const size_t old = node->key_count;
    for (uint32_t i = section->first; i < section->first + section->count; i++) {
        const struct preset_key key = key_of(s, &ini->keys[i]);
        struct preset_key *there = find_key(node->keys, old, key.key);
        if (there) {
            *there = key;
            continue;
        }
        node->keys = arena_grow(l->arena, node->keys, node->key_count, &node->key_capacity,
                                sizeof *node->keys);
        node->keys[node->key_count++] = key;
    }
}

/* A section that the reader refused: without a name, or there twice. */
static bool refused(const kit_ini *ini, const kit_ini_section *section, uint32_t *fault)
{
    while (*fault < ini->fault_count && ini->faults[*fault].at.line < section->at.line)
        ++*fault;
    return !section->name[0] ||
           (*fault < ini->fault_count && ini->faults[*fault].at.line == section->at.line &&
            ini->faults[*fault].code == KIT_INI_DUPLICATE_SECTION);
}

static void read_sections(const struct source *s, const kit_ini *ini)
{
    struct loader *l = s->loader;
    uint32_t fault = 0;
    for (uint32_t i = 0; i < ini->section_count; i++)
        if (strcmp(ini->sections[i].name, "preset") == 0 &&
            !refused(ini, &ini->sections[i], &fault) && !read_head(s, ini, &ini->sections[i]))
            return;
    const size_t before = l->preset->section_count;
    fault = 0;
    for (uint32_t i = 0; i < ini->section_count; i++) {
        const kit_ini_section *section = &ini->sections[i];
        if (refused(ini, section, &fault) || strcmp(section->name, "preset") == 0)
            continue;
        if (strcmp(section->name, "vars") == 0) {
            read_vars(s, ini, section);
            continue;
        }
        if (l->preset->section_count >= PRESET_NODES) {
            const struct place at = place_in(s, section->at);
            report_add(l->report, SEV_ERROR, "E0106", &at, "a preset has %d nodes at most",
                       PRESET_NODES);
            return;
        }
        read_node(s, ini, section, before);
    }
}

void preset_read_text(struct loader *l, const char *path, const char *folder, const char *text,
                      size_t size, enum origin origin)
{
    struct source s = {.loader = l, .path = path, .folder = folder, .origin = origin};
    kit_ini ini;
    const struct place whole = {.file = path};
    split_lines(&s, text, size);
    const imp_status st = kit_ini_read(text, size, &ini);
    if (st != IMP_OK) {
        report_add(l->report, SEV_ERROR, st == IMP_E_MEMORY ? "E0501" : "E0102", &whole,
                   st == IMP_E_MEMORY ? "out of memory"
                                      : "the INI library reads this text differently than it "
                                        "was given: it is another build than Debian's libinih1");
        return;
    }
    report_faults(&s, &ini);
    read_sections(&s, &ini);
    kit_ini_free(&ini);
}
