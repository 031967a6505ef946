/* data_test.h - what the tests of data sets share: a temporary folder, files in it, a host that reads
 * PNM pictures, data sets as the filters make them. */
#ifndef DATA_TEST_H
#define DATA_TEST_H
#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <cmocka.h>
#include <impasto/kit_data.h>
#include "files.h"
#include "minihost.h"

/* ---- pictures: binary PNM of one byte a sample ---- */

static inline imp_status read_pnm(const imp_host *host, const char *path, uint32_t channels,
                                  imp_image **out, imp_error *err) IMP_NX
{
    char kind = 0;
    unsigned w = 0, h = 0, top = 0;
    FILE *f = fopen(path, "rb");
    (void)host;
    if (!f)
        return imp_fail(err, IMP_E_MISSING, "cannot open it: %s", strerror(errno));
    const int head = fscanf(f, "P%c %u %u %u%*c", &kind, &w, &h, &top);
    const uint32_t own = kind == '6' ? 3 : 1;
    imp_image *m = head == 4 && w && h && top == 255 ? kit_image_new(w, h, own, IMP_SRGB) : NULL;
    bool fine = m != NULL;
    for (size_t i = 0; fine && i < (size_t)w * h * own; i++) {
        const int v = fgetc(f);
        fine = v != EOF;
        m->data[i % own * (size_t)m->plane + i / own] = (float)v / 255.0f;
    }
    fclose(f);
    if (!fine) {
        kit_image_free(m);
        return imp_fail(err, IMP_E_INPUT, "the picture is cut short");
    }
    if (own == channels || !channels) {
        *out = m;
        return IMP_OK;
    }
    imp_image *to = kit_image_new(w, h, channels, IMP_SRGB);
    const size_t n = (size_t)m->plane;
    for (uint32_t c = 0; to && c < channels && own == 1; c++)
        memcpy(to->data + c * n, m->data, n * sizeof(float));
    if (to && own == 3)
        kit_luma(m->data, m->data + n, m->data + 2 * n, to->data, n);
    kit_image_free(m);
    *out = to;
    return to ? IMP_OK : IMP_E_MEMORY;
}

static inline void drop_pnm(const imp_host *host, void *m) IMP_NX
{
    (void)host;
    kit_image_free(m);
}

static const imp_host_image_1 pnm_reader = {.struct_size = sizeof pnm_reader, .read = read_pnm,
                                            .drop = drop_pnm};

/* ---- one test's world ---- */

struct data_place {
    struct mini *data;
    char folder[64], path[256];
};

static inline int open_plugin(void **state, const char *plugin)
{
    char path[4096], why[512];
    struct data_place *p = calloc(1, sizeof *p);
    p->data = mini_open(mini_built(plugin, path, sizeof path), why, sizeof why);
    if (!p->data) {
        print_message("# %s\n", why);
        return -1;
    }
    mini_interface(p->data, IMP_HOST_IMAGE_1, &pnm_reader);
    *state = p;
    return 0;
}

static inline int close_plugin(void **state)
{
    struct data_place *p = *state;
    mini_close(p->data);
    free(p);
    return 0;
}

static inline int make_folder(void **state)
{
    struct data_place *p = *state;
    snprintf(p->folder, sizeof p->folder, "%s", "/tmp/impasto-data-XXXXXX");
    return mkdtemp(p->folder) ? 0 : -1;
}

static inline int remove_folder(void **state)
{
    struct data_place *p = *state;
    return files_remove_tree(p->folder) ? 0 : -1;
}

/* folder/NAME; parents are made. */
static inline const char *at_folder(struct data_place *p, const char *name)
{
    snprintf(p->path, sizeof p->path, "%s/%s", p->folder, name);
    assert_true(files_make_parents(p->path));
    return p->path;
}

static inline void write_file(struct data_place *p, const char *name, const void *data, size_t size)
{
    FILE *f = fopen(at_folder(p, name), "wb");
    assert_non_null(f);
    assert_int_equal(fwrite(data, 1, size, f), size);
    assert_int_equal(fclose(f), 0);
}

static inline void write_text(struct data_place *p, const char *name, const char *text)
{
    write_file(p, name, text, strlen(text));
}

/* A picture whose samples are all r, g, b (grey: r, and channels 1). */
static inline void write_picture(struct data_place *p, const char *name, unsigned w, unsigned h,
                                 uint32_t channels, const uint8_t rgb[3])
{
    FILE *f = fopen(at_folder(p, name), "wb");
    assert_non_null(f);
    fprintf(f, "P%c\n%u %u\n255\n", channels == 3 ? '6' : '5', w, h);
    for (unsigned i = 0; i < w * h; i++)
        fwrite(rgb, 1, channels, f);
    assert_int_equal(fclose(f), 0);
}

