/* school_synth.c - the third stage: a drawing, a code and attributes become a photo. */
#include "school.h"
#include <string.h>

imp_status av_synth_begin(struct av_school *s, imp_error *err)
{
    uint32_t count = 0;
    const bool erase =
        s->encoder.trainer && s->p->erase && s->p->steps[AV_CODING] && av_removes(s->p);
    imp_status st = erase ? av_erase_codes(s, err) : IMP_OK;
    if (st == IMP_OK)
        st = av_link_freeze(&s->encoder, err);
    if (st == IMP_OK && s->generator.trainer && s->p->start != AV_FRESH && s->p->steps[AV_CODING]) {
        st = av_inherit(&s->synth, &s->generator, "", &count, err);
        if (st == IMP_OK && !count)
            st = imp_fail(err, IMP_E_FAILED, "stage 2 could take nothing over from stage 1");
    }
    return st;
}

/* What a batch is for: photos that were taken; photos that nobody took, guided by the judge; photos
 * with other attributes, the same where photos tell nothing of them; photos in another's style, of
 * the same form where they tell. */
enum batch { BOUND, FREE, STAY, LENT };
static enum batch batch_of(const struct av_plan *p, uint64_t within)
{
    if (within % 3 == 2 && p->control + p->contour > 0)
        return FREE;
    if (within % 3 == 1 && p->stay > 0)
        return STAY;
    return within % 6 == 3 && p->sight && p->form > 0 ? LENT : BOUND;
}

/* The codes of the photos as the encoder is shown them, drawn; of a free batch, of the photo
 * before, or of nobody; with attributes drawn, of the photo itself, or of the next; lent ones are
 * the next one's. */
static imp_status codes(struct av_school *s, enum batch what, imp_error *err)
{
    const uint32_t n = s->lessons.n, latent = s->p->latent;
    const size_t count = (size_t)n * latent;
    const float *mu, *lv;
    imp_status st =
        av_put(&s->encoder, "photo", (av_size){n, 3, s->side, s->side}, s->lessons.seen, err);
    if (st == IMP_OK)
        st = av_get(&s->encoder, "mu", count, s->job, &mu, err);
    if (st == IMP_OK)
        st = av_get(&s->encoder, "lv", count, s->job, &lv, err);
    if (st != IMP_OK)
        return st;
    kit_normals(s->p->seed, 0x657073, s->now.drawn, count, s->eps);
    s->now.drawn += count;
    av_sample(mu, lv, s->eps, count, s->z);
    for (uint32_t i = 0; i < n && s->p->way == AV_SPLIT;
         i++) /* y's own numbers are nobody's here */
        memcpy(s->z + (size_t)i * latent, s->eps + (size_t)i * latent,
               s->p->traits->width * sizeof *s->z);
    if (what == BOUND)
        return IMP_OK;
    memcpy(s->mu, s->z, count * sizeof *s->z);
    for (uint32_t i = 0; i < n; i++) {
        const float *from = what == STAY            ? s->mu + (size_t)av_stay_of(i, n) * latent
                            : i % 2 || what == LENT ? s->mu + (size_t)((i + 1) % n) * latent
                                                    : s->eps + (size_t)i * latent;
        memcpy(s->z + (size_t)i * latent, from, latent * sizeof *from);
    }
    return IMP_OK;
}

static imp_status draw_picture(struct av_school *s, const float **picture, imp_error *err)
{
    const uint32_t n = s->lessons.n;
    imp_status st =
        av_put(&s->synth, "drawing", (av_size){n, 1, s->side, s->side}, s->lessons.s, err);
    if (st == IMP_OK)
        st = av_put(&s->synth, "z", (av_size){n, s->p->latent, 0, 0}, s->z, err);
    if (st == IMP_OK)
        st = av_put(&s->synth, "y", (av_size){n, s->p->traits->width, 0, 0}, s->y, err);
    return st == IMP_OK ? av_get(&s->synth, "picture", (size_t)n * 3 * s->side * s->side, s->job,
                                 picture, err)
                        : st;
}

