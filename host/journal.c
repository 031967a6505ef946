#include "journal.h"
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "arena.h"
#include "files.h"

enum { MAX_FIELDS = 4096, SUM_LENGTH = 16 };

struct owned { const char *path; const struct entry *maker; };

/* Open addressing, a power of two of slots, at most half full. */
struct table {
    void **slots;
    size_t count, size;
};

struct journal {
    struct arena arena;
    char *folder;
    struct table entries;          /* struct entry by identity */
    struct table owned;            /* struct owned by path */
    const struct entry **list;     /* of entries, made when asked for */
    size_t damaged, lines, files;
    uint64_t bytes;
    int fd;                        /* for appending, -1 = not open */
    pthread_mutex_t lock;
};

/* ---- tables ---- */

static uint64_t entry_key(const void *p) { return ((const struct entry *)p)->identity.lo; }
static uint64_t path_key(const char *path) { return hash_bytes(path, strlen(path)).lo; }
static uint64_t owned_key(const void *p) { return path_key(((const struct owned *)p)->path); }

static bool same_entry(const void *a, const void *identity)
{
    return hash_equal(((const struct entry *)a)->identity, *(const struct hash *)identity);
}
static bool same_path(const void *a, const void *path)
{
    return !strcmp(((const struct owned *)a)->path, path);
}

static void **find_slot(const struct table *t, uint64_t key, bool (*same)(const void *, const void *),
                        const void *what)
{
    for (size_t i = key & (t->size - 1);; i = (i + 1) & (t->size - 1))
        if (!t->slots[i] || same(t->slots[i], what))
            return &t->slots[i];
}

static void **table_slot(struct table *t, uint64_t key, bool (*same)(const void *, const void *),
                         const void *what, uint64_t (*key_of)(const void *))
{
    if (2 * t->count >= t->size) {
        struct table bigger = {.size = t->size ? 2 * t->size : 64, .count = t->count};
        bigger.slots = heap_alloc(bigger.size, sizeof *bigger.slots);
        for (size_t i = 0; i < t->size; i++) {
            if (!t->slots[i])
                continue;
            size_t k = key_of(t->slots[i]) & (bigger.size - 1);
            while (bigger.slots[k])
                k = (k + 1) & (bigger.size - 1);
            bigger.slots[k] = t->slots[i];
        }
        free(t->slots);
        *t = bigger;
    }
    return find_slot(t, key, same, what);
}

static void own(struct journal *j, const char *path, const struct entry *maker)
{
    void **slot = table_slot(&j->owned, path_key(path), same_path, path, owned_key);
    struct owned *o = *slot;
    if (!o) {
        *slot = o = arena_alloc(&j->arena, 1, sizeof *o);
        j->owned.count++;
    }
    o->path = path;
    if (maker && !(o->maker && o->maker->when > maker->when))
        o->maker = maker;
}

/* The latest event wins, whichever file it is in. */
static void remember(struct journal *j, const struct entry *e)
{
    void **slot = table_slot(&j->entries, e->identity.lo, same_entry, &e->identity, entry_key);
    struct entry *old = *slot;
    for (size_t i = 0; i < e->made_count; i++)
        own(j, e->made[i].path, e);
    if (old && old->when > e->when)
        return;
    j->entries.count += !old;
    *slot = (void *)(uintptr_t)e;
}

/* ---- lines in ---- */

static void unescape(char *s)
{
    char *to = s;
    for (; *s; s++) {
        unsigned byte;
        if (*s == '%' && s[1] && s[2] && sscanf(s + 1, "%2x", &byte) == 1) {
            *to++ = (char)byte;
            s += 2;
        } else {
            *to++ = *s;
        }
    }
    *to = 0;
}

static uint64_t number(const char *s)
{
    return strtoull(s, NULL, 10);
}

static int64_t signed_number(const char *s)
{
    return strtoll(s, NULL, 10);
}

static bool read_done(struct journal *j, char **f, size_t n)
{
    struct entry *e = arena_alloc(&j->arena, 1, sizeof *e);
    if (n < 12 || (n - 12) % 4 || !hash_parse(f[0], &e->identity) || !hash_parse(f[1], &e->key) ||
        !hash_parse(f[2], &e->run) || !hash_parse(f[3], &e->picture))
        return false;
    e->picture_size = number(f[4]);
    e->picture_mtime = signed_number(f[5]);
    e->picture_inode = number(f[6]);
    e->when = signed_number(f[7]);
    e->us = number(f[8]);
    e->relative = f[9];
    e->source = f[10];
    e->label = f[11];
    e->made_count = (n - 12) / 4;
    e->made = arena_alloc(&j->arena, e->made_count + 1, sizeof *e->made);
    for (size_t i = 0; i < e->made_count; i++) {
        char **m = f + 12 + 4 * i;
        e->made[i] = (struct made){.path = m[0], .size = number(m[1]), .mtime = signed_number(m[2])};
        if (!hash_parse(m[3], &e->made[i].hash))
            return false;
    }
    remember(j, e);
    return true;
}

