/* mistake.c - from what a filter found wrong to the very words in the preset. */
#include "plan.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_SHOWN = 12 };

struct run_env *plan_env(imp_plan *p)
{
    return &((struct planning *)p)->engine->env;
}

bool plan_is_new(struct engine *e, const struct report *report, const struct node *node,
                 const struct place *at, const char *text)
{
    struct hasher *h = hash_new();
    hash_u64(h, (uintptr_t)report);
    hash_text(h, node->name);
    hash_text(h, at->file);
    hash_u64(h, (uint64_t)at->line << 32 | (uint32_t)at->col);
    hash_text(h, text);
    const struct hash id = hash_end(h);
    for (size_t i = 0; i < e->reported_count; i++)
        if (hash_equal(e->reported[i], id))
            return false;
    e->reported = heap_resize(e->reported, e->reported_count + 1, sizeof *e->reported);
    e->reported[e->reported_count++] = id;
    return true;
}

static bool part_of_word(char c)
{
    return c && (isalnum((unsigned char)c) || strchr("_-.*", c));
}

/* The piece as a word of its own on the value's line; else the whole value. */
static struct place narrow(struct place at, const char *piece)
{
    const size_t n = piece ? strlen(piece) : 0;
    const size_t line = at.excerpt ? strlen(at.excerpt) : 0;
    if (!n || at.col < 1 || (size_t)at.col > line)
        return at;
    const char *start = at.excerpt + at.col - 1;
    for (const char *p = start; (p = strstr(p, piece)); p++)
        if ((p == start || !part_of_word(p[-1])) && !part_of_word(p[n])) {
            at.col = (int)(p - at.excerpt) + 1;
            at.length = (int)n;
            return at;
        }
    return at;
}

/* Line k of OTHERS is "key=value": the place of that key's value. */
static const struct preset_key *other_key(const struct node *node, uint32_t line)
{
    const imp_filter *desc = &node->filter->desc;
    const imp_param *last = desc->param_count ? &desc->params[desc->param_count - 1] : NULL;
    if (!last || !(last->flags & IMP_PARAM_OTHERS) || !node->section)
        return NULL;
    const char *p = node->params[desc->param_count - 1].s.ptr;
    for (; p && line; line--)
        if ((p = strchr(p, '\n')))
            p++;
    const size_t n = p ? strcspn(p, "=\n") : 0;
    for (size_t i = 0; n && i < node->section->key_count; i++) {
        const struct preset_key *key = &node->section->keys[i];
        if (strlen(key->key) == n && !memcmp(key->key, p, n))
            return key;
    }
    return NULL;
}

static struct place place_of_port(const struct node *node, uint32_t port)
{
    const uint32_t ports = node->filter->desc.input_count;
    const struct input *input = ports ? &node->inputs[port < ports ? port : ports - 1] : NULL;
    const uint32_t wire = port < ports ? 0 : port - ports + 1;
    if (input && wire < input->count && input->wires[wire].at.file)
        return input->wires[wire].at;
    return node->filter_at.file ? node->filter_at : node->at;
}

struct place place_of(const struct node *node, int32_t param, int32_t port, const char *piece)
{
    const uint32_t params = node->filter->desc.param_count;
    if (param >= 0 && (uint32_t)param < params && node->param_at && node->param_at[param].file)
        return narrow(node->param_at[param], piece);
    if (param >= 0 && (uint32_t)param >= params) {
        const struct preset_key *key = other_key(node, (uint32_t)param - params);
        if (key)
            return narrow(key->value_at, piece);
    }
    if (port >= 0)
        return place_of_port(node, (uint32_t)port);
    return node->filter_at.file ? node->filter_at : node->at;
}

/* Splits "a b c" in place. */
static size_t split(char *text, const char **words, size_t most)
{
    size_t n = 0;
    for (char *save = NULL, *w = strtok_r(text, " ", &save); w && n < most;
         w = strtok_r(NULL, " ", &save))
        words[n++] = w;
    return n;
}

static size_t count_words(const char *text)
{
    size_t n = 0;
    for (size_t i = 0; text[i]; i++)
        n += text[i] != ' ' && (i == 0 || text[i - 1] == ' ');
    return n;
}

/* "did you mean 'a'?" or, when nothing is near, what there is. */
static void suggest(struct fault *f, const char *piece, const char *names)
{
    const size_t most = count_words(names);
    char *copy = heap_strdup(names);
    const char **words = heap_alloc(most + 1, sizeof *words);
    const size_t n = split(copy, words, most);
    const char *near = piece ? nearest_name(piece + (piece[0] == '.'), words, n) : NULL;
    struct text list = {0};
    for (size_t i = 0; i < n && i < MOST_SHOWN; i++)
        text_addf(&list, "%s%s", i ? ", " : "", words[i]);
    if (near)
        fault_hint(f, "did you mean '%s'?", near);
    if (n)
        fault_note(f, "there is: %s%s", list.data, n > MOST_SHOWN ? ", ..." : "");
    text_free(&list);
    free(words);
    free(copy);
}

void plan_mistake(imp_plan *api, int32_t param, int32_t port, const char *piece, const char *text,
                  const char *names) IMP_NX
{
    struct planning *p = (struct planning *)api;
    const struct place at = place_of(p->node, param, port, piece);
    if (!text || !text[0])
        text = "this cannot work";
    p->mistakes++;
    if (!plan_is_new(p->engine, p->report, p->node, &at, text))
        return;
    struct fault *f = report_add(p->report, SEV_ERROR, names ? "E0312" : "E0311", &at,
                                 "node '%s': %s", p->node->name, text);
    if (names && names[0])
        suggest(f, piece, names);
    if (p->note)
        fault_note(f, "%s", p->note);
}
