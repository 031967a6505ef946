/* formats.h - reading and writing networks. Readers take bytes, check before they allocate, answer a
 * graph that rt_graph_finish has passed; one message names tensor, node and bytes; all operators that
 * are not supported are named at once. */
#ifndef IMP_RT_FORMATS_H
#define IMP_RT_FORMATS_H
#include "network.h"

/* path: where the bytes came from, for data kept outside the file (ONNX's external
 * data, looked for beside it and never above it); NULL: none. */
imp_status rt_onnx_read(const void *data, size_t size, const char *path, struct rt_graph **,
                        imp_error *);
/* The file's bytes, to be freed with free(). */
imp_status rt_onnx_write(const struct rt_graph *, void **data, size_t *size, imp_error *);

/* A safetensors file with `impasto.architecture` in its metadata, or with an architecture text beside
 * it (`arch`, NULL: none). */
imp_status rt_safetensors_read(const void *data, size_t size, const char *arch, size_t arch_size,
                               const char *path, struct rt_graph **, imp_error *);
imp_status rt_safetensors_write(const struct rt_graph *, void **data, size_t *size, imp_error *);

/* Finds the tensor `name` for an architecture: a reference for the caller, or NULL with IMP_OK when there is none. */
typedef imp_status rt_tensor_source(void *user, const char *name, struct rt_tensor **, imp_error *);
/* An architecture text to a graph. source NULL: parameters are drawn from `seed` (He normal for
 * weights, counter-based on seed and name). All mistakes at once, "line:col: ..." */
imp_status rt_arch_read(const char *text, size_t size, rt_tensor_source *source, void *user,
                        uint64_t seed, struct rt_graph **, imp_error *);
/* The text of a graph, terminated, to be freed with free(): reading it with the same tensors gives
 * the same graph. */
imp_status rt_arch_write(const struct rt_graph *, char **text, imp_error *);

/* By content (ONNX, safetensors) and ending (.ini). options: of imp_nn_model_1.open, or NULL. job: whose
 * threads read, or NULL. IMP_CANCELLED: the job is to stop. */
imp_status rt_file_read(const char *path, const char *options, imp_job *job, struct rt_graph **,
                        imp_error *);
/* By ending: .onnx or .safetensors. Written beside, synced, renamed. */
imp_status rt_file_write(const struct rt_graph *, const char *path, imp_error *);

#endif
