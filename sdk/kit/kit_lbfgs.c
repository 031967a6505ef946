/* kit_lbfgs.c - limited-memory BFGS on one flat vector.
 *
 * Direction: two-loop recursion over the last pairs s = x' - x, y = g' - g (Nocedal 1980; Nocedal
 * and Wright 2006, algorithm 7.4), scaled by (s . y) / (y . y) of the newest pair. Step: strong
 * Wolfe conditions, bracketed and narrowed by cubic interpolation (algorithms 3.5, 3.6; c1 = 1e-4,
 * c2 = 0.9). Where no lower value is found, the pairs are forgotten and the gradient is followed.
 */
#include <impasto/kit_train.h>
#include <math.h>
#include <string.h>

static const uint32_t mark = 0x314c544bu; /* "KTL1" */
enum { MOST_HISTORY = 100, VECTORS = 5 };

/* Behind the head: coefficients, then vectors of n floats: the gradient at x, four for the search,
 * and the pairs, a ring. */
struct head {
    uint32_t mark, history, count, newest; /* newest: slot of the last pair */
    uint64_t n;
    uint32_t started, stalled;
    double value;
};

struct state {
    struct head *head;
    double *alpha, *rho; /* history each; rho = 1 / (s . y) */
    float *gradient, *direction, *start, *best_gradient, *trial_gradient, *s, *y;
    size_t n;
};

size_t kit_lbfgs_bytes(uint32_t history, size_t n)
{
    const size_t floats = kit_bytes(n, (VECTORS + 2 * (size_t)history) * sizeof(float));
    if (!history || history > MOST_HISTORY || (!floats && n) || floats > SIZE_MAX / 2)
        return 0;
    return sizeof(struct head) + 2 * history * sizeof(double) + floats;
}

void kit_lbfgs_start(void *state, uint32_t history, size_t n)
{
    const struct head h = {.mark = mark, .history = history, .n = n};
    memset(state, 0, kit_lbfgs_bytes(history, n));
    memcpy(state, &h, sizeof h);
}

bool kit_lbfgs_fits(const void *state, size_t size, uint32_t history, size_t n)
{
    struct head h;
    if (size < sizeof h || size != kit_lbfgs_bytes(history, n))
        return false;
    memcpy(&h, state, sizeof h);
    return h.mark == mark && h.history == history && h.n == n && h.count <= history &&
           h.newest < history;
}

static struct state state_of(void *block)
{
    struct state s = {.head = block, .n = (size_t)s.head->n};
    const uint32_t m = s.head->history;
    s.alpha = (double *)(s.head + 1);
    s.rho = s.alpha + m;
    s.gradient = (float *)(s.rho + m);
    s.direction = s.gradient + s.n;
    s.start = s.direction + s.n;
    s.best_gradient = s.start + s.n;
    s.trial_gradient = s.best_gradient + s.n;
    s.s = s.trial_gradient + s.n;
    s.y = s.s + m * s.n;
    return s;
}

/* ---- direction ---- */

KIT_CLONES
static void add_scaled(float *restrict v, const float *restrict w, double factor, size_t n)
{
    for (size_t i = 0; i < n; i++)
        v[i] = (float)((double)v[i] + factor * (double)w[i]);
}

/* Slot of the k-th pair counted from the newest. */
static size_t slot(const struct state *s, uint32_t k)
{
    return (s->head->newest + s->head->history - k) % s->head->history;
}

/* direction = H0 direction: gamma M, gamma = (s . y) / (y . M y) of the newest pair; 1 without any.
 */
static imp_status begin_from(const struct state *s, const kit_lbfgs_calls *calls)
{
    const size_t n = s->n;
    const float *y = s->y + slot(s, 0) * n, *moved = y;
    imp_status st = IMP_OK;
    if (calls->metric) {
        calls->metric(calls->user, s->direction);
        st = calls->ask ? calls->ask(calls->user) : IMP_OK;
    }
    if (!s->head->count || st != IMP_OK)
        return st;
    if (calls->metric) {
        memcpy(s->trial_gradient, y, n * sizeof *y);
        calls->metric(calls->user, s->trial_gradient);
        moved = s->trial_gradient;
    }
    const double scale = 1 / (s->rho[slot(s, 0)] * kit_dot(y, moved, n));
    for (size_t i = 0; i < n; i++)
        s->direction[i] = (float)(scale * (double)s->direction[i]);
    return IMP_OK;
}

