/* settings.c - gathers what the surroundings say into one struct. */
#define _GNU_SOURCE /* secure_getenv, environ */
#include "settings.h"
#include "cgroup.h"
#include <errno.h>
#include <impasto/kit.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "files.h"
#include "processor.h"

struct reading {
    struct arena *arena;
    const struct arguments *args;
    struct settings *out;
    struct report *report;
    bool ok;
};

static const char *const variables[] = {
    "IMPASTO_PLUGIN_PATH", "IMPASTO_PRESET_PATH", "IMPASTO_MODEL_PATH", "IMPASTO_THREADS",
    "IMPASTO_MEM",         "IMPASTO_LOG",         "IMPASTO_SIMD"};

const char *settings_xdg(struct arena *arena, const char *variable, const char *below_home)
{
    const char *folder = secure_getenv(variable), *home = secure_getenv("HOME");
    if (folder && folder[0] == '/')
        return arena_strdup(arena, folder);
    return home && home[0] == '/' ? arena_printf(arena, "%s/%s", home, below_home) : NULL;
}

__attribute__((format(printf, 3, 4))) static void bad(struct reading *r, const char *hint,
                                                      const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    const char *message = arena_vprintf(r->arena, fmt, ap);
    va_end(ap);
    usage_fault(r->report, "E0806", r->args->verb, hint, "%s", message);
    r->ok = false;
}

/* ---- values, wherever they come from ---- */

static void read_count(struct reading *r, const char *from, const char *text, unsigned *out)
{
    long long n;
    if (!text)
        return;
    if (parse_integer(text, &n) && n >= 1 && n <= 4096)
        *out = (unsigned)n;
    else
        bad(r, "a whole number, 1 .. 4096", "%s: '%s' is no number of threads or jobs", from, text);
}

static void read_mem(struct reading *r, const char *from, const char *text)
{
    unsigned long long n;
    if (!text)
        return;
    if (parse_bytes(text, &n) && n >= 1u << 20)
        r->out->mem = n;
    else
        bad(r, "a size of 1M or more: 512M, 2G, 1.5G", "%s: '%s' is no amount of memory", from,
            text);
}

static void read_time_limit(struct reading *r, const char *from, const char *text)
{
    double seconds;
    if (!text)
        return;
    if (parse_real(text, &seconds) && seconds >= 0 && seconds <= 1e6)
        r->out->silence = seconds > 0 ? seconds : -1;
    else
        bad(r, "seconds: 30, 0.5; 0 is no limit", "%s: '%s' is no time", from, text);
}

/* The number from 1 of text among names; 0: not there. */
static int one_of(const char *text, const char *const *names, int n)
{
    for (int i = 0; i < n; i++)
        if (!strcmp(text, names[i]))
            return i + 1;
    return 0;
}

static void read_variables(struct reading *r)
{
    static const char *const levels[] = {"error", "warning", "info", "debug"};
    static const char all[] = "auto avx512 avx2 portable";
    struct settings *s = r->out;
    const char *log = getenv("IMPASTO_LOG"), *kernels = getenv("IMPASTO_SIMD");
    read_count(r, "IMPASTO_THREADS", getenv("IMPASTO_THREADS"), &s->threads);
    read_mem(r, "IMPASTO_MEM", getenv("IMPASTO_MEM"));
    s->log = log ? (enum log_level)one_of(log, levels, 4) : LOG_WARNING;
    if (!s->log)
        bad(r, "one of: error warning info debug", "IMPASTO_LOG: '%s' is no level", log);
    s->simd = kernels;
    if (kernels && !one_of(kernels, processor_simd_names, 4)) {
        const char *near = nearest_name(kernels, processor_simd_names, 4);
        bad(r,
            near ? arena_printf(r->arena, "did you mean %s? It is one of: %s", near, all)
                 : arena_printf(r->arena, "one of: %s", all),
            "IMPASTO_SIMD: '%s' is no instruction set", kernels);
    }
}

extern char **environ;

