/* arch.h - architecture texts: what the files of their reader and writer share (private).
 *
 *     [network]
 *     format = 1
 *     title = LeNet           ; every key but format and outputs is a line of the model's meta
 *     outputs = prob logits   ; left out: the last node
 *     [picture]
 *     op = input
 *     shape = N 3 H W         ; a word is an axis that the caller sets
 *     [conv1]
 *     op = conv
 *     in = picture            ; left out: the section before. `-` leaves a slot open, @name is a
 * tensor filters = 64            ; shapes of drawn weights; checked where weights are given kernel
 * = 3 weight = other.weight   ; a tensor; left out: conv1.weight bias = no               ; that
 * slot stays open name = conv/1           ; where the real name is no section name alias = 17 ;
 * another name that finds it: its value's in the file it came from fixed = other.weight    ;
 * tensors first used here that get no gradient; trained = the opposite
 */
#ifndef IMP_RT_ARCH_H
#define IMP_RT_ARCH_H
#include "op.h"
#include <impasto/kit.h>
#include "arch_text.h"
#include "formats.h"
#include "name_index.h"

/* Values that a drawn model may have in all: one gigabyte. */
enum { ARCH_DRAWN_MOST = 1 << 28, ARCH_PROBES = 2, ARCH_MISTAKES_SHOWN = 40 };

/* A node's value at both sizes that are tried while reading. */
struct arch_value {
    struct rt_info info[ARCH_PROBES];
    struct rt_tensor *owned[ARCH_PROBES]; /* contents where they are known, or NULL */
    uint32_t seen, reserved0;             /* 0: nothing is known of it */
};

/* How a drawn parameter begins. */
enum arch_fill { ARCH_ZERO = 0, ARCH_ONE, ARCH_QUARTER, ARCH_HE };

struct arch_param {      /* by number of the graph's parameters */
    uint32_t node, fill; /* who used it first */
    double fan_in;
};

struct arch_mistake {
    uint32_t line, col;
    char *text;
};

struct arch_reader {
    kit_ini ini;
    bool *used; /* by key: somebody has read it */
    struct rt_graph *graph;
    rt_tensor_source *source;
    void *user;
    uint64_t seed;
    struct rt_names sections; /* name -> number */
    int64_t *node_of;         /* by section: its node, ARCH_LATER or ARCH_BROKEN */
    struct rt_names nodes, params;
    struct arch_value *values;       /* by node */
    struct arch_param *param_list;   /* by parameter, when drawn */
    uint32_t param_room, open_sizes; /* open_sizes: an input has an unknown axis */
    int64_t drawn;
    struct arch_mistake *mistakes;
    uint32_t mistake_count, mistake_room;
    bool no_memory;
};
enum { ARCH_LATER = -1, ARCH_BROKEN = -2 };

/* The section that is being read. */
struct arch_node {
    const kit_ini_section *section;
    const struct rt_op *op;
    const char *name;          /* the real one */
    uint32_t number;           /* of the node */
    uint32_t prior, reserved0; /* mistakes before it */
};

__attribute__((format(printf, 3, 4))) void arch_wrong(struct arch_reader *, kit_place,
                                                      const char *fmt, ...);
/* All of them in one message, in order of place; IMP_OK: none. */
imp_status arch_tell(struct arch_reader *, imp_error *);
/* Is it worth looking for the nearest names? Not for mistakes that are only counted. */
static inline bool arch_hints(const struct arch_reader *r)
{
    return r->mistake_count < ARCH_MISTAKES_SHOWN;
}
/* A key of a section, marked as used; NULL: it has none. */
const kit_ini_key *arch_key(struct arch_reader *, const kit_ini_section *, const char *key);
/* The place of n bytes at `at` of a value, where it stands on one line; else the whole value. */
kit_place arch_place(const kit_ini_key *, uint32_t at, uint32_t n);
/* Words of a key, mistakes told; false: none. rt_words_free in any case. */
bool arch_words(struct arch_reader *, const kit_ini_key *, struct rt_words *);

