/* inv_learn_loop.c - a decoder learns to give pictures back:
 *
 *   x^ = D(Phi(x));   loss = mean (x^ - x)^2 + lambda ||Phi(x^) - Phi(x)||^2 / ||Phi(x)||^2
 *
 * (pixels and features read again: 1705.08086). The encoder stands still; its gradient by its own
 * input becomes the decoder's by its output. */
#include "inv_learn.h"
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define TABLE(s, part) ((s)->l->sight->nn->part.table)
#define SELF(s, part)  ((s)->l->sight->nn->part.self)

/* ---- values of networks ---- */

static imp_status feed(imp_nn_run *run, const struct inv_school *s, uint32_t node,
                       const int64_t shape[4], const float *data, imp_error *err)
{
    const imp_nn_model_1 *models = TABLE(s, model);
    union {
        const float *in;
        void *out;
    } numbers = {.in = data};
    const imp_tensor t = {.head = {sizeof t, IMP_TENSOR},
                          .dtype = IMP_F32,
                          .ndim = 4,
                          .shape = shape,
                          .data = numbers.out};
    return models->set_input(SELF(s, model), run, node, &t, err);
}

/* Evaluates a node; its packed numbers, `count` of them, in *data. */
static imp_status read(imp_nn_run *run, const struct inv_school *s, uint32_t node, size_t count,
                       const float **data, imp_error *err)
{
    const imp_nn_model_1 *models = TABLE(s, model);
    imp_tensor v = {.head = {sizeof v, IMP_TENSOR}};
    imp_status st = models->forward(SELF(s, model), run, node, s->job, err);
    if (st == IMP_OK)
        st = models->value(SELF(s, model), run, node, &v, err);
    if (st != IMP_OK)
        return st;
    size_t n = 1;
    for (uint32_t i = 0; i < v.ndim; i++)
        n *= (size_t)v.shape[i];
    if (n != count || v.strides)
        return imp_fail(err, IMP_E_INPUT, "a network gives %zu numbers where %zu were expected", n,
                        count);
    *data = v.data;
    return IMP_OK;
}

/* The layer's codes of n pictures of planes 0..1. */
static imp_status encode(struct inv_school *s, uint32_t n, const float *pixels, const float **codes,
                         imp_error *err)
{
    const kit_sight *sight = s->l->sight;
    const imp_dataset *d = s->l->train;
    const int64_t shape[] = {n, sight->channels, d->height, d->width};
    kit_planes_in(&sight->prepare.input, 0, 1, n, (size_t)d->height * d->width, pixels, s->input);
    const imp_status st = feed(s->encoder, s, sight->input, shape, s->input, err);
    return st == IMP_OK ? read(s->encoder, s, s->l->node, n * s->codes, codes, err) : st;
}

static imp_status decode(struct inv_school *s, uint32_t n, const float *codes, const float **pixels,
                         imp_error *err)
{
    const int64_t shape[] = {n, s->c, s->h, s->w};
    const imp_status st = feed(s->decoder, s, s->code_node, shape, codes, err);
    return st == IMP_OK ? read(s->decoder, s, s->out_node, n * s->pixels, pixels, err) : st;
}

/* ---- a step ---- */

/* Adds the features' part: the picture is encoded again, the way back ends at the encoder's input.
 */
