/* strokes.h - keys, ports and the way through process that energy.match and energy.gram share. */
#ifndef IMP_EN_STROKES_H
#define IMP_EN_STROKES_H
#include "goal.h"

enum en_key {
    EN_LAYERS,
    EN_WEIGHTS,
    EN_CONTENT_LAYER,
    EN_CONTENT_WEIGHT,
    EN_STRENGTH,
    EN_SCALES,
    EN_STEPS,
    EN_OPTIMISER,
    EN_RATE,
    EN_START,
    EN_ROUGHEN,
    EN_SEED,
    EN_BOUNDS,
    EN_TV,
    EN_JITTER,
    EN_TILE,
    EN_DENOISE,
    EN_COMPAT,
    EN_CODE_SCALE,
    EN_BASIS,
    EN_KEYS
};
enum { EN_BASIS_AUTO = 0, EN_BASIS_PIXELS, EN_BASIS_PYRAMID };
enum { EN_AUTO_RULE = 0, EN_START_AUTO = 0, EN_START_PHOTO, EN_START_NOISE };
/* All but layers, in that order. */
#define EN_STROKES                                                                                 \
    {.key = "weights",                                                                             \
     .type = IMP_NUMBERS,                                                                          \
     .def_text = "",                                                                               \
     .help = "How much each layer counts, in their order. Empty: all alike."},                     \
        {.key = "content_layer",                                                                   \
         .type = IMP_TEXT,                                                                         \
         .def_text = "relu2_2",                                                                    \
         .help = "The layer whose values keep the photo recognisable. Deeper ones leave more "     \
                 "freedom."},                                                                      \
        {.key = "content_weight",                                                                  \
         .type = IMP_FLOAT,                                                                        \
         .def = -1,                                                                                \
         .min = -1,                                                                                \
         .max = 1e6,                                                                               \
         .help =                                                                                   \
             "How much that counts beside the style. 0: not at all. -1: 0.03, with compat = fmi "  \
             "the program's 10."},                                                                 \
        {.key = "strength",                                                                        \
         .type = IMP_FLOAT,                                                                        \
         .def = 1,                                                                                 \
         .min = 0,                                                                                 \
         .max = 4,                                                                                 \
         .help =                                                                                   \
             "How far from the photo's own statistics to the style's; more than 1 goes beyond."},  \
        {.key = "scales",                                                                          \
         .unit = "px",                                                                             \
         .type = IMP_NUMBERS,                                                                      \
         .def_text = "256 512",                                                                    \
         .help =                                                                                   \
             "Long sides, from coarse to fine: the last is the result's, those that are not "      \
             "smaller are left out. A smaller photo stays as it is. None: the photo's own size."}, \
        {.key = "steps",                                                                           \
         .type = IMP_NUMBERS,                                                                      \
         .def_text = "",                                                                           \
         .help = "Of the optimiser: one number for all sizes, or one for the first that is "       \
                 "painted, one for the second, the last for those beyond. Empty: 60 of lbfgs, "    \
                 "200 of adam, at most 1000 of sgd-fmi."},                                         \
        {.key = "optimiser",                                                                       \
         .type = IMP_CHOICE,                                                                       \
         .choices = "auto|lbfgs|adam|sgd-fmi",                                                     \
         .def_text = "auto",                                                                       \
         .help = "auto: lbfgs, with compat = fmi sgd-fmi."},                                       \
        {.key = "rate",                                                                            \
         .type = IMP_FLOAT,                                                                        \
         .def = 0,                                                                                 \
         .min = 0,                                                                                 \
         .max = 1000,                                                                              \
         .help = "Of adam (in 1/255) and sgd-fmi. 0: 10 and 0.1."},                                \
        {.key = "start",                                                                           \
         .type = IMP_CHOICE,                                                                       \
         .choices = "auto|photo|noise",                                                            \
         .def_text = "auto",                                                                       \
         .help =                                                                                   \
             "What is painted over, where no picture is wired to start. auto: the photo, with "    \
             "compat = fmi noise."},                                                               \
        {.key = "roughen",                                                                         \
         .type = IMP_FLOAT,                                                                        \
         .def = 8,                                                                                 \
         .max = 255,                                                                               \
         .help = "Noise, of 255, laid over what each size starts from, so that flat places take "  \
                 "strokes too; 0: none. compat = fmi: none."},                                     \
        {.key = "seed",                                                                            \
         .type = IMP_INT,                                                                          \
         .def = 1,                                                                                 \
         .min = 0,                                                                                 \
         .max = 9007199254740992.0,                                                                \
         .help = "Of noise, jitter and tiles."},                                                   \
        {.key = "bounds",                                                                          \
         .type = IMP_CHOICE,                                                                       \
         .choices = "auto|none|penalty|project",                                                   \
         .def_text = "auto",                                                                       \
         .help =                                                                                   \
             "What keeps samples within 0..1 meanwhile. auto: penalty, with compat = fmi none."},  \
        {.key = "tv",                                                                              \
         .type = IMP_FLOAT,                                                                        \
         .def = 0,                                                                                 \
         .min = 0,                                                                                 \
         .max = 1e9,                                                                               \
         .help = "Weight of total variation: more is smoother, alike at any size. 0.3 to 3 "       \
                 "show, with compat = fmi hundreds."},                                             \
        {.key = "jitter",                                                                          \
         .unit = "px",                                                                             \
         .type = IMP_INT,                                                                          \
         .def = 0,                                                                                 \
         .min = 0,                                                                                 \
         .max = 64,                                                                                \
         .help = "The picture is moved so far at random in each step (adam and sgd-fmi only)."},   \
        {.key = "tile",                                                                            \
         .unit = "px",                                                                             \
         .type = IMP_INT,                                                                          \
         .def = 0,                                                                                 \
         .min = 0,                                                                                 \
         .max = 65535,                                                                             \
         .help = "Gradients by tiles of so many pixels, of statistics of the whole: for large "    \
                 "pictures in little memory. 0: the whole picture at once."},                      \
        {.key = "denoise",                                                                         \
         .type = IMP_FLOAT,                                                                        \
         .def = -1,                                                                                \
         .min = -1,                                                                                \
         .max = 10,                                                                                \
         .help = "Weight of the total-variation denoiser on the result. -1: 0, with compat = fmi " \
                 "0.2."},                                                                          \
        {.key = "compat",                                                                          \
         .type = IMP_CHOICE,                                                                       \
         .choices = "no|fmi",                                                                      \
         .def_text = "no",                                                                         \
         .help = "fmi: losses, constants and optimiser of the program of arXiv 1608.04170's "      \
                 "authors."},                                                                      \
        {.key = "code_scale",                                                                      \
         .type = IMP_FLOAT,                                                                        \
         .def = 0,                                                                                 \
         .min = 0,                                                                                 \
         .max = 1e6,                                                                               \
         .help = "compat = fmi: codes times this, since its constants are for activations in the " \
                 "hundreds. 0: 1, or 100 where they are about 1 (normalised weights)."},           \
    {                                                                                              \
        .key = "basis", .type = IMP_CHOICE, .choices = "auto|" KIT_PAINT_BASES,                    \
        .def_text = "auto",                                                                        \
        .help = "Of lbfgs. pyramid: coarse parts and greys go first, single pixels and colours "   \
                "last, so that few steps make strokes instead of grain. auto: pyramid, with "      \
                "compat = fmi pixels."                                                             \
    }

