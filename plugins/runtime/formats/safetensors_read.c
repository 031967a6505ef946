/* safetensors_read.c - a safetensors file to a graph: its own architecture, or one beside it. */
#include "safetensors.h"
#include "arch_text.h"
#include "formats.h"

#include <impasto/kit_prepare.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SHOWN = 160, LEFT_OVER_SHOWN = 20, HINTS_MOST = 40 };

struct source {
    struct st_header *header;
    uint32_t hints, reserved0;
};

/* rt_tensor_source of a header: the hint of a tensor that is not there lists the nearest. */
static imp_status find(void *user, const char *name, struct rt_tensor **out, imp_error *err)
{
    struct source *s = user;
    struct st_header *h = s->header;
    const int64_t i = rt_names_find(&h->names, name);
    char hint[300];
    imp_status st = IMP_OK;
    if (i >= 0) {
        h->entries[i].asked = 1;
        *out = st_tensor(h, &h->entries[i], &st, err);
        return st;
    }
    struct rt_nearest near = rt_nearest_to(name);
    const uint32_t tried = s->hints++ < HINTS_MOST ? h->count : 0;
    for (uint32_t k = 0; k < tried; k++)
        rt_nearest_try(&near, h->entries[k].name);
    return imp_fail(err, IMP_OK, "%s", rt_nearest_text(&near, hint, sizeof hint));
}

/* Does the name match a pattern with stars? */
static bool matches(const char *pattern, const char *name)
{
    const char *star = NULL, *again = NULL;
    while (*name) {
        if (*pattern == '*') {
            star = pattern++;
            again = name;
        } else if (*pattern == *name) {
            pattern++;
            name++;
        } else if (star) {
            pattern = star + 1;
            name = ++again;
        } else
            return false;
    }
    while (*pattern == '*')
        pattern++;
    return !*pattern;
}

static bool is_ignored(const struct rt_words *patterns, const char *name)
{
    for (uint32_t i = 0; i < patterns->count; i++)
        if (matches(patterns->list[i].text, name))
            return true;
    return false;
}

/* Tensors that the architecture did not ask for: a wrong architecture more often than not. */
static imp_status check_left_over(const struct st_header *h, const struct rt_words *patterns,
                                  imp_error *err)
{
    struct rt_text all = {0};
    char name[SHOWN];
    uint32_t left = 0;
    for (uint32_t i = 0; i < h->count; i++) {
        const struct st_entry *e = &h->entries[i];
        if (e->asked || is_ignored(patterns, e->name))
            continue;
        if (left++ < LEFT_OVER_SHOWN)
            rt_text_print(&all, " '%s'", rt_shown(e->name, name, sizeof name));
    }
    imp_status st = IMP_OK;
    if (left > LEFT_OVER_SHOWN)
        rt_text_print(&all, " and %u more", left - LEFT_OVER_SHOWN);
    if (left)
        st = imp_fail(err, IMP_E_INPUT,
                      "%u of its %u tensors belong to no layer of the architecture:%s\n"
                      "if that is as it should be, write into its [network]: ignore = name.* other",
                      left, h->count, all.data ? all.data : "");
    free(all.data);
    return st;
}

static imp_status check_preparation(const struct rt_graph *g, imp_error *err)
{
    for (uint32_t i = 0; kit_prepare_keys[i]; i++) {
        const char *text = rt_graph_meta(g, kit_prepare_keys[i]);
        const char *wrong = text ? kit_prepare_check(kit_prepare_keys[i], text) : NULL;
        if (wrong)
            return imp_fail(err, IMP_E_INPUT, "%s: not '%s', but %s", kit_prepare_keys[i], text,
                            wrong);
    }
    return IMP_OK;
}

/* An architecture beside the file may say which tensors it leaves out: `ignore =
 * *.num_batches_tracked`, which is no matter of the model that comes of it. */
static imp_status check_foreign(const struct st_header *h, struct rt_graph *g, imp_error *err)
{
    const char *ignore = rt_graph_meta(g, "ignore");
    struct rt_words patterns;
    uint32_t at;
    const char *wrong = rt_words_read(ignore ? ignore : "", &patterns, &at);
    imp_status st = wrong ? imp_fail(err, *wrong ? IMP_E_INPUT : IMP_E_MEMORY, "ignore: %s",
                                     *wrong ? wrong : "no memory")
                          : check_left_over(h, &patterns, err);
    rt_words_free(&patterns);
    rt_graph_set_meta(g, "ignore", NULL);
    return st == IMP_OK ? check_preparation(g, err) : st;
}

static imp_status read_graph(struct st_header *h, const char *arch, size_t arch_size,
                             struct rt_graph **out, imp_error *err)
{
    const char *own = st_metadata(h, "impasto.architecture");
    struct source source = {.header = h};
    struct rt_graph *g = NULL;
    if (!arch && !own)
        return imp_fail(
            err, IMP_E_INPUT,
            "it holds %u tensors and no architecture: name one (--arch FILE.ini, or the key arch "
            "of "
            "net.load), or put it beside the file under the same name with .ini; Impasto "
            "brings resnet18.ini, vgg19-features.ini and others",
            h->count);
    imp_status st = arch ? rt_arch_read(arch, arch_size, find, &source, 0, &g, err)
                         : rt_arch_read(own, strlen(own), find, &source, 0, &g, err);
    if (st == IMP_OK && arch)
        st = check_foreign(h, g, err);
    if (st == IMP_OK)
        *out = g;
    else
        rt_graph_free(g);
    return st;
}

imp_status st_graph(const struct rt_input *in, const char *arch, size_t arch_size,
                    struct rt_graph **out, imp_error *err)
{
    struct st_header h;
    imp_status st = st_header_read(in, &h, err);
    if (st == IMP_OK)
        st = read_graph(&h, arch, arch_size, out, err);
    st_header_free(&h);
    return st;
}

imp_status rt_safetensors_read(const void *data, size_t size, const char *arch, size_t arch_size,
                               const char *path, struct rt_graph **out, imp_error *err)
{
    struct rt_input in;
    (void)path;
    rt_input_of(&in, data, size);
    return st_graph(&in, arch, arch_size, out, err);
}
