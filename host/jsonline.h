/* jsonline.h - one JSON object per line, for --json: fields are added one by one, in order. */
#ifndef IMP_JSONLINE_H
#define IMP_JSONLINE_H
#include <stdbool.h>
#include <stdint.h>
#include "arena.h"

/* {"schema":SCHEMA,"type":TYPE ; then fields; json_end closes it with "}\n". */
void json_begin(struct text *, const char *schema, const char *type);
void json_text(struct text *, const char *key, const char *value); /* NULL value: null */
void json_number(struct text *, const char *key, double value);
void json_count(struct text *, const char *key, uint64_t value);
void json_bool(struct text *, const char *key, bool value);
void json_end(struct text *);
/* A JSON string alone. Bytes that are not UTF-8 become U+FFFD. */
void json_string(struct text *, const char *value);
/* ,"key": without a value, for what is nested. */
void json_key(struct text *, const char *key);

#endif
