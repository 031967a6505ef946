/* The host's codecs as a plugin sees them. */
#include "codec_help.h"
#include "registry.h"

struct lender {
    struct report *report;
    struct registry *registry;
    struct codecs *codecs;
    const imp_host *host;
    const imp_host_image_1 *table;
    char text[256];
    imp_error err;
};

static int open_lender(void **state)
{
    struct lender *l = calloc(1, sizeof *l);
    const struct registry_options o = {.plugin_path = "/nonexistent", .program_path = "/nonexistent/bin/impasto"};
    l->report = report_new();
    l->registry = registry_open(&o, l->report);
    l->codecs = codecs_open(l->registry, NULL, true, l->report);
    l->host = registry_host(l->registry, "node", NULL);
    l->table = l->host->get_interface(l->host, IMP_HOST_IMAGE_1);
    l->err = (imp_error){.struct_size = sizeof l->err, .text_cap = sizeof l->text, .text = l->text, .param = -1, .port = -1};
    *state = l;
    return l->table && l->table->struct_size >= sizeof *l->table ? 0 : -1;
}

static int close_lender(void **state)
{
    struct lender *l = *state;
    codecs_close(l->codecs);
    registry_close(l->registry);
    report_free(l->report);
    free(l);
    return 0;
}

static void pictures_are_read_as_srgb_of_the_channels_asked_for(void **state)
{
    struct lender *l = *state;
    imp_image *m = NULL, *grey = NULL;
    assert_int_equal(l->table->read(l->host, PICTURES "rgb.pfm", 0, &m, &l->err), IMP_OK);
    assert_int_equal(m->colour, IMP_SRGB);
    assert_int_equal(m->channels, 3);
    assert_int_equal(l->table->read(l->host, PICTURES "rgb.png", 1, &grey, &l->err), IMP_OK);
    assert_int_equal(grey->channels, 1);
    l->table->drop(l->host, m);
    l->table->drop(l->host, grey);
}

static void what_cannot_be_read_is_said(void **state)
{
    struct lender *l = *state;
    imp_image *m = NULL;
    assert_int_equal(l->table->read(l->host, PICTURES "nothing.png", 0, &m, &l->err), IMP_E_MISSING);
    assert_int_equal(l->table->read(l->host, PICTURES "cmyk.jpg", 0, &m, &l->err), IMP_E_UNSUPPORTED);
    assert_non_null(strstr(l->text, "CMYK"));
    assert_int_equal(l->table->read(l->host, PICTURES "rgb.png", 2, &m, &l->err), IMP_E_PARAM);
    assert_null(m);
}

static void pictures_are_encoded_by_an_ending_alone(void **state)
{
    struct lender *l = *state;
    imp_image *m;
    void *png, *jpg;
    uint64_t n, k;
    assert_int_equal(l->table->read(l->host, PICTURES "rgb.png", 0, &m, &l->err), IMP_OK);
    assert_int_equal(l->table->encode(l->host, m, "png", &png, &n, &l->err), IMP_OK);
    assert_int_equal(l->table->encode(l->host, m, "jpg", &jpg, &k, &l->err), IMP_OK);
    assert_true(n > 60 && memcmp(png, "\x89PNG", 4) == 0);
    assert_true(k > 100 && memcmp(jpg, "\xff\xd8\xff", 3) == 0);
    assert_int_equal(l->table->encode(l->host, m, "webp", &jpg, &k, &l->err), IMP_E_UNSUPPORTED);
    l->table->drop(l->host, png); /* in any order */
    l->table->drop(l->host, m);
    l->table->drop(l->host, jpg);
    l->table->drop(l->host, NULL);
}

static void encoded_files_never_given_back_are_freed_at_the_end(void **state)
{
    struct lender *l = *state;
    imp_image *m;
    void *png;
    uint64_t n;
    assert_int_equal(l->table->read(l->host, PICTURES "grey.png", 0, &m, &l->err), IMP_OK);
    assert_int_equal(l->table->encode(l->host, m, "png", &png, &n, &l->err), IMP_OK);
    l->table->drop(l->host, m); /* the leak checker looks at the other */
}

int main(void)
{
#define CASE(f) cmocka_unit_test_setup_teardown(f, open_lender, close_lender)
    const struct CMUnitTest cases[] = {
        CASE(pictures_are_read_as_srgb_of_the_channels_asked_for),
        CASE(what_cannot_be_read_is_said),
        CASE(pictures_are_encoded_by_an_ending_alone),
        CASE(encoded_files_never_given_back_are_freed_at_the_end),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(cases, NULL, NULL);
}
