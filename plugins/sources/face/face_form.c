/* face_form.c - the head as a form: every horizontal section is half an ellipse, whose axes stand
 * in tables by height; upon it lies a relief (face_relief.c).
 *
 * Turned by yaw p, a section x = W sin s, z = D cos s shows as R sin(s + d) with
 * R^2 = W^2 cos^2 p + D^2 sin^2 p, so the place behind a sample is found without a search. */
#include "face.h"

static float row_v(int i)
{
    return FORM_LOW + (FORM_HIGH - FORM_LOW) * (float)i / FORM_ROWS;
}

/* Half width of a closed curve of exponent n at q = 0 (widest) .. 1 (its end). */
static float closing(float q, float n)
{
    return q >= 1 ? 0 : q <= 0 ? 1 : (float)kit_pow(1 - (float)kit_pow(q, n), 1 / n);
}

/* Depth of the section's middle; falls to 0 at chin and crown, where the form turns away. */
static float depth_of(const struct face *f, float v)
{
    const float middle = -0.10f, down = (middle - v) / (middle - f->chin),
                up = (v - middle) / (f->top - middle);
    return v < middle ? 0.60f * closing(0.995f * down, 6) - 0.03f * ramp(0.3f, 0.9f, down)
                      : 0.60f * closing(up, 2.6f);
}

static void head_row(const struct face *f, float v, struct face_row *r)
{
    const float *a = f->a, m = a[MASCULINE] - 0.5f, middle = -0.10f;
    const float wide = 0.473f + 0.085f * (a[FACE_WIDTH] - 0.5f) + 0.010f * f->child;
    const float square =
        limit(2.04f + 0.9f * (a[JAW] - 0.5f) + 0.5f * m + 0.3f * (a[CHEEKS] - 0.5f), 1.75f, 2.70f);
    const float down = (middle - v) / (middle - f->chin), up = (v - middle) / (f->top - middle);
    r->width = wide * (v < middle ? closing(down, square) : closing(up, 3.1f));
    if (v < middle && down < 1)
        r->width += 0.050f * (a[CHEEKS] - 0.5f) * bell(sq((v + 0.38f) / 0.18f));
    r->depth = most(depth_of(f, v), 0.40f); /* a place is found by it: no cliff at the chin */
    r->depth_slope = (depth_of(f, v + 0.008f) - depth_of(f, v - 0.008f)) / 0.016f;
    const float beyond = most(most(down, up) - 1, 0);
    r->square =
        sq(r->width) * (sq(f->cos_yaw) + sq(r->depth * f->sin_yaw / most(r->width, 0.20f))) -
        beyond * sq(wide);
}

/* Outline of the hair, and what it leaves free of the face. */
static void hair_row(const struct face *f, float v, struct face_row *r)
{
    const int kind = (int)f->a[HAIR_KIND], fringe = f->a[FRINGE] > 0.5f && kind != TIED;
    const float middle = 0.10f, up = (v - middle) / (f->hair_top - middle),
                length = f->a[HAIR_LENGTH];
    const float below = middle - v, falls = f->hair_end < 0 && kind != COILY;
    if (v >= middle)
        r->hair = f->hair_side * closing(up, 2.55f);
    else if (kind == COILY && length > 0.12f)
        r->hair = f->hair_side * closing(below / (0.12f + 0.75f * length), 2.2f);
    else if (falls)
        r->hair = (f->hair_side + below * (kind == STRAIGHT ? 0.02f : 0.09f) -
                   0.03f * bell(sq((v + 0.55f) / 0.25f))) *
                  root(1 - ramp(f->hair_end + 0.25f, f->hair_end - 0.03f, v));
    else
        r->hair = v < -0.20f ? 0 : mixf(f->hair_side, r->width - 0.004f, ramp(0.12f, -0.02f, v));
    const float apex = fringe ? 0.205f : f->hair_apex, base = fringe ? 0.0f : 0.05f;
    const float wide = falls ? 0.390f : 0.428f, over = (v - base) / (apex - base);
    const float shape = fringe ? 2.8f : falls ? 2.1f : 3.0f;
    if (v >= base)
        r->opening = wide * closing(over, shape);
    else if (falls)
        r->opening = wide + 0.05f * ramp(0, -0.6f, v);
    else
        r->opening = mixf(wide, 0.60f, ramp(0, -0.15f, v));
}

void face_tables(struct face *f)
{
    for (int i = 0; i <= FORM_ROWS; i++) {
        head_row(f, row_v(i), &f->rows[i]);
        hair_row(f, row_v(i), &f->rows[i]);
    }
    const float step = (FORM_HIGH - FORM_LOW) / FORM_ROWS;
    for (int i = 0; i <= FORM_ROWS; i++) {
        const struct face_row *low = &f->rows[i > 0 ? i - 1 : 0];
        const struct face_row *high = &f->rows[i < FORM_ROWS ? i + 1 : i];
        f->rows[i].width_slope = (high->width - low->width) / (2 * step);
        f->rows[i].square_slope = (high->square - low->square) / (2 * step);
    }
}

