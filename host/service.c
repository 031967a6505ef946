/* service.c - who provides what: order and cycles of needs, opening providers before their
 * consumers, and services handed out and taken back. */
#include <stdio.h>
#include <string.h>
#include "crash.h"
#include "descriptor.h"
#include "module.h"
#include "registry_private.h"

static bool provides(const struct plugin *p, const char *id)
{
    for (uint32_t i = 0; i < p->provides_count; i++)
        if (strcmp(p->provides[i], id) == 0)
            return true;
    return false;
}

struct unit *service_provider(const struct registry *r, const char *id, const char *name, size_t i)
{
    for (size_t k = 0; k < r->plugin_count; k++) {
        struct plugin *p = r->plugins[k];
        if (unit_usable(p) && provides(p, id) && (!name || strcmp(p->id, name) == 0) && i-- == 0)
            return unit_of(p);
    }
    return NULL;
}

/* ---- order ---- */

/* Refuses plugins whose needs nobody provides, until no more fall. */
static void refuse_missing(struct registry *r)
{
    for (bool again = true; again;) {
        again = false;
        for (size_t k = 0; k < r->plugin_count; k++) {
            struct plugin *p = r->plugins[k];
            for (const char *const *id = p->needs; unit_usable(p) && *id; id++)
                if (!service_provider(r, *id, NULL, 0)) {
                    p->refused = arena_printf(
                        &r->arena,
                        "%s: %s needs the service '%s', which no plugin at hand provides: "
                        "put its plugin on the plugin path",
                        module_base(p->path), p->id, *id);
                    again = true;
                }
        }
    }
}

enum { MARK_NEW = 0, MARK_ON_PATH, MARK_DONE };

struct circle {
    struct text names;
    struct unit *members[32];
    size_t count;
};

/* All members of a circle learn of it, so that each says why. */
static void refuse_circle(struct registry *r, const struct circle *c)
{
    for (size_t i = 0; i < c->count; i++) {
        struct plugin *p = &c->members[i]->as;
        p->refused = arena_printf(
            &r->arena, "%s: %s is in a circle of needs: %s: one of them must do with `wants`",
            module_base(p->path), p->id, c->names.data);
    }
}

/* Follows needs depth first; a unit met again on the path closes a circle, whose members are
 * collected while the walk returns. Answers the unit at which it is closed, NULL = none. */
static struct unit *walk(struct registry *r, struct unit *u, struct circle *c)
{
    struct unit *closed = NULL;
    if (u->mark == MARK_DONE)
        return NULL;
    if (u->mark == MARK_ON_PATH) {
        text_addf(&c->names, "%s", u->as.id);
        return u;
    }
    u->mark = MARK_ON_PATH;
    for (const char *const *id = u->as.needs; *id && !closed; id++) {
        closed = walk(r, service_provider(r, *id, NULL, 0), c);
        if (closed && c->count < sizeof c->members / sizeof *c->members) {
            text_addf(&c->names, " <- %s (needs '%s')", u->as.id, *id);
            c->members[c->count++] = u;
        }
    }
    u->mark = MARK_DONE;
    if (closed != u)
        return closed;
    refuse_circle(r, c);
    return NULL;
}

void service_resolve(struct registry *r)
{
    bool again = true;
    while (again) {
        refuse_missing(r);
        again = false;
        for (size_t k = 0; k < r->plugin_count; k++)
            unit_of(r->plugins[k])->mark = MARK_NEW;
        for (size_t k = 0; k < r->plugin_count && !again; k++) {
            struct circle c = {.count = 0};
            if (unit_usable(r->plugins[k]))
                walk(r, unit_of(r->plugins[k]), &c);
            again = c.count > 0;
            text_free(&c.names);
        }
    }
}

/* ---- opening ---- */

static const char *fail(struct unit *u, const char *why)
{
    u->state = UNIT_FAILED;
    u->as.refused = why;
    return why;
}

