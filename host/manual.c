/* manual.c - manual pages as roff, from the same tables as --help. */
#include "manual.h"
#include <ctype.h>
#include <string.h>
#include "command.h"

/* Text as roff: `word` in bold, hyphens that can be copied; a line never begins as a request. */
static void add_roff(struct text *out, const char *s, size_t n)
{
    bool bold = false, line_start = true;
    for (size_t i = 0; i < n; line_start = s[i++] == '\n') {
        if (line_start && (s[i] == '.' || s[i] == '\''))
            text_add(out, "\\&");
        if (s[i] == '\\')
            text_add(out, "\\e");
        else if (s[i] == '-')
            text_add(out, "\\-");
        else if (s[i] == '`') {
            bold = !bold;
            text_add(out, bold ? "\\fB" : "\\fR");
        } else
            text_addn(out, s + i, 1);
    }
}

static void add_plain(struct text *out, const char *s)
{
    add_roff(out, s, strlen(s));
}

static void add_header(struct text *out, const char *title, int section, const char *version)
{
    text_add(out, ".TH \"");
    for (const char *s = title; *s; s++)
        text_addf(out, "%s%c", *s == '-' ? "\\" : "", toupper((unsigned char)*s));
    text_addf(out, "\" %d \"\" \"Impasto %s\" \"Impasto\"\n.nh\n.ad l\n.SH NAME\n", section,
              version);
}

/* Paragraphs with empty lines between. */
static void add_paragraphs(struct text *out, const char *s)
{
    while (*s) {
        const char *end = strstr(s, "\n\n");
        const size_t n = end ? (size_t)(end - s) : strlen(s);
        add_roff(out, s, n);
        text_add(out, "\n");
        s += n;
        if (*s) {
            text_add(out, ".PP\n");
            s += strspn(s, "\n");
        }
    }
}

static void add_term(struct text *out, const char *term, const char *value, const char *what,
                     const char *more)
{
    text_add(out, ".TP\n\\fB");
    add_plain(out, term);
    text_add(out, "\\fR");
    if (value) {
        text_add(out, " \\fI");
        add_plain(out, value);
        text_add(out, "\\fR");
    }
    text_add(out, "\n");
    add_plain(out, what);
    if (more) {
        text_add(out, ".\n");
        add_plain(out, more);
    }
    text_add(out, "\n");
}

static void add_option(struct text *out, enum option_id id)
{
    const struct option_row *row = &option_rows[id];
    char term[64];
    if (row->letter)
        snprintf(term, sizeof term, "-%s, --%s", row->letter, row->name);
    else
        snprintf(term, sizeof term, "--%s", row->name);
    add_term(out, term, row->value, row->help, row->more);
}

static void add_environment(struct text *out)
{
    text_add(out, ".SH ENVIRONMENT\n");
    for (const struct help_variable *v = help_variables; v->name; v++)
        add_term(out, v->name, NULL, v->what, NULL);
}

static void add_see_also(struct text *out, const char *self)
{
    text_add(out, ".SH SEE ALSO\n");
    if (strcmp(self, "impasto") != 0)
        text_add(out, ".BR impasto (1),\n");
    for (const struct verb *v = verbs; v->name; v++)
        if (strcmp(v->name, self) != 0)
            text_addf(out, ".BR impasto\\-%s (1),\n", v->name);
    text_add(out, ".BR impasto\\-preset (5),\n.BR impasto\\-plugin (7)\n");
}

static void verb_page(const struct verb *v, const char *version, struct text *out)
{
    const char *title = v->name;
    char name[64];
    snprintf(name, sizeof name, "impasto-%s", title);
    add_header(out, name, 1, version);
    text_addf(out, "impasto\\-%s \\- ", title);
    add_plain(out, v->summary);
    text_addf(out, "\n.SH SYNOPSIS\n.B impasto %s\n", title);
    add_plain(out, v->operands);
    text_add(out, "\n[options]\n.SH EXAMPLES\n");
    for (const struct example *e = v->examples; e->line; e++)
        add_term(out, e->line, NULL, e->what ? e->what : "\\&", NULL);
    if (v->text) {
        text_add(out, ".SH DESCRIPTION\n");
        add_paragraphs(out, v->text);
    }
    text_add(out, ".SH OPTIONS\n");
    for (const enum option_id *id = v->options; *id != OPT_COUNT; id++)
        add_option(out, *id);
    add_option(out, OPT_HELP);
    text_add(out, ".SH EXIT STATUS\n");
    add_plain(out, help_exits);
    text_add(out, "\n");
    add_see_also(out, title);
}

