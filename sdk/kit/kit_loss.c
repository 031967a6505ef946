/* kit_loss.c - what training makes small. Values in double, gradients of the mean. */
#include <impasto/kit_train.h>
#include <math.h>

static uint32_t largest(const float *v, uint32_t n)
{
    uint32_t at = 0;
    for (uint32_t i = 1; i < n; i++)
        if (v[i] > v[at])
            at = i;
    return at;
}

/* l = log sum_j exp(z_j - m) + m - sum_j t_j z_j,  t_j = (1 - s) [j = label] + s / classes
 * dl/dz_j = softmax(z)_j - t_j */
static double sample_loss(const float *z, uint32_t label, uint32_t classes, double smoothing,
                          double scale, float *gradient)
{
    const double most = z[largest(z, classes)], share = smoothing / classes;
    double sum = 0, all = 0;
    for (uint32_t j = 0; j < classes; j++) {
        sum += kit_exp((double)z[j] - most);
        all += (double)z[j] - most;
    }
    for (uint32_t j = 0; j < classes && gradient; j++) {
        const double p = kit_exp((double)z[j] - most) / sum;
        gradient[j] = (float)(scale * (p - share - (j == label ? 1 - smoothing : 0)));
    }
    return kit_log(sum) - (1 - smoothing) * ((double)z[label] - most) - share * all;
}

double kit_cross_entropy(const float *logits, const uint32_t *labels, uint32_t n, uint32_t classes,
                         double smoothing, float *gradient, uint32_t *right)
{
    double loss = 0;
    for (uint32_t i = 0; i < n; i++) {
        const size_t at = (size_t)i * classes;
        loss += sample_loss(logits + at, labels[i], classes, smoothing, 1.0 / n,
                            gradient ? gradient + at : NULL);
        if (right)
            *right += largest(logits + at, classes) == labels[i];
    }
    return n ? loss / n : 0;
}

double kit_mse(const float *x, const float *target, size_t n, float *gradient)
{
    double sum = 0;
    size_t known = 0;
    for (size_t i = 0; i < n; i++) {
        const double d = (double)x[i] - (double)target[i];
        known += !isnan(target[i]);
        sum += isnan(target[i]) ? 0 : d * d;
    }
    for (size_t i = 0; i < n && gradient; i++)
        gradient[i] =
            isnan(target[i]) ? 0 : (float)(2 * ((double)x[i] - (double)target[i]) / (double)known);
    return known ? sum / (double)known : 0;
}
