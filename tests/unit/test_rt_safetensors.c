/* test_rt_safetensors.c - safetensors files: hostile headers, every type of number, there and back;
 * files with what lies beside them. */
#include <formats/formats.h>
#include <sys/stat.h>
#include <unistd.h>

#include "rt_same_graph.h"

#include "fake_job.h"

enum { ROOM = 4096 };

struct outcome {
    struct rt_graph *graph;
    imp_status status;
    char text[ROOM];
};

static imp_error listener(struct outcome *o)
{
    return (imp_error){.struct_size = sizeof(imp_error), .text_cap = ROOM, .text = o->text};
}

/* A file of that header and `data` bytes counting up from 1. */
static uint8_t *file_of(const char *header, size_t data, size_t *size)
{
    const size_t n = strlen(header);
    uint8_t *file = malloc(8 + n + data + 1);
    for (size_t i = 0; i < 8; i++)
        file[i] = (uint8_t)(n >> (8 * i));
    memcpy(file + 8, header, n);
    for (size_t i = 0; i < data; i++)
        file[8 + n + i] = (uint8_t)(i + 1);
    *size = 8 + n + data;
    return file;
}

static struct outcome read_bytes(const void *data, size_t size, const char *arch)
{
    struct outcome o = {0};
    imp_error err = listener(&o);
    o.status = rt_safetensors_read(data, size, arch, arch ? strlen(arch) : 0, NULL, &o.graph, &err);
    return o;
}

static struct outcome read_header(const char *header, size_t data, const char *arch)
{
    size_t size;
    uint8_t *file = file_of(header, data, &size);
    struct outcome o = read_bytes(file, size, arch);
    free(file);
    return o;
}

static void expect(const char *text, const char *says)
{
    if (!strstr(text, says))
        fail_msg("does not say \"%s\" but: %s", says, text);
}

#define HEAD "[network]\nformat = 1\n"
#define ONE  HEAD "[x]\nop = input\nshape = N\n[y]\nop = add\nin = x @t\n"
#define T(dtype, shape, offsets)                                                                   \
    "{\"t\":{\"dtype\":\"" dtype "\",\"shape\":[" shape "],\"data_offsets\":[" offsets "]}}"

static const struct {
    const char *header;
    size_t data;
    const char *says;
} hostile[] = {
    {"", 8, "does not begin with '{'"},
    {"x", 8, "does not begin with '{'"},
    {"[]", 0, "does not begin with '{'"},
    {"{", 8, "does not begin with '{'"},
    {"{]", 8, "no JSON"},
    {"{}", 8, "the last tensor ends at byte 10, the file at 18"},
    {"{} {}", 0, "goes on after its end: byte 11"},
    {"{\"t\":1}", 0, "'t': it needs one each of dtype, shape and data_offsets"},
    {"{\"t\":[1]}", 0, "'t': it needs one each"},
    {"{\"t\":{}}", 0, "'t': it needs one each"},
    {"{\"t\":{\"dtype\":\"F32\",\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}}", 4,
     "'t': it needs one each"},
    {"{\"t\":{\"dtype\":\"F32\",\"data_offsets\":[0,4]}}", 4, "its shape is no list"},
    {"{\"t\":{\"dtype\":\"F32\",\"shape\":[1]}}", 4, "its data_offsets are not two whole numbers"},
    {T("F32", "-1", "0,4"), 4, "its shape holds something else than sizes"},
    {T("F32", "1.5", "0,4"), 4, "its shape holds something else than sizes"},
    {T("F32", "1e300", "0,4"), 4, "its shape holds something else than sizes"},
    {T("F32", "\"1\"", "0,4"), 4, "its shape holds something else than sizes"},
    {T("F32", "1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1", "0,4"), 4, "more than 16 axes"},
    {T("F32", "4294967296,4294967296,4294967296", "0,4"), 4, "larger than any memory"},
    {T("F32", "536870912", "0,2147483648"), 4,
     "'t' needs bytes 79..2147483727, the file ends at 83"},
    {T("F32", "536870912", "0,4"), 4, "'t' is 536870912 of F32, which is not the 4 bytes"},
    {T("F32", "1", "4,0"), 4, "run backwards"},
    {T("F32", "1", "0,4,8"), 8, "not two whole numbers"},
    {T("F32", "1", "0,-4"), 8, "not two whole numbers"},
    {T("F32", "1", "4,8"), 8, "nothing owns the bytes from"},
    {T("F32", "1", "0,3"), 3, "which is not the 3 bytes"},
    {T("F16", "3", "0,4"), 4, "'t' is 3 of F16"},
    {T("F32", "1", "0,4"), 8, "the last tensor ends at"},
    {T("F32", "1", "0,4"), 3, "the file ends at"},
    {"{\"t\":{\"dtype\":\"U8\",\"shape\":[2],\"data_offsets\":[0,2]},\"u\":{\"dtype\":\"U8\","
     "\"shape\":[2],\"data_offsets\":[1,3]}}",
     3, "inside the tensor that ends at"},
    {"{\"t\":{\"dtype\":\"U8\",\"shape\":[2],\"data_offsets\":[0,2]},\"t\":{\"dtype\":\"U8\","
     "\"shape\":[1],\"data_offsets\":[2,3]}}",
     3, "two tensors are called 't'"},
    {"{\"__metadata__\":1}", 0, "__metadata__ holds something else than texts"},
    {"{\"__metadata__\":{\"a\":{}}}", 0, "__metadata__ holds something else than texts"},
    {"{\"__metadata__\":{},\"__metadata__\":{}}", 0, "__metadata__ stands there twice"},
    {"{\"a\\u0000b\":{}}", 0, "a NUL in it"},
    {"{\"a\":[[[[[[[[[[]]]]]]]]]]}", 0, "nested deeper"},
    {"{}", 0, "it holds 0 tensors and no architecture"},
    {"{\"__metadata__\":{\"impasto.architecture\":\"[x]\"}}", 0,
     "1:1: an architecture begins with [network]"},
};

