/* minipriv.h - what the files of the mini host share. */
#ifndef IMP_MINIPRIV_H
#define IMP_MINIPRIV_H
#include "minihost.h"

void *mini_alloc(size_t n, size_t size); /* zeroed, never NULL */
char *mini_strdup(const char *);
uint64_t mini_mix(uint64_t); /* SplitMix64 */
imp_tensor *mini_tensor_blank(uint32_t dtype, uint32_t ndim, const int64_t *shape,
                              const char *name);
imp_object *mini_object(const char *type, const char *provider, void *object,
                        void (*drop)(void *) IMP_NX);
/* Was memory beside the samples written? NULL, or a sentence in buf. */
const char *mini_overrun(const imp_value *, char *buf, size_t size);
extern const imp_host_image_1 mini_pictures; /* minipng.c */

#endif
