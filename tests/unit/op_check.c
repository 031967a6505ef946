/* op_check.c - see op_check.h. */
#include "op_check.h"

#include <impasto/kit.h>
#include <math.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdbool.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { SLOTS = 8 };

/* One operator with its inputs in both precisions. */
struct bed {
    struct op_case c;
    struct rt_graph *graph;
    struct rt_node *node;
    uint32_t slots;
    struct rt_info info[SLOTS], out;
    const struct rt_info *in_info[SLOTS];
    struct rt_shape shapes[SLOTS];
    struct rt_tensor *known[SLOTS + 1];
    double *wide[SLOTS];
    float *narrow[SLOTS];
    int64_t count[SLOTS], out_count;
};

/* ---- what a case says, taken apart ---- */

static void set_attr(struct rt_node *n, const char *key, const char *text)
{
    int64_t ints[64];
    double floats[64];
    uint32_t count = 0;
    uint32_t type = 0;
    for (uint32_t i = 0; i < n->op->attr_count; i++)
        if (!strcmp(n->op->attrs[i].key, key))
            type = n->op->attrs[i].type;
    if (!type)
        fail_msg("%s has no attribute %s", n->op->name, key);
    for (const char *p = text; type != RT_CHOICE && *p && count < 64;) {
        char *end;
        floats[count] = strtod(p, &end);
        if (end == p)
            break;
        ints[count] = (int64_t)floats[count];
        count++;
        p = end;
    }
    const bool fine = type == RT_CHOICE  ? rt_set_choice(n, key, text)
                      : type == RT_INTS  ? rt_set_ints(n, key, count, ints)
                      : type == RT_FLOAT ? rt_set_float(n, key, floats[0])
                      : type == RT_FLOATS ? rt_set_floats(n, key, count, floats)
                                          : rt_set_int(n, key, ints[0]);
    if (!fine)
        fail_msg("%s: attribute %s does not take '%s'", n->op->name, key, text);
}

static void set_attrs(struct rt_node *n, const char *text)
{
    char copy[512], *save = NULL;
    snprintf(copy, sizeof copy, "%s", text ? text : "");
    for (char *p = strtok_r(copy, ";", &save); p; p = strtok_r(NULL, ";", &save)) {
        char *value = strchr(p, '=');
        if (!value)
            fail_msg("attribute '%s' without a value", p);
        *value++ = 0;
        set_attr(n, p + strspn(p, " "), value);
    }
}

static uint32_t numbers(const char *text, int64_t *to, uint32_t room)
{
    uint32_t n = 0;
    for (char *end; n < room; text = end) {
        to[n] = strtoll(text, &end, 10);
        if (end == text)
            break;
        n++;
    }
    return n;
}

static double draw(const struct op_case *c, uint32_t slot, int64_t i)
{
    const double low = c->low == 0 && c->high == 0 ? -1 : c->low;
    const double high = c->low == 0 && c->high == 0 ? 1 : c->high;
    double v = low + (high - low) * kit_uniform(17, slot, (uint64_t)i);
    const bool zero = c->kink_at_zero && fabs(v) < 0.01;
    const bool kink = c->kink != 0 && fabs(v - c->kink) < 0.01;
    if (zero || kink)
        v += 0.025;
    return (double)(float)v;
}

/* A value that differs from every other by 0.002 at least, in an order that looks random. */
static double draw_distinct(int64_t i, int64_t n)
{
    int64_t step = n * 5 / 8 + 1;
    for (int64_t a = n, b = step; b; step += 0) { /* the next step that shares no factor with n */
        const int64_t r = a % b;
        a = b, b = r;
        if (!b && a != 1)
            a = n, b = ++step;
    }
    return (double)(float)(((double)(i * step % n) - (double)n / 2) * 0.004);
}

static void fill(struct bed *b, uint32_t s)
{
    b->count[s] = rt_count(&b->shapes[s]);
    b->wide[s] = calloc((size_t)b->count[s] + 1, sizeof(double));
    b->narrow[s] = calloc((size_t)b->count[s] + 1, sizeof(float));
    for (int64_t i = 0; i < b->count[s]; i++) {
        b->wide[s][i] = b->c.distinct ? draw_distinct(i, b->count[s]) : draw(&b->c, s, i);
        b->narrow[s][i] = (float)b->wide[s][i];
    }
    b->info[s] = (struct rt_info){.shape = b->shapes[s], .dtype = IMP_F32};
    b->in_info[s] = &b->info[s];
}

