/* isolate_ask.c - asks a process something and serves it until it is done: memory, progress, lines,
 * kept state; and watches it: is it alive, does it give signs of life, how much memory does it
 * take? */
#include "isolate_private.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { TICK_MS = 20, GRACE_S = 2 };
#define MOST_MAIL ((uint64_t)1 << 40)

/* ---- what it asks for while it works ---- */

static void answer(struct ask *a, const struct text *body, const void *blob, size_t size)
{
    channel_send(&a->far->line, ANSWER, body, blob, size, -1);
}

static void answer_i64(struct ask *a, int64_t n)
{
    struct text body = {0};
    pack_i64(&body, n);
    answer(a, &body, NULL, 0);
    text_free(&body);
}

static void say_take(struct ask *a, struct mail *m)
{
    const uint64_t bytes = unpack_u64(m);
    const uint64_t at =
        bytes <= SIZE_MAX / 4 ? region_take(a->far->region, (size_t)bytes) : UINT64_MAX;
    if (at != UINT64_MAX) {
        a->taken = heap_resize(a->taken, a->taken_count + 1, sizeof *a->taken);
        a->taken[a->taken_count++] = at;
    }
    answer_i64(a, at == UINT64_MAX ? -1 : (int64_t)at);
}

bool isolate_claim(struct ask *a, uint64_t at)
{
    for (size_t i = 0; i < a->taken_count; i++)
        if (a->taken[i] == at) {
            a->taken[i] = a->taken[--a->taken_count];
            return true;
        }
    return false;
}

static void say_progress(struct ask *a, struct mail *m)
{
    const struct engine_watch *watch = &a->engine->env.watch;
    const double fraction = unpack_f64(m);
    const char *phase = unpack_text(m);
    if (watch->progress && !m->bad)
        watch->progress(watch->user, a->slot, a->node,
                        fraction >= 0 && fraction <= 1 ? fraction : -1, phase);
}

static void say_log(struct ask *a, struct mail *m)
{
    const uint64_t level = unpack_u64(m);
    const char *who = unpack_text(m), *text = unpack_text(m);
    if (a->engine->env.registry && text)
        registry_log(a->engine->env.registry, (uint32_t)level, who ? who : "plugin", text);
}

static struct kept *kept_of(struct ask *a)
{
    if (!a->kept && a->call)
        a->kept = kept_open(a->engine->env.state, a->call->key);
    return a->kept;
}

static void say_keep(struct ask *a, struct mail *m)
{
    size_t size;
    const char *name = unpack_text(m);
    const void *data = unpack_rest(m, &size);
    struct kept *kept = kept_of(a);
    answer_i64(a, m->bad ? IMP_E_PARAM : kept ? kept_save(kept, name, data, size) : IMP_OK);
}

static void say_kept(struct ask *a, struct mail *m)
{
    uint64_t size = 0;
    const char *name = unpack_text(m);
    struct kept *kept = m->bad ? NULL : kept_of(a);
    const void *data = kept ? kept_load(kept, name, &size) : NULL;
    struct text body = {0};
    pack_u64(&body, data != NULL);
    answer(a, &body, data, (size_t)size);
    text_free(&body);
}

static void say_preview(struct ask *a, struct mail *m)
{
    const struct engine_watch *watch = &a->engine->env.watch;
    struct region *const regions[2] = {a->engine->isolate->nursery.region, a->far->region};
    const uint64_t kind = unpack_u64(m);
    uint64_t at = UINT64_MAX;
    struct value *v = kind == FERRY_IMAGE ? ferry_get_at(m, kind, regions, NULL, &at) : NULL;
    if (v && watch->preview)
        watch->preview(watch->user, a->slot, a->node, &v->as.image);
    if (v) {
        v->as.image.data = NULL; /* the place is given back below */
        value_release(v);
    }
    if (isolate_claim(a, at))
        region_give(a->far->region, at);
    answer_i64(a, 0);
}

static void say_mistake(struct ask *a, struct mail *m)
{
    const int64_t param = unpack_i64(m), port = unpack_i64(m);
    const char *piece = unpack_text(m), *text = unpack_text(m), *names = unpack_text(m);
    if (a->plan && !m->bad)
        a->plan->mistake(a->plan, (int32_t)param, (int32_t)port, piece, text, names);
}

/* false: it is done, or talks nonsense. */
static bool serve(struct ask *a, struct mail *m)
{
    static void (*const services[])(struct ask *, struct mail *) = {
        [SAY_TAKE] = say_take,      [SAY_PROGRESS] = say_progress, [SAY_LOG] = say_log,
        [SAY_KEEP] = say_keep,      [SAY_KEPT] = say_kept,         [SAY_PREVIEW] = say_preview,
        [SAY_MISTAKE] = say_mistake};
    if (m->type >= sizeof services / sizeof *services || !services[m->type])
        return false;
    services[m->type](a, m);
    mail_free(m);
    return true;
}

/* ---- watching ---- */

