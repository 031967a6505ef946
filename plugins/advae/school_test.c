/* school_test.c - a row of the history: the means since the last one, a test, and a sheet of
 * pictures. */
#include "school.h"
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { TESTED = 64, SHOWN = 8, ROWS = 4 };

static double psnr(double mean_square) /* of numbers -1..1 */
{
    return mean_square > 0 ? 10 * kit_log10(4 / mean_square) : 100;
}

static double mean_square(const float *x, const float *t, size_t count)
{
    double sum = 0;
    for (size_t i = 0; i < count; i++)
        sum += ((double)x[i] - t[i]) * ((double)x[i] - t[i]);
    return sum / (double)count;
}

/* The share of the most frequent bin of every trait, the mean over traits: what guessing reaches.
 */
static double majority(const struct av_traits *t, uint64_t counts[][AV_WIDTH])
{
    double sum = 0;
    for (uint32_t j = 0; j < t->count; j++) {
        uint64_t most = 0, all = 0;
        for (uint32_t k = 0; k < t->all[j].bins; k++)
            all += counts[j][k], most = counts[j][k] > most ? counts[j][k] : most;
        sum += all ? (double)most / (double)all : 0;
    }
    return sum / t->count;
}

struct test { /* sums over the test's batches */
    double square;
    uint64_t batches, hits[AV_TRAITS], seen[AV_TRAITS], control, controlled;
    uint64_t counts[AV_TRAITS][AV_WIDTH];
};

static imp_status code_of(struct av_school *s, imp_error *err)
{
    const av_lessons *l = &s->lessons;
    const size_t count = (size_t)l->n * s->p->latent;
    const float *mu;
    imp_status st = av_put(&s->encoder, "photo", (av_size){l->n, 3, s->side, s->side}, l->x, err);
    if (st == IMP_OK)
        st = av_get(&s->encoder, "mu", count, s->job, &mu, err);
    if (st == IMP_OK)
        memcpy(s->z, mu, count * sizeof *mu);
    return st;
}

/* Stage 1: the photo back from code and attributes; what the adversary guesses from the code. */
static imp_status test_code(struct av_school *s, struct test *t, const float **picture,
                            imp_error *err)
{
    const av_lessons *l = &s->lessons;
    const struct av_traits *traits = s->p->traits;
    const size_t size = (size_t)l->n * 3 * s->small * s->small;
    const float *truth = l->x, *guess;
    if (s->small != s->side)
        av_half(l->x, 3 * l->n, s->side, s->small_x), truth = s->small_x;
    memcpy(s->y, l->y, (size_t)l->n * traits->width * sizeof *s->y);
    if (s->p->way == AV_NONE)
        memset(s->y, 0, (size_t)l->n * traits->width * sizeof *s->y);
    imp_status st = av_put(&s->generator, "z", (av_size){l->n, s->p->latent, 0, 0}, s->z, err);
    if (st == IMP_OK)
        st = av_put(&s->generator, "y", (av_size){l->n, traits->width, 0, 0}, s->y, err);
    if (st == IMP_OK)
        st = av_get(&s->generator, "picture", size, s->job, picture, err);
    if (st != IMP_OK)
        return st;
    t->square += mean_square(*picture, truth, size);
    st = av_training(&s->adversary, false, err);
    if (st == IMP_OK)
        st = av_put(&s->adversary, "z", (av_size){l->n, s->p->latent, 0, 0}, s->z, err);
    if (st == IMP_OK)
        st = av_get(&s->adversary, "guess", (size_t)l->n * traits->bins, s->job, &guess, err);
    if (st == IMP_OK)
        av_adversary_hits(traits, guess, l->y, l->known, l->n, t->hits, t->seen);
    for (uint32_t i = 0; i < l->n; i++)
        for (uint32_t j = 0; j < traits->count; j++)
            t->counts[j][av_trait_bin(&traits->all[j], l->y + (size_t)i * traits->width)] +=
                l->known[i * traits->count + j] > 0;
    return st;
}

static imp_status synth(struct av_school *s, const float *z, const float *y, const float **picture,
                        imp_error *err)
{
    const av_lessons *l = &s->lessons;
    imp_status st = av_put(&s->synth, "drawing", (av_size){l->n, 1, s->side, s->side}, l->s, err);
    if (st == IMP_OK)
        st = av_put(&s->synth, "z", (av_size){l->n, s->p->latent, 0, 0}, z, err);
    if (st == IMP_OK)
        st = av_put(&s->synth, "y", (av_size){l->n, s->p->traits->width, 0, 0}, y, err);
    return st == IMP_OK ? av_get(&s->synth, "picture", (size_t)l->n * 3 * s->side * s->side, s->job,
                                 picture, err)
                        : st;
}