static void parse_slot(struct bed *b, uint32_t s, const char *text)
{
    int64_t v[64];
    text += strspn(text, " ");
    if (*text == '-' && (text[1] == 0 || text[1] == ' '))
        return;
    if (text[0] == 'i' && text[1] == ':') {
        const int64_t n = numbers(text + 2, v, 64);
        const struct rt_shape shape = {.ndim = 1, .dim = {n}};
        b->known[s] = rt_tensor_new(IMP_I64, &shape);
        memcpy(b->known[s]->data, v, (size_t)n * sizeof *v);
        b->shapes[s] = shape;
        b->info[s] = (struct rt_info){.shape = shape, .dtype = IMP_I64, .known = b->known[s]};
        b->in_info[s] = &b->info[s];
        return;
    }
    b->shapes[s] = rt_shape_of(numbers(text, v, RT_RANK), v);
    fill(b, s);
}

static void bed_init(struct bed *b, const struct op_case *c)
{
    memset(b, 0, sizeof *b);
    b->c = *c;
    const struct rt_op *op = rt_op_find(c->op);
    if (!op)
        fail_msg("no operator '%s'", c->op);
    int32_t refs[SLOTS] = {0};
    for (const char *p = c->shapes; p && b->slots < SLOTS; p = strchr(p, '|'), p = p ? p + 1 : p) {
        char piece[128];
        const size_t n = strcspn(p, "|");
        snprintf(piece, sizeof piece, "%.*s", (int)n, p);
        while (*piece && piece[strlen(piece) - 1] == ' ')
            piece[strlen(piece) - 1] = 0;
        parse_slot(b, b->slots, piece);
        refs[b->slots] = b->in_info[b->slots] ? 0 : RT_ABSENT;
        b->slots++;
    }
    b->graph = rt_graph_new();
    rt_graph_add_node(b->graph, "node", op, b->slots, refs);
    b->node = &b->graph->nodes[0];
    set_attrs(b->node, c->attrs);
}

static void bed_fini(struct bed *b)
{
    for (uint32_t s = 0; s < b->slots; s++) {
        free(b->wide[s]);
        free(b->narrow[s]);
        rt_tensor_release(b->known[s]);
    }
    rt_tensor_release(b->known[SLOTS]);
    rt_graph_free(b->graph);
}

static imp_status infer(struct bed *b, imp_error *err)
{
    struct rt_infer in = {.node = b->node, .in = b->in_info, .input_count = b->slots};
    in.out.dtype = b->slots && b->in_info[0] ? b->in_info[0]->dtype : IMP_F32;
    const imp_status st = b->node->op->infer(&in, err);
    b->out = in.out;
    b->known[SLOTS] = in.known;
    b->out.known = in.known;
    b->out_count = st == IMP_OK ? rt_count(&b->out.shape) : 0;
    b->c.in_shape = b->shapes;
    b->c.out_shape = &b->out.shape;
    b->c.node = b->node;
    b->c.in_count = b->slots;
    return st;
}

/* ---- two threads, to see that bytes do not depend on them ---- */

struct team {
    void (*fn)(void *, uint32_t);
    void *user;
    atomic_uint next;
    uint32_t n;
};

static void *work(void *p)
{
    struct team *t = p;
    for (uint32_t i; (i = atomic_fetch_add(&t->next, 1)) < t->n;)
        t->fn(t->user, i);
    return NULL;
}

static imp_status in_two(imp_job *job, uint32_t n, void (*fn)(void *, uint32_t), void *user)
{
    struct team t = {.fn = fn, .user = user, .n = n};
    pthread_t other;
    (void)job;
    pthread_create(&other, NULL, work, &t);
    work(&t);
    pthread_join(other, NULL);
    return IMP_OK;
}

static imp_status never(imp_job *job, double f, const char *phase)
{
    (void)job, (void)f, (void)phase;
    return IMP_OK;
}

/* ---- running it ---- */

