/* graph_private.h - nodes while graph_build works on them; what its files share. */
#ifndef IMP_GRAPH_PRIVATE_H
#define IMP_GRAPH_PRIVATE_H
#include "graph.h"

struct draft {
    struct node node;       /* filter NULL: unknown, reported */
    size_t section;         /* its number in the preset */
    struct place *input_at; /* by input port: the key that wires it */
    bool maybe_wired;       /* something about its wires was wrong: say nothing of open ports */
};
struct builder {
    struct arena *arena;
    struct preset *preset;
    struct registry *registry;
    const struct graph_options *options;
    struct report *report;
    struct draft *drafts; /* in order of the sections */
    size_t count;
    const char **names; /* of all nodes, for messages */
};

/* graph_params.c: the node's filter, then its parameters and whatever keys are nobody's. */
void draft_filter(struct builder *, struct draft *);
void draft_params(struct builder *, struct draft *);
const struct preset_key *section_key(const struct preset_section *, const char *key);
/* graph_wires.c: explicit wires of all drafts, then those that follow from the order of sections.
 */
void draft_wires(struct builder *);
bool is_wire_key(const char *key); /* in, in.port, all, all.port */
/* graph_order.c: order, phases, what runs. NULL: there is a circle (reported). */
struct graph *graph_from(struct builder *);
void graph_phases(struct builder *, struct graph *);
void graph_pass(struct builder *, struct graph *);

/* "an image", "a table", "an object impasto.model/1" */
const char *kind_name(struct arena *, uint32_t kind, const char *type);

#endif