/* arch_wires.c: what the slots of the node are wired to; names of tensors by slot where they are
 * still to be found. false: told. */
struct arch_wires {
    int32_t *refs;
    char **tensors;    /* by slot: its name, or NULL */
    kit_place *places; /* by slot: what to point at; line 0 where a slot was left open */
    uint32_t count, room;
};
bool arch_wires_read(struct arch_reader *, const struct arch_node *, struct arch_wires *);
void arch_wires_free(struct arch_wires *);
/* arch_keys.c: attributes of the node's operator, an input's shape; then the keys nobody has read.
 */
void arch_attrs_read(struct arch_reader *, const struct arch_node *);
void arch_left_over(struct arch_reader *, const struct arch_node *);
/* Keys of the text that only this operator has: "filters"; ended by NULL. */
const char *const *arch_extra_keys(const struct rt_op *);
/* Keys that the text reads itself, which are no attributes there even where an operator has such:
 * shapes of weights (`filters`), and slots (`bias`). */
bool arch_is_own_key(const struct rt_op *, const char *key);
/* `filters` or `units`: from 1 on, -1 when left out; false: told. */
bool arch_size_key(struct arch_reader *, const struct arch_node *, const char *key, int64_t *);
/* arch_param.c: the tensor for a slot, as an input of the node; RT_ABSENT: told, or no memory. */
int32_t arch_param(struct arch_reader *, const struct arch_node *, uint32_t slot, const char *name,
                   kit_place);
/* A constant with `value = 1 2 3` (not `value = @tensor`): its tensor by `value`, `type` and
 * `shape`; NULL: told, or no memory. */
bool arch_has_numbers(struct arch_reader *, const struct arch_node *);
struct rt_tensor *arch_constant(struct arch_reader *, const struct arch_node *);
void arch_fixed_read(struct arch_reader *, const struct arch_node *, uint32_t first_param);
/* arch_draw.c: all drawn parameters, when the graph is whole. */
void arch_draw(struct arch_reader *);
/* arch_shape.c: what a parameter's shape must be at both sizes. ARCH_NO_RULE: any. ARCH_UNTOLD:
 * cannot be told, *why says what is missing ("" where an earlier mistake is to blame). */
enum arch_told { ARCH_NO_RULE = 0, ARCH_UNTOLD, ARCH_TOLD };
struct arch_want {
    struct rt_shape shape[ARCH_PROBES];
    char why[160];
    enum arch_fill fill;
    double fan_in;
};
enum arch_told arch_shape(struct arch_reader *, const struct arch_node *, uint32_t slot,
                          struct arch_want *);
/* `filters` or `units` by a weight's shape; -1: the operator has no such key. */
int64_t arch_size_of(const struct rt_node *, const struct rt_shape *weight);
/* What follows of the node's value; mistakes told where they are no matter of the sizes tried. */
void arch_infer(struct arch_reader *, const struct arch_node *);

/* By parameter: 1 where it is written as `value` of its constant, not as a tensor of its own. To be
 * freed; NULL: no memory. */
uint8_t *arch_inlined(const struct rt_graph *);
/* Flags that a parameter in a slot has unless `fixed` or `trained` say otherwise. */
uint32_t arch_default_flags(const struct rt_node *, uint32_t slot, const struct rt_tensor *);
/* The slot's row of the table: the last one stands for all that are MANY. */
static inline const struct rt_slot *arch_slot(const struct rt_op *op, uint32_t slot)
{
    return slot < op->slot_count ? &op->slots[slot] : &op->slots[op->slot_count - 1];
}
static inline bool arch_has_flag(const struct rt_op *op, uint32_t slot, uint32_t flag)
{
    return slot < op->slot_count && (op->slots[slot].flags & flag);
}

/* Without `in`, is its first slot the section before? */
static inline bool arch_wires_before(const struct rt_op *op)
{
    return op->slot_count && !arch_has_flag(op, 0, RT_SLOT_PARAM | RT_SLOT_OPTIONAL);
}

#endif