static const char *open_needs(struct registry *r, struct unit *u)
{
    for (const char *const *id = u->as.needs; *id; id++) {
        struct unit *from = service_provider(r, *id, NULL, 0);
        const char *why = from ? service_open(r, from) : "nobody provides it any more";
        if (why)
            return arena_printf(&r->arena, "%s: %s needs the service '%s': %s",
                                module_base(u->as.path), u->as.id, *id, why);
    }
    return NULL;
}

const char *service_open(struct registry *r, struct unit *u)
{
    bool changed_fp = false;
    if (u->state == UNIT_READY)
        return NULL;
    if (u->state == UNIT_OPENING)
        return arena_printf(&r->arena, "%s: %s is being opened and asked for in a circle",
                            module_base(u->as.path), u->as.id);
    if (u->as.refused)
        return u->as.refused;
    u->state = UNIT_OPENING;
    const char *why = open_needs(r, u);
    if (!why)
        why = scan_load(r, u);
    if (why)
        return fail(u, why);
    service_view(r, &u->view, u->as.id, NULL, u);
    const struct doing d = {.plugin = u->as.id}, *before = crash_doing(&d);
    why = module_init(&r->arena, u->as.path, u->as.entry, &u->view.as, &changed_fp);
    crash_doing(before);
    if (changed_fp)
        u->as.warning =
            arena_printf(&r->arena, "%s: %s changed the floating-point mode in its init; put right",
                         module_base(u->as.path), u->as.id);
    if (why)
        return fail(u, why);
    u->state = UNIT_READY;
    r->opened =
        arena_grow(&r->arena, r->opened, r->opened_count, &r->opened_capacity, sizeof *r->opened);
    r->opened[r->opened_count++] = u;
    return NULL;
}

/* ---- handing out ---- */

imp_status service_acquire(struct registry *r, struct unit *from, const char *id, imp_service *out,
                           imp_error *err)
{
    const char *why = service_open(r, from);
    if (why)
        return imp_fail(err, IMP_E_MISSING, "%s", why);
    const imp_service_def *def = descriptor_service(from->as.entry, id);
    imp_service given = {def->table, NULL};
    const imp_status st = def->open ? def->open(&from->view.as, &given.self, err) : IMP_OK;
    if (st != IMP_OK)
        return st;
    r->held = arena_grow(&r->arena, r->held, r->held_count, &r->held_capacity, sizeof *r->held);
    r->held[r->held_count++] = (struct held){given, def->close, from};
    *out = given;
    return IMP_OK;
}

static void take_back(struct registry *r, size_t i)
{
    const struct held h = r->held[i];
    memmove(&r->held[i], &r->held[i + 1], (--r->held_count - i) * sizeof h);
    if (h.close)
        h.close(h.given.self);
}

static struct view *view_of(const imp_host *host)
{
    union {
        const imp_host *in;
        struct view *out;
    } to = {.in = host};
    return to.out;
}

static bool listed(const char *const *ids, const char *id)
{
    while (*ids && strcmp(*ids, id) != 0)
        ids++;
    return *ids != NULL;
}

static imp_status view_acquire(const imp_host *host, const char *id, const char *provider,
                               imp_service *out, imp_error *err) IMP_NX
{
    struct view *v = view_of(host);
    const char *name = provider ? provider : v->provider;
    if (v->unit && !listed(v->unit->as.needs, id) && !listed(v->unit->as.wants, id))
        return imp_fail(err, IMP_E_MISSING,
                        "%s acquires '%s', which is neither in its needs nor in its wants", v->who,
                        id);
    struct unit *from = service_provider(v->registry, id, name, 0);
    if (from)
        return service_acquire(v->registry, from, id, out, err);
    from = service_provider(v->registry, id, NULL, 0);
    if (name && from)
        return imp_fail(err, IMP_E_MISSING, "plugin '%s' does not provide '%s', '%s' does", name,
                        id, from->as.id);
    return imp_fail(err, IMP_E_MISSING, "no plugin at hand provides the service '%s'", id);
}

