/* model_verb.h - private to `impasto model`: networks opened by whatever plugin runs them. */
#ifndef IMP_MODEL_VERB_H
#define IMP_MODEL_VERB_H
#include <impasto/nn.h>
#include "command.h"

enum { MODEL_AXES = 8 };

/* The services of one plugin; train and edit NULL where it has none. self of each beside it. */
struct networks {
    struct command *c;
    const imp_nn_model_1 *model;
    const imp_nn_train_1 *train;
    const imp_nn_edit_1 *edit;
    void *model_self, *train_self, *edit_self;
    const char *plugin; /* its id */
    int status;         /* how to exit after a failure */
};
/* An open network and its file. */
struct network {
    const struct networks *of;
    imp_nn_model *model;
    const char *path;
    uint32_t count;
};

/* false: reported, n->status says how to exit. */
bool networks_find(struct networks *, struct command *);
/* The name as a path, then on the model path. */
bool network_open(struct networks *, const char *name, struct network *);
void network_close(struct network *);
imp_nn_node network_node(const struct network *, uint32_t i);
const char *network_meta(const struct network *, const char *key); /* NULL: not said */
/* Lines of meta that the program knows; ends with NULL. */
extern const char *const network_keys[];
/* "1 x 3 x H x W"; unknown axes of pictures by letter, others "?". In the arena. */
const char *network_shape(struct arena *, uint32_t ndim, const int64_t *shape);
/* The input's shape with what the graph leaves free filled in: --size, else the model's `size`, else 224
 * to its multiple; 1 for the batch. 0: reported. */
uint32_t network_input(const struct network *, int64_t shape[MODEL_AXES]);

/* The words after `impasto model`; they answer the exit status. command_model_info.c, _diff.c */
int model_info(struct networks *, const char *const *files, size_t n);
int model_diff(struct networks *, const char *a, const char *b);

#endif
