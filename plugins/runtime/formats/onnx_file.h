/* onnx_file.h - ONNX files from inside: what the parts of the reader and of the writer share. */
#ifndef IMP_RT_ONNX_FILE_H
#define IMP_RT_ONNX_FILE_H
#include "op.h"
#include "formats.h"
#include "name_index.h"
#include "onnx_bound.h"
#include <onnx/onnx.pb-c.h>

enum { ONNX_OLDEST = 7, ONNX_NEWEST = 22 }; /* operator sets that are read */

/* ---- the file as bytes: onnx_wire.c ---- */

/* What protobuf-c may allocate while it unpacks one file. */
struct onnx_room {
    ProtobufCAllocator allocator;
    uint64_t left; /* bytes */
};
/* Checks lengths, nesting, text and field types of a whole file before anything is allocated, then
 * unpacks it within a budget. The error names byte, message and field. Free with onnx_release. */
imp_status onnx_unpack(const ProtobufCMessageDescriptor *, const void *data, size_t size,
                       struct onnx_room *, ProtobufCMessage **, imp_error *);
void onnx_release(struct onnx_room *, ProtobufCMessage *); /* NULL allowed */

/* ---- tensors: onnx_tensor.c ---- */

/* "float", "int64", of TensorProto.DataType; "type 99" into buf. */
const char *onnx_type_name(int32_t type, char buf[24]);
/* What it becomes: IMP_F32, IMP_I64, or 0: not supported. */
uint32_t onnx_type_becomes(int32_t type);
/* A tensor of the file, or of a file beside it; sizes are checked before memory is asked for. Raw
 * data are given back to the room when they have been read. The error names tensor and bytes. */
imp_status onnx_tensor_read(struct onnx_room *, Onnx__TensorProto *, const char *name,
                            const char *path, struct rt_tensor **, imp_error *);
/* A vector (or, n < 0, a scalar). NULL: no memory. */
struct rt_tensor *onnx_vector_ints(int64_t n, const int64_t *);
struct rt_tensor *onnx_vector_floats(int64_t n, const float *);

/* ---- data outside the file: onnx_external.c ---- */

/* The `bytes` bytes that external_data names, to be freed; exactly as many must be named. */
imp_status onnx_external_read(const Onnx__TensorProto *, const char *name, const char *path,
                              uint64_t bytes, uint8_t **, imp_error *);

/* ---- names of nodes: onnx_names.c ---- */

/* Which of its two names people would type; *other is the one left, or NULL. */
const char *onnx_pick_name(const char *node, const char *op, const char *value, const char **other);

/* ---- what nodes read, by name: onnx_values.c ---- */

struct onnx_value {
    const char *name;         /* of the file */
    int32_t ref;              /* a node, or a parameter once it is wired; RT_ABSENT: a constant */
    uint32_t fixed;           /* from a Constant node, or bound: not trained */
    Onnx__TensorProto *proto; /* of a constant; NULL: tensor is there */
    struct rt_tensor *tensor; /* a constant that has been read; owned */
};

struct onnx_reader {
    struct onnx_room room;
    Onnx__ModelProto *model;
    const char *path;            /* NULL: none */
    struct rt_onnx_bound *bound; /* inputs with values; NULL: none */
    uint32_t bound_count, reserved0;
    int64_t opset;
    struct rt_graph *graph;
    struct onnx_value *values;
    uint32_t value_count, value_room;
    struct rt_names names; /* of values */
    struct rt_names node_names, param_names;
    struct rt_names reads; /* what nodes read and the graph gives; 1: an output of the graph */
    imp_error *err;
};

/* A new value; its name must be new. */
imp_status onnx_value_add(struct onnx_reader *, const struct onnx_value *);
/* -1: no value of that name (yet). */
int64_t onnx_value_find(const struct onnx_reader *, const char *name);
/* The constant's contents, borrowed. */
imp_status onnx_value_tensor(struct onnx_reader *, uint32_t value, const struct rt_tensor **);
/* Something to wire: its node, or a parameter made of it. Weights are trained, also where exporters
 * put them into Constant nodes; settings and statistics are RT_FIXED; operands as the file has
 * them. */
enum onnx_use { ONNX_OPERAND, ONNX_WEIGHT, ONNX_SETTING };
imp_status onnx_value_wire(struct onnx_reader *, uint32_t value, enum onnx_use, int32_t *ref);
/* A parameter of its own under that name, or one like it. Takes the tensor over. */
imp_status onnx_param_add(struct onnx_reader *, const char *name, struct rt_tensor *,
                          uint32_t flags, int32_t *ref);
void onnx_values_free(struct onnx_reader *);

/* ---- operators and types that are not supported, all at once: onnx_limits.c ---- */
imp_status onnx_check_supported(const struct onnx_reader *);

/* ---- nodes: onnx_nodes.c ---- */
imp_status onnx_nodes_add(struct onnx_reader *);
/* name, or name_2, name_3 where `names` has it. */
const char *onnx_unique(const struct rt_names *names, const char *name, char buf[512]);

/* ---- attributes: onnx_attributes.c ---- */

/* The attribute that the table lists under ONNX's name; or, with `own`, under its own. -1: none. */
int onnx_attr_index(const struct rt_op *, const char *name, bool own);
const Onnx__AttributeProto *onnx_attr_find(const Onnx__NodeProto *, const char *name);
/* Sets attribute i from the file's, or from a constant that came as an input. Errors are phrases
 * about the node ("its axis ..."). */
imp_status onnx_attr_set(struct rt_node *, int i, const Onnx__AttributeProto *, imp_error *);
imp_status onnx_attr_set_tensor(struct rt_node *, int i, const struct rt_tensor *, imp_error *);
/* An attribute as the constant that newer versions have as an input. NULL: no memory. */
struct rt_tensor *onnx_attr_tensor(const Onnx__AttributeProto *);

/* ---- what changed between operator sets: onnx_versions.c ---- */

/* The operator that runs a node of the file; NULL: none. */
const struct rt_op *onnx_op_of(const Onnx__NodeProto *);
/* ONNX's name of input i where it is not simply slot i of the table; NULL. */
const char *onnx_input_name(const char *op, int64_t opset, uint32_t i);
/* The attribute of the table that a file's attribute is; -1: none. */
int onnx_attr_of(const struct rt_op *, const char *name);
/* Where input i goes: a slot, else (slot -1) an attribute, else (both -1) nowhere. */
struct onnx_goal {
    int slot, attr;
} onnx_goal_of(const Onnx__NodeProto *, const struct rt_op *, int64_t opset, uint32_t i);
/* The slot that carries what old versions had as this attribute; -1: none. */
int onnx_slot_of(const struct rt_op *, const char *attr);
/* An attribute, or an input without a place, that changes nothing for us. */
bool onnx_attr_is_idle(const Onnx__NodeProto *, const Onnx__AttributeProto *);
bool onnx_input_is_idle(const Onnx__NodeProto *, int64_t opset, uint32_t i);
/* Attributes that are not what they seem (a tensor); *done: it was one. */
imp_status onnx_attr_special(struct onnx_reader *, struct rt_node *, const Onnx__AttributeProto *,
                             bool *done, imp_error *);
/* Inputs and attributes are in: what the operator set means by what was left out, and which of the
 * file's outputs this is. */
imp_status onnx_node_fit(const Onnx__NodeProto *, int64_t opset, uint32_t output,
                         const struct rt_tensor *scales, struct rt_node *, imp_error *);

#endif
