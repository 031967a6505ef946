#define _GNU_SOURCE /* renameat2 */
#include "commit.h"
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "arena.h"
#include "files.h"

struct committer {
    char *out;
    commit_done *done;
    void *user;
    struct commit_job **ring;
    unsigned capacity, head, waiting, working, thread_count;
    bool closing;
    pthread_t *threads;
    pthread_mutex_t lock;
    pthread_cond_t work, room, idle;
    char **folders; /* touched: to be fsynced at the end */
    size_t folder_count, folder_capacity;
};

void commit_job_free(struct commit_job *job)
{
    for (size_t i = 0; i < job->count; i++) {
        free(job->files[i].temp);
        free(job->files[i].path);
    }
    free(job->files);
    free(job);
}

/* A rename that is lost in a power cut leaves the old state, and the journal's line about it finds no file: the
 * next run makes it again. So folders need no fsync one by one; all are done at the end. */
static void touch_folder(struct committer *c, const char *path)
{
    const char *slash = strrchr(path, '/');
    const size_t length = (size_t)(slash - path);
    pthread_mutex_lock(&c->lock);
    size_t i = c->folder_count;
    while (i > 0 && (strncmp(c->folders[i - 1], path, length) || c->folders[i - 1][length]))
        i--;
    if (i == 0) {
        if (c->folder_count == c->folder_capacity)
            c->folders = heap_resize(c->folders, c->folder_capacity = 2 * c->folder_capacity + 8,
                                     sizeof *c->folders);
        c->folders[c->folder_count++] = heap_printf("%.*s", (int)length, path);
    }
    pthread_mutex_unlock(&c->lock);
}

/* ---- one file ---- */

