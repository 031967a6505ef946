/* preset_vars.c - ${name}: the variables of [vars], and nothing else, put into values. */
#include "preset_private.h"

#include <string.h>

enum state { NEW = 0, BUSY, DONE };

struct expansion {
    struct loader *loader;
    unsigned char *states; /* by variable */
    size_t total;          /* bytes made so far */
};

static void expand(struct expansion *, struct preset_key *, unsigned depth);

static struct preset_key *variable(struct expansion *e, const struct preset_key *user,
                                   const char *name, size_t n, const struct place *at)
{
    struct preset *p = e->loader->preset;
    for (size_t i = 0; i < p->var_count; i++)
        if (strlen(p->vars[i].key) == n && memcmp(p->vars[i].key, name, n) == 0)
            return &p->vars[i];
    struct arena *a = e->loader->arena;
    const char **names = arena_alloc(a, p->var_count, sizeof *names);
    for (size_t i = 0; i < p->var_count; i++)
        names[i] = p->vars[i].key;
    const char *word = arena_strndup(a, name, n);
    struct fault *f = report_add(e->loader->report, SEV_ERROR, "E0115", at,
                                 "no variable '%s' for '%s'", word, user->key);
    const char *near = nearest_name(word, names, p->var_count);
    if (near)
        fault_hint(f, "did you mean '${%s}'?", near);
    if (p->var_count)
        fault_note(f, "[vars] has: %s", preset_names(a, names, p->var_count, 20));
    else
        fault_note(f, "there is no [vars]: write  [vars]  %s = ...", word);
    return NULL;
}

/* The variable's value, its own variables replaced; NULL: reported. */
static const struct preset_key *value_of(struct expansion *e, const struct preset_key *user,
                                         const char *name, size_t n, const struct place *at,
                                         unsigned depth)
{
    struct preset_key *var = variable(e, user, name, n, at);
    if (!var)
        return NULL;
    unsigned char *state = &e->states[var - e->loader->preset->vars];
    var->used = true;
    if (*state == BUSY || depth > 100) {
        report_add(e->loader->report, SEV_ERROR, "E0115", at, "variable '%s' is made of itself",
                   var->key);
        return NULL;
    }
    if (*state == NEW) {
        *state = BUSY;
        expand(e, var, depth + 1);
        *state = DONE;
    }
    return var;
}

static bool fits(struct expansion *e, const struct preset_key *key, const struct text *t)
{
    if (t->size <= PRESET_VALUE && e->total + t->size <= 16u * PRESET_BYTES)
        return true;
    report_add(e->loader->report, SEV_ERROR, "E0106", &key->value_at,
               "with its variables '%s' is longer than %d bytes", key->key, PRESET_VALUE);
    return false;
}

static void expand(struct expansion *e, struct preset_key *key, unsigned depth)
{
    if (!strstr(key->value, "${"))
        return;
    key->broken = true;
    bool fine = true;
    struct text t = {0};
    text_add(&t, "");
    const char *value = key->value;
    const char *from = value;
    for (const char *open; (open = strstr(from, "${"));) {
        text_addn(&t, from, (size_t)(open - from));
        const char *close = open + 2 + strcspn(open + 2, "} $");
        const size_t n = (size_t)(close - open) - 2;
        const struct place at =
            preset_piece(&key->value_at, value, (size_t)(open - value), n + 2 + (*close == '}'));
        if (*close != '}' || n == 0) {
            struct fault *f = report_add(e->loader->report, SEV_ERROR, "E0115", &at,
                                         n ? "'${' without its '}'" : "'${}' names no variable");
            fault_hint(f, "write ${name}");
            goto out;
        }
        const struct preset_key *var = value_of(e, key, open + 2, n, &at, depth);
        fine &= var && !var->broken;
        if (var) {
            text_add(&t, var->value);
            if (open == value)
                key->folder = var->folder; /* a path is relative to where it was written */
        }
        from = close + 1;
        if (!fits(e, key, &t))
            goto out;
    }
    text_add(&t, from);
    if (!fits(e, key, &t))
        goto out;
    e->total += t.size;
    key->value = arena_strdup(e->loader->arena, t.data);
    key->broken = !fine || strstr(key->value, "${");
    if (fine && key->broken)
        report_add(e->loader->report, SEV_ERROR, "E0115", &key->value_at,
                   "the variables in '%s' make up another '${'", key->key);
out:
    text_free(&t);
}

void preset_expand(struct loader *l)
{
    struct preset *p = l->preset;
    struct expansion e = {.loader = l, .states = arena_alloc(l->arena, p->var_count, 1)};
    for (size_t i = 0; i < p->section_count; i++) {
        struct preset_section *s = &p->sections[i];
        for (size_t k = 0; k < s->key_count; k++)
            if (strncmp(s->keys[k].key, "x-", 2) != 0)
                expand(&e, &s->keys[k], 0);
    }
    /* Those that nothing uses are checked, too. */
    for (size_t i = 0; i < p->var_count; i++) {
        if (e.states[i] != NEW)
            continue;
        const bool used = p->vars[i].used;
        e.states[i] = BUSY;
        expand(&e, &p->vars[i], 1);
        e.states[i] = DONE;
        p->vars[i].used = used;
    }
}
