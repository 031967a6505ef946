/* mapping.h - a file's bytes in the address space, read-only, shared by the tensors that lie in it. A file
 * that is cut while it is mapped makes the next access a SIGBUS: mapped only where it was asked for. */
#ifndef IMP_RT_MAPPING_H
#define IMP_RT_MAPPING_H
#include <stddef.h>
#include <stdint.h>

struct rt_mapping;
/* The first size bytes of a file, one reference; NULL: errno says why. */
struct rt_mapping *rt_mapping_new(int fd, size_t size);
const uint8_t *rt_mapping_bytes(const struct rt_mapping *);
struct rt_mapping *rt_mapping_retain(struct rt_mapping *); /* [any] */
void rt_mapping_release(struct rt_mapping *);              /* [any]; NULL allowed */

#endif
