/* opened.c - models that are open, so that the same file is one model however many filters name it.
 *
 * The list is the only variable of this plugin. The ABI gives `open` of a service no context that
 * all consumers share, and what is listed here changes no result: only how often a file is read. */
#include "model.h"
#include "formats/formats.h"

#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <sys/stat.h>

enum { OPEN_MAX = 64 }; /* further models are opened all the same, and not shared */

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct imp_nn_model *opened[OPEN_MAX];

/* What a file is, without reading it: equal numbers, equal content. */
static imp_status identify(const char *path, uint64_t content[4], imp_error *err)
{
    struct stat s;
    if (stat(path, &s))
        return imp_fail(err, IMP_E_MISSING, "%s: %s", path, strerror(errno));
    content[0] = (uint64_t)s.st_dev;
    content[1] = (uint64_t)s.st_ino;
    content[2] = (uint64_t)s.st_size;
    content[3] = (uint64_t)s.st_mtim.tv_sec * 1000000000u + (uint64_t)s.st_mtim.tv_nsec;
    return IMP_OK;
}

/* One reference more, unless the last has just gone. */
static bool retain_alive(struct imp_nn_model *m)
{
    unsigned refs = atomic_load(&m->refs);
    while (refs && !atomic_compare_exchange_weak(&m->refs, &refs, refs + 1))
        continue;
    return refs != 0;
}

static struct imp_nn_model *find(const uint64_t content[4], const char *options)
{
    struct imp_nn_model *m = NULL;
    pthread_mutex_lock(&lock);
    for (uint32_t i = 0; i < OPEN_MAX && !m; i++)
        if (opened[i] && !memcmp(opened[i]->content, content, sizeof opened[i]->content) &&
            !strcmp(opened[i]->options, options) && retain_alive(opened[i]))
            m = opened[i];
    pthread_mutex_unlock(&lock);
    return m;
}

void rt_model_forget(const struct imp_nn_model *m)
{
    pthread_mutex_lock(&lock);
    for (uint32_t i = 0; i < OPEN_MAX; i++)
        if (opened[i] == m)
            opened[i] = NULL;
    pthread_mutex_unlock(&lock);
}

static void list(struct imp_nn_model *m)
{
    pthread_mutex_lock(&lock);
    uint32_t i = 0;
    while (i < OPEN_MAX && opened[i])
        i++;
    if (i < OPEN_MAX)
        opened[i] = m;
    pthread_mutex_unlock(&lock);
}

imp_status rt_model_open(const char *path, const char *options, imp_job *job,
                         struct imp_nn_model **out, imp_error *err)
{
    const char *wanted = options ? options : "";
    uint64_t content[4];
    struct rt_graph *g;
    struct imp_nn_model *m = NULL;
    imp_status st = identify(path, content, err);
    if (st == IMP_OK && (m = find(content, wanted))) {
        *out = m;
        return IMP_OK;
    }
    if (st == IMP_OK)
        st = rt_file_read(path, options, job, &g, err);
    if (st == IMP_OK)
        st = rt_model_new(g, &m, err);
    if (st != IMP_OK)
        return st;
    memcpy(m->content, content, sizeof content);
    m->options = strdup(wanted);
    if (m->options)
        list(m);
    *out = m;
    return IMP_OK;
}
