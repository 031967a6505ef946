/* EXIF: a TIFF file of tags without a picture. Two things are changed, the rest stays byte for byte:
 * orientation becomes 1, and the thumbnail (IFD 1), which shows the picture as it was, is wiped.
 * Source: TIFF 6.0 section 2; CIPA DC-008 (Exif 2.32). */
#include "metadata_private.h"
#include <stdlib.h>
#include <string.h>

enum tag { TAG_ORIENTATION = 0x0112, TAG_THUMBNAIL = 0x0201, TAG_THUMBNAIL_SIZE = 0x0202, TAG_STRIPS = 0x0111,
           TAG_STRIP_SIZES = 0x0117, TAG_EXIF = 0x8769, TAG_GPS = 0x8825, TAG_INTEROP = 0xa005 };

struct tiff {
    uint8_t *p; /* not written to but by exif_cleaned */
    size_t size;
    bool big;
};
struct entry {
    uint32_t tag, type, count;
    size_t at, value, bytes; /* of the entry; of its value, wherever that is; 0 = out of bounds */
};
struct range {
    size_t from, to;
};

static uint32_t get16(const struct tiff *t, size_t at)
{
    return t->big ? be16(t->p + at) : le16(t->p + at);
}

static uint32_t get32(const struct tiff *t, size_t at)
{
    return t->big ? be32(t->p + at) : le32(t->p + at);
}

/* Entries of the IFD at `at`; 0 = it is not whole, or has more than any camera writes. */
static uint32_t entries(const struct tiff *t, size_t at)
{
    uint32_t n;

    if (at < 8 || at > t->size || t->size - at < 6)
        return 0;
    n = get16(t, at);
    return n <= (t->size - at - 6) / 12 && n <= 1000 ? n : 0;
}

static bool open_tiff(struct tiff *t, size_t *ifd0)
{
    if (t->size < 14 || !(memcmp(t->p, "II*\0", 4) == 0 || memcmp(t->p, "MM\0*", 4) == 0))
        return false;
    t->big = t->p[0] == 'M';
    *ifd0 = get32(t, 4);
    return entries(t, *ifd0) > 0;
}

static struct entry entry_at(const struct tiff *t, size_t ifd, uint32_t i)
{
    static const uint8_t sizes[] = {0, 1, 1, 2, 4, 8, 1, 1, 2, 4, 8, 4, 8, 4};
    const size_t at = ifd + 2 + 12 * (size_t)i;
    struct entry e = {get16(t, at), get16(t, at + 2), get32(t, at + 4), at, 0, 0};
    const size_t one = e.type < sizeof sizes ? sizes[e.type] : 0;

    e.bytes = one * e.count;
    e.value = e.bytes <= 4 ? at + 8 : get32(t, at + 8);
    if (!one || !e.count || e.value > t->size || e.bytes > t->size - e.value)
        e.bytes = 0;
    return e;
}

static uint32_t number(const struct tiff *t, const struct entry *e)
{
    if (!e->bytes)
        return 0;
    return e->type == 3 ? get16(t, e->value) : e->type == 4 ? get32(t, e->value) : 0;
}

static uint32_t find(const struct tiff *t, size_t ifd, uint32_t tag)
{
    const uint32_t n = entries(t, ifd);

    for (uint32_t i = 0; i < n; i++) {
        const struct entry e = entry_at(t, ifd, i);
        if (e.tag == tag)
            return number(t, &e);
    }
    return 0;
}

uint32_t exif_orientation(const uint8_t *body, size_t size)
{
    struct tiff t = {(uint8_t *)(uintptr_t)body, size, false};
    uint32_t v;
    size_t ifd;

    if (!open_tiff(&t, &ifd))
        return 1;
    v = find(&t, ifd, TAG_ORIENTATION);
    return v >= 1 && v <= 8 ? v : 1;
}

static void reset_orientation(struct tiff *t, size_t ifd)
{
    const uint32_t n = entries(t, ifd);

    for (uint32_t i = 0; i < n; i++) {
        const struct entry e = entry_at(t, ifd, i);
        if (e.tag != TAG_ORIENTATION || (e.type != 3 && e.type != 4) || !e.bytes)
            continue;
        memset(t->p + e.value, 0, e.type == 3 ? 2 : 4);
        t->p[t->big ? e.value + (e.type == 3 ? 1 : 3) : e.value] = 1;
    }
}

/* Does the range touch the table of an IFD, or a value that stands outside it? */
static bool touches(const struct tiff *t, size_t ifd, struct range r)
{
    const uint32_t n = entries(t, ifd);

    if (n && r.from < ifd + 6 + 12 * (size_t)n && r.to > ifd)
        return true;
    for (uint32_t i = 0; i < n; i++) {
        const struct entry e = entry_at(t, ifd, i);
        if (e.bytes > 4 && r.from < e.value + e.bytes && r.to > e.value)
            return true;
    }
    return false;
}

static bool needed(const struct tiff *t, size_t ifd0, struct range r)
{
    const size_t exif = find(t, ifd0, TAG_EXIF);

    return touches(t, ifd0, r) || touches(t, exif, r) || touches(t, find(t, ifd0, TAG_GPS), r) ||
           touches(t, find(t, exif, TAG_INTEROP), r);
}

/* Wipes a range that nothing else needs; false when something does. Cuts it off at the end. */
static bool wipe(struct tiff *t, size_t ifd0, size_t from, size_t bytes)
{
    const struct range r = {from, from + bytes};

    if (!bytes || from > t->size || bytes > t->size - from)
        return true; /* not there: nothing to hide */
    if (from < 8 || needed(t, ifd0, r))
        return false;
    memset(t->p + from, 0, bytes);
    if (t->size - r.to < 4)
        t->size = from;
    return true;
}

static bool wipe_thumbnail(struct tiff *t, size_t ifd0)
{
    const size_t link = ifd0 + 2 + 12 * (size_t)entries(t, ifd0), ifd1 = get32(t, link);
    const uint32_t n = entries(t, ifd1);

    memset(t->p + link, 0, 4);
    if (!ifd1 || !n)
        return true;
    if (!wipe(t, ifd0, find(t, ifd1, TAG_THUMBNAIL), find(t, ifd1, TAG_THUMBNAIL_SIZE)) ||
        !wipe(t, ifd0, find(t, ifd1, TAG_STRIPS), find(t, ifd1, TAG_STRIP_SIZES)))
        return false;
    /* Its own values and table go too, but for what it shares with IFD 0. */
    for (uint32_t i = 0; i < n && entries(t, ifd1) == n; i++) {
        const struct entry e = entry_at(t, ifd1, i);
        if (e.bytes > 4)
            wipe(t, ifd0, e.value, e.bytes);
    }
    wipe(t, ifd0, ifd1, 6 + 12 * (size_t)n);
    return true;
}

struct block exif_cleaned(const struct block *in)
{
    struct block copy = {0};
    struct tiff t;
    size_t ifd0;

    if (!in->data || !block_set(&copy, in->data, in->size))
        return copy;
    t = (struct tiff){copy.data, copy.size, false};
    if (open_tiff(&t, &ifd0) && wipe_thumbnail(&t, ifd0) && entries(&t, ifd0) > 0) {
        reset_orientation(&t, ifd0);
        copy.size = t.size;
        return copy;
    }
    free(copy.data);
    return (struct block){0};
}
