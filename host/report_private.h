/* report_private.h - a fault as report.c keeps it and report_print.c prints it. */
#ifndef IMP_REPORT_PRIVATE_H
#define IMP_REPORT_PRIVATE_H
#include "arena.h"
#include "report.h"

struct related {
    struct place at;
    const char *what;
};
struct fault {
    struct report *report;
    enum severity severity;
    const char *code, *message, *hint;
    struct place at;
    const char **notes;
    struct related *related;
    size_t note_count, note_capacity, related_count, related_capacity;
    size_t number, file_order;
};
/* Appends a fault as a block for people (an empty line before it when `gap`) or as a line of JSON.
 */
void fault_text(const struct fault *, bool colour, bool gap, struct text *);
void fault_json(const struct fault *, struct text *);

#endif
