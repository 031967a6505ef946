/* why.c - what the records below OUT/.impasto tell: how a file was made, why an item failed, and the same again. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include "batch.h"
#include "files.h"
#include "journal.h"
#include "jsonline.h"
#include "up_to_date.h"

/* A path taken apart: the OUT folder it is in, and the rest of it. */
struct located { char *out, *state, *relative; };

static void free_located(struct located *l)
{
    free(l->out);
    free(l->state);
    free(l->relative);
}

/* The nearest folder upwards that holds .impasto; the path itself may be it, and need not exist. */
static bool locate(const char *path, struct located *out)
{
    char *copy = heap_strdup(path);
    size_t n = strlen(copy);
    while (n > 1 && copy[n - 1] == '/')
        copy[--n] = 0;
    *out = (struct located){0};
    for (char *end = copy + n;;) {
        const char kept = *end;
        *end = 0;
        char *folder = heap_strdup(*copy ? copy : end == copy && kept == '/' ? "/" : ".");
        char *state = heap_printf("%s/.impasto", folder);
        struct stat st;
        *end = kept;
        if (!stat(state, &st) && S_ISDIR(st.st_mode)) {
            *out = (struct located){folder, state, heap_strdup(end + strspn(end, "/"))};
            free(copy);
            return true;
        }
        free(folder);
        free(state);
        if (end == copy)
            break;
        while (end > copy && *--end != '/')
            ;
    }
    free(copy);
    return false;
}

/* "a/x" of "a/x.png": what an item and its file have in common. */
static size_t stem_length(const char *path)
{
    const char *slash = strrchr(path, '/'), *dot = strrchr(slash ? slash + 1 : path, '.');
    return dot && dot != path ? (size_t)(dot - path) : strlen(path);
}

/* Who made the file; or the item of that name, failed ones too. */
static const struct entry *find_entry(const struct journal *j, const char *relative)
{
    size_t n = 0;
    const struct entry *const *list = journal_entries(j, &n);
    const struct entry *found = journal_maker(j, relative);
    const size_t stem = stem_length(relative);
    if (found && journal_find(j, found->identity) == found)
        return found;
    for (size_t i = 0; i < n; i++)
        if (!strcmp(list[i]->relative, relative))
            return list[i];
    for (size_t i = 0; i < n; i++)
        if (list[i]->failed && stem && stem_length(list[i]->relative) == stem &&
            !strncmp(list[i]->relative, relative, stem))
            return list[i];
    return found;
}

static void add_time(struct text *t, int64_t ns)
{
    char buf[64];
    struct tm tm;
    const time_t seconds = (time_t)(ns / 1000000000);
    if (localtime_r(&seconds, &tm) && strftime(buf, sizeof buf, "%Y-%m-%d %H:%M:%S", &tm))
        text_add(t, buf);
}

static char *record_path(const struct located *l, const struct entry *e)
{
    char hash[33];
    return heap_printf("%s/runs/%s.ini", l->state, hash_print(e->run, hash));
}

/* Why the next run would make it again, as far as the record itself tells; NULL: it would not. */
static const char *again_reason(struct arena *arena, const struct located *l, const struct entry *e)
{
    struct files_state st;
    const char *why = *e->source ? picture_differs(e->source, e, &st) : NULL;
    return why ? why : made_differs(arena, l->out, e);
}

/* ---- as text ---- */

static void add_indented(struct text *t, const char *text)
{
    for (const char *line = text; *line;) {
        const size_t n = strcspn(line, "\n");
        text_add(t, n ? "    " : "");
        text_addn(t, line, n);
        text_add(t, "\n");
        line += n + (line[n] == '\n');
    }
}

