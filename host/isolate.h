/* isolate.h - filters in processes of their own. The *nursery* is forked from the host while it
 * plans; it makes instances, is asked for plans, and runs what depends on no picture. Workers are
 * forked from the nursery, one for each slot, when their first picture comes, so that models and
 * data sets that the nursery made are there already. A worker that crashes, hangs or takes too much
 * memory costs its picture and is forked again.
 *
 * Values cross in regions (region.h): places, not copies. Objects (models, data sets) stay where
 * they were made; the host holds a stand-in, so whatever shares an object runs in the same process.
 */
#ifndef IMP_ISOLATE_H
#define IMP_ISOLATE_H
#include "engine_private.h"

/* Which nodes of a variant run in workers: v->isolated. Makes e->isolate when there is one. false:
 * no memory, errno. */
bool isolate_mark(struct engine *, struct variant *);
void isolate_free(struct engine *); /* after the last value */
/* Slot's memory for values that isolated nodes will take; the engine's without isolation. [any] */
struct memory *isolate_memory(struct engine *, unsigned slot);
/* As many slots will be used at once: each worker gets its part of the threads. */
void isolate_slots(struct engine *, unsigned n);
/* Objects that are made for one item go when the next begins. */
void isolate_begin_item(struct engine *, unsigned slot);

/* The same as instance_create, plan() of the node and instance_process, in the process that the
 * node belongs to. A text that starts with a code of its own is about the process: E0611 crashed,
 * E0612 gave no sign of life, E0613 took too much memory. plan: on the main thread; mistakes go to
 * api->mistake. */
imp_status isolate_create(struct engine *, struct variant *, const struct node *, imp_error *);
imp_status isolate_plan(struct engine *, struct variant *, const struct node *, imp_plan *api,
                        imp_error *, bool *changed_fp);
imp_status isolate_process(struct engine *, struct variant *, const struct call *,
                           struct values *outputs, struct outcome *);
/* All graphs are there: with options.untrusted the nursery is started now, and what the system
 * cannot do for it is reported. */
void isolate_begin(struct engine *);
/* With options.untrusted: filters that write files may do so below that folder. Forgets what was
 * made so far. */
void isolate_allow_writing(struct engine *, const char *folder);
/* With options.untrusted, instead of codecs_probe_file (slot < 0: while planning) and
 * codecs_decode. */
imp_status isolate_probe(struct engine *, int slot, const char *path, imp_picture *, imp_error *);
imp_status isolate_decode(struct engine *, unsigned slot, bool constant, const char *path,
                          const void *data, size_t size, struct value **out, imp_error *);
/* What ran where, for --explain. */
void isolate_explain(const struct engine *, struct text *out);

#endif
