/* graph_wires.c - who feeds whom: `in = a`, `in.port = a.output`, `all = a`, and what follows from
 * the order of the sections. */
#include "graph_private.h"

#include <string.h>
#include "preset_private.h"

const char *kind_name(struct arena *a, uint32_t kind, const char *type)
{
    switch (kind) {
    case IMP_IMAGE:
        return "an image";
    case IMP_TENSOR:
        return "a tensor";
    case IMP_TABLE:
        return "a table";
    default:
        return type ? arena_printf(a, "an object %s", type) : "an object";
    }
}

bool is_wire_key(const char *key)
{
    return strcmp(key, "in") == 0 || strncmp(key, "in.", 3) == 0 || strcmp(key, "all") == 0 ||
           strncmp(key, "all.", 4) == 0;
}

static bool is_all(const char *key)
{
    return key[0] == 'a';
}

/* The port a key names; NULL for `in` and `all`. */
static const char *port_of(const char *key)
{
    const char *dot = strchr(key, '.');
    return dot ? dot + 1 : NULL;
}

static bool same_kind(const imp_port *in, const imp_port *out)
{
    if (in->kind != out->kind)
        return false;
    return in->kind != IMP_OBJECT || !in->type || !out->type || strcmp(in->type, out->type) == 0;
}

/* A word of a wire's value. */
struct word {
    const char *node, *output; /* output NULL: not said */
    struct place at;
    struct draft *from;       /* NULL: no such node */
    const imp_filter *filter; /* its; NULL: unknown */
};

static struct draft *find_draft(const struct builder *b, const char *name)
{
    for (size_t i = 0; i < b->count; i++)
        if (strcmp(b->names[i], name) == 0)
            return &b->drafts[i];
    return NULL;
}

static void no_node(const struct builder *b, const struct word *w)
{
    struct fault *f = report_add(b->report, SEV_ERROR, "E0202", &w->at, "no node '%s'", w->node);
    const char *near = nearest_name(w->node, b->names, b->count);
    if (near)
        fault_hint(f, "did you mean '%s'?", near);
    fault_note(f, "nodes: %s", preset_names(b->arena, b->names, b->count, 20));
}

/* Splits a value into words, each node looked up; false: some are wrong (reported). */
static bool read_words(struct builder *b, const struct preset_key *key, struct word **out,
                       size_t *count)
{
    size_t capacity = 0;
    bool fine = true;
    *out = NULL;
    *count = 0;
    for (const char *p = key->value; *p;) {
        const size_t n = strcspn(p, " \t");
        if (n) {
            *out = arena_grow(b->arena, *out, *count, &capacity, sizeof **out);
            struct word *w = &(*out)[(*count)++];
            const char *dot = memchr(p, '.', n);
            *w = (struct word){
                .at = preset_piece(&key->value_at, key->value, (size_t)(p - key->value), n)};
            w->node = arena_strndup(b->arena, p, dot ? (size_t)(dot - p) : n);
            w->output = dot ? arena_strndup(b->arena, dot + 1, n - (size_t)(dot + 1 - p)) : NULL;
            w->from = find_draft(b, w->node);
            w->filter = w->from && w->from->node.filter ? &w->from->node.filter->desc : NULL;
            if (!w->from)
                no_node(b, w);
            fine &= w->from != NULL;
        }
        p += n + (p[n] != '\0');
    }
    if (*count)
        return fine;
    struct fault *f =
        report_add(b->report, SEV_ERROR, "E0202", &key->value_at, "'%s' names no node", key->key);
    fault_hint(f, "write %s = NODE", key->key);
    return false;
}

/* First output of the port's kind; output_count: none. */
static uint32_t output_for(const imp_filter *from, const imp_port *port)
{
    uint32_t i = 0;
    while (i < from->output_count && !same_kind(port, &from->outputs[i]))
        i++;
    return i;
}

