/* inside.c - drawings kept, and what of them is drawn into outlines. */
#include "inside.h"
#include <impasto/kit.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

imp_status av_inside_new(av_inside *a, uint32_t side, uint32_t width, imp_error *err)
{
    const size_t plane = (size_t)side * side;
    *a = (av_inside){.side = side, .width = width};
    a->parts = malloc(AV_INSIDES * plane);
    a->y = malloc((size_t)AV_INSIDES * width * sizeof *a->y);
    if (a->parts && a->y)
        return IMP_OK;
    av_inside_free(a);
    return imp_fail(err, IMP_E_MEMORY, "no memory for drawings that a model keeps");
}

void av_inside_free(av_inside *a)
{
    free(a->parts), free(a->y);
    *a = (av_inside){.count = 0};
}

/* ---- parts of a drawing ---- */

struct blob { /* pixels that hang together */
    uint32_t size, left, top, right, bottom;
};

/* Marks those about `from` with `mark`, where ink is 1 and not yet marked. stack: room for all. */
static struct blob blob_of(uint8_t *ink, uint32_t side, uint32_t from, uint8_t mark,
                           uint32_t *stack)
{
    struct blob b = {0, side, side, 0, 0};
    uint32_t n = 0;
    ink[from] = mark, stack[n++] = from;
    while (n) {
        const uint32_t at = stack[--n], x = at % side, y = at / side;
        b.size++;
        b.left = x < b.left ? x : b.left, b.right = x > b.right ? x : b.right;
        b.top = y < b.top ? y : b.top, b.bottom = y > b.bottom ? y : b.bottom;
        for (uint32_t k = 0; k < 9; k++) {
            const uint32_t u = x + k % 3 - 1, v = y + k / 3 - 1; /* -1 wraps: beyond */
            if (u < side && v < side && ink[v * side + u] == 1)
                ink[v * side + u] = mark, stack[n++] = v * side + u;
        }
    }
    return b;
}

/* A jaw reaches the bottom of the drawing's box, an ear stands upright at its side, and what is cut
 * off by hair there are crumbs. */
static bool of_outline(const struct blob *b, const struct blob *box)
{
    const double w = box->right - box->left + 1.0, h = box->bottom - box->top + 1.0,
                 middle = (0.5 * (b->left + b->right) - box->left) / w;
    const bool aside = middle < 0.2 || middle > 0.8,
               upright = b->bottom - b->top > 1.3 * (b->right - b->left);
    return b->bottom > box->bottom - 0.08 * h || (aside && (upright || b->size < 0.02 * w * w / 8));
}

/* Of ink, or of a kept drawing's part. */
static struct blob box_of(const float *s, const uint8_t *parts, enum av_part part, uint32_t side)
{
    struct blob b = {0, side, side, 0, 0};
    for (uint32_t i = 0; i < side * side; i++)
        if (s ? s[i] > 0.5f : part == AV_OUTLINE ? parts[i] == part : parts[i] >= part) {
            const uint32_t x = i % side, y = i / side;
            b.size++;
            b.left = x < b.left ? x : b.left, b.right = x > b.right ? x : b.right;
            b.top = y < b.top ? y : b.top, b.bottom = y > b.bottom ? y : b.bottom;
        }
    return b;
}

/* The drawing's parts; the number of those inside. ink: 0 and 1, becomes enum av_part. */
static uint32_t parts_of(uint8_t *ink, uint32_t side, uint32_t *stack)
{
    enum { SEEN = 3 };
    const struct blob box = box_of(NULL, ink, AV_OUTLINE, side); /* all ink is 1 still */
    uint32_t inside = 0;
    for (uint32_t i = 0; i < side * side; i++) {
        if (ink[i] != 1)
            continue;
        const struct blob b = blob_of(ink, side, i, SEEN, stack);
        const bool out = of_outline(&b, &box);
        inside += !out;
        for (uint32_t y = b.top; y <= b.bottom; y++)
            for (uint32_t x = b.left; x <= b.right; x++)
                if (ink[y * side + x] == SEEN)
                    ink[y * side + x] = out ? SEEN + 1 : SEEN + 2;
    }
    for (uint32_t i = 0; i < side * side; i++)
        ink[i] = ink[i] ? (uint8_t)(ink[i] - SEEN) : AV_PAPER;
    return inside;
}

bool av_inside_add(av_inside *a, const float *s, const float *y)
{
    const size_t plane = (size_t)a->side * a->side;
    uint8_t *to = a->parts + a->count * plane;
    uint32_t *stack = a->count < AV_INSIDES ? malloc(plane * sizeof *stack) : NULL, parts = 0;
    for (size_t i = 0; i < plane && stack; i++)
        to[i] = s[i] > 0.2f;
    if (stack)
        parts = parts_of(to, a->side, stack);
    for (size_t i = 0; i < plane && parts; i++)
        if (to[i] == AV_INSIDE)
            to[i] = (uint8_t)(AV_INSIDE - 1 + (int)fmaxf(1, fminf(6, 6 * s[i] + 0.5f)));
    free(stack);
    if (parts < 4) /* two eyes, a nose, a mouth */
        return false;
    memcpy(a->y + (size_t)a->count * a->width, y, a->width * sizeof *y);
    a->count++;
    return true;
}

