/* minihost.h - a tiny second host, for tests of filters and for impasto-check. It knows plugins by
 * sdk/include alone and makes every rule of the ABI that can be seen from outside visible: images
 * have odd padded rows, guards around them and poison in every sample, so that an unwritten sample,
 * a write beside the picture or into an input becomes a sentence in mini_result.fault.
 *
 *     struct mini *basic = mini_open(mini_built("basic", path, sizeof path), why, sizeof why);
 *     imp_image *in = mini_gradient(33, 17, 3, IMP_SRGB);
 *     imp_image *out = mini_apply(basic, "blur", "sigma=2", in, why, sizeof why);
 *     ... mini_release(&out->head); mini_release(&in->head); mini_close(basic);
 *
 * One thread uses a mini host at a time. Running out of memory ends the program: it is for tests.
 */
#ifndef IMP_MINIHOST_H
#define IMP_MINIHOST_H
#include <impasto/impasto.h>
#include <stdbool.h>

/* ---- values: minivalue.c; reference counted, made with one reference ---- */

/* An image whose samples are all poison. Rows are padded by 5 samples, planes by 7. */
imp_image *mini_image(uint32_t width, uint32_t height, uint32_t channels, uint32_t colour);
/* Every channel its own slope from 0 to 1, alpha included; no two rows or columns equal. */
imp_image *mini_gradient(uint32_t width, uint32_t height, uint32_t channels, uint32_t colour);
/* Uniform noise in [0, 1), the same for the same seed on every machine. */
imp_image *mini_noise(uint32_t width, uint32_t height, uint32_t channels, uint32_t colour,
                      uint64_t seed);
imp_image *mini_constant(uint32_t width, uint32_t height, uint32_t channels, uint32_t colour,
                         float value);
/* A float tensor filled with noise; any number of axes up to 8. */
imp_tensor *mini_tensor(uint32_t dtype, uint32_t ndim, const int64_t *shape, const char *name);
/* An empty table; columns are copied. mini_row copies the cells. */
imp_table *mini_table(uint32_t column_count, const imp_column *columns);
void mini_row(imp_table *, const imp_cell *cells);
const imp_value *mini_retain(const imp_value *);
void mini_release(const imp_value *); /* NULL allowed */

/* Equal kind, size and samples (bit by bit), whatever the padding. Objects: the same pointer. */
bool mini_same(const imp_value *, const imp_value *);
/* Largest difference of two images of one size; infinity when sizes differ or a sample is NaN. */
double mini_difference(const imp_image *, const imp_image *);
/* Has a value been damaged: a sample never written, padding or guards changed? NULL, or a sentence
 * in buf. finite: NaN and infinities count too. */
const char *mini_damage(const imp_value *, bool finite, char *buf, size_t size);
/* A fingerprint of all its bytes, padding included. */
uint64_t mini_fingerprint(const imp_value *);
/* A fingerprint of what it says: samples, elements, cells. Objects: their kind. */
uint64_t mini_content(const imp_value *);
/* Moves the samples to pages of their own that nobody can write: the pages and their size. NULL: it
 * has none. */
const void *mini_protect(const imp_value *, size_t *size);

/* ---- plugins: minihost.c ---- */

struct mini;
/* Path of a plugin of the tree, found from the running test program: "basic" is
 * build/CONFIG/lib/impasto/plugins-1/basic.so, "broken/x" is build/CONFIG/broken/x.so. Answers buf.
 */
const char *mini_built(const char *plugin, char *buf, size_t size);
/* Opens the file and runs its init. NULL: the reason is in why. */
struct mini *mini_open(const char *path, char *why, size_t size);
/* The two steps of mini_open apart. mini_init may be called once. */
struct mini *mini_load(const char *path, char *why, size_t size);
imp_status mini_init(struct mini *, char *why, size_t size);
void mini_close(struct mini *); /* deinit; the file stays mapped; NULL allowed */
const imp_plugin *mini_entry(const struct mini *);
const imp_filter *mini_filter(const struct mini *, const char *id); /* NULL: none */
/* Services that `provider` provides are found by what `consumer` acquires; before mini_init. */
void mini_offer(struct mini *consumer, struct mini *provider);
/* What get_interface answers for an id. The mini host has IMP_HOST_IMAGE_1 of its own (encode
 * writes PNG whatever the ending, read is unsupported); this replaces or adds a table. */
