/* onnx_limits.c - everything in an ONNX file that is not supported, in one message: whoever exports
 * a network again wants the whole list. */
#include "onnx_file.h"

#include <stdio.h>
#include <string.h>

enum { KINDS = 24 };

struct lack {
    char what[96];
    const char *where; /* name of the first */
    uint32_t count;
};
struct lacks {
    struct lack list[KINDS];
    uint32_t count, more;
};

static void add_lack(struct lacks *l, const char *what, const char *where)
{
    for (uint32_t i = 0; i < l->count; i++)
        if (!strcmp(l->list[i].what, what)) {
            l->list[i].count++;
            return;
        }
    if (l->count == KINDS) {
        l->more++;
        return;
    }
    struct lack *k = &l->list[l->count++];
    snprintf(k->what, sizeof k->what, "%s", what);
    k->where = where;
    k->count = 1;
}

static const char *node_name(const Onnx__NodeProto *n)
{
    if (n->name && *n->name)
        return n->name;
    return n->n_output && *n->output[0] ? n->output[0] : "(without a name)";
}

static void check_type(struct lacks *l, int32_t type, const char *of, const char *name)
{
    char buf[24], what[96];
    if (onnx_type_becomes(type))
        return;
    snprintf(what, sizeof what, "%s of type %s", of, onnx_type_name(type, buf));
    add_lack(l, what, name);
}

static void check_node(struct lacks *l, const Onnx__NodeProto *n)
{
    char what[96];
    const char *op = n->op_type ? n->op_type : "(no operator)";
    const bool official = !n->domain || !*n->domain || !strcmp(n->domain, "ai.onnx");
    const bool constant = official && !strcmp(op, "Constant");
    if (!constant && !onnx_op_of(n)) {
        snprintf(what, sizeof what, "%.30s%s%.40s", official ? "" : n->domain, official ? "" : ".",
                 op);
        add_lack(l, what, node_name(n));
        return;
    }
    for (size_t i = 0; i < n->n_attribute; i++) {
        const Onnx__AttributeProto *a = n->attribute[i];
        const char *form = a->g || a->n_graphs                     ? "a subgraph"
                           : a->sparse_tensor                      ? "a sparse tensor"
                           : a->n_strings                          ? "words"
                           : a->tp || a->n_type_protos             ? "a type"
                           : a->n_tensors                          ? "a list of tensors"
                           : a->n_sparse_tensors                   ? "a list of sparse tensors"
                           : a->ref_attr_name && *a->ref_attr_name ? "a function's argument"
                                                                   : NULL;
        if (!strcmp(op, "Cast") && a->has_i && a->name && !strcmp(a->name, "to") &&
            a->i == (int32_t)a->i)
            check_type(l, (int32_t)a->i, "a Cast to a value", node_name(n));
        if (form) {
            snprintf(what, sizeof what, "%s as %.24s of %.20s", form, a->name ? a->name : "?", op);
            add_lack(l, what, node_name(n));
        } else if (a->t)
            check_type(l, a->t->data_type, "a tensor", node_name(n));
    }
}

static imp_status tell(const struct lacks *l, imp_error *err)
{
    char text[2048];
    size_t at = 0;
    for (uint32_t i = 0; i < l->count && at < sizeof text; i++) {
        const struct lack *k = &l->list[i];
        const int n = snprintf(text + at, sizeof text - at, "%s%s (%u, first '%.60s')",
                               i ? ", " : "", k->what, k->count, k->where);
        at += n > 0 ? (size_t)n : 0;
    }
    if (l->more && at < sizeof text)
        snprintf(text + at, sizeof text - at, ", %u more", l->more);
    return imp_fail(err, IMP_E_UNSUPPORTED, "not supported: %s; `impasto model ops` lists what is",
                    text);
}

imp_status onnx_check_supported(const struct onnx_reader *r)
{
    const Onnx__GraphProto *g = r->model->graph;
    struct lacks l = {.count = 0};
    for (size_t i = 0; i < g->n_node; i++)
        check_node(&l, g->node[i]);
    for (size_t i = 0; i < g->n_initializer; i++)
        check_type(&l, g->initializer[i]->data_type, "a tensor",
                   g->initializer[i]->name ? g->initializer[i]->name : "");
    for (size_t i = 0; i < g->n_sparse_initializer; i++)
        add_lack(&l, "a sparse tensor", "initializer");
    return l.count ? tell(&l, r->err) : IMP_OK;
}
