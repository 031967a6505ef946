/* plan_lies.c - plans another size than it makes. */
#include <impasto/impasto.h>
static imp_status plan(void *instance, imp_plan *p, imp_error *err) IMP_NX
{
    (void)instance, (void)err;
    p->outputs[0]->width = 2 * p->inputs[0]->width;
    return IMP_OK;
}
#define PLAN plan
#include "broken.h"