/* ---- drawing them ---- */

/* How far each pixel is from ink, in pixels, by steps of 1 and 1.4 (two passes). */
static void far_from_ink(const float *s, int side, float *far)
{
    const float step[] = {1, 1.4f};
    for (int i = 0; i < side * side; i++)
        far[i] = s[i] > 0.5f ? 0 : 1e4f;
    for (int pass = 0; pass < 2; pass++)
        for (int k = 0; k < side * side; k++) {
            const int i = pass ? side * side - 1 - k : k, sign = pass ? -1 : 1, x = i % side;
            for (int j = 0; j < 4;
                 j++) { /* left, and the three above; of the second pass, opposite */
                const int dx = j == 0 ? -1 : j - 2, dy = j == 0 ? 0 : -1, u = x + sign * dx,
                          at = i + sign * (dy * side + dx);
                if (u >= 0 && u < side && at >= 0 && at < side * side)
                    far[i] = fminf(far[i], far[at] + step[dx && dy]);
            }
        }
}

struct fit { /* place = to + (a kept drawing's place - from) * scale */
    double scale, x, y, from_x, from_y, misfit;
};

/* Mean distance of n pixels of a kept outline from the ink, cut at a tenth of the side; in px of
 * 128. */
static double misfit(const uint32_t *at, uint32_t n, uint32_t side, const struct fit *f,
                     const float *far)
{
    const double most = 0.1 * side;
    double sum = 0;
    for (uint32_t k = 0; k < n; k++) {
        const double x = f->x + (at[k] % side + 0.5 - f->from_x) * f->scale,
                     y = f->y + (at[k] / side + 0.5 - f->from_y) * f->scale;
        const bool in = x >= 0 && y >= 0 && x < side && y < side;
        sum += in ? fmin(most, (double)far[(size_t)y * side + (size_t)x]) : most;
    }
    return (n ? sum / n : most) * 128 / side;
}

/* Where a kept outline lies best on the ink: chins together, jaws by trying; a face that looks
 * aside, or of another size, is a worse one. An outline may have ears where the other has hair, so
 * their widths say little. */
static struct fit fit_of(const uint8_t *parts, uint32_t side, const struct blob *ink,
                         const float *far, uint32_t *at)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < side * side; i++)
        if (parts[i] == AV_OUTLINE)
            at[n++] = i;
    const struct blob b = box_of(NULL, parts, AV_OUTLINE, side),
                      in = box_of(NULL, parts, AV_INSIDE, side);
    const double middle = 0.5 * (ink->left + ink->right + 1.0),
                 aside = 0.5 * (in.left + in.right) - 0.5 * (b.left + b.right);
    struct fit best = {.misfit = 1e9};
    for (int k = -4; k <= 4; k++)
        for (int shift = -2; shift <= 2; shift++) {
            struct fit f = {.scale = 1 + 0.06 * k,
                            .x = middle + shift * side / 64.0,
                            .y = ink->bottom + 1.0,
                            .from_x = 0.5 * (b.left + b.right + 1.0),
                            .from_y = b.bottom + 1.0};
            f.misfit = misfit(at, n, side, &f, far) + 0.4 * abs(k) +
                       0.3 * fabs(f.x + aside * f.scale - middle) * 128 / side;
            if (f.misfit < best.misfit)
                best = f;
        }
    return best;
}

/* How far attributes are from what is asked that some drawings show: also those that these lines do
 * not, for where dark glasses are, no eyes are drawn. 0 to 1 for each, of numbers half their range.
 */
static double unlike(const struct av_traits *t, const float *asked, const float *is)
{
    double sum = 0;
    for (uint32_t k = 0; k < t->count; k++) {
        const struct av_trait *a = &t->all[k];
        double same = 0;
        if (!a->shown)
            continue;
        for (uint32_t i = 0; i < a->width && a->choices[0]; i++)
            same += (double)asked[a->at + i] * is[a->at + i];
        sum += a->choices[0] ? 1 - same : fabs((double)asked[a->at] - is[a->at]);
    }
    return sum;
}

static void draw_into(const uint8_t *parts, uint32_t side, const struct fit *f, float *s)
{
    for (uint32_t i = 0; i < side * side; i++) {
        float v = 0;
        for (uint32_t k = 0; k < 16; k++) {
            const double x = f->from_x + (i % side + (k % 4 + 0.5) / 4 - f->x) / f->scale,
                         y = f->from_y + (i / side + (k / 4 + 0.5) / 4 - f->y) / f->scale;
            const uint8_t part =
                x >= 0 && y >= 0 && x < side && y < side ? parts[(size_t)y * side + (size_t)x] : 0;
            v += part >= AV_INSIDE ? (float)(part - AV_INSIDE + 1) / (6 * 16) : 0;
        }
        s[i] = fmaxf(s[i], v);
    }
}

