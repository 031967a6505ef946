/* generated.h - what data.generated draws: parameters for picture i of a source, and the drawing.
 */
#ifndef IMP_GENERATED_H
#define IMP_GENERATED_H
#include <impasto/kit_data.h>
#include <stdbool.h>

/* The sources, a choice each, in the order of the table in generated.c. */
#define GENERATED_SOURCES "scene|face|texture|painting|symbol"
enum { GENERATED_PARAMS = 64 /* of a source, at most */ };

struct generated_wish { /* what the preset says, and which parameters that were */
    uint32_t source;
    const imp_cell *kinds, *size, *drawn, *vary;
    const char *others; /* "key=value" lines */
    uint64_t seed, cuts;
    bool by_drawing; /* each drawing is a class */
    int32_t kinds_param, size_param, drawn_param, vary_param,
        others_param; /* others_param + k: line k */
};

struct generated_factor { /* a parameter that is drawn for each picture */
    uint32_t param, type;
    double min, max; /* of choices: 0 .. their number */
};
struct generated {
    const imp_filter *source;
    uint64_t seed, cuts;                /* cuts: samples from each drawing */
    uint32_t width, height;             /* of a sample */
    uint32_t drawn_width, drawn_height; /* not less */
    uint32_t kind_count, vary_count;
    bool by_drawing;
    int64_t *kinds; /* values of its parameter `kind` */
    const char **kind_names;
    imp_attribute *attributes;        /* vary_count */
    struct generated_factor *factors; /* vary_count */
    imp_cell fixed[GENERATED_PARAMS]; /* parameters that are the same for all pictures */
    void *memory;
};

/* Mistakes go to the plan, all of them; without one the first is the error. IMP_E_PARAM: there were
 * some. Closing is right after a failure too. */
imp_status generated_open(struct generated *, const struct generated_wish *, imp_plan *,
                          imp_error *);
void generated_close(struct generated *);
/* Drawings for so many samples; the class of drawing i, UINT32_MAX without classes. [any] */
uint64_t generated_drawings(const struct generated *, int64_t samples);
uint32_t generated_label(const struct generated *, uint64_t i);
/* The part of a drawing that is sample k of the set: a view, at a place by seed and k. [any] */
imp_image generated_cut(const struct generated *, uint64_t k, const imp_image *drawing);
/* The parameters of drawing i; attributes: vary_count numbers. [any] */
void generated_cells(const struct generated *, uint64_t i, imp_cell *cells, double *attributes);
/* The source's output `lines`, a line drawing of what it draws; 0: it has none. */
uint32_t generated_lines(const imp_filter *);
/* Lets the source draw. job: lends threads and is asked whether to stop; NULL: here and now. lines: the
 * line drawing too, of a source that has one; NULL: not wanted. Both are to be freed with kit_image_free.
 * [any] generated_job.c */
imp_status generated_draw(const imp_filter *, const imp_cell *cells, imp_job *job, imp_image **out,
                          imp_image **lines);
#endif
