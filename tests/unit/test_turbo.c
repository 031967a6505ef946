/* The turbo plugin against the built-in codecs: the same pictures, the same refusals. Skipped when the
 * plugin was not built (its packages are missing). */
#include "codec_help.h"
#include "codecs_private.h"
#include "registry.h"
#include <dlfcn.h>
#include <unistd.h>

struct turbo {
    struct bench *bench;
    const imp_codec_1 *table;
};

/* build/CONFIG/tests/test_turbo -> build/CONFIG/lib/impasto/plugins-1/turbo.so */
static const imp_codec_1 *load(void)
{
    char path[4096];
    const ssize_t n = readlink("/proc/self/exe", path, sizeof path - 64);
    if (n <= 0)
        return NULL;
    path[n] = '\0';
    for (int i = 0; i < 2 && strrchr(path, '/'); i++)
        *strrchr(path, '/') = '\0';
    strcat(path, "/lib/impasto/plugins-1/turbo.so");
    if (access(path, R_OK) != 0)
        return NULL;
    void *so = dlopen(path, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
    if (!so)
        fail_msg("%s", dlerror());
    const imp_plugin *(*entry)(void);
    void *symbol = dlsym(so, "imp_entry_v1");
    memcpy(&entry, &symbol, sizeof entry);
    assert_string_equal(entry()->provides[0]->id, IMP_CODEC_1);
    return entry()->provides[0]->table;
}

static int open_turbo(void **state)
{
    struct turbo *t = calloc(1, sizeof *t);
    t->table = load();
    *state = t;
    return bench_open((void **)&t->bench);
}

static int close_turbo(void **state)
{
    struct turbo *t = *state;
    const int st = bench_close((void **)&t->bench);
    free(t);
    return st;
}

static void need(const struct turbo *t)
{
    if (!t->table)
        skip();
}

static struct value *turbo_decode(struct turbo *t, const char *name, const void *data, size_t size)
{
    imp_picture p = {.struct_size = sizeof p};
    struct bench *b = t->bench;
    if (t->table->probe(NULL, data, size, &p, &b->err) != IMP_OK)
        fail_msg("%s: %s", name, b->text);
    struct value *v = value_image(b->memory, p.width, p.height, p.channels, IMP_SRGB);
    if (t->table->decode(NULL, data, size, &v->as.image, &b->err) != IMP_OK)
        fail_msg("%s: %s", name, b->text);
    return v;
}

static void compare(struct turbo *t, const char *name, float most)
{
    char path[128];
    void *data;
    size_t size;
    snprintf(path, sizeof path, PICTURES "%s", name);
    slurp(t->bench, path, &data, &size);
    struct value *x = turbo_decode(t, name, data, size), *y = decode_bytes(t->bench, name, data, size, 0);
    const float d = difference(&x->as.image, &y->as.image);
    if (!(d <= most))
        fail_msg("%s: turbo and stb differ by %g", name, (double)d);
    value_release(x);
    value_release(y);
    free(data);
}

static void png_decodes_to_the_same_samples(void **state)
{
    static const char *const names[] = {"rgb.png", "rgb16.png", "rgba.png", "rgba16.png", "palette.png",
        "palette_alpha.png", "interlaced.png", "grey.png", "grey16.png", "bits.png", "grey_alpha.png"};
    need(*state);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        compare(*state, names[i], 0);
}

static void jpeg_decodes_to_nearly_the_same_samples(void **state)
{
    need(*state);
    compare(*state, "baseline.jpg", 4.5f / 255);
    compare(*state, "progressive.jpg", 4.5f / 255);
    compare(*state, "full.jpg", 4.5f / 255);
    compare(*state, "grey.jpg", 2.5f / 255);
}

struct sink {
    unsigned char data[65536];
    size_t size;
};

static imp_status gather(void *to, const void *data, uint64_t size)
{
    struct sink *s = to;
    if (size > sizeof s->data - s->size)
        return IMP_E_IO;
    memcpy(s->data + s->size, data, size);
    s->size += size;
    return IMP_OK;
}

static imp_status full(void *to, const void *data, uint64_t size)
{
    (void)to, (void)data, (void)size;
    return IMP_E_IO;
}

static void what_it_writes_the_built_in_codec_reads(void **state)
{
    struct turbo *t = *state;
    struct bench *b = t->bench;
    need(t);
    for (uint32_t n = 1; n <= 3; n += 2) {
        struct value *in = value_image(b->memory, 40, 30, n, IMP_SRGB);
        struct sink *s = calloc(1, sizeof *s);
        for (uint32_t c = 0; c < n; c++)
            for (uint32_t y = 0; y < 30; y++)
                for (uint32_t x = 0; x < 40; x++)
                    imp_row_out(&in->as.image, c, y)[x] = (float)(x + y + 9 * c) / 90.0f;
        assert_int_equal(t->table->encode(NULL, &in->as.image, "jpg", 95, s, gather, &b->err), IMP_OK);
        struct value *out = decode_bytes(b, "x.jpg", s->data, s->size, 0);
        assert_int_equal(out->as.image.channels, n);
        assert_true(difference(&in->as.image, &out->as.image) < 0.025f);
        assert_int_equal(t->table->encode(NULL, &in->as.image, "jpg", 95, NULL, full, &b->err), IMP_E_IO);
        value_release(in);
        value_release(out);
        free(s);
    }
}

/* Of both formats; PNG by rows, whole, with transparency. libspng does not miss the last checksum. */
static void files_cut_anywhere_are_refused(void **state)
{
    static const char *const names[] = {"rgb.png", "interlaced.png", "palette_alpha.png", "baseline.jpg",
                                        "progressive.jpg", "grey.jpg"};
    struct turbo *t = *state;
    struct bench *b = t->bench;
    need(t);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        char path[128];
        void *data;
        size_t size;
        snprintf(path, sizeof path, PICTURES "%s", names[i]);
        slurp(b, path, &data, &size);
        struct value *v = turbo_decode(t, names[i], data, size);
        for (size_t n = 0; n + (strstr(names[i], ".png") ? 4 : 0) < size; n++) {
            imp_picture p = {.struct_size = sizeof p};
            void *cut = malloc(n ? n : 1);
            memcpy(cut, data, n);
            b->text[0] = '\0';
            if (t->table->probe(NULL, cut, n, &p, &b->err) == IMP_OK && p.channels == v->as.image.channels &&
                t->table->decode(NULL, cut, n, &v->as.image, &b->err) == IMP_OK)
                fail_msg("%s cut to %zu of %zu bytes was taken", path, n, size);
            assert_true(b->text[0] || p.channels != v->as.image.channels);
            free(cut);
        }
        value_release(v);
        free(data);
    }
}

