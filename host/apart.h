/* apart.h - something done in a child process, where it may crash, hang or end the program: its
 * words come back. [control] */
#ifndef IMP_APART_H
#define IMP_APART_H
#include <stdbool.h>
#include "arena.h"

enum { APART_SECONDS = 10 };

/* Calls what(user, said) in a child and answers what that said. true: it came to its end; false:
 * said is a sentence of how it did not: "x.so: crashes when it is loaded (signal 11)". */
bool apart_do(void (*what)(void *user, struct text *said), void *user, const char *base,
              struct text *said);

#endif
