/* kit_task.c - a network and a data set brought together: where samples go in, where the answer
 * comes out, how wrong it is. */
#include <impasto/kit_train.h>
#include <inttypes.h>
#include <math.h>
#include <string.h>

static const imp_nn_model_1 *models(const kit_task *t)
{
    return t->nn->model.table;
}

static imp_status node_at(const kit_task *t, const imp_nn_model *m, uint32_t i, imp_nn_node *node,
                          imp_error *err)
{
    *node = (imp_nn_node){.struct_size = sizeof *node};
    return models(t)->node(t->nn->model.self, m, i, node, err);
}

/* Is the node one of those that restore? Then it is remembered. */
static bool restores(kit_task *t, const imp_nn_node *node, uint32_t at)
{
    for (uint32_t k = 0; k < t->restored_count; k++)
        if (!strcmp(t->restored[k], node->name)) {
            t->restored_node[k] = at;
            return true;
        }
    return false;
}

/* The only node with that flag, beside outputs that restore. */
static imp_status only_node(kit_task *t, const imp_nn_model *m, uint32_t flag, uint32_t *at,
                            imp_nn_node *node, imp_error *err)
{
    uint32_t count, found = 0;
    imp_status st = models(t)->node_count(t->nn->model.self, m, &count, err);
    for (uint32_t i = 0; st == IMP_OK && i < count; i++) {
        st = node_at(t, m, i, node, err);
        if (st == IMP_OK && node->flags & flag && (flag == IMP_NN_INPUT || !restores(t, node, i))) {
            *at = i;
            found++;
        }
    }
    if (st == IMP_OK && found != 1)
        return imp_fail(err, IMP_E_INPUT, "the network has %u %s: training wants one", found,
                        flag == IMP_NN_INPUT ? "inputs" : "outputs");
    return st == IMP_OK ? node_at(t, m, *at, node, err) : st;
}

/* "3 x 32 x 32" of the axes after the first. */
static void shape_text(uint32_t ndim, const int64_t *shape, char *text, size_t size)
{
    size_t used = 0;
    text[0] = 0;
    for (uint32_t i = 1; i < ndim && used < size; i++) {
        const char *between = i > 1 ? " x " : "";
        const int n = shape[i] < 0
                          ? snprintf(text + used, size - used, "%s?", between)
                          : snprintf(text + used, size - used, "%s%" PRId64, between, shape[i]);
        used += n > 0 ? (size_t)n : 0;
    }
}

static imp_status check_input(kit_task *t, const imp_nn_node *in, const imp_dataset *data,
                              imp_error *err)
{
    const int64_t c = t->input.channels ? t->input.channels : data->channels;
    const int64_t want[4] = {-1, c, data->height, data->width};
    char text[160];
    shape_text(in->ndim, in->shape, text, sizeof text);
    bool fits = in->ndim == 4 || in->ndim == 2;
    for (uint32_t i = 1; i < 4 && in->ndim == 4; i++)
        fits &= in->shape[i] < 0 || in->shape[i] == want[i];
    if (in->ndim == 2)
        fits = in->shape[1] < 0 || in->shape[1] == c * want[2] * want[3];
    t->in_rank = in->ndim;
    if (fits)
        return IMP_OK;
    return imp_fail(
        err, IMP_E_INPUT,
        "the network's input '%s' takes samples of %s, the data set has %" PRId64
        " x %u x %u: give the data set's filter the network's size, or build the network for it",
        in->name, text, c, data->height, data->width);
}