/* ---- data sets ---- */

struct made {
    struct mini_node *node;
    struct mini_result result;
    const imp_dataset *train, *test;
};

static inline const imp_dataset *set_of(const struct mini_result *r, uint32_t port)
{
    const imp_value *v = mini_output(r, port, 0);
    return v ? ((const imp_object *)(const void *)v)->object : NULL;
}

/* Runs a filter; "%s" in the parameters is the folder. Whatever comes of it. */
__attribute__((format(printf, 4, 5))) static inline struct made run_filter(
    struct data_place *p, const char *filter, struct mini_call call, const char *fmt, ...)
{
    char params[2048], why[512];
    struct made m = {0};
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(params, sizeof params, fmt, ap);
    va_end(ap);
    m.node = mini_node(p->data, filter, params, why, sizeof why);
    if (!m.node)
        print_message("# %s %s: %s\n", filter, params, why);
    assert_non_null(m.node);
    mini_process(m.node, &call, &m.result);
    if (m.result.fault[0])
        print_message("# %s %s: it %s\n", filter, params, m.result.fault);
    assert_string_equal(m.result.fault, "");
    m.train = set_of(&m.result, 0);
    m.test = set_of(&m.result, 1);
    return m;
}

static inline void drop_made(struct made *m)
{
    mini_result_free(&m->result);
    mini_node_free(m->node);
}

/* The data sets of a call that must work: only `train` wanted, unless said otherwise. */
#define MAKE(p, filter, ...) run_fine((p), run_filter((p), (filter), (struct mini_call){.wanted = 1}, __VA_ARGS__))
#define MAKE_BOTH(p, filter, ...) run_fine((p), run_filter((p), (filter), (struct mini_call){.wanted = 3}, __VA_ARGS__))
static inline struct made run_fine(struct data_place *p, struct made m)
{
    (void)p;
    if (m.result.status != IMP_OK)
        print_message("# status %d: %s\n", (int)m.result.status, m.result.text);
    assert_int_equal(m.result.status, IMP_OK);
    assert_non_null(m.train);
    return m;
}

/* What plan says of these parameters. */
__attribute__((format(printf, 3, 4))) static inline struct mini_planned plan_filter(
    struct data_place *p, const char *filter, const char *fmt, ...)
{
    char params[2048], why[512];
    struct mini_planned out;
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(params, sizeof params, fmt, ap);
    va_end(ap);
    struct mini_node *node = mini_node(p->data, filter, params, why, sizeof why);
    if (!node)
        print_message("# %s %s: %s\n", filter, params, why);
    assert_non_null(node);
    mini_plan(node, NULL, 0, &out);
    mini_node_free(node);
    return out;
}

static inline void assert_part(const char *text, const char *part)
{
    if (!strstr(text, part))
        print_message("# '%s' is not in: %s\n", part, text);
    assert_non_null(strstr(text, part));
}

/* plan lists `count` mistakes with this one among them, process refuses with its sentence. */
#define REFUSED(p, filter, count, part, ...)                                                       \
    do {                                                                                           \
        const struct mini_planned planned_ = plan_filter((p), (filter), __VA_ARGS__);              \
        if (planned_.mistake_count != (count))                                                     \
            print_message("# %u mistakes: %s\n", planned_.mistake_count, planned_.text);           \
        assert_int_equal(planned_.mistake_count, (count));                                         \
        assert_part(planned_.text, (part));                                                        \
        struct made made_ = run_filter((p), (filter), (struct mini_call){.wanted = 1}, __VA_ARGS__); \
        assert_true(made_.result.status < 0);                                                      \
        assert_true(made_.result.text[0]);                                                         \
        if ((count) < 3 && !strchr((part), '[')) /* names are for the plan */                      \
            assert_part(made_.result.text, (part));                                                \
        drop_made(&made_);                                                                         \
    } while (0)

/* Sample i: its class; pixels and attributes where not NULL. */
static inline uint32_t read_sample(const imp_dataset *d, uint64_t i, float *pixels, double *numbers)
{
    char text[200];
    imp_error err = {sizeof err, sizeof text, text, -1, -1};
    imp_sample s = {.struct_size = sizeof s, .label = 77, .pixels = pixels, .attributes = numbers};
    assert_int_equal(d->read(d, i, &s, &err), IMP_OK);
    return s.label;
}

static inline void assert_number(double got, double want)
{
    if (!(fabs(got - want) <= 1e-9 * fmax(1, fabs(want))))
        print_message("# got %.12g, want %.12g\n", got, want);
    assert_true(fabs(got - want) <= 1e-9 * fmax(1, fabs(want)));
}
#endif