static void hostile_headers_are_refused_with_their_bytes(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof hostile / sizeof *hostile; i++) {
        struct outcome o = read_header(hostile[i].header, hostile[i].data, NULL);
        if (o.status != IMP_E_INPUT)
            fail_msg("case %zu (%s): status %d", i, hostile[i].says, o.status);
        expect(o.text, hostile[i].says);
    }
}

static void lengths_that_lie_are_refused(void **state)
{
    (void)state;
    uint8_t bytes[16] = {255, 255, 255, 255, 255, 255, 255, 255, '{', '}'};
    expect(read_bytes(bytes, 10, NULL).text,
           "claims 18446744073709551615 bytes, 100000000 are the most");
    memcpy(bytes, "\x00\x00\x00\x00\x01\x00\x00\x00", 8);
    expect(read_bytes(bytes, 10, NULL).text, "claims 4294967296 bytes");
    memcpy(bytes, "\x09\x00\x00\x00\x00\x00\x00\x00", 8);
    expect(read_bytes(bytes, 10, NULL).text, "the header needs bytes 8..17, the file ends at 10");
    expect(read_bytes(bytes, 7, NULL).text, "the file ends at 7");
    expect(read_bytes(bytes, 0, NULL).text, "the file ends at 0");
}

/* Cut anywhere, any bit turned: refused or read, never worse. */
static void damaged_files_do_no_harm(void **state)
{
    (void)state;
    size_t size;
    uint8_t *file = file_of(T("F32", "2", "0,8"), 8, &size);
    for (size_t n = 0; n < size; n++) {
        uint8_t *cut = malloc(n + 1);
        memcpy(cut, file, n);
        assert_int_not_equal(read_bytes(cut, n, ONE).status, IMP_OK);
        free(cut);
    }
    for (size_t bit = 0; bit < size * 8; bit++) {
        file[bit / 8] ^= (uint8_t)(1u << bit % 8);
        struct outcome o = read_bytes(file, size, ONE);
        rt_graph_free(o.graph);
        file[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    free(file);
}

/* ---- numbers ---- */

static const struct {
    const char *dtype;
    uint8_t bytes[8];
    size_t size;
    double value;
} numbers[] = {
    {"F32", {0, 0, 0xc0, 0xbf}, 4, -1.5},
    {"F16", {0x00, 0xbe}, 2, -1.5},
    {"F16", {0xff, 0x7b}, 2, 65504},
    {"F16", {0x01, 0x80}, 2, -5.9604644775390625e-08},
    {"F16", {0xff, 0x03}, 2, 6.0975551605224609e-05},
    {"BF16", {0xc0, 0xbf}, 2, -1.5},
    {"F64", {0, 0, 0, 0, 0, 0, 0xf8, 0xbf}, 8, -1.5},
    {"I64", {0xfe, 255, 255, 255, 255, 255, 255, 255}, 8, -2},
    {"I32", {0xfe, 255, 255, 255}, 4, -2},
    {"I16", {0xfe, 255}, 2, -2},
    {"I8", {0xfe}, 1, -2},
    {"U8", {0xfe}, 1, 254},
    {"U16", {0xfe, 255}, 2, 65534},
    {"U32", {0xfe, 255, 255, 255}, 4, 4294967294.0},
    {"BOOL", {1}, 1, 1},
};

static void every_type_of_number_is_read(void **state)
{
    (void)state;
    char header[200];
    size_t size;
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        snprintf(header, sizeof header,
                 "{\"t\":{\"dtype\":\"%s\",\"shape\":[],\"data_offsets\":[0,%zu]}}",
                 numbers[i].dtype, numbers[i].size);
        uint8_t *file = file_of(header, numbers[i].size, &size);
        memcpy(file + size - numbers[i].size, numbers[i].bytes, numbers[i].size);
        struct outcome o = read_bytes(file, size, HEAD "[c]\nop = constant\nvalue = @t\n");
        if (o.status != IMP_OK)
            fail_msg("%s: %s", numbers[i].dtype, o.text);
        const struct rt_tensor *t = o.graph->params[0].tensor;
        const double v = t->dtype == IMP_I64 ? (double)rt_integers(t)[0] : (double)rt_floats(t)[0];
        if (v != numbers[i].value)
            fail_msg("%s: %.17g, not %.17g", numbers[i].dtype, v, numbers[i].value);
        rt_graph_free(o.graph);
        free(file);
    }
    expect(read_header(T("F8_E4M3", "4", "0,4"), 4, ONE).text,
           "'t' is stored as F8_E4M3; what is read: F32");
}

static void numbers_that_are_none_are_told(void **state)
{
    (void)state;
    size_t size;
    uint8_t *file = file_of(T("F16", "2", "0,4"), 4, &size);
    memcpy(file + size - 4, "\x00\x3c\x00\x7c", 4);
    expect(read_bytes(file, size, ONE).text,
           "tensor 't': 1 of 2 values are NaN or infinite, the first is number 1");
    free(file);
}

/* ---- whose tensors ---- */

static void missing_and_left_over_tensors_are_named(void **state)
{
    (void)state;
    static const char header[] =
        "{\"conv1.weigth\":{\"dtype\":\"F32\",\"shape\":[2,3,1,1],\"data_offsets\":[0,24]},"
        "\"conv1.bias\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[24,32]},"
        "\"bn.num_batches_tracked\":{\"dtype\":\"I64\",\"shape\":[],\"data_offsets\":[32,40]}}";
    struct outcome o = read_header(header, 40,
                                   HEAD "[x]\nop = input\nshape = N 3 H W\n"
                                        "[conv1]\nop = conv\nfilters = 2\nkernel = 1\n");
    expect(o.text, "6:2: [conv1] there is no tensor 'conv1.weight'; did you mean 'conv1.weigth'?");
    o = read_header(header, 40,
                    HEAD "[x]\nop = input\nshape = N 3 H W\n"
                         "[conv1]\nop = conv\nweight = conv1.weigth\nbias = no\n");
    expect(o.text, "2 of its 3 tensors belong to no layer of the architecture: 'conv1.bias' "
                   "'bn.num_batches_tracked'");
    o = read_header(header, 40,
                    HEAD "ignore = *.num_batches_tracked *bi*s\n[x]\nop = input\nshape = N 3 H W\n"
                         "[conv1]\nop = conv\nweight = conv1.weigth\nbias = no\n");
    assert_int_equal(o.status, IMP_OK);
    assert_null(rt_graph_meta(o.graph, "ignore"));
    rt_graph_free(o.graph);
}

/* ---- there and back ---- */

static const char net[] =
    "[network]\nformat = 1\ntitle = caf\xc3\xa9 \"quoted\"\ninput = rgb\nrange = 0 1\n"
    "[picture]\nop = input\nshape = N 3 12 12\n"
    "[conv1]\nop = conv\nfilters = 4\nkernel = 3\nname = \"conv 1\"\n[bn]\nop = "
    "batch_norm\n[relu]\nop = relu\n"
    "[pool]\nop = max_pool\nkernel = 2\nstride = 2\npad = 0\n"
    "[shape]\nop = constant\ntype = i64\nvalue = 1 -1\n[flat]\nop = reshape\nin = pool shape\n"
    "[fc]\nop = gemm\nunits = 2\n";

static struct rt_graph *drawn(void)
{
    struct outcome o = {0};
    imp_error err = listener(&o);
    if (rt_arch_read(net, strlen(net), NULL, NULL, 5, &o.graph, &err) != IMP_OK)
        fail_msg("%s", o.text);
    return o.graph;
}

static void one_file_is_one_model(void **state)
{
    (void)state;
    struct rt_graph *g = drawn();
    struct outcome o = {0};
    imp_error err = listener(&o);
    void *data, *again;
    size_t size, size_again;
    assert_true(rt_graph_set_meta(g, "mean", "whatever some exporter wrote"));
    assert_int_equal(rt_safetensors_write(g, &data, &size, &err), IMP_OK);
    assert_int_equal(((uint8_t *)data)[0] % 8, 0); /* the data begin at a multiple of 64 */
    o = read_bytes(data, size, NULL);
    if (o.status != IMP_OK)
        fail_msg("%s", o.text);
    same_graph(g, o.graph);
    assert_int_equal(rt_safetensors_write(o.graph, &again, &size_again, &err), IMP_OK);
    assert_int_equal(size, size_again);
    assert_memory_equal(data, again, size);
    rt_graph_free(g);
    rt_graph_free(o.graph);
    free(data);
    free(again);
}

/* ---- files ---- */

static char folder[200];

static int make_folder(void **state)
{
    const char *tmp = getenv("TMPDIR");
    (void)state;
    snprintf(folder, sizeof folder, "%s/impasto-XXXXXX", tmp ? tmp : "/tmp");
    return mkdtemp(folder) ? 0 : -1;
}

static int remove_folder(void **state)
{
    static const char *const names[] = {"net.safetensors",
                                        "net.ini",
                                        "other.ini",
                                        "net.onnx",
                                        "x.safetensors",
                                        "m.safetensors.index.json",
                                        "m-00001-of-00002.safetensors",
                                        "p.pt"};
    char path[300];
    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        snprintf(path, sizeof path, "%s/%s", folder, names[i]);
        unlink(path);
    }
    return rmdir(folder); /* fails if anything was left beside */
}

