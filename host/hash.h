/* hash.h - 128-bit identities of what goes into a result (XXH3): texts, files, values. Not secret-proof,
 * collision-proof in practice. */
#ifndef IMP_HASH_H
#define IMP_HASH_H
#include <stddef.h>
#include <stdint.h>
#include <stdbool.h>

struct hash { uint64_t hi, lo; }; /* {0, 0}: not known */

/* Streaming: hash_new -> hash_add* -> hash_end (frees). Every text is added with its length. */
struct hasher;
struct hasher *hash_new(void);
void hash_add(struct hasher *, const void *, size_t);
void hash_text(struct hasher *, const char *); /* NULL differs from "" */
void hash_u64(struct hasher *, uint64_t);
void hash_hash(struct hasher *, struct hash);
struct hash hash_end(struct hasher *);

struct hash hash_bytes(const void *, size_t);
/* Of a file's content; false (errno) when it cannot be read. */
bool hash_file(const char *path, struct hash *);
bool hash_equal(struct hash, struct hash);
bool hash_known(struct hash);
/* 32 hexadecimal digits; buf >= 33. */
const char *hash_print(struct hash, char *buf);
bool hash_parse(const char *text, struct hash *);

#endif
