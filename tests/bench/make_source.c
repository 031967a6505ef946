/* make_source.c - the small host of sdk/check makes the pictures. */
#include "make_source.h"
#include "minihost.h"
#include <stdio.h>
#include <string.h>
#include <time.h>

static double now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

const char *source_choices(const struct mini *mini, const char *filter, const char *key)
{
    const imp_filter *f = mini_filter(mini, filter);
    for (uint32_t i = 0; f && i < f->param_count; i++) {
        const imp_param p = mini_param_row(f, i);
        if (!strcmp(p.key, key))
            return p.choices;
    }
    return NULL;
}

bool source_word(const char *choices, int i, char *word, size_t size)
{
    for (; choices && i > 0; i--) {
        choices = strchr(choices, '|');
        choices = choices ? choices + 1 : NULL;
    }
    if (!choices)
        return false;
    snprintf(word, size, "%.*s", (int)strcspn(choices, "|"), choices);
    return true;
}

imp_image *source_make(struct mini *mini, const char *filter, const char *params, double *ms)
{
    char why[512] = "";
    struct mini_result r;
    struct mini_node *node = mini_node(mini, filter, params, why, sizeof why);
    const struct mini_call call = {.threads = 2};
    imp_image *out = NULL;
    if (!node) {
        fprintf(stderr, "%s %s: %s\n", filter, params, why);
        return NULL;
    }
    const double start = now_ms();
    mini_process(node, &call, &r);
    if (ms)
        *ms = now_ms() - start;
    if (r.status == IMP_OK && mini_output_image(&r, 0))
        out = (imp_image *)(uintptr_t)mini_retain(&mini_output_image(&r, 0)->head);
    else
        fprintf(stderr, "%s %s: %s\n", filter, params, r.text);
    mini_result_free(&r);
    mini_node_free(node);
    return out;
}
