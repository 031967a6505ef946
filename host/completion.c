/* completion.c - scripts for bash, zsh and fish, from the tables. What only the program knows
 * (presets, filters, the keys of a preset) the scripts ask it for: impasto list --names. */
#include <string.h>
#include "command.h"

/* The command whose lines are the candidates, "" = none; $1 is the preset on the line in bash and
 * zsh. */
static const char *names_command(enum offer offer)
{
    switch (offer) {
    case OFFER_PRESET:
        return "impasto list presets --names";
    case OFFER_NODE:
        return "impasto list nodes \"$preset\" --names";
    case OFFER_PARAM:
        return "impasto list params \"$preset\" --names";
    case OFFER_NAME:
        return "impasto list filters --names; impasto list plugins --names; impasto list presets "
               "--names; "
               "impasto list errors --names";
    default:
        return "";
    }
}

static void add_verb_names(struct text *out)
{
    for (const struct verb *v = verbs; v->name; v++)
        text_addf(out, "%s%s", v == verbs ? "" : " ", v->name);
}

/* "text|dot|svg" with blanks between. */
static void add_choices(struct text *out, const char *choices)
{
    for (; *choices; choices++)
        text_addf(out, "%c", *choices == '|' ? ' ' : *choices);
}

/* The words that an operand with OFFER_CHOICE can be: these commands have them in their usage. */
static const char *operand_words(const struct verb *v)
{
    if (strcmp(v->name, "new") == 0)
        return "preset plugin";
    return strcmp(v->name, "model") == 0
               ? "info ops convert diff"
               : "filters plugins presets services paths errors nodes params";
}

/* Which word of the line is the preset: the first operand, the second of `list`. */
static int preset_place(const struct verb *v)
{
    return v->first == OFFER_PRESET ? 1 : v->rest == OFFER_PRESET ? 2 : 0;
}

/* ---- bash ---- */

static const char bash_head[] =
    "# bash completion of impasto; made by `impasto help --completion bash`\n"
    "_impasto_words() { mapfile -t COMPREPLY < <(compgen -W \"$1\" -- \"$cur\"); }\n"
    "_impasto_names() { _impasto_words \"$(\"$@\" 2>/dev/null)\"; }\n"
    "_impasto_files() {\n"
    "    compopt -o filenames 2>/dev/null\n"
    "    mapfile -t COMPREPLY < <(compgen \"$1\" -- \"$cur\")\n"
    "}\n"
    "_impasto_presets() {\n"
    "    local names\n"
    "    names=$(impasto list presets --names 2>/dev/null)\n"
    "    compopt -o filenames 2>/dev/null\n"
    "    mapfile -t COMPREPLY < <(compgen -W \"$names\" -- \"$cur\"; compgen -f -X '!*.ini' -- "
    "\"$cur\"; compgen -d -- \"$cur\")\n"
    "}\n"
    "_impasto() {\n"
    "    local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} "
    "verb=${COMP_WORDS[1]}\n"
    "    local i word place=0 preset='' valued='' options=''\n"
    "    COMPREPLY=()\n"
    "    [[ $cur == = ]] && cur=''\n"
    "    [[ $prev == = ]] && prev=${COMP_WORDS[COMP_CWORD-2]}\n";

static void bash_verb_options(const struct verb *v, struct text *out)
{
    text_addf(out, "    %s) options='", v->name);
    for (const enum option_id *id = v->options; *id != OPT_COUNT; id++)
        text_addf(out, "--%s ", option_rows[*id].name);
    text_add(out, "--help' valued=' ");
    for (const enum option_id *id = v->options; *id != OPT_COUNT; id++) {
        const struct option_row *row = &option_rows[*id];
        if (row->value)
            text_addf(out, "--%s ", row->name);
        if (row->value && row->letter)
            text_addf(out, "-%s ", row->letter);
    }
    text_addf(out, "' ;;\n");
}

