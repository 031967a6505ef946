/* basic.h - the filters of this plugin and what they share. One filter, one file; each file defines
 * its descriptor below, plugin.c lists them. */
#ifndef BASIC_H
#define BASIC_H
#include <impasto/kit.h>

extern const imp_filter filter_resize, filter_crop, filter_pad, filter_flip, filter_rotate;
extern const imp_filter filter_levels, filter_gamma, filter_saturate, filter_tint, filter_grayscale;
extern const imp_filter filter_negate, filter_blur, filter_sharpen, filter_median, filter_edges;
extern const imp_filter filter_posterize, filter_noise;
extern const imp_filter filter_lines, filter_blend, filter_mask, filter_caption, filter_sheet;
extern const imp_filter filter_page, filter_detail_transfer, filter_match_color, filter_compare;

/* ---- ports ---- */

#define BASIC_COLOUR (1u << 1 | 1u << 3)           /* the host keeps an alpha channel aside */
#define BASIC_ANY    (1u << 1 | 1u << 3 | 1u << 4) /* geometry moves alpha along */
extern const imp_port basic_colour_in[1], basic_any_in[1], basic_out[1];

/* What every one-image filter of this plugin begins with. */
#define BASIC_FILTER                                                                               \
    .struct_size = sizeof(imp_filter), .flags = IMP_FILTER_DETERMINISTIC, .threads = IMP_PARALLEL, \
    .params_version = 1

/* ---- work ---- */

/* Rows [from, to) of dst, all channels, from src or from what user points to. No allocation. */
typedef void basic_rows(const void *user, const imp_image *src, imp_image *dst, uint32_t from,
                        uint32_t to);
/* Runs it over the rows of dst in strips that depend on dst's shape only. */
imp_status basic_each(imp_job *, basic_rows *, const void *user, const imp_image *src,
                      imp_image *dst);
/* A whole filter whose output has the size of its input and `channels` channels (0: as many). */
imp_status basic_map(imp_job *, basic_rows *, const void *user, uint32_t channels);
/* n samples of channel c, in to out. */
typedef void basic_samples(const void *user, uint32_t c, const float *in, float *out, uint32_t n);
/* A whole filter that looks at one sample at a time. */
imp_status basic_map_samples(imp_job *, basic_samples *, const void *user);
/* The input is the output: nothing is copied. */
imp_status basic_pass(imp_job *);
/* Heap copy in linear light (alpha and DATA as they are); the inverse, in place. NULL: no memory or
 * cancelled, told apart by *st. */
imp_image *basic_linear(imp_job *, const imp_image *, imp_status *st);
imp_status basic_delinear(imp_job *, imp_image *);
/* Colour times alpha; colour by alpha (0 where alpha is nearly 0). Alpha ends up within 0..1. In
 * place. */
imp_status basic_premultiply(imp_job *, imp_image *);
imp_status basic_unpremultiply(imp_job *, imp_image *);

/* ---- plans ---- */

/* The parameters of an instance, for plan: `create` and `destroy` of filters that plan. */
typedef struct basic_instance {
    const imp_cell *params;
} basic_instance;
imp_status basic_create(const imp_host *, const imp_filter *, const imp_cell *params,
                        void **instance, imp_error *) IMP_NX;
void basic_destroy(void *instance) IMP_NX;
/* The output is as large as the input. */
imp_status basic_plan_same(void *instance, imp_plan *, imp_error *) IMP_NX;
/* Output 0 of that size and that many channels (0: as the input), if the input's are known. */
void basic_plan_out(imp_plan *, uint32_t width, uint32_t height, uint32_t channels);

/* ---- places ---- */

#define BASIC_GRAVITY "center|top_left|top|top_right|left|right|bottom_left|bottom|bottom_right"
/* Where a thing of `inner` is put on `outer` at that gravity; the offset goes inwards from its
 * edge. */
int64_t basic_place_x(int64_t gravity, int64_t outer, int64_t inner, int64_t offset);
int64_t basic_place_y(int64_t gravity, int64_t outer, int64_t inner, int64_t offset);
/* "3:2", "1.85", "16/9": width by height, > 0. "" is 0: none. -1: not a ratio. */
double basic_ratio(const char *text);
/* The samples of a COLOUR parameter for an image of that many channels: grey takes the luma. */
void basic_colour_of(const imp_cell *, uint32_t channels, float out[4]);
/* How many channels an image of `channels` needs to hold that colour: its own, or 4. */
uint32_t basic_channels_for(const imp_cell *, uint32_t channels);
#endif
