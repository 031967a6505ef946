/* test_isolate.c - what isolation stands on: regions that processes share, messages, values in
 * them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <impasto/kit.h>
#include "isolate_private.h"

/* ---- regions ---- */

static void places_do_not_overlap_and_come_back(void **state)
{
    (void)state;
    struct region *r = region_new(NULL);
    uint64_t at[64];
    assert_non_null(r);
    for (int i = 0; i < 64; i++) {
        at[i] = region_take(r, (size_t)(1 + i * 997));
        assert_true(at[i] != UINT64_MAX && at[i] % 4096 == 0);
        assert_true(region_size_at(r, at[i]) > (size_t)(i * 997));
        memset(region_address(r, at[i]), i, (size_t)(1 + i * 997));
    }
    for (int i = 0; i < 64; i++)
        for (int k = 0; k < 1 + i * 997; k++)
            assert_int_equal(((unsigned char *)region_address(r, at[i]))[k], i);
    for (int i = 0; i < 64; i++) /* every other one, then the rest: all free again */
        region_give(r, at[(i * 2 + (i >= 32)) % 64]);
    assert_int_equal(region_size_at(r, at[5]), 0);
    const uint64_t first = region_take(r, 1 << 20);
    assert_int_equal(first, 0);
    region_give(r, first);
    region_give(r, first); /* twice does nothing */
    region_give(r, 12345);
    region_free(r);
}

static void what_is_handed_out_counts_against_the_budget(void **state)
{
    (void)state;
    struct memory *m = memory_new(1 << 20);
    struct region *r = region_new(m);
    const uint64_t half = region_take(r, 1 << 19);
    assert_true(half != UINT64_MAX);
    assert_true(memory_used(m) >= 1 << 19);
    assert_true(region_take(r, 1 << 19) == UINT64_MAX);
    assert_null(value_image(region_memory(r), 1000, 1000, 3, IMP_SRGB));
    assert_true(memory_refused(region_memory(r), 1 << 20));
    region_give(r, half);
    assert_int_equal(memory_used(m), 0);
    struct value *v = value_image(region_memory(r), 100, 100, 3, IMP_SRGB);
    assert_non_null(v);
    assert_true(region_place(r, v->as.image.data) != UINT64_MAX);
    value_release(v);
    assert_int_equal(memory_used(m), 0);
    assert_true(region_take(r, SIZE_MAX / 2) == UINT64_MAX);
    region_free(r);
    memory_free(m);
}

static void another_process_writes_where_it_may(void **state)
{
    (void)state;
    struct region *r = region_new(NULL), *only = region_new(NULL);
    char *p = region_address(r, region_take(r, 100)),
         *q = region_address(only, region_take(only, 100));
    int status;
    strcpy(q, "before");
    const pid_t pid = fork();
    if (!pid) {
        signal(SIGSEGV, SIG_DFL); /* cmocka's handler would go on with the next test */
        strcpy(p, "from there");
        region_protect(only, region_reader(only));
        if (!mprotect(region_address(only, 0), 4096, PROT_READ | PROT_WRITE))
            _exit(0); /* it is for good */
        q[0] = 'x'; /* ends here */
        _exit(0);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFSIGNALED(status) || WEXITSTATUS(status) != 0); /* sanitizers exit */
    assert_string_equal(p, "from there");
    assert_string_equal(q, "before");
    region_free(r);
    region_free(only);
}

/* ---- messages ---- */

