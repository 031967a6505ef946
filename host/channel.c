/* channel.c - framing: 16 bytes of head, then the body. */
#define _GNU_SOURCE /* SOCK_CLOEXEC, MSG_CMSG_CLOEXEC */
#include "channel.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

struct head {
    uint32_t type, reserved0;
    uint64_t size;
};

bool channel_open(struct channel *c, int fd)
{
    c->fd = fd;
    return fd >= 0 && !pthread_mutex_init(&c->lock, NULL);
}

bool channel_pair(struct channel *host, int *worker_fd)
{
    int pair[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair))
        return false;
    *worker_fd = pair[1];
    if (channel_open(host, pair[0]))
        return true;
    close(pair[0]);
    close(pair[1]);
    return false;
}

void channel_close(struct channel *c)
{
    if (c->fd < 0)
        return;
    close(c->fd);
    c->fd = -1;
    pthread_mutex_destroy(&c->lock);
}

/* ---- sending ---- */

union control { /* room for one descriptor */
    struct cmsghdr head;
    char room[CMSG_SPACE(sizeof(int))];
};

static void attach(struct msghdr *m, union control *control, int fd)
{
    memset(control, 0, sizeof *control);
    m->msg_control = control->room;
    m->msg_controllen = sizeof control->room;
    struct cmsghdr *c = CMSG_FIRSTHDR(m);
    c->cmsg_level = SOL_SOCKET;
    c->cmsg_type = SCM_RIGHTS;
    c->cmsg_len = CMSG_LEN(sizeof(int));
    memcpy(CMSG_DATA(c), &fd, sizeof fd);
}

static bool send_all(int fd, struct iovec *iov, size_t n, int pass)
{
    union control control;
    while (n) {
        struct msghdr m = {.msg_iov = iov, .msg_iovlen = n};
        if (pass >= 0)
            attach(&m, &control, pass);
        ssize_t sent = sendmsg(fd, &m, MSG_NOSIGNAL);
        if (sent < 0 && errno == EINTR)
            continue;
        if (sent < 0)
            return false;
        pass = -1;
        for (; n && (size_t)sent >= iov->iov_len; iov++, n--)
            sent -= (ssize_t)iov->iov_len;
        if (n) {
            iov->iov_base = (char *)iov->iov_base + sent;
            iov->iov_len -= (size_t)sent;
        }
    }
    return true;
}

bool channel_send(struct channel *c, uint32_t type, const struct text *body, const void *blob,
                  size_t size, int fd)
{
    struct head head = {.type = type, .size = (body ? body->size : 0) + size};
    struct iovec iov[3] = {{&head, sizeof head},
                           {body ? body->data : NULL, body ? body->size : 0},
                           {(void *)(uintptr_t)blob, size}};
    if (c->fd < 0)
        return false;
    pthread_mutex_lock(&c->lock);
    const bool fine = send_all(c->fd, iov, 3, fd);
    pthread_mutex_unlock(&c->lock);
    return fine;
}

/* ---- receiving ---- */

static int detach(struct msghdr *m)
{
    int fd = -1;
    for (struct cmsghdr *c = CMSG_FIRSTHDR(m); c; c = CMSG_NXTHDR(m, c))
        if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_RIGHTS &&
            c->cmsg_len == CMSG_LEN(sizeof(int)))
            memcpy(&fd, CMSG_DATA(c), sizeof fd);
    return fd;
}

static bool receive_all(int fd, void *data, size_t size, int *passed)
{
    union control control;
    for (char *p = data; size;) {
        struct iovec iov = {p, size};
        struct msghdr m = {.msg_iov = &iov,
                           .msg_iovlen = 1,
                           .msg_control = passed ? control.room : NULL,
                           .msg_controllen = passed ? sizeof control.room : 0};
        const ssize_t n = recvmsg(fd, &m, MSG_CMSG_CLOEXEC);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return false;
        if (passed && *passed < 0)
            *passed = detach(&m);
        p += n;
        size -= (size_t)n;
    }
    return true;
}

int channel_receive(struct channel *c, int ms, uint64_t most, struct mail *m)
{
    struct head head;
    struct pollfd p = {.fd = c->fd, .events = POLLIN};
    *m = (struct mail){.fd = -1};
    if (c->fd < 0)
        return -1;
    int ready;
    do
        ready = poll(&p, 1, ms);
    while (ready < 0 && errno == EINTR && ms < 0);
    if (ready == 0 || (ready < 0 && errno == EINTR))
        return 0;
    if (ready < 0 || !receive_all(c->fd, &head, sizeof head, &m->fd) || head.size > most ||
        !(m->data = malloc((size_t)head.size + 1)) ||
        !receive_all(c->fd, m->data, (size_t)head.size, NULL)) {
        mail_free(m);
        return -1;
    }
    m->type = head.type;
    m->size = (size_t)head.size;
    m->data[m->size] = '\0';
    return 1;
}

void mail_free(struct mail *m)
{
    free(m->data);
    if (m->fd >= 0)
        close(m->fd);
    *m = (struct mail){.fd = -1};
}

/* ---- pieces ---- */

void pack_u64(struct text *t, uint64_t n)
{
    text_addn(t, (const char *)&n, sizeof n);
}

void pack_i64(struct text *t, int64_t n)
{
    text_addn(t, (const char *)&n, sizeof n);
}

void pack_f64(struct text *t, double x)
{
    text_addn(t, (const char *)&x, sizeof x);
}

void pack_text(struct text *t, const char *s)
{
    const size_t n = s ? strlen(s) : 0;
    pack_u64(t, s ? n : UINT64_MAX);
    if (s)
        text_addn(t, s, n + 1);
}

void pack_bytes(struct text *t, const void *data, size_t size)
{
    pack_u64(t, size);
    if (size)
        text_addn(t, data, size);
}

static const void *unpack(struct mail *m, uint64_t size)
{
    if (m->bad || size > m->size - m->at) {
        m->bad = true;
        return NULL;
    }
    const void *p = m->data + m->at;
    m->at += (size_t)size;
    return p;
}

uint64_t unpack_u64(struct mail *m)
{
    uint64_t n = 0;
    const void *p = unpack(m, sizeof n);
    if (p)
        memcpy(&n, p, sizeof n);
    return n;
}

int64_t unpack_i64(struct mail *m)
{
    const uint64_t n = unpack_u64(m);
    int64_t i;
    memcpy(&i, &n, sizeof i);
    return i;
}

double unpack_f64(struct mail *m)
{
    const uint64_t n = unpack_u64(m);
    double x;
    memcpy(&x, &n, sizeof x);
    return x;
}

const char *unpack_text(struct mail *m)
{
    const uint64_t n = unpack_u64(m);
    if (n == UINT64_MAX)
        return NULL;
    const char *p = n < UINT64_MAX - 1 ? unpack(m, n + 1) : NULL;
    if (p && p[n] == '\0' && strlen(p) == n)
        return p;
    m->bad = true;
    return NULL;
}

const void *unpack_bytes(struct mail *m, size_t *size)
{
    const uint64_t n = unpack_u64(m);
    const void *p = unpack(m, n);
    *size = p ? (size_t)n : 0;
    return p;
}

const void *unpack_rest(struct mail *m, size_t *size)
{
    *size = m->bad ? 0 : m->size - m->at;
    return unpack(m, *size);
}
