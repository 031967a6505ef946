/* nets.h - the networks of an AD-VAE, as architecture texts. Planes of pictures are -1..1, of
 * drawings 0 paper to 1 ink; N is free.
 *
 *   encoder     photo N 3 S S                    -> mu, lv    N Z
 *   generator   z N Z, y N W [, drawing N 1 S S] -> picture   N 3 S S
 *   adversary   z N Z                            -> guess     N bins
 *   judge       photo N 3 S S                    -> answers   N W, lines N 1 S/2 S/2
 *   patches     pair N 4 H W, photo and drawing  -> real      N 1 H/8 W/8
 *   styles      pick N 256                       -> code      N Z: codes of photos in these shares
 *
 * The generator begins at 4x4 with a linear map of [z, y] and doubles sides; at every size [z, y]
 * scale and shift the maps (feature-wise, so y is told at each scale), and the drawing's
 * maps of that size, by strided convolutions, are added before. With and without drawing,
 * parameters of the same name have the same shape: stage 2 starts from stage 1. */
#ifndef IMP_ADVAE_NETS_H
#define IMP_ADVAE_NETS_H
#include <stdint.h>

enum av_net { AV_ENCODER, AV_GENERATOR, AV_ADVERSARY, AV_JUDGE, AV_PATCHES, AV_STYLES, AV_NETS };
enum { AV_CODES = 256 /* of photos, that a model keeps */ };
struct av_form {
    uint32_t side;    /* of pictures: a power of two, 32..256 */
    uint32_t latent;  /* Z */
    uint32_t width;   /* W: numbers of the attributes */
    uint32_t bins;    /* of the adversary's guesses */
    uint32_t drawing; /* generator: 1 = with a drawing */
    uint32_t coarse;  /* encoder: halvings of the picture before the first convolution */
    double maps;      /* factor of the numbers of maps; 1 */
};
/* Free it with free(). NULL: no memory. [any] */
char *av_net_text(enum av_net, const struct av_form *);

#endif
