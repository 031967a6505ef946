#include "progress.h"
#include <math.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include "arena.h"
#include "jsonline.h"
#include "report.h"

enum { NAME_SIZE = 96, REDRAW_MS = 200, PLAIN_S = 5, ITEMS_BEFORE_ETA = 3 };

struct slot { char name[NAME_SIZE], node[64], phase[160]; double fraction; bool busy; };

struct progress {
    struct progress_options o;
    struct slot *slots;
    struct progress_state state;
    char stage[64];
    struct timespec start, last_plain;
    bool running, drawn, closing;
    int poked;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t wake;
};

static double seconds_between(const struct timespec *a, const struct timespec *b)
{
    return (double)(b->tv_sec - a->tv_sec) + 1e-9 * (double)(b->tv_nsec - a->tv_nsec);
}

static struct timespec now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t;
}

/* ---- the line ---- */

static void append(char *buf, size_t size, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
static void append(char *buf, size_t size, const char *fmt, ...)
{
    const size_t n = strlen(buf);
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(buf + n, size - n, fmt, ap);
    va_end(ap);
}

/* Share done, by pixels where they are known: a folder of mixed sizes is told right. */
static double share(const struct progress_state *s)
{
    if (s->total == 1 && !s->done && s->fraction > 0)
        return s->fraction < 1 ? s->fraction : 1;
    if (s->pixels_total)
        return (double)s->pixels_done / (double)s->pixels_total;
    return s->total ? (double)s->done / (double)s->total : 0;
}

static void append_bar(char *buf, size_t size, double part, unsigned cells)
{
    const unsigned full = (unsigned)(part * cells);
    append(buf, size, " [");
    for (unsigned i = 0; i < cells; i++)
        append(buf, size, "%s", i < full ? "=" : i == full ? ">" : " ");
    append(buf, size, "]");
}

static void append_times(char *buf, size_t size, const struct progress_state *s, double part)
{
    char text[32];
    if (s->done && s->seconds > 0.5)
        append(buf, size, "  %.1f/s", (double)s->done / s->seconds);
    const bool known = s->done >= ITEMS_BEFORE_ETA || (s->total == 1 && part > 0.02);
    if (known && part > 0 && part < 1)
        append(buf, size, "  %s left", print_seconds(ceil(s->seconds * (1 - part) / part), text));
}

void progress_line(const struct progress_state *s, unsigned width, char *buf, size_t size)
{
    double part = share(s);
    part = part < 0 ? 0 : part > 1 ? 1 : part;
    *buf = 0;
    const bool alone = s->stage && s->node && s->phase && *s->phase; /* says more than the stage does */
    if (alone) {
        append(buf, size, "%s", s->node);
    } else if (s->stage) {
        append(buf, size, "%s", s->stage);
    } else {
        append(buf, size, "%3d%%", (int)(100 * part));
        if (width >= 60)
            append_bar(buf, size, part, 20);
        append(buf, size, " %zu/%zu", s->done, s->total);
        if (s->failed)
            append(buf, size, "  %zu failed", s->failed);
        append_times(buf, size, s, part);
        if (s->name)
            append(buf, size, "  %s", s->name);
    }
    if (s->node && (s->name || s->stage)) {
        if (!alone)
            append(buf, size, ": %s", s->node);
        if (s->fraction >= 0)
            append(buf, size, " %d%%", (int)(100 * s->fraction));
        if (s->phase && *s->phase)
            append(buf, size, " (%s)", s->phase);
    }
    if (width && strlen(buf) >= width) { /* never wraps; no letter is cut in two */
        size_t end = width - 1;
        while (end && ((unsigned char)buf[end] & 0xc0) == 0x80)
            end--;
        buf[end] = 0;
    }
}

/* ---- drawing; all with the lock held ---- */

static unsigned width_of(FILE *f)
{
    struct winsize w;
    return !ioctl(fileno(f), TIOCGWINSZ, &w) && w.ws_col > 20 ? w.ws_col : 80;
}

/* Control bytes of names never reach the terminal. */
static void copy_name(char *to, size_t size, const char *from)
{
    snprintf(to, size, "%s", from ? from : "");
    for (char *p = to; *p; p++)
        if ((unsigned char)*p < 0x20 || *p == 0x7f)
            *p = '?';
}

static struct progress_state snapshot(struct progress *p)
{
    struct progress_state s = p->state;
    const struct timespec t = now();
    size_t busy = 0;
    s.seconds = seconds_between(&p->start, &t);
    s.stage = *p->stage ? p->stage : NULL;
    s.fraction = -1;
    for (unsigned i = 0; i < p->o.slots; i++) {
        const struct slot *slot = &p->slots[i];
        if (!slot->busy && !(s.stage && *slot->node))
            continue;
        if (busy++)
            continue;
        s.name = s.stage ? NULL : slot->name;
        s.node = *slot->node ? slot->node : NULL;
        s.phase = slot->phase;
        s.fraction = slot->fraction;
    }
    if (busy > 1) {
        s.name = s.node = NULL;
        s.fraction = -1;
    }
    return s;
}

static void erase(struct progress *p)
{
    if (p->drawn)
        fputs("\r\033[K", p->o.to);
    p->drawn = false;
}

static void draw_object(struct progress *p, const struct progress_state *s)
{
    struct text t = {0};
    json_begin(&t, "impasto.run/1", "progress");
    json_count(&t, "done", s->done);
    json_count(&t, "failed", s->failed);
    json_count(&t, "total", s->total);
    json_number(&t, "share", share(s));
    json_number(&t, "seconds", s->seconds);
    json_text(&t, "node", s->node);
    json_end(&t);
    fputs(t.data, p->o.objects);
    fflush(p->o.objects);
    text_free(&t);
}

static void draw(struct progress *p, bool plain)
{
    char line[512];
    const struct progress_state s = snapshot(p);
    if (p->o.objects && plain) {
        draw_object(p, &s);
        return;
    }
    progress_line(&s, plain ? 0 : width_of(p->o.to), line, sizeof line);
    erase(p);
    fprintf(p->o.to, plain ? "%s\n" : "%s", line);
    fflush(p->o.to);
    p->drawn = !plain;
}

static void tick(struct progress *p)
{
    const int poked = p->o.poke ? atomic_load(p->o.poke) : 0;
    const struct timespec t = now();
    if (poked != p->poked) {
        p->poked = poked;
        draw(p, true);
    }
    if (!p->running || p->o.quiet)
        return;
    if (p->o.terminal && !p->o.objects) {
        draw(p, false);
    } else if (seconds_between(&p->last_plain, &t) >= PLAIN_S) {
        p->last_plain = t;
        draw(p, true);
    }
}

static void *progress_thread(void *user)
{
    struct progress *p = user;
    pthread_mutex_lock(&p->lock);
    while (!p->closing) {
        struct timespec until;
        clock_gettime(CLOCK_REALTIME, &until);
        until.tv_nsec += REDRAW_MS * 1000000L;
        until.tv_sec += until.tv_nsec / 1000000000;
        until.tv_nsec %= 1000000000;
        pthread_cond_timedwait(&p->wake, &p->lock, &until);
        if (!p->closing)
            tick(p);
    }
    pthread_mutex_unlock(&p->lock);
    return NULL;
}

/* ---- calls ---- */

struct progress *progress_new(const struct progress_options *o)
{
    struct progress *p = heap_alloc(1, sizeof *p);
    *p = (struct progress){.o = *o, .start = now()};
    p->last_plain = p->start;
    p->slots = heap_alloc(o->slots + 1, sizeof *p->slots);
    p->poked = o->poke ? atomic_load(o->poke) : 0;
    pthread_mutex_init(&p->lock, NULL);
    pthread_cond_init(&p->wake, NULL);
    if (pthread_create(&p->thread, NULL, progress_thread, p)) {
        pthread_cond_destroy(&p->wake);
        pthread_mutex_destroy(&p->lock);
        free(p->slots);
        free(p);
        return NULL;
    }
    return p;
}

void progress_free(struct progress *p)
{
    if (!p)
        return;
    pthread_mutex_lock(&p->lock);
    p->closing = true;
    pthread_cond_signal(&p->wake);
    pthread_mutex_unlock(&p->lock);
    pthread_join(p->thread, NULL);
    erase(p);
    fflush(p->o.to);
    pthread_cond_destroy(&p->wake);
    pthread_mutex_destroy(&p->lock);
    free(p->slots);
    free(p);
}

void progress_total(struct progress *p, size_t items, uint64_t pixels)
{
    if (!p)
        return;
    pthread_mutex_lock(&p->lock);
    p->state = (struct progress_state){.total = items, .pixels_total = pixels};
    p->start = now();
    p->running = true;
    pthread_mutex_unlock(&p->lock);
}

void progress_stage(struct progress *p, const char *what)
{
    if (!p)
        return;
    pthread_mutex_lock(&p->lock);
    copy_name(p->stage, sizeof p->stage, what);
    for (unsigned i = 0; i < p->o.slots; i++)
        *p->slots[i].node = 0;
    p->running = true;
    pthread_mutex_unlock(&p->lock);
}

void progress_begin(struct progress *p, unsigned slot, const char *name)
{
    if (!p)
        return;
    pthread_mutex_lock(&p->lock);
    struct slot *s = &p->slots[slot];
    *s = (struct slot){.busy = true, .fraction = -1};
    copy_name(s->name, sizeof s->name, name);
    pthread_mutex_unlock(&p->lock);
}

void progress_node(struct progress *p, unsigned slot, const char *node, double fraction, const char *phase)
{
    if (!p || slot >= p->o.slots)
        return;
    pthread_mutex_lock(&p->lock);
    struct slot *s = &p->slots[slot];
    if (strcmp(s->node, node)) {
        copy_name(s->node, sizeof s->node, node);
        s->fraction = -1;
        *s->phase = 0;
    }
    if (fraction >= 0)
        s->fraction = fraction;
    if (phase)
        copy_name(s->phase, sizeof s->phase, phase);
    pthread_mutex_unlock(&p->lock);
}

void progress_rest(struct progress *p, unsigned slot)
{
    if (!p)
        return;
    pthread_mutex_lock(&p->lock);
    p->slots[slot] = (struct slot){.fraction = -1};
    pthread_mutex_unlock(&p->lock);
}

void progress_count(struct progress *p, uint64_t pixels, bool failed)
{
    if (!p)
        return;
    pthread_mutex_lock(&p->lock);
    p->state.done++;
    p->state.failed += failed;
    p->state.pixels_done += pixels;
    pthread_mutex_unlock(&p->lock);
}

void progress_message(struct progress *p, const char *fmt, ...)
{
    if (!p)
        return;
    va_list ap;
    pthread_mutex_lock(&p->lock);
    erase(p);
    va_start(ap, fmt);
    vfprintf(p->o.to, fmt, ap);
    va_end(ap);
    fputc('\n', p->o.to);
    fflush(p->o.to);
    pthread_mutex_unlock(&p->lock);
}