static void no_output(struct builder *b, const struct word *w)
{
    const imp_filter *from = w->filter;
    const char **names = arena_alloc(b->arena, from->output_count, sizeof *names);
    for (uint32_t i = 0; i < from->output_count; i++)
        names[i] = from->outputs[i].name;
    struct fault *f = report_add(b->report, SEV_ERROR, "E0205", &w->at,
                                 "node '%s' has no output '%s'", w->node, w->output);
    const char *near = nearest_name(w->output, names, from->output_count);
    if (near)
        fault_hint(f, "did you mean '%s.%s'?", w->node, near);
    if (from->output_count)
        fault_note(f, "%s gives: %s", from->id,
                   preset_names(b->arena, names, from->output_count, 20));
    else
        fault_note(f, "%s gives nothing to other nodes", from->id);
}

/* Filters that make of the one what the other wants: the way out of a mismatch. */
static void suggest_between(struct builder *b, struct fault *f, const imp_port *from,
                            const imp_port *to)
{
    size_t n, found = 0;
    struct filter_info *const *all = registry_filters(b->registry, &n);
    const char *names[8];
    for (size_t i = 0; i < n && found < 8; i++) {
        const imp_filter *d = &all[i]->desc;
        bool takes = false;
        for (uint32_t k = 0; k < d->input_count; k++)
            takes |= same_kind(&d->inputs[k], from);
        if (takes && output_for(d, to) < d->output_count)
            names[found++] = d->id;
    }
    if (found)
        fault_note(f, "between them could stand: %s", preset_names(b->arena, names, found, 8));
}

static void wrong_kind(struct builder *b, const struct draft *d, const imp_port *port,
                       const struct word *w, const imp_port *output)
{
    const char *wants = kind_name(b->arena, port->kind, port->type);
    const char *gives = output ? kind_name(b->arena, output->kind, output->type) : "nothing";
    struct fault *f = report_add(
        b->report, SEV_ERROR, "E0203", &w->at, "'%s.%s' wants %s, '%s%s%s' gives %s", d->node.name,
        port->name, wants, w->node, w->output ? "." : "", w->output ? w->output : "", gives);
    fault_related(f, &w->from->node.at,
                  arena_printf(b->arena, "filter %s, defined at", w->filter->id));
    if (output)
        suggest_between(b, f, output, port);
    else
        fault_note(f, "wire the node before it instead");
}

/* The output that a word stands for; false: reported, or not known. */
static bool resolve(struct builder *b, struct draft *d, const imp_port *port, const struct word *w,
                    struct wire *out)
{
    const imp_filter *from = w->filter;
    if (!from)
        return false;
    uint32_t i = output_for(from, port);
    if (w->output) {
        for (i = 0; i < from->output_count && strcmp(from->outputs[i].name, w->output) != 0;)
            i++;
        if (i == from->output_count) {
            no_output(b, w);
            return false;
        }
    }
    if (i == from->output_count || !same_kind(port, &from->outputs[i])) {
        wrong_kind(b, d, port, w,
                   from->output_count ? &from->outputs[i < from->output_count ? i : 0] : NULL);
        return false;
    }
    *out = (struct wire){.node = (uint32_t)(w->from - b->drafts), .port = i, .at = w->at};
    return true;
}

/* ---- ports ---- */

static const char *port_list(struct builder *b, const imp_filter *desc)
{
    const char **names = arena_alloc(b->arena, desc->input_count, sizeof *names);
    for (uint32_t i = 0; i < desc->input_count; i++) {
        const imp_port *p = &desc->inputs[i];
        names[i] =
            arena_printf(b->arena, "%s (%s%s%s)", p->name, kind_name(b->arena, p->kind, p->type),
                         p->flags & IMP_PORT_OPTIONAL ? ", optional" : "",
                         p->flags & IMP_PORT_MANY ? ", any number" : "");
    }
    return preset_names(b->arena, names, desc->input_count, 20);
}