/* What is restored: outputs of the input's size. */
static imp_status check_restored(kit_task *t, const imp_nn_model *m, const imp_dataset *data,
                                 imp_error *err)
{
    const uint32_t c = t->input.channels ? t->input.channels : data->channels;
    imp_nn_node n;
    for (uint32_t k = 0; k < t->restored_count; k++) {
        if (t->restored_node[k] == UINT32_MAX)
            return imp_fail(err, IMP_E_INPUT,
                            "the network has no output '%s' that could restore the picture",
                            t->restored[k]);
        const imp_status st = node_at(t, m, t->restored_node[k], &n, err);
        if (st != IMP_OK)
            return st;
        const int64_t want[4] = {-1, c, data->height, data->width};
        bool fits = n.ndim == 4;
        for (uint32_t i = 1; fits && i < 4; i++)
            fits = n.shape[i] < 0 || n.shape[i] == want[i];
        char text[160];
        shape_text(n.ndim, n.shape, text, sizeof text);
        if (!fits)
            return imp_fail(err, IMP_E_INPUT,
                            "the output '%s' gives %s, the picture has %u x %u x %u",
                            t->restored[k], text, c, data->height, data->width);
    }
    t->in_width = c * data->height * data->width;
    return IMP_OK;
}

/* How many numbers the network has to give for a sample, and what they are. */
static uint64_t wanted_width(const kit_task *t, const imp_dataset *data, const char **what)
{
    const uint64_t c = t->input.channels ? t->input.channels : data->channels;
    *what = t->target == KIT_TARGET_CLASS        ? "classes"
            : t->target == KIT_TARGET_ATTRIBUTES ? "attributes"
                                                 : "samples a picture";
    return t->target == KIT_TARGET_CLASS        ? data->class_count
           : t->target == KIT_TARGET_ATTRIBUTES ? data->attribute_count
                                                : c * data->height * data->width;
}

static imp_status check_output(kit_task *t, const imp_nn_node *out, const imp_dataset *data,
                               imp_error *err)
{
    const char *what;
    const uint64_t want = wanted_width(t, data, &what);
    uint64_t has = 1;
    bool known = true;
    for (uint32_t i = 1; i < out->ndim; i++) {
        known &= out->shape[i] >= 0;
        has *= out->shape[i] >= 0 ? (uint64_t)out->shape[i] : 1;
    }
    if (!want || want > UINT32_MAX)
        return imp_fail(err, IMP_E_INPUT, "the data set has no %s to learn", what);
    if (known && has != want)
        return imp_fail(err, IMP_E_INPUT,
                        "the network's output '%s' gives %" PRIu64
                        " numbers, the data set has %" PRIu64 " %s",
                        out->name, has, want, what);
    t->out_width = (uint32_t)want;
    return IMP_OK;
}

imp_status kit_task_check(kit_task *t, const imp_nn_model *model, const imp_dataset *data,
                          imp_error *err)
{
    imp_nn_node in, out;
    if (!data->count)
        return imp_fail(err, IMP_E_INPUT, "the data set is empty");
    if (t->loss == KIT_CROSS_ENTROPY && t->target != KIT_TARGET_CLASS)
        return imp_fail(err, IMP_E_PARAM,
                        "cross-entropy is for classes: take the loss mse for numbers and pictures");
    if (t->restored_count > KIT_RESTORED_MOST)
        return imp_fail(err, IMP_E_PARAM, "at most %d outputs can restore the picture",
                        (int)KIT_RESTORED_MOST);
    memset(t->restored_node, 0xff, sizeof t->restored_node);
    imp_status st = only_node(t, model, IMP_NN_INPUT, &t->in_node, &in, err);
    if (st == IMP_OK)
        st = check_input(t, &in, data, err);
    if (st == IMP_OK)
        st = only_node(t, model, IMP_NN_OUTPUT, &t->out_node, &out, err);
    if (st == IMP_OK)
        st = check_output(t, &out, data, err);
    if (st == IMP_OK)
        st = check_restored(t, model, data, err);
    const bool soft =
        st == IMP_OK && (!strcmp(out.op, "softmax") || !strcmp(out.op, "log_softmax"));
    if (soft && t->loss == KIT_CROSS_ENTROPY && out.input_count)
        t->out_node = out.inputs[0]; /* the loss has its own */
    return st;
}