static void cmyk_is_handed_back_with_the_reason(void **state)
{
    struct turbo *t = *state;
    struct bench *b = t->bench;
    imp_picture p = {.struct_size = sizeof p};
    void *data;
    size_t size;
    need(t);
    slurp(b, PICTURES "cmyk.jpg", &data, &size);
    assert_int_equal(t->table->probe(NULL, data, size, &p, &b->err), IMP_E_UNSUPPORTED);
    assert_non_null(strstr(b->text, "CMYK"));
    free(data);
}

static void damage_is_an_error_not_a_grey_picture(void **state)
{
    struct turbo *t = *state;
    struct bench *b = t->bench;
    unsigned char *p;
    void *data;
    size_t size;
    need(t);
    slurp(b, PICTURES "baseline.jpg", &data, &size);
    struct value *v = turbo_decode(t, "baseline.jpg", data, size);
    p = data;
    memcpy(p + size - 20, "\xff\xd9", 2); /* the end mark in the middle of the pixels */
    assert_int_equal(t->table->decode(NULL, data, size, &v->as.image, &b->err), IMP_E_INPUT);
    assert_non_null(strstr(b->text, "JPEG"));
    value_release(v);
    free(data);
}

static void the_plugin_comes_first_and_plain_leaves_it_out(void **state)
{
    struct turbo *t = *state;
    const struct registry_options o = {.insecure = true}; /* plugins beside this program */
    need(t);
    struct report *report = report_new();
    struct registry *registry = registry_open(&o, report);
    struct codecs *both = codecs_open(registry, NULL, false, report);
    struct codecs *plain = codecs_open(registry, NULL, true, report);
    size_t i = 0;
    assert_string_equal(codecs_next(both, &i, "jpg", false)->plugin, "turbo");
    assert_null(codecs_next(both, &i, "jpg", false)->plugin); /* the built-in one stands behind it */
    i = 0;
    assert_null(codecs_next(both, &i, "png", true)->plugin);
    i = 0;
    assert_null(codecs_next(plain, &i, "jpg", false)->plugin);
    codecs_close(plain);
    codecs_close(both);
    registry_close(registry);
    report_free(report);
}

int main(void)
{
#define CASE(f) cmocka_unit_test_setup_teardown(f, open_turbo, close_turbo)
    const struct CMUnitTest cases[] = {
        CASE(png_decodes_to_the_same_samples),
        CASE(jpeg_decodes_to_nearly_the_same_samples),
        CASE(what_it_writes_the_built_in_codec_reads),
        CASE(files_cut_anywhere_are_refused),
        CASE(cmyk_is_handed_back_with_the_reason),
        CASE(the_plugin_comes_first_and_plain_leaves_it_out),
        CASE(damage_is_an_error_not_a_grey_picture),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(cases, NULL, NULL);
}
