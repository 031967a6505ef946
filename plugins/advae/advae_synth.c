/* advae_synth.c - the filter advae.synth: a face photo from a line drawing. */
#include "advae.h"
#include "drawing.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { SEED, VARIETY, STRENGTH, PLACE, INSIDE, OTHERS };
enum { NET, DRAWING, STYLE };
enum { OUT, READY };

static const imp_param params[] = {
    [SEED] = {.key = "seed",
              .type = IMP_INT,
              .def = 1,
              .min = 0,
              .max = 1000000000,
              .help = "Draws background, light and what else nobody asked for."},
    [VARIETY] =
        {.key = "variety",
         .type = IMP_FLOAT,
         .def = 1,
         .min = 0,
         .max = 2,
         .help = "How far from the ordinary that lies: 0, the mean of the photos that the network "
                 "learnt from; 1, between two of them; 2, beyond."},
    [STRENGTH] = {.key = "strength",
                  .type = IMP_FLOAT,
                  .def = 1,
                  .min = 0,
                  .max = 1,
                  .help = "How much of the style photo's background and light is taken over, the "
                          "rest is the seed's."},
    [PLACE] = {.key = "place",
               .type = IMP_CHOICE,
               .choices = "auto|as_is|centre",
               .def_text = "auto",
               .help = "Where the face lies: auto moves and scales a drawing that lies far from "
                       "those the network learnt "
                       "from; centre always does; as_is never."},
    [INSIDE] = {.key = "inside",
                .type = IMP_CHOICE,
                .choices = "auto|none",
                .def_text = "auto",
                .help =
                    "What becomes of a bare outline: auto draws eyes, brows, nose and mouth into "
                    "it, from a drawing that the network learnt from, one that fits the outline "
                    "and what is asked, by the seed; none leaves it to the network, which blurs "
                    "what may lie anywhere."},
    [OTHERS] =
        {.key = "attributes",
         .type = IMP_TEXT,
         .flags = IMP_PARAM_OTHERS,
         .help =
             "Any other key is an attribute of the network's: hair = blond 0.7, "
             "complexion = 0.3, glasses = "
             "round. a wrong one lists them. Those left out are drawn by the seed, or left to the "
             "drawing if it shows them."},
};
static const imp_port inputs[] = {
    {.name = "net",
     .kind = IMP_OBJECT,
     .type = IMP_NN_MODEL_TYPE,
     .help = "What advae.train made, samples/models/visage.safetensors for instance."},
    {.name = "in",
     .kind = IMP_IMAGE,
     .channels = 1u << 1 | 1u << 3,
     .colours = 1u << IMP_SRGB | 1u << IMP_DATA,
     .help = "A line drawing of a face, dark on light or light on dark, of any size."},
    {.name = "style",
     .kind = IMP_IMAGE,
     .flags = IMP_PORT_OPTIONAL,
     .channels = 1u << 1 | 1u << 3,
     .colours = 1u << IMP_SRGB | 1u << IMP_DATA,
     .help = "A photo of a face whose background and light are taken over."},
};
static const imp_port outputs[] = {
    {.name = "out",
     .kind = IMP_IMAGE,
     .channels = 1u << 3,
     .help = "The photo, of the network's size."},
    {.name = "ready",
     .kind = IMP_IMAGE,
     .channels = 1u << 1,
     .flags = IMP_PORT_OPTIONAL,
     .help = "The drawing as the network saw it."},
};

/* ---- attributes ---- */

/* A line "key=value" of OTHERS, without its end. IMP_E_PARAM: what would do; *names (room for all)
 * then lists the attributes if the key is none. */
static imp_status ask_line(const struct av_card *card, const char *line, size_t length, float *y,
                           char *names, imp_error *err)
{
    char value[600];
    const size_t key = strcspn(line, "="), rest = key < length ? length - key - 1 : 0;
    const struct av_trait *a = key < length ? av_trait_find(&card->traits, line, key) : NULL;
    *names = 0;
    if (!a) {
        av_traits_names(&card->traits, names, AV_TRAITS * AV_NAME);
        return imp_fail(err, IMP_E_PARAM, "this network has no attribute '%.*s'; it has: %s",
                        (int)key, line, names);
    }
    snprintf(value, sizeof value, "%.*s", (int)rest, line + key + 1);
    return av_trait_set(a, value, y, err);
}

/* The keys of OTHERS as numbers over those drawn by the seed, and over what the drawing (bits)
 * says. plan: every mistake is told there; NULL: the first is the error. */