size_t kit_task_width(const kit_task *t)
{
    return t->out_width + (size_t)t->restored_count * t->in_width;
}

/* A node's value, packed: width floats for each of n samples. */
static imp_status answer(const kit_task *t, imp_nn_run *run, uint32_t node, int64_t n,
                         uint32_t width, imp_tensor *view, imp_error *err)
{
    *view = (imp_tensor){.head = {sizeof *view, IMP_TENSOR}};
    const imp_status st = models(t)->value(t->nn->model.self, run, node, view, err);
    int64_t count = 1;
    for (uint32_t i = 0; st == IMP_OK && i < view->ndim; i++)
        count *= view->shape[i];
    if (st == IMP_OK && (view->dtype != IMP_F32 || view->strides || count != n * width))
        return imp_fail(err, IMP_E_INPUT,
                        "the network gives %" PRId64 " numbers for %" PRId64
                        " samples, not packed floats of %u for each",
                        count, n, width);
    return st;
}

imp_status kit_task_forward(const kit_task *t, imp_nn_run *run, kit_batch *b, imp_job *job,
                            imp_error *err)
{
    imp_tensor in = kit_batch_input(b);
    const int64_t flat[2] = {in.shape[0], in.shape[1] * in.shape[2] * in.shape[3]};
    if (t->in_rank == 2) {
        in.ndim = 2;
        in.shape = flat;
    }
    imp_status st = models(t)->set_input(t->nn->model.self, run, t->in_node, &in, err);
    if (st == IMP_OK)
        st = models(t)->forward(t->nn->model.self, run, t->out_node, job, err);
    for (uint32_t k = 0; st == IMP_OK && k < t->restored_count; k++)
        st = models(t)->forward(t->nn->model.self, run, t->restored_node[k], job, err);
    return st;
}

/* What restores: its part of the loss, and of the gradient behind the output's. */
static imp_status restored_loss(const kit_task *t, imp_nn_run *run, kit_batch *b, double *restored,
                                float *gradient, imp_error *err)
{
    const imp_tensor in = kit_batch_input(b);
    const size_t n = (size_t)in.shape[0], size = n * t->in_width;
    imp_tensor view;
    float *g = gradient ? gradient + n * t->out_width : NULL;
    for (uint32_t k = 0; k < t->restored_count; k++) {
        const imp_status st =
            answer(t, run, t->restored_node[k], in.shape[0], t->in_width, &view, err);
        if (st != IMP_OK)
            return st;
        *restored += kit_mse(view.data, in.data, size, g);
        for (size_t i = 0; g && i < size; i++)
            g[i] = (float)(t->restore_weight * (double)g[i]);
        g = g ? g + size : NULL;
    }
    return IMP_OK;
}

/* What the output says. */
static imp_status output_loss(const kit_task *t, imp_nn_run *run, kit_batch *b, double *loss,
                              uint32_t *right, float *gradient, imp_error *err)
{
    const uint32_t n = (uint32_t)kit_batch_input(b).shape[0];
    const uint32_t *labels = kit_batch_labels(b);
    uint32_t width;
    const float *targets = kit_batch_targets(b, &width);
    imp_tensor view;
    const imp_status st = answer(t, run, t->out_node, n, t->out_width, &view, err);
    if (st != IMP_OK)
        return st;
    if (t->loss == KIT_CROSS_ENTROPY) {
        *loss = kit_cross_entropy(view.data, labels, n, width, t->smoothing, gradient, right);
        return IMP_OK;
    }
    if (t->target == KIT_TARGET_CLASS)
        kit_cross_entropy(view.data, labels, n, width, 0, NULL, right);
    *loss = kit_mse(view.data, targets, (size_t)n * width, gradient);
    return IMP_OK;
}

