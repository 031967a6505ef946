/* instance.c - the life of an instance, and one process() call from inputs as they come to outputs
 * that are checked. */
#include "instance.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "crash.h"
#include "job.h"

/* ---- failures ---- */

/* "E0702 ..." or "E0702: ...". */
const char *outcome_code(const char *text, char code[8])
{
    if ((text[0] != 'E') || strspn(text + 1, "0123456789") != 4 ||
        (text[5] != ' ' && text[5] != ':'))
        return text;
    memcpy(code, text, 5);
    code[5] = '\0';
    text += 5;
    return text + strspn(text, ": ");
}

void outcome_fail(struct outcome *o, imp_status st, const char *code, const struct node *node,
                  int32_t param, const char *fmt, ...)
{
    char text[sizeof o->text];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    o->status = st;
    o->node = node ? node->index : UINT32_MAX;
    snprintf(o->code, sizeof o->code, "%s", code);
    const char *rest = outcome_code(text, o->code);
    if (!node) {
        snprintf(o->text, sizeof o->text, "%s", rest);
        return;
    }
    const struct place *at = &node->at;
    if (param >= 0 && (uint32_t)param < node->filter->desc.param_count && node->param_at &&
        node->param_at[param].file)
        at = &node->param_at[param];
    if (at->file)
        snprintf(o->text, sizeof o->text, "node '%s' (%s:%d): %.*s", node->name, at->file, at->line,
                 400, rest);
    else
        snprintf(o->text, sizeof o->text, "node '%s': %.*s", node->name, 440, rest);
}

/* ---- create and destroy ---- */

struct doing doing_node(const struct node *node)
{
    struct doing d = crash_now();
    d.plugin = node->filter->plugin ? node->filter->plugin->id : "of the host itself";
    d.filter = node->filter->desc.id;
    d.node = node->name;
    d.file = node->at.file;
    d.line = node->at.line;
    return d;
}

imp_status instance_create(struct run_env *env, const struct node *node, struct instance *it,
                           imp_error *err)
{
    const struct filter_info *info = node->filter;
    imp_status st = IMP_OK;
    const struct doing d = doing_node(node), *was = crash_doing(&d);
    pthread_mutex_lock(&env->control);
    if (!it->alive && info->desc.create) {
        fenv_t before;
        fegetenv(&before);
        const imp_host *host =
            env->registry ? registry_host(env->registry, node->name, node->provider) : NULL;
        const imp_filter *real = info->real ? info->real : &info->desc;
        st = info->desc.create(host, real, node->params, &it->handle, err);
        if (fp_restore(&before) && !st && info->desc.destroy) {
            info->desc.destroy(it->handle);
            st = imp_fail(err, IMP_E_INTERNAL,
                          "a fault of the plugin: create changed the floating-point mode");
        }
    }
    it->alive = it->alive || !st;
    pthread_mutex_unlock(&env->control);
    crash_doing(was);
    return st;
}

void instance_destroy(struct run_env *env, const struct node *node, struct instance *it)
{
    if (!it->alive)
        return;
    const struct doing d = doing_node(node), *before = crash_doing(&d);
    pthread_mutex_lock(&env->control);
    if (node->filter->desc.destroy)
        node->filter->desc.destroy(it->handle);
    *it = (struct instance){0};
    pthread_mutex_unlock(&env->control);
    crash_doing(before);
}

/* ---- inputs ---- */

static const imp_port *port_of_input(const imp_filter *desc, uint32_t i)
{
    return &desc->inputs[i < desc->input_count ? i : desc->input_count - 1];
}

/* The first image that had its alpha split off gives it back to the outputs. */
static bool fit_image(struct job *j, uint32_t i, struct outcome *o)
{
    const struct call *call = j->call;
    struct value *v = call->inputs[i];
    const imp_port *port = port_of_input(&call->node->filter->desc, i);
    uint32_t channels = v->as.image.channels, colour = v->as.image.colour;
    bool alpha;
    const enum fit fit = convert_fit(port, &channels, &colour, &alpha);
    if (fit > FIT_CONVERTED) {
        outcome_fail(o, IMP_E_INPUT, "E0305", call->node, -1, "input '%s': %s", port->name,
                     convert_refusal(fit));
        return false;
    }
    j->inputs[i] = convert_image(call->env, v, channels, colour);
    if (!j->inputs[i])
        outcome_fail(o, IMP_E_LIMIT, "E0502", call->node, -1,
                     "no memory left to convert input '%s'", port->name);
    if (alpha && !j->alpha && !(port->flags & IMP_PORT_MANY))
        j->alpha = v;
    return j->inputs[i] != NULL;
}

