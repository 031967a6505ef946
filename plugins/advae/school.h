/* school.h - an AD-VAE's training. Three stages, one after the other, each of so many steps:
 *
 *   judge  learns attributes and lines of photos; stands still from then on
 *   vae    encoder, generator and adversary: a code z without the attributes y
 *            L = 1/2 sum (x - x^)^2 + beta KL + lambda(t) sum_a CE(D_a(z), all alike), D learns
 *          beside; at its end what is left for a linear probe is erased (erase.h)
 *   synth  generator with a drawing: x^ = G2(S(s), z, y); the encoder stands still
 *            weights of |x - x^|, features and patches, z of the photo mirrored or moved; with
 *            control or contour every third batch is free: z drawn, or another photo's, y drawn:
 *            the judge's answers, and lines of x^ against lines of x; with stay every third has y
 *            drawn and a code of its own or of another photo, and is like the code's photo where
 *            photos tell nothing of attributes; with form every sixth has its attributes and
 *            another photo's code, and features of its own photo's form where attributes reach
 *
 * (methods: conditional VAE with adversarial removal, 1706.00409 for the ramp; the deviations from
 * the reconstruction are in ARCHITECTURE.md.) Private to this plugin. */
#ifndef IMP_ADVAE_SCHOOL_H
#define IMP_ADVAE_SCHOOL_H
#include "lessons.h"
#include "links.h"
#include "loss.h"
#include "nets.h"
#include <impasto/kit_sight.h>

enum av_stage { AV_JUDGING, AV_CODING, AV_DRAWING, AV_STAGES };
/* How attributes are kept out of the code. NONE: y is not given to stage 1 either. SPLIT: the
 * code's first numbers, as many as y has, learn to tell y and are what the generator is given as y;
 * the adversary guesses from the rest. CYCLE: as ADVERSARY, and the code of the picture with
 * another y is to be the same. */
enum av_way { AV_ADVERSARY_WAY, AV_CVAE, AV_NONE, AV_SPLIT, AV_CYCLE };
enum av_start { AV_FROM_G, AV_FRESH, AV_THROUGH_G };
enum { AV_LAYERS = 8 };

struct av_plan { /* what to learn, and how; all borrowed */
    const kit_nn *nn;
    const struct av_traits *traits;
    const imp_dataset *train, *test; /* test: NULL = none */
    const kit_sight *sight;          /* NULL: no features */
    uint32_t layers[AV_LAYERS], layer_count;
    uint64_t steps[AV_STAGES], every, seed;
    uint32_t batch, latent, way, removal, start, erase;
    double maps, rate, beta, lambda, pixels, features, control, contour, patches, stay, form, gaps,
        keep_seconds;
    imp_nn_model *judge; /* given: stage 1 is left out. NULL: none */
    imp_nn_model
        *begin; /* whose parameters are taken over where names and shapes agree. NULL: none */
    void (*note)(void *user, const char *line);
    void *note_user;
};

/* Sums since the last row; means in rows. */
enum av_figure {
    AV_PIXELS,
    AV_FEATURES,
    AV_KL,
    AV_GUESS,
    AV_REMOVAL,
    AV_CONTROL,
    AV_CONTOUR,
    AV_PATCH,
    AV_STAY,
    AV_FORM,
    AV_FIGURES
};
struct av_row { /* written into checkpoints */
    uint64_t step, stage;
    double rate, figures[AV_FIGURES]; /* NaN: not of this stage */
    double psnr, leak, accuracy;      /* on the test set, or the first training samples */
};

struct av_school {
    const struct av_plan *p;
    imp_job *job;
    av_link judge, encoder, generator, adversary, synth, patches, features;
    av_lessons lessons;
    uint64_t *order, order_of;
    uint32_t side, small; /* of pictures, and of those of stage 1 */
    struct av_now {       /* where it stands */
        uint64_t step, epoch, at, row_count, drawn;
        double sums[AV_FIGURES];
        uint64_t seen[AV_FIGURES];
    } now;
    struct av_row *rows;
    uint64_t row_room;
    /* buffers of a batch */
    float *z, *eps, *mu, *dz, *dmu, *dlv, *full, *y, *dy, *known;
    float *wanted; /* of a free batch, what the judge is to see where the network is told less */
    float *picture, *gradient, *small_x, *crop, *crop_true, *crop_gradient, *answers, *lines, *maps;
    float *apart; /* side x side: 1 where photos tell nothing of attributes */
    size_t map_room;
    imp_image *sheet; /* of the last row */
};

