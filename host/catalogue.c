/* catalogue.c - the file: 8 bytes of magic, the hash of the rest; the hash of the program that wrote it (its
 * checks are what the entries have passed); records, each with its length. Numbers as in memory: the file
 * never leaves the machine. Texts keep their final 0, so they are used where they lie. */
#include "catalogue.h"
#include <stdlib.h>
#include <string.h>
#include "files.h"

enum { MOST_RECORDS = 512 };
static const char magic[8] = "IMPCAT1\n";
static const uint32_t absent = UINT32_MAX;

struct file_key {
    uint64_t device, inode, size;
    int64_t mtime, ctime;
};

struct record {
    const char *path;
    struct file_key key;
    const char *data; /* a plugin, encoded */
    size_t size;
};

struct catalogue {
    struct arena *arena;
    struct record *records;
    size_t count, capacity;
    bool changed;
};

static struct file_key key_of(const struct stat *st)
{
    return (struct file_key){(uint64_t)st->st_dev, (uint64_t)st->st_ino, (uint64_t)st->st_size,
                             (int64_t)st->st_mtim.tv_sec * 1000000000 + st->st_mtim.tv_nsec,
                             (int64_t)st->st_ctim.tv_sec * 1000000000 + st->st_ctim.tv_nsec};
}

/* What this program is: a rebuilt one may check more. */
static struct hash program_stamp(void)
{
    struct stat st;
    const uint32_t sizes[] = {sizeof(imp_filter), sizeof(imp_param), sizeof(imp_port), IMP_ABI_MINOR};
    struct hasher *h = hash_new();
    hash_add(h, sizes, sizeof sizes);
    if (stat("/proc/self/exe", &st) == 0) {
        const struct file_key key = key_of(&st);
        hash_add(h, &key, sizeof key);
    }
    return hash_end(h);
}

/* ---- writing ---- */

static void put_u32(struct text *t, uint32_t v)
{
    text_addn(t, (const char *)&v, sizeof v);
}

static void put_real(struct text *t, double v)
{
    text_addn(t, (const char *)&v, sizeof v);
}

static void put_text(struct text *t, const char *s)
{
    put_u32(t, s ? (uint32_t)strlen(s) : absent);
    if (s)
        text_addn(t, s, strlen(s) + 1);
}

static void put_param(struct text *t, const imp_param *p)
{
    const char *const texts[] = {p->key, p->unit, p->help, p->choices, p->def_text};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        put_text(t, texts[i]);
    put_u32(t, p->type);
    put_u32(t, p->flags);
    put_real(t, p->def);
    put_real(t, p->min);
    put_real(t, p->max);
}

static void put_ports(struct text *t, const imp_port *ports, uint32_t n)
{
    put_u32(t, n);
    for (const imp_port *p = ports; p < ports + n; p++) {
        put_text(t, p->name);
        put_text(t, p->help);
        put_text(t, p->type);
        put_u32(t, p->kind);
        put_u32(t, p->flags);
        put_u32(t, p->channels);
        put_u32(t, p->colours);
    }
}

static void put_filter(struct text *t, const imp_filter *f)
{
    put_u32(t, f->flags);
    put_u32(t, f->threads);
    put_u32(t, f->params_version);
    put_text(t, f->id);
    put_text(t, f->summary);
    put_text(t, f->help);
    put_u32(t, f->param_count);
    for (uint32_t i = 0; i < f->param_count; i++)
        put_param(t, &f->params[i]);
    put_ports(t, f->inputs, f->input_count);
    put_ports(t, f->outputs, f->output_count);
}

static void put_ids(struct text *t, const char *const *ids, uint32_t n)
{
    put_u32(t, n);
    for (uint32_t i = 0; i < n; i++)
        put_text(t, ids[i]);
}

static uint32_t count_ids(const char *const *ids)
{
    uint32_t n = 0;
    while (ids && ids[n])
        n++;
    return n;
}

void catalogue_encode(const struct plugin *p, struct text *t)
{
    put_text(t, p->id);
    put_text(t, p->version);
    put_text(t, p->licence);
    put_text(t, p->refused);
    put_text(t, p->warning);
    put_u32(t, p->filter_count);
    for (uint32_t i = 0; i < p->filter_count; i++)
        put_filter(t, &p->filters[i]->desc);
    put_ids(t, p->provides, p->provides_count);
    put_ids(t, p->needs, count_ids(p->needs));
    put_ids(t, p->wants, count_ids(p->wants));
}

