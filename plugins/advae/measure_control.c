/* measure_control.c - does it do what is asked: attributes under other codes, what else changes,
 * the style photo's background and light, the drawing's contour, variety. */
#include "measure.h"
#include "metrics.h"
#include <math.h>
#include <string.h>

struct sums {
    double asked[AV_TRAITS], hits[AV_TRAITS]; /* attributes drawn anew: right bins */
    struct av_pairs pairs[AV_TRAITS];         /* numbers, asked and answered */
    double others, changed;                   /* one changed: what became of the others */
    double style, shuffled, styled;
    double f1, f1_shuffled, f1_style, f1_seen;
    double hue, hue_moved; /* of the face in another's style; how far from that in its own */
    double variety, contrary[AV_TRAITS], contrary_hits[AV_TRAITS];
};

static double off_style(const float *a, const float *b)
{
    double sum = 0;
    for (uint32_t i = 0; i < AV_STYLE_SIZE; i++)
        sum += fabs((double)a[i] - b[i]);
    return sum;
}

/* Hue of the middle of the face, degrees: of the mean colour. */
static double face_hue(uint32_t side, const float *x)
{
    double mean[3] = {0};
    for (uint32_t c = 0; c < 3; c++)
        for (uint32_t y = side * 9 / 20; y < side * 15 / 20; y++)
            for (uint32_t i = side * 2 / 5; i < side * 3 / 5; i++)
                mean[c] += x[((size_t)c * side + y) * side + i];
    return kit_atan2(sqrt(0.75) * (mean[1] - mean[2]), mean[0] - 0.5 * (mean[1] + mean[2])) * 180 /
           3.14159265358979;
}

/* Lines of a picture by the same filter that makes drawings of photos, 1 = ink; those of the
 * background, which a style may change, are left out. */
static imp_status lines_of(struct av_exam *e, const float *x, float *out, imp_error *err)
{
    const kit_lines_options how = {.sigma = e->side / 128.0,
                                   .ratio = 1.6,
                                   .sharpness = 0.98,
                                   .slope = 200,
                                   .threshold = 0,
                                   .soft = 0,
                                   .speck = 12};
    imp_image *m = kit_image_new(e->side, e->side, 3, IMP_SRGB),
              *d = kit_image_new(e->side, e->side, 1, IMP_SRGB);
    imp_status st = m && d ? IMP_OK : imp_fail(err, IMP_E_MEMORY, "no memory for lines");
    for (uint32_t c = 0; c < 3 && st == IMP_OK; c++)
        for (uint32_t y = 0; y < e->side; y++)
            for (uint32_t i = 0; i < e->side; i++)
                imp_row_out(m, c, y)[i] = 0.5f + 0.5f * x[((size_t)c * e->side + y) * e->side + i];
    if (st == IMP_OK)
        st = kit_lines(m, d, &how, e->job);
    for (uint32_t y = 0; y < e->side && st == IMP_OK; y++)
        for (uint32_t i = 0; i < e->side; i++)
            out[(size_t)y * e->side + i] = av_in_face(e->side, i, y) ? 1 - imp_row(d, 0, y)[i] : 0;
    kit_image_free(m), kit_image_free(d);
    return st;
}

/* A number's answers against what was asked, for the correlation. */
static void count_answers(const struct av_exam *e, const float *asked, const float *answers,
                          struct sums *s)
{
    const struct av_traits *t = &e->card.traits;
    for (uint32_t k = 0; k < t->count; k++) {
        const struct av_trait *a = &t->all[k];
        s->asked[k]++, s->hits[k] += av_trait_bin(a, answers) == av_trait_bin(a, asked);
        av_pair(&s->pairs[k], (double)asked[a->at], (double)answers[a->at]);
    }
}

/* Sample i with attributes drawn, its own code: control, contour. Then one attribute changed alone.
 */
