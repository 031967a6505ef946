/* layout.c - layers by longest path, order by barycentres, positions by isotonic regression. */
#include "layout.h"
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

enum { SWEEPS = 12 };

/* A box, or a bend of an arrow where it crosses a layer. */
struct cell {
    double width, x, wanted, weight;
    size_t layer, place;
    size_t box; /* SIZE_MAX: a bend */
};
struct link {
    size_t a, b;
    double a_dx, b_dx, weight;
}; /* cells of neighbouring layers */

struct placing {
    struct arena *arena;
    struct layout *l;
    size_t *layer; /* by box */
    struct cell *cells;
    struct link *links;
    size_t cell_count, link_count, layer_count;
    size_t **rows, *row_counts; /* cells of each layer, left to right */
    size_t *best;               /* places of the best order so far, by cell */
    size_t *first_bend;         /* by arrow */
};

/* ---- layers ---- */

static void choose_layers(struct placing *p)
{
    const struct layout *l = p->l;
    for (bool changed = true; changed;) {
        changed = false;
        for (size_t i = 0; i < l->arrow_count; i++) {
            const struct layout_arrow *a = &l->arrows[i];
            if (p->layer[a->to] <= p->layer[a->from]) {
                p->layer[a->to] = p->layer[a->from] + 1;
                changed = true;
            }
        }
    }
    /* What nothing leads to stands right above its first use. */
    for (size_t b = 0; b < l->box_count; b++) {
        size_t least = SIZE_MAX;
        bool source = true;
        for (size_t i = 0; i < l->arrow_count; i++) {
            source &= l->arrows[i].to != b;
            if (l->arrows[i].from == b && p->layer[l->arrows[i].to] < least)
                least = p->layer[l->arrows[i].to];
        }
        if (source && least != SIZE_MAX && least > 0)
            p->layer[b] = least - 1;
    }
    for (size_t b = 0; b < l->box_count; b++)
        if (p->layer[b] + 1 > p->layer_count)
            p->layer_count = p->layer[b] + 1;
}

/* ---- cells and links ---- */

static size_t count_bends(const struct placing *p)
{
    size_t n = 0;
    for (size_t i = 0; i < p->l->arrow_count; i++)
        n += p->layer[p->l->arrows[i].to] - p->layer[p->l->arrows[i].from] - 1;
    return n;
}

static size_t add_cell(struct placing *p, size_t layer, double width, size_t box)
{
    p->cells[p->cell_count] = (struct cell){.width = width, .layer = layer, .box = box};
    p->cells[p->cell_count].place = p->row_counts[layer];
    p->rows[layer][p->row_counts[layer]++] = p->cell_count;
    return p->cell_count++;
}

static void make_cells(struct placing *p)
{
    const struct layout *l = p->l;
    const size_t n = l->box_count + count_bends(p);
    p->cells = arena_alloc(p->arena, n, sizeof *p->cells);
    p->best = arena_alloc(p->arena, n, sizeof *p->best);
    p->links = arena_alloc(p->arena, l->arrow_count + n, sizeof *p->links);
    p->first_bend = arena_alloc(p->arena, l->arrow_count, sizeof *p->first_bend);
    p->rows = arena_alloc(p->arena, p->layer_count, sizeof *p->rows);
    p->row_counts = arena_alloc(p->arena, p->layer_count, sizeof *p->row_counts);
    for (size_t i = 0; i < p->layer_count; i++)
        p->rows[i] = arena_alloc(p->arena, n, sizeof **p->rows);
    for (size_t b = 0; b < l->box_count; b++)
        add_cell(p, p->layer[b], l->boxes[b].width, b);
    for (size_t i = 0; i < l->arrow_count; i++) {
        const struct layout_arrow *a = &l->arrows[i];
        size_t last = a->from;
        double dx = a->from_dx;
        p->first_bend[i] = p->cell_count;
        for (size_t layer = p->layer[a->from] + 1; layer < p->layer[a->to]; layer++, dx = 0) {
            const size_t bend = add_cell(p, layer, 2, SIZE_MAX);
            p->links[p->link_count++] = (struct link){last, bend, dx, 0, last == a->from ? 2 : 8};
            last = bend;
        }
        p->links[p->link_count++] =
            (struct link){last, a->to, dx, a->to_dx, last == a->from ? 1 : 2};
    }
}

