/* test_rt_advae.c - the AD-VAE's training over the runtime: what learns when, what resumes to the
 * same bytes, what comes of it. Faces are discs: their colour is an attribute, the background is
 * nobody's. */
#include "rt_help.h"

#include "../../plugins/advae/advae.h"
#include "fake_job.h"

static const kit_nn runtime = {.model = {&rt_model_table, NULL},
                               .grad = {&rt_grad_table, NULL},
                               .train = {&rt_train_table, NULL},
                               .edit = {&rt_edit_table, NULL}};

/* ---- data ---- */

enum { SIDE = 32 };
static const imp_attribute attributes[] = {{"hair", "red|green|blue", 0, 0}, {"tone", NULL, 0, 1}};

static imp_status disc(const imp_dataset *data, uint64_t i, imp_sample *s, imp_error *err) IMP_NX
{
    const uint32_t hair = (uint32_t)(kit_random(1, 1, i) % 3);
    const double tone = kit_uniform(1, 2, i), r = 7 + 5 * kit_uniform(1, 3, i),
                 x0 = 13 + 6 * kit_uniform(1, 4, i);
    (void)data, (void)err;
    if (s->attributes)
        s->attributes[0] = hair, s->attributes[1] = tone;
    for (uint32_t y = 0; y < SIDE; y++)
        for (uint32_t x = 0; x < SIDE; x++) {
            const double d = sqrt((x - x0) * (x - x0) + (y - 16.0) * (y - 16.0)) - r;
            const bool in = d < 0, top = in && y < 16;
            for (uint32_t c = 0; c < 3 && s->pixels; c++)
                s->pixels[(c * SIDE + y) * SIDE + x] = (float)(top  ? (c == hair ? 0.9 : 0.1)
                                                               : in ? tone
                                                                    : kit_uniform(1, 5 + c, i));
            if (s->lines)
                s->lines[y * SIDE + x] = fabs(d) < 0.8 ? 0 : 1;
        }
    return IMP_OK;
}
static const imp_dataset discs = {.struct_size = sizeof discs,
                                  .flags = IMP_DATASET_LINES,
                                  .count = 96,
                                  .channels = 3,
                                  .height = SIDE,
                                  .width = SIDE,
                                  .attribute_count = 2,
                                  .attributes = attributes,
                                  .read = disc};

/* ---- training ---- */

static struct av_plan usual(struct av_traits *t)
{
    struct said said;
    must(av_traits_of(&discs, NULL, 0, t, NULL, listen(&said)));
    return (struct av_plan){.nn = &runtime,
                            .traits = t,
                            .train = &discs,
                            .steps = {6, 6, 6},
                            .every = 3,
                            .seed = 3,
                            .batch = 4,
                            .latent = 6,
                            .maps = 0.2,
                            .removal = AV_ENTROPY,
                            .erase = 1,
                            .rate = 2e-3,
                            .beta = 1,
                            .lambda = 20,
                            .pixels = 10,
                            .control = 0.3,
                            .contour = 20,
                            .patches = 0.1,
                            .stay = 5,
                            .gaps = 0.06};
}

static struct av_trained train(const struct av_plan *p, struct job *job)
{
    struct av_trained out;
    struct said said;
    must(av_train_faces(p, &job->as, &out, listen(&said)));
    return out;
}
static void drop(struct av_trained *t)
{
    release(t->model), release(t->judge);
    free(t->rows);
    kit_image_free(t->sheet);
}

/* Parameters whose names begin so, one after the other. */
static float *params(imp_nn_model *m, const char *begin, size_t *count)
{
    imp_nn_trainer *t;
    struct said said;
    uint32_t n;
    float *all = NULL;
    *count = 0;
    must(rt_train_table.trainer_new(NULL, m, 0, &t, listen(&said)));
    must(rt_train_table.param_count(NULL, t, &n, listen(&said)));
    for (uint32_t i = 0; i < n; i++) {
        const char *name;
        imp_tensor v = {.head = {sizeof v, IMP_TENSOR}}, g = v;
        size_t size = 1;
        must(rt_train_table.param(NULL, t, i, &name, &v, &g, listen(&said)));
        if (strncmp(name, begin, strlen(begin)) != 0)
            continue;
        for (uint32_t k = 0; k < v.ndim; k++)
            size *= (size_t)v.shape[k];
        all = realloc(all, (*count + size) * sizeof *all);
        memcpy(all + *count, v.data, size * sizeof *all);
        *count += size;
    }
    rt_train_table.trainer_free(NULL, t, NULL);
    return all;
}
static bool same(imp_nn_model *a, imp_nn_model *b, const char *begin)
{
    size_t n, m;
    float *x = params(a, begin, &n), *y = params(b, begin, &m);
    assert_true(n > 0 && n == m);
    const bool equal = !memcmp(x, y, n * sizeof *x);
    free(x), free(y);
    return equal;
}

