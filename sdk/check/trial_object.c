/* trial_object.c - objects for ports: a data set and a network of the driver's own, so tiny that
 * every filter is through with them at once; else what a filter at hand makes of nothing. */
#include <impasto/data.h>
#include <impasto/nn.h>
#include <stdlib.h>
#include <string.h>
#include "minipriv.h"
#include "trial.h"

/* ---- a data set: 24 pictures of 32 x 32, three classes told by their colour ---- */

enum { SAMPLES = 24, CLASSES = 3, SIDE = 32 };
static const char *const class_names[CLASSES] = {"red", "green", "blue"};
static const imp_attribute attributes[] = {
    {.name = "light", .min = 0, .max = 1},
    {.name = "kind", .choices = "plain|striped"},
};

static float unit(uint64_t i)
{
    return (float)(mini_mix(i) >> 40) / 16777216.0f;
}

static imp_status read_sample(const imp_dataset *d, uint64_t index, imp_sample *out,
                              imp_error *err) IMP_NX
{
    const uint32_t label = (uint32_t)(index % CLASSES), striped = (uint32_t)(index / CLASSES % 2);
    if (index >= d->count)
        return imp_fail(err, IMP_E_PARAM, "sample %llu of %llu", (unsigned long long)index,
                        (unsigned long long)d->count);
    const float light = 0.3f + 0.5f * unit(index);
    out->label = label;
    for (uint32_t i = 0; out->pixels && i < 3 * SIDE * SIDE; i++) {
        const bool dark = striped && i % SIDE / 4 % 2;
        const float v = (i / (SIDE * SIDE) == label ? light : 0.2f) * (dark ? 0.5f : 1);
        out->pixels[i] = v + 0.1f * unit(index << 16 | i);
    }
    for (uint32_t i = 0; out->lines && i < SIDE * SIDE; i++)
        out->lines[i] = striped && i % SIDE % 4 == 0 ? 0 : 1;
    if (out->attributes) {
        out->attributes[0] = (double)light;
        out->attributes[1] = striped;
    }
    return IMP_OK;
}

static const imp_dataset dataset = {
    .struct_size = sizeof dataset,
    .flags = IMP_DATASET_LINES,
    .count = SAMPLES,
    .channels = 3,
    .height = SIDE,
    .width = SIDE,
    .class_count = CLASSES,
    .attribute_count = sizeof attributes / sizeof *attributes,
    .class_names = class_names,
    .attributes = attributes,
    .read = read_sample,
};

/* ---- networks: what most filters ask for by name; the second and third give pictures ---- */

#define HEAD                                                                                       \
    "[network]\nformat = 1\ntitle = tiny\ninput = rgb\nrange = 0 1\nmean = 0.5\nstd = 0.25\n"
#define PICTURE          "[picture]\nop = input\nshape = N 3 H W\n"
#define CONV(name, maps) "[" name "]\nop = conv\nfilters = " maps "\nkernel = 3\npad = 1\n"
#define RELU(name)       "[" name "]\nop = relu\n"
static const char *const networks[] = {
    HEAD PICTURE CONV("conv1_1", "4") RELU("relu1_1") CONV("conv2_1", "4") RELU("relu2_1")
        CONV("conv2_2", "4") RELU("relu2_2") CONV("conv3_1", "6") RELU("relu3_1")
            CONV("code", "3") "[mean]\nop = global_average_pool\n[flat]\nop = flatten\n"
                              "[fc]\nop = gemm\nunits = 3\ntrans_b = yes\n[prob]\nop = softmax\n",
    HEAD "output = rgb\noutput_range = 0 1\n" PICTURE CONV("conv1_1", "4") RELU("relu1_1")
        CONV("conv2_1", "3") "[sigmoid]\nop = sigmoid\n",
    "[network]\nformat = 1\ntitle = tiny decoder\noutput = rgb\noutput_range = 0 1\n"
    "[code]\nop = input\nshape = N 3 H W\n" CONV("conv1_1", "4") RELU("relu1_1")
        CONV("conv2_1", "3") "[sigmoid]\nop = sigmoid\n",
};
const uint32_t object_variants = sizeof networks / sizeof *networks;