static void bash_offer(enum offer offer, const char *choices, struct text *out)
{
    const char *names = names_command(offer);
    switch (offer) {
    case OFFER_FILE:
        text_add(out, "_impasto_files -f");
        break;
    case OFFER_FOLDER:
        text_add(out, "_impasto_files -d");
        break;
    case OFFER_PLUGIN:
        text_add(
            out,
            "compopt -o filenames; mapfile -t COMPREPLY < <(compgen -f -X '!*.so' -- \"$cur\"; "
            "compgen -d -- \"$cur\")");
        break;
    case OFFER_PRESET:
        text_add(out, "_impasto_presets");
        break;
    case OFFER_CHOICE:
        text_add(out, "_impasto_words '");
        add_choices(out, choices);
        text_add(out, "'");
        break;
    case OFFER_VERB:
        text_add(out, "_impasto_words '");
        add_verb_names(out);
        text_add(out, "'");
        break;
    case OFFER_NAME:
        text_addf(out, "_impasto_words \"$( { %s; } 2>/dev/null)\"", names);
        break;
    case OFFER_NODE:
        text_addf(out, "_impasto_names %s", names);
        break;
    case OFFER_PARAM:
        text_addf(out,
                  "compopt -o nospace; _impasto_names %s; COMPREPLY=(\"${COMPREPLY[@]/%%/=}\")",
                  names);
        break;
    case OFFER_NOTHING:
        text_add(out, ":");
        break;
    }
}

/* The program's own letters mean the same for all verbs. */
static void bash_values(struct text *out)
{
    text_add(out, "    case $prev in\n");
    for (int id = 0; id < OPT_COUNT; id++) {
        const struct option_row *row = &option_rows[id];
        if (!row->value)
            continue;
        text_addf(out, "    --%s%s%s) [[ $valued == *\" $prev \"* ]] && { ", row->name,
                  row->letter ? "|-" : "", row->letter ? row->letter : "");
        bash_offer(row->offer, row->value, out);
        text_add(out, "; return; } ;;\n");
    }
    text_add(out, "    esac\n");
}

static void bash_operands(const struct verb *v, struct text *out)
{
    text_addf(out, "    %s)\n        if ((place == 0)); then ", v->name);
    bash_offer(v->first, v->first == OFFER_CHOICE ? operand_words(v) : "", out);
    text_add(out, "\n        else ");
    bash_offer(v->rest, "", out);
    text_add(out, "; fi ;;\n");
}

static void bash_script(struct text *out)
{
    text_add(out, bash_head);
    text_add(out, "    if ((COMP_CWORD == 1)); then _impasto_words '");
    add_verb_names(out);
    text_add(out, " --help --version'; return; fi\n    case $verb in\n");
    for (const struct verb *v = verbs; v->name; v++)
        bash_verb_options(v, out);
    text_add(out, "    esac\n"
                  "    for ((i = 2; i < COMP_CWORD; i++)); do\n"
                  "        word=${COMP_WORDS[i]}\n"
                  "        if [[ $valued == *\" $word \"* ]]; then\n"
                  "            [[ ${COMP_WORDS[i+1]} == = ]] && i=$((i + 1))\n"
                  "            i=$((i + 1))\n"
                  "        elif [[ $word != -* ]]; then\n"
                  "            place=$((place + 1))\n"
                  "            case $verb:$place in");
    const char *bar = " ";
    for (const struct verb *v = verbs; v->name; v++)
        if (preset_place(v)) {
            text_addf(out, "%s%s:%d", bar, v->name, preset_place(v));
            bar = "|";
        }
    text_add(out, ") preset=$word ;; esac\n        fi\n    done\n");
    bash_values(out);
    text_add(out, "    if [[ $cur == -* ]]; then _impasto_words \"$options\"; return; fi\n    case "
                  "$verb in\n");
    for (const struct verb *v = verbs; v->name; v++)
        bash_operands(v, out);
    text_add(out, "    esac\n}\ncomplete -F _impasto impasto\n");
}

/* ---- zsh ---- */

/* Text inside '...[...]': no quotes, brackets or colons. */
static void add_zsh_text(struct text *out, const char *s)
{
    for (; *s; s++)
        if (*s == '\'')
            text_add(out, "'\\''");
        else
            text_addf(out, "%s%c", *s == '[' || *s == ']' || *s == ':' ? "\\" : "", *s);
}

