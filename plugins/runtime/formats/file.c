/* file.c - networks from files: by content, options, and what lies beside; and back, never
 * half-written. */
#include "arch_text.h"
#include "file_parts.h"
#include "formats.h"
#include "safetensors.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SHOWN = 200 };

/* ---- options: pool=average arch="a path.ini" map=yes ---- */

struct options {
    bool average, has_seed, map;
    uint64_t seed;
    char *arch;
    imp_job *job; /* as rt_file_read was given it */
};

static imp_status read_option(const char *key, const char *value, struct options *o, imp_error *err)
{
    int64_t seed;
    if (!strcmp(key, "pool") && (!strcmp(value, "average") || !strcmp(value, "as_it_is")))
        o->average = !strcmp(value, "average");
    else if (!strcmp(key, "map") && (!strcmp(value, "yes") || !strcmp(value, "no")))
        o->map = !strcmp(value, "yes");
    else if (!strcmp(key, "seed") && rt_parse_int(value, &seed)) {
        o->seed = (uint64_t)seed;
        o->has_seed = true;
    } else if (!strcmp(key, "arch") && !o->arch && *value) {
        if (!(o->arch = strdup(value)))
            return imp_fail(err, IMP_E_MEMORY, "no memory for options");
    } else
        return imp_fail(err, IMP_E_PARAM,
                        "the option '%s=%s' is none of pool=average, arch=FILE.ini "
                        "(given once), seed=NUMBER, map=yes",
                        key, value);
    return IMP_OK;
}

/* key=value or key="value" at *p. */
static imp_status next_option(const char **p, struct options *o, imp_error *err)
{
    char key[16];
    struct rt_words w;
    uint32_t at;
    const size_t n = strcspn(*p, "= \n\t");
    if (n == 0 || n >= sizeof key || (*p)[n] != '=')
        return imp_fail(err, IMP_E_PARAM, "options are key=value, not '%.60s'", *p);
    memcpy(key, *p, n);
    key[n] = '\0';
    const char *value = *p + n + 1;
    size_t length = strcspn(value, " \n\t");
    if (*value == '"')
        for (length = 1; value[length] && (value[length] != '"' || value[length - 1] == '\\');)
            length++;
    length += *value == '"' && value[length];
    char *copy = strndup(value, length);
    const char *wrong = copy ? rt_line_read(copy, &w, &at) : "";
    imp_status st = IMP_OK;
    if (wrong)
        st = imp_fail(err, *wrong ? IMP_E_PARAM : IMP_E_MEMORY, "the option '%s': %s", key,
                      *wrong ? wrong : "no memory");
    else
        st = read_option(key, w.list[0].text, o, err);
    if (copy)
        rt_words_free(&w);
    free(copy);
    *p = value + length;
    return st;
}

static imp_status read_options(const char *text, struct options *o, imp_error *err)
{
    imp_status st = IMP_OK;
    for (const char *p = text ? text : ""; st == IMP_OK;) {
        p += strspn(p, " \n\t");
        if (!*p)
            break;
        st = next_option(&p, o, err);
    }
    return st;
}

/* ---- what a file is ---- */

static bool ends_with(const char *path, const char *ending)
{
    const size_t n = strlen(path), m = strlen(ending);
    return n > m && !strcmp(path + n - m, ending);
}

static bool starts(const struct rt_input *in, const char *magic, size_t n, size_t at)
{
    return in->head_size >= at + n && !memcmp(in->head + at, magic, n);
}

/* Why a file of some other kind is refused; NULL: it is none that is known. */
static const char *other_kind(const struct rt_input *in, const char *path)
{
    if (ends_with(path, ".safetensors.index.json"))
        return "it is the index of a model in several files (shards): join them into one "
               "safetensors file first";
    if (starts(in, "PK\x03\x04", 4, 0))
        return "it is a ZIP archive, as PyTorch's .pt and .pth are, which can hold programs: save "
               "its "
               "weights as safetensors or export ONNX";
    if (starts(in, "\x80\x02", 2, 0) || starts(in, "\x80\x03", 2, 0) || starts(in, "\x80\x04", 2, 0))
        return "it is a Python pickle, which can hold programs: save its weights as safetensors or "
               "export ONNX";
    if (starts(in, "\x89HDF", 4, 0))
        return "it is HDF5, as Keras writes it: export ONNX";
    if (starts(in, "TFL3", 4, 4))
        return "it is TensorFlow Lite: convert it to ONNX";
    if (starts(in, "GGUF", 4, 0))
        return "it is GGUF, quantised weights of another runtime: take the original in safetensors "
               "or ONNX";
    if (starts(in, "version https://git-lfs", 23, 0))
        return "it is a pointer of Git LFS, not the file itself: fetch it with git lfs pull";
    if (starts(in, "<", 1, 0))
        return "it is a web page or XML, not a network: the download went wrong";
    return NULL;
}

