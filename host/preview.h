/* preview.h - --preview: what a long filter shows on the way is kept in OUT/.impasto/preview. */
#ifndef IMP_PREVIEW_H
#define IMP_PREVIEW_H
#include "batch_plan.h"

/* Writes NODE-SLOT.png, replacing the one before. [any] thread; a failure is passed over. */
void preview_save(const struct batch *, unsigned slot, const struct node *, const imp_image *);

#endif
