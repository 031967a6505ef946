/* kit_work.c - cutting work into strips, and the small sums that everybody needs. */
#include <impasto/kit.h>

enum { STRIP_SAMPLES = 65536 };

imp_status kit_parallel(imp_job *job, uint32_t n, void (*fn)(void *user, uint32_t i) IMP_NX,
                        void *user)
{
    if (job)
        return n ? job->parallel(job, n, fn, user) : IMP_OK;
    for (uint32_t i = 0; i < n; i++)
        fn(user, i);
    return IMP_OK;
}

uint32_t kit_strips(uint32_t width, uint32_t height)
{
    const uint32_t rows = width < STRIP_SAMPLES ? STRIP_SAMPLES / (width ? width : 1) : 1;
    return (uint32_t)(((uint64_t)height + rows - 1) / rows);
}

void kit_strip(uint32_t height, uint32_t n, uint32_t i, uint32_t *from, uint32_t *to)
{
    *from = (uint32_t)((uint64_t)height * i / n);
    *to = (uint32_t)((uint64_t)height * (i + 1) / n);
}

size_t kit_bytes(size_t a, size_t b)
{
    return b && a > SIZE_MAX / b ? 0 : a * b;
}

int64_t kit_mirror(int64_t i, int64_t n)
{
    if (i >= 0 && i < n)
        return i;
    const int64_t period = 2 * n;
    i %= period;
    if (i < 0)
        i += period;
    return i < n ? i : period - 1 - i;
}

imp_error *kit_error_init(kit_error *e)
{
    *e = (kit_error){{sizeof e->as, sizeof e->text, NULL, -1, -1}, ""};
    e->as.text = e->text;
    return &e->as;
}

imp_status kit_blame(imp_error *err, int32_t param, int32_t port, imp_status st)
{
    if (err && st != IMP_OK)
        err->param = param, err->port = port;
    return st;
}