static void the_third_stage_leaves_the_encoder(void **state)
{
    struct av_traits t;
    struct av_plan p = usual(&t), q = p;
    struct job a = new_job(), b = new_job();
    (void)state;
    q.steps[AV_DRAWING] = 1;
    struct av_trained x = train(&p, &a), y = train(&q, &b);
    assert_true(same(x.model, y.model, "encoder."));
    assert_false(same(x.model, y.model, "generator."));
    drop(&x), drop(&y);
}
static void an_adversary_alone_changes_nothing(void **state)
{
    struct av_traits t;
    struct av_plan p = usual(&t), q, r;
    struct job a = new_job(), b = new_job(), c = new_job();
    (void)state;
    p.way = AV_CVAE, p.steps[AV_DRAWING] = 1;
    q = p, q.removal = AV_FLIP, q.lambda = 3; /* it says something else, nobody listens */
    r = q, r.way = AV_ADVERSARY_WAY;
    struct av_trained x = train(&p, &a), y = train(&q, &b), z = train(&r, &c);
    assert_true(same(x.model, y.model, "encoder."));
    assert_false(same(x.model, z.model, "encoder."));
    drop(&x), drop(&y), drop(&z);
}
/* Trains until `stop` of the questions that a whole training asks, then goes on; the second part
 * must not begin anew. */
static struct av_trained stopped_at(const struct av_plan *p, uint32_t stop, uint32_t whole)
{
    struct job job = new_job();
    struct av_trained out;
    struct said said;
    job.stop_at = stop;
    assert_int_equal(av_train_faces(p, &job.as, &out, listen(&said)), IMP_CANCELLED);
    assert_true(job.keeps > 0);
    job.stop_at = 0, job.fraction = 0, job.polls = 0;
    out = train(p, &job);
    assert_true(job.polls < whole);
    free(job.kept);
    return out;
}
static void stopped_and_resumed_is_the_same(void **state)
{
    struct av_traits t;
    struct av_plan p = usual(&t);
    struct job whole = new_job();
    (void)state;
    p.keep_seconds = 1e-9;
    struct av_trained x = train(&p, &whole);
    for (uint32_t part = 1; part < 12; part++) { /* in each stage, near its ends too */
        struct av_trained y = stopped_at(&p, whole.polls * part / 12, whole.polls);
        assert_true(same(x.model, y.model, ""));
        assert_true(same(x.judge, y.judge, ""));
        assert_int_equal(x.count, y.count);
        for (uint64_t i = 0; i < x.count; i++)
            assert_true(x.rows[i].step == y.rows[i].step && x.rows[i].stage == y.rows[i].stage);
        drop(&y);
    }
    drop(&x);
    free(whole.kept);
}
static void the_order_of_pieces_changes_nothing(void **state)
{
    struct av_traits t;
    struct av_plan p = usual(&t);
    struct job a = new_job(), b = new_job();
    (void)state;
    b.backwards = true;
    struct av_trained x = train(&p, &a), y = train(&p, &b);
    assert_true(same(x.model, y.model, ""));
    drop(&x), drop(&y);
}