/* ---- reading; `end` is never passed, `bad` sticks ---- */

struct reader {
    struct arena *arena;
    const char *at, *end;
    bool bad;
};

static void get(struct reader *r, void *to, size_t size)
{
    if (r->bad || (size_t)(r->end - r->at) < size) {
        r->bad = true;
        memset(to, 0, size);
        return;
    }
    memcpy(to, r->at, size);
    r->at += size;
}

static uint32_t get_u32(struct reader *r)
{
    uint32_t v;
    get(r, &v, sizeof v);
    return v;
}

/* A count of things of at least 4 bytes each, so that no count is believed beyond the file. */
static uint32_t get_count(struct reader *r)
{
    const uint32_t n = get_u32(r);
    if (n > (size_t)(r->end - r->at) / 4)
        r->bad = true;
    return r->bad ? 0 : n;
}

static double get_real(struct reader *r)
{
    double v;
    get(r, &v, sizeof v);
    return v;
}

static const char *get_text(struct reader *r)
{
    const uint32_t n = get_u32(r);
    const char *s = r->at;
    if (r->bad || n == absent)
        return NULL;
    if ((size_t)(r->end - r->at) <= n || s[n]) {
        r->bad = true;
        return NULL;
    }
    r->at += (size_t)n + 1;
    return s;
}

static void get_param(struct reader *r, imp_param *p)
{
    p->key = get_text(r);
    p->unit = get_text(r);
    p->help = get_text(r);
    p->choices = get_text(r);
    p->def_text = get_text(r);
    p->type = get_u32(r);
    p->flags = get_u32(r);
    p->def = get_real(r);
    p->min = get_real(r);
    p->max = get_real(r);
}

static const imp_port *get_ports(struct reader *r, uint32_t *n)
{
    *n = get_count(r);
    imp_port *rows = arena_alloc(r->arena, *n ? *n : 1, sizeof *rows);
    for (imp_port *p = rows; p < rows + *n; p++) {
        p->name = get_text(r);
        p->help = get_text(r);
        p->type = get_text(r);
        p->kind = get_u32(r);
        p->flags = get_u32(r);
        p->channels = get_u32(r);
        p->colours = get_u32(r);
    }
    return rows;
}

static void get_filter(struct reader *r, imp_filter *f)
{
    f->struct_size = sizeof *f;
    f->flags = get_u32(r);
    f->threads = get_u32(r);
    f->params_version = get_u32(r);
    f->id = get_text(r);
    f->summary = get_text(r);
    f->help = get_text(r);
    f->param_count = get_count(r);
    imp_param *params = arena_alloc(r->arena, f->param_count ? f->param_count : 1, sizeof *params);
    for (uint32_t i = 0; i < f->param_count; i++)
        get_param(r, &params[i]);
    f->params = params;
    f->inputs = get_ports(r, &f->input_count);
    f->outputs = get_ports(r, &f->output_count);
    f->param_stride = sizeof *f->params;
    f->input_stride = f->output_stride = sizeof *f->inputs;
}

static const char *const *get_ids(struct reader *r, uint32_t *n)
{
    *n = get_count(r);
    const char **ids = arena_alloc(r->arena, (size_t)*n + 1, sizeof *ids);
    for (uint32_t i = 0; i < *n; i++)
        ids[i] = get_text(r);
    return ids;
}

static bool decode(struct reader *r, struct plugin *p)
{
    uint32_t n;
    p->id = get_text(r);
    p->version = get_text(r);
    p->licence = get_text(r);
    p->refused = get_text(r);
    p->warning = get_text(r);
    p->filter_count = get_count(r);
    struct filter_info *infos = arena_alloc(r->arena, p->filter_count ? p->filter_count : 1, sizeof *infos);
    struct filter_info **list = arena_alloc(r->arena, p->filter_count ? p->filter_count : 1, sizeof *list);
    for (uint32_t i = 0; i < p->filter_count; i++) {
        list[i] = &infos[i];
        infos[i].plugin = p;
        get_filter(r, &infos[i].desc);
    }
    p->filters = list;
    p->provides = get_ids(r, &p->provides_count);
    p->needs = get_ids(r, &n);
    p->wants = get_ids(r, &n);
    return !r->bad && r->at == r->end;
}

