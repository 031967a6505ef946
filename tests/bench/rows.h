/* rows.h - rows of results: one shape for all programs of the bench, an array of objects, one a
 * line: name, peer, threads, ours_ms, peer_ms    medians ratio peer_ms / ours_ms: above 1 ours is
 * faster ratio_p10, ratio_p90                     of the ratios of the single rounds rounds,
 * ours_rss, peer_rss               bytes, the peak of each process and for networks variant (how
 * the peer ran) and difference (relative, of what both computed). */
#ifndef IMP_BENCH_ROWS_H
#define IMP_BENCH_ROWS_H
#include <cJSON.h>
#include <stdbool.h>

/* Rows of a file; an empty array where there is none. NULL: it is no array of rows. */
cJSON *rows_read(const char *path);
/* Takes the place of the row with the same name, peer and threads; takes the row over. */
void rows_put(cJSON *rows, cJSON *row);
/* The row of that name, peer and threads; NULL: none. Borrowed. */
cJSON *rows_find(const cJSON *rows, const cJSON *like);
bool rows_write(const char *path, const cJSON *rows);
double rows_number(const cJSON *row, const char *key);
const char *rows_text(const cJSON *row, const char *key);
/* A number of four digits: all that a measured one says. */
void rows_add(cJSON *row, const char *key, double value);
/* A row; ours and peer are single rounds, which end up in order. */
cJSON *rows_new(const char *name, const char *peer, int threads, double *ours, double *peers,
                int rounds);
/* Part q of the values lies below; sorts them. */
double rows_quantile(double *ms, int n, double q);
#endif