/* Private memory in bytes; 0 = not known. */
static uint64_t private_memory(pid_t pid)
{
    char path[40];
    long long size, resident, shared;
    snprintf(path, sizeof path, "/proc/%ld/statm", (long)pid);
    FILE *f = fopen(path, "re");
    if (!f)
        return 0;
    const int n = fscanf(f, "%lld %lld %lld", &size, &resident, &shared);
    fclose(f);
    return n == 3 && resident > shared
               ? (uint64_t)(resident - shared) * (uint64_t)sysconf(_SC_PAGESIZE)
               : 0;
}

static bool too_much_memory(struct ask *a, double now)
{
    struct far *f = a->far;
    if (now - a->looked < 0.05)
        return false;
    a->looked = now;
    const uint64_t bytes = private_memory(f->pid);
    if (!f->base)
        f->base = bytes;
    return bytes > f->base && bytes - f->base > a->engine->isolate->limit;
}

/* Why it has to be ended now, E0612 or E0613; NULL: it need not. */
static const char *end_it(struct ask *a)
{
    const struct isolate *s = a->engine->isolate;
    const double now = clock_seconds();
    const unsigned beat = atomic_load(&a->far->pulse->beat);
    if (engine_stopped(a->engine)) {
        atomic_store(&a->far->pulse->stop, 1);
        a->stopped = a->stopped > 0 ? a->stopped : now;
        return now - a->stopped > GRACE_S ? "E0612" : NULL;
    }
    if (beat != a->beat) {
        a->beat = beat;
        a->since = now;
    }
    if (too_much_memory(a, now))
        return "E0613";
    return s->silence > 0 && now - a->since > s->silence ? "E0612" : NULL;
}

/* "plugin org.example.gain" */
static const char *subject(const struct ask *a, char buf[160])
{
    const struct plugin *p = a->node ? a->node->filter->plugin : NULL;
    snprintf(buf, 160, "%s%.140s", p ? "plugin " : "the decoder of pictures", p ? p->id : "");
    return buf;
}

static const char *consequence(const struct ask *a)
{
    return a->far == &a->engine->isolate->nursery ? "what it was making is lost"
                                                  : "only this picture is lost";
}

/* How it ended, as a text with its code. */
static void how(const struct ask *a, const char *ended, int status, char *why, size_t cap)
{
    const struct isolate *s = a->engine->isolate;
    char amount[32], who[160];
    if (ended && !strcmp(ended, "E0613"))
        snprintf(why, cap, "E0613 %s took more than %s of memory%s and was ended; %s",
                 subject(a, who), print_bytes(s->limit, amount),
                 a->engine->options.mem ? " (--mem)" : "", consequence(a));
    else if (ended)
        snprintf(why, cap, "E0612 %s gave no sign of life for %s (--time-limit) and was ended; %s",
                 subject(a, who), print_seconds(s->silence, amount), consequence(a));
    else if (status < 0)
        snprintf(why, cap, "E0611 its process was killed with the one that starts them; %s",
                 consequence(a));
    else if (WIFSIGNALED(status))
        snprintf(why, cap, "E0611 %s crashed with %s (%s); %s", subject(a, who),
                 crash_signal_name(WTERMSIG(status)), crash_signal_meaning(WTERMSIG(status)),
                 consequence(a));
    else if (WEXITSTATUS(status) == 5)
        snprintf(why, cap, "E0502 no memory left in the process of %s; %s", subject(a, who),
                 consequence(a));
    else
        snprintf(why, cap, "E0611 %s ended its process (exit status %d); %s", subject(a, who),
                 WEXITSTATUS(status), consequence(a));
}

imp_status isolate_ask(struct ask *a, enum message what, const struct text *body, struct mail *done,
                       char *why, size_t cap)
{
    const char *ended = NULL;
    if (!isolate_ready(a->engine, a->far, a->slot, why, cap))
        return IMP_E_MEMORY;
    a->since = clock_seconds();
    a->beat = atomic_load(&a->far->pulse->beat);
    atomic_store(&a->far->pulse->stop, engine_stopped(a->engine));
    /* One that is dead is seen when it does not answer. */
    channel_send(&a->far->line, what, body, NULL, 0, a->pass > 0 ? a->pass : -1);
    for (int got; (got = channel_receive(&a->far->line, TICK_MS, MOST_MAIL, done)) >= 0;) {
        if (got > 0 && done->type == SAY_DONE)
            return IMP_OK;
        if (got > 0 && !serve(a, done)) {
            mail_free(done);
            break;
        }
        if ((ended = end_it(a)))
            break;
    }
    how(a, ended, isolate_end(a->engine, a->far), why, cap);
    return engine_stopped(a->engine) ? IMP_CANCELLED : IMP_E_INTERNAL;
}

void isolate_end_ask(struct ask *a, bool fine)
{
    for (size_t i = 0; i < a->taken_count; i++)
        region_give(a->far->region, a->taken[i]);
    free(a->taken);
    values_release(&a->lent);
    kept_close(a->kept, fine);
}