static void warn_of_unknown_variables(struct reading *r)
{
    enum { N = sizeof variables / sizeof *variables };
    for (char **e = environ; e && *e; e++) {
        if (strncmp(*e, "IMPASTO_", 8))
            continue;
        const char *name = arena_strndup(r->arena, *e, strcspn(*e, "="));
        if (one_of(name, variables, N))
            continue;
        const char *near = nearest_name(name, variables, N);
        struct fault *f = report_add(r->report, SEV_WARNING, "W0807", NULL,
                                     "environment: nothing reads %s", name);
        if (near)
            fault_note(f, "did you mean %s?", near);
    }
}

/* ---- impasto.ini ---- */

static bool yes(struct reading *r, const char *from, const char *text)
{
    static const char *const words[] = {"yes", "true", "on", "1", "no", "false", "off", "0"};
    const int i = one_of(text, words, 8);
    if (!i)
        bad(r, "yes or no", "%s: '%s' is neither yes nor no", from, text);
    return i >= 1 && i <= 4;
}

/* The option that a key of impasto.ini sets a default of, or OPT_COUNT. */
static enum option_id config_option(const char *section, const char *key)
{
    for (int id = 0; id < OPT_COUNT; id++)
        if (option_rows[id].config && !strcmp(option_rows[id].config, section) &&
            !strcmp(option_rows[id].name, key))
            return (enum option_id)id;
    return OPT_COUNT;
}

static void warn_of_key(struct reading *r, const char *section, const kit_ini_key *key)
{
    const char *names[OPT_COUNT];
    size_t n = 0;
    for (int id = 0; id < OPT_COUNT; id++)
        if (option_rows[id].config && !strcmp(option_rows[id].config, section))
            names[n++] = option_rows[id].name;
    const struct place at = {
        .file = r->out->config, .line = (int)key->key_at.line, .col = (int)key->key_at.col};
    const char *near = nearest_name(key->key, names, n);
    struct fault *f = report_add(r->report, SEV_WARNING, "W0808", &at, "nothing reads '%s' of [%s]",
                                 key->key, section);
    if (near)
        fault_hint(f, "did you mean '%s'?", near);
    else
        fault_note(f,
                   n ? "[%s] knows what `impasto run --help` has as --options"
                     : "sections: [run] [paths], not [%s]",
                   section);
}

static const char *joined(struct arena *arena, const char *first, const char *second)
{
    if (!first || !second)
        return first ? first : second;
    return arena_printf(arena, "%s:%s", first, second);
}

struct config_paths {
    const char *plugins, *presets, *models;
};

static void apply_key(struct reading *r, struct config_paths *paths, const char *section,
                      const kit_ini_key *key)
{
    struct settings *s = r->out;
    const char *from =
        arena_printf(r->arena, "%s:%u: %s", s->config, (unsigned)key->key_at.line, key->key);
    const char *value = arena_strdup(r->arena, key->value);
    switch (config_option(section, key->key)) {
    case OPT_JOBS:
        read_count(r, from, value, &s->jobs);
        break;
    case OPT_THREADS:
        read_count(r, from, value, &s->threads);
        break;
    case OPT_MEM:
        read_mem(r, from, value);
        break;
    case OPT_OVERWRITE:
        s->overwrite = value;
        break;
    case OPT_PRIVATE:
        s->private_ = yes(r, from, value);
        break;
    case OPT_EXACT:
        s->exact = yes(r, from, value);
        break;
    case OPT_ISOLATE:
        s->isolate = yes(r, from, value);
        break;
    case OPT_UNTRUSTED:
        s->untrusted = yes(r, from, value);
        break;
    case OPT_TIME_LIMIT:
        read_time_limit(r, from, value);
        break;
    case OPT_NO_CACHE:
        s->no_cache = yes(r, from, value);
        break;
    case OPT_PLUGIN_PATH:
        paths->plugins = value;
        break;
    case OPT_PRESET_PATH:
        paths->presets = value;
        break;
    case OPT_MODEL_PATH:
        paths->models = value;
        break;
    default:
        warn_of_key(r, section, key);
        break;
    }
}

