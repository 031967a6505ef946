/* services.h - the four tables that the runtime provides, for its own filters too. self is NULL. */
#ifndef IMP_RT_SERVICES_H
#define IMP_RT_SERVICES_H
#include <impasto/nn.h>

extern const imp_nn_model_1 rt_model_table;
extern const imp_nn_grad_1 rt_grad_table;
extern const imp_nn_train_1 rt_train_table;
extern const imp_nn_edit_1 rt_edit_table;

#endif