static imp_status features_back(struct inv_school *s, uint32_t n, const float *picture,
                                double *loss, imp_error *err)
{
    const imp_nn_grad_1 *grads = TABLE(s, grad);
    const imp_dataset *d = s->l->train;
    const float *f;
    imp_tensor v = {.head = {sizeof v, IMP_TENSOR}};
    const int64_t shape[] = {n, s->c, s->h, s->w};
    imp_status st = encode(s, n, picture, &f, err);
    if (st != IMP_OK)
        return st;
    *loss = inv_feature_loss(f, s->target, n, s->codes, s->l->lambda, s->code_gradient);
    const imp_tensor t = {.head = {sizeof t, IMP_TENSOR},
                          .dtype = IMP_F32,
                          .ndim = 4,
                          .shape = shape,
                          .data = s->code_gradient};
    st = grads->seed(SELF(s, grad), s->encoder, s->l->node, &t, err);
    if (st == IMP_OK)
        st = grads->backward(SELF(s, grad), s->encoder, 1, &s->l->sight->input, s->job, err);
    if (st == IMP_OK)
        st = grads->gradient(SELF(s, grad), s->encoder, s->l->sight->input, &v, err);
    if (st == IMP_OK && v.strides)
        st = imp_fail(err, IMP_E_UNSUPPORTED, "the provider's gradients are not packed");
    if (st == IMP_OK)
        kit_planes_back(&s->l->sight->prepare.input, 0, 1, n, (size_t)d->height * d->width, v.data,
                        s->gradient);
    return st;
}

static imp_status learn(struct inv_school *s, uint32_t n, double losses[2], imp_error *err)
{
    const imp_nn_train_1 *trains = TABLE(s, train);
    const imp_nn_grad_1 *grads = TABLE(s, grad);
    const imp_dataset *d = s->l->train;
    const imp_tensor batch = kit_batch_input(s->batch);
    const int64_t shape[] = {n, s->l->sight->channels, d->height, d->width};
    const float *codes, *picture;
    imp_status st = encode(s, n, batch.data, &codes, err);
    if (st != IMP_OK)
        return st;
    memcpy(s->target, codes, n * s->codes * sizeof *codes);
    if ((st = decode(s, n, s->target, &picture, err)) != IMP_OK)
        return st;
    losses[0] = inv_pixel_loss(picture, batch.data, n * s->pixels, s->gradient);
    losses[1] = 0;
    if (s->l->lambda > 0)
        st = features_back(s, n, picture, &losses[1], err);
    if (st == IMP_OK)
        st = trains->zero_gradients(SELF(s, train), s->trainer, err);
    const imp_tensor t = {.head = {sizeof t, IMP_TENSOR},
                          .dtype = IMP_F32,
                          .ndim = 4,
                          .shape = shape,
                          .data = s->gradient};
    if (st == IMP_OK)
        st = grads->seed(SELF(s, grad), s->decoder, s->out_node, &t, err);
    return st == IMP_OK ? grads->backward(SELF(s, grad), s->decoder, 0, NULL, s->job, err) : st;
}

/* A short rise, then half a wave down to a hundredth. */
static double rate_of(const struct inv_lesson *l, uint64_t step)
{
    const kit_schedule sched = {.rule = KIT_COSINE,
                                .rate = l->rate,
                                .steps = l->steps,
                                .last = 0.01,
                                .warm_up = l->steps / 50};
    return kit_schedule_rate(&sched, step);
}

static imp_status one_step(struct inv_school *s, imp_error *err)
{
    const imp_nn_train_1 *trains = TABLE(s, train);
    const uint64_t left = s->l->train->count - s->now.at;
    const uint32_t n = left < s->l->batch ? (uint32_t)left : s->l->batch;
    const kit_augment augment = {.seed = s->l->seed, .flip = s->l->flip};
    const imp_nn_optimiser o = {.struct_size = sizeof o,
                                .rule = IMP_NN_ADAM,
                                .rate = rate_of(s->l, s->now.step),
                                .momentum = 0.9,
                                .beta2 = 0.999,
                                .epsilon = 1e-8};
    double losses[2];
    if (s->order_of != s->now.epoch)
        kit_shuffle(s->l->seed, s->order_of = s->now.epoch, s->l->train->count, s->order);
    imp_status st =
        kit_batch_read(s->batch, s->order, s->now.at, n, &augment, s->now.epoch, s->job, err);
    if (st == IMP_OK)
        st = learn(s, n, losses, err);
    if (st == IMP_OK && !isfinite(losses[0] + losses[1]))
        st = imp_fail(err, IMP_E_FAILED,
                      "the loss is no number at step %" PRIu64 ": lower lr (%g, say)",
                      s->now.step + 1, s->l->rate / 10);
    if (st == IMP_OK)
        st = trains->step(SELF(s, train), s->trainer, &o, err);
    if (st != IMP_OK)
        return st;
    s->now.pixels += losses[0], s->now.features += losses[1];
    s->now.seen++, s->now.step++, s->now.at += n;
    if (s->now.at == s->l->train->count)
        s->now.at = 0, s->now.epoch++;
    return IMP_OK;
}

