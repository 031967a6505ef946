/* command_graph.c - `impasto graph`: the drawing, with the times of a run when asked. */
#include <cJSON.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include "command.h"
#include "draw.h"
#include "files.h"

/* Do the terminal's letters include those of boxes? As setlocale would find out, without setting
 * anything. */
static bool utf8_wanted(void)
{
    const char *names[] = {"LC_ALL", "LC_CTYPE", "LANG"}, *value = "";
    for (size_t i = 0; i < 3; i++)
        if ((value = getenv(names[i])) && *value)
            break;
    return value && (strstr(value, "UTF-8") || strstr(value, "utf8") || strstr(value, "utf-8"));
}

/* One JSON object of a line: {"node": ..., "median_ms": ...}. */
static bool take_time(const struct graph *g, const cJSON *object, double *ms)
{
    const cJSON *name = cJSON_GetObjectItemCaseSensitive(object, "node");
    const cJSON *time = cJSON_GetObjectItemCaseSensitive(object, "median_ms");
    if (!cJSON_IsString(name) || !cJSON_IsNumber(time))
        return false;
    const uint32_t i = graph_find(g, name->valuestring);
    if (i == UINT32_MAX)
        return false;
    ms[i] = time->valuedouble;
    return true;
}

static size_t read_times(const struct graph *g, const char *text, double *ms)
{
    size_t found = 0;
    for (const char *s = text; *s;) {
        const size_t n = strcspn(s, "\n");
        cJSON *object = cJSON_ParseWithLength(s, n);
        found += take_time(g, object, ms);
        cJSON_Delete(object);
        s += n + (s[n] == '\n');
    }
    return found;
}

/* By node, -1 = not measured. NULL: reported. */
static const double *times_of(struct command *c, const struct graph *g, const char *path)
{
    struct stat st;
    size_t size;
    double *ms = arena_alloc(c->arena, g->node_count + 1, sizeof *ms);
    for (uint32_t i = 0; i < g->node_count; i++)
        ms[i] = -1;
    if (!stat(path, &st) && S_ISDIR(st.st_mode))
        path = arena_printf(c->arena, "%s/.impasto/times.json", path);
    char *text = files_read(path, &size);
    if (!text) {
        command_usage(c, "it is the OUT of a run, or what `impasto bench --json` printed",
                      "--times: cannot read '%s': %s", path, strerror(errno));
        return NULL;
    }
    const size_t found = read_times(g, text, ms);
    free(text);
    if (found)
        return ms;
    command_usage(c, "are they of another preset?",
                  "--times: '%s' has no times of this preset's nodes", path);
    return NULL;
}

int command_graph_verb(struct command *c)
{
    const char *format = command_text(c, OPT_FORMAT), *times = command_text(c, OPT_TIMES);
    struct draw_options options = {.utf8 = utf8_wanted()};
    struct preset *preset;
    struct text text = {0};
    int status;
    const struct graph *graph = command_graph(c, c->args->operands[0], &preset, &status);
    if (!graph || (times && !(options.ms = times_of(c, graph, times))))
        return graph ? 2 : status;
    if (format && !strcmp(format, "svg"))
        draw_svg(graph, &options, &text);
    else if (format && !strcmp(format, "dot"))
        draw_dot(graph, &options, &text);
    else
        draw_text(graph, &options, &text);
    fputs(text.data ? text.data : "", c->out);
    text_free(&text);
    return 0;
}
