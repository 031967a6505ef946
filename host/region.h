/* region.h - a stretch of memory that processes share: a memfd, mapped before they part, at the
 * same address in all. The host alone hands out places of it; a worker writes into the places it
 * was given. Pages that were used once stay for the next picture. */
#ifndef IMP_REGION_H
#define IMP_REGION_H
#include "value.h"

struct region;
/* counted (may be NULL): what is handed out is counted there, and refused over its limit. NULL:
 * errno. */
struct region *region_new(struct memory *counted);
void region_free(struct region *); /* after the last value in it */
/* Values made with it lie in the region. [any] */
struct memory *region_memory(struct region *);
/* A place of that many bytes, 4096-aligned; UINT64_MAX: refused, or none left. [any] */
uint64_t region_take(struct region *, size_t bytes);
void region_give(struct region *, uint64_t at);
/* Bytes handed out at that place; 0: nobody has it. */
size_t region_size_at(struct region *, uint64_t at);
/* Where an address lies in the region; UINT64_MAX: outside. And back. */
uint64_t region_place(const struct region *, const void *);
void *region_address(const struct region *, uint64_t at);
size_t region_room(const struct region *, uint64_t at); /* bytes from there to its end */
/* In a worker: it is there no more; or may only be read, for good if `reader` is a descriptor of
 * its file to be read only, as region_reader has one (-1: none). */
void region_leave(struct region *);
int region_reader(const struct region *);
void region_protect(struct region *, int reader);

#endif