static void view_release(const imp_host *host, imp_service *service) IMP_NX
{
    struct registry *r = view_of(host)->registry;
    for (size_t i = r->held_count; service->table && i-- > 0;)
        if (r->held[i].given.table == service->table && r->held[i].given.self == service->self) {
            take_back(r, i);
            break;
        }
    *service = (imp_service){NULL, NULL};
}

static const struct offered *find_offered(const struct registry *r, const char *id)
{
    for (size_t i = r->offered_count; i-- > 0;)
        if (strcmp(r->offered[i].id, id) == 0)
            return &r->offered[i];
    return NULL;
}

static const void *view_interface(const imp_host *host, const char *id) IMP_NX
{
    const struct offered *o = find_offered(view_of(host)->registry, id);
    return o ? o->table : NULL;
}

void registry_log(const struct registry *r, uint32_t level, const char *who, const char *text)
{
    if (r->log)
        r->log(r->log_user, level, who, text);
    else if (level >= IMP_LOG_WARNING)
        fprintf(stderr, "impasto: %s: %s\n", who, text);
}

static void view_log(const imp_host *host, uint32_t level, const char *text) IMP_NX
{
    const struct view *v = view_of(host);
    registry_log(v->registry, level, v->who, text);
}

void service_view(struct registry *r, struct view *v, const char *who, const char *provider,
                  struct unit *unit)
{
    *v = (struct view){
        .as = {.struct_size = sizeof v->as,
               .abi_major = IMP_ABI_MAJOR,
               .abi_minor = IMP_ABI_MINOR,
               .version = "impasto",
               .log = view_log,
               .get_interface = view_interface,
               .acquire = view_acquire,
               .release = view_release},
        .registry = r,
        .who = who,
        .provider = provider,
        .unit = unit,
    };
}

/* ---- the host's own side ---- */

const imp_host *registry_host(struct registry *r, const char *node, const char *provider)
{
    struct view *v = arena_alloc(&r->arena, 1, sizeof *v);
    service_view(r, v, arena_strdup(&r->arena, node),
                 provider ? arena_strdup(&r->arena, provider) : NULL, NULL);
    return &v->as;
}

void registry_set_interface(struct registry *r, const char *id, const void *table, void *user)
{
    r->offered = arena_grow(&r->arena, r->offered, r->offered_count, &r->offered_capacity,
                            sizeof *r->offered);
    r->offered[r->offered_count++] = (struct offered){arena_strdup(&r->arena, id), table, user};
}

void *registry_interface_user(const imp_host *host, const char *id)
{
    const struct offered *o = find_offered(view_of(host)->registry, id);
    return o ? o->user : NULL;
}

void registry_set_log(struct registry *r,
                      void (*log)(void *user, uint32_t level, const char *who, const char *text),
                      void *user)
{
    r->log = log;
    r->log_user = user;
}

bool registry_service(struct registry *r, const char *id, size_t i, imp_service *out,
                      const char **plugin_id)
{
    struct unit *from;
    for (size_t k = 0; (from = service_provider(r, id, NULL, k)); k++) {
        if (service_open(r, from)) {
            k--; /* now refused, so the next has its number */
            continue;
        }
        if (i-- > 0)
            continue;
        if (service_acquire(r, from, id, out, NULL) != IMP_OK)
            return false;
        if (plugin_id)
            *plugin_id = from->as.id;
        return true;
    }
    return false;
}

/* Consumers end before their providers, so what is still held of one at its end was never given
 * back. */
void service_close_all(struct registry *r)
{
    while (r->opened_count) {
        struct unit *u = r->opened[--r->opened_count];
        for (size_t i = r->held_count; i-- > 0;)
            if (r->held[i].from == u)
                take_back(r, i);
        if (u->as.entry->deinit)
            u->as.entry->deinit();
        u->state = UNIT_FAILED;
    }
}
