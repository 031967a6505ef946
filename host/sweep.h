/* sweep.h - --sweep node.key=a,b,c: the values, and every combination of several as a point. The last sweep
 * given changes fastest. */
#ifndef IMP_SWEEP_H
#define IMP_SWEEP_H
#include "graph.h"
#include "preset.h"

struct sweep_axis {
    const char *node, *key;       /* node "vars" for a variable */
    const char *name;             /* "node.key" */
    const char *const *values;
    size_t count;
};
struct sweep {
    struct sweep_axis *axes;
    size_t axis_count;
    size_t point_count;           /* 1 without a sweep */
};
enum { SWEEP_MOST_POINTS = 4096 };

/* Parses "node.key=a,b,c" ("\," is a comma in a value), "=1..4", "=0..1..0.25". Mistakes: E081x. */
bool sweep_parse(struct arena *, const char *const *specs, size_t n, struct sweep *, struct report *);
/* Value of an axis at a point. */
const char *sweep_value(const struct sweep *, size_t point, size_t axis);
/* The --set texts of a point behind the given ones: n + axis_count of them. */
const struct preset_set *sweep_sets(struct arena *, const struct sweep *, size_t point,
                                    const struct preset_set *, size_t n);
/* "seed=2 steps=10"; "" without a sweep. */
const char *sweep_label(struct arena *, const struct sweep *, size_t point);
/* The template with "-{value}" before its ending for every axis that it does not mention. */
const char *sweep_template(struct arena *, const struct sweep *, size_t point, const char *tmpl);
/* Which nodes depend on a swept key (by index into graph nodes). */
bool *sweep_dependents(struct arena *, const struct sweep *, const struct graph *);
/* A node swept must be there and must not gather: E0813. */
bool sweep_check(const struct sweep *, const struct graph *, struct report *);

#endif
