/* test_rt_paint.c - painting through networks: gradients against differences of a double-precision
 * oracle, tiles against the whole, optimisers, priors, checkpoints, and what is not finite. */
#include "rt_help.h"

#include <impasto/kit_paint.h>
#include "../../sdk/kit/kit_paint_work.h"
#include "fake_job.h"

static const kit_nn runtime = {.model = {&rt_model_table, NULL},
                               .grad = {&rt_grad_table, NULL},
                               .train = {&rt_train_table, NULL},
                               .edit = {&rt_edit_table, NULL}};

/* BGR, so that channels change places; a mean and deviations of each. */
static const char colour[] =
    "[network]\nformat = 1\ninput = bgr\nrange = 0 2\nmean = 0.3 0.5 0.8\nstd = 0.7 0.9 1.3\n"
    "[x]\nop = input\nshape = N 3 H W\n"
    "[a]\nop = conv\nfilters = 4\nkernel = 3\npad = 1\n[ra]\nop = relu\n"
    "[p]\nop = average_pool\nkernel = 2\nstride = 2\n"
    "[b]\nop = conv\nfilters = 5\nkernel = 3\npad = 1\n[rb]\nop = relu\n";
#define HEAD "[network]\nformat = 1\n"
static const char grey[] = "[network]\nformat = 1\ninput = grey\nrange = 0 1\n"
                           "[x]\nop = input\nshape = N 1 H W\n"
                           "[a]\nop = conv\nfilters = 3\nkernel = 3\npad = 1\n[ra]\nop = relu\n"
                           "[rb]\nop = identity\n";

/* ---- goals ---- */

enum { MAPS = 5, WRONG_NEVER = 0, WRONG_ALWAYS = 1, WRONG_FAR = 2 };

/* inversion: 1/2 sum (F - T)^2 with T of a picture; energies: 1/2 sum_c (mean F_c - want_c)^2. */
struct goal {
    const kit_sight *sight;
    uint32_t node, wrong, judged;
    const imp_image *picture; /* inversion; NULL: energies */
    float *target;
    double mean[MAPS], want[MAPS], loss;
    uint64_t count;
};

static imp_status begin(void *user, imp_nn_run *run, uint32_t w, uint32_t h, imp_job *job,
                        imp_error *err) IMP_NX
{
    struct goal *g = user;
    kit_code code;
    if (!g->picture)
        return IMP_OK;
    imp_status st = kit_sight_look(g->sight, run, g->picture, w, h, job, err);
    if (st == IMP_OK)
        st = kit_sight_code(g->sight, run, g->node, job, &code, err);
    if (st != IMP_OK)
        return st;
    const size_t bytes = (size_t)code.c * code.h * code.w * sizeof(float);
    g->target = realloc(g->target, bytes);
    assert_non_null(g->target);
    memcpy(g->target, code.data, bytes);
    return IMP_OK;
}

static void clear(void *user) IMP_NX
{
    struct goal *g = user;
    g->loss = 0, g->count = 0;
    memset(g->mean, 0, sizeof g->mean);
}

static imp_status measure(void *user, imp_nn_run *run, const kit_part *part, imp_job *job,
                          imp_error *err) IMP_NX
{
    struct goal *g = user;
    kit_code code;
    const imp_status st = kit_sight_code(g->sight, run, g->node, job, &code, err);
    if (st != IMP_OK)
        return st;
    const kit_box in = kit_part_inner(part, code.w, code.h);
    for (uint32_t c = 0; c < code.c; c++)
        for (int64_t y = in.y; y < in.y + in.height; y++)
            for (int64_t x = in.x; x < in.x + in.width; x++) {
                const size_t i = ((size_t)c * code.h + (size_t)y) * code.w + (size_t)x;
                const double d = g->picture ? (double)code.data[i] - (double)g->target[i] : 0;
                g->loss += d * d / 2;
                g->mean[c % MAPS] += (double)code.data[i];
            }
    g->count += (uint64_t)(in.width * in.height);
    return IMP_OK;
}

static imp_status judge(void *user, double *terms, imp_error *err) IMP_NX
{
    struct goal *g = user;
    (void)err;
    terms[0] = g->loss;
    for (uint32_t c = 0; c < MAPS && !g->picture; c++) {
        g->mean[c] /= (double)g->count;
        terms[0] += (g->mean[c] - g->want[c]) * (g->mean[c] - g->want[c]) / 2;
    }
    g->judged++;
    if (g->wrong == WRONG_ALWAYS || (g->wrong == WRONG_FAR && g->judged > 2 && g->judged % 3 == 0))
        terms[0] = NAN;
    return IMP_OK;
}

