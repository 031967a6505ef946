/* worker_job.c - what a job in a worker asks of the host: places for values, progress, lines, kept
 * state, previews. Only lines may come from any thread; the rest is asked by the thread that runs
 * process. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "worker_private.h"

void worker_beat(struct worker *w)
{
    atomic_fetch_add_explicit(&w->pulse->beat, 1, memory_order_relaxed);
}

static void say(struct worker *w, enum message what, const struct text *body, const void *blob,
                size_t size)
{
    if (!channel_send(&w->line, what, body, blob, size, -1))
        worker_leave();
}

struct mail worker_answer(struct worker *w)
{
    struct mail m;
    if (channel_receive(&w->line, -1, UINT64_MAX / 2, &m) <= 0 || m.type != ANSWER)
        worker_leave();
    worker_beat(w);
    return m;
}

static int64_t answer_i64(struct worker *w)
{
    struct mail m = worker_answer(w);
    const int64_t n = unpack_i64(&m);
    mail_free(&m);
    return n;
}

/* ---- memory ---- */

static void *take(void *user, size_t bytes)
{
    struct worker *w = user;
    struct text body = {0};
    pack_u64(&body, bytes);
    say(w, SAY_TAKE, &body, NULL, 0);
    text_free(&body);
    const int64_t at = answer_i64(w);
    return at < 0 ? NULL : region_address(w->regions[1], (uint64_t)at);
}

/* The host takes all back that is no output when the call is over. */
static void give(void *user, void *p, size_t bytes)
{
    (void)user, (void)p, (void)bytes;
}

/* ---- lines, progress, previews ---- */

static void log_line(void *user, uint32_t level, const char *who, const char *text)
{
    struct worker *w = user;
    struct text body = {0};
    pack_u64(&body, level);
    pack_text(&body, who);
    pack_text(&body, text);
    say(w, SAY_LOG, &body, NULL, 0);
    text_free(&body);
}

static void tell_progress(void *user, unsigned slot, const struct node *node, double fraction,
                          const char *phase)
{
    struct worker *w = user;
    struct text body = {0};
    (void)slot, (void)node;
    pack_f64(&body, fraction);
    pack_text(&body, phase);
    say(w, SAY_PROGRESS, &body, NULL, 0);
    text_free(&body);
}

/* The picture is the filter's own, so a copy of it goes. */
static void tell_preview(void *user, unsigned slot, const struct node *node, const imp_image *image)
{
    struct worker *w = user;
    struct value shown = {.as.image = *image}, *copy;
    struct text body = {0};
    uint64_t region, at;
    (void)slot, (void)node;
    shown.as.head.kind = IMP_IMAGE;
    copy = ferry_copy(&shown, w->engine->env.memory);
    if (copy && ferry_place(copy, w->regions, &region, &at)) {
        ferry_put_at(&body, copy, region, at);
        say(w, SAY_PREVIEW, &body, NULL, 0);
        answer_i64(w);
    }
    text_free(&body);
    value_release(copy);
}

/* ---- kept state ---- */

imp_status worker_keep(struct worker *w, const char *name, const void *data, uint64_t size)
{
    struct text body = {0};
    if (!name || (!data && size) || size > SIZE_MAX / 4)
        return IMP_E_PARAM;
    pack_text(&body, name);
    say(w, SAY_KEEP, &body, data, (size_t)size);
    text_free(&body);
    return (imp_status)answer_i64(w);
}

const void *worker_kept(struct worker *w, const char *name, uint64_t *size)
{
    struct text body = {0};
    size_t n;
    if (!name)
        return NULL;
    pack_text(&body, name);
    say(w, SAY_KEPT, &body, NULL, 0);
    text_free(&body);
    struct lent *lent = heap_alloc(1, sizeof *lent);
    *lent = (struct lent){.next = w->lent, .mail = worker_answer(w)};
    w->lent = lent;
    const bool there = unpack_u64(&lent->mail) == 1;
    const void *data = unpack_rest(&lent->mail, &n);
    if (there && size)
        *size = n;
    return there ? data : NULL;
}

void worker_end_call(struct worker *w)
{
    while (w->lent) {
        struct lent *next = w->lent->next;
        mail_free(&w->lent->mail);
        free(w->lent);
        w->lent = next;
    }
}

bool worker_connect(struct worker *w)
{
    struct run_env *env = &w->engine->env;
    const struct memory_source source = {w, take, give, env->memory};
    env->memory = memory_from(&source);
    env->state = NULL;
    env->stop = &w->pulse->stop;
    env->watch = (struct engine_watch){w, env->watch.progress ? tell_progress : NULL,
                                       env->watch.preview ? tell_preview : NULL};
    env->worker = w;
    if (env->registry)
        registry_set_log(env->registry, log_line, w);
    w->objects = heap_alloc(w->engine->variant_count + (size_t)1, sizeof *w->objects);
    for (uint32_t i = 0; i < w->engine->variant_count; i++) {
        const struct variant *v = w->engine->variants[i];
        w->objects[i] = heap_alloc(v->first[v->graph->node_count] + (size_t)1, sizeof **w->objects);
    }
    return env->memory != NULL;
}
