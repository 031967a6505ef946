/* school_vae.c - the second stage: a code that says all of a photo but its attributes. */
#include "school.h"
#include <string.h>

/* lambda rises over the first third of the stage. */
static double ramp(const struct av_plan *p, uint64_t within)
{
    const double third = (double)p->steps[AV_CODING] / 3;
    return (double)within < third ? p->lambda * (double)within / third : p->lambda;
}

bool av_removes(const struct av_plan *p)
{
    return p->way == AV_ADVERSARY_WAY || p->way == AV_SPLIT || p->way == AV_CYCLE;
}

/* Numbers of each code that are y's own, and so are nobody's for generator and adversary. */
static uint32_t own(const struct av_plan *p)
{
    return p->way == AV_SPLIT ? p->traits->width : 0;
}

/* Photo to mu, lv and a code drawn from them, with the noise in s->eps. */
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
    av_sample(s->mu, *lv, s->eps, count, s->z);
    return IMP_OK;
}

/* The code without y's own numbers, noise in their place, into s->z. full: the code as it was
 * drawn. */
static void hide_own(struct av_school *s, float *full)
{
    const uint32_t latent = s->p->latent, n = own(s->p);
    memcpy(full, s->z, (size_t)s->lessons.n * latent * sizeof *full);
    for (uint32_t i = 0; i < s->lessons.n && n; i++)
        memcpy(s->z + (size_t)i * latent, s->eps + (size_t)i * latent, n * sizeof *full);
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
    for (size_t i = 0; i < count && st == IMP_OK && av_removes(s->p); i++)
        s->dz[i] += back[i];
    return st;
}

/* What the generator is given as y: the truth, nothing, or what the code's own numbers say of it.
 */
static void given(struct av_school *s, const float *full)
{
    const uint32_t n = s->lessons.n, width = s->p->traits->width;
    memcpy(s->y, s->lessons.y, (size_t)n * width * sizeof *s->y);
    if (s->p->way == AV_NONE)
        memset(s->y, 0, (size_t)n * width * sizeof *s->y);
    for (uint32_t i = 0; i < n && s->p->way == AV_SPLIT; i++)
        av_shares(s->p->traits, full + (size_t)i * s->p->latent, s->y + (size_t)i * width);
}

/* Code and attributes (s->z, s->y) to the small photo. */
static imp_status generate(struct av_school *s, const float **picture, imp_error *err)
{
    const uint32_t n = s->lessons.n;
    imp_status st = av_put(&s->generator, "z", (av_size){n, s->p->latent, 0, 0}, s->z, err);
    if (st == IMP_OK)
        st = av_put(&s->generator, "y", (av_size){n, s->p->traits->width, 0, 0}, s->y, err);
    return st == IMP_OK ? av_get(&s->generator, "picture", (size_t)n * 3 * s->small * s->small,
                                 s->job, picture, err)
                        : st;
}

/* Of a picture's gradient (s->gradient), those by z into s->dz and by y into s->dy. */
static imp_status generate_back(struct av_school *s, imp_error *err)
{
    const uint32_t n = s->lessons.n;
    const float *back;
    imp_status st =
        av_seed(&s->generator, "picture", (av_size){n, 3, s->small, s->small}, s->gradient, err);
    if (st == IMP_OK)
        st = av_back_two(&s->generator, "z", "y", s->job, err);
    if (st == IMP_OK)
        st = av_gradient(&s->generator, "z", (size_t)n * s->p->latent, &back, err);
    if (st == IMP_OK)
        memcpy(s->dz, back, (size_t)n * s->p->latent * sizeof *back);
    if (st == IMP_OK)
        st = av_gradient(&s->generator, "y", (size_t)n * s->p->traits->width, &back, err);
    if (st == IMP_OK)
        memcpy(s->dy, back, (size_t)n * s->p->traits->width * sizeof *back);
    return st;
}

/* SPLIT: y's own numbers learn from the generator and from the truth; noise stood for them
 * elsewhere. */
static void own_back(struct av_school *s, const float *full)
{
    const struct av_traits *t = s->p->traits;
    const av_lessons *l = &s->lessons;
    float told[AV_WIDTH];
    double loss = 0;
    for (uint32_t i = 0; i < l->n && own(s->p); i++) {
        float *dz = s->dz + (size_t)i * s->p->latent;
        av_shares_back(t, s->y + (size_t)i * t->width, s->dy + (size_t)i * t->width, dz);
        loss += av_judge_loss(t, full + (size_t)i * s->p->latent, l->y + (size_t)i * t->width,
                              l->known + (size_t)i * t->count, 1, s->p->lambda / l->n, told);
        for (uint32_t k = 0; k < t->width; k++)
            dz[k] += told[k];
    }
    if (own(s->p))
        av_count(s, AV_CONTROL, loss / s->p->lambda);
}