/* Hits of the judge on a picture against the attributes in s->y; numbers count as right in their
 * bin. */
static imp_status judged(struct av_school *s, const float *picture, uint64_t *hits, uint64_t *seen,
                         imp_error *err)
{
    const av_lessons *l = &s->lessons;
    const struct av_traits *t = s->p->traits;
    const float *answers;
    imp_status st = av_training(&s->judge, false, err);
    if (st == IMP_OK)
        st = av_put(&s->judge, "photo", (av_size){l->n, 3, s->side, s->side}, picture, err);
    if (st == IMP_OK)
        st = av_get(&s->judge, "answers", (size_t)l->n * t->width, s->job, &answers, err);
    for (uint32_t i = 0; i < l->n && st == IMP_OK; i++)
        for (uint32_t j = 0; j < t->count; j++, ++*seen)
            *hits += av_trait_bin(&t->all[j], answers + (size_t)i * t->width) ==
                     av_trait_bin(&t->all[j], s->y + (size_t)i * t->width);
    return st;
}

/* Stage 2: the photo back from its drawing, code and attributes; then attributes drawn, codes of
 * nobody. */
static imp_status test_synth(struct av_school *s, struct test *t, uint64_t first, imp_image *sheet,
                             void (*show)(imp_image *, uint32_t, const struct av_school *,
                                          const float *),
                             imp_error *err)
{
    const av_lessons *l = &s->lessons;
    const size_t size = (size_t)l->n * 3 * s->side * s->side;
    const float *picture;
    imp_status st = synth(s, s->z, l->y, &picture, err);
    if (st != IMP_OK)
        return st;
    t->square += mean_square(picture, l->x, size);
    if (sheet)
        show(sheet, 2, s, picture);
    kit_normals(s->p->seed, 0x746573, first * s->p->latent, (size_t)l->n * s->p->latent, s->eps);
    for (uint32_t i = 0; i < l->n; i++)
        av_traits_draw(s->p->traits, s->p->seed + 1, first + i,
                       s->y + (size_t)i * s->p->traits->width);
    st = synth(s, s->eps, s->y, &picture, err);
    if (st != IMP_OK)
        return st;
    if (sheet)
        show(sheet, 3, s, picture);
    return judged(s, picture, &t->control, &t->controlled, err);
}

/* ---- the sheet: drawings, photos, photos back, attributes drawn ---- */

static void show(imp_image *sheet, uint32_t row, const struct av_school *s, const float *x)
{
    for (uint32_t i = 0; i < SHOWN && i < s->lessons.n; i++)
        for (uint32_t c = 0; c < 3; c++)
            for (uint32_t y = 0; y < s->side; y++)
                for (uint32_t k = 0; k < s->side; k++)
                    imp_row_out(sheet, c, row * s->side + y)[i * s->side + k] =
                        0.5f + 0.5f * x[(((size_t)i * 3 + c) * s->side + y) * s->side + k];
}

static void show_lines(imp_image *sheet, const struct av_school *s)
{
    for (uint32_t i = 0; i < SHOWN && i < s->lessons.n; i++)
        for (uint32_t c = 0; c < 3; c++)
            for (uint32_t y = 0; y < s->side; y++)
                for (uint32_t k = 0; k < s->side; k++)
                    imp_row_out(sheet, c, y)[i * s->side + k] =
                        1 - s->lessons.s[((size_t)i * s->side + y) * s->side + k];
}

/* Small pictures of stage 1, enlarged by repeating. */
static void show_small(imp_image *sheet, const struct av_school *s, const float *x)
{
    const uint32_t times = s->side / s->small;
    for (uint32_t i = 0; i < SHOWN && i < s->lessons.n; i++)
        for (uint32_t c = 0; c < 3; c++)
            for (uint32_t y = 0; y < s->side; y++)
                for (uint32_t k = 0; k < s->side; k++)
                    imp_row_out(sheet, c, 2 * s->side + y)[i * s->side + k] =
                        0.5f +
                        0.5f *
                            x[(((size_t)i * 3 + c) * s->small + y / times) * s->small + k / times];
}

/* ---- the row ---- */

/* One batch of the test; batches are all of one size, since networks with several inputs are told
 * it one by one. */
