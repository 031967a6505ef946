/* host_image.h - the host's codecs and caps lent to plugins: IMP_HOST_IMAGE_1 of impasto.h. For filters that
 * read pictures of their own (a painting, a data set) or write some into a page. */
#ifndef IMP_HOST_IMAGE_H
#define IMP_HOST_IMAGE_H
#include "codecs.h"

struct host_image;
/* Offers it to all plugins of the registry; before the first registry_use. Both are borrowed until
 * host_image_close, which comes after the last instance is destroyed. NULL: no memory. [control] */
struct host_image *host_image_open(struct registry *, const struct codecs *);
void host_image_close(struct host_image *);

#endif
