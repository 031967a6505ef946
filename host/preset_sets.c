/* preset_sets.c - changes from the command line: node.key=value, vars.name=value. The text is read
 * by the same rules as a preset's, so that what is set can be written into a preset. */
#include "preset_private.h"

#include <impasto/kit.h>
#include <string.h>

static const char *option_of(const struct preset_set *set)
{
    return set->origin == FROM_SWEEP ? "--sweep" : "--set";
}

static struct place place_at(const struct preset_set *set, size_t from, size_t n)
{
    return (struct place){.file = option_of(set),
                          .excerpt = set->text,
                          .line = 1,
                          .col = (int)from + 1,
                          .length = (int)n};
}

static void malformed(struct loader *l, const struct preset_set *set)
{
    const struct place at = place_at(set, 0, strlen(set->text));
    struct fault *f = report_add(l->report, SEV_ERROR, "E0117", &at,
                                 "%s wants node.key=value, or vars.name=value", option_of(set));
    fault_note(f, "for instance: %s soft.sigma=4", option_of(set));
}

/* Reads "key=value" as a line of a preset. false: reported. */
static bool read_line(struct loader *l, const struct preset_set *set, size_t shift,
                      struct preset_key *out)
{
    struct arena *a = l->arena;
    const char *line = set->text + shift;
    const size_t broken = strcspn(line, "\n");
    if (line[broken]) {
        const struct place at = place_at(set, shift + broken, 1);
        report_add(l->report, SEV_ERROR, "E0103", &at, "a value from the command line is one line");
        return false;
    }
    const char *text = arena_printf(a, "[set]\n%s", line);
    kit_ini ini;
    if (kit_ini_read(text, strlen(text), &ini) != IMP_OK) {
        const struct place at = place_at(set, shift, strlen(line));
        report_add(l->report, SEV_ERROR, "E0102", &at, "this text cannot be read");
        return false;
    }
    for (uint32_t i = 0; i < ini.fault_count; i++) {
        const struct place at =
            place_at(set, shift + ini.faults[i].at.col - 1, ini.faults[i].at.length);
        report_add(l->report, SEV_ERROR, preset_fault_code(ini.faults[i].code), &at, "%s",
                   ini.faults[i].text);
    }
    const bool fine = ini.fault_count == 0 && ini.key_count == 1;
    if (fine) {
        const kit_ini_key *k = &ini.keys[0];
        *out = (struct preset_key){
            .key = arena_strdup(a, k->key),
            .value = arena_strdup(a, k->value),
            .folder = ".",
            .key_at = place_at(set, shift + k->key_at.col - 1, k->key_at.length),
            .value_at = place_at(set, shift + k->value_at.col - 1, k->value_at.length),
            .origin = set->origin};
    }
    kit_ini_free(&ini);
    return fine;
}

/* What a preset's value cannot hold: a comment would begin there. */
static bool is_whole(struct loader *l, const struct preset_set *set, const struct preset_key *key)
{
    const char *value = strchr(set->text, '=') + 1;
    for (size_t i = 1; value[i - 1] && value[i]; i++) {
        if (value[i] == ';' && (value[i - 1] == ' ' || value[i - 1] == '\t')) {
            const struct place at = place_at(set, (size_t)(value + i - set->text), 1);
            report_add(l->report, SEV_ERROR, "E0105", &at,
                       "a blank and ';' begin a comment: the value of '%s' cannot hold them",
                       key->key);
            return false;
        }
    }
    return true;
}

static bool twice(struct loader *l, const struct preset_key *old, const struct preset_key *key,
                  const char *what)
{
    if (old->origin < FROM_SET)
        return false;
    struct fault *f = report_add(l->report, SEV_ERROR, "E0117", &key->key_at,
                                 "'%s.%s' is set twice", what, key->key);
    fault_note(f, "the other: %s %s", old->key_at.file, old->key_at.excerpt);
    return true;
}

