#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "arena.h"
#include "commit.h"
#include "files.h"

struct world {
    char *folder, *out, *temp;
    pthread_mutex_t lock;
    int done, failed, last_error;
    uint64_t last_size;
    struct hash last_hash;
};

static void on_done(void *user, struct commit_job *job, const struct made *made, int failed, const char *failed_path)
{
    struct world *w = user;
    pthread_mutex_lock(&w->lock);
    w->done++;
    w->failed += failed != 0;
    if (failed) {
        w->last_error = failed_path ? failed : -1;
    } else if (job->count) {
        w->last_size = made[job->count - 1].size;
        w->last_hash = made[job->count - 1].hash;
    }
    pthread_mutex_unlock(&w->lock);
}

static int open_world(void **state)
{
    static struct world w;
    const char *tmp = getenv("TMPDIR");
    memset(&w, 0, sizeof w);
    w.folder = heap_printf("%s/impasto-commit-XXXXXX", tmp ? tmp : "/tmp");
    if (!mkdtemp(w.folder))
        return -1;
    w.out = heap_printf("%s/out", w.folder);
    w.temp = heap_printf("%s/out/.impasto/tmp", w.folder);
    pthread_mutex_init(&w.lock, NULL);
    *state = &w;
    return files_make_folder(w.temp) ? 0 : -1;
}

static int close_world(void **state)
{
    struct world *w = *state;
    const bool gone = files_remove_tree(w->folder);
    pthread_mutex_destroy(&w->lock);
    free(w->folder);
    free(w->out);
    free(w->temp);
    return gone ? 0 : -1;
}

static struct commit_job *job(struct world *w, const char *path, const char *content, bool folder, bool keep)
{
    static int serial;
    struct commit_job *j = heap_alloc(1, sizeof *j);
    j->count = 1;
    j->files = heap_alloc(1, sizeof *j->files);
    char *temp = heap_printf("%s/%d", w->temp, serial++);
    if (folder) {
        char *a = heap_printf("%s/a/x", temp), *b = heap_printf("%s/b", temp);
        assert_true(files_make_parents(a) && files_replace(a, content, strlen(content)) && files_replace(b, "b", 1));
        free(a);
        free(b);
    } else if (content) {
        assert_true(files_replace(temp, content, strlen(content)));
    }
    j->files[0] = (struct commit_file){.temp = temp, .path = heap_strdup(path), .folder = folder, .keep = keep};
    return j;
}

static void run(struct world *w, struct commit_job *j)
{
    struct committer *c = commit_new(w->out, 2, 4, on_done, w);
    assert_non_null(c);
    commit_push(c, j);
    commit_free(c);
}

static void holds(struct world *w, const char *path, const char *content)
{
    size_t size = 0;
    char *full = heap_printf("%s/%s", w->out, path), *text = files_read(full, &size);
    assert_non_null(text);
    assert_string_equal(text, content);
    free(text);
    free(full);
}

static void temp_is_empty(struct world *w)
{
    size_t n = 1;
    char **names = files_names(w->temp, &n);
    assert_int_equal(n, 0);
    files_free_names(names, n);
}

static void a_file_comes_under_its_name_with_its_folders(void **state)
{
    struct world *w = *state;
    run(w, job(w, "a/b/x.png", "new", false, false));
    holds(w, "a/b/x.png", "new");
    assert_int_equal(w->last_size, 3);
    assert_true(hash_equal(w->last_hash, hash_bytes("new", 3)));
    run(w, job(w, "a/b/x.png", "newer", false, false));
    holds(w, "a/b/x.png", "newer");
    run(w, job(w, "a/b/x.png", "never", false, true));
    holds(w, "a/b/x.png", "newer");
    temp_is_empty(w);
}

static void a_folder_takes_the_place_of_the_old_one(void **state)
{
    struct world *w = *state;
    run(w, job(w, "pages", "one", true, false));
    holds(w, "pages/a/x", "one");
    char *extra = heap_printf("%s/pages/old", w->out);
    assert_true(files_replace(extra, "", 0));
    run(w, job(w, "pages", "two", true, false));
    holds(w, "pages/a/x", "two");
    assert_int_equal(access(extra, F_OK), -1);
    free(extra);
    temp_is_empty(w);
}

static void a_failure_is_told_and_leaves_no_temporary_file(void **state)
{
    struct world *w = *state;
    char *file = heap_printf("%s/f", w->out);
    assert_true(files_replace(file, "", 0));
    run(w, job(w, "f/x.png", "x", false, false));
    assert_int_equal(w->failed, 1);
    assert_int_equal(w->last_error, ENOTDIR);
    temp_is_empty(w);
    run(w, job(w, "gone.png", NULL, false, false));
    assert_int_equal(w->failed, 2);
    assert_int_equal(w->last_error, ENOENT);
    free(file);
}

static void many_jobs_through_a_short_queue_all_arrive(void **state)
{
    struct world *w = *state;
    struct committer *c = commit_new(w->out, 3, 2, on_done, w);
    for (int i = 0; i < 100; i++) {
        char name[32];
        snprintf(name, sizeof name, "d%d/f%d", i % 7, i);
        commit_push(c, job(w, name, name, false, false));
    }
    commit_drain(c);
    assert_int_equal(w->done, 100);
    assert_int_equal(w->failed, 0);
    commit_free(c);
    holds(w, "d1/f99", "d1/f99");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_file_comes_under_its_name_with_its_folders, open_world, close_world),
        cmocka_unit_test_setup_teardown(a_folder_takes_the_place_of_the_old_one, open_world, close_world),
        cmocka_unit_test_setup_teardown(a_failure_is_told_and_leaves_no_temporary_file, open_world, close_world),
        cmocka_unit_test_setup_teardown(many_jobs_through_a_short_queue_all_arrive, open_world, close_world),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
