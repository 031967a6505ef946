/* test_data_shared.c - the data filters on real data sets outside the tree (make test DATA=DIR): MNIST,
 * CIFAR-10 records, a table of faces. Known sums of the published files. */
#include <unistd.h>
#include "codecs.h"
#include "data_test.h"

/* Pictures through the host's own codecs. */
static struct codecs *codecs;
static struct memory *memory;

static imp_status read_real(const imp_host *host, const char *path, uint32_t channels,
                            imp_image **out, imp_error *err) IMP_NX
{
    struct value *v = NULL;
    void *data;
    size_t size;
    (void)host;
    imp_status st = codecs_slurp(codecs, path, &data, &size, NULL, err);
    if (st != IMP_OK)
        return st;
    st = codecs_decode(codecs, memory, path, data, size, channels, &v, NULL, err);
    free(data);
    if (st == IMP_OK)
        *out = &v->as.image;
    return st;
}

static void drop_real(const imp_host *host, void *m) IMP_NX
{
    (void)host;
    value_release(value_of(m));
}

static const imp_host_image_1 real_reader = {.struct_size = sizeof real_reader, .read = read_real,
                                             .drop = drop_real};

static int open_data(void **state)
{
    const struct codec_caps caps = {.max_pixels = 1 << 24};
    codecs = codecs_open(NULL, &caps, true, NULL);
    memory = memory_new(0);
    if (!codecs || !memory || open_plugin(state, "data") != 0)
        return -1;
    mini_interface(((struct data_place *)*state)->data, IMP_HOST_IMAGE_1, &real_reader);
    return 0;
}

static int close_data(void **state)
{
    codecs_close(codecs);
    memory_free(memory);
    return close_plugin(state);
}

/* The folder of the data, or a skip: of all of it, or of that file. */
static const char *data_folder(const char *file)
{
    const char *folder = getenv("DATA");
    char path[4096];
    snprintf(path, sizeof path, "%s/%s", folder ? folder : "", file);
    if (!folder || !*folder || access(path, R_OK) != 0)
        skip();
    return folder;
}

static void mnist_has_its_sixty_thousand_digits(void **state)
{
    struct data_place *p = *state;
    const char *d = data_folder("classification/mnist/train-images-idx3-ubyte.gz");
    static const uint32_t known[10] = {5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949};
    static const uint32_t first[10] = {5, 0, 4, 1, 9, 2, 1, 3, 1, 4};
    uint32_t of_class[10] = {0};
    struct made m = MAKE_BOTH(p, "data.idx",
                              "images=%s/classification/mnist/train-images-idx3-ubyte.gz "
                              "labels=%s/classification/mnist/train-labels-idx1-ubyte.gz "
                              "test_images=%s/classification/mnist/t3k-images-idx3-ubyte.gz "
                              "test_labels=%s/classification/mnist/t3k-labels-idx1-ubyte.gz",
                              d, d, d, d);
    assert_int_equal(m.train->count, 60000);
    assert_int_equal(m.test->count, 3000);
    assert_int_equal(m.train->class_count, 10);
    for (uint64_t i = 0; i < 60000; i++)
        of_class[read_sample(m.train, i, NULL, NULL)]++;
    assert_memory_equal(of_class, known, sizeof known);
    for (uint64_t i = 0; i < 10; i++)
        assert_int_equal(read_sample(m.train, i, NULL, NULL), first[i]);
    drop_made(&m);
}

static void mnist_labels_of_another_file_are_refused(void **state)
{
    struct data_place *p = *state;
    const char *d = data_folder("classification/mnist/t10k-labels-idx1-ubyte.gz");
    REFUSED(p, "data.idx", 1, "has 10000 labels",
            "images=%s/classification/mnist/t3k-images-idx3-ubyte.gz "
            "labels=%s/classification/mnist/t10k-labels-idx1-ubyte.gz", d, d);
}

static void cifar_records_are_those_of_the_file(void **state)
{
    struct data_place *p = *state;
    const char *d = data_folder("classification/cifar10/train_lossless_first4000.bin");
    static float pixels[3072];
    uint8_t record[3073];
    char path[4096];
    struct made m = MAKE_BOTH(p, "data.cifar",
                              "path=%s/classification/cifar10 files=train_lossless_first4000.bin "
                              "test_files=test_2k.bin", d);
    assert_int_equal(m.train->count, 4000);
    assert_int_equal(m.test->count, 2000);
    assert_string_equal(m.train->class_names[6], "frog");
    snprintf(path, sizeof path, "%s/classification/cifar10/train_lossless_first4000.bin", d);
    FILE *f = fopen(path, "rb");
    assert_non_null(f);
    for (uint64_t i = 0; i < 4000; i += 1333) {
        assert_int_equal(fseek(f, (long)i * 3073, SEEK_SET), 0);
        assert_int_equal(fread(record, 1, sizeof record, f), sizeof record);
        assert_int_equal(read_sample(m.train, i, pixels, NULL), record[0]);
        for (int k = 0; k < 3072; k++)
            assert_true(pixels[k] == (float)record[1 + k] / 255.0f);
    }
    fclose(f);
    drop_made(&m);
}

static void faces_have_their_ratings_and_drawings(void **state)
{
    struct data_place *p = *state;
    const char *d = data_folder("faces/omi/dev/attributes.csv");
    static float pixels[3 * 48 * 48], lines[48 * 48];
    double v[2], ink = 0;
    struct made m = MAKE_BOTH(p, "data.csv",
                              "path=%s/faces/omi/dev line=line/{id}.png size=48 test_share=0.1 "
                              "limit=60 attributes='hair-color:0..100 hair_bin:dark|middle|light'",
                              d);
    assert_int_equal(m.train->count, 54);
    assert_int_equal(m.test->count, 6);
    assert_int_equal(m.train->attribute_count, 2);
    for (uint64_t i = 0; i < 54; i++) {
        imp_sample s = {.struct_size = sizeof s, .pixels = pixels, .lines = lines, .attributes = v};
        assert_int_equal(m.train->read(m.train, i, &s, NULL), IMP_OK);
        assert_in_range(v[1], 0, 2);
        assert_true(v[0] >= 0 && v[0] <= 100);
        for (int k = 0; k < 48 * 48; k++)
            ink += 1 - (double)lines[k];
    }
    assert_true(ink / (54 * 48 * 48) > 0.02 && ink / (54 * 48 * 48) < 0.2);
    drop_made(&m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(mnist_has_its_sixty_thousand_digits),
        cmocka_unit_test(mnist_labels_of_another_file_are_refused),
        cmocka_unit_test(cifar_records_are_those_of_the_file),
        cmocka_unit_test(faces_have_their_ratings_and_drawings),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, open_data, close_data) != 0;
}
