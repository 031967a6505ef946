/* arch_write.c - a graph to the text that reads back as the same graph. Nodes whose names are no
 * names of sections get one, and keep theirs in a key. */
#include "arch.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SECTION_MOST = 49, KEY_MOST = 49, VALUE_MOST = 65536, INLINE_MOST = 8 };

struct writer {
    const struct rt_graph *graph;
    struct rt_text text;
    char **section;        /* by node: what it is called in the text */
    struct rt_names taken; /* sections, and names of nodes that may become some */
    uint8_t *introduced;   /* by parameter: a section has used it */
    struct rt_text value;  /* the value that is being written */
    char too_long[64];     /* a key whose value is longer than a text can hold */
    uint8_t *inlined;      /* by parameter: its numbers stand in the text */
    bool no_memory;
};

/* ---- names of sections ---- */

static bool is_section_name(const char *name)
{
    const size_t n = strlen(name);
    if (n == 0 || n > SECTION_MOST || !strcmp(name, "-") || !strcmp(name, "network"))
        return false;
    for (const char *p = name; *p; p++)
        if (*p <= 0x20 || *p >= 0x7f || strchr("[];\"@#=", *p))
            return false;
    return true;
}

/* What remains of a name that is none: its legal letters, cut, with a number that makes it its own.
 */
static char *make_section(struct writer *w, const char *name, uint32_t number)
{
    char stem[25], section[64];
    size_t n = 0;
    const size_t length = strlen(name);
    const char *tail = length > 24 ? name + length - 24 : name;
    for (; *tail && n < 24; tail++)
        stem[n++] = *tail > 0x20 && *tail < 0x7f && !strchr("[];\"@#=", *tail) ? *tail : '_';
    stem[n] = '\0';
    for (uint32_t more = 0;; more++) {
        snprintf(section, sizeof section, more ? "%s~%u.%u" : "%s~%u", stem, number, more);
        if (rt_names_find(&w->taken, section) < 0)
            return strdup(section);
    }
}

static bool name_sections(struct writer *w)
{
    const struct rt_graph *g = w->graph;
    for (uint32_t i = 0; i < g->node_count; i++)
        if (is_section_name(g->nodes[i].name) && !rt_names_add(&w->taken, g->nodes[i].name, i))
            return false;
    for (uint32_t i = 0; i < g->node_count; i++) {
        const char *name = g->nodes[i].name;
        w->section[i] = is_section_name(name) ? strdup(name) : make_section(w, name, i);
        if (!w->section[i] || !rt_names_add(&w->taken, w->section[i], i))
            return false;
    }
    return true;
}

/* ---- lines ---- */

static struct rt_text *begin(struct writer *w)
{
    w->value.size = 0;
    rt_text_add(&w->value, "", 0);
    return &w->value;
}

static void put(struct writer *w, const char *key)
{
    w->no_memory = w->no_memory || w->value.no_memory;
    if (w->no_memory)
        return;
    if (w->value.size > VALUE_MOST && !*w->too_long)
        snprintf(w->too_long, sizeof w->too_long, "%s", key);
    rt_text_print(&w->text, "%s =%s%s\n", key, w->value.size ? " " : "", w->value.data);
}

static void blank(struct rt_text *t)
{
    if (t->size)
        rt_text_add(t, " ", 1);
}

static void put_text(struct writer *w, const char *key, const char *text)
{
    rt_text_line(begin(w), text);
    put(w, key);
}

/* ---- [network] ---- */

