/* report.h - messages: what, where, why, how to mend. Collected while planning, printed once in order
 * of file and line; the same fields as JSON. Thread-safe. */
#ifndef IMP_REPORT_H
#define IMP_REPORT_H
#include <stdbool.h>
#include <stdio.h>

/* A place in a text file. Pointers live as long as the preset's arena; zero means "nowhere". */
struct place {
    const char *file;
    const char *excerpt; /* the line as it stands in the file, without its end; then the lines that a value
                          * goes on in, each after a '\n' */
    int line, col, length;
};

enum severity { SEV_NOTE = 1, SEV_WARNING, SEV_ERROR };

/* Codes are stable for ever; host/codes.def lists them all with an explanation, and `impasto describe
 * E0107` and the manual print that. First two digits: 01 preset text and keys, 02 wires and graph,
 * 03 what a filter found while planning, 04 plugins and models, 05 memory disk time, 06 items,
 * 07 pictures and files, 08 command line. */
struct fault;
struct report;

struct report *report_new(void);
void report_free(struct report *);
/* Adds a fault and returns it for the calls below (copies all text; at may be NULL). */
__attribute__((format(printf, 5, 6))) struct fault *
report_add(struct report *, enum severity, const char *code, const struct place *at,
           const char *fmt, ...);
/* The text under the carets, "did you mean 'steps'?"; and lines after " = ", any number. */
__attribute__((format(printf, 2, 3))) void fault_hint(struct fault *, const char *fmt, ...);
__attribute__((format(printf, 2, 3))) void fault_note(struct fault *, const char *fmt, ...);
/* The other end of a conflict, shown as "defined at file:line". */
void fault_related(struct fault *, const struct place *, const char *what);

/* How many of at least that severity; and the process exit status they call for (0, 2, 4, 5). */
int report_count(const struct report *, enum severity);
int report_exit_status(const struct report *);
/* Prints and forgets all. json: an object per line ("schema", "type": "fault", ...). */
void report_flush(struct report *, FILE *, bool colour, bool json);
/* true when stream is a terminal that wants colour: NO_COLOR, CLICOLOR_FORCE, TERM=dumb honoured. */
bool report_wants_colour(FILE *);

/* The nearest of n names within Damerau-Levenshtein distance 2 (1 for words of 3 and less, 3 from 9
 * letters); NULL = none. Ties go to the first. */
const char *nearest_name(const char *word, const char *const *names, size_t n);

/* Locale-free numbers, the whole text or failure (false). */
bool parse_real(const char *text, double *out);
bool parse_integer(const char *text, long long *out);
/* "2G", "512M", "1.5K": bytes, powers of 1024. */
bool parse_bytes(const char *text, unsigned long long *out);
/* Shortest text that reads back as the same double. buf >= 32. */
const char *print_real(double, char *buf);
/* "2.1 GiB", "3 min 20 s"; buf >= 32. */
const char *print_bytes(unsigned long long, char *buf);
const char *print_seconds(double, char *buf);

#endif