static void apply_config(struct reading *r, const kit_ini *ini, struct config_paths *paths)
{
    for (uint32_t i = 0; i < ini->fault_count; i++) {
        const kit_ini_fault *fault = &ini->faults[i];
        const struct place at = {
            .file = r->out->config, .line = (int)fault->at.line, .col = (int)fault->at.col};
        report_add(r->report, SEV_WARNING, "W0808", &at, "%s", fault->text);
    }
    for (uint32_t s = 0; s < ini->section_count; s++)
        for (uint32_t k = 0; k < ini->sections[s].count; k++)
            apply_key(r, paths, ini->sections[s].name, &ini->keys[ini->sections[s].first + k]);
}

static void read_config(struct reading *r, struct config_paths *paths)
{
    const char *folder = settings_xdg(r->arena, "XDG_CONFIG_HOME", ".config");
    if (!folder)
        return;
    r->out->config = arena_printf(r->arena, "%s/impasto/impasto.ini", folder);
    size_t size = 0;
    char *text = files_read(r->out->config, &size);
    if (!text) {
        if (errno != ENOENT && errno != ENOTDIR)
            report_add(r->report, SEV_WARNING, "W0808", NULL, "%s cannot be read: %s",
                       r->out->config, strerror(errno));
        return;
    }
    kit_ini ini = {0};
    if (kit_ini_read(text, size, &ini) == IMP_OK)
        apply_config(r, &ini, paths);
    kit_ini_free(&ini);
    free(text);
}

/* ---- folders ---- */

struct folders {
    const char **list;
    size_t count, capacity;
};

static void add_folder(struct arena *arena, struct folders *f, const char *path)
{
    for (size_t i = 0; i < f->count; i++)
        if (!strcmp(f->list[i], path))
            return;
    f->list = arena_grow(arena, f->list, f->count + 1, &f->capacity, sizeof *f->list);
    f->list[f->count++] = path;
    f->list[f->count] = NULL;
}

/* The folders of a list with ':' between, each with `below` behind it; not absolute: skipped if
 * `xdg`. */
static void add_list(struct arena *arena, struct folders *f, const char *list, const char *below,
                     bool xdg)
{
    while (list && *list) {
        const size_t n = strcspn(list, ":");
        if (n && (!xdg || *list == '/'))
            add_folder(arena, f, arena_printf(arena, "%.*s%s", (int)n, list, below));
        list += n + (list[n] == ':');
    }
}

/* Command line, environment, impasto.ini, XDG data folders, the program's own. */
static const char **search_path(struct reading *r, enum option_id option, const char *variable,
                                const char *configured, const char *leaf, size_t *count)
{
    struct arena *arena = r->arena;
    struct folders f = {.list = arena_alloc(arena, 2, sizeof *f.list), .capacity = 2};
    const char *below = arena_printf(arena, "/impasto/%s", leaf);
    const char *data = settings_xdg(arena, "XDG_DATA_HOME", ".local/share");
    const char *system = secure_getenv("XDG_DATA_DIRS");
    add_list(arena, &f, arguments_text(r->args, option), "", false);
    add_list(arena, &f, secure_getenv(variable), "", false);
    add_list(arena, &f, configured, "", false);
    if (data)
        add_folder(arena, &f, arena_printf(arena, "%s%s", data, below));
    if (r->out->share)
        add_folder(arena, &f, arena_printf(arena, "%s/%s", r->out->share, leaf));
    add_list(arena, &f, system && *system ? system : "/usr/local/share:/usr/share", below, true);
    *count = f.count;
    return f.list;
}

/* Architectures that come with presets are found like models: presets/networks/resnet18.ini. */
static void add_networks(struct reading *r)
{
    struct settings *s = r->out;
    struct folders f = {.list = s->model_search, .count = s->model_search_count,
                        .capacity = s->model_search_count};
    for (size_t i = 0; i < s->preset_search_count; i++)
        add_folder(r->arena, &f, arena_printf(r->arena, "%s/networks", s->preset_search[i]));
    s->model_search = f.list;
    s->model_search_count = f.count;
}

