/* sets.h - what the filters of this plugin share. A filter's own part is scan(): it reads the lists,
 * heads and tables and says what there is to load (struct found) or all that is wrong with it. plan
 * and process both scan (data_set.c); process then loads (load.c) and splits (kit_data.h).
 * The parse_*.c read bytes that anybody may have written: they are fuzzed (tests/fuzz/fuzz_data.c). */
#ifndef IMP_SETS_H
#define IMP_SETS_H
#include <impasto/kit_data.h>
#include <stdbool.h>

/* ---- memory that is given back all at once: room.c ---- */

struct room {
    struct room_piece *pieces;
    bool failed; /* something could not be had; what came after is not to be trusted */
};
void *room_take(struct room *, size_t n, size_t size); /* zeroed; NULL: none left */
char *room_text(struct room *, const char *text, size_t length);
__attribute__((format(printf, 2, 3))) char *room_print(struct room *, const char *fmt, ...);
/* Room for one more element behind `count` of them; the list may move. NULL: none left. */
void *room_grow(struct room *, void *list, size_t count, size_t size);
void room_free(struct room *);

/* ---- all that is wrong, not only the first: faults.c ---- */

enum { MOST_FAULTS = 20 }; /* kept; all are counted */
struct fault {
    imp_status status;
    int32_t param;
    const char *text, *piece, *names; /* piece: of the parameter; names: what would do, or NULL */
};
struct faults {
    struct room *room;
    struct fault list[MOST_FAULTS];
    uint64_t total;
};
__attribute__((format(printf, 4, 5))) void fault_add(struct faults *, imp_status, int32_t param,
                                                     const char *fmt, ...);
/* A word of a parameter that is none of `names` (blanks between). */
__attribute__((format(printf, 5, 6))) void fault_name(struct faults *, int32_t param,
                                                      const char *piece, const char *names,
                                                      const char *fmt, ...);
/* The words of a list with blanks between; NULL: no memory. */
const char *fault_words(struct room *, const char *const *words, size_t count);
imp_status faults_tell(const struct faults *, imp_error *);  /* IMP_OK: there are none */
imp_status faults_plan(const struct faults *, imp_plan *);

/* ---- files: bytes.c ---- */

struct bytes {
    uint8_t *data; /* in the room; a NUL behind it */
    size_t size;
};
/* The whole file; gzip is undone. What is wrong becomes a fault of that parameter. */
bool bytes_read(const char *path, struct room *, struct faults *, int32_t param, struct bytes *);
/* Undoes gzip; `path` for messages. */
bool bytes_gunzip(const char *path, const struct bytes *in, struct room *, struct faults *,
                  int32_t param, struct bytes *out);
/* folder/name, no blank // between. */
const char *path_join(struct room *, const char *folder, const char *name);
bool path_is_file(const char *path);
/* Has it the ending of a picture file (known or not to the host, which then says so)? */
bool path_is_picture(const char *path);
/* Does it stay within its folder: not absolute, no ".."? */
bool path_is_below(const char *path);
/* The path, or the path with the first ending of a picture that is there; NULL: none is. */
const char *path_find_picture(struct room *, const char *path);

/* ---- what there is to load ---- */

struct entry {
    const char *path, *lines; /* picture, and its drawing, or NULL */
    const uint8_t *bytes;     /* without a path: the samples themselves, C H W of the raw form */
};
struct found {
    struct room room;
    struct faults faults;
    uint64_t count;
    struct entry *entries;
    uint32_t *labels;   /* count; NULL: no classes */
    double *attributes; /* count x form.attribute_count; NULL */
    uint8_t *test;      /* count marks: the source says what the test set is; NULL: by test_share */
    kit_form form;      /* classes, attributes; has_lines: entries have drawings */
    uint32_t raw_channels, raw_height, raw_width; /* of bytes */
    uint32_t crop[4];   /* of pictures: left, top, width, height; width 0: all */
};

/* ---- filters: data_set.c ---- */

