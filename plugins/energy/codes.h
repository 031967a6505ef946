/* codes.h - what the filters from codes to codes share: each code of a MANY port becomes another of
 * the same shape and name, by a rule. */
#ifndef IMP_EN_CODES_H
#define IMP_EN_CODES_H
#include "energies.h"
#include "energy_filters.h"
#include "reallocate.h"

#define EN_FILTER                                                                                  \
    .struct_size = sizeof(imp_filter), .flags = IMP_FILTER_DETERMINISTIC, .threads = IMP_PARALLEL, \
    .params_version = 1
#define EN_CODES                                                                                   \
    {                                                                                              \
        .name = "codes", .kind = IMP_TENSOR, .flags = IMP_PORT_MANY,                               \
        .help = "Codes of layers, C H W each, of net.encode for instance."                         \
    }
#define EN_CODES_OUT                                                                               \
    {                                                                                              \
        .name = "codes", .kind = IMP_TENSOR, .flags = IMP_PORT_MANY,                               \
        .help = "The same layers, with their energy elsewhere."                                    \
    }
#define EN_AMOUNT                                                                                  \
    {                                                                                              \
        .key = "amount", .type = IMP_FLOAT, .def = 1, .min = 0, .max = 1,                          \
        .help = "How much of the change is kept: 0 leaves the code as it is."                      \
    }

/* create and destroy of filters that log or plan; *instance is this. */
struct en_instance {
    const imp_host *host;
    const imp_cell *params;
    const imp_filter *filter;
};
imp_status en_create(const imp_host *, const imp_filter *, const imp_cell *params, void **instance,
                     imp_error *) IMP_NX;
void en_destroy(void *instance) IMP_NX;
__attribute__((format(printf, 3, 4))) void en_log(const struct en_instance *, uint32_t level,
                                                  const char *fmt, ...);

/* The name of value i of a MANY port that begins at `first`: its label; where others have the same
 * (an atlas' textures), label/0, label/1 in their order. */
const char *en_label(const imp_job *, uint32_t first, uint32_t i, char *buf, size_t size);

/* A layer's code, packed. */
struct en_code {
    const imp_tensor *as;
    const float *data;
    const char *name; /* "" where the tensor has none */
    size_t places;
    uint32_t maps, reserved0;
};
/* Reads input i of the job. IMP_E_INPUT: no floats, a batch of several, empty. */
imp_status en_code_of(imp_job *, uint32_t i, int32_t port, struct en_code *, imp_error *);

/* One code at work. */
struct en_call {
    const struct en_instance *self;
    imp_job *job;
    struct en_code code;
    struct en_moments *moments; /* of its maps */
    struct en_part *parts;      /* to be written: one for each map */
    double *numbers;            /* room for 4 * maps, the rule's */
    double amount;
};
/* Writes the parts. Or makes `out` itself and answers EN_MADE. */
enum { EN_MADE = 100 };
typedef imp_status en_rule(struct en_call *, float *out, imp_error *);
/* The whole of process: every code from input `first` on through the rule. Dead maps are logged. */
imp_status en_each_code(void *instance, imp_job *, uint32_t first, double amount, en_rule *,
                        imp_error *);
/* Energies that are to be shared out must not be negative. */
imp_status en_positive(const struct en_call *, imp_error *);

/* The means, and the mean squares where wanted, of a style for the code's layer, from a table
 * (port) or a code (port) of which one is there. */
struct en_style {
    uint32_t table, code; /* numbers of the ports */
};
imp_status en_style_of(struct en_call *, const struct en_style *, double *mean, double *square,
                       imp_error *);
/* While planning: one of the two must be wired, and a table that is known already must fit. */
void en_plan_style(imp_plan *, const struct en_style *, const char *columns);
void en_plan_table(imp_plan *, uint32_t port, const char *columns);
/* Codes are as large as what came in. */
void en_plan_codes(imp_plan *, uint32_t first);

#endif