static imp_status ask(const struct av_card *card, const char *lines, uint64_t seed, uint64_t shown,
                      float *y, imp_plan *plan, imp_error *err)
{
    char names[AV_TRAITS * AV_NAME];
    av_traits_draw(&card->traits, seed, 0x61736b, y);
    for (uint32_t k = 0; k < card->traits.count; k++)
        if (card->traits.all[k].shown && shown >> k & 1)
            av_trait_open(&card->traits.all[k], y);
    for (int32_t k = 0; lines && *lines; k++) {
        const size_t n = strcspn(lines, "\n");
        const imp_status st = ask_line(card, lines, n, y, names, err);
        char key[AV_NAME + 1];
        snprintf(key, sizeof key, "%.*s", (int)strcspn(lines, "="), lines);
        if (st != IMP_OK && !plan)
            return kit_blame(err, OTHERS + 1 + k, -1, st);
        if (st != IMP_OK)
            plan->mistake(plan, OTHERS + 1 + k, -1, *names ? key : NULL, err->text,
                          *names ? names : NULL);
        lines += n + (lines[n] == '\n');
    }
    return IMP_OK;
}

/* ---- the networks ---- */

/* The picture as numbers -1..1, its middle square, of the network's side. */
static imp_status square(const imp_image *m, uint32_t side, float *out, imp_job *job,
                         imp_error *err)
{
    const uint32_t s = m->width < m->height ? m->width : m->height;
    imp_image part = *m;
    union {
        const float *in;
        float *out;
    } at = {.in = imp_row(m, 0, (m->height - s) / 2) + (m->width - s) / 2};
    part.data = at.out, part.width = part.height = s;
    imp_image *small = kit_image_new(side, side, m->channels, m->colour);
    imp_status st = small ? kit_resize(&part, small, s > side ? KIT_AREA : KIT_LINEAR, job)
                          : imp_fail(err, IMP_E_MEMORY, "no memory for a photo");
    for (uint32_t c = 0; c < 3 && st == IMP_OK; c++)
        for (uint32_t y = 0; y < side; y++)
            for (uint32_t x = 0; x < side; x++)
                out[((size_t)c * side + y) * side + x] =
                    2 * imp_row(small, m->channels == 3 ? c : 0, y)[x] - 1;
    kit_image_free(small);
    return st;
}

/* The seed's code: two photos' codes in shares that the seed draws; variety moves it from the mean
 * of all codes (0) over where it lies (1) beyond. */
static imp_status drawn_code(const struct av_card *card, av_link *net, imp_job *job, float *z,
                             imp_error *err)
{
    const uint64_t seed = (uint64_t)job->params[SEED].i;
    const double variety = job->params[VARIETY].f, share = kit_uniform(seed, 0x7a, 2);
    float pick[AV_CODES];
    const float *code;
    for (uint32_t i = 0; i < AV_CODES; i++)
        pick[i] = (float)((1 - variety) / AV_CODES);
    for (uint32_t k = 0; k < 2; k++)
        pick[kit_random(seed, 0x7a, k) % AV_CODES] += (float)(variety * (k ? share : 1 - share));
    imp_status st = av_put(net, "styles.pick", (av_size){1, AV_CODES, 0, 0}, pick, err);
    if (st == IMP_OK)
        st = av_get(net, "styles.code", card->latent, job, &code, err);
    if (st == IMP_OK)
        memcpy(z, code, card->latent * sizeof *z);
    return st;
}

/* The code: the seed's, and the style photo's by its strength. */
static imp_status code_of(const struct av_card *card, av_link *net, imp_job *job, float *z,
                          imp_error *err)
{
    const imp_image *style = job->input_count > STYLE ? imp_image_in(job, STYLE) : NULL;
    const uint32_t side = card->side;
    imp_status st = drawn_code(card, net, job, z, err);
    if (st != IMP_OK || !style)
        return st;
    float *photo = malloc((size_t)3 * side * side * sizeof *photo);
    const float *mu = NULL, s = (float)job->params[STRENGTH].f;
    st = photo ? square(style, side, photo, job, err) : IMP_E_MEMORY;
    if (st == IMP_OK)
        st = av_put(net, "encoder.photo", (av_size){1, 3, side, side}, photo, err);
    if (st == IMP_OK)
        st = av_get(net, "encoder.mu", card->latent, job, &mu, err);
    for (uint32_t i = 0; i < card->latent && st == IMP_OK; i++)
        z[i] = s * mu[i] + (1 - s) * z[i];
    free(photo);
    return st;
}