static bool fit_inputs(struct job *j, struct outcome *o)
{
    const struct call *call = j->call;
    for (uint32_t i = 0; i < call->input_count; i++) {
        struct value *v = call->inputs[i];
        if (v && v->as.head.kind == IMP_IMAGE) {
            if (!fit_image(j, i, o))
                return false;
        } else {
            j->inputs[i] = value_retain(v);
        }
    }
    return true;
}

/* The parameters, with temporary names in place of templates. */
static bool fill_params(const struct call *call, imp_cell *params, struct outcome *o)
{
    const imp_filter *desc = &call->node->filter->desc;
    if (desc->param_count)
        memcpy(params, call->node->params, desc->param_count * sizeof *params);
    for (uint32_t i = 0; i < desc->param_count; i++) {
        if (!(desc->params[i].flags & IMP_PARAM_WRITTEN) || !params[i].s.len)
            continue;
        const struct written *w = NULL;
        for (size_t k = 0; k < call->written_count && !w; k++)
            if (call->written[k].node == call->node->index && call->written[k].param == i)
                w = &call->written[k];
        if (!w) {
            outcome_fail(o, IMP_E_INTERNAL, "E0609", call->node, (int32_t)i,
                         "nobody said where to write '%s'", desc->params[i].key);
            return false;
        }
        params[i].s.ptr = w->temp;
        params[i].s.len = strlen(w->temp);
    }
    return true;
}

/* ---- outputs ---- */

static bool check_finite(const struct job *j, const struct value *v, const imp_port *port,
                         struct outcome *o)
{
    bool new_one = false;
    for (uint32_t i = 0; i < j->made.count; i++)
        new_one = new_one || j->made.list[i] == v;
    if (!new_one || value_finite(v))
        return true;
    outcome_fail(o, IMP_E_FAILED, "E0604", j->call->node, -1,
                 "output '%s' has NaN or infinity in it; look at its parameters (a smaller rate, a "
                 "larger radius), "
                 "or at the plugin",
                 port->name);
    return false;
}

static bool check_outputs(struct job *j, struct outcome *o)
{
    const imp_filter *desc = &j->call->node->filter->desc;
    for (uint32_t p = 0; p < desc->output_count; p++) {
        const imp_port *port = &desc->outputs[p];
        const bool wanted = p >= 64 || (j->call->node->wanted >> p & 1);
        if (!j->outputs[p].count && wanted && !(port->flags & IMP_PORT_OPTIONAL)) {
            outcome_fail(o, IMP_E_INTERNAL, "E0602", j->call->node, -1,
                         "a fault of the plugin: process answered OK without setting output '%s'",
                         port->name);
            return false;
        }
        for (uint32_t i = 0; i < j->outputs[p].count; i++)
            if (!check_finite(j, j->outputs[p].list[i], port, o))
                return false;
    }
    return true;
}

/* New 3-channel images of the size of an input that had alpha: the plane is there already (job.c).
 */
static void put_alpha_back(struct job *j)
{
    for (uint32_t k = 0; k < j->made.count; k++) {
        imp_image *m = &j->made.list[k]->as.image;
        if (!j->alpha || m->head.kind != IMP_IMAGE || m->channels != 3 ||
            j->made.list[k]->bytes < 4 * (size_t)m->plane * sizeof(float))
            continue;
        const imp_image *from = &j->alpha->as.image;
        m->channels = 4;
        for (uint32_t y = 0; y < m->height; y++)
            memcpy(imp_row_out(m, 3, y), imp_row(from, 3, y), m->width * sizeof(float));
    }
}

static void lend_meta(struct job *j)
{
    struct meta *meta = NULL;
    for (uint32_t i = 0; i < j->call->input_count && !meta; i++)
        meta = j->call->inputs[i] ? j->call->inputs[i]->meta : NULL;
    for (uint32_t k = 0; k < j->made.count && meta; k++)
        if (!j->made.list[k]->meta)
            j->made.list[k]->meta = meta_retain(meta);
}

