/* measure_all.c - every sample once: its code, the judge's answers, the colours around the face;
 * how like the photo made again is. */
#include "measure.h"
#include "metrics.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

void av_pair(struct av_pairs *p, double a, double b)
{
    p->n++, p->a += a, p->b += b, p->aa += a * a, p->bb += b * b, p->ab += a * b;
}

double av_correlation(const struct av_pairs *p)
{
    const double va = p->aa - p->a * p->a / p->n, vb = p->bb - p->b * p->b / p->n;
    return p->n > 0 && va > 0 && vb > 0 ? (p->ab - p->a * p->b / p->n) / sqrt(va * vb) : 0;
}

imp_status av_show(struct av_exam *e, uint64_t i, imp_error *err)
{
    const imp_status st = e->job->progress(e->job, -1, NULL);
    e->at = i;
    return st == IMP_OK ? av_lessons_read(&e->lessons, NULL, i, 1, NULL, 0, e->job, err) : st;
}

imp_status av_make(struct av_exam *e, const float *s, const float *z, const float *y,
                   const float **picture, imp_error *err)
{
    av_link *net = &e->net;
    float asked[AV_WIDTH];
    bool failed = false;
    const av_kind kind = av_kind_of(s, e->side);
    if (e->inside.count && av_is_outline(&kind)) {
        memcpy(e->filled, s, (size_t)e->side * e->side * sizeof *s);
        memcpy(asked, y, e->card.traits.width * sizeof *y);
        av_inside_draw(&e->inside, &e->card.traits, e->seed + e->at, e->filled, asked, &failed);
        s = e->filled, y = asked;
    }
    imp_status st =
        failed ? imp_fail(err, IMP_E_MEMORY, "no memory for an outline")
               : av_put(net, "generator.drawing", (av_size){1, 1, e->side, e->side}, s, err);
    if (st == IMP_OK)
        st = av_put(net, "generator.z", (av_size){1, e->card.latent, 0, 0}, z, err);
    if (st == IMP_OK)
        st = av_put(net, "generator.y", (av_size){1, e->card.traits.width, 0, 0}, y, err);
    return st == IMP_OK ? av_get(net, "generator.picture", (size_t)3 * e->side * e->side, e->job,
                                 picture, err)
                        : st;
}

imp_status av_ask_judge(struct av_exam *e, const float *picture, const float **answers,
                        imp_error *err)
{
    const imp_status st =
        av_put(&e->judge, "photo", (av_size){1, 3, e->side, e->side}, picture, err);
    return st == IMP_OK ? av_get(&e->judge, "answers", e->card.traits.width, e->job, answers, err)
                        : st;
}

imp_status av_keep_deep(struct av_exam *e, float **rows, uint32_t i, imp_error *err)
{
    static const char layer[] = "act_wide";
    const imp_nn_model_1 *models = e->self->nn.model.table;
    uint32_t node;
    size_t count;
    const float *data;
    if (models->find(e->self->nn.model.self, e->judge.model, layer, &node, NULL) != IMP_OK)
        return IMP_OK;
    const imp_status st = av_read(&e->judge, layer, &count, e->job, &data, err);
    if (st != IMP_OK)
        return st;
    if (!*rows)
        e->deep = count, *rows = malloc((size_t)e->n * count * sizeof **rows);
    if (!*rows)
        return imp_fail(err, IMP_E_MEMORY, "no memory for what the judge sees of %u faces", e->n);
    memcpy(*rows + (size_t)i * e->deep, data, e->deep * sizeof *data);
    return IMP_OK;
}

bool av_in_face(uint32_t side, uint32_t x, uint32_t y)
{
    const double dx = (x + 0.5) / side - 0.5, dy = (y + 0.5) / side - 0.55;
    return dx * dx / (0.42 * 0.42) + dy * dy / (0.5 * 0.5) < 1;
}

void av_style(uint32_t side, const float *x, float *out)
{
    const uint32_t cell = side / AV_STYLE_SIDE;
    memset(out, 0, AV_STYLE_SIZE * sizeof *out);
    for (uint32_t v = 0; v < AV_STYLE_SIDE; v++)
        for (uint32_t u = 0; u < AV_STYLE_SIDE; u++) {
            if (av_in_face(AV_STYLE_SIDE, u, v))
                continue;
            for (uint32_t c = 0; c < 3; c++) {
                double sum = 0;
                for (uint32_t y = 0; y < cell; y++)
                    for (uint32_t i = 0; i < cell; i++)
                        sum += x[((size_t)c * side + v * cell + y) * side + u * cell + i];
                out[(c * AV_STYLE_SIDE + v) * AV_STYLE_SIDE + u] = (float)(sum / cell / cell);
            }
        }
}

