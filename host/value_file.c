/* value_file.c - values as files: spool and disk cache. A file read back may be cut or spoilt in
 * any bit; every size is checked before it is used, and the whole against a hash.
 *
 * Layout, in the machine's byte order: head (below), then `info` bytes that describe the value,
 * zeros up to a place in the file that 64 divides, then `payload` bytes of samples: rows padded
 * with zeros as they are in memory, planes one after the other. So a large picture is not read but
 * mapped: what gathers thousands of them holds pages that the system may take back. */
#include "value.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "arena.h"
#include "files.h"

static const char magic[8] = {'I', 'M', 'P', 'V', '0', '0', '0', '1'};
enum { STEP = 1 << 18, ALIGN = 64, MAP_FROM = 1 << 16, ROW_UNIT = 16 };
#define MOST_INFO ((uint64_t)1 << 31)

struct head {
    char magic[8];
    uint32_t kind, bits;
    uint64_t info, payload; /* info: with the zeros behind it */
    struct hash content;    /* of kind, bits, info and payload */
};

/* ---- reading and writing whole pieces ---- */

static imp_status write_all(int fd, const void *data, size_t size)
{
    for (const char *p = data; size;) {
        const ssize_t n = write(fd, p, size);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0) {
            errno = n ? errno : ENOSPC;
            return IMP_E_IO;
        }
        p += n;
        size -= (size_t)n;
    }
    return IMP_OK;
}

static imp_status read_all(int fd, void *data, size_t size)
{
    for (char *p = data; size;) {
        const ssize_t n = read(fd, p, size);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return IMP_E_IO;
        p += n;
        size -= (size_t)n;
    }
    return IMP_OK;
}

/* ---- info: numbers and counted texts in a row ---- */

static void put(struct text *t, const void *data, size_t size)
{
    text_addn(t, data, size);
}

static void put_u64(struct text *t, uint64_t n)
{
    put(t, &n, sizeof n);
}

static void put_text(struct text *t, const char *s, uint64_t n)
{
    put_u64(t, s ? n : UINT64_MAX);
    if (s && n)
        put(t, s, (size_t)n);
}

static void put_string(struct text *t, const char *s)
{
    put_text(t, s, s ? strlen(s) : 0);
}

struct source { /* what is left of info; `bad` once something did not fit */
    const char *at;
    size_t left;
    bool bad;
    uint64_t payload; /* bytes of samples that the file has: nothing larger is made room for */
    int fd;
    off_t samples; /* where they begin in the file */
};

static const void *take(struct source *s, uint64_t size)
{
    if (s->bad || size > s->left) {
        s->bad = true;
        return NULL;
    }
    const void *p = s->at;
    s->at += size;
    s->left -= (size_t)size;
    return p;
}

static uint64_t take_u64(struct source *s)
{
    uint64_t n = 0;
    const void *p = take(s, sizeof n);
    if (p)
        memcpy(&n, p, sizeof n);
    return n;
}

/* A terminated copy on the heap; NULL for a NULL and for what does not fit. */
static char *take_text(struct source *s, uint64_t *size)
{
    const uint64_t n = take_u64(s);
    if (s->bad || n == UINT64_MAX)
        return NULL;
    const void *p = take(s, n);
    char *copy = p ? malloc((size_t)n + 1) : NULL;
    if (!copy) {
        s->bad = true;
        return NULL;
    }
    if (n)
        memcpy(copy, p, (size_t)n);
    copy[n] = '\0';
    if (size)
        *size = n;
    return copy;
}

/* ---- tables ---- */

static void put_cell(struct text *t, uint32_t type, const imp_cell *c)
{
    switch (type) {
    case IMP_TEXT:
    case IMP_PATH:
        put_text(t, c->s.ptr, c->s.len);
        break;
    case IMP_NUMBERS:
    case IMP_COLOUR:
        put_u64(t, c->n.count);
        put(t, c->n.ptr, (size_t)c->n.count * sizeof(double));
        break;
    case IMP_NAMES:
        put_u64(t, c->w.count);
        for (uint64_t i = 0; i < c->w.count; i++)
            put_string(t, c->w.ptr[i]);
        break;
    default:
        put(t, &c->i, sizeof c->i);
    }
}