static void *poisoned(uint64_t bytes)
{
    void *p = NULL;
    if (posix_memalign(&p, 64, (size_t)bytes + 64))
        fail_msg("no memory");
    memset(p, 0xff, (size_t)bytes + 64); /* NaN as floats */
    return p;
}

struct pass {
    float *out, *grad[SLOTS];
};

static float projection(int64_t i)
{
    return (float)(kit_uniform(99, 1, (uint64_t)i) * 2 - 1);
}

/* Gradients that hold nothing yet are written, to what was added otherwise. */
static void stored(struct bed *b, struct rt_call *call, const struct pass *added)
{
    float *grad[SLOTS] = {0};
    uint8_t fresh[SLOTS];
    memset(fresh, 1, sizeof fresh);
    for (uint32_t s = 0; s < b->slots; s++)
        if (added->grad[s])
            grad[s] = poisoned((uint64_t)b->count[s] * sizeof(float));
    call->in_grad = grad;
    call->fresh = fresh;
    assert_int_equal(b->node->op->backward(call), IMP_OK);
    for (uint32_t s = 0; s < b->slots; s++) {
        double error = 0, energy = 0;
        for (int64_t i = 0; added->grad[s] && i < b->count[s]; i++) {
            const double d = (double)added->grad[s][i] - 0.5 - (double)grad[s][i];
            error += d * d;
            energy += (double)added->grad[s][i] * (double)added->grad[s][i];
        }
        if (!(error <= 1e-12 * energy))
            fail_msg("%s, %s: the gradient of slot %u is not what is added", b->c.op, b->c.name, s);
        free(grad[s]);
    }
}

static void run(struct bed *b, imp_job *job, struct pass *pass)
{
    const struct rt_op *op = b->node->op;
    struct rt_need need = {0};
    struct rt_call call = {.node = b->node, .in_info = b->in_info, .out_info = &b->out,
                           .input_count = b->slots, .training = b->c.training, .random = 42,
                           .job = job};
    float *none[SLOTS] = {0};
    const float *in[SLOTS] = {0};
    float *grad[SLOTS] = {0};
    call.statistic = none;
    if (op->need)
        op->need(&call, &need);
    for (uint32_t s = 0; s < b->slots; s++)
        in[s] = b->narrow[s];
    call.in = in;
    call.out = pass->out = poisoned((uint64_t)b->out_count * sizeof(float));
    call.saved = poisoned(need.saved);
    call.scratch = poisoned(need.scratch);
    assert_int_equal(op->forward(&call), IMP_OK);
    free(call.scratch);
    call.scratch = poisoned(need.scratch_backward);
    float *out_grad = poisoned((uint64_t)b->out_count * sizeof(float));
    for (int64_t i = 0; i < b->out_count; i++)
        out_grad[i] = projection(i);
    for (uint32_t s = 0; s < b->slots; s++) {
        pass->grad[s] = NULL;
        if (!b->narrow[s] || (b->c.no_gradient >> s & 1))
            continue;
        pass->grad[s] = grad[s] = poisoned((uint64_t)b->count[s] * sizeof(float));
        for (int64_t i = 0; i < b->count[s]; i++)
            grad[s][i] = 0.5f; /* what is there stays: backward adds */
    }
    call.out_grad = out_grad;
    call.in_grad = grad;
    if (op->backward)
        assert_int_equal(op->backward(&call), IMP_OK);
    if (op->flags & RT_STORES)
        stored(b, &call, pass);
    free(out_grad);
    free(call.scratch);
    free(call.saved);
}

static void pass_fini(struct pass *p)
{
    free(p->out);
    for (uint32_t s = 0; s < SLOTS; s++)
        free(p->grad[s]);
}

static void expect_small(const struct bed *b, const char *what, uint32_t slot, const double *want,
                         const float *got, double add, int64_t n, double limit)
{
    double error = 0, energy = 0;
    int64_t worst = 0;
    double worst_by = -1;
    for (int64_t i = 0; i < n; i++) {
        const double d = (double)got[i] - add - want[i];
        if (!(fabs(d) <= worst_by)) {
            worst_by = fabs(d);
            worst = i;
        }
        error += d * d;
        energy += want[i] * want[i];
    }
    if (!(error <= limit * (energy > 1e-12 ? energy : 1)))
        fail_msg("%s, %s: %s of slot %u is off, NMSE %.3g (limit %.3g); element %lld is %.9g, the "
                 "oracle says %.9g",
                 b->c.op, b->c.name, what, slot, energy > 0 ? error / energy : error, limit,
                 (long long)worst, (double)got[worst] - add, want[worst]);
}