bool av_inside_draw(const av_inside *a, const struct av_traits *t, uint64_t seed, float *s,
                    float *y, bool *failed)
{
    const size_t plane = (size_t)a->side * a->side;
    float *far = a->count ? malloc(plane * sizeof *far) : NULL;
    uint32_t *at = a->count ? malloc(plane * sizeof *at) : NULL;
    const struct blob ink = box_of(s, NULL, AV_PAPER, a->side);
    struct fit best = {.misfit = 0};
    double least = 1e30;
    uint32_t which = 0;
    *failed = a->count && !(far && at);
    if (!far || !at || !ink.size) {
        free(far), free(at);
        return false;
    }
    far_from_ink(s, (int)a->side, far);
    for (uint32_t i = 0; i < a->count; i++) {
        const struct fit f = fit_of(a->parts + i * plane, a->side, &ink, far, at);
        const double bad = f.misfit + 6 * unlike(t, y, a->y + (size_t)i * a->width) +
                           2 * kit_uniform(seed, 0x696e73, i);
        if (bad < least)
            least = bad, which = i, best = f;
    }
    draw_into(a->parts + which * plane, a->side, &best, s);
    for (uint32_t k = 0; k < t->count; k++)
        if (a->shown >> k & 1)
            memcpy(y + t->all[k].at, a->y + (size_t)which * a->width + t->all[k].at,
                   t->all[k].width * sizeof *y);
    free(far), free(at);
    return true;
}

/* ---- text: "shown count; y y ... runs; ..." Runs of equal parts, row after row: a digit of base
 * 64 says the part, whether more follows, and the low two bits of the length - 1; digits of five
 * bits and whether more follows say the rest. ---- */

static const char digits[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz-_";

size_t av_inside_room(const av_inside *a)
{
    return 64 + (size_t)a->count * (16 * (size_t)a->width + 4 * (size_t)a->side * a->side);
}

static size_t write_runs(const uint8_t *parts, size_t plane, char *to)
{
    size_t used = 0;
    for (size_t i = 0, n; i < plane; i += n) {
        for (n = 1; i + n < plane && parts[i + n] == parts[i];)
            n++;
        size_t rest = (n - 1) >> 2;
        to[used++] = digits[parts[i] << 3 | ((n - 1) & 3) | (rest ? 4 : 0)];
        for (; rest; rest >>= 5)
            to[used++] = digits[(rest & 31) | (rest >> 5 ? 32 : 0)];
    }
    return used;
}

void av_inside_write(const av_inside *a, char *text)
{
    const size_t plane = (size_t)a->side * a->side;
    size_t used = (size_t)sprintf(text, "%" PRIu64 " %u", a->shown, a->count);
    for (uint32_t i = 0; i < a->count; i++) {
        used += (size_t)sprintf(text + used, "; ");
        for (uint32_t k = 0; k < a->width; k++)
            used += (size_t)sprintf(text + used, "%d ",
                                    (int)lrint(1000.0 * (double)a->y[(size_t)i * a->width + k]));
        used += write_runs(a->parts + i * plane, plane, text + used);
    }
    text[used] = 0;
}

static int digit(char c)
{
    const char *at = c ? strchr(digits, c) : NULL;
    return at ? (int)(at - digits) : -1;
}

/* NULL: not just a plane of runs. */
static const char *read_runs(const char *text, size_t plane, uint8_t *parts)
{
    for (size_t i = 0; i < plane;) {
        const int first = digit(*text++);
        if (first < 0)
            return NULL;
        size_t n = (size_t)(first & 3);
        int more = first & 4;
        for (uint32_t at = 2; more; at += 5) {
            const int d = digit(*text++);
            if (d < 0 || at > 28)
                return NULL;
            n |= (size_t)(d & 31) << at;
            more = d & 32;
        }
        if (n >= plane - i)
            return NULL;
        memset(parts + i, first >> 3, n + 1);
        i += n + 1;
    }
    return text;
}

static const char *read_one(const char *text, av_inside *a)
{
    float *y = a->y + (size_t)a->count * a->width;
    text += strspn(text, "; ");
    for (uint32_t k = 0; k < a->width; k++) {
        const char *end;
        const double v = kit_number(text, &end);
        if (end == text || *end != ' ' || !(fabs(v) <= 1000))
            return NULL;
        y[k] = (float)(v / 1000), text = end + 1;
    }
    return read_runs(text, (size_t)a->side * a->side,
                     a->parts + (size_t)a->count * a->side * a->side);
}

imp_status av_inside_read(const char *text, uint32_t side, uint32_t width, av_inside *a,
                          imp_error *err)
{
    *a = (av_inside){.count = 0};
    if (!text || *text < '0' || *text > '9')
        return IMP_OK;
    imp_status st = av_inside_new(a, side, width, err);
    if (st != IMP_OK)
        return st;
    for (; *text >= '0' && *text <= '9'; text++)
        a->shown = 10 * a->shown + (uint64_t)(*text - '0');
    const char *end;
    text += strspn(text, " ");
    const double count = kit_number(text, &end);
    for (text = end; count <= AV_INSIDES && a->count < count; a->count++)
        if (!(text = read_one(text, a))) {
            a->count = 0; /* of another side, other attributes, or none of these lines */
            break;
        }
    return IMP_OK;
}