/* ---- rows ---- */

static double psnr(double mean_square)
{
    return mean_square > 0 ? -10 * kit_log10(mean_square) : 100;
}

/* Mean square over a part of the test set. */
static imp_status test(struct inv_school *s, double *mean_square, imp_error *err)
{
    enum { MOST = 64 };
    const imp_dataset *d = s->l->test;
    const uint32_t count = d->count < MOST ? (uint32_t)d->count : MOST;
    const kit_input as_it_is = {.prepare = NULL};
    kit_batch *b = kit_batch_new(d, &as_it_is, KIT_TARGET_PICTURE, 1);
    imp_status st = b ? IMP_OK : imp_fail(err, IMP_E_MEMORY, "no memory for a test picture");
    double sum = 0;
    for (uint32_t i = 0; i < count && st == IMP_OK; i++) {
        const float *codes, *picture;
        st = kit_batch_read(b, NULL, i, 1, NULL, 0, s->job, err);
        const imp_tensor x = kit_batch_input(b);
        if (st == IMP_OK)
            st = encode(s, 1, x.data, &codes, err);
        if (st == IMP_OK)
            st = decode(s, 1, codes, &picture, err);
        if (st == IMP_OK)
            sum += inv_pixel_loss(picture, x.data, s->pixels, s->gradient);
    }
    kit_batch_free(b);
    *mean_square = sum / count;
    return st;
}

static imp_status end_row(struct inv_school *s, imp_error *err)
{
    const double n = (double)s->now.seen;
    double square = NAN;
    imp_status st = inv_school_room(s, err);
    if (st == IMP_OK && s->l->test)
        st = test(s, &square, err);
    if (st != IMP_OK)
        return st;
    const struct inv_row row = {
        .step = s->now.step,
        .rate = rate_of(s->l, s->now.step - 1),
        .loss = (s->now.pixels + s->now.features) / n,
        .pixels = s->now.pixels / n,
        .features = s->l->lambda > 0 ? s->now.features / n / s->l->lambda : 0,
        .psnr = psnr(s->now.pixels / n),
        .test_psnr = s->l->test ? psnr(square) : NAN,
    };
    s->rows[s->now.row_count++] = row;
    s->now.seen = 0, s->now.pixels = s->now.features = 0;
    char line[200], tested[48] = "";
    if (s->l->test)
        snprintf(tested, sizeof tested, ", test %.2f dB", row.test_psnr);
    snprintf(line, sizeof line, "step %" PRIu64 "/%" PRIu64 ": %.2f dB, features %.4f%s", row.step,
             s->l->steps, row.psnr, row.features, tested);
    if (s->l->note)
        s->l->note(s->l->note_user, line);
    return IMP_OK;
}

/* ---- begin and end ---- */

static void *numbers(size_t a, size_t b)
{
    const size_t bytes = kit_bytes(kit_bytes(a, b), sizeof(float));
    return bytes ? malloc(bytes) : NULL;
}

