/* command_model.c - `impasto model`: networks in files, whichever plugin runs them. Here: finding that
 * plugin, opening, its operators, writing in another format. */
#include <errno.h>
#include <impasto/kit_prepare.h>
#include <string.h>
#include <sys/stat.h>
#include "jsonline.h"
#include "model_verb.h"

/* ---- who runs networks ---- */

/* The table of a service of the same plugin, NULL without one. */
static const void *service_of(struct networks *n, const char *id, uint32_t size, void **self)
{
    imp_service s;
    const char *plugin;
    for (size_t i = 0; registry_service(n->c->registry, id, i, &s, &plugin); i++) {
        const uint32_t *table_size = s.table;
        if (!strcmp(plugin, n->plugin) && *table_size >= size) {
            *self = s.self;
            return s.table;
        }
    }
    return NULL;
}

bool networks_find(struct networks *n, struct command *c)
{
    imp_service s;
    *n = (struct networks){.c = c, .status = 5};
    if (!command_registry(c))
        return false;
    n->status = 4;
    if (!registry_service(c->registry, IMP_NN_MODEL_1, 0, &s, &n->plugin)) {
        struct fault *f = report_add(c->report, SEV_ERROR, "E0408", NULL,
                                     "no plugin at hand runs networks (service %s)", IMP_NN_MODEL_1);
        fault_note(f, "`impasto list plugins` shows what was refused, `impasto list paths` where "
                      "plugins are sought");
        return false;
    }
    n->model = s.table, n->model_self = s.self;
    n->train = service_of(n, IMP_NN_TRAIN_1, offsetof(imp_nn_train_1, save) + sizeof(void *),
                          &n->train_self);
    n->edit = service_of(n, IMP_NN_EDIT_1, offsetof(imp_nn_edit_1, cost) + sizeof(void *),
                         &n->edit_self);
    n->status = 0;
    return true;
}

/* ---- opening ---- */

static const char *find_file(struct networks *n, const char *name)
{
    const struct settings *s = n->c->settings;
    struct stat st;
    if (!stat(name, &st))
        return name;
    const int reason = errno;
    for (size_t i = 0; *name != '/' && i < s->model_search_count; i++) {
        const char *there = arena_printf(n->c->arena, "%s/%s", s->model_search[i], name);
        if (!stat(there, &st))
            return there;
    }
    struct fault *f = report_add(n->c->report, SEV_ERROR, "E0720", NULL, "cannot find %s: %s", name,
                                 strerror(reason));
    for (size_t i = 0; *name != '/' && i < s->model_search_count; i++)
        fault_note(f, "sought as %s/%s", s->model_search[i], name);
    n->status = 2;
    return NULL;
}

static bool ends_in(const char *name, const char *ending)
{
    const size_t a = strlen(name), b = strlen(ending);
    return a > b && !strcmp(name + a - b, ending);
}

/* An architecture without weights beside it can be looked at, too. */
static bool is_bare(struct command *c, const char *path)
{
    struct stat st;
    return ends_in(path, ".ini") &&
           stat(arena_printf(c->arena, "%.*ssafetensors", (int)strlen(path) - 3, path), &st) != 0;
}

/* How a file is to be opened; false: told. */
static bool open_options(struct networks *n, const char *path, const char **options)
{
    const char *arch = arguments_text(n->c->args, OPT_ARCH);
    *options = is_bare(n->c, path) ? "seed=0" : NULL;
    if (!arch || !ends_in(path, ".safetensors"))
        return true;
    arch = find_file(n, arch);
    if (!arch)
        return false;
    if (strpbrk(arch, "\"\\")) {
        report_add(n->c->report, SEV_ERROR, "E0409", NULL, "--arch %s: quotes and backslashes cannot stand "
                   "in this path", arch);
        n->status = 2;
        return false;
    }
    *options = arena_printf(n->c->arena, "arch=\"%s\"", arch);
    return true;
}

bool network_open(struct networks *n, const char *name, struct network *net)
{
    const char *options;
    char text[4000] = "";
    imp_error err = {sizeof err, sizeof text, text, -1, -1};
    *net = (struct network){.of = n, .path = find_file(n, name)};
    if (!net->path || !open_options(n, net->path, &options))
        return false;
    imp_status st = n->model->open(n->model_self, net->path, options, &net->model, &err);
    if (st == IMP_OK)
        st = n->model->node_count(n->model_self, net->model, &net->count, &err);
    if (st == IMP_OK)
        return true;
    report_add(n->c->report, SEV_ERROR, "E0409", NULL, "%s%s%s",
               strncmp(text, net->path, strlen(net->path)) ? net->path : "",
               strncmp(text, net->path, strlen(net->path)) ? " cannot be loaded: " : "",
               *text ? text : "the plugin does not say why");
    n->status = st == IMP_E_MEMORY || st == IMP_E_LIMIT ? 5 : 4;
    network_close(net);
    return false;
}

