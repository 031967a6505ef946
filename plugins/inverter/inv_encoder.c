/* inv_encoder.c - see inv_encoder.h. */
#include "inv_encoder.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MAPS_MOST = 64, NOISE = 0x656e636f /* stream of the picture's numbers */, NUMBER_ROOM = 16 };

struct answer {
    float value[MAPS_MOST];
    uint32_t count;
};

/* Noise in blocks of 4 x 4, so that layers behind poolings see something too. */
static imp_image *test_picture(const kit_sight *s, uint32_t w, uint32_t h)
{
    imp_image *m = kit_image_new(w, h, s->channels, IMP_SRGB);
    for (uint32_t c = 0; m && c < s->channels; c++)
        for (uint32_t y = 0; y < h; y++)
            for (uint32_t x = 0; x < w; x++)
                imp_row_out(m, c, y)[x] =
                    (float)kit_uniform(1, NOISE + c, (uint64_t)(y / 4) << 32 | x / 4);
    return m;
}

/* One place of each map; means of maps would be alike in all networks whose weights are drawn
 * alike. */
static void take_places(const kit_code *code, struct answer *a)
{
    a->count = code->c < MAPS_MOST ? code->c : MAPS_MOST;
    for (uint32_t i = 0; i < a->count; i++) {
        const uint64_t map = (uint64_t)i * code->c / a->count;
        const uint32_t x = i * 5 % code->w, y = (i * 3 + 1) % code->h;
        a->value[i] = code->data[(map * code->h + y) * code->w + x];
    }
}

static imp_status ask(const kit_sight *s, uint32_t node, imp_job *job, struct answer *a,
                      imp_error *err)
{
    const imp_nn_model_1 *models = s->nn->model.table;
    imp_nn_run *run = NULL;
    kit_code code;
    uint32_t w, h;
    kit_sight_size(s, KIT_SIGHT_LEAST, KIT_SIGHT_LEAST, &w, &h);
    imp_image *picture = test_picture(s, w, h);
    imp_status st = picture
                        ? models->run_new(s->nn->model.self, s->model, IMP_NN_LEAN, &run, err)
                        : imp_fail(err, IMP_E_MEMORY, "no memory for a picture of %u x %u", w, h);
    if (st == IMP_OK)
        st = kit_sight_look(s, run, picture, w, h, job, err);
    if (st == IMP_OK)
        st = kit_sight_code(s, run, node, job, &code, err);
    if (st == IMP_OK)
        take_places(&code, a);
    if (run)
        models->run_free(s->nn->model.self, run, NULL);
    kit_image_free(picture);
    return st;
}

imp_status inv_encoder_sign(const kit_sight *s, uint32_t node, imp_job *job, char **text,
                            imp_error *err)
{
    struct answer a;
    imp_status st = ask(s, node, job, &a, err);
    if (st != IMP_OK)
        return st;
    const size_t room = (size_t)a.count * NUMBER_ROOM + 1;
    char *out = malloc(room);
    if (!out)
        return imp_fail(err, IMP_E_MEMORY, "no memory for a line of meta");
    *out = '\0';
    for (uint32_t i = 0; i < a.count; i++) {
        const size_t at = strlen(out);
        snprintf(out + at, room - at, "%s%.5g", i ? " " : "", (double)a.value[i]);
    }
    kit_points(out);
    *text = out;
    return IMP_OK;
}

imp_status inv_encoder_distance(const kit_sight *s, uint32_t node, const char *then, imp_job *job,
                                double *distance, imp_error *err)
{
    struct answer now;
    double apart = 0, norm = 0;
    const imp_status st = ask(s, node, job, &now, err);
    if (st != IMP_OK)
        return st;
    for (uint32_t i = 0; i < now.count; i++) {
        const char *end;
        const double value = kit_number(then, &end);
        if (end == then)
            apart = INFINITY; /* fewer maps */
        apart += (now.value[i] - value) * (now.value[i] - value);
        norm += value * value;
        then = end + (*end == ' ');
    }
    *distance = *then ? INFINITY : norm > 0 ? sqrt(apart / norm) : apart > 0;
    return IMP_OK;
}
