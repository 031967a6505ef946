/* school.c - the loop of an AD-VAE's training. */
#include "kinds.h"
#include "school.h"
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum av_stage av_stage_of(const struct av_plan *p, uint64_t step, uint64_t *within)
{
    uint32_t stage = AV_JUDGING;
    while (stage < AV_DRAWING && step >= p->steps[stage])
        step -= p->steps[stage++];
    *within = step;
    return stage;
}

static uint64_t all_steps(const struct av_plan *p)
{
    return p->steps[AV_JUDGING] + p->steps[AV_CODING] + p->steps[AV_DRAWING];
}

double av_rate_of(const struct av_plan *p, uint64_t step)
{
    uint64_t within;
    const enum av_stage stage = av_stage_of(p, step, &within);
    const kit_schedule s = {.rule = KIT_COSINE,
                            .rate = p->rate,
                            .steps = p->steps[stage],
                            .last = 0.05,
                            .warm_up = p->steps[stage] / 50};
    return kit_schedule_rate(&s, within);
}

void av_count(struct av_school *s, enum av_figure k, double value)
{
    s->now.sums[k] += value;
    s->now.seen[k]++;
}

/* ---- beginning and end ---- */

static float *numbers(size_t count, size_t size)
{
    const size_t bytes = kit_bytes(kit_bytes(count, size), sizeof(float));
    return bytes ? calloc(1, bytes) : NULL;
}

static imp_status buffers(struct av_school *s, imp_error *err)
{
    const struct av_plan *p = s->p;
    const size_t n = p->batch, plane = (size_t)s->side * s->side,
                 answers = p->traits->width > p->traits->bins ? p->traits->width : p->traits->bins;
    float **const codes[] = {&s->z, &s->eps, &s->mu, &s->dz, &s->dmu, &s->dlv, &s->full};
    bool fine = true;
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++)
        fine = (*codes[i] = numbers(n, p->latent)) && fine;
    s->y = numbers(n, p->traits->width), s->dy = numbers(n, p->traits->width);
    s->wanted = numbers(n, p->traits->width);
    s->known = numbers(n, p->traits->count);
    s->picture = numbers(n, 3 * plane), s->gradient = numbers(n, 3 * plane);
    s->small_x = numbers(n, 3 * plane / 4), s->lines = numbers(n, plane / 4);
    s->crop = numbers(n, plane), s->crop_gradient = numbers(n, plane);
    s->answers = numbers(n, answers), s->apart = numbers(1, plane);
    s->order = malloc((size_t)p->train->count * sizeof *s->order);
    if (!(fine && s->y && s->wanted && s->dy && s->known && s->picture && s->gradient &&
          s->small_x && s->lines && s->crop && s->crop_gradient && s->answers && s->apart &&
          s->order))
        return imp_fail(err, IMP_E_MEMORY, "no memory for a batch of %u", p->batch);
    s->order_of = UINT64_MAX;
    return av_lessons_new(&s->lessons, p->train, p->traits, p->batch, err);
}

static imp_status build(struct av_school *s, av_link *l, enum av_net which, uint32_t side,
                        uint32_t drawing, imp_error *err)
{
    const struct av_plan *p = s->p;
    const struct av_form f = {.side = side,
                              .latent = p->latent,
                              .width = p->traits->width,
                              .bins = p->traits->bins,
                              .drawing = drawing,
                              .coarse = which == AV_ENCODER && side > 64 ? 1 : 0,
                              .maps = p->maps};
    imp_status st =
        av_link_build(l, p->nn, av_net_text(which, &f), p->seed + which + 7 * drawing, err);
    if (st == IMP_OK && which == AV_GENERATOR)
        st = av_soften(l, "gain", 0.1f, err);
    return st == IMP_OK && which == AV_GENERATOR ? av_soften(l, "shift", 0.1f, err) : st;
}

/* Encoder and generators begin as another model's, as far as names and shapes agree. */
static imp_status take_over(struct av_school *s, imp_error *err)
{
    const struct av_plan *p = s->p;
    const imp_nn_train_1 *trains = p->nn->train.table;
    av_link from = {.nn = p->nn};
    uint32_t encoder = 0, generator = 0, early = 0;
    if (!p->begin)
        return IMP_OK;
    imp_status st = trains->trainer_new(p->nn->train.self, p->begin, 0, &from.trainer, err);
    if (st == IMP_OK)
        st = av_inherit(&s->encoder, &from, "encoder.", &encoder, err);
    if (st == IMP_OK)
        st = av_inherit(&s->synth, &from, "generator.", &generator, err);
    if (st == IMP_OK)
        st = av_inherit(&s->generator, &from, "generator.", &early, err);
    if (st == IMP_OK && (!encoder || !generator))
        st = imp_fail(err, IMP_E_INPUT,
                      "nothing of the model to begin with fits: another size, or other maps");
    av_link_close(&from);
    return st;
}