static void put_table(struct text *t, const imp_table *table)
{
    put_u64(t, table->column_count);
    put_u64(t, table->row_count);
    for (uint32_t i = 0; i < table->column_count; i++) {
        put_u64(t, table->columns[i].type);
        put_string(t, table->columns[i].name);
        put_string(t, table->columns[i].unit);
    }
    for (uint64_t r = 0; r < table->row_count; r++)
        for (uint32_t i = 0; i < table->column_count; i++)
            put_cell(t, table->columns[i].type, &table->cells[r * table->column_count + i]);
}

static void take_words(struct source *s, imp_cell *c)
{
    const uint64_t count = take_u64(s);
    char **words = count <= s->left / 8 ? calloc((size_t)count + 1, sizeof *words) : NULL;
    s->bad = s->bad || !words;
    for (uint64_t i = 0; !s->bad && i < count; i++) {
        words[i] = take_text(s, NULL);
        s->bad = s->bad || !words[i];
    }
    c->w.ptr = (const char *const *)words;
    c->w.count = count;
}

static void take_numbers(struct source *s, imp_cell *c)
{
    const uint64_t count = take_u64(s);
    const void *p =
        take(s, count <= s->left / sizeof(double) ? count * sizeof(double) : UINT64_MAX);
    double *copy = p ? malloc((size_t)count * sizeof *copy + 1) : NULL;
    s->bad = s->bad || !copy;
    if (copy && count)
        memcpy(copy, p, (size_t)count * sizeof *copy);
    c->n.ptr = copy;
    c->n.count = count;
}

static void take_cell(struct source *s, uint32_t type, imp_cell *c)
{
    const void *p;
    switch (type) {
    case IMP_TEXT:
    case IMP_PATH:
        c->s.ptr = take_text(s, &c->s.len);
        s->bad = s->bad || !c->s.ptr;
        break;
    case IMP_NUMBERS:
    case IMP_COLOUR:
        take_numbers(s, c);
        break;
    case IMP_NAMES:
        take_words(s, c);
        break;
    default:
        if ((p = take(s, sizeof c->i)))
            memcpy(&c->i, p, sizeof c->i);
    }
}

static void free_const(const void *p)
{
    free((void *)(uintptr_t)p);
}

static void free_cell(uint32_t type, imp_cell *c)
{
    if (type == IMP_TEXT || type == IMP_PATH)
        free_const(c->s.ptr);
    if (type == IMP_NUMBERS || type == IMP_COLOUR)
        free_const(c->n.ptr);
    if (type == IMP_NAMES && c->w.ptr) {
        for (uint64_t i = 0; c->w.ptr[i]; i++)
            free_const(c->w.ptr[i]);
        free_const(c->w.ptr);
    }
    memset(c, 0, sizeof *c);
}

static void take_rows(struct source *s, struct value *v, uint64_t rows)
{
    const imp_table *t = &v->as.table;
    imp_cell *row = calloc(t->column_count, sizeof *row);
    s->bad = s->bad || !row;
    for (uint64_t r = 0; !s->bad && r < rows; r++) {
        for (uint32_t i = 0; i < t->column_count; i++) /* all, so that no cell is left undefined */
            take_cell(s, t->columns[i].type, &row[i]);
        if (!s->bad && value_add_row(v, row))
            s->bad = true;
        for (uint32_t i = 0; i < t->column_count; i++)
            free_cell(t->columns[i].type, &row[i]);
    }
    free(row);
}

