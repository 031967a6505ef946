/* face_picture.c - the layers of every sample, samples to pixels, pixels to the outputs. */
#include "face_picture.h"

enum { BAND = 32 /* rows between two reports of progress */, PIECE = 128 /* px of a row */ };

/* Linear up to 0.55, then an even shoulder towards 1; a gentle S for contrast. */
static float tone(float x)
{
    const float t = (x - 0.55f) / 0.45f;
    const float y = t <= 0 ? most(x, 0) : 0.55f + 0.45f * t / (1 + t);
    return y + 0.22f * y * (1 - y) * (2 * y - 0.55f);
}

static void paint(const struct face *f, struct sample *s)
{
    face_place(f, s);
    if (s->head < 2 * s->px) { /* else the face hides it */
        face_backdrop(f, s);
        face_hair_back(f, s);
        face_body(f, s);
        face_ears(f, s);
    }
    face_skin(f, s);
    face_mouth(f, s);
    face_eyes(f, s);
    face_brows(f, s);
    face_beard(f, s);
    face_hair(f, s);
    face_glasses(f, s);
    face_hat(f, s);
}

struct pixel {
    float colour[3], ink, region[FACE_REGIONS];
};

static struct pixel pixel(const struct face_work *w, uint32_t x, uint32_t y)
{
    const struct face *f = w->face;
    const imp_image *m = w->images[FACE_OUT];
    const float half = 0.5f * (float)(m->width < m->height ? m->width : m->height);
    const uint32_t n = w->samples;
    const float share = 1 / (float)(n * n), step = 1 / (half * (float)n);
    struct pixel p = {{0}, 0, {0}};
    for (uint32_t i = 0; i < n * n; i++) {
        struct sample s = {
            .strokes = w->strokes, .want_regions = w->want_regions, .px = step * f->scale};
        s.x = ((float)x - 0.5f * (float)m->width) / half + ((float)(i % n) + 0.5f) * step;
        s.y = (0.5f * (float)m->height - (float)y) / half - ((float)(i / n) + 0.5f) * step;
        s.line = most(0.009f, 0.45f * s.px * (float)n);
        paint(f, &s);
        const float fall = w->exposure * (1 - 0.05f * limit(s.x * s.x + s.y * s.y, 0, 4));
        const struct f3 c = f3_scale(s.colour, fall);
        const float grey = 0.07f * (0.30f * c.x + 0.59f * c.y + 0.11f * c.z);
        p.colour[0] += share * tone(0.93f * c.x + grey);
        p.colour[1] += share * tone(0.93f * c.y + grey);
        p.colour[2] += share * tone(0.93f * c.z + grey);
        p.ink += share * s.ink;
        for (int k = 0; k < FACE_REGIONS; k++)
            p.region[k] += share * s.region[k];
    }
    return p;
}

static void add_grain(const struct face_work *w, float *line, uint32_t c, uint64_t at, uint32_t n)
{
    float all[PIECE], own[PIECE];
    kit_normals(w->seed, 1, at, n, all);
    kit_normals(w->seed, 2 + c, at, n, own);
    for (uint32_t i = 0; i < n; i++)
        line[i] = limit(line[i] + w->grain * 0.014f * (0.7f * all[i] + 0.5f * own[i]), 0, 1);
}

static void piece(void *user, uint32_t i) IMP_NX
{
    const struct face_work *w = user;
    imp_image *const *m = w->images;
    const uint32_t across = (m[FACE_OUT]->width + PIECE - 1) / PIECE, y = w->from + i / across;
    const uint32_t x0 = i % across * PIECE,
                   n = m[FACE_OUT]->width - x0 < PIECE ? m[FACE_OUT]->width - x0 : PIECE;
    for (uint32_t x = 0; x < n; x++) {
        const struct pixel p = pixel(w, x0 + x, y);
        for (uint32_t c = 0; c < 3; c++)
            imp_row_out(m[FACE_OUT], c, y)[x0 + x] = p.colour[c];
        if (m[FACE_LINES])
            imp_row_out(m[FACE_LINES], 0, y)[x0 + x] = 1 - p.ink;
        if (m[FACE_MASK])
            imp_row_out(m[FACE_MASK], 0, y)[x0 + x] =
                limit(p.region[IN_SKIN] + p.region[IN_EYES] + p.region[IN_BROWS] +
                          p.region[IN_LIPS] + p.region[IN_BEARD],
                      0, 1);
        for (uint32_t k = 0; k < FACE_REGIONS; k++)
            if (m[FACE_REGION + k])
                imp_row_out(m[FACE_REGION + k], 0, y)[x0 + x] = limit(p.region[k], 0, 1);
    }
    for (uint32_t c = 0; c < 3; c++) {
        float *line = imp_row_out(m[FACE_OUT], c, y) + x0;
        kit_linear_to_srgb(line, line, n);
        if (w->grain > 0)
            add_grain(w, line, c, (uint64_t)y * 65536 + x0, n);
    }
}

static void grid_row(void *user, uint32_t y) IMP_NX
{
    face_grid_row(((struct face_work *)user)->face, y);
}
static void slope_row(void *user, uint32_t y) IMP_NX
{
    face_slope_row(((struct face_work *)user)->face, y);
}
static void light_row(void *user, uint32_t y) IMP_NX
{
    face_light_row(((struct face_work *)user)->face, y);
}

static imp_status build_form(imp_job *job, struct face_work *w)
{
    imp_status st = kit_parallel(job, FORM_GRID_V, grid_row, w);
    if (st == IMP_OK)
        st = kit_parallel(job, FORM_GRID_V, slope_row, w);
    return st == IMP_OK ? kit_parallel(job, FORM_GRID_V, light_row, w) : st;
}

imp_status face_picture(imp_job *job, struct face_work *w)
{
    const imp_image *m = w->images[FACE_OUT];
    imp_status st = build_form(job, w);
    for (w->from = 0; st == IMP_OK && w->from < m->height;) {
        const uint32_t left = m->height - w->from, n = left < BAND ? left : BAND;
        st = kit_parallel(job, n * ((m->width + PIECE - 1) / PIECE), piece, w);
        w->from += n;
        if (st == IMP_OK)
            st = job->progress(job, (double)w->from / m->height, "painting");
    }
    return st;
}
