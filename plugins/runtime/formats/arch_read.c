/* arch_read.c - an architecture text to a graph: sections in order, all mistakes at once. */
#include "arch.h"

#include <impasto/kit_prepare.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The text of a key, its own copy; NULL: told. */
static char *line_of(struct arch_reader *r, const kit_ini_key *k)
{
    struct rt_words w;
    uint32_t at;
    const char *wrong = rt_line_read(k->value, &w, &at);
    char *copy = wrong ? NULL : strdup(w.list[0].text);
    if (wrong && *wrong)
        arch_wrong(r, arch_place(k, at, 1), "%s: %s", k->key, wrong);
    else if (!copy)
        r->no_memory = true;
    rt_words_free(&w);
    return copy;
}

/* ---- [network] ---- */

/* `meta.3 = "key" "text"`: a line of meta whose key is none of an INI file. */
static void read_odd_meta(struct arch_reader *r, const kit_ini_key *k)
{
    struct rt_words w;
    if (arch_words(r, k, &w)) {
        if (w.count != 2)
            arch_wrong(r, k->value_at, "%s: a key and its text, each in quotes", k->key);
        else if (!rt_graph_set_meta(r->graph, w.list[0].text, w.list[1].text))
            r->no_memory = true;
    }
    rt_words_free(&w);
}

/* What a text says of preparation is checked where people write it; a file of tensors may bring any
 * meta. */
static void read_meta(struct arch_reader *r, const kit_ini_key *k)
{
    char *text = line_of(r, k);
    const char *wrong = NULL;
    if (!text)
        return;
    for (uint32_t i = 0; !r->source && kit_prepare_keys[i] && !wrong; i++)
        if (!strcmp(kit_prepare_keys[i], k->key))
            wrong = kit_prepare_check(k->key, text);
    if (wrong)
        arch_wrong(r, k->value_at, "%s: not '%s', but %s", k->key, text, wrong);
    else if (!rt_graph_set_meta(r->graph, k->key, text))
        r->no_memory = true;
    free(text);
}

static void read_network(struct arch_reader *r, const kit_ini_section *s)
{
    const kit_ini_key *format = arch_key(r, s, "format");
    arch_key(r, s, "outputs"); /* when all nodes are there */
    if (!format)
        arch_wrong(r, s->at, "[network] has no format: write format = 1");
    else if (strcmp(format->value, "1") != 0)
        arch_wrong(r, format->value_at, "format %s is none that this version reads: it reads 1",
                   format->value);
    for (uint32_t i = s->first; i < s->first + s->count; i++) {
        if (r->used[i])
            continue;
        r->used[i] = true;
        if (!strncmp(r->ini.keys[i].key, "meta.", 5))
            read_odd_meta(r, &r->ini.keys[i]);
        else
            read_meta(r, &r->ini.keys[i]);
    }
}

/* "; did you mean 'a'?" of all sections. */
static const char *nearest_section(const struct arch_reader *r, const char *word, char *buf,
                                   size_t size)
{
    struct rt_nearest near = rt_nearest_to(word);
    for (uint32_t i = 1; arch_hints(r) && i < r->ini.section_count; i++)
        rt_nearest_try(&near, r->ini.sections[i].name);
    return rt_nearest_text(&near, buf, size);
}

static void read_outputs(struct arch_reader *r)
{
    const kit_ini_key *k = arch_key(r, &r->ini.sections[0], "outputs");
    struct rt_words w;
    char near[200];
    if (!k)
        return;
    if (arch_words(r, k, &w)) {
        if (!w.count)
            arch_wrong(r, k->key_at, "outputs: name a section or more, or leave the key out");
        for (uint32_t i = 0; i < w.count; i++) {
            const int64_t section = rt_names_find(&r->sections, w.list[i].text);
            if (section <= 0)
                arch_wrong(r, arch_place(k, w.list[i].at, w.list[i].length),
                           "outputs: there is no section [%s]%s", w.list[i].text,
                           nearest_section(r, w.list[i].text, near, sizeof near));
            else if (r->node_of[section] >= 0)
                r->graph->nodes[r->node_of[section]].flags |= IMP_NN_OUTPUT;
        }
    }
    rt_words_free(&w);
}

