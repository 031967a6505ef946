/* shares.c - shares of energy that somebody wants, and mixtures. */
#include "shares.h"
#include <math.h>
#include <impasto/kit.h>

/* Scales the gains so that sum gain * share is `whole`. */
static const char *keep_whole(double *gain, const double *share, uint32_t maps, double whole)
{
    double sum = 0;
    for (uint32_t c = 0; c < maps; c++)
        sum += gain[c] * share[c];
    if (whole > 0 && !(sum > 0))
        return "the maps that the table leaves energy have none in this picture";
    for (uint32_t c = 0; c < maps && sum > 0; c++)
        gain[c] *= whole / sum;
    return NULL;
}

static double sum_of(const double *x, uint32_t n)
{
    double sum = 0;
    for (uint32_t c = 0; c < n; c++)
        sum += x[c];
    return sum;
}

const char *en_wanted_gains(double *wanted, const double *share, uint32_t maps, bool total)
{
    for (uint32_t c = 0; c < maps; c++) {
        if (wanted[c] < 0)
            return "a gain is negative";
        wanted[c] = isnan(wanted[c]) ? 1 : wanted[c];
    }
    return total ? keep_whole(wanted, share, maps, sum_of(share, maps)) : NULL;
}

/* The gain that brings a map from its share to the wanted one. */
static double gain_to(double wanted, double share)
{
    return share > 0 ? wanted / share : 0;
}

const char *en_wanted_shares(double *wanted, const double *share, uint32_t maps, bool relative,
                             bool total)
{
    double named = 0, others = 0;
    uint32_t count = 0;
    for (uint32_t c = 0; c < maps; c++) {
        if (wanted[c] < 0)
            return "a share is negative";
        if (isnan(wanted[c]))
            others += share[c];
        else
            named += wanted[c], count++;
    }
    if (relative || count == maps)
        for (uint32_t c = 0; c < maps && count; c++) /* of what the others leave */
            wanted[c] *= named > 0 ? (1 - others) / named : 1;
    else if (named > 1 + 1e-9 && total)
        return "the shares in the table add up to more than 1, and there are maps that it does not "
               "name";
    const double left = relative || count == maps ? others : fmax(1 - named, 0);
    for (uint32_t c = 0; c < maps; c++) {
        const bool own = isnan(wanted[c]);
        wanted[c] = !own ? gain_to(wanted[c], share[c]) : total && others > 0 ? left / others : 1;
    }
    return total ? keep_whole(wanted, share, maps, sum_of(share, maps)) : NULL;
}

double en_mix(const double *x, const double *weights, uint32_t n, bool logarithm)
{
    double sum = 0;
    for (uint32_t i = 0; i < n; i++) {
        if (weights[i] == 0)
            continue;
        if (logarithm && !(x[i] > 0))
            return 0;
        sum += weights[i] * (logarithm ? kit_log(x[i]) : x[i]);
    }
    return logarithm ? kit_exp(sum) : sum;
}
