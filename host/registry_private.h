/* registry_private.h - what registry.c, scan.c and service.c share. */
#ifndef IMP_REGISTRY_PRIVATE_H
#define IMP_REGISTRY_PRIVATE_H
#include "registry.h"

/* The host as one node or plugin sees it. */
struct view {
    imp_host as; /* first */
    struct registry *registry;
    const char *who;      /* node or plugin, for messages */
    const char *provider; /* the preset's choice; NULL */
    struct unit *unit;    /* the plugin whose init this is for; NULL for nodes */
};

enum unit_state { UNIT_SEEN = 0, UNIT_OPENING, UNIT_READY, UNIT_FAILED };
struct unit {
    struct plugin as; /* first: what the rest of the host sees */
    enum unit_state state;
    struct view view;
    uint32_t mark; /* of the walk that looks for cycles */
};

struct held { /* a service handed out */
    imp_service given;
    void (*close)(void *self) IMP_NX;
    const struct unit *from;
};

struct offered { /* a table that get_interface answers */
    const char *id;
    const void *table;
    void *user;
};

struct registry {
    struct arena arena;
    struct plugin **plugins; /* each the `as` of a unit, in order of the search path */
    size_t plugin_count, plugin_capacity;
    struct filter_info **filters; /* sorted by id */
    size_t filter_count, filter_capacity;
    const char **filter_ids;
    const char **places;
    size_t place_count, place_capacity;
    struct unit **opened; /* in the order their inits came to an end */
    size_t opened_count, opened_capacity;
    struct held *held;
    size_t held_count, held_capacity;
    struct offered *offered;
    size_t offered_count, offered_capacity;
    void (*log)(void *user, uint32_t level, const char *who, const char *text);
    void *log_user;
};

static inline struct unit *unit_of(struct plugin *p)
{
    return (struct unit *)(void *)p;
}
/* Can it be used as far as is known: neither refused nor shadowed? */
static inline bool unit_usable(const struct plugin *p)
{
    return !p->refused && !p->shadowed_by;
}

/* scan.c: finds files on the search path and describes them; `first` (may be NULL) is one more file before
 * all others. */
void scan_all(struct registry *, const struct registry_options *, const char *first, struct report *);
/* Opens the file again, compares it with what is known and fills in its functions. NULL, or why not. */
const char *scan_load(struct registry *, struct unit *);

/* service.c: refuses what needs a service that nobody provides, or itself in a circle. */
void service_resolve(struct registry *);
/* i-th usable provider of an id, called `name` if that is not NULL; NULL: no more. */
struct unit *service_provider(const struct registry *, const char *id, const char *name, size_t i);
/* Opens a plugin with all it needs; NULL: ready, else the sentence (kept in refused). */
const char *service_open(struct registry *, struct unit *);
void service_view(struct registry *, struct view *, const char *who, const char *provider, struct unit *);
imp_status service_acquire(struct registry *, struct unit *provider, const char *id, imp_service *out, imp_error *);
void service_close_all(struct registry *); /* deinit in reverse order of init */

#endif
