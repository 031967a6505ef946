/* net_bench.c - network rows: ours and each peer as processes that wait for their turn, so that
 * neighbours of the machine trouble all alike. Before a row is timed, what both computed is
 * compared. net_bench ROWS.txt RESULTS.json ROUNDS [PATTERN] <SIDES SIDES, on standard input: a
 * line for each side, "key | name | command with its first arguments"; the key `ours` is ours.
 * PATTERN: rows whose name holds it. BENCH_THREADS="2 1": the numbers of threads. Never a verdict.
 */
#include "processor.h"
#include "rows.h"
#include "side.h"
#include <math.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum {
    MAX_SIDES = 8,
    MAX_WORDS = 8,
    WARM_ROUNDS = 4,
    WARM_SECONDS = 8,
    ROW_SECONDS = 25,
    LEAST_ROUNDS = 3,
    REST_MS = 80 /* until the one before has no thread that spins: ONNX Runtime's do for 40 ms */
};

struct program { /* one of SIDES */
    char *key, *name, *words[MAX_WORDS];
};
struct row {
    char *name, *net, *mode, *shape, *nodes, *agree, *peers, *threads;
};
struct bench {
    struct program programs[MAX_SIDES];
    int program_count, rounds;
    const char *results, *folder;
    cJSON *rows;
};

