/* loss.c - losses and their gradients. */
#include "loss.h"
#include <impasto/kit.h>
#include <math.h>

void av_sample(const float *mu, const float *lv, const float *eps, size_t count, float *z)
{
    for (size_t i = 0; i < count; i++)
        z[i] = mu[i] + (float)kit_exp(0.5 * lv[i]) * eps[i];
}

double av_kl(const float *mu, const float *lv, const float *eps, const float *dz, uint32_t n,
             uint32_t latent, double beta, float *dmu, float *dlv)
{
    double sum = 0;
    for (size_t i = 0; i < (size_t)n * latent; i++) {
        const double m = mu[i], l = lv[i], v = kit_exp(l);
        sum += -0.5 * (1 + l - m * m - v);
        dmu[i] = (float)(beta * m / n + dz[i]);
        dlv[i] = (float)(beta * 0.5 * (v - 1) / n + dz[i] * 0.5 * kit_exp(0.5 * l) * eps[i]);
    }
    return beta * sum / n;
}

double av_square(const float *x, const float *t, uint32_t n, size_t size, float *gradient)
{
    double sum = 0;
    for (size_t i = 0; i < n * size; i++) {
        const double d = (double)x[i] - t[i];
        sum += 0.5 * d * d;
        gradient[i] = (float)(d / n);
    }
    return sum / n;
}

/* |d|, smooth around 0, and its slope. */
static double smooth(double d, double *slope)
{
    const double knee = 0.02, a = fabs(d);
    *slope = a < knee ? d / knee : d < 0 ? -1 : 1;
    return a < knee ? 0.5 * d * d / knee : a - 0.5 * knee;
}

double av_absolute(const float *x, const float *t, size_t count, double weight, float *gradient)
{
    const double factor = weight / (double)count;
    double sum = 0, slope;
    for (size_t i = 0; i < count; i++) {
        sum += smooth((double)x[i] - t[i], &slope);
        gradient[i] = (float)(factor * slope);
    }
    return factor * sum;
}

double av_absolute_where(const float *x, const float *t, const float *mask, size_t planes,
                         size_t plane, double weight, float *gradient)
{
    const double factor = weight / (double)(planes * plane);
    double sum = 0, slope;
    for (size_t k = 0; k < planes * plane; k++) {
        const double m = (double)mask[k % plane];
        sum += m * smooth((double)x[k] - t[k], &slope);
        gradient[k] = (float)(factor * m * slope);
    }
    return factor * sum;
}

/* Cross-entropy of n logits against shares that add up to 1; gradient p - share, times factor. */
static double entropy_of(const float *logits, const double *share, uint32_t n, double factor,
                         float *gradient)
{
    double most = logits[0], sum = 0, loss = 0;
    for (uint32_t k = 1; k < n; k++)
        most = logits[k] > most ? logits[k] : most;
    for (uint32_t k = 0; k < n; k++)
        sum += kit_exp(logits[k] - most);
    const double log_sum = kit_log(sum);
    for (uint32_t k = 0; k < n; k++) {
        const double log_p = logits[k] - most - log_sum;
        loss -= share[k] * log_p;
        gradient[k] = (float)(factor * (kit_exp(log_p) - share[k]));
    }
    return loss;
}

double av_judge_loss(const struct av_traits *t, const float *answers, const float *y,
                     const float *known, uint32_t n, double weight, float *gradient)
{
    double sum = 0, share[AV_WIDTH];
    for (uint32_t i = 0; i < n; i++)
        for (uint32_t j = 0; j < t->count; j++) {
            const struct av_trait *a = &t->all[j];
            const size_t at = (size_t)i * t->width + a->at;
            const double factor = known[i * t->count + j] > 0 ? weight / n : 0;
            if (a->choices[0]) {
                for (uint32_t k = 0; k < a->width; k++)
                    share[k] = y[at + k];
                sum += factor * entropy_of(answers + at, share, a->width, factor, gradient + at);
            } else {
                const double d = (double)answers[at] - y[at];
                sum += factor * d * d;
                gradient[at] = (float)(2 * factor * d);
            }
        }
    return sum;
}

double av_adversary_loss(const struct av_traits *t, const float *guess, const float *y,
                         const float *known, uint32_t n, enum av_removal how, double weight,
                         float *gradient)
{
    double sum = 0, share[AV_WIDTH];
    for (uint32_t i = 0; i < n; i++)
        for (uint32_t j = 0; j < t->count; j++) {
            const struct av_trait *a = &t->all[j];
            const size_t at = (size_t)i * t->bins + a->bins_at;
            const uint32_t truth = av_trait_bin(a, y + (size_t)i * t->width);
            const double factor = known[i * t->count + j] > 0 ? weight / n : 0;
            for (uint32_t k = 0; k < a->bins; k++)
                share[k] = how == AV_LEARN  ? k == truth
                           : how == AV_FLIP ? (k != truth) / (a->bins - 1.0)
                                            : 1.0 / a->bins;
            sum += factor * entropy_of(guess + at, share, a->bins, factor, gradient + at);
        }
    return sum;
}

