#include "batch_show.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "jsonline.h"

enum { MOST_SHOWN = 20 };
static const char schema[] = "impasto.run/1";
static const char *const state_names[] = {[UNIT_TODO] = "to do",
                                          [UNIT_UP_TO_DATE] = "up to date",
                                          [UNIT_ELSEWHERE] = "elsewhere",
                                          [UNIT_DONE] = "written",
                                          [UNIT_FAILED] = "failed"};

/* ---- JSON ---- */

static void add_paths(struct text *t, const struct batch *b, const struct unit *u)
{
    json_key(t, "outputs");
    text_add(t, "[");
    for (size_t i = 0; i < u->target_count; i++) {
        char *path = b->out ? heap_printf("%s/%s", b->out, u->targets[i].path)
                            : heap_strdup(u->targets[i].path);
        text_add(t, i ? "," : "");
        json_string(t, path);
        free(path);
    }
    text_add(t, "]");
}

static void unit_object(struct text *t, const struct batch *b, const struct unit *u)
{
    json_begin(t, schema, u->kind == UNIT_ITEM ? "item" : u->kind == UNIT_ONCE ? "once" : "gather");
    json_text(t, "path", u->item ? u->item->path : NULL);
    if (*b->variants[u->variant].label)
        json_text(t, "point", b->variants[u->variant].label);
    json_text(t, "state", state_names[u->state]);
    json_text(t, "why", u->why);
    add_paths(t, b, u);
    if (u->us)
        json_number(t, "seconds", (double)u->us / 1e6);
    if (u->state == UNIT_FAILED) {
        json_text(t, "code", u->code);
        json_text(t, "node", u->node);
        json_text(t, "message", u->text);
    }
    json_end(t);
}

void show_item(const struct batch *b, const struct unit *u, const struct made *made, size_t n)
{
    (void)made;
    (void)n;
    if (!b->o->json)
        return;
    struct text t = {0};
    unit_object(&t, b, u);
    fputs(t.data, stdout);
    fflush(stdout);
    text_free(&t);
}

/* ---- --plan ---- */

/* From what earlier items took; < 0 = nothing is known. */
static double expected_seconds(const struct batch *b)
{
    size_t n = 0;
    double sum = 0;
    for (size_t i = 0; i < b->unit_count; i++) {
        const struct unit *u = &b->units[i];
        if (u->kind == UNIT_ITEM && u->before && !u->before->failed) {
            sum += (double)u->before->us / 1e6;
            n++;
        }
    }
    return n ? sum / (double)n * (double)plan_count(b, UNIT_TODO) / b->jobs : -1;
}

static void plan_line(struct text *t, const struct batch *b, const struct unit *u)
{
    text_addf(t, "%-10s  %s", u->state == UNIT_TODO ? "run" : state_names[u->state], u->name);
    for (size_t i = 0; i < u->target_count; i++)
        text_addf(t, "%s%s%s", i ? " " : " -> ", u->targets[i].path,
                  u->targets[i].folder ? "/" : "");
    if (u->state == UNIT_TODO && u->why)
        text_addf(t, "  (%s)", u->why);
    text_add(t, "\n");
    (void)b;
}

static void plan_end(struct text *t, const struct batch *b)
{
    const struct estimate *e = &b->estimate;
    char all[32], one[32], rest[32];
    const double s = expected_seconds(b);
    text_addf(t, "\n%zu items: %zu to do, %zu up to date", b->item_count, plan_count(b, UNIT_TODO),
              plan_count(b, UNIT_UP_TO_DATE));
    if (plan_count(b, UNIT_ELSEWHERE))
        text_addf(t, ", %zu elsewhere", plan_count(b, UNIT_ELSEWHERE));
    text_addf(t, "; %u at once, %u threads\n", b->jobs, b->threads);
    if (e->item_bytes || e->constant_bytes)
        text_addf(t, "memory: about %s (%s for each picture at work, %s shared)\n",
                  print_bytes(e->constant_bytes + b->jobs * e->item_bytes, all),
                  print_bytes(e->item_bytes, one), print_bytes(e->constant_bytes, rest));
    if (e->once_bytes > e->constant_bytes + b->jobs * e->item_bytes)
        text_addf(t, "memory: about %s before that, while what runs once is made\n",
                  print_bytes(e->once_bytes, all));
    if (s >= 0)
        text_addf(t, "time: about %s, as earlier items took\n", print_seconds(s, all));
}

static void plan_summary_object(struct text *t, const struct batch *b)
{
    json_begin(t, schema, "plan");
    json_count(t, "items", b->item_count);
    json_count(t, "to_do", plan_count(b, UNIT_TODO));
    json_count(t, "up_to_date", plan_count(b, UNIT_UP_TO_DATE));
    json_count(t, "jobs", b->jobs);
    json_count(t, "threads", b->threads);
    json_count(t, "item_bytes", b->estimate.item_bytes);
    json_count(t, "constant_bytes", b->estimate.constant_bytes);
    json_count(t, "once_bytes", b->estimate.once_bytes);
    json_number(t, "macs", b->estimate.macs);
    const double s = expected_seconds(b);
    if (s >= 0)
        json_number(t, "seconds", s);
    json_end(t);
}