static void find_program(struct reading *r)
{
    char path[PATH_MAX];
    const ssize_t n = readlink("/proc/self/exe", path, sizeof path - 1);
    if (n <= 0)
        return;
    path[n] = 0;
    char *slash = strrchr(path, '/');
    if (!slash)
        return;
    *slash = 0;
    r->out->program_folder = arena_strdup(r->arena, path);
    slash = strrchr(path, '/');
    if (slash)
        r->out->share = arena_printf(r->arena, "%.*s/share/impasto", (int)(slash - path), path);
}

/* mkdir -p, private to the user. */
static bool make_folders(const char *path)
{
    char copy[PATH_MAX];
    if (strlen(path) >= sizeof copy)
        return false;
    strcpy(copy, path);
    for (char *s = copy + 1; *s; s++)
        if (*s == '/') {
            *s = 0;
            if (mkdir(copy, 0700) && errno != EEXIST)
                return false;
            *s = '/';
        }
    return !mkdir(copy, 0700) || errno == EEXIST;
}

const char *settings_make_cache(const struct settings *s, struct arena *arena)
{
    static const char tag[] =
        "Signature: 8a477f597d28d172789f06886806bc55\n# Made by impasto; may be deleted.\n";
    if (!s->cache)
        return NULL;
    const char *file = arena_printf(arena, "%s/CACHEDIR.TAG", s->cache);
    if (!access(file, F_OK))
        return s->cache;
    return make_folders(s->cache) && files_replace(file, tag, sizeof tag - 1) ? s->cache : NULL;
}

static void find_cache(struct reading *r)
{
    const char *home = settings_xdg(r->arena, "XDG_CACHE_HOME", ".cache");
    if (home)
        r->out->cache = arena_printf(r->arena, "%s/impasto", home);
}

static void read_options(struct reading *r)
{
    const struct arguments *a = r->args;
    struct settings *s = r->out;
    read_count(r, "--jobs", arguments_text(a, OPT_JOBS), &s->jobs);
    read_count(r, "--threads", arguments_text(a, OPT_THREADS), &s->threads);
    read_mem(r, "--mem", arguments_text(a, OPT_MEM));
    if (!r->out->mem && (r->out->mem = cgroup_memory("") / 10 * 9))
        r->out->mem_of_group = true;
    s->private_ |= arguments_have(a, OPT_PRIVATE);
    s->exact |= arguments_have(a, OPT_EXACT);
    s->isolate |= arguments_have(a, OPT_ISOLATE);
    s->untrusted |= arguments_have(a, OPT_UNTRUSTED);
    read_time_limit(r, "--time-limit", arguments_text(a, OPT_TIME_LIMIT));
    s->no_cache |= arguments_have(a, OPT_NO_CACHE);
    s->insecure = arguments_have(a, OPT_INSECURE_PLUGINS);
    if (arguments_have(a, OPT_OVERWRITE))
        s->overwrite = arguments_text(a, OPT_OVERWRITE);
    static const char *const ways[] = {"changed", "never", "always"};
    if (s->overwrite && !one_of(s->overwrite, ways, 3))
        bad(r, "one of: changed never always", "overwrite cannot be '%s'", s->overwrite);
}

bool settings_read(struct arena *arena, const struct arguments *args, struct settings *out,
                   struct report *report)
{
    *out = (struct settings){.log = LOG_WARNING};
    struct reading r = {.arena = arena, .args = args, .out = out, .report = report, .ok = true};
    struct config_paths paths = {0};
    find_program(&r);
    find_cache(&r);
    read_config(&r, &paths);
    read_variables(&r);
    warn_of_unknown_variables(&r);
    read_options(&r);
    out->plugin_path = joined(arena, arguments_text(args, OPT_PLUGIN_PATH), paths.plugins);
    out->preset_search = search_path(&r, OPT_PRESET_PATH, "IMPASTO_PRESET_PATH", paths.presets,
                                     "presets", &out->preset_search_count);
    out->model_search = search_path(&r, OPT_MODEL_PATH, "IMPASTO_MODEL_PATH", paths.models,
                                    "models", &out->model_search_count);
    add_networks(&r);
    return r.ok;
}
