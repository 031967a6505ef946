#include <stdio.h>
#include <string.h>
#include "batch.h"
#include "params.h"

/* One {...} of a template: what is inside, without a ":width". */
struct piece {
    const char *what;
    size_t length;
    unsigned width;   /* of {n:4} */
    bool literal;     /* text between placeholders */
};

/* The next piece of *rest, which moves on; false at the end. A lone brace is a piece of length 0 that is no
 * literal. */
static bool next_piece(const char **rest, struct piece *out)
{
    const char *s = *rest;
    *out = (struct piece){.what = s};
    if (!*s)
        return false;
    if ((s[0] == '{' || s[0] == '}') && s[0] == s[1]) {
        *out = (struct piece){.what = s, .length = 1, .literal = true};
        *rest = s + 2;
        return true;
    }
    if (*s != '{' && *s != '}') {
        out->length = strcspn(s, "{}");
        out->literal = true;
        *rest = s + out->length;
        return true;
    }
    const size_t n = *s == '{' ? strcspn(s + 1, "{}") : 0;
    if (*s == '}' || s[1 + n] != '}') {
        *rest = s + 1;
        return true;
    }
    out->what = s + 1;
    out->length = n;
    *rest = s + n + 2;
    for (size_t i = 0; i < n; i++)
        if (s[1 + i] == ':') {
            long long width = 0;
            char *digits = (char[16]){0};
            snprintf(digits, 16, "%.*s", (int)(n - i - 1), s + 2 + i);
            out->width = parse_integer(digits, &width) && width > 0 && width < 20 ? (unsigned)width : 99;
            out->length = i;
        }
    return true;
}

static bool is(const struct piece *p, const char *word)
{
    return !p->literal && strlen(word) == p->length && !memcmp(p->what, word, p->length);
}

bool names_mention(const char *tmpl, const char *what)
{
    struct piece p;
    while (next_piece(&tmpl, &p))
        if (is(&p, what))
            return true;
    return false;
}

const char *names_quote(struct arena *arena, const char *text)
{
    char *out = arena_alloc(arena, 2 * strlen(text) + 1, 1), *to = out;
    for (; *text; text++) {
        if (*text == '{' || *text == '}')
            *to++ = *text;
        *to++ = *text;
    }
    return out;
}

/* ---- values of placeholders ---- */

/* Node and parameter of "node.param"; false: no such node (param NULL) or parameter. */
static bool find_param(const struct graph *g, const struct piece *p, const struct node **node,
                       uint32_t *param)
{
    *node = NULL;
    const char *dot = memchr(p->what, '.', p->length);
    if (!dot)
        return false;
    const size_t left = (size_t)(dot - p->what), right = p->length - left - 1;
    for (uint32_t i = 0; i < g->node_count; i++)
        if (strlen(g->nodes[i].name) == left && !memcmp(g->nodes[i].name, p->what, left))
            *node = &g->nodes[i];
    if (!*node)
        return false;
    const imp_filter *d = &(*node)->filter->desc;
    for (*param = 0; *param < d->param_count; ++*param)
        if (strlen(d->params[*param].key) == right && !memcmp(d->params[*param].key, dot + 1, right))
            return true;
    return false;
}

static const char *param_value(struct arena *arena, const struct graph *g, const struct piece *p)
{
    const struct node *node;
    uint32_t i;
    if (!find_param(g, p, &node, &i))
        return "";
    const imp_param *row = &node->filter->desc.params[i];
    if (row->type == IMP_PATH) { /* the name says enough: "waves" of ../paintings/waves.png */
        const char *path = node->params[i].s.ptr, *slash = path ? strrchr(path, '/') : NULL;
        const char *name = slash ? slash + 1 : path ? path : "";
        const char *dot = strrchr(name, '.');
        return dot && dot != name ? arena_strndup(arena, name, (size_t)(dot - name)) : name;
    }
    return params_print(arena, row, &node->params[i]);
}

static const char *preset_stem(struct arena *arena, const struct graph *g)
{
    const char *slash = strrchr(g->preset->path, '/');
    const char *name = slash ? slash + 1 : g->preset->path;
    const char *dot = strrchr(name, '.');
    return dot && dot != name ? arena_strndup(arena, name, (size_t)(dot - name)) : name;
}

/* A value never adds a folder, nor hides or climbs: "/" and control bytes become "_". */
static const char *tame(struct arena *arena, const char *value)
{
    char *s = arena_strdup(arena, value);
    for (char *p = s; *p; p++)
        if (*p == '/' || (unsigned char)*p < 0x20 || *p == 0x7f)
            *p = '_';
    if (!strcmp(s, "..") || !strcmp(s, "."))
        *s = '_';
    return s;
}

static const char *value_of_piece(struct arena *arena, const struct piece *p, const struct graph *g,
                                  const struct item *item, size_t number)
{
    if (is(p, "preset"))
        return tame(arena, preset_stem(arena, g));
    if (is(p, "n"))
        return arena_printf(arena, "%0*zu", (int)p->width, number);
    if (is(p, "dir"))
        return item ? item->dir : "";
    if (is(p, "stem"))
        return tame(arena, item ? item->stem : preset_stem(arena, g));
    if (is(p, "ending"))
        return tame(arena, item ? item->ending : "");
    if (is(p, "name") && item)
        return tame(arena, *item->ending ? arena_printf(arena, "%s.%s", item->stem, item->ending)
                                         : item->stem);
    if (is(p, "name"))
        return tame(arena, preset_stem(arena, g));
    return tame(arena, param_value(arena, g, p));
}