static void no_input(struct builder *b, const struct draft *d, const struct preset_key *key,
                     const char *port)
{
    const imp_filter *desc = &d->node.filter->desc;
    const char **names = arena_alloc(b->arena, desc->input_count, sizeof *names);
    for (uint32_t i = 0; i < desc->input_count; i++)
        names[i] = desc->inputs[i].name;
    struct fault *f;
    if (port && desc->input_count)
        f = report_add(b->report, SEV_ERROR, "E0204", &key->key_at, "node '%s' has no input '%s'",
                       d->node.name, port);
    else
        f = report_add(b->report, SEV_ERROR, "E0204", &key->key_at, "node '%s' takes no input",
                       d->node.name);
    const char *near = port ? nearest_name(port, names, desc->input_count) : NULL;
    if (near)
        fault_hint(f, "did you mean '%s.%s'?", is_all(key->key) ? "all" : "in", near);
    if (desc->input_count)
        fault_note(f, "%s takes: %s", desc->id, port_list(b, desc));
    else
        fault_note(f, "%s makes its output from parameters or files alone", desc->id);
}

static bool is_open(const struct draft *d, uint32_t port)
{
    return !d->input_at[port].file && d->node.inputs[port].count == 0;
}

/* The port that `in = ...` or `all = ...` means: the first open one that takes the first word's
 * value and, for several values, many of them. input_count: none. */
static uint32_t choose_port(const struct draft *d, const struct preset_key *key,
                            const struct word *words, size_t n)
{
    const imp_filter *desc = &d->node.filter->desc;
    const bool many = is_all(key->key) || n > 1;
    uint32_t second = desc->input_count;
    for (uint32_t i = 0; i < desc->input_count; i++) {
        if (!is_open(d, i) || (many && !(desc->inputs[i].flags & IMP_PORT_MANY)))
            continue;
        if (second == desc->input_count)
            second = i;
        if (!words[0].filter)
            return i;
        const imp_filter *from = words[0].filter;
        uint32_t out = 0;
        if (words[0].output)
            while (out < from->output_count &&
                   strcmp(from->outputs[out].name, words[0].output) != 0)
                out++;
        if (out < from->output_count &&
            (words[0].output ? same_kind(&desc->inputs[i], &from->outputs[out])
                             : output_for(from, &desc->inputs[i]) < from->output_count))
            return i;
    }
    return second;
}

static uint32_t find_port(const imp_filter *desc, const char *name)
{
    uint32_t i = 0;
    while (i < desc->input_count && strcmp(desc->inputs[i].name, name) != 0)
        i++;
    return i;
}

/* Ports that take one value, or are taken already, refuse. */
static bool port_refuses(struct builder *b, struct draft *d, uint32_t i,
                         const struct preset_key *key, size_t words)
{
    const imp_filter *desc = &d->node.filter->desc;
    const imp_port *port = &desc->inputs[i];
    struct fault *f = NULL;
    if (!is_open(d, i)) {
        f = report_add(b->report, SEV_ERROR, "E0209", &key->key_at, "'%s.%s' is wired twice",
                       d->node.name, port->name);
        fault_related(f, &d->input_at[i], "first at");
    } else if (!(port->flags & IMP_PORT_MANY) && is_all(key->key)) {
        f = report_add(b->report, SEV_ERROR, "E0223", &key->key_at,
                       "'%s.%s' takes one value: it cannot gather those of all pictures",
                       d->node.name, port->name);
    } else if (!(port->flags & IMP_PORT_MANY) && words > 1) {
        f = report_add(b->report, SEV_ERROR, "E0209", &key->value_at,
                       "'%s.%s' takes one value, here are %zu", d->node.name, port->name, words);
    }
    if (f)
        fault_note(f, "%s takes: %s", desc->id, port_list(b, desc));
    return f != NULL;
}

static void nothing_gathers(struct builder *b, const struct draft *d, const struct preset_key *key,
                            size_t words)
{
    const imp_filter *desc = &d->node.filter->desc;
    struct fault *f;
    if (is_all(key->key))
        f = report_add(b->report, SEV_ERROR, "E0223", &key->key_at,
                       "node '%s' has no input that gathers the values of all pictures",
                       d->node.name);
    else if (words > 1)
        f = report_add(b->report, SEV_ERROR, "E0209", &key->value_at,
                       "node '%s' has no input that takes %zu values", d->node.name, words);
    else
        f = report_add(b->report, SEV_ERROR, "E0209", &key->key_at,
                       "all inputs of node '%s' are wired already", d->node.name);
    fault_note(f, "%s takes: %s", desc->id, port_list(b, desc));
}

