/* test_energy_goal.c - losses of a picture through a small network: values and gradients by the
 * picture against a double oracle of network and losses alike, and its central differences; by
 * parts as of the whole. */
#include <stdio.h>
#include <unistd.h>
#include "energy_test.h"
#include "goal.h"

enum { W = 32, H = 34, C1 = 4, C2 = 5, N = 3 * W * H, N1 = C1 * W * H, N2 = C2 * W * H / 4 };

static const char network[] =
    "[network]\nformat = 1\ninput = rgb\nrange = 0 1\n[x]\nop = input\nshape = N 3 H W\n"
    "[conv1]\nop = conv\nfilters = 4\nkernel = 3\npad = 1\n[relu1]\nop = relu\n"
    "[pool1]\nop = average_pool\nkernel = 2\nstride = 2\n"
    "[conv2]\nop = conv\nfilters = 5\nkernel = 3\npad = 1\n[relu2]\nop = relu\n";

struct world {
    struct mini *runtime;
    const imp_value *net;
    struct en_net self;
    kit_sight sight;
    double w1[C1 * 27], b1[C1], w2[C2 * C1 * 9], b2[C2];
    imp_image *content, *style, *mask;
};

/* ---- the world ---- */

static const void *service(const imp_plugin *p, const char *id)
{
    for (const imp_service_def *const *s = p->provides; *s; s++)
        if (strcmp((*s)->id, id) == 0)
            return (*s)->table;
    return NULL;
}

static void read_weights(struct world *t, imp_nn_model *model)
{
    const imp_nn_train_1 *train = service(mini_entry(t->runtime), IMP_NN_TRAIN_1);
    double *const to[] = {t->w1, t->b1, t->w2, t->b2};
    const int64_t sizes[] = {C1 * 27, C1, C2 * C1 * 9, C2};
    imp_nn_trainer *trainer;
    uint32_t count;
    assert_int_equal(train->trainer_new(NULL, model, 1, &trainer, NULL), IMP_OK);
    assert_int_equal(train->param_count(NULL, trainer, &count, NULL), IMP_OK);
    assert_int_equal(count, 4);
    for (uint32_t i = 0; i < 4; i++) {
        const char *name;
        imp_tensor value = {.head = {sizeof value, IMP_TENSOR}}, gradient = value;
        assert_int_equal(train->param(NULL, trainer, i, &name, &value, &gradient, NULL), IMP_OK);
        int64_t n = 1;
        for (uint32_t k = 0; k < value.ndim; k++)
            n *= value.shape[k];
        assert_int_equal(n, sizes[i]);
        for (int64_t k = 0; k < n; k++)
            to[i][k] = (double)((const float *)value.data)[k];
    }
    train->trainer_free(NULL, trainer, NULL);
}

static int open_world(void **state)
{
    char path[4096], why[512], folder[] = "/tmp/impasto-goal-XXXXXX", file[64], params[200];
    struct world *t = calloc(1, sizeof *t);
    if (!mkdtemp(folder))
        return -1;
    snprintf(file, sizeof file, "%s/net.ini", folder);
    FILE *f = fopen(file, "w");
    fputs(network, f);
    fclose(f);
    t->runtime = mini_open(mini_built("runtime", path, sizeof path), why, sizeof why);
    if (!t->runtime) {
        fprintf(stderr, "%s\n", why);
        return -1;
    }
    snprintf(params, sizeof params, "path=%s seed=3", file);
    struct mini_node *node = mini_node(t->runtime, "net.build", params, why, sizeof why);
    const struct mini_call call = {.threads = 1};
    struct mini_result r;
    mini_process(node, &call, &r);
    t->net = mini_retain(mini_output(&r, 0, 0));
    mini_result_free(&r), mini_node_free(node), unlink(file), rmdir(folder);
    t->self.nn.model.table = service(mini_entry(t->runtime), IMP_NN_MODEL_1);
    t->self.nn.grad.table = service(mini_entry(t->runtime), IMP_NN_GRAD_1);
    if (kit_sight_open(&t->sight, &t->self.nn, kit_sight_model(t->net), NULL) != IMP_OK)
        return -1;
    read_weights(t, t->sight.model);
    t->content = mini_noise(W, H, 3, IMP_SRGB, 1), t->style = mini_noise(W, H, 3, IMP_SRGB, 2);
    t->mask = mini_noise(W, H, 1, IMP_DATA, 3);
    *state = t;
    return 0;
}

