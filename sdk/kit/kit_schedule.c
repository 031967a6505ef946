/* kit_schedule.c - the learning rate of each step. The cosine is Loshchilov and Hutter's (2017),
 * without restarts, over the steps that follow the warm-up (Goyal et al. 2017). */
#include <impasto/kit_train.h>
#include <math.h>

static double cosine(const kit_schedule *s, uint64_t step)
{
    const double pi = 3.14159265358979323846;
    const uint64_t length = s->steps > s->warm_up ? s->steps - s->warm_up : 1;
    const double t = (double)(step - s->warm_up) / (double)length;
    return s->last + (1 - s->last) * 0.5 * (1 + kit_cos(pi * (t < 1 ? t : 1)));
}

double kit_schedule_rate(const kit_schedule *s, uint64_t step)
{
    double share = 1;
    if (step < s->warm_up)
        return s->rate * (double)(step + 1) / (double)s->warm_up;
    if (s->rule == KIT_COSINE)
        return s->rate * cosine(s, step);
    for (uint32_t i = 0; s->rule == KIT_STEPS && i < s->drop_count; i++)
        share *= (double)step >= s->drops[i] ? s->factor : 1;
    return s->rate * share;
}
