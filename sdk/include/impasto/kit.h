/* kit.h - what several plugins compile in: image loops, random numbers, text, pages, INI reading.
 * Not ABI: the kit is source (pkg-config --variable=kitdir impasto), compiled into each plugin that
 * uses it, so it may change from release to release. Everything is [any]: no state, no globals.
 *
 * Beside it: kit_prepare.h, pictures into networks and back; kit_train.h, training.
 *
 * A `job` argument lends the host's threads and asks it whether to stop; NULL runs serially and
 * never stops. Images are imp_image as the host hands them out: planar float, rows may be padded.
 * Work is cut by shape, never by the number of threads, so results are the same bytes for any. */
#ifndef IMP_KIT_H
#define IMP_KIT_H
#include <stdbool.h>
#include <impasto/impasto.h>
#ifdef __cplusplus
extern "C" {
#endif

/* A kernel compiled twice, for AVX2 and for any x86-64, the better one taken when the plugin is
 * loaded. Both give the same bytes: no contraction, no reassociation. For static functions only: gcc
 * exports the dispatcher of others, whatever their visibility. Sanitizers start too late
 * for the resolver, so their builds have one copy. */
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) && !defined(__SANITIZE_ADDRESS__) && \
    !defined(__SANITIZE_THREAD__)
#define KIT_CLONES __attribute__((target_clones("avx2", "default")))
#else
#define KIT_CLONES
#endif

/* ---- work: kit_work.c ---- */

/* Runs fn(user, 0..n-1) on the host's threads (job NULL: here, in order). IMP_CANCELLED: stop. */
imp_status kit_parallel(imp_job *job, uint32_t n, void (*fn)(void *user, uint32_t i) IMP_NX,
                        void *user);
/* Strips that an image of h rows is cut into (about 64 Ki samples each): depends on shape only. */
uint32_t kit_strips(uint32_t width, uint32_t height);
/* Rows [*from, *to) of strip i of n. */
void kit_strip(uint32_t height, uint32_t n, uint32_t i, uint32_t *from, uint32_t *to);
/* The bytes a * b, or 0 when they do not fit (never a size to allocate). */
size_t kit_bytes(size_t a, size_t b);
/* Index i mirrored at both borders (-1 -> 0, n -> n - 1), for any i: half-sample symmetric. */
int64_t kit_mirror(int64_t i, int64_t n);

/* ---- an error with room for its text: kit_work.c ---- */

typedef struct kit_error { imp_error as; char text[896]; } kit_error;
/* Ready to be filled in; answers &e->as. It points into itself: not to be copied. */
imp_error *kit_error_init(kit_error *);
/* The same status, as a failure of parameter or port i (-1: neither); IMP_OK blames nobody. [any] */
imp_status kit_blame(imp_error *, int32_t param, int32_t port, imp_status);

/* ---- numbers: kit_number.c ---- */

/* A decimal number ("-1", "0.485", "2e-3") at the beginning of text, whatever the locale; *end behind
 * it. Correctly rounded up to 15 digits and powers of ten up to 22, within 2 ulp beyond. Answers 0
 * and leaves *end at text when there is none, or when it does not fit a double. */
double kit_number(const char *text, const char **end);
/* Commas that printf wrote in a locale's numbers become points. kit_number.c */
void kit_points(char *numbers);

/* ---- functions that every processor computes alike: kit_exact.c ---- */

/* As in <math.h>, whose own differ in the last bits between processors (glibc has variants with fused
 * multiply-add). Errors in units of the last place: exp, sin, cos below 1, log and log10 0.55, pow 4 for
 * results up to e^600, atan2 and asin 2. Angles beyond 1e6 are taken modulo the double nearest 2 pi. */
double kit_exp(double x);
double kit_log(double x);
double kit_log10(double x);
double kit_pow(double x, double y);
double kit_sin(double x);
double kit_cos(double x);
double kit_atan2(double y, double x);
double kit_asin(double x);

/* ---- random numbers: kit_rng.c; counter-based, so the order of work does not matter ---- */

