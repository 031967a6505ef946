/* onnx_writer.h - writing ONNX: what its parts share. Messages are made in one arena and freed at
 * once; weights are not copied. Makers answer NULL, adders false, when there is no memory. */
#ifndef IMP_RT_ONNX_WRITER_H
#define IMP_RT_ONNX_WRITER_H
#include "onnx_file.h"
#include "sizing.h"

struct onnx_block;

struct onnx_writer {
    const struct rt_graph *graph;
    struct onnx_block *blocks; /* the arena */
    Onnx__ModelProto *model;
    int64_t opset;
    struct rt_shape *shapes;       /* by node; ndim 0 and unknown where planning failed */
    struct rt_plan *plan;          /* at one size, for types; NULL: none fits */
    const char **values, **params; /* names in the file, by node and by parameter */
    uint8_t *done;                 /* by node: written as a further output of another */
    struct rt_names names;         /* of values, all kinds */
    imp_error *err;
};

/* ---- messages: onnx_message.c ---- */
void *onnx_new(struct onnx_writer *, size_t size); /* zeroed */
void onnx_arena_free(struct onnx_writer *);
char *onnx_text(struct onnx_writer *, const char *);
/* A name that no value has yet: "stem.part" or like it; taken from now on. */
const char *onnx_fresh(struct onnx_writer *, const char *stem, const char *part);
bool onnx_append(struct onnx_writer *, void ***list, size_t *count, void *item);
Onnx__NodeProto *onnx_add_node(struct onnx_writer *, const char *op, const char *name);
/* Input or output i, with open ones before it. */
bool onnx_set_input(struct onnx_writer *, Onnx__NodeProto *, uint32_t i, const char *value);
bool onnx_set_output(struct onnx_writer *, Onnx__NodeProto *, uint32_t i, const char *value);
bool onnx_add_int(struct onnx_writer *, Onnx__NodeProto *, const char *key, int64_t);
bool onnx_add_ints(struct onnx_writer *, Onnx__NodeProto *, const char *key, size_t,
                   const int64_t *);
bool onnx_add_float(struct onnx_writer *, Onnx__NodeProto *, const char *key, double);
bool onnx_add_word(struct onnx_writer *, Onnx__NodeProto *, const char *key, const char *);
bool onnx_add_tensor(struct onnx_writer *, Onnx__NodeProto *, const char *key, Onnx__TensorProto *);
/* Contents are borrowed; they must live as long as the arena. */
Onnx__TensorProto *onnx_new_tensor(struct onnx_writer *, const char *name, uint32_t dtype,
                                   const struct rt_shape *, void *data);
bool onnx_add_initialiser(struct onnx_writer *, Onnx__TensorProto *);
/* s NULL: nothing is known of its shape. */
bool onnx_add_info(struct onnx_writer *, bool output, const char *name, int32_t type,
                   const struct rt_shape *s);

/* ---- nodes: onnx_write_node.c, onnx_write_attr.c ---- */

/* The operator set that a node needs, or the reason why none has it. */
imp_status onnx_opset_of(const struct onnx_writer *, uint32_t node, int64_t *opset);
imp_status onnx_write_nodes(struct onnx_writer *);
/* Attributes of a node, as attributes or as inputs of it, whichever the operator set has. */
imp_status onnx_write_attrs(struct onnx_writer *, uint32_t node, Onnx__NodeProto *);
/* Which of its operator's outputs a node is: the attribute's number, or -1: there is only one. */
int onnx_output_attr(const struct rt_op *);

#endif
