/* plan.h - one plan() call seen from the host's side, and where in a preset a mistake belongs.
 * Private to plan.c, mistake.c and builtin.c. */
#ifndef IMP_PLAN_H
#define IMP_PLAN_H
#include "engine_private.h"

struct planning { /* one plan() call */
    imp_plan api; /* first */
    struct engine *engine;
    const struct variant *variant;
    const struct node *node;
    struct report *report;
    unsigned mistakes;
    const char *note; /* "with pictures of 640 x 480", or NULL */
};
struct run_env *plan_env(imp_plan *);

/* Where a mistake in a parameter or at a port stands; piece: the part of the value meant, or NULL.
 */
struct place place_of(const struct node *, int32_t param, int32_t port, const char *piece);
/* The function that filters call. */
void plan_mistake(imp_plan *, int32_t param, int32_t port, const char *piece, const char *text,
                  const char *names) IMP_NX;
/* Was this fault not told to that report yet? Every size and every variant finds the same ones. */
bool plan_is_new(struct engine *, const struct report *, const struct node *, const struct place *,
                 const char *text);

#endif
