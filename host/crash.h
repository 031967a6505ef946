/* crash.h - what each thread is doing, for the moment when it crashes: plugin, filter, node and
 * picture. A record is on the stack of whoever sets it and lies over the one before. [any] thread.
 */
#ifndef IMP_CRASH_H
#define IMP_CRASH_H

struct doing {
    const char *plugin, *filter, *node; /* NULL = none, as all texts here */
    const char *file;                   /* where the node stands */
    int line;
    const char *picture;
};
/* Sets the record of this thread, NULL = nothing, and answers the one before, to be set again
 * afterwards. What it points to must live until then. */
const struct doing *crash_doing(const struct doing *);
/* The record of this thread, or an empty one: to start a new one from. */
struct doing crash_now(void);
/* A stack for signal handlers, of this thread, so that a stack that overflowed can be told. */
void crash_prepare_thread(void);
/* "SIGSEGV", and what it means in a few words. */
const char *crash_signal_name(int signal_number);
const char *crash_signal_meaning(int signal_number);
/* Writes what crashed to stderr. Async-signal-safe; of several threads the first is told, the
 * others wait for the end of the process. */
void crash_tell(int signal_number);

#endif
