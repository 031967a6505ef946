/* trial_input.c - something to run a filter with that nobody has described beyond its tables. */
#include "trial.h"
#include <impasto/nn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static bool allows(uint32_t mask, uint32_t bit)
{
    return mask == 0 || (mask & 1u << bit);
}

static uint32_t choose(uint32_t mask, uint32_t wish, const uint32_t *others)
{
    if (allows(mask, wish))
        return wish;
    while (*others && !allows(mask, *others))
        others++;
    return *others;
}

bool feed_allows(const imp_filter *f, uint32_t channels)
{
    bool any = false;
    for (uint32_t i = 0; i < f->input_count; i++) {
        const imp_port row = mini_input_row(f, i);
        any |= row.kind == IMP_IMAGE && allows(row.channels, channels);
    }
    return any;
}

static const imp_value *feed_image(const imp_port *row, const struct shape_wish *wish,
                                   uint32_t seed)
{
    static const uint32_t channels[] = {3, 1, 4, 0},
                          colours[] = {IMP_SRGB, IMP_LINEAR, IMP_DATA, 0};
    return &mini_noise(wish->width, wish->height, choose(row->channels, wish->channels, channels),
                       choose(row->colours, wish->colour, colours), seed)
                ->head;
}

/* Names and numbers, as facts of the three maps of the tensor that is fed. */
static const imp_value *feed_table(void)
{
    const imp_column columns[] = {
        {.name = "name", .type = IMP_TEXT},  {.name = "value", .unit = "dB", .type = IMP_FLOAT},
        {.name = "layer", .type = IMP_TEXT}, {.name = "map", .type = IMP_INT},
        {.name = "mean", .type = IMP_FLOAT}, {.name = "rms", .type = IMP_FLOAT},
        {.name = "share", .type = IMP_FLOAT}};
    imp_table *t = mini_table(sizeof columns / sizeof *columns, columns);
    for (int i = 0; i < 3; i++) {
        imp_cell cells[] = {{.s = {"a <name>", 8}}, {.f = 0.5 * i}, {.s = {"code", 4}},    {.i = i},
                            {.f = 0.3 + 0.1 * i},   {.f = 0.6},     {.f = 0.25 + 0.05 * i}};
        mini_row(t, cells);
    }
    return &t->head;
}

static const imp_value *feed_value(struct trial *t, const imp_port *row,
                                   const struct shape_wish *wish, uint32_t seed)
{
    static const int64_t shape[] = {1, 3, 8, 9}, maps[] = {3, 32, 32};
    switch (row->kind) {
    case IMP_IMAGE:
        return feed_image(row, wish, seed);
    case IMP_TENSOR:
        return t->variant / object_variants % 2 ? &mini_tensor(IMP_F32, 3, maps, "code")->head
                                                : &mini_tensor(IMP_F32, 4, shape, "code")->head;
    case IMP_TABLE:
        return feed_table();
    case IMP_OBJECT:
        return object_make(t, row->type);
    default:
        return NULL;
    }
}

enum verdict feed_init(struct trial *t, struct feed *feed, const struct shape_wish *wish)
{
    feed->count = 0;
    for (uint32_t i = 0; i < t->filter->input_count && i < MINI_PORTS; i++) {
        const imp_port row = mini_input_row(t->filter, i);
        const bool optional = row.flags & IMP_PORT_OPTIONAL, many = row.flags & IMP_PORT_MANY;
        for (uint32_t k = 0; k < (many ? 3u : 1u); k++) {
            const bool open = optional && (wish->open || t->variant >= 2 * object_variants);
            const imp_value *v = open ? NULL : feed_value(t, &row, wish, 7 * i + k + 1);
            if (!v && !optional) {
                feed_fini(feed);
                return trial_skip(t,
                                  "its input '%s' is an object (%s) that nothing at hand can make",
                                  row.name, row.type ? row.type : "of no type");
            }
            feed->values[feed->count++] = v;
            if (!v)
                break;
        }
    }
    return PASSED;
}

void feed_fini(struct feed *feed)
{
    while (feed->count)
        mini_release(feed->values[--feed->count]);
}

/* A name below the trial's folder with the ending that the default has; a folder is made. */
static void written_name(const struct trial *t, const imp_param *row, char *buf, size_t size)
{
    const char *def = row->def_text ? row->def_text : "";
    const char *dot = strrchr(def, '.');
    const bool folder = def[0] && def[strlen(def) - 1] == '/';
    snprintf(buf, size, "%s/%s%s", t->folder, row->key,
             folder                     ? "/"
             : dot && !strchr(dot, '/') ? dot
                                        : ".bin");
    if (folder)
        mkdir(buf, 0700);
}

