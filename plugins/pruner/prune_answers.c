/* prune_answers.c - what the network answers to samples that decided nothing, before and after:
 * read once, at the end. */
#include "pruning.h"
#include <stdlib.h>

/* The class of the largest of each sample's values, the first of equals. */
static imp_status read_answers(const struct pr_pass *p, uint32_t *to, imp_error *err)
{
    const imp_nn_model_1 *models = pr_models(p->s);
    imp_tensor v = {.head = {sizeof v, IMP_TENSOR}};
    const imp_status st =
        models->value(p->s->nn->model.self, p->run, p->net->task.out_node, &v, err);
    if (st != IMP_OK)
        return st;
    const size_t width = p->net->task.out_width;
    for (size_t i = 0; i < p->n; i++) {
        const float *x = (const float *)v.data + i * width;
        uint32_t best = 0;
        for (uint32_t c = 1; c < width; c++)
            best = x[c] > x[best] ? c : best;
        to[i] = best;
    }
    return IMP_OK;
}

static imp_status answers_of(struct pruning *p, const struct pr_net *net, uint32_t *to,
                             imp_error *err)
{
    struct pr_pass pass;
    imp_status st = pr_pass_open(&pass, &p->s, net, p->held, IMP_NN_LEAN, err);
    for (uint64_t first = 0; st == IMP_OK && first < p->held->count; first += pass.n) {
        st = pr_pass_read(&pass, NULL, first, NULL, err);
        if (st == IMP_OK)
            st = pr_pass_forward(&pass, err);
        if (st == IMP_OK)
            st = read_answers(&pass, to + first, err);
        if (st == IMP_OK)
            st = pr_tell(&p->s, "answers to the held samples");
    }
    pr_pass_close(&pass);
    return st;
}

imp_status pr_answer(struct pruning *p, imp_error *err)
{
    const size_t n = p->held ? (size_t)p->held->count : 0;
    if (!n)
        return IMP_OK;
    if (!(p->answers = calloc(n, 2 * sizeof *p->answers)))
        return imp_fail(err, IMP_E_MEMORY, "no memory for %zu answers", n);
    const imp_status st = answers_of(p, &p->s.original, p->answers, err);
    return st == IMP_OK ? answers_of(p, &p->best, p->answers + n, err) : st;
}

imp_table *pr_answers_table(imp_job *job, const struct pruning *p)
{
    static const imp_column columns[] = {{"sample", NULL, IMP_INT, 0},
                                         {"class", NULL, IMP_INT, 0},
                                         {"before", NULL, IMP_INT, 0},
                                         {"after", NULL, IMP_INT, 0}};
    imp_table *t = job->new_table(job, 4, columns);
    const uint64_t n = p->answers ? p->held->count : 0;
    for (uint64_t i = 0; t && i < n; i++) {
        imp_sample s = {.struct_size = sizeof s};
        if (p->held->read(p->held, i, &s, NULL) != IMP_OK)
            return NULL;
        const imp_cell cells[4] = {
            {.i = (int64_t)i}, {.i = s.label}, {.i = p->answers[i]}, {.i = p->answers[n + i]}};
        if (job->add_row(job, t, cells) != IMP_OK)
            return NULL;
    }
    return t;
}