/* The encoder's side: a run, a batch, the shape of codes by a first look. */
static imp_status begin(struct inv_school *s, imp_error *err)
{
    const imp_nn_model_1 *models = TABLE(s, model);
    const imp_dataset *d = s->l->train;
    const kit_input as_it_is = {.prepare = NULL};
    const int64_t shape[] = {1, s->l->sight->channels, d->height, d->width};
    imp_tensor v = {.head = {sizeof v, IMP_TENSOR}};
    s->pixels = (size_t)d->channels * d->height * d->width;
    s->input = numbers(s->l->batch, s->pixels);
    s->gradient = numbers(s->l->batch, s->pixels);
    s->order = calloc((size_t)d->count, sizeof *s->order);
    s->order_of = UINT64_MAX;
    s->batch = kit_batch_new(d, &as_it_is, KIT_TARGET_PICTURE, s->l->batch);
    if (!s->input || !s->gradient || !s->order || !s->batch)
        return imp_fail(err, IMP_E_MEMORY, "no memory for batches of %u: make batch smaller",
                        s->l->batch);
    memset(s->input, 0, s->pixels * sizeof(float));
    imp_status st = models->run_new(SELF(s, model), s->l->sight->model, 0, &s->encoder, err);
    if (st == IMP_OK)
        st = feed(s->encoder, s, s->l->sight->input, shape, s->input, err);
    if (st == IMP_OK)
        st = models->forward(SELF(s, model), s->encoder, s->l->node, s->job, err);
    if (st == IMP_OK)
        st = models->value(SELF(s, model), s->encoder, s->l->node, &v, err);
    if (st == IMP_OK && v.ndim != 4)
        st = imp_fail(err, IMP_E_INPUT, "layer '%s' has no maps",
                      kit_sight_name(s->l->sight, s->l->node));
    if (st != IMP_OK)
        return st;
    s->c = (uint32_t)v.shape[1], s->h = (uint32_t)v.shape[2], s->w = (uint32_t)v.shape[3];
    s->codes = (size_t)s->c * s->h * s->w;
    s->target = numbers(s->l->batch, s->codes);
    s->code_gradient = numbers(s->l->batch, s->codes);
    return s->target && s->code_gradient ? IMP_OK
                                         : imp_fail(err, IMP_E_MEMORY, "no memory for codes");
}

static void end(struct inv_school *s)
{
    const imp_nn_model_1 *models = TABLE(s, model);
    const imp_nn_train_1 *trains = TABLE(s, train);
    if (s->encoder)
        models->run_free(SELF(s, model), s->encoder, NULL);
    if (s->decoder)
        models->run_free(SELF(s, model), s->decoder, NULL);
    if (s->trainer)
        trains->trainer_free(SELF(s, train), s->trainer, NULL);
    kit_batch_free(s->batch);
    free(s->order);
    free(s->input);
    free(s->gradient);
    free(s->target);
    free(s->code_gradient);
}

imp_status inv_learn_gain(const struct inv_lesson *l, imp_job *job, double *gain, imp_error *err)
{
    struct inv_school s = {.l = l, .job = job};
    const float *codes;
    const uint32_t n = l->train->count < l->batch ? (uint32_t)l->train->count : l->batch;
    double sum = 0;
    imp_status st = begin(&s, err);
    if (st == IMP_OK)
        st = kit_batch_read(s.batch, NULL, 0, n, NULL, 0, job, err);
    if (st == IMP_OK)
        st = encode(&s, n, kit_batch_input(s.batch).data, &codes, err);
    for (size_t i = 0; st == IMP_OK && i < n * s.codes; i++)
        sum += (double)codes[i] * codes[i];
    if (st == IMP_OK && !(sum > 0))
        st = imp_fail(err, IMP_E_INPUT,
                      "layer '%s' says 0 of the first %u samples: there is nothing to learn",
                      kit_sight_name(l->sight, l->node), n);
    if (st == IMP_OK)
        *gain = 1 / sqrt(sum / ((double)n * (double)s.codes));
    end(&s);
    return st;
}