static imp_status seed(void *user, imp_nn_run *run, const kit_part *part, imp_job *job,
                       imp_error *err) IMP_NX
{
    struct goal *g = user;
    kit_code code;
    imp_status st = kit_sight_code(g->sight, run, g->node, job, &code, err);
    if (st != IMP_OK)
        return st;
    const kit_box in = kit_part_inner(part, code.w, code.h);
    const int64_t shape[] = {1, code.c, code.h, code.w};
    float *d = calloc((size_t)code.c * code.h * code.w, sizeof *d);
    for (uint32_t c = 0; c < code.c; c++)
        for (int64_t y = in.y; y < in.y + in.height; y++)
            for (int64_t x = in.x; x < in.x + in.width; x++) {
                const size_t i = ((size_t)c * code.h + (size_t)y) * code.w + (size_t)x;
                d[i] = g->picture ? code.data[i] - g->target[i]
                                  : (float)((g->mean[c] - g->want[c]) / (double)g->count);
            }
    const imp_tensor t = tensor_of(4, shape, d);
    st = rt_grad_table.seed(NULL, run, g->node, &t, err);
    free(d);
    return st;
}

static const char *const names[] = {"distance"};

static kit_goal goal_of(struct goal *g)
{
    return (kit_goal){.user = g,
                      .names = names,
                      .term_count = 1,
                      .begin = begin,
                      .clear = clear,
                      .measure = measure,
                      .judge = judge,
                      .seed = seed};
}

struct scene { /* a network and a goal in it */
    imp_nn_model *model;
    kit_sight sight;
    struct goal own;
    kit_goal goal;
    struct said said;
};

static void open_scene(struct scene *s, const char *net, const imp_image *picture)
{
    struct said said;
    memset(s, 0, sizeof *s);
    s->model = built(net, 4);
    must(kit_sight_open(&s->sight, &runtime, s->model, listen(&said)));
    s->own = (struct goal){.sight = &s->sight,
                           .node = node_of(s->model, "rb"),
                           .picture = picture,
                           .want = {0.3, 0.1, 0.4, 0.2, 0.5}};
    s->goal = goal_of(&s->own);
}

static void close_scene(struct scene *s)
{
    free(s->own.target);
    release(s->model);
}

static imp_image *noise(uint32_t w, uint32_t h, uint32_t channels, uint64_t seed_)
{
    imp_image *m = kit_image_new(w, h, channels, IMP_SRGB);
    assert_non_null(m);
    for (size_t i = 0; i < (size_t)w * h * channels; i++)
        m->data[i] = (float)kit_uniform(seed_, 1, i);
    imp_image *smooth = kit_image_new(w, h, channels, IMP_SRGB);
    assert_int_equal(kit_blur(m, smooth, 1, NULL), IMP_OK);
    for (size_t i = 0; i < (size_t)w * h * channels; i++)
        smooth->data[i] = 0.5f + 2 * (smooth->data[i] - 0.5f);
    kit_image_free(m);
    return smooth;
}

/* ---- the objective against an oracle ---- */

/* The network `colour` and the energies' loss in double. */
struct oracle {
    double wa[4][3][3][3], ba[4], wb[5][4][3][3], bb[5];
};

static void read_oracle(struct oracle *o, imp_nn_model *m)
{
    struct said said;
    imp_nn_trainer *t;
    uint32_t count;
    must(rt_train_table.trainer_new(NULL, m, 0, &t, listen(&said)));
    must(rt_train_table.param_count(NULL, t, &count, listen(&said)));
    assert_int_equal(count, 4);
    for (uint32_t i = 0; i < count; i++) {
        const char *name;
        imp_tensor v = {.head = {.struct_size = sizeof v}}, g = v;
        must(rt_train_table.param(NULL, t, i, &name, &v, &g, listen(&said)));
        double *to = name[0] == 'a' ? v.ndim == 1 ? o->ba : &o->wa[0][0][0][0]
                     : v.ndim == 1 ? o->bb
                                    : &o->wb[0][0][0][0];
        for (int64_t k = 0; k < count_of(&v); k++)
            to[k] = (double)((const float *)v.data)[k];
    }
    rt_train_table.trainer_free(NULL, t, NULL);
}

enum { SIDE = 32 };
static double conv_at(const double *in, uint32_t channels, int side, const double *w, int y, int x)
{
    double sum = 0;
    for (uint32_t c = 0; c < channels; c++)
        for (int u = -1; u <= 1; u++)
            for (int v = -1; v <= 1; v++)
                if (y + u >= 0 && y + u < side && x + v >= 0 && x + v < side)
                    sum += w[(c * 3 + (uint32_t)(u + 1)) * 3 + (uint32_t)(v + 1)] *
                           in[(c * (uint32_t)side + (uint32_t)(y + u)) * (uint32_t)side +
                              (uint32_t)(x + v)];
    return sum;
}

