/* draw.h - a preset's graph for people: text with rails, dot for Graphviz, a drawing of our own. */
#ifndef IMP_DRAW_H
#define IMP_DRAW_H
#include "graph.h"

struct draw_options {
    const double *ms; /* by node, negative = not measured; NULL */
    bool utf8;        /* rails of box letters, else of ASCII */
};
void draw_text(const struct graph *, const struct draw_options *, struct text *out);
void draw_dot(const struct graph *, const struct draw_options *, struct text *out);
void draw_svg(const struct graph *, const struct draw_options *, struct text *out);

/* What the three share. */
extern const char *const draw_phases[3]; /* "once", "for every picture" ... */
/* "sigma = 2": keys that the preset sets, not wires; NULL after the last (arena). */
const char **draw_settings(struct arena *, const struct node *);
/* "31 ms", "2.4 s"; buf >= 32. */
const char *draw_time(double ms, char *buf);

#endif
