/* sidebyside.c - times pairs of commands in turn, ours, theirs, ours, theirs, and prints medians, ratios and their
 * spread; a ratio above 1 means that ours is faster. Reads cases from standard input, one a line:
 *     name | peer | pictures | our command | the peer's command
 * Writes the rows as JSON (rows.h) to the file named first; the second argument is the number of counted rounds.
 * Never a verdict: a machine has neighbours. */
#include "rows.h"
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define MAX_ROUNDS 51

/* wait4 is not in POSIX; every libc here has it. */
pid_t wait4(pid_t, int *, int, struct rusage *);

struct side { double ms[MAX_ROUNDS]; long rss_kib; bool failed; };

static double now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static void run(const char *command, struct side *s, int round)
{
    struct rusage used;
    int status = -1;
    const double start = now_ms();
    const pid_t child = fork();
    if (child == 0) {
        const int nothing = open("/dev/null", O_RDWR); /* freopen would move the offset we share */
        if (nothing < 0 || dup2(nothing, 0) < 0 || dup2(nothing, 1) < 0 || dup2(nothing, 2) < 0)
            _exit(127);
        execl("/bin/sh", "sh", "-c", command, (char *)NULL);
        _exit(127);
    }
    if (child < 0 || wait4(child, &status, 0, &used) != child || status != 0) {
        s->failed = true;
        return;
    }
    if (round >= 0)
        s->ms[round] = now_ms() - start;
    if (used.ru_maxrss > s->rss_kib)
        s->rss_kib = used.ru_maxrss;
}

static char *field(char **rest)
{
    char *start = *rest + strspn(*rest, " \t"), *end = strchr(start, '|');
    *rest = end ? end + 1 : start + strlen(start);
    if (!end)
        end = start + strcspn(start, "\n");
    while (end > start && (end[-1] == ' ' || end[-1] == '\t'))
        end--;
    *end = 0;
    return start;
}

static void measure(char *line, int rounds, cJSON *rows_list)
{
    static struct side ours, peers; /* large; the program does one case at a time */
    char *rest = line;
    const char *name = field(&rest), *peer = field(&rest);
    const double pictures = atof(field(&rest));
    const char *our_command = field(&rest), *peer_command = field(&rest);
    memset(&ours, 0, sizeof ours);
    memset(&peers, 0, sizeof peers);
    for (int i = -1; i < rounds && !ours.failed && !peers.failed; i++) { /* -1: a warm-up */
        run(our_command, &ours, i);
        run(peer_command, &peers, i);
    }
    if (ours.failed || peers.failed) {
        printf("%-30s %-26s %s failed\n", name, peer, ours.failed ? "our command" : "the peer's command");
        return;
    }
    cJSON *row = rows_new(name, peer, 2, ours.ms, peers.ms, rounds);
    const double a = rows_number(row, "ours_ms"), b = rows_number(row, "peer_ms");
    printf("%-30s %-26s %9.1f %9.1f %7.2f  %5.2f-%-5.2f", name, peer, a, b, rows_number(row, "ratio"),
           rows_number(row, "ratio_p10"), rows_number(row, "ratio_p90"));
    if (pictures > 1)
        printf("  %6.1f/s %6.1f/s", pictures * 1e3 / a, pictures * 1e3 / b);
    printf("  %5ld %5ld MiB\n", ours.rss_kib / 1024, peers.rss_kib / 1024);
    fflush(stdout);
    cJSON_AddNumberToObject(row, "ours_rss", (double)ours.rss_kib * 1024);
    cJSON_AddNumberToObject(row, "peer_rss", (double)peers.rss_kib * 1024);
    cJSON_AddItemToArray(rows_list, row);
}

int main(int argc, char **argv)
{
    const int rounds = argc > 2 ? atoi(argv[2]) : 0;
    static char line[1 << 16]; /* a case may name hundreds of files */
    if (rounds < 1 || rounds > MAX_ROUNDS) {
        fprintf(stderr, "usage: sidebyside RESULTS.json ROUNDS <CASES    (1 to %d rounds)\n", MAX_ROUNDS);
        return 2;
    }
    cJSON *rows = cJSON_CreateArray();
    printf("%-30s %-26s %9s %9s %7s  %-11s\n", "case", "peer", "ours ms", "peer ms", "ratio", "p10-p90");
    while (fgets(line, sizeof line, stdin))
        if (strchr(line, '|') && line[0] != '#')
            measure(line, rounds, rows);
    const bool written = rows_write(argv[1], rows);
    cJSON_Delete(rows);
    return written ? 0 : 1;
}
