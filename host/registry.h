/* registry.h - which plugins and filters there are, from where, and what was refused. Finds, checks,
 * caches descriptors, opens a plugin when a graph first uses it, brokers services.
 * All calls on the main thread ([control]). Source: the ABI's loading order (ARCHITECTURE.md). */
#ifndef IMP_REGISTRY_H
#define IMP_REGISTRY_H
#include <impasto/impasto.h>
#include "arena.h"
#include "hash.h"
#include "report.h"

/* A filter as the host knows it: a normalised copy (arrays with our own strides, absent members zero),
 * from the cache or from the file. Function pointers in desc are NULL until the plugin is open. */
struct filter_info {
    imp_filter desc;
    const imp_filter *real; /* the plugin's own descriptor, for create; NULL until open */
    struct plugin *plugin;  /* NULL: the host's own (load, save ...) */
};
/* Rows by index; desc.params etc. are plain arrays of the host's struct size after normalising. */

struct plugin {
    const char *path, *id, *version, *licence; /* all but path NULL when refused before it could say */
    struct hash content;               /* of the file: part of every result's identity */
    struct filter_info *const *filters; /* filter_count */
    const char *const *provides;        /* service ids, provides_count */
    const char *const *needs, *const *wants; /* NULL-terminated */
    uint32_t filter_count, provides_count;
    const char *refused;                /* NULL, or the sentence */
    const char *shadowed_by;            /* path of the file that has the same id; NULL */
    const char *warning;                /* what it did that it should not (changed the FP mode); NULL */
    const imp_plugin *entry;            /* NULL until open */
    void *serial_lock;                  /* engine.c: pthread_mutex_t for IMP_SERIAL filters */
};

struct registry;
struct registry_options {
    const char *plugin_path;  /* --plugin-path, colon-separated; NULL */
    const char *program_path; /* the program's own place, for $libdir; NULL = /proc/self/exe */
    const char *cache_file;   /* NULL: no descriptor cache */
    bool insecure;            /* --insecure-plugins */
};

/* Scans the path (or the cache). Faulty plugins become entries with `refused`, never a failure. */
struct registry *registry_open(const struct registry_options *, struct report *);
void registry_close(struct registry *); /* deinit in reverse order of init; nothing is unmapped */

/* All plugins (refused and shadowed too), in order of the search path; all filters by id. */
struct plugin *const *registry_plugins(const struct registry *, size_t *n);
struct filter_info *const *registry_filters(const struct registry *, size_t *n);
const char *const *registry_places(const struct registry *, size_t *n); /* folders searched */
struct filter_info *registry_find(const struct registry *, const char *filter_id);
/* Adds the host's own filters (builtin.h); once, after open. */
void registry_add_builtin(struct registry *, const imp_filter *const *filters);

/* Opens the plugin of a filter, its needed services' providers first, and runs init. false: the reason
 * was added to the report at `at` (E04xx), plugin->refused set. */
bool registry_use(struct registry *, struct filter_info *, const struct place *at, struct report *);

/* The host seen from an instance: acquire looks at the preset's choice of provider first (NULL: any).
 * One per node; lives until registry_close. */
const imp_host *registry_host(struct registry *, const char *node, const char *provider);
/* What get_interface answers for an id (IMP_HOST_IMAGE_1); user: what the functions of the table find again
 * by registry_interface_user from the imp_host they are given. Before the first registry_use. */
void registry_set_interface(struct registry *, const char *id, const void *table, void *user);
void *registry_interface_user(const imp_host *, const char *id);
/* Where plugins' log lines go, [any] thread; who: plugin or node. Without it warnings and errors go to
 * stderr. */
void registry_set_log(struct registry *,
                      void (*log)(void *user, uint32_t level, const char *who, const char *text), void *user);
void registry_log(const struct registry *, uint32_t level, const char *who, const char *text);
/* A service for the host itself (codecs): 0 found -> false. i-th provider of that id. */
bool registry_service(struct registry *, const char *id, size_t i, imp_service *out,
                      const char **plugin_id);

/* Names for nearest_name and listings: all filter ids; n of them. */
const char *const *registry_filter_ids(const struct registry *, size_t *n);
/* Why one .so file is or would be refused, checked in a child process (init too): text to print, notes when
 * it is fine; 0 = fine. */
int registry_explain_file(const struct registry_options *, const char *path, struct text *out);

#endif