enum { EN_SCALES_MOST = 16 };
/* Everything that process needs; the callers add the style. */
struct en_strokes {
    kit_sight sight;
    struct en_goal goal;
    kit_paint_options options;
    double scales[EN_SCALES_MOST];
    const imp_image *start;
};
enum { EN_NET_PORT, EN_CONTENT_PORT };
#define EN_CONTENT_IN                                                                              \
    {                                                                                              \
        .name = "content", EN_PICTURE, .help = "The photo."                                        \
    }
#define EN_START_IN                                                                                \
    {                                                                                              \
        .name = "start", EN_PICTURE_OPTIONAL,                                                      \
        .help = "What is painted over, instead of the photo."                                      \
    }
#define EN_MASK_IN                                                                                 \
    {                                                                                              \
        .name = "mask", .kind = IMP_IMAGE, .flags = IMP_PORT_OPTIONAL, .channels = 1u << 1,        \
        .help = "Where the style is to be: statistics are weighted by it, at any layer's size."    \
    }
#define EN_PICTURE_OPTIONAL                                                                        \
    .kind = IMP_IMAGE, .flags = IMP_PORT_OPTIONAL, .channels = 1u << 1 | 1u << 3,                  \
    .colours = 1u << IMP_SRGB | 1u << IMP_DATA
#define EN_PAINTED                                                                                 \
    {.name = "picture",                                                                            \
     .kind = IMP_IMAGE,                                                                            \
     .help = "At the last of scales, or as large as the photo."},                                  \
    {                                                                                              \
        .name = "losses", .kind = IMP_TABLE, .flags = IMP_PORT_OPTIONAL,                           \
        .help =                                                                                    \
            "A row for each step: size, evaluations, loss, what each layer and the content add."   \
    }

/* Opens the network, finds `count` layers of these names (and the content's): goal.layers with
 * name, node, maps and weight, options by the keys. start, mask: numbers of ports. */
imp_status en_strokes_open(struct en_strokes *, const struct en_net *, imp_job *, uint32_t start,
                           uint32_t mask, const char *const *names, uint64_t count, imp_error *);
/* Paints, and sets both outputs. */
imp_status en_strokes_paint(struct en_strokes *, imp_job *, imp_error *);

/* Mistakes in keys; shape, memory and work. names: layers as far as they are known (count 0:
 * unknown). */
void en_strokes_plan(const struct en_net *, imp_plan *, const imp_cell *names);

#endif