/* ---- order ---- */

static size_t crossings(const struct placing *p)
{
    size_t n = 0;
    for (size_t i = 0; i < p->link_count; i++)
        for (size_t j = i + 1; j < p->link_count; j++) {
            const struct cell *a = &p->cells[p->links[i].a], *b = &p->cells[p->links[i].b];
            const struct cell *c = &p->cells[p->links[j].a], *d = &p->cells[p->links[j].b];
            if (a->layer != c->layer)
                continue;
            const double left =
                a == c ? p->links[i].a_dx - p->links[j].a_dx : (double)a->place - (double)c->place;
            const double right =
                b == d ? p->links[i].b_dx - p->links[j].b_dx : (double)b->place - (double)d->place;
            n += left * right < 0;
        }
    return n;
}

/* Mean place of a cell's neighbours above (or below); its own place when it has none. */
static double barycentre(const struct placing *p, size_t cell, bool above)
{
    double sum = 0;
    size_t n = 0;
    for (size_t i = 0; i < p->link_count; i++) {
        const size_t mine = above ? p->links[i].b : p->links[i].a,
                     other = above ? p->links[i].a : p->links[i].b;
        if (mine != cell)
            continue;
        const double dx = above ? p->links[i].a_dx : p->links[i].b_dx;
        sum += (double)p->cells[other].place + dx / (p->cells[other].width + 1);
        n++;
    }
    return n ? sum / (double)n : (double)p->cells[cell].place;
}

/* Stable insertion sort of a layer by what its cells want. */
static void sort_row(struct placing *p, size_t layer, bool above)
{
    size_t *row = p->rows[layer];
    for (size_t i = 0; i < p->row_counts[layer]; i++)
        p->cells[row[i]].wanted = barycentre(p, row[i], above);
    for (size_t i = 1; i < p->row_counts[layer]; i++)
        for (size_t j = i; j > 0 && p->cells[row[j - 1]].wanted > p->cells[row[j]].wanted; j--) {
            const size_t t = row[j];
            row[j] = row[j - 1];
            row[j - 1] = t;
        }
    for (size_t i = 0; i < p->row_counts[layer]; i++)
        p->cells[row[i]].place = i;
}

static void choose_order(struct placing *p)
{
    size_t least = SIZE_MAX;
    for (int sweep = 0; sweep <= SWEEPS; sweep++) {
        const size_t n = crossings(p);
        if (n < least) {
            least = n;
            for (size_t i = 0; i < p->cell_count; i++)
                p->best[i] = p->cells[i].place;
        }
        for (size_t k = 1; k < p->layer_count; k++)
            sort_row(p, sweep % 2 ? p->layer_count - 1 - k : k, sweep % 2 == 0);
    }
    for (size_t i = 0; i < p->cell_count; i++) {
        p->cells[i].place = p->best[i];
        p->rows[p->cells[i].layer][p->best[i]] = i;
    }
}

/* ---- positions ---- */

/* Where a cell would like to be, under, over or between its neighbours, and how much: straight long
 * arrows count most. */
static double wish(const struct placing *p, size_t cell, bool above, bool below, double *weight)
{
    double sum = 0;
    *weight = 0;
    for (size_t i = 0; i < p->link_count; i++) {
        const struct link *k = &p->links[i];
        if (above && k->b == cell) {
            sum += k->weight * (p->cells[k->a].x + k->a_dx - k->b_dx);
            *weight += k->weight;
        }
        if (below && k->a == cell) {
            sum += k->weight * (p->cells[k->b].x + k->b_dx - k->a_dx);
            *weight += k->weight;
        }
    }
    if (*weight > 0)
        return sum / *weight;
    *weight = 0.1;
    return p->cells[cell].x;
}

/* The positions nearest to the wishes (least squares) that keep order and gaps: pools of
 * neighbours that would overlap move as one. */
