/* parse_idx.c - 0 0 TYPE AXES, a big-endian size for each axis, then the samples. */
#include "parse_idx.h"

enum { BYTES = 8, MOST_SIDE = 4096 };

static uint32_t big_endian(const uint8_t *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static const char *type_name(uint8_t type)
{
    switch (type) {
    case 9: return "signed bytes";
    case 11: return "16-bit integers";
    case 12: return "32-bit integers";
    case 13: return "floats";
    case 14: return "doubles";
    default: return "an unknown type";
    }
}

static imp_status check_head(const uint8_t *p, size_t size, uint32_t axes, imp_error *err)
{
    if (size < 4 || p[0] || p[1])
        return imp_fail(err, IMP_E_INPUT,
                        "no IDX file: it begins with %02x %02x, not with 00 00", size ? p[0] : 0u,
                        size > 1 ? p[1] : 0u);
    if (p[2] != BYTES)
        return imp_fail(err, IMP_E_UNSUPPORTED,
                        "an IDX file of %s (type %02x); bytes (08) are read", type_name(p[2]),
                        p[2]);
    if (p[3] != axes)
        return imp_fail(err, IMP_E_INPUT, "an IDX file of %u axes; %s have %u%s", p[3],
                        axes == 1 ? "labels" : "pictures", axes,
                        p[3] == 1   ? " (are these the labels?)"
                        : p[3] == 3 ? " (are these the pictures?)"
                                    : "");
    if (size < 4 + 4 * (size_t)axes)
        return imp_fail(err, IMP_E_INPUT, "cut short: %zu bytes, its head alone has %u", size,
                        4 + 4 * axes);
    return IMP_OK;
}

imp_status idx_parse(const uint8_t *file, size_t size, uint32_t axes, idx_file *out,
                     imp_error *err)
{
    const imp_status st = check_head(file, size, axes, err);
    if (st != IMP_OK)
        return st;
    const size_t head = 4 + 4 * (size_t)axes;
    uint64_t each = 1;
    *out = (idx_file){.data = file + head, .axes = axes};
    for (uint32_t i = 0; i < axes; i++) {
        out->shape[i] = big_endian(file + 4 + 4 * i);
        if (i && (!out->shape[i] || out->shape[i] > MOST_SIDE))
            return imp_fail(err, IMP_E_INPUT, "its pictures have a side of %u; 1 to %d are read",
                            out->shape[i], MOST_SIDE);
        each *= i ? out->shape[i] : 1;
    }
    const uint64_t want = out->shape[0] * each; /* below 2^56 */
    if (size - head == want)
        return IMP_OK;
    return imp_fail(err, IMP_E_INPUT,
                    "%s: its head says %u records of %llu bytes, there are %llu and %llu bytes "
                    "more (byte %zu is the last)",
                    size - head < want ? "cut short" : "too long", out->shape[0],
                    (unsigned long long)each, (unsigned long long)((size - head) / each),
                    (unsigned long long)((size - head) % each), size - 1);
}