static void pieces_go_and_come(void **state)
{
    (void)state;
    struct channel a, b;
    struct text body = {0};
    struct mail m;
    int fd, pipe_fd[2];
    char c = 0;
    size_t n;
    assert_true(channel_pair(&a, &fd) && channel_open(&b, fd));
    assert_int_equal(channel_receive(&b, 0, 100, &m), 0);
    pack_u64(&body, UINT64_MAX);
    pack_i64(&body, -5);
    pack_f64(&body, 0.1);
    pack_text(&body, "");
    pack_text(&body, NULL);
    pack_text(&body, "t\xc3\xb6n");
    pack_bytes(&body, "a\0b", 3);
    assert_int_equal(pipe(pipe_fd), 0);
    assert_true(channel_send(&a, 7, &body, "rest", 4, pipe_fd[1]));
    assert_int_equal(channel_receive(&b, -1, 1000, &m), 1);
    assert_int_equal(m.type, 7);
    assert_true(unpack_u64(&m) == UINT64_MAX);
    assert_int_equal(unpack_i64(&m), -5);
    assert_true(!(unpack_f64(&m) < 0.1));
    assert_string_equal(unpack_text(&m), "");
    assert_null(unpack_text(&m));
    assert_string_equal(unpack_text(&m), "t\xc3\xb6n");
    assert_memory_equal(unpack_bytes(&m, &n), "a\0b", 3);
    assert_memory_equal(unpack_rest(&m, &n), "rest", 4);
    assert_false(m.bad);
    assert_int_equal(unpack_u64(&m), 0); /* there is no more */
    assert_true(m.bad);
    assert_int_equal(write(m.fd, "x", 1), 1);
    assert_int_equal(read(pipe_fd[0], &c, 1), 1);
    mail_free(&m);
    assert_true(channel_send(&a, 1, &body, NULL, 0, -1));
    assert_int_equal(channel_receive(&b, -1, 10, &m), -1); /* larger than allowed */
    channel_close(&a);
    assert_int_equal(channel_receive(&b, -1, 10, &m), -1);
    assert_false(channel_send(&b, 1, NULL, NULL, 0, -1));
    channel_close(&b);
    text_free(&body);
    close(pipe_fd[0]);
    close(pipe_fd[1]);
}

/* A number that is not that of one's child, whatever a process that was taken over says, is never killed: -1 would be
 * everything of the user's, and so would what becomes -1 when it is cut. */
static void only_children_are_children(void **state)
{
    int line[2];
    char c;
    (void)state;
    assert_int_equal(pipe(line), 0);
    const pid_t child = fork();
    if (!child) {
        close(line[1]);
        _exit(read(line[0], &c, 1) != 0);
    }
    assert_true(isolate_is_child(child, getpid()));
    assert_false(isolate_is_child(child, getppid()));
    assert_false(isolate_is_child(getpid(), getpid()));
    static const int64_t wrong[] = {0, 1, -1, -2, UINT32_MAX, INT64_C(1) << 32, INT64_MIN, INT64_MAX};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        assert_false(isolate_is_child(wrong[i], getpid()));
    assert_false(isolate_is_child((int64_t)child + (INT64_C(1) << 32), getpid()));
    close(line[0]), close(line[1]);
    siginfo_t info;
    assert_int_equal(waitid(P_PID, (id_t)child, &info, WEXITED | WNOWAIT), 0);
    assert_true(isolate_is_child(child, getpid())); /* ended, not yet buried */
    assert_int_equal(waitpid(child, NULL, 0), child);
    assert_false(isolate_is_child(child, getpid()));
}

static void a_message_cut_anywhere_is_bad_not_a_crash(void **state)
{
    (void)state;
    struct text body = {0};
    pack_text(&body, "a text");
    pack_u64(&body, 3);
    pack_bytes(&body, "abc", 3);
    for (size_t cut = 0; cut < body.size; cut++) {
        char *copy = malloc(cut + 1);
        size_t n;
        memcpy(copy, body.data, cut);
        copy[cut] = '\0';
        struct mail m = {.data = copy, .size = cut, .fd = -1};
        unpack_text(&m);
        unpack_u64(&m);
        unpack_bytes(&m, &n);
        assert_true(m.bad);
        mail_free(&m);
    }
    text_free(&body);
}

/* ---- values ---- */

static struct mail as_mail(struct text *t)
{
    struct mail m = {.data = t->data, .size = t->size, .fd = -1};
    *t = (struct text){0};
    return m;
}

static void values_are_found_again_where_they_lie(void **state)
{
    (void)state;
    struct region *r = region_new(NULL);
    struct region *const regions[2] = {r, r};
    struct value *image = value_image(region_memory(r), 37, 5, 4, IMP_LINEAR);
    struct value *tensor = value_tensor(region_memory(r), IMP_F32, 2, (int64_t[]){3, 0}, "relu1_1");
    struct value *planes = value_planes(image, 1, 3), *v;
    struct text t = {0};
    uint64_t region, at;
    imp_row_out(&image->as.image, 3, 4)[36] = 0.25f;
    struct value *const list[] = {image, tensor, planes};
    for (size_t i = 0; i < 3; i++) {
        assert_true(ferry_place(list[i], regions, &region, &at));
        ferry_put_at(&t, list[i], region, at);
        struct mail m = as_mail(&t);
        const uint64_t kind = unpack_u64(&m);
        v = ferry_get_at(&m, kind, regions, NULL, &at);
        assert_non_null(v);
        assert_true(hash_equal(value_hash(v), value_hash(list[i])));
        if (kind == FERRY_IMAGE)
            v->as.image.data = NULL;
        else
            v->as.tensor.data = NULL;
        value_release(v);
        mail_free(&m);
    }
    struct value *copy = ferry_copy(planes, NULL);
    assert_true(hash_equal(value_hash(copy), value_hash(planes)));
    assert_false(ferry_place(copy, regions, &region, &at));
    value_release(copy);
    value_release(planes);
    value_release(tensor);
    value_release(image);
    region_free(r);
}