/* 64 random bits for number i of the stream `what` of `seed` (SplitMix64 finaliser, twice). */
uint64_t kit_random(uint64_t seed, uint64_t what, uint64_t i);
/* Uniform in [0, 1), 53 bits. */
double kit_uniform(uint64_t seed, uint64_t what, uint64_t i);
/* Normal, mean 0, deviation 1 (Box-Muller on two numbers of the stream). */
double kit_normal(uint64_t seed, uint64_t what, uint64_t i);
/* The same distribution in float, for pictures: n numbers from number `first` on, cut off at 6.7
 * deviations, without a call for each. Not the numbers of kit_normal. */
void kit_normals(uint64_t seed, uint64_t what, uint64_t first, size_t n, float *out);

/* ---- colour: kit_colour.c ---- */

/* n samples of sRGB to linear light and back (IEC 61966-2-1, extended below 0 and above 1 by odd
 * symmetry and the same curve); in and out may be the same. Relative error below 2e-6. */
void kit_srgb_to_linear(const float *in, float *out, size_t n);
void kit_linear_to_srgb(const float *in, float *out, size_t n);
/* out = |in| to the power `exponent`, with the sign of in; vectorised, relative error below 4e-6. */
void kit_power(const float *in, float *out, size_t n, float exponent);
/* Rec. 709 luma of n samples; of grey, the grey itself (g == b == NULL). */
void kit_luma(const float *r, const float *g, const float *b, float *out, size_t n);

/* ---- image loops ---- */

/* A same-sized image of packed rows on the heap, for intermediates; samples zero. kit_image_free
 * gives it back (NULL allowed). NULL: no memory. */
imp_image *kit_image_new(uint32_t width, uint32_t height, uint32_t channels, uint32_t colour);
void kit_image_free(imp_image *);
/* Copies all samples; both of the same size and channels. */
void kit_copy(const imp_image *src, imp_image *dst);
/* Neither NaN nor infinite, all n of them. kit_resize.c */
bool kit_all_finite(const float *v, size_t n);

enum kit_resample { KIT_AREA = 0, KIT_LANCZOS = 1, KIT_LINEAR = 2, KIT_NEAREST = 3 };
/* Resamples every plane of src to the size of dst (same channels), separable: KIT_AREA averages the
 * covered box when shrinking and is linear when enlarging; KIT_LANCZOS is a = 3, widened when
 * shrinking. Weights sum to one; borders repeat the edge. Colour is worked on as it is: convert to
 * linear light before where wanted. Size equal: a copy. [worker] kit_resize.c */
imp_status kit_resize(const imp_image *src, imp_image *dst, enum kit_resample how, imp_job *job);

/* Blurs every plane with a Gaussian of deviation sigma (px, 0.1 .. 1000); borders mirror. src == dst
 * is allowed. Cost does not depend on sigma. kit_blur.c */
imp_status kit_blur(const imp_image *src, imp_image *dst, double sigma, imp_job *job);

typedef struct kit_lines_options {
    double sigma;     /* px; deviation of the inner Gaussian */
    double ratio;     /* outer to inner deviation, 1.6 */
    double sharpness; /* gamma, weight of the outer Gaussian: 0.98 */
    double slope;     /* phi of the soft threshold: 200 */
    double threshold; /* epsilon, in 0..1 */
    double soft;      /* 1: keep the soft values; 0: black and white */
    uint32_t speck;   /* px; connected strokes of fewer pixels vanish; 0 keeps all */
    uint32_t reserved0;
} kit_lines_options;
/* A line drawing of src (grey or RGB): 1 channel, 1 = paper, 0 = line. Extended difference of
 * Gaussians, Winnemoeller, Kyprianidis and Olsen 2012, with the removal of small connected
 * components (8-neighbours). AD-VAE trains with this code. kit_lines.c */
imp_status kit_lines(const imp_image *src, imp_image *dst, const kit_lines_options *,
                     imp_job *job);

/* ---- a row of a file's interleaved samples to and from planes: kit_pixels.c; for codecs ---- */