/* ---- the call ---- */

/* What process answered, with its own words or the host's. */
static void judge(struct job *j, imp_status st, const imp_error *err, struct outcome *o)
{
    const struct node *node = j->call->node;
    const struct run_env *env = j->call->env;
    if (st == IMP_CANCELLED || (st && env->stop && atomic_load(env->stop))) {
        o->status = IMP_CANCELLED;
        return;
    }
    if (st > IMP_OK || st < IMP_E_INTERNAL) {
        outcome_fail(o, IMP_E_INTERNAL, "E0602", node, -1,
                     "a fault of the plugin: process answered %d, which is no status", (int)st);
        return;
    }
    const bool host_said =
        j->reason[0] && (st == IMP_E_MEMORY || st == j->refusal || !err->text[0]);
    const char *text = host_said      ? j->reason
                       : err->text[0] ? err->text
                                      : "it failed without saying why";
    if (host_said)
        st = j->refusal;
    const char *code = st == IMP_E_LIMIT || st == IMP_E_MEMORY ? "E0502"
                       : host_said && st == IMP_E_INTERNAL     ? "E0602"
                       : st == IMP_E_INPUT                     ? "E0603"
                                                               : "E0601";
    const imp_filter *desc = &node->filter->desc;
    if (err->port >= 0 && (uint32_t)err->port < desc->input_count)
        outcome_fail(o, st, code, node, -1, "input '%s': %s", desc->inputs[err->port].name, text);
    else
        outcome_fail(o, st, code, node, err->param, "%s%s",
                     host_said && st == IMP_E_INTERNAL ? "a fault of the plugin: " : "", text);
}

static imp_status call_process(struct job *j, imp_error *err)
{
    const struct filter_info *info = j->call->node->filter;
    pthread_mutex_t *serial =
        info->desc.threads == IMP_PARALLEL || !info->plugin ? NULL : info->plugin->serial_lock;
    if (serial)
        pthread_mutex_lock(serial);
    j->doing = doing_node(j->call->node);
    const struct doing *before = crash_doing(&j->doing);
    fegetenv(&j->fp);
    const imp_status st = info->desc.process(j->call->instance->handle, &j->api, err);
    crash_doing(before);
    if (fp_restore(&j->fp))
        atomic_store(&j->fp_changed, 1);
    if (serial)
        pthread_mutex_unlock(serial);
    return st;
}

static void run(struct job *j, struct outcome *o)
{
    char text[400] = "";
    imp_error err = error_in(text, sizeof text);
    const imp_status st = call_process(j, &err);
    text[sizeof text - 1] = '\0';
    if (st != IMP_OK)
        judge(j, st, &err, o);
    else if (atomic_load(&j->fp_changed))
        outcome_fail(o, IMP_E_INTERNAL, "E0602", j->call->node, -1,
                     "a fault of the plugin: process changed the floating-point mode");
    else if (check_outputs(j, o)) {
        put_alpha_back(j);
        lend_meta(j);
    }
}

imp_status instance_process(const struct call *call, struct values *outputs, struct outcome *o)
{
    const imp_filter *desc = &call->node->filter->desc;
    struct job *j = heap_alloc(1, sizeof *j);
    imp_cell *params = heap_alloc(desc->param_count + (size_t)1, sizeof *params);
    j->inputs = heap_alloc(call->input_count + (size_t)1, sizeof *j->inputs);
    j->outputs = outputs;
    job_init(j, call);
    o->status = IMP_OK;
    if (fill_params(call, params, o) && fit_inputs(j, o)) {
        const imp_value **heads = heap_alloc(call->input_count + (size_t)1, sizeof *heads);
        for (uint32_t i = 0; i < call->input_count; i++)
            heads[i] = j->inputs[i] ? &j->inputs[i]->as.head : NULL;
        j->api.params = params;
        j->api.inputs = heads;
        run(j, o);
        free(heads);
    }
    for (uint32_t i = 0; i < call->input_count; i++)
        value_release(j->inputs[i]);
    for (uint32_t p = 0; o->status && p < desc->output_count; p++)
        values_release(&outputs[p]);
    job_fini(j, o->status == IMP_OK);
    free(j->inputs);
    free(params);
    free(j);
    return o->status;
}