static imp_status find_ends(struct inv_school *s, const imp_nn_model *decoder, imp_error *err)
{
    const imp_nn_model_1 *models = TABLE(s, model);
    uint32_t count = 0;
    imp_status st = models->find(SELF(s, model), decoder, "code", &s->code_node, err);
    imp_nn_node n = {.struct_size = sizeof n};
    if (st == IMP_OK)
        st = models->node(SELF(s, model), decoder, s->code_node, &n, err);
    if (st == IMP_OK && (n.ndim != 4 || n.shape[1] != s->c))
        return imp_fail(err, IMP_E_INPUT,
                        "the decoder to go on from takes %lld maps, layer '%s' has %u",
                        n.ndim > 1 ? (long long)n.shape[1] : 0LL,
                        kit_sight_name(s->l->sight, s->l->node), s->c);
    if (st == IMP_OK)
        st = models->node_count(SELF(s, model), decoder, &count, err);
    s->out_node = count - 1;
    return st;
}

/* How far it is, and how long it takes. */
static imp_status tell(const struct inv_school *s, const struct timespec *from, uint64_t first)
{
    struct timespec t;
    char phase[160];
    clock_gettime(CLOCK_MONOTONIC, &t);
    const double seconds =
        (double)(t.tv_sec - from->tv_sec) + 1e-9 * (double)(t.tv_nsec - from->tv_nsec);
    const double left =
        seconds / (double)(s->now.step - first) * (double)(s->l->steps - s->now.step);
    const double db = s->now.seen ? psnr(s->now.pixels / (double)s->now.seen)
                                  : s->rows[s->now.row_count - 1].psnr;
    snprintf(phase, sizeof phase, "step %" PRIu64 "/%" PRIu64 ", %.0f min left: %.1f dB",
             s->now.step, s->l->steps, ceil(left / 60), db);
    return s->job->progress(s->job, (double)s->now.step / (double)s->l->steps, phase);
}

static imp_status run(struct inv_school *s, imp_error *err)
{
    struct timespec from, kept, now;
    const uint64_t first = s->now.step;
    imp_status st = IMP_OK;
    clock_gettime(CLOCK_MONOTONIC, &from);
    kept = from;
    while (st == IMP_OK && s->now.step < s->l->steps) {
        st = one_step(s, err);
        if (st == IMP_OK && (s->now.step % s->l->every == 0 || s->now.step == s->l->steps))
            st = end_row(s, err);
        clock_gettime(CLOCK_MONOTONIC, &now);
        const double since =
            (double)(now.tv_sec - kept.tv_sec) + 1e-9 * (double)(now.tv_nsec - kept.tv_nsec);
        if (st == IMP_OK && s->l->keep_seconds > 0 && since >= s->l->keep_seconds) {
            st = inv_school_keep(s, err);
            kept = now;
        }
        if (st == IMP_OK)
            st = tell(s, &from, first);
    }
    return st;
}

imp_status inv_learn_decoder(const struct inv_lesson *l, const imp_nn_model *decoder, imp_job *job,
                             struct inv_learnt *out, imp_error *err)
{
    struct inv_school s = {.l = l, .job = job};
    const imp_nn_train_1 *trains = TABLE(&s, train);
    *out = (struct inv_learnt){.model = NULL};
    imp_status st = begin(&s, err);
    if (st == IMP_OK)
        st = find_ends(&s, decoder, err);
    if (st == IMP_OK)
        st = trains->trainer_new(SELF(&s, train), decoder, l->seed, &s.trainer, err);
    if (st == IMP_OK)
        st = trains->run_new(SELF(&s, train), s.trainer, &s.decoder, err);
    if (st == IMP_OK)
        st = inv_school_resume(&s, err);
    if (st == IMP_OK)
        st = run(&s, err);
    if (st == IMP_OK)
        st = trains->snapshot(SELF(&s, train), s.trainer, &out->model, err);
    if (st == IMP_OK)
        out->rows = s.rows, out->count = s.now.row_count;
    else
        free(s.rows);
    end(&s);
    return st;
}