/* Another file system below OUT (a mount, a link): copy beside the name, then rename there. */
static bool copy_over(const char *from, const char *to)
{
    char piece[65536];
    char *beside = heap_printf("%s.%ld~", to, (long)getpid());
    const int in = open(from, O_RDONLY | O_CLOEXEC);
    const int out = in < 0 ? -1 : open(beside, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    bool ok = out >= 0;
    for (ssize_t n; ok && (n = read(in, piece, sizeof piece)) != 0;)
        ok = n > 0 ? files_write_all(out, piece, (size_t)n) : errno == EINTR;
    ok = ok && !fsync(out);
    int keep = errno;
    if (in >= 0)
        close(in);
    if (out >= 0 && close(out) && ok) {
        keep = errno;
        ok = false;
    }
    if (ok && rename(beside, to)) {
        keep = errno;
        ok = false;
    }
    if (ok)
        unlink(from);
    else if (out >= 0)
        unlink(beside);
    free(beside);
    errno = keep;
    return ok;
}

static bool copy_tree(const char *from, const char *to)
{
    struct stat st;
    if (lstat(from, &st))
        return false;
    if (!S_ISDIR(st.st_mode))
        return copy_over(from, to);
    size_t n = 0;
    bool ok = files_make_folder(to);
    char **names = ok ? files_names(from, &n) : NULL;
    ok = ok && names;
    for (size_t i = 0; ok && i < n; i++) {
        char *a = heap_printf("%s/%s", from, names[i]), *b = heap_printf("%s/%s", to, names[i]);
        ok = copy_tree(a, b);
        free(a);
        free(b);
    }
    files_free_names(names, n);
    return ok && !rmdir(from);
}

/* A folder in place of one that is there: swapped in one step where the kernel can (Linux), else by two
 * renames with the old one beside for a moment. The old one is removed. */
static bool swap_folder(const char *temp, const char *path)
{
#ifdef RENAME_EXCHANGE
    if (!renameat2(AT_FDCWD, temp, AT_FDCWD, path, RENAME_EXCHANGE))
        return files_remove_tree(temp);
    if (errno != EINVAL && errno != ENOSYS)
        return false;
#endif
    char *old = heap_printf("%s.old~", temp);
    bool ok = !rename(path, old);
    if (ok && rename(temp, path)) {
        const int keep = errno;
        ok = false;
        if (rename(old, path))
            errno = keep;
        errno = keep;
    }
    if (ok)
        ok = files_remove_tree(old);
    const int keep = errno;
    free(old);
    errno = keep;
    return ok;
}

static bool place_folder(const char *temp, const char *path)
{
    if (!rename(temp, path)) /* nothing there, or an empty folder */
        return true;
    if (errno == EEXIST || errno == ENOTEMPTY) {
        if (swap_folder(temp, path))
            return true;
    }
    if (errno != EXDEV)
        return false;
    char *beside = heap_printf("%s.%ld~", path, (long)getpid());
    bool ok = files_remove_tree(beside) && copy_tree(temp, beside) && files_sync(beside);
    ok = ok && (!rename(beside, path) || swap_folder(beside, path));
    const int keep = errno;
    free(beside);
    errno = keep;
    return ok;
}

static bool place_file(const char *temp, const char *path)
{
    return !rename(temp, path) || (errno == EXDEV && copy_over(temp, path));
}

static bool commit_one(struct committer *c, const struct commit_file *f, struct made *made)
{
    struct files_state state;
    char *path = heap_printf("%s/%s", c->out, f->path);
    bool ok;
    if (f->keep && !access(path, F_OK))
        ok = files_remove_tree(f->temp);
    else
        ok = files_sync(f->temp) && files_make_parents(path) &&
             (f->folder ? place_folder(f->temp, path) : place_file(f->temp, path));
    ok = ok && files_stat(path, &state) && files_hash(path, &made->hash);
    if (ok) {
        made->path = f->path;
        made->size = state.size;
        made->mtime = state.mtime;
        touch_folder(c, path);
    }
    const int keep = errno;
    free(path);
    errno = keep;
    return ok;
}

static void commit_all(struct committer *c, struct commit_job *job)
{
    struct made *made = heap_alloc(job->count + 1, sizeof *made);
    int failed = 0;
    size_t i = 0;
    for (; i < job->count && !failed; i++)
        if (!commit_one(c, &job->files[i], &made[i]))
            failed = errno ? errno : EIO;
    const char *path = failed ? job->files[i - 1].path : NULL;
    for (size_t k = i - 1; failed && k < job->count; k++)
        files_remove_tree(job->files[k].temp);
    c->done(c->user, job, made, failed, path);
    free(made);
    commit_job_free(job);
}

/* ---- threads ---- */

static void *commit_thread(void *user)
{
    struct committer *c = user;
    pthread_mutex_lock(&c->lock);
    for (;;) {
        while (!c->waiting && !c->closing)
            pthread_cond_wait(&c->work, &c->lock);
        if (!c->waiting)
            break;
        struct commit_job *job = c->ring[c->head];
        c->head = (c->head + 1) % c->capacity;
        c->waiting--;
        c->working++;
        pthread_cond_signal(&c->room);
        pthread_mutex_unlock(&c->lock);
        commit_all(c, job);
        pthread_mutex_lock(&c->lock);
        c->working--;
        if (!c->waiting && !c->working)
            pthread_cond_broadcast(&c->idle);
    }
    pthread_mutex_unlock(&c->lock);
    return NULL;
}

struct committer *commit_new(const char *out, unsigned threads, unsigned queue, commit_done *done, void *user)
{
    struct committer *c = heap_alloc(1, sizeof *c);
    *c = (struct committer){.out = heap_strdup(out), .done = done, .user = user, .capacity = queue};
    c->ring = heap_alloc(queue, sizeof *c->ring);
    c->threads = heap_alloc(threads, sizeof *c->threads);
    pthread_mutex_init(&c->lock, NULL);
    pthread_cond_init(&c->work, NULL);
    pthread_cond_init(&c->room, NULL);
    pthread_cond_init(&c->idle, NULL);
    while (c->thread_count < threads &&
           !pthread_create(&c->threads[c->thread_count], NULL, commit_thread, c))
        c->thread_count++;
    if (!c->thread_count) {
        commit_free(c);
        return NULL;
    }
    return c;
}

void commit_push(struct committer *c, struct commit_job *job)
{
    pthread_mutex_lock(&c->lock);
    while (c->waiting == c->capacity)
        pthread_cond_wait(&c->room, &c->lock);
    c->ring[(c->head + c->waiting++) % c->capacity] = job;
    pthread_cond_signal(&c->work);
    pthread_mutex_unlock(&c->lock);
}

void commit_drain(struct committer *c)
{
    pthread_mutex_lock(&c->lock);
    while (c->waiting || c->working)
        pthread_cond_wait(&c->idle, &c->lock);
    pthread_mutex_unlock(&c->lock);
}

static void sync_folder(const char *path)
{
    const int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return;
    fsync(fd);
    close(fd);
}

void commit_free(struct committer *c)
{
    if (!c)
        return;
    pthread_mutex_lock(&c->lock);
    c->closing = true;
    pthread_cond_broadcast(&c->work);
    pthread_mutex_unlock(&c->lock);
    for (unsigned i = 0; i < c->thread_count; i++)
        pthread_join(c->threads[i], NULL);
    for (size_t i = 0; i < c->folder_count; i++) {
        sync_folder(c->folders[i]);
        free(c->folders[i]);
    }
    pthread_cond_destroy(&c->idle);
    pthread_cond_destroy(&c->room);
    pthread_cond_destroy(&c->work);
    pthread_mutex_destroy(&c->lock);
    free(c->folders);
    free(c->threads);
    free(c->ring);
    free(c->out);
    free(c);
}
