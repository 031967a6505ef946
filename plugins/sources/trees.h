/* trees.h - private to source.scene: what grows near the eye, drawn over the country from far to
 * near. Trees stand in a lattice on the ground, so a wider picture has the same ones.
 *
 * A strip is a few columns of the picture, with everything that reaches into it; a tree is drawn
 * by small stamps: leaves, tufts of needles, pieces of branches, each with its own light. */
#ifndef IMP_SOURCES_TREES_H
#define IMP_SOURCES_TREES_H
#include "land.h"

enum tree_kind { TREE_BROAD, TREE_SPRUCE, TREE_PINE, TREE_BARE, TREE_BUSH };

struct strip {
    const struct scene *s;
    imp_image *out; /* linear */
    int32_t x0, x1; /* columns */
    float focus;    /* px per slope */
};

/* A tree in its place, with the light and the air that it has. */
struct plant {
    enum tree_kind kind;
    uint32_t seed;
    float x, y, z, high, wide; /* foot; height and greatest half width, m */
    float k, px, py;           /* px per m; the foot in px */
    int32_t low;               /* rows from here on are hidden by ground in front */
    float snow;                /* 0..1, on what lies flat */
    struct f3 leaf, bark;      /* albedo */
    struct f3 sun, sky;        /* light that reaches it, after the air */
    struct f3 veil;            /* of the air in front */
};

/* ---- tree_stamps.c ---- */
/* An ellipse of half axes a, b px whose long axis points to (c, s); edges a px wide. */
struct stamp {
    float x, y, a, b, c, s, alpha;
};
void stamp_leaf(const struct strip *, const struct stamp *, int32_t low, struct f3 colour);
/* Darkens instead: what is there is multiplied by 1 - alpha, without edges. */
void stamp_shadow(const struct strip *, const struct stamp *, float above);
/* A straight piece from (x0, y0) to (x1, y1), half widths a, b px; light falls from the side `lit`,
 * -1 left .. 1 right. */
struct limb {
    float x0, y0, x1, y1, a, b, lit;
};
void stamp_limb(const struct strip *, const struct limb *, int32_t low, struct f3 bright,
                struct f3 dark);

/* ---- tree_limbs.c ---- */
/* A piece of a branch or stem between two places of a tree, radii in m; shade: share of the light
 * that reaches it. */
void tree_limb(const struct strip *, const struct plant *, struct f3 a, struct f3 b, float ra,
               float rb, float shade);
void tree_stem(const struct strip *, const struct plant *, struct f3 top, float radius,
               float shade);
void tree_draw(const struct strip *, const struct plant *);
void tree_shadow(const struct strip *, const struct plant *);
/* ---- tree_crowns.c ---- */
void tree_leafy(const struct strip *, const struct plant *);
/* ---- tree_spruce.c ---- */
void tree_spruce(const struct strip *, const struct plant *);

/* ---- tree_grass.c ---- */
/* Blades and flowers of the meadow, as far as one sees them. */
void grass_draw(const struct strip *);
/* Dry tufts that stand out of snow or sand. */
void grass_sparse(const struct strip *);

/* ---- scene_village.c ---- */
/* Houses on the far shore with light in their windows, which the water mirrors. */
void village_draw(const struct strip *);

/* ---- scene_trees.c ---- */
/* Row and column of a place; light of what stands there after the air. */
float strip_row(const struct strip *, float slope);
float strip_column(const struct strip *, float x, float z);
/* The highest slope of ground in front of a place. */
float trees_hidden(const struct scene *, float x, float z);
imp_status trees_render(const struct scene *, imp_image *linear, imp_job *);
/* Does land_height leave this place to the trees that are drawn? */
int trees_near(const struct scene *, float z);

/* ---- of a tree: numbers of its seed, 0..1; places from its foot, m, in the picture ---- */

static inline float tree_part(uint32_t seed, uint32_t i, uint32_t stream)
{
    return sw_random(i, stream, seed);
}

static inline struct f3 tree_way(uint32_t seed, uint32_t i, uint32_t stream)
{
    const float y = 2 * tree_part(seed, i, stream) - 1, turn = tree_part(seed, i, stream + 1),
                r = sqrtf(sw_max(1 - y * y, 0));
    return f3(r * sw_cosine(turn), y, r * sw_sine(turn));
}

/* What the eye gets of a surface. */
static inline struct f3 tree_lit(const struct plant *p, struct f3 albedo, float sun, float sky)
{
    return f3_add(p->veil, f3_mul(albedo, f3_add(f3_scale(p->sun, sun), f3_scale(p->sky, sky))));
}

static inline float tree_column(const struct plant *p, struct f3 at)
{
    return p->px + p->k * at.x;
}
static inline float tree_row(const struct plant *p, struct f3 at)
{
    return p->py - p->k * at.y;
}
#endif