static imp_status begin(struct av_school *s, imp_error *err)
{
    const struct av_plan *p = s->p;
    const imp_nn_model_1 *models = p->nn->model.table;
    s->side = p->train->width, s->small = s->side > 64 ? s->side / 2 : s->side;
    imp_status st = buffers(s, err);
    if (st == IMP_OK && p->judge)
        st = models->retain(p->nn->model.self, p->judge, err);
    if (st == IMP_OK)
        st = p->judge ? av_link_still(&s->judge, p->nn, p->judge, 0, err)
                      : build(s, &s->judge, AV_JUDGE, s->side, 0, err);
    if (st == IMP_OK)
        st = build(s, &s->encoder, AV_ENCODER, s->side, 0, err);
    if (st == IMP_OK)
        st = build(s, &s->generator, AV_GENERATOR, s->small, 0, err);
    if (st == IMP_OK)
        st = build(s, &s->adversary, AV_ADVERSARY, s->side, 0, err);
    if (st == IMP_OK)
        st = build(s, &s->synth, AV_GENERATOR, s->side, 1, err);
    if (st == IMP_OK && p->patches > 0)
        st = build(s, &s->patches, AV_PATCHES, s->side, 0, err);
    if (st == IMP_OK)
        st = take_over(s, err);
    if (st == IMP_OK && p->sight) {
        st = models->retain(p->nn->model.self, p->sight->model, err);
        if (st == IMP_OK)
            st = av_link_still(&s->features, p->nn, p->sight->model, 0, err);
    }
    return st;
}

static void end(struct av_school *s)
{
    av_link *const links[] = {&s->judge, &s->encoder, &s->generator, &s->adversary,
                              &s->synth, &s->patches, &s->features};
    float *const all[] = {
        s->z,        s->eps,     s->mu,      s->dz,    s->dmu,     s->dlv,  s->full,
        s->dy,       s->wanted,  s->y,       s->known, s->picture, s->crop, s->crop_gradient,
        s->gradient, s->small_x, s->answers, s->lines, s->maps,    s->apart};
    for (size_t i = 0; i < sizeof links / sizeof *links; i++)
        if (links[i]->nn)
            av_link_close(links[i]);
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        free(all[i]);
    free(s->order);
    if (s->lessons.data)
        av_lessons_free(&s->lessons);
}

/* ---- the loop ---- */

/* What changes between stages; asked at the first step of one, and after a checkpoint was read. */
static imp_status enter(struct av_school *s, imp_error *err)
{
    uint64_t within;
    const enum av_stage stage = av_stage_of(s->p, s->now.step, &within);
    imp_status st = IMP_OK;
    if (stage > AV_JUDGING)
        st = av_link_freeze(&s->judge, err);
    if (st == IMP_OK && stage == AV_DRAWING && within == 0)
        st = av_synth_begin(s, err);
    else if (st == IMP_OK && stage == AV_DRAWING)
        st = av_link_freeze(&s->encoder, err);
    if (st == IMP_OK && stage == AV_DRAWING)
        st = av_stay_begin(s, err);
    return st;
}

static imp_status one_step(struct av_school *s, imp_error *err)
{
    const struct av_plan *p = s->p;
    uint64_t within;
    const enum av_stage stage = av_stage_of(p, s->now.step, &within);
    const av_disturb how = {p->seed, 1, 0, 5, 0.06, 3 + 0.02 * s->side, p->gaps};
    if (s->now.at + p->batch > p->train->count)
        s->now.at = 0, s->now.epoch++;
    if (s->order_of != s->now.epoch)
        kit_shuffle(p->seed, s->order_of = s->now.epoch, p->train->count, s->order);
    imp_status st = within == 0 ? enter(s, err) : IMP_OK;
    if (st == IMP_OK)
        st = av_lessons_read(&s->lessons, s->order, s->now.at, p->batch, &how, s->now.epoch, s->job,
                             err);
    if (st == IMP_OK)
        st = stage == AV_JUDGING  ? av_judge_step(s, err)
             : stage == AV_CODING ? av_vae_step(s, within, err)
                                  : av_synth_step(s, within, err);
    if (st != IMP_OK)
        return st;
    s->now.step++, s->now.at += p->batch;
    for (uint32_t k = 0; k < AV_FIGURES; k++)
        if (!isfinite(s->now.sums[k]))
            return imp_fail(err, IMP_E_FAILED,
                            "the loss is no number at step %" PRIu64 ": lower rate (%g, say)",
                            s->now.step, p->rate / 5);
    return IMP_OK;
}

