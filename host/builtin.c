/* builtin.c - load, load.table, save, save.table: where files come in and go out. */
#include "builtin.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "files.h"
#include "isolate.h"
#include "plan.h"
#include "table_text.h"

/* An instance is its parameters: they are valid until destroy. */
static imp_status create(const imp_host *host, const imp_filter *filter, const imp_cell *params,
                         void **instance, imp_error *err) IMP_NX
{
    (void)host;
    (void)filter;
    (void)err;
    *instance = (void *)(uintptr_t)params;
    return IMP_OK;
}

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

/* "png" of "a/b.png", "" without one; there is always a dot before one. */
static const char *ending_of(const char *path)
{
    const char *dot = strrchr(base_name(path), '.');
    return dot ? dot + 1 : "";
}

static bool same_word(const char *a, const char *b)
{
    for (; *a && *b; a++, b++)
        if ((*a | 32) != (*b | 32))
            return false;
    return *a == *b;
}

/* ---- load ---- */

static void name_after(struct value *v, const char *path)
{
    const char *base = base_name(path), *dot = strrchr(base, '.');
    const size_t n = dot && dot > base ? (size_t)(dot - base) : strlen(base);
    if (!v->meta)
        v->meta = meta_new();
    if (!v->meta || v->meta->stem)
        return;
    v->meta->stem = heap_printf("%.*s", (int)n, base);
}

static imp_status load_process(void *instance, imp_job *job, imp_error *err) IMP_NX
{
    const char *path = job->params[0].s.ptr;
    struct run_env *env = job_env(job);
    struct value *v = NULL;
    struct hash content;
    void *data = NULL;
    size_t size = 0;
    const char *note = NULL;
    (void)instance;
    if (!path || !path[0])
        return imp_fail(err, IMP_E_MISSING, "no picture was given");
    imp_status st = codecs_slurp(env->codecs, path, &data, &size, &content, err);
    struct engine *e = (struct engine *)env; /* its first member */
    const struct call *call = job_call(job);
    if (!st && e->options.untrusted)
        st = isolate_decode(e, call->slot, call->node->phase == PHASE_CONSTANT, path, data, size, &v, err);
    else if (!st)
        st = codecs_decode(env->codecs, env->memory, path, data, size, 0, &v, &note, err);
    free(data);
    if (st)
        return st;
    name_after(v, path);
    const imp_value *head = job_adopt(job, v);
    return head ? job->set_output(job, 0, head) : IMP_E_MEMORY;
}

static imp_status load_plan(void *instance, imp_plan *plan, imp_error *err) IMP_NX
{
    const imp_cell *params = instance;
    const char *path = params[0].s.ptr;
    struct run_env *env = plan_env(plan);
    char text[400] = "";
    imp_error own = error_in(text, sizeof text);
    imp_picture p = {.struct_size = sizeof p};
    (void)err;
    if (!path || !path[0] || !env->codecs)
        return IMP_OK;
    if (engine_probe((struct engine *)env, path, &p, &own)) {
        plan->mistake(plan, 0, -1, NULL, text[0] ? text : "this picture cannot be read", NULL);
        return IMP_OK;
    }
    imp_shape *out = plan->outputs[0];
    out->width = p.width;
    out->height = p.height;
    out->channels = p.channels == 2 ? 4 : p.channels;
    plan->bytes = (uint64_t)p.width * p.height * p.channels * (p.bits > 8 ? 4 : 2);
    return IMP_OK;
}

static const imp_param load_params[] = {
    {.key = "path",
     .type = IMP_PATH,
     .help = "picture to load; without it: the pictures of the run, one after the other"},
};
static const imp_port load_out[] = {
    {.name = "out", .kind = IMP_IMAGE, .help = "the picture, upright"}};
static const imp_filter load = {
    .struct_size = sizeof load,
    .flags = IMP_FILTER_DETERMINISTIC,
    .threads = IMP_PARALLEL,
    .id = "load",
    .summary = "Loads a picture: one by its path, or those of the run",
    .help = "Without a path it stands for the picture of the folder run. Orientation is applied, "
            "depth is kept, "
            "colours stay in the space of the file.",
    .params = load_params,
    .param_count = 1,
    .param_stride = sizeof load_params[0],
    .outputs = load_out,
    .output_count = 1,
    .output_stride = sizeof load_out[0],
    .create = create,
    .process = load_process,
    .plan = load_plan,
};

/* ---- load.table ---- */

