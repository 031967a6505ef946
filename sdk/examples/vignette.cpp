/* vignette.cpp - a filter: a picture gets darker towards its corners. vignette.c is the same in C,
 * to the byte. */
#include <impasto/impasto.hpp>
#include <cmath>

namespace
{

enum { P_STRENGTH, P_RADIUS };
constexpr imp_param parameters[] = {
    imp::real("strength", 50, 0, 100,
              "How dark the corners become: 0 changes nothing, 100 makes them black.", "%"),
    imp::real("radius", 60, 0, 99,
              "Up to where nothing changes, of the way from the middle to a corner.", "%"),
};
constexpr imp_port inputs[] = {imp::picture("in", "Any image.")};
constexpr imp_port outputs[] = {imp::picture("out", "As large as the input.")};

class vignette
{
  public:
    vignette(const imp_host *, imp::params p)
        : strength(float(p.real(P_STRENGTH) / 100)), radius(float(p.real(P_RADIUS) / 100))
    {
    }

    void process(imp::job &job) const
    {
        const imp::const_image in = job.picture(0);
        const imp::image out = job.new_image_like(in);
        const float half_x = float(in.width()) / 2, half_y = float(in.height()) / 2;
        job.parallel(in.height(), [&](uint32_t y) {
            const float v = (float(y) + 0.5f - half_y) / half_y;
            for (uint32_t c = 0; c < in.channels(); c++) {
                const float *from = in.row(c, y);
                float *to = out.row(c, y);
                for (uint32_t x = 0; x < in.width(); x++) {
                    const float u = (float(x) + 0.5f - half_x) / half_x;
                    to[x] = c < 3 ? from[x] * brightness(std::sqrt((u * u + v * v) / 2))
                                  : from[x]; /* alpha stays */
                }
            }
        });
        job.set(0, out);
    }

  private:
    /* 1 up to the radius, then down to 1 - strength in the corner, as the square of the way. */
    float brightness(float r) const
    {
        const float beyond = r > radius ? (r - radius) / (1 - radius) : 0;
        return 1 - strength * beyond * beyond;
    }
    float strength, radius;
};

constexpr imp_filter filter =
    imp::filter<vignette>("org.example.vignette_cpp", "Darken a picture towards its corners.",
                          parameters, inputs, outputs);
constexpr const imp_filter *filters[] = {&filter, nullptr};
constexpr imp_plugin plugin = imp::plugin("org.example.vignette_cpp", "1.0.0", "MIT", filters);

} // namespace

IMP_EXPORT const imp_plugin *imp_entry_v1() noexcept
{
    return &plugin;
}