static int close_world(void **state)
{
    struct world *t = *state;
    mini_release(&t->content->head), mini_release(&t->style->head), mini_release(&t->mask->head);
    mini_release(t->net), mini_close(t->runtime), free(t);
    return 0;
}

/* ---- the oracle ---- */

/* 3x3, padded by 1 with 0, then ReLU. */
static void conv(const double *x, int c, int h, int w, const double *k, const double *b, int m,
                 double *y)
{
    for (int o = 0; o < m; o++)
        for (int i = 0; i < h; i++)
            for (int j = 0; j < w; j++) {
                double sum = b[o];
                for (int a = 0; a < c; a++)
                    for (int u = -1; u <= 1; u++)
                        for (int v = -1; v <= 1; v++)
                            if (i + u >= 0 && i + u < h && j + v >= 0 && j + v < w)
                                sum += k[((o * c + a) * 3 + u + 1) * 3 + v + 1] *
                                       x[(a * h + i + u) * w + j + v];
                y[(o * h + i) * w + j] = sum > 0 ? sum : 0;
            }
}

static void pool(const double *x, int c, int h, int w, double *y)
{
    for (int a = 0; a < c; a++)
        for (int i = 0; i < h / 2; i++)
            for (int j = 0; j < w / 2; j++) {
                const double *p = x + (a * h + 2 * i) * w + 2 * j;
                y[(a * (h / 2) + i) * (w / 2) + j] = (p[0] + p[1] + p[w] + p[w + 1]) / 4;
            }
}

struct seen {
    double r1[N1], r2[N2];
};

static void see(const struct world *t, const double *x, struct seen *s)
{
    static double p1[N1 / 4];
    conv(x, 3, H, W, t->w1, t->b1, C1, s->r1);
    pool(s->r1, C1, H, W, p1);
    conv(p1, C1, H / 2, W / 2, t->w2, t->b2, C2, s->r2);
}

static void numbers(const imp_image *m, double *x)
{
    for (uint32_t c = 0; c < m->channels; c++)
        for (uint32_t y = 0; y < H; y++)
            for (uint32_t i = 0; i < W; i++)
                x[(c * H + y) * W + i] = (double)imp_row(m, c, y)[i];
}

/* One case: what the goal is to be. */
struct asked {
    int gram, order, parts, compat, masked, content, cells; /* cells 0: the picture as a whole */
    double strength, scale;
};

struct oracle {
    struct asked as;
    struct seen content, style;
    double mask1[W * H], mask2[W * H / 4], weight[2];
};

static double mean_of(const double *f, const double *w, int n)
{
    double sum = 0, all = 0;
    for (int p = 0; p < n; p++)
        sum += w[p] * f[p], all += w[p];
    return sum / all;
}

static double pair_of(const double *f, const double *g, const double *w, int n)
{
    double sum = 0, all = 0;
    for (int p = 0; p < n; p++)
        sum += w[p] * f[p] * g[p], all += w[p];
    return sum / all;
}

/* The loss of a layer: f the picture's, p the photo's, a the style's, which no mask weighs. */
static double layer_loss(const struct oracle *o, const double *f, const double *p, const double *a,
                         const double *w, int c, int n, double weight)
{
    const double t = o->as.strength, s = o->as.scale;
    double one[W * H], whole = 0, loss = 0, norm = 0, loss2 = 0, norm2 = 0;
    for (int i = 0; i < n; i++)
        one[i] = 1, whole += w[i];
    for (int i = 0; i < c; i++) {
        const double *fi = f + i * n, *pi = p + i * n, *ai = a + i * n;
        const double wanted = t * mean_of(ai, one, n) + (1 - t) * mean_of(pi, w, n);
        const double wanted2 = t * pair_of(ai, ai, one, n) + (1 - t) * pair_of(pi, pi, w, n);
        if (!o->as.gram) {
            loss += pow(mean_of(fi, w, n) - wanted, 2), norm += wanted * wanted;
            loss2 += pow(pair_of(fi, fi, w, n) - wanted2, 2), norm2 += wanted2 * wanted2;
        }
        for (int j = 0; j < c && o->as.gram; j++) {
            const double aim =
                t * pair_of(ai, a + j * n, one, n) + (1 - t) * pair_of(pi, p + j * n, w, n);
            if (o->as.parts == EN_FULL || (i == j) == (o->as.parts == EN_DIAGONAL))
                loss += pow(pair_of(fi, f + j * n, w, n) - aim, 2), norm += aim * aim;
        }
    }
    if (o->as.compat && o->as.gram)
        return weight * pow(s, 4) * loss * whole / (4.0 * c * c);
    if (o->as.compat)
        return weight * s * s * whole * loss / (2.0 * c);
    return weight * (loss / norm + (o->as.order == 2 ? loss2 / norm2 : 0));
}

