/* command_why.c - `impasto why`: asks a run's record, or the loader about a plugin. */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include "batch.h"
#include "command.h"
#include "module.h"
#include "jsonline.h"

static int why_plugin(struct command *c, const char *path)
{
    const struct registry_options options = {.plugin_path = c->settings->plugin_path,
                                             .insecure = c->settings->insecure};
    struct text text = {0}, line = {0};
    const int status = registry_explain_file(&options, path, &text);
    if (command_has(c, OPT_JSON)) {
        json_begin(&line, "impasto.why/1", "plugin");
        json_text(&line, "path", path);
        json_bool(&line, "refused", status != 0);
        json_text(&line, "text", text.data ? text.data : "");
        json_end(&line);
    }
    if (line.data)
        fputs(line.data, c->out);
    else
        fprintf(c->out, "%s\n",
                text.size ? text.data : arena_printf(c->arena, "%s: can be used", module_base(path)));
    text_free(&text);
    text_free(&line);
    return status ? 4 : 0;
}

int command_why(struct command *c)
{
    const char *path = c->args->operands[0];
    const size_t n = strlen(path);
    struct text text = {0};
    struct stat st;
    if (n > 3 && !strcmp(path + n - 3, ".so")) {
        if (!stat(path, &st))
            return why_plugin(c, path);
        usage_fault(c->report, "E0812", c->verb, NULL, "%s: %s", path, strerror(errno));
        return 2;
    }
    if (!batch_why(path, command_has(c, OPT_JSON), &text)) {
        usage_fault(c->report, "E0812", c->verb,
                    "a record lies in OUT/.impasto, beside the files of a run",
                    "there is no record of '%s'", path);
        return 2;
    }
    if (text.size && text.data[text.size - 1] != '\n')
        text_add(&text, "\n");
    fputs(text.data ? text.data : "", c->out);
    text_free(&text);
    return 0;
}
