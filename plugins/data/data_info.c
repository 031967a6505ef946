/* data_info.c - what is in a data set. */
#include "info.h"

enum { SAMPLES, COLUMNS, CELL, WHICH };

static const imp_param params[] = {
    {.key = "samples", .type = IMP_INT, .def = 48, .min = 1, .max = 10000,
     .help = "Samples on the sheet."},
    {.key = "columns", .type = IMP_INT, .def = 0, .min = 0, .max = 1000,
     .help = "Samples in a row of it. 0: as many as make it about 4 to 3."},
    {.key = "cell", .unit = "px", .type = IMP_INT, .def = 96, .min = 8, .max = 1024,
     .help = "Long side of a sample on the sheet; small ones are enlarged by a whole number, so that "
             "their pixels show."},
    {.key = "which", .type = IMP_CHOICE, .choices = "spread|first",
     .help = "spread: from the whole data set, evenly; first: those at its beginning."},
};
static const imp_port inputs[] = {
    {.name = "data", .kind = IMP_OBJECT, .type = IMP_DATASET_TYPE, .help = "The data set."},
};
static const imp_port outputs[] = {
    {.name = "table", .kind = IMP_TABLE,
     .help = "Facts, a row each: samples, classes, attributes, channels, drawings."},
    {.name = "sheet", .kind = IMP_IMAGE,
     .help = "Samples with their classes, or their numbers where there are none; drawings beside "
             "them."},
};

static imp_status process(void *instance, imp_job *job, imp_error *err) IMP_NX
{
    const imp_object *object = (const imp_object *)(const void *)job->inputs[0];
    const imp_dataset *data = object->object;
    const imp_cell *p = job->params;
    const struct info_sheet sheet = {.samples = (uint32_t)p[SAMPLES].i,
                                     .columns = (uint32_t)p[COLUMNS].i,
                                     .cell = (uint32_t)p[CELL].i, .first = p[WHICH].i != 0};
    (void)instance;
    if ((data->channels != 1 && data->channels != 3) || !data->count)
        return imp_fail(err, IMP_E_INPUT,
                        "a data set of %llu samples with %u channels; there must be one at least, "
                        "and channels 1 or 3",
                        (unsigned long long)data->count, data->channels);
    imp_status st = job->wanted & 1 ? info_facts(data, job, err) : IMP_OK;
    if (st == IMP_OK && job->wanted & 2)
        st = info_sheet(data, &sheet, job, err);
    return st;
}

const imp_filter filter_data_info = {
    .struct_size = sizeof(imp_filter), .flags = IMP_FILTER_DETERMINISTIC, .threads = IMP_PARALLEL,
    .params_version = 1, .id = "data.info",
    .summary = "What is in a data set: a table of facts and a sheet of samples.",
    .help = "The table has for each class how many samples there are (and their share as mean), for "
            "each attribute how many values are known, their range, mean and deviation, for each "
            "choice how often it is taken, and for each channel the range, mean and deviation of "
            "all samples: the mean and std that a network's preparation wants. The sheet shows "
            "samples: `in = info.sheet`.",
    .params = IMP_LIST(params), .inputs = IMP_LIST(inputs), .outputs = IMP_LIST(outputs),
    .process = process,
};
