/* face.h - source.face: a head from numbers. Attributes (face_attributes.c) give a form: an
 * outline, a depth and a relief (face_form.c). Every sample of the picture is then painted in
 * layers from back to front, each in a file of its own, and every layer notes what it covers, for
 * masks and lines.
 *
 * Head units: 1 is the width of an average adult's cheekbones; u to the right, v up, both 0 between
 * the eyes, z to the viewer. Picture units: half the shorter side is 1, 0 is the middle, y up. */
#ifndef IMP_FACE_H
#define IMP_FACE_H
#include <impasto/kit.h>
#include "face_math.h"

enum face_attribute {
    AGE,
    MASCULINE,
    FACE_WIDTH,
    JAW,
    CHEEKS,
    CHIN,
    EYE_SIZE,
    EYE_TILT,
    EYE_GAP,
    LIDS,
    BROWS,
    BROW_HEIGHT,
    NOSE_LENGTH,
    NOSE_WIDTH,
    NOSE_BRIDGE,
    MOUTH_WIDTH,
    LIPS,
    COMPLEXION,
    ROSY,
    FRECKLES,
    EYE_COLOR,
    LOOK,
    SMILE,
    MOUTH_OPEN,
    MAKEUP,
    HAIR_COLOR,
    HAIR_KIND,
    HAIR_LENGTH,
    HAIR_VOLUME,
    STRANDS,
    FRINGE,
    PARTING,
    BEARD,
    MOUSTACHE,
    GLASSES,
    HAT,
    CLOTHES,
    CLOTHES_COLOR,
    BACKGROUND,
    LIGHT_SIDE,
    LIGHT_HEIGHT,
    LIGHT_STRENGTH,
    LIGHT_WARMTH,
    YAW,
    PITCH,
    ROLL,
    FACE_ATTRIBUTES
};
enum { NO_GLASSES, ROUND_GLASSES, SQUARE_GLASSES, DARK_GLASSES };
enum { NO_HAT, BEANIE, CAP, BRIM };
enum { TSHIRT, SHIRT, SWEATER, JACKET };
enum { STUDIO, FOLIAGE, WALL, SKY, ROOM, LIGHTS };
enum { HAIR_BLACK, HAIR_BROWN, HAIR_BLOND, HAIR_RED, HAIR_GREY };
enum { STRAIGHT, WAVY, CURLY, COILY, TIED };

/* What a sample shows; the masks, in the order of the outputs. */
enum face_region {
    IN_BACKGROUND,
    IN_CLOTHES,
    IN_NECK,
    IN_SKIN,
    IN_EYES,
    IN_BROWS,
    IN_LIPS,
    IN_HAIR,
    IN_BEARD,
    IN_GLASSES,
    IN_HAT,
    FACE_REGIONS
};
/* Which strokes a drawing has. */
enum face_strokes { STROKE_CONTOUR = 1, STROKE_FEATURE = 2, STROKE_REST = 4 };

enum { FORM_ROWS = 256, FORM_GRID_U = 192, FORM_GRID_V = 256 };
#define FORM_LOW  (-1.0f) /* v of the first row of the tables and of the grid */
#define FORM_HIGH 1.0f
#define FORM_SIDE 0.62f /* |u| at the grid's sides */

struct face_row {                   /* the head's cross-section at a height, an ellipse */
    float width, depth;             /* half axes; width 0 beyond chin and crown */
    float width_slope, depth_slope; /* by v */
    float square, square_slope; /* of the half width as seen, turned by yaw; < 0 beyond the ends */
    float hair;                 /* half width of the hair's outline */
    float opening;              /* half width of the face that hair leaves free */
};
struct face_texel {
    float relief, by_u, by_v; /* height upon the ellipse, its slopes */
    float lit, open;          /* share of the key light and of the surroundings that arrives */
    float z;                  /* depth of the surface; -1 beside the head */
    float reserved0[2];
};

struct face {
    float a[FACE_ATTRIBUTES]; /* choices: the index behind "any" */
    uint32_t seed;
    float child, old; /* 0..1, from the age */

    /* landmarks, head units */
    float top, chin, brow, nose_base, nose_half, mouth, mouth_half, lip_up, lip_low, gap;
    float eye_x, eye_half, eye_up, eye_low, iris;
    float ear_x, neck_half;