static bool takes_model(const imp_filter *f)
{
    bool any = false;
    for (uint32_t i = 0; i < f->input_count; i++) {
        const imp_port row = mini_input_row(f, i);
        any |= row.kind == IMP_OBJECT && row.type && strcmp(row.type, IMP_NN_MODEL_TYPE) == 0;
    }
    return any;
}

/* What stands for a required parameter; NULL: cannot be guessed. Names of filters that take a
 * network are layers of the driver's. */
static const char *guess(const imp_filter *f, const imp_param *row)
{
    switch (row->type) {
    case IMP_TEXT:
    case IMP_NAMES:
        return takes_model(f) ? "relu2_1" : "sample";
    case IMP_NUMBERS:
        return "1";
    case IMP_COLOUR:
        return "red";
    default:
        return NULL;
    }
}

static bool wants_input(const imp_filter *f)
{
    for (uint32_t i = 0; i < f->input_count; i++)
        if (!(mini_input_row(f, i).flags & IMP_PORT_OPTIONAL))
            return true;
    return false;
}

/* The size of a picture made from nothing: its default may be a large one. */
static bool is_side(const imp_filter *f, const imp_param *row)
{
    return !wants_input(f) && row->type == IMP_INT &&
           (strcmp(row->key, "width") == 0 || strcmp(row->key, "height") == 0);
}

/* `steps` and `judge_steps` end in the word `steps`. */
static bool is_last_word(const char *key, const char *word)
{
    const size_t n = strlen(key), m = strlen(word);
    return n >= m && strcmp(key + n - m, word) == 0 && (n == m || key[n - m - 1] == '_');
}

/* How much there is to do, of a filter that works with networks: its default may take hours. */
static bool is_amount(const imp_filter *f, const imp_param *row)
{
    static const char *const keys[] = {"steps",      "epochs", "runs",  "samples", "rounds",
                                       "iterations", "passes", "tries", "finish",  "wake"};
    bool objects = false, named = false;
    for (uint32_t i = 0; i < f->input_count; i++)
        objects |= mini_input_row(f, i).kind == IMP_OBJECT;
    for (size_t i = 0; objects && i < sizeof keys / sizeof *keys; i++)
        named |= is_last_word(row->key, keys[i]);
    return named && row->type == IMP_INT && (row->def > 2 || row->def == 0) && row->max >= 2 &&
           row->min <= 2;
}

static enum verdict add_param(struct trial *t, const imp_param *row, char *text, size_t size)
{
    char name[600];
    const size_t used = strlen(text);
    if (is_side(t->filter, row)) {
        snprintf(text + used, size - used, " %s=%.0f", row->key, row->min > 40 ? row->min : 40.0);
    } else if (is_amount(t->filter, row)) {
        snprintf(text + used, size - used, " %s=2", row->key);
    } else if (row->type == IMP_PATH && (row->flags & IMP_PARAM_WRITTEN)) {
        written_name(t, row, name, sizeof name);
        snprintf(text + used, size - used, " %s='%s'", row->key, name);
    } else if (!(row->flags & IMP_PARAM_REQUIRED)) {
        return PASSED;
    } else if (row->type == IMP_PATH) {
        return trial_skip(t, "its parameter '%s' needs a file, which cannot be guessed", row->key);
    } else if (row->type == IMP_INT || row->type == IMP_FLOAT) {
        const bool in_range =
            row->min == row->max || (row->def >= row->min && row->def <= row->max);
        snprintf(text + used, size - used, row->type == IMP_INT ? " %s=%.0f" : " %s=%.17g",
                 row->key, in_range ? row->def : row->min);
    } else if (guess(t->filter, row)) {
        snprintf(text + used, size - used, " %s=%s", row->key, guess(t->filter, row));
    }
    return PASSED;
}

enum verdict feed_params(struct trial *t, struct mini_params **out)
{
    char text[8192] = "";
    for (uint32_t i = 0; i < t->filter->param_count; i++) {
        const imp_param row = mini_param_row(t->filter, i);
        const enum verdict v = add_param(t, &row, text, sizeof text);
        if (v != PASSED)
            return v;
    }
    *out = mini_params_new(t->filter, text, t->text, sizeof t->text);
    return *out ? PASSED : FAILED;
}