/* The loss of energies for a picture x = 255 v - m, R G B. */
static double oracle_loss(const struct oracle *o, const double *want, const double *x)
{
    static const double m[] = {123.68, 116.779, 103.939}, mean[] = {0.3, 0.5, 0.8},
                        std[] = {0.7, 0.9, 1.3};
    static double in[3 * SIDE * SIDE], a[4 * SIDE * SIDE], p[4 * SIDE * SIDE / 4];
    double loss = 0;
    for (int k = 0; k < 3; k++)
        for (int i = 0; i < SIDE * SIDE; i++)
            in[k * SIDE * SIDE + i] =
                ((x[(2 - k) * SIDE * SIDE + i] + m[2 - k]) / 255 * 2 - mean[k]) / std[k];
    for (int f = 0; f < 4; f++)
        for (int i = 0; i < SIDE * SIDE; i++) {
            const double v =
                o->ba[f] + conv_at(in, 3, SIDE, &o->wa[f][0][0][0], i / SIDE, i % SIDE);
            a[f * SIDE * SIDE + i] = v > 0 ? v : 0;
        }
    const int h = SIDE / 2;
    for (int f = 0; f < 4; f++)
        for (int i = 0; i < h * h; i++) {
            const double *at = a + f * SIDE * SIDE + i / h * 2 * SIDE + i % h * 2;
            p[f * h * h + i] = (at[0] + at[1] + at[SIDE] + at[SIDE + 1]) / 4;
        }
    for (int f = 0; f < 5; f++) {
        double sum = 0;
        for (int i = 0; i < h * h; i++) {
            const double v = o->bb[f] + conv_at(p, 4, h, &o->wb[f][0][0][0], i / h, i % h);
            sum += v > 0 ? v : 0;
        }
        loss += (sum / (h * h) - want[f]) * (sum / (h * h) - want[f]) / 2;
    }
    return loss;
}

static double oracle_priors(const kit_paint_options *o, const double *x)
{
    static const double m[] = {123.68, 116.779, 103.939};
    const double typical2 = 27098.1157 * 27098.1157 / (227 * 227 * 3), n = 3 * SIDE * SIDE;
    double tv = 0, alpha = 0, out2 = 0;
    for (int c = 0; c < 3; c++)
        for (int i = 0; i < SIDE * SIDE; i++) {
            const double *at = x + c * SIDE * SIDE + i;
            const double dx = i % SIDE + 1 < SIDE ? at[1] - at[0] : 0;
            const double dy = i / SIDE + 1 < SIDE ? at[SIDE] - at[0] : 0;
            const double v = (*at + m[c]) / 255, out = v < 0 ? v : v > 1 ? v - 1 : 0;
            tv += pow(fmax(dx * dx + dy * dy, o->tv_power < 2 ? 1e-5 : 0), o->tv_power / 2);
            alpha += pow(*at, 6);
            out2 += out * out;
        }
    return (o->tv * tv + o->alpha * alpha) / 2 / (typical2 * n) +
           (o->bounds == KIT_PAINT_PENALTY ? o->penalty * out2 / n : 0);
}

/* The kit's objective at one picture, its gradient against central differences of the oracle. */
static void gradient_matches(const kit_paint_options *options)
{
    enum { N = 3 * SIDE * SIDE };
    static float u[N], gradient[N], fed[N];
    static double x[N];
    struct scene s;
    struct oracle o;
    double value, terms[2], error = 0, size = 0;
    struct said said;
    open_scene(&s, colour, NULL);
    read_oracle(&o, s.model);
    struct paint p = {.sight = &s.sight,
                      .o = options,
                      .goal = &s.goal,
                      .err = listen(&said),
                      .c = 3,
                      .w = SIDE,
                      .h = SIDE,
                      .n = N,
                      .u = u,
                      .gradient = gradient,
                      .fed = fed,
                      .unit = 8,
                      .factor = 0.5,
                      .terms = terms,
                      .low_terms = terms + 1};
    for (int i = 0; i < N; i++) {
        u[i] = (float)(14 * kit_normal(3, 1, (uint64_t)i) / 1.4);
        x[i] = 8 * (double)u[i];
    }
    must(rt_model_table.run_new(NULL, s.model, 0, &p.run, listen(&said)));
    must(kit_paint_evaluate(&p, u, &value, gradient));
    const double want = 0.5 * (oracle_loss(&o, s.own.want, x) + oracle_priors(options, x));
    assert_true(fabs(value - want) < 1e-5 * want);
    for (int i = 0; i < N; i += 37) {
        const double eps = 1e-3, keep = x[i];
        double sides[2];
        for (int k = 0; k < 2; k++) {
            x[i] = keep + (k ? eps : -eps);
            sides[k] = oracle_loss(&o, s.own.want, x) + oracle_priors(options, x);
        }
        x[i] = keep;
        const double slope = 0.5 * 8 * (sides[1] - sides[0]) / (2 * eps);
        error += (slope - (double)gradient[i]) * (slope - (double)gradient[i]);
        size += slope * slope;
    }
    if (!(error < 1e-6 * size))
        print_message("# relative error of the gradient %g\n", sqrt(error / size));
    assert_true(error < 1e-6 * size);
    rt_model_table.run_free(NULL, p.run, NULL);
    close_scene(&s);
}

static void gradients_match_differences_of_the_oracle(void **state)
{
    kit_paint_options o = kit_paint_defaults(KIT_PAINT_LBFGS);
    (void)state;
    gradient_matches(&o);
    o.bounds = KIT_PAINT_PENALTY, o.penalty = 3;
    gradient_matches(&o);
    o.tv = 40;
    gradient_matches(&o);
    o.tv_power = 1.5, o.alpha = 2e-6;
    gradient_matches(&o);
}

