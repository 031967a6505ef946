/* attr.c - attributes of nodes, by the table of their operator. */
#include "network.h"
#include "op.h"

#include <stdlib.h>
#include <string.h>

/* The attribute `key` where its type is among the mask; NULL: there is none. */
static struct rt_attr *attr_of(struct rt_node *n, const char *key, uint32_t types)
{
    for (uint32_t i = 0; i < n->op->attr_count; i++)
        if (!strcmp(n->op->attrs[i].key, key))
            return (types >> n->op->attrs[i].type) & 1 ? &n->attrs[i] : NULL;
    return NULL;
}

static bool set_ints(struct rt_attr *a, uint32_t n, const int64_t *v)
{
    int64_t *copy = a ? calloc(n ? n : 1, sizeof *copy) : NULL;
    if (!copy)
        return false;
    for (uint32_t i = 0; i < n; i++)
        copy[i] = v[i];
    free(a->ints);
    a->ints = copy;
    a->count = n;
    a->given = 1;
    return true;
}

static bool set_floats(struct rt_attr *a, uint32_t n, const double *v)
{
    double *copy = a ? calloc(n ? n : 1, sizeof *copy) : NULL;
    if (!copy)
        return false;
    for (uint32_t i = 0; i < n; i++)
        copy[i] = v[i];
    free(a->floats);
    a->floats = copy;
    a->count = n;
    a->given = 1;
    return true;
}

bool rt_set_int(struct rt_node *n, const char *key, int64_t v)
{
    return set_ints(attr_of(n, key, 1u << RT_INT | 1u << RT_BOOL | 1u << RT_INTS), 1, &v);
}

bool rt_set_ints(struct rt_node *n, const char *key, uint32_t count, const int64_t *v)
{
    return set_ints(attr_of(n, key, 1u << RT_INTS), count, v);
}

bool rt_set_float(struct rt_node *n, const char *key, double v)
{
    return set_floats(attr_of(n, key, 1u << RT_FLOAT | 1u << RT_FLOATS), 1, &v);
}

bool rt_set_floats(struct rt_node *n, const char *key, uint32_t count, const double *v)
{
    return set_floats(attr_of(n, key, 1u << RT_FLOATS), count, v);
}

bool rt_set_choice(struct rt_node *n, const char *key, const char *word)
{
    struct rt_attr *a = attr_of(n, key, 1u << RT_CHOICE);
    const size_t length = strlen(word);
    if (!a || !length || strchr(word, '|'))
        return false;
    int64_t index = 0;
    for (const char *p = n->op->attrs[a - n->attrs].choices; *p; index++) {
        const size_t piece = strcspn(p, "|");
        if (piece == length && !memcmp(p, word, length))
            return set_ints(a, 1, &index);
        p += piece + (p[piece] == '|');
    }
    return false;
}

int64_t rt_int(const struct rt_node *n, uint32_t i)
{
    const struct rt_attr *a = &n->attrs[i];
    return a->count && a->ints ? a->ints[0] : (int64_t)n->op->attrs[i].def;
}

double rt_float(const struct rt_node *n, uint32_t i)
{
    const struct rt_attr *a = &n->attrs[i];
    return a->count && a->floats ? a->floats[0] : n->op->attrs[i].def;
}

const int64_t *rt_ints(const struct rt_node *n, uint32_t i, uint32_t *count)
{
    *count = n->attrs[i].count;
    return n->attrs[i].ints;
}

const double *rt_float_list(const struct rt_node *n, uint32_t i, uint32_t *count)
{
    *count = n->attrs[i].count;
    return n->attrs[i].floats;
}
