/* net_build.c - a new network from the text of an architecture. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "net.h"

enum { PATH, SEED };
enum { LARGEST = 16 << 20 /* bytes of an architecture's text */ };

static const imp_param params[] = {
    {.key = "path", .type = IMP_PATH, .flags = IMP_PARAM_REQUIRED | IMP_PARAM_MODEL,
     .help = "The architecture: an INI file with a section for each layer."},
    {.key = "seed", .type = IMP_INT, .def = 1, .min = 0, .max = 2147483647,
     .help = "The first weights are drawn from it: the same seed, the same network."},
};
static const imp_port outputs[] = {
    {.name = "net", .kind = IMP_OBJECT, .type = IMP_NN_MODEL_TYPE, .help = "The network."},
};

/* The file's text, terminated, to be freed. */
static imp_status read_text(const char *path, char **text, imp_error *err)
{
    FILE *f = fopen(path, "rb");
    char *buf = f ? malloc(LARGEST + 1) : NULL;
    const size_t size = buf ? fread(buf, 1, LARGEST + 1, f) : 0;
    const bool failed = !f || !buf || ferror(f);
    const int reason = errno;
    if (f)
        fclose(f);
    if (!failed && size <= LARGEST && !memchr(buf, 0, size)) {
        buf[size] = 0;
        *text = buf;
        return IMP_OK;
    }
    free(buf);
    if (failed)
        return imp_fail(err, IMP_E_IO, "%s: cannot be read: %s", path, strerror(reason));
    return imp_fail(err, IMP_E_INPUT, "%s: not the text of an architecture: %s", path,
                    size > LARGEST ? "larger than 16 MiB" : "it holds a zero byte");
}

static imp_status process(void *instance, imp_job *job, imp_error *err) IMP_NX
{
    imp_nn_model *model = NULL;
    (void)instance;
    if (err)
        err->param = PATH;
    char *text = NULL;
    imp_status st = read_text(job->params[PATH].s.ptr, &text, err);
    if (st == IMP_OK)
        st = rt_train_table.build(NULL, text, (uint64_t)job->params[SEED].i, &model, err);
    free(text);
    if (st != IMP_OK)
        return st;
    imp_object *out = job->new_object(job, IMP_NN_MODEL_TYPE, model, net_drop);
    return out ? job->set_output(job, 0, &out->head) : IMP_E_MEMORY;
}

const imp_filter rt_net_build = {
    .struct_size = sizeof(imp_filter),
    .flags = IMP_FILTER_DETERMINISTIC | IMP_FILTER_EARLY,
    .threads = IMP_PARALLEL,
    .params_version = 1,
    .id = "net.build",
    .summary = "A new network from an architecture, its weights drawn by chance.",
    .help = "The architecture is written like a preset: a section for each layer with its `op` and "
            "keys, wired by `in`, otherwise to the section before. Train it with net.train.",
    .params = IMP_LIST(params),
    .outputs = IMP_LIST(outputs),
    .process = process,
};
