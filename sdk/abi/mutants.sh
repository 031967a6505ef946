#!/bin/bash
# mutants.sh - breaks a copy of the headers in each way that breaks plugins, and expects guard.sh to be red; then changes it
# in the ways that are allowed, and expects it not to be. TAP; `make mutants-abi`.
set -u
cd "$(dirname "$0")" || exit 2
work=$(mktemp -d) || exit 2
trap 'rm -rf "$work"' EXIT
number=0
failed=0

# mutant WANTED NAME FILE SED...: WANTED is ok, red, or the parts that must be red, with | between
mutant() {
    local wanted=$1 name=$2 file=$3 said verdict=ok
    shift 3
    number=$((number + 1))
    rm -rf "$work/include" && cp -R ../include "$work/include"
    sed -i "$@" "$work/include/impasto/$file"
    if cmp -s "../include/impasto/$file" "$work/include/impasto/$file"; then
        echo "not ok $number - $name: the header was not changed, mend this script"
        failed=1
        return
    fi
    said=$(bash ./guard.sh "$work/include") || verdict=red
    if [ "$verdict" = "$([ "$wanted" = ok ] && echo ok || echo red)" ] && { [ "$wanted" = ok ] || [ "$wanted" = red ] || echo "$said" | grep -qE "^RED +($wanted)\$"; }; then
        echo "ok $number - $name: $(echo "$said" | sed -n 's/^RED *//p' | tr '\n' ' ')"
    else
        echo "not ok $number - $name: wanted $wanted, but"
        echo "$said" | sed 's/^/# /'
        failed=1
    fi
}

# ---- what breaks plugins that are built already ----
mutant layout 'two members change places' impasto.h 's/const char \*unit, \*help;/const char *help, *unit;/'
mutant layout 'a member in the middle' impasto.h 's/^    uint32_t type, flags;$/    uint32_t type, flags;\n    uint64_t more;/'
mutant layout 'a member is gone' impasto.h 's/^    imp_status (\*preview).*//'
mutant layout 'a member becomes smaller' impasto.h 's/^    int64_t row, plane;.*/    int32_t row, plane;/'
mutant layout 'a member becomes wider' impasto.h 's/^    int32_t param, port;.*/    int64_t param, port;/'
mutant layout 'a member at the end of a frozen struct' impasto.h 's/uint32_t type, reserved0; } imp_column;/uint32_t type, reserved0; uint64_t more; } imp_column;/'
mutant layout 'a member at the end, for all minors' nn.h 's/^    uint32_t input_count, ndim;$/    uint32_t input_count, ndim;\n    uint64_t more;/'
mutant layout 'a gap' impasto.h 's/^    uint32_t width, height;$/    uint32_t width; uint64_t height;/'
mutant layout 'a member has another name' data.h 's/attribute_count, reserved0;/attribute_count, kept0;/'
mutant layout 'a reserved member is used' impasto.h 's/^    uint32_t column_count, reserved0;/    uint32_t column_count, page_count;/'
mutant layout 'a constant has another number' impasto.h 's/IMP_E_LIMIT = -8/IMP_E_LIMIT = -10/'
mutant layout 'a constant between others' impasto.h 's/IMP_BOOL = 1, IMP_INT,/IMP_BOOL = 1, IMP_BYTE, IMP_INT,/'
mutant layout 'a constant is gone' impasto.h 's/IMP_PARAM_MODEL = 4,.*//'
mutant layout 'a flag has another bit' impasto.h 's/IMP_FILTER_EARLY = 2 /IMP_FILTER_EARLY = 4 /'
mutant layout 'the id of a service' nn.h 's|"impasto.nn.grad/1"|"impasto.nn.gradient/1"|'
mutant layout 'the type of an object' data.h 's|"impasto.dataset/1"|"impasto.dataset/2"|'
mutant layout 'the magic' impasto.h 's/0x31504d49u/0x32504d49u/'
mutant layout 'the major' impasto.h 's/IMP_ABI_MAJOR 1/IMP_ABI_MAJOR 2/'
mutant declarations 'a member changes its sign' impasto.h 's/uint32_t struct_size, text_cap;/uint32_t struct_size; int32_t text_cap;/'
mutant declarations 'a pointer loses its const' data.h 's/^    const imp_attribute \*attributes;/    imp_attribute *attributes;/'
mutant declarations 'a callback takes one more' impasto.h 's/(\*progress)(imp_job \*, double fraction,/(*progress)(imp_job *, double fraction, int more,/'
mutant declarations 'a callback takes one less' impasto.h 's/^    void (\*log)(const imp_host \*, uint32_t level, /    void (*log)(const imp_host *, /'
mutant declarations 'a callback takes a float' impasto.h 's/(\*progress)(imp_job \*, double fraction/(*progress)(imp_job *, float fraction/'
mutant declarations 'a callback answers something else' impasto.h 's/^    void (\*release)(const imp_host/    imp_status (*release)(const imp_host/'
mutant declarations 'a function of a service takes others' nn.h 's/IMP_FN(find, const imp_nn_model \*, const char \*name, uint32_t \*node)/IMP_FN(find, const imp_nn_model *, const char *name, int64_t *node)/'
mutant declarations 'functions of services begin otherwise' impasto.h 's/(\*name)(void \*self, __VA_ARGS__, imp_error \*) IMP_NX/(*name)(imp_error *, void *self, __VA_ARGS__) IMP_NX/'
mutant declarations 'the head of a plugin' impasto.h 's/#define IMP_PLUGIN_HEAD IMP_MAGIC, /#define IMP_PLUGIN_HEAD IMP_MAGIC + 1, /'
mutant declarations 'the status is wider' impasto.h 's/typedef int32_t imp_status;/typedef int64_t imp_status;/'
mutant 'names|layout' 'a new struct that nobody recorded' nn.h 's/^typedef struct imp_nn_cost {/typedef struct imp_nn_new { uint64_t more; } imp_nn_new;\n&/'
mutant 'names|layout' 'a new constant that nobody recorded' impasto.h 's/IMP_E_INTERNAL = -9 /IMP_E_NEW = -10, IMP_E_INTERNAL = -9 /'

# ---- what does not ----
mutant ok 'a comment' impasto.h 's|/\* owned|/* borrowed|; s|Text is UTF-8.|Text is UTF-8, always.|'
mutant ok 'a member at the end, for a later minor' impasto.h 's/^    imp_status (\*preview).*/&\n#if IMP_ABI_MINOR >= 1\n    imp_status (*more)(imp_job *) IMP_NX;\n#endif/'
mutant ok 'a constant for a later minor' impasto.h 's/^    IMP_PARAM_OTHERS = 8$/&,\n#if IMP_ABI_MINOR >= 1\n    IMP_PARAM_MORE = 16\n#endif/'
mutant ok 'another layout of the text' nn.h 's/^    uint32_t struct_size, reserved0;/    uint32_t struct_size,\n        reserved0;/'

echo "1..$number"
exit $failed