struct face_row face_row_at(const struct face *f, float v)
{
    const float at =
        limit((v - FORM_LOW) / (FORM_HIGH - FORM_LOW) * FORM_ROWS, 0, FORM_ROWS - 0.001f);
    const int i = (int)at;
    const float t = at - (float)i;
    const struct face_row *a = &f->rows[i], *b = a + 1;
    return (struct face_row){mixf(a->width, b->width, t),
                             mixf(a->depth, b->depth, t),
                             mixf(a->width_slope, b->width_slope, t),
                             mixf(a->depth_slope, b->depth_slope, t),
                             mixf(a->square, b->square, t),
                             mixf(a->square_slope, b->square_slope, t),
                             mixf(a->hair, b->hair, t),
                             mixf(a->opening, b->opening, t)};
}

/* ---- a sample's place on the head ---- */

static struct face_texel grid_at(const struct face *f, float u, float v)
{
    const float gx = limit((u / FORM_SIDE + 1) * 0.5f * (FORM_GRID_U - 1), 0, FORM_GRID_U - 1.001f);
    const float gy =
        limit((v - FORM_LOW) / (FORM_HIGH - FORM_LOW) * (FORM_GRID_V - 1), 0, FORM_GRID_V - 1.001f);
    const uint32_t x = (uint32_t)gx, y = (uint32_t)gy;
    const float s = gx - (float)x, t = gy - (float)y;
    const float w00 = (1 - s) * (1 - t), w10 = s * (1 - t), w01 = (1 - s) * t, w11 = s * t;
    const struct face_texel *a = face_texel_at(f, x, y), *b = a + 1, *c = a + FORM_GRID_U,
                            *d = c + 1;
    return (struct face_texel){
        .relief = w00 * a->relief + w10 * b->relief + w01 * c->relief + w11 * d->relief,
        .by_u = w00 * a->by_u + w10 * b->by_u + w01 * c->by_u + w11 * d->by_u,
        .by_v = w00 * a->by_v + w10 * b->by_v + w01 * c->by_v + w11 * d->by_v,
        .lit = w00 * a->lit + w10 * b->lit + w01 * c->lit + w11 * d->lit,
        .open = w00 * a->open + w10 * b->open + w01 * c->open + w11 * d->open};
}

/* From the head's frame to the picture's. */
static struct f3 turned(const struct face *f, struct f3 n)
{
    const float x = n.x * f->cos_yaw + n.z * f->sin_yaw, z1 = n.z * f->cos_yaw - n.x * f->sin_yaw;
    const float y = n.y * f->cos_pitch + z1 * f->sin_pitch,
                z = z1 * f->cos_pitch - n.y * f->sin_pitch;
    return f3(x * f->cos_roll - y * f->sin_roll, x * f->sin_roll + y * f->cos_roll, z);
}

/* The section's sine and cosine behind horizontal place x. */
static void on_section(const struct face *f, const struct face_row *r, float x, struct sample *s)
{
    const float big = most(root(r->square), 1e-4f), sine = limit(x / big, -1, 1),
                cosine = sqrtf(1 - sine * sine);
    const float cd = limit(r->width * f->cos_yaw / big, -1, 1),
                sd = f->sin_yaw < 0 ? -root(1 - cd * cd) : root(1 - cd * cd);
    s->t = sine * cd - cosine * sd;
    s->c = most(cosine * cd + sine * sd, 0);
    s->u = r->width * s->t;
    s->z = r->depth * s->c;
}

void face_place(const struct face *f, struct sample *s)
{
    s->hx = (s->x * f->cos_roll + (s->y + 0.6f) * f->sin_roll) * f->scale;
    s->hy = ((s->y + 0.6f) * f->cos_roll - s->x * f->sin_roll - 0.6f - f->centre_y) * f->scale;
    const float hx = s->hx + 0.30f * f->sin_yaw, hy = s->hy + 0.42f * f->sin_pitch;
    s->hx = hx, s->hy = hy;
    struct face_row r = {0};
    float x = hx;
    s->v = hy;
    const int near = fabsf(hx) < 0.65f && hy > f->chin - 0.2f && hy < f->top + 0.2f;
    for (int i = 0; i < (near ? 3 : 1); i++) {
        r = face_row_at(f, s->v);
        on_section(f, &r, x, s);
        s->form = grid_at(f, s->u, s->v);
        /* a smooth stand-in for the depth: the true one ends in a cliff, where this would not
         * settle */
        const float z = 0.55f * root(1 - sq(x / 0.52f)) + s->form.relief * s->c;
        s->v = (hy - f->sin_pitch * z) / f->cos_pitch;
        x = hx - f->sin_yaw * s->form.relief * s->c;
    }
    r = face_row_at(f, s->v);
    /* the outline is where square - x^2 is 0; over its gradient that is a distance */
    s->head = limit((r.square - x * x) / sqrtf(4 * x * x + sq(r.square_slope) + 1e-4f), -1, 0.5f);
    s->z += s->form.relief * s->c;
    const struct f3 n = f3(r.depth * s->t / most(r.width, 0.02f) - s->c * s->form.by_u,
                           -(r.depth_slope * s->c * s->c +
                             r.depth * s->t * s->t * r.width_slope / most(r.width, 0.02f)) -
                               s->c * s->form.by_v,
                           s->c);
    s->normal = f3_unit(turned(f, f3_unit(n)));
}
