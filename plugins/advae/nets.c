/* nets.c - architecture texts. */
#include "nets.h"
#include <math.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

struct text {
    char *s;
    size_t used, room;
    const struct av_form *f;
};

__attribute__((format(printf, 2, 3))) static void add(struct text *t, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    const int n = vsnprintf(t->s + t->used, t->room - t->used, fmt, ap);
    va_end(ap);
    t->used += n > 0 && (size_t)n < t->room - t->used ? (size_t)n : 0;
}

/* Maps at a side, by the form's factor, a multiple of 4. */
static uint32_t scaled(const struct av_form *f, uint32_t maps)
{
    const double n = floor(maps * f->maps / 4 + 0.5) * 4;
    return n < 4 ? 4 : (uint32_t)n;
}

static uint32_t maps_at(const struct av_form *f, uint32_t side)
{
    return scaled(f, side <= 8 ? 128 : side == 16 ? 96 : side == 32 ? 64 : side == 64 ? 48 : 24);
}

static void conv(struct text *t, const char *name, uint32_t number, const char *from,
                 uint32_t filters, uint32_t kernel, uint32_t stride, uint32_t pad)
{
    add(t, "[%s%u]\nop = conv\n%s%s%sfilters = %u\nkernel = %u\nstride = %u\npad = %u\n\n", name,
        number, from ? "in = " : "", from ? from : "", from ? "\n" : "", filters, kernel, stride,
        pad);
}

static void leaky(struct text *t, const char *name, uint32_t number)
{
    add(t, "[%s%u]\nop = leaky_relu\nalpha = 0.2\n\n", name, number);
}

static void linear(struct text *t, const char *name, const char *from, uint32_t units)
{
    add(t, "[%s]\nop = gemm\nin = %s\nunits = %u\ntrans_b = yes\n\n", name, from, units);
}

static void head(struct text *t, const char *title)
{
    add(t, "[network]\nformat = 1\ntitle = %s\n\n", title);
}

/* Convolutions of 4x4 that halve sides down to 4x4, maps doubling from `first` to `most`. */
static uint32_t halvings(struct text *t, uint32_t side, uint32_t first, uint32_t most)
{
    uint32_t maps = first;
    for (; side > 4; side /= 2, maps = maps * 2 < most ? maps * 2 : most) {
        conv(t, "down", side / 2, NULL, scaled(t->f, maps), 4, 2, 1);
        leaky(t, "act", side / 2);
    }
    return maps;
}

static void encoder(struct text *t)
{
    uint32_t side = t->f->side;
    head(t, "encoder: what a photo is beside its attributes");
    add(t, "[photo]\nop = input\nshape = N 3 %u %u\n\n", side, side);
    for (uint32_t i = 0; i < t->f->coarse; i++, side /= 2)
        add(t, "[half%u]\nop = average_pool\nkernel = 2\nstride = 2\n\n", side / 2);
    halvings(t, side, 32, 128);
    add(t, "[flat]\nop = flatten\n\n");
    linear(t, "mu", "flat", t->f->latent);
    linear(t, "lv_free", "flat", t->f->latent);
    add(t, "[lv]\nop = clip\nmin = -8\nmax = 4\n\n");
}

static void adversary(struct text *t)
{
    head(t, "adversary: guesses attributes from the code");
    add(t, "[z]\nop = input\nshape = N %u\n\n", t->f->latent);
    linear(t, "one", "z", scaled(t->f, 256));
    add(t, "[act1]\nop = leaky_relu\nalpha = 0.2\n\n[drop1]\nop = dropout\nratio = 0.3\n\n");
    linear(t, "two", "drop1", scaled(t->f, 256));
    add(t, "[act2]\nop = leaky_relu\nalpha = 0.2\n\n");
    linear(t, "guess", "act2", t->f->bins);
}

/* It looks at the picture halved: what strides alone would see is no attribute. */
static void judge(struct text *t)
{
    const uint32_t side = t->f->side, half = side / 2;
    head(t, "judge: attributes and lines of a photo");
    add(t, "[photo]\nop = input\nshape = N 3 %u %u\n\n", side, side);
    add(t, "[half%u]\nop = average_pool\nkernel = 2\nstride = 2\n\n", half);
    conv(t, "first", half, NULL, scaled(t->f, 24), 3, 1, 1);
    leaky(t, "near_first", half);
    conv(t, "second", half, NULL, scaled(t->f, 24), 3, 1, 1);
    add(t, "[near]\nop = leaky_relu\nalpha = 0.2\n\n");
    halvings(t, half, 48, 96);
    add(t, "[flat]\nop = flatten\n\n");
    linear(t, "wide", "flat", scaled(t->f, 128));
    add(t, "[act_wide]\nop = leaky_relu\nalpha = 0.2\n\n[drop]\nop = dropout\nratio = 0.3\n\n");
    linear(t, "answers", "drop", t->f->width);
    add(t, "[stroke]\nop = conv\nin = near\nfilters = 1\nkernel = 3\npad = 1\n\n[lines]\nop = "
           "sigmoid\n\n");
}

