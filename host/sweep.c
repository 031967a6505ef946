#include "sweep.h"
#include <impasto/kit.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "batch.h"

static struct fault *bad(struct report *report, const char *code, const char *spec, const char *what)
{
    const struct place at = {.file = "--sweep", .excerpt = spec, .line = 1, .col = 1,
                             .length = (int)strlen(spec)};
    return report_add(report, SEV_ERROR, code, &at, "%s", what);
}

/* ---- values ---- */

/* "a,b\,c" -> "a" "b,c" */
static bool parse_list(struct arena *arena, const char *text, struct sweep_axis *out)
{
    const char **values = NULL;
    size_t n = 0, capacity = 0;
    for (const char *p = text;; p++) {
        char *value = arena_alloc(arena, strlen(p) + 1, 1), *to = value;
        for (; *p && *p != ','; p++) {
            p += *p == '\\' && p[1] == ',';
            *to++ = *p;
        }
        values = arena_grow(arena, values, n, &capacity, sizeof *values);
        values[n++] = value;
        if (!*p)
            break;
    }
    out->values = values;
    out->count = n;
    return n <= SWEEP_MOST_POINTS;
}

/* Splits "a..b" or "a..b..c" into numbers: how many, 0 = it is no range. */
static int split_range(struct arena *arena, const char *text, double number[3])
{
    int n = 0;
    for (const char *p = text; p; n++) {
        const char *dots = strstr(p, "..");
        if (n == 3 || !parse_real(dots ? arena_strndup(arena, p, (size_t)(dots - p)) : p, &number[n]))
            return 0;
        p = dots ? dots + 2 : NULL;
    }
    return n > 1 ? n : 0;
}

/* Steps are counted, never added up, and rounded to 12 digits: 0.1..0.5..0.1 has 0.3, not 0.30000000000000004. */
static bool expand_range(struct arena *arena, const double number[3], int n, struct sweep_axis *out)
{
    const double from = number[0], to = number[1];
    const double step = n == 3 ? number[2] : from <= to ? 1 : -1;
    const double count = step != 0 ? floor((to - from) / step + 1e-9) + 1 : 0;
    if (!(count >= 1) || count > SWEEP_MOST_POINTS || (to - from) * step < 0)
        return false;
    const char **values = arena_alloc(arena, (size_t)count, sizeof *values);
    for (size_t i = 0; i < (size_t)count; i++) {
        char buf[32];
        const double value = from + (double)i * step;
        const double scale = kit_pow(10, 11 - ceil(kit_log10(fmax(fmax(fabs(from), fabs(to)), 1e-9))));
        values[i] = arena_strdup(arena, print_real(round(value * scale) / scale + 0.0, buf));
    }
    out->values = values;
    out->count = (size_t)count;
    return true;
}

/* ---- specs ---- */

static bool parse_axis(struct arena *arena, const char *spec, struct sweep_axis *out, struct report *report)
{
    const char *equals = strchr(spec, '='), *dot = strchr(spec, '.');
    if (!equals || !dot || dot > equals || dot == spec || dot + 1 == equals || !equals[1]) {
        struct fault *f = bad(report, "E0811", spec, "a sweep is written node.key=value,value");
        fault_note(f, "--sweep paint.seed=1..4   --sweep blur.sigma=0.5,1,2   --sweep paint.steps=20..100..20");
        return false;
    }
    out->node = arena_strndup(arena, spec, (size_t)(dot - spec));
    out->key = arena_strndup(arena, dot + 1, (size_t)(equals - dot) - 1);
    out->name = arena_strndup(arena, spec, (size_t)(equals - spec));
    double number[3];
    const int n = split_range(arena, equals + 1, number);
    if (n ? expand_range(arena, number, n, out) : parse_list(arena, equals + 1, out))
        return true;
    struct fault *f = bad(report, "E0811", spec, "a range that holds no values, or far too many");
    fault_note(f, "from..to or from..to..step, with at most %d values", SWEEP_MOST_POINTS);
    return false;
}

static bool check_values(const struct sweep_axis *a, const char *spec, struct report *report)
{
    for (size_t i = 0; i < a->count; i++)
        for (size_t k = i + 1; k < a->count; k++)
            if (!strcmp(a->values[i], a->values[k])) {
                bad(report, "E0811", spec, "a value stands twice in this sweep");
                return false;
            }
    return true;
}

bool sweep_parse(struct arena *arena, const char *const *specs, size_t n, struct sweep *out,
                 struct report *report)
{
    bool ok = true;
    *out = (struct sweep){.point_count = 1};
    out->axes = arena_alloc(arena, n + 1, sizeof *out->axes);
    for (size_t i = 0; i < n; i++) {
        struct sweep_axis *a = &out->axes[out->axis_count];
        if (!parse_axis(arena, specs[i], a, report) || !check_values(a, specs[i], report)) {
            ok = false;
            continue;
        }
        for (size_t k = 0; k < out->axis_count; k++)
            if (!strcmp(out->axes[k].name, a->name)) {
                bad(report, "E0811", specs[i], "this key is swept twice");
                ok = false;
            }
        out->axis_count++;
        if (out->point_count <= SWEEP_MOST_POINTS)
            out->point_count *= a->count;
    }
    if (ok && out->point_count > SWEEP_MOST_POINTS) {
        bad(report, "E0814", specs[n - 1], "too many combinations of swept values");
        ok = false;
    }
    return ok;
}