static void zsh_offer(enum offer offer, const char *choices, struct text *out)
{
    switch (offer) {
    case OFFER_FILE:
        text_add(out, "_files");
        break;
    case OFFER_FOLDER:
        text_add(out, "_files -/");
        break;
    case OFFER_PLUGIN:
        text_add(out, "_files -g \"*.so\"");
        break;
    case OFFER_PRESET:
        text_add(out, "_impasto_presets");
        break;
    case OFFER_NODE:
        text_add(out, "_impasto_of_preset nodes");
        break;
    case OFFER_PARAM:
        text_add(out, "_impasto_of_preset params");
        break;
    case OFFER_NAME:
        text_add(out, "_impasto_all_names");
        break;
    case OFFER_VERB:
        text_add(out, "(");
        add_verb_names(out);
        text_add(out, ")");
        break;
    case OFFER_CHOICE:
        text_add(out, "(");
        add_choices(out, choices);
        text_add(out, ")");
        break;
    case OFFER_NOTHING:
        text_add(out, " ");
        break;
    }
}

static void zsh_option(enum option_id id, struct text *out)
{
    const struct option_row *row = &option_rows[id];
    const char *star = row->repeats ? "*" : "";
    if (row->letter && row->value)
        text_addf(out, " '(-%s --%s)'{-%s+,--%s=}'[", row->letter, row->name, row->letter,
                  row->name);
    else if (row->letter)
        text_addf(out, " '(-%s --%s)'{-%s,--%s}'[", row->letter, row->name, row->letter, row->name);
    else
        text_addf(out, " '%s--%s%s[", star, row->name, row->value ? "=" : "");
    add_zsh_text(out, row->help);
    text_add(out, "]");
    if (row->value) {
        text_add(out, ":");
        add_zsh_text(out, row->value);
        text_add(out, ":");
        zsh_offer(row->offer, row->value, out);
    }
    text_add(out, "'");
}

static void zsh_verb(const struct verb *v, struct text *out)
{
    text_addf(out, "    %s) _arguments -s -S", v->name);
    for (const enum option_id *id = v->options; *id != OPT_COUNT; id++)
        zsh_option(*id, out);
    zsh_option(OPT_HELP, out);
    if (v->operands_max != 0) {
        text_add(out, " '1: :");
        zsh_offer(v->first, v->first == OFFER_CHOICE ? operand_words(v) : "", out);
        text_add(out, "'");
    }
    if (v->operands_max < 0 || v->operands_max > 1) {
        text_add(out, " '*: :");
        zsh_offer(v->rest, "", out);
        text_add(out, "'");
    }
    text_add(out, " ;;\n");
}

static void zsh_script(struct text *out)
{
    text_add(
        out,
        "#compdef impasto\n# zsh completion of impasto; made by `impasto help --completion zsh`\n"
        "_impasto_presets() {\n"
        "    local -a names; names=(${(f)\"$(impasto list presets --names 2>/dev/null)\"})\n"
        "    _alternative 'presets:preset:compadd -a names' 'files:preset file:_files -g "
        "\"*.ini\"'\n}\n"
        "_impasto_of_preset() {\n"
        "    local -a names; local word preset=''\n"
        "    for word in ${words[2,CURRENT-1]}; do\n"
        "        [[ $word != -* ]] && impasto list nodes \"$word\" --names >/dev/null 2>&1 && "
        "preset=$word && break\n"
        "    done\n"
        "    names=(${(f)\"$(impasto list $1 \"$preset\" --names 2>/dev/null)\"})\n"
        "    if [[ $1 == params ]]; then compadd -S '=' -a names; else compadd -a names; fi\n}\n"
        "_impasto_all_names() {\n    local -a names; names=(${(f)\"$(");
    text_add(out, names_command(OFFER_NAME));
    text_add(out, ")\"})\n    compadd -a names\n}\n"
                  "_impasto() {\n    if ((CURRENT == 2)); then\n        local -a verbs; verbs=(\n");
    for (const struct verb *v = verbs; v->name; v++) {
        text_addf(out, "            '%s:", v->name);
        add_zsh_text(out, v->summary);
        text_add(out, "'\n");
    }
    text_add(out,
             "        )\n        _describe command verbs\n        return\n    fi\n"
             "    local verb=${words[2]}\n    shift words\n    ((CURRENT--))\n    case $verb in\n");
    for (const struct verb *v = verbs; v->name; v++)
        zsh_verb(v, out);
    text_add(out, "    esac\n}\nif [[ $funcstack[1] == _impasto ]]; then _impasto \"$@\"; else "
                  "compdef _impasto impasto; fi\n");
}

