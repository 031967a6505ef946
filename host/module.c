/* module.c - opens one plugin file. */
#include "module.h"
#include <dlfcn.h>
#include <fenv.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "crash.h"

const char *module_base(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

unsigned module_fp_mode(void)
{
#if defined(__x86_64__)
    return __builtin_ia32_stmxcsr() & ~0x3fu; /* the low six bits are flags of what happened */
#elif defined(__aarch64__)
    unsigned long fpcr;
    __asm__ volatile("mrs %0, fpcr" : "=r"(fpcr));
    return (unsigned)fpcr;
#else
    return (unsigned)fegetround();
#endif
}

/* Answers whether the mode had been changed, and puts it right. */
static bool put_right(const fenv_t *before, unsigned mode)
{
    const bool changed = module_fp_mode() != mode;
    if (changed)
        fesetenv(before);
    return changed;
}

const char *module_distrust(struct arena *a, const char *path, const struct stat *st)
{
    const char *kind = S_ISDIR(st->st_mode) ? "folder" : "file";
    if (st->st_mode & S_IWOTH)
        return arena_printf(a, "%s: every user may write to this %s: run `chmod o-w '%s'`, or --insecure-plugins",
                            module_base(path), kind, path);
    if (st->st_uid != 0 && st->st_uid != geteuid())
        return arena_printf(a, "%s: the %s '%s' belongs to user %u, neither to root nor to you: copy it, or "
                            "--insecure-plugins", module_base(path), kind, path, (unsigned)st->st_uid);
    return NULL;
}

/* The entry of another major that the file has: 2..99, or 0. */
static int other_major(void *so)
{
    char name[32];
    for (int major = 2; major < 100; major++) {
        snprintf(name, sizeof name, "imp_entry_v%d", major);
        if (dlsym(so, name))
            return major;
    }
    return 0;
}

static const char *no_entry(struct arena *a, const char *base, void *so)
{
    const int major = other_major(so);
    if (major)
        return arena_printf(a, "%s: is for ABI %d (it has imp_entry_v%d only), this host has %d: update Impasto",
                            base, major, major, IMP_ABI_MAJOR);
    return arena_printf(a, "%s: no plugin of Impasto: it does not export imp_entry_v%d (in C++ it needs extern \"C\", "
                        "with -fvisibility=hidden IMP_EXPORT)", base, IMP_ABI_MAJOR);
}

static const char *check_head(struct arena *a, const char *base, const imp_plugin *p)
{
    if (p->magic != IMP_MAGIC)
        return arena_printf(a, "%s: its descriptor starts with 0x%08x, not with IMP_MAGIC 0x%08x: it was built with "
                            "other headers, build it again", base, (unsigned)p->magic, IMP_MAGIC);
    if (p->struct_size < sizeof *p)
        return arena_printf(a, "%s: its imp_plugin has %u bytes, ABI 1.0 has %zu: start it with IMP_PLUGIN_HEAD", base,
                            (unsigned)p->struct_size, sizeof *p);
    if (p->abi_major != IMP_ABI_MAJOR)
        return arena_printf(a, "%s: its descriptor says ABI %u, this host has %d: build it with matching headers", base,
                            (unsigned)p->abi_major, IMP_ABI_MAJOR);
    if (p->abi_minor_required > IMP_ABI_MINOR)
        return arena_printf(a, "%s: %s needs ABI %d.%u, this host has %d.%d: update Impasto", base,
                            p->id ? p->id : "the plugin", IMP_ABI_MAJOR, (unsigned)p->abi_minor_required, IMP_ABI_MAJOR,
                            IMP_ABI_MINOR);
    return NULL;
}

/* What dlopen complains of, without the path that we say ourselves. */
static const char *cannot_open(struct arena *a, const char *path, const char *said)
{
    const size_t n = strlen(path);
    const bool repeats = said && strncmp(said, path, n) == 0 && strncmp(said + n, ": ", 2) == 0;
    const char *cause = !said ? "unknown cause" : repeats ? said + n + 2 : said;
    const char *remedy = strstr(cause, "undefined symbol") ? "link it with -Wl,-z,defs and the library that has it"
                         : strstr(cause, "cannot open shared object") ? "install the library that it needs"
                                                                      : "build it again for this machine";
    return arena_printf(a, "%s: cannot be loaded: %s: %s", module_base(path), cause, remedy);
}

/* dlopen and the entry, with the FP mode guarded and the file named should they crash. */
static void *load(const char *path, const imp_plugin **entry, bool *has_entry, bool *changed_fp)
{
    union {
        void *object;
        const imp_plugin *(*call)(void) IMP_NX;
    } symbol = {.object = NULL};
    const struct doing d = {.plugin = module_base(path)}, *was = crash_doing(&d);
    const unsigned mode = module_fp_mode();
    fenv_t before;
    fegetenv(&before);
    void *so = dlopen(path, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
    *changed_fp = put_right(&before, mode);
    if (so)
        symbol.object = dlsym(so, "imp_entry_v1");
    if ((*has_entry = symbol.object != NULL)) {
        *entry = symbol.call();
        *changed_fp |= put_right(&before, mode);
    }
    crash_doing(was);
    return so;
}

const char *module_open(struct arena *a, const char *path, const imp_plugin **entry, bool *loads, bool *changed_fp)
{
    const imp_plugin *p = NULL;
    bool has_entry;
    void *so = load(path, &p, &has_entry, changed_fp);
    *loads = so != NULL;
    if (!so)
        return cannot_open(a, path, dlerror());
    if (!has_entry)
        return no_entry(a, module_base(path), so);
    if (!p)
        return arena_printf(a, "%s: imp_entry_v1 answers NULL: it must answer its descriptor", module_base(path));
    const char *refusal = check_head(a, module_base(path), p);
    if (!refusal)
        *entry = p;
    return refusal;
}

const char *module_init(struct arena *a, const char *path, const imp_plugin *p, const imp_host *host,
                        bool *changed_fp)
{
    char text[512] = "";
    imp_error err = {sizeof err, sizeof text, text, -1, -1};
    const unsigned mode = module_fp_mode();
    fenv_t before;
    fegetenv(&before);
    const imp_status st = p->init ? p->init(host, &err) : IMP_OK;
    *changed_fp |= put_right(&before, mode);
    if (st == IMP_OK)
        return NULL;
    text[sizeof text - 1] = 0;
    return arena_printf(a, "%s: %s cannot start: %s (status %d)", module_base(path), p->id,
                        text[0] ? text : "its init gives no reason", (int)st);
}