void network_close(struct network *net)
{
    if (net->model)
        net->of->model->release(net->of->model_self, net->model, NULL);
    net->model = NULL;
}

imp_nn_node network_node(const struct network *net, uint32_t i)
{
    imp_nn_node node = {.struct_size = sizeof node};
    if (net->of->model->node(net->of->model_self, net->model, i, &node, NULL) != IMP_OK)
        node = (imp_nn_node){.name = "?", .op = "?"};
    return node;
}

const char *network_meta(const struct network *net, const char *key)
{
    const char *text = NULL;
    const struct networks *n = net->of;
    return n->model->meta(n->model_self, net->model, key, &text, NULL) == IMP_OK ? text : NULL;
}

const char *const network_keys[] = {"title", "author", "license", "input", "range", "mean", "std",
                                    "multiple", "size", "output", "output_range", "output_mean",
                                    "output_std", "classes", NULL};

const char *network_shape(struct arena *arena, uint32_t ndim, const int64_t *shape)
{
    static const char letters[] = "NCHW";
    struct text t = {0};
    for (uint32_t i = 0; i < ndim; i++) {
        text_add(&t, i ? " x " : "");
        if (shape[i] >= 0)
            text_addf(&t, "%lld", (long long)shape[i]);
        else
            text_addf(&t, "%c", ndim == 4 || !i ? letters[i] : '?');
    }
    const char *made = arena_strdup(arena, t.data ? t.data : "one number");
    text_free(&t);
    return made;
}

/* ---- ops ---- */

static void print_op(struct command *c, const char *name, size_t used, const char *limits, bool file)
{
    struct text t = {0};
    if (!command_has(c, OPT_JSON)) {
        if (file)
            fprintf(c->out, "%-20s %6zu  %s\n", name, used, limits);
        else
            fprintf(c->out, *limits ? "%-20s %s\n" : "%s\n", name, limits);
        return;
    }
    json_begin(&t, "impasto.model/1", "op");
    json_text(&t, "name", name);
    json_text(&t, "limits", limits);
    if (file)
        json_count(&t, "nodes", used);
    json_end(&t);
    fputs(t.data, c->out);
    text_free(&t);
}

/* All that the plugin runs; with a network those that it uses. */
static int model_ops(struct networks *n, const char *file)
{
    struct network net = {.of = n};
    const char *name, *limits;
    size_t shown = 0;
    if (file && !network_open(n, file, &net))
        return n->status;
    for (uint32_t i = 0; n->model->op(n->model_self, i, &name, &limits, NULL) == IMP_OK; i++) {
        size_t used = 0;
        for (uint32_t k = 0; k < net.count; k++)
            used += !strcmp(network_node(&net, k).op, name);
        if (file && !used)
            continue;
        print_op(n->c, name, used, limits ? limits : "", file != NULL);
        shown++;
    }
    if (command_has(n->c, OPT_JSON)) {
        struct text t = {0};
        json_begin(&t, "impasto.model/1", "summary");
        json_count(&t, "count", shown);
        json_end(&t);
        fputs(t.data, n->c->out);
        text_free(&t);
    }
    network_close(&net);
    return 0;
}

/* ---- convert ---- */

/* --meta KEY=VALUE: a network with that line. */
static bool add_meta(struct networks *n, struct network *net, const char *setting)
{
    const char *equals = strchr(setting, '=');
    char text[400] = "";
    imp_error err = {sizeof err, sizeof text, text, -1, -1};
    imp_nn_model *with = NULL;
    if (!equals || equals == setting) {
        n->status = command_usage(n->c, "--meta \"range=0 255\"", "--meta: '%s' is no KEY=VALUE", setting);
        return false;
    }
    const char *key = arena_strndup(n->c->arena, setting, (size_t)(equals - setting));
    for (size_t i = 0; kit_prepare_keys[i]; i++) {
        const char *wants = strcmp(key, kit_prepare_keys[i]) || !equals[1]
                              ? NULL
                              : kit_prepare_check(key, equals + 1);
        if (wants) {
            n->status = command_usage(n->c, NULL, "--meta: '%s' is '%s', it wants %s", key, equals + 1,
                                      wants);
            return false;
        }
    }
    if (n->train->with_meta(n->train_self, net->model, key, equals[1] ? equals + 1 : NULL, &with, &err)) {
        report_add(n->c->report, SEV_ERROR, "E0409", NULL, "'%s': %s", key, text);
        n->status = 4;
        return false;
    }
    network_close(net);
    net->model = with;
    return true;
}

