/* impasto.h - the plugin ABI, major 1: all that a filter needs.
 * [control] calls never overlap in the whole process; [worker] one thread at a time per instance;
 * [any] any thread. A pointer is borrowed for the call unless said otherwise. Text is UTF-8.
 * EXTENSIBLE structs start with struct_size, set by their allocator; FROZEN ones never change. */
#ifndef IMP_IMPASTO_H
#define IMP_IMPASTO_H
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#ifdef __cplusplus
extern "C" {
#define IMP_NX noexcept
#define IMP_ASSERT(c) static_assert(c, #c)
#else
#define IMP_NX /* noexcept in C++ */
#define IMP_ASSERT(c) _Static_assert(c, #c)
#endif
#define IMP_EXPORT __attribute__((visibility("default")))
#define IMP_ABI_MAJOR 1
#ifndef IMP_ABI_MINOR
#define IMP_ABI_MINOR 0 /* define it first to see newer members; 0 loads in every 1.x host */
#endif
/* Is member m within a struct of that size? An absent member counts as zero. */
#define IMP_HAS(type, size, m) ((size) >= offsetof(type, m) + sizeof(((type *)0)->m))
/* Initialises three members: table, count, stride. */
#define IMP_LIST(a) (a), (uint32_t)(sizeof(a) / sizeof((a)[0])), (uint32_t)sizeof((a)[0])
/* A function of a service: self first, error last, a status back. */
#define IMP_FN(name, ...) imp_status (*name)(void *self, __VA_ARGS__, imp_error *) IMP_NX

typedef int32_t imp_status;
enum imp_status_code {
    IMP_OK = 0,
    IMP_CANCELLED = 1,  /* the host asked to stop; not a failure */
    IMP_E_FAILED = -1,
    IMP_E_PARAM = -2,   /* error.param says which */
    IMP_E_INPUT = -3,   /* error.port says which; the text says what would do */
    IMP_E_MEMORY = -4, IMP_E_IO = -5, IMP_E_UNSUPPORTED = -6,
    IMP_E_MISSING = -7, /* a service, node or file is not there */
    IMP_E_LIMIT = -8,   /* a limit set by the host */
    IMP_E_INTERNAL = -9 /* a bug */
};
typedef struct imp_error { /* EXTENSIBLE; caller presets, callee fills; may be NULL */
    uint32_t struct_size, text_cap;
    char *text;          /* text_cap bytes, always terminated */
    int32_t param, port; /* -1 = none; param_count + k = line k of OTHERS */
} imp_error;

/* parameters: the host parses them, checks ranges, fills in defaults */
enum imp_type { IMP_BOOL = 1, IMP_INT, IMP_FLOAT, IMP_CHOICE, IMP_TEXT, IMP_PATH, IMP_NUMBERS,
                IMP_NAMES,  /* words: layers, attributes */
                IMP_COLOUR  /* "#c03028", "red", "0.8 0.2 0.2": 3 or 4 numbers, sRGB */ };
enum imp_param_flags {
    IMP_PARAM_REQUIRED = 1,
    /* PATH, a name template below OUT, that process writes: job->params holds a temporary name with
     * the same ending (an empty folder if it ends in /); the host renames it after IMP_OK. */
    IMP_PARAM_WRITTEN = 2,
    IMP_PARAM_MODEL = 4, /* PATH sought on the model path too */
    /* TEXT, last: the section's other keys as "key=value" lines, for plan to check (attributes). */
    IMP_PARAM_OTHERS = 8
};
typedef union imp_cell { /* FROZEN; value of a parameter, cell of a table */
    int64_t i;                                       /* BOOL, INT, CHOICE (its index) */
    double f;                                        /* FLOAT */
    struct { const char *ptr; uint64_t len; } s;     /* TEXT, PATH; terminated too */
    struct { const double *ptr; uint64_t count; } n; /* NUMBERS, COLOUR */
    struct { const char *const *ptr; uint64_t count; } w; /* NAMES */
} imp_cell;
typedef struct imp_param { /* grows by stride */
    const char *key;      /* [a-z][a-z0-9_]*, stable for ever */
    const char *unit, *help;
    const char *choices;  /* CHOICE: "original|single|random" */
    const char *def_text; /* default of all but BOOL, INT, FLOAT */
    uint32_t type, flags;
    double def, min, max; /* BOOL, INT, FLOAT; min == max: no range; one may be infinite */
} imp_param;

/* values on edges: host-owned, reference counted, read-only once set as an output */
enum imp_kind { IMP_IMAGE = 1, IMP_TENSOR, IMP_TABLE, IMP_OBJECT };
typedef struct imp_value { uint32_t struct_size, kind; } imp_value; /* FROZEN head of all four */

enum imp_colour { IMP_SRGB = 1, IMP_LINEAR, IMP_DATA };
typedef struct imp_image { /* EXTENSIBLE; sample (c, y, x) is data[c * plane + y * row + x] */
    imp_value head;
    uint32_t width, height;
    uint32_t channels, colour; /* 1 grey, 3 RGB, 4 RGB + straight alpha; nominal range 0..1 */
    int64_t row, plane;        /* strides in floats, positive; rows may be padded */
    float *data;
} imp_image;

enum imp_dtype { IMP_F32 = 1, IMP_F64, IMP_I32, IMP_I64, IMP_U8 };
typedef struct imp_tensor { /* EXTENSIBLE */
    imp_value head;
    uint32_t dtype, ndim;
    const int64_t *shape;
    const int64_t *strides; /* in elements; NULL = packed, last axis fastest */
    void *data;
    const char *name; /* what it is a value of, "relu2_1"; may be NULL */
} imp_tensor;

typedef struct imp_column { const char *name, *unit; uint32_t type, reserved0; } imp_column; /* FROZEN */
typedef struct imp_table { /* EXTENSIBLE */
    imp_value head;
    uint32_t column_count, reserved0;
    uint64_t row_count;
    const imp_column *columns;
    const imp_cell *cells; /* cells[row * column_count + column] */
} imp_table;

typedef struct imp_object { /* EXTENSIBLE; opaque, a model for instance */
    imp_value head;
    const char *type, *provider; /* "impasto.model/1"; id of the plugin that made it */
    void *object;
} imp_object;

/* MANY: last port of its side; one value or more, in order; of all items when the wire gathers. */
enum imp_port_flags { IMP_PORT_OPTIONAL = 1, IMP_PORT_MANY = 2 };
typedef struct imp_port { /* grows by stride */
    const char *name, *help, *type; /* type: id of an OBJECT */
    uint32_t kind, flags;
    uint32_t channels, colours; /* IMAGE: masks 1u << count, 1u << imp_colour; 0 = any */
} imp_port;

/* the host, seen from a plugin */
typedef struct imp_service { /* FROZEN; filled by acquire */
    const void *table; /* EXTENSIBLE: starts with uint32_t struct_size, reserved0 */
    void *self;        /* first argument of every function in the table */
} imp_service;
#define IMP_HOST_IMAGE_1 "impasto.host.image/1" /* for get_interface: the host's codecs and caps */
enum imp_log { IMP_LOG_DEBUG = 1, IMP_LOG_INFO, IMP_LOG_WARNING, IMP_LOG_ERROR };

typedef struct imp_host imp_host;
struct imp_host { /* EXTENSIBLE; lives until deinit, the one given to create until destroy */
    uint32_t struct_size;
    uint16_t abi_major, abi_minor;
    const char *version; /* for logs, never to test for a feature */
    /* [any] One finished line. */
    void (*log)(const imp_host *, uint32_t level, const char *text) IMP_NX;
    /* [any] An optional table of the host by id and revision; NULL = absent. */
    const void *(*get_interface)(const imp_host *, const char *id) IMP_NX;
    /* [control] A service listed in needs or wants. provider NULL: the one the preset names. */
    imp_status (*acquire)(const imp_host *, const char *id, const char *provider,
                          imp_service *out, imp_error *) IMP_NX;
    void (*release)(const imp_host *, imp_service *) IMP_NX;
};
typedef struct imp_host_image_1 { /* EXTENSIBLE; all [any] */
    uint32_t struct_size, reserved0;
    /* sRGB, upright; channels 0 = the file's. drop gives back images and data. */
    imp_status (*read)(const imp_host *, const char *path, uint32_t channels, imp_image **,
                       imp_error *) IMP_NX;
    imp_status (*encode)(const imp_host *, const imp_image *, const char *ending, void **data,
                         uint64_t *size, imp_error *) IMP_NX;
    void (*drop)(const imp_host *, void *) IMP_NX;
} imp_host_image_1;

typedef struct imp_job imp_job;
struct imp_job { /* EXTENSIBLE; one process() call, for its thread and duration only */
    uint32_t struct_size, input_count, output_count;
    uint32_t max_threads;   /* budget for a library with threads of its own */
    uint64_t max_bytes;     /* budget of memory, 0 = none; more or less of it: the same bytes out */
    uint64_t wanted;        /* bit i: somebody needs output i */
    const imp_cell *params; /* what create got, but for WRITTEN */
    const imp_value *const *inputs; /* of the declared kinds; NULL = port left open */
    const char *const *labels; /* with a MANY input: each input's name (stem, node...); else NULL */
    /* A new value: write it in full, then set_output. NULL = refused; the host keeps the reason. */
    imp_image *(*new_image)(imp_job *, uint32_t width, uint32_t height, uint32_t channels,
                            uint32_t colour) IMP_NX;
    imp_tensor *(*new_tensor)(imp_job *, uint32_t dtype, uint32_t ndim, const int64_t *shape,
                              const char *name) IMP_NX;
    imp_table *(*new_table)(imp_job *, uint32_t column_count, const imp_column *) IMP_NX;
    imp_status (*add_row)(imp_job *, imp_table *, const imp_cell *) IMP_NX; /* copies */
    /* drop [any]: called once, after the last use, or at once if this answers NULL. */
    imp_object *(*new_object)(imp_job *, const char *type, void *object,
                              void (*drop)(void *object) IMP_NX) IMP_NX;
    /* A new value, or an input passed on without a copy. Read-only from here on. MANY: adds one. */
    imp_status (*set_output)(imp_job *, uint32_t port, const imp_value *) IMP_NX;
    /* fraction 0..1, < 0 = unchanged; every 100 ms. IMP_CANCELLED: clean up and return it. */
    imp_status (*progress)(imp_job *, double fraction, const char *phase) IMP_NX;
    /* 64-byte aligned, freed by the host after the call. NULL = over the limit. */
    void *(*scratch)(imp_job *, uint64_t bytes) IMP_NX;
    /* fn(user, 0..n-1) on the host's threads; returns when all are done. fn must not use the job.
     * After a cancel no further i is handed out and the answer is IMP_CANCELLED. */
    imp_status (*parallel)(imp_job *, uint32_t n, void (*fn)(void *user, uint32_t i) IMP_NX,
                           void *user) IMP_NX;
    /* State of long work: written whole to the journal, gone after IMP_OK. kept: what a run killed
     * at the same inputs and parameters left, until process returns; NULL = nothing. */
    imp_status (*keep)(imp_job *, const char *name, const void *data, uint64_t size) IMP_NX;
    const void *(*kept)(imp_job *, const char *name, uint64_t *size) IMP_NX;
    imp_status (*preview)(imp_job *, const imp_image *) IMP_NX; /* how it looks so far; copies */
};

/* the plugin, seen from the host: static data */
enum imp_threads { IMP_SERIAL = 0 /* one call at a time in the whole plugin */,
                   IMP_PARALLEL = 1 /* several instances, each on one thread at a time */ };
enum imp_filter_flags {
    IMP_FILTER_DETERMINISTIC = 1, /* same inputs and params: same bytes */
    IMP_FILTER_EARLY = 2          /* quick, writes nothing: run while planning (loads a model) */
};
typedef struct imp_shape { /* EXTENSIBLE; a value before the run; 0, NULL = unknown */
    uint32_t struct_size, kind;
    uint32_t width, height, channels, colour; /* IMAGE */
    uint64_t bytes;
    const imp_value *value; /* made by an EARLY node */
} imp_shape;
typedef struct imp_plan imp_plan;
struct imp_plan { /* EXTENSIBLE; one plan() call; out: outputs, bytes, macs, as far as known */
    uint32_t struct_size, input_count;
    const imp_shape *const *inputs; /* NULL = port left open */
    imp_shape *const *outputs;
    uint64_t bytes, least_bytes; /* peak beside inputs, outputs; under the least max_bytes that works */
    double macs;                 /* work, roughly */
    /* A mistake, as many as there are: the piece of the parameter's text (NULL: all of it), what
     * would do, and the valid names with blanks between (the host shows the nearest). */
    void (*mistake)(imp_plan *, int32_t param, int32_t port, const char *piece, const char *text,
                    const char *names) IMP_NX;
};
typedef struct imp_filter imp_filter;
struct imp_filter { /* EXTENSIBLE; may head a larger struct of the plugin's, create gets it */
    uint32_t struct_size, flags, threads;
    uint32_t params_version; /* raised when stored values change their meaning */
    const char *id;          /* what presets type, for ever: "org.example.gain"; ours: "blur" */
    const char *summary, *help;
    const imp_param *params;
    uint32_t param_count, param_stride;
    const imp_port *inputs;
    uint32_t input_count, input_stride;
    const imp_port *outputs;
    uint32_t output_count, output_stride;
    /* [control] Optional, both. params: complete, in range, valid until destroy. */
    imp_status (*create)(const imp_host *, const imp_filter *, const imp_cell *params,
                         void **instance, imp_error *) IMP_NX;
    void (*destroy)(void *instance) IMP_NX;
    /* [worker] Sets every output that is not optional; keeps nothing of earlier items. */
    imp_status (*process)(void *instance, imp_job *, imp_error *) IMP_NX;
    /* [control] Optional; before the run, for each size of the inputs: reports what cannot work (a
     * layer that the model lacks), fills in shapes and cost. Computes no pictures. */
    imp_status (*plan)(void *instance, imp_plan *, imp_error *) IMP_NX;
};

typedef struct imp_service_def { /* EXTENSIBLE */
    uint32_t struct_size, reserved0;
    const char *id; /* "impasto.nn.model/1": the revision is part of it */
    const void *table;
    /* [control] Optional: a self for each consumer. */
    imp_status (*open)(const imp_host *, void **self, imp_error *) IMP_NX;
    void (*close)(void *self) IMP_NX;
} imp_service_def;

#define IMP_MAGIC 0x31504d49u /* "IMP1" */
typedef struct imp_plugin {   /* EXTENSIBLE; the first four lines never change */
    uint32_t magic, struct_size;
    uint16_t abi_major, abi_minor; /* of the headers it was compiled with */
    uint32_t abi_minor_required;   /* oldest host minor it can live with */
    const char *id, *version, *licence;
    const imp_filter *const *filters; /* these four end with NULL; NULL = none */
    const imp_service_def *const *provides;
    const char *const *needs, *const *wants; /* service ids it cannot, and can, do without */
    imp_status (*init)(const imp_host *, imp_error *) IMP_NX; /* [control] optional */
    void (*deinit)(void) IMP_NX;                              /* [control] optional */
    /* [any] Optional: tables of the plugin's by id and revision, as get_interface is the host's. */
    const void *(*extension)(const char *id) IMP_NX;
} imp_plugin;
#define IMP_PLUGIN_HEAD IMP_MAGIC, (uint32_t)sizeof(imp_plugin), IMP_ABI_MAJOR, IMP_ABI_MINOR

/* The one exported symbol; answers static data. No allocation, no I/O, no thread. */
IMP_EXPORT const imp_plugin *imp_entry_v1(void) IMP_NX;

IMP_ASSERT(sizeof(void *) == 8 && sizeof(imp_value) == 8 && sizeof(imp_cell) == 16);
IMP_ASSERT(sizeof(imp_column) == 24 && sizeof(imp_service) == 16 && offsetof(imp_plugin, id) == 16);

/* conveniences: compiled into the plugin, not ABI */
__attribute__((format(printf, 3, 4)))
static inline imp_status imp_fail(imp_error *e, imp_status st, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    if (e && e->text && e->text_cap)
        vsnprintf(e->text, e->text_cap, fmt, ap);
    va_end(ap);
    return st;
}
static inline const imp_image *imp_image_in(const imp_job *j, uint32_t port)
{
    return (const imp_image *)(const void *)j->inputs[port];
}
static inline const float *imp_row(const imp_image *m, uint32_t c, uint32_t y)
{
    return m->data + c * m->plane + y * m->row;
}
static inline float *imp_row_out(imp_image *m, uint32_t c, uint32_t y)
{
    return m->data + c * m->plane + y * m->row;
}
#ifdef __cplusplus
}
#endif
#endif
