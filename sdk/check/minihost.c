/* minihost.c - plugins as the mini host sees them: opened, initialised, asked for filters. */
#include "minihost.h"
#include "minipriv.h"
#include <dlfcn.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { MOST = 16 };
struct mini {
    imp_host host; /* first: the plugin's imp_host leads back here */
    const imp_plugin *entry;
    struct mini *offers[MOST];
    struct {
        const char *id;
        const void *table;
    } interfaces[MOST];
    struct {
        imp_service given;
        const imp_service_def *def;
    } open[4 * MOST];
    const char *hidden;
    int offer_count, interface_count, open_count;
    bool ready, quiet;
};

static struct mini *mini_of(const imp_host *host)
{
    union {
        const imp_host *in;
        struct mini *out;
    } to = {.in = host};
    return to.out;
}

const imp_host *mini_host(struct mini *m)
{
    return &m->host;
}

static void host_log(const imp_host *host, uint32_t level, const char *text) IMP_NX
{
    if (level >= IMP_LOG_WARNING && !mini_of(host)->quiet)
        fprintf(stderr, "# %s\n", text);
}

static const void *host_interface(const imp_host *host, const char *id) IMP_NX
{
    const struct mini *m = mini_of(host);
    for (int i = m->interface_count; i-- > 0;)
        if (strcmp(m->interfaces[i].id, id) == 0)
            return m->interfaces[i].table;
    return NULL;
}

static const imp_service_def *provided(const imp_plugin *p, const char *id)
{
    for (const imp_service_def *const *s = p->provides; s && *s; s++)
        if (strcmp((*s)->id, id) == 0)
            return *s;
    return NULL;
}

static const imp_service_def *find_service(struct mini *m, const char *id, const char *provider,
                                           struct mini **from)
{
    const imp_service_def *def;
    for (int i = 0; i <= m->offer_count && !(m->hidden && strcmp(id, m->hidden) == 0); i++) {
        *from = i < m->offer_count ? m->offers[i] : m;
        if ((!provider || strcmp((*from)->entry->id, provider) == 0) &&
            (def = provided((*from)->entry, id)))
            return def;
    }
    return NULL;
}

const char *mini_provider(struct mini *m, const char *id)
{
    struct mini *from = NULL;
    return find_service(m, id, NULL, &from) ? from->entry->id : NULL;
}

static imp_status host_acquire(const imp_host *host, const char *id, const char *provider,
                               imp_service *out, imp_error *err) IMP_NX
{
    struct mini *m = mini_of(host), *from;
    const imp_service_def *def = find_service(m, id, provider, &from);
    if (!def)
        return imp_fail(err, IMP_E_MISSING, "no plugin at hand provides '%s'", id);
    if (m->open_count == 4 * MOST)
        return imp_fail(err, IMP_E_LIMIT, "the mini host hands out %d services at most", 4 * MOST);
    imp_service given = {def->table, NULL};
    const imp_status st = def->open ? def->open(&from->host, &given.self, err) : IMP_OK;
    if (st == IMP_OK) {
        m->open[m->open_count].given = given;
        m->open[m->open_count++].def = def;
        *out = given;
    }
    return st;
}

static void host_release(const imp_host *host, imp_service *service) IMP_NX
{
    struct mini *m = mini_of(host);
    for (int i = 0; service->table && i < m->open_count; i++)
        if (m->open[i].given.table == service->table && m->open[i].given.self == service->self) {
            if (m->open[i].def->close)
                m->open[i].def->close(service->self);
            m->open[i] = m->open[--m->open_count];
            break;
        }
    *service = (imp_service){NULL, NULL};
}

const char *mini_built(const char *plugin, char *buf, size_t size)
{
    char self[PATH_MAX];
    const ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);
    self[n > 0 ? n : 0] = 0;
    for (int up = 0; up < 2; up++) { /* build/CONFIG/tests/test_x -> build/CONFIG */
        char *slash = strrchr(self, '/');
        if (slash)
            *slash = 0;
    }
    snprintf(buf, size, "%s/%s%s.so", self,
             strncmp(plugin, "broken/", 7) == 0 ? "" : "lib/impasto/plugins-1/", plugin);
    return buf;
}

struct mini *mini_load(const char *path, char *why, size_t size)
{
    void *so = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (!so) {
        const char *reason = dlerror();
        snprintf(why, size, "%s", reason ? reason : "cannot be opened");
        return NULL;
    }
    union {
        void *object;
        const imp_plugin *(*entry)(void)IMP_NX;
    } sym = {.object = dlsym(so, "imp_entry_v1")};
    const imp_plugin *entry = sym.object ? sym.entry() : NULL;
    if (!entry || entry->magic != IMP_MAGIC) {
        snprintf(why, size, "%s: %s", path,
                 !sym.object ? "no imp_entry_v1" : "no descriptor with the magic IMP1");
        return NULL;
    }
    struct mini *m = mini_alloc(1, sizeof *m);
    m->host = (imp_host){.struct_size = sizeof m->host,
                         .abi_major = IMP_ABI_MAJOR,
                         .abi_minor = IMP_ABI_MINOR,
                         .version = "mini",
                         .log = host_log,
                         .get_interface = host_interface,
                         .acquire = host_acquire,
                         .release = host_release};
    m->entry = entry;
    mini_interface(m, IMP_HOST_IMAGE_1, &mini_pictures);
    return m;
}

imp_status mini_init(struct mini *m, char *why, size_t size)
{
    imp_error err = {sizeof err, (uint32_t)size, why, -1, -1};
    if (size)
        why[0] = 0;
    const imp_status st = m->entry->init ? m->entry->init(&m->host, &err) : IMP_OK;
    m->ready = st == IMP_OK;
    return st;
}

struct mini *mini_open(const char *path, char *why, size_t size)
{
    struct mini *m = mini_load(path, why, size);
    if (m && mini_init(m, why, size) != IMP_OK) {
        mini_close(m);
        return NULL;
    }
    return m;
}

void mini_close(struct mini *m)
{
    if (m && m->ready && m->entry->deinit)
        m->entry->deinit();
    free(m);
}

const imp_plugin *mini_entry(const struct mini *m)
{
    return m->entry;
}

const imp_filter *mini_filter(const struct mini *m, const char *id)
{
    for (const imp_filter *const *f = m->entry->filters; f && *f; f++)
        if (strcmp((*f)->id, id) == 0)
            return *f;
    return NULL;
}

void mini_offer(struct mini *consumer, struct mini *provider)
{
    if (consumer->offer_count < MOST)
        consumer->offers[consumer->offer_count++] = provider;
}

void mini_quiet(struct mini *m)
{
    m->quiet = true;
}

void mini_hide(struct mini *m, const char *id)
{
    m->hidden = id;
}

void mini_interface(struct mini *m, const char *id, const void *table)
{
    if (m->interface_count < MOST) {
        m->interfaces[m->interface_count].id = id;
        m->interfaces[m->interface_count++].table = table;
    }
}

int mini_services_open(const struct mini *m)
{
    return m->open_count;
}
