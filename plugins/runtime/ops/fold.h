/* fold.h - contents that are known while planning go through an operator at once, so that chains
 * like Shape -> Cast -> Mul -> Cast -> Resize are bound before anything runs. */
#ifndef IMP_RT_FOLD_H
#define IMP_RT_FOLD_H
#include "op.h"

/* Most elements of known contents. More floats are left to forward; integers have no other way, and
 * no network's shapes need more. */
enum { RT_FOLD_FLOATS = 4096, RT_FOLD_INTEGERS = 1 << 24 };

static inline bool rt_fold_wanted(const struct rt_info *out, bool inputs_known)
{
    const int64_t n = rt_count(&out->shape);
    return inputs_known && n >= 0 &&
           n <= (out->dtype == IMP_I64 ? RT_FOLD_INTEGERS : RT_FOLD_FLOATS);
}

/* Contents to be filled for in->out, or IMP_E_MEMORY. */
static inline imp_status rt_fold_begin(struct rt_infer *in, imp_error *err)
{
    in->known = rt_tensor_new(in->out.dtype, &in->out.shape);
    if (in->known)
        return IMP_OK;
    return imp_fail(err, IMP_E_MEMORY, "no memory for %lld known values",
                    (long long)rt_count(&in->out.shape));
}

/* What an operator without integers says to them; IMP_OK for floats. */
static inline imp_status rt_floats_only(const struct rt_infer *in, uint32_t slot, imp_error *err)
{
    if (in->in[slot]->dtype == IMP_F32)
        return IMP_OK;
    return imp_fail(err, IMP_E_INPUT, "%s works on numbers, its input '%s' holds integers",
                    in->node->op->name, in->node->op->slots[slot].name);
}
#endif
