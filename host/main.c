/* main.c - the program's outside: arguments to a verb, signals, standard streams, the exit status.
 * Nothing else of the host prints results, handles signals or exits. */
#define _GNU_SOURCE /* SA_ONSTACK */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "command.h"
#include "crash.h"
#include "processor.h"

/* What signals leave: handlers can reach nothing else. */
static atomic_int stop_signal, poke_count;

static void on_stop(int signal_number)
{
    if (atomic_load(&stop_signal) && signal_number == SIGINT)
        _exit(130);
    atomic_store(&stop_signal, signal_number);
}

static void on_poke(int signal_number)
{
    (void)signal_number;
    atomic_fetch_add(&poke_count, 1);
}

/* The program ends by the signal, as it would have, but says first what it was doing. The handler
 * stays until then: a second thread that crashes meanwhile waits in it. */
static void on_crash(int signal_number)
{
    crash_tell(signal_number);
    signal(signal_number, SIG_DFL);
    raise(signal_number);
}

/* A sanitizer that has handlers of its own keeps them. */
static void handle_crashes(void)
{
    static const int all[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT};
    struct sigaction crash = {.sa_handler = on_crash, .sa_flags = SA_ONSTACK | SA_NODEFER}, old;
    sigemptyset(&crash.sa_mask);
    crash_prepare_thread();
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        if (!sigaction(all[i], NULL, &old) && old.sa_handler == SIG_DFL)
            sigaction(all[i], &crash, NULL);
}

/* SIGINT that was ignored when we started (a background job of a plain shell, nohup) stays ignored.
 */
static void handle_signals(void)
{
    struct sigaction stop = {.sa_handler = on_stop, .sa_flags = SA_RESTART}, old;
    struct sigaction poke = {.sa_handler = on_poke, .sa_flags = SA_RESTART};
    struct sigaction ignore = {.sa_handler = SIG_IGN};
    sigemptyset(&stop.sa_mask);
    sigemptyset(&poke.sa_mask);
    sigemptyset(&ignore.sa_mask);
    sigaction(SIGPIPE, &ignore, NULL);
    sigaction(SIGXFSZ, &ignore, NULL); /* a file over the limit: the write fails and is reported */
    sigaction(SIGUSR1, &poke, NULL);
    sigaction(SIGTERM, &stop, NULL);
    if (!sigaction(SIGINT, NULL, &old) && old.sa_handler != SIG_IGN)
        sigaction(SIGINT, &stop, NULL);
}

/* A closed standard stream must not become the number of a picture's file. */
static void keep_standard_streams(void)
{
    for (int fd = 0; fd <= 2; fd++)
        if (fcntl(fd, F_GETFD) == -1 && errno == EBADF && open("/dev/null", O_RDWR) != fd)
            _exit(1);
}

static int unknown_verb(struct arena *arena, const char *word, struct report *report)
{
    const char *names[32], *hint = NULL, *dot = strrchr(word, '.');
    size_t n = 0;
    struct stat st;
    for (const struct verb *v = verbs; v->name && n < 32; v++)
        names[n++] = v->name;
    const char *near = nearest_name(word, names, n);
    if (near)
        hint = arena_printf(arena, "did you mean `impasto %s`?", near);
    else if ((dot && !strcmp(dot, ".ini")) || !stat(word, &st))
        hint = arena_printf(arena, "did you mean `impasto run %s ...`?", word);
    else
        hint = "commands: run check graph list describe new validate why bench model help version";
    usage_fault(report, "E0801", NULL, hint,
                word[0] == '-' ? "no option %s before a command" : "no command '%s'", word);
    return 2;
}

static int show_help(const struct verb *verb, enum help_level level, FILE *to)
{
    struct text text = {0};
    if (verb)
        help_verb(verb, level, &text);
    else
        help_overview(&text, level);
    fputs(text.data, to);
    text_free(&text);
    return to == stderr ? 2 : 0;
}

static int perform(struct command *c)
{
    struct settings settings;
    if (!settings_read(c->arena, c->args, &settings, c->report))
        return 2;
    c->settings = &settings;
    processor_prepare(settings.simd, settings.exact);
    handle_signals();
    const int status = c->verb->run(c);
    const int called_for = report_exit_status(c->report);
    report_flush(c->report, command_has(c, OPT_JSON) ? c->out : stderr,
                 c->colour && !command_has(c, OPT_JSON), command_has(c, OPT_JSON));
    if (c->registry)
        registry_close(c->registry);
    if (status == 130 && atomic_load(&stop_signal))
        return 128 + atomic_load(&stop_signal);
    return status ? status : called_for;
}

static int dispatch(struct command *c, int argc, char **argv)
{
    if (argc < 2)
        return show_help(NULL, HELP_SHORT, stderr);
    const char *word = argv[1];
    if (!strcmp(word, "-h") || !strcmp(word, "--help"))
        return show_help(NULL, word[1] == '-' ? HELP_FULL : HELP_SHORT, stdout);
    if (!strcmp(word, "-V") || !strcmp(word, "--version"))
        word = "version";
    struct arguments args;
    c->verb = verb_find(word);
    c->args = &args;
    if (!c->verb)
        return unknown_verb(c->arena, word, c->report);
    if (!arguments_parse(c->arena, c->verb, argc - 2, (const char *const *)(argv + 2), &args,
                         c->report))
        return 2;
    if (args.help)
        return show_help(c->verb, args.help, stdout);
    return perform(c);
}

/* A reader that went away is no fault of ours; a full disk is. */
static int finish_output(int status)
{
    errno = 0;
    const bool failed = fflush(stdout) || ferror(stdout);
    if (!failed || errno == EPIPE)
        return status;
    fprintf(stderr, "error[E0809]: cannot write to standard output%s%s\n", errno ? ": " : "",
            errno ? strerror(errno) : "");
    return status ? status : 1;
}

int main(int argc, char **argv)
{
    struct arena arena;
    keep_standard_streams();
    handle_crashes();
    arena_init(&arena);
    struct command c = {.arena = &arena,
                        .report = report_new(),
                        .out = stdout,
                        .colour = report_wants_colour(stderr),
                        .terminal = isatty(STDERR_FILENO),
                        .stop = &stop_signal,
                        .poke = &poke_count};
    if (!c.report)
        return 5;
    int status = dispatch(&c, argc, argv);
    report_flush(c.report, stderr, c.colour, false);
    report_free(c.report);
    arena_fini(&arena);
    status = finish_output(status);
    return status;
}