/* The usual drawing of the network, from its metadata. */
static av_ink usual_of(const kit_nn *nn, const imp_nn_model *model)
{
    const imp_nn_model_1 *models = nn->model.table;
    const char *text = NULL;
    av_ink ink = {0.06, 0.012, 0.08, 0.06, 0.92, 0.98};
    double *const to[] = {&ink.share, &ink.width, &ink.left, &ink.top, &ink.right, &ink.bottom};
    if (models->meta(nn->model.self, model, "drawing", &text, NULL) != IMP_OK || !text)
        return ink;
    for (size_t i = 0; i < sizeof to / sizeof *to; i++) {
        const char *end;
        const double v = kit_number(text, &end);
        if (end == text || !(v > 0 && v <= 1))
            break;
        *to[i] = v;
        text = end + strspn(end, " ");
    }
    return ink;
}

static av_kinds kinds_of(const kit_nn *nn, const imp_nn_model *model)
{
    const imp_nn_model_1 *models = nn->model.table;
    const av_ink usual = usual_of(nn, model);
    const char *text = NULL;
    av_kinds kinds;
    if (models->meta(nn->model.self, model, "kinds", &text, NULL) != IMP_OK)
        text = NULL;
    av_kinds_read(text, &usual, &kinds);
    return kinds;
}

static void warn(const struct av_self *self, uint32_t what)
{
    static const struct {
        uint32_t what, level;
        const char *text;
    } all[] = {
        {AV_PHOTO, IMP_LOG_WARNING,
         "this looks like a photo, not a drawing: put the filter `lines` before advae.synth"},
        {AV_BUSY, IMP_LOG_WARNING,
         "the drawing has far more ink than those the network learnt from; fewer lines do better"},
        {AV_TURNED, IMP_LOG_INFO, "the drawing is light on dark: it was turned"},
        {AV_MOVED, IMP_LOG_INFO,
         "the drawing was moved to where faces lie (place = as_is leaves it)"},
        {AV_REDRAWN, IMP_LOG_INFO, "its strokes were drawn again in the usual width"},
        {AV_FILLED, IMP_LOG_INFO,
         "eyes, nose and mouth were drawn into the outline (inside = none leaves it)"},
    };
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        if (what & all[i].what)
            self->host->log(self->host, all[i].level, all[i].text);
}

static imp_status hand_out(imp_job *job, uint32_t side, const float *picture, const float *ready,
                           imp_error *err)
{
    imp_image *m = job->new_image(job, side, side, 3, IMP_SRGB),
              *d = job->new_image(job, side, side, 1, IMP_SRGB);
    if (!m || !d)
        return IMP_E_MEMORY;
    for (uint32_t c = 0; c < 3; c++)
        for (uint32_t y = 0; y < side; y++)
            for (uint32_t x = 0; x < side; x++) {
                const float v = picture[((size_t)c * side + y) * side + x];
                if (!isfinite(v))
                    return imp_fail(err, IMP_E_FAILED,
                                    "the network gave no numbers: its weights are broken");
                imp_row_out(m, c, y)[x] = 0.5f + 0.5f * v;
            }
    for (uint32_t y = 0; y < side; y++)
        for (uint32_t x = 0; x < side; x++)
            imp_row_out(d, 0, y)[x] = 1 - ready[(size_t)y * side + x];
    const imp_status st = job->set_output(job, OUT, &m->head);
    return st == IMP_OK ? job->set_output(job, READY, &d->head) : st;
}

/* Eyes, nose and mouth for an outline. */
static imp_status fill(const struct av_self *self, const struct av_card *card,
                       const imp_nn_model *model, imp_job *job, float *s, float *y, uint32_t *what,
                       imp_error *err)
{
    const av_kind kind = av_kind_of(s, card->side);
    av_inside in;
    bool failed = false;
    if (job->params[INSIDE].i || !av_is_outline(&kind))
        return IMP_OK;
    imp_status st = av_card_inside(&self->nn, model, card, &in, err);
    if (st == IMP_OK &&
        av_inside_draw(&in, &card->traits, (uint64_t)job->params[SEED].i, s, y, &failed))
        *what |= AV_FILLED;
    av_inside_free(&in);
    return failed ? imp_fail(err, IMP_E_MEMORY, "no memory for an outline") : st;
}

