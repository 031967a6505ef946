/* command_run.c - `impasto run` and `impasto check`: the command line as batch_options. */
#include "batch.h"
#include "command.h"
#include <string.h>

static enum overwrite overwrite_of(const char *word)
{
    if (word && !strcmp(word, "never"))
        return OVERWRITE_NEVER;
    return word && !strcmp(word, "always") ? OVERWRITE_ALWAYS : OVERWRITE_CHANGED;
}

void command_batch_options(struct command *c, struct batch_options *o)
{
    const struct settings *s = c->settings;
    const struct arguments *a = c->args;
    *o = (struct batch_options){
        .preset = a->operand_count ? a->operands[0] : NULL,
        .inputs = a->operands + (a->operand_count ? 1 : 0),
        .input_count = a->operand_count ? a->operand_count - 1 : 0,
        .out = command_text(c, OPT_OUT),
        .files_from = command_text(c, OPT_FILES_FROM),
        .preset_search = s->preset_search,
        .preset_search_count = s->preset_search_count,
        .model_path = s->model_search,
        .model_path_count = s->model_search_count,
        .shard = command_text(c, OPT_SHARD),
        .until = command_text(c, OPT_UNTIL),
        .cache = s->no_cache ? NULL : settings_make_cache(s, c->arena),
        .jobs = s->jobs,
        .threads = s->threads,
        .mem = s->mem,
        .mem_of_group = s->mem_of_group,
        .overwrite = overwrite_of(s->overwrite),
        .plan_only = command_has(c, OPT_PLAN),
        .fail_fast = command_has(c, OPT_FAIL_FAST),
        .explain = command_has(c, OPT_EXPLAIN),
        .preview = command_has(c, OPT_PREVIEW),
        .private_ = s->private_,
        .exact = s->exact,
        .isolate = s->isolate,
        .untrusted = s->untrusted,
        .silence = s->silence,
        .json = command_has(c, OPT_JSON),
        .quiet = command_has(c, OPT_QUIET) || s->log == LOG_ERROR,
        .verbose = command_has(c, OPT_VERBOSE) || s->log >= LOG_INFO,
        .colour = c->colour,
        .terminal = c->terminal,
        .stop = c->stop,
        .poke = c->poke,
    };
    o->sets = command_sets(c, &o->set_count);
    o->sweeps = arguments_all(c->arena, a, OPT_SWEEP, &o->sweep_count);
}

/* An option without effect is a mistake of the user's. */
static bool run_makes_sense(struct command *c)
{
    static const enum option_id apart[][2] = {
        {OPT_QUIET, OPT_VERBOSE},     {OPT_AGAIN, OPT_SET},    {OPT_AGAIN, OPT_SWEEP},
        {OPT_AGAIN, OPT_SHARD},       {OPT_AGAIN, OPT_UNTIL},  {OPT_AGAIN, OPT_FILES_FROM},
        {OPT_AGAIN, OPT_PRESET_PATH}, {OPT_PLAN, OPT_PREVIEW}, {OPT_PLAN, OPT_FAIL_FAST},
    };
    for (size_t i = 0; i < sizeof apart / sizeof *apart; i++)
        if (command_clash(c, apart[i][0], apart[i][1]))
            return false;
    if (command_has(c, OPT_AGAIN) && c->args->operand_count) {
        command_usage(c, "the preset and the picture come from the record of that file",
                      "--again and '%s' cannot go together", c->args->operands[0]);
        return false;
    }
    if (!command_has(c, OPT_AGAIN) && !c->args->operand_count) {
        command_usage(c, NULL, "no preset is given");
        return false;
    }
    return true;
}

int command_run(struct command *c)
{
    struct batch_options options;
    if (!run_makes_sense(c))
        return 2;
    command_batch_options(c, &options);
    if (command_has(c, OPT_AGAIN) &&
        !batch_again(c->arena, command_text(c, OPT_AGAIN), &options, c->report))
        return 2;
    struct registry *registry = command_registry(c);
    return registry ? batch_run(&options, registry, c->report) : 5;
}