static const char *in_folder(const char *name)
{
    static char path[300];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return path;
}

static void put(const char *name, const void *data, size_t size)
{
    FILE *f = fopen(in_folder(name), "wb");
    assert_non_null(f);
    assert_int_equal(fwrite(data, 1, size, f), size);
    assert_int_equal(fclose(f), 0);
}

static struct outcome read_file(const char *name, const char *options)
{
    struct outcome o = {0};
    imp_error err = listener(&o);
    o.status = rt_file_read(in_folder(name), options, NULL, &o.graph, &err);
    return o;
}

static void files_are_written_whole_and_read_by_content(void **state)
{
    (void)state;
    struct rt_graph *g = drawn();
    struct outcome o = {0};
    imp_error err = listener(&o);
    assert_int_equal(rt_file_write(g, in_folder("net.safetensors"), &err), IMP_OK);
    assert_int_equal(rt_file_write(g, in_folder("net.safetensors"), &err),
                     IMP_OK); /* over itself */
    o = read_file("net.safetensors", NULL);
    assert_int_equal(o.status, IMP_OK);
    same_graph(g, o.graph);
    rt_graph_free(o.graph);
    o = (struct outcome){0};
    err = listener(&o);
    assert_int_equal(rt_file_write(g, in_folder("net.pth"), &err), IMP_E_PARAM);
    expect(o.text, "the ending says the format");
    assert_int_equal(rt_file_write(g, in_folder("none/net.safetensors"), &err), IMP_E_IO);
    expect(o.text, "cannot be written: No such file");
    rt_graph_free(g);
}

