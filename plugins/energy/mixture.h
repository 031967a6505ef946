/* mixture.h - a picture's energies as a sum of textures' energies: what energy.explain solves. */
#ifndef IMP_EN_MIXTURE_H
#define IMP_EN_MIXTURE_H
#include "energies.h"

struct en_mixture {
    const char **names; /* of the textures, in order of their first rows */
    double *a, *b;      /* textures x numbers; the picture's; each layer brought to length 1 of b */
    double *weights;    /* textures */
    uint32_t textures, numbers;
};
/* Reads both tables; memory is the job's. layers: none = all that both have. IMP_E_INPUT with port:
 * a layer or map that one lacks, no column that says which texture. */
imp_status en_mixture_read(struct en_mixture *, const imp_table *picture, const imp_table *textures,
                           const imp_cell *layers, imp_job *, imp_error *);
/* The weights >= 0 that make |b - sum_k weights[k] a[k]| least. [worker] */
imp_status en_mixture_solve(struct en_mixture *, imp_job *, imp_error *);
/* Share of texture k: its part of what the mixture adds up to (sums of numbers; adding up to 1). */
void en_mixture_shares(const struct en_mixture *, double *shares);
/* |b - sum of the `count` textures in order| / |b|. */
double en_mixture_error(const struct en_mixture *, const uint32_t *order, uint32_t count,
                        double *room);

#endif