static imp_status load_table_process(void *instance, imp_job *job, imp_error *err) IMP_NX
{
    const char *path = job->params[0].s.ptr;
    char text[300] = "";
    imp_error own = error_in(text, sizeof text);
    struct value *v = NULL;
    size_t size = 0;
    (void)instance;
    if (err)
        err->param = 0;
    char *data = files_read(path, &size);
    if (!data)
        return imp_fail(err, IMP_E_IO, "%s: %s", path, strerror(errno));
    const imp_status st = same_word(ending_of(path), "json") ? table_from_json(data, size, &v, &own)
                                                             : table_from_csv(data, size, &v, &own);
    free(data);
    if (st)
        return imp_fail(err, st, "%s: %s", path, text[0] ? text : "no memory left");
    const imp_value *head = job_adopt(job, v);
    return head ? job->set_output(job, 0, head) : IMP_E_MEMORY;
}

static const imp_param load_table_params[] = {
    {.key = "path",
     .type = IMP_PATH,
     .flags = IMP_PARAM_REQUIRED,
     .help = "a .csv file, or .json with an array of objects"},
};
static const imp_port table_out[] = {{.name = "out", .kind = IMP_TABLE, .help = "the table"}};
static const imp_filter load_table = {
    .struct_size = sizeof load_table,
    .flags = IMP_FILTER_DETERMINISTIC | IMP_FILTER_EARLY,
    .threads = IMP_PARALLEL,
    .id = "load.table",
    .summary = "Loads a table from CSV or JSON",
    .help = "The first line of a CSV file names the columns. A column has the narrowest type that "
            "all its cells fit: "
            "true/false, whole numbers, numbers, text.",
    .params = load_table_params,
    .param_count = 1,
    .param_stride = sizeof load_table_params[0],
    .outputs = table_out,
    .output_count = 1,
    .output_stride = sizeof table_out[0],
    .create = create,
    .process = load_table_process,
};

/* ---- writing a file ---- */

static imp_status write_file(const char *path, const void *data, size_t size, imp_error *err)
{
    const int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0666);
    bool fine = fd >= 0 && files_write_all(fd, data, size);
    int why = errno;
    if (fd >= 0 && close(fd) && fine) {
        fine = false;
        why = errno;
    }
    if (fine)
        return IMP_OK;
    if (fd >= 0)
        unlink(path);
    return imp_fail(err, IMP_E_IO, "E0737: cannot write its file: %s%s", strerror(why),
                    why == ENOSPC || why == EDQUOT ? "; make room and run the same command again"
                                                   : "");
}

/* The ending of a template can be judged unless it is itself filled in. */
static bool known_ending(const char *name)
{
    return !strchr(ending_of(name), '{') && !strchr(ending_of(name), '}');
}

/* ---- save ---- */

enum { SAVE_NAME, SAVE_QUALITY, SAVE_METADATA };

static imp_status save_process(void *instance, imp_job *job, imp_error *err) IMP_NX
{
    const char *path = job->params[SAVE_NAME].s.ptr;
    struct run_env *env = job_env(job);
    const struct encode_options options = {.quality = (unsigned)job->params[SAVE_QUALITY].i,
                                           .metadata =
                                               env->metadata && job->params[SAVE_METADATA].i};
    void *data = NULL;
    size_t size = 0;
    (void)instance;
    imp_status st = job->progress(job, -1, NULL);
    if (!st)
        st = codecs_encode(env->codecs, job_input(job, 0), path, &options, &data, &size, err);
    if (!st)
        st = write_file(path, data, size, err);
    free(data);
    return st;
}

static imp_status save_plan(void *instance, imp_plan *plan, imp_error *err) IMP_NX
{
    const imp_cell *params = instance;
    const char *name = params[SAVE_NAME].s.ptr;
    struct run_env *env = plan_env(plan);
    (void)err;
    if (env->codecs && known_ending(name) && !codecs_can_write(env->codecs, name)) {
        char text[200];
        const char *ending = ending_of(name);
        if (ending[0])
            snprintf(text, sizeof text, "pictures cannot be saved as '.%.40s'", ending);
        else
            snprintf(text, sizeof text, "the name has no ending that says how to save the picture");
        plan->mistake(plan, SAVE_NAME, -1, ending[0] ? ending - 1 : NULL, text,
                      codecs_writable(env->codecs));
    }
    const imp_shape *in = plan->inputs[0];
    if (in)
        plan->bytes = (uint64_t)in->width * in->height * in->channels * 2;
    return IMP_OK;
}