struct loan { /* what an object of a network holds until it is dropped */
    imp_nn_model *model;
    const imp_nn_model_1 *nn;
    const imp_host *host;
    imp_service given[2];
};

static void give_back(struct loan *l)
{
    for (int i = 0; i < 2; i++)
        if (l->given[i].table)
            l->host->release(l->host, &l->given[i]);
    free(l);
}

/* Objects hold the model itself, so what belongs to it is found by it. */
static struct loan *loans[64];

static void drop_model(void *object) IMP_NX
{
    for (size_t i = 0; i < sizeof loans / sizeof *loans; i++)
        if (loans[i] && loans[i]->model == object) {
            loans[i]->nn->release(loans[i]->given[0].self, object, NULL);
            give_back(loans[i]);
            loans[i] = NULL;
            return;
        }
}

static const imp_value *make_model(struct trial *t, struct mini *from)
{
    size_t slot = 0;
    while (slot < sizeof loans / sizeof *loans && loans[slot])
        slot++;
    if (slot == sizeof loans / sizeof *loans)
        return NULL;
    struct loan *l = mini_alloc(1, sizeof *l);
    l->host = mini_host(from);
    const char *provider = mini_provider(from, IMP_NN_MODEL_1);
    /* the model must be of whom the filter will ask */
    if (l->host->acquire(l->host, IMP_NN_MODEL_1, provider, &l->given[0], NULL) != IMP_OK ||
        l->host->acquire(l->host, IMP_NN_TRAIN_1, provider, &l->given[1], NULL) != IMP_OK) {
        give_back(l);
        return NULL;
    }
    const imp_nn_train_1 *train = l->given[1].table;
    l->nn = l->given[0].table;
    imp_error err = {sizeof err, sizeof t->text, t->text, -1, -1};
    if (train->build(l->given[1].self, networks[t->variant % object_variants], 1, &l->model,
                     &err) != IMP_OK) {
        give_back(l);
        return NULL;
    }
    loans[slot] = l;
    return &mini_object(IMP_NN_MODEL_TYPE, provider, l->model, drop_model)->head;
}

/* ---- what another filter makes of nothing ---- */

static bool makes(const imp_filter *f, const char *type)
{
    if (!f->output_count)
        return false;
    const imp_port out = mini_output_row(f, 0);
    if (out.kind != IMP_OBJECT || !out.type || strcmp(out.type, type) != 0)
        return false;
    for (uint32_t i = 0; i < f->input_count; i++)
        if (!(mini_input_row(f, i).flags & IMP_PORT_OPTIONAL))
            return false;
    for (uint32_t i = 0; i < f->param_count; i++)
        if (mini_param_row(f, i).flags & (IMP_PARAM_REQUIRED | IMP_PARAM_WRITTEN))
            return false;
    return true;
}

static const imp_value *run_maker(struct mini *m, const imp_filter *f)
{
    char why[400];
    struct mini_result r;
    struct mini_node *node = mini_node(m, f->id, NULL, why, sizeof why);
    const imp_value *made = NULL;
    if (!node)
        return NULL;
    mini_process(node, &(const struct mini_call){0}, &r);
    if (r.status == IMP_OK && !r.fault[0] && mini_output(&r, 0, 0))
        made = mini_retain(mini_output(&r, 0, 0));
    mini_result_free(&r);
    mini_node_free(node);
    return made;
}

const imp_value *object_make(struct trial *t, const char *type)
{
    const imp_value *made = NULL;
    union {
        const imp_dataset *in;
        void *out;
    } set = {.in = &dataset};
    if (!type)
        return NULL;
    if (strcmp(type, IMP_DATASET_TYPE) == 0)
        return &mini_object(type, "impasto.check", set.out, NULL)->head;
    if (strcmp(type, IMP_NN_MODEL_TYPE) == 0)
        made = make_model(t, t->mini);
    for (int i = 0; i <= t->beside_count && !made; i++) {
        struct mini *m = i < t->beside_count ? t->beside[i] : t->mini;
        for (const imp_filter *const *f = mini_entry(m)->filters; f && *f && !made; f++)
            if (makes(*f, type) && *f != t->filter)
                made = run_maker(m, *f);
    }
    return made;
}
