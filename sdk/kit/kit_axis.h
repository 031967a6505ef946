/* kit_axis.h - resampling along one axis by a table of weights. Private to the kit: what kit_resize
 * and the large Gaussians of kit_blur have in common. */
#ifndef KIT_AXIS_H
#define KIT_AXIS_H
#include <impasto/kit.h>

/* Sample i of `to` is the sum over k < taps of weights[i * taps + k] * in[first[i] + k]. */
struct kit_axis {
    uint32_t from, to; /* lengths before and after */
    uint32_t taps;     /* at most `from` */
    uint32_t *first;
    float *weights;
};

/* A kernel is even and 0 beyond its support; t is in its own units (1 = the coarser spacing). */
typedef double kit_kernel(double t);

/* Fills the table for a kernel stretched to the coarser of both spacings, or with `box`, the exact
 * overlap of each output's box with the pixels. mirrored: the border mirrors; else it repeats.
 * IMP_E_MEMORY. kit_axis_fini gives back; a zeroed axis is allowed. */
struct kit_axis_how {
    kit_kernel *kernel; /* NULL: box */
    double support;
    int mirrored;
};
imp_status kit_axis_init(struct kit_axis *, uint32_t from, uint32_t to, struct kit_axis_how);
void kit_axis_fini(struct kit_axis *);

/* dst = src along both axes; a NULL axis keeps that side as it is. Rows first, so it is best for
 * shrinking heights. No overlap of src and dst. */
imp_status kit_resample(const imp_image *src, imp_image *dst, const struct kit_axis *rows,
                        const struct kit_axis *columns, imp_job *job);
/* Builds the tables that are needed and does the cheaper axis first. kit_resize.c */
imp_status kit_resample_both(const imp_image *src, imp_image *dst, struct kit_axis_how rows,
                             struct kit_axis_how columns, imp_job *job);
#endif
