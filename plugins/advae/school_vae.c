/* school_vae.c - the second stage: a code that says all of a photo but its attributes. */
#include "school.h"
#include <string.h>

/* lambda rises over the first third of the stage. */
static double ramp(const struct av_plan *p, uint64_t within)
{
    const double third = (double)p->steps[AV_CODING] / 3;
    return (double)within < third ? p->lambda * (double)within / third : p->lambda;
}

/* Photo to mu, lv and a code drawn from them. */
static imp_status encode(struct av_school *s, const float **lv, imp_error *err)
{
    const uint32_t n = s->lessons.n, latent = s->p->latent;
    const size_t count = (size_t)n * latent;
    const float *mu;
    imp_status st =
        av_put(&s->encoder, "photo", (av_size){n, 3, s->side, s->side}, s->lessons.x, err);
    if (st == IMP_OK)
        st = av_get(&s->encoder, "mu", count, s->job, &mu, err);
    if (st == IMP_OK)
        st = av_get(&s->encoder, "lv", count, s->job, lv, err);
    if (st != IMP_OK)
        return st;
    memcpy(s->mu, mu, count * sizeof *mu);
    kit_normals(s->p->seed, 0x657073, s->now.drawn, count, s->eps);
    s->now.drawn += count;
    av_sample(s->mu, *lv, s->eps, count, s->z);
    return IMP_OK;
}

/* The adversary learns from codes that stay where they are, then says how to fool it: dz. */
static imp_status remove_traits(struct av_school *s, double lambda, imp_error *err)
{
    const struct av_traits *t = s->p->traits;
    const av_lessons *l = &s->lessons;
    const size_t count = (size_t)l->n * s->p->latent;
    const av_size code = {l->n, s->p->latent, 0, 0}, guess = {l->n, t->bins, 0, 0};
    const float *g, *back;
    av_link *d = &s->adversary;
    imp_status st = av_training(d, true, err);
    for (int round = 0; round < 2 && st == IMP_OK; round++) {
        const bool learns = !round;
        st = av_forget(d, err);
        if (st == IMP_OK)
            st = av_put(d, "z", code, s->z, err);
        if (st == IMP_OK)
            st = av_get(d, "guess", (size_t)l->n * t->bins, s->job, &g, err);
        if (st != IMP_OK)
            return st;
        const double loss =
            av_adversary_loss(t, g, l->y, l->known, l->n, learns ? AV_LEARN : s->p->removal,
                              learns ? 1 : lambda, s->answers);
        av_count(s, learns ? AV_GUESS : AV_REMOVAL, loss);
        st = av_seed(d, "guess", guess, s->answers, err);
        if (st == IMP_OK)
            st = av_back(d, "z", count, s->job, &back, err);
        if (st == IMP_OK && learns)
            st = av_step(d, av_rate_of(s->p, s->now.step), 5, err);
    }
    for (size_t i = 0; i < count && st == IMP_OK && s->p->way == AV_ADVERSARY_WAY; i++)
        s->dz[i] += back[i];
    return st;
}

/* Code and attributes to the small photo; the gradient by the code in dz. */
static imp_status decode(struct av_school *s, imp_error *err)
{
    const av_lessons *l = &s->lessons;
    const uint32_t n = l->n, width = s->p->traits->width;
    const size_t size = (size_t)3 * s->small * s->small;
    const float *picture, *back, *truth = l->x;
    if (s->small != s->side)
        av_half(l->x, 3 * n, s->side, s->small_x), truth = s->small_x;
    memcpy(s->y, l->y, (size_t)n * width * sizeof *s->y);
    if (s->p->way == AV_NONE)
        memset(s->y, 0, (size_t)n * width * sizeof *s->y);
    imp_status st = av_forget(&s->generator, err);
    if (st == IMP_OK)
        st = av_put(&s->generator, "z", (av_size){n, s->p->latent, 0, 0}, s->z, err);
    if (st == IMP_OK)
        st = av_put(&s->generator, "y", (av_size){n, width, 0, 0}, s->y, err);
    if (st == IMP_OK)
        st = av_get(&s->generator, "picture", n * size, s->job, &picture, err);
    if (st != IMP_OK)
        return st;
    av_count(s, AV_PIXELS, av_square(picture, truth, n, size, s->gradient) / (0.5 * (double)size));
    st = av_seed(&s->generator, "picture", (av_size){n, 3, s->small, s->small}, s->gradient, err);
    if (st == IMP_OK)
        st = av_back(&s->generator, "z", (size_t)n * s->p->latent, s->job, &back, err);
    if (st == IMP_OK)
        memcpy(s->dz, back, (size_t)n * s->p->latent * sizeof *back);
    return st;
}

imp_status av_vae_step(struct av_school *s, uint64_t within, imp_error *err)
{
    const uint32_t n = s->lessons.n, latent = s->p->latent;
    const double rate = av_rate_of(s->p, s->now.step);
    const av_size code = {n, latent, 0, 0};
    const float *lv;
    imp_status st = av_forget(&s->encoder, err);
    if (st == IMP_OK)
        st = encode(s, &lv, err);
    if (st == IMP_OK)
        st = decode(s, err);
    if (st == IMP_OK)
        st = remove_traits(s, ramp(s->p, within), err);
    if (st != IMP_OK)
        return st;
    av_count(s, AV_KL, av_kl(s->mu, lv, s->eps, s->dz, n, latent, s->p->beta, s->dmu, s->dlv));
    st = av_seed(&s->encoder, "mu", code, s->dmu, err);
    if (st == IMP_OK)
        st = av_seed(&s->encoder, "lv", code, s->dlv, err);
    if (st == IMP_OK)
        st = av_back(&s->encoder, NULL, 0, s->job, NULL, err);
    if (st == IMP_OK)
        st = av_step(&s->encoder, rate, 100, err);
    return st == IMP_OK ? av_step(&s->generator, rate, 100, err) : st;
}
