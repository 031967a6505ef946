/* channel.h - messages between the host and a worker over a socket: a type and a body, packed and
 * unpacked piece by piece. What is received is never trusted: a piece that does not fit is 0 or
 * NULL, and marks the message bad. */
#ifndef IMP_CHANNEL_H
#define IMP_CHANNEL_H
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include "arena.h"

struct channel {
    int fd;               /* -1: closed */
    pthread_mutex_t lock; /* of sending */
};
/* Two ends of a new one. false: errno. */
bool channel_pair(struct channel *host, int *worker_fd);
bool channel_open(struct channel *, int fd);
void channel_close(struct channel *);

struct mail {
    uint32_t type;
    char *data;
    size_t size, at; /* read up to there */
    bool bad;
    int fd; /* one that came along, -1 = none; whoever takes it sets -1 */
};
/* body may be NULL, blob is `size` more bytes behind it, fd < 0 = none. false: the other end is
 * gone. [any] */
bool channel_send(struct channel *, uint32_t type, const struct text *body, const void *blob,
                  size_t size, int fd);
/* 1: received; 0: nothing within ms (-1 = wait for ever); -1: the other end is gone, or what it
 * sent is no message or larger than `most`. One thread at a time. */
int channel_receive(struct channel *, int ms, uint64_t most, struct mail *);
void mail_free(struct mail *);

void pack_u64(struct text *, uint64_t);
void pack_i64(struct text *, int64_t);
void pack_f64(struct text *, double);
void pack_text(struct text *, const char *); /* NULL stays NULL */
void pack_bytes(struct text *, const void *, size_t);
uint64_t unpack_u64(struct mail *);
int64_t unpack_i64(struct mail *);
double unpack_f64(struct mail *);
/* Terminated, within the mail; NULL for a NULL. */
const char *unpack_text(struct mail *);
const void *unpack_bytes(struct mail *, size_t *size);
/* What is left of it. */
const void *unpack_rest(struct mail *, size_t *size);

#endif
