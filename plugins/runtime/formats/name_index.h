/* name_index.h - names to numbers, and the names nearest to one that was not found. For readers and
 * writers of networks, which may have a hundred thousand names. */
#ifndef IMP_RT_NAME_INDEX_H
#define IMP_RT_NAME_INDEX_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* FNV-1a of 64 bits; what a drawn parameter's numbers depend on, so it never changes. */
uint64_t rt_name_hash(const char *name);

/* A hash table; zero is an empty one. Names are borrowed. */
struct rt_names {
    struct rt_name_slot {
        const char *name;
        uint32_t value, taken;
    } * slots;
    uint32_t room, count;
};
/* false: no memory. A name that is there keeps its value: find it first. */
bool rt_names_add(struct rt_names *, const char *name, uint32_t value);
int64_t rt_names_find(const struct rt_names *, const char *name); /* -1: none */
void rt_names_free(struct rt_names *);

/* The three names nearest to a word: rt_nearest_try each that there is, then ask for the text. */
struct rt_nearest {
    const char *word, *name[3];
    unsigned distance[3];
};
struct rt_nearest rt_nearest_to(const char *word);
void rt_nearest_try(struct rt_nearest *, const char *name);
/* "; did you mean 'a' or 'b'?", or "" when nothing is near. Answers buf. */
const char *rt_nearest_text(const struct rt_nearest *, char *buf, size_t size);

#endif
