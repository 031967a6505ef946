/* arch_wires.c - what the slots of a node are wired to: `in` fills them in order, what it leaves
 * are tensors named after the slot, or by a key of the slot's name. */
#include "arch.h"

#include <stdlib.h>
#include <string.h>

void arch_wires_free(struct arch_wires *w)
{
    for (uint32_t i = 0; w->tensors && i < w->room; i++)
        free(w->tensors[i]);
    free(w->tensors);
    free(w->refs);
    free(w->places);
    *w = (struct arch_wires){0};
}

static bool allocate(struct arch_wires *w, uint32_t room)
{
    w->room = room;
    w->refs = calloc(room + (size_t)1, sizeof *w->refs);
    w->tensors = calloc(room + (size_t)1, sizeof *w->tensors);
    w->places = calloc(room + (size_t)1, sizeof *w->places);
    for (uint32_t i = 0; w->refs && i < room; i++)
        w->refs[i] = RT_ABSENT;
    return w->refs && w->tensors && w->places;
}

static void set_tensor(struct arch_reader *r, struct arch_wires *w, uint32_t slot, const char *name,
                       kit_place at)
{
    w->tensors[slot] = strdup(name);
    w->places[slot] = at;
    r->no_memory = r->no_memory || !w->tensors[slot];
}

/* The node of a word; RT_ABSENT: told, or its own section was told. */
static int32_t node_of_word(struct arch_reader *r, const struct arch_node *n, const char *word,
                            kit_place at)
{
    const int64_t section = rt_names_find(&r->sections, word);
    char near[200];
    if (section > 0 && r->node_of[section] != ARCH_LATER)
        return r->node_of[section] >= 0 && r->node_of[section] < INT32_MAX
                   ? (int32_t)r->node_of[section]
                   : RT_ABSENT;
    if (section > 0) {
        arch_wrong(r, at, "[%s] needs '%s', which stands later: sections are in order of execution",
                   n->section->name, word);
        return RT_ABSENT;
    }
    struct rt_nearest nearest = rt_nearest_to(word);
    for (const kit_ini_section *s = r->ini.sections + 1; arch_hints(r) && s < n->section; s++)
        rt_nearest_try(&nearest, s->name);
    arch_wrong(r, at, "[%s] there is no section [%s]%s", n->section->name, word,
               rt_nearest_text(&nearest, near, sizeof near));
    return RT_ABSENT;
}

static void wire_words(struct arch_reader *r, const struct arch_node *n, const kit_ini_key *k,
                       const struct rt_words *words, struct arch_wires *w)
{
    for (uint32_t i = 0; i < words->count; i++) {
        const struct rt_word *word = &words->list[i];
        const kit_place at = arch_place(k, word->at, word->length);
        if (word->is_tensor)
            set_tensor(r, w, i, word->text, at);
        else if (word->quoted || strcmp(word->text, "-") != 0) {
            w->refs[i] = node_of_word(r, n, word->text, at);
            w->places[i] = at;
        }
    }
    w->count = words->count;
}

static bool takes_many(const struct rt_op *op)
{
    return op->slot_count && (op->slots[op->slot_count - 1].flags & RT_SLOT_MANY);
}

static bool read_in(struct arch_reader *r, const struct arch_node *n, const kit_ini_key *k,
                    struct arch_wires *w)
{
    struct rt_words words;
    bool fine = arch_words(r, k, &words);
    if (fine && words.count > n->op->slot_count && !takes_many(n->op)) {
        arch_wrong(r, k->value_at, "[%s] %s takes %u inputs at most, in has %u", n->section->name,
                   n->op->name, n->op->slot_count, words.count);
        fine = false;
    }
    if (fine && !allocate(w, words.count + n->op->slot_count)) {
        r->no_memory = true;
        fine = false;
    }
    if (fine)
        wire_words(r, n, k, &words, w);
    rt_words_free(&words);
    return fine;
}

