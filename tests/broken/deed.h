/* deed.h - a filter that passes its picture on if deed(how) answers 0 or more, and tells errno if not. */
#ifndef IMP_DEED_H
#define IMP_DEED_H
static imp_status process(void *instance, imp_job *job, imp_error *err) IMP_NX
{
    (void)instance;
    if (deed(job->params[0].i) < 0)
        return imp_fail(err, IMP_E_FAILED, "refused: %s", strerror(errno));
    return job->set_output(job, 0, job->inputs[0]);
}
#define FACTOR {.key = "how", .type = IMP_INT, .def = 1, .max = 8, .help = HOW}
#define PROCESS process
#define FILTER_ID "org.example.deed"
#define PLUGIN_ID "org.example.deed"
#include "broken.h"
#endif
