/* command_help.c - `impasto help` and `impasto version`. */
#include "command.h"
#include <cJSON.h>
#include <impasto/nn.h>
#include <stdlib.h>
#include <string.h>
#include "pool.h"
#include "processor.h"

static int print_and_free(struct command *c, struct text *text)
{
    fputs(text->data ? text->data : "", c->out);
    text_free(text);
    return 0;
}

static int unknown_page(struct command *c, const char *word)
{
    const char *names[34];
    size_t n = 0;
    for (const struct verb *v = verbs; v->name && n < 30; v++)
        names[n++] = v->name;
    if (command_has(c, OPT_MAN)) {
        names[n++] = "impasto";
        names[n++] = "preset";
        names[n++] = "plugin";
    }
    const char *near = nearest_name(word, names, n);
    return command_usage(
        c, near ? arena_printf(c->arena, "did you mean `impasto help %s`?", near) : NULL,
        "there is no help on '%s'", word);
}

int command_help(struct command *c)
{
    const char *word = c->args->operand_count ? c->args->operands[0] : NULL;
    const char *shell = command_text(c, OPT_COMPLETION);
    struct text text = {0};
    if (command_clash(c, OPT_MAN, OPT_COMPLETION))
        return 2;
    if (shell && word)
        return command_usage(c, NULL, "--completion has nothing to do with '%s'", word);
    if (shell)
        completion_script(shell, &text);
    else if (command_has(c, OPT_MAN)) {
        if (!manual_page(word ? word : "impasto", IMPASTO_VERSION, &text))
            return unknown_page(c, word);
    } else if (!word)
        help_overview(&text, HELP_FULL);
    else if (verb_find(word))
        help_verb(verb_find(word), HELP_FULL, &text);
    else
        return unknown_page(c, word);
    return print_and_free(c, &text);
}

/* ---- version ---- */

/* What the plugin that runs networks computes with; NULL: there is none, or it does not say. */
static const char *network_kernels(struct command *c, struct plugin *const *plugins, size_t n)
{
    imp_service service;
    const char *id;
    if (!registry_service(c->registry, IMP_NN_MODEL_1, 0, &service, &id))
        return NULL;
    for (size_t i = 0; i < n; i++) {
        const imp_plugin *p = plugins[i]->entry;
        if (p && !strcmp(p->id, id) && IMP_HAS(imp_plugin, p->struct_size, extension) && p->extension)
            return p->extension(IMP_NN_KERNELS_1);
    }
    return NULL;
}

static void version_json(struct command *c, struct plugin *const *plugins, size_t n)
{
    char name[256];
    cJSON *o = cJSON_CreateObject();
    cJSON_AddStringToObject(o, "schema", "impasto.version/1");
    cJSON_AddStringToObject(o, "type", "version");
    cJSON_AddStringToObject(o, "version", IMPASTO_VERSION);
    cJSON_AddNumberToObject(o, "abi", IMP_ABI_MAJOR);
    if (processor_name(name, sizeof name))
        cJSON_AddStringToObject(o, "processor", name);
    cJSON_AddNumberToObject(o, "threads",
                            c->settings->threads ? c->settings->threads : pool_processors());
    cJSON_AddStringToObject(o, "simd", processor_simd(c->settings->simd, c->settings->exact));
    const char *core = getenv("OPENBLAS_CORETYPE");
    if (core)
        cJSON_AddStringToObject(o, "core_type", core);
    const char *kernels = network_kernels(c, plugins, n);
    if (kernels)
        cJSON_AddStringToObject(o, "kernels", kernels);
    cJSON *list = cJSON_AddArrayToObject(o, "plugins");
    for (size_t i = 0; i < n; i++) {
        cJSON *p = cJSON_CreateObject();
        cJSON_AddStringToObject(p, "path", plugins[i]->path);
        if (plugins[i]->refused)
            cJSON_AddStringToObject(p, "refused", plugins[i]->refused);
        else {
            cJSON_AddStringToObject(p, "id", plugins[i]->id);
            cJSON_AddStringToObject(p, "version", plugins[i]->version);
        }
        cJSON_AddItemToArray(list, p);
    }
    char *line = cJSON_PrintUnformatted(o);
    fprintf(c->out, "%s\n", line ? line : "{}");
    cJSON_free(line);
    cJSON_Delete(o);
}

static void version_verbose(struct command *c, struct plugin *const *plugins, size_t n)
{
    char name[256];
    const struct settings *s = c->settings;
    const char *core = getenv("OPENBLAS_CORETYPE"), *kernels = network_kernels(c, plugins, n);
    fprintf(c->out, "plugin ABI   %d.%d\n", IMP_ABI_MAJOR, IMP_ABI_MINOR);
    fprintf(c->out, "processor    %s\n", processor_name(name, sizeof name) ? name : "not known");
    fprintf(c->out, "threads      %u\n", s->threads ? s->threads : pool_processors());
    if (s->mem_of_group)
        fprintf(c->out, "memory       %llu MiB, by the control group\n", (unsigned long long)(s->mem >> 20));
    fprintf(c->out, "simd         %s (IMPASTO_SIMD)\n", processor_simd(s->simd, s->exact));
    fprintf(c->out, "kernels      %s (OPENBLAS_CORETYPE)\n", core ? core : "left to the library");
    fprintf(c->out, "networks     %s\n", kernels ? kernels : "no plugin that says what it computes with");
    fprintf(c->out, "config       %s\n", s->config ? s->config : "none, there is no home folder");
    fprintf(c->out, "cache        %s\n", s->cache ? s->cache : "none");
    fprintf(c->out, "plugins      %zu\n", n);
    for (size_t i = 0; i < n; i++)
        if (plugins[i]->refused)
            fprintf(c->out, "  refused    %s\n             %s\n", plugins[i]->path,
                    plugins[i]->refused);
        else
            fprintf(c->out, "  %-10s %-8s %3u filters  %s%s\n", plugins[i]->id, plugins[i]->version,
                    (unsigned)plugins[i]->filter_count, plugins[i]->path,
                    plugins[i]->shadowed_by ? "  (shadowed)" : "");
}

int command_version(struct command *c)
{
    const bool json = command_has(c, OPT_JSON), verbose = command_has(c, OPT_VERBOSE);
    size_t n = 0;
    struct plugin *const *plugins = NULL;
    if (command_clash(c, OPT_JSON, OPT_VERBOSE))
        return 2;
    if (!json)
        fprintf(c->out, "impasto %s\n", IMPASTO_VERSION);
    if (!json && !verbose)
        return 0;
    if (!command_registry(c))
        return 5;
    plugins = registry_plugins(c->registry, &n);
    if (json)
        version_json(c, plugins, n);
    else
        version_verbose(c, plugins, n);
    return 0;
}
