/* onnx_case.h - one folder of ONNX's backend tests: model.onnx and test_data_set_*. */
#ifndef ONNX_CASE_H
#define ONNX_CASE_H
#include <stddef.h>

enum onnx_verdict { ONNX_PASSED, ONNX_FAILED, ONNX_OUT_OF_SCOPE, ONNX_NO_CASE };

enum { CASE_OPS = 64, CASE_TEXT = 1024 };
struct onnx_case {
    enum onnx_verdict verdict;
    char why[CASE_TEXT];    /* of a failure; what is out of scope */
    char ops[CASE_OPS][48]; /* the operators of the model, each once */
    size_t op_count;
};

/* Runs every data set of the folder; through the file as it is, and once more as we write it. */
void onnx_case_run(const char *folder, struct onnx_case *);
#endif