struct av_trained {
    imp_nn_model *model, *judge; /* one reference each */
    imp_image *sheet;            /* kit_image_free */
    struct av_row *rows;         /* free() */
    uint64_t count;
};
/* Trains. The job is asked whether to stop at each step, told how it goes, and given checkpoints,
 * from which a later call with the same arguments goes on to the same bytes. On failure *out is
 * empty. */
imp_status av_train_faces(const struct av_plan *, imp_job *, struct av_trained *out, imp_error *);
/* Peak of memory, about; work in multiply-accumulates. */
uint64_t av_train_bytes(const struct av_plan *);
double av_train_macs(const struct av_plan *);

/* ---- private to school*.c ---- */

enum av_stage av_stage_of(const struct av_plan *, uint64_t step, uint64_t *within);
double av_rate_of(const struct av_plan *, uint64_t step);
void av_count(struct av_school *, enum av_figure, double value);
imp_status av_judge_step(struct av_school *, imp_error *);
imp_status av_vae_step(struct av_school *, uint64_t within, imp_error *);
/* Whether the way takes attributes out of codes at all. */
bool av_removes(const struct av_plan *);
/* Codes and attributes (NULL: not wanted) of n samples as they are. */
imp_status av_codes_of(struct av_school *, const uint64_t *order, uint32_t n, float *mu, float *y,
                       float *known, imp_error *);
/* Lines of metadata: of the usual drawing, of their kinds, and (NULL: none; free()) of what lies
 * inside outlines. drawing, kinds: room for AV_DRAWING_TEXT and AV_KINDS_TEXT letters. */
enum { AV_DRAWING_TEXT = 100 };
imp_status av_keep_drawings(const struct av_plan *, char *drawing, char *kinds, char **inside,
                            imp_error *);
/* Codes of the first photos, as a network that mixes them. */
imp_status av_keep_codes(struct av_school *, av_link *styles, imp_error *);
/* Takes out of the encoder's last layer what a linear probe reads of attributes. */
imp_status av_erase_codes(struct av_school *, imp_error *);
imp_status av_synth_begin(struct av_school *,
                          imp_error *); /* stage 2's networks, once stage 1 is over */
/* Finds where photos tell nothing of attributes, if the plan asks for it. */
imp_status av_stay_begin(struct av_school *, imp_error *);
/* coarse: n x 3 x side/AV_CELL x side/AV_CELL colours of photos; y, known: their attributes. out,
 * side x side: 1 where attributes explain nothing of colours, falling to 0 where they explain 2 %
 * of the variance, beyond chance. */
enum { AV_CELL = 8 };
imp_status av_apart(const float *coarse, const float *y, const float *known, uint32_t n,
                    const struct av_traits *, uint32_t side, float *out, imp_error *);
/* Whose code sample i of a batch has whose attributes are drawn: its own, or the next one's. */
uint32_t av_stay_of(uint32_t i, uint32_t n);
imp_status av_synth_step(struct av_school *, uint64_t within, imp_error *);
imp_status av_row_of(struct av_school *, enum av_stage, imp_error *); /* tests, and one row more */
imp_status av_row_room(struct av_school *, imp_error *);
imp_status av_keep(struct av_school *, imp_error *);
imp_status av_resume(struct av_school *, imp_error *);
/* x -1..1, n pictures of side x side. Adds the feature loss of a crop to `gradient`: how far
 * features are, or how far their form is (av_form) where attributes reach. */
enum av_likeness { AV_THE_SAME, AV_OF_THE_FORM };
imp_status av_feature_loss(struct av_school *, const float *x, const float *t, uint32_t n,
                           enum av_likeness, double weight, float *gradient, double *loss,
                           imp_error *);
/* The patches' network learns, then tells what it misses in x: adds that gradient. */
imp_status av_patch_loss(struct av_school *, const float *x, const float *t, const float *s,
                         uint32_t n, double weight, float *gradient, double *loss, imp_error *);

#endif