/* ---- points ---- */

const char *sweep_value(const struct sweep *s, size_t point, size_t axis)
{
    for (size_t a = s->axis_count - 1; a > axis; a--)
        point /= s->axes[a].count;
    return s->axes[axis].values[point % s->axes[axis].count];
}

const struct preset_set *sweep_sets(struct arena *arena, const struct sweep *s, size_t point,
                                    const struct preset_set *sets, size_t n)
{
    struct preset_set *all = arena_alloc(arena, n + s->axis_count + 1, sizeof *all);
    for (size_t i = 0; i < n; i++)
        all[i] = sets[i];
    for (size_t a = 0; a < s->axis_count; a++)
        all[n + a] = (struct preset_set){
            arena_printf(arena, "%s=%s", s->axes[a].name, sweep_value(s, point, a)), FROM_SWEEP};
    return all;
}

const char *sweep_label(struct arena *arena, const struct sweep *s, size_t point)
{
    const char *label = "";
    for (size_t a = 0; a < s->axis_count; a++)
        label = arena_printf(arena, "%s%s%s=%s", label, a ? " " : "", s->axes[a].key,
                             sweep_value(s, point, a));
    return label;
}

/* Where "-{value}" goes: before the ending of the last part, before the last / of a folder. */
static size_t stem_end(const char *tmpl)
{
    const size_t n = strlen(tmpl);
    if (n && tmpl[n - 1] == '/')
        return n - 1;
    int depth = 0;
    for (size_t i = n; i-- > 0;) {
        depth += tmpl[i] == '}' ? 1 : tmpl[i] == '{' ? -1 : 0;
        if (tmpl[i] == '/' && depth == 0)
            return n;
        if (tmpl[i] == '.' && depth == 0 && i > 0 && tmpl[i - 1] != '/')
            return i;
    }
    return n;
}

/* A value as a part of a name: of a path its stem, blanks and control bytes as "_". */
static const char *tame(struct arena *arena, const char *value)
{
    const char *slash = strrchr(value, '/');
    char *name = arena_strdup(arena, slash ? slash + 1 : value);
    char *dot = slash ? strrchr(name, '.') : NULL;
    if (dot && dot != name)
        *dot = 0;
    for (char *p = name; *p; p++)
        if ((unsigned char)*p <= ' ' || *p == 0x7f)
            *p = '_';
    return name;
}

const char *sweep_template(struct arena *arena, const struct sweep *s, size_t point, const char *tmpl)
{
    const size_t end = stem_end(tmpl);
    const char *suffix = "";
    for (size_t a = 0; a < s->axis_count; a++) {
        if (names_mention(tmpl, s->axes[a].name))
            continue;
        suffix = arena_printf(arena, "%s-%s", suffix, names_quote(arena, tame(arena, sweep_value(s, point, a))));
    }
    return arena_printf(arena, "%.*s%s%s", (int)end, tmpl, suffix, tmpl + end);
}

/* ---- graph ---- */

bool *sweep_dependents(struct arena *arena, const struct sweep *s, const struct graph *g)
{
    bool *depends = arena_alloc(arena, g->node_count + 1, sizeof *depends);
    for (uint32_t i = 0; i < g->node_count; i++) { /* in order of execution: inputs come first */
        const struct node *node = &g->nodes[i];
        for (size_t a = 0; a < s->axis_count; a++)
            if (!strcmp(s->axes[a].node, node->name) || !strcmp(s->axes[a].node, "vars"))
                depends[i] = true;
        for (uint32_t p = 0; p < node->filter->desc.input_count; p++)
            for (uint32_t w = 0; w < node->inputs[p].count; w++)
                if (depends[node->inputs[p].wires[w].node])
                    depends[i] = true;
    }
    return depends;
}

bool sweep_check(const struct sweep *s, const struct graph *g, struct report *report)
{
    bool ok = true;
    for (size_t a = 0; a < s->axis_count; a++) {
        const uint32_t i = graph_find(g, s->axes[a].node);
        if (i == UINT32_MAX)
            continue; /* an unknown node or a variable: the preset's own check tells */
        const struct node *node = &g->nodes[i];
        if (node->phase == PHASE_GATHER) {
            struct fault *f = report_add(report, SEV_ERROR, "E0813", &node->at,
                                         "'%s' runs once over all pictures, so its keys cannot be swept",
                                         node->name);
            fault_note(f, "run once for each value:  --set %s=%s", s->axes[a].name, s->axes[a].values[0]);
            ok = false;
        }
    }
    return ok;
}