static bool is_meta_key(const char *key)
{
    const size_t n = strlen(key);
    return n > 0 && n <= KEY_MOST && strncmp(key, "meta.", 5) != 0 && strcmp(key, "format") != 0 &&
           strcmp(key, "outputs") != 0 &&
           strspn(key, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._/-") == n;
}

static void write_meta(struct writer *w, uint32_t i)
{
    const struct rt_meta *m = &w->graph->meta[i];
    char key[32];
    if (is_meta_key(m->key)) {
        put_text(w, m->key, m->text);
        return;
    }
    struct rt_text *v = begin(w);
    snprintf(key, sizeof key, "meta.%u", i + 1);
    rt_text_word(v, m->key);
    blank(v);
    rt_text_word(v, m->text);
    put(w, key);
}

static void write_network(struct writer *w)
{
    const struct rt_graph *g = w->graph;
    uint32_t outputs = 0;
    rt_text_print(&w->text, "[network]\nformat = 1\n");
    for (uint32_t i = 0; i < g->meta_count; i++)
        write_meta(w, i);
    for (uint32_t i = 0; i < g->node_count; i++)
        outputs += (g->nodes[i].flags & IMP_NN_OUTPUT) != 0;
    if (outputs == 1 && g->nodes[g->node_count - 1].flags & IMP_NN_OUTPUT)
        return;
    struct rt_text *v = begin(w);
    for (uint32_t i = 0; i < g->node_count; i++)
        if (g->nodes[i].flags & IMP_NN_OUTPUT) {
            blank(v);
            rt_text_add(v, w->section[i], strlen(w->section[i]));
        }
    put(w, "outputs");
}

/* ---- wires ---- */

/* Slots [0, this) stand in `in`; the others are tensors by default or by a key. */
static uint32_t wired_by_in(const struct rt_node *n)
{
    uint32_t count = 0;
    for (uint32_t s = 0; s < n->input_count; s++) {
        const bool param = arch_has_flag(n->op, s, RT_SLOT_PARAM);
        if (n->inputs[s] >= 0 || (rt_is_param(n->inputs[s]) && !param))
            count = s + 1;
    }
    return count;
}

static void write_in(struct writer *w, uint32_t i, uint32_t count)
{
    const struct rt_node *n = &w->graph->nodes[i];
    struct rt_text *v = begin(w);
    for (uint32_t s = 0; s < count; s++) {
        const int32_t ref = n->inputs[s];
        blank(v);
        if (ref >= 0)
            rt_text_add(v, w->section[ref], strlen(w->section[ref]));
        else if (ref == RT_ABSENT)
            rt_text_add(v, "-", 1);
        else {
            rt_text_add(v, "@", 1);
            rt_text_word(v, w->graph->params[rt_param_of(ref)].name);
        }
    }
    put(w, "in");
}

static void write_wires(struct writer *w, uint32_t i)
{
    const struct rt_node *n = &w->graph->nodes[i];
    const uint32_t count = wired_by_in(n);
    const bool has_default = arch_wires_before(n->op);
    if (count == 0 && has_default)
        put_text(w, "in", "-"); /* its first slot is open */
    else if (count > 1 || (count == 1 && !(has_default && i > 0 && n->inputs[0] == (int32_t)i - 1)))
        write_in(w, i, count);
}

static bool is_default_name(const struct rt_node *n, const char *slot, const char *name)
{
    const size_t stem = strlen(n->name);
    return !strncmp(name, n->name, stem) && name[stem] == '.' && !strcmp(name + stem + 1, slot);
}

/* The words that stand for something else than a name. */
static bool is_reserved(const char *name)
{
    return !strcmp(name, "no") || !strcmp(name, "yes") || *name == '@';
}

static void write_slot(struct writer *w, const struct rt_node *n, uint32_t s)
{
    const char *slot = n->op->slots[s].name;
    const int32_t ref = s < n->input_count ? n->inputs[s] : RT_ABSENT;
    const char *name = rt_is_param(ref) ? w->graph->params[rt_param_of(ref)].name : NULL;
    if (!name) {
        put_text(w, slot, "no");
        return;
    }
    if (is_default_name(n, slot, name))
        return;
    struct rt_text *v = begin(w);
    if (is_reserved(name) || !strcmp(n->op->name, "constant")) {
        rt_text_add(v, "@", 1);
        rt_text_word(v, name);
    } else
        rt_text_line(v, name);
    put(w, slot);
}

/* ---- constants ---- */

uint8_t *arch_inlined(const struct rt_graph *g)
{
    uint8_t *uses = calloc(g->param_count + (size_t)1, 1);
    for (uint32_t i = 0; uses && i < g->node_count; i++) {
        const struct rt_node *n = &g->nodes[i];
        for (uint32_t s = 0; s < n->input_count; s++) {
            if (!rt_is_param(n->inputs[s]))
                continue;
            const struct rt_param *p = &g->params[rt_param_of(n->inputs[s])];
            uint8_t *u = &uses[rt_param_of(n->inputs[s])];
            const bool own = !strcmp(n->op->name, "constant") && (p->flags & RT_FIXED) &&
                             p->tensor->count > 0 && p->tensor->count <= INLINE_MOST &&
                             is_default_name(n, "value", p->name);
            *u = own && *u == 0 ? 1 : 2; /* used a second time: a tensor after all */
        }
    }
    for (uint32_t i = 0; uses && i < g->param_count; i++)
        uses[i] = uses[i] == 1;
    return uses;
}

static void write_constant(struct writer *w, const struct rt_tensor *t)
{
    char number[32];
    struct rt_text *v = begin(w);
    for (int64_t i = 0; i < t->count; i++) {
        blank(v);
        if (t->dtype == IMP_I64)
            rt_text_print(v, "%lld", (long long)rt_integers(t)[i]);
        else
            rt_text_print(v, "%s", rt_print_float(rt_floats(t)[i], number));
    }
    put(w, "value");
    if (t->dtype == IMP_I64)
        put_text(w, "type", "i64");
    if (t->shape.ndim == (t->count == 1 ? 0 : 1))
        return;
    v = begin(w);
    for (uint32_t a = 0; a < t->shape.ndim; a++)
        rt_text_print(v, "%s%lld", a ? " " : "", (long long)t->shape.dim[a]);
    put(w, "shape");
}

/* ---- attributes ---- */

static void write_attr(struct writer *w, const struct rt_attr_def *def, const struct rt_attr *a)
{
    char number[32];
    struct rt_text *v = begin(w);
    for (uint32_t i = 0; i < a->count; i++) {
        blank(v);
        if (def->type == RT_FLOAT || def->type == RT_FLOATS)
            rt_text_print(v, "%s", rt_print_real(a->floats[i], number));
        else if (def->type == RT_BOOL)
            rt_text_print(v, "%s", a->ints[i] ? "yes" : "no");
        else if (def->type != RT_CHOICE)
            rt_text_print(v, "%lld", (long long)a->ints[i]);
        else {
            const char *p = def->choices;
            for (int64_t k = 0; k < a->ints[i]; k++)
                p += strcspn(p, "|") + 1;
            rt_text_add(v, p, strcspn(p, "|"));
        }
    }
    put(w, def->key);
}

/* Shapes of weights, for people, and for weights to be drawn. */
static void write_sizes(struct writer *w, const struct rt_node *n)
{
    const char *const *extra = arch_extra_keys(n->op);
    const int32_t ref = n->input_count > 1 ? n->inputs[1] : RT_ABSENT;
    if (!*extra || !rt_is_param(ref) || n->op->slot_count < 2)
        return;
    const int64_t size = arch_size_of(n, &w->graph->params[rt_param_of(ref)].tensor->shape);
    if (size < 1)
        return;
    rt_text_print(begin(w), "%lld", (long long)size);
    put(w, *extra);
}

static void write_shape(struct writer *w, const struct rt_node *n)
{
    struct rt_text *v = begin(w);
    const struct rt_shape *s = &n->declared;
    for (uint32_t a = 0; a < s->ndim; a++) {
        blank(v);
        if (s->dim[a] >= 0)
            rt_text_print(v, "%lld", (long long)s->dim[a]);
        else if (a == 0 || s->ndim == 4)
            rt_text_add(v, &"NCHW"[a], 1);
        else
            rt_text_print(v, "D%u", a);
    }
    put(w, "shape");
}

/* Parameters that this node is the first to use, whose flags are not what their slots say. */
static void write_flags(struct writer *w, const struct rt_node *n, const char *key, uint32_t flags)
{
    struct rt_text *v = begin(w);
    for (uint32_t s = 0; s < n->input_count; s++) {
        if (!rt_is_param(n->inputs[s]) || w->introduced[rt_param_of(n->inputs[s])])
            continue;
        const struct rt_param *p = &w->graph->params[rt_param_of(n->inputs[s])];
        if ((p->flags & RT_FIXED) != flags || arch_default_flags(n, s, p->tensor) == flags)
            continue;
        blank(v);
        rt_text_word(v, p->name);
    }
    if (v->size)
        put(w, key);
}

/* ---- a node ---- */

static void write_node(struct writer *w, uint32_t i)
{
    const struct rt_node *n = &w->graph->nodes[i];
    const bool constant = n->input_count && rt_is_param(n->inputs[0]) &&
                          !strcmp(n->op->name, "constant") && w->inlined[rt_param_of(n->inputs[0])];
    rt_text_print(&w->text, "\n[%s]\n", w->section[i]);
    put_text(w, "op", n->op->name);
    if (strcmp(w->section[i], n->name) != 0)
        put_text(w, "name", n->name);
    if (n->value)
        put_text(w, "alias", n->value);
    if (n->flags & IMP_NN_INPUT)
        write_shape(w, n);
    write_wires(w, i);
    write_sizes(w, n);
    for (uint32_t a = 0; a < n->op->attr_count; a++)
        if (n->attrs[a].given && !arch_is_own_key(n->op, n->op->attrs[a].key))
            write_attr(w, &n->op->attrs[a], &n->attrs[a]);
    if (constant)
        write_constant(w, w->graph->params[rt_param_of(n->inputs[0])].tensor);
    for (uint32_t s = wired_by_in(n); s < n->op->slot_count && !constant; s++)
        if (arch_has_flag(n->op, s, RT_SLOT_PARAM))
            write_slot(w, n, s);
    write_flags(w, n, "fixed", RT_FIXED);
    write_flags(w, n, "trained", 0);
    for (uint32_t s = 0; s < n->input_count; s++)
        if (rt_is_param(n->inputs[s]))
            w->introduced[rt_param_of(n->inputs[s])] = 1;
}

imp_status rt_arch_write(const struct rt_graph *g, char **text, imp_error *err)
{
    struct writer w = {.graph = g};
    w.section = calloc(g->node_count + (size_t)1, sizeof *w.section);
    w.introduced = calloc(g->param_count + (size_t)1, 1);
    w.inlined = arch_inlined(g);
    bool fine = w.section && w.introduced && w.inlined && name_sections(&w);
    if (fine)
        write_network(&w);
    for (uint32_t i = 0; fine && i < g->node_count; i++)
        write_node(&w, i);
    fine = fine && !w.no_memory && !w.text.no_memory;
    for (uint32_t i = 0; w.section && i < g->node_count; i++)
        free(w.section[i]);
    free(w.section);
    free(w.introduced);
    free(w.inlined);
    free(w.value.data);
    rt_names_free(&w.taken);
    if (fine && !*w.too_long) {
        *text = w.text.data;
        return IMP_OK;
    }
    free(w.text.data);
    if (!fine)
        return imp_fail(err, IMP_E_MEMORY, "no memory for the text of the network");
    return imp_fail(err, IMP_E_LIMIT,
                    "the value of '%s' is longer than the %d bytes that an "
                    "architecture text can hold",
                    w.too_long, (int)VALUE_MOST);
}
