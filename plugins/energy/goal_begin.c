/* goal_begin.c - what a picture is to be at a size: the style's statistics, the content's values,
 * the mask. */
#include "goal.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

static imp_status no_memory(imp_error *err)
{
    return imp_fail(err, IMP_E_MEMORY, "no memory for the layers' targets");
}

static bool cancelled(imp_job *job)
{
    return job && job->progress(job, -1, NULL) == IMP_CANCELLED;
}

/* framed: the mask as the picture is seen; NULL: none. */
static imp_status mask_at(struct en_goal *g, struct en_layer *l, const imp_image *framed,
                          imp_job *job, imp_error *err)
{
    imp_image *sized = framed ? kit_image_new(l->w, l->h, 1, IMP_DATA) : NULL;
    const size_t n = (size_t)l->w * l->h;
    if (!g->mask)
        return IMP_OK;
    l->mask = malloc(n * sizeof *l->mask);
    imp_status st = sized && l->mask ? kit_resize(framed, sized, KIT_AREA, job) : no_memory(err);
    for (size_t p = 0; p < n && st == IMP_OK; p++) {
        const float v = imp_row(sized, 0, (uint32_t)(p / l->w))[p % l->w];
        l->mask[p] = v > 0 ? v : 0;
    }
    kit_image_free(sized);
    return st;
}

/* Sizes of the layers for the content looked at, and room for all that follows. */
static imp_status room_for_size(struct en_goal *g, imp_nn_run *run, imp_job *job, imp_error *err)
{
    size_t most = 0, places = 0, work = 0;
    imp_status st = IMP_OK;
    for (uint32_t i = 0; i <= g->layer_count && st == IMP_OK; i++) {
        const int content = i == g->layer_count;
        kit_code code;
        if (content && !(g->content_weight > 0))
            break;
        st = kit_sight_code(g->sight, run, content ? g->content_node : g->layers[i].node, job,
                            &code, err);
        if (st != IMP_OK)
            return st;
        const size_t n = (size_t)code.w * code.h, bytes = g->gram ? en_gram_bytes(code.c, n) : 0;
        if (content)
            g->target_c = code.c, g->target_w = code.w, g->target_h = code.h;
        else
            g->layers[i].w = code.w, g->layers[i].h = code.h;
        most = n * code.c > most ? n * code.c : most;
        places = n > places ? n : places;
        work = bytes > work && !content ? bytes : work;
    }
    g->seeds = malloc(most * sizeof *g->seeds), g->packed = malloc(most * sizeof *g->packed);
    g->weights = malloc(places * sizeof *g->weights), g->work = malloc(work + 1);
    g->target = malloc((size_t)g->target_c * g->target_w * g->target_h * sizeof *g->target + 1);
    g->sums = malloc((g->target_c + 1) * sizeof *g->sums);
    return g->seeds && g->packed && g->weights && g->work && g->target && g->sums ? IMP_OK
                                                                                  : no_memory(err);
}

static imp_status keep_content(struct en_goal *g, imp_nn_run *run, imp_job *job, imp_error *err)
{
    kit_code code;
    if (!(g->content_weight > 0))
        return IMP_OK;
    const imp_status st = kit_sight_code(g->sight, run, g->content_node, job, &code, err);
    if (st != IMP_OK)
        return st;
    const size_t n = (size_t)code.c * code.h * code.w;
    memcpy(g->target, code.data, n * sizeof *g->target);
    g->content_norm = 0;
    for (size_t i = 0; i < n; i++)
        g->content_norm += (double)code.data[i] * (double)code.data[i];
    return IMP_OK;
}

