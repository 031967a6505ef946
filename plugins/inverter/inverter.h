/* inverter.h - what the filters of this plugin share: their instances, the services they use, the
 * goal of an inversion, and the size of a picture by its code. */
#ifndef IMP_INVERTER_H
#define IMP_INVERTER_H
#include <impasto/kit_paint.h>
#include <impasto/kit_sight.h>

extern const imp_filter inv_invert, inv_atlas, inv_compare, inv_learn, inv_fast;

#define INV_FILTER                                                                                 \
    .struct_size = sizeof(imp_filter), .flags = IMP_FILTER_DETERMINISTIC, .threads = IMP_PARALLEL, \
    .params_version = 1, .create = inv_create, .destroy = inv_destroy
#define INV_NET                                                                                    \
    {                                                                                              \
        .name = "net", .kind = IMP_OBJECT, .type = IMP_NN_MODEL_TYPE,                              \
        .help = "The network, of net.load for instance."                                           \
    }
/* Pictures for networks: grey or colour, as they are seen. */
#define INV_PICTURE                                                                                \
    .kind = IMP_IMAGE, .channels = 1u << 1 | 1u << 3, .colours = 1u << IMP_SRGB | 1u << IMP_DATA

/* *instance of every filter here. */
struct inv_self {
    const imp_host *host;
    const imp_host_image_1 *image; /* NULL: the host has no codecs for filters */
    const imp_cell *params;
    kit_nn nn;
};
imp_status inv_create(const imp_host *, const imp_filter *, const imp_cell *params, void **instance,
                      imp_error *) IMP_NX;
void inv_destroy(void *instance) IMP_NX;
/* A line for the user. */
__attribute__((format(printf, 2, 3))) void inv_say(const struct inv_self *, const char *fmt, ...);

/* Copies the picture into an output of the job; one colour everywhere is an error. */
imp_status inv_hand_out(imp_job *, uint32_t port, const imp_image *, imp_error *);
/* Gives a model's reference back; NULL allowed. */
void inv_release(const struct inv_self *, imp_nn_model *);

/* ---- the picture's size: inv_size.c ---- */

/* Sizes of pictures, both ends included. */
struct inv_sizes {
    uint32_t w_from, w_to, h_from, h_to;
};
enum { INV_LARGEST = 1 << 14 /* px that are looked at; a range that ends there has no end */ };
/* Those whose code at a node has h x w places. IMP_E_INPUT: none, or the node has other channels
 * (the text says both); IMP_E_UNSUPPORTED: the provider cannot tell shapes (no nn.edit). */
imp_status inv_sizes_of(const kit_sight *, uint32_t node, const kit_code *, struct inv_sizes *,
                        imp_error *);
/* Those of both; false: there is none. */
bool inv_sizes_meet(struct inv_sizes *, const struct inv_sizes *);
/* One of them: wanted (w 0: nothing is wanted) where it is among them, else that with the most
 * factors of two; of a range without end 224. */
void inv_sizes_choose(const kit_sight *, const struct inv_sizes *, uint32_t *w, uint32_t *h);

/* ---- the goal: inv_goal.c ---- */

/* A code to be reached.
 *   relative   weight ||F - T||^2 / ||T||^2
 *   fmi        weight/2 s^2 ||F - T||^2, s = scale (methods of the paper's program) */
struct inv_term {
    uint32_t node;
    kit_code target; /* borrowed; of the picture's own size */
    double weight;
    double *line; /* by map: slope and offset from the photo's code to the target; NULL: none */
};
struct inv_goal {
    const kit_sight *sight;
    const struct inv_term *terms;
    uint32_t count, fmi;
    double scale;
    const imp_image *photo; /* whose code the targets of smaller pictures are made from; NULL */
    uint32_t width, height; /* of the picture */
    /* of the size that is being painted; inv_goal_fini */
    float **targets; /* by term: NULL, the term's own is meant */
    double *norms, *sums;
    float *gradient;
    size_t room; /* floats of it */
    const char **names;
};
/* Terms, sight, fmi, scale, photo and size are set before. IMP_E_MEMORY; IMP_E_INPUT: a target of
 * zeros alone. */
imp_status inv_goal_init(struct inv_goal *, imp_error *);
void inv_goal_fini(struct inv_goal *);
kit_goal inv_goal_as(struct inv_goal *);
/* Fits every term's line: the photo's code at the picture's size is looked at once. */
imp_status inv_goal_fit(struct inv_goal *, struct inv_term *, imp_job *, imp_error *);
/* Slope and offset of the least squares line from f to t: t ~ slope f + offset. */
void inv_line(const float *f, const float *t, size_t n, double line[2]);

#endif