/* How far it is, and how long it takes: seconds of steps of the stage so far. */
static imp_status tell(const struct av_school *s, const struct timespec *from, uint64_t first)
{
    static const char *const names[] = {"judge", "vae", "synth"};
    const struct av_plan *p = s->p;
    char phase[200];
    struct timespec t;
    uint64_t within;
    const enum av_stage stage = av_stage_of(p, s->now.step - 1, &within);
    clock_gettime(CLOCK_MONOTONIC, &t);
    const double seconds =
        (double)(t.tv_sec - from->tv_sec) + 1e-9 * (double)(t.tv_nsec - from->tv_nsec);
    const double each = seconds / (double)(s->now.step - first);
    const struct av_row *r = s->now.row_count ? &s->rows[s->now.row_count - 1] : NULL;
    int n =
        snprintf(phase, sizeof phase, "%s %" PRIu64 "/%" PRIu64 ", %.1f images/s, %.0f min left",
                 names[stage], within + 1, p->steps[stage], p->batch / each,
                 ceil(each * (double)(p->steps[stage] - within - 1) / 60));
    if (r && r->stage == stage && n > 0)
        snprintf(phase + n, sizeof phase - (size_t)n, ": %.1f dB, leak %.0f, control %.0f %%",
                 r->psnr, 100 * r->leak, 100 * r->accuracy);
    return s->job->progress(s->job, (double)s->now.step / (double)all_steps(p), phase);
}

static double since(const struct timespec *t)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)(now.tv_sec - t->tv_sec) + 1e-9 * (double)(now.tv_nsec - t->tv_nsec);
}

static imp_status run(struct av_school *s, imp_error *err)
{
    struct timespec from, kept;
    uint64_t first = s->now.step, within;
    enum av_stage stage = av_stage_of(s->p, first, &within);
    imp_status st = enter(s, err);
    clock_gettime(CLOCK_MONOTONIC, &from);
    kept = from;
    while (st == IMP_OK && s->now.step < all_steps(s->p)) {
        const enum av_stage now = av_stage_of(s->p, s->now.step, &within);
        if (now != stage)
            stage = now, first = s->now.step, clock_gettime(CLOCK_MONOTONIC, &from);
        st = one_step(s, err);
        if (st == IMP_OK && ((within + 1) % s->p->every == 0 || within + 1 == s->p->steps[stage]))
            st = av_row_of(s, stage, err);
        if (st == IMP_OK && s->p->keep_seconds > 0 && since(&kept) >= s->p->keep_seconds) {
            st = av_keep(s, err);
            clock_gettime(CLOCK_MONOTONIC, &kept);
        }
        if (st == IMP_OK)
            st = tell(s, &from, first);
    }
    if (st == IMP_OK && !s->now.row_count) /* no steps: another model, told anew by these faces */
        st = av_row_of(s, AV_DRAWING, err);
    return st;
}

/* ---- what comes of it ---- */