void mini_interface(struct mini *, const char *id, const void *table);
/* Lines of the plugin's log are not shown any more. */
void mini_quiet(struct mini *);
/* A service that nobody provides from now on, as if no plugin had it; before mini_init. */
void mini_hide(struct mini *, const char *id);
/* The id of the plugin that acquire takes a service from; NULL: none. */
const char *mini_provider(struct mini *, const char *id);
/* What the plugin, or the driver for it, gets from acquire and gives back by release. */
const imp_host *mini_host(struct mini *);
/* Services acquired and not yet given back. */
int mini_services_open(const struct mini *);

/* ---- parameters: miniparam.c ---- */

/* Cells of all parameters of a filter from "key=value key2='two words'" (NULL: defaults). Values
 * are parsed, not checked against ranges. NULL: why. */
struct mini_params;
struct mini_params *mini_params_new(const imp_filter *, const char *text, char *why, size_t size);
void mini_params_free(struct mini_params *);
const imp_cell *mini_params_cells(const struct mini_params *);
imp_cell *mini_params_cell(struct mini_params *, uint32_t i); /* to change one */
/* Row i of a filter's parameters or ports, by stride, as this header's struct: absent members zero.
 */
imp_param mini_param_row(const imp_filter *, uint32_t i);
imp_port mini_input_row(const imp_filter *, uint32_t i);
imp_port mini_output_row(const imp_filter *, uint32_t i);

/* ---- instances and calls: minijob.c ---- */

struct mini_node;
/* create() with these parameters. NULL: why. */
struct mini_node *mini_node(struct mini *, const char *filter, const char *params, char *why,
                            size_t size);
struct mini_node *mini_node_cells(struct mini *, const imp_filter *, struct mini_params *,
                                  char *why, size_t size); /* takes the parameters over */
void mini_node_free(struct mini_node *);                   /* destroy(); NULL allowed */

struct mini_call { /* zero: one thread, everything works */
    const imp_value *const
        *inputs; /* in order of the ports, NULL = left open; a MANY port's are the last */
    const char *const
        *labels;           /* one for each input, or NULL: "1", "2" ... are given to MANY ports */
    uint32_t input_count;  /* fewer than ports: the rest is left open */
    uint32_t threads;      /* 0, 1: parallel() runs in order on the calling thread */
    uint32_t cancel_after; /* k: the k-th question whether to stop is answered yes; 0 = never */
    double cancel_ms;      /* every question after that time is answered yes; 0 = never */
    uint32_t fail_at;      /* k: the k-th new value or scratch is refused; 0 = never */
    uint64_t max_bytes;    /* what job->max_bytes says */
    uint64_t limit;        /* a value or scratch of more bytes is refused; 0 = 8 GiB */
    uint64_t wanted;       /* mask of outputs; 0 = all */
    uint32_t any_numbers;  /* 1: NaN and infinities are no fault of the outputs */
};
struct mini_result {
    imp_status status;
    char text[512]; /* what process() wrote into its error */
    int32_t param, port;
    char fault[512];   /* a rule that was broken, "" = none */
    uint32_t polls;    /* how often it asked whether to stop (progress, pieces of parallel) */
    bool told_to_stop; /* one of them was answered yes */
    bool refused;      /* a value or scratch was: fail_at or limit */
    uint32_t allocations, previews;
    double longest_ms; /* between two polls, or start and end */
    double busiest_ms; /* the same in processor time */
    uint32_t output_count;
    imp_value **outputs; /* all that was set, in order; ports[i] is the port of outputs[i] */
    uint32_t *ports;
};
/* One process(). Results are given back with mini_result_free, whatever the status. */
void mini_process(struct mini_node *, const struct mini_call *, struct mini_result *);
void mini_result_free(struct mini_result *);
/* The n-th value set on a port; NULL: none. Borrowed from the result. */
const imp_value *mini_output(const struct mini_result *, uint32_t port, uint32_t n);
const imp_image *mini_output_image(const struct mini_result *, uint32_t port);
/* What the filter keeps (job->keep) since its last IMP_OK. */
const void *mini_kept(const struct mini_node *, const char *name, uint64_t *size);

/* Create, process one image, destroy: output 0, owned by the caller. NULL: why (a fault, too). */
imp_image *mini_apply(struct mini *, const char *filter, const char *params, const imp_image *in,
                      char *why, size_t size);

#define MINI_PORTS 32
struct mini_planned {
    imp_status status;
    uint32_t mistake_count, output_count;
    imp_shape outputs[MINI_PORTS];
    uint64_t bytes, least_bytes;
    double macs;
    char text[1024]; /* all mistakes, a line each: "param 0: piece: text [names]" */
};
/* plan() with these input shapes (kind 0 = left open). A filter without plan: IMP_OK, shapes
 * unknown. */
void mini_plan(struct mini_node *, const imp_shape *inputs, uint32_t count, struct mini_planned *);

#endif
