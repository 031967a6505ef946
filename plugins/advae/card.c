/* card.c - what a model of advae.train says of itself. */
#include "advae.h"
#include <stdlib.h>
#include <string.h>

/* Is it one of the words? */
static bool names_it(const char *words, const char *name)
{
    const size_t n = strlen(name);
    for (const char *at = words; (at = strstr(at, name)); at += n)
        if ((at == words || at[-1] == ' ') && (at[n] == ' ' || !at[n]))
            return true;
    return false;
}

imp_status av_card_read(const kit_nn *nn, const imp_nn_model *model, struct av_card *card,
                        imp_error *err)
{
    const imp_nn_model_1 *models = nn->model.table;
    void *self = nn->model.self;
    const char *text = NULL;
    uint32_t node;
    imp_nn_node n = {.struct_size = sizeof n};
    if (models->meta(self, model, "attributes", &text, NULL) != IMP_OK || !text)
        return imp_fail(err, IMP_E_INPUT,
                        "this network names no attributes: it is none that advae.train made and "
                        "net.save wrote");
    imp_status st = av_traits_read(text, &card->traits, err);
    if (st == IMP_OK && models->meta(self, model, "shown", &text, NULL) == IMP_OK && text)
        for (uint32_t k = 0; k < card->traits.count; k++)
            card->traits.all[k].shown = names_it(text, card->traits.all[k].name);
    if (st == IMP_OK)
        st = models->find(self, model, "generator.drawing", &node, err);
    if (st == IMP_OK)
        st = models->node(self, model, node, &n, err);
    if (st == IMP_OK)
        card->side = n.ndim == 4 ? (uint32_t)n.shape[3] : 0;
    n = (imp_nn_node){.struct_size = sizeof n};
    if (st == IMP_OK)
        st = models->find(self, model, "generator.z", &node, err);
    if (st == IMP_OK)
        st = models->node(self, model, node, &n, err);
    if (st == IMP_OK)
        card->latent = n.ndim == 2 ? (uint32_t)n.shape[1] : 0;
    if (st == IMP_OK && (!card->side || !card->latent))
        st = imp_fail(err, IMP_E_INPUT, "the network's inputs are not those of an AD-VAE");
    return st;
}

imp_status av_card_inside(const kit_nn *nn, const imp_nn_model *model, const struct av_card *card,
                          av_inside *in, imp_error *err)
{
    const imp_nn_model_1 *models = nn->model.table;
    const char *text = NULL;
    if (models->meta(nn->model.self, model, "inside", &text, NULL) != IMP_OK)
        text = NULL;
    return av_inside_read(text, card->side, card->traits.width, in, err);
}

imp_status av_card_clear(av_link *l, const struct av_card *c, imp_error *err)
{
    const av_size photo = {1, 3, c->side, c->side}, drawing = {1, 1, c->side, c->side},
                  z = {1, c->latent, 0, 0}, y = {1, c->traits.width, 0, 0},
                  pick = {1, AV_CODES, 0, 0};
    const size_t plane = (size_t)c->side * c->side,
                 most = 3 * plane + c->latent + c->traits.width + AV_CODES;
    float *zeros = calloc(most, sizeof *zeros);
    imp_status st = zeros ? IMP_OK : imp_fail(err, IMP_E_MEMORY, "no memory for a picture");
    if (st == IMP_OK)
        st = av_put(l, "encoder.photo", photo, zeros, err);
    if (st == IMP_OK)
        st = av_put(l, "generator.drawing", drawing, zeros, err);
    if (st == IMP_OK)
        st = av_put(l, "generator.z", z, zeros, err);
    if (st == IMP_OK)
        st = av_put(l, "generator.y", y, zeros, err);
    if (st == IMP_OK)
        st = av_put(l, "styles.pick", pick, zeros, err);
    free(zeros);
    return st;
}