/* ---- a node ---- */

static const struct rt_op *read_op(struct arch_reader *r, const kit_ini_section *s)
{
    const kit_ini_key *k = arch_key(r, s, "op");
    char near[200];
    if (!k) {
        arch_wrong(r, s->at, "[%s] has no op: write op = conv (all: impasto model ops)", s->name);
        return NULL;
    }
    const struct rt_op *op = rt_op_find(k->value);
    if (op)
        return op;
    struct rt_nearest nearest = rt_nearest_to(k->value);
    for (uint32_t i = 0; rt_op_at(i); i++)
        rt_nearest_try(&nearest, rt_op_at(i)->name);
    arch_wrong(r, k->value_at, "[%s] there is no operator '%s'%s", s->name, k->value,
               rt_nearest_text(&nearest, near, sizeof near));
    return NULL;
}

/* The real name, told when it is taken; its own copy. */
static char *read_name(struct arch_reader *r, const kit_ini_section *s)
{
    const kit_ini_key *k = arch_key(r, s, "name");
    char *name = k ? line_of(r, k) : strdup(s->name);
    if (!name) {
        r->no_memory = r->no_memory || !k;
        return NULL;
    }
    if (*name && rt_names_find(&r->nodes, name) < 0)
        return name;
    arch_wrong(r, k ? k->value_at : s->at,
               *name ? "two nodes are called '%s'" : "a node without a name%s", name);
    free(name);
    return NULL;
}

/* Adds the node, slots open; its name belongs to the graph from here on. */
static bool add_node(struct arch_reader *r, struct arch_node *n, const struct arch_wires *w)
{
    struct arch_value *values =
        realloc(r->values, ((size_t)r->graph->node_count + 1) * sizeof *values);
    if (values)
        r->values = values;
    const int64_t number =
        values ? rt_graph_add_node(r->graph, n->name, n->op, w->count, w->refs) : -1;
    if (number < 0) {
        r->no_memory = true;
        return false;
    }
    n->number = (uint32_t)number;
    n->name = r->graph->nodes[number].name;
    values[number] = (struct arch_value){0};
    r->no_memory = r->no_memory || !rt_names_add(&r->nodes, n->name, n->number);
    return !r->no_memory;
}

static void read_alias(struct arch_reader *r, const struct arch_node *n)
{
    const kit_ini_key *k = arch_key(r, n->section, "alias");
    if (k)
        r->graph->nodes[n->number].value = line_of(r, k);
}

/* A constant whose numbers stand in the text. */
static void read_constant(struct arch_reader *r, const struct arch_node *n)
{
    struct rt_tensor *t = arch_constant(r, n);
    char *name = t ? malloc(strlen(n->name) + sizeof ".value") : NULL;
    int64_t p = -1;
    if (!t)
        return;
    if (name) {
        strcat(strcpy(name, n->name), ".value");
        p = rt_graph_add_param(r->graph, name, t, RT_FIXED);
    }
    if (p < 0 || !rt_names_add(&r->params, r->graph->params[p].name, (uint32_t)p))
        r->no_memory = true;
    else
        r->graph->nodes[n->number].inputs[0] = rt_ref_param((uint32_t)p);
    rt_tensor_release(t);
    free(name);
}

static void read_params(struct arch_reader *r, const struct arch_node *n, struct arch_wires *w)
{
    const uint32_t first = r->graph->param_count;
    const bool numbers = arch_has_numbers(r, n);
    if (numbers)
        read_constant(r, n);
    for (uint32_t s = numbers; s < w->count; s++)
        if (w->tensors[s])
            r->graph->nodes[n->number].inputs[s] = arch_param(r, n, s, w->tensors[s], w->places[s]);
    arch_fixed_read(r, n, first);
}