static void patches(struct text *t)
{
    head(t, "patches: which parts look real");
    add(t, "[pair]\nop = input\nshape = N 4 H W\n\n");
    conv(t, "down", 1, NULL, scaled(t->f, 32), 4, 2, 1);
    leaky(t, "act", 1);
    conv(t, "down", 2, NULL, scaled(t->f, 64), 4, 2, 1);
    leaky(t, "act", 2);
    conv(t, "down", 3, NULL, scaled(t->f, 96), 4, 2, 1);
    leaky(t, "act", 3);
    add(t, "[real]\nop = conv\nfilters = 1\nkernel = 3\npad = 1\n\n");
}

static void styles(struct text *t)
{
    head(t, "styles: codes of photos, mixed");
    add(t, "[pick]\nop = input\nshape = N %u\n\n", AV_CODES);
    linear(t, "code", "pick", t->f->latent);
}

/* ---- the generator ---- */

/* The drawing's maps at every side, `ink64` for instance. */
static void drawing(struct text *t)
{
    uint32_t side = t->f->side;
    add(t, "[drawing]\nop = input\nshape = N 1 %u %u\n\n", side, side);
    conv(t, "ink_conv", side, NULL, maps_at(t->f, side) / 2, 3, 1, 1);
    leaky(t, "ink", side);
    for (side /= 2; side >= 4; side /= 2) {
        conv(t, "ink_conv", side, NULL, maps_at(t->f, side), 4, 2, 1);
        leaky(t, "ink", side);
    }
}

/* [z, y] scale and shift, nonlinearity: x + x g + b. No norm before: figures were no worse without.
 */
static void modulate(struct text *t, uint32_t side, const char *from, uint32_t maps)
{
    char name[32];
    for (uint32_t i = 0; i < 2; i++) {
        snprintf(name, sizeof name, "%s%u", i ? "shift" : "gain", side);
        linear(t, name, "zy", maps);
        add(t, "[%s_all]\nop = unsqueeze\naxes = 2 3\n\n", name);
    }
    add(t, "[times%u]\nop = mul\nin = %s%u gain%u_all\n\n", side, from, side, side);
    add(t, "[more%u]\nop = add\nin = %s%u times%u\n\n", side, from, side, side);
    add(t, "[moved%u]\nop = add\nin = more%u shift%u_all\n\n", side, side, side);
    leaky(t, "maps", side);
}

/* The last size has few maps, so they are made before sides double. */
static void level(struct text *t, uint32_t side)
{
    char from[32];
    const bool top = side == t->f->side;
    const uint32_t maps = maps_at(t->f, side);
    snprintf(from, sizeof from, "maps%u", side / 2);
    if (top) {
        conv(t, "few", side, from, scaled(t->f, 24), 3, 1, 1);
        leaky(t, "fewer", side);
        snprintf(from, sizeof from, "fewer%u", side);
    }
    add(t, "[up%u]\nop = resize\nin = %s\nscales = 1 1 2 2\n\n", side, from);
    conv(t, top ? "top" : "conv", side, NULL, top ? scaled(t->f, 16) : maps, 3, 1, 1);
    if (t->f->drawing) {
        snprintf(from, sizeof from, "ink%u", side);
        conv(t, "skip", side, from, top ? scaled(t->f, 16) : maps, 1, 1, 0);
        add(t, "[sum%u]\nop = add\nin = %s%u skip%u\n\n", side, top ? "top" : "conv", side, side);
    }
    modulate(t, side, t->f->drawing ? "sum" : top ? "top" : "conv", top ? scaled(t->f, 16) : maps);
}

static void generator(struct text *t)
{
    const uint32_t maps = maps_at(t->f, 4);
    head(t, t->f->drawing ? "generator: a photo from drawing, code and attributes"
                          : "generator: a photo from code and attributes");
    if (t->f->drawing)
        drawing(t);
    add(t, "[z]\nop = input\nshape = N %u\n\n[y]\nop = input\nshape = N %u\n\n", t->f->latent,
        t->f->width);
    add(t, "[zy]\nop = concat\nin = z y\naxis = 1\n\n");
    linear(t, "start", "zy", maps * 16);
    add(t, "[conv4]\nop = reshape\nshape = 0 %u 4 4\n\n", maps);
    if (t->f->drawing) {
        conv(t, "skip", 4, "ink4", maps, 1, 1, 0);
        add(t, "[sum4]\nop = add\nin = conv4 skip4\n\n");
    }
    modulate(t, 4, t->f->drawing ? "sum" : "conv", maps);
    for (uint32_t side = 8; side <= t->f->side; side *= 2)
        level(t, side);
    add(t, "[colours]\nop = conv\nfilters = 3\nkernel = 3\npad = 1\n\n[picture]\nop = tanh\n\n");
}

char *av_net_text(enum av_net which, const struct av_form *f)
{
    static void (*const writers[])(struct text *) = {encoder, generator, adversary,
                                                     judge,   patches,   styles};
    struct text t = {.room = 32768, .f = f};
    if ((t.s = malloc(t.room)))
        *t.s = 0, writers[which](&t);
    return t.s;
}
