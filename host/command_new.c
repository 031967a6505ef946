/* command_new.c - `impasto new preset NAME`: a preset that runs; `new plugin` is in
 * command_new_plugin.c. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>
#include "command.h"
#include "files.h"

static const char start[] =
    "; %s: says in one line what it does.\n"
    ";\n"
    ";   impasto check %s\n"
    ";   impasto run %s photos/ -o out/\n"
    ";   impasto run %s photo.jpg -o out/ --set vars.side=1600 --set soft.sigma=3\n"
    ";\n"
    "; A section is a node: `filter` says what it does, the other keys are its parameters. It "
    "takes what the\n"
    "; section before it gives, unless `in = NODE` says otherwise. `impasto list` shows all "
    "filters,\n"
    "; `impasto describe FILTER --ini` prints a section like these, ready to paste.\n"
    "\n"
    "[preset]\n"
    "title  = %s\n"
    "format = 1\n"
    "\n"
    "[vars]\n"
    "side = 1024                 ; px, the longer side of what is written\n"
    "\n"
    "[photo]                     ; a `load` without a path: the pictures that the run is given\n"
    "filter = load\n"
    "\n"
    "[small]\n"
    "filter    = resize\n"
    "long_edge = ${side}\n"
    "enlarge   = no\n"
    "\n"
    "[soft]\n"
    "filter = blur\n"
    "sigma  = 1.5\n"
    "\n"
    "[out]\n"
    "filter = save\n"
    "name   = {stem}.png\n";

/* The part of a path after its last slash, without .ini. */
static const char *stem_of(struct arena *arena, const char *path)
{
    const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
    const size_t n = strlen(name);
    return n > 4 && !strcmp(name + n - 4, ".ini") ? arena_strndup(arena, name, n - 4) : name;
}

/* Letters that need no quoting in a shell, in a preset's title, as a folder. */
static bool name_fits(const char *stem)
{
    if (*stem == '.' || *stem == '-')
        return false;
    for (; *stem; stem++)
        if (!strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-", *stem) &&
            !(*stem & 0x80))
            return false;
    return true;
}

static int cannot_write(struct command *c, const char *path)
{
    if (errno == EEXIST)
        usage_fault(c->report, "E0810", c->verb, "give another name, or remove it first",
                    "%s is there already", path);
    else
        usage_fault(c->report, "E0810", c->verb, "the folder must be there and writable",
                    "cannot write %s: %s", path, strerror(errno));
    return 2;
}

static int new_preset(struct command *c, const char *name, const char *path)
{
    const char *stem = stem_of(c->arena, name);
    struct text text = {0};
    const int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (fd < 0)
        return cannot_write(c, path);
    text_addf(&text, start, stem, path, path, path, stem);
    const bool written = files_write_all(fd, text.data, text.size);
    text_free(&text);
    if (close(fd) || !written) {
        const int error = errno;
        unlink(path);
        errno = error;
        return cannot_write(c, path);
    }
    if (!command_has(c, OPT_QUIET))
        fprintf(c->out, "%s\nnext: impasto run %s PHOTOS -o out/\n", path, path);
    return 0;
}

int command_new(struct command *c)
{
    const char *kind = c->args->operands[0], *name = c->args->operands[1],
               *out = command_text(c, OPT_OUT);
    const size_t n = strlen(name);
    if (!n || name[n - 1] == '/' || !name_fits(stem_of(c->arena, name)))
        return command_usage(c, "letters, digits and . _ - in it", "'%s' is no name for a %s", name,
                             kind);
    const char *path = out ? arena_printf(c->arena, "%s/%s", out, name) : name;
    if (!strcmp(kind, "plugin"))
        return command_new_plugin(c, name, path);
    if (command_has(c, OPT_LANG) || command_has(c, OPT_KIND))
        return command_usage(c, "impasto new plugin NAME --lang c|c++ --kind filter|service|consumer",
                             "--lang and --kind are of plugins, not of a %s", kind);
    if (strcmp(kind, "preset"))
        return command_usage(c, "impasto new preset NAME, impasto new plugin NAME",
                             "cannot make a new '%s'", kind);
    const bool ends = n > 4 && !strcmp(name + n - 4, ".ini");
    return new_preset(c, name, ends ? path : arena_printf(c->arena, "%s.ini", path));
}