static const imp_param save_params[] = {
    {.key = "name",
     .type = IMP_PATH,
     .flags = IMP_PARAM_WRITTEN,
     .def_text = "{stem}.png",
     .help = "name of the file below OUT; its ending says how it is saved"},
    {.key = "quality",
     .type = IMP_INT,
     .def = 90,
     .min = 1,
     .max = 100,
     .help = "of JPEG: 1 small, 100 best"},
    {.key = "metadata",
     .type = IMP_BOOL,
     .def = 1,
     .help = "copy EXIF, XMP and ICC of the picture (JPEG, PNG)"},
};
static const imp_port save_in[] = {{.name = "in", .kind = IMP_IMAGE, .help = "picture to save"}};
static const imp_filter save = {
    .struct_size = sizeof save,
    .flags = IMP_FILTER_DETERMINISTIC,
    .threads = IMP_PARALLEL,
    .id = "save",
    .summary = "Saves a picture as PNG, JPEG, BMP, TGA, HDR or PFM",
    .help = "Whole or not at all: written beside and renamed. EXIF, XMP and ICC go along into JPEG "
            "and PNG, the "
            "orientation reset, unless --private or metadata = no.",
    .params = save_params,
    .param_count = 3,
    .param_stride = sizeof save_params[0],
    .inputs = save_in,
    .input_count = 1,
    .input_stride = sizeof save_in[0],
    .create = create,
    .process = save_process,
    .plan = save_plan,
};

/* ---- save.table ---- */

enum { SAVE_TABLE_NAME, SAVE_TABLE_PICTURES };

static imp_status write_table(const char *path, const imp_table *table, imp_error *err)
{
    struct text out = {0};
    if (same_word(ending_of(path), "json"))
        table_to_json(table, &out);
    else
        table_to_csv(table, &out);
    const imp_status st = write_file(path, out.data, out.size, err);
    text_free(&out);
    return st;
}

static imp_status save_table_process(void *instance, imp_job *job, imp_error *err) IMP_NX
{
    const imp_table *const *tables = (const imp_table *const *)(const void *)job->inputs;
    const int64_t names = job->params[SAVE_TABLE_PICTURES].i; /* auto, yes, no */
    const char *path = job->params[SAVE_TABLE_NAME].s.ptr;
    struct value *joined = NULL;
    (void)instance;
    if (names == 2 || (names == 0 && job->input_count == 1)) {
        if (job->input_count > 1)
            return imp_fail(err, IMP_E_PARAM,
                            "%u tables are joined only with their pictures' names: pictures = yes",
                            job->input_count);
        return write_table(path, tables[0], err);
    }
    imp_status st = table_join(tables, job->labels, job->input_count, &joined, err);
    if (st == IMP_OK)
        st = write_table(path, &joined->as.table, err);
    value_release(joined);
    return st;
}

static imp_status save_table_plan(void *instance, imp_plan *plan, imp_error *err) IMP_NX
{
    const imp_cell *params = instance;
    const char *name = params[0].s.ptr, *ending = ending_of(name);
    (void)err;
    if (known_ending(name) && !same_word(ending, "csv") && !same_word(ending, "json"))
        plan->mistake(plan, 0, -1, ending[0] ? ending - 1 : NULL,
                      "tables are saved as .csv or .json", "csv json");
    return IMP_OK;
}

static const imp_param save_table_params[] = {
    {.key = "name",
     .type = IMP_PATH,
     .flags = IMP_PARAM_WRITTEN,
     .def_text = "{stem}.csv",
     .help = "name of the file below OUT, ending in .csv or .json"},
    {.key = "pictures",
     .type = IMP_CHOICE,
     .choices = "auto|yes|no",
     .def_text = "auto",
     .help = "begin with a column of the pictures' names; auto: when there is more than one table"},
};
static const imp_port save_table_in[] = {
    {.name = "in",
     .kind = IMP_TABLE,
     .flags = IMP_PORT_MANY,
     .help = "table to save; many are joined"},
};
static const imp_filter save_table = {
    .struct_size = sizeof save_table,
    .flags = IMP_FILTER_DETERMINISTIC,
    .threads = IMP_PARALLEL,
    .id = "save.table",
    .summary = "Saves a table as CSV or JSON",
    .help = "CSV as RFC 4180 has it, with a line of names; JSON as an array of objects. With `all "
            "= node` the "
            "tables of all pictures become one: the statistics of a folder.",
    .params = save_table_params,
    .param_count = 2,
    .param_stride = sizeof save_table_params[0],
    .inputs = save_table_in,
    .input_count = 1,
    .input_stride = sizeof save_table_in[0],
    .create = create,
    .process = save_table_process,
    .plan = save_table_plan,
};

const imp_filter *const *builtin_filters(void)
{
    static const imp_filter *const all[] = {&load, &load_table, &save, &save_table, NULL};
    return all;
}

bool builtin_is_load(const imp_filter *f)
{
    return f && f->id && !strcmp(f->id, load.id);
}
