/* crash.c - the last words of a program whose plugin crashed. Handlers are main.c's. */
#define _GNU_SOURCE /* sigaltstack */
#include "crash.h"

#include <signal.h>
#include <stdatomic.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

enum { STACK = 1 << 16 };

static _Thread_local const struct doing *doing;
static _Thread_local char stack[STACK];

const struct doing *crash_doing(const struct doing *now)
{
    const struct doing *before = doing;
    doing = now;
    return before;
}

struct doing crash_now(void)
{
    return doing ? *doing : (struct doing){0};
}

void crash_prepare_thread(void)
{
    const stack_t own = {.ss_sp = stack, .ss_size = sizeof stack};
    stack_t before;
    if (!sigaltstack(NULL, &before) && before.ss_flags & SS_DISABLE) /* a sanitizer has its own */
        sigaltstack(&own, NULL);
}

static const struct {
    int number;
    const char *name, *meaning;
} signals[] = {
    {SIGSEGV, "SIGSEGV", "it used memory that is not its own"},
    {SIGBUS, "SIGBUS", "it used memory that is not there"},
    {SIGFPE, "SIGFPE", "a whole number divided by zero"},
    {SIGILL, "SIGILL", "an instruction that this processor lacks, or a damaged program"},
    {SIGABRT, "SIGABRT", "it gave up by itself"},
    {SIGTRAP, "SIGTRAP", "it gave up by itself"},
    {SIGSYS, "SIGSYS", "it asked the system for what it may not have"},
    {SIGKILL, "SIGKILL", "somebody killed it; the system does when memory is short"},
    {SIGTERM, "SIGTERM", "somebody ended it"},
    {SIGXCPU, "SIGXCPU", "it used more time than it may"},
};
enum { SIGNALS = sizeof signals / sizeof *signals };

const char *crash_signal_name(int number)
{
    for (int i = 0; i < SIGNALS; i++)
        if (signals[i].number == number)
            return signals[i].name;
    return "a signal";
}

const char *crash_signal_meaning(int number)
{
    for (int i = 0; i < SIGNALS; i++)
        if (signals[i].number == number)
            return signals[i].meaning;
    return "no more is known";
}

/* ---- text without stdio: nothing else is safe in a handler ---- */

struct words {
    char text[1500];
    size_t n;
};

static void add(struct words *w, const char *text)
{
    for (; text && *text && w->n < sizeof w->text; text++)
        w->text[w->n++] = (unsigned char)*text < 0x20 && *text != '\n' ? ' ' : *text;
}

static void add_number(struct words *w, int number)
{
    char digits[12];
    int n = 0;
    do
        digits[n++] = (char)('0' + number % 10);
    while ((number /= 10) > 0);
    while (n > 0 && w->n < sizeof w->text)
        w->text[w->n++] = digits[--n];
}

static void describe(struct words *w, const struct doing *d)
{
    if (d->plugin) {
        add(w, " in plugin ");
        add(w, d->plugin);
    }
    if (d->filter) {
        add(w, ", filter ");
        add(w, d->filter);
    }
    if (d->node) {
        add(w, "\n  --> ");
        add(w, d->file ? d->file : "the preset");
        add(w, d->file ? ":" : "");
        if (d->file)
            add_number(w, d->line);
        add(w, ", node '");
        add(w, d->node);
        add(w, "'");
    }
    if (d->picture) {
        add(w, "\n   = picture: ");
        add(w, d->picture);
    }
}

void crash_tell(int number)
{
    static atomic_flag told = ATOMIC_FLAG_INIT;
    static _Thread_local volatile sig_atomic_t telling; /* and crashed once more */
    static const struct doing nothing;
    const struct doing *d = doing ? doing : &nothing;
    struct words w = {.n = 0};
    if (telling)
        return;
    telling = 1;
    while (atomic_flag_test_and_set(&told))
        pause();
    add(&w, "\nerror[E0611]: crashed with ");
    add(&w, crash_signal_name(number));
    add(&w, " (");
    add(&w, crash_signal_meaning(number));
    add(&w, ")");
    describe(&w, d);
    if (d->node)
        add(&w, "\n   = what is written is whole: the same command goes on from there"
                "\n   = with --isolate a crash costs no more than its picture");
    add(&w, "\n");
    for (size_t at = 0; at < w.n;) {
        const ssize_t n = write(STDERR_FILENO, w.text + at, w.n - at);
        if (n <= 0)
            break;
        at += (size_t)n;
    }
}
