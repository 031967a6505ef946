/* sandbox_calls.h - system calls of a sandboxed process. Private to sandbox.c. */
#ifndef IMP_SANDBOX_CALLS_H
#define IMP_SANDBOX_CALLS_H
#include <stdbool.h>

/* From here on the list of sandbox_calls.c alone; others answer EPERM. false: the kernel, or this
 * kind of processor, has no such filters. */
bool sandbox_calls(bool signals);

#endif