static imp_status synth(const struct av_self *self, const struct av_card *card, av_link *net,
                        imp_job *job, float *s, imp_error *err)
{
    const uint32_t side = card->side;
    float y[AV_WIDTH] = {0}, *z = calloc(card->latent, sizeof *z);
    const float *picture;
    const av_kinds kinds = kinds_of(&self->nn, net->model);
    const av_kind *kind;
    uint32_t what;
    imp_status st = z ? av_drawing(imp_image_in(job, DRAWING), side, &kinds,
                                   (enum av_place)job->params[PLACE].i, s, &what, &kind, job, err)
                      : imp_fail(err, IMP_E_MEMORY, "no memory for a code");
    if (st == IMP_OK)
        st = ask(card, job->params[OTHERS].s.ptr, (uint64_t)job->params[SEED].i, kind->shown, y,
                 NULL, err);
    if (st == IMP_OK)
        st = fill(self, card, net->model, job, s, y, &what, err);
    if (st == IMP_OK)
        warn(self, what);
    if (st == IMP_OK)
        st = code_of(card, net, job, z, err);
    if (st == IMP_OK)
        st = av_put(net, "generator.drawing", (av_size){1, 1, side, side}, s, err);
    if (st == IMP_OK)
        st = av_put(net, "generator.z", (av_size){1, card->latent, 0, 0}, z, err);
    if (st == IMP_OK)
        st = av_put(net, "generator.y", (av_size){1, card->traits.width, 0, 0}, y, err);
    if (st == IMP_OK)
        st = av_get(net, "generator.picture", (size_t)3 * side * side, job, &picture, err);
    free(z);
    return st == IMP_OK ? hand_out(job, side, picture, s, err) : st;
}

static imp_status process(void *instance, imp_job *job, imp_error *err) IMP_NX
{
    const struct av_self *self = instance;
    const imp_nn_model_1 *models = self->nn.model.table;
    imp_nn_model *model = kit_sight_model(job->inputs[NET]);
    struct av_card *card = calloc(1, sizeof *card);
    av_link net = {.nn = &self->nn};
    float *s = NULL;
    imp_status st = card ? kit_blame(err, -1, NET, av_card_read(&self->nn, model, card, err))
                         : imp_fail(err, IMP_E_MEMORY, "no memory for attributes");
    if (st == IMP_OK && !(s = malloc((size_t)card->side * card->side * sizeof *s)))
        st = imp_fail(err, IMP_E_MEMORY, "no memory for a drawing");
    if (st == IMP_OK)
        st = models->retain(self->nn.model.self, model, err);
    if (st == IMP_OK)
        st = av_link_still(&net, &self->nn, model, IMP_NN_LEAN, err);
    if (st == IMP_OK)
        st = av_card_clear(&net, card, err);
    if (st == IMP_OK)
        st = synth(self, card, &net, job, s, err);
    av_link_close(&net);
    free(card), free(s);
    return st;
}

static imp_status plan(void *instance, imp_plan *plan, imp_error *err) IMP_NX
{
    const struct av_self *self = instance;
    imp_nn_model *model = kit_sight_planned(plan, NET);
    struct av_card *card = calloc(1, sizeof *card);
    float y[AV_WIDTH];
    kit_error e;
    (void)kit_error_init(&e);
    (void)err;
    imp_status st = !card ? IMP_E_MEMORY : IMP_OK;
    if (st == IMP_OK && model)
        st = kit_blame(&e.as, -1, NET, av_card_read(&self->nn, model, card, &e.as));
    if (st == IMP_OK && model)
        st = ask(card, self->params[OTHERS].s.ptr, 1, UINT64_MAX, y, plan, &e.as);
    if (st != IMP_OK)
        plan->mistake(plan, e.as.param, e.as.port, NULL, e.text, NULL);
    else if (model) {
        plan->macs = 470e6 * card->side * card->side / (128.0 * 128);
        plan->bytes = plan->least_bytes = (uint64_t)card->side * card->side * 3000;
    }
    free(card);
    return IMP_OK;
}

const imp_filter av_filter_synth = {
    AV_FILTER,
    .id = "advae.synth",
    .summary =
        "A face photo from a line drawing, with attributes as asked and a style photo's light.",
    .help = "The drawing is made ready (paper and ink, width of strokes, place), the attributes "
            "are keys of the node, and "
            "background and light come from the style photo or from the seed.",
    .params = IMP_LIST(params),
    .inputs = IMP_LIST(inputs),
    .outputs = IMP_LIST(outputs),
    .process = process,
    .plan = plan,
};