static struct value *take_table(struct source *s)
{
    const uint64_t columns = take_u64(s), rows = take_u64(s);
    imp_column *list = columns <= s->left / 8 ? calloc((size_t)columns + 1, sizeof *list) : NULL;
    s->bad = s->bad || !list;
    uint64_t made = 0;
    for (; !s->bad && made < columns; made++) {
        const uint64_t type = take_u64(s);
        list[made].type = type <= IMP_COLOUR ? (uint32_t)type : 0;
        list[made].name = take_text(s, NULL);
        list[made].unit = take_text(s, NULL);
    }
    struct value *v = s->bad ? NULL : value_table((uint32_t)columns, list);
    for (uint64_t i = 0; i < made; i++) {
        free_const(list[i].name);
        free_const(list[i].unit);
    }
    free(list);
    if (v)
        take_rows(s, v, rows);
    return v;
}

void value_pack_table(const struct value *v, struct text *out)
{
    put_table(out, &v->as.table);
}

struct value *value_unpack_table(const void *data, size_t size)
{
    struct source s = {.at = data, .left = size};
    struct value *v = take_table(&s);
    if (v && !s.bad && !s.left)
        return v;
    value_release(v);
    return NULL;
}

/* ---- whole values ---- */

static void put_info(struct text *t, const struct value *v)
{
    const imp_image *m = &v->as.image;
    put_string(t, v->meta ? v->meta->stem : NULL);
    switch (v->as.head.kind) {
    case IMP_IMAGE:
        put(t, (uint32_t[]){m->width, m->height, m->channels, m->colour}, 4 * sizeof(uint32_t));
        break;
    case IMP_TENSOR:
        put_u64(t, v->as.tensor.dtype);
        put_u64(t, v->as.tensor.ndim);
        put(t, v->as.tensor.shape, v->as.tensor.ndim * sizeof *v->as.tensor.shape);
        put_string(t, v->as.tensor.name);
        break;
    case IMP_TABLE:
        put_table(t, &v->as.table);
        break;
    }
}

static uint64_t image_payload(uint32_t width, uint32_t height, uint32_t channels)
{
    return ((uint64_t)width + ROW_UNIT - 1) / ROW_UNIT * ROW_UNIT * sizeof(float) * height *
           channels;
}

/* The samples where they are in the file; NULL: they have to be read. */
static struct value *map_image(const struct source *s, const uint32_t n[4])
{
    const off_t page = sysconf(_SC_PAGESIZE), start = s->samples / page * page;
    if (s->payload < MAP_FROM || s->samples % ALIGN)
        return NULL;
    const size_t before = (size_t)(s->samples - start), bytes = before + (size_t)s->payload;
    char *map = mmap(NULL, bytes, PROT_READ, MAP_PRIVATE, s->fd, start);
    if (map == MAP_FAILED)
        return NULL;
    struct value *v =
        value_mapped(n[0], n[1], n[2], n[3], map, bytes, (float *)(void *)(map + before));
    if (!v)
        munmap(map, bytes);
    return v;
}

static struct value *take_image(struct source *s, struct memory *memory)
{
    uint32_t n[4] = {0};
    const void *p = take(s, sizeof n);
    if (!p)
        return NULL;
    memcpy(n, p, sizeof n);
    if (n[0] > 65536 || n[1] > 65536 || n[2] > 4 || image_payload(n[0], n[1], n[2]) != s->payload)
        return NULL;
    struct value *v = map_image(s, n);
    return v ? v : value_image(memory, n[0], n[1], n[2], n[3]);
}

static struct value *take_tensor(struct source *s, struct memory *memory)
{
    const uint64_t dtype = take_u64(s), ndim = take_u64(s);
    const void *axes = take(s, ndim <= 64 ? ndim * sizeof(int64_t) : UINT64_MAX);
    int64_t shape[64];
    if (!axes || dtype > IMP_U8)
        return NULL;
    memcpy(shape, axes, (size_t)ndim * sizeof *shape);
    double items = 1;
    for (uint64_t i = 0; i < ndim; i++)
        items *= (double)shape[i];
    if (!(items <= (double)s->payload))
        return NULL;
    char *name = take_text(s, NULL);
    struct value *v =
        s->bad ? NULL : value_tensor(memory, (uint32_t)dtype, (uint32_t)ndim, shape, name);
    free(name);
    return v;
}