/* A picture and its mirror images in one of four times the pixels are as natural as the picture. */
static void priors_do_not_grow_with_the_picture(void **state)
{
    enum { W = 19, H = 14, N = 3 * W * H };
    static float small[N], large[4 * N], unused[4 * N];
    kit_paint_options o = kit_paint_defaults(KIT_PAINT_LBFGS);
    (void)state;
    kit_normals(8, 1, 0, N, small);
    for (int c = 0, i = 0; c < 3; c++)
        for (int y = 0; y < 2 * H; y++)
            for (int x = 0; x < 2 * W; x++, i++)
                large[i] =
                    small[(c * H + (y < H ? y : 2 * H - 1 - y)) * W + (x < W ? x : 2 * W - 1 - x)];
    for (int k = 0; k < 3; k++) {
        struct paint p = {.o = &o, .c = 3, .w = W, .h = H, .n = N, .unit = 90};
        o.tv = k == 0 ? 3 : 0, o.alpha = k == 1 ? 1e-4 : 0;
        o.bounds = k == 2 ? KIT_PAINT_PENALTY : KIT_PAINT_FREE;
        const double one = kit_paint_priors(&p, small, unused);
        p.w *= 2, p.h *= 2, p.n *= 4;
        const double four = kit_paint_priors(&p, large, unused);
        assert_true(one > 0 && fabs(one - four) < 1e-9 * one);
    }
}

static void tiles_give_the_gradient_of_the_whole(void **state)
{
    enum { W = 300, H = 230, N = 3 * W * H };
    kit_paint_options o = kit_paint_defaults(KIT_PAINT_ADAM);
    struct scene s;
    struct said said;
    float *memory = calloc(5 * (size_t)N, sizeof *memory);
    double value[2], terms[2];
    (void)state;
    assert_non_null(memory);
    open_scene(&s, colour, NULL);
    for (uint32_t seed_ = 0; seed_ < 4; seed_++) {
        struct paint p = {.sight = &s.sight,
                          .o = &o,
                          .goal = &s.goal,
                          .err = listen(&said),
                          .c = 3,
                          .w = W,
                          .h = H,
                          .n = N,
                          .u = memory,
                          .fed = memory + N,
                          .part = memory + 2 * N,
                          .unit = 1,
                          .factor = 1,
                          .terms = terms,
                          .low_terms = terms + 1};
        kit_normals(seed_, 1, 0, N, p.u);
        for (size_t i = 0; i < N; i++)
            p.u[i] *= 50;
        must(rt_model_table.run_new(NULL, s.model, 0, &p.run, listen(&said)));
        o.seed = seed_;
        for (int k = 0; k < 2; k++) {
            o.tile = k ? 64 : 0;
            must(kit_paint_evaluate(&p, p.u, &value[k], memory + (size_t)(3 + k) * N));
        }
        assert_true(fabs(value[0] - value[1]) < 1e-6 * value[0]);
        double error = 0, size = 0;
        for (size_t i = 0; i < N; i++) {
            const double a = (double)memory[3 * (size_t)N + i],
                         d = a - (double)memory[4 * (size_t)N + i];
            error += d * d, size += a * a;
        }
        assert_true(error < 1e-10 * size);
        rt_model_table.run_free(NULL, p.run, NULL);
    }
    close_scene(&s);
    free(memory);
}

/* ---- painting ---- */

static kit_painting painted(struct scene *s, const kit_paint_options *o, const imp_image *start,
                            uint32_t w, uint32_t h, struct job *job)
{
    kit_painting out;
    struct said said;
    must(
        kit_paint(&s->sight, o, &s->goal, start, w, h, job ? &job->as : NULL, &out, listen(&said)));
    return out;
}

static double first_loss(const kit_painting *p)
{
    return p->rows[5];
}
static double last_loss(const kit_painting *p)
{
    return p->rows[(p->row_count - 1) * 7 + 5];
}

static void every_optimiser_lowers_the_loss(void **state)
{
    imp_image *picture = noise(48, 40, 3, 5);
    (void)state;
    for (uint32_t i = 0; i < 4; i++)
        for (uint32_t bounds = KIT_PAINT_FREE; bounds <= KIT_PAINT_PROJECT; bounds++) {
            const uint32_t rule = i < 3 ? i : KIT_PAINT_LBFGS;
            kit_paint_options o = kit_paint_defaults(rule);
            struct scene s;
            o.bounds = bounds, o.basis = i < 3 ? KIT_PAINT_PIXELS : KIT_PAINT_PYRAMID;
            o.steps = rule == KIT_PAINT_LBFGS ? 60 : 200;
            if (rule == KIT_PAINT_SGD_FMI)
                o.rate = 1000, o.stop = 0; /* its own is for activations of hundreds */
            open_scene(&s, colour, picture);
            kit_painting out = painted(&s, &o, NULL, 48, 40, NULL);
            assert_int_equal(out.picture->width, 48);
            assert_int_equal(out.picture->height, 40);
            const double gain = first_loss(&out) / last_loss(&out);
            const double least = i == 3                    ? 4
                                 : rule == KIT_PAINT_LBFGS ? 50
                                 : rule == KIT_PAINT_ADAM ? 20 : 1.2;
            if (!(gain > least))
                print_message("# rule %u bounds %u: %g to %g\n", rule, bounds, first_loss(&out),
                              last_loss(&out));
            assert_true(gain > least);
            for (size_t k = 0; k < 3 * 48 * 40; k++)
                assert_true(out.picture->data[k] >= 0 && out.picture->data[k] <= 1);
            kit_painting_free(&out);
            close_scene(&s);
        }
    kit_image_free(picture);
}