void av_shares(const struct av_traits *t, const float *v, float *y)
{
    for (uint32_t j = 0; j < t->count; j++) {
        const struct av_trait *a = &t->all[j];
        double most = v[a->at], sum = 0;
        for (uint32_t k = 0; k < a->width; k++)
            most = v[a->at + k] > most ? v[a->at + k] : most;
        for (uint32_t k = 0; k < a->width; k++)
            sum += kit_exp(v[a->at + k] - most);
        for (uint32_t k = 0; k < a->width; k++)
            y[a->at + k] =
                a->choices[0] ? (float)(kit_exp(v[a->at + k] - most) / sum) : v[a->at + k];
    }
}

void av_shares_back(const struct av_traits *t, const float *y, const float *dy, float *dv)
{
    for (uint32_t j = 0; j < t->count; j++) {
        const struct av_trait *a = &t->all[j];
        double mean = 0;
        for (uint32_t k = 0; k < a->width; k++)
            mean += (double)y[a->at + k] * dy[a->at + k];
        for (uint32_t k = 0; k < a->width; k++)
            dv[a->at + k] +=
                a->choices[0] ? (float)(y[a->at + k] * (dy[a->at + k] - mean)) : dy[a->at + k];
    }
}

void av_adversary_hits(const struct av_traits *t, const float *guess, const float *y,
                       const float *known, uint32_t n, uint64_t *hits, uint64_t *seen)
{
    for (uint32_t i = 0; i < n; i++)
        for (uint32_t j = 0; j < t->count; j++) {
            const struct av_trait *a = &t->all[j];
            const float *g = guess + (size_t)i * t->bins + a->bins_at;
            uint32_t best = 0;
            for (uint32_t k = 1; k < a->bins; k++)
                best = g[k] > g[best] ? k : best;
            if (known[i * t->count + j] > 0)
                hits[j] += best == av_trait_bin(a, y + (size_t)i * t->width), seen[j]++;
        }
}

double av_relative(const float *f, const float *t, size_t count, double weight, float *gradient)
{
    double off = 0, norm = 1e-4 * (double)count;
    for (size_t i = 0; i < count; i++) {
        const double d = (double)f[i] - t[i];
        off += d * d;
        norm += (double)t[i] * t[i];
    }
    const float factor = (float)(2 * weight / norm);
    for (size_t i = 0; i < count; i++)
        gradient[i] = factor * (f[i] - t[i]);
    return weight * off / norm;
}

/* Means and second moments about them of two planes. */
struct moments {
    double all, f, t, ff, tt, ft;
};

static struct moments moments_of(const float *f, const float *t, const float *where, size_t plane)
{
    struct moments m = {0};
    for (size_t i = 0; i < plane; i++) {
        m.all += (double)where[i];
        m.f += (double)where[i] * (double)f[i], m.t += (double)where[i] * (double)t[i];
    }
    if (!(m.all > 0))
        return m;
    m.f /= m.all, m.t /= m.all;
    for (size_t i = 0; i < plane; i++) {
        const double a = (double)f[i] - m.f, b = (double)t[i] - m.t;
        const double w = (double)where[i] / m.all;
        m.ff += w * a * a, m.tt += w * b * b, m.ft += w * a * b;
    }
    return m;
}

double av_form(const float *f, const float *t, const float *where, size_t planes, size_t plane,
               double weight, float *gradient)
{
    enum { QUIET = 10000 }; /* a plane of less than this part of 1 has no form */
    double sum = 0;
    for (size_t k = 0; k < planes; k++, f += plane, t += plane, gradient += plane) {
        const struct moments m = moments_of(f, t, where, plane);
        const double ff = m.ff + 1.0 / QUIET, tt = m.tt + 1.0 / QUIET, root = sqrt(ff * tt);
        const double factor = m.all > 0 ? -weight / ((double)planes * m.all * root) : 0;
        for (size_t i = 0; i < plane; i++)
            gradient[i] = (float)(factor * (double)where[i] *
                                  ((double)t[i] - m.t - m.ft / ff * ((double)f[i] - m.f)));
        sum += m.all > 0 ? 1 - m.ft / root : 0;
    }
    return weight * sum / (double)planes;
}
