/* codes.c - from codes to codes. */
#include "codes.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

imp_status en_create(const imp_host *host, const imp_filter *filter, const imp_cell *params,
                     void **instance, imp_error *err) IMP_NX
{
    struct en_instance *self = calloc(1, sizeof *self);
    if (!self)
        return imp_fail(err, IMP_E_MEMORY, "no memory for an instance");
    *self = (struct en_instance){host, params, filter};
    *instance = self;
    return IMP_OK;
}

void en_destroy(void *instance) IMP_NX
{
    free(instance);
}

void en_log(const struct en_instance *self, uint32_t level, const char *fmt, ...)
{
    char text[600];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    if (self->host && self->host->log)
        self->host->log(self->host, level, text);
}

const char *en_label(const imp_job *job, uint32_t first, uint32_t i, char *buf, size_t size)
{
    const char *own = job->labels && job->labels[i] ? job->labels[i] : "";
    uint32_t before = 0, all = 0;
    for (uint32_t k = first; k < job->input_count; k++) {
        const bool same = job->labels && job->labels[k] && strcmp(job->labels[k], own) == 0;
        before += same && k < i;
        all += same;
    }
    if (all > 1)
        snprintf(buf, size, "%s/%u", own, before);
    else
        snprintf(buf, size, "%s", own);
    return buf;
}

/* ---- codes ---- */

static void unpack(const imp_tensor *t, uint64_t n, float *to)
{
    const float *from = t->data;
    for (uint64_t i = 0; i < n; i++) {
        uint64_t rest = i;
        int64_t at = 0;
        for (uint32_t axis = t->ndim; axis-- > 0; rest /= (uint64_t)t->shape[axis])
            at += (int64_t)(rest % (uint64_t)t->shape[axis]) * t->strides[axis];
        to[i] = from[at];
    }
}

imp_status en_code_of(imp_job *job, uint32_t i, int32_t port, struct en_code *code, imp_error *err)
{
    const imp_tensor *t = (const imp_tensor *)(const void *)job->inputs[i];
    const uint32_t batch = t->ndim == 4;
    uint64_t n = 1;
    if (err)
        err->port = port;
    for (uint32_t k = 0; k < t->ndim; k++)
        n *= (uint64_t)t->shape[k];
    if (t->dtype != IMP_F32 || t->ndim < 1 || t->ndim > 4 || !n)
        return imp_fail(err, IMP_E_INPUT,
                        "a code has floats and axes C, C H W or 1 C H W, this has %u axes%s",
                        t->ndim, t->dtype != IMP_F32 ? " and no floats" : "");
    if (batch && t->shape[0] != 1)
        return imp_fail(err, IMP_E_INPUT, "'%s' is a batch of %lld codes, one is wanted",
                        t->name ? t->name : "the tensor", (long long)t->shape[0]);
    if (t->shape[batch] > 1 << 20)
        return imp_fail(err, IMP_E_INPUT, "'%s' has %lld maps, more than a layer can have",
                        t->name ? t->name : "the tensor", (long long)t->shape[batch]);
    *code = (struct en_code){.as = t,
                             .data = t->data,
                             .name = t->name ? t->name : "",
                             .maps = (uint32_t)t->shape[batch]};
    code->places = (size_t)(n / code->maps);
    if (t->strides) {
        float *copy = job->scratch(job, n * sizeof *copy);
        if (!copy)
            return IMP_E_MEMORY;
        unpack(t, n, copy);
        code->data = copy;
    }
    if (err)
        err->port = -1;
    return IMP_OK;
}

/* Names dead maps, as many as a line holds. */
static void log_dead(const struct en_call *c)
{
    char list[300] = "";
    size_t used = 0;
    uint32_t dead = 0;
    for (uint32_t i = 0; i < c->code.maps; i++) {
        if (!en_dead(&c->moments[i]))
            continue;
        dead++;
        if (used + 16 < sizeof list)
            used += (size_t)snprintf(list + used, sizeof list - used, " %u", i);
        else if (used + 5 < sizeof list)
            used += (size_t)snprintf(list + used, sizeof list - used, " ...");
    }
    if (dead)
        en_log(c->self, IMP_LOG_INFO, "%s: '%s': %u of %u maps are dead:%s", c->self->filter->id,
               c->code.name, dead, c->code.maps, list);
}

static imp_status measure(struct en_call *c, struct en_moments *out, const struct en_code *code,
                          imp_error *err)
{
    uint32_t bad = 0;
    const imp_status st = en_measure(code->data, code->maps, code->places, out, &bad, c->job);
    if (st == IMP_E_INPUT)
        return imp_fail(err, st, "map %u of '%s' has a value that is not finite", bad, code->name);
    return st;
}