/* With the gradient taken for nothing, the program's rule is a recursion of its own. */
static void the_papers_rule_steps_as_written(void **state)
{
    enum { STEPS = 23, N = 3 * SIDE * SIDE, AT = 17 };
    static float u[N], gradient[N], fed[N], block[2 * N];
    kit_paint_options o = kit_paint_defaults(KIT_PAINT_SGD_FMI);
    double x = 40, v = 0, terms[2];
    struct scene s;
    struct said said;
    bool done;
    (void)state;
    o.decay = 0.3, o.stop = 0;
    open_scene(&s, colour, NULL);
    struct paint p = {.sight = &s.sight,
                      .o = &o,
                      .goal = &s.goal,
                      .err = listen(&said),
                      .c = 3,
                      .w = SIDE,
                      .h = SIDE,
                      .n = N,
                      .u = u,
                      .gradient = gradient,
                      .fed = fed,
                      .unit = 1,
                      .factor = 1e-30,
                      .terms = terms,
                      .low_terms = terms + 1};
    must(rt_model_table.run_new(NULL, s.model, 0, &p.run, listen(&said)));
    for (int i = 0; i < N; i++)
        u[i] = (float)(x + i - AT);
    kit_paint_state_start(&o, block, N);
    for (uint32_t t = 1; t <= STEPS; t++) {
        v = 0.9 * v - (t < 12 ? 0.1 : t < 22 ? 0.09 : 0.081) * 0.3 * x;
        x += v;
        must(kit_paint_step(&p, block, NULL, &done));
        assert_true(fabs((double)u[AT] - x) < 1e-4);
    }
    rt_model_table.run_free(NULL, p.run, NULL);
    close_scene(&s);
}

static void a_painting_resumes_to_the_same_bytes(void **state)
{
    static const double scales[] = {32, 48, 64};
    imp_image *picture = noise(64, 40, 3, 6);
    (void)state;
    for (uint32_t i = 0; i < 4; i++) {
        const uint32_t rule = i < 3 ? i : KIT_PAINT_LBFGS;
        kit_paint_options o = kit_paint_defaults(rule);
        struct scene s;
        o.steps = 8, o.scales = scales, o.scale_count = 3, o.stop = 0, o.keep_seconds = 1e-9,
        o.roughen = 3, o.basis = i < 3 ? KIT_PAINT_PIXELS : KIT_PAINT_PYRAMID;
        open_scene(&s, colour, picture);
        o.jitter = rule == KIT_PAINT_ADAM ? 3 : 0;
        struct job whole = new_job();
        whole.name = "painting";
        kit_painting want = painted(&s, &o, NULL, 64, 40, &whole);
        free(whole.kept);
        assert_int_equal(want.row_count, 24);
        for (uint32_t part = 1; part < 12; part++) {
            const uint32_t at = whole.polls * part / 12;
            struct job job = new_job();
            struct said said;
            kit_painting out;
            job.name = "painting";
            job.stop_at = at;
            job.backwards = true;
            const imp_status st =
                kit_paint(&s.sight, &o, &s.goal, NULL, 64, 40, &job.as, &out, listen(&said));
            if (st != IMP_CANCELLED)
                print_message("# rule %u, stopped at %u of %u questions: %d\n", rule, at, job.polls,
                              (int)st);
            assert_int_equal(st, IMP_CANCELLED);
            assert_null(out.picture);
            assert_true(job.keeps > 0);
            job.stop_at = 0, job.polls = 0, job.fraction = 0;
            out = painted(&s, &o, NULL, 64, 40, &job);
            assert_true(part == 1 || job.polls < whole.polls); /* it did not begin anew */
            assert_int_equal(out.row_count, want.row_count);
            assert_memory_equal(out.rows, want.rows, 24 * 7 * sizeof *want.rows);
            assert_memory_equal(out.picture->data, want.picture->data, 3 * 64 * 40 * sizeof(float));
            kit_painting_free(&out);
            free(job.kept);
        }
        kit_painting_free(&want);
        close_scene(&s);
    }
    kit_image_free(picture);
}

