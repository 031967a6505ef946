/* source_face.c - source.face: a face from a seed or from named attributes, with all that is known of
 * it: the attributes, a drawing, masks of its parts. */
#include "face/face_picture.h"
#include <string.h>
#include "filters.h"

enum { P_WIDTH, P_HEIGHT, P_SEED, P_MIX, P_DRAWING, P_GRAIN, P_FIRST };
enum { FINE = 384 /* px; smaller pictures get four samples a pixel */ };

#define SHARE(name, text)                                                                          \
    {.key = name, .type = IMP_FLOAT, .def = -1, .min = -1, .max = 1, .help = text " Below 0: drawn by the seed."}
#define ANGLE(name, most, text)                                                                    \
    {.key = name, .type = IMP_FLOAT, .unit = "deg", .def = -100, .min = -100, .max = most,         \
     .help = text " Below -" #most ": drawn by the seed."}
#define ONE_OF(name, words, text)                                                                  \
    {.key = name, .type = IMP_CHOICE, .choices = "any|" words, .help = text " any: drawn by the seed."}

static const imp_param params[] = {
    {.key = "width", .type = IMP_INT, .unit = "px", .def = 512, .min = 1, .max = 20000,
     .help = "Width of the picture."},
    {.key = "height", .type = IMP_INT, .unit = "px", .def = 512, .min = 1, .max = 20000,
     .help = "Height of the picture. The face fills the shorter side."},
    {.key = "seed", .type = IMP_INT, .def = 1, .min = 0, .max = 1e9, .help = "Another number, another person."},
    {.key = "mix", .type = IMP_CHOICE, .choices = "natural|independent",
     .help = "What the seed draws: natural lets beards, long hair, make-up, grey hair and age go together as "
             "they mostly do; independent draws each attribute for itself. In both, all complexions and hair "
             "colours are equally likely, whatever the rest."},
    {.key = "drawing", .type = IMP_CHOICE, .choices = "all|face|contour",
     .help = "Strokes of the output `lines`: contour is the head's outline and the ears, face adds eyes, "
             "brows, nose and mouth, all adds hair, glasses, hat, neck and clothes."},
    {.key = "grain", .type = IMP_FLOAT, .def = 0.4, .min = 0, .max = 4, .help = "Sensor noise."},
    {.key = "age", .type = IMP_FLOAT, .unit = "years", .def = -1, .min = -1, .max = 80,
     .help = "Age, 6 and up. Below 0: drawn by the seed."},
    SHARE("masculine", "Build of the face: 0 feminine, 1 masculine."),
    SHARE("face_width", "Narrow to wide."),
    SHARE("jaw", "Pointed to square."),
    SHARE("cheeks", "Hollow to full."),
    SHARE("chin", "Short to long."),
    SHARE("eye_size", "Small to large eyes."),
    SHARE("eye_tilt", "Outer corners of the eyes low to high."),
    SHARE("eye_gap", "Eyes close together to far apart."),
    SHARE("lids", "Eyes narrow to wide open."),
    SHARE("brows", "Brows thin to thick."),
    SHARE("brow_height", "Brows low to high."),
    SHARE("nose_length", "Nose short to long."),
    SHARE("nose_width", "Nose narrow to wide."),
    SHARE("nose_bridge", "Bridge of the nose flat to high."),
    SHARE("mouth_width", "Mouth narrow to wide."),
    SHARE("lips", "Lips thin to full."),
    SHARE("complexion", "Skin from pale to deep."),
    SHARE("rosy", "How red cheeks and lips are."),
    SHARE("freckles", "None to many."),
    ONE_OF("eye_color", "brown|hazel|green|blue|grey", "Colour of the eyes."),
    ANGLE("look", 12, "Where the eyes look, to the right."),
    SHARE("smile", "None to broad."),
    SHARE("mouth_open", "Closed to open."),
    SHARE("makeup", "Lips, lids and lashes, none to strong."),
    ONE_OF("hair_color", "black|brown|blond|red|grey", "Colour of hair, brows and beard."),
    ONE_OF("hair", "straight|wavy|curly|coily|tied", "Kind of hair; tied: back, with a knot."),
    SHARE("hair_length", "Shaved, cropped (0.1), short (0.3), to the jaw (0.4), to below the shoulders."),
    SHARE("hair_volume", "Flat to full."),
    SHARE("strands", "Sleek to distinct strands."),
    ONE_OF("fringe", "no|yes", "Hair over the forehead."),
    SHARE("parting", "Where hair parts, left to right."),
    SHARE("beard", "None, stubble (0.1), to full (0.8 and up). Grows from 13 years on."),
    SHARE("moustache", "None to full. Grows from 13 years on."),
    ONE_OF("glasses", "none|round|square|dark", "Glasses."),
    ONE_OF("hat", "none|beanie|cap|brim", "What is worn on the head."),
    ONE_OF("clothes", "tshirt|shirt|sweater|jacket", "What is worn."),
    SHARE("clothes_color", "One of twelve colours in a row."),
    ONE_OF("background", "studio|foliage|wall|sky|room|lights", "What is behind."),
    ANGLE("light_side", 75, "Where the light comes from, to the right."),
    ANGLE("light_height", 75, "How high the light stands."),
    SHARE("light_strength", "Soft light from all around to hard light from one side."),
    SHARE("light_warmth", "Cold to warm light."),
    ANGLE("yaw", 20, "Turned to the picture's right."),
    ANGLE("pitch", 12, "Looking up."),
    ANGLE("roll", 15, "Leaning to the picture's left."),
};
#undef SHARE
#undef ANGLE
#undef ONE_OF
IMP_ASSERT(sizeof params / sizeof *params == (size_t)P_FIRST + (size_t)FACE_ATTRIBUTES);

#define MASK(port, what)                                                                           \
    {.name = port, .kind = IMP_IMAGE, .flags = IMP_PORT_OPTIONAL, .channels = 1u << 1, .help = what}
static const imp_port outputs[] = {
    {.name = "out", .kind = IMP_IMAGE, .channels = 1u << 3, .help = "The picture."},
    {.name = "attributes", .kind = IMP_TABLE, .flags = IMP_PORT_OPTIONAL,
     .help = "One row: the seed and every attribute as it was given or drawn."},
    {.name = "lines", .kind = IMP_IMAGE, .flags = IMP_PORT_OPTIONAL, .channels = 1u << 1,
     .help = "A drawing of the form that was painted: 1 paper, 0 line."},
    MASK("face", "Share of the pixel that is face: skin, eyes, brows, lips, beard."),
    MASK("background", "Share of the pixel that is background. This and the masks below add up to 1."),
    MASK("clothes", "Clothes."),
    MASK("neck", "Neck."),
    MASK("skin", "Skin of face and ears."),
    MASK("eyes", "Eyes between the lids."),
    MASK("brows", "Brows."),
    MASK("lips", "Lips and what is between them."),
    MASK("hair", "Hair of the head."),
    MASK("beard", "Beard and moustache."),
    MASK("glasses", "Frames, and lenses where they are dark."),
    MASK("hat", "Hat."),
};
IMP_ASSERT(sizeof outputs / sizeof *outputs == (size_t)FACE_OUTPUTS);

/* ---- attributes ---- */

/* What is given alters nothing else: it comes last. */
static void take_attributes(const imp_cell *p, double *a)
{
    const uint64_t seed = (uint64_t)p[P_SEED].i;
    for (uint32_t k = 0; k < FACE_ATTRIBUTES; k++)
        a[k] = face_draw(&params[P_FIRST + k], seed, k);
    if (!p[P_MIX].i)
        face_natural(a, seed);
    for (uint32_t k = 0; k < FACE_ATTRIBUTES; k++) {
        const imp_param *row = &params[P_FIRST + k];
        if (!face_is_open(row, &p[P_FIRST + k]))
            a[k] = row->type == IMP_CHOICE ? (double)(p[P_FIRST + k].i - 1) : p[P_FIRST + k].f;
    }
    if (a[AGE] < 6)
        a[AGE] = 6;
}

static const char *word_at(const char *choices, uint32_t i, size_t *length)
{
    for (; i && (choices = strchr(choices, '|')); i--)
        choices++;
    *length = choices ? strcspn(choices, "|") : 0;
    return choices;
}

static imp_status write_table(imp_job *job, const double *a)
{
    imp_column columns[1 + FACE_ATTRIBUTES] = {{.name = "seed", .type = IMP_INT}};
    imp_cell row[1 + FACE_ATTRIBUTES] = {{.i = job->params[P_SEED].i}};
    char words[FACE_ATTRIBUTES][16];
    for (uint32_t k = 0; k < FACE_ATTRIBUTES; k++) {
        const imp_param *p = &params[P_FIRST + k];
        columns[1 + k] = (imp_column){p->key, p->unit, p->type == IMP_CHOICE ? IMP_TEXT : IMP_FLOAT, 0};
        if (p->type == IMP_CHOICE) {
            size_t n;
            const char *word = word_at(p->choices, (uint32_t)a[k] + 1, &n);
            memcpy(words[k], word, n), words[k][n] = 0;
            row[1 + k].s.ptr = words[k], row[1 + k].s.len = n;
        } else {
            row[1 + k].f = a[k];
        }
    }
    imp_table *t = job->new_table(job, 1 + FACE_ATTRIBUTES, columns);
    if (!t)
        return IMP_E_MEMORY;
    const imp_status st = job->add_row(job, t, row);
    return st == IMP_OK ? job->set_output(job, FACE_TABLE, &t->head) : st;
}

/* ---- the work in order ---- */

static imp_status take_images(imp_job *job, struct face_work *w)
{
    const imp_cell *p = job->params;
    for (uint32_t k = 0; k < FACE_OUTPUTS; k++) {
        if (k == FACE_TABLE || (k != FACE_OUT && !(job->wanted >> k & 1)))
            continue;
        w->images[k] = job->new_image(job, (uint32_t)p[P_WIDTH].i, (uint32_t)p[P_HEIGHT].i, k == FACE_OUT ? 3 : 1,
                                      k == FACE_OUT || k == FACE_LINES ? IMP_SRGB : IMP_DATA);
        if (!w->images[k])
            return IMP_E_MEMORY;
        w->want_regions |= k >= FACE_MASK;
    }
    return IMP_OK;
}

static imp_status process(void *instance, imp_job *job, imp_error *err) IMP_NX
{
    static const uint32_t strokes[] = {STROKE_CONTOUR | STROKE_FEATURE | STROKE_REST,
                                       STROKE_CONTOUR | STROKE_FEATURE, STROKE_CONTOUR};
    const imp_cell *p = job->params;
    double a[FACE_ATTRIBUTES];
    struct face_work w = {.grain = (float)p[P_GRAIN].f, .seed = (uint64_t)p[P_SEED].i};
    (void)instance, (void)err;
    imp_status st = take_images(job, &w);
    if (st != IMP_OK)
        return st;
    if (!(w.face = job->scratch(job, sizeof *w.face)))
        return IMP_E_MEMORY;
    memset(w.face, 0, sizeof *w.face);
    if (!(w.face->grid = job->scratch(job, sizeof *w.face->grid * FORM_GRID_U * FORM_GRID_V)))
        return IMP_E_MEMORY;
    take_attributes(p, a);
    for (uint32_t k = 0; k < FACE_ATTRIBUTES; k++)
        w.face->a[k] = (float)a[k];
    w.face->seed = (uint32_t)kit_random((uint64_t)p[P_SEED].i, 76, 0);
    face_init(w.face);
    w.exposure = face_exposure(w.face);
    w.strokes = w.images[FACE_LINES] ? strokes[p[P_DRAWING].i] : 0;
    w.samples = (p[P_WIDTH].i < p[P_HEIGHT].i ? p[P_WIDTH].i : p[P_HEIGHT].i) < FINE ? 2 : 1;
    st = face_picture(job, &w);
    if (st == IMP_OK && job->wanted >> FACE_TABLE & 1)
        st = write_table(job, a);
    for (uint32_t k = 0; k < FACE_OUTPUTS && st == IMP_OK; k++)
        if (w.images[k])
            st = job->set_output(job, k, &w.images[k]->head);
    return st;
}

static imp_status plan(void *instance, imp_plan *plan, imp_error *err) IMP_NX
{
    const imp_cell *p = instance;
    (void)err;
    for (uint32_t k = 0; k < FACE_OUTPUTS && plan->outputs; k++) {
        imp_shape *s = plan->outputs[k];
        if (k == FACE_TABLE || !s)
            continue;
        s->width = (uint32_t)p[P_WIDTH].i, s->height = (uint32_t)p[P_HEIGHT].i;
        s->channels = k == FACE_OUT ? 3 : 1, s->colour = k == FACE_OUT || k == FACE_LINES ? IMP_SRGB : IMP_DATA;
    }
    plan->bytes = sizeof(struct face_texel) * FORM_GRID_U * FORM_GRID_V;
    return IMP_OK;
}

/* The instance is the parameters themselves: they stay valid until destroy. */
static imp_status create(const imp_host *host, const imp_filter *self, const imp_cell *cells, void **instance,
                         imp_error *err) IMP_NX
{
    union { const imp_cell *in; void *out; } same = {.in = cells};
    (void)host, (void)self, (void)err;
    *instance = same.out;
    return IMP_OK;
}

const imp_filter filter_source_face = {
    .struct_size = sizeof(imp_filter), .flags = IMP_FILTER_DETERMINISTIC, .threads = IMP_PARALLEL,
    .id = "source.face",
    .summary = "A face from a seed, with everything known about it.",
    .help = "A frontal face, shaded from a form in three dimensions. The seed draws every attribute that is left "
            "open; those that are given leave the others as they were. The same parameters give the same picture "
            "for any number of threads.",
    .params = IMP_LIST(params), .outputs = IMP_LIST(outputs), .create = create, .process = process, .plan = plan,
};
