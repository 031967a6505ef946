/* plugin.cpp - @NAME@: a service of Impasto, and a filter that uses it, to start from.
 *
 * A plugin is a shared object that exports one function, imp_entry_v1, which answers tables. A service is a table of
 * functions with an id; other plugins name the id in their `needs` or `wants` and get the table from the host by
 * acquire(), or imp::service. Neither opens the other's file. tone.h is what consumers see; impasto/impasto.h says
 * all there is to know. */
#include <impasto/impasto.hpp>
#include "tone.h"

namespace {

/* ---- the service ---- */

/* v moves towards 3 v^2 - 2 v^3, which is steepest in the middle. Beyond 0..1 nothing changes. */
float curve(float strength, float v)
{
    return v < 0 || v > 1 ? v : v + strength * (v * v * (3 - 2 * v) - v);
}

/* A function of a table is noexcept: what is thrown inside of guard becomes its status and text. */
imp_status apply(void *, double strength, uint32_t count, const float *from, float *to, imp_error *err) noexcept
{
    return imp::guard(err, [&] {
        if (!(strength >= 0 && strength <= 1))
            throw imp::error(IMP_E_PARAM, "a strength of " + std::to_string(strength) + ", but it is 0 to 1");
        for (uint32_t i = 0; i < count; i++)
            to[i] = curve(float(strength), from[i]);
    });
}

constexpr tone_1 tone = {sizeof(tone_1), 0, apply};
constexpr imp_service_def service = {sizeof(imp_service_def), 0, TONE_1, &tone, nullptr, nullptr};
constexpr const imp_service_def *provides[] = {&service, nullptr};

/* ---- a filter that shows what it does ---- */

enum { P_STRENGTH };
constexpr imp_param parameters[] = {
    imp::real("strength", 0.5, 0, 1, "How much of the curve: 0 changes nothing."),
};
constexpr imp_port inputs[] = {imp::picture("in", "Any image.")};
constexpr imp_port outputs[] = {imp::picture("out", "As large as the input.")};

class toned {
public:
    toned(const imp_host *, imp::params p) : strength(float(p.real(P_STRENGTH))) {}
    void process(imp::job &job) const
    {
        const imp::const_image in = job.picture(0);
        const imp::image out = job.new_image_like(in);
        job.parallel(in.height(), [&](uint32_t y) {
            for (uint32_t c = 0; c < in.channels(); c++) {
                const float k = c < 3 ? strength : 0; /* the fourth channel is alpha: keep it */
                for (uint32_t x = 0; x < in.width(); x++)
                    out.row(c, y)[x] = curve(k, in.row(c, y)[x]);
            }
        });
        job.set(0, out);
    }

private:
    float strength;
};

constexpr imp_filter filter =
    imp::filter<toned>("@ID@", "More contrast in the middle tones, by a curve.", parameters, inputs, outputs);
constexpr const imp_filter *filters[] = {&filter, nullptr};
constexpr imp_plugin plugin = imp::plugin("@ID@", "0.1.0", "MIT", filters, provides);

} // namespace

IMP_EXPORT const imp_plugin *imp_entry_v1() noexcept
{
    return &plugin;
}
