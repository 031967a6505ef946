/* measure.h - what advae.measure does, part by part; each adds rows to one table. Private to
 * measure*.c. */
#ifndef IMP_ADVAE_MEASURE_H
#define IMP_ADVAE_MEASURE_H
#include "advae.h"

struct av_exam {
    const struct av_self *self;
    imp_job *job;
    struct av_card card; /* of the model; its columns are the data set's */
    av_inside inside;    /* none: outlines are left to the network */
    float *filled;       /* side x side */
    uint64_t at;         /* the sample in lessons */
    av_link net, judge, look;
    const kit_sight *sight; /* of look; NULL: none */
    uint32_t layers[AV_LAYERS], layer_count;
    av_lessons lessons; /* one sample at a time: photos and drawings as they are */
    imp_table *table;
    uint32_t n, side; /* samples looked at; px */
    uint64_t seed;
    float *mu;              /* n x latent */
    float *y, *known;       /* n x width, n x count */
    float *style;           /* n x STYLE_SIZE: small colours around the face */
    float *picture, *other; /* 3 x side x side */
    float *strokes, *lines; /* side x side */
    uint8_t *work;          /* 2 x side x side */
    float *z;               /* latent */
    float *real, *made;     /* n x deep: what the judge sees of photos, and of those made; free() */
    size_t deep;
    float *maps; /* features of a photo; free() */
    size_t map_room;
};
enum { AV_STYLE_SIDE = 8, AV_STYLE_SIZE = 3 * AV_STYLE_SIDE * AV_STYLE_SIDE };

/* A row: metric, of (an attribute, or ""), value, what it is compared with (NaN: nothing). */
imp_status av_say(struct av_exam *, const char *metric, const char *of, double value,
                  double against);
/* Pearson's correlation of pairs seen one by one. */
struct av_pairs {
    double n, a, b, aa, bb, ab;
};
void av_pair(struct av_pairs *, double a, double b);
double av_correlation(const struct av_pairs *); /* 0 where one never varies */
/* Sample i is read into lessons. */
imp_status av_show(struct av_exam *, uint64_t i, imp_error *);
/* A photo of this drawing (1 = ink), code and attributes: a view until the next call. */
imp_status av_make(struct av_exam *, const float *s, const float *z, const float *y,
                   const float **picture, imp_error *);
imp_status av_ask_judge(struct av_exam *, const float *picture, const float **answers, imp_error *);

/* After av_ask_judge: what its last layer but one sees is kept as row i of *rows. A judge without
 * such a layer keeps nothing. */
imp_status av_keep_deep(struct av_exam *, float **rows, uint32_t i, imp_error *);

/* Whether a pixel (or a cell) of side x side is within an ellipse about a face in the middle. */
bool av_in_face(uint32_t side, uint32_t x, uint32_t y);
/* Means of colour in 8 x 8 cells, those within that ellipse left at 0:
 * background and light without the face. out: AV_STYLE_SIZE numbers. */
void av_style(uint32_t side, const float *x, float *out);

imp_status av_look_at_all(struct av_exam *,
                          imp_error *); /* measure_all.c: codes, answers, styles; likeness */
imp_status av_measure_control(struct av_exam *,
                              imp_error *); /* control, collateral, style, contour, diversity */
imp_status av_measure_leak(struct av_exam *, imp_error *); /* probes of the code; disentanglement */

#endif