bool catalogue_decode(struct arena *a, const char *data, size_t size, struct plugin *out)
{
    const char *copy = memcpy(arena_alloc(a, size, 1), data, size);
    struct reader r = {.arena = a, .at = copy, .end = copy + size};
    return decode(&r, out);
}

/* ---- the file ---- */

struct catalogue *catalogue_read(struct arena *a, const char *file)
{
    struct catalogue *c = arena_alloc(a, 1, sizeof *c);
    size_t size = 0;
    c->arena = a;
    char *data = file ? files_read(file, &size) : NULL;
    struct hash sum, stamp;
    const size_t head = sizeof magic + sizeof sum;
    if (data && size > head && memcmp(data, magic, sizeof magic) == 0) {
        memcpy(&sum, data + sizeof magic, sizeof sum);
        const char *copy = hash_equal(sum, hash_bytes(data + head, size - head))
                               ? memcpy(arena_alloc(a, size - head, 1), data + head, size - head) : NULL;
        struct reader r = {.arena = a, .at = copy, .end = copy ? copy + (size - head) : NULL, .bad = !copy};
        get(&r, &stamp, sizeof stamp);
        r.bad = r.bad || !hash_equal(stamp, program_stamp());
        while (!r.bad && r.at < r.end) {
            struct record rec = {.path = get_text(&r)};
            get(&r, &rec.key, sizeof rec.key);
            rec.size = get_u32(&r);
            rec.data = r.at;
            if (r.bad || !rec.path || (size_t)(r.end - r.at) < rec.size)
                break;
            r.at += rec.size;
            c->records = arena_grow(a, c->records, c->count, &c->capacity, sizeof rec);
            c->records[c->count++] = rec;
        }
    }
    free(data);
    return c;
}

static struct record *find_path(const struct catalogue *c, const char *path)
{
    for (size_t i = 0; i < c->count; i++)
        if (strcmp(c->records[i].path, path) == 0)
            return &c->records[i];
    return NULL;
}

bool catalogue_find(struct catalogue *c, const char *path, const struct stat *st, struct plugin *out)
{
    const struct record *rec = find_path(c, path);
    const struct file_key key = key_of(st);
    if (!rec || memcmp(&rec->key, &key, sizeof key) != 0)
        return false;
    struct reader r = {.arena = c->arena, .at = rec->data, .end = rec->data + rec->size};
    get(&r, &out->content, sizeof out->content);
    return decode(&r, out);
}

void catalogue_add(struct catalogue *c, const char *path, const struct stat *st, const struct plugin *p)
{
    struct text t = {0};
    struct record *rec = find_path(c, path);
    if (!rec) {
        if (c->count == MOST_RECORDS) { /* folders that are gone fill it up: begin anew */
            c->count = 0;
        }
        c->records = arena_grow(c->arena, c->records, c->count, &c->capacity, sizeof *rec);
        rec = &c->records[c->count++];
        rec->path = arena_strdup(c->arena, path);
    }
    text_addn(&t, (const char *)&p->content, sizeof p->content);
    catalogue_encode(p, &t);
    rec->key = key_of(st);
    rec->data = memcpy(arena_alloc(c->arena, t.size, 1), t.data, t.size);
    rec->size = t.size;
    c->changed = true;
    text_free(&t);
}

void catalogue_write(const struct catalogue *c, const char *file)
{
    struct text body = {0}, all = {0};
    const struct hash stamp = program_stamp();
    if (!c->changed || !file)
        return;
    text_addn(&body, (const char *)&stamp, sizeof stamp);
    for (const struct record *rec = c->records; rec < c->records + c->count; rec++) {
        put_text(&body, rec->path);
        text_addn(&body, (const char *)&rec->key, sizeof rec->key);
        put_u32(&body, (uint32_t)rec->size);
        text_addn(&body, rec->data, rec->size);
    }
    const struct hash sum = hash_bytes(body.data, body.size);
    text_addn(&all, magic, sizeof magic);
    text_addn(&all, (const char *)&sum, sizeof sum);
    text_addn(&all, body.data, body.size);
    (void)files_replace(file, all.data, all.size); /* no cache is no fault */
    text_free(&body);
    text_free(&all);
}