static int write_network(struct networks *n, const struct network *net, const char *out)
{
    char text[2000] = "";
    imp_error err = {sizeof err, sizeof text, text, -1, -1};
    const imp_status st = n->train->save(n->train_self, net->model, out, &err);
    if (st == IMP_OK) {
        if (!command_has(n->c, OPT_QUIET))
            fprintf(n->c->out, "%s\n", out);
        return 0;
    }
    report_add(n->c->report, SEV_ERROR, "E0737", NULL, "%s cannot be written: %s", out,
               *text ? text : "the plugin does not say why");
    return 1;
}

static int model_convert(struct networks *n, const char *in, const char *out)
{
    struct network net;
    struct stat st;
    size_t count;
    const char *const *settings = arguments_all(n->c->arena, n->c->args, OPT_META, &count);
    const char *over = command_text(n->c, OPT_OVERWRITE);
    if (!ends_in(out, ".onnx") && !ends_in(out, ".safetensors"))
        return command_usage(n->c, NULL, "'%s' ends neither in .onnx nor in .safetensors", out);
    if (!stat(out, &st) && !(over && !strcmp(over, "always")))
        return command_usage(n->c, "--overwrite always", "%s is there already", out);
    if (!n->train) {
        report_add(n->c->report, SEV_ERROR, "E0408", NULL, "plugin '%s' cannot write networks",
                   n->plugin);
        return 4;
    }
    if (!network_open(n, in, &net))
        return n->status;
    bool fine = true;
    for (size_t i = 0; i < count && fine; i++)
        fine = add_meta(n, &net, settings[i]);
    const int status = fine ? write_network(n, &net, out) : n->status;
    network_close(&net);
    return status;
}

/* ---- what is asked for ---- */

static const struct word {
    const char *name, *operands;
    size_t least, most; /* operands after it */
} words[] = {
    {"info", "FILE...", 1, SIZE_MAX},
    {"ops", "[FILE]", 0, 1},
    {"convert", "IN OUT", 2, 2},
    {"diff", "A B", 2, 2},
};
enum { WORDS = sizeof words / sizeof *words };

static const struct word *find_word(struct command *c)
{
    const char *names[WORDS], *word = c->args->operands[0];
    const size_t n = c->args->operand_count - 1;
    for (size_t i = 0; i < WORDS; i++) {
        if (strcmp(names[i] = words[i].name, word) != 0)
            continue;
        if (n >= words[i].least && n <= words[i].most)
            return &words[i];
        command_usage(c, NULL, "impasto model %s takes %s", word, words[i].operands);
        return NULL;
    }
    const char *near = nearest_name(word, names, WORDS);
    command_usage(c, near ? arena_printf(c->arena, "did you mean '%s'?", near)
                          : "info, ops, convert or diff",
                  "impasto model does not know '%s'", word);
    return NULL;
}

/* Options that say nothing for this word are errors, as everywhere. */
static bool check_options(struct command *c, const struct word *word)
{
    static const struct { enum option_id id; const char *words; } only[] = {
        {OPT_SIZE, "info"}, {OPT_META, "convert"}, {OPT_OVERWRITE, "convert"}, {OPT_QUIET, "convert"},
    };
    for (size_t i = 0; i < sizeof only / sizeof *only; i++)
        if (command_has(c, only[i].id) && strcmp(word->name, only[i].words) != 0) {
            command_usage(c, NULL, "--%s has nothing to do with impasto model %s",
                          option_rows[only[i].id].name, word->name);
            return false;
        }
    if (command_has(c, OPT_JSON) && !strcmp(word->name, "convert")) {
        command_usage(c, NULL, "--json has nothing to do with impasto model convert");
        return false;
    }
    return true;
}

int command_model(struct command *c)
{
    const char *const *files = (const char *const *)c->args->operands + 1;
    const size_t n = c->args->operand_count - 1;
    const struct word *word = find_word(c);
    struct networks networks;
    if (!word || !check_options(c, word))
        return 2;
    if (!networks_find(&networks, c))
        return networks.status;
    switch (word - words) {
    case 0:
        return model_info(&networks, files, n);
    case 1:
        return model_ops(&networks, n ? files[0] : NULL);
    case 2:
        return model_convert(&networks, files[0], files[1]);
    default:
        return model_diff(&networks, files[0], files[1]);
    }
}