static bool read_failed(struct journal *j, char **f, size_t n)
{
    struct entry *e = arena_alloc(&j->arena, 1, sizeof *e);
    if (n != 9 || !hash_parse(f[0], &e->identity) || !hash_parse(f[1], &e->key))
        return false;
    e->failed = true;
    e->when = signed_number(f[2]);
    e->relative = f[3];
    e->source = f[4];
    e->label = f[5];
    e->code = f[6];
    e->node = f[7];
    e->text = f[8];
    remember(j, e);
    return true;
}

static bool read_event(struct journal *j, char *kind, char **f, size_t n)
{
    if (!strcmp(kind, "done"))
        return read_done(j, f, n);
    if (!strcmp(kind, "failed"))
        return read_failed(j, f, n);
    if (strcmp(kind, "claim"))
        return false;
    for (size_t i = 0; i < n; i++)
        own(j, f[i], NULL);
    return true;
}

/* line: without its end, changed in place, lives as long as the journal. */
static bool read_line(struct journal *j, char *line, size_t size)
{
    char sum[SUM_LENGTH + 1];
    if (size < SUM_LENGTH + 2 || line[SUM_LENGTH] != '\t' || strlen(line) != size)
        return false;
    const char *body = line + SUM_LENGTH + 1;
    snprintf(sum, sizeof sum, "%016" PRIx64, hash_bytes(body, size - SUM_LENGTH - 1).lo);
    if (memcmp(sum, line, SUM_LENGTH))
        return false;
    size_t n = 0;
    char *field[MAX_FIELDS];
    char *kind = line + SUM_LENGTH + 1;
    for (char *p = strchr(kind, '\t'); p && n < MAX_FIELDS; p = strchr(p, '\t')) {
        *p++ = 0;
        field[n++] = p;
    }
    for (size_t i = 0; i < n; i++)
        unescape(field[i]);
    return read_event(j, kind, field, n);
}

static void load_file(struct journal *j, const char *name)
{
    size_t size = 0;
    char *path = heap_printf("%s/%s", j->folder, name);
    char *content = files_read(path, &size);
    free(path);
    if (!content)
        return;
    char *text = arena_alloc(&j->arena, size + 1, 1);
    memcpy(text, content, size);
    free(content);
    j->files++;
    j->bytes += size;
    for (char *line = text, *end; line < text + size; line = end + 1) {
        end = memchr(line, '\n', (size_t)(text + size - line));
        if (!end) /* torn: the run was killed in the middle of it */
            break;
        *end = 0;
        j->lines++;
        if (!read_line(j, line, (size_t)(end - line)))
            j->damaged++;
    }
}

static bool is_journal(const char *name)
{
    return !strcmp(name, "journal") || (!strncmp(name, "journal-", 8) && !strchr(name, '~'));
}

struct journal *journal_load(const char *folder)
{
    struct journal *j = heap_alloc(1, sizeof *j);
    size_t n = 0;
    arena_init(&j->arena);
    j->folder = heap_strdup(folder ? folder : "");
    j->fd = -1;
    pthread_mutex_init(&j->lock, NULL);
    char **names = folder ? files_names(folder, &n) : NULL;
    for (size_t i = 0; names && i < n; i++)
        if (is_journal(names[i]))
            load_file(j, names[i]);
    files_free_names(names, n);
    return j;
}

void journal_free(struct journal *j)
{
    if (!j)
        return;
    if (j->fd >= 0)
        close(j->fd);
    pthread_mutex_destroy(&j->lock);
    free(j->entries.slots);
    free(j->owned.slots);
    free(j->list);
    free(j->folder);
    arena_fini(&j->arena);
    free(j);
}

/* ---- questions ---- */

size_t journal_damaged(const struct journal *j) { return j->damaged; }
uint64_t journal_bytes(const struct journal *j) { return j->bytes; }

const struct entry *journal_find(const struct journal *j, struct hash identity)
{
    return j->entries.size ? *find_slot(&j->entries, identity.lo, same_entry, &identity) : NULL;
}

const struct entry *const *journal_entries(const struct journal *journal, size_t *count)
{
    struct journal *j = (struct journal *)(uintptr_t)journal;
    size_t n = 0;
    if (!j->list)
        j->list = heap_alloc(j->entries.count + 1, sizeof *j->list);
    for (size_t i = 0; i < j->entries.size; i++)
        if (j->entries.slots[i])
            j->list[n++] = j->entries.slots[i];
    *count = n;
    return j->list;
}

static const struct owned *find_owned(const struct journal *j, const char *path)
{
    return j->owned.size ? *find_slot(&j->owned, path_key(path), same_path, path) : NULL;
}

bool journal_owns(const struct journal *j, const char *path)
{
    return find_owned(j, path) != NULL;
}

const struct entry *journal_maker(const struct journal *j, const char *path)
{
    const struct owned *o = find_owned(j, path);
    return o ? o->maker : NULL;
}

/* ---- lines out ---- */

static void add_field(struct text *t, const char *s)
{
    text_add(t, "\t");
    for (s = s ? s : ""; *s; s++) {
        if (*s == '%' || (unsigned char)*s < 0x20)
            text_addf(t, "%%%02x", (unsigned char)*s);
        else
            text_addn(t, s, 1);
    }
}