/* Encoder and generator side by side, with what they are for as metadata. */
static imp_status result(struct av_school *s, imp_nn_model **out, imp_error *err)
{
    const struct av_plan *p = s->p;
    const imp_nn_train_1 *trains = p->nn->train.table;
    const imp_nn_model_1 *models = p->nn->model.table;
    void *self = p->nn->train.self;
    imp_nn_model *generator = NULL, *codes = NULL, *now = NULL;
    av_link styles = {.nn = NULL};
    char *traits = malloc(AV_LINE), drawing[AV_DRAWING_TEXT], kinds[AV_KINDS_TEXT] = "",
         shown[AV_TRAITS * AV_NAME] = "", *inside = NULL;
    imp_status st = traits ? av_keep_drawings(p, drawing, kinds, &inside, err)
                           : imp_fail(err, IMP_E_MEMORY, "no memory for the model's attributes");
    if (st == IMP_OK)
        av_traits_write(p->traits, traits);
    for (uint32_t k = 0; k < p->traits->count; k++)
        if (p->traits->all[k].shown)
            strcat(strcat(shown, *shown ? " " : ""), p->traits->all[k].name);
    const char *const meta[][2] = {{"title", "AD-VAE: a face from drawing, attributes and style"},
                                   {"format", "advae 1"},
                                   {"attributes", traits},
                                   {"drawing", drawing},
                                   {"kinds", kinds},
                                   {"shown", shown},
                                   {"inside", inside},
                                   {"input", "rgb"},
                                   {"range", "-1 1"}};
    if (st == IMP_OK)
        st = trains->snapshot(self, s->synth.trainer, &generator, err);
    if (st == IMP_OK)
        st = av_keep_codes(s, &styles, err);
    if (st == IMP_OK)
        st = trains->snapshot(self, styles.trainer, &codes, err);
    if (st == IMP_OK) {
        const imp_nn_model *const parts[] = {s->encoder.model, generator, codes};
        const char *const names[] = {"encoder", "generator", "styles"};
        st = trains->join(self, 3, parts, names, &now, err);
    }
    if (codes)
        models->release(p->nn->model.self, codes, NULL);
    if (styles.nn)
        av_link_close(&styles);
    for (size_t i = 0; i < sizeof meta / sizeof *meta && st == IMP_OK; i++) {
        if (!meta[i][1] || !*meta[i][1])
            continue;
        imp_nn_model *next = NULL;
        st = trains->with_meta(self, now, meta[i][0], meta[i][1], &next, err);
        if (st == IMP_OK)
            models->release(p->nn->model.self, now, NULL), now = next;
    }
    if (generator)
        models->release(p->nn->model.self, generator, NULL);
    if (st != IMP_OK && now)
        models->release(p->nn->model.self, now, NULL), now = NULL;
    free(traits), free(inside);
    *out = now;
    return st;
}

static imp_status judge_of(struct av_school *s, imp_nn_model **out, imp_error *err)
{
    const imp_nn_train_1 *trains = s->p->nn->train.table;
    const imp_nn_model_1 *models = s->p->nn->model.table;
    char *traits = malloc(AV_LINE);
    if (!traits)
        return imp_fail(err, IMP_E_MEMORY, "no memory for the judge's attributes");
    av_traits_write(s->p->traits, traits);
    imp_status st = av_link_freeze(&s->judge, err);
    if (st == IMP_OK)
        st =
            trains->with_meta(s->p->nn->train.self, s->judge.model, "attributes", traits, out, err);
    (void)models;
    free(traits);
    return st;
}

imp_status av_train_faces(const struct av_plan *p, imp_job *job, struct av_trained *out,
                          imp_error *err)
{
    struct av_school s = {.p = p, .job = job};
    *out = (struct av_trained){.model = NULL};
    imp_status st = begin(&s, err);
    if (st == IMP_OK)
        st = av_resume(&s, err);
    if (st == IMP_OK)
        st = run(&s, err);
    if (st == IMP_OK)
        st = av_link_freeze(&s.encoder, err);
    if (st == IMP_OK)
        st = result(&s, &out->model, err);
    if (st == IMP_OK && (st = judge_of(&s, &out->judge, err)) != IMP_OK) {
        const imp_nn_model_1 *models = p->nn->model.table;
        models->release(p->nn->model.self, out->model, NULL);
        out->model = NULL;
    }
    if (st == IMP_OK)
        out->rows = s.rows, out->count = s.now.row_count, out->sheet = s.sheet;
    else
        free(s.rows), kit_image_free(s.sheet);
    end(&s);
    return st;
}

/* ---- what it takes ---- */

/* Measured with the default networks and texel at 128 px, batches of 8: 1060 MB beside the data
 * set, of which about 140 are parameters, moments and gradients. */
uint64_t av_train_bytes(const struct av_plan *p)
{
    const double pictures = (double)p->batch * p->train->width * p->train->width / (128.0 * 128);
    return (uint64_t)(pictures * 115e6 * p->maps + 140e6 * p->maps * p->maps);
}

double av_train_macs(const struct av_plan *p)
{
    const double scale =
        p->batch * p->maps * p->maps * p->train->width * p->train->width / (128.0 * 128);
    return scale * (230e6 * (double)p->steps[AV_JUDGING] + 500e6 * (double)p->steps[AV_CODING] +
                    2000e6 * (double)p->steps[AV_DRAWING]);
}
