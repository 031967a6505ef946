/* traits.h - attributes under control: which they are, as numbers for networks, as words in
 * presets.
 *
 * A choice of n is n numbers (1 where it holds, 0 elsewhere), a number one, brought to -1..1 by its
 * range. Adversaries guess choices by n logits and numbers by three bins of equal width. */
#ifndef IMP_ADVAE_TRAITS_H
#define IMP_ADVAE_TRAITS_H
#include <impasto/data.h>
#include <stdbool.h>

enum { AV_TRAITS = 48, AV_NAME = 48, AV_CHOICES = 256, AV_BINS = 3, AV_WIDTH = 512, AV_GROUP = 16 };
struct av_trait {
    char name[AV_NAME], choices[AV_CHOICES]; /* choices "": a number */
    double min, max;
    uint32_t column;   /* of the data set; meaningless for traits of a model */
    uint32_t shown;    /* 1: drawings show it, so it may be left to them; those of samples whose */
    uint32_t shown_in; /* column shown_in - 1 holds one of the choices (bits) of shown_by; */
    uint64_t shown_by; /* shown_in 0: all */
    uint32_t group;    /* 0; else a choice of so many columns, each of which says yes or no */
    uint32_t columns[AV_GROUP];
    uint32_t at, width;     /* among the numbers */
    uint32_t bins_at, bins; /* among an adversary's logits */
};
struct av_traits {
    uint32_t count, width, bins;
    struct av_trait all[AV_TRAITS];
};

/* The traits that these words name: `hair`; hair=hair_color, another name for a column; or
 * hair=black:Black_Hair|blond:Blond_Hair, a choice of columns of which each says yes (its second
 * choice, a number above 0) or no, unknown where not just one says yes. None: every column.
 * IMP_E_PARAM with *word (NULL allowed) the word that is wrong: an unknown column
 * (the text lists the nearest names), one named twice, a number without a range. [any] */
imp_status av_traits_of(const imp_dataset *, const char *const *words, uint64_t count,
                        struct av_traits *, const char **word, imp_error *);
/* As a line of a model's metadata, and back: "hair:black|blond complexion:0..1". text: room for
 * AV_LINE letters. IMP_E_INPUT: not such a line. [any] */
enum { AV_LINE = AV_TRAITS * (AV_NAME + AV_CHOICES + 64) };
void av_traits_write(const struct av_traits *, char *text);
imp_status av_traits_read(const char *text, struct av_traits *, imp_error *);
/* Names of all with blanks between, for messages; of one's choices with ", ". */
void av_traits_names(const struct av_traits *, char *text, size_t size);

/* A sample's attributes (of the data set, NaN = unknown) as traits->width numbers; known[t] is 0
 * where the trait is unknown, its numbers then say nothing: 0, a choice all alike. [any] */
void av_traits_encode(const struct av_traits *, const double *attributes, float *y, float *known);
/* One trait as a preset says it: "blond", "blond 0.7" (the rest shared by the other choices),
 * "blond 0.6 black 0.4", a number in its range, yes or no where there are two choices. IMP_E_PARAM:
 * what would do. y: the numbers of all traits, of which this one's are written. [any] */
imp_status av_trait_set(const struct av_trait *, const char *text, float *y, imp_error *);
/* A trait of which nothing is said: shares all alike, or 0. [any] */
void av_trait_open(const struct av_trait *, float *y);
/* The same where a drawing shows it: `told` is open, `wanted` is as the drawing's photo has it; all
 * three are the numbers of all traits. [any] */
void av_trait_leave(const struct av_trait *, const float *photo, float *told, float *wanted);
/* Marks traits as shown by drawings: `glasses`, or glasses=drawing:all|face, in those samples alone
 * whose attribute `drawing` is one of these choices. IMP_E_PARAM: an unknown name, the text lists
 * them. [any] */
imp_status av_traits_show(struct av_traits *, const imp_dataset *, const char *const *words,
                          uint64_t count, imp_error *);
/* Does the drawing of a sample with these attributes show the trait? [any] */
bool av_trait_shown(const struct av_trait *, const double *attributes);
/* A trait drawn by seed: choices and places of the range equally likely. [any] */
void av_traits_draw(const struct av_traits *, uint64_t seed, uint64_t i, float *y);
/* The trait of that name, or NULL. [any] */
const struct av_trait *av_trait_find(const struct av_traits *, const char *name, size_t length);
/* The bin (or choice) that the numbers of a trait are in. [any] */
uint32_t av_trait_bin(const struct av_trait *, const float *y);

#endif