static void tell_made(struct text *t, const struct located *l, const struct entry *e)
{
    char buf[64];
    size_t size = 0;
    struct arena arena;
    arena_init(&arena);
    text_add(t, "made      ");
    add_time(t, e->when);
    text_addf(t, ", in %s\n", print_seconds((double)e->us / 1e6, buf));
    if (*e->relative)
        text_addf(t, "picture   %s (%s)\n", *e->source ? e->source : e->relative, hash_print(e->picture, buf));
    if (*e->label)
        text_addf(t, "label     %s\n", e->label);
    for (size_t i = 0; i < e->made_count; i++)
        text_addf(t, "file      %s/%s (%s)\n", l->out, e->made[i].path, hash_print(e->made[i].hash, buf));
    const char *why = again_reason(&arena, l, e);
    text_addf(t, "now       %s\n", why ? why : "as it was made");
    char *path = record_path(l, e), *record = files_read(path, &size);
    text_addf(t, "settings  %s\n", path);
    if (record)
        add_indented(t, record);
    if (*e->source && e->made_count)
        text_addf(t, "again     impasto run --again %s/%s\n", l->out, e->made[0].path);
    free(record);
    free(path);
    arena_fini(&arena);
}

static void tell_failed(struct text *t, const struct entry *e)
{
    text_add(t, "failed    ");
    add_time(t, e->when);
    text_addf(t, "\nitem      %s\nreason    %s  %s\n", *e->label && !*e->relative ? e->label : e->relative, e->code,
              e->text);
    if (*e->node)
        text_addf(t, "node      %s\n", e->node);
    text_add(t, "again     the same command tries it again\n");
}

static int by_name(const void *a, const void *b)
{
    const struct entry *x = *(const struct entry *const *)a, *y = *(const struct entry *const *)b;
    const int order = strcmp(x->relative, y->relative);
    return order ? order : strcmp(x->label, y->label);
}

static const struct entry **sorted(const struct journal *j, size_t *n)
{
    const struct entry *const *list = journal_entries(j, n);
    const struct entry **copy = heap_alloc(*n + 1, sizeof *copy);
    memcpy(copy, list, *n * sizeof *copy);
    qsort(copy, *n, sizeof *copy, by_name);
    return copy;
}

static void tell_folder(struct text *t, const struct located *l, const struct journal *j)
{
    size_t n = 0, failed = 0, changed = 0;
    struct arena arena;
    const struct entry **list = sorted(j, &n);
    arena_init(&arena);
    for (size_t i = 0; i < n; i++) {
        const char *name = *list[i]->relative ? list[i]->relative : *list[i]->label ? list[i]->label
                                                                                    : "what runs once or gathers";
        const char *why = list[i]->failed ? NULL : again_reason(&arena, l, list[i]);
        if (list[i]->failed && ++failed)
            text_addf(t, "failed  %s  %s  %s\n", name, list[i]->code, list[i]->text);
        else if (why && ++changed)
            text_addf(t, "again   %s: %s\n", name, why);
    }
    text_addf(t, "%zu recorded: %zu as they were made, %zu to be made again, %zu failed\n", n,
              n - failed - changed, changed, failed);
    arena_fini(&arena);
    free(list);
}

/* ---- as JSON ---- */

static void object(struct text *t, const struct located *l, const struct entry *e)
{
    char buf[33];
    json_begin(t, "impasto.why/1", e->failed ? "failed" : "made");
    json_text(t, "item", e->relative);
    json_text(t, "label", e->label);
    json_count(t, "when", (uint64_t)(e->when / 1000000000));
    if (e->failed) {
        json_text(t, "code", e->code);
        json_text(t, "node", e->node);
        json_text(t, "message", e->text);
    } else {
        char *path = record_path(l, e);
        json_number(t, "seconds", (double)e->us / 1e6);
        json_text(t, "picture", *e->source ? e->source : NULL);
        json_text(t, "picture_hash", hash_print(e->picture, buf));
        json_text(t, "record", path);
        json_key(t, "files");
        text_add(t, "[");
        for (size_t i = 0; i < e->made_count; i++) {
            text_add(t, i ? ",{" : "{");
            json_text(t, "path", e->made[i].path);
            json_text(t, "hash", hash_print(e->made[i].hash, buf));
            json_count(t, "bytes", e->made[i].size);
            text_add(t, "}");
        }
        text_add(t, "]");
        free(path);
    }
    json_end(t);
}