/* Relative distance of features of a layer: ||f - t||^2 / ||t||^2. */
static imp_status features(struct av_exam *e, const float *x, float *keep, size_t room,
                           size_t *count, double *distance, imp_error *err)
{
    const kit_sight *s = e->sight;
    imp_image *m = kit_image_new(e->side, e->side, 3, IMP_SRGB);
    size_t used = 0;
    uint32_t w, h; /* of the picture, or the one size that the network takes */
    kit_sight_size(s, e->side, e->side, &w, &h);
    imp_status st = m ? IMP_OK : imp_fail(err, IMP_E_MEMORY, "no memory for a picture");
    for (uint32_t c = 0; c < 3 && st == IMP_OK; c++)
        for (uint32_t y = 0; y < e->side; y++)
            for (uint32_t i = 0; i < e->side; i++)
                imp_row_out(m, c, y)[i] = 0.5f + 0.5f * x[((size_t)c * e->side + y) * e->side + i];
    if (st == IMP_OK)
        st = kit_sight_look(s, e->look.run, m, w, h, e->job, err);
    for (uint32_t k = 0; k < e->layer_count && st == IMP_OK; k++) {
        kit_code code;
        if ((st = kit_sight_code(s, e->look.run, e->layers[k], e->job, &code, err)) != IMP_OK)
            break;
        const size_t n = (size_t)code.c * code.h * code.w;
        double off = 0, norm = 0;
        for (size_t i = 0; i < n && keep && used + n <= room; i++) {
            if (distance)
                off += ((double)code.data[i] - keep[used + i]) *
                       ((double)code.data[i] - keep[used + i]),
                    norm += (double)keep[used + i] * keep[used + i];
            else
                keep[used + i] = code.data[i];
        }
        if (distance)
            *distance += norm > 0 ? off / norm / e->layer_count : 0;
        used += n;
    }
    *count = used;
    kit_image_free(m);
    return st;
}

static imp_status likeness(struct av_exam *e, const float *picture, double sums[3], imp_error *err)
{
    const size_t plane = (size_t)e->side * e->side;
    const float *x = e->lessons.x;
    sums[0] += av_psnr(picture, x, 3 * plane);
    for (uint32_t c = 0; c < 3; c++)
        sums[1] += av_ssim(picture + c * plane, x + c * plane, e->side) / 3;
    if (!e->sight)
        return IMP_OK;
    size_t count = 0, again;
    memcpy(e->picture, picture, 3 * plane * sizeof *picture);
    imp_status st = features(e, x, NULL, 0, &count, NULL, err);
    if (st == IMP_OK && count > e->map_room) {
        float *more = realloc(e->maps, count * sizeof *more);
        if (!more)
            return imp_fail(err, IMP_E_MEMORY, "no memory for features");
        e->maps = more, e->map_room = count;
    }
    if (st == IMP_OK)
        st = features(e, x, e->maps, count, &again, NULL, err);
    if (st == IMP_OK)
        st = features(e, e->picture, e->maps, count, &again, &sums[2], err);
    return st;
}

imp_status av_look_at_all(struct av_exam *e, imp_error *err)
{
    const struct av_traits *t = &e->card.traits;
    double sums[3] = {0};
    uint64_t right[AV_TRAITS] = {0}, seen[AV_TRAITS] = {0};
    struct av_pairs pairs[AV_TRAITS] = {{0}};
    for (uint32_t i = 0; i < e->n; i++) {
        const float *mu, *answers, *picture;
        imp_status st = av_show(e, i, err);
        if (st == IMP_OK)
            st = av_put(&e->net, "encoder.photo", (av_size){1, 3, e->side, e->side}, e->lessons.x,
                        err);
        if (st == IMP_OK)
            st = av_get(&e->net, "encoder.mu", e->card.latent, e->job, &mu, err);
        if (st != IMP_OK)
            return st;
        memcpy(e->mu + (size_t)i * e->card.latent, mu, e->card.latent * sizeof *mu);
        memcpy(e->y + (size_t)i * t->width, e->lessons.y, t->width * sizeof(float));
        memcpy(e->known + (size_t)i * t->count, e->lessons.known, t->count * sizeof(float));
        av_style(e->side, e->lessons.x, e->style + (size_t)i * AV_STYLE_SIZE);
        if (e->judge.run && (st = av_ask_judge(e, e->lessons.x, &answers, err)) == IMP_OK) {
            for (uint32_t k = 0; k < t->count; k++) {
                const struct av_trait *a = &t->all[k];
                if (!(e->lessons.known[k] > 0))
                    continue;
                seen[k]++, right[k] += av_trait_bin(a, answers) == av_trait_bin(a, e->lessons.y);
                av_pair(&pairs[k], (double)e->lessons.y[a->at], (double)answers[a->at]);
            }
            st = av_keep_deep(e, &e->real, i, err);
        }
        if (st == IMP_OK)
            st = av_make(e, e->lessons.s, e->mu + (size_t)i * e->card.latent, e->lessons.y,
                         &picture, err);
        if (st == IMP_OK)
            st = likeness(e, picture, sums, err);
        if (st != IMP_OK)
            return st;
    }
    imp_status st = av_say(e, "psnr", "", sums[0] / e->n, NAN);
    if (st == IMP_OK)
        st = av_say(e, "ssim", "", sums[1] / e->n, NAN);
    if (st == IMP_OK && e->sight)
        st = av_say(e, "features", "", sums[2] / e->n, NAN);
    for (uint32_t k = 0; k < t->count && e->judge.run && st == IMP_OK; k++) {
        const char *name = t->all[k].name;
        st = av_say(e, "judge", name, seen[k] ? (double)right[k] / (double)seen[k] : NAN, NAN);
        if (st == IMP_OK && !t->all[k].choices[0])
            st = av_say(e, "judge's correlation", name, av_correlation(&pairs[k]), NAN);
    }
    return st;
}