/* Codes of all samples by a model's encoder, n x latent. */
static void codes_of(imp_nn_model *m, uint32_t latent, const struct av_traits *t, float *mu,
                     float *y)
{
    struct job job = new_job();
    struct said said;
    static const float none[AV_CODES];
    av_lessons l;
    av_link link;
    must(rt_model_table.retain(NULL, m, NULL));
    must(av_link_still(&link, &runtime, m, 0, listen(&said)));
    must(av_lessons_new(&l, &discs, t, 1, listen(&said)));
    for (uint32_t i = 0; i < discs.count; i++) {
        const float *now;
        must(av_lessons_read(&l, NULL, i, 1, NULL, 0, &job.as, listen(&said)));
        must(av_put(&link, "generator.drawing", (av_size){1, 1, SIDE, SIDE}, l.lines,
                    listen(&said))); /* all inputs of a joined model are set */
        must(av_put(&link, "generator.z", (av_size){1, latent, 0, 0}, none, listen(&said)));
        must(av_put(&link, "generator.y", (av_size){1, t->width, 0, 0}, none, listen(&said)));
        must(av_put(&link, "styles.pick", (av_size){1, AV_CODES, 0, 0}, none, listen(&said)));
        must(av_put(&link, "encoder.photo", (av_size){1, 3, SIDE, SIDE}, l.x, listen(&said)));
        must(av_get(&link, "encoder.mu", latent, &job.as, &now, listen(&said)));
        memcpy(mu + (size_t)i * latent, now, latent * sizeof *mu);
        memcpy(y + (size_t)i * t->width, l.y, t->width * sizeof *y);
    }
    av_lessons_free(&l);
    av_link_close(&link);
}
/* The largest correlation of a number of the code with a number of the attributes. */
static double most_told(imp_nn_model *m, uint32_t latent, const struct av_traits *t)
{
    enum { N = 96, LATENT = 6, WIDTH = 4 };
    static float mu[N * LATENT], y[N * WIDTH];
    double most = 0;
    assert_true(discs.count == N && latent == LATENT && t->width == WIDTH);
    codes_of(m, latent, t, mu, y);
    for (uint32_t a = 0; a < LATENT; a++)
        for (uint32_t b = 0; b < WIDTH; b++) {
            double x = 0, v = 0, xx = 0, vv = 0, xv = 0;
            for (uint32_t i = 0; i < N; i++) {
                const double p = mu[i * LATENT + a], q = y[i * WIDTH + b];
                x += p / N, v += q / N, xx += p * p / N, vv += q * q / N, xv += p * q / N;
            }
            const double r = fabs(xv - x * v) / sqrt((xx - x * x) * (vv - v * v) + 1e-30);
            most = r > most ? r : most;
        }
    return most;
}
/* Correlations that chance alone explains are left: at most sqrt(2 latent / n). */
static void codes_tell_nothing_linear_once_erased(void **state)
{
    struct av_traits t;
    struct av_plan p = usual(&t), q;
    struct job a = new_job(), b = new_job();
    (void)state;
    p.steps[AV_CODING] = 120, p.lambda = 0;
    q = p, q.erase = 0;
    struct av_trained with = train(&p, &a), without = train(&q, &b);
    const double told = most_told(without.model, p.latent, &t);
    if (told <= 0.5)
        fail_msg("without erasure the code tells %.2f", told);
    assert_true(most_told(with.model, p.latent, &t) < sqrt(2.0 * p.latent / 96) + 1e-3);
    drop(&with), drop(&without);
}

/* Every way of keeping attributes out of the code trains, resumes, and is another than the others.
 */
static void all_ways_train(void **state)
{
    static const uint32_t ways[] = {AV_ADVERSARY_WAY, AV_CVAE, AV_NONE, AV_SPLIT, AV_CYCLE};
    struct av_trained all[5];
    (void)state;
    for (uint32_t i = 0; i < 5; i++) {
        struct av_traits t;
        struct av_plan p = usual(&t);
        struct job job = new_job();
        p.way = ways[i], p.keep_seconds = 1e-9;
        all[i] = train(&p, &job);
        for (uint32_t k = 0; k < i; k++)
            assert_false(same(all[i].model, all[k].model, "encoder."));
        struct av_trained again =
            stopped_at(&p, job.polls / 2, job.polls); /* in the second stage */
        assert_true(same(all[i].model, again.model, ""));
        drop(&again);
        free(job.kept);
    }
    for (uint32_t i = 0; i < 5; i++)
        drop(&all[i]);
}
/* What fits is taken over, for other attributes too. */
static void it_goes_on_from_another_model(void **state)
{
    const char *const one[] = {"tone"};
    struct av_traits t, other;
    struct av_plan p = usual(&t), q;
    struct job a = new_job(), b = new_job();
    struct said said;
    (void)state;
    struct av_trained x = train(&p, &a);
    must(av_traits_of(&discs, one, 1, &other, NULL, listen(&said)));
    q = p, q.traits = &other, q.begin = x.model, q.seed = 5;
    q.steps[AV_CODING] = 0, q.steps[AV_DRAWING] = 1, q.rate = 1e-12;
    struct av_trained y = train(&q, &b);
    assert_true(same(x.model, y.model, "encoder.down"));
    assert_true(same(x.model, y.model, "generator.few"));
    drop(&x), drop(&y);
}

