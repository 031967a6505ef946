/* options.c - parses a verb's arguments by the tables of verbs.c. */
#include "options.h"
#include <stdarg.h>
#include <string.h>

struct parsing {
    struct arena *arena;
    const struct verb *verb;
    int argc, next;
    const char *const *argv;
    struct arguments *out;
    size_t operand_capacity, value_capacity;
    struct report *report;
};

const struct verb *verb_find(const char *name)
{
    for (const struct verb *v = verbs; v->name; v++)
        if (!strcmp(v->name, name))
            return v;
    return NULL;
}

bool verb_takes(const struct verb *verb, enum option_id id)
{
    if (id == OPT_HELP)
        return true;
    for (const enum option_id *i = verb->options; *i != OPT_COUNT; i++)
        if (*i == id)
            return true;
    return false;
}

void usage_fault(struct report *report, const char *code, const struct verb *verb, const char *hint,
                 const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    char message[1024];
    vsnprintf(message, sizeof message, fmt, ap);
    va_end(ap);
    struct fault *fault = report_add(report, SEV_ERROR, code, NULL, "%s", message);
    if (hint)
        fault_note(fault, "%s", hint);
    else
        fault_note(fault, "usage: impasto %s%s%s", verb ? verb->name : "COMMAND",
                   verb && !*verb->operands ? "" : " ", verb ? verb->operands : "...");
    fault_note(fault, "see `impasto%s%s --help`", verb ? " " : "", verb ? verb->name : "");
}

static void add_value(struct parsing *p, enum option_id id, const char *text)
{
    struct arguments *out = p->out;
    out->values = arena_grow(p->arena, out->values, out->value_count, &p->value_capacity,
                             sizeof *out->values);
    out->values[out->value_count++] = (struct option_value){id, text};
}

static void add_operand(struct parsing *p, const char *text)
{
    struct arguments *out = p->out;
    out->operands = arena_grow(p->arena, out->operands, out->operand_count, &p->operand_capacity,
                               sizeof *out->operands);
    out->operands[out->operand_count++] = text;
}

/* The nearest long option that the verb takes, as a hint; or that another verb takes. */
static const char *near_option(struct parsing *p, const char *name)
{
    const char *names[OPT_COUNT];
    size_t n = 0;
    for (int id = 0; id < OPT_COUNT; id++)
        if (verb_takes(p->verb, (enum option_id)id))
            names[n++] = option_rows[id].name;
    const char *near = nearest_name(name, names, n);
    if (near)
        return arena_printf(p->arena, "did you mean --%s?", near);
    for (const struct verb *v = verbs; v->name; v++)
        for (const enum option_id *i = v->options; *i != OPT_COUNT; i++)
            if (!strcmp(option_rows[*i].name, name))
                return arena_printf(p->arena, "it belongs to: impasto %s", v->name);
    return NULL;
}

/* Is the value one of a row's choices? */
static bool choice_fits(const struct option_row *row, const char *text)
{
    const size_t length = strlen(text);
    for (const char *s = row->value; s; s = strchr(s, '|')) {
        s += *s == '|';
        if (length && strcspn(s, "|") == length && !strncmp(s, text, length))
            return true;
    }
    return false;
}

static bool take_value(struct parsing *p, enum option_id id, const char *text)
{
    const struct option_row *row = &option_rows[id];
    if (!text && p->next < p->argc)
        text = p->argv[p->next++];
    if (!text)
        return usage_fault(p->report, "E0803", p->verb, NULL, "--%s needs a value: %s", row->name,
                           row->value),
               false;
    if (row->offer == OFFER_CHOICE && !choice_fits(row, text))
        return usage_fault(p->report, "E0803", p->verb, NULL, "--%s cannot be '%s', but %s",
                           row->name, text, row->value),
               false;
    add_value(p, id, text);
    return true;
}