/* "-00002-of-00005.safetensors": a part of a model. */
static bool is_shard(const char *path)
{
    const char *of = strstr(path, "-of-");
    if (!of || of - path < 6 || !ends_with(path, ".safetensors"))
        return false;
    return of[-6] == '-' && strspn(of - 5, "0123456789") == 5 &&
           strspn(of + 4, "0123456789") == 5 && strcmp(of + 4, "00001.safetensors") != 0;
}

/* The length and the beginning of a header: the length's first bytes may be those of any kind. */
static bool has_header(const struct rt_input *in)
{
    return in->size > 9 && in->head[8] == '{' && !in->head[7] && !in->head[6] && !in->head[5];
}

static bool is_safetensors(const struct rt_input *in, const char *path)
{
    return ends_with(path, ".safetensors") || has_header(in);
}

/* ---- reading by kind ---- */

/* The path with another ending; NULL: no memory. */
static char *beside(const char *path, const char *ending)
{
    const char *dot = strrchr(path, '.'), *slash = strrchr(path, '/');
    const size_t stem = dot && (!slash || dot > slash) ? (size_t)(dot - path) : strlen(path);
    char *other = malloc(stem + strlen(ending) + 1);
    if (other)
        strcpy((char *)memcpy(other, path, stem) + stem, ending);
    return other;
}

/* A message with the file's name in front, which readers do not know. */
static imp_status named(imp_status st, const char *path, const char *text, imp_error *err)
{
    char shown[SHOWN];
    return imp_fail(err, st, "%s: %s", rt_shown(path, shown, sizeof shown), text);
}

static imp_status read_safetensors(struct rt_input *in, const char *path, const char *arch_path,
                                   const struct options *o, struct rt_graph **out, imp_error *err)
{
    struct rt_bytes arch = {0};
    imp_status st = IMP_OK;
    if (is_shard(path))
        return imp_fail(err, IMP_E_UNSUPPORTED,
                        "it is one part of a model in several files (shards): "
                        "join them into one safetensors file first");
    if (o->map)
        st = rt_input_map(in, err);
    if (st == IMP_OK && (o->arch || (rt_bytes_exist(arch_path) && !st_is_ours(in))))
        st = rt_bytes_read(arch_path, &arch, err);
    if (st == IMP_OK && !arch.data)
        st = st_graph(in, NULL, 0, out, err);
    else if (st == IMP_OK) {
        char *text = malloc(RT_MESSAGE);
        imp_error inner = {.struct_size = sizeof inner, .text_cap = RT_MESSAGE, .text = text};
        if (text) {
            *text = '\0';
            st = st_graph(in, (const char *)arch.data, arch.size, out, &inner);
        } else
            st = IMP_E_MEMORY;
        if (st != IMP_OK)
            imp_fail(err, st, "with the architecture %s: %s", arch_path, text ? text : "no memory");
        free(text);
    }
    rt_bytes_free(&arch);
    return st;
}

/* An architecture with the weights in `other`. */
static imp_status read_beside(const struct rt_bytes *b, const char *other, const struct options *o,
                              struct rt_graph **out, imp_error *err)
{
    struct rt_input weights;
    if (!rt_bytes_exist(other))
        return imp_fail(err, IMP_E_MISSING,
                        "it is an architecture, and there is no %s beside it: put the "
                        "weights there, or draw new ones (net.build, seed=NUMBER)",
                        other);
    imp_status st = rt_input_open(other, &weights, err);
    weights.job = o->job;
    if (st == IMP_OK && o->map)
        st = rt_input_map(&weights, err);
    if (st == IMP_OK)
        st = st_graph(&weights, (const char *)b->data, b->size, out, err);
    rt_input_close(&weights);
    return st;
}