static void steps_may_differ_from_size_to_size(void **state)
{
    static const double scales[] = {32, 48, 64, 80}, steps[] = {4, 2, 3};
    static const uint32_t wanted[][4] = {/* long side of the picture, steps at each size */
                                         {80, 4, 2, 3}, {64, 4, 2, 3}, {40, 4, 2, 0}, {20, 4, 0, 0}};
    (void)state;
    for (size_t i = 0; i < 4; i++) {
        const uint32_t side = wanted[i][0];
        imp_image *picture = noise(side, side, 3, 6);
        kit_paint_options o = kit_paint_defaults(KIT_PAINT_LBFGS);
        struct scene s;
        o.scales = scales, o.scale_count = 4, o.step_list = steps, o.step_count = 3;
        open_scene(&s, colour, picture);
        kit_painting out = painted(&s, &o, NULL, side, side, NULL);
        uint32_t sizes = 0, row = 0;
        while (row < out.row_count) {
            const double scale = out.rows[row * 7];
            uint32_t done = 0;
            for (; row < out.row_count && out.rows[row * 7] == scale; row++)
                done++;
            assert_int_equal(done, sizes < 3 ? wanted[i][sizes + 1] : 3);
            sizes++;
        }
        assert_int_equal(sizes, i == 0 ? 4 : i == 1 ? 3 : i == 2 ? 2 : 1);
        kit_painting_free(&out);
        close_scene(&s);
        kit_image_free(picture);
    }
}

/* Steps that go nowhere show what a size starts from. */
static void finer_sizes_get_the_photos_detail_back(void **state)
{
    static const double scales[] = {32, 80};
    imp_image *photo = noise(80, 64, 3, 6);
    (void)state;
    for (int with = 0; with < 2; with++) {
        kit_paint_options o = kit_paint_defaults(KIT_PAINT_ADAM);
        struct scene s;
        o.scales = scales, o.scale_count = 2, o.steps = 1, o.rate = 1e-6;
        o.detail = with ? photo : NULL;
        open_scene(&s, colour, photo);
        kit_painting out = painted(&s, &o, photo, 80, 64, NULL);
        double error = 0;
        for (size_t i = 0; i < 3 * 80 * 64; i++)
            error += fabs((double)out.picture->data[i] - (double)photo->data[i]) / (3 * 80 * 64);
        assert_true(with ? error < 1e-3 : error > 0.02); /* the few samples beyond 0..1 are cut */
        kit_painting_free(&out);
        close_scene(&s);
    }
    kit_image_free(photo);
}

/* ---- the metric of a pyramid ---- */

enum { PYRAMID_SIDE = 40 };
struct planes {
    double v[3][PYRAMID_SIDE][PYRAMID_SIDE];
    uint32_t c, w, h;
};

static const double quarter[4] = {0.125, 0.375, 0.375, 0.125};

static struct planes halved(const struct planes *a)
{
    struct planes b = {.c = a->c, .w = (a->w + 1) / 2, .h = (a->h + 1) / 2};
    for (uint32_t c = 0; c < b.c; c++)
        for (uint32_t y = 0; y < b.h; y++)
            for (uint32_t x = 0; x < b.w; x++)
                for (int j = 0; j < 4; j++)
                    for (int i = 0; i < 4; i++)
                        b.v[c][y][x] += quarter[j] * quarter[i] *
                                        a->v[c][kit_mirror(2 * (int64_t)y + j - 1, a->h)]
                                            [kit_mirror(2 * (int64_t)x + i - 1, a->w)];
    return b;
}

static void add_transposed(struct planes *a, const struct planes *b)
{
    for (uint32_t c = 0; c < b->c; c++)
        for (uint32_t y = 0; y < b->h; y++)
            for (uint32_t x = 0; x < b->w; x++)
                for (int j = 0; j < 4; j++)
                    for (int i = 0; i < 4; i++)
                        a->v[c][kit_mirror(2 * (int64_t)y + j - 1, a->h)]
                            [kit_mirror(2 * (int64_t)x + i - 1, a->w)] +=
                            4 * quarter[j] * quarter[i] * b->v[c][y][x];
}

static void oracle_metric(struct planes *a, uint32_t level)
{
    const bool last = level == 5 || a->w < 8 || a->h < 8;
    struct planes low = {.c = 0};
    if (!last) {
        low = halved(a);
        oracle_metric(&low, level + 1);
    }
    for (uint32_t y = 0; y < a->h; y++)
        for (uint32_t x = 0; x < a->w; x++) {
            double mean = 0;
            for (uint32_t c = 0; c < a->c; c++)
                mean += a->v[c][y][x] / a->c;
            for (uint32_t c = 0; c < a->c; c++)
                a->v[c][y][x] =
                    (1u << level) * (mean + (last ? 0.1 : 0.03) * (a->v[c][y][x] - mean));
        }
    add_transposed(a, &low);
}

