/* school_erase.c - between the second and the third stage: codes lose what a linear probe reads of
 * attributes. */
#include "erase.h"
#include "school.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST = 4096 }; /* faces looked at, evenly from all */

static void tell(const struct av_plan *p, const char *line)
{
    if (p->note)
        p->note(p->note_user, line);
}

imp_status av_codes_of(struct av_school *s, const uint64_t *order, uint32_t n, float *mu, float *y,
                       float *known, imp_error *err)
{
    const struct av_plan *p = s->p;
    const uint32_t width = p->traits->width, count = p->traits->count;
    imp_status st = IMP_OK;
    for (uint32_t at = 0; at < n && st == IMP_OK; at += p->batch) {
        const uint32_t m = n - at < p->batch ? n - at : p->batch;
        const float *now;
        st = av_lessons_read(&s->lessons, order, at, m, NULL, 0, s->job, err);
        if (st == IMP_OK)
            st = av_put(&s->encoder, "photo", (av_size){m, 3, s->side, s->side}, s->lessons.x, err);
        if (st == IMP_OK)
            st = av_get(&s->encoder, "mu", (size_t)m * p->latent, s->job, &now, err);
        if (st != IMP_OK)
            return st;
        memcpy(mu + (size_t)at * p->latent, now, (size_t)m * p->latent * sizeof *mu);
        if (y)
            memcpy(y + (size_t)at * width, s->lessons.y, (size_t)m * width * sizeof *y);
        if (known)
            memcpy(known + (size_t)at * count, s->lessons.known, (size_t)m * count * sizeof *known);
    }
    return st;
}

static imp_status fold(struct av_school *s, av_erasure *e, imp_error *err)
{
    float *weight, *bias;
    size_t weights, biases;
    char line[120];
    imp_status st = av_param(&s->encoder, "mu.weight", &weight, &weights, err);
    if (st == IMP_OK)
        st = av_param(&s->encoder, "mu.bias", &bias, &biases, err);
    if (st != IMP_OK)
        return st;
    av_erase_fold(e, weight, bias, (uint32_t)(weights / biases));
    snprintf(line, sizeof line,
             "%" PRIu32 " of the code's %" PRIu32
             " dimensions told of attributes, and were taken out",
             e->rank, e->latent);
    tell(s->p, line);
    return IMP_OK;
}

imp_status av_erase_codes(struct av_school *s, imp_error *err)
{
    const struct av_plan *p = s->p;
    const uint32_t n = p->train->count < MOST ? (uint32_t)p->train->count : MOST;
    float *mu = malloc((size_t)n * p->latent * sizeof *mu),
          *y = malloc((size_t)n * p->traits->width * sizeof *y),
          *known = malloc((size_t)n * p->traits->count * sizeof *known);
    uint64_t *order = malloc(n * sizeof *order);
    av_erasure e = {.p = NULL};
    imp_status st = mu && y && known && order
                        ? IMP_OK
                        : imp_fail(err, IMP_E_MEMORY, "no memory for %u codes", n);
    for (uint32_t i = 0; i < n && order; i++)
        order[i] = (uint64_t)i * p->train->count / n;
    if (st == IMP_OK && n < 4 * p->latent)
        tell(p, "too few faces to take attributes out of codes: the adversary's work stands");
    else if (st == IMP_OK && (st = av_codes_of(s, order, n, mu, y, known, err)) == IMP_OK &&
             (st = av_erase(mu, y, known, n, p->latent, p->traits, &e, err)) == IMP_OK)
        st = fold(s, &e, err);
    free(mu), free(y), free(known), free(order), free(e.p);
    return st;
}