/* Tensors alone, as other people's files are: the same bytes without the metadata. */
static void put_foreign(const char *name)
{
    static const char header[] =
        "{\"c.weight\":{\"dtype\":\"F32\",\"shape\":[2,3,1,1],\"data_offsets\":[0,24]}}";
    size_t size;
    uint8_t *file = file_of(header, 24, &size);
    put(name, file, size);
    free(file);
}

static void an_architecture_beside_a_file_or_named_is_taken(void **state)
{
    (void)state;
    static const char arch[] =
        HEAD "input = bgr\n[x]\nop = input\nshape = N 3 H W\n[c]\nop = conv\nbias = no\n"
             "[p]\nop = max_pool\nkernel = 2\nstride = 2\nstorage_order = no\n";
    char option[400];
    put_foreign("x.safetensors");
    struct outcome o = read_file("x.safetensors", NULL);
    assert_int_equal(o.status, IMP_E_INPUT);
    expect(o.text, "it holds 1 tensors and no architecture");
    put("other.ini", arch, strlen(arch));
    snprintf(option, sizeof option, "pool=average\n arch=\"%s\"", in_folder("other.ini"));
    o = read_file("x.safetensors", option);
    if (o.status != IMP_OK)
        fail_msg("%s", o.text);
    assert_string_equal(o.graph->nodes[2].op->name, "average_pool");
    assert_string_equal(rt_graph_meta(o.graph, "input"), "bgr");
    rt_graph_free(o.graph);
    snprintf(option, sizeof option, "arch=%s", in_folder("none.ini"));
    o = read_file("x.safetensors", option);
    expect(o.text, "No such file");
    o = read_file("other.ini", NULL);
    expect(o.text, "there is no");
    o = read_file("other.ini", "pool=mean");
    assert_int_equal(o.status, IMP_E_PARAM);
    o = read_file("other.ini", option);
    expect(o.text, "arch= is for safetensors of others");
    o = read_file("x.safetensors", "seed=3");
    expect(o.text, "seed= draws the weights of an architecture");
    o = read_file("other.ini", "seed=3");
    expect(o.text, "the shape of 'c.weight' cannot be told: write filters");
    o = read_file("other.ini", "pool");
    assert_int_equal(o.status, IMP_E_PARAM);
}