static void the_pyramids_metric_is_the_oracles_symmetric_and_positive(void **state)
{
    static const uint32_t sizes[][3] = {{3, 1, 1}, {1, 40, 1}, {3, 8, 8},
                                        {3, 9, 40}, {1, 33, 17}, {3, 40, 39}};
    static float u[2][3 * PYRAMID_SIDE * PYRAMID_SIDE], m[2][3 * PYRAMID_SIDE * PYRAMID_SIDE];
    static struct planes want;
    (void)state;
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        struct paint p = {.c = sizes[i][0], .w = sizes[i][1], .h = sizes[i][2]};
        p.n = (size_t)p.c * p.w * p.h;
        p.pyramid = calloc(kit_paint_metric_floats(p.c, p.w, p.h), sizeof(float));
        assert_non_null(p.pyramid);
        for (int k = 0; k < 2; k++) {
            kit_normals(7, (uint64_t)k, 0, p.n, u[k]);
            memcpy(m[k], u[k], p.n * sizeof(float));
            kit_paint_metric(&p, m[k]);
        }
        want.c = p.c, want.w = p.w, want.h = p.h;
        for (size_t k = 0; k < p.n; k++)
            want.v[k / (p.w * p.h)][k / p.w % p.h][k % p.w] = (double)u[0][k];
        oracle_metric(&want, 0);
        for (size_t k = 0; k < p.n; k++)
            assert_true(fabs(want.v[k / (p.w * p.h)][k / p.w % p.h][k % p.w] - (double)m[0][k]) <
                        2e-5);
        const double a = kit_dot(u[0], m[1], p.n), b = kit_dot(u[1], m[0], p.n);
        const double size = sqrt(kit_dot(u[0], u[0], p.n) * kit_dot(m[1], m[1], p.n));
        assert_true(fabs(a - b) < 1e-6 * size);
        assert_true(kit_dot(u[0], m[0], p.n) > 0 && kit_dot(u[1], m[1], p.n) > 0);
        free(p.pyramid);
    }
}

static void checkpoints_of_other_paintings_are_left_alone(void **state)
{
    imp_image *picture = noise(40, 40, 3, 6);
    kit_paint_options o = kit_paint_defaults(KIT_PAINT_LBFGS);
    struct scene s;
    (void)state;
    o.steps = 4;
    open_scene(&s, colour, picture);
    kit_painting want = painted(&s, &o, NULL, 40, 40, NULL);
    for (uint64_t size = 0; size < 400; size += 13) {
        struct job job = new_job();
        job.name = "painting";
        job.kept = calloc(1, 400);
        job.size = size;
        for (uint64_t i = 0; i < size; i++)
            job.kept[i] = (unsigned char)kit_random(size, 1, i);
        kit_painting out = painted(&s, &o, NULL, 40, 40, &job);
        assert_memory_equal(out.picture->data, want.picture->data, 3 * 40 * 40 * sizeof(float));
        kit_painting_free(&out);
        free(job.kept);
    }
    kit_painting_free(&want);
    close_scene(&s);
    kit_image_free(picture);
}

static void sizes_are_those_asked_for(void **state)
{
    static const uint32_t sizes[][4] = {
        {1, 1, 1, 1}, {200, 3, 100, 2}, {5, 90, 5, 90}, {33, 47, 33, 47}, {640, 480, 100, 75}};
    static const double scales[] = {50, 100};
    (void)state;
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
        for (int g = 0; g < 2; g++) {
            const uint32_t w = sizes[i][0], h = sizes[i][1];
            imp_image *picture = noise(w, h, 3, 7);
            kit_paint_options o = kit_paint_defaults(KIT_PAINT_LBFGS);
            struct scene s;
            o.steps = 2, o.scales = scales, o.scale_count = 2;
            open_scene(&s, g ? grey : colour, picture);
            kit_painting out = painted(&s, &o, picture, w, h, NULL);
            assert_int_equal(out.picture->width, sizes[i][2]);
            assert_int_equal(out.picture->height, sizes[i][3]);
            assert_int_equal(out.picture->channels, g ? 1 : 3);
            kit_painting_free(&out);
            close_scene(&s);
            kit_image_free(picture);
        }
}

/* Zeros around a picture are an edge to a network; mirrored, they are outside. */
static void a_margin_is_painted_and_cut_off(void **state)
{
    static const double scales[] = {40, 80};
    imp_image *picture = noise(80, 60, 3, 7);
    kit_paint_options o = kit_paint_defaults(KIT_PAINT_LBFGS);
    struct scene s;
    struct said said;
    uint32_t w, h;
    (void)state;
    o.steps = 2, o.scales = scales, o.scale_count = 2;
    open_scene(&s, colour, picture);
    s.sight.margin = 9;
    kit_sight_size(&s.sight, 80, 60, &w, &h);
    assert_true(w == 98 && h == 78 && kit_sight_margin(&s.sight, w, h) == 9);
    imp_image *framed = kit_sight_frame(&s.sight, picture, w, h, NULL);
    for (uint32_t y = 0; y < h; y++)
        for (uint32_t x = 0; x < w; x++)
            assert_true(
                imp_row(framed, 1, y)[x] ==
                imp_row(picture, 1,
                        (uint32_t)kit_mirror((int64_t)y - 9, 60))[kit_mirror((int64_t)x - 9, 80)]);
    kit_painting out = painted(&s, &o, picture, 80, 60, NULL);
    assert_int_equal(out.picture->width, 80);
    assert_int_equal(out.picture->height, 60);
    assert_true(out.rows[(out.row_count - 1) * 7 + 1] == 80);
    double error = 0;
    for (size_t i = 0; i < 3 * 80 * 60; i++)
        error += fabs((double)out.picture->data[i] - (double)picture->data[i]) / (3 * 80 * 60);
    assert_true(error < 0.05); /* it is the picture, in its place */
    kit_painting_free(&out);
    kit_image_free(framed);
    imp_nn_run *run;
    kit_code a, b;
    must(rt_model_table.run_new(NULL, s.model, 0, &run, listen(&said)));
    must(kit_sight_look(&s.sight, run, picture, w, h, NULL, listen(&said)));
    must(kit_sight_code(&s.sight, run, node_of(s.model, "a"), NULL, &a, listen(&said)));
    float *inner = malloc(80 * sizeof *inner);
    memcpy(inner, a.data + (size_t)(9 + 20) * w + 9, 80 * sizeof *inner);
    s.sight.margin = 0;
    must(kit_sight_look(&s.sight, run, picture, 80, 60, NULL, listen(&said)));
    must(kit_sight_code(&s.sight, run, node_of(s.model, "a"), NULL, &b, listen(&said)));
    for (uint32_t x = 1; x < 79; x++) /* the same within, another at the rim */
        assert_true(fabsf(inner[x] - b.data[20 * 80 + x]) < 1e-5f);
    assert_true(fabsf(inner[0] - b.data[20 * 80]) > 1e-3f);
    free(inner);
    rt_model_table.run_free(NULL, run, NULL);
    close_scene(&s);
    kit_image_free(picture);
}