static void add_hash(struct text *t, struct hash h)
{
    char buf[33];
    add_field(t, hash_print(h, buf));
}

static void entry_line(struct text *t, const struct entry *e)
{
    text_add(t, e->failed ? "failed" : "done");
    add_hash(t, e->identity);
    add_hash(t, e->key);
    if (!e->failed) {
        add_hash(t, e->run);
        add_hash(t, e->picture);
        text_addf(t, "\t%" PRIu64 "\t%" PRId64 "\t%" PRIu64, e->picture_size, e->picture_mtime,
                  e->picture_inode);
    }
    text_addf(t, "\t%" PRId64, e->when);
    if (!e->failed)
        text_addf(t, "\t%" PRIu64, e->us);
    add_field(t, e->relative);
    add_field(t, e->source);
    add_field(t, e->label);
    if (e->failed) {
        add_field(t, e->code);
        add_field(t, e->node);
        add_field(t, e->text);
    }
    for (size_t i = 0; i < e->made_count; i++) {
        add_field(t, e->made[i].path);
        text_addf(t, "\t%" PRIu64 "\t%" PRId64, e->made[i].size, e->made[i].mtime);
        add_hash(t, e->made[i].hash);
    }
}

/* body -> SUM tab body end of line, appended to `out`. */
static void finish_line(struct text *out, const struct text *body)
{
    text_addf(out, "%016" PRIx64 "\t", hash_bytes(body->data, body->size).lo);
    text_addn(out, body->data, body->size);
    text_add(out, "\n");
}

static bool append(struct journal *j, const struct text *lines)
{
    pthread_mutex_lock(&j->lock);
    const bool ok = j->fd >= 0 && files_write_all(j->fd, lines->data ? lines->data : "", lines->size);
    const int keep = errno;
    pthread_mutex_unlock(&j->lock);
    errno = keep;
    return ok;
}

bool journal_write(struct journal *j, const struct entry *e)
{
    struct text body = {0}, line = {0};
    entry_line(&body, e);
    finish_line(&line, &body);
    const bool ok = append(j, &line);
    const int keep = errno;
    text_free(&body);
    text_free(&line);
    errno = keep;
    return ok;
}

static void claim_lines(struct text *out, const char *const *paths, size_t n)
{
    enum { PER_LINE = 64 };
    for (size_t i = 0; i < n; i += PER_LINE) {
        struct text body = {0};
        text_add(&body, "claim");
        for (size_t k = i; k < n && k < i + PER_LINE; k++)
            add_field(&body, paths[k]);
        finish_line(out, &body);
        text_free(&body);
    }
}

bool journal_claim(struct journal *j, const char *const *paths, size_t n)
{
    struct text lines = {0};
    claim_lines(&lines, paths, n);
    const bool ok = append(j, &lines);
    const int keep = errno;
    text_free(&lines);
    errno = keep;
    return ok;
}

bool journal_sync(struct journal *j)
{
    return j->fd < 0 || !fsync(j->fd);
}

/* ---- opening ---- */

/* Cuts off what follows the last line end. */
static bool cut_torn_tail(const char *path)
{
    size_t size = 0;
    char *text = files_read(path, &size);
    if (!text)
        return errno == ENOENT;
    size_t whole = size;
    while (whole && text[whole - 1] != '\n')
        whole--;
    free(text);
    return whole == size || !truncate(path, (off_t)whole);
}

/* Writes one file with what counts, then removes the others: killed in between, events stand twice. */
static bool merge_all(struct journal *j, const char *name, const char *path)
{
    struct text all = {0};
    size_t n = 0, names_count = 0, claimed = 0;
    const struct entry *const *list = journal_entries(j, &n);
    for (size_t i = 0; i < n; i++) {
        struct text body = {0};
        entry_line(&body, list[i]);
        finish_line(&all, &body);
        text_free(&body);
    }
    const char **paths = heap_alloc(j->owned.count + 1, sizeof *paths);
    for (size_t i = 0; i < j->owned.size; i++)
        if (j->owned.slots[i])
            paths[claimed++] = ((struct owned *)j->owned.slots[i])->path;
    claim_lines(&all, paths, claimed);
    free(paths);
    const bool ok = files_replace(path, all.data ? all.data : "", all.size);
    text_free(&all);
    char **names = ok ? files_names(j->folder, &names_count) : NULL;
    for (size_t i = 0; names && i < names_count; i++)
        if (is_journal(names[i]) && strcmp(names[i], name)) {
            char *other = heap_printf("%s/%s", j->folder, names[i]);
            unlink(other);
            free(other);
        }
    files_free_names(names, names_count);
    return ok;
}

bool journal_open(struct journal *j, const char *name, bool merge)
{
    char *path = heap_printf("%s/%s", j->folder, name);
    bool ok = cut_torn_tail(path);
    if (ok && merge && (j->files > 1 || j->damaged || j->lines > 2 * j->entries.count + 256))
        ok = merge_all(j, name, path);
    if (ok)
        j->fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
    const int keep = errno;
    free(path);
    errno = keep;
    return ok && j->fd >= 0;
}