/* What the adversary of patches finds. */
static imp_status realness(struct av_school *s, const float *picture, imp_error *err)
{
    const av_lessons *l = &s->lessons;
    const double weight = s->p->patches;
    double loss = 0;
    if (!(weight > 0))
        return IMP_OK;
    const imp_status st =
        av_patch_loss(s, picture, l->x, l->s, l->n, weight, s->gradient, &loss, err);
    av_count(s, AV_PATCH, loss);
    return st;
}

/* How the photo is to look: its own. */
static imp_status bound_loss(struct av_school *s, const float *picture, imp_error *err)
{
    const av_lessons *l = &s->lessons;
    const struct av_plan *p = s->p;
    double loss = 0;
    const double pixels =
        av_absolute(picture, l->x, (size_t)l->n * 3 * s->side * s->side, p->pixels, s->gradient);
    av_count(s, AV_PIXELS, p->pixels > 0 ? pixels / p->pixels : 0);
    imp_status st = IMP_OK;
    if (p->sight && p->features > 0) {
        st = av_feature_loss(s, picture, l->x, l->n, AV_THE_SAME, p->features, s->gradient, &loss,
                             err);
        av_count(s, AV_FEATURES, loss);
    }
    return st == IMP_OK ? realness(s, picture, err) : st;
}

/* Lines of the photo itself, for the loss of lines; kept in s->lines. */
static imp_status true_lines(struct av_school *s, imp_error *err)
{
    const av_lessons *l = &s->lessons;
    const size_t count = (size_t)l->n * (s->side / 2) * (s->side / 2);
    const float *lines;
    imp_status st = av_put(&s->judge, "photo", (av_size){l->n, 3, s->side, s->side}, l->x, err);
    if (st == IMP_OK)
        st = av_get(&s->judge, "lines", count, s->job, &lines, err);
    if (st == IMP_OK)
        memcpy(s->lines, lines, count * sizeof *lines);
    return st;
}

/* How a photo that nobody took is to look: as the judge finds the attributes asked for, and the
 * lines. */
static imp_status free_loss(struct av_school *s, const float *picture, imp_error *err)
{
    const av_lessons *l = &s->lessons;
    const struct av_plan *p = s->p;
    const uint32_t half = s->side / 2;
    const size_t size = (size_t)l->n * 3 * s->side * s->side, count = (size_t)l->n * half * half;
    const av_size answer = {l->n, p->traits->width, 0, 0}, line = {l->n, 1, half, half};
    const float *answers, *lines, *back;
    imp_status st = true_lines(s, err);
    if (st == IMP_OK)
        st = av_put(&s->judge, "photo", (av_size){l->n, 3, s->side, s->side}, picture, err);
    if (st == IMP_OK)
        st = av_get(&s->judge, "answers", (size_t)l->n * p->traits->width, s->job, &answers, err);
    if (st == IMP_OK)
        st = av_get(&s->judge, "lines", count, s->job, &lines, err);
    if (st != IMP_OK)
        return st;
    const double control =
        av_judge_loss(p->traits, answers, s->wanted, s->known, l->n, p->control, s->answers);
    av_count(s, AV_CONTROL, p->control > 0 ? control / p->control : 0);
    double sum = 0;
    for (size_t i = 0; i < count; i++) {
        const double d = (double)lines[i] - s->lines[i];
        sum += d * d;
        s->lines[i] = (float)(2 * p->contour * d / (double)count);
    }
    av_count(s, AV_CONTOUR, sum / (double)count);
    st = av_seed(&s->judge, "answers", answer, s->answers, err);
    if (st == IMP_OK)
        st = av_seed(&s->judge, "lines", line, s->lines, err);
    if (st == IMP_OK)
        st = av_back(&s->judge, "photo", size, s->job, &back, err);
    if (st != IMP_OK)
        return st;
    memcpy(s->gradient, back, size * sizeof *back);
    return realness(s, picture, err);
}