static uint32_t mapped_tensors(const struct rt_graph *g)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < g->param_count; i++)
        n += g->params[i].tensor->mapping != NULL;
    return n;
}

static void a_mapped_file_is_the_same_network(void **state)
{
    (void)state;
    struct rt_graph *g = drawn();
    assert_int_equal(rt_file_write(g, in_folder("net.safetensors"), NULL), IMP_OK);
    struct outcome read = read_file("net.safetensors", "map=no"),
                   o = read_file("net.safetensors", "map=yes");
    assert_int_equal(o.status, IMP_OK);
    assert_int_equal(mapped_tensors(read.graph), 0);
    assert_true(mapped_tensors(o.graph) > 0);
    unlink(in_folder("net.safetensors"));
    same_graph(g, o.graph); /* the name may go, the bytes stay */
    rt_graph_free(o.graph);
    rt_graph_free(read.graph);
    assert_int_equal(rt_file_write(g, in_folder("net.safetensors"), NULL), IMP_OK);
    assert_int_equal(rt_file_write(g, in_folder("net.ini"), NULL), IMP_OK);
    o = read_file("net.ini", "map=yes");
    assert_int_equal(o.status, IMP_OK);
    assert_true(mapped_tensors(o.graph) > 0);
    rt_graph_free(o.graph);
    assert_int_equal(rt_file_write(g, in_folder("net.onnx"), NULL), IMP_OK);
    o = read_file("net.onnx", "map=yes");
    assert_int_equal(o.status, IMP_E_PARAM);
    expect(o.text, "map=yes is for safetensors");
    rt_graph_free(g);
    unlink(in_folder("net.ini"));
}