static imp_status one_code(struct en_call *c, en_rule *rule, imp_error *err)
{
    imp_job *job = c->job;
    const imp_tensor *t = c->code.as;
    const uint64_t n = c->code.maps;
    imp_tensor *out = job->new_tensor(job, IMP_F32, t->ndim, t->shape, t->name);
    c->moments = job->scratch(job, n * sizeof *c->moments);
    c->parts = job->scratch(job, n * sizeof *c->parts);
    c->numbers = job->scratch(job, 4 * n * sizeof *c->numbers);
    if (!out || !c->moments || !c->parts || !c->numbers)
        return IMP_E_MEMORY;
    imp_status st = measure(c, c->moments, &c->code, err);
    if (st != IMP_OK)
        return st;
    log_dead(c);
    st = rule(c, out->data, err);
    if (st == IMP_OK)
        st = en_remap(c->code.data, c->code.maps, c->code.places, c->parts, c->amount, out->data,
                      job);
    return st == IMP_OK || st == EN_MADE ? job->set_output(job, 0, &out->head) : st;
}

imp_status en_each_code(void *instance, imp_job *job, uint32_t first, double amount, en_rule *rule,
                        imp_error *err)
{
    imp_status st = IMP_OK;
    for (uint32_t i = first; i < job->input_count && st == IMP_OK; i++) {
        struct en_call c = {.self = instance, .job = job, .amount = amount};
        st = en_code_of(job, i, (int32_t)first, &c.code, err);
        if (st == IMP_OK)
            st = one_code(&c, rule, err);
    }
    return st;
}

imp_status en_positive(const struct en_call *c, imp_error *err)
{
    for (uint32_t i = 0; i < c->code.maps; i++)
        if (c->moments[i].mean < 0)
            return imp_fail(
                err, IMP_E_INPUT,
                "map %u of '%s' has a negative energy (mean %g): take the layer after its "
                "ReLU",
                i, c->code.name, c->moments[i].mean);
    return IMP_OK;
}

/* ---- the style's energies ---- */

static imp_status style_code(struct en_call *c, uint32_t port, double *mean, double *square,
                             imp_error *err)
{
    struct en_code style;
    imp_status st = en_code_of(c->job, port, (int32_t)port, &style, err);
    if (st != IMP_OK)
        return st;
    if (err)
        err->port = (int32_t)port;
    if (style.maps != c->code.maps)
        return imp_fail(err, IMP_E_INPUT, "the style's code '%s' has %u maps, '%s' has %u",
                        style.name, style.maps, c->code.name, c->code.maps);
    if (style.name[0] && c->code.name[0] && strcmp(style.name, c->code.name) != 0)
        return imp_fail(
            err, IMP_E_INPUT,
            "the style's code is of layer '%s', the content's of '%s'; for several layers "
            "give the style as a table of energy.measure",
            style.name, c->code.name);
    struct en_moments *m = c->job->scratch(c->job, style.maps * sizeof *m);
    if (!m)
        return IMP_E_MEMORY;
    st = measure(c, m, &style, err);
    for (uint32_t i = 0; i < style.maps && st == IMP_OK; i++) {
        mean[i] = m[i].mean;
        if (square)
            square[i] = m[i].square;
    }
    if (err && st == IMP_OK)
        err->port = -1;
    return st;
}

imp_status en_style_of(struct en_call *c, const struct en_style *ports, double *mean,
                       double *square, imp_error *err)
{
    const imp_table *table = (const imp_table *)(const void *)c->job->inputs[ports->table];
    if (!table && !c->job->inputs[ports->code])
        return imp_fail(
            err, IMP_E_INPUT,
            "no style: wire its energies (in.energy = a table of energy.measure) or its "
            "code (in.style)");
    if (!table)
        return style_code(c, ports->code, mean, square, err);
    const int32_t port = (int32_t)ports->table;
    imp_status st = en_table_all(table, port, "mean", c->code.name, c->code.maps, mean, err);
    if (st == IMP_OK && square)
        st = en_table_all(table, port, "rms", c->code.name, c->code.maps, square, err);
    for (uint32_t i = 0; i < c->code.maps && st == IMP_OK && square; i++)
        square[i] *= square[i];
    return st;
}

/* ---- before the run ---- */

void en_plan_table(imp_plan *plan, uint32_t port, const char *words)
{
    const imp_shape *in = port < plan->input_count ? plan->inputs[port] : NULL;
    char why[200];
    if (!in || !in->value || in->value->kind != IMP_TABLE)
        return;
    if (en_table_check((const imp_table *)(const void *)in->value, words, why, sizeof why))
        plan->mistake(plan, -1, (int32_t)port, NULL, why, NULL);
}

void en_plan_style(imp_plan *plan, const struct en_style *ports, const char *words)
{
    if (!plan->inputs[ports->table] && !plan->inputs[ports->code])
        plan->mistake(plan, -1, (int32_t)ports->table, NULL,
                      "no style: wire its energies (in.energy = a table of energy.measure) or its "
                      "code (in.style)",
                      NULL);
    else if (plan->inputs[ports->table] && plan->inputs[ports->code])
        plan->mistake(plan, -1, (int32_t)ports->code, NULL,
                      "the style comes as a table and as a code, one of them is wanted", NULL);
    else
        en_plan_table(plan, ports->table, words);
}

void en_plan_codes(imp_plan *plan, uint32_t first)
{
    if (first < plan->input_count && plan->inputs[first] && plan->outputs[0])
        plan->outputs[0]->bytes = plan->inputs[first]->bytes;
}