/* The style's matrices at the size that goes with the picture's, mixed. */
static imp_status look_at_styles(struct en_goal *g, imp_nn_run *run, uint32_t w, uint32_t h,
                                 imp_job *job, imp_error *err)
{
    imp_status st = IMP_OK;
    for (uint32_t i = 0; i < g->layer_count; i++)
        memset(g->layers[i].gram, 0,
               (size_t)g->layers[i].maps * g->layers[i].maps * sizeof(double));
    for (uint32_t k = 0; k < g->style_count && st == IMP_OK; k++) {
        uint32_t sw = w, sh = h;
        const double side = fmax(1, floor((w > h ? w : h) * g->style_scale + 0.5));
        if (!g->compat) {
            kit_sight_shrink(g->styles[k]->width, g->styles[k]->height, (uint32_t)side, &sw, &sh);
            kit_sight_size(g->sight, sw, sh, &sw, &sh);
        }
        st = kit_sight_look(g->sight, run, g->styles[k], sw, sh, job, err);
        en_goal_clear(g);
        for (uint32_t i = 0; i < g->layer_count && st == IMP_OK; i++) {
            struct en_layer *l = &g->layers[i];
            kit_code code;
            st = kit_sight_code(g->sight, run, l->node, job, &code, err);
            void *own =
                st == IMP_OK ? malloc(en_gram_bytes(l->maps, (size_t)code.w * code.h)) : NULL;
            if (st == IMP_OK)
                st = own ? en_gram_add(code.data, l->maps, (size_t)code.w * code.h, l->products,
                                       own, job)
                         : no_memory(err);
            free(own);
            for (size_t j = 0; st == IMP_OK && j < (size_t)l->maps * l->maps; j++)
                l->gram[j] += g->style_weights[k] * l->products[j] / ((double)code.w * code.h);
        }
    }
    return st;
}

/* Targets on the way from the content's statistics, which were measured, to the style's. */
static void aim(struct en_goal *g, struct en_layer *l)
{
    const double t = g->strength;
    for (size_t k = 0; k < (size_t)g->cells * g->cells && !g->gram; k++)
        for (size_t c = 0, i = k * l->maps; c < l->maps; c++, i++) {
            const double whole = l->whole[k] > 0 ? l->whole[k] : 1;
            l->first[i] = t * l->mean[c] + (1 - t) * l->sum[i] / whole;
            if (g->order == 2)
                l->second[i] = t * l->square[c] + (1 - t) * l->sum2[i] / whole;
        }
    for (size_t i = 0; g->gram && i < (size_t)l->maps * l->maps; i++)
        l->matrix[i] = t * l->gram[i] + (1 - t) * l->products[i] / *l->whole;
}

imp_status en_goal_begin(void *user, imp_nn_run *run, uint32_t width, uint32_t height, imp_job *job,
                         imp_error *err) IMP_NX
{
    struct en_goal *g = user;
    const kit_part whole = {.count = 1,
                            .width = width,
                            .height = height,
                            .held = {0, 0, width, height},
                            .inner = {0, 0, width, height}};
    en_goal_free_size(g);
    imp_status st = kit_sight_look(g->sight, run, g->content, width, height, job, err);
    if (st == IMP_OK)
        st = room_for_size(g, run, job, err);
    imp_image *mask = g->mask ? kit_sight_frame(g->sight, g->mask, width, height, job) : NULL;
    if (st == IMP_OK && g->mask && !mask)
        st = cancelled(job) ? IMP_CANCELLED : no_memory(err);
    for (uint32_t i = 0; i < g->layer_count && st == IMP_OK; i++)
        st = mask_at(g, &g->layers[i], mask, job, err);
    kit_image_free(mask);
    if (st == IMP_OK && g->gram)
        st = look_at_styles(g, run, width, height, job, err);
    if (st == IMP_OK && g->gram)
        st = kit_sight_look(g->sight, run, g->content, width, height, job, err);
    if (st == IMP_OK)
        st = keep_content(g, run, job, err);
    en_goal_clear(g);
    if (st == IMP_OK)
        st = en_goal_measure(g, run, &whole, job, err);
    for (uint32_t i = 0; i < g->layer_count && st == IMP_OK; i++)
        aim(g, &g->layers[i]);
    return st;
}
