/* convert.c - makes an image fit a port: grey to RGB, sRGB to linear light and back, alpha split
 * off or added. Never drops colour. */
#include "instance.h"

#include <impasto/kit.h>
#include <string.h>

static bool takes(uint32_t mask, uint32_t bit)
{
    return !mask || (mask & 1u << bit);
}

enum fit convert_fit(const imp_port *port, uint32_t *channels, uint32_t *colour, bool *alpha)
{
    enum fit fit = FIT_AS_IT_IS;
    *alpha = false;
    if (!takes(port->channels, *channels)) {
        fit = FIT_CONVERTED;
        if (*channels != 4 && takes(port->channels, *channels == 1 ? 3 : 4))
            *channels = *channels == 1 ? 3 : 4;
        else if (*channels == 1 && takes(port->channels, 4))
            *channels = 4;
        else if (*channels == 4 && takes(port->channels, 3)) {
            *channels = 3;
            *alpha = true;
        } else
            return FIT_LOSES_COLOUR;
    }
    if (!takes(port->colours, *colour)) {
        fit = FIT_CONVERTED;
        const uint32_t other = *colour == IMP_SRGB ? IMP_LINEAR : IMP_SRGB;
        if (*colour == IMP_DATA || !takes(port->colours, other))
            return FIT_NOT_DATA;
        *colour = other;
    }
    return fit;
}

const char *convert_refusal(enum fit fit)
{
    if (fit == FIT_LOSES_COLOUR)
        return "it takes grey pictures only, and this one has colour: add a node with 'filter = "
               "grayscale' "
               "before it";
    return "it cannot tell colours from data here: data (a mask, a map of numbers) and colours "
           "(sRGB, "
           "linear) are not converted into each other";
}

struct conversion {
    const imp_image *from;
    imp_image *to;
    uint32_t strips;
};

/* One strip of rows. Alpha is never bent by the colour curve. */
static void strip(void *user, uint32_t i) IMP_NX
{
    const struct conversion *c = user;
    const imp_image *from = c->from;
    const size_t n = from->width;
    uint32_t first, last;
    kit_strip(from->height, c->strips, i, &first, &last);
    for (uint32_t k = 0; k < c->to->channels; k++)
        for (uint32_t y = first; y < last; y++) {
            float *out = imp_row_out(c->to, k, y);
            if (k == 3 && from->channels < 4) {
                for (size_t x = 0; x < n; x++)
                    out[x] = 1;
                continue;
            }
            const float *in = imp_row(from, from->channels == 1 ? 0 : k, y);
            if (k == 3 || from->colour == c->to->colour)
                memcpy(out, in, n * sizeof *out);
            else if (c->to->colour == IMP_LINEAR)
                kit_srgb_to_linear(in, out, n);
            else
                kit_linear_to_srgb(in, out, n);
        }
}

struct value *convert_image(struct run_env *env, struct value *v, uint32_t channels,
                            uint32_t colour)
{
    const imp_image *m = &v->as.image;
    if (m->channels == channels && m->colour == colour)
        return value_retain(v);
    if (m->channels > channels && m->colour == colour)
        return value_planes(v, 0, channels);
    struct value *out = value_image(env->memory, m->width, m->height, channels, colour);
    if (!out)
        return NULL;
    struct conversion c = {m, &out->as.image, kit_strips(m->width, m->height)};
    pool_parallel(env->pool, c.strips, strip, &c, NULL);
    out->meta = meta_retain(v->meta);
    out->sealed = true;
    return out;
}