    /* pose: picture -> head */
    float scale, centre_y;
    float cos_yaw, sin_yaw, cos_pitch, sin_pitch, cos_roll, sin_roll;
    float light_shift; /* of shadows on the neck */

    /* light, and colours of stuffs; linear */
    struct f3 light, half_way,
        light_head; /* unit: to the light, to between it and the viewer; in the head's frame */
    struct f3 key, sky, ground;
    struct f3 skin, lip, hair, hair_tip, iris_colour, cloth, cloth_more, back, back_more;
    float hair_top, hair_side, hair_end, hair_apex, hair_shift; /* outline of the hair */

    struct face_row rows[FORM_ROWS + 1];
    struct face_texel *grid; /* [FORM_GRID_V][FORM_GRID_U], scratch of the job */
};

/* One sample at work. */
struct sample {
    float x, y;       /* picture units */
    float hx, hy;     /* the same in the head's plane: turned back by roll, head units */
    float px;         /* distance between samples, head units */
    float u, v, t, c; /* on the head: place, its sine and cosine around the section */
    float z;          /* depth there */
    float head;       /* distance to the head's outline, inside positive */
    struct f3 normal; /* picture's frame */
    struct face_texel form;
    struct f3 colour; /* linear, so far */
    float region[FACE_REGIONS];
    float ink;        /* of the drawing, so far */
    float line;       /* half width of a stroke, head units */
    uint32_t strokes; /* which are drawn */
    uint32_t want_regions;
};

/* ---- face_attributes.c ---- */
/* Value of attribute k that `seed` draws; row: its parameter. */
double face_draw(const imp_param *row, uint64_t seed, uint32_t k);
/* Is it left to the seed? A number below its range (-1, or -100 where it may be negative), `any`.
 */
int face_is_open(const imp_param *row, const imp_cell *);
/* What goes together in life: takes back some of what was drawn. */
void face_natural(double *a, uint64_t seed);
/* Landmarks, pose, light and colours from the attributes. */
void face_init(struct face *);

/* ---- face_form.c ---- */
void face_tables(struct face *);
struct face_row face_row_at(const struct face *, float v);

/* ---- face_relief.c ---- */
/* Row y of the grid: heights; once all are there, slopes and light. [any] */
void face_grid_row(struct face *, uint32_t y);
void face_slope_row(struct face *, uint32_t y);
void face_light_row(struct face *, uint32_t y);
static inline struct face_texel *face_texel_at(const struct face *f, uint32_t x, uint32_t y)
{
    return &f->grid[y * FORM_GRID_U + x];
}

/* ---- face_light.c ---- */
struct f3 face_lit(const struct face *, struct f3 normal, struct f3 albedo, float lit, float open);
struct f3 face_lit_skin(const struct face *, struct f3 normal, struct f3 albedo, float lit,
                        float open);
float face_gloss(const struct face *, struct f3 normal, int sharpness);
/* Factor on all light, what a camera would choose for a middling complexion; and what it would give
 * this one more or less of, so that deep complexions are well seen and not pale: a factor of the
 * skin's own colour, since complexion is not to change what is behind the face. Needs the lights and
 * the bare skin. */
float face_exposure(const struct face *);
float face_lift(const struct face *);
/* Puts a layer over the sample. */
void face_put(struct sample *, struct f3 colour, float cover, enum face_region);
/* A stroke where |distance| is small. */
void face_stroke(struct sample *, float distance, float strength, enum face_strokes);
static inline float cover_of(const struct sample *s, float distance)
{
    return limit(0.5f + distance / s->px, 0, 1);
}

/* ---- layers, in order ---- */
void face_place(const struct face *, struct sample *); /* face_form.c: where on the head */
void face_backdrop(const struct face *, struct sample *);
void face_hair_back(const struct face *, struct sample *);
void face_body(const struct face *, struct sample *);
void face_ears(const struct face *, struct sample *);
void face_skin(const struct face *, struct sample *);
void face_mouth(const struct face *, struct sample *);
void face_eyes(const struct face *, struct sample *);
void face_brows(const struct face *, struct sample *);
void face_beard(const struct face *, struct sample *);
void face_hair(const struct face *, struct sample *);
void face_glasses(const struct face *, struct sample *);
void face_hat(const struct face *, struct sample *);
#endif
