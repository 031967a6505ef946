/* onnx_dump.h - a graph as one line, for comparing: "y=clip(x) min=0 max=6; z=relu(y)". */
#ifndef ONNX_DUMP_H
#define ONNX_DUMP_H
#include <op.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

struct dump {
    char text[8192];
    size_t at;
};

__attribute__((format(printf, 2, 3))) static inline void dump_add(struct dump *d,
                                                                  const char *format, ...)
{
    va_list ap;
    va_start(ap, format);
    const int n = vsnprintf(d->text + d->at, sizeof d->text - d->at, format, ap);
    va_end(ap);
    d->at += n > 0 && d->at + (size_t)n < sizeof d->text ? (size_t)n : 0;
}

static inline void dump_attr(struct dump *d, const struct rt_node *n, uint32_t i)
{
    const struct rt_attr_def *def = &n->op->attrs[i];
    const struct rt_attr *a = &n->attrs[i];
    dump_add(d, " %s=", def->key);
    if (def->type == RT_CHOICE) {
        const char *p = def->choices;
        for (int64_t k = a->ints[0]; k > 0; k--)
            p = strchr(p, '|') + 1;
        dump_add(d, "%.*s", (int)strcspn(p, "|"), p);
        return;
    }
    for (uint32_t k = 0; k < a->count; k++)
        if (a->floats)
            dump_add(d, "%s%g", k ? "," : "", a->floats[k]);
        else
            dump_add(d, "%s%lld", k ? "," : "", (long long)a->ints[k]);
}

static inline const char *dump_graph(const struct rt_graph *g, struct dump *d)
{
    d->at = 0;
    d->text[0] = '\0';
    for (uint32_t i = 0; i < g->node_count; i++) {
        const struct rt_node *n = &g->nodes[i];
        if (n->flags & IMP_NN_INPUT)
            continue;
        dump_add(d, "%s%s=%s(", d->at ? "; " : "", n->name, n->op->name);
        for (uint32_t s = 0; s < n->input_count; s++) {
            const int32_t r = n->inputs[s];
            dump_add(d, "%s%s", s ? "," : "",
                     r == RT_ABSENT   ? "-"
                     : rt_is_param(r) ? g->params[rt_param_of(r)].name
                                      : g->nodes[r].name);
        }
        dump_add(d, ")");
        for (uint32_t a = 0; a < n->op->attr_count; a++)
            if (n->attrs[a].given)
                dump_attr(d, n, a);
    }
    return d->text;
}

#endif
