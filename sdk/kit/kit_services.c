/* kit_services.c - what a filter takes from its host: services of networks, data sets of its
 * inputs. */
#include <impasto/kit_train.h>

enum { PARTS = 4 };

/* Service i of nn, in the order of the bits. */
static imp_service *part(kit_nn *nn, int i)
{
    imp_service *const all[PARTS] = {&nn->model, &nn->grad, &nn->train, &nn->edit};
    return all[i];
}

void kit_nn_close(kit_nn *nn, const imp_host *host)
{
    for (int i = PARTS; i-- > 0;) {
        if (part(nn, i)->table)
            host->release(host, part(nn, i));
        *part(nn, i) = (imp_service){NULL, NULL};
    }
}

imp_status kit_nn_open(kit_nn *nn, const imp_host *host, uint32_t needs, uint32_t wants,
                       imp_error *err)
{
    static const char *const ids[PARTS] = {IMP_NN_MODEL_1, IMP_NN_GRAD_1, IMP_NN_TRAIN_1,
                                           IMP_NN_EDIT_1};
    *nn = (kit_nn){.model = {NULL, NULL}};
    for (int i = 0; i < PARTS; i++) {
        const uint32_t bit = 1u << i;
        if (!((needs | wants) & bit))
            continue;
        const imp_status st =
            host->acquire(host, ids[i], NULL, part(nn, i), needs & bit ? err : NULL);
        if (st == IMP_OK)
            continue;
        *part(nn, i) = (imp_service){NULL, NULL};
        if (needs & bit) {
            kit_nn_close(nn, host);
            return st;
        }
    }
    return IMP_OK;
}

const imp_dataset *kit_dataset_of(const imp_value *value)
{
    return value && value->kind == IMP_OBJECT ? ((const imp_object *)(const void *)value)->object
                                              : NULL;
}

const imp_dataset *kit_dataset_planned(const imp_plan *plan, uint32_t port)
{
    const imp_shape *in = port < plan->input_count ? plan->inputs[port] : NULL;
    return in ? kit_dataset_of(in->value) : NULL;
}
