/* kit_optim.c - stochastic gradient descent with momentum, and Adam, on one flat vector. The state
 * is a head and the moments behind it. */
#include <impasto/kit_train.h>
#include <math.h>
#include <string.h>

static const uint32_t mark = 0x314f544bu; /* "KTO1" */

struct head {
    uint32_t mark, rule;
    uint64_t n, steps;
};

static uint32_t vectors(uint32_t rule)
{
    return rule == KIT_ADAM ? 2 : 1;
}

size_t kit_optim_bytes(uint32_t rule, size_t n)
{
    const size_t bytes = kit_bytes(n, vectors(rule) * sizeof(float));
    return (!bytes && n) || bytes > SIZE_MAX / 2 ? 0 : sizeof(struct head) + bytes;
}

void kit_optim_start(void *state, uint32_t rule, size_t n)
{
    const struct head h = {mark, rule, n, 0};
    memset(state, 0, kit_optim_bytes(rule, n));
    memcpy(state, &h, sizeof h);
}

bool kit_optim_fits(const void *state, size_t size, uint32_t rule, size_t n)
{
    struct head h;
    if (size < sizeof h || size != kit_optim_bytes(rule, n))
        return false;
    memcpy(&h, state, sizeof h);
    return h.mark == mark && h.rule == rule && h.n == n;
}

/* v = momentum v + (g + decay x),  x -= rate v */
KIT_CLONES
static void sgd(const kit_optimiser *o, size_t n, float *restrict v, float *restrict x,
                const float *restrict g)
{
    const float momentum = (float)o->momentum, rate = (float)o->rate;
    const float decay = (float)o->weight_decay;
    for (size_t i = 0; i < n; i++) {
        v[i] = momentum * v[i] + (g[i] + decay * x[i]);
        x[i] -= rate * v[i];
    }
}

/* m = b1 m + (1 - b1) g,  v = b2 v + (1 - b2) g^2,
 * x -= rate (m / (1 - b1^t)) / (sqrt(v / (1 - b2^t)) + epsilon) */
KIT_CLONES
static void adam(const kit_optimiser *o, double t, size_t n, float *restrict m, float *restrict v,
                 float *restrict x, const float *restrict gradient)
{
    const double slow = 1 - kit_pow(o->beta2, t), b1 = o->momentum, b2 = o->beta2;
    const float rate = (float)(o->rate / (1 - kit_pow(b1, t))), root = (float)(1 / sqrt(slow));
    const float keep1 = (float)b1, take1 = (float)(1 - b1), keep2 = (float)b2;
    const float take2 = (float)(1 - b2), epsilon = (float)o->epsilon;
    const float decay = (float)o->weight_decay;
    for (size_t i = 0; i < n; i++) {
        const float g = gradient[i] + decay * x[i];
        m[i] = keep1 * m[i] + take1 * g;
        v[i] = keep2 * v[i] + take2 * g * g;
        x[i] -= rate * m[i] / (sqrtf(v[i]) * root + epsilon);
    }
}

void kit_optim_step(void *state, const kit_optimiser *o, float *x, const float *gradient)
{
    struct head *h = state;
    float *moments = (float *)(h + 1);
    h->steps++;
    if (h->rule == KIT_ADAM)
        adam(o, (double)h->steps, (size_t)h->n, moments, moments + h->n, x, gradient);
    else
        sgd(o, (size_t)h->n, moments, x, gradient);
}

/* Eight sums side by side, so that a compiler may use vectors without changing the order. */
KIT_CLONES
static double dot(const float *restrict a, const float *restrict b, size_t n)
{
    double sum[8] = {0};
    size_t i = 0;
    for (; i + 8 <= n; i += 8)
        for (size_t k = 0; k < 8; k++)
            sum[k] += (double)a[i + k] * (double)b[i + k];
    for (size_t k = 0; i < n; i++, k++)
        sum[k] += (double)a[i] * (double)b[i];
    return ((sum[0] + sum[4]) + (sum[1] + sum[5])) + ((sum[2] + sum[6]) + (sum[3] + sum[7]));
}

double kit_dot(const float *a, const float *b, size_t n)
{
    return dot(a, b, n);
}

double kit_clip(float *v, size_t n, double most)
{
    const double norm = sqrt(dot(v, v, n));
    for (size_t i = 0; i < n && most > 0 && norm > most; i++)
        v[i] = (float)(v[i] * (most / norm));
    return norm;
}