/* An architecture: with the weights beside it, or drawn by the seed that was asked for. */
static imp_status read_ini(const struct rt_bytes *b, const char *path, const struct options *o,
                           struct rt_graph **out, imp_error *err)
{
    if (o->has_seed)
        return rt_arch_read((const char *)b->data, b->size, NULL, NULL, o->seed, out, err);
    char *other = beside(path, ".safetensors");
    const imp_status st = other ? read_beside(b, other, o, out, err)
                                : imp_fail(err, IMP_E_MEMORY, "no memory");
    free(other);
    return st;
}

/* Kinds that are read whole before anything is made of them. */
static imp_status read_whole(const struct rt_input *in, const char *path, const struct options *o,
                             struct rt_graph **out, imp_error *err)
{
    struct rt_bytes b = {0};
    imp_status st = rt_bytes_of(in, &b, err);
    if (st == IMP_OK)
        st = ends_with(path, ".ini") ? read_ini(&b, path, o, out, err)
                                     : rt_onnx_read(b.data, b.size, path, out, err);
    rt_bytes_free(&b);
    return st;
}

static imp_status read_kind(struct rt_input *in, const char *path, const struct options *o,
                            struct rt_graph **out, imp_error *err)
{
    if (!in->size)
        return imp_fail(err, IMP_E_INPUT, "the file is empty");
    const char *other = has_header(in) ? NULL : other_kind(in, path);
    if (other)
        return imp_fail(err, IMP_E_UNSUPPORTED, "%s", other);
    const bool ini = ends_with(path, ".ini"), onnx = !ini && !is_safetensors(in, path);
    if (o->has_seed && !ini)
        return imp_fail(err, IMP_E_PARAM,
                        "seed= draws the weights of an architecture (.ini); this file "
                        "has weights");
    if (o->map && onnx)
        return imp_fail(err, IMP_E_PARAM,
                        "map=yes is for safetensors, whose numbers lie as memory wants them: "
                        "`impasto model convert` makes such a file");
    if (o->arch && (ini || onnx))
        return imp_fail(err, IMP_E_PARAM,
                        "arch= is for safetensors of others; this file has an architecture");
    if (ini || onnx)
        return read_whole(in, path, o, out, err);
    char *arch = o->arch ? strdup(o->arch) : beside(path, ".ini");
    const imp_status st = arch ? read_safetensors(in, path, arch, o, out, err)
                               : imp_fail(err, IMP_E_MEMORY, "no memory");
    free(arch);
    return st;
}

imp_status rt_file_read(const char *path, const char *options, imp_job *job, struct rt_graph **out,
                        imp_error *err)
{
    struct options o = {.job = job};
    struct rt_input in = {.fd = -1};
    struct rt_graph *g = NULL;
    char *text = malloc(RT_MESSAGE);
    if (!text)
        return imp_fail(err, IMP_E_MEMORY, "no memory to read %s", path);
    imp_error inner = {.struct_size = sizeof inner, .text_cap = RT_MESSAGE, .text = text};
    *text = '\0';
    imp_status st = read_options(options, &o, &inner);
    if (st == IMP_OK)
        st = rt_input_open(path, &in, &inner);
    in.job = job;
    if (st == IMP_OK)
        st = read_kind(&in, path, &o, &g, &inner);
    rt_input_close(&in);
    if (st == IMP_OK && o.average)
        st = rt_average_pools(g, &inner);
    if (st == IMP_OK)
        *out = g;
    else {
        named(st, path, *text ? text : "it cannot be read", err);
        rt_graph_free(g);
    }
    free(o.arch);
    free(text);
    return st;
}

/* ---- writing ---- */

imp_status rt_file_write(const struct rt_graph *g, const char *path, imp_error *err)
{
    void *data = NULL;
    char *text = NULL;
    size_t size = 0;
    imp_status st;
    if (ends_with(path, ".onnx"))
        st = rt_onnx_write(g, &data, &size, err);
    else if (ends_with(path, ".safetensors"))
        st = rt_safetensors_write(g, &data, &size, err);
    else if (ends_with(path, ".ini")) {
        st = rt_arch_write(g, &text, err);
        data = text;
        size = text ? strlen(text) : 0;
    } else
        return imp_fail(err, IMP_E_PARAM,
                        "%s: the ending says the format: .onnx, .safetensors, or .ini "
                        "for the architecture alone",
                        path);
    if (st == IMP_OK)
        st = rt_bytes_write(path, data, size, err);
    free(data);
    return st;
}