/* The last parameters of all filters that make data sets, in this order. */
enum { SIZE, CHANNELS, FIT, FILL, LINES, TEST_SHARE, SEED, LIMIT, SHARED_PARAMS };
enum { FIT_CROP, FIT_STRETCH, FIT_PAD, FIT_CENTER };
#define SET_SHARED(size_text, size_help, channel_choices)                                          \
    {.key = "size", .unit = "px", .type = IMP_NUMBERS, .def_text = size_text, .help = size_help},  \
    {.key = "channels", .type = IMP_CHOICE, .choices = channel_choices,                            \
     .help = "3: colour, 1: grey (Rec. 709 luma of colours)."},                                    \
    {.key = "fit", .type = IMP_CHOICE, .choices = "crop|stretch|pad|center",                       \
     .help = "How a picture of another shape comes to `size`. crop: its middle, as much as fits; " \
             "stretch: all of it, distorted; pad: all of it, with a margin; center: not resized, " \
             "cut or given a margin around the middle."},                                          \
    {.key = "fill", .type = IMP_FLOAT, .def = 0, .min = 0, .max = 1,                               \
     .help = "Value of the margin: 0 black, 1 white. Drawings get paper."},                        \
    {.key = "lines", .type = IMP_BOOL,                                                             \
     .help = "Draws lines of each sample (as the filter lines does) where none are there, for "    \
             "networks that learn from drawings."},                                                \
    {.key = "test_share", .type = IMP_FLOAT, .def = 0, .min = 0, .max = 0.95,                      \
     .help = "Share of the samples that goes to the output `test`, drawn by seed and as evenly "   \
             "from the classes as can be. 0: all samples are for training."},                      \
    {.key = "seed", .type = IMP_INT, .def = 1, .min = 0, .max = 1e9,                               \
     .help = "Another number, another drawing of test_share and limit."},                          \
    {.key = "limit", .type = IMP_INT, .def = 0, .min = 0, .max = 2e9,                              \
     .help = "Uses so many samples at most, drawn by seed, evenly from the classes. 0: all."}
#define SET_OUTPUTS                                                                                \
    {.name = "train", .kind = IMP_OBJECT, .type = IMP_DATASET_TYPE,                                \
     .help = "The samples for training, in the order of the source."},                             \
    {.name = "test", .kind = IMP_OBJECT, .type = IMP_DATASET_TYPE,                                 \
     .help = "Those set aside: test_share of them, or what the source calls its test set."}
#define SET_FILTER                                                                                 \
    .struct_size = sizeof(imp_filter), .flags = IMP_FILTER_DETERMINISTIC,                          \
    .threads = IMP_PARALLEL, .params_version = 1, .create = set_create, .destroy = set_destroy,    \
    .process = set_process, .plan = set_plan
#define SET_SHARED_HELP                                                                            \
    " Samples are kept with 8 bits in memory (in a file without a name in TMPDIR when they take "  \
    "more than half of --mem, or 2 GiB), so that training never waits for files. The output "      \
    "`train` holds all samples but those set aside for `test`: in.test = NODE.test."

struct set_filter {
    imp_filter as; /* first: create gets it back */
    void (*scan)(const imp_cell *params, struct found *);
    int32_t shared; /* number of the first shared parameter */
};
extern const struct set_filter set_folder, set_idx, set_cifar, set_csv, set_celeba;
extern const imp_filter filter_data_info, filter_data_join;

imp_status set_create(const imp_host *, const imp_filter *, const imp_cell *params, void **instance,
                      imp_error *) IMP_NX;
void set_destroy(void *instance) IMP_NX;
imp_status set_process(void *instance, imp_job *, imp_error *) IMP_NX;
imp_status set_plan(void *instance, imp_plan *, imp_error *) IMP_NX;

/* ---- pictures: fit.c, load.c ---- */

/* The part of an image that `crop` says, as an image of the same samples; false: it leads out. */
bool crop_image(const imp_image *, const uint32_t crop[4], imp_image *out);
/* src into all of dst, which has as many channels. [any] */
imp_status fit_image(const imp_image *src, imp_image *dst, int64_t fit, float fill);

struct pictures { /* how they are read */
    const imp_host *host;
    const imp_host_image_1 *image;
    int64_t fit;
    float fill;
};
/* Every entry into its sample, with lines drawn where the form has them and the entry has none.
 * Unreadable ones become faults of parameter `param`. */
imp_status load_all(const struct pictures *, struct found *, kit_samples *, int32_t param,
                    imp_job *);
#endif