/* The same of each cell of a map of w x h, by its share of the weights. */
static double cells_loss(const struct oracle *o, const double *f, const double *p, const double *a,
                         const double *mask, int c, int w, int h, double weight)
{
    const int side = o->as.cells ? o->as.cells : 1;
    double loss = 0, all = 0;
    for (int i = 0; i < w * h; i++)
        all += mask[i];
    for (int k = 0; k < side * side; k++) {
        const int top = k / side * h / side, bottom = (k / side + 1) * h / side,
                  left = k % side * w / side, right = (k % side + 1) * w / side;
        double own[W * H] = {0}, whole = 0;
        for (int y = top; y < bottom; y++)
            for (int x = left; x < right; x++)
                own[y * w + x] = mask[y * w + x], whole += mask[y * w + x];
        if (whole > 0)
            loss += layer_loss(o, f, p, a, own, c, w * h, weight * whole / all);
    }
    return loss;
}

static double oracle_terms(const struct world *t, const struct oracle *o, const double *x,
                           double terms[3])
{
    struct seen s;
    double apart = 0, norm = 0;
    see(t, x, &s);
    terms[0] = cells_loss(o, s.r1, o->content.r1, o->style.r1, o->mask1, C1, W, H, o->weight[0]);
    terms[1] =
        cells_loss(o, s.r2, o->content.r2, o->style.r2, o->mask2, C2, W / 2, H / 2, o->weight[1]);
    for (int i = 0; i < N1; i++)
        apart += pow(s.r1[i] - o->content.r1[i], 2), norm += pow(o->content.r1[i], 2);
    terms[2] = !o->as.content  ? 0
               : !o->as.compat ? 0.3 * apart / norm
               : o->as.gram    ? 0.3 * o->as.scale * o->as.scale * apart / 2
                               : 0.3 * o->as.scale * o->as.scale * apart / (2 * W * H);
    return terms[0] + terms[1] + terms[2];
}

static struct oracle oracle_of(const struct world *t, const struct asked *as)
{
    static double x[N], m[W * H];
    struct oracle o = {.as = *as, .weight = {as->compat ? 1 : 0.25, as->compat ? 3 : 0.75}};
    numbers(t->content, x), see(t, x, &o.content);
    numbers(t->style, x), see(t, x, &o.style);
    numbers(t->mask, m);
    for (int i = 0; i < W * H; i++)
        o.mask1[i] = as->masked ? m[i] : 1;
    pool(o.mask1, 1, H, W, o.mask2);
    return o;
}

/* ---- ours ---- */

struct ours {
    struct en_goal goal;
    kit_goal as;
    struct en_layer layers[2];
    const char *names[3];
    double means[2][2 * C2];
    const imp_image *styles[1];
    double weight;
};

/* What energy.measure says of the style. */
static void energies(const struct oracle *o, struct ours *u)
{
    double one[W * H];
    for (int i = 0; i < W * H; i++)
        one[i] = 1;
    for (int k = 0; k < 2; k++) {
        const int c = k ? C2 : C1, n = k ? W * H / 4 : W * H;
        const double *f = k ? o->style.r2 : o->style.r1;
        for (int i = 0; i < c; i++) {
            u->means[k][i] = mean_of(f + i * n, one, n);
            u->means[k][c + i] = pair_of(f + i * n, f + i * n, one, n);
        }
        u->layers[k].mean = u->means[k], u->layers[k].square = u->means[k] + c;
    }
}