static void add_wires(struct builder *b, struct draft *d, const struct preset_key *key)
{
    struct word *words;
    size_t n;
    d->maybe_wired |= key->broken;
    if (key->broken)
        return;
    const bool fine = read_words(b, key, &words, &n);
    d->maybe_wired |= !fine;
    if (!d->node.filter)
        return;
    const imp_filter *desc = &d->node.filter->desc;
    const char *name = port_of(key->key);
    const uint32_t i = name ? find_port(desc, name) : n ? choose_port(d, key, words, n) : 0;
    if (desc->input_count == 0 || (name && i == desc->input_count)) {
        no_input(b, d, key, name);
        d->maybe_wired = true;
        return;
    }
    if (i == desc->input_count) {
        nothing_gathers(b, d, key, n);
        d->maybe_wired = true;
        return;
    }
    if (port_refuses(b, d, i, key, n))
        return;
    struct input *input = &d->node.inputs[i];
    d->input_at[i] = key->key_at.file ? key->key_at : (struct place){.file = "<made>"};
    input->gathers = is_all(key->key);
    input->wires = arena_alloc(b->arena, n, sizeof *input->wires);
    for (size_t w = 0; w < n; w++)
        if (words[w].from &&
            resolve(b, d, &desc->inputs[i], &words[w], &input->wires[input->count]))
            input->count++;
}

/* The section before gives its output to the first required port of its kind that is left open. */
static void wire_from_before(struct builder *b, size_t i)
{
    struct draft *d = &b->drafts[i];
    const imp_filter *desc = &d->node.filter->desc;
    const struct filter_info *before = i ? b->drafts[i - 1].node.filter : NULL;
    d->maybe_wired |= i && !before;
    for (uint32_t k = 0; before && k < desc->input_count; k++) {
        const imp_port *port = &desc->inputs[k];
        const uint32_t output = output_for(&before->desc, port);
        if (port->flags & IMP_PORT_OPTIONAL || !is_open(d, k) ||
            output == before->desc.output_count)
            continue;
        struct input *input = &d->node.inputs[k];
        input->wires = arena_alloc(b->arena, 1, sizeof *input->wires);
        input->wires[0] =
            (struct wire){.node = (uint32_t)(i - 1), .port = output, .at = d->node.at};
        input->count = 1;
        return;
    }
}

static void check_open(struct builder *b, size_t i)
{
    struct draft *d = &b->drafts[i];
    const imp_filter *desc = &d->node.filter->desc;
    for (uint32_t k = 0; k < desc->input_count && !d->maybe_wired; k++) {
        const imp_port *port = &desc->inputs[k];
        if (port->flags & IMP_PORT_OPTIONAL || !is_open(d, k))
            continue;
        struct fault *f = report_add(b->report, SEV_ERROR, "E0207", &d->node.at,
                                     "'%s.%s' needs %s, and nothing is wired to it", d->node.name,
                                     port->name, kind_name(b->arena, port->kind, port->type));
        fault_hint(f, "add a line  in.%s = NODE", port->name);
        const char *names[8];
        size_t found = 0;
        for (size_t n = 0; n < b->count && found < 8; n++) {
            const struct filter_info *other = n == i ? NULL : b->drafts[n].node.filter;
            if (other && output_for(&other->desc, port) < other->desc.output_count)
                names[found++] = b->names[n];
        }
        if (found)
            fault_note(f, "nodes that give it: %s", preset_names(b->arena, names, found, 8));
    }
}

void draft_wires(struct builder *b)
{
    for (size_t i = 0; i < b->count; i++) {
        const struct preset_section *s = &b->preset->sections[b->drafts[i].section];
        for (int named = 1; named >= 0; named--) /* those that say their port come first */
            for (size_t k = 0; k < s->key_count; k++)
                if (is_wire_key(s->keys[k].key) && (port_of(s->keys[k].key) != NULL) == named)
                    add_wires(b, &b->drafts[i], &s->keys[k]);
    }
    for (size_t i = 0; i < b->count; i++) {
        if (!b->drafts[i].node.filter)
            continue;
        wire_from_before(b, i);
        check_open(b, i);
    }
}
