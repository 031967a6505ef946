/* school_judge.c - the first stage: what attributes and lines look like. */
#include "school.h"

/* Mean square of lines against the drawing at half its size. */
static double line_loss(struct av_school *s, const float *lines, uint32_t n)
{
    const size_t size = (size_t)(s->side / 2) * (s->side / 2), count = n * size;
    double sum = 0;
    av_half(s->lessons.lines, n, s->side, s->lines);
    for (size_t i = 0; i < count; i++) {
        const double d = (double)lines[i] - s->lines[i];
        sum += d * d;
        s->lines[i] = (float)(20 * d / (double)count);
    }
    return sum / (double)count;
}

imp_status av_judge_step(struct av_school *s, imp_error *err)
{
    const struct av_traits *t = s->p->traits;
    const av_lessons *l = &s->lessons;
    const av_size photo = {l->n, 3, s->side, s->side}, answer = {l->n, t->width, 0, 0},
                  line = {l->n, 1, s->side / 2, s->side / 2};
    const float *answers, *lines;
    imp_status st = av_training(&s->judge, true, err);
    if (st == IMP_OK)
        st = av_forget(&s->judge, err);
    if (st == IMP_OK)
        st = av_put(&s->judge, "photo", photo, l->x, err);
    if (st == IMP_OK)
        st = av_get(&s->judge, "answers", (size_t)l->n * t->width, s->job, &answers, err);
    if (st == IMP_OK)
        st = av_get(&s->judge, "lines", (size_t)l->n * line.h * line.w, s->job, &lines, err);
    if (st != IMP_OK)
        return st;
    av_count(s, AV_CONTROL, av_judge_loss(t, answers, l->y, l->known, l->n, 1, s->answers));
    av_count(s, AV_CONTOUR, line_loss(s, lines, l->n));
    st = av_seed(&s->judge, "answers", answer, s->answers, err);
    if (st == IMP_OK)
        st = av_seed(&s->judge, "lines", line, s->lines, err);
    if (st == IMP_OK)
        st = av_back(&s->judge, NULL, 0, s->job, NULL, err);
    return st == IMP_OK ? av_step(&s->judge, 2 * av_rate_of(s->p, s->now.step), 5, err) : st;
}