static bool parse_long(struct parsing *p, const char *argument)
{
    const char *name = argument + 2, *equals = strchr(name, '=');
    const size_t length = equals ? (size_t)(equals - name) : strlen(name);
    int id = 0;
    while (id < OPT_COUNT &&
           (strlen(option_rows[id].name) != length || strncmp(option_rows[id].name, name, length)))
        id++;
    if (id == OPT_COUNT || !verb_takes(p->verb, (enum option_id)id)) {
        const char *word = arena_strndup(p->arena, name, length);
        usage_fault(p->report, "E0802", p->verb, near_option(p, word),
                    "impasto %s has no option --%s", p->verb->name, word);
        return false;
    }
    if (option_rows[id].value)
        return take_value(p, (enum option_id)id, equals ? equals + 1 : NULL);
    if (equals) {
        usage_fault(p->report, "E0803", p->verb, NULL, "--%s takes no value", option_rows[id].name);
        return false;
    }
    if (id == OPT_HELP)
        p->out->help = HELP_FULL;
    else
        add_value(p, (enum option_id)id, "");
    return true;
}

/* -q, -qv, -j2, -qj2, -j 2 */
static bool parse_letters(struct parsing *p, const char *argument)
{
    for (const char *s = argument + 1; *s; s++) {
        int id = 0;
        while (id < OPT_COUNT && (!option_rows[id].letter || *option_rows[id].letter != *s ||
                                  !verb_takes(p->verb, (enum option_id)id)))
            id++;
        if (id == OPT_COUNT) {
            usage_fault(p->report, "E0802", p->verb, NULL, "impasto %s has no option -%c (in '%s')",
                        p->verb->name, *s, argument);
            return false;
        }
        if (option_rows[id].value)
            return take_value(p, (enum option_id)id, s[1] ? s + 1 : NULL);
        if (id != OPT_HELP)
            add_value(p, (enum option_id)id, "");
        else if (!p->out->help)
            p->out->help = HELP_SHORT;
    }
    return true;
}

static bool count_fits(struct parsing *p)
{
    const int n = (int)p->out->operand_count;
    const struct verb *v = p->verb;
    if (n < v->operands_min)
        usage_fault(p->report, "E0804", v, NULL, "impasto %s needs %s", v->name, v->operands);
    else if (v->operands_max >= 0 && n > v->operands_max)
        usage_fault(p->report, "E0804", v, NULL, "impasto %s has nothing to do with '%s'", v->name,
                    p->out->operands[v->operands_max]);
    else
        return true;
    return false;
}

/* An option that does not repeat and is given twice with two values has one without effect. */
static bool once_each(struct parsing *p)
{
    const struct arguments *out = p->out;
    for (size_t i = 0; i < out->value_count; i++)
        for (size_t j = i + 1; j < out->value_count; j++)
            if (out->values[i].id == out->values[j].id && !option_rows[out->values[i].id].repeats &&
                strcmp(out->values[i].text, out->values[j].text)) {
                usage_fault(p->report, "E0805", p->verb, NULL, "--%s is given twice: '%s' and '%s'",
                            option_rows[out->values[i].id].name, out->values[i].text,
                            out->values[j].text);
                return false;
            }
    return true;
}

bool arguments_parse(struct arena *arena, const struct verb *verb, int argc,
                     const char *const *argv, struct arguments *out, struct report *report)
{
    *out = (struct arguments){.verb = verb};
    struct parsing p = {
        .arena = arena, .verb = verb, .argc = argc, .argv = argv, .out = out, .report = report};
    bool only_operands = false;
    while (p.next < argc) {
        const char *argument = argv[p.next++];
        if (only_operands || argument[0] != '-' || !argument[1])
            add_operand(&p, argument);
        else if (!strcmp(argument, "--"))
            only_operands = true;
        else if (!(argument[1] == '-' ? parse_long(&p, argument) : parse_letters(&p, argument)))
            return false;
    }
    return out->help || (once_each(&p) && count_fits(&p));
}

const char *arguments_text(const struct arguments *a, enum option_id id)
{
    for (size_t i = a->value_count; i-- > 0;)
        if (a->values[i].id == id)
            return a->values[i].text;
    return NULL;
}

bool arguments_have(const struct arguments *a, enum option_id id)
{
    return arguments_text(a, id) != NULL;
}

const char *const *arguments_all(struct arena *arena, const struct arguments *a, enum option_id id,
                                 size_t *n)
{
    const char **all = arena_alloc(arena, a->value_count + 1, sizeof *all);
    *n = 0;
    for (size_t i = 0; i < a->value_count; i++)
        if (a->values[i].id == id)
            all[(*n)++] = a->values[i].text;
    return all;
}
