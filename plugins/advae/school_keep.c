/* school_keep.c - what a model keeps of the drawings and photos that it learnt from. */
#include "inside.h"
#include "kinds.h"
#include "school.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* How the drawings are that it learnt from, of some the mean and the kinds: what others are made
 * ready for. */
static imp_status usual(const struct av_plan *p, char *text, av_kinds *found, imp_error *err)
{
    enum { LOOKED = 256 };
    const imp_dataset *d = p->train;
    const uint64_t n = d->count < LOOKED ? d->count : LOOKED;
    const size_t plane = (size_t)d->width * d->width;
    float *s = malloc(plane * sizeof *s);
    av_kind *all = malloc(LOOKED * sizeof *all);
    double *attributes = malloc((d->attribute_count + 1) * sizeof *attributes);
    double sums[6] = {0};
    imp_status st =
        s && all && attributes ? IMP_OK : imp_fail(err, IMP_E_MEMORY, "no memory for drawings");
    for (uint64_t i = 0; i < n && st == IMP_OK; i++) {
        imp_sample sample = {sizeof sample, UINT32_MAX, NULL, s, attributes};
        if ((st = d->read(d, i * d->count / n, &sample, err)) != IMP_OK)
            break;
        for (size_t k = 0; k < plane; k++)
            s[k] = 1 - s[k];
        all[i] = av_kind_of(s, d->width), all[i].shown = 0;
        for (uint32_t k = 0; k < p->traits->count; k++)
            all[i].shown |= (uint64_t)av_trait_shown(&p->traits->all[k], attributes) << k;
        const av_ink *ink = &all[i].ink;
        const double each[] = {ink->share, ink->width, ink->left,
                               ink->top,   ink->right, ink->bottom};
        for (int k = 0; k < 6; k++)
            sums[k] += each[k] / (double)n;
    }
    snprintf(text, AV_DRAWING_TEXT, "%.4f %.4f %.4f %.4f %.4f %.4f", sums[0], sums[1], sums[2],
             sums[3], sums[4], sums[5]);
    kit_points(text);
    if (st == IMP_OK)
        av_kinds_find(all, n, found);
    free(s), free(all), free(attributes);
    return st;
}

/* Drawings of faces, for what outlines do not show; none where not both were learnt from. */
static imp_status insides(const struct av_plan *p, const av_kinds *kinds, av_inside *in,
                          imp_error *err)
{
    const imp_dataset *d = p->train;
    const av_kind *kind = av_kinds_face(kinds);
    const size_t plane = (size_t)d->width * d->width;
    float *s = malloc(plane * sizeof *s), y[AV_WIDTH], known[AV_TRAITS];
    double *attributes = malloc((d->attribute_count + 1) * sizeof *attributes);
    imp_status st =
        s && attributes ? IMP_OK : imp_fail(err, IMP_E_MEMORY, "no memory for drawings");
    in->shown = kind ? kind->shown : 0;
    for (uint32_t k = 0; k < kinds->count; k++)
        in->shown &= av_is_outline(&kinds->all[k]) ? ~kinds->all[k].shown : UINT64_MAX;
    for (uint64_t i = 0; kind && i < d->count && in->count < AV_INSIDES && st == IMP_OK; i++) {
        imp_sample sample = {sizeof sample, UINT32_MAX, NULL, s, attributes};
        if ((st = d->read(d, i, &sample, err)) != IMP_OK)
            break;
        for (size_t k = 0; k < plane; k++)
            s[k] = 1 - s[k];
        const av_kind like = av_kind_of(s, d->width);
        bool all = true;
        av_traits_encode(p->traits, attributes, y, known);
        for (uint32_t k = 0; k < p->traits->count; k++)
            all = all && (known[k] > 0 || !(in->shown >> k & 1));
        if (all && !av_is_outline(&like) && av_kinds_like(kinds, &like) == kind)
            av_inside_add(in, s, y);
    }
    free(s), free(attributes);
    return st;
}

imp_status av_keep_drawings(const struct av_plan *p, char *drawing, char *kinds, char **inside,
                            imp_error *err)
{
    av_kinds found;
    av_inside in;
    imp_status st = usual(p, drawing, &found, err);
    *inside = NULL;
    if (st != IMP_OK)
        return st;
    av_kinds_write(&found, kinds);
    st = av_inside_new(&in, p->train->width, p->traits->width, err);
    if (st == IMP_OK)
        st = insides(p, &found, &in, err);
    if (st == IMP_OK && in.count && !(*inside = malloc(av_inside_room(&in))))
        st = imp_fail(err, IMP_E_MEMORY, "no memory for drawings that a model keeps");
    if (*inside)
        av_inside_write(&in, *inside);
    av_inside_free(&in);
    return st;
}

/* Codes of the first photos, as a network that mixes them: what a seed draws lies among what photos
 * were, where the normal distribution also has what no photo was. */
imp_status av_keep_codes(struct av_school *s, av_link *styles, imp_error *err)
{
    const struct av_plan *p = s->p;
    const struct av_form f = {.latent = p->latent, .maps = 1};
    float *mu = malloc((size_t)AV_CODES * p->latent * sizeof *mu),
          *codes = malloc((size_t)AV_CODES * p->latent * sizeof *codes);
    uint64_t order[AV_CODES];
    imp_status st = mu && codes ? IMP_OK : imp_fail(err, IMP_E_MEMORY, "no memory for codes");
    for (uint32_t i = 0; i < AV_CODES; i++)
        order[i] = i % p->train->count;
    if (st == IMP_OK)
        st = av_link_build(styles, p->nn, av_net_text(AV_STYLES, &f), 0, err);
    if (st == IMP_OK)
        st = av_codes_of(s, order, AV_CODES, mu, NULL, NULL, err);
    for (uint32_t i = 0; i < AV_CODES && st == IMP_OK; i++)
        for (uint32_t k = 0; k < p->latent; k++) /* by number of the code, then by photo */
            codes[(size_t)k * AV_CODES + i] = mu[(size_t)i * p->latent + k];
    if (st == IMP_OK)
        st = av_write(styles, "code.weight", codes, (size_t)AV_CODES * p->latent, err);
    free(mu), free(codes);
    return st;
}
