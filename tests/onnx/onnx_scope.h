/* onnx_scope.h - what Impasto promises to run: operators and types. Everything else is out of
 * scope, by name; what is on the list and fails, fails. */
#ifndef ONNX_SCOPE_H
#define ONNX_SCOPE_H
#include "onnx_case.h"
#include <onnx/onnx.pb-c.h>
#include <stdbool.h>

/* Notes the operators of the model; names the first that is not promised, or the first type of an
 * input or output. true: all of it is. */
bool onnx_scope_check(const Onnx__ModelProto *, struct onnx_case *);
#endif
