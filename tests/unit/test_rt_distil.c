/* Fine-tuning by what the network answered before it was pruned: the gradient against differences
 * of the loss, and what it is for: labels that mislead do no harm. */
#include "prune_help.h"

#include "../../plugins/pruner/passes.h"

enum { SAMPLES = 7, CLASSES = 4 };

/* Of logits in double: (1 - d) H(label, z) + d 16 H(softmax(z0 / 4), softmax(z / 4)), mean over
 * samples. */
static double loss_by(const double *z, const float *z0, double d)
{
    double sum = 0;
    for (int i = 0; i < SAMPLES; i++, z += CLASSES, z0 += CLASSES) {
        double all = 0, soft = 0, was = 0;
        for (int k = 0; k < CLASSES; k++) {
            all += exp(z[k]);
            soft += exp(z[k] / 4);
            was += exp((double)z0[k] / 4);
        }
        sum -= (1 - d) * (z[i % 4] - log(all));
        for (int k = 0; k < CLASSES; k++)
            sum -= d * 16 * exp((double)z0[k] / 4) / was * (z[k] / 4 - log(soft));
    }
    return sum / SAMPLES;
}

/* What a run answered last. */
static const float *logits(imp_nn_run *run, uint32_t node)
{
    imp_tensor v = {.head = {sizeof v, IMP_TENSOR}};
    struct said said;
    must(rt_model_table.value(NULL, run, node, &v, listen(&said)));
    return v.data;
}

static void the_gradient_is_that_of_both_losses(void **state)
{
    struct pr_options o = usual();
    const imp_dataset data = bars(SAMPLES, 1, CLASSES);
    struct pr_subject s = {.nn = &runtime, .o = &o, .train = &data, .test = &data};
    struct pr_net other;
    struct pr_pass p;
    struct said said;
    double loss, z[SAMPLES * CLASSES], most = 0;
    uint32_t right;
    (void)state;
    o.batch = SAMPLES, o.distil = 0.7;
    must(pr_subject_open(&s, trained(), listen(&said)));
    must(pr_net_open(&s, &other, built(classifier, 9), listen(&said)));
    must(pr_pass_open(&p, &s, &other, &data, 0, listen(&said)));
    p.taught = true;
    must(pr_pass_read(&p, NULL, 0, NULL, listen(&said)));
    must(pr_pass_loss(&p, PR_SEED_LOSS, &loss, &right, listen(&said)));
    const float *now = logits(p.run, other.task.out_node);
    const float *was = logits(s.teacher, s.original.task.out_node);
    for (int i = 0; i < SAMPLES * CLASSES; i++)
        z[i] = (double)now[i];
    for (int i = 0; i < SAMPLES * CLASSES; i++) {
        const double at = z[i], step = 1e-5;
        z[i] = at + step;
        const double up = loss_by(z, was, o.distil);
        z[i] = at - step;
        const double slope = (up - loss_by(z, was, o.distil)) / (2 * step);
        z[i] = at;
        if (!(fabs(slope - (double)p.gradient[i]) < 1e-6))
            fail_msg("answer %d: %g, not %g", i, (double)p.gradient[i], slope);
        most = fmax(most, fabs(slope));
    }
    assert_true(most > 1e-2);
    pr_pass_close(&p);
    pr_net_close(&s, &other);
    pr_subject_close(&s);
}

static imp_status wrong_read(const imp_dataset *data, uint64_t index, imp_sample *s,
                             imp_error *err) IMP_NX
{
    const imp_status st = bars_read(data, index, s, err);
    s->label = (s->label + 1) % 4;
    return st;
}

/* Error on true labels after fine-tuning by wrong ones. */
static double error_by_wrong_labels(double distil)
{
    struct pr_options o = usual();
    struct made m;
    m.train = bars(300, 1, CLASSES), m.test = bars(200, 1, CLASSES);
    m.train.read = wrong_read;
    o.steps = 2, o.epochs = 2, o.finish = 2, o.distil = distil;
    m.p = (struct pruning){.o = &o,
                           .s = {.nn = &runtime, .o = &o, .train = &m.train, .test = &m.test}};
    must_be_ok(pr_prune(&m.p, trained(), listen(&m.said)), &m.said, "prune");
    const double error = m.p.rows[m.p.row_count - 1].after;
    pr_pruning_close(&m.p);
    return error;
}

static void what_it_answered_before_outweighs_labels(void **state)
{
    (void)state;
    assert_true(error_by_wrong_labels(1) < 0.1);
    assert_true(error_by_wrong_labels(0) > 0.5);
}

static int forget(void **state)
{
    (void)state;
    release(trained());
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_gradient_is_that_of_both_losses),
        cmocka_unit_test(what_it_answered_before_outweighs_labels),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, forget);
}
