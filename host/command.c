/* command.c - what several verbs need: the registry, a preset's graph, usage errors. */
#include "command.h"
#include <stdarg.h>
#include "builtin.h"

/* A plugin's line, when IMPASTO_LOG asks for its level. */
static void log_line(void *user, uint32_t level, const char *who, const char *text)
{
    static const char *const names[] = {"", "debug", "info", "warning", "error"};
    const struct command *c = user;
    if (level >= IMP_LOG_DEBUG && level <= IMP_LOG_ERROR &&
        level + (uint32_t)c->settings->log > IMP_LOG_ERROR)
        fprintf(stderr, "%s: %s: %s\n", names[level], who ? who : "plugin", text);
}

struct registry *command_registry(struct command *c)
{
    if (c->registry)
        return c->registry;
    const char *cache = settings_make_cache(c->settings, c->arena);
    const struct registry_options options = {
        .plugin_path = c->settings->plugin_path,
        .cache_file = cache ? arena_printf(c->arena, "%s/descriptors", cache) : NULL,
        .insecure = c->settings->insecure,
    };
    c->registry = registry_open(&options, c->report);
    if (!c->registry)
        return NULL;
    registry_add_builtin(c->registry, builtin_filters());
    registry_set_log(c->registry, log_line, c);
    return c->registry;
}

const char *command_text(const struct command *c, enum option_id id)
{
    return arguments_text(c->args, id);
}

bool command_has(const struct command *c, enum option_id id)
{
    return arguments_have(c->args, id);
}

int command_usage(struct command *c, const char *hint, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    usage_fault(c->report, "E0805", c->verb, hint, "%s", arena_vprintf(c->arena, fmt, ap));
    va_end(ap);
    return 2;
}

bool command_clash(struct command *c, enum option_id a, enum option_id b)
{
    if (!command_has(c, a) || !command_has(c, b))
        return false;
    command_usage(c, NULL, "--%s and --%s cannot go together", option_rows[a].name,
                  option_rows[b].name);
    return true;
}

const struct preset_set *command_sets(struct command *c, size_t *n)
{
    const char *const *texts = arguments_all(c->arena, c->args, OPT_SET, n);
    struct preset_set *sets = arena_alloc(c->arena, *n + 1, sizeof *sets);
    for (size_t i = 0; i < *n; i++)
        sets[i] = (struct preset_set){.text = texts[i], .origin = FROM_SET};
    return sets;
}

struct graph *command_graph(struct command *c, const char *name, struct preset **preset,
                            int *status)
{
    const struct settings *s = c->settings;
    size_t n;
    const struct preset_set *sets = command_sets(c, &n);
    struct registry *registry = command_registry(c);
    *status = 2;
    if (!registry)
        return NULL;
    *preset =
        preset_load(c->arena, name, s->preset_search, s->preset_search_count, sets, n, c->report);
    if (!*preset)
        return NULL;
    const struct graph_options options = {.until = command_text(c, OPT_UNTIL),
                                          .model_path = s->model_search,
                                          .model_path_count = s->model_search_count};
    struct graph *graph = graph_build(c->arena, *preset, registry, &options, c->report);
    if (report_exit_status(c->report)) {
        *status = report_exit_status(c->report);
        return NULL;
    }
    *status = 0;
    return graph;
}