/* No empty, "." or ".." part is left: "/a//../b" is "a/_/b". */
static const char *keep_below(struct arena *arena, const char *path)
{
    char *out = arena_alloc(arena, strlen(path) + 2, 1), *to = out;
    const bool folder = *path && path[strlen(path) - 1] == '/';
    for (const char *part = path; *part;) {
        const size_t n = strcspn(part, "/");
        const bool up = n == 2 && part[0] == '.' && part[1] == '.';
        if (n && !(n == 1 && *part == '.')) {
            if (to != out)
                *to++ = '/';
            memcpy(to, up ? "_" : part, up ? 1 : n);
            to += up ? 1 : n;
        }
        part += n + (part[n] == '/');
    }
    if (folder && to != out)
        *to++ = '/';
    *to = 0;
    return out;
}

const char *names_expand(struct arena *arena, const char *tmpl, const struct graph *g,
                         const struct item *item, size_t number)
{
    struct text t = {0};
    struct piece p;
    if (item && *item->dir && !names_mention(tmpl, "dir"))
        text_addf(&t, "%s/", item->dir);
    for (const char *rest = tmpl; next_piece(&rest, &p);) {
        if (p.literal)
            text_addn(&t, p.what, p.length);
        else
            text_add(&t, value_of_piece(arena, &p, g, item, number));
    }
    const char *out = keep_below(arena, t.data ? t.data : "");
    text_free(&t);
    return out;
}

/* ---- checking ---- */

static const char *const words[] = {"stem", "name", "ending", "dir", "n", "preset"};
enum { WORD_COUNT = sizeof words / sizeof *words };

static struct place place_of(const struct place *at, const char *tmpl, const struct piece *p)
{
    struct place place = *at;
    const char *found = at->excerpt && *tmpl ? strstr(at->excerpt, tmpl) : NULL;
    if (found) { /* carets under the placeholder itself, where the line has the template as it is */
        place.col = (int)(found - at->excerpt) + (int)(p->what - tmpl) + 1;
        place.length = p->length ? (int)p->length : 1;
    }
    return place;
}

static void report_param(const struct piece *p, const struct graph *g, const struct node *node,
                         const struct place *at, struct report *report)
{
    const char *names[256], *dot = memchr(p->what, '.', p->length);
    char word[128];
    size_t n = 0;
    const uint32_t count = node ? node->filter->desc.param_count : g->node_count;
    for (uint32_t i = 0; i < count && n < 256; i++)
        names[n++] = node ? node->filter->desc.params[i].key : g->nodes[i].name;
    if (node)
        snprintf(word, sizeof word, "%.*s", (int)(p->what + p->length - dot - 1), dot + 1);
    else
        snprintf(word, sizeof word, "%.*s", (int)(dot - p->what), p->what);
    struct fault *f = report_add(report, SEV_ERROR, "E0214", at, node ? "node '%s' has no key '%s' to name files by"
                                                                      : "no node%s '%s' to name files by",
                                 node ? node->name : "", word);
    const char *nearest = nearest_name(word, names, n);
    if (nearest)
        fault_hint(f, "did you mean '%s'?", nearest);
}

static void check_piece(const char *tmpl, const struct piece *p, const struct graph *g, const struct place *at,
                        struct report *report)
{
    const struct place place = place_of(at, tmpl, p);
    const struct node *node = NULL;
    uint32_t param;
    if (p->length == 0) {
        struct fault *f = report_add(report, SEV_ERROR, "E0212", &place, "unpaired brace in the file name '%s'",
                                     tmpl);
        fault_hint(f, "a brace itself is written {{ or }}");
        return;
    }
    if (p->width && (!is(p, "n") || p->width == 99)) {
        report_add(report, SEV_ERROR, "E0212", &place, "only {n:1} .. {n:19} take a width in a file name");
        return;
    }
    for (size_t i = 0; i < WORD_COUNT; i++)
        if (is(p, words[i]))
            return;
    if (memchr(p->what, '.', p->length)) {
        if (!find_param(g, p, &node, &param))
            report_param(p, g, node, &place, report);
        return;
    }
    char word[64];
    snprintf(word, sizeof word, "%.*s", (int)p->length, p->what);
    struct fault *f = report_add(report, SEV_ERROR, "E0211", &place, "unknown placeholder '{%s}' in a file name",
                                 word);
    const char *nearest = nearest_name(word, words, WORD_COUNT);
    if (nearest)
        fault_hint(f, "did you mean '{%s}'?", nearest);
    fault_note(f, "there are: {stem} {name} {ending} {dir} {n} {n:4} {preset} {node.key}");
}

/* Literal text may not lead out of OUT, nor into its .impasto. */
static bool stays_below(const char *tmpl)
{
    if (*tmpl == '/' || !strncmp(tmpl, ".impasto/", 9) || !strcmp(tmpl, ".impasto"))
        return false;
    for (const char *part = tmpl; *part;) {
        const size_t n = strcspn(part, "/");
        if (n == 2 && part[0] == '.' && part[1] == '.')
            return false;
        part += n + (part[n] == '/');
    }
    return true;
}

bool names_check(const char *tmpl, const struct graph *g, const struct place *at, struct report *report)
{
    const struct place nowhere = {0};
    const int before = report_count(report, SEV_ERROR);
    struct piece p;
    if (!at)
        at = &nowhere;
    if (!*tmpl) {
        report_add(report, SEV_ERROR, "E0213", at, "the file name is empty");
        return false;
    }
    if (!stays_below(tmpl)) {
        struct fault *f = report_add(report, SEV_ERROR, "E0213", at,
                                     "the file name '%s' leads out of the output folder", tmpl);
        fault_hint(f, "names are below -o, without a leading / and without ..");
    }
    for (const char *rest = tmpl; next_piece(&rest, &p);)
        if (!p.literal)
            check_piece(tmpl, &p, g, at, report);
    return report_count(report, SEV_ERROR) == before;
}