/* Row y of an image of 1, 3 or 4 channels from width * channels samples, v / 255 or v / 65535. */
void kit_row_from_u8(const uint8_t *pixels, imp_image *out, uint32_t y);
void kit_row_from_u16(const uint16_t *pixels, imp_image *out, uint32_t y);
/* And back: clamped to 0..1, rounded to nearest. */
void kit_row_to_u8(const imp_image *in, uint32_t y, uint8_t *pixels);

/* ---- text into pictures: kit_label.c; a small font of our own, ASCII and Latin-1 letters ---- */

/* Size in px of one line of UTF-8 text at glyph height `size` (>= 7). Unknown letters are boxes. */
void kit_text_size(const char *text, double size, uint32_t *width, uint32_t *height);
/* Draws it antialiased with its top left corner at x, y, clipped; colour has `channels` samples. */
void kit_text_draw(imp_image *, double x, double y, double size, const float colour[4],
                   const char *text);

/* ---- an offline HTML page: kit_page.c ---- */

typedef struct kit_page kit_page; /* a growing text; every function after a failure does nothing */
kit_page *kit_page_new(const char *title, const char *subtitle); /* NULL: no memory */
void kit_page_heading(kit_page *, const char *text);
void kit_page_text(kit_page *, const char *text); /* a paragraph, escaped */
/* A picture with a caption, embedded as data: `bytes` of a file of that MIME type. */
void kit_page_picture(kit_page *, const char *mime, const void *data, size_t size,
                      uint32_t width, uint32_t height, const char *caption);
/* From here to the next heading, text, table or group pictures are small and many: close together. */
void kit_page_tiles(kit_page *);
/* Pictures that belong together (one subject, differently treated) stand side by side in a frame
 * under its name: kit_page_group, their kit_page_picture calls, kit_page_group_end. */
void kit_page_group(kit_page *, const char *name);
void kit_page_group_end(kit_page *);
/* A table with sortable columns. */
void kit_page_table(kit_page *, const imp_table *, const char *caption);
/* Ends the page and hands out its text, to be freed with free(). NULL: no memory. Frees the page. */
char *kit_page_finish(kit_page *, size_t *size);

/* ---- INI text: kit_ini.c, a checking reader in front of inih ---- */

/* A place in a text: line and column from 1; length in bytes of what is meant there. */
typedef struct kit_place { uint32_t line, col, length, reserved0; } kit_place;
typedef struct kit_ini_key {
    const char *key, *value; /* the value without comment, outer blanks; continuation lines joined */
    kit_place key_at, value_at;
    uint32_t section, reserved0; /* number of its section */
} kit_ini_key;
typedef struct kit_ini_section { const char *name; kit_place at; uint32_t first, count; } kit_ini_section;
typedef struct kit_ini_fault { const char *text; kit_place at; uint32_t code, related_line; } kit_ini_fault;
enum kit_ini_code { /* of kit_ini_fault */
    KIT_INI_SYNTAX = 1, KIT_INI_NAME = 2, KIT_INI_DUPLICATE_KEY = 3, KIT_INI_DUPLICATE_SECTION = 4,
    KIT_INI_TEXT = 5 /* NUL, control bytes, bad UTF-8, lone CR */, KIT_INI_CONTINUATION = 6,
    KIT_INI_LONG = 7, KIT_INI_OUTSIDE = 8 /* a key before any section */
};
typedef struct kit_ini { /* what a text holds; owns all it points to */
    const kit_ini_section *sections;
    const kit_ini_key *keys; /* of all sections, in order */
    const kit_ini_fault *faults;
    uint32_t section_count, key_count, fault_count, reserved0;
    void *memory;
} kit_ini;
/* Reads `size` bytes of INI text strictly; ALL mistakes are collected as faults (rules:
 * ARCHITECTURE.md, "Preset text"). IMP_OK also with faults; IMP_E_MEMORY, IMP_E_INTERNAL (inih handed
 * on something other than it was given). kit_ini_free gives everything back. */
imp_status kit_ini_read(const char *text, size_t size, kit_ini *out);
void kit_ini_free(kit_ini *);

#ifdef __cplusplus
}
#endif
#endif