void show_plan(const struct batch *b)
{
    struct text t = {0};
    for (size_t i = 0; i < b->unit_count; i++) {
        if (b->o->json)
            unit_object(&t, b, &b->units[i]);
        else
            plan_line(&t, b, &b->units[i]);
    }
    if (b->o->json)
        plan_summary_object(&t, b);
    else
        plan_end(&t, b);
    fputs(t.data, stdout);
    fflush(stdout);
    text_free(&t);
}

/* ---- lists in OUT ---- */

static void add_escaped(struct text *t, const char *s)
{
    for (; *s; s++) {
        if (*s == '\\' || *s == '\t' || *s == '\n')
            text_addf(t, "\\%c", *s == '\t' ? 't' : *s == '\n' ? 'n' : '\\');
        else
            text_addn(t, s, 1);
    }
}

/* Written in the folder of records first: a kill leaves nothing beside the user's files. */
static bool replace_list(const struct batch *b, const char *name, const struct text *t)
{
    char *path = heap_printf("%s/%s", b->out, name), *first = heap_printf("%s/%s", b->state, name);
    bool ok = true;
    if (!t->size)
        ok = !unlink(path) || errno == ENOENT;
    else
        ok = files_replace(first, t->data, t->size) && !rename(first, path);
    free(first);
    if (!ok)
        report_add(b->report, SEV_WARNING, "W0737", NULL, "cannot write %s: %s", path,
                   strerror(errno));
    free(path);
    return ok;
}

/* A picture that failed at several points stands once. */
bool show_failed(const struct batch *b)
{
    struct text t = {0};
    char suffix[32], *name = heap_printf("failed%s.tsv", shard_suffix(&b->shard, suffix));
    const struct item *last = NULL;
    for (size_t i = 0; i < b->unit_count; i++) {
        const struct unit *u = &b->units[i];
        if (u->state != UNIT_FAILED || !u->item || u->item == last)
            continue;
        if (!t.size)
            text_add(&t, FAILED_HEADER "\n");
        add_escaped(&t, u->item->source);
        text_addf(&t, "\t%s\t", u->code);
        add_escaped(&t, u->text);
        text_addf(&t, "\t%zu\n", u->item->number);
        last = u->item;
    }
    const bool ok = replace_list(b, name, &t);
    text_free(&t);
    free(name);
    return ok;
}

static void add_csv(struct text *t, const char *s)
{
    if (!strpbrk(s, ",\"\n\r")) {
        text_add(t, s);
        return;
    }
    text_add(t, "\"");
    for (; *s; s++)
        text_addf(t, *s == '"' ? "\"%c" : "%c", *s);
    text_add(t, "\"");
}

static bool write_sweep(const struct batch *b)
{
    struct text t = {0};
    text_add(&t, "item");
    for (size_t a = 0; a < b->sweep.axis_count; a++) {
        text_add(&t, ",");
        add_csv(&t, b->sweep.axes[a].name);
    }
    text_add(&t, ",state,seconds,file\n");
    for (size_t i = 0; i < b->unit_count; i++) {
        const struct unit *u = &b->units[i];
        char number[32];
        if (u->kind != UNIT_ITEM)
            continue;
        add_csv(&t, u->item ? u->item->relative : "");
        for (size_t a = 0; a < b->sweep.axis_count; a++) {
            text_add(&t, ",");
            add_csv(&t, sweep_value(&b->sweep, u->variant, a));
        }
        text_addf(&t, ",%s,%s,", state_names[u->state], print_real((double)u->us / 1e6, number));
        add_csv(&t, u->target_count ? u->targets[0].path : "");
        text_add(&t, "\n");
    }
    const bool ok = replace_list(b, "sweep.csv", &t);
    text_free(&t);
    return ok;
}

bool show_lists(const struct batch *b)
{
    if (b->o->again_item)
        return true;
    const bool failed = show_failed(b);
    return (!b->sweep.axis_count || b->shard.count || write_sweep(b)) && failed;
}

/* ---- the end ---- */

static void add_failures(struct fault *f, const struct batch *b)
{
    size_t shown = 0, all = 0;
    for (size_t i = 0; i < b->unit_count; i++) {
        const struct unit *u = &b->units[i];
        if (u->state == UNIT_FAILED && ++all && shown < MOST_SHOWN && ++shown)
            fault_note(f, "%s  %s  %s", u->name, u->code, u->text);
    }
    if (all > shown)
        fault_note(f, "and %zu more", all - shown);
}