static void a_cut_file_is_refused_mapped_or_not(void **state)
{
    (void)state;
    struct rt_graph *g = drawn();
    void *data = NULL;
    size_t size = 0;
    assert_int_equal(rt_safetensors_write(g, &data, &size, NULL), IMP_OK);
    const size_t cuts[] = {0, 7, 8, 9, size / 2, size - 4, size - 1};
    for (size_t i = 0; i < sizeof cuts / sizeof *cuts; i++) {
        put("net.safetensors", data, cuts[i]);
        struct outcome read = read_file("net.safetensors", NULL),
                       map = read_file("net.safetensors", "map=yes");
        assert_int_equal(read.status, IMP_E_INPUT);
        assert_int_equal(map.status, IMP_E_INPUT);
        assert_string_equal(read.text, map.text);
    }
    put("net.safetensors", data, size);
    struct outcome o = read_file("net.safetensors", NULL);
    assert_int_equal(o.status, IMP_OK);
    assert_int_equal(truncate(in_folder("net.safetensors"), 10), 0);
    same_graph(g, o.graph); /* what was read does not need the file any more */
    rt_graph_free(o.graph);
    rt_graph_free(g);
    free(data);
}

/* Numbers that are turned come in parts; those at odd places are never mapped. */
static void large_tensors_and_odd_places_are_read_as_from_memory(void **state)
{
    static const struct {
        const char *dtype;
        int width;
    } kinds[] = {{"F32", 4}, {"F16", 2}, {"BF16", 2}, {"F64", 8}, {"I16", 2}, {"U8", 1}};
    enum { COUNT = 9001 };
    (void)state;
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        for (int blanks = 0; blanks < 4; blanks++) {
            char header[300];
            size_t size;
            const int bytes = COUNT * kinds[i].width;
            snprintf(header, sizeof header,
                     "{\"t\":{\"dtype\":\"%s\",\"shape\":[%d],\"data_offsets\":[0,%d]}}%*s",
                     kinds[i].dtype, COUNT, bytes, blanks, "");
            uint8_t *file = file_of(header, 0, &size);
            file = realloc(file, size + (size_t)bytes);
            for (int k = 0; k < bytes; k++) /* every number small and finite */
                file[size + (size_t)k] = (uint8_t)(k * 7 % 61);
            put("x.safetensors", file, size + (size_t)bytes);
            put("x.ini", HEAD "[c]\nop = constant\nvalue = @t\n",
                strlen(HEAD "[c]\nop = constant\nvalue = @t\n"));
            struct outcome want =
                read_bytes(file, size + (size_t)bytes, HEAD "[c]\nop = constant\nvalue = @t\n");
            struct outcome read = read_file("x.safetensors", NULL),
                           map = read_file("x.safetensors", "map=yes");
            if (want.status != IMP_OK || read.status != IMP_OK || map.status != IMP_OK)
                fail_msg("%s: %s%s%s", kinds[i].dtype, want.text, read.text, map.text);
            same_graph(want.graph, read.graph);
            same_graph(want.graph, map.graph);
            const struct rt_tensor *t = map.graph->params[0].tensor;
            assert_int_equal(t->mapping != NULL, i == 0 && size % 4 == 0);
            rt_graph_free(want.graph), rt_graph_free(read.graph), rt_graph_free(map.graph);
            free(file);
        }
    unlink(in_folder("x.ini"));
}

/* Three pieces of a huge page, the last one short: whatever their order; a NaN in one of them is
 * told with its place. */