static imp_status test_batch(struct av_school *s, enum av_stage stage, uint64_t at, struct test *t,
                             imp_error *err)
{
    imp_image *sheet = at ? NULL : s->sheet;
    const uint32_t n = s->lessons.n;
    const float *picture;
    if (sheet)
        show_lines(sheet, s), show(sheet, 1, s, s->lessons.x);
    if (stage == AV_JUDGING) {
        memcpy(s->y, s->lessons.y, (size_t)n * s->p->traits->width * sizeof *s->y);
        return judged(s, s->lessons.x, &t->control, &t->controlled, err);
    }
    imp_status st = code_of(s, err);
    if (st == IMP_OK && stage == AV_CODING && (st = test_code(s, t, &picture, err)) == IMP_OK &&
        sheet)
        show_small(sheet, s, picture);
    if (st == IMP_OK && stage == AV_DRAWING)
        st = test_synth(s, t, at, sheet, show, err);
    return st;
}

static imp_status test(struct av_school *s, enum av_stage stage, struct test *t, imp_error *err)
{
    const imp_dataset *d = s->p->test ? s->p->test : s->p->train;
    const uint32_t n = s->p->batch;
    uint64_t *order = malloc(n * sizeof *order);
    imp_status st = order ? IMP_OK : imp_fail(err, IMP_E_MEMORY, "no memory for a test");
    s->lessons.data = d;
    for (uint64_t at = 0; at < TESTED && (!at || at < d->count) && st == IMP_OK;
         at += n, t->batches++) {
        for (uint32_t i = 0; i < n; i++)
            order[i] = (at + i) % d->count;
        st = av_lessons_read(&s->lessons, order, 0, n, NULL, 0, s->job, err);
        if (st == IMP_OK)
            st = test_batch(s, stage, at, t, err);
    }
    s->lessons.data = s->p->train;
    free(order);
    return st;
}

static void say(const struct av_school *s, const struct av_row *r)
{
    static const char *const stages[] = {"judge", "vae", "synth"};
    static const char *const names[] = {"pixels",  "features", "kl",      "guess", "removal",
                                        "control", "contour",  "patches", "stay",  "form"};
    char line[400];
    int n = snprintf(line, sizeof line, "%s step %" PRIu64 ":", stages[r->stage], r->step);
    for (uint32_t k = 0; k < AV_FIGURES && n > 0 && (size_t)n < sizeof line; k++)
        if (!isnan(r->figures[k]))
            n += snprintf(line + n, sizeof line - (size_t)n, " %s %.4g", names[k], r->figures[k]);
    if (n > 0 && (size_t)n < sizeof line)
        snprintf(line + n, sizeof line - (size_t)n, "; psnr %.2f leak %.3f accuracy %.3f", r->psnr,
                 r->leak, r->accuracy);
    if (s->p->note)
        s->p->note(s->p->note_user, line);
}

imp_status av_row_of(struct av_school *s, enum av_stage stage, imp_error *err)
{
    struct test *t = calloc(1, sizeof *t);
    if (!s->sheet)
        s->sheet = kit_image_new(SHOWN * s->side, ROWS * s->side, 3, IMP_SRGB);
    imp_status st =
        t && s->sheet ? av_row_room(s, err) : imp_fail(err, IMP_E_MEMORY, "no memory for a test");
    if (st == IMP_OK)
        st = test(s, stage, t, err);
    if (st == IMP_OK) {
        struct av_row *r = &s->rows[s->now.row_count++];
        *r = (struct av_row){.step = s->now.step,
                             .stage = stage,
                             .rate = s->now.step ? av_rate_of(s->p, s->now.step - 1) : 0,
                             .psnr = stage ? psnr(t->square / (double)t->batches) : NAN,
                             .leak = NAN,
                             .accuracy =
                                 t->controlled ? (double)t->control / (double)t->controlled : NAN};
        double hits = 0;
        for (uint32_t j = 0; j < s->p->traits->count; j++)
            hits += t->seen[j] ? (double)t->hits[j] / (double)t->seen[j] : 0;
        if (stage == AV_CODING)
            r->leak = hits / s->p->traits->count - majority(s->p->traits, t->counts);
        for (uint32_t k = 0; k < AV_FIGURES; k++) {
            r->figures[k] = s->now.seen[k] ? s->now.sums[k] / (double)s->now.seen[k] : NAN;
            s->now.sums[k] = 0, s->now.seen[k] = 0;
        }
        say(s, r);
    }
    free(t);
    return st == IMP_OK && s->job->preview ? s->job->preview(s->job, s->sheet) : st;
}