static void main_page(const char *version, struct text *out)
{
    add_header(out, "impasto", 1, version);
    text_add(out, "impasto \\- run chains of image filters over pictures and folders of them\n"
                  ".SH SYNOPSIS\n.B impasto\n.I COMMAND\n\\&...\n.SH DESCRIPTION\n");
    add_paragraphs(
        out,
        "Filters come from plugins; a `preset`, an INI file, chains them; `impasto run` works a "
        "preset "
        "off over pictures. Each command has a page of its own.\n\n"
        "Standard output is data, standard error messages. Nothing is asked for, and nothing ever "
        "uses a network.");
    text_add(out, ".SH COMMANDS\n");
    for (const struct verb *v = verbs; v->name; v++)
        add_term(out, v->name, v->operands, v->summary, NULL);
    add_environment(out);
    text_add(out, ".SH FILES\n");
    add_term(out, "$XDG_CONFIG_HOME/impasto/impasto.ini", NULL,
             "defaults: [run] jobs, threads, mem, overwrite, private, exact, no-cache; [paths] "
             "plugin-path, preset-path, "
             "model-path",
             NULL);
    add_term(out, "$XDG_DATA_HOME/impasto/", NULL, "presets/, models/ and plugins-1/ of the user",
             NULL);
    add_term(out, "$XDG_CACHE_HOME/impasto/", NULL, "what may be deleted at any time", NULL);
    add_term(out, "OUT/.impasto/", NULL, "the record of the runs into a folder", NULL);
    text_add(out, ".SH SIGNALS\n");
    add_paragraphs(out, "SIGINT and SIGTERM stop within a tenth of a second and leave nothing "
                        "half-written; a second SIGINT "
                        "ends at once. SIGUSR1 prints where a run is.");
    text_add(out, ".SH EXIT STATUS\n");
    add_plain(out, help_exits);
    text_add(out, "\n");
    add_see_also(out, "impasto");
}

/* ---- pages in light markup ---- */

static void add_entry(struct text *out, const char *line, size_t n)
{
    const char *bar = memchr(line, '|', n);
    const size_t term = bar ? (size_t)(bar - line) : n;
    text_add(out, ".TP\n\\fB");
    add_roff(out, line, term && line[term - 1] == ' ' ? term - 1 : term);
    text_add(out, "\\fR\n");
    if (bar && term + 2 < n)
        add_roff(out, line + term + 2, n - term - 2);
    text_add(out, "\n");
}

static void add_markup(struct text *out, const char *s)
{
    bool code = false;
    while (*s) {
        const size_t n = strcspn(s, "\n");
        const bool is_code = s[0] == '>';
        if (is_code != code)
            text_add(out, is_code ? ".PP\n.RS 4\n.nf\n" : ".fi\n.RE\n");
        code = is_code;
        if (is_code) {
            add_roff(out, s + (n > 1 ? 2 : 1), n > 1 ? n - 2 : 0);
            text_add(out, "\n");
        } else if (!strncmp(s, "# ", 2))
            text_addf(out, ".SH \"%.*s\"\n", (int)(n - 2), s + 2);
        else if (!strncmp(s, "- ", 2))
            add_entry(out, s + 2, n - 2);
        else if (n) {
            add_roff(out, s, n);
            text_add(out, "\n");
        } else if (s[1] != '>')
            text_add(out, ".PP\n");
        s += n + (s[n] == '\n');
    }
}

static void format_page(const char *name, int section, const char *summary, const char *markup,
                        const char *version, struct text *out)
{
    add_header(out, name, section, version);
    add_plain(out, name);
    text_add(out, " \\- ");
    add_plain(out, summary);
    text_add(out, "\n.SH DESCRIPTION\n");
    add_markup(out, markup);
    add_see_also(out, name);
}

bool manual_page(const char *page, const char *version, struct text *out)
{
    const struct verb *verb = verb_find(page);
    if (verb)
        verb_page(verb, version, out);
    else if (!strcmp(page, "impasto"))
        main_page(version, out);
    else if (!strcmp(page, "preset"))
        format_page("impasto-preset", 5, "chains of filters as INI files", manual_preset, version,
                    out);
    else if (!strcmp(page, "plugin"))
        format_page("impasto-plugin", 7, "filters and services as shared libraries", manual_plugin,
                    version, out);
    else
        return false;
    return true;
}
