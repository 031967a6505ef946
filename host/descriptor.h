/* descriptor.h - what a plugin says of itself, checked item by item and copied. Plugin data is never
 * trusted: every fault becomes one sentence, nothing is asserted. [control] */
#ifndef IMP_DESCRIPTOR_H
#define IMP_DESCRIPTOR_H
#include "registry.h"

/* Copies a descriptor whose head is sound into *out (id, version, licence, filters with `real` and their
 * functions, provides, needs, wants), arrays with the host's strides, absent members zero. Answers NULL, or
 * the sentence why the plugin is refused; *out then has at most its id. Memory: the arena. */
const char *descriptor_copy(struct arena *, const char *path, const imp_plugin *, struct plugin *out);

/* The entry of a service by id; NULL: none. */
const imp_service_def *descriptor_service(const imp_plugin *, const char *id);

bool descriptor_utf8(const char *text); /* valid, no control bytes but tab and newline */
bool descriptor_id(const char *text);   /* of filters and plugins: "org.example.gain", "blur" */
bool descriptor_service_id(const char *text); /* "impasto.nn.model/1" */
bool descriptor_key(const char *text);  /* of parameters and ports: [a-z][a-z0-9_]* */

#endif
