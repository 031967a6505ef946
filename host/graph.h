/* graph.h - nodes and wires, checked: filters found, parameters parsed, kinds matched, order and phase of
 * every node. Pure data; owns no values. Memory: the arena given. */
#ifndef IMP_GRAPH_H
#define IMP_GRAPH_H
#include "arena.h"
#include "hash.h"
#include "preset.h"
#include "registry.h"

enum phase {
    PHASE_CONSTANT = 0, /* depends on no picture: once */
    PHASE_ITEM,         /* per picture */
    PHASE_GATHER        /* has or follows an `all` wire: once, at the end */
};

struct wire {
    uint32_t node, port; /* where it comes from: index into graph.nodes, output port */
    struct place at;
};
struct input {           /* one declared input port of a node */
    struct wire *wires;  /* 0 = open, 1, or more on a MANY port */
    uint32_t count;
    bool gathers;        /* `all` wire: the values of all items */
};

struct node {
    const char *name;
    struct filter_info *filter;
    struct place at;            /* of its section */
    struct place filter_at;     /* of the value of `filter` */
    const char *provider;       /* key `provider`, or NULL */
    bool isolate;               /* key `isolate = process` */
    imp_cell *params;           /* desc.param_count; paths resolved, templates (WRITTEN) as text */
    struct place *param_at;     /* value's place; zero for defaults */
    const char **param_text;    /* what was written; NULL for defaults */
    enum origin *param_origin;
    struct place *other_at;     /* OTHERS: where its lines stand, in order; other_count */
    uint32_t other_count;
    struct input *inputs;       /* desc.input_count */
    enum phase phase;
    uint32_t index;
    bool takes_item;            /* a `load` without path: the picture of the folder run */
    bool writes;                /* has a WRITTEN parameter */
    bool pass;                  /* needed by a writer (or --until): else not run */
    uint64_t wanted;            /* outputs that somebody reads */
    struct hash recipe;         /* filter, version, plugin, parameters, files, inputs' recipes; the item's
                                   picture enters as a placeholder. {0,0} until graph_hash */
    const struct preset_section *section;
};

struct graph {
    struct node *nodes; /* in order of execution */
    uint32_t node_count;
    uint32_t item_node; /* the node whose picture names items and lends metadata; UINT32_MAX = none */
    const struct preset *preset;
    bool has_gather;
    bool exact;         /* --exact: values of other kernels are others, also in the cache */
    struct hash recipe; /* of all that an item's files depend on but the picture */
};

struct graph_options {
    const char *until;               /* --until NODE; NULL */
    const char *const *model_path;   /* folders for MODEL paths after the preset's own */
    size_t model_path_count;
    bool have_pictures;              /* IN was given: a preset without a picture input is a mistake then */
};

/* Builds the graph and adds every mistake of the preset to the report (E0107.., E02xx). NULL when the
 * report holds an error. A preset that writes no file gets a node "save" for its last node's first image
 * output, `{stem}.png` (or table, `{stem}.csv`); so does the node of --until. Opens plugins only for
 * what the preset names. */
struct graph *graph_build(struct arena *, struct preset *, struct registry *,
                          const struct graph_options *, struct report *);
/* Fills in recipes (reads the files that PATH parameters name). false: a file vanished (reported). */
bool graph_hash(struct graph *, struct report *);
/* Index of a node by name, UINT32_MAX = none. */
uint32_t graph_find(const struct graph *, const char *name);
/* The preset resolved to one text: all keys, defaults as comments, origins; runs to the same bytes.
 * Paths absolute. */
void graph_resolved(const struct graph *, bool origins, struct text *out);

#endif
