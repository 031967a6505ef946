/* texture_render.c - a texture from its parameters: bands of the picture are filled by the kind on
 * a canvas with a margin, lit, averaged and written. */
#include "texture_render.h"
#include <math.h>
#include <string.h>
#include <impasto/kit.h>
#include "texture.h"

enum { ROWS = 8 /* of the canvas that a thread takes at a time */ };

struct work {
    struct tx tx;
    struct tx_light light;
    struct tx_canvas canvas;
    imp_image *out;
    int samples; /* per side of a pixel */
    float *rows; /* 3 per line of the canvas' picture part, when samples > 1 */
};

/* "#rrggbb" or "rrggbb". */
bool tx_colour_word(const char *text, uint32_t *out)
{
    uint32_t v = 0, digits = 0;
    for (text += *text == '#'; *text; text++, digits++) {
        if (!strchr("0123456789abcdefABCDEF", *text) || digits == 6)
            return false;
        v = v * 16 + (uint32_t)(*text <= '9' ? *text - '0' : (*text | 32) - 'a' + 10);
    }
    *out = v;
    return digits == 6;
}

static void choose_palette(struct palette *p, const struct tx_kind *k, const imp_cell *cells)
{
    uint32_t own[PALETTE_MOST];
    const imp_cell *words = &cells[P_COLOURS];
    palette_from(p, k->stop, k->stops, k->ground);
    if (cells[P_PALETTE].i > 0)
        palette_named(p, (int)cells[P_PALETTE].i);
    const int count = words->w.count < PALETTE_MOST ? (int)words->w.count : PALETTE_MOST;
    for (int i = 0; i < count; i++)
        if (!tx_colour_word(words->w.ptr[i], &own[i]))
            own[i] = 0x808080; /* plan has said so */
    if (count)
        palette_from(p, own, count, own[0]);
}

/* By themselves small pictures are rendered larger: their features are as small as pixels. */
static int samples_of(const imp_cell *p)
{
    const int64_t side = p[P_WIDTH].i > p[P_HEIGHT].i ? p[P_WIDTH].i : p[P_HEIGHT].i;
    if (p[P_SAMPLES].i)
        return (int)p[P_SAMPLES].i;
    return side <= 160 ? 3 : side <= 400 ? 2 : 1;
}

static struct tx_light light_of(const imp_cell *p)
{
    const float turn = (float)p[P_LIGHT].f / 360, up = (float)p[P_ELEVATION].f / 360;
    return (struct tx_light){.x = nz_cosine(up) * nz_cosine(turn),
                             .y = -nz_cosine(up) * nz_sine(turn),
                             .z = nz_sine(up),
                             .relief = (float)p[P_RELIEF].f};
}

static void set_up(struct work *w, const imp_cell *p)
{
    struct tx *t = &w->tx;
    w->samples = samples_of(p);
    const int64_t side = p[P_WIDTH].i > p[P_HEIGHT].i ? p[P_WIDTH].i : p[P_HEIGHT].i;
    t->kind = tx_kinds[p[P_KIND].i];
    t->seed = kit_random((uint64_t)p[P_SEED].i, 0x74657874, (uint64_t)p[P_KIND].i);
    t->pixels = (float)side * (float)w->samples;
    t->px = 1 / t->pixels;
    t->width = (float)p[P_WIDTH].i / (float)side;
    t->height = (float)p[P_HEIGHT].i / (float)side;
    t->tile = p[P_TILE].i;
    t->variant = (int)p[P_VARIANT].i;
    t->scale = (float)p[P_SCALE].f;
    t->irregular = (float)p[P_IRREGULAR].f;
    t->detail = (float)p[P_DETAIL].f;
    t->gap = (float)p[P_GAP].f;
    t->wear = (float)p[P_WEAR].f;
    t->contrast = (float)p[P_CONTRAST].f;
    t->relief = (float)p[P_RELIEF].f;
    t->gloss = (float)p[P_GLOSS].f;
    choose_palette(&t->palette, t->kind, p);
    w->light = light_of(p);
}

/* What a kind wants before its rows. */
static imp_status prepare(struct work *w, imp_job *job)
{
    struct tx *t = &w->tx;
    if (t->kind->prepare) {
        float *field = job->scratch(job, 4 * TX_FIELD * TX_FIELD * sizeof *field);
        if (!field)
            return IMP_E_MEMORY;
        t->kind->prepare(t, field, field + TX_FIELD * TX_FIELD);
        t->field = field;
    }
    if (t->kind->scatter) {
        const uint32_t room = tx_item_room(t, t->kind->scatter);
        struct tx_item *items = job->scratch(job, room * sizeof *items);
        if (!items)
            return IMP_E_MEMORY;
        t->item_count = tx_items(t, t->kind->scatter, items);
        t->items = items;
    }
    return IMP_OK;
}

