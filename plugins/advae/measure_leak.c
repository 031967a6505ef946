/* measure_leak.c - what the code says of the attributes that it is not to know: probes that learn
 * on one half of the samples and are asked about the other; and how attributes are spread over the
 * numbers of code and attributes. */
#include "measure.h"
#include "metrics.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { ROUNDS = 400 };

/* A probe from codes to guesses of all traits: linear, or with a hidden layer. Numbers of y are
 * learnt as they are, so that there is an R2 for them. */
static char *probe_text(const struct av_exam *e, bool deep)
{
    char *text = malloc(2000);
    if (text)
        snprintf(text, 2000,
                 "[network]\nformat = 1\ntitle = probe\n\n[z]\nop = input\nshape = N "
                 "%u\n\n%s[guess]\nop = gemm\nunits = "
                 "%u\ntrans_b = yes\n",
                 e->card.latent,
                 deep ? "[hidden]\nop = gemm\nunits = 128\ntrans_b = yes\n\n[act]\nop = relu\n\n"
                      : "",
                 e->card.traits.width);
    return text;
}

/* Learns on samples 0 .. half, full batches. */
static imp_status learn(struct av_exam *e, av_link *probe, uint32_t half, float *gradient,
                        imp_error *err)
{
    const struct av_traits *t = &e->card.traits;
    const av_size code = {half, e->card.latent, 0, 0}, guess = {half, t->width, 0, 0};
    imp_status st = IMP_OK;
    for (uint32_t k = 0; k < ROUNDS && st == IMP_OK; k++) {
        const float *g;
        st = e->job->progress(e->job, -1, NULL);
        if (st == IMP_OK)
            st = av_forget(probe, err);
        if (st == IMP_OK)
            st = av_put(probe, "z", code, e->mu, err);
        if (st == IMP_OK)
            st = av_get(probe, "guess", (size_t)half * t->width, e->job, &g, err);
        if (st != IMP_OK)
            return st;
        (void)av_judge_loss(t, g, e->y, e->known, half, 1, gradient);
        st = av_seed(probe, "guess", guess, gradient, err);
        if (st == IMP_OK)
            st = av_back(probe, NULL, 0, e->job, NULL, err);
        if (st == IMP_OK)
            st = av_step(probe, 0.01 * (1 - 0.9 * k / ROUNDS), 0, err);
    }
    return st;
}

/* Share of right bins of the other half against the most frequent one's; for numbers R2 against 0.
 */
static imp_status ask(struct av_exam *e, const float *guess, uint32_t half, const char *name,
                      imp_error *err)
{
    const struct av_traits *t = &e->card.traits;
    const uint32_t rest = e->n - half;
    (void)err;
    for (uint32_t k = 0; k < t->count; k++) {
        const struct av_trait *a = &t->all[k];
        double counts[AV_WIDTH] = {0}, seen = 0, right = 0, sum = 0, squares = 0, off = 0, most = 0;
        for (uint32_t i = 0; i < rest; i++) {
            const float *y = e->y + (size_t)(half + i) * t->width,
                        *g = guess + (size_t)i * t->width;
            if (!(e->known[(size_t)(half + i) * t->count + k] > 0))
                continue;
            seen++, counts[av_trait_bin(a, y)]++, right += av_trait_bin(a, y) == av_trait_bin(a, g);
            sum += y[a->at], squares += (double)y[a->at] * y[a->at];
            off += ((double)g[a->at] - y[a->at]) * ((double)g[a->at] - y[a->at]);
        }
        for (uint32_t b = 0; b < a->bins; b++)
            most = counts[b] > most ? counts[b] : most;
        const double spread = squares - sum * sum / seen;
        const imp_status st =
            seen < 2        ? IMP_OK
            : a->choices[0] ? av_say(e, name, a->name, right / seen, most / seen)
                            : av_say(e, name, a->name, spread > 0 ? 1 - off / spread : NAN, 0);
        if (st != IMP_OK)
            return st;
    }
    return IMP_OK;
}

static imp_status probe(struct av_exam *e, bool deep, imp_error *err)
{
    const struct av_traits *t = &e->card.traits;
    const uint32_t half = e->n / 2;
    av_link link = {.nn = &e->self->nn};
    float *gradient = malloc((size_t)half * t->width * sizeof *gradient);
    const float *guess;
    imp_status st = gradient ? IMP_OK : imp_fail(err, IMP_E_MEMORY, "no memory for a probe");
    if (st == IMP_OK)
        st = av_link_build(&link, &e->self->nn, probe_text(e, deep), e->seed, err);
    if (st == IMP_OK)
        st = learn(e, &link, half, gradient, err);
    if (st == IMP_OK)
        st = av_put(&link, "z", (av_size){e->n - half, e->card.latent, 0, 0},
                    e->mu + (size_t)half * e->card.latent, err);
    if (st == IMP_OK)
        st = av_get(&link, "guess", (size_t)(e->n - half) * t->width, e->job, &guess, err);
    if (st == IMP_OK)
        st = ask(e, guess, half, deep ? "leak of two layers" : "linear leak", err);
    if (link.run)
        av_link_close(&link);
    free(gradient);
    return st;
}

/* Code and attributes against the attributes. */
static imp_status spread(struct av_exam *e, imp_error *err)
{
    const struct av_traits *t = &e->card.traits;
    const uint32_t width = e->card.latent + t->width;
    float *codes = malloc((size_t)e->n * width * sizeof *codes);
    uint32_t *factors = malloc((size_t)e->n * t->count * sizeof *factors), classes[AV_TRAITS];
    av_disentangled d;
    for (uint32_t k = 0; k < t->count; k++)
        classes[k] = t->all[k].bins;
    for (uint32_t i = 0; codes && factors && i < e->n; i++) {
        memcpy(codes + (size_t)i * width, e->mu + (size_t)i * e->card.latent,
               e->card.latent * sizeof *codes);
        memcpy(codes + (size_t)i * width + e->card.latent, e->y + (size_t)i * t->width,
               t->width * sizeof *codes);
        for (uint32_t k = 0; k < t->count; k++)
            factors[(size_t)i * t->count + k] =
                av_trait_bin(&t->all[k], e->y + (size_t)i * t->width);
    }
    imp_status st =
        codes && factors && av_disentangle(codes, e->n, width, factors, t->count, classes, &d)
            ? IMP_OK
            : imp_fail(err, IMP_E_MEMORY, "no memory for codes");
    if (st == IMP_OK)
        st = av_say(e, "mig", "", d.mig, NAN);
    if (st == IMP_OK)
        st = av_say(e, "sap", "", d.sap, NAN);
    if (st == IMP_OK)
        st = av_say(e, "dci", "", d.dci, NAN);
    free(codes), free(factors);
    return st;
}

imp_status av_measure_leak(struct av_exam *e, imp_error *err)
{
    imp_status st = e->n >= 16 ? probe(e, false, err) : IMP_OK;
    if (st == IMP_OK && e->n >= 16)
        st = probe(e, true, err);
    return st == IMP_OK ? spread(e, err) : st;
}
