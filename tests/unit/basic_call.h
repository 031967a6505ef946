/* basic_call.h - filters with several inputs: one process() whose results are looked at. */
#ifndef BASIC_CALL_H
#define BASIC_CALL_H
#include "basic_test.h"

/* Inputs end with the count; NULL is an open port. Fails the test on anything but IMP_OK. */
static inline struct mini_result call_labelled(void **state, const char *filter, const char *params,
                                               const imp_value *const *inputs,
                                               const char *const *labels, uint32_t n)
{
    char why[512];
    struct mini_result r;
    struct mini_node *node = mini_node(*state, filter, params, why, sizeof why);
    const struct mini_call c = {.inputs = inputs, .labels = labels, .input_count = n, .threads = 2};
    if (!node)
        print_message("# %s %s: %s\n", filter, params, why);
    assert_non_null(node);
    mini_process(node, &c, &r);
    mini_node_free(node);
    if (r.status != IMP_OK || r.fault[0])
        print_message("# %s %s: %s%s\n", filter, params, r.text, r.fault);
    assert_int_equal(r.status, IMP_OK);
    assert_string_equal(r.fault, "");
    return r;
}

/* Two or three images in, image `port` out, which the caller releases. */
static inline imp_image *combine(void **state, const char *filter, const char *params,
                                 const imp_image *a, const imp_image *b, const imp_image *c)
{
    const imp_value *in[] = {&a->head, &b->head, c ? &c->head : NULL};
    struct mini_result r = call_labelled(state, filter, params, in, NULL, c ? 3 : 2);
    const imp_value *out = mini_retain(&mini_output_image(&r, 0)->head);
    mini_result_free(&r);
    return (imp_image *)(uintptr_t)out;
}

/* What a call that must fail says. */
static inline void refused(void **state, const char *filter, const char *params, const imp_image *a,
                           const imp_image *b, imp_status status, const char *part)
{
    char why[512];
    struct mini_result r;
    const imp_value *in[] = {&a->head, &b->head};
    struct mini_node *node = mini_node(*state, filter, params, why, sizeof why);
    const struct mini_call call = {.inputs = in, .input_count = 2};
    assert_non_null(node);
    mini_process(node, &call, &r);
    if (!strstr(r.text, part))
        print_message("# said: %s\n", r.text);
    assert_int_equal(r.status, status);
    assert_non_null(strstr(r.text, part));
    mini_result_free(&r), mini_node_free(node);
}

/* What plan() says to two images; "" = nothing. */
static inline struct mini_planned planned_two(void **state, const char *filter, const char *params,
                                              uint32_t w, uint32_t h, uint32_t w2, uint32_t h2)
{
    char why[512];
    struct mini_planned p;
    const imp_shape in[] = {
        {.struct_size = sizeof in[0], .kind = IMP_IMAGE, .width = w, .height = h, .channels = 3,
         .colour = IMP_SRGB},
        {.struct_size = sizeof in[0], .kind = IMP_IMAGE, .width = w2, .height = h2, .channels = 3,
         .colour = IMP_SRGB},
    };
    struct mini_node *node = mini_node(*state, filter, params, why, sizeof why);
    assert_non_null(node);
    mini_plan(node, in, 2, &p);
    mini_node_free(node);
    return p;
}
#endif
