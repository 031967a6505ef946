/* onnx_names.c - which of the two names of an ONNX node people would type. Exporters number what
 * they have no name for: "Relu_12", "123", "/features/Relu_output_0"; those stand back behind a
 * name that somebody chose. */
#include "onnx_file.h"

#include <string.h>
#include <strings.h>

static bool is_number(const char *s)
{
    return *s && strspn(s, "0123456789") == strlen(s);
}

/* "Relu_12", "Relu12", "relu", "node_Relu_12". */
static bool is_numbered_op(const char *s, const char *op)
{
    if (!strncasecmp(s, "node_", 5))
        s += 5;
    const size_t n = strlen(op);
    if (!n || strncasecmp(s, op, n))
        return false;
    s += n;
    s += *s == '_';
    return !*s || is_number(s);
}

/* "..._output_0", "...:0" */
static bool is_numbered_output(const char *s)
{
    const char *last = strrchr(s, '_'), *colon = strrchr(s, ':');
    if (colon && is_number(colon + 1))
        return true;
    return last && is_number(last + 1) && last - s >= 7 && !strncmp(last - 7, "_output", 7);
}

/* How likely a person chose it: 0 = there is none. */
static int worth(const char *s, const char *op)
{
    if (!s || !*s)
        return 0;
    if (is_number(s))
        return 1;
    if (is_numbered_op(s, op))
        return 2;
    return is_numbered_output(s) ? 3 : 4;
}

const char *onnx_pick_name(const char *node, const char *op, const char *value, const char **other)
{
    const bool by_value = worth(value, op) > worth(node, op);
    const char *name = by_value ? value : node;
    *other = by_value ? node : value;
    if (*other && (!**other || !name || !strcmp(*other, name)))
        *other = NULL;
    return name;
}