/* Without steps a model is told anew: its parameters stay, codes and words are of these faces. */
static void without_steps_it_stays(void **state)
{
    struct av_traits t;
    struct av_plan p = usual(&t), q = p;
    struct job a = new_job(), b = new_job();
    (void)state;
    struct av_trained x = train(&p, &a);
    q.begin = x.model, q.steps[0] = q.steps[1] = q.steps[2] = 0, q.control = q.contour = 0;
    struct av_trained y = train(&q, &b);
    assert_true(same(x.model, y.model, ""));
    assert_true(y.count == 1 && y.sheet && y.rows[0].rate == 0);
    drop(&x), drop(&y);
}

/* What drawings show is told by the model, and training with it is another training. */
static void what_drawings_show_is_kept(void **state)
{
    static const char *const names[] = {"tone"};
    struct av_traits t;
    struct av_plan p = usual(&t);
    struct job a = new_job(), b = new_job(), c = new_job(), d = new_job();
    struct said said;
    struct av_card card;
    (void)state;
    struct av_trained x = train(&p, &a);
    must(av_traits_show(&t, &discs, names, 1, listen(&said)));
    struct av_trained y = train(&p, &b);
    assert_true(same(x.model, y.model, "encoder."));
    assert_false(same(x.model, y.model, "generator."));
    must(av_card_read(&runtime, y.model, &card, listen(&said)));
    assert_int_equal(card.traits.all[0].shown, 0), assert_int_equal(card.traits.all[1].shown, 1);
    must(av_card_read(&runtime, x.model, &card, listen(&said)));
    assert_int_equal(card.traits.all[1].shown, 0);
    const char *const by_all[] = {"tone=hair:red|green|blue"}, *const by_red[] = {"tone=hair:red"};
    must(av_traits_show(&t, &discs, by_all, 1, listen(&said)));
    struct av_trained z = train(&p, &c);
    assert_true(same(y.model, z.model, "generator."));
    must(av_traits_show(&t, &discs, by_red, 1, listen(&said)));
    struct av_trained r = train(&p, &d); /* left open in the samples with red hair alone */
    assert_false(same(y.model, r.model, "generator."));
    assert_false(same(x.model, r.model, "generator."));
    drop(&z), drop(&r);
    assert_int_equal(av_traits_show(&t, &discs, (const char *const[]){"ton"}, 1, listen(&said)),
                     IMP_E_PARAM);
    assert_non_null(strstr(said.text, "hair tone"));
    drop(&x), drop(&y);
}

static void a_card_says_what_it_is(void **state)
{
    struct av_traits t;
    struct av_plan p = usual(&t);
    struct job job = new_job();
    struct av_trained x = train(&p, &job);
    struct av_card card;
    struct said said;
    (void)state;
    must(av_card_read(&runtime, x.model, &card, listen(&said)));
    assert_int_equal(card.side, SIDE), assert_int_equal(card.latent, 6);
    assert_int_equal(card.traits.count, 2);
    assert_string_equal(card.traits.all[0].choices, "red|green|blue");
    assert_int_equal(av_card_read(&runtime, x.judge, &card, listen(&said)), IMP_E_MISSING);
    drop(&x);
}