static void all_objects(struct text *t, const struct located *l, const struct journal *j)
{
    size_t n = 0;
    const struct entry **list = sorted(j, &n);
    for (size_t i = 0; i < n; i++)
        object(t, l, list[i]);
    json_begin(t, "impasto.why/1", "summary");
    json_count(t, "recorded", n);
    json_end(t);
    free(list);
}

bool batch_why(const char *path, bool json, struct text *out)
{
    struct located l;
    if (!locate(path, &l))
        return false;
    struct journal *j = journal_load(l.state);
    size_t n = 0;
    journal_entries(j, &n);
    const struct entry *e = *l.relative ? find_entry(j, l.relative) : NULL;
    const bool found = *l.relative ? e != NULL : n > 0;
    if (found && !e && json)
        all_objects(out, &l, j);
    else if (found && !e)
        tell_folder(out, &l, j);
    else if (found && json)
        object(out, &l, e);
    else if (found && e->failed)
        tell_failed(out, e);
    else if (found)
        tell_made(out, &l, e);
    journal_free(j);
    free_located(&l);
    return found;
}

/* ---- again ---- */

static bool cannot(struct report *report, const char *path, const char *why, const char *mend)
{
    struct fault *f = report_add(report, SEV_ERROR, "E0741", NULL, "%s cannot be made again: %s", path, why);
    if (mend)
        fault_note(f, "%s", mend);
    return false;
}

static bool has_line(const char *text, const char *line)
{
    const char *found = strstr(text, line);
    return found && (found == text || found[-1] == '\n');
}

static bool again_entry(struct arena *arena, const char *path, const struct located *l, const struct entry *e,
                        struct batch_options *o, struct report *report)
{
    char hash[33];
    size_t size = 0;
    struct files_state st;
    char *record = record_path(l, e), *text = files_read(record, &size);
    o->preset = arena_strdup(arena, record);
    free(record);
    if (!text)
        return cannot(report, path, "the record of its settings is gone", o->preset);
    o->private_ = has_line(text, "; option: private\n");
    o->exact = has_line(text, "; option: exact\n");
    free(text);
    const char **inputs = arena_alloc(arena, 1, sizeof *inputs);
    inputs[0] = arena_strdup(arena, e->source);
    o->inputs = inputs;
    o->input_count = *e->relative ? 1 : 0;
    if (*e->relative && !*e->source)
        return cannot(report, path, "its record keeps no path of the picture (--private)",
                      arena_printf(arena, "impasto run %s PICTURE -o %s --private", o->preset, l->out));
    if (*e->relative && picture_differs(e->source, e, &st))
        return cannot(report, path, picture_differs(e->source, e, &st), e->source);
    if (!o->out) /* -o: beside the first, to be compared */
        o->out = arena_strdup(arena, l->out);
    o->overwrite = OVERWRITE_ALWAYS;
    o->again_item = arena_strdup(arena, hash_print(e->identity, hash));
    o->files_from = NULL;
    o->sets = NULL;
    o->sweeps = NULL;
    o->shard = NULL;
    o->until = NULL;
    o->set_count = o->sweep_count = 0;
    return true;
}

bool batch_again(struct arena *arena, const char *path, struct batch_options *o, struct report *report)
{
    struct located l;
    if (!locate(path, &l)) {
        struct fault *f = report_add(report, SEV_ERROR, "E0740", NULL, "there is no record of %s", path);
        fault_note(f, "records lie in OUT/.impasto, beside the files of a run");
        return false;
    }
    struct journal *j = journal_load(l.state);
    const struct entry *e = *l.relative ? journal_maker(j, l.relative) : NULL;
    bool ok = false;
    if (!e || journal_find(j, e->identity) != e) {
        struct fault *f = report_add(report, SEV_ERROR, "E0740", NULL, "there is no record of %s", path);
        fault_note(f, "what is known of the folder: impasto why %s", l.out);
    } else if (e->failed) {
        ok = cannot(report, path, "it failed", "the same command as before tries it again");
    } else if (!strcmp(e->label, "gather")) {
        ok = cannot(report, path, "it was made of all pictures", "the same command as before, with --overwrite always");
    } else {
        ok = again_entry(arena, path, &l, e, o, report);
    }
    journal_free(j);
    free_located(&l);
    return ok;
}
