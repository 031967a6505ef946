/* command_check.c - `impasto check`: all mistakes of a preset; --resolved: the preset with all
 * filled in. */
#include "batch.h"
#include "command.h"

static int print_resolved(struct command *c)
{
    struct preset *preset;
    int status;
    struct graph *graph = command_graph(c, c->args->operands[0], &preset, &status);
    struct text text = {0};
    if (!graph)
        return status;
    graph_resolved(graph, true, &text);
    fputs(text.data ? text.data : "", c->out);
    text_free(&text);
    return 0;
}

int command_check(struct command *c)
{
    struct batch_options options;
    struct registry *registry = command_registry(c);
    if (command_clash(c, OPT_RESOLVED, OPT_JSON) || command_clash(c, OPT_RESOLVED, OPT_QUIET))
        return 2;
    if (!registry)
        return 5;
    if (command_has(c, OPT_RESOLVED))
        return c->args->operand_count > 1
                   ? command_usage(c, NULL, "--resolved has nothing to do with '%s'",
                                   c->args->operands[1])
                   : print_resolved(c);
    command_batch_options(c, &options);
    const int status = batch_check(&options, registry, c->report);
    if (command_has(c, OPT_JSON))
        fprintf(c->out, "{\"schema\":\"impasto.check/1\",\"type\":\"summary\",\"exit\":%d}\n",
                status);
    else if (!status && !command_has(c, OPT_QUIET))
        fprintf(c->out, "%s: no mistakes\n", options.preset);
    return status;
}