static void ours_open(const struct world *t, const struct oracle *o, struct ours *u,
                      imp_nn_run *run)
{
    static const char *const names[] = {"relu1", "relu2"};
    memset(u, 0, sizeof *u);
    uint32_t nodes[2];
    assert_int_equal(kit_sight_find(&t->sight, names, 2, nodes, NULL), IMP_OK);
    for (int k = 0; k < 2; k++)
        u->layers[k] = (struct en_layer){
            .name = names[k], .node = nodes[k], .maps = k ? C2 : C1, .weight = o->weight[k]};
    energies(o, u);
    u->styles[0] = t->style, u->weight = 1;
    u->goal = (struct en_goal){.self = &t->self,
                               .sight = &t->sight,
                               .content = t->content,
                               .mask = o->as.masked ? t->mask : NULL,
                               .styles = u->styles,
                               .style_weights = &u->weight,
                               .layers = u->layers,
                               .names = u->names,
                               .style_scale = 1,
                               .content_weight = o->as.content ? 0.3 : 0,
                               .strength = o->as.strength,
                               .code_scale = o->as.scale,
                               .layer_count = 2,
                               .style_count = 1,
                               .content_node = nodes[0],
                               .gram = (uint32_t)o->as.gram,
                               .order = (uint32_t)o->as.order,
                               .cells = (uint32_t)o->as.cells,
                               .parts = (uint32_t)o->as.parts,
                               .compat = (uint32_t)o->as.compat};
    assert_int_equal(en_goal_open(&u->goal, NULL), IMP_OK);
    u->as = en_goal_of(&u->goal);
    assert_int_equal(u->as.begin(u->as.user, run, W, H, NULL, NULL), IMP_OK);
}

static void show(const struct world *t, imp_nn_run *run, const double *x, const kit_box *box)
{
    const imp_nn_model_1 *model = t->self.nn.model.table;
    float part[N], *to = part;
    for (int c = 0; c < 3; c++)
        for (int64_t y = box->y; y < box->y + box->height; y++)
            for (int64_t i = box->x; i < box->x + box->width; i++)
                *to++ = (float)x[(c * H + y) * W + i];
    const int64_t shape[] = {1, 3, box->height, box->width};
    const imp_tensor in = {
        .head = {sizeof in, IMP_TENSOR}, .dtype = IMP_F32, .ndim = 4, .shape = shape, .data = part};
    assert_int_equal(model->set_input(NULL, run, t->sight.input, &in, NULL), IMP_OK);
}

/* Terms, and the gradient added up over the parts. */
static void ours_at(const struct world *t, struct ours *u, imp_nn_run *run, const double *x,
                    const kit_part *parts, uint32_t count, double terms[3], double *gradient)
{
    const imp_nn_grad_1 *grad = t->self.nn.grad.table;
    u->as.clear(u->as.user);
    for (uint32_t k = 0; k < count; k++) {
        show(t, run, x, &parts[k].held);
        assert_int_equal(u->as.measure(u->as.user, run, &parts[k], NULL, NULL), IMP_OK);
    }
    terms[2] = 0;
    assert_int_equal(u->as.judge(u->as.user, terms, NULL), IMP_OK);
    memset(gradient, 0, N * sizeof *gradient);
    for (uint32_t k = 0; k < count; k++) {
        const kit_box *b = &parts[k].held;
        imp_tensor view = {.head = {sizeof view, IMP_TENSOR}};
        show(t, run, x, b);
        assert_int_equal(grad->seed(NULL, run, 0, NULL, NULL), IMP_OK);
        assert_int_equal(u->as.seed(u->as.user, run, &parts[k], NULL, NULL), IMP_OK);
        assert_int_equal(grad->backward(NULL, run, 1, &t->sight.input, NULL, NULL), IMP_OK);
        assert_int_equal(grad->gradient(NULL, run, t->sight.input, &view, NULL), IMP_OK);
        const float *g = view.data;
        for (int c = 0; c < 3; c++)
            for (int64_t y = b->y; y < b->y + b->height; y++)
                for (int64_t i = b->x; i < b->x + b->width; i++)
                    gradient[(c * H + y) * W + i] += (double)*g++;
    }
}