/* ---- fish ---- */

static void add_fish_text(struct text *out, const char *s)
{
    for (; *s; s++)
        text_addf(out, "%s%c", *s == '\'' || *s == '\\' ? "\\" : "", *s);
}

static void fish_offer(enum offer offer, const char *choices, struct text *out)
{
    switch (offer) {
    case OFFER_FILE:
        break;
    case OFFER_PLUGIN:
        text_add(out, " -a '(__fish_complete_suffix .so)'");
        break;
    case OFFER_FOLDER:
        text_add(out, " -f -a '(__fish_complete_directories)'");
        break;
    case OFFER_PRESET:
        text_add(
            out,
            " -k -a '(impasto list presets --names 2>/dev/null; __fish_complete_suffix .ini)'");
        break;
    case OFFER_NODE:
        text_add(out, " -f -a '(__impasto_of_preset nodes)'");
        break;
    case OFFER_PARAM:
        text_add(out, " -f -a '(__impasto_of_preset params)='");
        break;
    case OFFER_NAME:
        text_addf(out, " -f -a '(begin; %s; end 2>/dev/null)'", names_command(offer));
        break;
    case OFFER_VERB:
        text_add(out, " -f -a '");
        add_verb_names(out);
        text_add(out, "'");
        break;
    case OFFER_CHOICE:
        text_add(out, " -f -a '");
        add_choices(out, choices);
        text_add(out, "'");
        break;
    case OFFER_NOTHING:
        text_add(out, " -f");
        break;
    }
}

static void fish_option(const struct verb *v, enum option_id id, struct text *out)
{
    const struct option_row *row = &option_rows[id];
    text_addf(out, "complete -c impasto -n '__fish_seen_subcommand_from %s' -l %s", v->name,
              row->name);
    if (row->letter)
        text_addf(out, " -s %s", row->letter);
    text_add(out, row->value ? " -r" : "");
    if (row->value)
        fish_offer(row->offer, row->value, out);
    text_add(out, " -d '");
    add_fish_text(out, row->help);
    text_add(out, "'\n");
}

static void fish_operands(const struct verb *v, enum offer offer, const char *count,
                          struct text *out)
{
    text_addf(
        out,
        "complete -c impasto -n '__fish_seen_subcommand_from %s; and test (__impasto_operands) %s'",
        v->name, count);
    if (offer == OFFER_FILE)
        text_add(out, " -F");
    fish_offer(offer, offer == OFFER_CHOICE ? operand_words(v) : "", out);
    text_add(out, "\n");
}

static void fish_script(struct text *out)
{
    text_add(out, "# fish completion of impasto; made by `impasto help --completion fish`\n"
                  "function __impasto_operands\n"
                  "    set -l words (string match -v -- '-*' (commandline -opc))\n"
                  "    math (count $words) - 2\n"
                  "end\n"
                  "function __impasto_of_preset\n"
                  "    for word in (string match -v -- '-*' (commandline -opc))[3..-1]\n"
                  "        if impasto list nodes $word --names >/dev/null 2>&1\n"
                  "            impasto list $argv[1] $word --names\n"
                  "            return\n"
                  "        end\n"
                  "    end\n"
                  "end\n");
    for (const struct verb *v = verbs; v->name; v++) {
        text_addf(out, "complete -c impasto -n __fish_use_subcommand -f -a %s -d '", v->name);
        add_fish_text(out, v->summary);
        text_add(out, "'\n");
        for (const enum option_id *id = v->options; *id != OPT_COUNT; id++)
            fish_option(v, *id, out);
        fish_option(v, OPT_HELP, out);
        if (v->operands_max != 0)
            fish_operands(v, v->first, "-eq 0", out);
        if (v->operands_max < 0 || v->operands_max > 1)
            fish_operands(v, v->rest, "-gt 0", out);
    }
}

bool completion_script(const char *shell, struct text *out)
{
    if (!strcmp(shell, "bash"))
        bash_script(out);
    else if (!strcmp(shell, "zsh"))
        zsh_script(out);
    else if (!strcmp(shell, "fish"))
        fish_script(out);
    else
        return false;
    return true;
}
