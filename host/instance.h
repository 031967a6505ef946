/* instance.h - one filter at work: create, plan, process, destroy, and everything a job offers it.
 * Private to the engine (engine.c, plan.c, spool.c, kept.c, builtin.c) and its tests. */
#ifndef IMP_INSTANCE_H
#define IMP_INSTANCE_H
#include <pthread.h>
#include "crash.h"
#include "engine.h"

/* What all calls of one engine share. */
struct run_env {
    struct codecs *codecs;
    struct registry *registry;
    struct pool *pool;
    struct memory *memory;
    const char *state;      /* folder for kept state; NULL = none */
    const atomic_int *stop; /* may be NULL */
    struct engine_watch watch;
    unsigned threads, jobs;
    bool metadata;
    struct worker *worker;   /* of this process; NULL = it is the host */
    pthread_mutex_t control; /* [control] calls: one at a time in the process */
};

/* The values of one output port: one, or any number where the port is MANY. */
struct values {
    struct value **list; /* each with a reference of ours */
    uint32_t count;
};
void values_release(struct values *);
/* Appends and takes the reference over, also on failure (false: no memory). */
bool values_add(struct values *, struct value *);

struct instance {
    void *handle;
    bool alive;
};
/* IMP_OK also when it is alive already. Fault in err (a text buffer of the caller's). [any]: takes
 * the lock */
imp_status instance_create(struct run_env *, const struct node *, struct instance *, imp_error *);
void instance_destroy(struct run_env *, const struct node *, struct instance *);

/* This thread's record with the node in it. */
struct doing doing_node(const struct node *);

/* One process() call. inputs: one of every port but MANY, then the values of that; NULL = open. */
struct call {
    struct run_env *env;
    const struct node *node;
    struct instance *instance;
    unsigned slot;
    struct value *const *inputs; /* borrowed */
    const char *const *labels;   /* by input; NULL without a MANY port */
    uint32_t input_count;
    const struct written *written;
    size_t written_count;
    struct hash key; /* recipe and picture: names kept state; unknown: nothing is kept */
};
/* outputs: a list for each declared output, empty before. On failure they are empty again, and
 * outcome has status, code, text and node. */
imp_status instance_process(const struct call *, struct values *outputs, struct outcome *);

/* Puts a failure into an outcome: "node 'blur' (a.ini:7): TEXT". A text that starts with a code of
 * its own
 * ("E0702 JPEG ends early") keeps it. param < 0: none. */
__attribute__((format(printf, 6, 7))) void outcome_fail(struct outcome *, imp_status,
                                                        const char *code, const struct node *,
                                                        int32_t param, const char *fmt, ...);

/* The code at the start of a text goes into `code`, which else stays; answers the rest of the text. */
const char *outcome_code(const char *text, char code[8]);

/* ---- for the host's own filters ---- */
struct run_env *job_env(imp_job *);
/* Makes a value known to the job, so that it can be set as an output; takes the reference. */
const imp_value *job_adopt(imp_job *, struct value *);
struct value *job_input(imp_job *, uint32_t i);
const struct call *job_call(imp_job *);

/* ---- convert.c: an image as a port takes it ---- */
enum fit {
    FIT_AS_IT_IS = 0,
    FIT_CONVERTED,
    FIT_LOSES_COLOUR, /* the port takes only grey */
    FIT_NOT_DATA,     /* the port takes colours, the value is data, or the other way round */
};
/* What an image becomes for a port; channels and colour are changed in place. alpha: is it split
 * off? */
enum fit convert_fit(const imp_port *, uint32_t *channels, uint32_t *colour, bool *alpha);
/* A sentence for a fit that cannot be, with its remedy. */
const char *convert_refusal(enum fit);
/* The image itself (retained), a view of it or a new one; NULL: no memory. */
struct value *convert_image(struct run_env *, struct value *, uint32_t channels, uint32_t colour);

/* ---- kept.c: state of long work below STATE/kept/KEY/ ---- */
struct kept;
struct kept *kept_open(const char *state, struct hash key); /* NULL: nothing can be kept */
imp_status kept_save(struct kept *, const char *name, const void *data, uint64_t size);
const void *kept_load(struct kept *, const char *name, uint64_t *size);
void kept_close(struct kept *, bool done); /* done: the files go */

/* ---- spool.c: several values in one file, whole or not there ---- */
/* recipe: what made them; a file of another recipe is not read. */
imp_status spool_write(const char *path, struct hash recipe, const struct values *ports,
                       uint32_t n);
imp_status spool_read(struct memory *, const char *path, struct hash recipe, struct values *ports,
                      uint32_t n);
/* Is there a file of that recipe, as long as it says? */
bool spool_whole(const char *path, struct hash recipe);

/* An error for a callee to fill, its text in a buffer of ours. */
static inline imp_error error_in(char *text, uint32_t size)
{
    text[0] = '\0';
    return (imp_error){
        .struct_size = sizeof(imp_error), .text_cap = size, .text = text, .param = -1, .port = -1};
}

/* The monotonic clock, in seconds. */
double clock_seconds(void);

#endif
