/* journal.h - what was made, in OUT/.impasto: one checksummed line per event, only ever appended to, so that
 * a kill at any moment costs at most the line being written. A run writes `journal`, shard 2 of 4
 * `journal-2-of-4`; all of them are read.
 *
 *   SUM <tab> done  <tab> identity key run picture size mtime inode when us relative source label
 *                         (path size mtime hash)...
 *   SUM <tab> failed <tab> identity key when relative source label code node text
 *   SUM <tab> claim <tab> path...        files about to be written: ours even if the run dies now
 * SUM: 16 hexadecimal digits of the XXH3 of what follows its tab. In fields, % and bytes below 0x20 are
 * written %XX; names may be any bytes. */
#ifndef IMP_JOURNAL_H
#define IMP_JOURNAL_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "hash.h"
#include "report.h"

struct made { /* one file or folder */
    const char *path; /* below OUT */
    uint64_t size;
    int64_t mtime;    /* ns */
    struct hash hash;
};
struct entry {
    bool failed;
    struct hash identity; /* of the item at its sweep point, or of what runs once */
    struct hash key;      /* all that the files depend on but the picture */
    struct hash run;      /* runs/<run>.ini is the resolved preset */
    struct hash picture;  /* content */
    uint64_t picture_size, picture_inode;
    int64_t picture_mtime, when; /* ns */
    uint64_t us;          /* time it took */
    const char *relative, *source, *label; /* of the item; source "" with --private */
    struct made *made;
    size_t made_count;
    const char *code, *node, *text; /* of a failure */
};

struct journal;
/* Reads all journals of the folder (NULL or a missing one is empty); damaged lines are left out and counted. Later
 * events replace earlier ones. Never NULL. */
struct journal *journal_load(const char *folder);
void journal_free(struct journal *); /* closes it too */
size_t journal_damaged(const struct journal *);
uint64_t journal_bytes(const struct journal *); /* of all files read */
/* The last event of an identity as loaded; NULL = none. */
const struct entry *journal_find(const struct journal *, struct hash identity);
/* All that journal_find would find, in no order. */
const struct entry *const *journal_entries(const struct journal *, size_t *count);
/* Was this path made, or about to be, by a run into this folder? */
bool journal_owns(const struct journal *, const char *path);
/* Who made it, NULL = nobody that is recorded. */
const struct entry *journal_maker(const struct journal *, const char *path);

/* Opens the file `name` of the folder for appending; a torn last line is cut off first. `merge`: all files
 * are put together into this one when that is worth it (nobody else may have the folder). errno. */
bool journal_open(struct journal *, const char *name, bool merge);
/* Append; false: errno. [any] thread. */
bool journal_write(struct journal *, const struct entry *);
bool journal_claim(struct journal *, const char *const *paths, size_t n);
bool journal_sync(struct journal *);

#endif