/* Whatever a worker that went mad says, the host only answers NULL. */
/* Pictures of no size, of two channels, of no colour. */
static void pictures_that_cannot_be_are_no_values(void **state)
{
    static const struct {
        uint64_t width, height, channels, colour;
        bool fine;
    } all[] = {{4, 4, 3, IMP_SRGB, true},  {4, 4, 1, IMP_DATA, true}, {0, 4, 3, IMP_SRGB, false},
               {4, 0, 3, IMP_SRGB, false}, {4, 4, 0, IMP_SRGB, false}, {4, 4, 2, IMP_SRGB, false},
               {4, 4, 5, IMP_SRGB, false}, {4, 4, 3, 0, false},        {4, 4, 3, IMP_DATA + 1, false}};
    struct region *r = region_new(NULL);
    struct region *const regions[2] = {NULL, r};
    (void)state;
    assert_non_null(r);
    const uint64_t place = region_take(r, 4096);
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        struct text body = {0};
        uint64_t at;
        pack_u64(&body, 1);
        pack_u64(&body, place);
        pack_u64(&body, all[i].width), pack_u64(&body, all[i].height);
        pack_u64(&body, all[i].channels), pack_u64(&body, all[i].colour);
        pack_i64(&body, 4), pack_i64(&body, 16);
        struct mail m = as_mail(&body);
        struct value *v = ferry_get_at(&m, FERRY_IMAGE, regions, NULL, &at);
        if (all[i].fine != (v != NULL))
            fail_msg("case %zu", i);
        if (v)
            v->as.image.data = NULL;
        value_release(v);
        mail_free(&m);
    }
    region_free(r);
}

static void nonsense_is_no_value(void **state)
{
    (void)state;
    struct region *r = region_new(NULL);
    struct region *const regions[2] = {NULL, r};
    uint64_t next = 0, made = 0, at;
    for (int round = 0; round < 20000; round++) {
        struct text t = {0};
        pack_u64(&t, round % 7 ? 1 : kit_random(1, 0, next++) % 3);
        for (int i = 0; i < 8; i++) {
            const uint64_t x = kit_random(1, 0, next++);
            pack_u64(&t, x % 5 == 0 ? x : x % 3 == 0 ? x % 8 * 64 : x % 5);
        }
        struct mail m = as_mail(&t);
        struct value *v =
            ferry_get_at(&m, round % 2 ? FERRY_IMAGE : FERRY_TENSOR, regions, NULL, &at);
        if (v) {
            const char *data =
                v->as.head.kind == IMP_IMAGE ? (char *)v->as.image.data : v->as.tensor.data;
            made++;
            assert_true(region_place(r, data) != UINT64_MAX);
            assert_true(v->bytes <= region_room(r, region_place(r, data)));
            if (v->as.head.kind == IMP_IMAGE)
                v->as.image.data = NULL;
            else
                v->as.tensor.data = NULL;
            value_release(v);
        }
        value_release(value_unpack_table(m.data, m.size));
        mail_free(&m);
    }
    assert_true(made > 10); /* some do make sense */
    region_free(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(places_do_not_overlap_and_come_back),
        cmocka_unit_test(what_is_handed_out_counts_against_the_budget),
        cmocka_unit_test(another_process_writes_where_it_may),
        cmocka_unit_test(pieces_go_and_come),
        cmocka_unit_test(only_children_are_children),
        cmocka_unit_test(a_message_cut_anywhere_is_bad_not_a_crash),
        cmocka_unit_test(values_are_found_again_where_they_lie),
        cmocka_unit_test(pictures_that_cannot_be_are_no_values),
        cmocka_unit_test(nonsense_is_no_value),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