static double projected(struct bed *b, double *out)
{
    const double *in[SLOTS];
    for (uint32_t s = 0; s < SLOTS; s++)
        in[s] = b->wide[s];
    b->c.oracle(&b->c, in, out);
    double sum = 0;
    for (int64_t i = 0; i < b->out_count; i++)
        sum += (double)projection(i) * out[i];
    return sum;
}

static void check_gradient(struct bed *b, uint32_t s, const float *got, double *out)
{
    const double eps = 1e-4;
    double *want = calloc((size_t)b->count[s] + 1, sizeof *want);
    for (int64_t i = 0; i < b->count[s]; i++) {
        const double v = b->wide[s][i];
        b->wide[s][i] = v + eps;
        const double up = projected(b, out);
        b->wide[s][i] = v - eps;
        const double down = projected(b, out);
        b->wide[s][i] = v;
        want[i] = (up - down) / (2 * eps);
    }
    expect_small(b, "gradient", s, want, got, 0.5, b->count[s], b->c.tolerance > 0 ? b->c.tolerance : 1e-10);
    free(want);
}

static void same_bytes(const struct bed *b, const struct pass *x, const struct pass *y)
{
    if (memcmp(x->out, y->out, (size_t)b->out_count * sizeof(float)))
        fail_msg("%s, %s: two threads give other bytes than one", b->c.op, b->c.name);
    for (uint32_t s = 0; s < b->slots; s++)
        if (x->grad[s] && memcmp(x->grad[s], y->grad[s], (size_t)b->count[s] * sizeof(float)))
            fail_msg("%s, %s: gradient %u: two threads give other bytes", b->c.op, b->c.name, s);
}

void op_check(const struct op_case *c)
{
    struct bed b;
    char text[256] = "", want[256], got[256];
    imp_error err = {.struct_size = sizeof err, .text_cap = sizeof text, .text = text};
    imp_job two = {.struct_size = sizeof two, .max_threads = 2, .parallel = in_two, .progress = never};
    struct pass one = {0}, other = {0};
    int64_t dims[RT_RANK];
    bed_init(&b, c);
    if (infer(&b, &err) != IMP_OK)
        fail_msg("%s, %s: infer refuses: %s", c->op, c->name, text);
    const struct rt_shape expected = rt_shape_of(numbers(c->out, dims, RT_RANK), dims);
    if (!rt_same_shape(&expected, &b.out.shape))
        fail_msg("%s, %s: shape %s, expected %s", c->op, c->name,
                 rt_shape_text(&b.out.shape, got, sizeof got),
                 rt_shape_text(&expected, want, sizeof want));
    double *out = calloc((size_t)b.out_count + 1, sizeof *out);
    run(&b, NULL, &one);
    run(&b, &two, &other);
    projected(&b, out);
    expect_small(&b, "output", 0, out, one.out, 0, b.out_count, c->tolerance > 0 ? c->tolerance : 1e-12);
    for (uint32_t s = 0; s < b.slots && b.node->op->backward; s++)
        if (one.grad[s])
            check_gradient(&b, s, one.grad[s], out);
    same_bytes(&b, &one, &other);
    pass_fini(&one);
    pass_fini(&other);
    free(out);
    bed_fini(&b);
}

void op_check_refusal(const struct op_case *c, const char *word)
{
    struct bed b;
    char text[512] = "";
    imp_error err = {.struct_size = sizeof err, .text_cap = sizeof text, .text = text};
    bed_init(&b, c);
    const imp_status st = infer(&b, &err);
    if (st == IMP_OK)
        fail_msg("%s, %s: not refused", c->op, c->name);
    if (!strstr(text, word))
        fail_msg("%s, %s: refused with '%s', which does not say '%s'", c->op, c->name, text, word);
    bed_fini(&b);
}