static uint64_t payload_size(const struct value *v)
{
    const imp_image *m = &v->as.image;
    if (v->as.head.kind == IMP_IMAGE)
        return image_payload(m->width, m->height, m->channels);
    return v->as.head.kind == IMP_TENSOR ? v->bytes : 0;
}

/* Calls fn with the samples piece by piece, in file order. clean: zeros in place of the padding,
 * which is not defined in a value that was computed; else the padding as it was read. */
static imp_status each_piece(const struct value *v, bool clean,
                             imp_status (*fn)(void *, void *, size_t), void *user)
{
    float zeros[ROW_UNIT] = {0};
    const imp_image *m = &v->as.image;
    imp_status st = IMP_OK;
    if (v->as.head.kind == IMP_TENSOR)
        return fn(user, v->as.tensor.data, v->bytes);
    if (v->as.head.kind != IMP_IMAGE)
        return IMP_OK;
    const size_t row = (m->width + (size_t)ROW_UNIT - 1) / ROW_UNIT * ROW_UNIT;
    for (uint32_t c = 0; c < m->channels; c++)
        for (uint32_t y = 0; !st && y < m->height; y++) {
            st = fn(user, m->data + c * m->plane + y * m->row,
                    (clean ? m->width : row) * sizeof(float));
            if (!st && clean && row > m->width)
                st = fn(user, zeros, (row - m->width) * sizeof(float));
        }
    return st;
}

static imp_status hash_piece(void *hasher, void *data, size_t size)
{
    hash_add(hasher, data, size);
    return IMP_OK;
}

static struct hash content_hash(const struct head *head, const void *info, const struct value *v,
                                bool clean)
{
    struct hasher *h = hash_new();
    hash_u64(h, head->kind);
    hash_u64(h, head->bits);
    hash_add(h, info, (size_t)head->info);
    each_piece(v, clean, hash_piece, h);
    return hash_end(h);
}

struct stream { /* rows are short: they go through a buffer */
    int fd;
    size_t filled;
    uint64_t left; /* when reading: bytes of the file not yet in the buffer */
    char *buffer;
    size_t next;
};

static imp_status write_piece(void *user, void *data, size_t size)
{
    struct stream *s = user;
    if (size > STEP - s->filled) {
        if (write_all(s->fd, s->buffer, s->filled))
            return IMP_E_IO;
        s->filled = 0;
    }
    if (size > STEP)
        return write_all(s->fd, data, size);
    memcpy(s->buffer + s->filled, data, size);
    s->filled += size;
    return IMP_OK;
}

static imp_status read_piece(void *user, void *data, size_t size)
{
    struct stream *s = user;
    for (char *to = data; size;) {
        if (s->next == s->filled) {
            s->filled = s->left < STEP ? (size_t)s->left : STEP;
            s->left -= s->filled;
            s->next = 0;
            if (!s->filled || read_all(s->fd, s->buffer, s->filled))
                return IMP_E_IO;
        }
        const size_t n = s->filled - s->next < size ? s->filled - s->next : size;
        memcpy(to, s->buffer + s->next, n);
        s->next += n;
        to += n;
        size -= n;
    }
    return IMP_OK;
}

imp_status value_write(const struct value *v, int fd)
{
    if (v->as.head.kind == IMP_OBJECT)
        return IMP_E_UNSUPPORTED;
    struct stream out = {.fd = fd, .buffer = malloc(STEP)};
    if (!out.buffer)
        return IMP_E_MEMORY;
    struct text info = {0};
    put_info(&info, v);
    const off_t here = lseek(fd, 0, SEEK_CUR);
    while (((here < 0 ? 0 : (uint64_t)here) + sizeof(struct head) + info.size) % ALIGN)
        put(&info, "", 1);
    struct head head = {.kind = v->as.head.kind,
                        .bits = v->meta ? v->meta->bits : 0,
                        .info = info.size,
                        .payload = payload_size(v)};
    memcpy(head.magic, magic, sizeof magic);
    head.content = content_hash(&head, info.data, v, true);
    imp_status st = write_piece(&out, &head, sizeof head);
    if (!st)
        st = write_piece(&out, info.data, info.size);
    if (!st)
        st = each_piece(v, true, write_piece, &out);
    if (!st)
        st = write_all(fd, out.buffer, out.filled);
    const int why = errno;
    text_free(&info);
    free(out.buffer);
    errno = why;
    return st;
}

