/* help.c - -h and --help from the tables, 80 columns wide. */
#include "command.h"
#include "wrap.h"

enum { COLUMN = 26 };

static void add_usage(const struct verb *verb, struct text *out)
{
    bool options = verb->options[0] != OPT_COUNT;
    text_addf(out, "usage: impasto %s%s%s", verb->name, *verb->operands ? " " : "", verb->operands);
    text_add(out, options ? " [options]\n\n" : "\n\n");
    text_addf(out, "%s\n", verb->summary);
}

static void add_examples(const struct verb *verb, struct text *out)
{
    text_add(out, "\nexamples:\n");
    for (const struct example *e = verb->examples; e->line; e++) {
        text_addf(out, "  %s\n", e->line);
        if (e->what) {
            text_add(out, "      ");
            wrap_add(out, 6, 6, "", e->what);
        }
    }
}

static void add_option(enum option_id id, bool full, struct text *out)
{
    const struct option_row *row = &option_rows[id];
    const size_t start = out->size;
    if (row->letter)
        text_addf(out, "  -%s, --%s", row->letter, row->name);
    else
        text_addf(out, "      --%s", row->name);
    if (row->value)
        text_addf(out, " %s", row->value);
    size_t at = out->size - start;
    if (at + 2 > COLUMN) {
        text_add(out, "\n");
        at = 0;
    }
    text_addf(out, "%*s", (int)(COLUMN - at), "");
    wrap_add(out, COLUMN, COLUMN, "", row->help);
    if (full && row->more) {
        text_addf(out, "%*s", COLUMN, "");
        wrap_add(out, COLUMN, COLUMN, "", row->more);
    }
}

static void add_options(const struct verb *verb, bool full, struct text *out)
{
    text_add(out, "\noptions:\n");
    for (const enum option_id *id = verb->options; *id != OPT_COUNT; id++)
        add_option(*id, full, out);
    add_option(OPT_HELP, full, out);
}

const char help_exits[] =
    "0 all done; 1 nothing succeeded; 2 the command line or the preset is wrong, nothing was done; "
    "3 finished, some items failed; 4 a plugin or model that is there cannot be loaded; "
    "5 memory, disk or time would not do; 130, 143 interrupted.";

void help_verb(const struct verb *verb, enum help_level level, struct text *out)
{
    add_usage(verb, out);
    if (level == HELP_FULL) {
        add_examples(verb, out);
        if (verb->text) {
            text_add(out, "\n");
            wrap_add(out, 0, 0, "", verb->text);
        }
    }
    add_options(verb, level == HELP_FULL, out);
    if (level == HELP_SHORT) {
        text_addf(out, "\nexamples and details: impasto %s --help\n", verb->name);
        return;
    }
    text_add(out, "\nexit status:\n  ");
    wrap_add(out, 2, 2, "", help_exits);
}

static void add_verbs(struct text *out)
{
    text_add(out, "\ncommands:\n");
    for (const struct verb *v = verbs; v->name; v++) {
        text_addf(out, "  %-10s ", v->name);
        wrap_add(out, 13, 13, "", v->summary);
    }
}

const struct help_variable help_variables[] = {
    {"IMPASTO_PLUGIN_PATH", "folders with plugins, `:` between"},
    {"IMPASTO_PRESET_PATH", "folders with presets"},
    {"IMPASTO_MODEL_PATH", "folders with models"},
    {"IMPASTO_THREADS", "as --threads"},
    {"IMPASTO_MEM", "as --mem"},
    {"IMPASTO_LOG", "error, warning, info or debug: how much is said"},
    {"IMPASTO_SIMD", "auto, avx512, avx2 or portable: the best vector instructions that networks may use"},
    {"NO_COLOR, CLICOLOR_FORCE", "no colour at all; colour in a pipe too"},
    {"SOURCE_DATE_EPOCH", "the time that records carry"},
    {NULL, NULL},
};

void help_overview(struct text *out, enum help_level level)
{
    text_add(out, "usage: impasto COMMAND ...\n\nRun chains of image filters over pictures and "
                  "folders of them.\n");
    if (level == HELP_FULL)
        text_add(out, "\nexamples:\n"
                      "  impasto list presets                     what can be run at once\n"
                      "  impasto run vintage photos/ -o painted/  a preset over a folder\n"
                      "  impasto describe blur                    a filter and its parameters\n"
                      "  impasto new preset mine                  a preset of one's own\n");
    add_verbs(out);
    if (level == HELP_SHORT) {
        text_add(out, "\nhelp on one: impasto COMMAND -h, with examples: impasto COMMAND --help\n");
        return;
    }
    text_add(out, "\nenvironment:\n");
    for (const struct help_variable *v = help_variables; v->name; v++) {
        text_addf(out, "  %-24s ", v->name);
        wrap_add(out, 27, 27, "", v->what);
    }
    text_add(out, "\nfiles:\n"
                  "  $XDG_CONFIG_HOME/impasto/impasto.ini       defaults: [run] jobs, mem ...\n"
                  "  $XDG_DATA_HOME/impasto/                    presets/ models/ plugins-1/\n"
                  "  $XDG_CACHE_HOME/impasto/                   may be deleted\n"
                  "  OUT/.impasto/                              record of the runs into OUT\n"
                  "\nexit status:\n  ");
    wrap_add(out, 2, 2, "", help_exits);
}