static void read_body(struct arch_reader *r, struct arch_node *n, char *name)
{
    struct arch_wires w = {0};
    n->name = name;
    if (!arch_wires_read(r, n, &w) || !name || !add_node(r, n, &w)) {
        arch_wires_free(&w);
        return;
    }
    read_alias(r, n);
    arch_attrs_read(r, n);
    read_params(r, n, &w);
    arch_infer(r, n);
    r->node_of[n->section - r->ini.sections] = n->number;
    arch_wires_free(&w);
}

static void read_section(struct arch_reader *r, uint32_t i)
{
    struct arch_node n = {.section = &r->ini.sections[i], .prior = r->mistake_count};
    r->node_of[i] = ARCH_BROKEN;
    if (!n.section->name[0]) /* told by the INI reader */
        return;
    n.op = read_op(r, n.section);
    if (!n.op)
        return;
    char *name = read_name(r, n.section);
    read_body(r, &n, name);
    arch_left_over(r, &n);
    free(name);
}

/* ---- all ---- */

static void read_all(struct arch_reader *r)
{
    const uint32_t n = r->ini.section_count;
    for (uint32_t i = 0; i < r->ini.fault_count; i++)
        arch_wrong(r, r->ini.faults[i].at, "%s", r->ini.faults[i].text);
    if (!n || strcmp(r->ini.sections[0].name, "network") != 0) {
        if (!r->mistake_count)
            arch_wrong(r, (kit_place){.line = 1, .col = 1},
                       "an architecture begins with [network] and format = 1");
        return;
    }
    for (uint32_t i = 0; i < n; i++) {
        r->node_of[i] = ARCH_LATER;
        if (r->ini.sections[i].name[0] && !rt_names_add(&r->sections, r->ini.sections[i].name, i))
            r->no_memory = true;
    }
    read_network(r, &r->ini.sections[0]);
    for (uint32_t i = 1; i < n && !r->no_memory; i++)
        read_section(r, i);
    if (n == 1)
        arch_wrong(r, r->ini.sections[0].at, "the network has no nodes: a section for each");
    if (!r->no_memory)
        read_outputs(r);
    if (!r->no_memory && !r->mistake_count && !r->source) {
        rt_graph_set_meta(r->graph, "ignore", NULL); /* there is no file to leave tensors in */
        arch_draw(r);
    }
}

static bool start(struct arch_reader *r)
{
    r->used = calloc(r->ini.key_count + (size_t)1, sizeof *r->used);
    r->node_of = calloc(r->ini.section_count + (size_t)1, sizeof *r->node_of);
    r->graph = rt_graph_new();
    return r->used && r->node_of && r->graph;
}

static void finish(struct arch_reader *r)
{
    const uint32_t nodes = r->graph ? r->graph->node_count : 0;
    for (uint32_t i = 0; r->values && i < nodes; i++)
        for (uint32_t p = 0; p < ARCH_PROBES; p++)
            rt_tensor_release(r->values[i].owned[p]);
    for (uint32_t i = 0; i < r->mistake_count; i++)
        free(r->mistakes[i].text);
    free(r->mistakes);
    free(r->values);
    free(r->param_list);
    free(r->used);
    free(r->node_of);
    rt_names_free(&r->sections);
    rt_names_free(&r->nodes);
    rt_names_free(&r->params);
    kit_ini_free(&r->ini);
}

imp_status rt_arch_read(const char *text, size_t size, rt_tensor_source *source, void *user,
                        uint64_t seed, struct rt_graph **out, imp_error *err)
{
    struct arch_reader r = {.source = source, .user = user, .seed = seed};
    imp_status st = kit_ini_read(text, size, &r.ini);
    if (st != IMP_OK)
        return imp_fail(err, st, "the architecture text cannot be read: %s",
                        st == IMP_E_MEMORY ? "no memory" : "the INI library misread it");
    if (start(&r))
        read_all(&r);
    else
        r.no_memory = true;
    st = arch_tell(&r, err);
    if (st == IMP_OK)
        st = rt_graph_finish(r.graph, err);
    finish(&r);
    if (st == IMP_OK)
        *out = r.graph;
    else
        rt_graph_free(r.graph);
    return st;
}
