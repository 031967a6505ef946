/* command_new_plugin.c - `impasto new plugin NAME`: the template's files with the name filled in:
 * those of common/, of the language, of the kind. */
#define _XOPEN_SOURCE 700 /* realpath */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include "command.h"
#include "descriptor.h"
#include "files.h"

struct placeholder {
    const char *mark, *text;
};

/* The text with every placeholder replaced. */
static void fill_in(const char *from, const struct placeholder *marks, struct text *out)
{
    while (*from) {
        const struct placeholder *m = marks;
        while (m->mark && strncmp(from, m->mark, strlen(m->mark)) != 0)
            m++;
        if (m->mark) {
            text_addf(out, "%s", m->text);
            from += strlen(m->mark);
        } else {
            const size_t n = 1 + strcspn(from + 1, "@");
            text_addn(out, from, n);
            from += n;
        }
    }
}

static bool copy_file(struct command *c, const char *from, const char *to,
                      const struct placeholder *marks)
{
    size_t size;
    struct text text = {0};
    char *content = files_read(from, &size);
    if (content)
        fill_in(content, marks, &text);
    const bool done = content && files_replace(to, text.data ? text.data : "", text.size);
    if (!done)
        report_add(c->report, SEV_ERROR, "E0810", NULL, "cannot copy %s to %s: %s", from, to,
                   strerror(errno));
    free(content);
    text_free(&text);
    return done;
}

/* A folder with include/impasto/impasto.h below it, NULL = pkg-config must know. */
static const char *find_sdk(struct command *c, const char *template)
{
    char full[PATH_MAX];
    struct stat st;
    bool tree = false;
    if (realpath(template, full) && strrchr(full, '/')) {
        *strrchr(full, '/') = 0;
        tree = stat(arena_printf(c->arena, "%s/include/impasto/impasto.h", full), &st) == 0;
    }
    if (tree)
        return arena_strdup(c->arena, full);
    const char *prefix = c->settings->program_folder
                             ? arena_printf(c->arena, "%s/..", c->settings->program_folder)
                             : NULL;
    if (!prefix || !realpath(prefix, full) || !strcmp(full, "/usr") || !strcmp(full, "/usr/local"))
        return NULL; /* where pkg-config looks by itself */
    return stat(arena_printf(c->arena, "%s/include/impasto/impasto.h", full), &st) == 0
               ? arena_strdup(c->arena, full)
               : NULL;
}

/* What is copied where; source: the one of plugin.* that is wanted. */
struct copying {
    struct command *c;
    const struct placeholder *marks;
    const char *source;
};

static bool copy_tree(const struct copying *how, const char *from, const char *to)
{
    size_t n = 0;
    struct files_state state;
    struct arena *arena = how->c->arena;
    char **names = files_names(from, &n);
    bool done = names && n && files_make_folder(to);
    if (!done)
        report_add(how->c->report, SEV_ERROR, "E0810", NULL,
                   "the template of plugins is not at %s: install Impasto again", from);
    for (size_t i = 0; i < n && done; i++) {
        const char *file = arena_printf(arena, "%s/%s", from, names[i]),
                   *copy = arena_printf(arena, "%s/%s", to, names[i]);
        if (!strncmp(names[i], "plugin.c", 8) && strcmp(names[i], how->source) != 0)
            continue;
        if (files_stat(file, &state) && state.folder)
            done = copy_tree(how, file, copy);
        else
            done = copy_file(how->c, file, copy, how->marks);
    }
    if (names)
        files_free_names(names, n);
    return done;
}

static bool copy_all(const struct copying *how, const char *template, const char *language,
                     const char *kind, const char *folder)
{
    const char *parts[] = {"common", language, kind};
    for (int i = 0; i < 3; i++)
        if (!copy_tree(how, arena_printf(how->c->arena, "%s/%s", template, parts[i]), folder))
            return false;
    return true;
}

static const char *this_year(struct arena *arena)
{
    const time_t now = time(NULL);
    struct tm utc;
    return gmtime_r(&now, &utc) ? arena_printf(arena, "%d", utc.tm_year + 1900) : "2026";
}

static int cannot_make(struct command *c, const char *folder)
{
    usage_fault(c->report, "E0810", c->verb,
                errno == EEXIST ? "give another name, or remove it first"
                                : "the folder above it must be there and writable",
                "cannot make the folder %s: %s", folder, strerror(errno));
    return 2;
}

int command_new_plugin(struct command *c, const char *name, const char *folder)
{
    const char *slash = strrchr(name, '/'), *word = slash ? slash + 1 : name,
               *dot = strrchr(word, '.');
    const char *id = dot ? word : arena_printf(c->arena, "org.example.%s", word);
    if (!descriptor_id(id))
        return command_usage(c, "a word of a-z, 0-9, _ and -, or an id such as org.example.gain",
                             "'%s' is no name for a plugin", word);
    if (!c->settings->share)
        return command_usage(c, "install Impasto again", "the template of plugins cannot be found");
    const char *language = command_text(c, OPT_LANG), *kind = command_text(c, OPT_KIND);
    language = language ? language : "c";
    kind = kind ? kind : "filter";
    char share[PATH_MAX];
    const char *template = arena_printf(c->arena, "%s/template", c->settings->share);
    const char *sdk = find_sdk(c, template);
    const struct copying how = {
        .c = c,
        .source = !strcmp(language, "c") ? "plugin.c" : "plugin.cpp",
        .marks = (const struct placeholder[]){
            {"@NAME@", dot ? dot + 1 : word},
            {"@ID@", id},
            {"@SDK@", sdk ? sdk : ""},
            {"@SOURCE@", !strcmp(language, "c") ? "plugin.c" : "plugin.cpp"},
            {"@SHARE@", realpath(c->settings->share, share) ? share : c->settings->share},
            {"@YEAR@", this_year(c->arena)},
            {"@IMPASTO@",
             sdk ? arena_printf(c->arena, "%s/impasto", c->settings->program_folder) : "impasto"},
            {NULL, NULL},
        }};
    if (mkdir(folder, 0777) != 0)
        return cannot_make(c, folder);
    if (!copy_all(&how, template, language, kind, folder)) {
        files_remove_tree(folder);
        return 1;
    }
    if (!command_has(c, OPT_QUIET))
        fprintf(c->out, "%s/\nnext: cd %s && make test\n", folder, folder);
    return 0;
}