/* direction = -H gradient */
static imp_status find_direction(const struct state *s, const kit_lbfgs_calls *calls)
{
    const size_t n = s->n;
    kit_asking *ask = calls->ask;
    void *user = calls->user;
    imp_status st = IMP_OK;
    float *d = s->direction;
    for (size_t i = 0; i < n; i++)
        d[i] = -s->gradient[i];
    for (uint32_t k = 0; k < s->head->count; k++) {
        const size_t at = slot(s, k);
        if (ask && (st = ask(user)) != IMP_OK)
            return st;
        s->alpha[at] = s->rho[at] * kit_dot(s->s + at * n, d, n);
        add_scaled(d, s->y + at * n, -s->alpha[at], n);
    }
    if ((st = begin_from(s, calls)) != IMP_OK)
        return st;
    for (uint32_t k = s->head->count; k-- > 0;) {
        const size_t at = slot(s, k);
        if (ask && (st = ask(user)) != IMP_OK)
            return st;
        const double beta = s->rho[at] * kit_dot(s->y + at * n, d, n);
        add_scaled(d, s->s + at * n, s->alpha[at] - beta, n);
    }
    return IMP_OK;
}

/* ---- line search ---- */

struct point {
    double step, value, slope;
};

struct search {
    struct state *s;
    float *x; /* start + step direction, of the last evaluation */
    const kit_lbfgs_calls *calls;
    uint32_t most, used;
    imp_status status; /* of the objective */
    struct point origin;
    struct point best; /* lowest point that decreases enough; its gradient is s->best_gradient */
};

static bool finite_point(const struct point *p)
{
    return isfinite(p->value) && isfinite(p->slope);
}

static bool decreases(const struct search *q, const struct point *p)
{
    return finite_point(p) && p->value <= q->origin.value + 1e-4 * p->step * q->origin.slope;
}

static bool flat_enough(const struct search *q, const struct point *p)
{
    return fabs(p->slope) <= -0.9 * q->origin.slope;
}

static void place(const struct search *q, double step)
{
    for (size_t i = 0; i < q->s->n; i++)
        q->x[i] = (float)((double)q->s->start[i] + step * (double)q->s->direction[i]);
}

/* Evaluates at a step; false: nothing more to ask. What decreases enough and is lowest is kept. */
static bool look(struct search *q, double step, struct point *p)
{
    struct state *s = q->s;
    if (q->used == q->most)
        return false;
    place(q, step);
    q->used++;
    q->status = q->calls->objective(q->calls->user, q->x, &p->value, s->trial_gradient);
    if (q->status != IMP_OK)
        return false;
    p->step = step;
    p->slope = kit_dot(s->trial_gradient, s->direction, s->n);
    if (decreases(q, p) && (q->best.step == 0 || p->value < q->best.value)) {
        q->best = *p;
        memcpy(s->best_gradient, s->trial_gradient, s->n * sizeof *s->best_gradient);
    }
    return true;
}

/* Where a cubic through two points and their slopes is lowest; kept off the ends of the interval.
 */
static double between(const struct point *a, const struct point *b)
{
    const double width = b->step - a->step;
    const double d1 = a->slope + b->slope - 3 * (b->value - a->value) / width;
    const double inner = d1 * d1 - a->slope * b->slope;
    const double d2 = copysign(sqrt(inner > 0 ? inner : 0), width);
    const double t = 1 - (b->slope + d2 - d1) / (b->slope - a->slope + 2 * d2);
    if (!finite_point(b) || inner < 0 || !isfinite(t))
        return a->step + 0.5 * width;
    return a->step + width * (t < 0.1 ? 0.1 : t > 0.9 ? 0.9 : t);
}

/* Algorithm 3.6: low decreases enough, the interval to high holds a point that will do. */
static void narrow(struct search *q, struct point low, struct point high)
{
    struct point p;
    while (fabs(high.step - low.step) > 1e-9 * (low.step + high.step) &&
           look(q, between(&low, &high), &p)) {
        if (!decreases(q, &p) || p.value >= low.value) {
            high = p;
            continue;
        }
        if (flat_enough(q, &p))
            return;
        if (p.slope * (high.step - low.step) >= 0)
            high = low;
        low = p;
    }
}