static double now_s(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* The next field of "a | b | c", without blanks around it. */
static char *field(char **rest)
{
    char *start = *rest + strspn(*rest, " \t"), *end = start + strcspn(start, "|\n");
    *rest = *end == '|' ? end + 1 : end;
    while (end > start && (end[-1] == ' ' || end[-1] == '\t'))
        end--;
    if (*end == '\n' || !*end)
        *rest = end;
    *end = 0;
    return start;
}

/* Cuts a text into words, at most `room`; the number of them. */
static int split(char *text, char **words, int room)
{
    int n = 0;
    char *save = NULL;
    for (char *w = strtok_r(text, " \t", &save); w && n < room; w = strtok_r(NULL, " \t", &save))
        words[n++] = w;
    return n;
}

static bool names_word(const char *list, const char *word)
{
    const size_t n = strlen(word);
    for (const char *p = list; (p = strstr(p, word)); p += n)
        if ((p == list || p[-1] == ' ') && (p[n] == ' ' || !p[n]))
            return true;
    return false;
}

/* ---- sides of a row ---- */

struct texts { /* of the words of one side */
    char threads[12], net[256], input[256], variant[64], nodes[256];
};

static void words_of(const struct bench *b, const struct program *p, const struct row *r,
                     int threads, struct texts *t, struct side *s)
{
    int n = 0;
    char *nodes[LEAST_ROUNDS + 9];
    snprintf(t->threads, sizeof t->threads, "%d", threads);
    snprintf(t->net, sizeof t->net, "%s/nets/%s", b->folder, r->net);
    snprintf(t->input, sizeof t->input, "%s/input", b->folder);
    snprintf(t->nodes, sizeof t->nodes, "%s", r->nodes);
    for (int i = 0; i < MAX_WORDS && p->words[i]; i++)
        s->argv[n++] = p->words[i];
    if (strcmp(p->key, "ours"))
        s->argv[n++] = t->variant;
    s->argv[n++] = r->mode;
    s->argv[n++] = t->net;
    s->argv[n++] = t->threads;
    s->argv[n++] = r->shape;
    s->argv[n++] = t->input;
    const int count = split(t->nodes, nodes, (int)(sizeof nodes / sizeof nodes[0]));
    for (int i = 0; i < count; i++)
        s->argv[n++] = nodes[i];
    s->argv[n] = NULL;
    s->name = p->name;
}

/* The way to run a peer that was the fastest: asked once of a process of its own, then kept in a
 * file. */
static void choose(const struct bench *b, const struct program *p, const struct row *r, int threads,
                   struct texts *t)
{
    char path[512];
    struct side s = {0};
    snprintf(path, sizeof path, "%s/choices/%s-%s-%s-%s-%d", b->folder, p->key, r->net, r->mode,
             r->shape, threads);
    FILE *f = fopen(path, "r");
    const bool kept = f && fgets(t->variant, sizeof t->variant, f);
    if (f)
        fclose(f);
    if (kept)
        return;
    snprintf(t->variant, sizeof t->variant, "choose");
    words_of(b, p, r, threads, t, &s);
    if (side_start(&s, threads) && (f = fopen(path, "w"))) {
        fputs(s.variant, f);
        fclose(f);
    }
    snprintf(t->variant, sizeof t->variant, "%s", s.variant);
    side_stop(&s);
}

static void show_missing(const struct row *r, const struct side *s, int threads)
{
    printf("%-36s %d  %-14s %s%s\n", r->name, threads, s->name,
           s->state == SIDE_MISSING ? "is not here: " : "cannot: ",
           s->told + (s->state == SIDE_MISSING ? strlen("missing ") : 0));
}

static bool starts(const struct bench *b, const struct program *p, const struct row *r, int threads,
                   struct texts *t, struct side *s)
{
    if (strcmp(p->key, "ours"))
        choose(b, p, r, threads, t);
    words_of(b, p, r, threads, t, s);
    if (side_start(s, threads))
        return true;
    show_missing(r, s, threads);
    side_stop(s);
    return false;
}

/* The same numbers? Training is compared before its first step, when the weights still are the
 * same. */
static void compare(const struct bench *b, const struct row *r, struct side *sides, int count)
{
    char path[2][512], line[600];
    for (int i = 0; i < count; i++) {
        snprintf(path[i > 0], sizeof path[0], "%s/dump-%d", b->folder, i > 0);
        snprintf(line, sizeof line, "check %s", path[i > 0]);
        unlink(path[i > 0]);
        if (strcmp(r->mode, "train") != 0)
            side_go(&sides[i]);
        if (!side_ask(&sides[i], line))
            printf("%-36s    %-14s cannot: %s\n", r->name, sides[i].name, sides[i].told);
        else if (i && strcmp(r->mode, "load") != 0)
            sides[i].difference = side_difference(path[0], path[1]);
    }
    unlink(path[0]), unlink(path[1]);
}

static void rounds(struct side *sides, int count, int wanted)
{
    const double start = now_s();
    for (int i = -WARM_ROUNDS; i < wanted; i++) {
        if (i >= LEAST_ROUNDS && now_s() - start > ROW_SECONDS)
            break;
        if (i < 0 && now_s() - start > WARM_SECONDS)
            i = 0;
        for (int k = 0; k < count; k++) {
            side_sleep_ms(REST_MS);
            const double ms = side_go(&sides[k]);
            if (i >= 0 && ms > 0)
                sides[k].ms[i] = ms, sides[k].count = i + 1;
        }
    }
}

/* ---- telling ---- */

static void tell(struct bench *b, const struct row *r, const struct side *ours,
                 const struct side *peer, int threads)
{
    double a[MAX_ROUNDS], c[MAX_ROUNDS];
    const int n = ours->count < peer->count ? ours->count : peer->count;
    if (!n || peer->state != SIDE_READY || ours->state != SIDE_READY)
        return;
    memcpy(a, ours->ms, sizeof a), memcpy(c, peer->ms, sizeof c);
    cJSON *row = rows_new(r->name, peer->name, threads, a, c, n);
    cJSON_AddNumberToObject(row, "ours_rss", (double)ours->peak_kib * 1024);
    cJSON_AddNumberToObject(row, "peer_rss", (double)peer->peak_kib * 1024);
    cJSON_AddStringToObject(row, "variant", peer->variant);
    if (peer->difference >= 0)
        rows_add(row, "difference", peer->difference);
    printf("%-36s %d  %-14s %8.1f %8.1f %6.2f  %5.2f-%-5.2f %5ld %5ld  ", r->name, threads,
           peer->name, rows_number(row, "ours_ms"), rows_number(row, "peer_ms"),
           rows_number(row, "ratio"), rows_number(row, "ratio_p10"), rows_number(row, "ratio_p90"),
           ours->peak_kib / 1024, peer->peak_kib / 1024);
    if (peer->difference >= 0)
        printf("%7.0e%s ", peer->difference,
               peer->difference < strtod(r->agree, NULL) ? "" : " DIFFERS");
    printf(" %s%s\n", peer->variant, peer->idle > 0.1 ? ", spins while it waits" : "");
    fflush(stdout);
    rows_put(b->rows, row);
}

static void measure(struct bench *b, const struct row *r, int threads)
{
    static struct side sides[MAX_SIDES]; /* large; one row at a time */
    static struct texts texts[MAX_SIDES];
    char input[512];
    int count = 0;
    memset(sides, 0, sizeof sides);
    snprintf(input, sizeof input, "%s/input", b->folder);
    if (!side_input(input, r->shape))
        return;
    for (int i = 0; i < b->program_count; i++) {
        const struct program *p = &b->programs[i];
        if (i && !names_word(r->peers, p->key))
            continue;
        if (starts(b, p, r, threads, &texts[count], &sides[count]))
            count++;
        else if (!i)
            return; /* ours */
        else
            memset(&sides[count], 0, sizeof sides[count]);
    }
    compare(b, r, sides, count);
    rounds(sides, count, b->rounds);
    for (int i = 0; i < count; i++)
        side_look(&sides[i]);
    for (int i = 1; i < count; i++)
        tell(b, r, &sides[0], &sides[i], threads);
    if (!rows_write(b->results, b->rows))
        fprintf(stderr, "net_bench: cannot write %s\n", b->results);
    for (int i = 0; i < count; i++)
        side_stop(&sides[i]);
    unlink(input);
}

/* ---- what there is to do ---- */

static bool read_sides(struct bench *b)
{
    static char lines[MAX_SIDES][4096];
    while (b->program_count < MAX_SIDES && fgets(lines[b->program_count], sizeof lines[0], stdin)) {
        char *rest = lines[b->program_count];
        struct program *p = &b->programs[b->program_count];
        p->key = field(&rest), p->name = field(&rest);
        if (split(field(&rest), p->words, MAX_WORDS - 1) > 0)
            b->program_count++;
    }
    return b->program_count > 0 && !strcmp(b->programs[0].key, "ours");
}

static void run_rows(struct bench *b, FILE *list, const char *pattern)
{
    char line[1024];
    const char *wanted = getenv("BENCH_THREADS");
    while (fgets(line, sizeof line, list)) {
        char *rest = line, counts[64], *each[8];
        if (line[0] == '#' || !strchr(line, '|'))
            continue;
        struct row r = {.name = field(&rest)};
        r.net = field(&rest), r.mode = field(&rest), r.shape = field(&rest);
        r.nodes = field(&rest), r.agree = field(&rest), r.peers = field(&rest);
        r.threads = field(&rest);
        if (pattern && !strstr(r.name, pattern))
            continue;
        snprintf(counts, sizeof counts, "%s",
                 wanted && *wanted ? wanted
                 : *r.threads      ? r.threads
                                   : "2 1");
        const int n = split(counts, each, 8);
        for (int i = 0; i < n; i++)
            measure(b, &r, (int)strtol(each[i], NULL, 10));
    }
}

/* Results in the order of the list, whenever they were measured; then those it does not name. */
static void put_in_order(struct bench *b, FILE *list)
{
    char line[1024];
    cJSON *ordered = cJSON_CreateArray();
    rewind(list);
    while (fgets(line, sizeof line, list)) {
        char *rest = line;
        const char *name = line[0] == '#' ? "" : field(&rest);
        for (cJSON *row = b->rows->child, *next; row; row = next) {
            next = row->next;
            if (!strcmp(rows_text(row, "name"), name))
                cJSON_AddItemToArray(ordered, cJSON_DetachItemViaPointer(b->rows, row));
        }
    }
    while (b->rows->child)
        cJSON_AddItemToArray(ordered, cJSON_DetachItemViaPointer(b->rows, b->rows->child));
    if (!rows_write(b->results, ordered))
        fprintf(stderr, "net_bench: cannot write %s\n", b->results);
    cJSON_Delete(b->rows);
    b->rows = ordered;
}

int main(int argc, char **argv)
{
    struct bench b = {.folder = "build/bench/net"};
    b.rounds = argc > 3 ? (int)strtol(argv[3], NULL, 10) : 0;
    FILE *list = argc > 3 ? fopen(argv[1], "r") : NULL;
    if (!list || b.rounds < 1 || b.rounds > MAX_ROUNDS || !read_sides(&b)) {
        fprintf(stderr, "usage: net_bench ROWS.txt RESULTS.json ROUNDS [PATTERN] <SIDES\n");
        return 2;
    }
    signal(SIGPIPE, SIG_IGN);
    const char *core = processor_core_type(NULL, false);
    if (core)
        setenv("OPENBLAS_CORETYPE", core, 0); /* for the peers, too */
    b.results = argv[2];
    b.rows = rows_read(b.results);
    if (!b.rows)
        b.rows = cJSON_CreateArray();
    printf("%-36s %s  %-14s %8s %8s %6s  %-11s %5s %5s  %7s  %s\n", "network", "t", "peer",
           "ours ms", "peer ms", "ratio", "p10-p90", "MiB", "MiB", "differ", "how the peer ran");
    run_rows(&b, list, argc > 4 && argv[4][0] ? argv[4] : NULL);
    put_in_order(&b, list);
    fclose(list);
    cJSON_Delete(b.rows);
    return 0;
}