static imp_status ask_other(struct av_exam *e, uint32_t i, struct sums *s, imp_error *err)
{
    const struct av_traits *t = &e->card.traits;
    const float *mu = e->mu + (size_t)i * e->card.latent, *own = e->y + (size_t)i * t->width,
                *picture, *answers;
    float y[AV_WIDTH], before[AV_WIDTH];
    av_traits_draw(t, e->seed, i, y);
    imp_status st = av_make(e, e->lessons.s, mu, y, &picture, err);
    if (st == IMP_OK)
        st = av_ask_judge(e, picture, &answers, err);
    if (st != IMP_OK)
        return st;
    count_answers(e, y, answers, s);
    st = av_make(e, e->lessons.s, mu, own, &picture, err);
    if (st == IMP_OK)
        st = av_ask_judge(e, picture, &answers, err);
    if (st != IMP_OK)
        return st;
    memcpy(before, answers, t->width * sizeof *before);
    const struct av_trait *one = &t->all[i % t->count];
    float changed[AV_WIDTH];
    memcpy(changed, own, t->width * sizeof *changed);
    memcpy(changed + one->at, y + one->at, one->width * sizeof *changed);
    st = av_make(e, e->lessons.s, mu, changed, &picture, err);
    if (st == IMP_OK)
        st = av_ask_judge(e, picture, &answers, err);
    for (uint32_t k = 0; k < t->count && st == IMP_OK; k++)
        if (&t->all[k] != one)
            s->others++,
                s->changed += av_trait_bin(&t->all[k], answers) != av_trait_bin(&t->all[k], before);
    return st;
}

/* The style photo is another sample, whose person has other attributes: the drawing's attributes
 * are asked. */
static imp_status take_style(struct av_exam *e, uint32_t i, struct sums *s, imp_error *err)
{
    const struct av_traits *t = &e->card.traits;
    const uint32_t from = (i + e->n / 2) % e->n, shuffled = (i + e->n / 2 + e->n / 4 + 1) % e->n;
    const float *picture, *answers;
    float own[AV_STYLE_SIZE];
    imp_status st = av_make(e, e->lessons.s, e->mu + (size_t)from * e->card.latent,
                            e->y + (size_t)i * t->width, &picture, err);
    if (st != IMP_OK)
        return st;
    memcpy(e->other, picture, (size_t)3 * e->side * e->side * sizeof *picture);
    av_style(e->side, e->other, own);
    s->hue = face_hue(e->side, e->other);
    s->style += off_style(own, e->style + (size_t)from * AV_STYLE_SIZE);
    s->shuffled += off_style(own, e->style + (size_t)shuffled * AV_STYLE_SIZE), s->styled++;
    if (!e->judge.run)
        return IMP_OK;
    st = av_ask_judge(e, e->other, &answers, err);
    for (uint32_t k = 0; k < t->count && st == IMP_OK; k++) {
        const uint32_t mine = av_trait_bin(&t->all[k], e->y + (size_t)i * t->width),
                       theirs = av_trait_bin(&t->all[k], e->y + (size_t)from * t->width);
        if (mine != theirs)
            s->contrary[k]++, s->contrary_hits[k] += av_trait_bin(&t->all[k], answers) == mine;
    }
    return st == IMP_OK ? av_keep_deep(e, &e->made, i, err) : st;
}

/* Contours of three pictures: with the own code, with another style, of another drawing. All
 * against the lines of the photo. */
static imp_status contour(struct av_exam *e, uint32_t i, struct sums *s, imp_error *err)
{
    const struct av_traits *t = &e->card.traits;
    const float *picture;
    imp_status st = lines_of(e, e->lessons.x, e->strokes, err);
    if (st == IMP_OK)
        st = lines_of(e, e->other, e->lines, err); /* what take_style made */
    if (st != IMP_OK)
        return st;
    s->f1_style += av_f1(e->lines, e->strokes, e->side, 2 * e->side / 128, e->work);
    st = av_make(e, e->lessons.s, e->mu + (size_t)i * e->card.latent, e->y + (size_t)i * t->width,
                 &picture, err);
    if (st == IMP_OK) {
        memcpy(e->other, picture, (size_t)3 * e->side * e->side * sizeof *picture);
        const double moved = fabs(face_hue(e->side, e->other) - s->hue);
        s->hue_moved += moved > 180 ? 360 - moved : moved;
        st = lines_of(e, e->other, e->lines, err);
    }
    if (st != IMP_OK)
        return st;
    s->f1 += av_f1(e->lines, e->strokes, e->side, 2 * e->side / 128, e->work), s->f1_seen++;
    st = av_show(e, (i + e->n / 3 + 1) % e->n, err);
    if (st == IMP_OK)
        st = av_make(e, e->lessons.s, e->mu + (size_t)i * e->card.latent,
                     e->y + (size_t)i * t->width, &picture, err);
    if (st == IMP_OK) {
        memcpy(e->other, picture, (size_t)3 * e->side * e->side * sizeof *picture);
        st = lines_of(e, e->other, e->lines, err);
    }
    if (st == IMP_OK)
        s->f1_shuffled += av_f1(e->lines, e->strokes, e->side, 2 * e->side / 128, e->work);
    return st;
}

