/* make_source.h - pictures of plugins/sources for the bench: one open plugin, a picture in one call. */
#ifndef IMP_BENCH_MAKE_SOURCE_H
#define IMP_BENCH_MAKE_SOURCE_H
#include <impasto/impasto.h>
#include <stdbool.h>

struct mini;
/* Choices of a filter's parameter, "a|b|c"; NULL: no such filter or parameter. */
const char *source_choices(const struct mini *, const char *filter, const char *key);
/* Word i of "a|b|c"; false: there are no more. */
bool source_word(const char *choices, int i, char *word, size_t size);
/* A picture made on two threads, to be given back with mini_release; ms may be NULL. The time has the
 * small host's own checks in it: about a nanosecond a sample. NULL: it said why. */
imp_image *source_make(struct mini *, const char *filter, const char *params, double *ms);
#endif