static void settle_row(struct placing *p, size_t layer)
{
    struct pool {
        double sum, weight;
        size_t count;
    };
    const size_t n = p->row_counts[layer];
    struct pool *pools = heap_alloc(n + 1, sizeof *pools);
    double *offset = heap_alloc(n + 1, sizeof *offset);
    size_t count = 0;
    for (size_t i = 0; i < n; i++) {
        const struct cell *c = &p->cells[p->rows[layer][i]];
        if (i) {
            const struct cell *left = &p->cells[p->rows[layer][i - 1]];
            offset[i] = offset[i - 1] + (left->width + c->width) / 2 + p->l->gap_x;
        }
        pools[count++] = (struct pool){(c->wanted - offset[i]) * c->weight, c->weight, 1};
        while (count > 1 && pools[count - 2].sum / pools[count - 2].weight >
                                pools[count - 1].sum / pools[count - 1].weight) {
            pools[count - 2].sum += pools[count - 1].sum;
            pools[count - 2].weight += pools[count - 1].weight;
            pools[count - 2].count += pools[count - 1].count;
            count--;
        }
    }
    for (size_t i = 0, k = 0; k < count; k++)
        for (size_t j = 0; j < pools[k].count; j++, i++)
            p->cells[p->rows[layer][i]].x = pools[k].sum / pools[k].weight + offset[i];
    free(pools);
    free(offset);
}

static void choose_positions(struct placing *p)
{
    for (int sweep = 0; sweep <= 4 * SWEEPS; sweep++)
        for (size_t k = 0; k < p->layer_count; k++) {
            const size_t layer = sweep % 2 ? p->layer_count - 1 - k : k;
            const bool both = sweep > 2 * SWEEPS;
            for (size_t i = 0; i < p->row_counts[layer]; i++) {
                const size_t cell = p->rows[layer][i];
                struct cell *c = &p->cells[cell];
                c->wanted =
                    wish(p, cell, both || sweep % 2 == 0, both || sweep % 2 == 1, &c->weight);
            }
            settle_row(p, layer);
        }
}

/* ---- results ---- */

static void shift_to_zero(struct placing *p)
{
    double left = 1e300, right = -1e300;
    for (size_t i = 0; i < p->cell_count; i++) {
        const struct cell *c = &p->cells[i];
        left = c->x - c->width / 2 < left ? c->x - c->width / 2 : left;
        right = c->x + c->width / 2 > right ? c->x + c->width / 2 : right;
    }
    for (size_t i = 0; i < p->cell_count; i++)
        p->cells[i].x -= left;
    p->l->width = p->cell_count ? right - left : 0;
}

static void hand_out(struct placing *p)
{
    struct layout *l = p->l;
    double *top = arena_alloc(p->arena, p->layer_count + 1, sizeof *top), *height;
    height = arena_alloc(p->arena, p->layer_count + 1, sizeof *height);
    for (size_t b = 0; b < l->box_count; b++)
        if (l->boxes[b].height > height[p->layer[b]])
            height[p->layer[b]] = l->boxes[b].height;
    for (size_t i = 1; i < p->layer_count; i++)
        top[i] = top[i - 1] + height[i - 1] + l->gap_y;
    for (size_t b = 0; b < l->box_count; b++) {
        l->boxes[b].x = p->cells[b].x;
        l->boxes[b].y = top[p->layer[b]] + (height[p->layer[b]] - l->boxes[b].height) / 2;
    }
    l->height = p->layer_count ? top[p->layer_count - 1] + height[p->layer_count - 1] : 0;
    for (size_t i = 0; i < l->arrow_count; i++) {
        struct layout_arrow *a = &l->arrows[i];
        const size_t bends = p->layer[a->to] - p->layer[a->from] - 1;
        double *xs = arena_alloc(p->arena, 2 * bends + 1, sizeof *xs),
               *ys = arena_alloc(p->arena, 2 * bends + 1, sizeof *ys);
        for (size_t k = 0; k < bends; k++) {
            const size_t layer = p->layer[a->from] + 1 + k;
            xs[2 * k] = xs[2 * k + 1] = p->cells[p->first_bend[i] + k].x;
            ys[2 * k] = top[layer];
            ys[2 * k + 1] = top[layer] + height[layer];
        }
        a->xs = xs;
        a->ys = ys;
        a->corners = 2 * bends;
    }
}

void layout_place(struct arena *arena, struct layout *l)
{
    struct placing p = {.arena = arena, .l = l};
    p.layer = arena_alloc(arena, l->box_count + 1, sizeof *p.layer);
    choose_layers(&p);
    make_cells(&p);
    choose_order(&p);
    choose_positions(&p);
    shift_to_zero(&p);
    hand_out(&p);
}
