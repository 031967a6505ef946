/* onnx_bound.h - reading a network some of whose inputs have values already: ONNX's test folders
 * give shapes, axes and scales as inputs, which a runtime that plans ahead must know. */
#ifndef IMP_RT_ONNX_BOUND_H
#define IMP_RT_ONNX_BOUND_H
#include "formats.h"

struct rt_onnx_bound {
    const char *name;         /* of the graph's input */
    struct rt_tensor *tensor; /* borrowed */
    uint32_t used, reserved0; /* out: it became a constant; otherwise it is an input as usual */
};
/* As rt_onnx_read. Inputs among `bound` become constants where they are integers, or where an
 * operator must know them while planning. */
imp_status rt_onnx_read_bound(const void *data, size_t size, const char *path, uint32_t count,
                              struct rt_onnx_bound *bound, struct rt_graph **, imp_error *);
/* One TensorProto by itself, as in the files input_0.pb of those folders. */
imp_status rt_onnx_read_tensor(const void *data, size_t size, struct rt_tensor **, imp_error *);

#endif