imp_status kit_task_loss(const kit_task *t, imp_nn_run *run, kit_batch *b, double *loss,
                         double *restored, uint32_t *right, float *gradient, imp_error *err)
{
    double distance = 0;
    imp_status st = output_loss(t, run, b, loss, right, gradient, err);
    if (st == IMP_OK)
        st = restored_loss(t, run, b, &distance, gradient, err);
    *loss += t->restore_weight * distance;
    if (restored)
        *restored = t->restored_count ? distance / t->restored_count : NAN;
    return st;
}

static imp_status seed(const kit_task *t, imp_nn_run *run, uint32_t node, int64_t n, uint32_t width,
                       float *gradient, imp_error *err)
{
    const imp_nn_grad_1 *grads = t->nn->grad.table;
    imp_tensor view;
    const imp_status st = answer(t, run, node, n, width, &view, err);
    const imp_tensor back = {.head = {sizeof back, IMP_TENSOR},
                             .dtype = IMP_F32,
                             .ndim = view.ndim,
                             .shape = view.shape,
                             .data = gradient};
    return st == IMP_OK ? grads->seed(t->nn->grad.self, run, node, &back, err) : st;
}

imp_status kit_task_backward(const kit_task *t, imp_nn_run *run, kit_batch *b, float *gradient,
                             imp_job *job, imp_error *err)
{
    const imp_nn_grad_1 *grads = t->nn->grad.table;
    const int64_t n = kit_batch_input(b).shape[0];
    float *behind = gradient + (size_t)n * t->out_width;
    imp_status st = seed(t, run, t->out_node, n, t->out_width, gradient, err);
    for (uint32_t k = 0; st == IMP_OK && k < t->restored_count;
         k++, behind += (size_t)n * t->in_width)
        st = seed(t, run, t->restored_node[k], n, t->in_width, behind, err);
    return st == IMP_OK ? grads->backward(t->nn->grad.self, run, 0, NULL, job, err) : st;
}

/* One batch of an evaluation: its part of the sums. */
static imp_status score_batch(const kit_task *t, imp_nn_run *run, kit_batch *b, uint64_t first,
                              uint32_t n, imp_job *job, double *sum, double *restored_sum,
                              uint32_t *right, imp_error *err)
{
    double loss = 0, restored = 0;
    imp_status st = kit_batch_read(b, NULL, first, n, NULL, 0, job, err);
    if (st == IMP_OK)
        st = kit_task_forward(t, run, b, job, err);
    if (st == IMP_OK)
        st = kit_task_loss(t, run, b, &loss, &restored, right, NULL, err);
    if (st == IMP_OK && !isfinite(loss))
        return imp_fail(err, IMP_E_FAILED,
                        "the loss on samples %" PRIu64 " to %" PRIu64 " is not a number", first,
                        first + n - 1);
    *sum += loss * n;
    *restored_sum += restored * n;
    return st;
}

imp_status kit_evaluate(const kit_task *t, imp_nn_run *run, const imp_dataset *data, uint32_t most,
                        imp_job *job, kit_score *score, imp_error *err)
{
    kit_batch *b = kit_batch_new(data, &t->input, t->target, most);
    imp_status st =
        b ? IMP_OK : imp_fail(err, IMP_E_MEMORY, "no memory for batches of %u samples", most);
    uint32_t right = 0;
    uint64_t all = 0;
    double sum = 0, restored = 0;
    for (uint64_t first = 0; st == IMP_OK && first < data->count; first += most, right = 0) {
        const uint64_t left = data->count - first;
        st = score_batch(t, run, b, first, left < most ? (uint32_t)left : most, job, &sum,
                         &restored, &right, err);
        all += right;
        if (st == IMP_OK && job)
            st = job->progress(job, -1, NULL);
    }
    if (st == IMP_OK) {
        const double n = (double)data->count;
        *score = (kit_score){.loss = sum / n,
                             .accuracy = t->target == KIT_TARGET_CLASS ? (double)all / n : NAN,
                             .restored = restored / n};
    }
    kit_batch_free(b);
    return st;
}