static void losses_that_are_no_numbers_are_stepped_back_from(void **state)
{
    imp_image *picture = noise(40, 40, 3, 6);
    (void)state;
    for (uint32_t rule = KIT_PAINT_LBFGS; rule <= KIT_PAINT_SGD_FMI; rule++) {
        kit_paint_options o = kit_paint_defaults(rule);
        struct scene s;
        struct said said;
        kit_painting out;
        o.steps = 12, o.stop = 0;
        open_scene(&s, colour, picture);
        s.own.wrong = WRONG_FAR;
        out = painted(&s, &o, NULL, 40, 40, NULL);
        assert_true(isfinite(last_loss(&out)));
        kit_painting_free(&out);
        s.own.wrong = WRONG_ALWAYS;
        assert_int_equal(kit_paint(&s.sight, &o, &s.goal, NULL, 40, 40, NULL, &out, listen(&said)),
                         IMP_E_FAILED);
        assert_null(out.picture);
        assert_non_null(strstr(said.text, "step 1: the loss is not a number"));
        close_scene(&s);
    }
    kit_image_free(picture);
}

static void jitter_is_refused_with_lbfgs(void **state)
{
    kit_paint_options o = kit_paint_defaults(KIT_PAINT_LBFGS);
    struct scene s;
    struct said said;
    kit_painting out;
    (void)state;
    open_scene(&s, colour, NULL);
    o.jitter = 2;
    assert_int_equal(kit_paint(&s.sight, &o, &s.goal, NULL, 40, 40, NULL, &out, listen(&said)),
                     IMP_E_PARAM);
    assert_non_null(strstr(said.text, "optimiser = adam"));
    close_scene(&s);
}

static void unknown_layers_and_networks_without_pictures_are_refused(void **state)
{
    struct said said;
    struct scene s;
    uint32_t node;
    kit_sight sight;
    static const char *const wrong[] = {"rc"};
    (void)state;
    open_scene(&s, colour, NULL);
    assert_int_equal(kit_sight_find(&s.sight, wrong, 1, &node, listen(&said)), IMP_E_MISSING);
    assert_non_null(strstr(said.text, "rb"));
    close_scene(&s);
    imp_nn_model *flat =
        built(HEAD "[x]\nop = input\nshape = N 4\n[y]\nop = gemm\nunits = 2\ntrans_b = yes\n", 1);
    assert_int_equal(kit_sight_open(&sight, &runtime, flat, listen(&said)), IMP_E_INPUT);
    release(flat);
    imp_nn_model *bare = built(HEAD "[x]\nop = input\nshape = N 3 H W\n[y]\nop = relu\n", 1);
    assert_int_equal(kit_sight_open(&sight, &runtime, bare, listen(&said)), IMP_E_MISSING);
    assert_non_null(strstr(said.text, "range"));
    release(bare);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gradients_match_differences_of_the_oracle),
        cmocka_unit_test(priors_do_not_grow_with_the_picture),
        cmocka_unit_test(tiles_give_the_gradient_of_the_whole),
        cmocka_unit_test(every_optimiser_lowers_the_loss),
        cmocka_unit_test(the_papers_rule_steps_as_written),
        cmocka_unit_test(a_painting_resumes_to_the_same_bytes),
        cmocka_unit_test(steps_may_differ_from_size_to_size),
        cmocka_unit_test(finer_sizes_get_the_photos_detail_back),
        cmocka_unit_test(the_pyramids_metric_is_the_oracles_symmetric_and_positive),
        cmocka_unit_test(checkpoints_of_other_paintings_are_left_alone),
        cmocka_unit_test(sizes_are_those_asked_for),
        cmocka_unit_test(a_margin_is_painted_and_cut_off),
        cmocka_unit_test(losses_that_are_no_numbers_are_stepped_back_from),
        cmocka_unit_test(jitter_is_refused_with_lbfgs),
        cmocka_unit_test(unknown_layers_and_networks_without_pictures_are_refused),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