static void report_failures(const struct batch *b, size_t written, size_t fine)
{
    char suffix[32];
    const size_t failed = plan_count(b, UNIT_FAILED);
    const char *what = b->pictures ? "picture" : "item";
    struct fault *f;
    if (written + fine)
        f = report_add(b->report, SEV_WARNING, "W0605", NULL,
                       "%zu of %zu %ss failed; %zu written, %zu up to date", failed,
                       failed + written + fine, what, written, fine);
    else
        f = report_add(b->report, SEV_ERROR, "E0605", NULL,
                       failed == 1 ? "the only %s failed%s" : "all %ss failed%s", what,
                       failed ? "" : ", or what they share");
    add_failures(f, b);
    if (failed && b->pictures && !b->o->again_item)
        fault_note(f, "again: impasto run %s --files-from %s/failed%s.tsv -o %s", b->o->preset,
                   b->out, shard_suffix(&b->shard, suffix), b->out);
}

static void summary_object(const struct batch *b, int status, double seconds)
{
    struct text t = {0};
    json_begin(&t, schema, "summary");
    json_count(&t, "items", b->item_count);
    json_count(&t, "written", plan_count(b, UNIT_DONE));
    json_count(&t, "up_to_date", plan_count(b, UNIT_UP_TO_DATE));
    json_count(&t, "failed", plan_count(b, UNIT_FAILED));
    json_count(&t, "left", plan_count(b, UNIT_TODO));
    json_number(&t, "seconds", seconds);
    json_text(&t, "out", b->out);
    json_count(&t, "exit", (uint64_t)status);
    json_end(&t);
    fputs(t.data, stdout);
    fflush(stdout);
    text_free(&t);
}

/* Files that run once or gather: for the last line, so that a contact sheet is found. */
static void add_singles(struct text *t, const struct batch *b)
{
    for (size_t i = 0; i < b->unit_count; i++)
        for (size_t k = 0; b->units[i].kind != UNIT_ITEM && b->units[i].state == UNIT_DONE &&
                           k < b->units[i].target_count;
             k++)
            text_addf(t, "  %s/%s\n", b->out, b->units[i].targets[k].path);
}

static void summary_lines(const struct batch *b, double seconds)
{
    char time[32];
    struct text t = {0};
    const size_t written = plan_count(b, UNIT_DONE), fine = plan_count(b, UNIT_UP_TO_DATE);
    if (b->item_count) {
        if (!plan_count(b, UNIT_FAILED)) /* else W0605 has the counts */
            text_addf(&t, "%zu written, %zu up to date", written, fine);
        if (written && t.size)
            text_addf(&t, " in %s", print_seconds(seconds, time));
        if (written > 1 && seconds > 0.5 && t.size)
            text_addf(&t, " (%.1f/s)", (double)written / seconds);
        if (t.size)
            text_addf(&t, ": %s\n", b->out ? b->out : "nothing to write");
    } else if (b->out) {
        text_addf(&t, "%s: %s\n", plan_todo(b) ? "not finished" : "done", b->out);
    }
    add_singles(&t, b);
    if (t.data)
        fputs(t.data, stderr);
    text_free(&t);
}

void show_summary(const struct batch *b, int status, double seconds)
{
    const size_t written = plan_count(b, UNIT_DONE), fine = plan_count(b, UNIT_UP_TO_DATE);
    size_t failed = 0;
    for (size_t i = 0; i < b->unit_count; i++)
        failed += b->units[i].state == UNIT_FAILED;
    if (failed)
        report_failures(b, written, fine);
    if (status == 130) {
        struct fault *f =
            report_add(b->report, SEV_NOTE, "W0610", NULL, "interrupted: %zu of %zu items are done",
                       written + fine, written + fine + plan_count(b, UNIT_TODO));
        fault_note(f, "the same command goes on from there");
    }
    if (b->o->json) {
        report_flush(b->report, stdout, false, true);
        summary_object(b, status, seconds);
    } else if (!b->o->quiet && status != 130) {
        summary_lines(b, seconds);
    }
}

/* ---- times ---- */

static int compare_double(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

bool show_times(const struct batch *b, const struct graph *g, double *const *ms,
                const size_t *count)
{
    struct text t = {0};
    for (uint32_t i = 0; i < g->node_count; i++) {
        if (!count[i])
            continue;
        qsort(ms[i], count[i], sizeof **ms, compare_double);
        json_begin(&t, "impasto.times/1", "node");
        json_text(&t, "node", g->nodes[i].name);
        json_text(&t, "filter", g->nodes[i].filter->desc.id);
        json_count(&t, "items", count[i]);
        json_number(&t, "median_ms", ms[i][count[i] / 2]);
        json_number(&t, "p90_ms", ms[i][count[i] * 9 / 10]);
        json_end(&t);
    }
    char *path = heap_printf("%s/times.json", b->state);
    const bool ok = !t.size || files_replace(path, t.data, t.size);
    free(path);
    text_free(&t);
    return ok;
}