/* CYCLE: the picture with another y, encoded again: 1/2 |mu' - z|^2. Its part of dz is left in
 * s->dmu. */
static imp_status cycle(struct av_school *s, uint64_t within, imp_error *err)
{
    const uint32_t n = s->lessons.n, latent = s->p->latent, width = s->p->traits->width;
    const size_t count = (size_t)n * latent;
    const float *picture, *mu, *back;
    for (uint32_t i = 0; i < n; i++)
        av_traits_draw(s->p->traits, s->p->seed + 2, within * n + i, s->y + (size_t)i * width);
    imp_status st = generate(s, &picture, err);
    if (st != IMP_OK)
        return st;
    av_double(picture, 3 * n, s->small, s->side, s->picture);
    st = av_put(&s->encoder, "photo", (av_size){n, 3, s->side, s->side}, s->picture, err);
    if (st == IMP_OK)
        st = av_get(&s->encoder, "mu", count, s->job, &mu, err);
    if (st != IMP_OK)
        return st;
    (void)av_square(mu, s->z, n, latent, s->dmu);
    st = av_seed(&s->encoder, "mu", (av_size){n, latent, 0, 0}, s->dmu, err);
    if (st == IMP_OK)
        st = av_back(&s->encoder, "photo", (size_t)n * 3 * s->side * s->side, s->job, &back, err);
    if (st != IMP_OK)
        return st;
    av_double_back(back, 3 * n, s->small, s->side, s->gradient);
    st = generate_back(s, err);
    memcpy(s->dmu, s->dz, count * sizeof *s->dz);
    return st;
}

/* The photo again: pixels, gradients by code and attributes. */
static imp_status decode(struct av_school *s, imp_error *err)
{
    const av_lessons *l = &s->lessons;
    const size_t size = (size_t)3 * s->small * s->small;
    const float *picture, *truth = l->x;
    if (s->small != s->side)
        av_half(l->x, 3 * l->n, s->side, s->small_x), truth = s->small_x;
    const imp_status st = generate(s, &picture, err);
    if (st != IMP_OK)
        return st;
    av_count(s, AV_PIXELS,
             av_square(picture, truth, l->n, size, s->gradient) / (0.5 * (double)size));
    return generate_back(s, err);
}

/* Everything that moves the code: pictures, adversary, the way's own; into s->dz. */
static imp_status pull(struct av_school *s, uint64_t within, float *full, imp_error *err)
{
    const size_t count = (size_t)s->lessons.n * s->p->latent;
    const bool again = s->p->way == AV_CYCLE;
    const float *lv;
    const float *cycled = s->dmu; /* free until the end of the step */
    imp_status st = again ? cycle(s, within, err) : IMP_OK;
    if (st == IMP_OK && again)
        st = encode(s, &lv, err); /* the photo again, for the way back */
    if (st != IMP_OK)
        return st;
    hide_own(s, full);
    given(s, full);
    st = decode(s, err);
    for (size_t i = 0; i < count && again; i++)
        s->dz[i] += cycled[i];
    if (st == IMP_OK)
        st = remove_traits(s, ramp(s->p, within), err);
    for (uint32_t i = 0; i < s->lessons.n && own(s->p); i++)
        memset(s->dz + (size_t)i * s->p->latent, 0, own(s->p) * sizeof *s->dz);
    own_back(s, full);
    return st;
}

imp_status av_vae_step(struct av_school *s, uint64_t within, imp_error *err)
{
    const uint32_t n = s->lessons.n, latent = s->p->latent;
    const double rate = av_rate_of(s->p, s->now.step);
    const av_size code = {n, latent, 0, 0};
    const float *lv;
    kit_normals(s->p->seed, 0x657073, s->now.drawn, (size_t)n * latent, s->eps);
    s->now.drawn += (size_t)n * latent;
    imp_status st = av_forget(&s->encoder, err);
    if (st == IMP_OK)
        st = av_forget(&s->generator, err);
    if (st == IMP_OK)
        st = encode(s, &lv, err);
    if (st == IMP_OK)
        st = pull(s, within, s->full, err);
    if (st == IMP_OK)
        st = av_get(&s->encoder, "lv", (size_t)n * latent, s->job, &lv, err);
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