static void set_variable(struct loader *l, const struct preset_key *key)
{
    struct preset *p = l->preset;
    const char **names = arena_alloc(l->arena, p->var_count, sizeof *names);
    for (size_t i = 0; i < p->var_count; i++) {
        names[i] = p->vars[i].key;
        if (strcmp(names[i], key->key) == 0) {
            if (!twice(l, &p->vars[i], key, "vars"))
                p->vars[i] = *key;
            return;
        }
    }
    struct fault *f = report_add(l->report, SEV_ERROR, "E0117", &key->key_at,
                                 "no variable '%s' in this preset", key->key);
    const char *near = nearest_name(key->key, names, p->var_count);
    if (near)
        fault_hint(f, "did you mean '%s'?", near);
    if (p->var_count)
        fault_note(f, "[vars] has: %s", preset_names(l->arena, names, p->var_count, 20));
}

static void no_node(struct loader *l, const struct preset_set *set, const char *name)
{
    struct preset *p = l->preset;
    const char **names = arena_alloc(l->arena, p->section_count + 1, sizeof *names);
    for (size_t i = 0; i < p->section_count; i++)
        names[i] = p->sections[i].name;
    names[p->section_count] = "vars";
    const struct place at = place_at(set, 0, strlen(name));
    struct fault *f =
        report_add(l->report, SEV_ERROR, "E0117", &at, "no node '%s' in this preset", name);
    const char *near = nearest_name(name, names, p->section_count + 1);
    if (near)
        fault_hint(f, "did you mean '%s'?", near);
    fault_note(f, "its nodes: %s", preset_names(l->arena, names, p->section_count, 20));
}

/* A preset that saves nothing gets a save of its last picture; its keys may be set before it is there. */
static struct preset_section *default_save(struct loader *l, const char *name)
{
    struct preset *p = l->preset;
    if (strcmp(name, "save") != 0)
        return NULL;
    for (size_t i = 0; i < p->section_count; i++)
        for (size_t k = 0; k < p->sections[i].key_count; k++) {
            const struct preset_key *key = &p->sections[i].keys[k];
            if (strcmp(key->key, "filter") == 0 && strncmp(key->value, "save", 4) == 0)
                return NULL;
        }
    struct preset_section *s = preset_add_section(l->arena, p, name);
    preset_add_key(l->arena, s, "filter", "save");
    return s;
}

static void apply(struct loader *l, const struct preset_set *set)
{
    const char *dot = strchr(set->text, '.'), *equals = strchr(set->text, '=');
    if (!dot || !equals || dot > equals || dot == set->text) {
        malformed(l, set);
        return;
    }
    struct preset_key key;
    if (!read_line(l, set, (size_t)(dot + 1 - set->text), &key) || !is_whole(l, set, &key))
        return;
    const char *name = arena_strndup(l->arena, set->text, (size_t)(dot - set->text));
    if (strcmp(name, "vars") == 0) {
        set_variable(l, &key);
        return;
    }
    struct preset_section *s = preset_section_find(l->preset, name);
    if (!s)
        s = default_save(l, name);
    if (!s) {
        no_node(l, set, name);
        return;
    }
    if (strncmp(key.key, "x-", 2) == 0) {
        report_add(l->report, SEV_ERROR, "E0117", &key.key_at,
                   "setting '%s' has no effect: x-... keys are notes", key.key);
        return;
    }
    for (size_t i = 0; i < s->key_count; i++)
        if (strcmp(s->keys[i].key, key.key) == 0 && twice(l, &s->keys[i], &key, name))
            return;
    preset_put(l->arena, s, &key);
}

void preset_apply_sets(struct loader *l, const struct preset_set *sets, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const struct preset_set set = {arena_strdup(l->arena, sets[i].text), sets[i].origin};
        apply(l, &set);
    }
}

void preset_check_sets(struct loader *l)
{
    const struct preset *p = l->preset;
    for (size_t i = 0; i < p->var_count; i++)
        if (p->vars[i].origin >= FROM_SET && !p->vars[i].used)
            report_add(l->report, SEV_ERROR, "E0117", &p->vars[i].key_at,
                       "setting '%s' has no effect: no node uses ${%s}", p->vars[i].key,
                       p->vars[i].key);
}
