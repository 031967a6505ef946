/* plugin.cpp - @NAME@: one filter of Impasto, to start from.
 *
 * A plugin is a shared object that exports one function, imp_entry_v1, which answers tables: which filters
 * there are, their parameters and ports. Impasto reads the tables, checks what presets say against them, and
 * calls process() for every picture. impasto/impasto.h says all there is to know; impasto/impasto.hpp turns
 * its statuses into exceptions, and keeps every exception inside the plugin. */
#include <impasto/impasto.hpp>

namespace {

/* A parameter is a row of this table, and the same row of imp::params. Impasto parses, checks ranges, fills
 * in defaults, and shows the help in `impasto describe @ID@`. */
enum { P_AMOUNT, P_PIVOT };
constexpr imp_param parameters[] = {
    imp::real("amount", 1.5, 0, 8, "How much more contrast: 1 changes nothing, below 1 there is less."),
    imp::real("pivot", 0.5, 0, 1, "The brightness that stays as it is."),
};

/* Ports: what goes in and what comes out. Without masks any image is taken: grey, RGB, RGB with alpha. */
constexpr imp_port inputs[] = {imp::picture("in", "Any image.")};
constexpr imp_port outputs[] = {imp::picture("out", "As large as the input.")};

/* An instance: made once with its parameters, then given one picture after the other. It keeps nothing of
 * the pictures before. */
class contrast {
public:
    contrast(const imp_host *, imp::params p) : amount(float(p.real(P_AMOUNT))), pivot(float(p.real(P_PIVOT))) {}

    /* Called for each picture. Never writes into an input, writes every sample of its output.
     * throw imp::param_error(P_AMOUNT, "...") is how a refusal is explained. */
    void process(imp::job &job) const
    {
        const imp::const_image in = job.picture(0);
        const imp::image out = job.new_image_like(in);
        /* Spreads the rows over Impasto's threads and stops when the user does. Each piece writes its own row
         * only. A loop of your own calls job.progress every 100 ms. */
        job.parallel(in.height(), [&](uint32_t y) {
            for (uint32_t c = 0; c < in.channels(); c++) {
                const float k = c < 3 ? amount : 1; /* the fourth channel is alpha: keep it */
                const float *from = in.row(c, y);
                float *to = out.row(c, y);
                for (uint32_t x = 0; x < in.width(); x++)
                    to[x] = pivot + k * (from[x] - pivot);
            }
        });
        job.set(0, out);
    }

private:
    float amount, pivot;
};

/* The filter: deterministic, several pictures at once, since it keeps nothing between calls. The id is what
 * presets say, for ever. */
constexpr imp_filter filter = imp::filter<contrast>("@ID@", "More or less contrast around a brightness that stays.",
                                                    parameters, inputs, outputs);

/* More filters: one more line here each. */
constexpr const imp_filter *filters[] = {&filter, nullptr};
constexpr imp_plugin plugin = imp::plugin("@ID@", "0.1.0", "MIT", filters);

} // namespace

IMP_EXPORT const imp_plugin *imp_entry_v1() noexcept
{
    return &plugin;
}