/* A band: a quarter of the longer side, or a megapixel; margins as far as shadows reach, those of
 * ribbons some times their breadth. */
static imp_status make_canvas(struct work *w, imp_job *job)
{
    struct tx_canvas *c = &w->canvas;
    const int n = w->samples, height = (int)w->out->height * n;
    c->width = (int)w->out->width * n;
    c->margin = (int)(0.03F * w->tx.pixels) + 2;
    const int breadth = c->width < height ? c->width : height, most_margin = 16 + 2 * breadth;
    c->margin = c->margin > 160 ? 160 : c->margin;
    c->margin = c->margin > most_margin ? most_margin : c->margin;
    const int most = (1 << 20) / c->width, quarter = (int)(w->tx.pixels / 4);
    c->rows = most > quarter ? most : quarter;
    c->rows = (c->rows + n) / n * n;
    c->rows = c->rows > height ? height : c->rows;
    c->pitch = ((size_t)(c->width + 2 * c->margin) + 15) & ~(size_t)15;
    const size_t plane = c->pitch * (size_t)(c->rows + 2 * c->margin);
    const size_t lit = n > 1 ? 3 * (size_t)c->width * (size_t)c->rows : 0;
    float *all = job->scratch(job, (5 * plane + lit) * sizeof *all);
    if (!all)
        return IMP_E_MEMORY;
    c->height = all, c->r = all + plane, c->g = all + 2 * plane, c->b = all + 3 * plane;
    c->gloss = all + 4 * plane, w->rows = all + 5 * plane;
    return IMP_OK;
}

static void fill_piece(void *user, uint32_t i) IMP_NX
{
    const struct work *w = user;
    const int all = w->canvas.rows + 2 * w->canvas.margin, from = (int)i * ROWS;
    tx_fill(&w->tx, &w->canvas, from, from + ROWS < all ? from + ROWS : all);
}

/* Averages of n x n lit samples. */
static void shrink(const float *in, float *out, uint32_t width, int n)
{
    const float share = 1 / (float)(n * n);
    const size_t row = (size_t)width * (size_t)n;
    for (uint32_t x = 0; x < width; x++) {
        float sum = 0;
        for (int j = 0; j < n; j++)
            for (int i = 0; i < n; i++)
                sum += in[(size_t)j * row + (size_t)x * (size_t)n + (size_t)i];
        out[x] = sum * share;
    }
}

/* One row of the picture. */
static void light_piece(void *user, uint32_t i) IMP_NX
{
    struct work *w = user;
    const uint32_t width = w->out->width, y = (uint32_t)(w->canvas.first / w->samples) + i;
    float *out[3];
    for (uint32_t c = 0; c < 3; c++)
        out[c] = imp_row_out(w->out, c, y);
    if (w->samples == 1) {
        tx_light_row(&w->tx, &w->light, &w->canvas, (int)i, out[0], out[1], out[2]);
    } else {
        const int n = w->samples;
        const size_t line = (size_t)w->canvas.width, lines = line * (size_t)n;
        float *lit = w->rows + 3 * lines * i;
        for (int k = 0; k < n; k++)
            tx_light_row(&w->tx, &w->light, &w->canvas, (int)i * n + k, lit + (size_t)k * line,
                         lit + lines + (size_t)k * line, lit + 2 * lines + (size_t)k * line);
        for (uint32_t c = 0; c < 3; c++)
            shrink(lit + c * lines, out[c], width, n);
    }
    for (uint32_t c = 0; c < 3; c++)
        kit_linear_to_srgb(out[c], out[c], width);
}

imp_status tx_process(void *instance, imp_job *job, imp_error *err)
{
    const imp_cell *p = job->params;
    struct work w = {.out = NULL};
    (void)instance, (void)err;
    set_up(&w, p);
    w.out = job->new_image(job, (uint32_t)p[P_WIDTH].i, (uint32_t)p[P_HEIGHT].i, 3, IMP_SRGB);
    if (!w.out)
        return IMP_E_MEMORY;
    imp_status st = prepare(&w, job);
    if (st == IMP_OK)
        st = make_canvas(&w, job);
    const int band = w.canvas.rows, height = (int)w.out->height * w.samples;
    for (int y = 0; st == IMP_OK && y < height; y += band) {
        w.canvas.first = y;
        w.canvas.rows = height - y < band ? height - y : band;
        const int all = w.canvas.rows + 2 * w.canvas.margin;
        st = kit_parallel(job, (uint32_t)((all + ROWS - 1) / ROWS), fill_piece, &w);
        if (st == IMP_OK)
            st = kit_parallel(job, (uint32_t)(w.canvas.rows / w.samples), light_piece, &w);
        if (st == IMP_OK)
            st = job->progress(job, (double)y / height, "rendering");
    }
    return st == IMP_OK ? job->set_output(job, 0, &w.out->head) : st;
}