static const kit_part whole = {
    .count = 1, .width = W, .height = H, .held = {0, 0, W, H}, .inner = {0, 0, W, H}};
static const kit_part halves[] = {
    {0, 2, W, H, {0, 0, 24, H}, {0, 0, 16, H}},
    {1, 2, W, H, {8, 0, 24, H}, {16, 0, 16, H}},
};

/* ---- values, gradients, parts ---- */

static void one_case(const struct world *t, const struct asked *as)
{
    static struct oracle o;
    static double x[N], gradient[N], by_parts[N];
    const imp_nn_model_1 *model = t->self.nn.model.table;
    double want[3], got[3], again[3], most = 0;
    struct ours u;
    imp_nn_run *run;
    o = oracle_of(t, as);
    assert_int_equal(model->run_new(NULL, t->sight.model, 0, &run, NULL), IMP_OK);
    ours_open(t, &o, &u, run);
    for (int i = 0; i < N; i++)
        x[i] = (double)(float)kit_uniform(11, 1, (uint64_t)i);
    oracle_terms(t, &o, x, want);
    ours_at(t, &u, run, x, &whole, 1, got, gradient);
    for (int k = 0; k < 3; k++)
        assert_near(got[k], want[k], 1e-4 * fabs(want[k]) + 1e-12);
    for (int i = 0; i < N; i++)
        most = fmax(most, fabs(gradient[i]));
    for (int i = 0; i < N; i += 61) {
        const double eps = 1e-5, was = x[i];
        double none[3];
        x[i] = was + eps;
        const double up = oracle_terms(t, &o, x, none);
        x[i] = was - eps;
        const double slope = (up - oracle_terms(t, &o, x, none)) / (2 * eps);
        x[i] = was;
        assert_near(gradient[i], slope, 1e-3 * most);
    }
    ours_at(t, &u, run, x, halves, 2, again, by_parts);
    for (int k = 0; k < 3; k++)
        assert_near(again[k], got[k], 1e-4 * fabs(got[k]) + 1e-12);
    for (int i = 0; i < N; i++)
        assert_near(by_parts[i], gradient[i], 1e-4 * most);
    en_goal_close(&u.goal);
    model->run_free(NULL, run, NULL);
}

static void losses_and_gradients_of_match(void **state)
{
    static const struct asked cases[] = {
        {.order = 1, .strength = 1, .scale = 1},
        {.order = 2, .strength = 1, .scale = 1, .content = 1},
        {.order = 2, .strength = 0.6, .scale = 1, .masked = 1, .content = 1},
        {.order = 1, .strength = 1, .scale = 10, .compat = 1, .content = 1},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        one_case(*state, &cases[i]);
}

/* Cells cut by parts, of sides that do not divide the maps', more than a map has places, without
 * weight. */
static void losses_and_gradients_of_cells(void **state)
{
    static const struct asked cases[] = {
        {.order = 1, .strength = 1, .scale = 1, .cells = 2},
        {.order = 2, .strength = 0.7, .scale = 1, .cells = 3, .content = 1},
        {.order = 2, .strength = 0.6, .scale = 1, .cells = 5, .masked = 1, .content = 1},
        {.order = 1, .strength = 1, .scale = 1, .cells = 20},
        {.order = 1, .strength = 1, .scale = 10, .compat = 1, .cells = 2},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        one_case(*state, &cases[i]);
}

static void losses_and_gradients_of_gram(void **state)
{
    static const struct asked cases[] = {
        {.gram = 1, .order = 1, .strength = 1, .scale = 1},
        {.gram = 1, .order = 1, .strength = 1, .scale = 1, .parts = EN_DIAGONAL, .content = 1},
        {.gram = 1, .order = 1, .strength = 0.5, .scale = 1, .parts = EN_OFF, .masked = 1},
        {.gram = 1, .order = 1, .strength = 1, .scale = 3, .compat = 1, .content = 1},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        one_case(*state, &cases[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(losses_and_gradients_of_match),
        cmocka_unit_test(losses_and_gradients_of_cells),
        cmocka_unit_test(losses_and_gradients_of_gram),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, open_world, close_world) != 0;
}