static bool set_meta(struct value *v, char *stem, unsigned bits)
{
    v->meta = meta_new();
    if (!v->meta) {
        free(stem);
        return false;
    }
    v->meta->stem = stem;
    v->meta->bits = bits;
    return true;
}

/* The value that info describes, its samples not yet read. */
static struct value *from_info(struct memory *memory, const struct head *head, const char *info,
                               int fd)
{
    struct source s = {.at = info,
                       .left = (size_t)head->info,
                       .payload = head->payload,
                       .fd = fd,
                       .samples = lseek(fd, 0, SEEK_CUR)};
    char *stem = take_text(&s, NULL);
    struct value *v = NULL;
    if (head->kind == IMP_IMAGE)
        v = take_image(&s, memory);
    else if (head->kind == IMP_TENSOR)
        v = take_tensor(&s, memory);
    else if (head->kind == IMP_TABLE)
        v = take_table(&s);
    const bool sound = v && !s.bad && s.left < ALIGN && payload_size(v) == head->payload;
    if (sound && !stem && !head->bits)
        return v; /* it had no metadata */
    if (sound && set_meta(v, stem, head->bits))
        return v;
    if (!sound)
        free(stem);
    value_release(v);
    return NULL;
}

static imp_status read_body(struct memory *memory, int fd, const struct head *head,
                            struct value **out)
{
    char *info = malloc((size_t)head->info + 1);
    struct stream in = {.fd = fd, .left = head->payload, .buffer = malloc(STEP)};
    struct value *v = NULL;
    imp_status st = info && in.buffer ? read_all(fd, info, (size_t)head->info) : IMP_E_MEMORY;
    if (!st && !(v = from_info(memory, head, info, fd)))
        st = IMP_E_IO;
    const bool mapped = !st && v->as.head.kind == IMP_IMAGE && v->extra;
    if (mapped && lseek(fd, (off_t)head->payload, SEEK_CUR) < 0)
        st = IMP_E_IO;
    if (!st && !mapped)
        st = each_piece(v, false, read_piece, &in);
    if (!st && !hash_equal(content_hash(head, info, v, false), head->content))
        st = IMP_E_IO;
    free(info);
    free(in.buffer);
    if (st) {
        value_release(v);
        return st;
    }
    v->sealed = true;
    *out = v;
    return IMP_OK;
}

imp_status value_read_next(struct memory *memory, int fd, struct value **out)
{
    struct head head;
    struct stat file;
    const off_t at = lseek(fd, 0, SEEK_CUR);
    if (at < 0 || fstat(fd, &file) || read_all(fd, &head, sizeof head) ||
        memcmp(head.magic, magic, sizeof magic) != 0)
        return IMP_E_IO;
    const uint64_t left =
        file.st_size - at > (off_t)sizeof head ? (uint64_t)(file.st_size - at) - sizeof head : 0;
    if (head.info > left || head.info > MOST_INFO || head.payload > left - head.info)
        return IMP_E_IO;
    return read_body(memory, fd, &head, out);
}

imp_status value_read(struct memory *memory, const char *path, struct value **out)
{
    const int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return errno == ENOENT ? IMP_E_MISSING : IMP_E_IO;
    struct value *v = NULL;
    imp_status st = value_read_next(memory, fd, &v);
    char more;
    if (!st && files_read_all(fd, &more, 1))
        st = IMP_E_IO; /* something behind the end */
    close(fd);
    if (st)
        value_release(v);
    else
        *out = v;
    return st;
}