/* Without `in`: the section before. */
static bool wire_before(struct arch_reader *r, const struct arch_node *n, struct arch_wires *w)
{
    const ptrdiff_t section = n->section - r->ini.sections;
    if (!allocate(w, n->op->slot_count)) {
        r->no_memory = true;
        return false;
    }
    if (!arch_wires_before(n->op))
        return true;
    w->count = 1;
    if (section > 1) {
        w->places[0] = n->section->at;
        w->refs[0] = node_of_word(r, n, r->ini.sections[section - 1].name, n->section->at);
        return true;
    }
    arch_wrong(r, n->section->at, "[%s] %s needs an input, and no section stands before it",
               n->section->name, n->op->name);
    return false;
}

/* The tensor that a key names: `weight = conv1.weight`, `value = @table`. */
static void wire_named(struct arch_reader *r, const kit_ini_key *k, uint32_t s,
                       struct arch_wires *w)
{
    struct rt_words line;
    uint32_t at;
    const bool marked = *k->value == '@';
    const char *wrong =
        marked ? rt_words_read(k->value, &line, &at) : rt_line_read(k->value, &line, &at);
    if (!wrong && line.count > 1)
        wrong = "one tensor; one whose name has blanks in quotes";
    if (wrong && *wrong)
        arch_wrong(r, k->value_at, "%s: %s", k->key, wrong);
    else if (wrong)
        r->no_memory = true;
    else
        set_tensor(r, w, s, line.list[0].text, k->value_at);
    rt_words_free(&line);
}

/* The tensor that a slot has by default: named after node and slot. */
static void wire_default(struct arch_reader *r, const struct arch_node *n, uint32_t s,
                         struct arch_wires *w)
{
    const char *slot = n->op->slots[s].name;
    char *name = n->name ? malloc(strlen(n->name) + strlen(slot) + 2) : NULL;
    if (!n->name) /* told */
        return;
    if (!name) {
        r->no_memory = true;
        return;
    }
    strcat(strcat(strcpy(name, n->name), "."), slot);
    set_tensor(r, w, s, name, n->section->at);
    free(name);
}

/* Slot s is a tensor, unless a key says otherwise. */
static void wire_param(struct arch_reader *r, const struct arch_node *n, uint32_t s,
                       struct arch_wires *w)
{
    const struct rt_slot *slot = &n->op->slots[s];
    const kit_ini_key *k = arch_key(r, n->section, slot->name);
    w->count = s + 1;
    if (!k || !strcmp(k->value, "yes") || (s == 0 && arch_has_numbers(r, n)))
        wire_default(r, n, s, w);
    else if (strcmp(k->value, "no") != 0)
        wire_named(r, k, s, w);
    else if (!(slot->flags & RT_SLOT_OPTIONAL))
        arch_wrong(r, k->value_at, "[%s] %s does not work without '%s'", n->section->name,
                   n->op->name, slot->name);
}

/* Slots that must be wired and are not. */
static void check_open(struct arch_reader *r, const struct arch_node *n, const kit_ini_key *k,
                       const struct arch_wires *w)
{
    if (r->mistake_count > n->prior)
        return;
    const uint32_t slots = n->op->slot_count;
    for (uint32_t s = 0; s < slots || s < w->count; s++) { /* the last slot may repeat */
        const struct rt_slot *slot = &n->op->slots[s < slots ? s : slots - 1];
        const bool open = s >= w->count || (w->refs[s] == RT_ABSENT && !w->tensors[s]);
        if (!open || slot->flags & (RT_SLOT_OPTIONAL | RT_SLOT_PARAM))
            continue;
        if (s < w->count && w->places[s].line) /* a section that has mistakes of its own */
            continue;
        arch_wrong(r, k ? k->value_at : n->section->at,
                   "[%s] %s needs an input '%s': in = names %u of %u", n->section->name,
                   n->op->name, slot->name, w->count, slots);
        return;
    }
}

bool arch_wires_read(struct arch_reader *r, const struct arch_node *n, struct arch_wires *w)
{
    const kit_ini_key *k = arch_key(r, n->section, "in");
    if (!(k ? read_in(r, n, k, w) : wire_before(r, n, w)))
        return false;
    const uint32_t given = w->count;
    for (uint32_t s = given; s < n->op->slot_count; s++)
        if (n->op->slots[s].flags & RT_SLOT_PARAM)
            wire_param(r, n, s, w);
    check_open(r, n, k, w);
    while (w->count && w->count > given && w->refs[w->count - 1] == RT_ABSENT &&
           !w->tensors[w->count - 1])
        w->count--;
    return true;
}