/* Hair and tone are seen in the disc alone, in the middle; corners are of nobody's colour. */
static void what_attributes_do_not_reach(void **state)
{
    enum { N = 96, PLACES = SIDE / AV_CELL, SIZE = 3 * PLACES * PLACES };
    static float coarse[N * SIZE], y[N * 4], known[N * 2], apart[SIDE * SIDE];
    struct av_traits t;
    struct said said;
    struct job job = new_job();
    av_lessons l;
    (void)state;
    must(av_traits_of(&discs, NULL, 0, &t, NULL, listen(&said)));
    must(av_lessons_new(&l, &discs, &t, N, listen(&said)));
    must(av_lessons_read(&l, NULL, 0, N, NULL, 0, &job.as, listen(&said)));
    for (size_t i = 0; i < N * 3; i++)
        for (uint32_t k = 0; k < SIDE * SIDE; k++)
            coarse[(i * PLACES + k / SIDE / AV_CELL) * PLACES + k % SIDE / AV_CELL] +=
                l.x[i * SIDE * SIDE + k] / (AV_CELL * AV_CELL);
    memcpy(y, l.y, sizeof y), memcpy(known, l.known, sizeof known);
    must(av_apart(coarse, y, known, N, &t, SIDE, apart, listen(&said)));
    for (uint32_t j = 12; j < 20; j++)
        for (uint32_t i = 12; i < 20; i++)
            assert_true(apart[j * SIDE + i] == 0);
    for (size_t i = 0; i < N; i++) /* the middle now says nothing either: other people's */
        y[i * 4 + 3] = (float)kit_uniform(9, 1, i), known[i * 2] = 0;
    must(av_apart(coarse, y, known, N, &t, SIDE, apart, listen(&said)));
    double share = 0;
    for (uint32_t k = 0; k < SIDE * SIDE; k++)
        share += apart[k] / (SIDE * SIDE);
    print_message("# of other people's attributes, apart: %.2f\n", share);
    assert_true(share > 0.9);
    av_lessons_free(&l);
}
/* Every third batch is such: another training, whose history tells of it. */
static void staying_is_learnt(void **state)
{
    struct av_traits t;
    struct av_plan p = usual(&t), q = p;
    struct job a = new_job(), b = new_job();
    (void)state;
    q.stay = 0;
    struct av_trained x = train(&p, &a), y = train(&q, &b);
    assert_false(same(x.model, y.model, "generator."));
    assert_true(same(x.model, y.model, "encoder."));
    assert_false(isnan(x.rows[x.count - 1].figures[AV_STAY]));
    assert_true(isnan(y.rows[y.count - 1].figures[AV_STAY]));
    drop(&x), drop(&y);
}
static void who_gives_the_code(void **state)
{
    (void)state;
    for (uint32_t n = 2; n < 9; n++)
        for (uint32_t i = 0; i < n; i++)
            assert_int_equal(av_stay_of(i, n), i % 2 ? (i + 1) % n : i);
}

/* After some hundred steps: photos come back, the judge answers, colours obey. */
static void it_learns(void **state)
{
    struct av_traits t;
    struct av_plan p = usual(&t);
    struct job job = new_job();
    (void)state;
    p.steps[0] = 150, p.steps[1] = 150, p.steps[2] = 300, p.every = 150, p.batch = 8, p.maps = 0.3;
    p.stay = 0;
    p.erase = 0; /* too few steps to learn y without what the code tells */
    struct av_trained x = train(&p, &job);
    const struct av_row *judge = &x.rows[0], *vae = &x.rows[1], *last = &x.rows[x.count - 1];
    for (uint64_t i = 0; i < x.count; i++)
        print_message("# step %llu: psnr %.1f accuracy %.2f leak %.2f\n",
                      (unsigned long long)x.rows[i].step, x.rows[i].psnr, x.rows[i].accuracy,
                      x.rows[i].leak);
    assert_true(judge->accuracy > 0.8);
    assert_true(vae->psnr > 14);
    assert_true(last->psnr > vae->psnr && last->psnr > 17);
    assert_true(last->accuracy > 0.7);
    drop(&x);
}
static void a_rate_too_high_is_told(void **state)
{
    struct av_traits t;
    struct av_plan p = usual(&t);
    struct job job = new_job();
    struct av_trained x;
    struct said said;
    (void)state;
    p.rate = 1e30;
    assert_int_equal(av_train_faces(&p, &job.as, &x, listen(&said)), IMP_E_FAILED);
    assert_non_null(strstr(said.text, "lower rate"));
    assert_null(x.model);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_third_stage_leaves_the_encoder),
        cmocka_unit_test(an_adversary_alone_changes_nothing),
        cmocka_unit_test(stopped_and_resumed_is_the_same),
        cmocka_unit_test(the_order_of_pieces_changes_nothing),
        cmocka_unit_test(codes_tell_nothing_linear_once_erased),
        cmocka_unit_test(all_ways_train),
        cmocka_unit_test(it_goes_on_from_another_model),
        cmocka_unit_test(without_steps_it_stays),
        cmocka_unit_test(what_drawings_show_is_kept),
        cmocka_unit_test(a_card_says_what_it_is),
        cmocka_unit_test(what_attributes_do_not_reach),
        cmocka_unit_test(staying_is_learnt),
        cmocka_unit_test(who_gives_the_code),
        cmocka_unit_test(it_learns),
        cmocka_unit_test(a_rate_too_high_is_told),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