/* What is asked for: the photo's attributes, or drawn ones. Those that its drawing shows are left
 * to it in half of the cases, in most where drawn ones would gainsay it; then the network is told
 * nothing of them, and the photo's are wanted. */
static void asked(struct av_school *s, uint64_t within, bool drawn)
{
    const struct av_traits *t = s->p->traits;
    const double left = drawn ? 0.75 : 0.5;
    for (uint32_t i = 0; i < s->lessons.n; i++) {
        const uint64_t sample = within * s->p->batch + i;
        float *y = s->y + (size_t)i * t->width;
        if (drawn)
            av_traits_draw(t, s->p->seed, sample, y);
        else
            memcpy(y, s->lessons.y + (size_t)i * t->width, t->width * sizeof *y);
        memcpy(s->wanted + (size_t)i * t->width, y, t->width * sizeof *y);
        for (uint32_t k = 0; k < t->count; k++) {
            const struct av_trait *a = &t->all[k];
            const size_t at = i * t->count + k, of = (size_t)i * t->width;
            const bool open =
                s->lessons.shown[at] > 0 && kit_uniform(s->p->seed, 0x6f7000u + k, sample) < left;
            s->known[at] = open ? s->lessons.known[at] : 1;
            if (open)
                av_trait_leave(a, s->lessons.y + of, y, s->wanted + of);
        }
    }
}

/* Of a photo with other attributes: what they do not reach, and that it looks real. */
static imp_status stay_loss(struct av_school *s, const float *picture, imp_error *err)
{
    const av_lessons *l = &s->lessons;
    const size_t plane = (size_t)s->side * s->side;
    double sum = 0;
    for (uint32_t i = 0; i < l->n; i++) {
        const size_t at = i * 3 * plane, of = av_stay_of(i, l->n) * 3 * plane;
        sum += av_absolute_where(picture + at, l->x + of, s->apart, 3, plane, s->p->stay / l->n,
                                 s->gradient + at);
    }
    av_count(s, AV_STAY, sum / s->p->stay);
    return realness(s, picture, err);
}

/* Of a photo in another's style: its own form, and that it looks real. */
static imp_status form_loss(struct av_school *s, const float *picture, imp_error *err)
{
    const av_lessons *l = &s->lessons;
    double loss = 0;
    memset(s->gradient, 0, (size_t)l->n * 3 * s->side * s->side * sizeof *s->gradient);
    const imp_status st = av_feature_loss(s, picture, l->x, l->n, AV_OF_THE_FORM, s->p->form,
                                          s->gradient, &loss, err);
    av_count(s, AV_FORM, loss / s->p->form);
    return st == IMP_OK ? realness(s, picture, err) : st;
}

imp_status av_synth_step(struct av_school *s, uint64_t within, imp_error *err)
{
    const struct av_plan *p = s->p;
    const uint32_t n = s->lessons.n;
    const enum batch what = batch_of(p, within);
    const float *picture;
    imp_status st = av_forget(&s->synth, err);
    asked(s, within, what == FREE || what == STAY);
    if (st == IMP_OK)
        st = codes(s, what, err);
    if (st == IMP_OK)
        st = draw_picture(s, &picture, err);
    if (st == IMP_OK)
        st = what == FREE   ? free_loss(s, picture, err)
             : what == STAY ? stay_loss(s, picture, err)
             : what == LENT ? form_loss(s, picture, err)
                            : bound_loss(s, picture, err);
    if (st == IMP_OK)
        st = av_seed(&s->synth, "picture", (av_size){n, 3, s->side, s->side}, s->gradient, err);
    if (st == IMP_OK)
        st = av_back(&s->synth, NULL, 0, s->job, NULL, err);
    if (st == IMP_OK && p->start == AV_THROUGH_G)
        st = av_only(&s->synth, "ink", err);
    return st == IMP_OK ? av_step(&s->synth, av_rate_of(p, s->now.step), 5, err) : st;
}