static void large_files_are_read_in_pieces(void **state)
{
    enum { COUNT = 1300000, ODD = 1100003 };
    static const char arch[] = HEAD "[c]\nop = constant\nvalue = @t\n";
    const uint32_t nan_bits = 0x7fc00001u;
    char header[200];
    size_t size;
    (void)state;
    snprintf(header, sizeof header,
             "{\"t\":{\"dtype\":\"F32\",\"shape\":[%d],\"data_offsets\":[0,%d]}}", COUNT,
             4 * COUNT);
    uint8_t *file = file_of(header, 0, &size);
    file = realloc(file, size + 4 * COUNT);
    for (size_t k = 0; k < 4 * COUNT; k++)
        file[size + k] = (uint8_t)((k * 7 + k / 4099) % 61);
    put("x.ini", arch, strlen(arch));
    for (int bad = 0; bad < 2; bad++) {
        if (bad)
            memcpy(file + size + 4 * ODD, &nan_bits, sizeof nan_bits);
        put("x.safetensors", file, size + 4 * COUNT);
        for (int backwards = 0; backwards < 2; backwards++) {
            struct job job = new_job();
            struct outcome o = {0};
            imp_error err = listener(&o);
            job.backwards = backwards;
            o.status = rt_file_read(in_folder("x.safetensors"), NULL, &job.as, &o.graph, &err);
            assert_int_equal(o.status, bad ? IMP_E_INPUT : IMP_OK);
            if (bad) {
                expect(o.text,
                       "1 of 1300000 values are NaN or infinite, the first is number 1100003");
                continue;
            }
            assert_true(o.graph->params[0].tensor->finite);
            assert_memory_equal(o.graph->params[0].tensor->data, file + size, 4 * COUNT);
            rt_graph_free(o.graph);
        }
    }
    unlink(in_folder("x.ini"));
    free(file);
}

/* A header of 60 bytes begins the file with '<', one of 640 with a pickle's two bytes. */
static void a_length_that_looks_like_another_kind_is_a_length(void **state)
{
    static const int lengths[] = {60 + 256, 640, 0x380, 0x480};
    static const char tensor[] = "{\"t\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}}";
    (void)state;
    put("x.ini", HEAD "[c]\nop = constant\nvalue = @t\n",
        strlen(HEAD "[c]\nop = constant\nvalue = @t\n"));
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
        char header[2000];
        size_t size;
        snprintf(header, sizeof header, "%-*s", lengths[i], tensor);
        uint8_t *file = file_of(header, 4, &size);
        put("x.safetensors", file, size);
        struct outcome o = read_file("x.safetensors", NULL);
        if (o.status != IMP_OK)
            fail_msg("%d: %s", lengths[i], o.text);
        rt_graph_free(o.graph);
        free(file);
    }
    unlink(in_folder("x.ini"));
}

static void files_of_other_kinds_are_refused_by_name(void **state)
{
    (void)state;
    put("p.pt", "PK\x03\x04 and so on", 14);
    expect(read_file("p.pt", NULL).text, "ZIP archive, as PyTorch's .pt");
    put("m.safetensors.index.json", "{\"weight_map\":{}}", 17);
    expect(read_file("m.safetensors.index.json", NULL).text, "shards");
    put_foreign("m-00001-of-00002.safetensors");
    expect(read_file("m-00001-of-00002.safetensors", NULL).text, "one part of a model");
    put("net.onnx", "", 0);
    expect(read_file("net.onnx", NULL).text, "the file is empty");
    expect(read_file("nothing.onnx", NULL).text, "No such file");
    expect(read_file("", NULL).text, "it is no file"); /* the folder itself */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hostile_headers_are_refused_with_their_bytes),
        cmocka_unit_test(lengths_that_lie_are_refused),
        cmocka_unit_test(damaged_files_do_no_harm),
        cmocka_unit_test(every_type_of_number_is_read),
        cmocka_unit_test(numbers_that_are_none_are_told),
        cmocka_unit_test(missing_and_left_over_tensors_are_named),
        cmocka_unit_test(one_file_is_one_model),
        cmocka_unit_test(files_are_written_whole_and_read_by_content),
        cmocka_unit_test(an_architecture_beside_a_file_or_named_is_taken),
        cmocka_unit_test(a_mapped_file_is_the_same_network),
        cmocka_unit_test(a_cut_file_is_refused_mapped_or_not),
        cmocka_unit_test(large_tensors_and_odd_places_are_read_as_from_memory),
        cmocka_unit_test(large_files_are_read_in_pieces),
        cmocka_unit_test(a_length_that_looks_like_another_kind_is_a_length),
        cmocka_unit_test(files_of_other_kinds_are_refused_by_name),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