/* Root mean square between photos of two codes of nobody. */
static imp_status variety(struct av_exam *e, uint32_t i, struct sums *s, imp_error *err)
{
    const size_t size = (size_t)3 * e->side * e->side;
    const struct av_traits *t = &e->card.traits;
    const float *picture;
    double sum = 0;
    imp_status st = IMP_OK;
    for (uint32_t k = 0; k < 2 && st == IMP_OK; k++) {
        kit_normals(e->seed, 0x766172 + k, (uint64_t)i * e->card.latent, e->card.latent, e->z);
        st = av_make(e, e->lessons.s, e->z, e->y + (size_t)i * t->width, &picture, err);
        if (st == IMP_OK && !k)
            memcpy(e->other, picture, size * sizeof *picture);
    }
    for (size_t k = 0; k < size && st == IMP_OK; k++)
        sum += ((double)picture[k] - e->other[k]) * ((double)picture[k] - e->other[k]);
    s->variety += sqrt(sum / (double)size);
    return st;
}

static imp_status tell_fid(struct av_exam *e)
{
    const uint32_t n = e->n, half = n / 2, deep = (uint32_t)e->deep;
    double made, halves;
    imp_status st = av_frechet(e->made, e->real, n, n, deep, e->job, &made);
    if (st == IMP_OK)
        st = av_frechet(e->real, e->real + (size_t)half * deep, half, n - half, deep, e->job,
                        &halves);
    return st == IMP_OK ? av_say(e, "fid", "", made, halves) : st;
}

static imp_status tell(struct av_exam *e, const struct sums *s, imp_error *err)
{
    const struct av_traits *t = &e->card.traits;
    imp_status st = IMP_OK;
    (void)err;
    for (uint32_t k = 0; k < t->count && e->judge.run && st == IMP_OK; k++) {
        st = av_say(e, "control", t->all[k].name, s->hits[k] / s->asked[k], 1.0 / t->all[k].bins);
        if (st == IMP_OK && !t->all[k].choices[0])
            st = av_say(e, "correlation", t->all[k].name, av_correlation(&s->pairs[k]), NAN);
    }
    if (st == IMP_OK && e->judge.run)
        st = av_say(e, "collateral", "", s->others > 0 ? s->changed / s->others : NAN, NAN);
    for (uint32_t k = 0; k < t->count && e->judge.run && st == IMP_OK; k++)
        st = av_say(e, "control under a contrary style", t->all[k].name,
                    s->contrary[k] > 0 ? s->contrary_hits[k] / s->contrary[k] : NAN, NAN);
    if (st == IMP_OK)
        st = av_say(e, "style", "", s->style / s->styled / AV_STYLE_SIZE,
                    s->shuffled / s->styled / AV_STYLE_SIZE);
    if (st == IMP_OK)
        st = av_say(e, "contour", "", s->f1 / s->f1_seen, s->f1_shuffled / s->f1_seen);
    if (st == IMP_OK)
        st = av_say(e, "contour under another style", "", s->f1_style / s->f1_seen,
                    s->f1 / s->f1_seen);
    if (st == IMP_OK)
        st = av_say(e, "hue of the face in another style", "", s->hue_moved / e->n, NAN);
    if (st == IMP_OK && e->real && e->made)
        st = tell_fid(e);
    return st == IMP_OK ? av_say(e, "diversity", "", s->variety / e->n, NAN) : st;
}

imp_status av_measure_control(struct av_exam *e, imp_error *err)
{
    struct sums s = {.styled = 0};
    imp_status st = IMP_OK;
    for (uint32_t i = 0; i < e->n && st == IMP_OK; i++) {
        st = av_show(e, i, err);
        if (st == IMP_OK && e->judge.run)
            st = ask_other(e, i, &s, err);
        if (st == IMP_OK)
            st = take_style(e, i, &s, err);
        if (st == IMP_OK)
            st = contour(e, i, &s, err);
        if (st == IMP_OK)
            st = av_show(e, i, err);
        if (st == IMP_OK)
            st = variety(e, i, &s, err);
    }
    return st == IMP_OK ? tell(e, &s, err) : st;
}