/* Algorithm 3.5: lengthens the step until an interval is bracketed. */
static void bracket(struct search *q, double step)
{
    struct point before = q->origin, p;
    while (look(q, step, &p)) {
        if (!decreases(q, &p) || (before.step > 0 && p.value >= before.value)) {
            narrow(q, before, p);
            return;
        }
        if (flat_enough(q, &p))
            return;
        if (p.slope >= 0) {
            narrow(q, p, before);
            return;
        }
        before = p;
        step *= 2.5;
    }
}

/* ---- a step ---- */

static double norm_of(const float *v, size_t n)
{
    return sqrt(kit_dot(v, v, n));
}

/* Searches along the direction; true when x has moved to a lower value. */
static bool search_along(struct search *q)
{
    struct state *s = q->s;
    q->best = (struct point){0, 0, 0};
    q->origin = (struct point){0, s->head->value, kit_dot(s->gradient, s->direction, s->n)};
    const double longest = norm_of(s->direction, s->n);
    if (!(q->origin.slope < 0) || !isfinite(longest))
        return false;
    bracket(q, s->head->count || longest < 1 ? 1 : 1 / longest);
    if (q->status == IMP_OK && q->best.step > 0) {
        place(q, q->best.step);
        return true;
    }
    memcpy(q->x, s->start, s->n * sizeof *q->x);
    return false;
}

/* Remembers the pair of this step, if the curvature along it is positive. */
static void remember(struct state *s, const float *x)
{
    struct head *h = s->head;
    const size_t n = s->n, at = h->count ? (h->newest + 1u) % h->history : 0;
    float *step = s->s + at * n, *change = s->y + at * n;
    for (size_t i = 0; i < n; i++) {
        step[i] = x[i] - s->start[i];
        change[i] = s->best_gradient[i] - s->gradient[i];
    }
    const double curvature = kit_dot(step, change, n);
    const bool useful = curvature > 1e-10 * norm_of(step, n) * norm_of(change, n);
    memcpy(s->gradient, s->best_gradient, n * sizeof *s->gradient);
    if (!useful) { /* the slot's old pair is gone, so all are */
        h->count = h->count < h->history ? h->count : 0;
        return;
    }
    s->rho[at] = 1 / curvature;
    h->newest = (uint32_t)at;
    h->count += h->count < h->history;
}

/* The value and the gradient where it all begins. */
static imp_status start(struct search *q)
{
    struct head *h = q->s->head;
    double value;
    const imp_status st = q->calls->objective(q->calls->user, q->x, &value, q->s->gradient);
    if (st != IMP_OK)
        return st;
    q->used++;
    h->value = value;
    h->started = 1;
    return IMP_OK;
}

/* Along the pairs' direction; without success along the gradient. */
static bool advance(struct search *q)
{
    struct state *s = q->s;
    if ((q->status = find_direction(s, q->calls)) != IMP_OK)
        return false;
    if (search_along(q))
        return true;
    if (q->status != IMP_OK || !s->head->count)
        return false;
    s->head->count = 0;
    if ((q->status = find_direction(s, q->calls)) != IMP_OK)
        return false;
    return search_along(q);
}

imp_status kit_lbfgs_step(void *block, float *x, uint32_t most, kit_objective *objective,
                          void *user, kit_lbfgs_info *info)
{
    const kit_lbfgs_calls calls = {.objective = objective, .user = user};
    return kit_lbfgs_step_with(block, x, most, &calls, info);
}

imp_status kit_lbfgs_step_with(void *block, float *x, uint32_t most, const kit_lbfgs_calls *calls,
                               kit_lbfgs_info *info)
{
    struct state s = state_of(block);
    struct search q = {.s = &s, .x = x, .calls = calls, .most = most};
    struct head *h = s.head;
    memcpy(s.start, x, s.n * sizeof *x);
    const uint32_t started = h->started;
    if (!h->started && (q.status = start(&q)) != IMP_OK)
        return q.status;
    const uint32_t count = h->count;
    const bool moved = !h->stalled && advance(&q);
    if (q.status != IMP_OK) {
        h->count = count, h->started = started;
        return q.status;
    }
    if (moved) {
        h->value = q.best.value;
        remember(&s, x);
    }
    h->stalled |= !moved;
    *info = (kit_lbfgs_info){h->value, norm_of(s.gradient, s.n), moved ? q.best.step : 0, q.used,
                             h->stalled};
    return IMP_OK;
}

void kit_lbfgs_moved(void *state)
{
    struct head *h = state;
    h->started = 0;
    h->stalled = 0;
}
